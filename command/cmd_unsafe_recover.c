/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog unsafe-recover`: a majority of the nodes is lost for good, and what one of them has is to go on (docs/SAFETY.md, rule 32). Unsafe,
 * for nobody can know what the lost had acknowledged; so it says first what it knows, and changes nothing before it is told --yes.
 */
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_rescue.h"
#include "dataplane/log/entry.h"
#include "wirelog/status.h"

#define REASON_BYTES 512u

enum { KEY_DRY_RUN = 0x100, KEY_YES };

struct options {
	const char *paths[WIRELOG_NODES_MAX];
	uint32_t count;
	bool dry_run, yes, json;
};

static const struct argp_option option_table[] = {
	{"dry-run", KEY_DRY_RUN, NULL, 0, "say what is there and what may be lost; change nothing",
	 0},
	{"yes", KEY_YES, NULL, 0, "begin a new history with the first of the given data", 0},
	{"json", 'j', NULL, 0, "what is there, as JSON", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_DRY_RUN:
		options->dry_run = true;
		return 0;
	case KEY_YES:
		options->yes = true;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->count == WIRELOG_NODES_MAX)
			argp_error(state, "'%s' is one too many", argument);
		options->paths[options->count++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (options->count == 0)
			argp_error(state, "which data directory or device is left?");
		if (options->dry_run == options->yes)
			argp_error(state, "either --dry-run, or --yes");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_ids(wl_members nodes)
{
	for (uint32_t node = 1, printed = 0; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(nodes, node))
			printf("%s%u", printed++ != 0 ? ", " : " ", node);
}

/* What an operator should know before this one is chosen; "": nothing. */
static const char *remark_on(const struct wl_rescue_data *data, uint32_t id)
{
	if (data->journals[id].damaged)
		return ", DAMAGED";
	if (data->superblock.journals[id].rescued != 0)
		return ", of a history of its own already";
	if (data->superblock.journals[id].caught_up_boot == 0)
		return ", whose data did not count: more may be missing at its end";
	return data->journals[id].holes ? ", some of it damaged: readers will miss that" : "";
}

static void print_journal(const struct wl_rescue_data *data, uint32_t count, uint32_t id)
{
	uint32_t best = wl_rescue_best(data, count, id);
	const struct wl_rescue_journal *chosen = &data[best].journals[id];

	printf("journal %u\n", id);
	for (uint32_t at = 0; at < count; at++) {
		const struct wl_rescue_journal *one = &data[at].journals[id];

		printf("  node %-2u   last entry %" PRIu64 " of term %" PRIu64
		       ", last number %" PRIu64 ", committed as far as it knows %" PRIu64 "%s\n",
		       data[at].superblock.node, one->tail.index, one->tail.term,
		       one->next_number - 1, one->commit, remark_on(&data[at], id));
	}
	printf("  best      node %u, %s\n  voters   ", data[best].superblock.node, data[best].path);
	print_ids(wl_list_voters(&chosen->list));
	if (wl_rescue_is_needless(data, count, id))
		printf("\n  nothing   is lost: so many of them are here that they elect a leader\n");
	else
		printf("\n  lost      maybe what was acknowledged from number %" PRIu64
		       " on: the nodes that are not here may have had it; how much nobody knows\n"
		       "  goes on   at number %" PRIu64
		       " or above: numbers between are a gap for readers\n",
		       chosen->next_number, (uint64_t)(chosen->next_number + WL_LOSS_NUMBERS));
}

static json_t *data_json(const struct wl_rescue_data *data, uint32_t id)
{
	const struct wl_rescue_journal *one = &data->journals[id];

	json_t *object =
		json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b}", "node",
			  (int)data->superblock.node, "path", data->path, "last_index",
			  (json_int_t)one->tail.index, "last_term", (json_int_t)one->tail.term,
			  "last_number", (json_int_t)(one->next_number - 1), "commit",
			  (json_int_t)one->commit, "damaged", one->damaged, "holes", one->holes,
			  "counted", data->superblock.journals[id].caught_up_boot != 0, "under_way",
			  data->superblock.journals[id].rescued != 0);
	json_t *voters = json_array();

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(wl_list_voters(&one->list), node))
			json_array_append_new(voters, json_integer(node));
	json_object_set_new(object, "voters", voters);
	return object;
}

static void print_json(const struct wl_rescue_data *data, uint32_t count)
{
	json_t *journals = json_array();

	for (uint32_t id = 0; id < data[0].superblock.journal_count; id++) {
		uint32_t best = wl_rescue_best(data, count, id);
		json_t *all = json_array();

		for (uint32_t at = 0; at < count; at++)
			json_array_append_new(all, data_json(&data[at], id));
		json_array_append_new(
			journals,
			json_pack("{s:i, s:o, s:i, s:b, s:I}", "journal", (int)id, "data", all,
				  "best", (int)data[best].superblock.node, "needless",
				  wl_rescue_is_needless(data, count, id), "maybe_lost_from",
				  (json_int_t)data[best].journals[id].next_number));
	}
	json_dumpf(journals, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(journals);
}

/* The first of the data is to go on: it must be one that can, and no other may be known to be better. */
static int judge(const struct wl_rescue_data *data, uint32_t count)
{
	if (wl_rescue_is_under_way(data))
		return wl_tool_refuse(WIRELOG_INVALID_ARGUMENT,
				      "%s began a history of its own already: start its node",
				      data->path);
	for (uint32_t id = 0; id < data[0].superblock.journal_count; id++) {
		uint32_t best = wl_rescue_best(data, count, id);

		if (data[0].journals[id].damaged)
			return wl_tool_refuse(
				WIRELOG_STORE_DAMAGED,
				"journal %u of %s is damaged, or contradicts what others committed: "
				"`wirelog verify` says where; rescue other data",
				id, data[0].path);
		if (wl_rescue_is_needless(data, count, id))
			return wl_tool_refuse(
				WIRELOG_INVALID_ARGUMENT,
				"a majority of journal %u's voters is here: start these nodes, and nothing "
				"is lost",
				id);
		if (best != 0 &&
		    !wl_position_at_least(data[0].journals[id].tail, data[best].journals[id].tail))
			return wl_tool_refuse(WIRELOG_INVALID_ARGUMENT,
					      "%s has more of journal %u: name it first",
					      data[best].path, id);
	}
	return EX_OK;
}

static int rescue(struct wl_rescue_data *data, uint32_t count)
{
	char reason[REASON_BYTES];
	int status = judge(data, count);

	if (status != EX_OK)
		return status;
	status = wl_rescue_make(data, reason, sizeof(reason));
	if (status != 0)
		return wl_tool_refuse(status, "%s", reason);
	printf("%s is of a new history now: node %u is its only voter. Start it; then keep a copy of the "
	       "other nodes' data, empty their storage.path, start them, and have each join: wirelog "
	       "member add NODE, wirelog member promote NODE\n",
	       data->path, data->superblock.node);
	return EX_OK;
}

static int run(const struct options *options)
{
	static struct wl_rescue_data data[WIRELOG_NODES_MAX];
	char reason[REASON_BYTES];

	for (uint32_t at = 0; at < options->count; at++) {
		int status = wl_rescue_look(&data[at], options->paths[at], reason, sizeof(reason));

		if (status != 0)
			return wl_tool_refuse(status, "%s", reason);
	}
	if (!wl_rescue_fit(data, options->count, reason, sizeof(reason)))
		return wl_tool_refuse(WIRELOG_OTHER_HISTORY, "%s", reason);
	if (options->json)
		print_json(data, options->count);
	for (uint32_t id = 0; !options->json && id < data[0].superblock.journal_count; id++)
		print_journal(data, options->count, id);
	return options->yes ? rescue(data, options->count) : EX_OK;
}

int wl_cmd_unsafe_recover(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "--dry-run DIRECTORY|DEVICE...\n--yes DIRECTORY|DEVICE...",
		.doc = "For when a majority of the nodes is lost for good. With --dry-run: what the data that are "
		       "left have, which of them is best, and from which number on acknowledged records may be "
		       "lost. With --yes: the first of the given data begin a new history of all their journals. "
		       "They keep all that they have; every session ends; the next record's number is 2^40 "
		       "higher at least, and readers are told of the gap (RESCUED). Nodes with data of the history "
		       "before are refused by name from then on, and their data are kept.\v"
		       "Name all data that are left: what has more is not passed over. None of their nodes may run.\n"
		       "Exit code 0; 64: no rescue is needed, other data have more, or these began a history of their own already; 65: damaged, or of two "
		       "clusters or histories; 66: cannot be opened; 75: a node runs (docs/OPERATIONS.md, \"When a "
		       "majority is lost\").",
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog unsafe-recover", argc, argv, &options);
	return run(&options);
}

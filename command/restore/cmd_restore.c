/* SPDX-License-Identifier: BSD-3-Clause */
/* `wirelog restore`: options, and what is told. The work is in restore.c. */
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/restore/restore.h"
#include "command/tool_format.h"
#include "command/tool_option.h"
#include "command/tool_parse.h"
#include "command/tool_refuse.h"
#include "dataplane/log/rescue.h"

#define NUMBER_MAX (1ull << 62) /* no number of a record is as high */

enum {
	KEY_CONFIG = 0x100,
	KEY_ARCHIVE,
	KEY_TO_NUMBER,
	KEY_JOURNAL,
	KEY_UNPROVEN,
	KEY_DRY_RUN,
	KEY_YES
};

struct options {
	struct wl_restore_source source;
	const char *config;
	bool has_journal, dry_run, yes, json;
};

static const struct argp_option option_table[] = {
	{"config", KEY_CONFIG, "NODE.yaml", 0,
	 "the file of the node that is to have the data: into its storage.path", 0},
	{"archive", KEY_ARCHIVE, "DIR", 0,
	 "what this archive has behind the backup's end, too; may be given several times", 0},
	{"to-number", KEY_TO_NUMBER, "N", 0, "no record above this one", 0},
	{"journal", KEY_JOURNAL, "N", 0, "whose records --to-number counts (0)", 0},
	{"unproven-base", KEY_UNPROVEN, NULL, 0, "believe a base that no entry proves", 0},
	{"dry-run", KEY_DRY_RUN, NULL, 0,
	 "say what would be made, and change nothing: what is done without --yes", 0},
	{"yes", KEY_YES, NULL, 0, "do it", 0},
	{"json", 'j', NULL, 0, "what is made, as JSON", 0},
	{0},
};

static uint64_t take_number(struct argp_state *state, const char *argument, uint64_t low,
			    uint64_t high)
{
	uint64_t number;

	if (!wl_tool_parse_number(argument, &number) || number < low || number > high)
		argp_error(state, "'%s' is no number from %" PRIu64 " to %" PRIu64, argument, low,
			   high);
	return number;
}

static void check_options(struct argp_state *state, const struct options *options)
{
	if (options->source.backup == NULL)
		argp_error(state, "which backup?");
	if (options->config == NULL)
		argp_error(state, "--config says which node is to have the data");
	if (options->dry_run && options->yes)
		argp_error(state, "either --dry-run, or --yes");
	if (options->has_journal && options->source.to_number == 0)
		argp_error(state, "--journal says whose --to-number it is");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;
	struct wl_restore_source *source = &options->source;

	switch (key) {
	case KEY_CONFIG:
		options->config = argument;
		return 0;
	case KEY_ARCHIVE:
		if (source->archive_count == WL_RESTORE_ARCHIVES_MAX)
			argp_error(state, "'%s' is one archive too many", argument);
		source->archives[source->archive_count++] = argument;
		return 0;
	case KEY_TO_NUMBER:
		source->to_number = take_number(state, argument, 1, NUMBER_MAX);
		return 0;
	case KEY_JOURNAL:
		source->journal =
			(uint32_t)take_number(state, argument, 0, WIRELOG_JOURNALS_MAX - 1);
		options->has_journal = true;
		return 0;
	case KEY_UNPROVEN:
		source->unproven = true;
		return 0;
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
		if (state->arg_num > 0)
			argp_error(state, "'%s' is one word too many", argument);
		source->backup = argument;
		return 0;
	case ARGP_KEY_END:
		check_options(state, options);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- what is told -------------------------------------------------------------------------------- */

static uint64_t goes_on(const struct wl_restore_journal *journal)
{
	return journal->behind.next_number + WL_LOSS_NUMBERS;
}

static void print_extent(const struct wl_restore_journal *journal)
{
	const struct wl_archive_place *before = &journal->before, *behind = &journal->behind;
	char time[WL_TOOL_TIME_BYTES];

	if (behind->position.index == before->position.index) {
		printf("  entries   none behind %" PRIu64 "\n", before->position.index);
		return;
	}
	wl_tool_format_time(behind->timestamp_ns, time);
	printf("  entries   %" PRIu64 " to %" PRIu64 ", the last one of %s\n",
	       before->position.index + 1, behind->position.index, time);
	if (behind->next_number > before->next_number)
		printf("  records   %" PRIu64 " to %" PRIu64 "\n", before->next_number,
		       behind->next_number - 1);
	else
		printf("  records   none\n");
	if (journal->of_archives != 0)
		printf("  archives  had the last %" PRIu64 " of these entries\n",
		       journal->of_archives);
}

static void print_base(const struct wl_restore_journal *journal)
{
	if (journal->base_index == 0) {
		printf("  base      none: a start reads all entries\n");
		return;
	}
	printf("  base      of entry %" PRIu64 " (digest %016" PRIx64 "), ", journal->base_index,
	       journal->base_digest);
	if (journal->proof != 0)
		printf("which entry %" PRIu64 " proves\n", journal->proof);
	else if (journal->base_made)
		printf("which its own entries make\n");
	else
		printf("which NO ENTRY PROVES\n");
}

static void print_journal(uint32_t id, const struct wl_restore_journal *journal)
{
	printf("journal %u\n", id);
	print_extent(journal);
	print_base(journal);
	printf("  history   %016" PRIx64 ", which ends there, with its %u sessions; %u checkpoints "
	       "of consumers stay\n"
	       "  lost      maybe what was acknowledged from number %" PRIu64
	       " on: it is not here, and how much it is nobody knows\n"
	       "  goes on   at number %" PRIu64
	       " or above: numbers between are a gap for readers\n",
	       journal->history, journal->sessions, journal->consumers, journal->behind.next_number,
	       goes_on(journal));
}

static void print_all(const struct wl_restore_result *result, const struct wl_config *config)
{
	char time[WL_TOOL_TIME_BYTES];

	wl_tool_format_time(result->backup.made_ns, time);
	printf("backup of node %u's data, made %s\n", result->backup.node, time);
	for (uint32_t id = 0; id < result->backup.journal_count; id++)
		print_journal(id, &result->journals[id]);
	if (result->incarnation == 0) {
		printf("nothing was changed; --yes makes this in %s\n", config->storage_path);
		return;
	}
	printf("%s has data of a new history now: node %u is its only voter. Start it; then have the "
	       "other nodes join, each on an empty storage.path: wirelog member add NODE, wirelog "
	       "member promote NODE\n",
	       config->storage_path, config->node);
}

static json_t *hex(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, number);
	return json_string(text);
}

static json_t *base_json(const struct wl_restore_journal *journal)
{
	if (journal->base_index == 0)
		return json_null();
	return json_pack("{s:I, s:o, s:o, s:b}", "index", (json_int_t)journal->base_index, "digest",
			 hex(journal->base_digest), "proof",
			 journal->proof != 0 ? json_integer((json_int_t)journal->proof)
					     : json_null(),
			 "made_of_entries", journal->base_made);
}

static json_t *journal_json(const struct wl_restore_result *result, uint32_t id)
{
	const struct wl_restore_journal *journal = &result->journals[id];
	json_t *voters = json_array();

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(journal->voters, node))
			json_array_append_new(voters, json_integer(node));
	return json_pack(
		"{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:i, s:i, s:o, s:I, s:I}",
		"journal", (int)id, "first_index", (json_int_t)(journal->before.position.index + 1),
		"last_index", (json_int_t)journal->behind.position.index, "first_number",
		(json_int_t)journal->before.next_number, "last_number",
		(json_int_t)(journal->behind.next_number - 1), "last_time_ns",
		(json_int_t)journal->behind.timestamp_ns, "of_archives",
		(json_int_t)journal->of_archives, "chain", hex(journal->behind.chain), "base",
		base_json(journal), "history", hex(journal->history), "sessions",
		(int)journal->sessions, "consumers", (int)journal->consumers, "voters", voters,
		"segments", (json_int_t)journal->segments, "goes_on_at_least",
		(json_int_t)goes_on(journal));
}

static void print_json(const struct wl_restore_result *result, const struct wl_config *config)
{
	json_t *journals = json_array(), *object;

	for (uint32_t id = 0; id < result->backup.journal_count; id++)
		json_array_append_new(journals, journal_json(result, id));
	object = json_pack("{s:b, s:s, s:i, s:s, s:I, s:o}", "made", result->incarnation != 0,
			   "path", config->storage_path, "node", (int)config->node, "cluster",
			   config->cluster_text, "backup_made_ns",
			   (json_int_t)result->backup.made_ns, "journals", journals);
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static int run(const struct options *options)
{
	static struct wl_config_problems problems;
	static struct wl_restore_result result;
	static struct wl_config config;
	char reason[1024];
	int status = wl_config_load(options->config, &config, &problems);

	if (status != 0) {
		wl_config_print_problems(options->config, &problems);
		return wirelog_status_exit_code(status);
	}
	status = (options->yes ? wl_restore_make : wl_restore_look)(
		&result, &options->source, &config, reason, sizeof(reason));
	if (status != 0)
		return wl_tool_refuse(status, "%s", reason);
	if (options->json)
		print_json(&result, &config);
	else
		print_all(&result, &config);
	return EX_OK;
}

int wl_cmd_restore(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "BACKUP --config NODE.yaml",
		.doc = "Makes a cluster's data again from what `wirelog backup` made, for one node; the others join it, each on an "
		       "empty storage.path. Without --yes it reads all of it, says what would be made, and changes nothing.\v"
		       "The data begin a new history: sessions end, the next record's number is 2^40 higher at least, readers are told "
		       "of the gap (RESCUED), and nodes with data of before are refused by name. --to-number ends before the entry "
		       "that holds the next record. Of archives that counts which goes on behind the backup; older records are for `wirelog tail --archive`.\n"
		       "Killed at any moment it leaves nothing that a node starts on (STORE_UNFINISHED); ask again.\n\n"
		       "Exit code 0; 64: more is wanted than there is, or no entry proves the base; 65: the backup or an archive is "
		       "damaged, has a gap, or is of another cluster or history; 66: a file cannot be read; 73: there are data "
		       "already, or no room; 74: it cannot be written; 75: a node runs there; 78: the configuration is wrong, or does "
		       "not fit (docs/OPERATIONS.md, \"Restore\").",
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog restore", argc, argv, &options);
	return run(&options);
}

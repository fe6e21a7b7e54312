/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog why N`: where the time of one recent record went. Times are with the node that sequenced it, so all nodes on this machine are
 * asked, and the one that has them answers. One that does not says who led.
 */
#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_cluster.h"
#include "command/tool_format.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"

#define MOMENTS_MAX (4 + 3 * WIRELOG_NODES_MAX)

enum { KEY_JOURNAL = 0x100 };

struct options {
	struct wl_tool_cluster cluster;
	uint64_t number; /* 0: not given */
	uint32_t journal;
	bool json;
};

static const struct argp_option option_table[] = {
	{"journal", KEY_JOURNAL, "N", 0, "which journal (default 0)", 0},
	{"json", 'j', NULL, 0, "one object; times in us since it came, null: none", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->cluster;
		return 0;
	case KEY_JOURNAL:
		options->journal = (uint32_t)wl_tool_option_number(state, "--journal", argument, 0,
								   WIRELOG_JOURNALS_MAX - 1);
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->number != 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->number = wl_tool_option_number(state, "N", argument, 1, INT64_MAX);
		return 0;
	case ARGP_KEY_END:
		if (options->number == 0)
			argp_error(state, "why which record? N, its number");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- as text ------------------------------------------------------------------------------------ */

struct moment {
	long long us;
	char text[80];
};

struct moments {
	struct moment moment[MOMENTS_MAX];
	size_t count;
};

static long long number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* One that there is: it stays behind those of the same time that came before. */
static void add(struct moments *moments, const json_t *object, const char *name, const char *text,
		long long node)
{
	const json_t *time = json_object_get(object, name);
	struct moment moment = {.us = json_integer_value(time)};
	size_t at = moments->count;

	if (!json_is_integer(time) || moments->count == MOMENTS_MAX)
		return;
	if (node != 0)
		snprintf(moment.text, sizeof(moment.text), text, node);
	else
		snprintf(moment.text, sizeof(moment.text), "%s", text);
	for (; at > 0 && moments->moment[at - 1].us > moment.us; at--)
		moments->moment[at] = moments->moment[at - 1];
	moments->moment[at] = moment;
	moments->count++;
}

static void print_head(const json_t *answer)
{
	const json_t *entry = json_object_get(answer, "entry");
	long long first = number_of(entry, "first"), count = number_of(entry, "count");
	char time[WL_TOOL_TIME_BYTES];

	wl_tool_format_time((uint64_t)number_of(answer, "timestamp_ns"), time);
	printf("record %lld of journal %lld: node %lld led, term %lld, entry %lld, %s\n",
	       number_of(answer, "number"), number_of(answer, "journal"), number_of(answer, "node"),
	       number_of(answer, "term"), number_of(answer, "index"), time);
	if (count > 1)
		printf("Times are those of its entry, which has the %lld records %lld to %lld.\n",
		       count, first, first + count - 1);
}

static void print_text(const json_t *answer)
{
	const json_t *peers = json_object_get(answer, "peers");
	const json_t *longest = json_object_get(answer, "longest");
	struct moments moments = {.count = 0};

	add(&moments, answer, "sequenced_us", "sequenced", 0);
	for (size_t at = 0; at < json_array_size(peers); at++) {
		const json_t *peer = json_array_get(peers, at);
		long long node = number_of(peer, "node");

		add(&moments, peer, "sent_us", "sent to node %lld", node);
		add(&moments, peer, "received_us", "node %lld is known to have it in memory", node);
		add(&moments, peer, "durable_us", "node %lld is known to have it durable", node);
	}
	add(&moments, answer, "durable_us", "durable on this node's own drive", 0);
	add(&moments, answer, "committed_us", "committed", 0);
	add(&moments, answer, "answered_us", "answered", 0);
	print_head(answer);
	printf("%9d us  it came, at the earliest\n", 0);
	for (size_t at = 0; at < moments.count; at++)
		printf("%9lld us  %s\n", moments.moment[at].us, moments.moment[at].text);
	printf("Longest: %s.\n", json_string_value(json_object_get(longest, "text")));
}

/* ---- asking ------------------------------------------------------------------------------------- */

/* How much the answer of a node that has no times is worth: who led it and forgot knows more than who did not lead. */
static int worth_of(const json_t *answer)
{
	const char *code = json_string_value(json_object_get(answer, "code"));

	if (json_is_true(json_object_get(answer, "found")))
		return 4;
	if (code == NULL)
		return 0;
	if (strcmp(code, "TIMES_FORGOTTEN") == 0)
		return 3;
	return strcmp(code, "NOT_LEADER") == 0 ? 2 : 1;
}

/* The best answer, NULL: none; *failed is why not, told to the user in the end. */
static json_t *ask_all(const struct options *options, int *failed, char *reason,
		       size_t reason_bytes)
{
	json_t *best = NULL, *answer;
	char request[80];

	snprintf(request, sizeof(request), "/wirelog/why,%lu,%u", (unsigned long)options->number,
		 options->journal);
	for (uint32_t at = 0; at < options->cluster.run_directory_count; at++) {
		int result =
			wl_stats_socket_ask(options->cluster.run_directories[at], request, &answer);

		if (result != 0) {
			if (*failed == 0)
				snprintf(reason, reason_bytes, "%s", wl_stats_socket_reason());
			*failed = *failed == 0 ? result : *failed;
			continue;
		}
		if (best != NULL && worth_of(answer) <= worth_of(best)) {
			json_decref(answer);
			continue;
		}
		json_decref(best);
		best = answer;
	}
	return best;
}

static int tell(const struct options *options, const json_t *answer)
{
	const char *code = json_string_value(json_object_get(answer, "code"));
	const char *reason = json_string_value(json_object_get(answer, "reason"));

	if (options->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	}
	if (!json_is_true(json_object_get(answer, "found")))
		return wl_tool_refuse(code != NULL ? wirelog_status_by_name(code)
						   : WIRELOG_INTERNAL,
				      "%s", reason != NULL ? reason : "");
	if (!options->json)
		print_text(answer);
	return EX_OK;
}

int wl_cmd_why(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "N",
		.doc = "Where the time of record number N went: when it came to the node that led, was sequenced, sent, durable "
		       "here and there, committed and answered, and which part took longest. Asks the nodes on this "
		       "machine; who sequenced the record knows.\vA node keeps the times of its newest 4,096 entries "
		       "with records, and of the slowest entry of each of the last 1,024 seconds that had any. An entry has "
		       "the records of one turn of the worker, and a time is that of the turn in which something "
		       "was seen. Too old: TIMES_FORGOTTEN, 65; not committed: NOT_COMMITTED, 75; another node led: "
		       "NOT_LEADER, 75, which names it.",
		.children = wl_tool_ask_children,
	};
	static struct options options;
	char reason[512] = "";
	json_t *answer;
	int result, failed = 0;

	wl_tool_option_parse(&argp, "wirelog why", argc, argv, &options);
	result = wl_tool_cluster_find_run_directories(&options.cluster);
	if (result != 0)
		return wirelog_status_exit_code(result);
	answer = ask_all(&options, &failed, reason, sizeof(reason));
	if (answer == NULL)
		return wl_tool_refuse(failed, "%s", reason);
	result = tell(&options, answer);
	json_decref(answer);
	return result;
}

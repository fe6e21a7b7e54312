/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog transfer` and `wirelog step-down`: leadership of journals goes to another voter, while records flow. Asked of any node on this
 * machine, which passes it on to the leader; done when another one leads, by the word of a node here.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command/commands.h"
#include "command/tool_ask.h"
#include "command/tool_option.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"
#include "wirelog/status.h"

enum { KEY_JSON = 0x100 };

#define POLL_NS 2000000
#define ASK_NS 1000000000 /* a wish is forgotten after a while, and refusals pass: asked again */

struct options {
	struct wl_tool_ask ask;
	bool one_journal, json;
	bool steps_down; /* only what a node leads that is asked here */
	uint32_t target; /* 0: whoever is best */
	json_t *all; /* with --json */
};

/* How it stood when it was asked. */
struct leads {
	uint32_t asked, leader; /* nodes */
	uint64_t term;
};

static const struct argp_option option_table[] = {
	{"journal", WL_TOOL_ASK_KEY_JOURNAL, "N", 0,
	 "this journal only (default: all of them, one after the other)", 0},
	{"timeout", WL_TOOL_ASK_KEY_SECONDS, "S", 0,
	 "so many seconds for each journal, until another node leads it (default 10)", 0},
	{"json", KEY_JSON, NULL, 0, "print what came of it as JSON", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case WL_TOOL_ASK_KEY_JOURNAL:
		options->one_journal = true;
		break;
	case KEY_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->steps_down || options->target != 0)
			argp_error(state, "'%s' is one word too many", argument);
		options->target = (uint32_t)wl_tool_option_number(state, "NODE", argument, 1,
								  WIRELOG_NODES_MAX);
		return 0;
	default:
		break;
	}
	return wl_tool_ask_parse_option(key, argument, state, &options->ask);
}

static int look(struct options *options, struct leads *leads)
{
	struct wl_tool_view view;
	int result = wl_tool_ask_look(options->ask.directory, options->ask.journal, &view);

	*leads = (struct leads){
		.asked = (uint32_t)wl_tool_ask_number(view.status, "node"),
		.leader = (uint32_t)wl_tool_ask_number(view.journal, "leader"),
		.term = wl_tool_ask_number(view.journal, "term"),
	};
	json_decref(view.status);
	return result == 0 ? 0 : wl_tool_refuse(result, "%s", wl_stats_socket_reason());
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void tell(const struct options *options, const struct leads *before,
		 const struct leads *after, uint64_t took_ns)
{
	unsigned journal = options->ask.journal;

	if (options->all != NULL)
		json_array_append_new(options->all,
				      json_pack("{s:i, s:i, s:i, s:I, s:f}", "journal",
						(int)journal, "from", (int)before->leader, "to",
						(int)after->leader, "term", (json_int_t)after->term,
						"took_ms", (double)took_ns / 1e6));
	else if (after->leader == before->leader)
		printf("journal %u: node %u leads it\n", journal, after->leader);
	else
		printf("journal %u: node %u leads it now, in term %lu; node %u did\n", journal,
		       after->leader, (unsigned long)after->term, before->leader);
}

static bool is_over(const struct options *options, const struct leads *before,
		    const struct leads *now)
{
	if (options->target != 0)
		return now->leader == options->target;
	return now->leader != 0 && now->leader != before->leader && now->term > before->term;
}

/* A slip ends it; what may pass is told when the time is over. */
static int ask(const struct options *options, char *reason, size_t reason_bytes)
{
	char request[64];
	json_t *answer;
	int result;

	snprintf(request, sizeof(request), "/wirelog/transfer,%u,%u", options->target,
		 options->ask.journal);
	result = wl_stats_socket_change(options->ask.directory, request, &answer);
	json_decref(answer);
	snprintf(reason, reason_bytes, "%s", result == 0 ? "" : wl_stats_socket_reason());
	if (result == WIRELOG_NOT_ALLOWED || result == WIRELOG_VERSION_MISMATCH)
		return result;
	if (result == 0 || strstr(reason, "no member") == NULL)
		return strstr(reason, "no vote") == NULL ? 0 : result;
	return result;
}

static int wait(struct options *options, const struct leads *before)
{
	const struct timespec poll = {.tv_nsec = POLL_NS};
	uint64_t began_ns = now_ns(), asked_ns = 0;
	uint64_t until_ns = began_ns + options->ask.seconds * 1000000000ull;
	char reason[256] = "";
	struct leads now;

	for (;;) {
		int result = look(options, &now);

		if (result != 0)
			return result;
		if (is_over(options, before, &now)) {
			tell(options, before, &now, now_ns() - began_ns);
			return 0;
		}
		if (now_ns() >= until_ns)
			break;
		if (now_ns() - asked_ns >= ASK_NS) {
			asked_ns = now_ns();
			result = ask(options, reason, sizeof(reason));
			if (result != 0)
				return wl_tool_refuse(result, "%s", reason);
		}
		nanosleep(&poll, NULL);
	}
	return wl_tool_refuse(WIRELOG_TIMED_OUT,
			      "journal %u is still led by node %u after %u s%s%s",
			      options->ask.journal, now.leader, options->ask.seconds,
			      reason[0] != '\0' ? ": " : "", reason);
}

static int hand_over(struct options *options)
{
	struct leads before;
	int result = wl_tool_ask_choose(&options->ask);

	if (result == 0)
		result = look(options, &before);
	if (result != 0)
		return result;
	if (options->steps_down && before.leader != before.asked) {
		if (options->all == NULL)
			printf("journal %u: node %u leads it, which is not asked here\n",
			       options->ask.journal, before.leader);
		return 0;
	}
	return wait(options, &before);
}

static int run(struct options *options)
{
	uint32_t count = 1, first = options->ask.journal;
	int result = options->one_journal ? 0 : wl_tool_ask_count_journals(&options->ask, &count);

	options->all = options->json ? json_array() : NULL;
	for (uint32_t at = 0; at < count && result == 0; at++) {
		options->ask.journal = first + at;
		result = hand_over(options);
	}
	if (options->all != NULL && result == 0) {
		json_dumpf(options->all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(options->all);
	return result;
}

int wl_cmd_transfer(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "[NODE]",
		.doc = "Leadership of all journals goes to NODE, or to the voter that is best: in step, with room, and of the "
		       "highest priority. Clients follow by themselves, and no append fails. Any node on this machine may be "
		       "asked; it passes it on to the leader.\vDone when another one leads, at once where NODE does already. "
		       "A node that is not in step is waited for, as long as --timeout says, and the old leader leads "
		       "meanwhile (docs/OPERATIONS.md, \"Leadership\").",
		.children = wl_tool_ask_children,
	};
	static struct options options;

	wl_tool_option_parse(&argp, "wirelog transfer", argc, argv, &options);
	return run(&options);
}

int wl_cmd_step_down(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.args_doc = "",
		.doc = "What the node on this machine leads goes to the voters that are best, before work on that machine. With "
		       "several nodes here, --run-directory says which.\vIt stays a voter, and may lead again: for good it "
		       "takes a lower `priority`, or its end (SIGTERM hands over, too).",
		.children = wl_tool_ask_children,
	};
	static struct options options = {.steps_down = true};

	wl_tool_option_parse(&argp, "wirelog step-down", argc, argv, &options);
	return run(&options);
}

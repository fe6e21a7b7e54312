/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "command/tool_ask.h"
#include "command/tool_refuse.h"
#include "command/tool_stats_socket.h"
#include "wirelog/status.h"

#define POLL_NS 2000000
#define POLLS_MAX \
	4000u /* for one question: more than nodes wait for each other (worker/chain_peer.h) */

/* ---- one question ------------------------------------------------------------------------------- */

static int refuse(int status)
{
	return wl_tool_refuse(status, "%s", wl_stats_socket_reason());
}

static enum wl_chain_verdict verdict_of(const char *name)
{
	for (unsigned verdict = 0; name && verdict <= WL_CHAIN_LAST; verdict++) {
		if (strcmp(name, wl_chain_verdict_name((enum wl_chain_verdict)verdict)) == 0)
			return (enum wl_chain_verdict)verdict;
	}
	return WL_CHAIN_NOT_TOLD;
}

/* Returns who has said something. */
static wl_members take_answers(struct wl_compare *compare, const json_t *told, uint64_t index,
			       struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	const json_t *nodes = json_object_get(told, "nodes");
	wl_members who = 0;
	size_t at;
	json_t *one;

	memset(answers, 0, (WIRELOG_NODES_MAX + 1) * sizeof(answers[0]));
	json_array_foreach(nodes, at, one)
	{
		const char *chain = json_string_value(json_object_get(one, "chain"));
		uint64_t node = wl_tool_ask_number(one, "node");

		if (node == 0 || node > WIRELOG_NODES_MAX)
			continue;
		answers[node] = (struct wl_chain_answer){
			.verdict = verdict_of(json_string_value(json_object_get(one, "verdict"))),
			.position = {wl_tool_ask_number(one, "term"), index},
			.chain = chain ? strtoull(chain, NULL, 16) : 0,
			.first = wl_tool_ask_number(one, "first"),
			.commit = wl_tool_ask_number(one, "commit"),
		};
		compare->nodes |= wl_members_only((uint32_t)node);
		if (answers[node].verdict != WL_CHAIN_NOT_TOLD)
			who |= wl_members_only((uint32_t)node);
	}
	return who;
}

static int look(const struct wl_compare *compare, json_t **told)
{
	char request[64];

	snprintf(request, sizeof(request), "/wirelog/compared,%u", compare->journal);
	return wl_stats_socket_ask(compare->directory, request, told);
}

/* Until all have said something, or those who did before; or until nobody is waited for any more. */
static int wait_for_answers(struct wl_compare *compare, uint64_t round,
			    struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	const struct timespec poll = {.tv_nsec = POLL_NS};

	for (unsigned at = 0; at < POLLS_MAX; at++) {
		bool ours, complete;
		wl_members who = 0;
		json_t *told;
		int result = look(compare, &told);

		if (result != 0)
			return refuse(result);
		ours = wl_tool_ask_number(told, "round") > round &&
		       wl_tool_ask_number(told, "index") == compare->search.index;
		complete = json_is_true(json_object_get(told, "complete"));
		if (ours)
			who = take_answers(compare, told, compare->search.index, answers);
		json_decref(told);
		if (ours && (complete || (compare->told != 0 && (compare->told & ~who) == 0))) {
			compare->told |= who;
			return 0;
		}
		nanosleep(&poll, NULL);
	}
	return wl_tool_refuse(WIRELOG_TIMED_OUT,
			      "node %u has not heard what the others have at entry %" PRIu64
			      "; somebody else may be comparing: ask again",
			      compare->asked, compare->search.index);
}

static int ask(struct wl_compare *compare, struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1])
{
	char request[80];
	uint64_t round;
	json_t *told;
	int result = look(compare, &told);

	if (result != 0)
		return refuse(result);
	round = wl_tool_ask_number(told, "round");
	json_decref(told);
	snprintf(request, sizeof(request), "/wirelog/compare,%" PRIu64 ",%u", compare->search.index,
		 compare->journal);
	result = wl_stats_socket_change(compare->directory, request, &told);
	if (result != 0)
		return refuse(result);
	json_decref(told);
	return wait_for_answers(compare, round, answers);
}

/* ---- all of them -------------------------------------------------------------------------------- */

/* The first node here that answers and has the journal, and what it has committed. */
static int choose(struct wl_compare *compare, uint64_t *commit)
{
	int failed = wl_tool_cluster_find_run_directories(&compare->cluster);
	bool runs = false;

	for (uint32_t at = 0; failed == 0 && at < compare->cluster.run_directory_count; at++) {
		struct wl_tool_view view;

		compare->directory = compare->cluster.run_directories[at];
		if (wl_tool_ask_look(compare->directory, compare->journal, &view) != 0) {
			json_decref(view.status);
			continue;
		}
		runs = true;
		compare->asked = (uint32_t)wl_tool_ask_number(view.status, "node");
		*commit = wl_tool_ask_number(view.journal, "commit");
		if (view.journal) {
			json_decref(view.status);
			return 0;
		}
		json_decref(view.status);
	}
	if (failed != 0)
		return failed;
	if (runs)
		return wl_tool_refuse(WIRELOG_JOURNAL_UNKNOWN,
				      "journal %u: the nodes here do not have it",
				      compare->journal);
	return refuse(WIRELOG_NOT_RUNNING);
}

int wl_compare_run(struct wl_compare *compare)
{
	struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1];
	uint64_t commit = 0;
	int result = choose(compare, &commit);

	if (result != 0)
		return result;
	compare->empty = commit == 0;
	if (compare->empty)
		return 0;
	wl_chain_search_begin(&compare->search, commit);
	while (compare->search.state == WL_CHAIN_SEARCH_ASKS) {
		result = ask(compare, answers);
		if (result != 0)
			return result;
		wl_chain_search_on_answers(&compare->search, answers);
	}
	return 0;
}

/* ---- what came of it ---------------------------------------------------------------------------- */

int wl_compare_exit_code(const struct wl_compare *compare)
{
	const struct wl_chain_search *search = &compare->search;

	if (compare->empty)
		return EX_OK;
	if (search->state == WL_CHAIN_SEARCH_DIFFER || search->unreadable != 0)
		return EX_DATAERR;
	return search->state == WL_CHAIN_SEARCH_EQUAL && search->answered == compare->nodes
		       ? EX_OK
		       : EX_UNAVAILABLE;
}

static void print_verdict(FILE *out, const struct wl_compare *compare)
{
	const struct wl_chain_search *search = &compare->search;

	switch (search->state) {
	case WL_CHAIN_SEARCH_EQUAL:
		fprintf(out,
			"journal %u: equal from entry %" PRIu64 " to %" PRIu64
			" on %u of %u nodes\n",
			compare->journal, search->low, search->high,
			wl_members_count(search->answered), wl_members_count(compare->nodes));
		break;
	case WL_CHAIN_SEARCH_DIFFER:
		fprintf(out, "journal %u: DIFFERS first at entry %" PRIu64, compare->journal,
			search->first_difference);
		if (search->first_difference > search->agreed_below + 1)
			fprintf(out, " or before it, behind entry %" PRIu64, search->agreed_below);
		fprintf(out, "\n");
		break;
	case WL_CHAIN_SEARCH_UNREADABLE:
		fprintf(out, "journal %u: fewer than two nodes could read what they have\n",
			compare->journal);
		break;
	default:
		fprintf(out, "journal %u: no two nodes could be compared\n", compare->journal);
	}
}

void wl_compare_print(FILE *out, const struct wl_compare *compare)
{
	if (compare->empty) {
		fprintf(out, "journal %u: nothing is committed yet\n", compare->journal);
		return;
	}
	print_verdict(out, compare);
	fprintf(out, "%-6s %12s %12s  %-8s %8s  %s\n", "NODE", "FIRST", "COMMITTED", "HAS IT",
		"TERM", "CHAIN VALUE");
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_chain_answer *answer = &compare->search.answers[node];

		if (!wl_members_has(compare->nodes, node))
			continue;
		if (answer->verdict == WL_CHAIN_NOT_TOLD) {
			fprintf(out, "%-6u no answer\n", node);
			continue;
		}
		fprintf(out, "%-6u %12" PRIu64 " %12" PRIu64 "  %-8s", node, answer->first,
			answer->commit, wl_chain_verdict_name(answer->verdict));
		if (answer->verdict == WL_CHAIN_KNOWN)
			fprintf(out, " %8" PRIu64 "  %016" PRIx64, answer->position.term,
				answer->chain);
		if (wl_members_has(compare->search.unreadable, node))
			fprintf(out, "  its medium does not give all");
		fprintf(out, "\n");
	}
}

static const char *state_name(const struct wl_compare *compare)
{
	static const char *const names[] = {"equal",  "asks",  "equal",
					    "differ", "alone", "unreadable"};

	return compare->empty ? "empty" : names[compare->search.state];
}

static json_t *node_json(const struct wl_compare *compare, uint32_t node)
{
	const struct wl_chain_answer *answer = &compare->search.answers[node];
	bool known = answer->verdict == WL_CHAIN_KNOWN, told = answer->verdict != WL_CHAIN_NOT_TOLD;

	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:b}", "node", (int)node, "verdict",
			 wl_chain_verdict_name(answer->verdict), "first",
			 told ? json_integer((json_int_t)answer->first) : json_null(), "commit",
			 told ? json_integer((json_int_t)answer->commit) : json_null(), "term",
			 known ? json_integer((json_int_t)answer->position.term) : json_null(),
			 "chain", known ? json_sprintf("%016" PRIx64, answer->chain) : json_null(),
			 "unreadable", wl_members_has(compare->search.unreadable, node));
}

json_t *wl_compare_json(const struct wl_compare *compare)
{
	const struct wl_chain_search *search = &compare->search;
	bool differ = search->state == WL_CHAIN_SEARCH_DIFFER;
	json_t *nodes = json_array();

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(compare->nodes, node))
			json_array_append_new(nodes, node_json(compare, node));
	}
	return json_pack("{s:i, s:s, s:I, s:I, s:o, s:I, s:i, s:o}", "journal",
			 (int)compare->journal, "verdict", state_name(compare), "first",
			 (json_int_t)search->low, "last", (json_int_t)search->high,
			 "first_difference",
			 differ ? json_integer((json_int_t)search->first_difference) : json_null(),
			 "agreed_below", (json_int_t)search->agreed_below, "questions",
			 (int)search->questions, "nodes", nodes);
}

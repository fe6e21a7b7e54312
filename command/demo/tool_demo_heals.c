/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_heals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command/demo/tool_demo_harm_file.h"
#include "command/demo/tool_demo_lives.h"
#include "command/demo/tool_demo_say.h"
#include "command/demo/tool_demo_words.h"
#include "command/tool_start_reads.h"
#include "command/tool_stats_socket.h"
#include "dataplane/host/clock.h"
#include "wirelog/status.h"

#define WAIT_NS UINT64_C(40000000000)
#define PLACES_MAX 6u /* tries, with more appended each time */
#define LOG_BYTES (64u << 10) /* that a node says from its start until it is mended, at most */

/* ---- what is asked ------------------------------------------------------------------------------ */

/* The one of these objects that is about `node`; NULL: none. */
static const json_t *about(const json_t *objects, unsigned node)
{
	json_t *object;
	size_t at;

	json_array_foreach(objects, at,
			   object) if (json_integer_value(json_object_get(object, "node")) ==
				       (json_int_t)node) return object;
	return NULL;
}

static void take_text(const json_t *object, const char *name, char text[24])
{
	const char *value = json_string_value(json_object_get(object, name));

	snprintf(text, 24, "%s", value != NULL ? value : "");
}

/* As the leader says: the data that the list means, whether `node` has those, and whether it counts. */
static bool ask_named(const struct wl_demo_nodes *nodes, unsigned leader, unsigned node,
		      char named[24])
{
	json_t *status, *journal;
	const json_t *data, *peer;
	char present[24];
	bool counts;

	named[0] = '\0';
	if (leader == 0 || wl_demo_node_journal(nodes, leader, &status, &journal) != 0)
		return false;
	data = about(json_object_get(json_object_get(journal, "members"), "data"), node);
	peer = about(json_object_get(journal, "peers"), node);
	take_text(data, "named", named);
	take_text(data, "present", present);
	counts = named[0] != '\0' && strcmp(named, present) == 0 &&
		 json_is_false(json_object_get(peer, "held_back"));
	json_decref(status);
	return counts;
}

static void say_mending(const struct wl_demo_nodes *nodes, unsigned node, char *what,
			size_t what_bytes)
{
	json_t *status, *journal;
	const json_t *mending;
	const char *phase;

	snprintf(what, what_bytes, "node %u was not mended", node);
	if (wl_demo_node_journal(nodes, node, &status, &journal) != 0)
		return;
	mending = json_object_get(journal, "mending");
	phase = json_string_value(json_object_get(mending, "phase"));
	if (phase != NULL)
		snprintf(what, what_bytes,
			 "node %u was not mended (phase %s, %" PRId64 " entries missing)", node,
			 phase, (int64_t)json_integer_value(json_object_get(mending, "missing")));
	json_decref(status);
}

/* ---- its log ------------------------------------------------------------------------------------ */

static void name_log(const struct wl_demo_nodes *nodes, unsigned node, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/node%u.log", nodes->where.directory, node);
}

static long log_length(const struct wl_demo_nodes *nodes, unsigned node)
{
	char path[PATH_MAX];
	struct stat facts;

	name_log(nodes, node, path);
	return stat(path, &facts) == 0 ? (long)facts.st_size : 0;
}

static bool is_mended(const struct wl_demo_nodes *nodes, struct wl_demo_heals *heals, long from)
{
	static char text[LOG_BYTES + 1];
	char path[PATH_MAX];
	size_t length = 0;
	FILE *log;

	name_log(nodes, heals->rotten, path);
	log = fopen(path, "re");
	if (log == NULL)
		return false;
	if (fseek(log, from, SEEK_SET) == 0)
		length = fread(text, 1, LOG_BYTES, log);
	text[length] = '\0';
	fclose(log);
	return wl_demo_words_find_mended(text, &heals->fetched, &heals->salvaged);
}

/* ---- nodes -------------------------------------------------------------------------------------- */

static int start(struct wl_demo_nodes *nodes, unsigned node, char *reason)
{
	if (wl_demo_node_start(nodes, node) != 0) {
		snprintf(reason, WL_DEMO_REASON_BYTES, "node %u cannot be started", node);
		return WIRELOG_NOT_RUNNING;
	}
	wl_where_save(&nodes->where);
	return 0;
}

/* Of those that follow, the first that is not `other`. */
static int choose(struct wl_demo_nodes *nodes, unsigned other, unsigned *node, char *reason)
{
	unsigned leader;
	int status = wl_demo_nodes_wait_leader(nodes, WAIT_NS, &leader, reason);

	*node = 1;
	while (*node == leader || *node == other)
		(*node)++;
	return status;
}

/* The two others go on without `node`. */
static int go_on(const struct wl_demo_heals *heals, struct wl_demo_nodes *nodes, unsigned node,
		 char *reason)
{
	wl_demo_node_kill(nodes, node);
	wl_where_save(&nodes->where);
	return wl_demo_lives_append(nodes, heals->day, WL_DEMO_HEALS_MESSAGES, reason);
}

/* Somebody leads, and the others have what it has. */
static int settle(struct wl_demo_nodes *nodes, struct wl_demo_facts facts[WL_DEMO_NODES_MAX],
		  char *reason)
{
	unsigned leader;
	int status = wl_demo_nodes_wait_leader(nodes, WAIT_NS, &leader, reason);

	if (status != 0)
		return status;
	wl_demo_nodes_ask(nodes, facts);
	return wl_demo_nodes_wait_caught_up(nodes, facts[leader - 1].commit_number, WAIT_NS, facts,
					    reason);
}

/* ---- rot ---------------------------------------------------------------------------------------- */

/*
 * Turns a bit in the middle of what its next start reads, and looks whether that start is going to find it: at the very end of a log
 * nothing tells rot from a write that was cut off, and then the bit is turned back. False and no reason: more must be appended first.
 */
static int turn_bit(struct wl_demo_heals *heals, const struct wl_demo_nodes *nodes, bool *done,
		    char *reason)
{
	const char *directory = nodes->where.run_directories[heals->rotten - 1];
	struct wl_tool_start_reads reads, after;
	char data[PATH_MAX], file[PATH_MAX + WL_VERIFY_PLACE_BYTES];
	uint64_t byte;
	int status;

	*done = false;
	snprintf(data, sizeof(data), "%.4000s/data", directory);
	status = wl_tool_start_reads_look(&reads, data, reason, WL_DEMO_REASON_BYTES);
	if (status != 0 || reads.number == 0 || reads.damaged)
		return status;
	snprintf(file, sizeof(file), "%s/%s", data, reads.place.file);
	byte = reads.place.byte + reads.bytes / 2;
	if (wl_demo_harm_turn_bit(file, byte) != 0) {
		snprintf(reason, WL_DEMO_REASON_BYTES, "%.1400s cannot be written", file);
		return WIRELOG_OUTPUT_FAILED;
	}
	status = wl_tool_start_reads_look(&after, data, reason, WL_DEMO_REASON_BYTES);
	*done = status == 0 && after.damaged && after.damage_begin <= reads.place.offset &&
		after.damage_end > reads.place.offset;
	if (!*done) {
		wl_demo_harm_turn_bit(file, byte);
		return status;
	}
	heals->record = reads.number;
	wl_demo_say("kill -9 of node %u; while it is down, one bit of record %s turns on its disk:",
		    heals->rotten, wl_demo_say_count(reads.number));
	wl_demo_say("  node%u/data/%s byte %" PRIu64, heals->rotten, reads.place.file, byte);
	return 0;
}

/* Leaves the node down, with a bit that its start is sure to find. */
static int rot(struct wl_demo_heals *heals, struct wl_demo_nodes *nodes, char *reason)
{
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];
	bool done = false;
	int status;

	for (unsigned tries = 0; tries < PLACES_MAX; tries++) {
		wl_demo_node_kill(nodes, heals->rotten);
		wl_where_save(&nodes->where);
		status = turn_bit(heals, nodes, &done, reason);
		if (status != 0 || done)
			return status;
		/* The base that a start goes on from stands too near the end: with more behind it there is a middle. */
		status = start(nodes, heals->rotten, reason);
		if (status == 0)
			status = wl_demo_lives_append(nodes, heals->day, WL_DEMO_HEALS_MESSAGES,
						      reason);
		if (status == 0)
			status = settle(nodes, facts, reason);
		if (status == 0)
			status = choose(nodes, 0, &heals->rotten, reason);
		if (status != 0)
			return status;
	}
	snprintf(reason, WL_DEMO_REASON_BYTES,
		 "node %u's data have no place of which a start would say that it rotted",
		 heals->rotten);
	return WIRELOG_DEMO_FAILED;
}

int wl_demo_heals_mend(struct wl_demo_heals *heals, struct wl_demo_nodes *nodes,
		       struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason)
{
	uint64_t began_ns;
	char what[128];
	long from;
	int status = choose(nodes, 0, &heals->rotten, reason);

	if (status == 0)
		status = rot(heals, nodes, reason);
	if (status == 0)
		status = go_on(heals, nodes, heals->rotten, reason);
	if (status != 0)
		return status;
	wl_demo_say("  started again, behind %s records that were appended without it",
		    wl_demo_say_count(WL_DEMO_HEALS_MESSAGES));
	from = log_length(nodes, heals->rotten);
	began_ns = wl_clock_kernel_ns();
	status = start(nodes, heals->rotten, reason);
	while (status == 0 && !is_mended(nodes, heals, from)) {
		say_mending(nodes, heals->rotten, what, sizeof(what));
		status = wl_demo_nodes_look_after(nodes, began_ns + WAIT_NS, what, reason);
	}
	if (status == 0)
		status = settle(nodes, facts, reason);
	heals->mended_ns = wl_clock_kernel_ns() - began_ns;
	if (status == 0)
		wl_demo_say("  found at the start, and mended after %s (entries: %" PRIu64
			    " came, %" PRIu64 " were whole here)",
			    wl_demo_say_duration(heals->mended_ns), heals->fetched,
			    heals->salvaged);
	return status;
}

/* ---- an empty disk ------------------------------------------------------------------------------ */

static int wipe(const struct wl_demo_heals *heals, const struct wl_demo_nodes *nodes, char *reason)
{
	char data[PATH_MAX];

	snprintf(data, sizeof(data), "%.4000s/data",
		 nodes->where.run_directories[heals->wiped - 1]);
	if (wl_demo_harm_remove(data) == 0)
		return 0;
	snprintf(reason, WL_DEMO_REASON_BYTES, "%.1400s cannot be removed", data);
	return WIRELOG_OUTPUT_FAILED;
}

/* Until the list names the new data of the node, and it counts. */
static int wait_named(struct wl_demo_heals *heals, struct wl_demo_nodes *nodes, char *reason)
{
	uint64_t until_ns = wl_clock_kernel_ns() + WAIT_NS;
	struct wl_demo_facts facts[WL_DEMO_NODES_MAX];
	char what[128];
	int status = 0;

	snprintf(what, sizeof(what), "the list of members did not name the new data of node %u",
		 heals->wiped);
	while (status == 0) {
		unsigned leader = wl_demo_nodes_ask(nodes, facts);

		if (ask_named(nodes, leader, heals->wiped, heals->named) &&
		    strcmp(heals->named, heals->named_before) != 0)
			return 0;
		status = wl_demo_nodes_look_after(nodes, until_ns, what, reason);
	}
	return status;
}

int wl_demo_heals_swap(struct wl_demo_heals *heals, struct wl_demo_nodes *nodes,
		       struct wl_demo_facts facts[WL_DEMO_NODES_MAX], char *reason)
{
	unsigned leader;
	uint64_t began_ns;
	int status = choose(nodes, heals->rotten, &heals->wiped, reason);

	if (status == 0)
		status = wl_demo_nodes_wait_leader(nodes, WAIT_NS, &leader, reason);
	if (status != 0)
		return status;
	ask_named(nodes, leader, heals->wiped, heals->named_before);
	status = go_on(heals, nodes, heals->wiped, reason);
	if (status == 0)
		status = wipe(heals, nodes, reason);
	if (status != 0)
		return status;
	wl_demo_say("kill -9 of node %u, and node%u/data deleted", heals->wiped, heals->wiped);
	wl_demo_say("  started again, behind %s records that were appended without it",
		    wl_demo_say_count(WL_DEMO_HEALS_MESSAGES));
	began_ns = wl_clock_kernel_ns();
	status = start(nodes, heals->wiped, reason);
	if (status == 0)
		status = wait_named(heals, nodes, reason);
	if (status == 0)
		status = settle(nodes, facts, reason);
	heals->swapped_ns = wl_clock_kernel_ns() - began_ns;
	if (status == 0)
		wl_demo_say(
			"  sent everything, named by the list of members: it counts again after %s",
			wl_demo_say_duration(heals->swapped_ns));
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_health.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HEARD_NS 300000000 /* so lately it is there */
#define SILENCE_TEXT_BYTES 96u

static const char *const names[] = {"healthy", "degraded", "unsafe"};

static json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static enum wl_tool_health level_of(const json_t *value)
{
	const char *name = json_string_value(value);

	for (unsigned level = 0; level < sizeof(names) / sizeof(names[0]); level++)
		if (name != NULL && strcmp(name, names[level]) == 0)
			return (enum wl_tool_health)level;
	return WL_TOOL_UNSAFE; /* a word of a later version: nobody says that it is harmless */
}

enum wl_tool_health wl_tool_health_level(const json_t *health)
{
	return level_of(at(health, "level"));
}

int wl_tool_health_exit_code(enum wl_tool_health level)
{
	static const int codes[] = {0, WL_TOOL_HEALTH_EXIT_DEGRADED, WL_TOOL_HEALTH_EXIT_UNSAFE};

	return codes[level];
}

static bool is_allowed(const struct wl_tool_allowed *allowed, const json_t *reason)
{
	const char *name = json_string_value(at(reason, "reason"));

	for (size_t i = 0; name != NULL && i < allowed->count; i++)
		if (strcmp(allowed->reasons[i], name) == 0)
			return true;
	return false;
}

static void worsen(json_t *of, enum wl_tool_health level)
{
	if (level > level_of(at(of, "level")))
		json_object_set_new(of, "level", json_string(names[level]));
}

/* Takes `reason`. `node`: whose row says it, or NULL where the whole does. */
static void add(json_t *health, json_t *node, const struct wl_tool_allowed *allowed, json_t *reason)
{
	if (!is_allowed(allowed, reason)) {
		worsen(health, level_of(at(reason, "level")));
		if (node != NULL)
			worsen(node, level_of(at(reason, "level")));
	}
	json_object_set_new(reason, "said_by",
			    node != NULL && json_is_true(at(node, "answered"))
				    ? json_incref(at(node, "node"))
				    : json_null());
	json_array_append_new(at(health, "reasons"), reason);
}

static json_t *make_reason(const char *reason, enum wl_tool_health level, const char *text)
{
	return json_pack("{s:s, s:s, s:n, s:n, s:n, s:s}", "reason", reason, "level", names[level],
			 "journal", "node", "for_ns", "text", text);
}

/* ---- one node ----------------------------------------------------------------------------------- */

static bool hears(const json_t *peers, uint32_t node)
{
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *peer = json_array_get(peers, i), *ago = at(peer, "heard_ago_ns");

		if (json_integer_value(at(peer, "node")) == (json_int_t)node &&
		    json_is_integer(ago) && json_integer_value(ago) <= HEARD_NS)
			return true;
	}
	return false;
}

/* One of the others heard `node` just now: its number, or NULL. */
static const json_t *heard_by(const struct wl_status_row *rows, size_t count, uint32_t node)
{
	for (size_t row = 0; row < count; row++) {
		const json_t *journals = at(rows[row].status, "journals");

		for (size_t id = 0; id < json_array_size(journals); id++)
			if (hears(at(json_array_get(journals, id), "peers"), node))
				return at(rows[row].status, "node");
	}
	return NULL;
}

static json_t *explain_silence(const struct wl_status_row *rows, size_t count,
			       const struct wl_status_row *row)
{
	/* One that a node asks for us has no other way to us than that node has to it. */
	const json_t *who =
		row->run_directory || row->asked_by != 0 ? NULL : heard_by(rows, count, row->node);
	char text[SILENCE_TEXT_BYTES] = "asked over the wire";
	json_t *reason;

	if (who)
		snprintf(text, sizeof(text),
			 "node %d hears it, and we do not: is its endpoint among --endpoints?",
			 (int)json_integer_value(who));
	reason = make_reason(who ? "not_reached" : "no_answer",
			     who ? WL_TOOL_DEGRADED : WL_TOOL_UNSAFE,
			     row->run_directory ? row->run_directory : text);
	if (row->node != 0)
		json_object_set_new(reason, "node", json_integer(row->node));
	return reason;
}

static void add_reasons(json_t *health, json_t *node, const struct wl_tool_allowed *allowed,
			const struct wl_status_row *row)
{
	const json_t *reasons = at(at(row->status, "health"), "reasons");

	if (!json_is_array(reasons)) {
		if (json_is_true(at(at(row->status, "mode"), "degraded")))
			add(health, node, allowed,
			    make_reason("degraded", WL_TOOL_DEGRADED, "it says no more"));
	} else {
		for (size_t i = 0; i < json_array_size(reasons); i++)
			add(health, node, allowed, json_deep_copy(json_array_get(reasons, i)));
	}
}

static json_t *or_null(json_t *value)
{
	return value != NULL ? json_incref(value) : json_null();
}

static json_t *journals_of(const json_t *status)
{
	const json_t *journals = at(status, "journals");
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(journals); i++) {
		const json_t *journal = json_array_get(journals, i);

		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o}", "journal",
						      or_null(at(journal, "journal")), "role",
						      or_null(at(journal, "role")), "term",
						      or_null(at(journal, "term")), "commit",
						      or_null(at(journal, "commit"))));
	}
	return list;
}

static void add_node(json_t *health, const struct wl_tool_allowed *allowed,
		     const struct wl_status_row *rows, size_t count, size_t which)
{
	const struct wl_status_row *row = &rows[which];
	json_t *number = at(row->status, "node"), *node;

	number = number || row->node == 0 ? or_null(number) : json_integer(row->node);
	node = json_pack("{s:s?, s:o, s:o, s:b, s:s, s:o}", "run_directory", row->run_directory,
			 "asked_by", row->asked_by != 0 ? json_integer(row->asked_by) : json_null(),
			 "node", number, "answered", row->status != NULL, "level",
			 names[WL_TOOL_HEALTHY], "journals", journals_of(row->status));

	json_array_append_new(at(health, "nodes"), node);
	if (row->status)
		add_reasons(health, node, allowed, row);
	else
		add(health, node, allowed, explain_silence(rows, count, row));
}

/* ---- what only who asks several can know -------------------------------------------------------- */

/* Its leader is one that does not answer here, and is there. */
static bool is_led_elsewhere(const struct wl_status_row *rows, size_t count, const json_t *journal)
{
	uint32_t leader = (uint32_t)json_integer_value(at(journal, "leader"));

	for (size_t row = 0; leader != 0 && row < count; row++)
		if (!rows[row].status && rows[row].node == leader && rows[row].asked_by == 0)
			return heard_by(rows, count, leader) != NULL;
	return false;
}

static bool is_led(const struct wl_status_row *rows, size_t count, size_t id)
{
	for (size_t row = 0; row < count; row++) {
		const json_t *journal = json_array_get(at(rows[row].status, "journals"), id);
		const char *role = json_string_value(at(journal, "role"));

		if ((role != NULL && strcmp(role, "leader") == 0) ||
		    is_led_elsewhere(rows, count, journal))
			return true;
	}
	return false;
}

/* Of several that were asked: of one alone nobody expects that it leads. */
static void look_for_leaders(json_t *health, const struct wl_tool_allowed *allowed,
			     const struct wl_status_row *rows, size_t count)
{
	size_t journals = 0;

	for (size_t row = 0; row < count; row++)
		if (json_array_size(at(rows[row].status, "journals")) > journals)
			journals = json_array_size(at(rows[row].status, "journals"));
	for (size_t id = 0; count > 1 && id < journals; id++) {
		json_t *reason;

		if (is_led(rows, count, id))
			continue;
		reason = make_reason("no_leader_answers", WL_TOOL_UNSAFE,
				     "none of the nodes that were asked leads this journal");
		json_object_set_new(reason, "journal", json_integer((json_int_t)id));
		add(health, NULL, allowed, reason);
	}
}

static bool differ(const json_t *one, const json_t *other)
{
	return json_integer_value(at(one, "index")) > 0 &&
	       json_equal(at(one, "index"), at(other, "index")) &&
	       !json_equal(at(one, "value"), at(other, "value"));
}

static void compare_chains(json_t *health, const struct wl_tool_allowed *allowed, const json_t *one,
			   const json_t *other)
{
	for (size_t id = 0; id < json_array_size(at(one, "journals")); id++) {
		const json_t *mine = at(json_array_get(at(one, "journals"), id), "chain");
		const json_t *theirs = at(json_array_get(at(other, "journals"), id), "chain");
		json_t *reason;

		if (!differ(mine, theirs))
			continue;
		reason = make_reason("chains_differ", WL_TOOL_UNSAFE,
				     "two nodes have different chain values behind one entry");
		json_object_set_new(reason, "journal", json_integer((json_int_t)id));
		json_object_set(reason, "node", at(other, "node"));
		add(health, NULL, allowed, reason);
	}
}

/* How far a journal of `node` is behind, by the word of who leads it. */
static void take_lag(json_t *health, const json_t *peer)
{
	const json_t *nodes = at(health, "nodes");

	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const json_t *node = json_array_get(nodes, i);
		json_t *journal = json_array_get(at(node, "journals"),
						 (size_t)json_integer_value(at(peer, "journal")));

		if (journal == NULL || !json_equal(at(node, "node"), at(peer, "node")))
			continue;
		json_object_set(journal, "behind_entries", at(peer, "behind_entries"));
		json_object_set(journal, "behind_ns", at(peer, "behind_ns"));
	}
}

json_t *wl_tool_health_json(const struct wl_status_row *rows, size_t count,
			    const struct wl_tool_allowed *allowed)
{
	json_t *health =
		json_pack("{s:s, s:[], s:[]}", "level", names[WL_TOOL_HEALTHY], "reasons", "nodes");

	for (size_t row = 0; row < count; row++)
		add_node(health, allowed, rows, count, row);
	look_for_leaders(health, allowed, rows, count);
	for (size_t row = 0; row < count; row++) {
		const json_t *peers = at(at(rows[row].status, "health"), "peers");

		for (size_t other = row + 1; other < count; other++)
			compare_chains(health, allowed, rows[row].status, rows[other].status);
		for (size_t i = 0; i < json_array_size(peers); i++)
			take_lag(health, json_array_get(peers, i));
	}
	return health;
}

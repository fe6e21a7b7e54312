/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_others.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/tool_stats_socket.h"
#include "wirelog/limits.h"

#define LOOK_US 4000u
#define LOOKS_MAX 225u /* 0.9 s: a node says of the others after 0.8 s that they are silent */

static json_t *at(const json_t *object, const char *name)
{
	return json_object_get(object, name);
}

/* ---- who is missing ----------------------------------------------------------------------------- */

static bool has_node(const struct wl_status_row *rows, size_t count, const json_t *node)
{
	for (size_t row = 0; row < count; row++)
		if (json_equal(at(rows[row].status, "node"), node))
			return true;
	return false;
}

json_t *wl_tool_others_members(const struct wl_status_row *rows, size_t count)
{
	static const char *const lists[] = {"voters", "old_voters", "learners"};
	json_t *all = json_array();

	for (size_t row = 0; row < count; row++) {
		const json_t *journals = at(rows[row].status, "journals");

		for (size_t id = 0; id < json_array_size(journals); id++) {
			const json_t *members = at(json_array_get(journals, id), "members");

			for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++)
				json_array_extend(all, at(members, lists[list]));
		}
	}
	return all;
}

static bool is_among(const json_t *nodes, const json_t *node)
{
	for (size_t i = 0; i < json_array_size(nodes); i++)
		if (json_equal(json_array_get(nodes, i), node))
			return true;
	return false;
}

static bool lacks_one_of(const struct wl_status_row *rows, size_t count, const json_t *members)
{
	for (size_t i = 0; i < json_array_size(members); i++)
		if (!has_node(rows, count, json_array_get(members, i)))
			return true;
	return false;
}

/* ---- asking ------------------------------------------------------------------------------------- */

static json_t *ask(const char *directory, const char *request)
{
	json_t *answer = NULL;

	return wl_stats_socket_ask(directory, request, &answer) == 0 ? answer : NULL;
}

/* Until the node says that all have answered, or are silent. NULL: it is a build that does not know the question, or is gone. */
static json_t *ask_round(const char *directory)
{
	json_t *answer = ask(directory, "/wirelog/cluster");
	char request[48];

	snprintf(request, sizeof(request), "/wirelog/cluster,%lld",
		 (long long)json_integer_value(at(answer, "round")));
	for (unsigned look = 0; look < LOOKS_MAX && answer && !json_is_true(at(answer, "complete"));
	     look++) {
		json_decref(answer);
		usleep(LOOK_US);
		answer = ask(directory, request);
	}
	return answer;
}

static const struct wl_status_row *one_that_answered(const struct wl_status_row *rows, size_t count)
{
	for (size_t row = 0; row < count; row++)
		if (rows[row].status)
			return &rows[row];
	return NULL;
}

static bool all_answered(const struct wl_status_row *rows, size_t count)
{
	for (size_t row = 0; row < count; row++)
		if (!rows[row].status)
			return false;
	return true;
}

static json_int_t number_of(const struct wl_status_row *row)
{
	if (row->status)
		return json_integer_value(at(row->status, "node"));
	return row->node != 0 ? row->node : WIRELOG_NODES_MAX + 1;
}

static int by_number(const void *one, const void *other)
{
	json_int_t a = number_of(one), b = number_of(other);

	return (a > b) - (a < b);
}

size_t wl_tool_others_add(struct wl_status_row *rows, size_t count, size_t most, json_t **asked)
{
	const struct wl_status_row *who = one_that_answered(rows, count);
	bool tells_silent = all_answered(rows, count);
	json_t *members = wl_tool_others_members(rows, count);
	const json_t *nodes;
	size_t all = count;

	*asked = who && lacks_one_of(rows, count, members) ? ask_round(who->run_directory) : NULL;
	nodes = at(*asked, "nodes");
	for (size_t i = 0; i < json_array_size(nodes) && all < most; i++) {
		const json_t *one = json_array_get(nodes, i), *status = at(one, "status");
		bool answered = json_is_object(status);

		/* One that is named in a file and is no member yet may not run yet. */
		if (has_node(rows, count, at(one, "node")) ||
		    (!answered && !(tells_silent && is_among(members, at(one, "node")))))
			continue;
		rows[all++] = (struct wl_status_row){
			.node = (uint32_t)json_integer_value(at(one, "node")),
			.asked_by = (uint32_t)json_integer_value(at(*asked, "node")),
			.reason = "TIMED_OUT",
			.status = answered ? status : NULL,
		};
	}
	json_decref(members);
	if (all > count)
		qsort(rows, all, sizeof(rows[0]), by_number);
	return all;
}

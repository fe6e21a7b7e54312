/* SPDX-License-Identifier: BSD-3-Clause */
/* What only who sees several nodes, and who looked before, can tell. */
#include "watch/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *wl_watch_level_name(enum wl_watch_level level)
{
	static const char *const names[WL_WATCH_LEVELS] = {"healthy", "degraded", "unsafe",
							   "no answer"};

	return names[level];
}

const char *wl_watch_place(const struct wl_watch_node *node)
{
	return node->run_directory != NULL ? node->run_directory : "over the wire";
}

const char *wl_watch_stage_name(enum wl_watch_stage stage)
{
	static const char *const names[WL_WATCH_STAGES] = {"turn",	"send",	  "disk",  "peer",
							   "peer_disk", "commit", "answer"};

	return names[stage];
}

double wl_watch_busy(const struct wl_watch_node *node)
{
	double most = NAN;

	for (uint32_t worker = 0; worker < node->worker_count; worker++)
		most = fmax(most, node->busy[worker]);
	return most;
}

int wl_watch_leader(const struct wl_watch *watch, uint32_t journal)
{
	int leader = -1;
	int64_t term = -1;

	for (uint32_t at = 0; at < watch->node_count; at++) {
		const struct wl_watch_node *node = &watch->nodes[at];

		if (!node->answers || journal >= node->journal_count ||
		    node->journals[journal].leads != 1 || node->journals[journal].term <= term)
			continue;
		leader = (int)at;
		term = node->journals[journal].term;
	}
	return leader;
}

/* ---- what is seen from here --------------------------------------------------------------------- */

static void add_own(struct wl_watch *watch, const struct wl_watch_node *node, int64_t wall_ns,
		    int level, const char *what)
{
	struct wl_watch_event *event = &watch->own[watch->own_count++ % WL_WATCH_OWN_EVENTS];

	*event = (struct wl_watch_event){.time_ns = wall_ns,
					 .node = node->id,
					 .level = level,
					 .own = true};
	snprintf(event->text, sizeof(event->text), "%s %s", what, wl_watch_place(node));
}

/* Places are of run directories, from look to look; who has none is known by its number. */
static struct wl_watch_seen seen_of(const struct wl_watch *watch, uint32_t at, int number)
{
	const struct wl_watch_node *node = &watch->nodes[at];

	if (number != 0)
		return watch->seen[number];
	return (struct wl_watch_seen){watch->begun, node->answers, node->silent_since_ms};
}

static void look_at(struct wl_watch *watch, uint32_t at, const struct wl_watch_answers *answers,
		    int64_t now_ms, int64_t wall_ns)
{
	struct wl_watch_node *node = &watch->nodes[at];
	int number = answers->node, id = number != 0 ? number : node->id;
	struct wl_watch_seen seen = seen_of(watch, at, number);

	*node = (struct wl_watch_node){.run_directory = answers->run_directory,
				       .asked_by = answers->asked_by,
				       .id = id};
	node->answers = answers->answers && (number != 0 ? answers->status : answers->metrics);
	if (node->answers)
		(number != 0 ? wl_watch_read_brief : wl_watch_read)(node, answers);
	else
		node->level = WL_WATCH_SILENT;
	if (!node->answers)
		node->silent_since_ms = !seen.known	? WL_WATCH_UNKNOWN
					: seen.answered ? now_ms
							: seen.silent_since_ms;
	if (seen.known && node->answers != seen.answered)
		add_own(watch, node, wall_ns, node->answers ? 5 : 3,
			node->answers ? "it answers again:" : "it does not answer any more:");
	if (number != 0)
		watch->seen[number] =
			(struct wl_watch_seen){true, node->answers, node->silent_since_ms};
}

/* A follower does not know how far behind it is; who leads does. */
static void read_peers(struct wl_watch *watch, const json_t *peers, uint32_t journal)
{
	for (size_t i = 0; i < json_array_size(peers); i++) {
		const json_t *peer = json_array_get(peers, i);
		const json_t *entries = json_object_get(peer, "behind_entries");
		const json_t *ns = json_object_get(peer, "behind_ns");

		if (json_integer_value(json_object_get(peer, "journal")) != journal)
			continue;
		for (uint32_t at = 0; at < watch->node_count; at++) {
			struct wl_watch_journal *one = &watch->nodes[at].journals[journal];

			if (watch->nodes[at].id == 0 ||
			    watch->nodes[at].id !=
				    json_integer_value(json_object_get(peer, "node")))
				continue;
			if (json_is_integer(entries))
				one->behind_entries = json_integer_value(entries);
			if (json_is_integer(ns))
				one->behind_ns = json_integer_value(ns);
		}
	}
}

/* ---- events ------------------------------------------------------------------------------------- */

static int by_time(const void *one, const void *other)
{
	const struct wl_watch_event *first = one, *second = other;

	return first->time_ns < second->time_ns ? -1 : first->time_ns > second->time_ns;
}

static int64_t time_of(const json_t *events, size_t i)
{
	return json_integer_value(json_object_get(json_array_get(events, i), "time_ns"));
}

/* The newest of each node: as many as all nodes together may fill the list with. */
static void collect(struct wl_watch *watch, const json_t *answer, int node, uint32_t most)
{
	const json_t *events = json_object_get(answer, "events");
	size_t count = json_array_size(events);

	for (size_t i = count > most ? count - most : 0; i < count; i++) {
		const json_t *one = json_array_get(events, i);
		struct wl_watch_event *event;

		if (watch->event_count == WL_WATCH_EVENTS)
			return;
		event = &watch->events[watch->event_count++];
		*event = (struct wl_watch_event){.time_ns = time_of(events, i), .node = node};
		event->level = (int)(json_integer_value(json_object_get(one, "level")) & 7);
		wl_watch_text(event->text, sizeof(event->text), json_object_get(one, "text"));
	}
}

static void collect_all(struct wl_watch *watch, const struct wl_watch_answers *answers)
{
	uint64_t own = watch->own_count < WL_WATCH_OWN_EVENTS ? watch->own_count
							      : WL_WATCH_OWN_EVENTS;
	uint32_t each = watch->node_count > 0
				? (WL_WATCH_EVENTS - WL_WATCH_OWN_EVENTS) / watch->node_count
				: 0;

	watch->event_count = 0;
	for (uint32_t at = 0; at < watch->node_count; at++)
		collect(watch, answers[at].events, watch->nodes[at].id, each);
	for (uint64_t at = 0; at < own; at++)
		watch->events[watch->event_count++] = watch->own[at];
	qsort(watch->events, watch->event_count, sizeof(watch->events[0]), by_time);
}

void wl_watch_look(struct wl_watch *watch, const struct wl_watch_answers *answers, uint32_t count,
		   int64_t now_ms, int64_t wall_ns)
{
	watch->node_count = count < WIRELOG_NODES_MAX ? count : WIRELOG_NODES_MAX;
	watch->answered = watch->journal_count = 0;
	watch->level = WL_WATCH_HEALTHY;
	for (uint32_t at = 0; at < watch->node_count; at++) {
		const struct wl_watch_node *node = &watch->nodes[at];

		look_at(watch, at, &answers[at], now_ms, wall_ns);
		watch->answered += node->answers;
		if (node->level > watch->level)
			watch->level = node->level;
		if (node->journal_count > watch->journal_count)
			watch->journal_count = node->journal_count;
	}
	for (uint32_t journal = 0; journal < watch->journal_count; journal++) {
		int leader = wl_watch_leader(watch, journal);

		if (leader >= 0)
			read_peers(
				watch,
				json_object_get(json_object_get(answers[leader].status, "health"),
						"peers"),
				journal);
	}
	collect_all(watch, answers);
	watch->begun = true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "web/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put(json_t *object, const char *name, int64_t value)
{
	json_object_set_new(object, name,
			    value == WL_WATCH_UNKNOWN ? json_null() : json_integer(value));
}

/* Three figures are all that anybody reads of a rate. */
static json_t *real(double value)
{
	double unit;

	if (!isfinite(value))
		return json_null();
	if (value == 0)
		return json_integer(0);
	unit = pow(10, floor(log10(fabs(value))) - 3);
	return value >= 1000 ? json_integer((json_int_t)llround(value))
			     : json_real(round(value / unit) * unit);
}

static json_t *spread_json(const struct wl_watch_spread *spread)
{
	if (spread->count <= 0)
		return json_null();
	return json_pack("[I,I,I,I,I,I]", (json_int_t)spread->count, (json_int_t)spread->p50_ns,
			 (json_int_t)spread->p90_ns, (json_int_t)spread->p99_ns,
			 (json_int_t)spread->p999_ns, (json_int_t)spread->max_ns);
}

/* ---- now ---------------------------------------------------------------------------------------- */

static json_t *reasons_json(const struct wl_watch_node *node)
{
	json_t *list = json_array();

	for (uint32_t at = 0; at < node->reason_count; at++) {
		const struct wl_watch_reason *reason = &node->reasons[at];
		json_t *one = json_pack("{s:s, s:s, s:s, s:i, s:i}", "reason", reason->reason,
					"level", wl_watch_level_name(reason->level), "text",
					reason->text, "journal", reason->journal, "node",
					reason->node);

		put(one, "for_ns", reason->for_ns);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *journal_json(const struct wl_watch_journal *journal)
{
	json_t *object = json_object(), *recent = json_object();

	json_object_set_new(object, "role", json_string(journal->role));
#define X(name) put(object, #name, journal->name);
	WL_WATCH_JOURNAL_LIST(X)
#undef X
	put(object, "behind_entries", journal->behind_entries);
	put(object, "behind_ns", journal->behind_ns);
	json_object_set_new(object, "records_per_s", real(journal->records_per_s));
	for (int stage = 0; stage < WL_WATCH_STAGES; stage++)
		json_object_set_new(recent, wl_watch_stage_name((enum wl_watch_stage)stage),
				    spread_json(&journal->recent[stage]));
	json_object_set_new(object, "recent", recent);
	return object;
}

static void put_figures(json_t *object, const struct wl_watch_node *node)
{
	json_t *busy = json_array();

	for (uint32_t worker = 0; worker < node->worker_count; worker++)
		json_array_append_new(busy, real(node->busy[worker]));
	json_object_set_new(object, "busy", busy);
	json_object_set_new(object, "cpu", real(node->cpu));
#define X(name) json_object_set_new(object, #name "_per_s", real(node->name##_per_s));
	WL_WATCH_RATE_LIST(X)
#undef X
#define X(name) put(object, #name, node->name);
	WL_WATCH_COUNT_LIST(X)
	/* clang-format off */
	X(uptime_ns) X(resident_bytes) X(free_bytes) X(longest_turn_ns) X(not_believed)
	X(nic_missed) X(nic_no_buffer) X(nic_errors) X(links) X(links_down)
	/* clang-format on */
#undef X
}

static json_t *node_json(const struct wl_watch_node *node, int64_t now_ms)
{
	json_t *journals = json_array();
	json_t *object = json_pack("{s:s?, s:i, s:i, s:b, s:s, s:s, s:o}", "run_directory",
				   node->run_directory, "asked_by", node->asked_by, "node",
				   node->id, "answers", node->answers, "level",
				   wl_watch_level_name(node->level), "version", node->version,
				   "reasons", reasons_json(node));

	if (object == NULL) { /* a run directory whose name is no UTF-8 */
		json_decref(journals);
		return json_pack("{s:i, s:b, s:s}", "node", node->id, "answers", 0, "level",
				 wl_watch_level_name(WL_WATCH_SILENT));
	}
	if (!node->answers)
		put(object, "silent_ms",
		    node->silent_since_ms == WL_WATCH_UNKNOWN ? WL_WATCH_UNKNOWN
							      : now_ms - node->silent_since_ms);
	else
		put_figures(object, node);
	for (uint32_t journal = 0; journal < node->journal_count; journal++)
		json_array_append_new(journals, journal_json(&node->journals[journal]));
	json_object_set_new(object, "journals", journals);
	return object;
}

json_t *wl_picture_now(const struct wl_watch *watch, int64_t wall_ms, int64_t now_ms)
{
	json_t *nodes = json_array(), *leaders = json_array();
	const char *cluster = "";

	for (uint32_t at = 0; at < watch->node_count; at++) {
		json_array_append_new(nodes, node_json(&watch->nodes[at], now_ms));
		if (cluster[0] == '\0')
			cluster = watch->nodes[at].cluster;
	}
	for (uint32_t journal = 0; journal < watch->journal_count; journal++)
		json_array_append_new(leaders, json_integer(wl_watch_leader(watch, journal)));
	return json_pack("{s:I, s:s, s:s, s:i, s:o, s:o}", "t", (json_int_t)wall_ms, "cluster",
			 cluster, "level", wl_watch_level_name(watch->level), "answered",
			 (int)watch->answered, "leaders", leaders, "nodes", nodes);
}

/* ---- a point of the curves ---------------------------------------------------------------------- */

/* Zeros at both ends are left out: [first bucket, counts...]. */
static json_t *heat_json(const int64_t heat[WL_WATCH_BUCKETS])
{
	unsigned first = 0, last = WL_WATCH_BUCKETS;
	json_t *list;

	while (first < WL_WATCH_BUCKETS && heat[first] == 0)
		first++;
	while (last > first && heat[last - 1] == 0)
		last--;
	if (first == last)
		return json_null();
	list = json_pack("[i]", (int)first);
	for (unsigned at = first; at < last; at++)
		json_array_append_new(list, json_integer(heat[at]));
	return list;
}

/* Of a journal by its leader: null where there is none. */
static json_t *journal_point(const struct wl_watch *watch, uint32_t id)
{
	int leader = wl_watch_leader(watch, id);
	const struct wl_watch_node *node;
	const struct wl_watch_journal *journal;

	if (leader < 0)
		return json_null();
	node = &watch->nodes[leader];
	journal = &node->journals[id];
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "leader", node->id, "records",
			 real(journal->records_per_s), "bytes",
			 real(node->record_bytes_appended_per_s), "entries",
			 real(node->entries_appended_per_s), "writes",
			 real(node->disk_writes_done_per_s), "written",
			 real(node->disk_write_bytes_per_s), "commit",
			 spread_json(&journal->second[WL_WATCH_COMMIT]), "heat",
			 heat_json(journal->heat));
}

json_t *wl_picture_point(const struct wl_watch *watch, int64_t wall_ms)
{
	json_t *journals = json_array(), *busy = json_array();

	for (uint32_t journal = 0; journal < watch->journal_count; journal++)
		json_array_append_new(journals, journal_point(watch, journal));
	for (uint32_t at = 0; at < watch->node_count; at++)
		json_array_append_new(busy, watch->nodes[at].answers
						    ? real(wl_watch_busy(&watch->nodes[at]))
						    : json_null());
	return json_pack("{s:I, s:o, s:o}", "t", (json_int_t)wall_ms, "journals", journals, "busy",
			 busy);
}

json_t *wl_picture_events(const struct wl_watch *watch)
{
	json_t *list = json_array();
	uint32_t begin =
		watch->event_count > WL_PICTURE_EVENTS ? watch->event_count - WL_PICTURE_EVENTS : 0;

	for (uint32_t at = begin; at < watch->event_count; at++) {
		const struct wl_watch_event *event = &watch->events[at];

		json_array_append_new(list, json_pack("{s:I, s:i, s:i, s:b, s:s}", "t",
						      (json_int_t)(event->time_ns / 1000000),
						      "node", event->node, "level", event->level,
						      "own", event->own, "text", event->text));
	}
	return list;
}

/* ---- frames ------------------------------------------------------------------------------------- */

/* JSON without line breaks: those in strings are escaped. */
char *wl_picture_frame(const char *name, json_t *data, size_t *bytes)
{
	char *json = json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(6));
	char *frame = NULL;
	size_t length;

	json_decref(data);
	if (json == NULL)
		return NULL;
	length = strlen("event: \ndata: \n\n") + strlen(name) + strlen(json);
	frame = malloc(length + 1);
	if (frame != NULL) {
		char *end = stpcpy(frame, "event: ");

		end = stpcpy(end, name);
		end = stpcpy(end, "\ndata: ");
		end = stpcpy(end, json);
		strcpy(end, "\n\n");
		*bytes = length;
	}
	free(json);
	return frame;
}

bool wl_picture_past_init(struct wl_past *past)
{
	past->points = json_array();
	return past->points != NULL;
}

void wl_picture_past_fini(struct wl_past *past)
{
	json_decref(past->points);
}

void wl_picture_past_add(struct wl_past *past, json_t *point)
{
	if (json_array_size(past->points) == WL_PICTURE_POINTS)
		json_array_remove(past->points, 0);
	json_array_append(past->points, point);
}

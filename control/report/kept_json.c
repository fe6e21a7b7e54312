/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is a member of a journal, what of it is kept, and which bases there are, as JSON. */
#include "control/report/features_json.h"
#include "control/report/limits_told.h"
#include "control/report/status_json.h"

static json_t *base_of(uint64_t index, uint64_t digest)
{
	char text[17];

	if (index == 0)
		return json_null();
	wl_status_json_hex(digest, text);
	return json_pack("{s:I, s:s}", "index", (json_int_t)index, "digest", text);
}

/* Bytes of the stream that are durable here and that the base maker has yet to read. */
static uint64_t behind(const struct wl_journal_status *status)
{
	uint64_t walked = status->bases.walked_offset;

	return walked < status->durable_offset ? status->durable_offset - walked : 0;
}

static void set_maker(json_t *bases, const struct wl_journal_status *status)
{
	const struct wl_base_report *report = &status->bases;

	json_object_set_new(bases, "own_proven", json_boolean(report->newest.proven));
	json_object_set_new(bases, "before", base_of(report->before.index, report->before.digest));
	json_object_set_new(bases, "before_proven", json_boolean(report->before.proven));
	json_object_set_new(bases, "opened_from", json_integer((json_int_t)status->opened_from));
	json_object_set_new(bases, "behind_bytes", json_integer((json_int_t)behind(status)));
	json_object_set_new(bases, "made", json_integer((json_int_t)report->made));
	json_object_set_new(bases, "failed", json_integer((json_int_t)report->failures));
	json_object_set_new(bases, "skipped", json_integer((json_int_t)report->skipped));
	json_object_set_new(bases, "discarded", json_integer((json_int_t)report->discarded));
	json_object_set_new(bases, "stopped",
			    report->stop != WL_BASE_STOP_NONE
				    ? json_string(wl_base_stop_name(report->stop))
				    : json_null());
}

/* Where each is, how many committed records it has not consumed, and how many bytes go when the lowest goes. */
static json_t *consumers_of(const struct wl_journal_status *status)
{
	const struct wl_consumer_table *table = &status->consumers;
	json_t *consumers = json_array();

	for (uint32_t at = 0; at < table->count; at++) {
		const struct wl_consumer *consumer = &table->consumers[at];
		uint64_t end = status->commit_number + 1;

		json_array_append_new(
			consumers,
			json_pack("{s:s, s:I, s:I, s:I, s:b}", "name", consumer->name, "number",
				  (json_int_t)consumer->number, "made",
				  (json_int_t)consumer->made_index, "behind_records",
				  (json_int_t)(end > consumer->number ? end - consumer->number : 0),
				  "lowest", consumer->number == table->lowest));
	}
	return consumers;
}

static json_t *nodes_of(wl_members members)
{
	json_t *nodes = json_array();

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(members, node))
			json_array_append_new(nodes, json_integer(node));
	return nodes;
}

static json_t *incarnation_of(uint64_t incarnation)
{
	char text[17];

	snprintf(text, sizeof(text), "%016lx", (unsigned long)incarnation);
	return incarnation != 0 ? json_string(text) : json_null();
}

/* Which data the list means, and which ones each member has, as far as this node has met it. */
static json_t *data_of(const struct wl_journal_status *status)
{
	json_t *data = json_array();

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(wl_list_everybody(&status->list), node))
			json_array_append_new(
				data,
				json_pack("{s:i, s:o, s:o}", "node", (int)node, "named",
					  incarnation_of(status->list.incarnation[node]), "present",
					  incarnation_of(status->peers[node].incarnation)));
	return data;
}

/* "entry" is null while the file's list is what counts. */
static json_t *members_of(const struct wl_journal_status *status)
{
	const struct wl_list *list = &status->list;

	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o}", "entry",
			 list->index != 0 ? json_integer((json_int_t)list->index) : json_null(),
			 "committed", list->index <= status->commit, "voters",
			 nodes_of(list->voters), "old_voters", nodes_of(list->old), "learners",
			 nodes_of(list->learners), "data", data_of(status));
}

void wl_status_json_set_kept(json_t *object, const struct wl_config *config,
			     const struct wl_journal_status *status)
{
	json_object_set_new(object, "members", members_of(status));
	json_object_set_new(object, "trim_number", json_integer((json_int_t)status->trim_number));
	json_object_set_new(object, "consumers", consumers_of(status));
	json_object_set_new(object, "limits", wl_limits_told_json(config, status));
	wl_features_json_set_build(object, status);
	wl_features_json_set_journal(object, status);
	json_object_set_new(object, "held_bytes", json_integer((json_int_t)status->held_bytes));
	json_object_set_new(object, "bases",
			    json_pack("{s:I, s:o, s:o, s:o}", "mark", (json_int_t)status->base_mark,
				      "proven",
				      base_of(status->proven_index, status->proven_digest), "own",
				      base_of(status->base_index, status->base_digest), "differs",
				      nodes_of(status->base_differs)));
	set_maker(json_object_get(object, "bases"), status);
}

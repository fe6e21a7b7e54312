/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a journal is damaged, and how far it is mended, as JSON. */
#include "control/report/status_json.h"

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *ids_of(wl_members nodes)
{
	json_t *list = json_array();

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		if (wl_members_has(nodes, node))
			json_array_append_new(list, json_integer(node));
	return list;
}

void wl_status_json_set_mending(json_t *object, const struct wl_mend_report *report,
				uint64_t now_ns)
{
	uint64_t ran_ns = now_ns > report->began_ns ? now_ns - report->began_ns : 0;
	json_t *mending = json_object();

	json_object_set_new(
		mending, "phase",
		json_string(wl_mending_phase_name((enum wl_mending_phase)report->phase)));
	json_object_set_new(mending, "dormant", json_boolean(report->dormant));
	json_object_set_new(
		mending, "damage",
		json_string(wl_recovery_damage_name((enum wl_recovery_damage_kind)report->kind)));
	json_object_set_new(mending, "begin", number(report->begin));
	json_object_set_new(mending, "end", number(report->end));
	json_object_set_new(mending, "looked_at", number(report->looked_at));
	json_object_set_new(mending, "look_end", number(report->look_end));
	json_object_set_new(mending, "holes", number(report->holes));
	json_object_set_new(mending, "holes_left", number(report->holes_left));
	json_object_set_new(mending, "missing", number(report->missing));
	json_object_set_new(mending, "bytes_left", number(report->bytes_left));
	json_object_set_new(mending, "entry", report->index ? number(report->index) : json_null());
	json_object_set_new(mending, "fetched", number(report->fetched));
	json_object_set_new(mending, "salvaged", number(report->salvaged));
	json_object_set_new(mending, "written_bytes", number(report->written));
	json_object_set_new(mending, "refused", number(report->refused));
	json_object_set_new(mending, "has_not", ids_of(report->has_not));
	json_object_set_new(mending, "given_up", ids_of(report->given_up));
	json_object_set_new(mending, "gave_up_end", json_boolean(report->gave_up));
	json_object_set_new(mending, "rounds", number(report->rounds));
	json_object_set_new(mending, "ran_ns", number(ran_ns));
	json_object_set_new(object, "mending", mending);
}

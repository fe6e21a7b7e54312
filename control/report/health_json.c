/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/health.h"

static json_t *item_json(const struct wl_health_item *item, uint64_t now_ns)
{
	bool known = item->since_ns != 0 && now_ns >= item->since_ns;

	return json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:s}", "reason", wl_health_reason_name(item->reason),
		"level", wl_health_level_name(wl_health_reason_level(item->reason)), "journal",
		item->journal == WL_HEALTH_NO_JOURNAL ? json_null() : json_integer(item->journal),
		"node", item->node == 0 ? json_null() : json_integer(item->node), "for_ns",
		known ? json_integer((json_int_t)(now_ns - item->since_ns)) : json_null(), "text",
		wl_health_reason_sentence(item->reason));
}

json_t *wl_health_json(const struct wl_health_report *report, uint64_t now_ns)
{
	json_t *reasons = json_array();

	for (uint32_t at = 0; at < report->count; at++)
		json_array_append_new(reasons, item_json(&report->items[at], now_ns));
	return json_pack("{s:s, s:o}", "level", wl_health_level_name(report->level), "reasons",
			 reasons);
}

/* Each word once, however many journals and peers it is about. */
json_t *wl_health_json_mode(const struct wl_health_report *report)
{
	bool told[WL_HEALTH_REASONS] = {false};
	json_t *list = json_array();

	for (uint32_t at = 0; at < report->count; at++) {
		enum wl_health_reason reason = report->items[at].reason;

		if (told[reason] || !wl_health_reason_is_of_node(reason))
			continue;
		told[reason] = true;
		json_array_append_new(list, json_string(wl_health_reason_name(reason)));
	}
	return list;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/limits_told.h"

#include "control/config/config_table.h"
#include "control/report/report_file.h"

static json_t *as_told(enum wl_journal_limit limit, uint64_t value)
{
	return json_integer((json_int_t)wl_journal_limit_told(limit, value));
}

json_t *wl_limits_told_json(const struct wl_config *config, const struct wl_journal_status *status)
{
	const struct wl_journal_limits *limits = &status->limits;
	struct wl_journal_limits file;
	json_t *list = json_array();

	wl_config_limits(config, &file);
	for (unsigned at = 0; at < WL_LIMITS; at++) {
		enum wl_journal_limit limit = (enum wl_journal_limit)at;

		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}", "name",
						      wl_journal_limit_name(limit), "unit",
						      wl_journal_limit_unit(limit), "value",
						      limits->index != 0
							      ? as_told(limit, limits->value[at])
							      : json_null(),
						      "file", as_told(limit, file.value[at])));
	}
	return json_pack("{s:o, s:b, s:o}", "entry",
			 limits->index != 0 ? json_integer((json_int_t)limits->index) : json_null(),
			 "lacks_room", status->lacks_room, "list", list);
}

static void tell_difference(const struct wl_journal_status *status, enum wl_journal_limit limit,
			    uint64_t of_file)
{
	const char *name = wl_journal_limit_name(limit);
	uint64_t value = wl_journal_limit_told(limit, status->limits.value[limit]);

	wl_report(
		WL_REPORT_NOTICE, "limit_differs",
		"journal=%u limit=%s value=%lu file=%lu text=\"the journal's limit counts, not the "
		"file's\" fix=\"wirelog limit set %s\"",
		status->journal, name, (unsigned long)value,
		(unsigned long)wl_journal_limit_told(limit, of_file), name);
}

void wl_limits_told_lines(const struct wl_config *config, const struct wl_journal_status *status,
			  struct wl_journal_limits *told)
{
	const struct wl_journal_limits *limits = &status->limits;
	struct wl_journal_limits file;

	if (limits->index == 0 || limits->index == told->index ||
	    (status->rebuilding && !status->lacks_room))
		return;
	wl_config_limits(config, &file);
	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		if (limits->value[limit] != file.value[limit] &&
		    (told->index == 0 || limits->value[limit] != told->value[limit]))
			tell_difference(status, (enum wl_journal_limit)limit, file.value[limit]);
	*told = *limits;
	if (status->lacks_room)
		wl_report(WL_REPORT_ERROR, "limits_lack_room",
			  "journal=%u limit=limits.sessions value=%lu file=%lu text=\"the journal "
			  "allows more sessions than this node has memory for: it applies nothing "
			  "more\" fix=\"raise limits.sessions in the file and restart the node\"",
			  status->journal, (unsigned long)limits->value[WL_LIMIT_SESSIONS],
			  (unsigned long)file.value[WL_LIMIT_SESSIONS]);
}

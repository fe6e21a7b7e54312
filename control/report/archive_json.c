/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the archive of a journal is, as JSON. */
#include <string.h>

#include "control/report/status_json.h"

static void set(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

void wl_status_json_set_archive(json_t *object, const struct wl_archive_report *report)
{
	json_t *archive = report->configured ? json_object() : json_null();
	bool stands = report->verdict != WL_ARCHIVE_OK;

	if (report->configured) {
		const char *verdict =
			wl_archive_verdict_name((enum wl_archive_verdict)report->verdict);

		set(archive, "index", report->index);
		set(archive, "next_number", report->next_number);
		set(archive, "keep_offset", report->keep_offset);
		set(archive, "ranges", report->ranges);
		set(archive, "bytes", report->bytes);
		set(archive, "failures", report->failures);
		json_object_set_new(archive, "error",
				    report->error != 0 ? json_string(strerror((int)report->error))
						       : json_null());
		json_object_set_new(archive, "stopped",
				    stands ? json_string(verdict) : json_null());
		set(archive, "gaps", report->gaps);
		set(archive, "gap_first", report->gap_first);
		set(archive, "gap_last", report->gap_last);
	}
	json_object_set_new(object, "archive", archive);
}

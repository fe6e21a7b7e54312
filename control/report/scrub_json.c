/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the scrub of a journal is, as JSON: of the pass that is under way, and of all. */
#include "control/report/status_json.h"

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *ago(uint64_t then_ns, uint64_t now_ns)
{
	return then_ns != 0 ? number((now_ns - then_ns) / 1000000000u) : json_null();
}

void wl_status_json_set_scrub(json_t *object, const struct wl_scrub_report *report,
			      uint64_t period_ns, uint64_t now_ns)
{
	uint64_t all = report->end - report->begin, done = report->position - report->begin;
	uint64_t ran_ns = now_ns > report->began_ns ? now_ns - report->began_ns : 0;
	bool runs = report->began_ns != 0 && report->position < report->end;
	json_t *scrub = json_object();

	json_object_set_new(scrub, "every_s", number(period_ns / 1000000000u));
	json_object_set_new(scrub, "position", number(report->position));
	json_object_set_new(scrub, "percent",
			    runs ? json_real((double)done * 100 / (double)all) : json_null());
	json_object_set_new(scrub, "bytes_left", runs ? number(all - done) : number(0));
	json_object_set_new(scrub, "bytes_per_second",
			    runs && ran_ns != 0
				    ? number((uint64_t)((double)done * 1e9 / (double)ran_ns))
				    : json_null());
	/* The pass keeps to its time: what is left of that is what is left of it. */
	json_object_set_new(scrub, "remaining_s",
			    runs && period_ns > ran_ns ? number((period_ns - ran_ns) / 1000000000u)
						       : json_null());
	json_object_set_new(scrub, "began_s_ago", ago(report->began_ns, now_ns));
	json_object_set_new(scrub, "finished_s_ago", ago(report->finished_ns, now_ns));
	json_object_set_new(scrub, "passes", number(report->passes));
	json_object_set_new(scrub, "found", number(report->found));
	json_object_set_new(scrub, "mended", number(report->mended));
	json_object_set_new(scrub, "open", number(report->open));
	json_object_set_new(object, "scrub", scrub);
}

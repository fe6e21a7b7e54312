/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/mend_lane.h"

#include "dataplane/base/check.h"
#include "dataplane/worker/picture.h"

_Static_assert(sizeof(struct wl_mend_report) % sizeof(uint64_t) == 0, "copied by words");

void wl_mend_lanes_report(struct wl_mend_lanes *lanes, const struct wl_mend_report *report)
{
	WL_CHECK(report->phase < WL_MENDING_PHASES);
	wl_picture_write(&lanes->report_version, &lanes->report, report, sizeof(*report));
}

bool wl_mend_lanes_reported(const struct wl_mend_lanes *lanes, struct wl_mend_report *report)
{
	return wl_picture_read(&lanes->report_version, report, &lanes->report, sizeof(*report));
}

void wl_mend_lanes_note_damaged(struct wl_mend_lanes *lanes, uint64_t offset)
{
	uint64_t known = atomic_load_explicit(&lanes->damaged, memory_order_relaxed);

	WL_CHECK(offset != UINT64_MAX);
	while ((known == 0 || offset + 1 < known) &&
	       !atomic_compare_exchange_weak_explicit(&lanes->damaged, &known, offset + 1,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

bool wl_mend_lanes_take_damaged(struct wl_mend_lanes *lanes, uint64_t *offset)
{
	uint64_t found = atomic_exchange_explicit(&lanes->damaged, 0, memory_order_relaxed);

	*offset = found - 1;
	return found != 0;
}

const char *wl_mending_phase_name(enum wl_mending_phase phase)
{
	static const char *const names[WL_MENDING_PHASES] = {
		[WL_MENDING_NONE] = "none",	  [WL_MENDING_SURVEYS] = "surveys",
		[WL_MENDING_ASKS] = "asks",	  [WL_MENDING_LOST] = "lost",
		[WL_MENDING_FAILED] = "failed",	  [WL_MENDING_UNCOUNTS] = "uncounts",
		[WL_MENDING_PROVES] = "proves",	  [WL_MENDING_MENDED] = "mended",
		[WL_MENDING_REFUSED] = "refused", [WL_MENDING_TOO_OFTEN] = "too_often",
	};

	return (unsigned)phase < WL_MENDING_PHASES ? names[phase] : "unknown";
}

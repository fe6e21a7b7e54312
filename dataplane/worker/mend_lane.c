/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/mend_lane.h"

#include "dataplane/worker/picture.h"

_Static_assert(sizeof(struct wl_mend_report) % sizeof(uint64_t) == 0, "copied by words");

void wl_mend_lanes_report(struct wl_mend_lanes *lanes, const struct wl_mend_report *report)
{
	wl_picture_write(&lanes->report_version, &lanes->report, report, sizeof(*report));
}

bool wl_mend_lanes_reported(const struct wl_mend_lanes *lanes, struct wl_mend_report *report)
{
	return wl_picture_read(&lanes->report_version, report, &lanes->report, sizeof(*report));
}

void wl_mend_lanes_note_damaged(struct wl_mend_lanes *lanes, uint64_t offset)
{
	uint64_t known = atomic_load_explicit(&lanes->damaged, memory_order_relaxed);

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

const char *wl_mend_phase_name(enum wl_mend_phase phase)
{
	static const char *const names[] = {
		[WL_MEND_NONE] = "none",
		[WL_MEND_SURVEYS] = "surveys",
		[WL_MEND_ASKS] = "asks",
		[WL_MEND_LOST] = "lost",
		[WL_MEND_PROVES] = "proves",
		[WL_MEND_MENDED] = "mended",
		[WL_MEND_TAIL_UNKNOWN] = "tail_unknown",
		[WL_MEND_REFUSED] = "refused",
		[WL_MEND_WRITE_FAILED] = "write_failed",
		[WL_MEND_TOO_OFTEN] = "too_often",
	};

	return (unsigned)phase < sizeof(names) / sizeof(names[0]) ? names[phase] : "unknown";
}

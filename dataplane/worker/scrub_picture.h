/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far the scrub of a journal is (dataplane/mend/scrub.h), from who drives it to who tells of it. Pure. Writing: the driver; reading [any].
 */
#ifndef WL_DATAPLANE_WORKER_SCRUB_PICTURE_H
#define WL_DATAPLANE_WORKER_SCRUB_PICTURE_H

#include <stdalign.h>

#include "dataplane/mend/scrub.h"
#include "dataplane/worker/picture.h"

struct wl_scrub_picture {
	alignas(64) _Atomic uint64_t version;
	struct wl_scrub_report report;
};

_Static_assert(sizeof(struct wl_scrub_report) % sizeof(uint64_t) == 0, "copied by words");

static inline void wl_scrub_picture_write(struct wl_scrub_picture *picture,
					  const struct wl_scrub_report *report)
{
	wl_picture_write(&picture->version, &picture->report, report, sizeof(*report));
}

/* False: nothing was told yet. */
static inline bool wl_scrub_picture_read(const struct wl_scrub_picture *picture,
					 struct wl_scrub_report *report)
{
	return wl_picture_read(&picture->version, report, &picture->report, sizeof(*report));
}

#endif

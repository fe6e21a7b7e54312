/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How far the archive of a journal is (dataplane/log/archiver.h), from who drives it to who tells of it. Pure. Writing: the driver; reading [any].
 */
#ifndef WL_DATAPLANE_WORKER_ARCHIVE_PICTURE_H
#define WL_DATAPLANE_WORKER_ARCHIVE_PICTURE_H

#include <stdalign.h>

#include "dataplane/log/archiver.h"
#include "dataplane/worker/picture.h"

struct wl_archive_report {
	uint64_t configured; /* 0: there is no archive, and nothing else counts */
	uint64_t index, next_number; /* all before is durable there, but for gaps */
	uint64_t keep_offset; /* of the stream: kept for it from here on */
	uint64_t ranges, bytes; /* since the start of the process */
	uint64_t gaps, gap_first, gap_last; /* indexes of the newest gap */
	uint64_t failures;
	uint64_t error; /* errno of the last one that nothing has succeeded after; 0: it succeeds */
	uint64_t verdict; /* enum wl_archive_verdict: why it stands still; 0: it does not */
};

struct wl_archive_picture {
	alignas(64) _Atomic uint64_t version;
	struct wl_archive_report report;
};

_Static_assert(sizeof(struct wl_archive_report) % sizeof(uint64_t) == 0, "copied by words");

static inline void wl_archive_picture_write(struct wl_archive_picture *picture,
					    const struct wl_archive_report *report)
{
	wl_picture_write(&picture->version, &picture->report, report, sizeof(*report));
}

/* False: nothing was told yet. */
static inline bool wl_archive_picture_read(const struct wl_archive_picture *picture,
					   struct wl_archive_report *report)
{
	return wl_picture_read(&picture->version, report, &picture->report, sizeof(*report));
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between a journal's worker and its base maker, who never wait for each other: the worker says how far the maker may read and apply,
 * the maker which bases there are. Each way one writer, one reader, and a picture of one moment, under a sequence lock.
 *
 * Pure. The worker: [worker]. The maker: the thread that drives it, one at a time.
 */
#ifndef WL_DATAPLANE_WORKER_BASE_EXCHANGE_H
#define WL_DATAPLANE_WORKER_BASE_EXCHANGE_H

#include <stdalign.h>
#include <stdatomic.h>

#include "dataplane/state/base_maker.h"

struct wl_base_exchange {
	alignas(64) _Atomic uint64_t limit_version; /* odd: being written */
	struct wl_base_limit limit;
	alignas(64) _Atomic uint64_t report_version;
	struct wl_base_report report;
	alignas(64) _Atomic uint64_t
		archive_keep; /* 0: there is no archive; else 1 and an offset of the stream */
};

/* [worker] What there was before is forgotten. */
void wl_base_exchange_tell(struct wl_base_exchange *exchange, const struct wl_base_limit *limit);
/* The maker. False: nothing was told yet, or the writer was always in the way; ask again. */
bool wl_base_exchange_told(const struct wl_base_exchange *exchange, struct wl_base_limit *limit);
/* The maker. */
void wl_base_exchange_report(struct wl_base_exchange *exchange,
			     const struct wl_base_report *report);
/* [any] False: nothing was reported yet, or the writer was always in the way. */
bool wl_base_exchange_reported(const struct wl_base_exchange *exchange,
			       struct wl_base_report *report);
/* Who archives (archiver.h): the stream from `offset` on is kept. Before the first telling nothing need be kept. */
void wl_base_exchange_keep(struct wl_base_exchange *exchange, uint64_t offset);
/* [worker] What is kept for this node's own starts, and for the archive: from the lower one of both on. */
uint64_t wl_base_exchange_kept(const struct wl_base_exchange *exchange,
			       const struct wl_base_report *report);

#endif

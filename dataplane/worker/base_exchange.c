/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/base_exchange.h"

#include "dataplane/worker/picture.h"

_Static_assert(sizeof(struct wl_base_limit) % sizeof(uint64_t) == 0, "copied by words");
_Static_assert(sizeof(struct wl_base_report) % sizeof(uint64_t) == 0, "copied by words");

void wl_base_exchange_tell(struct wl_base_exchange *exchange, const struct wl_base_limit *limit)
{
	wl_picture_write(&exchange->limit_version, &exchange->limit, limit, sizeof(*limit));
}

bool wl_base_exchange_told(const struct wl_base_exchange *exchange, struct wl_base_limit *limit)
{
	return wl_picture_read(&exchange->limit_version, limit, &exchange->limit, sizeof(*limit));
}

void wl_base_exchange_report(struct wl_base_exchange *exchange, const struct wl_base_report *report)
{
	wl_picture_write(&exchange->report_version, &exchange->report, report, sizeof(*report));
}

bool wl_base_exchange_reported(const struct wl_base_exchange *exchange,
			       struct wl_base_report *report)
{
	return wl_picture_read(&exchange->report_version, report, &exchange->report,
			       sizeof(*report));
}

void wl_base_exchange_keep(struct wl_base_exchange *exchange, uint64_t offset)
{
	/* What lies below is durable in the archive before the worker may see this. */
	atomic_store_explicit(&exchange->archive_keep, offset + 1, memory_order_release);
}

uint64_t wl_base_exchange_kept(const struct wl_base_exchange *exchange,
			       const struct wl_base_report *report)
{
	uint64_t told = atomic_load_explicit(&exchange->archive_keep, memory_order_acquire);
	uint64_t keep = wl_base_keep_offset(report);

	return told != 0 && told - 1 < keep ? told - 1 : keep;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/retention.h"

#include "dataplane/base/check.h"

/* All before this offset is too much; 0: nothing is. */
static uint64_t end_of_excess(const struct wl_retention *retention, const struct wl_log *log)
{
	return retention->bytes != 0 && log->append_offset > retention->bytes
		       ? log->append_offset - retention->bytes
		       : 0;
}

/* All before this offset is too old: stamps never fall, and that of the entry there is older than the limit. */
static uint64_t end_of_age(const struct wl_retention *retention, const struct wl_log *log)
{
	const struct wl_log_mark *mark;

	if (retention->age_ns == 0 || retention->vouched_ns <= retention->age_ns)
		return 0;
	mark = wl_log_mark_by_time(log, retention->vouched_ns - retention->age_ns - 1);
	return mark ? mark->offset : log->begin.offset;
}

/* The entry stands there, or a little behind. */
static uint64_t offset_of(const struct wl_log *log, uint64_t index)
{
	const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];
	const struct wl_log_mark *mark;

	if (index != 0 && slot->index == index)
		return slot->offset;
	mark = wl_log_mark_by_index(log, index);
	return mark ? mark->offset : log->begin.offset;
}

uint64_t wl_retention_number(const struct wl_retention *retention, const struct wl_log *log,
			     uint64_t commit, uint64_t trim_number)
{
	uint64_t excess = end_of_excess(retention, log), age = end_of_age(retention, log);
	uint64_t keep_from = excess > age ? excess : age, committed = offset_of(log, commit);
	struct wl_log_begin begin;

	WL_CHECK(commit <= log->tail.index);
	if (keep_from > committed)
		keep_from = committed;
	/* A segment's first record that is above the trim point: what lies before it is at least one more segment. */
	if (keep_from == 0 || !wl_log_find_begin(log, UINT64_MAX, keep_from, &begin) ||
	    begin.next_number <= trim_number)
		return 0;
	return begin.next_number;
}

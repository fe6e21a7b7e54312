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

/* The number of the first record that is among the newest ones; 0: there are not more than those. */
static uint64_t first_of_newest(const struct wl_retention *retention, const struct wl_log *log)
{
	return retention->records != 0 && log->next_number > retention->records
		       ? log->next_number - retention->records
		       : 0;
}

/* Where the log is to begin, whoever is still reading; false: where it does. */
static bool find_wished(const struct wl_retention *retention, const struct wl_log *log,
			uint64_t commit, struct wl_log_begin *begin)
{
	uint64_t excess = end_of_excess(retention, log), age = end_of_age(retention, log);
	uint64_t keep_from = excess > age ? excess : age,
		 committed = wl_log_offset_near(log, commit),
		 number = first_of_newest(retention, log);
	struct wl_log_begin by_number;
	bool found, found_by_number;

	WL_CHECK(commit <= log->tail.index);
	if (keep_from > committed)
		keep_from = committed;
	found = keep_from != 0 && wl_log_find_begin(log, UINT64_MAX, keep_from, begin);
	found_by_number = number != 0 && wl_log_find_begin(log, number, committed, &by_number);
	if (found_by_number && (!found || by_number.offset > begin->offset))
		*begin = by_number;
	WL_CHECK(!(found || found_by_number) || begin->offset <= committed);
	return found || found_by_number;
}

static bool is_held(const struct wl_retention *retention, const struct wl_log_begin *begin)
{
	return retention->checkpoint != 0 && retention->checkpoint < begin->next_number;
}

uint64_t wl_retention_number(const struct wl_retention *retention, const struct wl_log *log,
			     uint64_t commit, uint64_t trim_number)
{
	struct wl_log_begin begin;

	if (!find_wished(retention, log, commit, &begin) ||
	    (is_held(retention, &begin) &&
	     !wl_log_find_begin(log, retention->checkpoint, UINT64_MAX, &begin)))
		return 0;
	WL_CHECK(!is_held(retention, &begin));
	/* A segment's first record that is above the trim point: what lies before it is at least one more segment. */
	return begin.next_number > trim_number ? begin.next_number : 0;
}

uint64_t wl_retention_held(const struct wl_retention *retention, const struct wl_log *log,
			   uint64_t commit)
{
	struct wl_log_begin wished, held;

	if (!find_wished(retention, log, commit, &wished) || !is_held(retention, &wished))
		return 0;
	if (!wl_log_find_begin(log, retention->checkpoint, UINT64_MAX, &held))
		held = log->begin;
	WL_CHECK(held.offset <= wished.offset);
	return wished.offset - held.offset;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fences: what was sent and not answered is made to have an outcome. The copy of an append that is still on its way, in a queue, with an
 * older leader, or in a client that was forgotten, may be taken at any later time; so "it is not in the log" means nothing, as long as its
 * sequence can still be used. A fence is an entry that uses it up, and all before it: whatever is appended behind the fence has a higher sequence.
 */
#include "dataplane/base/check.h"
#include "dataplane/state/session_internal.h"

enum wl_session_verdict wl_session_outcome(const struct wl_session_table *table,
					   uint64_t session_id, uint64_t sequence, uint64_t *number)
{
	const struct wl_session *session = wl_session_find(table, session_id);
	struct wl_session_answer answer = {0};
	enum wl_session_verdict verdict;

	*number = 0;
	if (!session)
		return WL_SESSION_UNKNOWN;
	if (sequence > session->applied.last_sequence)
		return WL_SESSION_NEXT;
	verdict = wl_session_recall(table, session, sequence, &answer);
	*number = answer.number;
	return verdict;
}

/* Neither behind where it has come to, nor so far ahead that it could not have been sent. */
static bool is_in_reach(const struct wl_session_progress *progress, uint64_t sequence)
{
	return sequence > progress->last_sequence && sequence != UINT64_MAX &&
	       sequence - progress->last_sequence <= WL_SESSION_FENCE_MAX;
}

void wl_session_fence(struct wl_session_table *table, uint64_t session_id, uint64_t sequence,
		      uint64_t timestamp_ns)
{
	struct wl_session *session = wl_session_find(table, session_id);

	if (!session || !is_in_reach(&session->applied, sequence))
		return;
	wl_session_extend(table, session, sequence, WL_SESSION_FENCED_OFF, timestamp_ns);
	wl_session_touch(table, session);
}

enum wl_session_verdict wl_session_may_fence(struct wl_session_table *table, uint64_t session_id,
					     uint64_t sequence)
{
	struct wl_session *session = wl_session_find(table, session_id);
	const struct wl_session_progress *appended;

	if (!session)
		return WL_SESSION_UNKNOWN;
	appended = wl_session_appended_of(table, session);
	if (sequence <= appended->last_sequence || wl_session_is_ending(table, session))
		return WL_SESSION_IN_FLIGHT;
	return is_in_reach(appended, sequence) ? WL_SESSION_NEXT : WL_SESSION_GAP;
}

void wl_session_fencing(struct wl_session_table *table, uint64_t session_id, uint64_t sequence)
{
	struct wl_session *session = wl_session_find(table, session_id);
	struct wl_session_progress *appended;

	WL_CHECK(session != NULL && table->lead_view != 0);
	WL_CHECK(!wl_session_is_ending(table, session));
	appended = wl_session_appended_of(table, session);
	WL_CHECK(is_in_reach(appended, sequence));
	wl_session_advance(appended, sequence, WL_SESSION_FENCED_OFF);
}

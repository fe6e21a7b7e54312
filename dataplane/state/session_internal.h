/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the table of sessions share: session.c (what records make of it, and what the leader asks it), session_fence.c
 * (fences) and state_coding.c (canonical bytes). [worker, wl-base] */
#ifndef WL_DATAPLANE_STATE_SESSION_INTERNAL_H
#define WL_DATAPLANE_STATE_SESSION_INTERNAL_H

#include "dataplane/state/session.h"

#define WL_SESSION_ORDINAL_BITS 16

/* How far a session got: in the committed log, and on the leader in the log's tail. */
struct wl_session_progress {
	uint64_t last_sequence;
	uint64_t last_number; /* 0: the last one expired; WL_SESSION_FENCED_OFF */
	uint64_t runs_total;
};

struct wl_session {
	uint64_t id;
	uint64_t nonce;
	uint64_t client;
	struct wl_session_progress applied;
	/* means something while appended_view is the table's lead_view */
	struct wl_session_progress appended;
	uint64_t appended_view;
	uint64_t ending_view; /* the table's lead_view: its end is in our tail */
	uint64_t activity;
	uint64_t runs_digest; /* sum over the runs that are remembered, but for the newest: that one grows */
	uint64_t digest; /* what it adds to the table's */
	uint32_t next_by_id, next_by_client; /* slot + 1 */
};

/* Index of the entry that opened it, if an entry of this history did. */
static inline uint64_t wl_session_opened_by(const struct wl_session_table *table, uint64_t id)
{
	return (id ^ table->salt) >> WL_SESSION_ORDINAL_BITS;
}

static inline uint32_t wl_session_slot_of(const struct wl_session_table *table,
					  const struct wl_session *session)
{
	return (uint32_t)(session - table->sessions) + 1;
}

/* Where run `ordinal` stands, as long as it is one of the newest. */
static inline struct wl_session_run *wl_session_run_at(const struct wl_session_table *table,
						       const struct wl_session *session,
						       uint64_t ordinal)
{
	return &table->runs[(size_t)(wl_session_slot_of(table, session) - 1) * WIRELOG_SESSION_RUNS +
			    ordinal % WIRELOG_SESSION_RUNS];
}

/* Ordinal of the oldest run that is remembered. */
static inline uint64_t wl_session_oldest_run(const struct wl_session *session)
{
	return session->applied.runs_total > WIRELOG_SESSION_RUNS
		       ? session->applied.runs_total - WIRELOG_SESSION_RUNS
		       : 0;
}

/* The one with this id; NULL: it is not known (any more). */
struct wl_session *wl_session_find(const struct wl_session_table *table, uint64_t id);
/* Its sequences up to `sequence` have this fate: `number` is that of the last one, 0 or WL_SESSION_FENCED_OFF. */
void wl_session_extend(struct wl_session_table *table, struct wl_session *session,
		       uint64_t sequence, uint64_t number, uint64_t timestamp_ns);
/* How far it got in our own tail. Of a leader. */
struct wl_session_progress *wl_session_appended_of(struct wl_session_table *table,
						   struct wl_session *session);
void wl_session_advance(struct wl_session_progress *progress, uint64_t sequence, uint64_t number);
/* The leader has its end in its tail. */
bool wl_session_is_ending(const struct wl_session_table *table, const struct wl_session *session);
/* The first answer to a sequence that is applied: DONE and *answer, FENCED or FORGOTTEN. */
enum wl_session_verdict wl_session_recall(const struct wl_session_table *table,
					  const struct wl_session *session, uint64_t sequence,
					  struct wl_session_answer *answer);
/* It was active just now, in log order. */
void wl_session_touch(struct wl_session_table *table, struct wl_session *session);
/* A fate that is none number after the other: equal ones are one run. */
static inline bool wl_session_is_no_number(uint64_t number)
{
	return number == 0 || number == WL_SESSION_FENCED_OFF;
}

/* Takes a slot for a session that nobody has, with nothing applied yet; it counts in the table's digest from wl_session_make_digest on. NULL:
 * there is no room. */
struct wl_session *wl_session_place(struct wl_session_table *table, uint64_t id, uint64_t nonce,
				    uint64_t client);
/* The session's digest, and the table's with it, anew from what stands in memory. O(WIRELOG_SESSION_RUNS). */
void wl_session_make_digest(struct wl_session_table *table, struct wl_session *session);

#endif

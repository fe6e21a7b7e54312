/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of sessions: what makes an append happen once. It is a function of the committed log
 * alone (every node has the same one), plus, on the leader, how far each session got in the log's
 * uncommitted tail. A new leader takes appends only after its first entry committed; by then
 * the table holds everything before, so the second part starts empty (see docs/ARCHITECTURE.md).
 *
 * A session is opened by a record; its id is {entry index, ordinal in the entry}, never used again,
 * so that a late duplicate can never revive a forgotten session. Behind a rescue entries stand where lost ones stood (docs/SAFETY.md,
 * rule 32), and so they do where a cluster begins anew on empty disks: bits of the history are xored into each id, so that none
 * of another history is met under it. Sequences begin at 1 and each is
 * used once, by a DATA or by an EXPIRED record, or spent by a fence: an entry that uses up all sequences of a session up to
 * one (rule 31 of docs/SAFETY.md), so that who asks what became of an append can be told "never". Per session the newest WIRELOG_SESSION_RUNS runs
 * are remembered: consecutive sequences with consecutive numbers (or that all expired, or were fenced off) are one run.
 * The leader refuses (WINDOW) what would push out a run that the client has not yet seen
 * acknowledged; it knows exactly which, because the runs that its uncommitted tail will make follow
 * from {sequence, number} alone. A fence makes at most one run more, and pushes out the oldest one whether or not its answers
 * were seen: what is asked about those then is not known any more, and who appended them and sends them again is told so (UNKNOWN_OUTCOME).
 *
 * A session ends by a record, too: the leader, who knows which clients live, names the one that gives way to a new one
 * (opening.c). Where there is no room an opening has no effect. So the table never decides whom to forget, and is the
 * same on every node whatever each knows of clients. Until that record is committed the session takes no appends.
 *
 *  What must hold; wl_session_table_check is this text as code, S2 for the session that is reviewed next.
 *  S1  sessions that live are at most the slots that were ever taken, those at most the capacity
 *  S2  a session was opened by an entry that is applied, and has no more runs than sequences
 *  S3  a table without sessions has a digest of 0
 *
 * Pure. Owner: the journal's worker. Memory from the caller, touched only where sessions live.
 * [worker]
 */
#ifndef WL_DATAPLANE_STATE_SESSION_H
#define WL_DATAPLANE_STATE_SESSION_H

#include "dataplane/base/limits.h"
#include "dataplane/log/entry.h"

/* It ends where the next run, or behind the last one the session, begins: no count is stored. */
struct wl_session_run {
	uint64_t first_number; /* 0: these sequences expired; WL_SESSION_FENCED_OFF */
	uint64_t timestamp_ns; /* of the entry of the run's last record */
	uint64_t first_sequence;
};

/* In a number's place: no record has it, and none ever will. */
#define WL_SESSION_FENCED_OFF UINT64_MAX
/* So many sequences a fence may spend: as many as a client may have on their way (wirelog_options.outstanding_max). */
#define WL_SESSION_FENCE_MAX (1u << 20)

struct wl_session; /* session.c */

struct wl_session_table {
	struct wl_session *sessions;
	struct wl_session_run *runs; /* WIRELOG_SESSION_RUNS for each session */
	uint32_t capacity, count; /* capacity: that there is memory for */
	uint32_t limit; /* that may live at once, by entries (state.h); 0: none said so, as many as there is memory for */
	uint32_t used; /* slots that were ever taken */
	uint32_t free; /* of those: slot + 1 */
	uint32_t *buckets, *client_buckets; /* slot + 1, 0: empty */
	uint32_t bucket_count; /* of each; a power of two */
	uint64_t salt; /* of the history that the entries are of: a part of each id; 0: none began */
	uint64_t activity; /* counts touches of sessions; a function of the log */
	uint64_t digest; /* sum of the sessions' */
	uint32_t review_slot;
	uint64_t applied_index; /* every entry up to here is in the table */
	uint64_t lead_view; /* view number that `appended` values belong to; 0: we do not lead */
	bool contradicted; /* a committed sequence did not follow its session's last one: no leader that
			    * keeps the rules wrote this log, and nothing may be appended to it here */
};

enum wl_session_verdict {
	WL_SESSION_NEXT, /* the next sequence: append it, then wl_session_appended */
	WL_SESSION_DONE, /* committed before: number and timestamp_ns are the first answer */
	WL_SESSION_FENCED, /* a committed fence spent it: it is not in the log, and never will be */
	WL_SESSION_IN_FLIGHT, /* appended, not committed yet: the answer will come */
	WL_SESSION_GAP, /* an earlier sequence is missing: expected is the one that would be next */
	WL_SESSION_FORGOTTEN, /* its run is gone: the client acknowledged it long ago, or a fence pushed it out */
	WL_SESSION_UNKNOWN, /* no such session */
	/* would push out a run that is not acknowledged by the client, or its end is on its way: back-pressure */
	WL_SESSION_WINDOW,
};

/* What comes with a verdict; 0 with the others. */
struct wl_session_answer {
	uint64_t number; /* DONE; 0: it expired */
	uint64_t timestamp_ns; /* DONE; 0: not kept */
	uint64_t expected; /* GAP */
};

size_t wl_session_table_memory_bytes(uint32_t capacity);
/* How many may live at once: with that many an opening has no effect. */
static inline uint32_t wl_session_table_limit(const struct wl_session_table *table)
{
	return table->limit != 0 && table->limit < table->capacity ? table->limit : table->capacity;
}
/* The entries allow more than there is memory for (limits.sessions of this node's file): nothing may be applied any more, it could
 * become another table than everybody else's. */
static inline bool wl_session_table_lacks_room(const struct wl_session_table *table)
{
	return table->limit > table->capacity;
}
void wl_session_table_init(struct wl_session_table *table, void *memory, uint32_t capacity);
/* Applies one committed entry; entries come in index order, each once. Returns sessions that it ended. */
unsigned wl_session_apply(struct wl_session_table *table, const uint8_t *image,
			  const struct wl_entry_header *header);
/* Nobody has a session any more. Returns how many had. O(slots that were ever taken). */
unsigned wl_session_end_all(struct wl_session_table *table);
/* Where it was opened; its id is this, xor the table's salt. */
uint64_t wl_session_id(uint64_t entry_index, uint32_t ordinal);
/* What a history adds to ids: never so much that an id is 0. 0 for 0, no history. */
uint64_t wl_session_salt(uint64_t history);
/* Entries are of this history from now on. Only while the table has no session. */
void wl_session_begin_history(struct wl_session_table *table, uint64_t history);
/* Session opened by (nonce, client identity), or 0: answers a repeated OPEN_SESSION. */
uint64_t wl_session_by_nonce(const struct wl_session_table *table, uint64_t nonce, uint64_t client);

/* True when it is known and this client opened it: nobody else may use up its sequences. */
bool wl_session_is_of(const struct wl_session_table *table, uint64_t session, uint64_t client);

/* What the leader looks at to find one that may give way. False: nothing stands in that slot, below `capacity`. */
struct wl_session_view {
	uint64_t id, client;
	uint64_t activity; /* rises with each touch, in log order */
	bool ending; /* its end is in our tail already */
	bool in_flight; /* so are appends of it */
};
bool wl_session_look(const struct wl_session_table *table, uint32_t slot,
		     struct wl_session_view *view);
/* How many this client has whose end is not on its way; *oldest: of those the one that was active longest ago, 0: none. */
uint32_t wl_session_count_of(const struct wl_session_table *table, uint64_t client,
			     uint64_t *oldest);
/* The leader has put its end into the open entry. */
void wl_session_ending(struct wl_session_table *table, uint64_t session);

/* Leader, after its first entry committed and was applied: forgets what another leadership had in
 * flight. */
void wl_session_lead(struct wl_session_table *table, uint64_t number);
/* What to do with {session, sequence}. `acknowledged_through` is the client's word. */
enum wl_session_verdict wl_session_check(struct wl_session_table *table, uint64_t session,
					 uint64_t sequence, uint64_t acknowledged_through,
					 struct wl_session_answer *answer);
/*
 * Fences (session_fence.c). outcome: what the applied part says of {session, sequence}: DONE, FENCED, FORGOTTEN, UNKNOWN as above, or NEXT:
 * it was not used up yet. fence: applies one; what is behind `sequence` goes on. Without effect where the session is not known, or has come
 * further, or `sequence` is more than WL_SESSION_FENCE_MAX ahead. may_fence, fencing: the leader asks before it appends one, and says that it
 * did: from then on nothing up to `sequence` is appended. may_fence NEXT: append one; IN_FLIGHT: all up to there, or the session's end, is in
 * our tail: look again when that is applied; GAP: too far ahead; UNKNOWN.
 */
enum wl_session_verdict wl_session_outcome(const struct wl_session_table *table, uint64_t session,
					   uint64_t sequence, uint64_t *number);
void wl_session_fence(struct wl_session_table *table, uint64_t session, uint64_t sequence,
		      uint64_t timestamp_ns);
enum wl_session_verdict wl_session_may_fence(struct wl_session_table *table, uint64_t session,
					     uint64_t sequence);
void wl_session_fencing(struct wl_session_table *table, uint64_t session, uint64_t sequence);
/* The leader has put it into the open entry, under this number (0: as expired). Only after
 * WL_SESSION_NEXT. */
void wl_session_appended(struct wl_session_table *table, uint64_t session, uint64_t sequence,
			 uint64_t number);
/*
 * A number that is equal on two nodes whose tables are equal: of all sessions and all their runs, kept up with each change. O(1). It is
 * no secret and withstands no forger: it is there for memory that rots, and for code that is wrong.
 */
uint64_t wl_session_table_digest(const struct wl_session_table *table);
/* The digest of the next `sessions` slots is made anew from what stands in memory: what nobody touches must not rot unseen. O(sessions *
 * WIRELOG_SESSION_RUNS). */
void wl_session_table_review(struct wl_session_table *table, uint32_t sessions);
/* NULL, or which invariant is broken. O(1). */
const char *wl_session_table_check(const struct wl_session_table *table);

#endif

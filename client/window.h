/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The appends of one session that are not done yet: a ring of slots by sequence, and a ring of bytes that
 * holds their payloads, each in one piece.
 *
 *	        settled            first             send             next
 *	  done   |  used up, no slot  |  sent, unanswered | not sent yet  |
 *
 * A sequence is done when the cluster has said what became of it. Until then it is sent again, because a
 * session's sequences enter the log in order or not at all: one that were left out would block all behind it. What the
 * application has got its answer for, but the cluster has not, is WITHDRAWN: it is sent as a record whose time is
 * over (not_after), so the leader uses up its sequence with a tombstone; it enters the log late only if it is in
 * it already. A tombstone needs no slot: at the head of the window such slots are given back at once, so that a window is never full
 * without an answer to wait for, and `settled` stays behind until the cluster has spoken. It goes back where a new leader
 * lacks what a weaker level had acknowledged and wants those sequences used up, too.
 *
 *  What must hold; wl_window_check is this text as code, for the slots at both ends.
 *  W1  settled <= first <= next, settled <= send <= next, first <= expire <= stamp <= next
 *  W2  slots first..next-1 are not FREE, and at most so many wait as there are
 *  W3  payloads of slots first..next-1 lie between tail and head of the bytes, which are no further apart than there is room
 *
 * No function depends on how many are outstanding, but answers are walked once. Pure. Owner: the client.
 */
#ifndef WL_CLIENT_WINDOW_H
#define WL_CLIENT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wl_window_state {
	WL_WINDOW_FREE = 0,
	WL_WINDOW_WAITING, /* the application waits for its answer */
	WL_WINDOW_WITHDRAWN, /* it has one: the cluster has not spoken */
	WL_WINDOW_DONE, /* the cluster has spoken: goes when all before it have gone */
};

struct wl_window_slot {
	uint64_t at; /* place of the payload, counted in bytes since the start */
	uint64_t not_after_ns;
	uint64_t deadline_ns; /* 0: not stamped yet */
	uint64_t pushed_ns;
	uint64_t sent_ns; /* first; 0: it has not left yet */
	uint64_t last_frame; /* the last one that it was put in; 0: it was never sent */
	void *tag;
	uint32_t bytes;
	uint8_t level;
	uint8_t state;
};

/* Where sending stands: a sequence, and in it the bytes that went as fragments. */
struct wl_window_cursor {
	uint64_t sequence;
	uint32_t offset;
};

struct wl_window {
	struct wl_window_slot *slots; /* by sequence & (capacity - 1) */
	uint8_t *bytes;
	uint32_t capacity; /* a power of two */
	uint32_t bytes_max;
	uint64_t head, tail; /* of the bytes */
	uint64_t settled, first, next;
	struct wl_window_cursor send;
	uint64_t stamp, expire;
	uint32_t waiting; /* slots in that state */
};

struct wl_window_record {
	const void *bytes;
	uint32_t size;
	uint8_t level;
	uint64_t not_after_ns;
	uint64_t now_ns;
	void *tag;
};

/* Memory from the caller: `capacity` slots and `bytes_max` bytes. */
void wl_window_init(struct wl_window *window, struct wl_window_slot *slots, uint32_t capacity,
		    uint8_t *bytes, uint32_t bytes_max);
/* Nothing is outstanding, sequences begin at 1. */
void wl_window_reset(struct wl_window *window);
/* Copies the record. Its sequence, or 0 when there is no room now. `size` is at most bytes_max. */
uint64_t wl_window_push(struct wl_window *window, const struct wl_window_record *record);
/* The slot of a sequence that is outstanding; NULL before first and from next on. */
struct wl_window_slot *wl_window_slot(const struct wl_window *window, uint64_t sequence);
const uint8_t *wl_window_payload(const struct wl_window *window, const struct wl_window_slot *slot);
/* It is put into this frame, of the turn of now_ns. */
void wl_window_note_frame(struct wl_window *window, uint64_t sequence, uint64_t frame,
			  uint64_t now_ns);
/* From here on nothing of what was put into frames has left. */
void wl_window_note_kept(struct wl_window *window, uint64_t sequence);
/* The application has its answer. */
void wl_window_withdraw(struct wl_window *window, struct wl_window_slot *slot);
/* The cluster has spoken. Returns false when it had before. */
bool wl_window_finish(struct wl_window *window, uint64_t sequence);
/* The cluster has everything before `sequence`. Returns true when that is news. */
bool wl_window_settle(struct wl_window *window, uint64_t sequence);
/* Lets go what waits for nothing at the head. Returns true when that was something. */
bool wl_window_advance(struct wl_window *window);
/* Sends again from `sequence` on; never forward. What lies before `settled` was lost after all. */
void wl_window_rewind(struct wl_window *window, uint64_t sequence, uint32_t offset);
/* Deadlines for what was pushed since the last call. */
void wl_window_stamp(struct wl_window *window, uint64_t deadline_ns);
/* The next sequence whose deadline has passed and that still waits, or 0. Call until 0. */
uint64_t wl_window_expired(struct wl_window *window, uint64_t now_ns);
/* Bytes that are sent and not done (of used-up sequences what a tombstone takes), payload bytes that are not sent. About. */
uint64_t wl_window_in_flight_bytes(const struct wl_window *window);
uint64_t wl_window_unsent_bytes(const struct wl_window *window);
/* NULL, or which invariant is broken. O(1). */
const char *wl_window_check(const struct wl_window *window);

#endif

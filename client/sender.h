/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session and its appends: to the leader, in order, as many records in a frame as fit; sent again until the cluster has said what
 * became of each (window.h). What is in flight is bounded as TCP does it (RFC 5681): it grows with what is answered and is cut
 * by a loss; memif rings and socket buffers are finite.
 *
 *	NO_SESSION --an append is there or it is wanted, a leader is known--> OPENING --its reply--> OPEN --SESSION_UNKNOWN--> NO_SESSION
 *
 * Lost frames are noticed by the leader (OUT_OF_ORDER names what it wants next) or, at the end of a flight, by time.
 *
 *  C2  an append has exactly one answer
 *
 * The leadership is looked at whenever anything is done here: when another one began, all that is not settled is sent again. The
 * application hears answers and SESSION_LOST from here.
 *
 * Units: nanoseconds, bytes of payloads. Owner and thread: the engine's; slots and bytes are the caller's memory. Errors: answers to the
 * application. Limits: options.outstanding_max and outstanding_bytes_max. Pure; allocates nothing.
 */
#ifndef WL_CLIENT_SENDER_H
#define WL_CLIENT_SENDER_H

#include "client/channel.h"
#include "client/environment.h"
#include "client/nodes.h"
#include "client/paths.h"
#include "client/window.h"

enum wl_sender_state {
	WL_SENDER_NO_SESSION = 0, /* the next append opens one */
	WL_SENDER_OPENING,
	WL_SENDER_OPEN,
};

struct wl_sender_session {
	enum wl_sender_state state;
	uint64_t id; /* 0: none is open */
	uint64_t nonce;
	uint64_t open_due_ns, open_pause_ns;
	bool is_ending; /* it is being given up: no appends meanwhile */
	bool is_wanted; /* also without an append; until it is open */
};

/* Times from frame to answer. */
struct wl_sender_trips {
	/* Smoothed, by the level that was asked for; 0: not measured. A weaker level is answered sooner, and one voter that is
	 * away holds up EVERYWHERE alone. */
	uint64_t level_ns[WIRELOG_EVERYWHERE + 1];
	uint64_t shortest_ns; /* of them: what a refusal takes, at most */
	uint64_t sequence, sent_ns; /* the one that is being measured; 0: none */
	uint8_t level;
};

/* What may be in flight, and since when nothing came of it. */
struct wl_sender_flight {
	uint64_t bytes_max;
	uint64_t cut_ns; /* it was last cut */
	uint64_t progress_ns; /* something was settled last, or the first frame left into an empty flight */
	uint64_t timeout_ns; /* until all that is not settled is sent again; doubles */
	uint64_t resume_ns; /* nothing is sent before: a node asked for a pause */
	uint64_t pause_ns; /* the last one; 0 after progress */
	bool is_congested; /* in this turn: the transport took not all */
};

/* What the leader wanted next, when it last wanted something again. */
struct wl_sender_rewind {
	uint64_t sequence, at_ns;
	uint64_t due_ns; /* it asked for the same again: not before; 0: it did not */
};

struct wl_sender {
	struct wl_environment *environment;
	struct wl_channel *channel;
	struct wl_nodes *nodes;
	struct wl_paths *paths;

	struct wl_window window;
	struct wl_sender_session session;
	struct wl_sender_trips trips;
	struct wl_sender_flight flight;
	struct wl_sender_rewind rewind;
	uint64_t leadership_starts, leadership_learned; /* as seen last */
	uint64_t leader_frame; /* the last one sealed before this leadership was known */
	uint64_t sent_end; /* nothing from there on was ever sent */
	uint64_t full_sequence; /* for this one the cluster had no space; nothing behind it is taken either. 0: none */
	uint32_t frame_bytes; /* payload of a frame to the leader, as last seen */
	uint64_t resends; /* of the whole window */
};

/* What is below a sender, and the memory of its window. */
struct wl_sender_config {
	struct wl_environment *environment;
	struct wl_channel *channel;
	struct wl_nodes *nodes;
	struct wl_paths *paths;
	struct wl_window_slot *slots; /* options.outstanding_max */
	uint8_t *bytes; /* options.outstanding_bytes_max */
};

/* Zeroed memory. */
void wl_sender_init(struct wl_sender *sender, const struct wl_sender_config *config);

/* Takes a record into the window. Its sequence, or 0: there is no room now. */
uint64_t wl_sender_push(struct wl_sender *sender, const struct wl_window_record *record);
/* A session is opened, though nothing is to be appended yet. Nothing happens where one is open. */
void wl_sender_want_session(struct wl_sender *sender);
/* A full frame has come together. */
bool wl_sender_has_a_frame(const struct wl_sender *sender);
/* Deadlines and timeouts. Returns answers given. */
unsigned wl_sender_poll(struct wl_sender *sender);
/* Sends what may be sent; `all`: also a frame that is not full, for nothing more comes before the next turn. Returns frames. */
unsigned wl_sender_pump(struct wl_sender *sender, bool all);
/* After wl_channel_flush: what the transport did not take is made anew in a later turn. */
void wl_sender_on_flushed(struct wl_sender *sender);
/* Time since which an answer of the leader is due; 0: none is. */
uint64_t wl_sender_waits_since(const struct wl_sender *sender);

void wl_sender_on_open_session_reply(struct wl_sender *sender,
				     const struct wl_channel_message *message);
void wl_sender_on_append_reply(struct wl_sender *sender, const struct wl_channel_message *message);
/* Whatever waits and never left is refused for sure. */
void wl_sender_refuse_unsent(struct wl_sender *sender, int status);
/* What is outstanding gets UNKNOWN_OUTCOME, the next append opens another session. */
void wl_sender_lose_session(struct wl_sender *sender);
/* We have another name, and the channel's sequences begin anew. */
void wl_sender_on_identity(struct wl_sender *sender);

#endif

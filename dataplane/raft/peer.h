/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a leader knows of one follower's log, and what to send it next (Raft figure 2: nextIndex,
 * matchIndex; the states are those of etcd's raft).
 *
 *  PROBE   nothing of this term is known to match: one frame at a time, until one is accepted
 *          --accepted--> STREAM
 *  STREAM  frames leave as entries are sealed, window_bytes unacknowledged at most
 *          --rejected--> PROBE at the hint      --silent for resend_ns--> goes back to match + 1
 *  An entry that left the ring is read from the medium (reader.h), with a budget per turn, in either state.
 *
 *  What must hold of one that a leader sends to; wl_peer_check is this text as code.
 *  P1  match_durable <= match_received < next_index <= tail + 1
 *  P2  a fragment left only of an entry that is there: fragment_offset is 0 when next_index is behind the tail
 *  P3  data that are held back do not count
 *  Its reader keeps its own (reader.h, D1 to D4).
 *
 * Pure. Owner: the leader's replica. [worker]
 */
#ifndef WL_DATAPLANE_RAFT_PEER_H
#define WL_DATAPLANE_RAFT_PEER_H

#include "dataplane/log/reader.h"

enum wl_peer_state {
	WL_PEER_PROBE = 0,
	WL_PEER_STREAM = 1,
};

struct wl_peer {
	enum wl_peer_state state;
	uint64_t next_index; /* entry to send next */
	uint32_t fragment_offset; /* bytes of the image of next_index that left already */
	uint64_t match_received; /* never falls within a term */
	uint64_t match_durable;
	uint32_t window_bytes; /* narrowed by losses, widened by progress; 0: the configured one */
	uint64_t refused_index; /* where the last refusal made us begin again; 0: taken since */
	uint32_t refused_offset;
	uint64_t burst_bytes; /* sent since nothing was in flight */
	uint64_t commit_told; /* commit that the newest frame carried */
	uint64_t last_sent_ns;
	uint64_t heartbeat_ns; /* an empty frame left last; it has a place in a full transmit ring, data has none */
	uint64_t dropped_seen; /* tx's count at that time */
	uint64_t heard_sent_ns; /* newest of our send times that came back, in this leadership; 0: none */
	uint64_t echoed_ns; /* likewise, of data that counted when it came, and of this boot */
	uint64_t asked_ns; /* send time of the newest frame that wanted an answer */
	uint64_t progress_ns; /* when match_received grew last, or sending began again */
	uint64_t rewound_ns; /* a rejection of a frame sent before this is old news */
	bool probe_outstanding;
	bool no_space; /* its log is full (log.h) */
	bool cannot_grow; /* its log gets no further segment */
	uint64_t room_limit; /* entries of our log up to this cost (log.h) have room there; 0: not told, nothing is taken on its account */
	bool disk_slow; /* as it says itself */
	uint32_t fragments_have; /* most bytes that it ever had of the entry behind its match */
	bool behind; /* more than a window was missing, and it is not in step again */
	bool needs_base; /* our log begins behind what it has: it is not served, and hears heartbeats only */
	bool damaged; /* the medium could not give what this peer needs */
	uint64_t damage_asked_ns; /* when that place was last asked for again */
	uint32_t damaged_reads; /* in a row, until the medium gave something */
	uint64_t damaged_since_ns; /* when the first of them was asked for again */
	uint64_t boot_id; /* boot of the peer that the matches belong to */
	uint64_t left_ns; /* no member any more: a frame left then that tells it so; 0: not yet */
	bool counts; /* of this boot: it said so with its acknowledgements (control/agent/incarnations.h) */
	uint64_t base_index,
		base_digest; /* its newest base, by its word; 0: none told in this boot and leadership */
	bool held_back; /* it said that they are: nothing of what earlier ones promised is in them */
	uint64_t incarnation; /* of its data, in this boot; 0: not told yet */
	bool wants_read;
	struct wl_reader reader; /* entries that left the ring */
	struct wl_reader_view held; /* last image that the reader gave */
	bool holding;
};

/* A new term: nothing is known but where we would begin. The reader and its buffer stay. */
void wl_peer_lead(struct wl_peer *peer, uint64_t next_index, uint64_t now_ns);
/* The peer runs under another boot than the one that acknowledged: its matches are not believed any more, for its disk
 * may be another one. check-quorum goes on. True when it was so. */
bool wl_peer_notice_boot(struct wl_peer *peer, uint64_t boot_id, uint64_t next_index,
			 uint64_t now_ns);
/* It says which base is its newest. A base stands behind every later one: what comes late says nothing new. */
void wl_peer_heard_base(struct wl_peer *peer, uint64_t index, uint64_t digest);
/* A frame was accepted up to `received`, and is durable there up to `durable`. True when something grew. */
bool wl_peer_accepted(struct wl_peer *peer, uint64_t received, uint64_t durable, uint64_t now_ns);
/* A frame that left at `sent_ns` was refused; begin again at `hint`. False when this is old news. */
bool wl_peer_rejected(struct wl_peer *peer, uint64_t hint, uint64_t tail, uint64_t sent_ns,
		      uint64_t now_ns);
/* Asks the medium once more for what it could not give: a passing error must not hold the peer up for a whole term. */
void wl_peer_retry_damaged(struct wl_peer *peer, uint64_t now_ns);
/* Goes back to match + 1 when there was no progress for resend_ns. True when it did. */
bool wl_peer_resend(struct wl_peer *peer, uint64_t resend_ns, uint64_t now_ns);
/* Unacknowledged bytes at most; `configured`: when nothing is lost. */
void wl_peer_narrow_window(struct wl_peer *peer, uint32_t configured);
void wl_peer_widen_window(struct wl_peer *peer, uint32_t configured);
/*
 * The image of `index`: from the ring, else from the medium. NULL: not now (wants_read or damaged say why).
 * The pointer holds until the next call for this peer or append to the log.
 */
const uint8_t *wl_peer_image(struct wl_peer *peer, const struct wl_log *log, uint64_t index,
			     uint32_t *bytes);
/* NULL, or which invariant is broken. `tail`: of the leader's log. O(1). */
const char *wl_peer_check(const struct wl_peer *peer, uint64_t tail);

#endif

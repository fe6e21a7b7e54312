/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the time of one record went, kept for a while by the leader that sequenced it: the newest entries with records, the slowest entry of
 * each second for longer, and who led when (`wirelog why N`).
 *
 * What is timed is the entry, which holds the records of one turn, and a time is that of the turn in which something was seen: all records of
 * an entry have the same ones. `arrived` is the begin of the turn before, behind which the frames of this one came: none is older. Times
 * are microseconds since then.
 *
 * One writer, the journal's worker: a line of memory and a word for each level an entry, no allocation, no clock of its own. Any number of
 * readers: what an entry is stands under a version, odd while it is written, and is written before any of its times are overwritten.
 *
 * Pure. Owner: the journal. Thread: [worker], but where [any] stands.
 */
#ifndef WL_DATAPLANE_WORKER_ANATOMY_H
#define WL_DATAPLANE_WORKER_ANATOMY_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wirelog/limits.h"

#define WL_ANATOMY_ENTRIES 4096u /* newest ones */
#define WL_ANATOMY_SECONDS 1024u /* with records in them, the slowest entry of each */
#define WL_ANATOMY_LEADERS 16u
#define WL_ANATOMY_NOT_YET UINT32_MAX /* a time; 71 minutes are the longest one */

/* Levels that an entry reaches, each in the order of entries. Of node n: SENT + n, ... */
enum wl_anatomy_level {
	WL_ANATOMY_DURABLE, /* on our own medium */
	WL_ANATOMY_COMMITTED,
	WL_ANATOMY_ANSWERED, /* the last of its answers has left that wait for the commit, or for less */
	WL_ANATOMY_SENT,
	WL_ANATOMY_PEER_RECEIVED = WL_ANATOMY_SENT + WIRELOG_NODES_MAX,
	WL_ANATOMY_PEER_DURABLE = WL_ANATOMY_PEER_RECEIVED + WIRELOG_NODES_MAX,
	WL_ANATOMY_LEVELS = WL_ANATOMY_PEER_DURABLE + WIRELOG_NODES_MAX + 1,
};

/* What an entry is, one line of memory. */
struct wl_anatomy_head {
	uint64_t index, term;
	uint64_t first_number, count; /* of its records */
	uint64_t timestamp_ns; /* of the log; UNIX time */
	uint64_t arrived_ns; /* worker's clock */
	uint64_t sequenced_us; /* since then */
};

struct wl_anatomy_slot {
	alignas(64) _Atomic uint64_t version;
	struct wl_anatomy_head head;
};

struct wl_anatomy_peer {
	uint32_t sent_us, received_us, durable_us; /* the last two: when that was known here */
};

/* And its times, since it came. */
struct wl_anatomy_entry {
	struct wl_anatomy_head head;
	uint32_t durable_us, committed_us, answered_us;
	struct wl_anatomy_peer peers[WIRELOG_NODES_MAX]; /* of node n: [n - 1] */
};

struct wl_anatomy_kept {
	_Atomic uint64_t version;
	struct wl_anatomy_entry entry;
};

struct wl_anatomy_leader {
	uint64_t term;
	uint64_t first_number; /* records from here on were sequenced in it */
	uint64_t node; /* 0: not known */
};

struct wl_anatomy {
	struct wl_anatomy_slot recent[WL_ANATOMY_ENTRIES]; /* index % WL_ANATOMY_ENTRIES */
	/* in us of the worker's clock; those above `through` are not there yet */
	uint32_t times[WL_ANATOMY_LEVELS][WL_ANATOMY_ENTRIES];
	_Atomic uint64_t through[WL_ANATOMY_LEVELS];
	struct wl_anatomy_kept slow[WL_ANATOMY_SECONDS]; /* by the order of the seconds */
	_Atomic uint64_t leaders_version;
	struct wl_anatomy_leader leaders[WL_ANATOMY_LEADERS];
	uint64_t leader_count; /* ever; under the same version */

	/* the worker's alone */
	uint64_t view; /* whose entries are timed */
	uint64_t term; /* of the newest entry that was seen; 0: there was none */
	bool watches; /* it was looked at once */
	uint64_t sealed_through;
	uint64_t second, slow_count; /* that the newest slow one is of */
	uint64_t slow_index;
	uint32_t slow_us;
};

/* The next entry that this node leads was sealed. One without records is not kept, but its index alone counts. */
void wl_anatomy_sealed(struct wl_anatomy *anatomy, const struct wl_anatomy_head *head);

void wl_anatomy_note(struct wl_anatomy *anatomy, unsigned level, uint64_t index, uint64_t now_ns);
/* A turn has come to `index` with a level. ANSWERED is told last. */
static inline void wl_anatomy_reached(struct wl_anatomy *anatomy, unsigned level, uint64_t index,
				      uint64_t now_ns)
{
	uint64_t through = atomic_load_explicit(&anatomy->through[level], memory_order_relaxed);

	if (index <= through)
		return;
	/* One entry more is what most turns have. */
	if (index != through + 1 || index > anatomy->sealed_through ||
	    level == WL_ANATOMY_ANSWERED) {
		wl_anatomy_note(anatomy, level, index, now_ns);
		return;
	}
	__atomic_store_n(&anatomy->times[level][index % WL_ANATOMY_ENTRIES],
			 (uint32_t)(now_ns / 1000), __ATOMIC_RELAXED);
	atomic_store_explicit(&anatomy->through[level], index, memory_order_release);
}

/* Another leadership, behind `tail`: what has no time by now gets none. */
void wl_anatomy_begin(struct wl_anatomy *anatomy, uint64_t view, uint64_t tail);
/* The log has entries of a newer term: records from first_number on. */
void wl_anatomy_led(struct wl_anatomy *anatomy, uint64_t term, uint32_t node,
		    uint64_t first_number);

/* [any] The entry that holds a record, of those that are kept. False: there is none. */
bool wl_anatomy_find(const struct wl_anatomy *anatomy, uint64_t number,
		     struct wl_anatomy_entry *entry);
/* [any] In which term it was sequenced, and by whom. False: nothing was seen of that. */
bool wl_anatomy_leader_of(const struct wl_anatomy *anatomy, uint64_t number,
			  struct wl_anatomy_leader *leader);

/*
 * [any] Which part of its way took longest. The way is that which was waited for: to the entry, to the commit by whoever completed the
 * majority, to the answer.
 */
enum wl_anatomy_part {
	WL_ANATOMY_TURN, /* arrival to sequenced */
	WL_ANATOMY_OWN_DRIVE, /* sequenced to durable here, which completed the majority */
	WL_ANATOMY_SENDING, /* sequenced to sent, to the peer that completed it */
	WL_ANATOMY_PEER, /* sent to that peer until it was known to have it */
	WL_ANATOMY_PEER_DRIVE, /* from there until it was known to be durable there */
	WL_ANATOMY_COMMIT, /* known durable on a majority, and not yet committed: an older entry, or a list of members */
	WL_ANATOMY_ANSWER, /* committed to answered */
};
struct wl_anatomy_longest {
	enum wl_anatomy_part part;
	uint32_t us;
	uint32_t node; /* of SENDING, PEER, PEER_DRIVE */
	bool with_drive; /* PEER: it was told durable with the same acknowledgement, so its drive is in it */
};
/* Of an entry that is committed. */
struct wl_anatomy_longest wl_anatomy_longest(const struct wl_anatomy_entry *entry);

#endif

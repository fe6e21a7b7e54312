/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must be equal on all nodes, and who says otherwise. Each node tells every peer its facts (GREETING), and compares
 * what it is told with its own: a difference is told by name on both sides. What becomes of a peer that differs:
 *
 *   decides   the fact decides replicated state (whose session is forgotten, which entry can be taken), so that two nodes
 *             that differ in it disagree about what is committed. Neither hears the other: no votes, no
 *             acknowledgements, no entries. The majority that agrees goes on; without one all halts, by name.
 *   told      it is a mistake all the same: a record is taken by one leader and refused by the next. Told, and no more.
 *
 * A peer takes part when it has greeted under its present boot and nothing that decides differs: until then it is not heard.
 *
 * Pure. Owner: the worker. [worker]; names [any]
 */
#ifndef WL_DATAPLANE_WIRE_GREETING_H
#define WL_DATAPLANE_WIRE_GREETING_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/keys.h"
#include "dataplane/base/members.h"

/* X(fact, name, decides): the order is that of the wire (docs/WIRE.md); the name is the key of the configuration. */
/* clang-format off */
#define WL_FACT_LIST(X) \
	X(VOTERS, "cluster.nodes", true) /* ids as decimal digits: 123 */ \
	X(SESSIONS, "limits.sessions", true) \
	X(SESSION_RUNS, "built_in.session_runs", true) \
	X(ENTRY_BYTES, "built_in.entry_bytes", true) \
	X(RECORD_BYTES, "limits.record_bytes", false) \
	X(JOURNALS, "journals", false) /* of this worker, a bit for each */ \
	X(MTU, "mtu", false) /* of the link to the peer */ \
	X(ELECTION_TIMEOUT, "timing.election_timeout_ms", false) \
	X(HEARTBEAT, "timing.heartbeat_ms", false)
/* clang-format on */

enum wl_fact {
#define WL_FACT_ENUM(fact, name, decides) WL_FACT_##fact,
	WL_FACT_LIST(WL_FACT_ENUM)
#undef WL_FACT_ENUM
		WL_FACTS,
};

struct wl_greeting { /* what one peer and we have told each other */
	uint64_t boot_id; /* boot of the peer that `theirs` belongs to; 0: it has not greeted */
	uint64_t ours[WL_FACTS], theirs[WL_FACTS];
	uint32_t differs; /* bit per fact */
	uint32_t told; /* those of them that control knows */
	uint64_t sent_boot; /* boot of the peer that our newest greeting was for */
	uint64_t sent_ns;
	bool seen; /* the peer has said under its present boot that it has ours */
	uint32_t apart; /* bit per journal in which it says that it takes no part (divergence.h) */
	uint32_t apart_told; /* those of them that control knows */
	uint32_t apart_sent; /* as our newest greeting said of ourselves */
	/* The peer's history of each journal (docs/SAFETY.md, rule 29), of `boot_id`; 0: it has none */
	uint64_t history[WIRELOG_JOURNALS_MAX];
	uint32_t strange; /* bit per journal in which it has another one than we: nothing that it says of that counts */
	uint32_t strange_told; /* those of them that control knows */
	uint32_t keys_held[WL_KEYS_HELD_MAX]; /* ids of the peer's keys, oldest first; 0: none */
	uint32_t key_sent,
		old_clients_sent; /* the newest of our keys, and our own, as our newest greeting said */
	uint32_t old_clients; /* of the peer, that speak with the key that is to go */
	uint32_t histories_sent; /* bit per journal of which our newest greeting named ours */
};

/* Facts of the peer's boot `boot id`, beside ours at that time. */
void wl_greeting_take(struct wl_greeting *greeting, uint64_t boot_id, const uint64_t *ours,
		      const uint64_t *theirs);
/* May what the peer says in its boot `boot id` count? */
bool wl_greeting_takes_part(const struct wl_greeting *greeting, uint64_t boot_id);
/* The ids of a mask as decimal digits. */
uint64_t wl_greeting_ids(wl_members voters);
const char *wl_greeting_fact_name(enum wl_fact fact);
bool wl_greeting_fact_decides(enum wl_fact fact);

#endif

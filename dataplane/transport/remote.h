/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is at the other end: a peer node or a client, as one worker knows it. Holds the address, the
 * boot ids that prove freshness, the keys and the replay window.
 *
 * Freshness without clocks: every frame names the boot id (boot) of its receiver, so a frame that
 * was recorded before our start cannot pass. The first frames cannot know it: HELLO (destination boot id 0)
 * asks, HELLO_REPLY answers and names the asker's boot_id. A HELLO changes nothing at its receiver
 * beyond one answer. States of a remote, by what we know:
 *   UNKNOWN --hello_reply that names our boot_id--> GREETED (we may send to it)
 *   GREETED --any frame that names our boot_id, of the same or a newer boot_id--> same, newer boot id resets the window
 *
 * A client gets a place in the table by a KEEPALIVE that says our challenge back: the time at which we gave it, so it
 * speaks now. The replay window begins at that frame. What is known of a client is forgotten with its place; then its
 * recorded frames find no place and prove nothing, because the challenges that it was given before it had the place
 * are void from then on (challenge_floor_ns), and whoever comes back begins above all that it ever sent.
 *
 * Pure. Owner: one worker; memory from the caller. [worker]
 */
#ifndef WL_DATAPLANE_TRANSPORT_REMOTE_H
#define WL_DATAPLANE_TRANSPORT_REMOTE_H

#include "dataplane/base/limits.h"
#include "dataplane/wire/auth.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/replay.h"

struct wl_remote {
	wl_identity identity; /* 0: slot is free */
	uint64_t boot_id; /* newest proven boot id of the remote; 0: none */
	uint64_t boot_floor; /* a node's newest boot id that was proven before our start; 0: none */
	uint64_t incarnation; /* a node's data, as it told them last; 0: never met */
	bool suspect; /* a node that had other data once */
	uint64_t forked_boot; /* a node's boot id of a boot that we know under another one: its disk went back */
	struct wl_address address;
	bool address_known;
	uint16_t mtu; /* of the path to it, of a client as it says; 0: the link's */
	uint64_t last_heard_ns; /* last frame that was accepted */
	uint64_t last_hello_ns;
	uint64_t append_floor; /* of a client: what its frames up to this one append is not taken any more (intake.c) */
	/* Of a client: since when it has its place, and where that is in the table (remote.c). */
	uint64_t admitted_ns, listed_ns;
	uint32_t host, next, older, newer;
	struct wl_replay replay;
	struct wl_auth_key
		key; /* verifies what it sends under `boot id`; its id: the newest key that it was heard with */
};

/* A node's boot id is its count of boots and 32 random bits (control/node/boot_store_file.c). */
static inline uint64_t wl_remote_boot_of(uint64_t boot_id)
{
	return boot_id >> 32;
}

static inline uint64_t wl_remote_newest_boot(const struct wl_remote *remote)
{
	return remote->boot_id > remote->boot_floor ? remote->boot_id : remote->boot_floor;
}

/*
 * Clients, found by identity. Who comes finds a free place, or takes that of who is silent for longest, if that is quiet:
 * who speaks is never pushed out. No host (address and link) has more than three quarters of the places, so that one
 * which takes all that it can get leaves some to the others.
 */
struct wl_remote_table {
	struct wl_remote *slots;
	uint32_t slot_count; /* a power of two */
	uint32_t used; /* slots that were ever taken */
	uint32_t count; /* clients */
	uint32_t *buckets; /* slot + 1 */
	uint32_t *of_hosts; /* clients by hash of the host */
	uint32_t free, oldest, newest; /* slot + 1 */
	uint64_t challenge_floor_ns; /* challenges that were given up to then are void */
};

size_t wl_remote_table_memory_bytes(uint32_t slot_count);
void wl_remote_table_init(struct wl_remote_table *table, void *memory, uint32_t slot_count);
struct wl_remote *wl_remote_table_find(struct wl_remote_table *table, wl_identity identity);
/* NULL when there is no place for it. The identity has none yet. */
struct wl_remote *wl_remote_table_add(struct wl_remote_table *table, wl_identity identity,
				      const struct wl_address *address, uint64_t now_ns,
				      uint64_t quiet_ns);
void wl_remote_table_heard(struct wl_remote_table *table, struct wl_remote *client,
			   uint64_t now_ns);
/* Its place is free: it said goodbye, or gave way. */
void wl_remote_table_forget(struct wl_remote_table *table, struct wl_remote *client);

/* What a client that has no place is asked to say back. Not 0. */
static inline uint64_t wl_remote_challenge(uint64_t now_ns)
{
	return now_ns + 1;
}

static inline bool wl_remote_is_challenge(const struct wl_remote_table *table, uint64_t challenge,
					  uint64_t now_ns)
{
	uint64_t given_ns = challenge - 1;

	return challenge != 0 && given_ns <= now_ns && now_ns - given_ns <= WL_CHALLENGE_NS &&
	       (table->challenge_floor_ns == 0 || given_ns > table->challenge_floor_ns);
}

/* Its place is given to somebody else, or to another life of it. */
static inline void wl_remote_void_challenges(struct wl_remote_table *table,
					     const struct wl_remote *client)
{
	if (client->admitted_ns > table->challenge_floor_ns)
		table->challenge_floor_ns = client->admitted_ns;
}

#endif

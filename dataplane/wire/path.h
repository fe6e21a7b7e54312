/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How large a frame may be that passes one way between two. A switch port with a smaller MTU lets heartbeats through and drops full frames:
 * all looks well, and a follower or a reader stands still. So frames of the smallest MTU are sent until larger ones are known to pass:
 * probes, padded to a few sizes, that the other side echoes by their size; one round now and then. In a round whose shortest probe came
 * back, a larger one that did not was not lost with all the rest: eight of these in a row, and the size does not pass any more. Each
 * direction for itself. Between nodes each finds its own out (worker_path.c); between a client and a node the client does for both (client/paths.c).
 *
 * Pure. Owner: the worker, or the client. [any]
 */
#ifndef WL_DATAPLANE_WIRE_PATH_H
#define WL_DATAPLANE_WIRE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#define WL_PATH_SIZES 6u
#define WL_PATH_MISSES 8u
#define WL_PATH_SHORTEST_BYTES \
	128u /* passes wherever anything does: what is lost beside it was too large */

struct wl_path_size {
	uint16_t bytes; /* of the IP packet; 0: none */
	bool proven; /* such a one has passed */
	bool echoed; /* in this round */
	uint32_t misses; /* rounds in a row in which the shortest came back and it did not */
};

struct wl_path {
	uint64_t boot_id; /* boot of the other side; 0: not begun */
	uint16_t link_mtu; /* what both links carry */
	uint16_t mtu; /* that may be used; never below WIRELOG_MTU_MIN */
	uint16_t told_mtu; /* control, or the application, knows this one; 0: nothing was wrong yet */
	struct wl_path_size sizes[WL_PATH_SIZES]; /* falling */
	uint64_t round, round_ns;
};

void wl_path_begin(struct wl_path *path, uint64_t boot_id, uint16_t link_mtu);
/* Judges the round that ends, and begins the next one. */
void wl_path_next_round(struct wl_path *path, uint64_t now_ns);
/* Is this size to be probed in this round? The others are known by it. */
bool wl_path_wants(const struct wl_path *path, unsigned size);
void wl_path_on_echo(struct wl_path *path, uint64_t round, uint32_t bytes);
/* Something that should have passed did not: the smallest frames until larger ones have passed again. */
void wl_path_doubt(struct wl_path *path);
/* It is known by now that full frames do not pass. */
bool wl_path_is_narrow(const struct wl_path *path);
/* A size that was asked for in this round, and has passed before, did not come back yet. */
bool wl_path_awaits(const struct wl_path *path);
/* What passes is known, and nothing was lost since. */
bool wl_path_is_settled(const struct wl_path *path);
/* Largest size that passes, for people: below WIRELOG_MTU_MIN when even such frames do not. 0: it is not known now. */
uint16_t wl_path_known_mtu(const struct wl_path *path);
/* It is known, and is not what was told last; that all passes is no news to who was told nothing. */
bool wl_path_has_news(const struct wl_path *path);
/* The shortest probe of this round came back: what passes at all has passed. */
bool wl_path_has_short_echo(const struct wl_path *path);

#endif

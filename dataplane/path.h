/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How large a frame may be that passes to one peer. A switch port with a smaller MTU lets heartbeats through and drops full frames: all
 * looks well, and a follower stands still. So frames of the smallest MTU are sent until larger ones are known to pass: probes, padded to
 * a few sizes, that the peer echoes by their size; one round now and then. In a round whose smallest probe came back, a larger one
 * that did not was not lost with all the rest: eight of these in a row, and the size does not pass any more. Each direction for itself.
 *
 * Pure. Owner: the worker. [worker]
 */
#ifndef WL_DATAPLANE_PATH_H
#define WL_DATAPLANE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#define WL_PATH_SIZES 5u
#define WL_PATH_MISSES 8u

struct wl_path_size {
	uint16_t bytes; /* of the IP packet; 0: none */
	bool proven; /* such a one has passed */
	bool echoed; /* in this round */
	uint32_t misses; /* rounds in a row in which the smallest came back and it did not */
};

struct wl_path {
	uint64_t epoch; /* boot of the peer; 0: not begun */
	uint16_t link_mtu; /* ours */
	uint16_t mtu; /* that may be used */
	uint16_t told_mtu; /* control knows this one; 0: nothing was wrong yet */
	struct wl_path_size sizes[WL_PATH_SIZES]; /* falling */
	uint64_t round, round_ns;
};

void wl_path_begin(struct wl_path *path, uint64_t epoch, uint16_t link_mtu);
/* Judges the round that ends, and begins the next one. */
void wl_path_next_round(struct wl_path *path, uint64_t now_ns);
/* Is this size to be probed in this round? The others are known by it. */
bool wl_path_wants(const struct wl_path *path, unsigned size);
void wl_path_on_echo(struct wl_path *path, uint64_t round, uint32_t bytes);
/* It is known by now that full frames do not pass. */
bool wl_path_is_narrow(const struct wl_path *path);

#endif

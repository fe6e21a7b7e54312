/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How large frames pass to each node, and back (dataplane/wire/path.h). A path that carries less than both links do drops full
 * frames and nothing else: the leader would be sent the same frame for ever, and a reader would ask for the same records for ever. We find
 * out for both directions, so that a node need not keep a machine for each of thousands of clients: a probe of a size asks
 * for a short echo, a short probe asks for an echo of a size, a short one with a short echo says that anything passes at all;
 * and every probe tells the node how large frames it may send to us.
 *
 * What is found is the channel's limit of frames to the node, and an event for the application.
 *
 * Units: bytes of whole IP packets; nanoseconds. Owner and thread: the engine's. Errors: none. Pure; allocates nothing.
 */
#ifndef WL_CLIENT_PATHS_H
#define WL_CLIENT_PATHS_H

#include "client/channel.h"
#include "client/environment.h"
#include "client/nodes.h"
#include "dataplane/wire/path.h"

/* What passes to a node, and what of its frames passes to us. They share their rounds. */
struct wl_paths_pair {
	struct wl_path to, from;
	int route; /* of these two */
	uint64_t rtt_ns; /* of a short probe, the last that came back */
	uint64_t doubted_ns;
};

struct wl_paths {
	struct wl_environment *environment;
	struct wl_channel *channel;
	const struct wl_nodes *nodes;
	struct wl_paths_pair pairs[WIRELOG_NODES_MAX + 1]; /* by id */
};

/* Zeroed memory. */
void wl_paths_init(struct wl_paths *paths, struct wl_environment *environment,
		   struct wl_channel *channel, const struct wl_nodes *nodes);
/* Probes of the paths that are in use: to the leader while it owes an answer, and to the node that we read from; 0: none. */
void wl_paths_poll(struct wl_paths *paths, uint32_t leader, uint32_t reads);
void wl_paths_on_echo(struct wl_paths *paths, const struct wl_channel_message *message);
/* Frames to this node, or of it, are lost again and again: small ones, until larger ones are seen to pass. */
void wl_paths_doubt(struct wl_paths *paths, uint32_t node);

#endif

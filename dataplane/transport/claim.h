/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who says that it is a node and is not believed; remembered so that an operator can be told by name and address.
 *
 *   twin      holds the key, and speaks from another address under another boot of an id whose owner is heard: two servers were
 *             given one id. The one that is heard stays; the other is listened to when it has been silent.
 *   refused   another key or one that is refused, another cluster or version, or an id that is no member
 *
 * Pure. Owner: the worker. [worker]
 */
#ifndef WL_DATAPLANE_TRANSPORT_CLAIM_H
#define WL_DATAPLANE_TRANSPORT_CLAIM_H

#include "dataplane/wire/frame.h"
#include "wirelog/limits.h"

struct wl_claim { /* the newest of its kind under one id */
	enum wl_frame_verdict why;
	struct wl_address address;
	uint64_t boot_id; /* of a twin */
	uint32_t key_id; /* of a refused one, as its header says */
	uint64_t frames; /* so far */
	uint64_t seen_ns;
	uint64_t told_ns, told_frames; /* control was told, about so many */
	uint64_t answered_ns; /* a twin was told itself */
};

struct wl_claims { /* by node id; 0: a client, or nobody knows who */
	struct wl_claim twin[WIRELOG_NODES_MAX + 1];
	struct wl_claim refused[WIRELOG_NODES_MAX + 1];
	uint64_t previous_boot[WIRELOG_NODES_MAX + 1]; /* its late frames are no twin's */
	/* Where the present boot was heard first: who plays its frames again from elsewhere does not move it. */
	struct wl_address home[WIRELOG_NODES_MAX + 1];
	/* That another server has our id: when a peer said it last, when control was told of that; 0: never. */
	uint64_t own_said_ns[WIRELOG_NODES_MAX + 1], own_told_ns[WIRELOG_NODES_MAX + 1];
	uint64_t duplicate_ns; /* when a peer said last that it hears the other one */
};

#endif

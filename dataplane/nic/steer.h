/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering in software: several workers on one device that cannot tell their frames apart. One worker, the owner, receives for
 * all and hands each frame to the worker whose UDP port it names; what names none of them (ARP, ICMP, strangers) is the owner's. Where the
 * device has one queue to send from, the others' frames come back to the owner the same way.
 *
 * A frame is a handle here: nobody looks behind it, and it belongs to whoever took it last. Rings have one pusher and one popper each;
 * a full one refuses, nothing waits. Order between two ends is kept, as one ring has it.
 *
 * Owner of the struct: who has the device (port_hub_dpdk.c). Thread: sort, give, collect [the owner]; take, send [that worker]; counters
 * [any]; init, drain: when no worker runs. Pure.
 */
#ifndef WL_DATAPLANE_NIC_STEER_H
#define WL_DATAPLANE_NIC_STEER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/base/ring.h"
#include "wirelog/limits.h"

#define WL_STEER_SLOTS 1024u /* of each ring; a power of two */

struct wl_steer_lane {
	struct wl_ring in, out; /* for the worker, and from it */
	void *in_slots[WL_STEER_SLOTS], *out_slots[WL_STEER_SLOTS];
};

struct wl_steer_counters { /* written by the owner alone */
	_Atomic uint64_t over; /* handed to another worker */
	_Atomic uint64_t dropped; /* not handed over: that worker's ring was full */
	_Atomic uint64_t strange; /* UDP to a port of no worker: the owner's to drop */
	_Atomic uint64_t back; /* taken from the others, to be sent */
};

struct wl_steer {
	uint32_t owner, workers;
	uint32_t turn; /* whose frames are collected first */
	uint16_t udp_port; /* of worker 0; worker n has the n-th behind it */
	struct wl_steer_counters counters;
	struct wl_steer_lane lanes[WIRELOG_WORKERS_MAX];
};

void wl_steer_init(struct wl_steer *steer, uint32_t owner, uint32_t workers, uint16_t udp_port);

/* The worker that a received frame is for; its first `bytes` are there to be read. */
uint32_t wl_steer_sort(struct wl_steer *steer, const uint8_t *frame, size_t bytes);
/* False: the worker's ring is full. It is counted, and the frame is still the caller's, to be let go. */
bool wl_steer_give(struct wl_steer *steer, uint32_t worker, void *handle);
/* What was handed to `worker`, at most `max`. Returns how many. */
unsigned wl_steer_take(struct wl_steer *steer, uint32_t worker, void **handles, unsigned max);

/* Frames of `worker` that the owner shall send. Returns how many were taken; the caller keeps the rest. */
unsigned wl_steer_send(struct wl_steer *steer, uint32_t worker, void *const *handles,
		       unsigned count);
/* What is to be sent, of all workers in turn, at most `max`. Returns how many. */
unsigned wl_steer_collect(struct wl_steer *steer, void **handles, unsigned max);

/* What nobody takes any more, at most `max`; 0: there is nothing left. */
unsigned wl_steer_drain(struct wl_steer *steer, void **handles, unsigned max);

#endif

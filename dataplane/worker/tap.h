/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of one worker's port, copied for who captures them (`wirelog capture`): those that are wanted, up to a snap length, with time, link
 * and direction, into a ring of memory that another thread reads. It never waits; what had no room is counted.
 *
 * A worker has none unless somebody asked (tap_thread.h): a turn without one does nothing for it, not even look.
 *
 * Sent are frames that the port took. A tap copies a burst before the port has it, since afterwards the buffers are the port's, and shows
 * the part that was taken.
 *
 *	A frame is wanted by its direction; by who is at its other end (its sender where it came, its destination where it leaves), by its
 *	type and by its journal. Where one of these three is asked for, what is no frame of this version of the protocol is not wanted.
 *	Nothing is verified: a forged frame is captured as what it says it is.
 *
 * Pure. Owner: who asked. Thread: init by the owner; stage, show [worker]; the ring's other side, and once the worker has let it go
 * everything, the owner.
 */
#ifndef WL_DATAPLANE_WORKER_TAP_H
#define WL_DATAPLANE_WORKER_TAP_H

#include "dataplane/base/byte_ring.h"
#include "dataplane/base/capture.h"
#include "dataplane/base/port.h"

#define WL_TAP_BURST_MAX 256u

struct wl_tap_link {
	uint64_t seen, chosen, lost;
	uint64_t lost_since; /* the last frame that had room */
};

/* What became of a frame of the burst that is staged, to be taken back if the port did not take it. */
struct wl_tap_staged {
	enum { WL_TAP_NOT_CHOSEN, WL_TAP_LOST, WL_TAP_KEPT } fate;
	uint16_t link;
	uint64_t mark; /* in the ring, behind it */
	uint64_t lost_since; /* that it carries */
};

struct wl_tap {
	struct wl_capture_request request;
	uint16_t worker;
	uint32_t staged_count;
	struct wl_byte_ring ring; /* strings: a frame as in a packet of frames (capture.h) */
	struct wl_tap_link links[WL_LINKS_MAX];
	struct wl_tap_staged staged[WL_TAP_BURST_MAX];
};

/* `memory` is request->mib MiB, and stays until the worker has let the tap go. */
void wl_tap_init(struct wl_tap *tap, const struct wl_capture_request *request, uint16_t worker,
		 void *memory);
/* Copies a burst that was received, or is about to be sent; at most WL_TAP_BURST_MAX. */
void wl_tap_stage(struct wl_tap *tap, const struct wl_frame *frames, unsigned count,
		  enum wl_capture_direction direction, uint64_t time_ns);
/* The first `taken` of them are the owner's to read; the others never were. */
void wl_tap_show(struct wl_tap *tap, unsigned taken);

#endif

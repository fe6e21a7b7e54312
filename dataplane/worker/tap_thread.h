/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tap between a polling thread and its port. Without one the port's own functions stand in the table that the worker calls: nothing is
 * asked on the way of a frame. With one, those of the tap stand there, and call the port's.
 *
 * Thread: all of it on the polling thread, between two turns (worker_thread.h, errands).
 */
#ifndef WL_DATAPLANE_WORKER_TAP_THREAD_H
#define WL_DATAPLANE_WORKER_TAP_THREAD_H

#include "dataplane/host/clock.h"
#include "dataplane/worker/tap.h"

/* This thread polls through `ops`, a table of its own, and has the time from `clock`; both stay until leave. */
void wl_tap_thread_enter(struct wl_port_ops *ops, struct wl_clock *clock);
/* The tap is let go. */
void wl_tap_thread_leave(void);
/* From now on frames are copied to `tap`; NULL: no more. */
void wl_tap_thread_set(struct wl_tap *tap);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the rings of taps to whoever captures: frames of all workers by their time, in packets of a connection (base/capture.h). What the
 * connection has no room for stays in the rings, and what these have no room for the taps count: nothing here waits.
 *
 * Owner: who captures. Thread: the owner's.
 */
#ifndef WL_CONTROL_NODE_CAPTURE_STREAM_SOCKET_H
#define WL_CONTROL_NODE_CAPTURE_STREAM_SOCKET_H

#include <stdbool.h>

#include "dataplane/worker/tap.h"
#include "wirelog/limits.h"

enum wl_capture_stream_state {
	WL_CAPTURE_STREAM_EMPTY, /* all that was there is gone */
	WL_CAPTURE_STREAM_FULL, /* the connection takes no more now */
	WL_CAPTURE_STREAM_GONE, /* nobody is there any more */
};

struct wl_capture_stream {
	int connection;
	uint32_t tap_count;
	struct wl_tap *taps[WIRELOG_WORKERS_MAX]; /* by worker */
	bool told[WIRELOG_WORKERS_MAX][WL_LINKS_MAX];
	/* Fills in layer and name. */
	void (*describe)(void *context, struct wl_capture_link *link);
	void *context;
	uint64_t frames, bytes; /* handed over */
	size_t filled; /* of the packet; 0: none waits */
	uint8_t packet[WL_CAPTURE_PACKET_BYTES_MAX];
};

/* Everything that the rings have, or as much as the connection takes. */
enum wl_capture_stream_state wl_capture_stream_move(struct wl_capture_stream *stream);
/* After the taps were let go, and all is moved: the last packet. */
enum wl_capture_stream_state wl_capture_stream_end(struct wl_capture_stream *stream,
						   enum wl_capture_end why);
/* Of all links. */
struct wl_capture_total wl_capture_stream_total(const struct wl_capture_stream *stream);

#endif

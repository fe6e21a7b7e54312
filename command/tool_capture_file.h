/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the packets of a node's capture (dataplane/base/capture.h) to a pcapng file: a section, an interface for each link that a frame came
 * from, the frames, and at the end the statistics of each interface.
 *
 * Owner: the command. What a node says is believed as little as what any other socket says.
 */
#ifndef WL_COMMAND_TOOL_CAPTURE_FILE_H
#define WL_COMMAND_TOOL_CAPTURE_FILE_H

#include <stdio.h>

#include "command/tool_pcapng.h"
#include "dataplane/base/capture.h"
#include "dataplane/base/port.h"
#include "wirelog/limits.h"

struct wl_capture_file_link {
	bool known;
	enum wl_capture_layer layer;
	uint32_t interface;
	uint64_t written;
	bool has_total;
};

struct wl_capture_file {
	FILE *to;
	uint32_t node, snap_bytes;
	uint64_t packets_max; /* 0: no limit */
	uint64_t begin_ns, now_ns; /* wall clock */
	uint64_t packets, bytes, lost;
	bool ended; /* the totals came */
	enum wl_capture_end why;
	uint32_t interfaces;
	struct wl_capture_file_link links[WIRELOG_WORKERS_MAX][WL_LINKS_MAX];
	uint8_t block[WL_PCAPNG_BLOCK_BYTES_MAX];
};

/* Fill `to`, node, snap_bytes, packets_max and begin_ns first, the rest zero. 0 or OUTPUT_FAILED, as all of these. */
int wl_capture_file_begin(struct wl_capture_file *file, const char *application,
			  const char *comment);
/* A packet that came at now_ns, or INPUT_MALFORMED: it is none. Frames beyond packets_max are left out. */
int wl_capture_file_take(struct wl_capture_file *file, const uint8_t *packet, size_t size);
bool wl_capture_file_is_full(const struct wl_capture_file *file);
/* Of interfaces whose totals did not come: what was written is all that is known. */
int wl_capture_file_end(struct wl_capture_file *file);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was cut to fit into frames, joined again: a record at a client service and at a reader, an encoded entry at a follower. Parts
 * come in order, or are asked for again; what has come stays. Sent again they may be cut elsewhere, since the path carries larger or
 * smaller frames by then, but the bytes are the same.
 *
 * Whose parts they are is for the owner to know. The buffer is the owner's and holds `size` bytes.
 * Pure. Owner: the worker, or the client. [any]
 */
#ifndef WL_DATAPLANE_WIRE_FRAGMENTS_H
#define WL_DATAPLANE_WIRE_FRAGMENTS_H

#include <stdint.h>

struct wl_fragments {
	uint8_t *buffer;
	uint32_t size; /* of the whole */
	uint32_t have; /* bytes from its beginning */
};

enum wl_fragments_verdict {
	WL_FRAGMENTS_AHEAD, /* what stands before it is missing: nothing is changed */
	WL_FRAGMENTS_KNOWN, /* all of it has come before */
	WL_FRAGMENTS_PART,
	WL_FRAGMENTS_WHOLE, /* it was the last one */
	WL_FRAGMENTS_TOO_LONG, /* it ends behind the whole: nothing is changed */
};

/* Nothing has come of a whole of this size. */
void wl_fragments_begin(struct wl_fragments *fragments, uint32_t size);
enum wl_fragments_verdict wl_fragments_add(struct wl_fragments *fragments, uint32_t offset,
					   const uint8_t *part, uint32_t bytes);

#endif

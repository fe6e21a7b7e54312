/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/fragments.h"

#include <string.h>

void wl_fragments_begin(struct wl_fragments *fragments, uint32_t size)
{
	fragments->size = size;
	fragments->have = 0;
}

enum wl_fragments_verdict wl_fragments_add(struct wl_fragments *fragments, uint32_t offset,
					   const uint8_t *part, uint32_t bytes)
{
	if (offset > fragments->have)
		return WL_FRAGMENTS_AHEAD;
	if (offset > fragments->size || bytes > fragments->size - offset)
		return WL_FRAGMENTS_TOO_LONG;
	if (offset + bytes <= fragments->have)
		return WL_FRAGMENTS_KNOWN;
	memcpy(fragments->buffer + offset, part, bytes);
	fragments->have = offset + bytes;
	return fragments->have == fragments->size ? WL_FRAGMENTS_WHOLE : WL_FRAGMENTS_PART;
}

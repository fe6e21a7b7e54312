/* SPDX-License-Identifier: BSD-3-Clause */
/* What nodes send each other behind a fixed part: entries in APPEND, bytes of a base in BASE_PART, of damaged entries in MEND_PART. */
#include "dataplane/wire/wire_internal.h"

/* Images lie one behind the other and end where the bytes end. Their checksums are the log's to check. */
static bool images_fit(const struct wl_wire_append *message)
{
	uint32_t at = 0;

	while (at < message->bytes) {
		uint32_t left = message->bytes - at, body;

		if (left < WL_ENTRY_HEADER_BYTES)
			return false;
		body = wl_load_u32(message->images + at + 80);
		if (body > left - WL_ENTRY_HEADER_BYTES)
			return false;
		at += WL_ENTRY_HEADER_BYTES + body;
	}
	return true;
}

bool wl_wire_decode_append(const uint8_t *from, size_t size, struct wl_wire_append *message)
{
	if (size < WL_WIRE_APPEND_HEADER_BYTES || !wl_wire_take_append(from, message) ||
	    message->bytes != size - WL_WIRE_APPEND_HEADER_BYTES)
		return false;
	if (message->image_bytes == 0)
		return message->fragment_offset == 0 && images_fit(message);
	return message->bytes != 0 && message->fragment_offset < message->image_bytes &&
	       message->bytes <= message->image_bytes - message->fragment_offset;
}

bool wl_wire_decode_base_part(const uint8_t *from, size_t size, struct wl_wire_base_part *message)
{
	return size >= WL_WIRE_BASE_PART_HEADER_BYTES && wl_wire_take_base_part(from, message) &&
	       message->bytes == size - WL_WIRE_BASE_PART_HEADER_BYTES;
}

bool wl_wire_decode_status_part(const uint8_t *from, size_t size,
				struct wl_wire_status_part *message)
{
	return size >= WL_WIRE_STATUS_PART_HEADER_BYTES &&
	       wl_wire_take_status_part(from, message) &&
	       message->bytes == size - WL_WIRE_STATUS_PART_HEADER_BYTES;
}

bool wl_wire_decode_mend_part(const uint8_t *from, size_t size, struct wl_wire_mend_part *message)
{
	return size >= WL_WIRE_MEND_PART_HEADER_BYTES && wl_wire_take_mend_part(from, message) &&
	       message->bytes == size - WL_WIRE_MEND_PART_HEADER_BYTES;
}

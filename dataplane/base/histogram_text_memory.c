/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/histogram_text_memory.h"

#include <stdlib.h>
#include <zlib.h>

#include "dataplane/base/bytes.h"

#define COMPRESSED_COOKIE 0x1c849314u
#define COMPRESSED_HEADER_BYTES 8u

static size_t base64_bytes(size_t size)
{
	return (size + 2) / 3 * 4;
}

/* RFC 4648 section 4, with padding. */
static void base64_encode(char *to, const uint8_t *from, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)from[i] << 16;

		if (left > 1)
			bits |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			bits |= from[i + 2];
		*to++ = digits[bits >> 18];
		*to++ = digits[(bits >> 12) & 63];
		*to++ = left > 1 ? digits[(bits >> 6) & 63] : '=';
		*to++ = left > 2 ? digits[bits & 63] : '=';
	}
	*to = '\0';
}

char *wl_histogram_text(const struct wl_histogram *histogram)
{
	size_t encoded_max = WL_HISTOGRAM_ENCODED_BYTES_MAX(histogram->counter_count);
	uLongf deflated_size = compressBound(encoded_max);
	uint8_t *encoded = malloc(encoded_max + COMPRESSED_HEADER_BYTES + deflated_size);
	uint8_t *deflated = encoded + encoded_max;
	size_t encoded_size;
	char *text = NULL;

	if (!encoded)
		return NULL;
	encoded_size = wl_histogram_encode(histogram, encoded, encoded_max);
	if (compress2(deflated + COMPRESSED_HEADER_BYTES, &deflated_size, encoded, encoded_size,
		      Z_BEST_COMPRESSION) == Z_OK) {
		wl_store_be32(deflated, COMPRESSED_COOKIE);
		wl_store_be32(deflated + 4, (uint32_t)deflated_size);
		text = malloc(base64_bytes(COMPRESSED_HEADER_BYTES + deflated_size) + 1);
	}
	if (text)
		base64_encode(text, deflated, COMPRESSED_HEADER_BYTES + deflated_size);
	free(encoded);
	return text;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HdrHistogram's V2 encoding, all numbers big-endian:
 *
 *    0  u32  cookie 0x1c849303 | 0x10 (counts of variable length)
 *    4  u32  bytes of the counts that follow the header
 *    8  u32  normalizing index offset, 0
 *   12  u32  significant figures
 *   16  u64  lowest discernible value
 *   24  u64  highest trackable value
 *   32  f64  ratio of integer to double, 1.0
 *   40       counts from slot 0 up to the slot of the largest value
 *
 * A count is a ZigZag LEB128 number of at most nine bytes, whose ninth byte
 * carries eight bits; a negative one stands for a run of that many zeros. A
 * single zero is written as 0, as the Java implementation does.
 */
#include "dataplane/base/histogram.h"

#include <stdbool.h>
#include <string.h>

#include "dataplane/base/bytes.h"

#define COOKIE 0x1c849313u
#define RATIO_ONE 0x3ff0000000000000u /* 1.0 */
#define COUNT_BYTES_MAX 9u

struct output {
	uint8_t *to;
	size_t used;
	size_t size;
	bool full;
};

static void put_number(struct output *output, int64_t number)
{
	uint64_t rest = ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
	uint8_t bytes[COUNT_BYTES_MAX];
	size_t count = 0;

	while (rest >= 0x80 && count < COUNT_BYTES_MAX - 1) {
		bytes[count++] = (uint8_t)(rest | 0x80);
		rest >>= 7;
	}
	bytes[count++] = (uint8_t)rest;
	if (output->full || count > output->size - output->used) {
		output->full = true;
		return;
	}
	memcpy(output->to + output->used, bytes, count);
	output->used += count;
}

static void put_zeros(struct output *output, int64_t zeros)
{
	if (zeros > 0)
		put_number(output, zeros > 1 ? -zeros : 0);
}

static void encode_header(const struct wl_histogram *histogram, uint8_t *to, size_t counts_bytes)
{
	wl_store_be32(to, COOKIE);
	wl_store_be32(to + 4, (uint32_t)counts_bytes);
	wl_store_be32(to + 8, 0);
	wl_store_be32(to + 12, WL_HISTOGRAM_SIGNIFICANT_FIGURES);
	wl_store_be64(to + 16, 1);
	wl_store_be64(to + 24, histogram->highest);
	wl_store_be64(to + 32, RATIO_ONE);
}

/* Each counter is read once: with a writer at work a second look may differ. */
size_t wl_histogram_encode(const struct wl_histogram *histogram, uint8_t *to, size_t size)
{
	uint64_t max = atomic_load_explicit(&histogram->max, memory_order_relaxed);
	uint32_t last = wl_histogram_slot(max);
	struct output output = {
		.to = to,
		.used = WL_HISTOGRAM_ENCODED_HEADER_BYTES,
		.size = size,
	};
	int64_t zeros = 0;

	if (size < WL_HISTOGRAM_ENCODED_HEADER_BYTES)
		return 0;
	for (uint32_t slot = 0; slot <= last; slot++) {
		uint64_t count =
			atomic_load_explicit(&histogram->counters[slot], memory_order_relaxed);

		if (count == 0) {
			zeros++;
			continue;
		}
		put_zeros(&output, zeros);
		put_number(&output, (int64_t)count);
		zeros = 0;
	}
	put_zeros(&output, zeros);
	if (output.full)
		return 0;
	encode_header(histogram, to, output.used - WL_HISTOGRAM_ENCODED_HEADER_BYTES);
	return output.used;
}

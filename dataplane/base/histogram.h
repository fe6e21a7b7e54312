/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Latency histogram with the buckets of HdrHistogram: lowest discernible value
 * 1, three significant figures, highest trackable value chosen at init.
 *
 * The caller owns the struct and the counters. Recording is O(1) and touches
 * two or three cache lines. One thread writes; any other may read at any time:
 * each field is a relaxed atomic, so a reader sees each number whole but not
 * all of them at one instant (wl_histogram_add into an own copy gives a stable
 * one). Never allocates, waits, or fails: a value above the highest trackable
 * is counted as the highest and in `clamped`.
 */
#ifndef WL_DATAPLANE_BASE_HISTOGRAM_H
#define WL_DATAPLANE_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WL_HISTOGRAM_SIGNIFICANT_FIGURES 3
#define WL_HISTOGRAM_SUB_BUCKET_BITS 11 /* smallest power of two >= 2 * 10^3 */
#define WL_HISTOGRAM_SUB_BUCKETS (1u << WL_HISTOGRAM_SUB_BUCKET_BITS)
#define WL_HISTOGRAM_HIGHEST_MIN 2u /* HdrHistogram: at least twice the lowest */

/* Counters needed for `highest`, a constant expression where `highest` is one. */
#define WL_HISTOGRAM_COUNTERS(highest)                                                 \
	((66u - WL_HISTOGRAM_SUB_BUCKET_BITS -                                         \
	  (unsigned int)__builtin_clzll((highest) | (WL_HISTOGRAM_SUB_BUCKETS - 1))) * \
	 (WL_HISTOGRAM_SUB_BUCKETS / 2))

/* Room that an encoded histogram needs at most: header, 9 bytes for each counter. */
#define WL_HISTOGRAM_ENCODED_HEADER_BYTES 40u
#define WL_HISTOGRAM_ENCODED_BYTES_MAX(counters) \
	(WL_HISTOGRAM_ENCODED_HEADER_BYTES + 9u * (size_t)(counters))

struct wl_histogram {
	_Atomic uint64_t count;
	_Atomic uint64_t min; /* UINT64_MAX while empty */
	_Atomic uint64_t max;
	_Atomic uint64_t clamped; /* values above `highest`, counted as `highest` */
	uint64_t highest;
	uint32_t counter_count;
	_Atomic uint64_t *counters;
};

/*
 * [init] `counters` holds WL_HISTOGRAM_COUNTERS(highest) numbers and outlives
 * the histogram. `highest` is WL_HISTOGRAM_HIGHEST_MIN..INT64_MAX.
 */
void wl_histogram_init(struct wl_histogram *histogram, uint64_t highest,
		       _Atomic uint64_t *counters);

/* [owner] */
void wl_histogram_record(struct wl_histogram *histogram, uint64_t value);
void wl_histogram_record_many(struct wl_histogram *histogram, uint64_t value, uint64_t count);
void wl_histogram_reset(struct wl_histogram *histogram);

/* [owner of `into`] `from` may be written by another thread and may track a different range. */
void wl_histogram_add(struct wl_histogram *into, const struct wl_histogram *from);

/* [any] All of them give 0 while nothing is recorded. */
uint64_t wl_histogram_count(const struct wl_histogram *histogram);
uint64_t wl_histogram_min(const struct wl_histogram *histogram); /* lowest equivalent value */
uint64_t wl_histogram_max(const struct wl_histogram *histogram); /* highest equivalent value */
double wl_histogram_mean(const struct wl_histogram *histogram);

/* [any] The value at or below which `percentile` (0..100) of those recorded lie. O(counters). */
uint64_t wl_histogram_percentile(const struct wl_histogram *histogram, double percentile);

/* [any] Which counter a value goes to, and the lowest and highest value of that counter. */
uint32_t wl_histogram_slot(uint64_t value);
uint64_t wl_histogram_slot_lowest(uint32_t slot);
uint64_t wl_histogram_slot_highest(uint32_t slot);

/*
 * [any] HdrHistogram's V2 encoding, uncompressed (histogram_log.c). Returns the
 * bytes written, 0 where `size` is too small; WL_HISTOGRAM_ENCODED_BYTES_MAX
 * always suffices.
 */
size_t wl_histogram_encode(const struct wl_histogram *histogram, uint8_t *to, size_t size);

#endif

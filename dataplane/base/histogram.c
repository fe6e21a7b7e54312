/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values below 2048 have a counter each. Above, every power of two is one
 * bucket of 1024 equally wide counters: the upper half of a bucket of 2048,
 * whose lower half is what the buckets before it cover.
 *
 *   slot       0 .. 2047   value                width 1
 *   slot    2048 .. 3071   2048 .. 4095         width 2
 *   slot    3072 .. 4095   4096 .. 8191         width 4    and so on
 *
 * The slot of a value does not depend on the highest trackable value, so that
 * two histograms of different range add slot by slot.
 */
#include "dataplane/base/histogram.h"

#include "dataplane/base/check.h"

#define HALF_BITS (WL_HISTOGRAM_SUB_BUCKET_BITS - 1)

_Static_assert(WL_HISTOGRAM_COUNTERS(2047ull) == 2048, "one bucket");
_Static_assert(WL_HISTOGRAM_COUNTERS(2048ull) == 3072, "two buckets");
_Static_assert(WL_HISTOGRAM_COUNTERS(3600000000000ull) == 33792, "an hour in nanoseconds");

static uint64_t load(const _Atomic uint64_t *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

/* There is one writer: load and store, instead of a locked read-modify-write. */
static void store(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, value, memory_order_relaxed);
}

uint32_t wl_histogram_slot(uint64_t value)
{
	uint32_t bucket = 64 - WL_HISTOGRAM_SUB_BUCKET_BITS -
			  (uint32_t)__builtin_clzll(value | (WL_HISTOGRAM_SUB_BUCKETS - 1));

	return (bucket << HALF_BITS) + (uint32_t)(value >> bucket);
}

static uint32_t bucket_of_slot(uint32_t slot)
{
	return slot < WL_HISTOGRAM_SUB_BUCKETS ? 0 : (slot >> HALF_BITS) - 1;
}

uint64_t wl_histogram_slot_lowest(uint32_t slot)
{
	uint32_t bucket = bucket_of_slot(slot);

	return (uint64_t)(slot - (bucket << HALF_BITS)) << bucket;
}

uint64_t wl_histogram_slot_highest(uint32_t slot)
{
	return wl_histogram_slot_lowest(slot) + ((uint64_t)1 << bucket_of_slot(slot)) - 1;
}

void wl_histogram_init(struct wl_histogram *histogram, uint64_t highest, _Atomic uint64_t *counters)
{
	WL_CHECK(highest >= WL_HISTOGRAM_HIGHEST_MIN && highest <= INT64_MAX);
	histogram->highest = highest;
	histogram->counter_count = WL_HISTOGRAM_COUNTERS(highest);
	histogram->counters = counters;
	wl_histogram_reset(histogram);
}

void wl_histogram_reset(struct wl_histogram *histogram)
{
	for (uint32_t slot = 0; slot < histogram->counter_count; slot++)
		store(&histogram->counters[slot], 0);
	store(&histogram->count, 0);
	store(&histogram->min, UINT64_MAX);
	store(&histogram->max, 0);
	store(&histogram->clamped, 0);
}

static void widen(struct wl_histogram *histogram, uint64_t low, uint64_t high)
{
	if (low < load(&histogram->min))
		store(&histogram->min, low);
	if (high > load(&histogram->max))
		store(&histogram->max, high);
}

void wl_histogram_record_many(struct wl_histogram *histogram, uint64_t value, uint64_t count)
{
	_Atomic uint64_t *counter;

	if (count == 0)
		return;
	if (wl_unlikely(value > histogram->highest)) {
		value = histogram->highest;
		store(&histogram->clamped, load(&histogram->clamped) + count);
	}
	counter = &histogram->counters[wl_histogram_slot(value)];
	store(counter, load(counter) + count);
	store(&histogram->count, load(&histogram->count) + count);
	widen(histogram, value, value);
}

void wl_histogram_record(struct wl_histogram *histogram, uint64_t value)
{
	wl_histogram_record_many(histogram, value, 1);
}

/*
 * `from` may grow meanwhile: the count is summed from the counters that were
 * really read, so that `into` agrees with itself. Its min and max may be those
 * of a value recorded a moment later or earlier than the last counter read.
 */
void wl_histogram_add(struct wl_histogram *into, const struct wl_histogram *from)
{
	uint32_t shared = from->counter_count < into->counter_count ? from->counter_count
								    : into->counter_count;
	uint64_t low = load(&from->min), high = load(&from->max);
	uint64_t added = 0;

	for (uint32_t slot = 0; slot < shared; slot++) {
		uint64_t count = load(&from->counters[slot]);

		if (count == 0)
			continue;
		store(&into->counters[slot], load(&into->counters[slot]) + count);
		added += count;
	}
	store(&into->count, load(&into->count) + added);
	store(&into->clamped, load(&into->clamped) + load(&from->clamped));
	for (uint32_t slot = shared; slot < from->counter_count; slot++)
		wl_histogram_record_many(into, wl_histogram_slot_lowest(slot),
					 load(&from->counters[slot]));
	if (low <= high)
		widen(into, low < into->highest ? low : into->highest,
		      high < into->highest ? high : into->highest);
}

uint64_t wl_histogram_count(const struct wl_histogram *histogram)
{
	return load(&histogram->count);
}

uint64_t wl_histogram_min(const struct wl_histogram *histogram)
{
	uint64_t min = load(&histogram->min);

	return min == UINT64_MAX ? 0 : wl_histogram_slot_lowest(wl_histogram_slot(min));
}

uint64_t wl_histogram_max(const struct wl_histogram *histogram)
{
	return wl_histogram_slot_highest(wl_histogram_slot(load(&histogram->max)));
}

static uint64_t sum_counters(const struct wl_histogram *histogram)
{
	uint64_t sum = 0;

	for (uint32_t slot = 0; slot < histogram->counter_count; slot++)
		sum += load(&histogram->counters[slot]);
	return sum;
}

/* As HdrHistogram does: each value stands for the middle of its counter. */
double wl_histogram_mean(const struct wl_histogram *histogram)
{
	unsigned __int128 sum = 0;
	uint64_t total = 0;

	for (uint32_t slot = 0; slot < histogram->counter_count; slot++) {
		uint64_t count = load(&histogram->counters[slot]);
		uint64_t width = (uint64_t)1 << bucket_of_slot(slot);

		sum += (unsigned __int128)(wl_histogram_slot_lowest(slot) + width / 2) * count;
		total += count;
	}
	return total == 0 ? 0.0 : (double)sum / (double)total;
}

/*
 * The rank is computed in integers, in parts of 10^9: in floating point,
 * 99.9 % of 1000 may come out as rank 1000 instead of 999.
 */
uint64_t wl_histogram_percentile(const struct wl_histogram *histogram, double percentile)
{
	const uint64_t whole = 1000000000;
	uint64_t parts, rank, seen = 0, total = sum_counters(histogram);

	if (total == 0)
		return 0;
	if (!(percentile > 0.0))
		parts = 0;
	else
		parts = percentile >= 100.0 ? whole : (uint64_t)(percentile * 1e7 + 0.5);
	rank = (uint64_t)(((unsigned __int128)total * parts + whole - 1) / whole);
	if (rank == 0)
		rank = 1;
	for (uint32_t slot = 0; slot < histogram->counter_count; slot++) {
		seen += load(&histogram->counters[slot]);
		if (seen >= rank)
			return parts == 0 ? wl_histogram_slot_lowest(slot)
					  : wl_histogram_slot_highest(slot);
	}
	return wl_histogram_max(histogram); /* the owner has reset it between the two passes */
}

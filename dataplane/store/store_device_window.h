/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which segments stand on a device, from what its places say. Segment s lives at place s modulo `places`, in lap after lap, so a log of
 * [first, count) has at most that many, and of two numbers for one place only one can be.
 *
 * Pure. Owner: the caller of all. [init]
 */
#ifndef WL_DATAPLANE_STORE_STORE_DEVICE_WINDOW_H
#define WL_DATAPLANE_STORE_STORE_DEVICE_WINDOW_H

#include <stdint.h>

/* What stands at a place: the number of its segment, or one of these. */
#define WL_STORE_PLACE_EMPTY UINT64_MAX
#define WL_STORE_PLACE_UNKNOWN (UINT64_MAX - 1) /* something, and it does not say what */

struct wl_store_window {
	uint64_t first, count; /* [first, count); equal: nothing is there */
};

/*
 * The highest number says where the log ends, the lowest one less than a lap below it where it begins; what is older is a stale
 * lap's, and its place is recovery's to name. What does not say its number is never taken for absent: it lies between, or it goes
 * on below the lowest, or else it is above the highest, as one that was made ahead. `numbers` has one for each place, each congruent to it.
 */
struct wl_store_window wl_store_window_find(const uint64_t *numbers, uint64_t places);

#endif

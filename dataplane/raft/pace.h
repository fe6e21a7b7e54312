/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much a leader may send to followers that are behind, beside records that flow: a bucket of bytes.
 *
 *  nothing was appended for WL_PACE_QUIET_NS   all that windows and frames allow
 *  records flow                                bytes_per_second, and twice what is appended: who is behind comes nearer at any load. What
 *                                              was not used is kept up to WL_PACE_TURN_BYTES, so a live frame never waits for more than that
 *
 * Pure. Owner: the leader's replica. [worker]
 */
#ifndef WL_DATAPLANE_RAFT_PACE_H
#define WL_DATAPLANE_RAFT_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define WL_PACE_QUIET_NS 100000000u
#define WL_PACE_TURN_BYTES (32u << 10)
#define WL_PACE_RATE_MAX (64ull << 30) /* bytes a second */

struct wl_pace {
	uint64_t bytes_per_second;
	uint64_t appended; /* stream offset, as seen last */
	uint64_t appended_ns; /* when it moved last */
	uint64_t now_ns; /* of this turn */
	uint64_t part; /* of a byte, in its thousand millionth parts: turns are shorter than a byte takes at a slow rate */
	uint64_t left; /* bytes that may still be sent */
};

void wl_pace_init(struct wl_pace *pace, uint64_t bytes_per_second);
/* A leadership begins: what is appended counts from here on. */
void wl_pace_begin(struct wl_pace *pace, uint64_t appended, uint64_t now_ns);
/* Once a turn. `appended`: stream offset of the end of the log; never falls. */
void wl_pace_turn(struct wl_pace *pace, uint64_t appended, uint64_t now_ns);
static inline bool wl_pace_is_quiet(const struct wl_pace *pace)
{
	return pace->now_ns - pace->appended_ns >= WL_PACE_QUIET_NS;
}
/* Bytes that may leave in this turn. */
static inline uint64_t wl_pace_left(const struct wl_pace *pace)
{
	return wl_pace_is_quiet(pace) ? UINT64_MAX : pace->left;
}
/* The last frame may take more than what was left: nothing is left then. */
void wl_pace_spend(struct wl_pace *pace, uint64_t bytes);

#endif

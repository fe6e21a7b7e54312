/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/pace.h"

#include "dataplane/base/check.h"

#define SECOND_NS 1000000000u
/* More than so long is not added up, and the product of both fits. */
#define COUNTED_NS 10000000u

/* `parts` of one turn. */
WL_STATIC_CHECK(WL_PACE_RATE_MAX <= (UINT64_MAX - SECOND_NS) / COUNTED_NS);

void wl_pace_init(struct wl_pace *pace, uint64_t bytes_per_second)
{
	WL_CHECK(bytes_per_second != 0 && bytes_per_second <= WL_PACE_RATE_MAX);
	*pace = (struct wl_pace){.bytes_per_second = bytes_per_second};
}

/* The term's own entry is no record: a leadership begins quiet. */
void wl_pace_begin(struct wl_pace *pace, uint64_t appended, uint64_t now_ns)
{
	WL_CHECK(pace->bytes_per_second != 0);
	pace->appended = appended;
	pace->appended_ns = now_ns > WL_PACE_QUIET_NS ? now_ns - WL_PACE_QUIET_NS : 0;
	pace->now_ns = now_ns;
	pace->left = 0;
}

static uint64_t bytes_of(struct wl_pace *pace, uint64_t passed_ns)
{
	uint64_t parts;

	WL_CHECK(pace->part < SECOND_NS);
	if (passed_ns > COUNTED_NS)
		passed_ns = COUNTED_NS;
	parts = pace->bytes_per_second * passed_ns + pace->part;
	pace->part = parts % SECOND_NS;
	return parts / SECOND_NS;
}

void wl_pace_turn(struct wl_pace *pace, uint64_t appended, uint64_t now_ns)
{
	uint64_t grown = appended - pace->appended, full = WL_PACE_TURN_BYTES + 2 * grown;

	WL_CHECK(now_ns >= pace->now_ns && appended >= pace->appended);
	pace->left += 2 * grown + bytes_of(pace, now_ns - pace->now_ns);
	if (pace->left > full)
		pace->left = full;
	pace->now_ns = now_ns;
	pace->appended = appended;
	if (grown != 0)
		pace->appended_ns = now_ns;
	WL_CHECK(pace->appended_ns <= now_ns);
}

void wl_pace_spend(struct wl_pace *pace, uint64_t bytes)
{
	pace->left -= bytes < pace->left ? bytes : pace->left;
}

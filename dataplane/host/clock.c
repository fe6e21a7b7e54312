/* SPDX-License-Identifier: BSD-3-Clause */
/* The arithmetic of clock.h: from pairs of readings to a rate, and from an error to a slew. Pure. */
#include "dataplane/host/clock.h"

#define SECOND_NS 1000000000
#define JUMP_NS (SECOND_NS / 1000) /* behind by more: the machine was paused */
#define SLEW_MAX_NS 500000 /* that a second may be made longer or shorter by */

static uint64_t rate_between(struct wl_clock_pair from, struct wl_clock_pair to)
{
	if (to.ticks <= from.ticks)
		return 0;
	return (uint64_t)(((unsigned __int128)(to.ns - from.ns) << 32) / (to.ticks - from.ticks));
}

bool wl_clock_calibrate(struct wl_clock *clock, struct wl_clock_pair first,
			struct wl_clock_pair second)
{
	clock->ns_per_tick_32 = rate_between(first, second);
	clock->first_ticks = first.ticks;
	clock->first_ns = first.ns;
	clock->base_ticks = second.ticks;
	clock->base_ns = second.ns;
	clock->last_ticks = second.ticks;
	/* 100 MHz .. 100 GHz, or it is no such counter. */
	clock->counter = clock->ns_per_tick_32 >= (1ull << 32) / 100 &&
			 clock->ns_per_tick_32 <= 10ull << 32;
	return clock->counter;
}

void wl_clock_correct(struct wl_clock *clock, struct wl_clock_pair now)
{
	uint64_t rate =
		rate_between((struct wl_clock_pair){clock->first_ticks, clock->first_ns}, now);
	uint64_t ours;
	int64_t behind;

	if (rate == 0 || now.ticks <= clock->base_ticks)
		return;
	ours = wl_clock_at(clock, now.ticks);
	behind = (int64_t)(now.ns - ours);
	/* A machine that was paused: forward at once. Otherwise spread over the next second. */
	if (behind > JUMP_NS) {
		ours = now.ns;
		behind = 0;
	}
	if (behind > SLEW_MAX_NS)
		behind = SLEW_MAX_NS;
	if (behind < -SLEW_MAX_NS)
		behind = -SLEW_MAX_NS;
	clock->base_ticks = now.ticks;
	clock->base_ns = ours;
	clock->ns_per_tick_32 =
		(uint64_t)((int64_t)rate + (int64_t)((__int128)(int64_t)rate * behind / SECOND_NS));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time for loops that read it once a turn: nanoseconds that never go back, caught up with
 * CLOCK_MONOTONIC (so that processes of one machine may compare them), from the CPU's time-stamp
 * counter where that is trustworthy, else from the kernel.
 *
 * Owner and thread: each thread has its own wl_clock and is the only one to use it. Only loops
 * (worker, control, client) read clocks; everything pure is told the time.
 * wl_clock_now_ns makes no system call with the counter. wl_clock_tend, about once a second,
 * takes out the drift against the kernel's clock; without it the clock is off by some us a second.
 */
#ifndef WL_DATAPLANE_HOST_CLOCK_H
#define WL_DATAPLANE_HOST_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_CLOCK_LAG_TICKS 10000000u /* some ms */

struct wl_clock {
	bool counter; /* false: every reading asks the kernel */
	uint64_t base_ticks, base_ns;
	uint64_t last_ticks; /* of the newest reading */
	uint64_t ns_per_tick_32; /* 32 bits after the point */
	uint64_t first_ticks, first_ns; /* of the first pair: a long base makes a good rate */
	int64_t wall_offset_ns; /* wall clock minus monotonic, at the last tend */
};

struct wl_clock_pair { /* the counter and the kernel's clock at one moment */
	uint64_t ticks, ns;
};

/* Takes 10 ms. `reason` (may be NULL) says which source was taken, and why. */
void wl_clock_open(struct wl_clock *clock, char *reason, size_t reason_bytes);
void wl_clock_tend(struct wl_clock *clock);
/* CLOCK_MONOTONIC itself. */
uint64_t wl_clock_kernel_ns(void);

/* clock.c, pure: the rate from two pairs, some ms apart. False: that is no such counter. */
bool wl_clock_calibrate(struct wl_clock *clock, struct wl_clock_pair first,
			struct wl_clock_pair second);
/* Takes out the drift that one more pair shows. */
void wl_clock_correct(struct wl_clock *clock, struct wl_clock_pair now);

/* Of a clock with a counter: the time at which it shows this. */
static inline uint64_t wl_clock_at(const struct wl_clock *clock, uint64_t counter)
{
	int64_t ticks = (int64_t)(counter - clock->base_ticks);

	/* Another core's counter may lag by some ticks right after a tend. */
	if (ticks < 0)
		return clock->base_ns;
	return clock->base_ns +
	       (uint64_t)(((unsigned __int128)(uint64_t)ticks * clock->ns_per_tick_32) >> 32);
}

/*
 * The time by a clock that had a counter; 0: it went back (a machine that was moved, or woke up), is not believed any more, and
 * the kernel must be asked. Some ticks less are another core's lag.
 */
static inline uint64_t wl_clock_try(struct wl_clock *clock, uint64_t counter)
{
	if ((int64_t)(counter - clock->last_ticks) < -(int64_t)WL_CLOCK_LAG_TICKS) {
		clock->counter = false;
		return 0;
	}
	clock->last_ticks = counter;
	return wl_clock_at(clock, counter);
}

static inline uint64_t wl_clock_now_ns(struct wl_clock *clock)
{
	uint64_t now = clock->counter ? wl_clock_try(clock, __builtin_ia32_rdtsc()) : 0;

	return now != 0 ? now : wl_clock_kernel_ns();
}

/* A wall clock outside of these was never set. */
#define WL_CLOCK_YEAR_2000_NS 946684800000000000ull
#define WL_CLOCK_YEAR_2200_NS 7258118400000000000ull

/* Nanoseconds since 1970, for stamps that people read; follows steps of the wall clock at tend. */
static inline uint64_t wl_clock_wall_ns(const struct wl_clock *clock, uint64_t now_ns)
{
	return now_ns + (uint64_t)clock->wall_offset_ns;
}

#endif

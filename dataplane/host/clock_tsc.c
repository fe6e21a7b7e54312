/* SPDX-License-Identifier: BSD-3-Clause */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dataplane/host/clock.h"

#define CALIBRATION_NS 10000000
#define SECOND_NS 1000000000

static uint64_t read_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t wl_clock_kernel_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/* Both clocks at one moment: of some tries the one that took the least time. */
static struct wl_clock_pair read_pair(void)
{
	struct wl_clock_pair best = {0, 0};
	uint64_t best_width = UINT64_MAX;

	for (int i = 0; i < 8; i++) {
		uint64_t before = __builtin_ia32_rdtsc();
		uint64_t ns = wl_clock_kernel_ns();
		uint64_t width = __builtin_ia32_rdtsc() - before;

		if (width < best_width) {
			best_width = width;
			best = (struct wl_clock_pair){before + width / 2, ns};
		}
	}
	return best;
}

/* NULL when the counter runs at one rate, in all states of the CPU, and the kernel trusts it. */
static const char *counter_fault(void)
{
	unsigned a, b, c, d;
	char source[64] = "";
	FILE *file;

	if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || (d & (1u << 8)) == 0)
		return "the CPU's counter changes its rate";
	file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
	if (file == NULL)
		return NULL;
	if (fgets(source, sizeof(source), file) == NULL)
		source[0] = '\0';
	fclose(file);
	source[strcspn(source, "\n")] = '\0';
	/* These read the counter themselves; the kernel leaves them when it finds it unstable. */
	if (strcmp(source, "tsc") == 0 || strcmp(source, "kvm-clock") == 0 ||
	    strncmp(source, "hyperv_clocksource_tsc", 22) == 0)
		return NULL;
	return "the kernel does not use the CPU's counter";
}

static int64_t wall_offset(void)
{
	uint64_t before = wl_clock_kernel_ns();
	uint64_t wall = read_ns(CLOCK_REALTIME);
	uint64_t after = wl_clock_kernel_ns();

	return (int64_t)(wall - (before + (after - before) / 2));
}

void wl_clock_open(struct wl_clock *clock, char *reason, size_t reason_bytes)
{
	const char *fault = counter_fault();
	struct timespec pause = {0, CALIBRATION_NS};
	struct wl_clock_pair first;

	memset(clock, 0, sizeof(*clock));
	clock->wall_offset_ns = wall_offset();
	if (fault == NULL) {
		first = read_pair();
		nanosleep(&pause, NULL);
		if (!wl_clock_calibrate(clock, first, read_pair()))
			fault = "the CPU's counter does not keep step with the kernel";
	}
	if (reason != NULL && fault != NULL)
		snprintf(reason, reason_bytes, "time from the kernel: %s", fault);
	if (fault != NULL)
		return;
	if (reason != NULL)
		snprintf(reason, reason_bytes, "time from the CPU's counter, %.0f MHz",
			 4294967296e3 / (double)clock->ns_per_tick_32);
}

void wl_clock_tend(struct wl_clock *clock)
{
	clock->wall_offset_ns = wall_offset();
	if (clock->counter)
		wl_clock_correct(clock, read_pair());
}

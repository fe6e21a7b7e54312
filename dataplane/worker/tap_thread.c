/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/tap_thread.h"

#include "dataplane/base/check.h"

/* A port's functions are told the port and nothing else: what belongs to the thread that polls it stands here. */
static _Thread_local struct {
	struct wl_port_ops *ops;
	struct wl_clock *clock;
	struct wl_tap *tap;
	unsigned (*rx_burst)(struct wl_port *port, struct wl_frame *frames, unsigned max);
	unsigned (*tx_burst)(struct wl_port *port, struct wl_frame *frames, unsigned count);
} here;

static uint64_t wall_ns(void)
{
	return wl_clock_wall_ns(here.clock, wl_clock_now_ns(here.clock));
}

static unsigned rx_burst(struct wl_port *port, struct wl_frame *frames, unsigned max)
{
	unsigned count = here.rx_burst(port, frames, max);

	if (count != 0) {
		wl_tap_stage(here.tap, frames, count, WL_CAPTURE_RECEIVED, wall_ns());
		wl_tap_show(here.tap, count);
	}
	return count;
}

static unsigned tx_burst(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	unsigned taken;

	wl_tap_stage(here.tap, frames, count, WL_CAPTURE_SENT, wall_ns());
	taken = here.tx_burst(port, frames, count);
	wl_tap_show(here.tap, taken);
	return taken;
}

void wl_tap_thread_enter(struct wl_port_ops *ops, struct wl_clock *clock)
{
	here.ops = ops;
	here.clock = clock;
	here.tap = NULL;
	here.rx_burst = ops->rx_burst;
	here.tx_burst = ops->tx_burst;
}

void wl_tap_thread_set(struct wl_tap *tap)
{
	WL_CHECK(here.ops != NULL);
	here.tap = tap;
	here.ops->rx_burst = tap ? rx_burst : here.rx_burst;
	here.ops->tx_burst = tap ? tx_burst : here.tx_burst;
}

void wl_tap_thread_leave(void)
{
	wl_tap_thread_set(NULL);
	here.ops = NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a capture costs a poll loop, by frame received and sent: a port that does nothing, called directly, through a table that a tap may
 * stand in and does not, with a tap that wants no frame, and with one that copies each while somebody reads. The least of many rounds,
 * taken in turn; ratios to the first are what counts.
 *
 *	bench_tap [rounds, 200]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/frame.h"
#include "dataplane/worker/tap_thread.h"

#define BURST 32u
#define BURSTS 1000u
#define FRAME_BYTES 256u

enum way { DIRECT, OFF, FILTERED, COPIED, WAYS };

static uint8_t bytes[BURST][FRAME_BYTES];
static struct wl_frame frames[BURST];

static unsigned give(struct wl_port *port, struct wl_frame *to, unsigned max)
{
	(void)port;
	memcpy(to, frames, max * sizeof(to[0]));
	return max;
}

static unsigned take(struct wl_port *port, struct wl_frame *from, unsigned count)
{
	port->relayed += from[0].size;
	return count;
}

static void read_all(struct wl_tap *tap)
{
	uint32_t size;

	while (wl_byte_ring_look(&tap->ring, &size))
		wl_byte_ring_release(&tap->ring);
}

/* Of a frame that came and one that left. */
static double pass(struct wl_port *port, struct wl_clock *clock, struct wl_tap *tap)
{
	struct wl_frame burst[BURST];
	uint64_t spent_ns = 0;

	for (unsigned at = 0; at < BURSTS; at++) {
		uint64_t began_ns = wl_clock_now_ns(clock);

		port->ops->tx_burst(port, burst, port->ops->rx_burst(port, burst, BURST));
		spent_ns += wl_clock_now_ns(clock) - began_ns;
		if (tap)
			read_all(tap);
	}
	return (double)spent_ns / BURSTS / BURST;
}

static struct wl_tap *make_tap(uint32_t directions, uint64_t types)
{
	const struct wl_capture_request request = {.snap_bytes = WL_CAPTURE_SNAP_MAX,
						   .mib = 1,
						   .directions = directions,
						   .types = types};
	struct wl_tap *tap = aligned_alloc(64, (sizeof(*tap) + 63) & ~(size_t)63);
	void *memory = calloc(1, 1u << 20);

	if (!tap || !memory)
		exit(1);
	wl_tap_init(tap, &request, 0, memory);
	return tap;
}

static void make_frames(void)
{
	const struct wl_frame_header header = {.type = 10, .sender = 0x200, .destination = 0x100};
	const struct wl_address address = {.udp_port = 7700};

	for (unsigned at = 0; at < BURST; at++) {
		wl_frame_encode_header(bytes[at] + WL_FRAME_ENVELOPE_BYTES, &header);
		wl_frame_close_envelope(bytes[at], &address, &address,
					FRAME_BYTES - WL_FRAME_ENVELOPE_BYTES);
		frames[at] = (struct wl_frame){.bytes = bytes[at], .size = FRAME_BYTES};
	}
}

int main(int count, char **arguments)
{
	static const char *const names[] = {"direct", "off", "filtered", "copied"};
	unsigned rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 200;
	const struct wl_port_ops plain = {.rx_burst = give, .tx_burst = take};
	struct wl_port_ops table = plain;
	struct wl_port port = {0};
	struct wl_tap *taps[WAYS] = {[FILTERED] = make_tap(WL_CAPTURE_RECEIVED | WL_CAPTURE_SENT,
							   1u << 11),
				     [COPIED] = make_tap(WL_CAPTURE_RECEIVED | WL_CAPTURE_SENT, 0)};
	double least[WAYS] = {0};
	struct wl_clock clock;

	make_frames();
	wl_clock_open(&clock, NULL, 0);
	wl_tap_thread_enter(&table, &clock);
	for (unsigned round = 0; round < rounds; round++) {
		for (enum way way = DIRECT; way < WAYS; way++) {
			double ns;

			wl_tap_thread_set(taps[way]);
			port.ops = way == DIRECT ? &plain : &table;
			ns = pass(&port, &clock, taps[way]);
			if (round == 0 || ns < least[way])
				least[way] = ns;
		}
	}
	for (enum way way = DIRECT; way < WAYS; way++)
		printf("tap %-8s %7.2f ns a frame, received and sent: %.2fx\n", names[way],
		       least[way], least[way] / least[DIRECT]);
	return 0;
}

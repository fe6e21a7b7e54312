/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/steer.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/wire/frame.h"

#define ETHERTYPE_AT 12u
#define ETHERTYPE_IPV4 0x0800u
#define FRAGMENT_AT (WL_ETHER_BYTES + 6u) /* RFC 791 */
#define FRAGMENT_BITS 0x3fffu /* more of them, and where this one belongs */
#define PROTOCOL_AT (WL_ETHER_BYTES + 9u)
#define PROTOCOL_UDP 17u
#define PLAIN_IPV4 0x45u /* without options */
#define UDP_PORT_AT (WL_ETHER_BYTES + WL_IPV4_BYTES + 2u) /* RFC 768 */

static void add(_Atomic uint64_t *counter, uint64_t more)
{
	/* One writer: no locked instruction. */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

void wl_steer_init(struct wl_steer *steer, uint32_t owner, uint32_t workers, uint16_t udp_port)
{
	WL_CHECK(owner < workers && workers <= WIRELOG_WORKERS_MAX);
	memset(steer, 0, sizeof(*steer));
	steer->owner = owner;
	steer->workers = workers;
	steer->udp_port = udp_port;
	for (uint32_t worker = 0; worker < workers; worker++) {
		struct wl_steer_lane *lane = &steer->lanes[worker];

		wl_ring_init(&lane->in, lane->in_slots, sizeof(lane->in_slots[0]), WL_STEER_SLOTS);
		wl_ring_init(&lane->out, lane->out_slots, sizeof(lane->out_slots[0]),
			     WL_STEER_SLOTS);
	}
}

/* What wl_frame_open_envelope would take for UDP; whoever gets it checks the rest. */
static bool is_udp(const uint8_t *frame, size_t bytes)
{
	return bytes >= WL_FRAME_ENVELOPE_BYTES &&
	       wl_load_be16(frame + ETHERTYPE_AT) == ETHERTYPE_IPV4 &&
	       frame[WL_ETHER_BYTES] == PLAIN_IPV4 && frame[PROTOCOL_AT] == PROTOCOL_UDP &&
	       (wl_load_be16(frame + FRAGMENT_AT) & FRAGMENT_BITS) == 0;
}

uint32_t wl_steer_sort(struct wl_steer *steer, const uint8_t *frame, size_t bytes)
{
	uint16_t worker;

	if (!is_udp(frame, bytes))
		return steer->owner;
	worker = (uint16_t)(wl_load_be16(frame + UDP_PORT_AT) - steer->udp_port);
	if (worker < steer->workers)
		return worker;
	add(&steer->counters.strange, 1);
	return steer->owner;
}

bool wl_steer_give(struct wl_steer *steer, uint32_t worker, void *handle)
{
	bool given = wl_ring_push(&steer->lanes[worker].in, &handle);

	add(given ? &steer->counters.over : &steer->counters.dropped, 1);
	return given;
}

static unsigned pop(struct wl_ring *ring, void **handles, unsigned max)
{
	unsigned taken = 0;

	while (taken < max && wl_ring_pop(ring, &handles[taken]))
		taken++;
	return taken;
}

unsigned wl_steer_take(struct wl_steer *steer, uint32_t worker, void **handles, unsigned max)
{
	return pop(&steer->lanes[worker].in, handles, max);
}

unsigned wl_steer_send(struct wl_steer *steer, uint32_t worker, void *const *handles,
		       unsigned count)
{
	unsigned taken = 0;

	while (taken < count && wl_ring_push(&steer->lanes[worker].out, &handles[taken]))
		taken++;
	return taken;
}

unsigned wl_steer_collect(struct wl_steer *steer, void **handles, unsigned max)
{
	unsigned taken = 0;

	for (uint32_t at = 0; at < steer->workers && taken < max; at++) {
		uint32_t worker = (steer->turn + at) % steer->workers;

		taken += pop(&steer->lanes[worker].out, handles + taken, max - taken);
	}
	steer->turn = (steer->turn + 1) % steer->workers;
	add(&steer->counters.back, taken);
	return taken;
}

unsigned wl_steer_drain(struct wl_steer *steer, void **handles, unsigned max)
{
	unsigned taken = 0;

	for (uint32_t worker = 0; worker < steer->workers; worker++) {
		taken += pop(&steer->lanes[worker].in, handles + taken, max - taken);
		taken += pop(&steer->lanes[worker].out, handles + taken, max - taken);
	}
	return taken;
}

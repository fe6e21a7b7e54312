/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A memif client of any kind: its messages, and its memory while the server's end of the rings is used. What is
 * taken of an offer lies in its region; no frame is read from or written to a byte outside of it (the region ends where the
 * sanitizer looks); frames are never longer than they may be; a broken ring stays quiet.
 *
 * Input: one byte for the size of rings, the number of messages, those, and then steps: bytes written
 * into the memory, frames taken, frames sent.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/nic/memif_message.h"
#include "dataplane/nic/memif_ring.h"
#include "tests/fuzz/input.h"

#define LOG2_MAX 4u
#define FRAME_BYTES 128u
#define BUFFER_BYTES 256u
#define REGION_BYTES_MAX 65536u
#define STEPS_MAX 200u
#define PLACES 32u

static const struct wl_memif_limits limits = {FRAME_BYTES, BUFFER_BYTES, LOG2_MAX};
static uint8_t frame[FRAME_BYTES];

static void hear_messages(struct fuzz_input *input, struct wl_memif_offer *offer)
{
	unsigned count = fuzz_u8(input) % 8;

	for (unsigned at = 0; at < count; at++) {
		uint8_t message[WL_MEMIF_MESSAGE_BYTES] = {0};
		const uint8_t *bytes;
		size_t size;
		uint32_t id;

		bytes = fuzz_take(input, sizeof(message), &size);
		memcpy(message, bytes, size);
		wl_memif_offer_take(offer, &limits, message);
		wl_memif_init_fault(message, &id);
		FUZZ_PROMISE(wl_memif_hello_ring_log2(message, LOG2_MAX) <= LOG2_MAX);
		wl_memif_hello_mtu(message);
	}
}

static void check_place(const struct wl_memif_ring *ring, const struct wl_memif_place *place)
{
	if (place->size == 0)
		return;
	FUZZ_PROMISE(place->bytes >= ring->region &&
		     place->bytes + place->size <= ring->region + ring->region_bytes);
	FUZZ_PROMISE(ring->sends || place->size <= FRAME_BYTES);
}

static void receive(struct wl_memif_ring *ring, unsigned max)
{
	struct wl_memif_place places[PLACES];
	unsigned count = wl_memif_ring_take(ring, places, max % (PLACES + 1));

	FUZZ_PROMISE(count <= ring->slots && !(ring->broken && count != 0));
	for (unsigned at = 0; at < count; at++) {
		check_place(ring, &places[at]);
		memcpy(frame, places[at].bytes, places[at].size);
	}
	wl_memif_ring_publish(ring);
}

static void transmit(struct wl_memif_ring *ring, unsigned max, uint32_t bytes)
{
	struct wl_memif_place places[PLACES];
	unsigned count = wl_memif_ring_take(ring, places, max % (PLACES + 1));

	FUZZ_PROMISE(count <= ring->slots && !(ring->broken && count != 0));
	for (unsigned at = 0; at < count; at++) {
		check_place(ring, &places[at]);
		if (!wl_memif_ring_fill(ring, &places[at], frame, bytes % (FRAME_BYTES + 1)))
			FUZZ_PROMISE(ring->broken);
	}
	wl_memif_ring_publish(ring);
}

static void write_memory(struct fuzz_input *input, uint8_t *region, uint32_t region_bytes)
{
	uint32_t at = fuzz_u16(input) % region_bytes;
	size_t size;
	const uint8_t *bytes = fuzz_take(input, 1 + fuzz_u8(input) % 16, &size);

	if (size > region_bytes - at)
		size = region_bytes - at;
	memcpy(region + at, bytes, size);
}

static struct wl_memif_ring_shape shape_of(const struct wl_memif_offered_ring *offer, bool sends)
{
	return (struct wl_memif_ring_shape){offer->offset, FRAME_BYTES, offer->log2, sends};
}

/* What a client of ours would have laid out; the input changes it as it likes. */
static void lay_out(const struct wl_memif_offer *offer, uint8_t *region)
{
	uint32_t bytes = (uint32_t)offer->region_bytes;
	uint32_t buffers = bytes - (BUFFER_BYTES << offer->to_server.log2) / 2;
	struct wl_memif_ring_shape to_server = shape_of(&offer->to_server, true);
	struct wl_memif_ring_shape to_client = shape_of(&offer->to_client, false);
	struct wl_memif_ring ring;

	wl_memif_ring_make(&ring, region, bytes, &to_server, buffers);
	wl_memif_ring_make(&ring, region, bytes, &to_client, buffers);
	wl_memif_ring_start(&ring);
}

static void use_rings(struct fuzz_input *input, const struct wl_memif_offer *offer)
{
	uint32_t bytes = (uint32_t)offer->region_bytes;
	struct wl_memif_ring_shape to_server = shape_of(&offer->to_server, false);
	struct wl_memif_ring_shape to_client = shape_of(&offer->to_client, true);
	struct wl_memif_ring rx, tx;
	void *memory = NULL;
	uint8_t *region;

	FUZZ_PROMISE(posix_memalign(&memory, 64, bytes) == 0);
	region = memory;
	memset(region, 0, bytes);
	lay_out(offer, region);
	if (wl_memif_ring_open(&rx, region, bytes, &to_server) &&
	    wl_memif_ring_open(&tx, region, bytes, &to_client)) {
		for (unsigned step = 0; step < STEPS_MAX && fuzz_left(input) > 0; step++) {
			uint8_t what = fuzz_u8(input);

			if (what % 4 == 0)
				receive(&rx, what / 4);
			else if (what % 4 == 1)
				transmit(&tx, what / 4, fuzz_u8(input));
			else
				write_memory(input, region, bytes);
		}
	}
	free(region);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);
	struct wl_memif_offer offer = {0};
	bool mtu;

	hear_messages(&input, &offer);
	if (wl_memif_offer_fault(&offer, &limits, &mtu))
		return 0;
	FUZZ_PROMISE(!mtu && offer.region_bytes <= REGION_BYTES_MAX);
	FUZZ_PROMISE((uint64_t)offer.to_server.offset + wl_memif_ring_bytes(offer.to_server.log2) <=
		     offer.region_bytes);
	FUZZ_PROMISE((uint64_t)offer.to_client.offset + wl_memif_ring_bytes(offer.to_client.log2) <=
		     offer.region_bytes);
	use_rings(&input, &offer);
	return 0;
}

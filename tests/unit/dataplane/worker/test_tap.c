/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/tap.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"
#include "tests/unit/runner.h"

#define CLIENT 0x80001234u

struct bed {
	struct wl_tap *tap;
	uint8_t *memory;
	uint8_t bytes[8][256];
	struct wl_frame frames[8];
	unsigned count;
};

static const struct wl_capture_request everything = {
	.snap_bytes = WL_CAPTURE_SNAP_MAX,
	.mib = 1,
	.directions = WL_CAPTURE_RECEIVED | WL_CAPTURE_SENT,
};

static void set_up(struct bed *bed, struct wl_capture_request request)
{
	memset(bed, 0, sizeof(*bed));
	bed->tap = aligned_alloc(64, (sizeof(*bed->tap) + 63) & ~(size_t)63);
	bed->memory = malloc(1u << 20);
	wl_tap_init(bed->tap, &request, 3, bed->memory);
}

static void tear_down(struct bed *bed)
{
	free(bed->tap);
	free(bed->memory);
}

/* One more in the burst: by who sends it, to whom. */
static void add(struct bed *bed, uint8_t type, wl_identity from, wl_identity to, uint16_t journal)
{
	const struct wl_address address = {.ipv4 = 0x0a000001, .udp_port = 7700};
	const struct wl_frame_header header = {.type = type,
					       .payload_bytes = 20,
					       .journal = journal,
					       .sender = from,
					       .destination = to};
	uint8_t *bytes = bed->bytes[bed->count];

	wl_frame_encode_header(bytes + WL_FRAME_ENVELOPE_BYTES, &header);
	wl_frame_close_envelope(bytes, &address, &address, WL_FRAME_HEADER_BYTES + 20);
	bed->frames[bed->count] =
		(struct wl_frame){.bytes = bytes,
				  .size = WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + 20,
				  .link = (uint16_t)bed->count};
	bed->count++;
}

/* What became of the burst: which of its frames are there, as bits by their links. */
static unsigned seen(struct bed *bed)
{
	unsigned bits = 0;
	const uint8_t *string;
	uint32_t bytes;

	while ((string = wl_byte_ring_look(&bed->tap->ring, &bytes)) != NULL) {
		bits |= 1u << string[26];
		wl_byte_ring_release(&bed->tap->ring);
	}
	return bits;
}

static unsigned receive(struct bed *bed)
{
	wl_tap_stage(bed->tap, bed->frames, bed->count, WL_CAPTURE_RECEIVED, 5);
	wl_tap_show(bed->tap, bed->count);
	return seen(bed);
}

static unsigned transmit(struct bed *bed, unsigned taken)
{
	wl_tap_stage(bed->tap, bed->frames, bed->count, WL_CAPTURE_SENT, 5);
	wl_tap_show(bed->tap, taken);
	return seen(bed);
}

/* 0: an entry from node 2; 1: an answer to it; 2: a client's append to journal 1; 3: no frame of ours. */
static void add_four(struct bed *bed)
{
	add(bed, WL_WIRE_APPEND, 2 << 8, 1 << 8, 0);
	add(bed, WL_WIRE_APPEND_ACK, 1 << 8, 2 << 8, 0);
	add(bed, WL_WIRE_CLIENT_APPEND, CLIENT, 1 << 8, 1);
	add(bed, WL_WIRE_APPEND, 2 << 8, 1 << 8, 0);
	bed->bytes[3][12] = 0x08, bed->bytes[3][13] = 0x06;
}

static void a_frame_is_there_as_it_was(void)
{
	struct wl_capture_frame frame;
	struct bed bed;
	uint8_t packet[512];
	size_t offset = WL_CAPTURE_HEAD_BYTES;
	const uint8_t *string;
	uint32_t bytes;

	set_up(&bed, everything);
	add(&bed, WL_WIRE_APPEND, 2 << 8, 1 << 8, 0);
	bed.frames[0].link = 9;
	wl_tap_stage(bed.tap, bed.frames, 1, WL_CAPTURE_SENT, 123456789);
	wl_tap_show(bed.tap, 1);
	string = wl_byte_ring_look(&bed.tap->ring, &bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(string);
	memset(packet, 0, sizeof(packet));
	memcpy(packet + offset, string, bytes);
	CU_ASSERT(wl_capture_next_frame(packet, sizeof(packet), &offset, &frame));
	CU_ASSERT(frame.time_ns == 123456789 && frame.worker == 3 && frame.link == 9 &&
		  frame.direction == WL_CAPTURE_SENT && frame.lost == 0);
	CU_ASSERT(frame.bytes == bed.frames[0].size && frame.whole_bytes == bed.frames[0].size);
	CU_ASSERT_EQUAL(memcmp(frame.data, bed.bytes[0], frame.bytes), 0);
	tear_down(&bed);
}

static void a_frame_is_cut_to_the_snap_length(void)
{
	struct wl_capture_request request = everything;
	const uint8_t *string;
	struct bed bed;
	uint32_t bytes;

	request.snap_bytes = 64;
	set_up(&bed, request);
	add(&bed, WL_WIRE_APPEND, 2 << 8, 1 << 8, 0);
	wl_tap_stage(bed.tap, bed.frames, 1, WL_CAPTURE_SENT, 1);
	wl_tap_show(bed.tap, 1);
	string = wl_byte_ring_look(&bed.tap->ring, &bytes);
	CU_ASSERT_EQUAL(bytes, WL_CAPTURE_FRAME_BYTES + 64);
	CU_ASSERT(string[16] == 134 && string[20] == 64);
	tear_down(&bed);
}

static void frames_are_chosen_by_what_is_asked_for(void)
{
	const struct {
		struct wl_capture_request request;
		unsigned received, sent;
	} cases[] = {
		{{.directions = 3}, 0xf, 0xf},
		{{.directions = WL_CAPTURE_RECEIVED}, 0xf, 0},
		{{.directions = WL_CAPTURE_SENT}, 0, 0xf},
		/* Who is at the other end: the sender of what came, the destination of what leaves. */
		{{.directions = 3, .peers = 1 << 2}, 0x1, 0x2},
		{{.directions = 3, .peers = 1 << 1}, 0x2, 0x5},
		{{.directions = 3, .peers = 1}, 0x4, 0},
		{{.directions = 3, .peers = 1 | 1 << 2}, 0x5, 0x2},
		{{.directions = 3, .types = 1ull << WL_WIRE_APPEND}, 0x1, 0x1},
		{{.directions = 3, .types = 1ull << WL_WIRE_APPEND | 1ull << WL_WIRE_CLIENT_APPEND},
		 0x5,
		 0x5},
		{{.directions = 3, .journals = 1 << 1}, 0x4, 0x4},
		{{.directions = 3, .journals = 1 << 0}, 0x3, 0x3},
		{{.directions = 3, .journals = 3}, 0x7, 0x7},
		{{.directions = 3, .peers = 1 << 2, .types = 1ull << WL_WIRE_APPEND, .journals = 1},
		 0x1,
		 0},
		{{.directions = 3, .peers = 1 << 7}, 0, 0},
	};

	for (unsigned at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		struct wl_capture_request request = cases[at].request;
		struct bed bed;

		request.snap_bytes = 1000;
		request.mib = 1;
		set_up(&bed, request);
		add_four(&bed);
		CU_ASSERT_EQUAL(receive(&bed), cases[at].received);
		CU_ASSERT_EQUAL(transmit(&bed, 4), cases[at].sent);
		CU_ASSERT_EQUAL(bed.tap->links[0].seen, 2);
		CU_ASSERT_EQUAL(bed.tap->links[0].chosen,
				(cases[at].received & 1) + (cases[at].sent & 1));
		tear_down(&bed);
	}
}

/* Whatever is wrong with it: with nothing asked for it is there, with anything asked for it is not. */
static void what_is_not_ours_is_not_chosen_by_its_bytes(void)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} wrong[] = {{12, 0x86}, {14, 0x46}, {23, 6}, {42, 'X'}, {46, WL_FRAME_VERSION + 1}};
	struct wl_capture_request request = everything;
	struct bed bed;

	request.types = UINT64_MAX;
	for (unsigned at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++) {
		set_up(&bed, request);
		add(&bed, WL_WIRE_APPEND, 2 << 8, 1 << 8, 0);
		CU_ASSERT_EQUAL(receive(&bed), 1);
		bed.bytes[0][wrong[at].at] = wrong[at].byte;
		CU_ASSERT_EQUAL(receive(&bed), 0);
		bed.tap->request = everything;
		CU_ASSERT_EQUAL(receive(&bed), 1);
		tear_down(&bed);
	}
	/* Too short for a header, a type that no mask has. */
	set_up(&bed, request);
	add(&bed, WL_WIRE_APPEND, 2 << 8, 1 << 8, 0);
	bed.frames[0].size = WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES - 1;
	CU_ASSERT_EQUAL(receive(&bed), 0);
	bed.frames[0].size++;
	CU_ASSERT_EQUAL(receive(&bed), 1);
	bed.bytes[0][47] = 64;
	CU_ASSERT_EQUAL(receive(&bed), 0);
	tear_down(&bed);
}

static void what_the_port_did_not_take_never_was(void)
{
	for (unsigned taken = 0; taken <= 4; taken++) {
		struct bed bed;

		set_up(&bed, everything);
		add_four(&bed);
		CU_ASSERT_EQUAL(transmit(&bed, taken), (1u << taken) - 1);
		for (unsigned at = 0; at < 4; at++) {
			CU_ASSERT_EQUAL(bed.tap->links[at].seen, at < taken);
			CU_ASSERT_EQUAL(bed.tap->links[at].chosen, at < taken);
		}
		CU_ASSERT_EQUAL(transmit(&bed, 4), 0xf);
		tear_down(&bed);
	}
}

/* Of one link, so that a frame says what was lost before it. */
static void what_has_no_room_is_counted_and_told_by_the_next_one(void)
{
	unsigned kept = 0, lost = 0;
	const uint8_t *string;
	struct bed bed;
	uint32_t bytes;

	set_up(&bed, everything);
	add(&bed, WL_WIRE_APPEND, 2 << 8, 1 << 8, 0);
	for (unsigned at = 0; at < 10000; at++) {
		wl_tap_stage(bed.tap, bed.frames, 1, WL_CAPTURE_RECEIVED, at);
		wl_tap_show(bed.tap, 1);
	}
	lost = (unsigned)bed.tap->links[0].lost;
	CU_ASSERT_EQUAL(bed.tap->links[0].chosen, 10000);
	CU_ASSERT(lost > 0 && bed.tap->links[0].lost_since == lost);
	/* A burst that found no room, and was not sent either: not lost. */
	wl_tap_stage(bed.tap, bed.frames, 1, WL_CAPTURE_SENT, 1);
	wl_tap_show(bed.tap, 0);
	CU_ASSERT(bed.tap->links[0].lost == lost && bed.tap->links[0].lost_since == lost);
	while ((string = wl_byte_ring_look(&bed.tap->ring, &bytes)) != NULL) {
		CU_ASSERT(string[8] == 0 && string[9] == 0);
		wl_byte_ring_release(&bed.tap->ring);
		kept++;
	}
	CU_ASSERT_EQUAL(kept + lost, 10000);
	/* Taken back, it is told by the one behind it. */
	wl_tap_stage(bed.tap, bed.frames, 1, WL_CAPTURE_SENT, 1);
	wl_tap_show(bed.tap, 0);
	wl_tap_stage(bed.tap, bed.frames, 1, WL_CAPTURE_SENT, 1);
	wl_tap_show(bed.tap, 1);
	string = wl_byte_ring_look(&bed.tap->ring, &bytes);
	CU_ASSERT_EQUAL((unsigned)(string[8] | string[9] << 8), lost);
	CU_ASSERT_EQUAL(bed.tap->links[0].lost_since, 0);
	tear_down(&bed);
}

static void a_burst_has_its_bounds(void)
{
	struct bed bed;

	set_up(&bed, everything);
	add_four(&bed);
	WL_ASSERT_STOPS(
		wl_tap_stage(bed.tap, bed.frames, WL_TAP_BURST_MAX + 1, WL_CAPTURE_SENT, 1));
	wl_tap_stage(bed.tap, bed.frames, 4, WL_CAPTURE_SENT, 1);
	WL_ASSERT_STOPS(wl_tap_show(bed.tap, 5));
	tear_down(&bed);
}

WL_SUITE(tap)
{
	WL_TEST(a_frame_is_there_as_it_was),
	WL_TEST(a_frame_is_cut_to_the_snap_length),
	WL_TEST(frames_are_chosen_by_what_is_asked_for),
	WL_TEST(what_is_not_ours_is_not_chosen_by_its_bytes),
	WL_TEST(what_the_port_did_not_take_never_was),
	WL_TEST(what_has_no_room_is_counted_and_told_by_the_next_one),
	WL_TEST(a_burst_has_its_bounds),
};

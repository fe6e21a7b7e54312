/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/capture_stream_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/runner.h"

#define FRAME_BYTES 200u

struct bed {
	struct wl_capture_stream stream;
	void *memory[2];
	int reader;
	uint8_t packet[WL_CAPTURE_PACKET_BYTES_MAX];
};

static void describe(void *context, struct wl_capture_link *link)
{
	(void)context;
	snprintf(link->name, sizeof(link->name), "link %u of %u", link->link, link->worker);
}

static struct bed *set_up(void)
{
	const struct wl_capture_request request = {.snap_bytes = 1000,
						   .mib = 1,
						   .directions = WL_CAPTURE_RECEIVED};
	struct bed *bed = calloc(1, sizeof(*bed));
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	bed->stream.connection = ends[0];
	bed->reader = ends[1];
	bed->stream.describe = describe;
	for (unsigned at = 0; at < 2; at++) {
		bed->memory[at] = malloc(1u << 20);
		bed->stream.taps[at] = aligned_alloc(64, (sizeof(struct wl_tap) + 63) & ~63ul);
		wl_tap_init(bed->stream.taps[at], &request, (uint16_t)at, bed->memory[at]);
	}
	bed->stream.tap_count = 2;
	return bed;
}

static void tear_down(struct bed *bed)
{
	for (unsigned at = 0; at < 2; at++) {
		free(bed->stream.taps[at]);
		free(bed->memory[at]);
	}
	if (bed->reader >= 0)
		close(bed->reader);
	close(bed->stream.connection);
	free(bed);
}

static void come(struct bed *bed, unsigned worker, uint16_t link, uint64_t time_ns)
{
	static uint8_t bytes[FRAME_BYTES];
	struct wl_frame frame = {.bytes = bytes, .size = FRAME_BYTES, .link = link};

	wl_tap_stage(bed->stream.taps[worker], &frame, 1, WL_CAPTURE_RECEIVED, time_ns);
	wl_tap_show(bed->stream.taps[worker], 1);
}

/* The next packet's size; 0: none is there. */
static size_t receive(struct bed *bed)
{
	ssize_t got = recv(bed->reader, bed->packet, sizeof(bed->packet), MSG_DONTWAIT);

	return got > 0 ? (size_t)got : 0;
}

static void frames_of_all_workers_come_by_their_time_behind_their_links(void)
{
	struct bed *bed = set_up();
	uint64_t last_ns = 0, frames = 0, links = 0;
	bool told[2] = {false};
	size_t size;

	for (uint64_t at = 0; at < 100; at++)
		come(bed, (unsigned)(at * 7 % 5 % 2), 3, 1000 + at);
	CU_ASSERT_EQUAL(wl_capture_stream_move(&bed->stream), WL_CAPTURE_STREAM_EMPTY);
	while ((size = receive(bed)) != 0) {
		size_t offset = WL_CAPTURE_HEAD_BYTES;
		struct wl_capture_frame frame;
		struct wl_capture_link link;

		if (wl_capture_decode_link(bed->packet, size, &link)) {
			told[link.worker] = true;
			links++;
			continue;
		}
		while (wl_capture_next_frame(bed->packet, size, &offset, &frame)) {
			CU_ASSERT(frame.time_ns > last_ns && told[frame.worker]);
			last_ns = frame.time_ns;
			frames++;
		}
		CU_ASSERT_EQUAL(offset, size);
	}
	CU_ASSERT(frames == 100 && links == 2);
	CU_ASSERT(bed->stream.frames == 100 && bed->stream.bytes == 100 * FRAME_BYTES);
	tear_down(bed);
}

static void what_a_reader_does_not_take_stays_and_then_is_lost(void)
{
	struct bed *bed = set_up();
	enum wl_capture_stream_state state;
	uint64_t came = 0, read = 0;
	struct wl_capture_total total;
	enum wl_capture_end why;
	size_t size;

	do {
		for (unsigned at = 0; at < 100; at++)
			come(bed, 0, 1, ++came);
		state = wl_capture_stream_move(&bed->stream);
	} while (state == WL_CAPTURE_STREAM_EMPTY && came < 1000000);
	CU_ASSERT_EQUAL(state, WL_CAPTURE_STREAM_FULL);
	while (bed->stream.taps[0]->links[1].lost == 0)
		come(bed, 0, 1, ++came);
	/* It reads again: all that was kept comes, and what was not is told. */
	for (bool ended = false; !ended;) {
		size_t offset = WL_CAPTURE_HEAD_BYTES;
		struct wl_capture_frame frame;

		state = wl_capture_stream_move(&bed->stream);
		if (state == WL_CAPTURE_STREAM_EMPTY)
			state = wl_capture_stream_end(&bed->stream, WL_CAPTURE_ASKED);
		while ((size = receive(bed)) != 0) {
			offset = WL_CAPTURE_HEAD_BYTES;
			if (wl_capture_decode_end(bed->packet, size, &why))
				break;
			while (wl_capture_kind_of(bed->packet, size) == WL_CAPTURE_FRAMES &&
			       wl_capture_next_frame(bed->packet, size, &offset, &frame))
				read++;
		}
		ended = size != 0;
	}
	CU_ASSERT(
		wl_capture_next_total(bed->packet, size, &(size_t){WL_CAPTURE_HEAD_BYTES}, &total));
	CU_ASSERT_EQUAL(total.chosen, came);
	CU_ASSERT_EQUAL(total.lost, wl_capture_stream_total(&bed->stream).lost);
	CU_ASSERT_EQUAL(read + total.lost, came);
	tear_down(bed);
}

static void a_reader_that_is_gone_is_told_apart(void)
{
	struct bed *bed = set_up();

	CU_ASSERT_EQUAL(wl_capture_stream_move(&bed->stream), WL_CAPTURE_STREAM_EMPTY);
	come(bed, 0, 1, 1);
	close(bed->reader);
	bed->reader = -1;
	CU_ASSERT_EQUAL(wl_capture_stream_move(&bed->stream), WL_CAPTURE_STREAM_GONE);
	tear_down(bed);
}

static void the_largest_frames_have_room_in_a_packet(void)
{
	static uint8_t bytes[65535];
	struct wl_frame frame = {.bytes = bytes, .size = 65535};
	struct bed *bed = set_up();
	struct wl_capture_frame read;
	size_t size, offset = WL_CAPTURE_HEAD_BYTES;

	bed->stream.taps[0]->request.snap_bytes = WL_CAPTURE_SNAP_MAX;
	wl_tap_stage(bed->stream.taps[0], &frame, 1, WL_CAPTURE_RECEIVED, 1);
	wl_tap_show(bed->stream.taps[0], 1);
	CU_ASSERT_EQUAL(wl_capture_stream_move(&bed->stream), WL_CAPTURE_STREAM_EMPTY);
	CU_ASSERT(receive(bed) != 0);
	size = receive(bed);
	CU_ASSERT(wl_capture_next_frame(bed->packet, size, &offset, &read));
	CU_ASSERT(read.bytes == 65535 && offset == size);
	tear_down(bed);
}

WL_SUITE(capture_stream)
{
	WL_TEST(frames_of_all_workers_come_by_their_time_behind_their_links),
	WL_TEST(what_a_reader_does_not_take_stays_and_then_is_lost),
	WL_TEST(a_reader_that_is_gone_is_told_apart),
	WL_TEST(the_largest_frames_have_room_in_a_packet),
};

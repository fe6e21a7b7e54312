/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/capture.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/runner.h"

static const struct wl_capture_request all = {.snap_bytes = 65535,
					      .mib = 16,
					      .directions = 3,
					      .peers = 0xff,
					      .types = UINT64_MAX,
					      .journals = 0xffff};

static void a_request_comes_back_as_it_was_printed(void)
{
	const struct wl_capture_request requests[] = {
		all,
		{.snap_bytes = 64, .mib = 1, .directions = 1},
		{.snap_bytes = 114,
		 .mib = 1024,
		 .directions = 2,
		 .peers = 5,
		 .types = 1ull << 63,
		 .journals = 0x8001},
	};

	for (unsigned at = 0; at < sizeof(requests) / sizeof(requests[0]); at++) {
		char text[WL_CAPTURE_REQUEST_BYTES];
		struct wl_capture_request read;

		memset(&read, 0xff, sizeof(read));
		wl_capture_print_request(&requests[at], text);
		CU_ASSERT(wl_capture_parse_request(text, &read));
		CU_ASSERT_EQUAL(read.snap_bytes, requests[at].snap_bytes);
		CU_ASSERT_EQUAL(read.mib, requests[at].mib);
		CU_ASSERT_EQUAL(read.directions, requests[at].directions);
		CU_ASSERT_EQUAL(read.peers, requests[at].peers);
		CU_ASSERT_EQUAL(read.types, requests[at].types);
		CU_ASSERT_EQUAL(read.journals, requests[at].journals);
	}
}

static void what_is_no_request_is_refused(void)
{
	static const char *const texts[] = {
		"",
		"64",
		"64,1,1,0,0",
		"64,1,1,0,0,",
		"64,1,1,0,0,0,",
		"64,1,1,0,0,0,0",
		"64,1,1,0,0,0 ",
		" 64,1,1,0,0,0",
		"-64,1,1,0,0,0",
		"64,1,,0,0,0",
		"63,1,1,0,0,0",
		"65536,1,1,0,0,0",
		"64,0,1,0,0,0",
		"64,3,1,0,0,0",
		"64,2048,1,0,0,0",
		"64,1,0,0,0,0",
		"64,1,4,0,0,0",
		"64,1,1,100,0,0",
		"64,1,1,0,0,10000",
		"64,1,1,0,00000000000000000,0",
		"64,1,1,0,0x1,0",
		"a,1,1,0,0,0",
	};

	for (unsigned at = 0; at < sizeof(texts) / sizeof(texts[0]); at++) {
		struct wl_capture_request read;

		CU_ASSERT_FALSE(wl_capture_parse_request(texts[at], &read));
	}
}

static size_t put_frame(uint8_t *packet, size_t used, const struct wl_capture_frame *frame)
{
	memset(packet + used, 0, wl_capture_frame_room(frame->bytes));
	wl_capture_encode_frame(packet + used, frame);
	memset(packet + used + WL_CAPTURE_FRAME_BYTES, (int)frame->time_ns, frame->bytes);
	return used + wl_capture_frame_room(frame->bytes);
}

static size_t make_frames(uint8_t *packet)
{
	size_t used = WL_CAPTURE_HEAD_BYTES;

	wl_capture_encode_head(packet, WL_CAPTURE_FRAMES, 0);
	used = put_frame(packet, used,
			 &(struct wl_capture_frame){.time_ns = 1,
						    .whole_bytes = 60,
						    .bytes = 60,
						    .worker = 2,
						    .link = 3,
						    .direction = 1});
	used = put_frame(packet, used,
			 &(struct wl_capture_frame){.time_ns = 2,
						    .lost = 9,
						    .whole_bytes = 1514,
						    .bytes = 65,
						    .link = 63,
						    .direction = 2});
	return put_frame(
		packet, used,
		&(struct wl_capture_frame){.time_ns = 3, .whole_bytes = 0, .direction = 2});
}

static void frames_come_back_in_their_order(void)
{
	uint8_t packet[512];
	size_t size = make_frames(packet), offset = WL_CAPTURE_HEAD_BYTES;
	struct wl_capture_frame frame;

	CU_ASSERT_EQUAL(wl_capture_kind_of(packet, size), WL_CAPTURE_FRAMES);
	CU_ASSERT(wl_capture_next_frame(packet, size, &offset, &frame));
	CU_ASSERT(frame.time_ns == 1 && frame.lost == 0 && frame.whole_bytes == 60 &&
		  frame.bytes == 60 && frame.worker == 2 && frame.link == 3 &&
		  frame.direction == WL_CAPTURE_RECEIVED);
	CU_ASSERT(wl_capture_next_frame(packet, size, &offset, &frame));
	CU_ASSERT(frame.time_ns == 2 && frame.lost == 9 && frame.whole_bytes == 1514 &&
		  frame.bytes == 65 && frame.link == 63 && frame.direction == WL_CAPTURE_SENT);
	CU_ASSERT(frame.data[0] == 2 && frame.data[64] == 2);
	CU_ASSERT(wl_capture_next_frame(packet, size, &offset, &frame));
	CU_ASSERT_FALSE(wl_capture_next_frame(packet, size, &offset, &frame));
	CU_ASSERT_EQUAL(offset, size);
}

static unsigned count_frames(const uint8_t *packet, size_t size, size_t *offset)
{
	struct wl_capture_frame frame;
	unsigned count = 0;

	for (*offset = WL_CAPTURE_HEAD_BYTES; wl_capture_next_frame(packet, size, offset, &frame);)
		count++;
	return count;
}

static void a_cut_packet_does_not_end_where_it_should(void)
{
	uint8_t packet[512];
	size_t size = make_frames(packet), offset;

	for (size_t cut = WL_CAPTURE_HEAD_BYTES + 1; cut < size; cut++) {
		unsigned count = count_frames(packet, cut, &offset);

		CU_ASSERT(count < 3 && offset <= cut);
		/* Where one ends it may as well be the last. */
		if (offset == cut)
			CU_ASSERT(count > 0);
	}
}

static void frames_that_cannot_be_are_refused(void)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} wrong[] = {{20, 61}, {23, 0xff}, {28, 0}, {28, 3}, {29, 1}, {31, 1}};

	for (unsigned at = 0; at < sizeof(wrong) / sizeof(wrong[0]); at++) {
		uint8_t packet[512];
		size_t size = make_frames(packet), offset;

		packet[WL_CAPTURE_HEAD_BYTES + wrong[at].at] = wrong[at].byte;
		CU_ASSERT_EQUAL(count_frames(packet, size, &offset), 0);
		CU_ASSERT_EQUAL(offset, WL_CAPTURE_HEAD_BYTES);
	}
}

static void a_link_has_its_name(void)
{
	struct wl_capture_link link = {.layer = WL_CAPTURE_IPV4,
				       .worker = 1,
				       .link = 7,
				       .name = "udp 127.0.0.1:7700"},
			       read;
	uint8_t packet[WL_CAPTURE_HEAD_BYTES + WL_CAPTURE_NAME_BYTES];
	size_t size = wl_capture_encode_link(packet, &link);

	CU_ASSERT_EQUAL(size, WL_CAPTURE_HEAD_BYTES + strlen(link.name));
	CU_ASSERT(wl_capture_decode_link(packet, size, &read));
	CU_ASSERT(read.layer == WL_CAPTURE_IPV4 && read.worker == 1 && read.link == 7);
	CU_ASSERT_STRING_EQUAL(read.name, link.name);
	CU_ASSERT_FALSE(wl_capture_decode_link(packet, size - 1, &read));
	CU_ASSERT_FALSE(wl_capture_decode_link(packet, size + 1, &read));
	packet[9] = '\n';
	CU_ASSERT(wl_capture_decode_link(packet, size, &read));
	CU_ASSERT_STRING_EQUAL(read.name, "u?p 127.0.0.1:7700");
	packet[1] = 2;
	CU_ASSERT_FALSE(wl_capture_decode_link(packet, size, &read));
}

static void totals_say_why_and_how_many(void)
{
	uint8_t packet[WL_CAPTURE_HEAD_BYTES + 2 * WL_CAPTURE_TOTAL_BYTES];
	struct wl_capture_total total;
	size_t offset = WL_CAPTURE_HEAD_BYTES;
	enum wl_capture_end why;

	wl_capture_encode_head(packet, WL_CAPTURE_TOTALS, WL_CAPTURE_NODE_ENDS);
	wl_capture_encode_total(packet + 8, &(struct wl_capture_total){1, 2, 30, 20, 10});
	wl_capture_encode_total(packet + 40, &(struct wl_capture_total){0, 5, 7, 0, 0});
	CU_ASSERT(wl_capture_decode_end(packet, sizeof(packet), &why));
	CU_ASSERT_EQUAL(why, WL_CAPTURE_NODE_ENDS);
	CU_ASSERT(wl_capture_next_total(packet, sizeof(packet), &offset, &total));
	CU_ASSERT(total.worker == 1 && total.link == 2 && total.seen == 30 && total.chosen == 20 &&
		  total.lost == 10);
	CU_ASSERT(wl_capture_next_total(packet, sizeof(packet), &offset, &total));
	CU_ASSERT_FALSE(wl_capture_next_total(packet, sizeof(packet), &offset, &total));
	CU_ASSERT_EQUAL(offset, sizeof(packet));
	/* More lost than chosen. */
	packet[8 + 24] = 21;
	offset = WL_CAPTURE_HEAD_BYTES;
	CU_ASSERT_FALSE(wl_capture_next_total(packet, sizeof(packet), &offset, &total));
	packet[1] = 2;
	CU_ASSERT_FALSE(wl_capture_decode_end(packet, sizeof(packet), &why));
}

static void what_is_no_packet_has_no_kind(void)
{
	uint8_t packet[16] = {1};

	CU_ASSERT_EQUAL(wl_capture_kind_of(packet, 7), WL_CAPTURE_NOTHING);
	CU_ASSERT_EQUAL(wl_capture_kind_of(packet, WL_CAPTURE_PACKET_BYTES_MAX + 1),
			WL_CAPTURE_NOTHING);
	packet[0] = 4;
	CU_ASSERT_EQUAL(wl_capture_kind_of(packet, 16), WL_CAPTURE_NOTHING);
	packet[0] = '{';
	CU_ASSERT_EQUAL(wl_capture_kind_of(packet, 16), WL_CAPTURE_NOTHING);
}

WL_SUITE(capture)
{
	WL_TEST(a_request_comes_back_as_it_was_printed),
	WL_TEST(what_is_no_request_is_refused),
	WL_TEST(frames_come_back_in_their_order),
	WL_TEST(a_cut_packet_does_not_end_where_it_should),
	WL_TEST(frames_that_cannot_be_are_refused),
	WL_TEST(a_link_has_its_name),
	WL_TEST(totals_say_why_and_how_many),
	WL_TEST(what_is_no_packet_has_no_kind),
};

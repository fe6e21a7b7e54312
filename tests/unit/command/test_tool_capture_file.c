/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_capture_file.h"

#include <stdlib.h>
#include <string.h>

#include "command/tool_message_type.h"
#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

struct bed {
	struct wl_capture_file *file;
	char *bytes;
	size_t size;
	uint8_t packet[4096];
};

static void set_up(struct bed *bed)
{
	memset(bed, 0, sizeof(*bed));
	bed->file = calloc(1, sizeof(*bed->file));
	bed->file->to = open_memstream(&bed->bytes, &bed->size);
	bed->file->snap_bytes = 1000;
	bed->file->node = 2;
	CU_ASSERT_EQUAL(wl_capture_file_begin(bed->file, "wirelog", "test"), 0);
}

static void tear_down(struct bed *bed)
{
	fclose(bed->file->to);
	free(bed->bytes);
	free(bed->file);
}

static int give_link(struct bed *bed, uint16_t link, enum wl_capture_layer layer)
{
	struct wl_capture_link told = {.layer = layer, .worker = 1, .link = link, .name = "name"};

	return wl_capture_file_take(bed->file, bed->packet,
				    wl_capture_encode_link(bed->packet, &told));
}

static int give_frames(struct bed *bed, uint16_t link, uint32_t bytes, unsigned count)
{
	size_t used = WL_CAPTURE_HEAD_BYTES;

	memset(bed->packet, 0, sizeof(bed->packet));
	wl_capture_encode_head(bed->packet, WL_CAPTURE_FRAMES, 0);
	for (unsigned at = 0; at < count; at++) {
		wl_capture_encode_frame(bed->packet + used,
					&(struct wl_capture_frame){.whole_bytes = bytes,
								   .bytes = bytes,
								   .worker = 1,
								   .link = link,
								   .direction = 1});
		used += wl_capture_frame_room(bytes);
	}
	return wl_capture_file_take(bed->file, bed->packet, used);
}

static int give_totals(struct bed *bed, uint16_t link)
{
	wl_capture_encode_head(bed->packet, WL_CAPTURE_TOTALS, WL_CAPTURE_ASKED);
	wl_capture_encode_total(bed->packet + WL_CAPTURE_HEAD_BYTES,
				&(struct wl_capture_total){1, link, 9, 8, 5});
	return wl_capture_file_take(bed->file, bed->packet,
				    WL_CAPTURE_HEAD_BYTES + WL_CAPTURE_TOTAL_BYTES);
}

/* The types of the file's blocks, a digit each ('S': the section); '!' where they do not follow each other. */
static const char *blocks(struct bed *bed)
{
	static char types[64];
	size_t at = 0, count = 0;

	fflush(bed->file->to);
	while (at + 12 <= bed->size && count + 2 < sizeof(types)) {
		const uint8_t *from = (const uint8_t *)bed->bytes + at;
		uint32_t type = wl_load_u32(from), length = wl_load_u32(from + 4);

		types[count++] = type < 10 ? (char)('0' + type) : 'S';
		if (length < 12 || length > bed->size - at ||
		    wl_load_u32(from + length - 4) != length)
			break;
		at += length;
	}
	if (at != bed->size)
		types[count++] = '!';
	types[count] = '\0';
	return types;
}

static void a_capture_is_section_interfaces_packets_statistics(void)
{
	struct bed bed;

	set_up(&bed);
	CU_ASSERT_EQUAL(give_link(&bed, 4, WL_CAPTURE_ETHERNET), 0);
	CU_ASSERT_EQUAL(give_frames(&bed, 4, 60, 2), 0);
	CU_ASSERT_EQUAL(give_link(&bed, 5, WL_CAPTURE_IPV4), 0);
	CU_ASSERT_EQUAL(give_frames(&bed, 5, 61, 1), 0);
	CU_ASSERT_EQUAL(give_totals(&bed, 4), 0);
	CU_ASSERT(bed.file->ended && bed.file->lost == 5);
	CU_ASSERT_EQUAL(wl_capture_file_end(bed.file), 0);
	CU_ASSERT_STRING_EQUAL(blocks(&bed), "S1661655");
	/* The Ethernet header of a link over a kernel socket is nobody's. */
	CU_ASSERT(bed.file->packets == 3 && bed.file->bytes == 60 + 60 + 61 - 14);
	tear_down(&bed);
}

static void a_node_that_is_gone_leaves_a_whole_file(void)
{
	struct bed bed;

	set_up(&bed);
	give_link(&bed, 4, WL_CAPTURE_ETHERNET);
	give_frames(&bed, 4, 60, 1);
	CU_ASSERT_FALSE(bed.file->ended);
	CU_ASSERT_EQUAL(wl_capture_file_end(bed.file), 0);
	CU_ASSERT_STRING_EQUAL(blocks(&bed), "S165");
	tear_down(&bed);
}

static void a_link_without_a_chosen_frame_is_counted_and_not_in_the_file(void)
{
	struct bed bed;

	set_up(&bed);
	CU_ASSERT_EQUAL(give_totals(&bed, 4), 0);
	CU_ASSERT_EQUAL(bed.file->lost, 5);
	CU_ASSERT_EQUAL(wl_capture_file_end(bed.file), 0);
	CU_ASSERT_STRING_EQUAL(blocks(&bed), "S");
	tear_down(&bed);
}

static void frames_beyond_the_limit_are_left_out(void)
{
	struct bed bed;

	set_up(&bed);
	bed.file->packets_max = 3;
	give_link(&bed, 4, WL_CAPTURE_ETHERNET);
	CU_ASSERT_FALSE(wl_capture_file_is_full(bed.file));
	CU_ASSERT_EQUAL(give_frames(&bed, 4, 60, 5), 0);
	CU_ASSERT(wl_capture_file_is_full(bed.file));
	CU_ASSERT_STRING_EQUAL(blocks(&bed), "S1666");
	tear_down(&bed);
}

static void what_a_node_would_not_say_is_refused(void)
{
	struct bed bed;

	set_up(&bed);
	/* Of a link that was not told; a link twice; one that cannot be. */
	CU_ASSERT_EQUAL(give_frames(&bed, 4, 60, 1), WIRELOG_INPUT_MALFORMED);
	CU_ASSERT_EQUAL(give_link(&bed, 4, WL_CAPTURE_IPV4), 0);
	CU_ASSERT_EQUAL(give_link(&bed, 4, WL_CAPTURE_ETHERNET), WIRELOG_INPUT_MALFORMED);
	CU_ASSERT_EQUAL(give_link(&bed, WL_LINKS_MAX, WL_CAPTURE_ETHERNET),
			WIRELOG_INPUT_MALFORMED);
	/* Without what is skipped. */
	CU_ASSERT_EQUAL(give_frames(&bed, 4, 13, 1), WIRELOG_INPUT_MALFORMED);
	CU_ASSERT_EQUAL(give_frames(&bed, 4, 14, 1), 0);
	CU_ASSERT_EQUAL(wl_capture_file_take(bed.file, (const uint8_t *)"{\"error\"", 8),
			WIRELOG_INPUT_MALFORMED);
	CU_ASSERT_EQUAL(wl_capture_file_take(bed.file, bed.packet, 0), WIRELOG_INPUT_MALFORMED);
	CU_ASSERT_EQUAL(give_totals(&bed, 4), 0);
	CU_ASSERT_EQUAL(give_totals(&bed, 4), WIRELOG_INPUT_MALFORMED);
	tear_down(&bed);
}

static void a_message_is_known_by_its_name(void)
{
	CU_ASSERT_EQUAL(wl_tool_message_type("APPEND", 6), WL_WIRE_APPEND);
	CU_ASSERT_EQUAL(wl_tool_message_type("append_ack,x", 10), WL_WIRE_APPEND_ACK);
	CU_ASSERT_EQUAL(wl_tool_message_type("APPEND", 5), 0);
	CU_ASSERT_EQUAL(wl_tool_message_type("", 0), 0);
	CU_ASSERT_EQUAL(strncmp(wl_tool_message_type_names(), "HELLO HELLO_REPLY ", 18), 0);
}

WL_SUITE(tool_capture_file)
{
	WL_TEST(a_capture_is_section_interfaces_packets_statistics),
	WL_TEST(a_node_that_is_gone_leaves_a_whole_file),
	WL_TEST(a_link_without_a_chosen_frame_is_counted_and_not_in_the_file),
	WL_TEST(frames_beyond_the_limit_are_left_out),
	WL_TEST(what_a_node_would_not_say_is_refused),
	WL_TEST(a_message_is_known_by_its_name),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One frame of each message with its own encoder, each field with another value, as a capture file; and what a dissector has to make
 * of them, a line "FRAME wirelog.LAYOUT.FIELD VALUE" each, as tshark spells it, on standard output.
 *
 *	wire_frames FILE.pcap
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"

#define FRAME_BYTES_MAX 4096u
#define LINKTYPE_ETHERNET 1u

static FILE *capture;
static unsigned frame_number;
static uint64_t counter = 1000;
static uint8_t frame[FRAME_BYTES_MAX];

static void put(const void *from, size_t bytes)
{
	if (fwrite(from, 1, bytes, capture) != bytes) {
		perror("cannot write the capture");
		exit(1);
	}
}

static void put_u32(uint32_t value)
{
	put(&value, sizeof(value));
}

/* libpcap's file format, in the machine's own order of bytes as its magic says. */
static void open_capture(const char *path)
{
	capture = fopen(path, "wb");
	if (!capture) {
		perror(path);
		exit(1);
	}
	put_u32(0xa1b2c3d4);
	put_u32(2 | 4 << 16);
	put_u32(0);
	put_u32(0);
	put_u32(FRAME_BYTES_MAX);
	put_u32(LINKTYPE_ETHERNET);
}

static void put_frame(uint8_t type, size_t payload_bytes)
{
	const struct wl_address from = {.mac = {2, 0, 0, 0, 0, 2},
					.ipv4 = 0x0a000002,
					.udp_port = 9};
	const struct wl_address to = {.mac = {2, 0, 0, 0, 0, 1},
				      .ipv4 = 0x0a000001,
				      .udp_port = 7700};
	const struct wl_frame_header header = {.type = type,
					       .payload_bytes = (uint16_t)payload_bytes,
					       .cluster = 7,
					       .sender = 0x200,
					       .destination = 0x100,
					       .sender_boot = 3,
					       .sequence = frame_number};
	size_t size = WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + payload_bytes;

	wl_frame_encode_header(frame + WL_FRAME_ENVELOPE_BYTES, &header);
	wl_frame_close_envelope(frame, &from, &to, size - WL_FRAME_ENVELOPE_BYTES);
	put_u32(frame_number);
	put_u32(0);
	put_u32((uint32_t)size);
	put_u32((uint32_t)size);
	put(frame, size);
	printf("%u wirelog.header.type %u\n", frame_number, type);
	printf("%u wirelog.header.sequence %u\n", frame_number, frame_number);
}

static uint64_t value_in(struct wl_wire_range range)
{
	counter += 7;
	if (wl_wire_is_in(counter, range))
		return counter;
	return range.bits || range.most != UINT64_MAX ? range.most : range.least;
}

struct field { /* of the message that is being filled */
	const char *layout, *name, *unit;
	unsigned bytes;
};

static void expect(struct field of, uint64_t value)
{
	printf("%u wirelog.%s.%s ", frame_number, of.layout, of.name);
	if (strcmp(of.unit, "id") == 0 || strcmp(of.unit, "bits") == 0)
		printf("0x%0*" PRIx64 "\n", (int)(2 * of.bytes), value);
	else
		printf("%" PRIu64 "\n", value);
}

static void expect_text(struct field of, const char *text)
{
	printf("%u wirelog.%s.%s %s\n", frame_number, of.layout, of.name, text);
}

/* clang-format off */
#define FILL_UNSIGNED(name, of, range) \
	message.name = (__typeof__(message.name))value_in(range); \
	expect(of, message.name);
#define FILL_u8 FILL_UNSIGNED
#define FILL_u16 FILL_UNSIGNED
#define FILL_u32 FILL_UNSIGNED
#define FILL_u64 FILL_UNSIGNED
#define FILL_i32(name, of, range) \
	message.name = -7; \
	expect_text(of, "-7");
#define FILL_position(name, of, range) \
	message.name = (struct wl_position){counter + 1, counter + 2}; \
	expect((struct field){of.layout, #name ".term", "", 8}, message.name.term); \
	expect((struct field){of.layout, #name ".index", "", 8}, message.name.index); \
	counter += 2;
#define FILL_facts(name, of, range) \
	for (unsigned at = 0; at < WL_FACTS; at++) \
		message.name[at] = ++counter; \
	expect((struct field){of.layout, #name ".count", "", 4}, WL_FACTS);
#define FILL_histories(name, of, range) \
	for (unsigned at = 0; at < WIRELOG_JOURNALS_MAX; at++) { \
		message.name[at] = ++counter; \
		expect((struct field){of.layout, #name, of.unit, 8}, counter); \
	}
#define FILL_label(name, of, range) \
	snprintf(message.name, sizeof(message.name), "label-%" PRIu64, ++counter); \
	expect_text(of, message.name);
#define FILL_rest(name, of, range)
#define FILL_members(name, of, range)
#define FILL(type, name, unit, range, what) \
	{ \
		const struct field of = {layout, #name, #unit, WL_WIRE_BYTES_##type}; \
		(void)of; \
		FILL_##type(name, of, WL_WIRE_RANGE_##range) \
	}
#define PUT(NAME, message_name, number, layout_, from, to, right, server, answer) \
	{ \
		const char *const layout = #layout_; \
		struct wl_wire_##layout_ message; \
		\
		(void)layout; \
		memset(&message, 0, sizeof(message)); \
		frame_number++; \
		WL_WIRE_FIELDS_##layout_(FILL, WL_WIRE_NOTHING, WL_WIRE_NOTHING) \
		put_frame(number, wl_wire_encode_##layout_(payload, &message)); \
	}
/* clang-format on */

int main(int argc, char **argv)
{
	uint8_t *payload = frame + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES;

	if (argc != 2) {
		fprintf(stderr, "usage: wire_frames FILE.pcap\n");
		return 64;
	}
	open_capture(argv[1]);
	WL_WIRE_MESSAGES(PUT)
	if (fclose(capture) != 0) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks byte by byte, as the specification has them. */
#include "command/tool_pcapng.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

static uint8_t block[WL_PCAPNG_BLOCK_BYTES_MAX];

static void expect(size_t bytes, const uint8_t *wanted, size_t wanted_bytes)
{
	CU_ASSERT_EQUAL_FATAL(bytes, wanted_bytes);
	for (size_t at = 0; at < bytes; at++)
		if (block[at] != wanted[at])
			CU_FAIL("another byte");
}

static void a_section_says_its_byte_order_and_who_wrote_it(void)
{
	static const uint8_t wanted[] = {
		0x0a, 0x0d, 0x0d, 0x0a, 56,   0,    0,	  0, /* type, length */
		0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,	  0, /* byte order, 1.0 */
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* length of the section */
		1,    0,    2,	  0,	'h',  'i',  0,	  0, /* comment */
		4,    0,    9,	  0,	'w',  'i',  'r',  'e',	'l', 'o', 'g', ' ', '1',
		0,    0,    0,	  0,	0,    0,    0,	  56,	0,   0,	  0, /* end of options, length */
	};

	expect(wl_pcapng_section(block, "wirelog 1", "hi"), wanted, sizeof(wanted));
}

static void an_interface_says_its_link_type_and_nanoseconds(void)
{
	static const uint8_t wanted[] = {
		1, 0, 0, 0, 48,	  0,	0,   0, /* type, length */
		1, 0, 0, 0, 0xff, 0xff, 0,   0, /* Ethernet, snap length */
		2, 0, 4, 0, 'w',  'l',	'0', '1', /* name */
		3, 0, 1, 0, 'd',  0,	0,   0, /* description */
		9, 0, 1, 0, 9,	  0,	0,   0, /* resolution */
		0, 0, 0, 0, 48,	  0,	0,   0,
	};
	struct wl_pcapng_interface interface = {.link_type = WL_PCAPNG_ETHERNET,
						.snap_bytes = 65535,
						.name = "wl01",
						.description = "d"};

	expect(wl_pcapng_interface(block, &interface), wanted + 0, sizeof(wanted));
	interface.link_type = WL_PCAPNG_IPV4;
	wl_pcapng_interface(block, &interface);
	CU_ASSERT(block[8] == 228 && block[9] == 0);
}

static void a_packet_has_time_lengths_direction_and_queue(void)
{
	static const uint8_t wanted[] = {
		6,    0,    0,	  0,	72,   0,    0,	  0, /* type, length */
		7,    0,    0,	  0, /* interface */
		0x04, 0x03, 0x02, 0x01, 0x14, 0x13, 0x12, 0x11, /* time, upper half first */
		5,    0,    0,	  0,	0xea, 5,    0,	  0, /* bytes here, of the whole */
		1,    2,    3,	  4,	5,    0,    0,	  0, /* and up to a multiple of four */
		2,    0,    4,	  0,	2,    0,    0,	  0, /* flags: outbound */
		4,    0,    8,	  0,	9,    0,    0,	  0,	0, 0, 0, 0, /* lost before it */
		6,    0,    4,	  0,	3,    0,    0,	  0, /* queue */
		0,    0,    0,	  0,	72,   0,    0,	  0,
	};
	static const uint8_t data[] = {1, 2, 3, 4, 5};
	struct wl_pcapng_packet packet = {.interface = 7,
					  .time_ns = 0x0102030411121314,
					  .whole_bytes = 1514,
					  .bytes = 5,
					  .data = data,
					  .sent = true,
					  .lost = 9,
					  .queue = 3};

	expect(wl_pcapng_packet(block, &packet), wanted, sizeof(wanted));
	packet.sent = false;
	packet.lost = 0;
	CU_ASSERT_EQUAL(wl_pcapng_packet(block, &packet), sizeof(wanted) - 12);
	CU_ASSERT_EQUAL(block[40], 1);
}

static void statistics_have_begin_end_and_counts(void)
{
	static const uint8_t wanted[] = {
		5, 0, 0, 0, 100, 0, 0, 0, /* type, length */
		2, 0, 0, 0, /* interface */
		0, 0, 0, 1, 0,	 0, 0, 0, /* time: 2^56 */
		2, 0, 8, 0, 0,	 0, 0, 0, 5, 0, 0, 0, /* begin */
		3, 0, 8, 0, 0,	 0, 0, 1, 0, 0, 0, 0, /* end */
		4, 0, 8, 0, 40,	 0, 0, 0, 0, 0, 0, 0, /* seen */
		5, 0, 8, 0, 10,	 0, 0, 0, 0, 0, 0, 0, /* dropped */
		6, 0, 8, 0, 30,	 0, 0, 0, 0, 0, 0, 0, /* accepted */
		8, 0, 8, 0, 20,	 0, 0, 0, 0, 0, 0, 0, /* delivered */
		0, 0, 0, 0, 100, 0, 0, 0,
	};

	expect(wl_pcapng_statistics(block, &(struct wl_pcapng_statistics){.interface = 2,
									  .begin_ns = 5,
									  .end_ns = 1ull << 56,
									  .seen = 40,
									  .dropped = 10,
									  .accepted = 30,
									  .delivered = 20}),
	       wanted, sizeof(wanted));
}

static void everything_stands_at_multiples_of_four_and_ends_with_its_length(void)
{
	static uint8_t data[WL_PCAPNG_PACKET_BYTES_MAX];
	static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 42, 1514, WL_PCAPNG_PACKET_BYTES_MAX};
	char text[WL_PCAPNG_TEXT_BYTES_MAX + 100];
	size_t size;

	for (unsigned at = 0; at < sizeof(sizes) / sizeof(sizes[0]); at++) {
		size = wl_pcapng_packet(block, &(struct wl_pcapng_packet){.bytes = sizes[at],
									  .whole_bytes = sizes[at],
									  .data = data,
									  .lost = 1});
		CU_ASSERT_EQUAL(size % 4, 0);
		CU_ASSERT_EQUAL(wl_load_u32(block + 4), size);
		CU_ASSERT_EQUAL(wl_load_u32(block + size - 4), size);
	}
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	size = wl_pcapng_interface(block, &(struct wl_pcapng_interface){.name = text,
									.description = text});
	CU_ASSERT_EQUAL(size, 8 + 8 + 2 * (4 + WL_PCAPNG_TEXT_BYTES_MAX) + 8 + 4 + 4);
	WL_ASSERT_STOPS(wl_pcapng_packet(
		block,
		&(struct wl_pcapng_packet){.bytes = WL_PCAPNG_PACKET_BYTES_MAX + 1, .data = data}));
}

WL_SUITE(tool_pcapng)
{
	WL_TEST(a_section_says_its_byte_order_and_who_wrote_it),
	WL_TEST(an_interface_says_its_link_type_and_nanoseconds),
	WL_TEST(a_packet_has_time_lengths_direction_and_queue),
	WL_TEST(statistics_have_begin_end_and_counts),
	WL_TEST(everything_stands_at_multiples_of_four_and_ends_with_its_length),
};

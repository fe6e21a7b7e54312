/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/frame.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define OUR_IPV4 0x0a010203u
#define OUR_PORT 7700u
#define ROOM 2048u

static const struct wl_address peer = {.mac = {2, 0, 0, 0, 0, 9},
				       .ipv4 = 0x0a010204,
				       .udp_port = 7701};
static const struct wl_address ours = {.mac = {2, 0, 0, 0, 0, 1},
				       .ipv4 = OUR_IPV4,
				       .udp_port = OUR_PORT};

static uint8_t frame[ROOM];
static size_t frame_size;
static struct wl_address from;
static size_t datagram_bytes;

/* A right frame of `bytes` bytes behind UDP. */
static void close_frame(size_t bytes)
{
	memset(frame, 0, sizeof(frame));
	for (size_t at = 0; at < bytes; at++)
		frame[WL_FRAME_ENVELOPE_BYTES + at] = (uint8_t)(at * 37 + 11);
	wl_frame_close_envelope(frame, &peer, &ours, bytes);
	frame_size = WL_FRAME_ENVELOPE_BYTES + bytes;
}

static enum wl_frame_verdict open_frame(void)
{
	memset(&from, 0, sizeof(from));
	from.link = 7;
	datagram_bytes = SIZE_MAX;
	return wl_frame_open_envelope(frame, frame_size, &ours, &from, &datagram_bytes);
}

/* The IPv4 checksum of what stands there, computed the slow way. */
static void sum_ipv4(void)
{
	uint32_t sum = 0;

	wl_store_be16(frame + 24, 0);
	for (unsigned at = 14; at < 34; at += 2)
		sum += wl_load_be16(frame + at);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	wl_store_be16(frame + 24, (uint16_t)~sum);
}

static void envelope_that_was_closed_opens_to_the_same_addresses_and_bytes(void)
{
	for (size_t bytes = 0; bytes <= 1472; bytes += bytes < 40 ? 1 : 179) {
		close_frame(bytes);

		CU_ASSERT_EQUAL(open_frame(), WL_FRAME_OK);
		CU_ASSERT_EQUAL(datagram_bytes, bytes);
		CU_ASSERT_EQUAL(memcmp(from.mac, peer.mac, 6), 0);
		CU_ASSERT_EQUAL(from.ipv4, peer.ipv4);
		CU_ASSERT_EQUAL(from.udp_port, peer.udp_port);
		CU_ASSERT_EQUAL(from.link, 7);
	}
}

/* Computed by hand from RFC 791 and RFC 768. */
static void envelope_has_the_bytes_that_the_rfcs_say(void)
{
	static const uint8_t wanted[WL_FRAME_ENVELOPE_BYTES] = {
		2,    0,    0,	  0,	0,    1,    2,	  0,	0,    0,    0,	  9,	0x08, 0x00,
		0x45, 0x00, 0x00, 0x1e, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x22, 0xc7, 10,   1,
		2,    4,    10,	  1,	2,    3,    0x1e, 0x15, 0x1e, 0x14, 0x00, 0x0a, 0x9f, 0x9b,
	};

	memset(frame, 0, sizeof(frame));
	frame[42] = 0x0c;
	frame[43] = 0x0d;

	wl_frame_close_envelope(frame, &peer, &ours, 2);

	CU_ASSERT_EQUAL(memcmp(frame, wanted, sizeof(wanted)), 0);
}

static void udp_checksum_of_zero_leaves_as_ffff(void)
{
	unsigned zero_sums = 0;

	for (unsigned word = 0; word < 65536; word++) {
		memset(frame, 0, 64);
		wl_store_be16(frame + WL_FRAME_ENVELOPE_BYTES, (uint16_t)word);
		wl_frame_close_envelope(frame, &peer, &ours, 2);
		frame_size = WL_FRAME_ENVELOPE_BYTES + 2;
		if (wl_load_be16(frame + 40) == 0xffff)
			zero_sums++;
		if (wl_load_be16(frame + 40) == 0 || open_frame() != WL_FRAME_OK)
			CU_FAIL("a frame left without a checksum or does not verify");
	}
	CU_ASSERT(zero_sums >= 1);
}

static void frame_without_udp_checksum_is_taken(void)
{
	close_frame(30);
	wl_store_be16(frame + 40, 0);
	frame[50] ^= 1;

	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_OK);
}

static void padding_behind_the_ip_packet_is_not_part_of_the_datagram(void)
{
	close_frame(2);
	frame_size = 60; /* the smallest Ethernet frame */

	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_OK);
	CU_ASSERT_EQUAL(datagram_bytes, 2);
}

static void frame_that_ends_early_is_short_or_disagrees_with_its_lengths(void)
{
	close_frame(100);
	for (frame_size = 0; frame_size < WL_FRAME_ENVELOPE_BYTES + 100; frame_size++) {
		enum wl_frame_verdict wanted = frame_size < 34 ? WL_FRAME_SHORT : WL_FRAME_BAD_IPV4;

		CU_ASSERT_EQUAL(open_frame(), wanted);
		CU_ASSERT_EQUAL(datagram_bytes, SIZE_MAX);
	}
}

static void other_ethertypes_are_told_apart(void)
{
	static const struct {
		uint16_t type;
		enum wl_frame_verdict verdict;
	} cases[] = {
		{0x0806, WL_FRAME_ARP},	     {0x8100, WL_FRAME_VLAN},
		{0x88a8, WL_FRAME_VLAN},     {0x86dd, WL_FRAME_NOT_IPV4},
		{0x0000, WL_FRAME_NOT_IPV4}, {0xffff, WL_FRAME_NOT_IPV4},
	};

	for (unsigned at = 0; at < sizeof(cases) / sizeof(cases[0]); at++) {
		close_frame(80);
		wl_store_be16(frame + 12, cases[at].type);
		CU_ASSERT_EQUAL(open_frame(), cases[at].verdict);
	}
}

static enum wl_frame_verdict with_ipv4_byte(unsigned at, uint8_t value)
{
	close_frame(80);
	frame[14 + at] = value;
	sum_ipv4();
	return open_frame();
}

static void ipv4_header_that_is_not_plain_is_refused(void)
{
	CU_ASSERT_EQUAL(with_ipv4_byte(0, 0x65), WL_FRAME_BAD_IPV4); /* version 6 */
	CU_ASSERT_EQUAL(with_ipv4_byte(0, 0x46), WL_FRAME_BAD_IPV4); /* options */
	CU_ASSERT_EQUAL(with_ipv4_byte(0, 0x44), WL_FRAME_BAD_IPV4);
	CU_ASSERT_EQUAL(with_ipv4_byte(2, 0xff), WL_FRAME_BAD_IPV4); /* longer than the frame */
	CU_ASSERT_EQUAL(with_ipv4_byte(3, 19), WL_FRAME_BAD_IPV4); /* shorter than its header */
	CU_ASSERT_EQUAL(with_ipv4_byte(6, 0x20), WL_FRAME_FRAGMENT); /* more fragments */
	CU_ASSERT_EQUAL(with_ipv4_byte(7, 1), WL_FRAME_FRAGMENT); /* offset */
	CU_ASSERT_EQUAL(with_ipv4_byte(9, 6), WL_FRAME_NOT_UDP);
	CU_ASSERT_EQUAL(with_ipv4_byte(9, 1), WL_FRAME_ICMP);
	CU_ASSERT_EQUAL(with_ipv4_byte(8, 1), WL_FRAME_OK); /* any time to live */
}

static void every_flipped_bit_of_the_ipv4_header_is_noticed(void)
{
	for (unsigned bit = 0; bit < 20 * 8; bit++) {
		close_frame(80);
		frame[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(open_frame(), WL_FRAME_BAD_IPV4);
	}
}

static void every_flipped_bit_of_the_datagram_is_noticed_by_the_udp_checksum(void)
{
	for (unsigned bit = 0; bit < 80 * 8; bit++) {
		close_frame(80);
		frame[WL_FRAME_ENVELOPE_BYTES + bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(open_frame(), WL_FRAME_BAD_UDP);
	}
}

static void udp_length_that_disagrees_with_ip_is_refused(void)
{
	close_frame(80);
	wl_store_be16(frame + 38, 87);
	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_BAD_UDP);

	close_frame(80);
	wl_store_be16(frame + 38, 89);
	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_BAD_UDP);

	/* An IP packet that ends inside the UDP header. */
	close_frame(80);
	wl_store_be16(frame + 16, 27);
	sum_ipv4();
	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_BAD_UDP);
}

static void frame_for_somebody_else_is_told_apart(void)
{
	const struct wl_address any_host = {.udp_port = OUR_PORT};
	const struct wl_address other_host = {.ipv4 = OUR_IPV4 + 1, .udp_port = OUR_PORT};
	const struct wl_address other_port = {.ipv4 = OUR_IPV4, .udp_port = OUR_PORT + 1};

	close_frame(10);
	wl_frame_close_envelope(frame, &peer, &other_host, 10);
	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_OTHER_ADDRESS);
	/* Without an address of our own (memif) any is ours. */
	CU_ASSERT_EQUAL(wl_frame_open_envelope(frame, frame_size, &any_host, &from,
					       &datagram_bytes),
			WL_FRAME_OK);
	frame[14 + 9] = 1; /* ICMP for somebody else is not ours to answer either */
	sum_ipv4();
	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_OTHER_ADDRESS);

	close_frame(10);
	wl_frame_close_envelope(frame, &peer, &other_port, 10);
	CU_ASSERT_EQUAL(open_frame(), WL_FRAME_OTHER_ADDRESS);
}

static const struct wl_frame_header header = {
	.type = 0x1f,
	.payload_bytes = 5,
	.journal = 0x0302,
	.key_id = 0x71727374,
	.cluster = 0x1112131415161718,
	.sender = 0x21222324,
	.destination = 0x31323334,
	.sender_boot = 0x4142434445464748,
	.destination_boot = 0x5152535455565758,
	.sequence = 0x6162636465666768,
};

static void header_has_the_documented_layout(void)
{
	static const uint8_t wanted[WL_FRAME_HEADER_BYTES] = {
		'W',  'L',  'F',  '1',	10,   0x1f, 5,	  0,	0x18, 0x17, 0x16, 0x15, 0x14, 0x13,
		0x12, 0x11, 0x24, 0x23, 0x22, 0x21, 0x34, 0x33, 0x32, 0x31, 0x48, 0x47, 0x46, 0x45,
		0x44, 0x43, 0x42, 0x41, 0x58, 0x57, 0x56, 0x55, 0x54, 0x53, 0x52, 0x51, 0x68, 0x67,
		0x66, 0x65, 0x64, 0x63, 0x62, 0x61, 2,	  3,	0,    0,    0x74, 0x73, 0x72, 0x71,
	};
	uint8_t bytes[WL_FRAME_HEADER_BYTES];

	memset(bytes, 0xee, sizeof(bytes));
	wl_frame_encode_header(bytes, &header);

	CU_ASSERT_EQUAL(memcmp(bytes, wanted, sizeof(wanted)), 0);
}

static enum wl_frame_verdict decode_with(unsigned at, uint8_t value, size_t size,
					 struct wl_frame_header *decoded)
{
	uint8_t bytes[WL_FRAME_HEADER_BYTES + 16] = {0};

	wl_frame_encode_header(bytes, &header);
	bytes[at] = value;
	return wl_frame_decode_header(bytes, size, decoded);
}

static void header_decodes_to_what_was_encoded(void)
{
	struct wl_frame_header decoded;

	memset(&decoded, 0xee, sizeof(decoded));
	CU_ASSERT_EQUAL(decode_with(4, WL_FRAME_VERSION, WL_FRAME_HEADER_BYTES + 5, &decoded),
			WL_FRAME_OK);
	CU_ASSERT_EQUAL(decoded.type, header.type);
	CU_ASSERT_EQUAL(decoded.payload_bytes, header.payload_bytes);
	CU_ASSERT_EQUAL(decoded.journal, header.journal);
	CU_ASSERT_EQUAL(decoded.key_id, header.key_id);
	CU_ASSERT_EQUAL(decoded.cluster, header.cluster);
	CU_ASSERT_EQUAL(decoded.sender, header.sender);
	CU_ASSERT_EQUAL(decoded.destination, header.destination);
	CU_ASSERT_EQUAL(decoded.sender_boot, header.sender_boot);
	CU_ASSERT_EQUAL(decoded.destination_boot, header.destination_boot);
	CU_ASSERT_EQUAL(decoded.sequence, header.sequence);
}

static void header_that_is_not_ours_is_refused_with_its_reason(void)
{
	const size_t size = WL_FRAME_HEADER_BYTES + 5;
	struct wl_frame_header decoded;

	for (unsigned at = 0; at < 4; at++)
		CU_ASSERT_EQUAL(decode_with(at, 0x55, size, &decoded), WL_FRAME_NOT_WIRELOG);
	CU_ASSERT_EQUAL(decode_with(4, WL_FRAME_VERSION - 1, size, &decoded), WL_FRAME_BAD_VERSION);
	CU_ASSERT_EQUAL(decode_with(4, WL_FRAME_VERSION + 1, size, &decoded), WL_FRAME_BAD_VERSION);
	CU_ASSERT_EQUAL(decode_with(6, 4, size, &decoded), WL_FRAME_BAD_LENGTH);
	CU_ASSERT_EQUAL(decode_with(6, 6, size, &decoded), WL_FRAME_BAD_LENGTH);
	CU_ASSERT_EQUAL(decode_with(7, 1, size, &decoded), WL_FRAME_BAD_LENGTH);
	for (unsigned at = 50; at < 52; at++)
		CU_ASSERT_EQUAL(decode_with(at, 1, size, &decoded), WL_FRAME_BAD_RESERVED);
	for (size_t bytes = 0; bytes < WL_FRAME_HEADER_BYTES; bytes++)
		CU_ASSERT_EQUAL(decode_with(4, WL_FRAME_VERSION, bytes, &decoded),
				bytes < 4 ? WL_FRAME_NOT_WIRELOG : WL_FRAME_SHORT);
}

static void every_verdict_has_a_name_of_its_own(void)
{
	for (unsigned a = 0; a < WL_FRAME_VERDICTS; a++) {
		CU_ASSERT_STRING_NOT_EQUAL(wl_frame_verdict_name(a), "unknown");
		for (unsigned b = 0; b < a; b++)
			CU_ASSERT_STRING_NOT_EQUAL(wl_frame_verdict_name(a),
						   wl_frame_verdict_name(b));
	}
	CU_ASSERT_STRING_EQUAL(wl_frame_verdict_name(WL_FRAME_VERDICTS), "unknown");
}

static void identities_of_nodes_and_clients_do_not_meet(void)
{
	CU_ASSERT_EQUAL(wl_identity_of_node(7, 15), 0x70f);
	CU_ASSERT_EQUAL(wl_identity_node(wl_identity_of_node(7, 15)), 7);
	CU_ASSERT_FALSE(wl_identity_is_client(wl_identity_of_node(7, 255)));
	CU_ASSERT_TRUE(wl_identity_is_client(WL_IDENTITY_CLIENT | 0x70f));
}

WL_SUITE(frame)
{
	WL_TEST(envelope_that_was_closed_opens_to_the_same_addresses_and_bytes),
	WL_TEST(envelope_has_the_bytes_that_the_rfcs_say),
	WL_TEST(udp_checksum_of_zero_leaves_as_ffff),
	WL_TEST(frame_without_udp_checksum_is_taken),
	WL_TEST(padding_behind_the_ip_packet_is_not_part_of_the_datagram),
	WL_TEST(frame_that_ends_early_is_short_or_disagrees_with_its_lengths),
	WL_TEST(other_ethertypes_are_told_apart),
	WL_TEST(ipv4_header_that_is_not_plain_is_refused),
	WL_TEST(every_flipped_bit_of_the_ipv4_header_is_noticed),
	WL_TEST(every_flipped_bit_of_the_datagram_is_noticed_by_the_udp_checksum),
	WL_TEST(udp_length_that_disagrees_with_ip_is_refused),
	WL_TEST(frame_for_somebody_else_is_told_apart),
	WL_TEST(header_has_the_documented_layout),
	WL_TEST(header_decodes_to_what_was_encoded),
	WL_TEST(header_that_is_not_ours_is_refused_with_its_reason),
	WL_TEST(every_verdict_has_a_name_of_its_own),
	WL_TEST(identities_of_nodes_and_clients_do_not_meet),
};

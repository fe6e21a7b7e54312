/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/agent/neighbour.h"
#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define OURS 0x0a000001u /* 10.0.0.1 */
#define PEER 0x0a000002u
#define GATEWAY 0x0a0000feu
#define FAR 0xc0a80505u
#define MS 1000000ull

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t other_mac[6] = {2, 0, 0, 0, 0, 9};

static struct wl_neighbours neighbours;
static struct wl_neighbour_output out;
static uint8_t frame[WL_PUNT_BYTES_MAX];
static uint64_t now_ns;

static void start(void)
{
	struct wl_link_info info = {.mtu = 1500, .ipv4 = OURS, .ethernet = true};

	memcpy(info.mac, our_mac, 6);
	now_ns = 1000000 * MS;
	wl_neighbour_init(&neighbours);
	wl_neighbour_set_link(&neighbours, 0, &info);
	CU_ASSERT(wl_neighbour_add(&neighbours, 0, PEER, 0));
}

static void arrives(size_t bytes)
{
	struct wl_neighbour_input in = {0, (uint16_t)bytes, frame};

	out.bytes = 999;
	wl_neighbour_on_frame(&neighbours, &in, now_ns, &out);
}

static void arp(uint16_t operation, const uint8_t *mac, uint32_t sender, uint32_t target)
{
	memset(frame, 0, sizeof(frame));
	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	wl_store_be16(frame + 12, 0x0806);
	wl_store_be16(frame + 14, 1);
	wl_store_be16(frame + 16, 0x0800);
	frame[18] = 6;
	frame[19] = 4;
	wl_store_be16(frame + 20, operation);
	memcpy(frame + 22, mac, 6);
	wl_store_be32(frame + 28, sender);
	wl_store_be32(frame + 38, target);
}

/* The checksum in another way than the code under test: byte pairs, ones' complement addition. */
static uint16_t sum(const uint8_t *from, size_t bytes)
{
	uint16_t total = 0;

	for (size_t i = 0; i < bytes; i += 2) {
		uint16_t word = (uint16_t)(from[i] << 8 | (i + 1 < bytes ? from[i + 1] : 0));

		total = (uint16_t)(total + word);
		if (total < word)
			total++;
	}
	return (uint16_t)~total;
}

static size_t echo(size_t data)
{
	uint8_t *ip = frame + 14, *icmp = ip + 20;

	memset(frame, 0, sizeof(frame));
	memcpy(frame, our_mac, 6);
	memcpy(frame + 6, peer_mac, 6);
	wl_store_be16(frame + 12, 0x0800);
	ip[0] = 0x45;
	wl_store_be16(ip + 2, (uint16_t)(28 + data));
	wl_store_be16(ip + 4, 777);
	wl_store_be16(ip + 6, 0x4000);
	ip[8] = 3;
	ip[9] = 1;
	wl_store_be32(ip + 12, PEER);
	wl_store_be32(ip + 16, OURS);
	icmp[0] = 8;
	wl_store_be16(icmp + 4, 0x1234);
	wl_store_be16(icmp + 6, 1);
	for (size_t i = 0; i < data; i++)
		icmp[8 + i] = (uint8_t)(i * 7);
	wl_store_be16(ip + 10, sum(ip, 20));
	wl_store_be16(icmp + 2, sum(icmp, 8 + data));
	return 14 + 28 + data;
}

static void arp_request_for_our_address_is_answered(void)
{
	start();
	arp(1, peer_mac, PEER, OURS);
	arrives(60);
	CU_ASSERT_EQUAL_FATAL(out.bytes, 60);
	CU_ASSERT_EQUAL(memcmp(out.frame, peer_mac, 6), 0);
	CU_ASSERT_EQUAL(memcmp(out.frame + 6, our_mac, 6), 0);
	CU_ASSERT_EQUAL(wl_load_be16(out.frame + 20), 2);
	CU_ASSERT_EQUAL(memcmp(out.frame + 22, our_mac, 6), 0);
	CU_ASSERT_EQUAL(wl_load_be32(out.frame + 28), OURS);
	CU_ASSERT_EQUAL(memcmp(out.frame + 32, peer_mac, 6), 0);
	CU_ASSERT_EQUAL(wl_load_be32(out.frame + 38), PEER);
}

static void arp_request_for_another_address_is_not_answered(void)
{
	start();
	arp(1, peer_mac, PEER, GATEWAY);
	arrives(60);
	CU_ASSERT_EQUAL(out.bytes, 0);
	arp(1, peer_mac, 0, OURS); /* a probe is one for ours */
	arrives(42);
	CU_ASSERT_EQUAL(out.bytes, 60);
}

static void malformed_arp_changes_nothing(void)
{
	static const struct {
		unsigned offset;
		uint8_t value;
	} bad[] = {{15, 6}, {16, 9}, {18, 8}, {19, 16}, {21, 0}, {21, 3}, {22, 0x01}};

	start();
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		arp(1, peer_mac, PEER, OURS);
		frame[bad[i].offset] = bad[i].value;
		arrives(60);
		CU_ASSERT_EQUAL(out.bytes, 0);
		CU_ASSERT_FALSE(neighbours.entries[0].known);
	}
	for (unsigned bytes = 0; bytes < 42; bytes++) {
		arp(2, peer_mac, PEER, OURS);
		arrives(bytes);
		CU_ASSERT_EQUAL(out.bytes, 0);
	}
	CU_ASSERT_FALSE(neighbours.entries[0].known);
	CU_ASSERT(neighbours.counts.arp_ignored >= 7);
}

static void unknown_peer_is_asked_for_with_growing_pauses(void)
{
	uint64_t last_ns = 0, pause_ns = 0;
	unsigned asked = 0;

	start();
	for (unsigned i = 0; i < 60000; i++, now_ns += MS) {
		if (!wl_neighbour_ask(&neighbours, now_ns, &out))
			continue;
		CU_ASSERT_EQUAL(out.bytes, 60);
		CU_ASSERT_EQUAL(out.link, 0);
		CU_ASSERT_EQUAL(out.frame[0], 0xff);
		CU_ASSERT_EQUAL(wl_load_be16(out.frame + 20), 1);
		CU_ASSERT_EQUAL(wl_load_be32(out.frame + 28), OURS);
		CU_ASSERT_EQUAL(wl_load_be32(out.frame + 38), PEER);
		if (asked++ > 0) {
			CU_ASSERT(now_ns - last_ns >= pause_ns);
			pause_ns = now_ns - last_ns;
		}
		last_ns = now_ns;
	}
	CU_ASSERT(pause_ns <= 200 * MS); /* a healed link does not wait longer */
	CU_ASSERT(asked > 300 && asked < 600);
}

static void reply_is_learned_and_stops_the_questions(void)
{
	start();
	CU_ASSERT(wl_neighbour_ask(&neighbours, now_ns, &out));
	arp(2, peer_mac, PEER, OURS);
	arrives(60);
	CU_ASSERT_EQUAL(out.bytes, 0);
	CU_ASSERT(neighbours.entries[0].known && neighbours.entries[0].changed);
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, peer_mac, 6), 0);
	CU_ASSERT_FALSE(wl_neighbour_ask(&neighbours, now_ns + 900 * MS, &out));
	CU_ASSERT(wl_neighbour_ask(&neighbours, now_ns + 1100 * MS, &out)); /* still there? */
}

static void first_claim_of_an_unknown_address_is_asked_about_at_once(void)
{
	start();
	arp(1, other_mac, PEER, OURS); /* a liar was quicker */
	arrives(60);
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, other_mac, 6), 0);
	now_ns += MS;
	CU_ASSERT(wl_neighbour_ask(&neighbours, now_ns, &out));
	arp(2, peer_mac, PEER, OURS);
	arrives(60);
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, peer_mac, 6), 0);
	CU_ASSERT_FALSE(wl_neighbour_ask(&neighbours, now_ns + 900 * MS, &out));
}

static void peer_that_asks_us_first_is_learned_too(void)
{
	start();
	arp(1, peer_mac, PEER, OURS);
	arrives(60);
	CU_ASSERT(neighbours.entries[0].known);
	CU_ASSERT_EQUAL(out.bytes, 60);
}

static void known_address_changes_only_by_an_answer_to_our_question(void)
{
	start();
	wl_neighbour_ask(&neighbours, now_ns, &out);
	arp(2, peer_mac, PEER, OURS);
	arrives(60);
	neighbours.entries[0].changed = false;
	now_ns += 3000 * MS;

	arp(2, other_mac, PEER, OURS); /* nobody asked */
	arrives(60);
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, peer_mac, 6), 0);
	CU_ASSERT_FALSE(neighbours.entries[0].changed);

	CU_ASSERT(wl_neighbour_ask(&neighbours, now_ns, &out)); /* the claim makes us ask */
	arrives(60);
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, other_mac, 6), 0);
	CU_ASSERT(neighbours.entries[0].changed);
}

static void flood_of_claims_makes_no_more_questions_than_silence(void)
{
	unsigned asked = 0;

	start();
	wl_neighbour_ask(&neighbours, now_ns, &out);
	arp(2, peer_mac, PEER, OURS);
	arrives(60);
	for (unsigned i = 0; i < 5000; i++, now_ns += MS) {
		arp(1, other_mac, PEER, OURS);
		arrives(60);
		asked += wl_neighbour_ask(&neighbours, now_ns, &out);
	}
	CU_ASSERT(asked >= 3 && asked <= 40); /* 5000 claims, and nobody answers */
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, peer_mac, 6), 0);
}

/* A question that is due within the next 20 s is asked, and `mac` answers it. True: it went to everybody. */
static bool next_question(const uint8_t *mac)
{
	for (unsigned i = 0; i < 20000; i++, now_ns += MS) {
		if (!wl_neighbour_ask(&neighbours, now_ns, &out))
			continue;
		bool all = out.frame[0] == 0xff;

		if (!all)
			CU_ASSERT_EQUAL(memcmp(out.frame, neighbours.entries[0].mac, 6), 0);
		if (mac) {
			arp(2, mac, PEER, OURS);
			arrives(60);
		}
		now_ns += MS;
		return all;
	}
	CU_FAIL("nothing is asked any more");
	return false;
}

static void who_answers_is_asked_alone_and_less_and_less(void)
{
	uint64_t begun_ns;
	unsigned asked = 0, asked_all = 0;

	start();
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_TRUE(next_question(peer_mac));
	begun_ns = now_ns;
	for (; now_ns - begun_ns < 600000 * MS; asked++)
		asked_all += next_question(peer_mac);
	CU_ASSERT(asked >= 30 && asked <= 60);
	CU_ASSERT(asked_all >= 3 && asked_all <= asked / 6);
}

static void all_are_asked_again_when_a_known_card_is_silent(void)
{
	start();
	for (unsigned i = 0; i < 5; i++)
		next_question(peer_mac);
	CU_ASSERT_FALSE(next_question(NULL));
	CU_ASSERT_FALSE(next_question(NULL));
	for (unsigned i = 0; i < 20; i++)
		CU_ASSERT_TRUE(next_question(NULL));
	CU_ASSERT_TRUE(next_question(other_mac)); /* its card was replaced */
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, other_mac, 6), 0);
	CU_ASSERT_FALSE(wl_neighbour_is_twice(&neighbours.entries[0], now_ns));
}

static void all_are_asked_again_when_somebody_claims_a_known_address(void)
{
	start();
	for (unsigned i = 0; i < 5; i++)
		next_question(peer_mac);
	now_ns += 1100 * MS;
	arp(1, other_mac, PEER, OURS);
	arrives(60);
	CU_ASSERT_TRUE(next_question(peer_mac));
	CU_ASSERT_EQUAL(memcmp(neighbours.entries[0].mac, peer_mac, 6), 0);
}

/* Both answer each question to all, `first` before the other one. */
static void both_answer(const uint8_t *first, const uint8_t *second)
{
	CU_ASSERT_TRUE(next_question(first));
	arp(2, second, PEER, OURS);
	arrives(60);
}

static void two_machines_with_one_address_are_told_and_the_known_one_stays(void)
{
	struct wl_neighbour_entry *entry = &neighbours.entries[0];

	for (unsigned known = 1; known < 12; known++) {
		start();
		for (unsigned i = 0; i < known; i++)
			next_question(peer_mac);
		now_ns += 1100 * MS;
		arp(1, other_mac, PEER, OURS); /* that is how the second one is noticed */
		arrives(60);
		for (unsigned round = 0; round < 9; round++) {
			both_answer(round % 3 ? other_mac : peer_mac,
				    round % 3 ? peer_mac : other_mac);
			CU_ASSERT_EQUAL(memcmp(entry->mac, peer_mac, 6), 0);
			CU_ASSERT_EQUAL(memcmp(entry->twice_mac, other_mac, 6), 0);
			CU_ASSERT_TRUE(wl_neighbour_is_twice(entry, now_ns));
		}
		CU_ASSERT_EQUAL(neighbours.counts.arp_twice, 9);
		for (unsigned i = 0; i < 6; i++) /* the other one got another address */
			next_question(peer_mac);
		CU_ASSERT_FALSE(wl_neighbour_is_twice(entry, now_ns));
	}
}

static void peer_behind_a_gateway_gets_the_gateways_address(void)
{
	start();
	CU_ASSERT(wl_neighbour_add(&neighbours, 0, FAR, GATEWAY));
	CU_ASSERT(wl_neighbour_ask(&neighbours, now_ns, &out));
	CU_ASSERT(wl_neighbour_ask(&neighbours, now_ns, &out));
	CU_ASSERT_EQUAL(wl_load_be32(out.frame + 38), GATEWAY);
	arp(2, other_mac, GATEWAY, OURS);
	arrives(60);
	CU_ASSERT_FALSE(neighbours.entries[0].known);
	CU_ASSERT(neighbours.entries[1].known);
	CU_ASSERT_EQUAL(neighbours.entries[1].ipv4, FAR);
}

static void somebody_with_our_address_is_counted(void)
{
	start();
	arp(1, other_mac, OURS, OURS);
	arrives(60);
	CU_ASSERT_EQUAL(out.bytes, 0);
	CU_ASSERT_EQUAL(neighbours.counts.arp_conflicts, 1);
	arp(1, our_mac, OURS, PEER); /* our own, reflected */
	arrives(60);
	CU_ASSERT_EQUAL(neighbours.counts.arp_conflicts, 1);
	CU_ASSERT_TRUE(wl_neighbour_is_ours_twice(&neighbours, 0, now_ns));
	CU_ASSERT_EQUAL(memcmp(neighbours.ours_twice_mac[0], other_mac, 6), 0);
	CU_ASSERT_FALSE(wl_neighbour_is_ours_twice(&neighbours, 0, now_ns + 6000 * MS));
}

static void point_to_point_link_is_left_alone(void)
{
	struct wl_link_info info = {.mtu = 1500, .ipv4 = OURS, .ethernet = false};

	start();
	wl_neighbour_set_link(&neighbours, 0, &info);
	arp(1, peer_mac, PEER, OURS);
	arrives(60);
	CU_ASSERT_EQUAL(out.bytes, 0);
	CU_ASSERT_FALSE(wl_neighbour_ask(&neighbours, now_ns, &out));
}

static void echo_is_answered_with_right_checksums(void)
{
	static const size_t sizes[] = {0, 1, 7, 56, 57, 1000, 1472, 1473, 4000, 8972};

	start();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t bytes = echo(sizes[i]);
		size_t total = 28 + sizes[i];

		arrives(bytes < 60 ? 60 : bytes); /* short frames are padded on the wire */
		CU_ASSERT_EQUAL_FATAL(out.bytes, bytes < 60 ? 60 : bytes);
		CU_ASSERT_EQUAL(memcmp(out.frame, peer_mac, 6), 0);
		CU_ASSERT_EQUAL(memcmp(out.frame + 6, our_mac, 6), 0);
		CU_ASSERT_EQUAL(sum(out.frame + 14, 20), 0);
		CU_ASSERT_EQUAL(sum(out.frame + 34, total - 20), 0);
		CU_ASSERT_EQUAL(wl_load_be32(out.frame + 26), OURS);
		CU_ASSERT_EQUAL(wl_load_be32(out.frame + 30), PEER);
		CU_ASSERT_EQUAL(out.frame[34], 0);
		CU_ASSERT_EQUAL(memcmp(out.frame + 38, frame + 38, total - 24), 0);
	}
}

static void echo_with_anything_wrong_is_not_answered(void)
{
	size_t bytes;

	start();
	bytes = echo(56);
	for (unsigned at = 0; at < bytes; at++) {
		/* Type of service, identification and time to live are under the checksum as well. */
		if (at >= 6 && at < 12)
			continue; /* who sent it is not protected, that is Ethernet */
		echo(56);
		frame[at] ^= 0x10;
		arrives(bytes);
		CU_ASSERT_EQUAL(out.bytes, 0);
	}
	for (unsigned size = 0; size < bytes; size++) {
		echo(56);
		arrives(size);
		CU_ASSERT_EQUAL(out.bytes, 0);
	}
}

static void echo_to_broadcast_or_from_multicast_is_not_answered(void)
{
	size_t bytes;

	start();
	bytes = echo(56);
	memset(frame, 0xff, 6);
	arrives(bytes);
	CU_ASSERT_EQUAL(out.bytes, 0);
	echo(56);
	wl_store_be32(frame + 26, 0xe0000001);
	wl_store_be16(frame + 24, 0);
	wl_store_be16(frame + 24, sum(frame + 14, 20));
	arrives(bytes);
	CU_ASSERT_EQUAL(out.bytes, 0);
}

static void fragments_options_and_replies_are_not_answered(void)
{
	size_t bytes;

	start();
	bytes = echo(56);
	wl_store_be16(frame + 20, 0x2000); /* more fragments */
	wl_store_be16(frame + 24, 0);
	wl_store_be16(frame + 24, sum(frame + 14, 20));
	arrives(bytes);
	CU_ASSERT_EQUAL(out.bytes, 0);
	echo(56);
	frame[34] = 0; /* an echo reply */
	wl_store_be16(frame + 36, 0);
	wl_store_be16(frame + 36, sum(frame + 34, 64));
	arrives(bytes);
	CU_ASSERT_EQUAL(out.bytes, 0);
}

WL_SUITE(neighbour)
{
	WL_TEST(arp_request_for_our_address_is_answered),
	WL_TEST(arp_request_for_another_address_is_not_answered),
	WL_TEST(malformed_arp_changes_nothing),
	WL_TEST(unknown_peer_is_asked_for_with_growing_pauses),
	WL_TEST(reply_is_learned_and_stops_the_questions),
	WL_TEST(peer_that_asks_us_first_is_learned_too),
	WL_TEST(known_address_changes_only_by_an_answer_to_our_question),
	WL_TEST(first_claim_of_an_unknown_address_is_asked_about_at_once),
	WL_TEST(flood_of_claims_makes_no_more_questions_than_silence),
	WL_TEST(who_answers_is_asked_alone_and_less_and_less),
	WL_TEST(all_are_asked_again_when_a_known_card_is_silent),
	WL_TEST(all_are_asked_again_when_somebody_claims_a_known_address),
	WL_TEST(two_machines_with_one_address_are_told_and_the_known_one_stays),
	WL_TEST(peer_behind_a_gateway_gets_the_gateways_address),
	WL_TEST(somebody_with_our_address_is_counted),
	WL_TEST(point_to_point_link_is_left_alone),
	WL_TEST(echo_is_answered_with_right_checksums),
	WL_TEST(echo_with_anything_wrong_is_not_answered),
	WL_TEST(echo_to_broadcast_or_from_multicast_is_not_answered),
	WL_TEST(fragments_options_and_replies_are_not_answered),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <string.h>

#include "dataplane/worker/anatomy.h"
#include "tests/unit/runner.h"

#define MS 1000000ull
#define US 1000ull

static struct wl_anatomy anatomy;
static struct wl_anatomy_entry entry;

static void begin(void)
{
	memset(&anatomy, 0, sizeof(anatomy));
	wl_anatomy_begin(&anatomy, 1, 0);
}

/* `count` records; it came at `arrived`, and was sequenced 10 us later. */
static void seal(uint64_t index, uint64_t first, uint64_t count, uint64_t arrived)
{
	wl_anatomy_sealed(&anatomy, &(struct wl_anatomy_head){.index = index,
							      .term = 3,
							      .first_number = first,
							      .count = count,
							      .timestamp_ns = 77,
							      .arrived_ns = arrived,
							      .sequenced_us = 10});
}

static void reach(uint64_t durable, uint64_t committed, uint64_t answered, uint64_t now)
{
	wl_anatomy_reached(&anatomy, WL_ANATOMY_DURABLE, durable, now);
	wl_anatomy_reached(&anatomy, WL_ANATOMY_COMMITTED, committed, now);
	wl_anatomy_reached(&anatomy, WL_ANATOMY_ANSWERED, answered, now);
}

static void peer(uint32_t node, uint64_t sent, uint64_t received, uint64_t durable, uint64_t now)
{
	wl_anatomy_reached(&anatomy, WL_ANATOMY_SENT + node, sent, now);
	wl_anatomy_reached(&anatomy, WL_ANATOMY_PEER_RECEIVED + node, received, now);
	wl_anatomy_reached(&anatomy, WL_ANATOMY_PEER_DURABLE + node, durable, now);
}

static void an_entry_gets_the_time_of_each_level_once(void)
{
	begin();
	seal(1, 100, 5, MS);
	peer(2, 1, 0, 0, MS + 10 * US);
	peer(2, 1, 1, 0, MS + 60 * US);
	reach(1, 0, 0, MS + 70 * US);
	peer(2, 1, 1, 1, MS + 90 * US);
	reach(1, 1, 0, MS + 90 * US);
	reach(1, 1, 1, MS + 120 * US);
	reach(1, 1, 1, MS + 999 * US);
	CU_ASSERT_FATAL(wl_anatomy_find(&anatomy, 102, &entry));
	CU_ASSERT_EQUAL(entry.head.index, 1);
	CU_ASSERT_EQUAL(entry.head.term, 3);
	CU_ASSERT_EQUAL(entry.head.first_number, 100);
	CU_ASSERT_EQUAL(entry.head.count, 5);
	CU_ASSERT_EQUAL(entry.head.timestamp_ns, 77);
	CU_ASSERT_EQUAL(entry.head.sequenced_us, 10);
	CU_ASSERT_EQUAL(entry.durable_us, 70);
	CU_ASSERT_EQUAL(entry.committed_us, 90);
	CU_ASSERT_EQUAL(entry.answered_us, 120);
	CU_ASSERT_EQUAL(entry.peers[1].sent_us, 10);
	CU_ASSERT_EQUAL(entry.peers[1].received_us, 60);
	CU_ASSERT_EQUAL(entry.peers[1].durable_us, 90);
	CU_ASSERT_EQUAL(entry.peers[2].sent_us, WL_ANATOMY_NOT_YET);
	CU_ASSERT(!wl_anatomy_find(&anatomy, 99, &entry));
	CU_ASSERT(!wl_anatomy_find(&anatomy, 105, &entry));
}

static void an_entry_without_records_is_not_kept(void)
{
	begin();
	seal(1, 100, 0, MS);
	reach(1, 1, 1, 2 * MS);
	CU_ASSERT(!wl_anatomy_find(&anatomy, 100, &entry));
}

/* 3 entries of a leadership were cut away; the next one has others in their places, the first without records. */
static void what_was_cut_away_gets_no_times_of_what_took_its_place(void)
{
	begin();
	seal(1, 100, 1, MS);
	seal(2, 101, 1, MS);
	seal(3, 102, 1, MS);
	reach(1, 1, 1, 2 * MS);
	wl_anatomy_begin(&anatomy, 2, 1);
	seal(2, 101, 0, 3 * MS);
	reach(2, 2, 2, 4 * MS);
	CU_ASSERT(!wl_anatomy_find(&anatomy, 101, &entry));
	CU_ASSERT_FATAL(wl_anatomy_find(&anatomy, 102, &entry));
	CU_ASSERT_EQUAL(entry.committed_us, WL_ANATOMY_NOT_YET);
	CU_ASSERT_FATAL(wl_anatomy_find(&anatomy, 100, &entry));
	CU_ASSERT_EQUAL(entry.committed_us, 1000);
}

static void the_newest_are_kept_and_the_slowest_of_each_second_longer(void)
{
	uint64_t index = 1;

	begin();
	/* Ten seconds of a thousand entries; one of each second is slow. */
	for (uint64_t second = 1; second <= 10; second++)
		for (uint64_t at = 0; at < 1000; at++, index++) {
			uint64_t came = second * 1000 * MS + at * MS;

			seal(index, index, 1, came);
			peer(3, index, 0, 0, came);
			reach(index, index, index, came + (at == 500 ? 900 : 20) * US);
			/* What is known only later is in it, too. */
			peer(3, index, index, index, came + 950 * US);
		}
	CU_ASSERT(wl_anatomy_find(&anatomy, 10000, &entry));
	CU_ASSERT(wl_anatomy_find(&anatomy, 10000 - WL_ANATOMY_ENTRIES + 1, &entry));
	CU_ASSERT(!wl_anatomy_find(&anatomy, 10000 - WL_ANATOMY_ENTRIES, &entry));
	for (uint64_t second = 1; second <= 5; second++) {
		CU_ASSERT_FATAL(wl_anatomy_find(&anatomy, (second - 1) * 1000 + 501, &entry));
		CU_ASSERT_EQUAL(entry.answered_us, 900);
		CU_ASSERT_EQUAL(entry.peers[2].durable_us, 950);
		CU_ASSERT(!wl_anatomy_find(&anatomy, (second - 1) * 1000 + 502, &entry));
	}
}

static void levels_beyond_what_was_sealed_and_far_jumps_are_borne(void)
{
	begin();
	for (uint64_t index = 1; index <= 3 * WL_ANATOMY_ENTRIES; index++)
		seal(index, index, 1, MS);
	peer(7, UINT64_MAX, UINT64_MAX, UINT64_MAX, 2 * MS);
	reach(UINT64_MAX, UINT64_MAX, UINT64_MAX, 2 * MS);
	CU_ASSERT_FATAL(wl_anatomy_find(&anatomy, 3 * WL_ANATOMY_ENTRIES, &entry));
	CU_ASSERT_EQUAL(entry.answered_us, 1000);
	CU_ASSERT_EQUAL(entry.peers[6].durable_us, 1000);
}

static void who_led_is_known_by_the_first_record(void)
{
	struct wl_anatomy_leader leader;

	begin();
	CU_ASSERT(!wl_anatomy_leader_of(&anatomy, 5, &leader));
	for (uint64_t term = 1; term <= WL_ANATOMY_LEADERS + 2; term++)
		wl_anatomy_led(&anatomy, term, term % 3 + 1, term * 100);
	CU_ASSERT_FATAL(wl_anatomy_leader_of(&anatomy, 599, &leader));
	CU_ASSERT_EQUAL(leader.term, 5);
	CU_ASSERT_EQUAL(leader.node, 3);
	CU_ASSERT_FATAL(wl_anatomy_leader_of(&anatomy, 1u << 20, &leader));
	CU_ASSERT_EQUAL(leader.term, WL_ANATOMY_LEADERS + 2);
	CU_ASSERT_FATAL(wl_anatomy_leader_of(&anatomy, 400, &leader));
	CU_ASSERT_EQUAL(leader.term, 4);
	CU_ASSERT(!wl_anatomy_leader_of(&anatomy, 399, &leader));
}

/* ---- which part was the longest ----------------------------------------------------------------- */

static struct wl_anatomy_entry judged(uint32_t sequenced, uint32_t durable, uint32_t committed,
				      uint32_t answered)
{
	struct wl_anatomy_entry one = {.head.sequenced_us = sequenced,
				       .durable_us = durable,
				       .committed_us = committed,
				       .answered_us = answered};

	memset(one.peers, 0xff, sizeof(one.peers));
	return one;
}

static void expect(const struct wl_anatomy_entry *one, enum wl_anatomy_part part, uint32_t us,
		   uint32_t node)
{
	struct wl_anatomy_longest longest = wl_anatomy_longest(one);

	CU_ASSERT_EQUAL(longest.part, part);
	CU_ASSERT_EQUAL(longest.us, us);
	CU_ASSERT_EQUAL(longest.node, node);
}

static void the_longest_part_is_one_that_was_waited_for(void)
{
	struct wl_anatomy_entry one = judged(50, 60, 70, 75);

	one.peers[1] = (struct wl_anatomy_peer){50, 70, 70};
	expect(&one, WL_ANATOMY_TURN, 50, 0);
	/* Our drive comes last, and the slow third node was not waited for. */
	one = judged(5, 500, 500, 510);
	one.peers[1] = (struct wl_anatomy_peer){5, 80, 90};
	one.peers[2] = (struct wl_anatomy_peer){5, 80, 9000};
	expect(&one, WL_ANATOMY_OWN_DRIVE, 495, 0);
	/* Both others are there before our drive. */
	one = judged(5, 9000, 400, 410);
	one.peers[1] = (struct wl_anatomy_peer){5, 80, 90};
	one.peers[2] = (struct wl_anatomy_peer){5, 80, 400};
	expect(&one, WL_ANATOMY_PEER_DRIVE, 320, 3);
	one.peers[2] = (struct wl_anatomy_peer){5, 400, 400};
	expect(&one, WL_ANATOMY_PEER, 395, 3);
	CU_ASSERT(wl_anatomy_longest(&one).with_drive);
	one.peers[2] = (struct wl_anatomy_peer){5, 390, 400};
	CU_ASSERT(!wl_anatomy_longest(&one).with_drive);
	one.peers[2] = (struct wl_anatomy_peer){350, 390, 400};
	expect(&one, WL_ANATOMY_SENDING, 345, 3);
	one = judged(5, 20, 1000, 1010);
	one.peers[1] = (struct wl_anatomy_peer){5, 30, 30};
	expect(&one, WL_ANATOMY_COMMIT, 970, 0);
	one = judged(5, 20, 30, 1000);
	one.peers[1] = (struct wl_anatomy_peer){5, 30, 30};
	expect(&one, WL_ANATOMY_ANSWER, 970, 0);
}

static void who_stands_alone_waits_for_its_own_drive(void)
{
	struct wl_anatomy_entry one = judged(5, 300, 300, WL_ANATOMY_NOT_YET);

	expect(&one, WL_ANATOMY_OWN_DRIVE, 295, 0);
}

/* ---- a reader beside the worker ----------------------------------------------------------------- */

#define LAPS 40u

static void *write_laps(void *argument)
{
	_Atomic bool *ended = argument;

	for (uint64_t index = 1; index <= LAPS * WL_ANATOMY_ENTRIES; index++) {
		seal(index, index * 8, 8, index * MS);
		reach(index, index, index, index * MS + (index & 1023) * US + 10 * US);
	}
	*ended = true;
	return NULL;
}

static void a_reader_gets_whole_entries(void)
{
	_Atomic bool ended = false;
	uint64_t number = 8, found = 0, wrong = 0;
	pthread_t thread;

	begin();
	CU_ASSERT_FATAL(pthread_create(&thread, NULL, write_laps, &ended) == 0);
	while (!ended) {
		number = (number * 2862933555777941757u + 3037000493u) %
			 (8ull * LAPS * WL_ANATOMY_ENTRIES);
		if (!wl_anatomy_find(&anatomy, number, &entry))
			continue;
		found++;
		wrong += entry.head.first_number != entry.head.index * 8 || entry.head.count != 8 ||
			 entry.head.arrived_ns != entry.head.index * MS ||
			 number / 8 != entry.head.index ||
			 (entry.answered_us != WL_ANATOMY_NOT_YET &&
			  entry.answered_us != (entry.head.index & 1023) + 10);
	}
	pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(wl_anatomy_find(&anatomy, 8ull * LAPS * WL_ANATOMY_ENTRIES + 7, &entry));
	(void)found;
}

WL_SUITE(anatomy)
{
	WL_TEST(an_entry_gets_the_time_of_each_level_once),
	WL_TEST(an_entry_without_records_is_not_kept),
	WL_TEST(what_was_cut_away_gets_no_times_of_what_took_its_place),
	WL_TEST(the_newest_are_kept_and_the_slowest_of_each_second_longer),
	WL_TEST(levels_beyond_what_was_sealed_and_far_jumps_are_borne),
	WL_TEST(who_led_is_known_by_the_first_record),
	WL_TEST(the_longest_part_is_one_that_was_waited_for),
	WL_TEST(who_stands_alone_waits_for_its_own_drive),
	WL_TEST(a_reader_gets_whole_entries),
};

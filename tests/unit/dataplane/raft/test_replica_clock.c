/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of the journal: our wall clock, where a majority's clocks vouch for it. */
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"

#define LEADER 1u
#define NOW_NS 1700000000000000000ull
#define SECOND_NS 1000000000ull
#define TEN_YEARS_NS (3650ull * 86400 * SECOND_NS)

static struct replica_fixture cluster;

static struct wl_replica *leader(void)
{
	return &cluster.nodes[LEADER].replica;
}

static void begin(uint64_t wall_ns)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, "1");
	replica_fixture_lead(&cluster, LEADER, 2);
	leader()->wall_ns = wall_ns;
}

static void hear(uint32_t from, uint64_t wall_ns)
{
	struct wl_wire_append_ack ack = {.term = 2,
					 .sent_ns = leader()->now_ns,
					 .room = REPLICA_ROOM,
					 .wall_ns = wall_ns};

	wl_replica_on_append_ack(leader(), from, &ack);
}

static void end(void)
{
	replica_fixture_fini(&cluster);
}

static void leader_far_ahead_stamps_a_second_ahead_of_a_majority(void)
{
	begin(NOW_NS + TEN_YEARS_NS);
	hear(2, NOW_NS);
	CU_ASSERT_EQUAL(wl_replica_stamp(leader()), NOW_NS + SECOND_NS);
	hear(3, NOW_NS + SECOND_NS);
	CU_ASSERT_EQUAL(wl_replica_stamp(leader()), NOW_NS + 2 * SECOND_NS);
	end();
}

static void leader_far_behind_stamps_a_second_behind_a_majority(void)
{
	begin(NOW_NS - TEN_YEARS_NS);
	hear(2, NOW_NS);
	hear(3, NOW_NS);
	CU_ASSERT_EQUAL(wl_replica_stamp(leader()), NOW_NS - SECOND_NS);
	end();
}

static void one_follower_far_off_changes_nothing(void)
{
	begin(NOW_NS);
	hear(2, NOW_NS + TEN_YEARS_NS);
	CU_ASSERT_EQUAL(wl_replica_stamp(leader()), NOW_NS);
	hear(3, NOW_NS);
	hear(2, NOW_NS - TEN_YEARS_NS);
	CU_ASSERT_EQUAL(wl_replica_stamp(leader()), NOW_NS);
	end();
}

static void stamps_never_fall_and_wait_for_what_is_in_the_log(void)
{
	begin(NOW_NS);
	hear(2, NOW_NS);
	leader()->log->last_timestamp_ns = NOW_NS + TEN_YEARS_NS;
	CU_ASSERT_EQUAL(wl_replica_stamp(leader()), NOW_NS + TEN_YEARS_NS);
	end();
}

static void excursion_is_counted_once_and_ends(void)
{
	const _Atomic uint64_t *counted =
		&cluster.nodes[LEADER].counters.count[WL_COUNTER_clock_excursions];

	begin(NOW_NS + TEN_YEARS_NS);
	hear(2, NOW_NS);
	hear(3, NOW_NS);
	wl_replica_begin_turn(leader(), leader()->now_ns);
	wl_replica_begin_turn(leader(), leader()->now_ns);
	CU_ASSERT(leader()->clock_astray);
	CU_ASSERT_EQUAL(leader()->clock_ahead_ns, TEN_YEARS_NS);
	leader()->wall_ns = NOW_NS + 700000000; /* near enough not to begin one, not to end one */
	wl_replica_begin_turn(leader(), leader()->now_ns);
	CU_ASSERT(leader()->clock_astray);
	leader()->wall_ns = NOW_NS;
	wl_replica_begin_turn(leader(), leader()->now_ns);
	CU_ASSERT(!leader()->clock_astray);
	CU_ASSERT_EQUAL(*counted, 1);
	end();
}

WL_SUITE(replica_clock)
{
	WL_TEST(leader_far_ahead_stamps_a_second_ahead_of_a_majority),
	WL_TEST(leader_far_behind_stamps_a_second_behind_a_majority),
	WL_TEST(one_follower_far_off_changes_nothing),
	WL_TEST(stamps_never_fall_and_wait_for_what_is_in_the_log),
	WL_TEST(excursion_is_counted_once_and_ends),
};

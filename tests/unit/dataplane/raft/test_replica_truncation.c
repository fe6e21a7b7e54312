/* SPDX-License-Identifier: BSD-3-Clause */
/* The follower's log where it differs from the leader's: what is cut, what is refused, what becomes durable again. */
#include <string.h>

#include "tests/unit/dataplane/raft/follower_fixture.h"
#include "tests/unit/runner.h"

/* ---- truncation ---- */

static void late_append_does_not_truncate_entries_that_match(void)
{
	follower_begin("11111", "", 1);
	follower_append(0, 5, 0);
	follower_append(0, 2, 0);
	follower_append(1, 0, 0);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 5);
	CU_ASSERT_EQUAL(follower()->follower.match, 5);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_truncations), 0);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_append_duplicate), 2);
	replica_fixture_fini(follower_cluster());
}

/* Raft figure 2: "if an existing entry conflicts": not "if there is more than the frame has". */
static void append_does_not_truncate_what_lies_behind_its_last_entry(void)
{
	follower_begin("11111", "11111", 2);
	follower_append(1, 2, 0);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 5);
	CU_ASSERT_EQUAL(follower()->follower.match, 3);
	replica_fixture_fini(follower_cluster());
}

static void conflicting_entry_and_all_behind_it_are_replaced(void)
{
	follower_begin("1133", "112222", 3);
	follower_append(2, 2, 0);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_truncations), 1);
	CU_ASSERT(replica_fixture_same(follower_cluster(), LEADER, FOLLOWER));
	CU_ASSERT_EQUAL(follower()->follower.match, 4);
	replica_fixture_fini(follower_cluster());
}

/* Entries 3 and 4 of term 2 were taken, and their write is held. */
static struct memory_drive *begin_with_a_write_in_flight(void)
{
	follower_begin("1122", "11", 2);
	follower_cluster()->nodes[FOLLOWER].hold_disk = true;
	follower_append(2, 2, 0);
	follower_turn();
	return &follower_cluster()->nodes[FOLLOWER].disk.drive;
}

/* The leader of term 3 has others there. */
static void replace_behind_2(const char *terms)
{
	wl_log_truncate(replica_log(follower_cluster(), LEADER), 2);
	replica_fixture_fill(follower_cluster(), LEADER, terms);
	replica_fixture_follow(follower_cluster(), FOLLOWER, 3, LEADER);
	follower_append(2, (unsigned)strlen(terms), 0);
	follower_turn();
}

/* Rule 4 of safety. The old content of 3 and 4 is in flight while another leader rewrites them. */
static void completion_of_a_truncated_write_is_not_credited_to_what_replaced_it(void)
{
	struct memory_drive *drive;
	struct wl_wire_append_ack ack;

	drive = begin_with_a_write_in_flight();
	CU_ASSERT_EQUAL(drive->pending_count, 1);
	replace_behind_2("33");
	while (follower_answered(&ack))
		;
	CU_ASSERT_EQUAL_FATAL(drive->pending_count, 2);
	memory_drive_complete(drive, 0, WL_DISK_OK);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack) || ack.match_durable == 2);
	CU_ASSERT_EQUAL(follower_log()->durable.index, 2);
	memory_drive_complete(drive, 0, WL_DISK_OK);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 4);
	CU_ASSERT_EQUAL(ack.match_durable, 4);
	replica_fixture_fini(follower_cluster());
}

/* The drive finishes them the other way round: what replaced is there, and still waits for the write before it. */
static void rewritten_entry_is_not_durable_before_every_write_in_front_of_it(void)
{
	struct memory_drive *drive;
	struct wl_wire_append_ack ack;

	drive = begin_with_a_write_in_flight();
	replace_behind_2("3");
	while (follower_answered(&ack))
		;
	CU_ASSERT_EQUAL_FATAL(drive->pending_count, 2);
	memory_drive_complete(drive, 1, WL_DISK_OK);
	follower_turn();
	CU_ASSERT(!follower_answered(&ack));
	memory_drive_complete(drive, 0, WL_DISK_OK);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.match_durable, 3);
	replica_fixture_fini(follower_cluster());
}

/* Truncation takes back what was durable: the medium's index must not vouch for the new content. */
static void durable_falls_with_a_truncation_and_grows_with_the_new_write_alone(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("1133", "112222", 3);
	CU_ASSERT_EQUAL(follower_log()->durable.index, 6);
	follower_cluster()->nodes[FOLLOWER].hold_disk = true;
	follower_append(2, 2, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 4);
	CU_ASSERT_EQUAL(ack.match_durable, 2);
	replica_fixture_complete(follower_cluster(), FOLLOWER);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.match_durable, 4);
	replica_fixture_fini(follower_cluster());
}

static void truncated_follower_recovers_the_entries_that_replaced(void)
{
	follower_begin("1133", "112222", 3);
	follower_append(2, 2, 0);
	follower_turn();
	follower_turn();
	CU_ASSERT_EQUAL(follower_log()->durable.index, 4);
	replica_fixture_restart(follower_cluster(), FOLLOWER, 0);
	CU_ASSERT(replica_fixture_same(follower_cluster(), LEADER, FOLLOWER));
	replica_fixture_fini(follower_cluster());
}

static void committed_entry_is_never_truncated(void)
{
	follower_begin("1133", "1122", 3);
	follower()->commit = 3;
	follower_append(2, 2, 0);
	follower_turn();
	CU_ASSERT_EQUAL(follower_log()->tail.index, 4);
	CU_ASSERT_EQUAL(follower_log()->tail.term, 2);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_truncations), 0);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_append_diverged), 1);
	replica_fixture_fini(follower_cluster());
}

/* ---- refusals ---- */

static void refusal_names_the_first_index_of_the_conflicting_term(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("1133333", "1122222", 3);
	follower_append(6, 1, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.hint_index, 3);
	replica_fixture_fini(follower_cluster());
}

static void refusal_never_asks_for_what_is_committed(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("1133333", "1122222", 3);
	follower()->commit = 2;
	follower_append(6, 1, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT(ack.hint_index > 2);
	replica_fixture_fini(follower_cluster());
}

static void gap_is_refused_with_the_entry_behind_the_match(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("1111111", "", 1);
	follower_append(0, 2, 0);
	follower_append(4, 2, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.match_received, 2);
	CU_ASSERT_EQUAL(ack.hint_index, 3);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_append_gap), 1);
	replica_fixture_fini(follower_cluster());
}

/* Two frames changed places on the way: nothing has to be sent again. */
static void refusal_is_forgotten_when_what_was_missing_comes_in_the_same_turn(void)
{
	struct wl_wire_append_ack ack;

	follower_begin("1111", "", 1);
	follower_append(2, 2, 0);
	follower_append(0, 2, 0);
	follower_append(2, 2, 0);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT_EQUAL(ack.flags, 0);
	CU_ASSERT_EQUAL(ack.match_received, 4);
	replica_fixture_fini(follower_cluster());
}

WL_SUITE(replica_truncation)
{
	WL_TEST(late_append_does_not_truncate_entries_that_match),
	WL_TEST(append_does_not_truncate_what_lies_behind_its_last_entry),
	WL_TEST(conflicting_entry_and_all_behind_it_are_replaced),
	WL_TEST(completion_of_a_truncated_write_is_not_credited_to_what_replaced_it),
	WL_TEST(rewritten_entry_is_not_durable_before_every_write_in_front_of_it),
	WL_TEST(durable_falls_with_a_truncation_and_grows_with_the_new_write_alone),
	WL_TEST(truncated_follower_recovers_the_entries_that_replaced),
	WL_TEST(committed_entry_is_never_truncated),
	WL_TEST(refusal_names_the_first_index_of_the_conflicting_term),
	WL_TEST(refusal_never_asks_for_what_is_committed),
	WL_TEST(gap_is_refused_with_the_entry_behind_the_match),
	WL_TEST(refusal_is_forgotten_when_what_was_missing_comes_in_the_same_turn),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The leader's half by itself: node 1 leads, what the others say is made by hand, what leaves is looked at.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define LEADER 1u

static struct replica_fixture cluster;

static struct wl_replica *leader(void)
{
	return replica_of(&cluster, LEADER);
}

static struct wl_peer *peer(uint32_t node)
{
	return &leader()->leader.peers[node];
}

static uint64_t tail(void)
{
	return replica_log(&cluster, LEADER)->tail.index;
}

static uint64_t counted(enum wl_counter which)
{
	return replica_count(&cluster, LEADER, which);
}

static void turn(void)
{
	replica_fixture_turn(&cluster, LEADER);
}

static void forget_mail(void)
{
	cluster.mail_count = 0;
}

/* Node 1 leads term 2 behind `terms`; nobody has said anything. */
static void begin(const char *terms)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, terms);
	replica_fixture_lead(&cluster, LEADER, 2);
}

/* ... and its first entry is committed, both followers are caught up. */
static void begin_ready(const char *terms)
{
	begin(terms);
	turn();
	turn();
	for (uint32_t node = 2; node <= 3; node++)
		replica_fixture_acknowledge(&cluster, node, LEADER, tail(), tail());
	turn();
	CU_ASSERT(leader()->leader.ready);
	forget_mail();
}

static void append(uint32_t bytes)
{
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, bytes), WIRELOG_OK);
}

static void reject_in(uint32_t node, uint64_t hint, uint32_t hint_offset, uint64_t sent_ns)
{
	struct wl_wire_append_ack ack = {
		.room = REPLICA_ROOM,
		.term = leader()->view.term,
		.match_received = peer(node)->match_received,
		.match_durable = peer(node)->match_durable,
		.sent_ns = sent_ns,
		.hint_index = hint,
		.hint_offset = hint_offset,
		.flags = WL_WIRE_ACK_REJECTED,
	};

	leader()->now_ns = cluster.now_ns;
	wl_replica_on_append_ack(leader(), node, &ack);
}

static void reject(uint32_t node, uint64_t hint, uint64_t sent_ns)
{
	reject_in(node, hint, 0, sent_ns);
}

/* ---- what is sent ---- */

static void probe_is_one_empty_frame_until_it_is_answered(void)
{
	struct wl_wire_append append;
	struct replica_mail mail;

	begin("1111");
	turn();
	turn();
	turn();
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, WL_WIRE_APPEND), 1);
	CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append));
	CU_ASSERT_EQUAL(append.bytes, 0);
	CU_ASSERT_EQUAL(append.previous.index, 4);
	CU_ASSERT_EQUAL(append.previous.term, 1);
	CU_ASSERT_NOT_EQUAL(append.sent_ns, 0);
	replica_fixture_fini(&cluster);
}

static void accepted_probe_begins_the_stream(void)
{
	struct wl_wire_append append;
	struct replica_mail mail;

	begin("1111");
	turn();
	forget_mail();
	replica_fixture_acknowledge(&cluster, 2, LEADER, 4, 4);
	CU_ASSERT_EQUAL(peer(2)->state, WL_PEER_STREAM);
	turn();
	CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append));
	CU_ASSERT_EQUAL(append.previous.index, 4);
	CU_ASSERT_NOT_EQUAL(append.bytes, 0);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 3, WL_WIRE_APPEND), 0);
	replica_fixture_fini(&cluster);
}

static void stream_does_not_wait_for_an_answer(void)
{
	begin_ready("1");
	for (unsigned at = 0; at < 5; at++) {
		append(100);
		turn();
	}
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, WL_WIRE_APPEND), 5);
	CU_ASSERT_EQUAL(peer(2)->next_index, tail() + 1);
	replica_fixture_fini(&cluster);
}

static void several_entries_leave_in_one_frame(void)
{
	begin_ready("1");
	cluster.cut[1][2] = true;
	for (unsigned at = 0; at < 4; at++) {
		append(100);
		turn();
	}
	cluster.cut[1][2] = false;
	reject(2, peer(2)->match_received + 1, cluster.now_ns);
	turn();
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, WL_WIRE_APPEND), 1);
	CU_ASSERT_EQUAL(peer(2)->next_index, tail() + 1);
	replica_fixture_fini(&cluster);
}

static void unacknowledged_bytes_stay_within_the_window_and_one_frame(void)
{
	uint64_t bytes = 0;
	struct wl_wire_append append_;
	struct replica_mail mail;

	begin_ready("1");
	cluster.cut[1][3] = true;
	for (unsigned at = 0; at < REPLICA_RESEND_NS / REPLICA_TURN_NS - 10; at++) {
		append(16000);
		turn();
	}
	while (replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append_))
		bytes += append_.bytes;
	CU_ASSERT(bytes >= REPLICA_WINDOW_BYTES / 2); /* padding of chunks counts too */
	CU_ASSERT(bytes < REPLICA_WINDOW_BYTES + REPLICA_MTU);
	/* It goes on as far as is acknowledged. */
	replica_fixture_acknowledge(&cluster, 2, LEADER, peer(2)->next_index - 1, 0);
	turn();
	CU_ASSERT(replica_fixture_mail(&cluster, LEADER, 2, WL_WIRE_APPEND) > 0);
	replica_fixture_fini(&cluster);
}

/* A record may be larger than the window that the operator chose. */
static void entry_larger_than_the_window_arrives(void)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_elect(&cluster, LEADER, 2);
	replica_fixture_run(&cluster, 6);
	append(3 * REPLICA_WINDOW_BYTES);
	replica_fixture_run(&cluster, 40);
	CU_ASSERT_EQUAL(leader()->commit, 2);
	append(64);
	replica_fixture_run(&cluster, 6);
	CU_ASSERT_EQUAL(leader()->commit, 3);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 2));
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	replica_fixture_fini(&cluster);
}

static void idle_leader_says_so_once_a_heartbeat(void)
{
	struct wl_wire_append append;
	struct replica_mail mail;

	begin_ready("1");
	turn();
	forget_mail();
	for (unsigned at = 0; at < 3; at++) {
		replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
		turn();
		turn();
	}
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, WL_WIRE_APPEND), 3);
	CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append));
	CU_ASSERT_EQUAL(append.bytes, 0);
	CU_ASSERT_NOT_EQUAL(append.sent_ns, 0);
	CU_ASSERT_EQUAL(append.commit, leader()->commit);
	replica_fixture_fini(&cluster);
}

static void new_commit_is_told_at_once_when_nothing_else_is_to_be_sent(void)
{
	struct wl_wire_append append_;
	struct replica_mail mail;

	begin_ready("1");
	append(64);
	turn();
	turn();
	forget_mail();
	replica_fixture_acknowledge(&cluster, 2, LEADER, tail(), tail());
	turn();
	CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append_));
	CU_ASSERT_EQUAL(append_.bytes, 0);
	CU_ASSERT_EQUAL(append_.sent_ns, 0);
	CU_ASSERT_EQUAL(append_.commit, tail());
	replica_fixture_fini(&cluster);
}

static void peer_that_was_not_greeted_is_sent_nothing(void)
{
	begin("1");
	cluster.nodes[LEADER].remotes[2].boot_id = 0;
	turn();
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 2, 0), 0);
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, LEADER, 3, 0), 1);
	replica_fixture_fini(&cluster);
}

/* ---- loss ---- */

static void rejection_moves_next_and_never_a_match(void)
{
	begin_ready("1111");
	append(64);
	turn();
	reject(2, 2, cluster.now_ns);
	CU_ASSERT_EQUAL(peer(2)->match_received, 5);
	CU_ASSERT_EQUAL(peer(2)->match_durable, 5);
	CU_ASSERT_EQUAL(peer(2)->next_index, 6);
	CU_ASSERT_EQUAL(leader()->commit, 5);
	replica_fixture_fini(&cluster);
}

static void rejected_probe_is_repeated_at_the_hint(void)
{
	struct wl_wire_append append;
	struct replica_mail mail;

	begin("1111");
	turn();
	CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append));
	reject(2, 2, append.sent_ns);
	CU_ASSERT_EQUAL(peer(2)->state, WL_PEER_PROBE);
	turn();
	CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append));
	CU_ASSERT_EQUAL(append.previous.index, 1);
	CU_ASSERT_EQUAL(append.bytes, 0);
	replica_fixture_fini(&cluster);
}

/* Ten frames are on their way when the first is lost: nine refusals, one way back. */
static void many_rejections_of_one_loss_go_back_once(void)
{
	struct wl_wire_append sent[10];
	struct replica_mail mail;

	begin_ready("1");
	for (unsigned at = 0; at < 10; at++) {
		append(64);
		turn();
		CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &sent[at]));
	}
	turn();
	for (unsigned at = 1; at < 10; at++)
		reject(2, 3, sent[at].sent_ns);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_ack_rejections), 9);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_append_resent), 1);
	CU_ASSERT_EQUAL(peer(2)->next_index, 3);
	replica_fixture_fini(&cluster);
}

static void hint_beyond_the_tail_is_brought_back_to_what_there_is(void)
{
	begin("11");
	turn();
	reject(2, UINT64_MAX, cluster.now_ns);
	CU_ASSERT(peer(2)->next_index <= tail() + 1);
	reject(2, 0, cluster.now_ns);
	CU_ASSERT_EQUAL(peer(2)->next_index, 1);
	turn();
	replica_fixture_fini(&cluster);
}

/* No follower says so that is in its right mind. */
static void hint_into_an_entry_that_is_not_there_is_none(void)
{
	begin_ready("1");
	append(64);
	turn();
	reject_in(2, tail() + 1, 1000, cluster.now_ns);
	CU_ASSERT_EQUAL(peer(2)->fragment_offset, 0);
	CU_ASSERT_PTR_NULL(wl_peer_check(peer(2), tail()));
	turn();
	replica_fixture_fini(&cluster);
}

static void silent_peer_is_sent_again_from_behind_its_match(void)
{
	struct wl_wire_append append_;
	struct replica_mail mail;

	begin_ready("1");
	append(64);
	turn();
	append(64);
	turn();
	forget_mail();
	replica_fixture_pass(&cluster, REPLICA_RESEND_NS);
	turn();
	CU_ASSERT(replica_fixture_take_append(&cluster, LEADER, 2, &mail, &append_));
	CU_ASSERT_EQUAL(append_.previous.index, 2);
	CU_ASSERT_EQUAL(peer(2)->next_index, 5);
	replica_fixture_fini(&cluster);
}

static void peer_that_needs_what_left_the_memory_is_given_it_from_the_medium(void)
{
	uint32_t bytes;

	replica_fixture_init(&cluster, 3);
	replica_fixture_elect(&cluster, LEADER, 2);
	replica_fixture_run(&cluster, 6);
	cluster.cut[1][3] = true;
	for (unsigned at = 0; at < 100; at++) {
		append(60000);
		replica_fixture_run(&cluster, 3);
	}
	replica_fixture_run(&cluster, 5);
	CU_ASSERT_EQUAL(leader()->commit, 101);
	CU_ASSERT_PTR_NULL(wl_log_image_in_ring(replica_log(&cluster, LEADER), 2, &bytes));
	cluster.cut[1][3] = false;
	replica_fixture_pass(&cluster, REPLICA_RESEND_NS);
	for (unsigned at = 0; at < 2000 && peer(3)->match_durable < 101; at++)
		replica_fixture_run(&cluster, 1);
	CU_ASSERT(replica_fixture_same(&cluster, 1, 3));
	CU_ASSERT_EQUAL(peer(3)->match_durable, 101);
	replica_fixture_fini(&cluster);
}

/* ---- what is believed ---- */

static void acknowledgement_of_an_older_term_is_ignored(void)
{
	struct wl_wire_append_ack ack = {.term = 1,
					 .match_received = 2,
					 .match_durable = 2,
					 .room = REPLICA_ROOM};

	begin("11");
	turn();
	turn();
	ack.sent_ns = leader()->now_ns;
	wl_replica_on_append_ack(leader(), 2, &ack);
	CU_ASSERT_EQUAL(peer(2)->match_received, 0);
	CU_ASSERT_EQUAL(leader()->commit, 0);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_ack_stale), 1);
	replica_fixture_fini(&cluster);
}

static void acknowledgement_of_a_newer_term_goes_to_control_and_counts_for_nothing(void)
{
	struct wl_wire_append_ack ack = {.term = 3,
					 .match_received = 3,
					 .match_durable = 3,
					 .room = REPLICA_ROOM};
	struct wl_plane_message told;

	begin("11");
	turn();
	turn();
	wl_replica_on_append_ack(leader(), 2, &ack);
	CU_ASSERT(replica_fixture_told(&cluster, LEADER, WL_PLANE_SAW_TERM, &told));
	CU_ASSERT_EQUAL(told.view.term, 3);
	CU_ASSERT_EQUAL(told.node, 2);
	CU_ASSERT_EQUAL(peer(2)->match_durable, 0);
	CU_ASSERT_EQUAL(leader()->commit, 0);
	CU_ASSERT_EQUAL(leader()->view.term, 2);
	replica_fixture_fini(&cluster);
}

static void acknowledgement_of_what_was_never_appended_is_dropped(void)
{
	begin("11");
	turn();
	turn();
	replica_fixture_acknowledge(&cluster, 2, LEADER, 4, 4); /* the tail is 3 */
	replica_fixture_acknowledge(&cluster, 3, LEADER, 2, 3); /* durable, and not received */
	CU_ASSERT_EQUAL(peer(2)->match_received, 0);
	CU_ASSERT_EQUAL(peer(3)->match_durable, 0);
	CU_ASSERT_EQUAL(leader()->commit, 0);
	CU_ASSERT_EQUAL(atomic_load(&cluster.nodes[LEADER].counters.dropped[WL_FRAME_BAD_PAYLOAD]),
			2);
	replica_fixture_fini(&cluster);
}

static void echo_of_a_time_that_was_not_yet_is_dropped(void)
{
	struct wl_wire_append_ack ack = {.term = 2,
					 .match_received = 3,
					 .match_durable = 3,
					 .room = REPLICA_ROOM};

	begin("11");
	turn();
	turn();
	ack.sent_ns = leader()->now_ns + 1;
	wl_replica_on_append_ack(leader(), 2, &ack);
	CU_ASSERT_EQUAL(peer(2)->match_durable, 0);
	CU_ASSERT(peer(2)->heard_sent_ns <= leader()->now_ns);
	replica_fixture_fini(&cluster);
}

static void acknowledgement_of_who_does_not_vote_is_ignored(void)
{
	begin_ready("1");
	leader()->log->list.voters = 1u << 1 | 1u << 2;
	replica_fixture_lead(&cluster, LEADER, 3);
	turn();
	turn();
	replica_fixture_acknowledge(&cluster, 3, LEADER, tail(), tail());
	CU_ASSERT_EQUAL(leader()->commit, 2);
	replica_fixture_acknowledge(&cluster, 2, LEADER, tail(), tail());
	CU_ASSERT_EQUAL(leader()->commit, 3);
	replica_fixture_fini(&cluster);
}

static void acknowledgements_while_fenced_count_for_nothing(void)
{
	begin("11");
	turn();
	turn();
	replica_fixture_fence(&cluster, LEADER);
	replica_fixture_acknowledge(&cluster, 2, LEADER, 3, 3);
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 3);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 0);
	replica_fixture_fini(&cluster);
}

static void fenced_leader_sends_nothing(void)
{
	begin_ready("1");
	append(64);
	turn();
	forget_mail();
	replica_fixture_fence(&cluster, LEADER);
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn();
	CU_ASSERT_EQUAL(cluster.mail_count, 0);
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, 64), WIRELOG_NOT_LEADER);
	replica_fixture_fini(&cluster);
}

/* An older acknowledgement comes late: matches keep what the newer one said. */
static void match_never_falls_within_a_boot_of_the_peer(void)
{
	begin_ready("1111");
	replica_fixture_acknowledge(&cluster, 2, LEADER, 3, 2);
	CU_ASSERT_EQUAL(peer(2)->match_received, 5);
	CU_ASSERT_EQUAL(peer(2)->match_durable, 5);
	CU_ASSERT_EQUAL(peer(2)->next_index, 6);
	replica_fixture_fini(&cluster);
}

static void matches_are_forgotten_with_the_boot_and_commit_is_not(void)
{
	begin_ready("1111");
	append(64);
	turn();
	replica_fixture_acknowledge(&cluster, 2, LEADER, 6, 6);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 6);
	cluster.nodes[LEADER].remotes[2].boot_id++;
	turn();
	CU_ASSERT_EQUAL(peer(2)->match_received, 0);
	CU_ASSERT_EQUAL(peer(2)->match_durable, 0);
	CU_ASSERT_EQUAL(peer(2)->state, WL_PEER_PROBE);
	CU_ASSERT_EQUAL(leader()->commit, 6);
	CU_ASSERT_EQUAL(leader()->leader.received_majority, 6);
	replica_fixture_fini(&cluster);
}

/* The durable copy of a lost boot must not make a majority. */
static void durable_match_of_an_older_boot_does_not_commit(void)
{
	begin_ready("1");
	cluster.nodes[LEADER].hold_disk = true;
	append(64);
	turn();
	replica_fixture_acknowledge(&cluster, 2, LEADER, 3, 3);
	cluster.nodes[LEADER].remotes[2].boot_id++;
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 3);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 2);
	replica_fixture_complete(&cluster, LEADER);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 3);
	replica_fixture_fini(&cluster);
}

/* ---- commit and its levels ---- */

static void levels_follow_what_peers_have_received_and_stored(void)
{
	begin_ready("1");
	append(64);
	turn();
	turn();
	CU_ASSERT_EQUAL(leader()->leader.received_majority, 2);
	replica_fixture_acknowledge(&cluster, 2, LEADER, 3, 2);
	CU_ASSERT_EQUAL(leader()->leader.received_majority, 3);
	CU_ASSERT_EQUAL(leader()->leader.received_all, 2);
	CU_ASSERT_EQUAL(leader()->commit, 2);
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 2);
	CU_ASSERT_EQUAL(leader()->leader.received_all, 3);
	CU_ASSERT_EQUAL(leader()->commit, 2);
	replica_fixture_acknowledge(&cluster, 3, LEADER, 3, 3);
	CU_ASSERT_EQUAL(leader()->commit, 3);
	CU_ASSERT_EQUAL(leader()->leader.durable_all, 2);
	replica_fixture_acknowledge(&cluster, 2, LEADER, 3, 3);
	CU_ASSERT_EQUAL(leader()->leader.durable_all, 3);
	replica_fixture_fini(&cluster);
}

static void alone_the_own_disk_is_the_majority(void)
{
	replica_fixture_init(&cluster, 1);
	cluster.nodes[LEADER].hold_disk = true;
	replica_fixture_lead(&cluster, LEADER, 1);
	turn();
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 0);
	replica_fixture_complete(&cluster, LEADER);
	turn();
	CU_ASSERT_EQUAL(leader()->commit, 1);
	CU_ASSERT(leader()->leader.ready);
	replica_fixture_fini(&cluster);
}

/* ---- appends ---- */

static void records_of_a_turn_are_one_entry(void)
{
	struct wl_entry_header header;
	const uint8_t *image;
	uint32_t bytes;

	begin_ready("1");
	append(64);
	append(65);
	append(66);
	turn();
	CU_ASSERT_EQUAL(tail(), 3);
	image = wl_log_image_in_ring(replica_log(&cluster, LEADER), 3, &bytes);
	CU_ASSERT_EQUAL_FATAL(wl_entry_decode(image, bytes, &header), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(header.data_count, 3);
	CU_ASSERT_EQUAL(header.term, 2);
	CU_ASSERT_EQUAL(header.commit, 2);
	replica_fixture_fini(&cluster);
}

static void record_that_does_not_fit_into_the_open_entry_begins_the_next(void)
{
	begin_ready("1");
	append(60000);
	append(60000);
	turn();
	CU_ASSERT_EQUAL(tail(), 4);
	replica_fixture_fini(&cluster);
}

/* Entries are found by slots of a ring: what is not committed must not come round to what is. */
static void tail_is_bounded_by_half_of_the_slots(void)
{
	struct wl_position before;

	begin_ready("1");
	before = leader()->log->tail;
	leader()->log->tail.index = leader()->commit + WL_LOG_ENTRIES_IN_RING / 2 - 1;
	CU_ASSERT_EQUAL(wl_replica_takes_appends(leader()), WIRELOG_OK);
	leader()->log->tail.index++;
	CU_ASSERT_EQUAL(wl_replica_takes_appends(leader()), WIRELOG_BACK_PRESSURE);
	leader()->log->tail = before;
	CU_ASSERT_EQUAL(wl_replica_takes_appends(leader()), WIRELOG_OK);
	replica_fixture_fini(&cluster);
}

static void full_log_ring_is_back_pressure_and_clears_by_itself(void)
{
	int status = WIRELOG_OK;

	begin_ready("1");
	cluster.nodes[LEADER].hold_disk = true;
	for (unsigned at = 0; at < 200 && status == WIRELOG_OK; at++) {
		status = replica_fixture_append(&cluster, LEADER, 60000);
		turn();
	}
	CU_ASSERT_EQUAL(status, WIRELOG_BACK_PRESSURE);
	cluster.nodes[LEADER].hold_disk = false;
	replica_fixture_complete(&cluster, LEADER);
	for (unsigned at = 0; at < 4; at++)
		turn();
	append(60000);
	turn();
	replica_fixture_fini(&cluster);
}

static void full_device_refuses_appends_and_goes_on_leading(void)
{
	struct wl_plane_message told;
	int status = WIRELOG_OK;

	begin_ready("1");
	cluster.nodes[LEADER].disk.drive.full = true;
	for (unsigned at = 0; at < 2000 && status == WIRELOG_OK; at++) {
		do
			status = replica_fixture_append(&cluster, LEADER, 60000);
		while (status == WIRELOG_BACK_PRESSURE && (turn(), true) && at++ < 2000);
		turn();
		replica_fixture_acknowledge(&cluster, 2, LEADER, tail(), tail());
		replica_fixture_acknowledge(&cluster, 3, LEADER, tail(), tail());
		forget_mail();
	}
	CU_ASSERT_EQUAL(status, WIRELOG_NO_SPACE);
	CU_ASSERT(replica_fixture_told(&cluster, LEADER, WL_PLANE_STALLED, &told));
	CU_ASSERT_EQUAL(told.reason, WL_STALL_NO_SPACE);
	CU_ASSERT(!leader()->silent);
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn();
	CU_ASSERT(replica_fixture_mail(&cluster, LEADER, 2, WL_WIRE_APPEND) > 0);
	cluster.nodes[LEADER].disk.drive.full = false;
	wl_log_retry_space(replica_log(&cluster, LEADER));
	turn();
	turn();
	append(60000);
	turn();
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica_leader)
{
	WL_TEST(probe_is_one_empty_frame_until_it_is_answered),
	WL_TEST(accepted_probe_begins_the_stream),
	WL_TEST(stream_does_not_wait_for_an_answer),
	WL_TEST(several_entries_leave_in_one_frame),
	WL_TEST(unacknowledged_bytes_stay_within_the_window_and_one_frame),
	WL_TEST(entry_larger_than_the_window_arrives),
	WL_TEST(idle_leader_says_so_once_a_heartbeat),
	WL_TEST(new_commit_is_told_at_once_when_nothing_else_is_to_be_sent),
	WL_TEST(peer_that_was_not_greeted_is_sent_nothing),
	WL_TEST(rejection_moves_next_and_never_a_match),
	WL_TEST(rejected_probe_is_repeated_at_the_hint),
	WL_TEST(many_rejections_of_one_loss_go_back_once),
	WL_TEST(hint_into_an_entry_that_is_not_there_is_none),
	WL_TEST(hint_beyond_the_tail_is_brought_back_to_what_there_is),
	WL_TEST(silent_peer_is_sent_again_from_behind_its_match),
	WL_TEST(peer_that_needs_what_left_the_memory_is_given_it_from_the_medium),
	WL_TEST(acknowledgement_of_an_older_term_is_ignored),
	WL_TEST(acknowledgement_of_a_newer_term_goes_to_control_and_counts_for_nothing),
	WL_TEST(acknowledgement_of_what_was_never_appended_is_dropped),
	WL_TEST(echo_of_a_time_that_was_not_yet_is_dropped),
	WL_TEST(acknowledgement_of_who_does_not_vote_is_ignored),
	WL_TEST(acknowledgements_while_fenced_count_for_nothing),
	WL_TEST(fenced_leader_sends_nothing),
	WL_TEST(match_never_falls_within_a_boot_of_the_peer),
	WL_TEST(matches_are_forgotten_with_the_boot_and_commit_is_not),
	WL_TEST(durable_match_of_an_older_boot_does_not_commit),
	WL_TEST(levels_follow_what_peers_have_received_and_stored),
	WL_TEST(alone_the_own_disk_is_the_majority),
	WL_TEST(records_of_a_turn_are_one_entry),
	WL_TEST(record_that_does_not_fit_into_the_open_entry_begins_the_next),
	WL_TEST(tail_is_bounded_by_half_of_the_slots),
	WL_TEST(full_log_ring_is_back_pressure_and_clears_by_itself),
	WL_TEST(full_device_refuses_appends_and_goes_on_leading),
};

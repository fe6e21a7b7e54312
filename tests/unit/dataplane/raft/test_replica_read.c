/* SPDX-License-Identifier: BSD-3-Clause */
/* How far is the journal? Node 1 leads five; what the others echo is made by hand. */
#include <string.h>

#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define ID(node) (1u << (node))
#define FIRST (ID(1) | ID(2) | ID(3) | ID(4) | ID(5))

static struct replica_fixture cluster;

static struct wl_replica *leader(void)
{
	return replica_of(&cluster, 1);
}

static uint64_t tail(void)
{
	return replica_log(&cluster, 1)->tail.index;
}

static void turn(void)
{
	replica_fixture_turn(&cluster, 1);
}

/* Of data that count, or not, and echoing what left at `sent_ns`. */
static void echo(uint32_t node, uint64_t sent_ns, uint32_t flags)
{
	const struct wl_wire_append_ack ack = {
		.term = leader()->view.term,
		.match_received = tail(),
		.match_durable = tail(),
		.sent_ns = sent_ns,
		.room = REPLICA_ROOM,
		.flags = flags,
	};

	leader()->now_ns = cluster.now_ns;
	wl_replica_on_append_ack(leader(), node, &ack);
}

static void begin_not_ready(void)
{
	replica_fixture_init(&cluster, 5);
	replica_fixture_fill(&cluster, 1, "11");
	replica_fixture_lead(&cluster, 1, 2);
	turn();
	turn();
}

static void begin(void)
{
	begin_not_ready();
	for (uint32_t node = 2; node <= 5; node++)
		echo(node, cluster.now_ns, 0);
	turn();
	CU_ASSERT_TRUE_FATAL(leader()->leader.ready);
	replica_fixture_pass(&cluster, REPLICA_TURN_NS);
	leader()->now_ns = cluster.now_ns;
	cluster.mail_count = 0;
}

static void end(void)
{
	replica_fixture_fini(&cluster);
}

static bool is_confirmed(uint64_t began_ns)
{
	return wl_replica_read_confirmed(leader()) >= began_ns;
}

static void question_is_answered_when_a_majority_echoed_a_frame_of_after_it(void)
{
	uint64_t began_ns, before_ns;

	begin();
	before_ns = cluster.now_ns - 1;
	began_ns = wl_replica_read_begin(leader());
	CU_ASSERT_EQUAL(began_ns, cluster.now_ns);
	echo(2, before_ns, 0);
	echo(3, before_ns, 0);
	CU_ASSERT_FALSE(is_confirmed(began_ns));
	echo(2, began_ns, 0);
	CU_ASSERT_FALSE(is_confirmed(began_ns));
	echo(3, began_ns, 0);
	CU_ASSERT_TRUE(is_confirmed(began_ns));
	CU_ASSERT_EQUAL(wl_replica_read_number(leader()),
			replica_log(&cluster, 1)->next_number - 1);
	end();
}

static void frame_that_left_at_the_very_time_before_it_does_not_count(void)
{
	uint64_t began_ns;

	begin();
	turn();
	replica_fixture_pass(&cluster, REPLICA_HEARTBEAT_NS);
	turn(); /* heartbeats leave */
	leader()->now_ns = cluster.now_ns = leader()->reads.sent_ns;
	began_ns = wl_replica_read_begin(leader());
	CU_ASSERT_EQUAL(began_ns, cluster.now_ns + 1);
	for (uint32_t node = 2; node <= 5; node++)
		echo(node, cluster.now_ns, 0);
	CU_ASSERT_FALSE(is_confirmed(began_ns));
	end();
}

static void round_leaves_at_once_and_one_at_a_time(void)
{
	uint64_t began_ns;

	begin();
	turn();
	cluster.mail_count = 0;
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 1, 2, WL_WIRE_APPEND), 0);
	leader()->now_ns = cluster.now_ns;
	began_ns = wl_replica_read_begin(leader());
	turn();
	for (uint32_t node = 2; node <= 5; node++)
		CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 1, node, WL_WIRE_APPEND), 1);
	/* Who asks meanwhile waits for the next one. */
	cluster.mail_count = 0;
	for (unsigned at = 0; at < 10; at++) {
		leader()->now_ns = cluster.now_ns;
		wl_replica_read_begin(leader());
		turn();
	}
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 1, 2, WL_WIRE_APPEND), 0);
	echo(2, leader()->reads.round_ns, 0);
	echo(3, leader()->reads.round_ns, 0);
	CU_ASSERT_TRUE(is_confirmed(began_ns));
	turn();
	turn();
	CU_ASSERT_EQUAL(replica_fixture_mail(&cluster, 1, 2, WL_WIRE_APPEND), 1);
	end();
}

static void leader_whose_term_has_not_begun_takes_no_question(void)
{
	begin_not_ready();
	CU_ASSERT_FALSE(leader()->leader.ready);
	CU_ASSERT_EQUAL(wl_replica_read_begin(leader()), 0);
	CU_ASSERT_EQUAL(wl_replica_read_confirmed(leader()), 0);
	end();
}

static void both_sides_of_a_joint_list_are_needed(void)
{
	const struct wl_list next = {.voters = ID(1) | ID(2) | ID(3), .old = FIRST};
	uint64_t began_ns;

	begin();
	CU_ASSERT_EQUAL(wl_replica_change_list(leader(), &next), WL_LOG_OK);
	began_ns = wl_replica_read_begin(leader());
	echo(4, began_ns, 0);
	echo(5, began_ns, 0);
	CU_ASSERT_FALSE(is_confirmed(began_ns)); /* of the new side nobody but us */
	echo(2, began_ns, 0);
	CU_ASSERT_TRUE(is_confirmed(began_ns));
	end();
}

static void data_that_are_held_back_confirm_nothing(void)
{
	uint64_t began_ns;

	begin();
	for (uint32_t node = 2; node <= 5; node++) {
		cluster.nodes[1].remotes[node].boot_id++; /* wiped, and started */
		echo(node, 0, WL_WIRE_ACK_HELD_BACK);
	}
	began_ns = wl_replica_read_begin(leader());
	for (uint32_t node = 2; node <= 5; node++)
		echo(node, began_ns, WL_WIRE_ACK_HELD_BACK);
	CU_ASSERT_FALSE(is_confirmed(began_ns));
	end();
}

static void new_view_forgets_what_was_echoed(void)
{
	begin();
	wl_replica_read_begin(leader());
	replica_fixture_fence(&cluster, 1);
	CU_ASSERT_EQUAL(wl_replica_read_confirmed(leader()), 0);
	CU_ASSERT_EQUAL(leader()->reads.wanted_ns, 0);
	replica_fixture_lead(&cluster, 1, 4);
	CU_ASSERT_EQUAL(wl_replica_read_begin(leader()), 0);
	end();
}

/* ---- a follower's ------------------------------------------------------------------------------ */

static bool told(struct wl_wire_read_told *answer)
{
	struct replica_mail mail;

	return replica_fixture_take(&cluster, 1, 4, WL_WIRE_READ_TOLD, &mail) &&
	       wl_wire_decode_read_told(mail.payload, mail.bytes, answer);
}

static void follower_is_told_when_it_is_confirmed(void)
{
	const struct wl_wire_read_ask ask = {.round = 7};
	struct wl_wire_read_told answer;

	begin();
	wl_replica_on_read_ask(leader(), 4, &ask);
	wl_replica_on_read_ask(leader(), 4, &ask);
	turn();
	CU_ASSERT_FALSE(told(&answer));
	echo(2, cluster.now_ns, 0);
	echo(3, cluster.now_ns, 0);
	turn();
	CU_ASSERT_TRUE_FATAL(told(&answer));
	CU_ASSERT(answer.round == 7 && answer.status == WIRELOG_OK);
	CU_ASSERT_EQUAL(answer.index, leader()->commit);
	CU_ASSERT_EQUAL(answer.number, wl_replica_read_number(leader()));
	CU_ASSERT_FALSE(told(&answer));
	end();
}

/* Where a frame had no room, the next turn tells it: the follower asks again, but nobody else may. */
static void follower_is_told_when_there_is_room(void)
{
	const struct wl_wire_read_ask ask = {.round = 7};
	struct wl_remote *remote;
	struct wl_wire_read_told answer;
	uint16_t link;

	begin();
	remote = &cluster.nodes[1].remotes[4];
	link = remote->address.link;
	wl_replica_on_read_ask(leader(), 4, &ask);
	echo(2, cluster.now_ns, 0);
	echo(3, cluster.now_ns, 0);
	remote->address.link = UINT16_MAX;
	turn();
	remote->address.link = link;
	CU_ASSERT_FALSE(told(&answer));
	wl_replica_on_read_ask(leader(), 4, &ask);
	turn();
	CU_ASSERT_TRUE_FATAL(told(&answer));
	CU_ASSERT(answer.round == 7 && answer.status == WIRELOG_OK);
	CU_ASSERT_EQUAL(leader()->reads.wanted_ns, 0);
	end();
}

static void follower_that_was_started_again_gets_no_answer_of_before(void)
{
	const struct wl_wire_read_ask ask = {.round = 7};
	struct wl_wire_read_told answer;

	begin();
	wl_replica_on_read_ask(leader(), 4, &ask);
	cluster.nodes[1].remotes[4].boot_id++;
	echo(2, cluster.now_ns, 0);
	echo(3, cluster.now_ns, 0);
	turn();
	CU_ASSERT_FALSE(told(&answer));
	end();
}

static void who_does_not_lead_says_so(void)
{
	const struct wl_wire_read_ask ask = {.round = 7};
	struct wl_wire_read_told answer;

	begin_not_ready();
	cluster.mail_count = 0;
	wl_replica_on_read_ask(leader(), 4, &ask);
	turn();
	CU_ASSERT_TRUE_FATAL(told(&answer));
	CU_ASSERT(answer.round == 7 && answer.status == WIRELOG_NOT_LEADER);
	end();
}

static void answer_of_another_round_is_not_taken(void)
{
	struct wl_wire_read_told answer = {.round = 1, .index = 3, .number = 2};
	struct wl_replica *follower;

	begin();
	follower = replica_of(&cluster, 4);
	replica_fixture_follow(&cluster, 4, 2, 1);
	wl_replica_read_put(follower, 1);
	CU_ASSERT_EQUAL(follower->reads.round, 1);
	wl_replica_on_read_told(follower, 2, &answer); /* whom we did not ask */
	CU_ASSERT_EQUAL(follower->reads.told, 0);
	answer.round = 2;
	wl_replica_on_read_told(follower, 1, &answer);
	CU_ASSERT_EQUAL(follower->reads.told, 0);
	answer.round = 1;
	wl_replica_on_read_told(follower, 1, &answer);
	CU_ASSERT_EQUAL(follower->reads.told, 1);
	CU_ASSERT_EQUAL(follower->reads.number, 2);
	wl_replica_read_put(follower, 1);
	CU_ASSERT_EQUAL(follower->reads.round, 2);
	wl_replica_on_read_told(follower, 1, &answer); /* once more */
	CU_ASSERT_EQUAL(follower->reads.told, 1);
	replica_fixture_turn(&cluster, 4); /* what it said leaves */
	end();
}

WL_SUITE(replica_read)
{
	WL_TEST(question_is_answered_when_a_majority_echoed_a_frame_of_after_it),
	WL_TEST(frame_that_left_at_the_very_time_before_it_does_not_count),
	WL_TEST(round_leaves_at_once_and_one_at_a_time),
	WL_TEST(leader_whose_term_has_not_begun_takes_no_question),
	WL_TEST(both_sides_of_a_joint_list_are_needed),
	WL_TEST(data_that_are_held_back_confirm_nothing),
	WL_TEST(new_view_forgets_what_was_echoed),
	WL_TEST(follower_is_told_when_it_is_confirmed),
	WL_TEST(follower_is_told_when_there_is_room),
	WL_TEST(follower_that_was_started_again_gets_no_answer_of_before),
	WL_TEST(who_does_not_lead_says_so),
	WL_TEST(answer_of_another_round_is_not_taken),
};

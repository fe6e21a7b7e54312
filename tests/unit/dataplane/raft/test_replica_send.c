/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is behind is sent what it lacks behind who is in step, and as much of it as costs the live ones little. */
#include "dataplane/base/check.h"
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define LEADER 1u
#define LAGS 3u
#define RECORD_BYTES 5000u

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

static void append(uint32_t bytes)
{
	CU_ASSERT_EQUAL(replica_fixture_append(&cluster, LEADER, bytes), WIRELOG_OK);
}

/* Node 3 of `nodes` missed `bytes` of records, and hears its leader again. */
static void begin_behind(unsigned nodes, uint64_t bytes)
{
	uint64_t begin;

	replica_fixture_init(&cluster, nodes);
	replica_fixture_elect(&cluster, LEADER, 2);
	replica_fixture_run(&cluster, 6);
	begin = replica_log(&cluster, LEADER)->append_offset;
	cluster.cut[LEADER][LAGS] = true;
	while (replica_log(&cluster, LEADER)->append_offset - begin < bytes) {
		append(RECORD_BYTES);
		replica_fixture_run(&cluster, 2);
	}
	replica_fixture_run(&cluster, 4);
	CU_ASSERT_EQUAL(leader()->commit, tail());
	cluster.cut[LEADER][LAGS] = false;
	replica_fixture_pass(&cluster, REPLICA_RESEND_NS);
}

struct sent {
	uint64_t bytes; /* of images, to who is behind */
	bool before_live; /* some of it stood before a frame for node 2 */
};

/* What node 1 sends in one turn. The others do not read it yet. */
static struct sent look_at_a_turn(void)
{
	unsigned first = cluster.mail_count;
	struct sent sent = {0};
	struct wl_wire_append append_;

	replica_fixture_turn(&cluster, LEADER);
	for (unsigned at = first; at < cluster.mail_count; at++) {
		const struct replica_mail *mail = &cluster.mail[at];

		if (mail->from != LEADER || mail->type != WL_WIRE_APPEND)
			continue;
		if (mail->to == 2)
			sent.before_live |= sent.bytes != 0;
		WL_CHECK(wl_wire_decode_append(mail->payload, mail->bytes, &append_));
		if (mail->to == LAGS)
			sent.bytes += append_.bytes;
	}
	return sent;
}

static void live_frames_go_first_and_the_rest_is_within_its_budget(void)
{
	uint64_t all = 0, began = 0;

	begin_behind(3, 4 * REPLICA_WINDOW_BYTES);
	began = peer(LAGS)->match_received;
	for (unsigned at = 0; at < 300; at++) {
		uint64_t offset = replica_log(&cluster, LEADER)->append_offset;
		struct sent sent;

		append(100);
		sent = look_at_a_turn();
		CU_ASSERT_FALSE(sent.before_live);
		CU_ASSERT(sent.bytes <=
			  WL_PACE_TURN_BYTES + REPLICA_MTU +
				  2 * (replica_log(&cluster, LEADER)->append_offset - offset));
		all += sent.bytes;
		replica_fixture_turn(&cluster, 2);
		replica_fixture_turn(&cluster, LAGS);
	}
	CU_ASSERT(leader()->leader.paced != 0 || !peer(LAGS)->behind);
	CU_ASSERT(all > 4 * REPLICA_WINDOW_BYTES / 4);
	CU_ASSERT(peer(LAGS)->match_received > began);
	replica_fixture_fini(&cluster);
}

static void who_is_behind_comes_into_step_while_records_flow(void)
{
	begin_behind(3, 6 * REPLICA_WINDOW_BYTES);
	for (unsigned at = 0; at < 4000 && (at < 10 || peer(LAGS)->behind); at++) {
		append(RECORD_BYTES);
		replica_fixture_run(&cluster, 1);
	}
	CU_ASSERT_FALSE(peer(LAGS)->behind);
	CU_ASSERT_EQUAL(leader()->leader.paced, 0);
	replica_fixture_run(&cluster, 10);
	CU_ASSERT(replica_fixture_same(&cluster, LEADER, LAGS));
	CU_ASSERT(replica_count(&cluster, LEADER, WL_COUNTER_append_bytes_behind) >
		  5 * REPLICA_WINDOW_BYTES);
	replica_fixture_fini(&cluster);
}

static void nothing_is_held_back_when_no_record_flows(void)
{
	uint64_t most = 0;

	begin_behind(3, 4 * REPLICA_WINDOW_BYTES);
	cluster.cut[LEADER][LAGS] = true;
	for (unsigned at = 0; at < 130; at++) {
		replica_fixture_pass(&cluster, WL_PACE_QUIET_NS / 100);
		replica_fixture_run(&cluster, 1);
	}
	cluster.cut[LEADER][LAGS] = false;
	for (unsigned at = 0; at < 300 && tail() > peer(LAGS)->match_received; at++) {
		struct sent sent = look_at_a_turn();

		if (sent.bytes > most)
			most = sent.bytes;
		replica_fixture_pass(&cluster, REPLICA_RESEND_NS / 10);
		replica_fixture_turn(&cluster, 2);
		replica_fixture_turn(&cluster, LAGS);
	}
	CU_ASSERT(most > 2 * WL_PACE_TURN_BYTES);
	CU_ASSERT(replica_fixture_same(&cluster, LEADER, LAGS));
	replica_fixture_fini(&cluster);
}

/* Two of three: without the one that is behind nothing commits, and it is a neighbour of no live one. */
static void nothing_is_held_back_from_whom_commits_wait_for(void)
{
	begin_behind(3, 4 * REPLICA_WINDOW_BYTES);
	append(100);
	replica_fixture_turn(&cluster, LEADER);
	CU_ASSERT_EQUAL(leader()->leader.paced, wl_members_only(LAGS));
	replica_fixture_pass(&cluster, REPLICA_ELECTION_NS + 1);
	replica_fixture_acknowledge(&cluster, LAGS, LEADER, peer(LAGS)->match_received,
				    peer(LAGS)->match_durable);
	append(100);
	replica_fixture_turn(&cluster, LEADER);
	CU_ASSERT_FALSE(leader()->silent);
	CU_ASSERT(peer(LAGS)->behind);
	CU_ASSERT_EQUAL(leader()->leader.paced, 0);
	replica_fixture_fini(&cluster);
}

static void two_that_are_behind_share_one_budget_and_neither_starves(void)
{
	uint64_t began[6];

	replica_fixture_init(&cluster, 5);
	replica_fixture_elect(&cluster, LEADER, 2);
	replica_fixture_run(&cluster, 6);
	cluster.cut[LEADER][3] = cluster.cut[LEADER][5] = true;
	for (unsigned at = 0; at < 400; at++) {
		append(RECORD_BYTES);
		replica_fixture_run(&cluster, 2);
	}
	cluster.cut[LEADER][3] = cluster.cut[LEADER][5] = false;
	replica_fixture_pass(&cluster, REPLICA_RESEND_NS);
	began[3] = peer(3)->match_received;
	began[5] = peer(5)->match_received;
	for (unsigned at = 0; at < 60; at++) {
		append(100);
		replica_fixture_run(&cluster, 1);
	}
	CU_ASSERT(peer(3)->match_received > began[3]);
	CU_ASSERT(peer(5)->match_received > began[5]);
	CU_ASSERT_EQUAL(leader()->commit + 3 > tail(), true);
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica_send)
{
	WL_TEST(live_frames_go_first_and_the_rest_is_within_its_budget),
	WL_TEST(who_is_behind_comes_into_step_while_records_flow),
	WL_TEST(nothing_is_held_back_when_no_record_flows),
	WL_TEST(nothing_is_held_back_from_whom_commits_wait_for),
	WL_TEST(two_that_are_behind_share_one_budget_and_neither_starves),
};

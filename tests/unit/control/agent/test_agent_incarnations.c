/* SPDX-License-Identifier: BSD-3-Clause */
/* What the agent makes of data that do not remember: a peer's, and its own. One worker, one journal. */
#include <stdlib.h>
#include <string.h>

#include "control/agent/agent.h"
#include "tests/unit/runner.h"

#define MS 1000000ull
#define T (100 * MS)
#define BOOT_ID(boot, random) ((uint64_t)(boot) << 32 | (random))

static struct {
	struct wl_agent agent;
	struct wl_plane_rings plane;
	void *memory;
	uint64_t now_ns;
	struct wl_superblock durable;
	bool in_flight;
} bed;

static bool submit(void *context, struct wl_superblock *record)
{
	(void)context;
	if (bed.in_flight)
		return false;
	record->sequence++;
	bed.durable = *record;
	bed.in_flight = true;
	return true;
}

static int reap(void *context)
{
	bool done = bed.in_flight;

	(void)context;
	bed.in_flight = false;
	return done;
}

static void set_up(void)
{
	const struct wl_agent_ops ops = {.submit = submit, .reap = reap};
	const struct wl_agent_config config = {
		.node = 1,
		.voters = 0xe,
		.journal_count = 1,
		.worker_count = 1,
		.election_timeout_ns = T,
		.seed = 3,
		.spare_incarnation = 99,
	};
	struct wl_superblock record = {.node = 1,
				       .journal_count = 1,
				       .boot_count = 12,
				       .incarnation = 11};
	struct wl_plane_rings *planes[] = {&bed.plane};

	memset(&bed, 0, sizeof(bed));
	bed.now_ns = 1000 * MS;
	bed.memory = aligned_alloc(64, (wl_plane_rings_memory_bytes() + 63) / 64 * 64);
	wl_plane_rings_init(&bed.plane, bed.memory);
	record.journals[0] = (struct wl_superblock_journal){.term = 5, .caught_up_boot = 12};
	record.peers[2] = (struct wl_superblock_peer){.incarnation = 22, .boot_id = BOOT_ID(7, 1)};
	wl_agent_init(&bed.agent, &config, &ops, planes, &record);
	wl_agent_start(&bed.agent, bed.now_ns);
	bed.agent.elections[0].started_ns -= T; /* it has been up for a while */
}

static void tear_down(void)
{
	free(bed.memory);
}

static void turns(unsigned count)
{
	while (count-- > 0) {
		bed.now_ns += MS;
		atomic_store(&bed.plane.worker_turn_ns, bed.now_ns);
		wl_agent_turn(&bed.agent, bed.now_ns);
	}
}

static void rise(enum wl_plane_verb verb, uint32_t node, uint64_t boot_id, uint64_t incarnation)
{
	const struct wl_plane_message message = {
		.verb = verb,
		.node = node,
		.boot_id = boot_id,
		.incarnation = incarnation,
	};

	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.up, &message));
}

static void ask_pre_vote(uint64_t boot_id, uint64_t incarnation, uint64_t caught_up_boot)
{
	const struct wl_wire_vote vote = {
		.term = 6,
		.last = {5, 100},
		.incarnation = incarnation,
		.caught_up_boot = caught_up_boot,
	};
	struct wl_punt punt = {.type = WL_WIRE_PRE_VOTE, .node = 2, .boot_id = boot_id};

	punt.bytes = (uint16_t)wl_wire_encode_vote(punt.data, &vote);
	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.punt_up, &punt));
}

static bool is_answered(struct wl_wire_vote_reply *reply)
{
	struct wl_punt punt;

	while (wl_ring_pop(&bed.plane.punt_down, &punt)) {
		if (punt.type == WL_WIRE_PRE_VOTE_REPLY)
			return wl_wire_decode_vote_reply(punt.data, punt.bytes, reply);
	}
	return false;
}

static void a_peer_on_its_own_data_is_answered(void)
{
	struct wl_wire_vote_reply reply;

	set_up();
	ask_pre_vote(BOOT_ID(8, 4), 22, 8);
	turns(1);

	CU_ASSERT_TRUE_FATAL(is_answered(&reply));
	CU_ASSERT_EQUAL(reply.granted, 1);
	CU_ASSERT_EQUAL(reply.incarnation, 11);
	CU_ASSERT_EQUAL(reply.caught_up_boot, 12);
	tear_down();
}

static void a_peer_on_other_data_has_no_vote_before_it_was_caught_up(void)
{
	struct wl_wire_vote_reply reply;

	set_up();
	ask_pre_vote(BOOT_ID(1000, 4), 23, 0);
	turns(1);
	CU_ASSERT_FALSE(is_answered(&reply));
	CU_ASSERT_EQUAL(bed.agent.counts.votes_disbelieved, 1);

	ask_pre_vote(BOOT_ID(1000, 4), 23, 1000);
	turns(1);
	CU_ASSERT_TRUE(is_answered(&reply));
	tear_down();
}

static void a_granted_vote_of_a_suspect_elects_nobody(void)
{
	const struct wl_wire_vote_reply reply = {.term = 6,
						 .asked_term = 6,
						 .granted = 1,
						 .incarnation = 23};
	struct wl_punt punt = {.type = WL_WIRE_PRE_VOTE_REPLY,
			       .node = 2,
			       .boot_id = BOOT_ID(1000, 4)};

	set_up();
	for (unsigned at = 0; at < 400 && bed.agent.elections[0].state != WL_ELECTION_PRE_CANDIDATE;
	     at++)
		turns(1);
	CU_ASSERT_EQUAL_FATAL(bed.agent.elections[0].state, WL_ELECTION_PRE_CANDIDATE);
	punt.bytes = (uint16_t)wl_wire_encode_vote_reply(punt.data, &reply);
	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.punt_up, &punt));
	turns(1);

	CU_ASSERT_EQUAL(bed.agent.elections[0].state, WL_ELECTION_PRE_CANDIDATE);
	tear_down();
}

static void what_is_learned_of_a_peer_is_durable_at_once(void)
{
	set_up();
	rise(WL_PLANE_PEER_BOOT, 3, BOOT_ID(4, 4), 33);
	turns(3);

	CU_ASSERT_EQUAL(bed.durable.peers[3].incarnation, 33);
	CU_ASSERT_EQUAL(bed.durable.peers[3].boot_id, BOOT_ID(4, 4));
	CU_ASSERT_EQUAL(bed.durable.peers[2].incarnation, 22);
	tear_down();
}

static void being_caught_up_is_durable_and_told_with_votes(void)
{
	set_up();
	bed.agent.record.boot_count = 13;
	rise(WL_PLANE_CAUGHT_UP, 1, 0, 0);
	turns(3);

	CU_ASSERT_EQUAL(bed.durable.journals[0].caught_up_boot, 13);
	tear_down();
}

static struct wl_agent_line last_line;

static void keep_line(void *context, const struct wl_agent_line *line)
{
	(void)context;
	last_line = *line;
}

static void a_difference_between_nodes_is_a_line_with_its_name_and_both_values(void)
{
	const struct wl_plane_message message = {
		.verb = WL_PLANE_PEER_DIFFERS,
		.node = 2,
		.reason = WL_FACT_SESSIONS,
		.ours = 8,
		.theirs = 64,
	};

	set_up();
	bed.agent.ops.log = keep_line;
	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.up, &message));
	turns(1);

	CU_ASSERT_EQUAL(last_line.node, 2);
	CU_ASSERT_STRING_EQUAL(last_line.what, "limits.sessions");
	CU_ASSERT_EQUAL(last_line.ours, 8);
	CU_ASSERT_EQUAL(last_line.theirs, 64);
	tear_down();
}

static void rise_diverged(enum wl_divergence_kind kind)
{
	const struct wl_plane_message message = {
		.verb = WL_PLANE_DIVERGED,
		.node = 2,
		.reason = kind,
		.tail = {4, 90},
		.chain = 0xaaa,
		.their_chain = 0xbbb,
	};

	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.up, &message));
	turns(4);
}

static void one_leaders_word_is_no_mark(void)
{
	set_up();
	rise_diverged(WL_DIVERGENCE_OF_COMMITTED);
	CU_ASSERT_EQUAL(bed.agent.elections[0].state, WL_ELECTION_OUT);
	rise_diverged(WL_DIVERGENCE_DISPROVED);
	CU_ASSERT_EQUAL(bed.agent.record.journals[0].divergence.node, 0);
	CU_ASSERT_EQUAL(bed.agent.elections[0].state, WL_ELECTION_OUT);
	rise_diverged(WL_DIVERGENCE_OF_STATE);
	CU_ASSERT_EQUAL(bed.agent.record.journals[0].divergence.node, 0);
	rise_diverged(WL_DIVERGENCE_CONFIRMED);
	CU_ASSERT_EQUAL(bed.agent.record.journals[0].divergence.node, 2);
	tear_down();
}

static void contradicted_data_are_marked_whatever_the_node_was(void)
{
	static const enum wl_election_state states[] = {WL_ELECTION_FOLLOWER,
							WL_ELECTION_PRE_CANDIDATE,
							WL_ELECTION_CANDIDATE, WL_ELECTION_LEADER};

	for (unsigned at = 0; at < sizeof(states) / sizeof(states[0]); at++) {
		const struct wl_divergence *mark = &bed.durable.journals[0].divergence;
		struct wl_election *election = &bed.agent.elections[0];
		struct wl_agent_status status;

		set_up();
		election->state = states[at];
		election->vote = 1;
		bed.agent.record.journals[0].vote = 1; /* a vote is durable before it is given */
		election->granted = 0xe;
		if (states[at] == WL_ELECTION_LEADER)
			election->leader = 1;
		rise_diverged(WL_DIVERGENCE_CONFIRMED);
		CU_ASSERT_EQUAL(election->state, WL_ELECTION_OUT);
		CU_ASSERT_EQUAL(election->leader, 0);
		CU_ASSERT_EQUAL(mark->node, 2);
		CU_ASSERT_EQUAL(mark->position.index, 90);
		CU_ASSERT_EQUAL(mark->position.term, 4);
		CU_ASSERT_EQUAL(mark->chain, 0xaaa);
		CU_ASSERT_EQUAL(mark->their_chain, 0xbbb);
		wl_agent_get_status(&bed.agent, &status);
		CU_ASSERT_EQUAL(status.divergences[0].node, 2);
		tear_down();
	}
}

static void contradicted_node_that_ends_marks_its_data_in_the_last_record(void)
{
	set_up();
	wl_agent_stop(&bed.agent);
	rise_diverged(WL_DIVERGENCE_CONFIRMED);
	CU_ASSERT_EQUAL(bed.durable.journals[0].divergence.node, 2);
	tear_down();
}

/* A branch that nobody was told of costs nobody anything but the view. */
static void another_branch_is_told_and_marks_no_data(void)
{
	set_up();
	rise_diverged(WL_DIVERGENCE_OF_BRANCH);
	CU_ASSERT_NOT_EQUAL(bed.agent.elections[0].state, WL_ELECTION_OUT);
	CU_ASSERT_EQUAL(bed.durable.journals[0].divergence.node, 0);
	CU_ASSERT_EQUAL(bed.agent.counts.diverged, 1);
	tear_down();
}

static void data_that_were_rolled_back_are_named_anew_and_the_node_ends(void)
{
	set_up();
	rise(WL_PLANE_ROLLED_BACK, 2, BOOT_ID(15, 4), 0);
	turns(1);
	for (unsigned at = 0; at < 3000 && !wl_agent_is_stopped(&bed.agent); at++)
		turns(1);

	CU_ASSERT_TRUE(wl_agent_is_stopped(&bed.agent));
	CU_ASSERT_TRUE(wl_agent_is_rolled_back(&bed.agent));
	CU_ASSERT_EQUAL(bed.durable.incarnation, 99);
	CU_ASSERT_EQUAL(bed.durable.boot_count, 15);
	CU_ASSERT_EQUAL(bed.durable.journals[0].caught_up_boot, 0);
	tear_down();
}

static void a_boot_of_ours_that_we_remember_ourselves_is_no_news(void)
{
	set_up();
	rise(WL_PLANE_ROLLED_BACK, 2, BOOT_ID(11, 4), 0);
	turns(2);

	CU_ASSERT_FALSE(wl_agent_is_rolled_back(&bed.agent));
	tear_down();
}

static void say_features(enum wl_plane_verb verb, uint32_t node, wl_features ours,
			 wl_features theirs)
{
	const struct wl_plane_message message = {
		.verb = verb,
		.node = node,
		.ours = ours,
		.theirs = theirs,
	};

	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.up, &message));
	turns(3);
}

static void what_peers_declared_is_durable_also_when_it_is_less(void)
{
	set_up();
	say_features(WL_PLANE_PEER_BUILD, 2, 0, 3);
	CU_ASSERT_EQUAL(bed.durable.features_declared[2], 3);
	say_features(WL_PLANE_PEER_BUILD, 2, 0, 1);
	CU_ASSERT_EQUAL(bed.durable.features_declared[2], 1);
	CU_ASSERT_EQUAL(bed.durable.features_declared[3], 0);
	tear_down();
}

static void what_is_in_force_is_durable_and_ends_a_build_that_lacks_it(void)
{
	set_up();
	say_features(WL_PLANE_FEATURES, 0, 3, 1);
	CU_ASSERT_EQUAL(bed.durable.features_in_force, 1);
	CU_ASSERT_FALSE(wl_agent_is_outdated(&bed.agent));
	say_features(WL_PLANE_PEER_LACKS, 2, 1, 0);
	CU_ASSERT_FALSE(wl_agent_is_outdated(&bed.agent));
	say_features(WL_PLANE_FEATURES, 0, 3, 7);
	CU_ASSERT_EQUAL(bed.durable.features_in_force, 7);
	CU_ASSERT_TRUE(wl_agent_is_outdated(&bed.agent));
	turns(2000);
	CU_ASSERT_TRUE(wl_agent_is_stopped(&bed.agent));
	tear_down();
}

WL_SUITE(agent_incarnations)
{
	WL_TEST(what_peers_declared_is_durable_also_when_it_is_less),
	WL_TEST(what_is_in_force_is_durable_and_ends_a_build_that_lacks_it),
	WL_TEST(a_peer_on_its_own_data_is_answered),
	WL_TEST(a_peer_on_other_data_has_no_vote_before_it_was_caught_up),
	WL_TEST(a_granted_vote_of_a_suspect_elects_nobody),
	WL_TEST(what_is_learned_of_a_peer_is_durable_at_once),
	WL_TEST(being_caught_up_is_durable_and_told_with_votes),
	WL_TEST(a_difference_between_nodes_is_a_line_with_its_name_and_both_values),
	WL_TEST(one_leaders_word_is_no_mark),
	WL_TEST(contradicted_data_are_marked_whatever_the_node_was),
	WL_TEST(contradicted_node_that_ends_marks_its_data_in_the_last_record),
	WL_TEST(another_branch_is_told_and_marks_no_data),
	WL_TEST(data_that_were_rolled_back_are_named_anew_and_the_node_ends),
	WL_TEST(a_boot_of_ours_that_we_remember_ourselves_is_no_news),
};

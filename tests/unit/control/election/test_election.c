/* SPDX-License-Identifier: BSD-3-Clause */
/* What wirelog adds to the paper: the fence, boots, stalls, transfer, pauses, a broken disk. */
#include "tests/unit/control/election/election_fixture.h"
#include "tests/unit/runner.h"

#define GOOD ((struct wl_position){2, 10})
#define LONGER ((struct wl_position){2, 11})
#define SHORTER ((struct wl_position){2, 9})
#define T ELECTION_FIXTURE_TIMEOUT_NS

static struct election_fixture node;

static enum wl_election_state state(void)
{
	return node.election.state;
}

static void nothing_is_persisted_before_the_worker_is_fenced(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	CU_ASSERT_PTR_NULL(election_fixture_persist(&node));
	election_fixture_pass(&node, 20 * (uint64_t)T);
	CU_ASSERT_PTR_NULL(election_fixture_persist(&node));
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);
	election_fixture_fenced(&node);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_persist(&node));
}

static void answer_to_an_older_fence_is_ignored(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_FENCED, .tail = SHORTER};

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	message.view.number = node.election.number - 1;
	node.out.count = 0;
	wl_election_on_fenced(&node.election, &message, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(node.out.count, 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);
}

static void number_grows_with_every_view(void)
{
	uint64_t number;

	election_fixture_start(&node, 3, 5, 0);
	number = node.election.number;
	election_fixture_become_candidate(&node);
	CU_ASSERT_EQUAL(node.election.number, number + 2); /* FENCE, FOLLOW */
	election_fixture_vote_reply(&node, 2, 6, 6, true);
	CU_ASSERT_EQUAL(node.election.number, number + 3); /* LEAD */
	election_fixture_stalled(&node, WL_STALL_DISK);
	CU_ASSERT_EQUAL(node.election.number, number + 4); /* FOLLOW */
}

static void requests_while_a_fence_is_in_progress_are_dropped(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	election_fixture_vote(&node, 3, 7, LONGER);
	CU_ASSERT_EQUAL(node.out.count, 0);
	election_fixture_pre_vote(&node, 3, 7, LONGER);
	CU_ASSERT_EQUAL(node.out.count, 0);
	CU_ASSERT_EQUAL(node.election.counts.votes_dropped_busy, 2);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.vote, 2);
}

static void newer_term_met_while_busy_is_adopted_afterwards(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	election_fixture_saw_term(&node, 9);
	election_fixture_fenced(&node);
	election_fixture_saw_term(&node, 8);
	election_fixture_persisted(&node, true);
	/* The durable vote is answered, and the next fence begins. */
	CU_ASSERT_PTR_NOT_NULL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.term, 9);
	CU_ASSERT_EQUAL(node.election.vote, 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
}

static void campaign_overtaken_by_a_newer_term_asks_nobody(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE);
	election_fixture_pre_vote_reply(&node, 2, 6, 6, true);
	election_fixture_saw_term(&node, 9);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(election_fixture_sent_count(&node, WL_WIRE_VOTE), 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);
}

static void refused_vote_in_our_own_term_writes_nothing(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 5, GOOD);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);
	node.tail = LONGER;
	election_fixture_fenced(&node);
	CU_ASSERT_PTR_NULL(election_fixture_persist(&node));
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.granted,
			0);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FOLLOW));
}

static void vote_in_our_own_term_is_granted_when_it_is_free(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 5, GOOD);
	election_fixture_settle(&node);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.granted,
			1);
	CU_ASSERT_EQUAL(node.election.vote, 2);
}

static void no_vote_in_a_term_whose_leader_is_known(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 3);
	node.now_ns += 3 * (uint64_t)T;
	election_fixture_vote(&node, 2, 5, LONGER);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.granted,
			0);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
}

static void leader_grants_nobody_and_ignores_newer_terms_of_requests(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	election_fixture_vote(&node, 2, 6, LONGER);
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.granted,
			0);
	election_fixture_vote(&node, 2, 50, LONGER);
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.granted,
			0);
	election_fixture_pre_vote(&node, 2, 50, LONGER);
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 2)->message.reply.granted, 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
	CU_ASSERT_EQUAL(node.election.term, 6);
}

static void votes_of_strangers_are_not_counted_and_nobody_votes_for_itself(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 1, 6, LONGER); /* in our own name */
	CU_ASSERT_EQUAL(node.out.count, 0);
	election_fixture_become_candidate(&node);
	election_fixture_vote_reply(&node, 5, 6, 6, true);
	election_fixture_vote_reply(&node, 0, 6, 6, true);
	election_fixture_vote_reply(&node, 33, 6, 6, true);
	election_fixture_vote_reply(&node, 1, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_CANDIDATE);
}

/* Its list may be the newer one: what it may do is for that list to say. */
static void who_asks_counts_by_a_list_of_its_own(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_pass(&node, T);
	election_fixture_pre_vote(&node, 7, 6, LONGER);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 7));
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 7)->message.reply.granted, 1);
	election_fixture_vote(&node, 5, 6, LONGER);
	election_fixture_settle(&node);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 5));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 5)->message.reply.granted,
			1);
}

static void tell_list(struct wl_list list, wl_members before)
{
	const struct wl_plane_message message = {
		.verb = WL_PLANE_LIST,
		.list = list,
		.list_before = before,
	};

	wl_election_on_list(&node.election, &message, node.now_ns, &node.out);
}

/* Raft, section 6: a majority of the old voters and one of the new ones. */
static void joint_list_elects_by_a_majority_of_both_sides(void)
{
	election_fixture_start(&node, 3, 5, 0);
	tell_list((struct wl_list){.index = 9, .voters = 0x70, .old = 0xe}, 0);
	election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE);
	for (uint32_t from = 2; from <= 4; from++)
		election_fixture_pre_vote_reply(&node, from, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_PRE_CANDIDATE);
	election_fixture_pre_vote_reply(&node, 5, 6, 6, true);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL_FATAL(state(), WL_ELECTION_CANDIDATE);
	for (uint32_t from = 4; from <= 6; from++)
		election_fixture_vote_reply(&node, from, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_CANDIDATE);
	election_fixture_vote_reply(&node, 3, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
}

/* What the worker appends under another leader of this term does not change how its own votes are counted. */
static void votes_are_counted_by_the_fenced_list(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_candidate(&node);
	tell_list((struct wl_list){.index = 9, .voters = 1u << 1 | 1u << 5}, 0);
	election_fixture_vote_reply(&node, 5, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_CANDIDATE);
	election_fixture_vote_reply(&node, 3, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
}

/* Not counted in the new list, which may be nowhere else. */
static void who_is_left_out_by_a_list_that_is_not_committed_campaigns(void)
{
	election_fixture_start(&node, 3, 5, 0);
	tell_list((struct wl_list){.index = 9, .voters = 0xc}, 0xe);
	CU_ASSERT_TRUE(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	election_fixture_pre_vote_reply(&node, 2, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_PRE_CANDIDATE);
	election_fixture_pre_vote_reply(&node, 3, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);

	election_fixture_start(&node, 3, 5, 0);
	tell_list((struct wl_list){.index = 9, .voters = 0xc}, 0);
	CU_ASSERT_FALSE(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
}

static void a_vote_of_other_data_than_the_list_names_is_nobodys(void)
{
	election_fixture_start(&node, 3, 5, 0);
	tell_list((struct wl_list){.index = 9, .voters = 0xe, .incarnation = {0, 0, 12, 0}}, 0);
	CU_ASSERT_TRUE(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	election_fixture_pre_vote_reply(&node, 2, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_PRE_CANDIDATE);
	election_fixture_pre_vote_reply(&node, 3, 6, 6, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);
}

static void learner_is_handed_nothing_over(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	tell_list((struct wl_list){.index = 9, .voters = 0xe, .learners = 0x10}, 0);
	node.out.count = 0;
	CU_ASSERT_FALSE(wl_election_transfer(&node.election, 4, node.now_ns, &node.out));
	CU_ASSERT_TRUE(wl_election_transfer(&node.election, 3, node.now_ns, &node.out));
}

static void who_is_not_to_lead_hands_over(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	election_fixture_stalled(&node, WL_STALL_LEAVES);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
	CU_ASSERT_TRUE(node.election.transfer.active);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
}

static void node_that_is_no_voter_votes_and_does_not_campaign(void)
{
	struct wl_election_config config = {.node = 7, .voters = 0xe, .election_timeout_ns = T};

	election_fixture_start(&node, 3, 5, 0);
	wl_election_init(&node.election, &config, 5, 0);
	wl_election_start(&node.election, node.now_ns, &node.out);
	election_fixture_pass(&node, 20 * (uint64_t)T);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	election_fixture_timeout_now(&node, 2, 5, GOOD);
	CU_ASSERT_EQUAL(node.out.count, 0);
	election_fixture_vote(&node, 2, 6, LONGER);
	election_fixture_settle(&node);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.granted,
			1);
}

static void single_voter_elects_itself_at_once(void)
{
	election_fixture_start(&node, 1, 5, 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FENCING);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_told(&node, WL_PLANE_LEAD));
	CU_ASSERT_EQUAL(election_fixture_told(&node, WL_PLANE_LEAD)->tell.view.term, 6);
	CU_ASSERT_EQUAL(election_fixture_told(&node, WL_PLANE_LEAD)->tell.view.role,
			WL_ROLE_LEADER);
}

static void hundred_late_ticks_are_one_timeout(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE);
	while (node.now_ns + T / 4 < node.election.deadline_ns)
		election_fixture_pass(&node, T / 8);
	node.now_ns += T / 2;
	for (int i = 0; i < 100; i++) {
		node.out.count = 0;
		wl_election_on_tick(&node.election, node.now_ns, &node.out);
	}
	CU_ASSERT_EQUAL(node.election.counts.pre_campaigns, 2);
}

static void pause_of_the_process_restarts_the_timer_once(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	node.now_ns += 300000 * (uint64_t)1000000; /* five minutes */
	node.out.count = 0;
	wl_election_on_tick(&node.election, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(node.out.count, 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.counts.timer_pauses, 1);
	election_fixture_pass(&node, T - 1);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
}

static void leader_heard_long_ago_does_not_make_sticky(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_LEADER_HEARD, .node = 2};

	election_fixture_start(&node, 3, 5, 0);
	message.view.number = node.election.number;
	message.now_ns = node.now_ns; /* spoken now, read much later */
	node.now_ns += 2 * (uint64_t)T;
	node.out.count = 0;
	wl_election_on_leader_heard(&node.election, &message, node.now_ns, &node.out);
	election_fixture_pre_vote(&node, 3, 6, GOOD);
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 3)->message.reply.granted, 1);
}

static void time_that_goes_back_is_ignored(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_pass(&node, T / 2);
	node.out.count = 0;
	wl_election_on_tick(&node.election, 1, &node.out);
	CU_ASSERT_EQUAL(node.out.count, 0);
	CU_ASSERT_EQUAL(node.election.counts.timer_pauses, 0);
}

static void leader_with_a_slow_disk_stays_away_for_a_while(void)
{
	uint64_t stepped_ns;

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	election_fixture_stalled(&node, WL_STALL_DISK);
	stepped_ns = node.now_ns;
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	CU_ASSERT(node.now_ns - stepped_ns >= 4 * (uint64_t)T);
	CU_ASSERT(node.now_ns - stepped_ns <= 6 * (uint64_t)T);
}

static void lonely_leader_with_a_slow_disk_comes_back_without_penalty(void)
{
	uint64_t stepped_ns;

	election_fixture_start(&node, 1, 5, 0);
	election_fixture_settle(&node);
	election_fixture_stalled(&node, WL_STALL_DISK);
	stepped_ns = node.now_ns;
	CU_ASSERT(election_fixture_pass_until(&node, WL_ELECTION_FENCING));
	CU_ASSERT(node.now_ns - stepped_ns <= 2 * (uint64_t)T + 5000000);
}

static void stall_of_an_earlier_term_is_ignored(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_STALLED, .reason = WL_STALL_DISK};

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	message.view.term = node.election.term - 1;
	node.out.count = 0;
	wl_election_on_stalled(&node.election, &message, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
}

/* The worker fell silent before it read RESUME: it must not be taken for a leader. */
static void stall_that_crossed_a_resume_still_counts(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_STALLED, .reason = WL_STALL_QUORUM};

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	message.view = (struct wl_view){.number = node.election.number, .term = 6};
	node.out.count = 0;
	wl_election_transfer(&node.election, 0, node.now_ns, &node.out);
	election_fixture_pass(&node, 2 * (uint64_t)T);
	CU_ASSERT(node.election.number > message.view.number);
	node.out.count = 0;
	wl_election_on_stalled(&node.election, &message, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_SILENT);
}

static void full_device_hands_over_once_and_then_leads_on_for_readers(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	election_fixture_stalled(&node, WL_STALL_NO_SPACE);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
	election_fixture_pass(&node, 2 * (uint64_t)T); /* nobody has room: the transfer ends */
	election_fixture_stalled(&node, WL_STALL_NO_SPACE);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_RESUME));
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
	election_fixture_pass(&node, 5000000000u);
	election_fixture_stalled(&node, WL_STALL_NO_SPACE);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
}

static void silent_worker_ends_the_leadership(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	node.out.count = 0;
	wl_election_on_worker_silent(&node.election, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FOLLOW));
	node.out.count = 0;
	wl_election_on_worker_silent(&node.election, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(node.out.count, 0);
}

static void poisoned_node_votes_no_more(void)
{
	election_fixture_start(&node, 3, 5, 0);
	node.out.count = 0;
	wl_election_on_poisoned(&node.election, NULL, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_OUT);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	election_fixture_vote(&node, 2, 6, LONGER);
	CU_ASSERT_EQUAL(node.out.count, 0);
	election_fixture_pre_vote(&node, 2, 6, LONGER);
	CU_ASSERT_EQUAL(node.out.count, 0);
	election_fixture_saw_term(&node, 9);
	election_fixture_fenced(&node);
	election_fixture_pass(&node, 20 * (uint64_t)T);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_OUT);
	CU_ASSERT_EQUAL(node.election.term, 5);
}

static void failed_record_is_final_and_answers_nobody(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	election_fixture_fenced(&node);
	election_fixture_persisted(&node, false);
	CU_ASSERT_EQUAL(election_fixture_sent_count(&node, WL_WIRE_VOTE_REPLY), 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_OUT);
	CU_ASSERT_EQUAL(node.election.term, 5);
	election_fixture_persisted(&node, true);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_OUT);
}

static void transfer_sends_timeout_now_when_the_target_is_ready_and_repeats_it(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_TRANSFER_READY,
					   .node = 3,
					   .tail = {6, 12}};

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	node.out.count = 0;
	CU_ASSERT(wl_election_transfer(&node.election, 0, node.now_ns, &node.out));
	message.view.number = node.election.number;
	node.out.count = 0;
	wl_election_on_transfer_ready(&node.election, &message, node.now_ns, &node.out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_TIMEOUT_NOW, 3));
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_TIMEOUT_NOW, 3)->message.timeout_now.last.index,
		12);
	election_fixture_pass(&node, T / 4);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_sent(&node, WL_WIRE_TIMEOUT_NOW, 3));
	CU_ASSERT_EQUAL(state(), WL_ELECTION_LEADER);
}

static void transfer_is_refused_when_it_makes_no_sense(void)
{
	election_fixture_start(&node, 3, 5, 0);
	node.out.count = 0;
	CU_ASSERT_FALSE(wl_election_transfer(&node.election, 2, node.now_ns, &node.out));
	election_fixture_become_leader(&node);
	node.out.count = 0;
	CU_ASSERT_FALSE(wl_election_transfer(&node.election, 1, node.now_ns, &node.out));
	CU_ASSERT_FALSE(wl_election_transfer(&node.election, 6, node.now_ns, &node.out));
	CU_ASSERT(wl_election_transfer(&node.election, 2, node.now_ns, &node.out));
	CU_ASSERT_FALSE(wl_election_transfer(&node.election, 3, node.now_ns, &node.out));
	election_fixture_start(&node, 1, 5, 0);
	election_fixture_settle(&node);
	node.out.count = 0;
	CU_ASSERT_FALSE(wl_election_transfer(&node.election, 0, node.now_ns, &node.out));
}

static void timeout_now_of_another_than_the_leader_is_ignored(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	election_fixture_timeout_now(&node, 3, 5, GOOD);
	CU_ASSERT_EQUAL(node.out.count, 0);
	election_fixture_timeout_now(&node, 2, 4, GOOD);
	CU_ASSERT_EQUAL(node.out.count, 0);
	election_fixture_timeout_now(&node, 2, 6, GOOD);
	CU_ASSERT_EQUAL(node.out.count, 0);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
}

static void timeout_now_without_the_leaders_log_takes_no_term(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	election_fixture_timeout_now(&node, 2, 5, LONGER);
	election_fixture_fenced(&node);
	CU_ASSERT_PTR_NULL(election_fixture_persist(&node));
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.term, 5);
}

static void vote_requests_name_the_fenced_tail_whatever_is_published(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_candidate(&node);
	wl_election_set_tail(&node.election, (struct wl_position){9, 99});
	election_fixture_pass(&node, T / 4);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_sent(&node, WL_WIRE_VOTE, 2));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE, 2)->message.vote.last.index, 10);
}

static void leaving_leader_hands_over_and_steps_down_when_nobody_takes_it(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	node.out.count = 0;
	wl_election_leave(&node.election, node.now_ns, &node.out);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_TRANSFER));
	election_fixture_pass(&node, T);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	election_fixture_pass(&node, 20 * (uint64_t)T);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.counts.pre_campaigns, 1);
	election_fixture_vote(&node, 2, 7, LONGER); /* but it still votes */
	election_fixture_settle(&node);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2));
}

static void second_leader_of_one_term_is_counted_and_not_followed(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	election_fixture_leader_heard(&node, 3);
	CU_ASSERT_EQUAL(node.election.leader, 2);
	CU_ASSERT_EQUAL(node.election.counts.two_leaders, 1);
}

static void leader_heard_under_an_older_view_is_ignored(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_LEADER_HEARD, .node = 2};

	election_fixture_start(&node, 3, 5, 0);
	message.view.number = node.election.number;
	message.now_ns = node.now_ns;
	election_fixture_vote(&node, 3, 6, GOOD);
	election_fixture_settle(&node);
	node.out.count = 0;
	wl_election_on_leader_heard(&node.election, &message, node.now_ns, &node.out);
	CU_ASSERT_EQUAL(node.election.leader, 0);
}

static void largest_term_is_never_wrapped(void)
{
	election_fixture_start(&node, 3, UINT64_MAX, 0);
	election_fixture_pass(&node, 20 * (uint64_t)T);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	election_fixture_timeout_now(&node, 2, UINT64_MAX, GOOD);
	CU_ASSERT_EQUAL(node.out.count, 0);
}

static void hanging_fence_and_hanging_record_are_told_once(void)
{
	unsigned told = 0;

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	for (int i = 0; i < 400; i++) {
		election_fixture_pass(&node, 5000000);
		for (unsigned k = 0; k < node.out.count; k++)
			told += node.out.item[k].verb == WL_ELECTION_LOG;
	}
	CU_ASSERT_EQUAL(told, 1);
}

static void status_says_what_the_machine_knows(void)
{
	struct wl_election_status status;

	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	election_fixture_pass(&node, T / 2);
	wl_election_get_status(&node.election, node.now_ns, &status);
	CU_ASSERT_EQUAL(status.state, WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(status.leader, 2);
	CU_ASSERT_EQUAL(status.leader_heard_ago_ns, T / 2);
	CU_ASSERT(status.timer_ns >= T / 2 && status.timer_ns < 3 * T / 2);
	CU_ASSERT_STRING_EQUAL(wl_election_state_name(status.state), "follower");
}

/* ---- data that do not count, and what a start forgets ---- */

static void held_back_node_neither_votes_nor_campaigns_until_its_data_count(void)
{
	struct wl_position last = {9, 99};

	election_fixture_start(&node, 3, 5, 0);
	node.election.held_back = true;
	election_fixture_vote(&node, 2, 7, last);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.granted,
			0);
	election_fixture_pre_vote(&node, 2, 7, last);
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 2)->message.reply.granted, 0);
	election_fixture_timeout_now(&node, 2, 5, last);
	CU_ASSERT_EQUAL(state(), WL_ELECTION_FOLLOWER);
	CU_ASSERT_FALSE(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	CU_ASSERT_EQUAL(node.election.term, 5);
	CU_ASSERT_EQUAL(node.election.counts.votes_refused_held_back, 2);

	node.out.count = 0;
	wl_election_count(&node.election, node.now_ns, &node.out);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_COUNT));
	CU_ASSERT_TRUE(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
}

/* It may have followed a leader that is well, a moment ago. The leader's own word to take over is another matter. */
static void voter_is_sticky_for_a_timeout_after_its_start(void)
{
	struct wl_position last = {9, 99};

	election_fixture_start(&node, 3, 5, 0);
	node.election.started_ns = node.now_ns;
	election_fixture_pre_vote(&node, 2, 7, last);
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 2)->message.reply.granted, 0);
	election_fixture_vote(&node, 2, 7, last);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	election_fixture_vote_flags(&node, 2, 7, last, WL_WIRE_VOTE_TRANSFER);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FENCE));

	election_fixture_start(&node, 3, 5, 0);
	node.election.started_ns = node.now_ns;
	node.now_ns += ELECTION_FIXTURE_TIMEOUT_NS;
	election_fixture_pre_vote(&node, 2, 7, last);
	CU_ASSERT_EQUAL(
		election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 2)->message.reply.granted, 1);
}

static void data_that_were_rolled_back_are_out_of_every_election(void)
{
	election_fixture_start(&node, 3, 5, 0);
	node.out.count = 0;
	wl_election_withdraw(&node.election, node.now_ns, &node.out);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	CU_ASSERT_EQUAL(state(), WL_ELECTION_OUT);
}

WL_SUITE(election)
{
	WL_TEST(nothing_is_persisted_before_the_worker_is_fenced),
	WL_TEST(answer_to_an_older_fence_is_ignored),
	WL_TEST(number_grows_with_every_view),
	WL_TEST(requests_while_a_fence_is_in_progress_are_dropped),
	WL_TEST(newer_term_met_while_busy_is_adopted_afterwards),
	WL_TEST(campaign_overtaken_by_a_newer_term_asks_nobody),
	WL_TEST(refused_vote_in_our_own_term_writes_nothing),
	WL_TEST(vote_in_our_own_term_is_granted_when_it_is_free),
	WL_TEST(no_vote_in_a_term_whose_leader_is_known),
	WL_TEST(leader_grants_nobody_and_ignores_newer_terms_of_requests),
	WL_TEST(votes_of_strangers_are_not_counted_and_nobody_votes_for_itself),
	WL_TEST(node_that_is_no_voter_votes_and_does_not_campaign),
	WL_TEST(who_asks_counts_by_a_list_of_its_own),
	WL_TEST(joint_list_elects_by_a_majority_of_both_sides),
	WL_TEST(votes_are_counted_by_the_fenced_list),
	WL_TEST(who_is_left_out_by_a_list_that_is_not_committed_campaigns),
	WL_TEST(a_vote_of_other_data_than_the_list_names_is_nobodys),
	WL_TEST(learner_is_handed_nothing_over),
	WL_TEST(who_is_not_to_lead_hands_over),
	WL_TEST(single_voter_elects_itself_at_once),
	WL_TEST(hundred_late_ticks_are_one_timeout),
	WL_TEST(pause_of_the_process_restarts_the_timer_once),
	WL_TEST(leader_heard_long_ago_does_not_make_sticky),
	WL_TEST(time_that_goes_back_is_ignored),
	WL_TEST(leader_with_a_slow_disk_stays_away_for_a_while),
	WL_TEST(lonely_leader_with_a_slow_disk_comes_back_without_penalty),
	WL_TEST(stall_of_an_earlier_term_is_ignored),
	WL_TEST(stall_that_crossed_a_resume_still_counts),
	WL_TEST(full_device_hands_over_once_and_then_leads_on_for_readers),
	WL_TEST(silent_worker_ends_the_leadership),
	WL_TEST(poisoned_node_votes_no_more),
	WL_TEST(failed_record_is_final_and_answers_nobody),
	WL_TEST(transfer_sends_timeout_now_when_the_target_is_ready_and_repeats_it),
	WL_TEST(transfer_is_refused_when_it_makes_no_sense),
	WL_TEST(timeout_now_of_another_than_the_leader_is_ignored),
	WL_TEST(timeout_now_without_the_leaders_log_takes_no_term),
	WL_TEST(vote_requests_name_the_fenced_tail_whatever_is_published),
	WL_TEST(leaving_leader_hands_over_and_steps_down_when_nobody_takes_it),
	WL_TEST(second_leader_of_one_term_is_counted_and_not_followed),
	WL_TEST(leader_heard_under_an_older_view_is_ignored),
	WL_TEST(largest_term_is_never_wrapped),
	WL_TEST(hanging_fence_and_hanging_record_are_told_once),
	WL_TEST(held_back_node_neither_votes_nor_campaigns_until_its_data_count),
	WL_TEST(voter_is_sticky_for_a_timeout_after_its_start),
	WL_TEST(data_that_were_rolled_back_are_out_of_every_election),
	WL_TEST(status_says_what_the_machine_knows),
};

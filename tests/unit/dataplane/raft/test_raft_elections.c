/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Raft paper section by section, its elections: "In Search of an Understandable Consensus
 * Algorithm" (extended version) 5.1, 5.2, 5.4.1, figure 2; Ongaro's thesis 3.10, 4.2.3, 9.6. The
 * sentence that a test stands for is above it.
 */
#include <string.h>

#include "tests/unit/control/election/election_cluster.h"
#include "tests/unit/control/election/election_fixture.h"
#include "tests/unit/runner.h"

#define GOOD ((struct wl_position){2, 10})
#define LONGER ((struct wl_position){2, 11})
#define SHORTER ((struct wl_position){2, 9})

static struct election_fixture node;
static struct cluster cluster;

static bool grants(uint8_t type, uint32_t to)
{
	const struct wl_election_effect *effect = election_fixture_sent(&node, type, to);

	return effect && effect->message.reply.granted;
}

static bool refuses(uint8_t type, uint32_t to)
{
	const struct wl_election_effect *effect = election_fixture_sent(&node, type, to);

	return effect && !effect->message.reply.granted;
}

/* 5.1 "If a server receives a request with a stale term number, it rejects the request." */
static void s5_1_request_with_stale_term_is_rejected_with_ours(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 4, LONGER);
	CU_ASSERT(refuses(WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE_REPLY, 2)->message.reply.term, 5);
	CU_ASSERT_EQUAL(node.election.term, 5);
}

/* 5.1 "If one server's current term is smaller than the other's, then it updates its current term
 * to the larger value." */
static void s5_1_newer_term_is_taken_over_even_when_the_vote_is_refused(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 8, SHORTER);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.term, 8);
	CU_ASSERT_EQUAL(node.election.vote, 0);
	CU_ASSERT(refuses(WL_WIRE_VOTE_REPLY, 2));
}

/* 5.1 "If a candidate or leader discovers that its term is out of date, it immediately reverts to
 * follower state." */
static void s5_1_leader_with_an_old_term_becomes_follower(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_LEADER);
	election_fixture_saw_term(&node, 9);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.term, 9);
}

static void s5_1_candidate_with_an_old_term_becomes_follower(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_candidate(&node);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_CANDIDATE);
	election_fixture_vote_reply(&node, 2, 6, 9, false);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.term, 9);
}

/* 5.2 "When servers start up, they begin as followers." */
static void s5_2_server_starts_as_follower_of_its_last_term(void)
{
	election_fixture_start(&node, 3, 5, 2);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.term, 5);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_told(&node, WL_PLANE_FOLLOW));
	CU_ASSERT_EQUAL(election_fixture_told(&node, WL_PLANE_FOLLOW)->tell.view.term, 5);
}

/* 5.2 "A server remains in follower state as long as it receives valid RPCs from a leader or
 * candidate." */
static void s5_2_follower_stays_while_the_leader_is_heard(void)
{
	election_fixture_start(&node, 3, 5, 0);
	for (int i = 0; i < 100; i++) {
		election_fixture_leader_heard(&node, 2);
		election_fixture_pass(&node, ELECTION_FIXTURE_TIMEOUT_NS / 2);
	}
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.counts.pre_campaigns, 0);
}

/* 5.2 "To begin an election, a follower increments its current term ... It then votes for itself
 * and issues RequestVote." */
static void s5_2_campaign_raises_the_term_votes_for_itself_and_asks_all(void)
{
	election_fixture_start(&node, 5, 5, 3);
	election_fixture_become_candidate(&node);
	CU_ASSERT_EQUAL(node.election.term, 6);
	CU_ASSERT_EQUAL(node.election.vote, 1);
	CU_ASSERT_EQUAL(election_fixture_sent_count(&node, WL_WIRE_VOTE), 4);
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE, 4)->message.vote.term, 6);
}

/* 5.2 "A candidate wins an election if it receives votes from a majority of the servers in the full
 * cluster." */
static void s5_2_majority_of_votes_wins_and_less_does_not(void)
{
	election_fixture_start(&node, 5, 5, 0);
	election_fixture_become_candidate(&node);
	election_fixture_vote_reply(&node, 2, 6, 6, true);
	election_fixture_vote_reply(&node, 2, 6, 6, true);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_CANDIDATE);
	election_fixture_vote_reply(&node, 5, 6, 6, true);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_LEADER);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_LEAD));
}

/* 5.2 "... for the same term." */
static void s5_2_vote_of_an_older_term_is_not_counted(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_candidate(&node);
	election_fixture_vote_reply(&node, 2, 5, 5, true);
	election_fixture_vote_reply(&node, 3, 6, 5, true);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_CANDIDATE);
}

/* 5.2 "Each server will vote for at most one candidate in a given term, on a
 * first-come-first-served basis." */
static void s5_2_first_candidate_gets_the_vote_and_the_second_does_not(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	election_fixture_settle(&node);
	CU_ASSERT(grants(WL_WIRE_VOTE_REPLY, 2));
	election_fixture_vote(&node, 3, 6, LONGER);
	CU_ASSERT(refuses(WL_WIRE_VOTE_REPLY, 3));
	CU_ASSERT_EQUAL(node.election.vote, 2);
}

/* Figure 2 "votedFor is null or candidateId": asked again, it says the same again. */
static void s5_2_same_candidate_gets_the_same_answer_again(void)
{
	election_fixture_start(&node, 3, 5, 2);
	election_fixture_vote(&node, 2, 5, GOOD);
	CU_ASSERT(grants(WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
}

/* Figure 2 "persistent state on all servers: updated on stable storage before responding to RPCs". */
static void s5_2_vote_leaves_after_it_is_durable_and_not_before(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	CU_ASSERT_EQUAL(election_fixture_sent_count(&node, WL_WIRE_VOTE_REPLY), 0);
	election_fixture_fenced(&node);
	CU_ASSERT_EQUAL(election_fixture_sent_count(&node, WL_WIRE_VOTE_REPLY), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(election_fixture_persist(&node));
	CU_ASSERT_EQUAL(election_fixture_persist(&node)->term, 6);
	CU_ASSERT_EQUAL(election_fixture_persist(&node)->vote, 2);
	election_fixture_persisted(&node, true);
	CU_ASSERT(grants(WL_WIRE_VOTE_REPLY, 2));
}

/* 5.2 "If the leader's term is at least as large ..., the candidate recognizes the leader and
 * returns to follower state." */
static void s5_2_candidate_recognizes_the_leader_of_its_term(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_candidate(&node);
	election_fixture_leader_heard(&node, 3);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.leader, 3);
	election_fixture_vote_reply(&node, 2, 6, 6, true);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FOLLOWER);
}

/* 5.2 "each candidate will time out and start a new election". */
static void s5_2_split_vote_ends_by_a_new_round(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_candidate(&node);
	election_fixture_vote_reply(&node, 2, 6, 6, false);
	election_fixture_vote_reply(&node, 3, 6, 6, false);
	CU_ASSERT(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_PRE_VOTE, 2)->message.vote.term, 7);
}

struct span {
	uint64_t low, high;
};

static void widen(struct span *span, uint64_t left_ns)
{
	if (span->low == 0 || left_ns < span->low)
		span->low = left_ns;
	if (left_ns > span->high)
		span->high = left_ns;
}

/*
 * 5.2 "election timeouts are chosen randomly from a fixed interval", and "each candidate restarts its randomized election timeout at the
 * start of an election": whoever has no leader draws from the whole interval, in each round.
 */
static void s5_2_timeouts_are_random_in_the_interval_and_drawn_anew(void)
{
	struct span drawn = {0, 0};

	election_fixture_start(&node, 3, 5, 0);
	CU_ASSERT_FATAL(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	for (int i = 0; i < 500; i++) {
		uint32_t round = node.election.round;

		CU_ASSERT_EQUAL_FATAL(node.election.leader, 0);
		widen(&drawn, node.election.deadline_ns - node.now_ns);
		for (int tick = 0; tick < 100 && node.election.round == round; tick++)
			election_fixture_pass(&node, 1);
		CU_ASSERT_EQUAL_FATAL(node.election.round, round + 1);
	}
	CU_ASSERT(drawn.low >= ELECTION_FIXTURE_TIMEOUT_NS &&
		  drawn.low < ELECTION_FIXTURE_TIMEOUT_NS * 11 / 10);
	CU_ASSERT(drawn.high < 2 * ELECTION_FIXTURE_TIMEOUT_NS &&
		  drawn.high > ELECTION_FIXTURE_TIMEOUT_NS * 19 / 10);
}

/* What a voter draws while it hears this leader. */
static struct span drawn_under(uint32_t leader, unsigned voters)
{
	struct span drawn = {0, 0};

	election_fixture_start(&node, voters, 5, 0);
	for (int i = 0; i < 500; i++) {
		election_fixture_leader_heard(&node, leader);
		widen(&drawn, node.election.deadline_ns - node.now_ns);
	}
	return drawn;
}

/*
 * 5.2 "to prevent split votes in the first place, election timeouts are chosen randomly ... This spreads out the servers so that in most
 * cases only a single server will time out; it wins the election and sends heartbeats before any other servers time out". Voters under
 * one leader have an interval each, that touch nowhere, and draw from it. (Node 1 is the first after the last voter, and the last after
 * node 2.)
 */
static void s5_2_voters_under_one_leader_draw_from_intervals_that_are_apart(void)
{
	for (unsigned voters = 3; voters <= WIRELOG_NODES_MAX; voters++) {
		uint64_t interval_ns = ELECTION_FIXTURE_TIMEOUT_NS / (voters - 1);
		struct span before = {0, 0};

		for (uint32_t leader = voters; leader >= 2; leader--) {
			struct span drawn = drawn_under(leader, voters);

			CU_ASSERT(drawn.low >= ELECTION_FIXTURE_TIMEOUT_NS);
			CU_ASSERT(drawn.high - drawn.low > interval_ns * 4 / 10);
			CU_ASSERT(before.high == 0 ||
				  drawn.low > before.high + interval_ns * 4 / 10);
			before = drawn;
		}
		CU_ASSERT(before.high < ELECTION_FIXTURE_TIMEOUT_NS * 21 / 10);
	}
}

/* And when the first of them did not win, nobody's turn is known any more: no two may be in step for ever. */
static void s5_2_who_lost_its_leader_draws_from_the_whole_interval(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 3);
	CU_ASSERT_FATAL(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	CU_ASSERT_EQUAL(node.election.leader, 0);
	CU_ASSERT(node.election.deadline_ns - node.now_ns >= ELECTION_FIXTURE_TIMEOUT_NS);
	CU_ASSERT(node.election.deadline_ns - node.now_ns < 2 * ELECTION_FIXTURE_TIMEOUT_NS);
}

/* 5.4.1 "the voter denies its vote if its own log is more up-to-date than that of the candidate". */
static void s5_4_1_vote_goes_to_a_log_that_is_at_least_as_up_to_date(void)
{
	static const struct {
		struct wl_position last;
		bool granted;
	} rows[] = {
		{{2, 10}, true}, /* equal */
		{{2, 11}, true}, /* same last term, longer */
		{{2, 9}, false}, /* same last term, shorter */
		{{1, 99}, false}, /* older last term, longer */
		{{3, 4}, true}, /* newer last term, shorter */
		{{0, 0}, false}, /* empty */
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		election_fixture_start(&node, 3, 5, 0);
		election_fixture_vote(&node, 2, 6, rows[i].last);
		election_fixture_settle(&node);
		CU_ASSERT_EQUAL(grants(WL_WIRE_VOTE_REPLY, 2), rows[i].granted);
		CU_ASSERT_EQUAL(node.election.vote, rows[i].granted ? 2 : 0);
	}
}

/* The comparison is with the log that was fenced, not with what was published a while ago. */
static void s5_4_1_comparison_is_made_with_the_fenced_tail(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_vote(&node, 2, 6, GOOD);
	node.tail = LONGER; /* grew before the worker saw FENCE */
	election_fixture_settle(&node);
	CU_ASSERT(refuses(WL_WIRE_VOTE_REPLY, 2));
}

/* 5.4.3, figure 3 "Election Safety", "Leader Completeness": among whole clusters. */
static void s5_4_3_one_leader_a_term_that_has_every_committed_entry(void)
{
	for (uint64_t seed = 1; seed <= 200; seed++) {
		cluster_init(&cluster, 5, seed);
		cluster.loss = 20;
		cluster.delay = CLUSTER_TIMEOUT / 3;
		for (int round = 0; round < 8; round++) {
			uint32_t leader = cluster_elect(&cluster, 10 * CLUSTER_TIMEOUT);

			if (leader != 0)
				cluster_crash(&cluster, leader);
			cluster_run(&cluster, CLUSTER_TIMEOUT / 2);
			for (uint32_t id = 1; id <= 5; id++)
				cluster_restart(&cluster, id);
		}
		CU_ASSERT_PTR_NULL(cluster.violation);
	}
}

/* Figure 2: currentTerm and votedFor survive a restart. */
static void s5_2_vote_is_remembered_over_a_restart(void)
{
	election_fixture_start(&node, 3, 5, 3);
	election_fixture_vote(&node, 2, 5, LONGER);
	CU_ASSERT(refuses(WL_WIRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(node.election.vote, 3);
}

/* 5.6 "broadcastTime << electionTimeout": a lost request is asked again within the round. */
static void s5_6_lost_requests_are_sent_again_to_who_has_not_granted(void)
{
	election_fixture_start(&node, 5, 5, 0);
	election_fixture_become_candidate(&node);
	election_fixture_vote_reply(&node, 2, 6, 6, true);
	election_fixture_pass(&node, ELECTION_FIXTURE_TIMEOUT_NS / 4);
	CU_ASSERT_PTR_NULL(election_fixture_sent(&node, WL_WIRE_VOTE, 2));
	CU_ASSERT_EQUAL(election_fixture_sent_count(&node, WL_WIRE_VOTE), 3);
}

/* Thesis 3.10 "the prior leader sends a TimeoutNow request to the target server. This ... starts a
 * new election". */
static void t3_10_timeout_now_starts_an_election_at_once(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	election_fixture_timeout_now(&node, 2, 5, GOOD);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_FENCE));
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_CANDIDATE);
	CU_ASSERT_EQUAL(node.election.term, 6);
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_VOTE, 3)->message.vote.flags,
			WL_WIRE_VOTE_TRANSFER);
}

/* Thesis 3.10 "If leadership transfer does not complete after about an election timeout, the prior
 * leader aborts". */
static void t3_10_leader_resumes_when_nobody_took_over(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	node.out.count = 0;
	CU_ASSERT(wl_election_transfer(&node.election, 2, node.now_ns, &node.out));
	CU_ASSERT_EQUAL(election_fixture_told(&node, WL_PLANE_TRANSFER)->tell.node, 2);
	election_fixture_pass(&node, ELECTION_FIXTURE_TIMEOUT_NS);
	CU_ASSERT_PTR_NOT_NULL(election_fixture_told(&node, WL_PLANE_RESUME));
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_LEADER);
	CU_ASSERT_EQUAL(node.election.term, 6);
}

/* Thesis 4.2.3 "if a server receives a RequestVote request within the minimum election timeout of
 * hearing from a current leader, it does not update its term or grant its vote". */
static void t4_2_3_vote_is_refused_while_a_leader_was_heard_lately(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	election_fixture_vote(&node, 3, 9, LONGER);
	CU_ASSERT(refuses(WL_WIRE_VOTE_REPLY, 3));
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(node.election.term, 5);
}

static void t4_2_3_vote_may_be_granted_once_the_minimum_timeout_is_over(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	node.now_ns += ELECTION_FIXTURE_TIMEOUT_NS;
	election_fixture_vote(&node, 3, 9, LONGER);
	election_fixture_settle(&node);
	CU_ASSERT(grants(WL_WIRE_VOTE_REPLY, 3));
}

/* Thesis 4.2.3 "a special flag ... 'I have permission to disrupt the leader - it told me to!'" */
static void t4_2_3_transfer_flag_overrides_stickiness(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_leader_heard(&node, 2);
	election_fixture_vote_flags(&node, 3, 6, LONGER, WL_WIRE_VOTE_TRANSFER);
	election_fixture_settle(&node);
	CU_ASSERT(grants(WL_WIRE_VOTE_REPLY, 3));
}

/* Thesis 9.6 "a candidate only increments its term if it first learns from a majority of the
 * cluster". */
static void t9_6_no_term_is_taken_without_a_majority_of_pre_votes(void)
{
	election_fixture_start(&node, 5, 5, 0);
	election_fixture_pass(&node, 50 * (uint64_t)ELECTION_FIXTURE_TIMEOUT_NS);
	CU_ASSERT_EQUAL(node.election.term, 5);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_PRE_CANDIDATE);
	CU_ASSERT(node.election.counts.pre_campaigns > 20);
	election_fixture_pre_vote_reply(&node, 2, 6, 6, true);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_PRE_CANDIDATE);
	election_fixture_pre_vote_reply(&node, 3, 6, 6, true);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_FENCING);
}

/* Thesis 9.6: the grant depends on the log, the leader and the term, and changes nothing. */
static void t9_6_pre_vote_changes_no_state(void)
{
	struct wl_election before;

	election_fixture_start(&node, 3, 5, 0);
	before = node.election;
	election_fixture_pre_vote(&node, 2, 99, GOOD);
	CU_ASSERT(grants(WL_WIRE_PRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(node.out.count, 1);
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 2)->message.reply.term,
			99);
	CU_ASSERT_EQUAL(memcmp(&before, &node.election, sizeof(before)), 0);
}

static void t9_6_pre_vote_is_refused_to_a_poor_log_an_old_term_and_beside_a_leader(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_pre_vote(&node, 2, 6, SHORTER);
	CU_ASSERT(refuses(WL_WIRE_PRE_VOTE_REPLY, 2));
	election_fixture_pre_vote(&node, 2, 5, LONGER);
	CU_ASSERT(refuses(WL_WIRE_PRE_VOTE_REPLY, 2));
	election_fixture_leader_heard(&node, 3);
	election_fixture_pre_vote(&node, 2, 6, LONGER);
	CU_ASSERT(refuses(WL_WIRE_PRE_VOTE_REPLY, 2));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_PRE_VOTE_REPLY, 2)->message.reply.term,
			5);
}

/* A refusal with a newer term must help the candidate, or the two may refuse each other for ever. */
static void t9_6_pre_candidate_takes_the_newer_term_of_a_refusal_over(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE);
	election_fixture_pre_vote_reply(&node, 2, 6, 11, false);
	election_fixture_settle(&node);
	CU_ASSERT_EQUAL(node.election.term, 11);
	CU_ASSERT_EQUAL(node.election.vote, 0);
	CU_ASSERT(election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE));
	CU_ASSERT_EQUAL(election_fixture_sent(&node, WL_WIRE_PRE_VOTE, 2)->message.vote.term, 12);
}

/* A granted pre-vote carries the asked term, which nobody holds yet. */
static void t9_6_granted_pre_vote_is_no_newer_term(void)
{
	election_fixture_start(&node, 5, 5, 0);
	election_fixture_pass_until(&node, WL_ELECTION_PRE_CANDIDATE);
	election_fixture_pre_vote_reply(&node, 2, 6, 6, true);
	CU_ASSERT_EQUAL(node.election.term, 5);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_PRE_CANDIDATE);
}

/* Thesis 6.2 "a leader steps down if an election timeout elapses without a successful round of
 * heartbeats": it says nothing more. That its term goes on if nobody has left it is ours (silence.c). */
static void t6_2_leader_without_quorum_falls_silent_in_its_term(void)
{
	election_fixture_start(&node, 3, 5, 0);
	election_fixture_become_leader(&node);
	election_fixture_stalled(&node, WL_STALL_QUORUM);
	CU_ASSERT_EQUAL(node.election.state, WL_ELECTION_SILENT);
	CU_ASSERT_EQUAL(node.election.leader, 0);
	CU_ASSERT_EQUAL(node.election.term, 6);
	CU_ASSERT_PTR_NULL(election_fixture_told(&node, WL_PLANE_RESUME));
}

WL_SUITE(raft_elections)
{
	WL_TEST(s5_1_request_with_stale_term_is_rejected_with_ours),
	WL_TEST(s5_1_newer_term_is_taken_over_even_when_the_vote_is_refused),
	WL_TEST(s5_1_leader_with_an_old_term_becomes_follower),
	WL_TEST(s5_1_candidate_with_an_old_term_becomes_follower),
	WL_TEST(s5_2_server_starts_as_follower_of_its_last_term),
	WL_TEST(s5_2_follower_stays_while_the_leader_is_heard),
	WL_TEST(s5_2_campaign_raises_the_term_votes_for_itself_and_asks_all),
	WL_TEST(s5_2_majority_of_votes_wins_and_less_does_not),
	WL_TEST(s5_2_vote_of_an_older_term_is_not_counted),
	WL_TEST(s5_2_first_candidate_gets_the_vote_and_the_second_does_not),
	WL_TEST(s5_2_same_candidate_gets_the_same_answer_again),
	WL_TEST(s5_2_vote_leaves_after_it_is_durable_and_not_before),
	WL_TEST(s5_2_candidate_recognizes_the_leader_of_its_term),
	WL_TEST(s5_2_split_vote_ends_by_a_new_round),
	WL_TEST(s5_2_timeouts_are_random_in_the_interval_and_drawn_anew),
	WL_TEST(s5_2_voters_under_one_leader_draw_from_intervals_that_are_apart),
	WL_TEST(s5_2_who_lost_its_leader_draws_from_the_whole_interval),
	WL_TEST(s5_2_vote_is_remembered_over_a_restart),
	WL_TEST(s5_4_1_vote_goes_to_a_log_that_is_at_least_as_up_to_date),
	WL_TEST(s5_4_1_comparison_is_made_with_the_fenced_tail),
	WL_TEST(s5_4_3_one_leader_a_term_that_has_every_committed_entry),
	WL_TEST(s5_6_lost_requests_are_sent_again_to_who_has_not_granted),
	WL_TEST(t3_10_timeout_now_starts_an_election_at_once),
	WL_TEST(t3_10_leader_resumes_when_nobody_took_over),
	WL_TEST(t4_2_3_vote_is_refused_while_a_leader_was_heard_lately),
	WL_TEST(t4_2_3_vote_may_be_granted_once_the_minimum_timeout_is_over),
	WL_TEST(t4_2_3_transfer_flag_overrides_stickiness),
	WL_TEST(t6_2_leader_without_quorum_falls_silent_in_its_term),
	WL_TEST(t9_6_no_term_is_taken_without_a_majority_of_pre_votes),
	WL_TEST(t9_6_pre_vote_changes_no_state),
	WL_TEST(t9_6_pre_vote_is_refused_to_a_poor_log_an_old_term_and_beside_a_leader),
	WL_TEST(t9_6_pre_candidate_takes_the_newer_term_of_a_refusal_over),
	WL_TEST(t9_6_granted_pre_vote_is_no_newer_term),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* The control loop over real rings; the test plays workers, peers, disk and clock. */
#include <stdlib.h>
#include <string.h>

#include "control/agent/agent.h"
#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define MS 1000000ull
#define T (100 * MS)
#define WORKERS 2u
#define JOURNALS 3u /* 0 and 2 on worker 0, 1 on worker 1 */

static struct {
	struct wl_agent agent;
	struct wl_plane_rings planes[WORKERS];
	void *memory[WORKERS];
	uint64_t now_ns;
	struct wl_position tail;
	/* the disk */
	struct wl_superblock submitted;
	unsigned submits;
	bool busy;
	int result; /* of the next reap */
	unsigned lines;
} bed;

static bool submit(void *context, struct wl_superblock *record)
{
	(void)context;
	if (bed.busy)
		return false;
	record->sequence++;
	bed.submitted = *record;
	bed.busy = true;
	bed.submits++;
	return true;
}

static int reap(void *context)
{
	int result = bed.busy ? bed.result : 0;

	(void)context;
	bed.result = 0;
	bed.busy = bed.busy && result == 0;
	return result;
}

static void log_line(void *context, const struct wl_agent_line *line)
{
	(void)context;
	bed.lines += line->text != NULL;
}

static void set_up(wl_members voters)
{
	static const struct wl_agent_ops ops = {submit, reap, log_line, NULL};
	struct wl_agent_config config = {.node = 1,
					 .voters = voters,
					 .journal_count = JOURNALS,
					 .worker_count = WORKERS,
					 .worker_of_journal = {0, 1, 0},
					 .election_timeout_ns = T,
					 .seed = 7};
	struct wl_superblock record = {.node = 1, .journal_count = JOURNALS, .sequence = 10};
	struct wl_plane_rings *planes[WORKERS];

	memset(&bed, 0, sizeof(bed));
	bed.now_ns = 1000 * MS;
	bed.tail = (struct wl_position){2, 10};
	for (unsigned i = 0; i < WORKERS; i++) {
		bed.memory[i] = aligned_alloc(64, (wl_plane_rings_memory_bytes() + 63) / 64 * 64);
		wl_plane_rings_init(&bed.planes[i], bed.memory[i]);
		planes[i] = &bed.planes[i];
	}
	for (unsigned i = 0; i < JOURNALS; i++)
		record.journals[i] = (struct wl_superblock_journal){.term = 5,
								    .watermark = 4096,
								    .caught_up_boot = 1};
	wl_agent_init(&bed.agent, &config, &ops, planes, &record);
	wl_agent_start(&bed.agent, bed.now_ns);
	for (unsigned i = 0; i < JOURNALS; i++)
		bed.agent.elections[i].started_ns -= T; /* it has been up for a while */
}

static void tear_down(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		free(bed.memory[i]);
}

static void turn(void)
{
	bed.now_ns += MS;
	for (unsigned i = 0; i < WORKERS; i++)
		atomic_store(&bed.planes[i].worker_turn_ns, bed.now_ns);
	wl_agent_turn(&bed.agent, bed.now_ns);
}

/* The next message down of this verb, others are dropped; verb 0: none came. */
static struct wl_plane_message await(unsigned worker, enum wl_plane_verb verb)
{
	struct wl_plane_message message;

	while (wl_ring_pop(&bed.planes[worker].down, &message))
		if (message.verb == verb)
			return message;
	return (struct wl_plane_message){0};
}

static void rise(unsigned worker, enum wl_plane_verb verb, struct wl_view view, uint32_t node,
		 uint16_t journal)
{
	struct wl_plane_message message = {.verb = verb,
					   .journal = journal,
					   .node = node,
					   .view = view,
					   .tail = bed.tail,
					   .list.voters = bed.agent.config.voters,
					   .now_ns = bed.now_ns,
					   .reason = WL_STALL_DISK};

	CU_ASSERT(wl_ring_push(&bed.planes[worker].up, &message));
}

static void punt_vote(unsigned worker, uint8_t type, uint16_t journal, uint32_t from, uint64_t term)
{
	struct wl_punt punt = {.type = type, .journal = journal, .node = from};
	struct wl_wire_vote vote = {.term = term, .last = {2, 10}, .caught_up_boot = 1};

	punt.bytes = (uint16_t)wl_wire_encode_vote(punt.data, &vote);
	CU_ASSERT(wl_ring_push(&bed.planes[worker].punt_up, &punt));
}

static void punt_reply(unsigned worker, uint8_t type, uint16_t journal, uint32_t from,
		       uint64_t term)
{
	struct wl_punt punt = {.type = type, .journal = journal, .node = from};
	struct wl_wire_vote_reply reply = {.term = term,
					   .asked_term = term,
					   .granted = 1,
					   .round = bed.agent.elections[journal].round,
					   .caught_up_boot = 1};

	punt.bytes = (uint16_t)wl_wire_encode_vote_reply(punt.data, &reply);
	CU_ASSERT(wl_ring_push(&bed.planes[worker].punt_up, &punt));
}

static bool sent(unsigned worker, uint8_t type, struct wl_punt *punt)
{
	while (wl_ring_pop(&bed.planes[worker].punt_down, punt))
		if (punt->type == type)
			return true;
	return false;
}

static enum wl_election_state state(unsigned journal)
{
	return bed.agent.elections[journal].state;
}

/* Journal 0 becomes leader of term 6; the disk is fast. */
static void lead_journal_0(void)
{
	for (int i = 0; i < 400 && state(0) != WL_ELECTION_PRE_CANDIDATE; i++) {
		rise(1, WL_PLANE_LEADER_HEARD, (struct wl_view){.number = 1, .term = 5}, 2, 1);
		rise(0, WL_PLANE_LEADER_HEARD, (struct wl_view){.number = 1, .term = 5}, 2, 2);
		turn();
	}
	punt_reply(0, WL_WIRE_PRE_VOTE_REPLY, 0, 2, 6);
	turn();
	rise(0, WL_PLANE_FENCED, await(0, WL_PLANE_FENCE).view, 1, 0);
	turn();
	bed.result = 1;
	turn();
	punt_reply(0, WL_WIRE_VOTE_REPLY, 0, 2, 6);
	turn();
	CU_ASSERT_EQUAL_FATAL(state(0), WL_ELECTION_LEADER);
}

static void first_views_reach_the_journals_own_workers(void)
{
	struct wl_plane_message message;

	set_up(0xe);
	CU_ASSERT(wl_ring_pop(&bed.planes[0].down, &message));
	CU_ASSERT(message.verb == WL_PLANE_FOLLOW && message.journal == 0 &&
		  message.view.term == 5);
	CU_ASSERT(wl_ring_pop(&bed.planes[0].down, &message));
	CU_ASSERT_EQUAL(message.journal, 2);
	CU_ASSERT(wl_ring_pop(&bed.planes[1].down, &message));
	CU_ASSERT_EQUAL(message.journal, 1);
	tear_down();
}

/* A candidate asks, its journal is fenced, and the record with the vote is in flight. */
static void submit_vote(unsigned worker, uint16_t journal, uint32_t from, uint64_t term)
{
	punt_vote(worker, WL_WIRE_VOTE, journal, from, term);
	turn();
	rise(worker, WL_PLANE_FENCED, await(worker, WL_PLANE_FENCE).view, 1, journal);
	turn();
}

static void vote_goes_through_fence_and_record_before_it_leaves(void)
{
	struct wl_wire_vote_reply reply;
	struct wl_punt punt;

	set_up(0xe);
	punt_vote(1, WL_WIRE_VOTE, 1, 3, 8);
	turn();
	CU_ASSERT_EQUAL(bed.submits, 0);
	rise(1, WL_PLANE_FENCED, await(1, WL_PLANE_FENCE).view, 1, 1);
	turn();
	CU_ASSERT_EQUAL(bed.submits, 1);
	CU_ASSERT_EQUAL(bed.submitted.journals[1].term, 8);
	CU_ASSERT_EQUAL(bed.submitted.journals[1].vote, 3);
	CU_ASSERT_EQUAL(bed.submitted.journals[0].term, 5);
	for (int i = 0; i < 20; i++)
		turn();
	CU_ASSERT_FALSE(sent(1, WL_WIRE_VOTE_REPLY, &punt));
	bed.result = 1;
	turn();
	CU_ASSERT_FATAL(sent(1, WL_WIRE_VOTE_REPLY, &punt));
	CU_ASSERT(wl_wire_decode_vote_reply(punt.data, punt.bytes, &reply));
	CU_ASSERT(reply.granted == 1 && reply.term == 8);
	CU_ASSERT(punt.node == 3 && punt.journal == 1);
	tear_down();
}

static void votes_of_several_journals_share_one_record(void)
{
	struct wl_punt punt;

	set_up(0xe);
	punt_vote(0, WL_WIRE_VOTE, 0, 2, 8);
	punt_vote(0, WL_WIRE_VOTE, 2, 3, 9);
	turn();
	rise(0, WL_PLANE_FENCED, await(0, WL_PLANE_FENCE).view, 1, 0);
	rise(0, WL_PLANE_FENCED, await(0, WL_PLANE_FENCE).view, 1, 2);
	turn();
	CU_ASSERT_EQUAL(bed.submits, 1);
	CU_ASSERT(bed.submitted.journals[0].vote == 2 && bed.submitted.journals[2].vote == 3);
	bed.result = 1;
	turn();
	CU_ASSERT(sent(0, WL_WIRE_VOTE_REPLY, &punt));
	CU_ASSERT(sent(0, WL_WIRE_VOTE_REPLY, &punt));
	tear_down();
}

static void vote_behind_a_record_in_flight_waits_for_its_own(void)
{
	struct wl_punt punt;

	set_up(0xe);
	submit_vote(0, 0, 2, 8);
	submit_vote(1, 1, 3, 9);
	CU_ASSERT_EQUAL(bed.submits, 1);
	bed.result = 1;
	turn();
	CU_ASSERT(sent(0, WL_WIRE_VOTE_REPLY, &punt));
	CU_ASSERT_FALSE(sent(1, WL_WIRE_VOTE_REPLY, &punt));
	CU_ASSERT_EQUAL(bed.submits, 2);
	CU_ASSERT_EQUAL(bed.submitted.journals[0].term, 8);
	CU_ASSERT_EQUAL(bed.submitted.journals[1].term, 9);
	bed.result = 1;
	turn();
	CU_ASSERT(sent(1, WL_WIRE_VOTE_REPLY, &punt));
	tear_down();
}

/* Its data are an old image, or contradicted: that is known before the disk has the vote, and the vote is not sent. */
static void journal_that_is_out_sends_no_vote_that_becomes_durable(void)
{
	struct wl_punt punt;

	set_up(0xe);
	submit_vote(1, 1, 3, 5);
	CU_ASSERT_EQUAL(bed.submits, 1);
	rise(1, WL_PLANE_POISONED, (struct wl_view){0}, 1, 1);
	turn();
	CU_ASSERT_EQUAL(state(1), WL_ELECTION_OUT);
	bed.result = 1;
	for (int i = 0; i < 20; i++)
		turn();
	CU_ASSERT_EQUAL(bed.submitted.journals[1].vote, 3);
	CU_ASSERT_FALSE(sent(1, WL_WIRE_VOTE_REPLY, &punt));
	tear_down();
}

static void failed_record_takes_every_journal_out(void)
{
	struct wl_agent_status status;
	struct wl_punt punt;

	set_up(0xe);
	submit_vote(0, 0, 2, 8);
	bed.result = -5;
	turn();
	for (unsigned i = 0; i < JOURNALS; i++)
		CU_ASSERT_EQUAL(state(i), WL_ELECTION_OUT);
	punt_vote(1, WL_WIRE_VOTE, 1, 3, 9);
	for (int i = 0; i < 1000; i++)
		turn();
	CU_ASSERT_FALSE(sent(0, WL_WIRE_VOTE_REPLY, &punt));
	CU_ASSERT_FALSE(sent(1, WL_WIRE_VOTE_REPLY, &punt));
	CU_ASSERT_EQUAL(bed.submits, 1);
	wl_agent_get_status(&bed.agent, &status);
	CU_ASSERT(status.record_failed);
	CU_ASSERT_EQUAL(status.journals[2].state, WL_ELECTION_OUT);
	tear_down();
}

static void settings_reach_every_worker_or_are_refused(void)
{
	static const uint64_t settings[WL_SETTINGS] = {11, 12, 13, 14, 15};
	struct wl_plane_message message = {.verb = WL_PLANE_NEIGHBOUR};

	set_up(0xe);
	CU_ASSERT(wl_agent_set(&bed.agent, settings));
	for (unsigned worker = 0; worker < bed.agent.config.worker_count; worker++)
		for (unsigned which = 0; which < WL_SETTINGS; which++) {
			message = await(worker, WL_PLANE_SET);
			CU_ASSERT_EQUAL(message.reason, which);
			CU_ASSERT_EQUAL(message.ours, settings[which]);
		}
	/* Nothing waits in the backlog, which is for elections. */
	while (wl_ring_push(&bed.planes[1].down, &message))
		continue;
	CU_ASSERT_FALSE(wl_agent_set(&bed.agent, settings));
	CU_ASSERT_EQUAL(bed.agent.workers[1].backlog_count, 0);
	while (wl_ring_pop(&bed.planes[1].down, &message))
		continue;
	CU_ASSERT(wl_agent_set(&bed.agent, settings));
	wl_agent_stop(&bed.agent);
	CU_ASSERT_FALSE(wl_agent_set(&bed.agent, settings));
	tear_down();
}

static void wish_reaches_the_worker_of_its_journal_or_is_refused(void)
{
	struct wl_wire_propose wish = {.verb = WL_WIRE_PROPOSE_CONSUMER_SET,
				       .made = 5,
				       .name = "reader"};
	struct wl_plane_message message;
	uint32_t journal;

	set_up(0xe);
	for (journal = 0; journal < bed.agent.config.journal_count; journal++) {
		wish.number = 70 + journal;
		CU_ASSERT(wl_agent_ask(&bed.agent, journal, &wish));
		message = await(bed.agent.config.worker_of_journal[journal], WL_PLANE_ASK);
		CU_ASSERT_EQUAL(message.journal, journal);
		CU_ASSERT_EQUAL(memcmp(&message.wish, &wish, sizeof(wish)), 0);
	}
	CU_ASSERT_FALSE(wl_agent_ask(&bed.agent, journal, &wish)); /* there is no such one */
	wl_agent_stop(&bed.agent);
	CU_ASSERT_FALSE(wl_agent_ask(&bed.agent, 0, &wish));
	tear_down();
}

static void message_that_finds_the_ring_full_is_kept_in_order(void)
{
	struct wl_plane_message message = {.verb = WL_PLANE_NEIGHBOUR};

	set_up(0xe);
	while (wl_ring_push(&bed.planes[0].down, &message))
		continue;
	punt_vote(0, WL_WIRE_VOTE, 0, 2, 8);
	turn();
	punt_vote(0, WL_WIRE_VOTE, 2, 2, 8);
	turn();
	CU_ASSERT_EQUAL(bed.agent.workers[0].backlog_count, 2);
	CU_ASSERT_FALSE(wl_agent_transfer(&bed.agent, 0, 0));
	while (wl_ring_pop(&bed.planes[0].down, &message))
		continue;
	turn();
	CU_ASSERT(wl_ring_pop(&bed.planes[0].down, &message));
	CU_ASSERT(message.verb == WL_PLANE_FENCE && message.journal == 0);
	CU_ASSERT(wl_ring_pop(&bed.planes[0].down, &message));
	CU_ASSERT(message.verb == WL_PLANE_FENCE && message.journal == 2);
	CU_ASSERT_EQUAL(bed.agent.workers[0].backlog_count, 0);
	tear_down();
}

static void message_to_a_peer_that_finds_the_ring_full_is_counted(void)
{
	struct wl_punt punt = {.type = 0};

	set_up(0xe);
	while (wl_ring_push(&bed.planes[0].punt_down, &punt))
		continue;
	punt_vote(0, WL_WIRE_PRE_VOTE, 0, 2, 6);
	turn();
	CU_ASSERT_EQUAL(bed.agent.counts.punts_dropped, 1);
	tear_down();
}

static void malformed_messages_of_peers_are_counted_and_dropped(void)
{
	struct wl_punt punt = {.type = WL_WIRE_VOTE, .node = 2, .bytes = 5};

	set_up(0xe);
	wl_ring_push(&bed.planes[0].punt_up, &punt);
	punt.type = WL_WIRE_APPEND; /* not for control */
	wl_ring_push(&bed.planes[0].punt_up, &punt);
	punt.bytes = WL_PUNT_BYTES_MAX + 1;
	wl_ring_push(&bed.planes[0].punt_up, &punt);
	turn();
	CU_ASSERT_EQUAL(bed.agent.counts.punts_malformed, 3);
	punt_vote(0, WL_WIRE_VOTE, 9, 2, 8);
	turn();
	CU_ASSERT_EQUAL(bed.agent.counts.punts_stale, 1);
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_FOLLOWER);
	tear_down();
}

static void sign_of_life_is_written_each_turn(void)
{
	set_up(0xe);
	turn();
	CU_ASSERT_EQUAL(atomic_load(&bed.planes[0].control_turn_ns), bed.now_ns);
	CU_ASSERT_EQUAL(atomic_load(&bed.planes[1].control_turn_ns), bed.now_ns);
	tear_down();
}

static void leader_with_a_silent_worker_steps_down(void)
{
	set_up(0xe);
	lead_journal_0();
	for (int i = 0; i < 150; i++) {
		bed.now_ns += MS;
		wl_agent_turn(&bed.agent, bed.now_ns);
	}
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_LEADER);
	for (int i = 0; i < 60; i++) {
		bed.now_ns += MS;
		wl_agent_turn(&bed.agent, bed.now_ns);
	}
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(await(0, WL_PLANE_FOLLOW).view.term, 6);
	CU_ASSERT_EQUAL(bed.agent.counts.workers_silent, 1);
	tear_down();
}

/* SIGSTOP stops the worker as well: its old sign of life says nothing when we come back. */
/* What the leader says waits at the worker: no timer fires for that, and it begins anew when the worker runs again. */
static void stop_of_the_own_worker_is_no_silence_of_the_leader(void)
{
	set_up(7u << 1);
	turn();
	for (int i = 0; i < 8 * (int)(T / MS); i++) {
		bed.now_ns += MS;
		/* The other worker runs: its journal hears no leader, and campaigns. */
		atomic_store(&bed.planes[1].worker_turn_ns, bed.now_ns);
		wl_agent_turn(&bed.agent, bed.now_ns);
	}
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_FOLLOWER);
	CU_ASSERT_EQUAL(bed.agent.elections[0].counts.pre_campaigns, 0);
	CU_ASSERT_EQUAL(state(1), WL_ELECTION_PRE_CANDIDATE);
	for (int i = 0; i < (int)(T / MS); i++)
		turn();
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_FOLLOWER);
	for (int i = 0; i < 2 * (int)(T / MS); i++)
		turn();
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_PRE_CANDIDATE);
	tear_down();
}

static void pause_of_the_whole_process_is_no_silence_of_the_worker(void)
{
	set_up(0xe);
	lead_journal_0();
	for (int i = 0; i < 5; i++) {
		bed.now_ns += 5000 * MS;
		wl_agent_turn(&bed.agent, bed.now_ns);
	}
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_LEADER);
	CU_ASSERT_EQUAL(bed.agent.counts.workers_silent, 0);
	CU_ASSERT(bed.agent.counts.longest_gap_ns >= 5000 * MS);
	tear_down();
}

/* What the service's watchdog is fed by: the worker that is silent longest, and none that was stopped. */
static void longest_silence_is_that_of_the_worker_that_hangs(void)
{
	uint32_t worker;

	set_up(0xe);
	for (unsigned silent = 0; silent < WORKERS; silent++) {
		turn();
		for (int i = 0; i < 40; i++) {
			bed.now_ns += MS;
			for (unsigned at = 0; at < WORKERS; at++)
				if (at != silent)
					atomic_store(&bed.planes[at].worker_turn_ns, bed.now_ns);
			wl_agent_turn(&bed.agent, bed.now_ns);
		}
		CU_ASSERT(wl_agent_longest_silence(&bed.agent, &worker) >= 30 * MS);
		CU_ASSERT(wl_agent_longest_silence(&bed.agent, &worker) <= 50 * MS);
		CU_ASSERT_EQUAL(worker, silent);
		bed.agent.workers[silent].stopped = true;
		CU_ASSERT(wl_agent_longest_silence(&bed.agent, &worker) < 10 * MS);
		bed.agent.workers[silent].stopped = false;
	}
	bed.now_ns += 5000 * MS; /* of all of us */
	wl_agent_turn(&bed.agent, bed.now_ns);
	CU_ASSERT(wl_agent_longest_silence(&bed.agent, &worker) < 10 * MS);
	tear_down();
}

static void time_that_goes_back_stands_still(void)
{
	set_up(0xe);
	turn();
	wl_agent_turn(&bed.agent, 5);
	CU_ASSERT_EQUAL(bed.agent.now_ns, bed.now_ns);
	tear_down();
}

static void watermark_is_written_at_most_once_a_second(void)
{
	set_up(0xe);
	for (unsigned i = 0; i < 5000; i++) {
		wl_agent_set_watermark(&bed.agent, 2, 8192 + i);
		rise(0, WL_PLANE_LEADER_HEARD, (struct wl_view){.number = 1, .term = 5}, 2, 0);
		rise(1, WL_PLANE_LEADER_HEARD, (struct wl_view){.number = 1, .term = 5}, 2, 1);
		rise(0, WL_PLANE_LEADER_HEARD, (struct wl_view){.number = 1, .term = 5}, 2, 2);
		bed.result = 1;
		turn();
	}
	CU_ASSERT(bed.submits >= 4 && bed.submits <= 5);
	CU_ASSERT(bed.submitted.journals[2].watermark > 8192);
	CU_ASSERT_EQUAL(bed.submitted.journals[2].term, 5);
	tear_down();
}

static void watermark_never_falls_and_travels_with_a_vote(void)
{
	set_up(0xe);
	wl_agent_set_watermark(&bed.agent, 0, 9000);
	wl_agent_set_watermark(&bed.agent, 0, 100);
	wl_agent_set_peer_durable(&bed.agent, 0, 2, (struct wl_position){4, 44});
	wl_agent_set_peer_durable(&bed.agent, 0, 2, (struct wl_position){4, 43});
	submit_vote(0, 0, 2, 8);
	CU_ASSERT_EQUAL(bed.submitted.journals[0].watermark, 9000);
	CU_ASSERT_EQUAL(bed.submitted.peer_durable[0][2].index, 44);
	tear_down();
}

static void arp_is_answered_on_the_worker_and_link_where_it_came_in(void)
{
	struct wl_link_info info = {.ethernet = true,
				    .ipv4 = 0x0a000001,
				    .mac = {2, 0, 0, 0, 0, 1}};
	struct wl_punt punt = {.link = 4, .bytes = 60};

	set_up(0xe);
	wl_agent_set_link(&bed.agent, 4, &info);
	wl_store_be16(punt.data + 12, 0x0806);
	wl_store_be16(punt.data + 14, 1);
	wl_store_be16(punt.data + 16, 0x0800);
	punt.data[18] = 6;
	punt.data[19] = 4;
	punt.data[21] = 1;
	punt.data[22] = 2;
	wl_store_be32(punt.data + 28, 0x0a000002);
	wl_store_be32(punt.data + 38, 0x0a000001);
	wl_ring_push(&bed.planes[1].punt_up, &punt);
	turn();
	CU_ASSERT_FALSE(wl_ring_pop(&bed.planes[0].punt_down, &punt));
	CU_ASSERT(wl_ring_pop(&bed.planes[1].punt_down, &punt));
	CU_ASSERT(punt.type == 0 && punt.link == 4 && punt.bytes == 60);
	tear_down();
}

static void learned_address_is_told_to_every_worker_even_after_a_full_ring(void)
{
	struct wl_link_info info = {.ethernet = true,
				    .ipv4 = 0x0a000001,
				    .mac = {2, 0, 0, 0, 0, 1}};
	struct wl_plane_message message = {.verb = WL_PLANE_FOLLOW};

	set_up(0xe);
	wl_agent_set_link(&bed.agent, 4, &info);
	CU_ASSERT(wl_agent_add_neighbour(&bed.agent, 4, 0x0a000002, 0));
	while (wl_ring_push(&bed.planes[1].down, &message))
		continue;
	bed.agent.neighbours.entries[0].known = true;
	bed.agent.neighbours.entries[0].changed = true;
	turn();
	message = await(0, WL_PLANE_NEIGHBOUR);
	CU_ASSERT(message.ipv4 == 0x0a000002 && message.link == 4);
	while (wl_ring_pop(&bed.planes[1].down, &message))
		continue;
	turn();
	CU_ASSERT_EQUAL(await(1, WL_PLANE_NEIGHBOUR).verb, WL_PLANE_NEIGHBOUR);
	turn();
	CU_ASSERT_EQUAL(await(0, WL_PLANE_NEIGHBOUR).verb, 0); /* once */
	tear_down();
}

static void stop_hands_over_stops_the_workers_and_writes_the_last_record(void)
{
	struct wl_plane_message message;
	struct wl_punt punt;
	uint64_t began_ns;

	set_up(0xe);
	lead_journal_0();
	wl_agent_stop(&bed.agent);
	began_ns = bed.now_ns;
	message = await(0, WL_PLANE_TRANSFER);
	CU_ASSERT_EQUAL_FATAL(message.verb, WL_PLANE_TRANSFER);
	turn();
	CU_ASSERT_EQUAL(await(0, WL_PLANE_STOP).verb, 0);
	rise(0, WL_PLANE_TRANSFER_READY, message.view, 2, 0);
	turn();
	CU_ASSERT(sent(0, WL_WIRE_TIMEOUT_NOW, &punt));
	CU_ASSERT_EQUAL(punt.node, 2);
	rise(0, WL_PLANE_SAW_TERM, (struct wl_view){.number = message.view.number, .term = 7}, 2,
	     0);
	turn();
	CU_ASSERT_EQUAL(bed.agent.phase, WL_AGENT_HANDS_OVER);
	rise(0, WL_PLANE_FENCED, await(0, WL_PLANE_FENCE).view, 1, 0);
	turn();
	bed.result = 1;
	turn();
	turn();
	CU_ASSERT_EQUAL(bed.agent.phase, WL_AGENT_STOPS_WORKERS);
	CU_ASSERT_EQUAL(await(0, WL_PLANE_STOP).verb, WL_PLANE_STOP);
	CU_ASSERT_EQUAL(await(1, WL_PLANE_STOP).verb, WL_PLANE_STOP);
	wl_agent_set_watermark(&bed.agent, 0, 123456);
	rise(0, WL_PLANE_STOPPED, (struct wl_view){0}, 1, 0);
	rise(1, WL_PLANE_STOPPED, (struct wl_view){0}, 1, 0);
	turn();
	turn();
	CU_ASSERT_FALSE(wl_agent_is_stopped(&bed.agent));
	CU_ASSERT_EQUAL(bed.submitted.journals[0].watermark, 123456);
	bed.result = 1;
	turn();
	CU_ASSERT(wl_agent_is_stopped(&bed.agent));
	CU_ASSERT(bed.now_ns - began_ns < 100 * MS);
	tear_down();
}

static void stop_takes_a_second_at_most_whatever_hangs(void)
{
	uint64_t began_ns;

	set_up(0xe);
	lead_journal_0();
	wl_agent_set_watermark(&bed.agent, 0, 123456);
	wl_agent_stop(&bed.agent);
	began_ns = bed.now_ns;
	while (!wl_agent_is_stopped(&bed.agent) && bed.now_ns - began_ns < 5000 * MS) {
		bed.now_ns += MS;
		wl_agent_turn(&bed.agent, bed.now_ns); /* no worker, no peer, no disk answers */
	}
	CU_ASSERT(bed.now_ns - began_ns <= 1001 * MS);
	tear_down();
}

static void lonely_leader_stops_without_handing_over(void)
{
	set_up(0x2);
	for (int i = 0; i < 10; i++) {
		for (uint16_t journal = 0; journal < JOURNALS; journal++) {
			unsigned worker = journal == 1;
			struct wl_plane_message fence = await(worker, WL_PLANE_FENCE);

			if (fence.verb == WL_PLANE_FENCE)
				rise(worker, WL_PLANE_FENCED, fence.view, 1, fence.journal);
		}
		bed.result = 1;
		turn();
	}
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_LEADER);
	CU_ASSERT_EQUAL(state(1), WL_ELECTION_LEADER);
	CU_ASSERT_EQUAL(state(2), WL_ELECTION_LEADER);
	wl_agent_stop(&bed.agent);
	turn();
	CU_ASSERT_EQUAL(bed.agent.phase, WL_AGENT_STOPS_WORKERS);
	tear_down();
}

static void idle_turn_returns_nothing_and_touches_no_disk(void)
{
	set_up(0xe);
	while (bed.now_ns < 1000 * MS + T / 2)
		turn();
	CU_ASSERT_EQUAL(wl_agent_turn(&bed.agent, bed.now_ns), 0);
	CU_ASSERT_EQUAL(bed.submits, 0);
	tear_down();
}

static void work_of_one_turn_is_bounded(void)
{
	struct wl_punt punt = {.type = WL_WIRE_VOTE, .node = 2, .bytes = 5};

	set_up(0xe);
	for (int i = 0; i < 500; i++)
		rise(0, WL_PLANE_LEADER_HEARD, (struct wl_view){.number = 1, .term = 5}, 2, 0);
	while (wl_ring_push(&bed.planes[0].punt_up, &punt))
		continue;
	CU_ASSERT(wl_agent_turn(&bed.agent, bed.now_ns) <= 64 + 32);
	CU_ASSERT(wl_ring_count(&bed.planes[0].up) > 400);
	tear_down();
}

static void stall_names_its_journal_and_no_other(void)
{
	set_up(0xe);
	lead_journal_0();
	rise(0, WL_PLANE_STALLED, (struct wl_view){.number = 99, .term = 6}, 1, 0);
	turn();
	CU_ASSERT_EQUAL(state(0), WL_ELECTION_FOLLOWER);
	CU_ASSERT(bed.lines > 0);
	CU_ASSERT_EQUAL(bed.agent.elections[2].number, 1);
	tear_down();
}

static void few_terms_are_told_before_there_is_none(void)
{
	set_up(0xe);
	bed.lines = 0;
	wl_agent_set_terms_left(&bed.agent, 1, WL_LOG_TERMS_LOW + 1);
	CU_ASSERT_EQUAL(bed.lines, 0);
	for (unsigned time = 0; time < 2; time++)
		wl_agent_set_terms_left(&bed.agent, 1, WL_LOG_TERMS_LOW);
	CU_ASSERT_EQUAL(bed.lines, 1);
	for (uint64_t left = WL_LOG_TERMS_LOW; left-- > 0;)
		wl_agent_set_terms_left(&bed.agent, 1, left);
	CU_ASSERT_EQUAL(bed.lines, 1 + WL_LOG_TERMS_LOW / 1024);
	wl_agent_set_terms_left(&bed.agent, 1, 0);
	CU_ASSERT_EQUAL(bed.lines, 1 + WL_LOG_TERMS_LOW / 1024);
	wl_agent_set_terms_left(&bed.agent, 2, 0);
	CU_ASSERT_EQUAL(bed.lines, 2 + WL_LOG_TERMS_LOW / 1024);
	tear_down();
}

WL_SUITE(agent)
{
	WL_TEST(first_views_reach_the_journals_own_workers),
	WL_TEST(vote_goes_through_fence_and_record_before_it_leaves),
	WL_TEST(votes_of_several_journals_share_one_record),
	WL_TEST(vote_behind_a_record_in_flight_waits_for_its_own),
	WL_TEST(journal_that_is_out_sends_no_vote_that_becomes_durable),
	WL_TEST(failed_record_takes_every_journal_out),
	WL_TEST(message_that_finds_the_ring_full_is_kept_in_order),
	WL_TEST(message_to_a_peer_that_finds_the_ring_full_is_counted),
	WL_TEST(malformed_messages_of_peers_are_counted_and_dropped),
	WL_TEST(sign_of_life_is_written_each_turn),
	WL_TEST(leader_with_a_silent_worker_steps_down),
	WL_TEST(longest_silence_is_that_of_the_worker_that_hangs),
	WL_TEST(stop_of_the_own_worker_is_no_silence_of_the_leader),
	WL_TEST(pause_of_the_whole_process_is_no_silence_of_the_worker),
	WL_TEST(time_that_goes_back_stands_still),
	WL_TEST(watermark_is_written_at_most_once_a_second),
	WL_TEST(watermark_never_falls_and_travels_with_a_vote),
	WL_TEST(arp_is_answered_on_the_worker_and_link_where_it_came_in),
	WL_TEST(learned_address_is_told_to_every_worker_even_after_a_full_ring),
	WL_TEST(settings_reach_every_worker_or_are_refused),
	WL_TEST(wish_reaches_the_worker_of_its_journal_or_is_refused),
	WL_TEST(stop_hands_over_stops_the_workers_and_writes_the_last_record),
	WL_TEST(stop_takes_a_second_at_most_whatever_hangs),
	WL_TEST(lonely_leader_stops_without_handing_over),
	WL_TEST(idle_turn_returns_nothing_and_touches_no_disk),
	WL_TEST(work_of_one_turn_is_bounded),
	WL_TEST(stall_names_its_journal_and_no_other),
	WL_TEST(few_terms_are_told_before_there_is_none),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* What a journal adds to its parts: their memory, the end of a turn, timings, what is published. */
#include <string.h>

#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

static struct worker_fixture fixture;

static struct wl_journal *journal(void)
{
	return &fixture.journals[1];
}

static void append(void)
{
	struct wl_record_header record = {7, journal()->log.next_number, 64, WL_RECORD_DATA};
	static const uint8_t payload[64];
	struct wl_appended appended;

	CU_ASSERT_EQUAL(
		wl_replica_append_record(&journal()->replica, &record, payload, 1, &appended), 0);
}

static uint64_t samples(enum wl_stage stage)
{
	return wl_histogram_count(&journal()->histograms[stage]);
}

static void publish(struct wl_journal_status *status)
{
	wl_journal_publish(journal(), &fixture.worker.rx, fixture.now_ns);
	CU_ASSERT(wl_published_read(&journal()->published, status));
}

static void leader_publishes_itself_and_its_peers(void)
{
	struct wl_journal_status status;
	uint64_t chain;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	append();
	worker_fixture_turns(&fixture, 2);
	worker_fixture_acknowledge(&fixture, 3, 1);
	worker_fixture_turn(&fixture);
	publish(&status);
	CU_ASSERT_EQUAL(status.journal, WORKER_SECOND);
	CU_ASSERT_EQUAL(status.view.role, WL_ROLE_LEADER);
	CU_ASSERT_EQUAL(status.view.term, 1);
	CU_ASSERT_EQUAL(status.tail.index, 2);
	CU_ASSERT_EQUAL(status.durable.index, 2);
	CU_ASSERT_EQUAL(status.commit, 2);
	CU_ASSERT_EQUAL(status.received, 2);
	CU_ASSERT_EQUAL(status.next_number, 2);
	CU_ASSERT_EQUAL(status.commit_number, 1);
	CU_ASSERT(status.ready && !status.silent && !status.poisoned && !status.no_space);
	CU_ASSERT_EQUAL(status.peers[3].match_durable, 2);
	CU_ASSERT_EQUAL(status.peers[2].match_durable, 1);
	CU_ASSERT(status.peers[2].greeted && status.peers[2].streaming);
	CU_ASSERT(wl_log_chain_at(&journal()->log, 2, &chain) == WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(status.chain, chain);
	CU_ASSERT_EQUAL(status.chain_index, 2);
	worker_fixture_fini(&fixture);
}

static void peer_that_was_never_heard_is_published_as_such(void)
{
	struct wl_journal_status status;

	worker_fixture_init(&fixture);
	worker_fixture_turn(&fixture);
	publish(&status);
	CU_ASSERT(!status.peers[2].greeted);
	CU_ASSERT_EQUAL(status.peers[2].heard_ago_ns, UINT64_MAX);
	worker_fixture_greet(&fixture);
	fixture.now_ns += 500;
	publish(&status);
	CU_ASSERT(status.peers[2].greeted);
	CU_ASSERT_EQUAL(status.peers[2].heard_ago_ns, 500);
	worker_fixture_fini(&fixture);
}

static void entries_are_timed_through_every_stage(void)
{
	uint64_t before;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	before = samples(WL_STAGE_COMMIT);
	append();
	worker_fixture_turn(&fixture); /* sealed */
	CU_ASSERT_EQUAL(samples(WL_STAGE_TURN), samples(WL_STAGE_DISK) + 1);
	worker_fixture_turn(&fixture); /* durable here */
	CU_ASSERT_EQUAL(samples(WL_STAGE_TURN), samples(WL_STAGE_DISK));
	CU_ASSERT_EQUAL(samples(WL_STAGE_COMMIT), before);
	worker_fixture_acknowledge(&fixture, 2, 1);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(samples(WL_STAGE_COMMIT), before + 1);
	CU_ASSERT_EQUAL(samples(WL_STAGE_PEER), samples(WL_STAGE_COMMIT));
	CU_ASSERT_EQUAL(samples(WL_STAGE_PEER_DISK), samples(WL_STAGE_COMMIT));
	CU_ASSERT_EQUAL(samples(WL_STAGE_ANSWER), samples(WL_STAGE_COMMIT)); /* nobody waits */
	CU_ASSERT_EQUAL(samples(WL_STAGE_SEND), samples(WL_STAGE_TURN));
	CU_ASSERT(wl_histogram_max(&journal()->histograms[WL_STAGE_SEND]) <
		  wl_histogram_max(&journal()->histograms[WL_STAGE_PEER_DISK]));
	CU_ASSERT(wl_histogram_max(&journal()->histograms[WL_STAGE_COMMIT]) >= 2 * WORKER_TURN_NS);
	worker_fixture_fini(&fixture);
}

/* Entries that lay in the log before this leadership would be timed from nothing. */
static void entries_of_an_older_leadership_are_not_timed(void)
{
	uint64_t before;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	append();
	worker_fixture_turns(&fixture, 2);
	before = samples(WL_STAGE_COMMIT);
	worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, 0);
	worker_fixture_command(&fixture, 1, WL_PLANE_LEAD, 5);
	fixture.now_ns += 10 * WORKER_ELECTION_NS;
	worker_fixture_turns(&fixture, 3);
	worker_fixture_acknowledge(&fixture, 2, 1);
	worker_fixture_turns(&fixture, 2);
	CU_ASSERT_EQUAL(journal()->replica.commit, 3);
	CU_ASSERT_EQUAL(samples(WL_STAGE_COMMIT), before);
	worker_fixture_fini(&fixture);
}

static struct wl_anatomy anatomy;

static void a_record_of_ours_is_timed_and_its_leader_named(void)
{
	struct wl_anatomy_leader leader;
	struct wl_anatomy_entry entry;

	worker_fixture_init(&fixture);
	memset(&anatomy, 0, sizeof(anatomy));
	journal()->anatomy = &anatomy;
	worker_fixture_lead(&fixture);
	append();
	append();
	worker_fixture_turn(&fixture); /* sealed, sent */
	worker_fixture_turn(&fixture); /* durable here */
	worker_fixture_acknowledge(&fixture, 2, 1);
	worker_fixture_turn(&fixture);
	CU_ASSERT_FATAL(wl_anatomy_find(&anatomy, 2, &entry));
	CU_ASSERT_EQUAL(entry.head.first_number, 1);
	CU_ASSERT_EQUAL(entry.head.count, 2);
	CU_ASSERT_EQUAL(entry.head.term, 1);
	CU_ASSERT_EQUAL(entry.head.sequenced_us, WORKER_TURN_NS / 1000);
	CU_ASSERT_EQUAL(entry.durable_us, 2 * WORKER_TURN_NS / 1000);
	CU_ASSERT_EQUAL(entry.committed_us, 3 * WORKER_TURN_NS / 1000);
	CU_ASSERT_EQUAL(entry.answered_us, entry.committed_us);
	CU_ASSERT_EQUAL(entry.peers[1].sent_us, entry.head.sequenced_us);
	CU_ASSERT_EQUAL(entry.peers[1].durable_us, entry.committed_us);
	CU_ASSERT_EQUAL(entry.peers[2].durable_us, WL_ANATOMY_NOT_YET);
	CU_ASSERT_FATAL(wl_anatomy_leader_of(&anatomy, 2, &leader));
	CU_ASSERT_EQUAL(leader.term, 1);
	CU_ASSERT_EQUAL(leader.node, fixture.worker.config.node);
	CU_ASSERT_EQUAL(leader.first_number, 1);
	/* Nothing of a later leadership is of the older one's entries. */
	append();
	worker_fixture_turns(&fixture, 2);
	worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, 0);
	worker_fixture_command(&fixture, 1, WL_PLANE_LEAD, 5);
	fixture.now_ns += 10 * WORKER_ELECTION_NS;
	worker_fixture_turns(&fixture, 3);
	worker_fixture_acknowledge(&fixture, 2, 1);
	worker_fixture_turns(&fixture, 2);
	CU_ASSERT_FATAL(wl_anatomy_find(&anatomy, 3, &entry));
	CU_ASSERT_EQUAL(entry.committed_us, WL_ANATOMY_NOT_YET);
	CU_ASSERT_FATAL(wl_anatomy_leader_of(&anatomy, 4, &leader));
	CU_ASSERT_EQUAL(leader.term, 5);
	CU_ASSERT_FATAL(wl_anatomy_leader_of(&anatomy, 3, &leader));
	CU_ASSERT_EQUAL(leader.term, 1);
	worker_fixture_fini(&fixture);
}

static void end_of_turn_says_whether_something_was_sealed_or_committed(void)
{
	uint64_t now;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	worker_fixture_turns(&fixture, 5);
	now = fixture.now_ns;
	CU_ASSERT_EQUAL(wl_journal_end_turn(journal(), now, now), 0);
	append();
	CU_ASSERT(wl_journal_end_turn(journal(), now, now) > 0);
	CU_ASSERT_EQUAL(wl_journal_end_turn(journal(), now, now), 0);
	worker_fixture_turn(&fixture); /* what was sealed leaves */
	worker_fixture_fini(&fixture);
}

/* Two journals stand side by side in a worker's memory: neither may reach into the other. */
static void parts_of_a_journal_stay_within_its_memory(void)
{
	const uint8_t *begin, *end;

	worker_fixture_init(&fixture);
	begin = fixture.memory[1];
	end = begin + wl_journal_memory_bytes(&journal()->config);
	CU_ASSERT((const uint8_t *)journal()->replica.follower.fragments.buffer >= begin);
	CU_ASSERT((const uint8_t *)journal()->log.slots >= begin);
	CU_ASSERT((const uint8_t *)journal()->service >= begin);
	CU_ASSERT((const uint8_t *)journal()->service < end);
	for (unsigned stage = 0; stage < WL_STAGES; stage++) {
		const struct wl_histogram *histogram = &journal()->histograms[stage];

		CU_ASSERT((uintptr_t)histogram->counters >= (uintptr_t)begin);
		CU_ASSERT((uintptr_t)(histogram->counters + histogram->counter_count) <=
			  (uintptr_t)end);
	}
	worker_fixture_fini(&fixture);
}

static void leader_whose_medium_keeps_sessions_from_it_gives_leadership_away(void)
{
	struct wl_plane_message message;

	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	while (worker_fixture_told(&fixture, WL_PLANE_STALLED, &message))
		;
	journal()->service->damaged = true;
	worker_fixture_turn(&fixture);
	CU_ASSERT(journal()->replica.silent);
	CU_ASSERT_TRUE_FATAL(worker_fixture_told(&fixture, WL_PLANE_STALLED, &message));
	CU_ASSERT_EQUAL(message.journal, WORKER_SECOND);
	CU_ASSERT_EQUAL(message.reason, WL_STALL_DISK);
	worker_fixture_fini(&fixture);
}

/* A shorter log could not be elected before, and a log that breaks the rules is the same everywhere. */
static void leader_keeps_leadership_that_nobody_could_use_better(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	journal()->service->damaged = true;
	journal()->replica.leader.ready = false;
	worker_fixture_turn(&fixture);
	CU_ASSERT(!journal()->replica.silent);
	journal()->replica.leader.ready = true;
	journal()->service->state.sessions.contradicted = true;
	worker_fixture_turn(&fixture);
	CU_ASSERT(!journal()->replica.silent);
	worker_fixture_fini(&fixture);
}

WL_SUITE(journal)
{
	WL_TEST(leader_publishes_itself_and_its_peers),
	WL_TEST(peer_that_was_never_heard_is_published_as_such),
	WL_TEST(entries_are_timed_through_every_stage),
	WL_TEST(entries_of_an_older_leadership_are_not_timed),
	WL_TEST(a_record_of_ours_is_timed_and_its_leader_named),
	WL_TEST(end_of_turn_says_whether_something_was_sealed_or_committed),
	WL_TEST(parts_of_a_journal_stay_within_its_memory),
	WL_TEST(leader_whose_medium_keeps_sessions_from_it_gives_leadership_away),
	WL_TEST(leader_keeps_leadership_that_nobody_could_use_better),
};

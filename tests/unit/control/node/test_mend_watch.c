/* SPDX-License-Identifier: BSD-3-Clause */
/* A journal that is dormant, as control sees it: no vote, data that are to count no more, and when the process starts again. */
#include "control/node/mend_watch.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

#define MS 1000000ull
#define T (100 * MS)
#define DORMANT 0u
#define AWAKE 1u

static struct {
	struct wl_agent agent;
	struct wl_plane_rings plane;
	void *memory;
	uint64_t now_ns;
	struct wl_superblock durable;
	bool in_flight, fails;
	struct wl_mend_lanes lanes[2];
	struct wl_mend_watch watch;
} bed;

static bool submit(void *context, struct wl_superblock *record)
{
	(void)context;
	if (bed.in_flight)
		return false;
	record->sequence++;
	if (!bed.fails)
		bed.durable = *record;
	bed.in_flight = true;
	return true;
}

static int reap(void *context)
{
	bool done = bed.in_flight;

	(void)context;
	bed.in_flight = false;
	if (done && bed.fails)
		return -5;
	return done;
}

static void set_up(void)
{
	const struct wl_agent_ops ops = {.submit = submit, .reap = reap};
	const struct wl_agent_config config = {
		.node = 1,
		.voters = 0xe,
		.journal_count = 2,
		.worker_count = 1,
		.election_timeout_ns = T,
		.seed = 3,
		.spare_incarnation = 99,
		.dormant = 1u << DORMANT,
	};
	struct wl_superblock record = {.node = 1, .journal_count = 2, .boot_count = 12};
	struct wl_plane_rings *planes[] = {&bed.plane};

	memset(&bed, 0, sizeof(bed));
	bed.now_ns = 1000 * MS;
	bed.memory = aligned_alloc(64, (wl_plane_rings_memory_bytes() + 63) / 64 * 64);
	wl_plane_rings_init(&bed.plane, bed.memory);
	for (unsigned journal = 0; journal < 2; journal++)
		record.journals[journal] = (struct wl_superblock_journal){.term = 5,
									  .vote = 2,
									  .caught_up_boot = 12,
									  .watermark = 500000};
	bed.durable = record;
	wl_agent_init(&bed.agent, &config, &ops, planes, &record);
	wl_agent_start(&bed.agent, bed.now_ns);
	for (unsigned journal = 0; journal < 2; journal++)
		bed.agent.elections[journal].started_ns -= T;
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

static enum wl_mend_outcome look(void)
{
	struct wl_mend_lanes *lanes[] = {&bed.lanes[0], &bed.lanes[1]};

	return wl_mend_watch_look(&bed.watch, &bed.agent, lanes, 2, bed.now_ns);
}

static void report(unsigned journal, enum wl_mending_phase phase, uint64_t moved_ns)
{
	const struct wl_mend_report said = {
		.phase = phase,
		.dormant = 1,
		.moved_ns = moved_ns,
		.kind = WL_MENDING_REFUSED,
	};

	wl_mend_lanes_report(&bed.lanes[journal], &said);
}

static void ask(uint8_t type, uint16_t journal)
{
	const struct wl_wire_vote vote = {.term = 6, .last = {5, 100}, .caught_up_boot = 1};
	struct wl_punt punt = {.type = type, .journal = journal, .node = 2};

	punt.bytes = (uint16_t)wl_wire_encode_vote(punt.data, &vote);
	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.punt_up, &punt));
}

static unsigned said(uint16_t journal)
{
	struct wl_punt punt;
	unsigned count = 0;

	while (wl_ring_pop(&bed.plane.punt_down, &punt))
		count += punt.type != 0 && punt.journal == journal;
	return count;
}

static void dormant_journal_gives_no_vote_and_never_campaigns(void)
{
	struct wl_plane_message message;

	set_up();
	/* From the first word on it is fenced, and never told to follow. */
	while (wl_ring_pop(&bed.plane.down, &message))
		CU_ASSERT_TRUE(message.journal != DORMANT || message.verb == WL_PLANE_FENCE);
	ask(WL_WIRE_PRE_VOTE, DORMANT);
	ask(WL_WIRE_VOTE, DORMANT);
	turns(2);
	CU_ASSERT_EQUAL(said(DORMANT), 0);
	ask(WL_WIRE_PRE_VOTE, AWAKE);
	turns(2);
	CU_ASSERT_EQUAL(said(AWAKE), 1);
	turns(10 * T / MS);
	CU_ASSERT_EQUAL(said(DORMANT), 0);
	CU_ASSERT_EQUAL(bed.agent.elections[DORMANT].term, 5);
	tear_down();
}

static void data_that_are_given_up_count_no_more_once_that_is_durable(void)
{
	set_up();
	bed.lanes[DORMANT].uncounted_from = 300000;
	wl_mend_lane_pass(&bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_WANTED);
	CU_ASSERT_EQUAL(look(), WL_MEND_GOES_ON);
	CU_ASSERT_EQUAL(bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_WANTED);
	CU_ASSERT_EQUAL(bed.durable.journals[DORMANT].caught_up_boot, 12);
	turns(3);
	CU_ASSERT_EQUAL(look(), WL_MEND_GOES_ON);
	CU_ASSERT_EQUAL(bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_DONE);
	CU_ASSERT_EQUAL(bed.durable.journals[DORMANT].caught_up_boot, 0);
	CU_ASSERT_EQUAL(bed.durable.journals[DORMANT].watermark, 300000);
	/* Term and vote stay, and the journal beside it does. */
	CU_ASSERT_EQUAL(bed.durable.journals[DORMANT].term, 5);
	CU_ASSERT_EQUAL(bed.durable.journals[DORMANT].vote, 2);
	CU_ASSERT_EQUAL(bed.durable.journals[AWAKE].caught_up_boot, 12);
	CU_ASSERT_EQUAL(bed.durable.journals[AWAKE].watermark, 500000);
	/* A place further down is another promise. */
	bed.lanes[DORMANT].uncounted_from = 200000;
	wl_mend_lane_pass(&bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_WANTED);
	look();
	CU_ASSERT_EQUAL(bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_WANTED);
	turns(3);
	look();
	CU_ASSERT_EQUAL(bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_DONE);
	CU_ASSERT_EQUAL(bed.durable.journals[DORMANT].watermark, 200000);
	tear_down();
}

static void superblock_that_cannot_be_written_is_told(void)
{
	set_up();
	bed.fails = true;
	wl_mend_lane_pass(&bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_WANTED);
	look();
	turns(3);
	look();
	CU_ASSERT_EQUAL(bed.lanes[DORMANT].uncounting, WL_MEND_UNCOUNTING_FAILED);
	tear_down();
}

static void process_starts_again_when_nobody_else_is_on_the_way(void)
{
	set_up();
	report(0, WL_MENDING_ASKS, bed.now_ns);
	report(1, WL_MENDING_MENDED, bed.now_ns);
	CU_ASSERT_EQUAL(look(), WL_MEND_GOES_ON);
	/* It waits for peers that do not answer. */
	bed.now_ns += WL_MEND_WATCH_PATIENCE_NS;
	CU_ASSERT_EQUAL(look(), WL_MEND_STARTS_AGAIN);
	tear_down();
	set_up();
	report(0, WL_MENDING_LOST, bed.now_ns);
	report(1, WL_MENDING_MENDED, bed.now_ns);
	CU_ASSERT_EQUAL(look(), WL_MEND_STARTS_AGAIN);
	tear_down();
	set_up();
	report(0, WL_MENDING_LOST, bed.now_ns);
	CU_ASSERT_EQUAL(look(), WL_MEND_GOES_ON);
	report(0, WL_MENDING_TOO_OFTEN, bed.now_ns);
	CU_ASSERT_EQUAL(look(), WL_MEND_GOES_ON);
	tear_down();
}

static void what_is_not_to_be_mended_ends_the_process(void)
{
	set_up();
	report(0, WL_MENDING_MENDED, bed.now_ns);
	report(1, WL_MENDING_REFUSED, bed.now_ns);
	CU_ASSERT_EQUAL(look(), WL_MEND_IS_REFUSED);
	CU_ASSERT_EQUAL(bed.watch.journal, 1);
	tear_down();
}

WL_SUITE(mend_watch)
{
	WL_TEST(dormant_journal_gives_no_vote_and_never_campaigns),
	WL_TEST(data_that_are_given_up_count_no_more_once_that_is_durable),
	WL_TEST(superblock_that_cannot_be_written_is_told),
	WL_TEST(process_starts_again_when_nobody_else_is_on_the_way),
	WL_TEST(what_is_not_to_be_mended_ends_the_process),
};

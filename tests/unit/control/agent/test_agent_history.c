/* SPDX-License-Identifier: BSD-3-Clause */
/* Data without history: the first start of a cluster, and being taken in. One worker, one journal, nodes 1 to 3. */
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
	bool in_flight, hangs;
	unsigned lines;
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
	bool done = bed.in_flight && !bed.hangs;

	(void)context;
	bed.in_flight = bed.in_flight && !done;
	return done;
}

static void log_line(void *context, const struct wl_agent_line *line)
{
	(void)context;
	bed.lines += strstr(line->text, "NO_HISTORY") != NULL;
}

static void set_up(wl_members voters, uint64_t caught_up_boot, uint64_t term)
{
	const struct wl_agent_ops ops = {.submit = submit, .reap = reap, .log = log_line};
	const struct wl_agent_config config = {
		.node = 1,
		.voters = voters,
		.journal_count = 1,
		.worker_count = 1,
		.election_timeout_ns = T,
		.seed = 3,
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
	record.journals[0].caught_up_boot = caught_up_boot;
	record.journals[0].term = term;
	wl_agent_init(&bed.agent, &config, &ops, planes, &record);
	wl_agent_start(&bed.agent, bed.now_ns);
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

/* Node `node` greeted: what it has, and whether it knew other data of ours. */
static void greeted(uint32_t node, bool history, bool knew_others)
{
	const struct wl_plane_message message = {
		.verb = WL_PLANE_PEER_BOOT,
		.node = node,
		.boot_id = BOOT_ID(5, node),
		.incarnation = 100 + node,
		.history = history,
		.reason = knew_others,
	};

	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.up, &message));
	turns(1);
}

static bool worker_was_told(enum wl_plane_verb verb)
{
	struct wl_plane_message message;
	bool told = false;

	while (wl_ring_pop(&bed.plane.down, &message))
		told |= message.verb == verb;
	return told;
}

static void data_without_history_are_held_back_until_all_have_said_that_they_have_none(void)
{
	set_up(0xe, 0, 0);
	CU_ASSERT_TRUE(worker_was_told(WL_PLANE_HOLD_BACK));
	greeted(2, false, false);
	turns(400);
	CU_ASSERT_TRUE(bed.agent.elections[0].held_back);
	CU_ASSERT_EQUAL(bed.agent.elections[0].counts.pre_campaigns, 0);

	greeted(3, false, false);
	turns(2);
	CU_ASSERT_FALSE(bed.agent.elections[0].held_back);
	CU_ASSERT_TRUE(worker_was_told(WL_PLANE_COUNT));
	CU_ASSERT_EQUAL(bed.durable.journals[0].caught_up_boot, 12);
	tear_down();
}

static void nothing_is_said_before_it_is_durable(void)
{
	set_up(0xe, 0, 0);
	bed.hangs = true;
	greeted(2, false, false);
	greeted(3, false, false);
	turns(10);
	CU_ASSERT_TRUE(bed.agent.elections[0].held_back);
	CU_ASSERT_EQUAL(bed.agent.histories[0].caught_up_boot, 0);
	CU_ASSERT_FALSE(worker_was_told(WL_PLANE_COUNT));
	bed.hangs = false;
	turns(4);
	CU_ASSERT_FALSE(bed.agent.elections[0].held_back);
	CU_ASSERT_TRUE(worker_was_told(WL_PLANE_COUNT));
	tear_down();
}

static void one_that_has_history_or_knew_other_data_of_ours_is_waited_for(void)
{
	for (unsigned which = 0; which < 2; which++) {
		set_up(0xe, 0, 0);
		greeted(2, false, false);
		greeted(3, which == 0, which == 1);
		turns(20);
		CU_ASSERT_TRUE(bed.agent.elections[0].held_back);
		CU_ASSERT_EQUAL(bed.lines, 2); /* at the start, and who has it */
		tear_down();
	}
}

static void data_that_have_a_term_do_not_begin_a_cluster(void)
{
	set_up(0xe, 0, 4);
	greeted(2, false, false);
	greeted(3, false, false);
	turns(20);
	CU_ASSERT_TRUE(bed.agent.elections[0].held_back);
	tear_down();
}

static void a_node_that_was_taken_in_counts_when_that_is_durable(void)
{
	const struct wl_plane_message caught_up = {.verb = WL_PLANE_CAUGHT_UP, .node = 1};

	set_up(0xe, 0, 4);
	greeted(2, true, true);
	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.up, &caught_up));
	turns(4);
	CU_ASSERT_FALSE(bed.agent.elections[0].held_back);
	CU_ASSERT_TRUE(worker_was_told(WL_PLANE_COUNT));
	CU_ASSERT_EQUAL(bed.durable.journals[0].caught_up_boot, 12);
	tear_down();
}

/* Incarnation 11 by its superblock. */
static void hear_list(uint64_t named)
{
	const struct wl_plane_message message = {
		.verb = WL_PLANE_LIST,
		.list = {.index = 3, .voters = 0xe, .incarnation = {0, named}},
	};

	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.up, &message));
	turns(4);
}

static void data_in_whose_place_the_list_names_others_are_an_old_image(void)
{
	set_up(0xe, 9, 4);
	hear_list(0);
	hear_list(11);
	CU_ASSERT_FALSE(wl_agent_is_rolled_back(&bed.agent));
	hear_list(23);
	CU_ASSERT_TRUE(wl_agent_is_rolled_back(&bed.agent));
	CU_ASSERT_EQUAL(bed.agent.record.journals[0].caught_up_boot, 0);
	CU_ASSERT_NOT_EQUAL(bed.agent.record.incarnation, 11);
	tear_down();
}

static void data_that_are_held_back_wait_for_a_list_that_names_them(void)
{
	set_up(0xe, 0, 4);
	hear_list(23);
	CU_ASSERT_FALSE(wl_agent_is_rolled_back(&bed.agent));
	CU_ASSERT_EQUAL(bed.agent.record.incarnation, 11);
	tear_down();
}

static void the_only_node_that_has_voted_does_not_begin_again(void)
{
	set_up(0x2, 0, 4);
	CU_ASSERT_TRUE(bed.agent.elections[0].held_back);
	tear_down();
}

static void the_only_node_begins_by_itself(void)
{
	set_up(0x2, 0, 0);
	CU_ASSERT_FALSE(bed.agent.elections[0].held_back);
	turns(2);
	CU_ASSERT_EQUAL(bed.durable.journals[0].caught_up_boot, 12);
	tear_down();
}

static void refuse(uint32_t node, uint64_t caught_up_boot)
{
	const struct wl_wire_vote_reply reply = {.term = 4,
						 .asked_term = 5,
						 .incarnation = 100 + node,
						 .caught_up_boot = caught_up_boot};
	struct wl_punt punt = {.type = WL_WIRE_PRE_VOTE_REPLY,
			       .node = node,
			       .boot_id = BOOT_ID(5, node)};

	punt.bytes = (uint16_t)wl_wire_encode_vote_reply(punt.data, &reply);
	CU_ASSERT_TRUE(wl_ring_push(&bed.plane.punt_up, &punt));
	turns(1);
}

static void a_majority_of_lost_disks_is_told_once(void)
{
	set_up(0xe, 9, 4);
	turns(250);
	refuse(2, 0);
	CU_ASSERT_FALSE(wl_agent_lacks_majority(&bed.agent, 0));
	CU_ASSERT_EQUAL(bed.lines, 0);
	refuse(3, 0);
	refuse(3, 0);
	CU_ASSERT_TRUE(wl_agent_lacks_majority(&bed.agent, 0));
	CU_ASSERT_EQUAL(bed.lines, 1);
	refuse(2, 12);
	CU_ASSERT_FALSE(wl_agent_lacks_majority(&bed.agent, 0));
	tear_down();
}

WL_SUITE(agent_history)
{
	WL_TEST(data_without_history_are_held_back_until_all_have_said_that_they_have_none),
	WL_TEST(nothing_is_said_before_it_is_durable),
	WL_TEST(one_that_has_history_or_knew_other_data_of_ours_is_waited_for),
	WL_TEST(data_that_have_a_term_do_not_begin_a_cluster),
	WL_TEST(a_node_that_was_taken_in_counts_when_that_is_durable),
	WL_TEST(data_in_whose_place_the_list_names_others_are_an_old_image),
	WL_TEST(data_that_are_held_back_wait_for_a_list_that_names_them),
	WL_TEST(the_only_node_that_has_voted_does_not_begin_again),
	WL_TEST(the_only_node_begins_by_itself),
	WL_TEST(a_majority_of_lost_disks_is_told_once),
};

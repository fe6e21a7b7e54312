/* SPDX-License-Identifier: BSD-3-Clause */
/* Which builds peers run, and who is not heard for it. */
#include <string.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

#define ALL wl_features_known()
#define OLD WL_FEATURE(FEATURES)

static struct worker_fixture fixture;

static void begin(void)
{
	worker_fixture_init(&fixture);
	fixture.worker.config.features = ALL;
	snprintf(fixture.worker.config.version, sizeof(fixture.worker.config.version), "9.8.7");
	worker_fixture_lead(&fixture);
}

static void say_build(uint32_t node, wl_features supported)
{
	struct wl_wire_build build = {.seen_boot = WORKER_BOOT, .supported = supported};
	uint8_t payload[WL_WIRE_BUILD_BYTES];

	memcpy(build.version, "1.2.3", 5);
	worker_fixture_say(&fixture, wl_identity_of_node(node, 0), WL_WIRE_BUILD, WORKER_FIRST,
			   payload, wl_wire_encode_build(payload, &build));
	worker_fixture_turns(&fixture, 300);
}

/* As the entry does, in the first journal. */
static void put_in_force(wl_features set)
{
	struct wl_state *state = wl_service_state(fixture.journals[0].service);

	state->features = (struct wl_features_in_force){1, set};
	worker_fixture_turns(&fixture, 300);
}

static uint64_t heard(uint32_t node)
{
	uint64_t before = worker_count(&fixture, WL_COUNTER_ack_received);

	worker_fixture_acknowledge(&fixture, node, 0);
	worker_fixture_acknowledge(&fixture, node, 1);
	worker_fixture_turns(&fixture, 3);
	return worker_count(&fixture, WL_COUNTER_ack_received) - before;
}

static void what_a_peer_says_is_kept_and_told_to_control(void)
{
	const struct wl_build *build = &fixture.worker.rx.builds[2];
	struct wl_plane_message told;

	begin();
	CU_ASSERT_FALSE(worker_fixture_told(&fixture, WL_PLANE_PEER_BUILD, &told));
	say_build(2, OLD);
	CU_ASSERT_EQUAL(build->boot_id, fixture.worker.rx.peers[2].boot_id);
	CU_ASSERT_EQUAL(build->declared, OLD);
	CU_ASSERT_STRING_EQUAL(build->version, "1.2.3");
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_PEER_BUILD, &told));
	CU_ASSERT_EQUAL(told.node, 2);
	CU_ASSERT_EQUAL(told.theirs, OLD);
	say_build(2, OLD);
	CU_ASSERT_FALSE(worker_fixture_told(&fixture, WL_PLANE_PEER_BUILD, &told));
	say_build(2, ALL);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_PEER_BUILD, &told));
	CU_ASSERT_EQUAL(told.theirs, ALL);
	worker_fixture_fini(&fixture);
}

static void nothing_counts_of_who_lacks_what_is_in_force(void)
{
	struct wl_plane_message told;

	begin();
	say_build(2, OLD);
	CU_ASSERT_EQUAL(heard(2), 2);
	put_in_force(OLD);
	CU_ASSERT_EQUAL(heard(2), 2);
	CU_ASSERT_EQUAL(heard(3), 1); /* it has not said what it is */
	put_in_force(ALL);
	CU_ASSERT_EQUAL(heard(2), 1); /* in the second journal nothing is in force */
	say_build(2, ALL);
	CU_ASSERT_EQUAL(heard(2), 2);
	CU_ASSERT_EQUAL(fixture.worker.rx.builds[3].lacks, 1u << WORKER_FIRST);
	worker_fixture_turns(&fixture, 40000);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_PEER_LACKS, &told));
	CU_ASSERT_EQUAL(told.node, 3);
	CU_ASSERT_EQUAL(told.theirs, 0);
	CU_ASSERT_EQUAL(told.ours, ALL);
	worker_fixture_fini(&fixture);
}

static void what_is_in_force_is_told_to_control_once(void)
{
	struct wl_plane_message told;

	begin();
	put_in_force(ALL | 1ull << 9);
	CU_ASSERT_FATAL(worker_fixture_told(&fixture, WL_PLANE_FEATURES, &told));
	CU_ASSERT_EQUAL(told.journal, WORKER_FIRST);
	CU_ASSERT_EQUAL(told.ours, ALL);
	CU_ASSERT_EQUAL(told.theirs, ALL | 1ull << 9);
	worker_fixture_turns(&fixture, 300);
	CU_ASSERT_FALSE(worker_fixture_told(&fixture, WL_PLANE_FEATURES, &told));
	worker_fixture_fini(&fixture);
}

/* A build that knows no such message never says that it has seen it. */
static void who_never_answers_is_told_seldom(void)
{
	uint64_t sent;

	begin();
	sent = worker_count(&fixture, WL_COUNTER_builds_sent);
	CU_ASSERT_TRUE(sent >= 2);
	worker_fixture_turns(&fixture, 100000);
	CU_ASSERT_TRUE(worker_count(&fixture, WL_COUNTER_builds_sent) - sent <= 2 * (32 + 2));
	CU_ASSERT_TRUE(worker_count(&fixture, WL_COUNTER_builds_sent) - sent >= 10);
	worker_fixture_fini(&fixture);
}

static void build_that_knows_no_features_says_nothing(void)
{
	worker_fixture_init(&fixture);
	worker_fixture_lead(&fixture);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_builds_sent), 0);
	worker_fixture_fini(&fixture);
}

WL_SUITE(worker_build)
{
	WL_TEST(what_a_peer_says_is_kept_and_told_to_control),
	WL_TEST(nothing_counts_of_who_lacks_what_is_in_force),
	WL_TEST(what_is_in_force_is_told_to_control_once),
	WL_TEST(who_never_answers_is_told_seldom),
	WL_TEST(build_that_knows_no_features_says_nothing),
};

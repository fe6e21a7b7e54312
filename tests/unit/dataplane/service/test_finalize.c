/* SPDX-License-Identifier: BSD-3-Clause */
/* What a leader puts in force, and when: node 1 leads three. */
#include "dataplane/service/finalize.h"

#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/service/service_fixture.h"
#include "tests/unit/runner.h"

#define ALL wl_features_known()
#define OLD WL_FEATURE(FEATURES)

static struct service_fixture *front;

static void begin(void)
{
	front = service_fixture_start(false);
	for (uint32_t node = 2; node <= 3; node++)
		front->receives[node] = front->stores[node] = true;
	service_fixture_lead(front, 1);
	front->service->config.features = ALL;
}

static void end(void)
{
	service_fixture_end(front);
}

static void pass(unsigned turns)
{
	for (unsigned at = 0; at < turns; at++) {
		front->now_ns += 1000000;
		service_fixture_turn(front);
	}
}

/* As BUILD does; boot 0: it is only remembered. */
static void declare(uint32_t node, wl_features features, uint64_t boot_id)
{
	front->rx.builds[node].declared = features;
	front->rx.builds[node].boot_id = boot_id;
}

static void ask(wl_features features, uint64_t made)
{
	const struct wl_wire_propose wish = {
		.verb = WL_WIRE_PROPOSE_FEATURES,
		.number = features,
		.made = made,
	};

	wl_replica_ask(&front->replica, &wish);
	pass(20);
}

static const struct wl_features_in_force *in_force(void)
{
	return &front->service->state.features;
}

static void give_limits(void)
{
	front->service->config.limits = (struct wl_journal_limits){.value = {0, 0, 0, 8, 0}};
}

static void a_journal_begins_with_what_all_have(void)
{
	begin();
	declare(2, ALL, 7);
	declare(3, OLD, 7);
	front->service->state.limits.index = 0; /* as of a journal that begins */
	give_limits();
	pass(20);
	CU_ASSERT_EQUAL(in_force()->set, OLD);
	CU_ASSERT_EQUAL(front->service->state.limits.value[WL_LIMIT_SESSIONS], 8);
	CU_ASSERT_TRUE(front->service->state.limits.index > in_force()->index);
	declare(3, ALL, 8);
	pass(20);
	CU_ASSERT_EQUAL(in_force()->set, OLD); /* no more by itself */
	end();
}

static void the_first_leader_waits_for_who_has_not_said_it_and_not_for_ever(void)
{
	begin();
	declare(2, ALL, 7);
	front->service->state.limits.index = 0;
	give_limits();
	pass(WL_FINALIZE_WAIT_NS / 2000000);
	CU_ASSERT_EQUAL(in_force()->set, 0);
	CU_ASSERT_EQUAL(front->service->state.limits.index, 0);
	pass(WL_FINALIZE_WAIT_NS / 1000000);
	CU_ASSERT_EQUAL(in_force()->set, 0); /* node 3 may have none */
	CU_ASSERT_TRUE(front->service->state.limits.index != 0);
	end();
}

static void it_is_not_proposed_before_every_member_declared_it(void)
{
	begin();
	declare(2, ALL, 7);
	ask(ALL, 0);
	CU_ASSERT_EQUAL(in_force()->index, 0);
	CU_ASSERT_EQUAL(front->replica.ask.wish.verb, 0); /* and not waited for */
	declare(3, OLD, 7);
	ask(ALL, 0);
	CU_ASSERT_EQUAL(in_force()->index, 0);
	ask(OLD, 0);
	CU_ASSERT_EQUAL(in_force()->set, OLD);
	/* It is away, and had declared it. */
	declare(3, ALL, 0);
	front->receives[3] = front->stores[3] = false;
	ask(ALL, 0); /* of what was in force before */
	CU_ASSERT_EQUAL(in_force()->set, OLD);
	ask(ALL, in_force()->index);
	CU_ASSERT_EQUAL(in_force()->set, ALL);
	end();
}

static void done_again_it_changes_nothing(void)
{
	uint64_t tail;

	begin();
	declare(2, ALL, 7);
	declare(3, ALL, 7);
	ask(ALL, 0);
	CU_ASSERT_EQUAL(in_force()->set, ALL);
	tail = front->log.tail.index;
	ask(ALL, 0);
	ask(OLD, in_force()->index);
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	ask(ALL | 1ull << 40, in_force()->index); /* that we do not have ourselves */
	CU_ASSERT_EQUAL(front->log.tail.index, tail);
	end();
}

static void who_joins_has_what_is_in_force(void)
{
	struct wl_list next;

	begin();
	declare(2, ALL, 7);
	declare(3, ALL, 7);
	ask(ALL, 0);
	next = front->log.list;
	CU_ASSERT_TRUE(wl_finalize_may_join(front->service, &next));
	next.learners = wl_members_only(4);
	CU_ASSERT_FALSE(wl_finalize_may_join(front->service, &next));
	declare(4, OLD, 7);
	CU_ASSERT_FALSE(wl_finalize_may_join(front->service, &next));
	declare(4, ALL, 7);
	CU_ASSERT_TRUE(wl_finalize_may_join(front->service, &next));
	declare(3, 0, 8); /* whoever is there already hinders nobody */
	CU_ASSERT_TRUE(wl_finalize_may_join(front->service, &next));
	end();
}

/* As if our build were another one from now on. */
static void who_lacks_what_is_in_force_applies_nothing_more(void)
{
	struct wl_service_stats stats;
	uint64_t applied;

	begin();
	declare(2, ALL, 7);
	declare(3, ALL, 7);
	front->service->config.features = OLD;
	CU_ASSERT_EQUAL(wl_service_propose(front->service,
					   &(struct wl_control){.verb = WL_CONTROL_FEATURES,
								.number = ALL}),
			WL_LOG_OK);
	pass(10);
	CU_ASSERT_EQUAL(in_force()->set, ALL);
	applied = front->service->state.sessions.applied_index;
	CU_ASSERT_EQUAL(applied, in_force()->index);
	CU_ASSERT_FALSE(wl_service_leads(front->service));
	CU_ASSERT_TRUE(wl_service_wants_other_leader(front->service));
	pass(10);
	CU_ASSERT_EQUAL(front->service->state.sessions.applied_index, applied);
	wl_service_get_stats(front->service, &stats);
	CU_ASSERT_TRUE(stats.lacks_features);
	CU_ASSERT_FALSE(stats.damaged);
	end();
}

WL_SUITE(finalize)
{
	WL_TEST(a_journal_begins_with_what_all_have),
	WL_TEST(the_first_leader_waits_for_who_has_not_said_it_and_not_for_ever),
	WL_TEST(it_is_not_proposed_before_every_member_declared_it),
	WL_TEST(done_again_it_changes_nothing),
	WL_TEST(who_joins_has_what_is_in_force),
	WL_TEST(who_lacks_what_is_in_force_applies_nothing_more),
};

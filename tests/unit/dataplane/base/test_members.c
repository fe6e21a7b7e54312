/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/members.h"
#include "tests/unit/runner.h"

static wl_members up_to(uint32_t last)
{
	wl_members set = 0;

	for (uint32_t node = 1; node <= last; node++)
		set = wl_members_with(set, node);
	return set;
}

static void what_is_no_nodes_id_is_in_no_set(void)
{
	wl_members all = up_to(WIRELOG_NODES_MAX);

	CU_ASSERT_EQUAL(wl_members_count(all), WIRELOG_NODES_MAX);
	for (uint64_t id = 0; id < 1000; id++)
		CU_ASSERT_EQUAL(wl_members_has(all, (uint32_t)id),
				id >= 1 && id <= WIRELOG_NODES_MAX);
	CU_ASSERT_FALSE(wl_members_has(all, UINT32_MAX));
	CU_ASSERT_EQUAL(wl_members_with(all, 33), all);
	CU_ASSERT_EQUAL(wl_members_without(all, 33), all);
}

static void two_majorities_of_one_set_meet(void)
{
	unsigned majorities = 0, apart = 0;

	for (wl_members voters = 2; voters < 1u << (WIRELOG_NODES_MAX + 1); voters += 2) {
		for (wl_members one = 0; one < 1u << (WIRELOG_NODES_MAX + 1); one += 2) {
			if (!wl_members_decide(voters, one))
				continue;
			majorities++;
			/* The most that has nothing in common with it. */
			apart += wl_members_decide(voters, ~one);
		}
	}
	CU_ASSERT(majorities > 0);
	CU_ASSERT_EQUAL(apart, 0);
}

static void strangers_decide_nothing(void)
{
	wl_members voters = up_to(3);

	CU_ASSERT_FALSE(wl_members_decide(voters, ~voters));
	CU_ASSERT_FALSE(wl_members_decide(voters, wl_members_only(1) | wl_members_only(5)));
	CU_ASSERT(wl_members_decide(voters, wl_members_only(1) | wl_members_only(3)));
	CU_ASSERT_FALSE(wl_members_decide(0, up_to(7)));
}

WL_SUITE(members)
{
	WL_TEST(what_is_no_nodes_id_is_in_no_set),
	WL_TEST(two_majorities_of_one_set_meet),
	WL_TEST(strangers_decide_nothing),
};

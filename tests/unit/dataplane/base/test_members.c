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

static wl_members below(unsigned node)
{
	return (1u << node) - 2;
}

/* Of every list, every change and the end of it: no two sets without a common node decide by lists that follow each other. */
static void lists_that_follow_each_other_meet(void)
{
	unsigned pairs = 0, apart = 0;

	for (wl_members voters = 2; voters < 1u << 5; voters += 2) {
		for (wl_members next = 2; next < 1u << 5; next += 2) {
			const struct wl_list before = {.index = 3, .voters = voters};
			const struct wl_list joint = {.index = 4, .voters = next, .old = voters};
			const struct wl_list after = {.index = 5, .voters = next};

			CU_ASSERT_EQUAL(wl_list_may_follow(&before, &joint), next != voters);
			CU_ASSERT_EQUAL(wl_list_may_follow(&before, &after), next == voters);
			CU_ASSERT_TRUE(wl_list_may_follow(&joint, &after));
			CU_ASSERT_FALSE(wl_list_may_follow(&joint, &joint));
			for (wl_members some = 0; some < 1u << 5; some += 2) {
				pairs++;
				apart += wl_list_decides(&before, some) &&
					 wl_list_decides(&joint, ~some);
				apart += wl_list_decides(&joint, some) &&
					 wl_list_decides(&after, ~some);
			}
		}
	}
	CU_ASSERT(pairs > 0);
	CU_ASSERT_EQUAL(apart, 0);
}

static void a_joint_list_has_the_old_voters_it_follows(void)
{
	const struct wl_list before = {.index = 3, .voters = 0xe};
	struct wl_list next = {.index = 4, .voters = 0x1e, .old = 0xe};

	CU_ASSERT_TRUE(wl_list_may_follow(&before, &next));
	next.old = 0xc;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next));
	next = (struct wl_list){.index = 4, .voters = 0xe, .learners = 0x10};
	CU_ASSERT_TRUE(wl_list_may_follow(&before, &next));
	next.learners = 0x8;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next)); /* it votes */
	next.learners = 1u << (WIRELOG_NODES_MAX + 1);
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next)); /* nobody's id */
	next = (struct wl_list){.index = 4, .old = 0xe};
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next)); /* nobody votes */
}

static void the_members_stay_while_their_data_are_named(void)
{
	const struct wl_list before = {.index = 3,
				       .voters = 0xe,
				       .learners = 0x10,
				       .incarnation = {0, 11, 12, 0, 14}};
	struct wl_list next = before;

	next.index = 4;
	next.incarnation[3] = 13;
	CU_ASSERT_TRUE(wl_list_may_follow(&before, &next)); /* the first ones */
	next.incarnation[1] = 21;
	CU_ASSERT_TRUE(wl_list_may_follow(&before, &next)); /* one voter's are others */
	next.incarnation[4] = 24;
	CU_ASSERT_TRUE(wl_list_may_follow(&before, &next)); /* and a learner's */
	next.incarnation[2] = 22;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next)); /* two voters' */
	next = before;
	next.incarnation[5] = 15;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next)); /* no member's */
	next = before;
	next.incarnation[0] = 1;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next)); /* nobody's */
	next = (struct wl_list){.index = 4,
				.voters = 0xe,
				.old = 0xe,
				.incarnation = {0, 11, 12, 0, 0}};
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next));
}

static void other_members_come_without_names_and_those_who_stay_keep_theirs(void)
{
	const struct wl_list before = {.index = 3, .voters = 0xe, .incarnation = {0, 11, 12, 13}};
	struct wl_list next = {.index = 4,
			       .voters = 0x1c,
			       .old = 0xe,
			       .incarnation = {0, 11, 12, 13}};

	CU_ASSERT_TRUE(wl_list_may_follow(&before, &next));
	next.incarnation[4] = 14;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next));
	next.incarnation[4] = 0;
	next.incarnation[2] = 22;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next));
	next.incarnation[2] = 0;
	CU_ASSERT_FALSE(wl_list_may_follow(&before, &next));
	next = (struct wl_list){.index = 4,
				.voters = 0xe,
				.learners = 0x10,
				.incarnation = {0, 11, 12, 13}};
	CU_ASSERT_TRUE(wl_list_may_follow(&before, &next));
}

static void a_name_that_is_not_set_means_whoever_comes(void)
{
	const struct wl_list list = {.voters = 0xe, .incarnation = {0, 11}};

	CU_ASSERT_TRUE(wl_list_names(&list, 1, 11));
	CU_ASSERT_FALSE(wl_list_names(&list, 1, 12));
	CU_ASSERT_FALSE(wl_list_names(&list, 1, 0));
	CU_ASSERT_TRUE(wl_list_names(&list, 2, 12));
	CU_ASSERT_FALSE(wl_list_names(&list, 33, 12));
}

static void nobody_decides_by_an_empty_list(void)
{
	const struct wl_list none = {0};

	CU_ASSERT_FALSE(wl_list_decides(&none, below(WIRELOG_NODES_MAX)));
	CU_ASSERT_FALSE(wl_list_is_alone(&none, 1));
}

WL_SUITE(members)
{
	WL_TEST(lists_that_follow_each_other_meet),
	WL_TEST(a_joint_list_has_the_old_voters_it_follows),
	WL_TEST(the_members_stay_while_their_data_are_named),
	WL_TEST(other_members_come_without_names_and_those_who_stay_keep_theirs),
	WL_TEST(a_name_that_is_not_set_means_whoever_comes),
	WL_TEST(nobody_decides_by_an_empty_list),
	WL_TEST(what_is_no_nodes_id_is_in_no_set),
	WL_TEST(two_majorities_of_one_set_meet),
	WL_TEST(strangers_decide_nothing),
};

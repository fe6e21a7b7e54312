/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/quorum.h"
#include "tests/unit/runner.h"

#define VOTERS(count) (((1u << (count)) - 1) << 1)
#define LIST(voters_) (&(const struct wl_list){.voters = (voters_)})

static void majority_of_one_is_that_one(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 7};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, LIST(VOTERS(1))), 7);
	CU_ASSERT_EQUAL(wl_members_quorum(VOTERS(1)), 1);
}

static void majority_of_two_is_both(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 9, 4};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, LIST(VOTERS(2))), 4);
	CU_ASSERT_EQUAL(wl_members_quorum(VOTERS(2)), 2);
}

static void majority_of_three_is_the_second_highest(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 5, 9, 1};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, LIST(VOTERS(3))), 5);
}

static void majority_ignores_who_does_not_vote(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {99, 1, 50, 2, 60, 3, 70, 80};
	wl_members voters = 1u << 1 | 1u << 3 | 1u << 5;

	CU_ASSERT_EQUAL(wl_quorum_majority(values, LIST(voters)), 2);
	CU_ASSERT_EQUAL(wl_quorum_everybody(values, LIST(voters)), 1);
}

static void nobody_has_no_majority(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {1, 1, 1, 1, 1, 1, 1, 1};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, LIST(0)), 0);
	CU_ASSERT_EQUAL(wl_quorum_everybody(values, LIST(0)), 0);
}

/* The definition, counted out: the highest value that at least a majority has reached. */
static uint64_t counted(const uint64_t *values, wl_members voters)
{
	uint64_t best = 0;

	for (unsigned candidate = 1; candidate <= WIRELOG_NODES_MAX; candidate++) {
		unsigned reached = 0;

		if (!wl_members_has(voters, candidate))
			continue;
		for (unsigned node = 1; node <= WIRELOG_NODES_MAX; node++)
			reached += wl_members_has(voters, node) &&
				   values[node] >= values[candidate];
		if (reached >= wl_members_quorum(voters) && values[candidate] > best)
			best = values[candidate];
	}
	return best;
}

static void majority_agrees_with_counting_for_all_small_cases(void)
{
	for (unsigned voters = 1; voters <= 5; voters++) {
		uint64_t values[WIRELOG_NODES_MAX + 1] = {0};

		for (unsigned draw = 0; draw < 1024; draw++) {
			for (unsigned node = 1; node <= voters; node++)
				values[node] = draw >> 2 * (node - 1) & 3;
			CU_ASSERT_EQUAL_FATAL(wl_quorum_majority(values, LIST(VOTERS(voters))),
					      counted(values, VOTERS(voters)));
		}
	}
}

static void what_a_majority_has_in_common_is_found_with_the_first_who_has_it(void)
{
	const uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 0, 8, 9, 9, 7, 9, 9};
	uint32_t node;

	CU_ASSERT_EQUAL(wl_quorum_agreed(values, LIST(0x3eu), &node), 0); /* 1 to 5: two of 9 */
	CU_ASSERT_EQUAL(node, 0);
	CU_ASSERT_EQUAL(wl_quorum_agreed(values, LIST(0xfeu), &node), 9); /* 6 and 7, too */
	CU_ASSERT_EQUAL(node, 3);
	CU_ASSERT_EQUAL(wl_quorum_agreed(values, LIST(0x20u), &node), 7); /* 5 alone */
	CU_ASSERT_EQUAL(node, 5);
	CU_ASSERT_EQUAL(wl_quorum_agreed(values, LIST(0x2u), &node), 0); /* has said nothing */
}

/* Of either side by itself: every pair of sides, and every pattern of two values. */
static void joint_list_wants_a_majority_of_both_sides(void)
{
	for (wl_members voters = 2; voters < 1u << 5; voters += 2) {
		for (wl_members old = 2; old < 1u << 5; old += 2) {
			const struct wl_list list = {.voters = voters, .old = old};

			for (wl_members who = 0; who < 1u << 5; who += 2) {
				uint64_t values[WIRELOG_NODES_MAX + 1] = {0};
				bool both = wl_members_decide(voters, who) &&
					    wl_members_decide(old, who);
				bool all = ((voters | old) & ~who) == 0;
				uint32_t node;

				for (uint32_t at = 1; at <= 4; at++)
					values[at] = wl_members_has(who, at) ? 9 : 4;
				CU_ASSERT_EQUAL_FATAL(wl_quorum_majority(values, &list),
						      both ? 9 : 4);
				CU_ASSERT_EQUAL_FATAL(wl_quorum_everybody(values, &list),
						      all ? 9 : 4);
				CU_ASSERT_EQUAL_FATAL(wl_list_decides(&list, who), both);
				CU_ASSERT_EQUAL_FATAL(wl_quorum_agreed(values, &list, &node) == 9,
						      both);
			}
		}
	}
}

WL_SUITE(quorum)
{
	WL_TEST(majority_of_one_is_that_one),
	WL_TEST(majority_of_two_is_both),
	WL_TEST(majority_of_three_is_the_second_highest),
	WL_TEST(majority_ignores_who_does_not_vote),
	WL_TEST(nobody_has_no_majority),
	WL_TEST(majority_agrees_with_counting_for_all_small_cases),
	WL_TEST(what_a_majority_has_in_common_is_found_with_the_first_who_has_it),
	WL_TEST(joint_list_wants_a_majority_of_both_sides),
};

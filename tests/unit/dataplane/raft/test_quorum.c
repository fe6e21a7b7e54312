/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/quorum.h"
#include "tests/unit/runner.h"

#define VOTERS(count) (((1u << (count)) - 1) << 1)

static void majority_of_one_is_that_one(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 7};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, VOTERS(1)), 7);
	CU_ASSERT_EQUAL(wl_members_quorum(VOTERS(1)), 1);
}

static void majority_of_two_is_both(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 9, 4};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, VOTERS(2)), 4);
	CU_ASSERT_EQUAL(wl_members_quorum(VOTERS(2)), 2);
}

static void majority_of_three_is_the_second_highest(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 5, 9, 1};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, VOTERS(3)), 5);
}

static void majority_ignores_who_does_not_vote(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {99, 1, 50, 2, 60, 3, 70, 80};
	wl_members voters = 1u << 1 | 1u << 3 | 1u << 5;

	CU_ASSERT_EQUAL(wl_quorum_majority(values, voters), 2);
	CU_ASSERT_EQUAL(wl_quorum_everybody(values, voters), 1);
}

static void nobody_has_no_majority(void)
{
	uint64_t values[WIRELOG_NODES_MAX + 1] = {1, 1, 1, 1, 1, 1, 1, 1};

	CU_ASSERT_EQUAL(wl_quorum_majority(values, 0), 0);
	CU_ASSERT_EQUAL(wl_quorum_everybody(values, 0), 0);
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
			CU_ASSERT_EQUAL_FATAL(wl_quorum_majority(values, VOTERS(voters)),
					      counted(values, VOTERS(voters)));
		}
	}
}

static void what_a_majority_has_in_common_is_found_with_the_first_who_has_it(void)
{
	const uint64_t values[WIRELOG_NODES_MAX + 1] = {0, 0, 8, 9, 9, 7, 9, 9};
	uint32_t node;

	CU_ASSERT_EQUAL(wl_quorum_agreed(values, 0x3eu, 3, &node), 0); /* 1 to 5: two of 9 */
	CU_ASSERT_EQUAL(node, 0);
	CU_ASSERT_EQUAL(wl_quorum_agreed(values, 0x7eu, 3, &node), 9); /* 6, too */
	CU_ASSERT_EQUAL(node, 3);
	CU_ASSERT_EQUAL(wl_quorum_agreed(values, 0x26u, 1, &node), 7); /* 1, 2, 5 */
	CU_ASSERT_EQUAL(node, 5);
	CU_ASSERT_EQUAL(wl_quorum_agreed(values, 0x2u, 1, &node), 0); /* has said nothing */
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
};

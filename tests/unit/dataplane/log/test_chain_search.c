/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs as numbers: node n has, behind entry i, the value i while it is like the others, and one of its own from where it differs. */
#include <string.h>

#include "dataplane/log/chain_search.h"
#include "tests/sim/random.h"
#include "tests/unit/runner.h"

#define QUESTIONS_MAX 200u

struct node {
	bool silent;
	uint64_t first, commit;
	uint64_t differs_from; /* 0: nowhere */
	uint64_t rots_from, rots_to; /* 0: nowhere */
};

static struct node nodes[WIRELOG_NODES_MAX + 1];
static struct wl_chain_search search;

static struct wl_chain_answer answer_of(uint32_t number, uint64_t index)
{
	const struct node *node = &nodes[number];
	struct wl_chain_answer answer = {.first = node->first, .commit = node->commit};

	if (node->silent || node->commit == 0)
		return (struct wl_chain_answer){0};
	answer.position.index = index;
	answer.verdict = WL_CHAIN_KNOWN;
	if (index > node->commit)
		answer.verdict = WL_CHAIN_BEYOND;
	else if (index < node->first)
		answer.verdict = WL_CHAIN_BELOW;
	else if (index >= node->rots_from && index < node->rots_to)
		answer.verdict = WL_CHAIN_UNKNOWN;
	if (answer.verdict != WL_CHAIN_KNOWN)
		return answer;
	answer.position.term = 1;
	answer.chain = node->differs_from != 0 && index >= node->differs_from
			       ? (uint64_t)number << 56 | index
			       : index;
	return answer;
}

static void run(uint64_t first_question)
{
	struct wl_chain_answer answers[WIRELOG_NODES_MAX + 1] = {0};

	wl_chain_search_begin(&search, first_question);
	while (search.state == WL_CHAIN_SEARCH_ASKS) {
		CU_ASSERT_FATAL(search.questions < QUESTIONS_MAX);
		CU_ASSERT_FATAL(search.index != 0);
		for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
			answers[node] = answer_of(node, search.index);
		wl_chain_search_on_answers(&search, answers);
	}
}

static void three(uint64_t commit)
{
	memset(nodes, 0, sizeof(nodes));
	for (unsigned node = 1; node <= 3; node++)
		nodes[node] = (struct node){.first = 1, .commit = commit};
}

static void equal_logs_are_equal_up_to_the_lowest_commit(void)
{
	three(1000);
	nodes[2].commit = 990;
	nodes[3].first = 40;
	run(1000);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_EQUAL);
	CU_ASSERT_EQUAL(search.low, 40);
	CU_ASSERT_EQUAL(search.high, 990);
	CU_ASSERT_EQUAL(search.agreed_below, 990);
	CU_ASSERT_EQUAL(search.answered, 0xe);
	CU_ASSERT(search.questions <= 2);
	CU_ASSERT_EQUAL(search.answers[3].chain, 990);
}

/* Wherever two differ first, of any node, in ranges of any size. */
static void first_difference_is_named_wherever_it_is(void)
{
	static const uint64_t sizes[] = {1, 2, 3, 10, 65};

	for (unsigned size = 0; size < 5; size++) {
		for (uint64_t from = 1; from <= sizes[size]; from++) {
			for (unsigned odd = 1; odd <= 3; odd++) {
				three(sizes[size]);
				nodes[odd].differs_from = from;
				run(1 + from % sizes[size]);
				CU_ASSERT_EQUAL_FATAL(search.state, WL_CHAIN_SEARCH_DIFFER);
				CU_ASSERT_EQUAL(search.first_difference, from);
				CU_ASSERT_EQUAL(search.agreed_below, from - 1);
				CU_ASSERT_EQUAL(search.answers[odd].position.index, from);
			}
		}
	}
}

static void a_long_log_takes_some_ten_questions_and_the_lowest_of_two_differences_counts(void)
{
	three(1ull << 40);
	nodes[1].differs_from = 123456789012;
	nodes[3].differs_from = 123456789010;
	run(1ull << 40);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_DIFFER);
	CU_ASSERT_EQUAL(search.first_difference, 123456789010);
	CU_ASSERT(search.questions <= 44);
}

static void difference_below_what_all_keep_is_told_at_the_first_entry_that_they_keep(void)
{
	three(500);
	nodes[2].differs_from = 10;
	nodes[3].first = 100;
	run(500);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_DIFFER);
	CU_ASSERT_EQUAL(search.first_difference, 100);
	CU_ASSERT_EQUAL(search.agreed_below, 0);
}

static void who_is_silent_or_alone_is_not_judged(void)
{
	three(100);
	nodes[3].silent = true;
	run(100);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_EQUAL);
	CU_ASSERT_EQUAL(search.answered, 0x6);
	nodes[2].silent = true;
	run(100);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_ALONE);
	three(100);
	nodes[2].first = 90;
	nodes[1].commit = nodes[3].commit = 80;
	run(80);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_ALONE); /* nothing that all have */
}

static void what_media_do_not_give_is_passed_by_and_told(void)
{
	three(1000);
	nodes[1].rots_from = nodes[2].rots_from = 995;
	nodes[1].rots_to = nodes[2].rots_to = 2000;
	run(1000);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_EQUAL);
	CU_ASSERT_EQUAL(search.high, 994);
	CU_ASSERT_EQUAL(search.unreadable, 0x6);
	/* Too much of it. */
	nodes[1].rots_from = nodes[2].rots_from = 1;
	run(1000);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_UNREADABLE);
}

static void difference_inside_of_what_is_not_given_is_told_as_a_range(void)
{
	three(1000);
	nodes[3].differs_from = 603;
	nodes[1].rots_from = nodes[2].rots_from = 600;
	nodes[1].rots_to = nodes[2].rots_to = 606;
	run(1000);
	CU_ASSERT_EQUAL(search.state, WL_CHAIN_SEARCH_DIFFER);
	CU_ASSERT_EQUAL(search.agreed_below, 599);
	CU_ASSERT_EQUAL(search.first_difference, 606);
	CU_ASSERT_EQUAL(search.unreadable, 0x6);
}

/* Random clusters: it ends, and what it says is true. */
static void whatever_nodes_have_it_ends_and_says_no_wrong_word(void)
{
	struct sim_random random;

	sim_random_init(&random, 77, 1);
	for (unsigned at = 0; at < 20000; at++) {
		uint64_t commit = 1 + sim_random_below(&random, 60), lowest = UINT64_MAX;
		bool rots = false;

		memset(nodes, 0, sizeof(nodes));
		for (unsigned node = 1; node <= 3 + at % 3; node++) {
			nodes[node].commit = 1 + sim_random_below(&random, commit);
			nodes[node].first = 1 + sim_random_below(&random, nodes[node].commit);
			nodes[node].silent = sim_random_below(&random, 8) == 0;
			if (sim_random_below(&random, 4) == 0)
				nodes[node].differs_from = 1 + sim_random_below(&random, commit);
			if (sim_random_below(&random, 5) == 0) {
				nodes[node].rots_from = 1 + sim_random_below(&random, commit);
				nodes[node].rots_to =
					nodes[node].rots_from + sim_random_below(&random, 20);
				rots = true;
			}
			if (!nodes[node].silent && nodes[node].differs_from != 0 &&
			    nodes[node].differs_from < lowest)
				lowest = nodes[node].differs_from;
		}
		run(commit);
		if (search.state == WL_CHAIN_SEARCH_DIFFER)
			CU_ASSERT_FATAL(search.first_difference >= lowest);
		if (search.state == WL_CHAIN_SEARCH_EQUAL && !rots)
			CU_ASSERT_FATAL(search.high < lowest);
		if (search.state == WL_CHAIN_SEARCH_DIFFER && !rots && lowest >= search.low)
			CU_ASSERT_EQUAL_FATAL(search.first_difference, lowest);
	}
}

WL_SUITE(chain_search)
{
	WL_TEST(equal_logs_are_equal_up_to_the_lowest_commit),
	WL_TEST(first_difference_is_named_wherever_it_is),
	WL_TEST(a_long_log_takes_some_ten_questions_and_the_lowest_of_two_differences_counts),
	WL_TEST(difference_below_what_all_keep_is_told_at_the_first_entry_that_they_keep),
	WL_TEST(who_is_silent_or_alone_is_not_judged),
	WL_TEST(what_media_do_not_give_is_passed_by_and_told),
	WL_TEST(difference_inside_of_what_is_not_given_is_told_as_a_range),
	WL_TEST(whatever_nodes_have_it_ends_and_says_no_wrong_word),
};

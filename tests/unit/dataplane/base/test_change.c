/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/change.h"
#include "tests/unit/runner.h"

static const struct wl_list three = {.index = 7, .voters = 0xe, .learners = 0x10};
static struct wl_list next;
static uint32_t voter;

static enum wl_change_verdict ask(enum wl_change_verb verb, uint32_t node, uint32_t by)
{
	const struct wl_change change = {verb, node, by};

	return wl_change_of(&change, &three, &next, &voter);
}

static void a_change_travels_as_one_number(void)
{
	unsigned changes = 0;

	for (uint64_t number = 0; number < 1u << 24; number += 1 + number % 3) {
		struct wl_change change;

		if (!wl_change_unpack(number, &change))
			continue;
		changes++;
		CU_ASSERT_EQUAL_FATAL(wl_change_pack(&change), number);
		CU_ASSERT_FALSE(wl_change_unpack(number | 1u << 24, &change));
	}
	CU_ASSERT(changes > 0);
	CU_ASSERT_FALSE(wl_change_unpack(WL_CHANGE_ADD | 1u << 8 | 2u << 16,
					 &(struct wl_change){0})); /* by whom? */
	CU_ASSERT_FALSE(
		wl_change_unpack(WL_CHANGE_REPLACE | 2u << 8 | 2u << 16, &(struct wl_change){0}));
}

static void each_verb_has_its_next_list(void)
{
	CU_ASSERT_EQUAL(ask(WL_CHANGE_ADD, 5, 0), WL_CHANGE_NEXT);
	CU_ASSERT(next.voters == 0xe && next.old == 0 && next.learners == 0x30 && voter == 0);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_PROMOTE, 4, 0), WL_CHANGE_NEXT);
	CU_ASSERT(next.voters == 0x1e && next.old == 0xe && next.learners == 0 && voter == 4);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_DEMOTE, 2, 0), WL_CHANGE_NEXT);
	CU_ASSERT(next.voters == 0xa && next.old == 0xe && next.learners == 0x14 && voter == 0);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REMOVE, 4, 0), WL_CHANGE_NEXT);
	CU_ASSERT(next.voters == 0xe && next.old == 0 && next.learners == 0);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REMOVE, 3, 0), WL_CHANGE_NEXT);
	CU_ASSERT(next.voters == 0x6 && next.old == 0xe && next.learners == 0x10);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REPLACE, 3, 4), WL_CHANGE_NEXT);
	CU_ASSERT(next.voters == 0x16 && next.old == 0xe && next.learners == 0 && voter == 4);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_READMIT, 4, 0), WL_CHANGE_NEXT);
	CU_ASSERT(next.voters == 0xe && next.old == 0 && next.learners == 0x10 && voter == 0);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REPLACE, 3, 5), WL_CHANGE_NEXT); /* it learns first */
	CU_ASSERT(next.voters == 0xe && next.old == 0 && next.learners == 0x30 && voter == 0);
}

static void what_is_so_is_done(void)
{
	CU_ASSERT_EQUAL(ask(WL_CHANGE_ADD, 4, 0), WL_CHANGE_DONE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_ADD, 3, 0), WL_CHANGE_DONE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_PROMOTE, 3, 0), WL_CHANGE_DONE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_DEMOTE, 4, 0), WL_CHANGE_DONE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REMOVE, 6, 0), WL_CHANGE_DONE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REPLACE, 6, 3), WL_CHANGE_DONE);
}

static void what_cannot_be_is_refused(void)
{
	const struct wl_list one = {.index = 7, .voters = 0x2};
	const struct wl_change remove = {WL_CHANGE_REMOVE, 1, 0}, demote = {WL_CHANGE_DEMOTE, 1, 0};

	CU_ASSERT_EQUAL(ask(WL_CHANGE_PROMOTE, 6, 0), WL_CHANGE_IMPOSSIBLE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_READMIT, 6, 0), WL_CHANGE_IMPOSSIBLE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_DEMOTE, 6, 0), WL_CHANGE_IMPOSSIBLE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REPLACE, 6, 7), WL_CHANGE_IMPOSSIBLE);
	CU_ASSERT_EQUAL(ask(WL_CHANGE_REPLACE, 2, 3), WL_CHANGE_IMPOSSIBLE);
	CU_ASSERT_EQUAL(wl_change_of(&remove, &one, &next, &voter), WL_CHANGE_IMPOSSIBLE);
	CU_ASSERT_EQUAL(wl_change_of(&demote, &one, &next, &voter), WL_CHANGE_IMPOSSIBLE);
}

/* Of every list and every change: the next list may follow, and what ends a joint one may follow that. */
static void every_next_list_may_follow(void)
{
	unsigned lists = 0;

	for (wl_members voters = 2; voters < 1u << 6; voters += 2) {
		for (wl_members learners = 0; learners < 1u << 6; learners += 2) {
			struct wl_list list = {.index = 7,
					       .voters = voters,
					       .learners = learners & ~voters};

			for (uint32_t node = 1; node <= 5; node++)
				list.incarnation[node] =
					wl_members_has(wl_list_everybody(&list), node) ? 10 + node
										       : 0;
			for (unsigned at = 0; at < 6 * 5 * 5; at++) {
				const struct wl_change change = {
					(enum wl_change_verb)(1 + at % 6),
					1 + at / 6 % 5,
					1 + at / 30,
				};
				struct wl_list end;

				if (wl_change_of(&change, &list, &next, &voter) != WL_CHANGE_NEXT)
					continue;
				lists++;
				CU_ASSERT_TRUE_FATAL(wl_list_may_follow(&list, &next));
				next.index = 8;
				end = wl_change_end(&next);
				if (wl_list_is_joint(&next))
					CU_ASSERT_TRUE_FATAL(wl_list_may_follow(&next, &end));
			}
		}
	}
	CU_ASSERT(lists > 0);
}

WL_SUITE(change)
{
	WL_TEST(a_change_travels_as_one_number),
	WL_TEST(each_verb_has_its_next_list),
	WL_TEST(what_is_so_is_done),
	WL_TEST(what_cannot_be_is_refused),
	WL_TEST(every_next_list_may_follow),
};

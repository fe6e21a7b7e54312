/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/keys.h"

#include "tests/unit/runner.h"

#define A 0xaaaaaaaau
#define B 0xbbbbbbbbu
#define C 0xccccccccu

static const struct wl_keys none, send = {10, A, B, WL_KEYS_SEND, 0},
				  refuse = {20, A, B, WL_KEYS_REFUSE, 0};
static const struct wl_keys_held a = {1, {A}}, b = {1, {B}}, ab = {2, {A, B}}, ba = {2, {B, A}},
				 bc = {2, {B, C}}, ca = {2, {C, A}}, c = {1, {C}}, cb = {2, {C, B}};

static void one_stage_follows_the_other(void)
{
	const struct wl_keys on = {0, B, C, WL_KEYS_SEND, 0}, other = {0, A, C, WL_KEYS_SEND, 0},
			     other_refuse = {0, A, C, WL_KEYS_REFUSE, 0},
			     same = {0, A, A, WL_KEYS_SEND, 0}, zero = {0, 0, B, WL_KEYS_SEND, 0},
			     nothing = {0, A, B, WL_KEYS_NONE, 0};

	CU_ASSERT_TRUE(wl_keys_may_follow(&none, &send));
	CU_ASSERT_TRUE(wl_keys_may_follow(&send, &refuse));
	CU_ASSERT_TRUE(wl_keys_may_follow(&refuse, &on));
	CU_ASSERT_FALSE(wl_keys_may_follow(&none, &refuse));
	CU_ASSERT_FALSE(wl_keys_may_follow(&send, &on));
	CU_ASSERT_FALSE(wl_keys_may_follow(&send, &send));
	CU_ASSERT_FALSE(wl_keys_may_follow(&send, &other_refuse));
	CU_ASSERT_FALSE(wl_keys_may_follow(&refuse, &other));
	CU_ASSERT_FALSE(wl_keys_may_follow(&refuse, &refuse));
	CU_ASSERT_FALSE(wl_keys_may_follow(&none, &same));
	CU_ASSERT_FALSE(wl_keys_may_follow(&none, &zero));
	CU_ASSERT_FALSE(wl_keys_may_follow(&none, &nothing));
}

static void both_are_accepted_until_the_old_one_is_refused(void)
{
	CU_ASSERT_TRUE(wl_keys_accept(&none, &ab, A));
	CU_ASSERT_TRUE(wl_keys_accept(&none, &ab, B));
	CU_ASSERT_FALSE(wl_keys_accept(&none, &ab, C));
	CU_ASSERT_TRUE(wl_keys_accept(&send, &ab, A));
	CU_ASSERT_TRUE(wl_keys_accept(&send, &ab, B));
	CU_ASSERT_FALSE(wl_keys_accept(&send, &ca, C)); /* of a change long ago */
	CU_ASSERT_FALSE(wl_keys_accept(&refuse, &ab, A));
	CU_ASSERT_TRUE(wl_keys_accept(&refuse, &ab, B));
	CU_ASSERT_TRUE(wl_keys_refuse(&refuse, &ab, A));
	CU_ASSERT_FALSE(wl_keys_refuse(&refuse, &ab, B));
	CU_ASSERT_FALSE(wl_keys_refuse(&send, &ab, A));
	CU_ASSERT_FALSE(wl_keys_refuse(&refuse, &b, A));
}

static void what_stands_behind_the_present_one_is_for_the_next_change(void)
{
	CU_ASSERT_TRUE(wl_keys_accept(&refuse, &bc, C));
	CU_ASSERT_FALSE(wl_keys_accept(&refuse, &cb, C));
	CU_ASSERT_FALSE(wl_keys_accept(&refuse, &ba, A)); /* wherever it stands */
}

static void who_lacks_the_new_one_uses_what_it_has_and_never_the_refused(void)
{
	CU_ASSERT_FALSE(wl_keys_accept(&refuse, &a, A));
	CU_ASSERT_TRUE(wl_keys_accept(&refuse, &c, C));
	CU_ASSERT_EQUAL(wl_keys_send(&refuse, &a), 0);
	CU_ASSERT_EQUAL(wl_keys_send(&refuse, &ca), 0);
	CU_ASSERT_EQUAL(wl_keys_send(&send, &ca), 1);
}

static void nodes_send_with_the_new_one_from_the_first_stage_on(void)
{
	CU_ASSERT_EQUAL(wl_keys_send(&none, &ab), 0);
	CU_ASSERT_EQUAL(wl_keys_send(&send, &ab), 1);
	CU_ASSERT_EQUAL(wl_keys_send(&send, &ba), 0);
	CU_ASSERT_EQUAL(wl_keys_send(&send, &a), 0);
	CU_ASSERT_EQUAL(wl_keys_send(&refuse, &bc), 0);
}

WL_SUITE(keys)
{
	WL_TEST(one_stage_follows_the_other),
	WL_TEST(both_are_accepted_until_the_old_one_is_refused),
	WL_TEST(what_stands_behind_the_present_one_is_for_the_next_change),
	WL_TEST(who_lacks_the_new_one_uses_what_it_has_and_never_the_refused),
	WL_TEST(nodes_send_with_the_new_one_from_the_first_stage_on),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/fragments.h"

#include <string.h>

#include "tests/unit/runner.h"

#define BYTES 100u

static uint8_t whole[BYTES], buffer[BYTES];

static struct wl_fragments begin(void)
{
	struct wl_fragments fragments = {.buffer = buffer};

	for (unsigned at = 0; at < BYTES; at++)
		whole[at] = (uint8_t)(at * 7 + 1);
	memset(buffer, 0, sizeof(buffer));
	wl_fragments_begin(&fragments, BYTES);
	return fragments;
}

static enum wl_fragments_verdict add(struct wl_fragments *fragments, uint32_t offset,
				     uint32_t bytes)
{
	return wl_fragments_add(fragments, offset, whole + offset, bytes);
}

static void parts_in_order_make_the_whole(void)
{
	struct wl_fragments fragments = begin();

	CU_ASSERT_EQUAL(add(&fragments, 0, 40), WL_FRAGMENTS_PART);
	CU_ASSERT_EQUAL(add(&fragments, 40, 59), WL_FRAGMENTS_PART);
	CU_ASSERT_EQUAL(add(&fragments, 99, 1), WL_FRAGMENTS_WHOLE);
	CU_ASSERT_EQUAL(memcmp(buffer, whole, BYTES), 0);
}

static void part_behind_a_missing_one_changes_nothing(void)
{
	struct wl_fragments fragments = begin();

	CU_ASSERT_EQUAL(add(&fragments, 1, 99), WL_FRAGMENTS_AHEAD);
	add(&fragments, 0, 40);
	CU_ASSERT_EQUAL(add(&fragments, 41, 59), WL_FRAGMENTS_AHEAD);
	CU_ASSERT_EQUAL(fragments.have, 40);
	CU_ASSERT_EQUAL(buffer[41], 0);
}

static void parts_may_come_again_and_be_cut_elsewhere(void)
{
	struct wl_fragments fragments = begin();

	add(&fragments, 0, 40);
	CU_ASSERT_EQUAL(add(&fragments, 0, 40), WL_FRAGMENTS_KNOWN);
	CU_ASSERT_EQUAL(add(&fragments, 10, 30), WL_FRAGMENTS_KNOWN);
	CU_ASSERT_EQUAL(add(&fragments, 30, 20), WL_FRAGMENTS_PART);
	CU_ASSERT_EQUAL(fragments.have, 50);
	CU_ASSERT_EQUAL(add(&fragments, 0, BYTES), WL_FRAGMENTS_WHOLE);
	CU_ASSERT_EQUAL(memcmp(buffer, whole, BYTES), 0);
}

static void part_that_ends_behind_the_whole_is_refused(void)
{
	struct wl_fragments fragments = begin();

	add(&fragments, 0, 60);
	CU_ASSERT_EQUAL(wl_fragments_add(&fragments, 60, whole, 41), WL_FRAGMENTS_TOO_LONG);
	CU_ASSERT_EQUAL(wl_fragments_add(&fragments, 60, whole, UINT32_MAX), WL_FRAGMENTS_TOO_LONG);
	CU_ASSERT_EQUAL(fragments.have, 60);
	fragments.size = 50; /* another frame says that the whole is shorter */
	CU_ASSERT_EQUAL(wl_fragments_add(&fragments, 55, whole, 1), WL_FRAGMENTS_TOO_LONG);
}

WL_SUITE(fragments)
{
	WL_TEST(parts_in_order_make_the_whole),
	WL_TEST(part_behind_a_missing_one_changes_nothing),
	WL_TEST(parts_may_come_again_and_be_cut_elsewhere),
	WL_TEST(part_that_ends_behind_the_whole_is_refused),
};

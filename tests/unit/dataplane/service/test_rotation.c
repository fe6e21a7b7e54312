/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/rotation.h"

#include <string.h>

#include "tests/unit/runner.h"

#define MANY 0x80000001u /* has eight readers, in slots 0 to 7 */
#define ONE 0x80000002u /* slot 8 */
#define OTHER 0x80000003u /* slot 9 */
#define MANY_READERS 8u
#define SLOTS 10u

static struct wl_rotation rotation;

static void begin(void)
{
	memset(&rotation, 0, sizeof(rotation));
	for (uint32_t slot = 0; slot < MANY_READERS; slot++)
		wl_rotation_add(&rotation, slot, MANY);
	wl_rotation_add(&rotation, 8, ONE);
	wl_rotation_add(&rotation, 9, OTHER);
}

/* So many turns in which `most` readers are served; counts by slot. */
static void serve(unsigned turns, unsigned most, unsigned served[SLOTS])
{
	memset(served, 0, SLOTS * sizeof(served[0]));
	while (turns-- != 0) {
		wl_rotation_begin_turn(&rotation);
		for (unsigned i = 0; i < most; i++) {
			uint32_t slot = wl_rotation_next(&rotation);

			if (slot == WL_ROTATION_NOBODY)
				break;
			served[slot]++;
		}
	}
}

static void each_reader_has_one_turn_in_a_turn(void)
{
	unsigned served[SLOTS];

	begin();
	serve(1, SLOTS + 1, served);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		CU_ASSERT_EQUAL(served[slot], 1);
	CU_ASSERT_EQUAL(wl_rotation_next(&rotation), WL_ROTATION_NOBODY);
}

static void clients_are_served_alike_whatever_they_have(void)
{
	unsigned served[SLOTS];

	begin();
	serve(3000, 1, served);
	CU_ASSERT_EQUAL(served[8], 1000);
	CU_ASSERT_EQUAL(served[9], 1000);
	for (uint32_t slot = 0; slot < MANY_READERS; slot++)
		CU_ASSERT_EQUAL(served[slot], 1000 / MANY_READERS);
}

static void what_others_leave_is_for_who_has_more(void)
{
	unsigned served[SLOTS];

	begin();
	serve(800, 4, served);
	CU_ASSERT_EQUAL(served[8], 800);
	CU_ASSERT_EQUAL(served[9], 800);
	for (uint32_t slot = 0; slot < MANY_READERS; slot++)
		CU_ASSERT_EQUAL(served[slot], 2 * 800 / MANY_READERS);
}

static void nobody_is_first_in_two_turns_on_end(void)
{
	uint32_t first, before = WL_ROTATION_NOBODY;

	begin();
	for (unsigned turn = 0; turn < 300; turn++) {
		wl_rotation_begin_turn(&rotation);
		first = wl_rotation_next(&rotation);
		CU_ASSERT_NOT_EQUAL(first, before);
		before = first;
		while (wl_rotation_next(&rotation) != WL_ROTATION_NOBODY) {
		}
	}
}

static void reader_that_leaves_in_a_turn_has_none(void)
{
	uint32_t slot;

	begin();
	wl_rotation_begin_turn(&rotation);
	wl_rotation_remove(&rotation, 8);
	wl_rotation_remove(&rotation, 8);
	wl_rotation_remove(&rotation, 0);
	while ((slot = wl_rotation_next(&rotation)) != WL_ROTATION_NOBODY)
		CU_ASSERT_TRUE(slot != 8 && slot != 0);
	wl_rotation_add(&rotation, 8, OTHER); /* the slot is somebody else's now */
	wl_rotation_begin_turn(&rotation);
	CU_ASSERT_EQUAL(rotation.client_count, 2);
	for (uint32_t gone = 0; gone < SLOTS; gone++)
		wl_rotation_remove(&rotation, gone);
	CU_ASSERT_EQUAL(rotation.client_count, 0);
	CU_ASSERT_EQUAL(wl_rotation_next(&rotation), WL_ROTATION_NOBODY);
}

static void all_places_can_be_taken_by_clients_of_one_each(void)
{
	uint64_t seen = 0;
	uint32_t slot;

	memset(&rotation, 0, sizeof(rotation));
	for (slot = 0; slot < WIRELOG_SUBSCRIPTIONS_MAX; slot++)
		wl_rotation_add(&rotation, slot, MANY + slot);
	wl_rotation_begin_turn(&rotation);
	while ((slot = wl_rotation_next(&rotation)) != WL_ROTATION_NOBODY)
		seen |= (uint64_t)1 << slot;
	CU_ASSERT_EQUAL(seen, UINT64_MAX);
}

WL_SUITE(rotation)
{
	WL_TEST(each_reader_has_one_turn_in_a_turn),
	WL_TEST(clients_are_served_alike_whatever_they_have),
	WL_TEST(what_others_leave_is_for_who_has_more),
	WL_TEST(nobody_is_first_in_two_turns_on_end),
	WL_TEST(reader_that_leaves_in_a_turn_has_none),
	WL_TEST(all_places_can_be_taken_by_clients_of_one_each),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/remote.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

#define IDLE_NS 1000u
#define CLIENT(which) (WL_IDENTITY_CLIENT | (which))

static struct wl_remote_table table;
static void *memory;

static void start(uint32_t slots)
{
	free(memory);
	memory = aligned_alloc(64, wl_remote_table_memory_bytes(slots));
	memset(memory, 0xee,
	       wl_remote_table_memory_bytes(
		       slots)); /* the table trusts no zero that it did not write */
	wl_remote_table_init(&table, memory, slots);
}

static void added_client_is_found_and_others_are_not(void)
{
	struct wl_remote *one;

	start(16);
	CU_ASSERT_PTR_NULL(wl_remote_table_find(&table, CLIENT(1)));

	one = wl_remote_table_add(&table, CLIENT(1), 5, IDLE_NS);

	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_PTR_EQUAL(wl_remote_table_find(&table, CLIENT(1)), one);
	CU_ASSERT_PTR_NULL(wl_remote_table_find(&table, CLIENT(2)));
	CU_ASSERT_EQUAL(one->identity, CLIENT(1));
	CU_ASSERT_EQUAL(one->epoch, 0);
	CU_ASSERT_EQUAL(one->last_heard_ns, 5);
	CU_ASSERT_FALSE(one->address_known);
	CU_ASSERT_EQUAL(one->replay.highest, 0);
	CU_ASSERT_EQUAL(table.used, 1);
}

static void table_takes_as_many_clients_as_it_has_slots(void)
{
	start(32);
	for (uint32_t which = 1; which <= 32; which++)
		CU_ASSERT_PTR_NOT_NULL(
			wl_remote_table_add(&table, CLIENT(which * 977), which, IDLE_NS));
	CU_ASSERT_EQUAL(table.used, 32);
	for (uint32_t which = 1; which <= 32; which++)
		CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(which * 977)));
}

static void full_table_of_clients_that_speak_takes_nobody(void)
{
	start(4);
	for (uint32_t which = 1; which <= 4; which++)
		wl_remote_table_add(&table, CLIENT(which), 100, IDLE_NS);

	CU_ASSERT_PTR_NULL(wl_remote_table_add(&table, CLIENT(9), 100 + IDLE_NS, IDLE_NS));
	for (uint32_t which = 1; which <= 4; which++)
		CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(which)));
}

static void full_table_gives_up_the_client_that_is_silent_longest(void)
{
	struct wl_remote *added;

	start(4);
	for (uint32_t which = 1; which <= 4; which++) {
		added = wl_remote_table_add(&table, CLIENT(which), 100 + which, IDLE_NS);
		added->epoch = 77;
		wl_replay_accept(&added->replay, 50);
	}

	added = wl_remote_table_add(&table, CLIENT(9), 103 + IDLE_NS, IDLE_NS);

	CU_ASSERT_PTR_NOT_NULL_FATAL(added);
	CU_ASSERT_PTR_NULL(wl_remote_table_find(&table, CLIENT(1)));
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(2)));
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(9)));
	CU_ASSERT_EQUAL(added->epoch, 0); /* nothing of who was there before */
	CU_ASSERT_EQUAL(added->replay.highest, 0);
	CU_ASSERT_EQUAL(table.used, 4);
}

/* Eviction replaces in place, so a search that passes over a slot still finds what lies behind it. */
static void client_behind_an_evicted_one_is_still_found(void)
{
	start(8);
	for (uint32_t which = 1; which <= 8; which++)
		wl_remote_table_add(&table, CLIENT(which * 31), which == 3 ? 1 : 5000, IDLE_NS);

	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_add(&table, CLIENT(4444), 5000, IDLE_NS));

	for (uint32_t which = 1; which <= 8; which++) {
		if (which != 3)
			CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(which * 31)));
	}
}

static void newest_epoch_is_the_proven_one_or_the_remembered_floor(void)
{
	struct wl_remote remote = {.epoch = 5, .epoch_floor = 9};

	CU_ASSERT_EQUAL(wl_remote_newest_epoch(&remote), 9);
	remote.epoch = 10;
	CU_ASSERT_EQUAL(wl_remote_newest_epoch(&remote), 10);
	CU_ASSERT_EQUAL(wl_remote_boot_of((uint64_t)3 << 32 | 0xffffffff), 3);
}

static void table_of_an_odd_size_is_a_mistake_of_the_caller(void)
{
	WL_ASSERT_STOPS(wl_remote_table_init(&table, memory, 6));
	WL_ASSERT_STOPS(wl_remote_table_init(&table, memory, 0));
	free(memory);
	memory = NULL;
}

WL_SUITE(remote)
{
	WL_TEST(added_client_is_found_and_others_are_not),
	WL_TEST(table_takes_as_many_clients_as_it_has_slots),
	WL_TEST(full_table_of_clients_that_speak_takes_nobody),
	WL_TEST(full_table_gives_up_the_client_that_is_silent_longest),
	WL_TEST(client_behind_an_evicted_one_is_still_found),
	WL_TEST(newest_epoch_is_the_proven_one_or_the_remembered_floor),
	WL_TEST(table_of_an_odd_size_is_a_mistake_of_the_caller),
};

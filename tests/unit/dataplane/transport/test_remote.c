/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/remote.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define IDLE_NS 1000u
#define CLIENT(which) (WL_IDENTITY_CLIENT | (which))

static struct wl_remote_table table;
static struct wl_address where; /* of who comes next */
static void *memory;

static void start(uint32_t slots)
{
	free(memory);
	memory = aligned_alloc(64, wl_align_up(wl_remote_table_memory_bytes(slots), 64));
	where = (struct wl_address){.ipv4 = 1};
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

	one = wl_remote_table_add(&table, CLIENT(1), &where, 5, IDLE_NS);

	CU_ASSERT_PTR_NOT_NULL_FATAL(one);
	CU_ASSERT_PTR_EQUAL(wl_remote_table_find(&table, CLIENT(1)), one);
	CU_ASSERT_PTR_NULL(wl_remote_table_find(&table, CLIENT(2)));
	CU_ASSERT_EQUAL(one->identity, CLIENT(1));
	CU_ASSERT_EQUAL(one->boot_id, 0);
	CU_ASSERT_EQUAL(one->last_heard_ns, 5);
	CU_ASSERT_FALSE(one->address_known);
	CU_ASSERT_EQUAL(one->replay.highest, 0);
	CU_ASSERT_EQUAL(table.count, 1);
}

static void table_takes_as_many_clients_as_it_has_slots(void)
{
	start(32);
	for (uint32_t which = 1; which <= 32; which++) {
		where.ipv4 = which % 4;
		CU_ASSERT_PTR_NOT_NULL(
			wl_remote_table_add(&table, CLIENT(which * 977), &where, which, IDLE_NS));
	}
	CU_ASSERT_EQUAL(table.count, 32);
	for (uint32_t which = 1; which <= 32; which++)
		CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(which * 977)));
}

static void full_table_of_clients_that_speak_takes_nobody(void)
{
	start(4);
	for (uint32_t which = 1; which <= 4; which++) {
		where.ipv4 = which;
		wl_remote_table_add(&table, CLIENT(which), &where, 100, IDLE_NS);
	}

	CU_ASSERT_PTR_NULL(wl_remote_table_add(&table, CLIENT(9), &where, 100 + IDLE_NS, IDLE_NS));
	for (uint32_t which = 1; which <= 4; which++)
		CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(which)));
}

static void full_table_gives_up_the_client_that_is_silent_longest(void)
{
	struct wl_remote *added;

	start(4);
	for (uint32_t which = 1; which <= 4; which++) {
		where.ipv4 = which;
		added = wl_remote_table_add(&table, CLIENT(which), &where, 100 + which, IDLE_NS);
		added->boot_id = 77;
		wl_replay_accept(&added->replay, 50);
	}

	added = wl_remote_table_add(&table, CLIENT(9), &where, 103 + IDLE_NS, IDLE_NS);

	CU_ASSERT_PTR_NOT_NULL_FATAL(added);
	CU_ASSERT_PTR_NULL(wl_remote_table_find(&table, CLIENT(1)));
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(2)));
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(9)));
	CU_ASSERT_EQUAL(added->boot_id, 0); /* nothing of who was there before */
	CU_ASSERT_EQUAL(added->replay.highest, 0);
	CU_ASSERT_EQUAL(table.count, 4);
}

static void client_that_said_goodbye_leaves_its_place(void)
{
	struct wl_remote *gone;

	start(4);
	for (uint32_t which = 1; which <= 4; which++) {
		where.ipv4 = which;
		gone = wl_remote_table_add(&table, CLIENT(which), &where, 100, IDLE_NS);
	}
	CU_ASSERT_PTR_NULL(wl_remote_table_add(&table, CLIENT(9), &where, 101, IDLE_NS));
	wl_remote_table_forget(&table, gone);

	CU_ASSERT_PTR_NULL(wl_remote_table_find(&table, CLIENT(4)));
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_add(&table, CLIENT(9), &where, 101, IDLE_NS));
	CU_ASSERT_EQUAL(table.count, 4);
	CU_ASSERT_EQUAL(table.challenge_floor_ns, 100);
}

static void one_host_leaves_places_to_the_others(void)
{
	uint32_t taken = 0;

	start(16);
	for (uint32_t which = 1; which <= 16; which++)
		taken += wl_remote_table_add(&table, CLIENT(which), &where, 100, IDLE_NS) != NULL;
	CU_ASSERT_EQUAL(taken, 12);
	where.ipv4 = 2;
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_add(&table, CLIENT(99), &where, 100, IDLE_NS));
	/* It takes the place of its own that is quiet, not that of a stranger. */
	where.ipv4 = 1;
	wl_remote_table_heard(&table, wl_remote_table_find(&table, CLIENT(1)), 101 + IDLE_NS);
	CU_ASSERT_PTR_NOT_NULL(
		wl_remote_table_add(&table, CLIENT(50), &where, 101 + IDLE_NS, IDLE_NS));
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(99)));
	CU_ASSERT_PTR_NOT_NULL(wl_remote_table_find(&table, CLIENT(1)));
	CU_ASSERT_PTR_NULL(wl_remote_table_find(&table, CLIENT(2)));
}

static void who_speaks_is_never_pushed_out(void)
{
	uint64_t now_ns = 1000000000;

	start(8);
	wl_remote_table_add(&table, CLIENT(7777), &where, now_ns, IDLE_NS);
	for (uint32_t which = 1; which <= 1000; which++) {
		now_ns += 60000000;
		where.ipv4 = which;
		wl_remote_table_heard(&table, wl_remote_table_find(&table, CLIENT(7777)), now_ns);
		CU_ASSERT_PTR_NOT_NULL(
			wl_remote_table_add(&table, CLIENT(which), &where, now_ns, 200000000));
		CU_ASSERT_PTR_NOT_NULL_FATAL(wl_remote_table_find(&table, CLIENT(7777)));
	}
}

static void newest_boot_id_is_the_proven_one_or_the_remembered_floor(void)
{
	struct wl_remote remote = {.boot_id = 5, .boot_floor = 9};

	CU_ASSERT_EQUAL(wl_remote_newest_boot(&remote), 9);
	remote.boot_id = 10;
	CU_ASSERT_EQUAL(wl_remote_newest_boot(&remote), 10);
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
	WL_TEST(client_that_said_goodbye_leaves_its_place),
	WL_TEST(one_host_leaves_places_to_the_others),
	WL_TEST(who_speaks_is_never_pushed_out),
	WL_TEST(newest_boot_id_is_the_proven_one_or_the_remembered_floor),
	WL_TEST(table_of_an_odd_size_is_a_mistake_of_the_caller),
};

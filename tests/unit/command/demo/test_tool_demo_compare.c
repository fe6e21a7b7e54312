/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/demo/tool_demo_compare.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/runner.h"

#define MESSAGES 10u
#define SESSION 77u

static struct wl_demo_compare compare;
static unsigned source_at;
static char source_text[32];

static size_t write_message(char *to, size_t size, unsigned which)
{
	return (size_t)snprintf(to, size, "message %u", which);
}

static bool next_source(void *context, const uint8_t **bytes, size_t *size)
{
	(void)context;
	if (source_at == MESSAGES)
		return false;
	*size = write_message(source_text, sizeof(source_text), source_at++);
	*bytes = (const uint8_t *)source_text;
	return true;
}

static void begin(void)
{
	source_at = 0;
	wl_demo_compare_init(&compare, MESSAGES, SESSION, 5);
	compare.next_source = next_source;
}

/* The record with the source's message `which`, under a number. */
static struct wl_demo_compare_record make_record(uint64_t number, unsigned which)
{
	static char text[32];
	size_t size = write_message(text, sizeof(text), which);

	return (struct wl_demo_compare_record){
		.number = number,
		.session = SESSION,
		.sequence = 5 + which,
		.bytes = (const uint8_t *)text,
		.size = size,
	};
}

static void take(uint64_t number, unsigned which)
{
	struct wl_demo_compare_record record = make_record(number, which);

	wl_demo_compare_take(&compare, &record);
}

static void the_same_records_in_order_hold(void)
{
	begin();
	for (unsigned which = 0; which < MESSAGES; which++)
		take(which + 1, which);
	wl_demo_compare_end(&compare);

	CU_ASSERT_TRUE(wl_demo_compare_holds(&compare));
	CU_ASSERT_EQUAL(compare.stored, MESSAGES);
	CU_ASSERT_EQUAL(compare.bytes, MESSAGES * strlen("message 0"));
	CU_ASSERT_EQUAL(compare.first_wrong, 0);
}

static void a_record_that_comes_twice_is_a_duplicate(void)
{
	begin();
	for (unsigned which = 0; which < 4; which++)
		take(which + 1, which);
	take(5, 3);
	for (unsigned which = 4; which < MESSAGES; which++)
		take(which + 2, which);
	wl_demo_compare_end(&compare);

	CU_ASSERT_FALSE(wl_demo_compare_holds(&compare));
	CU_ASSERT_EQUAL(compare.duplicates, 1);
	CU_ASSERT_EQUAL(compare.lost, 0);
	CU_ASSERT_EQUAL(compare.different, 0);
	CU_ASSERT_EQUAL(compare.first_wrong, 5);
}

static void records_left_out_in_the_middle_and_at_the_end_are_lost(void)
{
	begin();
	take(1, 0);
	take(2, 3);
	for (unsigned which = 4; which < MESSAGES - 1; which++)
		take(which - 1, which);
	wl_demo_compare_end(&compare);

	CU_ASSERT_FALSE(wl_demo_compare_holds(&compare));
	CU_ASSERT_EQUAL(compare.lost, 3);
	CU_ASSERT_EQUAL(compare.different, 0);
	CU_ASSERT_EQUAL(compare.misnumbered, 0);
	CU_ASSERT_EQUAL(compare.stored, MESSAGES - 3);
}

static void nothing_read_is_all_lost(void)
{
	begin();
	wl_demo_compare_end(&compare);

	CU_ASSERT_FALSE(wl_demo_compare_holds(&compare));
	CU_ASSERT_EQUAL(compare.lost, MESSAGES);
}

static void one_changed_byte_or_a_changed_length_is_different(void)
{
	struct wl_demo_compare_record record;

	begin();
	take(1, 0);
	record = make_record(2, 1);
	((char *)(uintptr_t)record.bytes)[0] ^= 1;
	wl_demo_compare_take(&compare, &record);
	record = make_record(3, 2);
	record.size--;
	wl_demo_compare_take(&compare, &record);
	for (unsigned which = 3; which < MESSAGES; which++)
		take(which + 1, which);
	wl_demo_compare_end(&compare);

	CU_ASSERT_FALSE(wl_demo_compare_holds(&compare));
	CU_ASSERT_EQUAL(compare.different, 2);
	CU_ASSERT_EQUAL(compare.lost, 0);
	CU_ASSERT_EQUAL(compare.first_wrong, 2);
}

static void a_hole_in_the_numbers_does_not_hold(void)
{
	begin();
	for (unsigned which = 0; which < MESSAGES; which++)
		take(which < 5 ? which + 1 : which + 2, which);
	wl_demo_compare_end(&compare);

	CU_ASSERT_FALSE(wl_demo_compare_holds(&compare));
	CU_ASSERT_EQUAL(compare.misnumbered, 1);
	CU_ASSERT_EQUAL(compare.stored, MESSAGES);
}

static void records_of_others_and_beyond_the_source_do_not_hold(void)
{
	struct wl_demo_compare_record record;

	begin();
	for (unsigned which = 0; which < MESSAGES; which++)
		take(which + 1, which);
	take(MESSAGES + 1, MESSAGES);
	record = make_record(MESSAGES + 2, 0);
	record.session++;
	wl_demo_compare_take(&compare, &record);
	wl_demo_compare_end(&compare);

	CU_ASSERT_FALSE(wl_demo_compare_holds(&compare));
	CU_ASSERT_EQUAL(compare.unknown, 1);
	CU_ASSERT_EQUAL(compare.foreign, 1);
	CU_ASSERT_EQUAL(compare.stored, MESSAGES);
}

WL_SUITE(tool_demo_compare)
{
	WL_TEST(the_same_records_in_order_hold),
	WL_TEST(a_record_that_comes_twice_is_a_duplicate),
	WL_TEST(records_left_out_in_the_middle_and_at_the_end_are_lost),
	WL_TEST(nothing_read_is_all_lost),
	WL_TEST(one_changed_byte_or_a_changed_length_is_different),
	WL_TEST(a_hole_in_the_numbers_does_not_hold),
	WL_TEST(records_of_others_and_beyond_the_source_do_not_hold),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/command/itch/itch_day_check.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit/runner.h"

#define SLOTS 16u /* 12 orders at most */

static struct wl_itch_day_order orders[SLOTS];
static struct wl_itch_day_check check;
static uint64_t now_ns;

static enum wl_itch_day_fault feed(struct wl_itch_message message)
{
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];

	message.timestamp_ns = now_ns;
	return wl_itch_day_check_message(&check, bytes, wl_itch_encode(&message, bytes));
}

static enum wl_itch_day_fault feed_event(char code)
{
	return feed((struct wl_itch_message){.type = 'S', .code = code});
}

static struct wl_itch_message about_stock(char type, uint16_t locate)
{
	struct wl_itch_message message = {
		.type = type,
		.locate = locate,
		.side = 'B',
		.code = 'Y',
		.shares = 100,
		.price = 10000,
	};

	memcpy(message.stock, locate == 1 ? "ONE     " : "TWO     ", WL_ITCH_STOCK_BYTES);
	return message;
}

static struct wl_itch_message about_order(char type, uint64_t reference)
{
	struct wl_itch_message message = about_stock(type, 1);

	message.reference = reference;
	return message;
}

/* Market hours, two stocks, order 10 of 100 shares on stock 1. */
static void open_market(void)
{
	now_ns = 1000;
	wl_itch_day_check_init(&check, orders, SLOTS);
	CU_ASSERT_EQUAL(feed_event('O'), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed(about_stock('R', 1)), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed(about_stock('R', 2)), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed_event('S'), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed_event('Q'), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed(about_order('A', 10)), WL_ITCH_DAY_OK);
}

static void whole_day_is_accepted(void)
{
	open_market();
	CU_ASSERT_EQUAL(feed(about_order('D', 10)), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed_event('M'), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed_event('E'), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(wl_itch_day_check_end(&check), WL_ITCH_DAY_UNFINISHED);
	CU_ASSERT_EQUAL(feed_event('C'), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(wl_itch_day_check_end(&check), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(check.messages, 10);
}

static void events_out_of_order_are_found(void)
{
	open_market();
	CU_ASSERT_EQUAL(feed_event('Q'), WL_ITCH_DAY_EVENT_ORDER);
	CU_ASSERT_EQUAL(feed_event('E'), WL_ITCH_DAY_EVENT_ORDER);

	wl_itch_day_check_init(&check, orders, SLOTS);
	CU_ASSERT_EQUAL(feed(about_stock('R', 1)), WL_ITCH_DAY_EVENT_ORDER);
	CU_ASSERT_EQUAL(feed_event('S'), WL_ITCH_DAY_EVENT_ORDER);
}

static void messages_outside_their_hours_are_found(void)
{
	open_market();
	CU_ASSERT_EQUAL(feed(about_stock('R', 3)), WL_ITCH_DAY_OUTSIDE_HOURS);
	feed_event('M');
	CU_ASSERT_EQUAL(feed(about_order('A', 11)), WL_ITCH_DAY_OK);
	feed_event('E');
	CU_ASSERT_EQUAL(feed(about_order('A', 12)), WL_ITCH_DAY_OUTSIDE_HOURS);
	feed_event('C');
	CU_ASSERT_EQUAL(feed(about_order('A', 12)), WL_ITCH_DAY_EVENT_ORDER);
}

static void time_that_falls_or_passes_midnight_is_found(void)
{
	open_market();
	now_ns = 999;
	CU_ASSERT_EQUAL(feed(about_order('A', 11)), WL_ITCH_DAY_TIME_FALLS);
	now_ns = WL_ITCH_DAY_NS;
	CU_ASSERT_EQUAL(feed(about_order('A', 11)), WL_ITCH_DAY_TIME_BEYOND_MIDNIGHT);
	now_ns = WL_ITCH_DAY_NS - 1;
	CU_ASSERT_EQUAL(feed(about_order('A', 11)), WL_ITCH_DAY_OK);
}

static void order_that_does_not_live_is_found(void)
{
	open_market();
	for (const char *type = "ECXDU"; *type != 0; type++) {
		struct wl_itch_message message = about_order(*type, 11);

		message.match = 1;
		message.new_reference = 12;
		CU_ASSERT_EQUAL(feed(message), WL_ITCH_DAY_REFERENCE_NOT_LIVE);
	}
	CU_ASSERT_EQUAL(feed(about_order('D', 0)), WL_ITCH_DAY_REFERENCE_NOT_LIVE);
	feed(about_order('D', 10));
	CU_ASSERT_EQUAL(feed(about_order('D', 10)), WL_ITCH_DAY_REFERENCE_NOT_LIVE);
}

static void reference_that_is_not_new_is_found(void)
{
	struct wl_itch_message replace = about_order('U', 10);

	open_market();
	CU_ASSERT_EQUAL(feed(about_order('A', 10)), WL_ITCH_DAY_REFERENCE_NOT_NEW);
	CU_ASSERT_EQUAL(feed(about_order('F', 9)), WL_ITCH_DAY_REFERENCE_NOT_NEW);
	replace.new_reference = 10;
	CU_ASSERT_EQUAL(feed(replace), WL_ITCH_DAY_REFERENCE_NOT_NEW);
	replace.new_reference = 11;
	CU_ASSERT_EQUAL(feed(replace), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed(about_order('D', 10)), WL_ITCH_DAY_REFERENCE_NOT_LIVE);
	CU_ASSERT_EQUAL(feed(about_order('D', 11)), WL_ITCH_DAY_OK);
}

static void shares_beyond_the_order_are_found(void)
{
	struct wl_itch_message execute = about_order('E', 10), cancel = about_order('X', 10);

	open_market();
	CU_ASSERT_EQUAL(feed(cancel), WL_ITCH_DAY_SHARES_EXCEEDED); /* 100 of 100: a delete */
	cancel.shares = 99;
	CU_ASSERT_EQUAL(feed(cancel), WL_ITCH_DAY_OK);
	execute.match = 1;
	execute.shares = 2;
	CU_ASSERT_EQUAL(feed(execute), WL_ITCH_DAY_SHARES_EXCEEDED);
	execute.shares = 0;
	CU_ASSERT_EQUAL(feed(execute), WL_ITCH_DAY_SHARES_NONE);
	execute.shares = 1;
	CU_ASSERT_EQUAL(feed(execute), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(check.live, 0);
	CU_ASSERT_EQUAL(feed(about_order('D', 10)), WL_ITCH_DAY_REFERENCE_NOT_LIVE);
}

static void match_number_that_does_not_grow_is_found(void)
{
	struct wl_itch_message trade = about_stock('P', 1);

	open_market();
	trade.match = 5;
	CU_ASSERT_EQUAL(feed(trade), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed(trade), WL_ITCH_DAY_MATCH_NOT_NEW);
}

static void stock_or_locate_of_another_is_found(void)
{
	struct wl_itch_message message = about_order('A', 11);

	open_market();
	message.locate = 2;
	CU_ASSERT_EQUAL(feed(message), WL_ITCH_DAY_STOCK_DIFFERS);
	message.locate = 3;
	CU_ASSERT_EQUAL(feed(message), WL_ITCH_DAY_LOCATE_UNKNOWN);
	message = about_order('D', 10);
	message.locate = 2;
	CU_ASSERT_EQUAL(feed(message), WL_ITCH_DAY_LOCATE_DIFFERS);

	wl_itch_day_check_init(&check, orders, SLOTS);
	feed_event('O');
	CU_ASSERT_EQUAL(feed(about_stock('R', 1)), WL_ITCH_DAY_OK);
	CU_ASSERT_EQUAL(feed(about_stock('R', 1)), WL_ITCH_DAY_LOCATE_TWICE);
}

static void fields_that_cannot_be_are_found(void)
{
	struct wl_itch_message message = about_order('A', 11);
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX] = {'I'};

	open_market();
	message.side = 'b';
	CU_ASSERT_EQUAL(feed(message), WL_ITCH_DAY_BAD_FIELD);
	message = about_order('A', 11);
	message.price = 0;
	CU_ASSERT_EQUAL(feed(message), WL_ITCH_DAY_BAD_FIELD);
	CU_ASSERT_EQUAL(wl_itch_day_check_message(&check, bytes, 49), WL_ITCH_DAY_MALFORMED);
	now_ns = 0;
	check.last_ns = 0;
	CU_ASSERT_EQUAL(wl_itch_day_check_message(&check, bytes, 50), WL_ITCH_DAY_UNSUPPORTED);
}

/* Removal closes gaps in the table; a mistake there loses orders that collided. */
static void table_forgets_no_order_through_churn_up_to_its_limit(void)
{
	uint64_t oldest = 10, newest = 10;
	bool consistent = true;

	open_market();
	while (newest < 21)
		consistent = consistent && feed(about_order('A', ++newest)) == WL_ITCH_DAY_OK;
	CU_ASSERT_EQUAL(feed(about_order('A', newest + 1)), WL_ITCH_DAY_TABLE_FULL);
	for (int round = 0; round < 2000; round++) {
		/* Now the oldest goes, now one from the middle: it is replaced and moves to the end. */
		struct wl_itch_message replace = about_order('U', oldest + 1);

		consistent = consistent && feed(about_order('D', oldest)) == WL_ITCH_DAY_OK;
		replace.new_reference = ++newest;
		consistent = consistent && feed(replace) == WL_ITCH_DAY_OK;
		consistent = consistent && feed(about_order('A', ++newest)) == WL_ITCH_DAY_OK;
		oldest += 2;
		consistent = consistent && check.live == 12;
	}
	CU_ASSERT_TRUE(consistent);
}

static void every_fault_has_a_text(void)
{
	for (int fault = WL_ITCH_DAY_OK; fault <= WL_ITCH_DAY_UNFINISHED; fault++)
		CU_ASSERT_PTR_NOT_NULL(wl_itch_day_check_text((enum wl_itch_day_fault)fault));
	CU_ASSERT_STRING_EQUAL(wl_itch_day_check_text((enum wl_itch_day_fault)999),
			       "an unknown fault");
}

WL_SUITE(itch_day_check)
{
	WL_TEST(whole_day_is_accepted),
	WL_TEST(events_out_of_order_are_found),
	WL_TEST(messages_outside_their_hours_are_found),
	WL_TEST(time_that_falls_or_passes_midnight_is_found),
	WL_TEST(order_that_does_not_live_is_found),
	WL_TEST(reference_that_is_not_new_is_found),
	WL_TEST(shares_beyond_the_order_are_found),
	WL_TEST(match_number_that_does_not_grow_is_found),
	WL_TEST(stock_or_locate_of_another_is_found),
	WL_TEST(fields_that_cannot_be_are_found),
	WL_TEST(table_forgets_no_order_through_churn_up_to_its_limit),
	WL_TEST(every_fault_has_a_text),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows an ITCH 5.0 day message by message and finds the first one that
 * contradicts those before it: an order that does not live, too many shares, a
 * time that falls, an event out of order. For tests of the synthetic day and of
 * what came back from a journal; it is stricter than NASDAQ: references of new
 * orders and match numbers must grow.
 *
 * The caller owns the struct (0.5 MiB: a symbol for each locate code) and the
 * table of live orders. Pure, thread: one at a time. After a fault the state
 * stays as it was before the faulty message.
 */
#ifndef WL_TESTS_UNIT_COMMAND_ITCH_ITCH_DAY_CHECK_H
#define WL_TESTS_UNIT_COMMAND_ITCH_ITCH_DAY_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "command/itch/itch.h"

enum wl_itch_day_fault {
	WL_ITCH_DAY_OK = 0,
	WL_ITCH_DAY_MALFORMED, /* wl_itch_check would say why */
	WL_ITCH_DAY_UNSUPPORTED, /* a type that this checker does not follow */
	WL_ITCH_DAY_EVENT_ORDER, /* events are O S Q M E C, first O, last C, each once */
	WL_ITCH_DAY_OUTSIDE_HOURS, /* orders need system hours, directory comes before them */
	WL_ITCH_DAY_TIME_FALLS,
	WL_ITCH_DAY_TIME_BEYOND_MIDNIGHT,
	WL_ITCH_DAY_LOCATE_TWICE,
	WL_ITCH_DAY_LOCATE_UNKNOWN,
	WL_ITCH_DAY_STOCK_DIFFERS, /* from the stock that the locate code was given */
	WL_ITCH_DAY_LOCATE_DIFFERS, /* from the order's */
	WL_ITCH_DAY_REFERENCE_NOT_NEW,
	WL_ITCH_DAY_REFERENCE_NOT_LIVE,
	WL_ITCH_DAY_SHARES_NONE,
	WL_ITCH_DAY_SHARES_EXCEEDED, /* more than the order has; a cancel must leave one */
	WL_ITCH_DAY_MATCH_NOT_NEW,
	WL_ITCH_DAY_BAD_FIELD, /* a side that is neither B nor S, a price of zero */
	WL_ITCH_DAY_TABLE_FULL,
	WL_ITCH_DAY_UNFINISHED, /* no end-of-messages event */
};

struct wl_itch_day_order {
	uint64_t reference; /* 0: free slot */
	uint32_t shares;
	uint16_t locate;
};

struct wl_itch_day_check {
	struct wl_itch_day_order *orders; /* open addressing, linear probing */
	size_t slots; /* a power of two */
	size_t live;
	uint64_t messages; /* accepted so far; a fault is in message number messages + 1 */
	uint64_t last_ns;
	uint64_t last_reference;
	uint64_t last_match;
	unsigned int events; /* how many of O S Q M E C have come */
	char stocks[65536][WL_ITCH_STOCK_BYTES]; /* by locate; first byte 0: not announced */
};

/* `slots` is a power of two; at most three quarters of it can live at one time. */
void wl_itch_day_check_init(struct wl_itch_day_check *check, struct wl_itch_day_order *orders,
			    size_t slots);
enum wl_itch_day_fault wl_itch_day_check_message(struct wl_itch_day_check *check,
						 const uint8_t *message, size_t size);
/* After the last message: was it a whole day? */
enum wl_itch_day_fault wl_itch_day_check_end(const struct wl_itch_day_check *check);
const char *wl_itch_day_check_text(enum wl_itch_day_fault fault);

#endif

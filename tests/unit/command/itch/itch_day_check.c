/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/command/itch/itch_day_check.h"

#include <stdbool.h>
#include <string.h>

static const char day_events[] = "OSQMEC";

enum { EVENTS_MESSAGES_OPEN = 1, EVENTS_HOURS_OPEN = 2, EVENTS_HOURS_CLOSED = 5, EVENTS_ALL = 6 };

void wl_itch_day_check_init(struct wl_itch_day_check *check, struct wl_itch_day_order *orders,
			    size_t slots)
{
	memset(check, 0, sizeof(*check));
	memset(orders, 0, slots * sizeof(*orders));
	check->orders = orders;
	check->slots = slots;
}

static size_t home_slot(const struct wl_itch_day_check *check, uint64_t reference)
{
	return (size_t)((reference * 0x9e3779b97f4a7c15u) >> 20) & (check->slots - 1);
}

static struct wl_itch_day_order *find_order(struct wl_itch_day_check *check, uint64_t reference)
{
	size_t slot = home_slot(check, reference);

	if (reference == 0)
		return NULL;
	while (check->orders[slot].reference != 0) {
		if (check->orders[slot].reference == reference)
			return &check->orders[slot];
		slot = (slot + 1) & (check->slots - 1);
	}
	return NULL;
}

static enum wl_itch_day_fault add_order(struct wl_itch_day_check *check,
					struct wl_itch_day_order order)
{
	size_t slot = home_slot(check, order.reference);

	if (check->live >= check->slots / 4 * 3)
		return WL_ITCH_DAY_TABLE_FULL;
	while (check->orders[slot].reference != 0)
		slot = (slot + 1) & (check->slots - 1);
	check->orders[slot] = order;
	check->live++;
	check->last_reference = order.reference;
	return WL_ITCH_DAY_OK;
}

/* Closes the hole by moving back those behind it that it kept from their home. */
static void remove_order(struct wl_itch_day_check *check, struct wl_itch_day_order *order)
{
	size_t mask = check->slots - 1;
	size_t hole = (size_t)(order - check->orders);

	for (size_t slot = (hole + 1) & mask; check->orders[slot].reference != 0;
	     slot = (slot + 1) & mask) {
		size_t home = home_slot(check, check->orders[slot].reference);

		if (((slot - home) & mask) >= ((slot - hole) & mask)) {
			check->orders[hole] = check->orders[slot];
			hole = slot;
		}
	}
	memset(&check->orders[hole], 0, sizeof(check->orders[hole]));
	check->live--;
}

static bool has_stock(char type)
{
	return strchr("HYAFPQ", type) != NULL;
}

static bool has_price(char type)
{
	return strchr("AFCUPQ", type) != NULL;
}

static enum wl_itch_day_fault check_event(struct wl_itch_day_check *check, char code)
{
	if (check->events == EVENTS_ALL || day_events[check->events] != code)
		return WL_ITCH_DAY_EVENT_ORDER;
	check->events++;
	return WL_ITCH_DAY_OK;
}

static enum wl_itch_day_fault check_directory(struct wl_itch_day_check *check,
					      const struct wl_itch_message *message)
{
	char *stock = check->stocks[message->locate];

	if (check->events != EVENTS_MESSAGES_OPEN)
		return WL_ITCH_DAY_OUTSIDE_HOURS;
	if (stock[0] != 0)
		return WL_ITCH_DAY_LOCATE_TWICE;
	if (message->stock[0] == 0)
		return WL_ITCH_DAY_BAD_FIELD;
	memcpy(stock, message->stock, WL_ITCH_STOCK_BYTES);
	return WL_ITCH_DAY_OK;
}

/* What holds for a message by itself, given the stocks announced before. */
static enum wl_itch_day_fault check_fields(const struct wl_itch_day_check *check,
					   const struct wl_itch_message *message)
{
	const char *stock = check->stocks[message->locate];
	char type = message->type;

	if (strchr("HYAFECXDUPQ", type) == NULL)
		return WL_ITCH_DAY_UNSUPPORTED;
	if (stock[0] == 0)
		return WL_ITCH_DAY_LOCATE_UNKNOWN;
	if (has_stock(type) && memcmp(stock, message->stock, WL_ITCH_STOCK_BYTES) != 0)
		return WL_ITCH_DAY_STOCK_DIFFERS;
	if (type == WL_ITCH_TRADING_ACTION || type == WL_ITCH_SHORT_SALE_RESTRICTION)
		return WL_ITCH_DAY_OK;
	if (check->events < EVENTS_HOURS_OPEN || check->events >= EVENTS_HOURS_CLOSED)
		return WL_ITCH_DAY_OUTSIDE_HOURS;
	if (has_price(type) && message->price == 0)
		return WL_ITCH_DAY_BAD_FIELD;
	if ((type == WL_ITCH_ADD || type == WL_ITCH_ADD_ATTRIBUTED || type == WL_ITCH_TRADE) &&
	    message->side != 'B' && message->side != 'S')
		return WL_ITCH_DAY_BAD_FIELD;
	if (type != WL_ITCH_DELETE && message->shares == 0)
		return WL_ITCH_DAY_SHARES_NONE;
	if (strchr("ECPQ", type) != NULL && message->match <= check->last_match)
		return WL_ITCH_DAY_MATCH_NOT_NEW;
	return WL_ITCH_DAY_OK;
}

static enum wl_itch_day_fault check_replace(struct wl_itch_day_check *check,
					    const struct wl_itch_message *message,
					    struct wl_itch_day_order *order)
{
	struct wl_itch_day_order replacement = {
		.reference = message->new_reference,
		.shares = (uint32_t)message->shares,
		.locate = message->locate,
	};

	if (message->new_reference <= check->last_reference)
		return WL_ITCH_DAY_REFERENCE_NOT_NEW;
	remove_order(check, order);
	return add_order(check, replacement);
}

/* Messages that name a live order: E C X D U. */
static enum wl_itch_day_fault check_change(struct wl_itch_day_check *check,
					   const struct wl_itch_message *message)
{
	struct wl_itch_day_order *order = find_order(check, message->reference);

	if (order == NULL)
		return WL_ITCH_DAY_REFERENCE_NOT_LIVE;
	if (order->locate != message->locate)
		return WL_ITCH_DAY_LOCATE_DIFFERS;
	switch (message->type) {
	case WL_ITCH_DELETE:
		remove_order(check, order);
		return WL_ITCH_DAY_OK;
	case WL_ITCH_REPLACE:
		return check_replace(check, message, order);
	case WL_ITCH_CANCEL:
		if (message->shares >= order->shares)
			return WL_ITCH_DAY_SHARES_EXCEEDED;
		break;
	default:
		if (message->shares > order->shares)
			return WL_ITCH_DAY_SHARES_EXCEEDED;
		break;
	}
	order->shares -= (uint32_t)message->shares;
	if (order->shares == 0)
		remove_order(check, order);
	return WL_ITCH_DAY_OK;
}

static enum wl_itch_day_fault check_order(struct wl_itch_day_check *check,
					  const struct wl_itch_message *message)
{
	enum wl_itch_day_fault fault = check_fields(check, message);

	if (fault != WL_ITCH_DAY_OK)
		return fault;
	if (message->type == WL_ITCH_ADD || message->type == WL_ITCH_ADD_ATTRIBUTED) {
		struct wl_itch_day_order order = {
			.reference = message->reference,
			.shares = (uint32_t)message->shares,
			.locate = message->locate,
		};

		if (order.reference <= check->last_reference)
			return WL_ITCH_DAY_REFERENCE_NOT_NEW;
		return add_order(check, order);
	}
	if (strchr("ECXDU", message->type) != NULL)
		fault = check_change(check, message);
	if (fault == WL_ITCH_DAY_OK && strchr("ECPQ", message->type) != NULL)
		check->last_match = message->match;
	return fault;
}

enum wl_itch_day_fault wl_itch_day_check_message(struct wl_itch_day_check *check,
						 const uint8_t *message, size_t size)
{
	struct wl_itch_message decoded = {0};
	enum wl_itch_day_fault fault;

	if (wl_itch_decode(&decoded, message, size) != WL_ITCH_OK)
		return WL_ITCH_DAY_MALFORMED;
	if (decoded.type != WL_ITCH_SYSTEM_EVENT &&
	    (check->events == 0 || check->events == EVENTS_ALL))
		return WL_ITCH_DAY_EVENT_ORDER;
	if (decoded.timestamp_ns < check->last_ns)
		return WL_ITCH_DAY_TIME_FALLS;
	if (decoded.timestamp_ns >= WL_ITCH_DAY_NS)
		return WL_ITCH_DAY_TIME_BEYOND_MIDNIGHT;

	if (decoded.type == WL_ITCH_SYSTEM_EVENT)
		fault = check_event(check, decoded.code);
	else if (decoded.type == WL_ITCH_STOCK_DIRECTORY)
		fault = check_directory(check, &decoded);
	else
		fault = check_order(check, &decoded);
	if (fault != WL_ITCH_DAY_OK)
		return fault;
	check->last_ns = decoded.timestamp_ns;
	check->messages++;
	return WL_ITCH_DAY_OK;
}

enum wl_itch_day_fault wl_itch_day_check_end(const struct wl_itch_day_check *check)
{
	return check->events == EVENTS_ALL ? WL_ITCH_DAY_OK : WL_ITCH_DAY_UNFINISHED;
}

const char *wl_itch_day_check_text(enum wl_itch_day_fault fault)
{
	static const char *const texts[] = {
		[WL_ITCH_DAY_OK] = "consistent",
		[WL_ITCH_DAY_MALFORMED] = "not a whole ITCH 5.0 message",
		[WL_ITCH_DAY_UNSUPPORTED] = "a message type that is not followed",
		[WL_ITCH_DAY_EVENT_ORDER] = "system events are not O S Q M E C around the day",
		[WL_ITCH_DAY_OUTSIDE_HOURS] = "outside the hours of its kind of message",
		[WL_ITCH_DAY_TIME_FALLS] = "a time before that of the last message",
		[WL_ITCH_DAY_TIME_BEYOND_MIDNIGHT] = "a time after midnight",
		[WL_ITCH_DAY_LOCATE_TWICE] = "a locate code that is already given",
		[WL_ITCH_DAY_LOCATE_UNKNOWN] = "a locate code without directory message",
		[WL_ITCH_DAY_STOCK_DIFFERS] = "not the stock of its locate code",
		[WL_ITCH_DAY_LOCATE_DIFFERS] = "not the locate code of its order",
		[WL_ITCH_DAY_REFERENCE_NOT_NEW] = "the reference of a new order does not grow",
		[WL_ITCH_DAY_REFERENCE_NOT_LIVE] = "an order that is not live",
		[WL_ITCH_DAY_SHARES_NONE] = "no shares",
		[WL_ITCH_DAY_SHARES_EXCEEDED] = "more shares than the order has",
		[WL_ITCH_DAY_MATCH_NOT_NEW] = "a match number that does not grow",
		[WL_ITCH_DAY_BAD_FIELD] = "a side, price or symbol that cannot be",
		[WL_ITCH_DAY_TABLE_FULL] = "more live orders than the checker has room for",
		[WL_ITCH_DAY_UNFINISHED] = "the day has no end-of-messages event",
	};

	if ((size_t)fault >= sizeof(texts) / sizeof(texts[0]))
		return "an unknown fault";
	return texts[fault];
}

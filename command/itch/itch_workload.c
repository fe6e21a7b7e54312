/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A day is a list of phases, each with a kind of message and a window of time:
 *
 *   O | directory | trading states | short sale | S | orders | Q | crosses | orders
 *     | M | crosses | orders | E | C
 *
 * Live orders lie in an array without holes: one is picked by a random slot and
 * removed by moving the last one there. Only integers are used, so that no
 * machine's floating point or logarithm makes a day of its own.
 */
#include "command/itch/itch_workload.h"

#include <string.h>

#define SECOND 1000000000ull
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define TICK 100u /* one cent */
#define PRICE_MIN (100 * TICK)
#define PRICE_MAX (100000 * TICK)

/* Gaps inside a burst: 800 ns on average, which is 1.25 M messages/s. */
#define BURST_GAP_NS 800u
#define BURST_MESSAGES_MAX 127u /* 64 on average */
#define BURST_EVERY 40u /* one background message in so many starts a burst */
/* So the share of the background: BURST_EVERY / (BURST_EVERY + 64) = 10 / 26. */
#define BACKGROUND_NUMERATOR 26u
#define BACKGROUND_DENOMINATOR 10u

enum phase_kind {
	PHASE_EVENT,
	PHASE_DIRECTORY,
	PHASE_TRADING_ACTION,
	PHASE_SHORT_SALE,
	PHASE_CROSS,
	PHASE_ORDERS,
};

struct phase {
	enum phase_kind kind;
	char code; /* of the event or the cross */
	uint64_t start_ns;
	uint64_t end_ns;
};

enum { PHASE_PRE_MARKET = 5, PHASE_MARKET = 8, PHASE_POST_MARKET = 11 };

static const struct phase phases[WL_ITCH_WORKLOAD_PHASES] = {
	{PHASE_EVENT, WL_ITCH_MESSAGES_START, 3 * HOUR, 3 * HOUR},
	{PHASE_DIRECTORY, 0, 3 * HOUR + 10 * MINUTE, 3 * HOUR + 11 * MINUTE},
	{PHASE_TRADING_ACTION, 'T', 3 * HOUR + 15 * MINUTE, 3 * HOUR + 16 * MINUTE},
	{PHASE_SHORT_SALE, '0', 3 * HOUR + 20 * MINUTE, 3 * HOUR + 21 * MINUTE},
	{PHASE_EVENT, WL_ITCH_HOURS_START, 4 * HOUR, 4 * HOUR},
	{PHASE_ORDERS, 0, 4 * HOUR, 9 * HOUR + 30 * MINUTE},
	{PHASE_EVENT, WL_ITCH_MARKET_START, 9 * HOUR + 30 * MINUTE, 9 * HOUR + 30 * MINUTE},
	{PHASE_CROSS, 'O', 9 * HOUR + 30 * MINUTE, 9 * HOUR + 30 * MINUTE + SECOND},
	{PHASE_ORDERS, 0, 9 * HOUR + 30 * MINUTE + SECOND, 16 * HOUR},
	{PHASE_EVENT, WL_ITCH_MARKET_END, 16 * HOUR, 16 * HOUR},
	{PHASE_CROSS, 'C', 16 * HOUR, 16 * HOUR + SECOND},
	{PHASE_ORDERS, 0, 16 * HOUR + SECOND, 20 * HOUR},
	{PHASE_EVENT, WL_ITCH_HOURS_END, 20 * HOUR, 20 * HOUR},
	{PHASE_EVENT, WL_ITCH_MESSAGES_END, 20 * HOUR + 5 * MINUTE, 20 * HOUR + 5 * MINUTE},
};

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t draw(struct wl_itch_workload *workload)
{
	uint64_t value = workload->random += 0x9e3779b97f4a7c15u;

	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
	return value ^ (value >> 31);
}

/* 0..bound-1; the bias of 2^-32 does not matter here. */
static uint32_t draw_below(struct wl_itch_workload *workload, uint32_t bound)
{
	return (uint32_t)(((draw(workload) >> 32) * bound) >> 32);
}

/*
 * Exponentially distributed: -ln(u) * mean. The logarithm to base 2 is the
 * position of the leading one, and for the fraction f behind it
 * log2(1 + f) ~ f + 0.3431 f (1 - f), wrong by less than 1 %.
 */
static uint64_t draw_gap(struct wl_itch_workload *workload, uint64_t mean_ns)
{
	const uint64_t one = (uint64_t)1 << 32;
	uint64_t bits = draw(workload) | 1;
	uint32_t zeros = (uint32_t)__builtin_clzll(bits);
	uint64_t f = ((bits << zeros) << 1) >> 32;
	uint64_t log2_f = f + ((((f * (one - f)) >> 32) * 1473610000u) >> 32);
	uint64_t minus_log2 = (uint64_t)(zeros + 1) * one - log2_f;
	uint64_t minus_ln = (uint64_t)(((unsigned __int128)minus_log2 * 2977044472u) >> 32);

	return (uint64_t)(((unsigned __int128)minus_ln * mean_ns) >> 32);
}

static void init_stocks(struct wl_itch_workload *workload)
{
	for (uint32_t i = 0; i < workload->stock_count; i++) {
		struct wl_itch_workload_stock *stock = &workload->stocks[i];

		memset(stock->symbol, ' ', sizeof(stock->symbol));
		stock->symbol[0] = 'W';
		stock->symbol[1] = (char)('A' + i / 26);
		stock->symbol[2] = (char)('A' + i % 26);
		stock->symbol[3] = 'X';
		stock->price = (500 + draw_below(workload, 49500)) * TICK;
	}
}

bool wl_itch_workload_init(struct wl_itch_workload *workload, uint64_t messages, uint64_t seed)
{
	uint64_t stocks = messages / 200, body, target;

	if (messages < WL_ITCH_WORKLOAD_MESSAGES_MIN)
		return false;
	if (stocks < 1)
		stocks = 1;
	if (stocks > WL_ITCH_WORKLOAD_STOCKS_MAX)
		stocks = WL_ITCH_WORKLOAD_STOCKS_MAX;
	memset(workload, 0, offsetof(struct wl_itch_workload, orders));
	workload->random = seed;
	workload->stock_count = (uint32_t)stocks;

	body = messages;
	for (uint32_t i = 0; i < WL_ITCH_WORKLOAD_PHASES; i++) {
		uint64_t count = stocks;

		if (phases[i].kind == PHASE_EVENT)
			count = 1;
		else if (phases[i].kind == PHASE_ORDERS ||
			 (phases[i].kind == PHASE_CROSS && messages < 200))
			count = 0;
		workload->phase_messages[i] = count;
		body -= count;
	}
	workload->phase_messages[PHASE_PRE_MARKET] = body / 50;
	workload->phase_messages[PHASE_POST_MARKET] = body / 50;
	workload->phase_messages[PHASE_MARKET] = body - 2 * (body / 50);

	target = messages / 64;
	if (target < 8)
		target = 8;
	if (target > WL_ITCH_WORKLOAD_ORDERS_MAX * 3 / 8)
		target = WL_ITCH_WORKLOAD_ORDERS_MAX * 3 / 8;
	workload->order_target = (uint32_t)target;
	init_stocks(workload);
	return true;
}

/*
 * The mean of the background follows from what is left of the window and of the
 * messages, so that a day of any size fills its sessions and never runs over.
 */
static void advance_clock(struct wl_itch_workload *workload, const struct phase *phase)
{
	uint64_t left = workload->phase_messages[workload->phase] - workload->phase_done;
	uint64_t window, mean, gap;

	if (workload->now_ns < phase->start_ns) {
		workload->now_ns = phase->start_ns;
		workload->burst_left = 0;
	}
	window = phase->end_ns - workload->now_ns;
	mean = window / left;
	if (workload->burst_left > 0) {
		workload->burst_left--;
		gap = draw_gap(workload, mean / 2 < BURST_GAP_NS ? mean / 2 : BURST_GAP_NS);
	} else {
		if (draw_below(workload, BURST_EVERY) == 0)
			workload->burst_left = 1 + draw_below(workload, BURST_MESSAGES_MAX);
		gap = draw_gap(workload, mean * BACKGROUND_NUMERATOR / BACKGROUND_DENOMINATOR);
	}
	workload->now_ns += gap < window / 2 ? gap : window / 2;
}

static void set_stock(struct wl_itch_workload *workload, struct wl_itch_message *message,
		      uint32_t stock)
{
	message->locate = (uint16_t)(stock + 1);
	memcpy(message->stock, workload->stocks[stock].symbol, WL_ITCH_STOCK_BYTES);
}

/* A few stocks are busy and many are not: the smaller of two draws. */
static uint32_t pick_stock(struct wl_itch_workload *workload)
{
	uint32_t one = draw_below(workload, workload->stock_count);
	uint32_t other = draw_below(workload, workload->stock_count);

	return one < other ? one : other;
}

/* Most orders that change are young; the array's end is where the young ones are. */
static uint32_t pick_order(struct wl_itch_workload *workload)
{
	uint32_t recent = workload->order_count < 256 ? workload->order_count : 256;

	if (draw_below(workload, 4) == 0)
		return draw_below(workload, workload->order_count);
	return workload->order_count - 1 - draw_below(workload, recent);
}

static void remove_order(struct wl_itch_workload *workload, uint32_t slot)
{
	workload->orders[slot] = workload->orders[--workload->order_count];
}

static uint32_t draw_shares(struct wl_itch_workload *workload)
{
	if (draw_below(workload, 8) == 0)
		return 1 + draw_below(workload, 99); /* odd lot */
	return 100 * (1 + draw_below(workload, 10));
}

static uint32_t draw_price(struct wl_itch_workload *workload, uint32_t stock, char side)
{
	uint32_t *middle = &workload->stocks[stock].price;
	uint32_t away = TICK * (1 + draw_below(workload, 20));
	uint32_t step = draw_below(workload, 16);

	if (step == 0 && *middle > PRICE_MIN)
		*middle -= TICK;
	else if (step == 1 && *middle < PRICE_MAX)
		*middle += TICK;
	return side == 'B' ? *middle - away : *middle + away;
}

static uint64_t new_reference(struct wl_itch_workload *workload)
{
	return workload->last_reference += 1 + draw_below(workload, 8);
}

static void make_add(struct wl_itch_workload *workload, struct wl_itch_message *message)
{
	static const char mpids[4][WL_ITCH_MPID_BYTES] = {
		{'W', 'L', 'O', 'G'},
		{'M', 'K', 'R', 'A'},
		{'M', 'K', 'R', 'B'},
		{'E', 'D', 'G', 'E'},
	};
	struct wl_itch_workload_order *order = &workload->orders[workload->order_count++];
	uint32_t dice = draw_below(workload, 256);

	order->stock = (uint16_t)pick_stock(workload);
	order->side = dice & 1 ? 'B' : 'S';
	order->shares = draw_shares(workload);
	order->price = draw_price(workload, order->stock, order->side);
	order->reference = new_reference(workload);

	message->type = dice < 4 ? WL_ITCH_ADD_ATTRIBUTED : WL_ITCH_ADD;
	memcpy(message->mpid, mpids[dice & 3], WL_ITCH_MPID_BYTES);
	message->reference = order->reference;
	message->side = order->side;
	message->shares = order->shares;
	message->price = order->price;
	set_stock(workload, message, order->stock);
}

static void make_delete(struct wl_itch_workload *workload, struct wl_itch_message *message,
			uint32_t slot)
{
	message->type = WL_ITCH_DELETE;
	message->reference = workload->orders[slot].reference;
	message->locate = (uint16_t)(workload->orders[slot].stock + 1);
	remove_order(workload, slot);
}

static void make_replace(struct wl_itch_workload *workload, struct wl_itch_message *message)
{
	struct wl_itch_workload_order *order = &workload->orders[pick_order(workload)];

	message->type = WL_ITCH_REPLACE;
	message->locate = (uint16_t)(order->stock + 1);
	message->reference = order->reference;
	order->reference = new_reference(workload);
	order->shares = draw_shares(workload);
	order->price = draw_price(workload, order->stock, order->side);
	message->new_reference = order->reference;
	message->shares = order->shares;
	message->price = order->price;
}

/* One in four executions fills what is left of the order. */
static void make_execute(struct wl_itch_workload *workload, struct wl_itch_message *message,
			 char type)
{
	uint32_t slot = pick_order(workload);
	struct wl_itch_workload_order *order = &workload->orders[slot];
	uint32_t shares = order->shares;

	if (shares > 1 && draw_below(workload, 4) != 0)
		shares = 1 + draw_below(workload, shares - 1);
	message->type = type;
	message->locate = (uint16_t)(order->stock + 1);
	message->reference = order->reference;
	message->shares = shares;
	message->match = ++workload->last_match;
	message->code = 'Y';
	message->price = order->price;
	order->shares -= shares;
	if (order->shares == 0)
		remove_order(workload, slot);
}

/* A cancel leaves at least one share; an order of one share can only be deleted. */
static void make_cancel(struct wl_itch_workload *workload, struct wl_itch_message *message)
{
	uint32_t slot = pick_order(workload);
	struct wl_itch_workload_order *order = &workload->orders[slot];

	if (order->shares == 1) {
		make_delete(workload, message, slot);
		return;
	}
	message->type = WL_ITCH_CANCEL;
	message->locate = (uint16_t)(order->stock + 1);
	message->reference = order->reference;
	message->shares = 1 + draw_below(workload, order->shares - 1);
	order->shares -= (uint32_t)message->shares;
}

/* A match against an order that was never displayed; the specification has reference 0 and 'B'. */
static void make_trade(struct wl_itch_workload *workload, struct wl_itch_message *message)
{
	uint32_t stock = pick_stock(workload);

	message->type = WL_ITCH_TRADE;
	message->side = 'B';
	message->shares = draw_shares(workload);
	message->price = workload->stocks[stock].price;
	message->match = ++workload->last_match;
	set_stock(workload, message, stock);
}

/* Whether the next change of the book's size is an add: more likely the emptier the book. */
static bool draw_is_add(struct wl_itch_workload *workload)
{
	int64_t missing = (int64_t)workload->order_target - workload->order_count;
	int64_t per_mille = 506 + 24 * missing / (int64_t)workload->order_target;

	if (workload->order_count == 0)
		return true;
	if (workload->order_count == WL_ITCH_WORKLOAD_ORDERS_MAX)
		return false;
	return draw_below(workload, 1000) < (per_mille < 300 ? 300 : per_mille);
}

/* Of 1000: 870 add or delete, 70 replace, 36 execute, 18 cancel, 6 trade. */
static void make_order_message(struct wl_itch_workload *workload, struct wl_itch_message *message)
{
	uint32_t dice = draw_below(workload, 1000);

	if (dice >= 994)
		make_trade(workload, message);
	else if (dice < 870 || workload->order_count == 0) {
		if (draw_is_add(workload))
			make_add(workload, message);
		else
			make_delete(workload, message, pick_order(workload));
	} else if (dice < 940)
		make_replace(workload, message);
	else if (dice < 974)
		make_execute(workload, message, WL_ITCH_EXECUTE);
	else if (dice < 976)
		make_execute(workload, message, WL_ITCH_EXECUTE_AT_PRICE);
	else
		make_cancel(workload, message);
}

static void make_stock_message(struct wl_itch_workload *workload, const struct phase *phase,
			       struct wl_itch_message *message)
{
	uint32_t stock = (uint32_t)workload->phase_done;

	set_stock(workload, message, stock);
	message->code = phase->code;
	switch (phase->kind) {
	case PHASE_DIRECTORY:
		message->type = WL_ITCH_STOCK_DIRECTORY;
		message->category = 'Q';
		message->round_lot = 100;
		break;
	case PHASE_TRADING_ACTION:
		message->type = WL_ITCH_TRADING_ACTION;
		break;
	case PHASE_SHORT_SALE:
		message->type = WL_ITCH_SHORT_SALE_RESTRICTION;
		break;
	default:
		message->type = WL_ITCH_CROSS_TRADE;
		message->shares = 100 * (uint64_t)(1 + draw_below(workload, 5000));
		message->price = workload->stocks[stock].price;
		message->match = ++workload->last_match;
		break;
	}
}

size_t wl_itch_workload_next(struct wl_itch_workload *workload, uint8_t *to)
{
	struct wl_itch_message message = {0};
	const struct phase *phase;

	while (workload->phase < WL_ITCH_WORKLOAD_PHASES &&
	       workload->phase_done == workload->phase_messages[workload->phase]) {
		workload->phase++;
		workload->phase_done = 0;
	}
	if (workload->phase == WL_ITCH_WORKLOAD_PHASES)
		return 0;
	phase = &phases[workload->phase];
	advance_clock(workload, phase);
	message.timestamp_ns = workload->now_ns;
	if (phase->kind == PHASE_EVENT) {
		message.type = WL_ITCH_SYSTEM_EVENT;
		message.code = phase->code;
	} else if (phase->kind == PHASE_ORDERS) {
		make_order_message(workload, &message);
	} else {
		make_stock_message(workload, phase, &message);
	}
	workload->phase_done++;
	return wl_itch_encode(&message, to);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A synthetic trading day in NASDAQ ITCH 5.0: exactly as many messages as asked
 * for, from the start-of-messages event to the end-of-messages event, the same
 * for the same seed on every machine.
 *
 * What a consumer may rely on: each execute, cancel, delete and replace names a
 * live order with enough shares; references and match numbers grow; a locate
 * code stands for one stock; timestamps never fall, lie inside their session,
 * and come in bursts over a Poisson background. Of the messages about 44 % add
 * and 43 % delete orders.
 *
 * The struct is all the memory there is (about 1.6 MiB), owned by the caller.
 * Thread: one at a time. O(1) for each message; never allocates or reads a clock.
 */
#ifndef WL_COMMAND_ITCH_ITCH_WORKLOAD_H
#define WL_COMMAND_ITCH_ITCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/itch/itch.h"

#define WL_ITCH_WORKLOAD_MESSAGES_MIN 16u
#define WL_ITCH_WORKLOAD_STOCKS_MAX 100u
#define WL_ITCH_WORKLOAD_ORDERS_MAX 65536u
#define WL_ITCH_WORKLOAD_PHASES 14u

struct wl_itch_workload_order {
	uint64_t reference;
	uint32_t shares;
	uint32_t price;
	uint16_t stock;
	char side;
};

struct wl_itch_workload_stock {
	char symbol[WL_ITCH_STOCK_BYTES];
	uint32_t price; /* around which orders are placed; it wanders */
};

struct wl_itch_workload {
	uint64_t random;
	uint64_t now_ns; /* timestamp of the last message */
	uint64_t burst_left; /* messages that follow at once */
	uint64_t last_reference;
	uint64_t last_match;
	uint64_t phase_done; /* messages written in this phase */
	uint64_t phase_messages[WL_ITCH_WORKLOAD_PHASES];
	uint32_t phase;
	uint32_t stock_count;
	uint32_t order_count;
	uint32_t order_target; /* live orders that adds and deletes balance at */
	struct wl_itch_workload_stock stocks[WL_ITCH_WORKLOAD_STOCKS_MAX];
	struct wl_itch_workload_order orders[WL_ITCH_WORKLOAD_ORDERS_MAX];
};

/* False, and nothing done, below WL_ITCH_WORKLOAD_MESSAGES_MIN messages. */
bool wl_itch_workload_init(struct wl_itch_workload *workload, uint64_t messages, uint64_t seed);

/*
 * Writes the next message, at most WL_ITCH_MESSAGE_BYTES_MAX bytes without a
 * length prefix. Returns its length, 0 after the last one.
 */
size_t wl_itch_workload_next(struct wl_itch_workload *workload, uint8_t *to);

#endif

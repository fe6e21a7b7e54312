/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of NASDAQ TotalView-ITCH 5.0: which types there are, how long each
 * is, and the fields of those that the synthetic day is made of.
 *
 * All messages begin with type (1), stock locate (2), tracking number (2) and a
 * timestamp in nanoseconds since midnight (6); integers are big-endian, prices
 * carry four decimals, text is padded with spaces on the right.
 *
 * Pure functions on the caller's memory, thread [any]. Input is untrusted:
 * nothing is read beyond `size`, and what is wrong comes back as a reason.
 */
#ifndef WL_COMMAND_ITCH_ITCH_H
#define WL_COMMAND_ITCH_ITCH_H

#include <stddef.h>
#include <stdint.h>

#define WL_ITCH_MESSAGE_BYTES_MAX 50u
#define WL_ITCH_STOCK_BYTES 8u
#define WL_ITCH_MPID_BYTES 4u
#define WL_ITCH_DAY_NS 86400000000000ull

enum wl_itch_type {
	WL_ITCH_SYSTEM_EVENT = 'S',
	WL_ITCH_STOCK_DIRECTORY = 'R',
	WL_ITCH_TRADING_ACTION = 'H',
	WL_ITCH_SHORT_SALE_RESTRICTION = 'Y',
	WL_ITCH_PARTICIPANT_POSITION = 'L',
	WL_ITCH_BREAKER_LEVELS = 'V',
	WL_ITCH_BREAKER_STATUS = 'W',
	WL_ITCH_IPO_QUOTING = 'K',
	WL_ITCH_AUCTION_COLLAR = 'J',
	WL_ITCH_OPERATIONAL_HALT = 'h',
	WL_ITCH_ADD = 'A',
	WL_ITCH_ADD_ATTRIBUTED = 'F',
	WL_ITCH_EXECUTE = 'E',
	WL_ITCH_EXECUTE_AT_PRICE = 'C',
	WL_ITCH_CANCEL = 'X',
	WL_ITCH_DELETE = 'D',
	WL_ITCH_REPLACE = 'U',
	WL_ITCH_TRADE = 'P',
	WL_ITCH_CROSS_TRADE = 'Q',
	WL_ITCH_BROKEN_TRADE = 'B',
	WL_ITCH_IMBALANCE = 'I',
	WL_ITCH_RETAIL_INTEREST = 'N',
	WL_ITCH_DIRECT_LISTING = 'O',
};

/* Values of the system event's code, in the order of a day. */
enum wl_itch_event {
	WL_ITCH_MESSAGES_START = 'O',
	WL_ITCH_HOURS_START = 'S',
	WL_ITCH_MARKET_START = 'Q',
	WL_ITCH_MARKET_END = 'M',
	WL_ITCH_HOURS_END = 'E',
	WL_ITCH_MESSAGES_END = 'C',
};

enum wl_itch_reason {
	WL_ITCH_OK = 0,
	WL_ITCH_EMPTY, /* no byte, not even a type */
	WL_ITCH_UNKNOWN_TYPE,
	WL_ITCH_WRONG_LENGTH, /* the type is known, the length is not that of the type */
};

/* One message, decoded. A field that a type does not have is left alone by encode and decode. */
struct wl_itch_message {
	uint64_t timestamp_ns;
	uint64_t reference; /* A F E C X D P; U: of the order that is replaced */
	uint64_t new_reference; /* U */
	uint64_t match; /* E C P Q */
	uint64_t shares; /* A F E C X U P Q; 32 bits but for Q */
	uint32_t price; /* A F C U P Q; four decimals */
	uint32_t round_lot; /* R */
	uint16_t locate;
	uint16_t tracking;
	char type; /* enum wl_itch_type */
	char code; /* S event, H trading state, Y action, C printable, Q cross type */
	char side; /* A F P: 'B' or 'S' */
	char category; /* R: market category */
	char stock[WL_ITCH_STOCK_BYTES]; /* R H Y A F P Q */
	char mpid[WL_ITCH_MPID_BYTES]; /* F */
};

/* Bytes of a message of that type, 0 for an unknown type. */
size_t wl_itch_length(char type);

/* Is this one whole message? Checks type and length, not the meaning of fields. */
enum wl_itch_reason wl_itch_check(const uint8_t *message, size_t size);

/* A short text in lower case, for "message 17 at offset 512: <text>". */
const char *wl_itch_reason_text(enum wl_itch_reason reason);

/* Types with fields in struct wl_itch_message: S R H Y A F E C X D U P Q. */
/* Writes at most WL_ITCH_MESSAGE_BYTES_MAX; returns the length, 0 for another type. */
size_t wl_itch_encode(const struct wl_itch_message *message, uint8_t *to);

/* Other known types give their common fields only. Fields are set only when the answer is OK. */
enum wl_itch_reason wl_itch_decode(struct wl_itch_message *message, const uint8_t *from,
				   size_t size);

#endif

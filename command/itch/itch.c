/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Layout after the common eleven bytes (offset: field), by type:
 *
 *   S  11 event
 *   R  11 stock  19 market category  20 financial status  21 round lot  25 round lots only
 *      26 classification  27 sub-type  29 authenticity  30 short sale threshold  31 IPO
 *      32 LULD tier  33 ETP  34 ETP leverage  38 inverse
 *   H  11 stock  19 state  20 reserved  21 reason
 *   Y  11 stock  19 action
 *   A  11 reference  19 side  20 shares  24 stock  32 price       F  the same, 36 MPID
 *   E  11 reference  19 shares  23 match       C  the same, 31 printable  32 price
 *   X  11 reference  19 shares
 *   D  11 reference
 *   U  11 old reference  19 new reference  27 shares  31 price
 *   P  11 reference  19 side  20 shares  24 stock  32 price  36 match
 *   Q  11 shares (8)  19 stock  27 price  31 match  39 cross type
 */
#include "command/itch/itch.h"

#include <string.h>

#include "dataplane/base/bytes.h"

static const uint8_t lengths[256] = {
	[WL_ITCH_SYSTEM_EVENT] = 12,
	[WL_ITCH_STOCK_DIRECTORY] = 39,
	[WL_ITCH_TRADING_ACTION] = 25,
	[WL_ITCH_SHORT_SALE_RESTRICTION] = 20,
	[WL_ITCH_PARTICIPANT_POSITION] = 26,
	[WL_ITCH_BREAKER_LEVELS] = 35,
	[WL_ITCH_BREAKER_STATUS] = 12,
	[WL_ITCH_IPO_QUOTING] = 28,
	[WL_ITCH_AUCTION_COLLAR] = 35,
	[WL_ITCH_OPERATIONAL_HALT] = 21,
	[WL_ITCH_ADD] = 36,
	[WL_ITCH_ADD_ATTRIBUTED] = 40,
	[WL_ITCH_EXECUTE] = 31,
	[WL_ITCH_EXECUTE_AT_PRICE] = 36,
	[WL_ITCH_CANCEL] = 23,
	[WL_ITCH_DELETE] = 19,
	[WL_ITCH_REPLACE] = 35,
	[WL_ITCH_TRADE] = 44,
	[WL_ITCH_CROSS_TRADE] = 40,
	[WL_ITCH_BROKEN_TRADE] = 19,
	[WL_ITCH_IMBALANCE] = 50,
	[WL_ITCH_RETAIL_INTEREST] = 20,
	[WL_ITCH_DIRECT_LISTING] = 48,
};

size_t wl_itch_length(char type)
{
	return lengths[(uint8_t)type];
}

enum wl_itch_reason wl_itch_check(const uint8_t *message, size_t size)
{
	size_t length;

	if (size == 0)
		return WL_ITCH_EMPTY;
	length = lengths[message[0]];
	if (length == 0)
		return WL_ITCH_UNKNOWN_TYPE;
	return size == length ? WL_ITCH_OK : WL_ITCH_WRONG_LENGTH;
}

const char *wl_itch_reason_text(enum wl_itch_reason reason)
{
	switch (reason) {
	case WL_ITCH_OK:
		return "a whole message";
	case WL_ITCH_EMPTY:
		return "a message without a byte";
	case WL_ITCH_UNKNOWN_TYPE:
		return "not a message type of ITCH 5.0";
	case WL_ITCH_WRONG_LENGTH:
		return "a length that its message type does not have";
	}
	return "an unknown reason";
}

static void store_u48(uint8_t *to, uint64_t value)
{
	wl_store_be16(to, (uint16_t)(value >> 32));
	wl_store_be32(to + 2, (uint32_t)value);
}

static uint64_t load_u48(const uint8_t *from)
{
	return (uint64_t)wl_load_be16(from) << 32 | wl_load_be32(from + 2);
}

/* What the synthetic day does not vary: a common share, in good standing, no ETP. */
static void encode_directory(const struct wl_itch_message *message, uint8_t *to)
{
	memcpy(to + 11, message->stock, WL_ITCH_STOCK_BYTES);
	to[19] = (uint8_t)message->category;
	to[20] = 'N'; /* not deficient, delinquent or bankrupt */
	wl_store_be32(to + 21, message->round_lot);
	to[25] = 'N'; /* odd lots are accepted */
	to[26] = 'C';
	memcpy(to + 27, "Z ", 2);
	to[29] = 'P';
	to[30] = 'N';
	to[31] = 'N';
	to[32] = '1';
	to[33] = 'N';
	wl_store_be32(to + 34, 0);
	to[38] = 'N';
}

static void encode_added(const struct wl_itch_message *message, uint8_t *to)
{
	wl_store_be64(to + 11, message->reference);
	to[19] = (uint8_t)message->side;
	wl_store_be32(to + 20, (uint32_t)message->shares);
	memcpy(to + 24, message->stock, WL_ITCH_STOCK_BYTES);
	wl_store_be32(to + 32, message->price);
}

static void encode_cross(const struct wl_itch_message *message, uint8_t *to)
{
	wl_store_be64(to + 11, message->shares);
	memcpy(to + 19, message->stock, WL_ITCH_STOCK_BYTES);
	wl_store_be32(to + 27, message->price);
	wl_store_be64(to + 31, message->match);
	to[39] = (uint8_t)message->code;
}

static void encode_replace(const struct wl_itch_message *message, uint8_t *to)
{
	wl_store_be64(to + 11, message->reference);
	wl_store_be64(to + 19, message->new_reference);
	wl_store_be32(to + 27, (uint32_t)message->shares);
	wl_store_be32(to + 31, message->price);
}

static void encode_reduce(const struct wl_itch_message *message, uint8_t *to)
{
	wl_store_be64(to + 11, message->reference);
	wl_store_be32(to + 19, (uint32_t)message->shares);
	if (message->type == WL_ITCH_CANCEL)
		return;
	wl_store_be64(to + 23, message->match);
	if (message->type == WL_ITCH_EXECUTE)
		return;
	to[31] = (uint8_t)message->code;
	wl_store_be32(to + 32, message->price);
}

static void encode_state(const struct wl_itch_message *message, uint8_t *to)
{
	memcpy(to + 11, message->stock, WL_ITCH_STOCK_BYTES);
	to[19] = (uint8_t)message->code;
	if (message->type == WL_ITCH_TRADING_ACTION)
		memset(to + 20, ' ', 5);
}

size_t wl_itch_encode(const struct wl_itch_message *message, uint8_t *to)
{
	to[0] = (uint8_t)message->type;
	wl_store_be16(to + 1, message->locate);
	wl_store_be16(to + 3, message->tracking);
	store_u48(to + 5, message->timestamp_ns);
	switch (message->type) {
	case WL_ITCH_SYSTEM_EVENT:
		to[11] = (uint8_t)message->code;
		break;
	case WL_ITCH_STOCK_DIRECTORY:
		encode_directory(message, to);
		break;
	case WL_ITCH_TRADING_ACTION:
	case WL_ITCH_SHORT_SALE_RESTRICTION:
		encode_state(message, to);
		break;
	case WL_ITCH_ADD:
		encode_added(message, to);
		break;
	case WL_ITCH_ADD_ATTRIBUTED:
		encode_added(message, to);
		memcpy(to + 36, message->mpid, WL_ITCH_MPID_BYTES);
		break;
	case WL_ITCH_TRADE:
		encode_added(message, to);
		wl_store_be64(to + 36, message->match);
		break;
	case WL_ITCH_EXECUTE:
	case WL_ITCH_EXECUTE_AT_PRICE:
	case WL_ITCH_CANCEL:
		encode_reduce(message, to);
		break;
	case WL_ITCH_DELETE:
		wl_store_be64(to + 11, message->reference);
		break;
	case WL_ITCH_REPLACE:
		encode_replace(message, to);
		break;
	case WL_ITCH_CROSS_TRADE:
		encode_cross(message, to);
		break;
	default:
		return 0;
	}
	return wl_itch_length(message->type);
}

static void decode_added(struct wl_itch_message *message, const uint8_t *from)
{
	message->reference = wl_load_be64(from + 11);
	message->side = (char)from[19];
	message->shares = wl_load_be32(from + 20);
	memcpy(message->stock, from + 24, WL_ITCH_STOCK_BYTES);
	message->price = wl_load_be32(from + 32);
	if (message->type == WL_ITCH_ADD_ATTRIBUTED)
		memcpy(message->mpid, from + 36, WL_ITCH_MPID_BYTES);
	if (message->type == WL_ITCH_TRADE)
		message->match = wl_load_be64(from + 36);
}

static void decode_reduce(struct wl_itch_message *message, const uint8_t *from)
{
	message->reference = wl_load_be64(from + 11);
	message->shares = wl_load_be32(from + 19);
	if (message->type == WL_ITCH_CANCEL)
		return;
	message->match = wl_load_be64(from + 23);
	if (message->type == WL_ITCH_EXECUTE)
		return;
	message->code = (char)from[31];
	message->price = wl_load_be32(from + 32);
}

static void decode_stock(struct wl_itch_message *message, const uint8_t *from)
{
	memcpy(message->stock, from + 11, WL_ITCH_STOCK_BYTES);
	if (message->type != WL_ITCH_STOCK_DIRECTORY) {
		message->code = (char)from[19];
		return;
	}
	message->category = (char)from[19];
	message->round_lot = wl_load_be32(from + 21);
}

static void decode_replace(struct wl_itch_message *message, const uint8_t *from)
{
	message->reference = wl_load_be64(from + 11);
	message->new_reference = wl_load_be64(from + 19);
	message->shares = wl_load_be32(from + 27);
	message->price = wl_load_be32(from + 31);
}

static void decode_cross(struct wl_itch_message *message, const uint8_t *from)
{
	message->shares = wl_load_be64(from + 11);
	memcpy(message->stock, from + 19, WL_ITCH_STOCK_BYTES);
	message->price = wl_load_be32(from + 27);
	message->match = wl_load_be64(from + 31);
	message->code = (char)from[39];
}

enum wl_itch_reason wl_itch_decode(struct wl_itch_message *message, const uint8_t *from,
				   size_t size)
{
	enum wl_itch_reason reason = wl_itch_check(from, size);

	if (reason != WL_ITCH_OK)
		return reason;
	message->type = (char)from[0];
	message->locate = wl_load_be16(from + 1);
	message->tracking = wl_load_be16(from + 3);
	message->timestamp_ns = load_u48(from + 5);
	switch (message->type) {
	case WL_ITCH_SYSTEM_EVENT:
		message->code = (char)from[11];
		break;
	case WL_ITCH_STOCK_DIRECTORY:
	case WL_ITCH_TRADING_ACTION:
	case WL_ITCH_SHORT_SALE_RESTRICTION:
		decode_stock(message, from);
		break;
	case WL_ITCH_ADD:
	case WL_ITCH_ADD_ATTRIBUTED:
	case WL_ITCH_TRADE:
		decode_added(message, from);
		break;
	case WL_ITCH_EXECUTE:
	case WL_ITCH_EXECUTE_AT_PRICE:
	case WL_ITCH_CANCEL:
		decode_reduce(message, from);
		break;
	case WL_ITCH_DELETE:
		message->reference = wl_load_be64(from + 11);
		break;
	case WL_ITCH_REPLACE:
		decode_replace(message, from);
		break;
	case WL_ITCH_CROSS_TRADE:
		decode_cross(message, from);
		break;
	default:
		break;
	}
	return WL_ITCH_OK;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/itch/itch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/runner.h"

/* NASDAQ TotalView-ITCH 5.0, chapter 1: type and length of every message. */
static const struct {
	char type;
	size_t length;
} specified[] = {
	{'S', 12}, {'R', 39}, {'H', 25}, {'Y', 20}, {'L', 26}, {'V', 35}, {'W', 12}, {'K', 28},
	{'J', 35}, {'h', 21}, {'A', 36}, {'F', 40}, {'E', 31}, {'C', 36}, {'X', 23}, {'D', 19},
	{'U', 35}, {'P', 44}, {'Q', 40}, {'B', 19}, {'I', 50}, {'N', 20}, {'O', 48},
};

#define SPECIFIED (sizeof(specified) / sizeof(specified[0]))

static size_t specified_length(int type)
{
	for (size_t i = 0; i < SPECIFIED; i++)
		if ((unsigned char)specified[i].type == type)
			return specified[i].length;
	return 0;
}

static void every_type_has_the_length_of_the_specification(void)
{
	for (int type = 0; type < 256; type++)
		CU_ASSERT_EQUAL(wl_itch_length((char)type), specified_length(type));
}

static void message_is_accepted_only_with_the_length_of_its_type(void)
{
	uint8_t message[64] = {0};
	bool right = true;

	for (int type = 0; type < 256; type++) {
		for (size_t size = 1; size <= sizeof(message); size++) {
			size_t length = specified_length(type);
			enum wl_itch_reason expected = length == 0	? WL_ITCH_UNKNOWN_TYPE
						       : length == size ? WL_ITCH_OK
									: WL_ITCH_WRONG_LENGTH;

			message[0] = (uint8_t)type;
			right = right && wl_itch_check(message, size) == expected;
		}
	}
	CU_ASSERT_TRUE(right);
	CU_ASSERT_EQUAL(wl_itch_check(message, 0), WL_ITCH_EMPTY);
}

static void add_is_encoded_byte_for_byte_as_specified(void)
{
	static const uint8_t expected[36] = {
		'A',  0x12, 0x34, 0x56, 0x78, /* locate, tracking */
		0x1f, 0x1a, 0xd6, 0x35, 0xbc, 0x01, /* 09:30:00.123456513 */
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* reference */
		'B',  0x00, 0x00, 0x01, 0x2c, /* 300 shares */
		'W',  'L',  'O',  'G',	' ',  ' ',  ' ',  ' ',
		0x00, 0x12, 0xd6, 0x44, /* 123.4500 */
	};
	struct wl_itch_message message = {
		.type = WL_ITCH_ADD,
		.locate = 0x1234,
		.tracking = 0x5678,
		.timestamp_ns = 0x1f1ad635bc01,
		.reference = 0x0102030405060708,
		.side = 'B',
		.shares = 300,
		.stock = {'W', 'L', 'O', 'G', ' ', ' ', ' ', ' '},
		.price = 1234500,
	};
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];

	CU_ASSERT_EQUAL_FATAL(wl_itch_encode(&message, bytes), sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(bytes, expected, sizeof(expected)), 0);
}

static void execution_at_price_is_encoded_byte_for_byte_as_specified(void)
{
	static const uint8_t expected[36] = {
		'C',  0x00, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, /* time 3 */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, /* reference */
		0x00, 0x00, 0x00, 0x05, /* shares */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, /* match */
		'N',  0x00, 0x00, 0x00, 0x07, /* printable, price */
	};
	struct wl_itch_message message = {
		.type = WL_ITCH_EXECUTE_AT_PRICE,
		.locate = 1,
		.tracking = 2,
		.timestamp_ns = 3,
		.reference = 4,
		.shares = 5,
		.match = 6,
		.code = 'N',
		.price = 7,
	};
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];

	CU_ASSERT_EQUAL_FATAL(wl_itch_encode(&message, bytes), sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(bytes, expected, sizeof(expected)), 0);
}

/* The fields that each type has, so that decode can be compared field by field. */
static struct wl_itch_message filled(char type)
{
	struct wl_itch_message message = {
		.type = type,
		.locate = 0xfffe,
		.tracking = 0x0102,
		.timestamp_ns = 0xa1b2c3d4e5f6,
	};

	if (strchr("AFECXDUP", type) != NULL)
		message.reference = type == 'P' ? 0 : 0xf1f2f3f4f5f6f7f8;
	if (type == 'U')
		message.new_reference = 0x8877665544332211;
	if (strchr("ECPQ", type) != NULL)
		message.match = 0x99aabbccddeeff00;
	if (strchr("AFECXUP", type) != NULL)
		message.shares = 0xdeadbeef;
	if (type == 'Q')
		message.shares = 0xdeadbeefcafe;
	if (strchr("AFCUPQ", type) != NULL)
		message.price = 0xfedcba98;
	if (strchr("AFP", type) != NULL)
		message.side = 'S';
	if (strchr("SHYCQ", type) != NULL)
		message.code = 'O';
	if (strchr("RHYAFPQ", type) != NULL)
		memcpy(message.stock, "ABCDEFGH", 8);
	if (type == 'F')
		memcpy(message.mpid, "MPID", 4);
	if (type == 'R') {
		message.category = 'Q';
		message.round_lot = 0x01020304;
	}
	return message;
}

static void decode_gives_back_what_was_encoded(void)
{
	for (const char *type = "SRHYAFECXDUPQ"; *type != 0; type++) {
		struct wl_itch_message message = filled(*type), decoded = {0};
		size_t length = wl_itch_length(*type);
		uint8_t *bytes = malloc(length); /* exactly: a byte more is for ASan to find */

		CU_ASSERT_EQUAL(wl_itch_encode(&message, bytes), length);
		CU_ASSERT_EQUAL(wl_itch_check(bytes, length), WL_ITCH_OK);
		CU_ASSERT_EQUAL(wl_itch_decode(&decoded, bytes, length), WL_ITCH_OK);
		CU_ASSERT_EQUAL(memcmp(&decoded, &message, sizeof(message)), 0);
		free(bytes);
	}
}

static void decode_of_a_wrong_length_leaves_the_message_alone(void)
{
	struct wl_itch_message message = filled('A'), decoded = {0}, untouched = {0};
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];

	wl_itch_encode(&message, bytes);
	CU_ASSERT_EQUAL(wl_itch_decode(&decoded, bytes, 35), WL_ITCH_WRONG_LENGTH);
	CU_ASSERT_EQUAL(wl_itch_decode(&decoded, bytes, 0), WL_ITCH_EMPTY);
	bytes[0] = 'Z';
	CU_ASSERT_EQUAL(wl_itch_decode(&decoded, bytes, 36), WL_ITCH_UNKNOWN_TYPE);
	CU_ASSERT_EQUAL(memcmp(&decoded, &untouched, sizeof(decoded)), 0);
}

static void encode_refuses_types_whose_fields_it_does_not_know(void)
{
	struct wl_itch_message message = {.type = WL_ITCH_IMBALANCE};
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];

	CU_ASSERT_EQUAL(wl_itch_encode(&message, bytes), 0);
	message.type = 'Z';
	CU_ASSERT_EQUAL(wl_itch_encode(&message, bytes), 0);
}

static void every_reason_has_a_text_of_its_own(void)
{
	for (int one = WL_ITCH_OK; one <= WL_ITCH_WRONG_LENGTH; one++)
		for (int other = one + 1; other <= WL_ITCH_WRONG_LENGTH + 1; other++)
			CU_ASSERT_STRING_NOT_EQUAL(wl_itch_reason_text((enum wl_itch_reason)one),
						   wl_itch_reason_text((enum wl_itch_reason)other));
}

WL_SUITE(itch)
{
	WL_TEST(every_type_has_the_length_of_the_specification),
	WL_TEST(message_is_accepted_only_with_the_length_of_its_type),
	WL_TEST(add_is_encoded_byte_for_byte_as_specified),
	WL_TEST(execution_at_price_is_encoded_byte_for_byte_as_specified),
	WL_TEST(decode_gives_back_what_was_encoded),
	WL_TEST(decode_of_a_wrong_length_leaves_the_message_alone),
	WL_TEST(encode_refuses_types_whose_fields_it_does_not_know),
	WL_TEST(every_reason_has_a_text_of_its_own),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/tool_print_record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command/itch/itch.h"
#include "tests/unit/runner.h"

static char *printed;
static size_t printed_bytes;

static int print(enum wl_print_format format, const void *bytes, size_t size)
{
	struct wirelog_record record = {.number = 7,
					.timestamp_ns = UINT64_C(1772600767250000000),
					.session = 0xabc,
					.sequence = 3,
					.bytes = bytes,
					.size = size};
	FILE *out;
	int status;

	free(printed);
	printed = NULL;
	out = open_memstream(&printed, &printed_bytes);
	status = wl_print_record(out, format, &record);
	fclose(out);
	return status;
}

static size_t make_itch(uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX])
{
	struct wl_itch_message message = {.type = 'A',
					  .timestamp_ns = UINT64_C(34200000000005),
					  .reference = 17,
					  .side = 'B',
					  .shares = 100,
					  .stock = "AAPL    ",
					  .price = 1502500};

	return wl_itch_encode(&message, bytes);
}

static void text_tells_number_time_and_content(void)
{
	CU_ASSERT_EQUAL(print(WL_PRINT_TEXT, "hello", 5), 0);
	CU_ASSERT_STRING_EQUAL(printed, "         7  2026-03-04T05:06:07.250000000Z  hello\n");
}

static void text_lets_no_control_byte_reach_the_terminal(void)
{
	CU_ASSERT_EQUAL(print(WL_PRINT_TEXT, "a\033[2J\\\t\xff", 8), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "  a\\x1b[2J\\\\\\t\\xff\n"));
}

static void text_tells_an_itch_message_in_words(void)
{
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];

	CU_ASSERT_EQUAL(print(WL_PRINT_TEXT, bytes, make_itch(bytes)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(
		printed, "  ITCH 09:30:00.000000005 add order 17 buy 100 AAPL at 150.2500\n"));
}

static void words_that_look_like_a_message_stay_words(void)
{
	/* As long as a system event and with its letter, but text. */
	CU_ASSERT_EQUAL(print(WL_PRINT_TEXT, "Something ok", 12), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(printed, "  Something ok\n"));
}

static void itch50_writes_what_append_read(void)
{
	uint8_t bytes[WL_ITCH_MESSAGE_BYTES_MAX];
	size_t size = make_itch(bytes);

	CU_ASSERT_EQUAL(print(WL_PRINT_ITCH50, bytes, size), 0);
	CU_ASSERT_EQUAL_FATAL(printed_bytes, size + 2);
	CU_ASSERT_EQUAL(printed[0], 0);
	CU_ASSERT_EQUAL(printed[1], (char)size);
	CU_ASSERT_EQUAL(memcmp(printed + 2, bytes, size), 0);
}

static void record_that_does_not_fit_the_format_is_refused_whole(void)
{
	static uint8_t bytes[70000];

	CU_ASSERT_EQUAL(print(WL_PRINT_ITCH50, "hello", 5), WIRELOG_INPUT_MALFORMED);
	CU_ASSERT_EQUAL(printed_bytes, 0);
	CU_ASSERT_EQUAL(print(WL_PRINT_LEN16, bytes, sizeof(bytes)), WIRELOG_INPUT_MALFORMED);
	CU_ASSERT_EQUAL(printed_bytes, 0);
	CU_ASSERT_EQUAL(print(WL_PRINT_BINARY, bytes, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(printed_bytes, sizeof(bytes) + 4);
	CU_ASSERT_EQUAL(memcmp(printed, "\x00\x01\x11\x70", 4), 0);
}

static void lines_and_hex_give_the_bytes(void)
{
	CU_ASSERT_EQUAL(print(WL_PRINT_LINES, "a\0b", 3), 0);
	CU_ASSERT_EQUAL(printed_bytes, 4);
	CU_ASSERT_EQUAL(memcmp(printed, "a\0b\n", 4), 0);
	CU_ASSERT_EQUAL(print(WL_PRINT_HEX, "\x00\xfe\x10", 3), 0);
	CU_ASSERT_STRING_EQUAL(printed, "00fe10\n");
}

static void json_is_json_whatever_the_bytes(void)
{
	json_t *object;

	CU_ASSERT_EQUAL(print(WL_PRINT_JSON, "say \"hi\" \\", 10), 0);
	object = json_loads(printed, 0, NULL);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(object, "text")), "say \"hi\" \\");
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(object, "number")), 7);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(object, "session")),
			       "0000000000000abc");
	json_decref(object);
	CU_ASSERT_EQUAL(print(WL_PRINT_JSON, "\xff\n", 2), 0);
	object = json_loads(printed, 0, NULL);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(object, "hex")), "ff0a");
	CU_ASSERT_PTR_NULL(json_object_get(object, "text"));
	json_decref(object);
	free(printed);
	printed = NULL;
}

WL_SUITE(tool_print_record)
{
	WL_TEST(text_tells_number_time_and_content),
	WL_TEST(text_lets_no_control_byte_reach_the_terminal),
	WL_TEST(text_tells_an_itch_message_in_words),
	WL_TEST(words_that_look_like_a_message_stay_words),
	WL_TEST(itch50_writes_what_append_read),
	WL_TEST(record_that_does_not_fit_the_format_is_refused_whole),
	WL_TEST(lines_and_hex_give_the_bytes),
	WL_TEST(json_is_json_whatever_the_bytes),
};

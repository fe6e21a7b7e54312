/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/control_entry.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/unit/runner.h"

static uint8_t image[WL_ENTRY_HEADER_BYTES + 8192];
static struct wl_entry_header header;

static void finish(uint16_t kind, uint32_t records, uint32_t body_bytes)
{
	header = (struct wl_entry_header){
		.kind = kind,
		.cluster = 7,
		.index = 5,
		.term = 2,
		.previous_term = 2,
		.first_number = 9,
		.record_count = records,
		.body_bytes = body_bytes,
	};
	header.body_crc = wl_crc32c(image + WL_ENTRY_HEADER_BYTES, body_bytes);
	wl_entry_encode_header(image, &header);
}

static uint32_t put(uint8_t *at, uint64_t verb, uint16_t kind, uint32_t bytes)
{
	struct wl_record_header record = {.session = verb, .bytes = bytes, .kind = kind};

	wl_entry_encode_record(at, &record);
	memset(at + WL_RECORD_HEADER_BYTES, 0, wl_record_image_bytes(bytes));
	return (uint32_t)wl_record_image_bytes(bytes);
}

static size_t make(const struct wl_control *control)
{
	struct wl_record_header record;
	uint8_t *body = image + WL_ENTRY_HEADER_BYTES;

	wl_control_encode(control, &record, body + WL_RECORD_HEADER_BYTES);
	wl_entry_encode_record(body, &record);
	finish(WL_ENTRY_CONTROL, 1, (uint32_t)wl_record_image_bytes(record.bytes));
	return wl_entry_bytes(&header);
}

static enum wl_entry_verdict verdict_of(void)
{
	struct wl_entry_header decoded;

	return wl_entry_decode(image, wl_entry_bytes(&header), &decoded);
}

static void each_verb_survives_encode_and_decode(void)
{
	static const struct wl_control controls[] = {
		{.verb = WL_CONTROL_TRIM, .number = UINT64_MAX},
		{.verb = WL_CONTROL_TRIM, .number = 1},
		{.verb = WL_CONTROL_BASE},
		{.verb = WL_CONTROL_BASE, .expects = 1ull << 40},
		{.verb = WL_CONTROL_BASE_PROVEN, .index = 77, .digest = 0xfedcba9876543210u},
		{.verb = WL_CONTROL_CONSUMER_SET, .number = 1, .name = "a"},
		{WL_CONTROL_CONSUMER_SET, 9, UINT64_MAX, .name = "a-Z_0.9-abcdefghijklmnopqrstuv"},
		{.verb = WL_CONTROL_CONSUMER_DROP, .expects = 7, .index = 5, .name = "a-Z_0"},
		{.verb = WL_CONTROL_CONSUMER_DROP, .name = "abcdefghijklmnopqrstuvwxyz01234"},
		{.verb = WL_CONTROL_FENCE, .index = 7ull << 16, .number = 12},
		{.verb = WL_CONTROL_FEATURES, .expects = 3, .number = 1ull << 63, .index = 4},
	};

	for (unsigned i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
		struct wl_control decoded;

		CU_ASSERT_EQUAL(make(&controls[i]), WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES +
							    (controls[i].name[0] != 0 ? 56 : 24));
		CU_ASSERT_EQUAL_FATAL(verdict_of(), WL_ENTRY_OK);
		CU_ASSERT_TRUE_FATAL(wl_control_decode(image, &header, &decoded));
		CU_ASSERT_EQUAL(decoded.verb, controls[i].verb);
		CU_ASSERT_EQUAL(decoded.expects, controls[i].expects);
		CU_ASSERT_EQUAL(decoded.number, controls[i].number);
		CU_ASSERT_EQUAL(decoded.index, controls[i].index);
		CU_ASSERT_EQUAL(decoded.digest, controls[i].digest);
		CU_ASSERT_EQUAL(memcmp(decoded.name, controls[i].name, sizeof(decoded.name)), 0);
	}
}

enum use {
	EXPECTS = 1,
	NUMBER = 2,
	INDEX = 4,
	DIGEST = 8,
	NAME = 16,
	DATA = 32, /* the incarnations */
	LIMIT = 64,
};

/* Independent of the table under test. */
static const unsigned uses[WL_CONTROL_VERB_LAST + 1] = {
	[WL_CONTROL_TRIM] = NUMBER,
	[WL_CONTROL_BASE] = EXPECTS,
	[WL_CONTROL_BASE_PROVEN] = INDEX | DIGEST,
	[WL_CONTROL_CONSUMER_SET] = EXPECTS | NUMBER | NAME,
	[WL_CONTROL_CONSUMER_DROP] = EXPECTS | INDEX | NAME,
	[WL_CONTROL_MEMBERS] = EXPECTS | NUMBER | INDEX | DATA,
	[WL_CONTROL_LIMITS] = EXPECTS | LIMIT,
	[WL_CONTROL_LOSS] = EXPECTS | NUMBER | INDEX | DIGEST | DATA,
	[WL_CONTROL_FENCE] = NUMBER | INDEX,
	[WL_CONTROL_KEYS] = EXPECTS | NUMBER | INDEX,
	[WL_CONTROL_FEATURES] = EXPECTS | NUMBER | INDEX,
};

static void what_a_verb_does_not_use_is_written_as_zero(void)
{
	struct wl_control
		all = {WL_CONTROL_TRIM,	    1, 2, 3, 4, "name", {0, 11, 0, 13, 0, 0, 0, 17},
		       {21, 22, 23, 24, 25}},
		decoded;

	for (all.verb = WL_CONTROL_TRIM; all.verb <= WL_CONTROL_VERB_LAST; all.verb++) {
		unsigned used = uses[all.verb];

		if (used == 0)
			continue; /* a number that no verb has */
		make(&all);
		CU_ASSERT_TRUE_FATAL(wl_control_decode(image, &header, &decoded));
		CU_ASSERT_EQUAL(decoded.expects, used & EXPECTS ? 1 : 0);
		CU_ASSERT_EQUAL(decoded.number, used & NUMBER ? 2 : 0);
		CU_ASSERT_EQUAL(decoded.index, used & INDEX ? 3 : 0);
		CU_ASSERT_EQUAL(decoded.digest, used & DIGEST ? 4 : 0);
		CU_ASSERT_STRING_EQUAL(decoded.name, used & NAME ? "name" : "");
		for (uint32_t node = 0; node <= WIRELOG_NODES_MAX; node++)
			CU_ASSERT_EQUAL(decoded.incarnation[node],
					used & DATA ? all.incarnation[node] : 0);
		for (unsigned limit = 0; limit < WL_LIMITS; limit++)
			CU_ASSERT_EQUAL(decoded.limit[limit], used & LIMIT ? all.limit[limit] : 0);
	}
}

static void what_is_unknown_is_whole_and_not_decoded(void)
{
	static const uint64_t verbs[] = {0, 99, 256, 1ull << 32 | 1, UINT64_MAX};
	static const uint32_t sizes[] = {1, 8, 23, 25, 32, WL_CONTROL_BYTES_MAX};
	const struct wl_control trim = {.verb = WL_CONTROL_TRIM, .number = 5};
	uint8_t *body = image + WL_ENTRY_HEADER_BYTES;
	struct wl_control decoded;

	for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		finish(WL_ENTRY_CONTROL, 1,
		       put(body, verbs[i], WL_RECORD_CONTROL, WL_CONTROL_PAYLOAD_BYTES));
		CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_OK);
		CU_ASSERT_FALSE(wl_control_decode(image, &header, &decoded));
		CU_ASSERT_STRING_EQUAL(wl_control_verb_text(verbs[i]), "unknown");
	}
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		finish(WL_ENTRY_CONTROL, 1,
		       put(body, WL_CONTROL_TRIM, WL_RECORD_CONTROL, sizes[i]));
		CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_OK);
		CU_ASSERT_FALSE(wl_control_decode(image, &header, &decoded));
	}
	/* Arguments that a trim does not have. */
	for (unsigned at = 8; at < 24; at++) {
		make(&trim);
		body[at < 16 ? at : WL_RECORD_HEADER_BYTES + at] = 1;
		finish(WL_ENTRY_CONTROL, 1, header.body_bytes);
		CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_OK);
		CU_ASSERT_FALSE(wl_control_decode(image, &header, &decoded));
	}
}

static void limits_stand_in_their_order(void)
{
	struct wl_journal_limits limits = {0}, decoded_limits = {.index = 9};
	struct wl_control control, decoded;

	for (unsigned limit = 0; limit < WL_LIMITS; limit++)
		limits.value[limit] = (limit + 1) * 1000000000ull;
	limits.value[WL_LIMIT_SESSIONS] = 64;
	control = wl_control_of_limits(&limits, 9);
	CU_ASSERT_EQUAL(make(&control),
			WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES + 24 + 8 * WL_LIMITS);
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(wl_load_u64(image + WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES + 32),
			2000000000);
	CU_ASSERT_TRUE_FATAL(wl_control_decode(image, &header, &decoded));
	CU_ASSERT_EQUAL(decoded.expects, 9);
	CU_ASSERT_TRUE(wl_control_changes_limits(&decoded, 12, &decoded_limits));
	CU_ASSERT_EQUAL(decoded_limits.index, 12);
	CU_ASSERT_EQUAL(memcmp(decoded_limits.value, limits.value, sizeof(limits.value)), 0);
	CU_ASSERT_FALSE(wl_control_changes_limits(&decoded, 13, &decoded_limits)); /* others */
	CU_ASSERT_EQUAL(decoded_limits.index, 12);
}

static bool is_decoded_with(const struct wl_control *control, unsigned at, uint8_t value)
{
	struct wl_control decoded;

	make(control);
	image[WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES + at] = value;
	finish(WL_ENTRY_CONTROL, 1, header.body_bytes);
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_OK);
	return wl_control_decode(image, &header, &decoded);
}

static void a_name_is_one_or_nothing_is_decoded(void)
{
	static const char good[] = "azAZ09._-", bad[] = " /@[`{:,+\x80\xff\n";
	struct wl_control control = {.verb = WL_CONTROL_CONSUMER_SET, .number = 1, .name = "abc"};
	struct wl_control decoded;
	uint8_t *body = image + WL_ENTRY_HEADER_BYTES;

	for (unsigned at = 0; at < 3; at++) {
		for (const char *letter = good; *letter; letter++)
			CU_ASSERT_TRUE(is_decoded_with(&control, 24 + at, (uint8_t)*letter));
		for (const char *letter = bad; *letter; letter++)
			CU_ASSERT_FALSE(is_decoded_with(&control, 24 + at, (uint8_t)*letter));
		CU_ASSERT_EQUAL(is_decoded_with(&control, 24 + at, 0), at == 2);
	}
	for (unsigned at = 4; at < 32; at++)
		CU_ASSERT_FALSE(is_decoded_with(&control, 24 + at, 'a')); /* behind its end */
	memset(control.name, 'a', sizeof(control.name));
	CU_ASSERT_FALSE(is_decoded_with(&control, 0, 1)); /* none ends it */
	CU_ASSERT_TRUE(is_decoded_with(&control, 24 + 31, 0));
	/* Arguments that are another verb's, or no room for a name. */
	CU_ASSERT_FALSE(is_decoded_with(&control, 8, 1));
	CU_ASSERT_FALSE(is_decoded_with(&control, 16, 1));
	finish(WL_ENTRY_CONTROL, 1, put(body, WL_CONTROL_CONSUMER_SET, WL_RECORD_CONTROL, 24));
	CU_ASSERT_FALSE(wl_control_decode(image, &header, &decoded));
	finish(WL_ENTRY_CONTROL, 1, put(body, WL_CONTROL_TRIM, WL_RECORD_CONTROL, 56));
	CU_ASSERT_FALSE(wl_control_decode(image, &header, &decoded));
}

static void a_control_entry_is_one_control_record(void)
{
	uint8_t *body = image + WL_ENTRY_HEADER_BYTES;
	struct wl_control decoded;
	uint32_t first;

	finish(WL_ENTRY_CONTROL, 0, 0);
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	CU_ASSERT_FALSE(wl_control_decode(image, &header, &decoded));
	first = put(body, 1, WL_RECORD_CONTROL, 24);
	finish(WL_ENTRY_CONTROL, 2, first + put(body + first, 1, WL_RECORD_CONTROL, 24));
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	finish(WL_ENTRY_CONTROL, 2, first + put(body + first, 1, WL_RECORD_EXPIRED, 0));
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	finish(WL_ENTRY_CONTROL, 1, put(body, 1, WL_RECORD_EXPIRED, 0));
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	finish(WL_ENTRY_RECORDS, 1, put(body, 1, WL_RECORD_CONTROL, 24));
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	CU_ASSERT_FALSE(wl_control_decode(image, &header, &decoded));
	finish(WL_ENTRY_TERM_START, 1, put(body, 1, WL_RECORD_CONTROL, 24));
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	finish(WL_ENTRY_CONTROL, 1, put(body, 1, WL_RECORD_CONTROL, 0));
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	finish(WL_ENTRY_CONTROL, 1, put(body, 1, WL_RECORD_CONTROL, WL_CONTROL_BYTES_MAX + 1));
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
}

static void a_loss_is_in_force_behind_the_history_that_it_ends(void)
{
	struct wl_control loss = {.verb = WL_CONTROL_LOSS,
				  .expects = 77,
				  .number = 9,
				  .index = 1u << 3,
				  .digest = 88},
			  decoded;

	loss.incarnation[3] = 33;
	make(&loss);
	CU_ASSERT_EQUAL_FATAL(verdict_of(), WL_ENTRY_OK);
	CU_ASSERT_TRUE_FATAL(wl_control_decode(image, &header, &decoded));
	CU_ASSERT_EQUAL(memcmp(&decoded, &loss, sizeof(loss)), 0);
	CU_ASSERT_TRUE(wl_control_begins_history(&decoded, &header, 77));
	CU_ASSERT_FALSE(wl_control_begins_history(&decoded, &header, 76));
	decoded.digest = 77;
	CU_ASSERT_FALSE(wl_control_begins_history(&decoded, &header, 77));
	decoded = loss;
	decoded.number = 10; /* not that of the entry */
	CU_ASSERT_FALSE(wl_control_begins_history(&decoded, &header, 77));
	decoded = loss;
	decoded.index = 0;
	CU_ASSERT_FALSE(wl_control_begins_history(&decoded, &header, 77));
	CU_ASSERT_STRING_EQUAL(wl_control_verb_text(8), "loss");
	CU_ASSERT_STRING_EQUAL(wl_control_verb_text(0), "unknown");
}

static void numbers_rise_without_a_record_at_a_loss_alone(void)
{
	struct wl_control loss = {.verb = WL_CONTROL_LOSS};

	make(&loss); /* first_number 9 */
	CU_ASSERT_TRUE(wl_entry_number_follows(&header, 9));
	CU_ASSERT_FALSE(wl_entry_number_follows(&header, 8));
	CU_ASSERT_FALSE(wl_entry_number_follows(&header, 10));
	header.first_number = 9 + WL_LOSS_NUMBERS;
	CU_ASSERT_TRUE(wl_entry_number_follows(&header, 9));
	CU_ASSERT_FALSE(wl_entry_number_follows(&header, 10));
	header.kind = WL_ENTRY_RECORDS;
	CU_ASSERT_FALSE(wl_entry_number_follows(&header, 9));
}

static void only_the_entry_at_index_1_says_a_history(void)
{
	wl_store_u64(image + WL_ENTRY_HEADER_BYTES, 77);
	finish(WL_ENTRY_TERM_START, 0, WL_ENTRY_HISTORY_BYTES);
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
	header.index = 1;
	wl_entry_encode_header(image, &header);
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(wl_entry_history(image, &header), 77);
	wl_store_u64(image + WL_ENTRY_HEADER_BYTES, 0);
	finish(WL_ENTRY_TERM_START, 0, WL_ENTRY_HISTORY_BYTES);
	header.index = 1;
	wl_entry_encode_header(image, &header);
	CU_ASSERT_EQUAL(verdict_of(), WL_ENTRY_BAD_RECORDS);
}

WL_SUITE(control_entry)
{
	WL_TEST(a_loss_is_in_force_behind_the_history_that_it_ends),
	WL_TEST(numbers_rise_without_a_record_at_a_loss_alone),
	WL_TEST(only_the_entry_at_index_1_says_a_history),
	WL_TEST(each_verb_survives_encode_and_decode),
	WL_TEST(limits_stand_in_their_order),
	WL_TEST(what_a_verb_does_not_use_is_written_as_zero),
	WL_TEST(what_is_unknown_is_whole_and_not_decoded),
	WL_TEST(a_name_is_one_or_nothing_is_decoded),
	WL_TEST(a_control_entry_is_one_control_record),
};

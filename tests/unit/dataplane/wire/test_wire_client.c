/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static uint8_t bytes[4096];

#define ASSERT_ONLY_SIZE(name, wanted)                                                \
	do {                                                                          \
		struct wl_wire_##name other_;                                         \
		for (size_t size_ = 0; size_ < (wanted) + 20; size_++)                \
			CU_ASSERT_EQUAL(wl_wire_decode_##name(bytes, size_, &other_), \
					size_ == (wanted));                           \
	} while (0)

#define ASSERT_REFUSED_WITH(name, size, at, value)                              \
	do {                                                                    \
		struct wl_wire_##name refused_;                                 \
		uint8_t kept_ = bytes[at];                                      \
		CU_ASSERT_TRUE(wl_wire_decode_##name(bytes, size, &refused_));  \
		bytes[at] = (value);                                            \
		CU_ASSERT_FALSE(wl_wire_decode_##name(bytes, size, &refused_)); \
		bytes[at] = kept_;                                              \
	} while (0)

static void open_session_is_a_nonce_that_is_not_zero(void)
{
	struct wl_wire_open_session open = {5};

	CU_ASSERT_EQUAL(wl_wire_encode_open_session(bytes, &open), WL_WIRE_OPEN_SESSION_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 5);
	ASSERT_ONLY_SIZE(open_session, WL_WIRE_OPEN_SESSION_BYTES);
	ASSERT_REFUSED_WITH(open_session, WL_WIRE_OPEN_SESSION_BYTES, 0, 0);
}

static void open_session_reply_has_the_documented_layout_and_limits(void)
{
	struct wl_wire_open_session_reply reply = {.nonce = 5,
						   .status = WIRELOG_NOT_LEADER,
						   .leader = 3,
						   .session = 9};

	CU_ASSERT_EQUAL(wl_wire_encode_open_session_reply(bytes, &reply),
			WL_WIRE_OPEN_SESSION_REPLY_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 5);
	CU_ASSERT_EQUAL((int32_t)wl_load_u32(bytes + 8), WIRELOG_NOT_LEADER);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 12), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 9);
	ASSERT_ONLY_SIZE(open_session_reply, WL_WIRE_OPEN_SESSION_REPLY_BYTES);
	ASSERT_REFUSED_WITH(open_session_reply, WL_WIRE_OPEN_SESSION_REPLY_BYTES, 11,
			    0); /* a positive status */
	ASSERT_REFUSED_WITH(open_session_reply, WL_WIRE_OPEN_SESSION_REPLY_BYTES, 12,
			    WIRELOG_NODES_MAX + 1);
}

/* Two records, of 3 and of 1 bytes. */
static size_t encode_two_records(void)
{
	struct wl_wire_record record = {.bytes = 3,
					.level = 3,
					.not_after_ns = 77,
					.payload = (const uint8_t *)"abc"};
	struct wl_wire_client_append append = {.session = 4,
					       .first_sequence = 10,
					       .acknowledged_through = 9,
					       .record_count = 2,
					       .term = 6};
	uint8_t *at = bytes + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;

	at += wl_wire_encode_record(at, &record);
	record = (struct wl_wire_record){.bytes = 1, .level = 1, .payload = (const uint8_t *)"d"};
	at += wl_wire_encode_record(at, &record);
	append.bytes = (uint32_t)(at - bytes) - WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	wl_wire_encode_client_append(bytes, &append);
	return (size_t)(at - bytes);
}

static void client_append_has_the_documented_layout(void)
{
	size_t size = encode_two_records();

	CU_ASSERT_EQUAL(size, 48 + 16 + 3 + 16 + 1);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 4);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 10);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 9);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 24), 2);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 28), 0);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 32), 0);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 36), 36);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 40), 6);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 48), 3);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 52), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 56), 77);
	CU_ASSERT_EQUAL(memcmp(bytes + 64, "abc", 3), 0);
	ASSERT_ONLY_SIZE(client_append, size);
}

static void records_of_a_client_append_are_walked_in_order(void)
{
	size_t size = encode_two_records();
	struct wl_wire_client_append append;
	struct wl_wire_record record;
	const uint8_t *at;

	CU_ASSERT_TRUE_FATAL(wl_wire_decode_client_append(bytes, size, &append));
	CU_ASSERT_EQUAL(append.term, 6);
	at = wl_wire_next_record(append.records, &record);
	CU_ASSERT_EQUAL(record.bytes, 3);
	CU_ASSERT_EQUAL(record.level, 3);
	CU_ASSERT_EQUAL(record.not_after_ns, 77);
	CU_ASSERT_EQUAL(memcmp(record.payload, "abc", 3), 0);
	at = wl_wire_next_record(at, &record);
	CU_ASSERT_EQUAL(record.bytes, 1);
	CU_ASSERT_EQUAL(*record.payload, 'd');
	CU_ASSERT_PTR_EQUAL(at, bytes + size);
}

static void client_append_with_impossible_fields_is_refused(void)
{
	size_t size = encode_two_records();

	ASSERT_REFUSED_WITH(client_append, size, 0, 0); /* no session */
	ASSERT_REFUSED_WITH(client_append, size, 8, 0); /* sequences begin at 1 */
	ASSERT_REFUSED_WITH(client_append, size, 24, 1); /* counts */
	ASSERT_REFUSED_WITH(client_append, size, 24, 3);
	ASSERT_REFUSED_WITH(client_append, size, 28, 1); /* an offset without a fragment */
	ASSERT_REFUSED_WITH(client_append, size, 32, 9); /* a fragment of two records */
	ASSERT_REFUSED_WITH(client_append, size, 36, 35);
	ASSERT_REFUSED_WITH(client_append, size, 48, 0); /* an empty record */
	ASSERT_REFUSED_WITH(client_append, size, 48, 4);
	ASSERT_REFUSED_WITH(client_append, size, 51, 0xff);
	ASSERT_REFUSED_WITH(client_append, size, 52, 0); /* levels are 1..4 */
	ASSERT_REFUSED_WITH(client_append, size, 52, 5);
	ASSERT_REFUSED_WITH(client_append, size, 53, 1); /* reserved */
	ASSERT_REFUSED_WITH(client_append, size, 54, 1);
	ASSERT_REFUSED_WITH(client_append, size, 55, 1);
	ASSERT_REFUSED_WITH(client_append, size, 67, 2); /* the second one ends too late */
}

static void client_append_without_records_is_refused(void)
{
	struct wl_wire_client_append append = {.session = 4, .first_sequence = 10};

	wl_wire_encode_client_append(bytes, &append);
	CU_ASSERT_FALSE(
		wl_wire_decode_client_append(bytes, WL_WIRE_CLIENT_APPEND_HEADER_BYTES, &append));
}

static void sequences_that_would_wrap_are_refused(void)
{
	size_t size = encode_two_records();
	struct wl_wire_client_append append;

	wl_store_u64(bytes + 8, UINT64_MAX - 2);
	CU_ASSERT_TRUE(wl_wire_decode_client_append(bytes, size, &append));
	wl_store_u64(bytes + 8, UINT64_MAX - 1);
	CU_ASSERT_FALSE(wl_wire_decode_client_append(bytes, size, &append));
	wl_store_u64(bytes + 8, UINT64_MAX);
	CU_ASSERT_FALSE(wl_wire_decode_client_append(bytes, size, &append));
}

static bool fragment_decodes(uint32_t record_bytes, uint32_t offset, uint32_t part)
{
	static const uint8_t payload[512];
	struct wl_wire_record record = {.bytes = part, .level = 1, .payload = payload};
	struct wl_wire_client_append append = {.session = 4,
					       .first_sequence = 10,
					       .record_count = 1,
					       .fragment_offset = offset,
					       .record_bytes = record_bytes};

	append.bytes = (uint32_t)wl_wire_encode_record(bytes + WL_WIRE_CLIENT_APPEND_HEADER_BYTES,
						       &record);
	wl_wire_encode_client_append(bytes, &append);
	return wl_wire_decode_client_append(
		bytes, WL_WIRE_CLIENT_APPEND_HEADER_BYTES + append.bytes, &append);
}

static void fragment_of_a_record_lies_inside_it(void)
{
	CU_ASSERT_TRUE(fragment_decodes(3000, 0, 500));
	CU_ASSERT_TRUE(fragment_decodes(3000, 2500, 500));
	CU_ASSERT_FALSE(fragment_decodes(3000, 2501, 500));
	CU_ASSERT_FALSE(fragment_decodes(3000, 3000, 1));
	CU_ASSERT_FALSE(fragment_decodes(3000, UINT32_MAX, 500));
	CU_ASSERT_TRUE(fragment_decodes(WIRELOG_RECORD_BYTES_MAX, 0, 500));
	CU_ASSERT_FALSE(fragment_decodes(WIRELOG_RECORD_BYTES_MAX + 1, 0, 500));
	CU_ASSERT_FALSE(fragment_decodes(UINT32_MAX, 0, 500));
}

static size_t encode_results(unsigned count)
{
	struct wl_wire_append_reply reply = {.session = 4,
					     .leader = 2,
					     .result_count = count,
					     .term = 6,
					     .frame = 7};
	size_t size = wl_wire_encode_append_reply(bytes, &reply);

	for (unsigned at = 0; at < count; at++, size += WL_WIRE_APPEND_RESULT_BYTES) {
		struct wl_wire_append_result result = {.first_sequence = 10 + at,
						       .first_number = 20,
						       .timestamp_ns = 30,
						       .count = 5,
						       .status = WIRELOG_EXPIRED,
						       .level = 3,
						       .dwell_ns = 40};

		wl_wire_encode_append_result(bytes + size, &result);
	}
	return size;
}

static void append_reply_has_the_documented_layout(void)
{
	struct wl_wire_append_reply reply;
	struct wl_wire_append_result result;
	size_t size = encode_results(2);

	CU_ASSERT_EQUAL(size, 32 + 2 * 40);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 4);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 8), 2);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 12), 2);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 6);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 24), 7);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 72), 11);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 80), 20);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 88), 30);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 96), 5);
	CU_ASSERT_EQUAL((int16_t)wl_load_u16(bytes + 100), WIRELOG_EXPIRED);
	CU_ASSERT_EQUAL(bytes[102], 3);
	CU_ASSERT_EQUAL(bytes[103], 0);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 104), 40);
	CU_ASSERT_TRUE(wl_wire_decode_append_reply(bytes, size, &reply));
	CU_ASSERT_EQUAL(reply.term, 6);
	CU_ASSERT_EQUAL(reply.frame, 7);
	wl_wire_decode_append_result(reply.results + WL_WIRE_APPEND_RESULT_BYTES, &result);
	CU_ASSERT_EQUAL(result.first_sequence, 11);
	CU_ASSERT_EQUAL(result.status, WIRELOG_EXPIRED);
	CU_ASSERT_EQUAL(result.dwell_ns, 40);
	ASSERT_ONLY_SIZE(append_reply, size);
}

static void append_reply_with_impossible_fields_is_refused(void)
{
	size_t size = encode_results(2);

	ASSERT_REFUSED_WITH(append_reply, size, 8, WIRELOG_NODES_MAX + 1);
	ASSERT_REFUSED_WITH(append_reply, size, 12, 1);
	ASSERT_REFUSED_WITH(append_reply, size, 12, 3);
	ASSERT_REFUSED_WITH(append_reply, size, 72, 0); /* sequences begin at 1 */
	ASSERT_REFUSED_WITH(append_reply, size, 96, 0); /* a result of nothing */
	ASSERT_REFUSED_WITH(append_reply, size, 101, 0x7f); /* a positive status */
	ASSERT_REFUSED_WITH(append_reply, size, 102, 5); /* a level that there is not */
	ASSERT_REFUSED_WITH(append_reply, size, 103, 1); /* reserved */
	wl_store_u64(bytes + 72, UINT64_MAX - 4);
	CU_ASSERT_FALSE(
		wl_wire_decode_append_reply(bytes, size, &(struct wl_wire_append_reply){0}));
}

static void subscribe_and_credit_have_the_documented_layouts_and_limits(void)
{
	struct wl_wire_subscribe subscribe = {.subscription = 1,
					      .from = WL_WIRE_FROM_NUMBER,
					      .credit_bytes = 3,
					      .value = 4,
					      .history_id = 5,
					      .known_number = 3,
					      .known_chain = 7};
	struct wl_wire_credit credit = {.subscription = 1,
					.next_number = 2,
					.credit_bytes = 3,
					.resend = 1};

	CU_ASSERT_EQUAL(wl_wire_encode_subscribe(bytes, &subscribe), WL_WIRE_SUBSCRIBE_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 1);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 8), 1);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 12), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 4);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 24), 5);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 32), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 40), 7);
	ASSERT_REFUSED_WITH(subscribe, WL_WIRE_SUBSCRIBE_BYTES, 32, 4); /* not before it */
	ASSERT_REFUSED_WITH(subscribe, WL_WIRE_SUBSCRIBE_BYTES, 32,
			    0); /* a chain value of nothing */
	ASSERT_REFUSED_WITH(subscribe, WL_WIRE_SUBSCRIBE_BYTES, 8, 3); /* and no number */
	ASSERT_ONLY_SIZE(subscribe, WL_WIRE_SUBSCRIBE_BYTES);
	ASSERT_REFUSED_WITH(subscribe, WL_WIRE_SUBSCRIBE_BYTES, 8, 0);
	ASSERT_REFUSED_WITH(subscribe, WL_WIRE_SUBSCRIBE_BYTES, 8, 4);

	CU_ASSERT_EQUAL(wl_wire_encode_credit(bytes, &credit), WL_WIRE_CREDIT_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 1);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 2);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 16), 3);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 20), 1);
	ASSERT_ONLY_SIZE(credit, WL_WIRE_CREDIT_BYTES);
	ASSERT_REFUSED_WITH(credit, WL_WIRE_CREDIT_BYTES, 20, 2);
	ASSERT_ONLY_SIZE(unsubscribe, WL_WIRE_UNSUBSCRIBE_BYTES);
}

static void consumer_questions_have_the_documented_layouts_and_limits(void)
{
	struct wl_wire_consumer_ask consumer_ask = {.nonce = 1,
						    .verb = WL_WIRE_CONSUMER_MOVE,
						    .number = 3,
						    .made = 4,
						    .name = "risk"};
	struct wl_wire_consumer_reply consumer_reply = {.nonce = 1,
							.leader = 2,
							.number = 3,
							.made = 4};

	CU_ASSERT_EQUAL(wl_wire_encode_consumer_ask(bytes, &consumer_ask),
			WL_WIRE_CONSUMER_ASK_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 1);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 8), 2);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 12), 0);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 24), 4);
	CU_ASSERT_EQUAL(memcmp(bytes + 32, "risk", 5), 0);
	ASSERT_ONLY_SIZE(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES);
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 0, 0); /* no nonce */
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 8, 0);
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 8,
			    1); /* takes one by index */
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 8, 3); /* looks at a number */
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 8, 4);
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 12, 1);
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 16, 0);
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 24, 0);
	ASSERT_REFUSED_WITH(consumer_ask, WL_WIRE_CONSUMER_ASK_BYTES, 33, ' ');

	CU_ASSERT_EQUAL(wl_wire_encode_consumer_reply(bytes, &consumer_reply),
			WL_WIRE_CONSUMER_REPLY_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 1);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 8), 0);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 12), 2);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 24), 4);
	ASSERT_ONLY_SIZE(consumer_reply, WL_WIRE_CONSUMER_REPLY_BYTES);
	ASSERT_REFUSED_WITH(consumer_reply, WL_WIRE_CONSUMER_REPLY_BYTES, 12, 200);
	ASSERT_REFUSED_WITH(consumer_reply, WL_WIRE_CONSUMER_REPLY_BYTES, 16, 0);
	ASSERT_REFUSED_WITH(consumer_reply, WL_WIRE_CONSUMER_REPLY_BYTES, 24, 0);
}

static size_t encode_delivery(void)
{
	struct wl_wire_delivered_record record = {.bytes = 2,
						  .timestamp_ns = 3,
						  .session = 4,
						  .sequence = 5,
						  .payload = (const uint8_t *)"xy"};
	struct wl_wire_deliver deliver = {.subscription = 1,
					  .first_number = 8,
					  .commit_number = 9,
					  .record_count = 2,
					  .chain = 6};
	uint8_t *at = bytes + WL_WIRE_DELIVER_HEADER_BYTES;

	at += wl_wire_encode_delivered_record(at, &record);
	at += wl_wire_encode_delivered_record(at, &record);
	deliver.bytes = (uint32_t)(at - bytes) - WL_WIRE_DELIVER_HEADER_BYTES;
	wl_wire_encode_deliver(bytes, &deliver);
	return (size_t)(at - bytes);
}

static void deliver_has_the_documented_layout_and_limits(void)
{
	size_t size = encode_delivery();
	struct wl_wire_deliver deliver;
	struct wl_wire_delivered_record record;

	CU_ASSERT_EQUAL(size, 48 + 2 * (32 + 2));
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 1);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 8);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 9);
	CU_ASSERT_EQUAL(wl_load_u32(bytes + 24), 2);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 40), 6);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 48), 2);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 56), 3);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 64), 4);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 72), 5);
	CU_ASSERT_TRUE(wl_wire_decode_deliver(bytes, size, &deliver));
	wl_wire_next_delivered(wl_wire_next_delivered(deliver.records, &record), &record);
	CU_ASSERT_PTR_EQUAL(record.payload + record.bytes, bytes + size);
	ASSERT_ONLY_SIZE(deliver, size);
	ASSERT_REFUSED_WITH(deliver, size, 24, 1);
	ASSERT_REFUSED_WITH(deliver, size, 28, 1);
	ASSERT_REFUSED_WITH(deliver, size, 32, 9); /* a fragment of two records */
	ASSERT_REFUSED_WITH(deliver, size, 48, 0);
	ASSERT_REFUSED_WITH(deliver, size, 51, 0xff);
	ASSERT_REFUSED_WITH(deliver, size, 52, 1);
	memset(bytes + 8, 0xff, 8); /* numbers would wrap */
	CU_ASSERT_FALSE(wl_wire_decode_deliver(bytes, size, &deliver));
}

static void deliver_without_records_tells_the_end(void)
{
	struct wl_wire_deliver deliver = {.subscription = 1, .first_number = 8, .commit_number = 7};

	wl_wire_encode_deliver(bytes, &deliver);
	CU_ASSERT_TRUE(wl_wire_decode_deliver(bytes, WL_WIRE_DELIVER_HEADER_BYTES, &deliver));
	CU_ASSERT_EQUAL(deliver.record_count, 0);
	/* A fragment without bytes is not one. */
	wl_store_u32(bytes + 32, 9);
	CU_ASSERT_FALSE(wl_wire_decode_deliver(bytes, WL_WIRE_DELIVER_HEADER_BYTES, &deliver));
}

static void gap_has_the_documented_layout_and_limits(void)
{
	struct wl_wire_gap gap = {.subscription = 1,
				  .first_number = 2,
				  .next_number = 3,
				  .status = WIRELOG_LOST};

	CU_ASSERT_EQUAL(wl_wire_encode_gap(bytes, &gap), WL_WIRE_GAP_BYTES);
	CU_ASSERT_EQUAL(wl_load_u64(bytes), 1);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 8), 2);
	CU_ASSERT_EQUAL(wl_load_u64(bytes + 16), 3);
	CU_ASSERT_EQUAL((int32_t)wl_load_u32(bytes + 24), WIRELOG_LOST);
	ASSERT_ONLY_SIZE(gap, WL_WIRE_GAP_BYTES);
	ASSERT_REFUSED_WITH(gap, WL_WIRE_GAP_BYTES, 27, 0); /* a positive status */
	ASSERT_REFUSED_WITH(gap, WL_WIRE_GAP_BYTES, 28, 1);
}

WL_SUITE(wire_client)
{
	WL_TEST(open_session_is_a_nonce_that_is_not_zero),
	WL_TEST(open_session_reply_has_the_documented_layout_and_limits),
	WL_TEST(client_append_has_the_documented_layout),
	WL_TEST(records_of_a_client_append_are_walked_in_order),
	WL_TEST(client_append_with_impossible_fields_is_refused),
	WL_TEST(client_append_without_records_is_refused),
	WL_TEST(sequences_that_would_wrap_are_refused),
	WL_TEST(fragment_of_a_record_lies_inside_it),
	WL_TEST(append_reply_has_the_documented_layout),
	WL_TEST(append_reply_with_impossible_fields_is_refused),
	WL_TEST(subscribe_and_credit_have_the_documented_layouts_and_limits),
	WL_TEST(consumer_questions_have_the_documented_layouts_and_limits),
	WL_TEST(deliver_has_the_documented_layout_and_limits),
	WL_TEST(deliver_without_records_tells_the_end),
	WL_TEST(gap_has_the_documented_layout_and_limits),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/entry.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/unit/runner.h"

#define CLUSTER 0xabcdef0123456789u

static uint8_t image[4096];
static struct wl_entry_header header;

/* Three records: an opened session, a data record, an expired one. */
static size_t make(void)
{
	static const struct wl_record_header records[] = {
		{11, 22, 0, WL_RECORD_OPEN_SESSION},
		{5, 6, 13, WL_RECORD_DATA},
		{5, 7, 0, WL_RECORD_EXPIRED},
	};
	uint8_t *at = image + WL_ENTRY_HEADER_BYTES;

	memset(image, 0, sizeof(image));
	for (unsigned i = 0; i < 3; i++) {
		wl_entry_encode_record(at, &records[i]);
		memset(at + WL_RECORD_HEADER_BYTES, 0x5a, records[i].bytes);
		at += wl_record_image_bytes(records[i].bytes);
	}
	header = (struct wl_entry_header){
		.kind = WL_ENTRY_RECORDS,
		.journal = 4,
		.record_count = 3,
		.data_count = 1,
		.cluster = CLUSTER,
		.index = 101,
		.term = 7,
		.previous_term = 6,
		.first_number = 5001,
		.previous_chain = 0x1234,
		.timestamp_ns = 99,
		.commit = 90,
		.body_bytes = (uint32_t)(at - image - WL_ENTRY_HEADER_BYTES),
	};
	header.body_crc = wl_crc32c(image + WL_ENTRY_HEADER_BYTES, header.body_bytes);
	wl_entry_encode_header(image, &header);
	return wl_entry_bytes(&header);
}

/* After a change by hand: so that the checksums do not hide what is tested. */
static void mend(void)
{
	wl_store_u32(image + 84, wl_crc32c(image + WL_ENTRY_HEADER_BYTES, wl_load_u32(image + 80)));
	wl_store_u32(image + 92, wl_crc32c(image, 92));
}

static void header_survives_encode_and_decode(void)
{
	struct wl_entry_header decoded;
	size_t size = make();

	memset(&decoded, 0, sizeof(decoded));
	CU_ASSERT_EQUAL(wl_entry_decode(image, size, &decoded), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(memcmp(&decoded, &header, sizeof(header)), 0);
	CU_ASSERT_EQUAL(wl_load_u64(image + 24), 101);
	CU_ASSERT_EQUAL(wl_load_u64(image + 64), 90);
	CU_ASSERT_EQUAL(wl_load_u32(image + 88), 1);
}

static void every_flipped_bit_is_noticed(void)
{
	struct wl_entry_header decoded;
	size_t size = make();

	for (size_t bit = 0; bit < size * 8; bit++) {
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(wl_entry_decode(image, size, &decoded), WL_ENTRY_OK);
		image[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void every_shorter_image_is_short(void)
{
	struct wl_entry_header decoded;
	size_t size = make();

	for (size_t shorter = 0; shorter < size; shorter++)
		CU_ASSERT_EQUAL(wl_entry_decode(image, shorter, &decoded), WL_ENTRY_SHORT);
	CU_ASSERT_EQUAL(wl_entry_decode(image, sizeof(image), &decoded), WL_ENTRY_OK);
}

static void each_fault_of_the_header_has_its_verdict(void)
{
	struct wl_entry_header decoded;

	make();
	image[0] = 'X';
	CU_ASSERT_EQUAL(wl_entry_decode_header(image, sizeof(image), &decoded), WL_ENTRY_BAD_MAGIC);
	make();
	image[4] = 9;
	CU_ASSERT_EQUAL(wl_entry_decode_header(image, sizeof(image), &decoded),
			WL_ENTRY_BAD_VERSION);
	make();
	image[40] ^= 1;
	CU_ASSERT_EQUAL(wl_entry_decode_header(image, sizeof(image), &decoded),
			WL_ENTRY_BAD_HEADER_CRC);
	make();
	header.body_bytes = WL_ENTRY_BODY_BYTES_MAX + 8;
	wl_entry_encode_header(image, &header);
	CU_ASSERT_EQUAL(wl_entry_decode_header(image, sizeof(image), &decoded),
			WL_ENTRY_BAD_LENGTH);
	header.body_bytes = 12;
	wl_entry_encode_header(image, &header);
	CU_ASSERT_EQUAL(wl_entry_decode_header(image, sizeof(image), &decoded),
			WL_ENTRY_BAD_LENGTH);
}

static void lying_records_are_refused(void)
{
	static const struct {
		unsigned at, value;
	} lies[] = {
		{20, 4}, /* record count */
		{88, 2}, /* data count */
		{6, 7}, /* kind of the entry */
		{6, WL_ENTRY_TERM_START}, /* which has no records */
		{WL_ENTRY_HEADER_BYTES + 20, 0}, /* kind of a record */
		{WL_ENTRY_HEADER_BYTES + 20, 9},
		{WL_ENTRY_HEADER_BYTES + 22, 1}, /* must be zero */
		{WL_ENTRY_HEADER_BYTES + 16, 200}, /* payload runs over the body */
		{WL_ENTRY_HEADER_BYTES + 19, 255},
		{WL_ENTRY_HEADER_BYTES + 24 + 24 + 15, 1}, /* padding */
	};
	struct wl_entry_header decoded;

	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		size_t size = make();

		image[lies[i].at] = (uint8_t)lies[i].value;
		mend();
		CU_ASSERT_EQUAL(wl_entry_decode(image, size, &decoded), WL_ENTRY_BAD_RECORDS);
	}
}

static void only_data_has_a_payload_and_it_always_has_one(void)
{
	struct wl_entry_header decoded;
	size_t size = make();

	/* The opened session claims to be data, of no bytes: readers are promised at least one. */
	wl_store_u16(image + WL_ENTRY_HEADER_BYTES + 20, WL_RECORD_DATA);
	wl_store_u32(image + 88, 2);
	mend();
	CU_ASSERT_EQUAL(wl_entry_decode(image, size, &decoded), WL_ENTRY_BAD_RECORDS);

	/* The data record claims to be expired, with its payload. */
	size = make();
	wl_store_u16(image + WL_ENTRY_HEADER_BYTES + 24 + 20, WL_RECORD_EXPIRED);
	wl_store_u32(image + 88, 0);
	mend();
	CU_ASSERT_EQUAL(wl_entry_decode(image, size, &decoded), WL_ENTRY_BAD_RECORDS);
}

static void walk_numbers_only_data_records(void)
{
	struct wl_record_walk walk;
	struct wl_record_view view;

	make();
	wl_entry_walk_init(&walk, image, &header);
	CU_ASSERT_TRUE(wl_entry_walk_next(&walk, &view));
	CU_ASSERT_EQUAL(view.number, 0);
	CU_ASSERT_EQUAL(view.header.kind, WL_RECORD_OPEN_SESSION);
	CU_ASSERT_EQUAL(view.header.session, 11);
	CU_ASSERT_TRUE(wl_entry_walk_next(&walk, &view));
	CU_ASSERT_EQUAL(view.number, 5001);
	CU_ASSERT_EQUAL(view.header.bytes, 13);
	CU_ASSERT_EQUAL(view.payload[12], 0x5a);
	CU_ASSERT_TRUE(wl_entry_walk_next(&walk, &view));
	CU_ASSERT_EQUAL(view.header.sequence, 7);
	CU_ASSERT_EQUAL(view.number, 0);
	CU_ASSERT_FALSE(wl_entry_walk_next(&walk, &view));
}

static void chain_binds_past_and_body(void)
{
	uint64_t chain;

	make();
	chain = wl_entry_chain(image);
	header.previous_chain ^= 1;
	wl_entry_encode_header(image, &header);
	CU_ASSERT_NOT_EQUAL(wl_entry_chain(image), chain);
	make();
	header.body_crc ^= 1;
	wl_entry_encode_header(image, &header);
	CU_ASSERT_NOT_EQUAL(wl_entry_chain(image), chain);
	CU_ASSERT_NOT_EQUAL(wl_entry_chain_origin(1, 0), wl_entry_chain_origin(1, 1));
	CU_ASSERT_NOT_EQUAL(wl_entry_chain_origin(1, 0), wl_entry_chain_origin(2, 0));
}

static void every_verdict_has_a_text_of_its_own(void)
{
	for (int a = WL_ENTRY_OK; a <= WL_ENTRY_FOREIGN; a++)
		for (int b = WL_ENTRY_OK; b < a; b++)
			CU_ASSERT_STRING_NOT_EQUAL(wl_entry_verdict_text((enum wl_entry_verdict)a),
						   wl_entry_verdict_text((enum wl_entry_verdict)b));
}

WL_SUITE(entry)
{
	WL_TEST(header_survives_encode_and_decode),
	WL_TEST(every_flipped_bit_is_noticed),
	WL_TEST(every_shorter_image_is_short),
	WL_TEST(each_fault_of_the_header_has_its_verdict),
	WL_TEST(lying_records_are_refused),
	WL_TEST(only_data_has_a_payload_and_it_always_has_one),
	WL_TEST(walk_numbers_only_data_records),
	WL_TEST(chain_binds_past_and_body),
	WL_TEST(every_verdict_has_a_text_of_its_own),
};

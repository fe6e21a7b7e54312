/* SPDX-License-Identifier: BSD-3-Clause */
/* Control entries in the log: appended by a leader, taken by followers, and how far they use the room that is kept. */
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#include <string.h>

static struct log_fixture fixture;
static struct wl_log *const the_log = &fixture.log;

static enum wl_log_result append(uint64_t term)
{
	const struct wl_control control = {.verb = WL_CONTROL_TRIM, .number = 3};
	enum wl_log_result result = wl_log_open_entry(the_log, WL_ENTRY_CONTROL, term, 0, 0);

	if (result == WL_LOG_OK)
		wl_log_seal_control(the_log, &control);
	return result;
}

static void it_stands_between_records_and_takes_no_number(void)
{
	struct wl_entry_header header;
	struct wl_control control;
	const uint8_t *image;
	uint32_t bytes;

	log_fixture_init(&fixture, 2);
	log_fixture_append(&fixture, 1, 10);
	CU_ASSERT_EQUAL(append(1), WL_LOG_OK);
	log_fixture_append(&fixture, 1, 10);
	CU_ASSERT_EQUAL(the_log->next_number, 3);
	image = wl_log_image_in_ring(the_log, 2, &bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	CU_ASSERT_EQUAL(bytes,
			WL_ENTRY_HEADER_BYTES + wl_record_image_bytes(WL_CONTROL_PAYLOAD_BYTES));
	CU_ASSERT_EQUAL(wl_entry_decode(image, bytes, &header), WL_ENTRY_OK);
	CU_ASSERT_TRUE(wl_control_decode(image, &header, &control));
	CU_ASSERT_EQUAL(control.number, 3);
	log_fixture_settle(&fixture);
	CU_ASSERT_EQUAL(log_fixture_restart(&fixture, 0, false), WL_RECOVERY_DONE);
	CU_ASSERT_EQUAL(the_log->tail.index, 3);
	log_fixture_fini(&fixture);
}

/* Of the room that a full log keeps a leader leaves the last blocks to first entries of terms; a follower takes what it is sent. */
static void the_last_blocks_are_for_terms(void)
{
	uint8_t image[WL_CONTROL_ENTRY_BYTES_MAX];
	const uint8_t *last;
	uint64_t left;
	uint32_t bytes;
	size_t size;

	log_fixture_init(&fixture, 3);
	log_fixture_settle(&fixture);
	do {
		size = log_fixture_make_image(&fixture, 1, 500000);
		log_fixture_settle(&fixture);
	} while (wl_log_append_image(the_log, fixture.image, size) == WL_LOG_OK);
	left = wl_log_elections_left(the_log);
	CU_ASSERT_TRUE_FATAL(left >= WL_LOG_KEPT_ELECTIONS);
	while (append(1) == WL_LOG_OK) {
		log_fixture_settle(&fixture);
		left--;
	}
	CU_ASSERT_TRUE(left == WL_LOG_KEPT_FOR_TERMS);
	CU_ASSERT_EQUAL(wl_log_elections_left(the_log), WL_LOG_KEPT_FOR_TERMS);
	CU_ASSERT_EQUAL(append(1), WL_LOG_NO_SPACE);
	CU_ASSERT_EQUAL(wl_log_open_entry(the_log, WL_ENTRY_RECORDS, 1, 0, 0), WL_LOG_NO_SPACE);

	last = wl_log_image_in_ring(the_log, the_log->tail.index, &bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(last);
	memcpy(image, last, sizeof(image));
	for (; left != 0; left--) {
		struct wl_entry_header header;

		CU_ASSERT_EQUAL_FATAL(wl_entry_decode(image, sizeof(image), &header), WL_ENTRY_OK);
		header.index++;
		header.previous_chain = the_log->tail_chain;
		wl_entry_encode_header(image, &header);
		CU_ASSERT_EQUAL_FATAL(wl_log_append_image(the_log, image, sizeof(image)),
				      WL_LOG_OK);
		log_fixture_settle(&fixture);
	}
	CU_ASSERT_EQUAL(wl_log_elections_left(the_log), 0);
	CU_ASSERT_PTR_NULL(wl_log_check(the_log));
	log_fixture_fini(&fixture);
}

WL_SUITE(log_control)
{
	WL_TEST(it_stands_between_records_and_takes_no_number),
	WL_TEST(the_last_blocks_are_for_terms),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/raft/peer.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define RESEND_NS 1000u

static struct wl_peer peer;

static void begin(enum wl_peer_state state, uint64_t match, uint64_t next)
{
	memset(&peer, 0, sizeof(peer));
	wl_peer_lead(&peer, next, 100);
	peer.state = state;
	peer.match_received = peer.match_durable = match;
}

static void new_term_knows_nothing_but_where_to_begin(void)
{
	begin(WL_PEER_STREAM, 7, 12);
	peer.fragment_offset = 5;
	peer.no_space = peer.damaged = peer.probe_outstanding = true;
	wl_peer_lead(&peer, 20, 500);
	CU_ASSERT_EQUAL(peer.state, WL_PEER_PROBE);
	CU_ASSERT_EQUAL(peer.next_index, 20);
	CU_ASSERT_EQUAL(peer.match_received, 0);
	CU_ASSERT_EQUAL(peer.match_durable, 0);
	CU_ASSERT_EQUAL(peer.fragment_offset, 0);
	CU_ASSERT_EQUAL(peer.heard_sent_ns, 0); /* nothing of this leadership has come back */
	CU_ASSERT(!peer.no_space && !peer.damaged && !peer.probe_outstanding);
}

static void another_boot_forgets_the_matches_and_not_when_it_was_heard(void)
{
	begin(WL_PEER_STREAM, 7, 12);
	peer.boot_id = 3;
	peer.heard_sent_ns = 90;
	CU_ASSERT(!wl_peer_notice_boot(&peer, 3, 20, 500));
	CU_ASSERT_EQUAL(peer.match_durable, 7);
	CU_ASSERT(wl_peer_notice_boot(&peer, 4, 20, 500));
	CU_ASSERT_EQUAL(peer.match_received, 0);
	CU_ASSERT_EQUAL(peer.match_durable, 0);
	CU_ASSERT_EQUAL(peer.state, WL_PEER_PROBE);
	CU_ASSERT_EQUAL(peer.heard_sent_ns, 90);
}

static void acceptance_raises_matches_and_never_lowers_them(void)
{
	begin(WL_PEER_STREAM, 0, 10);
	CU_ASSERT(wl_peer_accepted(&peer, 6, 4, 200));
	CU_ASSERT(!wl_peer_accepted(&peer, 5, 3, 300));
	CU_ASSERT_EQUAL(peer.match_received, 6);
	CU_ASSERT_EQUAL(peer.match_durable, 4);
	CU_ASSERT_EQUAL(peer.progress_ns, 200);
	CU_ASSERT(wl_peer_accepted(&peer, 6, 6, 400));
	CU_ASSERT_EQUAL(peer.match_durable, 6);
}

static void durable_is_never_believed_beyond_received(void)
{
	begin(WL_PEER_STREAM, 0, 10);
	wl_peer_accepted(&peer, 6, 9, 200);
	CU_ASSERT(peer.match_durable <= peer.match_received);
}

static void peer_that_has_more_than_was_sent_is_continued_behind_it(void)
{
	begin(WL_PEER_STREAM, 0, 4);
	peer.fragment_offset = 100;
	wl_peer_accepted(&peer, 6, 6, 200);
	CU_ASSERT_EQUAL(peer.next_index, 7);
	CU_ASSERT_EQUAL(peer.fragment_offset, 0);
}

static void rejection_goes_back_to_the_hint(void)
{
	begin(WL_PEER_PROBE, 0, 10);
	peer.probe_outstanding = true;
	CU_ASSERT(wl_peer_rejected(&peer, 4, 20, 100, 200));
	CU_ASSERT_EQUAL(peer.next_index, 4);
	CU_ASSERT_EQUAL(peer.state, WL_PEER_PROBE);
	CU_ASSERT(!peer.probe_outstanding);
}

static void rejection_never_goes_back_to_or_below_the_match(void)
{
	begin(WL_PEER_STREAM, 7, 12);
	CU_ASSERT(wl_peer_rejected(&peer, 3, 20, 100, 200));
	CU_ASSERT_EQUAL(peer.next_index, 8);
	CU_ASSERT_EQUAL(peer.match_received, 7);
	CU_ASSERT_EQUAL(peer.state, WL_PEER_STREAM);
}

static void rejection_never_moves_forward(void)
{
	begin(WL_PEER_PROBE, 0, 10);
	CU_ASSERT(wl_peer_rejected(&peer, 15, 20, 100, 200));
	CU_ASSERT_EQUAL(peer.next_index, 10);
}

static void hint_of_zero_begins_with_the_first_entry(void)
{
	begin(WL_PEER_PROBE, 0, 10);
	CU_ASSERT(wl_peer_rejected(&peer, 0, 20, 100, 200));
	CU_ASSERT_EQUAL(peer.next_index, 1);
}

static void rejection_of_a_frame_sent_before_the_last_way_back_is_old_news(void)
{
	begin(WL_PEER_STREAM, 7, 20);
	CU_ASSERT(wl_peer_rejected(&peer, 9, 20, 150, 200));
	CU_ASSERT_EQUAL(peer.next_index, 9);
	peer.next_index = 18; /* sent again meanwhile */
	CU_ASSERT(!wl_peer_rejected(&peer, 9, 20, 199, 300));
	CU_ASSERT_EQUAL(peer.next_index, 18);
	CU_ASSERT(wl_peer_rejected(&peer, 9, 20, 200, 300));
	CU_ASSERT_EQUAL(peer.next_index, 9);
}

static void silence_sends_again_from_behind_the_match(void)
{
	begin(WL_PEER_STREAM, 7, 12);
	peer.fragment_offset = 50;
	CU_ASSERT(!wl_peer_resend(&peer, RESEND_NS, 100 + RESEND_NS - 1));
	CU_ASSERT(wl_peer_resend(&peer, RESEND_NS, 100 + RESEND_NS));
	CU_ASSERT_EQUAL(peer.next_index, 8);
	CU_ASSERT_EQUAL(peer.fragment_offset, 0);
	/* And not at once again. */
	peer.next_index = 12;
	CU_ASSERT(!wl_peer_resend(&peer, RESEND_NS, 100 + RESEND_NS + 1));
}

static void nothing_is_sent_again_when_nothing_is_outstanding(void)
{
	begin(WL_PEER_STREAM, 7, 8);
	CU_ASSERT(!wl_peer_resend(&peer, RESEND_NS, 100 + 5 * RESEND_NS));
	CU_ASSERT_EQUAL(peer.next_index, 8);
}

static void lost_probe_is_repeated_after_a_while(void)
{
	begin(WL_PEER_PROBE, 0, 10);
	peer.probe_outstanding = true;
	CU_ASSERT(!wl_peer_resend(&peer, RESEND_NS, 100 + RESEND_NS - 1));
	CU_ASSERT(peer.probe_outstanding);
	CU_ASSERT(wl_peer_resend(&peer, RESEND_NS, 100 + RESEND_NS));
	CU_ASSERT(!peer.probe_outstanding);
	CU_ASSERT_EQUAL(peer.next_index, 10);
}

/* ---- images ---- */

static struct log_fixture medium;

static void begin_images(void)
{
	log_fixture_init(&medium, 4);
	begin(WL_PEER_STREAM, 0, 1);
	wl_reader_init(&peer.reader, &medium.log, 1, 9);
	wl_reader_lend(&peer.reader, medium.buffer, WL_CHUNK_BYTES_MAX);
}

static void fill_past_the_ring(void)
{
	for (unsigned at = 0; at < 100; at++) {
		log_fixture_append(&medium, 1, 60000);
		log_fixture_settle(&medium);
	}
}

static enum wl_disk_status read_wanted(enum wl_disk_status status)
{
	struct wl_disk_request request;
	struct wl_disk_completion completion;

	wl_reader_want(&peer.reader, &request);
	completion = (struct wl_disk_completion){
		.verb = WL_DISK_READ,
		.offset = request.offset,
		.cookie = request.cookie,
		.bytes = request.bytes,
		.status = status,
	};
	if (status == WL_DISK_OK)
		completion.status = memory_drive_read(&medium.drive, request.offset, request.buffer,
						      request.bytes);
	wl_reader_on_read(&peer.reader, &completion);
	return completion.status;
}

static void image_that_stands_in_memory_is_given_at_once(void)
{
	uint32_t bytes;

	begin_images();
	log_fixture_append(&medium, 1, 100);
	CU_ASSERT_PTR_EQUAL(wl_peer_image(&peer, &medium.log, 1, &bytes),
			    wl_log_image_in_ring(&medium.log, 1, &bytes));
	CU_ASSERT(!peer.wants_read);
	log_fixture_fini(&medium);
}

static void image_that_left_memory_is_wanted_from_the_medium_and_then_held(void)
{
	struct wl_entry_header header;
	const uint8_t *image;
	uint32_t bytes;

	begin_images();
	fill_past_the_ring();
	CU_ASSERT_PTR_NULL(wl_peer_image(&peer, &medium.log, 1, &bytes));
	CU_ASSERT(peer.wants_read);
	CU_ASSERT_EQUAL(read_wanted(WL_DISK_OK), WL_DISK_OK);
	image = wl_peer_image(&peer, &medium.log, 1, &bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	CU_ASSERT_EQUAL(wl_entry_decode(image, bytes, &header), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(header.index, 1);
	/* Asked again (its next fragment): the same bytes, no second read. */
	CU_ASSERT_PTR_EQUAL(wl_peer_image(&peer, &medium.log, 1, &bytes), image);
	CU_ASSERT(!peer.wants_read);
	log_fixture_fini(&medium);
}

static void peer_that_goes_back_while_reading_gets_the_entry_it_asks_for(void)
{
	struct wl_entry_header header;
	const uint8_t *image;
	uint32_t bytes;

	begin_images();
	fill_past_the_ring();
	CU_ASSERT_PTR_NULL(wl_peer_image(&peer, &medium.log, 5, &bytes));
	read_wanted(WL_DISK_OK);
	CU_ASSERT_PTR_NOT_NULL(wl_peer_image(&peer, &medium.log, 5, &bytes));
	image = wl_peer_image(&peer, &medium.log, 2, &bytes);
	for (unsigned at = 0; at < 4 && !image; at++) {
		CU_ASSERT(peer.wants_read);
		read_wanted(WL_DISK_OK);
		image = wl_peer_image(&peer, &medium.log, 2, &bytes);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	CU_ASSERT_EQUAL(wl_entry_decode(image, bytes, &header), WL_ENTRY_OK);
	CU_ASSERT_EQUAL(header.index, 2);
	log_fixture_fini(&medium);
}

static void place_that_cannot_be_read_is_damaged_and_nothing_is_sent_for_it(void)
{
	uint32_t bytes;

	begin_images();
	fill_past_the_ring();
	CU_ASSERT_PTR_NULL(wl_peer_image(&peer, &medium.log, 1, &bytes));
	read_wanted(WL_DISK_FAILED);
	CU_ASSERT_PTR_NULL(wl_peer_image(&peer, &medium.log, 1, &bytes));
	CU_ASSERT(peer.damaged);
	CU_ASSERT(!peer.wants_read);
	log_fixture_fini(&medium);
}

static void place_that_could_not_be_read_is_asked_for_again_after_a_pause(void)
{
	const uint8_t *image = NULL;
	uint32_t bytes;

	begin_images();
	fill_past_the_ring();
	CU_ASSERT_PTR_NULL(wl_peer_image(&peer, &medium.log, 1, &bytes));
	read_wanted(WL_DISK_FAILED);
	CU_ASSERT_PTR_NULL(wl_peer_image(&peer, &medium.log, 1, &bytes));
	peer.next_index = 1;
	peer.damage_asked_ns = 1000;
	wl_peer_retry_damaged(&peer, 2000);
	CU_ASSERT_TRUE(peer.damaged);

	wl_peer_retry_damaged(&peer, 1000000000);
	CU_ASSERT_FALSE(peer.damaged);
	for (unsigned at = 0; at < 4 && !image; at++) {
		image = wl_peer_image(&peer, &medium.log, 1, &bytes);
		if (!image)
			read_wanted(WL_DISK_OK);
	}
	CU_ASSERT_PTR_NOT_NULL(image);
	log_fixture_fini(&medium);
}

static void window_is_halved_by_each_loss_and_comes_back_by_an_eighth(void)
{
	begin(WL_PEER_STREAM, 7, 12);
	wl_peer_narrow_window(&peer, 1u << 20);
	CU_ASSERT_EQUAL(peer.window_bytes, 1u << 19);
	wl_peer_narrow_window(&peer, 1u << 20);
	CU_ASSERT_EQUAL(peer.window_bytes, 1u << 18);
	wl_peer_widen_window(&peer, 1u << 20);
	CU_ASSERT_EQUAL(peer.window_bytes, (1u << 18) + (1u << 15));

	for (unsigned loss = 0; loss < 20; loss++)
		wl_peer_narrow_window(&peer, 1u << 20);
	CU_ASSERT_EQUAL(peer.window_bytes, 8192); /* a frame of any path, and some more */
	for (unsigned answer = 0; answer < 50; answer++)
		wl_peer_widen_window(&peer, 1u << 20);
	CU_ASSERT_EQUAL(peer.window_bytes, 0); /* what is configured */
	wl_peer_widen_window(&peer, 1u << 20);
	CU_ASSERT_EQUAL(peer.window_bytes, 0);
}

WL_SUITE(peer)
{
	WL_TEST(new_term_knows_nothing_but_where_to_begin),
	WL_TEST(another_boot_forgets_the_matches_and_not_when_it_was_heard),
	WL_TEST(acceptance_raises_matches_and_never_lowers_them),
	WL_TEST(durable_is_never_believed_beyond_received),
	WL_TEST(peer_that_has_more_than_was_sent_is_continued_behind_it),
	WL_TEST(rejection_goes_back_to_the_hint),
	WL_TEST(rejection_never_goes_back_to_or_below_the_match),
	WL_TEST(rejection_never_moves_forward),
	WL_TEST(hint_of_zero_begins_with_the_first_entry),
	WL_TEST(rejection_of_a_frame_sent_before_the_last_way_back_is_old_news),
	WL_TEST(silence_sends_again_from_behind_the_match),
	WL_TEST(nothing_is_sent_again_when_nothing_is_outstanding),
	WL_TEST(lost_probe_is_repeated_after_a_while),
	WL_TEST(image_that_stands_in_memory_is_given_at_once),
	WL_TEST(image_that_left_memory_is_wanted_from_the_medium_and_then_held),
	WL_TEST(peer_that_goes_back_while_reading_gets_the_entry_it_asks_for),
	WL_TEST(place_that_cannot_be_read_is_damaged_and_nothing_is_sent_for_it),
	WL_TEST(place_that_could_not_be_read_is_asked_for_again_after_a_pause),
	WL_TEST(window_is_halved_by_each_loss_and_comes_back_by_an_eighth),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries as they come to a follower: whole, in fragments, changed on the way. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/raft/follower_fixture.h"
#include "tests/unit/runner.h"

static uint8_t *image_of(uint64_t index, uint32_t *bytes)
{
	const uint8_t *image =
		wl_log_image_in_ring(replica_log(follower_cluster(), LEADER), index, bytes);
	uint8_t *copy = malloc(*bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	memcpy(copy, image, *bytes);
	return copy;
}

static void image_that_was_changed_on_the_way_is_not_taken(void)
{
	struct wl_wire_append frame = {.term = 1, .sent_ns = 1};
	uint8_t *image;

	follower_begin("11", "", 1);
	image = image_of(1, &frame.bytes);
	frame.images = image;
	image[WL_ENTRY_HEADER_BYTES + 30] ^= 1;
	wl_replica_on_append(follower(), LEADER, &frame);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 0);
	CU_ASSERT_EQUAL(follower()->follower.match, 0);
	CU_ASSERT_EQUAL(follower_bad_payloads(), 1);
	free(image);
	replica_fixture_fini(follower_cluster());
}

/* Same place, same term, other bytes before it, and a leader that does not say so. */
static void entry_that_does_not_continue_our_chain_is_not_taken(void)
{
	struct wl_wire_append frame = {.term = 1, .previous = {1, 1}, .commit = 2, .sent_ns = 1};
	uint8_t *image;

	follower_begin("11", "", 1);
	log_fixture_append(&follower_cluster()->nodes[FOLLOWER].disk, 1, 24);
	image = image_of(2, &frame.bytes);
	frame.images = image;
	wl_replica_on_append(follower(), LEADER, &frame);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 1);
	CU_ASSERT_EQUAL(follower()->commit, 0);
	CU_ASSERT_EQUAL(follower_counted(WL_COUNTER_append_diverged), 1);
	free(image);
	replica_fixture_fini(follower_cluster());
}

static void bytes_that_are_no_image_are_counted_and_dropped(void)
{
	uint8_t images[512] = {0};
	struct wl_wire_append frame = {.term = 1, .sent_ns = 1, .images = images};
	uint32_t bytes;
	uint8_t *image;

	follower_begin("11", "", 1);
	image = image_of(1, &bytes);
	memcpy(images, image, bytes);
	frame.bytes = bytes + 40;
	wl_replica_on_append(follower(), LEADER, &frame);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 1);
	CU_ASSERT_EQUAL(follower_bad_payloads(), 1);
	free(image);
	replica_fixture_fini(follower_cluster());
}

static void image_of_another_index_or_of_a_newer_term_than_its_frame_is_not_taken(void)
{
	struct wl_wire_append frame = {.term = 2, .sent_ns = 1};
	uint8_t *image;

	follower_begin("13", "", 2);
	image = image_of(2, &frame.bytes);
	frame.images = image;
	wl_replica_on_append(follower(), LEADER, &frame); /* 2, behind 0 */
	CU_ASSERT_EQUAL(follower_log()->tail.index, 0);
	follower_append(0, 1, 0);
	frame.previous = (struct wl_position){1, 1};
	wl_replica_on_append(follower(), LEADER, &frame); /* term 3 from a leader of term 2 */
	CU_ASSERT_EQUAL(follower_log()->tail.index, 1);
	CU_ASSERT_EQUAL(follower_bad_payloads(), 2);
	free(image);
	replica_fixture_fini(follower_cluster());
}

static void give_fragment(const uint8_t *image, uint32_t image_bytes, uint32_t offset,
			  uint32_t bytes)
{
	struct wl_wire_append frame = {
		.term = 1,
		.sent_ns = follower_cluster()->now_ns,
		.fragment_offset = offset,
		.image_bytes = image_bytes,
		.bytes = bytes,
		.images = image + offset,
	};

	wl_replica_on_append(follower(), LEADER, &frame);
}

static void image_in_fragments_is_taken_when_it_is_whole(void)
{
	uint32_t bytes;
	uint8_t *image;

	follower_begin("", "", 1);
	log_fixture_append(&follower_cluster()->nodes[LEADER].disk, 1, 3000);
	image = image_of(1, &bytes);
	give_fragment(image, bytes, 0, 1000);
	give_fragment(image, bytes, 0, 1000);
	give_fragment(image, bytes, 1000, 1000);
	give_fragment(image, bytes, 1000, 1000);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 0);
	CU_ASSERT_EQUAL(follower()->follower.match, 0);
	give_fragment(image, bytes, 1000, 1000);
	give_fragment(image, bytes, 2000, bytes - 2000);
	CU_ASSERT(replica_fixture_same(follower_cluster(), LEADER, FOLLOWER));
	CU_ASSERT_EQUAL(follower()->follower.match, 1);
	give_fragment(image, bytes, 2000, bytes - 2000);
	CU_ASSERT(!follower()->follower.refusal.pending);
	free(image);
	replica_fixture_fini(follower_cluster());
}

static void image_that_is_cut_elsewhere_when_sent_again_is_put_together(void)
{
	uint32_t bytes;
	uint8_t *image;

	follower_begin("", "", 1);
	log_fixture_append(&follower_cluster()->nodes[LEADER].disk, 1, 3000);
	image = image_of(1, &bytes);
	give_fragment(image, bytes, 0, 1000); /* then the path is known to carry larger frames */
	give_fragment(image, bytes, 0, 1400);
	give_fragment(image, bytes, 1400, 1400);
	give_fragment(image, bytes, 2800, bytes - 2800);
	CU_ASSERT(replica_fixture_same(follower_cluster(), LEADER, FOLLOWER));
	CU_ASSERT(!follower()->follower.refusal.pending);
	free(image);
	replica_fixture_fini(follower_cluster());
}

static void lost_fragment_is_refused_at_its_entry(void)
{
	struct wl_wire_append_ack ack;
	uint32_t bytes;
	uint8_t *image;

	follower_begin("", "", 1);
	log_fixture_append(&follower_cluster()->nodes[LEADER].disk, 1, 3000);
	image = image_of(1, &bytes);
	give_fragment(image, bytes, 0, 1000);
	give_fragment(image, bytes, 2000, bytes - 2000);
	follower_turn();
	CU_ASSERT(follower_answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.hint_index, 1);
	CU_ASSERT_EQUAL(ack.hint_offset, 1000); /* what has come need not come again */
	CU_ASSERT_EQUAL(follower_log()->tail.index, 0);
	give_fragment(image, bytes, 1000, bytes - 1000);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 1);
	free(image);
	replica_fixture_fini(follower_cluster());
}

static void fragments_that_overrun_their_image_are_dropped(void)
{
	uint8_t bytes[2000] = {0};

	follower_begin("", "", 1);
	give_fragment(bytes, 1500, 0, 1000);
	give_fragment(bytes, 1500, 1000, 1000);
	CU_ASSERT_EQUAL(follower_bad_payloads(), 1);
	give_fragment(bytes, WL_ENTRY_BYTES_MAX + 8, 0, 1000);
	CU_ASSERT_EQUAL(follower_bad_payloads(), 2);
	CU_ASSERT_EQUAL(follower_log()->tail.index, 0);
	replica_fixture_fini(follower_cluster());
}

WL_SUITE(replica_images)
{
	WL_TEST(image_that_was_changed_on_the_way_is_not_taken),
	WL_TEST(entry_that_does_not_continue_our_chain_is_not_taken),
	WL_TEST(bytes_that_are_no_image_are_counted_and_dropped),
	WL_TEST(image_of_another_index_or_of_a_newer_term_than_its_frame_is_not_taken),
	WL_TEST(image_in_fragments_is_taken_when_it_is_whole),
	WL_TEST(image_that_is_cut_elsewhere_when_sent_again_is_put_together),
	WL_TEST(lost_fragment_is_refused_at_its_entry),
	WL_TEST(fragments_that_overrun_their_image_are_dropped),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The follower's half by itself: frames in, acknowledgements out. Node 1 is the leader whose log the frames are
 * made from, node 3 the follower.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/replica_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define LEADER 1u
#define FOLLOWER 3u

static struct replica_fixture cluster;

static void begin(const char *leader, const char *follower, uint64_t term)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, leader);
	replica_fixture_fill(&cluster, FOLLOWER, follower);
	replica_fixture_follow(&cluster, FOLLOWER, term, LEADER);
}

/* `count` entries of the leader's log behind `previous`, in the follower's term. */
static void append(uint64_t previous, unsigned count, uint64_t commit)
{
	replica_fixture_send(&cluster, &(struct replica_frame){
					       .from = LEADER,
					       .to = FOLLOWER,
					       .term = replica_of(&cluster, FOLLOWER)->view.term,
					       .previous = previous,
					       .count = count,
					       .commit = commit,
				       });
}

static void turn(void)
{
	replica_fixture_turn(&cluster, FOLLOWER);
}

static bool answered(struct wl_wire_append_ack *ack)
{
	memset(ack, 0, sizeof(*ack));
	return replica_fixture_take_ack(&cluster, FOLLOWER, LEADER, ack);
}

static struct wl_log *log_of(void)
{
	return replica_log(&cluster, FOLLOWER);
}

static struct wl_replica *follower(void)
{
	return replica_of(&cluster, FOLLOWER);
}

static uint64_t counted(enum wl_counter which)
{
	return replica_count(&cluster, FOLLOWER, which);
}

static uint64_t bad_payloads(void)
{
	return atomic_load(&cluster.nodes[FOLLOWER].counters.dropped[WL_FRAME_BAD_PAYLOAD]);
}

/* ---- what is acknowledged ---- */

static void many_frames_of_a_turn_are_acknowledged_once(void)
{
	struct wl_wire_append_ack ack;

	begin("11111", "", 1);
	append(0, 2, 0);
	append(2, 2, 0);
	append(4, 1, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 5);
	CU_ASSERT_EQUAL(ack.match_durable, 0);
	CU_ASSERT_EQUAL(ack.sent_ns, follower()->leader_sent_ns);
	CU_ASSERT(!answered(&ack));
	replica_fixture_fini(&cluster);
}

static void durable_is_acknowledged_when_the_write_completes_and_not_before(void)
{
	struct wl_wire_append_ack ack;

	begin("111", "", 1);
	cluster.nodes[FOLLOWER].hold_disk = true;
	append(0, 3, 0);
	turn();
	CU_ASSERT(answered(&ack));
	turn();
	CU_ASSERT(!answered(&ack));
	replica_fixture_complete(&cluster, FOLLOWER);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 3);
	CU_ASSERT_EQUAL(ack.match_durable, 3);
	turn();
	CU_ASSERT(!answered(&ack));
	replica_fixture_fini(&cluster);
}

/* What lies on the medium counts only as far as it is known to be the leader's. */
static void durable_entries_beyond_the_match_are_not_acknowledged(void)
{
	struct wl_wire_append_ack ack;

	begin("11133", "11122", 4);
	append(2, 0, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(log_of()->durable.index, 5);
	CU_ASSERT_EQUAL(ack.match_received, 2);
	CU_ASSERT_EQUAL(ack.match_durable, 2);
	replica_fixture_fini(&cluster);
}

static void heartbeat_is_acknowledged_and_commit_news_are_not(void)
{
	struct wl_wire_append news = {.term = 1, .previous = {1, 2}, .commit = 2};
	struct wl_wire_append_ack ack;

	begin("11", "11", 1);
	append(2, 0, 0);
	turn();
	CU_ASSERT(answered(&ack));
	wl_replica_on_append(follower(), LEADER, &news);
	turn();
	CU_ASSERT(!answered(&ack));
	CU_ASSERT_EQUAL(follower()->commit, 2);
	replica_fixture_fini(&cluster);
}

static void match_of_an_older_term_is_forgotten_with_the_view(void)
{
	struct wl_wire_append_ack ack;

	begin("111", "", 1);
	append(0, 3, 0);
	turn();
	turn();
	while (answered(&ack))
		;
	replica_fixture_follow(&cluster, FOLLOWER, 2, 2);
	turn();
	CU_ASSERT(!answered(&ack));
	CU_ASSERT_EQUAL(follower()->match, 0);
	replica_fixture_fini(&cluster);
}

static void full_device_is_told_in_the_acknowledgement(void)
{
	struct wl_wire_append_ack ack;

	begin("11", "1", 1);
	log_of()->no_space = true;
	append(1, 0, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_NO_SPACE);
	replica_fixture_fini(&cluster);
}

static void follower_whose_write_failed_acknowledges_nothing_any_more(void)
{
	struct wl_seam_message told;
	struct wl_wire_append_ack ack;

	begin("1111", "", 1);
	cluster.nodes[FOLLOWER].hold_disk = true;
	append(0, 2, 0);
	turn();
	CU_ASSERT(answered(&ack));
	memory_drive_complete(&cluster.nodes[FOLLOWER].disk.drive, 0, WL_DISK_FAILED);
	turn();
	append(2, 2, 2);
	turn();
	CU_ASSERT(!answered(&ack));
	CU_ASSERT(replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_POISONED, &told));
	CU_ASSERT_EQUAL(log_of()->durable.index, 0);
	CU_ASSERT_EQUAL(log_of()->tail.index, 2);
	replica_fixture_fini(&cluster);
}

/* ---- the fence ---- */

static void acknowledgement_that_was_due_is_not_released_after_the_fence(void)
{
	struct wl_wire_append_ack ack;

	begin("111", "", 1);
	append(0, 3, 0);
	replica_fixture_fence(&cluster, FOLLOWER);
	turn();
	turn();
	CU_ASSERT(!answered(&ack));
	replica_fixture_fini(&cluster);
}

/* ... nor by the next view, whose leader has asked for nothing yet. */
static void acknowledgement_that_was_due_is_not_released_in_the_next_view(void)
{
	struct wl_wire_append news = {.term = 2, .previous = {1, 3}, .commit = 2};
	struct wl_wire_append_ack ack;

	begin("111", "111", 1);
	append(3, 0, 0);
	replica_fixture_follow(&cluster, FOLLOWER, 2, LEADER);
	follower()->acknowledged_durable = 3; /* nothing new to say of the medium either */
	wl_replica_on_append(follower(), LEADER, &news);
	turn();
	CU_ASSERT(!answered(&ack));
	replica_fixture_fini(&cluster);
}

static void completion_that_comes_while_fenced_is_not_acknowledged(void)
{
	struct wl_wire_append_ack ack;

	begin("111", "", 1);
	cluster.nodes[FOLLOWER].hold_disk = true;
	append(0, 3, 0);
	turn();
	CU_ASSERT(answered(&ack));
	replica_fixture_fence(&cluster, FOLLOWER);
	replica_fixture_complete(&cluster, FOLLOWER);
	turn();
	CU_ASSERT_EQUAL(log_of()->durable.index, 3);
	CU_ASSERT(!answered(&ack));
	replica_fixture_fini(&cluster);
}

/* ---- commit ---- */

static void commit_is_what_the_leader_committed_when_all_of_it_matches(void)
{
	begin("11111", "", 1);
	append(0, 5, 3);
	CU_ASSERT_EQUAL(follower()->commit, 3);
	replica_fixture_fini(&cluster);
}

/* etcd's "lagging commit": min(leader's commit, last entry known to match), whatever lies behind it. */
static void commit_never_passes_the_match_into_a_tail_of_another_leader(void)
{
	begin("11133", "1112222", 4);
	append(3, 0, 5);
	CU_ASSERT_EQUAL(follower()->match, 3);
	CU_ASSERT_EQUAL(follower()->commit, 3);
	CU_ASSERT_EQUAL(log_of()->tail.index, 7);
	replica_fixture_fini(&cluster);
}

static void commit_does_not_move_with_a_refused_append(void)
{
	begin("11133", "11122", 4);
	append(4, 1, 4);
	CU_ASSERT(follower()->refusal.pending);
	CU_ASSERT_EQUAL(follower()->commit, 0);
	replica_fixture_fini(&cluster);
}

static void commit_never_moves_back(void)
{
	begin("11111", "", 1);
	append(0, 5, 4);
	append(0, 5, 2);
	append(2, 1, 0);
	CU_ASSERT_EQUAL(follower()->commit, 4);
	replica_fixture_fini(&cluster);
}

/* ---- truncation ---- */

static void late_append_does_not_truncate_entries_that_match(void)
{
	begin("11111", "", 1);
	append(0, 5, 0);
	append(0, 2, 0);
	append(1, 0, 0);
	CU_ASSERT_EQUAL(log_of()->tail.index, 5);
	CU_ASSERT_EQUAL(follower()->match, 5);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_truncations), 0);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_append_duplicate), 2);
	replica_fixture_fini(&cluster);
}

/* Raft figure 2: "if an existing entry conflicts": not "if there is more than the frame has". */
static void append_does_not_truncate_what_lies_behind_its_last_entry(void)
{
	begin("11111", "11111", 2);
	append(1, 2, 0);
	CU_ASSERT_EQUAL(log_of()->tail.index, 5);
	CU_ASSERT_EQUAL(follower()->match, 3);
	replica_fixture_fini(&cluster);
}

static void conflicting_entry_and_all_behind_it_are_replaced(void)
{
	begin("1133", "112222", 3);
	append(2, 2, 0);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_truncations), 1);
	CU_ASSERT(replica_fixture_same(&cluster, LEADER, FOLLOWER));
	CU_ASSERT_EQUAL(follower()->match, 4);
	replica_fixture_fini(&cluster);
}

/* DESIGN rule 4. The old content of 3 and 4 is in flight while another leader rewrites them. */
static void completion_of_a_truncated_write_is_not_credited_to_what_replaced_it(void)
{
	struct memory_drive *drive;
	struct wl_wire_append_ack ack;

	begin("1122", "11", 2);
	drive = &cluster.nodes[FOLLOWER].disk.drive;
	cluster.nodes[FOLLOWER].hold_disk = true;
	append(2, 2, 0);
	turn();
	CU_ASSERT_EQUAL(drive->pending_count, 1);
	wl_log_truncate(replica_log(&cluster, LEADER), 2);
	replica_fixture_fill(&cluster, LEADER, "33");
	replica_fixture_follow(&cluster, FOLLOWER, 3, LEADER);
	append(2, 2, 0);
	turn();
	while (answered(&ack))
		;
	CU_ASSERT_EQUAL_FATAL(drive->pending_count, 2);
	memory_drive_complete(drive, 0, WL_DISK_OK);
	turn();
	CU_ASSERT(!answered(&ack) || ack.match_durable == 2);
	CU_ASSERT_EQUAL(log_of()->durable.index, 2);
	memory_drive_complete(drive, 0, WL_DISK_OK);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 4);
	CU_ASSERT_EQUAL(ack.match_durable, 4);
	replica_fixture_fini(&cluster);
}

/* The drive finishes them the other way round: what replaced is there, and still waits for the write before it. */
static void rewritten_entry_is_not_durable_before_every_write_in_front_of_it(void)
{
	struct memory_drive *drive;
	struct wl_wire_append_ack ack;

	begin("1122", "11", 2);
	drive = &cluster.nodes[FOLLOWER].disk.drive;
	cluster.nodes[FOLLOWER].hold_disk = true;
	append(2, 2, 0);
	turn();
	wl_log_truncate(replica_log(&cluster, LEADER), 2);
	replica_fixture_fill(&cluster, LEADER, "3");
	replica_fixture_follow(&cluster, FOLLOWER, 3, LEADER);
	append(2, 1, 0);
	turn();
	while (answered(&ack))
		;
	CU_ASSERT_EQUAL_FATAL(drive->pending_count, 2);
	memory_drive_complete(drive, 1, WL_DISK_OK);
	turn();
	CU_ASSERT(!answered(&ack));
	memory_drive_complete(drive, 0, WL_DISK_OK);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(ack.match_durable, 3);
	replica_fixture_fini(&cluster);
}

/* Truncation takes back what was durable: the medium's index must not vouch for the new content. */
static void durable_falls_with_a_truncation_and_grows_with_the_new_write_alone(void)
{
	struct wl_wire_append_ack ack;

	begin("1133", "112222", 3);
	CU_ASSERT_EQUAL(log_of()->durable.index, 6);
	cluster.nodes[FOLLOWER].hold_disk = true;
	append(2, 2, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(ack.match_received, 4);
	CU_ASSERT_EQUAL(ack.match_durable, 2);
	replica_fixture_complete(&cluster, FOLLOWER);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(ack.match_durable, 4);
	replica_fixture_fini(&cluster);
}

static void truncated_follower_recovers_the_entries_that_replaced(void)
{
	begin("1133", "112222", 3);
	append(2, 2, 0);
	turn();
	turn();
	CU_ASSERT_EQUAL(log_of()->durable.index, 4);
	replica_fixture_restart(&cluster, FOLLOWER, 0);
	CU_ASSERT(replica_fixture_same(&cluster, LEADER, FOLLOWER));
	replica_fixture_fini(&cluster);
}

static void committed_entry_is_never_truncated(void)
{
	begin("1133", "1122", 3);
	follower()->commit = 3;
	append(2, 2, 0);
	turn();
	CU_ASSERT_EQUAL(log_of()->tail.index, 4);
	CU_ASSERT_EQUAL(log_of()->tail.term, 2);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_truncations), 0);
	CU_ASSERT_EQUAL(bad_payloads(), 1);
	replica_fixture_fini(&cluster);
}

/* ---- refusals ---- */

static void refusal_names_the_first_index_of_the_conflicting_term(void)
{
	struct wl_wire_append_ack ack;

	begin("1133333", "1122222", 3);
	append(6, 1, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.rejected_index, 6);
	CU_ASSERT_EQUAL(ack.hint_index, 3);
	CU_ASSERT_EQUAL(ack.hint_term, 2);
	replica_fixture_fini(&cluster);
}

static void refusal_never_asks_for_what_is_committed(void)
{
	struct wl_wire_append_ack ack;

	begin("1133333", "1122222", 3);
	follower()->commit = 2;
	append(6, 1, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT(ack.hint_index > 2);
	replica_fixture_fini(&cluster);
}

static void gap_is_refused_with_the_entry_behind_the_match(void)
{
	struct wl_wire_append_ack ack;

	begin("1111111", "", 1);
	append(0, 2, 0);
	append(4, 2, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.match_received, 2);
	CU_ASSERT_EQUAL(ack.hint_index, 3);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_append_gap), 1);
	replica_fixture_fini(&cluster);
}

/* Two frames changed places on the way: nothing has to be sent again. */
static void refusal_is_forgotten_when_what_was_missing_comes_in_the_same_turn(void)
{
	struct wl_wire_append_ack ack;

	begin("1111", "", 1);
	append(2, 2, 0);
	append(0, 2, 0);
	append(2, 2, 0);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT_EQUAL(ack.flags, 0);
	CU_ASSERT_EQUAL(ack.match_received, 4);
	replica_fixture_fini(&cluster);
}

/* ---- who is believed ---- */

static void second_leader_of_the_same_term_is_not_believed(void)
{
	begin("111", "", 4);
	replica_fixture_fill(&cluster, 2, "2");
	replica_fixture_send(
		&cluster,
		&(struct replica_frame){.from = 2, .to = FOLLOWER, .term = 4, .count = 1});
	CU_ASSERT_EQUAL(log_of()->tail.index, 0);
	CU_ASSERT_EQUAL(bad_payloads(), 1);
	replica_fixture_fini(&cluster);
}

static void leader_that_the_view_does_not_name_is_the_first_that_speaks(void)
{
	begin("111", "", 1);
	replica_fixture_fill(&cluster, 2, "2");
	replica_fixture_follow(&cluster, FOLLOWER, 4, 0);
	append(0, 3, 0);
	replica_fixture_send(
		&cluster,
		&(struct replica_frame){.from = 2, .to = FOLLOWER, .term = 4, .count = 1});
	CU_ASSERT_EQUAL(log_of()->tail.term, 1);
	CU_ASSERT_EQUAL(log_of()->tail.index, 3);
	CU_ASSERT_EQUAL(bad_payloads(), 1);
	replica_fixture_fini(&cluster);
}

static void leader_is_reported_heard_at_most_once_a_millisecond(void)
{
	struct wl_seam_message told;

	begin("11", "", 1);
	append(0, 1, 0);
	CU_ASSERT(replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_LEADER_HEARD, &told));
	CU_ASSERT_EQUAL(told.node, LEADER);
	append(1, 1, 0);
	CU_ASSERT(!replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_LEADER_HEARD, &told));
	replica_fixture_pass(&cluster, 1000000);
	append(2, 0, 0);
	CU_ASSERT(replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_LEADER_HEARD, &told));
	replica_fixture_fini(&cluster);
}

/* Late: sent before something that came already. A network may give such frames back for a minute. */
static void late_frame_is_taken_and_is_no_sign_of_a_leader_that_lives(void)
{
	struct wl_wire_append late = {.term = 1, .commit = 2};
	struct wl_seam_message told;

	begin("11", "11", 1);
	replica_fixture_pass(&cluster, 5000000);
	late.sent_ns = cluster.now_ns - 1000000;
	late.previous = (struct wl_position){1, 2};
	append(2, 0, 0);
	CU_ASSERT(replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_LEADER_HEARD, &told));
	replica_fixture_pass(&cluster, 90000000);
	follower()->now_ns = cluster.now_ns;
	wl_replica_on_append(follower(), LEADER, &late);
	CU_ASSERT(!replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_LEADER_HEARD, &told));
	CU_ASSERT_EQUAL(follower()->commit, 2);
	append(2, 0, 0);
	CU_ASSERT(replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_LEADER_HEARD, &told));
	replica_fixture_fini(&cluster);
}

static void newer_term_is_reported_once(void)
{
	struct replica_frame frame = {.from = 2, .to = FOLLOWER, .term = 7};
	struct wl_seam_message told;

	begin("1", "1", 3);
	replica_fixture_send(&cluster, &frame);
	CU_ASSERT(replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_SAW_TERM, &told));
	replica_fixture_send(&cluster, &frame);
	CU_ASSERT(!replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_SAW_TERM, &told));
	frame.term = 8;
	replica_fixture_send(&cluster, &frame);
	CU_ASSERT(replica_fixture_told(&cluster, FOLLOWER, WL_SEAM_SAW_TERM, &told));
	CU_ASSERT_EQUAL(told.view.term, 8);
	replica_fixture_fini(&cluster);
}

/* ---- images ---- */

static uint8_t *image_of(uint64_t index, uint32_t *bytes)
{
	const uint8_t *image = wl_log_image_in_ring(replica_log(&cluster, LEADER), index, bytes);
	uint8_t *copy = malloc(*bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	memcpy(copy, image, *bytes);
	return copy;
}

static void image_that_was_changed_on_the_way_is_not_taken(void)
{
	struct wl_wire_append frame = {.term = 1, .sent_ns = 1};
	uint8_t *image;

	begin("11", "", 1);
	image = image_of(1, &frame.bytes);
	frame.images = image;
	image[WL_ENTRY_HEADER_BYTES + 30] ^= 1;
	wl_replica_on_append(follower(), LEADER, &frame);
	CU_ASSERT_EQUAL(log_of()->tail.index, 0);
	CU_ASSERT_EQUAL(follower()->match, 0);
	CU_ASSERT_EQUAL(bad_payloads(), 1);
	free(image);
	replica_fixture_fini(&cluster);
}

/* Same place, same term, other bytes before it: no Raft log ever comes to this, a damaged one may. */
static void entry_that_does_not_continue_our_chain_is_not_taken(void)
{
	begin("11", "", 1);
	log_fixture_append(&cluster.nodes[FOLLOWER].disk, 1, 24);
	append(1, 1, 2);
	CU_ASSERT_EQUAL(log_of()->tail.index, 1);
	CU_ASSERT_EQUAL(follower()->commit, 1);
	CU_ASSERT_EQUAL(bad_payloads(), 1);
	replica_fixture_fini(&cluster);
}

static void bytes_that_are_no_image_are_counted_and_dropped(void)
{
	uint8_t images[512] = {0};
	struct wl_wire_append frame = {.term = 1, .sent_ns = 1, .images = images};
	uint32_t bytes;
	uint8_t *image;

	begin("11", "", 1);
	image = image_of(1, &bytes);
	memcpy(images, image, bytes);
	frame.bytes = bytes + 40;
	wl_replica_on_append(follower(), LEADER, &frame);
	CU_ASSERT_EQUAL(log_of()->tail.index, 1);
	CU_ASSERT_EQUAL(bad_payloads(), 1);
	free(image);
	replica_fixture_fini(&cluster);
}

static void image_of_another_index_or_of_a_newer_term_than_its_frame_is_not_taken(void)
{
	struct wl_wire_append frame = {.term = 2, .sent_ns = 1};
	uint8_t *image;

	begin("13", "", 2);
	image = image_of(2, &frame.bytes);
	frame.images = image;
	wl_replica_on_append(follower(), LEADER, &frame); /* 2, behind 0 */
	CU_ASSERT_EQUAL(log_of()->tail.index, 0);
	append(0, 1, 0);
	frame.previous = (struct wl_position){1, 1};
	wl_replica_on_append(follower(), LEADER, &frame); /* term 3 from a leader of term 2 */
	CU_ASSERT_EQUAL(log_of()->tail.index, 1);
	CU_ASSERT_EQUAL(bad_payloads(), 2);
	free(image);
	replica_fixture_fini(&cluster);
}

static void give_fragment(const uint8_t *image, uint32_t image_bytes, uint32_t offset,
			  uint32_t bytes)
{
	struct wl_wire_append frame = {
		.term = 1,
		.sent_ns = cluster.now_ns,
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

	begin("", "", 1);
	log_fixture_append(&cluster.nodes[LEADER].disk, 1, 3000);
	image = image_of(1, &bytes);
	give_fragment(image, bytes, 0, 1000);
	give_fragment(image, bytes, 0, 1000);
	give_fragment(image, bytes, 1000, 1000);
	give_fragment(image, bytes, 1000, 1000);
	CU_ASSERT_EQUAL(log_of()->tail.index, 0);
	CU_ASSERT_EQUAL(follower()->match, 0);
	give_fragment(image, bytes, 1000, 1000);
	give_fragment(image, bytes, 2000, bytes - 2000);
	CU_ASSERT(replica_fixture_same(&cluster, LEADER, FOLLOWER));
	CU_ASSERT_EQUAL(follower()->match, 1);
	give_fragment(image, bytes, 2000, bytes - 2000);
	CU_ASSERT(!follower()->refusal.pending);
	free(image);
	replica_fixture_fini(&cluster);
}

static void lost_fragment_is_refused_at_its_entry(void)
{
	struct wl_wire_append_ack ack;
	uint32_t bytes;
	uint8_t *image;

	begin("", "", 1);
	log_fixture_append(&cluster.nodes[LEADER].disk, 1, 3000);
	image = image_of(1, &bytes);
	give_fragment(image, bytes, 0, 1000);
	give_fragment(image, bytes, 2000, bytes - 2000);
	turn();
	CU_ASSERT(answered(&ack));
	CU_ASSERT(ack.flags & WL_WIRE_ACK_REJECTED);
	CU_ASSERT_EQUAL(ack.hint_index, 1);
	CU_ASSERT_EQUAL(ack.hint_offset, 1000); /* what has come need not come again */
	CU_ASSERT_EQUAL(log_of()->tail.index, 0);
	give_fragment(image, bytes, 1000, bytes - 1000);
	CU_ASSERT_EQUAL(log_of()->tail.index, 1);
	free(image);
	replica_fixture_fini(&cluster);
}

static void fragments_that_overrun_their_image_are_dropped(void)
{
	uint8_t bytes[2000] = {0};

	begin("", "", 1);
	give_fragment(bytes, 1500, 0, 1000);
	give_fragment(bytes, 1500, 1000, 1000);
	CU_ASSERT_EQUAL(bad_payloads(), 1);
	give_fragment(bytes, WL_ENTRY_BYTES_MAX + 8, 0, 1000);
	CU_ASSERT_EQUAL(bad_payloads(), 2);
	CU_ASSERT_EQUAL(log_of()->tail.index, 0);
	replica_fixture_fini(&cluster);
}

WL_SUITE(replica_follower)
{
	WL_TEST(many_frames_of_a_turn_are_acknowledged_once),
	WL_TEST(durable_is_acknowledged_when_the_write_completes_and_not_before),
	WL_TEST(durable_entries_beyond_the_match_are_not_acknowledged),
	WL_TEST(heartbeat_is_acknowledged_and_commit_news_are_not),
	WL_TEST(match_of_an_older_term_is_forgotten_with_the_view),
	WL_TEST(full_device_is_told_in_the_acknowledgement),
	WL_TEST(follower_whose_write_failed_acknowledges_nothing_any_more),
	WL_TEST(acknowledgement_that_was_due_is_not_released_after_the_fence),
	WL_TEST(acknowledgement_that_was_due_is_not_released_in_the_next_view),
	WL_TEST(completion_that_comes_while_fenced_is_not_acknowledged),
	WL_TEST(commit_is_what_the_leader_committed_when_all_of_it_matches),
	WL_TEST(commit_never_passes_the_match_into_a_tail_of_another_leader),
	WL_TEST(commit_does_not_move_with_a_refused_append),
	WL_TEST(commit_never_moves_back),
	WL_TEST(late_append_does_not_truncate_entries_that_match),
	WL_TEST(append_does_not_truncate_what_lies_behind_its_last_entry),
	WL_TEST(conflicting_entry_and_all_behind_it_are_replaced),
	WL_TEST(completion_of_a_truncated_write_is_not_credited_to_what_replaced_it),
	WL_TEST(rewritten_entry_is_not_durable_before_every_write_in_front_of_it),
	WL_TEST(durable_falls_with_a_truncation_and_grows_with_the_new_write_alone),
	WL_TEST(truncated_follower_recovers_the_entries_that_replaced),
	WL_TEST(committed_entry_is_never_truncated),
	WL_TEST(refusal_names_the_first_index_of_the_conflicting_term),
	WL_TEST(refusal_never_asks_for_what_is_committed),
	WL_TEST(gap_is_refused_with_the_entry_behind_the_match),
	WL_TEST(refusal_is_forgotten_when_what_was_missing_comes_in_the_same_turn),
	WL_TEST(second_leader_of_the_same_term_is_not_believed),
	WL_TEST(leader_that_the_view_does_not_name_is_the_first_that_speaks),
	WL_TEST(leader_is_reported_heard_at_most_once_a_millisecond),
	WL_TEST(late_frame_is_taken_and_is_no_sign_of_a_leader_that_lives),
	WL_TEST(newer_term_is_reported_once),
	WL_TEST(image_that_was_changed_on_the_way_is_not_taken),
	WL_TEST(entry_that_does_not_continue_our_chain_is_not_taken),
	WL_TEST(bytes_that_are_no_image_are_counted_and_dropped),
	WL_TEST(image_of_another_index_or_of_a_newer_term_than_its_frame_is_not_taken),
	WL_TEST(image_in_fragments_is_taken_when_it_is_whole),
	WL_TEST(lost_fragment_is_refused_at_its_entry),
	WL_TEST(fragments_that_overrun_their_image_are_dropped),
};

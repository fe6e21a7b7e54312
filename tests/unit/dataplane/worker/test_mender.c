/* SPDX-License-Identifier: BSD-3-Clause */
/* Who mends a dormant journal, once nothing is missing: what it reads to prove it is not given, or is damaged again. */
#include "dataplane/worker/mender_internal.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/unit/dataplane/mend/mend_fixture.h"
#include "tests/unit/runner.h"

#define ENTRIES 12u

static struct mend_fixture fixture;
static struct wl_mend_lanes lanes;
static struct wl_mender *mender;
static uint64_t now_ns;
static bool refuses_proof, spoils_proof; /* the medium's moods while what was mended is proved */
static bool is_foreign; /* the survey is given another node's header of the first segment */
static bool hides_end; /* what is looked at, from the last chunk on, is not given */
static unsigned refused_from; /* which of those reads is the first that fails */
static unsigned proof_reads;

static void set_up(void)
{
	struct wl_mender_config config = {
		.sessions_max = 1,
		.members = 1u << 1 | 1u << 3,
		.dormant = true,
		.damage = {.kind = WL_DAMAGE_READ_FAILED, .end = WL_BLOCK_BYTES},
	};
	size_t head = wl_align_up(sizeof(*mender), WL_BLOCK_BYTES);
	uint8_t *memory;

	mend_fixture_init(&fixture, 4);
	for (unsigned chunk = 0; chunk < ENTRIES; chunk++)
		mend_fixture_chunk(&fixture, 1, 2, 3000 + 700 * chunk);
	mend_fixture_save(&fixture);
	config.log = fixture.log.config;
	config.segments = fixture.segments;
	config.watermark = fixture.saved_end;
	memory = aligned_alloc(WL_BLOCK_BYTES,
			       head + wl_align_up(wl_mender_memory_bytes(&config), WL_BLOCK_BYTES));
	WL_CHECK(memory);
	memset(&lanes, 0, sizeof(lanes));
	mender = (struct wl_mender *)memory;
	now_ns = 1;
	refuses_proof = spoils_proof = false;
	is_foreign = hides_end = false;
	refused_from = 0;
	wl_mender_init(mender, &config, &lanes, memory + head);
}

static void tear_down(void)
{
	free(mender);
	mend_fixture_fini(&fixture);
}

static enum wl_disk_status read_stream(void)
{
	const struct wl_mender_want *want = &mender->want;
	bool proves = mender->phase == WL_MENDER_PHASE_PROVE;
	uint64_t spoiled = fixture.live[3].offset + 8;
	enum wl_disk_status status;

	if (proves && refuses_proof && proof_reads++ >= refused_from)
		return WL_DISK_FAILED;
	if (hides_end && want->offset + want->bytes > fixture.live[ENTRIES - 1].offset)
		return WL_DISK_FAILED;
	status = memory_drive_read(&fixture.log.drive, want->offset, want->buffer, want->bytes);
	if (!proves && is_foreign && want->offset == 0) {
		struct wl_segment_header header;

		CU_ASSERT(wl_chunk_decode_segment(want->buffer, WL_BLOCK_BYTES, &header));
		header.node++;
		wl_chunk_encode_segment(want->buffer, &header);
	}
	if (proves && spoils_proof && want->offset <= spoiled &&
	    spoiled - want->offset < want->bytes)
		want->buffer[spoiled - want->offset] ^= 1;
	return status;
}

/* Until there is nothing to be done now. */
static uint32_t run(void)
{
	proof_reads = 0;
	while (wl_mender_step(mender, NULL, now_ns) != WL_MENDER_IDLE) {
		CU_ASSERT_NOT_EQUAL_FATAL(mender->state, WL_MENDER_WANTS_WRITE);
		CU_ASSERT_NOT_EQUAL_FATAL(mender->state, WL_MENDER_WANTS_SEGMENT);
		wl_mender_on_done(mender, mender->state == WL_MENDER_WANTS_LOAD ? WL_DISK_ABSENT
										: read_stream());
	}
	return lanes.report.phase;
}

static void medium_that_gives_nothing_for_a_while_is_not_damaged_again(void)
{
	for (unsigned first = 0; first < 2; first++) {
		set_up();
		refuses_proof = true;
		refused_from = first;
		for (unsigned time = 0; time < 3 * WL_MENDER_ROUNDS_MAX; time++) {
			CU_ASSERT_EQUAL(run(), WL_MENDING_FAILED);
			CU_ASSERT_EQUAL(lanes.report.kind, WL_DAMAGE_READ_FAILED);
			CU_ASSERT_EQUAL(lanes.report.rounds, 0);
			/* It rests. */
			now_ns += WL_MENDER_REST_NS - 1;
			CU_ASSERT_EQUAL(wl_mender_step(mender, NULL, now_ns), WL_MENDER_IDLE);
			CU_ASSERT_EQUAL(lanes.report.phase, WL_MENDING_FAILED);
			now_ns++;
		}
		refuses_proof = false;
		CU_ASSERT_EQUAL(run(), WL_MENDING_MENDED);
		tear_down();
	}
}

static void what_is_damaged_again_four_times_rests_and_is_tried_again(void)
{
	set_up();
	spoils_proof = true;
	for (unsigned time = 0; time < 3; time++) {
		CU_ASSERT_EQUAL(run(), WL_MENDING_TOO_OFTEN);
		CU_ASSERT_EQUAL(lanes.report.rounds, WL_MENDER_ROUNDS_MAX + time);
		now_ns += WL_MENDER_LONG_REST_NS - 1;
		CU_ASSERT_EQUAL(run(), WL_MENDING_TOO_OFTEN);
		CU_ASSERT_EQUAL(lanes.report.rounds, WL_MENDER_ROUNDS_MAX + time);
		now_ns++;
	}
	spoils_proof = false;
	CU_ASSERT_EQUAL(run(), WL_MENDING_MENDED);
	tear_down();
}

/* The processes before it have made as many rounds: it does not begin at once. */
static void rounds_of_processes_before_count(void)
{
	set_up();
	mender->report.rounds = WL_MENDER_ROUNDS_MAX;
	CU_ASSERT_EQUAL(run(), WL_MENDING_TOO_OFTEN);
	now_ns += WL_MENDER_LONG_REST_NS;
	CU_ASSERT_EQUAL(run(), WL_MENDING_MENDED);
	tear_down();
}

/* Looks, a rest between them, until the mender has made up its mind, or is about to look once more after `most` of them. */
static uint32_t look(unsigned most)
{
	uint32_t phase = run();

	for (unsigned looks = 1; looks < most; looks++) {
		CU_ASSERT_EQUAL(phase, WL_MENDING_SURVEYS);
		now_ns += WL_MENDER_REST_NS - 1;
		CU_ASSERT_EQUAL(run(), WL_MENDING_SURVEYS);
		now_ns++;
		phase = run();
	}
	return phase;
}

static void refusal_takes_looks_that_find_the_same(void)
{
	set_up();
	is_foreign = true;
	CU_ASSERT_EQUAL(look(WL_MENDER_LOOKS), WL_MENDING_REFUSED);
	CU_ASSERT_EQUAL(lanes.report.kind, WL_DAMAGE_FOREIGN);
	tear_down();

	/* It gives what stands there, in time. */
	set_up();
	is_foreign = true;
	CU_ASSERT_EQUAL(look(WL_MENDER_LOOKS - 1), WL_MENDING_SURVEYS);
	is_foreign = false;
	now_ns += WL_MENDER_REST_NS;
	CU_ASSERT_EQUAL(run(), WL_MENDING_MENDED);
	tear_down();
}

static void an_end_is_given_up_when_looks_in_a_row_found_the_same(void)
{
	set_up();
	hides_end = true;
	CU_ASSERT_EQUAL(look(WL_MENDER_LOOKS), WL_MENDING_UNCOUNTS);
	CU_ASSERT_EQUAL(wl_mend_lane_state(&lanes.uncounting), WL_MEND_UNCOUNTING_WANTED);
	CU_ASSERT_EQUAL(lanes.uncounted_from,
			fixture.live[ENTRIES - 1].offset - WL_CHUNK_HEADER_BYTES);
	tear_down();

	/* It gives what stands there, in time. */
	set_up();
	hides_end = true;
	CU_ASSERT_EQUAL(look(WL_MENDER_LOOKS - 1), WL_MENDING_SURVEYS);
	hides_end = false;
	now_ns += WL_MENDER_REST_NS;
	CU_ASSERT_EQUAL(run(), WL_MENDING_MENDED);
	CU_ASSERT_EQUAL(wl_mend_lane_state(&lanes.uncounting), WL_MEND_UNCOUNTING_IDLE);
	tear_down();
}

WL_SUITE(mender)
{
	WL_TEST(medium_that_gives_nothing_for_a_while_is_not_damaged_again),
	WL_TEST(what_is_damaged_again_four_times_rests_and_is_tried_again),
	WL_TEST(rounds_of_processes_before_count),
	WL_TEST(refusal_takes_looks_that_find_the_same),
	WL_TEST(an_end_is_given_up_when_looks_in_a_row_found_the_same),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* A base on its way from one node's maker to another's, through both lanes: whole, damaged, and where it fails. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/worker/base_lane.h"
#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

#define SESSIONS_MAX 60u
#define ALL UINT64_MAX

static struct base_fixture server, joiner;
static struct wl_base_serving serving;
static struct wl_base_installing installing;
static uint64_t proven; /* index of the server's base that travels */

static uint8_t *lane_buffer(void)
{
	uint8_t *buffer = aligned_alloc(WL_BLOCK_BYTES, WL_BASE_LANE_BYTES);

	CU_ASSERT_PTR_NOT_NULL_FATAL(buffer);
	return buffer;
}

static void follow(struct base_fixture *fixture)
{
	base_fixture_tell(fixture);
	CU_ASSERT_TRUE(base_fixture_drive(fixture, ALL));
}

static void begin(unsigned sessions)
{
	base_fixture_init(&server, SESSIONS_MAX, 1);
	base_fixture_init(&joiner, SESSIONS_MAX, 2);
	base_fixture_open_sessions(&server, sessions);
	for (unsigned at = 0; at < 60; at++)
		base_fixture_append(&server, at % sessions, 500);
	proven = base_fixture_base(&server);
	base_fixture_commit_all(&server);
	follow(&server);
	base_fixture_prove(&server, 0);
	base_fixture_commit_all(&server);
	follow(&server);
	/* The joiner has a log of its own, that comes to nothing. */
	base_fixture_open_sessions(&joiner, 2);
	base_fixture_commit_all(&joiner);
	follow(&joiner);
	memset(&serving, 0, sizeof(serving));
	memset(&installing, 0, sizeof(installing));
	serving.buffer = lane_buffer();
	installing.buffer = lane_buffer();
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(server.broken);
	CU_ASSERT_PTR_NULL(joiner.broken);
	free(serving.buffer);
	free(installing.buffer);
	base_fixture_fini(&server);
	base_fixture_fini(&joiner);
}

/* The server's thread, until it has told. */
static uint32_t ask(uint64_t offset)
{
	struct wl_base_maker_want want;

	serving.index = proven;
	serving.digest = base_fixture_digest_of(&server, proven);
	serving.offset = offset;
	wl_base_lane_pass(&serving.state, WL_BASE_SERVING_ASKED);
	while (wl_base_serving_want(&serving, &server.maker, &want)) {
		const struct base_fixture_place *place = &server.places[want.place];

		CU_ASSERT_TRUE_FATAL(want.offset + want.bytes <= place->size);
		memcpy(want.buffer, place->bytes + want.offset, want.bytes);
		wl_base_serving_on_read(&serving, &server.maker, true);
	}
	CU_ASSERT_EQUAL(wl_base_lane_state(&serving.state), WL_BASE_SERVING_TOLD);
	return serving.bytes;
}

static enum wl_base_installing_step step(void)
{
	return wl_base_installing_step(&installing, &joiner.maker);
}

/* At most `piece` bytes at once; ends with what the last step said. */
static enum wl_base_installing_step carry(uint32_t piece)
{
	enum wl_base_installing_step said = WL_BASE_STEP_WAIT;
	uint64_t offset = 0;

	do {
		CU_ASSERT_NOT_EQUAL_FATAL(ask(offset), 0);
		installing.offer = serving.offer;
		installing.offset = offset;
		installing.bytes = serving.bytes < piece ? serving.bytes : piece;
		memcpy(installing.buffer, serving.buffer, installing.bytes);
		wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_GIVEN);
		said = step();
		offset += installing.bytes;
	} while (said == WL_BASE_STEP_WAIT && offset < serving.offer.total);
	return said;
}

static void place(void)
{
	installing.walk_offset = wl_log_jump_place(&joiner.log.log);
	installing.first_segment = joiner.log.log.first_segment;
	wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_PLACED);
}

static enum wl_base_installing_step write_all(void)
{
	enum wl_base_installing_step said;

	while ((said = step()) == WL_BASE_STEP_WRITE)
		base_fixture_drive(&joiner, 1);
	return said;
}

static void a_base_travels_in_pieces_of_any_size_and_is_the_joiners_own(void)
{
	static const uint32_t pieces[] = {7, 1000, WL_BASE_LANE_BYTES};

	for (unsigned at = 0; at < 3; at++) {
		struct wl_base_report report;

		begin(SESSIONS_MAX / 2);
		CU_ASSERT_EQUAL(carry(pieces[at]), WL_BASE_STEP_WAIT);
		CU_ASSERT_EQUAL(wl_base_lane_state(&installing.state), WL_BASE_INSTALLING_RIGHT);
		CU_ASSERT_EQUAL(step(), WL_BASE_STEP_WAIT);
		place();
		CU_ASSERT_EQUAL(write_all(), WL_BASE_STEP_WAIT);
		CU_ASSERT_EQUAL(wl_base_lane_state(&installing.state), WL_BASE_INSTALLING_WRITTEN);
		CU_ASSERT_EQUAL(installing.base.position.index, proven);
		CU_ASSERT_TRUE(installing.base.installed);
		CU_ASSERT_EQUAL(installing.applied->sessions.applied_index, proven);
		report = base_fixture_report(&joiner);
		CU_ASSERT_EQUAL(report.newest.index, proven);
		CU_ASSERT_EQUAL(report.newest.digest, base_fixture_digest_of(&server, proven));
		CU_ASSERT_TRUE(report.newest.proven);
		CU_ASSERT_PTR_NULL(wl_base_maker_check(&joiner.maker));
		wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_JUMPED);
		CU_ASSERT_EQUAL(step(), WL_BASE_STEP_OWN);
		CU_ASSERT_EQUAL(wl_base_lane_state(&installing.state), WL_BASE_INSTALLING_IDLE);
		end();
	}
}

static void the_log_jumps_and_a_start_finds_the_same(void)
{
	uint64_t chain;

	begin(5);
	carry(WL_BASE_LANE_BYTES);
	place();
	write_all();
	CU_ASSERT_TRUE(wl_log_jump(&joiner.log.log, &installing.base));
	CU_ASSERT_PTR_NULL(wl_log_check(&joiner.log.log));
	CU_ASSERT_EQUAL(joiner.log.log.tail.index, proven);
	CU_ASSERT_EQUAL(wl_log_chain_at(&joiner.log.log, proven, &chain), WL_LOG_KNOWN);
	CU_ASSERT_EQUAL(chain, installing.base.chain);
	wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_JUMPED);
	step();
	/* Only what is durable remains of the maker. */
	base_fixture_start(&joiner);
	base_fixture_drive(&joiner, ALL);
	CU_ASSERT_EQUAL(base_fixture_report(&joiner).stop, WL_BASE_STOP_NONE);
	CU_ASSERT_EQUAL(base_fixture_report(&joiner).newest.index, proven);
	CU_ASSERT_EQUAL(joiner.maker.applied.sessions.applied_index, proven);
	CU_ASSERT_EQUAL(joiner.maker.log.tail.index, proven);
	end();
}

/* One byte of what was carried. */
static void a_flipped_bit_on_the_way_is_no_base(void)
{
	for (unsigned at = 0; at < 40; at++) {
		uint64_t byte;

		begin(5);
		ask(0);
		installing.offer = serving.offer;
		installing.offset = 0;
		installing.bytes = serving.bytes;
		memcpy(installing.buffer, serving.buffer, installing.bytes);
		byte = at * (uint64_t)(installing.bytes - 1) / 39;
		installing.buffer[byte] ^= 1;
		wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_GIVEN);
		CU_ASSERT_EQUAL(step(), WL_BASE_STEP_ANEW);
		CU_ASSERT_EQUAL(wl_base_lane_state(&installing.state), WL_BASE_INSTALLING_FAILED);
		/* The maker begins anew, with what it had. */
		base_fixture_start(&joiner);
		follow(&joiner);
		CU_ASSERT_EQUAL(joiner.maker.applied.sessions.applied_index,
				joiner.state.sessions.applied_index);
		end();
	}
}

static void another_entry_or_digest_than_was_offered_is_no_base(void)
{
	for (unsigned at = 0; at < 4; at++) {
		begin(5);
		ask(0);
		installing.offer = serving.offer;
		installing.offer.position.index += at == 0;
		installing.offer.position.term += at == 1;
		installing.offer.chain += at == 2;
		installing.offer.digest += at == 3;
		installing.bytes = serving.bytes;
		memcpy(installing.buffer, serving.buffer, installing.bytes);
		wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_GIVEN);
		CU_ASSERT_EQUAL(step(), WL_BASE_STEP_ANEW);
		base_fixture_start(&joiner);
		end();
	}
}

static void more_bytes_than_were_offered_are_no_base(void)
{
	begin(5);
	ask(0);
	installing.offer = serving.offer;
	installing.offer.total -= 8;
	installing.bytes = serving.bytes;
	memcpy(installing.buffer, serving.buffer, installing.bytes);
	wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_GIVEN);
	CU_ASSERT_EQUAL(step(), WL_BASE_STEP_ANEW);
	base_fixture_start(&joiner);
	end();
}

static void what_is_not_there_any_more_is_told_as_nothing(void)
{
	struct wl_base_maker_want want;

	begin(5);
	CU_ASSERT_NOT_EQUAL(ask(0), 0);
	CU_ASSERT_EQUAL(ask(serving.offer.total), 0);
	serving.digest ^= 1;
	wl_base_lane_pass(&serving.state, WL_BASE_SERVING_ASKED);
	CU_ASSERT_FALSE(wl_base_serving_want(&serving, &server.maker, &want));
	CU_ASSERT_EQUAL(serving.bytes, 0);
	/* A block of it rots. */
	for (unsigned at = 0; at < WL_BASE_PLACES; at++) {
		if (server.places[at].size != 0)
			server.places[at].bytes[700] ^= 4;
	}
	CU_ASSERT_EQUAL(ask(0), 0);
	end();
}

static void a_base_that_cannot_be_written_leaves_the_old_log(void)
{
	for (unsigned fails = 1; fails <= 3; fails++) {
		begin(5);
		carry(WL_BASE_LANE_BYTES);
		place();
		for (unsigned at = 1; at < fails; at++) { /* begin, write, commit */
			CU_ASSERT_EQUAL(step(), WL_BASE_STEP_WRITE);
			base_fixture_drive(&joiner, 1);
		}
		joiner.fails = 1;
		CU_ASSERT_EQUAL(write_all(), WL_BASE_STEP_ANEW);
		CU_ASSERT_EQUAL(wl_base_lane_state(&installing.state), WL_BASE_INSTALLING_FAILED);
		base_fixture_start(&joiner);
		follow(&joiner);
		CU_ASSERT_EQUAL(base_fixture_report(&joiner).newest.index, 0);
		CU_ASSERT_EQUAL(joiner.maker.applied.sessions.applied_index,
				joiner.state.sessions.applied_index);
		end();
	}
}

/* Nobody knows whether it is there after all: the log goes on as if it were not, so it must not be. */
static void a_base_whose_commit_failed_is_removed(void)
{
	bool removes = false;

	begin(5);
	carry(WL_BASE_LANE_BYTES);
	place();
	while (step() == WL_BASE_STEP_WRITE) {
		joiner.fails = joiner.maker.state == WL_BASE_MAKER_WANTS_COMMIT;
		removes |= joiner.maker.state == WL_BASE_MAKER_WANTS_REMOVE;
		base_fixture_drive(&joiner, 1);
	}
	CU_ASSERT_TRUE(removes);
	CU_ASSERT_EQUAL(wl_base_lane_state(&installing.state), WL_BASE_INSTALLING_FAILED);
	base_fixture_start(&joiner);
	follow(&joiner);
	end();
}

static void what_is_wanted_no_more_is_forgotten(void)
{
	begin(5);
	carry(WL_BASE_LANE_BYTES);
	wl_base_lane_pass(&installing.state, WL_BASE_INSTALLING_ABANDONED);
	CU_ASSERT_EQUAL(step(), WL_BASE_STEP_ANEW);
	CU_ASSERT_EQUAL(wl_base_lane_state(&installing.state), WL_BASE_INSTALLING_IDLE);
	base_fixture_start(&joiner);
	follow(&joiner);
	CU_ASSERT_EQUAL(step(), WL_BASE_STEP_OWN);
	end();
}

WL_SUITE(base_lane)
{
	WL_TEST(a_base_travels_in_pieces_of_any_size_and_is_the_joiners_own),
	WL_TEST(the_log_jumps_and_a_start_finds_the_same),
	WL_TEST(a_flipped_bit_on_the_way_is_no_base),
	WL_TEST(another_entry_or_digest_than_was_offered_is_no_base),
	WL_TEST(more_bytes_than_were_offered_are_no_base),
	WL_TEST(what_is_not_there_any_more_is_told_as_nothing),
	WL_TEST(a_base_that_cannot_be_written_leaves_the_old_log),
	WL_TEST(a_base_whose_commit_failed_is_removed),
	WL_TEST(what_is_wanted_no_more_is_forgotten),
};

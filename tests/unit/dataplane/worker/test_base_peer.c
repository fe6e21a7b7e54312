/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's side of bases between nodes, in real frames: what is asked, what is told, and the moment of the jump. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

#define SESSIONS_MAX 64u
#define ALL UINT64_MAX
#define PEER 2u

static struct worker_fixture fixture; /* node 1 */
static struct base_fixture server, joiner; /* who made the base; who drives node 1's maker */
static uint64_t proven;
static struct wl_base_header header; /* of that base */
static uint8_t *bytes; /* its replicated part */

static struct wl_journal *journal(void)
{
	return &fixture.journals[1];
}

static uint64_t counted(enum wl_counter which)
{
	return worker_count(&fixture, which);
}

static void take_out(void)
{
	for (unsigned at = 0; at < WL_BASE_PLACES; at++) {
		const struct base_fixture_place *place = &server.places[at];
		uint64_t from = 0;

		if (place->size == 0 ||
		    wl_base_decode_header(place->bytes, &server.identity, &header) != WL_BASE_OK ||
		    header.log.position.index != proven)
			continue;
		bytes = malloc(header.state_bytes + WL_BASE_LANE_BYTES);
		CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
		while (from < header.state_bytes) {
			uint64_t where;
			uint32_t wanted =
				wl_base_part_place(&header, from, WL_BASE_LANE_BYTES, &where);

			from += wl_base_part_take(&header, from, place->bytes + where, wanted,
						  bytes + from);
		}
		return;
	}
	CU_FAIL_FATAL("no base");
}

static void begin(void)
{
	base_fixture_init(&server, SESSIONS_MAX, 1);
	base_fixture_init(&joiner, SESSIONS_MAX, 2);
	base_fixture_open_sessions(&server, 40);
	for (unsigned at = 0; at < 900; at++)
		base_fixture_append(&server, at % 40, 50);
	proven = base_fixture_base(&server);
	base_fixture_commit_all(&server);
	base_fixture_tell(&server);
	base_fixture_drive(&server, ALL);
	base_fixture_prove(&server, 0);
	base_fixture_commit_all(&server);
	base_fixture_tell(&server);
	base_fixture_drive(&server, ALL);
	take_out();
	base_fixture_tell(&joiner);
	base_fixture_drive(&joiner, ALL);
	worker_fixture_init(&fixture);
	worker_fixture_greet(&fixture);
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(wl_log_check(&journal()->log));
	CU_ASSERT_PTR_NULL(wl_replica_check(&journal()->replica));
	CU_ASSERT_PTR_NULL(wl_service_check(journal()->service));
	free(bytes);
	worker_fixture_fini(&fixture);
	base_fixture_fini(&server);
	base_fixture_fini(&joiner);
}

static void say(uint8_t type, const uint8_t *payload, size_t size)
{
	worker_fixture_say(&fixture, wl_identity_of_node(PEER, 0), type, WORKER_SECOND, payload,
			   size);
}

/* A heartbeat of a leader that gave up what we lack. */
static void say_behind(uint64_t term)
{
	struct wl_wire_append append = {
		.term = term,
		.previous = {1, 5000},
		.sent_ns = fixture.now_ns,
		.flags = WL_WIRE_APPEND_NEEDS_BASE,
	};
	uint8_t payload[256];

	say(WL_WIRE_APPEND, payload, wl_wire_encode_append(payload, &append));
}

static void follow(uint64_t term)
{
	worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, term);
	worker_fixture_command(&fixture, 1, WL_PLANE_FOLLOW, term);
	worker_fixture_turns(&fixture, 3);
	say_behind(term);
	worker_fixture_turn(&fixture);
}

static bool asked(struct wl_wire_base_ask *ask)
{
	const struct worker_sent *sent = worker_fixture_find(&fixture, WL_WIRE_BASE_ASK, PEER);

	return sent && wl_wire_decode_base_ask(sent->payload, sent->bytes, ask);
}

static void say_part(uint64_t offset, uint32_t size)
{
	struct wl_wire_base_part part = {
		.position = header.log.position,
		.chain = header.log.chain,
		.digest = header.digest,
		.total = header.state_bytes,
		.offset = offset,
	};
	uint8_t payload[WORKER_MTU];

	part.bytes = header.state_bytes - offset < size ? (uint32_t)(header.state_bytes - offset)
							: size;
	memcpy(payload + wl_wire_encode_base_part(payload, &part), bytes + offset, part.bytes);
	say(WL_WIRE_BASE_PART, payload, WL_WIRE_BASE_PART_HEADER_BYTES + part.bytes);
}

/* Node 1's maker does what its lane asks for. */
static void drive_maker(void)
{
	struct wl_base_installing *installing = &journal()->lanes.installing;

	for (unsigned at = 0; at < 100; at++) {
		switch (wl_base_installing_step(installing, &joiner.maker)) {
		case WL_BASE_STEP_WRITE:
			base_fixture_drive(&joiner, 1);
			break;
		case WL_BASE_STEP_ANEW:
			base_fixture_start(&joiner);
			base_fixture_drive(&joiner, ALL);
			return;
		default:
			return;
		}
	}
}

/* One turn; what it asks for is answered with a batch, and its maker does what it is given. */
static void serve_turn(uint32_t size)
{
	struct wl_wire_base_ask ask;

	fixture.now_ns += 1000000;
	worker_fixture_turn(&fixture);
	if (asked(&ask)) {
		for (unsigned part = 0; part < WL_BASE_BATCH; part++)
			if (ask.offset + part * size < header.state_bytes)
				say_part(ask.offset + part * size, size);
	}
	drive_maker();
}

static void bring(uint32_t size)
{
	for (unsigned turn = 0; turn < 600 && counted(WL_COUNTER_bases_installed) == 0; turn++) {
		serve_turn(size);
		if (turn % 50 == 0)
			say_behind(1);
	}
}

static void a_base_is_asked_for_taken_in_and_jumped_to(void)
{
	static const uint32_t sizes[] = {100, 1300};

	for (unsigned at = 0; at < 2; at++) {
		uint64_t segment;

		begin();
		CU_ASSERT_TRUE(header.state_bytes > 10000);
		follow(1);
		segment = journal()->log.append_offset / journal()->log.config.segment_bytes;
		bring(sizes[at]);
		CU_ASSERT_EQUAL(counted(WL_COUNTER_bases_installed), 1);
		CU_ASSERT_EQUAL(counted(WL_COUNTER_bases_refused), 0);
		CU_ASSERT_TRUE(wl_position_equal(journal()->log.tail, header.log.position));
		CU_ASSERT_EQUAL(journal()->log.tail_chain, header.log.chain);
		CU_ASSERT_EQUAL(journal()->log.begin.offset / WL_SEGMENT_BYTES_MIN, segment + 1);
		CU_ASSERT_EQUAL(journal()->replica.commit, proven);
		CU_ASSERT_EQUAL(journal()->replica.follower.match, proven);
		CU_ASSERT_FALSE(journal()->replica.follower.installing);
		CU_ASSERT_EQUAL(wl_state_digest(wl_service_state(journal()->service)),
				wl_state_digest(&joiner.maker.applied));
		CU_ASSERT_EQUAL(journal()->service->state.sessions.applied_index, proven);
		/* And it says so. */
		say_behind(1);
		worker_fixture_turn(&fixture);
		CU_ASSERT_PTR_NOT_NULL(worker_fixture_find(&fixture, WL_WIRE_APPEND_ACK, PEER));
		end();
	}
}

static void lost_parts_are_asked_for_again(void)
{
	struct wl_wire_base_ask ask;
	uint64_t have = 0;
	unsigned asks = 0;

	begin();
	follow(1);
	/* Of each batch one part comes, the third one too early. */
	for (unsigned turn = 0; turn < 20; turn++) {
		if (asked(&ask)) {
			CU_ASSERT_EQUAL(ask.offset, have);
			CU_ASSERT_EQUAL(ask.index, have == 0 ? 0 : proven);
			say_part(ask.offset, 500);
			say_part(ask.offset + 1000, 500);
			have += 500;
			asks++;
		}
		fixture.now_ns += WL_BASE_ASK_NS / 2;
		worker_fixture_turn(&fixture);
	}
	CU_ASSERT_TRUE(asks > 5);
	CU_ASSERT_EQUAL(journal()->base_fetch.have, have);
	end();
}

static void what_no_leader_of_ours_says_is_not_taken(void)
{
	begin();
	/* Nobody said that we need one. */
	worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, 1);
	worker_fixture_command(&fixture, 1, WL_PLANE_FOLLOW, 1);
	worker_fixture_turns(&fixture, 3);
	say_part(0, 500);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_base_parts_taken), 0);
	/* Another node than the leader. */
	say_behind(1);
	worker_fixture_turn(&fixture);
	say_part(0, 500);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_base_parts_taken), 1);
	worker_fixture_say(&fixture, wl_identity_of_node(3, 0), WL_WIRE_BASE_PART, WORKER_SECOND,
			   bytes, 100);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_base_parts_taken), 1);
	end();
}

static void a_base_at_or_below_the_commit_is_ignored(void)
{
	begin();
	worker_fixture_lead(&fixture);
	CU_ASSERT_TRUE(journal()->replica.commit >= 1);
	follow(5);
	say_behind(5);
	header.log.position.index = journal()->replica.commit;
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE(wl_replica_wants_base(&journal()->replica));
	say_part(0, 500);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_base_parts_taken), 0);
	header.log.position.index++;
	say_part(0, 500);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_base_parts_taken), 1);
	end();
}

static void a_base_that_is_not_what_was_said_is_refused_and_asked_for_later(void)
{
	struct wl_wire_base_ask ask;

	begin();
	bytes[header.state_bytes / 2] ^= 1;
	follow(1);
	for (unsigned turn = 0; turn < 400 && counted(WL_COUNTER_bases_refused) == 0; turn++) {
		serve_turn(1300);
	}
	CU_ASSERT_EQUAL(counted(WL_COUNTER_bases_refused), 1);
	CU_ASSERT_EQUAL(journal()->log.tail.index, 0);
	CU_ASSERT_FALSE(journal()->replica.follower.installing);
	worker_fixture_turns(&fixture, 100);
	CU_ASSERT_FALSE(asked(&ask));
	fixture.now_ns += WL_BASE_AGAIN_NS;
	say_behind(1);
	worker_fixture_turn(&fixture);
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE(journal()->base_fetch.asked_ns != 0);
	end();
}

/* A fenced tail does not move; what is durable waits for the next view. */
static void nothing_jumps_while_fenced(void)
{
	bool fenced = false;

	begin();
	follow(1);
	for (unsigned turn = 0; turn < 400; turn++) {
		uint32_t state = wl_base_lane_state(&journal()->lanes.installing.state);

		if (!fenced &&
		    (state == WL_BASE_INSTALLING_PLACED || state == WL_BASE_INSTALLING_WRITTEN)) {
			worker_fixture_command(&fixture, 1, WL_PLANE_FENCE, 2);
			fenced = true;
		}
		serve_turn(1300);
	}
	CU_ASSERT_TRUE(fenced);
	CU_ASSERT_EQUAL(wl_base_lane_state(&journal()->lanes.installing.state),
			WL_BASE_INSTALLING_WRITTEN);
	CU_ASSERT_EQUAL(journal()->log.tail.index, 0);
	worker_fixture_command(&fixture, 1, WL_PLANE_FOLLOW, 2);
	worker_fixture_turns(&fixture, 3);
	CU_ASSERT_EQUAL(journal()->log.tail.index, proven);
	CU_ASSERT_EQUAL(counted(WL_COUNTER_bases_installed), 1);
	end();
}

/* ---- serving ---- */

static void say_ask(uint64_t index, uint64_t digest, uint64_t offset)
{
	struct wl_wire_base_ask ask = {.index = index, .digest = digest, .offset = offset};
	uint8_t payload[64];

	say(WL_WIRE_BASE_ASK, payload, wl_wire_encode_base_ask(payload, &ask));
}

static void read_for_lane(void)
{
	struct wl_base_serving *serving = &journal()->lanes.serving;
	struct wl_base_maker_want want;

	while (wl_base_serving_want(serving, &server.maker, &want)) {
		memcpy(want.buffer, server.places[want.place].bytes + want.offset, want.bytes);
		wl_base_serving_on_read(serving, &server.maker, true);
	}
}

static void own_bases_are_the_servers(bool is_proven)
{
	journal()->base_report.newest = (struct wl_base_own){
		.index = proven,
		.digest = header.digest,
		.walk_offset = WL_BLOCK_BYTES,
		.proven = is_proven,
	};
}

static void a_proven_base_is_told_in_batches(void)
{
	uint64_t have = 0;

	begin();
	worker_fixture_lead(&fixture);
	own_bases_are_the_servers(true);
	for (unsigned round = 0; round < 100 && have < header.state_bytes; round++) {
		uint64_t digest = have ? header.digest : 0;
		unsigned parts = 0;

		say_ask(have ? proven : 0, digest, have);
		for (unsigned turn = 0; turn < 3; turn++) {
			worker_fixture_turn(&fixture);
			read_for_lane();
			for (unsigned at = 0; at < fixture.sent_count; at++) {
				struct wl_wire_base_part part;

				if (fixture.sent[at].type != WL_WIRE_BASE_PART)
					continue;
				CU_ASSERT_TRUE_FATAL(wl_wire_decode_base_part(
					fixture.sent[at].payload, fixture.sent[at].bytes, &part));
				CU_ASSERT_EQUAL_FATAL(part.offset, have);
				CU_ASSERT_EQUAL(part.digest, header.digest);
				CU_ASSERT_EQUAL(memcmp(part.part, bytes + have, part.bytes), 0);
				have += part.bytes;
				parts++;
			}
		}
		CU_ASSERT_TRUE(parts >= 1 && parts <= WL_BASE_BATCH);
	}
	CU_ASSERT_EQUAL(have, header.state_bytes);
	end();
}

static void what_is_not_proven_is_not_told(void)
{
	begin();
	worker_fixture_lead(&fixture);
	own_bases_are_the_servers(false);
	say_ask(0, 0, 0);
	for (unsigned turn = 0; turn < 5; turn++) {
		worker_fixture_turn(&fixture);
		read_for_lane();
	}
	CU_ASSERT_EQUAL(counted(WL_COUNTER_base_parts_sent), 0);
	/* One that is gone: the newest is told, from its beginning. */
	own_bases_are_the_servers(true);
	say_ask(7, 77, 5000);
	worker_fixture_turn(&fixture);
	read_for_lane();
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE(counted(WL_COUNTER_base_parts_sent) != 0);
	CU_ASSERT_EQUAL(journal()->lanes.serving.offset, 0);
	end();
}

WL_SUITE(base_peer)
{
	WL_TEST(a_base_is_asked_for_taken_in_and_jumped_to),
	WL_TEST(lost_parts_are_asked_for_again),
	WL_TEST(what_no_leader_of_ours_says_is_not_taken),
	WL_TEST(a_base_at_or_below_the_commit_is_ignored),
	WL_TEST(a_base_that_is_not_what_was_said_is_refused_and_asked_for_later),
	WL_TEST(nothing_jumps_while_fenced),
	WL_TEST(a_proven_base_is_told_in_batches),
	WL_TEST(what_is_not_proven_is_not_told),
};

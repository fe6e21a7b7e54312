/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's side of damaged entries between nodes, and what a dormant journal hears and says. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

#define PEER 2u
#define OTHER 3u

static struct worker_fixture fixture; /* node 1 */

static struct wl_journal *journal(void)
{
	return &fixture.journals[1];
}

static void begin(bool dormant)
{
	worker_fixture_init(&fixture);
	/* As wl_journal_sleep and wl_journal_start leave it. */
	journal()->dormant = dormant;
	journal()->replica.dormant = dormant;
	worker_fixture_greet(&fixture);
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(wl_log_check(&journal()->log));
	CU_ASSERT_PTR_NULL(wl_replica_check(&journal()->replica));
	worker_fixture_fini(&fixture);
}

static void say(uint32_t node, uint8_t type, const uint8_t *payload, size_t bytes)
{
	worker_fixture_say(&fixture, wl_identity_of_node(node, 0), type, WORKER_SECOND, payload,
			   bytes);
}

/* ---- dormant ---- */

static void dormant_journal_answers_no_append_vote_or_client(void)
{
	const struct wl_wire_append append = {.term = 3, .sent_ns = 5};
	const struct wl_wire_vote vote = {.term = 3, .incarnation = 9, .caught_up_boot = 1};
	uint8_t payload[512] = {0};
	struct wl_punt punt;

	begin(true);
	while (wl_ring_pop(&fixture.plane.punt_up, &punt))
		;
	say(PEER, WL_WIRE_APPEND, payload, wl_wire_encode_append(payload, &append));
	say(PEER, WL_WIRE_VOTE, payload, wl_wire_encode_vote(payload, &vote));
	say(PEER, WL_WIRE_PRE_VOTE, payload, wl_wire_encode_vote(payload, &vote));
	worker_fixture_turns(&fixture, 2);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_dormant_not_heard), 3);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_ack_sent), 0);
	CU_ASSERT_FALSE(wl_ring_pop(&fixture.plane.punt_up, &punt));
	CU_ASSERT_EQUAL(journal()->replica.view.term, 0);
	/* The same is heard in the journal beside it. */
	worker_fixture_say(&fixture, wl_identity_of_node(PEER, 0), WL_WIRE_VOTE, WORKER_FIRST,
			   payload, wl_wire_encode_vote(payload, &vote));
	worker_fixture_turns(&fixture, 2);
	CU_ASSERT_TRUE(wl_ring_pop(&fixture.plane.punt_up, &punt));
	end();
}

static void dormant_journal_is_never_without_history(void)
{
	const struct wl_wire_hello hello = {.nonce = 4};
	const struct worker_sent *sent;
	struct wl_wire_hello_reply reply;
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	for (unsigned dormant = 0; dormant < 2; dormant++) {
		begin(dormant != 0);
		say(PEER, WL_WIRE_HELLO, payload, wl_wire_encode_hello(payload, &hello));
		worker_fixture_turn(&fixture);
		sent = worker_fixture_find(&fixture, WL_WIRE_HELLO_REPLY, PEER);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
		CU_ASSERT_TRUE(wl_wire_decode_hello_reply(sent->payload, sent->bytes, &reply));
		CU_ASSERT_EQUAL(reply.history >> WORKER_SECOND & 1, dormant);
		end();
	}
}

static void dormant_journal_asks_nothing_of_its_medium(void)
{
	unsigned asked[2] = {0};

	for (unsigned dormant = 0; dormant < 2; dormant++) {
		worker_fixture_init(&fixture);
		journal()->dormant = dormant != 0;
		fixture.hold_disk = true;
		worker_fixture_turns(&fixture, 5);
		for (unsigned at = 0; at < fixture.taken_count; at++)
			asked[dormant] += fixture.taken[at].journal == WORKER_SECOND;
		worker_fixture_fini(&fixture);
	}
	CU_ASSERT_TRUE(asked[0] != 0); /* its first segment */
	CU_ASSERT_EQUAL(asked[1], 0);
}

/* ---- asking ---- */

static void want_run(uint32_t bytes)
{
	struct wl_mend_asking *asking = &journal()->mend.asking;

	asking->run = (struct wl_mend_run){.index = 40, .chain = 77, .first = 31, .bytes = bytes};
	asking->node = PEER;
	wl_mend_lane_pass(&asking->state, WL_MEND_ASKING_WANTED);
	worker_fixture_turn(&fixture);
}

static bool asked(struct wl_wire_mend_ask *ask)
{
	const struct worker_sent *sent = worker_fixture_find(&fixture, WL_WIRE_MEND_ASK, PEER);

	return sent && wl_wire_decode_mend_ask(sent->payload, sent->bytes, ask);
}

static void say_part(uint32_t node, uint64_t chain, uint32_t offset, uint32_t bytes, uint32_t total)
{
	const struct wl_wire_mend_part part = {
		.index = 40,
		.chain = chain,
		.first = 31,
		.verdict = WL_WIRE_MEND_HAVE,
		.total = total,
		.offset = offset,
		.bytes = bytes,
	};
	uint8_t payload[WORKER_MTU];
	size_t at = wl_wire_encode_mend_part(payload, &part);

	for (uint32_t byte = 0; byte < bytes; byte++)
		payload[at + byte] = (uint8_t)(offset + byte);
	say(node, WL_WIRE_MEND_PART, payload, at + bytes);
}

static void run_is_put_together_from_its_parts(void)
{
	const struct wl_mend_asking *asking = &journal()->mend.asking;
	struct wl_wire_mend_ask ask;

	begin(true);
	want_run(5000);
	CU_ASSERT_TRUE_FATAL(asked(&ask));
	CU_ASSERT_EQUAL(ask.index, 40);
	CU_ASSERT_EQUAL(ask.chain, 77);
	CU_ASSERT_EQUAL(ask.first, 31);
	CU_ASSERT_EQUAL(ask.bytes, 5000);
	CU_ASSERT_EQUAL(ask.offset, 0);
	say_part(PEER, 77, 0, 1000, 2500);
	say_part(PEER, 77, 2000, 500, 2500); /* overtook the one before it */
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(asking->state, WL_MEND_ASKING_WANTED);
	say_part(PEER, 77, 1000, 1000, 2500);
	say_part(PEER, 77, 2000, 500, 2500);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL_FATAL(asking->state, WL_MEND_ASKING_TOLD);
	CU_ASSERT_EQUAL(asking->verdict, WL_WIRE_MEND_HAVE);
	CU_ASSERT_EQUAL(asking->bytes, 2500);
	for (uint32_t byte = 0; byte < 2500; byte++)
		CU_ASSERT_EQUAL_FATAL(asking->buffer[byte], (uint8_t)byte);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_mend_parts_taken), 3);
	end();
}

static void answers_of_others_or_to_other_questions_are_not_taken(void)
{
	const struct wl_mend_asking *asking = &journal()->mend.asking;

	begin(true);
	want_run(5000);
	say_part(OTHER, 77, 0, 100, 100);
	say_part(PEER, 78, 0, 100, 100);
	worker_fixture_turns(&fixture, 2);
	CU_ASSERT_EQUAL(asking->state, WL_MEND_ASKING_WANTED);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_mend_parts_taken), 0);
	say_part(PEER, 77, 0, 100, 100);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(asking->state, WL_MEND_ASKING_TOLD);
	/* Nothing was asked since: it belongs to nobody. */
	say_part(PEER, 77, 0, 100, 100);
	worker_fixture_turn(&fixture);
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_mend_parts_taken), 1);
	end();
}

static void what_is_lost_is_asked_for_again_and_silence_is_told(void)
{
	const struct wl_mend_asking *asking = &journal()->mend.asking;
	struct wl_wire_mend_ask ask;
	unsigned asks = 0;

	begin(true);
	want_run(5000);
	say_part(PEER, 77, 0, 1000, 2500);
	worker_fixture_turn(&fixture);
	while (!asked(&ask) && fixture.now_ns < 1000ull * WL_MEND_ASK_NS) {
		fixture.now_ns += WL_MEND_ASK_NS / 4;
		worker_fixture_turn(&fixture);
	}
	CU_ASSERT_EQUAL(ask.offset, 1000);
	for (unsigned turn = 0; asking->state == WL_MEND_ASKING_WANTED && turn < 1000; turn++) {
		fixture.now_ns += WL_MEND_ASK_NS;
		worker_fixture_turn(&fixture);
		asks += asked(&ask);
	}
	CU_ASSERT_EQUAL(asking->state, WL_MEND_ASKING_TOLD);
	CU_ASSERT_EQUAL(asking->verdict, 0);
	CU_ASSERT_TRUE(asks >= WL_MEND_TRIES - 2 && asks <= WL_MEND_TRIES);
	end();
}

/* ---- serving ---- */

static void say_ask(uint32_t node, uint64_t index, uint64_t chain, uint32_t offset)
{
	const struct wl_wire_mend_ask ask = {
		.index = index,
		.chain = chain,
		.first = 1,
		.bytes = 60000,
		.offset = offset,
	};
	uint8_t payload[WL_WIRE_MEND_ASK_BYTES];

	say(node, WL_WIRE_MEND_ASK, payload, wl_wire_encode_mend_ask(payload, &ask));
	worker_fixture_turn(&fixture);
}

static bool told(uint32_t node, struct wl_wire_mend_part *part)
{
	const struct worker_sent *sent = worker_fixture_find(&fixture, WL_WIRE_MEND_PART, node);

	return sent && wl_wire_decode_mend_part(sent->payload, sent->bytes, part);
}

static void dormant_journal_serves_from_its_medium_in_batches(void)
{
	struct wl_mend_serving *serving = &journal()->mend.serving;
	uint32_t have = 0, total = 60000;
	struct wl_wire_mend_part part;

	begin(true);
	say_ask(PEER, 9, 99, 0);
	CU_ASSERT_EQUAL_FATAL(serving->state, WL_MEND_SERVING_ASKED);
	CU_ASSERT_EQUAL(serving->run.index, 9);
	CU_ASSERT_EQUAL(serving->run.chain, 99);
	CU_ASSERT_FALSE(told(PEER, &part));
	for (uint32_t byte = 0; byte < total; byte++)
		serving->buffer[byte] = (uint8_t)(byte * 7);
	serving->bytes = total;
	wl_mend_lane_pass(&serving->state, WL_MEND_SERVING_TOLD);
	for (unsigned round = 0; round < 100 && have < total; round++) {
		unsigned parts = 0;

		worker_fixture_turn(&fixture);
		for (unsigned at = 0; at < fixture.sent_count; at++) {
			if (fixture.sent[at].type != WL_WIRE_MEND_PART)
				continue;
			CU_ASSERT_TRUE_FATAL(wl_wire_decode_mend_part(
				fixture.sent[at].payload, fixture.sent[at].bytes, &part));
			CU_ASSERT_EQUAL_FATAL(part.offset, have);
			CU_ASSERT_EQUAL(part.total, total);
			CU_ASSERT_EQUAL(memcmp(part.part, serving->buffer + have, part.bytes), 0);
			have += part.bytes;
			parts++;
		}
		CU_ASSERT_TRUE(parts <= WL_MEND_BATCH);
		if (parts == 0 && have < total)
			say_ask(PEER, 9, 99, have);
		for (unsigned at = 0; at < fixture.sent_count; at++) {
			if (parts != 0 || fixture.sent[at].type != WL_WIRE_MEND_PART)
				continue;
			CU_ASSERT_TRUE_FATAL(wl_wire_decode_mend_part(
				fixture.sent[at].payload, fixture.sent[at].bytes, &part));
			CU_ASSERT_EQUAL_FATAL(part.offset, have);
			have += part.bytes;
		}
	}
	CU_ASSERT_EQUAL(have, total);
	end();
}

static void run_that_is_asked_for_from_its_beginning_again_is_read_again(void)
{
	struct wl_mend_serving *serving = &journal()->mend.serving;
	struct wl_wire_mend_part part;

	begin(true);
	for (unsigned round = 0; round < 3; round++) {
		say_ask(PEER, 9, 99, 0);
		CU_ASSERT_EQUAL_FATAL(serving->state, WL_MEND_SERVING_ASKED);
		serving->bytes = 1000;
		wl_mend_lane_pass(&serving->state, WL_MEND_SERVING_TOLD);
		worker_fixture_turn(&fixture);
		CU_ASSERT_TRUE(told(PEER, &part));
	}
	end();
}

static void dormant_journal_never_says_never(void)
{
	struct wl_mend_serving *serving = &journal()->mend.serving;
	struct wl_wire_mend_part part;

	begin(true);
	say_ask(PEER, 9, 99, 0);
	CU_ASSERT_EQUAL_FATAL(serving->state, WL_MEND_SERVING_ASKED);
	serving->bytes = 0;
	wl_mend_lane_pass(&serving->state, WL_MEND_SERVING_TOLD);
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE_FATAL(told(PEER, &part));
	CU_ASSERT_EQUAL(part.verdict, WL_WIRE_MEND_UNKNOWN);
	/* It may be there the next time. */
	say_ask(PEER, 9, 99, 0);
	CU_ASSERT_EQUAL(serving->state, WL_MEND_SERVING_ASKED);
	end();
}

/* Rule 21. */
static void never_is_said_of_data_that_count_and_of_nothing_else(void)
{
	struct wl_wire_mend_part part;

	for (unsigned held_back = 0; held_back < 2; held_back++) {
		begin(false);
		worker_fixture_lead(&fixture);
		journal()->replica.held_back = held_back != 0;
		say_ask(PEER, journal()->log.tail.index + 1, 99, 0);
		CU_ASSERT_TRUE_FATAL(told(PEER, &part));
		CU_ASSERT_EQUAL(part.verdict,
				held_back ? WL_WIRE_MEND_UNKNOWN : WL_WIRE_MEND_NEVER);
		say_ask(OTHER, journal()->log.tail.index, journal()->log.tail_chain + 1, 0);
		CU_ASSERT_TRUE_FATAL(told(OTHER, &part));
		CU_ASSERT_EQUAL(part.verdict,
				held_back ? WL_WIRE_MEND_UNKNOWN : WL_WIRE_MEND_NEVER);
		journal()->replica.held_back = false;
		end();
	}
}

static void what_stands_in_the_ring_is_told_without_a_read(void)
{
	struct wl_wire_mend_part part;
	const uint8_t *image;
	uint32_t bytes;

	begin(false);
	worker_fixture_lead(&fixture);
	image = wl_log_image_in_ring(&journal()->log, journal()->log.tail.index, &bytes);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	say_ask(PEER, journal()->log.tail.index, journal()->log.tail_chain, 0);
	worker_fixture_turn(&fixture);
	CU_ASSERT_TRUE_FATAL(told(PEER, &part));
	CU_ASSERT_EQUAL(part.verdict, WL_WIRE_MEND_HAVE);
	CU_ASSERT_TRUE(part.bytes >= bytes);
	CU_ASSERT_EQUAL(memcmp(part.part + part.bytes - bytes, image, bytes), 0);
	end();
}

static void each_of_several_that_ask_is_answered(void)
{
	struct wl_mend_serving *serving = &journal()->mend.serving;
	struct wl_wire_mend_part part;

	begin(true);
	say_ask(PEER, 9, 99, 0);
	say_ask(OTHER, 12, 98, 0);
	CU_ASSERT_EQUAL(serving->run.index, 9);
	for (unsigned answer = 0; answer < 2; answer++) {
		CU_ASSERT_EQUAL_FATAL(serving->state, WL_MEND_SERVING_ASKED);
		serving->bytes = 0;
		wl_mend_lane_pass(&serving->state, WL_MEND_SERVING_TOLD);
		worker_fixture_turn(&fixture);
		if (serving->state == WL_MEND_SERVING_TOLD)
			worker_fixture_turn(&fixture);
		CU_ASSERT_TRUE(told(PEER, &part) || told(OTHER, &part));
		worker_fixture_turn(&fixture);
	}
	CU_ASSERT_EQUAL(journal()->mend_server.waiting, 0);
	end();
}

WL_SUITE(mend_peer)
{
	WL_TEST(dormant_journal_answers_no_append_vote_or_client),
	WL_TEST(dormant_journal_is_never_without_history),
	WL_TEST(dormant_journal_asks_nothing_of_its_medium),
	WL_TEST(run_is_put_together_from_its_parts),
	WL_TEST(answers_of_others_or_to_other_questions_are_not_taken),
	WL_TEST(what_is_lost_is_asked_for_again_and_silence_is_told),
	WL_TEST(dormant_journal_serves_from_its_medium_in_batches),
	WL_TEST(run_that_is_asked_for_from_its_beginning_again_is_read_again),
	WL_TEST(dormant_journal_never_says_never),
	WL_TEST(never_is_said_of_data_that_count_and_of_nothing_else),
	WL_TEST(what_stands_in_the_ring_is_told_without_a_read),
	WL_TEST(each_of_several_that_ask_is_answered),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* What nodes say of themselves to one another: a question, a look, parts; and what comes of half of it. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/worker/worker_fixture.h"
#include "tests/unit/runner.h"

#define PEER 2u
#define OTHER 3u
#define MS_NS 1000000u

static struct worker_fixture fixture; /* node 1 */
static struct wl_status_lane *lane;
static char text[WL_WIRE_STATUS_BYTES_MAX + 1];

static void begin(void)
{
	worker_fixture_init(&fixture);
	lane = calloc(1, sizeof(*lane));
	fixture.worker.status.lane = lane;
	worker_fixture_greet(&fixture);
	for (size_t at = 0; at < sizeof(text); at++)
		text[at] = (char)('a' + at % 23);
}

static void end(void)
{
	free(lane);
	worker_fixture_fini(&fixture);
}

/* Rare duties come once in a millisecond. */
static void pass_ms(unsigned count)
{
	fixture.now_ns += (uint64_t)count * MS_NS;
	worker_fixture_turn(&fixture);
}

static void say(uint32_t node, uint8_t type, const uint8_t *payload, size_t bytes)
{
	worker_fixture_say(&fixture, wl_identity_of_node(node, 0), type, WORKER_FIRST, payload,
			   bytes);
}

/* ---- what this node says ------------------------------------------------------------------------ */

static void ask(uint32_t node, uint64_t round, uint64_t version, uint32_t offset)
{
	const struct wl_wire_status_ask message = {
		.round = round,
		.version = version,
		.offset = offset,
	};
	uint8_t payload[WL_WIRE_STATUS_ASK_BYTES];

	say(node, WL_WIRE_STATUS_ASK, payload, wl_wire_encode_status_ask(payload, &message));
	pass_ms(WL_STATUS_LOOK_NS / MS_NS);
}

static bool told(uint32_t node, struct wl_wire_status_part *part)
{
	const struct worker_sent *sent = worker_fixture_find(&fixture, WL_WIRE_STATUS_PART, node);

	return sent && wl_wire_decode_status_part(sent->payload, sent->bytes, part);
}

static void a_node_says_in_parts_what_it_found_when_it_was_asked(void)
{
	static const uint32_t sizes[] = {1, 500, 1400, 3000, WL_WIRE_STATUS_BYTES_MAX};
	struct wl_wire_status_part part;

	begin();
	for (unsigned at = 0; at < sizeof(sizes) / sizeof(sizes[0]); at++) {
		uint32_t have = 0;

		ask(PEER, 10 + at, 0, 0);
		CU_ASSERT_FALSE(told(PEER, &part)); /* nobody has looked yet */
		CU_ASSERT_TRUE_FATAL(wl_status_lane_is_asked(lane));
		CU_ASSERT_TRUE(wl_status_lane_tell(lane, text, sizes[at]));
		pass_ms(1);
		while (told(PEER, &part)) {
			CU_ASSERT_EQUAL(part.round, 10 + at);
			CU_ASSERT_EQUAL(part.total, sizes[at]);
			CU_ASSERT_EQUAL(part.offset, have);
			CU_ASSERT_EQUAL(memcmp(part.part, text + have, part.bytes), 0);
			have += part.bytes;
			if (have == sizes[at])
				break;
			ask(PEER, 10 + at, part.version, have);
		}
		CU_ASSERT_EQUAL(have, sizes[at]);
	}
	end();
}

static void what_is_lost_is_said_again_without_another_look(void)
{
	struct wl_wire_status_part part;

	begin();
	ask(PEER, 7, 0, 0);
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, text, 3000));
	pass_ms(1);
	ask(PEER, 7, 0, 0);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_EQUAL(part.offset, 0);
	ask(PEER, 7, part.version, part.bytes);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_TRUE(part.offset != 0);
	/* Of a text that is not there any more, or beyond its end: from the beginning. */
	ask(PEER, 7, part.version + 1, part.offset);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_EQUAL(part.offset, 0);
	ask(PEER, 7, part.version, 3000);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_EQUAL(part.offset, 0);
	CU_ASSERT_FALSE(wl_status_lane_is_asked(lane));
	/* Another question is worth a look of its own, and so is one of another boot. */
	ask(PEER, 8, 0, 0);
	CU_ASSERT_FALSE(told(PEER, &part));
	CU_ASSERT_TRUE(wl_status_lane_is_asked(lane));
	end();
}

static void who_asks_while_somebody_looks_is_looked_for_anew(void)
{
	struct wl_wire_status_part part;

	begin();
	ask(PEER, 1, 0, 0);
	CU_ASSERT_TRUE(wl_status_lane_is_asked(lane));
	ask(OTHER, 4, 0, 0); /* what is found now may be older than this question */
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, "one", 3));
	pass_ms(1);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_FALSE(told(OTHER, &part));
	CU_ASSERT_TRUE_FATAL(wl_status_lane_is_asked(lane));
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, "other", 5));
	pass_ms(1);
	CU_ASSERT_FALSE(told(PEER, &part));
	CU_ASSERT_TRUE(told(OTHER, &part));
	CU_ASSERT_EQUAL(memcmp(part.part, "other", 5), 0);
	end();
}

static void what_was_found_for_an_older_question_answers_no_newer_one(void)
{
	struct wl_wire_status_part part;

	begin();
	ask(PEER, 1, 0, 0);
	ask(PEER, 1, 0, 0); /* again, since nothing came yet */
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, "first", 5));
	pass_ms(1);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_FALSE(wl_status_lane_is_asked(lane));

	ask(PEER, 2, 0, 0);
	ask(PEER, 3, 0, 0);
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, "second", 6));
	pass_ms(1);
	CU_ASSERT_FALSE(told(PEER, &part));
	pass_ms(WL_STATUS_LOOK_NS / MS_NS);
	CU_ASSERT_TRUE_FATAL(wl_status_lane_is_asked(lane));
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, "third", 5));
	pass_ms(1);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_EQUAL(part.round, 3);
	CU_ASSERT_EQUAL(memcmp(part.part, "third", 5), 0);
	end();
}

static void looks_are_rare_however_many_ask(void)
{
	unsigned looks = 0;

	begin();
	for (unsigned round = 1; round <= 40; round++) {
		const struct wl_wire_status_ask message = {.round = round};
		uint8_t payload[WL_WIRE_STATUS_ASK_BYTES];

		say(PEER, WL_WIRE_STATUS_ASK, payload,
		    wl_wire_encode_status_ask(payload, &message));
		pass_ms(1);
		if (wl_status_lane_is_asked(lane) && ++looks)
			CU_ASSERT_TRUE(wl_status_lane_tell(lane, "so", 2));
	}
	CU_ASSERT_EQUAL(looks, 40 / (WL_STATUS_LOOK_NS / MS_NS));
	end();
}

static void what_does_not_fit_is_not_told(void)
{
	begin();
	ask(PEER, 1, 0, 0);
	CU_ASSERT_FALSE(wl_status_lane_tell(lane, text, sizeof(text)));
	CU_ASSERT_FALSE(wl_status_lane_tell(lane, text, 0));
	CU_ASSERT_TRUE(wl_status_lane_is_asked(lane));
	end();
}

static void dormant_journals_and_nodes_that_nobody_looks_at(void)
{
	struct wl_wire_status_part part;

	begin();
	fixture.journals[0].dormant = true; /* what is wrong with it is what is asked for */
	ask(PEER, 1, 0, 0);
	CU_ASSERT_TRUE(wl_status_lane_is_asked(lane));
	fixture.worker.status.lane = NULL;
	ask(PEER, 2, 0, 0);
	CU_ASSERT_FALSE(told(PEER, &part));
	end();
}

/* ---- what clients ask --------------------------------------------------------------------------- */

static void come(wl_identity client)
{
	struct wl_wire_keepalive keepalive = {.nonce = 5,
					      .challenge = wl_remote_challenge(fixture.now_ns)};
	uint8_t payload[64];

	worker_fixture_say(&fixture, client, WL_WIRE_KEEPALIVE, WORKER_FIRST, payload,
			   wl_wire_encode_keepalive(payload, &keepalive));
}

static void ask_as(wl_identity client, const struct wl_wire_status_ask *message)
{
	uint8_t payload[WL_WIRE_STATUS_ASK_BYTES];

	worker_fixture_say(&fixture, client, WL_WIRE_STATUS_ASK, WORKER_FIRST, payload,
			   wl_wire_encode_status_ask(payload, message));
}

static bool told_to(wl_identity client, struct wl_wire_status_part *part)
{
	for (unsigned at = 0; at < fixture.sent_count; at++) {
		const struct worker_sent *sent = &fixture.sent[at];

		if (sent->type == WL_WIRE_STATUS_PART && sent->to == client &&
		    sent->journal == WORKER_FIRST)
			return wl_wire_decode_status_part(sent->payload, sent->bytes, part);
	}
	return false;
}

static void a_client_is_told_as_a_node_is(void)
{
	struct wl_wire_status_ask message = {.round = 9};
	struct wl_wire_status_part part;

	begin();
	ask_as(WORKER_CLIENT, &message); /* who has no place is not heard */
	pass_ms(WL_STATUS_LOOK_NS / MS_NS);
	CU_ASSERT_FALSE(wl_status_lane_is_asked(lane));
	come(WORKER_CLIENT);
	ask_as(WORKER_CLIENT, &message);
	ask(PEER, 9, 0, 0);
	CU_ASSERT_TRUE_FATAL(wl_status_lane_is_asked(lane));
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, text, 3000));
	pass_ms(1);
	CU_ASSERT_TRUE(told(PEER, &part));
	CU_ASSERT_TRUE(told_to(WORKER_CLIENT, &part));
	CU_ASSERT_EQUAL(part.total, 3000);
	message.version = part.version;
	message.offset = part.bytes;
	ask_as(WORKER_CLIENT, &message);
	pass_ms(1);
	CU_ASSERT_TRUE(told_to(WORKER_CLIENT, &part));
	CU_ASSERT_EQUAL(part.offset, message.offset);
	CU_ASSERT_EQUAL(memcmp(part.part, text + part.offset, part.bytes), 0);
	end();
}

static void more_clients_than_there_are_places_wait_for_one(void)
{
	const struct wl_wire_status_ask message = {.round = 1};
	struct wl_wire_status_part part;
	unsigned answered = 0;

	begin();
	for (unsigned at = 0; at <= WL_WORKER_STATUS_CLIENTS; at++) {
		come(WORKER_CLIENT + at);
		worker_fixture_turn(&fixture); /* strangers have a share of each */
	}
	for (unsigned at = 0; at <= WL_WORKER_STATUS_CLIENTS; at++)
		ask_as(WORKER_CLIENT + at, &message);
	pass_ms(WL_STATUS_LOOK_NS / MS_NS);
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, "so", 2));
	pass_ms(1);
	for (unsigned at = 0; at <= WL_WORKER_STATUS_CLIENTS; at++)
		answered += told_to(WORKER_CLIENT + at, &part);
	CU_ASSERT_EQUAL(answered, WL_WORKER_STATUS_CLIENTS);
	CU_ASSERT_FALSE(told_to(WORKER_CLIENT + WL_WORKER_STATUS_CLIENTS, &part));

	/* The others wait no more. */
	pass_ms(WL_STATUS_PATIENCE_NS / MS_NS + 1);
	come(WORKER_CLIENT + WL_WORKER_STATUS_CLIENTS);
	ask_as(WORKER_CLIENT + WL_WORKER_STATUS_CLIENTS, &message);
	pass_ms(WL_STATUS_LOOK_NS / MS_NS);
	CU_ASSERT_TRUE(wl_status_lane_tell(lane, "so", 2));
	pass_ms(1);
	CU_ASSERT_TRUE(told_to(WORKER_CLIENT + WL_WORKER_STATUS_CLIENTS, &part));
	end();
}

/* ---- what the others say ------------------------------------------------------------------------ */

static bool asked(uint32_t node, struct wl_wire_status_ask *message)
{
	const struct worker_sent *sent = worker_fixture_find(&fixture, WL_WIRE_STATUS_ASK, node);

	return sent && wl_wire_decode_status_ask(sent->payload, sent->bytes, message);
}

static void answer(uint32_t node, const struct wl_wire_status_part *part)
{
	uint8_t payload[WL_WIRE_STATUS_PART_HEADER_BYTES + WORKER_MTU];
	size_t bytes = wl_wire_encode_status_part(payload, part);

	memcpy(payload + bytes, text + part->offset, part->bytes);
	say(node, WL_WIRE_STATUS_PART, payload, bytes + part->bytes);
	worker_fixture_turn(&fixture);
}

static void all_peers_are_asked_until_they_have_answered(void)
{
	struct wl_wire_status_part part = {.version = 9, .total = 2000, .bytes = 1200};
	struct wl_wire_status_ask message;

	begin();
	CU_ASSERT_PTR_NULL(wl_status_lane_answer(lane, PEER));
	part.round = wl_status_lane_begin(lane);
	pass_ms(1);
	CU_ASSERT_TRUE(asked(PEER, &message) && asked(OTHER, &message));
	CU_ASSERT_EQUAL(message.round, part.round);
	CU_ASSERT_EQUAL(message.version, 0);
	/* It is lost. */
	pass_ms(1);
	CU_ASSERT_FALSE(asked(PEER, &message));
	pass_ms(WL_STATUS_AGAIN_NS / MS_NS);
	CU_ASSERT_TRUE(asked(PEER, &message));

	answer(PEER, &part);
	CU_ASSERT_TRUE(asked(PEER, &message)); /* for what follows, at once */
	CU_ASSERT_EQUAL(message.version, 9);
	CU_ASSERT_EQUAL(message.offset, 1200);
	CU_ASSERT_PTR_NULL(wl_status_lane_answer(lane, PEER));
	part.offset = 1200;
	part.bytes = 800;
	answer(PEER, &part);
	CU_ASSERT_PTR_NOT_NULL_FATAL(wl_status_lane_answer(lane, PEER));
	CU_ASSERT_EQUAL(wl_status_lane_answer(lane, PEER)->bytes, 2000);
	CU_ASSERT_EQUAL(memcmp(wl_status_lane_answer(lane, PEER)->text, text, 2000), 0);
	/* The other one is silent: asked until nobody waits any more. */
	pass_ms(WL_STATUS_AGAIN_NS / MS_NS);
	CU_ASSERT_FALSE(asked(PEER, &message));
	CU_ASSERT_TRUE(asked(OTHER, &message));
	pass_ms(WL_STATUS_PATIENCE_NS / MS_NS);
	CU_ASSERT_FALSE(asked(OTHER, &message));
	CU_ASSERT_PTR_NULL(wl_status_lane_answer(lane, OTHER));
	/* Another round begins with nothing. */
	CU_ASSERT_EQUAL(wl_status_lane_begin(lane), part.round + 1);
	CU_ASSERT_PTR_NULL(wl_status_lane_answer(lane, PEER));
	end();
}

static void only_parts_that_continue_one_text_of_this_round_count(void)
{
	struct wl_wire_status_part part = {.version = 9, .total = 2000, .offset = 800, .bytes = 800};
	const struct wl_status_text *said;

	begin();
	part.round = wl_status_lane_begin(lane);
	pass_ms(1);
	answer(PEER, &part); /* not the beginning */
	part.offset = 0;
	part.round++;
	answer(PEER, &part); /* of no round */
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_status_parts_taken), 0);
	part.round--;
	answer(PEER, &part);
	answer(PEER, &part); /* twice */
	part.version = 10;
	part.offset = 800;
	answer(PEER, &part); /* of another text */
	CU_ASSERT_EQUAL(worker_count(&fixture, WL_COUNTER_status_parts_taken), 1);
	/* It looked once more, for somebody else: that one is taken, from its beginning. */
	part.offset = 0;
	part.total = 900;
	answer(PEER, &part);
	part.offset = 800;
	part.bytes = 100;
	answer(PEER, &part);
	said = wl_status_lane_answer(lane, PEER);
	CU_ASSERT_PTR_NOT_NULL_FATAL(said);
	CU_ASSERT_EQUAL(said->bytes, 900);
	/* What is whole stays as it is. */
	part = (struct wl_wire_status_part){part.round, 11, 5, 0, 5, NULL};
	answer(PEER, &part);
	CU_ASSERT_EQUAL(said->bytes, 900);
	CU_ASSERT_EQUAL(said->version, 10);
	end();
}

WL_SUITE(worker_status)
{
	WL_TEST(a_node_says_in_parts_what_it_found_when_it_was_asked),
	WL_TEST(what_is_lost_is_said_again_without_another_look),
	WL_TEST(who_asks_while_somebody_looks_is_looked_for_anew),
	WL_TEST(what_was_found_for_an_older_question_answers_no_newer_one),
	WL_TEST(looks_are_rare_however_many_ask),
	WL_TEST(what_does_not_fit_is_not_told),
	WL_TEST(dormant_journals_and_nodes_that_nobody_looks_at),
	WL_TEST(a_client_is_told_as_a_node_is),
	WL_TEST(more_clients_than_there_are_places_wait_for_one),
	WL_TEST(all_peers_are_asked_until_they_have_answered),
	WL_TEST(only_parts_that_continue_one_text_of_this_round_count),
};

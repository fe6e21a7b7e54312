/* SPDX-License-Identifier: BSD-3-Clause */
/* What the impostor says as a voter and what honest nodes must survive with all their promises. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/impostor_internal.h"
#include "tests/sim/network/words.h"

static uint64_t draw(struct sim_impostor *impostor, uint64_t below)
{
	return sim_impostor_draw(impostor, below);
}

static const uint8_t peer_types[] = {
	WL_WIRE_HELLO,		WL_WIRE_HELLO_REPLY, WL_WIRE_GREETING,	  WL_WIRE_APPEND,
	WL_WIRE_APPEND_ACK,	WL_WIRE_CHAIN,	     WL_WIRE_PRE_VOTE,	  WL_WIRE_VOTE,
	WL_WIRE_PRE_VOTE_REPLY, WL_WIRE_VOTE_REPLY,  WL_WIRE_TIMEOUT_NOW, WL_WIRE_PATH_PROBE,
	WL_WIRE_PATH_ECHO,	WL_WIRE_PROPOSE,     WL_WIRE_BUILD,
};

static uint64_t term_of(const struct sim_impostor *impostor, unsigned node)
{
	return impostor->cluster->nodes[node].journals[0]->replica.view.term;
}

static void send(struct sim_impostor *impostor, unsigned to, uint8_t type, const uint8_t *payload,
		 size_t bytes, int label)
{
	struct wl_frame_header header = {.type = type, .payload_bytes = (uint16_t)bytes};

	sim_impostor_send(impostor, to, &header, payload, label);
}

/* ---- malformed ---- */

static size_t right_size(uint8_t type)
{
	switch (type) {
	case WL_WIRE_HELLO:
		return WL_WIRE_HELLO_BYTES;
	case WL_WIRE_HELLO_REPLY:
		return 80;
	case WL_WIRE_GREETING:
		return WL_WIRE_GREETING_BYTES;
	case WL_WIRE_BUILD:
		return WL_WIRE_BUILD_BYTES;
	case WL_WIRE_PATH_PROBE:
	case WL_WIRE_PATH_ECHO:
		return WL_WIRE_PATH_PROBE_BYTES;
	case WL_WIRE_APPEND:
		return WL_WIRE_APPEND_HEADER_BYTES;
	case WL_WIRE_APPEND_ACK:
		return WL_WIRE_APPEND_ACK_BYTES;
	case WL_WIRE_CHAIN:
		return WL_WIRE_CHAIN_BYTES;
	case WL_WIRE_PROPOSE:
		return WL_WIRE_PROPOSE_BYTES;
	case WL_WIRE_PRE_VOTE:
	case WL_WIRE_VOTE:
		return WL_WIRE_VOTE_BYTES;
	case WL_WIRE_TIMEOUT_NOW:
		return WL_WIRE_TIMEOUT_NOW_BYTES;
	default:
		return WL_WIRE_VOTE_REPLY_BYTES;
	}
}

/* Fields that are in range but for one or two: so that every check of a decoder is the one that refuses. */
static void fill_nearly_right(struct sim_impostor *impostor, unsigned to, uint8_t type,
			      uint8_t *payload, size_t bytes)
{
	memset(payload, 0, bytes);
	for (size_t at = 0; at + 8 <= bytes && type != WL_WIRE_HELLO_REPLY; at += 8)
		wl_store_u64(payload + at, draw(impostor, 3) ? 0 : 1 + draw(impostor, 4));
	if (bytes >= 8)
		wl_store_u64(payload, draw(impostor, 8) ? term_of(impostor, to) : 0);
	if (type == WL_WIRE_APPEND && bytes >= WL_WIRE_APPEND_HEADER_BYTES) {
		wl_store_u32(payload + 40,
			     (uint32_t)draw(impostor, 2) * (uint32_t)draw(impostor, 5000));
		wl_store_u32(payload + 44,
			     (uint32_t)draw(impostor, 2) * (uint32_t)draw(impostor, 5000));
		wl_store_u32(payload + 48, (uint32_t)bytes - WL_WIRE_APPEND_HEADER_BYTES);
		if (draw(impostor, 4) == 0)
			wl_store_u64(payload + 16, UINT64_MAX);
		/* An entry that claims more than there is. */
		if (bytes >= WL_WIRE_APPEND_HEADER_BYTES + WL_ENTRY_HEADER_BYTES)
			wl_store_u32(payload + WL_WIRE_APPEND_HEADER_BYTES + 80,
				     (uint32_t)sim_impostor_near(impostor, bytes - 152));
	} else if (type == WL_WIRE_HELLO_REPLY && bytes >= WL_WIRE_HELLO_REPLY_HEADER_BYTES) {
		uint32_t members = (uint32_t)((bytes - WL_WIRE_HELLO_REPLY_HEADER_BYTES) / 100);

		wl_store_u32(payload + 12, (uint32_t)draw(impostor, 9)); /* leader */
		wl_store_u32(payload + 72, draw(impostor, 4) ? 65536 : UINT32_MAX);
		wl_store_u32(payload + 76, (uint32_t)sim_impostor_near(impostor, members));
		for (uint32_t member = 0; member < members; member++) {
			uint8_t *place = payload + WL_WIRE_HELLO_REPLY_HEADER_BYTES + member * 100;

			wl_store_u32(place, draw(impostor, 8) ? 1 + member % 7
							      : (uint32_t)draw(impostor, 3) * 8);
			memset(place + 4, 'a', draw(impostor, 8) ? 20 : 96);
			if (draw(impostor, 8) == 0)
				place[4 + draw(impostor, 96)] = (uint8_t)draw(impostor, 256);
		}
	} else if (type == WL_WIRE_APPEND_ACK && bytes == WL_WIRE_APPEND_ACK_BYTES) {
		wl_store_u32(payload + 56, (uint32_t)draw(impostor, 64));
		wl_store_u32(payload + 60, draw(impostor, 2) ? 0 : UINT32_MAX);
	}
}

static size_t bad_size(struct sim_impostor *impostor, uint8_t type)
{
	size_t right = right_size(type);

	if (type == WL_WIRE_HELLO_REPLY && draw(impostor, 2))
		return right + 100 * draw(impostor, 9);
	if (type == WL_WIRE_APPEND && draw(impostor, 2))
		return right + draw(impostor, 400);
	switch (draw(impostor, 3)) {
	case 0:
		return draw(impostor, right);
	case 1:
		return right;
	default:
		return right + draw(impostor, SIM_IMPOSTOR_PAYLOAD - right);
	}
}

void sim_impostor_say_malformed(struct sim_impostor *impostor, unsigned to)
{
	uint8_t payload[2048];
	uint8_t type = peer_types[draw(impostor, sizeof(peer_types))];
	struct wl_frame_header header = {.type = type};
	bool punted = type >= WL_WIRE_PRE_VOTE && type <= WL_WIRE_TIMEOUT_NOW;
	uint32_t journals = impostor->cluster->config.journals;
	size_t bytes = bad_size(impostor, type);

	if (draw(impostor, 6) == 0) {
		sim_impostor_say_to_client(impostor);
		return;
	}
	if (punted && impostor->cluster->network.mtu > 2100 && draw(impostor, 8) == 0)
		bytes = 2048; /* more than control would ever look at */
	fill_nearly_right(impostor, to, type, payload, bytes);
	header.payload_bytes = (uint16_t)bytes;
	switch (draw(impostor, 12)) {
	case 0: /* what clients say, what nodes say to clients, what nobody says */
		do {
			header.type = (uint8_t)draw(impostor, 256);
		} while (wl_wire_may_say(WL_WIRE_NODE, WL_WIRE_NODE, header.type));
		sim_impostor_send(impostor, to, &header, payload, WL_FRAME_UNKNOWN_TYPE);
		return;
	case 1: /* a journal that is not there */
		header.journal = (uint16_t)(journals + draw(impostor, UINT16_MAX + 1 - journals));
		sim_impostor_send(impostor, to, &header, payload, WL_FRAME_BAD_PAYLOAD);
		return;
	case 2: /* a sequence that came already */
		if (impostor->sequence == 0 || sim_words_decode(type, payload, bytes))
			return; /* to this node it may be a new one */
		header.sequence = 1 + draw(impostor, impostor->sequence);
		sim_impostor_send(impostor, to, &header, payload, SIM_UNKNOWN);
		return;
	case 3: /* a greeting that knows us already */
		header.type = WL_WIRE_HELLO;
		header.destination_boot = 1 + draw(impostor, 1000);
		sim_impostor_send(impostor, to, &header, payload, WL_FRAME_UNPROVEN);
		return;
	default:
		break;
	}
	if (sim_words_decode(type, payload, bytes))
		return; /* not malformed after all */
	/* What control judges is counted there. */
	sim_impostor_send(impostor, to, &header, payload,
			  punted && bytes <= WL_PUNT_BYTES_MAX ? SIM_UNKNOWN
							       : WL_FRAME_BAD_PAYLOAD);
}

/* ---- of terms that are over ---- */

static void say_stale_append(struct sim_impostor *impostor, unsigned to, uint64_t term)
{
	uint8_t payload[2048];
	struct wl_wire_append append = {
		.term = term,
		.previous.term = draw(impostor, term + 1),
		.commit = sim_impostor_near(impostor, 0),
		.sent_ns = draw(impostor, 2) ? sim_random_next(&impostor->random) : 0,
	};

	append.previous.index = append.previous.term ? sim_impostor_near(impostor, 5) : 0;
	if (append.previous.index == UINT64_MAX)
		append.previous.index = 7;
	send(impostor, to, WL_WIRE_APPEND, payload, wl_wire_encode_append(payload, &append),
	     SIM_UNKNOWN);
}

/* Of an old term; or of this one and senseless: it acknowledges what no log has, or the future. */
static void say_stale_ack(struct sim_impostor *impostor, unsigned to, uint64_t term)
{
	uint8_t payload[WL_WIRE_APPEND_ACK_BYTES];
	struct wl_wire_append_ack ack = {
		.term = term,
		.match_received = sim_impostor_near(impostor, 10),
		.flags = (uint32_t)draw(impostor, 8),
		.hint_index = sim_impostor_near(impostor, 10),
		.hint_offset = (uint32_t)draw(impostor, 5000),
	};

	ack.match_durable = draw(impostor, 2) ? ack.match_received : 0;
	if (draw(impostor, 2)) {
		ack.term = term_of(impostor, to);
		ack.sent_ns = draw(impostor, 2) ? UINT64_MAX - draw(impostor, 1000) : 0;
		ack.match_received = ack.sent_ns ? 0 : UINT64_MAX / 2 + draw(impostor, 1000);
		ack.match_durable = 0;
	}
	/* A refusal is no lie: its log may end anywhere. Where it would begin again is its own business. */
	if (ack.term == term_of(impostor, to) && draw(impostor, 3) == 0) {
		ack.match_received = 0;
		ack.sent_ns = 0;
		ack.flags = WL_WIRE_ACK_REJECTED | (uint32_t)draw(impostor, 8);
	}
	if (ack.term != 0)
		send(impostor, to, WL_WIRE_APPEND_ACK, payload,
		     wl_wire_encode_append_ack(payload, &ack), SIM_UNKNOWN);
}

static void say_stale_vote(struct sim_impostor *impostor, unsigned to, uint64_t term)
{
	uint8_t payload[WL_WIRE_VOTE_BYTES];
	bool pre = draw(impostor, 2);
	struct wl_wire_vote vote = {
		.term = term,
		.flags = (uint32_t)draw(impostor, 2),
		.incarnation = impostor->incarnation,
		.caught_up_boot = impostor->caught_up_boot,
	};
	struct wl_wire_vote_reply reply = {
		.term = term,
		.asked_term = term,
		.granted = (uint32_t)draw(impostor, 2),
		.round = impostor->cluster->nodes[to].agent->elections[0].round,
		.incarnation = impostor->incarnation,
		.caught_up_boot = impostor->caught_up_boot,
	};

	if (draw(impostor, 2)) {
		send(impostor, to, pre ? WL_WIRE_PRE_VOTE_REPLY : WL_WIRE_VOTE_REPLY, payload,
		     wl_wire_encode_vote_reply(payload, &reply), SIM_UNKNOWN);
		return;
	}
	if (pre) /* asking for it costs nobody anything */
		vote.term = 1 + (sim_impostor_near(impostor, term) & INT64_MAX);
	vote.last.term = draw(impostor, vote.term);
	vote.last.index = vote.last.term ? sim_impostor_near(impostor, 10) : 0;
	send(impostor, to, pre ? WL_WIRE_PRE_VOTE : WL_WIRE_VOTE, payload,
	     wl_wire_encode_vote(payload, &vote), SIM_UNKNOWN);
}

static void say_timeout_now(struct sim_impostor *impostor, unsigned to, uint64_t term)
{
	uint8_t payload[WL_WIRE_TIMEOUT_NOW_BYTES];
	struct wl_wire_timeout_now now = {.term = term};

	if (draw(impostor, 2)) /* of a term that nobody knows */
		now.term = UINT64_MAX - draw(impostor, 1000);
	now.last.index = sim_impostor_near(impostor, 10);
	send(impostor, to, WL_WIRE_TIMEOUT_NOW, payload, wl_wire_encode_timeout_now(payload, &now),
	     SIM_UNKNOWN);
}

/*
 * Of the build that the node it plays has declared: with one that this node lacks it would have a feature put in force that shuts it out, as an
 * operator's second server of that id would, and nothing to lose by it but that node's start.
 */
static void say_build(struct sim_impostor *impostor, const struct wl_worker *worker, unsigned to)
{
	struct wl_wire_build build = {
		.seen_boot = worker->config.boot_id,
		.supported = impostor->cluster->nodes[impostor->node].declared_ever,
	};
	uint8_t payload[WL_WIRE_BUILD_BYTES];

	memcpy(build.version, worker->config.version, sizeof(build.version));
	send(impostor, to, WL_WIRE_BUILD, payload, wl_wire_encode_build(payload, &build),
	     SIM_UNKNOWN);
}

/* As a node of this cluster: with the facts of the victim. Nothing else that a peer says is heard before. */
void sim_impostor_greet(struct sim_impostor *impostor, unsigned to)
{
	const struct wl_worker *worker = impostor->cluster->nodes[to].cores[0].worker;
	const struct wl_remote *known = &worker->rx.peers[impostor->node];
	struct wl_wire_greeting greeting = {.seen_boot = worker->config.boot_id};
	uint8_t payload[WL_WIRE_GREETING_BYTES];

	if (worker->rx.greetings[impostor->node].boot_id == impostor->boot_id)
		return;
	say_build(impostor, worker, to);
	memcpy(greeting.fact, worker->config.facts, sizeof(greeting.fact));
	greeting.fact[WL_FACT_MTU] =
		worker->port->ops->link(worker->port, known->address.link)->mtu;
	send(impostor, to, WL_WIRE_GREETING, payload, wl_wire_encode_greeting(payload, &greeting),
	     SIM_UNKNOWN);
}

/*
 * Greetings are honest: they make the node believe that the sender lives, which it does. They do not hide what its stable storage
 * remember from a node whose data are new: that would begin the journal a second time.
 */
static void say_hello(struct sim_impostor *impostor, unsigned to)
{
	uint8_t payload[WL_WIRE_HELLO_REPLY_BYTES_MAX];
	struct wl_wire_hello hello = {sim_random_next(&impostor->random)};
	struct wl_wire_hello_reply reply = {
		.nonce = hello.nonce,
		.node = impostor->node,
		.leader = (uint32_t)draw(impostor, 8),
		.term = sim_random_next(&impostor->random),
		.incarnation = impostor->incarnation,
		.known_incarnation = impostor->peers[to].incarnation,
		.history = impostor->history,
		.suspect = impostor->peers[to].suspect_boot != 0,
		.member_count = (uint32_t)draw(impostor, 8),
	};

	for (uint32_t member = 0; member < reply.member_count; member++)
		reply.members[member] = (struct wl_wire_member){1 + member, "udp:10.0.0.1:7700"};
	if (draw(impostor, 2))
		send(impostor, to, WL_WIRE_HELLO, payload, wl_wire_encode_hello(payload, &hello),
		     SIM_UNKNOWN);
	else
		send(impostor, to, WL_WIRE_HELLO_REPLY, payload,
		     wl_wire_encode_hello_reply(payload, &reply), SIM_UNKNOWN);
}

void sim_impostor_say_stale(struct sim_impostor *impostor, unsigned to)
{
	uint64_t now = term_of(impostor, to), term = now > 1 ? 1 + draw(impostor, now - 1) : 0;

	switch (draw(impostor, term == 0 ? 1 : 6)) {
	case 0:
		say_hello(impostor, to);
		break;
	case 1:
	case 2:
		say_stale_append(impostor, to, term);
		break;
	case 3:
		say_stale_ack(impostor, to, term);
		break;
	case 4:
		say_stale_vote(impostor, to, term);
		break;
	default:
		say_timeout_now(impostor, to, term);
		break;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client that keeps no rules says: each function is one way of breaking them. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/state/session.h"
#include "tests/sim/actors/rogue.h"
#include "wirelog/wirelog.h"

#define APPEND_HEAD WL_WIRE_CLIENT_APPEND_HEADER_BYTES
#define SUBSCRIPTIONS 16u /* more than a node has room for */

static uint64_t draw(struct sim_rogue *rogue, uint64_t below)
{
	return sim_random_below(&rogue->random, below);
}

uint64_t sim_rogue_draw_number(struct sim_rogue *rogue, uint64_t near)
{
	const uint64_t numbers[] = {0,
				    1,
				    near,
				    near + 1,
				    near + 3,
				    near / 2,
				    near + 1000000,
				    UINT64_MAX,
				    UINT64_MAX - 1};

	return numbers[draw(rogue, sizeof(numbers) / sizeof(numbers[0]))];
}

static void say(struct sim_rogue *rogue, unsigned node, uint8_t type, const uint8_t *payload,
		size_t bytes)
{
	rogue->cluster->seen[SIM_SEEN_MISCHIEF]++;
	sim_endpoint_send(&rogue->end, node, type, payload, bytes);
}

static struct sim_rogue_session *any_session(struct sim_rogue *rogue)
{
	return &rogue->sessions[draw(rogue, SIM_ROGUE_SESSIONS)];
}

/* ---- appends ---- */

struct lie {
	struct wl_wire_client_append message;
	uint8_t out[APPEND_HEAD + 8900];
};

static void begin(struct sim_rogue *rogue, struct lie *lie)
{
	struct sim_rogue_session *own = any_session(rogue);

	memset(&lie->message, 0, sizeof(lie->message));
	lie->message.session = own->session ? own->session : draw(rogue, 1u << 20);
	lie->message.first_sequence = own->next_sequence;
	lie->message.acknowledged_through = own->next_sequence - 1;
}

static void add_payload(struct sim_rogue *rogue, struct lie *lie, const uint8_t *payload,
			uint32_t bytes)
{
	struct wl_wire_record record = {
		.bytes = bytes,
		.level = (uint8_t)(WIRELOG_SEQUENCED + draw(rogue, 4)),
		.not_after_ns = draw(rogue, 10) == 0,
		.payload = payload,
	};

	lie->message.bytes += (uint32_t)wl_wire_encode_record(
		lie->out + APPEND_HEAD + lie->message.bytes, &record);
	lie->message.record_count++;
}

static void add(struct sim_rogue *rogue, struct lie *lie, uint32_t bytes)
{
	static const uint8_t zeros[8192];

	add_payload(rogue, lie, zeros, bytes);
}

static void tell(struct sim_rogue *rogue, unsigned node, struct lie *lie)
{
	say(rogue, node, WL_WIRE_CLIENT_APPEND, lie->out,
	    wl_wire_encode_client_append(lie->out, &lie->message) + lie->message.bytes);
}

void sim_rogue_append(struct sim_rogue *rogue, unsigned node, const uint8_t *payload,
		      uint32_t bytes)
{
	struct lie lie;

	begin(rogue, &lie);
	if (rogue->sessions[0].session != 0) {
		lie.message.session = rogue->sessions[0].session;
		lie.message.first_sequence = rogue->sessions[0].next_sequence;
		lie.message.acknowledged_through = lie.message.first_sequence - 1;
	}
	add_payload(rogue, &lie, payload, bytes);
	tell(rogue, node, &lie);
}

/* Nothing is wrong with it, so that its sessions live and its records stand between those of others. */
static void append_well(struct sim_rogue *rogue, unsigned node)
{
	struct lie lie;

	begin(rogue, &lie);
	for (uint64_t count = 1 + draw(rogue, 20); count > 0; count--)
		add(rogue, &lie, 1 + (uint32_t)draw(rogue, 32));
	tell(rogue, node, &lie);
}

static void lie_about_answers(struct sim_rogue *rogue, unsigned node)
{
	struct lie lie;

	begin(rogue, &lie);
	lie.message.acknowledged_through = sim_rogue_draw_number(rogue, lie.message.first_sequence);
	add(rogue, &lie, 8);
	tell(rogue, node, &lie);
}

static void skip_sequences(struct sim_rogue *rogue, unsigned node)
{
	struct lie lie;

	begin(rogue, &lie);
	lie.message.first_sequence = sim_rogue_draw_number(rogue, lie.message.first_sequence);
	for (uint64_t count = 1 + draw(rogue, 3); count > 0; count--)
		add(rogue, &lie, 8);
	tell(rogue, node, &lie);
}

/* Parts that never become a whole, overlap, or belong to a record of another size. */
static void leave_unfinished(struct sim_rogue *rogue, unsigned node)
{
	struct lie lie;
	uint32_t whole = 2 + (uint32_t)draw(rogue, rogue->plan->record_bytes - 1), offset = 0;

	begin(rogue, &lie);
	for (uint64_t parts = 1 + draw(rogue, 4); parts > 0; parts--) {
		uint32_t part = 1 + (uint32_t)draw(rogue, 1000);

		lie.message.bytes = 0;
		lie.message.record_count = 0;
		lie.message.fragment_offset = offset;
		lie.message.record_bytes = whole;
		add(rogue, &lie, part);
		tell(rogue, node, &lie);
		offset = draw(rogue, 2) ? offset + part : (uint32_t)draw(rogue, whole);
		if (draw(rogue, 4) == 0)
			whole = 1 + (uint32_t)draw(rogue, rogue->plan->record_bytes + 2);
	}
}

static void append_too_large(struct sim_rogue *rogue, unsigned node)
{
	const uint32_t sizes[] = {(uint32_t)rogue->plan->record_bytes + 1, WIRELOG_RECORD_BYTES_MAX,
				  WIRELOG_RECORD_BYTES_MAX + 1, UINT32_MAX};
	struct lie lie;

	begin(rogue, &lie);
	lie.message.record_bytes = sizes[draw(rogue, sizeof(sizes) / sizeof(sizes[0]))];
	if (draw(rogue, 2))
		lie.message.fragment_offset = 1000 * (uint32_t)draw(rogue, 20);
	add(rogue, &lie, 1000);
	tell(rogue, node, &lie);
}

/* In one frame, where frames are that large. */
static void append_too_large_whole(struct sim_rogue *rogue, unsigned node)
{
	uint32_t room =
		(uint32_t)rogue->plan->mtu - 100 - APPEND_HEAD - WL_WIRE_RECORD_HEADER_BYTES;
	struct lie lie;

	begin(rogue, &lie);
	add(rogue, &lie, room < 8192 ? room : 8192);
	tell(rogue, node, &lie);
}

/* One session, entry after entry, each to wait for every node. */
static void ask_everywhere(struct sim_rogue *rogue, unsigned node)
{
	struct sim_rogue_session *own = &rogue->sessions[0];
	struct lie lie;

	(void)node;
	if (own->session == 0 || rogue->leader == 0 || rogue->end.node_boot[rogue->leader] == 0)
		return;
	begin(rogue, &lie);
	lie.message.session = own->session;
	if (draw(rogue, 8) == 0 && own->next_sequence > 20) /* one that it asked for before */
		lie.message.first_sequence = own->next_sequence - 1 - draw(rogue, 20);
	else
		lie.message.first_sequence = own->next_sequence++;
	lie.message.acknowledged_through = own->next_sequence - 2;
	add(rogue, &lie, 8);
	lie.out[APPEND_HEAD + 4] = WIRELOG_EVERYWHERE;
	tell(rogue, rogue->leader, &lie);
}

/* Counts, lengths, levels and reserved fields that do not fit what follows. */
static void append_malformed(struct sim_rogue *rogue, unsigned node)
{
	struct lie lie;
	size_t bytes;

	begin(rogue, &lie);
	add(rogue, &lie, 8);
	add(rogue, &lie, 8);
	bytes = wl_wire_encode_client_append(lie.out, &lie.message) + lie.message.bytes;
	switch (draw(rogue, 6)) {
	case 0:
		wl_store_u32(lie.out + 24, (uint32_t)sim_rogue_draw_number(rogue, 2)); /* records */
		break;
	case 1:
		wl_store_u32(lie.out + 36,
			     (uint32_t)sim_rogue_draw_number(rogue, lie.message.bytes));
		break;
	case 2:
		lie.out[APPEND_HEAD + 4] = (uint8_t)(draw(rogue, 2) ? 0 : 5 + draw(rogue, 250));
		break;
	case 3:
		lie.out[APPEND_HEAD + 5 + draw(rogue, 3)] = 1;
		break;
	case 4: /* of the first record */
		wl_store_u32(lie.out + APPEND_HEAD, (uint32_t)sim_rogue_draw_number(rogue, 8));
		break;
	default:
		bytes -= 1 + draw(rogue, bytes - 1);
		break;
	}
	say(rogue, node, WL_WIRE_CLIENT_APPEND, lie.out, bytes);
}

static uint64_t salt_of(const struct sim_rogue *rogue, unsigned node)
{
	const struct sim_node *asked = &rogue->cluster->nodes[node];
	const struct wl_journal *journal = asked->journals[rogue->end.journal];

	return asked->up && !journal->dormant ? wl_service_state(journal->service)->sessions.salt
					      : 0;
}

/* One that lives, and the sequence that is wanted next in it. */
static void find_other_session(const struct sim_rogue *rogue, unsigned node,
			       struct sim_rogue_session *found)
{
	const struct sim_node *asked = &rogue->cluster->nodes[node];
	const struct wl_journal *journal = asked->journals[rogue->end.journal];
	const struct wl_session_table *table;
	struct wl_session_view view;
	uint64_t number, spent = 0;

	if (!asked->up || journal->dormant)
		return;
	table = &wl_service_state(journal->service)->sessions;
	if (table->used == 0 ||
	    !wl_session_look(table, (uint32_t)(found->next_sequence / 2 % table->used), &view))
		return;
	for (uint64_t step = 1ull << 32; step != 0; step /= 2)
		if (wl_session_outcome(table, view.id, spent + step, &number) != WL_SESSION_NEXT)
			spent += step;
	found->session = view.id;
	found->next_sequence = spent + 1;
}

/*
 * Sessions of others are easily guessed by who reads the log: where an entry stands, which one it is in there, and what their history adds. A
 * refusal would tell which sequence is wanted next.
 */
static void use_other_session(struct sim_rogue *rogue, unsigned node)
{
	/* The first one stays its own. */
	struct sim_rogue_session *own = &rogue->sessions[1 + draw(rogue, SIM_ROGUE_SESSIONS - 1)];

	*own = (struct sim_rogue_session){
		.session = (wl_session_id(draw(rogue, draw(rogue, 2) ? 12 : 1000),
					  (uint32_t)draw(rogue, 3)) ^
			    salt_of(rogue, node)),
		.next_sequence = 1 + draw(rogue, 64),
	};
	if (own->next_sequence % 2 == 0)
		find_other_session(rogue, node, own);
	append_well(rogue, node);
}

static void open_sessions(struct sim_rogue *rogue, unsigned node)
{
	struct sim_rogue_session *own = any_session(rogue);
	struct wl_wire_open_session open;
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];

	/* A known one again, a new one, one that others have, too, none. */
	if (own->session == 0 || (own != rogue->sessions && draw(rogue, 4) == 0))
		*own = (struct sim_rogue_session){.nonce = draw(rogue, 2)
								   ? sim_random_next(&rogue->random)
								   : draw(rogue, 16)};
	open.nonce = own->nonce;
	for (uint64_t times = 1 + draw(rogue, 2); times > 0; times--)
		say(rogue, node, WL_WIRE_OPEN_SESSION, payload,
		    wl_wire_encode_open_session(payload, &open));
}

/* ---- readers ---- */

static void subscribe(struct sim_rogue *rogue, unsigned node)
{
	const uint32_t credits[] = {0, 1, 100, 5000, 65536, UINT32_MAX};
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	for (uint64_t count = 1 + draw(rogue, SUBSCRIPTIONS); count > 0; count--) {
		struct wl_wire_subscribe request = {
			.subscription = draw(rogue, SUBSCRIPTIONS),
			.from = (uint32_t)draw(rogue, 8)
					? 1 + (uint32_t)draw(rogue, 3)
					: (uint32_t)sim_rogue_draw_number(rogue, 3),
			.credit_bytes = credits[draw(rogue, 6)],
			.value = sim_rogue_draw_number(
				rogue, rogue->cluster->highest_answered[rogue->end.journal %
									SIM_JOURNALS_MAX]),
		};

		if (draw(rogue, 3) == 0) { /* of a past that was nobody's */
			request.history_id = draw(rogue, 3);
			request.known_number = draw(rogue, request.value | 1);
			request.known_chain = draw(rogue, UINT64_MAX);
		}
		say(rogue, node, WL_WIRE_SUBSCRIBE, payload,
		    wl_wire_encode_subscribe(payload, &request));
	}
}

static void unsubscribe(struct sim_rogue *rogue, unsigned node)
{
	struct wl_wire_unsubscribe end = {.subscription = draw(rogue, SUBSCRIPTIONS)};
	uint8_t payload[WL_WIRE_UNSUBSCRIBE_BYTES];

	say(rogue, node, WL_WIRE_UNSUBSCRIBE, payload, wl_wire_encode_unsubscribe(payload, &end));
}

/* As many readers as there are places, and each wants much, at once. */
static void read_all_at_once(struct sim_rogue *rogue, unsigned node)
{
	uint64_t known = rogue->cluster->highest_answered[rogue->end.journal % SIM_JOURNALS_MAX];
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	for (uint64_t which = 0; which < SUBSCRIPTIONS; which++) {
		struct wl_wire_subscribe request = {
			.subscription = which,
			.from = WL_WIRE_FROM_NUMBER,
			.credit_bytes = UINT32_MAX,
			.value = known > 600 ? known - 600 : 1,
		};

		unsubscribe(rogue, node);
		say(rogue, node, WL_WIRE_SUBSCRIBE, payload,
		    wl_wire_encode_subscribe(payload, &request));
	}
}

static void grant_wrongly(struct sim_rogue *rogue, unsigned node)
{
	uint8_t payload[WL_WIRE_CREDIT_BYTES];

	for (uint64_t count = 1 + draw(rogue, 8); count > 0; count--) {
		struct wl_wire_credit credit = {
			.subscription = draw(rogue, SUBSCRIPTIONS),
			.next_number = sim_rogue_draw_number(
				rogue, rogue->cluster->highest_answered[rogue->end.journal %
									SIM_JOURNALS_MAX]),
			.credit_bytes = (uint32_t)sim_rogue_draw_number(rogue, 1000),
			.resend = (uint32_t)draw(rogue, 16) ? (uint32_t)draw(rogue, 2) : 7,
		};

		say(rogue, node, WL_WIRE_CREDIT, payload, wl_wire_encode_credit(payload, &credit));
	}
}

/* ---- frames ---- */

/* Any type, any length, any bytes. */
static void babble(struct sim_rogue *rogue, unsigned node)
{
	uint8_t payload[80];

	for (unsigned at = 0; at < sizeof(payload); at += 8)
		wl_store_u64(payload + at, draw(rogue, 2) ? sim_rogue_draw_number(rogue, 5)
							  : sim_random_next(&rogue->random));
	say(rogue, node, (uint8_t)draw(rogue, 50), payload, draw(rogue, sizeof(payload) + 1));
}

static void ask_other_journal(struct sim_rogue *rogue, unsigned node)
{
	uint16_t journal = rogue->end.journal;

	rogue->end.journal = (uint16_t)draw(rogue, UINT16_MAX);
	subscribe(rogue, node);
	rogue->end.journal = journal;
}

static void keep_alive(struct sim_rogue *rogue, unsigned node)
{
	struct wl_wire_hello hello = {.nonce = sim_random_next(&rogue->random)};
	struct wl_wire_keepalive keepalive = {
		.nonce = hello.nonce,
		.challenge = draw(rogue, 2) ? 0 : sim_rogue_draw_number(rogue, 1000000000),
	};
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	/* Now and then more than a node answers in a turn. */
	for (uint64_t times = draw(rogue, 20) ? 1 : 100; times > 0; times--) {
		bool asks = draw(rogue, 2);
		size_t bytes = asks ? wl_wire_encode_hello(payload, &hello)
				    : wl_wire_encode_keepalive(payload, &keepalive);

		say(rogue, node, asks ? WL_WIRE_HELLO : WL_WIRE_KEEPALIVE, payload,
		    draw(rogue, 20) ? bytes : bytes - 1);
	}
}

/* Numbers of frames that came before, that never come, or that are far ahead. */
static void number_wrongly(struct sim_rogue *rogue, unsigned node)
{
	struct wl_wire_keepalive keepalive = {.nonce = 1};
	struct wl_frame_header header;
	uint8_t payload[WL_WIRE_KEEPALIVE_BYTES];

	wl_wire_encode_keepalive(payload, &keepalive);
	sim_endpoint_head(&rogue->end, node, WL_WIRE_KEEPALIVE, &header);
	header.payload_bytes = WL_WIRE_KEEPALIVE_BYTES;
	if (draw(rogue, 4) == 0)
		rogue->end.sequence += draw(rogue, 10000);
	else
		header.sequence = draw(rogue, header.sequence);
	if (draw(rogue, 4) == 0)
		header.destination_boot++;
	rogue->cluster->seen[SIM_SEEN_MISCHIEF]++;
	sim_endpoint_send_as(&rogue->end, node, &header, payload);
}

static void rename_to(struct sim_rogue *rogue, wl_identity identity, uint64_t boot_id)
{
	uint64_t boots[WIRELOG_NODES_MAX + 1];

	/* It need not ask again who the nodes are. */
	memcpy(boots, rogue->end.node_boot, sizeof(boots));
	sim_endpoint_name(&rogue->end, identity, boot_id);
	memcpy(rogue->end.node_boot, boots, sizeof(boots));
}

/* A new life while the old one is heard, and the old one again. */
static void change_view(struct sim_rogue *rogue, unsigned node)
{
	rename_to(rogue, rogue->identity, rogue->boots[draw(rogue, 2)]);
	if (draw(rogue, 8) == 0)
		rogue->boots[draw(rogue, 2)] = sim_random_next(&rogue->random) | 1;
	keep_alive(rogue, node);
}

/* Somebody else each time: tables of clients and of sessions fill up. */
static void be_many(struct sim_rogue *rogue, unsigned node)
{
	uint64_t boot_id = rogue->end.boot_id;

	for (uint64_t count = 1 + draw(rogue, 6); count > 0; count--) {
		rename_to(rogue, (wl_identity)(sim_random_next(&rogue->random) >> 33),
			  sim_random_next(&rogue->random) | 1);
		if (draw(rogue, 2))
			open_sessions(rogue, node);
		else
			subscribe(rogue, node);
	}
	rename_to(rogue, rogue->identity, boot_id);
}

void sim_rogue_do_mischief(struct sim_rogue *rogue, unsigned node)
{
	static void (*const mischief[])(struct sim_rogue *, unsigned) = {
		append_well,	   append_well,
		append_well,	   open_sessions,
		open_sessions,	   lie_about_answers,
		skip_sequences,	   leave_unfinished,
		append_too_large,  append_malformed,
		use_other_session, subscribe,
		grant_wrongly,	   grant_wrongly,
		unsubscribe,	   babble,
		ask_other_journal, keep_alive,
		number_wrongly,	   change_view,
		be_many,	   append_too_large_whole,
		ask_everywhere,	   ask_everywhere,
		read_all_at_once,  sim_rogue_answer_as_node,
	};

	if (rogue->forges && draw(rogue, 8) != 0) {
		if (rogue->sessions[0].session == 0)
			open_sessions(rogue, node);
		else
			sim_rogue_append_images(rogue, node);
		return;
	}
	mischief[draw(rogue, sizeof(mischief) / sizeof(mischief[0]))](rogue, node);
}

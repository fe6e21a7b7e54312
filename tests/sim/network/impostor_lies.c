/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lies that a majority of honest nodes does not survive: the impostor leads terms that nobody gave it, invents entries with every
 * checksum right, acknowledges what it does not have, votes for everybody, names boots and terms at the end of their range. It
 * reads the victim's log, so that what it invents stands in the right place more often than not.
 */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/impostor_internal.h"

#define IMAGE_BODY_MAX 24000u

static uint64_t draw(struct sim_impostor *impostor, uint64_t below)
{
	return sim_impostor_draw(impostor, below);
}

static uint64_t near(struct sim_impostor *impostor, uint64_t value)
{
	return draw(impostor, 8) ? value : sim_impostor_near(impostor, value);
}

/*
 * Terms that others would take over. Once one at the end of the range was told nobody can be elected any more, so that most liars
 * keep to small steps.
 */
static uint64_t near_term(struct sim_impostor *impostor, uint64_t term)
{
	uint64_t how = draw(impostor, 64);

	if (impostor->is_extreme && how == 0)
		return sim_impostor_near(impostor, term) | 1;
	return term + (how < 4) - (how == 5 && term > 1);
}

/* Where an entry of its own may stand. */
struct place {
	uint64_t index, term, chain, number, timestamp_ns;
};

/* The victim's tail, or some entries before it. */
static struct place pick_place(struct sim_impostor *impostor, const struct wl_log *log)
{
	uint64_t back = draw(impostor, 3) ? 0 : 1 + draw(impostor, 16);
	struct place tail = {log->tail.index, log->tail.term, log->tail_chain, log->next_number,
			     log->last_timestamp_ns};
	const struct wl_log_slot *slot;

	if (back == 0)
		return tail;
	if (back >= log->tail.index)
		return (struct place){.chain = wl_entry_chain_origin(log->config.cluster,
								     log->config.journal),
				      .number = 1};
	slot = &log->slots[(log->tail.index - back) % WL_LOG_ENTRIES_IN_RING];
	if (slot->index != log->tail.index - back)
		return tail;
	return (struct place){slot->index, slot->term, slot->chain, slot->next_number,
			      slot->timestamp_ns};
}

static size_t invent_record(struct sim_impostor *impostor, uint8_t *to, size_t room)
{
	uint64_t how = draw(impostor, 32);
	struct wl_record_header record = {
		.session = draw(impostor, 4) ? 0xbadull << 52 | draw(impostor, 6)
					     : sim_random_next(&impostor->random),
		.sequence = near(impostor, draw(impostor, 16)),
		.kind = (uint16_t)(how < 30 ? 1 + how % 3 : how),
		.bytes = how % 3 == 0 ? 1 + (uint32_t)draw(impostor, how == 0 ? 8000 : 200) : 0,
	};
	size_t bytes = wl_record_image_bytes(record.bytes);

	if (bytes > room)
		return 0;
	memset(to, 0, bytes);
	wl_entry_encode_record(to, &record);
	return bytes;
}

/* Behind `place`, which moves on to it. */
static size_t invent_entry(struct sim_impostor *impostor, const struct wl_journal *journal,
			   uint64_t term, struct place *place, uint8_t *to)
{
	unsigned records = (unsigned)draw(impostor, 6);
	uint8_t *body = to + WL_ENTRY_HEADER_BYTES;
	struct wl_entry_header header = {
		.kind = records == 0 ? WL_ENTRY_TERM_START : WL_ENTRY_RECORDS,
		.cluster = journal->log.config.cluster,
		.journal = (uint32_t)(draw(impostor, 32) == 0),
		.index = near(impostor, place->index + 1),
		.term = near(impostor, term),
		.previous_term = near(impostor, place->term),
		.first_number = near(impostor, place->number),
		.previous_chain = near(impostor, place->chain),
		.timestamp_ns = near(impostor, place->timestamp_ns + 1),
		.commit = near(impostor, place->index),
	};

	for (unsigned at = 0; at < records; at++) {
		size_t bytes = invent_record(impostor, body + header.body_bytes,
					     IMAGE_BODY_MAX - header.body_bytes);

		if (bytes == 0)
			break;
		header.record_count++;
		header.data_count += wl_load_u16(body + header.body_bytes + 20) == WL_RECORD_DATA;
		header.body_bytes += (uint32_t)bytes;
	}
	if (draw(impostor, 32) == 0)
		header.data_count = (uint32_t)sim_impostor_near(impostor, header.data_count);
	header.body_crc = wl_crc32c(body, header.body_bytes) ^ (draw(impostor, 32) == 0);
	wl_entry_encode_header(to, &header);
	if (draw(impostor, 32) == 0)
		to[draw(impostor, WL_ENTRY_HEADER_BYTES)] ^= 1;
	*place = (struct place){header.index, header.term, wl_entry_chain(to),
				header.first_number + header.data_count, header.timestamp_ns};
	return WL_ENTRY_HEADER_BYTES + header.body_bytes;
}

/* ---- as a leader ---- */

static uint64_t term_to_lead(struct sim_impostor *impostor, const struct wl_replica *replica)
{
	/* The next term only now and then: it fences. */
	return near_term(impostor, replica->view.term) + (replica->view.term == 0);
}

static void send_part(struct sim_impostor *impostor, unsigned to, struct wl_wire_append *append,
		      const uint8_t *images)
{
	uint8_t payload[SIM_IMPOSTOR_PAYLOAD];
	struct wl_frame_header header = {.type = WL_WIRE_APPEND};

	if (append->bytes > sizeof(payload) - WL_WIRE_APPEND_HEADER_BYTES)
		append->bytes = sizeof(payload) - WL_WIRE_APPEND_HEADER_BYTES;
	wl_wire_encode_append(payload, append);
	memcpy(payload + WL_WIRE_APPEND_HEADER_BYTES, images, append->bytes);
	header.payload_bytes = (uint16_t)(WL_WIRE_APPEND_HEADER_BYTES + append->bytes);
	sim_impostor_send(impostor, to, &header, payload, SIM_UNKNOWN);
}

static void lead(struct sim_impostor *impostor, unsigned to)
{
	const struct wl_journal *journal = impostor->cluster->nodes[to].journals[0];
	struct place place = pick_place(impostor, &journal->log);
	struct wl_wire_append append = {
		.term = term_to_lead(impostor, &journal->replica),
		.previous = {place.term, place.index},
		.commit = near(impostor, journal->log.tail.index),
		.sent_ns = near(impostor, 1 + draw(impostor, 1u << 30)),
	};
	uint32_t bytes = 0, offset = 0;
	unsigned entries = (unsigned)draw(impostor, 4);

	if (draw(impostor, 16) == 0)
		append.previous.index = near(impostor, place.index + 2);
	if (draw(impostor, 16) == 0) {
		append.previous.term = near(impostor, place.term);
		append.previous.term -= append.previous.term > append.term;
	}
	while (entries-- > 0 && bytes < SIM_IMPOSTOR_PAYLOAD)
		bytes += (uint32_t)invent_entry(impostor, journal, append.term, &place,
						impostor->image + bytes);
	if (bytes <= SIM_IMPOSTOR_PAYLOAD - WL_WIRE_APPEND_HEADER_BYTES && draw(impostor, 4)) {
		append.bytes = bytes;
		send_part(impostor, to, &append, impostor->image);
		return;
	}
	/* In pieces, some of which are lost, come twice, or lie. */
	for (; offset < bytes; offset += append.bytes) {
		append.bytes = bytes - offset < 1300 ? bytes - offset : 1300;
		if (draw(impostor, 3) == 0)
			append.bytes = 1 + (uint32_t)draw(impostor, append.bytes);
		append.fragment_offset = (uint32_t)near(impostor, offset);
		append.image_bytes = (uint32_t)near(impostor, bytes);
		if (draw(impostor, 16))
			send_part(impostor, to, &append, impostor->image + offset);
	}
}

/* ---- as a follower and as a voter ---- */

static void acknowledge(struct sim_impostor *impostor, unsigned to)
{
	const struct sim_node *victim = &impostor->cluster->nodes[to];
	const struct wl_replica *replica = &victim->journals[0]->replica;
	uint8_t payload[WL_WIRE_APPEND_ACK_BYTES];
	struct wl_wire_append_ack ack = {
		.term = near_term(impostor, replica->view.term) | (replica->view.term == 0),
		.match_received = near(impostor, replica->log->tail.index),
		.sent_ns = near(impostor, victim->cores[0].worker->now_ns),
		.flags = (uint32_t)draw(impostor, 8),
	};
	struct wl_frame_header header = {.type = WL_WIRE_APPEND_ACK,
					 .payload_bytes = WL_WIRE_APPEND_ACK_BYTES};

	ack.match_durable = draw(impostor, 2) ? ack.match_received : 0;
	if (ack.flags & WL_WIRE_ACK_REJECTED) {
		ack.match_received = draw(impostor, 2) ? 0 : ack.match_received;
		ack.match_durable = 0;
		ack.hint_index = draw(impostor, 1 + replica->log->tail.index);
		ack.hint_offset = (uint32_t)draw(impostor, 4000);
	}
	/* It has most of it, and parts of the next image that are longer than the image. */
	if ((ack.flags & WL_WIRE_ACK_REJECTED) && replica->log->tail.index > 2 &&
	    draw(impostor, 2)) {
		ack.match_received = replica->log->tail.index - 1 - draw(impostor, 2);
		ack.hint_index = ack.match_received + 1;
		ack.sent_ns = victim->cores[0].worker->now_ns;
		ack.term = replica->view.term;
	}
	wl_wire_encode_append_ack(payload, &ack);
	sim_impostor_send(impostor, to, &header, payload, SIM_UNKNOWN);
}

static void vote(struct sim_impostor *impostor, unsigned to)
{
	const struct wl_election *election = &impostor->cluster->nodes[to].agent->elections[0];
	uint8_t payload[64];
	bool pre = draw(impostor, 2), asks = draw(impostor, 3) == 0;
	struct wl_frame_header header = {0};
	struct wl_wire_vote_reply reply = {
		.term = near_term(impostor, election->term + pre),
		.asked_term = near_term(impostor, election->term + pre),
		.granted = draw(impostor, 4) != 0,
		.round = election->round,
		.incarnation = near(impostor, impostor->incarnation),
		.caught_up_boot = near(impostor, impostor->caught_up_boot),
	};
	struct wl_wire_vote wish = {
		.term = near_term(impostor, election->term + 1),
		.last = {0, near(impostor, 1u << 20)},
		.flags = (uint32_t)draw(impostor, 2),
		.incarnation = reply.incarnation,
		.caught_up_boot = reply.caught_up_boot,
	};

	wish.last.term = wish.term - 1;
	header.type = asks ? (pre ? WL_WIRE_PRE_VOTE : WL_WIRE_VOTE)
			   : (pre ? WL_WIRE_PRE_VOTE_REPLY : WL_WIRE_VOTE_REPLY);
	header.payload_bytes = (uint16_t)(asks ? wl_wire_encode_vote(payload, &wish)
					       : wl_wire_encode_vote_reply(payload, &reply));
	sim_impostor_send(impostor, to, &header, payload, SIM_UNKNOWN);
}

static void send_timeout_now(struct sim_impostor *impostor, unsigned to)
{
	const struct wl_election *election = &impostor->cluster->nodes[to].agent->elections[0];
	struct wl_wire_timeout_now now = {.term = near(impostor, election->term) | !election->term};
	struct wl_frame_header header = {.type = WL_WIRE_TIMEOUT_NOW,
					 .payload_bytes = WL_WIRE_TIMEOUT_NOW_BYTES};
	uint8_t payload[WL_WIRE_TIMEOUT_NOW_BYTES];

	now.last = (struct wl_position){draw(impostor, 2) ? 0 : now.term,
					near(impostor, election->tail.index)};
	wl_wire_encode_timeout_now(payload, &now);
	sim_impostor_send(impostor, to, &header, payload, SIM_UNKNOWN);
}

/* It remembers boots of the victim that are to come, and is another boot itself. */
static void lie_about_boots(struct sim_impostor *impostor, unsigned to)
{
	uint64_t boot_id = impostor->cluster->nodes[to].cores[0].worker->config.boot_id;
	uint8_t payload[WL_WIRE_HELLO_REPLY_BYTES_MAX];
	struct wl_frame_header header = {.type = WL_WIRE_HELLO_REPLY};
	struct wl_wire_hello_reply reply = {
		.node = impostor->node,
		.incarnation = draw(impostor, 2) ? impostor->incarnation
						 : sim_random_next(&impostor->random),
		.known_boot = draw(impostor, 4) == 0
				      ? sim_impostor_near(impostor, boot_id + (1ull << 32))
				      : 0,
	};

	if (draw(impostor, 8) == 0) {
		impostor->boot_id += draw(impostor, 2) ? 1 : 1ull << 32;
		if (draw(impostor, 8) == 0)
			impostor->boot_id |= 0xffffffffull << 32;
		wl_auth_derive(&impostor->cluster->auth, wl_identity_of_node(impostor->node, 0),
			       impostor->boot_id, &impostor->key);
	}
	header.payload_bytes = (uint16_t)wl_wire_encode_hello_reply(payload, &reply);
	sim_impostor_send(impostor, to, &header, payload, SIM_UNKNOWN);
}

void sim_impostor_say_lie(struct sim_impostor *impostor, unsigned to)
{
	switch (draw(impostor, 16)) {
	case 0:
		if (draw(impostor, 16) == 0)
			lie_about_boots(impostor, to);
		break;
	case 1:
		send_timeout_now(impostor, to);
		break;
	case 2:
	case 3:
		vote(impostor, to);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		acknowledge(impostor, to);
		break;
	default:
		lead(impostor, to);
		break;
	}
}

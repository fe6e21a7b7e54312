/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers and clients that have the key and mean harm, against a whole worker: lengths, counts, terms, positions
 * and sessions of their choice, in any order with turns, views of control and what the drive does. Nothing
 * stops the node, its invariants hold after each turn, and what it says stays well-formed.
 *
 * Input: one byte for each act, and what the act draws.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "tests/fuzz/worker_stage.h"

#define ACTS_MAX 200u
#define IMAGE_MAX (24u << 10)

/* Where the next hostile entry stands. */
struct place {
	uint64_t index, term, chain, number, timestamp_ns;
};

/* The log's tail, or an entry up to 15 before it. */
static struct place pick_place(const struct stage *stage, struct fuzz_input *input)
{
	const struct wl_log *log = &stage->journal->log;
	uint64_t back = fuzz_u8(input), index = log->tail.index;
	struct place place = {log->tail.index, log->tail.term, log->tail_chain, log->next_number,
			      log->last_timestamp_ns};
	const struct wl_log_slot *slot;

	back = back < 128 ? 0 : back % 16;
	index -= back < index ? back : index;
	slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];
	if (back == 0 || index == 0 || slot->index != index)
		return index == 0 && back != 0
			       ? (struct place){.chain = wl_entry_chain_origin(STAGE_CLUSTER, 0),
						.number = 1}
			       : place;
	return (struct place){index, slot->term, slot->chain, slot->next_number,
			      slot->timestamp_ns};
}

static uint64_t pick_session(const struct stage *stage, struct fuzz_input *input)
{
	uint8_t how = fuzz_u8(input);

	if (how < 128 && stage->session != 0)
		return stage->session;
	if (how < 230)
		return wl_session_id(how % 8, how / 8 % 2);
	return fuzz_near(input, stage->session);
}

static size_t make_record(const struct stage *stage, struct fuzz_input *input, uint8_t *to,
			  size_t room)
{
	uint8_t how = fuzz_u8(input);
	struct wl_record_header record = {
		.session = pick_session(stage, input),
		.sequence = fuzz_near(input, fuzz_u8(input) % 16),
		.kind = (uint16_t)(how % 16 < 14 ? 1 + how % 3 : how % 16),
		.bytes = how % 3 == 0 ? 1u + fuzz_u8(input)
			 : how == 100 ? fuzz_u16(input) % 8192
				      : 0,
	};
	size_t bytes = wl_record_image_bytes(record.bytes);

	if (bytes > room)
		return 0;
	memset(to, 0, bytes);
	wl_entry_encode_record(to, &record);
	if (record.bytes != 0)
		to[WL_RECORD_HEADER_BYTES] = how;
	return bytes;
}

/* An entry with every checksum right, behind `place`, which moves on to it. Returns its bytes. */
static size_t make_entry(const struct stage *stage, struct fuzz_input *input, struct place *place,
			 uint8_t *to)
{
	const struct wl_view *view = &stage->journal->replica.view;
	unsigned records = fuzz_u8(input) % 6;
	uint8_t *body = to + WL_ENTRY_HEADER_BYTES;
	struct wl_entry_header header = {
		.kind = records == 0 ? WL_ENTRY_TERM_START : WL_ENTRY_RECORDS,
		.cluster = STAGE_CLUSTER,
		.index = fuzz_near(input, place->index + 1),
		.term = fuzz_near(input, view->term),
		.previous_term = fuzz_near(input, place->term),
		.first_number = fuzz_near(input, place->number),
		.previous_chain = fuzz_near(input, place->chain),
		.timestamp_ns = fuzz_near(input, place->timestamp_ns + 1),
		.commit = fuzz_near(input, place->index),
	};

	for (unsigned at = 0; at < records; at++) {
		size_t bytes = make_record(stage, input, body + header.body_bytes,
					   IMAGE_MAX - WL_ENTRY_HEADER_BYTES - header.body_bytes);

		if (bytes == 0)
			break;
		header.record_count++;
		header.data_count += wl_load_u16(body + header.body_bytes + 20) == WL_RECORD_DATA;
		header.body_bytes += (uint32_t)bytes;
	}
	if (fuzz_u8(input) > 240)
		header.data_count = (uint32_t)fuzz_near(input, header.data_count);
	header.body_crc = wl_crc32c(body, header.body_bytes);
	wl_entry_encode_header(to, &header);
	*place = (struct place){header.index, header.term, wl_entry_chain(to),
				header.first_number + header.data_count, header.timestamp_ns};
	return wl_entry_bytes(&header);
}

static void send_append(struct stage *stage, struct fuzz_input *input,
			struct wl_wire_append *append, const uint8_t *images)
{
	uint8_t payload[STAGE_PAYLOAD_MAX];
	uint8_t which = fuzz_u8(input);

	if (append->bytes > sizeof(payload) - WL_WIRE_APPEND_HEADER_BYTES)
		append->bytes = sizeof(payload) - WL_WIRE_APPEND_HEADER_BYTES;
	wl_wire_encode_append(payload, append);
	memcpy(payload + WL_WIRE_APPEND_HEADER_BYTES, images, append->bytes);
	/* One leader most of the time. */
	stage_send(stage, STAGE_NODE(which > 240), WL_WIRE_APPEND, payload,
		   WL_WIRE_APPEND_HEADER_BYTES + append->bytes);
}

static struct wl_wire_append append_behind(const struct stage *stage, struct fuzz_input *input,
					   const struct place *place)
{
	return (struct wl_wire_append){
		.term = fuzz_near(input, stage->journal->replica.view.term),
		.previous.term = fuzz_near(input, place->term),
		.previous.index = fuzz_near(input, place->index),
		.commit = fuzz_near(input, stage->journal->log.tail.index),
		.sent_ns = fuzz_near(input, stage->now_ns),
	};
}

static void act_append(struct stage *stage, struct fuzz_input *input)
{
	static uint8_t images[4 * IMAGE_MAX];
	struct place place = pick_place(stage, input);
	struct wl_wire_append append = append_behind(stage, input, &place);

	for (unsigned entries = fuzz_u8(input) % 4; entries != 0; entries--)
		append.bytes += (uint32_t)make_entry(stage, input, &place, images + append.bytes);
	send_append(stage, input, &append, images);
}

/* One image in pieces, some of which are lost, come twice, or lie. */
static void act_fragments(struct stage *stage, struct fuzz_input *input)
{
	static uint8_t image[IMAGE_MAX];
	struct place place = pick_place(stage, input);
	struct wl_wire_append append = append_behind(stage, input, &place);
	uint32_t bytes = (uint32_t)make_entry(stage, input, &place, image);

	for (uint32_t offset = 0; offset < bytes; offset += append.bytes) {
		uint8_t how = fuzz_u8(input);

		append.bytes = bytes - offset < 1300 ? bytes - offset : 1300;
		append.fragment_offset = how < 200 ? offset : (uint32_t)fuzz_near(input, offset);
		append.image_bytes = how < 220 ? bytes : (uint32_t)fuzz_near(input, bytes);
		if (how < 240)
			send_append(stage, input, &append, image + offset);
	}
}

static void act_ack(struct stage *stage, struct fuzz_input *input)
{
	const struct wl_replica *replica = &stage->journal->replica;
	uint8_t how;
	struct wl_wire_append_ack ack = {
		.term = fuzz_near(input, replica->view.term),
		.match_received = fuzz_near(input, replica->log->tail.index),
		.match_durable = fuzz_near(input, replica->log->tail.index),
		.sent_ns = fuzz_near(input, stage->now_ns),
	};
	uint8_t payload[WL_WIRE_APPEND_ACK_BYTES];

	how = fuzz_u8(input);
	ack.flags = how % 8;
	if (how >= 128) { /* two nodes may be of one mind about a base, or not */
		ack.base_index = 1 + replica->commit / 2;
		ack.base_digest = how / 8 % 2 + 1;
	}
	if (ack.flags & WL_WIRE_ACK_REJECTED) {
		ack.hint_index = fuzz_near(input, replica->log->tail.index);
		ack.hint_offset = (uint32_t)fuzz_near(input, 0);
	}
	stage_send(stage, STAGE_NODE(fuzz_u8(input)), WL_WIRE_APPEND_ACK, payload,
		   wl_wire_encode_append_ack(payload, &ack));
}

static void act_client_append(struct stage *stage, struct fuzz_input *input)
{
	uint8_t payload[STAGE_PAYLOAD_MAX], bytes[256] = {0};
	struct wl_wire_client_append append = {
		.session = pick_session(stage, input),
		.first_sequence = fuzz_near(input, 1 + fuzz_u8(input) % 16),
		.acknowledged_through = fuzz_near(input, 0),
	};
	uint8_t *at = payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	unsigned records = 1 + fuzz_u8(input) % 4;
	bool fragment = records == 4;

	for (unsigned record = 0; record < (fragment ? 1 : records); record++) {
		uint8_t how = fuzz_u8(input);
		struct wl_wire_record wire = {
			.bytes = 1 + how,
			.level = how < 250 ? 1 + how % 4 : how,
			.not_after_ns = how % 8 ? 0 : fuzz_near(input, stage->wall_ns),
			.payload = bytes};

		at += wl_wire_encode_record(at, &wire);
		append.record_count++;
	}
	if (fragment) {
		append.record_bytes = (uint32_t)fuzz_near(input, fuzz_u16(input));
		append.fragment_offset = (uint32_t)fuzz_near(input, fuzz_u8(input));
	}
	append.bytes = (uint32_t)(at - payload - WL_WIRE_CLIENT_APPEND_HEADER_BYTES);
	wl_wire_encode_client_append(payload, &append);
	stage_send(stage, STAGE_CLIENT(fuzz_u8(input)), WL_WIRE_CLIENT_APPEND, payload,
		   (size_t)(at - payload));
}

static void act_open_session(struct stage *stage, struct fuzz_input *input)
{
	struct wl_wire_open_session open = {fuzz_near(input, 1 + fuzz_u8(input) % 8)};
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];

	stage_send(stage, STAGE_CLIENT(fuzz_u8(input)), WL_WIRE_OPEN_SESSION, payload,
		   wl_wire_encode_open_session(payload, &open));
}

static void act_read(struct stage *stage, struct fuzz_input *input)
{
	wl_identity client = STAGE_CLIENT(fuzz_u8(input));
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES], how = fuzz_u8(input);
	struct wl_wire_subscribe subscribe = {.subscription = how % 3, .from = 1 + how % 4};
	struct wl_wire_credit credit = {.subscription = how % 3, .resend = how / 4 % 2};
	struct wl_wire_unsubscribe unsubscribe = {how % 3};

	if (how < 100) {
		subscribe.credit_bytes = (uint32_t)fuzz_near(input, 1 << 16);
		subscribe.value = subscribe.from == WL_WIRE_FROM_TIME
					  ? fuzz_near(input, stage->journal->log.last_timestamp_ns)
					  : fuzz_near(input, stage->journal->log.next_number);
		stage_send(stage, client, WL_WIRE_SUBSCRIBE, payload,
			   wl_wire_encode_subscribe(payload, &subscribe));
	} else if (how < 230) {
		credit.credit_bytes = (uint32_t)fuzz_near(input, 1 << 16);
		credit.next_number = fuzz_near(input, stage->journal->log.next_number);
		stage_send(stage, client, WL_WIRE_CREDIT, payload,
			   wl_wire_encode_credit(payload, &credit));
	} else {
		stage_send(stage, client, WL_WIRE_UNSUBSCRIBE, payload,
			   wl_wire_encode_unsubscribe(payload, &unsubscribe));
	}
}

/* Any payload under any type, from anybody. */
static void act_raw(struct stage *stage, struct fuzz_input *input)
{
	uint8_t type = fuzz_u8(input), from = fuzz_u8(input);
	size_t bytes;
	const uint8_t *payload = fuzz_take(input, fuzz_u8(input), &bytes);

	stage_send(stage, from & 1 ? STAGE_CLIENT(from / 2) : STAGE_NODE(from / 2), type % 48,
		   payload, bytes);
}

/* What a control may say: a fence before each new term; one leader for a term. */
static void act_control(struct stage *stage, struct fuzz_input *input)
{
	uint8_t how = fuzz_u8(input);
	struct wl_plane_message message = {.verb = WL_PLANE_FENCE};

	message.view.number = ++stage->boot_id;
	if (how >= 200) {
		message.verb = how % 2 ? WL_PLANE_RESUME : WL_PLANE_TRANSFER;
		message.node = how / 2 % 4;
		if (how >= 248) {
			message.verb = WL_PLANE_ASK;
			message.wish.verb = WL_WIRE_PROPOSE_TRIM;
			message.wish.number = how - 247;
		}
		message.view.term = stage->journal->replica.view.term;
		stage_tell(stage, &message);
		return;
	}
	stage_tell(stage, &message);
	if (how >= 180)
		return;
	message.view.number = ++stage->boot_id;
	message.verb = how % 2 ? WL_PLANE_LEAD : WL_PLANE_FOLLOW;
	stage->term += message.verb == WL_PLANE_LEAD ? 1 : how / 2 % 3;
	if (stage->term == 0)
		stage->term = 1;
	message.view.term = stage->term;
	message.view.role = message.verb == WL_PLANE_LEAD ? WL_ROLE_LEADER : WL_ROLE_FOLLOWER;
	message.view.leader = message.verb == WL_PLANE_LEAD ? 1 : how % 3 ? 2 : 0;
	stage_tell(stage, &message);
	stage_turn(stage, 1000);
}

static void act_drive(struct stage *stage, struct fuzz_input *input)
{
	uint8_t how = fuzz_u8(input);

	if (how < 200)
		stage_complete(stage, how, WL_DISK_OK);
	else if (how < 250)
		stage_settle(stage);
	else
		stage_complete(stage, how, WL_DISK_FAILED);
}

static void act_fault(struct stage *stage, struct fuzz_input *input)
{
	uint8_t how = fuzz_u8(input);

	stage->buffers_end = how % 8 == 1;
	stage->link_full = how % 8 == 2;
	stage->drive_full = how % 8 == 3;
}

static void act(struct stage *stage, struct fuzz_input *input)
{
	static void (*const acts[])(struct stage *, struct fuzz_input *) = {
		act_append, act_append,	       act_fragments,	 act_ack,
		act_ack,    act_client_append, act_open_session, act_read,
		act_raw,    act_control,       act_drive,	 act_drive,
	};
	uint8_t which = fuzz_u8(input);

	if (which >= 252)
		act_fault(stage, input);
	else if (which >= 192)
		stage_turn(stage, which < 240 ? 1000u * which : 1000000u * fuzz_u8(input));
	else
		acts[which % (sizeof(acts) / sizeof(acts[0]))](stage, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);
	struct stage *stage = stage_begin();

	for (unsigned acts = 0; acts < ACTS_MAX && fuzz_left(&input) != 0; acts++)
		act(stage, &input);
	stage->buffers_end = false;
	stage->link_full = false;
	stage_settle(stage);
	stage_end(stage);
	return 0;
}

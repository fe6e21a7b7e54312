/* SPDX-License-Identifier: BSD-3-Clause */
/* It has the secret, so it can speak as a node to the clients of that node: answers that do not decode. */
#include "dataplane/base/bytes.h"
#include "tests/sim/actors/rogue.h"

static uint64_t draw(struct sim_rogue *rogue, uint64_t below)
{
	return sim_random_below(&rogue->random, below);
}

/* What a node might say; one field of it will be changed. */
static size_t good_answer(uint8_t type, uint8_t *to)
{
	struct wl_wire_append_reply reply = {.session = 1, .result_count = 2};
	struct wl_wire_append_result result = {.first_sequence = 1,
					       .first_number = 1,
					       .count = 1,
					       .level = 3};
	struct wl_wire_deliver deliver = {.first_number = 1, .record_count = 1};
	struct wl_wire_delivered_record record = {.bytes = 8, .payload = to};
	struct wl_wire_gap gap = {.status = -15};
	struct wl_wire_open_session_reply open = {.session = 1};
	size_t bytes;

	switch (type) {
	case WL_WIRE_APPEND_REPLY:
		for (uint32_t at = 0; at < 2; at++)
			wl_wire_encode_append_result(to + WL_WIRE_APPEND_REPLY_HEADER_BYTES +
							     at * WL_WIRE_APPEND_RESULT_BYTES,
						     &result);
		bytes = wl_wire_encode_append_reply(to, &reply) + 2 * WL_WIRE_APPEND_RESULT_BYTES;
		break;
	case WL_WIRE_DELIVER:
		deliver.bytes = (uint32_t)wl_wire_encode_delivered_record(
			to + WL_WIRE_DELIVER_HEADER_BYTES, &record);
		bytes = wl_wire_encode_deliver(to, &deliver) + deliver.bytes;
		break;
	case WL_WIRE_GAP:
		bytes = wl_wire_encode_gap(to, &gap);
		break;
	default:
		bytes = wl_wire_encode_open_session_reply(to, &open);
		break;
	}
	return bytes;
}

/* Whether the field that was changed makes it wrong is the decoder's to say; it may not be right and a lie. */
static bool decodes(uint8_t type, const uint8_t *payload, size_t bytes)
{
	struct wl_wire_append_reply reply;
	struct wl_wire_deliver deliver;
	struct wl_wire_gap gap;
	struct wl_wire_open_session_reply open;

	switch (type) {
	case WL_WIRE_APPEND_REPLY:
		return wl_wire_decode_append_reply(payload, bytes, &reply);
	case WL_WIRE_DELIVER:
		return wl_wire_decode_deliver(payload, bytes, &deliver);
	case WL_WIRE_GAP:
		return wl_wire_decode_gap(payload, bytes, &gap);
	default:
		return wl_wire_decode_open_session_reply(payload, bytes, &open);
	}
}

void sim_rogue_answer_as_node(struct sim_rogue *rogue, unsigned node)
{
	static const uint8_t types[] = {WL_WIRE_APPEND_REPLY, WL_WIRE_DELIVER, WL_WIRE_GAP,
					WL_WIRE_OPEN_SESSION_REPLY};
	const struct sim_endpoint *victim = rogue->cluster->ends[draw(rogue, SIM_ROGUE_STATION)];
	uint8_t type = types[draw(rogue, sizeof(types))];
	struct sim_endpoint mask = rogue->end;
	struct wl_frame_header header;
	uint8_t payload[256] = {0};
	size_t bytes = good_answer(type, payload), at = 4 * draw(rogue, bytes / 4);

	if (draw(rogue, 4) == 0)
		bytes -= 1 + draw(rogue, bytes - 1);
	else
		wl_store_u32(payload + at,
			     (uint32_t)sim_rogue_draw_number(rogue, wl_load_u32(payload + at)));
	if (!victim || victim->node_boot[node] == 0 || decodes(type, payload, bytes))
		return;
	sim_endpoint_head(&mask, node, type, &header);
	header.sender = wl_identity_of_node(node, victim->worker);
	header.sender_boot = victim->node_boot[node];
	header.destination = victim->identity;
	header.destination_boot = victim->boot_id;
	header.payload_bytes = (uint16_t)bytes;
	wl_auth_derive(&rogue->cluster->auth, header.sender, header.sender_boot, &mask.key);
	rogue->cluster->seen[SIM_SEEN_MISCHIEF]++;
	sim_endpoint_send_as(&mask, victim->station, &header, payload);
}

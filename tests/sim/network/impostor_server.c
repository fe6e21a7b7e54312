/* SPDX-License-Identifier: BSD-3-Clause */
/* What the impostor, as a server, answers honest clients who never asked: nothing in it is well-formed, and nothing may come of it. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/wire/wire.h"
#include "tests/sim/network/impostor_internal.h"
#include "tests/sim/network/words.h"

#define TRIES 8u

static uint64_t draw(struct sim_impostor *impostor, uint64_t below)
{
	return sim_impostor_draw(impostor, below);
}

/* A client that spoke not long ago, and under which boot_id. False: none is at hand. */
static bool find_client(struct sim_impostor *impostor, struct wl_frame_header *header,
			unsigned *station)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		unsigned to;
		uint16_t size;
		const uint8_t *kept = sim_network_recorded(&impostor->cluster->network,
							   (unsigned)draw(impostor, SIM_RECORDED),
							   &to, &size);

		if (!kept || size < WL_FRAME_ENVELOPE_BYTES ||
		    wl_frame_decode_header(kept + WL_FRAME_ENVELOPE_BYTES,
					   size - WL_FRAME_ENVELOPE_BYTES, header) != WL_FRAME_OK ||
		    !wl_identity_is_client(header->sender))
			continue;
		*station = wl_load_be32(kept + 26) & 0xff;
		return *station < SIM_STATIONS;
	}
	return false;
}

static size_t make_reply(struct sim_impostor *impostor, uint8_t *to)
{
	uint32_t results = (uint32_t)draw(impostor, 4);
	struct wl_wire_append_reply reply = {
		.session = sim_random_next(&impostor->random),
		.leader = (uint32_t)draw(impostor, 9),
		.result_count = (uint32_t)sim_impostor_near(impostor, results),
	};

	wl_wire_encode_append_reply(to, &reply);
	for (uint32_t at = 0; at < results; at++) {
		struct wl_wire_append_result result = {
			.first_sequence = sim_impostor_near(impostor, 1),
			.count = (uint32_t)sim_impostor_near(impostor, 1),
			.status = (int16_t)draw(impostor, 3),
			.level = (uint8_t)draw(impostor, 6),
		};

		wl_wire_encode_append_result(to + WL_WIRE_APPEND_REPLY_HEADER_BYTES +
						     at * WL_WIRE_APPEND_RESULT_BYTES,
					     &result);
	}
	return WL_WIRE_APPEND_REPLY_HEADER_BYTES + results * WL_WIRE_APPEND_RESULT_BYTES -
	       (draw(impostor, 4) == 0);
}

static size_t make_deliver(struct sim_impostor *impostor, uint8_t *to)
{
	static const uint8_t contents[64];
	uint8_t *at = to + WL_WIRE_DELIVER_HEADER_BYTES;
	uint32_t records = (uint32_t)draw(impostor, 4);
	struct wl_wire_deliver deliver = {
		.subscription = draw(impostor, 4),
		.first_number = sim_impostor_near(impostor, 1),
		.record_count = (uint32_t)sim_impostor_near(impostor, records),
		.fragment_offset = (uint32_t)(draw(impostor, 2) * sim_impostor_near(impostor, 10)),
		.record_bytes = (uint32_t)(draw(impostor, 2) * sim_impostor_near(impostor, 100)),
	};

	for (uint32_t record = 0; record < records; record++) {
		const struct wl_wire_delivered_record one = {
			.bytes = (uint32_t)draw(impostor, sizeof(contents)),
			.payload = contents};
		uint8_t *begin = at;

		at += wl_wire_encode_delivered_record(at, &one);
		if (draw(impostor, 8) == 0)
			begin[draw(impostor, 8)] ^= (uint8_t)(1u << draw(impostor, 8));
	}
	deliver.bytes = (uint32_t)sim_impostor_near(impostor, (uint64_t)(at - to) -
								      WL_WIRE_DELIVER_HEADER_BYTES);
	wl_wire_encode_deliver(to, &deliver);
	return (size_t)(at - to);
}

void sim_impostor_say_to_client(struct sim_impostor *impostor)
{
	uint8_t payload[1024];
	struct wl_frame_header header, asked;
	unsigned station;
	size_t bytes;

	if (!find_client(impostor, &asked, &station))
		return;
	header = (struct wl_frame_header){
		.destination = asked.sender,
		.destination_boot = asked.sender_boot,
	};
	switch (draw(impostor, 3)) {
	case 0:
		header.type = WL_WIRE_APPEND_REPLY;
		bytes = make_reply(impostor, payload);
		break;
	case 1:
		header.type = WL_WIRE_DELIVER;
		bytes = make_deliver(impostor, payload);
		break;
	default:
		header.type = WL_WIRE_OPEN_SESSION_REPLY;
		bytes = WL_WIRE_OPEN_SESSION_REPLY_BYTES - draw(impostor, 2);
		memset(payload, (int)draw(impostor, 128), bytes);
		break;
	}
	header.payload_bytes = (uint16_t)bytes;
	if (!sim_words_decode(header.type, payload, bytes))
		sim_impostor_send_to_station(impostor, station, &header, payload);
}

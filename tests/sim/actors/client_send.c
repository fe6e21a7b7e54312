/* SPDX-License-Identifier: BSD-3-Clause */
/* Appends as frames: many records in one, each with its level; one record in many; tombstones. */
#include "tests/sim/actors/client.h"

#define FRAME_HEADERS_BYTES 200u /* of a frame with records, at most */
#define WHOLE_BYTES 1000u /* larger ones go in fragments */
#define EVERYWHERE_NS 60000000u /* then "committed" is enough: somebody may be down for long */
#define TOMBSTONES 40u /* in one frame */

struct batch {
	struct sim_client *client;
	struct wl_wire_client_append message;
	uint8_t out[WL_WIRE_CLIENT_APPEND_HEADER_BYTES + 9000];
};

static void begin(struct batch *batch, struct sim_client *client, uint64_t sequence)
{
	batch->client = client;
	batch->message = (struct wl_wire_client_append){
		.session = client->session,
		.first_sequence = sequence,
		.acknowledged_through = client->acknowledged_through,
	};
}

static void add(struct batch *batch, const struct wl_wire_record *record)
{
	batch->message.bytes += (uint32_t)wl_wire_encode_record(
		batch->out + WL_WIRE_CLIENT_APPEND_HEADER_BYTES + batch->message.bytes, record);
	batch->message.record_count++;
}

static void send(struct batch *batch)
{
	struct sim_client *client = batch->client;

	batch->message.records = batch->out + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	if (batch->message.record_count == 0 || client->frames_left == 0)
		return;
	client->frames_left--;
	sim_endpoint_send(&client->end, client->leader, WL_WIRE_CLIENT_APPEND, batch->out,
			  wl_wire_encode_client_append(batch->out, &batch->message) +
				  batch->message.bytes);
}

static void send_fragments(struct sim_client *client, const struct sim_append *append,
			   const uint8_t *payload)
{
	struct batch batch;
	uint32_t part;

	for (uint32_t offset = 0; offset < append->bytes; offset += part) {
		struct wl_wire_record record = {.level = append->level,
						.not_after_ns = append->not_after_ns};

		part = append->bytes - offset < client->part_bytes ? append->bytes - offset
								   : client->part_bytes;
		record.bytes = part;
		record.payload = payload + offset;
		begin(&batch, client, append->sequence);
		batch.message.fragment_offset = offset;
		batch.message.record_bytes = append->bytes;
		add(&batch, &record);
		send(&batch);
	}
}

/* A record whose time is over takes the sequence, and nothing else. */
static const struct wl_wire_record tombstone = {.level = WIRELOG_COMMITTED,
						.bytes = 1,
						.not_after_ns = 1,
						.payload = (const uint8_t *)""};

static void add_append(struct batch *batch, struct sim_append *append)
{
	struct sim_client *client = batch->client;
	uint8_t payload[WHOLE_BYTES];
	struct wl_wire_record record = {
		.bytes = append->bytes,
		.level = append->level,
		.not_after_ns = append->not_after_ns,
		.payload = payload,
	};

	if (append->withdrawn) {
		add(batch, &tombstone);
		return;
	}
	sim_client_payload(client->session, append->sequence, payload, append->bytes);
	add(batch, &record);
}

static bool goes_alone(const struct sim_append *append)
{
	return append->bytes > WHOLE_BYTES && !append->withdrawn;
}

void sim_client_send_from(struct sim_client *client, uint64_t sequence)
{
	uint8_t payload[SIM_RECORD_BYTES_MAX + 1];
	struct batch batch;

	while (sequence < client->next_sequence) {
		struct sim_append *append = &client->outstanding[sequence % SIM_CLIENT_OUTSTANDING];

		if (append->sequence != sequence) {
			sequence++; /* answered already */
			continue;
		}
		if (append->level == WIRELOG_EVERYWHERE &&
		    client->cluster->agenda.now_ns - append->began_ns > EVERYWHERE_NS)
			append->level = WIRELOG_COMMITTED;
		if (goes_alone(append)) {
			sim_client_payload(client->session, sequence, payload, append->bytes);
			send_fragments(client, append, payload);
			sequence++;
			continue;
		}
		begin(&batch, client, sequence);
		while (sequence < client->next_sequence) {
			append = &client->outstanding[sequence % SIM_CLIENT_OUTSTANDING];
			if (append->sequence != sequence || goes_alone(append) ||
			    batch.message.bytes + WL_WIRE_RECORD_HEADER_BYTES + append->bytes >
				    client->plan->mtu - FRAME_HEADERS_BYTES)
				break;
			add_append(&batch, append);
			sequence++;
		}
		send(&batch);
	}
}

void sim_client_send_again(struct sim_client *client, uint64_t sequence)
{
	uint8_t payload[SIM_RECORD_BYTES_MAX + 1];
	struct batch batch;
	struct sim_append append = {
		.sequence = sequence,
		.bytes = sim_client_payload_bytes(client, client->session, sequence),
		.level = WIRELOG_COMMITTED,
	};

	if (goes_alone(&append)) {
		sim_client_payload(client->session, sequence, payload, append.bytes);
		send_fragments(client, &append, payload);
		return;
	}
	begin(&batch, client, sequence);
	add_append(&batch, &append);
	send(&batch);
}

void sim_client_send_tombstones(struct sim_client *client, uint64_t sequence)
{
	struct batch batch;

	begin(&batch, client, sequence);
	for (unsigned count = 0;
	     count < TOMBSTONES && sequence + count <= client->acknowledged_through; count++)
		add(&batch, &tombstone);
	send(&batch);
}

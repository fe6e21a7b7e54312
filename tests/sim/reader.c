/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/reader.h"

#include <string.h>

#include "tests/sim/client.h"

#define CREDIT_BYTES 65536u
#define CREDIT_NS 5000000u
#define SILENCE_NS 150000000u /* then another node is tried */

static void subscribe(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_subscribe request = {
		.subscription = reader->subscription,
		.from = WL_WIRE_FROM_NUMBER,
		.credit_bytes = CREDIT_BYTES,
		.value = reader->next_number,
	};
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	sim_client_send(client, reader->node, WL_WIRE_SUBSCRIBE, payload,
			wl_wire_encode_subscribe(payload, &request));
}

static void change_node(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_unsubscribe end = {.subscription = reader->subscription};
	uint8_t payload[WL_WIRE_UNSUBSCRIBE_BYTES];

	if (reader->node == 0)
		reader->node = client->number % client->cluster->config.nodes;
	else
		sim_client_send(client, reader->node, WL_WIRE_UNSUBSCRIBE, payload,
				wl_wire_encode_unsubscribe(payload, &end));
	reader->node = 1 + reader->node % client->cluster->config.nodes;
	reader->subscription++;
	reader->heard_ns = client->cluster->agenda.now_ns;
	reader->filled = 0;
	sim_client_greet(client, reader->node);
}

void sim_reader_tick(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	uint64_t now = client->cluster->agenda.now_ns;
	struct wl_wire_credit credit = {
		.subscription = reader->subscription,
		.next_number = reader->next_number,
		.credit_bytes = CREDIT_BYTES,
		.resend = reader->lost,
	};
	uint8_t payload[WL_WIRE_CREDIT_BYTES];

	if (!reader->reads || now - reader->credited_ns < CREDIT_NS)
		return;
	reader->credited_ns = now;
	if (reader->node == 0 || now - reader->heard_ns > SILENCE_NS) {
		change_node(client);
		return;
	}
	if (client->node_epoch[reader->node] == 0)
		return;
	if (now - reader->heard_ns > SILENCE_NS / 4)
		subscribe(client); /* it may have started again, or never heard of us */
	sim_client_send(client, reader->node, WL_WIRE_CREDIT, payload,
			wl_wire_encode_credit(payload, &credit));
	reader->lost = false;
}

static void take_record(struct sim_client *client, uint64_t number,
			const struct wl_wire_delivered_record *record)
{
	struct sim_reader *reader = &client->reader;

	reader->on_record(client->context, reader->node, number, record);
	if (number == reader->next_number)
		reader->next_number++;
	reader->filled = 0;
}

static void take_fragment(struct sim_client *client, const struct wl_wire_deliver *deliver)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_delivered_record record;

	wl_wire_next_delivered(deliver->records, &record);
	if (deliver->first_number != reader->next_number)
		return;
	if (deliver->fragment_offset == 0)
		reader->filled = 0; /* sent again from its beginning */
	if (deliver->fragment_offset != reader->filled ||
	    deliver->fragment_offset + record.bytes > sizeof(reader->record)) {
		reader->lost |= deliver->fragment_offset > reader->filled;
		return;
	}
	memcpy(reader->record + reader->filled, record.payload, record.bytes);
	reader->filled += record.bytes;
	if (reader->filled < deliver->record_bytes)
		return;
	record.bytes = deliver->record_bytes;
	record.payload = reader->record;
	take_record(client, deliver->first_number, &record);
}

void sim_reader_take(struct sim_client *client, unsigned node, const uint8_t *payload, size_t bytes)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_delivered_record record;
	struct wl_wire_deliver deliver;
	const uint8_t *at;

	if (!reader->reads || node != reader->node ||
	    !wl_wire_decode_deliver(payload, bytes, &deliver) ||
	    deliver.subscription != reader->subscription)
		return;
	reader->heard_ns = client->cluster->agenda.now_ns;
	reader->lost |= deliver.first_number > reader->next_number;
	if (deliver.record_bytes != 0) {
		take_fragment(client, &deliver);
		return;
	}
	at = deliver.records;
	for (uint32_t which = 0; which < deliver.record_count; which++) {
		at = wl_wire_next_delivered(at, &record);
		take_record(client, deliver.first_number + which, &record);
	}
}

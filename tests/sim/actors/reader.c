/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/reader.h"

#include <string.h>

#include "tests/sim/actors/client.h"
#include "wirelog/status.h"

#define CREDIT_BYTES 65536u
#define CREDIT_NS 5000000u
#define PLACE_NS 50000000u /* given to other readers */
#define SILENCE_NS 150000000u /* then another node is tried */
#define WALL_NS \
	1700000000000000000u /* where the nodes' wall clocks begin, and up to two seconds more */

enum start { /* bits of plan.starts */
	     START_FIRST = 1,
	     START_NUMBER = 2,
	     START_BEYOND = 4,
	     START_TIME = 8,
	     START_NOW = 16,
	     STARTS = 5,
};

static bool chance(struct sim_client *client, uint32_t per_million)
{
	return sim_random_chance(&client->random, per_million);
}

static uint64_t draw_time(struct sim_client *client)
{
	const struct sim_reader *reader = &client->reader;

	if (reader->newest_ns != 0 && chance(client, 300000))
		return reader->newest_ns + sim_random_below(&client->random, 2);
	if (chance(client, 50000))
		return 0;
	return WALL_NS +
	       sim_random_below(&client->random, 2000000000u + client->cluster->agenda.now_ns);
}

void sim_reader_draw_start(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	uint64_t starts = client->plan->starts ? client->plan->starts : START_FIRST;
	uint64_t known = client->cluster->highest_answered[client->journal];
	uint64_t start;

	do {
		start = 1u << sim_random_below(&client->random, STARTS);
	} while ((starts & start) == 0);
	reader->from = WL_WIRE_FROM_NUMBER;
	if (start == START_FIRST) {
		reader->value = chance(client, 500000); /* 0 stands for the first, too */
	} else if (start == START_NUMBER) {
		reader->value = 1 + sim_random_below(&client->random, known + 1);
	} else if (start == START_BEYOND) {
		reader->value = known + sim_random_below(&client->random, 30);
	} else if (start == START_TIME) {
		reader->from = WL_WIRE_FROM_TIME;
		reader->value = draw_time(client);
	} else {
		reader->from = WL_WIRE_FROM_NOW;
		reader->value = sim_random_next(&client->random); /* means nothing */
	}
	reader->started = reader->from == WL_WIRE_FROM_NUMBER;
	reader->next_number = reader->started && reader->value ? reader->value : 1;
}

static void draw_credit(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;

	reader->credit_bytes = CREDIT_BYTES;
	reader->pace_ns = CREDIT_NS;
	if (!reader->slow || !client->appending)
		return;
	reader->credit_bytes =
		chance(client, 200000) ? 0 : (uint32_t)sim_random_below(&client->random, 4000);
	reader->pace_ns = CREDIT_NS + sim_random_below(&client->random, 4 * CREDIT_NS);
}

static void note_credit(struct sim_reader *reader)
{
	if (reader->credit_bytes > reader->credit_bytes_max)
		reader->credit_bytes_max = reader->credit_bytes;
	if (reader->started && reader->next_number > reader->credited_number)
		reader->credited_number = reader->next_number;
}

/* A new subscription, at reader->node. What is already known of the place is not asked again. */
static void begin(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	const struct sim_node *node = &client->cluster->nodes[reader->node];

	reader->subscription++;
	reader->heard = false;
	reader->lost = false;
	reader->filled = 0;
	reader->credit_bytes_max = 0;
	reader->credited_number = 0;
	reader->heard_ns = client->cluster->agenda.now_ns;
	reader->committed_before = 0;
	reader->boot_before[reader->node] = node->boot;
	if (node->up)
		reader->committed_before = sim_node_commit_number(node, client->journal);
}

static void subscribe(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_subscribe request = {
		.subscription = reader->subscription,
		.from = reader->started ? WL_WIRE_FROM_NUMBER : reader->from,
		.credit_bytes = reader->credit_bytes,
		.value = reader->started ? reader->next_number : reader->value,
	};
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	note_credit(reader);
	sim_endpoint_send(&client->end, reader->node, WL_WIRE_SUBSCRIBE, payload,
			  wl_wire_encode_subscribe(payload, &request));
}

static void unsubscribe(struct sim_client *client)
{
	struct wl_wire_unsubscribe end = {.subscription = client->reader.subscription};
	uint8_t payload[WL_WIRE_UNSUBSCRIBE_BYTES];

	sim_endpoint_send(&client->end, client->reader.node, WL_WIRE_UNSUBSCRIBE, payload,
			  wl_wire_encode_unsubscribe(payload, &end));
}

static void change_node(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;

	if (reader->node == 0)
		reader->node = client->number % client->cluster->config.nodes;
	else
		unsubscribe(client);
	reader->node = 1 + reader->node % client->cluster->config.nodes;
	begin(client);
	sim_endpoint_greet(&client->end, reader->node);
}

void sim_reader_leave(struct sim_client *client)
{
	if (client->library) {
		sim_library_leave(client);
		return;
	}
	unsubscribe(client);
	client->reader.reads = false;
}

static void credit(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_credit credit = {
		.subscription = reader->subscription,
		.next_number = reader->started ? reader->next_number : 0,
		.credit_bytes = reader->credit_bytes,
		.resend = reader->lost,
	};
	uint8_t payload[WL_WIRE_CREDIT_BYTES];

	note_credit(reader);
	sim_endpoint_send(&client->end, reader->node, WL_WIRE_CREDIT, payload,
			  wl_wire_encode_credit(payload, &credit));
	reader->lost = false;
}

/* What applications do beside reading on: they come back as another reader, look away, say things twice. */
static bool wanders(struct sim_client *client, uint64_t now)
{
	struct sim_reader *reader = &client->reader;

	if (!client->appending)
		return false;
	if (client->plan->starts != 0 && chance(client, 20000)) {
		unsubscribe(client);
		sim_reader_draw_start(client);
		reader->node = 1 + (unsigned)sim_random_below(&client->random,
							      client->cluster->config.nodes);
		begin(client);
		sim_endpoint_greet(&client->end, reader->node);
		return true;
	}
	if (reader->slow && chance(client, 30000)) {
		reader->absent_until_ns = now + client->plan->reader_idle_ns +
					  sim_random_below(&client->random, 100000000);
		return true;
	}
	if (reader->slow && chance(client, 50000))
		reader->lost = true; /* nothing is: it is sent again */
	if (reader->slow && chance(client, 50000))
		subscribe(client); /* once more, without need */
	return false;
}

/* At the end there may be more readers than places: who has everything lets others have it. */
static bool gives_place(struct sim_client *client, uint64_t now)
{
	struct sim_reader *reader = &client->reader;

	if (client->appending || client->plan->subscriptions_max >= client->plan->readers ||
	    !reader->started || reader->next_number <= reader->committed_told)
		return false;
	unsubscribe(client);
	begin(client);
	reader->absent_until_ns = now + PLACE_NS + sim_random_below(&client->random, PLACE_NS);
	return true;
}

void sim_reader_tick(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;
	uint64_t now = client->cluster->agenda.now_ns;

	if (!reader->reads || now < reader->absent_until_ns ||
	    now - reader->credited_ns < reader->pace_ns)
		return;
	reader->credited_ns = now;
	draw_credit(client);
	if (reader->absent_until_ns != 0)
		reader->heard_ns = now; /* it was the reader that was silent */
	reader->absent_until_ns = 0;
	if (reader->node == 0 || now - reader->heard_ns > SILENCE_NS) {
		change_node(client);
		return;
	}
	if (client->end.node_boot[reader->node] == 0 || wanders(client, now))
		return;
	if (!reader->heard)
		subscribe(client);
	else if (!gives_place(client, now))
		credit(client);
	if (reader->slow && chance(client, 100000))
		credit(client); /* twice */
}

static void take_record(struct sim_client *client, uint64_t number,
			const struct wl_wire_delivered_record *record)
{
	struct sim_reader *reader = &client->reader;

	reader->on_record(client->context, reader->node, number, record);
	reader->newest_ns = record->timestamp_ns;
	reader->filled = 0;
	if (number != reader->next_number)
		return;
	reader->next_number++;
	client->cluster->seen[SIM_SEEN_RECORD_READ]++;
	client->cluster->seen[SIM_SEEN_RESUMED] += reader->resumes;
	reader->resumes = false;
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

void sim_reader_on_deliver(struct sim_client *client, unsigned node, const uint8_t *payload,
			   size_t bytes)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_delivered_record record;
	struct wl_wire_deliver deliver;
	const uint8_t *at;

	if (!reader->reads || node != reader->node ||
	    !wl_wire_decode_deliver(payload, bytes, &deliver) ||
	    deliver.subscription != reader->subscription)
		return;
	reader->on_deliver(client->context, node, &deliver);
	reader->heard = true;
	reader->heard_ns = client->cluster->agenda.now_ns;
	reader->committed_told = deliver.commit_number;
	if (!reader->started && deliver.first_number != 0) {
		reader->on_start(client->context, client, deliver.first_number);
		reader->started = true;
		reader->next_number = deliver.first_number;
	}
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

void sim_reader_on_gap(struct sim_client *client, unsigned node, const uint8_t *payload,
		       size_t bytes)
{
	struct sim_reader *reader = &client->reader;
	struct wl_wire_gap gap;

	if (!reader->reads || node != reader->node || !wl_wire_decode_gap(payload, bytes, &gap) ||
	    gap.subscription != reader->subscription)
		return;
	reader->on_gap(client->context, client, &gap);
	if ((gap.status == WIRELOG_TRIMMED || gap.status == WIRELOG_RESCUED) &&
	    gap.next_number > reader->next_number) {
		reader->next_number = gap.next_number;
		reader->filled = 0;
		reader->heard = true;
		reader->heard_ns = client->cluster->agenda.now_ns;
	}
	if (gap.next_number != 0)
		return; /* what is missing here; the end comes behind it */
	if (gap.status != WIRELOG_SLOW_READER) {
		change_node(client);
		return;
	}
	/* Dropped, with a position: from there, as an application does that keeps none of its own. */
	if (reader->started && gap.first_number != 0) {
		reader->next_number = gap.first_number;
		reader->resumes = true;
	}
	begin(client);
}

void sim_reader_on_boot(struct sim_client *client, unsigned node, uint64_t boot_id)
{
	struct sim_reader *reader = &client->reader;

	if (reader->reads && node == reader->node && client->end.node_boot[node] != boot_id)
		begin(client);
}

void sim_reader_forget(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;

	reader->node = 0;
	reader->resumes = false;
	reader->absent_until_ns = 0;
	sim_reader_draw_start(client);
}

void sim_reader_init(struct sim_client *client)
{
	struct sim_reader *reader = &client->reader;

	reader->reads = client->number < client->plan->readers;
	reader->slow = client->number < client->plan->slow_readers;
	sim_reader_draw_start(client);
	draw_credit(client);
}

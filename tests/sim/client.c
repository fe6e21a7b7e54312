/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/client.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"
#include "wirelog/status.h"

#define TICK_NS 1000000u
#define RESEND_NS 5000000u
#define MTU_ROOM 1300u

static void tick(void *subject, void *object);
static void on_frame(void *context);

uint32_t sim_client_payload_bytes(uint64_t session, uint64_t sequence)
{
	uint64_t counter = session ^ sequence * 0x9e3779b97f4a7c15u;
	uint64_t draw = sim_random_mix(&counter);

	/* Mostly small ones; a few that need several frames. */
	return draw % 64 == 0 ? 1 + (uint32_t)(draw >> 8) % 6000 : 8 + (uint32_t)(draw >> 8) % 200;
}

void sim_client_payload(uint64_t session, uint64_t sequence, uint8_t *to, uint32_t bytes)
{
	uint64_t counter = session * 31 + sequence;

	for (uint32_t at = 0; at < bytes; at += 8) {
		uint64_t word = sim_random_mix(&counter);

		memcpy(to + at, &word, bytes - at < 8 ? bytes - at : 8);
	}
}

/* ---- frames ---- */

static void send_frame(struct sim_client *client, unsigned node, uint8_t type, uint64_t node_epoch,
		       const uint8_t *payload, size_t bytes)
{
	struct sim_station *station = &client->cluster->network.stations[client->station];
	struct wl_frame frame;
	struct wl_address from = {.ipv4 = SIM_IPV4(client->station), .udp_port = 9000};
	struct wl_address to = {.ipv4 = SIM_IPV4(node), .udp_port = 7700};
	struct wl_frame_header header = {
		.type = type,
		.payload_bytes = (uint16_t)bytes,
		.cluster = client->cluster->cluster,
		.sender = client->identity,
		.destination = wl_identity_of_node(node, 0),
		.sender_epoch = client->epoch,
		.destination_epoch = node_epoch,
		.sequence = ++client->sequence,
	};
	size_t datagram = WL_FRAME_HEADER_BYTES + bytes;

	/* The client's own stack has asked for the address; it is not what is tested here. */
	sim_network_mac(&client->cluster->network, node, client->station, to.mac);
	memcpy(from.mac, station->links[0].mac, sizeof(from.mac));
	station->port.ops->alloc(&station->port, 0, &frame, 1);
	wl_frame_encode_header(frame.bytes + WL_FRAME_ENVELOPE_BYTES, &header);
	memcpy(frame.bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES, payload, bytes);
	wl_auth_seal(&client->cluster->auth, &client->key, frame.bytes + WL_FRAME_ENVELOPE_BYTES,
		     datagram);
	wl_frame_close_envelope(frame.bytes, &from, &to, datagram);
	frame.size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + datagram);
	station->port.ops->tx_burst(&station->port, &frame, 1);
}

static void say_hello(struct sim_client *client, unsigned node)
{
	struct wl_wire_hello hello = {.nonce = client->sequence};
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	send_frame(client, node, WL_WIRE_HELLO, 0, payload, wl_wire_encode_hello(payload, &hello));
}

void sim_client_send(struct sim_client *client, unsigned node, uint8_t type, const uint8_t *payload,
		     size_t bytes)
{
	send_frame(client, node, type, client->node_epoch[node], payload, bytes);
}

void sim_client_greet(struct sim_client *client, unsigned node)
{
	say_hello(client, node);
}

static void open_session(struct sim_client *client)
{
	struct wl_wire_open_session open = {.nonce = client->nonce};
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];

	send_frame(client, client->leader, WL_WIRE_OPEN_SESSION, client->node_epoch[client->leader],
		   payload, wl_wire_encode_open_session(payload, &open));
}

static void send_fragments(struct sim_client *client, const struct sim_append *append,
			   struct wl_wire_client_append *message, const uint8_t *payload)
{
	uint8_t out[2048];
	uint32_t part;

	for (uint32_t offset = 0; offset < append->bytes; offset += part) {
		struct wl_wire_record record = {.level = 3, .not_after_ns = append->not_after_ns};

		part = append->bytes - offset < 1200 ? append->bytes - offset : 1200;
		record.bytes = part;
		record.payload = payload + offset;
		message->record_count = 1;
		message->fragment_offset = offset;
		message->record_bytes = append->bytes;
		message->bytes = (uint32_t)wl_wire_encode_record(
			out + WL_WIRE_CLIENT_APPEND_HEADER_BYTES, &record);
		message->records = out + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
		send_frame(client, client->leader, WL_WIRE_CLIENT_APPEND,
			   client->node_epoch[client->leader], out,
			   wl_wire_encode_client_append(out, message) + message->bytes);
	}
}

/* Sends everything outstanding from `sequence` on, several records a frame. */
static void send_from(struct sim_client *client, uint64_t sequence)
{
	uint8_t out[2048], payload[8192];

	while (sequence < client->next_sequence) {
		struct wl_wire_client_append message = {
			.session = client->session,
			.first_sequence = sequence,
			.acknowledged_through = client->acknowledged_through,
		};
		const struct sim_append *append =
			&client->outstanding[sequence % SIM_CLIENT_OUTSTANDING];

		if (append->sequence == sequence && append->bytes > 1000) {
			sim_client_payload(client->session, sequence, payload, append->bytes);
			send_fragments(client, append, &message, payload);
			sequence++;
			continue;
		}
		while (sequence < client->next_sequence) {
			struct wl_wire_record record = {.level = 3};

			append = &client->outstanding[sequence % SIM_CLIENT_OUTSTANDING];
			if (append->sequence != sequence || append->bytes > 1000 ||
			    message.bytes + WL_WIRE_RECORD_HEADER_BYTES + append->bytes > MTU_ROOM)
				break;
			sim_client_payload(client->session, sequence, payload, append->bytes);
			record.bytes = append->bytes;
			record.not_after_ns = append->not_after_ns;
			record.payload = payload;
			message.bytes += (uint32_t)wl_wire_encode_record(
				out + WL_WIRE_CLIENT_APPEND_HEADER_BYTES + message.bytes, &record);
			message.record_count++;
			sequence++;
		}
		if (message.record_count == 0) {
			sequence++; /* answered already */
			continue;
		}
		message.records = out + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
		send_frame(client, client->leader, WL_WIRE_CLIENT_APPEND,
			   client->node_epoch[client->leader], out,
			   wl_wire_encode_client_append(out, &message) + message.bytes);
	}
}

/* ---- answers ---- */

static void ask_everybody(struct sim_client *client)
{
	client->leader = 0;
	for (unsigned node = 1; node <= client->cluster->config.nodes; node++)
		say_hello(client, node);
}

static void lose_session(struct sim_client *client)
{
	client->session = 0;
	client->nonce = sim_random_next(&client->random) | 1;
	client->next_sequence = 1;
	client->acknowledged_through = 0;
	client->outstanding_count = 0;
	client->sessions_lost++;
	memset(client->outstanding, 0, sizeof(client->outstanding));
}

static void answered(struct sim_client *client, uint64_t sequence, uint64_t number, int status)
{
	struct sim_append *append = &client->outstanding[sequence % SIM_CLIENT_OUTSTANDING];

	struct sim_append known = {.sequence = sequence};

	/* An answer may come twice; then it must be the same, which the oracle checks by the number. */
	if (append->sequence == sequence)
		known = *append;
	if (client->on_ack)
		client->on_ack(client->context, client, &known, number, status);
	if (append->sequence != sequence)
		return;
	append->sequence = 0;
	client->outstanding_count--;
	client->acknowledged += status == WIRELOG_OK;
	client->expired += status == WIRELOG_EXPIRED;
	client->last_progress_ns = client->cluster->agenda.now_ns;
	while (client->acknowledged_through + 1 < client->next_sequence &&
	       client->outstanding[(client->acknowledged_through + 1) % SIM_CLIENT_OUTSTANDING]
			       .sequence == 0)
		client->acknowledged_through++;
}

static void take_reply(struct sim_client *client, const uint8_t *payload, size_t bytes)
{
	struct wl_wire_append_reply reply;

	if (!wl_wire_decode_append_reply(payload, bytes, &reply) ||
	    reply.session != client->session)
		return;
	for (uint32_t at = 0; at < reply.result_count; at++) {
		struct wl_wire_append_result result;

		wl_wire_decode_append_result(reply.results + at * WL_WIRE_APPEND_RESULT_BYTES,
					     &result);
		if (result.status == WIRELOG_OK || result.status == WIRELOG_EXPIRED) {
			for (uint32_t step = 0; step < result.count; step++)
				answered(client, result.first_sequence + step,
					 result.first_number ? result.first_number + step : 0,
					 result.status);
		} else if (result.status == WIRELOG_NOT_LEADER) {
			client->leader = reply.leader <= WIRELOG_NODES_MAX &&
							 reply.leader != client->leader
						 ? reply.leader
						 : 0;
		} else if (result.status == WIRELOG_SESSION_UNKNOWN) {
			lose_session(client);
			return;
		}
	}
}

static void take_message(struct sim_client *client, const struct wl_frame_header *header,
			 const uint8_t *payload)
{
	unsigned node = wl_identity_node(header->sender);

	if (header->type == WL_WIRE_HELLO_REPLY || header->type == WL_WIRE_KEEPALIVE_REPLY) {
		struct wl_wire_hello_reply reply;

		if (!wl_wire_decode_hello_reply(payload, header->payload_bytes, &reply))
			return;
		client->node_epoch[node] = header->sender_epoch;
		/* An old leader that was cut off still believes in itself: the newest term knows best. */
		if (reply.leader >= 1 && reply.leader <= WIRELOG_NODES_MAX &&
		    (client->leader == 0 || reply.term > client->leader_term)) {
			client->leader = reply.leader;
			client->leader_term = reply.term;
		}
	} else if (header->type == WL_WIRE_OPEN_SESSION_REPLY) {
		struct wl_wire_open_session_reply reply;

		if (!wl_wire_decode_open_session_reply(payload, header->payload_bytes, &reply) ||
		    reply.nonce != client->nonce)
			return;
		if (reply.status == WIRELOG_OK && client->session == 0)
			client->session = reply.session;
		else if (reply.status == WIRELOG_NOT_LEADER)
			client->leader = 0;
	} else if (header->type == WL_WIRE_APPEND_REPLY) {
		take_reply(client, payload, header->payload_bytes);
	} else if (header->type == WL_WIRE_DELIVER) {
		sim_reader_take(client, node, payload, header->payload_bytes);
	}
}

static void take_frame(struct sim_client *client, struct wl_frame *frame)
{
	struct wl_frame_header header;
	struct wl_auth_key key;
	struct wl_address from;
	const uint8_t *datagram;
	size_t size;

	if (wl_frame_open_envelope(frame->bytes, frame->size, 0, 9000, &from, &datagram, &size) !=
		    WL_FRAME_OK ||
	    wl_frame_decode_header(datagram, size, &header) != WL_FRAME_OK ||
	    header.destination != client->identity || header.destination_epoch != client->epoch ||
	    wl_identity_node(header.sender) == 0 ||
	    wl_identity_node(header.sender) > WIRELOG_NODES_MAX)
		return;
	wl_auth_derive(&client->cluster->auth, header.sender, header.sender_epoch, &key);
	if (wl_auth_verify(&client->cluster->auth, &key, (uint8_t *)(uintptr_t)datagram, size))
		take_message(client, &header, datagram + WL_FRAME_HEADER_BYTES);
}

static void on_frame(void *context)
{
	struct sim_client *client = context;
	struct wl_port *port = &client->cluster->network.stations[client->station].port;
	struct wl_frame frame;

	while (port->ops->rx_burst(port, &frame, 1) == 1) {
		take_frame(client, &frame);
		port->ops->rx_release(port, &frame, 1);
	}
}

static void begin_append(struct sim_client *client)
{
	struct sim_cluster *cluster = client->cluster;
	uint64_t sequence = client->next_sequence++;
	struct sim_append *append = &client->outstanding[sequence % SIM_CLIENT_OUTSTANDING];
	uint64_t now = client->cluster->agenda.now_ns;

	*append = (struct sim_append){
		.sequence = sequence,
		.bytes = sim_client_payload_bytes(client->session, sequence),
		.began_ns = now,
		.began_after = cluster->highest_answered,
	};
	if (sim_random_chance(&client->random, 20000)) /* now and then one that may come too late */
		append->not_after_ns =
			1700000000000000000u + now + sim_random_below(&client->random, 2000000000);
	client->outstanding_count++;
}

static void tick(void *subject, void *object)
{
	struct sim_client *client = subject;
	struct sim_agenda *agenda = &client->cluster->agenda;
	uint64_t first_new = client->next_sequence;
	uint64_t now = agenda->now_ns;

	(void)object;
	if (agenda->closing)
		return;
	sim_agenda_add(agenda,
		       now + client->think_ns / 2 +
			       sim_random_below(&client->random, client->think_ns),
		       tick, client, NULL);
	sim_reader_tick(client);
	if (client->leader == 0 || client->node_epoch[client->leader] == 0) {
		if (sim_random_chance(&client->random, 200000))
			ask_everybody(client);
		return;
	}
	if (now - client->last_progress_ns > 20 * RESEND_NS &&
	    sim_random_chance(&client->random, 100000))
		ask_everybody(client); /* silence: the node may have restarted, or leads no more */
	if (client->leader == 0)
		return;
	if (client->session == 0) {
		if (client->appending && sim_random_chance(&client->random, 300000))
			open_session(client);
		return;
	}
	while (client->appending && client->outstanding_count < client->outstanding_max &&
	       client->next_sequence - client->acknowledged_through < SIM_CLIENT_OUTSTANDING - 1 &&
	       sim_random_chance(&client->random, 700000))
		begin_append(client);
	if (first_new < client->next_sequence)
		send_from(client, first_new);
	else if (client->outstanding_count != 0 && now - client->last_progress_ns > RESEND_NS &&
		 sim_random_chance(&client->random, 300000))
		send_from(client, client->acknowledged_through + 1);
}

void sim_client_init(struct sim_client *client, struct sim_cluster *cluster, unsigned number,
		     const struct sim_plan *plan)
{
	memset(client, 0, sizeof(*client));
	client->cluster = cluster;
	client->number = number;
	client->station = SIM_CLIENT_STATION + number;
	sim_random_init(&client->random, cluster->seed, 300 + number);
	client->identity = WL_IDENTITY_CLIENT | (uint32_t)(sim_random_next(&client->random) >> 33);
	client->epoch = sim_random_next(&client->random);
	client->nonce = sim_random_next(&client->random) | 1;
	client->next_sequence = 1;
	client->outstanding_max = (unsigned)plan->outstanding_max;
	if (client->outstanding_max >= SIM_CLIENT_OUTSTANDING)
		client->outstanding_max = SIM_CLIENT_OUTSTANDING - 1;
	client->think_ns = plan->think_ns;
	client->appending = true;
	client->reader.reads = number < plan->readers;
	client->reader.next_number = 1;
	wl_auth_derive(&cluster->auth, client->identity, client->epoch, &client->key);
	sim_network_attach(&cluster->network, client->station, on_frame, client);
	sim_agenda_add(&cluster->agenda, cluster->agenda.now_ns + TICK_NS, tick, client, NULL);
}

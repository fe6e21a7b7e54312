/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames out: written in place, sealed, collected into bursts. Frames in: every check before any belief (C1). */
#include <string.h>

#include "client/client.h"
#include "dataplane/base/check.h"

/* ---- out -------------------------------------------------------------------------------------- */

static uint8_t *open_frame(struct wl_client *client, unsigned route, uint8_t type, size_t *room)
{
	struct wl_transport *transport = client->routes[route].transport;

	WL_CHECK(client->open_route < 0);
	if (!transport->ops->is_up(transport, client->routes[route].link) ||
	    !transport->ops->alloc(transport, client->routes[route].link, &client->open))
		return NULL;
	client->open_route = (int)route;
	client->open_header = (struct wl_frame_header){
		.type = type,
		.journal = (uint16_t)client->options.journal,
		.cluster = client->cluster,
		.sender = client->identity,
		.sender_boot = client->boot_id,
	};
	*room = client->open.size - WL_FRAME_HEADER_BYTES;
	return client->open.bytes + WL_FRAME_HEADER_BYTES;
}

uint8_t *wl_channel_open_route(struct wl_client *client, unsigned route, uint8_t type, size_t *room)
{
	/* Destination 0, of boot id 0: whoever you are. */
	return open_frame(client, route, type, room);
}

static uint8_t *open_to_node(struct wl_client *client, uint32_t node, uint8_t type, size_t *room)
{
	const struct wl_client_node *to = &client->nodes[node];
	uint8_t *payload;

	if (to->identity == 0 || to->route < 0)
		return NULL;
	payload = open_frame(client, (unsigned)to->route, type, room);
	client->open_header.destination = to->identity;
	client->open_header.destination_boot = to->boot_id;
	return payload;
}

uint8_t *wl_channel_open(struct wl_client *client, uint32_t node, uint8_t type, size_t *room)
{
	uint16_t mtu = client->nodes[node].to.mtu;
	size_t limit = wl_wire_payload_of(mtu != 0 ? mtu : WIRELOG_MTU_MIN);
	uint8_t *payload = open_to_node(client, node, type, room);

	if (payload && *room > limit)
		*room = limit;
	return payload;
}

uint8_t *wl_channel_open_probe(struct wl_client *client, uint32_t node, size_t *room)
{
	return open_to_node(client, node, WL_WIRE_PATH_PROBE, room);
}

void wl_channel_abandon(struct wl_client *client)
{
	struct wl_transport *transport = client->routes[client->open_route].transport;

	transport->ops->drop(transport, &client->open, 1);
	client->open_route = -1;
}

void wl_channel_flush(struct wl_client *client)
{
	struct wl_batch *batch = &client->batch;
	struct wl_transport *transport;
	unsigned taken;

	if (batch->count == 0)
		return;
	transport = client->routes[batch->route].transport;
	taken = transport->ops->send(transport, batch->datagrams, batch->count);
	client->counters.frames_sent += taken;
	/* The ring is full. What holds appends is made anew in a later poll, the rest is said again anyway. */
	for (unsigned at = taken; at < batch->count; at++) {
		if (batch->starts[at].sequence == 0)
			continue;
		wl_window_rewind(&client->sender.window, batch->starts[at].sequence,
				 batch->starts[at].offset);
		client->sender.congested = true;
		client->sender.rtt_sequence = 0;
	}
	if (taken < batch->count)
		transport->ops->drop(transport, batch->datagrams + taken, batch->count - taken);
	batch->count = 0;
}

void wl_channel_close_appends(struct wl_client *client, size_t payload_bytes,
			      struct wl_window_cursor start)
{
	struct wl_batch *batch = &client->batch;
	int route = client->open_route;
	struct wl_transport *transport = client->routes[route].transport;

	WL_CHECK(route >= 0 && payload_bytes + WL_FRAME_HEADER_BYTES <= client->open.size);
	client->open_header.payload_bytes = (uint16_t)payload_bytes;
	client->open_header.sequence = ++client->sequence;
	client->open.size = (uint16_t)(WL_FRAME_HEADER_BYTES + payload_bytes);
	wl_frame_encode_header(client->open.bytes, &client->open_header);
	wl_auth_seal(&client->auth, &client->key, client->open.bytes, client->open.size);
	client->open_route = -1;
	if (batch->count == WL_TRANSPORT_BURST || (batch->count != 0 && batch->route != route))
		wl_channel_flush(client);
	/* What stands before it was not taken and goes first: this one would only be refused as out of order. */
	if (start.sequence != 0 && client->sender.congested) {
		wl_window_rewind(&client->sender.window, start.sequence, start.offset);
		transport->ops->drop(transport, &client->open, 1);
		return;
	}
	batch->route = route;
	batch->starts[batch->count] = start;
	batch->datagrams[batch->count++] = client->open;
}

void wl_channel_close(struct wl_client *client, size_t payload_bytes)
{
	wl_channel_close_appends(client, payload_bytes, (struct wl_window_cursor){0, 0});
}

/* ---- in --------------------------------------------------------------------------------------- */

static bool check_header(struct wl_client *client, const struct wl_datagram *datagram,
			 struct wl_frame_header *header)
{
	enum wl_frame_verdict verdict =
		wl_frame_decode_header(datagram->bytes, datagram->size, header);
	uint32_t node;

	client->counters.other_version += verdict == WL_FRAME_BAD_VERSION;
	if (verdict != WL_FRAME_OK)
		return false;
	node = wl_identity_node(header->sender);
	client->counters.other_cluster += header->cluster != client->cluster;
	return header->cluster == client->cluster && header->destination == client->identity &&
	       header->destination_boot == client->boot_id && header->sender_boot != 0 &&
	       !wl_identity_is_client(header->sender) && node >= 1 && node <= WIRELOG_NODES_MAX &&
	       header->journal == client->options.journal && header->sequence != 0 &&
	       wl_wire_may_say(WL_WIRE_NODE, WL_WIRE_CLIENT, header->type);
}

/* A boot id that we do not know: believed when it comes with the nonce of a question that is still open. */
static bool meet(struct wl_client *client, const struct wl_frame_header *header,
		 const struct wl_datagram *datagram)
{
	uint32_t id = wl_identity_node(header->sender);
	struct wl_client_node *node = &client->nodes[id];
	struct wl_wire_hello_reply reply;
	int route;

	if (header->type != WL_WIRE_HELLO_REPLY)
		return false;
	wl_auth_derive(&client->auth, header->sender, header->sender_boot, &client->scratch_key);
	if (!wl_auth_verify(&client->auth, &client->scratch_key, datagram->bytes, datagram->size)) {
		client->counters.forged++;
		return false;
	}
	if (!wl_wire_decode_hello_reply(datagram->bytes + WL_FRAME_HEADER_BYTES,
					header->payload_bytes, &reply))
		return false;
	route = wl_nodes_route_by_nonce(client, reply.nonce);
	if (route < 0)
		return false;
	if (reply.status !=
	    WIRELOG_OK) { /* of another worker: the node as we know it is not there */
		wl_nodes_on_elsewhere(client, id, route, &reply);
		return false;
	}
	node->key = client->scratch_key;
	node->identity = header->sender;
	node->boot_id = header->sender_boot;
	wl_replay_init(&node->replay);
	wl_nodes_take_boot(client, id, route);
	return true;
}

static bool is_authentic(struct wl_client *client, const struct wl_frame_header *header,
			 const struct wl_datagram *datagram)
{
	const struct wl_client_node *node = &client->nodes[wl_identity_node(header->sender)];

	if (node->identity != header->sender || node->boot_id != header->sender_boot)
		return meet(client, header, datagram);
	if (wl_auth_verify(&client->auth, &node->key, datagram->bytes, datagram->size))
		return true;
	client->counters.forged++;
	return false;
}

bool wl_channel_accept(struct wl_client *client, const struct wl_datagram *datagram,
		       struct wl_client_message *message)
{
	struct wl_frame_header header;
	struct wl_client_node *node;

	client->counters.frames_received++;
	if (!check_header(client, datagram, &header) || !is_authentic(client, &header, datagram)) {
		client->counters.frames_refused++;
		return false;
	}
	node = &client->nodes[wl_identity_node(header.sender)];
	if (!wl_replay_accept(&node->replay, header.sequence)) {
		client->counters.frames_refused++;
		return false;
	}
	node->heard_ns = client->now_ns;
	node->asked = 0;
	client->heard_ns = client->now_ns;
	client->unanswered_ns = 0;
	client->unanswered = 0;
	*message = (struct wl_client_message){
		.type = header.type,
		.node = wl_identity_node(header.sender),
		.payload = datagram->bytes + WL_FRAME_HEADER_BYTES,
		.bytes = header.payload_bytes,
	};
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/endpoint.h"

#include <string.h>

#include "dataplane/base/check.h"

void sim_endpoint_head(struct sim_endpoint *endpoint, unsigned node, uint8_t type,
		       struct wl_frame_header *header)
{
	*header = (struct wl_frame_header){
		.type = type,
		.cluster = endpoint->cluster->cluster,
		.sender = endpoint->identity,
		.destination = wl_identity_of_node(node, endpoint->worker),
		.sender_boot = endpoint->boot_id,
		.destination_boot = type == WL_WIRE_HELLO ? 0 : endpoint->node_boot[node],
		.sequence = ++endpoint->sequence,
		.journal = endpoint->journal,
	};
}

static uint32_t newest_of(const struct sim_cluster *cluster)
{
	const struct wl_keys_held *held = &cluster->client_keys->held;

	return held->id[held->count - 1];
}

void sim_endpoint_send_as(struct sim_endpoint *endpoint, unsigned node,
			  const struct wl_frame_header *header, const uint8_t *payload)
{
	struct sim_station *station = &endpoint->cluster->network.stations[endpoint->station];
	struct wl_frame frame;
	struct wl_address from = {.ipv4 = SIM_IPV4(endpoint->station), .udp_port = 9000};
	struct wl_address to = {.ipv4 = SIM_IPV4(node),
				.udp_port = (uint16_t)(SIM_UDP_PORT + endpoint->worker)};
	size_t datagram = WL_FRAME_HEADER_BYTES + header->payload_bytes;

	/* The client's own stack has asked for the address; it is not what is tested here. */
	sim_network_mac(&endpoint->cluster->network, node, endpoint->station, to.mac);
	memcpy(from.mac, station->links[0].mac, sizeof(from.mac));
	station->port.ops->alloc(&station->port, 0, &frame, 1);
	WL_CHECK(WL_FRAME_ENVELOPE_BYTES + datagram <= frame.size);
	wl_frame_encode_header(frame.bytes + WL_FRAME_ENVELOPE_BYTES, header);
	memcpy(frame.bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES, payload,
	       header->payload_bytes);
	/* Its key file is another one by now. */
	if (endpoint->key.id != newest_of(endpoint->cluster))
		wl_auth_derive_of(endpoint->cluster->client_keys, newest_of(endpoint->cluster),
				  endpoint->identity, endpoint->boot_id, &endpoint->key);
	wl_auth_seal(endpoint->cluster->client_keys, &endpoint->key,
		     frame.bytes + WL_FRAME_ENVELOPE_BYTES, datagram);
	wl_frame_close_envelope(frame.bytes, &from, &to, datagram);
	frame.size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + datagram);
	station->port.ops->tx_burst(&station->port, &frame, 1);
}

void sim_endpoint_send(struct sim_endpoint *endpoint, unsigned node, uint8_t type,
		       const uint8_t *payload, size_t bytes)
{
	struct wl_frame_header header;

	sim_endpoint_head(endpoint, node, type, &header);
	header.payload_bytes = (uint16_t)bytes;
	sim_endpoint_send_as(endpoint, node, &header, payload);
}

void sim_endpoint_greet(struct sim_endpoint *endpoint, unsigned node)
{
	struct wl_wire_hello hello = {.nonce = endpoint->sequence};
	uint8_t payload[WL_WIRE_HELLO_BYTES];

	endpoint->hello_nonce[node] = hello.nonce;
	sim_endpoint_send(endpoint, node, WL_WIRE_HELLO, payload,
			  wl_wire_encode_hello(payload, &hello));
}

/* Boots are counted in the upper half. A lower one is of an earlier boot that comes late, or of data that are new. */
static bool is_late(const struct sim_endpoint *endpoint, unsigned node,
		    const struct wl_frame_header *header, const uint8_t *payload)
{
	struct wl_wire_hello_reply reply;

	return header->sender_boot >> 32 < endpoint->node_boot[node] >> 32 &&
	       !(header->type == WL_WIRE_HELLO_REPLY &&
		 wl_wire_decode_hello_reply(payload, header->payload_bytes, &reply) &&
		 reply.nonce == endpoint->hello_nonce[node]);
}

/* Who is asked to prove that he lives does so at once: all else that he says is for nothing until then. */
static void say_challenge(struct sim_endpoint *endpoint, unsigned node,
			  const struct wl_frame_header *header, const uint8_t *body)
{
	struct wl_wire_hello_reply reply;
	struct wl_wire_keepalive keepalive;
	uint8_t payload[WL_WIRE_KEEPALIVE_BYTES];

	if (header->type != WL_WIRE_HELLO_REPLY ||
	    !wl_wire_decode_hello_reply(body, header->payload_bytes, &reply) ||
	    reply.challenge == 0)
		return;
	keepalive = (struct wl_wire_keepalive){endpoint->sequence, reply.challenge};
	sim_endpoint_send(endpoint, node, WL_WIRE_KEEPALIVE, payload,
			  wl_wire_encode_keepalive(payload, &keepalive));
}

/* Who has a place is sent full frames: these clients' paths carry them. */
static void say_mtu(struct sim_endpoint *endpoint, unsigned node)
{
	struct wl_wire_path_probe probe = {
		.bytes = WL_WIRE_PATH_OVERHEAD_BYTES + WL_WIRE_PATH_PROBE_BYTES,
		.mtu = endpoint->cluster->network.mtu,
	};
	uint8_t payload[WL_WIRE_PATH_PROBE_BYTES];

	sim_endpoint_send(endpoint, node, WL_WIRE_PATH_PROBE, payload,
			  wl_wire_encode_path_probe(payload, &probe));
}

static void take_frame(struct sim_endpoint *endpoint, struct wl_frame *frame)
{
	const struct wl_address ours = {.udp_port = 9000};
	uint8_t *datagram = frame->bytes + WL_FRAME_ENVELOPE_BYTES;
	struct wl_frame_header header;
	const struct wl_auth *keys;
	struct wl_auth_key key;
	struct wl_address from;
	size_t size;
	unsigned node;

	if (wl_frame_open_envelope(frame->bytes, frame->size, &ours, &from, &size) != WL_FRAME_OK ||
	    wl_frame_decode_header(datagram, size, &header) != WL_FRAME_OK ||
	    header.destination != endpoint->identity ||
	    header.destination_boot != endpoint->boot_id)
		return;
	node = wl_identity_node(header.sender);
	if (node == 0 || node > WIRELOG_NODES_MAX ||
	    (header.type != WL_WIRE_HELLO_REPLY && header.sender_boot != endpoint->node_boot[node]))
		return;
	keys = endpoint->cluster->client_keys;
	if (wl_keys_find(&keys->held, header.key_id) == keys->held.count)
		return;
	wl_auth_derive_of(keys, header.key_id, header.sender, header.sender_boot, &key);
	if (!wl_auth_verify(keys, &key, datagram, size))
		return;
	if (is_late(endpoint, node, &header, datagram + WL_FRAME_HEADER_BYTES))
		return;
	endpoint->on_message(endpoint->context, node, &header, datagram + WL_FRAME_HEADER_BYTES);
	endpoint->node_boot[node] = header.sender_boot;
	say_challenge(endpoint, node, &header, datagram + WL_FRAME_HEADER_BYTES);
	if (header.type == WL_WIRE_KEEPALIVE_REPLY)
		say_mtu(endpoint, node);
}

static void on_frame(void *context)
{
	struct sim_endpoint *endpoint = context;
	struct wl_port *port = &endpoint->cluster->network.stations[endpoint->station].port;
	struct wl_frame frame;

	while (port->ops->rx_burst(port, &frame, 1) == 1) {
		take_frame(endpoint, &frame);
		port->ops->rx_release(port, &frame, 1);
	}
}

void sim_endpoint_name(struct sim_endpoint *endpoint, wl_identity identity, uint64_t boot_id)
{
	endpoint->identity = WL_IDENTITY_CLIENT | identity;
	endpoint->boot_id = boot_id;
	memset(endpoint->node_boot, 0, sizeof(endpoint->node_boot));
	wl_auth_derive_of(endpoint->cluster->client_keys, newest_of(endpoint->cluster),
			  endpoint->identity, boot_id, &endpoint->key);
}

void sim_endpoint_open(struct sim_endpoint *endpoint, struct sim_cluster *cluster, unsigned station)
{
	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->cluster = cluster;
	endpoint->station = station;
	cluster->ends[station] = endpoint;
	sim_network_attach(&cluster->network, station, on_frame, endpoint);
}

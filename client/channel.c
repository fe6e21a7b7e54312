/* SPDX-License-Identifier: BSD-3-Clause */
/* Routes, and frames out: written in place, sealed, collected into bursts. */
#include "client/channel.h"

#include "dataplane/base/check.h"
#include "dataplane/base/sentence.h"

void wl_channel_init(struct wl_channel *channel, const struct wl_auth *auth, uint64_t cluster,
		     uint16_t journal)
{
	channel->auth = auth;
	channel->cluster = cluster;
	channel->journal = journal;
	channel->open_route = -1;
	for (uint32_t id = 0; id <= WIRELOG_NODES_MAX; id++)
		channel->nodes[id].route = -1;
}

static void derive_own(struct wl_channel *channel)
{
	const struct wl_keys_held *held = &channel->auth->held;

	WL_CHECK(held->count != 0 && held->count <= WL_KEYS_HELD_MAX);
	for (uint32_t at = 0; at < held->count; at++)
		wl_auth_derive_of(channel->auth, held->id[at], channel->identity, channel->boot_id,
				  &channel->own[at]);
}

void wl_channel_name(struct wl_channel *channel, wl_identity identity, uint64_t boot_id)
{
	WL_CHECK(wl_identity_is_client(identity));
	WL_CHECK(boot_id != 0);
	WL_CHECK(channel->open_route < 0);
	channel->identity = identity;
	channel->boot_id = boot_id;
	channel->sequence = 0;
	derive_own(channel);
}

/* Zeros where nobody was met. */
static void derive_of_node(struct wl_channel *channel, struct wl_channel_node *node)
{
	const struct wl_keys_held *held = &channel->auth->held;

	for (uint32_t at = 0; at < held->count; at++)
		wl_auth_derive_of(channel->auth, held->id[at], node->identity, node->boot_id,
				  &node->keys[at]);
}

/* Who was spoken to under a key that is gone is met anew under another. */
void wl_channel_on_keys(struct wl_channel *channel)
{
	const struct wl_keys_held *held = &channel->auth->held;

	derive_own(channel);
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		struct wl_channel_node *node = &channel->nodes[id];
		uint32_t used = wl_keys_find(held, node->keys[node->held].id);

		WL_CHECK(node->held < WL_KEYS_HELD_MAX);
		node->held = used < held->count ? used : held->count - 1;
		derive_of_node(channel, node);
	}
}

bool wl_channel_lags(const struct wl_channel *channel, uint32_t node)
{
	return channel->nodes[node].held + 1 < channel->auth->held.count;
}

void wl_channel_meet(struct wl_channel *channel, wl_identity identity, uint64_t boot_id,
		     uint32_t held)
{
	struct wl_channel_node *node = &channel->nodes[wl_identity_node(identity)];

	WL_CHECK(wl_identity_node(identity) <= WIRELOG_NODES_MAX);
	WL_CHECK(held < channel->auth->held.count);
	node->identity = identity;
	node->boot_id = boot_id;
	node->held = held;
	derive_of_node(channel, node);
	wl_replay_init(&node->replay);
}

/* ---- routes ----------------------------------------------------------------------------------- */

/* A node may be known by a DPDK address to one client and by a socket address to another: it is the same one. */
static struct wl_transport *transport_for(struct wl_channel *channel, struct wl_endpoint *endpoint)
{
	enum wl_endpoint_kind other = endpoint->kind == WL_ENDPOINT_UDP ? WL_ENDPOINT_DPDK
									: WL_ENDPOINT_UDP;

	if (channel->transports[endpoint->kind] || endpoint->kind == WL_ENDPOINT_MEMIF)
		return channel->transports[endpoint->kind];
	if (channel->transports[other])
		endpoint->kind = other;
	return channel->transports[other];
}

static bool has_route(const struct wl_channel *channel, const struct wl_endpoint *endpoint)
{
	for (unsigned at = 0; at < channel->route_count; at++) {
		if (wl_endpoint_is_equal(&channel->routes[at].endpoint, endpoint))
			return true;
	}
	return false;
}

int wl_channel_add_route(struct wl_channel *channel, const struct wl_endpoint *wanted, char *reason,
			 size_t reason_bytes)
{
	struct wl_sentence sentence = wl_sentence_begin(reason, reason_bytes);
	struct wl_endpoint endpoint = *wanted;
	struct wl_transport *transport = transport_for(channel, &endpoint);
	int link;

	if (!transport) {
		wl_sentence_add(&sentence, "no transport of this endpoint's kind is open");
		return WIRELOG_INVALID_ARGUMENT;
	}
	if (has_route(channel, &endpoint))
		return WIRELOG_OK;
	if (channel->route_count == WL_ENDPOINTS_MAX) {
		wl_sentence_add(&sentence, "more than 16 endpoints");
		return WIRELOG_INVALID_ARGUMENT;
	}
	link = transport->ops->add(transport, &endpoint, reason, reason_bytes);
	if (link < 0)
		return link;
	channel->routes[channel->route_count++] = (struct wl_route){
		.transport = transport,
		.link = (uint16_t)link,
		.endpoint = endpoint,
	};
	return WIRELOG_OK;
}

int wl_channel_route_by_nonce(const struct wl_channel *channel, uint64_t nonce)
{
	for (unsigned at = 0; nonce != 0 && at < channel->route_count; at++) {
		if (channel->routes[at].nonce == nonce)
			return (int)at;
	}
	return -1;
}

bool wl_channel_reaches(const struct wl_channel *channel, uint32_t node)
{
	return node != 0 && channel->nodes[node].identity != 0 && channel->nodes[node].route >= 0;
}

/* ---- one frame -------------------------------------------------------------------------------- */

static uint8_t *open_frame(struct wl_channel *channel, unsigned route, uint8_t type, size_t *room)
{
	struct wl_transport *transport = channel->routes[route].transport;
	uint16_t link = channel->routes[route].link;

	WL_CHECK(channel->open_route < 0);
	WL_CHECK(route < channel->route_count);
	if (!transport->ops->is_up(transport, link) ||
	    !transport->ops->alloc(transport, link, &channel->open))
		return NULL;
	channel->open_route = (int)route;
	channel->open_header = (struct wl_frame_header){
		.type = type,
		.journal = channel->journal,
		.cluster = channel->cluster,
		.sender = channel->identity,
		.sender_boot = channel->boot_id,
	};
	WL_CHECK(channel->open.size > WL_FRAME_HEADER_BYTES);
	*room = channel->open.size - WL_FRAME_HEADER_BYTES;
	return channel->open.bytes + WL_FRAME_HEADER_BYTES;
}

uint8_t *wl_channel_open_route(struct wl_channel *channel, unsigned route, uint8_t type,
			       size_t *room)
{
	const uint32_t count = channel->auth->held.count;

	WL_CHECK(count != 0);
	/* Destination 0, of boot id 0: whoever you are. The newest key first, then in turn: which one is in force is not known. */
	channel->open_held = count - 1 - channel->routes[route].asked++ % count;
	return open_frame(channel, route, type, room);
}

static uint8_t *open_to_node(struct wl_channel *channel, uint32_t node, uint8_t type, size_t *room)
{
	const struct wl_channel_node *to = &channel->nodes[node];
	uint8_t *payload;

	WL_CHECK(node <= WIRELOG_NODES_MAX);
	if (to->identity == 0 || to->route < 0)
		return NULL;
	channel->open_held = to->held;
	payload = open_frame(channel, (unsigned)to->route, type, room);
	channel->open_header.destination = to->identity;
	channel->open_header.destination_boot = to->boot_id;
	return payload;
}

uint8_t *wl_channel_open(struct wl_channel *channel, uint32_t node, uint8_t type, size_t *room)
{
	uint16_t mtu = channel->nodes[node].mtu;
	size_t limit = wl_wire_payload_of(mtu != 0 ? mtu : WIRELOG_MTU_MIN);
	uint8_t *payload = open_to_node(channel, node, type, room);

	if (payload && *room > limit)
		*room = limit;
	return payload;
}

uint8_t *wl_channel_open_probe(struct wl_channel *channel, uint32_t node, size_t *room)
{
	return open_to_node(channel, node, WL_WIRE_PATH_PROBE, room);
}

void wl_channel_abandon(struct wl_channel *channel)
{
	struct wl_transport *transport = channel->routes[channel->open_route].transport;

	WL_CHECK(channel->open_route >= 0);
	transport->ops->drop(transport, &channel->open, 1);
	channel->open_route = -1;
}

static void seal(struct wl_channel *channel, size_t payload_bytes)
{
	WL_CHECK(payload_bytes + WL_FRAME_HEADER_BYTES <= channel->open.size);
	WL_CHECK(channel->open_held < channel->auth->held.count);
	channel->open_header.payload_bytes = (uint16_t)payload_bytes;
	channel->open_header.sequence = ++channel->sequence;
	channel->open.size = (uint16_t)(WL_FRAME_HEADER_BYTES + payload_bytes);
	wl_frame_encode_header(channel->open.bytes, &channel->open_header);
	wl_auth_seal(channel->auth, &channel->own[channel->open_held], channel->open.bytes,
		     channel->open.size);
}

/* ---- bursts ----------------------------------------------------------------------------------- */

void wl_channel_flush(struct wl_channel *channel)
{
	struct wl_channel_batch *batch = &channel->batch;
	struct wl_transport *transport;
	unsigned taken;

	if (batch->count == 0)
		return;
	transport = channel->routes[batch->route].transport;
	taken = transport->ops->send(transport, batch->datagrams, batch->count);
	WL_CHECK(taken <= batch->count);
	channel->counters.frames_sent += taken;
	for (unsigned at = taken; at < batch->count && channel->refused.sequence == 0; at++)
		channel->refused = batch->tags[at];
	if (taken < batch->count)
		transport->ops->drop(transport, batch->datagrams + taken, batch->count - taken);
	batch->count = 0;
}

void wl_channel_close_tagged(struct wl_channel *channel, size_t payload_bytes,
			     struct wl_channel_tag tag)
{
	struct wl_channel_batch *batch = &channel->batch;
	int route = channel->open_route;
	struct wl_transport *transport;

	WL_CHECK(route >= 0);
	transport = channel->routes[route].transport;
	seal(channel, payload_bytes);
	channel->open_route = -1;
	if (batch->count == WL_TRANSPORT_BURST || (batch->count != 0 && batch->route != route))
		wl_channel_flush(channel);
	/* What stands before it was not taken and goes first: this one would only be refused as out of order. */
	if (tag.sequence != 0 && channel->refused.sequence != 0) {
		transport->ops->drop(transport, &channel->open, 1);
		return;
	}
	WL_CHECK(batch->count < WL_TRANSPORT_BURST);
	batch->route = route;
	batch->tags[batch->count] = tag;
	batch->datagrams[batch->count++] = channel->open;
}

void wl_channel_close(struct wl_channel *channel, size_t payload_bytes)
{
	wl_channel_close_tagged(channel, payload_bytes, (struct wl_channel_tag){0, 0});
}

bool wl_channel_take_refused(struct wl_channel *channel, struct wl_channel_tag *tag)
{
	*tag = channel->refused;
	channel->refused = (struct wl_channel_tag){0, 0};
	return tag->sequence != 0;
}

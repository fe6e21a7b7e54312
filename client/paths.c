/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How large frames pass to each node, and back (dataplane/wire/path.h). A path that carries less than both links do drops full
 * frames and nothing else: the leader would be sent the same frame for ever, and a reader would ask for the same records for ever. We find
 * out for both directions, so that a node need not keep a machine for each of thousands of clients: a probe of a size asks
 * for a short echo, a short probe asks for an echo of a size, a short one with a short echo says that anything passes at all;
 * and every probe tells the node how large frames it may send to us.
 *
 * Only paths that are used are probed: to the leader while an answer of it is awaited, to the node that we read from. Often until it
 * is known what passes, and when a probe or something else was lost; then once a second.
 *
 * A round ends when its short echo is there and as much time again has passed: what was sent before it is lost then, or was overtaken.
 */
#include <string.h>

#include "client/client.h"

#define ROUND_NS (1 * WL_SECOND_NS)
#define ROUND_IN_DOUBT_NS (20 * WL_MS_NS)
#define PATIENCE_NS_MIN (100 * WL_MS_NS) /* for a short echo, */
#define PATIENCE_NS (500 * WL_MS_NS) /* as long as none has ever come */

static void send_probe(struct wl_client *client, uint32_t id, uint16_t bytes, uint16_t echo_bytes)
{
	const struct wl_client_node *node = &client->nodes[id];
	struct wl_wire_path_probe probe = {node->to.round, bytes, echo_bytes, node->from.mtu};
	size_t size = wl_wire_payload_of(bytes), room;
	uint8_t *payload = wl_channel_open_probe(client, id, &room);

	if (!payload)
		return;
	if (size > room) {
		wl_channel_abandon(client);
		return;
	}
	memset(payload, 0, size);
	wl_wire_encode_path_probe(payload, &probe);
	wl_channel_close(client, size);
}

/* The short one last: when it comes back, the others had their time. */
static void send_probes(struct wl_client *client, uint32_t id)
{
	const struct wl_client_node *node = &client->nodes[id];

	for (unsigned size = 0; size < WL_PATH_SIZES; size++) {
		uint16_t to = node->to.sizes[size].bytes, from = node->from.sizes[size].bytes;

		if (wl_path_wants(&node->to, size) && to != WL_PATH_SHORTEST_BYTES)
			send_probe(client, id, to, WL_PATH_SHORTEST_BYTES);
		if (wl_path_wants(&node->from, size) && from != WL_PATH_SHORTEST_BYTES)
			send_probe(client, id, WL_PATH_SHORTEST_BYTES, from);
	}
	send_probe(client, id, WL_PATH_SHORTEST_BYTES, WL_PATH_SHORTEST_BYTES);
}

/* What both links carry, ours and the node's; 0: ours is down. */
static uint16_t mtu_of_links(struct wl_client *client, uint32_t id)
{
	uint16_t theirs = client->nodes[id].mtu;
	size_t room, ours;

	if (!wl_channel_open_probe(client, id, &room))
		return 0;
	wl_channel_abandon(client);
	ours = room + WL_WIRE_PATH_OVERHEAD_BYTES;
	return ours < theirs ? (uint16_t)ours : theirs;
}

/* A direction of which nothing is known now is left as it was told last. */
static bool note_known(struct wl_path *path)
{
	bool is_news = wl_path_has_news(path);
	uint16_t mtu = wl_path_known_mtu(path);

	if (mtu != 0)
		path->told_mtu = mtu;
	return is_news;
}

static void tell(struct wl_client *client, uint32_t id)
{
	struct wl_client_node *node = &client->nodes[id];
	bool is_news = note_known(&node->to);
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_PATH_MTU,
		.node = id,
		.term = client->term,
	};

	is_news |= note_known(&node->from);
	event.mtu_to = node->to.told_mtu ? node->to.told_mtu : node->to.link_mtu;
	event.mtu_from = node->from.told_mtu ? node->from.told_mtu : node->from.link_mtu;
	if (event.mtu_to < node->to.link_mtu || event.mtu_from < node->from.link_mtu)
		event.status = WIRELOG_PATH_MTU;
	if (is_news)
		wl_engine_tell(client, &event);
}

static bool is_known(const struct wl_path *path)
{
	return wl_path_is_settled(path) && !wl_path_awaits(path);
}

static bool is_round_over(const struct wl_client *client, const struct wl_client_node *node)
{
	bool is_settled = is_known(&node->to) && is_known(&node->from);
	uint64_t least_ns = is_settled ? ROUND_NS : ROUND_IN_DOUBT_NS;
	uint64_t since_ns = client->now_ns - node->to.round_ns;
	uint64_t patience_ns = 2 * node->path_rtt_ns;

	if (!wl_path_has_short_echo(&node->to)) {
		patience_ns = node->path_rtt_ns != 0 ? 2 * patience_ns : PATIENCE_NS;
		if (patience_ns < PATIENCE_NS_MIN)
			patience_ns = PATIENCE_NS_MIN;
	}
	return since_ns >= least_ns && since_ns >= patience_ns;
}

static void probe(struct wl_client *client, uint32_t id)
{
	struct wl_client_node *node = &client->nodes[id];
	bool is_new = node->to.boot_id != node->boot_id || node->path_route != node->route;
	uint16_t mtu;

	if (node->mtu == 0 || node->challenge != 0 || (!is_new && !is_round_over(client, node)))
		return;
	mtu = mtu_of_links(client, id);
	if (mtu == 0)
		return;
	if (is_new || node->to.link_mtu != mtu) {
		wl_path_begin(&node->to, node->boot_id, mtu);
		wl_path_begin(&node->from, node->boot_id, mtu);
		node->path_route = node->route;
	}
	wl_path_next_round(&node->to, client->now_ns);
	wl_path_next_round(&node->from, client->now_ns);
	tell(client, id);
	send_probes(client, id);
}

void wl_paths_poll(struct wl_client *client)
{
	uint32_t reads = client->subscriber.state != WL_SUBSCRIBER_OFF ? client->subscriber.node
								       : 0;
	uint32_t leader = wl_sender_waits_since(client) != 0 ? client->leader : 0;

	if (wl_nodes_is_greeted(client, leader))
		probe(client, leader);
	if (reads != leader && wl_nodes_is_greeted(client, reads))
		probe(client, reads);
}

/* An echo says of one direction that a size passes, or of both that anything does. */
void wl_paths_on_echo(struct wl_client *client, const struct wl_client_message *message)
{
	struct wl_client_node *node = &client->nodes[message->node];
	uint16_t before = node->from.mtu;
	struct wl_wire_path_echo echo;

	if (!wl_wire_decode_path_echo(message->payload, message->bytes, &echo) ||
	    node->to.boot_id != node->boot_id || echo.round != node->to.round)
		return;
	if (echo.bytes == WL_PATH_SHORTEST_BYTES && echo.echo_bytes == WL_PATH_SHORTEST_BYTES &&
	    !wl_path_has_short_echo(&node->to))
		node->path_rtt_ns = client->now_ns - node->to.round_ns;
	if (echo.echo_bytes == WL_PATH_SHORTEST_BYTES)
		wl_path_on_echo(&node->to, echo.round, echo.bytes);
	if (echo.bytes == WL_PATH_SHORTEST_BYTES)
		wl_path_on_echo(&node->from, echo.round, echo.echo_bytes);
	/* The node is to know at once that it may send larger frames. */
	if (node->from.mtu > before)
		send_probe(client, message->node, WL_PATH_SHORTEST_BYTES, WL_PATH_SHORTEST_BYTES);
}

void wl_paths_doubt(struct wl_client *client, uint32_t id)
{
	struct wl_client_node *node = &client->nodes[id];

	if (node->to.boot_id == 0 || client->now_ns - node->doubted_ns < ROUND_IN_DOUBT_NS)
		return;
	node->doubted_ns = client->now_ns;
	wl_path_doubt(&node->to);
	wl_path_doubt(&node->from);
	if (wl_nodes_is_greeted(client, id))
		send_probes(client, id);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Only paths that are used are probed. Often until it is known what passes, and when a probe or something else was lost; then once a
 * second.
 *
 * A round ends when its short echo is there and as much time again has passed: what was sent before it is lost then, or was overtaken.
 */
#include "client/paths.h"

#include <string.h>

#include "dataplane/base/check.h"

#define ROUND_NS (1 * WL_SECOND_NS)
#define ROUND_IN_DOUBT_NS (20 * WL_MS_NS)
#define PATIENCE_NS_MIN (100 * WL_MS_NS) /* for a short echo, */
#define PATIENCE_NS (500 * WL_MS_NS) /* as long as none has ever come */

void wl_paths_init(struct wl_paths *paths, struct wl_environment *environment,
		   struct wl_channel *channel, const struct wl_nodes *nodes)
{
	paths->environment = environment;
	paths->channel = channel;
	paths->nodes = nodes;
}

static void limit_frames(struct wl_paths *paths, uint32_t id)
{
	WL_CHECK(id >= 1 && id <= WIRELOG_NODES_MAX);
	paths->channel->nodes[id].mtu = paths->pairs[id].to.mtu;
}

static void send_probe(struct wl_paths *paths, uint32_t id, uint16_t bytes, uint16_t echo_bytes)
{
	const struct wl_paths_pair *pair = &paths->pairs[id];
	struct wl_wire_path_probe probe = {pair->to.round, bytes, echo_bytes, pair->from.mtu};
	size_t size = wl_wire_payload_of(bytes), room;
	uint8_t *payload = wl_channel_open_probe(paths->channel, id, &room);

	WL_CHECK(bytes == WL_PATH_SHORTEST_BYTES || echo_bytes == WL_PATH_SHORTEST_BYTES);
	if (!payload)
		return;
	if (size > room) {
		wl_channel_abandon(paths->channel);
		return;
	}
	memset(payload, 0, size);
	wl_wire_encode_path_probe(payload, &probe);
	wl_channel_close(paths->channel, size);
}

/* The short one last: when it comes back, the others had their time. */
static void send_probes(struct wl_paths *paths, uint32_t id)
{
	const struct wl_paths_pair *pair = &paths->pairs[id];

	for (unsigned size = 0; size < WL_PATH_SIZES; size++) {
		uint16_t to = pair->to.sizes[size].bytes, from = pair->from.sizes[size].bytes;

		if (wl_path_wants(&pair->to, size) && to != WL_PATH_SHORTEST_BYTES)
			send_probe(paths, id, to, WL_PATH_SHORTEST_BYTES);
		if (wl_path_wants(&pair->from, size) && from != WL_PATH_SHORTEST_BYTES)
			send_probe(paths, id, WL_PATH_SHORTEST_BYTES, from);
	}
	send_probe(paths, id, WL_PATH_SHORTEST_BYTES, WL_PATH_SHORTEST_BYTES);
}

/* What both links carry, ours and the node's; 0: ours is down. */
static uint16_t mtu_of_links(struct wl_paths *paths, uint32_t id)
{
	uint16_t theirs = paths->nodes->nodes[id].link_mtu;
	size_t room, ours;

	if (!wl_channel_open_probe(paths->channel, id, &room))
		return 0;
	wl_channel_abandon(paths->channel);
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

static void tell(struct wl_paths *paths, uint32_t id)
{
	struct wl_paths_pair *pair = &paths->pairs[id];
	bool is_news = note_known(&pair->to);
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_PATH_MTU,
		.node = id,
		.term = paths->nodes->leadership.term,
	};

	is_news |= note_known(&pair->from);
	event.mtu_to = pair->to.told_mtu ? pair->to.told_mtu : pair->to.link_mtu;
	event.mtu_from = pair->from.told_mtu ? pair->from.told_mtu : pair->from.link_mtu;
	if (event.mtu_to < pair->to.link_mtu || event.mtu_from < pair->from.link_mtu)
		event.status = WIRELOG_PATH_MTU;
	if (is_news)
		wl_environment_tell(paths->environment, &event);
}

static bool is_known(const struct wl_path *path)
{
	return wl_path_is_settled(path) && !wl_path_awaits(path);
}

static bool is_round_over(const struct wl_paths *paths, const struct wl_paths_pair *pair)
{
	bool is_settled = is_known(&pair->to) && is_known(&pair->from);
	uint64_t least_ns = is_settled ? ROUND_NS : ROUND_IN_DOUBT_NS;
	uint64_t since_ns = paths->environment->now_ns - pair->to.round_ns;
	uint64_t patience_ns = 2 * pair->rtt_ns;

	if (!wl_path_has_short_echo(&pair->to)) {
		patience_ns = pair->rtt_ns != 0 ? 2 * patience_ns : PATIENCE_NS;
		if (patience_ns < PATIENCE_NS_MIN)
			patience_ns = PATIENCE_NS_MIN;
	}
	return since_ns >= least_ns && since_ns >= patience_ns;
}

static void probe(struct wl_paths *paths, uint32_t id)
{
	const struct wl_channel_node *node = &paths->channel->nodes[id];
	struct wl_paths_pair *pair = &paths->pairs[id];
	bool is_new = pair->to.boot_id != node->boot_id || pair->route != node->route;
	uint16_t mtu;

	if (paths->nodes->nodes[id].link_mtu == 0 || paths->nodes->nodes[id].challenge != 0 ||
	    (!is_new && !is_round_over(paths, pair)))
		return;
	mtu = mtu_of_links(paths, id);
	if (mtu == 0)
		return;
	if (is_new || pair->to.link_mtu != mtu) {
		wl_path_begin(&pair->to, node->boot_id, mtu);
		wl_path_begin(&pair->from, node->boot_id, mtu);
		pair->route = node->route;
	}
	wl_path_next_round(&pair->to, paths->environment->now_ns);
	wl_path_next_round(&pair->from, paths->environment->now_ns);
	limit_frames(paths, id);
	tell(paths, id);
	send_probes(paths, id);
}

void wl_paths_poll(struct wl_paths *paths, uint32_t leader, uint32_t reads)
{
	if (wl_channel_reaches(paths->channel, leader))
		probe(paths, leader);
	if (reads != leader && wl_channel_reaches(paths->channel, reads))
		probe(paths, reads);
}

/* An echo says of one direction that a size passes, or of both that anything does. */
void wl_paths_on_echo(struct wl_paths *paths, const struct wl_channel_message *message)
{
	struct wl_paths_pair *pair = &paths->pairs[message->node];
	uint16_t before = pair->from.mtu;
	struct wl_wire_path_echo echo;

	if (!wl_wire_decode_path_echo(message->payload, message->bytes, &echo) ||
	    pair->to.boot_id != paths->channel->nodes[message->node].boot_id ||
	    echo.round != pair->to.round)
		return;
	if (echo.bytes == WL_PATH_SHORTEST_BYTES && echo.echo_bytes == WL_PATH_SHORTEST_BYTES &&
	    !wl_path_has_short_echo(&pair->to))
		pair->rtt_ns = paths->environment->now_ns - pair->to.round_ns;
	if (echo.echo_bytes == WL_PATH_SHORTEST_BYTES)
		wl_path_on_echo(&pair->to, echo.round, echo.bytes);
	if (echo.bytes == WL_PATH_SHORTEST_BYTES)
		wl_path_on_echo(&pair->from, echo.round, echo.echo_bytes);
	limit_frames(paths, message->node);
	/* The node is to know at once that it may send larger frames. */
	if (pair->from.mtu > before)
		send_probe(paths, message->node, WL_PATH_SHORTEST_BYTES, WL_PATH_SHORTEST_BYTES);
}

void wl_paths_doubt(struct wl_paths *paths, uint32_t id)
{
	struct wl_paths_pair *pair = &paths->pairs[id];

	if (pair->to.boot_id == 0 ||
	    paths->environment->now_ns - pair->doubted_ns < ROUND_IN_DOUBT_NS)
		return;
	pair->doubted_ns = paths->environment->now_ns;
	wl_path_doubt(&pair->to);
	wl_path_doubt(&pair->from);
	limit_frames(paths, id);
	if (wl_channel_reaches(paths->channel, id))
		send_probes(paths, id);
}

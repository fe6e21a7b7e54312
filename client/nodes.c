/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is there: routes and which of them is used, what a node told of itself, whether it has a place for us. */
#include "client/nodes.h"

#include <string.h>

#include "client/nodes_internal.h"
#include "dataplane/base/check.h"

#define SILENT_ROUTE_NS (200 * WL_MS_NS)

void wl_nodes_init(struct wl_nodes *nodes, struct wl_environment *environment,
		   struct wl_channel *channel)
{
	nodes->environment = environment;
	nodes->channel = channel;
	nodes->record_bytes_max = WIRELOG_RECORD_BYTES_MAX;
}

/* ---- ways ------------------------------------------------------------------------------------- */

int wl_nodes_add_route(struct wl_nodes *nodes, const struct wl_endpoint *endpoint, char *reason,
		       size_t reason_bytes)
{
	unsigned at = nodes->channel->route_count;
	int status = wl_channel_add_route(nodes->channel, endpoint, reason, reason_bytes);

	WL_CHECK(nodes->channel->route_count == at || nodes->channel->route_count == at + 1);
	if (nodes->channel->route_count != at)
		nodes->hellos[at] = (struct wl_hello){.pause_ns = WL_NODES_HELLO_PAUSE_NS_MIN};
	return status;
}

/* Every way to a node is asked at once: one whose question stays open while another answers does not lead there. */
static bool is_silent(const struct wl_nodes *nodes, int at)
{
	return nodes->channel->routes[at].nonce != 0 &&
	       nodes->environment->now_ns - nodes->hellos[at].asked_ns > SILENT_ROUTE_NS;
}

/* It is asked again now and then. */
static void ask_seldom(struct wl_nodes *nodes, int at)
{
	nodes->hellos[at].pause_ns = WL_NODES_HELLO_PAUSE_NS_MAX;
	nodes->hellos[at].due_ns = nodes->environment->now_ns + WL_NODES_HELLO_PAUSE_NS_MAX;
}

/* The way that just answered; another one is kept as long as it is alive. */
static void take_route(struct wl_nodes *nodes, uint32_t id, int at)
{
	struct wl_channel_node *known = nodes->channel->nodes;
	struct wl_hello *hello = &nodes->hellos[at];

	WL_CHECK(id >= 1 && id <= WIRELOG_NODES_MAX);
	WL_CHECK(at >= 0 && (unsigned)at < nodes->channel->route_count);
	if (hello->node != 0 && hello->node != id && known[hello->node].route == at)
		known[hello->node].route = -1;
	hello->node = id;
	hello->pause_ns = WL_NODES_HELLO_PAUSE_NS_MIN;
	nodes->channel->routes[at].nonce = 0;
	if (known[id].route < 0 || nodes->hellos[known[id].route].node != id ||
	    is_silent(nodes, known[id].route))
		known[id].route = at;
	/* A question that somebody carried to another node is answered by that one. */
	if (known[id].route != at)
		ask_seldom(nodes, at);
}

static void learn_members(struct wl_nodes *nodes, const struct wl_wire_hello_reply *reply)
{
	for (uint32_t at = 0; at < reply->member_count; at++) {
		const char *text = reply->members[at].endpoint;
		struct wl_endpoint endpoint;

		nodes->members = wl_members_with(nodes->members, reply->members[at].node);

		/* A relative path means nothing outside of the node's own directory. */
		if (!wl_endpoint_parse(text, strlen(text), &endpoint) ||
		    (endpoint.kind == WL_ENDPOINT_MEMIF && endpoint.path[0] != '/' &&
		     endpoint.path[0] != '@'))
			continue;
		wl_nodes_add_route(nodes, &endpoint, NULL, 0);
	}
}

/* ---- what was heard --------------------------------------------------------------------------- */

void wl_nodes_on_heard(struct wl_nodes *nodes, uint32_t id)
{
	WL_CHECK(id >= 1 && id <= WIRELOG_NODES_MAX);
	nodes->nodes[id].heard_ns = nodes->environment->now_ns;
	nodes->nodes[id].asked = 0;
	nodes->heard_ns = nodes->environment->now_ns;
	nodes->unanswered_ns = 0;
	nodes->unanswered = 0;
}

void wl_nodes_on_boot(struct wl_nodes *nodes, const struct wl_channel_message *message)
{
	struct wl_node *node = &nodes->nodes[message->node];
	struct wl_wire_hello_reply reply;
	bool is_restart = wl_members_has(nodes->answered, message->node);
	int route;

	if (!wl_wire_decode_hello_reply(message->payload, message->bytes, &reply))
		return;
	route = wl_channel_route_by_nonce(nodes->channel, reply.nonce);
	if (!is_restart)
		nodes->channel->nodes[message->node].route = -1;
	node->term = 0; /* its data may have been lost */
	node->leads_not = false;
	take_route(nodes, message->node, route);
	nodes->channel->nodes[message->node].route = route;
	nodes->answered = wl_members_with(nodes->answered, message->node);
	/* Frames for its last boot are dropped unseen. */
	if (is_restart && message->node == nodes->leadership.leader)
		wl_nodes_restart_leadership(nodes);
}

/* The new way is greeted at once; this one now and then, it may be given the journal. */
void wl_nodes_on_elsewhere(struct wl_nodes *nodes, const struct wl_channel_message *message)
{
	struct wl_elsewhere *elsewhere = &nodes->elsewhere;
	struct wl_wire_hello_reply reply;
	int route;

	if (!wl_wire_decode_hello_reply(message->payload, message->bytes, &reply))
		return;
	route = wl_channel_route_by_nonce(nodes->channel, reply.nonce);
	WL_CHECK(route >= 0); /* the channel looked for it */
	nodes->channel->routes[route].nonce = 0;
	ask_seldom(nodes, route);
	if (elsewhere->since_ns == 0)
		elsewhere->since_ns = nodes->environment->now_ns;
	elsewhere->status = reply.status;
	elsewhere->node = message->node;
	elsewhere->endpoint[0] = '\0';
	if (reply.status == WIRELOG_JOURNAL_ELSEWHERE && reply.member_count != 0)
		memcpy(elsewhere->endpoint, reply.members[0].endpoint, sizeof(elsewhere->endpoint));
	learn_members(nodes, &reply);
}

void wl_nodes_on_hello_reply(struct wl_nodes *nodes, uint32_t id,
			     const struct wl_wire_hello_reply *reply)
{
	struct wl_node *node = &nodes->nodes[id];
	int route = wl_channel_route_by_nonce(nodes->channel, reply->nonce);

	WL_CHECK(id >= 1 && id <= WIRELOG_NODES_MAX);
	if (route >= 0)
		take_route(nodes, id, route);
	wl_nodes_note_commit(nodes, id, reply->commit_number);
	node->first_number = reply->first_number;
	node->history = reply->history_id;
	if (reply->mtu != 0)
		node->link_mtu = reply->mtu;
	if (reply->record_bytes_max != 0)
		nodes->record_bytes_max = reply->record_bytes_max;
}

/* Whether the node knows us: all else that we say is for nothing until it does. */
bool wl_nodes_take_place(struct wl_nodes *nodes, uint32_t id,
			 const struct wl_wire_hello_reply *reply)
{
	WL_CHECK(id >= 1 && id <= WIRELOG_NODES_MAX);
	nodes->nodes[id].challenge = reply->challenge;
	if (reply->challenge != 0) {
		wl_nodes_say_keepalive(nodes, id);
		return false;
	}
	if (reply->status == WIRELOG_OK) {
		nodes->served = wl_members_with(nodes->served, id);
		nodes->turned_away = wl_members_without(nodes->turned_away, id);
		return false;
	}
	nodes->turned_away = wl_members_with(nodes->turned_away, id);
	if (nodes->turned_away_ns == 0)
		nodes->turned_away_ns = nodes->environment->now_ns;
	/* Others may serve us, and yet it alone could take appends. */
	return reply->status == WIRELOG_TOO_MANY_CLIENTS && id == nodes->leadership.leader &&
	       reply->leader == id;
}

void wl_nodes_learn_others(struct wl_nodes *nodes, uint32_t id,
			   const struct wl_wire_hello_reply *reply)
{
	learn_members(nodes, reply);
	wl_nodes_learn_leader(nodes, id, reply->leader, reply->term);
}

void wl_nodes_note_commit(struct wl_nodes *nodes, uint32_t id, uint64_t commit_number)
{
	WL_CHECK(id >= 1 && id <= WIRELOG_NODES_MAX);
	if (commit_number > nodes->nodes[id].commit_number)
		nodes->nodes[id].commit_number = commit_number;
}

/* ---- coming and going ------------------------------------------------------------------------- */

void wl_nodes_say_goodbye(struct wl_nodes *nodes)
{
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		size_t room;

		if (wl_members_has(nodes->served, id) &&
		    wl_channel_open(nodes->channel, id, WL_WIRE_GOODBYE, &room))
			wl_channel_close(nodes->channel, 0);
	}
	nodes->served = 0;
}

/* Who was told that nobody answers is told when somebody does. */
bool wl_nodes_is_silence_news(struct wl_nodes *nodes)
{
	bool is_lost = nodes->unanswered_ns != 0 && nodes->unanswered >= 10 &&
		       nodes->environment->now_ns - nodes->unanswered_ns > WL_NODES_LOST_NS;
	bool before = nodes->is_silent;

	if (is_lost)
		nodes->is_silent = true;
	else if (nodes->unanswered_ns == 0)
		nodes->is_silent = false;
	return nodes->is_silent != before;
}

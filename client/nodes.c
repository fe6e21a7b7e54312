/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is there and who leads. Every node is known by its id, every way to one by its endpoint. HELLO asks
 * whoever is at an endpoint for its boot; KEEPALIVE asks a node that is known. Both are answered with the leadership
 * as that node sees it, and with the members' endpoints.
 *
 * A leader is silent when an answer of it is due (an append, a session, a question) and nothing came. After
 * WL_CLIENT_SILENCE_NS it is asked, after WL_CLIENT_SUSPECT_NS everybody is. A leadership of a higher term
 * replaces what is known; an equal one only fills a gap. Appends that went to a node which no longer leads cost a refusal or
 * a resend, never a wrong answer.
 *
 * That a node knows no leader is a reason to ask, and never an answer: a node that was cut off and stood for election in
 * vain has a higher term than the leader whom a majority follows. Only the leader itself can say that it leads no
 * more. What a node says of its own term ends its leaderships of earlier ones, whoever still tells of them.
 */
#include <string.h>

#include "client/client.h"
#include "dataplane/base/sentence.h"

#define HELLO_PAUSE_NS_MIN (10 * WL_MS_NS)
#define HELLO_PAUSE_NS_MAX (1 * WL_SECOND_NS)
#define HELLO_HURRY_NS (20 * WL_MS_NS)
#define SILENT_ROUTE_NS (200 * WL_MS_NS)
#define HELLO_EVERY 3u /* of the questions to a silent node: it may have been started again */

/* ---- ways ------------------------------------------------------------------------------------- */

/* A node may be known by a DPDK address to one client and by a socket address to another: it is the same one. */
static struct wl_transport *transport_for(struct wl_client *client, struct wl_endpoint *endpoint)
{
	enum wl_endpoint_kind other = endpoint->kind == WL_ENDPOINT_UDP ? WL_ENDPOINT_DPDK
									: WL_ENDPOINT_UDP;

	if (client->transports[endpoint->kind] || endpoint->kind == WL_ENDPOINT_MEMIF)
		return client->transports[endpoint->kind];
	if (client->transports[other])
		endpoint->kind = other;
	return client->transports[other];
}

static bool has_route(const struct wl_client *client, const struct wl_endpoint *endpoint)
{
	for (unsigned at = 0; at < client->route_count; at++) {
		if (wl_endpoint_is_equal(&client->routes[at].endpoint, endpoint))
			return true;
	}
	return false;
}

int wl_nodes_add_route(struct wl_client *client, const struct wl_endpoint *wanted, char *reason,
		       size_t reason_bytes)
{
	struct wl_sentence sentence = wl_sentence_begin(reason, reason_bytes);
	struct wl_endpoint endpoint = *wanted;
	struct wl_transport *transport = transport_for(client, &endpoint);
	struct wl_route *route;
	int link;

	if (!transport) {
		wl_sentence_add(&sentence, "no transport of this endpoint's kind is open");
		return WIRELOG_INVALID_ARGUMENT;
	}
	if (has_route(client, &endpoint))
		return WIRELOG_OK;
	if (client->route_count == WL_ENDPOINTS_MAX) {
		wl_sentence_add(&sentence, "more than 16 endpoints");
		return WIRELOG_INVALID_ARGUMENT;
	}
	link = transport->ops->add(transport, &endpoint, reason, reason_bytes);
	if (link < 0)
		return link;
	route = &client->routes[client->route_count++];
	*route = (struct wl_route){
		.transport = transport,
		.link = (uint16_t)link,
		.endpoint = endpoint,
		.hello_pause_ns = HELLO_PAUSE_NS_MIN,
	};
	return WIRELOG_OK;
}

int wl_nodes_route_by_nonce(const struct wl_client *client, uint64_t nonce)
{
	for (unsigned at = 0; nonce != 0 && at < client->route_count; at++) {
		if (client->routes[at].hello_nonce == nonce)
			return (int)at;
	}
	return -1;
}

/* Every way to a node is asked at once: one whose question stays open while another answers does not lead there. */
static bool is_silent(const struct wl_client *client, const struct wl_route *route)
{
	return route->hello_nonce != 0 && client->now_ns - route->hello_asked_ns > SILENT_ROUTE_NS;
}

/* The way that just answered; another one is kept as long as it is alive. */
static void take_route(struct wl_client *client, uint32_t id, int at)
{
	struct wl_client_node *node = &client->nodes[id];
	struct wl_route *route = &client->routes[at];

	if (route->node != 0 && route->node != id && client->nodes[route->node].route == at)
		client->nodes[route->node].route = -1;
	route->node = id;
	route->hello_nonce = 0;
	route->hello_pause_ns = HELLO_PAUSE_NS_MIN;
	if (node->route < 0 || client->routes[node->route].node != id ||
	    is_silent(client, &client->routes[node->route]))
		node->route = at;
	if (node->route == at)
		return;
	/* It is asked again: a question that somebody carried to another node is answered by that one. */
	route->hello_pause_ns = HELLO_PAUSE_NS_MAX;
	route->hello_due_ns = client->now_ns + HELLO_PAUSE_NS_MAX;
}

static void learn_members(struct wl_client *client, const struct wl_wire_hello_reply *reply)
{
	for (uint32_t at = 0; at < reply->member_count; at++) {
		const char *text = reply->members[at].endpoint;
		struct wl_endpoint endpoint;

		client->members |= 1u << reply->members[at].node;

		/* A relative path means nothing outside of the node's own directory. */
		if (!wl_endpoint_parse(text, strlen(text), &endpoint) ||
		    (endpoint.kind == WL_ENDPOINT_MEMIF && endpoint.path[0] != '/' &&
		     endpoint.path[0] != '@'))
			continue;
		wl_nodes_add_route(client, &endpoint, NULL, 0);
	}
}

/* The new way is greeted at once; this one now and then, it may be given the journal. */
void wl_nodes_on_elsewhere(struct wl_client *client, uint32_t node, int at,
			   const struct wl_wire_hello_reply *reply)
{
	struct wl_route *route = &client->routes[at];
	struct wl_client_elsewhere *elsewhere = &client->elsewhere;

	route->hello_nonce = 0;
	route->hello_pause_ns = HELLO_PAUSE_NS_MAX;
	route->hello_due_ns = client->now_ns + HELLO_PAUSE_NS_MAX;
	if (elsewhere->since_ns == 0)
		elsewhere->since_ns = client->now_ns;
	elsewhere->status = reply->status;
	elsewhere->node = node;
	elsewhere->endpoint[0] = '\0';
	if (reply->status == WIRELOG_JOURNAL_ELSEWHERE && reply->member_count != 0)
		memcpy(elsewhere->endpoint, reply->members[0].endpoint,
		       sizeof(elsewhere->endpoint));
	learn_members(client, reply);
}

bool wl_nodes_lead_nobody(const struct wl_client *client)
{
	return client->leader == 0 && client->answered != 0 && !client->is_disconnected &&
	       client->now_ns - client->heard_ns <= WL_CLIENT_LOST_NS;
}

bool wl_nodes_is_greeted(const struct wl_client *client, uint32_t node)
{
	return node != 0 && client->nodes[node].identity != 0 && client->nodes[node].route >= 0;
}

/* ---- leadership ------------------------------------------------------------------------------- */

static void set_leader(struct wl_client *client, uint32_t leader, uint64_t term)
{
	/* A leader takes no appends that were sent to it in another term. */
	bool is_other = leader != client->leader || term != client->term;

	client->leader = leader;
	client->term = term;
	client->leader_ns = client->now_ns;
	if (is_other && leader != 0)
		wl_sender_on_leader(client);
}

/* Told once for each leadership, and not for what a refusal only hints at. */
static void tell_leader(struct wl_client *client)
{
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_NEW_LEADER,
		.node = client->leader,
		.term = client->term,
	};

	client->leader_is_sure = true;
	if (client->leader == 0 ||
	    (client->leader == client->told_leader && client->term == client->told_term))
		return;
	client->told_leader = client->leader;
	client->told_term = client->term;
	wl_engine_tell(client, &event);
}

/* It said itself that it has come to a later term, or that in this one it follows. */
static bool is_over(const struct wl_client *client, uint32_t leader, uint64_t term)
{
	const struct wl_client_node *node = &client->nodes[leader];

	return node->term > term || (node->term == term && node->leads_not);
}

void wl_nodes_learn_leader(struct wl_client *client, uint32_t from, uint32_t leader, uint64_t term)
{
	struct wl_client_node *node = &client->nodes[from];

	if (term < node->term)
		return; /* overtaken on the way */
	node->term = term;
	node->leads_not = leader != 0 && leader != from;
	if (leader == 0 || is_over(client, leader, term)) {
		if (from == client->leader)
			set_leader(client, 0, client->term);
		else if (term > client->term)
			wl_nodes_ask(client, client->leader);
		return;
	}
	if (term < client->term)
		return;
	if (term != client->term || leader != client->leader) {
		set_leader(client, leader, term);
		client->sender.resume_ns = 0; /* pauses were for the one before */
	}
	tell_leader(client);
}

void wl_nodes_on_not_leader(struct wl_client *client, uint32_t from, uint32_t hint)
{
	if (from != client->leader)
		return; /* an old answer */
	if (hint == from) {
		/* It leads, but its term's first entry is not committed yet. */
		wl_sender_pause(client, WL_MS_NS, 5 * WL_MS_NS);
		return;
	}
	/* Two nodes may point at each other until an election is over: each turn takes longer. */
	wl_sender_pause(client, WL_MS_NS, 20 * WL_MS_NS);
	set_leader(client, hint, client->term);
	client->leader_is_sure = false;
	wl_nodes_ask_all(client);
}

void wl_nodes_take_boot(struct wl_client *client, uint32_t id, int route)
{
	struct wl_client_node *node = &client->nodes[id];
	bool is_restart = client->answered & 1u << id;

	if (!is_restart)
		node->route = -1;
	node->term = 0; /* its data may have been lost */
	node->leads_not = false;
	take_route(client, id, route);
	node->route = route;
	client->answered |= 1u << id;
	/* Frames for its last boot are dropped unseen. */
	if (is_restart && id == client->leader)
		wl_sender_on_leader(client);
}

static void say_keepalive(struct wl_client *client, uint32_t id, uint64_t nonce)
{
	struct wl_wire_keepalive keepalive = {nonce, client->nodes[id].challenge};
	size_t room;
	uint8_t *payload = wl_channel_open(client, id, WL_WIRE_KEEPALIVE, &room);

	if (payload)
		wl_channel_close(client, wl_wire_encode_keepalive(payload, &keepalive));
}

void wl_nodes_say_goodbye(struct wl_client *client)
{
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		size_t room;

		if ((client->served & 1u << id) &&
		    wl_channel_open(client, id, WL_WIRE_GOODBYE, &room))
			wl_channel_close(client, 0);
	}
	client->served = 0;
}

/* Whether the node knows us: all else that we say is for nothing until it does. */
static void take_place(struct wl_client *client, const struct wl_client_message *message,
		       const struct wl_wire_hello_reply *reply)
{
	struct wl_client_node *node = &client->nodes[message->node];

	if (wl_identity_draw_again(client, message->node, reply))
		return; /* the challenge was for somebody else */
	node->challenge = reply->challenge;
	if (reply->challenge != 0) {
		say_keepalive(client, message->node, 0);
		return;
	}
	if (reply->status == WIRELOG_OK) {
		client->served |= 1u << message->node;
		client->turned_away &= ~(1u << message->node);
		return;
	}
	client->turned_away |= 1u << message->node;
	if (client->turned_away_ns == 0)
		client->turned_away_ns = client->now_ns;
	/* Others may serve us, and yet it alone could take appends. */
	if (reply->status == WIRELOG_TOO_MANY_CLIENTS && message->node == client->leader &&
	    reply->leader == message->node)
		wl_answer_refuse_unsent(client, reply->status);
}

void wl_nodes_on_hello_reply(struct wl_client *client, const struct wl_client_message *message)
{
	struct wl_wire_hello_reply reply;
	struct wl_client_node *node = &client->nodes[message->node];
	int route;

	if (!wl_wire_decode_hello_reply(message->payload, message->bytes, &reply))
		return;
	route = wl_nodes_route_by_nonce(client, reply.nonce);
	if (route >= 0)
		take_route(client, message->node, route);
	if (reply.commit_number > node->commit_number)
		node->commit_number = reply.commit_number;
	node->first_number = reply.first_number;
	if (reply.mtu != 0)
		node->mtu = reply.mtu;
	if (reply.record_bytes_max != 0)
		client->record_bytes_max = reply.record_bytes_max;
	take_place(client, message, &reply);
	learn_members(client, &reply);
	wl_nodes_learn_leader(client, message->node, reply.leader, reply.term);
}

/* ---- questions -------------------------------------------------------------------------------- */

static void note_question(struct wl_client *client)
{
	if (client->unanswered_ns == 0)
		client->unanswered_ns = client->now_ns;
	client->unanswered++;
}

static unsigned say_hello(struct wl_client *client, unsigned at)
{
	struct wl_route *route = &client->routes[at];
	struct wl_wire_hello hello;
	size_t room;
	uint8_t *payload;

	note_question(client);
	payload = wl_channel_open_route(client, at, WL_WIRE_HELLO, &room);
	if (!payload)
		return 0; /* the link is down: nobody is asked, and nobody answers */
	/* The same nonce until it is answered: an answer that was slow is as good. */
	if (route->hello_nonce == 0) {
		route->hello_nonce = wl_client_nonce(client);
		route->hello_asked_ns = client->now_ns;
	}
	hello.nonce = route->hello_nonce;
	wl_channel_close(client, wl_wire_encode_hello(payload, &hello));
	return 1;
}

void wl_nodes_greet_all(struct wl_client *client)
{
	for (unsigned at = 0; at < client->route_count; at++)
		say_hello(client, at);
}

void wl_nodes_ask(struct wl_client *client, uint32_t id)
{
	struct wl_client_node *node = &client->nodes[id];

	if (!wl_nodes_is_greeted(client, id))
		return;
	node->asked++;
	node->ask_due_ns = client->now_ns + WL_CLIENT_ASK_NS;
	if (node->asked % HELLO_EVERY == 0) {
		/* Every way that led to it. */
		for (unsigned at = 0; at < client->route_count; at++) {
			if (client->routes[at].node == id)
				say_hello(client, at);
		}
		return;
	}
	note_question(client);
	say_keepalive(client, id, 0);
}

void wl_nodes_ask_all(struct wl_client *client)
{
	if (client->now_ns - client->ask_all_ns < WL_CLIENT_ASK_NS)
		return;
	client->ask_all_ns = client->now_ns;
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++)
		wl_nodes_ask(client, id);
}

static bool is_in_use(const struct wl_client *client, unsigned at)
{
	uint32_t node = client->routes[at].node;

	return node != 0 && client->nodes[node].route == (int)at;
}

/* Endpoints where nobody has answered: often at first, then once a second, as the further ways to a node. */
static unsigned greet(struct wl_client *client)
{
	unsigned said = 0;

	for (unsigned at = 0; at < client->route_count; at++) {
		struct wl_route *route = &client->routes[at];

		if (is_in_use(client, at) || client->now_ns < route->hello_due_ns)
			continue;
		said += say_hello(client, at);
		if (route->hello_nonce !=
		    0) /* a link that is down costs nothing: look again soon */
			route->hello_pause_ns *= 2;
		if (route->hello_pause_ns > HELLO_PAUSE_NS_MAX)
			route->hello_pause_ns = HELLO_PAUSE_NS_MAX;
		route->hello_due_ns = client->now_ns + route->hello_pause_ns;
	}
	return said;
}

static uint64_t later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

/* Whoever leads may be behind an endpoint that did not answer so far, or where another node answered for it. */
static void hurry_greetings(struct wl_client *client)
{
	for (unsigned at = 0; at < client->route_count; at++) {
		struct wl_route *route = &client->routes[at];

		if (!is_in_use(client, at) && route->hello_due_ns > client->now_ns + HELLO_HURRY_NS)
			route->hello_due_ns = client->now_ns + HELLO_HURRY_NS;
	}
}

static void watch_leader(struct wl_client *client, uint64_t waits_since)
{
	const struct wl_client_node *leader = &client->nodes[client->leader];
	uint64_t since, silent;

	if (!wl_nodes_is_greeted(client, client->leader))
		hurry_greetings(client);

	if (client->leader == 0) {
		wl_nodes_ask_all(client);
		return;
	}
	since = later(later(waits_since, client->leader_ns), leader->heard_ns);
	silent = client->now_ns - since;
	if (silent < WL_CLIENT_SILENCE_NS)
		return;
	if (silent >= WL_CLIENT_SUSPECT_NS)
		wl_nodes_ask_all(client);
	else if (client->now_ns >= leader->ask_due_ns)
		wl_nodes_ask(client, client->leader);
}

static void tell_connected(struct wl_client *client)
{
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_CONNECTED,
		.node = client->leader,
		.term = client->term,
	};

	client->is_connected = client->sender.state == WL_SENDER_OPEN;
	wl_engine_tell(client, &event);
}

static void tell_disconnected(struct wl_client *client)
{
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_DISCONNECTED,
		.term = client->term,
		.status = WIRELOG_NOT_CONNECTED,
	};

	client->is_disconnected = true;
	client->is_connected = false;
	wl_engine_tell(client, &event);
}

/* Who was told that nobody answers is told when somebody does, also where there is no session to wait for. */
static void tell_connection(struct wl_client *client)
{
	bool is_lost = client->unanswered_ns != 0 && client->unanswered >= 10 &&
		       client->now_ns - client->unanswered_ns > WL_CLIENT_LOST_NS;

	if (is_lost && !client->is_disconnected)
		tell_disconnected(client);
	if (client->is_disconnected && client->unanswered_ns == 0) {
		client->is_disconnected = false;
		tell_connected(client);
	}
	if (!client->is_connected && !client->is_disconnected && client->leader != 0 &&
	    client->sender.state == WL_SENDER_OPEN)
		tell_connected(client);
}

unsigned wl_nodes_poll(struct wl_client *client)
{
	uint64_t waits_since = wl_sender_waits_since(client);
	uint64_t before = client->sequence;

	greet(client);
	if (waits_since != 0)
		watch_leader(client, waits_since);
	/* All is well: whoever is known stays known, and hears of nothing else. Somebody silent is asked for its boot. */
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		struct wl_client_node *node = &client->nodes[id];

		if (client->now_ns - node->heard_ns < WL_CLIENT_IDLE_ASK_NS ||
		    client->now_ns < node->ask_due_ns)
			continue;
		wl_nodes_ask(client, id);
		if (node->ask_due_ns < client->now_ns + 10 * WL_CLIENT_ASK_NS)
			node->ask_due_ns = client->now_ns + 10 * WL_CLIENT_ASK_NS;
	}
	tell_connection(client);
	return client->sequence != before;
}

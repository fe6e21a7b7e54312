/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom to ask and when: endpoints where nobody answered, whoever is silent, the leader first. */
#include "client/nodes_internal.h"

#include "dataplane/base/check.h"

#define SILENCE_NS (20 * WL_MS_NS) /* an answer is due and none came: ask the node itself */
#define SUSPECT_NS (40 * WL_MS_NS) /* ask the others, too */
#define ASK_NS (10 * WL_MS_NS) /* between two questions of one kind */
#define IDLE_ASK_NS (1 * WL_SECOND_NS) /* while everything is well */
#define HELLO_HURRY_NS (20 * WL_MS_NS)
#define HELLO_EVERY 3u /* of the questions to a silent node: it may have been started again */

WL_STATIC_CHECK(SILENCE_NS < SUSPECT_NS);
WL_STATIC_CHECK(WL_NODES_HELLO_PAUSE_NS_MIN <= WL_NODES_HELLO_PAUSE_NS_MAX);

/* ---- what is said ----------------------------------------------------------------------------- */

void wl_nodes_say_keepalive(struct wl_nodes *nodes, uint32_t id)
{
	struct wl_wire_keepalive keepalive = {.challenge = nodes->nodes[id].challenge};
	size_t room;
	uint8_t *payload = wl_channel_open(nodes->channel, id, WL_WIRE_KEEPALIVE, &room);

	if (payload)
		wl_channel_close(nodes->channel, wl_wire_encode_keepalive(payload, &keepalive));
}

static void note_question(struct wl_nodes *nodes)
{
	if (nodes->unanswered_ns == 0)
		nodes->unanswered_ns = nodes->environment->now_ns;
	nodes->unanswered++;
}

static void say_hello(struct wl_nodes *nodes, unsigned at)
{
	struct wl_route *route = &nodes->channel->routes[at];
	struct wl_wire_hello hello;
	size_t room;
	uint8_t *payload;

	WL_CHECK(at < nodes->channel->route_count);
	note_question(nodes);
	payload = wl_channel_open_route(nodes->channel, at, WL_WIRE_HELLO, &room);
	if (!payload)
		return; /* the link is down: nobody is asked, and nobody answers */
	/* The same nonce until it is answered: an answer that was slow is as good. */
	if (route->nonce == 0) {
		route->nonce = wl_environment_nonce(nodes->environment);
		nodes->hellos[at].asked_ns = nodes->environment->now_ns;
	}
	hello.nonce = route->nonce;
	wl_channel_close(nodes->channel, wl_wire_encode_hello(payload, &hello));
}

void wl_nodes_on_identity(struct wl_nodes *nodes)
{
	nodes->served = 0;
	nodes->turned_away = 0;
	nodes->turned_away_ns = 0;
	for (unsigned at = 0; at < nodes->channel->route_count; at++)
		say_hello(nodes, at);
}

void wl_nodes_ask(struct wl_nodes *nodes, uint32_t id)
{
	struct wl_node *node = &nodes->nodes[id];

	WL_CHECK(id <= WIRELOG_NODES_MAX);
	if (!wl_channel_reaches(nodes->channel, id))
		return;
	node->asked++;
	node->ask_due_ns = nodes->environment->now_ns + ASK_NS;
	if (node->asked % HELLO_EVERY == 0) {
		/* Every way that led to it. */
		for (unsigned at = 0; at < nodes->channel->route_count; at++) {
			if (nodes->hellos[at].node == id)
				say_hello(nodes, at);
		}
		return;
	}
	note_question(nodes);
	wl_nodes_say_keepalive(nodes, id);
}

void wl_nodes_ask_all(struct wl_nodes *nodes)
{
	if (nodes->environment->now_ns - nodes->ask_all_ns < ASK_NS)
		return;
	nodes->ask_all_ns = nodes->environment->now_ns;
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++)
		wl_nodes_ask(nodes, id);
}

static bool is_in_use(const struct wl_nodes *nodes, unsigned at)
{
	uint32_t node = nodes->hellos[at].node;

	return node != 0 && nodes->channel->nodes[node].route == (int)at;
}

/* Endpoints where nobody has answered: often at first, then once a second, as the further ways to a node. */
static void greet(struct wl_nodes *nodes)
{
	uint64_t now_ns = nodes->environment->now_ns;

	for (unsigned at = 0; at < nodes->channel->route_count; at++) {
		struct wl_hello *hello = &nodes->hellos[at];

		if (is_in_use(nodes, at) || now_ns < hello->due_ns)
			continue;
		say_hello(nodes, at);
		/* A link that is down costs nothing: look again soon. */
		if (nodes->channel->routes[at].nonce != 0)
			hello->pause_ns *= 2;
		if (hello->pause_ns > WL_NODES_HELLO_PAUSE_NS_MAX)
			hello->pause_ns = WL_NODES_HELLO_PAUSE_NS_MAX;
		hello->due_ns = now_ns + hello->pause_ns;
	}
}

static uint64_t later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

/* Whoever leads may be behind an endpoint that did not answer so far, or where another node answered for it. */
static void hurry_greetings(struct wl_nodes *nodes)
{
	uint64_t soon_ns = nodes->environment->now_ns + HELLO_HURRY_NS;

	for (unsigned at = 0; at < nodes->channel->route_count; at++) {
		struct wl_hello *hello = &nodes->hellos[at];

		if (!is_in_use(nodes, at) && hello->due_ns > soon_ns)
			hello->due_ns = soon_ns;
	}
}

static void watch_leader(struct wl_nodes *nodes, uint64_t waits_since_ns)
{
	const struct wl_node *leader = &nodes->nodes[nodes->leadership.leader];
	uint64_t since, silent;

	if (!wl_channel_reaches(nodes->channel, nodes->leadership.leader))
		hurry_greetings(nodes);

	if (nodes->leadership.leader == 0) {
		wl_nodes_ask_all(nodes);
		return;
	}
	since = later(later(waits_since_ns, nodes->leadership.since_ns), leader->heard_ns);
	silent = nodes->environment->now_ns - since;
	if (silent < SILENCE_NS)
		return;
	if (silent >= SUSPECT_NS)
		wl_nodes_ask_all(nodes);
	else if (nodes->environment->now_ns >= leader->ask_due_ns)
		wl_nodes_ask(nodes, nodes->leadership.leader);
}

/* A node that was met under our older key, before it or we had the newer one, is asked under that, too: its answer makes us use it. The
 * second question is put under the older one and closes what the first may leave open. */
static void offer_newest_key(struct wl_nodes *nodes, uint32_t id)
{
	struct wl_node *node = &nodes->nodes[id];
	int route = nodes->channel->nodes[id].route;

	if (!wl_channel_lags(nodes->channel, id) || nodes->environment->now_ns < node->key_due_ns ||
	    !wl_channel_reaches(nodes->channel, id))
		return;
	WL_CHECK(route >= 0);
	node->key_due_ns = nodes->environment->now_ns + IDLE_ASK_NS;
	nodes->channel->routes[route].asked = 0;
	say_hello(nodes, (unsigned)route);
	say_hello(nodes, (unsigned)route);
}

unsigned wl_nodes_poll(struct wl_nodes *nodes, uint64_t waits_since_ns)
{
	uint64_t before = nodes->channel->sequence, now_ns = nodes->environment->now_ns;

	greet(nodes);
	if (waits_since_ns != 0)
		watch_leader(nodes, waits_since_ns);
	/* All is well: whoever is known stays known, and hears of nothing else. Somebody silent is asked for its boot. */
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		struct wl_node *node = &nodes->nodes[id];

		offer_newest_key(nodes, id);
		if (now_ns - node->heard_ns < IDLE_ASK_NS || now_ns < node->ask_due_ns)
			continue;
		wl_nodes_ask(nodes, id);
		if (node->ask_due_ns < now_ns + 10 * ASK_NS)
			node->ask_due_ns = now_ns + 10 * ASK_NS;
	}
	return nodes->channel->sequence != before;
}

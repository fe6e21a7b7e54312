/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How nodes meet: HELLO asks which boot the other is (remote.h), GREETING says what must be equal on all nodes
 * (greeting.h). A greeting goes out as soon as the peer's boot is known, again every few milliseconds until the peer
 * says that it has it, and once a second from then on.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

#define HELLO_INTERVAL_NS 10000000u /* to one peer */
#define SILENCE_NS \
	200000000u /* a greeted peer unheard for this long may have restarted: greet again */
#define GREETING_INTERVAL_NS 8000000u /* until it was seen */
#define GREETING_AGAIN_NS 1000000000u /* and afterwards */

WL_STATIC_CHECK(WL_KEYS_HELD_MAX == 2); /* a greeting names two */

static void facts_for(const struct wl_worker *worker, uint32_t node, uint64_t facts[WL_FACTS])
{
	const struct wl_link_info *link =
		worker->port->ops->link(worker->port, worker->rx.peers[node].address.link);

	memcpy(facts, worker->config.facts, sizeof(worker->config.facts));
	facts[WL_FACT_MTU] = link ? link->mtu : 0;
}

/* A bit for each journal in which we take no part. */
static uint32_t own_apart(const struct wl_worker *worker)
{
	uint32_t apart = 0;

	for (uint32_t at = 0; at < worker->journal_count; at++) {
		const struct wl_replica *replica = &worker->journals[at].replica;

		if (wl_replica_is_apart(replica))
			apart |= 1u << replica->config.journal;
	}
	return apart;
}

static uint32_t newest_key(const struct wl_worker *worker)
{
	const struct wl_keys_held *held = &worker->rx.auth->held;

	WL_CHECK(held->count != 0 && held->count <= WL_KEYS_HELD_MAX);
	return held->id[held->count - 1];
}

bool wl_worker_send_greeting(struct wl_worker *worker, uint32_t node, const struct wl_tx_to *to,
			     uint32_t flags)
{
	const struct wl_greeting *greeting = &worker->rx.greetings[node];
	struct wl_wire_greeting message = {
		.seen_boot = greeting->boot_id == to->boot_id ? to->boot_id : 0,
		.flags = flags,
		.apart = own_apart(worker),
		.old_clients = worker->rx.old_clients,
		.key_first = worker->rx.auth->held.id[0],
		.key_second = worker->rx.auth->held.id[1],
	};
	uint8_t *payload = wl_tx_open(&worker->tx, to, WL_WIRE_GREETING,
				      worker->journals[0].config.replica.journal, WL_TX_RESERVED);

	if (!payload)
		return false;
	facts_for(worker, node, message.fact);
	wl_worker_histories(worker, message.histories);
	wl_tx_close(&worker->tx, wl_wire_encode_greeting(payload, &message));
	wl_count(&worker->counters, WL_COUNTER_greetings_sent);
	return true;
}

static void send_greeting(struct wl_worker *worker, uint32_t node)
{
	const struct wl_remote *peer = &worker->rx.peers[node];
	struct wl_greeting *greeting = &worker->rx.greetings[node];
	const struct wl_tx_to to = wl_tx_to_remote(peer);

	if (!wl_worker_send_greeting(worker, node, &to, 0))
		return;
	if (greeting->sent_boot != peer->boot_id)
		greeting->seen = false;
	greeting->sent_boot = peer->boot_id;
	greeting->apart_sent = own_apart(worker);
	greeting->histories_sent = wl_worker_histories(worker, NULL);
	greeting->key_sent = newest_key(worker);
	greeting->old_clients_sent = worker->rx.old_clients;
	greeting->sent_ns = worker->now_ns;
}

static void greet_peer(struct wl_worker *worker, uint32_t node)
{
	const struct wl_greeting *greeting = &worker->rx.greetings[node];
	uint64_t boot_id = worker->rx.peers[node].boot_id;
	uint64_t interval = greeting->seen && greeting->boot_id == boot_id ? GREETING_AGAIN_NS
									   : GREETING_INTERVAL_NS;

	wl_worker_tell_build(worker, node);
	if (boot_id != 0 &&
	    (greeting->sent_boot != boot_id || worker->now_ns - greeting->sent_ns >= interval ||
	     greeting->apart_sent != own_apart(worker) ||
	     greeting->key_sent != newest_key(worker) ||
	     greeting->old_clients_sent != worker->rx.old_clients ||
	     greeting->histories_sent != wl_worker_histories(worker, NULL)))
		send_greeting(worker, node);
}

/* What our data remember is said as it is now: who asks has started before, and what it promised before that may be in there. */
static void note_history(struct wl_worker *worker)
{
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		const struct wl_replica *replica = &worker->journals[at].replica;

		if (wl_replica_has_history(replica))
			worker->rx.history |= 1u << replica->config.journal;
	}
}

void wl_worker_take_hello(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);
	uint32_t node = wl_identity_node(message->hello_identity);

	note_history(worker);
	wl_service_on_hello(journal->service, message);
	/* A peer under a boot id that is new to us: ask at once, its answer will prove it. */
	if (!wl_identity_is_client(message->hello_identity) && node <= WIRELOG_NODES_MAX &&
	    worker->rx.peers[node].boot_id != message->hello_boot)
		worker->hello_due_ns[node] = worker->now_ns;
}

static bool tell_boot(struct wl_worker *worker, enum wl_plane_verb verb, uint32_t node,
		      uint64_t boot_id, const struct wl_wire_hello_reply *reply)
{
	struct wl_plane_message message = {
		.verb = verb,
		.journal = worker->journals[0].config.replica.journal,
		.node = node,
		.now_ns = worker->now_ns,
		.boot_id = boot_id,
	};

	if (reply) {
		message.incarnation = reply->incarnation;
		message.history = reply->history;
		message.reason = reply->suspect != 0 ||
				 (reply->known_incarnation != 0 &&
				  reply->known_incarnation != worker->config.incarnation);
	}

	/* Lost when the ring is full: the next HELLO_REPLY says it again. */
	return wl_ring_push(&worker->plane->up, &message);
}

/* As control does durably (control/agent/incarnations.c): what is told to its next question must not wait for that. */
static void remember_data(struct wl_remote *peer, uint64_t incarnation)
{
	if (incarnation == 0)
		return;
	peer->suspect |= peer->incarnation != 0 && peer->incarnation != incarnation;
	peer->incarnation = incarnation;
}

/* rx has learned the boot_id; what the peer's data and its memory of us say is control's to judge. */
void wl_worker_take_hello_reply(struct wl_worker *worker, const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->from->identity);
	struct wl_wire_hello_reply reply;
	uint64_t known;

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	if (!wl_wire_decode_hello_reply(message->payload, message->bytes, &reply)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	known = reply.known_boot;
	remember_data(&worker->rx.peers[node], reply.incarnation);
	if (worker->boot_told[node] != message->from->boot_id &&
	    tell_boot(worker, WL_PLANE_PEER_BOOT, node, message->from->boot_id, &reply))
		worker->boot_told[node] = message->from->boot_id;
	if (known > worker->rolled_back_told && known != worker->config.boot_id &&
	    wl_remote_boot_of(known) >= wl_remote_boot_of(worker->config.boot_id) &&
	    tell_boot(worker, WL_PLANE_ROLLED_BACK, node, known, NULL))
		worker->rolled_back_told = known;
	greet_peer(worker, node);
}

/* What the ring has no room for is told in a later round. */
static void tell_differences(struct wl_worker *worker, uint32_t node)
{
	struct wl_greeting *greeting = &worker->rx.greetings[node];
	struct wl_plane_message message = {
		.verb = WL_PLANE_PEER_DIFFERS,
		.journal = worker->journals[0].config.replica.journal,
		.node = node,
		.now_ns = worker->now_ns,
	};

	for (unsigned fact = 0; fact < WL_FACTS && greeting->told != greeting->differs; fact++) {
		if (!(greeting->differs & ~greeting->told & 1u << fact))
			continue;
		message.reason = fact;
		message.ours = greeting->ours[fact];
		message.theirs = greeting->theirs[fact];
		if (!wl_ring_push(&worker->plane->up, &message))
			return;
		greeting->told |= 1u << fact;
		wl_count(&worker->counters, WL_COUNTER_peer_differs);
	}
}

/* Neighbours say it by name, too: nobody may have to look at the log of the node itself. */
static void tell_apart(struct wl_worker *worker, uint32_t node)
{
	struct wl_greeting *greeting = &worker->rx.greetings[node];
	struct wl_plane_message message = {
		.verb = WL_PLANE_PEER_APART,
		.node = node,
		.now_ns = worker->now_ns,
	};

	greeting->apart_told &= greeting->apart;
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		message.journal = worker->journals[at].config.replica.journal;
		if ((greeting->apart & ~greeting->apart_told & 1u << message.journal) &&
		    wl_ring_push(&worker->plane->up, &message))
			greeting->apart_told |= 1u << message.journal;
	}
}

/* Its frame named our boot, so it is of now; rx knows the boot id that it came under. */
void wl_worker_take_greeting(struct wl_worker *worker, const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->from->identity);
	struct wl_greeting *greeting = &worker->rx.greetings[node];
	struct wl_wire_greeting said;
	uint64_t facts[WL_FACTS];

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	if (!wl_wire_decode_greeting(message->payload, message->bytes, &said)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	facts_for(worker, node, facts);
	wl_greeting_take(greeting, message->from->boot_id, facts, said.fact);
	greeting->seen = said.seen_boot == worker->config.boot_id;
	wl_worker_take_own_twin(worker, node, said.flags);
	greeting->apart = said.apart;
	greeting->keys_held[0] = said.key_first;
	greeting->keys_held[1] = said.key_second;
	greeting->old_clients = said.old_clients;
	memcpy(greeting->history, said.histories, sizeof(greeting->history));
	wl_worker_judge_histories(worker, node);
	wl_worker_judge_build(worker, node);
	tell_differences(worker, node);
	tell_apart(worker, node);
	greet_peer(worker, node);
}

/* A peer is answered where its frames come from, and no tag covers that place: of two that heard each other from a wrong one last, neither
 * would be heard again. Who is silent is looked for where control says that it is. */
static void look_at_home(struct wl_worker *worker, uint32_t node)
{
	if (worker->config.peer_address_known[node])
		worker->rx.peers[node].address = worker->config.peer_address[node];
}

static void send_hello(struct wl_worker *worker, uint32_t node)
{
	struct wl_remote *peer = &worker->rx.peers[node];
	struct wl_tx_to to = wl_tx_to_remote(peer);
	struct wl_wire_hello hello = {.nonce = worker->now_ns};
	uint16_t journal = worker->journals[0].config.replica.journal;
	uint8_t *payload;

	to.boot_id = 0; /* the question itself: which boot are you? */
	payload = wl_tx_open(&worker->tx, &to, WL_WIRE_HELLO, journal, WL_TX_RESERVED);
	if (!payload)
		return;
	wl_tx_close(&worker->tx, wl_wire_encode_hello(payload, &hello));
	wl_count(&worker->counters, WL_COUNTER_hello_sent);
	peer->last_hello_ns = worker->now_ns;
}

void wl_worker_greet(struct wl_worker *worker)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		struct wl_remote *peer = &worker->rx.peers[node];
		bool silent = worker->now_ns - peer->last_heard_ns > SILENCE_NS;

		if (peer->identity == 0 || !peer->address_known)
			continue;
		if (peer->forked_boot != worker->fork_told[node] &&
		    tell_boot(worker, WL_PLANE_PEER_BOOT, node, peer->forked_boot, NULL))
			worker->fork_told[node] = peer->forked_boot;
		tell_differences(worker, node);
		if (!silent)
			greet_peer(worker, node);
		if (!silent && peer->boot_id != 0)
			wl_worker_probe_path(worker, node);
		/* A boot that was proven by another frame has not said yet on which data it runs. */
		if (peer->boot_id != 0 && !silent && worker->hello_due_ns[node] == 0 &&
		    worker->boot_told[node] == peer->boot_id)
			continue;
		if (worker->now_ns - peer->last_hello_ns < HELLO_INTERVAL_NS)
			continue;
		worker->hello_due_ns[node] = 0;
		if (silent)
			look_at_home(worker, node);
		send_hello(worker, node);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a front: memory, the table of sessions that follows the commit index, leadership as
 * clients see it, greetings. A leadership is taken up (wl_front_leads) when the replica is ready
 * and the table holds everything before the term's first entry; it ends with the view
 * (wl_front_on_view).
 */
#include "dataplane/service/front_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/mutant.h"

#define LINE_BYTES 64u

static uint32_t shared_buffers(const struct wl_front_config *config)
{
	/* One is apply's own: readers must never keep the table of sessions waiting. */
	return config->read_buffers > 2 ? config->read_buffers - 1 : 1;
}

/* Takes `bytes` from *at, which stays aligned to a cache line. With base NULL only the sum matters.
 *  */
static void *take(uint8_t *base, size_t *at, size_t bytes)
{
	void *taken = base ? base + *at : NULL;

	*at += wl_align_up(bytes, LINE_BYTES);
	return taken;
}

/* One walk for both questions: how much memory, and what stands where. */
static size_t lay_out(const struct wl_front_config *config, uint8_t *base, struct wl_front *front)
{
	size_t at = wl_align_up(sizeof(struct wl_front), LINE_BYTES);
	uint32_t buffers = shared_buffers(config);
	uint8_t *memory;

	for (unsigned level = WIRELOG_SEQUENCED; level < WL_FRONT_LEVELS; level++) {
		memory = take(base, &at, config->reply_slots * sizeof(struct wl_reply));
		if (front)
			front->queues[level].slots = (struct wl_reply *)memory;
	}
	memory = take(base, &at, config->subscriptions_max * sizeof(struct wl_subscription));
	if (front)
		front->subscriptions = (struct wl_subscription *)memory;
	memory = take(base, &at, buffers * sizeof(uint8_t *));
	if (front)
		front->free_buffers = (uint8_t **)memory;
	at = wl_align_up(at, WL_BLOCK_BYTES);
	memory = take(base, &at, wl_session_table_memory_bytes(config->sessions_max));
	if (front)
		wl_session_table_init(&front->sessions, memory, config->sessions_max);
	at = wl_align_up(at, WL_BLOCK_BYTES);
	for (unsigned i = 0; i < WL_FRONT_ASSEMBLIES; i++) {
		memory = take(base, &at, WIRELOG_RECORD_BYTES_MAX);
		if (front)
			front->assemblies[i].buffer = memory;
	}
	memory = take(base, &at, WL_CHUNK_BYTES_MAX);
	if (front)
		wl_reader_lend(&front->apply_reader, memory, WL_CHUNK_BYTES_MAX);
	for (uint32_t i = 0; i < buffers; i++) {
		memory = take(base, &at, WL_CHUNK_BYTES_MAX);
		if (front)
			front->free_buffers[front->free_buffer_count++] = memory;
	}
	return at;
}

size_t wl_front_memory_bytes(const struct wl_front_config *config)
{
	return lay_out(config, NULL, NULL) + WL_BLOCK_BYTES;
}

struct wl_front *wl_front_init(void *memory, const struct wl_front_config *config,
			       struct wl_replica *replica, struct wl_rx *rx)
{
	uint8_t *base = (uint8_t *)wl_align_up((uintptr_t)memory, WL_BLOCK_BYTES);
	struct wl_front *front = (struct wl_front *)base;

	WL_CHECK(config->reply_slots != 0 &&
		 (config->reply_slots & (config->reply_slots - 1)) == 0);
	WL_CHECK(config->record_bytes_max <= WIRELOG_RECORD_BYTES_MAX);
	memset(front, 0, sizeof(*front));
	front->config = *config;
	front->replica = replica;
	front->rx = rx;
	front->rebuilt_index = replica->commit;
	wl_reader_init(&front->apply_reader, replica->log, 1, WL_FRONT_COOKIE);
	if (WL_MUTANT(sessions_not_restored)) {
		front->sessions.applied_index = replica->commit;
		wl_reader_seek(&front->apply_reader, replica->commit + 1);
	}
	lay_out(config, base, front);
	for (uint32_t i = 0; i < config->subscriptions_max; i++)
		memset(&front->subscriptions[i], 0, sizeof(front->subscriptions[i]));
	front->hellos_left = WL_FRONT_HELLOS;
	return front;
}

struct wl_remote *wl_front_client(struct wl_front *front, wl_identity client)
{
	return wl_remote_table_find(&front->rx->clients, client);
}

uint64_t wl_front_commit_number(const struct wl_front *front)
{
	uint64_t commit = front->replica->commit;
	const struct wl_log_slot *slot =
		&front->replica->log->slots[commit % WL_LOG_ENTRIES_IN_RING];

	/* Exact while the entry is a recent one; right behind a restart, what was applied so far.
	 *  */
	if (commit != 0 && slot->index == commit)
		return slot->next_number - 1;
	return front->applied_number;
}

static void apply_entry(struct wl_front *front, const struct wl_reader_view *view)
{
	struct wl_counters *counters = front->replica->counters;
	uint32_t before = front->sessions.count;
	unsigned ended = wl_session_apply(&front->sessions, view->image, &view->header);

	/* Contradicted: exactly once cannot be promised any more, appends are refused. Else the place was read at last. */
	front->damaged = front->sessions.contradicted;
	front->applied_number = view->header.first_number + view->header.data_count - 1;
	wl_count_add(counters, WL_COUNTER_records_committed, view->header.data_count);
	wl_count_add(counters, WL_COUNTER_sessions_opened, front->sessions.count - before + ended);
	wl_count_add(counters, WL_COUNTER_sessions_evicted, ended);
}

/*
 * Never skipped: a table that misses an entry would let a retry in twice. What cannot be read for long is damaged, and is looked at
 * again all the same: the medium may get well, and on all nodes at once there is nobody else to lead.
 */
static void read_again(struct wl_front *front)
{
	struct wl_replica *replica = front->replica;

	if (wl_reader_try_again(&front->apply_reader, replica->now_ns)) {
		wl_count(replica->counters, WL_COUNTER_reads_again);
		return;
	}
	front->damaged = true;
	wl_reader_rest(&front->apply_reader, replica->now_ns + WL_FRONT_REST_NS);
}

/* The tables of all nodes are compared (replica_state.c). */
static void tell_state(struct wl_front *front)
{
	uint64_t index = front->sessions.applied_index;

	if (front->damaged || !wl_replica_state_asks(front->replica, index))
		return;
	wl_session_table_review(&front->sessions, WL_FRONT_REVIEWS);
	wl_replica_on_applied(front->replica, index, wl_session_table_digest(&front->sessions));
}

void wl_front_apply(struct wl_front *front)
{
	struct wl_replica *replica = front->replica;
	struct wl_reader_view view;
	uint32_t bytes = 0;

	tell_state(front);
	if (wl_reader_rests(&front->apply_reader, replica->now_ns))
		return;
	for (unsigned entries = 0; entries < WL_FRONT_APPLY_ENTRIES &&
				   bytes < WL_FRONT_APPLY_BYTES && !front->sessions.contradicted;
	     entries++) {
		if (front->sessions.applied_index >= front->replica->commit)
			return;
		switch (wl_reader_next(&front->apply_reader, front->replica->commit, &view)) {
		case WL_READER_ENTRY:
			apply_entry(front, &view);
			tell_state(front);
			bytes += view.bytes;
			break;
		case WL_READER_WANTS_READ:
			front->apply_wants_read = true;
			return;
		case WL_READER_DAMAGED:
			read_again(front);
			return;
		default:
			return;
		}
	}
}

bool wl_front_leads(struct wl_front *front)
{
	const struct wl_replica *replica = front->replica;

	if (replica->view.role != WL_ROLE_LEADER || replica->silent ||
	    wl_replica_is_apart(replica) || (!replica->ready && !WL_MUTANT(leads_before_commit)) ||
	    front->damaged)
		return false;
	if (front->leading)
		return front->lead_term == replica->view.term;
	if ((replica->term_start_index == 0 ||
	     front->sessions.applied_index < replica->term_start_index) &&
	    !WL_MUTANT(leads_before_commit))
		return false;
	wl_session_lead(&front->sessions, replica->view.epoch);
	wl_shares_reset(&front->shares);
	front->lead_term = replica->view.term;
	front->lead_since_ns = replica->now_ns;
	front->leading = true;
	return true;
}

void wl_front_on_view(struct wl_front *front)
{
	const struct wl_replica *replica = front->replica;

	if (!front->leading)
		return;
	/* The same leadership under a new epoch: a hand-over that was called off, or a silence. Clients have to find us again. */
	if (replica->view.role == WL_ROLE_LEADER && replica->ready &&
	    front->lead_term == replica->view.term) {
		front->lead_since_ns = replica->now_ns;
		return;
	}
	front->leading = false;
	wl_session_lead(&front->sessions, 0);
	wl_reply_abandon(front);
	for (unsigned i = 0; i < WL_FRONT_ASSEMBLIES; i++)
		front->assemblies[i].session = 0;
}

uint32_t wl_front_leader(const struct wl_front *front)
{
	const struct wl_replica *replica = front->replica;

	if ((replica->view.role == WL_ROLE_LEADER && replica->silent) ||
	    wl_replica_is_apart(replica))
		return 0;
	/* Who gave its vote was told to follow before anybody led: it knows the leader by its frames. */
	if (replica->view.role == WL_ROLE_FOLLOWER && replica->view.leader == 0)
		return replica->heard_leader;
	return replica->view.leader;
}

bool wl_front_wants_other_leader(const struct wl_front *front)
{
	return front->damaged && !front->sessions.contradicted;
}

/* Of the asker's own server: what another one under its id is heard to be makes no old image of it (claim.h). */
static uint64_t known_epoch(const struct wl_front *front, const struct wl_tx_to *to)
{
	uint32_t node = wl_identity_node(to->identity);

	if (wl_rx_hears_elsewhere(front->rx, node, &to->address, front->replica->now_ns))
		return 0;
	return wl_remote_newest_epoch(&front->rx->peers[node]);
}

static void say_what_is_known(const struct wl_front *front, const struct wl_tx_to *to,
			      struct wl_wire_hello_reply *reply)
{
	const struct wl_remote *peer = &front->rx->peers[wl_identity_node(to->identity)];

	reply->known_epoch = known_epoch(front, to);
	reply->known_incarnation = peer->incarnation;
	reply->suspect = peer->suspect;
}

/* Nobody who asks without end has all answers of a turn. Of who has no place rx takes few (strangers.h), nodes came first. */
static bool has_answers_left(struct wl_front *front, const struct wl_remote *client)
{
	uint8_t *said;

	if (front->hellos_left == 0)
		return false;
	if (client) {
		said = &front->hellos_of[wl_front_share_of(client->identity) % WL_FRONT_HELLOS];
		if (*said == WL_FRONT_HELLOS_OF_ONE)
			return false;
		++*said;
	}
	front->hellos_left--;
	return true;
}

/* To who is not known, or is a node, no more than it asked with. */
static void say_hello(struct wl_front *front, const struct wl_tx_to *to, uint8_t type,
		      const struct wl_wire_hello_reply *greeting)
{
	const struct wl_replica *replica = front->replica;
	const struct wl_remote *client = wl_front_client(front, to->identity);
	struct wl_wire_hello_reply reply = *greeting;
	size_t room;
	uint8_t *payload;

	if (!has_answers_left(front, client))
		return; /* it asks again */
	reply.node = front->config.node;
	reply.leader = wl_front_leader(front);
	reply.term = replica->view.term;
	reply.commit_number = wl_front_commit_number(front);
	reply.first_number = 1;
	reply.incarnation = front->rx->incarnation;
	reply.history = front->rx->history;
	reply.record_bytes_max = front->config.record_bytes_max;
	if (!wl_identity_is_client(to->identity)) {
		if (wl_identity_node(to->identity) <= WIRELOG_NODES_MAX)
			say_what_is_known(front, to, &reply);
	} else if (client && client->epoch == to->epoch) {
		reply.member_count = front->config.member_count;
		memcpy(reply.members, front->config.members, sizeof(reply.members));
	} else if (reply.status == WIRELOG_OK) {
		reply.challenge = wl_remote_challenge(replica->now_ns);
		/* Two clients drew the same identity. */
		if (client && replica->now_ns - client->last_heard_ns <= front->rx->client_idle_ns)
			reply.known_epoch = client->epoch;
	}
	payload = wl_tx_open(replica->tx, to, type, front->config.journal, WL_TX_RESERVED, &room);
	if (!payload)
		return;
	reply.mtu = wl_tx_mtu(replica->tx, to->address.link);
	WL_CHECK(room >= WL_WIRE_HELLO_REPLY_BYTES_MAX);
	wl_tx_close(replica->tx, wl_wire_encode_hello_reply(payload, &reply));
	wl_count(replica->counters, WL_COUNTER_hello_answered);
}

void wl_front_on_hello(struct wl_front *front, const struct wl_message *message)
{
	struct wl_tx_to to = {message->hello_address, message->hello_identity, message->hello_epoch,
			      0};
	struct wl_wire_hello_reply reply = {.nonce = 0};
	struct wl_wire_hello hello;

	if (!wl_wire_decode_hello(message->payload, message->bytes, &hello)) {
		wl_count_drop(front->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	reply.nonce = hello.nonce;
	say_hello(front, &to, WL_WIRE_HELLO_REPLY, &reply);
}

void wl_front_on_stranger(struct wl_front *front, const struct wl_message *message)
{
	struct wl_tx_to to = {message->hello_address, message->hello_identity, message->hello_epoch,
			      0};
	struct wl_wire_hello_reply reply = {.status = WIRELOG_TOO_MANY_CLIENTS};
	struct wl_wire_keepalive keepalive;

	if (!wl_wire_decode_keepalive(message->payload, message->bytes, &keepalive))
		return;
	reply.nonce = keepalive.nonce;
	say_hello(front, &to, WL_WIRE_KEEPALIVE_REPLY, &reply);
}

void wl_front_on_keepalive(struct wl_front *front, const struct wl_message *message)
{
	struct wl_wire_hello_reply reply = {.nonce = 0};
	struct wl_wire_keepalive keepalive;
	struct wl_tx_to to;

	if (!message->from ||
	    !wl_wire_decode_keepalive(message->payload, message->bytes, &keepalive)) {
		wl_count_drop(front->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	to = wl_tx_to_remote(message->from);
	reply.nonce = keepalive.nonce;
	say_hello(front, &to, WL_WIRE_KEEPALIVE_REPLY, &reply);
}

void wl_front_on_goodbye(struct wl_front *front, wl_identity client)
{
	wl_subscription_on_goodbye(front, client);
	for (unsigned i = 0; i < WL_FRONT_ASSEMBLIES; i++) {
		if (front->assemblies[i].client == client)
			front->assemblies[i].session = 0;
	}
}

unsigned wl_front_end_turn(struct wl_front *front, uint64_t now_ns)
{
	unsigned did = 0;

	if (front->hellos_left != WL_FRONT_HELLOS)
		memset(front->hellos_of, 0, sizeof(front->hellos_of));
	front->hellos_left = WL_FRONT_HELLOS;
	if (wl_front_leads(front))
		did += wl_reply_end_turn(front);
	wl_shares_commit(&front->shares, front->replica->commit);
	if (front->subscription_count != 0)
		did += wl_subscription_end_turn(front, now_ns);
	return did;
}

unsigned wl_front_want_reads(struct wl_front *front, struct wl_disk_request *requests, unsigned max)
{
	unsigned count = 0;

	if (front->apply_wants_read && max != 0) {
		wl_reader_want(&front->apply_reader, &requests[count++]);
		front->apply_wants_read = false;
	}
	for (uint32_t i = 0; front->subscription_count != 0 && i < front->config.subscriptions_max;
	     i++) {
		struct wl_subscription *subscription = &front->subscriptions[i];

		if (!subscription->wants_read)
			continue;
		if (count == max)
			break;
		wl_reader_want(&subscription->reader, &requests[count++]);
		subscription->wants_read = false;
	}
	return count;
}

void wl_front_on_read(struct wl_front *front, const struct wl_disk_completion *completion)
{
	uint64_t reader = (completion->cookie >> 32) - WL_FRONT_COOKIE;
	struct wl_subscription *subscription;

	if (reader == 0) {
		wl_reader_on_read(&front->apply_reader, completion);
		return;
	}
	WL_CHECK(reader <= front->config.subscriptions_max);
	subscription = &front->subscriptions[reader - 1];
	wl_reader_on_read(&subscription->reader, completion);
	if (subscription->state == WL_SUBSCRIPTION_CLOSING)
		wl_subscription_release(front, subscription);
}

void wl_front_get_stats(const struct wl_front *front, struct wl_front_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->sessions = front->sessions.count;
	stats->subscriptions = front->subscription_count;
	for (unsigned level = WIRELOG_SEQUENCED; level < WL_FRONT_LEVELS; level++)
		stats->waiting_replies += front->queues[level].pushed - front->queues[level].popped;
	stats->applied_index = front->sessions.applied_index;
	stats->session_digest = wl_session_table_digest(&front->sessions);
	stats->commit_number = wl_front_commit_number(front);
	stats->damaged = front->damaged;
	stats->rebuilding = front->sessions.applied_index < front->rebuilt_index;
}

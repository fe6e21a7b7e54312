/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a client service: memory, the table of sessions that follows the commit index, leadership as
 * clients see it, greetings. A leadership is taken up (wl_service_leads) when the replica is ready
 * and the table holds everything before the term's first entry; it ends with the view
 * (wl_service_on_view).
 */
#include "dataplane/service/service_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

#define LINE_BYTES 64u

static uint32_t shared_buffers(const struct wl_service_config *config)
{
	/* One is apply's own: readers must never keep the table of sessions waiting. */
	return config->read_buffers > 2 ? config->read_buffers - 1 : 1;
}

/* Takes `bytes` from *at, which stays aligned to a cache line. With base NULL only the sum matters.
 *  */
static void *take(uint8_t *base, size_t *at, size_t bytes)
{
	WL_CHECK(*at % LINE_BYTES == 0);
	void *taken = base ? base + *at : NULL;

	*at += wl_align_up(bytes, LINE_BYTES);
	return taken;
}

/* One walk for both questions: how much memory, and what stands where. */
static size_t lay_out(const struct wl_service_config *config, uint8_t *base,
		      struct wl_service *service)
{
	size_t at = wl_align_up(sizeof(struct wl_service), LINE_BYTES);
	uint32_t buffers = shared_buffers(config);
	uint8_t *memory;

	for (unsigned level = WIRELOG_SEQUENCED; level < WL_SERVICE_LEVELS; level++) {
		memory = take(base, &at, config->reply_slots * sizeof(struct wl_reply));
		if (service)
			service->queues[level].slots = (struct wl_reply *)memory;
	}
	memory = take(base, &at, config->subscriptions_max * sizeof(struct wl_subscription));
	if (service)
		service->subscriptions = (struct wl_subscription *)memory;
	memory = take(base, &at, buffers * sizeof(uint8_t *));
	if (service)
		service->free_buffers = (uint8_t **)memory;
	at = wl_align_up(at, WL_BLOCK_BYTES);
	memory = take(base, &at, wl_state_memory_bytes(config->sessions_max));
	if (service)
		wl_state_init(&service->state, memory, config->sessions_max);
	at = wl_align_up(at, WL_BLOCK_BYTES);
	for (unsigned i = 0; i < WL_SERVICE_ASSEMBLIES; i++) {
		memory = take(base, &at, WIRELOG_RECORD_BYTES_MAX);
		if (service)
			service->assemblies[i].fragments.buffer = memory;
	}
	WL_CHECK(at % WL_BLOCK_BYTES == 0); /* drives read into what follows */
	memory = take(base, &at, WL_CHUNK_BYTES_MAX);
	if (service)
		wl_reader_lend(&service->apply_reader, memory, WL_CHUNK_BYTES_MAX);
	for (uint32_t i = 0; i < buffers; i++) {
		memory = take(base, &at, WL_CHUNK_BYTES_MAX);
		if (service)
			service->free_buffers[service->free_buffer_count++] = memory;
	}
	return at;
}

size_t wl_service_memory_bytes(const struct wl_service_config *config)
{
	return lay_out(config, NULL, NULL) + WL_BLOCK_BYTES;
}

struct wl_service *wl_service_init(void *memory, const struct wl_service_config *config,
				   const struct wl_log *log)
{
	uint8_t *base = (uint8_t *)wl_align_up((uintptr_t)memory, WL_BLOCK_BYTES);
	struct wl_service *service = (struct wl_service *)base;

	WL_CHECK(config->reply_slots != 0 &&
		 (config->reply_slots & (config->reply_slots - 1)) == 0);
	WL_CHECK(config->record_bytes_max <= WIRELOG_RECORD_BYTES_MAX);
	WL_CHECK(config->subscriptions_max <= WIRELOG_SUBSCRIPTIONS_MAX);
	WL_CHECK(config->member_count <= WIRELOG_NODES_MAX);
	memset(service, 0, sizeof(*service));
	service->config = *config;
	wl_reader_init(&service->apply_reader, log, 1, wl_reader_address(WL_READER_OF_SERVICE, 0));
	lay_out(config, base, service);
	for (uint32_t i = 0; i < config->subscriptions_max; i++)
		memset(&service->subscriptions[i], 0, sizeof(service->subscriptions[i]));
	service->hellos_left = WL_SERVICE_HELLOS;
	return service;
}

void wl_service_start(struct wl_service *service, struct wl_replica *replica, struct wl_rx *rx)
{
	WL_CHECK(!service->replica);
	WL_CHECK(service->state.sessions.applied_index <= replica->commit);
	service->replica = replica;
	service->rx = rx;
	service->rebuilt_index = replica->commit;
	wl_reader_seek(&service->apply_reader, service->state.sessions.applied_index + 1);
}

struct wl_remote *wl_service_client(struct wl_service *service, wl_identity client)
{
	return wl_remote_table_find(&service->rx->clients, client);
}

uint64_t wl_service_commit_number(const struct wl_service *service)
{
	uint64_t commit = service->replica->commit;
	const struct wl_log_slot *slot =
		&service->replica->log->slots[commit % WL_LOG_ENTRIES_IN_RING];

	/* Exact while the entry is a recent one; right behind a restart, what was applied so far.
	 *  */
	if (commit != 0 && slot->index == commit)
		return slot->next_number - 1;
	return service->state.next_number - 1;
}

/* Else the next entry could make a state that no other node has. */
static bool may_apply(const struct wl_service *service)
{
	const struct wl_session_table *table = &service->state.sessions;

	return !table->contradicted && !wl_session_table_lacks_room(table) &&
	       wl_features_have(service->config.features, service->state.features.set);
}

/* Returns sessions that it ended. */
static unsigned take_entry(struct wl_service *service, const struct wl_reader_view *view)
{
	unsigned ended = wl_state_apply(&service->state, view->image, &view->header);

	/* Exactly once cannot be promised any more, appends are refused. Else the place was read at last. */
	service->damaged = !may_apply(service);
	return ended;
}

struct wl_state *wl_service_state(struct wl_service *service)
{
	return &service->state;
}

void wl_service_loaded(struct wl_service *service)
{
	wl_reader_seek(&service->apply_reader, service->state.sessions.applied_index + 1);
}

void wl_service_jumped(struct wl_service *service)
{
	WL_CHECK(!service->leading &&
		 service->state.sessions.applied_index == service->replica->log->tail.index);
	wl_service_loaded(service);
	service->damaged = !may_apply(service);
	service->rebuilt_index = service->state.sessions.applied_index;
}

void wl_service_restore(struct wl_service *service, uint64_t commit)
{
	struct wl_reader_view view;

	WL_CHECK(!service->replica); /* nobody is answered yet */
	while (service->state.sessions.applied_index < commit && may_apply(service) &&
	       wl_reader_next(&service->apply_reader, commit, &view) == WL_READER_ENTRY)
		take_entry(service, &view);
}

static void apply_entry(struct wl_service *service, const struct wl_reader_view *view)
{
	struct wl_counters *counters = service->replica->counters;
	uint32_t before = service->state.sessions.count;
	unsigned ended = take_entry(service, view);

	WL_CHECK_MSG(view->header.index <= service->replica->commit, "entry %llu, commit %llu",
		     (unsigned long long)view->header.index,
		     (unsigned long long)service->replica->commit);
	WL_CHECK(service->state.sessions.count + ended >= before);
	WL_CHECK(service->state.sessions.applied_index == view->header.index);
	wl_count_add(counters, WL_COUNTER_records_committed, view->header.data_count);
	wl_count_add(counters, WL_COUNTER_sessions_opened,
		     service->state.sessions.count - before + ended);
	wl_count_add(counters, WL_COUNTER_sessions_evicted, ended);
}

/*
 * Never skipped: a table that misses an entry would let a retry in twice. What cannot be read for long is damaged, and is looked at
 * again all the same: the medium may get well, and on all nodes at once there is nobody else to lead.
 */
static void read_again(struct wl_service *service)
{
	struct wl_replica *replica = service->replica;

	if (wl_reader_try_again(&service->apply_reader, replica->now_ns)) {
		wl_count(replica->counters, WL_COUNTER_reads_again);
		return;
	}
	service->damaged = true;
	wl_reader_rest(&service->apply_reader, replica->now_ns + WL_SERVICE_REST_NS);
}

/* The states of all nodes are compared (replica_state.c). */
static void tell_state(struct wl_service *service)
{
	uint64_t index = service->state.sessions.applied_index;

	if (service->damaged || !wl_replica_state_asks(service->replica, index))
		return;
	wl_session_table_review(&service->state.sessions, WL_SERVICE_REVIEWS);
	wl_replica_on_applied(service->replica, index, wl_state_digest(&service->state));
}

void wl_service_apply(struct wl_service *service)
{
	struct wl_replica *replica = service->replica;
	struct wl_reader_view view;
	uint32_t bytes = 0;

	tell_state(service);
	if (wl_reader_rests(&service->apply_reader, replica->now_ns))
		return;
	for (unsigned entries = 0; entries < WL_SERVICE_APPLY_ENTRIES &&
				   bytes < WL_SERVICE_APPLY_BYTES && may_apply(service);
	     entries++) {
		if (service->state.sessions.applied_index >= service->replica->commit)
			return;
		switch (wl_reader_next(&service->apply_reader, service->replica->commit, &view)) {
		case WL_READER_ENTRY:
			apply_entry(service, &view);
			tell_state(service);
			bytes += view.bytes;
			break;
		case WL_READER_WANTS_READ:
			service->apply_wants_read = true;
			return;
		case WL_READER_DAMAGED:
			read_again(service);
			return;
		case WL_READER_GONE:
			WL_CHECK(false); /* nothing is given up that a base of ours does not hold */
			return;
		default:
			return;
		}
	}
}

bool wl_service_leads(struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;

	if (replica->view.role != WL_ROLE_LEADER || replica->silent ||
	    wl_replica_is_apart(replica) || !replica->leader.ready || service->damaged)
		return false;
	if (service->leading)
		return service->lead_term == replica->view.term;
	if (replica->leader.term_start_index == 0 ||
	    service->state.sessions.applied_index < replica->leader.term_start_index)
		return false;
	WL_CHECK(replica->leader.term_start_index <= replica->commit);
	WL_CHECK(service->lead_term <= replica->view.term);
	WL_CHECK(service->opens_pushed == service->opens_popped); /* of an earlier leadership */
	wl_session_lead(&service->state.sessions, replica->view.number);
	wl_shares_reset(&service->shares);
	service->lead_term = replica->view.term;
	service->lead_since_ns = replica->now_ns;
	service->leading = true;
	return true;
}

void wl_service_on_view(struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;

	if (!service->leading)
		return;
	/* The same leadership under a new view number: a transfer that was called off, or a silence. Clients have to find us again. */
	if (replica->view.role == WL_ROLE_LEADER && replica->leader.ready &&
	    service->lead_term == replica->view.term) {
		service->lead_since_ns = replica->now_ns;
		return;
	}
	service->leading = false;
	wl_session_lead(&service->state.sessions, 0);
	wl_reply_abandon(service);
	for (unsigned i = 0; i < WL_SERVICE_ASSEMBLIES; i++)
		service->assemblies[i].session = 0;
}

uint32_t wl_service_leader(const struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;

	if ((replica->view.role == WL_ROLE_LEADER && replica->silent) ||
	    wl_replica_is_apart(replica))
		return 0;
	/* Who gave its vote was told to follow before anybody led: it knows the leader by its frames. */
	if (replica->view.role == WL_ROLE_FOLLOWER)
		return wl_replica_known_leader(replica);
	return replica->view.leader;
}

bool wl_service_wants_other_leader(const struct wl_service *service)
{
	return service->damaged && !service->state.sessions.contradicted;
}

/* Of the asker's own server: what another one under its id is heard to be makes no old image of it (claim.h). */
static uint64_t known_boot(const struct wl_service *service, const struct wl_tx_to *to)
{
	uint32_t node = wl_identity_node(to->identity);

	if (wl_rx_hears_elsewhere(service->rx, node, &to->address, service->replica->now_ns))
		return 0;
	return wl_remote_newest_boot(&service->rx->peers[node]);
}

static void say_what_is_known(const struct wl_service *service, const struct wl_tx_to *to,
			      struct wl_wire_hello_reply *reply)
{
	const struct wl_remote *peer = &service->rx->peers[wl_identity_node(to->identity)];

	WL_CHECK(wl_identity_node(to->identity) <= WIRELOG_NODES_MAX);
	reply->known_boot = known_boot(service, to);
	reply->known_incarnation = peer->incarnation;
	reply->suspect = peer->suspect;
}

/* Nobody who asks without end has all answers of a turn. Of who has no place rx takes few (strangers.h), nodes came first. */
static bool has_answers_left(struct wl_service *service, const struct wl_remote *client)
{
	uint8_t *said;

	WL_CHECK(service->hellos_left <= WL_SERVICE_HELLOS);
	if (service->hellos_left == 0)
		return false;
	if (client) {
		said = &service->hellos_of[wl_service_share_of(client->identity) %
					   WL_SERVICE_HELLOS];
		if (*said == WL_SERVICE_HELLOS_OF_ONE)
			return false;
		++*said;
	}
	service->hellos_left--;
	return true;
}

/* To who is not known, or is a node, no more than it asked with. */
void wl_service_add_member(struct wl_service *service, const struct wl_wire_member *member)
{
	WL_CHECK(service->config.member_count < WIRELOG_NODES_MAX);
	service->config.members[service->config.member_count++] = *member;
}

static void say_hello(struct wl_service *service, const struct wl_tx_to *to, uint8_t type,
		      const struct wl_wire_hello_reply *greeting)
{
	const struct wl_replica *replica = service->replica;
	const struct wl_remote *client = wl_service_client(service, to->identity);
	struct wl_wire_hello_reply reply = *greeting;
	uint8_t *payload;

	if (!has_answers_left(service, client))
		return; /* it asks again */
	reply.node = service->config.node;
	reply.leader = wl_service_leader(service);
	reply.term = replica->view.term;
	reply.commit_number = wl_service_commit_number(service);
	reply.first_number = replica->log->begin.next_number;
	reply.incarnation = service->rx->incarnation;
	reply.history = service->rx->history;
	reply.history_id = replica->history;
	reply.record_bytes_max = service->config.record_bytes_max;
	if (!wl_identity_is_client(to->identity)) {
		if (wl_identity_node(to->identity) <= WIRELOG_NODES_MAX)
			say_what_is_known(service, to, &reply);
	} else if (client && client->boot_id == to->boot_id) {
		reply.member_count = service->config.member_count;
		memcpy(reply.members, service->config.members, sizeof(reply.members));
	} else if (reply.status == WIRELOG_OK) {
		reply.challenge = wl_remote_challenge(replica->now_ns);
		/* Two clients drew the same identity. */
		if (client &&
		    replica->now_ns - client->last_heard_ns <= service->rx->client_idle_ns)
			reply.known_boot = client->boot_id;
	}
	payload = wl_tx_open(replica->tx, to, type, service->config.journal, WL_TX_RESERVED);
	if (!payload)
		return;
	reply.mtu = wl_tx_mtu(replica->tx, to->address.link);
	WL_CHECK(wl_tx_open_room(replica->tx) >= WL_WIRE_HELLO_REPLY_BYTES_MAX);
	wl_tx_close(replica->tx, wl_wire_encode_hello_reply(payload, &reply));
	wl_count(replica->counters, WL_COUNTER_hello_answered);
}

void wl_service_on_hello(struct wl_service *service, const struct wl_message *message)
{
	struct wl_tx_to to = {message->hello_address, message->hello_identity, message->hello_boot,
			      0, message->hello_key};
	struct wl_wire_hello_reply reply = {.nonce = 0};
	struct wl_wire_hello hello;

	if (!wl_wire_decode_hello(message->payload, message->bytes, &hello)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	reply.nonce = hello.nonce;
	say_hello(service, &to, WL_WIRE_HELLO_REPLY, &reply);
}

void wl_service_on_stranger(struct wl_service *service, const struct wl_message *message)
{
	struct wl_tx_to to = {message->hello_address, message->hello_identity, message->hello_boot,
			      0, message->hello_key};
	struct wl_wire_hello_reply reply = {.status = WIRELOG_TOO_MANY_CLIENTS};
	struct wl_wire_keepalive keepalive;

	if (!wl_wire_decode_keepalive(message->payload, message->bytes, &keepalive))
		return;
	reply.nonce = keepalive.nonce;
	say_hello(service, &to, WL_WIRE_KEEPALIVE_REPLY, &reply);
}

void wl_service_on_keepalive(struct wl_service *service, const struct wl_message *message)
{
	struct wl_wire_hello_reply reply = {.nonce = 0};
	struct wl_wire_keepalive keepalive;
	struct wl_tx_to to;

	if (!message->from ||
	    !wl_wire_decode_keepalive(message->payload, message->bytes, &keepalive)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	to = wl_tx_to_remote(message->from);
	reply.nonce = keepalive.nonce;
	say_hello(service, &to, WL_WIRE_KEEPALIVE_REPLY, &reply);
}

void wl_service_on_goodbye(struct wl_service *service, wl_identity client)
{
	wl_subscription_on_goodbye(service, client);
	for (unsigned i = 0; i < WL_SERVICE_ASSEMBLIES; i++) {
		if (service->assemblies[i].client == client)
			service->assemblies[i].session = 0;
	}
}

unsigned wl_service_end_turn(struct wl_service *service, uint64_t now_ns)
{
	unsigned did = 0;

	if (service->hellos_left != WL_SERVICE_HELLOS)
		memset(service->hellos_of, 0, sizeof(service->hellos_of));
	service->hellos_left = WL_SERVICE_HELLOS;
	if (wl_service_leads(service))
		did += wl_reply_end_turn(service);
	did += wl_reads_turn(service);
	wl_shares_commit(&service->shares, service->replica->commit);
	if (service->subscription_count != 0)
		did += wl_subscription_end_turn(service, now_ns);
	return did + wl_upkeep_turn(service);
}

unsigned wl_service_want_reads(struct wl_service *service, struct wl_disk_request *requests,
			       unsigned max)
{
	unsigned count = 0;

	if (service->apply_wants_read && max != 0) {
		wl_reader_want(&service->apply_reader, &requests[count++]);
		service->apply_wants_read = false;
	}
	for (uint32_t i = 0;
	     service->subscription_count != 0 && i < service->config.subscriptions_max; i++) {
		struct wl_subscription *subscription = &service->subscriptions[i];

		if (!subscription->wants_read)
			continue;
		if (count == max)
			break;
		wl_reader_want(&subscription->reader, &requests[count++]);
		subscription->wants_read = false;
	}
	WL_CHECK(count <= max);
	return count;
}

void wl_service_on_read(struct wl_service *service, const struct wl_disk_completion *completion)
{
	uint32_t reader = wl_reader_number(completion);
	struct wl_subscription *subscription;

	WL_CHECK(wl_reader_owner(completion) == WL_READER_OF_SERVICE);
	if (reader == 0) {
		wl_reader_on_read(&service->apply_reader, completion);
		return;
	}
	WL_CHECK(reader <= service->config.subscriptions_max);
	subscription = &service->subscriptions[reader - 1];
	WL_CHECK(subscription->state != WL_SUBSCRIPTION_FREE); /* not while it reads */
	wl_reader_on_read(&subscription->reader, completion);
	if (subscription->state == WL_SUBSCRIPTION_CLOSING)
		wl_subscription_release(service, subscription);
}

void wl_service_get_stats(const struct wl_service *service, struct wl_service_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->sessions = service->state.sessions.count;
	stats->subscriptions = service->subscription_count;
	for (unsigned level = WIRELOG_SEQUENCED; level < WL_SERVICE_LEVELS; level++)
		stats->waiting_replies +=
			service->queues[level].pushed - service->queues[level].popped;
	stats->applied_index = service->state.sessions.applied_index;
	stats->state_digest = wl_state_digest(&service->state);
	stats->commit_number = wl_service_commit_number(service);
	stats->trim_number = service->state.trim_number;
	stats->base_mark = service->state.base_mark;
	stats->proven = service->state.proven;
	stats->base_differs = service->upkeep.base_differs;
	stats->consumers = &service->state.consumers;
	stats->held_bytes = service->upkeep.held_bytes;
	stats->features = service->state.features;
	stats->lacks_features =
		!wl_features_have(service->config.features, service->state.features.set);
	stats->damaged = service->damaged && !stats->lacks_features &&
			 !wl_session_table_lacks_room(&service->state.sessions);
	stats->limits = service->state.limits;
	stats->keys = service->state.keys;
	stats->lacks_room = wl_session_table_lacks_room(&service->state.sessions);
	stats->rebuilding = service->state.sessions.applied_index < service->rebuilt_index;
}

const char *wl_service_check(const struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;
	const char *broken = wl_state_check(&service->state);

	if (!broken && service->checkpoints.count != 0)
		broken = wl_checkpoints_check(&service->checkpoints);
	if (!broken)
		broken = wl_reads_check(&service->reads);
	if (broken)
		return broken;
	if (service->state.sessions.applied_index > replica->commit)
		return "C1: more is applied than is committed";
	if (service->state.next_number > replica->log->next_number)
		return "C1: a record is applied that is not in the log";
	if (service->apply_reader.next_index != service->state.sessions.applied_index + 1)
		return "C1: apply reads on elsewhere than behind what it has applied";
	if (service->opens_pushed - service->opens_popped > WL_SERVICE_OPENS ||
	    service->subscription_count > service->config.subscriptions_max ||
	    service->free_buffer_count > service->config.read_buffers)
		return "C2: more waits, or is free, than there are places";
	if (service->lead_term > replica->view.term)
		return "C3: leads a term that is not yet there";
	return wl_reader_check(&service->apply_reader);
}

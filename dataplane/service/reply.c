/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers. What was appended waits in one queue for each level, in log order, until the level is
 * reached; what met another fate is answered at once. Either way results of one client leave in as
 * few frames as hold them. An answer that is lost, or that finds no buffer, is not kept: the client
 * asks again and is told what the table of sessions knows.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

#define SHARE_MIN 4u /* answers that any client may have waiting while there is room */

static struct wl_reply *slot_at(const struct wl_service *service,
				const struct wl_reply_queue *queue, uint64_t position)
{
	return &queue->slots[position & (service->config.reply_slots - 1)];
}

bool wl_reply_has_room(const struct wl_service *service, uint8_t level, wl_identity client)
{
	const struct wl_reply_queue *queue = &service->queues[level];
	uint64_t slots = service->config.reply_slots, taken = queue->pushed - queue->popped;

	uint64_t own = service->waiting[level][wl_service_share_of(client)];

	WL_CHECK(level >= WIRELOG_SEQUENCED && level < WL_SERVICE_LEVELS);
	WL_CHECK(taken <= slots);
	return taken < slots && (2 * taken < slots || 8 * own < slots || own < SHARE_MIN);
}

static void pop(struct wl_service *service, struct wl_reply_queue *queue, struct wl_reply *reply)
{
	WL_CHECK(queue->popped != queue->pushed);
	*reply = *slot_at(service, queue, queue->popped++);
	WL_CHECK(service->waiting[reply->level][wl_service_share_of(reply->client)] != 0);
	service->waiting[reply->level][wl_service_share_of(reply->client)]--;
}

static bool continues(const struct wl_reply *last, const struct wl_reply *reply)
{
	return last->index == reply->index && last->session == reply->session &&
	       last->client == reply->client &&
	       last->first_sequence + last->count == reply->first_sequence &&
	       (last->first_number == 0) == (reply->first_number == 0) &&
	       (reply->first_number == 0 ||
		last->first_number + last->count == reply->first_number);
}

void wl_reply_wait(struct wl_service *service, const struct wl_reply *reply)
{
	struct wl_reply_queue *queue = &service->queues[reply->level];

	WL_CHECK(reply->level >= WIRELOG_SEQUENCED && reply->level < WL_SERVICE_LEVELS);
	WL_CHECK(reply->client != 0); /* in a batch: went already */
	WL_CHECK(reply->count != 0);
	if (queue->pushed != queue->popped) {
		struct wl_reply *last = slot_at(service, queue, queue->pushed - 1);

		/* Who asks again for EVERYWHERE waits from what is applied now. */
		WL_CHECK(last->index <= reply->index || reply->level == WIRELOG_EVERYWHERE);
		if (continues(last, reply)) {
			last->count += reply->count;
			return;
		}
	}
	WL_CHECK(queue->pushed - queue->popped < service->config.reply_slots);
	service->waiting[reply->level][wl_service_share_of(reply->client)]++;
	*slot_at(service, queue, queue->pushed++) = *reply;
}

uint64_t wl_reply_waiting_through(const struct wl_service *service, uint8_t level, uint64_t session,
				  uint64_t sequence)
{
	const struct wl_reply_queue *queue = &service->queues[level];

	for (uint64_t at = queue->popped; at != queue->pushed; at++) {
		const struct wl_reply *reply = slot_at(service, queue, at);

		if (reply->session == session && sequence >= reply->first_sequence &&
		    sequence - reply->first_sequence < reply->count)
			return reply->first_sequence + reply->count - 1;
	}
	return 0;
}

void wl_reply_results_begin(struct wl_service *service, wl_identity client, uint64_t session,
			    uint64_t frame)
{
	WL_CHECK(service->results.count == 0); /* the ones before were sent */
	service->results.client = client;
	service->results.session = session;
	service->results.frame = frame;
	service->results.count = 0;
}

static bool joins(const struct wl_wire_append_result *last,
		  const struct wl_wire_append_result *next)
{
	return last->status == next->status && last->level == next->level &&
	       last->timestamp_ns == next->timestamp_ns && last->dwell_ns == next->dwell_ns &&
	       last->first_sequence + last->count == next->first_sequence &&
	       (last->first_number == 0) == (next->first_number == 0) &&
	       (next->first_number == 0 || last->first_number + last->count == next->first_number);
}

void wl_reply_results_add(struct wl_service *service, const struct wl_wire_append_result *result)
{
	struct wl_results *results = &service->results;

	WL_CHECK(results->count <= WL_SERVICE_RESULTS);
	if (results->count != 0 && joins(&results->results[results->count - 1], result)) {
		results->results[results->count - 1].count += result->count;
		return;
	}
	if (results->count == WL_SERVICE_RESULTS)
		wl_reply_results_send(service);
	results->results[results->count++] = *result;
}

/* Sends the first results that fit into one frame; returns how many, 0 when there is no way to the
 * client. */
static uint32_t send_frame(struct wl_service *service, const struct wl_tx_to *to,
			   const struct wl_wire_append_result *results, uint32_t count)
{
	const struct wl_replica *replica = service->replica;
	struct wl_wire_append_reply reply = {
		.session = service->results.session,
		.leader = wl_service_leader(service),
		.term = replica->view.term,
		.frame = service->results.frame,
	};
	size_t room;
	uint8_t *payload = wl_tx_open(replica->tx, to, WL_WIRE_APPEND_REPLY,
				      service->config.journal, WL_TX_DATA);
	uint8_t *at;

	WL_CHECK(count != 0 && count <= WL_SERVICE_RESULTS);
	if (!payload)
		return 0;
	room = wl_tx_open_room(replica->tx);
	WL_CHECK(room >= WL_WIRE_APPEND_REPLY_HEADER_BYTES + WL_WIRE_APPEND_RESULT_BYTES);
	if (count > (room - WL_WIRE_APPEND_REPLY_HEADER_BYTES) / WL_WIRE_APPEND_RESULT_BYTES)
		count = (uint32_t)((room - WL_WIRE_APPEND_REPLY_HEADER_BYTES) /
				   WL_WIRE_APPEND_RESULT_BYTES);
	reply.result_count = count;
	at = payload + WL_WIRE_APPEND_REPLY_HEADER_BYTES;
	for (uint32_t i = 0; i < count; i++, at += WL_WIRE_APPEND_RESULT_BYTES) {
		wl_wire_encode_append_result(at, &results[i]);
		wl_count_add(replica->counters, WL_COUNTER_client_replies, results[i].count);
	}
	wl_wire_encode_append_reply(payload, &reply);
	WL_CHECK((size_t)(at - payload) <= room);
	wl_tx_close(replica->tx, (size_t)(at - payload));
	return count;
}

void wl_reply_results_send(struct wl_service *service)
{
	struct wl_results *results = &service->results;
	const struct wl_remote *client = wl_service_client(service, results->client);
	uint32_t sent = 0;

	while (client && sent < results->count) {
		struct wl_tx_to to = wl_tx_to_remote(client);
		uint32_t count =
			send_frame(service, &to, results->results + sent, results->count - sent);

		if (count == 0)
			break;
		sent += count;
	}
	results->count = 0;
}

void wl_reply_open_session(struct wl_service *service, wl_identity client, uint64_t nonce,
			   int status, uint64_t session)
{
	const struct wl_replica *replica = service->replica;
	const struct wl_remote *remote = wl_service_client(service, client);
	struct wl_wire_open_session_reply reply = {
		.nonce = nonce,
		.status = status,
		.leader = wl_service_leader(service),
		.session = session,
	};
	struct wl_tx_to to;
	uint8_t *payload;

	WL_CHECK((status == WIRELOG_OK) == (session != 0));
	if (!remote)
		return;
	to = wl_tx_to_remote(remote);
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_OPEN_SESSION_REPLY, service->config.journal,
			     WL_TX_DATA);
	if (payload)
		wl_tx_close(replica->tx, wl_wire_encode_open_session_reply(payload, &reply));
}

/* The highest index that has reached a level. Levels contain one another, so a higher one never
 * overtakes. */
static uint64_t reached(const struct wl_replica *replica, unsigned level)
{
	switch (level) {
	case WIRELOG_SEQUENCED:
		return replica->log->tail.index; /* the open entry is not in it */
	case WIRELOG_RECEIVED:
		return replica->leader.received_majority;
	case WIRELOG_COMMITTED:
		return replica->commit;
	default:
		return replica->leader.durable_all < replica->commit ? replica->leader.durable_all
								     : replica->commit;
	}
}

static unsigned collect(struct wl_service *service)
{
	unsigned count = 0;

	for (unsigned level = WIRELOG_SEQUENCED; level < WL_SERVICE_LEVELS; level++) {
		struct wl_reply_queue *queue = &service->queues[level];
		uint64_t index = reached(service->replica, level);

		WL_CHECK(queue->pushed - queue->popped <= service->config.reply_slots);
		while (queue->popped != queue->pushed && count < WL_SERVICE_REPLIES) {
			const struct wl_reply *reply = slot_at(service, queue, queue->popped);

			if (reply->index > index)
				break;
			pop(service, queue, &service->batch[count++]);
		}
	}
	return count;
}

static void add_answer(struct wl_service *service, const struct wl_reply *reply, int status)
{
	struct wl_wire_append_result result = {
		.first_sequence = reply->first_sequence,
		.count = reply->count,
		.status = (int16_t)status,
	};

	if (status == WIRELOG_OK) {
		result.first_number = reply->first_number;
		result.timestamp_ns = reply->timestamp_ns;
		result.level = reply->level;
		if (reply->arrived_ns != 0)
			result.dwell_ns = service->replica->now_ns - reply->arrived_ns;
		if (reply->first_number == 0)
			result.status = WIRELOG_EXPIRED;
	}
	wl_reply_results_add(service, &result);
}

/* Sends the batch, all that belongs to one client and session together. */
static void send_batch(struct wl_service *service, unsigned count, int status)
{
	WL_CHECK(count <= WL_SERVICE_REPLIES);
	for (unsigned i = 0; i < count; i++) {
		wl_identity client = service->batch[i].client;
		uint64_t session = service->batch[i].session;

		if (client == 0)
			continue; /* went with an earlier one */
		wl_reply_results_begin(service, client, session, 0);
		for (unsigned j = i; j < count; j++) {
			struct wl_reply *reply = &service->batch[j];

			if (reply->client != client || reply->session != session)
				continue;
			add_answer(service, reply, status);
			reply->client = 0;
		}
		wl_reply_results_send(service);
	}
}

/* A session is told when the table has it: then any node that leads later knows it too. */
static unsigned answer_opens(struct wl_service *service)
{
	unsigned count = 0;

	while (service->opens_popped != service->opens_pushed && count < WL_SERVICE_REPLIES) {
		const struct wl_open_request *open =
			&service->opens[service->opens_popped % WL_SERVICE_OPENS];
		uint64_t session;

		if (open->index > service->state.sessions.applied_index)
			break;
		session = wl_session_by_nonce(&service->state.sessions, open->nonce, open->client);
		/* 0: there was no room after all, or it gave way already. */
		wl_reply_open_session(service, open->client, open->nonce,
				      session ? WIRELOG_OK : WIRELOG_SESSION_UNKNOWN, session);
		service->opens_popped++;
		count++;
	}
	return count;
}

unsigned wl_reply_end_turn(struct wl_service *service)
{
	unsigned count = collect(service);

	WL_CHECK(service->leading); /* rule F1 */
	WL_CHECK(service->lead_term == service->replica->view.term);
	send_batch(service, count, WIRELOG_OK);
	return count + answer_opens(service);
}

uint64_t wl_service_answered_through(const struct wl_service *service)
{
	uint64_t through = service->replica->commit;

	for (unsigned level = WIRELOG_SEQUENCED; level <= WIRELOG_COMMITTED; level++) {
		const struct wl_reply_queue *queue = &service->queues[level];

		if (queue->popped != queue->pushed &&
		    slot_at(service, queue, queue->popped)->index <= through)
			through = slot_at(service, queue, queue->popped)->index - 1;
	}
	return through;
}

void wl_reply_abandon(struct wl_service *service)
{
	WL_CHECK(!service->leading);
	for (unsigned level = WIRELOG_SEQUENCED; level < WL_SERVICE_LEVELS; level++) {
		struct wl_reply_queue *queue = &service->queues[level];

		while (queue->popped != queue->pushed) {
			unsigned count = 0;

			while (queue->popped != queue->pushed && count < WL_SERVICE_REPLIES)
				pop(service, queue, &service->batch[count++]);
			send_batch(service, count, WIRELOG_NOT_LEADER);
		}
	}
	for (; service->opens_popped != service->opens_pushed; service->opens_popped++) {
		const struct wl_open_request *open =
			&service->opens[service->opens_popped % WL_SERVICE_OPENS];

		wl_reply_open_session(service, open->client, open->nonce, WIRELOG_NOT_LEADER, 0);
	}
}

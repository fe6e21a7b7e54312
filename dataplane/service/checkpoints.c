/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/checkpoints.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"

/* No entry makes this index, so a SET that expects it has no effect, and yet what was committed before is known behind it. */
#define NOBODYS_INDEX UINT64_MAX

WL_STATIC_CHECK(WL_CONSUMER_NAME_BYTES % 8 == 0); /* hashed by words */
WL_STATIC_CHECK(sizeof(((struct wl_control *)0)->name) == WL_CONSUMER_NAME_BYTES);
WL_STATIC_CHECK(sizeof(((struct wl_wire_consumer_ask *)0)->name) == WL_CONSUMER_NAME_BYTES);

/* ---- answers ---------------------------------------------------------------------------------- */

static void say(struct wl_service *service, wl_identity client,
		const struct wl_wire_consumer_reply *reply)
{
	const struct wl_replica *replica = service->replica;
	const struct wl_remote *remote = wl_service_client(service, client);
	struct wl_tx_to to;
	uint8_t *payload;

	if (!remote)
		return;
	to = wl_tx_to_remote(remote);
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_CONSUMER_REPLY, service->config.journal,
			     WL_TX_DATA);
	if (payload)
		wl_tx_close(replica->tx, wl_wire_encode_consumer_reply(payload, reply));
}

static void refuse(struct wl_service *service, wl_identity client,
		   const struct wl_wire_consumer_ask *ask, int status)
{
	const struct wl_wire_consumer_reply reply = {
		.nonce = ask->nonce,
		.status = status,
		.leader = wl_service_leader(service),
	};

	WL_CHECK(status != WIRELOG_OK);
	wl_service_count_refusal(service, status, 1);
	say(service, client, &reply);
}

static void tell(struct wl_service *service, wl_identity client,
		 const struct wl_wire_consumer_ask *ask, const struct wl_consumer *consumer)
{
	const struct wl_wire_consumer_reply reply = {
		.nonce = ask->nonce,
		.leader = wl_service_leader(service),
		.number = consumer->number,
		.made = consumer->made_index,
	};

	WL_CHECK(consumer->made_index != 0);
	WL_CHECK(consumer->made_index <= service->state.sessions.applied_index);
	say(service, client, &reply);
}

/* The one that is meant, as it is applied; NULL: it is not there. */
static const struct wl_consumer *find(const struct wl_service *service,
				      const struct wl_wire_consumer_ask *ask)
{
	const struct wl_consumer *consumer =
		wl_consumers_find(&service->state.consumers, ask->name);

	if (consumer && ask->made != 0 && consumer->made_index != ask->made)
		return NULL;
	return consumer;
}

static bool is_full(const struct wl_service *service)
{
	return service->state.consumers.count >= wl_state_consumers_max(&service->state);
}

/* What it waited for is applied. */
static void answer(struct wl_service *service, const struct wl_checkpoint_wait *wait)
{
	const struct wl_consumer *consumer = find(service, &wait->ask);

	WL_CHECK(wait->proposed);
	if (consumer)
		tell(service, wait->client, &wait->ask, consumer);
	else if (wait->ask.verb == WL_WIRE_CONSUMER_MOVE || wait->ask.existing)
		refuse(service, wait->client, &wait->ask, WIRELOG_CHECKPOINT_DROPPED);
	else if (is_full(service))
		refuse(service, wait->client, &wait->ask, WIRELOG_TOO_MANY_CONSUMERS);
	/* Else it was dropped meanwhile: who asks again has it made. */
}

/* ---- what waits ------------------------------------------------------------------------------- */

static void release(struct wl_checkpoints *checkpoints, struct wl_checkpoint_wait *wait)
{
	WL_CHECK(checkpoints->count != 0);
	WL_CHECK(wait->client != 0);
	checkpoints->count--;
	*wait = (struct wl_checkpoint_wait){0};
}

void wl_checkpoints_forget(struct wl_service *service)
{
	memset(&service->checkpoints, 0, sizeof(service->checkpoints));
}

/* Where the name waits, or may; NULL: as many wait as there are places. */
static struct wl_checkpoint_wait *place_for(struct wl_checkpoints *checkpoints, const char *name)
{
	struct wl_checkpoint_wait *free_place = NULL;

	for (uint32_t at = 0; at < WL_CHECKPOINTS_WAITING; at++) {
		struct wl_checkpoint_wait *wait = &checkpoints->waits[at];

		if (wait->client == 0)
			free_place = free_place ? free_place : wait;
		else if (memcmp(wait->ask.name, name, WL_CONSUMER_NAME_BYTES) == 0)
			return wait;
	}
	return free_place;
}

/* The newest question of a name takes the place of the one before, whose client asks again: a move that it forgets is part of what that one
 * asks then. One that is on its way is not replaced. */
static void keep(struct wl_service *service, wl_identity client,
		 const struct wl_wire_consumer_ask *ask)
{
	struct wl_checkpoints *checkpoints = &service->checkpoints;
	struct wl_checkpoint_wait *wait = place_for(checkpoints, ask->name);

	if (!wait || wait->proposed)
		return;
	checkpoints->count += wait->client == 0;
	WL_CHECK(checkpoints->count <= WL_CHECKPOINTS_WAITING);
	wait->client = client;
	wait->ask = *ask;
}

/* Nobody has consumed what is still to be written. */
static void limit(const struct wl_service *service, struct wl_wire_consumer_ask *ask)
{
	if (ask->number > service->replica->log->next_number)
		ask->number = service->replica->log->next_number;
}

void wl_service_on_consumer_ask(struct wl_service *service, const struct wl_message *message)
{
	const struct wl_consumer *consumer;
	struct wl_wire_consumer_ask ask;
	wl_identity client;

	if (!message->from || !wl_identity_is_client(message->from->identity) ||
	    !wl_wire_decode_consumer_ask(message->payload, message->bytes, &ask)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	wl_count(service->replica->counters, WL_COUNTER_consumer_asks);
	client = message->from->identity;
	if (!wl_service_leads(service)) {
		refuse(service, client, &ask, WIRELOG_NOT_LEADER);
		return;
	}
	limit(service, &ask);
	consumer = find(service, &ask);
	if (ask.verb == WL_WIRE_CONSUMER_TAKE)
		keep(service, client, &ask);
	else if (!consumer)
		refuse(service, client, &ask, WIRELOG_CHECKPOINT_DROPPED);
	else if (ask.verb != WL_WIRE_CONSUMER_MOVE || ask.number <= consumer->number)
		tell(service, client, &ask, consumer);
	else
		keep(service, client, &ask);
}

/* ---- entries ---------------------------------------------------------------------------------- */

/*
 * In a log that takes no records: a move of the lowest one for which at least one segment more may go; and one that is there is taken, for who
 * cannot begin consumes nothing, as long as half of the room is left that trims and terms have.
 */
static bool may_use_kept_room(const struct wl_service *service,
			      const struct wl_checkpoint_wait *wait)
{
	const struct wl_consumer *consumer = find(service, &wait->ask);
	struct wl_log_begin begin;

	if (!consumer)
		return false;
	if (wait->ask.verb == WL_WIRE_CONSUMER_TAKE)
		return wl_log_elections_left(service->replica->log) > WL_LOG_KEPT_ELECTIONS / 2;
	return consumer->number == service->state.consumers.lowest &&
	       wl_log_find_begin(service->replica->log, wait->ask.number, UINT64_MAX, &begin) &&
	       begin.next_number > consumer->number;
}

/* All that was proposed is applied, so the state is the one that the entry meets. */
static struct wl_control entry_of(const struct wl_service *service,
				  const struct wl_wire_consumer_ask *ask)
{
	const struct wl_consumer *consumer = find(service, ask);
	struct wl_control control = {
		.verb = WL_CONTROL_CONSUMER_SET,
		.number = ask->number,
	};

	WL_CHECK(ask->verb == WL_WIRE_CONSUMER_TAKE || ask->verb == WL_WIRE_CONSUMER_MOVE);
	memcpy(control.name, ask->name, sizeof(control.name));
	if (ask->verb == WL_WIRE_CONSUMER_MOVE) {
		control.expects = ask->made;
	} else if (consumer) {
		control.expects = consumer->made_index;
		control.number = consumer->number;
	} else if (ask->existing) {
		control.expects = NOBODYS_INDEX;
	}
	return control;
}

static uint64_t *pace_of(struct wl_checkpoints *checkpoints, const char *name)
{
	uint64_t hash = 0;

	for (uint32_t at = 0; at < WL_CONSUMER_NAME_BYTES; at += 8)
		hash = wl_mix_u64(hash ^ wl_load_u64((const uint8_t *)name + at));
	return &checkpoints->proposed_ns[hash % WL_CHECKPOINTS_WAITING];
}

/* True when an entry was appended. */
static bool propose(struct wl_service *service, struct wl_checkpoint_wait *wait)
{
	struct wl_replica *replica = service->replica;
	uint64_t *proposed_ns = pace_of(&service->checkpoints, wait->ask.name);
	struct wl_control control;

	WL_CHECK(wait->client != 0);
	WL_CHECK(!wait->proposed);
	if (*proposed_ns != 0 && replica->now_ns - *proposed_ns < WL_CHECKPOINTS_PAUSE_NS)
		return false;
	if (wl_replica_has_room(replica, WL_CONTROL_PAYLOAD_BYTES_MAX) == WIRELOG_NO_SPACE &&
	    !may_use_kept_room(service, wait)) {
		refuse(service, wait->client, &wait->ask, WIRELOG_NO_SPACE);
		release(&service->checkpoints, wait);
		return false;
	}
	control = entry_of(service, &wait->ask);
	if (wl_service_propose(service, &control) != WL_LOG_OK)
		return false; /* the next turn tries again */
	wait->proposed = true;
	*proposed_ns = replica->now_ns;
	wl_count(replica->counters, WL_COUNTER_checkpoints_proposed);
	return true;
}

unsigned wl_checkpoints_turn(struct wl_service *service)
{
	struct wl_checkpoints *checkpoints = &service->checkpoints;
	uint32_t left = checkpoints->count;
	unsigned appended = 0;

	WL_CHECK(service->state.sessions.applied_index >= service->upkeep.proposed_index);
	for (uint32_t at = 0; left != 0 && at < WL_CHECKPOINTS_WAITING; at++) {
		struct wl_checkpoint_wait *wait = &checkpoints->waits[at];

		if (wait->client == 0)
			continue;
		left--;
		if (!wait->proposed)
			continue;
		answer(service, wait);
		release(checkpoints, wait);
	}
	WL_CHECK(left == 0);
	if (!wl_service_leads(service))
		return 0;
	for (uint32_t at = 0; checkpoints->count != 0 && at < WL_CHECKPOINTS_WAITING; at++)
		if (checkpoints->waits[at].client != 0)
			appended += propose(service, &checkpoints->waits[at]);
	return appended;
}

const char *wl_checkpoints_check(const struct wl_checkpoints *checkpoints)
{
	uint32_t count = 0;

	for (uint32_t at = 0; at < WL_CHECKPOINTS_WAITING; at++) {
		const struct wl_checkpoint_wait *wait = &checkpoints->waits[at];

		count += wait->client != 0;
		if (wait->client != 0 && !wl_consumer_name_is_valid(wait->ask.name))
			return "P1: what waits has no name";
		for (uint32_t other = 0; wait->client != 0 && other < at; other++)
			if (memcmp(checkpoints->waits[other].ask.name, wait->ask.name,
				   WL_CONSUMER_NAME_BYTES) == 0)
				return "P1: one name waits in two places";
	}
	return count == checkpoints->count ? NULL : "P1: another number waits than is counted";
}

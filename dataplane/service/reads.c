/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/service/reads.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"

/* ---- answers ---------------------------------------------------------------------------------- */

static uint8_t *open_answer(struct wl_service *service, const struct wl_read *read,
			    enum wl_wire_type type)
{
	const struct wl_remote *remote = wl_service_client(service, read->client);
	struct wl_tx_to to;

	if (!remote)
		return NULL;
	to = wl_tx_to_remote(remote);
	return wl_tx_open(service->replica->tx, &to, (uint8_t)type, service->config.journal,
			  WL_TX_DATA);
}

/* What finds no room on its way is asked for again. */
static void say_end(struct wl_service *service, const struct wl_read *read, int status,
		    uint64_t number)
{
	const struct wl_wire_end_reply reply = {
		.nonce = read->nonce,
		.status = status,
		.leader = wl_service_leader(service),
		.number = number,
	};
	uint8_t *payload = open_answer(service, read, WL_WIRE_END_REPLY);

	WL_CHECK(read->session == 0);
	if (payload)
		wl_tx_close(service->replica->tx, wl_wire_encode_end_reply(payload, &reply));
}

static void say_outcome(struct wl_service *service, const struct wl_read *read, int status,
			enum wl_wire_fate fate, uint64_t number)
{
	const struct wl_wire_outcome_reply reply = {
		.nonce = read->nonce,
		.status = status,
		.leader = wl_service_leader(service),
		.fate = fate,
		.number = number,
	};
	uint8_t *payload = open_answer(service, read, WL_WIRE_OUTCOME_REPLY);

	WL_CHECK(read->session != 0);
	if (payload)
		wl_tx_close(service->replica->tx, wl_wire_encode_outcome_reply(payload, &reply));
}

static void refuse(struct wl_service *service, const struct wl_read *read, int status)
{
	WL_CHECK(status != WIRELOG_OK);
	wl_count(service->replica->counters, WL_COUNTER_reads_refused);
	if (read->session != 0)
		say_outcome(service, read, status, 0, 0);
	else
		say_end(service, read, status, 0);
}

/* What the applied state says. False: nothing is decided yet. */
static bool find_fate(const struct wl_service *service, const struct wl_read *read,
		      enum wl_wire_fate *fate, uint64_t *number)
{
	switch (wl_session_outcome(&service->state.sessions, read->session, read->sequence,
				   number)) {
	case WL_SESSION_DONE:
		*fate = *number != 0 ? WL_WIRE_FATE_COMMITTED : WL_WIRE_FATE_EXPIRED;
		return true;
	case WL_SESSION_FENCED:
		*fate = WL_WIRE_FATE_NEVER;
		return true;
	case WL_SESSION_FORGOTTEN:
	case WL_SESSION_UNKNOWN:
		*fate = WL_WIRE_FATE_UNKNOWN;
		return true;
	default:
		*fate = WL_WIRE_FATE_PENDING;
		return false;
	}
}

static void keep_for_fence(struct wl_service *service, const struct wl_read *read)
{
	struct wl_reads *reads = &service->reads;

	WL_CHECK(read->session != 0 && read->fence);
	WL_CHECK(reads->term != 0);
	WL_CHECK(reads->fence_count <= WL_READS_FENCES);
	for (uint32_t at = 0; at < WL_READS_FENCES; at++) {
		if (reads->fences[at].client != 0)
			continue;
		reads->fences[at] = *read;
		reads->fence_count++;
		return;
	}
	refuse(service, read, WIRELOG_BACK_PRESSURE);
}

static void release(struct wl_reads *reads, struct wl_read *read)
{
	WL_CHECK(reads->fence_count != 0);
	WL_CHECK(read->client != 0);
	reads->fence_count--;
	read->client = 0;
}

/* Everything that was acknowledged before the question is in what we know. */
static void answer(struct wl_service *service, const struct wl_read *read)
{
	enum wl_wire_fate fate;
	uint64_t number;

	if (read->session == 0) {
		say_end(service, read, WIRELOG_OK, read->number);
	} else if (find_fate(service, read, &fate, &number) || !read->fence) {
		say_outcome(service, read, WIRELOG_OK, fate, number);
	} else {
		keep_for_fence(service, read);
		return;
	}
	wl_count(service->replica->counters, WL_COUNTER_reads_told);
}

/* ---- questions -------------------------------------------------------------------------------- */

static struct wl_read *head_of(struct wl_reads *reads)
{
	return reads->popped != reads->pushed ? &reads->waits[reads->popped % WL_READS_WAITING]
					      : NULL;
}

/* A successor that was told may lead already: what waits is for that one. */
static bool answers_itself(struct wl_service *service)
{
	const struct wl_replica *replica = service->replica;

	return wl_service_leads(service) &&
	       !(replica->leader.handing_over && replica->leader.transfer_told);
}

/* Another leadership than the one that was asked: refuses all that waits. */
static unsigned follow(struct wl_service *service, bool leads)
{
	struct wl_reads *reads = &service->reads;
	uint64_t term = leads ? service->lead_term : 0;
	unsigned refused = 0;

	if (term == reads->term)
		return 0;
	reads->term = term;
	for (; head_of(reads); reads->popped++, refused++)
		refuse(service, head_of(reads), WIRELOG_NOT_LEADER);
	for (uint32_t at = 0; at < WL_READS_FENCES; at++) {
		if (reads->fences[at].client == 0)
			continue;
		refuse(service, &reads->fences[at], WIRELOG_NOT_LEADER);
		release(reads, &reads->fences[at]);
		refused++;
	}
	return refused;
}

/* It waits already; *of_one: of this client so many do. */
static bool is_waiting(struct wl_reads *reads, const struct wl_read *asked, uint32_t *of_one)
{
	*of_one = 0;
	for (uint64_t at = reads->popped; at != reads->pushed; at++) {
		const struct wl_read *read = &reads->waits[at % WL_READS_WAITING];

		if (read->client != asked->client)
			continue;
		++*of_one;
		if (read->nonce == asked->nonce)
			return true;
	}
	for (uint32_t at = 0; at < WL_READS_FENCES; at++) {
		if (reads->fences[at].client != asked->client)
			continue;
		++*of_one;
		if (reads->fences[at].nonce == asked->nonce)
			return true;
	}
	return false;
}

static void keep(struct wl_service *service, struct wl_read *asked)
{
	struct wl_replica *replica = service->replica;
	struct wl_reads *reads = &service->reads;
	bool leads = answers_itself(service);
	uint32_t of_one;

	wl_count(replica->counters, WL_COUNTER_reads_asked);
	follow(service, leads);
	if (is_waiting(reads, asked, &of_one))
		return;
	if (of_one == WL_READS_OF_ONE || reads->pushed - reads->popped == WL_READS_WAITING) {
		refuse(service, asked, WIRELOG_BACK_PRESSURE);
		return;
	}
	asked->asked_ns = replica->now_ns;
	if (leads) {
		asked->began_ns = wl_replica_read_begin(replica);
		WL_CHECK(asked->began_ns != 0); /* who leads here is ready there */
		WL_CHECK(reads->term == service->lead_term);
		asked->index = replica->commit;
		asked->number = wl_replica_read_number(replica);
	} else if (asked->session != 0 || wl_service_leader(service) == 0 ||
		   wl_service_leader(service) == service->config.node) {
		refuse(service, asked, WIRELOG_NOT_LEADER);
		return;
	} else {
		asked->round =
			replica->reads.round + 1; /* the one that is under way began before */
	}
	reads->waits[reads->pushed++ % WL_READS_WAITING] = *asked;
}

static bool is_of_client(struct wl_service *service, const struct wl_message *message)
{
	if (message->from && wl_identity_is_client(message->from->identity))
		return true;
	wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
	return false;
}

void wl_service_on_end_ask(struct wl_service *service, const struct wl_message *message)
{
	struct wl_wire_end_ask ask;
	struct wl_read asked = {0};

	if (!is_of_client(service, message))
		return;
	if (!wl_wire_decode_end_ask(message->payload, message->bytes, &ask)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	asked.client = message->from->identity;
	asked.nonce = ask.nonce;
	keep(service, &asked);
}

void wl_service_on_outcome_ask(struct wl_service *service, const struct wl_message *message)
{
	struct wl_wire_outcome_ask ask;
	struct wl_read asked = {0};

	if (!is_of_client(service, message))
		return;
	if (!wl_wire_decode_outcome_ask(message->payload, message->bytes, &ask)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	asked.client = message->from->identity;
	asked.nonce = ask.nonce;
	asked.session = ask.session;
	asked.sequence = ask.sequence;
	asked.fence = ask.fence != 0;
	keep(service, &asked);
}

/* ---- a turn ----------------------------------------------------------------------------------- */

static unsigned lead(struct wl_service *service)
{
	struct wl_reads *reads = &service->reads;
	uint64_t confirmed_ns = wl_replica_read_confirmed(service->replica);
	const struct wl_read *read;
	unsigned did = 0;

	WL_CHECK(reads->term == service->lead_term);
	while ((read = head_of(reads)) != NULL && read->began_ns <= confirmed_ns &&
	       read->index <= service->state.sessions.applied_index) {
		WL_CHECK(read->began_ns != 0); /* it was asked of us as the leader */
		WL_CHECK(read->index <= service->replica->commit);
		answer(service, read);
		reads->popped++;
		did++;
	}
	return did;
}

static unsigned ask_the_leader(struct wl_service *service)
{
	struct wl_replica *replica = service->replica;
	struct wl_reads *reads = &service->reads;
	const struct wl_replica_reads *far = &replica->reads;
	uint32_t leader = wl_service_leader(service);
	const struct wl_read *read;
	unsigned did = 0;

	WL_CHECK(reads->term == 0);
	while ((read = head_of(reads)) != NULL && read->round <= far->told) {
		WL_CHECK(read->round != 0); /* it was asked of us as no leader */
		if (far->status != WIRELOG_OK)
			refuse(service, read, far->status);
		else
			say_end(service, read, WIRELOG_OK, far->number);
		reads->popped++;
		did++;
	}
	if (head_of(reads) && leader != 0 && leader != service->config.node)
		wl_replica_read_put(replica, leader);
	return did;
}

static bool is_old(const struct wl_service *service, const struct wl_read *read)
{
	return service->replica->now_ns - read->asked_ns > WL_READS_OLD_NS;
}

static unsigned tell_fenced(struct wl_service *service)
{
	struct wl_reads *reads = &service->reads;
	unsigned did = 0;

	for (uint32_t at = 0; reads->fence_count != 0 && at < WL_READS_FENCES; at++) {
		struct wl_read *read = &reads->fences[at];
		enum wl_wire_fate fate;
		uint64_t number;
		bool decided;

		if (read->client == 0)
			continue;
		decided = find_fate(service, read, &fate, &number);
		if (!decided && !is_old(service, read))
			continue;
		if (decided) {
			say_outcome(service, read, WIRELOG_OK, fate, number);
			wl_count(service->replica->counters, WL_COUNTER_reads_told);
		}
		release(reads, read);
		did++;
	}
	return did;
}

unsigned wl_reads_turn(struct wl_service *service)
{
	struct wl_reads *reads = &service->reads;
	unsigned did;
	bool leads;

	WL_CHECK(reads->pushed - reads->popped <= WL_READS_WAITING);
	if (reads->pushed == reads->popped && reads->fence_count == 0)
		return 0;
	leads = answers_itself(service);
	did = follow(service, leads);
	did += leads ? lead(service) : ask_the_leader(service);
	did += tell_fenced(service);
	while (head_of(reads) && is_old(service, head_of(reads)))
		reads->popped++;
	return did;
}

/* ---- fences ----------------------------------------------------------------------------------- */

/* True when an entry was appended. */
static bool propose(struct wl_service *service, struct wl_read *read)
{
	struct wl_replica *replica = service->replica;
	const struct wl_control fence = {
		.verb = WL_CONTROL_FENCE,
		.index = read->session,
		.number = read->sequence,
	};

	WL_CHECK(read->client != 0 && read->fence);
	/* What is kept for trims and terms is not for this. */
	if (wl_replica_has_room(replica, WL_CONTROL_PAYLOAD_BYTES_MAX) == WIRELOG_NO_SPACE) {
		refuse(service, read, WIRELOG_NO_SPACE);
		release(&service->reads, read);
		return false;
	}
	if (wl_service_propose(service, &fence) != WL_LOG_OK)
		return false; /* the next turn tries again */
	wl_session_fencing(&service->state.sessions, read->session, read->sequence);
	read->index = replica->log->tail.index;
	WL_CHECK(read->index > service->state.sessions.applied_index);
	wl_count(replica->counters, WL_COUNTER_fences_proposed);
	return true;
}

static bool tend(struct wl_service *service, struct wl_read *read)
{
	switch (wl_session_may_fence(&service->state.sessions, read->session, read->sequence)) {
	case WL_SESSION_NEXT:
		return propose(service, read);
	case WL_SESSION_GAP:
		refuse(service, read, WIRELOG_INVALID_ARGUMENT);
		release(&service->reads, read);
		return false;
	default: /* decided when our tail is applied */
		read->index = service->replica->log->tail.index;
		return false;
	}
}

unsigned wl_reads_propose(struct wl_service *service)
{
	struct wl_reads *reads = &service->reads;
	unsigned appended = 0;

	if (reads->fence_count == 0 || !answers_itself(service) ||
	    reads->term != service->lead_term ||
	    service->replica->now_ns - reads->fenced_ns < WL_READS_FENCE_PAUSE_NS)
		return 0;
	for (uint32_t at = 0; at < WL_READS_FENCES; at++) {
		struct wl_read *read = &reads->fences[at];

		if (read->client != 0 && read->index <= service->state.sessions.applied_index)
			appended += tend(service, read);
	}
	if (appended != 0)
		reads->fenced_ns = service->replica->now_ns;
	return appended;
}

const char *wl_reads_check(const struct wl_reads *reads)
{
	uint32_t count = 0;

	if (reads->pushed - reads->popped > WL_READS_WAITING)
		return "A1: more questions wait than there are places";
	for (uint32_t at = 0; at < WL_READS_FENCES; at++) {
		const struct wl_read *read = &reads->fences[at];

		count += read->client != 0;
		if (read->client != 0 && (read->session == 0 || !read->fence || reads->term == 0))
			return "A2: what waits for a fence has no session, or no leader";
	}
	return count == reads->fence_count ? NULL : "A2: another number waits than is counted";
}

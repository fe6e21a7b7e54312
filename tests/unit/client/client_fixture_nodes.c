/* SPDX-License-Identifier: BSD-3-Clause */
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/client_fixture_nodes.h"

#define BOOT (1ull << 32)
#define RESULTS_MAX 40u
#define FRAME_OVERHEAD_BYTES 150u /* of records in a DELIVER, about */

static const char *const endpoints[] = {"", "udp:0.0.0.1:7701", "udp:0.0.0.1:7702",
					"udp:0.0.0.1:7703"};

size_t client_fixture_seal(struct client_fixture *fixture, uint32_t id, uint8_t type,
			   uint8_t *datagram, size_t payload_bytes)
{
	struct client_fixture_node *node = &fixture->nodes[id];
	struct wl_frame_header header = {
		.type = type,
		.payload_bytes = (uint16_t)payload_bytes,
		.cluster = CLIENT_FIXTURE_CLUSTER,
		.sender = wl_identity_of_node(id, 0),
		.destination = fixture->client->channel.identity,
		.sender_boot = node->boot_id,
		.destination_boot = fixture->client->channel.boot_id,
		.sequence = ++node->sequence,
	};

	wl_frame_encode_header(datagram, &header);
	wl_auth_seal(&fixture->auth, &node->key, datagram, WL_FRAME_HEADER_BYTES + payload_bytes);
	return WL_FRAME_HEADER_BYTES + payload_bytes;
}

/* The payload stands behind where the header goes. */
static void say(struct client_fixture *fixture, uint32_t id, uint8_t type, uint8_t *datagram,
		size_t payload_bytes)
{
	size_t size = client_fixture_seal(fixture, id, type, datagram, payload_bytes);

	if (!fixture->nodes[id].mute)
		client_fixture_carry(fixture, 0, datagram, size);
}

void client_fixture_lead(struct client_fixture *fixture, uint32_t leader, uint64_t term)
{
	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++) {
		fixture->nodes[id].leader = leader;
		fixture->nodes[id].term = term;
		fixture->nodes[id].thinks_it_leads = id == leader;
	}
}

void client_fixture_restart(struct client_fixture *fixture, uint32_t id)
{
	struct client_fixture_node *node = &fixture->nodes[id];

	node->boot_id += BOOT + 17;
	node->sequence = 0;
	node->subscription.active = false;
	node->part_have = 0;
	node->client_mtu = WIRELOG_MTU_MIN;
	wl_auth_derive(&fixture->auth, wl_identity_of_node(id, 0), node->boot_id, &node->key);
}

static uint64_t commit_of(const struct client_fixture *fixture, uint32_t id)
{
	uint64_t max = fixture->nodes[id].commit_max;

	return max != 0 && max < fixture->last_number ? max : fixture->last_number;
}

static void answer_hello(struct client_fixture *fixture, uint32_t id, uint8_t type, uint64_t nonce)
{
	uint8_t datagram[2048];
	struct wl_wire_hello_reply reply;

	memset(&reply, 0, sizeof(reply));
	reply.nonce = nonce;
	reply.node = id;
	reply.leader = fixture->nodes[id].leader;
	reply.term = fixture->nodes[id].term;
	reply.commit_number = commit_of(fixture, id);
	reply.first_number = 1;
	reply.history_id = fixture->nodes[id].history;
	reply.record_bytes_max = fixture->record_bytes_max;
	reply.mtu = fixture->nodes[id].link_mtu;
	for (uint32_t member = 1; member <= CLIENT_FIXTURE_NODES; member++) {
		reply.members[reply.member_count].node = member;
		strcpy(reply.members[reply.member_count++].endpoint, endpoints[member]);
	}
	if (fixture->nodes[id].taken_boot != 0 &&
	    fixture->client->channel.identity == fixture->nodes[id].taken) {
		reply.known_boot = fixture->nodes[id].taken_boot;
		reply.member_count = 0;
		reply.challenge = 1;
	} else if (fixture->nodes[id].challenge != 0 && !fixture->nodes[id].is_served) {
		reply.member_count = 0;
		reply.challenge = type == WL_WIRE_HELLO_REPLY ? fixture->nodes[id].challenge : 0;
		reply.status = type == WL_WIRE_HELLO_REPLY ? 0 : WIRELOG_TOO_MANY_CLIENTS;
	}
	say(fixture, id, type, datagram,
	    wl_wire_encode_hello_reply(datagram + WL_FRAME_HEADER_BYTES, &reply));
}

/* ---- appends ---------------------------------------------------------------------------------- */

struct answers {
	struct client_fixture *fixture;
	uint32_t node;
	uint64_t session, frame;
	unsigned count;
	struct wl_wire_append_result results[RESULTS_MAX];
};

static void send_answers(struct answers *answers)
{
	uint8_t datagram[2048], *at = datagram + WL_FRAME_HEADER_BYTES;
	const struct client_fixture_node *node = &answers->fixture->nodes[answers->node];
	struct wl_wire_append_reply reply = {
		.session = answers->session,
		.leader = node->leader,
		.result_count = answers->count,
		.term = node->term,
		.frame = answers->frame,
	};

	if (answers->count == 0)
		return;
	at += wl_wire_encode_append_reply(at, &reply);
	for (unsigned which = 0; which < answers->count; which++, at += WL_WIRE_APPEND_RESULT_BYTES)
		wl_wire_encode_append_result(at, &answers->results[which]);
	say(answers->fixture, answers->node, WL_WIRE_APPEND_REPLY, datagram,
	    (size_t)(at - datagram) - WL_FRAME_HEADER_BYTES);
	answers->count = 0;
}

static void answer(struct answers *answers, const struct wl_wire_append_result *result)
{
	struct wl_wire_append_result *last = answers->count ? &answers->results[answers->count - 1]
							    : NULL;

	if (last && last->status == WIRELOG_OK && result->status == WIRELOG_OK &&
	    last->level == result->level &&
	    last->first_number + last->count == result->first_number &&
	    last->first_sequence + last->count == result->first_sequence &&
	    last->timestamp_ns == result->timestamp_ns) {
		last->count++;
		return;
	}
	if (answers->count == RESULTS_MAX)
		send_answers(answers);
	answers->results[answers->count++] = *result;
}

static struct client_fixture_session *find_session(struct client_fixture *fixture, uint64_t id)
{
	for (unsigned at = 0; at < fixture->session_count; at++)
		if (fixture->sessions[at].id == id)
			return &fixture->sessions[at];
	return NULL;
}

static void append_record(struct client_fixture *fixture, struct client_fixture_session *session,
			  const struct wl_wire_record *wire)
{
	struct client_fixture_record *record;

	CU_ASSERT_FATAL(fixture->log_count < CLIENT_FIXTURE_LOG);
	record = &fixture->log[fixture->log_count];
	record->session = session->id;
	record->sequence = session->next;
	record->timestamp_ns = CLIENT_FIXTURE_WALL_NS;
	record->bytes = wire->bytes;
	record->expired = wire->not_after_ns != 0 && wire->not_after_ns < CLIENT_FIXTURE_WALL_NS;
	record->payload = malloc(wire->bytes);
	memcpy(record->payload, wire->payload, wire->bytes);
	record->number = record->expired ? 0 : ++fixture->last_number;
	session->place[session->next++] = fixture->log_count++;
}

/* Status of a record that ends its frame, or OK with its answer given. */
static int take_record(struct answers *answers, uint64_t sequence,
		       const struct wl_wire_record *record, uint64_t *expected)
{
	struct client_fixture *fixture = answers->fixture;
	struct client_fixture_session *session = find_session(fixture, answers->session);
	const struct client_fixture_record *stored;
	struct wl_wire_append_result result = {.first_sequence = sequence, .count = 1};

	fixture->appends_received++;
	if (record->bytes > fixture->record_bytes_max)
		return WIRELOG_RECORD_TOO_LARGE;
	if (!session)
		return WIRELOG_SESSION_UNKNOWN;
	if (sequence > session->next) {
		*expected = session->next;
		return WIRELOG_OUT_OF_ORDER;
	}
	if (sequence == session->next) {
		if (fixture->refuse_status != 0 && fixture->refuse_count != 0) {
			fixture->refuse_count--;
			return fixture->refuse_status;
		}
		append_record(fixture, session, record);
	}
	stored = &fixture->log[session->place[sequence]];
	result.first_number = stored->number;
	result.timestamp_ns = stored->timestamp_ns;
	result.dwell_ns = fixture->dwell_ns;
	result.status = stored->expired ? WIRELOG_EXPIRED : WIRELOG_OK;
	result.level = record->level;
	answer(answers, &result);
	return WIRELOG_OK;
}

/* True: the record is whole, or it is not its turn and its first fragment is judged for all of it. */
static bool join(struct client_fixture *fixture, struct client_fixture_node *node,
		 const struct wl_wire_client_append *append, struct wl_wire_record *record)
{
	const struct client_fixture_session *session = find_session(fixture, append->session);

	if (!session || append->first_sequence != session->next)
		return append->fragment_offset == 0;
	if (append->fragment_offset == 0 && node->part_sequence != append->first_sequence) {
		node->part_sequence = append->first_sequence;
		node->part_have = 0;
	}
	if (node->part_sequence != append->first_sequence ||
	    append->fragment_offset != node->part_have)
		return false;
	memcpy(node->part + node->part_have, record->payload, record->bytes);
	node->part_have += record->bytes;
	if (node->part_have < append->record_bytes)
		return false;
	record->bytes = append->record_bytes;
	record->payload = node->part;
	node->part_sequence = 0;
	return true;
}

static void take_append(struct client_fixture *fixture, uint32_t id, uint64_t frame,
			const uint8_t *payload, size_t bytes)
{
	struct client_fixture_node *node = &fixture->nodes[id];
	struct wl_wire_client_append append;
	struct answers answers = {.fixture = fixture, .node = id, .frame = frame};
	const uint8_t *at;

	if (!wl_wire_decode_client_append(payload, bytes, &append)) {
		CU_FAIL("a client's append does not decode");
		return;
	}
	if (frame <= node->append_floor)
		return;
	answers.session = append.session;
	at = append.records;
	for (uint32_t which = 0; which < append.record_count; which++) {
		struct wl_wire_append_result refusal = {.first_sequence =
								append.first_sequence + which,
							.count = append.record_count - which};
		struct wl_wire_record record;

		at = wl_wire_next_record(at, &record);
		if (!node->thinks_it_leads || append.term != node->term)
			refusal.status = WIRELOG_NOT_LEADER;
		else if (append.record_bytes == 0 || join(fixture, node, &append, &record))
			refusal.status = (int16_t)take_record(&answers, refusal.first_sequence,
							      &record, &refusal.first_number);
		if (refusal.status == WIRELOG_NO_SPACE)
			node->append_floor = frame;
		if (refusal.status != WIRELOG_OK) {
			answer(&answers, &refusal);
			break;
		}
	}
	send_answers(&answers);
}

static void take_open(struct client_fixture *fixture, uint32_t id, uint64_t nonce)
{
	uint8_t datagram[256];
	struct wl_wire_open_session_reply reply = {.nonce = nonce,
						   .leader = fixture->nodes[id].leader};

	if (!fixture->nodes[id].thinks_it_leads)
		reply.status = WIRELOG_NOT_LEADER;
	for (unsigned at = 0; at < fixture->session_count && reply.status == 0; at++)
		if (fixture->sessions[at].nonce == nonce)
			reply.session = fixture->sessions[at].id;
	if (reply.status == 0 && reply.session == 0) {
		struct client_fixture_session *session;

		CU_ASSERT_FATAL(fixture->session_count < CLIENT_FIXTURE_SESSIONS);
		session = &fixture->sessions[fixture->session_count++];
		session->id = 1000 + fixture->session_count;
		session->nonce = nonce;
		session->next = 1;
		reply.session = session->id;
	}
	say(fixture, id, WL_WIRE_OPEN_SESSION_REPLY, datagram,
	    wl_wire_encode_open_session_reply(datagram + WL_FRAME_HEADER_BYTES, &reply));
}

/* ---- readers ---------------------------------------------------------------------------------- */

static void say_gap(struct client_fixture *fixture, uint32_t id, uint64_t first, uint64_t next,
		    int status)
{
	uint8_t datagram[256];
	struct wl_wire_gap gap = {fixture->nodes[id].subscription.id, first, next, status};

	say(fixture, id, WL_WIRE_GAP, datagram,
	    wl_wire_encode_gap(datagram + WL_FRAME_HEADER_BYTES, &gap));
}

static uint64_t chain_behind(const struct client_fixture *fixture, uint32_t id, uint64_t number)
{
	return (fixture->nodes[id].past + 1) << 32 | number;
}

/* 0: it may read here. */
static int judge_past(const struct client_fixture *fixture, uint32_t id,
		      const struct wl_wire_subscribe *request)
{
	const struct client_fixture_node *node = &fixture->nodes[id];

	if (node->blank)
		return WIRELOG_NO_HISTORY;
	if (request->history_id != 0 && node->history != 0 && request->history_id != node->history)
		return WIRELOG_OTHER_HISTORY;
	if (request->known_number != 0 &&
	    request->known_chain != chain_behind(fixture, id, request->known_number))
		return WIRELOG_DIVERGED;
	return WIRELOG_OK;
}

static void take_subscribe(struct client_fixture *fixture, uint32_t id,
			   const struct wl_wire_subscribe *request)
{
	struct client_fixture_subscription *subscription = &fixture->nodes[id].subscription;

	if (subscription->active && subscription->id == request->subscription)
		return;
	*subscription = (struct client_fixture_subscription){
		.active = true,
		.greeting = request->from != WL_WIRE_FROM_NUMBER,
		.id = request->subscription,
		.credit = request->credit_bytes,
		.next = request->value,
	};
	if (fixture->nodes[id].full_of_readers) {
		say_gap(fixture, id, 0, 0, WIRELOG_TOO_MANY_CLIENTS);
		subscription->active = false;
		return;
	}
	if (judge_past(fixture, id, request) != WIRELOG_OK) {
		say_gap(fixture, id, request->value, 0, judge_past(fixture, id, request));
		subscription->active = false;
		return;
	}
	if (request->from == WL_WIRE_FROM_NOW)
		subscription->next = commit_of(fixture, id) + 1;
	if (request->from == WL_WIRE_FROM_TIME) {
		uint32_t at = 0;

		while (at < fixture->log_count && fixture->log[at].timestamp_ns < request->value)
			at++;
		subscription->next = at < fixture->log_count ? fixture->log[at].number
							     : fixture->last_number + 1;
	}
	subscription->consumed = subscription->next;
}

static void take_credit(struct client_fixture *fixture, uint32_t id,
			const struct wl_wire_credit *credit)
{
	struct client_fixture_subscription *subscription = &fixture->nodes[id].subscription;

	if (!subscription->active || subscription->id != credit->subscription) {
		subscription->id = credit->subscription;
		say_gap(fixture, id, credit->next_number, 0, WIRELOG_SLOW_READER);
		return;
	}
	subscription->greeting = false;
	subscription->in_flight = 0;
	if (credit->next_number == 0)
		return;
	subscription->consumed = credit->next_number;
	if (credit->resend || credit->next_number > subscription->next) {
		subscription->next = credit->next_number;
		subscription->offset = 0;
	}
}

static void say_deliver(struct client_fixture *fixture, uint32_t id,
			struct wl_wire_deliver *deliver, uint8_t *datagram)
{
	deliver->subscription = fixture->nodes[id].subscription.id;
	deliver->commit_number = commit_of(fixture, id);
	if (deliver->record_count != 0)
		deliver->chain = chain_behind(fixture, id,
					      deliver->first_number + deliver->record_count - 1);
	wl_wire_encode_deliver(datagram + WL_FRAME_HEADER_BYTES, deliver);
	say(fixture, id, WL_WIRE_DELIVER, datagram, WL_WIRE_DELIVER_HEADER_BYTES + deliver->bytes);
	fixture->nodes[id].subscription.said_ns = fixture->now_ns;
}

static const struct client_fixture_record *record_of(const struct client_fixture *fixture,
						     uint64_t number)
{
	for (uint32_t at = (uint32_t)number - 1; at < fixture->log_count; at++)
		if (fixture->log[at].number == number)
			return &fixture->log[at];
	return NULL;
}

static uint32_t put_record(uint8_t *to, const struct client_fixture_record *record, uint32_t offset,
			   uint32_t bytes)
{
	struct wl_wire_delivered_record wire = {bytes, record->timestamp_ns, record->session,
						record->sequence, record->payload + offset};

	return (uint32_t)wl_wire_encode_delivered_record(to, &wire);
}

/* One frame; false: nothing more is to be sent now. */
static bool deliver_frame(struct client_fixture *fixture, uint32_t id)
{
	struct client_fixture_node *node = &fixture->nodes[id];
	struct client_fixture_subscription *subscription = &node->subscription;
	uint8_t datagram[2048],
		*records = datagram + WL_FRAME_HEADER_BYTES + WL_WIRE_DELIVER_HEADER_BYTES;
	struct wl_wire_deliver deliver = {.first_number = subscription->next};
	uint32_t before = subscription->in_flight;
	uint32_t frame_bytes = node->client_mtu - FRAME_OVERHEAD_BYTES;

	while (subscription->next <= commit_of(fixture, id) &&
	       subscription->next != node->damaged &&
	       subscription->in_flight < subscription->credit) {
		const struct client_fixture_record *record = record_of(fixture, subscription->next);
		uint32_t room = frame_bytes - deliver.bytes - WL_WIRE_DELIVER_RECORD_BYTES;

		if (deliver.bytes + WL_WIRE_DELIVER_RECORD_BYTES >= frame_bytes)
			break;
		if (record->bytes > frame_bytes / 2) {
			uint32_t part = record->bytes - subscription->offset;

			if (deliver.record_count != 0)
				break;
			part = part < room ? part : room;
			deliver.bytes = put_record(records, record, subscription->offset, part);
			deliver.record_count = 1;
			deliver.fragment_offset = subscription->offset;
			deliver.record_bytes = record->bytes;
			subscription->offset += part;
			subscription->in_flight += part;
			if (subscription->offset == record->bytes) {
				subscription->next++;
				subscription->offset = 0;
			}
			break;
		}
		if (record->bytes > room)
			break;
		deliver.bytes += put_record(records + deliver.bytes, record, 0, record->bytes);
		deliver.record_count++;
		subscription->in_flight += WL_WIRE_DELIVER_RECORD_BYTES + record->bytes;
		subscription->next++;
	}
	if (deliver.record_count != 0)
		say_deliver(fixture, id, &deliver, datagram);
	return subscription->in_flight != before;
}

static void deliver_to_reader(struct client_fixture *fixture, uint32_t id)
{
	struct client_fixture_node *node = &fixture->nodes[id];
	struct client_fixture_subscription *subscription = &node->subscription;
	uint64_t pause_ns = subscription->consumed < subscription->next ? 5 * WL_MS_NS
									: 100 * WL_MS_NS;
	uint8_t datagram[256];

	if (!subscription->greeting && subscription->next < node->first_number) {
		say_gap(fixture, id, subscription->next, node->first_number, WIRELOG_TRIMMED);
		subscription->next = node->first_number;
	}
	for (unsigned frames = 0;
	     frames < 8 && !subscription->greeting && deliver_frame(fixture, id);)
		frames++;
	if (!subscription->greeting && node->damaged != 0 && subscription->next == node->damaged) {
		say_gap(fixture, id, node->damaged, node->damaged + 2, WIRELOG_LOST);
		say_gap(fixture, id, node->damaged, 0, WIRELOG_LOST);
		subscription->active = false;
		return;
	}
	if (subscription->greeting)
		pause_ns = 10 * WL_MS_NS;
	if (fixture->now_ns - subscription->said_ns >= pause_ns) {
		struct wl_wire_deliver life = {.first_number = subscription->next};

		say_deliver(fixture, id, &life, datagram);
	}
}

void client_fixture_nodes_deliver(struct client_fixture *fixture)
{
	for (uint32_t id = 1; id <= CLIENT_FIXTURE_NODES; id++)
		if (fixture->nodes[id].up && fixture->nodes[id].subscription.active)
			deliver_to_reader(fixture, id);
}

/* ---- all of it -------------------------------------------------------------------------------- */

static void take_keepalive(struct client_fixture *fixture, uint32_t id,
			   const struct wl_wire_keepalive *keepalive)
{
	struct client_fixture_node *node = &fixture->nodes[id];

	if (keepalive->challenge == node->challenge)
		node->is_served = !node->full_of_clients;
	else if (node->challenge != 0 && !node->is_served)
		return; /* who is that? */
	answer_hello(fixture, id, WL_WIRE_KEEPALIVE_REPLY, keepalive->nonce);
}

static void take_probe(struct client_fixture *fixture, uint32_t id,
		       const struct wl_wire_path_probe *probe)
{
	const struct wl_wire_path_echo echo = {probe->round, probe->bytes, probe->echo_bytes};
	size_t size = wl_wire_payload_of(probe->echo_bytes);
	uint8_t datagram[9216] = {0};

	fixture->nodes[id].client_mtu = probe->mtu;
	wl_wire_encode_path_echo(datagram + WL_FRAME_HEADER_BYTES, &echo);
	say(fixture, id, WL_WIRE_PATH_ECHO, datagram, size);
}

/* The state follows a question at once, as if each were committed before it is answered. */
static void take_consumer(struct client_fixture *fixture, uint32_t id,
			  const struct wl_wire_consumer_ask *ask)
{
	struct wl_wire_consumer_reply reply = {.nonce = ask->nonce,
					       .leader = fixture->nodes[id].leader};
	uint8_t datagram[256];
	bool is_meant = fixture->consumer.made != 0 &&
			strcmp(fixture->consumer.name, ask->name) == 0 &&
			(ask->made == 0 || ask->made == fixture->consumer.made);

	fixture->consumer.asks[ask->verb]++;
	if (fixture->consumer.mute)
		return;
	if (!fixture->nodes[id].thinks_it_leads) {
		reply.status = WIRELOG_NOT_LEADER;
	} else if (fixture->consumer.refuse_status != 0) {
		reply.status = fixture->consumer.refuse_status;
	} else {
		if (!is_meant && ask->verb == WL_WIRE_CONSUMER_TAKE && !ask->existing) {
			memcpy(fixture->consumer.name, ask->name, sizeof(ask->name));
			fixture->consumer.made += 100;
			fixture->consumer.number = ask->number > fixture->last_number
							   ? fixture->last_number + 1
							   : ask->number + (ask->number == 0);
			is_meant = true;
		}
		if (is_meant && ask->verb == WL_WIRE_CONSUMER_MOVE &&
		    ask->number > fixture->consumer.number)
			fixture->consumer.number = ask->number;
		reply.status = is_meant ? 0 : WIRELOG_CHECKPOINT_DROPPED;
		reply.number = is_meant ? fixture->consumer.number : 0;
		reply.made = is_meant ? fixture->consumer.made : 0;
	}
	say(fixture, id, WL_WIRE_CONSUMER_REPLY, datagram,
	    wl_wire_encode_consumer_reply(datagram + WL_FRAME_HEADER_BYTES, &reply));
}

/* At any node. */
static void take_end_ask(struct client_fixture *fixture, uint32_t id,
			 const struct wl_wire_end_ask *ask)
{
	struct wl_wire_end_reply reply = {.nonce = ask->nonce,
					  .leader = fixture->nodes[id].leader,
					  .status = fixture->asked.refuse_status};
	uint8_t datagram[256];

	fixture->asked.ends[id]++;
	if (fixture->asked.mute)
		return;
	reply.number = reply.status == 0 ? fixture->last_number : 0;
	say(fixture, id, WL_WIRE_END_REPLY, datagram,
	    wl_wire_encode_end_reply(datagram + WL_FRAME_HEADER_BYTES, &reply));
}

static void take_outcome_ask(struct client_fixture *fixture, uint32_t id,
			     const struct wl_wire_outcome_ask *ask)
{
	struct wl_wire_outcome_reply reply = {.nonce = ask->nonce,
					      .leader = fixture->nodes[id].leader,
					      .status = fixture->asked.refuse_status};
	uint8_t datagram[256];

	fixture->asked.outcomes[id]++;
	fixture->asked.last = *ask;
	if (fixture->asked.mute)
		return;
	if (!fixture->nodes[id].thinks_it_leads)
		reply.status = WIRELOG_NOT_LEADER;
	if (reply.status == 0)
		reply.fate = fixture->asked.fate;
	reply.number = reply.fate == WL_WIRE_FATE_COMMITTED ? 77 : 0;
	say(fixture, id, WL_WIRE_OUTCOME_REPLY, datagram,
	    wl_wire_encode_outcome_reply(datagram + WL_FRAME_HEADER_BYTES, &reply));
}

static void take_status_ask(struct client_fixture *fixture, uint32_t id,
			    const struct wl_wire_status_ask *ask)
{
	bool goes_on = ask->version == fixture->status.version &&
		       ask->offset < fixture->status.bytes;
	struct wl_wire_status_part part = {
		.round = ask->round,
		.version = fixture->status.version,
		.total = fixture->status.bytes,
		.offset = goes_on ? ask->offset : 0,
	};
	uint8_t datagram[1024], *text = datagram + WL_FRAME_HEADER_BYTES;

	fixture->status.asks[id]++;
	fixture->status.last = *ask;
	if (fixture->status.mute)
		return;
	part.bytes = part.total - part.offset < 500 ? part.total - part.offset : 500;
	text += wl_wire_encode_status_part(text, &part);
	for (uint32_t at = 0; at < part.bytes; at++)
		text[at] = (uint8_t)client_fixture_status_byte(id, part.version, part.offset + at);
	say(fixture, id, WL_WIRE_STATUS_PART, datagram,
	    WL_WIRE_STATUS_PART_HEADER_BYTES + part.bytes);
}

static void dispatch(struct client_fixture *fixture, uint32_t id,
		     const struct wl_frame_header *header, const uint8_t *payload)
{
	uint8_t type = header->type;
	size_t bytes = header->payload_bytes;
	bool is_stranger = fixture->nodes[id].challenge != 0 && !fixture->nodes[id].is_served;
	struct wl_wire_hello hello;
	struct wl_wire_keepalive keepalive;
	struct wl_wire_open_session open;
	struct wl_wire_subscribe subscribe;
	struct wl_wire_credit credit;
	struct wl_wire_unsubscribe unsubscribe;
	struct wl_wire_path_probe probe;
	struct wl_wire_consumer_ask ask;
	struct wl_wire_end_ask end_ask;
	struct wl_wire_outcome_ask outcome_ask;
	struct wl_wire_status_ask status_ask;

	if (type == WL_WIRE_HELLO && wl_wire_decode_hello(payload, bytes, &hello))
		answer_hello(fixture, id, WL_WIRE_HELLO_REPLY, hello.nonce);
	else if (type == WL_WIRE_KEEPALIVE && wl_wire_decode_keepalive(payload, bytes, &keepalive))
		take_keepalive(fixture, id, &keepalive);
	else if (is_stranger)
		return;
	else if (type == WL_WIRE_PATH_PROBE && wl_wire_decode_path_probe(payload, bytes, &probe))
		take_probe(fixture, id, &probe);
	else if (type == WL_WIRE_OPEN_SESSION && wl_wire_decode_open_session(payload, bytes, &open))
		take_open(fixture, id, open.nonce);
	else if (type == WL_WIRE_CLIENT_APPEND)
		take_append(fixture, id, header->sequence, payload, bytes);
	else if (type == WL_WIRE_SUBSCRIBE && wl_wire_decode_subscribe(payload, bytes, &subscribe))
		take_subscribe(fixture, id, &subscribe);
	else if (type == WL_WIRE_CREDIT && wl_wire_decode_credit(payload, bytes, &credit))
		take_credit(fixture, id, &credit);
	else if (type == WL_WIRE_CONSUMER_ASK && wl_wire_decode_consumer_ask(payload, bytes, &ask))
		take_consumer(fixture, id, &ask);
	else if (type == WL_WIRE_END_ASK && wl_wire_decode_end_ask(payload, bytes, &end_ask))
		take_end_ask(fixture, id, &end_ask);
	else if (type == WL_WIRE_OUTCOME_ASK &&
		 wl_wire_decode_outcome_ask(payload, bytes, &outcome_ask))
		take_outcome_ask(fixture, id, &outcome_ask);
	else if (type == WL_WIRE_STATUS_ASK &&
		 wl_wire_decode_status_ask(payload, bytes, &status_ask))
		take_status_ask(fixture, id, &status_ask);
	else if (type == WL_WIRE_UNSUBSCRIBE &&
		 wl_wire_decode_unsubscribe(payload, bytes, &unsubscribe))
		fixture->nodes[id].subscription.active &= fixture->nodes[id].subscription.id !=
							  unsubscribe.subscription;
	else
		CU_ASSERT_EQUAL(type, WL_WIRE_GOODBYE); /* any other one does not decode */
}

/* The other worker of a node, which does not have the client's journal. */
static void take_astray(struct client_fixture *fixture, uint32_t id, const uint8_t *bytes,
			size_t size)
{
	wl_identity worker = wl_identity_of_node(id, 1);
	struct wl_wire_hello_reply reply = {.node = id, .status = fixture->astray_status};
	struct wl_frame_header header;
	struct wl_wire_hello hello;
	struct wl_auth_key key;
	uint8_t datagram[1024];

	CU_ASSERT_EQUAL_FATAL(wl_frame_decode_header(bytes, size, &header), WL_FRAME_OK);
	CU_ASSERT_EQUAL_FATAL(header.type, WL_WIRE_HELLO);
	CU_ASSERT_FATAL(
		wl_wire_decode_hello(bytes + WL_FRAME_HEADER_BYTES, header.payload_bytes, &hello));
	fixture->astray_hellos++;
	reply.nonce = hello.nonce;
	if (reply.status == WIRELOG_JOURNAL_ELSEWHERE) {
		reply.members[reply.member_count].node = id;
		strcpy(reply.members[reply.member_count++].endpoint, endpoints[id]);
	}
	header = (struct wl_frame_header){
		.type = WL_WIRE_HELLO_REPLY,
		.payload_bytes = (uint16_t)wl_wire_encode_hello_reply(
			datagram + WL_FRAME_HEADER_BYTES, &reply),
		.cluster = CLIENT_FIXTURE_CLUSTER,
		.sender = worker,
		.destination = header.sender,
		.sender_boot = fixture->nodes[id].boot_id,
		.destination_boot = header.sender_boot,
		.sequence = fixture->astray_hellos,
	};
	wl_frame_encode_header(datagram, &header);
	wl_auth_derive(&fixture->auth, worker, header.sender_boot, &key);
	wl_auth_seal(&fixture->auth, &key, datagram, WL_FRAME_HEADER_BYTES + header.payload_bytes);
	client_fixture_carry(fixture, 0, datagram, WL_FRAME_HEADER_BYTES + header.payload_bytes);
}

void client_fixture_node_take(struct client_fixture *fixture, uint32_t id, uint8_t *bytes,
			      size_t size)
{
	struct client_fixture_node *node = &fixture->nodes[id];
	struct wl_frame_header header;
	bool is_hello;

	if (id > CLIENT_FIXTURE_ASTRAY) {
		take_astray(fixture, id - CLIENT_FIXTURE_ASTRAY, bytes, size);
		return;
	}
	fixture->frames_to_node[id]++;
	CU_ASSERT_EQUAL_FATAL(wl_frame_decode_header(bytes, size, &header), WL_FRAME_OK);
	wl_auth_derive(&fixture->auth, header.sender, header.sender_boot, &fixture->client_key);
	CU_ASSERT_FATAL(wl_auth_verify(&fixture->auth, &fixture->client_key, bytes, size));
	is_hello = header.type == WL_WIRE_HELLO;
	CU_ASSERT_EQUAL(header.cluster, CLIENT_FIXTURE_CLUSTER);
	CU_ASSERT(!node->up || header.destination == wl_identity_of_node(id, 0) ||
		  (is_hello && header.destination == 0));
	if (!node->up || header.destination_boot != (is_hello ? 0 : node->boot_id))
		return;
	if (node->taken_boot != 0 && header.sender == node->taken && !is_hello)
		return;
	size += WL_IPV4_BYTES + WL_UDP_BYTES;
	if (header.type == WL_WIRE_CLIENT_APPEND && size > fixture->largest_to_node[id])
		fixture->largest_to_node[id] = (uint16_t)size;
	dispatch(fixture, id, &header, bytes + WL_FRAME_HEADER_BYTES);
}

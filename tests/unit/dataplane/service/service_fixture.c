/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/service/service_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/service/propose.h"
#include "dataplane/service/service_internal.h"
#include "tests/unit/dataplane/log/fixture_memory.h"

#define CLUSTER 0x1122334455667788u
#define NODE_BOOT 5u
#define CLIENT_BOOT 77u
#define MTU 1500u
#define MEDIUM_BYTES (64u << 20)
#define HELD_MAX 64u
#define UP_SLOTS 1024u

struct port {
	struct wl_port port;
	struct wl_link_info info;
	struct service_fixture *fixture;
};

struct world {
	struct service_fixture fixture; /* first: a fixture is its world */
	struct port port;
	struct wl_auth auth;
	uint8_t *medium;
	uint8_t *ring, *log_memory, *service_memory, *replica_memory, *clients_memory, *up_memory;
	struct wl_ring up;
	struct wl_disk_completion held[HELD_MAX];
	unsigned held_count;
	uint64_t boot_id, term;
	bool alone;
};

static struct world *world_of(struct service_fixture *fixture)
{
	return (struct world *)fixture;
}

static unsigned port_alloc(struct wl_port *port, uint16_t link, struct wl_frame *frames,
			   unsigned count)
{
	struct port *own = (struct port *)port;

	for (unsigned i = 0; i < count; i++) {
		frames[i].bytes = calloc(1, MTU + WL_ETHER_BYTES);
		frames[i].handle = frames[i].bytes;
		frames[i].size = MTU + WL_ETHER_BYTES;
		frames[i].link = link;
	}
	own->fixture->buffers_out += count;
	return count;
}

static void port_drop(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct port *own = (struct port *)port;

	for (unsigned i = 0; i < count; i++)
		free(frames[i].handle);
	own->fixture->buffers_out -= count;
}

static void keep(struct service_fixture *fixture, const struct wl_frame *frame)
{
	struct service_fixture_sent *sent = &fixture->sent[fixture->sent_count];
	struct wl_frame_header header;
	const uint8_t *datagram = frame->bytes + WL_FRAME_ENVELOPE_BYTES;
	size_t size = frame->size - WL_FRAME_ENVELOPE_BYTES;

	WL_CHECK(fixture->sent_count < SERVICE_FIXTURE_SENT_MAX);
	WL_CHECK(wl_frame_decode_header(datagram, size, &header) == WL_FRAME_OK);
	WL_CHECK(header.payload_bytes <= SERVICE_FIXTURE_PAYLOAD_MAX);
	sent->type = header.type;
	sent->to = header.destination;
	sent->bytes = header.payload_bytes;
	memcpy(sent->payload, datagram + WL_FRAME_HEADER_BYTES, header.payload_bytes);
	fixture->sent_count++;
}

static unsigned port_send(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct port *own = (struct port *)port;

	for (unsigned i = 0; i < count; i++)
		keep(own->fixture, &frames[i]);
	port_drop(port, frames, count);
	return count;
}

static const struct wl_link_info *port_link(const struct wl_port *port, uint16_t link)
{
	(void)link;
	return &((const struct port *)port)->info;
}

static bool port_is_up(const struct wl_port *port, uint16_t link)
{
	(void)port;
	(void)link;
	return true;
}

static const struct wl_port_ops port_ops = {
	.name = "fixture",
	.alloc = port_alloc,
	.tx_burst = port_send,
	.tx_drop = port_drop,
	.link = port_link,
	.link_is_up = port_is_up,
};

void service_fixture_add_client(struct service_fixture *fixture, wl_identity identity)
{
	const struct wl_address address = {.udp_port = 7000};
	struct wl_remote *remote = wl_remote_table_add(&fixture->rx.clients, identity, &address,
						       fixture->now_ns, UINT64_MAX);

	WL_CHECK(remote != NULL);
	remote->boot_id = CLIENT_BOOT;
	remote->address_known = true;
	remote->address = address;
}

static void start_service(struct world *world, uint64_t known_commit)
{
	struct service_fixture *fixture = &world->fixture;
	struct wl_replica_config replica = {
		.node = 1,
		.heartbeat_ns = 1000000,
		.election_timeout_ns = UINT64_MAX / 4,
		.resend_ns = 1000000,
		.disk_stall_ns = UINT64_MAX / 4,
		.window_bytes = 1 << 20,
		.catch_up_bytes = 1 << 20,
		.catch_up_rate = 64 << 20,
	};
	struct wl_service_config service = {
		.node = 1,
		.record_bytes_max = WIRELOG_RECORD_BYTES_MAX,
		.reply_slots = SERVICE_FIXTURE_REPLY_SLOTS,
		.sessions_max = SERVICE_FIXTURE_SESSIONS,
		.subscriptions_max = SERVICE_FIXTURE_SUBSCRIPTIONS,
		.read_buffers = 2,
		.subscription_idle_ns = SERVICE_FIXTURE_IDLE_NS,
		.member_count = 3,
		.members = {{1, "memif:a"}, {2, "memif:b"}, {3, ""}},
	};

	free(world->service_memory);
	free(world->replica_memory);
	free(world->clients_memory);
	world->replica_memory = aligned_alloc(WL_BLOCK_BYTES, wl_align_up(wl_replica_memory_bytes(),
									  WL_BLOCK_BYTES));
	world->service_memory = aligned_alloc(
		WL_BLOCK_BYTES, wl_align_up(wl_service_memory_bytes(&service), WL_BLOCK_BYTES));
	world->clients_memory = calloc(1, wl_remote_table_memory_bytes(128));
	wl_remote_table_init(&fixture->rx.clients, world->clients_memory, 128);
	service_fixture_add_client(fixture, SERVICE_FIXTURE_CLIENT);
	service_fixture_add_client(fixture, SERVICE_FIXTURE_OTHER_CLIENT);
	wl_replica_init(&fixture->replica, &replica, &fixture->log, known_commit,
			world->replica_memory);
	fixture->replica.tx = &fixture->tx;
	fixture->replica.remotes = fixture->rx.peers;
	fixture->replica.counters = &fixture->counters;
	fixture->replica.up = &world->up;
	fixture->service = wl_service_init(world->service_memory, &service, &fixture->log);
	wl_service_start(fixture->service, &fixture->replica, &fixture->rx);
}

struct service_fixture *service_fixture_start(bool alone)
{
	struct world *world = aligned_alloc(64, wl_align_up(sizeof(*world), 64));
	struct service_fixture *fixture = &world->fixture;
	struct wl_log_config log = {
		.cluster = CLUSTER,
		.node = 1,
		.segment_bytes = WL_SEGMENT_BYTES_MIN,
		.ring_bytes = WL_LOG_RING_BYTES_MIN,
		.bytes_max = MEDIUM_BYTES,
		.entry_bytes_target = 64 << 10,
		.first_voters = alone ? 1u << 1 : 1u << 1 | 1u << 2 | 1u << 3,
	};

	memset(world, 0, sizeof(*world));
	world->alone = alone;
	world->boot_id = 1;
	world->medium = fixture_memory_take(MEDIUM_BYTES);
	world->ring = fixture_memory_take(WL_LOG_RING_BYTES_MIN);
	world->log_memory = calloc(1, wl_log_memory_bytes(&log));
	world->up_memory = calloc(UP_SLOTS, sizeof(struct wl_plane_message));
	wl_ring_init(&world->up, world->up_memory, sizeof(struct wl_plane_message), UP_SLOTS);
	wl_log_init(&fixture->log, &log, world->ring, world->log_memory);
	fixture->sent = calloc(SERVICE_FIXTURE_SENT_MAX, sizeof(*fixture->sent));
	fixture->now_ns = 1000000000;
	fixture->rx.client_idle_ns = SERVICE_FIXTURE_IDLE_NS;
	fixture->wall_ns = 1700000000000000000u;
	fixture->rot_offset = UINT64_MAX;
	world->port.port.ops = &port_ops;
	world->port.port.link_count = 1;
	world->port.info.mtu = MTU;
	world->port.fixture = fixture;
	WL_CHECK(wl_auth_init(&world->auth, NULL) == 0);
	wl_tx_init(&fixture->tx, &world->port.port, &world->auth, &fixture->counters);
	fixture->tx.cluster = CLUSTER;
	fixture->tx.identity = wl_identity_of_node(1, 0);
	fixture->tx.boot_id = NODE_BOOT;
	wl_tx_derive_key(&fixture->tx);
	start_service(world, 0);
	return fixture;
}

void service_fixture_restart_service(struct service_fixture *fixture, uint64_t known_commit)
{
	start_service(world_of(fixture), known_commit);
}

void service_fixture_end(struct service_fixture *fixture)
{
	struct world *world = world_of(fixture);

	wl_auth_fini(&world->auth);
	fixture_memory_give_back(world->medium);
	fixture_memory_give_back(world->ring);
	free(world->log_memory);
	free(world->service_memory);
	free(world->replica_memory);
	free(world->clients_memory);
	free(world->up_memory);
	free(fixture->sent);
	free(world);
}

static void drain_up(struct world *world)
{
	struct wl_plane_message message;

	while (wl_ring_pop(&world->up, &message))
		;
}

void service_fixture_fence(struct service_fixture *fixture)
{
	struct world *world = world_of(fixture);
	struct wl_plane_message message = {.verb = WL_PLANE_FENCE};

	message.view.number = ++world->boot_id;
	wl_replica_on_fence(&fixture->replica, &message);
	wl_service_on_view(fixture->service);
	drain_up(world);
}

void service_fixture_lead(struct service_fixture *fixture, uint64_t term)
{
	struct world *world = world_of(fixture);
	struct wl_plane_message message = {.verb = WL_PLANE_LEAD};

	service_fixture_fence(fixture);
	world->term = term;
	message.view.number = ++world->boot_id;
	message.view.term = term;
	message.view.role = WL_ROLE_LEADER;
	message.view.leader = 1;
	wl_replica_on_lead(&fixture->replica, &message);
	wl_service_on_view(fixture->service);
	service_fixture_turns(fixture, 4);
	drain_up(world);
}

static void acknowledge(struct world *world)
{
	struct service_fixture *fixture = &world->fixture;
	uint64_t tail = fixture->log.tail.index;

	if (fixture->replica.view.role != WL_ROLE_LEADER)
		return;
	for (uint32_t node = 2; node <= 3; node++) {
		const struct wl_peer *peer = &fixture->replica.leader.peers[node];
		struct wl_wire_append_ack ack = {
			.room = 1ull << 40,
			.term = world->term,
			.match_received = fixture->receives[node] ? tail : peer->match_received,
			.match_durable = fixture->stores[node] ? tail : peer->match_durable,
			.sent_ns = fixture->replica.now_ns,
			.wall_ns = fixture->clock_known[node]
					   ? fixture->wall_ns + fixture->clock_ahead_ns[node]
					   : 0,
			.base_index = fixture->bases[node].index,
			.base_digest = fixture->bases[node].digest,
			.flags = (fixture->held_back[node] ? WL_WIRE_ACK_HELD_BACK : 0) |
				 (fixture->full[node] ? WL_WIRE_ACK_NO_SPACE : 0),
			.incarnation = fixture->incarnation[node],
		};

		if (ack.match_received < ack.match_durable)
			ack.match_received = ack.match_durable;
		if (fixture->receives[node] || fixture->stores[node])
			wl_replica_on_append_ack(&fixture->replica, node, &ack);
	}
}

static void complete(struct world *world, const struct wl_disk_request *request)
{
	struct service_fixture *fixture = &world->fixture;
	struct wl_disk_completion completion = {
		.verb = request->verb,
		.journal = request->journal,
		.offset = request->offset,
		.cookie = request->cookie,
		.bytes = request->bytes,
	};

	WL_CHECK(request->offset + request->bytes <= MEDIUM_BYTES);
	if (request->verb == WL_DISK_READ) {
		fixture->reads++;
		memcpy(request->buffer, world->medium + request->offset, request->bytes);
		if (fixture->reads_fail != 0 && fixture->reads_fail-- != 0)
			completion.status = WL_DISK_FAILED;
		if (fixture->rot_offset - request->offset < request->bytes)
			request->buffer[fixture->rot_offset - request->offset] ^= 0x40;
		wl_service_on_read(fixture->service, &completion);
		return;
	}
	if (request->verb == WL_DISK_WRITE)
		memcpy(world->medium + request->offset, request->buffer, request->bytes);
	WL_CHECK(world->held_count < HELD_MAX);
	world->held[world->held_count++] = completion;
}

static void run_disk(struct world *world)
{
	struct service_fixture *fixture = &world->fixture;
	struct wl_disk_request requests[HELD_MAX];
	unsigned count = wl_log_cut_writes(&fixture->log, requests, HELD_MAX / 2);

	for (unsigned i = 0; i < count; i++)
		complete(world, &requests[i]);
	if (!fixture->hold_reads) {
		count = wl_service_want_reads(fixture->service, requests, HELD_MAX / 2);
		for (unsigned i = 0; i < count; i++)
			complete(world, &requests[i]);
	}
	for (unsigned i = 0; i < world->held_count; i++) {
		if (fixture->hold_disk && world->held[i].verb == WL_DISK_WRITE)
			continue;
		wl_log_on_written(&fixture->log, &world->held[i]);
		world->held[i--] = world->held[--world->held_count];
	}
}

void service_fixture_turn(struct service_fixture *fixture)
{
	struct world *world = world_of(fixture);

	fixture->sent_count = 0;
	fixture->now_ns += 10000;
	fixture->wall_ns += 10000;
	fixture->replica.wall_ns = fixture->wall_ns + fixture->clock_ahead_ns[1];
	wl_replica_begin_turn(&fixture->replica, fixture->now_ns);
	acknowledge(world);
	wl_replica_on_durable(&fixture->replica);
	wl_replica_end_turn(&fixture->replica);
	wl_replica_catch_up(&fixture->replica);
	wl_service_apply(fixture->service);
	wl_service_end_turn(fixture->service, fixture->now_ns);
	wl_tx_flush(&fixture->tx);
	run_disk(world);
	drain_up(world);
}

void service_fixture_turns(struct service_fixture *fixture, unsigned count)
{
	while (count-- != 0)
		service_fixture_turn(fixture);
}

void service_fixture_message(struct service_fixture *fixture, wl_identity client, uint8_t type,
			     const uint8_t *payload, size_t bytes)
{
	struct wl_message message = {
		.type = type,
		.sequence = ++fixture->frame,
		.from = wl_remote_table_find(&fixture->rx.clients, client),
		.payload = payload,
		.bytes = bytes,
	};

	fixture->replica.now_ns = fixture->now_ns;
	fixture->replica.wall_ns = fixture->wall_ns + fixture->clock_ahead_ns[1];
	switch (type) {
	case WL_WIRE_OPEN_SESSION:
		wl_service_on_open_session(fixture->service, &message);
		break;
	case WL_WIRE_CLIENT_APPEND:
		wl_service_on_client_append(fixture->service, &message);
		break;
	case WL_WIRE_SUBSCRIBE:
		wl_service_on_subscribe(fixture->service, &message);
		break;
	case WL_WIRE_CREDIT:
		wl_service_on_credit(fixture->service, &message);
		break;
	case WL_WIRE_UNSUBSCRIBE:
		wl_service_on_unsubscribe(fixture->service, &message);
		break;
	case WL_WIRE_CONSUMER_ASK:
		wl_service_on_consumer_ask(fixture->service, &message);
		break;
	case WL_WIRE_END_ASK:
		wl_service_on_end_ask(fixture->service, &message);
		break;
	case WL_WIRE_OUTCOME_ASK:
		wl_service_on_outcome_ask(fixture->service, &message);
		break;
	default:
		wl_service_on_keepalive(fixture->service, &message);
		break;
	}
}

uint64_t service_fixture_open(struct service_fixture *fixture, wl_identity client, uint64_t nonce)
{
	struct wl_wire_open_session open = {nonce};
	struct wl_wire_open_session_reply reply;
	uint8_t payload[WL_WIRE_OPEN_SESSION_BYTES];

	wl_wire_encode_open_session(payload, &open);
	service_fixture_message(fixture, client, WL_WIRE_OPEN_SESSION, payload, sizeof(payload));
	for (unsigned turn = 0; turn < 4; turn++) {
		const struct service_fixture_sent *sent;

		service_fixture_turn(fixture);
		sent = service_fixture_find(fixture, WL_WIRE_OPEN_SESSION_REPLY, client, 0);
		if (sent && wl_wire_decode_open_session_reply(sent->payload, sent->bytes, &reply) &&
		    reply.status == WIRELOG_OK)
			return reply.session;
	}
	return 0;
}

static void send_append(struct service_fixture *fixture,
			const struct service_fixture_append *append,
			struct wl_wire_client_append *wire, const struct wl_wire_record *record,
			unsigned records)
{
	static uint8_t payload[64 << 10];
	uint8_t *at = payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	uint64_t stamp;

	wire->session = append->session;
	wire->acknowledged_through = append->acknowledged_through;
	wire->record_count = records;
	wire->term = fixture->append_term;
	for (unsigned i = 0; i < records; i++) {
		size_t bytes = wl_wire_encode_record(at, record);

		stamp = wire->first_sequence + i;
		if (wire->fragment_offset == 0)
			memcpy(at + WL_WIRE_RECORD_HEADER_BYTES, &stamp,
			       record->bytes < sizeof(stamp) ? record->bytes : sizeof(stamp));
		at += bytes;
	}
	wire->bytes = (uint32_t)(at - payload - WL_WIRE_CLIENT_APPEND_HEADER_BYTES);
	wl_wire_encode_client_append(payload, wire);
	service_fixture_message(fixture, append->client ? append->client : SERVICE_FIXTURE_CLIENT,
				WL_WIRE_CLIENT_APPEND, payload, (size_t)(at - payload));
}

void service_fixture_append(struct service_fixture *fixture,
			    const struct service_fixture_append *append)
{
	uint32_t size = append->record_bytes ? append->record_bytes : 8;
	uint8_t *bytes = calloc(1, size);
	struct wl_wire_record record = {
		.bytes = size,
		.level = append->level ? append->level : WIRELOG_COMMITTED,
		.not_after_ns = append->not_after_ns,
		.payload = bytes,
	};
	struct wl_wire_client_append wire = {.first_sequence = append->first};

	if (size <= 1024) {
		send_append(fixture, append, &wire, &record, append->count);
	} else {
		wire.record_bytes = size;
		for (uint32_t offset = 0; offset < size; offset += record.bytes) {
			record.bytes = size - offset < 1024 ? size - offset : 1024;
			record.payload = bytes + offset;
			wire.fragment_offset = offset;
			send_append(fixture, append, &wire, &record, 1);
		}
	}
	free(bytes);
}

void service_fixture_subscribe(struct service_fixture *fixture, wl_identity client, uint32_t from,
			       uint64_t value, uint32_t credit_bytes)
{
	struct wl_wire_subscribe subscribe = {
		.subscription = 1,
		.from = from,
		.credit_bytes = credit_bytes,
		.value = value,
	};
	uint8_t payload[WL_WIRE_SUBSCRIBE_BYTES];

	wl_wire_encode_subscribe(payload, &subscribe);
	service_fixture_message(fixture, client, WL_WIRE_SUBSCRIBE, payload, sizeof(payload));
}

void service_fixture_credit(struct service_fixture *fixture, wl_identity client,
			    uint64_t next_number, uint32_t credit_bytes, bool resend)
{
	struct wl_wire_credit credit = {
		.subscription = 1,
		.next_number = next_number,
		.credit_bytes = credit_bytes,
		.resend = resend,
	};
	uint8_t payload[WL_WIRE_CREDIT_BYTES];

	wl_wire_encode_credit(payload, &credit);
	service_fixture_message(fixture, client, WL_WIRE_CREDIT, payload, sizeof(payload));
}

const struct service_fixture_sent *service_fixture_find(const struct service_fixture *fixture,
							uint8_t type, wl_identity client,
							unsigned which)
{
	for (unsigned i = 0; i < fixture->sent_count; i++) {
		const struct service_fixture_sent *sent = &fixture->sent[i];

		if (sent->type == type && sent->to == client && which-- == 0)
			return sent;
	}
	return NULL;
}

unsigned service_fixture_count(const struct service_fixture *fixture, uint8_t type,
			       wl_identity client)
{
	unsigned count = 0;

	while (service_fixture_find(fixture, type, client, count))
		count++;
	return count;
}

bool service_fixture_result(const struct service_fixture *fixture, wl_identity client,
			    unsigned which, struct wl_wire_append_result *result)
{
	const struct service_fixture_sent *sent;

	for (unsigned i = 0;
	     (sent = service_fixture_find(fixture, WL_WIRE_APPEND_REPLY, client, i)); i++) {
		struct wl_wire_append_reply reply;

		WL_CHECK(wl_wire_decode_append_reply(sent->payload, sent->bytes, &reply));
		if (which < reply.result_count) {
			wl_wire_decode_append_result(
				reply.results + which * WL_WIRE_APPEND_RESULT_BYTES, result);
			return true;
		}
		which -= reply.result_count;
	}
	return false;
}

static void read_frame(struct service_fixture_reader *reader, const struct wl_wire_deliver *deliver)
{
	const uint8_t *at = deliver->records;

	reader->commit_number = deliver->commit_number;
	if (reader->next_number == 0)
		reader->next_number = deliver->first_number;
	if (deliver->first_number > reader->next_number)
		reader->lost++;
	for (uint32_t i = 0; i < deliver->record_count; i++) {
		struct wl_wire_delivered_record record;
		uint64_t number = deliver->first_number + i;

		at = wl_wire_next_delivered(at, &record);
		if (number != reader->next_number)
			continue; /* sent again, or lost before it */
		/* The fixture's records begin with their sequence. */
		if (deliver->fragment_offset == 0 && wl_load_u64(record.payload) != record.sequence)
			reader->wrong++;
		reader->payload_bytes += record.bytes;
		if (deliver->record_bytes != 0) {
			if (deliver->fragment_offset != reader->fragment_have)
				continue;
			reader->fragment_have += record.bytes;
			if (reader->fragment_have != deliver->record_bytes)
				continue;
			reader->fragment_have = 0;
		}
		reader->records++;
		reader->next_number++;
	}
}

void service_fixture_read(const struct service_fixture *fixture,
			  struct service_fixture_reader *reader)
{
	for (unsigned i = 0; i < fixture->sent_count; i++) {
		const struct service_fixture_sent *sent = &fixture->sent[i];
		struct wl_wire_deliver deliver;

		if (sent->to != reader->client)
			continue;
		if (sent->type == WL_WIRE_DELIVER) {
			WL_CHECK(wl_wire_decode_deliver(sent->payload, sent->bytes, &deliver));
			read_frame(reader, &deliver);
		} else if (sent->type == WL_WIRE_GAP) {
			WL_CHECK(wl_wire_decode_gap(sent->payload, sent->bytes, &reader->gap));
			reader->gaps++;
			if (reader->gap.next_number != 0)
				reader->behind = reader->gap.next_number;
		}
	}
}

void service_fixture_limit(struct service_fixture *fixture, enum wl_journal_limit limit,
			   uint64_t value)
{
	struct wl_journal_limits limits = fixture->service->state.limits;
	struct wl_control control;
	uint64_t before = limits.index;

	if (before == 0)
		limits.value[WL_LIMIT_SESSIONS] = SERVICE_FIXTURE_SESSIONS;
	limits.value[limit] = value;
	control = wl_control_of_limits(&limits, before);
	WL_CHECK(wl_service_propose(fixture->service, &control) == WL_LOG_OK);
	service_fixture_turns(fixture, 10);
	WL_CHECK(fixture->service->state.limits.index > before);
}

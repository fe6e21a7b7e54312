/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/client/client_fixture.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/client/client_fixture_nodes.h"

#define STEP_NS 100000u
#define FRAMES_MAX 65536u

struct client_fixture_frame {
	uint64_t due_ns;
	uint32_t node; /* to that node; 0: to the client */
	uint16_t size;
	uint8_t *bytes;
};

static uint64_t draw(struct client_fixture *fixture)
{
	fixture->random = fixture->random * 6364136223846793005ull + 1442695040888963407ull;
	return fixture->random >> 33;
}

static bool chance(struct client_fixture *fixture, unsigned percent)
{
	return draw(fixture) % 100 < percent;
}

/* ---- the network ------------------------------------------------------------------------------ */

static void put(struct client_fixture *fixture, uint32_t node, const uint8_t *bytes, size_t size)
{
	struct client_fixture_frame *frame;

	CU_ASSERT_FATAL(fixture->frame_count < FRAMES_MAX);
	frame = &fixture->frames[fixture->frame_count++];
	frame->due_ns = fixture->now_ns + fixture->delay_ns;
	if (fixture->jitter_ns)
		frame->due_ns += draw(fixture) % fixture->jitter_ns;
	frame->node = node;
	frame->size = (uint16_t)size;
	frame->bytes = malloc(size);
	memcpy(frame->bytes, bytes, size);
}

static bool passes(const struct client_fixture *fixture, uint32_t node, const uint8_t *bytes,
		   size_t size)
{
	struct wl_frame_header header;
	unsigned limit;

	if (wl_frame_decode_header(bytes, size, &header) != WL_FRAME_OK)
		return true;
	if (fixture->probes_lost &&
	    (header.type == WL_WIRE_PATH_PROBE || header.type == WL_WIRE_PATH_ECHO))
		return false;
	if (node > CLIENT_FIXTURE_NODES)
		return true; /* to where no node is */
	limit = node != 0 ? fixture->path_to[node]
			  : fixture->path_from[wl_identity_node(header.sender)];
	return limit == 0 || size + WL_IPV4_BYTES + WL_UDP_BYTES <= limit;
}

void client_fixture_carry(struct client_fixture *fixture, uint32_t node, const uint8_t *bytes,
			  size_t size)
{
	if (chance(fixture, fixture->loss_percent))
		return;
	if (!passes(fixture, node, bytes, size))
		return;
	put(fixture, node, bytes, size);
	if (chance(fixture, fixture->double_percent))
		put(fixture, node, bytes, size);
}

void client_fixture_inject(struct client_fixture *fixture, const uint8_t *bytes, size_t size)
{
	put(fixture, 0, bytes, size);
}

/* Takes the first frame for the client, or for any node, that is due; false: there is none. */
static bool take(struct client_fixture *fixture, bool for_client,
		 struct client_fixture_frame *frame)
{
	for (unsigned at = 0; at < fixture->frame_count; at++) {
		struct client_fixture_frame *found = &fixture->frames[at];

		if ((found->node == 0) != for_client || found->due_ns > fixture->now_ns)
			continue;
		*frame = *found;
		fixture->frame_count--;
		memmove(found, found + 1, (fixture->frame_count - at) * sizeof(*found));
		return true;
	}
	return false;
}

static struct client_fixture *of(struct wl_transport *transport)
{
	return (struct client_fixture *)transport;
}

/* Link n leads to node n + 1: endpoints are learned in that order. */
static int fake_add(struct wl_transport *transport, const struct wl_endpoint *endpoint,
		    char *reason, size_t bytes)
{
	(void)reason;
	(void)bytes;
	of(transport)->links++;
	return endpoint->port - 7700;
}

static bool fake_is_up(const struct wl_transport *transport, uint16_t link)
{
	(void)transport;
	(void)link;
	return true;
}

static unsigned fake_receive(struct wl_transport *transport, struct wl_datagram *datagrams,
			     unsigned max)
{
	struct client_fixture *fixture = of(transport);
	struct client_fixture_frame frame;
	unsigned count = 0;

	while (count < max && take(fixture, true, &frame)) {
		memcpy(fixture->last_to_client, frame.bytes, frame.size);
		fixture->last_to_client_bytes = frame.size;
		datagrams[count++] = (struct wl_datagram){.bytes = frame.bytes,
							  .handle = frame.bytes,
							  .size = frame.size};
	}
	return count;
}

static void fake_release(struct wl_transport *transport, struct wl_datagram *datagrams,
			 unsigned count)
{
	(void)transport;
	for (unsigned at = 0; at < count; at++)
		free(datagrams[at].handle);
}

static bool fake_alloc(struct wl_transport *transport, uint16_t link, struct wl_datagram *datagram)
{
	(void)transport;
	datagram->handle = malloc(CLIENT_FIXTURE_ROOM);
	datagram->bytes = datagram->handle;
	datagram->size = CLIENT_FIXTURE_ROOM;
	datagram->link = link;
	return true;
}

static unsigned fake_send(struct wl_transport *transport, struct wl_datagram *datagrams,
			  unsigned count)
{
	struct client_fixture *fixture = of(transport);

	if (fixture->send_max != 0 && count > fixture->send_max)
		count = fixture->send_max;
	for (unsigned at = 0; at < count; at++)
		client_fixture_carry(fixture, datagrams[at].link, datagrams[at].bytes,
				     datagrams[at].size);
	fake_release(transport, datagrams, count);
	return count;
}

static void fake_tend(struct wl_transport *transport, uint64_t now_ns)
{
	(void)transport;
	(void)now_ns;
}

static const struct wl_transport_ops fake_ops = {
	.abi = WL_TRANSPORT_ABI,
	.name = "fake",
	.add = fake_add,
	.is_up = fake_is_up,
	.receive = fake_receive,
	.release = fake_release,
	.alloc = fake_alloc,
	.send = fake_send,
	.drop = fake_release,
	.tend = fake_tend,
};

/* ---- the application -------------------------------------------------------------------------- */

static void on_ack(void *context, const struct wirelog_ack *ack)
{
	struct client_fixture *fixture = context;
	struct client_fixture_ack *noted = &fixture->acks[ack->sequence];

	noted->count++;
	noted->status = ack->status;
	noted->number = ack->number;
	noted->level = ack->level;
	noted->tag = ack->tag;
	noted->queue_ns = ack->queue_ns;
	noted->trip_ns = ack->trip_ns;
	noted->node_ns = ack->node_ns;
	noted->at_ns = fixture->now_ns;
	fixture->ack_count++;
	if (fixture->appends_in_callback != 0) {
		fixture->appends_in_callback--;
		client_fixture_append(fixture, 1, 32);
	}
}

static void on_record(void *context, const struct wirelog_record *record)
{
	struct client_fixture *fixture = context;
	const struct client_fixture_record *expected = NULL;

	if (fixture->read_next == 0)
		fixture->read_next = record->number;
	for (uint32_t at = (uint32_t)record->number - 1; at < fixture->log_count && !expected; at++)
		if (fixture->log[at].number == record->number)
			expected = &fixture->log[at];
	fixture->read_wrong += record->number != fixture->read_next || !expected ||
			       expected->bytes != record->size ||
			       memcmp(expected->payload, record->bytes, record->size) != 0 ||
			       expected->session != record->session ||
			       expected->sequence != record->sequence;
	fixture->read_next = record->number + 1;
	fixture->read_count++;
}

static void on_event(void *context, const struct wirelog_event *event)
{
	struct client_fixture *fixture = context;

	CU_ASSERT_FATAL(fixture->event_count < CLIENT_FIXTURE_EVENTS);
	fixture->events[fixture->event_count++] = *event;
	if (event->kind == WIRELOG_EVENT_GAP)
		fixture->read_next = event->next_number;
}

unsigned client_fixture_events(const struct client_fixture *fixture, enum wirelog_event_kind kind)
{
	unsigned count = 0;

	for (unsigned at = 0; at < fixture->event_count; at++)
		count += fixture->events[at].kind == kind;
	return count;
}

const struct wirelog_event *client_fixture_event(const struct client_fixture *fixture,
						 enum wirelog_event_kind kind)
{
	static const struct wirelog_event none;

	for (unsigned at = fixture->event_count; at-- != 0;)
		if (fixture->events[at].kind == kind)
			return &fixture->events[at];
	return &none;
}

static void fill_payload(uint8_t *payload, uint32_t bytes, uint64_t seed)
{
	for (uint32_t at = 0; at < bytes; at++)
		payload[at] = (uint8_t)(seed * 31 + at * 7 + (at >> 8));
}

int64_t client_fixture_append(struct client_fixture *fixture, unsigned count, uint32_t bytes)
{
	uint8_t *payload = malloc(bytes);
	int64_t sequence = 0;

	for (unsigned at = 0; at < count && sequence >= 0; at++) {
		struct wirelog_append_options options = {.tag = fixture};

		fill_payload(payload, bytes, fixture->client->sender.window.next);
		sequence = wl_engine_append(fixture->client, fixture->now_ns, payload, bytes,
					    &options);
	}
	free(payload);
	return sequence;
}

void client_fixture_fill(struct client_fixture *fixture, unsigned count, uint32_t bytes)
{
	for (unsigned at = 0; at < count; at++) {
		uint8_t *payload = malloc(bytes);

		fill_payload(payload, bytes, fixture->log_count);
		fixture->log[fixture->log_count++] = (struct client_fixture_record){
			.session = 77,
			.sequence = at + 1,
			.timestamp_ns = CLIENT_FIXTURE_WALL_NS + fixture->log_count,
			.bytes = bytes,
			.payload = payload,
			.number = ++fixture->last_number,
		};
	}
}

void client_fixture_check_acks(const struct client_fixture *fixture, uint64_t through)
{
	const struct client_fixture_session *session =
		&fixture->sessions[fixture->session_count - 1];
	unsigned wrong = 0;

	for (uint64_t sequence = 1; sequence <= through; sequence++) {
		const struct client_fixture_ack *ack = &fixture->acks[sequence];
		const struct client_fixture_record *record =
			&fixture->log[session->place[sequence]];

		wrong += ack->count != 1 || ack->status != WIRELOG_OK ||
			 sequence >= session->next || record->sequence != sequence ||
			 record->session != session->id || record->number != ack->number;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(session->next, through + 1);
}

/* ---- life ------------------------------------------------------------------------------------- */

static void make_client(struct client_fixture *fixture, const struct wirelog_options *options)
{
	static const uint8_t secret[WL_AUTH_SECRET_BYTES] = "a unit test key";
	struct wl_engine *client = aligned_alloc(64, (sizeof(*client) + 63) / 64 * 64);
	struct wl_endpoint endpoint = {.kind = WL_ENDPOINT_UDP, .ipv4 = 1, .port = 7701};
	struct wl_engine_config config = {
		.options = *options,
		.auth = &fixture->auth,
		.cluster = CLIENT_FIXTURE_CLUSTER,
		.identity = WL_IDENTITY_CLIENT | 5,
		.boot_id = 0x1234567890abcdefull,
		.now_ns = fixture->now_ns,
		.slots = malloc(options->outstanding_max * sizeof(struct wl_window_slot)),
		.bytes = malloc(options->outstanding_bytes_max),
		.buffer = malloc(WIRELOG_RECORD_BYTES_MAX),
	};

	fixture->client = client;
	config.options.on_ack = on_ack;
	config.options.on_record = on_record;
	config.options.on_event = on_event;
	config.options.context = fixture;
	wl_auth_init(&fixture->auth, secret);
	wl_auth_derive(&fixture->auth, config.identity, config.boot_id, &fixture->client_key);
	wl_engine_init(client, &config);
	client->channel.transports[WL_ENDPOINT_UDP] = &fixture->transport;
	CU_ASSERT_EQUAL_FATAL(wl_nodes_add_route(&client->nodes, &endpoint, NULL, 0), 0);
}

struct client_fixture *client_fixture_start(const struct wirelog_options *options)
{
	static const struct wirelog_options defaults = {
		.outstanding_max = 1024,
		.outstanding_bytes_max = 4u << 20,
		.append_timeout_ns = 2 * WL_SECOND_NS,
		.reader_window_bytes = 64u << 10,
	};
	struct client_fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->transport.ops = &fake_ops;
	fixture->now_ns = 5 * WL_SECOND_NS;
	fixture->random = 1;
	fixture->delay_ns = 50000;
	fixture->record_bytes_max = 64u << 10;
	fixture->frames = malloc(FRAMES_MAX * sizeof(fixture->frames[0]));
	fixture->nodes = aligned_alloc(64, (CLIENT_FIXTURE_NODES + 1) * sizeof(fixture->nodes[0]));
	memset(fixture->nodes, 0, (CLIENT_FIXTURE_NODES + 1) * sizeof(fixture->nodes[0]));
	fixture->log = calloc(CLIENT_FIXTURE_LOG, sizeof(fixture->log[0]));
	fixture->sessions = calloc(CLIENT_FIXTURE_SESSIONS, sizeof(fixture->sessions[0]));
	fixture->acks = calloc(CLIENT_FIXTURE_LOG, sizeof(fixture->acks[0]));
	make_client(fixture, options ? options : &defaults);
	for (uint32_t node = 1; node <= CLIENT_FIXTURE_NODES; node++) {
		fixture->nodes[node].up = true;
		fixture->nodes[node].link_mtu = 1500;
		client_fixture_restart(fixture, node);
	}
	client_fixture_lead(fixture, 1, 1);
	return fixture;
}

void client_fixture_end(struct client_fixture *fixture)
{
	struct wl_engine *client = fixture->client;

	wl_channel_flush(&client->channel);
	for (unsigned at = 0; at < fixture->frame_count; at++)
		free(fixture->frames[at].bytes);
	for (uint32_t at = 0; at < fixture->log_count; at++)
		free(fixture->log[at].payload);
	wl_auth_fini(&fixture->auth);
	free(client->sender.window.slots);
	free(client->sender.window.bytes);
	free(client->subscriber.fragments.buffer);
	free(client);
	free(fixture->acks);
	free(fixture->sessions);
	free(fixture->log);
	free(fixture->nodes);
	free(fixture->frames);
	free(fixture);
}

static void step(struct client_fixture *fixture)
{
	struct client_fixture_frame frame;

	fixture->now_ns += STEP_NS;
	while (take(fixture, false, &frame)) {
		client_fixture_node_take(fixture, frame.node, frame.bytes, frame.size);
		free(frame.bytes);
	}
	client_fixture_nodes_deliver(fixture);
	CU_ASSERT_FATAL(wl_engine_poll(fixture->client, fixture->now_ns) >= 0);
}

void client_fixture_run(struct client_fixture *fixture, uint64_t for_ns)
{
	uint64_t until_ns = fixture->now_ns + for_ns;

	while (fixture->now_ns < until_ns)
		step(fixture);
}

bool client_fixture_drain(struct client_fixture *fixture, uint64_t at_most_ns)
{
	uint64_t until_ns = fixture->now_ns + at_most_ns;

	while (fixture->client->sender.window.waiting != 0 && fixture->now_ns < until_ns)
		step(fixture);
	return fixture->client->sender.window.waiting == 0;
}

bool client_fixture_read_all(struct client_fixture *fixture, uint64_t at_most_ns)
{
	uint64_t until_ns = fixture->now_ns + at_most_ns;

	while (fixture->read_next <= fixture->last_number && fixture->now_ns < until_ns)
		step(fixture);
	return fixture->read_next == fixture->last_number + 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/worker/worker_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/unit/dataplane/log/fixture_memory.h"

#define PORT_NUMBER 9000u

/* ---- the port ---- */

static unsigned port_receive(struct wl_port *port, struct wl_frame *frames, unsigned max)
{
	struct worker_fixture *fixture = ((struct worker_port *)port)->fixture;
	unsigned count = fixture->heard_count < max ? fixture->heard_count : max;

	memcpy(frames, fixture->heard, count * sizeof(frames[0]));
	fixture->heard_count -= count;
	memmove(fixture->heard, fixture->heard + count, fixture->heard_count * sizeof(frames[0]));
	return count;
}

static void port_release(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct worker_fixture *fixture = ((struct worker_port *)port)->fixture;

	for (unsigned at = 0; at < count; at++)
		free(frames[at].handle);
	fixture->released += count;
}

static unsigned port_alloc(struct wl_port *port, uint16_t link, struct wl_frame *frames,
			   unsigned count)
{
	(void)port;
	for (unsigned at = 0; at < count; at++) {
		frames[at].bytes = calloc(1, WORKER_MTU + WL_ETHER_BYTES);
		frames[at].handle = frames[at].bytes;
		frames[at].size = WORKER_MTU + WL_ETHER_BYTES;
		frames[at].link = link;
	}
	return count;
}

static void port_drop(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	(void)port;
	for (unsigned at = 0; at < count; at++)
		free(frames[at].handle);
}

static void keep(struct worker_fixture *fixture, const struct wl_frame *frame)
{
	struct worker_sent *sent = &fixture->sent[fixture->sent_count++];
	struct wl_frame_header header;

	WL_CHECK(fixture->sent_count < WORKER_FRAMES_MAX);
	memset(sent, 0, sizeof(*sent));
	if (frame->size > WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES &&
	    wl_frame_decode_header(frame->bytes + WL_FRAME_ENVELOPE_BYTES,
				   frame->size - WL_FRAME_ENVELOPE_BYTES, &header) == WL_FRAME_OK) {
		sent->type = header.type;
		sent->journal = header.journal;
		sent->to = header.destination;
		sent->destination_boot = header.destination_boot;
		sent->bytes = header.payload_bytes;
		memcpy(sent->payload,
		       frame->bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES, sent->bytes);
		return;
	}
	sent->bytes = frame->size;
	memcpy(sent->payload, frame->bytes, sent->bytes);
}

static unsigned port_send(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	for (unsigned at = 0; at < count; at++)
		keep(((struct worker_port *)port)->fixture, &frames[at]);
	port_drop(port, frames, count);
	return count;
}

static void port_tend(struct wl_port *port, uint64_t now_ns)
{
	(void)now_ns;
	((struct worker_port *)port)->fixture->tended++;
}

static const struct wl_link_info *port_link(const struct wl_port *port, uint16_t link)
{
	(void)link;
	return &((const struct worker_port *)port)->info;
}

static bool port_is_up(const struct wl_port *port, uint16_t link)
{
	(void)port;
	(void)link;
	return true;
}

static const struct wl_port_ops port_ops = {
	.name = "hand",
	.rx_burst = port_receive,
	.rx_release = port_release,
	.alloc = port_alloc,
	.tx_burst = port_send,
	.tx_drop = port_drop,
	.tend = port_tend,
	.link = port_link,
	.link_is_up = port_is_up,
};

/* ---- the disk ---- */

static unsigned disk_submit(struct wl_disk *disk, const struct wl_disk_request *requests,
			    unsigned count)
{
	struct worker_fixture *fixture = ((struct worker_disk *)disk)->fixture;
	unsigned taken = count < fixture->room ? count : fixture->room;

	WL_CHECK(fixture->taken_count + taken <= WORKER_REQUESTS_MAX);
	memcpy(&fixture->taken[fixture->taken_count], requests, taken * sizeof(requests[0]));
	fixture->taken_count += taken;
	return taken;
}

static unsigned disk_reap(struct wl_disk *disk, struct wl_disk_completion *completions,
			  unsigned max)
{
	struct worker_fixture *fixture = ((struct worker_disk *)disk)->fixture;
	unsigned count = fixture->done_count < max ? fixture->done_count : max;

	memcpy(completions, fixture->done, count * sizeof(completions[0]));
	fixture->done_count -= count;
	memmove(fixture->done, fixture->done + count, fixture->done_count * sizeof(completions[0]));
	return count;
}

static const struct wl_disk_ops disk_ops = {
	.name = "hand",
	.submit = disk_submit,
	.reap = disk_reap,
};

void worker_fixture_complete(struct worker_fixture *fixture)
{
	for (unsigned at = 0; at < fixture->taken_count; at++) {
		const struct wl_disk_request *request = &fixture->taken[at];

		WL_CHECK(fixture->done_count < WORKER_REQUESTS_MAX);
		fixture->done[fixture->done_count++] = (struct wl_disk_completion){
			.verb = request->verb,
			.journal = request->journal,
			.offset = request->offset,
			.cookie = request->cookie,
			.bytes = request->bytes,
		};
	}
	fixture->taken_count = 0;
}

/* ---- life ---- */

static void start_journal(struct worker_fixture *fixture, unsigned slot, uint16_t number)
{
	struct wl_journal_config config = {
		.log = {.cluster = WORKER_CLUSTER,
			.node = 1,
			.journal = number,
			.first_voters = 1u << 1 | 1u << 2 | 1u << 3,
			.segment_bytes = WL_SEGMENT_BYTES_MIN,
			.ring_bytes = (uint64_t)WL_LOG_RING_BYTES_MIN << (slot & 1),
			.bytes_max = 8ull * WL_SEGMENT_BYTES_MIN,
			.entry_bytes_target = 64 << 10},
		.replica = {.node = 1,
			    .journal = number,
			    .heartbeat_ns = 1000000,
			    .election_timeout_ns = WORKER_ELECTION_NS,
			    .resend_ns = 1000000,
			    .disk_stall_ns = WORKER_ELECTION_NS,
			    .window_bytes = 1 << 20,
			    .catch_up_bytes = 1 << 20,
			    .catch_up_rate = 64 << 20},
		.service = {.node = 1,
			    .journal = number,
			    .record_bytes_max = 65536,
			    .reply_slots = 64,
			    .sessions_max = 64,
			    .subscriptions_max = 4,
			    .read_buffers = 1,
			    .subscription_idle_ns = 1000000000},
	};
	size_t bytes = wl_align_up(wl_journal_memory_bytes(&config), WL_BLOCK_BYTES);

	fixture->ring[slot] = fixture_memory_take(config.log.ring_bytes);
	fixture->memory[slot] = fixture_memory_take(bytes);
	wl_journal_init(&fixture->journals[slot], &config, fixture->ring[slot],
			fixture->memory[slot]);
}

void worker_fixture_init(struct worker_fixture *fixture)
{
	static const uint64_t nothing_known[WORKER_JOURNALS];
	struct wl_worker_config config = {
		.node = 1,
		.cluster = WORKER_CLUSTER,
		.boot_id = WORKER_BOOT,
		.incarnation = 99,
		.members = 1u << 1 | 1u << 2 | 1u << 3,
		.udp_port = PORT_NUMBER,
		.clients_max = 16,
		.client_idle_ns = 1000000000,
		.election_timeout_ns = WORKER_ELECTION_NS,
	};

	memset(fixture, 0, sizeof(*fixture));
	fixture->now_ns = 5000000000;
	fixture->room = WORKER_REQUESTS_MAX;
	fixture->sent = calloc(WORKER_FRAMES_MAX, sizeof(*fixture->sent));
	fixture->port = (struct worker_port){.port = {&port_ops, 1},
					     .info.mtu = WORKER_MTU,
					     .fixture = fixture};
	fixture->disk = (struct worker_disk){.disk = {&disk_ops}, .fixture = fixture};
	for (uint32_t node = 2; node <= 3; node++) {
		config.peer_address_known[node] = true;
		config.peer_address[node].udp_port = PORT_NUMBER;
		config.peer_address[node].ipv4 = 0x0a000000u + node;
		fixture->peer_boot[node] = WORKER_PEER_BOOT;
	}
	WL_CHECK(wl_auth_init(&fixture->auth, NULL) == 0);
	fixture->plane_memory = calloc(1, wl_plane_rings_memory_bytes());
	wl_plane_rings_init(&fixture->plane, fixture->plane_memory);
	fixture->worker_memory = calloc(1, wl_worker_memory_bytes(&config));
	start_journal(fixture, 0, WORKER_FIRST);
	start_journal(fixture, 1, WORKER_SECOND);
	wl_worker_init(&fixture->worker, &config,
		       &(struct wl_worker_lent){
			       .port = &fixture->port.port,
			       .disk = &fixture->disk.disk,
			       .plane = &fixture->plane,
			       .auth = &fixture->auth,
			       .memory = fixture->worker_memory,
		       });
	wl_worker_start(&fixture->worker, fixture->journals, WORKER_JOURNALS, nothing_known);
}

void worker_fixture_fini(struct worker_fixture *fixture)
{
	port_release(&fixture->port.port, fixture->heard, fixture->heard_count);
	for (unsigned slot = 0; slot < WORKER_JOURNALS; slot++) {
		fixture_memory_give_back(fixture->ring[slot]);
		fixture_memory_give_back(fixture->memory[slot]);
	}
	free(fixture->sent);
	free(fixture->plane_memory);
	free(fixture->worker_memory);
	wl_auth_fini(&fixture->auth);
}

unsigned worker_fixture_turn(struct worker_fixture *fixture)
{
	unsigned did;

	fixture->now_ns += WORKER_TURN_NS;
	fixture->sent_count = 0;
	did = wl_worker_turn(&fixture->worker, fixture->now_ns,
			     1700000000000000000u + fixture->now_ns);
	if (!fixture->hold_disk)
		worker_fixture_complete(fixture);
	return did;
}

void worker_fixture_turns(struct worker_fixture *fixture, unsigned count)
{
	while (count-- != 0)
		worker_fixture_turn(fixture);
}

/* ---- what the others say ---- */

void worker_fixture_say(struct worker_fixture *fixture, wl_identity from, uint8_t type,
			uint16_t journal, const uint8_t *payload, size_t bytes)
{
	struct wl_frame *frame = &fixture->heard[fixture->heard_count++];
	struct wl_address here = {.ipv4 = 0x0a000001, .udp_port = PORT_NUMBER};
	struct wl_address there = {
		.ipv4 = 0x0a000000u + wl_identity_node(from) + (fixture->elsewhere ? 100 : 0),
		.udp_port = PORT_NUMBER,
	};
	bool client = wl_identity_is_client(from);
	struct wl_frame_header header = {
		.type = type,
		.payload_bytes = (uint16_t)bytes,
		.journal = journal,
		.cluster = WORKER_CLUSTER,
		.sender = from,
		.destination = wl_identity_of_node(1, 0),
		.sender_boot = client ? 1234 : fixture->peer_boot[wl_identity_node(from)],
		.destination_boot = type == WL_WIRE_HELLO ? 0 : WORKER_BOOT,
		.sequence = ++fixture->sequence,
	};

	WL_CHECK(fixture->heard_count < WORKER_FRAMES_MAX);
	frame->size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + bytes);
	frame->link = 0;
	frame->bytes = calloc(1, frame->size);
	frame->handle = frame->bytes;
	wl_frame_encode_header(frame->bytes + WL_FRAME_ENVELOPE_BYTES, &header);
	if (bytes)
		memcpy(frame->bytes + WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES, payload,
		       bytes);
	wl_frame_close_envelope(frame->bytes, &there, &here, WL_FRAME_HEADER_BYTES + bytes);
}

void worker_fixture_say_arp(struct worker_fixture *fixture)
{
	struct wl_frame *frame = &fixture->heard[fixture->heard_count++];

	frame->size = 60;
	frame->link = 0;
	frame->bytes = calloc(1, frame->size);
	frame->handle = frame->bytes;
	frame->bytes[12] = 0x08;
	frame->bytes[13] = 0x06;
	frame->bytes[20] = 0x42;
}

void worker_fixture_say_greeting(struct worker_fixture *fixture, uint32_t node,
				 const uint64_t *facts)
{
	struct wl_wire_greeting greeting = {.seen_boot = WORKER_BOOT, .flags = fixture->says};
	uint8_t payload[WL_WIRE_GREETING_BYTES];

	memcpy(greeting.fact, facts ? facts : fixture->worker.config.facts, sizeof(greeting.fact));
	greeting.fact[WL_FACT_MTU] = WORKER_MTU;
	worker_fixture_say(fixture, wl_identity_of_node(node, 0), WL_WIRE_GREETING, WORKER_FIRST,
			   payload, wl_wire_encode_greeting(payload, &greeting));
}

void worker_fixture_greet(struct worker_fixture *fixture)
{
	for (uint32_t node = 2; node <= 3; node++) {
		struct wl_wire_hello_reply reply = {.node = node, .incarnation = 1000 + node};
		uint8_t payload[WL_WIRE_HELLO_REPLY_BYTES_MAX];
		size_t bytes = wl_wire_encode_hello_reply(payload, &reply);

		worker_fixture_say(fixture, wl_identity_of_node(node, 0), WL_WIRE_HELLO_REPLY,
				   WORKER_FIRST, payload, bytes);
		worker_fixture_say_greeting(fixture, node, NULL);
	}
	worker_fixture_turn(fixture);
}

void worker_fixture_command(struct worker_fixture *fixture, unsigned journal,
			    enum wl_plane_verb verb, uint64_t term)
{
	struct wl_plane_message message = {
		.verb = verb,
		.journal = (uint16_t)(journal == 0 ? WORKER_FIRST : WORKER_SECOND),
		.view = {.number = ++fixture->plane_view[journal], .term = term},
	};

	WL_CHECK(wl_ring_push(&fixture->plane.down, &message));
}

void worker_fixture_acknowledge(struct worker_fixture *fixture, uint32_t node, unsigned journal)
{
	const struct wl_journal *own = &fixture->journals[journal];
	struct wl_wire_append_ack ack = {
		.term = own->replica.view.term,
		.match_received = own->log.tail.index,
		.match_durable = own->log.tail.index,
		.sent_ns = fixture->now_ns,
		.room = 1ull << 40,
	};
	uint8_t payload[128];

	worker_fixture_say(fixture, wl_identity_of_node(node, 0), WL_WIRE_APPEND_ACK,
			   own->config.replica.journal, payload,
			   wl_wire_encode_append_ack(payload, &ack));
}

void worker_fixture_lead(struct worker_fixture *fixture)
{
	worker_fixture_greet(fixture);
	worker_fixture_turns(fixture, 10); /* the first segments */
	for (unsigned journal = 0; journal < WORKER_JOURNALS; journal++) {
		worker_fixture_command(fixture, journal, WL_PLANE_FENCE, 0);
		worker_fixture_command(fixture, journal, WL_PLANE_LEAD, 1);
	}
	worker_fixture_turns(fixture, 3);
	for (unsigned journal = 0; journal < WORKER_JOURNALS; journal++) {
		worker_fixture_acknowledge(fixture, 2, journal);
		worker_fixture_acknowledge(fixture, 3, journal);
	}
	worker_fixture_turns(fixture, 3);
}

bool worker_fixture_told(struct worker_fixture *fixture, enum wl_plane_verb verb,
			 struct wl_plane_message *message)
{
	struct wl_plane_message next;
	bool found = false;

	while (wl_ring_pop(&fixture->plane.up, &next)) {
		if (next.verb != verb)
			continue;
		*message = next;
		found = true;
	}
	return found;
}

const struct worker_sent *worker_fixture_find(const struct worker_fixture *fixture, uint8_t type,
					      uint32_t node)
{
	for (unsigned at = 0; at < fixture->sent_count; at++) {
		const struct worker_sent *sent = &fixture->sent[at];

		if (sent->type == type && (type == 0 || sent->to == wl_identity_of_node(node, 0)))
			return sent;
	}
	return NULL;
}

unsigned worker_fixture_count(const struct worker_fixture *fixture, uint8_t type, uint32_t node)
{
	unsigned count = 0;

	for (unsigned at = 0; at < fixture->sent_count; at++)
		count += fixture->sent[at].type == type &&
			 fixture->sent[at].to == wl_identity_of_node(node, 0);
	return count;
}

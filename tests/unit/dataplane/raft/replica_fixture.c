/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/raft/replica_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "wirelog/status.h"

#define UP_SLOTS 256u
#define SEGMENTS 4u /* three are made ahead */
#define BOOT 5u
#define IMAGES_BYTES (64u << 10)

static unsigned port_alloc(struct wl_port *port, uint16_t link, struct wl_frame *frames,
			   unsigned count)
{
	struct replica_port *own = (struct replica_port *)port;

	for (unsigned at = 0; at < count; at++) {
		frames[at].bytes = calloc(1, REPLICA_MTU + WL_ETHER_BYTES);
		frames[at].handle = frames[at].bytes;
		frames[at].size = REPLICA_MTU + WL_ETHER_BYTES;
		frames[at].link = link;
	}
	own->out += count;
	return count;
}

static void port_drop(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	struct replica_port *own = (struct replica_port *)port;

	for (unsigned at = 0; at < count; at++)
		free(frames[at].handle);
	own->out -= count;
}

static void post(struct replica_port *port, const struct wl_frame *frame)
{
	struct replica_fixture *fixture = port->fixture;
	struct replica_mail *mail = &fixture->mail[fixture->mail_count];
	const uint8_t *datagram = frame->bytes + WL_FRAME_ENVELOPE_BYTES;
	struct wl_frame_header header;

	WL_CHECK(wl_frame_decode_header(datagram, frame->size - WL_FRAME_ENVELOPE_BYTES, &header) ==
		 WL_FRAME_OK);
	mail->from = port->node;
	mail->to = wl_identity_node(header.destination);
	mail->type = header.type;
	mail->bytes = header.payload_bytes;
	memcpy(mail->payload, datagram + WL_FRAME_HEADER_BYTES, header.payload_bytes);
	if (fixture->cut[mail->from][mail->to])
		return;
	fixture->mail_count++;
	WL_CHECK(fixture->mail_count < REPLICA_MAIL_MAX);
}

static unsigned port_send(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	for (unsigned at = 0; at < count; at++)
		post((struct replica_port *)port, &frames[at]);
	port_drop(port, frames, count);
	return count;
}

static const struct wl_link_info *port_link(const struct wl_port *port, uint16_t link)
{
	(void)link;
	return &((const struct replica_port *)port)->info;
}

static const struct wl_port_ops port_ops = {
	.name = "mail",
	.alloc = port_alloc,
	.tx_burst = port_send,
	.tx_drop = port_drop,
	.link = port_link,
};

static void start_replica(struct replica_fixture *fixture, uint32_t number, uint64_t known_commit)
{
	struct replica_node *node = &fixture->nodes[number];
	struct wl_replica_config config = {
		.node = number,
		.journal = FIXTURE_JOURNAL,
		.heartbeat_ns = REPLICA_HEARTBEAT_NS,
		.election_timeout_ns = REPLICA_ELECTION_NS,
		.resend_ns = REPLICA_RESEND_NS,
		.disk_stall_ns = REPLICA_ELECTION_NS,
		.window_bytes = REPLICA_WINDOW_BYTES,
		.catch_up_bytes = 64 << 10,
		.catch_up_rate = REPLICA_CATCH_UP_RATE,
	};

	node->disk.config.first_voters = fixture->voters;
	node->disk.log.config.first_voters = fixture->voters;
	if (node->disk.log.list.index == 0)
		wl_log_set_list(&node->disk.log, &(struct wl_list){0});
	wl_ring_init(&node->up, node->up_memory, sizeof(struct wl_plane_message), UP_SLOTS);
	wl_replica_init(&node->replica, &config, &node->disk.log, known_commit, node->memory);
	node->replica.tx = &node->tx;
	node->replica.remotes = node->remotes;
	node->replica.counters = &node->counters;
	node->replica.up = &node->up;
}

static void start_node(struct replica_fixture *fixture, uint32_t number)
{
	struct replica_node *node = &fixture->nodes[number];

	/* Nodes need not have rings of one size. */
	log_fixture_choose_sizes((number + 1) % 2);
	log_fixture_init(&node->disk, SEGMENTS);
	log_fixture_choose_sizes(0);
	log_fixture_settle(&node->disk);
	node->memory = aligned_alloc(WL_BLOCK_BYTES,
				     wl_align_up(wl_replica_memory_bytes(), WL_BLOCK_BYTES));
	node->up_memory = calloc(UP_SLOTS, sizeof(struct wl_plane_message));
	WL_CHECK(node->memory && node->up_memory);
	node->port.port.ops = &port_ops;
	node->port.port.link_count = 1;
	node->port.info.mtu = REPLICA_MTU;
	node->port.fixture = fixture;
	node->port.node = number;
	wl_tx_init(&node->tx, &node->port.port, &fixture->auth, &node->counters);
	node->tx.cluster = FIXTURE_CLUSTER;
	node->tx.identity = wl_identity_of_node(number, 0);
	node->tx.boot_id = BOOT;
	wl_tx_derive_key(&node->tx);
	for (uint32_t other = 1; other <= fixture->count; other++) {
		node->remotes[other].identity = wl_identity_of_node(other, 0);
		node->remotes[other].boot_id = BOOT;
		node->remotes[other].address_known = true;
	}
	start_replica(fixture, number, 0);
}

void replica_fixture_init(struct replica_fixture *fixture, unsigned voters)
{
	WL_CHECK(voters <= REPLICA_NODES_MAX);
	memset(fixture, 0, sizeof(*fixture));
	WL_CHECK(wl_auth_init(&fixture->auth, NULL) == 0);
	fixture->count = voters;
	fixture->voters = ((1u << voters) - 1) << 1;
	fixture->now_ns = 1000000000;
	fixture->mail = calloc(REPLICA_MAIL_MAX, sizeof(*fixture->mail));
	for (uint32_t node = 1; node <= voters; node++)
		start_node(fixture, node);
}

void replica_fixture_fini(struct replica_fixture *fixture)
{
	for (uint32_t number = 1; number <= fixture->count; number++) {
		struct replica_node *node = &fixture->nodes[number];

		WL_CHECK(node->port.out == 0);
		log_fixture_fini(&node->disk);
		free(node->memory);
		free(node->up_memory);
	}
	free(fixture->mail);
	wl_auth_fini(&fixture->auth);
}

void replica_fixture_fill(struct replica_fixture *fixture, uint32_t node, const char *terms)
{
	for (; *terms; terms++)
		log_fixture_append(&fixture->nodes[node].disk, (uint64_t)(*terms - '0'), 16);
	log_fixture_settle(&fixture->nodes[node].disk);
}

void replica_fixture_restart(struct replica_fixture *fixture, uint32_t node, uint64_t known_commit)
{
	WL_CHECK(log_fixture_restart(&fixture->nodes[node].disk, 0, false) == WL_RECOVERY_DONE);
	start_replica(fixture, node, known_commit);
}

static struct wl_plane_message view_for(struct replica_fixture *fixture, uint32_t node,
					uint64_t term)
{
	struct wl_plane_message message = {.journal = FIXTURE_JOURNAL};

	message.view.number = ++fixture->nodes[node].boot_id;
	message.view.term = term;
	replica_of(fixture, node)->now_ns = fixture->now_ns;
	return message;
}

void replica_fixture_fence(struct replica_fixture *fixture, uint32_t node)
{
	struct wl_plane_message message = view_for(fixture, node, 0);

	message.verb = WL_PLANE_FENCE;
	wl_replica_on_fence(replica_of(fixture, node), &message);
}

void replica_fixture_lead(struct replica_fixture *fixture, uint32_t node, uint64_t term)
{
	struct wl_plane_message message;

	replica_fixture_fence(fixture, node);
	message = view_for(fixture, node, term);
	message.verb = WL_PLANE_LEAD;
	wl_replica_on_lead(replica_of(fixture, node), &message);
}

void replica_fixture_follow(struct replica_fixture *fixture, uint32_t node, uint64_t term,
			    uint32_t leader)
{
	struct wl_plane_message message;

	replica_fixture_fence(fixture, node);
	message = view_for(fixture, node, term);
	message.verb = WL_PLANE_FOLLOW;
	message.view.leader = leader;
	wl_replica_on_follow(replica_of(fixture, node), &message);
}

void replica_fixture_elect(struct replica_fixture *fixture, uint32_t leader, uint64_t term)
{
	for (uint32_t node = 1; node <= fixture->count; node++) {
		if (node != leader)
			replica_fixture_follow(fixture, node, term, leader);
	}
	replica_fixture_lead(fixture, leader, term);
}

bool replica_fixture_told(struct replica_fixture *fixture, uint32_t node, enum wl_plane_verb verb,
			  struct wl_plane_message *message)
{
	struct wl_plane_message next;
	bool found = false;

	while (wl_ring_pop(&fixture->nodes[node].up, &next)) {
		if (next.verb != verb)
			continue;
		*message = next;
		found = true;
	}
	return found;
}

static void reap(struct replica_node *node)
{
	struct wl_disk *disk = &node->disk.drive.disk;
	struct wl_disk_completion completion;

	while (disk->ops->reap(disk, &completion, 1) == 1) {
		if (completion.verb == WL_DISK_READ)
			wl_replica_on_read(&node->replica, &completion);
		else
			wl_log_on_written(&node->disk.log, &completion);
	}
	wl_replica_on_durable(&node->replica);
}

static void submit(struct replica_node *node)
{
	struct wl_disk *disk = &node->disk.drive.disk;
	struct wl_disk_request requests[WIRELOG_NODES_MAX];
	unsigned count;

	log_fixture_submit(&node->disk);
	count = wl_replica_want_reads(&node->replica, requests, WIRELOG_NODES_MAX);
	WL_CHECK(disk->ops->submit(disk, requests, count) == count);
}

void replica_fixture_complete(struct replica_fixture *fixture, uint32_t node)
{
	struct memory_drive *drive = &fixture->nodes[node].disk.drive;

	while (drive->pending_count)
		memory_drive_complete(drive, 0, WL_DISK_OK);
}

static void take_out(struct replica_fixture *fixture, unsigned at, struct replica_mail *mail)
{
	*mail = fixture->mail[at];
	fixture->mail_count--;
	memmove(&fixture->mail[at], &fixture->mail[at + 1],
		(fixture->mail_count - at) * sizeof(fixture->mail[0]));
}

static void read_mail(struct replica_fixture *fixture, uint32_t node)
{
	struct replica_mail mail;
	unsigned at = 0;

	while (at < fixture->mail_count) {
		if (fixture->mail[at].to != node || fixture->hold[fixture->mail[at].from][node]) {
			at++;
			continue;
		}
		take_out(fixture, at, &mail);
		replica_fixture_deliver(fixture, &mail);
	}
}

void replica_fixture_turn(struct replica_fixture *fixture, uint32_t number)
{
	struct replica_node *node = &fixture->nodes[number];

	fixture->now_ns += REPLICA_TURN_NS;
	wl_replica_begin_turn(&node->replica, fixture->now_ns);
	reap(node);
	read_mail(fixture, number);
	wl_replica_end_turn(&node->replica);
	wl_replica_catch_up(&node->replica);
	submit(node);
	wl_tx_flush(&node->tx);
	if (!node->hold_disk)
		replica_fixture_complete(fixture, number);
	WL_CHECK(wl_replica_check(&node->replica) == NULL);
	WL_CHECK(wl_log_check(&node->disk.log) == NULL);
}

void replica_fixture_run(struct replica_fixture *fixture, unsigned rounds)
{
	while (rounds-- != 0) {
		for (uint32_t node = 1; node <= fixture->count; node++)
			replica_fixture_turn(fixture, node);
	}
}

void replica_fixture_pass(struct replica_fixture *fixture, uint64_t ns)
{
	fixture->now_ns += ns;
}

int replica_fixture_append(struct replica_fixture *fixture, uint32_t node, uint32_t bytes)
{
	struct wl_log *log = replica_log(fixture, node);
	struct wl_record_header record = {7, log->next_number, bytes, WL_RECORD_DATA};
	struct wl_appended appended;

	memset(fixture->nodes[node].disk.image, (int)log->tail.index, bytes);
	return wl_replica_append_record(replica_of(fixture, node), &record,
					fixture->nodes[node].disk.image, fixture->now_ns,
					&appended);
}

static bool fits(const struct replica_mail *mail, uint32_t from, uint32_t to, uint8_t type)
{
	return mail->from == from && mail->to == to && (type == 0 || mail->type == type);
}

unsigned replica_fixture_mail(const struct replica_fixture *fixture, uint32_t from, uint32_t to,
			      uint8_t type)
{
	unsigned count = 0;

	for (unsigned at = 0; at < fixture->mail_count; at++)
		count += fits(&fixture->mail[at], from, to, type);
	return count;
}

bool replica_fixture_take(struct replica_fixture *fixture, uint32_t from, uint32_t to, uint8_t type,
			  struct replica_mail *mail)
{
	for (unsigned at = 0; at < fixture->mail_count; at++) {
		if (!fits(&fixture->mail[at], from, to, type))
			continue;
		take_out(fixture, at, mail);
		return true;
	}
	return false;
}

void replica_fixture_deliver(struct replica_fixture *fixture, const struct replica_mail *mail)
{
	struct wl_replica *replica = replica_of(fixture, mail->to);
	struct wl_wire_append_ack ack;
	struct wl_wire_append append;
	struct wl_wire_propose propose;
	struct wl_wire_chain chain;

	replica->now_ns = fixture->now_ns;
	if (mail->type == WL_WIRE_CHAIN) {
		WL_CHECK(wl_wire_decode_chain(mail->payload, mail->bytes, &chain));
		wl_replica_on_chain(replica, mail->from, &chain);
	} else if (mail->type == WL_WIRE_PROPOSE) {
		WL_CHECK(wl_wire_decode_propose(mail->payload, mail->bytes, &propose));
		wl_replica_on_propose(replica, mail->from, &propose);
	} else if (mail->type == WL_WIRE_APPEND) {
		WL_CHECK(wl_wire_decode_append(mail->payload, mail->bytes, &append));
		wl_replica_on_append(replica, mail->from, &append);
	} else {
		WL_CHECK(mail->type == WL_WIRE_APPEND_ACK);
		WL_CHECK(wl_wire_decode_append_ack(mail->payload, mail->bytes, &ack));
		wl_replica_on_append_ack(replica, mail->from, &ack);
	}
}

bool replica_fixture_take_ack(struct replica_fixture *fixture, uint32_t from, uint32_t to,
			      struct wl_wire_append_ack *ack)
{
	struct replica_mail mail;

	return replica_fixture_take(fixture, from, to, WL_WIRE_APPEND_ACK, &mail) &&
	       wl_wire_decode_append_ack(mail.payload, mail.bytes, ack);
}

bool replica_fixture_take_append(struct replica_fixture *fixture, uint32_t from, uint32_t to,
				 struct replica_mail *mail, struct wl_wire_append *append)
{
	return replica_fixture_take(fixture, from, to, WL_WIRE_APPEND, mail) &&
	       wl_wire_decode_append(mail->payload, mail->bytes, append);
}

void replica_fixture_send(struct replica_fixture *fixture, const struct replica_frame *frame)
{
	static uint8_t images[IMAGES_BYTES];
	struct wl_log *log = replica_log(fixture, frame->from);
	struct wl_wire_append append = {
		.term = frame->term,
		.previous.index = frame->previous,
		.commit = frame->commit,
		.sent_ns = fixture->now_ns,
		.images = images,
	};

	WL_CHECK(wl_log_term_at(log, frame->previous, &append.previous.term) == WL_LOG_KNOWN);
	if (wl_log_chain_at(log, frame->previous, &append.previous_chain) != WL_LOG_KNOWN)
		append.previous_chain = 0;
	for (unsigned at = 1; at <= frame->count; at++) {
		uint32_t bytes;
		const uint8_t *image = wl_log_image_in_ring(log, frame->previous + at, &bytes);

		WL_CHECK(image && append.bytes + bytes <= IMAGES_BYTES);
		memcpy(images + append.bytes, image, bytes);
		append.bytes += bytes;
	}
	replica_of(fixture, frame->to)->now_ns = fixture->now_ns;
	wl_replica_on_append(replica_of(fixture, frame->to), frame->from, &append);
}

void replica_fixture_acknowledge(struct replica_fixture *fixture, uint32_t from, uint32_t leader,
				 uint64_t received, uint64_t durable)
{
	struct wl_replica *replica = replica_of(fixture, leader);
	struct wl_wire_append_ack ack = {
		.term = replica->view.term,
		.match_received = received,
		.match_durable = durable,
		.sent_ns = fixture->now_ns,
		.room = REPLICA_ROOM,
	};

	replica->now_ns = fixture->now_ns;
	wl_replica_on_append_ack(replica, from, &ack);
}

bool replica_fixture_same(struct replica_fixture *fixture, uint32_t node, uint32_t other)
{
	const struct wl_log *one = replica_log(fixture, node), *two = replica_log(fixture, other);

	return wl_position_equal(one->tail, two->tail) && one->tail_chain == two->tail_chain;
}

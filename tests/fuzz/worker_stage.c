/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/fuzz/worker_stage.h"

#include <sys/mman.h>

#include "dataplane/base/bytes.h"
#include "dataplane/log/chunk.h"
#include "tests/unit/dataplane/wire/decodes.h"

#define MTU 1500u
#define PORT 7700u
#define INBOX 128u
#define REQUESTS 64u
#define SEGMENTS 2u
#define DRIVE_BYTES ((size_t)SEGMENTS * WL_SEGMENT_BYTES_MIN)

struct stage_port {
	struct wl_port port; /* first */
	struct wl_link_info info;
	struct wl_frame inbox[INBOX];
	unsigned inbox_count;
	long buffers; /* lent and not given back */
};

struct stage_drive {
	struct wl_disk disk; /* first */
	struct wl_disk_request waiting[REQUESTS];
	struct wl_disk_completion done[REQUESTS];
	unsigned waiting_count, done_count;
	uint64_t segments;
	uint8_t *stable;
};

static struct stage the_stage;
static struct stage_port the_port;
static struct stage_drive the_drive;
static struct wl_auth auth;
static struct wl_worker worker;
static struct wl_status_lane the_status; /* somebody looks at the cluster all the time */
static const char text[3000]; /* what this node says of itself */
static struct wl_journal journal;
static struct wl_plane_rings plane;
static uint8_t *arena, *ring, *plane_memory, *journal_memory, *clients;
static size_t arena_bytes;
static uint64_t sequence;

/* ---- the port ---- */

static unsigned port_rx_burst(struct wl_port *port, struct wl_frame *frames, unsigned max)
{
	struct stage_port *own = (struct stage_port *)port;
	unsigned count = own->inbox_count < max ? own->inbox_count : max;

	memcpy(frames, own->inbox, count * sizeof(frames[0]));
	own->inbox_count -= count;
	memmove(own->inbox, own->inbox + count, own->inbox_count * sizeof(frames[0]));
	return count;
}

static void port_rx_release(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	(void)port;
	for (unsigned at = 0; at < count; at++)
		free(frames[at].handle);
}

static unsigned port_alloc(struct wl_port *port, uint16_t link, struct wl_frame *frames,
			   unsigned count)
{
	struct stage_port *own = (struct stage_port *)port;

	if (the_stage.buffers_end)
		return 0;
	for (unsigned at = 0; at < count; at++) {
		frames[at].bytes = malloc(MTU + WL_ETHER_BYTES);
		frames[at].handle = frames[at].bytes;
		frames[at].size = MTU + WL_ETHER_BYTES;
		frames[at].link = link;
	}
	own->buffers += count;
	return count;
}

static void port_tx_drop(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	((struct stage_port *)port)->buffers -= count;
	port_rx_release(port, frames, count);
}

static bool client_can_decode(uint8_t type, const uint8_t *payload, size_t bytes)
{
	struct wl_wire_open_session_reply open;

	if (type == WL_WIRE_OPEN_SESSION_REPLY &&
	    wl_wire_decode_open_session_reply(payload, bytes, &open) && open.session != 0)
		the_stage.session = open.session;
	return wl_wire_may_say(WL_WIRE_NODE, WL_WIRE_CLIENT, type) &&
	       wire_decodes(type, payload, bytes);
}

static bool node_can_decode(uint8_t type, const uint8_t *payload, size_t bytes)
{
	enum wl_role role = journal.replica.view.role;

	if ((type == WL_WIRE_APPEND && role != WL_ROLE_LEADER) ||
	    (type == WL_WIRE_APPEND_ACK && role == WL_ROLE_FENCED))
		return false;
	/* There is no control on this stage that would vote. */
	if (type >= WL_WIRE_PRE_VOTE && type <= WL_WIRE_TIMEOUT_NOW)
		return false;
	return wl_wire_may_say(WL_WIRE_NODE, WL_WIRE_NODE, type) &&
	       wire_decodes(type, payload, bytes);
}

static void judge(const struct wl_frame *frame)
{
	const struct wl_address to = {.udp_port = PORT};
	const uint8_t *datagram = frame->bytes + WL_FRAME_ENVELOPE_BYTES;
	struct wl_address from;
	struct wl_frame_header header;
	size_t size;

	FUZZ_PROMISE(wl_frame_open_envelope(frame->bytes, frame->size, &to, &from, &size) ==
		     WL_FRAME_OK);
	FUZZ_PROMISE(wl_frame_decode_header(datagram, size, &header) == WL_FRAME_OK);
	FUZZ_PROMISE(header.sequence > sequence && header.sender_boot == STAGE_BOOT);
	sequence = header.sequence;
	if (wl_identity_is_client(header.destination))
		FUZZ_PROMISE(client_can_decode(header.type, datagram + WL_FRAME_HEADER_BYTES,
					       header.payload_bytes));
	else
		FUZZ_PROMISE(node_can_decode(header.type, datagram + WL_FRAME_HEADER_BYTES,
					     header.payload_bytes));
}

static unsigned port_tx_burst(struct wl_port *port, struct wl_frame *frames, unsigned count)
{
	if (the_stage.link_full)
		count /= 2;
	for (unsigned at = 0; at < count; at++)
		judge(&frames[at]);
	port_tx_drop(port, frames, count);
	return count;
}

static void port_tend(struct wl_port *port, uint64_t now_ns)
{
	(void)port;
	(void)now_ns;
}

static const struct wl_link_info *port_link(const struct wl_port *port, uint16_t link)
{
	(void)link;
	return &((const struct stage_port *)port)->info;
}

static bool port_is_up(const struct wl_port *port, uint16_t link)
{
	(void)port;
	(void)link;
	return true;
}

static const struct wl_port_ops port_ops = {
	.name = "stage",
	.rx_burst = port_rx_burst,
	.rx_release = port_rx_release,
	.alloc = port_alloc,
	.tx_burst = port_tx_burst,
	.tx_drop = port_tx_drop,
	.tend = port_tend,
	.link = port_link,
	.link_is_up = port_is_up,
};

/* ---- the drive ---- */

static unsigned drive_submit(struct wl_disk *disk, const struct wl_disk_request *requests,
			     unsigned count)
{
	struct stage_drive *drive = (struct stage_drive *)disk;
	unsigned taken = 0;

	while (taken < count && drive->waiting_count + drive->done_count < REQUESTS)
		drive->waiting[drive->waiting_count++] = requests[taken++];
	return taken;
}

static unsigned drive_reap(struct wl_disk *disk, struct wl_disk_completion *completions,
			   unsigned max)
{
	struct stage_drive *drive = (struct stage_drive *)disk;
	unsigned count = drive->done_count < max ? drive->done_count : max;

	memcpy(completions, drive->done, count * sizeof(completions[0]));
	drive->done_count -= count;
	memmove(drive->done, drive->done + count, drive->done_count * sizeof(completions[0]));
	return count;
}

static const struct wl_disk_ops drive_ops = {"stage", drive_submit, drive_reap, NULL};

static enum wl_disk_status perform(struct stage_drive *drive, const struct wl_disk_request *request)
{
	struct wl_segment_header header = {.segment_bytes = WL_SEGMENT_BYTES_MIN};
	uint64_t segment = request->offset / WL_SEGMENT_BYTES_MIN;

	if (request->verb == WL_DISK_PREPARE) {
		if (the_stage.drive_full || segment >= SEGMENTS)
			return WL_DISK_NO_SPACE;
		header.number = segment;
		wl_chunk_encode_segment(drive->stable + segment * WL_SEGMENT_BYTES_MIN, &header);
		drive->segments = segment + 1;
		return WL_DISK_OK;
	}
	if (segment >= drive->segments)
		return WL_DISK_ABSENT;
	FUZZ_PROMISE(request->bytes != 0 && request->offset + request->bytes <= DRIVE_BYTES);
	if (request->verb == WL_DISK_WRITE)
		memcpy(drive->stable + request->offset, request->buffer, request->bytes);
	else
		memcpy(request->buffer, drive->stable + request->offset, request->bytes);
	return WL_DISK_OK;
}

bool stage_complete(struct stage *stage, unsigned which, enum wl_disk_status status)
{
	struct stage_drive *drive = &the_drive;
	struct wl_disk_request request;

	(void)stage;
	if (drive->waiting_count == 0)
		return false;
	which %= drive->waiting_count;
	request = drive->waiting[which];
	drive->waiting_count--;
	memmove(&drive->waiting[which], &drive->waiting[which + 1],
		(drive->waiting_count - which) * sizeof(request));
	if (status == WL_DISK_OK)
		status = perform(drive, &request);
	drive->done[drive->done_count++] = (struct wl_disk_completion){
		.verb = request.verb,
		.status = status,
		.journal = request.journal,
		.offset = request.offset,
		.cookie = request.cookie,
		.bytes = request.bytes,
	};
	return true;
}

/* ---- the node ---- */

static const struct wl_journal_config journal_config = {
	.log = {.cluster = STAGE_CLUSTER,
		.node = 1,
		.first_voters = 1u << 1 | 1u << 2 | 1u << 3,
		.segment_bytes = WL_SEGMENT_BYTES_MIN,
		.ring_bytes = WL_LOG_RING_BYTES_MIN,
		.bytes_max = DRIVE_BYTES,
		.entry_bytes_target = 4096},
	.replica = {.node = 1,
		    .heartbeat_ns = 1000000,
		    .election_timeout_ns = 50000000,
		    .resend_ns = 2000000,
		    .disk_stall_ns = 100000000,
		    .window_bytes = 64 << 10,
		    .catch_up_bytes = 64 << 10,
		    .catch_up_rate = 64 << 20},
	.service = {.node = 1,
		    .record_bytes_max = WIRELOG_RECORD_BYTES_DEFAULT,
		    .reply_slots = 32,
		    .sessions_max = 4,
		    .subscriptions_max = 3,
		    .read_buffers = 2,
		    .subscription_idle_ns = 300000000},
};

static const struct wl_worker_config worker_config = {
	.node = 1,
	.cluster = STAGE_CLUSTER,
	.boot_id = STAGE_BOOT,
	.incarnation = 11,
	.members = 1u << 1 | 1u << 2 | 1u << 3,
	.udp_port = PORT,
	.clients_max = 4,
	.client_idle_ns = 500000000,
	.election_timeout_ns = 50000000,
	.peer_address = {[2] = {.udp_port = PORT}, [3] = {.udp_port = PORT}},
	.peer_address_known = {[2] = true, [3] = true},
};

static uint8_t *take(size_t bytes)
{
	uint8_t *taken = arena + arena_bytes;

	arena_bytes += wl_align_up(bytes, WL_BLOCK_BYTES) + WL_BLOCK_BYTES;
	return taken;
}

/* Memory is made once and made zero by giving its pages back; a page that nobody may touch lies behind each part. */
static void make_memory(void)
{
	size_t parts[] = {WL_LOG_RING_BYTES_MIN, wl_plane_rings_memory_bytes(),
			  wl_journal_memory_bytes(&journal_config),
			  wl_worker_memory_bytes(&worker_config), DRIVE_BYTES};
	uint8_t **places[] = {&ring, &plane_memory, &journal_memory, &clients, &the_drive.stable};
	size_t bytes = 0;

	for (unsigned part = 0; part < 5; part++)
		bytes += wl_align_up(parts[part], WL_BLOCK_BYTES) + WL_BLOCK_BYTES;
	arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	FUZZ_PROMISE(arena != MAP_FAILED && wl_auth_init(&auth, NULL) == 0);
	for (unsigned part = 0; part < 5; part++) {
		*places[part] = take(parts[part]);
		FUZZ_PROMISE(mprotect(arena + arena_bytes - WL_BLOCK_BYTES, WL_BLOCK_BYTES,
				      PROT_NONE) == 0);
	}
}

/* Every peer has shown its boot, as after an exchange of HELLO. */
static void greet(struct stage *stage)
{
	struct wl_wire_hello_reply reply = {.node = 2, .incarnation = 5};
	const struct wl_wire_greeting greeting = {.fact[WL_FACT_MTU] = MTU};
	uint8_t payload[WL_WIRE_HELLO_REPLY_BYTES_MAX];

	for (unsigned which = 0; which < 2; which++) {
		stage_send(stage, STAGE_NODE(which), WL_WIRE_HELLO_REPLY, payload,
			   wl_wire_encode_hello_reply(payload, &reply));
		stage_send(stage, STAGE_NODE(which), WL_WIRE_GREETING, payload,
			   wl_wire_encode_greeting(payload, &greeting));
	}
}

/* The texts of the input before are left where they are: nobody reads what is not told. */
static void look_at_the_cluster(void)
{
	atomic_store(&the_status.out, WL_STATUS_LANE_FREE);
	atomic_store(&the_status.round, 0);
	the_status.own.version = 0;
	for (uint32_t node = 0; node <= WIRELOG_NODES_MAX; node++)
		atomic_store(&the_status.told[node].round, 0);
	wl_status_lane_begin(&the_status);
}

struct stage *stage_begin(void)
{
	static const uint64_t known_commit = 0;
	struct stage *stage = &the_stage;
	uint8_t *stable;

	if (!arena)
		make_memory();
	FUZZ_PROMISE(madvise(arena, arena_bytes, MADV_DONTNEED) == 0);
	stable = the_drive.stable;
	memset(&the_drive, 0, sizeof(the_drive));
	the_drive.disk.ops = &drive_ops;
	the_drive.stable = stable;
	memset(&the_port, 0, sizeof(the_port));
	the_port.port.ops = &port_ops;
	the_port.port.link_count = 1;
	the_port.info.mtu = MTU;
	sequence = 0;
	*stage = (struct stage){.worker = &worker,
				.journal = &journal,
				.plane = &plane,
				.now_ns = 1000000000,
				.wall_ns = 1700000000000000000};
	wl_plane_rings_init(&plane, plane_memory);
	look_at_the_cluster();
	wl_journal_init(&journal, &journal_config, ring, journal_memory);
	wl_worker_init(&worker, &worker_config,
		       &(struct wl_worker_lent){
			       .port = &the_port.port,
			       .disk = &the_drive.disk,
			       .plane = &plane,
			       .auth = &auth,
			       .memory = clients,
			       .status = &the_status,
		       });
	wl_worker_start(&worker, &journal, 1, &known_commit);
	greet(stage);
	stage_settle(stage);
	return stage;
}

void stage_end(struct stage *stage)
{
	(void)stage;
	port_rx_release(&the_port.port, the_port.inbox, the_port.inbox_count);
	FUZZ_PROMISE(the_port.buffers == 0); /* each turn flushes what it opened */
}

void stage_send(struct stage *stage, wl_identity sender, uint8_t type, const uint8_t *payload,
		size_t bytes)
{
	static uint64_t own_sequence = 1;
	const struct wl_address from = {.ipv4 = 0x0a000002, .udp_port = PORT},
				to = {.ipv4 = 0x0a000001, .udp_port = PORT};
	struct wl_frame_header header = {
		.type = type,
		.payload_bytes = (uint16_t)bytes,
		.cluster = STAGE_CLUSTER,
		.sender = sender,
		.destination = wl_identity_of_node(1, 0),
		.sender_boot = STAGE_PEER_BOOT,
		.destination_boot = type == WL_WIRE_HELLO ? 0 : STAGE_BOOT,
		.sequence = ++own_sequence,
	};
	size_t size = WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES + bytes;
	uint8_t *frame;

	if (the_port.inbox_count == INBOX)
		stage_turn(stage, 1000);
	frame = malloc(size);
	memcpy(frame + size - bytes, payload, bytes);
	wl_frame_encode_header(frame + WL_FRAME_ENVELOPE_BYTES, &header);
	wl_frame_close_envelope(frame, &from, &to, WL_FRAME_HEADER_BYTES + bytes);
	the_port.inbox[the_port.inbox_count++] = (struct wl_frame){frame, frame, (uint16_t)size, 0};
}

void stage_tell(struct stage *stage, const struct wl_plane_message *message)
{
	FUZZ_PROMISE(wl_ring_push(&stage->plane->down, message));
}

static void drain(struct stage *stage)
{
	struct wl_plane_message message;
	struct wl_punt punt;

	while (wl_ring_pop(&stage->plane->up, &message))
		;
	while (wl_ring_pop(&stage->plane->punt_up, &punt))
		FUZZ_PROMISE(punt.bytes <= WL_PUNT_BYTES_MAX && punt.node <= WIRELOG_NODES_MAX);
}

static void check_rules(const struct stage *stage, uint64_t commit_before)
{
	const char *broken = wl_replica_check(&stage->journal->replica);

	if (!broken)
		broken = wl_log_check(&stage->journal->log);
	if (broken) {
		fprintf(stderr, "broken promise: %s\n", broken);
		abort();
	}
	FUZZ_PROMISE(stage->journal->replica.commit >= commit_before);
}

void stage_turn(struct stage *stage, uint64_t passed_ns)
{
	uint64_t commit = stage->journal->replica.commit;

	stage->now_ns += passed_ns;
	stage->wall_ns += passed_ns;
	wl_worker_turn(stage->worker, stage->now_ns, stage->wall_ns);
	if (wl_status_lane_is_asked(&the_status))
		FUZZ_PROMISE(wl_status_lane_tell(&the_status, text, sizeof(text)));
	drain(stage);
	check_rules(stage, commit);
}

void stage_settle(struct stage *stage)
{
	do {
		stage_turn(stage, 1000);
	} while (stage_complete(stage, 0, WL_DISK_OK) || the_drive.done_count != 0);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/node.h"

#include <string.h>
#include <sys/mman.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"

#define WORKER_IDLE_NS 500000u /* a polling core turns far more often; nothing would happen in between */
#define AGENT_IDLE_NS 2000000u
#define SUPERBLOCK_WRITE_NS 150000u
#define RECOVERY_WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)


static struct sim_cluster *cluster_of(struct sim_node *node)
{
	return (struct sim_cluster *)((uint8_t *)(node - node->number) - offsetof(struct sim_cluster, nodes));
}

uint64_t sim_node_now(const struct sim_node *node)
{
	uint64_t passed = node->agenda->now_ns - node->clock_global_ns;

	return node->clock_base_ns + passed + (uint64_t)((int64_t)(passed / 1000) * node->drift_ppm / 1000);
}

/* ---- turns ---- */

static void worker_turn(void *subject, void *object);
static void agent_turn(void *subject, void *object);

static void wake(struct sim_node *node, struct sim_actor *actor, uint64_t delay_ns,
		 void (*turn)(void *, void *))
{
	uint64_t at = node->agenda->now_ns + delay_ns;

	if (at < actor->stalled_until_ns)
		at = actor->stalled_until_ns;
	if (!node->up || (actor->turn_at_ns != 0 && actor->turn_at_ns <= at))
		return;
	actor->turn_at_ns = at;
	actor->generation++;
	sim_agenda_add(node->agenda, at, turn, node, (void *)(uintptr_t)actor->generation);
}

static void wake_worker(void *context)
{
	struct sim_node *node = context;

	wake(node, &node->worker_actor, 500 + sim_random_below(&node->random, 3000), worker_turn);
}

static void wake_agent(struct sim_node *node)
{
	wake(node, &node->agent_actor, 2000 + sim_random_below(&node->random, 50000), agent_turn);
}

static bool begins(struct sim_node *node, struct sim_actor *actor, void *generation)
{
	if (!node->up || actor->generation != (uintptr_t)generation)
		return false;
	actor->turn_at_ns = 0;
	return true;
}

static void after_turn(struct sim_node *node)
{
	struct sim_cluster *cluster = cluster_of(node);

	if (cluster->after_turn)
		cluster->after_turn(cluster->context, node);
}

static void worker_turn(void *subject, void *object)
{
	struct sim_node *node = subject;
	uint64_t now = sim_node_now(node);
	unsigned did;

	if (!begins(node, &node->worker_actor, object))
		return;
	did = wl_worker_turn(node->worker, now, now + node->wall_offset_ns);
	after_turn(node);
	if (wl_ring_count(&node->seam->up) + wl_ring_count(&node->seam->punt_up) != 0)
		wake_agent(node);
	wake(node, &node->worker_actor, did ? 1000 + sim_random_below(&node->random, 3000) : WORKER_IDLE_NS,
	     worker_turn);
}

static void agent_turn(void *subject, void *object)
{
	struct sim_node *node = subject;
	struct wl_journal_status status;

	if (!begins(node, &node->agent_actor, object))
		return;
	if (wl_published_read(&node->journal->published, &status)) {
		wl_agent_set_tail(node->agent, 0, status.tail);
		wl_agent_set_witness(node->agent, 0, status.durable_offset);
	}
	atomic_store_explicit(&node->seam->control_turn_ns, sim_node_now(node), memory_order_relaxed);
	wl_agent_turn(node->agent, sim_node_now(node));
	after_turn(node);
	if (wl_ring_count(&node->seam->down) + wl_ring_count(&node->seam->punt_down) != 0)
		wake_worker(node);
	wake(node, &node->agent_actor, AGENT_IDLE_NS, agent_turn);
}

/* ---- superblock: two copies of a pair, one after the other ---- */

static unsigned copy_of_record(const struct sim_node *node, unsigned which)
{
	return (unsigned)(2 * (node->record.sequence % 2)) + which;
}

static void record_written(void *subject, void *object)
{
	struct sim_node *node = subject;

	if (!node->up || node->boot != (uintptr_t)object)
		return;
	if (node->drive.faults.hung) {
		sim_agenda_add(node->agenda, node->agenda->now_ns + 5000000, record_written, node, object);
		return;
	}
	wl_superblock_encode(node->drive.superblock[copy_of_record(node, (unsigned)node->record_state - 1)],
			     &node->record);
	node->record_state++;
	if (node->record_state == 2)
		sim_agenda_add(node->agenda, node->agenda->now_ns + SUPERBLOCK_WRITE_NS, record_written, node,
			       object);
	else
		wake_agent(node);
}

static bool submit_record(void *context, struct wl_superblock *record)
{
	struct sim_node *node = context;

	if (node->record_state != 0)
		return false;
	record->sequence++;
	node->record = *record;
	node->record_state = 1;
	sim_agenda_add(node->agenda, node->agenda->now_ns + SUPERBLOCK_WRITE_NS, record_written, node,
		       (void *)(uintptr_t)node->boot);
	return true;
}

static int reap_record(void *context)
{
	struct sim_node *node = context;

	if (node->record_state != 3)
		return 0;
	node->record_state = 0;
	return 1;
}

/* A power cut tears the copy that was being written. */
static void tear_record(struct sim_node *node)
{
	uint8_t image[WL_BLOCK_BYTES];
	uint8_t *copy;

	if (node->record_state != 1 && node->record_state != 2)
		return;
	copy = node->drive.superblock[copy_of_record(node, (unsigned)node->record_state - 1)];
	wl_superblock_encode(image, &node->record);
	for (unsigned sector = 0; sector < WL_BLOCK_BYTES / WL_SECTOR_BYTES; sector++) {
		if (sim_random_chance(&node->random, 500000))
			memcpy(copy + sector * WL_SECTOR_BYTES, image + sector * WL_SECTOR_BYTES,
			       WL_SECTOR_BYTES);
	}
}

/* ---- start and crash ---- */

static void fill_config(const struct sim_cluster *cluster, unsigned number, struct wl_journal_config *journal,
			struct wl_worker_config *worker)
{
	const struct sim_cluster_config *config = &cluster->config;
	uint32_t voters = ((1u << config->nodes) - 1) << 1;

	*journal = (struct wl_journal_config){
		.log = { .cluster = cluster->cluster,
			 .node = number,
			 .segment_bytes = config->segment_bytes,
			 .ring_bytes = config->ring_bytes,
			 .bytes_max = config->segment_bytes * config->segments_max,
			 .entry_bytes_target = 16384 },
		.replica = { .node = number,
			     .heartbeat_ns = config->heartbeat_ns,
			     .election_timeout_ns = config->election_timeout_ns,
			     .resend_ns = 2000000,
			     .disk_stall_ns = 2 * config->election_timeout_ns,
			     .window_bytes = 1 << 20,
			     .catch_up_bytes = 256 << 10 },
		.front = { .node = number,
			   .record_bytes_max = WIRELOG_RECORD_BYTES_DEFAULT,
			   .reply_slots = 4096,
			   .sessions_max = 64,
			   .subscriptions_max = 8,
			   .read_buffers = 4,
			   .subscription_idle_ns = 1000000000 },
	};
	*worker = (struct wl_worker_config){
		.node = number,
		.cluster = cluster->cluster,
		.voters = voters,
		.ipv4 = SIM_IPV4(number),
		.udp_port = 7700,
		.clients_max = 64,
		.client_idle_ns = 1000000000,
		.election_timeout_ns = config->election_timeout_ns,
	};
	for (unsigned peer = 1; peer <= config->nodes; peer++) {
		worker->peer_address[peer].ipv4 = SIM_IPV4(peer);
		worker->peer_address[peer].udp_port = 7700;
		worker->peer_address_known[peer] = true;
	}
}

/* The newest record, with this start counted in it, durable before anything is sent. */
static bool count_start(struct sim_cluster *cluster, struct sim_node *node, struct wl_superblock *record)
{
	unsigned damaged;
	enum wl_superblock_verdict verdict = wl_superblock_choose(node->drive.superblock, record, &damaged);

	if (verdict == WL_SUPERBLOCK_EMPTY) {
		memset(record, 0, sizeof(*record));
		memcpy(record->cluster, cluster->uuid, sizeof(record->cluster));
		record->node = node->number;
		record->journal_count = 1;
		record->segment_bytes = cluster->config.segment_bytes;
		record->incarnation = sim_random_next(&node->random);
	} else if (verdict != WL_SUPERBLOCK_OK) {
		return false;
	}
	record->boot_count++;
	record->sequence++;
	for (unsigned which = 0; which < 2; which++)
		wl_superblock_encode(node->drive.superblock[2 * (record->sequence % 2) + which], record);
	return true;
}

static bool recover(struct sim_node *node, struct wl_log *log, uint64_t witness, uint8_t *window,
		    uint64_t *known_commit)
{
	struct wl_recovery recovery;

	wl_recovery_init(&recovery, log, node->drive.segments, witness, window, RECOVERY_WINDOW_BYTES);
	for (;;) {
		uint64_t offset;
		uint32_t bytes;

		switch (recovery.state) {
		case WL_RECOVERY_WANTS_READ:
			wl_recovery_want(&recovery, &offset, &bytes);
			if (offset / node->drive.segment_bytes >= node->drive.segments) {
				wl_recovery_on_read(&recovery, WL_DISK_ABSENT);
				break;
			}
			memcpy(window, node->drive.platters + offset, bytes);
			wl_recovery_on_read(&recovery, WL_DISK_OK);
			break;
		case WL_RECOVERY_WANTS_SCRUB:
			memset(node->drive.platters + recovery.scrub_begin, 0,
			       recovery.scrub_end - recovery.scrub_begin);
			wl_recovery_on_scrubbed(&recovery);
			break;
		case WL_RECOVERY_DONE:
			*known_commit = recovery.known_commit;
			return true;
		case WL_RECOVERY_REFUSED:
			node->damage = recovery.damage;
			return false;
		}
	}
}

static void *take(uint8_t **at, size_t bytes)
{
	void *taken = *at;

	*at += wl_align_up(bytes, WL_BLOCK_BYTES);
	return taken;
}

static const struct wl_agent_ops *agent_ops(struct sim_node *node, struct wl_agent_ops *agent)
{
	*agent = (struct wl_agent_ops){ .submit = submit_record, .reap = reap_record, .context = node };
	return agent;
}

static void start_agent(struct sim_cluster *cluster, struct sim_node *node, const struct wl_superblock *record)
{
	struct wl_agent_config config = {
		.node = node->number,
		.voters = ((1u << cluster->config.nodes) - 1) << 1,
		.journal_count = 1,
		.worker_count = 1,
		.election_timeout_ns = cluster->config.election_timeout_ns,
		.seed = sim_random_next(&node->random),
	};
	struct wl_agent_ops ops;

	wl_agent_init(node->agent, &config, agent_ops(node, &ops), &node->seam, record);
	wl_agent_start(node->agent, sim_node_now(node));
}

void sim_node_start(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];
	struct wl_journal_config journal;
	struct wl_worker_config worker;
	struct wl_superblock record;
	uint64_t known_commit = 0;
	uint8_t *at, *ring, *window, *memory;

	WL_CHECK(!node->up);
	fill_config(cluster, number, &journal, &worker);
	node->memory_bytes = wl_align_up(sizeof(struct wl_worker), WL_BLOCK_BYTES) +
			     wl_align_up(sizeof(struct wl_journal), WL_BLOCK_BYTES) +
			     wl_align_up(sizeof(struct wl_agent), WL_BLOCK_BYTES) +
			     wl_align_up(sizeof(struct wl_seam), WL_BLOCK_BYTES) +
			     wl_align_up(wl_seam_memory_bytes(), WL_BLOCK_BYTES) + journal.log.ring_bytes +
			     wl_align_up(wl_journal_memory_bytes(&journal), WL_BLOCK_BYTES) +
			     wl_align_up(wl_worker_memory_bytes(&worker), WL_BLOCK_BYTES) +
			     RECOVERY_WINDOW_BYTES;
	node->memory = mmap(NULL, node->memory_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	WL_CHECK(node->memory != MAP_FAILED);
	at = node->memory;
	node->worker = take(&at, sizeof(struct wl_worker));
	node->journal = take(&at, sizeof(struct wl_journal));
	node->agent = take(&at, sizeof(struct wl_agent));
	node->seam = take(&at, sizeof(struct wl_seam));
	wl_seam_init(node->seam, take(&at, wl_seam_memory_bytes()));
	ring = take(&at, journal.log.ring_bytes);
	memory = take(&at, wl_journal_memory_bytes(&journal));
	wl_journal_init(node->journal, &journal, ring, memory);
	window = take(&at, 0);
	node->boot++;
	node->starts++;
	node->refused = !count_start(cluster, node, &record) ||
			!recover(node, &node->journal->log, record.journals[0].witness, window,
				 &known_commit);
	if (node->refused) {
		munmap(node->memory, node->memory_bytes);
		node->memory = NULL;
		return;
	}
	madvise(window, RECOVERY_WINDOW_BYTES, MADV_DONTNEED);
	at += RECOVERY_WINDOW_BYTES;
	worker.epoch = record.boot_count << 32 | (sim_random_next(&node->random) & 0xffffffff);
	node->up = true;
	node->record_state = 0;
	node->worker_actor.turn_at_ns = 0;
	node->agent_actor.turn_at_ns = 0;
	sim_network_attach(node->network, number, wake_worker, node);
	node->drive.on_completion = wake_worker;
	node->drive.context = node;
	wl_worker_init(node->worker, &worker, &node->network->stations[number].port, &node->drive.disk,
		       node->seam, &cluster->auth, take(&at, wl_worker_memory_bytes(&worker)));
	wl_worker_start(node->worker, node->journal, 1, &known_commit);
	start_agent(cluster, node, &record);
	wake_worker(node);
	wake_agent(node);
}

void sim_node_crash(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];

	if (!node->up)
		return;
	node->up = false;
	node->boot++;
	node->crashes++;
	tear_record(node);
	sim_drive_crash(&node->drive);
	sim_network_detach(node->network, number);
	munmap(node->memory, node->memory_bytes);
	node->memory = NULL;
}

void sim_node_stall(struct sim_cluster *cluster, unsigned number, bool worker, bool agent, uint64_t for_ns)
{
	struct sim_node *node = &cluster->nodes[number];
	struct sim_actor *actors[] = { worker ? &node->worker_actor : NULL, agent ? &node->agent_actor : NULL };

	for (unsigned which = 0; which < 2; which++) {
		struct sim_actor *actor = actors[which];

		if (!actor || !node->up)
			continue;
		actor->stalled_until_ns = cluster->agenda.now_ns + for_ns;
		actor->turn_at_ns = 0; /* the turn on the agenda is void; this one takes its place */
		wake(node, actor, for_ns, which == 0 ? worker_turn : agent_turn);
	}
}

unsigned sim_cluster_leader(const struct sim_cluster *cluster)
{
	unsigned leader = 0;
	uint64_t term = 0;

	for (unsigned number = 1; number <= cluster->config.nodes; number++) {
		const struct sim_node *node = &cluster->nodes[number];
		const struct wl_replica *replica;

		if (!node->up)
			continue;
		replica = &node->journal->replica;
		if (replica->view.role == WL_ROLE_LEADER && replica->ready && !replica->silent &&
		    replica->view.term > term) {
			term = replica->view.term;
			leader = number;
		}
	}
	return leader;
}

void sim_cluster_init(struct sim_cluster *cluster, const struct sim_cluster_config *config, uint64_t seed)
{
	static const uint8_t secret[WL_AUTH_SECRET_BYTES] = "a simulated key";
	const struct sim_rule rule = { .delay_ns = 5000, .jitter_ns = 10000 };
	struct sim_random random;

	memset(cluster, 0, sizeof(*cluster));
	cluster->config = *config;
	cluster->seed = seed;
	sim_random_init(&random, seed, 0);
	for (unsigned byte = 0; byte < sizeof(cluster->uuid); byte++)
		cluster->uuid[byte] = (uint8_t)sim_random_next(&random);
	cluster->cluster = wl_load_u64(cluster->uuid);
	WL_CHECK(wl_auth_init(&cluster->auth, secret) == 0);
	sim_agenda_init(&cluster->agenda);
	sim_network_init(&cluster->network, &cluster->agenda, seed);
	cluster->network.mtu = config->mtu;
	sim_network_set_all(&cluster->network, &rule);
	for (unsigned number = 1; number <= config->nodes; number++) {
		struct sim_node *node = &cluster->nodes[number];

		node->number = number;
		node->agenda = &cluster->agenda;
		node->network = &cluster->network;
		sim_random_init(&node->random, seed, 100 + number);
		node->clock_base_ns = 1000000000 + sim_random_below(&node->random, 1000000000);
		node->wall_offset_ns = 1700000000000000000u;
		sim_drive_init(&node->drive, &cluster->agenda, seed, 200 + number, config->segment_bytes,
			       config->segments_max);
		memcpy(node->drive.identity.cluster, cluster->uuid, sizeof(cluster->uuid));
		node->drive.identity.binding = wl_chunk_binding(cluster->cluster, number, 0);
		node->drive.identity.node = number;
	}
}

void sim_cluster_fini(struct sim_cluster *cluster)
{
	for (unsigned number = 1; number <= cluster->config.nodes; number++) {
		sim_node_crash(cluster, number);
		sim_drive_fini(&cluster->nodes[number].drive);
	}
	sim_network_fini(&cluster->network);
	/* Frames that were still on their way. */
	cluster->agenda.closing = true;
	while (sim_agenda_step(&cluster->agenda, UINT64_MAX))
		;
	sim_agenda_fini(&cluster->agenda);
	wl_auth_fini(&cluster->auth);
}

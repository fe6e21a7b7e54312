/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of a simulated server, in the daemon's order: superblock, recovery, worker, agent. */
#include <string.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"
#include "tests/sim/arena.h"
#include "tests/sim/node_internal.h"

#define RECOVERY_WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)

static void fill_journal(const struct sim_cluster *cluster, unsigned number, unsigned id,
			 struct wl_journal_config *journal)
{
	const struct sim_cluster_config *config = &cluster->config;

	*journal = (struct wl_journal_config){
		.log = {.cluster = cluster->cluster,
			.journal = id,
			.node = number,
			.segment_bytes = config->segment_bytes,
			.ring_bytes = config->ring_bytes,
			.bytes_max = config->segment_bytes * config->segments_max,
			.entry_bytes_target = 16384},
		.replica = {.node = number,
			    .journal = (uint16_t)id,
			    .heartbeat_ns = config->heartbeat_ns,
			    .election_timeout_ns = config->election_timeout_ns,
			    .resend_ns = 2000000,
			    .disk_stall_ns = 2 * config->election_timeout_ns,
			    .window_bytes = 1 << 20,
			    .catch_up_bytes = 256 << 10},
		.front = {.node = number,
			  .journal = (uint16_t)id,
			  .record_bytes_max = WIRELOG_RECORD_BYTES_DEFAULT,
			  .reply_slots = 4096,
			  .sessions_max = (uint32_t)config->sessions_max,
			  .subscriptions_max = 8,
			  .read_buffers = 4,
			  .subscription_idle_ns = 1000000000},
	};
}

static void fill_worker(const struct sim_cluster *cluster, unsigned number, unsigned which,
			struct wl_worker_config *worker)
{
	const struct sim_cluster_config *config = &cluster->config;

	*worker = (struct wl_worker_config){
		.node = number,
		.worker = which,
		.cluster = cluster->cluster,
		.voters = ((1u << config->nodes) - 1) << 1,
		.ipv4 = SIM_IPV4(number),
		.udp_port = (uint16_t)(SIM_UDP_PORT + which),
		.clients_max = 64,
		.client_idle_ns = 1000000000,
		.election_timeout_ns = config->election_timeout_ns,
	};
	for (unsigned peer = 1; peer <= config->nodes; peer++) {
		worker->peer_address[peer].ipv4 = SIM_IPV4(peer);
		worker->peer_address[peer].udp_port = worker->udp_port;
		worker->peer_address_known[peer] = true;
	}
}

/* The newest record, with this start counted in it, durable before anything is sent. */
static bool count_start(struct sim_cluster *cluster, struct sim_node *node,
			struct wl_superblock *record)
{
	unsigned damaged = 0;
	enum wl_superblock_verdict verdict =
		wl_superblock_choose(node->drives[0].superblock, record, &damaged);

	sim_trace_say(&cluster->network.trace,
		      "node %u superblock: verdict %d, sequence %llu, damaged copies %x",
		      node->number, verdict, (unsigned long long)record->sequence, damaged);
	if (verdict == WL_SUPERBLOCK_EMPTY) {
		memset(record, 0, sizeof(*record));
		memcpy(record->cluster, cluster->uuid, sizeof(record->cluster));
		record->node = node->number;
		record->journal_count = cluster->config.journals;
		record->segment_bytes = cluster->config.segment_bytes;
		record->incarnation = sim_random_next(&node->random);
		/* As control/boot_store_file.c: a disk that was replaced does not count from one again. */
		record->boot_count = 1700000000u + cluster->agenda.now_ns / 1000000000u;
	} else if (verdict != WL_SUPERBLOCK_OK) {
		return false;
	}
	record->boot_count++;
	record->sequence++;
	for (unsigned which = 0; which < 2; which++)
		wl_superblock_encode(node->drives[0].superblock[2 * (record->sequence % 2) + which],
				     record);
	node->damaged_copies = damaged & ~(3u << 2 * (record->sequence % 2));
	return true;
}

static bool recover(struct sim_node *node, unsigned journal, uint64_t witness, uint8_t *window,
		    uint64_t *known_commit)
{
	struct sim_drive *drive = &node->drives[journal];
	struct wl_log *log = &node->journals[journal]->log;
	struct wl_recovery recovery;

	wl_recovery_init(&recovery, log, drive->segments, witness, window, RECOVERY_WINDOW_BYTES);
	for (;;) {
		uint64_t offset;
		uint32_t bytes;

		switch (recovery.state) {
		case WL_RECOVERY_WANTS_READ:
			wl_recovery_want(&recovery, &offset, &bytes);
			if (offset / drive->segment_bytes >= drive->segments) {
				wl_recovery_on_read(&recovery, WL_DISK_ABSENT);
				break;
			}
			if (drive->faults.read_error_ppm &&
			    sim_random_chance(&node->random, drive->faults.read_error_ppm)) {
				wl_recovery_on_read(&recovery, WL_DISK_FAILED);
				break;
			}
			memcpy(window, drive->platters + offset, bytes);
			wl_recovery_on_read(&recovery, WL_DISK_OK);
			break;
		case WL_RECOVERY_WANTS_SCRUB:
			sim_arena_zero(drive->platters + recovery.scrub_begin,
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
	*agent = (struct wl_agent_ops){.submit = sim_node_submit_record,
				       .reap = sim_node_reap_record,
				       .context = node};
	return agent;
}

static void start_agent(struct sim_cluster *cluster, struct sim_node *node,
			const struct wl_superblock *record)
{
	struct wl_agent_config config = {
		.node = node->number,
		.voters = ((1u << cluster->config.nodes) - 1) << 1,
		.journal_count = cluster->config.journals,
		.worker_count = cluster->config.workers,
		.election_timeout_ns = cluster->config.election_timeout_ns,
		.seed = sim_random_next(&node->random),
		.spare_incarnation = sim_random_next(&node->random),
	};
	struct wl_seam *seams[SIM_WORKERS_MAX];
	struct wl_agent_ops ops;

	for (unsigned worker = 0; worker < config.worker_count; worker++)
		seams[worker] = node->cores[worker].seam;
	for (unsigned journal = 0; journal < config.journal_count; journal++)
		config.worker_of_journal[journal] = (uint8_t)(journal % config.worker_count);
	wl_agent_init(node->agent, &config, agent_ops(node, &ops), seams, record);
	for (unsigned journal = 0; journal < config.journal_count; journal++)
		wl_agent_set_tail(node->agent, journal, node->journals[journal]->log.tail);
	wl_agent_start(node->agent, sim_node_now(node));
}

/* Everything volatile lies in one mapping, handed out from the front. */
static void map_memory(struct sim_cluster *cluster, struct sim_node *node)
{
	struct wl_journal_config journal;
	struct wl_worker_config worker;
	size_t of_journal, of_worker;

	fill_journal(cluster, node->number, 0, &journal);
	fill_worker(cluster, node->number, 0, &worker);
	of_journal = wl_align_up(sizeof(struct wl_journal), WL_BLOCK_BYTES) +
		     journal.log.ring_bytes +
		     wl_align_up(wl_journal_memory_bytes(&journal), WL_BLOCK_BYTES);
	of_worker = wl_align_up(sizeof(struct wl_worker), WL_BLOCK_BYTES) +
		    wl_align_up(sizeof(struct wl_seam), WL_BLOCK_BYTES) +
		    wl_align_up(wl_seam_memory_bytes(), WL_BLOCK_BYTES) +
		    wl_align_up(wl_worker_memory_bytes(&worker), WL_BLOCK_BYTES);
	node->memory_bytes =
		cluster->config.journals * of_journal + cluster->config.workers * of_worker +
		wl_align_up(sizeof(struct wl_agent), WL_BLOCK_BYTES) + RECOVERY_WINDOW_BYTES;
	node->memory = sim_arena_take(node->memory_bytes);
}

/* A worker's journals stand side by side. */
static void lay_out(struct sim_cluster *cluster, struct sim_node *node, uint8_t **at)
{
	const struct sim_cluster_config *config = &cluster->config;
	struct wl_journal *journals = take(at, config->journals * sizeof(struct wl_journal));

	node->agent = take(at, sizeof(struct wl_agent));
	for (unsigned journal = 0; journal < config->journals; journal++) {
		struct wl_journal_config filled;
		uint8_t *ring;

		fill_journal(cluster, node->number, journal, &filled);
		node->journals[journal] = &journals[journal];
		ring = take(at, filled.log.ring_bytes);
		wl_journal_init(node->journals[journal], &filled, ring,
				take(at, wl_journal_memory_bytes(&filled)));
	}
	for (unsigned worker = 0; worker < config->workers; worker++) {
		node->cores[worker].worker = take(at, sizeof(struct wl_worker));
		node->cores[worker].seam = take(at, sizeof(struct wl_seam));
		wl_seam_init(node->cores[worker].seam, take(at, wl_seam_memory_bytes()));
	}
}

static bool recover_all(struct sim_cluster *cluster, struct sim_node *node,
			const struct wl_superblock *record, uint8_t *window, uint64_t *known_commit)
{
	for (unsigned journal = 0; journal < cluster->config.journals; journal++) {
		if (!recover(node, journal, record->journals[journal].witness, window,
			     &known_commit[journal]))
			return false;
	}
	return true;
}

/* Journals are as many as workers, or all on the only one. */
static void start_worker(struct sim_cluster *cluster, struct sim_core *core,
			 const struct wl_worker_config *config, const uint64_t *known_commit,
			 void *memory)
{
	struct sim_node *node = core->node;
	unsigned station = sim_station_of(node->number, core->number);
	unsigned workers = cluster->config.workers, journals = cluster->config.journals;
	uint32_t mine = 0;

	core->actor.turn_at_ns = 0;
	sim_network_attach(node->network, station, sim_node_wake_worker, core);
	node->network->stations[station].budget = &node->budget;
	for (unsigned journal = core->number; journal < journals; journal += workers) {
		node->drives[journal].on_completion = sim_node_wake_worker;
		node->drives[journal].context = core;
		mine |= 1u << journal;
	}
	sim_drive_fan_init(&core->disk, node->drives, mine);
	wl_worker_init(core->worker, config, &node->network->stations[station].port,
		       &core->disk.disk, core->seam, &cluster->auth, memory);
	wl_worker_start(core->worker, node->journals[core->number], workers == 1 ? journals : 1,
			known_commit + core->number);
}

void sim_node_start(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];
	uint64_t known_commit[SIM_JOURNALS_MAX] = {0}, epoch;
	struct wl_superblock record;
	uint8_t *at, *window;

	WL_CHECK(!node->up);
	if (cluster->before_start)
		cluster->before_start(cluster->context, node);
	sim_trace_say(&cluster->network.trace, "node %u starts", number);
	map_memory(cluster, node);
	at = node->memory;
	lay_out(cluster, node, &at);
	window = take(&at, RECOVERY_WINDOW_BYTES);
	node->boot++;
	node->starts++;
	node->refused = !count_start(cluster, node, &record) ||
			!recover_all(cluster, node, &record, window, known_commit);
	if (node->refused) {
		sim_trace_say(&cluster->network.trace, "node %u refuses: %s at %llu", number,
			      wl_recovery_damage_name(node->damage.kind),
			      (unsigned long long)node->damage.begin);
		sim_arena_give_back(node->memory, node->memory_bytes);
		node->memory = NULL;
		return;
	}
	epoch = record.boot_count << 32 | (sim_random_next(&node->random) & 0xffffffff);
	node->up = true;
	node->record_state = 0;
	node->budget.armed = false;
	node->tears_record = false;
	node->agent_actor.turn_at_ns = 0;
	for (unsigned worker = 0; worker < cluster->config.workers; worker++) {
		struct wl_worker_config config;

		fill_worker(cluster, number, worker, &config);
		config.epoch = epoch;
		config.incarnation = record.incarnation;
		for (unsigned peer = 1; peer <= WIRELOG_NODES_MAX; peer++)
			config.peer_epoch[peer] = record.peers[peer].epoch;
		start_worker(cluster, &node->cores[worker], &config, known_commit,
			     take(&at, wl_worker_memory_bytes(&config)));
	}
	start_agent(cluster, node, &record);
	sim_node_wake_workers(node);
	sim_node_wake_agent(node);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of a simulated server, in the daemon's order: superblock, recovery, worker, agent. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"
#include "tests/sim/node_internal.h"

#define RECOVERY_WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)

static void fill_config(const struct sim_cluster *cluster, unsigned number,
			struct wl_journal_config *journal, struct wl_worker_config *worker)
{
	const struct sim_cluster_config *config = &cluster->config;
	uint32_t voters = ((1u << config->nodes) - 1) << 1;

	*journal = (struct wl_journal_config){
		.log = {.cluster = cluster->cluster,
			.node = number,
			.segment_bytes = config->segment_bytes,
			.ring_bytes = config->ring_bytes,
			.bytes_max = config->segment_bytes * config->segments_max,
			.entry_bytes_target = 16384},
		.replica = {.node = number,
			    .heartbeat_ns = config->heartbeat_ns,
			    .election_timeout_ns = config->election_timeout_ns,
			    .resend_ns = 2000000,
			    .disk_stall_ns = 2 * config->election_timeout_ns,
			    .window_bytes = 1 << 20,
			    .catch_up_bytes = 256 << 10},
		.front = {.node = number,
			  .record_bytes_max = WIRELOG_RECORD_BYTES_DEFAULT,
			  .reply_slots = 4096,
			  .sessions_max = (uint32_t)config->sessions_max,
			  .subscriptions_max = 8,
			  .read_buffers = 4,
			  .subscription_idle_ns = 1000000000},
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
		struct wl_address *address = &worker->peer_address[peer];

		address->ipv4 = SIM_IPV4(peer);
		address->udp_port = 7700;
		address->link = sim_network_link(&cluster->network, number, peer);
		worker->peer_address_known[peer] = !sim_network_is_ethernet(&cluster->network);
		journal->front.members[peer - 1].node = peer;
		snprintf(journal->front.members[peer - 1].endpoint, WIRELOG_ENDPOINT_BYTES_MAX,
			 "udp:10.0.0.%u:7700", peer);
	}
	journal->front.member_count = config->nodes;
	if (cluster->network.wiring == SIM_WIRING_LINKS)
		worker->ipv4 =
			0; /* as control/boot_workers_thread.c: what comes in there is for us */
}

/* The newest record, with this start counted in it, durable before anything is sent. */
bool sim_node_count_start(struct sim_cluster *cluster, struct sim_node *node,
			  struct wl_superblock *record)
{
	unsigned damaged = 0;
	enum wl_superblock_verdict verdict =
		wl_superblock_choose(node->drive.superblock, record, &damaged);

	sim_trace_say(&cluster->network.trace,
		      "node %u superblock: verdict %d, sequence %llu, damaged copies %x",
		      node->number, verdict, (unsigned long long)record->sequence, damaged);
	if (verdict == WL_SUPERBLOCK_EMPTY) {
		memset(record, 0, sizeof(*record));
		memcpy(record->cluster, cluster->uuid, sizeof(record->cluster));
		record->node = node->number;
		record->journal_count = 1;
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
		wl_superblock_encode(node->drive.superblock[2 * (record->sequence % 2) + which],
				     record);
	node->damaged_copies = damaged & ~(3u << 2 * (record->sequence % 2));
	return true;
}

static bool recover(struct sim_node *node, struct wl_log *log, uint64_t witness, uint8_t *window,
		    uint64_t *known_commit)
{
	struct wl_recovery recovery;

	wl_recovery_init(&recovery, log, node->drive.segments, witness, window,
			 RECOVERY_WINDOW_BYTES);
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
			if (node->drive.faults.read_error_ppm &&
			    sim_random_chance(&node->random, node->drive.faults.read_error_ppm)) {
				wl_recovery_on_read(&recovery, WL_DISK_FAILED);
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
	*agent = (struct wl_agent_ops){.submit = sim_node_submit_record,
				       .reap = sim_node_reap_record,
				       .log = sim_node_log,
				       .context = node};
	return agent;
}

/* As control/loop_thread.c: peers lie behind the first Ethernet link. */
static void add_neighbours(struct sim_cluster *cluster, struct sim_node *node)
{
	const struct sim_network *network = &cluster->network;
	const struct wl_port *port = &network->stations[node->number].port;

	if (!sim_network_is_ethernet(network))
		return;
	for (uint16_t link = 0; link < port->link_count; link++)
		wl_agent_set_link(node->agent, link, port->ops->link(port, link));
	for (unsigned peer = 1; peer <= cluster->config.nodes; peer++) {
		bool far = sim_network_is_far(network, node->number, peer);

		if (peer != node->number)
			WL_CHECK(wl_agent_add_neighbour(node->agent, 0, SIM_IPV4(peer),
							far ? SIM_IPV4(SIM_ROUTER_STATION) : 0));
	}
}

static void start_agent(struct sim_cluster *cluster, struct sim_node *node,
			const struct wl_superblock *record)
{
	struct wl_agent_config config = {
		.node = node->number,
		.voters = ((1u << cluster->config.nodes) - 1) << 1,
		.journal_count = 1,
		.worker_count = 1,
		.election_timeout_ns = cluster->config.election_timeout_ns,
		.seed = sim_random_next(&node->random),
		.spare_incarnation = sim_random_next(&node->random),
	};
	struct wl_agent_ops ops;

	wl_agent_init(node->agent, &config, agent_ops(node, &ops), &node->seam, record);
	add_neighbours(cluster, node);
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

	WL_CHECK(!node->up && !node->possessed);
	if (cluster->before_start)
		cluster->before_start(cluster->context, node);
	sim_trace_say(&cluster->network.trace, "node %u starts", number);
	fill_config(cluster, number, &journal, &worker);
	node->memory_bytes = wl_align_up(sizeof(struct wl_worker), WL_BLOCK_BYTES) +
			     wl_align_up(sizeof(struct wl_journal), WL_BLOCK_BYTES) +
			     wl_align_up(sizeof(struct wl_agent), WL_BLOCK_BYTES) +
			     wl_align_up(sizeof(struct wl_seam), WL_BLOCK_BYTES) +
			     wl_align_up(wl_seam_memory_bytes(), WL_BLOCK_BYTES) +
			     journal.log.ring_bytes +
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
	node->refused = !sim_node_count_start(cluster, node, &record) ||
			!recover(node, &node->journal->log, record.journals[0].witness, window,
				 &known_commit);
	if (node->refused) {
		sim_trace_say(&cluster->network.trace, "node %u refuses: %s at %llu", number,
			      wl_recovery_damage_name(node->damage.kind),
			      (unsigned long long)node->damage.begin);
		munmap(node->memory, node->memory_bytes);
		node->memory = NULL;
		return;
	}
	at += RECOVERY_WINDOW_BYTES;
	worker.epoch = record.boot_count << 32 | (sim_random_next(&node->random) & 0xffffffff);
	worker.incarnation = record.incarnation;
	for (unsigned peer = 1; peer <= WIRELOG_NODES_MAX; peer++)
		worker.peer_epoch[peer] = record.peers[peer].epoch;
	node->up = true;
	node->record_state = 0;
	node->told_up = 0;
	node->told_down = 0;
	node->budget.armed = false;
	node->tears_record = false;
	node->worker_actor.turn_at_ns = 0;
	node->agent_actor.turn_at_ns = 0;
	sim_network_attach(node->network, number, sim_node_wake_worker, node);
	node->drive.on_completion = sim_node_wake_worker;
	node->drive.context = node;
	cluster->network.stations[number].budget = &node->budget;
	wl_worker_init(node->worker, &worker, &node->network->stations[number].port,
		       &node->drive.disk, node->seam, &cluster->auth,
		       take(&at, wl_worker_memory_bytes(&worker)));
	wl_worker_start(node->worker, node->journal, 1, &known_commit);
	start_agent(cluster, node, &record);
	sim_node_wake_worker(node);
	sim_node_wake_agent(node);
}

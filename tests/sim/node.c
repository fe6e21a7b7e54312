/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/node_internal.h"

#include <string.h>
#include <sys/mman.h>

#include "dataplane/bytes.h"
#include "dataplane/check.h"

#define WORKER_IDLE_NS \
	500000u /* a polling core turns far more often; nothing would happen in between */
#define AGENT_IDLE_NS 2000000u
#define SUPERBLOCK_WRITE_NS 150000u
#define RESTART_NS 200000000u

static struct sim_cluster *cluster_of(struct sim_node *node)
{
	return (struct sim_cluster *)((uint8_t *)(node - node->number) -
				      offsetof(struct sim_cluster, nodes));
}

uint64_t sim_node_now(const struct sim_node *node)
{
	uint64_t passed = node->agenda->now_ns - node->clock_global_ns;

	return node->clock_base_ns + passed +
	       (uint64_t)((int64_t)(passed / 1000) * node->drift_ppm / 1000);
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

void sim_node_wake_worker(void *context)
{
	struct sim_node *node = context;

	wake(node, &node->worker_actor, 500 + sim_random_below(&node->random, 3000), worker_turn);
}

void sim_node_wake_agent(struct sim_node *node)
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

/* The service manager, after an exit that asks for it. */
static void start_again(void *subject, void *object)
{
	struct sim_node *node = subject;

	if (!node->agenda->closing && !node->up && !node->possessed &&
	    node->boot == (uintptr_t)object)
		sim_node_start(cluster_of(node), node->number);
}

/* False: the turn was the node's last one. */
static bool lives_on(struct sim_node *node)
{
	struct sim_cluster *cluster = cluster_of(node);

	if (wl_agent_is_outlived(node->agent) && wl_agent_is_stopped(node->agent))
		sim_agenda_add(node->agenda, node->agenda->now_ns + RESTART_NS, start_again, node,
			       (void *)(uintptr_t)(node->boot + 1));
	if ((node->budget.armed && node->budget.left < 0) || wl_agent_is_stopped(node->agent))
		sim_node_crash(cluster, node->number);
	return node->up;
}

static void worker_turn(void *subject, void *object)
{
	struct sim_node *node = subject;
	struct sim_cluster *cluster = cluster_of(node);
	uint64_t now = sim_node_now(node);
	unsigned did;

	if (!begins(node, &node->worker_actor, object))
		return;
	did = wl_worker_turn(node->worker, now, now + node->wall_offset_ns);
	sim_trace_seam(&node->network->trace, node->number, "worker tells", &node->seam->up,
		       &node->told_up);
	if (cluster->after_turn)
		cluster->after_turn(cluster->context, node);
	if (!lives_on(node))
		return;
	if (wl_ring_count(&node->seam->up) + wl_ring_count(&node->seam->punt_up) != 0)
		sim_node_wake_agent(node);
	wake(node, &node->worker_actor,
	     did ? 1000 + sim_random_below(&node->random, 3000) : WORKER_IDLE_NS, worker_turn);
}

/* As control/loop_thread.c does. */
static void tell_peers_durable(struct sim_node *node, const struct wl_journal_status *status)
{
	for (unsigned peer = 1; status->view.role == WL_ROLE_LEADER && peer <= WIRELOG_NODES_MAX;
	     peer++) {
		struct wl_position durable = {status->view.term, status->peers[peer].match_durable};

		if (durable.index != 0)
			wl_agent_set_peer_durable(node->agent, 0, peer, durable);
	}
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
		tell_peers_durable(node, &status);
	}
	atomic_store_explicit(&node->seam->control_turn_ns, sim_node_now(node),
			      memory_order_relaxed);
	wl_agent_turn(node->agent, sim_node_now(node));
	sim_trace_seam(&node->network->trace, node->number, "control tells", &node->seam->down,
		       &node->told_down);
	if (!lives_on(node))
		return;
	if (wl_ring_count(&node->seam->down) + wl_ring_count(&node->seam->punt_down) != 0)
		sim_node_wake_worker(node);
	wake(node, &node->agent_actor, AGENT_IDLE_NS, agent_turn);
}

/* ---- superblock: two copies of a pair, one after the other ---- */

static unsigned copy_of_record(const struct sim_node *node, unsigned which)
{
	return wl_superblock_copy(node->record.sequence, which, node->damaged_copies);
}

static void record_written(void *subject, void *object)
{
	struct sim_node *node = subject;

	if (!node->up || node->boot != (uintptr_t)object)
		return;
	if (node->drive.faults.hung) {
		sim_agenda_add(node->agenda, node->agenda->now_ns + 5000000, record_written, node,
			       object);
		return;
	}
	wl_superblock_encode(
		node->drive.superblock[copy_of_record(node, (unsigned)node->record_state - 1)],
		&node->record);
	sim_trace_say(&node->network->trace, "node %u record %llu copy %u written", node->number,
		      (unsigned long long)node->record.sequence,
		      copy_of_record(node, (unsigned)node->record_state - 1));
	node->record_state++;
	if (node->record_state == 3)
		node->damaged_copies &= ~(3u << 2 * (node->record.sequence % 2));
	if (node->record_state == 2)
		sim_agenda_add(node->agenda, node->agenda->now_ns + SUPERBLOCK_WRITE_NS,
			       record_written, node, object);
	else
		sim_node_wake_agent(node);
}

static void power_cut(void *subject, void *object)
{
	struct sim_node *node = subject;

	if (node->up && node->tears_record && node->boot == (uintptr_t)object)
		sim_node_crash(cluster_of(node), node->number);
}

void sim_node_log(void *context, const struct wl_agent_line *line)
{
	const struct sim_node *node = context;

	sim_trace_say(&node->network->trace, "node %u says: term %llu, node %u: %s", node->number,
		      (unsigned long long)line->term, line->node, line->text);
}

bool sim_node_submit_record(void *context, struct wl_superblock *record)
{
	struct sim_node *node = context;

	if (node->record_state != 0)
		return false;
	record->sequence++;
	if (!sim_budget_spend(&node->budget))
		return true; /* the power went before it reached the drive */
	node->record = *record;
	node->record_state = 1;
	if (node->tears_record)
		sim_agenda_add(node->agenda,
			       node->agenda->now_ns +
				       sim_random_below(&node->random, 2 * SUPERBLOCK_WRITE_NS),
			       power_cut, node, (void *)(uintptr_t)node->boot);
	sim_agenda_add(node->agenda, node->agenda->now_ns + SUPERBLOCK_WRITE_NS, record_written,
		       node, (void *)(uintptr_t)node->boot);
	return true;
}

int sim_node_reap_record(void *context)
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
	sim_trace_say(&node->network->trace, "node %u record %llu copy %u torn", node->number,
		      (unsigned long long)node->record.sequence,
		      copy_of_record(node, (unsigned)node->record_state - 1));
	wl_superblock_encode(image, &node->record);
	for (unsigned sector = 0; sector < WL_BLOCK_BYTES / WL_SECTOR_BYTES; sector++) {
		if (sim_random_chance(&node->random, 500000))
			memcpy(copy + sector * WL_SECTOR_BYTES, image + sector * WL_SECTOR_BYTES,
			       WL_SECTOR_BYTES);
	}
}

/* ---- crash ---- */

/* What waited for the next burst goes with the process. */
static void give_frames_back(struct sim_node *node)
{
	struct wl_tx *tx = &node->worker->tx;

	for (uint16_t link = 0; link < tx->port->link_count; link++)
		tx->port->ops->tx_drop(tx->port, tx->links[link].queue, tx->links[link].count);
}

void sim_node_crash(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];

	if (!node->up)
		return;
	sim_trace_say(&cluster->network.trace, "node %u goes down", number);
	node->up = false;
	node->boot++;
	node->crashes++;
	node->budget.armed = false;
	tear_record(node);
	sim_drive_crash(&node->drive);
	give_frames_back(node);
	sim_network_detach(node->network, number);
	munmap(node->memory, node->memory_bytes);
	node->memory = NULL;
}

void sim_node_stall(struct sim_cluster *cluster, unsigned number, bool worker, bool agent,
		    uint64_t for_ns)
{
	struct sim_node *node = &cluster->nodes[number];
	struct sim_actor *actors[] = {worker ? &node->worker_actor : NULL,
				      agent ? &node->agent_actor : NULL};

	for (unsigned which = 0; which < 2; which++) {
		struct sim_actor *actor = actors[which];

		if (!actor || !node->up)
			continue;
		actor->stalled_until_ns = cluster->agenda.now_ns + for_ns;
		actor->turn_at_ns =
			0; /* the turn on the agenda is void; this one takes its place */
		wake(node, actor, for_ns, which == 0 ? worker_turn : agent_turn);
	}
}

void sim_node_wake_up(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];

	if (!node->up)
		return;
	node->worker_actor.stalled_until_ns = 0;
	node->agent_actor.stalled_until_ns = 0;
	node->worker_actor.turn_at_ns = 0;
	node->agent_actor.turn_at_ns = 0;
	sim_node_wake_worker(node);
	sim_node_wake_agent(node);
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

void sim_cluster_init(struct sim_cluster *cluster, const struct sim_cluster_config *config,
		      uint64_t seed)
{
	static const uint8_t secret[WL_AUTH_SECRET_BYTES] = "a simulated key";
	const struct sim_rule rule = {.delay_ns = 5000, .jitter_ns = 10000};
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
	cluster->network.wiring = config->wiring;
	sim_network_set_all(&cluster->network, &rule);
	for (unsigned number = 1; number <= config->nodes; number++) {
		struct sim_node *node = &cluster->nodes[number];

		node->number = number;
		node->agenda = &cluster->agenda;
		node->network = &cluster->network;
		sim_random_init(&node->random, seed, 100 + number);
		node->clock_base_ns = 1000000000 + sim_random_below(&node->random, 1000000000);
		node->wall_offset_ns = 1700000000000000000u;
		sim_drive_init(&node->drive, &cluster->agenda, seed, 200 + number,
			       config->segment_bytes, config->segments_max);
		node->drive.budget = &node->budget;
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

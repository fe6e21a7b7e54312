/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/server/node_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/cluster_id.h"
#include "tests/sim/arena.h"
#include "tests/sim/server/node_config.h"
#include "tests/sim/oracle/oracle.h"
#include "wirelog/status.h"

#define WORKER_IDLE_NS \
	500000u /* a polling core turns far more often; nothing would happen in between */
#define AGENT_IDLE_NS 2000000u
#define SUPERBLOCK_WRITE_NS 150000u
#define RESTART_NS 200000000u
#define EXEC_NS 5000000u
#define RECORD_FAILED 4 /* record_state: for good, as the daemon's writer */

struct sim_cluster *sim_node_cluster(struct sim_node *node)
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

uint64_t sim_node_commit_number(const struct sim_node *node, unsigned journal)
{
	struct wl_service_stats stats;

	wl_service_get_stats(node->journals[journal]->service, &stats);
	return stats.commit_number;
}

/* ---- turns ---- */

static void worker_turn(void *subject, void *object);
static void agent_turn(void *subject, void *object);

static void wake(struct sim_node *node, struct sim_actor *actor, uint64_t delay_ns,
		 void (*turn)(void *, void *), void *subject)
{
	uint64_t at = node->agenda->now_ns + delay_ns;

	if (at < actor->stalled_until_ns)
		at = actor->stalled_until_ns;
	if (!node->up || (actor->turn_at_ns != 0 && actor->turn_at_ns <= at))
		return;
	actor->turn_at_ns = at;
	actor->generation++;
	sim_agenda_add(node->agenda, at, turn, subject, (void *)(uintptr_t)actor->generation);
}

void sim_node_wake_worker(void *context)
{
	struct sim_core *core = context;
	struct sim_node *node = core->node;

	wake(node, &core->actor, 500 + sim_random_below(&node->random, 3000), worker_turn, core);
}

void sim_node_wake_workers(struct sim_node *node)
{
	for (unsigned worker = 0; worker < sim_node_cluster(node)->config.workers; worker++)
		sim_node_wake_worker(&node->cores[worker]);
}

void sim_node_wake_agent(struct sim_node *node)
{
	wake(node, &node->agent_actor, 2000 + sim_random_below(&node->random, 50000), agent_turn,
	     node);
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
		sim_node_start(sim_node_cluster(node), node->number);
}

/* False: the turn was the node's last one. */
static bool lives_on(struct sim_node *node)
{
	struct sim_cluster *cluster = sim_node_cluster(node);

	if (wl_agent_is_rolled_back(node->agent) && wl_agent_is_stopped(node->agent)) {
		sim_node_check_end(cluster, node, WIRELOG_STORE_OLD_IMAGE);
		sim_agenda_add(node->agenda, node->agenda->now_ns + RESTART_NS, start_again, node,
			       (void *)(uintptr_t)(node->boot + 1));
	}
	if (wl_agent_is_outdated(node->agent) && wl_agent_is_stopped(node->agent))
		sim_node_check_end(cluster, node, WIRELOG_FEATURE_UNKNOWN);
	if (node->mend_watch.outcome == WL_MEND_STARTS_AGAIN && wl_agent_is_stopped(node->agent)) {
		node->mend_rounds++;
		node->mended++;
		sim_agenda_add(node->agenda, node->agenda->now_ns + EXEC_NS, start_again, node,
			       (void *)(uintptr_t)(node->boot + 1));
	}
	if (node->mend_watch.outcome == WL_MEND_IS_REFUSED && wl_agent_is_stopped(node->agent)) {
		sim_node_check_end(cluster, node, WIRELOG_STORE_DAMAGED);
		node->refused = true;
		node->refusal = SIM_REFUSAL_LOG;
	}
	if ((node->budget.armed && node->budget.left < 0) || wl_agent_is_stopped(node->agent))
		sim_node_crash(cluster, node->number);
	return node->up;
}

void sim_node_turn_worker(struct sim_core *core)
{
	struct sim_node *node = core->node;
	struct sim_cluster *cluster = sim_node_cluster(node);
	const struct wl_clock *clock = &node->machine.clock[SIM_THREAD_WORKER + core->number];
	uint64_t now;
	unsigned did;

	now = sim_machine_now(node, SIM_THREAD_WORKER + core->number);
	did = wl_worker_turn(core->worker, now, wl_clock_wall_ns(clock, now));
	sim_trace_plane(&node->network->trace, node->number, "worker tells", &core->plane->up,
			&core->told_up);
	if (cluster->after_turn)
		cluster->after_turn(cluster->context, node, core->number);
	if (!lives_on(node))
		return;
	sim_mends_wake(node);
	if (wl_ring_count(&core->plane->up) + wl_ring_count(&core->plane->punt_up) != 0)
		sim_node_wake_agent(node);
	wake(node, &core->actor,
	     did ? 1000 + sim_random_below(&node->random, 3000) : WORKER_IDLE_NS, worker_turn,
	     core);
}

static void worker_turn(void *subject, void *object)
{
	struct sim_core *core = subject;

	if (begins(core->node, &core->actor, object))
		sim_node_turn_worker(core);
}

/* As control/node/loop_thread.c does. */
static void tell_peers_durable(struct sim_node *node, unsigned journal,
			       const struct wl_journal_status *status)
{
	for (unsigned peer = 1; status->view.role == WL_ROLE_LEADER && peer <= WIRELOG_NODES_MAX;
	     peer++) {
		struct wl_position durable = {status->view.term, status->peers[peer].match_durable};

		if (durable.index != 0)
			wl_agent_set_peer_durable(node->agent, journal, peer, durable);
	}
}

/* A line carries a word that the drive said in this life, to a request of the kind that the line is about. */
static void check_line(struct sim_node *node, const struct sim_drive *drive,
		       const struct wl_storage_line *line)
{
	static const enum wl_disk_verb verbs[WL_STORAGE_TROUBLES] = {
		[WL_STORAGE_WRITE_FAILED] = WL_DISK_WRITE,
		[WL_STORAGE_SEGMENT_FAILED] = WL_DISK_PREPARE,
		[WL_STORAGE_FULL] = WL_DISK_PREPARE,
		[WL_STORAGE_OPEN_FAILED] = WL_DISK_WRITE,
		[WL_STORAGE_READS_FAIL] = WL_DISK_READ,
	};
	uint64_t said = drive->said[verbs[line->trouble]];

	sim_trace_say(&node->network->trace, "node %u  %s%s error %d offset %llu", node->number,
		      wl_storage_trouble_name(line->trouble), line->ends ? " ended" : "",
		      line->error, (unsigned long long)line->offset);
	if (line->ends || line->trouble == WL_STORAGE_SILENT ||
	    line->trouble == WL_STORAGE_MAKER_SILENT)
		return;
	if (line->error <= 0 || line->error > 63 || (said >> line->error & 1) == 0)
		sim_violation(sim_node_cluster(node), node->number, "storage",
			      "%s is told with error %d, which the drive never said",
			      wl_storage_trouble_name(line->trouble), line->error);
}

static void look_at_storage(struct sim_node *node, unsigned journal,
			    const struct wl_storage_status *status)
{
	struct wl_storage_line lines[WL_STORAGE_TROUBLES];
	unsigned count = wl_storage_watch_look(&node->storage[journal], status,
					       sim_machine_now(node, SIM_THREAD_CONTROL), lines);

	for (unsigned at = 0; at < count; at++)
		check_line(node, &node->drives[journal], &lines[at]);
}

static void look_at_journal(struct sim_node *node, unsigned journal)
{
	struct wl_journal_status status;

	if (!wl_published_read(&node->journals[journal]->published, &status) ||
	    status.view.number == 0)
		return; /* not published yet */
	look_at_storage(node, journal, &status.storage);
	wl_agent_set_tail(node->agent, journal, status.tail);
	wl_agent_set_watermark(node->agent, journal, status.durable_offset);
	wl_agent_set_commit(node->agent, journal, status.commit_durable);
	wl_agent_set_room(node->agent, journal, status.may_start_term);
	wl_agent_set_clock(node->agent, journal, status.clock_astray, status.stamps_ahead_ns);
	tell_peers_durable(node, journal, &status);
}

void sim_node_turn_agent(struct sim_node *node)
{
	const struct sim_cluster_config *config = &sim_node_cluster(node)->config;

	for (unsigned journal = 0; journal < config->journals; journal++)
		look_at_journal(node, journal);
	sim_mends_look(node);
	wl_agent_turn(node->agent, sim_machine_now(node, SIM_THREAD_CONTROL));
	for (unsigned worker = 0; worker < config->workers; worker++)
		sim_trace_plane(&node->network->trace, node->number, "control tells",
				&node->cores[worker].plane->down, &node->cores[worker].told_down);
	if (!lives_on(node))
		return;
	for (unsigned worker = 0; worker < config->workers; worker++) {
		struct sim_core *core = &node->cores[worker];

		if (wl_ring_count(&core->plane->down) + wl_ring_count(&core->plane->punt_down) != 0)
			sim_node_wake_worker(core);
	}
	wake(node, &node->agent_actor, AGENT_IDLE_NS, agent_turn, node);
}

static void agent_turn(void *subject, void *object)
{
	struct sim_node *node = subject;

	if (begins(node, &node->agent_actor, object))
		sim_node_turn_agent(node);
}

/* ---- superblock: two copies of a pair, one after the other ---- */

static unsigned copy_of_record(const struct sim_node *node, unsigned which)
{
	return wl_superblock_copy(node->record.sequence, which, node->damaged_copies);
}

/* A power cut tears the copy that was being written. */
static void tear_record(struct sim_node *node)
{
	uint8_t image[WL_BLOCK_BYTES];
	uint8_t *copy;

	if (node->record_state != 1 && node->record_state != 2)
		return;
	copy = node->drives[0].superblock[copy_of_record(node, (unsigned)node->record_state - 1)];
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

static void record_written(void *subject, void *object)
{
	struct sim_node *node = subject;

	if (!node->up || node->boot != (uintptr_t)object)
		return;
	if (node->drives[0].faults.hung) {
		sim_agenda_add(node->agenda, node->agenda->now_ns + 5000000, record_written, node,
			       object);
		return;
	}
	if (node->record_fails) {
		tear_record(node);
		node->record_fails = false;
		node->record_state = RECORD_FAILED;
		sim_node_wake_agent(node);
		return;
	}
	wl_superblock_encode(
		node->drives[0].superblock[copy_of_record(node, (unsigned)node->record_state - 1)],
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

void sim_node_complete_record(struct sim_node *node)
{
	while (node->record_state == 1 || node->record_state == 2)
		record_written(node, (void *)(uintptr_t)node->boot);
}

static void power_cut(void *subject, void *object)
{
	struct sim_node *node = subject;

	if (node->up && node->tears_record && node->boot == (uintptr_t)object)
		sim_node_crash(sim_node_cluster(node), node->number);
}

static bool takes_back(const struct wl_superblock *before, const struct wl_superblock *record)
{
	bool does = false;

	for (unsigned journal = 0; journal < record->journal_count; journal++)
		does |= before->journals[journal].caught_up_boot != 0 &&
			record->journals[journal].caught_up_boot == 0;
	return does;
}

bool sim_node_submit_record(void *context, struct wl_superblock *record)
{
	struct sim_node *node = context;

	if (node->record_state != 0)
		return false;
	record->sequence++;
	if (!sim_budget_spend(&node->budget))
		return true; /* the power went before it reached the drive */
	node->taken_back += takes_back(&node->record, record);
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
		return node->record_state == RECORD_FAILED ? -1 : 0;
	node->record_state = 0;
	return 1;
}

void sim_node_log(void *context, const struct wl_agent_line *line)
{
	struct sim_node *node = context;

	sim_trace_say(&node->network->trace, "node %u says: journal %u term %llu node %u: %s",
		      node->number, line->journal, (unsigned long long)line->term, line->node,
		      line->text);
	if (line->text == NULL || line->text[0] == '\0' || line->node > WIRELOG_NODES_MAX)
		sim_violation(sim_node_cluster(node), node->number, "log",
			      "a line without a meaning");
	/* O1 as a node sees it. */
	if (!sim_node_cluster(node)->config.plan->liar &&
	    node->agent->elections[line->journal].counts.two_leaders != 0)
		sim_violation(sim_node_cluster(node), node->number, "log",
			      "two leaders of term %llu, says the node",
			      (unsigned long long)line->term);
}

/* ---- crash ---- */

/* What waited for the next burst goes with the process. */
static void give_frames_back(struct sim_node *node)
{
	for (unsigned worker = 0; worker < SIM_WORKERS_MAX; worker++) {
		struct wl_tx *tx = node->cores[worker].worker ? &node->cores[worker].worker->tx
							      : NULL;

		for (uint16_t link = 0; tx && link < tx->port->link_count; link++)
			tx->port->ops->tx_drop(tx->port, tx->links[link].queue,
					       tx->links[link].count);
		node->cores[worker].worker = NULL;
	}
}

/* The kernel writes the copy that was under way to its end. */
static void finish_record(struct sim_node *node)
{
	if (node->record_state == 1 || node->record_state == 2)
		wl_superblock_encode(
			node->drives[0]
				.superblock[copy_of_record(node, (unsigned)node->record_state - 1)],
			&node->record);
}

static void go_down(struct sim_cluster *cluster, unsigned number, bool killed)
{
	struct sim_node *node = &cluster->nodes[number];

	if (!node->up)
		return;
	sim_trace_say(&cluster->network.trace, "node %u %s", number,
		      killed ? "is killed" : "goes down");
	node->up = false;
	node->down_ns = cluster->agenda.now_ns;
	node->boot++;
	node->crashes++;
	node->budget.armed = false;
	if (killed)
		finish_record(node);
	else
		tear_record(node);
	give_frames_back(node);
	for (unsigned journal = 0; journal < cluster->config.journals; journal++) {
		uint64_t lost = node->drives[journal].lost;

		if (killed)
			sim_drive_kill(&node->drives[journal]);
		else
			sim_drive_crash(&node->drives[journal]);
		/* Its start may be refused; what was lost, others have (sim_oracle_may_lose). */
		node->rotten |= node->drives[journal].lost != lost;
	}
	for (unsigned worker = 0; worker < cluster->config.workers; worker++)
		sim_network_detach(node->network, sim_station_of(number, worker));
	sim_bases_end(node);
	sim_archives_end(node);
	sim_scrubs_end(node);
	sim_mends_end(node, !killed);
	sim_node_give_back_memory(node);
}

void sim_node_crash(struct sim_cluster *cluster, unsigned number)
{
	go_down(cluster, number, false);
}

void sim_node_kill(struct sim_cluster *cluster, unsigned number)
{
	go_down(cluster, number, true);
}

static void stall(struct sim_node *node, struct sim_actor *actor, uint64_t for_ns,
		  void (*turn)(void *, void *), void *subject)
{
	actor->stalled_until_ns = node->agenda->now_ns + for_ns;
	actor->turn_at_ns = 0; /* the turn on the agenda is void; this one takes its place */
	wake(node, actor, for_ns, turn, subject);
}

void sim_node_stall(struct sim_cluster *cluster, unsigned number, bool worker, bool agent,
		    uint64_t for_ns)
{
	struct sim_node *node = &cluster->nodes[number];
	if (!node->up)
		return;
	for (unsigned which = 0; worker && which < cluster->config.workers; which++)
		stall(node, &node->cores[which].actor, for_ns, worker_turn, &node->cores[which]);
	if (agent)
		stall(node, &node->agent_actor, for_ns, agent_turn, node);
}

void sim_node_wake_up(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];

	if (!node->up)
		return;
	for (unsigned worker = 0; worker < cluster->config.workers; worker++) {
		node->cores[worker].actor.stalled_until_ns = 0;
		node->cores[worker].actor.turn_at_ns = 0;
	}
	node->agent_actor.stalled_until_ns = 0;
	node->agent_actor.turn_at_ns = 0;
	sim_node_wake_workers(node);
	sim_node_wake_agent(node);
}

bool sim_node_needs_base(const struct sim_cluster *cluster, const struct sim_node *node,
			 unsigned journal)
{
	const struct sim_node *leader = &cluster->nodes[sim_cluster_leader(cluster, journal)];

	if (!node->up || node->journals[journal]->dormant || leader->number == 0 || leader == node)
		return false;
	/*
	 * Chunks are packed in another way on each node: one is full before a trim comes that others had room for. And one whose log ends behind the
	 * leader's beginning may have a branch there: what would cut it away is given up.
	 */
	return wl_log_is_full(&node->journals[journal]->log) ||
	       leader->journals[journal]->replica.leader.peers[node->number].needs_base ||
	       node->journals[journal]->log.tail.index <
		       leader->journals[journal]->log.begin.position.index;
}

unsigned sim_cluster_leader(const struct sim_cluster *cluster, unsigned journal)
{
	unsigned leader = 0;
	uint64_t term = 0;

	for (unsigned number = 1; number <= cluster->config.nodes; number++) {
		const struct sim_node *node = &cluster->nodes[number];
		const struct wl_replica *replica;

		if (!node->up)
			continue;
		replica = &node->journals[journal]->replica;
		if (replica->view.role == WL_ROLE_LEADER && replica->leader.ready &&
		    !replica->silent && replica->view.term > term) {
			term = replica->view.term;
			leader = number;
		}
	}
	return leader;
}

static bool may_lose(void *context, unsigned journal, uint64_t begin, uint64_t end)
{
	struct sim_node *node = context;
	struct sim_cluster *cluster = sim_node_cluster(node);

	return cluster->may_lose && cluster->may_lose(cluster->context, node, journal, begin, end);
}

static void make_drive(struct sim_cluster *cluster, struct sim_node *node, unsigned journal,
		       uint64_t seed)
{
	struct sim_drive *drive = &node->drives[journal];

	sim_drive_init(drive, &cluster->agenda, seed, 200 + 10 * journal + node->number,
		       cluster->config.segment_bytes, cluster->config.segments_max);
	drive->budget = &node->budget;
	drive->raw = cluster->config.plan && cluster->config.plan->raw != 0;
	drive->first = &node->drives[0];
	drive->may_lose = may_lose;
	drive->lose_context = node;
	memcpy(drive->identity.cluster, cluster->uuid, sizeof(cluster->uuid));
	drive->identity.binding = wl_chunk_binding(cluster->cluster, node->number, journal);
	drive->identity.journal = journal;
	drive->identity.node = node->number;
}

void sim_cluster_init(struct sim_cluster *cluster, const struct sim_cluster_config *config,
		      uint64_t seed)
{
	static uint8_t secrets[2][WL_AUTH_SECRET_BYTES] = {"a simulated key", "the next one"};
	const struct sim_rule rule = {.delay_ns = 5000, .jitter_ns = 10000};
	struct sim_random random;

	memset(cluster, 0, sizeof(*cluster));
	cluster->config = *config;
	cluster->seed = seed;
	sim_random_init(&random, seed, 0);
	for (unsigned byte = 0; byte < sizeof(cluster->uuid); byte++)
		cluster->uuid[byte] = (uint8_t)sim_random_next(&random);
	cluster->cluster = wl_cluster_id(cluster->uuid);
	WL_CHECK(wl_auth_init_all(&cluster->auth, secrets, 1) == 0 &&
		 wl_auth_init_all(&cluster->keys[0], secrets, 1) == 0 &&
		 wl_auth_init_all(&cluster->keys[1], secrets, 2) == 0 &&
		 wl_auth_init_all(&cluster->keys[2], secrets + 1, 1) == 0);
	cluster->client_keys = &cluster->keys[0];
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
		for (unsigned worker = 0; worker < config->workers; worker++) {
			node->cores[worker].node = node;
			node->cores[worker].number = worker;
		}
		for (unsigned journal = 0; journal < config->journals; journal++)
			make_drive(cluster, node, journal, seed);
		sim_node_config_init(cluster, number);
	}
}

void sim_cluster_fini(struct sim_cluster *cluster)
{
	for (unsigned number = 1; number <= cluster->config.nodes; number++) {
		sim_node_crash(cluster, number);
		for (unsigned journal = 0; journal < cluster->config.journals; journal++)
			sim_drive_fini(&cluster->nodes[number].drives[journal]);
		sim_node_config_fini(cluster, number);
	}
	sim_network_fini(&cluster->network);
	/* Frames that were still on their way. */
	cluster->agenda.closing = true;
	while (sim_agenda_step(&cluster->agenda, UINT64_MAX))
		;
	sim_agenda_fini(&cluster->agenda);
	wl_auth_fini(&cluster->auth);
	for (unsigned at = 0; at < 3; at++)
		wl_auth_fini(&cluster->keys[at]);
}

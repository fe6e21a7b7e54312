/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of a simulated server, in the daemon's order: configuration, superblock, recovery, worker, agent. */
#include <string.h>
#include <sys/mman.h>

#include "control/boot_shape.h"
#include "dataplane/bytes.h"
#include "dataplane/check.h"
#include "dataplane/cluster_id.h"
#include "dataplane/store_owner.h"
#include "tests/sim/node_config.h"
#include "tests/sim/node_internal.h"
#include "tests/sim/oracle.h"
#include "wirelog/status.h"

#define RECOVERY_WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)

/* The newest record, when it is this node's: 0, or what the daemon's store refuses with. */
static int read_superblock(struct sim_cluster *cluster, struct sim_node *node,
			   struct wl_superblock *record)
{
	const struct wl_config *config = node->config;
	const struct wl_store_owner owner = {
		.cluster = config->cluster,
		.node = config->node,
		.journal_count = config->journal_count,
		.voters = config->voters,
		.segment_bytes = config->segment_bytes,
	};
	struct wl_sentence why = wl_sentence_begin(node->start_reason, sizeof(node->start_reason));
	unsigned damaged = 0;
	enum wl_superblock_verdict verdict =
		wl_superblock_choose(node->drive.superblock, record, &damaged);

	sim_trace_say(&cluster->network.trace,
		      "node %u superblock: verdict %d, sequence %llu, damaged copies %x",
		      node->number, verdict, (unsigned long long)record->sequence, damaged);
	node->damaged_copies = damaged;
	if (verdict == WL_SUPERBLOCK_OK)
		return wl_store_owner_check(record, &owner, &why);
	if (verdict == WL_SUPERBLOCK_VERSION)
		return WIRELOG_STORE_VERSION;
	if (verdict != WL_SUPERBLOCK_EMPTY)
		return WIRELOG_STORE_DAMAGED;
	/* There is no room to make the first segments. */
	if (node->drive.faults.full)
		return WIRELOG_STORE_FULL;
	memset(record, 0, sizeof(*record));
	memcpy(record->cluster, config->cluster, sizeof(record->cluster));
	record->node = config->node;
	record->journal_count = config->journal_count;
	record->segment_bytes = config->segment_bytes;
	record->voters = config->voters;
	record->incarnation = sim_random_next(&node->random);
	/* As control/boot_store_file.c: a disk that was replaced does not count from one again. */
	record->boot_count = 1700000000u + cluster->agenda.now_ns / 1000000000u;
	return 0;
}

/* This start, counted in the record, durable before anything is sent. */
static bool count_start(struct sim_node *node, struct wl_superblock *record)
{
	if (node->record_fails) {
		node->record_fails = false;
		return false;
	}
	record->boot_count++;
	record->sequence++;
	for (unsigned which = 0; which < 2; which++)
		wl_superblock_encode(node->drive.superblock[2 * (record->sequence % 2) + which],
				     record);
	node->damaged_copies &= ~(3u << 2 * (record->sequence % 2));
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
			node->damage = recovery.damage;
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

static void start_agent(struct sim_node *node, const struct wl_superblock *record)
{
	struct wl_agent_config config;
	struct wl_agent_ops ops;

	wl_boot_shape_agent(node->config, &config);
	config.seed = sim_random_next(&node->random);
	config.spare_incarnation = sim_random_next(&node->random);
	wl_agent_init(node->agent, &config, agent_ops(node, &ops), &node->seam, record);
	wl_agent_set_tail(node->agent, 0, node->journal->log.tail);
	wl_agent_start(node->agent, sim_machine_now(node, SIM_THREAD_CONTROL));
}

struct layout { /* of a node's memory */
	uint8_t *ring, *journal, *window, *clients;
};

/* False: the machine has no room for it. */
static bool map_memory(struct sim_node *node, const struct wl_journal_config *journal,
		       const struct wl_worker_config *worker, struct layout *layout)
{
	uint8_t *at;

	node->memory_bytes =
		wl_align_up(sizeof(struct wl_worker), WL_BLOCK_BYTES) +
		wl_align_up(sizeof(struct wl_journal), WL_BLOCK_BYTES) +
		wl_align_up(sizeof(struct wl_agent), WL_BLOCK_BYTES) +
		wl_align_up(sizeof(struct wl_seam), WL_BLOCK_BYTES) +
		wl_align_up(wl_seam_memory_bytes(), WL_BLOCK_BYTES) + journal->log.ring_bytes +
		wl_align_up(wl_journal_memory_bytes(journal), WL_BLOCK_BYTES) +
		wl_align_up(wl_worker_memory_bytes(worker), WL_BLOCK_BYTES) + RECOVERY_WINDOW_BYTES;
	if (node->machine.memory_bytes != 0 && node->machine.memory_bytes < node->memory_bytes)
		return false;
	node->memory = mmap(NULL, node->memory_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	WL_CHECK(node->memory != MAP_FAILED);
	at = node->memory;
	node->worker = take(&at, sizeof(struct wl_worker));
	node->journal = take(&at, sizeof(struct wl_journal));
	node->agent = take(&at, sizeof(struct wl_agent));
	node->seam = take(&at, sizeof(struct wl_seam));
	wl_seam_init(node->seam, take(&at, wl_seam_memory_bytes()));
	layout->ring = take(&at, journal->log.ring_bytes);
	layout->journal = take(&at, wl_journal_memory_bytes(journal));
	layout->clients = take(&at, wl_worker_memory_bytes(worker));
	layout->window = take(&at, RECOVERY_WINDOW_BYTES);
	return true;
}

static void begin_life(struct sim_cluster *cluster, struct sim_node *node)
{
	struct sim_station *station = &cluster->network.stations[node->number];

	node->up = true;
	node->record_state = 0;
	node->budget.armed = false;
	node->tears_record = false;
	node->record_fails = false;
	node->started_ns = sim_node_now(node);
	node->worker_actor.turn_at_ns = 0;
	node->agent_actor.turn_at_ns = 0;
	sim_network_attach(node->network, node->number, sim_node_wake_worker, node);
	/* Each link of the file is one of the station's: which one a frame takes does not matter, its address does. */
	station->port.link_count = (uint16_t)(node->config->workers[0].link_count + 1);
	memcpy(node->drive.identity.cluster, node->config->cluster,
	       sizeof(node->drive.identity.cluster));
	node->drive.identity.binding =
		wl_chunk_binding(wl_cluster_id(node->config->cluster), node->number, 0);
	node->drive.on_completion = sim_node_wake_worker;
	node->drive.context = node;
	station->budget = &node->budget;
}

/*
 * As control/main.c ends: a name, a cause, a fix and an exit code for scripts and the service manager, and what
 * `wirelog explain` finds under that name, however it is spelled.
 */
void sim_node_check_end(struct sim_cluster *cluster, struct sim_node *node, int status)
{
	const char *name = wirelog_status_name(status);
	char longer[64] = "wirelog_";
	int code = wirelog_status_exit_code(status);

	strncat(longer, name, sizeof(longer) - 10);
	if (wirelog_status_by_name(name) != status || wirelog_status_by_name(longer) != status ||
	    wirelog_status_cause(status)[0] == '\0' || wirelog_status_fix(status)[0] == '\0' ||
	    code < 64 || code > 78)
		sim_violation(cluster, node->number, "status", "refused with %d: %s, exit code %d",
			      status, name, code);
}

static void refuse(struct sim_cluster *cluster, struct sim_node *node, int status)
{
	sim_node_check_end(cluster, node, status);
	node->start_status = status;
	sim_trace_say(&cluster->network.trace, "node %u does not start: %s %s", node->number,
		      wirelog_status_name(status), node->start_reason);
	if (node->memory)
		munmap(node->memory, node->memory_bytes);
	node->memory = NULL;
}

/* The data, recovered; 0 or a refusal. */
static int open_data(struct sim_cluster *cluster, struct sim_node *node,
		     struct wl_superblock *record)
{
	int status = read_superblock(cluster, node, record);
	int expected = sim_node_config_refusal(node->file);

	/* The data of somebody else are refused by name; there were some, or they were damaged. */
	if (expected != 0 && !node->stranger && status != expected &&
	    status != WIRELOG_STORE_DAMAGED && status != WIRELOG_STORE_VERSION)
		sim_violation(cluster, node->number, "config",
			      "a file of another owner (mistake %d) led to %s, not %s: \"%s\"",
			      node->file->edit, wirelog_status_name(status),
			      wirelog_status_name(expected), node->start_reason);

	/* An operator's mistake is not a drive's: the right file makes it good. */
	node->refused = status == WIRELOG_STORE_DAMAGED;
	return status;
}

void sim_node_start(struct sim_cluster *cluster, unsigned number)
{
	struct sim_node *node = &cluster->nodes[number];
	const struct wl_config *config = node->config;
	struct wl_journal_config journal;
	struct wl_worker_config worker;
	struct wl_superblock record;
	struct wl_boot_self self = {0, &record};
	struct layout layout;
	uint64_t known_commit = 0;
	int status;

	WL_CHECK(!node->up);
	if (cluster->before_start)
		cluster->before_start(cluster->context, node);
	sim_trace_say(&cluster->network.trace, "node %u starts", number);
	node->start_reason[0] = '\0';
	node->start_status = 0;
	node->boot++;
	node->starts++;
	status = sim_node_config_read(cluster, number);
	if (status == 0) {
		*node->config = node->file->config;
		status = config->key_file[0] == '\0' ? WIRELOG_KEY_MISSING
						     : open_data(cluster, node, &record);
	}
	if (status == 0)
		status = sim_machine_start(cluster, node);
	if (status == 0) {
		wl_boot_shape_journal(config, 0, &journal);
		wl_boot_shape_worker(config, 0, &self, &worker);
		if (!map_memory(node, &journal, &worker, &layout))
			status = WIRELOG_NO_MEMORY;
	}
	if (status != 0) {
		refuse(cluster, node, status);
		return;
	}
	wl_journal_init(node->journal, &journal, layout.ring, layout.journal);
	if (!recover(node, &node->journal->log, record.journals[0].witness, layout.window,
		     &known_commit)) {
		node->refused = true;
		sim_trace_say(&cluster->network.trace, "node %u refuses: %s at %llu", number,
			      wl_recovery_damage_name(node->damage.kind),
			      (unsigned long long)node->damage.begin);
		refuse(cluster, node, WIRELOG_STORE_DAMAGED);
		return;
	}
	if (!count_start(node, &record)) {
		refuse(cluster, node, WIRELOG_STORE_FAILED);
		return;
	}
	self.epoch = record.boot_count << 32 | (sim_random_next(&node->random) & 0xffffffff);
	wl_boot_shape_worker(config, 0, &self, &worker);
	begin_life(cluster, node);
	sim_machine_open_clocks(node);
	wl_worker_init(node->worker, &worker, &node->network->stations[number].port,
		       &node->drive.disk, node->seam, &cluster->auth, layout.clients);
	wl_worker_start(node->worker, node->journal, 1, &known_commit);
	start_agent(node, &record);
	sim_node_wake_worker(node);
	sim_node_wake_agent(node);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The root of the exhaustive search: a cluster in memory that can go back, and which of its pages belong to whom. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/sim/search/explore_world.h"
#include "tests/sim/search/snapshot.h"

#define PAGE 4096u

static void *map(size_t bytes)
{
	void *memory = mmap(NULL, wl_align_up(bytes, PAGE), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	WL_CHECK(memory != MAP_FAILED);
	return memory;
}

/* Out of the heap, whose own accounts must not be put back. */
static void *moved(void *from, size_t bytes)
{
	void *to = map(bytes);

	memcpy(to, from, bytes);
	free(from);
	sim_snapshot_watch(to, wl_align_up(bytes, PAGE), 0);
	return to;
}

/* Pages that lie between the two as a whole. */
static void watch_between(uint8_t *begin, uint8_t *end, unsigned group)
{
	size_t bytes = (size_t)(end - begin) / PAGE * PAGE;

	if (end > begin && bytes != 0)
		sim_snapshot_watch(begin, bytes, group);
}

/* The replay has no snapshot: there a node that starts has its memory written over, all of it. */
static void clear_memory(struct sim_node *node)
{
	if (sim_snapshot_is_sealed())
		sim_snapshot_clear(node->number, node->reserved, node->memory_bytes);
	else
		memset(node->reserved, 0, node->memory_bytes);
}

/* All but what counts for nothing: histograms of how long stages took, the window that recovery reads into. */
static void watch_node(struct sim_node *node)
{
	const struct wl_histogram *first = &node->journals[0]->histograms[0];
	const struct wl_histogram *last = &node->journals[0]->histograms[WL_STAGES - 1];
	uint8_t *end = node->memory + wl_align_up(node->memory_bytes, PAGE);
	uint8_t *times = (uint8_t *)(uintptr_t)first->counters;
	uint8_t *times_end = (uint8_t *)(uintptr_t)(last->counters + last->counter_count);
	uint8_t *window_end = node->window + 2u * WL_CHUNK_BYTES_MAX;

	node->reserved = node->memory;
	node->clear = clear_memory;
	WL_CHECK((uintptr_t)times % PAGE == 0 && (uintptr_t)node->window % PAGE == 0);
	times_end -= (uintptr_t)times_end % PAGE;
	WL_CHECK(window_end <= times);
	watch_between(node->memory, node->window, node->number);
	watch_between(window_end, times, node->number);
	watch_between(times_end, end, node->number);
	sim_snapshot_watch(node->drives[0].stable,
			   node->drives[0].segment_bytes * node->drives[0].segments_max,
			   node->number);
}

/* What belongs to one node alone is looked at when that node acted. */
static void watch_world(struct sim_world *world)
{
	uint8_t *at = (uint8_t *)world, *end = at + wl_align_up(sizeof(*world), PAGE);
	struct sim_cluster *cluster = &world->cluster;
	struct {
		uint8_t *begin, *end;
	} parts[2 * WIRELOG_NODES_MAX];
	unsigned nodes = cluster->config.nodes;

	for (unsigned number = 1; number <= nodes; number++) {
		parts[number - 1].begin = (uint8_t *)&cluster->network.stations[number];
		parts[number - 1].end = (uint8_t *)&cluster->network.stations[number + 1];
		parts[nodes + number - 1].begin = (uint8_t *)&cluster->nodes[number];
		parts[nodes + number - 1].end = (uint8_t *)&cluster->nodes[number + 1];
	}
	for (unsigned part = 0; part < 2 * nodes; part++) {
		uint8_t *first = at + wl_align_up((size_t)(parts[part].begin - at), PAGE);
		uint8_t *last = parts[part].end - (uintptr_t)parts[part].end % PAGE;

		if (last <= first)
			continue;
		watch_between(at, first, 0);
		watch_between(first, last, part % nodes + 1);
		at = last;
	}
	watch_between(at, end, 0);
}

static void watch_block(void *block, size_t bytes)
{
	sim_snapshot_watch(block, wl_align_up(bytes, PAGE), 0);
}

static void watch(struct sim_world *world)
{
	struct sim_oracle *oracle = &world->oracle;

	watch_world(world);
	watch_block(oracle->entries, oracle->entries_max * sizeof(oracle->entries[0]));
	watch_block(oracle->records, oracle->records_max * sizeof(oracle->records[0]));
	watch_block(oracle->matching, SIM_ORACLE_MATCHING * sizeof(oracle->matching[0]));
	watch_block(oracle->verified, oracle->entries_max * sizeof(oracle->verified[0]));
	oracle->promises =
		moved(oracle->promises, SIM_ORACLE_PROMISES * sizeof(oracle->promises[0]));
	oracle->received =
		moved(oracle->received, SIM_ORACLE_PROMISES * sizeof(oracle->received[0]));
	oracle->sessions =
		moved(oracle->sessions, SIM_ORACLE_SESSIONS * sizeof(oracle->sessions[0]));
	for (unsigned number = 1; number <= world->cluster.config.nodes; number++)
		watch_node(&world->cluster.nodes[number]);
}

struct sim_world *sim_world_init(const struct sim_bounds *bounds, const char *replay)
{
	struct sim_world *world = map(sizeof(*world));
	const struct sim_cluster_config config = {
		.replay = replay,
		.nodes = bounds->nodes,
		.journals = 1,
		.workers = 1,
		.segment_bytes = WL_SEGMENT_BYTES_MIN,
		.segments_max = SIM_EXPLORE_SEGMENTS,
		.ring_bytes = WL_LOG_RING_BYTES_MIN,
		.election_timeout_ns = SIM_EXPLORE_TIMEOUT_NS,
		.patience_ns = SIM_EXPLORE_TIMEOUT_NS,
		.heartbeat_ns = SIM_EXPLORE_TIMEOUT_NS / 10,
		.plan = &world->plan,
		.mtu = 1500,
	};

	sim_plan_init(&world->plan, 1);
	world->plan.sessions_max = 4;
	world->plan.no_limits = 1; /* an entry more in each history would be searched around, too */
	world->plan.reply_slots = 64;
	world->store = map(SIM_EXPLORE_STORE_BYTES);
	sim_cluster_init(&world->cluster, &config, 1);
	sim_oracles_init(&world->oracle, &world->cluster);
	sim_client_init(&world->client, &world->cluster, 0, &world->plan);
	sim_oracle_watch_client(&world->oracle, &world->client);
	sim_world_begin(world);
	world->left = *bounds;
	world->sent_term = sim_world_replica(world, 1)->view.term;
	world->acted = 0;
	watch(world);
	return world;
}

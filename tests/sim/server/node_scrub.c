/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scrub of a simulated server, as control/node/scrub_thread.c: the daemon's machine for each journal, one read at a time, beside the worker.
 * Where the plan says how often, and where there are base makers, whose log it begins from. It dies with the node.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/sim/arena.h"
#include "tests/sim/server/node_internal.h"

#define REST_NS 7000000u
#define NS_PER_KIB 500u

static void turn(void *subject, void *object);

static void turn_in(struct sim_scrub_actor *actor, uint64_t ns)
{
	sim_agenda_add(actor->node->agenda,
		       actor->node->agenda->now_ns + ns + sim_random_below(&actor->random, 50000),
		       turn, actor, (void *)(uintptr_t)actor->life);
}

static struct wl_scrub_now now_of(const struct sim_scrub_actor *actor)
{
	const struct wl_journal *journal = actor->node->journals[actor->journal];
	const struct sim_base_actor *bases = &actor->node->bases[actor->journal];
	struct wl_scrub_now now = {.ns = sim_node_now(actor->node)};
	struct wl_base_limit limit;

	if (!bases->maker || !wl_base_exchange_told(&journal->bases, &limit))
		return now;
	now.log = &bases->maker->log;
	now.begin_offset = limit.begin.offset;
	now.durable_offset = limit.durable_offset;
	return now;
}

static uint32_t read_one(struct sim_scrub_actor *actor, struct sim_drive *drive)
{
	struct wl_scrub_now now = now_of(actor);
	uint64_t offset;
	uint8_t *buffer;
	uint32_t bytes;

	wl_scrub_want(actor->scrub, &offset, &buffer, &bytes);
	wl_scrub_on_read(actor->scrub, sim_drive_read_now(drive, offset, buffer, bytes), &now);
	return bytes;
}

static void turn(void *subject, void *object)
{
	struct sim_scrub_actor *actor = subject;
	struct sim_drive *drive;
	struct wl_scrub_now now;
	uint64_t found;

	if (!actor->scrub || actor->life != (uintptr_t)object)
		return;
	drive = &actor->node->drives[actor->journal];
	now = now_of(actor);
	if (drive->faults.hung || (actor->scrub->state != WL_SCRUB_READS &&
				   wl_scrub_step(actor->scrub, &now) != WL_SCRUB_READS)) {
		turn_in(actor, REST_NS);
		return;
	}
	turn_in(actor, drive->faults.latency_ns + read_one(actor, drive) / 1024 * NS_PER_KIB);
	if (wl_scrub_take_found(actor->scrub, &found)) {
		wl_mend_lanes_note_damaged(&actor->node->journals[actor->journal]->mend, found);
		sim_trace_say(&actor->node->network->trace,
			      "node %u journal %u scrub finds damage at %llu", actor->node->number,
			      actor->journal, (unsigned long long)found);
	}
	actor->report = actor->scrub->report;
}

static void begin(struct sim_node *node, unsigned id, uint64_t period_ns)
{
	struct sim_scrub_actor *actor = &node->scrubs[id];
	size_t own = wl_align_up(sizeof(*actor->scrub), WL_BLOCK_BYTES);

	actor->node = node;
	actor->journal = id;
	actor->life++;
	sim_random_init(&actor->random, sim_node_cluster(node)->seed + node->starts,
			7000 + 10 * id + node->number);
	actor->memory_bytes =
		own + WL_SCRUB_WINDOW_BYTES + wl_align_up(wl_scrub_memory_bytes(), WL_BLOCK_BYTES);
	actor->memory = sim_arena_take(actor->memory_bytes);
	actor->scrub = (struct wl_scrub *)actor->memory;
	wl_scrub_init(actor->scrub, &node->journals[id]->config.log, period_ns, actor->memory + own,
		      actor->memory + own + WL_SCRUB_WINDOW_BYTES);
	turn_in(actor, REST_NS);
}

void sim_scrubs_begin(struct sim_cluster *cluster, struct sim_node *node)
{
	uint64_t period_ns = cluster->config.plan->scrub_ns;

	for (unsigned id = 0; id < cluster->config.journals; id++) {
		node->scrubs[id].scrub = NULL;
		if (period_ns != 0 && cluster->config.plan->base_every != 0 &&
		    !node->journals[id]->dormant)
			begin(node, id, period_ns);
	}
}

void sim_scrubs_end(struct sim_node *node)
{
	for (unsigned id = 0; id < SIM_JOURNALS_MAX; id++) {
		struct sim_scrub_actor *actor = &node->scrubs[id];

		if (!actor->scrub)
			continue;
		sim_arena_give_back(actor->memory, actor->memory_bytes);
		actor->scrub = NULL;
		actor->memory = NULL;
		actor->life++;
	}
}

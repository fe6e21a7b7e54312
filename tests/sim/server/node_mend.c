/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who mends the journals of a simulated server, as control/node/mend_thread.c: the daemon's mender for each journal, in steps that take time,
 * beside the worker. Made when it is first needed; it dies with the node. A power cut tears what it was writing.
 */
#include "control/node/boot_shape.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/sim/arena.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/server/drive_internal.h"
#include "tests/sim/server/node_internal.h"

#include <errno.h>
#include <string.h>

#define IDLE_NS 300000u
#define REST_NS 5000000u /* nobody has asked for anything, and nothing is damaged */
#define NS_PER_KIB 1000u

static struct wl_mend_lanes *lanes_of(const struct sim_mend_actor *actor)
{
	return &actor->node->journals[actor->journal]->mend;
}

static struct sim_drive *drive_of(const struct sim_mend_actor *actor)
{
	return &actor->node->drives[actor->journal];
}

/* ---- the medium --------------------------------------------------------------------------------- */

static enum wl_disk_status load(struct sim_drive *drive, const struct wl_mender_want *want)
{
	int error =
		sim_drive_base_read(drive, want->place, want->offset, want->buffer, want->bytes);

	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

static enum wl_disk_status make_segment(struct sim_drive *drive, uint64_t segment)
{
	if (drive->faults.full || segment >= drive->oldest + drive->segments_max ||
	    drive->segments > segment + drive->segments_max)
		return WL_DISK_NO_SPACE;
	sim_drive_make_file(drive, segment);
	sim_drive_note_mending(drive, segment * drive->segment_bytes, drive->segment_bytes);
	return WL_DISK_OK;
}

static enum wl_disk_status perform(const struct sim_mend_actor *actor, struct sim_drive *drive)
{
	const struct wl_mender_want *want = &actor->mender->want;

	switch (actor->mender->state) {
	case WL_MENDER_WANTS_LOAD:
		return load(drive, want);
	case WL_MENDER_WANTS_READ:
		return sim_drive_read_now(drive, want->offset, want->buffer, want->bytes);
	case WL_MENDER_WANTS_WRITE:
		return sim_drive_rewrite(drive, want->offset, want->buffer, want->bytes);
	case WL_MENDER_WANTS_SEGMENT:
		return make_segment(drive, want->offset / drive->segment_bytes);
	case WL_MENDER_WANTS_REMOVE:
		sim_trace_say(&actor->node->network->trace, "node %u removes base %u",
			      actor->node->number, want->place);
		return sim_drive_base_remove(drive, want->place) == 0 ? WL_DISK_OK : WL_DISK_FAILED;
	case WL_MENDER_IDLE:
		break;
	}
	return WL_DISK_OK;
}

/* ---- turns -------------------------------------------------------------------------------------- */

static void turn(void *subject, void *object);

static void turn_in(struct sim_mend_actor *actor, uint64_t ns)
{
	actor->waits = true;
	sim_agenda_add(actor->node->agenda,
		       actor->node->agenda->now_ns + ns + sim_random_below(&actor->random, 20000),
		       turn, actor, (void *)(uintptr_t)actor->life);
}

static bool is_needed(const struct sim_mend_actor *actor)
{
	const struct wl_mend_lanes *lanes = lanes_of(actor);

	return actor->node->journals[actor->journal]->dormant || actor->mender->mends ||
	       atomic_load(&lanes->serving.state) == WL_MEND_SERVING_ASKED ||
	       atomic_load(&lanes->damaged) != 0;
}

static const struct wl_mender_running *running_of(const struct sim_mend_actor *actor,
						  struct wl_mender_running *running)
{
	const struct wl_journal *journal = actor->node->journals[actor->journal];
	const struct sim_base_actor *bases = &actor->node->bases[actor->journal];
	struct wl_base_limit limit;

	if (journal->dormant)
		return NULL;
	*running = (struct wl_mender_running){0};
	if (bases->maker)
		running->log = &bases->maker->log;
	if (wl_base_exchange_told(&journal->bases, &limit)) {
		running->begin_offset = limit.begin.offset;
		running->durable_offset = limit.durable_offset;
		running->commit = limit.commit;
	}
	return running;
}

/* A start opens what it has left. What was lost at the end, as if it had been torn, is not told from a torn end now either. */
static void note_mended(struct sim_mend_actor *actor)
{
	struct sim_drive *drive = drive_of(actor);

	if (actor->mender->report.phase != WL_MENDING_MENDED)
		return;
	drive->damage =
		(struct sim_damage){.torn = drive->damage.torn, .unseen = drive->damage.unseen};
}

static void trace(struct sim_mend_actor *actor)
{
	const struct wl_mend_report *report = &actor->mender->report;

	if (report->phase == actor->told_phase && report->index == actor->told_index)
		return;
	actor->told_phase = report->phase;
	actor->told_index = report->index;
	sim_trace_say(&actor->node->network->trace,
		      "node %u journal %u mends: %s, %u holes left, %llu missing, entry %llu",
		      actor->node->number, actor->journal,
		      wl_mending_phase_name((enum wl_mending_phase)report->phase),
		      report->holes_left, (unsigned long long)report->missing,
		      (unsigned long long)report->index);
}

/* Its memory, or its code, is wrong: what it says it has is not what was asked for. */
static void mistake(struct sim_mend_actor *actor)
{
	struct wl_mend_serving *serving = &lanes_of(actor)->serving;
	struct wl_entry_header header;

	if (!actor->node->mistaken || serving->bytes == 0)
		return;
	/* Whole, and another one: of another branch, it may be. */
	if (sim_random_chance(&actor->random, SIM_DRIVE_PPM / 4) &&
	    wl_entry_decode(serving->buffer, serving->bytes, &header) == WL_ENTRY_OK) {
		header.timestamp_ns++;
		wl_entry_encode_header(serving->buffer, &header);
	} else if (sim_random_chance(&actor->random, SIM_DRIVE_PPM / 3)) {
		serving->buffer[sim_random_below(&actor->random, serving->bytes)] ^=
			(uint8_t)(1 + sim_random_below(&actor->random, 255));
	}
}

static void turn(void *subject, void *object)
{
	struct sim_mend_actor *actor = subject;
	struct sim_drive *drive;
	struct wl_mender_running running;
	struct wl_mender *mender = actor->mender;
	bool asked;

	if (!mender || actor->life != (uintptr_t)object)
		return;
	actor->waits = false;
	drive = drive_of(actor);
	if (drive->faults.hung) {
		turn_in(actor, REST_NS);
		return;
	}
	if (mender->state != WL_MENDER_IDLE)
		wl_mender_on_done(mender, perform(actor, drive));
	asked = atomic_load(&lanes_of(actor)->serving.state) == WL_MEND_SERVING_ASKED;
	if (wl_mender_step(mender, running_of(actor, &running), sim_node_now(actor->node)) !=
	    WL_MENDER_IDLE)
		turn_in(actor, drive->faults.latency_ns + mender->want.bytes / 1024 * NS_PER_KIB);
	else if (is_needed(actor))
		turn_in(actor, IDLE_NS);
	if (asked && atomic_load(&lanes_of(actor)->serving.state) == WL_MEND_SERVING_TOLD)
		mistake(actor);
	if (!mender->config.dormant && mender->mend.entries_fetched > actor->fetched)
		actor->node->healed++;
	actor->fetched = mender->mend.entries_fetched;
	trace(actor);
	note_mended(actor);
}

/* ---- life --------------------------------------------------------------------------------------- */

static void shape(const struct sim_mend_actor *actor, struct wl_mender_config *config)
{
	const struct sim_node *node = actor->node;
	const struct sim_drive *drive = drive_of(actor);
	const struct wl_journal *journal = node->journals[actor->journal];
	const struct wl_superblock_journal *remembered =
		&node->agent->record.journals[actor->journal];
	struct wl_base_maker_config maker;

	wl_boot_shape_bases(node->config, &journal->config, &maker);
	*config = (struct wl_mender_config){
		.identity = maker.identity,
		.log = maker.log,
		.sessions_max = maker.sessions_max,
		.members = wl_members_without(node->config->voters, node->config->node),
		.dormant = journal->dormant,
		.damage = node->started[actor->journal].damage,
		.first_segment = drive->oldest,
		.segments = drive->segments,
		.watermark = remembered->watermark,
		.commit = remembered->commit,
		.rounds = node->mend_rounds,
	};
}

static void begin(struct sim_node *node, unsigned id)
{
	struct sim_mend_actor *actor = &node->menders[id];
	size_t bytes = wl_align_up(sizeof(*actor->mender), WL_BLOCK_BYTES);
	struct wl_mender_config config;

	actor->node = node;
	actor->journal = id;
	actor->life++;
	actor->told_phase = UINT32_MAX;
	sim_random_init(&actor->random, sim_node_cluster(node)->seed + node->starts,
			8000 + 10 * id + node->number);
	shape(actor, &config);
	actor->memory_bytes = bytes + wl_mender_memory_bytes(&config);
	actor->memory = sim_arena_take(actor->memory_bytes);
	actor->mender = (struct wl_mender *)actor->memory;
	wl_mender_init(actor->mender, &config, lanes_of(actor), actor->memory + bytes);
	turn_in(actor, IDLE_NS);
}

void sim_mends_begin(struct sim_cluster *cluster, struct sim_node *node)
{
	bool dormant = false;

	for (unsigned id = 0; id < cluster->config.journals; id++) {
		node->menders[id].mender = NULL;
		dormant |= node->journals[id]->dormant;
	}
	node->mend_watch = (struct wl_mend_watch){0};
	if (!dormant)
		node->mend_rounds = 0;
	for (unsigned id = 0; id < cluster->config.journals; id++)
		if (node->journals[id]->dormant)
			begin(node, id);
}

void sim_mends_wake(struct sim_node *node)
{
	unsigned journals = sim_node_cluster(node)->config.journals;

	for (unsigned id = 0; id < journals; id++) {
		struct sim_mend_actor *actor = &node->menders[id];
		const struct wl_mend_lanes *lanes = &node->journals[id]->mend;

		if (atomic_load(&lanes->serving.state) != WL_MEND_SERVING_ASKED &&
		    (atomic_load(&lanes->damaged) == 0 || !node->bases[id].maker))
			continue;
		if (!actor->mender)
			begin(node, id);
		else if (!actor->waits)
			turn_in(actor, IDLE_NS);
	}
}

/* Of what it was writing any sectors are there; where only the process died, all or none. */
static void tear(struct sim_mend_actor *actor, bool power)
{
	const struct wl_mender_want *want = &actor->mender->want;
	bool all = sim_random_chance(&actor->random, SIM_DRIVE_PPM / 2);

	if (actor->mender->state != WL_MENDER_WANTS_WRITE)
		return;
	for (uint32_t at = 0; at < want->bytes; at += WL_SECTOR_BYTES) {
		if (power ? sim_random_chance(&actor->random, SIM_DRIVE_PPM / 2) : all)
			sim_drive_rewrite(drive_of(actor), want->offset + at, want->buffer + at,
					  WL_SECTOR_BYTES);
	}
}

void sim_mends_end(struct sim_node *node, bool power)
{
	for (unsigned id = 0; id < SIM_JOURNALS_MAX; id++) {
		struct sim_mend_actor *actor = &node->menders[id];

		if (!actor->mender)
			continue;
		tear(actor, power);
		sim_arena_give_back(actor->memory, actor->memory_bytes);
		actor->mender = NULL;
		actor->memory = NULL;
		actor->life++;
	}
}

void sim_mends_look(struct sim_node *node)
{
	struct wl_mend_lanes *lanes[SIM_JOURNALS_MAX];
	unsigned journals = sim_node_cluster(node)->config.journals;
	enum wl_mend_outcome before = node->mend_watch.outcome;

	for (unsigned id = 0; id < journals; id++)
		lanes[id] = &node->journals[id]->mend;
	if (wl_mend_watch_look(&node->mend_watch, node->agent, lanes, journals,
			       sim_node_now(node)) != before)
		wl_agent_stop(node->agent);
}

bool sim_node_is_dormant(const struct sim_node *node)
{
	bool dormant = false;

	for (unsigned id = 0; node->up && id < SIM_JOURNALS_MAX; id++)
		dormant |= node->journals[id] && node->journals[id]->dormant;
	return dormant;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bases of a simulated server: which one a start goes on from, as control/node/boot_base_file.c does it, and who makes them, as
 * control/node/base_thread.c: a base maker for each journal, in steps of its own that take time, beside the worker. It dies with the node.
 */
#include "control/node/boot_shape.h"
#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/sim/arena.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/server/node_internal.h"
#include "wirelog/status.h"

#include <errno.h>
#include <string.h>

#define LANE_NS 200000u /* it rests for its worker */
#define IDLE_NS 5000000u /* when it has nothing to do; and while the drive hangs */
#define REST_NS 100000000u
#define AGAIN_NS 500000000u /* a maker stopped: so much later it begins anew */
#define NS_PER_KIB 2000u

static enum wl_disk_status status_of(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

/* ---- a start ---- */

static enum wl_disk_status read_place(struct sim_drive *drive, const struct wl_base_load *load)
{
	unsigned place;
	uint64_t at;
	uint32_t bytes;

	wl_base_load_want(load, &place, &at, &bytes);
	return status_of(sim_drive_base_read(drive, place, at, load->buffer, bytes));
}

void sim_bases_run_load(struct sim_drive *drive, struct wl_base_load *load,
			void (*empty)(void *context), void *context)
{
	while (load->state != WL_BASE_LOAD_DONE) {
		WL_CHECK(wl_base_load_check(load) == NULL);
		if (load->state == WL_BASE_LOAD_WANTS_EMPTY) {
			empty(context);
			wl_base_load_on_empty(load);
		} else {
			wl_base_load_on_read(load, read_place(drive, load));
		}
	}
}

int sim_bases_refusal(const struct sim_drive *drive, const struct wl_base_load *load)
{
	if (load->verdict == WL_BASE_VERSION)
		return WIRELOG_STORE_VERSION;
	if (load->verdict == WL_BASE_FOREIGN)
		return WIRELOG_STORE_FOREIGN;
	/* Whole, and too large for what the file allows: no other one is taken, nor the origin. */
	if (load->verdict == WL_BASE_SESSIONS)
		return WIRELOG_STORE_GEOMETRY;
	if (load->verdict == WL_BASE_FEATURES)
		return WIRELOG_FEATURE_UNKNOWN;
	return load->verdict == WL_BASE_OK || drive->oldest == 0 ? 0 : WIRELOG_STORE_DAMAGED;
}

static void empty_journal(void *journal)
{
	wl_journal_empty(journal);
}

int sim_bases_load(struct sim_node *node, unsigned id, uint8_t *window)
{
	struct sim_drive *drive = &node->drives[id];
	struct wl_journal *journal = node->journals[id];
	struct wl_base_target target = wl_journal_base_target(journal, drive->oldest);
	struct wl_base_identity identity;
	struct wl_base_load load;
	int status;

	wl_boot_shape_base_identity(node->config, id, &identity);
	identity.lacks = ~(wl_features_known() & ~node->lives_without);
	wl_base_load_init(&load, &identity, &target, window, SIM_RECOVERY_WINDOW_BYTES);
	sim_bases_run_load(drive, &load, empty_journal, journal);
	status = sim_bases_refusal(drive, &load);
	drive->walk_offset = 0;
	if (load.verdict != WL_BASE_OK)
		return status;
	wl_journal_loaded(journal);
	drive->walk_offset = load.places[load.chosen].header.log.walk_offset;
	node->from_base[id]++;
	/* A base that was made of a wrong state is as good as a table that rotted in memory. */
	if (drive->bases[load.chosen].wrong)
		node->rotted_in = node->starts;
	return status;
}

/* ---- the maker ---- */

static void begin_anew(struct sim_base_actor *actor)
{
	wl_base_maker_init(actor->maker, &actor->config, actor->ring, actor->window,
			   actor->maker_memory);
	sim_archive_anew(actor->node, actor->journal);
}

static struct wl_base_exchange *exchange_of(const struct sim_base_actor *actor)
{
	return &actor->node->journals[actor->journal]->bases;
}

/* By its bytes (docs/LOG-FORMAT.md). */
static void note_base(struct sim_node *node, unsigned journal, unsigned place)
{
	const struct sim_cluster *cluster = sim_node_cluster(node);
	const struct sim_base *base = &node->drives[journal].bases[place];

	if (base->bytes && !base->damaged && cluster->on_base)
		cluster->on_base(cluster->context, node, journal, wl_load_u64(base->bytes + 56),
				 wl_load_u64(base->bytes + 88));
}

static int commit(struct sim_base_actor *actor, struct sim_drive *drive)
{
	unsigned place = drive->base_writer.place;
	int error = sim_drive_base_commit(drive);

	actor->seals = false;
	if (error != 0)
		return error;
	drive->bases[place].wrong = actor->flipped;
	actor->made++;
	note_base(actor->node, actor->journal, place);
	return 0;
}

static int perform(struct sim_base_actor *actor, struct sim_drive *drive)
{
	const struct wl_base_maker_want *want = &actor->maker->want;

	switch (actor->maker->state) {
	case WL_BASE_MAKER_WANTS_LOAD:
		return sim_drive_base_read(drive, want->place, want->offset, want->buffer,
					   (uint32_t)want->bytes);
	case WL_BASE_MAKER_WANTS_BEGIN:
		return sim_drive_base_begin(drive, want->place, want->bytes);
	case WL_BASE_MAKER_WANTS_WRITE:
		return sim_drive_base_write(drive, want->buffer, want->bytes);
	case WL_BASE_MAKER_WANTS_COMMIT:
		return commit(actor, drive);
	case WL_BASE_MAKER_WANTS_ABANDON:
		sim_drive_base_abandon(drive);
		return 0;
	case WL_BASE_MAKER_WANTS_REMOVE:
		return sim_drive_base_remove(drive, want->place);
	default:
		return 0;
	}
}

static enum wl_disk_status step(struct sim_base_actor *actor, struct sim_drive *drive)
{
	const struct wl_base_maker_want *want = &actor->maker->want;

	if (actor->maker->state == WL_BASE_MAKER_WANTS_READ)
		return sim_drive_read_now(drive, want->offset, want->buffer, (uint32_t)want->bytes);
	return status_of(perform(actor, drive));
}

/* A bit of what it has applied is another one from now on: all that it makes of it is wrong. */
static void flip(struct sim_base_actor *actor)
{
	actor->wants_flip = false;
	actor->flipped = true;
	actor->maker->applied.sessions.activity += 1u << 20;
}

/* What the next step waits for; 0: it has been done. */
static uint64_t rest_of(struct sim_base_actor *actor, const struct sim_drive *drive)
{
	switch (actor->maker->state) {
	case WL_BASE_MAKER_IDLE:
		if (actor->wants_flip && actor->maker->applied.sessions.applied_index != 0)
			flip(actor);
		return IDLE_NS;
	case WL_BASE_MAKER_WANTS_REST:
		return actor->rested ? 0 : REST_NS;
	case WL_BASE_MAKER_STOPPED:
		return actor->rested ? 0 : AGAIN_NS;
	case WL_BASE_MAKER_WANTS_COMMIT:
		return actor->seals ? 0 : 1 + drive->faults.latency_ns;
	default:
		return drive->faults.hung ? IDLE_NS : 0;
	}
}

static uint64_t cost_of(const struct sim_base_actor *actor, const struct sim_drive *drive)
{
	const struct wl_base_maker *maker = actor->maker;
	bool moves = maker->state == WL_BASE_MAKER_WANTS_LOAD ||
		     maker->state == WL_BASE_MAKER_WANTS_READ ||
		     maker->state == WL_BASE_MAKER_WANTS_WRITE;

	return drive->faults.latency_ns + (moves ? maker->want.bytes / 1024 * NS_PER_KIB : 0);
}

static void report(struct sim_base_actor *actor)
{
	struct wl_base_report said;

	wl_base_maker_report(actor->maker, &said);
	wl_base_exchange_report(exchange_of(actor), &said);
}

/* A peer asked for a base of ours: read at once, as base_thread.c does between two things of the maker's. */
static void serve_peer(struct sim_base_actor *actor, struct sim_drive *drive)
{
	struct wl_base_serving *serving = &actor->node->journals[actor->journal]->lanes.serving;
	struct wl_base_maker_want want;
	int error;

	if (drive->faults.hung || !wl_base_serving_want(serving, actor->maker, &want))
		return;
	error = sim_drive_base_read(drive, want.place, want.offset, want.buffer,
				    (uint32_t)want.bytes);
	wl_base_serving_on_read(serving, actor->maker, error == 0);
}

/* Who compares logs asked for an entry of ours: one read. */
static void find_chain(struct sim_base_actor *actor, struct sim_drive *drive)
{
	struct wl_chain_lane *lane = &actor->node->journals[actor->journal]->chains.lane;

	if (drive->faults.hung ||
	    !wl_chain_lane_want(lane, &actor->config.log, actor->chain_window))
		return;
	wl_chain_lane_on_read(lane, sim_drive_read_now(drive, lane->find.want_offset,
						       actor->chain_window, lane->find.want_bytes));
	if (lane->find.state == WL_CHAIN_FIND_DAMAGED)
		wl_mend_lanes_note_damaged(&actor->node->journals[actor->journal]->mend,
					   lane->find.offset);
}

static void turn(void *subject, void *object);

static void turn_in(struct sim_base_actor *actor, uint64_t ns)
{
	sim_agenda_add(actor->node->agenda,
		       actor->node->agenda->now_ns + ns + sim_random_below(&actor->random, 20000),
		       turn, actor, (void *)(uintptr_t)actor->life);
}

/* A base of a peer goes before what is made here. */
static enum wl_base_installing_step take_peers(struct sim_base_actor *actor,
					       const struct sim_drive *drive, bool *jumped)
{
	struct wl_base_installing *installing =
		&actor->node->journals[actor->journal]->lanes.installing;
	enum wl_base_installing_step step;

	*jumped = wl_base_lane_state(&installing->state) == WL_BASE_INSTALLING_JUMPED;
	step = wl_base_installing_step(installing, actor->maker);
	if (step != WL_BASE_STEP_ANEW)
		return step;
	actor->flipped = actor->loaded = false;
	actor->config.first_segment = drive->oldest;
	begin_anew(actor);
	return WL_BASE_STEP_OWN;
}

/* Who goes on from a base that was made of a wrong state makes wrong ones, too. */
static void note_loaded(struct sim_base_actor *actor, const struct sim_drive *drive)
{
	const struct wl_base_load *load = &actor->maker->load;

	if (actor->loaded || load->state != WL_BASE_LOAD_DONE)
		return;
	actor->loaded = true;
	if (load->verdict == WL_BASE_OK && drive->bases[load->chosen].wrong)
		actor->flipped = true;
}

static void check(const struct sim_base_actor *actor)
{
	const char *broken = wl_base_maker_check(actor->maker);

	if (broken)
		sim_violation(sim_node_cluster(actor->node), actor->node->number, "O5", "%s",
			      broken);
}

static void turn(void *subject, void *object)
{
	struct sim_base_actor *actor = subject;
	struct sim_drive *drive = &actor->node->drives[actor->journal];
	enum wl_base_installing_step lane;
	struct wl_base_limit limit;
	bool jumped;
	uint64_t ns;

	if (!actor->maker || actor->life != (uintptr_t)object)
		return;
	serve_peer(actor, drive);
	find_chain(actor, drive);
	lane = take_peers(actor, drive, &jumped);
	if (jumped)
		report(actor);
	if (lane == WL_BASE_STEP_WAIT) {
		turn_in(actor, LANE_NS);
		return;
	}
	if (wl_base_exchange_told(exchange_of(actor), &limit))
		wl_base_maker_tell(actor->maker, &limit);
	ns = rest_of(actor, drive);
	if (ns != 0) {
		actor->rested = actor->maker->state == WL_BASE_MAKER_WANTS_REST ||
				actor->maker->state == WL_BASE_MAKER_STOPPED;
		if (actor->maker->state == WL_BASE_MAKER_WANTS_COMMIT)
			actor->seals = sim_drive_base_seal(drive) == 0;
		turn_in(actor, ns);
		return;
	}
	actor->rested = false;
	ns = cost_of(actor, drive);
	if (actor->maker->state == WL_BASE_MAKER_STOPPED) {
		actor->flipped = actor->loaded = false;
		actor->config.first_segment = drive->oldest;
		begin_anew(actor);
	} else {
		wl_base_maker_on_done(actor->maker, step(actor, drive));
	}
	note_loaded(actor, drive);
	check(actor);
	/* What a peer made is told when the log has jumped to it. */
	if (lane != WL_BASE_STEP_WRITE)
		report(actor);
	turn_in(actor, ns);
}

static size_t aligned(size_t bytes)
{
	return wl_align_up(bytes, WL_BLOCK_BYTES);
}

static void begin_one(struct sim_base_actor *actor)
{
	struct wl_journal *journal = actor->node->journals[actor->journal];
	uint64_t ring;

	wl_boot_shape_bases(actor->node->config, &journal->config, &actor->config);
	actor->config.first_segment = actor->node->drives[actor->journal].oldest;
	ring = actor->config.log.ring_bytes;
	actor->memory_bytes = aligned(sizeof(*actor->maker)) + aligned(ring) +
			      aligned(WL_BASE_WINDOW_BYTES) + WL_CHUNK_BYTES_MAX +
			      aligned(wl_base_maker_memory_bytes(&actor->config));
	actor->memory = sim_arena_take(actor->memory_bytes);
	actor->maker = (struct wl_base_maker *)actor->memory;
	actor->ring = actor->memory + aligned(sizeof(*actor->maker));
	actor->window = actor->ring + aligned(ring);
	actor->chain_window = actor->window + aligned(WL_BASE_WINDOW_BYTES);
	actor->maker_memory = actor->chain_window + WL_CHUNK_BYTES_MAX;
	actor->life++;
	actor->seals = actor->rested = actor->flipped = actor->loaded = false;
	/* One may have got its name when the process died. */
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++)
		note_base(actor->node, actor->journal, place);
	begin_anew(actor);
	turn_in(actor, IDLE_NS);
}

void sim_bases_begin(struct sim_cluster *cluster, struct sim_node *node)
{
	for (unsigned id = 0; id < cluster->config.journals; id++) {
		struct sim_base_actor *actor = &node->bases[id];

		actor->node = node;
		actor->journal = id;
		if (cluster->config.plan->base_every == 0 || node->journals[id]->dormant)
			continue;
		sim_random_init(&actor->random, cluster->seed + node->starts,
				9000 + 10 * id + node->number);
		begin_one(actor);
	}
}

void sim_bases_end(struct sim_node *node)
{
	for (unsigned id = 0; id < SIM_JOURNALS_MAX; id++) {
		struct sim_base_actor *actor = &node->bases[id];

		if (!actor->maker)
			continue;
		sim_arena_give_back(actor->memory, actor->memory_bytes);
		actor->maker = NULL;
		actor->memory = NULL;
	}
}

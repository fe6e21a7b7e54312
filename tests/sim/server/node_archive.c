/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The archiver of a simulated server, as control/node/archive_thread.c: the daemon's machine for each journal, beside the base maker, by whose log it
 * reads. The archive is a device of its own, and survives what happens to the log's; a range that has no name yet ends with the process. Where what it
 * holds is of another history an operator gives it an empty directory.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "tests/sim/arena.h"
#include "tests/sim/server/node_internal.h"
#include "tests/sim/oracle/oracle.h"

#define IDLE_NS 3000000u
#define REST_NS 20000000u /* after a failure; seconds in the daemon */
#define JOB_NS 200000u /* until a piece or a name is durable, without its bytes */
#define NS_PER_KIB 500u

enum { JOB_NONE = 0, JOB_ASKED, JOB_DONE };

static void turn(void *subject, void *object);

static void turn_in(struct sim_archive_actor *actor, uint64_t ns)
{
	sim_agenda_add(actor->node->agenda,
		       actor->node->agenda->now_ns + ns + sim_random_below(&actor->random, 20000),
		       turn, actor, (void *)(uintptr_t)actor->life);
}

static struct wl_journal *journal_of(const struct sim_archive_actor *actor)
{
	return actor->node->journals[actor->journal];
}

static void publish(const struct sim_archive_actor *actor)
{
	wl_base_exchange_keep(&journal_of(actor)->bases, actor->archiver->keep_offset);
}

/* ---- its device ------------------------------------------------------------------------------- */

static void write_piece(struct sim_archive_actor *actor)
{
	const struct wl_archiver *archiver = actor->archiver;
	size_t at = archiver->piece_offset - WL_ARCHIVE_HEADER_BYTES;

	WL_CHECK(at == 0 || at == actor->file_bytes);
	actor->file_bytes = at + archiver->piece_bytes;
	if (actor->file_bytes > actor->file_room) {
		actor->file_room = 2 * actor->file_bytes;
		actor->file = realloc(actor->file, actor->file_room);
		WL_CHECK(actor->file);
	}
	memcpy(actor->file + at, archiver->piece, archiver->piece_bytes);
}

/* Every entry as a reader of archives finds it; to the oracle. */
static const char *read_back(const struct sim_archive_actor *actor,
			     const struct wl_archive_range *range)
{
	const struct sim_cluster *cluster = sim_node_cluster(actor->node);
	struct wl_archive_walk walk;
	struct wl_entry_header header;
	uint64_t at = 0;

	if (range->bytes != actor->file_bytes)
		return "another size than its header says";
	wl_archive_walk_init(&walk, range);
	while (!wl_archive_walk_is_done(&walk)) {
		const uint8_t *image = actor->file + at;

		if (wl_archive_walk_next(&walk, image, actor->file_bytes - at, &header) !=
		    WL_ARCHIVE_OK)
			return "an entry that does not follow";
		if (cluster->on_archived)
			cluster->on_archived(cluster->context, actor->node, actor->journal,
					     header.index, wl_entry_chain(image));
		at += wl_entry_bytes(&header);
	}
	return wl_archive_walk_end(&walk) == WL_ARCHIVE_OK ? NULL : "another end";
}

static void give_name(struct sim_archive_actor *actor)
{
	const struct wl_archiver *archiver = actor->archiver;
	uint8_t bytes[WL_ARCHIVE_HEADER_BYTES];
	struct wl_archive_range range;
	const char *wrong;

	wl_archive_encode(bytes, &archiver->range);
	WL_CHECK(wl_archive_decode(bytes, sizeof(bytes), &range) == WL_ARCHIVE_OK);
	wrong = read_back(actor, &range);
	if (!wrong && actor->has_newest && archiver->gaps == actor->gaps &&
	    !wl_archive_place_equal(&actor->newest.behind, &range.before))
		wrong = "a gap that nobody told of";
	if (wrong)
		sim_violation(sim_node_cluster(actor->node), actor->node->number, "O44",
			      "archives entries %llu to %llu with %s",
			      (unsigned long long)range.before.position.index + 1,
			      (unsigned long long)range.behind.position.index, wrong);
	actor->newest = range;
	actor->has_newest = true;
	actor->gaps = archiver->gaps;
	actor->ranges++;
	if (range.behind.position.index > actor->reached)
		actor->reached = range.behind.position.index;
}

static bool fails(struct sim_archive_actor *actor)
{
	const struct sim_plan *plan = sim_node_cluster(actor->node)->config.plan;

	return actor->node->agenda->now_ns < plan->fault_ns &&
	       sim_random_chance(&actor->random, (uint32_t)plan->archive_fails);
}

static void do_job(struct sim_archive_actor *actor)
{
	actor->failed = fails(actor);
	if (actor->failed)
		return;
	if (actor->archiver->state == WL_ARCHIVER_WANTS_WRITE)
		write_piece(actor);
	else if (actor->archiver->state == WL_ARCHIVER_WANTS_CLOSE)
		give_name(actor);
}

/* ---- the thread that drives it ---------------------------------------------------------------------- */

static void take_answer(struct sim_archive_actor *actor)
{
	struct wl_archiver *archiver = actor->archiver;

	if (archiver->state == WL_ARCHIVER_WANTS_NEWEST && !actor->failed)
		wl_archiver_on_newest(archiver, actor->has_newest ? &actor->newest : NULL);
	else
		wl_archiver_on_done(archiver, !actor->failed);
	if (actor->anew)
		wl_archiver_anew(archiver);
	actor->anew = false;
}

/* Done is done, even where the process ends before it hears of it. */
static uint64_t work(struct sim_archive_actor *actor)
{
	if (actor->job == JOB_ASKED) {
		do_job(actor);
		actor->job = JOB_DONE;
		return JOB_NS;
	}
	take_answer(actor);
	actor->job = JOB_NONE;
	publish(actor);
	return 1;
}

static uint64_t rest(struct sim_archive_actor *actor)
{
	struct wl_archiver *archiver = actor->archiver;

	actor->rested = !actor->rested;
	if (actor->rested) {
		if (archiver->verdict == WL_ARCHIVE_ENTRY)
			wl_mend_lanes_note_damaged(&journal_of(actor)->mend,
						   archiver->damage_offset);
		publish(actor);
		return REST_NS;
	}
	if (archiver->state == WL_ARCHIVER_STOPPED)
		actor->has_newest = false;
	wl_archiver_retry(archiver);
	return 1;
}

static uint64_t read_stream(struct sim_archive_actor *actor)
{
	struct sim_drive *drive = &actor->node->drives[actor->journal];
	struct wl_disk_request request;

	if (drive->faults.hung)
		return IDLE_NS;
	wl_archiver_want(actor->archiver, &request);
	wl_archiver_on_read(actor->archiver, sim_drive_read_now(drive, request.offset,
								request.buffer, request.bytes));
	return drive->faults.latency_ns + request.bytes / 1024 * NS_PER_KIB;
}

static uint64_t go_on(struct sim_archive_actor *actor)
{
	const struct wl_base_maker *maker = actor->node->bases[actor->journal].maker;
	struct wl_archiver *archiver = actor->archiver;
	const struct wl_log *log;
	uint64_t applied;

	if (archiver->state == WL_ARCHIVER_IDLE && maker) {
		log = wl_base_maker_log(maker, &applied);
		if (log)
			wl_archiver_step(archiver, log, applied);
		publish(actor);
	}
	switch (archiver->state) {
	case WL_ARCHIVER_WANTS_NEWEST:
	case WL_ARCHIVER_WANTS_WRITE:
	case WL_ARCHIVER_WANTS_CLOSE:
		actor->job = JOB_ASKED;
		return JOB_NS + archiver->piece_bytes / 1024 * NS_PER_KIB;
	case WL_ARCHIVER_IDLE:
		return IDLE_NS;
	default:
		return 1;
	}
}

static void turn(void *subject, void *object)
{
	struct sim_archive_actor *actor = subject;
	const char *broken;
	uint64_t ns;

	if (!actor->archiver || actor->life != (uintptr_t)object)
		return;
	if (actor->job != JOB_NONE)
		ns = work(actor);
	else if (actor->archiver->state == WL_ARCHIVER_WANTS_REST ||
		 actor->archiver->state == WL_ARCHIVER_STOPPED)
		ns = rest(actor);
	else if (actor->archiver->state == WL_ARCHIVER_WANTS_READ)
		ns = read_stream(actor);
	else
		ns = go_on(actor);
	broken = wl_archiver_check(actor->archiver);
	if (broken)
		sim_violation(sim_node_cluster(actor->node), actor->node->number, "O5", "%s",
			      broken);
	turn_in(actor, ns);
}

void sim_archive_anew(struct sim_node *node, unsigned journal)
{
	struct sim_archive_actor *actor = &node->archives[journal];

	if (!actor->archiver)
		return;
	/* The piece belongs to who writes it. */
	if (actor->job == JOB_NONE)
		wl_archiver_anew(actor->archiver);
	else
		actor->anew = true;
}

/* ---- begin, end ------------------------------------------------------------------------------------ */

static void begin(struct sim_node *node, unsigned id)
{
	struct wl_archiver_identity identity = {.node = node->number, .journal = id};
	const size_t own = wl_align_up(sizeof(struct wl_archiver), WL_BLOCK_BYTES),
		     piece = wl_align_up(WL_ARCHIVER_PIECE_BYTES, WL_BLOCK_BYTES);
	struct sim_archive_actor *actor = &node->archives[id];

	actor->node = node;
	actor->journal = id;
	actor->life++;
	actor->job = JOB_NONE;
	actor->anew = actor->rested = false;
	actor->gaps = 0;
	sim_random_init(&actor->random, sim_node_cluster(node)->seed + node->starts,
			6000 + 10 * id + node->number);
	actor->memory_bytes = own + piece + WL_CHUNK_BYTES_MAX;
	actor->memory = sim_arena_take(actor->memory_bytes);
	actor->archiver = (struct wl_archiver *)actor->memory;
	memcpy(identity.cluster, node->config->cluster, sizeof(identity.cluster));
	wl_archiver_init(actor->archiver, &identity, actor->memory + own,
			 actor->memory + own + piece);
	/* All is kept until it is known what the archive has. */
	publish(actor);
	turn_in(actor, IDLE_NS);
}

void sim_archives_begin(struct sim_cluster *cluster, struct sim_node *node)
{
	const struct sim_plan *plan = cluster->config.plan;

	for (unsigned id = 0; id < cluster->config.journals; id++)
		if (plan->archive != 0 && plan->base_every != 0 && !node->journals[id]->dormant)
			begin(node, id);
}

void sim_archives_end(struct sim_node *node)
{
	for (unsigned id = 0; id < SIM_JOURNALS_MAX; id++) {
		struct sim_archive_actor *actor = &node->archives[id];

		if (!actor->archiver)
			continue;
		sim_arena_give_back(actor->memory, actor->memory_bytes);
		free(actor->file);
		actor->file = NULL;
		actor->file_bytes = actor->file_room = 0;
		actor->archiver = NULL;
		actor->memory = NULL;
		actor->life++;
	}
}

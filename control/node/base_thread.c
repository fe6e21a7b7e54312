/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/base_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "control/node/archive_thread.h"
#include "control/node/boot_shape.h"
#include "control/node/mend_thread.h"
#include "control/node/scrub_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/bytes.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/placement_thread.h"

#define SLEEP_NS 5000000u /* when nobody has anything to do, and at most while the budget rests */
#define BUSY_SLEEP_NS 200000u /* when peers ask, or are asked, for what is damaged */
#define REST_NS 5000000000ull /* a base could not be written: so much later again */
#define AGAIN_NS 60000000000ull /* a maker stopped: so much later it begins anew */
#define BURST_NS 100000000u /* what was not spent is kept for so long */
#define CATCH_UP_SECONDS 2u /* what a maker is behind is spread over so many, */
#define HURRY_MAX 15u /* up to so many times the budget beside it */

struct maker {
	struct wl_base_maker maker;
	struct wl_base_maker_config config;
	struct wl_base_exchange *exchange;
	struct wl_base_lanes *lanes; /* bases from and to other nodes */
	struct wl_chain_lane *chains; /* what stands at some entry? */
	uint8_t *chain_window;
	struct wl_store_base *writing;
	uint8_t *ring, *window;
	void *memory;
	uint64_t until_ns; /* it rests, or is stopped */
	uint64_t base_began_ns;
	uint64_t reported_index; /* applied, as the worker was told it last */
	int told_error; /* of writing bases; 0: it succeeds */
	bool told_stop;
};

struct wl_base_thread {
	struct wl_node *node;
	struct wl_store_reader *reader;
	struct maker makers[WIRELOG_JOURNALS_MAX];
	uint32_t count;
	uint64_t paid_ns; /* what was read and written so far is paid for at this time */
	pthread_t thread;
	bool runs;
	_Atomic bool stops;
};

/* ---- what a maker wants ---------------------------------------------------------------------------- */

static enum wl_disk_status status_of(int error)
{
	if (error == 0)
		return WL_DISK_OK;
	return error == -ENOENT ? WL_DISK_ABSENT : WL_DISK_FAILED;
}

static int commit(struct maker *maker)
{
	struct wl_store_base *base = maker->writing;

	maker->writing = NULL;
	return wl_store_base_commit(base);
}

static int abandon(struct maker *maker)
{
	wl_store_base_abandon(maker->writing);
	maker->writing = NULL;
	return 0;
}

static struct wl_store_part part_of(const struct wl_base_maker_want *want)
{
	return (struct wl_store_part){want->offset, want->buffer, (uint32_t)want->bytes};
}

static int perform(struct wl_base_thread *bases, uint32_t id)
{
	struct wl_store *store = bases->node->store;
	struct maker *maker = &bases->makers[id];
	const struct wl_base_maker_want *want = &maker->maker.want;

	switch (maker->maker.state) {
	case WL_BASE_MAKER_WANTS_LOAD:
		return wl_store_base_read(store, id, want->place, part_of(want));
	case WL_BASE_MAKER_WANTS_READ:
		return wl_store_reader_read(bases->reader, id, want->offset, want->buffer,
					    (uint32_t)want->bytes);
	case WL_BASE_MAKER_WANTS_BEGIN:
		maker->base_began_ns = wl_clock_kernel_ns();
		return wl_store_base_begin(store, id, want->place, want->bytes, &maker->writing);
	case WL_BASE_MAKER_WANTS_WRITE:
		return wl_store_base_write(maker->writing, want->buffer, want->bytes);
	case WL_BASE_MAKER_WANTS_COMMIT:
		return commit(maker);
	case WL_BASE_MAKER_WANTS_ABANDON:
		return abandon(maker);
	case WL_BASE_MAKER_WANTS_REMOVE:
		return wl_store_base_remove(store, id, want->place);
	default:
		return 0;
	}
}

/* What it costs: what is begun will be written, and is paid for then. */
static uint64_t cost_of(const struct wl_base_maker *maker)
{
	switch (maker->state) {
	case WL_BASE_MAKER_WANTS_LOAD:
	case WL_BASE_MAKER_WANTS_READ:
	case WL_BASE_MAKER_WANTS_WRITE:
		return maker->want.bytes;
	default:
		return 0;
	}
}

/* ---- what is told ---------------------------------------------------------------------------------- */

static void tell_made(uint32_t id, struct maker *maker)
{
	const struct wl_base_header *header = &maker->maker.encoder.header;

	maker->told_stop = false;
	if (maker->told_error != 0)
		wl_report(WL_REPORT_NOTICE, "base_failed", "journal=%u ended=1", id);
	maker->told_error = 0;
	wl_report(WL_REPORT_INFO, "base",
		  "journal=%u index=%lu sequence=%lu digest=%016lx kib=%lu ms=%lu", id,
		  (unsigned long)header->log.position.index, (unsigned long)header->sequence,
		  (unsigned long)header->digest, (unsigned long)(wl_base_file_bytes(header) >> 10),
		  (unsigned long)((wl_clock_kernel_ns() - maker->base_began_ns) / 1000000));
}

/* Once, until one is written or the reason is another one. */
static void tell_failed(uint32_t id, struct maker *maker, int error)
{
	if (maker->told_error == error)
		return;
	maker->told_error = error;
	wl_report(WL_REPORT_WARNING, "base_failed",
		  "journal=%u index=%lu error=%d text=\"%s\" fix=\"nothing is given up meanwhile; "
		  "it is tried again every %llu s\"",
		  id, (unsigned long)maker->maker.encoder.header.log.position.index, -error,
		  strerror(-error), REST_NS / 1000000000u);
}

static void tell_stopped(uint32_t id, struct maker *maker)
{
	const struct wl_base_maker *base = &maker->maker;
	const struct wl_recovery_damage *damage = &base->recovery.damage;
	bool damaged = base->stop == WL_BASE_STOP_DAMAGED;

	if (maker->told_stop)
		return;
	maker->told_stop = true;
	wl_report(
		WL_REPORT_ERROR, "base_stopped",
		"journal=%u reason=%s damage=%s offset=%lu places=%s,%s fix=\"the journal goes on "
		"and keeps what it has; it is tried again every %llu s; see `wirelog verify`\"",
		id, wl_base_stop_name(base->stop),
		wl_recovery_damage_name(damaged ? damage->kind : WL_DAMAGE_NONE),
		(unsigned long)(damaged ? damage->begin : base->stop_offset),
		wl_base_verdict_name(base->load.places[0].verdict),
		wl_base_verdict_name(base->load.places[1].verdict), AGAIN_NS / 1000000000u);
}

static void report(struct maker *maker)
{
	struct wl_base_report said;

	wl_base_maker_report(&maker->maker, &said);
	wl_base_exchange_report(maker->exchange, &said);
	maker->reported_index = said.applied_index;
}

/* ---- the loop -------------------------------------------------------------------------------------- */

static void begin_anew(struct wl_base_thread *bases, uint32_t id)
{
	struct maker *maker = &bases->makers[id];
	struct wl_base_limit limit;

	if (wl_base_exchange_told(maker->exchange, &limit))
		maker->config.first_segment = limit.begin.offset / maker->config.log.segment_bytes;
	wl_base_maker_init(&maker->maker, &maker->config, maker->ring, maker->window,
			   maker->memory);
	wl_archive_thread_anew(bases->node, id);
}

/* False: it rests, and does not want to be asked. */
static bool is_awake(struct wl_base_thread *bases, uint32_t id, uint64_t now_ns)
{
	struct maker *maker = &bases->makers[id];
	enum wl_base_maker_state state = maker->maker.state;

	if (state == WL_BASE_MAKER_IDLE)
		return false;
	if (state != WL_BASE_MAKER_WANTS_REST && state != WL_BASE_MAKER_STOPPED)
		return true;
	if (maker->until_ns == 0) {
		maker->until_ns = now_ns + (state == WL_BASE_MAKER_STOPPED ? AGAIN_NS : REST_NS);
		if (state == WL_BASE_MAKER_STOPPED) {
			tell_stopped(id, maker);
			if (maker->maker.stop == WL_BASE_STOP_DAMAGED)
				wl_mend_thread_request(bases->node, id,
						       maker->maker.recovery.damage.begin);
			/* It may have stopped of what it was told, with nothing done for it. */
			report(maker);
		}
	}
	if (now_ns < maker->until_ns)
		return false;
	maker->until_ns = 0;
	if (state == WL_BASE_MAKER_STOPPED)
		begin_anew(bases, id);
	return true;
}

/*
 * Where more is appended for long than the budget has, the base would fall behind without end, and a start would read all of that. So what a
 * maker is behind is added to the budget, as what it should read within two seconds: it settles where it reads as fast as is appended.
 */
static uint64_t budget_of(const struct wl_base_thread *bases, const struct wl_base_maker *maker,
			  uint64_t at)
{
	uint64_t budget = atomic_load(&bases->node->base_bytes_per_second);
	uint64_t end = maker->limit.durable_offset;
	uint64_t more = end > at ? (end - at) / CATCH_UP_SECONDS : 0;

	return budget + (more < HURRY_MAX * budget ? more : HURRY_MAX * budget);
}

static void pay(struct wl_base_thread *bases, const struct wl_base_maker *maker, uint64_t bytes)
{
	bases->paid_ns += bytes * 1000000000u / budget_of(bases, maker, maker->recovery.at);
}

/* A peer asked for a base of ours. */
static bool serve_peer(struct wl_base_thread *bases, uint32_t id)
{
	struct maker *maker = &bases->makers[id];
	struct wl_base_serving *serving = &maker->lanes->serving;
	struct wl_base_maker_want want;
	int error;

	if (!wl_base_serving_want(serving, &maker->maker, &want))
		return false;
	error = wl_store_base_read(bases->node->store, id, want.place, part_of(&want));
	pay(bases, &maker->maker, want.bytes);
	wl_base_serving_on_read(serving, &maker->maker, error == 0);
	return true;
}

/* Somebody compares logs: one read of the walk to the entry that is asked about. */
static bool find_chain(struct wl_base_thread *bases, uint32_t id)
{
	struct maker *maker = &bases->makers[id];
	struct wl_chain_lane *chains = maker->chains;
	int error;

	if (!wl_chain_lane_want(chains, &maker->config.log, maker->chain_window))
		return false;
	error = wl_store_reader_read(bases->reader, id, chains->find.want_offset,
				     maker->chain_window, chains->find.want_bytes);
	pay(bases, &maker->maker, chains->find.want_bytes);
	wl_chain_lane_on_read(chains, status_of(error));
	if (chains->find.state == WL_CHAIN_FIND_DAMAGED)
		wl_mend_lanes_note_damaged(&bases->node->journals[id].journal->mend,
					   chains->find.offset);
	return true;
}

/* A base of a peer goes before what is made here. False: the maker rests for it. */
static bool take_peers(struct wl_base_thread *bases, uint32_t id, bool *installs)
{
	struct maker *maker = &bases->makers[id];
	struct wl_base_installing *installing = &maker->lanes->installing;
	uint32_t before = wl_base_lane_state(&installing->state);
	enum wl_base_installing_step step = wl_base_installing_step(installing, &maker->maker);

	*installs = step == WL_BASE_STEP_WRITE;
	if (step == WL_BASE_STEP_ANEW)
		begin_anew(bases, id);
	if (before == WL_BASE_INSTALLING_JUMPED)
		report(maker);
	if (before == WL_BASE_INSTALLING_PLACED && step == WL_BASE_STEP_WAIT)
		wl_report(
			WL_REPORT_NOTICE, "base_of_a_peer",
			"journal=%u index=%lu digest=%016lx offset=%lu text=\"the log begins there "
			"now\"",
			id, (unsigned long)installing->offer.position.index,
			(unsigned long)installing->offer.digest,
			(unsigned long)installing->walk_offset);
	else if (step == WL_BASE_STEP_ANEW && before != WL_BASE_INSTALLING_ABANDONED)
		wl_report(WL_REPORT_WARNING, "base_of_a_peer_refused",
			  "journal=%u index=%lu digest=%016lx fix=\"it is asked for again\"", id,
			  (unsigned long)installing->offer.position.index,
			  (unsigned long)installing->offer.digest);
	return step != WL_BASE_STEP_WAIT;
}

/* What is damaged here, or at a peer (mend_thread.h). */
static bool mend(struct wl_base_thread *bases, uint32_t id)
{
	const struct maker *maker = &bases->makers[id];
	bool is_dormant = bases->node->journals[id].journal->dormant, did = false;
	struct wl_mender_running running = {.log = &maker->maker.log};
	struct wl_base_limit limit;
	uint64_t bytes;

	if (!is_dormant && wl_base_exchange_told(maker->exchange, &limit)) {
		running.begin_offset = limit.begin.offset;
		running.durable_offset = limit.durable_offset;
		running.commit = limit.commit;
	}
	bytes = wl_mend_thread_serve(bases->node, id, bases->reader, is_dormant ? NULL : &running,
				     &did);
	if (!is_dormant)
		pay(bases, &maker->maker, bytes);
	return did;
}

/* What is closed of the log goes into the archive. */
static bool archive(struct wl_base_thread *bases, uint32_t id)
{
	struct maker *maker = &bases->makers[id];
	struct wl_archive_source source;
	uint64_t bytes;
	bool did = false;

	source.log = wl_base_maker_log(&maker->maker, &source.applied);
	bytes = wl_archive_thread_serve(bases->node, id, bases->reader, &source, &did);
	/* Its own lag counts: what is not archived cannot be given up. */
	bases->paid_ns +=
		bytes * 1000000000u /
		budget_of(bases, &maker->maker, wl_archive_thread_position(bases->node, id));
	return did;
}

/* When nothing else is to be done for any journal. */
static bool scrub(struct wl_base_thread *bases, uint32_t id, uint64_t now_ns)
{
	const struct maker *maker = &bases->makers[id];
	struct wl_scrub_now now = {.log = &maker->maker.log, .ns = now_ns};
	struct wl_base_limit limit;
	uint64_t bytes;

	if (bases->node->journals[id].journal->dormant ||
	    !wl_base_exchange_told(maker->exchange, &limit))
		return false;
	now.begin_offset = limit.begin.offset;
	now.durable_offset = limit.durable_offset;
	bytes = wl_scrub_thread_serve(bases->node, id, bases->reader, &now);
	pay(bases, &maker->maker, bytes);
	return bytes != 0;
}

/* One thing for one journal. False: there was nothing to do. */
static bool serve(struct wl_base_thread *bases, uint32_t id, uint64_t now_ns)
{
	struct maker *maker = &bases->makers[id];
	enum wl_base_maker_state wanted;
	struct wl_base_limit limit;
	uint64_t cost;
	bool installs;
	int error;

	if (serve_peer(bases, id) || find_chain(bases, id))
		return true;
	if (!take_peers(bases, id, &installs))
		return false;
	if (wl_base_exchange_told(maker->exchange, &limit))
		wl_base_maker_tell(&maker->maker, &limit);
	if (!is_awake(bases, id, now_ns)) {
		/* What it was told may have been enough to go on without the medium: a proof may be in it. */
		if (maker->maker.applied.sessions.applied_index != maker->reported_index)
			report(maker);
		return false;
	}
	wanted = maker->maker.state;
	cost = cost_of(&maker->maker);
	error = perform(bases, id);
	pay(bases, &maker->maker, cost);
	if (error != 0 &&
	    (wanted == WL_BASE_MAKER_WANTS_BEGIN || wanted == WL_BASE_MAKER_WANTS_WRITE ||
	     wanted == WL_BASE_MAKER_WANTS_COMMIT))
		tell_failed(id, maker, error);
	wl_base_maker_on_done(&maker->maker, status_of(error));
	if (wanted == WL_BASE_MAKER_WANTS_COMMIT && error == 0)
		tell_made(id, maker);
	/* What a peer made is told when the log has jumped to it. */
	if (!installs)
		report(maker);
	return true;
}

static void rest(const struct wl_base_thread *bases, uint64_t ns, uint64_t now_ns)
{
	uint64_t most = wl_mend_thread_is_busy(bases->node, now_ns) ? BUSY_SLEEP_NS : SLEEP_NS;
	struct timespec pause = {0, (long)(ns < most ? ns : most)};

	nanosleep(&pause, NULL);
}

static void *run(void *context)
{
	struct wl_base_thread *bases = context;

	wl_placement_name("wl-base");
	while (!atomic_load(&bases->stops)) {
		uint64_t now_ns = wl_clock_kernel_ns();
		bool did = false;

		if (bases->paid_ns > now_ns) {
			rest(bases, bases->paid_ns - now_ns, now_ns);
			continue;
		}
		if (bases->paid_ns + BURST_NS < now_ns)
			bases->paid_ns = now_ns - BURST_NS;
		for (uint32_t id = 0; id < bases->count && !atomic_load(&bases->stops); id++) {
			did |= mend(bases, id);
			if (bases->node->journals[id].journal->dormant)
				continue;
			did |= archive(bases, id);
			did |= serve(bases, id, now_ns);
		}
		for (uint32_t id = 0; id < bases->count && !did; id++)
			did |= scrub(bases, id, now_ns);
		if (!did)
			rest(bases, SLEEP_NS, now_ns);
	}
	return NULL;
}

/* ---- start and stop -------------------------------------------------------------------------------- */

/* Touched when used: most of a table of sessions never is. */
static void *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool make_maker(struct wl_node *node, uint32_t id, struct maker *maker)
{
	struct wl_journal *journal = node->journals[id].journal;

	wl_boot_shape_bases(node->config, &journal->config, &maker->config);
	maker->config.first_segment = wl_store_segment_first(node->store, id);
	maker->exchange = &journal->bases;
	maker->lanes = &journal->lanes;
	maker->chains = &journal->chains.lane;
	maker->chain_window = map(WL_CHUNK_BYTES_MAX);
	maker->ring = map(maker->config.log.ring_bytes);
	maker->window = map(WL_BASE_WINDOW_BYTES);
	maker->memory =
		map(wl_align_up(wl_base_maker_memory_bytes(&maker->config), WL_BLOCK_BYTES));
	if (!maker->chain_window || !maker->ring || !maker->window || !maker->memory)
		return false;
	wl_base_maker_init(&maker->maker, &maker->config, maker->ring, maker->window,
			   maker->memory);
	return true;
}

int wl_base_thread_start(struct wl_node *node, char *reason, size_t reason_bytes)
{
	struct wl_base_thread *bases = calloc(1, sizeof(*bases));
	bool made = bases != NULL;

	node->bases = bases;
	if (made) {
		bases->node = node;
		bases->reader = wl_store_reader_open(node->store);
		made = bases->reader != NULL;
	}
	for (uint32_t id = 0; id < node->config->journal_count && made; id++, bases->count++)
		made = make_maker(node, id, &bases->makers[id]);
	made = made && wl_mend_thread_open(node) && wl_scrub_thread_open(node) &&
	       wl_archive_thread_open(node);
	if (made)
		made = pthread_create(&bases->thread, NULL, run, bases) == 0;
	if (!made) {
		snprintf(reason, reason_bytes, "no memory for bases; lower limits.sessions");
		return WIRELOG_NO_MEMORY;
	}
	bases->runs = true;
	return 0;
}

static void free_maker(struct maker *maker)
{
	wl_store_base_abandon(maker->writing);
	if (maker->chain_window)
		munmap(maker->chain_window, WL_CHUNK_BYTES_MAX);
	if (maker->ring)
		munmap(maker->ring, maker->config.log.ring_bytes);
	if (maker->window)
		munmap(maker->window, WL_BASE_WINDOW_BYTES);
	if (maker->memory)
		munmap(maker->memory,
		       wl_align_up(wl_base_maker_memory_bytes(&maker->config), WL_BLOCK_BYTES));
}

void wl_base_thread_stop(struct wl_node *node)
{
	struct wl_base_thread *bases = node->bases;

	if (!bases)
		return;
	atomic_store(&bases->stops, true);
	if (bases->runs)
		pthread_join(bases->thread, NULL);
	for (uint32_t id = 0; id < node->config->journal_count; id++)
		free_maker(&bases->makers[id]);
	wl_archive_thread_close(node);
	wl_mend_thread_close(node);
	wl_scrub_thread_close(node);
	if (bases->reader)
		wl_store_reader_close(bases->reader);
	free(bases);
	node->bases = NULL;
}

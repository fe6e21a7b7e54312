/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From hole to hole.
 *
 *   SURVEYS -> CHOOSES the newest hole --------------------------------> (none left, nothing touched) ENDED: DONE
 *                | zeros, a segment's header: written
 *                | chunks:
 *                v
 *              PLANS -> READS_PLACE -> JOINS <-> SALVAGES, ASKS, PLACES
 *                ^                       | the chunk is complete, or nothing is missing any more
 *                +------- CLOSES <-------+        -> ENDS_HOLE -> CHOOSES
 *
 * When all that a survey found is filled it is made again: what could be read before may not be now, and holes were let go.
 */
#include "dataplane/mend/mend.h"

#include <string.h>

#include "dataplane/mend/mend_internal.h"

static size_t aligned(size_t bytes)
{
	return wl_align_up(bytes, WL_BLOCK_BYTES);
}

size_t wl_mend_memory_bytes(void)
{
	return WL_FILL_BYTES + WL_LAYOUT_MEMORY_BYTES + WL_CHUNK_BYTES_MAX +
	       2 * aligned(wl_survey_memory_bytes()) + aligned(WL_SALVAGE_BUFFER_BYTES) +
	       aligned(WL_MEND_RUN_ENTRIES * sizeof(uint32_t));
}

static uint8_t *take_memory(uint8_t **from, size_t bytes)
{
	uint8_t *taken = *from;

	WL_CHECK((uintptr_t)taken % WL_BLOCK_BYTES == 0);
	*from += aligned(bytes);
	return taken;
}

static void survey(struct wl_mend *mend, struct wl_survey *with, uint64_t stop, void *memory)
{
	const struct wl_mend_config *config = &mend->config;
	const struct wl_survey_config of = {
		.log = config->log,
		.from = config->from,
		.segments = config->segments,
		.watermark = mend->watermark,
		.limit = config->limit,
		.stop = stop < config->stop ? stop : config->stop,
		.edge = config->edge,
		.base_offset = config->walk_offset,
		.base_index = config->walk_index,
		.base_chain = config->walk_chain,
		.window = mend->fill.window,
		.window_bytes = WL_FILL_BYTES,
		.memory = memory,
	};

	wl_survey_init(with, &of);
}

static void begin_survey(struct wl_mend *mend)
{
	mend->surveys++;
	mend->phase = WL_MEND_SURVEYS;
	mend->bytes_written_before = mend->bytes_written;
	survey(mend, &mend->survey, UINT64_MAX, mend->survey_memory);
}

void wl_mend_init(struct wl_mend *mend, const struct wl_mend_config *config)
{
	uint8_t *memory = config->memory;

	memset(mend, 0, sizeof(*mend));
	mend->config = *config;
	mend->watermark = config->watermark;
	if (config->walk_chain == 0 && config->tables &&
	    config->tables->tail.index == config->walk_index)
		mend->config.walk_chain = config->tables->tail_chain;
	if (config->walk_offset != 0 && mend->watermark < config->walk_offset + WL_BLOCK_BYTES)
		mend->watermark = config->walk_offset + WL_BLOCK_BYTES;
	mend->before = UINT64_MAX;
	mend->fill.window = take_memory(&memory, WL_FILL_BYTES);
	wl_layout_init(&mend->layout, &mend->config.log,
		       take_memory(&memory, WL_LAYOUT_MEMORY_BYTES));
	mend->scratch = take_memory(&memory, WL_CHUNK_BYTES_MAX);
	mend->survey_memory = take_memory(&memory, wl_survey_memory_bytes());
	mend->walk_memory = take_memory(&memory, wl_survey_memory_bytes());
	wl_salvage_find_init(&mend->find, &mend->config.log, mend->fill.window,
			     take_memory(&memory, WL_SALVAGE_BUFFER_BYTES));
	mend->run_at =
		(uint32_t *)(void *)take_memory(&memory, WL_MEND_RUN_ENTRIES * sizeof(uint32_t));
	WL_CHECK((size_t)(memory - (uint8_t *)config->memory) == wl_mend_memory_bytes());
	begin_survey(mend);
	wl_mend_go_on(mend);
}

bool wl_mend_refuse(struct wl_mend *mend, uint64_t begin, uint64_t end, bool unpackable)
{
	WL_CHECK(begin <= end);
	mend->state = WL_MEND_REFUSED;
	mend->phase = WL_MEND_ENDED;
	mend->unpackable = unpackable;
	mend->damage = (struct wl_recovery_damage){
		.kind = WL_DAMAGE_CHAIN,
		.begin = begin,
		.end = end,
		.last_good_index = mend->hole.left.position.index,
	};
	return false;
}

bool wl_mend_write(struct wl_mend *mend, uint64_t offset, uint8_t *from, uint32_t bytes,
		   enum wl_mend_phase behind)
{
	WL_CHECK(bytes != 0 && bytes <= WL_CHUNK_BYTES_MAX);
	mend->want = (struct wl_mend_want){offset, bytes, from};
	mend->state = WL_MEND_WANTS_WRITE;
	mend->phase = behind;
	return false;
}

struct wl_survey_hole *wl_mend_hole_before(struct wl_mend *mend)
{
	for (uint32_t at = mend->holes_left; at-- > 1;)
		if (mend->held[at - 1].kind == WL_SURVEY_HOLE_CHUNKS)
			return &mend->held[at - 1];
	return NULL;
}

/* ---- surveys ------------------------------------------------------------------------------------ */

static bool want_read(struct wl_mend *mend)
{
	mend->state = WL_MEND_WANTS_READ;
	return false;
}

static bool end_at_damage(struct wl_mend *mend, const struct wl_recovery_damage *damage)
{
	WL_CHECK(damage->kind != WL_DAMAGE_NONE);
	mend->state = WL_MEND_REFUSED;
	mend->phase = WL_MEND_ENDED;
	mend->damage = *damage;
	return false;
}

static void count(struct wl_mend *mend)
{
	WL_CHECK(mend->holes_left <= WL_SURVEY_HOLES_MAX);
	mend->missing = 0;
	mend->bytes_left = 0;
	for (uint32_t at = 0; at < mend->holes_left; at++) {
		WL_CHECK(mend->held[at].begin <= mend->held[at].end);
		mend->missing += wl_survey_missing(&mend->held[at]);
		mend->bytes_left += mend->held[at].end - mend->held[at].begin;
	}
}

/* Fewer holes than before: else the medium does not keep what is written to it. */
static bool makes_progress(struct wl_mend *mend)
{
	const struct wl_survey *found = &mend->survey;
	uint64_t holes =
		found->hole_count + found->holes_let_go + (found->end == WL_SURVEY_END_UNKNOWN);
	bool progress = holes == 0 || holes < mend->before;

	mend->before = holes;
	return progress;
}

static bool fail(struct wl_mend *mend)
{
	mend->state = WL_MEND_FAILED;
	mend->phase = WL_MEND_ENDED;
	mend->again.bytes = 0; /* what waited for its segment is planned anew */
	return false;
}

/* A log that lives may have given up its oldest segments meanwhile: they are not damaged, and are never made again. */
static bool was_given_up(const struct wl_mend *mend)
{
	for (uint32_t at = 0; mend->config.limit != UINT64_MAX && at < mend->holes_left; at++)
		if (mend->held[at].damage == WL_DAMAGE_SEGMENT_ABSENT)
			return true;
	return false;
}

/*
 * The chunk where the walk begins is damaged, and which one stands before it is not known: what is built in its place could not name that one,
 * and the stream would be broken there for everybody who comes from further down. The walk begins one mark earlier; false: the log does.
 */
static bool begin_earlier(struct wl_mend *mend)
{
	const struct wl_survey *found = &mend->survey;
	struct wl_survey_place earlier;

	if (!mend->config.tables || found->hole_count == 0 ||
	    found->holes[0].kind != WL_SURVEY_HOLE_CHUNKS ||
	    found->holes[0].left.previous != WL_SURVEY_ANY)
		return false;
	wl_survey_place_before(mend->config.tables, mend->config.from.offset, &earlier);
	if (earlier.offset >= mend->config.from.offset)
		return false;
	mend->config.from = earlier;
	begin_survey(mend);
	return true;
}

static bool do_survey(struct wl_mend *mend)
{
	struct wl_survey *found = &mend->survey;

	if (found->state == WL_SURVEY_WANTS_READ)
		return want_read(mend);
	if (found->state == WL_SURVEY_REFUSED)
		return end_at_damage(mend, &found->damage);
	WL_CHECK(found->state == WL_SURVEY_DONE);
	if (begin_earlier(mend))
		return true;
	memcpy(mend->held, found->holes, sizeof(mend->held));
	mend->holes = mend->holes_left = found->hole_count;
	count(mend);
	if (!makes_progress(mend) || was_given_up(mend))
		return fail(mend);
	mend->phase = WL_MEND_CHOOSES;
	/* Before anything is written: what is written may look like an end that is known. */
	if (found->end == WL_SURVEY_END_UNKNOWN && mend->config.limit == UINT64_MAX) {
		mend->zero_at = found->end_begin;
		mend->uncounted_then = WL_MEND_CHOOSES;
		mend->phase = WL_MEND_GIVES_UP;
	}
	return true;
}

static bool finish(struct wl_mend *mend)
{
	const struct wl_survey *found = &mend->survey;

	WL_CHECK(mend->holes_left == 0);
	WL_CHECK(found->end_begin <= found->end_end);
	if (found->end == WL_SURVEY_END_UNKNOWN) {
		if (mend->config.limit != UINT64_MAX) {
			const struct wl_recovery_damage damage = {found->end_damage,
								  found->end_begin, found->end_end,
								  found->tail.position.index};

			return end_at_damage(mend, &damage);
		}
		mend->zero_at = found->end_begin;
		mend->zero_end = found->end_end;
		mend->behind = WL_MEND_AGAIN;
		mend->phase = WL_MEND_ZEROES;
		return true;
	}
	if (mend->bytes_written != mend->bytes_written_before || found->holes_let_go != 0) {
		begin_survey(mend);
		return true;
	}
	mend->state = WL_MEND_DONE;
	mend->phase = WL_MEND_ENDED;
	return false;
}

/* The log does not hold an entry of the base but in that chunk: it is part of what is built there. */
static bool holds_base(const struct wl_mend *mend, const struct wl_survey_hole *hole)
{
	const struct wl_survey_place *from = &mend->config.from;

	return from->holds && hole->begin == from->offset &&
	       from->offset == mend->config.walk_offset &&
	       from->position.index == mend->config.walk_index;
}

static void begin_hole(struct wl_mend *mend)
{
	WL_CHECK(mend->holes_left != 0);
	WL_CHECK(mend->held[mend->holes_left - 1].kind == WL_SURVEY_HOLE_CHUNKS);
	mend->hole = mend->held[mend->holes_left - 1];
	mend->hole_end = mend->hole.end;
	mend->joined = mend->hole.joined && !holds_base(mend, &mend->hole);
	mend->walked = false;
	mend->run_count = 0;
	wl_layout_begin(&mend->layout, mend->hole.begin);
	mend->phase = WL_MEND_PLANS;
	if (mend->hole.buries) {
		mend->bury_at = mend->hole.begin;
		mend->bury_end = mend->hole.end;
		mend->after_bury = WL_MEND_PLANS;
		mend->phase = WL_MEND_BURIES;
	}
}

void wl_mend_drop_hole(struct wl_mend *mend)
{
	WL_CHECK(mend->holes_left != 0);
	mend->holes_left--;
	count(mend);
	mend->lost = false;
	mend->phase = WL_MEND_CHOOSES;
}

static bool choose(struct wl_mend *mend)
{
	const struct wl_survey_hole *hole;

	if (mend->holes_left == 0)
		return finish(mend);
	hole = &mend->held[mend->holes_left - 1];
	if (hole->kind == WL_SURVEY_HOLE_CHUNKS) {
		begin_hole(mend);
		return true;
	}
	mend->hole = *hole;
	wl_mend_drop_hole(mend);
	if (hole->kind == WL_SURVEY_HOLE_HEADER)
		return wl_mend_write_header(mend, hole->begin, WL_MEND_CHOOSES);
	mend->zero_at = mend->hole.begin;
	mend->zero_end = mend->hole.end;
	mend->behind = WL_MEND_CHOOSES;
	mend->phase = WL_MEND_ZEROES;
	return true;
}

static bool give_up(struct wl_mend *mend)
{
	WL_CHECK(mend->config.limit == UINT64_MAX); /* never of a journal that runs */
	WL_CHECK(mend->uncounted_then == WL_MEND_CHOOSES || mend->uncounted_then == WL_MEND_ZEROES);
	mend->want = (struct wl_mend_want){.offset = mend->zero_at};
	mend->state = WL_MEND_WANTS_UNCOUNTED;
	return false;
}

static bool walk(struct wl_mend *mend)
{
	if (!mend->walked) {
		survey(mend, &mend->walk, mend->hole.begin, mend->walk_memory);
		mend->walked = true;
	}
	if (mend->walk.state == WL_SURVEY_WANTS_READ)
		return want_read(mend);
	if (mend->walk.state == WL_SURVEY_REFUSED)
		return end_at_damage(mend, &mend->walk.damage);
	WL_CHECK(mend->walk.state == WL_SURVEY_DONE);
	mend->phase = WL_MEND_JOINS;
	return true;
}

/* ---- steps -------------------------------------------------------------------------------------- */

static bool step(struct wl_mend *mend)
{
	switch ((enum wl_mend_phase)mend->phase) {
	case WL_MEND_SURVEYS:
		return do_survey(mend);
	case WL_MEND_CHOOSES:
		return choose(mend);
	case WL_MEND_ZEROES:
		return wl_mend_zero(mend);
	case WL_MEND_BURIES:
		return wl_mend_bury(mend);
	case WL_MEND_PLANS:
		return wl_mend_plan(mend);
	case WL_MEND_READS_BURIED:
	case WL_MEND_READS_PLACE:
		return want_read(mend);
	case WL_MEND_JOINS:
		return wl_mend_join(mend);
	case WL_MEND_WALKS:
		return walk(mend);
	case WL_MEND_SALVAGES:
		return wl_mend_salvage(mend);
	case WL_MEND_ASKS:
		return wl_mend_ask_peers(mend);
	case WL_MEND_PLACES:
		return wl_mend_place(mend);
	case WL_MEND_CLOSES:
		return wl_mend_close(mend);
	case WL_MEND_ENDS_HOLE:
		return wl_mend_end_hole(mend);
	case WL_MEND_GIVES_UP:
		return give_up(mend);
	case WL_MEND_AGAIN:
		begin_survey(mend);
		return true;
	case WL_MEND_ENDED:
		break;
	}
	return false;
}

/* A read is of whole blocks of one segment. */
static void check_read(const struct wl_mend *mend)
{
	const struct wl_mend_want *want = &mend->want;
	uint64_t segment_bytes = mend->config.log.segment_bytes;

	WL_CHECK(want->bytes != 0);
	WL_CHECK(want->offset % WL_BLOCK_BYTES == 0);
	WL_CHECK(want->bytes % WL_BLOCK_BYTES == 0);
	WL_CHECK_MSG(want->offset % segment_bytes + want->bytes <= segment_bytes,
		     "%u bytes at %llu", want->bytes, (unsigned long long)want->offset);
}

void wl_mend_go_on(struct wl_mend *mend)
{
	while (step(mend)) {
	}
	WL_CHECK(mend->state != WL_MEND_WORKS);
	WL_CHECK((mend->state >= WL_MEND_DONE) == (mend->phase == WL_MEND_ENDED));
	/* Whose read is it? The driver asks no one else. */
	if (mend->state != WL_MEND_WANTS_READ)
		return;
	switch ((enum wl_mend_phase)mend->phase) {
	case WL_MEND_SURVEYS:
		wl_survey_want(&mend->survey, &mend->want.offset, &mend->want.buffer,
			       &mend->want.bytes);
		break;
	case WL_MEND_WALKS:
		wl_survey_want(&mend->walk, &mend->want.offset, &mend->want.buffer,
			       &mend->want.bytes);
		break;
	case WL_MEND_SALVAGES:
		wl_salvage_find_want(&mend->find, &mend->want.offset, &mend->want.buffer,
				     &mend->want.bytes);
		break;
	default:
		wl_fill_want(&mend->fill, &mend->want.offset, &mend->want.buffer,
			     &mend->want.bytes);
		break;
	}
	check_read(mend);
}

/* ---- what came of it ---------------------------------------------------------------------------- */

static void want_segment(struct wl_mend *mend, uint64_t offset)
{
	WL_CHECK(mend->state == WL_MEND_WORKS);
	if (mend->config.limit != UINT64_MAX) {
		fail(mend);
		return;
	}
	mend->want = (struct wl_mend_want){
		.offset = offset - offset % mend->config.log.segment_bytes,
	};
	mend->state = WL_MEND_WANTS_SEGMENT;
}

static void on_read(struct wl_mend *mend, enum wl_disk_status status)
{
	switch ((enum wl_mend_phase)mend->phase) {
	case WL_MEND_SURVEYS:
		wl_survey_on_read(&mend->survey, status);
		return;
	case WL_MEND_WALKS:
		wl_survey_on_read(&mend->walk, status);
		return;
	case WL_MEND_SALVAGES:
		wl_salvage_find_on_read(&mend->find, status);
		if (mend->find.state == WL_SALVAGE_FOUND)
			wl_mend_found(mend);
		return;
	default:
		break;
	}
	WL_CHECK(mend->phase == WL_MEND_READS_PLACE || mend->phase == WL_MEND_READS_BURIED);
	if (!wl_fill_on_read(&mend->fill, status))
		return;
	if (mend->fill.absent && mend->phase != WL_MEND_READS_BURIED) {
		/* Made anew: all of it is part of the hole. Then it is looked at once more. */
		mend->phase = WL_MEND_PLANS;
		want_segment(mend, mend->fill.offset);
		return;
	}
	if (mend->phase == WL_MEND_READS_BURIED)
		wl_mend_read_buried(mend);
	else
		wl_mend_read_place(mend);
}

static void on_written(struct wl_mend *mend, enum wl_disk_status status)
{
	WL_CHECK(mend->want.bytes != 0);
	if (status == WL_DISK_OK) {
		mend->bytes_written += mend->want.bytes;
	} else if (status != WL_DISK_ABSENT) {
		fail(mend);
	} else if (mend->phase != WL_MEND_ZEROES) {
		/* What is not there needs no zeros; all else needs its segment. */
		mend->again = mend->want;
		want_segment(mend, mend->want.offset);
	}
}

static void on_segment(struct wl_mend *mend, enum wl_disk_status status)
{
	uint64_t behind = mend->want.offset / mend->config.log.segment_bytes + 1;

	WL_CHECK(mend->config.limit == UINT64_MAX); /* never of a journal that runs */
	WL_CHECK(mend->want.offset % mend->config.log.segment_bytes == 0);
	/* The next survey looks there, too. */
	if (status == WL_DISK_OK && behind > mend->config.segments)
		mend->config.segments = behind;
	if (status != WL_DISK_OK) {
		fail(mend);
	} else if (mend->again.bytes != 0) {
		mend->want = mend->again;
		mend->again.bytes = 0;
		mend->state = WL_MEND_WANTS_WRITE;
	}
}

static void on_uncounted(struct wl_mend *mend, enum wl_disk_status status)
{
	WL_CHECK(mend->config.limit == UINT64_MAX);
	if (status != WL_DISK_OK) {
		fail(mend);
		return;
	}
	mend->gave_up = true;
	if (mend->watermark > mend->want.offset)
		mend->watermark = mend->want.offset;
	mend->behind = WL_MEND_AGAIN;
	mend->phase = mend->uncounted_then;
}

void wl_mend_on_done(struct wl_mend *mend, enum wl_disk_status status)
{
	enum wl_mend_state state = mend->state;

	mend->state = WL_MEND_WORKS;
	switch (state) {
	case WL_MEND_WANTS_READ:
		on_read(mend, status);
		break;
	case WL_MEND_WANTS_WRITE:
		on_written(mend, status);
		break;
	case WL_MEND_WANTS_SEGMENT:
		on_segment(mend, status);
		break;
	case WL_MEND_WANTS_UNCOUNTED:
		on_uncounted(mend, status);
		break;
	default:
		WL_CHECK(false);
	}
	if (mend->state == WL_MEND_WORKS)
		wl_mend_go_on(mend);
}

void wl_mend_again(struct wl_mend *mend)
{
	WL_CHECK(mend->state == WL_MEND_FAILED);
	mend->before = UINT64_MAX;
	begin_survey(mend);
	wl_mend_go_on(mend);
}

const char *wl_mend_state_name(enum wl_mend_state state)
{
	static const char *const names[] = {
		[WL_MEND_WORKS] = "works",
		[WL_MEND_WANTS_READ] = "reads",
		[WL_MEND_WANTS_WRITE] = "writes",
		[WL_MEND_WANTS_SEGMENT] = "makes a segment",
		[WL_MEND_WANTS_UNCOUNTED] = "gives up the end",
		[WL_MEND_WANTS_ENTRIES] = "asks",
		[WL_MEND_DONE] = "done",
		[WL_MEND_REFUSED] = "refused",
		[WL_MEND_FAILED] = "failed",
	};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

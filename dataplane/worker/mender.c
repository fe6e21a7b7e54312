/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/mender_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/wire/wire.h"

#define WINDOW_BYTES (2u * WL_CHUNK_BYTES_MAX)
#define RUN_BYTES WL_SALVAGE_BUFFER_BYTES

/* ---- memory ------------------------------------------------------------------------------------- */

static size_t blocks(size_t bytes)
{
	return wl_align_up(bytes, WL_BLOCK_BYTES);
}

size_t wl_mender_memory_bytes(const struct wl_mender_config *config)
{
	return config->log.ring_bytes + 2 * WINDOW_BYTES + blocks(RUN_BYTES) +
	       blocks(wl_log_memory_bytes(&config->log)) +
	       blocks(wl_state_memory_bytes(config->sessions_max)) + blocks(wl_mend_memory_bytes());
}

static void *take(uint8_t **at, size_t bytes)
{
	void *taken = *at;

	WL_CHECK((uintptr_t)taken % WL_BLOCK_BYTES == 0);
	*at += blocks(bytes);
	return taken;
}

static void empty(struct wl_mender *mender)
{
	wl_log_init(&mender->log, &mender->config.log, mender->ring, mender->log_memory);
	wl_state_init(&mender->applied, mender->state_memory, mender->config.sessions_max);
}

/* ---- what is told ------------------------------------------------------------------------------- */

void wl_mender_note(struct wl_mender *mender)
{
	const struct wl_mend *mend = &mender->mend;
	struct wl_mend_report *report = &mender->report;

	report->looked_at = mend->survey.at;
	report->look_end = mend->config.limit != UINT64_MAX
				   ? mend->config.limit
				   : mend->config.segments * mender->config.log.segment_bytes;
	report->holes = mend->holes;
	report->holes_left = mend->holes_left;
	report->missing = mend->missing;
	report->bytes_left = mend->bytes_left;
	report->index = mend->state == WL_MEND_WANTS_ENTRIES ? mend->ask.index : 0;
	report->salvaged = mend->entries_salvaged;
	report->fetched = mend->entries_fetched;
	report->written = mend->bytes_written;
	report->refused = mend->refused;
	report->moved |= mend->moved;
	report->gave_up |= mend->gave_up;
}

void wl_mender_tell(struct wl_mender *mender, enum wl_mending_phase phase)
{
	WL_CHECK(phase < WL_MENDING_PHASES);
	mender->report.phase = phase;
	wl_mend_lanes_report(mender->lanes, &mender->report);
}

static void end(struct wl_mender *mender, enum wl_mending_phase phase)
{
	mender->phase = WL_MENDER_PHASE_END;
	mender->mends = false;
	wl_mender_tell(mender, phase);
}

/* ---- the base, and what begins behind it -------------------------------------------------------- */

static void begin_load(struct wl_mender *mender, enum wl_mender_phase phase)
{
	const struct wl_base_target target = {
		.state = &mender->applied,
		.log = &mender->log,
		.first_segment = mender->config.first_segment,
	};

	WL_CHECK(mender->config.dormant);
	mender->phase = (uint8_t)phase;
	empty(mender);
	wl_base_load_init(&mender->load, &mender->config.identity, &target, mender->window,
			  WINDOW_BYTES);
	mender->load.check_both = true;
}

/*
 * What cannot be taken back rests on it: a medium that once gave nothing, or the bytes of another place, must not be the cause. False: it is
 * looked at again, after a rest.
 */
static bool is_found_for_good(struct wl_mender *mender, const struct wl_recovery_damage *damage)
{
	const struct wl_recovery_damage *before = &mender->found;
	bool same = before->kind == damage->kind && before->begin == damage->begin &&
		    before->end == damage->end;

	WL_CHECK(mender->config.dormant);
	mender->found = *damage;
	mender->looks = same ? mender->looks + 1 : 1;
	if (mender->looks >= WL_MENDER_LOOKS)
		return true;
	mender->until_ns = mender->now_ns + WL_MENDER_REST_NS;
	begin_load(mender, WL_MENDER_PHASE_LOAD);
	return false;
}

/* A start ends with it. */
static void refuse(struct wl_mender *mender, const struct wl_recovery_damage *damage)
{
	if (mender->config.dormant && !is_found_for_good(mender, damage))
		return;
	mender->report.kind = damage->kind;
	mender->report.begin = damage->begin;
	mender->report.end = damage->end;
	end(mender, WL_MENDING_REFUSED);
	/* A journal that runs goes on, and another place may be mended. */
	if (!mender->config.dormant)
		mender->phase = WL_MENDER_PHASE_REST;
}

/* The medium does not give what stands there, now. */
static void try_later(struct wl_mender *mender, enum wl_mender_phase phase)
{
	mender->until_ns = mender->now_ns + WL_MENDER_REST_NS;
	begin_load(mender, phase);
	wl_mender_tell(mender, WL_MENDING_FAILED);
}

/* A medium that spoils what it gives, or forgets what it was given, may do so for ever, or until its cable is changed. */
static void rest_if_too_often(struct wl_mender *mender)
{
	if (mender->report.rounds < WL_MENDER_ROUNDS_MAX)
		return;
	mender->until_ns = mender->now_ns + WL_MENDER_LONG_REST_NS;
	wl_mender_tell(mender, WL_MENDING_TOO_OFTEN);
}

/* Of the chunk that a start goes on from; 0: from where the log begins. */
static uint64_t walk_offset(const struct wl_mender *mender)
{
	const struct wl_base_load *load = &mender->load;

	if (load->verdict != WL_BASE_OK || load->places[load->chosen].header.log.installed)
		return 0;
	return load->places[load->chosen].header.log.walk_offset;
}

static void begin_mend(struct wl_mender *mender)
{
	const struct wl_mender_config *config = &mender->config;
	struct wl_mend_config mend = {
		.log = config->log,
		.walk_offset = walk_offset(mender),
		.walk_index = walk_offset(mender) != 0 ? mender->log.tail.index : 0,
		.segments = mender->segments,
		.watermark = config->watermark,
		.limit = UINT64_MAX,
		.stop = UINT64_MAX,
		.commit = config->commit.index,
		.members = config->members,
		.tables = &mender->log,
		.memory = mender->mend_memory,
	};

	WL_CHECK(config->dormant);
	memcpy(mend.cluster_uuid, config->identity.cluster, sizeof(mend.cluster_uuid));
	wl_survey_place_before(&mender->log, mend.walk_offset, &mend.from);
	if (mend.walk_offset != 0 && mend.watermark < mend.walk_offset + WL_BLOCK_BYTES)
		mend.watermark = mend.walk_offset + WL_BLOCK_BYTES;
	if (mend.commit < mender->log.tail.index)
		mend.commit = mender->log.tail.index;
	wl_mend_init(&mender->mend, &mend);
	mender->has_survey = true;
	mender->phase = WL_MENDER_PHASE_MEND;
	wl_mender_tell(mender, WL_MENDING_SURVEYS);
}

static void begin_prove(struct wl_mender *mender)
{
	wl_recovery_init(&mender->recovery, &mender->log, mender->segments,
			 mender->config.watermark,
			 (struct wl_recovery_window){mender->window, WINDOW_BYTES});
	mender->recovery.read_only = true;
	mender->phase = WL_MENDER_PHASE_PROVE;
	wl_mender_tell(mender, WL_MENDING_PROVES);
}

static bool step_load(struct wl_mender *mender)
{
	struct wl_base_load *load = &mender->load;
	unsigned place;
	uint64_t at;
	uint32_t bytes;

	while (load->state == WL_BASE_LOAD_WANTS_EMPTY) {
		empty(mender);
		wl_base_load_on_empty(load);
	}
	if (load->state == WL_BASE_LOAD_WANTS_READ) {
		wl_base_load_want(load, &place, &at, &bytes);
		wl_mender_want(mender, WL_MENDER_WANTS_LOAD, at, load->buffer, bytes);
		mender->want.place = place;
		return true;
	}
	/* The start went on from one: a medium that does not give it now may give it later. */
	if (load->verdict != WL_BASE_OK && mender->config.first_segment != 0) {
		try_later(mender, mender->phase);
	} else if (mender->phase == WL_MENDER_PHASE_LOAD) {
		begin_mend(mender);
	} else {
		begin_prove(mender);
	}
	return false;
}

/* ---- data that are to count no more ------------------------------------------------------------- */

/* True: it is durable, or cannot be made so. */
static bool uncount(struct wl_mender *mender, uint64_t from, bool *durable)
{
	const struct wl_recovery_damage end = {.begin = from};
	struct wl_mend_lanes *lanes = mender->lanes;
	uint32_t state = wl_mend_lane_state(&lanes->uncounting);

	if (state == WL_MEND_UNCOUNTING_WANTED)
		return false;
	if (state == WL_MEND_UNCOUNTING_IDLE) {
		if (!is_found_for_good(mender, &end))
			return false;
		lanes->uncounted_from = from;
		wl_mender_note(mender);
		wl_mender_tell(mender, WL_MENDING_UNCOUNTS);
		wl_mend_lane_pass(&lanes->uncounting, WL_MEND_UNCOUNTING_WANTED);
		return false;
	}
	*durable = state == WL_MEND_UNCOUNTING_DONE;
	if (*durable && mender->config.watermark > from)
		mender->config.watermark = from;
	mender->report.gave_up |= *durable;
	wl_mend_lane_pass(&lanes->uncounting, WL_MEND_UNCOUNTING_IDLE);
	return true;
}

/* Of a lone voter nobody else has anything: its acknowledged records are not given up by themselves. */
static bool may_give_up(const struct wl_mender *mender)
{
	return mender->config.dormant && mender->config.members != 0;
}

static bool step_uncounted(struct wl_mender *mender)
{
	bool durable;

	if (!may_give_up(mender)) {
		refuse(mender, &mender->config.damage);
		return false;
	}
	if (!uncount(mender, mender->mend.want.offset, &durable))
		return false;
	wl_mend_on_done(&mender->mend, durable ? WL_DISK_OK : WL_DISK_FAILED);
	mender->moved_on = true;
	return false;
}

static bool step_give_up(struct wl_mender *mender)
{
	bool durable;

	WL_CHECK(mender->config.dormant); /* never of a journal that runs */
	WL_CHECK(mender->given_up_from != UINT64_MAX);
	if (!uncount(mender, mender->given_up_from, &durable))
		return false;
	if (!durable) {
		end(mender, WL_MENDING_FAILED);
		return false;
	}
	mender->zeroed_to = mender->given_up_from;
	memset(mender->window, 0, WINDOW_BYTES);
	mender->phase = WL_MENDER_PHASE_ZERO;
	return false;
}

static bool step_zero(struct wl_mender *mender)
{
	uint64_t segment = mender->config.log.segment_bytes, at = mender->zeroed_to;
	uint64_t all = mender->segments * segment, until;

	WL_CHECK(mender->config.dormant); /* never of a journal that runs */
	WL_CHECK(at >= mender->given_up_from);
	if (at % segment == 0)
		at += WL_BLOCK_BYTES; /* segments keep their headers */
	mender->zeroed_to = at;
	if (at >= all) {
		begin_load(mender, WL_MENDER_PHASE_LOAD);
		return false;
	}
	until = (at / segment + 1) * segment;
	if (until - at > WINDOW_BYTES)
		until = at + WINDOW_BYTES;
	return wl_mender_want(mender, WL_MENDER_WANTS_WRITE, at, mender->window,
			      (uint32_t)(until - at));
}

/* ---- mend --------------------------------------------------------------------------------------- */

static void done(struct wl_mender *mender)
{
	wl_mender_note(mender);
	if (mender->config.dormant) {
		begin_load(mender, WL_MENDER_PHASE_LOAD_AGAIN);
		return;
	}
	/* Who has it in memory where entries stood starts again. */
	if (mender->report.moved) {
		end(mender, WL_MENDING_MENDED);
		return;
	}
	mender->phase = WL_MENDER_PHASE_REST;
	mender->mends = false;
	wl_mender_tell(mender, WL_MENDING_NONE);
}

static bool step_mend(struct wl_mender *mender)
{
	struct wl_mend *mend = &mender->mend;
	const struct wl_mend_want *wanted = &mend->want;

	switch (mend->state) {
	case WL_MEND_WORKS:
		break;
	case WL_MEND_WANTS_READ:
		return wl_mender_want(mender, WL_MENDER_WANTS_READ, wanted->offset, wanted->buffer,
				      wanted->bytes);
	case WL_MEND_WANTS_WRITE:
		return wl_mender_want(mender, WL_MENDER_WANTS_WRITE, wanted->offset, wanted->buffer,
				      wanted->bytes);
	case WL_MEND_WANTS_SEGMENT:
		return wl_mender_want(mender, WL_MENDER_WANTS_SEGMENT, wanted->offset, NULL, 0);
	case WL_MEND_WANTS_UNCOUNTED:
		return step_uncounted(mender);
	case WL_MEND_WANTS_ENTRIES:
		wl_mender_ask(mender);
		return false;
	case WL_MEND_DONE:
		done(mender);
		return false;
	case WL_MEND_REFUSED:
		wl_mender_note(mender);
		refuse(mender, &mend->damage);
		return false;
	case WL_MEND_FAILED:
		mender->until_ns = mender->now_ns + WL_MENDER_REST_NS;
		wl_mender_note(mender);
		wl_mender_tell(mender, WL_MENDING_FAILED);
		wl_mend_again(mend);
		return false;
	}
	return false;
}

/*
 * The survey found a whole log, up to the base's entry and beyond, and yet no chunk begins with it where the base says: it was packed otherwise.
 * A start from the other base, or from the beginning, reads it.
 */
static bool no_longer_fits(const struct wl_mender *mender)
{
	const struct wl_mend *mend = &mender->mend;
	const struct wl_base_load *load = &mender->load;
	uint64_t walk = mend->config.walk_offset, index = mend->config.walk_index, chain;

	if (walk == 0 || walk != walk_offset(mender) || !mender->recovery.base_awaited ||
	    mend->state != WL_MEND_DONE || mend->bytes_written != 0 ||
	    mend->survey.tail.position.index < index ||
	    (wl_survey_chain_at(&mend->survey, index, &chain) && chain != mend->config.walk_chain))
		return false;
	return load->places[!load->chosen].verdict == WL_BASE_OK ||
	       mender->config.first_segment == 0;
}

static bool remove_base(struct wl_mender *mender)
{
	mender->phase = WL_MENDER_PHASE_REMOVE;
	wl_mender_want(mender, WL_MENDER_WANTS_REMOVE, 0, NULL, 0);
	mender->want.place = mender->load.chosen;
	return true;
}

static bool step_prove(struct wl_mender *mender)
{
	struct wl_recovery *recovery = &mender->recovery;
	uint64_t offset;
	uint32_t bytes;

	if (recovery->state == WL_RECOVERY_WANTS_READ) {
		wl_recovery_want(recovery, &offset, &bytes);
		return wl_mender_want(mender, WL_MENDER_WANTS_READ, offset, recovery->window.bytes,
				      bytes);
	}
	if (recovery->state == WL_RECOVERY_DONE) {
		end(mender, WL_MENDING_MENDED);
		return false;
	}
	mender->report.kind = recovery->damage.kind;
	mender->report.begin = recovery->damage.begin;
	mender->report.end = recovery->damage.end;
	/* What is not given now may be given later: nothing that was mended is damaged again. */
	if (recovery->damage.kind == WL_DAMAGE_READ_FAILED) {
		try_later(mender, WL_MENDER_PHASE_LOAD);
		return false;
	}
	if (no_longer_fits(mender))
		return remove_base(mender);
	mender->report.rounds++;
	begin_load(mender, WL_MENDER_PHASE_LOAD);
	rest_if_too_often(mender);
	return false;
}

static bool step(struct wl_mender *mender, const struct wl_mender_running *running)
{
	if (running && wl_mender_is_gone(mender, running)) {
		mender->phase = WL_MENDER_PHASE_REST;
		mender->mends = false;
		wl_mend_lanes_note_damaged(mender->lanes, running->begin_offset);
		wl_mender_tell(mender, WL_MENDING_NONE);
	}
	switch ((enum wl_mender_phase)mender->phase) {
	case WL_MENDER_PHASE_REST:
		return running && wl_mender_begin_running(mender, running) && step_mend(mender);
	case WL_MENDER_PHASE_LOAD:
	case WL_MENDER_PHASE_LOAD_AGAIN:
		return step_load(mender);
	case WL_MENDER_PHASE_MEND:
		return step_mend(mender);
	case WL_MENDER_PHASE_UNCOUNT:
		return step_give_up(mender);
	case WL_MENDER_PHASE_ZERO:
		return step_zero(mender);
	case WL_MENDER_PHASE_PROVE:
		return step_prove(mender);
	case WL_MENDER_PHASE_REMOVE:
		return remove_base(mender);
	case WL_MENDER_PHASE_END:
		break;
	}
	return false;
}

static void on_done(struct wl_mender *mender, enum wl_disk_status status)
{
	switch ((enum wl_mender_phase)mender->phase) {
	case WL_MENDER_PHASE_LOAD:
	case WL_MENDER_PHASE_LOAD_AGAIN:
		wl_base_load_on_read(&mender->load, status);
		break;
	case WL_MENDER_PHASE_MEND:
		wl_mend_on_done(&mender->mend, status);
		wl_mender_note(mender);
		break;
	case WL_MENDER_PHASE_ZERO:
		if (status == WL_DISK_OK)
			mender->zeroed_to += mender->want.bytes;
		else
			mender->until_ns = mender->now_ns + WL_MENDER_REST_NS;
		break;
	case WL_MENDER_PHASE_PROVE:
		wl_recovery_on_read(&mender->recovery, status);
		break;
	case WL_MENDER_PHASE_REMOVE:
		if (status == WL_DISK_OK || status == WL_DISK_ABSENT)
			begin_load(mender, WL_MENDER_PHASE_LOAD);
		else
			mender->until_ns = mender->now_ns + WL_MENDER_REST_NS;
		break;
	default:
		WL_CHECK(!"nothing was wanted");
	}
	if (mender->phase != WL_MENDER_PHASE_PROVE)
		wl_mend_lanes_report(mender->lanes, &mender->report);
}

/* ---- both --------------------------------------------------------------------------------------- */

void wl_mender_init(struct wl_mender *mender, const struct wl_mender_config *config,
		    struct wl_mend_lanes *lanes, void *memory)
{
	uint8_t *at = memory;

	memset(mender, 0, sizeof(*mender));
	mender->config = *config;
	mender->lanes = lanes;
	mender->segments = config->segments;
	mender->given_up_from = UINT64_MAX;
	mender->ring = take(&at, config->log.ring_bytes);
	mender->window = take(&at, WINDOW_BYTES);
	mender->serve_window = take(&at, WINDOW_BYTES);
	mender->run = take(&at, RUN_BYTES);
	mender->log_memory = take(&at, wl_log_memory_bytes(&config->log));
	mender->state_memory = take(&at, wl_state_memory_bytes(config->sessions_max));
	mender->mend_memory = take(&at, wl_mend_memory_bytes());
	WL_CHECK((size_t)(at - (uint8_t *)memory) <= wl_mender_memory_bytes(config));
	wl_salvage_find_init(&mender->find, &mender->config.log, mender->serve_window, mender->run);
	if (!config->dormant)
		return;
	mender->report = (struct wl_mend_report){
		.dormant = 1,
		.kind = config->damage.kind,
		.begin = config->damage.begin,
		.end = config->damage.end,
		.rounds = config->rounds,
	};
	begin_load(mender, WL_MENDER_PHASE_LOAD);
	wl_mender_tell(mender, WL_MENDING_SURVEYS);
}

enum wl_mender_state wl_mender_step(struct wl_mender *mender,
				    const struct wl_mender_running *running, uint64_t now_ns)
{
	bool wants = false;

	WL_CHECK(mender->state == WL_MENDER_IDLE && (running != NULL) != mender->config.dormant);
	mender->now_ns = now_ns;
	mender->serves = false;
	if (mender->report.began_ns == 0) {
		mender->report.began_ns = mender->report.moved_ns = now_ns;
		rest_if_too_often(mender);
	}
	if (!mender->served)
		wants = wl_mender_serve(mender);
	if (!wants && now_ns >= mender->until_ns) {
		uint8_t phase;

		/* What needs nothing of the medium is done at once. */
		do {
			phase = mender->phase;
			mender->moved_on = false;
			wants = step(mender, running);
		} while (!wants && (mender->moved_on || mender->phase != phase) &&
			 now_ns >= mender->until_ns);
	}
	WL_CHECK(wants == (mender->state != WL_MENDER_IDLE));
	mender->served = mender->serves;
	return mender->state;
}

void wl_mender_on_done(struct wl_mender *mender, enum wl_disk_status status)
{
	enum wl_mender_state wanted = mender->state;

	WL_CHECK(wanted != WL_MENDER_IDLE);
	mender->state = WL_MENDER_IDLE;
	if (mender->serves) {
		WL_CHECK(wanted == WL_MENDER_WANTS_READ);
		wl_salvage_find_on_read(&mender->find, status);
		return;
	}
	if (status == WL_DISK_OK)
		mender->report.moved_ns = mender->now_ns;
	if (wanted == WL_MENDER_WANTS_SEGMENT && status == WL_DISK_OK) {
		uint64_t behind = mender->want.offset / mender->config.log.segment_bytes + 1;

		if (behind > mender->segments)
			mender->segments = behind;
	}
	on_done(mender, status);
}

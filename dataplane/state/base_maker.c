/* SPDX-License-Identifier: BSD-3-Clause */
/* The reading half: a base, or the log's own beginning; then the stream, in steps, and what is committed of it applied. */
#include "dataplane/state/base_maker.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/state/maker_internal.h"

#define READER_COOKIE 1u

static size_t log_bytes(const struct wl_base_maker_config *config)
{
	return wl_align_up(wl_log_memory_bytes(&config->log), WL_BLOCK_BYTES);
}

static size_t state_bytes(const struct wl_base_maker_config *config)
{
	return wl_align_up(wl_state_memory_bytes(config->sessions_max), WL_BLOCK_BYTES);
}

size_t wl_base_maker_memory_bytes(const struct wl_base_maker_config *config)
{
	return log_bytes(config) + state_bytes(config) +
	       wl_align_up(config->sessions_max * sizeof(uint32_t), WL_BLOCK_BYTES);
}

void wl_base_maker_want(struct wl_base_maker *maker, enum wl_base_maker_state state,
			uint64_t offset, uint64_t bytes)
{
	WL_CHECK(maker->place < WL_BASE_PLACES && offset % WL_BLOCK_BYTES == 0);
	/* All but a whole file passes through the window. */
	WL_CHECK(bytes <= WL_BASE_WINDOW_BYTES || state == WL_BASE_MAKER_WANTS_BEGIN);
	maker->state = state;
	maker->want = (struct wl_base_maker_want){
		.place = maker->place,
		.offset = offset,
		.buffer = maker->window,
		.bytes = bytes,
	};
}

void wl_base_maker_stop(struct wl_base_maker *maker, enum wl_base_stop stop)
{
	WL_CHECK(stop != WL_BASE_STOP_NONE);
	maker->phase = WL_BASE_PHASE_STOPPED;
	maker->state = WL_BASE_MAKER_STOPPED;
	maker->stop = stop;
}

void wl_base_maker_empty(struct wl_base_maker *maker)
{
	wl_log_init(&maker->log, &maker->config.log, maker->ring, maker->log_memory);
	wl_state_init(&maker->applied, maker->state_memory, maker->config.sessions_max);
}

void wl_base_maker_read_on(struct wl_base_maker *maker)
{
	wl_reader_init(&maker->reader, &maker->log, maker->applied.sessions.applied_index + 1,
		       READER_COOKIE);
}

/* ---- loading ---- */

static bool on_loaded(struct wl_base_maker *maker)
{
	const struct wl_base_load *load = &maker->load;
	bool has_beginning = maker->config.first_segment == 0;

	WL_CHECK(maker->phase == WL_BASE_PHASE_LOAD);
	if (load->verdict != WL_BASE_OK && !(has_beginning && (load->verdict == WL_BASE_EMPTY ||
							       load->verdict == WL_BASE_DAMAGED))) {
		wl_base_maker_stop(maker, WL_BASE_STOP_LOAD);
		return false;
	}
	wl_base_write_on_loaded(maker);
	if (load->verdict == WL_BASE_OK) /* a base's walk begins at its chunk */
		maker->pause_offset = load->places[load->chosen].header.log.walk_offset;
	wl_base_maker_read_on(maker);
	maker->phase = WL_BASE_PHASE_APPLY;
	return wl_base_write_compare(maker);
}

static bool step_load(struct wl_base_maker *maker)
{
	uint32_t bytes;
	uint64_t at;

	switch (maker->load.state) {
	case WL_BASE_LOAD_WANTS_READ:
		wl_base_load_want(&maker->load, &maker->place, &at, &bytes);
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_LOAD, at, bytes);
		return false;
	case WL_BASE_LOAD_WANTS_EMPTY:
		wl_base_maker_empty(maker);
		wl_base_load_on_empty(&maker->load);
		return true;
	case WL_BASE_LOAD_DONE:
		break;
	}
	return on_loaded(maker);
}

/* ---- walking ---- */

static void on_walked(void *context, const uint8_t *image, const struct wl_entry_header *header,
		      uint64_t offset)
{
	struct wl_base_maker *maker = context;

	wl_log_keep_image(&maker->log, image, offset, (uint32_t)wl_entry_bytes(header));
}

static bool step_walk(struct wl_base_maker *maker)
{
	uint64_t offset;
	uint32_t bytes;

	switch (maker->recovery.state) {
	case WL_RECOVERY_WANTS_READ:
		wl_recovery_want(&maker->recovery, &offset, &bytes);
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_READ, offset, bytes);
		return false;
	case WL_RECOVERY_PAUSED:
		maker->phase = WL_BASE_PHASE_APPLY;
		return true;
	default: /* what is durable ends before the place that it was told to reach */
		wl_base_maker_stop(maker, WL_BASE_STOP_DAMAGED);
		return false;
	}
}

static void follow(struct wl_base_maker *maker)
{
	uint64_t segment_bytes = maker->config.log.segment_bytes;

	WL_CHECK(!maker->walks && maker->pause_offset <= maker->target.durable_offset);
	maker->walks = true;
	wl_recovery_init(&maker->recovery, &maker->log,
			 (maker->pause_offset + segment_bytes - 1) / segment_bytes, 0,
			 (struct wl_recovery_window){maker->window, WL_BASE_WINDOW_BYTES});
	maker->recovery.on_entry = on_walked;
	maker->recovery.context = maker;
	wl_recovery_follow(&maker->recovery);
}

/* Where the walk pauses next; false: it is where it was told to go. */
static bool walk_on(struct wl_base_maker *maker)
{
	if (maker->pause_offset >= maker->target.durable_offset) {
		if (maker->limit.durable_offset <= maker->pause_offset)
			return false;
		maker->target = maker->limit;
	}
	maker->pause_offset += WL_BASE_STEP_BYTES;
	if (maker->pause_offset > maker->target.durable_offset)
		maker->pause_offset = maker->target.durable_offset;
	WL_CHECK(maker->target.durable_offset <= maker->limit.durable_offset); /* M2 */
	/* The window is the walk's again. */
	WL_CHECK(!maker->reader.buffer && !maker->reader.in_flight);
	maker->phase = WL_BASE_PHASE_WALK;
	if (!maker->walks)
		follow(maker);
	wl_recovery_resume(&maker->recovery, maker->pause_offset);
	return true;
}

/* ---- applying ---- */

/* The highest index that is known to be live in the stream as far as it was walked, and committed. */
static uint64_t known_committed(const struct wl_base_maker *maker)
{
	uint64_t commit = maker->target.commit;

	if (!maker->walks)
		return 0;
	if (maker->pause_offset < maker->target.durable_offset &&
	    maker->recovery.known_commit < commit)
		commit = maker->recovery.known_commit;
	return commit < maker->log.tail.index ? commit : maker->log.tail.index;
}

/* True: go on with the next one. */
static bool apply(struct wl_base_maker *maker, const struct wl_reader_view *view)
{
	struct wl_state *state = &maker->applied;
	uint64_t proven = state->proven.index;

	WL_CHECK(view->header.index == state->sessions.applied_index + 1 &&
		 view->header.index <= maker->target.commit);
	wl_state_apply(state, view->image, &view->header);
	if (state->sessions.contradicted || wl_session_table_lacks_room(&state->sessions)) {
		wl_base_maker_stop(maker, state->sessions.contradicted ? WL_BASE_STOP_CONTRADICTED
								       : WL_BASE_STOP_LACKS_ROOM);
		return false;
	}
	if (!wl_features_have(maker->config.features, state->features.set)) {
		wl_base_maker_stop(maker, WL_BASE_STOP_LACKS_FEATURES);
		return false;
	}
	if (state->proven.index != proven && !wl_base_write_compare(maker))
		return false;
	return state->base_mark != view->header.index || !wl_base_write_begin(maker);
}

static void want_from_medium(struct wl_base_maker *maker)
{
	struct wl_disk_request request;

	wl_reader_want(&maker->reader, &request);
	wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_READ, request.offset, request.bytes);
}

/* False: it waits, or does something else first. */
static bool apply_next(struct wl_base_maker *maker, uint64_t commit)
{
	struct wl_reader_view view;

	switch (wl_reader_next(&maker->reader, commit, &view)) {
	case WL_READER_ENTRY:
		return apply(maker, &view);
	case WL_READER_WANTS_BUFFER:
		wl_reader_lend(&maker->reader, maker->window, WL_BASE_WINDOW_BYTES);
		return true;
	case WL_READER_WANTS_READ:
		want_from_medium(maker);
		return false;
	default: /* the walk has just found it there */
		maker->stop_offset = view.offset;
		wl_base_maker_stop(maker, WL_BASE_STOP_UNREADABLE);
		return false;
	}
}

void wl_base_maker_take_window(struct wl_base_maker *maker)
{
	if (maker->reader.buffer)
		wl_reader_return(&maker->reader);
	maker->recovery.window_valid = 0;
}

/* What the worker gave up is given up here, when it is applied. */
static void give_up(struct wl_base_maker *maker)
{
	const struct wl_log_begin *begin = &maker->limit.begin;

	if (begin->position.index > maker->log.begin.position.index &&
	    begin->position.index <= maker->applied.sessions.applied_index)
		wl_log_give_up(&maker->log, begin);
}

static bool step_apply(struct wl_base_maker *maker)
{
	uint64_t commit = known_committed(maker);

	if (maker->applied.sessions.applied_index < commit)
		return apply_next(maker, commit) || maker->phase != WL_BASE_PHASE_APPLY;
	if (maker->reader.buffer)
		wl_base_maker_take_window(maker);
	give_up(maker);
	if (maker->limit.durable_offset == maker->target.durable_offset &&
	    maker->limit.commit > maker->target.commit) {
		maker->target = maker->limit; /* of the same bytes more is committed */
		return true;
	}
	if (walk_on(maker))
		return true;
	maker->state = WL_BASE_MAKER_IDLE;
	return false;
}

/* One step; false when it waits for somebody, or has ended. */
static bool step(struct wl_base_maker *maker)
{
	switch (maker->phase) {
	case WL_BASE_PHASE_LOAD:
		return step_load(maker);
	case WL_BASE_PHASE_WALK:
		return step_walk(maker);
	case WL_BASE_PHASE_APPLY:
		return step_apply(maker);
	default: /* what is written says itself what it wants */
		return false;
	}
}

static void run(struct wl_base_maker *maker)
{
	while (step(maker)) {
	}
}

void wl_base_maker_init(struct wl_base_maker *maker, const struct wl_base_maker_config *config,
			uint8_t *ring, uint8_t *window, void *memory)
{
	uint8_t *at = memory;
	struct wl_base_target target = {&maker->applied, &maker->log, config->first_segment};

	WL_CHECK(config->log.ring_bytes >= WL_LOG_RING_BYTES_MIN && config->sessions_max != 0);
	WL_CHECK((uintptr_t)ring % WL_BLOCK_BYTES == 0 && (uintptr_t)window % WL_BLOCK_BYTES == 0);
	memset(maker, 0, sizeof(*maker));
	maker->config = *config;
	maker->ring = ring;
	maker->window = window;
	maker->log_memory = at;
	at += log_bytes(config);
	maker->state_memory = at;
	at += state_bytes(config);
	maker->order = (uint32_t *)at;
	WL_CHECK((uintptr_t)memory % 8 == 0);
	wl_base_maker_empty(maker);
	wl_base_load_init(&maker->load, &maker->config.identity, &target, window,
			  WL_BASE_WINDOW_BYTES);
	maker->load.check_both = true;
	run(maker);
}

void wl_base_maker_tell(struct wl_base_maker *maker, const struct wl_base_limit *limit)
{
	WL_CHECK(limit->commit == 0 || limit->durable_offset != 0);
	/* Commit and offset are of one moment: both are taken, or neither. */
	if (limit->durable_offset >= maker->limit.durable_offset &&
	    limit->commit >= maker->limit.commit)
		maker->limit = *limit;
	WL_CHECK(maker->limit.commit >= maker->target.commit);
	if (maker->state == WL_BASE_MAKER_IDLE)
		run(maker);
}

static void on_read(struct wl_base_maker *maker, enum wl_disk_status status)
{
	struct wl_disk_completion completion = {
		.verb = WL_DISK_READ,
		.status = status,
		.offset = maker->want.offset,
		.bytes = (uint32_t)maker->want.bytes,
		.cookie = maker->reader.cookie | (uint32_t)maker->reader.generation,
	};

	WL_CHECK(maker->state == WL_BASE_MAKER_WANTS_READ);
	if (maker->phase == WL_BASE_PHASE_WALK)
		wl_recovery_on_read(&maker->recovery, status);
	else
		wl_reader_on_read(&maker->reader, &completion);
}

void wl_base_maker_on_done(struct wl_base_maker *maker, enum wl_disk_status status)
{
	WL_CHECK(maker->state != WL_BASE_MAKER_IDLE && maker->state != WL_BASE_MAKER_STOPPED);
	switch (maker->phase) {
	case WL_BASE_PHASE_LOAD:
		wl_base_load_on_read(&maker->load, status);
		break;
	case WL_BASE_PHASE_WALK:
	case WL_BASE_PHASE_APPLY:
		on_read(maker, status);
		break;
	default:
		wl_base_write_on_done(maker, status);
		break;
	}
	run(maker);
}

const struct wl_log *wl_base_maker_log(const struct wl_base_maker *maker, uint64_t *applied)
{
	*applied = maker->applied.sessions.applied_index;
	return maker->walks && maker->phase != WL_BASE_PHASE_LOAD &&
			       maker->phase != WL_BASE_PHASE_INSTALL &&
			       maker->phase != WL_BASE_PHASE_STOPPED
		       ? &maker->log
		       : NULL;
}

const char *wl_base_stop_name(enum wl_base_stop stop)
{
	static const char *const names[] = {
		[WL_BASE_STOP_NONE] = "none",
		[WL_BASE_STOP_LOAD] = "no-base",
		[WL_BASE_STOP_DAMAGED] = "damaged",
		[WL_BASE_STOP_UNREADABLE] = "unreadable",
		[WL_BASE_STOP_DIFFERS] = "differs",
		[WL_BASE_STOP_CONTRADICTED] = "contradicted",
		[WL_BASE_STOP_LACKS_ROOM] = "lacks-room",
		[WL_BASE_STOP_LACKS_FEATURES] = "lacks-features",
	};
	WL_STATIC_CHECK(sizeof(names) / sizeof(names[0]) == WL_BASE_STOP_CONTRADICTED + 1);

	return (unsigned)stop < sizeof(names) / sizeof(names[0]) ? names[stop] : "unknown";
}

static const char *check_places(const struct wl_base_maker *maker)
{
	const struct wl_base_maker_place *places = maker->places;

	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		if (places[place].whole && places[place].sequence % WL_BASE_PLACES != place)
			return "M5: a base lies in a place that is not its own";
	if (places[0].whole && places[1].whole &&
	    (places[0].index == places[1].index ||
	     (places[0].index < places[1].index) != (places[0].sequence < places[1].sequence)))
		return "M5: the newer base does not stand at the higher index";
	return NULL;
}

const char *wl_base_maker_check(const struct wl_base_maker *maker)
{
	uint64_t applied = maker->applied.sessions.applied_index;

	if (maker->phase == WL_BASE_PHASE_LOAD)
		return wl_base_load_check(&maker->load);
	if (maker->phase == WL_BASE_PHASE_INSTALL)
		return NULL; /* nothing of it is believed yet */
	if (applied > maker->log.tail.index ||
	    (applied > maker->limit.commit && applied != maker->loaded_index))
		return "M1: an entry was applied that is not known to be committed";
	if (maker->walks && maker->pause_offset > maker->limit.durable_offset)
		return "M2: the walk went farther than it was told";
	if (maker->phase == WL_BASE_PHASE_WRITE &&
	    applied != maker->encoder.header.log.position.index)
		return "M3: a base is written of another index than the state's";
	if (maker->phase == WL_BASE_PHASE_WRITE && maker->place == wl_base_write_proven(maker))
		return "M4: the newest proven base is written over";
	return check_places(maker);
}

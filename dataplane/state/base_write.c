/* SPDX-License-Identifier: BSD-3-Clause */
/* The writing half of the base maker: which place, what stands in it, and what becomes of a base that a majority made otherwise. */
#include "dataplane/base/check.h"
#include "dataplane/state/maker_internal.h"

/* The place with the higher sequence of those that are whole; WL_BASE_PLACES: none is. */
static unsigned newest_whole(const struct wl_base_maker *maker)
{
	const struct wl_base_maker_place *places = maker->places;

	if (!places[0].whole && !places[1].whole)
		return WL_BASE_PLACES;
	if (places[0].whole && places[1].whole)
		return places[1].sequence > places[0].sequence;
	return places[1].whole;
}

unsigned wl_base_write_proven(const struct wl_base_maker *maker)
{
	unsigned newest = newest_whole(maker);

	if (newest == WL_BASE_PLACES || maker->places[newest].proven)
		return newest;
	return maker->places[!newest].whole && maker->places[!newest].proven ? !newest
									     : WL_BASE_PLACES;
}

/* Never the newest proven one; else the older one, or the place where there is none. */
static unsigned place_for_next(const struct wl_base_maker *maker)
{
	unsigned keep = wl_base_write_proven(maker);

	if (keep == WL_BASE_PLACES)
		keep = newest_whole(maker);
	return keep == WL_BASE_PLACES ? (unsigned)((maker->sequence + 1) % WL_BASE_PLACES) : !keep;
}

/* Begins with the state as it is; again after a failure. */
static void write_from_start(struct wl_base_maker *maker, const struct wl_log_base *base)
{
	struct wl_base_header header = {
		.identity = maker->config.identity,
		.log = *base,
	};

	WL_CHECK(maker->phase != WL_BASE_PHASE_WRITE);
	WL_CHECK(base->position.index == maker->applied.sessions.applied_index);
	maker->place = place_for_next(maker);
	WL_CHECK(maker->place < WL_BASE_PLACES && maker->place != wl_base_write_proven(maker));
	maker->sequence++;
	if (maker->sequence % WL_BASE_PLACES != maker->place)
		maker->sequence++;
	WL_CHECK(maker->sequence % WL_BASE_PLACES == maker->place); /* M5 */
	header.sequence = maker->sequence;
	wl_base_encode_begin(&maker->encoder, &header, &maker->applied, &maker->log, maker->order);
	maker->places[maker->place].whole = false;
	maker->phase = WL_BASE_PHASE_WRITE;
	wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_BEGIN, 0,
			   wl_base_file_bytes(&maker->encoder.header));
}

/* True: a place is cleared first. */
static bool sweep(struct wl_base_maker *maker)
{
	if (maker->loaded_index != 0)
		return false; /* the next base goes to that place */
	for (unsigned place = 0; place < WL_BASE_PLACES; place++) {
		if (!maker->places[place].unread)
			continue;
		maker->place = place;
		maker->phase = WL_BASE_PHASE_SWEEP;
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_REMOVE, 0, 0);
		return true;
	}
	return false;
}

static void on_swept(struct wl_base_maker *maker, enum wl_disk_status status)
{
	struct wl_log_base base = maker->encoder.header.log;

	WL_CHECK(maker->state == WL_BASE_MAKER_WANTS_REMOVE ||
		 maker->state == WL_BASE_MAKER_WANTS_REST);
	if (maker->state == WL_BASE_MAKER_WANTS_REMOVE && status != WL_DISK_OK) {
		maker->report.failures++;
		maker->report.failing = true;
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_REST, 0, 0);
		return;
	}
	if (maker->state == WL_BASE_MAKER_WANTS_REMOVE)
		maker->places[maker->place].unread = false;
	if (!sweep(maker))
		write_from_start(maker, &base);
}

bool wl_base_write_begin(struct wl_base_maker *maker)
{
	uint64_t index = maker->applied.sessions.applied_index;
	struct wl_log_base base;
	bool is_late;

	WL_CHECK(index == maker->applied.base_mark);
	is_late = index < maker->limit.base_mark && maker->skips < WL_BASE_SKIPS_MAX;

	if (is_late || !wl_log_describe_base(&maker->log, index, &base)) {
		maker->skips++;
		maker->report.skipped++;
		return false;
	}
	maker->skips = 0;
	wl_base_maker_take_window(maker);
	maker->encoder.header.log = base;
	if (!sweep(maker))
		write_from_start(maker, &base);
	return true;
}

void wl_base_write_install(struct wl_base_maker *maker, const struct wl_log_base *base)
{
	write_from_start(maker, base);
}

static void on_committed(struct wl_base_maker *maker)
{
	const struct wl_base_header *header = &maker->encoder.header;

	WL_CHECK(maker->encoder.block == maker->encoder.blocks);
	WL_CHECK(header->sequence % WL_BASE_PLACES == maker->place); /* M5 */
	WL_CHECK(header->log.position.index == maker->applied.sessions.applied_index); /* M3 */
	WL_CHECK(maker->place != wl_base_write_proven(maker)); /* M4 */
	maker->places[maker->place] = (struct wl_base_maker_place){
		.whole = true,
		.sequence = header->sequence,
		.index = header->log.position.index,
		.digest = header->digest,
		.walk_offset = header->log.walk_offset,
		.proven = header->log.installed && header->digest == maker->install.digest,
	};
	maker->report.made++;
	maker->report.failing = false;
	maker->phase = WL_BASE_PHASE_APPLY;
	if (!header->log.installed ||
	    (!maker->places[!maker->place].whole && !maker->places[!maker->place].unread))
		return;
	maker->phase = WL_BASE_PHASE_CLEAR;
	wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_REMOVE, 0, 0);
	maker->want.place = !maker->place;
}

/* Its segments are forgotten next; no start could go on from it. */
static void on_cleared(struct wl_base_maker *maker)
{
	maker->places[!maker->place].whole = maker->places[!maker->place].unread = false;
	maker->phase = WL_BASE_PHASE_APPLY;
}

static void on_written(struct wl_base_maker *maker)
{
	size_t bytes = wl_base_encode(&maker->encoder, maker->window, WL_BASE_PIECE_BYTES);

	WL_CHECK(maker->state == WL_BASE_MAKER_WANTS_BEGIN ||
		 maker->state == WL_BASE_MAKER_WANTS_WRITE);
	if (bytes != 0)
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_WRITE, 0, bytes);
	else
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_COMMIT, 0, 0);
}

/* The medium refused it. Whether what stood in that place is there yet depends on the store: it is looked at. */
static void on_failed(struct wl_base_maker *maker)
{
	if (maker->state == WL_BASE_MAKER_WANTS_WRITE) {
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_ABANDON, 0, 0);
		return;
	}
	WL_CHECK(maker->phase == WL_BASE_PHASE_WRITE);
	maker->report.failures++;
	maker->report.failing = true;
	maker->phase = WL_BASE_PHASE_LOOK;
	wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_LOAD, 0, WL_BLOCK_BYTES);
}

static void on_written_or_not(struct wl_base_maker *maker, enum wl_disk_status status)
{
	if (status != WL_DISK_OK || maker->state == WL_BASE_MAKER_WANTS_ABANDON)
		on_failed(maker);
	else if (maker->state == WL_BASE_MAKER_WANTS_COMMIT)
		on_committed(maker);
	else
		on_written(maker);
}

/* Only its first block is read: in a store that writes beside the old one it is as whole as it was. */
static void on_looked(struct wl_base_maker *maker, enum wl_disk_status status)
{
	struct wl_base_maker_place *place = &maker->places[maker->place];
	struct wl_base_header header;

	WL_CHECK(maker->phase == WL_BASE_PHASE_LOOK);
	place->whole = place->sequence != 0 && status == WL_DISK_OK &&
		       wl_base_decode_header(maker->window, &maker->config.identity, &header) ==
			       WL_BASE_OK &&
		       header.sequence == place->sequence;
	if (maker->encoder.header.log.installed) {
		/* Whether it is durable is not known, and the log goes on as if it were not: so it must not be. */
		place->whole = false;
		maker->phase = WL_BASE_PHASE_REMOVE;
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_REMOVE, 0, 0);
		return;
	}
	wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_REST, 0, 0);
}

void wl_base_write_on_done(struct wl_base_maker *maker, enum wl_disk_status status)
{
	struct wl_log_base base = maker->encoder.header.log;

	if (maker->phase == WL_BASE_PHASE_SWEEP)
		on_swept(maker, status);
	else if (maker->phase == WL_BASE_PHASE_WRITE)
		on_written_or_not(maker, status);
	else if (maker->phase == WL_BASE_PHASE_CLEAR)
		on_cleared(maker);
	else if (maker->phase == WL_BASE_PHASE_REMOVE)
		wl_base_maker_stop(maker, WL_BASE_STOP_DIFFERS);
	else if (maker->state == WL_BASE_MAKER_WANTS_REST)
		write_from_start(maker, &base);
	else
		on_looked(maker, status);
}

void wl_base_write_on_loaded(struct wl_base_maker *maker)
{
	for (unsigned place = 0; place < WL_BASE_PLACES; place++) {
		const struct wl_base_place *loaded = &maker->load.places[place];
		const struct wl_base_header *header = &loaded->header;

		if (header->sequence > maker->sequence)
			maker->sequence = header->sequence;
		maker->places[place].unread = loaded->verdict == WL_BASE_DAMAGED;
		if (loaded->verdict != WL_BASE_OK)
			continue;
		maker->places[place] = (struct wl_base_maker_place){
			.whole = true,
			.sequence = header->sequence,
			.index = header->log.position.index,
			.digest = header->digest,
			.walk_offset = header->log.walk_offset,
		};
	}
	maker->loaded_index = maker->applied.sessions.applied_index;
}

static bool differs(const struct wl_base_maker_place *place, const struct wl_base_proof *proof)
{
	return place->whole && place->index == proof->index && place->digest != proof->digest;
}

static bool is_proven(const struct wl_base_maker_place *place, const struct wl_base_proof *proof)
{
	return place->whole && place->index == proof->index && place->digest == proof->digest;
}

bool wl_base_write_compare(struct wl_base_maker *maker)
{
	const struct wl_state *state = &maker->applied;

	for (unsigned at = 0; at < WL_BASE_PLACES; at++) {
		struct wl_base_maker_place *place = &maker->places[at];

		if (is_proven(place, &state->proven) || is_proven(place, &state->proven_before))
			place->proven = true;
		if (!differs(place, &state->proven) && !differs(place, &state->proven_before))
			continue;
		place->whole = false;
		maker->report.discarded++;
		maker->place = at;
		maker->phase = WL_BASE_PHASE_REMOVE;
		wl_base_maker_want(maker, WL_BASE_MAKER_WANTS_REMOVE, 0, 0);
		return false;
	}
	return true;
}

static struct wl_base_own own_of(const struct wl_base_maker_place *place)
{
	return place->whole ? (struct wl_base_own){
				      .index = place->index,
				      .digest = place->digest,
				      .walk_offset = place->walk_offset,
				      .proven = place->proven,
			      }
			    : (struct wl_base_own){0};
}

void wl_base_maker_report(const struct wl_base_maker *maker, struct wl_base_report *report)
{
	unsigned newest = newest_whole(maker);

	*report = maker->report;
	report->stop = maker->stop;
	report->applied_index = maker->applied.sessions.applied_index;
	report->walked_offset = maker->pause_offset;
	if (newest == WL_BASE_PLACES)
		return;
	report->newest = own_of(&maker->places[newest]);
	report->before = own_of(&maker->places[!newest]);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   HEADS (first block of both) --none is ours--> DONE
 *      |                                           ^
 *      v newest                                    |
 *   LOAD --whole--> (CHECK the other one) ---------+
 *      |                                           |
 *      +--damaged--> WANTS_EMPTY --> LOAD the other one, if it is ours
 */
#include "dataplane/state/base_load.h"

#include "dataplane/base/check.h"

enum phase {
	PHASE_HEADS,
	PHASE_LOAD,
	PHASE_CHECK,
	PHASE_DONE,
};

static void want(struct wl_base_load *load, uint64_t at, uint64_t left)
{
	load->at = at;
	load->bytes = left < load->buffer_bytes ? (uint32_t)left : load->buffer_bytes;
	load->state = WL_BASE_LOAD_WANTS_READ;
	WL_CHECK(load->place < WL_BASE_PLACES && at % WL_BLOCK_BYTES == 0);
	WL_CHECK(load->bytes != 0 && load->bytes % WL_BLOCK_BYTES == 0); /* O1 */
}

void wl_base_load_init(struct wl_base_load *load, const struct wl_base_identity *identity,
		       const struct wl_base_target *target, uint8_t *buffer, uint32_t buffer_bytes)
{
	WL_CHECK(buffer_bytes >= WL_BLOCK_BYTES);
	WL_CHECK((uintptr_t)buffer % WL_BLOCK_BYTES == 0);
	*load = (struct wl_base_load){
		.identity = identity,
		.target = *target,
		.buffer = buffer,
		.buffer_bytes = buffer_bytes & ~(WL_BLOCK_BYTES - 1),
		.phase = PHASE_HEADS,
	};
	want(load, 0, WL_BLOCK_BYTES);
}

static void finish(struct wl_base_load *load, enum wl_base_verdict verdict)
{
	WL_CHECK(load->phase != PHASE_DONE);
	WL_CHECK(verdict != WL_BASE_OK ||
		 load->places[load->chosen].verdict == WL_BASE_OK); /* O3 */
	load->phase = PHASE_DONE;
	load->state = WL_BASE_LOAD_DONE;
	load->verdict = verdict;
}

static void read_whole(struct wl_base_load *load, enum phase phase)
{
	bool fills = phase == PHASE_LOAD;

	WL_CHECK(load->places[load->place].verdict == WL_BASE_OK);
	load->phase = (uint8_t)phase;
	wl_base_decode_begin(&load->decoder, load->identity, fills ? load->target.state : NULL,
			     fills ? load->target.log : NULL, load->target.first_segment);
	want(load, 0, wl_base_file_bytes(&load->places[load->place].header));
}

/* The newest of those whose first block is good, and nothing is known against. */
static void choose(struct wl_base_load *load)
{
	const struct wl_base_place *places = load->places;
	bool first = places[0].verdict == WL_BASE_OK, second = places[1].verdict == WL_BASE_OK;

	for (unsigned place = 0; place < WL_BASE_PLACES; place++) {
		if (places[place].verdict == WL_BASE_VERSION ||
		    places[place].verdict == WL_BASE_FOREIGN) {
			finish(load, places[place].verdict);
			return;
		}
	}
	if (!first && !second) {
		finish(load,
		       places[0].verdict == WL_BASE_EMPTY && places[1].verdict == WL_BASE_EMPTY
			       ? WL_BASE_EMPTY
			       : WL_BASE_DAMAGED);
		return;
	}
	load->place = second && (!first || places[1].header.sequence > places[0].header.sequence);
	load->chosen = load->place;
	read_whole(load, PHASE_LOAD);
}

static void on_head(struct wl_base_load *load, enum wl_disk_status status)
{
	struct wl_base_place *place = &load->places[load->place];

	WL_CHECK(load->place < WL_BASE_PLACES);
	if (status == WL_DISK_ABSENT)
		place->verdict = WL_BASE_EMPTY;
	else if (status != WL_DISK_OK)
		place->verdict = WL_BASE_DAMAGED;
	else
		place->verdict =
			wl_base_decode_header(load->buffer, load->identity, &place->header);
	/* A whole base in a place that is not its own was misdirected. */
	if (place->verdict == WL_BASE_OK && place->header.sequence % WL_BASE_PLACES != load->place)
		place->verdict = WL_BASE_DAMAGED;
	if (++load->place < WL_BASE_PLACES)
		want(load, 0, WL_BLOCK_BYTES);
	else
		choose(load);
}

static bool is_not_for_us(enum wl_base_verdict verdict)
{
	return verdict == WL_BASE_SESSIONS || verdict == WL_BASE_FEATURES;
}

static void end_of_place(struct wl_base_load *load, enum wl_base_verdict verdict)
{
	WL_CHECK(load->phase == PHASE_CHECK || load->place == load->chosen);
	load->places[load->place].verdict = verdict;
	if (load->phase == PHASE_CHECK) {
		finish(load, WL_BASE_OK);
	} else if (is_not_for_us(verdict)) {
		/* It is whole: configuration or build are to be changed, and no other base is taken. */
		finish(load, verdict);
	} else if (verdict != WL_BASE_OK) {
		load->state = WL_BASE_LOAD_WANTS_EMPTY;
	} else if (load->check_both && load->places[!load->place].verdict == WL_BASE_OK) {
		load->place = !load->place;
		read_whole(load, PHASE_CHECK);
	} else {
		finish(load, WL_BASE_OK);
	}
}

static void on_blocks(struct wl_base_load *load, enum wl_disk_status status)
{
	uint64_t all = wl_base_file_bytes(&load->places[load->place].header);
	enum wl_base_verdict verdict = status == WL_DISK_OK ? WL_BASE_OK : WL_BASE_DAMAGED;

	WL_CHECK(load->at + load->bytes <= all && load->bytes <= load->buffer_bytes);
	for (uint32_t at = 0; at < load->bytes && verdict == WL_BASE_OK; at += WL_BLOCK_BYTES)
		verdict = wl_base_decode(&load->decoder, load->buffer + at);
	if (verdict == WL_BASE_OK && !wl_base_decode_is_done(&load->decoder)) {
		/* The medium gave another first block than before: there is no more of what it said then. */
		if (load->at + load->bytes < all) {
			want(load, load->at + load->bytes, all - load->at - load->bytes);
			return;
		}
		verdict = WL_BASE_DAMAGED;
	}
	/* The first block was good a moment ago: whatever else is wrong now is damage. */
	if (verdict != WL_BASE_OK && !is_not_for_us(verdict))
		verdict = WL_BASE_DAMAGED;
	end_of_place(load, verdict);
}

void wl_base_load_want(const struct wl_base_load *load, unsigned *place, uint64_t *at,
		       uint32_t *bytes)
{
	WL_CHECK(load->state == WL_BASE_LOAD_WANTS_READ);
	*place = load->place;
	*at = load->at;
	*bytes = load->bytes;
}

void wl_base_load_on_read(struct wl_base_load *load, enum wl_disk_status status)
{
	WL_CHECK(load->state == WL_BASE_LOAD_WANTS_READ);
	if (load->phase == PHASE_HEADS)
		on_head(load, status);
	else
		on_blocks(load, status);
}

void wl_base_load_on_empty(struct wl_base_load *load)
{
	WL_CHECK(load->state == WL_BASE_LOAD_WANTS_EMPTY);
	choose(load);
}

const char *wl_base_load_check(const struct wl_base_load *load)
{
	bool reads = load->state == WL_BASE_LOAD_WANTS_READ;

	if (reads && (load->place >= WL_BASE_PLACES || load->bytes == 0 ||
		      load->bytes % WL_BLOCK_BYTES != 0 || load->at % WL_BLOCK_BYTES != 0 ||
		      load->bytes > load->buffer_bytes))
		return "O1: a read of a base leaves its place or its buffer";
	if (reads && load->phase != PHASE_HEADS && load->places[load->place].verdict != WL_BASE_OK)
		return "O2: a base is read although its first block is not good";
	if (load->state == WL_BASE_LOAD_DONE && load->verdict == WL_BASE_OK &&
	    load->places[load->chosen].verdict != WL_BASE_OK)
		return "O3: a base was loaded that is not whole";
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lies behind the good stream, and what follows from it. The whole rest of the stream is looked
 * at, so that a hole of any size before a watermark is found. The table is in docs/LOG-FORMAT.md.
 *
 * Three facts decide: whether the place is known to have been durable (named so, by a later chunk
 * or by the superblock), what the bytes at the place look like, and whether anything lies behind it.
 *
 * Behind the place the middle of a chunk whose beginning is missing may stand, and so what a client wrote: a perfect image
 * of a chunk, of this place even. So there only a chunk with our tag is one; anything else is bytes.
 */
#include "dataplane/log/recovery_internal.h"

enum place_look {
	LOOK_EMPTY, /* zeros */
	LOOK_TORN, /* sectors are missing that the chunk had */
	LOOK_ROTTEN, /* every sector is there, the checksum fails */
	LOOK_MISPLACED, /* a whole header that belongs to another place, node or journal */
	LOOK_BROKEN, /* a whole chunk of this place that follows another chunk than the last good one */
};

void wl_recovery_begin_look(struct wl_recovery *recovery, uint64_t suspect)
{
	WL_CHECK(suspect % WL_BLOCK_BYTES == 0);
	recovery->suspect = suspect;
	recovery->look = suspect;
	recovery->place = suspect;
	recovery->place_end = suspect;
	recovery->place_look = LOOK_EMPTY;
	recovery->first_remains = WL_RECOVERY_NOWHERE;
	recovery->remains_end = 0;
}

/* Where the next chunk may stand: at the end of the good stream, or behind the boundary next to it. */
static bool may_be_next(const struct wl_recovery *recovery, uint64_t at)
{
	uint64_t boundary = wl_align_up(recovery->suspect + 1, WL_LOG_BOUNDARY_BYTES);

	if (at == recovery->suspect)
		return true;
	if (recovery->suspect % recovery->log->config.segment_bytes == 0)
		return at == recovery->suspect + WL_BLOCK_BYTES;
	if (boundary - recovery->suspect >= WL_CHUNK_BYTES_MAX)
		return false;
	if (boundary % recovery->log->config.segment_bytes == 0)
		boundary += WL_BLOCK_BYTES;
	return at == boundary;
}

static void remains(struct wl_recovery *recovery, uint64_t bytes)
{
	WL_CHECK(bytes != 0 && bytes % WL_BLOCK_BYTES == 0);
	if (recovery->first_remains == WL_RECOVERY_NOWHERE)
		recovery->first_remains = recovery->look;
	recovery->look += bytes;
	recovery->remains_end = recovery->look;
}

/* Only where all before it is empty can the next chunk stand, and no payload. */
static bool is_open_place(const struct wl_recovery *recovery)
{
	return recovery->first_remains == WL_RECOVERY_NOWHERE &&
	       may_be_next(recovery, recovery->look);
}

static void note_place(struct wl_recovery *recovery, enum place_look look, uint64_t bytes)
{
	if (!is_open_place(recovery))
		return;
	recovery->place = recovery->look;
	recovery->place_end = recovery->look + bytes;
	recovery->place_look = (uint8_t)look;
}

/* A chunk that belongs where it stands: whole or not. False when its bytes must be read first. */
static bool examine_chunk(struct wl_recovery *recovery, const struct wl_chunk_header *header,
			  bool has_tag)
{
	bool follows = wl_recovery_follows(recovery, header);
	const uint8_t *from;

	if (!wl_recovery_has(recovery, recovery->look, header->bytes))
		return false;
	from = wl_recovery_bytes(recovery, recovery->look);
	/* Its header is whole and says what was durable before it was cut, however much of the body arrived. */
	if (has_tag && header->durable > recovery->suspect)
		recovery->known_durable = true;
	if (wl_chunk_body_is_whole(from, header)) {
		/* The walk would have taken it: the device gave other bytes then, and is not to be believed now. */
		if (follows && may_be_next(recovery, recovery->look) &&
		    recovery->look / recovery->log->config.segment_bytes != recovery->bad_segment) {
			wl_recovery_refuse(recovery, WL_DAMAGE_READ_FAILED, recovery->look,
					   recovery->look + header->bytes);
			return false;
		}
		if (recovery->look == recovery->suspect && !follows)
			note_place(recovery, LOOK_BROKEN, header->bytes);
		else if (!has_tag)
			note_place(recovery, LOOK_ROTTEN, header->bytes);
	} else if (recovery->look == recovery->suspect || follows) {
		note_place(recovery,
			   wl_chunk_zero_sectors(from, header->bytes) > header->zero_sectors
				   ? LOOK_TORN
				   : LOOK_ROTTEN,
			   header->bytes);
	}
	remains(recovery, has_tag ? header->bytes : WL_BLOCK_BYTES);
	return true;
}

/* A header of another place, node or journal. False when more bytes must be read first. */
static bool examine_stray(struct wl_recovery *recovery, const struct wl_chunk_header *header,
			  bool is_ours)
{
	/* The next chunk, somewhere else: the place that is named is the one where it is missing. */
	if (recovery->look != recovery->suspect && is_ours &&
	    may_be_next(recovery, header->offset) && wl_recovery_follows(recovery, header)) {
		if (!wl_recovery_has(recovery, recovery->look, header->bytes))
			return false;
		recovery->went_astray |=
			wl_chunk_body_is_whole(wl_recovery_bytes(recovery, recovery->look), header);
	}
	if (!recovery->went_astray)
		note_place(recovery, LOOK_MISPLACED, header->bytes);
	return true;
}

/* A block that is not zero. False when more bytes must be read first. */
static bool examine(struct wl_recovery *recovery)
{
	const struct wl_log_config *config = &recovery->log->config;
	const uint8_t *from = wl_recovery_bytes(recovery, recovery->look);
	uint64_t binding = wl_chunk_binding(config->cluster, config->node, config->journal);
	struct wl_chunk_header header;

	if (wl_chunk_decode_header(from, WL_BLOCK_BYTES, &header) &&
	    !wl_recovery_crosses_boundary(&header, recovery->look)) {
		bool has_tag = wl_chunk_has_tag(from, config->chunk_key);
		bool is_ours = header.binding == binding;

		if (is_ours && header.offset == recovery->look &&
		    (has_tag || is_open_place(recovery)))
			return examine_chunk(recovery, &header, has_tag);
		if ((!is_ours || header.offset != recovery->look) &&
		    !examine_stray(recovery, &header, is_ours && has_tag))
			return false;
	} else {
		note_place(recovery,
			   wl_chunk_is_zero(from, WL_SECTOR_BYTES) ? LOOK_TORN : LOOK_ROTTEN,
			   WL_BLOCK_BYTES);
	}
	remains(recovery, WL_BLOCK_BYTES);
	return true;
}

static enum wl_recovery_damage_kind sort_known_durable(const struct wl_recovery *recovery)
{
	if (recovery->watermark > recovery->segments * recovery->log->config.segment_bytes)
		return WL_DAMAGE_CUT_SHORT;
	if (recovery->went_astray)
		return WL_DAMAGE_MISDIRECTED;
	switch ((enum place_look)recovery->place_look) {
	case LOOK_EMPTY:
		return WL_DAMAGE_LOST_WRITE;
	case LOOK_MISPLACED:
		return WL_DAMAGE_MISDIRECTED;
	case LOOK_BROKEN:
		return WL_DAMAGE_CHAIN;
	case LOOK_TORN:
	case LOOK_ROTTEN:
		break;
	}
	return WL_DAMAGE_ROT;
}

static enum wl_recovery_damage_kind sort_not_known_durable(const struct wl_recovery *recovery)
{
	if (recovery->went_astray)
		return WL_DAMAGE_MISDIRECTED;
	switch ((enum place_look)recovery->place_look) {
	case LOOK_MISPLACED:
		return WL_DAMAGE_MISDIRECTED;
	case LOOK_BROKEN:
		return WL_DAMAGE_CHAIN;
	case LOOK_ROTTEN:
		return WL_DAMAGE_UNPROVEN;
	case LOOK_EMPTY:
	case LOOK_TORN:
		break;
	}
	return recovery->remains_end ? WL_DAMAGE_TORN_TAIL : WL_DAMAGE_NONE;
}

static void cut_tail(struct wl_recovery *recovery)
{
	/* Nothing is cut away that anything knows to be durable. */
	WL_CHECK(!recovery->known_durable);
	WL_CHECK(recovery->watermark <= recovery->suspect);
	WL_CHECK(recovery->suspect < recovery->remains_end);
	wl_recovery_refuse(recovery, WL_DAMAGE_TORN_TAIL, recovery->suspect, recovery->remains_end);
	if (recovery->read_only) {
		wl_recovery_finish(recovery);
		return;
	}
	recovery->state = WL_RECOVERY_WANTS_SCRUB;
	recovery->scrub_end = recovery->suspect;
	wl_recovery_on_scrubbed(recovery);
}

static void decide(struct wl_recovery *recovery)
{
	uint64_t segment_bytes = recovery->log->config.segment_bytes;
	uint64_t bad = recovery->bad_segment == WL_RECOVERY_NOWHERE
			       ? WL_RECOVERY_NOWHERE
			       : recovery->bad_segment * segment_bytes;
	bool known_durable = recovery->known_durable || recovery->watermark > recovery->suspect;
	enum wl_recovery_damage_kind kind = known_durable ? sort_known_durable(recovery)
							  : sort_not_known_durable(recovery);
	uint64_t end = recovery->place_end;

	/* A segment ahead that nothing was written to is made again; one that is used is damaged. */
	if (bad != WL_RECOVERY_NOWHERE &&
	    (recovery->remains_end > bad || recovery->watermark > bad)) {
		wl_recovery_refuse(recovery, WL_DAMAGE_SEGMENT_HEADER, bad, bad + WL_BLOCK_BYTES);
	} else if (kind == WL_DAMAGE_NONE) {
		wl_recovery_finish(recovery);
	} else if (kind == WL_DAMAGE_TORN_TAIL) {
		cut_tail(recovery);
	} else {
		if (end == recovery->place)
			end = recovery->first_remains != WL_RECOVERY_NOWHERE
				      ? recovery->first_remains
				      : recovery->watermark;
		wl_recovery_refuse(recovery, kind, recovery->place, end);
	}
}

bool wl_recovery_look(struct wl_recovery *recovery)
{
	uint64_t segment_bytes = recovery->log->config.segment_bytes;
	enum wl_recovery_segment verdict;

	if (recovery->look >= recovery->segments * segment_bytes ||
	    recovery->look >= recovery->limit || recovery->known_durable) {
		decide(recovery);
		return false;
	}
	if (!wl_recovery_has(recovery, recovery->look, WL_BLOCK_BYTES))
		return false;
	if (recovery->look % segment_bytes == 0) {
		verdict = wl_recovery_check_segment(recovery, recovery->look);
		if (wl_recovery_segment_is_foreign(recovery, recovery->look, verdict))
			return false;
		if (verdict == WL_RECOVERY_SEGMENT_DAMAGED &&
		    recovery->bad_segment == WL_RECOVERY_NOWHERE)
			recovery->bad_segment = recovery->look / segment_bytes;
		recovery->look += WL_BLOCK_BYTES;
		return true;
	}
	if (!wl_chunk_is_zero(wl_recovery_bytes(recovery, recovery->look), WL_BLOCK_BYTES))
		return examine(recovery);
	recovery->look += WL_BLOCK_BYTES;
	return true;
}

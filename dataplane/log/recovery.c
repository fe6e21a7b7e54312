/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk over the good stream: chunk after chunk, each proved to follow the one before by its
 * `previous`, each entry proved to continue the log or to supersede a part of it. Where the walk ends,
 * recovery_look.c decides why.
 *
 *   WALK --(no whole next chunk)--> LOOK --> REFUSED
 *                                       --> DONE            nothing lies behind
 *                                       --> SCRUB --> DONE  torn: zeros over what lies behind
 */
#include "dataplane/log/recovery.h"

#include "dataplane/log/recovery_internal.h"

#define NARROWINGS_MAX 8u

/* A block that cannot be read is known by a place which no stream has, as long as there is none. */
WL_STATIC_CHECK(WL_RECOVERY_NOWHERE - WL_BLOCK_BYTES > UINT64_MAX / 2);

enum phase {
	PHASE_WALK,
	PHASE_LOOK,
};

enum place {
	PLACE_UNREAD,
	PLACE_NEXT, /* whole, and it follows the last good chunk */
	PLACE_OTHER,
};

/* The walk begins at the header of the segment that holds the base's chunk, and goes on at the chunk. */
static void begin_at_base(struct wl_recovery *recovery)
{
	const struct wl_log *log = recovery->log;
	uint64_t offset = log->append_offset, in_segment = offset % log->config.segment_bytes;

	WL_CHECK(in_segment != 0 && offset % WL_BLOCK_BYTES == 0);
	recovery->at = offset - in_segment;
	recovery->last_good_end = offset;
	recovery->known_commit = log->tail.index;
	recovery->want_offset = recovery->at;
	if (log->installed_index == log->tail.index) {
		/* This stream begins there: its segment may not be made yet, and of what lies before nothing is known to be durable. */
		if (recovery->watermark <= offset)
			recovery->watermark = 0;
		return;
	}
	recovery->base_offset = offset;
	recovery->base_awaited = true;
	/* The base says so: its chunk was durable when it was made. */
	if (recovery->watermark < offset + WL_BLOCK_BYTES)
		recovery->watermark = offset + WL_BLOCK_BYTES;
}

void wl_recovery_init(struct wl_recovery *recovery, struct wl_log *log, uint64_t segments,
		      uint64_t watermark, struct wl_recovery_window window)
{
	WL_CHECK(window.size >= 2 * WL_CHUNK_BYTES_MAX);
	WL_CHECK(log->chunk_count == 0);
	WL_CHECK(log->segments_ready == 0);
	*recovery = (struct wl_recovery){
		.log = log,
		.segments = segments,
		.watermark = watermark > WL_BLOCK_BYTES ? watermark : 0,
		.window = {window.bytes, window.size & ~(WL_BLOCK_BYTES - 1)},
		.limit = WL_RECOVERY_NOWHERE,
		.skipped_from = WL_RECOVERY_NOWHERE,
		.previous = WL_CHUNK_NONE,
		.last_good_end = WL_BLOCK_BYTES,
		.unreadable = WL_RECOVERY_NOWHERE - WL_BLOCK_BYTES,
		.bad_segment = WL_RECOVERY_NOWHERE,
		.state = WL_RECOVERY_WANTS_READ,
		.want_bytes = WL_BLOCK_BYTES,
	};
	if (log->tail.index != 0)
		begin_at_base(recovery);
	if (recovery->at / log->config.segment_bytes >= segments) {
		recovery->phase = PHASE_LOOK;
		wl_recovery_begin_look(recovery, recovery->at);
		wl_recovery_look(recovery);
	}
}

void wl_recovery_follow(struct wl_recovery *recovery)
{
	WL_CHECK(recovery->window_valid == 0);
	WL_CHECK(recovery->previous == WL_CHUNK_NONE);
	recovery->read_only = true;
	recovery->limit = 0;
	recovery->damage = (struct wl_recovery_damage){0};
	recovery->phase = PHASE_WALK;
	recovery->state = WL_RECOVERY_PAUSED;
}

bool wl_recovery_has(struct wl_recovery *recovery, uint64_t offset, uint64_t bytes)
{
	uint64_t left =
		recovery->log->config.segment_bytes - offset % recovery->log->config.segment_bytes;

	WL_CHECK(bytes <= recovery->window.size);
	if (offset >= recovery->window_offset &&
	    offset + bytes <= recovery->window_offset + recovery->window_valid)
		return true;
	if (offset + bytes > recovery->unreadable &&
	    offset < recovery->unreadable + WL_BLOCK_BYTES) {
		wl_recovery_refuse(recovery, WL_DAMAGE_READ_FAILED, recovery->unreadable,
				   recovery->unreadable + WL_BLOCK_BYTES);
		return false;
	}
	if (offset < recovery->unreadable && left > recovery->unreadable - offset)
		left = recovery->unreadable - offset;
	/* Who follows reads no further than it may, or than the chunk reaches that it is about. */
	if (offset < recovery->limit && left > recovery->limit - offset)
		left = recovery->limit - offset > bytes ? recovery->limit - offset : bytes;
	recovery->want_offset = offset;
	recovery->want_bytes = left < recovery->window.size ? (uint32_t)left
							    : recovery->window.size;
	recovery->state = WL_RECOVERY_WANTS_READ;
	return false;
}

const uint8_t *wl_recovery_bytes(const struct wl_recovery *recovery, uint64_t offset)
{
	WL_CHECK(offset >= recovery->window_offset);
	WL_CHECK(offset - recovery->window_offset < recovery->window_valid);
	return recovery->window.bytes + (offset - recovery->window_offset);
}

void wl_recovery_refuse(struct wl_recovery *recovery, enum wl_recovery_damage_kind kind,
			uint64_t begin, uint64_t end)
{
	WL_CHECK(kind != WL_DAMAGE_NONE);
	recovery->state = WL_RECOVERY_REFUSED;
	recovery->damage = (struct wl_recovery_damage){
		.kind = kind,
		.begin = begin,
		.end = end,
		.last_good_index = recovery->log->tail.index,
	};
}

enum wl_recovery_segment wl_recovery_check_segment(const struct wl_recovery *recovery,
						   uint64_t offset)
{
	const struct wl_log_config *config = &recovery->log->config;
	struct wl_segment_header header;

	if (!wl_chunk_decode_segment(wl_recovery_bytes(recovery, offset), WL_BLOCK_BYTES, &header))
		return WL_RECOVERY_SEGMENT_DAMAGED;
	if (header.binding != wl_chunk_binding(config->cluster, config->node, config->journal) ||
	    header.node != config->node || header.journal != config->journal ||
	    header.segment_bytes != config->segment_bytes)
		return WL_RECOVERY_SEGMENT_FOREIGN;
	return header.number == offset / config->segment_bytes ? WL_RECOVERY_SEGMENT_OURS
							       : WL_RECOVERY_SEGMENT_SWAPPED;
}

bool wl_recovery_segment_is_foreign(struct wl_recovery *recovery, uint64_t offset,
				    enum wl_recovery_segment verdict)
{
	if (verdict == WL_RECOVERY_SEGMENT_FOREIGN)
		wl_recovery_refuse(recovery, WL_DAMAGE_FOREIGN, offset, offset + WL_BLOCK_BYTES);
	else if (verdict == WL_RECOVERY_SEGMENT_SWAPPED)
		wl_recovery_refuse(recovery, WL_DAMAGE_MISDIRECTED, offset,
				   offset + recovery->log->config.segment_bytes);
	else
		return false;
	return true;
}

/*
 * An entry whose index was seen before: legal only where it leaves the same past and was never committed.
 * Its term may be lower than the dead one's (Raft, figure 8). With the same term it must be the very same
 * entry: cut away, and brought back by a later leader before anything else took its place.
 */
static bool supersedes(struct wl_recovery *recovery, const struct wl_entry_header *header,
		       const uint8_t *image)
{
	const struct wl_log *log = recovery->log;
	const struct wl_log_slot *slot = wl_log_slot_of(log, header->index);
	uint64_t term, chain;

	if (!slot || header->index <= recovery->known_commit ||
	    wl_log_cuts_committed_list(log, header->index - 1))
		return false;
	if (wl_log_term_at(log, header->index - 1, &term) != WL_LOG_KNOWN ||
	    term != header->previous_term ||
	    wl_log_chain_at(log, header->index - 1, &chain) != WL_LOG_KNOWN ||
	    chain != header->previous_chain)
		return false;
	return slot->term != header->term || slot->chain == wl_entry_chain(image);
}

static bool continues(const struct wl_log *log, const struct wl_entry_header *header)
{
	return header->index == log->tail.index + 1 && header->term != 0 &&
	       header->term >= log->tail.term && header->previous_term == log->tail.term &&
	       header->previous_chain == log->tail_chain &&
	       wl_entry_number_follows(header, log->next_number) &&
	       header->commit < header->index && wl_log_has_term_room(log, header->term);
}

/*
 * In the chunk of the base, up to its index: such an entry was taken when the base was made, and is committed. Nothing is added to the
 * log, nothing cut away for it; but the base must be of this very stream.
 */
static bool pass_base_entry(struct wl_recovery *recovery, const struct wl_entry_header *header,
			    const uint8_t *image)
{
	const struct wl_log *log = recovery->log;
	uint64_t chain = wl_entry_chain(image);

	if (header->index == 0 || header->index > log->tail.index)
		return false;
	if (recovery->base_index != 0 && (header->index != recovery->base_index + 1 ||
					  header->previous_chain != recovery->base_chain))
		return false;
	recovery->base_index = header->index;
	recovery->base_chain = chain;
	if (header->index != log->tail.index)
		return true;
	recovery->base_awaited = false;
	return header->term == log->tail.term && chain == log->tail_chain;
}

static bool take_entry(struct wl_recovery *recovery, const struct wl_chunk_header *chunk,
		       uint64_t offset, size_t *bytes)
{
	struct wl_log *log = recovery->log;
	const uint8_t *image = wl_recovery_bytes(recovery, offset);
	bool first = offset == chunk->offset + WL_CHUNK_HEADER_BYTES;
	struct wl_entry_header header;

	if (wl_entry_decode(image, chunk->offset + chunk->used - offset, &header) != WL_ENTRY_OK ||
	    header.cluster != log->config.cluster || header.journal != log->config.journal)
		return false;
	*bytes = wl_entry_bytes(&header);
	if (recovery->base_awaited)
		return pass_base_entry(recovery, &header, image);
	/* A cut closes its chunk, so what supersedes always comes first in one. */
	if (header.index <= log->tail.index) {
		if (!first || !supersedes(recovery, &header, image))
			return false;
		wl_log_cut_entries(log, header.index - 1, chunk->offset);
	}
	if (!continues(log, &header))
		return false;
	wl_log_take_entry(log, &header, wl_entry_chain(image), offset, chunk->offset);
	wl_log_members_take(log, image, &header);
	if (header.commit > recovery->known_commit)
		recovery->known_commit = header.commit;
	WL_CHECK(recovery->known_commit <= log->tail.index); /* V6 */
	if (recovery->on_entry)
		recovery->on_entry(recovery->context, image, &header, offset);
	return true;
}

/* The log is as long as what was walked. */
static void settle(struct wl_recovery *recovery, uint64_t begin)
{
	struct wl_log *log = recovery->log;

	WL_CHECK(log->chunk_count == 0);
	WL_CHECK(recovery->last_good_end % WL_BLOCK_BYTES == 0);
	WL_CHECK(recovery->last_good_end >= log->durable_offset);
	log->append_offset = recovery->last_good_end;
	log->durable_offset = log->tail.index ? recovery->last_good_end : 0;
	log->durable = log->tail;
	log->previous_chunk = recovery->previous;
	/* Unless the entries were kept there (wl_log_keep_image), the ring holds nothing of what was found. */
	if (log->ring_end <= begin)
		log->ring_valid_from = recovery->last_good_end;
	log->ring_end = recovery->last_good_end;
}

static bool take_chunk(struct wl_recovery *recovery, const struct wl_chunk_header *chunk)
{
	uint64_t offset = chunk->offset + WL_CHUNK_HEADER_BYTES;
	size_t bytes = 0;

	WL_CHECK(chunk->offset >= recovery->last_good_end);
	while (offset < chunk->offset + chunk->used && take_entry(recovery, chunk, offset, &bytes))
		offset += bytes;
	if (offset < chunk->offset + chunk->used || recovery->base_awaited) {
		wl_recovery_refuse(recovery, WL_DAMAGE_CHAIN, chunk->offset,
				   chunk->offset + chunk->bytes);
		return false;
	}
	recovery->previous = chunk->offset;
	recovery->last_good_end = chunk->offset + chunk->bytes;
	recovery->at = recovery->last_good_end;
	recovery->skipped_from = WL_RECOVERY_NOWHERE;
	settle(recovery, chunk->offset);
	return true;
}

static enum place look_at_place(struct wl_recovery *recovery, struct wl_chunk_header *header)
{
	const struct wl_log_config *config = &recovery->log->config;
	uint64_t at = recovery->at;

	if (!wl_recovery_has(recovery, at, WL_BLOCK_BYTES))
		return PLACE_UNREAD;
	if (!wl_chunk_decode_header(wl_recovery_bytes(recovery, at), WL_BLOCK_BYTES, header) ||
	    header->binding != wl_chunk_binding(config->cluster, config->node, config->journal) ||
	    header->offset != at || wl_recovery_crosses_boundary(header, at))
		return PLACE_OTHER;
	if (!wl_recovery_has(recovery, at, header->bytes))
		return PLACE_UNREAD;
	if (!wl_chunk_body_is_whole(wl_recovery_bytes(recovery, at), header))
		return PLACE_OTHER;
	return wl_recovery_follows(recovery, header) ? PLACE_NEXT : PLACE_OTHER;
}

static bool end_walk(struct wl_recovery *recovery)
{
	bool skipped = recovery->skipped_from != WL_RECOVERY_NOWHERE;

	recovery->phase = PHASE_LOOK;
	wl_recovery_begin_look(recovery, skipped ? recovery->skipped_from : recovery->at);
	return true;
}

/* One step; false when it waits for bytes or has ended. */
static bool walk(struct wl_recovery *recovery)
{
	uint64_t segment_bytes = recovery->log->config.segment_bytes, boundary;
	struct wl_chunk_header header;
	enum wl_recovery_segment verdict;

	if (recovery->at >= recovery->limit) {
		recovery->state = WL_RECOVERY_PAUSED;
		return false;
	}
	if (recovery->at / segment_bytes >= recovery->segments)
		return end_walk(recovery);
	if (recovery->at % segment_bytes == 0) {
		if (!wl_recovery_has(recovery, recovery->at, WL_BLOCK_BYTES))
			return false;
		verdict = wl_recovery_check_segment(recovery, recovery->at);
		if (wl_recovery_segment_is_foreign(recovery, recovery->at, verdict))
			return false;
		if (verdict == WL_RECOVERY_SEGMENT_DAMAGED)
			return end_walk(recovery);
		recovery->at += WL_BLOCK_BYTES;
		if (recovery->at < recovery->base_offset)
			recovery->at = recovery->base_offset;
	}
	switch (look_at_place(recovery, &header)) {
	case PLACE_UNREAD:
		return false;
	case PLACE_NEXT:
		return take_chunk(recovery, &header);
	case PLACE_OTHER:
		break;
	}
	boundary = wl_align_up(recovery->at + 1, WL_LOG_BOUNDARY_BYTES);
	if (recovery->skipped_from != WL_RECOVERY_NOWHERE ||
	    boundary - recovery->at >= WL_CHUNK_BYTES_MAX)
		return end_walk(recovery);
	recovery->skipped_from = recovery->at;
	recovery->at = boundary;
	return true;
}

void wl_recovery_finish(struct wl_recovery *recovery)
{
	struct wl_log *log = recovery->log;
	uint64_t segments = recovery->bad_segment < recovery->segments ? recovery->bad_segment
								       : recovery->segments;
	uint64_t first = wl_log_segment_of(log, recovery->last_good_end);

	if (log->ring_end == 0)
		settle(recovery, recovery->last_good_end);
	/* The base's entry was met, or there is none that the stream must hold. */
	WL_CHECK(!recovery->base_awaited);
	/* Behind an installed base there may be none yet. */
	log->segments_ready = segments > first ? segments : first;
	WL_CHECK(log->segments_ready >= log->first_segment);
	recovery->state = WL_RECOVERY_DONE;
}

void wl_recovery_want(const struct wl_recovery *recovery, uint64_t *offset, uint32_t *bytes)
{
	WL_CHECK(recovery->state == WL_RECOVERY_WANTS_READ);
	*offset = recovery->want_offset;
	*bytes = recovery->want_bytes;
}

/*
 * What cannot be read is not absent, wherever it stands. A large read that failed is taken again
 * block by block, so that the place has a name; then what stands before it is taken first.
 */
static void on_read_failed(struct wl_recovery *recovery)
{
	if (recovery->want_bytes == WL_BLOCK_BYTES) {
		recovery->unreadable = recovery->want_offset;
		recovery->narrow_end = 0;
	} else if (recovery->narrowings++ < NARROWINGS_MAX) {
		recovery->narrow_end = recovery->want_offset + recovery->want_bytes;
		recovery->want_bytes = WL_BLOCK_BYTES;
	} else {
		wl_recovery_refuse(recovery, WL_DAMAGE_READ_FAILED, recovery->want_offset,
				   recovery->want_offset + recovery->want_bytes);
	}
}

/* One more block of a narrowed read came. True when there is no need to go on. */
static bool widen(struct wl_recovery *recovery)
{
	WL_CHECK(recovery->want_bytes == WL_BLOCK_BYTES);
	if (recovery->want_offset + recovery->want_bytes < recovery->narrow_end) {
		recovery->want_offset += recovery->want_bytes;
		return false;
	}
	recovery->narrow_end = 0;
	return true;
}

static const char *check_read(const struct wl_recovery *recovery)
{
	uint64_t segment_bytes = recovery->log->config.segment_bytes;
	uint64_t begin = recovery->want_offset, bytes = recovery->want_bytes;

	if (bytes == 0 || bytes > recovery->window.size)
		return "V2: a wanted read is empty, or larger than the window";
	return begin / segment_bytes == (begin + bytes - 1) / segment_bytes
		       ? NULL
		       : "V2: a wanted read crosses a segment's end";
}

static const char *check_scrub(const struct wl_recovery *recovery)
{
	return recovery->read_only || recovery->scrub_begin >= recovery->scrub_end ||
			       recovery->scrub_begin < recovery->last_good_end
		       ? "V4: a scrub of nothing, of what is good, or by who only looks"
		       : NULL;
}

const char *wl_recovery_check(const struct wl_recovery *recovery)
{
	enum wl_recovery_damage_kind kind = recovery->damage.kind;

	if (recovery->window_valid > recovery->window.size)
		return "V1: more in the window than it holds";
	if (recovery->previous != WL_CHUNK_NONE && recovery->previous >= recovery->last_good_end)
		return "V3: the last good chunk begins behind the good stream";
	switch (recovery->state) {
	case WL_RECOVERY_WANTS_READ:
		return check_read(recovery);
	case WL_RECOVERY_WANTS_SCRUB:
		return check_scrub(recovery);
	case WL_RECOVERY_REFUSED:
		return kind == WL_DAMAGE_NONE || kind == WL_DAMAGE_TORN_TAIL
			       ? "V5: refused, and nobody is told why"
			       : NULL;
	case WL_RECOVERY_DONE:
		return recovery->known_commit > recovery->log->tail.index
			       ? "V6: known committed beyond the tail"
			       : NULL;
	case WL_RECOVERY_PAUSED:
		break;
	}
	return NULL;
}

static void must_hold(const struct wl_recovery *recovery)
{
	const char *broken = wl_recovery_check(recovery);

	WL_CHECK_MSG(!broken, "recovery of journal %u at %llu of its stream, tail %llu: %s",
		     recovery->log->config.journal, (unsigned long long)recovery->at,
		     (unsigned long long)recovery->log->tail.index, broken);
}

static void go_on(struct wl_recovery *recovery)
{
	while (recovery->phase == PHASE_WALK ? walk(recovery) : wl_recovery_look(recovery)) {
	}
	must_hold(recovery);
}

void wl_recovery_on_read(struct wl_recovery *recovery, enum wl_disk_status status)
{
	WL_CHECK(recovery->state == WL_RECOVERY_WANTS_READ);
	if (status == WL_DISK_ABSENT) {
		wl_recovery_refuse(recovery, WL_DAMAGE_SEGMENT_ABSENT, recovery->want_offset,
				   recovery->want_offset + recovery->want_bytes);
		return;
	}
	recovery->window_offset = recovery->want_offset;
	recovery->window_valid = 0;
	if (status != WL_DISK_OK) {
		on_read_failed(recovery);
		if (recovery->unreadable != recovery->want_offset)
			return;
	} else {
		if (recovery->narrow_end && !widen(recovery))
			return;
		recovery->window_valid = recovery->want_bytes;
	}
	go_on(recovery);
}

void wl_recovery_resume(struct wl_recovery *recovery, uint64_t limit)
{
	uint64_t segment_bytes = recovery->log->config.segment_bytes;
	uint64_t segments = (limit + segment_bytes - 1) / segment_bytes;

	WL_CHECK(recovery->state == WL_RECOVERY_PAUSED);
	WL_CHECK_MSG(limit >= recovery->limit, "limit %llu, before %llu", (unsigned long long)limit,
		     (unsigned long long)recovery->limit);
	/* Whatever was read behind the old limit was still being written. */
	if (recovery->window_offset + recovery->window_valid > recovery->limit)
		recovery->window_valid =
			recovery->limit > recovery->window_offset
				? (uint32_t)(recovery->limit - recovery->window_offset)
				: 0;
	recovery->limit = limit;
	if (recovery->watermark < limit)
		recovery->watermark = limit;
	if (recovery->segments < segments)
		recovery->segments = segments;
	go_on(recovery);
}

void wl_recovery_on_scrubbed(struct wl_recovery *recovery)
{
	uint64_t segment_bytes = recovery->log->config.segment_bytes, segment_end;

	WL_CHECK(recovery->state == WL_RECOVERY_WANTS_SCRUB);
	recovery->scrub_begin = recovery->scrub_end;
	if (recovery->scrub_begin >= recovery->remains_end) {
		wl_recovery_finish(recovery);
		return;
	}
	/* The next segment's header stays. */
	if (recovery->scrub_begin % segment_bytes == 0)
		recovery->scrub_begin += WL_BLOCK_BYTES;
	segment_end = (recovery->scrub_begin / segment_bytes + 1) * segment_bytes;
	recovery->scrub_end = segment_end < recovery->remains_end ? segment_end
								  : recovery->remains_end;
	must_hold(recovery);
}

const char *wl_recovery_damage_name(enum wl_recovery_damage_kind kind)
{
	static const char *const names[] = {
		[WL_DAMAGE_NONE] = "none",
		[WL_DAMAGE_TORN_TAIL] = "torn-tail",
		[WL_DAMAGE_ROT] = "rot",
		[WL_DAMAGE_LOST_WRITE] = "lost-write",
		[WL_DAMAGE_MISDIRECTED] = "misdirected",
		[WL_DAMAGE_UNPROVEN] = "unproven",
		[WL_DAMAGE_FOREIGN] = "foreign",
		[WL_DAMAGE_SEGMENT_HEADER] = "segment-header",
		[WL_DAMAGE_SEGMENT_ABSENT] = "segment-absent",
		[WL_DAMAGE_CUT_SHORT] = "cut-short",
		[WL_DAMAGE_CHAIN] = "chain",
		[WL_DAMAGE_READ_FAILED] = "read-failed",
	};

	return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damage. Places are found from the bytes on the stable storage: chunks that follow one another by `previous`, and whoever names
 * them as durable.
 */
#include "tests/sim/server/drive_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/recovery.h"
#include "dataplane/log/superblock.h"
#include "tests/sim/arena.h"

#define BOUNDARY_BYTES ((uint64_t)WL_LOG_RING_BYTES_MIN)

static const char *const names[SIM_DAMAGE_WAYS] = {
	[SIM_DAMAGE_NONE] = "none",
	[SIM_DAMAGE_ROT_ENTRY] = "rot-entry",
	[SIM_DAMAGE_ROT_HEADER] = "rot-header",
	[SIM_DAMAGE_ROT_PADDING] = "rot-padding",
	[SIM_DAMAGE_ZERO_CHUNK] = "zero-chunk",
	[SIM_DAMAGE_ZERO_SECTOR] = "zero-sector",
	[SIM_DAMAGE_OTHER_CHUNK] = "other-chunk",
	[SIM_DAMAGE_FOREIGN_CHUNK] = "foreign-chunk",
	[SIM_DAMAGE_ASTRAY] = "astray",
	[SIM_DAMAGE_UNREADABLE] = "unreadable",
	[SIM_DAMAGE_ROT_SEGMENT] = "rot-segment",
	[SIM_DAMAGE_SWAP_SEGMENTS] = "swap-segments",
	[SIM_DAMAGE_FOREIGN_SEGMENT] = "foreign-segment",
	[SIM_DAMAGE_DROP_SEGMENT] = "drop-segment",
	[SIM_DAMAGE_DROP_TAIL] = "drop-tail",
	[SIM_DAMAGE_CUT_SEGMENT] = "cut-segment",
	[SIM_DAMAGE_EXTEND] = "extend",
	[SIM_DAMAGE_ROT_RECORD] = "rot-record",
	[SIM_DAMAGE_ZERO_RECORD] = "zero-record",
	[SIM_DAMAGE_SWAP_RECORD] = "swap-record",
	[SIM_DAMAGE_RECORD_VERSION] = "record-version",
	[SIM_DAMAGE_RECORD_CLUSTER] = "record-cluster",
	[SIM_DAMAGE_RECORD_NODE] = "record-node",
	[SIM_DAMAGE_ROT_BASE] = "rot-base",
	[SIM_DAMAGE_DROP_BASE] = "drop-base",
	[SIM_DAMAGE_OTHER_BASE] = "other-base",
	[SIM_DAMAGE_CHAIN_BASE] = "chain-base",
};

const char *sim_damage_name(enum sim_damage_way way)
{
	return way < SIM_DAMAGE_WAYS ? names[way] : NULL;
}

/* ---- chunks ---- */

static uint64_t begin_of(const struct sim_drive *drive)
{
	return drive->oldest * drive->segment_bytes;
}

static bool chunk_at(const struct sim_drive *drive, uint64_t at, struct sim_chunk *chunk)
{
	const uint8_t *from = sim_drive_at(drive, at);
	uint64_t left = drive->segment_bytes - at % drive->segment_bytes;

	if (at + WL_BLOCK_BYTES > sim_drive_end(drive) || at < begin_of(drive) ||
	    !wl_chunk_decode_header(from, WL_BLOCK_BYTES, &chunk->header) ||
	    chunk->header.binding != drive->identity.binding || chunk->header.offset != at ||
	    chunk->header.bytes > left || !wl_chunk_body_is_whole(from, &chunk->header))
		return false;
	chunk->begin = at;
	chunk->end = at + chunk->header.bytes;
	return true;
}

bool sim_drive_next_chunk(const struct sim_drive *drive, struct sim_chunk *last)
{
	bool is_first = last->begin == SIM_NOWHERE;
	uint64_t at = is_first ? begin_of(drive) : last->end;
	uint64_t places[] = {at, wl_align_up(at + 1, BOUNDARY_BYTES)};

	for (unsigned which = 0; which < 2; which++) {
		struct sim_chunk next;

		if (places[which] % drive->segment_bytes == 0)
			places[which] += WL_BLOCK_BYTES;
		if (chunk_at(drive, places[which], &next) &&
		    (next.header.previous == last->begin || (is_first && drive->oldest != 0))) {
			*last = next;
			return true;
		}
	}
	return false;
}

/* Number `which` per million of those that follow one another and begin at `from` or later; false: there is none. */
static bool choose_chunk(const struct sim_drive *drive, uint64_t from, uint64_t which,
			 struct sim_chunk *chunk)
{
	struct sim_chunk at = {.begin = SIM_NOWHERE};
	uint64_t before = 0, count = 0, wanted;

	while (sim_drive_next_chunk(drive, &at)) {
		before += at.begin < from;
		count += at.begin >= from;
	}
	if (count == 0)
		return false;
	wanted = before + (count - 1) * which / SIM_DRIVE_PPM;
	chunk->begin = SIM_NOWHERE;
	for (uint64_t number = 0; number <= wanted; number++)
		(void)sim_drive_next_chunk(drive, chunk);
	return true;
}

static bool read_record(const struct sim_drive *drive, struct wl_superblock *record)
{
	unsigned damaged;

	return wl_superblock_choose(drive->first->superblock, record, &damaged) == WL_SUPERBLOCK_OK;
}

/* A watermark at the stream's beginning says of nothing that it is durable: there may be no segment yet. */
static bool record_knows(const struct sim_drive *drive, const struct wl_superblock *record,
			 uint64_t end)
{
	uint64_t watermark = record->journals[drive->identity.journal].watermark;

	return watermark > WL_BLOCK_BYTES && watermark >= end;
}

static bool is_known_durable_by_record(const struct sim_drive *drive, uint64_t end)
{
	struct wl_superblock record;

	return read_record(drive, &record) && record_knows(drive, &record, end);
}

bool sim_drive_is_known_durable(const struct sim_drive *drive, uint64_t end)
{
	struct wl_chunk_header header;
	struct wl_superblock record;

	if (!read_record(drive, &record))
		return false;
	if (record_knows(drive, &record, end))
		return true;
	for (uint64_t at = wl_align_up(end, WL_BLOCK_BYTES); at < sim_drive_end(drive);
	     at += WL_BLOCK_BYTES) {
		if (wl_chunk_decode_header(sim_drive_at(drive, at), WL_BLOCK_BYTES, &header) &&
		    header.offset == at && header.binding == drive->identity.binding &&
		    header.durable >= end &&
		    wl_chunk_has_tag(sim_drive_at(drive, at), record.chunk_key))
			return true;
	}
	return false;
}

uint64_t sim_drive_written_end(const struct sim_drive *drive)
{
	for (uint64_t at = sim_drive_end(drive); at > begin_of(drive); at -= WL_BLOCK_BYTES) {
		uint64_t begin = at - WL_BLOCK_BYTES;

		if (begin % drive->segment_bytes != 0 &&
		    !wl_chunk_is_zero(sim_drive_at(drive, begin), WL_BLOCK_BYTES))
			return at;
	}
	return begin_of(drive);
}

/* ---- doing it ---- */

static void flip(struct sim_drive *drive, uint8_t *from, uint64_t bytes)
{
	from[sim_random_below(&drive->random, bytes)] ^=
		(uint8_t)(1 + sim_random_below(&drive->random, 255));
}

static bool put_other_chunk(struct sim_drive *drive, const struct sim_chunk *chunk)
{
	struct sim_chunk other;

	if (!choose_chunk(drive, 0, sim_random_below(&drive->random, SIM_DRIVE_PPM + 1), &other) ||
	    other.begin == chunk->begin || other.header.bytes > chunk->header.bytes)
		return false;
	memcpy(sim_drive_place(drive, chunk->begin), sim_drive_at(drive, other.begin),
	       other.header.bytes);
	return true;
}

static void put_foreign_chunk(struct sim_drive *drive, const struct sim_chunk *chunk)
{
	struct wl_chunk_header header = chunk->header;

	header.binding = wl_chunk_binding(wl_cluster_id(drive->identity.cluster),
					  drive->identity.node % WIRELOG_NODES_MAX + 1,
					  drive->identity.journal);
	wl_chunk_encode_header(sim_drive_place(drive, chunk->begin), &header, NULL);
}

static bool lead_astray(struct sim_drive *drive, const struct sim_chunk *chunk)
{
	uint64_t to = sim_drive_written_end(drive);

	if (to % drive->segment_bytes == 0)
		to += WL_BLOCK_BYTES;
	if (!sim_drive_holds(drive, to, chunk->header.bytes))
		return false;
	memcpy(sim_drive_place(drive, to), sim_drive_at(drive, chunk->begin), chunk->header.bytes);
	memset(sim_drive_place(drive, chunk->begin), 0, chunk->header.bytes);
	return true;
}

/* What leaves no trace on this drive must be on the others. */
static bool may_vanish(const struct sim_drive *drive, const struct sim_chunk *chunk)
{
	return sim_drive_is_known_durable(drive, chunk->end) ||
	       drive->may_lose(drive->lose_context, drive->identity.journal, chunk->begin,
			       chunk->end);
}

static bool damage_chunk(struct sim_drive *drive, uint64_t begin, enum sim_damage_way way,
			 uint64_t which)
{
	struct sim_chunk chunk;
	uint8_t *from;

	if (!choose_chunk(drive, begin, which, &chunk))
		return false;
	from = sim_drive_place(drive, chunk.begin);
	drive->damage.begin = chunk.begin;
	drive->damage.end = chunk.end;
	switch (way) {
	case SIM_DAMAGE_ROT_ENTRY:
		flip(drive, from + WL_CHUNK_HEADER_BYTES,
		     chunk.header.used - WL_CHUNK_HEADER_BYTES);
		return true;
	case SIM_DAMAGE_ROT_HEADER:
		flip(drive, from, WL_CHUNK_HEADER_BYTES);
		return true;
	case SIM_DAMAGE_ROT_PADDING:
		if (chunk.header.used == chunk.header.bytes)
			return false;
		flip(drive, from + chunk.header.used, chunk.header.bytes - chunk.header.used);
		return true;
	case SIM_DAMAGE_ZERO_CHUNK:
		if (!may_vanish(drive, &chunk))
			return false;
		memset(from, 0, chunk.header.bytes);
		return true;
	case SIM_DAMAGE_ZERO_SECTOR:
		from += chunk.header.bytes - WL_SECTOR_BYTES;
		if (wl_chunk_is_zero(from, WL_SECTOR_BYTES) || !may_vanish(drive, &chunk))
			return false;
		memset(from, 0, WL_SECTOR_BYTES);
		return true;
	case SIM_DAMAGE_OTHER_CHUNK:
		return put_other_chunk(drive, &chunk);
	case SIM_DAMAGE_FOREIGN_CHUNK:
		put_foreign_chunk(drive, &chunk);
		return true;
	case SIM_DAMAGE_ASTRAY:
		return lead_astray(drive, &chunk);
	default: /* SIM_DAMAGE_UNREADABLE */
		drive->unreadable =
			chunk.begin +
			sim_random_below(&drive->random, chunk.header.bytes / WL_BLOCK_BYTES) *
				WL_BLOCK_BYTES;
		drive->damage.begin = drive->unreadable;
		drive->damage.end = drive->unreadable + WL_BLOCK_BYTES;
		return true;
	}
}

static void make_foreign(struct sim_drive *drive, uint64_t segment)
{
	struct wl_segment_header header = drive->identity;
	uint64_t cluster = wl_cluster_id(header.cluster);

	header.number = segment;
	header.segment_bytes = drive->segment_bytes;
	switch (sim_random_below(&drive->random, 4)) {
	case 0:
		header.node = header.node % WIRELOG_NODES_MAX + 1;
		header.binding = wl_chunk_binding(cluster, header.node, header.journal);
		break;
	case 1:
		header.cluster[0] ^= 1;
		header.binding = wl_chunk_binding(wl_cluster_id(header.cluster), header.node,
						  header.journal);
		break;
	case 2:
		header.journal++;
		header.binding = wl_chunk_binding(cluster, header.node, header.journal);
		break;
	default:
		header.segment_bytes *= 2;
		break;
	}
	wl_chunk_encode_segment(sim_drive_place(drive, segment * drive->segment_bytes), &header);
}

static bool swap_segments(struct sim_drive *drive, uint64_t segment)
{
	uint8_t *a = sim_drive_place(drive, segment * drive->segment_bytes), *b;
	uint64_t bytes = sim_drive_file(drive, segment)->bytes;

	if (!sim_drive_has(drive, segment + 1))
		return false;
	sim_drive_file(drive, segment)->bytes = sim_drive_file(drive, segment + 1)->bytes;
	sim_drive_file(drive, segment + 1)->bytes = bytes;
	b = sim_drive_place(drive, (segment + 1) * drive->segment_bytes);
	for (uint64_t at = 0; at < drive->segment_bytes; at += 8) {
		uint64_t word = wl_load_u64(a + at);

		wl_store_u64(a + at, wl_load_u64(b + at));
		wl_store_u64(b + at, word);
	}
	return true;
}

/* Behind its end are zeros: so is what stands there when somebody makes it longer again. */
static void cut_segment(struct sim_drive *drive, uint64_t segment)
{
	struct sim_segment *file = sim_drive_file(drive, segment);
	uint64_t begin = segment * drive->segment_bytes;

	file->bytes = sim_random_below(&drive->random, drive->segment_bytes / WL_BLOCK_BYTES) *
		      WL_BLOCK_BYTES;
	sim_arena_zero(sim_drive_place(drive, begin + file->bytes),
		       drive->segment_bytes - file->bytes);
	drive->damage.begin = begin + file->bytes;
}

/* The superblock knows that something stood there; or others have it all. */
static bool tail_may_vanish(const struct sim_drive *drive, uint64_t begin)
{
	struct sim_chunk chunk = {.begin = SIM_NOWHERE};

	if (is_known_durable_by_record(drive, begin + 1))
		return true;
	while (sim_drive_next_chunk(drive, &chunk)) {
		if (chunk.begin >= begin &&
		    !drive->may_lose(drive->lose_context, drive->identity.journal, chunk.begin,
				     chunk.end))
			return false;
	}
	return true;
}

static bool drop_tail(struct sim_drive *drive, uint64_t segment)
{
	uint64_t begin = segment * drive->segment_bytes;

	if (!tail_may_vanish(drive, begin))
		return false;
	while (drive->segments > segment) {
		drive->segments--;
		sim_drive_end_file(drive, drive->segments);
	}
	return true;
}

static bool drop_segment(struct sim_drive *drive, uint64_t segment)
{
	if (segment + 1 == drive->segments)
		return drop_tail(drive, segment);
	sim_drive_end_file(drive, segment);
	return true;
}

static bool extend(struct sim_drive *drive)
{
	uint64_t segment = drive->segments;

	if (segment == drive->oldest + drive->segments_max)
		return false;
	sim_drive_make_file(drive, segment);
	memset(sim_drive_place(drive, segment * drive->segment_bytes), 0, WL_BLOCK_BYTES);
	return true;
}

/* Of the segments that begin at `from` or later. */
static bool damage_segment(struct sim_drive *drive, uint64_t from, enum sim_damage_way way,
			   uint64_t which)
{
	uint64_t lowest = wl_align_up(from, drive->segment_bytes) / drive->segment_bytes;
	uint64_t segment, begin;

	if (lowest < drive->oldest)
		lowest = drive->oldest;
	if (drive->segments <= lowest)
		return false;
	segment = lowest + (drive->segments - 1 - lowest) * which / SIM_DRIVE_PPM;
	begin = segment * drive->segment_bytes;
	if (way != SIM_DAMAGE_DROP_TAIL && way != SIM_DAMAGE_EXTEND &&
	    !sim_drive_holds(drive, begin, WL_BLOCK_BYTES))
		return false; /* no file, or nothing in it */
	drive->damage.begin = begin;
	drive->damage.end = begin + drive->segment_bytes;
	switch (way) {
	case SIM_DAMAGE_ROT_SEGMENT:
		/* What its checksum covers; the rest of the block says nothing. */
		flip(drive, sim_drive_place(drive, begin), 64);
		return true;
	case SIM_DAMAGE_SWAP_SEGMENTS:
		drive->damage.end += drive->segment_bytes;
		return swap_segments(drive, segment);
	case SIM_DAMAGE_FOREIGN_SEGMENT:
		make_foreign(drive, segment);
		return true;
	case SIM_DAMAGE_DROP_SEGMENT:
		return drop_segment(drive, segment);
	case SIM_DAMAGE_DROP_TAIL:
		return drop_tail(drive, segment);
	case SIM_DAMAGE_CUT_SEGMENT:
		cut_segment(drive, segment);
		return true;
	default: /* SIM_DAMAGE_EXTEND */
		return extend(drive);
	}
}

/* A whole record with other contents. */
static void forge_record(uint8_t *copy, enum sim_damage_way way)
{
	if (way == SIM_DAMAGE_RECORD_VERSION)
		wl_store_u16(copy + 4, (uint16_t)(wl_load_u16(copy + 4) + 1));
	else if (way == SIM_DAMAGE_RECORD_CLUSTER)
		copy[16] ^= 1;
	else
		wl_store_u32(copy + 8, wl_load_u32(copy + 8) % WIRELOG_NODES_MAX + 1);
	wl_store_u32(copy + WL_BLOCK_BYTES - 4, wl_crc32c(copy, WL_BLOCK_BYTES - 4));
}

static bool damage_record(struct sim_drive *drive, enum sim_damage_way way, uint64_t mask)
{
	struct wl_superblock newest;
	unsigned damaged;
	bool did = false;

	if (wl_superblock_choose(drive->superblock, &newest, &damaged) == WL_SUPERBLOCK_EMPTY)
		return false; /* an empty disk */
	/* A directory of others is so in all its copies. */
	if (way == SIM_DAMAGE_RECORD_CLUSTER || way == SIM_DAMAGE_RECORD_NODE)
		mask = (1u << WL_SUPERBLOCK_COPIES) - 1;
	for (unsigned which = 0; which < WL_SUPERBLOCK_COPIES; which++) {
		uint8_t *copy = drive->superblock[which];
		struct wl_superblock record;

		if (!(mask >> which & 1))
			continue;
		if (way == SIM_DAMAGE_ROT_RECORD)
			flip(drive, copy, WL_BLOCK_BYTES);
		else if (way == SIM_DAMAGE_ZERO_RECORD)
			memset(copy, 0, WL_BLOCK_BYTES);
		else if (way == SIM_DAMAGE_SWAP_RECORD)
			memcpy(copy, drive->superblock[which ^ 2], WL_BLOCK_BYTES);
		else if (wl_superblock_decode(copy, &record) == WL_SUPERBLOCK_OK)
			forge_record(copy, way);
		did = true;
	}
	return did;
}

/* A part of a chunk is gone, and nobody wrote down that it was there: it looks torn, with all that is still in it. */
static bool looks_torn(enum sim_damage_way way)
{
	return way == SIM_DAMAGE_ZERO_SECTOR || way == SIM_DAMAGE_ZERO_CHUNK ||
	       way == SIM_DAMAGE_DROP_SEGMENT || way == SIM_DAMAGE_DROP_TAIL;
}

bool sim_drive_damage(struct sim_drive *drive, uint64_t from, enum sim_damage_way way,
		      uint64_t which)
{
	struct sim_damage before = drive->damage;
	bool did;

	if (way >= SIM_DAMAGE_ROT_BASE)
		did = sim_drive_damage_base(drive, way, which);
	else if (way >= SIM_DAMAGE_ROT_RECORD)
		did = damage_record(drive, way, which);
	else if (way >= SIM_DAMAGE_ROT_SEGMENT)
		did = damage_segment(drive, from, way, which);
	else
		did = damage_chunk(drive, from, way, which);
	if (!did) {
		drive->damage = before;
		return false;
	}
	drive->damage.vague = before.vague || before.way != SIM_DAMAGE_NONE || drive->lost != 0 ||
			      drive->latent;
	drive->damage.way = way;
	drive->damage.torn = before.torn || looks_torn(way);
	return true;
}

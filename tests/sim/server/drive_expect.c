/* SPDX-License-Identifier: BSD-3-Clause */
/* The verdict that a start owes to damage, worked out from the bytes on the stable storage by other code than the daemon's. */
#include "tests/sim/server/drive_internal.h"

#include "dataplane/base/bytes.h"
#include "dataplane/log/recovery.h"
#include "dataplane/log/superblock.h"

#define KIND(name) (1u << WL_DAMAGE_##name)

static void expect_log(struct sim_damage *damage, uint32_t kinds, uint64_t place)
{
	damage->refuses = kinds != 0;
	damage->refusal = kinds != 0 ? SIM_REFUSAL_LOG : SIM_REFUSAL_NONE;
	damage->kinds = kinds;
	damage->place = place;
}

/* The newest whole one (docs/LOG-FORMAT.md), or NULL. */
static const struct sim_base *newest_place(const struct sim_drive *drive)
{
	const struct sim_base *newest = NULL;

	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++) {
		const struct sim_base *base = &drive->bases[place];

		if (base->bytes && !base->damaged &&
		    (!newest || wl_load_u64(base->bytes + 40) > wl_load_u64(newest->bytes + 40)))
			newest = base;
	}
	return newest;
}

static const uint8_t *newest_base(const struct sim_drive *drive)
{
	const struct sim_base *newest = newest_place(drive);

	return newest ? newest->bytes : NULL;
}

uint64_t sim_drive_walk(const struct sim_drive *drive)
{
	const uint8_t *newest = newest_base(drive);

	return newest ? wl_load_u64(newest + 152) : 0;
}

/* A base that the node made itself holds the last entry of this chunk or of one behind it: it was made of what was durable. */
static bool is_known_durable_by_base(const struct sim_drive *drive, uint64_t begin)
{
	const uint8_t *newest = newest_base(drive);

	return newest && wl_load_u32(newest + 168) != 1 && begin <= wl_load_u64(newest + 152);
}

static void expect_chunk(const struct sim_drive *drive, struct sim_damage *damage)
{
	bool known_durable = sim_drive_is_known_durable(drive, damage->end) ||
			     is_known_durable_by_base(drive, damage->begin);

	switch (damage->way) {
	case SIM_DAMAGE_ROT_ENTRY:
	case SIM_DAMAGE_ROT_HEADER:
	case SIM_DAMAGE_ROT_PADDING:
		expect_log(damage, known_durable ? KIND(ROT) : KIND(UNPROVEN), damage->begin);
		break;
	case SIM_DAMAGE_ZERO_CHUNK:
		expect_log(damage, known_durable ? KIND(LOST_WRITE) : 0, damage->begin);
		break;
	case SIM_DAMAGE_ZERO_SECTOR:
		expect_log(damage, known_durable ? KIND(ROT) : 0, damage->begin);
		break;
	case SIM_DAMAGE_ASTRAY:
		/* The watermark may be met before the chunk that went astray. */
		expect_log(damage, KIND(MISDIRECTED) | (known_durable ? KIND(LOST_WRITE) : 0),
			   damage->begin);
		break;
	case SIM_DAMAGE_UNREADABLE:
		expect_log(damage, KIND(READ_FAILED), damage->begin);
		break;
	default:
		expect_log(damage, KIND(MISDIRECTED), damage->begin);
		break;
	}
}

/* The end of a segment that no chunk stands in, and that the stream has passed: nobody needs it. */
static bool is_skipped(const struct sim_drive *drive, const struct sim_damage *damage)
{
	struct sim_chunk chunk = {.begin = SIM_NOWHERE};

	while (sim_drive_next_chunk(drive, &chunk)) {
		if (chunk.end > damage->begin)
			return chunk.begin >= damage->end;
	}
	return false;
}

/* A mender has written it again, and its node went down before it could prove the rest. */
static bool has_whole_header(const struct sim_drive *drive, uint64_t begin)
{
	struct wl_segment_header header;

	return wl_chunk_decode_segment(sim_drive_at(drive, begin), WL_BLOCK_BYTES, &header);
}

static void expect_segment(const struct sim_drive *drive, struct sim_damage *damage)
{
	uint64_t segment = damage->begin / drive->segment_bytes;

	switch (damage->way) {
	case SIM_DAMAGE_ROT_SEGMENT:
		if (has_whole_header(drive, damage->begin))
			expect_log(damage, 0, SIM_NOWHERE);
		else if (sim_drive_written_end(drive) > damage->begin ||
			 sim_drive_is_known_durable(drive, damage->begin + WL_BLOCK_BYTES))
			expect_log(damage, KIND(SEGMENT_HEADER), damage->begin);
		else
			expect_log(damage, 0, SIM_NOWHERE);
		break;
	case SIM_DAMAGE_SWAP_SEGMENTS:
		expect_log(damage, KIND(MISDIRECTED), damage->begin);
		break;
	case SIM_DAMAGE_FOREIGN_SEGMENT:
		expect_log(damage, KIND(FOREIGN), damage->begin);
		break;
	case SIM_DAMAGE_DROP_SEGMENT:
		if (segment < drive->segments)
			expect_log(damage, KIND(SEGMENT_ABSENT), damage->begin);
		else if (sim_drive_is_known_durable(drive, sim_drive_end(drive) + 1))
			expect_log(damage, KIND(CUT_SHORT), SIM_NOWHERE);
		else
			expect_log(damage, 0, SIM_NOWHERE);
		break;
	case SIM_DAMAGE_DROP_TAIL:
		expect_log(damage,
			   sim_drive_is_known_durable(drive, sim_drive_end(drive) + 1)
				   ? KIND(CUT_SHORT)
				   : 0,
			   SIM_NOWHERE);
		break;
	case SIM_DAMAGE_CUT_SEGMENT:
		expect_log(damage, KIND(READ_FAILED), damage->begin);
		damage->known = !is_skipped(drive, damage);
		break;
	default:
		expect_log(damage, 0, SIM_NOWHERE);
		break;
	}
}

/*
 * A pair without a whole copy of its own may have held a vote. Beside the very first record zeros are what a node leaves that went
 * down before it wrote the next one, and nobody votes before that.
 */
static void expect_record(const struct sim_drive *drive, struct sim_damage *damage)
{
	unsigned whole[2] = {0}, versions = 0, empty = 0;
	uint64_t newest = 0;

	for (unsigned which = 0; which < WL_SUPERBLOCK_COPIES; which++) {
		struct wl_superblock record;
		enum wl_superblock_verdict verdict =
			wl_superblock_decode(drive->superblock[which], &record);

		versions += verdict == WL_SUPERBLOCK_VERSION;
		empty += which < 2 && verdict == WL_SUPERBLOCK_EMPTY;
		if (verdict != WL_SUPERBLOCK_OK || record.sequence % 2 != which / 2)
			continue;
		whole[which / 2]++;
		newest = record.sequence > newest ? record.sequence : newest;
	}
	if (newest == 1 && empty != 0)
		whole[0]++;
	damage->refusal = versions != 0			   ? SIM_REFUSAL_VERSION
			  : whole[0] == 0 || whole[1] == 0 ? SIM_REFUSAL_RECORD
			  : damage->way == SIM_DAMAGE_RECORD_CLUSTER ||
					  damage->way == SIM_DAMAGE_RECORD_NODE
				  ? SIM_REFUSAL_FOREIGN
				  : SIM_REFUSAL_NONE;
	damage->refuses = damage->refusal != SIM_REFUSAL_NONE;
	damage->place = SIM_NOWHERE;
}

/* A log that is whole from its beginning needs none. */
static void expect_base(const struct sim_drive *drive, struct sim_damage *damage)
{
	const struct sim_base *newest = newest_place(drive);
	bool whole = drive->oldest == 0;

	if (newest && newest->other_chain) {
		expect_log(damage, KIND(CHAIN), wl_load_u64(newest->bytes + 152));
		return;
	}
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++)
		whole |= drive->bases[place].bytes && !drive->bases[place].damaged;
	damage->refusal = whole ? SIM_REFUSAL_NONE : SIM_REFUSAL_BASE;
	damage->refuses = !whole;
	damage->place = SIM_NOWHERE;
}

static bool is_in_stream(const struct sim_damage *damage)
{
	return damage->way >= SIM_DAMAGE_ROT_ENTRY && damage->way < SIM_DAMAGE_ROT_RECORD;
}

void sim_drive_note_mending(struct sim_drive *drive, uint64_t offset, uint64_t bytes)
{
	const struct sim_damage *damage = &drive->damage;
	bool is_header = damage->way == SIM_DAMAGE_ROT_SEGMENT && offset >= damage->begin &&
			 offset + bytes <= damage->begin + WL_BLOCK_BYTES;

	if (is_in_stream(damage) && !is_header)
		drive->damage.vague = true;
}

bool sim_drive_hides_damage(const struct sim_drive *drive, bool makes_bases)
{
	return drive->latent || (is_in_stream(&drive->damage) &&
				 (makes_bases || drive->damage.begin < sim_drive_walk(drive)));
}

/* Damage to the stream where a start does not read it. */
static void expect_below(const struct sim_drive *drive, struct sim_damage *damage, uint64_t walk)
{
	bool is_segment = damage->way >= SIM_DAMAGE_ROT_SEGMENT;
	uint64_t from = is_segment ? walk / drive->segment_bytes * drive->segment_bytes : walk;

	damage->unseen = damage->begin < walk;
	if (damage->end <= from && damage->way != SIM_DAMAGE_ASTRAY &&
	    damage->way != SIM_DAMAGE_DROP_TAIL)
		expect_log(damage, 0, SIM_NOWHERE);
	else
		damage->known = false;
}

void sim_drive_expect(struct sim_drive *drive)
{
	struct sim_damage *damage = &drive->damage;
	uint64_t walk = sim_drive_walk(drive);

	damage->known = damage->way != SIM_DAMAGE_NONE && !damage->vague;
	if (is_in_stream(damage) && damage->begin < walk) {
		expect_below(drive, damage, walk);
		return;
	}
	if (!damage->known)
		return;
	if (damage->way >= SIM_DAMAGE_ROT_BASE)
		expect_base(drive, damage);
	else if (damage->way >= SIM_DAMAGE_ROT_RECORD)
		expect_record(drive, damage);
	else if (damage->way >= SIM_DAMAGE_ROT_SEGMENT)
		expect_segment(drive, damage);
	else
		expect_chunk(drive, damage);
}

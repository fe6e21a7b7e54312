/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two places for bases, as dataplane/store/store_base_file.c has them: what has its name is whole. In a directory the old one
 * stays until the new one has the name; on a raw device its first block is gone from the beginning. What a place holds is not
 * looked at here.
 */
#include "tests/sim/server/drive_internal.h"

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/state/base_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sim_drive_drop_base(struct sim_base *base)
{
	free(base->bytes);
	*base = (struct sim_base){0};
}

void sim_drive_copy_base(struct sim_base *to, const struct sim_base *from)
{
	sim_drive_drop_base(to);
	if (!from->bytes)
		return;
	to->bytes = malloc(from->size);
	WL_CHECK(to->bytes != NULL);
	memcpy(to->bytes, from->bytes, from->size);
	to->size = from->size;
	to->damaged = from->damaged;
	to->wrong = from->wrong;
	to->other_chain = from->other_chain;
}

int sim_drive_base_begin(struct sim_drive *drive, unsigned place, uint64_t bytes)
{
	struct sim_base_writer *writer = &drive->base_writer;

	WL_CHECK(place < WL_STORE_BASE_PLACES && bytes != 0 && bytes % WL_BLOCK_BYTES == 0);
	WL_CHECK(!writer->base.bytes);
	if (drive->faults.full)
		return -ENOSPC;
	*writer = (struct sim_base_writer){
		.base = {.bytes = calloc(1, bytes), .size = bytes},
		.place = place,
	};
	WL_CHECK(writer->base.bytes != NULL);
	if (drive->raw)
		sim_drive_drop_base(&drive->bases[place]);
	return 0;
}

int sim_drive_base_write(struct sim_drive *drive, const uint8_t *from, size_t bytes)
{
	struct sim_base_writer *writer = &drive->base_writer;

	WL_CHECK(writer->base.bytes != NULL && !writer->seals);
	WL_CHECK(bytes % WL_BLOCK_BYTES == 0 && bytes <= writer->base.size - writer->written);
	memcpy(writer->base.bytes + writer->written, from, bytes);
	writer->written += bytes;
	return 0;
}

int sim_drive_base_seal(struct sim_drive *drive)
{
	struct sim_base_writer *writer = &drive->base_writer;

	WL_CHECK(writer->base.bytes != NULL && writer->written == writer->base.size);
	writer->seals = true;
	return 0;
}

int sim_drive_base_commit(struct sim_drive *drive)
{
	struct sim_base_writer *writer = &drive->base_writer;

	WL_CHECK(writer->base.bytes != NULL && writer->seals);
	sim_drive_drop_base(&drive->bases[writer->place]);
	drive->bases[writer->place] = writer->base;
	*writer = (struct sim_base_writer){0};
	return 0;
}

void sim_drive_base_abandon(struct sim_drive *drive)
{
	sim_drive_drop_base(&drive->base_writer.base);
	drive->base_writer = (struct sim_base_writer){0};
}

int sim_drive_base_read(struct sim_drive *drive, unsigned place, uint64_t at, uint8_t *to,
			uint32_t bytes)
{
	const struct sim_base *base = &drive->bases[place];

	WL_CHECK(place < WL_STORE_BASE_PLACES && at % WL_BLOCK_BYTES == 0 &&
		 bytes % WL_BLOCK_BYTES == 0);
	if (!base->bytes)
		return -ENOENT;
	if (at >= base->size || bytes > base->size - at)
		return -ENODATA;
	if (sim_random_chance(&drive->random, drive->faults.read_error_ppm))
		return -EIO;
	memcpy(to, base->bytes + at, bytes);
	return 0;
}

int sim_drive_base_remove(struct sim_drive *drive, unsigned place)
{
	WL_CHECK(place < WL_STORE_BASE_PLACES);
	sim_drive_drop_base(&drive->bases[place]);
	return 0;
}

/* The first block of a device arrives by the sector. */
static bool tear_first_block(struct sim_drive *drive, uint8_t *block)
{
	bool torn = false;

	for (unsigned at = 0; at < WL_BLOCK_BYTES; at += WL_SECTOR_BYTES) {
		if (!sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2))
			continue;
		memset(block + at, 0, WL_SECTOR_BYTES);
		torn = true;
	}
	return torn;
}

void sim_drive_tear_base(struct sim_drive *drive, bool power)
{
	struct sim_base_writer *writer = &drive->base_writer;

	if (!writer->base.bytes)
		return;
	if (writer->seals && sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2)) {
		if (power && drive->raw && sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2))
			writer->base.damaged = tear_first_block(drive, writer->base.bytes);
		(void)sim_drive_base_commit(drive);
	} else {
		sim_drive_base_abandon(drive);
	}
}

/* ---- damage ---- */

/* Checksums and digest are right (docs/LOG-FORMAT.md): only the stream contradicts it. */
static void change_chain(struct sim_base *base)
{
	const uint64_t state_bytes = wl_load_u64(base->bytes + 96);
	struct wl_log_base log = {
		.position = {.term = wl_load_u64(base->bytes + 48),
			     .index = wl_load_u64(base->bytes + 56)},
		.chain = wl_load_u64(base->bytes + 64) ^ 1,
	};
	uint64_t digest = 0;

	for (uint64_t at = 0; at < state_bytes; at++) {
		uint64_t content = WL_BASE_HEADER_BYTES + at;

		digest = wl_crc64(digest,
				  base->bytes + content / WL_BASE_CONTENT_BYTES * WL_BLOCK_BYTES +
					  content % WL_BASE_CONTENT_BYTES,
				  1);
	}
	wl_store_u64(base->bytes + 64, log.chain);
	wl_store_u64(base->bytes + 88, wl_base_seal_digest(digest, &log));
	wl_store_u32(base->bytes + WL_BASE_CRC_AT, wl_crc32c(base->bytes, WL_BASE_CRC_AT));
	base->other_chain = true;
}

static bool damage_place(struct sim_drive *drive, enum sim_damage_way way, unsigned place)
{
	struct sim_base *base = &drive->bases[place];
	const struct sim_base *other = &drive->bases[(place + 1) % WL_STORE_BASE_PLACES];

	if (!base->bytes || (way == SIM_DAMAGE_OTHER_BASE && !other->bytes))
		return false;
	if (way == SIM_DAMAGE_ROT_BASE) {
		base->bytes[sim_random_below(&drive->random, base->size)] ^=
			(uint8_t)(1 + sim_random_below(&drive->random, 255));
		base->damaged = true;
	} else if (way == SIM_DAMAGE_DROP_BASE) {
		sim_drive_drop_base(base);
	} else if (way == SIM_DAMAGE_CHAIN_BASE) {
		change_chain(base);
	} else {
		sim_drive_copy_base(base, other);
		base->damaged = true; /* its number says another place */
	}
	return true;
}

bool sim_drive_damage_base(struct sim_drive *drive, enum sim_damage_way way, uint64_t mask)
{
	bool did = false;

	/* Each of them stands somewhere still. */
	if (way == SIM_DAMAGE_OTHER_BASE)
		mask &= (mask & 1) != 0 ? 1 : 2;
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++)
		if ((mask >> place & 1) != 0 && damage_place(drive, way, place))
			did = true;
	return did;
}

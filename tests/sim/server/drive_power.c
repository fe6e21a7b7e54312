/* SPDX-License-Identifier: BSD-3-Clause */
/* What a power cut leaves on the stable storage; images that are kept and put back; an empty disk. */
#include "tests/sim/server/drive_internal.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/arena.h"

enum tear {
	TEAR_NOTHING, /* arrived */
	TEAR_PIECES, /* each sector, or each stripe of the medium, by itself */
	TEAR_PREFIX,
	TEAR_SUFFIX,
	TEARS,
};

/* A write in flight. */
static void tear(struct sim_drive *drive, const struct wl_disk_request *request)
{
	uint32_t sectors = request->bytes / WL_SECTOR_BYTES;
	enum tear fate = (enum tear)sim_random_below(&drive->random, TEARS);
	uint32_t cut = (uint32_t)sim_random_below(&drive->random, sectors + 1);
	uint64_t stripe = WL_SECTOR_BYTES << sim_random_below(&drive->random, 8);
	bool arrives = false;

	for (uint32_t sector = 0; fate != TEAR_NOTHING && sector < sectors; sector++) {
		uint64_t skip = (uint64_t)sector * WL_SECTOR_BYTES;

		if (fate != TEAR_PIECES)
			arrives = (sector < cut) == (fate == TEAR_PREFIX);
		else if (sector == 0 || (request->offset + skip) % stripe == 0)
			arrives = sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2);
		if (arrives)
			memcpy(sim_drive_place(drive, request->offset + skip),
			       request->buffer + skip, WL_SECTOR_BYTES);
	}
}

void sim_drive_note_cached(struct sim_drive *drive, uint64_t offset, uint32_t bytes)
{
	uint64_t at = drive->cached_count++ % SIM_DRIVE_CACHED;

	drive->cached[at].offset = offset;
	drive->cached[at].bytes = bytes;
}

/*
 * The cache of a drive that lies: each of the newest writes is whole, gone, or a part of its sectors is, whatever became of
 * those before and after it. What stood at a fresh place before was zeros. What no node could ever notice is not done:
 * a write that a majority of the others does not have would be lost by any Raft.
 */
static void lose_cache(struct sim_drive *drive)
{
	uint64_t oldest =
		drive->cached_count > SIM_DRIVE_CACHED ? drive->cached_count - SIM_DRIVE_CACHED : 0;

	/* So many of the newest have not reached the stable storage. */
	oldest += sim_random_below(&drive->random, drive->cached_count - oldest + 1);
	for (; drive->faults.lies && oldest < drive->cached_count; oldest++) {
		uint64_t begin = drive->cached[oldest % SIM_DRIVE_CACHED].offset;
		uint32_t bytes = drive->cached[oldest % SIM_DRIVE_CACHED].bytes;
		unsigned fate = (unsigned)sim_random_below(&drive->random, 3);

		if (fate == 0 || !drive->may_lose(drive->lose_context, drive->identity.journal,
						  begin, begin + bytes))
			continue;
		drive->lost++;
		drive->damage.vague |= drive->damage.way != SIM_DAMAGE_NONE;
		for (uint32_t at = 0; at < bytes; at += WL_SECTOR_BYTES) {
			if (fate == 1 || sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2))
				memset(sim_drive_place(drive, begin + at), 0, WL_SECTOR_BYTES);
		}
	}
	drive->cached_count = 0;
}

void sim_drive_forget_requests(struct sim_drive *drive)
{
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++)
		drive->queue[at].state = SIM_REQUEST_FREE;
	drive->in_use = 0;
	drive->done = 0;
	sim_drive_forget_files(drive);
}

void sim_drive_crash(struct sim_drive *drive)
{
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		struct sim_drive_request *slot = &drive->queue[at];

		if (slot->state == SIM_REQUEST_UNDER_WAY && slot->request.verb == WL_DISK_WRITE)
			tear(drive, &slot->request);
	}
	if (drive->cached_count != 0)
		lose_cache(drive);
	sim_drive_tear_helper(drive);
	sim_drive_tear_base(drive, true);
	sim_drive_forget_requests(drive);
	sim_drive_forget_names(drive);
}

void sim_drive_zero(struct sim_drive *drive, uint64_t begin, uint64_t end)
{
	while (begin < end) {
		uint64_t bytes = drive->segment_bytes - begin % drive->segment_bytes;

		if (bytes > end - begin)
			bytes = end - begin;
		sim_arena_zero(sim_drive_at(drive, begin), bytes);
		begin += bytes;
	}
}

void sim_drive_snapshot(struct sim_drive *drive)
{
	uint8_t *to;

	free(drive->image);
	drive->image = malloc((drive->segments - drive->oldest) * drive->segment_bytes +
			      sizeof(drive->superblock));
	WL_CHECK(drive->image != NULL);
	drive->image_oldest = drive->oldest;
	drive->image_segments = drive->segments;
	memcpy(drive->image, drive->superblock, sizeof(drive->superblock));
	to = drive->image + sizeof(drive->superblock);
	for (uint64_t segment = drive->oldest; segment < drive->segments; segment++) {
		memcpy(to, sim_drive_at(drive, segment * drive->segment_bytes),
		       drive->segment_bytes);
		to += drive->segment_bytes;
	}
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++)
		sim_drive_copy_base(&drive->image_bases[place], &drive->bases[place]);
}

void sim_drive_wipe(struct sim_drive *drive)
{
	sim_drive_sync_names(drive);
	sim_drive_zero(drive, drive->oldest * drive->segment_bytes,
		       drive->segments * drive->segment_bytes);
	memset(drive->superblock, 0, sizeof(drive->superblock));
	for (uint64_t segment = drive->oldest; segment < drive->segments; segment++)
		*sim_drive_file(drive, segment) = (struct sim_segment){0};
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++)
		sim_drive_drop_base(&drive->bases[place]);
	memset(&drive->damage, 0, sizeof(drive->damage));
	drive->latent = false;
	drive->unreadable = SIM_NOWHERE - WL_BLOCK_BYTES;
	drive->oldest = 0;
	drive->segments = 0;
	drive->extent = 0;
}

bool sim_drive_restore(struct sim_drive *drive)
{
	const uint8_t *from = drive->image + sizeof(drive->superblock);

	if (!drive->image)
		return false;
	sim_drive_wipe(drive);
	drive->oldest = drive->segments = drive->image_oldest;
	for (uint64_t segment = drive->image_oldest; segment < drive->image_segments; segment++) {
		sim_drive_make_file(drive, segment);
		memcpy(sim_drive_at(drive, segment * drive->segment_bytes), from,
		       drive->segment_bytes);
		from += drive->segment_bytes;
	}
	drive->extent = drive->segments * drive->segment_bytes;
	memcpy(drive->superblock, drive->image, sizeof(drive->superblock));
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++)
		sim_drive_copy_base(&drive->bases[place], &drive->image_bases[place]);
	return true;
}

void sim_drive_rot(struct sim_drive *drive, uint64_t place_ppm, uint64_t bytes)
{
	uint64_t begin = drive->oldest * drive->segment_bytes, offset = begin;
	uint64_t end = sim_drive_end(drive);

	if (drive->extent < end)
		end = drive->extent;
	if (end > begin)
		offset += (uint64_t)((unsigned __int128)(end - begin) * place_ppm / SIM_DRIVE_PPM);
	for (uint64_t at = offset; at < offset + bytes && at < end; at++) {
		if (!sim_drive_holds(drive, at, 1))
			continue;
		*sim_drive_place(drive, at) ^= (uint8_t)(1 + sim_random_below(&drive->random, 255));
		drive->damage.vague = true;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/drive.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/check.h"
#include "tests/sim/arena.h"

static void complete(void *subject, void *object);

static uint8_t *place(const struct sim_drive *drive, uint64_t offset)
{
	WL_CHECK(offset < drive->segments_max * drive->segment_bytes);
	return drive->platters + offset;
}

static void do_prepare(struct sim_drive *drive, struct sim_drive_request *slot)
{
	uint64_t ordinal = slot->request.offset / drive->segment_bytes;
	struct wl_segment_header header = drive->identity;

	if (drive->faults.full || ordinal >= drive->segments_max) {
		slot->status = WL_DISK_NO_SPACE;
		return;
	}
	if (ordinal < drive->segments)
		return; /* made before */
	WL_CHECK(ordinal == drive->segments);
	header.ordinal = ordinal;
	header.segment_bytes = drive->segment_bytes;
	wl_segment_encode_header(place(drive, ordinal * drive->segment_bytes), &header);
	drive->segments++;
}

static void do_write(struct sim_drive *drive, struct sim_drive_request *slot)
{
	const struct wl_disk_request *request = &slot->request;

	if (drive->faults.write_fails) {
		drive->faults.write_fails = false;
		/* A part of it came to the platters; the drive says so by an error, or by a count that is too small. */
		slot->short_by = (uint32_t)sim_random_below(&drive->random,
							    request->bytes / WL_SECTOR_BYTES) *
					 WL_SECTOR_BYTES +
				 WL_SECTOR_BYTES;
		memcpy(place(drive, request->offset), request->buffer,
		       request->bytes - slot->short_by);
		if (sim_random_chance(&drive->random, 500000)) {
			slot->status = WL_DISK_FAILED;
			slot->short_by = 0;
		}
		return;
	}
	memcpy(place(drive, request->offset), request->buffer, request->bytes);
	drive->writes++;
	if (request->offset + request->bytes > drive->extent)
		drive->extent = request->offset + request->bytes;
}

static void do_read(struct sim_drive *drive, struct sim_drive_request *slot)
{
	const struct wl_disk_request *request = &slot->request;

	drive->reads++;
	if (request->offset / drive->segment_bytes >= drive->segments) {
		slot->status = WL_DISK_ABSENT;
		return;
	}
	if (sim_random_chance(&drive->random, drive->faults.read_error_ppm)) {
		slot->status = WL_DISK_FAILED;
		return;
	}
	memcpy(request->buffer, place(drive, request->offset), request->bytes);
}

static void complete(void *subject, void *object)
{
	struct sim_drive *drive = subject;
	struct sim_drive_request *slot = object;

	if (!slot->in_use || slot->done)
		return;
	if (drive->faults.hung) {
		sim_agenda_add(drive->agenda, drive->agenda->now_ns + 5000000, complete, drive,
			       slot);
		return;
	}
	slot->status = WL_DISK_OK;
	switch (slot->request.verb) {
	case WL_DISK_PREPARE:
		do_prepare(drive, slot);
		break;
	case WL_DISK_WRITE:
		do_write(drive, slot);
		break;
	case WL_DISK_READ:
		do_read(drive, slot);
		break;
	}
	slot->done = true;
	if (drive->on_completion)
		drive->on_completion(drive->context);
}

static struct sim_drive_request *free_slot(struct sim_drive *drive)
{
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		if (!drive->queue[at].in_use)
			return &drive->queue[at];
	}
	return NULL;
}

static unsigned submit(struct wl_disk *disk, const struct wl_disk_request *requests, unsigned count)
{
	struct sim_drive *drive = (struct sim_drive *)disk;

	for (unsigned at = 0; at < count; at++) {
		struct sim_drive_request *slot = free_slot(drive);
		uint64_t latency = drive->faults.latency_ns +
				   sim_random_below(&drive->random, drive->faults.jitter_ns + 1);

		if (!slot)
			return at;
		if (!sim_budget_spend(drive->budget))
			continue;
		*slot = (struct sim_drive_request){
			.request = requests[at],
			.drive = drive,
			.in_use = true,
			.order = drive->order++,
		};
		sim_agenda_add(drive->agenda, drive->agenda->now_ns + latency, complete, drive,
			       slot);
	}
	return count;
}

static unsigned reap(struct wl_disk *disk, struct wl_disk_completion *completions, unsigned max)
{
	struct sim_drive *drive = (struct sim_drive *)disk;
	unsigned count = 0;

	for (unsigned at = 0; at < SIM_DRIVE_QUEUE && count < max; at++) {
		struct sim_drive_request *slot = &drive->queue[at];

		if (!slot->in_use || !slot->done)
			continue;
		completions[count++] = (struct wl_disk_completion){
			.verb = slot->request.verb,
			.status = slot->status,
			.journal = slot->request.journal,
			.offset = slot->request.offset,
			.cookie = slot->request.cookie,
			.bytes = slot->request.bytes - slot->short_by,
		};
		slot->in_use = false;
	}
	return count;
}

static void close_drive(struct wl_disk *disk)
{
	(void)disk;
}

static const struct wl_disk_ops ops = {"sim", submit, reap, close_drive};

void sim_drive_init(struct sim_drive *drive, struct sim_agenda *agenda, uint64_t seed,
		    uint64_t stream, uint64_t segment_bytes, uint64_t segments_max)
{
	memset(drive, 0, sizeof(*drive));
	drive->disk.ops = &ops;
	drive->agenda = agenda;
	sim_random_init(&drive->random, seed, stream);
	drive->segment_bytes = segment_bytes;
	drive->segments_max = segments_max;
	drive->faults.latency_ns = 60000;
	drive->faults.jitter_ns = 60000;
	/* Zero pages until written: a drive costs what is on it. */
	drive->platters = sim_arena_take(segment_bytes * segments_max);
}

void sim_drive_fini(struct sim_drive *drive)
{
	free(drive->image);
	sim_arena_give_back(drive->platters, drive->segment_bytes * drive->segments_max);
}

void sim_drive_crash(struct sim_drive *drive)
{
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		struct sim_drive_request *slot = &drive->queue[at];
		const struct wl_disk_request *request = &slot->request;
		unsigned fate = (unsigned)sim_random_below(&drive->random, 3);

		if (!slot->in_use)
			continue;
		if (!slot->done && request->verb == WL_DISK_WRITE && fate != 0) {
			/* fate 1: each sector by itself; fate 2: a prefix. */
			uint32_t sectors = request->bytes / WL_SECTOR_BYTES;
			uint32_t prefix = (uint32_t)sim_random_below(&drive->random, sectors + 1);

			for (uint32_t sector = 0; sector < sectors; sector++) {
				uint64_t skip = (uint64_t)sector * WL_SECTOR_BYTES;

				if (fate == 2 ? sector < prefix
					      : sim_random_chance(&drive->random, 500000))
					memcpy(place(drive, request->offset + skip),
					       request->buffer + skip, WL_SECTOR_BYTES);
			}
		}
		/* The event that was to complete it finds it gone. */
		slot->in_use = false;
		slot->done = true;
	}
	drive->life++;
}

void sim_drive_rot(struct sim_drive *drive, uint64_t place_ppm, uint64_t bytes)
{
	uint64_t offset = (uint64_t)((unsigned __int128)drive->extent * place_ppm / 1000000);

	for (uint64_t at = offset; at < offset + bytes && at < drive->extent; at++)
		*place(drive, at) ^= (uint8_t)(1 + sim_random_below(&drive->random, 255));
}

void sim_drive_snapshot(struct sim_drive *drive)
{
	uint64_t bytes = drive->segments * drive->segment_bytes;

	free(drive->image);
	drive->image = malloc(bytes + sizeof(drive->superblock));
	WL_CHECK(drive->image != NULL);
	drive->image_segments = drive->segments;
	memcpy(drive->image, drive->superblock, sizeof(drive->superblock));
	memcpy(drive->image + sizeof(drive->superblock), drive->platters, bytes);
}

void sim_drive_wipe(struct sim_drive *drive)
{
	memset(drive->platters, 0, drive->segments * drive->segment_bytes);
	memset(drive->superblock, 0, sizeof(drive->superblock));
	drive->segments = 0;
	drive->extent = 0;
}

bool sim_drive_restore(struct sim_drive *drive)
{
	if (!drive->image)
		return false;
	sim_drive_wipe(drive);
	drive->segments = drive->image_segments;
	drive->extent = drive->segments * drive->segment_bytes;
	memcpy(drive->superblock, drive->image, sizeof(drive->superblock));
	memcpy(drive->platters, drive->image + sizeof(drive->superblock), drive->extent);
	return true;
}

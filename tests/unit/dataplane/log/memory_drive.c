/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/log/memory_drive.h"

#include <errno.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "tests/unit/dataplane/log/fixture_memory.h"

static unsigned submit(struct wl_disk *disk, const struct wl_disk_request *requests, unsigned count)
{
	struct memory_drive *drive = (struct memory_drive *)disk;

	for (unsigned at = 0; at < count; at++) {
		const struct wl_disk_request *request = &requests[at];
		struct memory_drive_pending *pending = &drive->pending[drive->pending_count];

		if (drive->pending_count == MEMORY_DRIVE_PENDING)
			return at;
		WL_CHECK(request->offset % WL_BLOCK_BYTES == 0 &&
			 request->bytes % WL_BLOCK_BYTES == 0);
		WL_CHECK((uintptr_t)request->buffer % WL_BLOCK_BYTES == 0);
		if (request->verb != WL_DISK_PREPARE && request->verb != WL_DISK_FORGET) {
			WL_CHECK(request->bytes != 0);
			WL_CHECK(request->offset / drive->segment_bytes ==
				 (request->offset + request->bytes - 1) / drive->segment_bytes);
		}
		pending->request = *request;
		if (request->verb == WL_DISK_WRITE)
			pending->crc = wl_crc32c(request->buffer, request->bytes);
		drive->pending_count++;
	}
	return count;
}

static unsigned reap(struct wl_disk *disk, struct wl_disk_completion *completions, unsigned max)
{
	struct memory_drive *drive = (struct memory_drive *)disk;
	unsigned count = drive->done_count < max ? drive->done_count : max;

	memcpy(completions, drive->done, count * sizeof(drive->done[0]));
	drive->done_count -= count;
	memmove(drive->done, drive->done + count, drive->done_count * sizeof(drive->done[0]));
	return count;
}

static void close_drive(struct wl_disk *disk)
{
	(void)disk;
}

void memory_drive_init(struct memory_drive *drive, const struct wl_segment_header *identity,
		       uint64_t segment_bytes, uint64_t segments_max)
{
	static const struct wl_disk_ops ops = {"memory", submit, reap, close_drive};

	memset(drive, 0, sizeof(*drive));
	drive->disk.ops = &ops;
	drive->identity = *identity;
	drive->segment_bytes = segment_bytes;
	drive->segments_max = segments_max;
	drive->stable = fixture_memory_take(segments_max * segment_bytes);
}

void memory_drive_fini(struct memory_drive *drive)
{
	fixture_memory_give_back(drive->stable);
}

uint8_t *memory_drive_place(struct memory_drive *drive, uint64_t offset)
{
	return drive->stable + offset % (drive->segments_max * drive->segment_bytes);
}

static enum wl_disk_status forget(struct memory_drive *drive, uint64_t segment)
{
	WL_CHECK(segment == drive->first_segment && segment < drive->segments);
	memset(memory_drive_place(drive, segment * drive->segment_bytes), 0xee, WL_BLOCK_BYTES);
	drive->first_segment++;
	return WL_DISK_OK;
}

static enum wl_disk_status prepare(struct memory_drive *drive, uint64_t segment)
{
	struct wl_segment_header header = drive->identity;
	uint8_t *place = memory_drive_place(drive, segment * drive->segment_bytes);

	if (drive->full || segment - drive->first_segment >= drive->segments_max)
		return WL_DISK_NO_SPACE;
	WL_CHECK(segment <= drive->segments && segment >= drive->first_segment);
	/* A place that was never one is zeros: writing these would touch every page of every drive. */
	if (segment < drive->segments || segment >= drive->segments_max)
		memset(place, 0, drive->segment_bytes);
	header.number = segment;
	header.segment_bytes = drive->segment_bytes;
	wl_chunk_encode_segment(place, &header);
	if (segment == drive->segments)
		drive->segments++;
	return WL_DISK_OK;
}

static enum wl_disk_status perform(struct memory_drive *drive,
				   const struct memory_drive_pending *pending)
{
	const struct wl_disk_request *request = &pending->request;

	switch (request->verb) {
	case WL_DISK_FORGET:
		return forget(drive, request->offset / drive->segment_bytes);
	case WL_DISK_PREPARE:
		return prepare(drive, request->offset / drive->segment_bytes);
	case WL_DISK_WRITE:
		WL_CHECK(wl_crc32c(request->buffer, request->bytes) == pending->crc);
		WL_CHECK(request->offset / drive->segment_bytes < drive->segments &&
			 request->offset / drive->segment_bytes >= drive->first_segment);
		WL_CHECK(request->offset % drive->segment_bytes != 0);
		memcpy(memory_drive_place(drive, request->offset), request->buffer, request->bytes);
		return WL_DISK_OK;
	case WL_DISK_READ:
		return memory_drive_read(drive, request->offset, request->buffer, request->bytes);
	}
	return WL_DISK_FAILED;
}

void memory_drive_complete(struct memory_drive *drive, uint32_t which, enum wl_disk_status status)
{
	struct memory_drive_pending pending = drive->pending[which];

	WL_CHECK(which < drive->pending_count && drive->done_count < MEMORY_DRIVE_PENDING);
	if (status == WL_DISK_OK)
		status = perform(drive, &pending);
	drive->done[drive->done_count++] = (struct wl_disk_completion){
		.verb = pending.request.verb,
		.status = status,
		.journal = pending.request.journal,
		.offset = pending.request.offset,
		.cookie = pending.request.cookie,
		.bytes = pending.request.bytes,
	};
	drive->pending_count--;
	memmove(&drive->pending[which], &drive->pending[which + 1],
		(drive->pending_count - which) * sizeof(drive->pending[0]));
}

void memory_drive_tear(struct memory_drive *drive, uint32_t which, uint32_t sectors)
{
	const struct wl_disk_request *request = &drive->pending[which].request;

	WL_CHECK(which < drive->pending_count && request->verb == WL_DISK_WRITE);
	memcpy(memory_drive_place(drive, request->offset), request->buffer,
	       (size_t)sectors * WL_SECTOR_BYTES);
}

static void crash_write(struct memory_drive *drive, const struct wl_disk_request *request,
			struct sim_random *random)
{
	uint32_t sectors = request->bytes / WL_SECTOR_BYTES;
	uint64_t fate = sim_random_below(random, 5);
	uint32_t prefix = (uint32_t)sim_random_below(random, sectors + 1);
	uint64_t stripe = WL_SECTOR_BYTES << sim_random_below(random, 10);
	bool arrives = fate == 1;

	for (uint32_t sector = 0; sector < sectors; sector++) {
		size_t skip = (size_t)sector * WL_SECTOR_BYTES;

		if (fate == 2)
			arrives = sector < prefix;
		else if (fate == 3)
			arrives = sim_random_chance(random, 700000);
		else if (fate == 4 && (sector == 0 || (request->offset + skip) % stripe == 0))
			arrives = sim_random_chance(random, 500000);
		if (arrives)
			memcpy(memory_drive_place(drive, request->offset + skip),
			       request->buffer + skip, WL_SECTOR_BYTES);
	}
}

void memory_drive_crash(struct memory_drive *drive, struct sim_random *random)
{
	for (uint32_t at = 0; at < drive->pending_count; at++) {
		const struct wl_disk_request *request = &drive->pending[at].request;

		if (request->verb == WL_DISK_WRITE)
			crash_write(drive, request, random);
	}
	drive->pending_count = 0;
	drive->done_count = 0;
}

enum wl_disk_status memory_drive_read(struct memory_drive *drive, uint64_t offset, uint8_t *to,
				      uint32_t bytes)
{
	if (offset < drive->refuses_reads_to && offset + bytes > drive->refuses_reads_from)
		return WL_DISK_FAILED;
	if (offset / drive->segment_bytes >= drive->segments ||
	    offset / drive->segment_bytes < drive->first_segment)
		return WL_DISK_ABSENT;
	memcpy(to, memory_drive_place(drive, offset), bytes);
	if (drive->reads_wrong_once != 0 && offset <= drive->reads_wrong_once &&
	    offset + bytes > drive->reads_wrong_once) {
		to[drive->reads_wrong_once - offset] ^= 0x10;
		drive->reads_wrong_once = 0;
	}
	return WL_DISK_OK;
}

int memory_drive_read_for_tools(void *drive, uint64_t offset, uint8_t *to, uint32_t bytes)
{
	switch (memory_drive_read(drive, offset, to, bytes)) {
	case WL_DISK_OK:
		return 0;
	case WL_DISK_ABSENT:
		return -ENOENT;
	default:
		return -EIO;
	}
}

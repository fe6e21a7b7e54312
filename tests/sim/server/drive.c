/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request's way, as in dataplane/store/disk_uring.c:
 *
 *   submit: WRITE, READ -- segment open? -- yes --> UNDER_WAY --> (its time is over) --> DONE
 *                                        \- no  --> WAITS_FOR_FILE --> (opened) --> UNDER_WAY
 *           PREPARE --> PREPARING --> (made and opened) --> DONE
 *           FORGET  --> PREPARING --> (gone for good) --> DONE
 */
#include "tests/sim/server/drive_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/arena.h"

static void do_write(struct sim_drive *drive, struct sim_drive_request *slot)
{
	const struct wl_disk_request *request = &slot->request;

	if (drive->faults.write_fails) {
		drive->faults.write_fails = false;
		/* A part of it came to the stable storage; the drive says so by an error, or by a count that is too small. */
		slot->short_by = (uint32_t)sim_random_below(&drive->random,
							    request->bytes / WL_SECTOR_BYTES) *
					 WL_SECTOR_BYTES +
				 WL_SECTOR_BYTES;
		memcpy(sim_drive_place(drive, request->offset), request->buffer,
		       request->bytes - slot->short_by);
		slot->error = ENODATA;
		if (sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2)) {
			slot->status = WL_DISK_FAILED;
			slot->error = slot->order % 2 ? EIO : EROFS;
			slot->short_by = 0;
		}
		return;
	}
	memcpy(sim_drive_place(drive, request->offset), request->buffer, request->bytes);
	drive->writes++;
	if (drive->faults.lies)
		sim_drive_note_cached(drive, request->offset, request->bytes);
	if (request->offset + request->bytes > drive->extent)
		drive->extent = request->offset + request->bytes;
}

/* What a drive answers to a read of a file that is there. `*got` is how much it gave. */
static enum wl_disk_status read_file(struct sim_drive *drive, uint64_t offset, uint8_t *to,
				     uint32_t bytes, uint32_t *got)
{
	const struct sim_segment *segment = sim_drive_file(drive, offset / drive->segment_bytes);
	uint64_t from = offset;

	*got = bytes;
	/* Forgotten while it was open: who reads it may get anything. */
	if (!sim_drive_has(drive, offset / drive->segment_bytes)) {
		memset(to, 0, bytes);
		return WL_DISK_OK;
	}
	if (offset % drive->segment_bytes + bytes > segment->bytes)
		return WL_DISK_FAILED; /* cut short */
	if (drive->unreadable < offset + bytes && drive->unreadable + WL_BLOCK_BYTES > offset)
		return WL_DISK_FAILED;
	if (sim_random_chance(&drive->random, drive->faults.read_error_ppm))
		return WL_DISK_FAILED;
	if (sim_random_chance(&drive->random, drive->faults.short_read_ppm)) {
		*got = (uint32_t)sim_random_below(&drive->random, bytes / WL_SECTOR_BYTES) *
		       WL_SECTOR_BYTES;
		sim_arena_copy(to, sim_drive_place(drive, offset), *got);
		return WL_DISK_OK;
	}
	/* The head stood at another track: the first chunk, or the first header. */
	if (sim_random_chance(&drive->random, drive->faults.misread_ppm))
		from = drive->oldest * drive->segment_bytes +
		       (sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2) &&
					bytes + WL_BLOCK_BYTES <= drive->segment_bytes
				? WL_BLOCK_BYTES
				: 0);
	sim_arena_copy(to, sim_drive_place(drive, from), bytes);
	return WL_DISK_OK;
}

enum wl_disk_status sim_drive_read_now(struct sim_drive *drive, uint64_t offset, uint8_t *to,
				       uint32_t bytes)
{
	uint64_t segment = offset / drive->segment_bytes;
	enum wl_disk_status status;
	uint32_t got;

	WL_CHECK(offset % drive->segment_bytes + bytes <= drive->segment_bytes);
	if (!sim_drive_has(drive, segment))
		return WL_DISK_ABSENT;
	status = read_file(drive, offset, to, bytes, &got);
	return status == WL_DISK_OK && got != bytes ? WL_DISK_FAILED : status;
}

enum wl_disk_status sim_drive_rewrite(struct sim_drive *drive, uint64_t offset, const uint8_t *from,
				      uint32_t bytes)
{
	struct sim_segment *segment = sim_drive_file(drive, offset / drive->segment_bytes);
	uint64_t end = offset % drive->segment_bytes + bytes;

	WL_CHECK(end <= drive->segment_bytes);
	if (!sim_drive_has(drive, offset / drive->segment_bytes))
		return WL_DISK_ABSENT;
	if (drive->faults.write_fails) {
		drive->faults.write_fails = false;
		return WL_DISK_FAILED;
	}
	sim_arena_copy(sim_drive_place(drive, offset), from, bytes);
	sim_drive_note_mending(drive, offset, bytes);
	/* One that was cut short grows: behind its end nothing but zeros was left. */
	if (segment->bytes < end)
		segment->bytes = end;
	if (offset + bytes > drive->extent)
		drive->extent = offset + bytes;
	if (offset <= drive->unreadable && drive->unreadable + WL_BLOCK_BYTES <= offset + bytes)
		drive->unreadable = SIM_NOWHERE - WL_BLOCK_BYTES;
	return WL_DISK_OK;
}

static void do_read(struct sim_drive *drive, struct sim_drive_request *slot)
{
	const struct wl_disk_request *request = &slot->request;
	uint32_t got;

	drive->reads++;
	slot->status = read_file(drive, request->offset, request->buffer, request->bytes, &got);
	if (slot->status == WL_DISK_OK)
		slot->short_by = request->bytes - got;
	else
		slot->error = EIO;
}

static struct sim_drive_request *slot_of(struct sim_drive *drive, uint64_t order)
{
	struct sim_drive_request *slot = &drive->queue[order % SIM_DRIVE_QUEUE];

	return slot->order == order ? slot : NULL;
}

void sim_drive_finish(struct sim_drive *drive, struct sim_drive_request *slot,
		      enum wl_disk_status status, int error)
{
	slot->state = SIM_REQUEST_DONE;
	slot->status = status;
	slot->error = error;
	drive->done++;
}

static void complete(void *subject, void *object)
{
	struct sim_drive *drive = subject;
	struct sim_drive_request *slot = slot_of(drive, (uintptr_t)object);
	const struct sim_descriptor *descriptor;

	if (!slot || slot->state != SIM_REQUEST_UNDER_WAY)
		return; /* of an older life */
	if (drive->faults.hung) {
		sim_agenda_add(drive->agenda, drive->agenda->now_ns + 5000000, complete, drive,
			       object);
		return;
	}
	descriptor = &drive->descriptors[drive->files.files[slot->file].fd];
	/* What is written goes to the file that has the name, or it would be gone with the next start. */
	WL_CHECK_MSG(slot->request.verb != WL_DISK_WRITE ||
			     (sim_drive_has(drive, descriptor->segment) &&
			      descriptor->file == sim_drive_file(drive, descriptor->segment)->file),
		     "segment %llu was written to after it was replaced",
		     (unsigned long long)descriptor->segment);
	slot->status = WL_DISK_OK;
	if (slot->request.verb == WL_DISK_WRITE)
		do_write(drive, slot);
	else
		do_read(drive, slot);
	sim_drive_finish(drive, slot, slot->status, slot->error);
	if (drive->on_completion)
		drive->on_completion(drive->context);
}

void sim_drive_begin(struct sim_drive *drive, struct sim_drive_request *slot)
{
	uint64_t latency = drive->faults.latency_ns +
			   sim_random_below(&drive->random, drive->faults.jitter_ns + 1);

	wl_disk_files_enter(&drive->files, slot->file, slot->request.verb == WL_DISK_WRITE);
	slot->state = SIM_REQUEST_UNDER_WAY;
	sim_agenda_add(drive->agenda, drive->agenda->now_ns + latency, complete, drive,
		       (void *)(uintptr_t)slot->order);
}

static struct sim_drive_request *oldest_under_way(struct sim_drive *drive)
{
	struct sim_drive_request *first = NULL;

	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		struct sim_drive_request *slot = &drive->queue[at];

		if (slot->state == SIM_REQUEST_UNDER_WAY && (!first || slot->order < first->order))
			first = slot;
	}
	return first;
}

void sim_drive_complete(struct sim_drive *drive)
{
	struct sim_drive_request *slot;

	do {
		while ((slot = oldest_under_way(drive)) != NULL)
			complete(drive, (void *)(uintptr_t)slot->order);
	} while (sim_drive_complete_jobs(drive));
}

bool sim_drive_owes_failure(const struct sim_drive *drive)
{
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		const struct sim_drive_request *slot = &drive->queue[at];

		if (slot->state == SIM_REQUEST_DONE && slot->request.verb == WL_DISK_WRITE &&
		    (slot->status == WL_DISK_FAILED || slot->short_by != 0))
			return true;
	}
	return false;
}

void sim_drive_kill(struct sim_drive *drive)
{
	struct sim_drive_request *slot;

	while ((slot = oldest_under_way(drive)) != NULL) {
		if (slot->request.verb == WL_DISK_WRITE)
			do_write(drive, slot);
		slot->state = SIM_REQUEST_FREE;
	}
	sim_drive_kill_helper(drive);
	sim_drive_tear_base(drive, false);
	sim_drive_forget_requests(drive);
}

static struct sim_drive_request *free_slot(struct sim_drive *drive)
{
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		if (drive->queue[at].state == SIM_REQUEST_FREE)
			return &drive->queue[at];
	}
	return NULL;
}

static unsigned submit(struct wl_disk *disk, const struct wl_disk_request *requests, unsigned count)
{
	struct sim_drive *drive = (struct sim_drive *)disk;

	for (unsigned at = 0; at < count; at++) {
		struct sim_drive_request *slot = free_slot(drive);

		if (!slot)
			return at;
		if (!sim_budget_spend(drive->budget))
			continue;
		drive->order += SIM_DRIVE_QUEUE;
		*slot = (struct sim_drive_request){
			.request = requests[at],
			.file = WL_DISK_FILES_NONE,
			.order = drive->order + (uint64_t)(slot - drive->queue),
		};
		if (requests[at].verb == WL_DISK_PREPARE || requests[at].verb == WL_DISK_FORGET)
			sim_drive_ask_helper(drive, slot);
		else if (!sim_drive_find_file(drive, slot))
			return at;
		drive->in_use++;
	}
	return count;
}

static unsigned reap(struct wl_disk *disk, struct wl_disk_completion *completions, unsigned max)
{
	struct sim_drive *drive = (struct sim_drive *)disk;
	unsigned count = 0;

	sim_drive_take_answers(drive);
	for (unsigned at = 0; drive->done != 0 && at < SIM_DRIVE_QUEUE && count < max; at++) {
		struct sim_drive_request *slot = &drive->queue[at];

		if (slot->state != SIM_REQUEST_DONE)
			continue;
		completions[count++] = (struct wl_disk_completion){
			.verb = slot->request.verb,
			.status = slot->status,
			.journal = slot->request.journal,
			.offset = slot->request.offset,
			.cookie = slot->request.cookie,
			.bytes = slot->request.bytes - slot->short_by,
			.error = slot->error,
		};
		if (slot->error != 0)
			drive->said[slot->request.verb] |= 1ull << slot->error;
		if (slot->file != WL_DISK_FILES_NONE)
			sim_drive_leave_file(drive, slot);
		slot->state = SIM_REQUEST_FREE;
		drive->done--;
		drive->in_use--;
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
	drive->unreadable = SIM_NOWHERE - WL_BLOCK_BYTES;
	drive->files_by_name = calloc(segments_max, sizeof(drive->files_by_name[0]));
	WL_CHECK(drive->files_by_name != NULL);
	wl_disk_files_init(&drive->files);
	/* Zero pages until written: a drive costs what is on it. */
	drive->stable = sim_arena_take(segment_bytes * segments_max);
}

void sim_drive_fini(struct sim_drive *drive)
{
	for (unsigned place = 0; place < WL_STORE_BASE_PLACES; place++) {
		sim_drive_drop_base(&drive->bases[place]);
		sim_drive_drop_base(&drive->image_bases[place]);
	}
	sim_drive_drop_base(&drive->base_writer.base);
	free(drive->image);
	free(drive->files_by_name);
	sim_arena_give_back(drive->stable, drive->segment_bytes * drive->segments_max);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment files behind the daemon's own table of open ones (dataplane/store/disk_files.h), used as dataplane/store/disk_uring.c
 * does: one helper makes, opens and closes, one after the other, and that takes time and can fail; requests wait for
 * their file meanwhile. A segment that is made again is another file under the same name.
 */
#include "tests/sim/server/drive_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/store/store_device_window.h"
#include "tests/sim/arena.h"

#define OPEN_NS 20000u
#define OPEN_AT_START 4u /* as dataplane/store/disk_open_uring.c */

static struct sim_drive_job *job_at(struct sim_drive *drive, uint64_t at)
{
	return &drive->jobs[at % SIM_DRIVE_JOBS];
}

/* ---- descriptors ---- */

static int open_descriptor(struct sim_drive *drive, uint64_t segment)
{
	for (int fd = 0; fd < (int)SIM_DRIVE_DESCRIPTORS; fd++) {
		if (drive->descriptors[fd].file != 0)
			continue;
		drive->descriptors[fd] = (struct sim_descriptor){
			.file = sim_drive_file(drive, segment)->file,
			.segment = segment,
		};
		drive->descriptors_open++;
		drive->opens++;
		return fd;
	}
	WL_CHECK_MSG(false, "%u descriptors are open", drive->descriptors_open);
	return -1;
}

static void close_descriptor(struct sim_drive *drive, int fd)
{
	WL_CHECK_MSG(drive->descriptors[fd].file != 0, "descriptor %d is closed twice", fd);
	for (unsigned place = 0; place < WL_DISK_FILES; place++)
		WL_CHECK_MSG(drive->files.files[place].fd != fd,
			     "descriptor %d is closed while it is in the table", fd);
	drive->descriptors[fd].file = 0;
	drive->descriptors_open--;
}

/* ---- the helper ---- */

static void fail(struct sim_drive_job *job, enum wl_disk_status status, int error)
{
	job->status = status;
	job->error = error;
}

static void make_segment(struct sim_drive *drive, struct sim_drive_job *job)
{
	if (job->segment >= drive->oldest + drive->segments_max || drive->faults.full) {
		fail(job, WL_DISK_NO_SPACE, ENOSPC);
		return;
	}
	if (sim_random_chance(&drive->random, drive->faults.prepare_error_ppm)) {
		fail(job, WL_DISK_FAILED, job->segment % 2 ? EIO : EROFS);
		return;
	}
	/* In order; or once more, when the header of one ahead was damaged. */
	WL_CHECK(job->segment <= drive->segments || drive->oldest == drive->segments);
	sim_drive_make_file(drive, job->segment);
	sim_drive_sync_names(drive); /* a folder is synced as a whole */
	job->fd = open_descriptor(drive, job->segment);
}

/* It loses its name; for good when its folder is synced. */
static void unlink_oldest(struct sim_drive *drive)
{
	struct sim_segment *file = sim_drive_file(drive, drive->oldest);

	*file = (struct sim_segment){.bytes = file->bytes, .unlinked = file->file};
	drive->oldest++;
}

static void forget_segments(struct sim_drive *drive, struct sim_drive_job *job)
{
	while (drive->oldest <= job->segment && drive->oldest < drive->segments) {
		unlink_oldest(drive);
		sim_drive_sync_names(drive);
	}
}

static void open_segment(struct sim_drive *drive, struct sim_drive_job *job)
{
	if (!sim_drive_has(drive, job->segment)) {
		fail(job, WL_DISK_ABSENT, ENOENT);
	} else if (sim_random_chance(&drive->random, drive->faults.open_error_ppm)) {
		fail(job, WL_DISK_FAILED, job->segment % 2 ? EIO : EMFILE);
		drive->failed_opens++;
	} else {
		job->fd = open_descriptor(drive, job->segment);
	}
}

static void work(struct sim_drive *drive);

static void end_job(void *subject, void *object)
{
	struct sim_drive *drive = subject;
	struct sim_drive_job *job = job_at(drive, drive->job_done);

	if (drive->life != (uintptr_t)object)
		return;
	if (drive->faults.hung || (drive->faults.maker_hung && job->verb == SIM_JOB_PREPARE)) {
		sim_agenda_add(drive->agenda, drive->agenda->now_ns + 5000000, end_job, drive,
			       object);
		return;
	}
	if (job->verb == SIM_JOB_PREPARE)
		make_segment(drive, job);
	else if (job->verb == SIM_JOB_FORGET)
		forget_segments(drive, job);
	else if (job->verb == SIM_JOB_OPEN)
		open_segment(drive, job);
	else
		close_descriptor(drive, job->fd);
	drive->job_done++;
	drive->works = false;
	work(drive);
	if (job->verb != SIM_JOB_CLOSE && drive->on_completion)
		drive->on_completion(drive->context);
}

static void work(struct sim_drive *drive)
{
	uint64_t takes = OPEN_NS;

	if (drive->works || drive->job_done == drive->job_end)
		return;
	if (job_at(drive, drive->job_done)->verb == SIM_JOB_PREPARE ||
	    job_at(drive, drive->job_done)->verb == SIM_JOB_FORGET)
		takes = drive->faults.latency_ns +
			sim_random_below(&drive->random, drive->faults.jitter_ns + 1);
	else if (job_at(drive, drive->job_done)->verb == SIM_JOB_OPEN)
		takes += sim_random_below(&drive->random, drive->faults.open_ns + 1);
	drive->works = true;
	sim_agenda_add(drive->agenda, drive->agenda->now_ns + takes, end_job, drive,
		       (void *)(uintptr_t)drive->life);
}

bool sim_drive_complete_jobs(struct sim_drive *drive)
{
	bool did = drive->works;

	WL_CHECK(!drive->faults.hung && !drive->faults.maker_hung);
	while (drive->works)
		end_job(drive, (void *)(uintptr_t)drive->life);
	return did;
}

static void ask(struct sim_drive *drive, const struct sim_drive_job *job)
{
	WL_CHECK(drive->job_end - drive->job_first < SIM_DRIVE_JOBS);
	*job_at(drive, drive->job_end++) = *job;
	work(drive);
}

static void close_later(struct sim_drive *drive, int fd)
{
	if (fd >= 0)
		ask(drive, &(struct sim_drive_job){.verb = SIM_JOB_CLOSE, .fd = fd});
}

/* ---- requests ---- */

void sim_drive_ask_helper(struct sim_drive *drive, struct sim_drive_request *slot)
{
	bool forgets = slot->request.verb == WL_DISK_FORGET;
	uint64_t segment = slot->request.offset / drive->segment_bytes;

	close_later(drive, wl_disk_files_retire(&drive->files, slot->request.journal, segment));
	slot->state = SIM_REQUEST_PREPARING;
	ask(drive, &(struct sim_drive_job){.verb = forgets ? SIM_JOB_FORGET : SIM_JOB_PREPARE,
					   .fd = -1,
					   .segment = segment,
					   .tag = (uint32_t)(slot - drive->queue)});
}

bool sim_drive_find_file(struct sim_drive *drive, struct sim_drive_request *slot)
{
	const struct wl_disk_request *request = &slot->request;
	uint64_t segment = request->offset / drive->segment_bytes;
	int fd_to_close;

	WL_CHECK(request->offset % drive->segment_bytes + request->bytes <= drive->segment_bytes);
	slot->file = wl_disk_files_find(&drive->files, request->journal, segment);
	if (slot->file == WL_DISK_FILES_NONE) {
		slot->file =
			wl_disk_files_take(&drive->files, request->journal, segment, &fd_to_close);
		if (slot->file == WL_DISK_FILES_NONE)
			return false;
		drive->evictions += fd_to_close >= 0;
		close_later(drive, fd_to_close);
		ask(drive, &(struct sim_drive_job){.verb = SIM_JOB_OPEN,
						   .segment = segment,
						   .tag = slot->file});
	}
	if (drive->files.files[slot->file].state == WL_DISK_FILE_OPEN)
		sim_drive_begin(drive, slot);
	else
		slot->state = SIM_REQUEST_WAITS_FOR_FILE;
	return true;
}

void sim_drive_leave_file(struct sim_drive *drive, struct sim_drive_request *slot)
{
	close_later(drive, wl_disk_files_leave(&drive->files, slot->file));
}

static void on_opened(struct sim_drive *drive, const struct sim_drive_job *answer)
{
	if (answer->status == WL_DISK_OK)
		wl_disk_files_opened(&drive->files, answer->tag, answer->fd, 0);
	else
		wl_disk_files_failed(&drive->files, answer->tag);
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++) {
		struct sim_drive_request *slot = &drive->queue[at];

		if (slot->state != SIM_REQUEST_WAITS_FOR_FILE || slot->file != answer->tag)
			continue;
		if (answer->status == WL_DISK_OK) {
			sim_drive_begin(drive, slot);
			continue;
		}
		slot->file = WL_DISK_FILES_NONE;
		sim_drive_finish(drive, slot,
				 slot->request.verb == WL_DISK_READ ? answer->status
								    : WL_DISK_NOT_BEGUN,
				 answer->error);
	}
}

static void on_prepared(struct sim_drive *drive, const struct sim_drive_job *answer)
{
	uint32_t journal = drive->queue[answer->tag].request.journal, place;
	int fd_to_close;

	if (answer->status == WL_DISK_OK) {
		/* Opened for a reader while it was made: that may be the old one. */
		close_later(drive, wl_disk_files_retire(&drive->files, journal, answer->segment));
		place = wl_disk_files_take(&drive->files, journal, answer->segment, &fd_to_close);
		if (place == WL_DISK_FILES_NONE) {
			close_later(drive, answer->fd);
		} else {
			drive->evictions += fd_to_close >= 0;
			wl_disk_files_opened(&drive->files, place, answer->fd, 0);
			drive->files.files[place].for_append = true;
			close_later(drive, fd_to_close);
		}
	}
	sim_drive_finish(drive, &drive->queue[answer->tag], answer->status, answer->error);
}

static void on_forgotten(struct sim_drive *drive, const struct sim_drive_job *answer)
{
	struct sim_drive_request *slot = &drive->queue[answer->tag];

	/* Opened for a reader while it was given up. */
	close_later(drive,
		    wl_disk_files_retire(&drive->files, slot->request.journal, answer->segment));
	sim_drive_finish(drive, slot, answer->status, answer->error);
}

void sim_drive_take_answers(struct sim_drive *drive)
{
	while (drive->job_first != drive->job_done) {
		/* By value: what is asked for here may not write over it. */
		struct sim_drive_job answer = *job_at(drive, drive->job_first++);

		if (answer.verb == SIM_JOB_PREPARE)
			on_prepared(drive, &answer);
		else if (answer.verb == SIM_JOB_FORGET)
			on_forgotten(drive, &answer);
		else if (answer.verb == SIM_JOB_OPEN)
			on_opened(drive, &answer);
	}
}

/* ---- files ---- */

void sim_drive_end_file(struct sim_drive *drive, uint64_t segment)
{
	*sim_drive_file(drive, segment) = (struct sim_segment){0};
	sim_arena_zero(sim_drive_at(drive, segment * drive->segment_bytes), drive->segment_bytes);
	if (drive->unreadable / drive->segment_bytes == segment)
		drive->unreadable = SIM_NOWHERE - WL_BLOCK_BYTES;
}

void sim_drive_make_file(struct sim_drive *drive, uint64_t segment)
{
	struct wl_segment_header header = drive->identity;
	uint8_t *begin = sim_drive_place(drive, segment * drive->segment_bytes);

	if (segment < drive->segments)
		sim_drive_end_file(drive, segment);
	else if (drive->oldest == drive->segments)
		drive->oldest = segment;
	if (segment < drive->oldest)
		drive->oldest = segment; /* mended from there on, for want of a base */
	if (segment >= drive->segments)
		drive->segments = segment + 1;
	WL_CHECK_MSG(sim_arena_is_zero(begin, drive->segment_bytes),
		     "something stands at the place of segment %llu, which has no file yet",
		     (unsigned long long)segment);
	header.number = segment;
	header.segment_bytes = drive->segment_bytes;
	wl_chunk_encode_segment(begin, &header);
	*sim_drive_file(drive, segment) = (struct sim_segment){
		.file = ++drive->files_made,
		.bytes = drive->segment_bytes,
	};
}

/* What lost its name is gone for good. It is the one before the oldest: each is made durable before the next. */
static void end_unlinked(struct sim_drive *drive)
{
	if (drive->oldest == 0 || sim_drive_file(drive, drive->oldest - 1)->unlinked == 0)
		return;
	sim_drive_end_file(drive, drive->oldest - 1);
}

void sim_drive_sync_names(struct sim_drive *drive)
{
	for (uint64_t segment = drive->oldest; segment < drive->segments; segment++)
		sim_drive_file(drive, segment)->unsynced = false;
	end_unlinked(drive);
}

/* Without names: what stands there say the headers, as on a device (dataplane/store/store_device_file.c). */
bool sim_drive_survey(const struct sim_drive *drive)
{
	uint64_t *numbers = calloc(drive->segments_max, sizeof(numbers[0]));
	struct wl_store_window window;

	WL_CHECK(numbers != NULL);
	for (uint64_t place = 0; place < drive->segments_max; place++) {
		const uint8_t *at = sim_drive_at(drive, place * drive->segment_bytes);
		struct wl_segment_header header;

		numbers[place] = WL_STORE_PLACE_UNKNOWN;
		if (wl_chunk_is_zero(at, 2 * WL_BLOCK_BYTES))
			numbers[place] = WL_STORE_PLACE_EMPTY;
		else if (wl_chunk_decode_segment(at, WL_BLOCK_BYTES, &header))
			numbers[place] = header.number;
	}
	window = wl_store_window_find(numbers, drive->segments_max);
	free(numbers);
	if (drive->oldest == drive->segments)
		return window.first == window.count;
	return window.first == drive->oldest && window.count == drive->segments;
}

/* Some of what it was to forget is gone, the last one perhaps not for good. */
static void break_off_forgetting(struct sim_drive *drive, const struct sim_drive_job *job)
{
	while (drive->oldest <= job->segment && drive->oldest < drive->segments &&
	       sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2)) {
		sim_drive_sync_names(drive);
		unlink_oldest(drive);
	}
}

void sim_drive_tear_helper(struct sim_drive *drive)
{
	if (drive->works && job_at(drive, drive->job_done)->verb == SIM_JOB_FORGET)
		break_off_forgetting(drive, job_at(drive, drive->job_done));
}

void sim_drive_kill_helper(struct sim_drive *drive)
{
	const struct sim_drive_job *job = job_at(drive, drive->job_done);

	sim_drive_tear_helper(drive);
	/* Between the rename of the file and the sync of its folder. */
	if (!drive->works || job->verb != SIM_JOB_PREPARE || job->segment != drive->segments ||
	    drive->segments == drive->oldest + drive->segments_max || drive->faults.full ||
	    !sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2))
		return;
	sim_drive_make_file(drive, job->segment);
	sim_drive_file(drive, job->segment)->unsynced = true;
}

static void bring_back_oldest(struct sim_drive *drive)
{
	struct sim_segment *file;

	if (drive->oldest == 0)
		return;
	file = sim_drive_file(drive, drive->oldest - 1);
	if (file->unlinked == 0 || !sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2))
		return;
	*file = (struct sim_segment){.file = file->unlinked, .bytes = file->bytes};
	drive->oldest--;
}

void sim_drive_forget_names(struct sim_drive *drive)
{
	for (uint64_t segment = drive->segments; segment-- > drive->oldest;) {
		struct sim_segment *file = sim_drive_file(drive, segment);

		if (!file->unsynced || !sim_random_chance(&drive->random, SIM_DRIVE_PPM / 2))
			continue;
		sim_drive_end_file(drive, segment);
		drive->segments -= segment + 1 == drive->segments;
	}
	bring_back_oldest(drive);
	end_unlinked(drive);
}

void sim_drive_forget_files(struct sim_drive *drive)
{
	drive->life++;
	drive->works = false;
	drive->job_first = drive->job_done = drive->job_end = 0;
	memset(drive->descriptors, 0, sizeof(drive->descriptors));
	drive->descriptors_open = 0;
	wl_disk_files_init(&drive->files);
}

void sim_drive_start(struct sim_drive *drive)
{
	uint64_t segment = drive->oldest;
	int fd_to_close;

	if (drive->segments - segment > OPEN_AT_START)
		segment = drive->segments - OPEN_AT_START;
	sim_drive_forget_files(drive);
	memset(drive->said, 0, sizeof(drive->said));
	for (; segment < drive->segments; segment++) {
		uint32_t place = wl_disk_files_take(&drive->files, drive->identity.journal, segment,
						    &fd_to_close);

		wl_disk_files_opened(&drive->files, place, open_descriptor(drive, segment), 0);
	}
}

const char *sim_drive_check(const struct sim_drive *drive)
{
	uint32_t known = 0, users = 0, under_way = 0;

	for (unsigned place = 0; place < WL_DISK_FILES; place++) {
		known += drive->files.files[place].fd >= 0;
		users += drive->files.files[place].users;
	}
	for (uint64_t at = drive->job_first; at < drive->job_end; at++) {
		const struct sim_drive_job *job = &drive->jobs[at % SIM_DRIVE_JOBS];

		/* Opened and not yet taken, or not yet closed. */
		known += at < drive->job_done
				 ? job->verb != SIM_JOB_CLOSE && job->status == WL_DISK_OK
				 : job->verb == SIM_JOB_CLOSE;
	}
	for (unsigned at = 0; at < SIM_DRIVE_QUEUE; at++)
		under_way += drive->queue[at].state != SIM_REQUEST_FREE &&
			     drive->queue[at].state != SIM_REQUEST_WAITS_FOR_FILE &&
			     drive->queue[at].file != WL_DISK_FILES_NONE;
	if (known != drive->descriptors_open)
		return "a descriptor leaked";
	if (users != under_way)
		return "the users of segment files are not the requests under way";
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request's way:
 *
 *   submit: WRITE, READ -- segment open? -- yes --> sqe --> IN_KERNEL --> cqe --> completion
 *                                        \- no  --> WAITS_FOR_FILE --> (wl-prep-N opened it) --> sqe
 *                                                                   \- (it could not) --> completion
 *           PREPARE --> PREPARING --> (wl-prep-N made and opened it) --> completion
 *           FORGET  --> PREPARING --> (wl-prep-N did) --> completion
 *
 * What submit took goes to the kernel within that call, so a write starts in the turn that cut it. reap enters the
 * kernel only when the ring's flags say that completions wait there: at most one enter to give and one to take in a
 * turn, none when nothing happens.
 *
 * Segments are plain descriptors and not registered files: a registered table may be changed only by the thread
 * that owns the ring, each change is a syscall in the worker's turn, and it would save some 20 ns of a write of 70 us.
 */
#include "dataplane/store/disk_internal_uring.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dataplane/base/check.h"

#define REAP_BATCH 64u
#define RETRIES_MAX 8u /* of a request of which nothing was transferred: EAGAIN, EINTR */

static struct wl_disk_uring *of(struct wl_disk *disk)
{
	return (struct wl_disk_uring *)disk;
}

/* ---- the end of a request ----------------------------------------------------------------------- */

static void finish(struct wl_disk_uring *disk, uint32_t number, enum wl_disk_status status,
		   int error)
{
	struct wl_disk_operation *operation = &disk->operations[number];
	const struct wl_disk_request *request = &operation->request;

	disk->done_number[disk->done_count] = (uint16_t)number;
	disk->done[disk->done_count++] = (struct wl_disk_completion){
		.verb = request->verb,
		.status = status,
		.journal = request->journal,
		.offset = request->offset,
		.cookie = request->cookie,
		.bytes = status == WL_DISK_OK ? request->bytes : 0,
		.error = error,
	};
	operation->state = WL_DISK_OPERATION_DONE;
}

static void close_later(struct wl_disk_uring *disk, int fd)
{
	struct wl_disk_job job = {.verb = WL_DISK_JOB_CLOSE, .fd = fd};

	if (fd >= 0)
		wl_disk_prepare_ask(&disk->prepare, &job);
}

static enum wl_disk_status status_of(const struct wl_disk_request *request, int error)
{
	if (error == 0)
		return WL_DISK_OK;
	if (request->verb == WL_DISK_READ && error == ENOENT)
		return WL_DISK_ABSENT;
	if (request->verb == WL_DISK_PREPARE && error == ENOSPC)
		return WL_DISK_NO_SPACE;
	return WL_DISK_FAILED;
}

/* ---- into the kernel ---------------------------------------------------------------------------- */

static int area_of(const struct wl_disk_uring *disk, const struct wl_disk_request *request)
{
	for (uint32_t area = 0; area < disk->area_count; area++) {
		if (request->buffer >= disk->areas[area] &&
		    request->buffer + request->bytes <= disk->areas[area] + disk->area_bytes[area])
			return (int)area;
	}
	return -1;
}

static void put_sqe(struct wl_disk_uring *disk, uint32_t number)
{
	struct wl_disk_operation *operation = &disk->operations[number];
	const struct wl_disk_request *request = &operation->request;
	const struct wl_disk_file *file = &disk->files.files[operation->file];
	uint64_t at = file->base + request->offset % disk->segment_bytes;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&disk->ring);
	int area = area_of(disk, request);

	/* The queue has a place for each operation. */
	WL_CHECK(sqe != NULL);
	if (request->verb == WL_DISK_WRITE && area >= 0)
		io_uring_prep_write_fixed(sqe, file->fd, request->buffer, request->bytes, at, area);
	else if (request->verb == WL_DISK_WRITE)
		io_uring_prep_write(sqe, file->fd, request->buffer, request->bytes, at);
	else if (area >= 0)
		io_uring_prep_read_fixed(sqe, file->fd, request->buffer, request->bytes, at, area);
	else
		io_uring_prep_read(sqe, file->fd, request->buffer, request->bytes, at);
	if (request->verb == WL_DISK_WRITE)
		sqe->rw_flags = RWF_DSYNC;
	io_uring_sqe_set_data64(sqe, number);
	operation->state = WL_DISK_OPERATION_IN_KERNEL;
	disk->in_kernel++;
}

static void begin(struct wl_disk_uring *disk, uint32_t number)
{
	struct wl_disk_operation *operation = &disk->operations[number];

	wl_disk_files_enter(&disk->files, operation->file,
			    operation->request.verb == WL_DISK_WRITE);
	put_sqe(disk, number);
}

/* What the kernel does not take now (no memory, its queue full) stays in the ring for the next turn. */
static void enter(struct wl_disk_uring *disk)
{
	if (io_uring_sq_ready(&disk->ring) != 0)
		(void)io_uring_submit_and_get_events(&disk->ring);
}

/* ---- submit ------------------------------------------------------------------------------------- */

/* PREPARE and FORGET: the thread's whole work. */
static bool start_job(struct wl_disk_uring *disk, uint32_t number)
{
	struct wl_disk_operation *operation = &disk->operations[number];
	const struct wl_disk_request *request = &operation->request;
	struct wl_disk_job job = {
		.verb = request->verb == WL_DISK_PREPARE ? WL_DISK_JOB_PREPARE : WL_DISK_JOB_FORGET,
		.journal = request->journal,
		.segment = request->offset / disk->segment_bytes,
		.tag = number,
	};

	/* One ahead whose header was damaged is made anew, one that is given up ends: its old file must not be used. */
	close_later(disk, wl_disk_files_retire(&disk->files, job.journal, job.segment));
	operation->state = WL_DISK_OPERATION_PREPARING;
	wl_disk_prepare_ask(&disk->prepare, &job);
	return true;
}

static bool start_transfer(struct wl_disk_uring *disk, uint32_t number)
{
	struct wl_disk_operation *operation = &disk->operations[number];
	const struct wl_disk_request *request = &operation->request;
	struct wl_disk_job job = {
		.verb = WL_DISK_JOB_OPEN,
		.journal = request->journal,
		.segment = request->offset / disk->segment_bytes,
	};
	int fd_to_close;

	WL_CHECK(request->offset % disk->segment_bytes + request->bytes <= disk->segment_bytes);
	operation->file = wl_disk_files_find(&disk->files, job.journal, job.segment);
	if (operation->file == WL_DISK_FILES_NONE) {
		operation->file =
			wl_disk_files_take(&disk->files, job.journal, job.segment, &fd_to_close);
		if (operation->file == WL_DISK_FILES_NONE)
			return false;
		close_later(disk, fd_to_close);
		job.tag = operation->file;
		wl_disk_prepare_ask(&disk->prepare, &job);
	}
	if (disk->files.files[operation->file].state == WL_DISK_FILE_OPEN)
		begin(disk, number);
	else
		operation->state = WL_DISK_OPERATION_WAITS_FOR_FILE;
	return true;
}

static bool is_job(const struct wl_disk_request *request)
{
	return request->verb == WL_DISK_PREPARE || request->verb == WL_DISK_FORGET;
}

/* liburing 2.3 declares a function for this, but its shared library does not export it. */
static void enable(struct wl_disk_uring *disk)
{
	long result = syscall(SYS_io_uring_register, disk->ring.ring_fd,
			      IORING_REGISTER_ENABLE_RINGS, NULL, 0);

	disk->enabled = true;
	disk->owner = gettid();
	disk->broken = result < 0 ? errno : 0;
}

unsigned wl_disk_uring_submit(struct wl_disk *base, const struct wl_disk_request *requests,
			      unsigned count)
{
	struct wl_disk_uring *disk = of(base);
	unsigned taken = 0;

	if (wl_unlikely(!disk->enabled))
		enable(disk);
	for (; taken < count && disk->free_count != 0; taken++) {
		uint32_t number = disk->free[disk->free_count - 1];
		struct wl_disk_operation *operation = &disk->operations[number];

		WL_CHECK(requests[taken].journal < WIRELOG_JOURNALS_MAX);
		*operation = (struct wl_disk_operation){.request = requests[taken],
							.file = WL_DISK_FILES_NONE};
		if (wl_unlikely(disk->broken != 0))
			finish(disk, number, WL_DISK_FAILED, disk->broken);
		else if (!(is_job(&requests[taken]) ? start_job(disk, number)
						    : start_transfer(disk, number)))
			break;
		disk->free_count--;
	}
	enter(disk);
	return taken;
}

/* ---- reap --------------------------------------------------------------------------------------- */

static void on_cqe(struct wl_disk_uring *disk, uint32_t number, int result)
{
	struct wl_disk_operation *operation = &disk->operations[number];
	const struct wl_disk_request *request = &operation->request;

	WL_CHECK(number < WL_DISK_URING_OPERATIONS &&
		 operation->state == WL_DISK_OPERATION_IN_KERNEL);
	disk->in_kernel--;
	/* Nothing was transferred and nothing is under way: the same bytes to the same place are safe to ask for again. */
	if ((result == -EAGAIN || result == -EINTR) && operation->retries++ < RETRIES_MAX) {
		put_sqe(disk, number);
		return;
	}
	close_later(disk, wl_disk_files_leave(&disk->files, operation->file));
	if (result >= 0)
		result = (uint32_t)result == request->bytes ? 0 : -ENODATA;
	finish(disk, number, status_of(request, -result), -result);
}

/* A write that never was: the kernel has not seen it, so it is no failed one, and the log asks for it again. */
static enum wl_disk_status status_unopened(const struct wl_disk_request *request, int error)
{
	return request->verb == WL_DISK_WRITE ? WL_DISK_NOT_BEGUN : status_of(request, error);
}

/* Requests that waited for a segment to be opened. */
static void on_opened(struct wl_disk_uring *disk, const struct wl_disk_job *answer)
{
	if (answer->error == 0)
		wl_disk_files_opened(&disk->files, answer->tag, answer->fd, answer->base);
	else
		wl_disk_files_failed(&disk->files, answer->tag);
	for (uint32_t number = 0; number < WL_DISK_URING_OPERATIONS; number++) {
		struct wl_disk_operation *operation = &disk->operations[number];

		if (operation->state != WL_DISK_OPERATION_WAITS_FOR_FILE ||
		    operation->file != answer->tag)
			continue;
		if (answer->error == 0)
			begin(disk, number);
		else
			finish(disk, number, status_unopened(&operation->request, -answer->error),
			       -answer->error);
	}
}

static void on_prepared(struct wl_disk_uring *disk, const struct wl_disk_job *answer)
{
	struct wl_disk_operation *operation = &disk->operations[answer->tag];
	int fd_to_close;

	if (answer->error == 0) {
		uint32_t place;

		/* Opened for a reader while it was made: that may be the old one. */
		close_later(disk,
			    wl_disk_files_retire(&disk->files, answer->journal, answer->segment));
		place = wl_disk_files_take(&disk->files, answer->journal, answer->segment,
					   &fd_to_close);

		/* All places taken by requests under way: opened again when it is first needed. */
		if (place == WL_DISK_FILES_NONE) {
			close_later(disk, answer->fd);
		} else {
			close_later(disk, fd_to_close);
			wl_disk_files_opened(&disk->files, place, answer->fd, answer->base);
			disk->files.files[place].for_append = true;
		}
	}
	finish(disk, answer->tag, status_of(&operation->request, -answer->error), -answer->error);
}

static void on_forgotten(struct wl_disk_uring *disk, const struct wl_disk_job *answer)
{
	const struct wl_disk_request *request = &disk->operations[answer->tag].request;

	/* Opened for a reader while it was given up: on a device another segment will stand there. */
	close_later(disk, wl_disk_files_retire(&disk->files, answer->journal, answer->segment));
	finish(disk, answer->tag, status_of(request, -answer->error), -answer->error);
}

static void take_answers(struct wl_disk_uring *disk)
{
	struct wl_disk_job answer;

	while (wl_disk_prepare_take(&disk->prepare, &answer)) {
		if (answer.verb == WL_DISK_JOB_PREPARE)
			on_prepared(disk, &answer);
		else if (answer.verb == WL_DISK_JOB_FORGET)
			on_forgotten(disk, &answer);
		else
			on_opened(disk, &answer);
	}
}

static void take_cqes(struct wl_disk_uring *disk)
{
	struct io_uring_cqe *cqes[REAP_BATCH];
	unsigned count;

	if (disk->in_kernel == 0)
		return;
	count = io_uring_peek_batch_cqe(&disk->ring, cqes, REAP_BATCH);
	for (unsigned at = 0; at < count; at++)
		on_cqe(disk, (uint32_t)io_uring_cqe_get_data64(cqes[at]), cqes[at]->res);
	io_uring_cq_advance(&disk->ring, count);
}

unsigned wl_disk_uring_reap(struct wl_disk *base, struct wl_disk_completion *completions,
			    unsigned max)
{
	struct wl_disk_uring *disk = of(base);
	unsigned count;

	take_answers(disk);
	take_cqes(disk);
	enter(disk);
	count = disk->done_count < max ? disk->done_count : max;
	if (count == 0)
		return 0;
	memcpy(completions, disk->done, count * sizeof(completions[0]));
	for (unsigned at = 0; at < count; at++)
		disk->free[disk->free_count++] = disk->done_number[at];
	disk->done_count -= count;
	memmove(disk->done, disk->done + count, disk->done_count * sizeof(disk->done[0]));
	memmove(disk->done_number, disk->done_number + count,
		disk->done_count * sizeof(disk->done_number[0]));
	return count;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The io_uring disk before its first request and after its last. */
#include "dataplane/store/disk_internal_uring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dataplane/base/check.h"
#include "wirelog/status.h"

/* The segment in use and those ahead of it, at start: a first append must not wait for an open. */
#define OPEN_AT_START 4u

/*
 * Only the ring's owner can wait for what is under way. After the worker has ended nothing is, unless the device
 * hangs; then the lock of the store waits for it instead (store.h).
 */
static void drain(struct wl_disk_uring *disk)
{
	struct io_uring_cqe *cqe;

	if (!disk->enabled || disk->owner != gettid())
		return;
	while (disk->in_kernel != 0) {
		int error = io_uring_submit_and_wait(&disk->ring, 1);

		if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY)
			return;
		while (io_uring_peek_cqe(&disk->ring, &cqe) == 0) {
			io_uring_cqe_seen(&disk->ring, cqe);
			disk->in_kernel--;
		}
	}
}

static void close_disk(struct wl_disk *base)
{
	struct wl_disk_uring *disk = (struct wl_disk_uring *)base;

	drain(disk);
	/* Its memory stays with the thread that hangs in the device; the process is about to end. */
	if (!wl_disk_prepare_close(&disk->prepare))
		return;
	for (uint32_t place = 0; place < WL_DISK_FILES; place++)
		if (disk->files.files[place].fd >= 0)
			close(disk->files.files[place].fd);
	io_uring_queue_exit(&disk->ring);
	free(disk);
}

static const struct wl_disk_ops uring_ops = {
	.name = "io_uring",
	.submit = wl_disk_uring_submit,
	.reap = wl_disk_uring_reap,
	.close = close_disk,
};

/*
 * Made here, used by the worker: disabled at first, so that the thread which enables it becomes its only issuer.
 * Kernels before 6.1, then before 5.19, do without.
 */
static int open_ring(struct wl_disk_uring *disk, const char **how)
{
	static const struct {
		unsigned flags;
		const char *name;
	} ways[] = {
		{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG,
		 "single issuer, deferred completions"},
		{IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, "cooperative completions"},
		{0, "kernel before 5.19: interrupting completions"},
	};
	int error = -EINVAL;

	for (unsigned way = 0; way < sizeof(ways) / sizeof(ways[0]) && error == -EINVAL; way++) {
		error = io_uring_queue_init(WL_DISK_URING_OPERATIONS, &disk->ring,
					    ways[way].flags | IORING_SETUP_R_DISABLED);
		*how = ways[way].name;
	}
	return error;
}

/*
 * The worker itself enables its ring, with io_uring_register(). A filter of system calls that refuses it would show when
 * everything else has started, as a disk that fails: so it is tried here, on a ring that nobody needs. 0 or -errno.
 */
static int try_enabling(void)
{
	struct io_uring probe;
	int error = io_uring_queue_init(1, &probe, IORING_SETUP_R_DISABLED);

	if (error < 0)
		return error;
	if (syscall(SYS_io_uring_register, probe.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) <
	    0)
		error = -errno;
	io_uring_queue_exit(&probe);
	return error;
}

/* Writes from registered memory save the kernel the pinning of each page. Says why it is not so. 0 or -errno. */
static int register_areas(struct wl_disk_uring *disk, const struct wl_disk_uring_config *config,
			  char *text, size_t text_bytes)
{
	struct iovec areas[WL_DISK_URING_AREAS];
	struct rlimit limit = {0};
	uint64_t bytes = 0;
	int error;

	if (config->area_count == 0) {
		snprintf(text, text_bytes, "areas not registered (switched off)");
		return 0;
	}
	WL_CHECK(config->area_count <= WL_DISK_URING_AREAS);
	for (uint32_t area = 0; area < config->area_count; area++) {
		areas[area] = (struct iovec){config->areas[area], config->area_bytes[area]};
		bytes += config->area_bytes[area];
	}
	error = io_uring_register_buffers(&disk->ring, areas, config->area_count);
	if (error < 0) {
		getrlimit(RLIMIT_MEMLOCK, &limit);
		snprintf(text, text_bytes,
			 "areas not registered (%s; %lu MiB wanted, locked-memory limit %lu MiB)",
			 strerror(-error), (unsigned long)(bytes >> 20),
			 (unsigned long)(limit.rlim_cur >> 20));
		return error;
	}
	for (uint32_t area = 0; area < config->area_count; area++) {
		disk->areas[area] = config->areas[area];
		disk->area_bytes[area] = config->area_bytes[area];
	}
	disk->area_count = config->area_count;
	snprintf(text, text_bytes, "%u area%s of %lu MiB registered", config->area_count,
		 config->area_count == 1 ? "" : "s", (unsigned long)(bytes >> 20));
	return 0;
}

/* Of every journal of the store: which of them are this worker's the disk need not know. 0 or -errno. */
static int open_newest(struct wl_disk_uring *disk)
{
	for (uint32_t journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++) {
		uint64_t count = wl_store_segment_count(disk->store, journal);
		uint64_t segment = wl_store_segment_first(disk->store, journal);

		if (count - segment > OPEN_AT_START)
			segment = count - OPEN_AT_START;
		for (; segment < count; segment++) {
			uint64_t base;
			uint32_t place;
			int fd, fd_to_close, error;

			error = wl_store_segment_open(disk->store, journal, segment, &fd, &base);
			if (error != 0)
				return error;
			place = wl_disk_files_take(&disk->files, journal, segment, &fd_to_close);
			wl_disk_files_opened(&disk->files, place, fd, base);
		}
	}
	return 0;
}

/* Many segments may be open in many workers; the soft limit is a habit of programs that use select. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Since 6.14 the rings themselves count as locked memory of the user. */
static int refuse_ring(int error, char *note, size_t note_bytes)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (error == -ENOMEM)
		snprintf(note, note_bytes,
			 "io_uring_setup: %s (locked-memory limit of the user: %lu KiB)",
			 strerror(-error), (unsigned long)(limit.rlim_cur >> 10));
	else
		snprintf(note, note_bytes, "io_uring: %s", strerror(-error));
	return error == -ENOMEM ? WIRELOG_MEMLOCK : WIRELOG_URING_UNAVAILABLE;
}

static int refuse_areas(int error, const char *areas, char *note, size_t note_bytes)
{
	snprintf(note, note_bytes, "log.registered_buffers is on: %s", areas);
	return error == -ENOMEM ? WIRELOG_MEMLOCK : WIRELOG_URING_FAILED;
}

int wl_disk_uring_try(const struct wl_disk_uring_config *config, char *note, size_t note_bytes)
{
	struct wl_disk_uring *disk = calloc(1, sizeof(*disk));
	char areas[128];
	const char *how;
	int error, status = 0;

	if (!disk) {
		snprintf(note, note_bytes, "no memory for the disk");
		return WIRELOG_NO_MEMORY;
	}
	error = open_ring(disk, &how);
	if (error < 0) {
		free(disk);
		return refuse_ring(error, note, note_bytes);
	}
	error = try_enabling();
	if (error < 0)
		status = refuse_ring(error, note, note_bytes);
	else
		error = register_areas(disk, config, areas, sizeof(areas));
	if (status == 0 && error < 0 && config->areas_demanded)
		status = refuse_areas(error, areas, note, note_bytes);
	io_uring_queue_exit(&disk->ring);
	free(disk);
	return status;
}

int wl_disk_uring_open(struct wl_disk **made, const struct wl_disk_uring_config *config, char *note,
		       size_t note_bytes)
{
	struct wl_disk_uring *disk = calloc(1, sizeof(*disk));
	char areas[128];
	const char *how;
	int error, status;

	*made = NULL;
	if (!disk) {
		snprintf(note, note_bytes, "no memory for the disk");
		return WIRELOG_NO_MEMORY;
	}
	disk->disk.ops = &uring_ops;
	disk->store = config->store;
	disk->segment_bytes = config->segment_bytes;
	wl_disk_files_init(&disk->files);
	for (uint32_t number = 0; number < WL_DISK_URING_OPERATIONS; number++)
		disk->free[disk->free_count++] = (uint16_t)(WL_DISK_URING_OPERATIONS - 1 - number);
	error = open_ring(disk, &how);
	if (error < 0) {
		free(disk);
		return refuse_ring(error, note, note_bytes);
	}
	raise_descriptor_limit();
	error = try_enabling();
	if (error < 0) {
		status = refuse_ring(error, note, note_bytes);
		goto close_ring;
	}
	error = register_areas(disk, config, areas, sizeof(areas));
	if (error < 0 && config->areas_demanded) {
		status = refuse_areas(error, areas, note, note_bytes);
		goto close_ring;
	}
	error = wl_disk_prepare_open(&disk->prepare, config->store, config->worker);
	if (error != 0) {
		snprintf(note, note_bytes, "no thread to make segments: %s", strerror(-error));
		status = WIRELOG_NO_MEMORY;
		goto close_ring;
	}
	error = open_newest(disk);
	if (error != 0) {
		snprintf(note, note_bytes, "a segment cannot be opened: %s", strerror(-error));
		close_disk(&disk->disk);
		return WIRELOG_STORE_UNREADABLE;
	}
	snprintf(note, note_bytes, "io_uring: %s; %s; direct durable writes", how, areas);
	*made = &disk->disk;
	return 0;

close_ring:
	io_uring_queue_exit(&disk->ring);
	free(disk);
	return status;
}

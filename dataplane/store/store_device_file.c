/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A raw block device: no file system, no names.
 *
 *   0        four copies of the superblock
 *   1 MiB    area of journal 0, then of journal 1 ...: equal, whole segments; the last one reaches to the end.
 *            How many segments is in the superblock: a device that grows must not move what is on it.
 *
 * Segment s of an area exists when one of its first two blocks (its header, the first chunk) is not zero: a header
 * that rotted does not make the segment behind it absent. A segment is made front to back with zeros and gets its
 * header last, so that a half made one is absent. The first open zeroes those two blocks everywhere: what an earlier
 * life of the device left there must not look like a log.
 */
#include "dataplane/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define AREAS_AT (1u << 20)
#define SIGN_BYTES (2u * WL_BLOCK_BYTES)

/* Whole segments that the last journal has room for, when each before it has `area` of them. */
static uint64_t room_of_last(const struct wl_store *store, uint64_t area)
{
	const struct wl_superblock *superblock = &store->superblock;
	uint64_t begin =
		AREAS_AT + (superblock->journal_count - 1) * area * superblock->segment_bytes;

	return store->device_bytes <= begin
		       ? 0
		       : (store->device_bytes - begin) / superblock->segment_bytes;
}

void wl_store_device_lay_out(struct wl_store *store)
{
	struct wl_superblock *superblock = &store->superblock;

	superblock->area_segments = store->device_bytes <= AREAS_AT
					    ? 0
					    : (store->device_bytes - AREAS_AT) /
						      superblock->journal_count /
						      superblock->segment_bytes;
	superblock->last_area_segments = room_of_last(store, superblock->area_segments);
}

static uint64_t place_of(const struct wl_store *store, uint32_t journal, uint64_t segment)
{
	const struct wl_superblock *superblock = &store->superblock;

	return AREAS_AT +
	       (journal * superblock->area_segments + segment) * superblock->segment_bytes;
}

static bool has_place(const struct wl_store *store, uint32_t journal, uint64_t segment)
{
	const struct wl_superblock *superblock = &store->superblock;

	return segment < (journal + 1 == superblock->journal_count ? superblock->last_area_segments
								   : superblock->area_segments);
}

/* 0 or -errno; *empty when all of it is zero. */
static int look(int fd, uint8_t *buffer, size_t bytes, uint64_t at, bool *empty)
{
	ssize_t done;

	do
		done = pread(fd, buffer, bytes, (off_t)at);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	if ((size_t)done != bytes)
		return -ENODATA;
	*empty = wl_chunk_is_zero(buffer, bytes);
	return 0;
}

/* ---- the first open ----------------------------------------------------------------------------- */

static int clear_area(struct wl_store *store, uint32_t journal, uint64_t from, const uint8_t *zeros)
{
	int error = 0;

	for (uint64_t segment = from; error == 0 && has_place(store, journal, segment); segment++)
		error = wl_store_write(store->superblock_fd, zeros, SIGN_BYTES,
				       place_of(store, journal, segment));
	return error;
}

/* Before the superblock: an interrupted first open begins again. */
static int clear_signs(struct wl_store *store, const uint8_t *zeros)
{
	int error = 0;

	for (uint32_t journal = 0; journal < store->superblock.journal_count && error == 0;
	     journal++)
		error = clear_area(store, journal, 0, zeros);
	if (error == 0 && fdatasync(store->superblock_fd) != 0)
		error = -errno;
	return error;
}

/* The older pair first, durable, then the newer one: at no moment a damaged copy without a whole one before it. */
static int write_pairs(struct wl_store *store, const uint8_t *copies)
{
	const uint64_t pair_bytes = 2 * WL_BLOCK_BYTES;
	int error = 0;

	for (unsigned pair = 2; pair-- > 0 && error == 0;) {
		error = wl_store_write(store->superblock_fd, copies + pair * pair_bytes, pair_bytes,
				       pair * pair_bytes);
		if (error == 0 && fdatasync(store->superblock_fd) != 0)
			error = -errno;
	}
	return error;
}

static int create(struct wl_store *store, uint8_t *buffer)
{
	uint64_t needed = AREAS_AT + store->config.journal_count * store->config.segment_bytes;
	int status, error;

	if (store->device_bytes < needed)
		return wl_store_refuse(store, WIRELOG_STORE_FULL,
				       "the first segments need %" PRIu64
				       " MiB, the device has %" PRIu64,
				       needed >> 20, store->device_bytes >> 20);
	status = wl_store_make_superblocks(store, (uint8_t(*)[WL_BLOCK_BYTES])buffer);
	if (status != 0)
		return status;
	error = clear_signs(store, buffer + WL_STORE_SUPERBLOCK_BYTES);
	if (error == 0)
		error = write_pairs(store, buffer);
	if (error != 0)
		return wl_store_refuse(store, WIRELOG_STORE_FAILED,
				       "the superblock cannot be written: %s", strerror(-error));
	return 0;
}

static bool has_our_magic(const uint8_t *copies)
{
	static const char magic[4] = {'W', 'L', 'B', '1'};

	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++)
		if (memcmp(copies + copy * WL_BLOCK_BYTES, magic, sizeof(magic)) == 0)
			return true;
	return false;
}

/* Everything before the areas is zero: ours to take. Otherwise it must carry our sign somewhere. */
static int create_when_empty(struct wl_store *store)
{
	uint8_t *buffer = aligned_alloc(WL_BLOCK_BYTES, AREAS_AT);
	bool empty = false;
	int error, status = 0;

	if (!buffer)
		return wl_store_refuse(store, WIRELOG_NO_MEMORY, "no memory to look at the device");
	error = look(store->superblock_fd, buffer, AREAS_AT, 0, &empty);
	/* A copy that cannot be read is judged with the others. */
	if (error != 0 && error != -ENODATA)
		empty = false;
	else if (error == -ENODATA || (!empty && !has_our_magic(buffer)))
		status = wl_store_refuse(store, WIRELOG_STORE_NOT_OURS,
					 "holds something that is not wirelog's in its first MiB");
	if (status == 0 && empty)
		status = store->config.read_only ? wl_store_refuse(store, WIRELOG_STORE_NOT_OURS,
								   "the device is empty")
						 : create(store, buffer);
	free(buffer);
	return status;
}

static int owner_of_device(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), owner;

	if (fd < 0)
		return 0;
	owner = wl_store_owner_of(fd);
	close(fd);
	return owner;
}

/* -1 with errno. A process that was killed holds the device until its last write has come back, as it holds the lock. */
static int open_device(const struct wl_store *store, int flags, int *owner)
{
	for (unsigned tried = 0;; tried++) {
		int fd = open(store->config.path, flags);

		if (fd >= 0 || errno != EBUSY)
			return fd;
		*owner = owner_of_device(store->config.path);
		if (!wl_store_wait(*owner, tried)) {
			errno = EBUSY;
			return -1;
		}
	}
}

int wl_store_device_open(struct wl_store *store)
{
	int flags = store->config.read_only ? O_RDONLY : O_RDWR | O_DIRECT | O_DSYNC | O_EXCL;
	int status, owner = 0;

	/* O_EXCL without O_CREAT: refused by the kernel when mounted, or part of a volume. */
	store->superblock_fd = open_device(store, flags | O_CLOEXEC, &owner);
	if (store->superblock_fd < 0 && errno == EBUSY && owner != 0)
		return wl_store_refuse(store, WIRELOG_STORE_IN_USE, "in use by process %d", owner);
	if (store->superblock_fd < 0 && errno == EBUSY)
		return wl_store_refuse(
			store, WIRELOG_STORE_IN_USE,
			"mounted, or in use by a process that is not known, or that ended and whose writes are still under way");
	if (store->superblock_fd < 0)
		return wl_store_refuse(
			store, errno == EINVAL ? WIRELOG_STORE_NO_DIRECT : WIRELOG_STORE_UNREADABLE,
			"%s", strerror(errno));
	status = wl_store_lock(store, store->superblock_fd, "the device");
	if (status != 0)
		return status;
	if (ioctl(store->superblock_fd, BLKGETSIZE64, &store->device_bytes) != 0)
		return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, "its size is not known: %s",
				       strerror(errno));
	return create_when_empty(store);
}

/* ---- segments ----------------------------------------------------------------------------------- */

static const struct wl_store_ops device_ops;

/*
 * Places stay where they were when the data were made, however large the device is now. What it has gained is the last journal's,
 * once nothing there looks like a segment of its own; the new size is durable with the record of this start.
 */
static int fit_areas(struct wl_store *store, uint8_t *zeros)
{
	struct wl_superblock *superblock = &store->superblock;
	uint64_t had = superblock->last_area_segments, room, needed;
	int error;

	if (superblock->area_segments == 0)
		wl_store_device_lay_out(store); /* of data that do not say: as it is computed */
	room = room_of_last(store, superblock->area_segments);
	needed = place_of(store, superblock->journal_count - 1, superblock->last_area_segments);
	if (room < superblock->last_area_segments)
		return wl_store_refuse(store, WIRELOG_STORE_SHRUNK,
				       "the device has %" PRIu64
				       " MiB, its data were made on %" PRIu64,
				       store->device_bytes >> 20, needed >> 20);
	if (room == had || had == 0 || store->config.read_only)
		return 0;
	memset(zeros, 0, SIGN_BYTES);
	superblock->last_area_segments = room;
	error = clear_area(store, superblock->journal_count - 1, had, zeros);
	if (error == 0 && fdatasync(store->superblock_fd) != 0)
		error = -errno;
	return error == 0 ? 0
			  : wl_store_refuse(store, WIRELOG_STORE_FAILED,
					    "the room that it gained cannot be written: %s",
					    strerror(-error));
}

int wl_store_device_survey(struct wl_store *store)
{
	uint8_t *buffer = aligned_alloc(WL_BLOCK_BYTES, SIGN_BYTES);
	int status;

	store->ops = &device_ops;
	if (!buffer)
		return wl_store_refuse(store, WIRELOG_NO_MEMORY, "no memory to look at the device");
	status = fit_areas(store, buffer);
	/* What recovery finds there counts as durable from now on: the drive's cache may still hold it. */
	if (status == 0 && !store->config.read_only && fdatasync(store->superblock_fd) != 0)
		status = wl_store_refuse(store, WIRELOG_STORE_FAILED, "cannot be made durable: %s",
					 strerror(errno));
	for (uint32_t journal = 0; journal < store->superblock.journal_count && status == 0;
	     journal++) {
		uint64_t count = 0;

		for (uint64_t segment = 0; has_place(store, journal, segment); segment++) {
			bool empty = false;

			/* What cannot be read is there. */
			if (look(store->superblock_fd, buffer, SIGN_BYTES,
				 place_of(store, journal, segment), &empty) != 0 ||
			    !empty)
				count = segment + 1;
		}
		atomic_store(&store->segments[journal], count);
	}
	free(buffer);
	return status;
}

static int segment_open(struct wl_store *store, uint32_t journal, uint64_t segment, int *fd,
			uint64_t *base)
{
	if (!has_place(store, journal, segment) ||
	    segment >= atomic_load(&store->segments[journal]))
		return -ENOENT;
	/* The same description: each write under way keeps the device's lock. */
	*fd = fcntl(store->superblock_fd, F_DUPFD_CLOEXEC, 0);
	*base = place_of(store, journal, segment);
	return *fd < 0 ? -errno : 0;
}

static int segment_prepare(struct wl_store *store, uint32_t journal, uint64_t segment,
			   const atomic_bool *cancel)
{
	struct wl_segment_header header;
	int error;

	if (!has_place(store, journal, segment))
		return -ENOSPC;
	wl_store_describe_segment(store, journal, segment, &header);
	error = wl_store_fill_segment(store, store->superblock_fd,
				      place_of(store, journal, segment), &header, cancel);
	if (error == 0 && fdatasync(store->superblock_fd) != 0)
		error = -errno;
	return error;
}

static const struct wl_store_ops device_ops = {
	.segment_open = segment_open,
	.segment_prepare = segment_prepare,
};

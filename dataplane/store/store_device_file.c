/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A raw block device: no file system, no names.
 *
 *   0        four copies of the superblock
 *   1 MiB    for journal 0, then for journal 1 ...: two places for bases, then its area: whole segments, as many for each; the last
 *            area reaches to the end. How large all of them are is in the superblock: a device that grows must not move what is on it.
 *
 * Segment s lives at place s modulo the segments of its area, in lap after lap. So [first, count) is never longer than the area, and a
 * place is used again only when what stood there was forgotten. What stands at a place says its header, and where that rotted
 * the headers of the chunks behind it (store_device_window.h).
 *
 * A place is empty when its first two blocks (the segment's header, the first chunk) are zero: a header that rotted does not
 * make the segment behind it absent. A segment is made front to back with zeros and gets its header last; one that is
 * forgotten loses its first chunk first and then its header, which is one sector. So at each moment of both a place is either empty, or it
 * holds a segment that says its number. The first open zeroes those two blocks everywhere, and the signs of bases: what an earlier
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

#include "dataplane/store/store_device_window.h"

#define AREAS_AT (1u << 20)
#define SIGN_BYTES (2u * WL_BLOCK_BYTES)
/* No chunk crosses a multiple of this, and what stands behind one is a chunk or nothing (docs/LOG-FORMAT.md). */
#define BOUNDARY_BYTES ((uint64_t)WL_LOG_RING_BYTES_MIN)

static uint64_t bases_bytes(const struct wl_superblock *superblock)
{
	return WL_STORE_BASE_PLACES * superblock->base_bytes;
}

/* From the beginning of a journal's places for bases to that of the next one's. */
static uint64_t stride(const struct wl_superblock *superblock, uint64_t area)
{
	return bases_bytes(superblock) + area * superblock->segment_bytes;
}

/* Whole segments that the last journal has room for, when each before it has `area` of them. */
static uint64_t room_of_last(const struct wl_store *store, uint64_t area)
{
	const struct wl_superblock *superblock = &store->superblock;
	uint64_t begin = AREAS_AT + (superblock->journal_count - 1) * stride(superblock, area) +
			 bases_bytes(superblock);

	return store->device_bytes <= begin
		       ? 0
		       : (store->device_bytes - begin) / superblock->segment_bytes;
}

void wl_store_device_lay_out(struct wl_store *store)
{
	struct wl_superblock *superblock = &store->superblock;
	uint64_t each = store->device_bytes <= AREAS_AT
				? 0
				: (store->device_bytes - AREAS_AT) / superblock->journal_count;

	superblock->base_bytes = store->config.base_bytes;
	superblock->area_segments =
		each <= bases_bytes(superblock)
			? 0
			: (each - bases_bytes(superblock)) / superblock->segment_bytes;
	superblock->last_area_segments = room_of_last(store, superblock->area_segments);
}

uint64_t wl_store_device_base_at(const struct wl_store *store, uint32_t journal, unsigned place)
{
	const struct wl_superblock *superblock = &store->superblock;

	return AREAS_AT + journal * stride(superblock, superblock->area_segments) +
	       place * superblock->base_bytes;
}

static uint64_t places_of(const struct wl_store *store, uint32_t journal)
{
	const struct wl_superblock *superblock = &store->superblock;

	return journal + 1 == superblock->journal_count ? superblock->last_area_segments
							: superblock->area_segments;
}

static uint64_t place_at(const struct wl_store *store, uint32_t journal, uint64_t place)
{
	return wl_store_device_base_at(store, journal, WL_STORE_BASE_PLACES) +
	       place * store->superblock.segment_bytes;
}

static uint64_t segment_at(const struct wl_store *store, uint32_t journal, uint64_t segment)
{
	return place_at(store, journal, segment % places_of(store, journal));
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

	for (uint64_t place = from; error == 0 && place < places_of(store, journal); place++)
		error = wl_store_write(store->superblock_fd, zeros, SIGN_BYTES,
				       place_at(store, journal, place));
	return error;
}

/* Before the superblock: an interrupted first open begins again. */
static int clear_signs(struct wl_store *store, const uint8_t *zeros)
{
	int error = 0;

	for (uint32_t journal = 0; journal < store->superblock.journal_count && error == 0;
	     journal++) {
		for (unsigned place = 0; place < WL_STORE_BASE_PLACES && error == 0 &&
					 store->superblock.base_bytes != 0;
		     place++)
			error = wl_store_write(store->superblock_fd, zeros, WL_BLOCK_BYTES,
					       wl_store_device_base_at(store, journal, place));
		if (error == 0)
			error = clear_area(store, journal, 0, zeros);
	}
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

/* `buffer`: zeros, AREAS_AT bytes. */
static int create(struct wl_store *store, uint8_t *buffer)
{
	int status = wl_store_make_superblocks(store, (uint8_t(*)[WL_BLOCK_BYTES])buffer);
	int error;

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

int wl_store_device_make(struct wl_store *store)
{
	uint8_t *buffer = aligned_alloc(WL_BLOCK_BYTES, AREAS_AT);
	int status;

	if (!buffer)
		return wl_store_refuse(store, WIRELOG_NO_MEMORY, "no memory to write the device");
	memset(buffer, 0, AREAS_AT);
	status = create(store, buffer);
	free(buffer);
	return status;
}

static int take_empty(struct wl_store *store, uint8_t *buffer)
{
	uint64_t needed = AREAS_AT + store->config.journal_count *
					     (WL_STORE_BASE_PLACES * store->config.base_bytes +
					      store->config.segment_bytes);

	if (store->device_bytes < needed)
		return wl_store_refuse(store, WIRELOG_STORE_FULL,
				       "the first segments need %" PRIu64
				       " MiB, the device has %" PRIu64,
				       needed >> 20, store->device_bytes >> 20);
	if (!store->config.make_later)
		return create(store, buffer);
	store->unmade = true;
	return wl_store_begin_superblock(store);
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
						 : take_empty(store, buffer);
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

/* Places stay where they were when the data were made, however large the device is now. 0 or a refusal. */
static int check_areas(struct wl_store *store)
{
	const struct wl_superblock *superblock = &store->superblock;
	uint64_t needed;

	if (superblock->area_segments == 0 || superblock->last_area_segments == 0)
		return wl_store_refuse(store, WIRELOG_STORE_DAMAGED,
				       "the superblock does not say where segments lie");
	needed = place_at(store, superblock->journal_count - 1, superblock->last_area_segments);
	if (room_of_last(store, superblock->area_segments) >= superblock->last_area_segments)
		return 0;
	return wl_store_refuse(store, WIRELOG_STORE_SHRUNK,
			       "the device has %" PRIu64 " MiB, its data were made on %" PRIu64,
			       store->device_bytes >> 20, needed >> 20);
}

/* With more places each segment must stay where it is: so not while the log is in a later lap, but where it fits by chance. */
static bool may_grow(const struct wl_store *store, uint32_t journal, uint64_t had, uint64_t room)
{
	uint64_t count = atomic_load(&store->segments[journal]);

	for (uint64_t segment = atomic_load(&store->first[journal]); segment < count; segment++)
		if (segment % had != segment % room)
			return false;
	return true;
}

/*
 * What the device has gained is the last journal's, once nothing there looks like a segment of its own; the new size is durable with the
 * record of this start.
 */
static int grow_last_area(struct wl_store *store, uint8_t *zeros)
{
	struct wl_superblock *superblock = &store->superblock;
	uint32_t last = superblock->journal_count - 1;
	uint64_t had = superblock->last_area_segments,
		 room = room_of_last(store, superblock->area_segments);
	int error;

	if (room == had || store->config.read_only || !may_grow(store, last, had, room))
		return 0;
	memset(zeros, 0, SIGN_BYTES);
	superblock->last_area_segments = room;
	error = clear_area(store, last, had, zeros);
	if (error == 0 && fdatasync(store->superblock_fd) != 0)
		error = -errno;
	return error == 0 ? 0
			  : wl_store_refuse(store, WIRELOG_STORE_FAILED,
					    "the room that it gained cannot be written: %s",
					    strerror(-error));
}

/* The segment that a chunk at `inside` of its place says to be in; UNKNOWN when it is none, or cannot be here. */
static uint64_t number_by_chunk(const struct wl_segment_header *ours, const uint8_t *from,
				uint64_t inside, uint64_t place, uint64_t places)
{
	struct wl_chunk_header chunk;

	if (!wl_chunk_decode_header(from, WL_BLOCK_BYTES, &chunk) ||
	    chunk.binding != ours->binding || chunk.offset % ours->segment_bytes != inside ||
	    chunk.offset / ours->segment_bytes % places != place)
		return WL_STORE_PLACE_UNKNOWN;
	return chunk.offset / ours->segment_bytes;
}

/* A chunk stands behind each boundary that the log has passed, and no payload ever does. */
static uint64_t number_by_boundaries(const struct wl_store *store,
				     const struct wl_segment_header *ours, uint64_t place,
				     uint8_t *buffer)
{
	uint64_t places = places_of(store, ours->journal),
		 at = place_at(store, ours->journal, place), number = WL_STORE_PLACE_UNKNOWN;

	for (uint64_t inside = BOUNDARY_BYTES;
	     inside < ours->segment_bytes && number == WL_STORE_PLACE_UNKNOWN;
	     inside += BOUNDARY_BYTES) {
		bool empty = true;

		if (look(store->superblock_fd, buffer, WL_BLOCK_BYTES, at + inside, &empty) == 0 &&
		    !empty)
			number = number_by_chunk(ours, buffer, inside, place, places);
	}
	return number;
}

static uint64_t number_at(const struct wl_store *store, const struct wl_segment_header *ours,
			  uint64_t place, uint8_t *buffer)
{
	uint64_t places = places_of(store, ours->journal), number = WL_STORE_PLACE_UNKNOWN;
	struct wl_segment_header header;
	bool empty = false;

	/* What cannot be read is there. */
	if (look(store->superblock_fd, buffer, SIGN_BYTES, place_at(store, ours->journal, place),
		 &empty) == 0) {
		if (empty)
			return WL_STORE_PLACE_EMPTY;
		if (wl_chunk_decode_segment(buffer, WL_BLOCK_BYTES, &header) &&
		    header.binding == ours->binding &&
		    header.segment_bytes == ours->segment_bytes &&
		    header.number % places == place &&
		    header.number < UINT64_MAX / ours->segment_bytes)
			return header.number;
		number = number_by_chunk(ours, buffer + WL_BLOCK_BYTES, WL_BLOCK_BYTES, place,
					 places);
	}
	if (number == WL_STORE_PLACE_UNKNOWN)
		number = number_by_boundaries(store, ours, place, buffer);
	return number;
}

static int survey_journal(struct wl_store *store, uint32_t journal, uint8_t *buffer)
{
	uint64_t places = places_of(store, journal);
	uint64_t *numbers = calloc(places, sizeof(numbers[0]));
	struct wl_segment_header ours;
	struct wl_store_window window;

	if (!numbers)
		return wl_store_refuse(store, WIRELOG_NO_MEMORY, "no memory to look at the device");
	wl_store_describe_segment(store, journal, 0, &ours);
	for (uint64_t place = 0; place < places; place++)
		numbers[place] = number_at(store, &ours, place, buffer);
	window = wl_store_window_find(numbers, places);
	free(numbers);
	atomic_store(&store->first[journal], window.first);
	atomic_store(&store->segments[journal], window.count);
	return 0;
}

int wl_store_device_survey(struct wl_store *store)
{
	uint8_t *buffer = aligned_alloc(WL_BLOCK_BYTES, SIGN_BYTES);
	int status;

	store->ops = &device_ops;
	if (!buffer)
		return wl_store_refuse(store, WIRELOG_NO_MEMORY, "no memory to look at the device");
	status = check_areas(store);
	for (uint32_t journal = 0; journal < store->superblock.journal_count && status == 0;
	     journal++)
		status = survey_journal(store, journal, buffer);
	if (status == 0)
		status = grow_last_area(store, buffer);
	/* What recovery finds there counts as durable from now on: the drive's cache may still hold it. */
	if (status == 0 && !store->config.read_only && fdatasync(store->superblock_fd) != 0)
		status = wl_store_refuse(store, WIRELOG_STORE_FAILED, "cannot be made durable: %s",
					 strerror(errno));
	free(buffer);
	return status;
}

static int segment_open(struct wl_store *store, uint32_t journal, uint64_t segment, int *fd,
			uint64_t *base)
{
	if (segment < atomic_load(&store->first[journal]) ||
	    segment >= atomic_load(&store->segments[journal]))
		return -ENOENT;
	/* The same description: each write under way keeps the device's lock. */
	*fd = fcntl(store->superblock_fd, F_DUPFD_CLOEXEC, 0);
	*base = segment_at(store, journal, segment);
	return *fd < 0 ? -errno : 0;
}

/* Of another one that stands there still: with it there would be more of them than places. */
static bool is_held(const struct wl_store *store, uint32_t journal, uint64_t segment)
{
	uint64_t first = atomic_load(&store->first[journal]),
		 count = atomic_load(&store->segments[journal]);

	if (first == count)
		return false;
	if (segment < first)
		return count - segment > places_of(store, journal);
	return segment - first >= places_of(store, journal);
}

static int segment_prepare(struct wl_store *store, uint32_t journal, uint64_t segment,
			   const atomic_bool *cancel)
{
	struct wl_segment_header header;
	int error;

	if (is_held(store, journal, segment))
		return -ENOSPC;
	wl_store_describe_segment(store, journal, segment, &header);
	error = wl_store_fill_segment(store, store->superblock_fd,
				      segment_at(store, journal, segment), &header, cancel);
	if (error == 0 && fdatasync(store->superblock_fd) != 0)
		error = -errno;
	return error;
}

/* The chunk, durable, then the header, of which all but the first sector is zero: so it is never a header that rotted. */
static int segment_forget(struct wl_store *store, uint32_t journal, uint64_t segment)
{
	uint64_t at = segment_at(store, journal, segment);
	uint8_t *zeros = aligned_alloc(WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	int error = 0;

	if (!zeros)
		return -ENOMEM;
	memset(zeros, 0, WL_BLOCK_BYTES);
	for (uint64_t block = SIGN_BYTES; block != 0 && error == 0; block -= WL_BLOCK_BYTES) {
		error = wl_store_write(store->superblock_fd, zeros, WL_BLOCK_BYTES,
				       at + block - WL_BLOCK_BYTES);
		if (error == 0 && fdatasync(store->superblock_fd) != 0)
			error = -errno;
	}
	free(zeros);
	return error;
}

static const struct wl_store_ops device_ops = {
	.segment_open = segment_open,
	.segment_prepare = segment_prepare,
	.segment_forget = segment_forget,
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a directory and a block device have in common: the lock, the choice among the superblock's copies, the
 * refusals, reading and scrubbing.
 */
#include "dataplane/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/cluster_id.h"
#include "dataplane/store/store_owner.h"

#define LOCK_RETRY_NS 20000000
#define LOCK_TRIES_ALIVE 10u /* an owner that is just ending */
#define LOCK_TRIES_DEAD 250u /* 5 s: a killed owner whose writes have not come back */

int wl_store_refuse(struct wl_store *store, int status, const char *format, ...)
{
	va_list arguments;
	int used = snprintf(store->reason, store->reason_bytes, "%s: ", store->config.path);

	if (used < 0 || (size_t)used >= store->reason_bytes)
		return status;
	va_start(arguments, format);
	vsnprintf(store->reason + used, store->reason_bytes - (size_t)used, format, arguments);
	va_end(arguments);
	return status;
}

/* ---- the lock ----------------------------------------------------------------------------------- */

/* From /proc/locks; 0 when it is not known, or when the process is gone and only its writes are left. */
int wl_store_owner_of(int fd)
{
	FILE *locks = fopen("/proc/locks", "re");
	unsigned major_number, minor_number;
	unsigned long inode;
	struct stat status;
	char line[256];
	int owner = 0, pid;

	if (!locks || fstat(fd, &status) != 0) {
		if (locks)
			fclose(locks);
		return 0;
	}
	while (owner == 0 && fgets(line, sizeof(line), locks)) {
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major_number,
			   &minor_number, &inode) != 4)
			continue;
		if (inode == status.st_ino &&
		    makedev(major_number, minor_number) == status.st_dev && pid > 0 &&
		    (kill(pid, 0) == 0 || errno == EPERM))
			owner = pid;
	}
	fclose(locks);
	return owner;
}

bool wl_store_wait(int owner, unsigned tried)
{
	const struct timespec pause = {0, LOCK_RETRY_NS};

	if (tried >= (owner != 0 ? LOCK_TRIES_ALIVE : LOCK_TRIES_DEAD))
		return false;
	nanosleep(&pause, NULL);
	return true;
}

int wl_store_lock(struct wl_store *store, int fd, const char *what)
{
	int kind = store->config.read_only ? LOCK_SH : LOCK_EX, owner = 0;

	if (store->config.beside)
		return 0;
	for (unsigned tried = 0;; tried++) {
		if (flock(fd, kind | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE,
					       "%s cannot be locked: %s", what, strerror(errno));
		owner = wl_store_owner_of(fd);
		if (!wl_store_wait(owner, tried))
			break;
	}
	if (owner != 0)
		return wl_store_refuse(store, WIRELOG_STORE_IN_USE, "in use by process %d", owner);
	return wl_store_refuse(
		store, WIRELOG_STORE_IN_USE,
		"%s is in use by a process that is not known, or that ended and whose writes are still under way: wait, or look at the device",
		what);
}

/* ---- bytes -------------------------------------------------------------------------------------- */

int wl_store_write(int fd, const uint8_t *from, size_t bytes, uint64_t at)
{
	while (bytes != 0) {
		ssize_t done = pwrite(fd, from, bytes, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		/* Half a block cannot be continued with direct I/O. A full disk says so at the next call. */
		if (done == 0 || done % WL_SECTOR_BYTES != 0)
			return -EIO;
		from += done;
		at += (uint64_t)done;
		bytes -= (size_t)done;
	}
	return 0;
}

void wl_store_describe_segment(const struct wl_store *store, uint32_t journal, uint64_t segment,
			       struct wl_segment_header *header)
{
	const struct wl_superblock *superblock = &store->superblock;

	*header = (struct wl_segment_header){
		.binding = wl_chunk_binding(wl_cluster_id(superblock->cluster), superblock->node,
					    journal),
		.number = segment,
		.segment_bytes = superblock->segment_bytes,
		.node = superblock->node,
		.journal = journal,
	};
	memcpy(header->cluster, superblock->cluster, sizeof(header->cluster));
}

/*
 * Zeros over a part of a segment. A drive that makes zeros itself is asked to: then the only bytes that travel to it are the log's. The kernel
 * writes them where the drive cannot; it unmaps nothing, so no later write is short of room (BLKZEROOUT, linux/fs.h).
 */
static int fill(const struct wl_store *store, int fd, const uint8_t *zeros, uint64_t at,
		uint64_t bytes)
{
	uint64_t range[2] = {at, bytes};

	if (wl_store_is_block_device(store) && ioctl(fd, BLKZEROOUT, range) == 0)
		return 0;
	return wl_store_write(fd, zeros, bytes, at);
}

int wl_store_fill_segment(const struct wl_store *store, int fd, uint64_t base,
			  const struct wl_segment_header *header, const atomic_bool *cancel)
{
	uint8_t *block = aligned_alloc(WL_BLOCK_BYTES, WL_STORE_FILL_BYTES);
	uint64_t bytes = store->superblock.segment_bytes;
	int error = 0;

	if (!block)
		return -ENOMEM;
	memset(block, 0, WL_STORE_FILL_BYTES);
	for (uint64_t at = 0; at < bytes && error == 0; at += WL_STORE_FILL_BYTES) {
		uint64_t left = bytes - at;

		if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
			error = -ECANCELED;
		else
			error = fill(store, fd, block, base + at,
				     left < WL_STORE_FILL_BYTES ? left : WL_STORE_FILL_BYTES);
	}
	if (error == 0 && fdatasync(fd) != 0)
		error = -errno;
	if (error == 0) {
		wl_chunk_encode_segment(block, header);
		error = wl_store_write(fd, block, WL_BLOCK_BYTES, base);
	}
	free(block);
	return error;
}

/* ---- the superblock ----------------------------------------------------------------------------- */

static bool draw_random(void *to, size_t bytes)
{
	return getrandom(to, bytes, 0) == (ssize_t)bytes;
}

int wl_store_begin_superblock(struct wl_store *store)
{
	struct wl_superblock *superblock = &store->superblock;

	if (superblock->incarnation != 0)
		return 0;
	memset(superblock, 0, sizeof(*superblock));
	memcpy(superblock->cluster, store->cluster, sizeof(superblock->cluster));
	superblock->node = store->config.node;
	superblock->journal_count = store->config.journal_count;
	superblock->segment_bytes = store->config.segment_bytes;
	superblock->voters = store->config.voters;
	superblock->unfinished = store->config.restores;
	superblock->sequence = 2;
	if (store->directory_fd < 0)
		wl_store_device_lay_out(store);
	while (superblock->incarnation == 0) {
		if (!draw_random(&superblock->incarnation, sizeof(superblock->incarnation)) ||
		    !draw_random(superblock->chunk_key, sizeof(superblock->chunk_key)))
			return wl_store_refuse(store, WIRELOG_INTERNAL, "no random number: %s",
					       strerror(errno));
	}
	return 0;
}

int wl_store_make_superblocks(struct wl_store *store,
			      uint8_t copies[WL_SUPERBLOCK_COPIES][WL_BLOCK_BYTES])
{
	struct wl_superblock *superblock = &store->superblock;
	int status = wl_store_begin_superblock(store);

	if (status != 0)
		return status;
	for (superblock->sequence = 1; superblock->sequence <= 2; superblock->sequence++)
		for (unsigned which = 0; which < 2; which++)
			wl_superblock_encode(copies[2 * (superblock->sequence % 2) + which],
					     superblock);
	superblock->sequence = 2;
	return 0;
}

static int check_owner(struct wl_store *store)
{
	const struct wl_store_config *config = &store->config;
	const struct wl_store_owner owner = {
		.cluster = config->cluster ? store->cluster : NULL,
		.node = config->node,
		.journal_count = config->journal_count,
		.voters = config->voters,
		.features = config->features,
		.segment_bytes = config->segment_bytes,
		.base_bytes = config->base_bytes,
		.restores = config->restores,
	};
	char text[256];
	struct wl_sentence why = wl_sentence_begin(text, sizeof(text));
	int status = wl_store_owner_check(&store->superblock, &owner, &why);

	if (status != 0)
		return wl_store_refuse(store, status, "%s", text);
	/* Written with the boot count of this start. */
	if (store->superblock.voters == 0)
		store->superblock.voters = config->voters;
	return 0;
}

static int load_superblock(struct wl_store *store)
{
	uint8_t(*copies)[WL_BLOCK_BYTES] = aligned_alloc(WL_BLOCK_BYTES, WL_STORE_SUPERBLOCK_BYTES);
	enum wl_superblock_verdict verdict;

	if (!copies)
		return wl_store_refuse(store, WIRELOG_NO_MEMORY, "no memory for the superblock");
	/* A copy that the device does not give, or that was cut off, is damaged; its twin may be whole. */
	memset(copies, 0xff, WL_STORE_SUPERBLOCK_BYTES);
	for (unsigned copy = 0; copy < WL_SUPERBLOCK_COPIES; copy++)
		if (wl_store_read_bytes(&store->reader, store->superblock_fd, copies[copy],
					WL_BLOCK_BYTES, copy * WL_BLOCK_BYTES) != 0)
			memset(copies[copy], 0xff, WL_BLOCK_BYTES);
	verdict = wl_superblock_choose((const uint8_t(*)[WL_BLOCK_BYTES])copies, &store->superblock,
				       &store->damaged_copies);
	free(copies);
	switch (verdict) {
	case WL_SUPERBLOCK_OK:
		return check_owner(store);
	case WL_SUPERBLOCK_VERSION:
		return wl_store_refuse(store, WIRELOG_STORE_VERSION,
				       "written by an incompatible version: its superblock is not "
				       "of format %u or %u, the only ones that are read here",
				       WL_SUPERBLOCK_FORMAT, WL_SUPERBLOCK_FORMAT_FEATURES);
	case WL_SUPERBLOCK_EMPTY:
		return wl_store_refuse(store, WIRELOG_STORE_DAMAGED,
				       "the superblock holds nothing but zeros");
	case WL_SUPERBLOCK_DAMAGED:
		break;
	}
	return wl_store_refuse(
		store, WIRELOG_STORE_DAMAGED,
		"damaged copies of the superblock (mask %#x) may have held a newer vote",
		store->damaged_copies);
}

/* ---- open and close ----------------------------------------------------------------------------- */

/* What is missing there is a drive that is late, or a name that is wrong: never a place for a directory. */
static bool is_below_dev(const char *path)
{
	struct stat above, devices;
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%s", path);
	dirname(parent);
	/* A folder below /dev may be missing with the drive. Another file system there (/dev/shm) is none of devices. */
	if (stat(parent, &above) != 0)
		return strncmp(parent, "/dev/", 5) == 0;
	return stat("/dev", &devices) == 0 && above.st_dev == devices.st_dev;
}

/* Its record is known, and what it will refuse was asked: the rest waits for wl_store_make. */
static int read_medium(struct wl_store *store, int (*survey)(struct wl_store *))
{
	int status = store->unmade ? 0 : load_superblock(store);

	return status != 0 || store->unmade ? status : survey(store);
}

static int open_medium(struct wl_store *store)
{
	struct stat status;
	bool there = stat(store->config.path, &status) == 0;
	int error = errno;

	if (there && S_ISBLK(status.st_mode)) {
		int result = wl_store_device_open(store);

		return result != 0 ? result : read_medium(store, wl_store_device_survey);
	}
	if (there && !S_ISDIR(status.st_mode))
		return wl_store_refuse(store, WIRELOG_STORE_NOT_OURS,
				       "neither a directory nor a block device");
	if (!there && (error != ENOENT || store->config.read_only))
		return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, "%s", strerror(error));
	if (!there && is_below_dev(store->config.path))
		return wl_store_refuse(store, WIRELOG_STORE_ABSENT, "there is no such device");
	error = wl_store_directory_open(store);
	return error != 0 ? error : read_medium(store, wl_store_directory_survey);
}

int wl_store_make(struct wl_store *store, const char *path, char *reason, size_t reason_bytes)
{
	int status;

	if (!store->unmade)
		return 0;
	store->config.path = path;
	store->config.cluster = store->cluster;
	store->reason = reason;
	store->reason_bytes = reason_bytes;
	store->unmade = false;
	status = store->directory_fd < 0 ? wl_store_device_make(store)
					 : wl_store_directory_make(store);
	if (status == 0)
		status = read_medium(store, store->directory_fd < 0 ? wl_store_device_survey
								    : wl_store_directory_survey);
	store->config.path = NULL;
	store->config.cluster = NULL;
	store->reason = NULL;
	store->reason_bytes = 0;
	return status;
}

int wl_store_open(struct wl_store **store, const struct wl_store_config *config, char *reason,
		  size_t reason_bytes)
{
	struct wl_store *made = calloc(1, sizeof(*made));
	int status;

	*store = NULL;
	if (reason_bytes != 0)
		reason[0] = '\0';
	if (made)
		made->places = wl_store_places_make();
	if (!made || !made->places) {
		free(made);
		return WIRELOG_NO_MEMORY;
	}
	made->config = *config;
	made->reason = reason;
	made->reason_bytes = reason_bytes;
	made->directory_fd = made->superblock_fd = -1;
	wl_store_begin_reading(&made->reader, made);
	if (config->cluster)
		memcpy(made->cluster, config->cluster, sizeof(made->cluster));
	if (!config->read_only &&
	    (!config->cluster || config->node == 0 || config->journal_count == 0 ||
	     config->journal_count > WIRELOG_JOURNALS_MAX ||
	     config->segment_bytes < WL_SEGMENT_BYTES_MIN))
		status = wl_store_refuse(made, WIRELOG_INTERNAL, "opened without saying for whom");
	else
		status = open_medium(made);
	/* The caller's strings are not ours to keep. */
	made->config.path = NULL;
	made->config.cluster = NULL;
	made->reason = NULL;
	made->reason_bytes = 0;
	if (status != 0) {
		wl_store_close(made);
		return status;
	}
	made->config.journal_count = made->superblock.journal_count;
	made->config.segment_bytes = made->superblock.segment_bytes;
	*store = made;
	return 0;
}

void wl_store_close(struct wl_store *store)
{
	/* A provisioning thread hangs in the device: the process ends around it, and keeps the lock until then. */
	if (atomic_load(&store->busy) != 0)
		return;
	if (store->superblock_fd >= 0)
		close(store->superblock_fd);
	if (store->directory_fd >= 0)
		close(store->directory_fd);
	wl_store_end_reading(&store->reader);
	wl_store_places_free(store->places);
	free(store);
}

const struct wl_superblock *wl_store_superblock(const struct wl_store *store)
{
	return &store->superblock;
}

int wl_store_superblock_fd(const struct wl_store *store)
{
	return store->superblock_fd;
}

bool wl_store_is_block_device(const struct wl_store *store)
{
	return store->directory_fd < 0;
}

unsigned wl_store_damaged_copies(const struct wl_store *store)
{
	return store->damaged_copies;
}

/* ---- segments ----------------------------------------------------------------------------------- */

uint64_t wl_store_segment_count(const struct wl_store *store, uint32_t journal)
{
	return journal < store->superblock.journal_count ? atomic_load(&store->segments[journal])
							 : 0;
}

uint64_t wl_store_segment_first(const struct wl_store *store, uint32_t journal)
{
	return journal < store->superblock.journal_count ? atomic_load(&store->first[journal]) : 0;
}

int wl_store_segment_open(struct wl_store *store, uint32_t journal, uint64_t segment, int *fd,
			  uint64_t *base)
{
	int error;

	if (journal >= store->superblock.journal_count)
		return -ENOENT;
	atomic_fetch_add(&store->busy, 1);
	error = store->ops->segment_open(store, journal, segment, fd, base);
	atomic_fetch_sub(&store->busy, 1);
	return error;
}

/* Under the lock of the journal's places. */
static void note_made(struct wl_store *store, uint32_t journal, uint64_t segment)
{
	uint64_t first = atomic_load(&store->first[journal]),
		 count = atomic_load(&store->segments[journal]);

	if (first == count || segment < first)
		atomic_store(&store->first[journal], segment);
	if (count <= segment)
		atomic_store(&store->segments[journal], segment + 1);
}

int wl_store_segment_prepare(struct wl_store *store, uint32_t journal, uint64_t segment,
			     const atomic_bool *cancel)
{
	int error;

	if (store->config.read_only || journal >= store->superblock.journal_count)
		return -EROFS;
	atomic_fetch_add(&store->busy, 1);
	wl_store_places_lock(store, journal);
	error = store->ops->segment_prepare(store, journal, segment, cancel);
	if (error == 0)
		note_made(store, journal, segment);
	wl_store_places_unlock(store, journal);
	atomic_fetch_sub(&store->busy, 1);
	return error;
}

int wl_store_segment_forget(struct wl_store *store, uint32_t journal, uint64_t segment)
{
	uint64_t first, count;
	int error = 0;

	if (store->config.read_only || journal >= store->superblock.journal_count)
		return -EROFS;
	atomic_fetch_add(&store->busy, 1);
	wl_store_places_lock(store, journal);
	first = atomic_load(&store->first[journal]);
	count = atomic_load(&store->segments[journal]);
	for (; error == 0 && first <= segment && first < count; first++) {
		error = store->ops->segment_forget(store, journal, first);
		if (error == 0)
			atomic_store(&store->first[journal], first + 1);
	}
	wl_store_places_unlock(store, journal);
	atomic_fetch_sub(&store->busy, 1);
	return error;
}

int wl_store_read(struct wl_store *store, uint32_t journal, uint64_t offset, uint8_t *buffer,
		  uint32_t bytes)
{
	return wl_store_reader_read(&store->reader, journal, offset, buffer, bytes);
}

static int scrub_segment(struct wl_store *store, uint32_t journal, uint64_t begin, uint64_t end)
{
	uint64_t segment_bytes = store->superblock.segment_bytes, base = 0;
	uint8_t *zeros = aligned_alloc(WL_BLOCK_BYTES, WL_STORE_FILL_BYTES);
	int fd = -1, error;

	if (!zeros)
		return -ENOMEM;
	memset(zeros, 0, WL_STORE_FILL_BYTES);
	error = wl_store_segment_open(store, journal, begin / segment_bytes, &fd, &base);
	while (error == 0 && begin < end) {
		uint64_t bytes = end - begin < WL_STORE_FILL_BYTES ? end - begin
								   : WL_STORE_FILL_BYTES;

		error = wl_store_write(fd, zeros, bytes, base + begin % segment_bytes);
		begin += bytes;
	}
	if (error == 0 && fdatasync(fd) != 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	free(zeros);
	return error;
}

int wl_store_scrub(struct wl_store *store, uint32_t journal, uint64_t begin, uint64_t end)
{
	uint64_t segment_bytes = store->superblock.segment_bytes;
	int error = 0;

	if (store->config.read_only)
		return -EROFS;
	if (begin % WL_BLOCK_BYTES != 0 || end % WL_BLOCK_BYTES != 0)
		return -EINVAL;
	while (error == 0 && begin < end) {
		uint64_t segment_end = (begin / segment_bytes + 1) * segment_bytes;
		uint64_t stop = segment_end < end ? segment_end : end;

		error = scrub_segment(store, journal, begin, stop);
		begin = stop;
	}
	return error;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A directory: the superblock and a folder of segment files and bases per journal.
 *
 * Whatever has its final name is whole. The superblock, each segment and each base are made under a name that ends in ".new",
 * synced, and only then given their name; a crash leaves a ".new", which the next open removes.
 *
 * A name is durable when the folder that has it was synced. Who gave it may have died before that, and then whoever is
 * next would see a name that the next power cut takes, with all that was acknowledged behind it: so an open syncs every
 * folder before it relies on anything in it.
 */
#include "dataplane/store/store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SUPERBLOCK "superblock"
#define NEW ".new"
#define NAME_BYTES 64u
/*
 * Segments at a journal's end that a killed process may still have writes under way to: at most
 * WL_WRITES_IN_FLIGHT_MAX chunks behind the last durable one, and two segments stand ready ahead.
 */
#define WRITTEN_LATELY \
	(2u + WL_WRITES_IN_FLIGHT_MAX * WL_CHUNK_BYTES_MAX / WL_SEGMENT_BYTES_MIN + 2u)

static void name_segment(char name[NAME_BYTES], uint32_t journal, uint64_t segment,
			 const char *suffix)
{
	snprintf(name, NAME_BYTES, "journal-%02u/segment-%012" PRIu64 "%s", journal, segment,
		 suffix);
}

static void name_journal(char name[NAME_BYTES], uint32_t journal)
{
	snprintf(name, NAME_BYTES, "journal-%02u", journal);
}

int wl_store_sync_directory(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) != 0)
		error = -errno;
	close(fd);
	return error;
}

static int open_direct(struct wl_store *store, const char *name, int flags)
{
	int fd = openat(store->directory_fd, name, flags | O_DIRECT | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EINVAL)
		return wl_store_refuse(store, WIRELOG_STORE_NO_DIRECT,
				       "the file system does not support direct I/O");
	if (fd < 0)
		return wl_store_refuse(
			store, errno == ENOSPC ? WIRELOG_STORE_FULL : WIRELOG_STORE_UNREADABLE,
			"%s: %s", name, strerror(errno));
	store->superblock_fd = fd;
	return 0;
}

/* ---- what is there ------------------------------------------------------------------------------ */

/* The segment number in a segment's name; false for any other name. */
static bool parse_segment(const char *name, uint64_t *segment)
{
	char again[NAME_BYTES];
	int end = 0;

	if (sscanf(name, "segment-%12" SCNu64 "%n", segment, &end) != 1 || name[end] != '\0')
		return false;
	snprintf(again, sizeof(again), "segment-%012" PRIu64, *segment);
	return strcmp(again, name) == 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), wanted = strlen(suffix);

	return length > wanted && strcmp(name + length - wanted, suffix) == 0;
}

static DIR *list(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (fd >= 0 && !directory)
		close(fd);
	return directory;
}

/* The lowest, and one more than the highest; half made ones, of bases too, are removed on the way. */
static int survey_journal(struct wl_store *store, uint32_t journal)
{
	char name[NAME_BYTES];
	const struct dirent *entry;
	uint64_t segment, first = UINT64_MAX, count = 0;
	DIR *directory;

	name_journal(name, journal);
	directory = list(store->directory_fd, name);
	if (!directory)
		return wl_store_refuse(
			store, errno == ENOENT ? WIRELOG_STORE_DAMAGED : WIRELOG_STORE_UNREADABLE,
			"%s: %s", name, strerror(errno));
	while ((entry = readdir(directory)) != NULL) {
		if (parse_segment(entry->d_name, &segment)) {
			first = segment < first ? segment : first;
			count = segment >= count ? segment + 1 : count;
		} else if (has_suffix(entry->d_name, NEW) && !store->config.read_only) {
			unlinkat(dirfd(directory), entry->d_name, 0);
		}
	}
	closedir(directory);
	atomic_store(&store->first[journal], first < count ? first : count);
	atomic_store(&store->segments[journal], count);
	return 0;
}

/* Each descriptor that is written to holds a shared lock, and so does each write under way. */
static int settle_writes(struct wl_store *store, uint32_t journal)
{
	uint64_t count = atomic_load(&store->segments[journal]);
	uint64_t first = atomic_load(&store->first[journal]);
	char name[NAME_BYTES];

	if (count - first > WRITTEN_LATELY)
		first = count - WRITTEN_LATELY;
	for (uint64_t segment = first; segment < count; segment++) {
		int fd, status;

		name_segment(name, journal, segment, "");
		fd = openat(store->directory_fd, name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue; /* recovery's to name */
		if (fd < 0)
			return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, "%s: %s", name,
					       strerror(errno));
		status = wl_store_lock(store, fd, name);
		/* What recovery finds there counts as durable from now on: a cache may still hold it. */
		if (status == 0 && fdatasync(fd) != 0)
			status = wl_store_refuse(store, WIRELOG_STORE_FAILED,
						 "%s cannot be made durable: %s", name,
						 strerror(errno));
		close(fd);
		if (status != 0)
			return status;
	}
	return 0;
}

static int sync_names(struct wl_store *store, const char *folder)
{
	int error = wl_store_sync_directory(store->directory_fd, folder);

	return error == 0 ? 0
			  : wl_store_refuse(store, WIRELOG_STORE_FAILED,
					    "the names in %s cannot be made durable: %s", folder,
					    strerror(-error));
}

/* Our own name is in the folder above, which may be closed to us: then by way of the whole file system. */
static int sync_own_name(struct wl_store *store)
{
	if (wl_store_sync_directory(store->directory_fd, "..") == 0 ||
	    syncfs(store->directory_fd) == 0)
		return sync_names(store, ".");
	return wl_store_refuse(store, WIRELOG_STORE_FAILED,
			       "its own name cannot be made durable: %s", strerror(errno));
}

static int settle_journal(struct wl_store *store, uint32_t journal)
{
	char folder[NAME_BYTES];
	int status;

	name_journal(folder, journal);
	status = sync_names(store, folder);
	return status != 0 ? status : settle_writes(store, journal);
}

static const struct wl_store_ops directory_ops;

int wl_store_directory_survey(struct wl_store *store)
{
	bool read_only = store->config.read_only;
	int status = read_only ? 0 : sync_own_name(store);

	store->ops = &directory_ops;
	for (uint32_t journal = 0; journal < store->superblock.journal_count && status == 0;
	     journal++) {
		status = survey_journal(store, journal);
		if (status == 0 && !read_only)
			status = settle_journal(store, journal);
	}
	return status;
}

/* ---- the first open ----------------------------------------------------------------------------- */

static bool is_empty_directory(struct wl_store *store, const char *name)
{
	DIR *directory = list(store->directory_fd, name);
	const struct dirent *entry;
	bool empty = directory != NULL;

	while (directory && empty && (entry = readdir(directory)) != NULL)
		empty = entry->d_name[0] == '.' || has_suffix(entry->d_name, NEW);
	if (directory)
		closedir(directory);
	return empty;
}

/* What an interrupted first open, a fresh file system or the self-test leaves is no stranger's. */
static int refuse_strangers(struct wl_store *store)
{
	DIR *directory = list(store->directory_fd, ".");
	const struct dirent *entry;
	int status = 0;

	if (!directory)
		return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, "%s", strerror(errno));
	while (status == 0 && (entry = readdir(directory)) != NULL) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    strcmp(name, SUPERBLOCK NEW) == 0 || strcmp(name, "lost+found") == 0 ||
		    strncmp(name, ".self-test-", 11) == 0)
			continue;
		if (strncmp(name, "journal-", 8) != 0)
			status = wl_store_refuse(store, WIRELOG_STORE_NOT_OURS,
						 "holds '%s' and no superblock: not wirelog's data",
						 name);
		else if (!is_empty_directory(store, name))
			status = wl_store_refuse(store, WIRELOG_STORE_DAMAGED,
						 "holds segments in %s, but no superblock", name);
	}
	closedir(directory);
	return status;
}

/* Past it a write fails with EFBIG: there would be room, and no segment could be made. */
static int check_file_limit(struct wl_store *store)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= store->config.segment_bytes)
		return 0;
	return wl_store_refuse(store, WIRELOG_FILE_LIMIT,
			       "files of this process may have %" PRIu64
			       " KiB, a segment has %" PRIu64 " KiB",
			       (uint64_t)limit.rlim_cur >> 10, store->config.segment_bytes >> 10);
}

/* Said before anything is made; a node that has begun to live starts on a full disk. */
static int check_room(struct wl_store *store)
{
	uint64_t needed = store->config.journal_count * store->config.segment_bytes +
			  WL_STORE_SUPERBLOCK_BYTES;
	struct statvfs room;

	if (fstatvfs(store->directory_fd, &room) != 0)
		return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, "%s", strerror(errno));
	if ((uint64_t)room.f_bavail * room.f_frsize >= needed)
		return 0;
	return wl_store_refuse(store, WIRELOG_STORE_FULL,
			       "the first segments need %" PRIu64 " MiB, %" PRIu64 " MiB are free",
			       needed >> 20, (uint64_t)room.f_bavail * room.f_frsize >> 20);
}

static int make_journals(struct wl_store *store)
{
	char name[NAME_BYTES];

	for (uint32_t journal = 0; journal < store->config.journal_count; journal++) {
		name_journal(name, journal);
		if (mkdirat(store->directory_fd, name, 0700) != 0 && errno != EEXIST)
			return wl_store_refuse(store,
					       errno == ENOSPC ? WIRELOG_STORE_FULL
							       : WIRELOG_STORE_UNREADABLE,
					       "%s: %s", name, strerror(errno));
	}
	return 0;
}

static int write_superblocks(struct wl_store *store)
{
	uint8_t(*copies)[WL_BLOCK_BYTES] = aligned_alloc(WL_BLOCK_BYTES, WL_STORE_SUPERBLOCK_BYTES);
	int status, error;

	if (!copies)
		return wl_store_refuse(store, WIRELOG_NO_MEMORY, "no memory for the superblock");
	status = wl_store_make_superblocks(store, copies);
	if (status == 0) {
		error = wl_store_write(store->superblock_fd, copies[0], WL_STORE_SUPERBLOCK_BYTES,
				       0);
		if (error == 0 && fsync(store->superblock_fd) != 0)
			error = -errno;
		if (error != 0)
			status = wl_store_refuse(
				store, error == -ENOSPC ? WIRELOG_STORE_FULL : WIRELOG_STORE_FAILED,
				"the superblock cannot be written: %s", strerror(-error));
	}
	free(copies);
	return status;
}

/*
 * The lock is taken on the new file before it is touched, and stays with it when it gets its name: of two
 * processes that begin at once, one is refused. A link never replaces what has the name already.
 */
int wl_store_directory_make(struct wl_store *store)
{
	int status = open_direct(store, SUPERBLOCK NEW, O_RDWR | O_CREAT), error = 0;

	if (status == 0)
		status = wl_store_lock(store, store->superblock_fd, SUPERBLOCK NEW);
	if (status != 0)
		return status;
	if (faccessat(store->directory_fd, SUPERBLOCK, F_OK, 0) == 0)
		return wl_store_refuse(store, WIRELOG_STORE_IN_USE,
				       "another process makes it at this moment");
	if (ftruncate(store->superblock_fd, 0) != 0)
		return wl_store_refuse(store, WIRELOG_STORE_FAILED, "%s: %s", SUPERBLOCK NEW,
				       strerror(errno));
	status = make_journals(store);
	if (status == 0)
		status = write_superblocks(store);
	if (status != 0)
		return status;
	error = wl_store_sync_directory(store->directory_fd, ".");
	if (error == 0 &&
	    linkat(store->directory_fd, SUPERBLOCK NEW, store->directory_fd, SUPERBLOCK, 0) != 0)
		error = -errno;
	if (error == 0 && unlinkat(store->directory_fd, SUPERBLOCK NEW, 0) != 0)
		error = -errno;
	if (error == 0)
		error = wl_store_sync_directory(store->directory_fd, ".");
	if (error == -EEXIST)
		return wl_store_refuse(store, WIRELOG_STORE_IN_USE,
				       "another process makes it at this moment");
	if (error != 0)
		return wl_store_refuse(store,
				       error == -ENOSPC ? WIRELOG_STORE_FULL : WIRELOG_STORE_FAILED,
				       "the superblock gets no name: %s", strerror(-error));
	return 0;
}

static int make_directory(struct wl_store *store)
{
	if (mkdir(store->config.path, 0700) == 0 || errno == EEXIST)
		return 0;
	return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, "the directory cannot be made: %s",
			       strerror(errno));
}

int wl_store_directory_open(struct wl_store *store)
{
	bool read_only = store->config.read_only;
	struct statfs kind;
	int status = read_only ? 0 : make_directory(store);

	if (status != 0)
		return status;
	store->directory_fd = open(store->config.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory_fd < 0)
		return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, "%s", strerror(errno));
	/* It may accept direct I/O and still forget everything. */
	if (!read_only && fstatfs(store->directory_fd, &kind) == 0 &&
	    (kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC))
		return wl_store_refuse(store, WIRELOG_STORE_NO_DIRECT,
				       "a file system in memory keeps nothing");
	if (faccessat(store->directory_fd, SUPERBLOCK, F_OK, 0) != 0 && errno == ENOENT) {
		if (read_only)
			return wl_store_refuse(store, WIRELOG_STORE_NOT_OURS,
					       "there is no superblock in it");
		status = refuse_strangers(store);
		if (status == 0)
			status = check_file_limit(store);
		/* What looks strange may be what another process made since. */
		if (status != 0 && faccessat(store->directory_fd, SUPERBLOCK, F_OK, 0) == 0)
			return wl_store_refuse(store, WIRELOG_STORE_IN_USE,
					       "another process makes it at this moment");
		if (status == 0)
			status = check_room(store);
		if (status != 0 || !store->config.make_later)
			return status != 0 ? status : wl_store_directory_make(store);
		store->unmade = true;
		return wl_store_begin_superblock(store);
	}
	if (read_only) {
		store->superblock_fd =
			openat(store->directory_fd, SUPERBLOCK, O_RDONLY | O_CLOEXEC);
		if (store->superblock_fd < 0)
			return wl_store_refuse(store, WIRELOG_STORE_UNREADABLE, SUPERBLOCK ": %s",
					       strerror(errno));
	} else {
		status = open_direct(store, SUPERBLOCK, O_RDWR);
	}
	if (status == 0)
		status = wl_store_lock(store, store->superblock_fd, SUPERBLOCK);
	if (status == 0 && !read_only)
		unlinkat(store->directory_fd, SUPERBLOCK NEW, 0);
	return status;
}

/* ---- segments ----------------------------------------------------------------------------------- */

static int segment_open(struct wl_store *store, uint32_t journal, uint64_t segment, int *fd,
			uint64_t *base)
{
	bool read_only = store->config.read_only;
	char name[NAME_BYTES];
	int opened;

	name_segment(name, journal, segment, "");
	opened = openat(store->directory_fd, name,
			O_CLOEXEC | (read_only ? O_RDONLY : O_RDWR | O_DIRECT | O_DSYNC));
	if (opened < 0)
		return -errno;
	/* Held by the descriptor and by each write through it: see settle_writes. */
	if (!read_only && flock(opened, LOCK_SH | LOCK_NB) != 0) {
		int error = -errno;

		close(opened);
		return error;
	}
	*fd = opened;
	*base = 0;
	return 0;
}

static int make_segment(struct wl_store *store, int fd, uint32_t journal, uint64_t segment,
			const atomic_bool *cancel)
{
	struct wl_segment_header header;
	int error;

	/* A full disk says so at once, not after most of the segment was written. */
	if (fallocate(fd, 0, 0, (off_t)store->superblock.segment_bytes) != 0 && errno != EOPNOTSUPP)
		return -errno;
	wl_store_describe_segment(store, journal, segment, &header);
	error = wl_store_fill_segment(store, fd, 0, &header, cancel);
	if (error == 0 && fsync(fd) != 0)
		error = -errno;
	return error;
}

static int segment_prepare(struct wl_store *store, uint32_t journal, uint64_t segment,
			   const atomic_bool *cancel)
{
	char temporary[NAME_BYTES], name[NAME_BYTES], folder[NAME_BYTES];
	int fd, error;

	name_segment(temporary, journal, segment, NEW);
	name_segment(name, journal, segment, "");
	name_journal(folder, journal);
	fd = openat(store->directory_fd, temporary,
		    O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EDQUOT ? -ENOSPC : -errno;
	error = make_segment(store, fd, journal, segment, cancel);
	close(fd);
	if (error == 0 && renameat(store->directory_fd, temporary, store->directory_fd, name) != 0)
		error = -errno;
	if (error != 0) {
		unlinkat(store->directory_fd, temporary, 0);
		return error == -EDQUOT || error == -EFBIG ? -ENOSPC : error;
	}
	return wl_store_sync_directory(store->directory_fd, folder);
}

/* A name whose folder was not synced comes back with a power cut: so one after the other, each for good. */
static int segment_forget(struct wl_store *store, uint32_t journal, uint64_t segment)
{
	char name[NAME_BYTES], folder[NAME_BYTES];

	name_segment(name, journal, segment, "");
	name_journal(folder, journal);
	if (unlinkat(store->directory_fd, name, 0) != 0 && errno != ENOENT)
		return -errno;
	return wl_store_sync_directory(store->directory_fd, folder);
}

static const struct wl_store_ops directory_ops = {
	.segment_open = segment_open,
	.segment_prepare = segment_prepare,
	.segment_forget = segment_forget,
};

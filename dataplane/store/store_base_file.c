/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Places for bases: `journal-NN/base-0` and `base-1` in a directory, two regions of fixed size in front of a journal's area on a device.
 * What a base says is not the store's to know (dataplane/state/base_format.h): here it is blocks.
 *
 * The first block is written last, when all others are durable, and gives the whole its sign. In a directory the file gets its name
 * after that; on a device the first block of what stood there is zeroed before anything else: what is half written is absent, and the
 * other place is untouched.
 */
#include "dataplane/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 64u

struct wl_store_base {
	struct wl_store *store;
	uint8_t *first; /* a block: written last */
	uint64_t bytes, written;
	uint64_t at; /* where it begins in what is open */
	uint32_t journal;
	unsigned place;
	int fd;
	bool failed;
};

static void name_base(char name[NAME_BYTES], uint32_t journal, unsigned place, const char *suffix)
{
	snprintf(name, NAME_BYTES, "journal-%02u/base-%u%s", journal, place, suffix);
}

/* The same description as the device's: each write under way keeps its lock. */
static int open_place(const struct wl_store *store, uint32_t journal, unsigned place, int *fd,
		      uint64_t *at)
{
	*fd = fcntl(store->superblock_fd, F_DUPFD_CLOEXEC, 0);
	*at = wl_store_device_base_at(store, journal, place);
	return *fd < 0 ? -errno : 0;
}

static int sync_name(const struct wl_store *store, uint32_t journal)
{
	char folder[NAME_BYTES];

	snprintf(folder, sizeof(folder), "journal-%02u", journal);
	return wl_store_sync_directory(store->directory_fd, folder);
}

/* Durable zeros where a base on a device has its sign. */
static int clear_place(int fd, uint64_t at)
{
	uint8_t *zeros = aligned_alloc(WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	int error;

	if (!zeros)
		return -ENOMEM;
	memset(zeros, 0, WL_BLOCK_BYTES);
	error = wl_store_write(fd, zeros, WL_BLOCK_BYTES, at);
	if (error == 0 && fdatasync(fd) != 0)
		error = -errno;
	free(zeros);
	return error;
}

/* ---- writing one -------------------------------------------------------------------------------- */

static int make_file(struct wl_store_base *base)
{
	char name[NAME_BYTES];

	name_base(name, base->journal, base->place, ".new");
	base->fd = openat(base->store->directory_fd, name,
			  O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
	if (base->fd < 0)
		return -errno;
	/* A full disk says so at once. */
	if (fallocate(base->fd, 0, 0, (off_t)base->bytes) != 0 && errno != EOPNOTSUPP)
		return -errno;
	return 0;
}

static int take_place(struct wl_store_base *base)
{
	int error;

	if (base->bytes > base->store->superblock.base_bytes)
		return -ENOSPC;
	error = open_place(base->store, base->journal, base->place, &base->fd, &base->at);
	return error != 0 ? error : clear_place(base->fd, base->at);
}

static void end_base(struct wl_store_base *base, bool unlink_it)
{
	struct wl_store *store = base->store;
	char name[NAME_BYTES];

	if (base->fd >= 0)
		close(base->fd);
	if (unlink_it && base->fd >= 0 && !wl_store_is_block_device(store)) {
		name_base(name, base->journal, base->place, ".new");
		unlinkat(store->directory_fd, name, 0);
	}
	free(base->first);
	free(base);
	atomic_fetch_sub(&store->busy, 1);
}

static int no_room(int error)
{
	return error == -EDQUOT || error == -EFBIG ? -ENOSPC : error;
}

int wl_store_base_begin(struct wl_store *store, uint32_t journal, unsigned place, uint64_t bytes,
			struct wl_store_base **base)
{
	struct wl_store_base *made;
	int error;

	*base = NULL;
	if (store->config.read_only || journal >= store->superblock.journal_count)
		return -EROFS;
	if (place >= WL_STORE_BASE_PLACES || bytes == 0 || bytes % WL_BLOCK_BYTES != 0)
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	*made = (struct wl_store_base){
		.store = store,
		.first = aligned_alloc(WL_BLOCK_BYTES, WL_BLOCK_BYTES),
		.bytes = bytes,
		.journal = journal,
		.place = place,
		.fd = -1,
	};
	atomic_fetch_add(&store->busy, 1);
	error = !made->first			  ? -ENOMEM
		: wl_store_is_block_device(store) ? take_place(made)
						  : make_file(made);
	if (error != 0)
		end_base(made, true);
	else
		*base = made;
	return no_room(error);
}

int wl_store_base_write(struct wl_store_base *base, const uint8_t *from, size_t bytes)
{
	int error = 0;

	if (base->failed || bytes % WL_BLOCK_BYTES != 0 || bytes > base->bytes - base->written) {
		base->failed = true;
		return -EINVAL;
	}
	if (base->written == 0 && bytes != 0) {
		memcpy(base->first, from, WL_BLOCK_BYTES);
		base->written = WL_BLOCK_BYTES;
		from += WL_BLOCK_BYTES;
		bytes -= WL_BLOCK_BYTES;
	}
	if (bytes != 0)
		error = wl_store_write(base->fd, from, bytes, base->at + base->written);
	base->written += bytes;
	base->failed = error != 0;
	return no_room(error);
}

static int give_name(const struct wl_store_base *base)
{
	const struct wl_store *store = base->store;
	char temporary[NAME_BYTES], name[NAME_BYTES];

	name_base(temporary, base->journal, base->place, ".new");
	name_base(name, base->journal, base->place, "");
	if (renameat(store->directory_fd, temporary, store->directory_fd, name) != 0)
		return -errno;
	return sync_name(store, base->journal);
}

int wl_store_base_commit(struct wl_store_base *base)
{
	int error = base->failed || base->written != base->bytes ? -EINVAL : 0;

	if (error == 0 && fdatasync(base->fd) != 0)
		error = -errno;
	if (error == 0)
		error = wl_store_write(base->fd, base->first, WL_BLOCK_BYTES, base->at);
	if (error == 0 && fsync(base->fd) != 0)
		error = -errno;
	if (error == 0 && !wl_store_is_block_device(base->store))
		error = give_name(base);
	end_base(base, error != 0);
	return error;
}

void wl_store_base_abandon(struct wl_store_base *base)
{
	if (base)
		end_base(base, true);
}

/* ---- one that is there -------------------------------------------------------------------------- */

static int open_base(struct wl_store *store, uint32_t journal, unsigned place, int *fd,
		     uint64_t *at)
{
	char name[NAME_BYTES];

	if (wl_store_is_block_device(store))
		return open_place(store, journal, place, fd, at);
	name_base(name, journal, place, "");
	*at = 0;
	*fd = openat(store->directory_fd, name,
		     O_RDONLY | O_CLOEXEC | (store->config.read_only ? 0 : O_DIRECT));
	return *fd < 0 ? -errno : 0;
}

static int read_base(struct wl_store *store, int fd, uint64_t begin, struct wl_store_part part)
{
	struct wl_store_reader reader;
	int error;

	/* It may be the base thread that asks: the ring of wl_store_read is not its own. */
	wl_store_begin_reading(&reader, store);
	error = wl_store_read_bytes(&reader, fd, part.to, part.bytes, begin + part.at);
	wl_store_end_reading(&reader);
	return error;
}

int wl_store_base_read(struct wl_store *store, uint32_t journal, unsigned place,
		       struct wl_store_part part)
{
	bool device = wl_store_is_block_device(store);
	uint64_t begin = 0;
	int fd = -1, error;

	if (journal >= store->superblock.journal_count || place >= WL_STORE_BASE_PLACES)
		return -ENOENT;
	if (part.bytes == 0 || part.bytes % WL_BLOCK_BYTES != 0 || part.at % WL_BLOCK_BYTES != 0)
		return -EINVAL;
	if (device && store->superblock.base_bytes == 0)
		return -ENOENT;
	if (device && (part.at >= store->superblock.base_bytes ||
		       part.bytes > store->superblock.base_bytes - part.at))
		return -ENODATA;
	atomic_fetch_add(&store->busy, 1);
	error = open_base(store, journal, place, &fd, &begin);
	if (error == 0)
		error = read_base(store, fd, begin, part);
	if (error == 0 && device && part.at == 0 && wl_chunk_is_zero(part.to, WL_BLOCK_BYTES))
		error = -ENOENT;
	if (fd >= 0)
		close(fd);
	atomic_fetch_sub(&store->busy, 1);
	return error;
}

static int remove_file(const struct wl_store *store, uint32_t journal, unsigned place)
{
	char name[NAME_BYTES];

	name_base(name, journal, place, "");
	if (unlinkat(store->directory_fd, name, 0) != 0 && errno != ENOENT)
		return -errno;
	return sync_name(store, journal);
}

int wl_store_base_remove(struct wl_store *store, uint32_t journal, unsigned place)
{
	int error;

	if (store->config.read_only || journal >= store->superblock.journal_count)
		return -EROFS;
	if (place >= WL_STORE_BASE_PLACES)
		return -EINVAL;
	atomic_fetch_add(&store->busy, 1);
	if (!wl_store_is_block_device(store))
		error = remove_file(store, journal, place);
	else if (store->superblock.base_bytes == 0)
		error = 0;
	else
		error = clear_place(store->superblock_fd,
				    wl_store_device_base_at(store, journal, place));
	atomic_fetch_sub(&store->busy, 1);
	return error;
}

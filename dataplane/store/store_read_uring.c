/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store's reads. A thread inside pread() of a device that does not answer cannot be ended by anything, not even SIGKILL;
 * one that waits for a completion can. So a node that recovers from a dying drive still ends when it is told to. Where
 * io_uring is not to be had, or a filter lets rings be made and not used (`wirelog verify` in a container), it is pread after all.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <unistd.h>

#include "dataplane/store/store_internal.h"

struct wl_store_ring {
	struct io_uring ring;
	bool refused;
};

static bool has_ring(struct wl_store_reader *reader)
{
	if (reader->ring)
		return !reader->ring->refused;
	reader->ring = calloc(1, sizeof(*reader->ring));
	if (!reader->ring)
		return false;
	reader->ring->refused = io_uring_queue_init(1, &reader->ring->ring, 0) != 0;
	return !reader->ring->refused;
}

static void refuse_ring(struct wl_store_ring *ring)
{
	io_uring_queue_exit(&ring->ring);
	ring->refused = true;
}

/* True when the kernel has not taken the read, and will not: the buffer is still ours. */
static bool is_refused(const struct wl_store_ring *ring, int error)
{
	return error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY &&
	       io_uring_sq_ready(&ring->ring) != 0;
}

static ssize_t read_plainly(int fd, uint8_t *to, size_t bytes, uint64_t at)
{
	ssize_t done = pread(fd, to, bytes, (off_t)at);

	return done < 0 ? -errno : done;
}

/* As pread, with a negative errno in place of -1. */
static ssize_t read_once(struct wl_store_reader *reader, int fd, uint8_t *to, size_t bytes,
			 uint64_t at)
{
	struct io_uring_sqe *sqe = has_ring(reader) ? io_uring_get_sqe(&reader->ring->ring) : NULL;
	struct io_uring_cqe *cqe = NULL;
	ssize_t done;

	if (!sqe)
		return read_plainly(fd, to, bytes, at);
	io_uring_prep_read(sqe, fd, to, (unsigned)bytes, at);
	/* The buffer is the kernel's until it says otherwise. */
	while (!cqe) {
		int given = io_uring_submit_and_wait(&reader->ring->ring, 1);

		if (given >= 0) {
			(void)io_uring_peek_cqe(&reader->ring->ring, &cqe);
		} else if (is_refused(reader->ring, given)) {
			refuse_ring(reader->ring);
			return read_plainly(fd, to, bytes, at);
		}
	}
	done = cqe->res;
	io_uring_cqe_seen(&reader->ring->ring, cqe);
	return done;
}

int wl_store_read_bytes(struct wl_store_reader *reader, int fd, uint8_t *to, size_t bytes,
			uint64_t at)
{
	while (bytes != 0) {
		ssize_t done = read_once(reader, fd, to, bytes, at);

		if (done == -EINTR || done == -EAGAIN)
			continue;
		if (done < 0)
			return (int)done;
		if (done == 0 || (done % WL_SECTOR_BYTES != 0 && (size_t)done != bytes))
			return -ENODATA;
		to += done;
		at += (uint64_t)done;
		bytes -= (size_t)done;
	}
	return 0;
}

void wl_store_begin_reading(struct wl_store_reader *reader, struct wl_store *store)
{
	*reader = (struct wl_store_reader){
		.store = store,
		.journal = WL_STORE_NO_JOURNAL,
		.fd = -1,
	};
}

void wl_store_end_reading(struct wl_store_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	if (reader->ring && !reader->ring->refused)
		io_uring_queue_exit(&reader->ring->ring);
	free(reader->ring);
	wl_store_begin_reading(reader, reader->store);
}

struct wl_store_reader *wl_store_reader_open(struct wl_store *store)
{
	struct wl_store_reader *reader = malloc(sizeof(*reader));

	if (reader)
		wl_store_begin_reading(reader, store);
	return reader;
}

int wl_store_reader_read(struct wl_store_reader *reader, uint32_t journal, uint64_t offset,
			 uint8_t *buffer, uint32_t bytes)
{
	struct wl_store *store = reader->store;
	uint64_t segment = offset / store->superblock.segment_bytes,
		 inside = offset % store->superblock.segment_bytes;
	int error;

	if (inside + bytes > store->superblock.segment_bytes)
		return -EINVAL;
	if (reader->fd < 0 || journal != reader->journal || segment != reader->segment) {
		if (reader->fd >= 0)
			close(reader->fd);
		reader->fd = -1;
		error = wl_store_segment_open(store, journal, segment, &reader->fd, &reader->base);
		if (error != 0)
			return error;
		reader->journal = journal;
		reader->segment = segment;
	}
	return wl_store_read_bytes(reader, reader->fd, buffer, bytes, reader->base + inside);
}

void wl_store_reader_close(struct wl_store_reader *reader)
{
	wl_store_end_reading(reader);
	free(reader);
}

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

static bool has_ring(struct wl_store *store)
{
	if (store->ring)
		return !store->ring->refused;
	store->ring = calloc(1, sizeof(*store->ring));
	if (!store->ring)
		return false;
	store->ring->refused = io_uring_queue_init(1, &store->ring->ring, 0) != 0;
	return !store->ring->refused;
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
static ssize_t read_once(struct wl_store *store, int fd, uint8_t *to, size_t bytes, uint64_t at)
{
	struct io_uring_sqe *sqe = has_ring(store) ? io_uring_get_sqe(&store->ring->ring) : NULL;
	struct io_uring_cqe *cqe = NULL;
	ssize_t done;

	if (!sqe)
		return read_plainly(fd, to, bytes, at);
	io_uring_prep_read(sqe, fd, to, (unsigned)bytes, at);
	/* The buffer is the kernel's until it says otherwise. */
	while (!cqe) {
		int given = io_uring_submit_and_wait(&store->ring->ring, 1);

		if (given >= 0) {
			(void)io_uring_peek_cqe(&store->ring->ring, &cqe);
		} else if (is_refused(store->ring, given)) {
			refuse_ring(store->ring);
			return read_plainly(fd, to, bytes, at);
		}
	}
	done = cqe->res;
	io_uring_cqe_seen(&store->ring->ring, cqe);
	return done;
}

int wl_store_read_bytes(struct wl_store *store, int fd, uint8_t *to, size_t bytes, uint64_t at)
{
	while (bytes != 0) {
		ssize_t done = read_once(store, fd, to, bytes, at);

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

void wl_store_end_reading(struct wl_store *store)
{
	if (store->ring && !store->ring->refused)
		io_uring_queue_exit(&store->ring->ring);
	free(store->ring);
	store->ring = NULL;
}

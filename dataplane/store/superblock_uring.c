/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   IDLE --submit--> FIRST --(copy A durable)--> SECOND --(copy B durable)--> WRITTEN --reap--> IDLE
 *                      \------------ any failure -----------/--> FAILED, for good
 *
 * A is the damaged one, if one of the pair was found damaged (wl_superblock_copy), else it does not matter: while it is
 * written the other one holds the record before last, and the newest record stands twice in the other pair.
 */
#include "dataplane/store/superblock_uring.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "wirelog/status.h"

#define RETRIES_MAX 8u

enum state {
	IDLE,
	FIRST,
	SECOND,
	WRITTEN,
	FAILED,
};

struct wl_superblock_writer {
	struct io_uring ring;
	int fd;
	enum state state;
	int error; /* negative errno, once FAILED */
	uint64_t sequence; /* of the record under way */
	unsigned damaged; /* bit per copy that was found damaged and not written since */
	unsigned retries;
	uint8_t *image;
};

/* A filter may let a ring be made and not used; a record that nobody takes would be waited for without end. 0 or -errno. */
static int try_ring(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int error;

	io_uring_prep_nop(sqe);
	do {
		error = io_uring_submit_and_wait(ring, 1);
	} while (error == -EINTR);
	if (error < 0)
		return error;
	error = io_uring_wait_cqe(ring, &cqe);
	if (error == 0)
		io_uring_cqe_seen(ring, cqe);
	return error;
}

static int make_ring(struct io_uring *ring)
{
	int error = io_uring_queue_init(4, ring, 0);

	if (error < 0)
		return error;
	error = try_ring(ring);
	if (error < 0)
		io_uring_queue_exit(ring);
	return error;
}

int wl_superblock_writer_open(struct wl_superblock_writer **made, struct wl_store *store)
{
	struct wl_superblock_writer *writer = calloc(1, sizeof(*writer));
	int error = -EINVAL;

	*made = NULL;
	if (!writer)
		return WIRELOG_NO_MEMORY;
	writer->fd = wl_store_superblock_fd(store);
	writer->damaged = wl_store_damaged_copies(store);
	writer->image = aligned_alloc(WL_BLOCK_BYTES, WL_BLOCK_BYTES);
	if (writer->image)
		error = make_ring(&writer->ring);
	if (!writer->image || error < 0) {
		free(writer->image);
		free(writer);
		if (error == -ENOMEM)
			return WIRELOG_MEMLOCK;
		return error == -EINVAL ? WIRELOG_NO_MEMORY : WIRELOG_URING_UNAVAILABLE;
	}
	*made = writer;
	return 0;
}

static void fail(struct wl_superblock_writer *writer, int error)
{
	writer->state = FAILED;
	writer->error = error;
}

/* What the kernel does not take now stays in the ring; reap gives it again. */
static void give(struct wl_superblock_writer *writer)
{
	unsigned copy =
		wl_superblock_copy(writer->sequence, writer->state == SECOND, writer->damaged);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&writer->ring);

	if (!sqe) {
		fail(writer, -EBUSY);
		return;
	}
	io_uring_prep_write(sqe, writer->fd, writer->image, WL_BLOCK_BYTES,
			    copy * (uint64_t)WL_BLOCK_BYTES);
	sqe->rw_flags = RWF_DSYNC;
	(void)io_uring_submit(&writer->ring);
}

bool wl_superblock_writer_submit(struct wl_superblock_writer *writer, struct wl_superblock *record)
{
	if (writer->state != IDLE)
		return false;
	record->sequence++;
	wl_superblock_encode(writer->image, record);
	writer->sequence = record->sequence;
	writer->state = FIRST;
	writer->retries = 0;
	give(writer);
	return true;
}

static void on_written(struct wl_superblock_writer *writer, int result)
{
	/* Nothing was transferred: the same bytes to the same place are safe to ask for again. */
	if ((result == -EAGAIN || result == -EINTR) && writer->retries++ < RETRIES_MAX) {
		give(writer);
	} else if (result != (int)WL_BLOCK_BYTES) {
		fail(writer, result < 0 ? result : -EIO);
	} else if (writer->state == FIRST) {
		writer->state = SECOND;
		give(writer);
	} else {
		writer->damaged &= ~(3u << 2 * (writer->sequence % 2));
		writer->state = WRITTEN;
	}
}

static void take(struct wl_superblock_writer *writer)
{
	struct io_uring_cqe *cqe;
	int result;

	if (io_uring_peek_cqe(&writer->ring, &cqe) != 0)
		return;
	result = cqe->res;
	io_uring_cqe_seen(&writer->ring, cqe);
	on_written(writer, result);
}

int wl_superblock_writer_reap(struct wl_superblock_writer *writer)
{
	if (writer->state == FIRST || writer->state == SECOND) {
		/* What the kernel had no room for. */
		if (io_uring_sq_ready(&writer->ring) != 0)
			(void)io_uring_submit(&writer->ring);
		take(writer);
	}
	if (writer->state == FAILED)
		return writer->error;
	if (writer->state != WRITTEN)
		return 0;
	writer->state = IDLE;
	return 1;
}

int wl_superblock_writer_persist(struct wl_superblock_writer *writer, struct wl_superblock *record)
{
	int result;

	if (!wl_superblock_writer_submit(writer, record))
		return writer->state == FAILED ? writer->error : -EBUSY;
	while ((result = wl_superblock_writer_reap(writer)) == 0)
		if (writer->state == FIRST || writer->state == SECOND)
			(void)io_uring_submit_and_wait(&writer->ring, 1);
	return result < 0 ? result : 0;
}

void wl_superblock_writer_close(struct wl_superblock_writer *writer)
{
	if (!writer)
		return;
	/* One that is under way is waited for: its image is ours. */
	while (writer->state == FIRST || writer->state == SECOND) {
		int error = io_uring_submit_and_wait(&writer->ring, 1);

		if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY)
			break;
		take(writer);
	}
	io_uring_queue_exit(&writer->ring);
	free(writer->image);
	free(writer);
}

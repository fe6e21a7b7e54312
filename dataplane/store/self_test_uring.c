/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/self_test_uring.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/base/limits.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/placement_thread.h"
#include "wirelog/status.h"

#define WRITES_MAX 32u
#define PHASE_NS 20000000u
#define BLOCKS 16u

struct run {
	const struct wl_self_test_config *config;
	struct wl_self_test_result *result;
	struct io_uring ring;
	int fd;
	uint8_t *blocks;
	int status;
	char *reason;
	size_t reason_bytes;
};

static int fail(struct run *run, int status, const char *what, int error)
{
	snprintf(run->reason, run->reason_bytes, "self-test in %s: %s: %s", run->config->directory,
		 what, strerror(error));
	return status;
}

/* A file without a name, its blocks written: a durable write then needs no journal commit. */
static int open_file(struct run *run)
{
	int flags = O_RDWR | O_DIRECT | O_CLOEXEC;
	char path[512];
	ssize_t bytes = BLOCKS * WL_BLOCK_BYTES;

	run->fd = open(run->config->directory, flags | O_TMPFILE, 0600);
	if (run->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		snprintf(path, sizeof(path), "%s/.self-test-%d", run->config->directory,
			 (int)getpid());
		run->fd = open(path, flags | O_CREAT | O_EXCL, 0600);
		if (run->fd >= 0)
			unlink(path);
	}
	if (run->fd < 0 && errno == EINVAL)
		return fail(run, WIRELOG_STORE_NO_DIRECT, "direct I/O", errno);
	if (run->fd < 0)
		return fail(run, WIRELOG_STORE_UNREADABLE, "no file can be made", errno);
	if (pwrite(run->fd, run->blocks, (size_t)bytes, 0) != bytes)
		return fail(run, errno == ENOSPC ? WIRELOG_STORE_FULL : WIRELOG_STORE_NO_DIRECT,
			    "write", errno);
	if (fdatasync(run->fd) != 0)
		return fail(run, WIRELOG_STORE_UNREADABLE, "fdatasync", errno);
	return 0;
}

static int open_ring(struct run *run)
{
	int error = io_uring_queue_init(8, &run->ring,
					IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

	/* Kernels before 6.1. */
	if (error == -EINVAL)
		error = io_uring_queue_init(8, &run->ring, 0);
	return error == 0 ? 0 : fail(run, WIRELOG_URING_UNAVAILABLE, "io_uring_setup", -error);
}

/* Returns -errno or what the write returned. */
static int wait_asleep(struct run *run)
{
	struct io_uring_cqe *cqe;
	int outcome = io_uring_wait_cqe(&run->ring, &cqe);

	if (outcome == 0) {
		outcome = cqe->res;
		io_uring_cqe_seen(&run->ring, cqe);
	}
	return outcome;
}

static int wait_polling(struct run *run)
{
	enum wl_idle idle = run->config->idle == WL_IDLE_AUTO ? WL_IDLE_SPIN : run->config->idle;
	struct wl_idler idler = {.idle = idle};
	struct io_uring_cqe *cqe;
	int outcome;

	for (;;) {
		if ((run->ring.flags & IORING_SETUP_DEFER_TASKRUN) != 0)
			io_uring_get_events(&run->ring);
		outcome = io_uring_peek_cqe(&run->ring, &cqe);
		if (outcome != -EAGAIN)
			break;
		wl_idle_rest(&idler, 0);
	}
	if (outcome == 0) {
		outcome = cqe->res;
		io_uring_cqe_seen(&run->ring, cqe);
	}
	return outcome;
}

static int by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Durable writes one after another for PHASE_NS; times them. */
static int run_phase(struct run *run, bool polling)
{
	uint64_t took_ns[WRITES_MAX];
	uint64_t began_ns = wl_clock_kernel_ns();
	uint64_t sum_ns = 0;
	uint32_t count = 0;

	while (count < WRITES_MAX && (count < 2 || wl_clock_kernel_ns() - began_ns < PHASE_NS)) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&run->ring);
		uint64_t start_ns = wl_clock_kernel_ns();
		int outcome;

		io_uring_prep_write(sqe, run->fd, run->blocks, WL_BLOCK_BYTES,
				    (uint64_t)(count % BLOCKS) * WL_BLOCK_BYTES);
		sqe->rw_flags = RWF_DSYNC;
		outcome = io_uring_submit(&run->ring);
		if (outcome == 1)
			outcome = polling ? wait_polling(run) : wait_asleep(run);
		if (outcome != (int)WL_BLOCK_BYTES)
			return fail(run, WIRELOG_URING_FAILED, "durable write",
				    outcome < 0 ? -outcome : EIO);
		took_ns[count++] = wl_clock_kernel_ns() - start_ns;
	}
	qsort(took_ns, count, sizeof(took_ns[0]), by_value);
	for (uint32_t i = 0; i < count; i++)
		sum_ns += took_ns[i];
	if (polling) {
		run->result->polling_mean_ns = sum_ns / count;
		run->result->polling_writes = count;
		run->result->polling_median_ns = took_ns[count / 2];
		run->result->polling_max_ns = took_ns[count - 1];
	} else {
		run->result->asleep_mean_ns = sum_ns / count;
		run->result->asleep_writes = count;
		run->result->asleep_median_ns = took_ns[count / 2];
		run->result->asleep_max_ns = took_ns[count - 1];
	}
	return 0;
}

/* Which core's interrupts grew most. */
static void find_disk_core(struct run *run, const uint64_t *before, const char *device)
{
	uint64_t after[WL_CORES_MAX], most = run->result->asleep_writes / 2;

	wl_placement_count_interrupts(device, after, WL_CORES_MAX);
	for (uint16_t i = 0; i < WL_CORES_MAX; i++) {
		if (after[i] - before[i] > most) {
			most = after[i] - before[i];
			run->result->disk_core = i;
		}
	}
}

static void *run_thread(void *argument)
{
	struct run *run = argument;
	uint64_t before[WL_CORES_MAX];
	char device[32];
	bool known = wl_placement_disk_interrupts(run->config->directory, device, sizeof(device));

	run->status = wl_placement_enter(run->config->core, run->config->worker, run->reason,
					 run->reason_bytes);
	if (run->status == 0)
		run->status = open_ring(run);
	if (run->status != 0)
		return NULL;
	if (known)
		wl_placement_count_interrupts(device, before, WL_CORES_MAX);
	run->status = run_phase(run, false);
	if (run->status == 0)
		run->status = run_phase(run, true);
	if (known && run->status == 0)
		find_disk_core(run, before, device);
	io_uring_queue_exit(&run->ring);
	return NULL;
}

bool wl_self_test_shares(const struct wl_self_test_result *result)
{
	return result->polling_median_ns > 2 * result->asleep_median_ns + 100000 ||
	       result->polling_mean_ns > 3 * result->asleep_mean_ns + 300000;
}

static void say(const struct wl_self_test_config *config, struct wl_self_test_result *result)
{
	char where[48] = "";

	if (result->disk_core != WL_CORE_ANY)
		snprintf(where, sizeof(where), " (its interrupts are on core %u)",
			 result->disk_core);
	snprintf(result->verdict, sizeof(result->verdict),
		 "durable 4 KiB write: median %.0f us, max %.0f us asleep; %.0f us, %.0f us polled"
		 " for by worker %u%s%s",
		 (double)result->asleep_median_ns / 1e3, (double)result->asleep_max_ns / 1e3,
		 (double)result->polling_median_ns / 1e3, (double)result->polling_max_ns / 1e3,
		 config->worker, where,
		 result->shares ? ": the poller shares the CPU with disk completions; idle strategy"
				  " yield, or another core"
				: "");
}

int wl_self_test_disk(const struct wl_self_test_config *config, struct wl_self_test_result *result,
		      char *reason, size_t reason_bytes)
{
	struct run run = {.config = config,
			  .result = result,
			  .fd = -1,
			  .reason = reason,
			  .reason_bytes = reason_bytes};
	pthread_t thread;
	int status;

	memset(result, 0, sizeof(*result));
	result->disk_core = WL_CORE_ANY;
	run.blocks = aligned_alloc(WL_BLOCK_BYTES, BLOCKS * WL_BLOCK_BYTES);
	if (run.blocks == NULL)
		return fail(&run, WIRELOG_NO_MEMORY, "memory", ENOMEM);
	memset(run.blocks, 0, BLOCKS * WL_BLOCK_BYTES);
	status = open_file(&run);
	if (status == 0) {
		int error = pthread_create(&thread, NULL, run_thread, &run);

		if (error == 0)
			pthread_join(thread, NULL);
		status = error == 0 ? run.status : fail(&run, WIRELOG_NO_MEMORY, "thread", error);
	}
	if (run.fd >= 0)
		close(run.fd);
	free(run.blocks);
	if (status != 0)
		return status;
	result->shares = wl_self_test_shares(result);
	say(config, result);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread wl-prep-N beside a worker's disk: whatever takes long or may block in the file system - making a segment,
 * opening, closing, forgetting one - happens here, one job after the other. Jobs and answers travel by value over two
 * rings; the worker never waits, and both rings are larger than what can be under way.
 *
 * Thread: open and close [init]; ask and take [worker].
 */
#ifndef WL_DATAPLANE_STORE_DISK_PREPARE_THREAD_H
#define WL_DATAPLANE_STORE_DISK_PREPARE_THREAD_H

#include <pthread.h>
#include <semaphore.h>

#include "dataplane/base/ring.h"
#include "dataplane/store/store.h"

#define WL_DISK_PREPARE_JOBS 1024u

enum wl_disk_job_verb {
	WL_DISK_JOB_OPEN = 1,
	WL_DISK_JOB_PREPARE, /* and open */
	WL_DISK_JOB_FORGET,
	WL_DISK_JOB_CLOSE, /* no answer */
};

struct wl_disk_job {
	uint32_t verb;
	uint32_t journal;
	uint64_t segment;
	uint32_t tag; /* returned as it is */
	int fd; /* CLOSE: what; in the answer: what was opened */
	uint64_t base; /* in the answer */
	int error; /* in the answer: 0 or a negative errno */
};

struct wl_disk_prepare {
	struct wl_store *store;
	struct wl_ring jobs; /* worker -> thread */
	struct wl_ring answers; /* thread -> worker */
	struct wl_disk_job job_memory[WL_DISK_PREPARE_JOBS];
	struct wl_disk_job answer_memory[WL_DISK_PREPARE_JOBS];
	sem_t work; /* posted once per job: a post never blocks */
	pthread_t thread;
	atomic_bool stopping;
	uint32_t worker;
};

/* 0 or -errno. */
int wl_disk_prepare_open(struct wl_disk_prepare *prepare, struct wl_store *store, uint32_t worker);
void wl_disk_prepare_ask(struct wl_disk_prepare *prepare, const struct wl_disk_job *job);
bool wl_disk_prepare_take(struct wl_disk_prepare *prepare, struct wl_disk_job *answer);
/*
 * A segment that is being made is given up. False when the thread does not come back from the device within half a
 * second: then its memory must stay.
 */
bool wl_disk_prepare_close(struct wl_disk_prepare *prepare);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/disk_prepare_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dataplane/base/check.h"
#include "dataplane/host/join_thread.h"
#include "dataplane/host/placement_thread.h"

#define CLOSE_PATIENCE_NS 500000000
/* linux/ioprio.h: best effort, the last in line. Durable writes go before zeros where the scheduler knows priorities. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_LAST (2 << 13 | 7)

static void do_job(struct wl_disk_prepare *prepare, struct wl_disk_job *job)
{
	if (job->verb == WL_DISK_JOB_CLOSE) {
		close(job->fd);
		return;
	}
	job->fd = -1;
	job->error = 0;
	if (job->verb == WL_DISK_JOB_PREPARE)
		job->error = wl_store_segment_prepare(prepare->store, job->journal, job->segment,
						      &prepare->stopping);
	if (job->verb == WL_DISK_JOB_FORGET)
		job->error = wl_store_segment_forget(prepare->store, job->journal, job->segment);
	else if (job->error == 0)
		job->error = wl_store_segment_open(prepare->store, job->journal, job->segment,
						   &job->fd, &job->base);
	WL_CHECK(wl_ring_push(&prepare->answers, job));
}

static void *run(void *argument)
{
	struct wl_disk_prepare *prepare = argument;
	struct wl_disk_job job;
	char name[24];

	snprintf(name, sizeof(name), "wl-prep-%u", prepare->worker);
	wl_placement_name(name);
	/* Where it is not allowed, all are equal. */
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_LAST);
	for (;;) {
		while (sem_wait(&prepare->work) != 0)
			;
		/* Closes that are asked for last are still done. */
		if (wl_ring_pop(&prepare->jobs, &job))
			do_job(prepare, &job);
		else if (atomic_load(&prepare->stopping))
			return NULL;
	}
}

int wl_disk_prepare_open(struct wl_disk_prepare *prepare, struct wl_store *store, uint32_t worker)
{
	sigset_t all, before;
	int error;

	prepare->store = store;
	prepare->worker = worker;
	atomic_init(&prepare->stopping, false);
	wl_ring_init(&prepare->jobs, prepare->job_memory, sizeof(prepare->job_memory[0]),
		     WL_DISK_PREPARE_JOBS);
	wl_ring_init(&prepare->answers, prepare->answer_memory, sizeof(prepare->answer_memory[0]),
		     WL_DISK_PREPARE_JOBS);
	if (sem_init(&prepare->work, 0, 0) != 0)
		return -errno;
	/* Signals are control's; one that says "file too large" is an error number here. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	error = pthread_create(&prepare->thread, NULL, run, prepare);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		sem_destroy(&prepare->work);
	return -error;
}

void wl_disk_prepare_ask(struct wl_disk_prepare *prepare, const struct wl_disk_job *job)
{
	WL_CHECK(wl_ring_push(&prepare->jobs, job));
	sem_post(&prepare->work);
}

bool wl_disk_prepare_take(struct wl_disk_prepare *prepare, struct wl_disk_job *answer)
{
	return wl_ring_pop(&prepare->answers, answer);
}

bool wl_disk_prepare_close(struct wl_disk_prepare *prepare)
{
	struct wl_disk_job answer;

	atomic_store(&prepare->stopping, true);
	sem_post(&prepare->work);
	if (!wl_join_within(prepare->thread, CLOSE_PATIENCE_NS))
		return false;
	while (wl_ring_pop(&prepare->answers, &answer))
		if (answer.fd >= 0)
			close(answer.fd);
	sem_destroy(&prepare->work);
	return true;
}

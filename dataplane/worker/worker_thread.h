/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop around a worker: reads the clock once a turn, calls wl_worker_turn, rests when there was
 * nothing to do. Pins itself to its core, is named wl-pmd-N, and ends when the worker has served STOP.
 *
 * Once it polls it never allocates: the daemon counts allocations of polling threads (main.c stands in front of
 * malloc) and shows them in status; the number is 0 or there is a bug. Apart stands what a driver allocates while
 * a link comes up or goes: that is inside tend.
 *
 * Owner: who called start; it calls join before anything that the worker uses is closed. Thread: start, join [init];
 * allocations [any].
 */
#ifndef WL_DATAPLANE_WORKER_WORKER_THREAD_H
#define WL_DATAPLANE_WORKER_WORKER_THREAD_H

#include <pthread.h>
#include <semaphore.h>

#include "dataplane/host/idle.h"
#include "dataplane/worker/worker.h"

/* Something that must happen on the worker's thread, and not in a turn. */
struct wl_worker_errand {
	void (*run)(struct wl_worker *worker, void *context);
	void *context;
	sem_t done;
};

struct wl_worker_thread {
	struct wl_worker *worker;
	uint16_t core; /* WL_CORE_ANY: anywhere */
	enum wl_idle idle;
	/* Workers whose frames pass through this one's port (wl_port_dpdk_relays): it does not nap while one of them is at work. */
	const struct wl_worker *served[WIRELOG_WORKERS_MAX];
	uint32_t served_count;

	_Atomic(struct wl_worker_errand *) errand; /* asked for; NULL: none */
	_Atomic bool polls; /* errands are run */
	pthread_mutex_t asking; /* one asker at a time */
	uint64_t relayed; /* the port's, at the last turn that found nothing to do */
	struct wl_port_ops
		port_ops; /* the port's, with our tend around its own, and a tap when there is one (tap_thread.h) */
	pthread_t thread;
	sem_t entered;
	int status; /* of entering */
	char reason[160];
};

/* Fill worker, core, idle and whom it serves first. Returns when the thread polls: 0, or EAL_CORES, NO_MEMORY with thread->reason. */
int wl_worker_thread_start(struct wl_worker_thread *thread);
/* After STOP was told. Waits for the end of the loop, at most `patience_ms`; false: it hangs, let the process end. */
bool wl_worker_thread_join(struct wl_worker_thread *thread, unsigned patience_ms);

/*
 * Runs it on the worker's thread, between two turns, and returns when it is done: the cluster waits meanwhile, so it is short. Askers wait
 * for each other. False: the worker did not come to it in a second, or its loop has ended, and it does not run. It counts as tending links:
 * it may allocate. [any but workers]
 */
bool wl_worker_thread_run(struct wl_worker_thread *thread, void (*run)(struct wl_worker *, void *),
			  void *context);
/* It is in its loop: not yet, or no more, otherwise. [any] */
bool wl_worker_thread_polls(const struct wl_worker_thread *thread);

/* The calling thread is in its loop. For malloc: no lock, no allocation. */
bool wl_worker_thread_is_polling(void);
void wl_worker_thread_count_allocation(void);
uint64_t wl_worker_thread_allocations(void); /* by all workers since they poll */
uint64_t wl_worker_thread_link_allocations(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/worker_thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "dataplane/base/check.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/join_thread.h"
#include "dataplane/host/placement_thread.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/worker/tap_thread.h"
#include "wirelog/status.h"

#define CLOCK_TEND_NS 1000000000u
#define ERRAND_SECONDS 1

static _Thread_local bool polling, tending;
static _Thread_local void (*tend_of_port)(struct wl_port *port, uint64_t now_ns);
static _Atomic uint64_t allocations, link_allocations;

bool wl_worker_thread_is_polling(void)
{
	return polling;
}

void wl_worker_thread_count_allocation(void)
{
	atomic_fetch_add_explicit(tending ? &link_allocations : &allocations, 1,
				  memory_order_relaxed);
}

uint64_t wl_worker_thread_allocations(void)
{
	return atomic_load_explicit(&allocations, memory_order_relaxed);
}

uint64_t wl_worker_thread_link_allocations(void)
{
	return atomic_load_explicit(&link_allocations, memory_order_relaxed);
}

static void tend(struct wl_port *port, uint64_t now_ns)
{
	tending = true;
	tend_of_port(port, now_ns);
	tending = false;
}

/* What is done for clients and the log; a heartbeat moves none of it. */
static uint64_t activity_of(const struct wl_counters *counters)
{
	static const enum wl_counter parts[] = {
		WL_COUNTER_client_appends,	WL_COUNTER_entries_appended,
		WL_COUNTER_append_entries_sent, WL_COUNTER_disk_writes,
		WL_COUNTER_disk_writes_done,	WL_COUNTER_disk_reads,
		WL_COUNTER_deliver_frames,	WL_COUNTER_fences,
	};
	uint64_t sum = 0;

	for (unsigned at = 0; at < sizeof(parts) / sizeof(parts[0]); at++)
		sum += wl_count_get(counters, parts[at]);
	return sum;
}

/* Of the worker, and of those that wait for it to move their frames. Read by a worker that has nothing else to do. */
static uint64_t activity_around(const struct wl_worker_thread *thread)
{
	uint64_t sum = activity_of(&thread->worker->counters);

	for (uint32_t at = 0; at < thread->served_count; at++)
		sum += activity_of(&thread->served[at]->counters);
	return sum;
}

/*
 * Frames moved for others are work, but nobody here knows whether they are believed: it gives way between two turns, so that a flood does
 * not keep it on a core, and does not sleep.
 */
static void heed(struct wl_worker_thread *thread, struct wl_idler *idler, uint64_t now_ns)
{
	const struct wl_port *port = thread->worker->port;

	wl_idle_heed(idler, activity_around(thread), now_ns);
	if (wl_likely(port->relayed == thread->relayed))
		return;
	thread->relayed = port->relayed;
	idler->besieged = true;
	idler->empty_turns = 0;
}

static void do_errand(struct wl_worker_thread *thread)
{
	struct wl_worker_errand *errand =
		atomic_exchange_explicit(&thread->errand, NULL, memory_order_seq_cst);

	if (errand == NULL)
		return; /* taken back */
	tending = true;
	errand->run(thread->worker, errand->context);
	tending = false;
	sem_post(&errand->done);
}

static void run_errand(struct wl_worker_thread *thread)
{
	if (wl_unlikely(atomic_load_explicit(&thread->errand, memory_order_relaxed) != NULL))
		do_errand(thread);
}

/* The asker sees that it polls no more, or this sees what the asker wants: each writes its word before it reads the other's. */
static void end_errands(struct wl_worker_thread *thread)
{
	atomic_store_explicit(&thread->polls, false, memory_order_seq_cst);
	do_errand(thread);
}

bool wl_worker_thread_polls(const struct wl_worker_thread *thread)
{
	return atomic_load_explicit(&thread->polls, memory_order_acquire);
}

static bool wait_for_errand(struct wl_worker_thread *thread, struct wl_worker_errand *errand)
{
	struct timespec until;
	bool done;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ERRAND_SECONDS;
	atomic_store_explicit(&thread->errand, errand, memory_order_seq_cst);
	done = atomic_load_explicit(&thread->polls, memory_order_seq_cst) &&
	       sem_clockwait(&errand->done, CLOCK_MONOTONIC, &until) == 0;
	/* It is on the stack: either nobody will ever take it, or who took it is waited for. */
	if (!done && atomic_exchange_explicit(&thread->errand, NULL, memory_order_seq_cst) == NULL)
		while (!(done = sem_wait(&errand->done) == 0))
			;
	return done;
}

bool wl_worker_thread_run(struct wl_worker_thread *thread, void (*run)(struct wl_worker *, void *),
			  void *context)
{
	struct wl_worker_errand errand = {.run = run, .context = context};
	bool done;

	sem_init(&errand.done, 0, 0);
	pthread_mutex_lock(&thread->asking);
	done = wait_for_errand(thread, &errand);
	pthread_mutex_unlock(&thread->asking);
	sem_destroy(&errand.done);
	return done;
}

static void poll_until_stopped(struct wl_worker_thread *thread, struct wl_clock *clock)
{
	struct wl_worker *worker = thread->worker;
	struct wl_idler idler = {.idle = thread->idle};
	uint64_t now = wl_clock_now_ns(clock), tended_ns = now;

	while (!worker->stopped) {
		uint64_t read = wl_clock_now_ns(clock);
		unsigned did;

		/* Taking out drift may move the clock back by some nanoseconds; for a worker it stands still then. */
		if (read > now)
			now = read;
		run_errand(thread);
		did = wl_worker_turn(worker, now, wl_clock_wall_ns(clock, now));
		if (did == 0 && thread->idle != WL_IDLE_SPIN)
			wl_count(&worker->counters, WL_COUNTER_turns_yielded);
		idler.besieged = worker->besieged;
		if (did == 0)
			heed(thread, &idler, now);
		wl_idle_rest(&idler, did);
		if (now - tended_ns >= CLOCK_TEND_NS) {
			tended_ns = now;
			wl_clock_tend(clock);
		}
	}
}

static void *run(void *argument)
{
	struct wl_worker_thread *thread = argument;
	struct wl_clock clock;
	sigset_t all;

	/* Signals are control's. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	thread->status = wl_placement_enter(thread->core, thread->worker->config.worker,
					    thread->reason, sizeof(thread->reason));
	if (thread->status != 0) {
		sem_post(&thread->entered);
		return NULL;
	}
	wl_clock_open(&clock, NULL, 0);
	wl_eal_thread_enter();
	tend_of_port = thread->worker->port->ops->tend;
	thread->port_ops = *thread->worker->port->ops;
	thread->port_ops.tend = tend;
	thread->worker->port->ops = &thread->port_ops;
	wl_tap_thread_enter(&thread->port_ops, &clock);
	atomic_store_explicit(&thread->polls, true, memory_order_release);
	sem_post(&thread->entered);
	polling = true;
	poll_until_stopped(thread, &clock);
	end_errands(thread);
	polling = false;
	wl_tap_thread_leave();
	wl_eal_thread_leave();
	return NULL;
}

int wl_worker_thread_start(struct wl_worker_thread *thread)
{
	thread->status = 0;
	thread->reason[0] = '\0';
	sem_init(&thread->entered, 0, 0);
	pthread_mutex_init(&thread->asking, NULL);
	if (pthread_create(&thread->thread, NULL, run, thread) != 0) {
		snprintf(thread->reason, sizeof(thread->reason),
			 "no thread could be made for worker %u", thread->worker->config.worker);
		return WIRELOG_NO_MEMORY;
	}
	while (sem_wait(&thread->entered) != 0)
		;
	if (thread->status != 0)
		pthread_join(thread->thread, NULL);
	return thread->status;
}

bool wl_worker_thread_join(struct wl_worker_thread *thread, unsigned patience_ms)
{
	return wl_join_within(thread->thread, (uint64_t)patience_ms * 1000000u);
}

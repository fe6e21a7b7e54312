/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stop_thread.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "control/report/report_file.h"
#include "dataplane/host/clock.h"
#include "dataplane/host/placement_thread.h"
#include "wirelog/status.h"

#define LOOK_NS 20000000u /* between looks at what is pending */

static struct {
	_Atomic bool asked;
	_Atomic bool starts_again;
	_Atomic int exit_code; /* 0: STOP_OVERDUE's */
	_Atomic(const char *) doing;
	pthread_t thread;
} stop = {.doing = "starting"};

static void sleep_until(uint64_t deadline_ns)
{
	uint64_t now_ns;

	while ((now_ns = wl_clock_kernel_ns()) < deadline_ns) {
		uint64_t left_ns = deadline_ns - now_ns;
		struct timespec pause = {(time_t)(left_ns / 1000000000u),
					 (long)(left_ns % 1000000000u)};

		nanosleep(&pause, NULL);
	}
}

static bool is_pending(const sigset_t *asks)
{
	sigset_t pending;

	sigpending(&pending);
	for (int number = 1; number < NSIG; number++)
		if (sigismember(asks, number) == 1 && sigismember(&pending, number) == 1)
			return true;
	return false;
}

/* The longer limit; it ends early, at the usual one, when the end is asked for after all. */
static void sleep_while_closing(const sigset_t *asks)
{
	uint64_t deadline_ns = wl_clock_kernel_ns() + WL_STOP_AGAIN_DEADLINE_NS;
	uint64_t now_ns;

	while ((now_ns = wl_clock_kernel_ns()) < deadline_ns && !is_pending(asks))
		sleep_until(now_ns + LOOK_NS);
	if (now_ns + WL_STOP_DEADLINE_NS < deadline_ns)
		deadline_ns = now_ns + WL_STOP_DEADLINE_NS;
	sleep_until(deadline_ns);
}

static void end_overdue(void)
{
	int code = atomic_load(&stop.exit_code);

	if (code == 0)
		code = wirelog_status_exit_code(WIRELOG_STOP_OVERDUE);
	wl_report(WL_REPORT_ERROR, "stop_overdue", "code=%s exit=%d hangs=\"%s\"",
		  wirelog_status_name(WIRELOG_STOP_OVERDUE), code, atomic_load(&stop.doing));
	wl_report(WL_REPORT_ERROR, "stop_overdue", "fix=\"%s\"",
		  wirelog_status_fix(WIRELOG_STOP_OVERDUE));
	wl_report_flush();
	_exit(code);
}

static void *watch(void *unused)
{
	sigset_t asks;
	int number;

	(void)unused;
	wl_placement_name("wl-stop");
	sigemptyset(&asks);
	sigaddset(&asks, SIGTERM);
	sigaddset(&asks, SIGINT);
	while (sigwait(&asks, &number) != 0)
		;
	atomic_store(&stop.asked, true);
	if (atomic_load(&stop.starts_again))
		sleep_while_closing(&asks);
	else
		sleep_until(wl_clock_kernel_ns() + WL_STOP_DEADLINE_NS);
	end_overdue();
	return NULL;
}

int wl_stop_open(void)
{
	sigset_t all, asks;
	int error;

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* What a faulty instruction raises stays with who executed it. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	error = pthread_create(&stop.thread, NULL, watch, NULL);
	sigemptyset(&asks);
	sigaddset(&asks, SIGTERM);
	sigaddset(&asks, SIGINT);
	pthread_sigmask(SIG_SETMASK, &asks, NULL);
	return error == 0 ? 0 : WIRELOG_NO_MEMORY;
}

bool wl_stop_is_asked(void)
{
	return atomic_load(&stop.asked);
}

void wl_stop_ask(void)
{
	/* Seen at once here; wl-stop begins to count when it has the signal. */
	atomic_store(&stop.asked, true);
	pthread_kill(stop.thread, SIGTERM);
}

void wl_stop_ask_to_start_again(void)
{
	atomic_store(&stop.starts_again, true);
	wl_stop_ask();
}

void wl_stop_doing(const char *what)
{
	atomic_store(&stop.doing, what);
}

void wl_stop_end_with(int exit_code)
{
	atomic_store(&stop.exit_code, exit_code);
}

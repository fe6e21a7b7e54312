/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a process has to end, each in a child of its own: what is under test ends it. */
#include "control/node/stop_thread.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "dataplane/host/clock.h"
#include "tests/unit/runner.h"

#define BY_ITSELF 33
#define ASKED 34
#define PAUSE_US 20000u

static void be_quiet(void)
{
	int nowhere = open("/dev/null", O_WRONLY);

	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
}

/* Runs body in a child that may end; says how it did. ask_again: SIGTERM comes when it has begun. */
static int end_of(void (*body)(int began), bool ask_again)
{
	int began[2], status = 0;
	char byte;
	pid_t child;

	if (pipe(began) != 0)
		return -1;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(began[0]);
		be_quiet();
		if (wl_stop_open() == 0)
			body(began[1]);
		_exit(EXIT_FAILURE);
	}
	close(began[1]);
	if (read(began[0], &byte, 1) == 1 && ask_again)
		kill(child, SIGTERM);
	close(began[0]);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void begin(int began)
{
	if (write(began, "", 1) != 1)
		_exit(EXIT_FAILURE);
}

static void closes_slowly(int began)
{
	wl_stop_end_with(EX_TEMPFAIL);
	wl_stop_ask_to_start_again();
	begin(began);
	usleep((WL_STOP_DEADLINE_NS + 500000000u) / 1000);
	_exit(BY_ITSELF);
}

static void hangs(int began)
{
	wl_stop_end_with(EX_TEMPFAIL);
	wl_stop_ask();
	begin(began);
	for (;;)
		pause();
}

static void hangs_before_it_starts_again(int began)
{
	wl_stop_end_with(EX_TEMPFAIL);
	wl_stop_ask_to_start_again();
	begin(began);
	for (;;)
		pause();
}

/* What is executed next has the signals that wait. */
static void looks_for_what_waits(int began)
{
	sigset_t waiting;

	wl_stop_end_with(EX_TEMPFAIL);
	wl_stop_ask_to_start_again();
	begin(began);
	do {
		usleep(PAUSE_US);
		sigpending(&waiting);
	} while (sigismember(&waiting, SIGTERM) != 1);
	usleep(5 * PAUSE_US);
	sigpending(&waiting);
	_exit(sigismember(&waiting, SIGTERM) == 1 ? ASKED : BY_ITSELF);
}

static void process_that_starts_again_may_close_for_longer(void)
{
	CU_ASSERT_EQUAL(end_of(closes_slowly, false), BY_ITSELF);
}

static void process_that_hangs_is_ended(void)
{
	CU_ASSERT_EQUAL(end_of(hangs, false), EX_TEMPFAIL);
}

static void who_asks_it_to_end_meanwhile_does_not_wait_for_longer(void)
{
	uint64_t before_ns = wl_clock_kernel_ns();

	CU_ASSERT_EQUAL(end_of(hangs_before_it_starts_again, true), EX_TEMPFAIL);
	CU_ASSERT_TRUE(wl_clock_kernel_ns() - before_ns < WL_STOP_AGAIN_DEADLINE_NS);
}

static void what_asks_it_to_end_meanwhile_waits_for_the_next_start(void)
{
	CU_ASSERT_EQUAL(end_of(looks_for_what_waits, true), ASKED);
}

WL_SUITE(stop)
{
	WL_TEST(process_that_starts_again_may_close_for_longer),
	WL_TEST(process_that_hangs_is_ended),
	WL_TEST(who_asks_it_to_end_meanwhile_does_not_wait_for_longer),
	WL_TEST(what_asks_it_to_end_meanwhile_waits_for_the_next_start),
};

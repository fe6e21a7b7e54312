/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/range.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/check.h"

#define JOBS_MAX 64u
#define TWICE_EVERY 50u /* a share of the seeds runs twice: chance comes from the seed alone */
#define SECONDS_PER_SEED 60u /* of real time: the watchdog behind the watchdog */

/* Shared with the worker processes. */
struct board {
	_Atomic uint64_t next;
	_Atomic uint64_t done, events;
	struct {
		_Atomic uint64_t seed;
		char rule[32];
	} job[JOBS_MAX];
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct board *make_board(void)
{
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	WL_CHECK(board != MAP_FAILED);
	return board;
}

/* Of CPU: beside other work a run takes as long as it takes. */
static void limit_seconds(void)
{
	const struct itimerval limit = {.it_value.tv_sec = SECONDS_PER_SEED};

	WL_CHECK(setitimer(ITIMER_PROF, &limit, NULL) == 0);
}

static void run_seed(struct board *board, unsigned job, uint64_t seed,
		     const struct sim_range *range)
{
	struct sim_options options = {.rule = board->job[job].rule, .quiet = range->quiet};
	struct sim_result result, again;
	struct sim_plan plan;
	char replay[300];

	snprintf(replay, sizeof(replay), "%s --seed %llu", range->program,
		 (unsigned long long)seed);
	options.replay = replay;
	limit_seconds();
	sim_schedule(&plan, seed);
	if (range->shape)
		range->shape(&plan);
	sim_run(&plan, &options, &result);
	if (seed % TWICE_EVERY == 0) {
		sim_run(&plan, &options, &again);
		if (again.hash != result.hash) {
			fprintf(stderr, "\nseed %llu: two runs, two hashes\nreplay: %s\n",
				(unsigned long long)seed, replay);
			strcpy(board->job[job].rule, "determinism");
			_exit(1);
		}
	}
	sim_plan_fini(&plan);
	atomic_fetch_add(&board->done, 1);
	atomic_fetch_add(&board->events, result.events);
}

static pid_t start_job(struct board *board, unsigned job, const struct sim_range *range)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	WL_CHECK(child >= 0);
	if (child != 0)
		return child;
	for (;;) {
		uint64_t seed = atomic_fetch_add(&board->next, 1);

		if (seed > range->last)
			exit(0); /* not _exit: coverage is written at exit */
		atomic_store(&board->job[job].seed, seed);
		run_seed(board, job, seed, range);
	}
}

static void say_progress(const struct board *board, const struct sim_range *range, double began)
{
	double seconds = now_s() - began;
	uint64_t done = atomic_load(&board->done);

	fprintf(stderr, "%s%llu of %llu seeds, %.1f M events, %.0f seeds/h%s",
		isatty(2) ? "\r" : "", (unsigned long long)done,
		(unsigned long long)(range->last - range->first + 1),
		(double)atomic_load(&board->events) / 1e6, (double)done / seconds * 3600,
		isatty(2) ? "   " : "\n");
}

static void note_failure(struct board *board, unsigned job, int status,
			 const struct sim_range *range, struct sim_range_result *result)
{
	uint64_t seed = atomic_load(&board->job[job].seed);

	if (WIFSIGNALED(status)) {
		snprintf(board->job[job].rule, sizeof(board->job[job].rule), "signal %d",
			 WTERMSIG(status));
		if (!range->quiet)
			fprintf(stderr,
				"\nseed %llu: ended by signal %d%s\nreplay: %s --seed %llu\n",
				(unsigned long long)seed, WTERMSIG(status),
				WTERMSIG(status) == SIGPROF ? ": longer than a minute of CPU" : "",
				range->program, (unsigned long long)seed);
	}
	if (result->failures++ == 0) {
		result->first_failure = seed;
		memcpy(result->rule, board->job[job].rule, sizeof(result->rule));
	}
}

void sim_range_run(const struct sim_range *range, struct sim_range_result *result)
{
	struct board *board = make_board();
	unsigned jobs = range->jobs > JOBS_MAX ? JOBS_MAX : range->jobs, running = 0;
	pid_t children[JOBS_MAX];
	double began = now_s(), said = began;

	memset(result, 0, sizeof(*result));
	atomic_store(&board->next, range->first);
	for (; running < jobs; running++)
		children[running] = start_job(board, running, range);
	while (running > 0) {
		const struct timespec pause = {.tv_nsec = 20000000};
		int status;
		pid_t child = waitpid(-1, &status, WNOHANG);
		bool over = (range->seconds_max && now_s() - began > (double)range->seconds_max) ||
			    result->failures >= range->failures_max;

		if (over)
			atomic_store(&board->next, range->last + 1);
		if (!range->quiet && now_s() - said > 10) {
			said = now_s();
			say_progress(board, range, began);
		}
		if (child <= 0) {
			nanosleep(&pause, NULL);
			continue;
		}
		for (unsigned job = 0; job < jobs; job++) {
			if (children[job] != child)
				continue;
			running--;
			if (status == 0)
				continue;
			note_failure(board, job, status, range, result);
			if (result->failures < range->failures_max) {
				children[job] = start_job(board, job, range);
				running++;
			}
		}
	}
	result->seconds = now_s() - began;
	result->seeds = atomic_load(&board->done) + result->failures;
	result->events = atomic_load(&board->events);
	munmap(board, sizeof(*board));
}

bool sim_range_fails(const struct sim_plan *plan, char *rule)
{
	struct board *board = make_board();
	struct sim_options options = {.quiet = true, .rule = board->job[0].rule};
	struct sim_result result;
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	WL_CHECK(child >= 0);
	if (child == 0) {
		limit_seconds();
		if (!freopen("/dev/null", "w", stderr))
			_exit(71);
		sim_run(plan, &options, &result);
		_exit(0);
	}
	WL_CHECK(waitpid(child, &status, 0) == child);
	if (WIFSIGNALED(status))
		snprintf(board->job[0].rule, sizeof(board->job[0].rule), "signal %d",
			 WTERMSIG(status));
	memcpy(rule, board->job[0].rule, sizeof(board->job[0].rule));
	munmap(board, sizeof(*board));
	return status != 0;
}

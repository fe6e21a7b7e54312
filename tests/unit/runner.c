/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs the registered suites with CUnit and counts tests, not assertions.
 *
 *	unit [--list] [--verbose] [--times] [PATTERN ...]
 *
 * A pattern is a shell pattern for a suite name or for "suite.claim". --times: the slowest tests,
 * with the seconds they took and the seconds of them that a core worked. Prints failures with
 * file:line, skips with their reason, and as last line "N passed, N failed, N skipped".
 * Exit status: 0, 1 after a failure or when no test ran, 64 for a wrong command line.
 */
#include "tests/unit/runner.h"

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/check.h"

#define EXIT_USAGE 64
#define SLOWEST 10

static struct wl_suite *suites;

struct duration {
	double taken;
	double worked;
	char name[256];
};

static struct {
	char **patterns;
	int pattern_count;
	bool verbose;
	bool times;
	pid_t pid;
	unsigned int undefined; /* reports of undefined behaviour in the running test */
	unsigned int passed;
	unsigned int failed;
	unsigned int skipped;
	unsigned int asserts_before;
	const char *skip_reason;
	char running[256];
	struct duration started; /* the clocks when the running test began */
	struct duration slowest[SLOWEST];
} runner;

static jmp_buf stop_jump;

/* Sorted by name, so that the order does not depend on the link order. */
void wl_suite_register(struct wl_suite *suite)
{
	struct wl_suite **place = &suites;

	while (*place && strcmp((*place)->name, suite->name) < 0)
		place = &(*place)->next;
	suite->next = *place;
	*place = suite;
}

void wl_skip(const char *reason)
{
	runner.skip_reason = reason;
	/* The way in which CUnit itself leaves a test after a fatal assertion. */
	longjmp(*CU_get_current_test()->pJumpBuf, 1);
}

static void leave_check(void *context, const struct wl_check_failure *failure)
{
	(void)context;
	(void)failure;
	longjmp(stop_jump, 1);
}

jmp_buf *wl_stop_arm(void)
{
	wl_check_set_hook(leave_check, NULL);
	return &stop_jump;
}

void wl_stop_disarm(void)
{
	wl_check_set_hook(NULL, NULL);
}

/* Says which test died, and the closing line as far as it went. Not for a child, nor for leaks that are told after the end. */
static void say_died(void)
{
	char text[512];
	int length;

	if (runner.running[0] == '\0' || getpid() != runner.pid)
		return;
	length = snprintf(text, sizeof(text),
			  "FAIL %s: died here, the rest was not run\n"
			  "%u passed, %u failed, %u skipped\n",
			  runner.running, runner.passed, runner.failed + 1, runner.skipped);
	runner.running[0] = '\0';
	length = (int)write(STDOUT_FILENO, text, (size_t)length);
	(void)length;
}

/* Of the sanitizers' library, where there is one: called when one of them ends the process. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));
/* Called by it for each report of undefined behaviour, which is a failure of the test that runs. */
void __ubsan_on_report(void);
void __ubsan_on_report(void)
{
	runner.undefined++;
}

/* The default action then gives the exit status and the core. */
static void on_deadly_signal(int number)
{
	say_died();
	signal(number, SIG_DFL);
	raise(number);
}

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct duration clocks(void)
{
	return (struct duration){.taken = seconds_of(CLOCK_MONOTONIC),
				 .worked = seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

/* Slowest first. */
static void remember_duration(void)
{
	struct duration now = clocks();
	double taken = now.taken - runner.started.taken;
	int place = SLOWEST;

	while (place > 0 && runner.slowest[place - 1].taken < taken)
		place--;
	if (place == SLOWEST)
		return;
	memmove(runner.slowest + place + 1, runner.slowest + place,
		sizeof(runner.slowest[0]) * (size_t)(SLOWEST - place - 1));
	runner.slowest[place].taken = taken;
	runner.slowest[place].worked = now.worked - runner.started.worked;
	memcpy(runner.slowest[place].name, runner.running, sizeof(runner.running));
}

static void print_durations(void)
{
	for (int i = 0; i < SLOWEST && runner.slowest[i].name[0]; i++)
		printf("time %8.3f s, %8.3f s of a core  %s\n", runner.slowest[i].taken,
		       runner.slowest[i].worked, runner.slowest[i].name);
}

static void on_test_start(const CU_pTest test, const CU_pSuite suite)
{
	snprintf(runner.running, sizeof(runner.running), "%s.%s", suite->pName, test->pName);
	runner.skip_reason = NULL;
	runner.undefined = 0;
	runner.asserts_before = CU_get_number_of_asserts();
	if (runner.verbose)
		printf("run  %s\n", runner.running);
	runner.started = clocks();
}

static void on_test_complete(const CU_pTest test, const CU_pSuite suite,
			     const CU_pFailureRecord failures)
{
	bool silent = CU_get_number_of_asserts() == runner.asserts_before;
	const char *why = runner.undefined ? ": undefined behaviour, see the sanitizer's report"
					   : "";

	(void)test;
	(void)suite;
	if (silent && !failures && !runner.skip_reason)
		why = ": asserts nothing";
	wl_stop_disarm();
	remember_duration();
	if (!failures && !runner.undefined && runner.skip_reason) {
		runner.skipped++;
		printf("skip %s: %s\n", runner.running, runner.skip_reason);
	} else if (!failures && !runner.undefined && !silent) {
		runner.passed++;
	} else {
		runner.failed++;
		printf("FAIL %s%s\n", runner.running, why);
	}
	for (CU_pFailureRecord record = failures; record; record = record->pNext)
		printf("     %s:%u: %s\n", record->strFileName ? record->strFileName : "?",
		       record->uiLineNumber, record->strCondition ? record->strCondition : "?");
	fflush(stdout);
}

static bool is_wanted(const char *suite_name, const char *claim)
{
	char full[256];

	if (runner.pattern_count == 0)
		return true;
	snprintf(full, sizeof(full), "%s.%s", suite_name, claim);
	for (int i = 0; i < runner.pattern_count; i++)
		if (fnmatch(runner.patterns[i], suite_name, 0) == 0 ||
		    fnmatch(runner.patterns[i], full, 0) == 0)
			return true;
	return false;
}

static void add_wanted(const struct wl_suite *suite, bool list_only)
{
	CU_pSuite registered = NULL;

	for (int i = 0; i < WL_SUITE_TESTS_MAX && suite->tests[i].run; i++) {
		const struct wl_test *test = &suite->tests[i];

		if (!is_wanted(suite->name, test->claim))
			continue;
		if (list_only) {
			printf("%s.%s\n", suite->name, test->claim);
			continue;
		}
		if (!registered)
			registered = CU_add_suite(suite->name, NULL, NULL);
		if (!registered || !CU_add_test(registered, test->claim, test->run)) {
			fprintf(stderr, "unit: cannot register %s.%s: %s\n", suite->name,
				test->claim, CU_get_error_msg());
			exit(EXIT_FAILURE);
		}
	}
}

int main(int argc, char **argv)
{
	bool list_only = false;
	int first = 1;

	for (; first < argc && argv[first][0] == '-'; first++) {
		if (strcmp(argv[first], "--list") == 0) {
			list_only = true;
		} else if (strcmp(argv[first], "--verbose") == 0) {
			runner.verbose = true;
		} else if (strcmp(argv[first], "--times") == 0) {
			runner.times = true;
		} else {
			fprintf(stderr,
				"usage: unit [--list] [--verbose] [--times] [PATTERN ...]\n");
			return EXIT_USAGE;
		}
	}
	runner.patterns = argv + first;
	runner.pattern_count = argc - first;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return EXIT_FAILURE;
	}
	for (struct wl_suite *suite = suites; suite; suite = suite->next)
		add_wanted(suite, list_only);
	if (list_only) {
		CU_cleanup_registry();
		return EXIT_SUCCESS;
	}

	/* SIGSEGV stays with the sanitizers; their reports name the place better than we can. */
	signal(SIGABRT, on_deadly_signal);
	runner.pid = getpid();
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(say_died);
	CU_set_test_start_handler(on_test_start);
	CU_set_test_complete_handler(on_test_complete);
	CU_run_all_tests();
	CU_cleanup_registry();
	runner.running[0] = '\0';

	if (runner.times)
		print_durations();
	printf("%u passed, %u failed, %u skipped\n", runner.passed, runner.failed, runner.skipped);
	return runner.failed > 0 || runner.passed + runner.skipped == 0;
}

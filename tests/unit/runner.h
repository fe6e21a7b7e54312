/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of a unit-test suite, and what a test may call beside CUnit's own CU_ASSERT...
 *
 * A file tests/unit/test_x.c ends with its table; no central list is edited:
 *
 *	WL_SUITE(x)
 *	{
 *		WL_TEST(follower_rejects_append_when_previous_term_differs),
 *		WL_TEST(commit_never_moves_back),
 *	};
 *
 * Each WL_TEST names a `static void claim(void)`. A claim that asserts nothing fails.
 * Thread: tests run one after another on the main thread; CU_ASSERT is for that thread only.
 */
#ifndef WL_TESTS_UNIT_RUNNER_H
#define WL_TESTS_UNIT_RUNNER_H

#include <CUnit/CUnit.h>
#include <setjmp.h>

#define WL_SUITE_TESTS_MAX 256

struct wl_test {
	const char *claim;
	void (*run)(void);
};

struct wl_suite {
	const char *name;
	const struct wl_test *tests; /* ends at the first one without run, or at the maximum */
	struct wl_suite *next;
};

void wl_suite_register(struct wl_suite *suite);

#define WL_TEST(claim)        \
	{                     \
#claim, claim \
	}

#define WL_SUITE(suite_name)                                                         \
	static const struct wl_test tests_##suite_name[WL_SUITE_TESTS_MAX];          \
	__attribute__((constructor)) static void register_##suite_name(void)         \
	{                                                                            \
		static struct wl_suite suite = {#suite_name, tests_##suite_name, 0}; \
		wl_suite_register(&suite);                                           \
	}                                                                            \
	static const struct wl_test tests_##suite_name[WL_SUITE_TESTS_MAX] =

/* Ends the running test as skipped. The reason says what is missing: "needs root". */
void wl_skip(const char *reason) __attribute__((noreturn));

/* Claims that the statement stops at a WL_CHECK. The statement must not return from the test. */
#define WL_ASSERT_STOPS(statement)                                                              \
	do {                                                                                    \
		volatile int stopped_ = 1;                                                      \
		if (setjmp(*wl_stop_arm()) == 0) {                                              \
			statement;                                                              \
			stopped_ = 0;                                                           \
		}                                                                               \
		wl_stop_disarm();                                                               \
		CU_assertImplementation(stopped_, __LINE__, "stops: " #statement, __FILE__, "", \
					CU_FALSE);                                              \
	} while (0)

jmp_buf *wl_stop_arm(void);
void wl_stop_disarm(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks of internal states that cannot be, and the two branch hints.
 *
 * WL_CHECK is compiled into every build: a node whose state contradicts itself stops at once
 * instead of acknowledging something wrong. It is never used on what came from the network,
 * from a disk or from a user; such input is decoded, and rejected with a reason.
 *
 * Thread: [any]. Owner: the hook is process-wide, set by [init] before workers start.
 * Never: returns from a failed check; allocates; takes a lock.
 * check.c is the one file outside the platform files that may print and abort.
 */
#ifndef WL_DATAPLANE_BASE_CHECK_H
#define WL_DATAPLANE_BASE_CHECK_H

#define wl_likely(condition) __builtin_expect(!!(condition), 1)
#define wl_unlikely(condition) __builtin_expect(!!(condition), 0)

/* Stops the node when the condition is false. */
#define WL_CHECK(condition)                                                                \
	do {                                                                               \
		if (wl_unlikely(!(condition)))                                             \
			wl_check_fail(__FILE__, __LINE__, __func__, #condition, "%s", ""); \
	} while (0)

/* The same with a printf-like text that carries the values: positions, terms, counts. */
#define WL_CHECK_MSG(condition, ...)                                                          \
	do {                                                                                  \
		if (wl_unlikely(!(condition)))                                                \
			wl_check_fail(__FILE__, __LINE__, __func__, #condition, __VA_ARGS__); \
	} while (0)

/* A relation that the compiler can prove; the text is the relation itself. */
#define WL_STATIC_CHECK(condition) _Static_assert(condition, #condition)

#define WL_CHECK_TEXT_BYTES_MAX 256

struct wl_check_failure {
	const char *file;
	int line;
	const char *function;
	const char *expression;
	const char *text; /* "" when the check gave none; valid during the hook only */
};

/*
 * Called on the failing thread before abort. A hook may leave by longjmp (unit tests, the
 * simulator) and must then be set again before the next check; when it returns, the process
 * aborts. A check that fails inside the hook aborts at once.
 */
typedef void wl_check_hook(void *context, const struct wl_check_failure *failure);

/* [init] NULL restores the default hook, which is wl_check_print. */
void wl_check_set_hook(wl_check_hook *hook, void *context);

/* [any] One line on stderr: file:line, function, expression, text. For hooks that add to it. */
void wl_check_print(void *context, const struct wl_check_failure *failure);

/* [any] Not for direct use: the macros above call it. */
void wl_check_fail(const char *file, int line, const char *function, const char *expression,
		   const char *format, ...)
	__attribute__((noreturn, cold, noinline, format(printf, 5, 6)));

#endif

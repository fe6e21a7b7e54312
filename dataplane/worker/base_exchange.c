/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/base_exchange.h"

#define ATTEMPTS 1000u

_Static_assert(sizeof(struct wl_base_limit) % sizeof(uint64_t) == 0, "copied by words");
_Static_assert(sizeof(struct wl_base_report) % sizeof(uint64_t) == 0, "copied by words");

/* As in published.c: a torn picture is thrown away by its version, a torn word cannot be. */
static void copy_words(void *to, const void *from, size_t bytes)
{
	uint64_t *to_words = to;
	const uint64_t *from_words = from;

	for (size_t word = 0; word < bytes / sizeof(uint64_t); word++)
		__atomic_store_n(&to_words[word],
				 __atomic_load_n(&from_words[word], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

static void write_under(_Atomic uint64_t *version, void *to, const void *from, size_t bytes)
{
	uint64_t before = atomic_load_explicit(version, memory_order_relaxed);

	atomic_store_explicit(version, before + 1, memory_order_relaxed);
	/* The odd version is seen before any new word. */
	atomic_thread_fence(memory_order_release);
	copy_words(to, from, bytes);
	/* Every new word is seen before the even version. */
	atomic_store_explicit(version, before + 2, memory_order_release);
}

static bool read_under(const _Atomic uint64_t *version, void *to, const void *from, size_t bytes)
{
	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
		uint64_t before = atomic_load_explicit(version, memory_order_acquire);

		if (before & 1)
			continue;
		copy_words(to, from, bytes);
		/* The words are read before the version is looked at again. */
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(version, memory_order_relaxed) == before)
			return before != 0;
	}
	return false;
}

void wl_base_exchange_tell(struct wl_base_exchange *exchange, const struct wl_base_limit *limit)
{
	write_under(&exchange->limit_version, &exchange->limit, limit, sizeof(*limit));
}

bool wl_base_exchange_told(const struct wl_base_exchange *exchange, struct wl_base_limit *limit)
{
	return read_under(&exchange->limit_version, limit, &exchange->limit, sizeof(*limit));
}

void wl_base_exchange_report(struct wl_base_exchange *exchange, const struct wl_base_report *report)
{
	write_under(&exchange->report_version, &exchange->report, report, sizeof(*report));
}

bool wl_base_exchange_reported(const struct wl_base_exchange *exchange,
			       struct wl_base_report *report)
{
	return read_under(&exchange->report_version, report, &exchange->report, sizeof(*report));
}

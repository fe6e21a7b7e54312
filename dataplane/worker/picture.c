/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/picture.h"

#include "dataplane/base/check.h"

#define ATTEMPTS 1000u

static void copy_words(void *to, const void *from, size_t bytes)
{
	uint64_t *to_words = to;
	const uint64_t *from_words = from;

	for (size_t word = 0; word < bytes / sizeof(uint64_t); word++)
		__atomic_store_n(&to_words[word],
				 __atomic_load_n(&from_words[word], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

void wl_picture_write(_Atomic uint64_t *version, void *to, const void *from, size_t bytes)
{
	uint64_t before = atomic_load_explicit(version, memory_order_relaxed);

	WL_CHECK((before & 1) == 0); /* it has one writer */
	WL_CHECK(bytes % sizeof(uint64_t) == 0);
	atomic_store_explicit(version, before + 1, memory_order_relaxed);
	/* The odd version is seen before any new word. */
	atomic_thread_fence(memory_order_release);
	copy_words(to, from, bytes);
	/* Every new word is seen before the even version. */
	atomic_store_explicit(version, before + 2, memory_order_release);
}

bool wl_picture_read(const _Atomic uint64_t *version, void *to, const void *from, size_t bytes)
{
	WL_CHECK(bytes % sizeof(uint64_t) == 0);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/published.h"

#define WORDS (sizeof(struct wl_journal_status) / sizeof(uint64_t))

_Static_assert(sizeof(struct wl_journal_status) % sizeof(uint64_t) == 0, "copied by words");

/* Word by word and atomic: a torn picture is thrown away by the version, a torn word cannot be. */
static void copy_words(uint64_t *to, const uint64_t *from)
{
	for (size_t word = 0; word < WORDS; word++)
		__atomic_store_n(&to[word], __atomic_load_n(&from[word], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

void wl_published_write(struct wl_published *published, const struct wl_journal_status *status)
{
	uint64_t next = atomic_load_explicit(&published->version, memory_order_relaxed) + 1;

	/* That the other picture is the one to be read is seen before any new word of this one. */
	atomic_thread_fence(memory_order_release);
	copy_words((uint64_t *)&published->status[next & 1], (const uint64_t *)status);
	/* Every new word is seen before the version that names them. */
	atomic_store_explicit(&published->version, next, memory_order_release);
}

bool wl_published_read(const struct wl_published *published, struct wl_journal_status *status)
{
	for (unsigned attempt = 0; attempt < 1000; attempt++) {
		uint64_t version = atomic_load_explicit(&published->version, memory_order_acquire);

		copy_words((uint64_t *)status, (const uint64_t *)&published->status[version & 1]);
		/* The words are read before the version is looked at again: the next write but one is the first that touches them. */
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&published->version, memory_order_relaxed) == version)
			return true;
	}
	return false;
}

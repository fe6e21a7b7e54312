/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large zeroed memory of a test, in huge pages where the kernel has some: most of a log's test was page faults, of the
 * kernel's and of the address sanitizer's shadow. Before and behind it nothing is mapped, and nothing is once it was
 * given back, so what goes past it or comes late ends there, with a sanitizer and without.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_LOG_FIXTURE_MEMORY_H
#define WL_TESTS_UNIT_DATAPLANE_LOG_FIXTURE_MEMORY_H

#include <stddef.h>

/* Whole blocks (WL_BLOCK_BYTES); the very next byte behind them is not there. */
void *fixture_memory_take(size_t bytes);
/* NULL is nothing. */
void fixture_memory_give_back(void *memory);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/log/fixture_memory.h"

#include <stdint.h>
#include <sys/mman.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/log/chunk.h"

#define HUGE_PAGE ((size_t)2 << 20)

/* Of that much the memory has the middle: one huge page before it, whose first bytes say how much it is, and at least
 * one behind it are left out. */
static size_t span(size_t bytes)
{
	return wl_align_up(bytes, HUGE_PAGE) + 2 * HUGE_PAGE;
}

void *fixture_memory_take(size_t bytes)
{
	size_t wanted = span(bytes) + HUGE_PAGE;
	uint8_t *map =
		mmap(NULL, wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *memory;
	size_t before;

	WL_CHECK(bytes % WL_BLOCK_BYTES == 0);
	WL_CHECK(map != MAP_FAILED);
	before = wl_align_up((uintptr_t)map, HUGE_PAGE) - (uintptr_t)map;
	memory = map + before + HUGE_PAGE;
	if (before != 0)
		munmap(map, before);
	if (before != HUGE_PAGE)
		munmap(map + before + span(bytes), HUGE_PAGE - before);
	map += before;
	WL_CHECK(mprotect(map, WL_BLOCK_BYTES, PROT_READ | PROT_WRITE) == 0);
	WL_CHECK(mprotect(memory, bytes, PROT_READ | PROT_WRITE) == 0);
	*(size_t *)map = span(bytes);
	madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

void fixture_memory_give_back(void *memory)
{
	uint8_t *map = (uint8_t *)memory - HUGE_PAGE;

	if (memory)
		WL_CHECK(munmap(map, *(size_t *)map) == 0);
}

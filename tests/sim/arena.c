/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/base/check.h"

#define KEPT 64u
#define PAGE_BYTES 4096u
#define PAGES_AT_ONCE 1024u

static struct {
	void *block;
	size_t bytes;
} kept[KEPT];

static const uint8_t zeros[PAGE_BYTES];

void sim_arena_zero(void *from, size_t bytes)
{
	uint8_t *at = from;

	for (size_t done = 0, part; done < bytes; done += part) {
		part = bytes - done < PAGE_BYTES ? bytes - done : PAGE_BYTES;
		if (memcmp(at + done, zeros, part) != 0)
			memset(at + done, 0, part);
	}
}

/* mincore(2): what was never touched has no page. What was only read has the page of zeros, which a write would copy. */
static void zero_touched(uint8_t *block, size_t bytes)
{
	unsigned char resident[PAGES_AT_ONCE];
	size_t step = sizeof(resident) * PAGE_BYTES;

	for (size_t at = 0; at < bytes; at += step) {
		size_t part = bytes - at < step ? bytes - at : step;

		WL_CHECK(mincore(block + at, part, resident) == 0);
		for (size_t page = 0; page * PAGE_BYTES < part; page++) {
			if (resident[page] & 1)
				sim_arena_zero(block + at + page * PAGE_BYTES, PAGE_BYTES);
		}
	}
}

static size_t whole_pages(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void *sim_arena_take(size_t bytes)
{
	void *block;

	bytes = whole_pages(bytes);
	for (unsigned at = 0; at < KEPT; at++) {
		if (!kept[at].block || kept[at].bytes != bytes)
			continue;
		block = kept[at].block;
		kept[at].block = NULL;
		zero_touched(block, bytes);
		return block;
	}
	block = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	WL_CHECK(block != MAP_FAILED);
	return block;
}

void sim_arena_give_back(void *block, size_t bytes)
{
	static unsigned next;
	unsigned place = next++ % KEPT;

	for (unsigned at = 0; at < KEPT && kept[place].block; at++)
		place = next++ % KEPT;
	if (kept[place].block) /* of a size that nobody asks for any more */
		munmap(kept[place].block, kept[place].bytes);
	kept[place].block = block;
	kept[place].bytes = whole_pages(bytes);
}

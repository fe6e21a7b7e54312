/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/base/check.h"

#define KEPT 64u
#define PAGE_BYTES 4096u
#define STEPS 4u /* at least so many of a block's own: a quarter of it at most is not used */
#define PAGES_AT_ONCE 1024u
#define BYTES_AT_ONCE ((size_t)PAGES_AT_ONCE * PAGE_BYTES)

static struct {
	void *block;
	size_t bytes;
} kept[KEPT];

static const uint8_t zeros[PAGE_BYTES];

/* Pages, as many as a few steps between two powers of two allow: seeds draw many sizes, and what was touched once costs no fault again. */
static size_t whole_pages(size_t bytes)
{
	size_t step = PAGE_BYTES;

	while (step * STEPS < bytes)
		step *= 2;
	return (bytes + step - 1) / step * step;
}

/*
 * Calls for each part of [from, from + bytes) that lies in one page, and says whether that page
 * was ever touched: mincore(2) knows. `to` goes along with it. False: one of the calls said so, and it was the last.
 */
static bool each_page(uint8_t *to, const uint8_t *from, size_t bytes,
		      bool (*act)(uint8_t *to, const uint8_t *from, size_t bytes, bool touched))
{
	unsigned char resident[PAGES_AT_ONCE];
	size_t before = (uintptr_t)from % PAGE_BYTES;

	for (size_t page = PAGES_AT_ONCE, part; bytes > 0; bytes -= part, page++) {
		if (page == PAGES_AT_ONCE) {
			size_t ahead = before + bytes;

			ahead = ahead < BYTES_AT_ONCE ? ahead : BYTES_AT_ONCE;
			WL_CHECK(mincore((uint8_t *)(uintptr_t)from - before, ahead, resident) ==
				 0);
			page = 0;
		}
		part = PAGE_BYTES - before < bytes ? PAGE_BYTES - before : bytes;
		if (!act(to, from, part, resident[page] & 1))
			return false;
		to += part;
		from += part;
		before = 0;
	}
	return true;
}

/* Zeros are not written: what was only read has the page of zeros, which a write would copy. */
static bool zero_part(uint8_t *to, const uint8_t *from, size_t bytes, bool touched)
{
	(void)from;
	if (touched && memcmp(to, zeros, bytes) != 0)
		memset(to, 0, bytes);
	return true;
}

static bool copy_part(uint8_t *to, const uint8_t *from, size_t bytes, bool touched)
{
	if (touched)
		memcpy(to, from, bytes);
	else
		memset(to, 0, bytes);
	return true;
}

static bool part_is_zero(uint8_t *to, const uint8_t *from, size_t bytes, bool touched)
{
	(void)to;
	return !touched || memcmp(from, zeros, bytes) == 0;
}

void sim_arena_zero(void *from, size_t bytes)
{
	(void)each_page(from, from, bytes, zero_part);
}

void sim_arena_copy(void *to, const void *from, size_t bytes)
{
	(void)each_page(to, from, bytes, copy_part);
}

bool sim_arena_is_zero(void *from, size_t bytes)
{
	return each_page(from, from, bytes, part_is_zero);
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
		sim_arena_zero(block, bytes);
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

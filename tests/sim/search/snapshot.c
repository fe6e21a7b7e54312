/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/search/snapshot.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/base/check.h"

#define PAGE 4096u
#define AREAS_MAX 32u
#define PAGES_MAX 16384u
#define UNDO_BYTES ((size_t)1 << 30) /* untouched until used */

struct area {
	uint8_t *begin;
	size_t bytes;
	unsigned group;
};

struct page {
	uint8_t *at;
	uint8_t *kept; /* what it was when it was kept last */
	bool cold; /* written by rare steps, and never changed by them: not writable between them */
};

struct undo {
	uint8_t *at, *kept;
	uint8_t was[PAGE];
};

static struct {
	struct area areas[AREAS_MAX];
	unsigned area_count;
	struct page pages[SIM_SNAPSHOT_GROUPS][PAGES_MAX];
	unsigned page_count[SIM_SNAPSHOT_GROUPS];
	uint8_t *kept; /* of all pages, handed out from the client service */
	size_t kept_count;
	struct undo *undo;
	size_t undo_count;
	unsigned rare; /* the group of the rare step that goes on, plus 1; 0: none */
	uint8_t *used[PAGES_MAX]; /* pages that were not empty at the root */
	unsigned used_count;
	struct sigaction before;
} snapshot;

static uint8_t *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	WL_CHECK(memory != MAP_FAILED);
	return memory;
}

void sim_snapshot_watch(void *begin, size_t bytes, unsigned group)
{
	WL_CHECK(snapshot.area_count < AREAS_MAX && group < SIM_SNAPSHOT_GROUPS);
	WL_CHECK((uintptr_t)begin % PAGE == 0 && bytes % PAGE == 0);
	snapshot.areas[snapshot.area_count++] = (struct area){begin, bytes, group};
}

static bool set_writable(uint8_t *at, size_t bytes, bool writable)
{
	return mprotect(at, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ) == 0;
}

/* A cold page of this group; it is warm from now on, unless the step is a rare one. */
static bool warm(unsigned group, const uint8_t *at)
{
	for (unsigned which = 0; which < snapshot.page_count[group]; which++) {
		struct page *page = &snapshot.pages[group][which];

		if (page->at != at)
			continue;
		page->cold = page->cold && snapshot.rare == group + 1;
		return true;
	}
	return false;
}

/* The first write to a page: it still is what it was at the root. */
static bool notice(uint8_t *address)
{
	for (unsigned which = 0; which < snapshot.area_count; which++) {
		const struct area *area = &snapshot.areas[which];
		uint8_t *at = address - (uintptr_t)address % PAGE;
		struct page *page;

		if (address < area->begin || address >= area->begin + area->bytes)
			continue;
		if (warm(area->group, at))
			return set_writable(at, PAGE, true);
		if (snapshot.page_count[area->group] == PAGES_MAX)
			return false;
		page = &snapshot.pages[area->group][snapshot.page_count[area->group]++];
		page->at = at;
		page->cold = snapshot.rare == area->group + 1;
		page->kept = snapshot.kept + PAGE * snapshot.kept_count++;
		memcpy(page->kept, at, PAGE);
		return set_writable(at, PAGE, true);
	}
	return false;
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	(void)context;
	if (!notice(info->si_addr))
		sigaction(signal_number, &snapshot.before,
			  NULL); /* ours it is not: fails again, for good */
}

static const uint8_t empty[PAGE];

static void note_used(const struct area *area)
{
	for (uint8_t *at = area->begin; at < area->begin + area->bytes; at += PAGE) {
		if (memcmp(at, empty, PAGE) == 0)
			continue;
		WL_CHECK(snapshot.used_count < PAGES_MAX);
		snapshot.used[snapshot.used_count++] = at;
	}
}

static void clear_page(uint8_t *at)
{
	if (memcmp(at, empty, PAGE) != 0)
		memset(at, 0, PAGE);
}

void sim_snapshot_clear(unsigned group, uint8_t *memory, size_t bytes)
{
	for (unsigned which = 0; which < snapshot.page_count[group]; which++) {
		uint8_t *at = snapshot.pages[group][which].at;

		if (at >= memory && at < memory + bytes)
			clear_page(at);
	}
	for (unsigned which = 0; which < snapshot.used_count; which++) {
		if (snapshot.used[which] >= memory && snapshot.used[which] < memory + bytes)
			clear_page(snapshot.used[which]);
	}
}

void sim_snapshot_seal(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};

	snapshot.kept = map((size_t)PAGE * PAGES_MAX * SIM_SNAPSHOT_GROUPS);
	snapshot.undo = (struct undo *)(void *)map(UNDO_BYTES);
	WL_CHECK(sigaction(SIGSEGV, &action, &snapshot.before) == 0);
	for (unsigned which = 0; which < snapshot.area_count; which++)
		note_used(&snapshot.areas[which]);
	for (unsigned which = 0; which < snapshot.area_count; which++)
		WL_CHECK(set_writable(snapshot.areas[which].begin, snapshot.areas[which].bytes,
				      false));
}

bool sim_snapshot_is_sealed(void)
{
	return snapshot.kept != NULL;
}

size_t sim_snapshot_mark(void)
{
	return snapshot.undo_count;
}

/* Cold pages lie side by side, and were met in that order. */
static void set_cold_writable(unsigned group, bool writable)
{
	const struct page *pages = snapshot.pages[group];
	unsigned first = 0;

	while (first < snapshot.page_count[group]) {
		unsigned last = first;

		while (pages[first].cold && last + 1 < snapshot.page_count[group] &&
		       pages[last + 1].cold && pages[last + 1].at == pages[last].at + PAGE)
			last++;
		if (pages[first].cold)
			WL_CHECK(set_writable(pages[first].at, (last + 1 - first) * (size_t)PAGE,
					      writable));
		first = last + 1;
	}
}

void sim_snapshot_rare(unsigned group)
{
	snapshot.rare = group + 1;
	set_cold_writable(group, true);
}

void sim_snapshot_usual(void)
{
	set_cold_writable(snapshot.rare - 1, false);
	snapshot.rare = 0;
}

static bool has_changed(struct page *page, unsigned group)
{
	if ((page->cold && snapshot.rare != group + 1) || memcmp(page->at, page->kept, PAGE) == 0)
		return false;
	page->cold = false;
	return true;
}

void sim_snapshot_keep(uint32_t groups)
{
	for (unsigned group = 0; group < SIM_SNAPSHOT_GROUPS; group++) {
		for (unsigned which = 0;
		     (groups >> group & 1) && which < snapshot.page_count[group]; which++) {
			struct page *page = &snapshot.pages[group][which];
			struct undo *undo = &snapshot.undo[snapshot.undo_count];

			if (!has_changed(page, group))
				continue;
			WL_CHECK((snapshot.undo_count + 1) * sizeof(*undo) < UNDO_BYTES);
			snapshot.undo_count++;
			undo->at = page->at;
			undo->kept = page->kept;
			memcpy(undo->was, page->kept, PAGE);
			memcpy(page->kept, page->at, PAGE);
		}
	}
}

void sim_snapshot_discard(uint32_t groups)
{
	for (unsigned group = 0; group < SIM_SNAPSHOT_GROUPS; group++) {
		for (unsigned which = 0;
		     (groups >> group & 1) && which < snapshot.page_count[group]; which++) {
			struct page *page = &snapshot.pages[group][which];

			if (has_changed(page, group))
				memcpy(page->at, page->kept, PAGE);
		}
	}
}

/* Nothing was written since the last keep, discard or rewind. */
void sim_snapshot_rewind(size_t mark)
{
	while (snapshot.undo_count > mark) {
		const struct undo *undo = &snapshot.undo[--snapshot.undo_count];

		memcpy(undo->at, undo->was, PAGE);
		memcpy(undo->kept, undo->was, PAGE);
	}
}

unsigned sim_snapshot_pages(void)
{
	unsigned pages = 0;

	for (unsigned group = 0; group < SIM_SNAPSHOT_GROUPS; group++)
		pages += snapshot.page_count[group];
	return pages;
}

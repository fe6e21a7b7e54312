/* SPDX-License-Identifier: BSD-3-Clause */
/* Hugepages, limits, swap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/host/host_facts.h"

static const uint32_t sizes_kb[] = {2048, 1048576};

static void read_pages(const char *root, uint32_t kb, struct wl_host_pages *pages)
{
	char path[WL_HOST_PATH_BYTES];

	wl_host_path(path, "", "/sys/kernel/mm/hugepages/hugepages-%ukB/nr_hugepages", kb);
	pages->total = wl_host_read_number(root, path);
	wl_host_path(path, "", "/sys/kernel/mm/hugepages/hugepages-%ukB/free_hugepages", kb);
	pages->free = wl_host_read_number(root, path);
	pages->kb = pages->total == WL_FACT_UNKNOWN ? 0 : kb;
	for (unsigned node = 0; node < WL_HOST_NODES_MAX; node++) {
		wl_host_path(path, "",
			     "/sys/devices/system/node/node%u/hugepages/hugepages-%ukB/"
			     "free_hugepages",
			     node, kb);
		pages->free_on[node] = wl_host_read_number(root, path);
		wl_host_path(path, "",
			     "/sys/devices/system/node/node%u/hugepages/hugepages-%ukB/"
			     "nr_hugepages",
			     node, kb);
		pages->total_on[node] = wl_host_read_number(root, path);
	}
}

static void read_mount(const char *root, struct wl_host_memory *memory)
{
	static char text[1 << 16];
	char *line, *rest = text, place[128], kind[32];

	if (!wl_host_read_text(root, "/proc/mounts", text, sizeof(text)))
		return;
	strcpy(memory->mount, "none");
	while ((line = strsep(&rest, "\n")) != NULL)
		if (sscanf(line, "%*s %127s %31s", place, kind) == 2 &&
		    strcmp(kind, "hugetlbfs") == 0) {
			strcpy(memory->mount, place);
			return;
		}
}

/* "Name:   123 kB" in a text of such lines. */
static int64_t number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtoll(at + strlen(name), NULL, 10) : WL_FACT_UNKNOWN;
}

/* "Max locked memory   8388608   8388608   bytes": the soft one. */
static int64_t locked_limit(const char *root)
{
	static char text[8192];
	const char *at;

	if (!wl_host_read_text(root, "/proc/self/limits", text, sizeof(text)))
		return WL_FACT_UNKNOWN;
	at = strstr(text, "Max locked memory");
	if (at == NULL)
		return WL_FACT_UNKNOWN;
	at += strlen("Max locked memory");
	at += strspn(at, " ");
	return strncmp(at, "unlimited", 9) == 0 ? INT64_MAX : strtoll(at, NULL, 10);
}

/* The word in brackets of "always [madvise] never"; the whole line where none is. */
static void read_choice(const char *root, const char *path, char *word, size_t word_bytes)
{
	char line[128], *from;

	word[0] = '\0';
	if (!wl_host_read_line(root, path, line, sizeof(line)))
		return;
	from = strchr(line, '[');
	from = from != NULL ? from + 1 : line;
	from[strcspn(from, "]")] = '\0';
	snprintf(word, word_bytes, "%.15s", from);
}

/* The smallest that the cgroup of this process allows of 2 MiB pages. */
static int64_t pages_limit(const char *root)
{
	char line[64];

	if (!wl_host_read_line(root, "/sys/fs/cgroup/hugetlb.2MB.max", line, sizeof(line)))
		return INT64_MAX;
	return strcmp(line, "max") == 0 ? INT64_MAX : strtoll(line, NULL, 10);
}

void wl_host_memory_read(struct wl_host_facts *facts)
{
	static char text[8192];
	struct wl_host_memory *memory = &facts->memory;

	for (size_t at = 0; at < sizeof(sizes_kb) / sizeof(sizes_kb[0]); at++)
		read_pages(facts->root, sizes_kb[at], &memory->pages[at]);
	read_mount(facts->root, memory);
	memory->pages_limit = pages_limit(facts->root);
	read_choice(facts->root, "/sys/kernel/mm/transparent_hugepage/enabled", memory->transparent,
		    sizeof(memory->transparent));
	memory->swap_kb = memory->available_kb = WL_FACT_UNKNOWN;
	if (wl_host_read_text(facts->root, "/proc/meminfo", text, sizeof(text))) {
		memory->swap_kb = number_behind(text, "SwapTotal:");
		memory->available_kb = number_behind(text, "MemAvailable:");
	}
	memory->locked_limit = locked_limit(facts->root);
}

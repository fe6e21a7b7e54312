/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From settings to the argument vector of DPDK's environment layer (EAL), and the line that is
 * logged. Devices other than PCI ones are not here: ports create them after the start
 * (port_dpdk.c), because a link may come and go.
 *
 * Memory: `on` and `auto` with enough free hugepages run with --in-memory, so several nodes share a
 * machine and nothing is left in /run or /dev/hugepages. Otherwise --no-huge with --no-shconf, which
 * cannot be combined with --in-memory but leaves nothing either.
 *
 * Pure. Owner: the caller of both structs; the vector points into its own text. [init]
 */
#ifndef WL_DATAPLANE_NIC_EAL_ARGS_H
#define WL_DATAPLANE_NIC_EAL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_EAL_ARGS_MAX 96
#define WL_EAL_TEXT_BYTES 4096u
#define WL_EAL_PCI_MAX 16
#define WL_EAL_CORES_MAX 1024

enum wl_hugepages {
	WL_HUGEPAGES_AUTO = 0,
	WL_HUGEPAGES_ON,
	WL_HUGEPAGES_OFF,
};

struct wl_eal_settings {
	const char *program; /* argv[0]; NULL: "wirelogd" */
	enum wl_hugepages hugepages;
	uint32_t memory_mb; /* for packet buffers and what drivers need; 0: 64 */
	const char *pci[WL_EAL_PCI_MAX]; /* addresses; none: --no-pci */
	uint16_t pci_count;
	const char *extra; /* more arguments, separated by blanks; may be NULL */
	const char *
		telemetry; /* name of the directory that DPDK opens its socket in; NULL or "": it opens none */
	bool debug; /* drivers log everything */
};

/* What the machine has, read by eal_dpdk.c. */
struct wl_eal_facts {
	uint32_t hugepage_kb; /* size of one; 0: the kernel has none */
	uint32_t hugepages_free;
	uint16_t cores[WL_EAL_CORES_MAX]; /* that this process may use */
	uint16_t core_count;
};

struct wl_eal_args {
	int argc;
	char *argv[WL_EAL_ARGS_MAX + 1];
	char text[WL_EAL_TEXT_BYTES];
	size_t text_used;
	bool hugepages;
	char memory_reason[160]; /* why hugepages or why not */
};

/* Pages of that size that the settings need; UINT32_MAX: they want none. */
uint32_t wl_eal_args_pages(const struct wl_eal_settings *settings, uint32_t page_kb);

/*
 * 0 or a negative enum wirelog_status (EAL_HUGEPAGES, CONFIG_VALUE) with a sentence in
 * `reason`.
 */
int wl_eal_args_build(struct wl_eal_args *args, const struct wl_eal_settings *settings,
		      const struct wl_eal_facts *facts, char *reason, size_t reason_bytes);
/* The vector as one line that a shell would understand. */
void wl_eal_args_print(const struct wl_eal_args *args, char *line, size_t line_bytes);

#endif

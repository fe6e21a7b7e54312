/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of journals, workers and planes: mapped once, zeroed by the kernel, touched when used. The log
 * rings ask for transparent huge pages: they are written front to back at full speed.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "control/node/boot_shape.h"
#include "control/node/boot_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/bytes.h"

static uint8_t *map_ring(struct wl_node *node, uint32_t worker, size_t bytes)
{
	void *memory = wl_boot_map(node, worker, bytes);

	if (memory)
		madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

static bool make_journal(struct wl_node *node, uint32_t id)
{
	uint32_t number = node->config->journal_worker[id];
	struct wl_node_worker *worker = &node->workers[number];
	struct wl_node_journal *journal = &node->journals[id];
	struct wl_journal_config config;
	struct wl_anatomy *anatomy;

	wl_boot_shape_journal(node->config, &node->superblock, id, &config);
	journal->memory_bytes = wl_journal_memory_bytes(&config);
	journal->ring = map_ring(node, number, config.log.ring_bytes);
	journal->memory = wl_boot_map(node, number, journal->memory_bytes);
	anatomy = wl_boot_map(node, number, wl_align_up(sizeof(*anatomy), WL_BLOCK_BYTES));
	if (!journal->ring || !journal->memory || !anatomy)
		return false;
	journal->journal = &worker->journals[worker->journal_count++];
	wl_journal_init(journal->journal, &config, journal->ring, journal->memory);
	journal->journal->anatomy = anatomy;
	return true;
}

static bool make_worker(struct wl_node *node, uint32_t number)
{
	struct wl_node_worker *worker = &node->workers[number];
	void *plane = wl_boot_map(node, number, wl_plane_rings_memory_bytes());
	uint32_t journals = 0;

	for (uint32_t id = 0; id < node->config->journal_count; id++)
		journals += node->config->journal_worker[id] == number;
	worker->journals = wl_boot_map(
		node, number, wl_align_up(journals * sizeof(struct wl_journal), WL_BLOCK_BYTES));
	worker->worker =
		wl_boot_map(node, number, wl_align_up(sizeof(struct wl_worker), WL_BLOCK_BYTES));
	if (!plane || !worker->journals || !worker->worker)
		return false;
	wl_plane_rings_init(&worker->plane, plane);
	return true;
}

int wl_boot_make_journals(struct wl_node *node, char *reason, size_t reason_bytes)
{
	bool made = true;
	size_t bytes = 0;

	for (uint32_t number = 0; number < node->config->worker_count && made; number++)
		made = make_worker(node, number);
	for (uint32_t id = 0; id < node->config->journal_count && made; id++) {
		made = make_journal(node, id);
		bytes += node->journals[id].memory_bytes + node->config->log_ring_bytes;
	}
	if (!made) {
		snprintf(
			reason, reason_bytes,
			"memory for the journals (%zu MiB so far) cannot be mapped; lower log.ring_bytes or log.bytes_max",
			bytes >> 20);
		return WIRELOG_NO_MEMORY;
	}
	wl_report(WL_REPORT_INFO, "journals", "count=%u mapped_mib=%zu ring_mib=%lu",
		  node->config->journal_count, bytes >> 20,
		  (unsigned long)(node->config->log_ring_bytes >> 20));
	return 0;
}

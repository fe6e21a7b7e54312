/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of journals, workers and seams: mapped once, zeroed by the kernel, touched when used. The log
 * rings ask for transparent huge pages: they are written front to back at full speed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "control/boot_thread.h"
#include "control/report_file.h"
#include "dataplane/bytes.h"

#define ENTRY_BYTES_TARGET (32u << 10)
#define CATCH_UP_BYTES (256u << 10)
#define REPLY_SLOTS (1u << 15)
#define READ_BUFFERS 4u

static void *map(size_t bytes, bool huge)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (huge)
		madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

static void configure(const struct wl_node *node, uint32_t id, struct wl_journal_config *journal)
{
	const struct wl_config *config = node->config;

	memset(journal, 0, sizeof(*journal));
	journal->log = (struct wl_log_config){
		.cluster = node->cluster,
		.journal = id,
		.node = config->node,
		.segment_bytes = config->segment_bytes,
		.ring_bytes = config->log_ring_bytes,
		.bytes_max = config->log_bytes_max,
		.entry_bytes_target = ENTRY_BYTES_TARGET,
	};
	journal->replica = (struct wl_replica_config){
		.node = config->node,
		.journal = (uint16_t)id,
		.heartbeat_ns = config->heartbeat_ns,
		.election_timeout_ns = config->election_timeout_ns,
		.resend_ns = config->resend_ns,
		.disk_stall_ns = config->disk_stall_ns,
		.window_bytes = config->window_bytes,
		.catch_up_bytes = CATCH_UP_BYTES,
	};
	journal->front = (struct wl_front_config){
		.node = config->node,
		.journal = (uint16_t)id,
		.record_bytes_max = config->record_bytes,
		.reply_slots = REPLY_SLOTS,
		.sessions_max = config->sessions,
		.subscriptions_max = config->readers,
		.read_buffers = READ_BUFFERS,
		.subscription_idle_ns = config->reader_idle_ns,
		.member_count = config->node_count,
	};
	for (uint32_t at = 0; at < config->node_count; at++) {
		journal->front.members[at].node = config->nodes[at].id;
		snprintf(journal->front.members[at].endpoint,
			 sizeof(journal->front.members[at].endpoint), "%s",
			 config->nodes[at].client_endpoint);
	}
}

static bool make_journal(struct wl_node *node, uint32_t id)
{
	struct wl_node_worker *worker = &node->workers[node->config->journal_worker[id]];
	struct wl_node_journal *journal = &node->journals[id];
	struct wl_journal_config config;

	configure(node, id, &config);
	journal->memory_bytes = wl_journal_memory_bytes(&config);
	journal->ring = map(config.log.ring_bytes, true);
	journal->memory = map(journal->memory_bytes, false);
	if (!journal->ring || !journal->memory)
		return false;
	journal->journal = &worker->journals[worker->journal_count++];
	wl_journal_init(journal->journal, &config, journal->ring, journal->memory);
	return true;
}

static bool make_worker(struct wl_node *node, uint32_t number)
{
	struct wl_node_worker *worker = &node->workers[number];
	void *seam = map(wl_seam_memory_bytes(), false);
	uint32_t journals = 0;

	for (uint32_t id = 0; id < node->config->journal_count; id++)
		journals += node->config->journal_worker[id] == number;
	worker->journals =
		map(wl_align_up(journals * sizeof(struct wl_journal), WL_BLOCK_BYTES), false);
	worker->worker = map(wl_align_up(sizeof(struct wl_worker), WL_BLOCK_BYTES), false);
	if (!seam || !worker->journals || !worker->worker)
		return false;
	wl_seam_init(&worker->seam, seam);
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

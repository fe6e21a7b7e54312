/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers: disks, self-test and idle strategy, threads. */
#include <stdio.h>
#include <unistd.h>

#include "control/node/boot_shape.h"
#include "control/node/boot_thread.h"
#include "control/report/report_file.h"
#include "dataplane/base/bytes.h"
#include "dataplane/host/placement_thread.h"

static int open_disk(struct wl_node *node, uint32_t number, char *reason, size_t reason_bytes)
{
	struct wl_node_worker *worker = &node->workers[number];
	struct wl_disk_uring_config disk = {
		.store = node->store,
		.segment_bytes = node->config->segment_bytes,
		.worker = number,
		.areas_demanded = node->config->registered_buffers == WL_CONFIG_ON,
	};
	int status;

	for (uint32_t id = 0; id < node->config->journal_count; id++) {
		if (node->config->journal_worker[id] != number ||
		    node->config->registered_buffers == WL_CONFIG_OFF)
			continue;
		/* What is written comes from the rings; the buffers of readers are many and seldom used. */
		disk.areas[disk.area_count] = node->journals[id].ring;
		disk.area_bytes[disk.area_count++] = node->config->log_ring_bytes;
	}
	status = wl_disk_uring_open(&worker->disk, &disk, worker->disk_note,
				    sizeof(worker->disk_note));
	if (status != 0) {
		snprintf(reason, reason_bytes, "worker %u: %s", number, worker->disk_note);
		return status;
	}
	wl_report(WL_REPORT_NOTICE, "disk", "worker=%u note=\"%s\"", number, worker->disk_note);
	return 0;
}

int wl_boot_make_workers(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const struct wl_boot_self self = {node->boot_id, &node->superblock};
	int status = 0;

	node->status = wl_boot_map(node, 0, wl_align_up(sizeof(*node->status), WL_BLOCK_BYTES));
	if (!node->status) {
		snprintf(reason, reason_bytes, "no memory for what nodes say of themselves");
		return WIRELOG_NO_MEMORY;
	}
	for (uint32_t number = 0; number < node->config->worker_count && status == 0; number++) {
		struct wl_node_worker *worker = &node->workers[number];
		struct wl_worker_config config;
		void *clients;

		status = open_disk(node, number, reason, reason_bytes);
		if (status != 0)
			break;
		wl_boot_shape_worker(node->config, number, &self, &config);
		clients = wl_boot_map(node, number,
				      wl_align_up(wl_worker_memory_bytes(&config), WL_BLOCK_BYTES));
		if (!clients) {
			snprintf(reason, reason_bytes,
				 "no memory for %u clients; lower limits.clients",
				 config.clients_max);
			return WIRELOG_NO_MEMORY;
		}
		wl_worker_init(worker->worker, &config,
			       &(struct wl_worker_lent){
				       .port = worker->port,
				       .disk = worker->disk,
				       .plane = &worker->plane,
				       .auth = &node->auth,
				       .memory = clients,
				       .status = number == 0 ? node->status : NULL,
			       });
		for (uint32_t at = 0, place = 0; at < node->config->journal_count; at++)
			if (node->config->journal_worker[at] == number)
				worker->known_commit[place++] = node->journals[at].known_commit;
		wl_worker_start(worker->worker, worker->journals, worker->journal_count,
				worker->known_commit);
	}
	return status;
}

/* ---- idle strategy ------------------------------------------------------------------------------ */

static bool test_disk(struct wl_node *node, uint32_t number)
{
	struct wl_node_worker *worker = &node->workers[number];
	struct wl_self_test_config test = {
		.directory = node->config->storage_path,
		.core = worker->thread.core,
		.idle = node->config->idle,
		.worker = number,
	};
	struct wl_self_test_result result;
	char reason[256];

	if (wl_store_is_block_device(node->store)) {
		snprintf(worker->self_test, sizeof(worker->self_test),
			 "not made on a raw device: it would have to write there");
		return false;
	}
	if (wl_self_test_disk(&test, &result, reason, sizeof(reason)) != 0) {
		snprintf(worker->self_test, sizeof(worker->self_test), "could not be made: %.200s",
			 reason);
		return false;
	}
	snprintf(worker->self_test, sizeof(worker->self_test), "%.*s",
		 (int)sizeof(worker->self_test) - 1, result.verdict);
	return result.shares;
}

int wl_boot_choose_idle(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const struct wl_config *config = node->config;
	struct wl_cores allowed;
	struct wl_boot_cores cores;

	(void)reason;
	(void)reason_bytes;
	wl_placement_allowed(&allowed);
	cores = (struct wl_boot_cores){allowed.cores, allowed.count};
	for (uint32_t number = 0; number < config->worker_count; number++) {
		struct wl_node_worker *worker = &node->workers[number];
		bool own_core = config->workers[number].core >= 0;
		struct wl_idle_facts facts;

		wl_boot_shape_idle(config, number, &cores, &facts);
		worker->thread.core = own_core ? (uint16_t)config->workers[number].core
					       : WL_CORE_ANY;
		facts.core_serves_disk = test_disk(node, number);
		worker->thread.idle =
			wl_idle_choose(&facts, worker->idle_reason, sizeof(worker->idle_reason));
		wl_report(WL_REPORT_NOTICE, "self_test", "worker=%u result=\"%s\"", number,
			  worker->self_test);
		if (own_core)
			wl_report(WL_REPORT_NOTICE, "core", "worker=%u core=%u reason=configured",
				  number, worker->thread.core);
		else
			wl_report(WL_REPORT_NOTICE, "core",
				  "worker=%u core=any of=%u reason=\"core: auto\"", number,
				  allowed.count);
		wl_report(WL_REPORT_NOTICE, "idle", "worker=%u strategy=%s reason=\"%s\"", number,
			  wl_idle_name(worker->thread.idle), worker->idle_reason);
	}
	return 0;
}

/* Who moves the others' frames must know whether they are at work. */
static void name_served(struct wl_node *node, uint32_t number)
{
	struct wl_worker_thread *thread = &node->workers[number].thread;

	thread->served_count = 0;
	for (uint32_t other = 0; other < node->config->worker_count; other++)
		if (other != number && wl_port_dpdk_relays(node->workers[number].port))
			thread->served[thread->served_count++] = node->workers[other].worker;
}

int wl_boot_start_workers(struct wl_node *node, char *reason, size_t reason_bytes)
{
	for (uint32_t number = 0; number < node->config->worker_count; number++) {
		struct wl_node_worker *worker = &node->workers[number];
		int status;

		worker->thread.worker = worker->worker;
		name_served(node, number);
		status = wl_worker_thread_start(&worker->thread);
		if (status != 0) {
			snprintf(reason, reason_bytes, "worker %u: %s", number,
				 worker->thread.reason);
			return status;
		}
		worker->running = true;
	}
	return 0;
}

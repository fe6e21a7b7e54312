/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/node/base_thread.h"
#include "control/node/boot_thread.h"
#include "control/node/capture_thread.h"
#include "control/node/key_thread.h"
#include "control/node/mailbox_thread.h"
#include "control/node/loop_thread.h"
#include "control/node/reload_thread.h"
#include "control/node/stats_answers_thread.h"
#include "control/node/stop_thread.h"
#include "control/node/telemetry_thread.h"
#include "control/node/watch_thread.h"
#include "control/report/events_file.h"
#include "control/report/report_file.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/host/clock.h"

static int open_key(struct wl_node *node, char *reason, size_t reason_bytes)
{
	int status;

	if (node->insecure) {
		wl_report(
			WL_REPORT_WARNING, "insecure",
			"reason=\"--insecure-lab: frames are not authenticated; for a laboratory only\"");
		status = wl_auth_init(&node->auth, NULL);
	} else if (node->config->key_file[0] == '\0') {
		snprintf(reason, reason_bytes, "security.key_file is not set");
		return WIRELOG_KEY_MISSING;
	} else {
		status = wl_node_read_keys(node->config->key_file, &node->auth, reason,
					   reason_bytes);
	}
	node->auth_open = status == 0;
	return status;
}

/* A node goes on without: what it would keep there, its log says as well. */
static int open_events(struct wl_node *node, char *reason, size_t reason_bytes)
{
	char path[WL_CONFIG_PATH_BYTES + 16];
	int error;

	(void)reason, (void)reason_bytes;
	snprintf(path, sizeof(path), "%s/" WL_EVENTS_FILE_NAME, node->config->run_directory);
	error = wl_events_open(path);
	if (error != 0)
		wl_report(WL_REPORT_WARNING, "events_file", "path=%s error=\"%s\"", path,
			  strerror(-error));
	return 0;
}

static void announce(const struct wl_node *node)
{
	wl_report(WL_REPORT_NOTICE, "started", "node=%u cluster=%s boot=%lu boot_id=%lu ms=%lu",
		  node->config->node, node->config->cluster_text,
		  (unsigned long)(node->boot_id >> 32), (unsigned long)node->boot_id,
		  (unsigned long)((wl_clock_kernel_ns() - node->started_ns) / 1000000));
}

int wl_boot_bring_up(struct wl_node *node, const struct wl_config *config, bool insecure,
		     char *reason, size_t reason_bytes)
{
	static const struct {
		int (*take)(struct wl_node *, char *, size_t);
		const char *name;
	} steps[] = {
		{open_key, "reading the key"},
		{wl_boot_open_run_directory, "opening the run directory"},
		{open_events, "opening the file of events"},
		{wl_boot_open_store, "opening the data"},
		{wl_boot_make_journals, "making memory"},
		{wl_boot_open_ports, "opening DPDK and its ports"},
		{wl_boot_make_store, "making the data"},
		{wl_boot_recover, "reading the log"},
		{wl_boot_raise_id, "writing the superblock"},
		{wl_boot_choose_idle, "testing the disk"},
		{wl_boot_make_workers, "opening io_uring"},
		{wl_boot_lock_memory, "locking memory"},
		{wl_loop_open, "making control"},
		{wl_watch_open, "making the watch"},
		{wl_stats_answers_open, "opening the sockets for requests"},
		{wl_node_telemetry_open, "opening DPDK's telemetry"},
		{wl_base_thread_start, "starting the base makers"},
		{wl_watch_start, "starting the watch"},
		/* The last one that can be stopped before it, or fail: workers that run are ended by the loop. */
		{wl_boot_start_workers, "starting the workers"},
	};
	int status = 0;

	memset(node, 0, sizeof(*node));
	node->pid_file = -1;
	node->config = config;
	node->base_bytes_per_second = config->base_bytes_per_second;
	node->scrub_period_ns = config->scrub_ns;
	node->insecure = insecure;
	node->cluster = wl_cluster_id(config->cluster);
	node->started_ns = wl_clock_kernel_ns();
	reason[0] = '\0';
	for (unsigned at = 0; at < sizeof(steps) / sizeof(steps[0]) && status == 0; at++) {
		if (wl_stop_is_asked()) {
			snprintf(reason, reason_bytes, "asked to stop while starting");
			return WIRELOG_CLOSED;
		}
		wl_stop_doing(steps[at].name);
		status = steps[at].take(node, reason, reason_bytes);
	}
	if (status == 0)
		announce(node);
	return status;
}

void wl_boot_take_down(struct wl_node *node)
{
	if (node->mailbox)
		wl_mailbox_end(node->mailbox);
	wl_stop_doing("the watch");
	wl_watch_stop(node);
	wl_stop_doing("closing the sockets for requests");
	wl_node_telemetry_close();
	wl_stats_answers_close(node);
	wl_capture_close(node);
	wl_watch_close(node);
	wl_reload_forget(node);
	wl_stop_doing("a read or write for a base");
	wl_base_thread_stop(node);
	wl_stop_doing("closing the disks and ports");
	for (uint32_t number = 0; number < node->config->worker_count; number++) {
		struct wl_node_worker *worker = &node->workers[number];

		if (worker->disk)
			worker->disk->ops->close(worker->disk);
		if (worker->port)
			wl_port_dpdk_close(worker->port);
	}
	wl_stop_doing("a write of the superblock");
	if (node->writer)
		wl_superblock_writer_close(node->writer);
	if (node->store)
		wl_store_close(node->store);
	wl_stop_doing("ending");
	if (node->eal_started)
		wl_eal_stop();
	wl_node_forget_keys(node);
	if (node->auth_open)
		wl_auth_fini(&node->auth);
	wl_boot_close_run_directory(node);
	free(node->agent);
	free(node->mailbox);
}

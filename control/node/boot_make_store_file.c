/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data's first moments. A start that is refused leaves a drive as it was: so new data are made behind everything that
 * can refuse for what is in the configuration or around the node. And a drive that is not there yet is waited for, and one
 * that gives no sense is read again.
 */
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "control/node/boot_shape.h"
#include "control/node/boot_thread.h"
#include "control/node/stop_thread.h"
#include "control/report/report_file.h"
#include "dataplane/host/clock.h"
#include "dataplane/store/disk_uring.h"
#include "dataplane/worker/mender.h"

/* Nothing tells that a name below a folder that is missing as well has come. */
#define LOOK_NS 50000000

/* A drive may misread for a moment: only what is found each time refuses a start, as it refuses a dormant journal. */
bool wl_boot_looks_again(const char *what, unsigned *looks, const char *reason)
{
	const struct timespec pause = {WL_MENDER_REST_NS / 1000000000u,
				       WL_MENDER_REST_NS % 1000000000u};

	if (++*looks == WL_MENDER_LOOKS || wl_stop_is_asked())
		return false;
	wl_report(WL_REPORT_WARNING, "looks_again", "what=%s look=%u of=%u reason=\"%s\"", what,
		  *looks + 1, WL_MENDER_LOOKS, reason);
	nanosleep(&pause, NULL);
	return !wl_stop_is_asked();
}

static int open_store(struct wl_node *node, const struct wl_store_config *store, char *reason,
		      size_t reason_bytes)
{
	unsigned looks = 0;
	int status;

	do
		status = wl_store_open(&node->store, store, reason, reason_bytes);
	while (status == WIRELOG_STORE_DAMAGED && wl_boot_looks_again("data", &looks, reason));
	return status;
}

int wl_boot_await_store(struct wl_node *node, const struct wl_store_config *store, char *reason,
			size_t reason_bytes)
{
	const struct timespec pause = {0, LOOK_NS};
	uint64_t began_ns = wl_clock_kernel_ns();
	int status = open_store(node, store, reason, reason_bytes);

	if (status != WIRELOG_STORE_ABSENT || node->config->storage_wait_ns == 0)
		return status;
	wl_report(WL_REPORT_WARNING, "waits_for_drive", "path=%s seconds=%lu", store->path,
		  (unsigned long)(node->config->storage_wait_ns / 1000000000u));
	sd_notifyf(0, "STATUS=waiting for %s\nEXTEND_TIMEOUT_USEC=%lu", store->path,
		   (unsigned long)(node->config->storage_wait_ns / 1000) + WL_BOOT_EXTEND_US);
	while (status == WIRELOG_STORE_ABSENT &&
	       wl_clock_kernel_ns() - began_ns < node->config->storage_wait_ns) {
		if (wl_stop_is_asked()) {
			snprintf(reason, reason_bytes, "asked to stop while waiting for the drive");
			return WIRELOG_CLOSED;
		}
		nanosleep(&pause, NULL);
		status = open_store(node, store, reason, reason_bytes);
	}
	if (status == 0)
		wl_report(WL_REPORT_NOTICE, "drive_came", "path=%s ms=%lu", store->path,
			  (unsigned long)((wl_clock_kernel_ns() - began_ns) / 1000000));
	return status;
}

/* What the workers will ask of io_uring, on a ring that nobody needs. */
static int try_uring(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const struct wl_config *config = node->config;
	struct wl_disk_uring_config disk = {
		.areas_demanded = config->registered_buffers == WL_CONFIG_ON,
	};

	for (uint32_t id = 0; id < config->journal_count && disk.areas_demanded; id++) {
		disk.areas[disk.area_count] = node->journals[id].ring;
		disk.area_bytes[disk.area_count++] = config->log_ring_bytes;
	}
	return wl_disk_uring_try(&disk, reason, reason_bytes);
}

int wl_boot_make_store(struct wl_node *node, char *reason, size_t reason_bytes)
{
	int status = try_uring(node, reason, reason_bytes);

	return status != 0 ? status
			   : wl_store_make(node->store, node->config->storage_path, reason,
					   reason_bytes);
}

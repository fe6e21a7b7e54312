/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The disk of a worker over io_uring: direct writes, durable each (RWF_DSYNC), registered buffers
 * where the locked-memory limit allows; PREPARE runs on a thread of its own (wl-prep-N)
 * because it writes a whole segment, and so do opening and closing of segments.
 *
 * Thread: open and close [init]; submit and reap [worker], always the same one: the ring belongs to the thread
 * that submits first. At most one io_uring_enter to give and one to take in a turn, none when nothing happens.
 */
#ifndef WL_DATAPLANE_STORE_DISK_URING_H
#define WL_DATAPLANE_STORE_DISK_URING_H

#include "dataplane/base/disk.h"
#include "dataplane/store/store.h"

struct wl_disk_uring_config {
	struct wl_store *store;
	uint64_t segment_bytes;
	uint32_t worker; /* names the provisioning thread */
	/* memory that requests' buffers come from; registered when the limit allows */
	uint8_t *areas[WIRELOG_JOURNALS_MAX * 2];
	size_t area_bytes[WIRELOG_JOURNALS_MAX * 2];
	uint32_t area_count;
	bool areas_demanded; /* refused where they cannot be registered */
};

/* Would wl_disk_uring_open be refused for what the kernel allows? Needs no store, leaves nothing. `areas` of `config` alone are read. 0 or a
 * refusal with its sentence in `note`. */
int wl_disk_uring_try(const struct wl_disk_uring_config *config, char *note, size_t note_bytes);
/* 0 or a negative enum wirelog_status with a sentence in `reason`. On success `note` says in one line what was
 * chosen (registered or not, and why). */
int wl_disk_uring_open(struct wl_disk **disk, const struct wl_disk_uring_config *config, char *note,
		       size_t note_bytes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log of one journal, written as a node would have: entries go into a wl_log behind the place where the backup begins, chunks and segments
 * of that to the store, one durable after the other. Without a store it is all made and nothing is written: so a look refuses what a
 * making would, for want of room too.
 *
 * The caller owns the struct. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_RESTORE_RESTORE_LOG_FILE_H
#define WL_COMMAND_RESTORE_RESTORE_LOG_FILE_H

#include "control/config/config.h"
#include "dataplane/log/log.h"
#include "dataplane/state/restore.h"
#include "dataplane/store/store.h"

struct wl_restore_log {
	struct wl_store *store; /* NULL: nothing is written */
	const struct wl_superblock *record; /* of the medium that it is for */
	const struct wl_config *config;
	struct wl_log log;
	uint8_t *ring, *piece;
	void *memory;
	uint64_t bytes_max; /* log.bytes_max, or what a device's area has */
	char *reason;
	size_t reason_bytes;
};

/* A log of nothing, that begins at `begin`. 0 or a status; closed in either case. */
int wl_restore_log_open(struct wl_restore_log *log, const struct wl_archive_place *begin,
			uint32_t journal);
/* Behind what it has. 0, or a status with the sentence. */
int wl_restore_log_append(struct wl_restore_log *log, const uint8_t *image, uint64_t bytes);
/* What was appended is durable, and the state of `restore` is that behind it: a start goes on from here. 0, or a status with the sentence. */
int wl_restore_log_write_base(struct wl_restore_log *log, const struct wl_restore *restore);
/* All that was appended is durable. 0, or a status with the sentence. */
int wl_restore_log_end(struct wl_restore_log *log);
void wl_restore_log_close(struct wl_restore_log *log);

#endif

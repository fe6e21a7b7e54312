/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the data are restored to: the storage.path of a node's file.
 *
 *   nothing there            made, with a superblock that says "unfinished"
 *   unfinished               all that stands there is forgotten, and made again
 *   anything else            refused (STORE_OCCUPIED, STORE_NOT_OURS, STORE_DAMAGED, STORE_IN_USE ...)
 *
 * The record that wl_restore_target_end writes is the switch: before it is durable no node starts on what stands there, nothing reads it.
 *
 * The caller owns the struct. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_RESTORE_RESTORE_STORE_FILE_H
#define WL_COMMAND_RESTORE_RESTORE_STORE_FILE_H

#include "command/restore/restore.h"
#include "dataplane/log/log.h"
#include "dataplane/store/store.h"

struct wl_restore_target {
	struct wl_store *store;
	const struct wl_config *config;
	struct wl_superblock record; /* that it ends with */
	char *reason;
	size_t reason_bytes;
};

/* Nothing is written. 0: it may be restored to; `record` is what its superblock would be, zeros where there is no directory yet. */
int wl_restore_target_ask(const struct wl_config *config, struct wl_superblock *record,
			  char *reason, size_t reason_bytes);
/* Empty and unfinished. 0, or a status with the sentence; closed in either case. */
int wl_restore_target_open(struct wl_restore_target *target);
/* A journal was written: it is read again as a start reads it, and must be what `log` is. It is noted in the record. `history`: that its
 * entries are of. 0, or a status with the sentence. */
int wl_restore_target_take(struct wl_restore_target *target, const struct wl_log *log,
			   const struct wl_restore_journal *journal);
/* All journals were taken: they begin `histories`. 0, or a status with the sentence. */
int wl_restore_target_end(struct wl_restore_target *target, const uint64_t *histories);
void wl_restore_target_close(struct wl_restore_target *target);

#endif

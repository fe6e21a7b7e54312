/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A backup (docs/LOG-FORMAT.md, "Backup and archive") of a node's data, whether the node runs or not, and its check.
 *
 * Beside a node that runs the end of the stream moves, and its beginning may be forgotten: what is not whole is looked at again. Where the same place
 * is not whole a second time it is damage. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_BACKUP_H
#define WL_COMMAND_TOOL_BACKUP_H

#include <stddef.h>

#include "dataplane/log/archive_format.h"

/* Of the data at `path` into `directory`, which is made, or empty. 0, or a status with the sentence in `reason`: then it is no backup. */
int wl_backup_make(struct wl_backup *backup, const char *path, const char *directory, char *reason,
		   size_t reason_bytes);
/*
 * All of it is read: every entry and base whole, of one chain, as far as the page says, and no base another one than a majority made at its entry.
 * `proven`, by journal: index of the entry of the backup that says what a majority made of its base; 0: none does. 0, or STORE_DAMAGED and others
 * with the sentence.
 */
int wl_backup_check(struct wl_backup *backup, uint64_t proven[WIRELOG_JOURNALS_MAX],
		    const char *directory, char *reason, size_t reason_bytes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of a backup's directory that are no ranges: the page, and a base for each journal. Thread: any.
 */
#ifndef WL_COMMAND_TOOL_BACKUP_FILE_H
#define WL_COMMAND_TOOL_BACKUP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dataplane/log/archive_format.h"

#define WL_BACKUP_PAGE (-1) /* in place of a journal's number: `backup` */

/* Makes the directory, or finds it empty. `ours`: what stands there is of a try before, and is removed. 0, or a status and the sentence. */
int wl_backup_file_empty(const char *directory, bool ours, char *reason, size_t reason_bytes);
/* Under another name as yet. NULL: errno. */
FILE *wl_backup_file_begin(const char *directory, int journal);
/* Durable, under its name. 0 or -errno; it is closed in either case. */
int wl_backup_file_end(FILE *file, const char *directory, int journal);
/* To read. NULL: errno. */
FILE *wl_backup_file_open(const char *directory, int journal);
/* The page, decoded. 0; or STORE_UNREADABLE, STORE_VERSION, STORE_DAMAGED and the sentence. */
int wl_backup_file_read_page(struct wl_backup *backup, const char *directory, char *reason,
			     size_t reason_bytes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `wirelog tune` changed, as a file: an array of {"kind", ...}, the newest last.
 *
 *   file    "path", "before" (text, or null: it was not there), "uid", "gid", "mode"
 *   folder  "path", which was made
 *   value   "path", "before"
 *   owner   "path", "uid", "gid", "mode"
 *   run     "command"
 *
 * It is written whole, durably, before each change, and gone when nothing is left to undo. Platform. Thread: the command's.
 */
#ifndef WL_COMMAND_TUNE_TUNE_RECORD_FILE_H
#define WL_COMMAND_TUNE_TUNE_RECORD_FILE_H

#include <sys/types.h>

#include "command/tune/tune_do_file.h"

/* False with a reason in `tune`: it may be written by others than its owner, belongs to somebody else, or is no record. */
bool wl_tune_record_load(struct wl_tune_do *tune);
bool wl_tune_record_save(struct wl_tune_do *tune);
/* Takes the entry over. False with a reason, and then nothing may be changed. */
bool wl_tune_record_add(struct wl_tune_do *tune, json_t *entry);
/* An entry for a file as it is now. */
bool wl_tune_record_add_file(struct wl_tune_do *tune, const char *path);

#endif

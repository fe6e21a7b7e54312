/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes key files (dataplane/host/key_file.h reads them): a cluster's new key, and what clients are given of the keys of a cluster.
 * A file that exists is never written over. Thread: the tool's. Errors are said on stderr; they return an exit code.
 */
#ifndef WL_COMMAND_TOOL_KEY_FILE_H
#define WL_COMMAND_TOOL_KEY_FILE_H

#include "dataplane/base/keys.h"

/* One key of the kernel's randomness. */
int wl_tool_key_file_make(const char *path);
/* From each key of the file `from`, a cluster's, the one that follows from it and gives `right`, READ or APPEND; the older first, as there. */
int wl_tool_key_file_give(enum wl_right right, const char *from, const char *path);

#endif

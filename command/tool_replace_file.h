/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file that is replaced as a whole: whoever reads it, and whatever breaks in between, it has what it had or what it gets. The text is
 * written beside it (PATH.new), synced, renamed, and the folder is synced.
 */
#ifndef WL_COMMAND_TOOL_REPLACE_FILE_H
#define WL_COMMAND_TOOL_REPLACE_FILE_H

#include <sys/types.h>

#define WL_REPLACE_AS_NEW ((mode_t)-1) /* the mode of any new file */

/* Makes the file where there is none. `mode` is its mode exactly, or WL_REPLACE_AS_NEW. 0 or an errno: what was there is
 * there then, or, where the folder alone could not be synced, the text. A folder that its user may not read is not synced. */
int wl_tool_replace_file(const char *path, const char *text, mode_t mode);

#endif

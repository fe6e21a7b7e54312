/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading what a kernel tells in files, below a root: "" is this machine, anything else a copy of /sys, /proc, /etc, /dev and /run.
 * What is not there or may not be read is not known, and never an error. Platform. Thread: the command's.
 */
#ifndef WL_COMMAND_HOST_HOST_READ_FILE_H
#define WL_COMMAND_HOST_HOST_READ_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_HOST_PATH_BYTES 1024u
#define WL_FACT_UNKNOWN INT64_MIN

/* printf into `path`, behind the root. False when it does not fit. */
bool wl_host_path(char path[WL_HOST_PATH_BYTES], const char *root, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* All of a file below `root`, as text; what is longer is cut. False when it cannot be read. */
bool wl_host_read_text(const char *root, const char *path, char *text, size_t text_bytes);
/* Its first line, without blanks at the end; "" when it cannot be read. */
bool wl_host_read_line(const char *root, const char *path, char *line, size_t line_bytes);
/* The number that it begins with (0x too); WL_FACT_UNKNOWN. */
int64_t wl_host_read_number(const char *root, const char *path);
/* The last name of what a link points to; "" when it is none. */
bool wl_host_read_link(const char *root, const char *path, char *name, size_t name_bytes);
bool wl_host_is_there(const char *root, const char *path);
/* Calls `each` with every name of a directory but those that begin with a point, in the order of names, until it says false. */
void wl_host_each(const char *root, const char *path, bool (*each)(void *context, const char *name),
		  void *context);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads ranges of entries (dataplane/log/archive_format.h) from one directory or several: in the order of their indexes, each entry once, wherever it
 * stands whole. Every entry is checked, and follows the one before it by chain value, across files and directories. What does not is told with the
 * file's name; what is missing after all, as a gap.
 *
 * The caller owns the struct. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_TOOL_ARCHIVE_FILE_H
#define WL_COMMAND_TOOL_ARCHIVE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/log/archive_format.h"

struct wl_tool_archive_file {
	char *path;
	struct wl_archive_range range; /* where `verdict` is OK */
	enum wl_archive_verdict verdict; /* of its header and its size */
};

struct wl_tool_archive {
	struct wl_tool_archive_file *files;
	size_t count;
	uint8_t *buffer;
	uint64_t damages, gaps; /* that were told */
	struct wl_archive_place at; /* what was read ends here */
	bool begun; /* at says something */

	/* The caller's. Not 0 ends the reading: it is returned. */
	int (*on_entry)(void *context, const uint8_t *image, const struct wl_entry_header *header);
	/* What is not there: the entries, and records, between the two places. */
	void (*on_gap)(void *context, const struct wl_archive_place *from,
		       const struct wl_archive_place *to);
	/* The file cannot be believed behind `at`. */
	void (*on_damage)(void *context, const char *path, enum wl_archive_verdict verdict,
			  const struct wl_archive_place *at);
	void *context;
};

/* Looks at DIRECTORY/journal-NN. 0, or a status with the sentence in `reason`; close in either case. May be called for several directories. */
int wl_tool_archive_add(struct wl_tool_archive *archive, const char *directory, uint32_t journal,
			char *reason, size_t reason_bytes);
/* From the first entry with record `from` or a later one; 0: from the first entry that there is. 0, what on_entry returned, or NO_MEMORY. */
int wl_tool_archive_read(struct wl_tool_archive *archive, uint64_t from);
void wl_tool_archive_close(struct wl_tool_archive *archive);

#endif

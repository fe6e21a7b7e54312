/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes ranges of entries (dataplane/log/archive_format.h) into a directory: journal-NN/entries-IIIIIIIIIIIIIIIIIIII. One is written under another
 * name, and gets its own when it is durable; then its folder is synced. So under its name it is whole, whatever happened.
 *
 * The folder of a journal is locked (flock) while it is open: two that write into it would take each other's ranges away.
 *
 * Platform. Thread: any that may wait, one at a time for each writer; a file system that hangs holds it.
 */
#ifndef WL_DATAPLANE_STORE_ARCHIVE_FILE_H
#define WL_DATAPLANE_STORE_ARCHIVE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/log/archive_format.h"

struct wl_archive_writer {
	int folder; /* -1: not open */
	int file; /* that is written; -1: none */
	uint64_t first_index; /* of it */
};

/* "journal-NN" */
#define WL_ARCHIVE_FOLDER_BYTES 16u
void wl_archive_folder_name(char name[WL_ARCHIVE_FOLDER_BYTES], uint32_t journal);

void wl_archive_writer_init(struct wl_archive_writer *writer);
/* Makes what is missing of DIRECTORY and the journal's folder, and removes what a crash left half written. 0 or -errno; -EBUSY: somebody
 * else has it open. */
int wl_archive_writer_open(struct wl_archive_writer *writer, const char *directory,
			   uint32_t journal);
/* What is half written is removed. */
void wl_archive_writer_close(struct wl_archive_writer *writer);
/* The file that is half written alone. */
void wl_archive_writer_leave(struct wl_archive_writer *writer);
static inline bool wl_archive_writer_is_open(const struct wl_archive_writer *writer)
{
	return writer->folder >= 0;
}
/* The newest range with a whole header, and a file as long as that says. *found false: there is none. 0 or -errno. */
int wl_archive_writer_newest(struct wl_archive_writer *writer, struct wl_archive_range *newest,
			     bool *found);
/* At `offset` of the file with the entries from `first_index` on; at WL_ARCHIVE_HEADER_BYTES it begins. 0 or -errno. */
int wl_archive_writer_write(struct wl_archive_writer *writer, uint64_t first_index,
			    const uint8_t *bytes, size_t size, uint64_t offset);
/* All entries of `range` are written: when it returns 0 the range is durable under its name. */
int wl_archive_writer_end(struct wl_archive_writer *writer, const struct wl_archive_range *range);

#endif

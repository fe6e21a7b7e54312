/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is on a drive, and who uses it, before it is given to a node.
 *
 * Signatures are those that libblkid knows: file systems, volumes, RAID, partition tables, at its beginning and at its end
 * (md 1.0, the second GPT). Platform. Thread: the command's.
 */
#ifndef WL_COMMAND_TOOL_DRIVE_FILE_H
#define WL_COMMAND_TOOL_DRIVE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dataplane/log/superblock.h"

#define WL_DRIVE_SIGNATURES_MAX 16u

struct wl_drive {
	char path[256];
	int fd; /* for one owner alone; -1: it is in use, or was not opened */
	uint64_t bytes;
	char model[64], serial[64]; /* empty: not told */
	char users[256]; /* who holds it, in words; empty: nobody */
	struct wl_drive_signature {
		char what[48];
		uint64_t at; /* byte of the drive */
	} signatures[WL_DRIVE_SIGNATURES_MAX];
	unsigned signature_count;
	bool is_wirelogs; /* it has superblocks of ours */
	bool is_known; /* ... of which one can be read: */
	struct wl_superblock superblock;
};

/* Looks, and changes nothing. 0, also for one that is in use, or a negative enum wirelog_status with a sentence in `reason`. Closed by
 * wl_drive_close whatever comes out. */
int wl_drive_look(struct wl_drive *drive, const char *path, char *reason, size_t reason_bytes);
void wl_drive_print(FILE *to, const struct wl_drive *drive);
/* Takes every signature away, and zeroes its first and its last MiB, durably; then it is empty for a node. Of one that is nobody's alone. 0 or
 * -errno. */
int wl_drive_wipe(struct wl_drive *drive);
void wl_drive_close(struct wl_drive *drive);

#endif

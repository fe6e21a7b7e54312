/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cluster's data made again from a backup, and from archives that go on behind it (docs/OPERATIONS.md, "Restore").
 *
 *   wl_restore_look   reads all of it and makes all of it, but for the writing: what it would be, or why not
 *   wl_restore_make   the same, and writes; the last durable step is the record of a rescue (log/rescue.h), and before it nobody takes
 *                     what stands there for data (superblock: unfinished)
 *
 * The data are of a history and an incarnation of their own. The node that starts on them is the only voter (docs/SAFETY.md, rule 32).
 *
 * The caller owns the structs; they are large. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_RESTORE_RESTORE_H
#define WL_COMMAND_RESTORE_RESTORE_H

#include <stddef.h>

#include "control/config/config.h"
#include "dataplane/base/members.h"
#include "dataplane/log/archive_format.h"

#define WL_RESTORE_ARCHIVES_MAX 16u

struct wl_restore_source {
	const char *backup;
	const char *archives[WL_RESTORE_ARCHIVES_MAX];
	uint32_t archive_count;
	uint64_t to_number; /* of `journal`; 0: all that there is */
	uint32_t journal;
	bool unproven; /* a base that no entry proves is believed */
};

struct wl_restore_journal {
	struct wl_archive_place before, behind; /* what is restored */
	uint64_t of_archives; /* entries that the archives had behind the backup */
	uint64_t base_index, base_digest; /* a start goes on from there; 0: from the first entry */
	uint64_t proof; /* entry that says what a majority made of it; 0: none */
	bool base_made; /* its own entries make it */
	uint64_t history; /* that ends there; 0: none began */
	wl_features features; /* that are in force there */
	uint32_t sessions; /* that end with it */
	uint32_t consumers; /* checkpoints */
	wl_members voters; /* of the history that ends */
	uint64_t segments; /* that its log takes, with what is made ahead */
};

struct wl_restore_result {
	struct wl_backup backup; /* as its page says */
	uint64_t incarnation; /* of the data that were made; 0: none were */
	uint64_t histories[WIRELOG_JOURNALS_MAX]; /* that begin */
	struct wl_restore_journal journals[WIRELOG_JOURNALS_MAX];
};

/* Changes nothing. 0, or a status with the sentence in `reason`. */
int wl_restore_look(struct wl_restore_result *result, const struct wl_restore_source *source,
		    const struct wl_config *config, char *reason, size_t reason_bytes);
/* Looks first, and writes where that finds nothing. 0, or a status with the sentence: then no data are there, or those that stand there are marked
 * as unfinished. */
int wl_restore_make(struct wl_restore_result *result, const struct wl_restore_source *source,
		    const struct wl_config *config, char *reason, size_t reason_bytes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads what one journal is restored from: the backup's base, all its entries, then those that archives have behind them; each is judged
 * (dataplane/state/restore.h) and handed on. Of archives a file that is damaged is passed over where another one has its entries.
 *
 * The caller owns the structs. Thread: any, one at a time.
 */
#ifndef WL_COMMAND_RESTORE_RESTORE_READ_FILE_H
#define WL_COMMAND_RESTORE_RESTORE_READ_FILE_H

#include "command/restore/restore.h"
#include "dataplane/state/restore.h"

struct wl_restore_reading {
	const struct wl_restore_source *source;
	const struct wl_backup *backup;
	uint32_t journal;
	struct wl_restore *restore;
	/* The caller's, for each entry that was taken. 0, or a status with the sentence, which ends the reading. */
	int (*on_taken)(void *context, const uint8_t *image, const struct wl_entry_header *header);
	void *context;
	uint64_t of_archives; /* entries behind the backup */
	bool enough; /* the wanted record was met */
	char *reason;
	size_t reason_bytes;

	/* inside */
	const char *directory; /* that is read */
	int status;
	char damaged[512]; /* of the first file that could not be believed */
	int damaged_status;
	uint64_t damaged_to; /* what must have come from elsewhere then */
};

/* The base into wl_restore_base_state, so before wl_restore_read_entries. 0, or a status with the sentence. */
int wl_restore_read_base(struct wl_restore_reading *reading);
int wl_restore_read_entries(struct wl_restore_reading *reading);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the drive share. */
#ifndef WL_TESTS_SIM_SERVER_DRIVE_INTERNAL_H
#define WL_TESTS_SIM_SERVER_DRIVE_INTERNAL_H

#include "dataplane/base/check.h"
#include "tests/sim/server/drive.h"

#define SIM_NOWHERE UINT64_MAX

static inline uint8_t *sim_drive_place(const struct sim_drive *drive, uint64_t offset)
{
	WL_CHECK(offset < drive->segments_max * drive->segment_bytes);
	return drive->stable + offset;
}

/* drive.c: the file of a request is open; or it never will be. */
void sim_drive_begin(struct sim_drive *drive, struct sim_drive_request *slot);
void sim_drive_finish(struct sim_drive *drive, struct sim_drive_request *slot,
		      enum wl_disk_status status, int error);
/* drive_files.c. False: every place in the table is used by a request; ask again. */
bool sim_drive_find_file(struct sim_drive *drive, struct sim_drive_request *slot);
void sim_drive_prepare(struct sim_drive *drive, struct sim_drive_request *slot);
void sim_drive_leave_file(struct sim_drive *drive, struct sim_drive_request *slot);
/* What the helper was asked for is done now. True: there was something. */
bool sim_drive_complete_jobs(struct sim_drive *drive);
/* The helper's answers, taken by the worker. */
void sim_drive_take_answers(struct sim_drive *drive);
/* The process ends: nothing is open any more. */
void sim_drive_forget_files(struct sim_drive *drive);
void sim_drive_kill_helper(struct sim_drive *drive);
/* The power goes: so do names that nobody made durable. */
void sim_drive_forget_names(struct sim_drive *drive);
/* drive_power.c */
/* Of an older life; the events that were to complete them find them gone. */
void sim_drive_forget_requests(struct sim_drive *drive);
void sim_drive_note_cached(struct sim_drive *drive, uint64_t offset, uint32_t bytes);

#endif

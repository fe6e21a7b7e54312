/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the drive share. */
#ifndef WL_TESTS_SIM_SERVER_DRIVE_INTERNAL_H
#define WL_TESTS_SIM_SERVER_DRIVE_INTERNAL_H

#include "dataplane/base/check.h"
#include "tests/sim/server/drive.h"

#define SIM_NOWHERE UINT64_MAX

static inline uint8_t *sim_drive_place(const struct sim_drive *drive, uint64_t offset)
{
	WL_CHECK(offset / drive->segment_bytes < drive->oldest + drive->segments_max);
	return sim_drive_at(drive, offset);
}

/* Is there a file that holds these bytes, which lie in one segment? What no file holds can neither rot nor be written to. */
static inline bool sim_drive_holds(const struct sim_drive *drive, uint64_t offset, uint64_t bytes)
{
	uint64_t segment = offset / drive->segment_bytes;

	return sim_drive_has(drive, segment) &&
	       offset % drive->segment_bytes + bytes <= sim_drive_file(drive, segment)->bytes;
}

static inline uint64_t sim_drive_end(const struct sim_drive *drive)
{
	return drive->segments * drive->segment_bytes;
}

/* drive.c: the file of a request is open; or it never will be. */
void sim_drive_begin(struct sim_drive *drive, struct sim_drive_request *slot);
void sim_drive_finish(struct sim_drive *drive, struct sim_drive_request *slot,
		      enum wl_disk_status status, int error);
/* drive_files.c. False: every place in the table is used by a request; ask again. */
bool sim_drive_find_file(struct sim_drive *drive, struct sim_drive_request *slot);
/* PREPARE and FORGET. */
void sim_drive_ask_helper(struct sim_drive *drive, struct sim_drive_request *slot);
void sim_drive_leave_file(struct sim_drive *drive, struct sim_drive_request *slot);
/* What the helper was asked for is done now. True: there was something. */
bool sim_drive_complete_jobs(struct sim_drive *drive);
/* The helper's answers, taken by the worker. */
void sim_drive_take_answers(struct sim_drive *drive);
/*
 * The segment's file is gone for good. What it held goes with it, and so does what was wrong with it: a place without a
 * file is zeros, as the next file there will be.
 */
void sim_drive_end_file(struct sim_drive *drive, uint64_t segment);
/* The process ends: nothing is open any more. */
void sim_drive_forget_files(struct sim_drive *drive);
void sim_drive_kill_helper(struct sim_drive *drive);
/* The power goes while the helper forgets a segment. */
void sim_drive_tear_helper(struct sim_drive *drive);
/* The power goes: so do names that nobody made durable, and those that were taken away come back. */
void sim_drive_forget_names(struct sim_drive *drive);
/* drive_bases.c. The process dies, or the power goes: what was being written is there, or what was there before. */
void sim_drive_tear_base(struct sim_drive *drive, bool power);
void sim_drive_drop_base(struct sim_base *base);
void sim_drive_copy_base(struct sim_base *to, const struct sim_base *from);
bool sim_drive_damage_base(struct sim_drive *drive, enum sim_damage_way way, uint64_t mask);
/* drive_damage.c */
struct sim_chunk {
	struct wl_chunk_header header;
	uint64_t begin, end;
};

/* The chunk that follows `last` (its begin SIM_NOWHERE: the first one that is left). */
bool sim_drive_next_chunk(const struct sim_drive *drive, struct sim_chunk *last);
/* Somebody who has the key wrote down that all up to `end` was durable: not a client, in what it appended. */
bool sim_drive_is_known_durable(const struct sim_drive *drive, uint64_t end);
/* Is anything but segment headers and zeros written at or behind a segment's beginning? */
uint64_t sim_drive_written_end(const struct sim_drive *drive);
/* drive_power.c */
/* Of an older life; the events that were to complete them find them gone. */
void sim_drive_forget_requests(struct sim_drive *drive);
void sim_drive_note_cached(struct sim_drive *drive, uint64_t offset, uint32_t bytes);

#endif

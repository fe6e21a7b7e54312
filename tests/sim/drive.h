/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated drive behind the daemon's own table `wl_disk_ops`: platters that are accurate to the sector,
 * a queue, completions out of order, and what drives do when the power goes: a write in flight leaves any
 * subset of its sectors. Faults are switches and rates; the drive keeps its own account of what is durable,
 * which is what the oracle believes.
 */
#ifndef WL_TESTS_SIM_DRIVE_H
#define WL_TESTS_SIM_DRIVE_H

#include "dataplane/chunk.h"
#include "dataplane/disk.h"
#include "dataplane/limits.h"
#include "tests/sim/agenda.h"
#include "tests/sim/random.h"

#define SIM_DRIVE_QUEUE 128u
#define SIM_JOURNALS_MAX 2u

struct sim_drive_faults {
	uint64_t latency_ns, jitter_ns; /* of one request */
	uint32_t read_error_ppm;
	bool hung; /* accepts, never completes, until it is cleared */
	bool full; /* PREPARE fails with NO_SPACE */
	bool write_fails; /* the next one; then the drive works again, but nobody may believe it */
};

/* Effects that still leave a node before the power goes in the middle of a turn. */
struct sim_budget {
	bool armed;
	int64_t left;
};

/* False: it does not happen any more. */
static inline bool sim_budget_spend(struct sim_budget *budget)
{
	return !budget || !budget->armed || budget->left-- > 0;
}

struct sim_drive_request {
	struct wl_disk_request request;
	struct sim_drive *drive;
	bool in_use, done;
	enum wl_disk_status status;
	uint32_t short_by; /* bytes that a short write did not write */
	uint64_t order;
};

struct sim_drive {
	struct wl_disk disk; /* first: the worker sees this */
	struct sim_agenda *agenda;
	struct sim_random random;
	struct sim_drive_faults faults;
	struct wl_segment_header identity; /* written into each new segment */
	uint64_t segment_bytes;
	uint8_t *platters; /* the stream; segment s at s * segment_bytes */
	uint64_t segments_max, segments;
	uint8_t superblock[WL_SUPERBLOCK_COPIES][WL_BLOCK_BYTES];
	struct sim_drive_request queue[SIM_DRIVE_QUEUE];
	uint64_t order;
	uint64_t life; /* raised by a crash: completions of an older life are forgotten */
	void (*on_completion)(void *context); /* wakes the worker */
	void *context;
	uint64_t extent; /* behind the last byte that was ever written */
	struct sim_budget *budget;
	uint64_t writes, reads;
	uint8_t *image; /* a snapshot: segments, superblock; NULL none */
	uint64_t image_segments;
};

void sim_drive_init(struct sim_drive *drive, struct sim_agenda *agenda, uint64_t seed,
		    uint64_t stream, uint64_t segment_bytes, uint64_t segments_max);
void sim_drive_fini(struct sim_drive *drive);
/* The power goes: each write in flight leaves an arbitrary subset of its sectors. */
void sim_drive_crash(struct sim_drive *drive);
/* Damages `bytes` at a place of the stream, per million of what was written. */
void sim_drive_rot(struct sim_drive *drive, uint64_t place_ppm, uint64_t bytes);
/* Keeps an image, puts it back (false: there is none), or empties the drive. The node is down, except for the first. */
void sim_drive_snapshot(struct sim_drive *drive);
bool sim_drive_restore(struct sim_drive *drive);
void sim_drive_wipe(struct sim_drive *drive);

#endif

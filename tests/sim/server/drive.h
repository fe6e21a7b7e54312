/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated drive behind the daemon's own table `wl_disk_ops`: stable storage that are accurate to the sector,
 * a queue, completions out of order, segment files that must be opened first, and what drives do when the power goes.
 * Faults are switches and rates; the drive keeps its own account of what is durable, which is what the oracle
 * believes.
 *
 *   drive.c         the queue: reads and writes
 *   drive_files.c   segment files: made, opened and closed by one helper, as in dataplane/store/disk_uring.c
 *   drive_bases.c   the two places for bases
 *   drive_power.c   what a power cut leaves; images, an empty disk
 *   drive_damage.c  damage of every kind to one place
 *   drive_expect.c  what a start must make of it
 */
#ifndef WL_TESTS_SIM_SERVER_DRIVE_H
#define WL_TESTS_SIM_SERVER_DRIVE_H

#include "dataplane/log/chunk.h"
#include "dataplane/base/disk.h"
#include "dataplane/store/disk_files.h"
#include "dataplane/store/store.h"
#include "dataplane/base/limits.h"
#include "tests/sim/agenda.h"
#include "tests/sim/server/damage.h"
#include "tests/sim/random.h"

#define SIM_DRIVE_QUEUE 128u
#define SIM_JOURNALS_MAX 2u
#define SIM_DRIVE_JOBS 512u
#define SIM_DRIVE_DESCRIPTORS 512u
#define SIM_DRIVE_CACHED \
	64u /* newest writes that a lying drive may not have on its stable storage */
#define SIM_DRIVE_PPM 1000000u

struct sim_drive_faults {
	uint64_t latency_ns, jitter_ns; /* of one request */
	uint64_t open_ns; /* an open takes up to so long */
	uint32_t read_error_ppm;
	uint32_t short_read_ppm; /* fewer bytes than asked for */
	uint32_t misread_ppm; /* the bytes of another place */
	uint32_t open_error_ppm;
	uint32_t prepare_error_ppm;
	bool hung; /* accepts, never completes, until it is cleared */
	bool maker_hung; /* the helper stops at the next segment that it is to make; what waits behind it waits, too */
	bool full; /* PREPARE fails with NO_SPACE */
	bool write_fails; /* the next one; then the drive works again, but nobody may believe it */
	bool lies; /* what it calls durable is in a cache that a power cut empties */
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

enum sim_drive_request_state {
	SIM_REQUEST_FREE,
	SIM_REQUEST_WAITS_FOR_FILE,
	SIM_REQUEST_UNDER_WAY,
	SIM_REQUEST_PREPARING,
	SIM_REQUEST_DONE,
};

struct sim_drive_request {
	struct wl_disk_request request;
	enum sim_drive_request_state state;
	enum wl_disk_status status;
	uint32_t short_by; /* bytes that were not transferred */
	int error; /* errno, as the kernel would say it; 0: none */
	uint32_t file; /* place in the table of files */
	uint64_t order; /* never twice; its place in the queue is order % SIM_DRIVE_QUEUE */
};

enum sim_drive_job_verb {
	SIM_JOB_OPEN,
	SIM_JOB_PREPARE,
	SIM_JOB_FORGET,
	SIM_JOB_CLOSE,
};

struct sim_drive_job {
	enum sim_drive_job_verb verb;
	enum wl_disk_status status; /* of one that is done */
	int error;
	uint64_t segment;
	uint32_t tag; /* PREPARE, FORGET: place in the queue; OPEN: place in the table of files */
	int fd;
};

/* A file that has, or had, the name of a segment. */
struct sim_segment {
	uint64_t file; /* which one has the name: a number never used twice; 0: none */
	uint64_t bytes; /* how long it is */
	bool unsynced; /* its folder was not synced since it got its name: a power cut may take the name */
	uint64_t unlinked; /* nor since it lost its name: that file comes back with a power cut; 0: none does */
};

/* What has the name of a base. */
struct sim_base {
	uint8_t *bytes; /* NULL: nothing */
	uint64_t size;
	bool damaged;
	bool wrong; /* made of a state that is not the log's */
	bool other_chain; /* it says another one than the stream */
};

/* The one that is being written. */
struct sim_base_writer {
	struct sim_base base; /* bytes NULL: none is */
	uint64_t written;
	unsigned place;
	bool seals; /* all of it is there; it is getting its name, or its first block */
};

struct sim_descriptor {
	uint64_t file, segment; /* file 0: not open */
};

struct sim_drive {
	struct wl_disk disk; /* first: the worker sees this */
	struct sim_agenda *agenda;
	struct sim_random random;
	struct sim_drive_faults faults;
	struct wl_segment_header identity; /* written into each new segment */
	uint64_t segment_bytes;
	uint8_t *stable; /* the stream, in laps; see sim_drive_at */
	uint64_t segments_max; /* so many have room at a time */
	uint64_t oldest; /* the lowest that there is, or was before what is not there now */
	uint64_t segments; /* one more than the highest that there is */
	struct sim_segment *files_by_name; /* segments_max; see sim_drive_file */
	uint64_t files_made;
	uint8_t superblock[WL_SUPERBLOCK_COPIES]
			  [WL_BLOCK_BYTES]; /* of the node: on its first drive */
	const struct sim_drive *first; /* the drive that has the superblock */

	struct sim_drive_request queue[SIM_DRIVE_QUEUE];
	uint32_t in_use, done;
	uint64_t order;
	struct wl_disk_files files; /* the daemon's own: which segments are open */
	struct sim_descriptor descriptors[SIM_DRIVE_DESCRIPTORS];
	uint32_t descriptors_open;
	/* [job_first, job_done) wait to be taken, [job_done, job_end) to be worked off, one after the other */
	struct sim_drive_job jobs[SIM_DRIVE_JOBS];
	uint64_t job_first, job_done, job_end;
	bool works; /* the event that ends the job at job_done is on the agenda */
	uint64_t life; /* raised by a crash: events of an older life are forgotten */

	void (*on_completion)(void *context); /* wakes the worker */
	void *context;
	uint64_t extent; /* behind the last byte that was ever written */
	struct sim_budget *budget;
	uint64_t writes, reads, opens, failed_opens, evictions;
	uint64_t said[WL_DISK_FORGET +
		      1]; /* by verb: bit per errno that the process was ever given */

	struct {
		uint64_t offset;
		uint32_t bytes;
	} cached[SIM_DRIVE_CACHED]; /* the newest writes while it lies: a ring */
	uint64_t cached_count;
	uint64_t lost; /* writes that were acknowledged and are gone */
	/* May these bytes be lost without any node being able to notice? (A majority of the others has them.) */
	bool (*may_lose)(void *context, unsigned journal, uint64_t begin, uint64_t end);
	void *lose_context;

	struct sim_damage damage; /* what was done to it since its last good start */
	uint64_t unreadable; /* a block that is never given; UINT64_MAX: none */

	struct sim_base bases[WL_STORE_BASE_PLACES];
	struct sim_base_writer base_writer;
	bool raw; /* a device: a base has no name, but a first block. The old one is gone while a new one is written */
	bool latent; /* it was damaged where starts did not read */
	uint64_t walk_offset; /* the last start read the stream from here on */

	uint8_t *image; /* a snapshot: segments, superblock; NULL none */
	uint64_t image_oldest, image_segments;
	struct sim_base image_bases[WL_STORE_BASE_PLACES];
};

/* Where a place of the stream lies, to the end of its segment. */
static inline uint8_t *sim_drive_at(const struct sim_drive *drive, uint64_t offset)
{
	return drive->stable + offset % (drive->segments_max * drive->segment_bytes);
}

static inline struct sim_segment *sim_drive_file(const struct sim_drive *drive, uint64_t segment)
{
	return &drive->files_by_name[segment % drive->segments_max];
}

static inline bool sim_drive_has(const struct sim_drive *drive, uint64_t segment)
{
	return segment >= drive->oldest && segment < drive->segments &&
	       sim_drive_file(drive, segment)->file != 0;
}

void sim_drive_init(struct sim_drive *drive, struct sim_agenda *agenda, uint64_t seed,
		    uint64_t stream, uint64_t segment_bytes, uint64_t segments_max);
void sim_drive_fini(struct sim_drive *drive);
/* The process begins: the newest segments are opened. */
void sim_drive_start(struct sim_drive *drive);
/* The power goes: each write in flight leaves an arbitrary subset of its sectors. */
void sim_drive_crash(struct sim_drive *drive);
/* A write has failed, and the process has not taken its completion yet. */
bool sim_drive_owes_failure(const struct sim_drive *drive);
/* The process dies, and the kernel lives: what is under way is written. A segment that was being made may have its name. */
void sim_drive_kill(struct sim_drive *drive);
/* All names are durable. */
void sim_drive_sync_names(struct sim_drive *drive);
/* Its segments are found by what stands at their places alone. Of a drive that was not damaged. */
bool sim_drive_survey(const struct sim_drive *drive);
/* The segment has a file from now on, whole. */
void sim_drive_make_file(struct sim_drive *drive, uint64_t segment);
/*
 * As wl_store_base_*, at once, for one at a time; whoever calls lets time pass. seal: all was written, and it gets its name; commit, some
 * time behind it: it has it. 0 or -errno.
 */
int sim_drive_base_begin(struct sim_drive *drive, unsigned place, uint64_t bytes);
int sim_drive_base_write(struct sim_drive *drive, const uint8_t *from, size_t bytes);
int sim_drive_base_seal(struct sim_drive *drive);
int sim_drive_base_commit(struct sim_drive *drive);
void sim_drive_base_abandon(struct sim_drive *drive);
int sim_drive_base_read(struct sim_drive *drive, unsigned place, uint64_t at, uint8_t *to,
			uint32_t bytes);
int sim_drive_base_remove(struct sim_drive *drive, unsigned place);
/* Zeros, from one place of the stream to another. */
void sim_drive_zero(struct sim_drive *drive, uint64_t begin, uint64_t end);
/* In place, durable, at once: whole sectors of one segment. What could not be read there can be read again. */
enum wl_disk_status sim_drive_rewrite(struct sim_drive *drive, uint64_t offset, const uint8_t *from,
				      uint32_t bytes);
/* For recovery: at once. The bytes lie in one segment. */
enum wl_disk_status sim_drive_read_now(struct sim_drive *drive, uint64_t offset, uint8_t *to,
				       uint32_t bytes);
/* Everything that was asked for is done now, in the order in which it was asked. */
void sim_drive_complete(struct sim_drive *drive);
/* Damages `bytes` at a place of the stream, per million of what was written and has a file still. */
void sim_drive_rot(struct sim_drive *drive, uint64_t place_ppm, uint64_t bytes);
/* Damages one place, of the stream one that begins at `from` or later; false: there is no such place, or nobody could notice that
 * something is missing. */
bool sim_drive_damage(struct sim_drive *drive, uint64_t from, enum sim_damage_way way,
		      uint64_t which);
/* Where a start would begin to read the stream, from what lies on the stable storage now; 0: at its beginning. */
uint64_t sim_drive_walk(const struct sim_drive *drive);
/* Something in the stream is damaged that the next start does not read, or will not when a base was made meanwhile. */
bool sim_drive_hides_damage(const struct sim_drive *drive, bool makes_bases);
/* What a start must make of it, from what lies on the stable storage now. */
void sim_drive_expect(struct sim_drive *drive);
/*
 * A mender wrote there. Until it has ended the damage is partly as it was: of a start in between only that a refusal is allowed is
 * known. A segment's header is one write: its bytes tell.
 */
void sim_drive_note_mending(struct sim_drive *drive, uint64_t offset, uint64_t bytes);
/* Keeps an image, puts it back (false: there is none), or empties the drive. The node is down, except for the first. */
void sim_drive_snapshot(struct sim_drive *drive);
bool sim_drive_restore(struct sim_drive *drive);
void sim_drive_wipe(struct sim_drive *drive);
/* Descriptors that are open beside those in the table are on their way to be closed. NULL, or what does not hold. */
const char *sim_drive_check(const struct sim_drive *drive);

#endif

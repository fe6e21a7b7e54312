/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A log on a drive in memory: append, write, crash, recover, read back. Shared by the tests of the
 * log, of its reader and of its recovery.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_LOG_LOG_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_LOG_LOG_FIXTURE_H

#include "dataplane/log/log.h"
#include "dataplane/log/reader.h"
#include "dataplane/log/recovery.h"
#include "tests/unit/dataplane/log/memory_drive.h"

#define FIXTURE_CLUSTER 0x1122334455667788u
#define FIXTURE_JOURNAL 3u
#define FIXTURE_NODE 2u
#define FIXTURE_WINDOW_BYTES (2 * WL_CHUNK_BYTES_MAX)

/* What a base would say of a log: all that is needed to begin there. */
struct log_fixture_base {
	struct wl_log_base log;
	struct wl_log_term *terms;
	struct wl_log_mark *marks;
	struct wl_log_dead_range *dead;
};

struct log_fixture {
	struct wl_log_config config;
	struct wl_log log;
	struct wl_recovery recovery; /* of the last start */
	struct memory_drive drive;
	uint8_t *ring, *window, *buffer, *image; /* image: WL_ENTRY_BYTES_MAX bytes of scratch */
	void *memory;
	uint64_t starts;
	const struct log_fixture_base *base; /* not NULL: starts begin at it */
	uint32_t marks_max; /* places for marks after the next start; 0: as many as the configuration says */
	struct sim_random *
		scrub_random; /* not NULL: some starts end in the middle of a scrub and begin again */
};

/* What a configuration may choose. Claims that do not name a size hold for each of them. */
struct log_fixture_sizes {
	uint64_t segment_bytes, ring_bytes;
};
#define LOG_FIXTURE_SIZES 4u
extern const struct log_fixture_sizes log_fixture_sizes[LOG_FIXTURE_SIZES];
/* Which of them logs are made with from now on; 0: the smallest. */
void log_fixture_choose_sizes(unsigned which);

/* An empty log on an empty drive, no segment made yet. */
/* Segments that no record is taken into, whose blocks are kept for the first entries of terms. */
#define FIXTURE_KEPT_SEGMENTS \
	((WL_LOG_KEPT_BYTES + WL_SEGMENT_BYTES_MIN) / (WL_SEGMENT_BYTES_MIN - WL_BLOCK_BYTES))

/* `segments_max` for records, and those that are kept. */
void log_fixture_init(struct log_fixture *fixture, uint64_t segments_max);
void log_fixture_fini(struct log_fixture *fixture);
static inline struct wl_recovery_window log_fixture_window(const struct log_fixture *fixture)
{
	return (struct wl_recovery_window){fixture->window, FIXTURE_WINDOW_BYTES};
}
/* Gives the log's requests to the drive, without completing any. Returns how many. */
unsigned log_fixture_submit(struct log_fixture *fixture);
/* Hands what the drive completed to the log. */
void log_fixture_reap(struct log_fixture *fixture);
/* Submits and completes until nothing is left to do. */
void log_fixture_settle(struct log_fixture *fixture);
/* One sealed entry of one record; asserts that it worked. */
struct wl_position log_fixture_append(struct log_fixture *fixture, uint64_t term,
				      uint32_t payload_bytes);
/* Writes into fixture->image what a leader would send as the entry behind the log's tail. */
size_t log_fixture_make_image(struct log_fixture *fixture, uint64_t term, uint32_t payload_bytes);
/* Forgets the process' memory and recovers from the stable storage. The state that recovery ended in. */
enum wl_recovery_state log_fixture_restart(struct log_fixture *fixture, uint64_t watermark,
					   bool read_only);
/* False: the log does not know that entry's place any more. */
bool log_fixture_describe(struct log_fixture *fixture, uint64_t index,
			  struct log_fixture_base *base);
void log_fixture_free_base(struct log_fixture_base *base);
/* Restores the log, which was just initialised. False: that is impossible. */
bool log_fixture_restore(struct wl_log *log, const struct log_fixture_base *base,
			 uint64_t first_segment);
/* Everything up to the entry at `index`, wherever that stands; the log's product begins at segments only. */
void log_fixture_give_up(struct wl_log *log, uint64_t index);
/* Reads the next entry, performing reads as they are asked for. */
enum wl_reader_result log_fixture_read(struct log_fixture *fixture, struct wl_reader *reader,
				       uint64_t limit, struct wl_reader_view *view);
/* Place of a chunk's header on the stable storage. */
uint8_t *log_fixture_platter(struct log_fixture *fixture, uint64_t offset);

#endif

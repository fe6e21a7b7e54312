/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A log on a drive in memory (log_fixture.h) that is damaged by hand and mended, and what its peers have: the entries that are live in the
 * end, and nothing of what was cut away. The tests of the survey, of salvage and of mending share it.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_MEND_MEND_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_MEND_MEND_FIXTURE_H

#include "dataplane/mend/mend.h"
#include "tests/unit/dataplane/log/log_fixture.h"

#define MEND_ENTRIES_MAX (1u << 15)

struct mend_image {
	uint8_t *bytes;
	uint32_t size;
	uint64_t chain, term;
	uint64_t offset, chunk; /* where it stands in the log */
	bool here_alone; /* no peer has it */
};

struct mend_fixture {
	struct log_fixture log;
	struct mend_image live[MEND_ENTRIES_MAX]; /* by index: what peers have */
	uint64_t last; /* highest of them */
	uint64_t watermark; /* of the superblock */
	bool uncounted; /* the superblock says that this node does not count */
	bool lives; /* the log runs: its durable end is known */
	bool from_begin; /* all that is kept is surveyed, not only what a start reads */
	uint64_t segments; /* on the medium */
	uint8_t *saved; /* the medium as it was before damage */
	uint64_t saved_bytes, saved_end; /* durable_offset then */

	/* the drive's moods */
	uint8_t *bad; /* of each block: reads there fail, until it is written */
	uint64_t absent; /* number + 1 of a segment that is not there */
	uint32_t writes_before_crash; /* 0: no crash */
	struct sim_random *random; /* of torn writes */
	uint64_t reads, read_bytes, writes, written_bytes;

	/* peers */
	uint64_t nobody_has; /* index of an entry that no peer has; 0: they have all */
	bool helix; /* peers have only what is damaged here */
	bool mistaken; /* each run is wrong in some way before it is right */
	uint32_t run_bytes; /* runs are no longer; 0: as asked */
	uint32_t asks;

	struct wl_mend_config config;
	struct wl_mend mend;
	struct wl_survey survey;
	void *memory, *survey_memory;
	uint8_t *window;
};

void mend_fixture_init(struct mend_fixture *fixture, uint64_t segments_max);
void mend_fixture_fini(struct mend_fixture *fixture);
/* One more entry, and what peers have of it. */
void mend_fixture_append(struct mend_fixture *fixture, uint64_t term, uint32_t payload_bytes);
/* A chunk of `count` entries. */
void mend_fixture_chunk(struct mend_fixture *fixture, uint64_t term, unsigned count,
			uint32_t payload_bytes);
/* The log and what peers have. */
void mend_fixture_truncate(struct mend_fixture *fixture, uint64_t index);
/* The medium as it is now can be had again. */
void mend_fixture_save(struct mend_fixture *fixture);
void mend_fixture_restore(struct mend_fixture *fixture);
/* Flips bits in [begin, end) of the stream. */
void mend_fixture_rot(struct mend_fixture *fixture, uint64_t begin, uint64_t end);
/* Blocks of [begin, end) cannot be read any more. */
void mend_fixture_refuse_reads(struct mend_fixture *fixture, uint64_t begin, uint64_t end);
/* What a peer need not have: our own copy is whole, wherever it stands. */
void mend_fixture_take_from_peers(struct mend_fixture *fixture);
/*
 * WL_RECOVERY_DONE with the tail that the peers have, and all entries can be read. NULL, or what is not so. `shorter`: only
 * that it is a log.
 */
const char *mend_fixture_check(struct mend_fixture *fixture, bool shorter);
/* As a start would configure it. */
void mend_fixture_configure(struct mend_fixture *fixture);
/* Surveys with fixture->config. */
void mend_fixture_survey(struct mend_fixture *fixture);
/* Mends until it ends, or nobody has what it asks for; true: the power went in a write. */
bool mend_fixture_mend(struct mend_fixture *fixture);
/* From the begin, and on where it stood. */
bool mend_fixture_go_on(struct mend_fixture *fixture);
static inline uint64_t mend_fixture_chunk_of(const struct mend_fixture *fixture, uint64_t index)
{
	return fixture->live[index].chunk;
}

#endif

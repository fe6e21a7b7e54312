/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A backup on disk, of a journal that stands in memory (base_fixture.h): any part of its entries, with its base or without; and archives of any
 * other part. Journals before it are empty.
 *
 * Owner: the test. Thread: the runner's.
 */
#ifndef WL_TESTS_UNIT_COMMAND_BACKUP_FIXTURE_H
#define WL_TESTS_UNIT_COMMAND_BACKUP_FIXTURE_H

#include "dataplane/log/archive_format.h"
#include "tests/unit/dataplane/state/base_fixture.h"

#define BACKUP_FIXTURE_JOURNALS (FIXTURE_JOURNAL + 1)
#define BACKUP_FIXTURE_PATH_BYTES 300u

enum backup_fixture_proof {
	BACKUP_FIXTURE_PROVEN_NOT,
	BACKUP_FIXTURE_PROVEN,
	BACKUP_FIXTURE_PROVEN_OTHERWISE,
};

struct backup_fixture {
	struct base_fixture base;
	uint64_t base_index, last; /* of the entries: the base's, and the last one */
	char directory
		[BACKUP_FIXTURE_PATH_BYTES]; /* of the fixture's own, beside the runner: removed with all below it */
	char backup[BACKUP_FIXTURE_PATH_BYTES]; /* the backup in it */
	struct wl_backup page; /* as it was written */
};

/* Some sessions and records, a base in their middle, and its proof; nothing is on disk yet. */
void backup_fixture_init(struct backup_fixture *fixture, enum backup_fixture_proof proof);
void backup_fixture_fini(struct backup_fixture *fixture);
/* The place behind an entry; 0: the origin. */
struct wl_archive_place backup_fixture_place(struct backup_fixture *fixture, uint64_t index);
/* A backup of the entries behind `before` up to `last`. */
void backup_fixture_write(struct backup_fixture *fixture, uint64_t before, uint64_t last,
			  bool has_base);
/* The page again, as it stands in the fixture. */
void backup_fixture_write_page(struct backup_fixture *fixture);
/* A range of the same entries in a directory of that name below the fixture's, made where it is not there; its path in `path`. */
void backup_fixture_write_range(struct backup_fixture *fixture, const char *name, uint64_t before,
				uint64_t last, char path[BACKUP_FIXTURE_PATH_BYTES]);

#endif

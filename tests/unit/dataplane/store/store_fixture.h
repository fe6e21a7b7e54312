/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A directory of a test's own, beside the runner: on a disk, never in memory. And damage done to files at rest.
 *
 * Owner: the test. Thread: the runner's.
 */
#ifndef WL_TESTS_UNIT_DATAPLANE_STORE_STORE_FIXTURE_H
#define WL_TESTS_UNIT_DATAPLANE_STORE_STORE_FIXTURE_H

#include "dataplane/store/store.h"

#define STORE_SEGMENT_BYTES WL_SEGMENT_BYTES_MIN

struct store_fixture {
	char directory[256]; /* made and removed by the fixture */
	char data[300]; /* <directory>/data: not made */
	uint8_t cluster[16];
	struct wl_store_config config;
	char reason[512];
};

/* Skips the test where the file system has no direct I/O. */
void store_fixture_init(struct store_fixture *fixture);
void store_fixture_fini(struct store_fixture *fixture); /* removes everything below it */
int store_fixture_open(struct store_fixture *fixture, struct wl_store **store);
struct wl_store *store_fixture_must_open(struct store_fixture *fixture);
/* A path in the data directory; the text is valid until the next call. */
const char *store_fixture_path(const struct store_fixture *fixture, const char *name);
void store_fixture_overwrite(const char *path, uint64_t at, const void *bytes, size_t count);
void store_fixture_fill(const char *path, uint64_t at, uint8_t value, size_t count);
void store_fixture_copy(const struct store_fixture *fixture, const char *from, const char *to);
/* Paths that anybody in this process gives to fsync from now on are noted. */
void store_fixture_watch_syncs(void);
bool store_fixture_was_synced(const char *path);
/* So many more pwrites and BLKZEROOUTs of this process succeed, the next one does `bytes` of its bytes, and it and all behind it fail: the power is
 * gone. */
void store_fixture_cut_writes(unsigned writes, size_t bytes);
/* BLKZEROOUT is refused from now on, or not. */
void store_fixture_drive_cannot_zero(bool cannot);
/* The power is back. Were any cut? */
bool store_fixture_end_cut(void);
bool store_fixture_has(const struct store_fixture *fixture, const char *name);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A backup whose files are whole, and what its entries say of its base. */
#include "command/tool_backup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/tool_backup_file.h"
#include "dataplane/base/bytes.h"
#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

#define RECORD_BYTES 2000u
#define JOURNALS (FIXTURE_JOURNAL + 1) /* those before it are empty */

static struct base_fixture *fixture;
static char directory[] = "/tmp/wirelog-backup-XXXXXX";
static char range_path[PATH_MAX];
static struct wl_backup backup;
static uint64_t proven[WIRELOG_JOURNALS_MAX];
static char reason[1024];

/* With a base in the middle; `proof`: 0 none, 1 a majority made it, 2 it made another one. */
static void begin(unsigned proof)
{
	fixture = malloc(sizeof(*fixture));
	base_fixture_init(fixture, 16, 1);
	memset(fixture->identity.cluster, 0, sizeof(fixture->identity.cluster));
	wl_store_u64(fixture->identity.cluster, FIXTURE_CLUSTER);
	base_fixture_open_sessions(fixture, 3);
	for (unsigned at = 0; at < 30; at++)
		base_fixture_append(fixture, at % 3, RECORD_BYTES);
	base_fixture_commit_all(fixture);
	base_fixture_base(fixture);
	base_fixture_commit_all(fixture);
	fixture->places[0].bytes = base_fixture_encode(fixture, 4, &fixture->places[0].size);
	if (proof != 0)
		base_fixture_prove(fixture, proof - 1);
	for (unsigned at = 0; at < 10; at++)
		base_fixture_append(fixture, at % 3, RECORD_BYTES);
	base_fixture_commit_all(fixture);
}

static void write_range(struct wl_archive_range *range)
{
	uint8_t header[WL_ARCHIVE_HEADER_BYTES] = {0};
	char name[WL_ARCHIVE_NAME_BYTES];
	struct wl_reader_view view;
	struct wl_reader reader;
	FILE *file;

	wl_archive_name(name, range->before.position.index + 1);
	snprintf(range_path, sizeof(range_path), "%s/journal-%02u/%s", directory, FIXTURE_JOURNAL,
		 name);
	file = fopen(range_path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(header, sizeof(header), 1, file), 1);
	wl_reader_init(&reader, &fixture->log.log, 1, 1);
	while (log_fixture_read(&fixture->log, &reader, fixture->commit, &view) ==
	       WL_READER_ENTRY) {
		CU_ASSERT_EQUAL(wl_archive_range_add(range, view.image, &view.header),
				WL_ARCHIVE_OK);
		CU_ASSERT_EQUAL(fwrite(view.image, view.bytes, 1, file), 1);
	}
	wl_archive_encode(header, range);
	rewind(file);
	CU_ASSERT_EQUAL(fwrite(header, sizeof(header), 1, file), 1);
	fclose(file);
}

static void write_file(int journal, const void *bytes, size_t size)
{
	FILE *file = wl_backup_file_begin(directory, journal);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(bytes, size, 1, file), 1);
	CU_ASSERT_EQUAL(wl_backup_file_end(file, directory, journal), 0);
}

static void write_backup(void)
{
	const struct base_fixture_place *place = &fixture->places[0];
	struct wl_archive_range range = {.node = fixture->identity.node,
					 .journal = fixture->identity.journal};
	struct wl_base_header header;
	uint8_t page[WL_BLOCK_BYTES];
	struct wl_archive_place origin;
	char folder[PATH_MAX];

	CU_ASSERT_EQUAL_FATAL(wl_base_decode_header(place->bytes, &fixture->identity, &header),
			      WL_BASE_OK);
	strcpy(strrchr(directory, '-'), "-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	for (unsigned id = 0; id < JOURNALS; id++) {
		snprintf(folder, sizeof(folder), "%s/journal-%02u", directory, id);
		CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0700), 0);
	}
	memcpy(range.cluster, fixture->identity.cluster, sizeof(range.cluster));
	origin = wl_archive_place_of_begin(&fixture->log.log.begin);
	wl_archive_range_begin(&range, &origin);
	write_range(&range);
	write_file(FIXTURE_JOURNAL, place->bytes, place->size);
	backup = (struct wl_backup){
		.node = fixture->identity.node,
		.journal_count = JOURNALS,
		.segment_bytes = fixture->identity.segment_bytes,
		.journals[FIXTURE_JOURNAL] = {.base_index = header.log.position.index,
					      .base_digest = header.digest,
					      .base_bytes = place->size,
					      .before = range.before,
					      .behind = range.behind},
	};
	memcpy(backup.cluster, fixture->identity.cluster, sizeof(backup.cluster));
	for (unsigned id = 0; id < FIXTURE_JOURNAL; id++)
		backup.journals[id].before = backup.journals[id].behind =
			wl_archive_origin(FIXTURE_CLUSTER, id);
	wl_backup_encode(page, &backup);
	write_file(WL_BACKUP_PAGE, page, sizeof(page));
}

static int check(void)
{
	memset(&backup, 0, sizeof(backup));
	return wl_backup_check(&backup, proven, directory, reason, sizeof(reason));
}

static void end(void)
{
	char path[PATH_MAX];

	unlink(range_path);
	snprintf(path, sizeof(path), "%s/journal-%02u/base", directory, FIXTURE_JOURNAL);
	unlink(path);
	for (unsigned id = 0; id < JOURNALS; id++) {
		snprintf(path, sizeof(path), "%s/journal-%02u", directory, id);
		rmdir(path);
	}
	snprintf(path, sizeof(path), "%s/backup", directory);
	unlink(path);
	rmdir(directory);
	base_fixture_fini(fixture);
	free(fixture);
}

static void a_base_that_a_majority_made_is_proven(void)
{
	begin(1);
	write_backup();
	CU_ASSERT_EQUAL(check(), WIRELOG_OK);
	CU_ASSERT_TRUE(proven[FIXTURE_JOURNAL] > backup.journals[FIXTURE_JOURNAL].base_index);
	end();
}

static void one_of_which_no_entry_says_so_is_not(void)
{
	begin(0);
	write_backup();
	CU_ASSERT_EQUAL(check(), WIRELOG_OK);
	CU_ASSERT_EQUAL(proven[FIXTURE_JOURNAL], 0);
	end();
}

static void one_that_differs_from_what_a_majority_made_is_refused(void)
{
	begin(2);
	write_backup();
	CU_ASSERT_EQUAL(check(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "a majority made another base"));
	end();
}

WL_SUITE(tool_backup_check)
{
	WL_TEST(a_base_that_a_majority_made_is_proven),
	WL_TEST(one_of_which_no_entry_says_so_is_not),
	WL_TEST(one_that_differs_from_what_a_majority_made_is_refused),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/command/backup_fixture.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/tool_backup_file.h"
#include "dataplane/base/bytes.h"
#include "tests/unit/runner.h"

#define RECORD_BYTES 2000u

void backup_fixture_init(struct backup_fixture *fixture, enum backup_fixture_proof proof)
{
	struct base_fixture *base = &fixture->base;
	char runner[200] = "";

	memset(fixture, 0, sizeof(*fixture));
	base_fixture_init(base, 16, 1);
	memset(base->identity.cluster, 0, sizeof(base->identity.cluster));
	wl_store_u64(base->identity.cluster, FIXTURE_CLUSTER);
	base_fixture_open_sessions(base, 3);
	for (unsigned at = 0; at < 30; at++)
		base_fixture_append(base, at % 3, RECORD_BYTES);
	base_fixture_commit_all(base);
	fixture->base_index = base_fixture_base(base);
	base_fixture_commit_all(base);
	base->places[0].bytes = base_fixture_encode(base, 4, &base->places[0].size);
	if (proof != BACKUP_FIXTURE_PROVEN_NOT)
		base_fixture_prove(base, proof == BACKUP_FIXTURE_PROVEN_OTHERWISE);
	for (unsigned at = 0; at < 10; at++)
		base_fixture_append(base, at % 3, RECORD_BYTES);
	base_fixture_commit_all(base);
	fixture->last = base->commit;
	CU_ASSERT_FATAL(readlink("/proc/self/exe", runner, sizeof(runner) - 1) > 0);
	*strrchr(runner, '/') = '\0';
	snprintf(fixture->directory, sizeof(fixture->directory), "%s/backup-XXXXXX", runner);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(fixture->directory));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status, (void)kind, (void)where;
	return remove(path);
}

void backup_fixture_fini(struct backup_fixture *fixture)
{
	nftw(fixture->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	base_fixture_fini(&fixture->base);
}

/* What stands between the places goes into `file`, where there is one. */
static void walk(struct backup_fixture *fixture, struct wl_archive_range *range, uint64_t last,
		 FILE *file)
{
	struct log_fixture *log = &fixture->base.log;
	struct wl_reader_view view;
	struct wl_reader reader;

	wl_reader_init(&reader, &log->log, range->behind.position.index + 1, 1);
	while (range->behind.position.index < last &&
	       log_fixture_read(log, &reader, fixture->base.commit, &view) == WL_READER_ENTRY) {
		CU_ASSERT_EQUAL(wl_archive_range_add(range, view.image, &view.header),
				WL_ARCHIVE_OK);
		if (file)
			CU_ASSERT_EQUAL(fwrite(view.image, view.bytes, 1, file), 1);
	}
	CU_ASSERT_EQUAL(range->behind.position.index, last);
}

struct wl_archive_place backup_fixture_place(struct backup_fixture *fixture, uint64_t index)
{
	const struct wl_archive_place origin =
		wl_archive_place_of_begin(&fixture->base.log.log.begin);
	struct wl_archive_range range = {0};

	wl_archive_range_begin(&range, &origin);
	walk(fixture, &range, index, NULL);
	return range.behind;
}

static void make_folders(const char *directory)
{
	char folder[BACKUP_FIXTURE_PATH_BYTES + 16];

	mkdir(directory, 0700);
	for (unsigned id = 0; id < BACKUP_FIXTURE_JOURNALS; id++) {
		snprintf(folder, sizeof(folder), "%s/journal-%02u", directory, id);
		mkdir(folder, 0700);
	}
}

void backup_fixture_write_range(struct backup_fixture *fixture, const char *name, uint64_t before,
				uint64_t last, char path[BACKUP_FIXTURE_PATH_BYTES])
{
	const struct wl_archive_place from = backup_fixture_place(fixture, before);
	struct wl_archive_range range = {.node = fixture->base.identity.node,
					 .journal = FIXTURE_JOURNAL};
	uint8_t header[WL_ARCHIVE_HEADER_BYTES] = {0};
	char file_path[BACKUP_FIXTURE_PATH_BYTES + 64], file_name[WL_ARCHIVE_NAME_BYTES];
	FILE *file;

	snprintf(path, BACKUP_FIXTURE_PATH_BYTES, "%.200s/%s", fixture->directory, name);
	make_folders(path);
	if (last == before)
		return;
	memcpy(range.cluster, fixture->base.identity.cluster, sizeof(range.cluster));
	wl_archive_range_begin(&range, &from);
	wl_archive_name(file_name, before + 1);
	snprintf(file_path, sizeof(file_path), "%s/journal-%02u/%s", path, FIXTURE_JOURNAL,
		 file_name);
	file = fopen(file_path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(header, sizeof(header), 1, file), 1);
	walk(fixture, &range, last, file);
	wl_archive_encode(header, &range);
	rewind(file);
	CU_ASSERT_EQUAL(fwrite(header, sizeof(header), 1, file), 1);
	fclose(file);
}

static void write_file(const char *directory, int journal, const void *bytes, size_t size)
{
	FILE *file = wl_backup_file_begin(directory, journal);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(bytes, size, 1, file), 1);
	CU_ASSERT_EQUAL(wl_backup_file_end(file, directory, journal), 0);
}

void backup_fixture_write_page(struct backup_fixture *fixture)
{
	uint8_t page[WL_BLOCK_BYTES];

	wl_backup_encode(page, &fixture->page);
	write_file(fixture->backup, WL_BACKUP_PAGE, page, sizeof(page));
}

void backup_fixture_write(struct backup_fixture *fixture, uint64_t before, uint64_t last,
			  bool has_base)
{
	const struct base_fixture_place *place = &fixture->base.places[0];
	struct wl_backup_journal *journal = &fixture->page.journals[FIXTURE_JOURNAL];
	struct wl_base_header header;

	CU_ASSERT_EQUAL_FATAL(wl_base_decode_header(place->bytes, &fixture->base.identity, &header),
			      WL_BASE_OK);
	fixture->page = (struct wl_backup){
		.node = fixture->base.identity.node,
		.journal_count = BACKUP_FIXTURE_JOURNALS,
		.segment_bytes = fixture->base.identity.segment_bytes,
		.voters = 0xe,
	};
	memcpy(fixture->page.cluster, fixture->base.identity.cluster,
	       sizeof(fixture->page.cluster));
	for (unsigned id = 0; id < FIXTURE_JOURNAL; id++)
		fixture->page.journals[id].before = fixture->page.journals[id].behind =
			wl_archive_origin(FIXTURE_CLUSTER, id);
	journal->before = backup_fixture_place(fixture, before);
	journal->behind = backup_fixture_place(fixture, last);
	backup_fixture_write_range(fixture, "backup", before, last, fixture->backup);
	if (has_base) {
		journal->base_index = header.log.position.index;
		journal->base_digest = header.digest;
		journal->base_bytes = place->size;
		write_file(fixture->backup, FIXTURE_JOURNAL, place->bytes, place->size);
	}
	backup_fixture_write_page(fixture);
}

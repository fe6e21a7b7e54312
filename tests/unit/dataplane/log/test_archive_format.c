/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of entries as files, and the page of a backup: what is written is read, and nothing else is taken. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/crc.h"
#include "dataplane/log/archive_format.h"
#include "tests/unit/dataplane/log/log_fixture.h"
#include "tests/unit/runner.h"

#define FILE_BYTES_MAX (8u << 20)

static struct log_fixture fixture;
static struct wl_archive_range made;
static uint8_t *file;
static size_t file_bytes;

/* A range of entries first..last of a log whose entries have sizes that differ. */
static void make(uint32_t entries, uint64_t first)
{
	struct wl_archive_place before = wl_archive_origin(FIXTURE_CLUSTER, FIXTURE_JOURNAL);
	struct wl_reader reader;
	struct wl_reader_view view;
	uint32_t payloads[] = {2, 1, 7, 8, 64, 1000, 5000};

	log_fixture_init(&fixture, 2);
	for (uint32_t at = 0; at < entries; at++) {
		log_fixture_append(&fixture, 1 + at / 5, payloads[at % 7]);
		log_fixture_settle(&fixture);
	}
	memset(&made, 0, sizeof(made));
	wl_store_u64(made.cluster, FIXTURE_CLUSTER);
	made.node = FIXTURE_NODE;
	made.journal = FIXTURE_JOURNAL;
	file = malloc(FILE_BYTES_MAX);
	file_bytes = WL_ARCHIVE_HEADER_BYTES;
	wl_archive_range_begin(&made, &before);
	wl_reader_init(&reader, &fixture.log, 1, 1);
	wl_reader_lend(&reader, fixture.buffer, WL_CHUNK_BYTES_MAX);
	while (log_fixture_read(&fixture, &reader, entries, &view) == WL_READER_ENTRY) {
		CU_ASSERT_EQUAL_FATAL(wl_archive_range_add(&made, view.image, &view.header),
				      WL_ARCHIVE_OK);
		if (view.header.index < first) {
			wl_archive_range_begin(&made, &made.behind);
			continue;
		}
		memcpy(file + file_bytes, view.image, view.bytes);
		file_bytes += view.bytes;
	}
	CU_ASSERT_EQUAL_FATAL(made.behind.position.index, entries);
	wl_archive_encode(file, &made);
	CU_ASSERT_EQUAL_FATAL(file_bytes, wl_archive_file_bytes(&made));
}

static void unmake(void)
{
	free(file);
	log_fixture_fini(&fixture);
}

/* As a reader does. */
static enum wl_archive_verdict read_file(const uint8_t *bytes, size_t size)
{
	struct wl_archive_range range;
	struct wl_archive_walk walk;
	struct wl_entry_header header;
	enum wl_archive_verdict verdict = wl_archive_decode(bytes, size, &range);

	if (verdict != WL_ARCHIVE_OK)
		return verdict;
	if (size > wl_archive_file_bytes(&range))
		return WL_ARCHIVE_LONG;
	wl_archive_walk_init(&walk, &range);
	while (!wl_archive_walk_is_done(&walk)) {
		size_t at = WL_ARCHIVE_HEADER_BYTES + (size_t)walk.seen.bytes;

		verdict = wl_archive_walk_next(&walk, bytes + at, size - at, &header);
		if (verdict != WL_ARCHIVE_OK)
			return verdict;
	}
	return wl_archive_walk_end(&walk);
}

static void a_range_of_any_size_is_read_as_it_was_written(void)
{
	static const uint32_t sizes[] = {1, 2, 7, 40, 300};

	for (unsigned at = 0; at < sizeof(sizes) / sizeof(sizes[0]); at++) {
		struct wl_archive_range read;

		make(sizes[at], 1);
		CU_ASSERT_EQUAL(read_file(file, file_bytes), WL_ARCHIVE_OK);
		CU_ASSERT_EQUAL(wl_archive_decode(file, file_bytes, &read), WL_ARCHIVE_OK);
		CU_ASSERT_EQUAL(memcmp(&read, &made, sizeof(read)), 0);
		unmake();
	}
}

static void a_range_in_the_middle_says_what_it_follows(void)
{
	struct wl_archive_range read;

	make(20, 8);
	CU_ASSERT_EQUAL(read_file(file, file_bytes), WL_ARCHIVE_OK);
	CU_ASSERT_EQUAL_FATAL(wl_archive_decode(file, file_bytes, &read), WL_ARCHIVE_OK);
	CU_ASSERT_EQUAL(read.before.position.index, 7);
	CU_ASSERT_EQUAL(read.before.position.term, 2);
	CU_ASSERT_EQUAL(read.behind.chain, fixture.log.tail_chain);
	CU_ASSERT_EQUAL(read.behind.next_number, fixture.log.next_number);
	unmake();
}

static void a_file_torn_at_any_byte_is_refused(void)
{
	make(9, 1);
	for (size_t size = 0; size < file_bytes; size++) {
		uint8_t *torn = malloc(size + 1);

		memcpy(torn, file, size);
		CU_ASSERT_EQUAL(read_file(torn, size), WL_ARCHIVE_SHORT);
		free(torn);
	}
	CU_ASSERT_EQUAL(read_file(file, file_bytes + 1), WL_ARCHIVE_LONG);
	unmake();
}

/* What was not written when the power failed: zeros from some byte on. */
static void a_file_with_zeros_from_any_byte_on_is_refused(void)
{
	uint8_t *torn;

	make(9, 1);
	torn = malloc(file_bytes);
	for (size_t from = 0; from < file_bytes; from++) {
		memcpy(torn, file, file_bytes);
		memset(torn + from, 0, file_bytes - from);
		if (memcmp(torn, file, file_bytes) != 0)
			CU_ASSERT_NOT_EQUAL(read_file(torn, file_bytes), WL_ARCHIVE_OK);
	}
	free(torn);
	unmake();
}

static void a_flipped_bit_anywhere_is_noticed(void)
{
	make(9, 3);
	for (size_t at = 0; at < file_bytes; at++) {
		file[at] ^= (uint8_t)(1u << at % 8);
		CU_ASSERT_NOT_EQUAL(read_file(file, file_bytes), WL_ARCHIVE_OK);
		file[at] ^= (uint8_t)(1u << at % 8);
	}
	CU_ASSERT_EQUAL(read_file(file, file_bytes), WL_ARCHIVE_OK);
	unmake();
}

static void impossible_numbers_are_damage_in_spite_of_the_checksum(void)
{
	static const size_t places[] = {24, 28, 32, 40, 80, 88, 104, 120, 128, 144, 152};
	uint8_t header[WL_ARCHIVE_HEADER_BYTES];
	struct wl_archive_range range;

	make(9, 3);
	for (unsigned at = 0; at < sizeof(places) / sizeof(places[0]); at++) {
		memcpy(header, file, sizeof(header));
		memset(header + places[at],
		       places[at] < 32	   ? 0x70
		       : places[at] >= 120 ? 0
					   : 0xff,
		       places[at] < 32 ? 4 : 8);
		wl_store_u32(header + 188, wl_crc32c(header, 188));
		CU_ASSERT_EQUAL(wl_archive_decode(header, file_bytes, &range), WL_ARCHIVE_DAMAGED);
	}
	unmake();
}

static void another_version_is_named_and_not_called_damaged(void)
{
	struct wl_archive_range range;

	make(2, 1);
	wl_store_u16(file + 4, WL_ARCHIVE_FORMAT + 1);
	wl_store_u32(file + 188, wl_crc32c(file, 188));
	CU_ASSERT_EQUAL(wl_archive_decode(file, file_bytes, &range), WL_ARCHIVE_VERSION);
	file[0] ^= 1;
	CU_ASSERT_EQUAL(wl_archive_decode(file, file_bytes, &range), WL_ARCHIVE_STRANGE);
	unmake();
}

/* Header and entries are whole each for itself, and not of one range. */
static void a_header_over_other_entries_is_refused(void)
{
	struct wl_archive_range other;

	make(9, 1);
	other = made;
	other.behind.chain ^= 1;
	wl_archive_encode(file, &other);
	CU_ASSERT_EQUAL(read_file(file, file_bytes), WL_ARCHIVE_CHAIN);
	other = made;
	other.before.chain ^= 1;
	wl_archive_encode(file, &other);
	CU_ASSERT_EQUAL(read_file(file, file_bytes), WL_ARCHIVE_CHAIN);
	other = made;
	other.journal++;
	wl_archive_encode(file, &other);
	CU_ASSERT_EQUAL(read_file(file, file_bytes), WL_ARCHIVE_FOREIGN);
	unmake();
}

static void names_say_the_first_index_and_nothing_else_is_one(void)
{
	static const char *const none[] = {
		"",
		"entries-",
		"entries-00000000000000000000",
		"entries-0000000000000000001",
		"entries-99999999999999999999",
		"entries-0000000000000000000x",
		"entries-00000000000000000001.new",
		"segment-00000000000000000001",
	};
	static const uint64_t indexes[] = {1, 2, 1000000, UINT64_MAX};
	char name[WL_ARCHIVE_NAME_BYTES];

	for (unsigned at = 0; at < sizeof(none) / sizeof(none[0]); at++)
		CU_ASSERT_EQUAL(wl_archive_first_index(none[at]), 0);
	for (unsigned at = 0; at < sizeof(indexes) / sizeof(indexes[0]); at++) {
		wl_archive_name(name, indexes[at]);
		CU_ASSERT_EQUAL(wl_archive_first_index(name), indexes[at]);
	}
}

static struct wl_backup backup_of(uint32_t journals)
{
	struct wl_backup backup = {.node = 2,
				   .journal_count = journals,
				   .voters = 0xe,
				   .segment_bytes = WL_SEGMENT_BYTES_DEFAULT,
				   .made_ns = 77};

	memset(backup.cluster, 0xab, sizeof(backup.cluster));
	for (uint32_t id = 0; id < journals; id++)
		backup.journals[id] = (struct wl_backup_journal){
			.base_index = 20 + id,
			.base_digest = 99 + id,
			.base_bytes = 2 * WL_BLOCK_BYTES,
			.before = {{1, 10}, 5, 7, 100},
			.behind = {{2 + id, 40}, 6, 19, 200},
		};
	return backup;
}

static void the_page_of_a_backup_is_read_as_it_was_written(void)
{
	for (uint32_t journals = 1; journals <= WIRELOG_JOURNALS_MAX; journals++) {
		struct wl_backup backup = backup_of(journals), read;
		uint8_t page[WL_BLOCK_BYTES];

		wl_backup_encode(page, &backup);
		CU_ASSERT_EQUAL(wl_backup_decode(page, sizeof(page), &read), WL_ARCHIVE_OK);
		CU_ASSERT_EQUAL(memcmp(&read, &backup, sizeof(read)), 0);
		CU_ASSERT_EQUAL(wl_backup_decode(page, sizeof(page) - 1, &read), WL_ARCHIVE_SHORT);
		for (size_t at = 0; at < sizeof(page); at++) {
			page[at] ^= (uint8_t)(1u << at % 8);
			CU_ASSERT_NOT_EQUAL(wl_backup_decode(page, sizeof(page), &read),
					    WL_ARCHIVE_OK);
			page[at] ^= (uint8_t)(1u << at % 8);
		}
	}
}

static void a_backup_whose_entries_do_not_meet_its_base_is_damaged(void)
{
	struct wl_backup backup = backup_of(3), read;
	uint8_t page[WL_BLOCK_BYTES];

	backup.journals[2].base_index = 41;
	wl_backup_encode(page, &backup);
	CU_ASSERT_EQUAL(wl_backup_decode(page, sizeof(page), &read), WL_ARCHIVE_DAMAGED);
	backup.journals[2].base_index = 9;
	wl_backup_encode(page, &backup);
	CU_ASSERT_EQUAL(wl_backup_decode(page, sizeof(page), &read), WL_ARCHIVE_DAMAGED);
	backup.journals[2].base_index = 0;
	backup.journals[2].base_bytes = 0;
	wl_backup_encode(page, &backup);
	CU_ASSERT_EQUAL(wl_backup_decode(page, sizeof(page), &read), WL_ARCHIVE_DAMAGED);
}

WL_SUITE(archive_format)
{
	WL_TEST(a_range_of_any_size_is_read_as_it_was_written),
	WL_TEST(a_range_in_the_middle_says_what_it_follows),
	WL_TEST(a_file_torn_at_any_byte_is_refused),
	WL_TEST(a_file_with_zeros_from_any_byte_on_is_refused),
	WL_TEST(a_flipped_bit_anywhere_is_noticed),
	WL_TEST(impossible_numbers_are_damage_in_spite_of_the_checksum),
	WL_TEST(another_version_is_named_and_not_called_damaged),
	WL_TEST(a_header_over_other_entries_is_refused),
	WL_TEST(names_say_the_first_index_and_nothing_else_is_one),
	WL_TEST(the_page_of_a_backup_is_read_as_it_was_written),
	WL_TEST(a_backup_whose_entries_do_not_meet_its_base_is_damaged),
};

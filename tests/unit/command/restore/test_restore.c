/* SPDX-License-Identifier: BSD-3-Clause */
/* From backups and archives that a journal in memory makes, into a directory on the disk: what a start then finds there, and what is refused. */
#include "command/restore/restore.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/tool_journal.h"
#include "dataplane/base/cluster_id.h"
#include "dataplane/log/rescue.h"
#include "tests/unit/command/backup_fixture.h"
#include "tests/unit/dataplane/store/store_fixture.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static struct backup_fixture *fixture;
static struct store_fixture target;
static struct wl_config config;
static struct wl_restore_source source;
static struct wl_restore_result result;
static struct wl_tool_journal journal;
static char reason[1024];
static char archives[4][BACKUP_FIXTURE_PATH_BYTES];

static void begin(enum backup_fixture_proof proof)
{
	fixture = malloc(sizeof(*fixture));
	store_fixture_init(&target);
	backup_fixture_init(fixture, proof);
	memset(&config, 0, sizeof(config));
	memcpy(config.cluster, fixture->base.identity.cluster, sizeof(config.cluster));
	config.node = 1; /* another one than made the backup */
	config.voters = 0xe;
	config.journal_count = BACKUP_FIXTURE_JOURNALS;
	config.segment_bytes = STORE_SEGMENT_BYTES;
	config.log_bytes_max = 16 * STORE_SEGMENT_BYTES;
	config.sessions = 16;
	snprintf(config.storage_path, sizeof(config.storage_path), "%.255s", target.data);
	target.config.path = config.storage_path;
	target.config.cluster = config.cluster;
	target.config.node = config.node;
	target.config.journal_count = config.journal_count;
	target.config.voters = config.voters;
	source = (struct wl_restore_source){.backup = fixture->backup, .journal = FIXTURE_JOURNAL};
}

static void end(void)
{
	backup_fixture_fini(fixture);
	store_fixture_fini(&target);
	free(fixture);
}

static int make(void)
{
	return wl_restore_make(&result, &source, &config, reason, sizeof(reason));
}

static void must_make(void)
{
	int status = make();

	if (status != 0)
		fprintf(stderr, "%s\n", reason);
	CU_ASSERT_EQUAL_FATAL(status, 0);
}

static bool says(const char *text)
{
	if (strstr(reason, text))
		return true;
	fprintf(stderr, "it says: %s\n", reason);
	return false;
}

static bool is_nothing_there(void)
{
	return access(config.storage_path, F_OK) != 0;
}

static void add_archive(const char *name, uint64_t before, uint64_t last)
{
	uint32_t at = source.archive_count;

	backup_fixture_write_range(fixture, name, before, last, archives[at]);
	source.archives[at] = archives[at];
	source.archive_count++;
}

/* As a start would open it: all entries behind `before` up to `last` are those of the journal that was backed up. */
static void expect_data(uint64_t before, uint64_t last, uint64_t base)
{
	const struct wl_archive_place end_place = backup_fixture_place(fixture, last);
	struct wl_store *store = store_fixture_must_open(&target);
	const struct wl_superblock *record = wl_store_superblock(store);
	const struct wl_superblock_journal *of = &record->journals[FIXTURE_JOURNAL];
	struct wl_tool_journal_store from = {store, FIXTURE_JOURNAL};
	struct wl_tool_journal_source opened;
	struct wl_reader_view view, original;
	struct wl_reader reader;

	CU_ASSERT_FALSE(record->unfinished);
	CU_ASSERT_EQUAL(record->node, 1);
	CU_ASSERT_EQUAL(record->incarnation, result.incarnation);
	CU_ASSERT_EQUAL(of->rescued, result.histories[FIXTURE_JOURNAL]);
	CU_ASSERT_TRUE(of->term >= WL_RESCUE_TERMS);
	CU_ASSERT_TRUE(of->caught_up_boot != 0);
	CU_ASSERT_EQUAL(of->commit.index, last);
	CU_ASSERT_EQUAL(of->vote, 0);
	wl_tool_journal_of_store(&from, &opened);
	opened.from_begin = true;
	CU_ASSERT_EQUAL_FATAL(wl_tool_journal_open(&journal, &opened), 0);
	CU_ASSERT_FALSE(wl_tool_journal_is_damaged(&journal));
	CU_ASSERT_FALSE(journal.damaged_below);
	CU_ASSERT_EQUAL(wl_tool_journal_base(&journal), base);
	CU_ASSERT_EQUAL(journal.log.begin.position.index, before);
	CU_ASSERT_EQUAL(journal.log.tail.index, last);
	CU_ASSERT_EQUAL(journal.log.tail_chain, end_place.chain);
	CU_ASSERT_EQUAL(journal.log.next_number, end_place.next_number);
	wl_reader_init(&reader, &fixture->base.log.log, before + 1, 1);
	wl_tool_journal_seek(&journal, before + 1);
	for (uint64_t index = before + 1; index <= last; index++) {
		CU_ASSERT_EQUAL_FATAL(wl_tool_journal_next(&journal, &view), WL_READER_ENTRY);
		CU_ASSERT_EQUAL_FATAL(log_fixture_read(&fixture->base.log, &reader,
						       fixture->base.commit, &original),
				      WL_READER_ENTRY);
		CU_ASSERT_EQUAL_FATAL(view.bytes, original.bytes);
		CU_ASSERT_EQUAL(memcmp(view.image, original.image, view.bytes), 0);
	}
	wl_tool_journal_close(&journal);
	wl_store_close(store);
}

/* ---- what is restored ----------------------------------------------------------------------------- */

static void all_entries_from_the_origin_and_the_base(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 0, fixture->last, true);
	CU_ASSERT_EQUAL(wl_restore_look(&result, &source, &config, reason, sizeof(reason)), 0);
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].behind.position.index, fixture->last);
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].sessions, 3);
	CU_ASSERT_TRUE(result.journals[FIXTURE_JOURNAL].base_made);
	CU_ASSERT_TRUE(result.journals[FIXTURE_JOURNAL].proof > fixture->base_index);
	CU_ASSERT_EQUAL(result.incarnation, 0);
	CU_ASSERT_TRUE(is_nothing_there());
	must_make();
	expect_data(0, fixture->last, fixture->base_index);
	end();
}

static void one_that_was_trimmed_begins_where_the_backup_does(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 11, fixture->last, true);
	must_make();
	expect_data(11, fixture->last, fixture->base_index);
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].sessions, 3);
	end();
}

static void one_that_begins_at_its_base(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, fixture->base_index, fixture->last, true);
	must_make();
	expect_data(fixture->base_index, fixture->last, fixture->base_index);
	end();
}

static void a_base_and_no_entries(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, fixture->base_index, fixture->base_index, true);
	CU_ASSERT_EQUAL(make(), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_TRUE(says("no entry proves its base"));
	CU_ASSERT_TRUE(is_nothing_there());
	source.unproven = true;
	must_make();
	expect_data(fixture->base_index, fixture->base_index, fixture->base_index);
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].proof, 0);
	end();
}

static void entries_without_a_base(void)
{
	begin(BACKUP_FIXTURE_PROVEN_NOT);
	backup_fixture_write(fixture, 0, 20, false);
	must_make();
	expect_data(0, 20, 0);
	end();
}

/* A base is its entries' own word where all of them are there. */
static void what_begins_at_the_origin_proves_its_base_itself(void)
{
	begin(BACKUP_FIXTURE_PROVEN_NOT);
	backup_fixture_write(fixture, 0, fixture->last, true);
	must_make();
	CU_ASSERT_TRUE(result.journals[FIXTURE_JOURNAL].base_made);
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].proof, 0);
	expect_data(0, fixture->last, fixture->base_index);
	end();
}

static void larger_segments_than_the_backed_up_node_had(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 11, fixture->last, true);
	config.segment_bytes = target.config.segment_bytes = 4 * STORE_SEGMENT_BYTES;
	must_make();
	expect_data(11, fixture->last, fixture->base_index);
	end();
}

static void archives_go_on_behind_the_backup(void)
{
	uint64_t middle;

	begin(BACKUP_FIXTURE_PROVEN);
	middle = fixture->base_index + 4;
	backup_fixture_write(fixture, 5, fixture->base_index, true);
	CU_ASSERT_EQUAL(make(), WIRELOG_INVALID_ARGUMENT); /* the proof stands behind */
	add_archive("one", 2, middle); /* both overlap: with the backup, and with each other */
	add_archive("other", middle - 2, fixture->last);
	must_make();
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].of_archives,
			fixture->last - fixture->base_index);
	expect_data(5, fixture->last, fixture->base_index);
	end();
}

static void nothing_above_the_wanted_record(void)
{
	struct wl_archive_place place;

	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 0, fixture->last, true);
	place = backup_fixture_place(fixture, 20);
	source.to_number = place.next_number - 1;
	must_make(); /* below its base, which is left out */
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].behind.next_number, place.next_number);
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].base_index, 0);
	expect_data(0, result.journals[FIXTURE_JOURNAL].behind.position.index, 0);
	end();
}

static void below_the_base_there_is_no_state_without_the_first_entries(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 5, fixture->last, true);
	source.to_number = backup_fixture_place(fixture, 20).next_number - 1;
	CU_ASSERT_EQUAL(make(), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_TRUE(says("BELOW_BASE"));
	source.to_number = backup_fixture_place(fixture, fixture->last).next_number;
	CU_ASSERT_EQUAL(make(), WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_TRUE(says("is wanted"));
	CU_ASSERT_TRUE(is_nothing_there());
	end();
}

/* ---- what is refused ------------------------------------------------------------------------------- */

static void a_gap_before_an_archive(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 0, 20, false);
	add_archive("behind", 22, fixture->last);
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_TRUE(says("entries 21 to 22 are missing [GAP]"));
	add_archive("between", 19, 22);
	must_make();
	expect_data(0, fixture->last, 0);
	end();
}

static void flip(const char *folder, uint64_t first, uint64_t at)
{
	char path[2 * BACKUP_FIXTURE_PATH_BYTES], name[WL_ARCHIVE_NAME_BYTES];

	wl_archive_name(name, first);
	snprintf(path, sizeof(path), "%s/journal-%02u/%s", folder, FIXTURE_JOURNAL, name);
	store_fixture_fill(path, at, 0x5a, 1);
}

static void a_damaged_archive_unless_another_one_has_it(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 0, 20, false);
	add_archive("one", 20, fixture->last);
	flip(archives[0], 21, WL_ARCHIVE_HEADER_BYTES + 3000);
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_TRUE(says("[ENTRY]"));
	CU_ASSERT_TRUE(says("one/journal-03"));
	add_archive("other", 20, fixture->last);
	must_make();
	expect_data(0, fixture->last, 0);
	end();
}

/* The same up to an entry, and then others. */
static void fork_at_the_end(struct backup_fixture *one, uint32_t record_bytes)
{
	for (unsigned at = 0; at < 5; at++)
		base_fixture_append(&one->base, 0, record_bytes);
	base_fixture_commit_all(&one->base);
	one->last = one->base.commit;
}

static void an_archive_of_another_history(void)
{
	struct backup_fixture *other = malloc(sizeof(*other));
	char path[BACKUP_FIXTURE_PATH_BYTES];
	uint64_t fork;

	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_init(other, BACKUP_FIXTURE_PROVEN);
	fork = fixture->last;
	fork_at_the_end(fixture, 100);
	fork_at_the_end(other, 200);
	backup_fixture_write(fixture, 5, fork + 2, true);
	backup_fixture_write_range(other, "theirs", fork - 3, other->last, path);
	source.archives[source.archive_count++] = path;
	CU_ASSERT_EQUAL(make(), WIRELOG_OTHER_HISTORY);
	CU_ASSERT_TRUE(says("[CHAIN]"));
	CU_ASSERT_TRUE(is_nothing_there());
	/* One that parts from it behind the backup's end is the history that is left. */
	backup_fixture_write(fixture, 5, fork, true);
	must_make();
	CU_ASSERT_EQUAL(result.journals[FIXTURE_JOURNAL].behind.chain,
			backup_fixture_place(other, other->last).chain);
	backup_fixture_fini(other);
	free(other);
	end();
}

static void a_damaged_backup_with_the_place(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 0, fixture->last, true);
	flip(fixture->backup, 1, WL_ARCHIVE_HEADER_BYTES + 9000);
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_TRUE(says("[ENTRY]"));
	CU_ASSERT_TRUE(says("behind entry "));
	backup_fixture_write(fixture, 0, fixture->last, true);
	fixture->page.journals[FIXTURE_JOURNAL].base_digest ^= 1;
	backup_fixture_write_page(fixture);
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_TRUE(says("OTHER_BASE"));
	backup_fixture_write(fixture, 0, fixture->last - 2, true);
	fixture->page.journals[FIXTURE_JOURNAL].behind =
		backup_fixture_place(fixture, fixture->last);
	backup_fixture_write_page(fixture);
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_TRUE(says("do not end where the page says"));
	CU_ASSERT_TRUE(is_nothing_there());
	end();
}

static void a_base_that_a_majority_made_otherwise(void)
{
	begin(BACKUP_FIXTURE_PROVEN_OTHERWISE);
	backup_fixture_write(fixture, 5, fixture->last, true);
	source.unproven = true;
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_DAMAGED);
	CU_ASSERT_TRUE(says("NOT_PROVEN_SO"));
	end();
}

static void what_does_not_fit_the_configuration(void)
{
	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 5, fixture->last, true);
	config.journal_count--;
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_GEOMETRY);
	config.journal_count++;
	config.cluster[3] ^= 1;
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_FOREIGN);
	config.cluster[3] ^= 1;
	config.sessions = 2;
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_GEOMETRY);
	CU_ASSERT_TRUE(says("limits.sessions"));
	config.sessions = 16;
	config.log_bytes_max = 2 * STORE_SEGMENT_BYTES;
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_FULL);
	CU_ASSERT_TRUE(says("log.bytes_max"));
	CU_ASSERT_TRUE(is_nothing_there());
	end();
}

static void a_place_where_anything_lies(void)
{
	static struct wl_restore_result first;
	char stranger[300];

	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 5, fixture->last, true);
	must_make();
	first = result;
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_OCCUPIED); /* its own data, too */
	result = first;
	expect_data(5, fixture->last, fixture->base_index);
	store_fixture_fini(&target);
	mkdir(target.directory, 0700);
	mkdir(target.data, 0700);
	snprintf(stranger, sizeof(stranger), "%.250s/photographs", target.data);
	mkdir(stranger, 0700);
	CU_ASSERT_EQUAL(make(), WIRELOG_STORE_NOT_OURS);
	end();
}

/* ---- what is not finished -------------------------------------------------------------------------- */

/* Nobody takes it for data; and who asks again gets all of it. */
static void wherever_the_writing_ends_nothing_is_taken_for_data(void)
{
	unsigned whole = 0, steps = 0;

	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 5, fixture->last, true);
	/* Most of the writes fill segments with zeros. */
	for (unsigned writes = 0; whole == 0; writes += writes < 6 ? 1 : 7) {
		struct wl_store *store = NULL;
		int status;

		store_fixture_cut_writes(writes, 512 * (writes % 9));
		status = make();
		if (!store_fixture_end_cut()) {
			CU_ASSERT_EQUAL_FATAL(status, 0);
			whole++;
			continue;
		}
		steps++;
		CU_ASSERT_NOT_EQUAL_FATAL(status, 0);
		status = store_fixture_open(&target, &store);
		if (status == 0) {
			/* Before the first superblock was whole: a start begins anew there, as in an empty directory. */
			CU_ASSERT_EQUAL(wl_store_superblock(store)->boot_count, 0);
			CU_ASSERT_EQUAL(wl_store_superblock(store)->journals[3].rescued, 0);
			CU_ASSERT_EQUAL(wl_store_segment_count(store, FIXTURE_JOURNAL), 0);
			wl_store_close(store);
			store_fixture_fini(&target);
			mkdir(target.directory, 0700);
			continue;
		}
		CU_ASSERT_EQUAL(status, WIRELOG_STORE_UNFINISHED);
	}
	CU_ASSERT_TRUE(steps > 10);
	expect_data(5, fixture->last, fixture->base_index);
	end();
}

static void only_a_restore_opens_what_is_not_finished(void)
{
	struct wl_store *store;

	begin(BACKUP_FIXTURE_PROVEN);
	backup_fixture_write(fixture, 5, fixture->last, true);
	store_fixture_cut_writes(40, 0);
	CU_ASSERT_NOT_EQUAL(make(), 0);
	CU_ASSERT_TRUE(store_fixture_end_cut());
	CU_ASSERT_EQUAL(store_fixture_open(&target, &store), WIRELOG_STORE_UNFINISHED);
	target.config = (struct wl_store_config){.path = config.storage_path, .read_only = true};
	CU_ASSERT_EQUAL(store_fixture_open(&target, &store), WIRELOG_STORE_UNFINISHED);
	end();
}

WL_SUITE(restore_files)
{
	WL_TEST(all_entries_from_the_origin_and_the_base),
	WL_TEST(one_that_was_trimmed_begins_where_the_backup_does),
	WL_TEST(one_that_begins_at_its_base),
	WL_TEST(a_base_and_no_entries),
	WL_TEST(entries_without_a_base),
	WL_TEST(what_begins_at_the_origin_proves_its_base_itself),
	WL_TEST(larger_segments_than_the_backed_up_node_had),
	WL_TEST(archives_go_on_behind_the_backup),
	WL_TEST(nothing_above_the_wanted_record),
	WL_TEST(below_the_base_there_is_no_state_without_the_first_entries),
	WL_TEST(a_gap_before_an_archive),
	WL_TEST(a_damaged_archive_unless_another_one_has_it),
	WL_TEST(an_archive_of_another_history),
	WL_TEST(a_damaged_backup_with_the_place),
	WL_TEST(a_base_that_a_majority_made_otherwise),
	WL_TEST(what_does_not_fit_the_configuration),
	WL_TEST(a_place_where_anything_lies),
	WL_TEST(wherever_the_writing_ends_nothing_is_taken_for_data),
	WL_TEST(only_a_restore_opens_what_is_not_finished),
};

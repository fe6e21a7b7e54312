/* SPDX-License-Identifier: BSD-3-Clause */
/* The judge of what is restored, entry by entry: a journal in memory, and the page that a backup of a part of it would have. */
#include "dataplane/state/restore.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

static struct base_fixture *fixture;
static struct wl_restore restore;
static struct wl_backup_journal page;
static struct wl_base_header base;
static struct wl_archive_place places[128];
static void *memory;

/* Sessions, records, a base at `page.base_index`, more records; `proof`: as base_fixture_prove. */
static void begin(bool proves, uint64_t flip)
{
	struct wl_archive_range range = {0};
	struct wl_reader_view view;
	struct wl_reader reader;

	fixture = malloc(sizeof(*fixture));
	base_fixture_init(fixture, 16, 1);
	base_fixture_open_sessions(fixture, 3);
	for (unsigned at = 0; at < 9; at++)
		base_fixture_append(fixture, at % 3, 100);
	base_fixture_commit_all(fixture);
	memset(&page, 0, sizeof(page));
	page.base_index = base_fixture_base(fixture);
	base_fixture_commit_all(fixture);
	base = base_fixture_header(fixture, 1);
	page.base_digest = base.digest = base_fixture_digest_of(fixture, page.base_index);
	if (proves)
		base_fixture_prove(fixture, flip);
	for (unsigned at = 0; at < 9; at++)
		base_fixture_append(fixture, at % 3, 100);
	base_fixture_commit_all(fixture);
	places[0] = wl_archive_place_of_begin(&fixture->log.log.begin);
	wl_archive_range_begin(&range, &places[0]);
	wl_reader_init(&reader, &fixture->log.log, 1, 1);
	while (log_fixture_read(&fixture->log, &reader, fixture->commit, &view) ==
	       WL_READER_ENTRY) {
		CU_ASSERT_EQUAL(wl_archive_range_add(&range, view.image, &view.header), 0);
		places[range.behind.position.index] = range.behind;
	}
	CU_ASSERT_TRUE_FATAL(fixture->commit < 128);
}

static void start(uint64_t before, uint64_t to_number, uint32_t sessions_max)
{
	const struct wl_restore_config config = {.page = &page,
						 .sessions_max = sessions_max,
						 .to_number = to_number};

	free(memory);
	memory = malloc(wl_restore_memory_bytes(sessions_max));
	page.before = places[before];
	page.behind = places[fixture->commit];
	wl_restore_init(&restore, &config, memory);
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(wl_restore_check(&restore));
	base_fixture_fini(fixture);
	free(fixture);
	free(memory);
	memory = NULL;
}

/* Entries from `first` on, to the last one or to what is not taken. */
static enum wl_restore_verdict take(uint64_t first)
{
	enum wl_restore_verdict verdict = WL_RESTORE_OK;
	struct wl_reader_view view;
	struct wl_reader reader;

	wl_reader_init(&reader, &fixture->log.log, first, 1);
	while (verdict == WL_RESTORE_OK &&
	       log_fixture_read(&fixture->log, &reader, fixture->commit, &view) == WL_READER_ENTRY)
		verdict = wl_restore_take(&restore, view.image, &view.header);
	return verdict;
}

static void entries_from_the_origin_make_the_state_and_the_base(void)
{
	begin(false, 0);
	start(0, 0, 16);
	CU_ASSERT_PTR_NULL(wl_restore_base_state(&restore));
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(1), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(wl_restore_end(&restore), WL_RESTORE_OK);
	CU_ASSERT_TRUE(restore.base_made && wl_restore_is_proven(&restore));
	CU_ASSERT_EQUAL(restore.entries, fixture->commit);
	CU_ASSERT_EQUAL(wl_state_digest(&restore.state), wl_state_digest(&fixture->state));
	end();
}

static void a_base_that_its_entries_do_not_make(void)
{
	begin(false, 0);
	page.base_digest = base.digest ^= 4;
	start(0, 0, 16);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(1), WL_RESTORE_OTHER_BASE);
	base.digest ^= 4;
	start(0, 0, 16);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OTHER_BASE);
	page.base_digest = base.digest;
	base.log.chain ^= 1; /* it says another entry */
	start(0, 0, 16);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(1), WL_RESTORE_OTHER_BASE);
	end();
}

static void what_a_majority_made_of_it_is_believed(void)
{
	begin(true, 1);
	start(0, 0, 16);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(1), WL_RESTORE_NOT_PROVEN_SO);
	end();
	begin(true, 0);
	start(0, 0, 16);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(1), WL_RESTORE_OK);
	CU_ASSERT_TRUE(restore.proof > page.base_index);
	end();
}

static void an_entry_that_does_not_follow(void)
{
	begin(false, 0);
	start(0, 0, 16);
	CU_ASSERT_EQUAL(take(2), WL_RESTORE_CHAIN);
	CU_ASSERT_EQUAL(restore.entries, 0);
	start(3, 0, 16);
	page.before.chain ^= 1;
	start(3, 0, 16);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	restore.seen.behind.chain ^= 1;
	CU_ASSERT_EQUAL(take(4), WL_RESTORE_CHAIN);
	restore.seen.behind.chain ^= 1;
	end();
}

static void nothing_above_the_wanted_number_is_taken(void)
{
	begin(false, 0);
	for (uint64_t wanted = 1; wanted <= 18; wanted++) {
		start(0, wanted, 16);
		CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
		CU_ASSERT_EQUAL(take(1), wanted < 18 ? WL_RESTORE_ENOUGH : WL_RESTORE_OK);
		CU_ASSERT_EQUAL(restore.seen.behind.next_number, wanted + 1);
		CU_ASSERT_EQUAL(wl_restore_end(&restore), WL_RESTORE_OK);
		CU_ASSERT_EQUAL(wl_restore_has_base(&restore), wanted >= 9);
	}
	start(3, 4, 16);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(4), WL_RESTORE_ENOUGH);
	CU_ASSERT_EQUAL(wl_restore_end(&restore), WL_RESTORE_BELOW_BASE);
	end();
}

static void a_node_with_room_for_fewer_sessions(void)
{
	const struct wl_journal_limits limits = {.value = {0, 0, 0, 12, 0}};
	struct wl_control control = wl_control_of_limits(&limits, 0);

	begin(false, 0);
	base_fixture_control(fixture, &control);
	base_fixture_commit_all(fixture);
	start(0, 0, 11);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(1), WL_RESTORE_SESSIONS);
	start(0, 0, 12);
	CU_ASSERT_EQUAL(wl_restore_on_base(&restore, &base), WL_RESTORE_OK);
	CU_ASSERT_EQUAL(take(1), WL_RESTORE_OK);
	end();
}

static void each_verdict_has_its_words(void)
{
	for (unsigned at = 0; at < WL_RESTORE_VERDICTS; at++) {
		CU_ASSERT_TRUE(strlen(wl_restore_verdict_name(at)) >= 2);
		CU_ASSERT_TRUE(strlen(wl_restore_verdict_text(at)) > 10);
	}
}

WL_SUITE(restore)
{
	WL_TEST(entries_from_the_origin_make_the_state_and_the_base),
	WL_TEST(a_base_that_its_entries_do_not_make),
	WL_TEST(what_a_majority_made_of_it_is_believed),
	WL_TEST(an_entry_that_does_not_follow),
	WL_TEST(nothing_above_the_wanted_number_is_taken),
	WL_TEST(a_node_with_room_for_fewer_sessions),
	WL_TEST(each_verdict_has_its_words),
};

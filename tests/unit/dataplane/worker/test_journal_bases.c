/* SPDX-License-Identifier: BSD-3-Clause */
/* A journal that starts from a base, and what its worker and its base maker tell each other. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/worker/journal.h"
#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

#define SESSIONS_MAX 60u

static struct base_fixture fixture;
static struct wl_journal journal;
static void *journal_memory;
static uint8_t *ring;
static unsigned emptied;
static uint64_t read_bytes;

static void large_entries(unsigned entries)
{
	if (fixture.session_count == 0)
		base_fixture_open_sessions(&fixture, 4);
	while (entries-- != 0) {
		base_fixture_append(&fixture, entries % 4, 180000);
		/* What a later entry calls committed is applied while its image is in the ring. */
		if (entries % 5 == 0)
			base_fixture_commit_all(&fixture);
	}
}

/* Enough for some segments, a base, and its proof. */
static void proven_base(void)
{
	large_entries(50);
	base_fixture_base(&fixture);
	base_fixture_commit_all(&fixture);
	base_fixture_tell(&fixture);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, UINT64_MAX));
	base_fixture_prove(&fixture, 0);
	base_fixture_commit_all(&fixture);
	base_fixture_tell(&fixture);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, UINT64_MAX));
}

static void trim(uint64_t number)
{
	base_fixture_control(&fixture,
			     &(struct wl_control){.verb = WL_CONTROL_TRIM, .number = number});
	base_fixture_commit_all(&fixture);
}

static void end(void)
{
	free(journal_memory);
	free(ring);
	journal_memory = NULL;
	ring = NULL;
	base_fixture_fini(&fixture);
}

static void load_base(void)
{
	struct wl_base_target target = wl_journal_base_target(&journal, 0);
	struct wl_base_load load;

	emptied = 0;
	wl_base_load_init(&load, &fixture.identity, &target, fixture.log.window,
			  FIXTURE_WINDOW_BYTES);
	while (load.state != WL_BASE_LOAD_DONE) {
		const struct base_fixture_place *place;
		unsigned which;
		uint64_t at;
		uint32_t bytes;

		if (load.state == WL_BASE_LOAD_WANTS_EMPTY) {
			emptied++;
			wl_journal_empty(&journal);
			wl_base_load_on_empty(&load);
			continue;
		}
		wl_base_load_want(&load, &which, &at, &bytes);
		place = &fixture.places[which];
		if (place->size != 0)
			memcpy(fixture.log.window, place->bytes + at, bytes);
		wl_base_load_on_read(&load, place->size != 0 ? WL_DISK_OK : WL_DISK_ABSENT);
	}
	if (load.verdict == WL_BASE_OK)
		wl_journal_loaded(&journal);
}

/* Another process on the same drive and bases. */
static void start(void)
{
	struct wl_journal_config config = {
		.log = fixture.log.config,
		.service = {.node = FIXTURE_NODE,
			    .journal = FIXTURE_JOURNAL,
			    .record_bytes_max = 65536,
			    .reply_slots = 64,
			    .sessions_max = SESSIONS_MAX,
			    .subscriptions_max = 4,
			    .read_buffers = 1},
	};
	size_t size = wl_align_up(wl_journal_memory_bytes(&config), WL_BLOCK_BYTES);
	struct wl_recovery recovery;
	uint64_t offset;
	uint32_t bytes;

	free(journal_memory);
	free(ring);
	journal_memory = aligned_alloc(WL_BLOCK_BYTES, size);
	ring = aligned_alloc(WL_BLOCK_BYTES, config.log.ring_bytes);
	memset(journal_memory, 0, size);
	wl_journal_init(&journal, &config, ring, journal_memory);
	load_base();
	wl_recovery_init(&recovery, &journal.log, fixture.log.drive.segments, 0,
			 log_fixture_window(&fixture.log));
	wl_journal_recover(&journal, &recovery);
	read_bytes = 0;
	while (recovery.state == WL_RECOVERY_WANTS_READ) {
		wl_recovery_want(&recovery, &offset, &bytes);
		read_bytes += bytes;
		wl_recovery_on_read(&recovery, memory_drive_read(&fixture.log.drive, offset,
								 fixture.log.window, bytes));
	}
	CU_ASSERT_EQUAL_FATAL(recovery.state, WL_RECOVERY_DONE);
	/* What the replica would know of commits; nothing else of it is asked here. */
	journal.replica.commit = journal.log.tail.index;
	wl_service_restore(journal.service, journal.replica.commit);
}

static bool has_the_state(void)
{
	return wl_state_digest(wl_service_state(journal.service)) ==
	       wl_state_digest(&fixture.state);
}

static void a_start_goes_on_from_the_newest_base(void)
{
	uint64_t from_beginning;

	base_fixture_init(&fixture, SESSIONS_MAX, 1);
	proven_base();
	proven_base();
	base_fixture_append(&fixture, 0, 100);
	base_fixture_commit_all(&fixture);
	start();
	CU_ASSERT_EQUAL(journal.opened_from, base_fixture_report(&fixture).newest.index);
	CU_ASSERT_TRUE(has_the_state());
	CU_ASSERT_EQUAL(journal.log.tail.index, fixture.log.log.tail.index);
	CU_ASSERT_PTR_NULL(wl_log_check(&journal.log));
	from_beginning = read_bytes;
	memset(fixture.places[0].bytes, 0, fixture.places[0].size);
	memset(fixture.places[1].bytes, 0, fixture.places[1].size);
	start();
	CU_ASSERT_EQUAL(journal.opened_from, 0);
	CU_ASSERT_EQUAL(journal.log.tail.index, fixture.log.log.tail.index);
	CU_ASSERT_TRUE(from_beginning < read_bytes);
	end();
}

static void a_newest_base_that_rotted_gives_way_to_the_one_before(void)
{
	struct wl_base_report report;

	base_fixture_init(&fixture, SESSIONS_MAX, 2);
	base_fixture_open_sessions(&fixture, 50); /* a base of more than a block */
	for (unsigned at = 0; at < 600; at++)
		base_fixture_append(&fixture, at % 40, 8);
	proven_base();
	proven_base();
	report = base_fixture_report(&fixture);
	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		if (fixture.maker.places[place].index == report.newest.index)
			fixture.places[place].bytes[fixture.places[place].size - 9] ^= 1;
	start();
	CU_ASSERT_EQUAL(emptied, 1);
	CU_ASSERT_EQUAL(journal.opened_from, report.before.index);
	CU_ASSERT_TRUE(has_the_state());
	end();
}

static void tell_maker(struct wl_base_report *report)
{
	wl_base_exchange_report(&journal.bases, report);
	wl_journal_tend_bases(&journal);
}

static void only_what_is_trimmed_and_below_two_proven_bases_is_given_up(void)
{
	struct wl_base_report report;
	struct wl_base_limit limit;

	base_fixture_init(&fixture, SESSIONS_MAX, 3);
	proven_base();
	proven_base();
	large_entries(50);
	start();
	report = base_fixture_report(&fixture);
	tell_maker(&report); /* nothing is trimmed */
	CU_ASSERT_EQUAL(journal.log.begin.position.index, 0);
	CU_ASSERT_EQUAL(journal.replica.base_index, report.newest.index);
	CU_ASSERT_EQUAL(journal.replica.base_digest, report.newest.digest);
	trim(UINT64_MAX);
	start();
	report.newest.proven = false;
	tell_maker(&report); /* rule 11 */
	CU_ASSERT_EQUAL(journal.log.begin.position.index, 0);
	report.newest.proven = true;
	tell_maker(&report);
	CU_ASSERT_TRUE(journal.log.begin.offset > 2 * WL_BLOCK_BYTES);
	CU_ASSERT_TRUE(journal.log.begin.offset <= report.before.walk_offset); /* rule 12 */
	CU_ASSERT_PTR_NULL(wl_log_check(&journal.log));
	/* The maker is told so in the same moment. */
	CU_ASSERT_TRUE(wl_base_exchange_told(&journal.bases, &limit));
	CU_ASSERT_EQUAL(limit.begin.position.index, journal.log.begin.position.index);
	end();
}

static void what_is_not_applied_is_not_given_up(void)
{
	struct wl_base_report report;

	base_fixture_init(&fixture, SESSIONS_MAX, 4);
	proven_base();
	proven_base();
	trim(UINT64_MAX);
	start();
	report = base_fixture_report(&fixture);
	/* As when it cannot read its medium for a while, and its maker can. */
	wl_service_state(journal.service)->sessions.applied_index = 3;
	tell_maker(&report);
	CU_ASSERT_EQUAL(journal.log.begin.position.index, 0);
	end();
}

/* An entry that is committed by others and not durable here yet is none that the maker may look for. */
static void the_maker_is_told_no_commit_above_what_is_durable(void)
{
	struct wl_base_limit limit;

	base_fixture_init(&fixture, SESSIONS_MAX, 5);
	proven_base();
	start();
	journal.replica.commit = journal.log.tail.index;
	journal.log.durable.index -= 3;
	wl_journal_tend_bases(&journal);
	CU_ASSERT_TRUE(wl_base_exchange_told(&journal.bases, &limit));
	CU_ASSERT_EQUAL(limit.commit, journal.log.durable.index);
	CU_ASSERT_EQUAL(limit.durable_offset, journal.log.durable_offset);
	CU_ASSERT_EQUAL(limit.base_mark, fixture.state.base_mark);
	end();
}

/*
 * The newest base could not be read when the journal was opened, and its maker reads it a moment later: what is known to be committed
 * by then ends below it.
 */
static void a_base_above_what_is_known_to_be_committed_is_none_yet(void)
{
	struct wl_base_report report;

	base_fixture_init(&fixture, SESSIONS_MAX, 6);
	proven_base();
	proven_base();
	trim(UINT64_MAX);
	start();
	report = base_fixture_report(&fixture);
	journal.replica.commit = report.newest.index - 1;
	tell_maker(&report);
	CU_ASSERT_EQUAL(journal.replica.base_index, 0);
	CU_ASSERT_EQUAL(journal.replica.base_digest, 0);
	CU_ASSERT_EQUAL(journal.log.begin.position.index, 0);
	journal.replica.commit = report.newest.index;
	tell_maker(&report);
	CU_ASSERT_EQUAL(journal.replica.base_index, report.newest.index);
	CU_ASSERT_TRUE(journal.log.begin.position.index != 0);
	end();
}

WL_SUITE(journal_bases)
{
	WL_TEST(a_start_goes_on_from_the_newest_base),
	WL_TEST(a_newest_base_that_rotted_gives_way_to_the_one_before),
	WL_TEST(only_what_is_trimmed_and_below_two_proven_bases_is_given_up),
	WL_TEST(what_is_not_applied_is_not_given_up),
	WL_TEST(the_maker_is_told_no_commit_above_what_is_durable),
	WL_TEST(a_base_above_what_is_known_to_be_committed_is_none_yet),
};

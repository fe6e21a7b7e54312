/* SPDX-License-Identifier: BSD-3-Clause */
/* The base maker beside a journal: what it applies, where it writes, what a crash at any step leaves, and how it stops. */
#include <string.h>

#include "tests/unit/dataplane/state/base_fixture.h"
#include "tests/unit/runner.h"

#define SESSIONS_MAX 60u
#define ALL UINT64_MAX

static struct base_fixture fixture;

static void begin(uint64_t seed)
{
	base_fixture_init(&fixture, SESSIONS_MAX, seed);
}

static void end(void)
{
	CU_ASSERT_PTR_NULL(fixture.broken);
	if (fixture.broken)
		fprintf(stderr, "%s\n", fixture.broken);
	base_fixture_fini(&fixture);
}

static void follow(void)
{
	base_fixture_tell(&fixture);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
}

/* It has applied what the worker has, and made the base of the newest mark. */
static void expect_in_step(void)
{
	struct wl_base_report report = base_fixture_report(&fixture);

	CU_ASSERT_EQUAL(report.stop, WL_BASE_STOP_NONE);
	CU_ASSERT_EQUAL(report.applied_index, fixture.state.sessions.applied_index);
	CU_ASSERT_EQUAL(wl_state_digest(&fixture.maker.applied), wl_state_digest(&fixture.state));
	CU_ASSERT_EQUAL(report.newest.index, fixture.state.base_mark);
	CU_ASSERT_EQUAL(report.newest.digest,
			base_fixture_digest_of(&fixture, fixture.state.base_mark));
}

static void load_of(unsigned entries)
{
	if (fixture.session_count == 0)
		base_fixture_open_sessions(&fixture, 4);
	while (entries-- != 0)
		base_fixture_append(&fixture, entries % 4, 500);
}

/* A mark, its base, and both committed. Returns the mark. */
static uint64_t mark(bool proven)
{
	load_of(20);
	base_fixture_base(&fixture);
	base_fixture_commit_all(&fixture);
	follow();
	if (proven) {
		base_fixture_prove(&fixture, 0);
		base_fixture_commit_all(&fixture);
		follow();
	}
	return fixture.state.base_mark;
}

static void a_base_is_made_of_the_entry_that_asks_for_it(void)
{
	uint64_t index;

	begin(1);
	index = mark(false);
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).newest.index, index);
	CU_ASSERT_FALSE(base_fixture_report(&fixture).newest.proven);
	load_of(30); /* and it goes on behind it */
	base_fixture_commit_all(&fixture);
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 1);
	end();
}

static void nothing_is_made_without_a_mark_in_effect(void)
{
	begin(2);
	load_of(30);
	base_fixture_control(&fixture,
			     &(struct wl_control){.verb = WL_CONTROL_BASE, .expects = 17});
	base_fixture_commit_all(&fixture);
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 0);
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).newest.index, 0);
	end();
}

static void what_is_not_committed_is_not_applied(void)
{
	begin(3);
	load_of(10);
	base_fixture_commit_all(&fixture);
	load_of(10);
	base_fixture_base(&fixture);
	base_fixture_settle(&fixture);
	follow();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).applied_index, fixture.commit);
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 0);
	base_fixture_commit_all(&fixture); /* of the same bytes more is committed */
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 1);
	end();
}

/* The dead one stands in the stream first, with the index that is committed in the end. */
static void a_branch_that_was_cut_away_leaves_no_trace(void)
{
	uint64_t cut;

	begin(4);
	load_of(10);
	base_fixture_commit_all(&fixture);
	cut = fixture.commit;
	load_of(5);
	base_fixture_base(&fixture);
	load_of(5);
	base_fixture_settle(&fixture);
	follow(); /* walked over, not applied */
	base_fixture_branch(&fixture, cut + 1);
	load_of(15);
	base_fixture_commit_all(&fixture);
	CU_ASSERT_EQUAL(fixture.state.base_mark, 0);
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 0);
	/* And for one that reads all of it at once. */
	base_fixture_start(&fixture);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
	follow();
	expect_in_step();
	end();
}

/* Where the walk pauses on its way nothing shows that these entries are dead: their indexes are committed, in another branch. */
static void a_long_branch_that_was_cut_away_leaves_no_trace(void)
{
	uint64_t cut;

	begin(23);
	load_of(10);
	base_fixture_commit_all(&fixture);
	cut = fixture.commit;
	for (unsigned at = 0; at < 40; at++)
		base_fixture_append(&fixture, at % 4, 180000);
	base_fixture_branch(&fixture, cut + 1);
	load_of(60);
	base_fixture_base(&fixture);
	base_fixture_commit_all(&fixture);
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 1);
	end();
}

/* More of the stream than its ring, its window and a step hold, with much of it not known to be committed. */
static void a_long_stream_is_applied_as_it_is(void)
{
	for (unsigned hints = 0; hints < 2; hints++) {
		begin(5);
		load_of(10);
		base_fixture_commit_all(&fixture);
		for (unsigned at = 0; at < 90; at++) {
			base_fixture_append(&fixture, at % 4, 180000);
			if (hints != 0 && at % 4 == 0)
				base_fixture_commit_all(&fixture);
			if (at == 40)
				base_fixture_base(&fixture);
		}
		base_fixture_commit_all(&fixture);
		base_fixture_start(&fixture);
		CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
		follow();
		expect_in_step();
		CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 1);
		end();
	}
}

static void it_goes_on_from_the_newest_base(void)
{
	uint64_t reads;

	begin(6);
	mark(true);
	for (unsigned at = 0; at < 60; at++)
		base_fixture_append(&fixture, at % 4, 180000);
	mark(false);
	load_of(10);
	base_fixture_commit_all(&fixture);
	follow();
	expect_in_step();
	fixture.steps = 0;
	base_fixture_start(&fixture);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
	reads = fixture.steps;
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 0);
	CU_ASSERT_TRUE(fixture.steps - reads < 5);
	CU_ASSERT_TRUE(base_fixture_report(&fixture).before.proven);
	end();
}

/* Rules 11 and 12: what is kept is told only of two that are proven, and the older one of them. */
static void what_is_kept_reaches_to_the_older_of_two_proven_bases(void)
{
	struct wl_base_report report;
	uint64_t first;

	begin(7);
	first = mark(true);
	report = base_fixture_report(&fixture);
	CU_ASSERT_EQUAL(wl_base_keep_offset(&report), 0);
	mark(false);
	report = base_fixture_report(&fixture);
	CU_ASSERT_EQUAL(wl_base_keep_offset(&report), 0);
	base_fixture_prove(&fixture, 0);
	base_fixture_commit_all(&fixture);
	follow();
	report = base_fixture_report(&fixture);
	CU_ASSERT_EQUAL(report.before.index, first);
	CU_ASSERT_TRUE(wl_base_keep_offset(&report) == report.before.walk_offset &&
		       report.before.walk_offset != 0);
	end();
}

/* Three more bases that nobody proves: the proven one stays where it is. */
static void the_newest_proven_base_is_never_written_over(void)
{
	uint64_t proven;

	begin(8);
	proven = mark(true);
	for (unsigned at = 0; at < 3; at++) {
		uint64_t index = mark(false);
		struct wl_base_report report = base_fixture_report(&fixture);

		CU_ASSERT_EQUAL(report.newest.index, index);
		CU_ASSERT_EQUAL(report.before.index, proven);
		CU_ASSERT_TRUE(report.before.proven);
	}
	end();
}

static void a_proven_base_that_is_not_ours_discards_ours(void)
{
	uint64_t first;
	struct wl_base_report report;

	begin(9);
	first = mark(true);
	mark(false);
	base_fixture_prove(&fixture, 1);
	base_fixture_commit_all(&fixture);
	follow();
	report = base_fixture_report(&fixture);
	CU_ASSERT_EQUAL(report.stop, WL_BASE_STOP_DIFFERS);
	CU_ASSERT_EQUAL(report.discarded, 1);
	CU_ASSERT_EQUAL(report.newest.index, first);
	CU_ASSERT_EQUAL(report.before.index, 0);
	CU_ASSERT_EQUAL((fixture.places[0].size != 0) + (fixture.places[1].size != 0), 1);
	end();
}

/* A segment's worth of damage in what it reads: told by name, and nothing more is made. */
static void damage_below_the_limit_stops_it_by_name(void)
{
	begin(10);
	mark(true);
	load_of(200);
	base_fixture_commit_all(&fixture);
	*log_fixture_platter(&fixture.log, fixture.log.log.durable_offset - 3 * WL_BLOCK_BYTES) ^=
		1;
	follow();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).stop, WL_BASE_STOP_DAMAGED);
	CU_ASSERT_NOT_EQUAL(fixture.maker.recovery.damage.kind, WL_DAMAGE_NONE);
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).newest.index, fixture.state.base_mark);
	CU_ASSERT_EQUAL(strcmp(wl_base_stop_name(WL_BASE_STOP_DAMAGED), "damaged"), 0);
	end();
}

static void without_a_beginning_it_needs_a_base(void)
{
	begin(11);
	fixture.maker_config.first_segment = 1;
	wl_base_maker_init(&fixture.maker, &fixture.maker_config, fixture.maker_ring,
			   fixture.maker_window, fixture.maker_memory);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).stop, WL_BASE_STOP_LOAD);
	end();
}

/* Whatever the store refuses, and however often: the base comes in the end, and a proven one outlives it. */
/* Bases that cannot be read in one life of the process, and in the next one they can: none of them stands before what was made meanwhile. */
static void bases_that_are_readable_again_are_in_order(void)
{
	for (unsigned unreadable = 1; unreadable < 4; unreadable++) {
		begin(12 + unreadable);
		mark(true);
		mark(true);
		for (unsigned place = 0; place < WL_BASE_PLACES; place++)
			fixture.places[place].unreadable = (unreadable >> place & 1) != 0;
		base_fixture_start(&fixture);
		follow();
		expect_in_step();
		if (unreadable == 3)
			CU_ASSERT_EQUAL(
				(fixture.places[0].size != 0) + (fixture.places[1].size != 0), 1);
		for (unsigned life = 0; life < 2; life++) {
			for (unsigned place = 0; place < WL_BASE_PLACES; place++)
				fixture.places[place].unreadable = false;
			base_fixture_start(&fixture);
			follow();
			expect_in_step();
			mark(true);
			expect_in_step();
		}
		end();
	}
}

static void a_base_that_cannot_be_written_is_tried_again(void)
{
	for (unsigned in_place = 0; in_place < 2; in_place++) {
		for (unsigned fails = 1; fails < 5; fails++) {
			uint64_t proven;

			begin(12 + fails);
			fixture.in_place = in_place != 0;
			proven = mark(true);
			mark(true);
			fixture.fails = fails;
			mark(false);
			expect_in_step();
			CU_ASSERT_EQUAL(base_fixture_report(&fixture).failures, fails);
			CU_ASSERT_TRUE(base_fixture_report(&fixture).before.index > proven);
			CU_ASSERT_TRUE(base_fixture_report(&fixture).before.proven);
			end();
		}
	}
}

/* While a write fails the two that there are still stand, where the store writes beside them. */
static void a_failed_write_beside_the_old_one_takes_nothing_away(void)
{
	uint64_t first, second;
	struct wl_base_report report;

	begin(20);
	first = mark(true);
	second = mark(true);
	load_of(10);
	base_fixture_base(&fixture);
	base_fixture_commit_all(&fixture);
	fixture.fails = 1;
	base_fixture_tell(&fixture);
	while (fixture.maker.state != WL_BASE_MAKER_WANTS_REST)
		CU_ASSERT_FALSE_FATAL(base_fixture_drive(&fixture, 1));
	report = base_fixture_report(&fixture);
	CU_ASSERT_EQUAL(report.newest.index, second);
	CU_ASSERT_EQUAL(report.before.index, first);
	CU_ASSERT_EQUAL(wl_base_keep_offset(&report), report.before.walk_offset);
	end();
}

/* A mark whose base nobody can prove any more is passed over, but not for ever. */
static void late_marks_are_passed_over(void)
{
	begin(21);
	for (unsigned at = 0; at < 5; at++) {
		load_of(5);
		base_fixture_base(&fixture);
		base_fixture_commit_all(&fixture);
	}
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 1);
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).skipped, 4);
	for (unsigned at = 0; at < 2 * WL_BASE_SKIPS_MAX; at++) {
		load_of(5);
		base_fixture_base(&fixture);
		base_fixture_commit_all(&fixture);
	}
	follow();
	expect_in_step();
	CU_ASSERT_EQUAL(base_fixture_report(&fixture).made, 3);
	end();
}

/* The worker gives up segments; the maker's log does, too, and bases made behind that say so. */
static void what_the_worker_gives_up_the_maker_gives_up(void)
{
	struct wl_log_begin from;
	struct wl_base_report report;

	begin(22);
	for (unsigned at = 0; at < 4; at++) {
		for (unsigned large = 0; large < 50; large++)
			base_fixture_append(&fixture,
					    fixture.session_count ? large % 4 : (load_of(1), 0u),
					    180000);
		mark(true);
	}
	report = base_fixture_report(&fixture);
	CU_ASSERT_TRUE_FATAL(wl_log_find_begin(&fixture.log.log, UINT64_MAX,
					       wl_base_keep_offset(&report), &from));
	wl_log_give_up(&fixture.log.log, &from);
	load_of(5);
	base_fixture_commit_all(&fixture);
	follow();
	CU_ASSERT_EQUAL(fixture.maker.log.begin.position.index, from.position.index);
	mark(true);
	expect_in_step();
	base_fixture_start(&fixture);
	CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
	CU_ASSERT_EQUAL(fixture.maker.log.begin.position.index, from.position.index);
	follow();
	expect_in_step();
	end();
}

/* ---- crashes ---- */

static unsigned whole_places(uint64_t at_least)
{
	unsigned count = 0;

	for (unsigned place = 0; place < WL_BASE_PLACES; place++)
		count += fixture.maker.places[place].whole &&
			 fixture.maker.places[place].index >= at_least;
	return count;
}

/*
 * Killed at each step of making the third base, when the first two are proven: there is always a proven one to start from, and the
 * third is made by the next life.
 */
static void a_crash_at_any_step_leaves_a_proven_base(void)
{
	for (unsigned in_place = 0; in_place < 2; in_place++) {
		bool done = false;

		for (uint64_t steps = 0; !done; steps++) {
			uint64_t second;

			begin(30);
			fixture.in_place = in_place != 0;
			mark(true);
			second = mark(true);
			load_of(300);
			base_fixture_base(&fixture);
			base_fixture_commit_all(&fixture);
			base_fixture_tell(&fixture);
			done = base_fixture_drive(&fixture, steps);
			base_fixture_start(&fixture);
			CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
			CU_ASSERT_TRUE(whole_places(second) >= 1);
			CU_ASSERT_TRUE(fixture.maker.loaded_index >= second);
			follow();
			expect_in_step();
			CU_ASSERT_TRUE(base_fixture_report(&fixture).before.index == second);
			end();
		}
	}
}

/* Life by life, killed at random, beside a log that grows by chance: never anything else than the worker's state. */
static void whatever_happens_it_has_the_state_of_the_worker(void)
{
	for (uint64_t seed = 100; seed < 108; seed++) {
		uint64_t bases = 0;

		log_fixture_choose_sizes((unsigned)seed % LOG_FIXTURE_SIZES);
		begin(seed);
		fixture.in_place = seed % 2 != 0;
		for (unsigned life = 0; life < 60; life++) {
			base_fixture_chance(&fixture, 20);
			base_fixture_tell(&fixture);
			base_fixture_drive(&fixture, sim_random_below(&fixture.random, 40));
			fixture.fails = sim_random_below(&fixture.random, 6) == 0;
			if (sim_random_below(&fixture.random, 4) == 0) {
				bases += base_fixture_report(&fixture).made;
				base_fixture_start(&fixture);
			}
		}
		base_fixture_commit_all(&fixture);
		CU_ASSERT_TRUE(base_fixture_drive(&fixture, ALL));
		follow();
		CU_ASSERT_EQUAL(base_fixture_report(&fixture).stop, WL_BASE_STOP_NONE);
		CU_ASSERT_EQUAL(wl_state_digest(&fixture.maker.applied),
				wl_state_digest(&fixture.state));
		for (unsigned place = 0; place < WL_BASE_PLACES; place++) {
			const struct wl_base_maker_place *own = &fixture.maker.places[place];

			if (own->whole)
				CU_ASSERT_EQUAL(base_fixture_digest_of(&fixture, own->index),
						own->digest);
		}
		bases += base_fixture_report(&fixture).made;
		CU_ASSERT_TRUE(bases > 3);
		end();
	}
	log_fixture_choose_sizes(0);
}

WL_SUITE(base_maker)
{
	WL_TEST(a_base_is_made_of_the_entry_that_asks_for_it),
	WL_TEST(nothing_is_made_without_a_mark_in_effect),
	WL_TEST(what_is_not_committed_is_not_applied),
	WL_TEST(a_branch_that_was_cut_away_leaves_no_trace),
	WL_TEST(a_long_branch_that_was_cut_away_leaves_no_trace),
	WL_TEST(a_long_stream_is_applied_as_it_is),
	WL_TEST(it_goes_on_from_the_newest_base),
	WL_TEST(what_is_kept_reaches_to_the_older_of_two_proven_bases),
	WL_TEST(the_newest_proven_base_is_never_written_over),
	WL_TEST(a_proven_base_that_is_not_ours_discards_ours),
	WL_TEST(damage_below_the_limit_stops_it_by_name),
	WL_TEST(without_a_beginning_it_needs_a_base),
	WL_TEST(bases_that_are_readable_again_are_in_order),
	WL_TEST(a_base_that_cannot_be_written_is_tried_again),
	WL_TEST(a_failed_write_beside_the_old_one_takes_nothing_away),
	WL_TEST(late_marks_are_passed_over),
	WL_TEST(what_the_worker_gives_up_the_maker_gives_up),
	WL_TEST(a_crash_at_any_step_leaves_a_proven_base),
	WL_TEST(whatever_happens_it_has_the_state_of_the_worker),
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whatever is damaged in a log that a writer made, it is what it was when its peers have its live entries: recovery takes it, with the same
 * tail and chain, and each entry can be read, byte for byte. WL_MEND_CASES says how many times; WL_MEND_SEED where to begin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/mend/mend_fixture.h"
#include "tests/unit/runner.h"

#define CASES 50u
#define CASES_A_LOG 25u

static struct mend_fixture fixture;
static unsigned failed;
static struct log_fixture_base base;
static uint64_t damage_begin, damage_end; /* nothing else is touched */

static uint32_t draw_payload(struct sim_random *random, uint32_t style)
{
	switch (style) {
	case 0:
		return (uint32_t)sim_random_between(random, 1, 200);
	case 1:
		return (uint32_t)sim_random_between(random, 1, 9000);
	case 2:
		return (uint32_t)sim_random_between(random, 3000, 4000);
	case 3:
		return (uint32_t)sim_random_between(random, 1, WIRELOG_RECORD_BYTES_MAX);
	default:
		return sim_random_chance(random, 30000)
			       ? (uint32_t)sim_random_between(random, 1, WIRELOG_RECORD_BYTES_MAX)
			       : (uint32_t)sim_random_between(random, 1, 3000);
	}
}

/* Up to about `bytes` of stream; cuts, entries of later terms, chunks of all sizes. */
static void make_log(struct sim_random *random)
{
	uint64_t bytes = sim_random_between(random, 1, 5) << sim_random_between(random, 16, 22);
	uint32_t style = (uint32_t)sim_random_below(random, 5);
	uint64_t term = 1, settled = 0;

	while (fixture.log.log.append_offset < bytes && fixture.last + 1 < MEND_ENTRIES_MAX / 2) {
		if (fixture.last > 4 && sim_random_chance(random, 30000)) {
			uint64_t back = sim_random_between(
				random, 1, sim_random_chance(random, 500000) ? 3 : 40);

			mend_fixture_truncate(&fixture,
					      fixture.last > back ? fixture.last - back : 1);
			term++;
		}
		mend_fixture_append(&fixture, term, draw_payload(random, style));
		if (sim_random_chance(random, style == 2 ? 900000 : 200000) ||
		    fixture.log.log.append_offset - settled > (1u << 20)) {
			log_fixture_settle(&fixture.log);
			settled = fixture.log.log.append_offset;
		}
	}
	/* What follows makes all before it known durable. */
	log_fixture_settle(&fixture.log);
	mend_fixture_chunk(&fixture, term, 1, 100);
	mend_fixture_chunk(&fixture, term, 1, 100);
}

static uint64_t draw_place(struct sim_random *random)
{
	uint64_t end = damage_end, at;

	switch (sim_random_below(random, 4)) {
	case 0: /* a chunk's header */
		return fixture.live[sim_random_between(random, 1, fixture.last)].chunk;
	case 1: /* an entry */
		return fixture.live[sim_random_between(random, 1, fixture.last)].offset +
		       sim_random_below(random, 120);
	case 2: /* a boundary, a segment's header */
		at = sim_random_below(random, end) / WL_LOG_RING_BYTES_MIN * WL_LOG_RING_BYTES_MIN;
		return at + sim_random_below(random, 2) * WL_BLOCK_BYTES;
	default:
		return sim_random_below(random, end);
	}
}

static void damage_once(struct sim_random *random)
{
	uint64_t end = damage_end, begin = draw_place(random);
	uint64_t bytes = 1 + sim_random_below(random, 1u << sim_random_between(random, 0, 22));
	uint64_t stop = begin + bytes < end ? begin + bytes : end, block;

	if (begin < damage_begin)
		begin = damage_begin + begin % (end - damage_begin);
	if (begin >= end)
		return;
	switch (sim_random_below(random, 5)) {
	case 0:
		for (uint64_t at = (begin + 511) / 512 * 512;
		     at < (stop + 511) / 512 * 512 && at < end; at += 512)
			memset(memory_drive_place(&fixture.log.drive, at), 0, 512);
		break;
	case 1:
		block = begin / WL_BLOCK_BYTES * WL_BLOCK_BYTES;
		if (block < damage_begin)
			block = damage_begin;
		stop = block + WL_BLOCK_BYTES * sim_random_between(random, 1, 9);
		mend_fixture_refuse_reads(&fixture, block, stop < end ? stop : end);
		break;
	case 2: /* a misdirected write */
		block = begin / WL_BLOCK_BYTES * WL_BLOCK_BYTES;
		if (block < damage_begin)
			return;
		memmove(memory_drive_place(&fixture.log.drive, block),
			memory_drive_place(&fixture.log.drive,
					   draw_place(random) / WL_BLOCK_BYTES * WL_BLOCK_BYTES),
			WL_BLOCK_BYTES);
		break;
	default:
		mend_fixture_rot(&fixture, begin, stop);
		break;
	}
}

static void damage(struct sim_random *random)
{
	uint64_t used = fixture.live[fixture.last].chunk / fixture.log.config.segment_bytes;
	uint64_t times = sim_random_chance(random, 50000) ? sim_random_between(random, 1, 300)
							  : sim_random_between(random, 1, 6);

	while (times--)
		damage_once(random);
	if (used != 0 && damage_begin == 0 && !fixture.lives && sim_random_chance(random, 100000))
		fixture.absent = 1 + sim_random_below(random, used);
}

/* A segment of another number is refused by name, and is no damage that heals. */
static bool is_swapped(void)
{
	return fixture.mend.state == WL_MEND_REFUSED &&
	       fixture.mend.damage.kind == WL_DAMAGE_MISDIRECTED;
}

/* From a base, or from the begin of the log. */
static void choose_begin(struct sim_random *random)
{
	if (fixture.log.base)
		log_fixture_free_base(&base);
	fixture.log.base = NULL;
	fixture.from_begin = sim_random_chance(random, 400000);
	/* The log knows its last entries' places only until the next case begins it anew. */
	if (sim_random_chance(random, 500000) &&
	    log_fixture_restart(&fixture.log, 0, true) == WL_RECOVERY_DONE &&
	    log_fixture_describe(&fixture.log, sim_random_between(random, 1, fixture.last), &base))
		fixture.log.base = &base;
}

static void one_case(struct sim_random *random, uint64_t seed)
{
	const char *wrong;
	bool crashed, end_too = sim_random_chance(random, 200000);

	mend_fixture_restore(&fixture);
	fixture.random = random;
	fixture.watermark = sim_random_chance(random, 500000) ? fixture.live[fixture.last].chunk
							      : 0;
	choose_begin(random);
	damage_end = fixture.live[fixture.last].chunk;
	damage_begin = 0;
	if (fixture.log.base && !fixture.from_begin) {
		mend_fixture_configure(&fixture);
		damage_begin = fixture.config.from.offset;
	}
	if (end_too) {
		damage_end += WL_BLOCK_BYTES;
		fixture.watermark = damage_end;
	}
	fixture.lives = sim_random_chance(random, 200000);
	damage(random);
	fixture.helix = sim_random_chance(random, 300000);
	if (fixture.helix)
		mend_fixture_take_from_peers(&fixture);
	fixture.mistaken = sim_random_chance(random, 200000);
	fixture.run_bytes = sim_random_chance(random, 300000) ? 20000 : 0;
	do {
		fixture.writes_before_crash = !fixture.helix && sim_random_chance(random, 200000)
						      ? (uint32_t)sim_random_between(random, 1, 10)
						      : 0;
		crashed = mend_fixture_mend(&fixture);
	} while (crashed);
	if (is_swapped())
		return;
	wrong = fixture.mend.state == WL_MEND_DONE ? mend_fixture_check(&fixture, fixture.uncounted)
						   : wl_mend_state_name(fixture.mend.state);
	/* A start that has lost the base walks from further down, over what was mended. */
	if (!wrong && fixture.log.base) {
		fixture.log.base = NULL;
		wrong = mend_fixture_check(&fixture, fixture.uncounted);
		fixture.log.base = &base;
	}
	if (wrong)
		printf("\nseed %lu: %s%s, hole %lu to %lu, entry %lu\n", (unsigned long)seed, wrong,
		       fixture.mend.unpackable ? " (unpackable)" : "",
		       (unsigned long)fixture.mend.hole.begin, (unsigned long)fixture.mend.hole_end,
		       (unsigned long)fixture.mend.ask.index);
	failed += wrong != NULL;
}

static void what_is_damaged_is_what_it_was(void)
{
	const char *said = getenv("WL_MEND_CASES"), *from = getenv("WL_MEND_SEED");
	uint64_t cases = said ? strtoull(said, NULL, 10) : CASES;
	uint64_t first = from ? strtoull(from, NULL, 10) : 1;

	failed = 0;
	for (uint64_t seed = first; seed < first + cases && failed < 20;) {
		struct sim_random random;

		sim_random_init(&random, seed / CASES_A_LOG, 0);
		log_fixture_choose_sizes(
			sim_random_chance(&random, 700000)
				? 0
				: (unsigned)sim_random_below(&random, LOG_FIXTURE_SIZES));
		mend_fixture_init(&fixture, 6);
		make_log(&random);
		/* What is ahead is empty; most of it need not be looked through each time. */
		fixture.log.drive.segments =
			fixture.log.log.append_offset / fixture.log.config.segment_bytes + 1 +
			sim_random_below(&random, 2);
		mend_fixture_save(&fixture);
		do {
			sim_random_init(&random, seed, 1);
			one_case(&random, seed);
		} while (++seed % CASES_A_LOG != 0 && seed < first + cases);
		if (fixture.log.base)
			log_fixture_free_base(&base);
		mend_fixture_fini(&fixture);
	}
	log_fixture_choose_sizes(0);
	CU_ASSERT_EQUAL(failed, 0);
}

WL_SUITE(mend_property)
{
	WL_TEST(what_is_damaged_is_what_it_was),
};

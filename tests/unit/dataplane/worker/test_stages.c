/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/worker/stages.h"
#include "tests/unit/runner.h"

#define HIGHEST 60000000000ull

static struct wl_stages stages;
static struct wl_histogram histograms[WL_STAGES];
static _Atomic uint64_t counters[WL_STAGES][WL_HISTOGRAM_COUNTERS(HIGHEST)];

static void begin(void)
{
	memset(&stages, 0, sizeof(stages));
	memset(counters, 0, sizeof(counters));
	for (unsigned stage = 0; stage < WL_STAGES; stage++) {
		wl_histogram_init(&histograms[stage], HIGHEST, counters[stage]);
		stages.histogram[stage] = &histograms[stage];
	}
}

static uint64_t samples(enum wl_stage stage)
{
	return wl_histogram_count(&histograms[stage]);
}

static void entry_is_timed_from_its_seal_to_each_stage(void)
{
	begin();
	wl_stages_sealed(&stages, 1, 1000);
	wl_stages_reached(&stages, WL_STAGE_PEER, 1, 1200);
	wl_stages_reached(&stages, WL_STAGE_DISK, 1, 1500);
	CU_ASSERT_EQUAL(wl_histogram_max(&histograms[WL_STAGE_PEER]), 200);
	CU_ASSERT_EQUAL(wl_histogram_max(&histograms[WL_STAGE_DISK]), 500);
	CU_ASSERT_EQUAL(samples(WL_STAGE_COMMIT), 0);
}

static void entry_is_counted_once_in_each_stage(void)
{
	begin();
	wl_stages_sealed(&stages, 1, 1000);
	wl_stages_sealed(&stages, 2, 1100);
	wl_stages_reached(&stages, WL_STAGE_COMMIT, 1, 1200);
	wl_stages_reached(&stages, WL_STAGE_COMMIT, 1, 1300);
	wl_stages_reached(&stages, WL_STAGE_COMMIT, 2, 1400);
	wl_stages_reached(&stages, WL_STAGE_COMMIT, 0, 1500);
	CU_ASSERT_EQUAL(samples(WL_STAGE_COMMIT), 2);
	CU_ASSERT_EQUAL(wl_histogram_max(&histograms[WL_STAGE_COMMIT]), 300);
}

static void what_is_reached_before_it_was_sealed_is_counted_when_it_is(void)
{
	begin();
	wl_stages_sealed(&stages, 1, 1000);
	wl_stages_reached(&stages, WL_STAGE_DISK, 9, 1100);
	CU_ASSERT_EQUAL(samples(WL_STAGE_DISK), 1);
	wl_stages_sealed(&stages, 2, 2000);
	wl_stages_reached(&stages, WL_STAGE_DISK, 9, 2100);
	CU_ASSERT_EQUAL(samples(WL_STAGE_DISK), 2);
	CU_ASSERT_EQUAL(wl_histogram_max(&histograms[WL_STAGE_DISK]), 100);
}

static void entries_whose_time_was_overwritten_give_no_sample(void)
{
	begin();
	for (uint64_t index = 1; index <= WL_STAGES_ENTRIES + 100; index++)
		wl_stages_sealed(&stages, index, index * 10);
	wl_stages_reached(&stages, WL_STAGE_DISK, WL_STAGES_ENTRIES + 100,
			  (WL_STAGES_ENTRIES + 100) * 10);
	CU_ASSERT_EQUAL(samples(WL_STAGE_DISK), WL_STAGES_ENTRIES);
	CU_ASSERT(wl_histogram_max(&histograms[WL_STAGE_DISK]) < (WL_STAGES_ENTRIES + 8) * 10);
}

static void entries_of_an_older_leadership_give_no_sample(void)
{
	begin();
	wl_stages_sealed(&stages, 1, 1000);
	wl_stages_sealed(&stages, 2, 1000);
	wl_stages_forget(&stages, 7);
	wl_stages_reached(&stages, WL_STAGE_COMMIT, 7, 90000);
	CU_ASSERT_EQUAL(samples(WL_STAGE_COMMIT), 0);
	wl_stages_sealed(&stages, 8, 91000);
	wl_stages_reached(&stages, WL_STAGE_COMMIT, 8, 91050);
	CU_ASSERT_EQUAL(samples(WL_STAGE_COMMIT), 1);
	CU_ASSERT_EQUAL(wl_histogram_max(&histograms[WL_STAGE_COMMIT]), 50);
}

static void every_stage_has_a_name(void)
{
	CU_ASSERT_STRING_EQUAL(wl_stage_name(WL_STAGE_TURN), "turn");
	CU_ASSERT_STRING_EQUAL(wl_stage_name(WL_STAGE_COMMIT), "commit");
	CU_ASSERT_STRING_EQUAL(wl_stage_name(WL_STAGES), "unknown");
}

WL_SUITE(stages)
{
	WL_TEST(entry_is_timed_from_its_seal_to_each_stage),
	WL_TEST(entry_is_counted_once_in_each_stage),
	WL_TEST(what_is_reached_before_it_was_sealed_is_counted_when_it_is),
	WL_TEST(entries_whose_time_was_overwritten_give_no_sample),
	WL_TEST(entries_of_an_older_leadership_give_no_sample),
	WL_TEST(every_stage_has_a_name),
};

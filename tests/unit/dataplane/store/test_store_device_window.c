/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of docs/LOG-FORMAT.md: which segments stand on a device whose places say this. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/store/store_device_window.h"
#include "tests/unit/runner.h"

#define PLACES_MAX 12u
#define E WL_STORE_PLACE_EMPTY
#define U WL_STORE_PLACE_UNKNOWN

static void each_row_of_the_table_has_its_window(void)
{
	static const struct {
		const char *what;
		uint64_t places, numbers[8], first, count;
	} rows[] = {
		{"nothing", 4, {E, E, E, E}, 0, 0},
		{"the first lap", 4, {0, 1, E, E}, 0, 2},
		{"all of the first lap", 4, {0, 1, 2, 3}, 0, 4},
		{"one is forgotten", 4, {E, 1, 2, 3}, 1, 4},
		{"and used again", 4, {4, 1, 2, 3}, 1, 5},
		{"a later lap", 4, {8, 9, 6, 7}, 6, 10},
		{"a later lap, with room", 4, {8, E, 6, 7}, 6, 9},
		{"one place", 1, {7}, 7, 8},
		{"a damaged one in the middle", 4, {8, U, 6, 7}, 6, 10},
		{"damaged between", 8, {8, 9, U, U, E, 5, U, 7}, 5, 12},
		{"the newest is damaged", 8, {8, U, E, E, E, 5, 6, 7}, 5, 10},
		{"the oldest is damaged", 8, {8, E, E, E, E, U, 6, 7}, 5, 9},
		{"the two oldest are damaged", 8, {8, 9, E, E, U, U, 6, 7}, 4, 10},
		{"both ends are damaged", 8, {U, E, E, E, U, 5, 6, U}, 4, 9},
		{"a hole, and something behind it", 8, {E, E, U, E, E, 5, 6, 7}, 5, 11},
		{"full all round: made ahead", 4, {U, 5, 6, 7}, 5, 9},
		{"a stale lap", 4, {0, 5, 6, 7}, 5, 8},
		{"a stale lap in the middle", 4, {8, 1, 6, 7}, 6, 9},
		{"no number at all", 4, {U, U, E, E}, 0, 2},
		{"no number, and the first is missing", 4, {E, U, E, U}, 1, 4},
		{"nothing can stand below 0", 4, {0, 1, E, U}, 0, 4},
	};

	for (unsigned at = 0; at < sizeof(rows) / sizeof(rows[0]); at++) {
		struct wl_store_window window =
			wl_store_window_find(rows[at].numbers, rows[at].places);

		CU_ASSERT_EQUAL(window.first, rows[at].first);
		CU_ASSERT_EQUAL(window.count, rows[at].count);
		if (window.first != rows[at].first || window.count != rows[at].count)
			fprintf(stderr, "%s: [%lu, %lu)\n", rows[at].what,
				(unsigned long)window.first, (unsigned long)window.count);
	}
}

/* Whatever is damaged inside of what is whole at both ends, the window is the same; and nothing that says a number is lost. */
static void damage_never_makes_a_segment_absent(void)
{
	srand(11);
	for (unsigned round = 0; round < 20000; round++) {
		uint64_t places = 1 + (unsigned)rand() % PLACES_MAX, numbers[PLACES_MAX];
		uint64_t length = 1 + (unsigned)rand() % places, first = (unsigned)rand() % 50;
		uint64_t count = first + length;
		struct wl_store_window window;
		bool ends = true;

		for (uint64_t place = 0; place < places; place++)
			numbers[place] = E;
		for (uint64_t segment = first; segment < count; segment++) {
			bool damaged = rand() % 3 == 0;

			numbers[segment % places] = damaged ? U : segment;
			ends = ends && !(damaged && (segment == first || segment + 1 == count));
		}
		window = wl_store_window_find(numbers, places);
		CU_ASSERT(window.count - window.first <= places);
		for (uint64_t place = 0; place < places; place++)
			CU_ASSERT(numbers[place] >= U || (numbers[place] >= window.first &&
							  numbers[place] < window.count));
		if (ends)
			CU_ASSERT(window.first == first && window.count == count);
	}
}

WL_SUITE(store_device_window)
{
	WL_TEST(each_row_of_the_table_has_its_window),
	WL_TEST(damage_never_makes_a_segment_absent),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/store_device_window.h"

#include <stdbool.h>

static bool is_number(uint64_t number)
{
	return number < WL_STORE_PLACE_UNKNOWN;
}

/* Nothing says its number: the first lap, as if no place had been used twice. */
static struct wl_store_window find_in_first_lap(const uint64_t *numbers, uint64_t places)
{
	struct wl_store_window window = {0, 0};

	for (uint64_t place = 0; place < places; place++) {
		if (numbers[place] == WL_STORE_PLACE_EMPTY)
			continue;
		if (window.count == 0)
			window.first = place;
		window.count = place + 1;
	}
	return window;
}

/* Segments without a number that follow one another below the first. */
static uint64_t run_below(const uint64_t *numbers, uint64_t places,
			  const struct wl_store_window *window)
{
	uint64_t run = 0;

	while (run < window->first && window->count - window->first + run < places &&
	       numbers[(window->first - run - 1) % places] == WL_STORE_PLACE_UNKNOWN)
		run++;
	return run;
}

struct wl_store_window wl_store_window_find(const uint64_t *numbers, uint64_t places)
{
	struct wl_store_window window = {0, 0};
	uint64_t below, end;

	for (uint64_t place = 0; place < places; place++) {
		if (is_number(numbers[place]) && numbers[place] >= window.count)
			window.count = numbers[place] + 1;
	}
	if (window.count == 0)
		return find_in_first_lap(numbers, places);
	window.first = window.count - 1;
	for (uint64_t place = 0; place < places; place++) {
		if (is_number(numbers[place]) && numbers[place] + places >= window.count &&
		    numbers[place] < window.first)
			window.first = numbers[place];
	}
	below = run_below(numbers, places, &window);
	/* Full all round: what is made ahead is empty, and says nothing but by its header. So it is rather that. */
	if (window.count - window.first + below == places)
		below = 0;
	window.first -= below;
	end = window.first + places;
	for (uint64_t segment = window.count; segment < end; segment++) {
		if (numbers[segment % places] == WL_STORE_PLACE_UNKNOWN)
			window.count = segment + 1;
	}
	return window;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys and order, and the picture that comes of them. */
#include "command/top/top.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/top/top_screen.h"
#include "tests/unit/runner.h"
#include "tests/unit/watch/watch_fixture.h"

struct bed {
	struct watch_fixture *fixture;
	struct wl_top top;
	struct wl_top_screen screen;
};

static void look(struct bed *bed)
{
	watch_fixture_look(bed->fixture);
	bed->top.live = bed->fixture->watch;
	wl_top_look(&bed->top);
}

static struct bed *begin(void)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	CU_ASSERT_PTR_NOT_NULL_FATAL(bed);
	bed->fixture = watch_fixture_begin();
	look(bed);
	return bed;
}

static void end(struct bed *bed)
{
	watch_fixture_end(bed->fixture);
	free(bed);
}

static void press(struct bed *bed, const char *keys)
{
	for (; *keys != '\0'; keys++)
		wl_top_key(&bed->top, *keys);
}

static void draw(struct bed *bed, int rows, int columns)
{
	bed->screen.rows = rows;
	bed->screen.columns = columns;
	wl_top_screen_draw(&bed->screen, &bed->top, bed->fixture->now_ms);
}

static const char *line_of(const struct bed *bed, int row)
{
	static char text[WL_TOP_COLUMNS_MAX + 1];

	for (int column = 0; column < bed->screen.columns; column++)
		text[column] = bed->screen.cells[row][column].glyph < 0x80
				       ? (char)bed->screen.cells[row][column].glyph
				       : '#';
	text[bed->screen.columns] = '\0';
	return text;
}

static int row_with(const struct bed *bed, const char *words)
{
	for (int row = 0; row < bed->screen.rows; row++)
		if (strstr(line_of(bed, row), words) != NULL)
			return row;
	return -1;
}

static void nodes_are_in_the_order_that_was_asked_for(void)
{
	struct bed *bed = begin();
	uint32_t order[WIRELOG_NODES_MAX];

	CU_ASSERT_EQUAL(wl_top_order(&bed->top, order), 3);
	CU_ASSERT(order[0] == 0 && order[2] == 2);
	press(bed, "r");
	wl_top_order(&bed->top, order);
	CU_ASSERT(order[0] == 2 && order[2] == 0);
	press(bed, "rs");
	CU_ASSERT_EQUAL(bed->top.sort, WL_TOP_BY_HEALTH);
	wl_top_order(&bed->top, order);
	CU_ASSERT(order[0] == 2 && order[1] == 0); /* the worst, then as they were */
	press(bed, "ss");
	CU_ASSERT_EQUAL(bed->top.sort, WL_TOP_BY_LAG);
	wl_top_order(&bed->top, order);
	CU_ASSERT_EQUAL(order[0], 1);
	press(bed, "<");
	CU_ASSERT_EQUAL(bed->top.sort, WL_TOP_BY_RATE);
	end(bed);
}

static void a_node_is_selected_by_digit_and_by_arrow(void)
{
	struct bed *bed = begin();

	press(bed, "3");
	CU_ASSERT_EQUAL(bed->top.selected, 2);
	press(bed, "7"); /* there is none */
	CU_ASSERT_EQUAL(bed->top.selected, 2);
	wl_top_key(&bed->top, WL_TOP_KEY_DOWN);
	CU_ASSERT_EQUAL(bed->top.selected, 2);
	wl_top_key(&bed->top, WL_TOP_KEY_UP);
	CU_ASSERT_EQUAL(bed->top.selected, 1);
	press(bed, "k");
	CU_ASSERT_EQUAL(bed->top.selected, 0);
	press(bed, "r"); /* arrows follow what is seen */
	wl_top_key(&bed->top, WL_TOP_KEY_UP);
	CU_ASSERT_EQUAL(bed->top.selected, 1);
	end(bed);
}

static void a_pause_keeps_the_picture_and_its_end_takes_the_newest(void)
{
	struct bed *bed = begin();

	press(bed, "p");
	bed->fixture->answers[0].answers = false;
	look(bed);
	CU_ASSERT_EQUAL(bed->top.shown.answered, 3);
	press(bed, " ");
	CU_ASSERT_EQUAL(bed->top.shown.answered, 2);
	end(bed);
}

static void a_filter_is_typed_and_leaves_what_contains_it(void)
{
	struct bed *bed = begin();
	uint32_t places[WL_WATCH_EVENTS];

	press(bed, "/SECOND");
	CU_ASSERT(bed->top.typing && !bed->top.over);
	CU_ASSERT_EQUAL(wl_top_events(&bed->top, places), 3);
	wl_top_key(&bed->top, WL_TOP_KEY_BACKSPACE);
	CU_ASSERT_STRING_EQUAL(bed->top.filter, "SECON");
	wl_top_key(&bed->top, WL_TOP_KEY_ENTER);
	CU_ASSERT(!bed->top.typing);
	press(bed, "p"); /* keys are keys again */
	CU_ASSERT(bed->top.paused);
	wl_top_key(&bed->top, WL_TOP_KEY_ESCAPE);
	CU_ASSERT_EQUAL(wl_top_events(&bed->top, places), 6);
	for (int at = 0; at < 200; at++)
		press(bed, at == 0 ? "/" : "x");
	CU_ASSERT_EQUAL(strlen(bed->top.filter), WL_TOP_FILTER_BYTES - 1);
	end(bed);
}

static void events_scroll_within_what_there_is(void)
{
	struct bed *bed = begin();

	wl_top_key(&bed->top, WL_TOP_KEY_PAGE_UP);
	CU_ASSERT_EQUAL(bed->top.back, 5);
	press(bed, "f");
	CU_ASSERT_EQUAL(bed->top.back, 0);
	press(bed, "g");
	CU_ASSERT_EQUAL(bed->top.back, 5);
	press(bed, "G");
	CU_ASSERT_EQUAL(bed->top.back, 0);
	press(bed, "ek"); /* on the whole screen arrows scroll */
	CU_ASSERT_EQUAL(bed->top.back, 1);
	end(bed);
}

static void help_ends_with_any_key_and_q_ends_all(void)
{
	struct bed *bed = begin();

	press(bed, "?");
	draw(bed, 24, 80);
	CU_ASSERT(row_with(bed, "this help") > 0 && row_with(bed, "LAST 10 s") < 0);
	press(bed, "q");
	CU_ASSERT(!bed->top.helps && !bed->top.over);
	press(bed, "q");
	CU_ASSERT(bed->top.over);
	end(bed);
}

static void eighty_by_twenty_four_shows_everything(void)
{
	struct bed *bed = begin();

	press(bed, "3");
	draw(bed, 24, 80);
	CU_ASSERT_EQUAL(row_with(bed, "wirelog top  cluster 55f434c9  3 of 3 nodes  degraded"), 0);
	CU_ASSERT_EQUAL(row_with(bed, "NODE ROLE"), 1);
	CU_ASSERT_EQUAL(row_with(bed, "3 leader       7          1600      400"), 4);
	CU_ASSERT(bed->screen.cells[4][0].selected);
	CU_ASSERT(row_with(bed, "3 says: peer_behind (node 2) for 3.00 s: a peer is behind") > 0);
	CU_ASSERT(row_with(bed, "commit   1.00 ms   2.00 ms   3.00 ms   4.00 ms   5.00 ms  9 ent") >
		  0);
	CU_ASSERT(row_with(bed, "400 records/s") > 0);
	CU_ASSERT(row_with(bed, "log 1.00 MiB of 4.00 MiB (25 %)") > 0);
	CU_ASSERT(row_with(bed, "not believed 5") > 0);
	CU_ASSERT(row_with(bed, "longest turn 9.00 ms") > 0);
	CU_ASSERT(row_with(bed, "second of 3") > 0);
	CU_ASSERT_EQUAL(row_with(bed, "q quit"), 23);
	end(bed);
}

static void any_size_is_drawn_within_its_bounds(void)
{
	struct bed *bed = begin();

	for (int rows = 0; rows < 60; rows += 3)
		for (int columns = 0; columns < 200; columns += 13)
			draw(bed, rows, columns);
	press(bed, "e");
	draw(bed, 1, 1);
	draw(bed, 100000, 100000);
	CU_ASSERT_EQUAL(bed->screen.rows, WL_TOP_ROWS_MAX);
	CU_ASSERT_EQUAL(bed->screen.columns, WL_TOP_COLUMNS_MAX);
	end(bed);
}

static void a_node_that_does_not_answer_is_told_with_its_place(void)
{
	struct bed *bed = begin();

	bed->fixture->answers[2].answers = false;
	look(bed);
	bed->fixture->now_ms += 4000;
	press(bed, "3");
	draw(bed, 24, 80);
	CU_ASSERT(row_with(bed, "2 of 3 nodes  a node does not answer") == 0);
	CU_ASSERT(row_with(bed, "3 no answer  for 4.00 s /run/three") > 0);
	CU_ASSERT(row_with(bed, "no node that answers leads") > 0);
	CU_ASSERT(row_with(bed, "THE SELECTED NODE DOES NOT ANSWER") > 0);
	end(bed);
}

static void nobody_at_all_is_drawn_too(void)
{
	struct bed *bed = begin();

	memset(bed->fixture->answers, 0, sizeof(bed->fixture->answers));
	memset(&bed->fixture->watch, 0, sizeof(bed->fixture->watch));
	for (int at = 0; at < 3; at++)
		bed->fixture->answers[at].run_directory = "/run/x";
	look(bed);
	draw(bed, 24, 80);
	CU_ASSERT(row_with(bed, "0 of 3 nodes") == 0);
	CU_ASSERT(row_with(bed, "none") > 0);
	end(bed);
}

static void quantities_have_units_and_three_figures(void)
{
	char cell[WL_TOP_CELL];

	CU_ASSERT_STRING_EQUAL(wl_top_span(1230000, cell), "1.23 ms");
	CU_ASSERT_STRING_EQUAL(wl_top_span(0, cell), "0 ms");
	CU_ASSERT_STRING_EQUAL(wl_top_span(-1, cell), "-");
	CU_ASSERT_STRING_EQUAL(wl_top_span(65000000000, cell), "65 s");
	CU_ASSERT_STRING_EQUAL(wl_top_span(7200000000000, cell), "2 h");
	CU_ASSERT_STRING_EQUAL(wl_top_count(9999, cell), "9999");
	CU_ASSERT_STRING_EQUAL(wl_top_count(12345, cell), "12.3 k");
	CU_ASSERT_STRING_EQUAL(wl_top_count(4560000, cell), "4.56 M");
	CU_ASSERT_STRING_EQUAL(wl_top_rate(1.25, cell), "1.2");
	CU_ASSERT_STRING_EQUAL(wl_top_bytes(1023, cell), "1023 B");
	CU_ASSERT_STRING_EQUAL(wl_top_bytes(1536, cell), "1.50 KiB");
	CU_ASSERT_STRING_EQUAL(wl_top_percent(0.253, cell), "25 %");
	CU_ASSERT_STRING_EQUAL(wl_top_percent(0.0 / 0.0, cell), "-");
}

static void a_node_seen_over_the_wire_says_who_asked_it(void)
{
	struct bed *bed = begin();
	int row;

	watch_fixture_over_the_wire(bed->fixture, 2);
	look(bed);
	press(bed, "2");
	draw(bed, 24, 80);
	row = row_with(bed, "via node 1");
	CU_ASSERT_FATAL(row > 0);
	CU_ASSERT_EQUAL(strncmp(line_of(bed, row), "   2 follower     7          1590", 33), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(line_of(bed, row), "via node 1 healthy"));
	CU_ASSERT_NOT_EQUAL(row_with(bed, "NODE 2  wirelog 0.1.1  over the wire"), -1);
	CU_ASSERT_NOT_EQUAL(row_with(bed, "asked by node 1, up 7.00 s"), -1);
	CU_ASSERT_EQUAL(row_with(bed, "drive    log"), -1);
	bed->fixture->answers[1].answers = false;
	look(bed);
	draw(bed, 24, 80);
	CU_ASSERT_NOT_EQUAL(row_with(bed, "over the wire"), -1);
	CU_ASSERT_EQUAL(row_with(bed, "via node 1"), -1);
	end(bed);
}

WL_SUITE(top)
{
	WL_TEST(a_node_seen_over_the_wire_says_who_asked_it),
	WL_TEST(nodes_are_in_the_order_that_was_asked_for),
	WL_TEST(a_node_is_selected_by_digit_and_by_arrow),
	WL_TEST(a_pause_keeps_the_picture_and_its_end_takes_the_newest),
	WL_TEST(a_filter_is_typed_and_leaves_what_contains_it),
	WL_TEST(events_scroll_within_what_there_is),
	WL_TEST(help_ends_with_any_key_and_q_ends_all),
	WL_TEST(eighty_by_twenty_four_shows_everything),
	WL_TEST(any_size_is_drawn_within_its_bounds),
	WL_TEST(a_node_that_does_not_answer_is_told_with_its_place),
	WL_TEST(nobody_at_all_is_drawn_too),
	WL_TEST(quantities_have_units_and_three_figures),
};

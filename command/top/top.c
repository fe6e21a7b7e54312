/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/top/top.h"

#include <math.h>
#include <string.h>

#define PAGE 10u

const char *wl_top_sort_name(enum wl_top_sort sort)
{
	static const char *const names[WL_TOP_SORTS] = {"node", "health", "records/s",
							"lag",	"busy",	  "cpu"};

	return names[sort];
}

void wl_top_look(struct wl_top *top)
{
	int leader;

	if (top->journal >= top->live.journal_count)
		top->journal = 0;
	leader = wl_watch_leader(&top->live, top->journal);
	top->history[top->looks++ % WL_TOP_HISTORY] =
		leader < 0 ? NAN : top->live.nodes[leader].journals[top->journal].records_per_s;
	if (!top->paused)
		top->shown = top->live;
}

/* ---- order -------------------------------------------------------------------------------------- */

/* What is not known stands last. */
static double weight(const struct wl_top *top, uint32_t at)
{
	const struct wl_watch_node *node = &top->shown.nodes[at];
	const struct wl_watch_journal *journal = &node->journals[top->journal];
	double value = 0;

	switch (top->sort) {
	case WL_TOP_BY_HEALTH:
		value = node->level;
		break;
	case WL_TOP_BY_RATE:
		value = node->answers ? journal->records_per_s : -1;
		break;
	case WL_TOP_BY_LAG:
		value = node->answers ? (double)journal->behind_ns : INFINITY;
		break;
	case WL_TOP_BY_BUSY:
		value = wl_watch_busy(node);
		break;
	case WL_TOP_BY_CPU:
		value = node->answers ? node->cpu : -1;
		break;
	case WL_TOP_BY_NODE:
	case WL_TOP_SORTS:
		value = -(double)(node->id != 0 ? node->id : WIRELOG_NODES_MAX + 1);
		break;
	}
	return isnan(value) ? -1 : value;
}

uint32_t wl_top_order(const struct wl_top *top, uint32_t order[WIRELOG_NODES_MAX])
{
	uint32_t count = top->shown.node_count;

	/* Insertion keeps those that are equal in the order of the command line. */
	for (uint32_t at = 0; at < count; at++) {
		uint32_t to = at;

		for (; to > 0; to--) {
			double here = weight(top, at), there = weight(top, order[to - 1]);

			if (top->reversed ? here >= there : here <= there)
				break;
			order[to] = order[to - 1];
		}
		order[to] = at;
	}
	return count;
}

uint32_t wl_top_events(const struct wl_top *top, uint32_t places[WL_WATCH_EVENTS])
{
	uint32_t count = 0;

	for (uint32_t at = 0; at < top->shown.event_count; at++)
		if (top->filter[0] == '\0' ||
		    strcasestr(top->shown.events[at].text, top->filter) != NULL)
			places[count++] = at;
	return count;
}

/* ---- keys --------------------------------------------------------------------------------------- */

static void select_next(struct wl_top *top, int step)
{
	uint32_t order[WIRELOG_NODES_MAX], count = wl_top_order(top, order);

	for (uint32_t at = 0; at < count; at++)
		if ((int)order[at] == top->selected) {
			int to = (int)at + step;

			if (to >= 0 && to < (int)count)
				top->selected = (int)order[to];
			return;
		}
	top->selected = count > 0 ? (int)order[0] : 0;
}

static void select_node(struct wl_top *top, int id)
{
	for (uint32_t at = 0; at < top->shown.node_count; at++)
		if (top->shown.nodes[at].id == id)
			top->selected = (int)at;
}

static void scroll(struct wl_top *top, int64_t by)
{
	uint32_t places[WL_WATCH_EVENTS], count = wl_top_events(top, places);
	int64_t to = (int64_t)top->back + by;

	if (to > (int64_t)count - 1)
		to = (int64_t)count - 1;
	top->back = to > 0 ? (uint32_t)to : 0;
}

static void choose_journal(struct wl_top *top, int step)
{
	uint32_t count = top->shown.journal_count;

	if (count < 2)
		return;
	top->journal = (top->journal + count + (uint32_t)step) % count;
	top->looks = 0;
}

static void type(struct wl_top *top, int key)
{
	size_t used = strlen(top->filter);

	if (key == WL_TOP_KEY_ESCAPE)
		top->filter[0] = '\0';
	if (key == WL_TOP_KEY_BACKSPACE && used > 0)
		top->filter[used - 1] = '\0';
	if (key == WL_TOP_KEY_ESCAPE || key == WL_TOP_KEY_ENTER ||
	    (key == WL_TOP_KEY_BACKSPACE && used == 0))
		top->typing = false;
	if (key >= ' ' && key < 127 && used + 1 < sizeof(top->filter)) {
		top->filter[used] = (char)key;
		top->filter[used + 1] = '\0';
	}
	top->back = 0;
}

static void set_paused(struct wl_top *top)
{
	top->paused = !top->paused;
	if (!top->paused)
		top->shown = top->live;
}

static void escape(struct wl_top *top)
{
	if (top->filter[0] != '\0')
		top->filter[0] = '\0';
	else
		top->events_only = false;
	top->back = 0;
}

static void move(struct wl_top *top, int key)
{
	switch (key) {
	case WL_TOP_KEY_UP:
	case 'k':
		top->events_only ? scroll(top, 1) : select_next(top, -1);
		break;
	case WL_TOP_KEY_DOWN:
	case 'j':
		top->events_only ? scroll(top, -1) : select_next(top, 1);
		break;
	case WL_TOP_KEY_LEFT:
		choose_journal(top, -1);
		break;
	case WL_TOP_KEY_RIGHT:
		choose_journal(top, 1);
		break;
	case WL_TOP_KEY_PAGE_UP:
	case 'b':
		scroll(top, PAGE);
		break;
	case WL_TOP_KEY_PAGE_DOWN:
	case 'f':
		scroll(top, -(int)PAGE);
		break;
	case WL_TOP_KEY_HOME:
	case 'g':
		scroll(top, WL_WATCH_EVENTS);
		break;
	case WL_TOP_KEY_END:
	case 'G':
		top->back = 0;
		break;
	default:
		break;
	}
}

void wl_top_key(struct wl_top *top, int key)
{
	if (top->typing) {
		type(top, key);
		return;
	}
	if (top->helps && key != WL_TOP_KEY_QUIT) { /* any key ends it, as in htop */
		top->helps = false;
		return;
	}
	if (key >= '1' && key <= '9')
		select_node(top, key - '0');
	switch (key) {
	case 'q':
	case 'Q':
	case WL_TOP_KEY_QUIT:
		top->over = true;
		break;
	case 'h':
	case '?':
	case WL_TOP_KEY_HELP:
		top->helps = true;
		break;
	case 's':
	case '>':
		top->sort = (enum wl_top_sort)((top->sort + 1) % WL_TOP_SORTS);
		break;
	case '<':
		top->sort = (enum wl_top_sort)((top->sort + WL_TOP_SORTS - 1) % WL_TOP_SORTS);
		break;
	case 'r':
		top->reversed = !top->reversed;
		break;
	case 'p':
	case ' ':
		set_paused(top);
		break;
	case 'e':
	case '\t':
		top->events_only = !top->events_only;
		break;
	case '/':
		top->typing = true;
		break;
	case WL_TOP_KEY_ESCAPE:
		escape(top);
		break;
	default:
		move(top, key);
		break;
	}
}

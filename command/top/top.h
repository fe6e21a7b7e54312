/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `wirelog top` without its terminal: what was looked at (watch/watch.h), what the user chose with keys, and the picture of both as a grid of
 * characters (top_screen.h). Pure; top_terminal.h draws it.
 */
#ifndef WL_COMMAND_TOP_TOP_H
#define WL_COMMAND_TOP_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "watch/watch.h"

#define WL_TOP_HISTORY 240u /* looks that the curve of records goes back */
#define WL_TOP_FILTER_BYTES 64u

enum wl_top_sort {
	WL_TOP_BY_NODE,
	WL_TOP_BY_HEALTH, /* the worst first */
	WL_TOP_BY_RATE,
	WL_TOP_BY_LAG,
	WL_TOP_BY_BUSY,
	WL_TOP_BY_CPU,
	WL_TOP_SORTS,
};

/* Keys that are no characters; characters are themselves. */
enum wl_top_key {
	WL_TOP_KEY_UP = 0x110000,
	WL_TOP_KEY_DOWN,
	WL_TOP_KEY_LEFT,
	WL_TOP_KEY_RIGHT,
	WL_TOP_KEY_PAGE_UP,
	WL_TOP_KEY_PAGE_DOWN,
	WL_TOP_KEY_HOME,
	WL_TOP_KEY_END,
	WL_TOP_KEY_BACKSPACE,
	WL_TOP_KEY_ENTER,
	WL_TOP_KEY_ESCAPE,
	WL_TOP_KEY_HELP,
	WL_TOP_KEY_QUIT,
};

struct wl_top {
	struct wl_watch live, shown; /* shown stands still while it is paused */
	double history[WL_TOP_HISTORY]; /* records a second of the journal that is shown */
	uint64_t looks;
	int selected; /* run directory's place, whatever the order is */
	uint32_t journal;
	enum wl_top_sort sort;
	bool reversed, paused, helps, events_only, over;
	bool typing; /* a filter */
	char filter[WL_TOP_FILTER_BYTES]; /* of events: those that contain it */
	uint32_t back; /* so many of the newest events are scrolled away */
};

/* `live` was looked at: shows it unless it is paused. */
void wl_top_look(struct wl_top *top);
/* A key of the user. */
void wl_top_key(struct wl_top *top, int key);
/* Places of the nodes of `shown` in the order in which they are listed. Returns how many. */
uint32_t wl_top_order(const struct wl_top *top, uint32_t order[WIRELOG_NODES_MAX]);
/* The events that the filter leaves, by their places in `shown`, the oldest first. */
uint32_t wl_top_events(const struct wl_top *top, uint32_t places[WL_WATCH_EVENTS]);

const char *wl_top_sort_name(enum wl_top_sort sort);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The picture of `wirelog top`: a grid of characters with styles, for a terminal of any size. It is made for 80 x 24 and uses what more there
 * is; in less it is cut. Pure.
 */
#ifndef WL_COMMAND_TOP_TOP_SCREEN_H
#define WL_COMMAND_TOP_TOP_SCREEN_H

#include "command/top/top.h"

#define WL_TOP_ROWS_MAX 200
#define WL_TOP_COLUMNS_MAX 400

enum wl_top_style {
	WL_TOP_PLAIN,
	WL_TOP_DIM,
	WL_TOP_STRONG,
	WL_TOP_HEAD, /* of a table */
	WL_TOP_BAR, /* first and last line */
	WL_TOP_GOOD,
	WL_TOP_WARN,
	WL_TOP_BAD,
	WL_TOP_CURVE,
	WL_TOP_STYLES,
};

struct wl_top_cell {
	uint32_t glyph; /* a Unicode character */
	uint8_t style;
	bool selected;
};

struct wl_top_screen {
	int rows, columns;
	bool unicode; /* what the terminal can show */
	int64_t wall_ns; /* printed in the first line, UTC */
	struct wl_top_cell cells[WL_TOP_ROWS_MAX][WL_TOP_COLUMNS_MAX];
};

/* Draws into `screen`, whose rows, columns, unicode and wall_ns are set; larger ones than there is room for are cut down. */
void wl_top_screen_draw(struct wl_top_screen *screen, const struct wl_top *top, int64_t now_ms);

/* ---- for the parts of the picture ---------------------------------------------------------------- */

/* Writes at a place; what is outside is cut. Returns the column behind it. */
int wl_top_put(struct wl_top_screen *screen, int row, int column, enum wl_top_style style,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
void wl_top_fill(struct wl_top_screen *screen, int row, enum wl_top_style style);

/* Each returns the row behind what it drew. top_nodes.c: the strip of nodes and why they are not well. */
int wl_top_draw_nodes(struct wl_top_screen *screen, const struct wl_top *top, int row,
		      int64_t now_ms);
/* top_figures.c: stages, records, and the node that is selected. */
int wl_top_draw_figures(struct wl_top_screen *screen, const struct wl_top *top, int row);

/* top_quantity.c: numbers with their units, in few characters; "-" for what is not known. */
#define WL_TOP_CELL 24
const char *wl_top_span(int64_t ns, char cell[WL_TOP_CELL]); /* "850 ns" "1.23 ms" "12 s" "3 h" */
const char *wl_top_count(int64_t count, char cell[WL_TOP_CELL]); /* "1234" "12.3 k" "4.56 M" */
const char *wl_top_rate(double per_s, char cell[WL_TOP_CELL]); /* as count */
const char *wl_top_bytes(double bytes, char cell[WL_TOP_CELL]); /* "12.3 MiB" */
const char *wl_top_percent(double share, char cell[WL_TOP_CELL]); /* "12 %" */
const char *wl_top_number(int64_t number, char cell[WL_TOP_CELL]); /* in full */

#endif

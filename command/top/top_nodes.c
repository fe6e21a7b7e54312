/* SPDX-License-Identifier: BSD-3-Clause */
/* The strip of nodes, a line each, and below it why they are not well. */
#include <stdio.h>
#include <string.h>

#include "command/top/top_screen.h"

#define REASON_LINES 4
#define OTHER_LINES 15 /* of the picture beside the nodes and their reasons */

/* Columns of the strip: where each ends, so that numbers stand below each other. */
static const struct {
	const char *title;
	int end; /* the column behind its last character */
	bool left; /* text, from `end` of the one before */
} columns[] = {{"NODE", 4, false},     {"ROLE", 14, true},   {"TERM", 19, false},
	       {"RECORDS", 33, false}, {"REC/s", 42, false}, {"BEHIND", 50, false},
	       {"LAG", 59, false},     {"BUSY", 65, false},  {"CPU", 71, false},
	       {"HEALTH", 80, true}};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void put_cell(struct wl_top_screen *screen, int row, size_t which, enum wl_top_style style,
		     const char *text)
{
	int column = columns[which].left ? columns[which - 1].end + 1
					 : columns[which].end - (int)strlen(text);

	wl_top_put(screen, row, column, style, "%s", text);
}

static enum wl_top_style style_of(enum wl_watch_level level)
{
	switch (level) {
	case WL_WATCH_HEALTHY:
		return WL_TOP_GOOD;
	case WL_WATCH_DEGRADED:
		return WL_TOP_WARN;
	default:
		return WL_TOP_BAD;
	}
}

static void put_silent(struct wl_top_screen *screen, int row, const struct wl_watch_node *node,
		       int64_t now_ms)
{
	char cell[WL_TOP_CELL];
	int64_t for_ns = node->silent_since_ms == WL_WATCH_UNKNOWN
				 ? -1
				 : (now_ms - node->silent_since_ms) * 1000000;
	int column;

	put_cell(screen, row, 1, WL_TOP_BAD, "no answer");
	column = wl_top_put(screen, row, columns[2].end - 3, WL_TOP_BAD, "%s%s",
			    for_ns >= 0 ? "for " : "",
			    for_ns >= 0 ? wl_top_span(for_ns / 1000000000 * 1000000000, cell) : "");
	wl_top_put(screen, row, column + 1, WL_TOP_DIM, "%s", wl_watch_place(node));
}

/* Of one that was asked over the wire they are not known: who asked it stands there. */
static void put_cores(struct wl_top_screen *screen, int row, enum wl_top_style style,
		      const struct wl_watch_node *node)
{
	char cell[WL_TOP_CELL];

	if (node->asked_by == 0) {
		put_cell(screen, row, 7, style, wl_top_percent(wl_watch_busy(node), cell));
		put_cell(screen, row, 8, style, wl_top_percent(node->cpu, cell));
		return;
	}
	snprintf(cell, sizeof(cell), "via node %d", node->asked_by);
	put_cell(screen, row, 8, WL_TOP_DIM, cell);
}

static void put_node(struct wl_top_screen *screen, const struct wl_top *top, int row, uint32_t at,
		     int64_t now_ms)
{
	const struct wl_watch_node *node = &top->shown.nodes[at];
	const struct wl_watch_journal *journal = &node->journals[top->journal];
	bool leads = journal->leads == 1;
	enum wl_top_style style = leads ? WL_TOP_STRONG : WL_TOP_PLAIN;
	char cell[WL_TOP_CELL];

	put_cell(screen, row, 0, style, node->id > 0 ? wl_top_number(node->id, cell) : "?");
	if (!node->answers) {
		put_silent(screen, row, node, now_ms);
	} else {
		put_cell(screen, row, 1, style, journal->role);
		put_cell(screen, row, 2, style, wl_top_number(journal->term, cell));
		put_cell(screen, row, 3, style, wl_top_number(journal->records, cell));
		put_cell(screen, row, 4, style, wl_top_rate(journal->records_per_s, cell));
		put_cell(screen, row, 5, journal->behind_entries > 0 ? WL_TOP_WARN : style,
			 leads ? "-" : wl_top_count(journal->behind_entries, cell));
		put_cell(screen, row, 6, style,
			 leads ? "-" : wl_top_span(journal->behind_ns, cell));
		put_cores(screen, row, style, node);
		put_cell(screen, row, 9, style_of(node->level), wl_watch_level_name(node->level));
	}
	for (int column = 0; (int)at == top->selected && column < screen->columns; column++)
		screen->cells[row][column].selected = true;
}

/* "node 3: unsafe redundancy_lost for 4 s: one more failure stops this journal" */
static void put_reason(struct wl_top_screen *screen, int row, const struct wl_watch_node *node,
		       const struct wl_watch_reason *reason)
{
	char cell[WL_TOP_CELL];
	int column = wl_top_put(screen, row, 1, style_of(reason->level), "%d says: %s", node->id,
				reason->reason);

	if (reason->node >= 0)
		column = wl_top_put(screen, row, column, style_of(reason->level), " (node %d)",
				    reason->node);
	column = wl_top_put(screen, row, column, WL_TOP_DIM,
			    " for %s: ", wl_top_span(reason->for_ns, cell));
	wl_top_put(screen, row, column, WL_TOP_PLAIN, "%s", reason->text);
}

struct reasons {
	int row, room; /* room: lines that are left */
	int left_out;
};

static void put_reasons_of(struct wl_top_screen *screen, const struct wl_watch_node *node,
			   enum wl_watch_level level, struct reasons *reasons)
{
	for (uint32_t i = 0; node->answers && i < node->reason_count; i++) {
		if (node->reasons[i].level != level)
			continue;
		if (reasons->room == 0) {
			reasons->left_out++;
			continue;
		}
		reasons->room--;
		put_reason(screen, reasons->row++, node, &node->reasons[i]);
	}
}

/* The worst first; of one level as the nodes say them. */
static int put_reasons(struct wl_top_screen *screen, const struct wl_top *top, int row)
{
	int room = screen->rows - OTHER_LINES - (int)top->shown.node_count;
	struct reasons reasons = {.row = row,
				  .room = room > REASON_LINES ? REASON_LINES
					  : room > 1	      ? room
							      : 1};

	for (int level = WL_WATCH_UNSAFE; level > WL_WATCH_HEALTHY; level--)
		for (uint32_t at = 0; at < top->shown.node_count; at++)
			put_reasons_of(screen, &top->shown.nodes[at], (enum wl_watch_level)level,
				       &reasons);
	if (reasons.left_out > 0)
		wl_top_put(screen, reasons.row - 1, screen->columns - 12, WL_TOP_DIM,
			   " and %d more", reasons.left_out);
	return reasons.row;
}

int wl_top_draw_nodes(struct wl_top_screen *screen, const struct wl_top *top, int row,
		      int64_t now_ms)
{
	uint32_t order[WIRELOG_NODES_MAX], count = wl_top_order(top, order);

	wl_top_fill(screen, row, WL_TOP_HEAD);
	for (size_t which = 0; which < COLUMNS; which++)
		put_cell(screen, row, which, WL_TOP_HEAD, columns[which].title);
	row++;
	for (uint32_t at = 0; at < count; at++)
		put_node(screen, top, row++, order[at], now_ms);
	return put_reasons(screen, top, row);
}

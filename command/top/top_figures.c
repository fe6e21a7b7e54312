/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cluster does (of its leader), and how the node that is selected is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/top/top_screen.h"

#define CURVE_WIDTH_MAX 120

/* ---- stages ------------------------------------------------------------------------------------- */

static void put_right(struct wl_top_screen *screen, int row, int end, enum wl_top_style style,
		      const char *text)
{
	wl_top_put(screen, row, end - (int)strlen(text), style, "%s", text);
}

static const char *latency(const struct wl_watch_spread *spread, int64_t ns, char cell[WL_TOP_CELL])
{
	return spread->count > 0 ? wl_top_span(ns, cell) : "-";
}

static void put_stage(struct wl_top_screen *screen, int row, const struct wl_watch_spread *spread,
		      const char *name, const char *what)
{
	enum wl_top_style style = strcmp(name, "commit") == 0 ? WL_TOP_STRONG : WL_TOP_PLAIN;
	char cell[WL_TOP_CELL];

	wl_top_put(screen, row, 1, style, "%s", name);
	put_right(screen, row, 17, style, latency(spread, spread->p50_ns, cell));
	put_right(screen, row, 27, style, latency(spread, spread->p90_ns, cell));
	put_right(screen, row, 37, style, latency(spread, spread->p99_ns, cell));
	put_right(screen, row, 47, style, latency(spread, spread->p999_ns, cell));
	put_right(screen, row, 57, style, latency(spread, spread->max_ns, cell));
	wl_top_put(screen, row, 59, WL_TOP_DIM, "%s", what);
}

static int draw_stages(struct wl_top_screen *screen, const struct wl_watch_journal *journal,
		       int row)
{
	/* The others are of the page: here is room for so many. */
	static const struct {
		enum wl_watch_stage stage;
		const char *what;
	} shown[] = {{WL_WATCH_TURN, "in its turn"},
		     {WL_WATCH_DISK, "own drive"},
		     {WL_WATCH_PEER, "majority's memory"}};
	static const int rows = 1 + (int)(sizeof(shown) / sizeof(shown[0]));
	char cell[WL_TOP_CELL], commit[WL_TOP_CELL + 16];

	wl_top_fill(screen, row, WL_TOP_HEAD);
	wl_top_put(screen, row, 1, WL_TOP_HEAD, "LAST 10 s");
	put_right(screen, row, 17, WL_TOP_HEAD, "p50");
	put_right(screen, row, 27, WL_TOP_HEAD, "p90");
	put_right(screen, row, 37, WL_TOP_HEAD, "p99");
	put_right(screen, row, 47, WL_TOP_HEAD, "p99.9");
	put_right(screen, row, 57, WL_TOP_HEAD, "max");
	row++;
	if (journal == NULL) {
		wl_top_put(screen, row, 1, WL_TOP_BAD, "no node that answers leads");
		return row + rows;
	}
	snprintf(commit, sizeof(commit), "%s entries",
		 wl_top_count(journal->recent[WL_WATCH_COMMIT].count, cell));
	put_stage(screen, row++, &journal->recent[WL_WATCH_COMMIT], "commit", commit);
	for (size_t at = 0; at < sizeof(shown) / sizeof(shown[0]); at++)
		put_stage(screen, row++, &journal->recent[shown[at].stage],
			  wl_watch_stage_name(shown[at].stage), shown[at].what);
	return row;
}

/* ---- records ------------------------------------------------------------------------------------ */

static double ratio(double of, double by)
{
	return by > 0 ? of / by : NAN;
}

/* The newest at the right; a time without a leader is a gap. */
static void put_curve(struct wl_top_screen *screen, const struct wl_top *top, int row, int column)
{
	int width = screen->columns - column - 1;
	double most = 1;
	char cell[WL_TOP_CELL];

	if (width > CURVE_WIDTH_MAX)
		width = CURVE_WIDTH_MAX;
	for (uint32_t at = 0; at < WL_TOP_HISTORY && at < top->looks; at++)
		most = fmax(most, top->history[at]);
	width -= wl_top_put(screen, row, column, WL_TOP_DIM, "up to %s", wl_top_rate(most, cell)) -
		 column + 1;
	column = screen->columns - 1 - (width < CURVE_WIDTH_MAX ? width : CURVE_WIDTH_MAX);
	for (int at = 0; at < width && (uint64_t)at < top->looks && at < (int)WL_TOP_HISTORY;
	     at++) {
		double value = top->history[(top->looks - 1 - (uint64_t)at) % WL_TOP_HISTORY];
		int height = isnan(value) ? -1 : (int)ceil(value / most * 8);
		char text[8] = " ";

		if (screen->unicode && height > 0)
			snprintf(text, sizeof(text), "\xe2\x96%c", 0x80 + height);
		else if (height > 0)
			text[0] = "_.:-=+*#@"[height];
		wl_top_put(screen, row, column + width - 1 - at, WL_TOP_CURVE, "%s", text);
	}
}

static int draw_records(struct wl_top_screen *screen, const struct wl_top *top, int leader, int row)
{
	const struct wl_watch_node *node = &top->shown.nodes[leader];
	char cells[6][WL_TOP_CELL];
	int column;

	column = wl_top_put(screen, row, 1, WL_TOP_STRONG, "%s records/s",
			    wl_top_rate(node->journals[top->journal].records_per_s, cells[0]));
	put_curve(screen, top, row++, column + 2);
	wl_top_put(screen, row++, 1, WL_TOP_PLAIN,
		   "%s/s  %s records an entry  %s entries a write  %s writes/s of %s",
		   wl_top_bytes(node->record_bytes_appended_per_s, cells[0]),
		   wl_top_rate(ratio(node->records_appended_per_s, node->entries_appended_per_s),
			       cells[1]),
		   wl_top_rate(ratio(node->entries_appended_per_s, node->disk_writes_done_per_s),
			       cells[2]),
		   wl_top_rate(node->disk_writes_done_per_s, cells[3]),
		   wl_top_bytes(ratio(node->disk_write_bytes_per_s, node->disk_writes_done_per_s),
				cells[4]));
	return row;
}

/* ---- the selected node -------------------------------------------------------------------------- */

struct fact {
	const char *name;
	int64_t value;
};

/* Only those that are not 0: what is wrong stands out, and what is not takes no room. */
static int put_facts(struct wl_top_screen *screen, int row, int column, const struct fact *facts,
		     size_t count)
{
	char cell[WL_TOP_CELL];

	for (size_t at = 0; at < count; at++)
		if (facts[at].value > 0)
			column = wl_top_put(screen, row, column, WL_TOP_WARN, "  %s %s",
					    facts[at].name, wl_top_count(facts[at].value, cell));
	return column;
}

static void put_drive(struct wl_top_screen *screen, int row, const struct wl_watch_node *node,
		      const struct wl_watch_journal *journal)
{
	char cells[5][WL_TOP_CELL];
	const struct fact facts[] = {{"queue full", node->disk_queue_full},
				     {"no room", node->log_no_room},
				     {"no segment", node->log_no_segment},
				     {"no space", node->log_no_space},
				     {"failed writes", node->disk_write_failed},
				     {"failed reads", node->disk_read_failed}};
	double used = journal->limit_bytes > 0
			      ? (double)journal->used_bytes / (double)journal->limit_bytes
			      : NAN;
	int column = wl_top_put(screen, row, 1, WL_TOP_PLAIN,
				"drive    log %s of %s (%s), free %s, in flight %s",
				wl_top_bytes((double)journal->used_bytes, cells[0]),
				wl_top_bytes((double)journal->limit_bytes, cells[1]),
				wl_top_percent(used, cells[2]),
				wl_top_bytes((double)node->free_bytes, cells[3]),
				wl_top_number(journal->writes_in_flight, cells[4]));

	if (journal->drive_silent_ns > 0)
		column = wl_top_put(screen, row, column,
				    journal->drive_silent_ns > 1000000000 ? WL_TOP_BAD
									  : WL_TOP_PLAIN,
				    ", silent %s", wl_top_span(journal->drive_silent_ns, cells[0]));
	put_facts(screen, row, column, facts, sizeof(facts) / sizeof(facts[0]));
}

static void put_clients(struct wl_top_screen *screen, int row, const struct wl_watch_node *node,
			const struct wl_watch_journal *journal)
{
	char cells[6][WL_TOP_CELL];
	int column = wl_top_put(
		screen, row, 1, WL_TOP_PLAIN,
		"clients  %s, readers %s (%s records/s), sessions %s, consumers %s, waiting %s",
		wl_top_number(journal->clients, cells[0]),
		wl_top_number(journal->readers, cells[1]),
		wl_top_rate(node->deliver_records_per_s, cells[2]),
		wl_top_number(journal->sessions, cells[3]),
		wl_top_number(journal->consumers, cells[4]),
		wl_top_number(journal->waiting_replies, cells[5]));

	if (journal->held_bytes > 0)
		wl_top_put(screen, row, column, WL_TOP_PLAIN, ", held back %s",
			   wl_top_bytes((double)journal->held_bytes, cells[0]));
}

static void put_network(struct wl_top_screen *screen, int row, const struct wl_watch_node *node)
{
	char cells[4][WL_TOP_CELL];
	const struct fact facts[] = {
		{"down", node->links_down},	      {"missed", node->nic_missed},
		{"no buffer", node->nic_no_buffer},   {"errors", node->nic_errors},
		{"tx no buffer", node->tx_no_buffer}, {"not believed", node->not_believed}};
	int column = wl_top_put(screen, row, 1, WL_TOP_PLAIN,
				"network  rx %s frames/s %s/s, tx %s frames/s %s/s",
				wl_top_rate(node->rx_frames_per_s, cells[0]),
				wl_top_bytes(node->rx_bytes_per_s, cells[1]),
				wl_top_rate(node->tx_frames_per_s, cells[2]),
				wl_top_bytes(node->tx_bytes_per_s, cells[3]));

	put_facts(screen, row, column, facts, sizeof(facts) / sizeof(facts[0]));
}

static void put_stalls(struct wl_top_screen *screen, int row, const struct wl_watch_node *node)
{
	char cells[3][WL_TOP_CELL];
	const struct fact facts[] = {{"gave up lead", node->stalls},
				     {"commit stalls", node->commit_stalls},
				     {"quorum lost", node->quorum_lost}};
	int column = wl_top_put(screen, row, 1, WL_TOP_PLAIN,
				"stalls   longest turn %s, memory %s, up %s",
				wl_top_span(node->longest_turn_ns, cells[0]),
				wl_top_bytes((double)node->resident_bytes, cells[1]),
				wl_top_span(node->uptime_ns, cells[2]));

	put_facts(screen, row, column, facts, sizeof(facts) / sizeof(facts[0]));
}

static int draw_selected(struct wl_top_screen *screen, const struct wl_top *top, int row)
{
	const struct wl_watch_node *node = &top->shown.nodes[top->selected];
	const struct wl_watch_journal *journal = &node->journals[top->journal];
	char cell[WL_TOP_CELL];

	wl_top_fill(screen, row, WL_TOP_HEAD);
	if (top->selected >= (int)top->shown.node_count || !node->answers) {
		wl_top_put(screen, row++, 1, WL_TOP_HEAD, "THE SELECTED NODE DOES NOT ANSWER");
		return row;
	}
	wl_top_put(screen, row++, 1, WL_TOP_HEAD, "NODE %d  wirelog %s  %s", node->id,
		   node->version, wl_watch_place(node));
	if (node->asked_by != 0) {
		wl_top_put(screen, row++, 1, WL_TOP_DIM,
			   "asked by node %d, up %s; the rest is seen where its run directory is",
			   node->asked_by, wl_top_span(node->uptime_ns, cell));
		return row;
	}
	put_drive(screen, row++, node, journal);
	put_network(screen, row++, node);
	put_clients(screen, row++, node, journal);
	put_stalls(screen, row++, node);
	return row;
}

int wl_top_draw_figures(struct wl_top_screen *screen, const struct wl_top *top, int row)
{
	int leader = wl_watch_leader(&top->shown, top->journal);

	row = draw_stages(
		screen, leader < 0 ? NULL : &top->shown.nodes[leader].journals[top->journal], row);
	if (leader >= 0)
		row = draw_records(screen, top, leader, row);
	return draw_selected(screen, top, row);
}

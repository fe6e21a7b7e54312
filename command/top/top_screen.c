/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/top/top_screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

/* ---- the grid ----------------------------------------------------------------------------------- */

/* The next character of UTF-8 that is known to be right; what is not is a question mark. */
static uint32_t next_glyph(const unsigned char **text)
{
	const unsigned char *at = *text;
	unsigned more = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
	uint32_t glyph = more == 0 ? at[0] : at[0] & (0x3fu >> more);

	for (unsigned i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			*text = at + i;
			return '?';
		}
		glyph = glyph << 6 | (at[i] & 0x3f);
	}
	*text = at + more + 1;
	return glyph;
}

int wl_top_put(struct wl_top_screen *screen, int row, int column, enum wl_top_style style,
	       const char *format, ...)
{
	char text[512];
	const unsigned char *at = (const unsigned char *)text;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (; *at != '\0'; column++) {
		uint32_t glyph = next_glyph(&at);
		struct wl_top_cell *cell;

		if (row < 0 || row >= screen->rows || column < 0 || column >= screen->columns)
			continue;
		cell = &screen->cells[row][column];
		/* Blocks of the curve are all that is printed beside ASCII: everything else may be wide. */
		cell->glyph = glyph < 0x80 || (glyph >= 0x2581 && glyph <= 0x2588) ? glyph : '?';
		cell->style = (uint8_t)style;
	}
	return column;
}

void wl_top_fill(struct wl_top_screen *screen, int row, enum wl_top_style style)
{
	for (int column = 0; row >= 0 && row < screen->rows && column < screen->columns; column++)
		screen->cells[row][column] =
			(struct wl_top_cell){.glyph = ' ', .style = (uint8_t)style};
}

/* ---- first and last line ------------------------------------------------------------------------ */

static void time_of(int64_t wall_ns, char text[16])
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(text, 16, "%H:%M:%S", &parts);
}

static const char *cluster_of(const struct wl_watch *watch)
{
	for (uint32_t at = 0; at < watch->node_count; at++)
		if (watch->nodes[at].cluster[0] != '\0')
			return watch->nodes[at].cluster;
	return "-";
}

static void draw_title(struct wl_top_screen *screen, const struct wl_top *top)
{
	const struct wl_watch *watch = &top->shown;
	char time[16];
	int column;

	wl_top_fill(screen, 0, WL_TOP_BAR);
	column = wl_top_put(screen, 0, 1, WL_TOP_BAR, "wirelog top  cluster %.8s  %u of %u nodes  ",
			    cluster_of(watch), watch->answered, watch->node_count);
	column = wl_top_put(screen, 0, column,
			    watch->level == WL_WATCH_HEALTHY ? WL_TOP_BAR : WL_TOP_BAD, "%s",
			    watch->level == WL_WATCH_SILENT ? "a node does not answer"
							    : wl_watch_level_name(watch->level));
	if (watch->journal_count > 1)
		wl_top_put(screen, 0, column, WL_TOP_BAR, "  journal %u of %u", top->journal,
			   watch->journal_count);
	time_of(screen->wall_ns, time);
	wl_top_put(screen, 0, screen->columns - 10, top->paused ? WL_TOP_WARN : WL_TOP_BAR, " %s",
		   top->paused ? "  PAUSED" : time);
}

static void draw_keys(struct wl_top_screen *screen, const struct wl_top *top)
{
	int row = screen->rows - 1;

	wl_top_fill(screen, row, WL_TOP_BAR);
	if (top->typing) {
		wl_top_put(screen, row, 1, WL_TOP_BAR, "/%s_  events that contain it; Enter, Esc",
			   top->filter);
		return;
	}
	wl_top_put(screen, row, 1, WL_TOP_BAR,
		   "q quit  h help  1-9 node  s sort: %s%s  p %s  e events  / filter",
		   wl_top_sort_name(top->sort), top->reversed ? " (reversed)" : "",
		   top->paused ? "go on" : "pause");
}

/* ---- events ------------------------------------------------------------------------------------- */

static enum wl_top_style style_of(int level)
{
	return level <= 3 ? WL_TOP_BAD : level == 4 ? WL_TOP_WARN : WL_TOP_PLAIN;
}

static void draw_event(struct wl_top_screen *screen, const struct wl_watch_event *event, int row)
{
	char time[16];
	int column;

	time_of(event->time_ns, time);
	column = wl_top_put(screen, row, 1, WL_TOP_DIM, "%s ", time);
	if (event->node != 0)
		column = wl_top_put(screen, row, column, WL_TOP_DIM, "%d ", event->node);
	wl_top_put(screen, row, column, style_of(event->level), "%s", event->text);
}

/* The newest at the bottom, as in a log. */
static void draw_events(struct wl_top_screen *screen, const struct wl_top *top, int row)
{
	uint32_t places[WL_WATCH_EVENTS], count = wl_top_events(top, places);
	int lines = screen->rows - 1 - row - 1;
	uint32_t end = count > top->back ? count - top->back : 0;
	uint32_t begin = lines > 0 && end > (uint32_t)lines ? end - (uint32_t)lines : 0;
	int column;

	if (lines < 1)
		return;
	wl_top_fill(screen, row, WL_TOP_HEAD);
	column = wl_top_put(screen, row, 1, WL_TOP_HEAD, "EVENTS (UTC)");
	if (top->filter[0] != '\0')
		column = wl_top_put(screen, row, column, WL_TOP_HEAD, "  with '%s': %u",
				    top->filter, count);
	if (top->back > 0)
		wl_top_put(screen, row, column, WL_TOP_HEAD, "  %u newer below", top->back);
	if (count == 0)
		wl_top_put(screen, row + 1, 1, WL_TOP_DIM, "none");
	for (uint32_t at = begin; at < end; at++)
		draw_event(screen, &top->shown.events[places[at]], ++row);
}

/* ---- help --------------------------------------------------------------------------------------- */

static void draw_help(struct wl_top_screen *screen)
{
	static const char *const lines[] = {
		"  q F10            quit",
		"  h ? F1           this help",
		"  1..9 up down j k select a node: its drive, network, clients, stalls below",
		"  left right       another journal",
		"  s > <            sort the nodes: node, health, records/s, lag, busy, cpu",
		"  r                the other way round",
		"  p space          pause; again: go on",
		"  e Tab            events on the whole screen; again: back",
		"  PgUp PgDn b f    scroll the events; Home g the oldest, End G the newest",
		"  /                only events that contain a text; Esc: all",
		"",
		"  RECORDS number of the last committed one    REC/s committed in a second",
		"  BEHIND, LAG  entries that a node does not have, and since when (its leader",
		"               says so)",
		"  BUSY         turns of its busiest worker that found something to do",
		"  CPU          of one core, all threads (a worker that polls has 100 %)",
		"  turn         of an entry: from its turn to its seal; from there until it is",
		"  disk, peer   durable here, in the memory of a majority,",
		"  commit       and committed: durable on a majority",
		"  via node 1   no run directory here: node 1 asked it over the wire",
		"  Any key goes back.",
	};

	wl_top_fill(screen, 1, WL_TOP_HEAD);
	wl_top_put(screen, 1, 1, WL_TOP_HEAD, "HELP");
	for (int line = 0; line < (int)(sizeof(lines) / sizeof(lines[0])); line++)
		wl_top_put(screen, 2 + line, 0, WL_TOP_PLAIN, "%s", lines[line]);
}

void wl_top_screen_draw(struct wl_top_screen *screen, const struct wl_top *top, int64_t now_ms)
{
	int row = 1;

	if (screen->rows > WL_TOP_ROWS_MAX)
		screen->rows = WL_TOP_ROWS_MAX;
	if (screen->columns > WL_TOP_COLUMNS_MAX)
		screen->columns = WL_TOP_COLUMNS_MAX;
	for (int at = 0; at < screen->rows; at++)
		wl_top_fill(screen, at, WL_TOP_PLAIN);
	draw_title(screen, top);
	if (top->helps) {
		draw_help(screen);
	} else {
		if (!top->events_only) {
			row = wl_top_draw_nodes(screen, top, row, now_ms);
			row = wl_top_draw_figures(screen, top, row);
		}
		draw_events(screen, top, row);
	}
	draw_keys(screen, top);
}

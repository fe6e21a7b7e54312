/* SPDX-License-Identifier: BSD-3-Clause */
#include "command/top/top_terminal.h"

#include <langinfo.h>
#include <locale.h>
#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ESCAPE 27
#define ESCAPE_MS 25 /* an arrow's bytes come together */

static SCREEN *terminal;
static bool has_colours, is_unicode;

bool wl_top_terminal_open(bool colours, char *reason, size_t reason_bytes)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(
			reason, reason_bytes,
			"standard %s is no terminal; `wirelog status --watch` writes to a file or a pipe",
			isatty(STDIN_FILENO) ? "output" : "input");
		return false;
	}
	setlocale(LC_CTYPE, "");
	is_unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL) {
		snprintf(
			reason, reason_bytes,
			"the terminal '%s' (TERM) is not known here; TERM=xterm or TERM=vt100 fits most",
			name != NULL ? name : "");
		return false;
	}
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	has_colours = colours && has_colors() && start_color() == OK;
	if (has_colours) {
		use_default_colors();
		init_pair(WL_TOP_GOOD, COLOR_GREEN, -1);
		init_pair(WL_TOP_WARN, COLOR_YELLOW, -1);
		init_pair(WL_TOP_BAD, COLOR_RED, -1);
		init_pair(WL_TOP_CURVE, COLOR_CYAN, -1);
	}
	return true;
}

void wl_top_terminal_close(void)
{
	if (terminal == NULL)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

void wl_top_terminal_measure(struct wl_top_screen *screen)
{
	getmaxyx(stdscr, screen->rows, screen->columns);
	screen->unicode = is_unicode;
}

static attr_t attributes_of(const struct wl_top_cell *cell)
{
	attr_t selected = cell->selected ? A_REVERSE : A_NORMAL;

	switch (cell->style) {
	case WL_TOP_DIM:
		return selected | A_DIM;
	case WL_TOP_STRONG:
		return selected | A_BOLD;
	case WL_TOP_HEAD:
		return A_BOLD | A_UNDERLINE;
	case WL_TOP_BAR:
		return A_REVERSE;
	case WL_TOP_BAD:
	case WL_TOP_WARN:
		return selected | A_BOLD;
	default:
		return selected;
	}
}

static short colour_of(const struct wl_top_cell *cell)
{
	return has_colours && cell->style >= WL_TOP_GOOD ? cell->style : 0;
}

void wl_top_terminal_draw(const struct wl_top_screen *screen)
{
	erase();
	for (int row = 0; row < screen->rows; row++) {
		for (int column = 0; column < screen->columns; column++) {
			const struct wl_top_cell *cell = &screen->cells[row][column];
			const wchar_t text[] = {(wchar_t)cell->glyph, L'\0'};
			cchar_t drawn;

			setcchar(&drawn, text, attributes_of(cell), colour_of(cell), NULL);
			mvadd_wch(row, column,
				  &drawn); /* the last corner cannot be advanced from */
		}
	}
	refresh();
}

int wl_top_terminal_key(void)
{
	int key = getch();

	switch (key) {
	case ERR:
	case KEY_RESIZE: /* measured before each picture */
		return 0;
	case KEY_UP:
		return WL_TOP_KEY_UP;
	case KEY_DOWN:
		return WL_TOP_KEY_DOWN;
	case KEY_LEFT:
		return WL_TOP_KEY_LEFT;
	case KEY_RIGHT:
		return WL_TOP_KEY_RIGHT;
	case KEY_PPAGE:
		return WL_TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return WL_TOP_KEY_PAGE_DOWN;
	case KEY_HOME:
		return WL_TOP_KEY_HOME;
	case KEY_END:
		return WL_TOP_KEY_END;
	case KEY_BACKSPACE:
	case 127:
	case '\b':
		return WL_TOP_KEY_BACKSPACE;
	case KEY_ENTER:
	case '\n':
	case '\r':
		return WL_TOP_KEY_ENTER;
	case ESCAPE:
		return WL_TOP_KEY_ESCAPE;
	case KEY_F(1):
		return WL_TOP_KEY_HELP;
	case KEY_F(10):
		return WL_TOP_KEY_QUIT;
	default:
		return key;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal of `wirelog top`: ncurses, and nothing that decides what is shown. One for the process, [main]. */
#ifndef WL_COMMAND_TOP_TOP_TERMINAL_H
#define WL_COMMAND_TOP_TOP_TERMINAL_H

#include <stdbool.h>

#include "command/top/top_screen.h"

/* False with a sentence: there is no terminal, or it cannot be drawn on. */
bool wl_top_terminal_open(bool colours, char *reason, size_t reason_bytes);
void wl_top_terminal_close(void); /* the terminal is as it was */
/* Sets rows, columns and unicode of `screen` to what the terminal is now. */
void wl_top_terminal_measure(struct wl_top_screen *screen);
void wl_top_terminal_draw(const struct wl_top_screen *screen);
/* The next key as enum wl_top_key or a character; 0: none for now. Does not wait. */
int wl_top_terminal_key(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection to a node's stats socket, on which one question at a time is under way. Never blocks.
 *
 * Owner: who dialled. Thread: one at a time. Times are milliseconds of a clock that never goes back.
 */
#ifndef WL_WATCH_LINE_SOCKET_H
#define WL_WATCH_LINE_SOCKET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_LINE_DIAL_MS 250

struct wl_line {
	int fd; /* -1: none */
	int64_t due_ms; /* of the next dialling, or of the next question */
	int64_t asked_ms; /* the last time that something was sent or came */
	bool waits; /* for an answer */
};

/* Where it does not connect it is hung up. */
void wl_line_dial(struct wl_line *line, const char *run_directory, int64_t now_ms);
void wl_line_say(struct wl_line *line, const char *request, int64_t now_ms);
/* It may be dialled again in WL_LINE_DIAL_MS. */
void wl_line_hang_up(struct wl_line *line, int64_t now_ms);
/* When it wants to be looked at next, if nothing comes: `patience_ms` for an answer. */
int64_t wl_line_until_ms(const struct wl_line *line, int64_t patience_ms);

/* What stands in an answer under the request's name (without its parameter), the caller's; NULL: nothing. */
json_t *wl_line_unwrap(const char *request, const char *text, size_t size);

#endif

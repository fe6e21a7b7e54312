/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One line on standard error that is written over as work goes on, only where standard error is a terminal.
 * Asking whether it is time costs a comparison; the line is written at most five times a second.
 *
 * The caller owns the struct and tells the time (nanoseconds that do not go back).
 */
#ifndef WL_COMMAND_TOOL_PROGRESS_H
#define WL_COMMAND_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct wl_tool_progress {
	bool on;
	bool shown; /* a line stands there */
	uint64_t due_ns;
};

void wl_tool_progress_init(struct wl_tool_progress *progress, bool wanted);

static inline bool wl_tool_progress_is_due(const struct wl_tool_progress *progress, uint64_t now_ns)
{
	return progress->on && now_ns >= progress->due_ns;
}

void wl_tool_progress_show(struct wl_tool_progress *progress, uint64_t now_ns, const char *format,
			   ...) __attribute__((format(printf, 3, 4)));

/* Takes the line away, so that a message or the shell's prompt begins on an empty one. */
void wl_tool_progress_clear(struct wl_tool_progress *progress);

#endif

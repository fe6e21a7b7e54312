/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the command says no: one sentence with the code, then the fix, on standard error. `wirelog help exit-codes` prints the
 * table of wirelog_status_exit_code.
 */
#ifndef WL_COMMAND_TOOL_REFUSE_H
#define WL_COMMAND_TOOL_REFUSE_H

/* "wirelog: SENTENCE [CODE]" and "wirelog: FIX". A NULL or empty format takes the code's own cause. Returns the exit code (wirelog_status_exit_code). */
int wl_tool_refuse(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

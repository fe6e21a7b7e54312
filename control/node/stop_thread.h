/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of the process, whatever hangs. A thread of its own (wl-stop) takes SIGTERM and SIGINT; all others block them, since
 * a thread that waits in the kernel for a dead device would not hear them. Once the end is asked for, everybody has
 * WL_STOP_DEADLINE_NS to come to it by themselves; then wl-stop says what control was at, and ends the process.
 * Nothing is lost by that: what was acknowledged is durable, and it looks like a crash to the others.
 *
 * A thread that the kernel does not let go (state D) keeps the process for as long as its device does; so whoever waits
 * for a device waits for a completion of io_uring, which can be left.
 *
 * One for the process. Thread: open [init], before any other thread is made; the rest [any].
 */
#ifndef WL_CONTROL_NODE_STOP_THREAD_H
#define WL_CONTROL_NODE_STOP_THREAD_H

#include <stdbool.h>

#define WL_STOP_DEADLINE_NS 1700000000u /* with the last lines less than the promised two seconds */

/*
 * A node that ends to start again was not asked to end: what it closes may be on a slow device, and to be cut off there would
 * leave it down. Less than the unit's WatchdogSec=, as nobody feeds the watchdog meanwhile.
 */
#define WL_STOP_AGAIN_DEADLINE_NS 8000000000ull

/* SIGHUP and SIGPIPE are ignored from here on. 0 or a negative enum wirelog_status. */
int wl_stop_open(void);
bool wl_stop_is_asked(void);
/* As SIGTERM does. The time runs from the first of all. */
void wl_stop_ask(void);
/*
 * The same with WL_STOP_AGAIN_DEADLINE_NS, for a process that is to execute itself anew. SIGTERM and SIGINT that come meanwhile
 * shorten it to what they allow; they stay pending, so that what is executed ends by them.
 */
void wl_stop_ask_to_start_again(void);
/* What control is at, for the line that says where it hung: a static text. */
void wl_stop_doing(const char *what);
/* How the process ends at the deadline, if not with STOP_OVERDUE's exit code: a start was refused before. */
void wl_stop_end_with(int exit_code);

#endif

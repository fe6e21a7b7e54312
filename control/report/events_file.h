/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node's last 256 events, as its log said them from level notice on, in RUN_DIRECTORY/events (base/event_ring.h). Written by
 * wl-log before the line goes to its sink; a process that dies leaves what it wrote, the next one goes on behind it.
 *
 * One for the process. Thread: open, close [init], before wl_report_open or while nothing is logged; add: wl-log; read [any].
 */
#ifndef WL_CONTROL_REPORT_EVENTS_FILE_H
#define WL_CONTROL_REPORT_EVENTS_FILE_H

#include "dataplane/base/event_ring.h"

#define WL_EVENTS_LEVEL_MAX 5u /* notice */

/* 0 or a negative errno: nothing is kept then. A file that is no ring is emptied. */
int wl_events_open(const char *path);
void wl_events_close(void);
/* More important than WL_EVENTS_LEVEL_MAX alone; others, and all before open, are left out. */
void wl_events_add(unsigned level, const char *text);
/* How many there are; 0 as well where the file cannot be read. */
uint32_t wl_events_read(struct wl_event events[WL_EVENTS]);

#endif

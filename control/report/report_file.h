/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's log: one line an event, `key=value` words behind a name. Lines go into a bounded queue;
 * a thread of its own (wl-log) writes them to stderr, syslog or systemd's journal, so that a sink that blocks
 * delays nobody: what finds the queue full is dropped and counted, and the count is told when it moves again. Lines of one
 * event are limited, except at level debug, and the count of the others is told (repeats.h).
 *
 *	wl_report(WL_REPORT_INFO, "leader_elected", "journal=%u term=%lu", ...)
 *
 * One for the process. Thread: [any] but workers, which do not log. Never: waits for the sink.
 */
#ifndef WL_CONTROL_REPORT_REPORT_FILE_H
#define WL_CONTROL_REPORT_REPORT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "control/config/config.h"

enum wl_report_level { /* syslog's numbers */
		       WL_REPORT_ERROR = 3,
		       WL_REPORT_WARNING = 4,
		       WL_REPORT_NOTICE = 5,
		       WL_REPORT_INFO = 6,
		       WL_REPORT_DEBUG = 7,
};

/* Before it, lines go straight to stderr. 0 or a negative enum wirelog_status. [init] */
int wl_report_open(enum wl_config_log_destination destination, unsigned level_max);
void wl_report_set_level(unsigned level_max);
void wl_report(enum wl_report_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same of what is wanted line by line, however many there are: who asked for a change. Only a full queue drops it, counted. */
void wl_report_each(enum wl_report_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
uint64_t wl_report_dropped(void);
uint64_t wl_report_held_back(void); /* lines that repeated */
/* Waits at most 200 ms for what is queued. */
void wl_report_flush(void);
/* The same, and ends the thread; afterwards lines go straight to stderr again. */
void wl_report_close(void);

#endif

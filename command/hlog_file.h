/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes latency histograms as an HdrHistogram interval log (.hlog), format
 * version 1.3: one line for each interval with an optional tag, start, length
 * and maximum, and the histogram itself, V2-encoded, deflated, in base64.
 *
 * The caller owns the struct. One thread at a time.
 * Values are taken to be nanoseconds; the maximum is printed in milliseconds, as
 * the tools that draw such logs expect.
 */
#ifndef WL_COMMAND_HLOG_FILE_H
#define WL_COMMAND_HLOG_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dataplane/base/histogram.h"

struct wl_hlog_file {
	FILE *file;
};

struct wl_hlog_interval {
	const char *tag; /* NULL for none; no comma, space or line break */
	double start_s; /* since the start time that open was given */
	double length_s;
};

/*
 * Creates or truncates the file and writes the head. `start_unixtime_s` is seconds
 * since 1970.
 * Returns 0 or a negative errno; nothing stays open on failure.
 */
int wl_hlog_file_open(struct wl_hlog_file *log, const char *path, double start_unixtime_s);

/* Returns 0 or a negative errno: -EINVAL for a bad tag, -ENOMEM, -EIO. */
int wl_hlog_file_write(struct wl_hlog_file *log, const struct wl_hlog_interval *interval,
		       const struct wl_histogram *histogram);

/* Also after a failed write. Returns 0 or the negative errno of what could not be written. */
int wl_hlog_file_close(struct wl_hlog_file *log);

#endif

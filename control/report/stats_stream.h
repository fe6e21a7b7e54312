/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection of the stats socket that is told again and again: /wirelog/stream,INTERVAL[,REQUEST]. INTERVAL is milliseconds; REQUEST is
 * one of the requests that only ask, with its parameter (without it: the first of `streamable`). Each packet is what REQUEST would
 * be answered. Who asks for anything else on the connection ends the stream.
 *
 * Pure: the time comes in. Owner: the connection.
 */
#ifndef WL_CONTROL_REPORT_STATS_STREAM_H
#define WL_CONTROL_REPORT_STATS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WL_STATS_STREAM "/wirelog/stream"
#define WL_STATS_STREAM_MS_MIN 10u
#define WL_STATS_STREAM_MS_MAX 3600000u
#define WL_STATS_STREAM_REQUEST_BYTES 64u

struct wl_stats_stream {
	uint64_t interval_ns, due_ns; /* interval 0: there is none */
	char request[WL_STATS_STREAM_REQUEST_BYTES];
};

/* `text`: what stands behind the comma. The first packet is due at once. False with a sentence: there is no stream then. */
bool wl_stats_stream_begin(struct wl_stats_stream *stream, const char *const *streamable,
			   const char *text, char *error, size_t error_bytes);
/* True: send it now. What was missed is not made up for: the next one is an interval away. */
bool wl_stats_stream_is_due(struct wl_stats_stream *stream, uint64_t now_ns);
/* Until it is due; `otherwise` where there is none, or that is less (-1: never). */
int wl_stats_stream_wait_ms(const struct wl_stats_stream *stream, uint64_t now_ns, int otherwise);

#endif

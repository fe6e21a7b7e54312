/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report/stats_stream.h"

#include <string.h>

#include "dataplane/base/sentence.h"

#define MS_NS 1000000u

static bool refuse(struct wl_stats_stream *stream, const char *words, char *error,
		   size_t error_bytes)
{
	struct wl_sentence to = wl_sentence_begin(error, error_bytes);

	wl_sentence_add(&to, words);
	*stream = (struct wl_stats_stream){0};
	return false;
}

/* Digits up to a comma or the end; 0: none, or too many. *behind: what follows them. */
static uint64_t parse_ms(const char *text, const char **behind)
{
	uint64_t ms = 0;

	for (; *text >= '0' && *text <= '9' && ms <= WL_STATS_STREAM_MS_MAX; text++)
		ms = ms * 10 + (uint64_t)(*text - '0');
	*behind = text;
	return ms;
}

/* `request` begins with the name of one that may be streamed, and with nothing longer. */
static bool may_stream(const char *const *streamable, const char *request)
{
	size_t bytes = strcspn(request, ",");

	for (; streamable && *streamable; streamable++)
		if (strlen(*streamable) == bytes && memcmp(*streamable, request, bytes) == 0)
			return true;
	return false;
}

bool wl_stats_stream_begin(struct wl_stats_stream *stream, const char *const *streamable,
			   const char *text, char *error, size_t error_bytes)
{
	const char *request;
	uint64_t ms = parse_ms(text, &request);

	if (ms < WL_STATS_STREAM_MS_MIN || ms > WL_STATS_STREAM_MS_MAX)
		return refuse(stream,
			      "a stream is " WL_STATS_STREAM
			      ",MILLISECONDS[,REQUEST], from 10 to 3600000 milliseconds",
			      error, error_bytes);
	if (*request == '\0')
		request = streamable && *streamable ? *streamable : "";
	else if (*request++ != ',')
		return refuse(stream, "behind the milliseconds stands a comma and a request", error,
			      error_bytes);
	if (strlen(request) >= sizeof(stream->request) || !may_stream(streamable, request))
		return refuse(stream,
			      "only a request that asks and changes nothing can be streamed", error,
			      error_bytes);
	stream->interval_ns = ms * MS_NS;
	stream->due_ns = 0;
	memcpy(stream->request, request, strlen(request) + 1);
	return true;
}

bool wl_stats_stream_is_due(struct wl_stats_stream *stream, uint64_t now_ns)
{
	if (stream->interval_ns == 0 || now_ns < stream->due_ns)
		return false;
	stream->due_ns += stream->interval_ns;
	if (stream->due_ns <= now_ns)
		stream->due_ns = now_ns + stream->interval_ns;
	return true;
}

int wl_stats_stream_wait_ms(const struct wl_stats_stream *stream, uint64_t now_ns, int otherwise)
{
	uint64_t ms;

	if (stream->interval_ns == 0)
		return otherwise;
	ms = now_ns >= stream->due_ns ? 0 : (stream->due_ns - now_ns + MS_NS - 1) / MS_NS;
	return otherwise >= 0 && ms > (uint64_t)otherwise ? otherwise : (int)ms;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/capture_stream_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

/* A packet is sent as a whole or not at all: not so large that a connection with little room never takes one. */
#define PACKET_BYTES 32768u

_Static_assert(PACKET_BYTES <= WL_CAPTURE_PACKET_BYTES_MAX &&
		       WL_CAPTURE_HEAD_BYTES + WL_CAPTURE_FRAME_BYTES + WL_CAPTURE_SNAP_MAX + 8 <=
			       WL_CAPTURE_PACKET_BYTES_MAX,
	       "the largest frame has room in a packet of its own");
_Static_assert(WL_CAPTURE_HEAD_BYTES +
			       WIRELOG_WORKERS_MAX * WL_LINKS_MAX * WL_CAPTURE_TOTAL_BYTES <=
		       WL_CAPTURE_PACKET_BYTES_MAX,
	       "all links have room in the last packet");

static enum wl_capture_stream_state flush(struct wl_capture_stream *stream)
{
	if (stream->filled == 0)
		return WL_CAPTURE_STREAM_EMPTY;
	if (send(stream->connection, stream->packet, stream->filled, MSG_DONTWAIT | MSG_NOSIGNAL) <
	    0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS
			       ? WL_CAPTURE_STREAM_FULL
			       : WL_CAPTURE_STREAM_GONE;
	stream->filled = 0;
	return WL_CAPTURE_STREAM_EMPTY;
}

/* Which has the frame that came first; NULL: none has any. */
static struct wl_tap *find_oldest(struct wl_capture_stream *stream, const uint8_t **frame,
				  uint32_t *bytes)
{
	struct wl_tap *oldest = NULL;

	for (uint32_t at = 0; at < stream->tap_count; at++) {
		uint32_t size;
		const uint8_t *string = wl_byte_ring_look(&stream->taps[at]->ring, &size);

		if (!string || (oldest && wl_load_u64(string) >= wl_load_u64(*frame)))
			continue;
		oldest = stream->taps[at];
		*frame = string;
		*bytes = size;
	}
	return oldest;
}

static void put_link(struct wl_capture_stream *stream, uint16_t worker, uint16_t link)
{
	struct wl_capture_link told = {.worker = worker, .link = link};

	stream->describe(stream->context, &told);
	stream->filled = wl_capture_encode_link(stream->packet, &told);
	stream->told[worker][link] = true;
}

static void put_frame(struct wl_capture_stream *stream, const uint8_t *frame, uint32_t bytes)
{
	size_t room = wl_capture_frame_room(bytes - WL_CAPTURE_FRAME_BYTES);
	uint8_t *to;

	if (stream->filled == 0) {
		wl_capture_encode_head(stream->packet, WL_CAPTURE_FRAMES, 0);
		stream->filled = WL_CAPTURE_HEAD_BYTES;
	}
	to = stream->packet + stream->filled;
	memset(to + room - 8, 0, 8);
	memcpy(to, frame, bytes);
	stream->filled += room;
	stream->frames++;
	stream->bytes += bytes - WL_CAPTURE_FRAME_BYTES;
}

/* Whatever the packet has leaves first. */
static bool must_flush(const struct wl_capture_stream *stream, bool is_told, uint32_t bytes)
{
	return stream->filled != 0 &&
	       (!is_told || stream->packet[0] != WL_CAPTURE_FRAMES ||
		stream->filled + wl_capture_frame_room(bytes - WL_CAPTURE_FRAME_BYTES) >
			PACKET_BYTES);
}

enum wl_capture_stream_state wl_capture_stream_move(struct wl_capture_stream *stream)
{
	const uint8_t *frame = NULL;
	struct wl_tap *tap;
	uint32_t bytes = 0;

	while ((tap = find_oldest(stream, &frame, &bytes)) != NULL) {
		uint16_t link = wl_load_u16(frame + 26);
		enum wl_capture_stream_state state = WL_CAPTURE_STREAM_EMPTY;
		bool is_told;

		WL_CHECK(tap->worker < WIRELOG_WORKERS_MAX && link < WL_LINKS_MAX);
		is_told = stream->told[tap->worker][link];
		if (must_flush(stream, is_told, bytes))
			state = flush(stream);
		if (state != WL_CAPTURE_STREAM_EMPTY)
			return state;
		if (!is_told) {
			put_link(stream, tap->worker, link);
			continue;
		}
		put_frame(stream, frame, bytes);
		wl_byte_ring_release(&tap->ring);
	}
	return flush(stream);
}

enum wl_capture_stream_state wl_capture_stream_end(struct wl_capture_stream *stream,
						   enum wl_capture_end why)
{
	WL_CHECK(stream->filled == 0 || stream->packet[0] == WL_CAPTURE_TOTALS);
	if (stream->filled == 0) {
		wl_capture_encode_head(stream->packet, WL_CAPTURE_TOTALS, why);
		stream->filled = WL_CAPTURE_HEAD_BYTES;
		for (uint32_t at = 0; at < stream->tap_count; at++) {
			for (uint16_t link = 0; link < WL_LINKS_MAX; link++) {
				const struct wl_tap_link *from = &stream->taps[at]->links[link];

				if (from->seen == 0)
					continue;
				wl_capture_encode_total(
					stream->packet + stream->filled,
					&(struct wl_capture_total){stream->taps[at]->worker, link,
								   from->seen, from->chosen,
								   from->lost});
				stream->filled += WL_CAPTURE_TOTAL_BYTES;
			}
		}
	}
	return flush(stream);
}

struct wl_capture_total wl_capture_stream_total(const struct wl_capture_stream *stream)
{
	struct wl_capture_total total = {0};

	for (uint32_t at = 0; at < stream->tap_count; at++) {
		for (uint16_t link = 0; link < WL_LINKS_MAX; link++) {
			total.seen += stream->taps[at]->links[link].seen;
			total.chosen += stream->taps[at]->links[link].chosen;
			total.lost += stream->taps[at]->links[link].lost;
		}
	}
	return total;
}

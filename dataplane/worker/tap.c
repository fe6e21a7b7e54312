/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/tap.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/transport/tx.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/wire.h"

/* Where a frame says what it is (docs/WIRE.md, sections 1 and 2). */
enum {
	ETHER_TYPE = 12,
	IPV4_FIRST = 14,
	IPV4_PROTOCOL = 23,
	MAGIC = 42,
	VERSION = 46,
	TYPE = 47,
	SENDER = 58,
	DESTINATION = 62,
	JOURNAL = 90,
};

#define ETHER_TYPE_IPV4 0x0800u
#define IPV4_NO_OPTIONS 0x45u
#define PROTOCOL_UDP 17u

/* A mask of types has room for each. */
#define HAS_A_BIT(NAME, name, number, layout, from, to, right, server, answer) \
	_Static_assert((number) < 64, "a message's type is a bit of a mask");
WL_WIRE_MESSAGES(HAS_A_BIT)

_Static_assert(WL_TX_QUEUE <= WL_TAP_BURST_MAX, "a whole queue may leave in one burst");
_Static_assert(WL_CAPTURE_FRAME_BYTES + WL_CAPTURE_SNAP_MAX <= (1u << 20) / 4,
	       "the smallest ring has room for the largest frame");

void wl_tap_init(struct wl_tap *tap, const struct wl_capture_request *request, uint16_t worker,
		 void *memory)
{
	memset(tap, 0, sizeof(*tap));
	tap->request = *request;
	tap->worker = worker;
	wl_byte_ring_init(&tap->ring, memory, (uint64_t)request->mib << 20);
}

static bool is_ours(const struct wl_frame *frame)
{
	const uint8_t *bytes = frame->bytes;

	return frame->size >= WL_FRAME_ENVELOPE_BYTES + WL_FRAME_HEADER_BYTES &&
	       wl_load_be16(bytes + ETHER_TYPE) == ETHER_TYPE_IPV4 &&
	       bytes[IPV4_FIRST] == IPV4_NO_OPTIONS && bytes[IPV4_PROTOCOL] == PROTOCOL_UDP &&
	       wl_load_u32(bytes + MAGIC) == WL_FRAME_MAGIC && bytes[VERSION] == WL_FRAME_VERSION;
}

static bool has_bit(uint64_t mask, uint32_t bit)
{
	return mask == 0 || (bit < 64 && (mask >> bit & 1) != 0);
}

static uint32_t peer_bit(wl_identity identity)
{
	return wl_identity_is_client(identity) ? 0 : wl_identity_node(identity);
}

static bool is_wanted(const struct wl_capture_request *request, const struct wl_frame *frame,
		      enum wl_capture_direction direction)
{
	wl_identity other;

	if ((request->directions & direction) == 0)
		return false;
	if ((request->peers | request->types | request->journals) == 0)
		return true;
	if (!is_ours(frame))
		return false;
	other = wl_load_u32(frame->bytes +
			    (direction == WL_CAPTURE_RECEIVED ? SENDER : DESTINATION));
	return has_bit(request->types, frame->bytes[TYPE]) &&
	       has_bit(request->journals, wl_load_u16(frame->bytes + JOURNAL)) &&
	       has_bit(request->peers, peer_bit(other));
}

/* False: no room. */
static bool copy(struct wl_tap *tap, const struct wl_frame *frame,
		 enum wl_capture_direction direction, uint64_t time_ns)
{
	uint32_t bytes = frame->size < tap->request.snap_bytes ? frame->size
							       : tap->request.snap_bytes;
	uint8_t *to = wl_byte_ring_stage(&tap->ring, WL_CAPTURE_FRAME_BYTES + bytes);

	if (!to)
		return false;
	wl_capture_encode_frame(to, &(struct wl_capture_frame){
					    .time_ns = time_ns,
					    .lost = tap->links[frame->link].lost_since,
					    .whole_bytes = frame->size,
					    .bytes = bytes,
					    .worker = tap->worker,
					    .link = frame->link,
					    .direction = (uint8_t)direction,
				    });
	memcpy(to + WL_CAPTURE_FRAME_BYTES, frame->bytes, bytes);
	return true;
}

void wl_tap_stage(struct wl_tap *tap, const struct wl_frame *frames, unsigned count,
		  enum wl_capture_direction direction, uint64_t time_ns)
{
	WL_CHECK(count <= WL_TAP_BURST_MAX);
	tap->staged_count = count;
	for (unsigned at = 0; at < count; at++) {
		struct wl_tap_staged *staged = &tap->staged[at];
		struct wl_tap_link *link = &tap->links[frames[at].link];

		WL_CHECK(frames[at].link < WL_LINKS_MAX);
		staged->link = frames[at].link;
		staged->lost_since = link->lost_since;
		staged->fate = WL_TAP_NOT_CHOSEN;
		link->seen++;
		if (is_wanted(&tap->request, &frames[at], direction)) {
			link->chosen++;
			staged->fate = copy(tap, &frames[at], direction, time_ns) ? WL_TAP_KEPT
										  : WL_TAP_LOST;
			link->lost += staged->fate == WL_TAP_LOST;
			link->lost_since = staged->fate == WL_TAP_LOST ? link->lost_since + 1 : 0;
		}
		staged->mark = wl_byte_ring_staged(&tap->ring);
	}
}

static void take_back(struct wl_tap *tap, const struct wl_tap_staged *staged)
{
	struct wl_tap_link *link = &tap->links[staged->link];

	WL_CHECK(link->seen != 0);
	WL_CHECK(link->chosen >= link->lost);
	link->seen--;
	link->chosen -= staged->fate != WL_TAP_NOT_CHOSEN;
	link->lost -= staged->fate == WL_TAP_LOST;
	link->lost_since = staged->lost_since;
}

void wl_tap_show(struct wl_tap *tap, unsigned taken)
{
	WL_CHECK(taken <= tap->staged_count);
	while (tap->staged_count > taken)
		take_back(tap, &tap->staged[--tap->staged_count]);
	if (taken != 0)
		wl_byte_ring_show(&tap->ring, tap->staged[taken - 1].mark);
	else
		wl_byte_ring_show(&tap->ring, wl_byte_ring_shown(&tap->ring));
	tap->staged_count = 0;
}

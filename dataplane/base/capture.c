/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/capture.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/sentence.h"
#include "wirelog/limits.h"

#define PEERS ((2u << WIRELOG_NODES_MAX) - 1)
#define JOURNALS ((1ull << WIRELOG_JOURNALS_MAX) - 1)

/* ---- the request -------------------------------------------------------------------------------- */

void wl_capture_print_request(const struct wl_capture_request *request,
			      char text[WL_CAPTURE_REQUEST_BYTES])
{
	const uint64_t masks[] = {request->directions, request->peers, request->types,
				  request->journals};
	struct wl_sentence to = wl_sentence_begin(text, WL_CAPTURE_REQUEST_BYTES);

	wl_sentence_add_number(&to, request->snap_bytes);
	wl_sentence_add(&to, ",");
	wl_sentence_add_number(&to, request->mib);
	for (unsigned at = 0; at < sizeof(masks) / sizeof(masks[0]); at++) {
		wl_sentence_add(&to, ",");
		wl_sentence_add_hex(&to, masks[at]);
	}
	WL_CHECK(to.used + 1 < to.size);
}

static unsigned value_of(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned)(digit - '0');
	return digit >= 'a' && digit <= 'f' ? (unsigned)(digit - 'a') + 10 : 16;
}

/* At least one digit, at most sixteen, and `end` behind them; moves *text behind that. */
static bool take_number(const char **text, unsigned base, char end, uint64_t *number)
{
	unsigned digits = 0;

	for (*number = 0; value_of(**text) < base && digits < 16; (*text)++, digits++)
		*number = *number * base + value_of(**text);
	return digits != 0 && *(*text)++ == end;
}

static bool is_power_of_two(uint64_t number)
{
	return number != 0 && (number & (number - 1)) == 0;
}

bool wl_capture_parse_request(const char *text, struct wl_capture_request *request)
{
	uint64_t numbers[6] = {0};

	for (unsigned at = 0; at < 6; at++)
		if (!take_number(&text, at < 2 ? 10 : 16, at < 5 ? ',' : '\0', &numbers[at]))
			return false;
	if (numbers[0] < WL_CAPTURE_SNAP_MIN || numbers[0] > WL_CAPTURE_SNAP_MAX ||
	    !is_power_of_two(numbers[1]) || numbers[1] > WL_CAPTURE_MIB_MAX || numbers[2] == 0 ||
	    numbers[2] > (WL_CAPTURE_RECEIVED | WL_CAPTURE_SENT) || numbers[3] > PEERS ||
	    numbers[5] > JOURNALS)
		return false;
	*request = (struct wl_capture_request){
		.snap_bytes = (uint32_t)numbers[0],
		.mib = (uint32_t)numbers[1],
		.directions = (uint32_t)numbers[2],
		.peers = (uint32_t)numbers[3],
		.types = numbers[4],
		.journals = (uint32_t)numbers[5],
	};
	return true;
}

/* ---- packets: written --------------------------------------------------------------------------- */

void wl_capture_encode_frame(uint8_t *to, const struct wl_capture_frame *frame)
{
	WL_CHECK(frame->bytes <= frame->whole_bytes);
	wl_store_u64(to, frame->time_ns);
	wl_store_u64(to + 8, frame->lost);
	wl_store_u32(to + 16, frame->whole_bytes);
	wl_store_u32(to + 20, frame->bytes);
	wl_store_u16(to + 24, frame->worker);
	wl_store_u16(to + 26, frame->link);
	wl_store_u32(to + 28, frame->direction);
}

void wl_capture_encode_head(uint8_t to[WL_CAPTURE_HEAD_BYTES], enum wl_capture_kind kind,
			    enum wl_capture_end why)
{
	memset(to, 0, WL_CAPTURE_HEAD_BYTES);
	to[0] = (uint8_t)kind;
	to[1] = (uint8_t)why;
}

size_t wl_capture_encode_link(uint8_t *to, const struct wl_capture_link *link)
{
	size_t bytes = strnlen(link->name, WL_CAPTURE_NAME_BYTES - 1);

	to[0] = WL_CAPTURE_LINK;
	to[1] = (uint8_t)link->layer;
	wl_store_u16(to + 2, link->worker);
	wl_store_u16(to + 4, link->link);
	wl_store_u16(to + 6, (uint16_t)bytes);
	memcpy(to + WL_CAPTURE_HEAD_BYTES, link->name, bytes);
	return WL_CAPTURE_HEAD_BYTES + bytes;
}

void wl_capture_encode_total(uint8_t to[WL_CAPTURE_TOTAL_BYTES],
			     const struct wl_capture_total *total)
{
	WL_CHECK(total->lost <= total->chosen && total->chosen <= total->seen);
	memset(to, 0, WL_CAPTURE_TOTAL_BYTES);
	wl_store_u16(to, total->worker);
	wl_store_u16(to + 2, total->link);
	wl_store_u64(to + 8, total->seen);
	wl_store_u64(to + 16, total->chosen);
	wl_store_u64(to + 24, total->lost);
}

/* ---- packets: read ------------------------------------------------------------------------------ */

enum wl_capture_kind wl_capture_kind_of(const uint8_t *packet, size_t size)
{
	if (size < WL_CAPTURE_HEAD_BYTES || size > WL_CAPTURE_PACKET_BYTES_MAX ||
	    packet[0] > WL_CAPTURE_TOTALS)
		return WL_CAPTURE_NOTHING;
	return (enum wl_capture_kind)packet[0];
}

bool wl_capture_next_frame(const uint8_t *packet, size_t size, size_t *offset,
			   struct wl_capture_frame *frame)
{
	const uint8_t *from = packet + *offset;
	size_t left = size - *offset;

	if (left < WL_CAPTURE_FRAME_BYTES)
		return false;
	*frame = (struct wl_capture_frame){
		.time_ns = wl_load_u64(from),
		.lost = wl_load_u64(from + 8),
		.whole_bytes = wl_load_u32(from + 16),
		.bytes = wl_load_u32(from + 20),
		.worker = wl_load_u16(from + 24),
		.link = wl_load_u16(from + 26),
		.direction = from[28],
		.data = from + WL_CAPTURE_FRAME_BYTES,
	};
	if (wl_load_u32(from + 28) != frame->direction ||
	    (frame->direction != WL_CAPTURE_RECEIVED && frame->direction != WL_CAPTURE_SENT) ||
	    frame->bytes > frame->whole_bytes || frame->bytes > left ||
	    wl_capture_frame_room(frame->bytes) > left)
		return false;
	*offset += wl_capture_frame_room(frame->bytes);
	return true;
}

bool wl_capture_next_total(const uint8_t *packet, size_t size, size_t *offset,
			   struct wl_capture_total *total)
{
	const uint8_t *from = packet + *offset;

	if (size - *offset < WL_CAPTURE_TOTAL_BYTES || wl_load_u32(from + 4) != 0)
		return false;
	*total = (struct wl_capture_total){
		.worker = wl_load_u16(from),
		.link = wl_load_u16(from + 2),
		.seen = wl_load_u64(from + 8),
		.chosen = wl_load_u64(from + 16),
		.lost = wl_load_u64(from + 24),
	};
	if (total->lost > total->chosen || total->chosen > total->seen)
		return false;
	*offset += WL_CAPTURE_TOTAL_BYTES;
	return true;
}

bool wl_capture_decode_end(const uint8_t *packet, size_t size, enum wl_capture_end *why)
{
	if (wl_capture_kind_of(packet, size) != WL_CAPTURE_TOTALS ||
	    packet[1] > WL_CAPTURE_NODE_ENDS)
		return false;
	*why = (enum wl_capture_end)packet[1];
	return true;
}

bool wl_capture_decode_link(const uint8_t *packet, size_t size, struct wl_capture_link *link)
{
	size_t bytes;

	if (wl_capture_kind_of(packet, size) != WL_CAPTURE_LINK || packet[1] > WL_CAPTURE_IPV4)
		return false;
	bytes = wl_load_u16(packet + 6);
	if (bytes >= WL_CAPTURE_NAME_BYTES || bytes != size - WL_CAPTURE_HEAD_BYTES)
		return false;
	memset(link, 0, sizeof(*link));
	link->layer = (enum wl_capture_layer)packet[1];
	link->worker = wl_load_u16(packet + 2);
	link->link = wl_load_u16(packet + 4);
	for (size_t at = 0; at < bytes; at++) {
		uint8_t byte = packet[WL_CAPTURE_HEAD_BYTES + at];

		link->name[at] = byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
	}
	return true;
}

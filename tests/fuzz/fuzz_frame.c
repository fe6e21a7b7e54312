/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as an Ethernet frame, and any bytes as a wirelog header. What opens lies inside the bytes
 * and can be closed again; what decodes encodes to the same bytes.
 *
 * Input: one byte that says what is repaired first (so that the fuzzer gets past checksums), then a frame.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/wire/frame.h"
#include "tests/fuzz/input.h"

#define OUR_IPV4 0x0a000001u
#define OUR_PORT 7700u

/* The checksums of whatever stands there: closing again is the encoder's way to say them. */
static void repair(uint8_t *bytes, size_t size)
{
	struct wl_address from = {.ipv4 = 0x0a000002, .udp_port = 9},
			  to = {.ipv4 = OUR_IPV4, .udp_port = OUR_PORT};

	if (size >= WL_FRAME_ENVELOPE_BYTES && size - WL_FRAME_ENVELOPE_BYTES <= 9000)
		wl_frame_close_envelope(bytes, &from, &to, size - WL_FRAME_ENVELOPE_BYTES);
}

static void check_header(const uint8_t *datagram, size_t size)
{
	struct wl_frame_header header;
	uint8_t again[WL_FRAME_HEADER_BYTES];

	if (wl_frame_decode_header(datagram, size, &header) != WL_FRAME_OK)
		return;
	FUZZ_PROMISE(header.payload_bytes + WL_FRAME_HEADER_BYTES == size);
	wl_frame_encode_header(again, &header);
	FUZZ_PROMISE(memcmp(again, datagram, WL_FRAME_TAG_OFFSET) == 0);
}

static void check_envelope(const uint8_t *bytes, size_t size, uint32_t our_ipv4)
{
	const struct wl_address ours = {.ipv4 = our_ipv4, .udp_port = OUR_PORT},
				to = {.ipv4 = OUR_IPV4, .udp_port = OUR_PORT};
	size_t datagram_bytes = 0, second_bytes = 0;
	struct wl_address from = {.link = 3}, again = {.link = 4};
	enum wl_frame_verdict verdict =
		wl_frame_open_envelope(bytes, size, &ours, &from, &datagram_bytes);
	const uint8_t *datagram;
	uint8_t *closed;

	FUZZ_PROMISE(verdict < WL_FRAME_VERDICTS &&
		     strcmp(wl_frame_verdict_name(verdict), "unknown") != 0);
	if (verdict != WL_FRAME_OK)
		return;
	FUZZ_PROMISE(WL_FRAME_ENVELOPE_BYTES + datagram_bytes <= size);
	datagram = bytes + WL_FRAME_ENVELOPE_BYTES;
	FUZZ_PROMISE(from.link == 3);
	closed = malloc(WL_FRAME_ENVELOPE_BYTES + datagram_bytes);
	memcpy(closed + WL_FRAME_ENVELOPE_BYTES, datagram, datagram_bytes);
	wl_frame_close_envelope(closed, &from, &to, datagram_bytes);
	FUZZ_PROMISE(wl_frame_open_envelope(closed, WL_FRAME_ENVELOPE_BYTES + datagram_bytes, &to,
					    &again, &second_bytes) == WL_FRAME_OK);
	FUZZ_PROMISE(second_bytes == datagram_bytes && again.ipv4 == from.ipv4 &&
		     again.udp_port == from.udp_port && memcmp(again.mac, from.mac, 6) == 0);
	free(closed);
	check_header(datagram, datagram_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t repairs = size ? data[0] : 0;
	uint8_t *bytes;

	if (size == 0)
		return 0;
	bytes = fuzz_copy(data + 1, size - 1);
	if (repairs & 1)
		repair(bytes, size - 1);
	check_envelope(bytes, size - 1, repairs & 2 ? OUR_IPV4 : 0);
	check_header(bytes, size - 1);
	free(bytes);
	return 0;
}

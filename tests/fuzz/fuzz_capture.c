/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as what a node says of its capture, and as a request for one. Whatever comes, what is written is a whole pcapng file: blocks that
 * follow each other, in which each packet has its interface. A request that is taken prints as one that is taken.
 *
 * Input: packets, each behind two bytes of its length; the last one is a request's text, too.
 */
#include "command/tool_capture_file.h"
#include "dataplane/base/bytes.h"
#include "tests/fuzz/input.h"

#define INTERFACE 1u
#define STATISTICS 5u
#define PACKET 6u

static void check(const uint8_t *file, size_t size, const struct wl_capture_file *capture)
{
	uint32_t interfaces = 0;
	uint64_t packets = 0;
	size_t at = 0;

	while (at < size) {
		uint32_t type, length;

		FUZZ_PROMISE(size - at >= 12);
		type = wl_load_u32(file + at);
		length = wl_load_u32(file + at + 4);
		FUZZ_PROMISE(length >= 12 && length % 4 == 0 && length <= size - at);
		FUZZ_PROMISE(wl_load_u32(file + at + length - 4) == length);
		FUZZ_PROMISE((type == 0x0a0d0d0a) == (at == 0));
		interfaces += type == INTERFACE;
		packets += type == PACKET;
		if (type == PACKET || type == STATISTICS)
			FUZZ_PROMISE(wl_load_u32(file + at + 8) < interfaces);
		if (type == PACKET)
			FUZZ_PROMISE(wl_load_u32(file + at + 20) <= length - 32 &&
				     wl_load_u32(file + at + 20) <= wl_load_u32(file + at + 24));
		at += length;
	}
	FUZZ_PROMISE(interfaces == capture->interfaces && packets == capture->packets);
}

static void try_request(const uint8_t *bytes, size_t size)
{
	char text[256], again[WL_CAPTURE_REQUEST_BYTES];
	struct wl_capture_request request, read;

	size = size < sizeof(text) ? size : sizeof(text) - 1;
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (!wl_capture_parse_request(text, &request))
		return;
	wl_capture_print_request(&request, again);
	FUZZ_PROMISE(wl_capture_parse_request(again, &read));
	FUZZ_PROMISE(read.types == request.types && read.mib == request.mib &&
		     read.snap_bytes == request.snap_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wl_capture_file file;
	struct fuzz_input input = fuzz_input_of(data, size);
	char *written = NULL;
	size_t written_bytes = 0;
	int result = 0;

	memset(&file, 0, sizeof(file) - sizeof(file.block));
	file.to = open_memstream(&written, &written_bytes);
	FUZZ_PROMISE(file.to != NULL);
	file.snap_bytes = WL_CAPTURE_SNAP_MAX;
	file.packets_max = size % 3;
	FUZZ_PROMISE(wl_capture_file_begin(&file, "wirelog", "fuzz") == 0);
	while (result == 0 && fuzz_left(&input) > 0) {
		size_t bytes;
		uint16_t wanted = fuzz_u16(&input);
		const uint8_t *at = fuzz_take(&input, wanted, &bytes);
		uint8_t *packet = fuzz_copy(at, bytes);

		result = wl_capture_file_take(&file, packet, bytes);
		if (fuzz_left(&input) == 0)
			try_request(packet, bytes);
		free(packet);
	}
	FUZZ_PROMISE(wl_capture_file_end(&file) == 0);
	fclose(file.to);
	check((const uint8_t *)written, written_bytes, &file);
	free(written);
	return 0;
}

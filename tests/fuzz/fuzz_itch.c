/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a stream of ITCH 5.0 messages, each behind its two-byte length. A message that decodes has its
 * type's length and encodes to a message that decodes to the same.
 */
#include "command/itch/itch.h"
#include "dataplane/base/bytes.h"
#include "tests/fuzz/input.h"

static void check_message(const uint8_t *bytes, size_t size)
{
	struct wl_itch_message message, second;
	uint8_t again[WL_ITCH_MESSAGE_BYTES_MAX];
	enum wl_itch_reason reason = wl_itch_check(bytes, size);
	size_t length;

	FUZZ_PROMISE(wl_itch_reason_text(reason) != NULL);
	memset(&message, 0, sizeof(message));
	memset(&second, 0, sizeof(second));
	FUZZ_PROMISE(wl_itch_decode(&message, bytes, size) == reason);
	if (reason != WL_ITCH_OK)
		return;
	FUZZ_PROMISE(wl_itch_length((char)bytes[0]) == size && size <= WL_ITCH_MESSAGE_BYTES_MAX);
	length = wl_itch_encode(&message, again);
	if (length == 0)
		return; /* a type of which only the common fields are known */
	FUZZ_PROMISE(length == size && wl_itch_decode(&second, again, length) == WL_ITCH_OK);
	FUZZ_PROMISE(memcmp(&message, &second, sizeof(message)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input_of(data, size);

	while (fuzz_left(&input) >= 2) {
		size_t bytes;
		uint16_t length = (uint16_t)(fuzz_u8(&input) << 8);
		const uint8_t *at;
		uint8_t *copy;

		length = (uint16_t)(length | fuzz_u8(&input));
		at = fuzz_take(&input, length, &bytes);
		copy = fuzz_copy(at, bytes);
		check_message(copy, bytes);
		free(copy);
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every decoder of a message, fed with any bytes. What decodes lies inside its bytes, keeps the
 * limits that its users rely on, and encodes to the same bytes again.
 *
 * Input: one byte, the number of the message, then the payload.
 */
#include "dataplane/log/entry.h"
#include "dataplane/wire/wire.h"
#include "tests/fuzz/input.h"

/* decode, encode, compare: for messages that the table is all of */
#define PART_ROUND_TRIP(layout)
#define HEAD_ROUND_TRIP(layout)
#define WHOLE_ROUND_TRIP(layout)                                                \
	static void check_##layout(const uint8_t *bytes, size_t size)           \
	{                                                                       \
		struct wl_wire_##layout message;                                \
		uint8_t again[4096];                                            \
                                                                                \
		if (!wl_wire_decode_##layout(bytes, size, &message))            \
			return;                                                 \
		FUZZ_PROMISE(wl_wire_encode_##layout(again, &message) == size); \
		FUZZ_PROMISE(memcmp(again, bytes, size) == 0);                  \
	}
#define ROUND_TRIP(kind, SIZE, layout) kind##_ROUND_TRIP(layout)
WL_WIRE_LAYOUTS(ROUND_TRIP)
WHOLE_ROUND_TRIP(hello_reply)

static void check_path_probe(const uint8_t *bytes, size_t size)
{
	struct wl_wire_path_probe probe;
	uint8_t again[WL_WIRE_PATH_PROBE_BYTES];

	if (!wl_wire_decode_path_probe(bytes, size, &probe))
		return;
	FUZZ_PROMISE(wl_wire_payload_of(probe.bytes) == size);
	FUZZ_PROMISE(wl_wire_encode_path_probe(again, &probe) == sizeof(again));
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

static void check_path_echo(const uint8_t *bytes, size_t size)
{
	struct wl_wire_path_echo echo;
	uint8_t again[WL_WIRE_PATH_ECHO_BYTES];

	if (!wl_wire_decode_path_echo(bytes, size, &echo))
		return;
	FUZZ_PROMISE(echo.echo_bytes == 0 || wl_wire_payload_of(echo.echo_bytes) == size);
	FUZZ_PROMISE(wl_wire_encode_path_echo(again, &echo) == sizeof(again));
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

static void check_append(const uint8_t *bytes, size_t size)
{
	struct wl_wire_append append;
	uint8_t again[WL_WIRE_APPEND_HEADER_BYTES];
	struct wl_entry_header header;

	if (!wl_wire_decode_append(bytes, size, &append))
		return;
	FUZZ_PROMISE(append.images + append.bytes == bytes + size && append.term != 0);
	FUZZ_PROMISE(append.previous.index != UINT64_MAX);
	if (append.image_bytes != 0)
		FUZZ_PROMISE(append.image_bytes <= WL_ENTRY_BYTES_MAX &&
			     (uint64_t)append.fragment_offset + append.bytes <= append.image_bytes);
	else if (append.bytes != 0)
		(void)wl_entry_decode(append.images, append.bytes, &header);
	FUZZ_PROMISE(wl_wire_encode_append(again, &append) == sizeof(again));
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

/* Reads every byte, so that the sanitizer sees each. */
static unsigned sum_of(const uint8_t *bytes, size_t size)
{
	unsigned sum = 0;

	while (size-- != 0)
		sum += *bytes++;
	return sum;
}

static void check_client_append(const uint8_t *bytes, size_t size)
{
	struct wl_wire_client_append append;
	uint8_t again[WL_WIRE_CLIENT_APPEND_HEADER_BYTES];
	struct wl_wire_record record = {0};
	const uint8_t *at;

	if (!wl_wire_decode_client_append(bytes, size, &append))
		return;
	FUZZ_PROMISE(append.session != 0 && append.first_sequence != 0 && append.record_count != 0);
	FUZZ_PROMISE(append.first_sequence + append.record_count > append.first_sequence);
	at = append.records;
	for (uint32_t i = 0; i < append.record_count; i++) {
		at = wl_wire_next_record(at, &record);
		FUZZ_PROMISE(record.bytes != 0 && record.level >= 1 && record.level <= 4);
		FUZZ_PROMISE(record.payload + record.bytes <= bytes + size);
		(void)sum_of(record.payload, record.bytes);
	}
	FUZZ_PROMISE(at == bytes + size);
	if (append.record_bytes != 0)
		FUZZ_PROMISE(append.record_count == 1 &&
			     append.record_bytes <= WIRELOG_RECORD_BYTES_MAX &&
			     (uint64_t)append.fragment_offset + record.bytes <=
				     append.record_bytes);
	wl_wire_encode_client_append(again, &append);
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

static void check_append_reply(const uint8_t *bytes, size_t size)
{
	struct wl_wire_append_reply reply;

	if (!wl_wire_decode_append_reply(bytes, size, &reply))
		return;
	for (uint32_t i = 0; i < reply.result_count; i++) {
		const uint8_t *at = reply.results + (size_t)i * WL_WIRE_APPEND_RESULT_BYTES;
		uint8_t again[WL_WIRE_APPEND_RESULT_BYTES];
		struct wl_wire_append_result result;

		FUZZ_PROMISE(at + WL_WIRE_APPEND_RESULT_BYTES <= bytes + size);
		wl_wire_decode_append_result(at, &result);
		FUZZ_PROMISE(result.level <= 4 && result.status <= 0);
		wl_wire_encode_append_result(again, &result);
		FUZZ_PROMISE(memcmp(again, at, sizeof(again)) == 0);
	}
}

static void check_deliver(const uint8_t *bytes, size_t size)
{
	struct wl_wire_deliver deliver;
	struct wl_wire_delivered_record record = {0};
	uint8_t again[WL_WIRE_DELIVER_HEADER_BYTES];
	const uint8_t *at;

	if (!wl_wire_decode_deliver(bytes, size, &deliver))
		return;
	at = deliver.records;
	for (uint32_t i = 0; i < deliver.record_count; i++) {
		at = wl_wire_next_delivered(at, &record);
		FUZZ_PROMISE(record.bytes != 0 && record.payload + record.bytes <= bytes + size);
		(void)sum_of(record.payload, record.bytes);
	}
	FUZZ_PROMISE(at == bytes + size);
	if (deliver.record_bytes != 0)
		FUZZ_PROMISE(deliver.record_count == 1 &&
			     deliver.record_bytes <= WIRELOG_RECORD_BYTES_MAX &&
			     (uint64_t)deliver.fragment_offset + record.bytes <=
				     deliver.record_bytes);
	wl_wire_encode_deliver(again, &deliver);
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

static void check_base_part(const uint8_t *bytes, size_t size)
{
	struct wl_wire_base_part part;
	uint8_t again[WL_WIRE_BASE_PART_HEADER_BYTES];

	if (!wl_wire_decode_base_part(bytes, size, &part))
		return;
	FUZZ_PROMISE(part.part >= bytes && part.part + part.bytes == bytes + size);
	FUZZ_PROMISE(part.offset + part.bytes <= part.total);
	(void)sum_of(part.part, part.bytes);
	wl_wire_encode_base_part(again, &part);
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

static void check_mend_part(const uint8_t *bytes, size_t size)
{
	struct wl_wire_mend_part part;
	uint8_t again[WL_WIRE_MEND_PART_HEADER_BYTES];

	if (!wl_wire_decode_mend_part(bytes, size, &part))
		return;
	FUZZ_PROMISE(part.part >= bytes && part.part + part.bytes == bytes + size);
	FUZZ_PROMISE(part.offset + part.bytes <= part.total && part.total <= WL_ENTRY_BYTES_MAX);
	(void)sum_of(part.part, part.bytes);
	wl_wire_encode_mend_part(again, &part);
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

static void check_status_part(const uint8_t *bytes, size_t size)
{
	struct wl_wire_status_part part;
	uint8_t again[WL_WIRE_STATUS_PART_HEADER_BYTES];

	if (!wl_wire_decode_status_part(bytes, size, &part))
		return;
	FUZZ_PROMISE(part.part >= bytes && part.part + part.bytes == bytes + size);
	FUZZ_PROMISE(part.offset + part.bytes <= part.total &&
		     part.total <= WL_WIRE_STATUS_BYTES_MAX);
	(void)sum_of(part.part, part.bytes);
	wl_wire_encode_status_part(again, &part);
	FUZZ_PROMISE(memcmp(again, bytes, sizeof(again)) == 0);
}

static void (*const checks[WL_WIRE_TYPES])(const uint8_t *bytes, size_t size) = {
#define CHECK(NAME, name, number, layout, from, to, right, server, answer) \
	[number] = check_##layout,
	WL_WIRE_MESSAGES(CHECK)};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes;

	if (size == 0 || !checks[data[0] % WL_WIRE_TYPES])
		return 0;
	bytes = fuzz_copy(data + 1, size - 1);
	checks[data[0] % WL_WIRE_TYPES](bytes, size - 1);
	free(bytes);
	return 0;
}

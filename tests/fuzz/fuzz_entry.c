/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as an entry image. What decodes can be walked: every record inside the image, as many as
 * the header says, numbers dense. A control entry has one record, and what decodes of it encodes to the same bytes.
 *
 * Input: one byte that says which checksums are made right first, then the image.
 */
#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/control_entry.h"
#include "tests/fuzz/input.h"

#define REPAIR_BODY 1
#define REPAIR_HEADER 2
#define REPAIR_COUNTS 4 /* magic and length too: what every image has */

static void repair(uint8_t *image, size_t size, uint8_t what)
{
	uint32_t body = (uint32_t)(size - WL_ENTRY_HEADER_BYTES);

	if (what & REPAIR_COUNTS) {
		wl_store_u32(image, WL_ENTRY_MAGIC);
		wl_store_u16(image + 4, WL_ENTRY_VERSION);
		wl_store_u32(image + 80, body & ~7u);
	}
	if (wl_load_u32(image + 80) < body)
		body = wl_load_u32(image + 80);
	if (what & REPAIR_BODY)
		wl_store_u32(image + 84, wl_crc32c(image + WL_ENTRY_HEADER_BYTES, body));
	if (what & REPAIR_HEADER)
		wl_store_u32(image + 92, wl_crc32c(image, 92));
}

static void check_walk(const uint8_t *image, size_t size, const struct wl_entry_header *header)
{
	struct wl_record_walk walk;
	struct wl_record_view view;
	uint64_t number = header->first_number;
	uint32_t records = 0, data = 0;

	FUZZ_PROMISE(wl_entry_bytes(header) <= size &&
		     wl_entry_bytes(header) <= WL_ENTRY_BYTES_MAX);
	wl_entry_walk_init(&walk, image, header);
	while (wl_entry_walk_next(&walk, &view)) {
		records++;
		FUZZ_PROMISE(view.header.bytes <= WIRELOG_RECORD_BYTES_MAX);
		FUZZ_PROMISE(view.payload >= image &&
			     view.payload + view.header.bytes <= image + wl_entry_bytes(header));
		if (view.header.kind != WL_RECORD_DATA)
			continue;
		data++;
		FUZZ_PROMISE(view.number == number++);
	}
	FUZZ_PROMISE(walk.at == walk.end);
	FUZZ_PROMISE(records == header->record_count && data == header->data_count);
}

static void check_control(const uint8_t *image, const struct wl_entry_header *header)
{
	uint8_t again[WL_RECORD_HEADER_BYTES + WL_CONTROL_PAYLOAD_BYTES_MAX];
	struct wl_record_header record;
	struct wl_control control;
	bool known = wl_control_decode(image, header, &control);

	FUZZ_PROMISE(header->kind == WL_ENTRY_CONTROL
			     ? header->record_count == 1 && header->data_count == 0
			     : !known);
	if (!known)
		return;
	wl_control_encode(&control, &record, again + WL_RECORD_HEADER_BYTES);
	wl_entry_encode_record(again, &record);
	FUZZ_PROMISE(header->body_bytes == wl_record_image_bytes(record.bytes) &&
		     memcmp(again, image + WL_ENTRY_HEADER_BYTES, header->body_bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wl_entry_header header;
	enum wl_entry_verdict verdict;
	uint8_t again[WL_ENTRY_HEADER_BYTES];
	uint8_t *image;

	if (size == 0)
		return 0;
	image = fuzz_copy(data + 1, size - 1);
	if (size - 1 >= WL_ENTRY_HEADER_BYTES)
		repair(image, size - 1, data[0]);
	verdict = wl_entry_decode(image, size - 1, &header);
	FUZZ_PROMISE(strcmp(wl_entry_verdict_text(verdict), "unknown verdict") != 0);
	if (verdict == WL_ENTRY_OK) {
		check_walk(image, size - 1, &header);
		check_control(image, &header);
		wl_entry_encode_header(again, &header);
		FUZZ_PROMISE(memcmp(again, image, sizeof(again)) == 0);
	}
	free(image);
	return 0;
}

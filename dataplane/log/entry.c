/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/entry.h"

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"

#define HEADER_CRC_AT 92u

_Static_assert(HEADER_CRC_AT + 4 == WL_ENTRY_HEADER_BYTES, "the checksum ends the header");
/* Every record begins at a multiple of 8, and the largest one is an entry. */
WL_STATIC_CHECK(WL_ENTRY_HEADER_BYTES % 8 == 0 && WL_RECORD_HEADER_BYTES % 8 == 0);
WL_STATIC_CHECK(WL_ENTRY_BODY_BYTES_MAX % 8 == 0);
WL_STATIC_CHECK(WL_RECORD_HEADER_BYTES + WIRELOG_RECORD_BYTES_MAX + 7 <= WL_ENTRY_BODY_BYTES_MAX);
WL_STATIC_CHECK(WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES + WL_CONTROL_BYTES_MAX +
			WL_CHUNK_HEADER_BYTES <=
		WL_BLOCK_BYTES);

void wl_entry_encode_header(uint8_t *to, const struct wl_entry_header *header)
{
	wl_store_u32(to, WL_ENTRY_MAGIC);
	wl_store_u16(to + 4, WL_ENTRY_VERSION);
	wl_store_u16(to + 6, header->kind);
	wl_store_u64(to + 8, header->cluster);
	wl_store_u32(to + 16, header->journal);
	wl_store_u32(to + 20, header->record_count);
	wl_store_u64(to + 24, header->index);
	wl_store_u64(to + 32, header->term);
	wl_store_u64(to + 40, header->first_number);
	wl_store_u64(to + 48, header->previous_chain);
	wl_store_u64(to + 56, header->timestamp_ns);
	wl_store_u64(to + 64, header->commit);
	wl_store_u64(to + 72, header->previous_term);
	wl_store_u32(to + 80, header->body_bytes);
	wl_store_u32(to + 84, header->body_crc);
	wl_store_u32(to + 88, header->data_count);
	wl_store_u32(to + HEADER_CRC_AT, wl_crc32c(to, HEADER_CRC_AT));
}

enum wl_entry_verdict wl_entry_decode_header(const uint8_t *from, size_t size,
					     struct wl_entry_header *header)
{
	if (size < WL_ENTRY_HEADER_BYTES)
		return WL_ENTRY_SHORT;
	if (wl_load_u32(from) != WL_ENTRY_MAGIC)
		return WL_ENTRY_BAD_MAGIC;
	if (wl_load_u16(from + 4) != WL_ENTRY_VERSION)
		return WL_ENTRY_BAD_VERSION;
	if (wl_load_u32(from + HEADER_CRC_AT) != wl_crc32c(from, HEADER_CRC_AT))
		return WL_ENTRY_BAD_HEADER_CRC;
	header->kind = wl_load_u16(from + 6);
	header->cluster = wl_load_u64(from + 8);
	header->journal = wl_load_u32(from + 16);
	header->record_count = wl_load_u32(from + 20);
	header->index = wl_load_u64(from + 24);
	header->term = wl_load_u64(from + 32);
	header->first_number = wl_load_u64(from + 40);
	header->previous_chain = wl_load_u64(from + 48);
	header->timestamp_ns = wl_load_u64(from + 56);
	header->commit = wl_load_u64(from + 64);
	header->previous_term = wl_load_u64(from + 72);
	header->body_bytes = wl_load_u32(from + 80);
	header->body_crc = wl_load_u32(from + 84);
	header->data_count = wl_load_u32(from + 88);
	if (header->body_bytes > WL_ENTRY_BODY_BYTES_MAX || header->body_bytes % 8 != 0)
		return WL_ENTRY_BAD_LENGTH;
	return WL_ENTRY_OK;
}

static bool padding_is_zero(const uint8_t *from, const uint8_t *end)
{
	while (from < end) {
		if (*from++ != 0)
			return false;
	}
	return true;
}

/* Readers are promised records of at least one byte, a control record has its arguments; the others have no payload. */
static bool payload_suits(uint16_t kind, uint32_t bytes)
{
	switch (kind) {
	case WL_RECORD_DATA:
		return bytes != 0 && bytes <= WIRELOG_RECORD_BYTES_MAX;
	case WL_RECORD_CONTROL:
		return bytes != 0 && bytes <= WL_CONTROL_BYTES_MAX;
	default:
		return bytes == 0 && kind > WL_RECORD_DATA && kind < WL_RECORD_CONTROL;
	}
}

/* Image bytes of the record at `at`, or 0 when it is not a whole record of a known kind. */
static size_t check_record(const uint8_t *at, size_t left, uint16_t *kind)
{
	uint32_t payload_bytes;
	size_t bytes;

	if (left < WL_RECORD_HEADER_BYTES)
		return 0;
	payload_bytes = wl_load_u32(at + 16);
	*kind = wl_load_u16(at + 20);
	if (!payload_suits(*kind, payload_bytes) || wl_load_u16(at + 22) != 0)
		return 0;
	bytes = wl_record_image_bytes(payload_bytes);
	if (bytes > left ||
	    !padding_is_zero(at + WL_RECORD_HEADER_BYTES + payload_bytes, at + bytes))
		return 0;
	return bytes;
}

static bool kind_agrees(const struct wl_entry_header *header, uint32_t controls)
{
	switch (header->kind) {
	case WL_ENTRY_RECORDS:
		return controls == 0;
	case WL_ENTRY_CONTROL:
		return header->record_count == 1 && controls == 1;
	default:
		return false;
	}
}

/* Nothing, or behind no entry the id of a history. */
static bool history_agrees(const uint8_t *body, const struct wl_entry_header *header)
{
	if (header->record_count != 0 || header->data_count != 0)
		return false;
	return header->body_bytes == 0 ||
	       (header->index == 1 && header->body_bytes == WL_ENTRY_HISTORY_BYTES &&
		wl_load_u64(body) != 0);
}

static bool records_agree(const uint8_t *body, const struct wl_entry_header *header)
{
	const uint8_t *at = body, *end = body + header->body_bytes;
	uint32_t records = 0, data = 0, controls = 0;

	if (header->kind == WL_ENTRY_TERM_START)
		return history_agrees(body, header);
	while (at < end) {
		uint16_t kind;
		size_t bytes = check_record(at, (size_t)(end - at), &kind);

		if (bytes == 0)
			return false;
		records++;
		data += kind == WL_RECORD_DATA;
		controls += kind == WL_RECORD_CONTROL;
		at += bytes;
	}
	return records == header->record_count && data == header->data_count &&
	       kind_agrees(header, controls);
}

enum wl_entry_verdict wl_entry_decode(const uint8_t *from, size_t size,
				      struct wl_entry_header *header)
{
	enum wl_entry_verdict verdict = wl_entry_decode_header(from, size, header);
	const uint8_t *body = from + WL_ENTRY_HEADER_BYTES;

	if (verdict != WL_ENTRY_OK)
		return verdict;
	if (size < wl_entry_bytes(header))
		return WL_ENTRY_SHORT;
	if (wl_crc32c(body, header->body_bytes) != header->body_crc)
		return WL_ENTRY_BAD_BODY_CRC;
	return records_agree(body, header) ? WL_ENTRY_OK : WL_ENTRY_BAD_RECORDS;
}

uint64_t wl_entry_chain(const uint8_t *encoded_header)
{
	return wl_crc64(0, encoded_header, HEADER_CRC_AT);
}

uint64_t wl_entry_chain_origin(uint64_t cluster, uint32_t journal)
{
	uint8_t bytes[12];

	wl_store_u64(bytes, cluster);
	wl_store_u32(bytes + 8, journal);
	return wl_crc64(0, bytes, sizeof(bytes));
}

const char *wl_entry_verdict_text(enum wl_entry_verdict verdict)
{
	switch (verdict) {
	case WL_ENTRY_OK:
		return "whole";
	case WL_ENTRY_SHORT:
		return "shorter than its header says";
	case WL_ENTRY_BAD_MAGIC:
		return "does not begin like an entry";
	case WL_ENTRY_BAD_VERSION:
		return "written in a format version that this program does not know";
	case WL_ENTRY_BAD_HEADER_CRC:
		return "the header fails its checksum";
	case WL_ENTRY_BAD_LENGTH:
		return "the header names an impossible length";
	case WL_ENTRY_BAD_BODY_CRC:
		return "the body fails its checksum";
	case WL_ENTRY_BAD_RECORDS:
		return "the records in the body disagree with the header";
	case WL_ENTRY_FOREIGN:
		return "of another cluster or journal";
	}
	return "unknown verdict";
}

void wl_entry_encode_record(uint8_t *to, const struct wl_record_header *record)
{
	wl_store_u64(to, record->session);
	wl_store_u64(to + 8, record->sequence);
	wl_store_u32(to + 16, record->bytes);
	wl_store_u16(to + 20, record->kind);
	wl_store_u16(to + 22, 0);
}

void wl_entry_walk_init(struct wl_record_walk *walk, const uint8_t *image,
			const struct wl_entry_header *header)
{
	walk->at = image + WL_ENTRY_HEADER_BYTES;
	walk->end = walk->at + (header->kind != WL_ENTRY_TERM_START ? header->body_bytes : 0);
	walk->next_number = header->first_number;
}

bool wl_entry_walk_next(struct wl_record_walk *walk, struct wl_record_view *view)
{
	const uint8_t *at = walk->at;

	if (at >= walk->end)
		return false;
	view->header.session = wl_load_u64(at);
	view->header.sequence = wl_load_u64(at + 8);
	view->header.bytes = wl_load_u32(at + 16);
	view->header.kind = wl_load_u16(at + 20);
	view->payload = at + WL_RECORD_HEADER_BYTES;
	view->number = view->header.kind == WL_RECORD_DATA ? walk->next_number++ : 0;
	walk->at = at + wl_record_image_bytes(view->header.bytes);
	WL_CHECK(walk->at <= walk->end); /* the image was decoded */
	return true;
}

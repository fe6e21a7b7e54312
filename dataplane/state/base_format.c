/* SPDX-License-Identifier: BSD-3-Clause */
/* Encoding: the header when the state's digest is known, then the state in its own pieces, then the log's tables row by row. */
#include "dataplane/state/base_format.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "dataplane/state/base_internal.h"

#define DIGEST_PIECE_BYTES 4096u
/* What a session says of itself, and its runs. */
#define SESSION_BYTES (128u + (uint64_t)WIRELOG_SESSION_RUNS * 24u)
#define ROUND_BYTES (1u << 20)

const char *wl_base_verdict_name(enum wl_base_verdict verdict)
{
	static const char *const names[] = {
		[WL_BASE_OK] = "ok",
		[WL_BASE_EMPTY] = "empty",
		[WL_BASE_DAMAGED] = "damaged",
		[WL_BASE_VERSION] = "version",
		[WL_BASE_FOREIGN] = "foreign",
		[WL_BASE_SESSIONS] = "too-many-sessions",
		[WL_BASE_FEATURES] = "unknown-features",
	};

	return (unsigned)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "unknown";
}

uint64_t wl_base_room(uint32_t sessions_max)
{
	const uint64_t local = (uint64_t)WL_LOG_TERMS_MAX * WL_BASE_TERM_BYTES +
			       (uint64_t)WL_LOG_MARKS_MAX * WL_BASE_MARK_BYTES +
			       (uint64_t)WL_LOG_DEAD_RANGES_MAX * WL_BASE_DEAD_BYTES;
	uint64_t bytes = sessions_max * SESSION_BYTES + local;

	/* Checksums of blocks, and the header. */
	return wl_align_up(bytes + bytes / 256 + ROUND_BYTES / 2, ROUND_BYTES);
}

uint64_t wl_base_file_bytes(const struct wl_base_header *header)
{
	uint64_t content = WL_BASE_HEADER_BYTES + header->state_bytes +
			   (uint64_t)header->log.terms * WL_BASE_TERM_BYTES +
			   (uint64_t)header->log.marks * WL_BASE_MARK_BYTES +
			   (uint64_t)header->log.dead_ranges * WL_BASE_DEAD_BYTES;

	return (content + WL_BASE_CONTENT_BYTES - 1) / WL_BASE_CONTENT_BYTES * WL_BLOCK_BYTES;
}

uint64_t wl_base_seal_digest(uint64_t digest_of_state, const struct wl_log_base *log)
{
	uint8_t place[24];
	uint64_t digest;

	wl_store_u64(place, log->position.term);
	wl_store_u64(place + 8, log->position.index);
	wl_store_u64(place + 16, log->chain);
	digest = wl_crc64(digest_of_state, place, sizeof(place));
	return digest != 0 ? digest : 1; /* 0 says that there is no base */
}

static void encode_begin_of_log(uint8_t *to, const struct wl_log_begin *begin)
{
	wl_store_u64(to, begin->position.term);
	wl_store_u64(to + 8, begin->position.index);
	wl_store_u64(to + 16, begin->chain);
	wl_store_u64(to + 24, begin->next_number);
	wl_store_u64(to + 32, begin->timestamp_ns);
	wl_store_u64(to + 40, begin->offset);
}

static void encode_header(uint8_t to[WL_BASE_HEADER_BYTES], const struct wl_base_header *header)
{
	const struct wl_log_base *log = &header->log;

	memset(to, 0, WL_BASE_HEADER_BYTES);
	wl_store_u32(to, WL_BASE_MAGIC);
	wl_store_u16(to + 4, WL_BASE_FORMAT);
	memcpy(to + 8, header->identity.cluster, sizeof(header->identity.cluster));
	wl_store_u32(to + 24, header->identity.node);
	wl_store_u32(to + 28, header->identity.journal);
	wl_store_u64(to + 32, header->identity.segment_bytes);
	wl_store_u64(to + 40, header->sequence);
	wl_store_u64(to + 48, log->position.term);
	wl_store_u64(to + 56, log->position.index);
	wl_store_u64(to + 64, log->chain);
	wl_store_u64(to + 72, log->next_number);
	wl_store_u64(to + 80, log->timestamp_ns);
	wl_store_u64(to + 88, header->digest);
	wl_store_u64(to + 96, header->state_bytes);
	encode_begin_of_log(to + WL_BASE_BEGIN_AT, &log->begin);
	wl_store_u64(to + 152, log->walk_offset);
	wl_store_u64(to + 160, log->mark_bytes);
	wl_store_u32(to + 168, log->installed);
	wl_store_u32(to + 172, log->terms);
	wl_store_u32(to + 176, log->marks);
	wl_store_u32(to + 180, log->dead_ranges);
}

void wl_base_encode_begin(struct wl_base_encoder *encoder, const struct wl_base_header *header,
			  const struct wl_state *state, const struct wl_log *log, uint32_t *order)
{
	uint8_t piece[DIGEST_PIECE_BYTES];
	uint64_t digest = 0, told = 0;
	size_t bytes;

	WL_CHECK(state->sessions.applied_index == header->log.position.index);
	*encoder = (struct wl_base_encoder){.header = *header, .log = log};
	encoder->header.state_bytes = wl_state_encoded_bytes(state);
	wl_state_encode_begin(&encoder->coding, state, order);
	while ((bytes = wl_state_encode(&encoder->coding, piece, sizeof(piece))) != 0) {
		digest = wl_crc64(digest, piece, bytes);
		told += bytes;
	}
	/* Else every start would call the file damaged. */
	WL_CHECK_MSG(told == encoder->header.state_bytes, "%llu bytes of a state, not %llu",
		     (unsigned long long)told, (unsigned long long)encoder->header.state_bytes);
	encoder->header.digest = wl_base_seal_digest(digest, &header->log);
	wl_state_encode_begin(&encoder->coding, state, order);
	encoder->blocks = wl_base_file_bytes(&encoder->header) / WL_BLOCK_BYTES;
	encode_header(encoder->stage.bytes, &encoder->header);
	encoder->stage.filled = WL_BASE_HEADER_BYTES;
	WL_CHECK(encoder->header.digest != 0 && encoder->blocks != 0);
}

/* The next row of the local part. */
static void stage_row(struct wl_base_encoder *encoder)
{
	const struct wl_log_base *base = &encoder->header.log;
	struct wl_base_stage *stage = &encoder->stage;
	uint8_t *to = stage->bytes;

	WL_CHECK(encoder->state_written && stage->used == stage->filled);
	stage->used = 0;
	stage->filled = 0;
	if (encoder->term < base->terms) {
		const struct wl_log_term *term = wl_log_term_entry(encoder->log, encoder->term++);

		wl_store_u64(to, term->term);
		wl_store_u64(to + 8, term->first_index);
		stage->filled = WL_BASE_TERM_BYTES;
	} else if (encoder->mark < base->marks) {
		const struct wl_log_mark *mark = wl_log_mark_entry(encoder->log, encoder->mark++);

		wl_store_u64(to, mark->offset);
		wl_store_u64(to + 8, mark->index);
		wl_store_u64(to + 16, mark->first_number);
		wl_store_u64(to + 24, mark->timestamp_ns);
		wl_store_u64(to + 32, mark->previous_chain);
		wl_store_u64(to + 40, mark->previous_timestamp_ns);
		stage->filled = WL_BASE_MARK_BYTES;
	} else if (encoder->dead < base->dead_ranges) {
		const struct wl_log_dead_range *dead =
			wl_log_dead_entry(encoder->log, encoder->dead++);

		wl_store_u64(to, dead->begin);
		wl_store_u64(to + 8, dead->end);
		stage->filled = WL_BASE_DEAD_BYTES;
	}
}

/* The next bytes of the content, at most `room`; 0: there are no more. */
static size_t next_content(struct wl_base_encoder *encoder, uint8_t *to, size_t room)
{
	struct wl_base_stage *stage = &encoder->stage;
	size_t bytes;

	WL_CHECK(stage->used <= stage->filled && stage->filled <= sizeof(stage->bytes));
	if (stage->used == stage->filled && !encoder->state_written) {
		bytes = wl_state_encode(&encoder->coding, to, room);
		if (bytes != 0)
			return bytes;
		encoder->state_written = true;
	}
	if (stage->used == stage->filled)
		stage_row(encoder);
	bytes = stage->filled - stage->used < room ? stage->filled - stage->used : room;
	memcpy(to, stage->bytes + stage->used, bytes);
	stage->used += (uint32_t)bytes;
	return bytes;
}

static void encode_block(struct wl_base_encoder *encoder, uint8_t *to)
{
	size_t filled = 0, bytes;

	do {
		bytes = next_content(encoder, to + filled, WL_BASE_CONTENT_BYTES - filled);
		filled += bytes;
		WL_CHECK(filled <= WL_BASE_CONTENT_BYTES);
	} while (bytes != 0 && filled < WL_BASE_CONTENT_BYTES);
	memset(to + filled, 0, WL_BASE_CONTENT_BYTES - filled);
	wl_store_u32(to + WL_BASE_CONTENT_BYTES,
		     wl_base_block_tag(encoder->block++, encoder->header.log.position.index));
	wl_store_u32(to + WL_BASE_CRC_AT, wl_crc32c(to, WL_BASE_CRC_AT));
}

size_t wl_base_encode(struct wl_base_encoder *encoder, uint8_t *to, size_t room)
{
	size_t bytes = 0;

	WL_CHECK(encoder->blocks != 0);
	while (encoder->block < encoder->blocks && room - bytes >= WL_BLOCK_BYTES) {
		encode_block(encoder, to + bytes);
		bytes += WL_BLOCK_BYTES;
	}
	WL_CHECK(bytes <= room);
	/* The last block ends with the last row. */
	WL_CHECK(encoder->block < encoder->blocks ||
		 (encoder->stage.used == encoder->stage.filled &&
		  encoder->dead == encoder->header.log.dead_ranges));
	return bytes;
}

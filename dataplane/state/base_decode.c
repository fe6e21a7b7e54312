/* SPDX-License-Identifier: BSD-3-Clause */
/* Decoding, block by block. Nothing that was read is believed before its block's checksum, and nothing of it is asserted on. */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/state/base_internal.h"

/* No state is as large: a number beyond it is no number of ours. */
#define STATE_BYTES_MAX (1ull << 32)
#define SEQUENCE_MAX \
	(1ull << 62) /* nor are so many bases ever made: the next one has a higher sequence */

static bool is_zero(const uint8_t *bytes, size_t size)
{
	while (size-- != 0)
		if (*bytes++ != 0)
			return false;
	return true;
}

static void decode_begin_of_log(const uint8_t *from, struct wl_log_begin *begin)
{
	*begin = (struct wl_log_begin){
		.position = {wl_load_u64(from), wl_load_u64(from + 8)},
		.chain = wl_load_u64(from + 16),
		.next_number = wl_load_u64(from + 24),
		.timestamp_ns = wl_load_u64(from + 32),
		.offset = wl_load_u64(from + 40),
	};
}

static void decode_numbers(const uint8_t *from, struct wl_base_header *header)
{
	struct wl_log_base *log = &header->log;

	memset(header, 0, sizeof(*header));
	memcpy(header->identity.cluster, from + 8, sizeof(header->identity.cluster));
	header->identity.node = wl_load_u32(from + 24);
	header->identity.journal = wl_load_u32(from + 28);
	header->identity.segment_bytes = wl_load_u64(from + 32);
	header->sequence = wl_load_u64(from + 40);
	log->position = (struct wl_position){wl_load_u64(from + 48), wl_load_u64(from + 56)};
	log->chain = wl_load_u64(from + 64);
	log->next_number = wl_load_u64(from + 72);
	log->timestamp_ns = wl_load_u64(from + 80);
	header->digest = wl_load_u64(from + 88);
	header->state_bytes = wl_load_u64(from + 96);
	decode_begin_of_log(from + WL_BASE_BEGIN_AT, &log->begin);
	log->walk_offset = wl_load_u64(from + 152);
	log->mark_bytes = wl_load_u64(from + 160);
	log->installed = wl_load_u32(from + 168) == 1;
	log->terms = wl_load_u32(from + 172);
	log->marks = wl_load_u32(from + 176);
	log->dead_ranges = wl_load_u32(from + 180);
}

static bool is_possible(const uint8_t *from, const struct wl_base_header *header)
{
	const struct wl_log_base *log = &header->log;

	return wl_load_u16(from + 6) == 0 && wl_load_u32(from + 168) <= 1 &&
	       is_zero(from + WL_BASE_USED_BYTES, WL_BASE_HEADER_BYTES - WL_BASE_USED_BYTES) &&
	       header->sequence != 0 && header->sequence < SEQUENCE_MAX &&
	       log->position.term != 0 && log->position.index != 0 && header->state_bytes != 0 &&
	       header->state_bytes <= STATE_BYTES_MAX && log->terms <= WL_LOG_TERMS_MAX &&
	       log->marks <= WL_LOG_MARKS_MAX && log->dead_ranges <= WL_LOG_DEAD_RANGES_MAX;
}

static bool is_of(const struct wl_base_header *header, const struct wl_base_identity *identity)
{
	return memcmp(header->identity.cluster, identity->cluster, sizeof(identity->cluster)) ==
		       0 &&
	       header->identity.node == identity->node &&
	       header->identity.journal == identity->journal &&
	       header->identity.segment_bytes == identity->segment_bytes;
}

enum wl_base_verdict wl_base_decode_header(const uint8_t block[WL_BLOCK_BYTES],
					   const struct wl_base_identity *identity,
					   struct wl_base_header *header)
{
	if (is_zero(block, WL_BLOCK_BYTES))
		return WL_BASE_EMPTY;
	if (wl_load_u32(block) != WL_BASE_MAGIC ||
	    wl_load_u32(block + WL_BASE_CRC_AT) != wl_crc32c(block, WL_BASE_CRC_AT))
		return WL_BASE_DAMAGED;
	if (wl_load_u16(block + 4) != WL_BASE_FORMAT)
		return WL_BASE_VERSION;
	decode_numbers(block, header);
	if (!is_possible(block, header) || wl_load_u32(block + WL_BASE_CONTENT_BYTES) !=
						   wl_base_block_tag(0, header->log.position.index))
		return WL_BASE_DAMAGED;
	return is_of(header, identity) ? WL_BASE_OK : WL_BASE_FOREIGN;
}

void wl_base_decode_begin(struct wl_base_decoder *decoder, const struct wl_base_identity *identity,
			  struct wl_state *state, struct wl_log *log, uint64_t first_segment)
{
	*decoder = (struct wl_base_decoder){
		.identity = identity,
		.state = state,
		.log = log,
		.first_segment = first_segment,
	};
	if (state)
		wl_state_decode_begin(&decoder->coding, state);
}

static uint32_t row_bytes(const struct wl_base_decoder *decoder)
{
	const struct wl_log_base *base = &decoder->header.log;

	if (decoder->term < base->terms)
		return WL_BASE_TERM_BYTES;
	if (decoder->mark < base->marks)
		return WL_BASE_MARK_BYTES;
	return decoder->dead < base->dead_ranges ? WL_BASE_DEAD_BYTES : 0;
}

static bool take_mark(struct wl_log *log, const uint8_t *from)
{
	struct wl_log_mark mark = {
		.offset = wl_load_u64(from),
		.index = wl_load_u64(from + 8),
		.first_number = wl_load_u64(from + 16),
		.timestamp_ns = wl_load_u64(from + 24),
		.previous_chain = wl_load_u64(from + 32),
		.previous_timestamp_ns = wl_load_u64(from + 40),
	};

	return wl_log_restore_mark(log, &mark);
}

static bool take_row(struct wl_base_decoder *decoder)
{
	const struct wl_log_base *base = &decoder->header.log;
	const uint8_t *from = decoder->stage.bytes;
	struct wl_log *log = decoder->log;
	uint64_t first = wl_load_u64(from), second = wl_load_u64(from + 8);

	if (decoder->term < base->terms) {
		decoder->term++;
		return !log || wl_log_restore_term(log, &(struct wl_log_term){first, second});
	}
	if (decoder->mark < base->marks) {
		decoder->mark++;
		return !log || take_mark(log, from);
	}
	WL_CHECK(decoder->dead < base->dead_ranges);
	decoder->dead++;
	return !log || wl_log_restore_dead(log, &(struct wl_log_dead_range){first, second});
}

static bool take_rows(struct wl_base_decoder *decoder, const uint8_t **from, const uint8_t *end)
{
	struct wl_base_stage *stage = &decoder->stage;

	while (*from < end) {
		uint32_t wanted = row_bytes(decoder), bytes = wanted - stage->filled;

		if (wanted == 0)
			return true;
		WL_CHECK(stage->filled < wanted);
		if (bytes > (size_t)(end - *from))
			bytes = (uint32_t)(end - *from);
		memcpy(stage->bytes + stage->filled, *from, bytes);
		*from += bytes;
		stage->filled += bytes;
		if (stage->filled < wanted)
			return true;
		stage->filled = 0;
		if (!take_row(decoder))
			return false;
	}
	return true;
}

static bool take_state(struct wl_base_decoder *decoder, const uint8_t **from, const uint8_t *end)
{
	size_t bytes = (size_t)(end - *from);
	bool taken;

	if (bytes > decoder->state_left)
		bytes = (size_t)decoder->state_left;
	if (bytes == 0)
		return true;
	decoder->digest = wl_crc64(decoder->digest, *from, bytes);
	taken = !decoder->state || wl_state_decode(&decoder->coding, *from, bytes);
	if (decoder->state && (decoder->state->features.set & decoder->identity->lacks) != 0) {
		decoder->verdict = WL_BASE_FEATURES;
		return false;
	}
	if (!taken) {
		if (wl_state_decode_lacks_room(&decoder->coding))
			decoder->verdict = WL_BASE_SESSIONS;
		return false;
	}
	*from += bytes;
	decoder->state_left -= bytes;
	if (decoder->state_left != 0)
		return true;
	if (wl_base_seal_digest(decoder->digest, &decoder->header.log) != decoder->header.digest)
		return false;
	return !decoder->state || wl_state_decode_end(&decoder->coding);
}

static bool take_header(struct wl_base_decoder *decoder, const uint8_t *block)
{
	decoder->verdict = wl_base_decode_header(block, decoder->identity, &decoder->header);
	if (decoder->verdict != WL_BASE_OK)
		return false;
	decoder->blocks = wl_base_file_bytes(&decoder->header) / WL_BLOCK_BYTES;
	decoder->state_left = decoder->header.state_bytes;
	return !decoder->log || wl_log_restore(decoder->log, &decoder->header.log);
}

/* All parts are there; do they belong together? */
static bool finish(struct wl_base_decoder *decoder)
{
	const struct wl_log_base *base = &decoder->header.log;
	const struct wl_state *state = decoder->state;

	WL_CHECK(decoder->block == decoder->blocks);
	if (decoder->state_left != 0 || row_bytes(decoder) != 0)
		return false;
	if (state && (state->sessions.applied_index != base->position.index ||
		      state->next_number != base->next_number ||
		      state->last_timestamp_ns != base->timestamp_ns))
		return false;
	return !decoder->log || wl_log_restore_end(decoder->log, decoder->first_segment);
}

static bool take_block(struct wl_base_decoder *decoder, const uint8_t *block)
{
	const uint8_t *from = block, *end = block + WL_BASE_CONTENT_BYTES;

	if (decoder->block == 0) {
		if (!take_header(decoder, block))
			return false;
		from += WL_BASE_HEADER_BYTES;
	} else if (wl_load_u32(block + WL_BASE_CRC_AT) != wl_crc32c(block, WL_BASE_CRC_AT) ||
		   wl_load_u32(block + WL_BASE_CONTENT_BYTES) !=
			   wl_base_block_tag(decoder->block, decoder->header.log.position.index)) {
		return false;
	}
	if (!take_state(decoder, &from, end))
		return false;
	if (decoder->state_left == 0 && !take_rows(decoder, &from, end))
		return false;
	if (!is_zero(from, (size_t)(end - from)))
		return false;
	return ++decoder->block < decoder->blocks || finish(decoder);
}

enum wl_base_verdict wl_base_decode(struct wl_base_decoder *decoder,
				    const uint8_t block[WL_BLOCK_BYTES])
{
	if (decoder->verdict != WL_BASE_OK)
		return decoder->verdict;
	if (wl_base_decode_is_done(decoder))
		return decoder->verdict = WL_BASE_DAMAGED;
	if (!take_block(decoder, block) && decoder->verdict == WL_BASE_OK)
		decoder->verdict = WL_BASE_DAMAGED;
	return decoder->verdict;
}

bool wl_base_decode_is_done(const struct wl_base_decoder *decoder)
{
	WL_CHECK(decoder->block <= decoder->blocks);
	return decoder->blocks != 0 && decoder->block == decoder->blocks;
}

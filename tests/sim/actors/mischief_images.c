/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records that are images of chunks: what a start would find in the middle of a torn write, if it believed them. The rogue
 * knows what a client could find out or guess, and guesses well: whose log it is, and where the record will stand. It
 * does not know the key of the data.
 */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/chunk.h"
#include "dataplane/log/entry.h"
#include "tests/sim/actors/rogue.h"
#include "wirelog/wirelog.h"

#define IMAGES_BYTES 8192u
#define HEADERS_BYTES (WL_CHUNK_HEADER_BYTES + WL_ENTRY_HEADER_BYTES + WL_RECORD_HEADER_BYTES)

/* The first record of a chunk that begins at `at` is a multiple of this before each of its blocks. */
static uint32_t first_block_in_payload(uint64_t at)
{
	return (uint32_t)(wl_align_up(at + HEADERS_BYTES, WL_BLOCK_BYTES) - at - HEADERS_BYTES);
}

/* Follows the last chunk, or the one that holds it; says that all before it was durable. */
static void draw_image(struct sim_rogue *rogue, const struct wl_log *log, uint64_t place,
		       uint8_t *to)
{
	struct wl_chunk_header header = {
		.binding = wl_chunk_binding(log->config.cluster, log->config.node,
					    log->config.journal),
		.offset = sim_random_chance(&rogue->random, 700000) ? place : log->append_offset,
		.previous = sim_random_chance(&rogue->random, 500000) ? log->previous_chunk
								      : log->append_offset,
		.bytes = WL_BLOCK_BYTES,
		.used = WL_CHUNK_HEADER_BYTES,
	};

	header.offset = wl_align_up(header.offset, WL_BLOCK_BYTES);
	header.durable = header.offset;
	if (header.previous >= header.offset)
		header.previous = WL_CHUNK_NONE;
	/* The rest of the block, where all of it is in the payload: padding. */
	memset(to, WL_CHUNK_PADDING, WL_BLOCK_BYTES);
	header.body_crc =
		wl_crc32c(to + WL_CHUNK_HEADER_BYTES, WL_BLOCK_BYTES - WL_CHUNK_HEADER_BYTES);
	wl_chunk_encode_header(to, &header, NULL);
}

void sim_rogue_append_images(struct sim_rogue *rogue, unsigned node)
{
	const struct sim_node *server = &rogue->cluster->nodes[node];
	uint32_t room = (uint32_t)rogue->plan->mtu - 200, bytes;
	uint8_t payload[IMAGES_BYTES + WL_BLOCK_BYTES];
	const struct wl_log *log;
	uint64_t chunk_at;

	if (!server->up)
		return;
	log = &server->journals[rogue->end.journal]->log;
	bytes = room < IMAGES_BYTES ? room : IMAGES_BYTES;
	if (bytes > rogue->plan->record_bytes)
		bytes = (uint32_t)rogue->plan->record_bytes;
	chunk_at = wl_align_up(log->append_offset, WL_BLOCK_BYTES);
	memset(payload, WL_CHUNK_PADDING, sizeof(payload));
	for (uint32_t at = first_block_in_payload(chunk_at); at < bytes; at += WL_BLOCK_BYTES)
		draw_image(rogue, log, chunk_at + HEADERS_BYTES + at, payload + at);
	sim_rogue_append(rogue, node, payload, bytes);
}

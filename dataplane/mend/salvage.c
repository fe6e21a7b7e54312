/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mend/salvage.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"

#define STEP 8u /* entries begin at multiples of it */

WL_STATIC_CHECK(WL_CHUNK_HEADER_BYTES % STEP == 0);
WL_STATIC_CHECK(WL_ENTRY_HEADER_BYTES % STEP == 0);
WL_STATIC_CHECK(WL_BLOCK_BYTES % STEP == 0);

void wl_salvage_init(struct wl_salvage *salvage, const struct wl_log_config *config, uint64_t begin,
		     uint64_t stop)
{
	WL_CHECK(begin <= stop);
	WL_CHECK(begin % STEP == 0);
	*salvage = (struct wl_salvage){
		.config = config,
		.binding = wl_chunk_binding(config->cluster, config->node, config->journal),
		.begin = begin,
		.end = begin,
		.stop = stop,
		.at = begin,
	};
}

void wl_salvage_give(struct wl_salvage *salvage, const uint8_t *bytes, uint64_t begin, size_t size)
{
	WL_CHECK(begin <= salvage->at);
	WL_CHECK(begin + size <= salvage->stop);
	salvage->bytes = bytes;
	salvage->begin = begin;
	salvage->end = begin + size;
}

static const uint8_t *here(const struct wl_salvage *salvage)
{
	WL_CHECK(salvage->at >= salvage->begin && salvage->at < salvage->end);
	return salvage->bytes + (salvage->at - salvage->begin);
}

/* At the begin of a block, and in no chunk: goes behind the header of one of ours. Only a tagged one is believed. */
static void enter_chunk(struct wl_salvage *salvage)
{
	struct wl_chunk_header header;

	WL_CHECK(salvage->chunk_used == 0);
	if (!wl_chunk_decode_header(here(salvage), salvage->end - salvage->at, &header) ||
	    header.binding != salvage->binding || header.offset != salvage->at ||
	    !wl_chunk_has_tag(here(salvage), salvage->config->chunk_key))
		return;
	salvage->chunk_used = salvage->at + header.used;
	salvage->at += WL_CHUNK_HEADER_BYTES;
	WL_CHECK(salvage->chunk_used >= salvage->at);
}

static bool has_header(const struct wl_salvage *salvage, struct wl_entry_header *header)
{
	const uint8_t *from = here(salvage);

	if (wl_load_u32(from) != WL_ENTRY_MAGIC ||
	    wl_entry_decode_header(from, salvage->end - salvage->at, header) != WL_ENTRY_OK)
		return false;
	return header->cluster == salvage->config->cluster &&
	       header->journal == salvage->config->journal && header->index != 0 &&
	       (salvage->chunk_used == 0 ||
		salvage->at + wl_entry_bytes(header) <= salvage->chunk_used);
}

static enum wl_salvage_result give_entry(struct wl_salvage *salvage, struct wl_salvage_entry *entry)
{
	size_t left = salvage->end - salvage->at, bytes = wl_entry_bytes(&entry->header);
	struct wl_entry_header again;

	if (bytes > left && salvage->end < salvage->stop)
		return WL_SALVAGE_SHORT;
	entry->offset = salvage->at;
	entry->image = here(salvage);
	entry->chain = wl_entry_chain(entry->image);
	entry->whole = wl_entry_decode(entry->image, left, &again) == WL_ENTRY_OK;
	WL_CHECK(!entry->whole || bytes <= left);
	/* A header that is whole may be of another place: what stands where its body should is looked through, too. */
	salvage->at += entry->whole ? bytes : STEP;
	return WL_SALVAGE_ENTRY;
}

/* Where the walk is after the entries of a chunk, or at its begin. */
static void find_chunk(struct wl_salvage *salvage)
{
	if (salvage->chunk_used != 0 && salvage->at + WL_ENTRY_HEADER_BYTES > salvage->chunk_used) {
		salvage->at = wl_align_up(salvage->chunk_used, WL_BLOCK_BYTES);
		salvage->chunk_used = 0;
	}
	if (salvage->chunk_used == 0 && salvage->at % WL_BLOCK_BYTES == 0 &&
	    salvage->at < salvage->end)
		enter_chunk(salvage);
}

enum wl_salvage_result wl_salvage_next(struct wl_salvage *salvage, struct wl_salvage_entry *entry)
{
	for (;;) {
		find_chunk(salvage);
		if (salvage->at >= salvage->stop)
			return WL_SALVAGE_END;
		if (salvage->at + WL_ENTRY_HEADER_BYTES > salvage->end)
			return salvage->end < salvage->stop ? WL_SALVAGE_SHORT : WL_SALVAGE_END;
		if (has_header(salvage, &entry->header))
			return give_entry(salvage, entry);
		salvage->at += STEP;
	}
}

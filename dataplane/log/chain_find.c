/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/chain_find.h"

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/log/chunk.h"
#include "dataplane/log/log_internal.h"

bool wl_chain_place_of(const struct wl_log *log, uint64_t index, struct wl_chain_place *place)
{
	const struct wl_log_mark *mark;

	if (index <= log->begin.position.index || index > log->durable.index)
		return false;
	mark = wl_log_mark_by_index(log, index);
	WL_CHECK(mark); /* the first kept entry always has one */
	place->position.index = index;
	WL_CHECK(wl_log_term_at(log, index, &place->position.term) == WL_LOG_KNOWN);
	place->offset = mark->offset - WL_CHUNK_HEADER_BYTES;
	place->end = log->durable_offset;
	WL_CHECK(mark->index <= index);
	WL_CHECK(place->offset < place->end);
	return true;
}

static void want(struct wl_chain_find *find)
{
	uint64_t end = (find->offset / find->segment_bytes + 1) * find->segment_bytes;

	if (end > find->end)
		end = find->end;
	WL_CHECK(find->offset < end);
	find->want_offset = find->offset;
	find->want_bytes = end - find->offset < WL_CHUNK_BYTES_MAX ? (uint32_t)(end - find->offset)
								   : WL_CHUNK_BYTES_MAX;
	find->state = WL_CHAIN_FIND_WANTS_READ;
}

static bool in_window(const struct wl_chain_find *find, uint64_t bytes)
{
	return find->offset >= find->window_offset &&
	       find->offset + bytes <= find->window_offset + find->window_bytes;
}

/* Over what was left free before a boundary, because the next chunk would have crossed it. */
static bool skip_to_boundary(struct wl_chain_find *find)
{
	uint64_t boundary = wl_align_up(find->offset + 1, WL_LOG_BOUNDARY_BYTES);

	if (boundary - find->offset >= WL_CHUNK_BYTES_MAX)
		return false;
	find->offset = boundary;
	return true;
}

/* The entries of a whole chunk. True: it is decided. */
static bool look_through(struct wl_chain_find *find, const uint8_t *chunk, uint32_t used)
{
	uint32_t at = WL_CHUNK_HEADER_BYTES;

	while (at < used) {
		struct wl_entry_header header;

		if (wl_entry_decode_header(chunk + at, used - at, &header) != WL_ENTRY_OK ||
		    wl_entry_bytes(&header) > used - at || header.cluster != find->cluster ||
		    header.journal != find->journal) {
			find->state = WL_CHAIN_FIND_DAMAGED;
			return true;
		}
		if (header.index == find->position.index && header.term == find->position.term) {
			bool whole = wl_entry_decode(chunk + at, used - at, &header) == WL_ENTRY_OK;

			find->chain = wl_entry_chain(chunk + at);
			find->state = whole ? WL_CHAIN_FIND_FOUND : WL_CHAIN_FIND_DAMAGED;
			return true;
		}
		at += (uint32_t)wl_entry_bytes(&header);
	}
	return false;
}

/* One chunk, or what was left free. False: it is decided, or wants a read. */
static bool step(struct wl_chain_find *find)
{
	struct wl_chunk_header header;
	const uint8_t *at;

	if (find->offset % find->segment_bytes == 0)
		find->offset += WL_BLOCK_BYTES;
	find->state = WL_CHAIN_FIND_DAMAGED;
	if (find->offset >= find->end)
		return false;
	if (!in_window(find, WL_BLOCK_BYTES)) {
		want(find);
		return false;
	}
	at = find->window + (find->offset - find->window_offset);
	if (wl_chunk_is_zero(at, WL_BLOCK_BYTES))
		return skip_to_boundary(find);
	if (!wl_chunk_decode_header(at, WL_BLOCK_BYTES, &header) ||
	    header.binding != find->binding || header.offset != find->offset ||
	    header.bytes > find->end - find->offset)
		return false;
	if (!in_window(find, header.bytes)) {
		if (find->offset != find->window_offset)
			want(find);
		return false;
	}
	if (!wl_chunk_body_is_whole(at, &header) || look_through(find, at, header.used))
		return false;
	find->offset += header.bytes;
	return true;
}

static void walk(struct wl_chain_find *find)
{
	while (step(find))
		;
}

void wl_chain_find_init(struct wl_chain_find *find, const struct wl_log_config *config,
			const struct wl_chain_place *place, uint8_t *window)
{
	WL_CHECK((uintptr_t)window % WL_BLOCK_BYTES == 0);
	WL_CHECK(place->offset % WL_BLOCK_BYTES == 0);
	WL_CHECK(place->position.index != 0);
	*find = (struct wl_chain_find){
		.cluster = config->cluster,
		.binding = wl_chunk_binding(config->cluster, config->node, config->journal),
		.segment_bytes = config->segment_bytes,
		.journal = config->journal,
		.position = place->position,
		.offset = place->offset,
		.end = place->end,
		.window = window,
	};
	walk(find);
}

void wl_chain_find_on_read(struct wl_chain_find *find, enum wl_disk_status status)
{
	WL_CHECK(find->state == WL_CHAIN_FIND_WANTS_READ);
	if (status != WL_DISK_OK) {
		find->state = WL_CHAIN_FIND_DAMAGED;
		return;
	}
	find->window_offset = find->want_offset;
	find->window_bytes = find->want_bytes;
	walk(find);
}

const char *wl_chain_verdict_name(enum wl_chain_verdict verdict)
{
	static const char *const names[] = {"not_told", "known", "below", "beyond", "unknown"};

	WL_STATIC_CHECK(sizeof(names) / sizeof(names[0]) == WL_CHAIN_LAST + 1);
	return (unsigned)verdict <= WL_CHAIN_LAST ? names[verdict] : "not_told";
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run of entries in a part of the stream: window after window, each from the place where the walk stopped. No chunk crosses a segment's
 * end, and so no entry does.
 */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/mend/salvage.h"

/* What a window does not hold as a whole is in the next one, which begins with its block. */
WL_STATIC_CHECK(WL_ENTRY_BYTES_MAX + WL_BLOCK_BYTES <= WL_FILL_BYTES);

void wl_salvage_find_init(struct wl_salvage_find *find, const struct wl_log_config *config,
			  uint8_t *window, uint8_t *buffer)
{
	WL_CHECK((uintptr_t)window % WL_BLOCK_BYTES == 0);
	memset(find, 0, sizeof(*find));
	find->config = config;
	find->fill.window = window;
	find->buffer = buffer;
	find->state = WL_SALVAGE_NOT_FOUND;
}

/* Of the segment that `offset` is in, up to the end of the part. */
static uint64_t piece_end(const struct wl_salvage_find *find, uint64_t offset)
{
	uint64_t segment_bytes = find->config->segment_bytes;
	uint64_t end = offset - offset % segment_bytes + segment_bytes;

	WL_CHECK(offset < find->end);
	return end < find->end ? end : find->end;
}

static void read_from(struct wl_salvage_find *find, uint64_t offset)
{
	uint64_t left;

	if (offset % find->config->segment_bytes == 0)
		offset += WL_BLOCK_BYTES;
	if (offset >= find->end) {
		find->state = WL_SALVAGE_NOT_FOUND;
		return;
	}
	left = piece_end(find, offset) - offset;
	wl_fill_begin(&find->fill, offset, left < WL_FILL_BYTES ? (uint32_t)left : WL_FILL_BYTES);
	find->state = WL_SALVAGE_WANTS_READ;
}

static void begin_piece(struct wl_salvage_find *find, uint64_t offset)
{
	if (offset % find->config->segment_bytes == 0)
		offset += WL_BLOCK_BYTES;
	if (offset < find->end)
		wl_salvage_init(&find->walk, find->config, offset, piece_end(find, offset));
	read_from(find, offset);
}

void wl_salvage_find_begin(struct wl_salvage_find *find, const struct wl_salvage_want *want,
			   uint64_t begin, uint64_t end)
{
	WL_CHECK(begin % WL_BLOCK_BYTES == 0 && end % WL_BLOCK_BYTES == 0);
	WL_CHECK(want->first >= 1 && want->first <= want->index);
	WL_CHECK(begin < end);
	find->want = *want;
	if (find->want.bytes > WL_SALVAGE_RUN_BYTES)
		find->want.bytes = WL_SALVAGE_RUN_BYTES;
	find->end = end;
	find->skip = 0;
	find->run_bytes = 0;
	find->last_index = 0;
	begin_piece(find, begin);
}

void wl_salvage_find_want(const struct wl_salvage_find *find, uint64_t *offset, uint8_t **to,
			  uint32_t *bytes)
{
	WL_CHECK(find->state == WL_SALVAGE_WANTS_READ);
	wl_fill_want(&find->fill, offset, to, bytes);
}

static uint32_t first_bytes(const struct wl_salvage_find *find)
{
	return WL_ENTRY_HEADER_BYTES + wl_load_u32(find->buffer + find->skip + 80);
}

static void drop_first(struct wl_salvage_find *find)
{
	uint32_t bytes = first_bytes(find);

	WL_CHECK(bytes <= find->run_bytes);
	WL_CHECK(find->run_first <= find->last_index);
	find->skip += bytes;
	find->run_bytes -= bytes;
	find->run_first++;
}

static void append(struct wl_salvage_find *find, const struct wl_salvage_entry *entry)
{
	uint32_t bytes = (uint32_t)wl_entry_bytes(&entry->header);

	WL_CHECK(entry->whole);
	WL_CHECK(entry->header.index != 0);
	if (find->last_index == 0 || entry->header.index != find->last_index + 1 ||
	    entry->header.previous_chain != find->last_chain)
		find->run_bytes = 0;
	while (find->run_bytes != 0 &&
	       (find->run_bytes + bytes > find->want.bytes || find->run_first < find->want.first))
		drop_first(find);
	if (find->run_bytes == 0) {
		find->skip = 0;
		find->run_first = entry->header.index;
	}
	if (find->skip + find->run_bytes + bytes > WL_SALVAGE_BUFFER_BYTES) {
		memmove(find->buffer, find->buffer + find->skip, find->run_bytes);
		find->skip = 0;
	}
	WL_CHECK(find->skip + find->run_bytes + bytes <= WL_SALVAGE_BUFFER_BYTES);
	memcpy(find->buffer + find->skip + find->run_bytes, entry->image, bytes);
	find->run_bytes += bytes;
	WL_CHECK(find->run_bytes <= find->want.bytes || find->run_bytes == bytes);
	find->last_index = entry->header.index;
	find->last_chain = entry->chain;
}

/* True: it is the one that was wanted. */
static bool take(struct wl_salvage_find *find, const struct wl_salvage_entry *entry)
{
	if (!entry->whole || entry->header.index > find->want.index) {
		find->last_index = 0;
		return false;
	}
	append(find, entry);
	if (entry->header.index != find->want.index || entry->chain != find->want.chain)
		return false;
	while (find->run_first < find->want.first)
		drop_first(find);
	WL_CHECK(find->run_bytes != 0); /* the one that is wanted is in it */
	WL_CHECK(find->run_first <= find->want.index);
	find->run = find->buffer + find->skip;
	find->state = WL_SALVAGE_FOUND;
	return true;
}

void wl_salvage_find_on_read(struct wl_salvage_find *find, enum wl_disk_status status)
{
	struct wl_salvage_entry entry;
	enum wl_salvage_result result;

	WL_CHECK(find->state == WL_SALVAGE_WANTS_READ);
	if (!wl_fill_on_read(&find->fill, status))
		return;
	wl_salvage_give(&find->walk, find->fill.window, find->fill.offset, find->fill.bytes);
	while ((result = wl_salvage_next(&find->walk, &entry)) == WL_SALVAGE_ENTRY)
		if (take(find, &entry))
			return;
	if (result == WL_SALVAGE_SHORT)
		read_from(find, find->walk.at - find->walk.at % WL_BLOCK_BYTES);
	else
		begin_piece(find, find->walk.stop);
}

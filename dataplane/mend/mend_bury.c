/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chunks that are whole and dead, in a hole that is made of several: they lose their headers before anything is written there. Otherwise a
 * crash could leave one of them right before a chunk that was built, and what is missing between the two would be no hole any more.
 */
#include <string.h>

#include "dataplane/mend/mend_internal.h"

/* A chunk at `bury_at` is whole; else the next block is looked at. */
static bool stands(const struct wl_mend *mend, uint64_t at, uint32_t *bytes)
{
	const struct wl_log_config *log = &mend->config.log;
	const uint8_t *from = wl_fill_at(&mend->fill, at);
	struct wl_chunk_header header;

	*bytes = WL_BLOCK_BYTES;
	if (!wl_chunk_decode_header(from, WL_BLOCK_BYTES, &header) || header.offset != at ||
	    header.binding != wl_chunk_binding(log->cluster, log->node, log->journal) ||
	    !wl_fill_has(&mend->fill, at, header.bytes) ||
	    wl_fill_is_bad(&mend->fill, at, header.bytes) || !wl_chunk_body_is_whole(from, &header))
		return false;
	*bytes = header.bytes;
	return true;
}

void wl_mend_read_buried(struct wl_mend *mend)
{
	uint64_t end = mend->fill.offset + mend->fill.bytes;

	WL_CHECK(mend->phase == WL_MEND_READS_BURIED);
	WL_CHECK(mend->bury_at >= mend->fill.offset);
	WL_CHECK(mend->bury_at < end);
	WL_CHECK(end <= mend->bury_end);
	mend->phase = WL_MEND_BURIES;
	while (mend->bury_at < end) {
		uint64_t at = mend->bury_at;
		uint32_t bytes;
		bool whole = stands(mend, at, &bytes);

		/* One that reaches beyond the window is read again from its begin. */
		mend->bury_at += bytes;
		if (!whole)
			continue;
		WL_CHECK(at >= mend->hole.begin &&
			 at < mend->hole_end); /* only a hole is written */
		memset(mend->scratch, 0, WL_BLOCK_BYTES);
		wl_mend_write(mend, at, mend->scratch, WL_BLOCK_BYTES, WL_MEND_BURIES);
		return;
	}
}

bool wl_mend_bury(struct wl_mend *mend)
{
	uint64_t segment_bytes = mend->config.log.segment_bytes, end;

	WL_CHECK(mend->after_bury == WL_MEND_PLANS || mend->after_bury == WL_MEND_JOINS);
	if (mend->bury_at % segment_bytes == 0)
		mend->bury_at += WL_BLOCK_BYTES;
	if (mend->bury_at >= mend->bury_end) {
		mend->phase = mend->after_bury;
		return true;
	}
	/* No chunk crosses a boundary, so each is in one window. */
	end = wl_align_up(mend->bury_at + 1, WL_MEND_BOUNDARY_BYTES);
	if (end > mend->bury_end)
		end = mend->bury_end;
	wl_fill_begin(&mend->fill, mend->bury_at, (uint32_t)(end - mend->bury_at));
	mend->phase = WL_MEND_READS_BURIED;
	return true;
}

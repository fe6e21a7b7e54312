/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written into a hole: headers of segments, zeros, and the chunks that were put together, each naming the one before it. */
#include <string.h>

#include "dataplane/mend/mend_internal.h"

#define NOTHING 0x5A /* neither padding nor zeros */

bool wl_mend_write_header(struct wl_mend *mend, uint64_t offset, enum wl_mend_phase behind)
{
	const struct wl_log_config *log = &mend->config.log;
	struct wl_segment_header header = {
		.binding = wl_chunk_binding(log->cluster, log->node, log->journal),
		.number = offset / log->segment_bytes,
		.segment_bytes = log->segment_bytes,
		.node = log->node,
		.journal = log->journal,
	};

	WL_CHECK(offset % log->segment_bytes == 0);
	memcpy(header.cluster, mend->config.cluster_uuid, sizeof(header.cluster));
	wl_chunk_encode_segment(mend->scratch, &header);
	return wl_mend_write(mend, offset, mend->scratch, WL_BLOCK_BYTES, behind);
}

/* Headers of segments stay. */
bool wl_mend_zero(struct wl_mend *mend)
{
	uint64_t segment_bytes = mend->config.log.segment_bytes, at = mend->zero_at, left;

	if (at % segment_bytes == 0)
		at += WL_BLOCK_BYTES;
	if (at >= mend->zero_end) {
		mend->phase = mend->behind;
		return true;
	}
	left = mend->zero_end - at;
	if (left > segment_bytes - at % segment_bytes)
		left = segment_bytes - at % segment_bytes;
	if (left > WL_CHUNK_BYTES_MAX)
		left = WL_CHUNK_BYTES_MAX;
	mend->zero_at = at + left;
	memset(mend->scratch, 0, left);
	return wl_mend_write(mend, at, mend->scratch, (uint32_t)left, WL_MEND_ZEROES);
}

/*
 * Some sectors of a write may be all that arrives before the power goes. Where a chunk has another shape than what stood there, they could
 * make a chunk whole again that is none any more: so all of that goes first.
 */
bool wl_mend_write_waiting(struct wl_mend *mend, uint64_t previous, enum wl_mend_phase behind)
{
	const struct wl_layout_chunk *chunk = &mend->layout.chunks[!mend->layout.building];
	uint32_t bytes = (uint32_t)(chunk->end - chunk->begin);

	WL_CHECK(mend->layout.waits);
	WL_CHECK(chunk->begin >= mend->hole.end);
	WL_CHECK(chunk->end <= mend->hole_end); /* only a hole is written */
	if (mend->rough) {
		mend->rough = false;
		memset(mend->scratch, NOTHING, bytes);
		return wl_mend_write(mend, chunk->begin, mend->scratch, bytes, mend->phase);
	}
	chunk = wl_layout_finish(&mend->layout, previous);
	return wl_mend_write(mend, chunk->begin, chunk->bytes, bytes, behind);
}

/* Where the log begins, nobody knows the chunk before but the damaged one itself, if its header is whole. */
static uint64_t before_hole(const struct wl_mend *mend)
{
	const struct wl_survey_hole *hole = &mend->hole;

	if (hole->left.previous != WL_SURVEY_ANY)
		return hole->left.previous;
	return hole->right.previous < hole->begin ? hole->right.previous : WL_CHUNK_NONE;
}

bool wl_mend_end_hole(struct wl_mend *mend)
{
	WL_CHECK(mend->joined); /* else entries would be missing for good */
	WL_CHECK(mend->hole.end == mend->hole.begin);
	if (mend->layout.waits)
		return wl_mend_write_waiting(mend, before_hole(mend), WL_MEND_ENDS_HOLE);
	wl_mend_drop_hole(mend);
	return true;
}

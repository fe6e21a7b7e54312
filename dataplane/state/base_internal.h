/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What encoder and decoder of a base share: places and sizes of docs/LOG-FORMAT.md, "Base". Not for other modules.
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_STATE_BASE_INTERNAL_H
#define WL_DATAPLANE_STATE_BASE_INTERNAL_H

#include "dataplane/base/check.h"
#include "dataplane/state/base_format.h"

#define WL_BASE_MAGIC 0x31414c57u /* "WLA1" */
#define WL_BASE_CRC_AT (WL_BLOCK_BYTES - 4u)
#define WL_BASE_BEGIN_AT 104u
#define WL_BASE_USED_BYTES 184u /* of the header; zeros behind it */

#define WL_BASE_TERM_BYTES 16u
#define WL_BASE_MARK_BYTES 48u
#define WL_BASE_DEAD_BYTES 16u

/* Number and checksum stand behind the content of each block, the header in the first one. */
WL_STATIC_CHECK(WL_BASE_CONTENT_BYTES + 4 == WL_BASE_CRC_AT);
WL_STATIC_CHECK(WL_BASE_USED_BYTES <= WL_BASE_HEADER_BYTES);
WL_STATIC_CHECK(WL_BASE_HEADER_BYTES <= WL_BASE_CONTENT_BYTES);
/* A row has all members of what it stands for, and passes through a stage. */
WL_STATIC_CHECK(sizeof(struct wl_log_term) == WL_BASE_TERM_BYTES);
WL_STATIC_CHECK(sizeof(struct wl_log_mark) == WL_BASE_MARK_BYTES);
WL_STATIC_CHECK(sizeof(struct wl_log_dead_range) == WL_BASE_DEAD_BYTES);
WL_STATIC_CHECK(WL_BASE_MARK_BYTES <= sizeof(((struct wl_base_stage *)0)->bytes));
/* So has the beginning of the log. */
WL_STATIC_CHECK(sizeof(struct wl_log_begin) == 48);

/* A block of another base, or of another place of this one, is not taken for this one's. */
static inline uint32_t wl_base_block_tag(uint64_t block, uint64_t index)
{
	return (uint32_t)block ^ (uint32_t)index;
}

/* The digest of a base, from that of its state's bytes. */
uint64_t wl_base_seal_digest(uint64_t digest_of_state, const struct wl_log_base *log);

#endif

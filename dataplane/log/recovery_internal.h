/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the two halves of recovery: recovery.c walks the good stream and takes its entries,
 * recovery_look.c looks at what lies behind it and decides. Not for other modules.
 *
 * Pure. [init] or an offline tool.
 */
#ifndef WL_DATAPLANE_LOG_RECOVERY_INTERNAL_H
#define WL_DATAPLANE_LOG_RECOVERY_INTERNAL_H

#include "dataplane/log/log_internal.h"
#include "dataplane/log/recovery.h"

#define WL_RECOVERY_NOWHERE UINT64_MAX

enum wl_recovery_segment {
	WL_RECOVERY_SEGMENT_OURS,
	WL_RECOVERY_SEGMENT_DAMAGED,
	WL_RECOVERY_SEGMENT_FOREIGN,
	WL_RECOVERY_SEGMENT_SWAPPED, /* ours, of another segment number */
};

/* No chunk does, whatever the sizes of ring and segment: a place behind a boundary is never inside one. */
static inline bool wl_recovery_crosses_boundary(const struct wl_chunk_header *header, uint64_t at)
{
	return at / WL_LOG_BOUNDARY_BYTES != (at + header->bytes - 1) / WL_LOG_BOUNDARY_BYTES;
}

/* The chunk that this header names stands behind the last good one; the first of all: behind whatever it says. */
static inline bool wl_recovery_follows(const struct wl_recovery *recovery,
				       const struct wl_chunk_header *header)
{
	if (recovery->base_awaited && header->offset == recovery->base_offset)
		return true;
	return header->previous == recovery->previous;
}

/* True when the bytes are in the window; otherwise asks for them and the caller returns. */
bool wl_recovery_has(struct wl_recovery *recovery, uint64_t offset, uint64_t bytes);
const uint8_t *wl_recovery_bytes(const struct wl_recovery *recovery, uint64_t offset);
enum wl_recovery_segment wl_recovery_check_segment(const struct wl_recovery *recovery,
						   uint64_t offset);
void wl_recovery_refuse(struct wl_recovery *recovery, enum wl_recovery_damage_kind kind,
			uint64_t begin, uint64_t end);
/* Refuses where the header of the segment at `offset` is not ours. DAMAGED is left to the caller. */
bool wl_recovery_segment_is_foreign(struct wl_recovery *recovery, uint64_t offset,
				    enum wl_recovery_segment verdict);
/* The log is as long as what was walked. */
void wl_recovery_finish(struct wl_recovery *recovery);
void wl_recovery_begin_look(struct wl_recovery *recovery, uint64_t suspect);
/* One step of the look ahead; false when it waits for bytes or has ended. */
bool wl_recovery_look(struct wl_recovery *recovery);

#endif

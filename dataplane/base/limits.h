/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Limits inside the node. What a user can see is in wirelog/limits.h; the
 * compiler checks here that the two fit together.
 */
#ifndef WL_DATAPLANE_BASE_LIMITS_H
#define WL_DATAPLANE_BASE_LIMITS_H

#include "wirelog/limits.h"

#define WL_BLOCK_BYTES 4096u /* unit of a durable write; a durable block is never rewritten */
#define WL_SECTOR_BYTES 512u /* the smallest thing that a drive writes as a whole */

#define WL_CHUNK_HEADER_BYTES 64u
#define WL_ENTRY_HEADER_BYTES 96u
#define WL_RECORD_HEADER_BYTES 24u

#define WL_ENTRY_BODY_BYTES_MAX (WIRELOG_RECORD_BYTES_MAX + 4096u)
#define WL_ENTRY_BYTES_MAX (WL_ENTRY_HEADER_BYTES + WL_ENTRY_BODY_BYTES_MAX)
#define WL_CHUNK_BYTES_MAX (2u << 20) /* one durable write, at most */
#define WL_CHUNK_BYTES_TARGET (256u << 10) /* a chunk that has reached this is closed */
#define WL_CHUNKS_MAX 32u /* chunks open, closed or in flight */
#define WL_WRITES_IN_FLIGHT_MAX 8u
#define WL_SEGMENT_BYTES_MIN (8u << 20)
#define WL_SEGMENT_BYTES_DEFAULT (64u << 20)
#define WL_LOG_RING_BYTES_MIN (4u << 20)
#define WL_LOG_RING_BYTES_DEFAULT (16u << 20)
#define WL_LOG_ENTRIES_IN_RING (1u << 16) /* entries findable without the disk */
/* Terms that have entries that one log keeps: one a second for three days. */
#define WL_LOG_TERMS_MAX (1u << 18)
/* So few are left: an operator is told, long before nobody can lead. */
#define WL_LOG_TERMS_LOW (WL_LOG_TERMS_MAX / 16)
#define WL_LOG_DEAD_RANGES_MAX (1u << 12) /* truncations remembered in what one log keeps */
/* First entries of terms that a log has room for at any time, a block each: on full devices somebody must still be able
 * to commit one, so that readers and status know what is committed. No record is taken into that room. */
#define WL_LOG_KEPT_ELECTIONS 4096u
/* Of those a leader leaves so many to first entries alone: the others may hold control entries, because trims free a full device. */
#define WL_LOG_KEPT_FOR_TERMS 64u
#define WL_LOG_KEPT_BYTES ((uint64_t)WL_LOG_KEPT_ELECTIONS * WL_BLOCK_BYTES)
/* And so much before it a leader takes no more: its followers need not pack their chunks as it does. */
#define WL_LOG_SLACK_BYTES WL_CHUNK_BYTES_MAX
#define WL_LOG_MARK_BYTES (64u << 10) /* least distance of two marks of the sparse index */
#define WL_LOG_MARKS_MAX (1u << 16) /* more are never kept: their distance doubles */

#define WL_ENTRY_BYTES_TARGET (32u << 10) /* an open entry that has reached this is sealed */
#define WL_CATCH_UP_BYTES \
	(256u << 10) /* read from the disk at once for a follower that is behind */
#define WL_REPLY_SLOTS (1u << 15) /* answers that wait for their level; a power of two */
/* Of a leader's log that is not committed, one client has at most so much; and beside others (shares.h) */
#define WL_SHARE_ALONE_BYTES (2u << 20)
#define WL_SHARE_BYTES (512u << 10)
#define WL_READ_BUFFERS 4u /* of a journal, for readers and followers that are behind */

#define WL_REPLAY_WINDOW \
	4096u /* sequences of one sender, behind the highest, that may still come */
#define WL_BURST 32u /* frames taken from, or given to, a port at once */
#define WL_PUNT_BYTES_MAX \
	(WIRELOG_MTU_MAX + 16u) /* slow-path frame or message; an echo may fill the largest MTU */
#define WL_PLANE_SLOTS 1024u /* messages between control and a worker, each way; a power of two */
#define WL_PUNT_SLOTS 128u
#define WL_ANSWERED_BITS \
	(1u << 16) /* of each of two sets of questions that were answered (answered.h) */
#define WL_CLIENT_QUIET_NS 3000000000u
#define WL_CHALLENGE_NS 1000000000u /* a challenge that is older is none */

#define WL_SUPERBLOCK_COPIES 4u
#define WL_DISK_FILES 256u /* segments that one disk has open */
/* Appends never reach further ahead than this: the segment in use and two that stand ready, in each journal. */
_Static_assert(WIRELOG_JOURNALS_MAX * 8u < WL_DISK_FILES, "there is always one that may give way");

_Static_assert(WL_ENTRY_BYTES_MAX + WL_CHUNK_HEADER_BYTES <= WL_CHUNK_BYTES_MAX,
	       "the largest entry fits into one durable write");
_Static_assert(2 * WL_CHUNK_BYTES_MAX <= WL_LOG_RING_BYTES_MIN, "two chunks fit into the log ring");
_Static_assert(WL_SEGMENT_BYTES_MIN >= 2 * WL_CHUNK_BYTES_MAX + WL_BLOCK_BYTES,
	       "a segment holds more than one chunk");
_Static_assert(WL_BLOCK_BYTES % WL_SECTOR_BYTES == 0, "a block is whole sectors");

#endif

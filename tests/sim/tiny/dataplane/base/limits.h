/* SPDX-License-Identifier: BSD-3-Clause */
/* For the simulator's tiny build (Makefile, GEOMETRY): see wirelog/limits.h beside it. */
#ifndef WL_TESTS_SIM_TINY_DATAPLANE_BASE_LIMITS_H
#define WL_TESTS_SIM_TINY_DATAPLANE_BASE_LIMITS_H

#include "../../wirelog/limits.h"

#include "../../../../../dataplane/base/limits.h"

#undef WL_CHUNK_BYTES_MAX
#undef WL_CHUNK_BYTES_TARGET
#undef WL_CHUNKS_MAX
#undef WL_WRITES_IN_FLIGHT_MAX
#undef WL_SEGMENT_BYTES_MIN
#undef WL_LOG_RING_BYTES_MIN
#undef WL_LOG_ENTRIES_IN_RING
#undef WL_LOG_TERMS_MAX
#undef WL_LOG_DEAD_RANGES_MAX
#undef WL_LOG_KEPT_ELECTIONS
#undef WL_LOG_KEPT_FOR_TERMS
#undef WL_LOG_MARK_BYTES
#undef WL_ENTRY_BYTES_TARGET
#undef WL_REPLY_SLOTS
#undef WL_SHARE_ALONE_BYTES
#undef WL_SHARE_BYTES
#undef WL_PLANE_SLOTS
#undef WL_PUNT_SLOTS
#undef WL_DISK_FILES
#undef WL_REPLAY_WINDOW
#define WL_CHUNK_BYTES_MAX 65536u
#define WL_CHUNK_BYTES_TARGET 16384u
#define WL_CHUNKS_MAX 6u
#define WL_WRITES_IN_FLIGHT_MAX 3u
#define WL_SEGMENT_BYTES_MIN 262144u
#define WL_LOG_RING_BYTES_MIN 131072u
#define WL_LOG_ENTRIES_IN_RING 256u
#define WL_LOG_TERMS_MAX 1024u
#define WL_LOG_DEAD_RANGES_MAX 4u
#define WL_LOG_KEPT_ELECTIONS 32u
#define WL_LOG_KEPT_FOR_TERMS 8u
#define WL_LOG_MARK_BYTES 8192u
#define WL_ENTRY_BYTES_TARGET 16384u
#define WL_REPLY_SLOTS 4096u
#define WL_SHARE_ALONE_BYTES 32768u
#define WL_SHARE_BYTES 8192u
#define WL_PLANE_SLOTS 2u
#define WL_PUNT_SLOTS 16u
#define WL_REPLAY_WINDOW 256u
#define WL_DISK_FILES 6u /* a simulated disk has one journal */

_Static_assert(WL_ENTRY_BYTES_MAX + WL_CHUNK_HEADER_BYTES <= WL_CHUNK_BYTES_MAX,
	       "the largest entry fits into one durable write");
_Static_assert(2 * WL_CHUNK_BYTES_MAX <= WL_LOG_RING_BYTES_MIN, "two chunks fit into the log ring");
_Static_assert(WL_SEGMENT_BYTES_MIN >= 2 * WL_CHUNK_BYTES_MAX + WL_BLOCK_BYTES,
	       "a segment holds more than one chunk");

#endif

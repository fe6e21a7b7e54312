/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words in which the table of messages (messages.h) is written: types, units, ranges.
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_WIRE_WIRE_TYPES_H
#define WL_DATAPLANE_WIRE_WIRE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Types: what a field is in the message's struct, and its bytes on the wire. Integers are
 * little-endian there, whatever the machine.
 */
#define WL_WIRE_MEMBER_u8(name) uint8_t name
#define WL_WIRE_MEMBER_u16(name) uint16_t name
#define WL_WIRE_MEMBER_u32(name) uint32_t name
#define WL_WIRE_MEMBER_u64(name) uint64_t name
#define WL_WIRE_MEMBER_i16(name) int16_t name
#define WL_WIRE_MEMBER_i32(name) int32_t name
#define WL_WIRE_MEMBER_position(name) struct wl_position name /* term, index */
#define WL_WIRE_MEMBER_facts(name) uint64_t name[WL_FACTS] /* greeting.h */
#define WL_WIRE_MEMBER_histories(name) uint64_t name[WIRELOG_JOURNALS_MAX] /* by journal */
#define WL_WIRE_MEMBER_endpoint(name) char name[WIRELOG_ENDPOINT_BYTES_MAX]
#define WL_WIRE_MEMBER_label(name) char name[WL_CONSUMER_NAME_BYTES] /* base/consumer_name.h */
/* What follows the fixed part: of a decoded message inside its frame, of another one not written. */
#define WL_WIRE_MEMBER_rest(name) const uint8_t *name
#define WL_WIRE_MEMBER_members(name) struct wl_wire_member name[WIRELOG_NODES_MAX]

#define WL_WIRE_BYTES_u8 1
#define WL_WIRE_BYTES_u16 2
#define WL_WIRE_BYTES_u32 4
#define WL_WIRE_BYTES_u64 8
#define WL_WIRE_BYTES_i16 2
#define WL_WIRE_BYTES_i32 4
#define WL_WIRE_BYTES_position 16
#define WL_WIRE_BYTES_facts (4 + 8 * WL_FACTS) /* how many, and each */
#define WL_WIRE_BYTES_histories (8 * WIRELOG_JOURNALS_MAX)
#define WL_WIRE_BYTES_endpoint WIRELOG_ENDPOINT_BYTES_MAX
#define WL_WIRE_BYTES_label 32 /* WL_CONSUMER_NAME_BYTES */
#define WL_WIRE_BYTES_rest 0
#define WL_WIRE_BYTES_members 0

/*
 * Units: they say how a value is shown (tests/sim/trace.c, docs/WIRE.md) and what a likely one is
 * (tests/fuzz/seed_corpus.c).
 *
 *   term, index, position   of Raft; a position is both
 *   number                  of a committed record in its journal, from 1
 *   sequence                of a record in its session, of a frame of its sender; from 1
 *   ns                      of the sender's own clock and only echoed; timestamp_ns, not_after_ns,
 *                           clock_ns and wall_ns are UNIX wall clock
 *   id                      drawn, derived or hashed: equal or not, and no more
 *   node                    1..7
 *   bits, flag, choice      a set; 0 or 1; one of a few
 *   status, level           wirelog/status.h, wirelog/wirelog.h
 *   bytes, count, facts, text
 */

/* Ranges: which values decode. */
struct wl_wire_range {
	uint64_t least, most; /* signed values as if sign-extended */
	bool or_0; /* 0, too, which says that there is none */
	bool bits; /* any of the bits of `most` */
};
#define WL_WIRE_RANGE_ANY ((struct wl_wire_range){.most = UINT64_MAX})
#define WL_WIRE_RANGE_NOT_0 ((struct wl_wire_range){.least = 1, .most = UINT64_MAX})
#define WL_WIRE_RANGE_NOT_ABOVE_0 ((struct wl_wire_range){.least = (uint64_t)INT64_MIN})
#define WL_WIRE_RANGE_TO(last) ((struct wl_wire_range){.most = (last)})
#define WL_WIRE_RANGE_IN(first, last) ((struct wl_wire_range){.least = (first), .most = (last)})
#define WL_WIRE_RANGE_OR_0(first, last) \
	((struct wl_wire_range){.least = (first), .most = (last), .or_0 = true})
#define WL_WIRE_RANGE_BITS(set) ((struct wl_wire_range){.most = (set), .bits = true})

/* One comparison does for both ends: what lies below the least wraps around to far above the most. */
static inline bool wl_wire_is_in(uint64_t value, struct wl_wire_range range)
{
	if (range.bits)
		return (value & ~range.most) == 0;
	return value - range.least <= range.most - range.least || (range.or_0 && value == 0);
}

#endif

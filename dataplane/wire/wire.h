/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of the protocol: one struct, one encoder and one decoder for each layout of messages.h,
 * whose lists of fields are what these structs consist of; docs/WIRE.md shows them with their offsets.
 * Encoders write to a frame's payload and return the bytes written (the room is checked by the caller
 * against WL_WIRE_*_BYTES); decoders accept any bytes, return false, never assert.
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_WIRE_WIRE_H
#define WL_DATAPLANE_WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/base/consumer_name.h"
#include "dataplane/base/keys.h"
#include "dataplane/base/limits.h"
#include "dataplane/base/position.h"
#include "dataplane/wire/greeting.h"
#include "dataplane/wire/messages.h"
#include "dataplane/wire/wire_types.h"

enum wl_wire_type { /* WL_WIRE_HELLO = 1 and so on */
#define WL_WIRE_ENUM(NAME, name, number, layout, from, to, right, server, answer) \
	WL_WIRE_##NAME = number,
		    WL_WIRE_MESSAGES(WL_WIRE_ENUM)
#undef WL_WIRE_ENUM
};
#define WL_WIRE_TYPES 64u /* numbers are below; the compiler sees to it (wl_wire_may_say) */

enum wl_wire_side { WL_WIRE_NODE = 1, WL_WIRE_CLIENT = 2, WL_WIRE_ANY = 3 };
/* Does such a message go this way? */
bool wl_wire_may_say(enum wl_wire_side from, enum wl_wire_side to, uint8_t type);
/* What the key of its sender has to give. A type that is none: CLUSTER. */
enum wl_right wl_wire_right(uint8_t type);

/* ---- bits and choices of fields ---------------------------------------------------------------- */

enum wl_wire_greeting_flag { /* of the receiver, as the sender sees it */
			     WL_WIRE_GREETING_DUPLICATE =
				     1, /* another server has its id, and that one is heard (claim.h) */
			     WL_WIRE_GREETING_CLAIMED =
				     2, /* another server claims its id, and is not heard */
			     WL_WIRE_GREETING_FLAGS = 3,
};

enum wl_wire_append_flag {
	WL_WIRE_APPEND_NEEDS_BASE = 2, /* what the receiver lacks was given up by the leader */
	WL_WIRE_APPEND_FLAGS = 2,
};

enum wl_wire_ack_flag {
	WL_WIRE_ACK_REJECTED = 1, /* `previous` is not in the log, or a gap: send from hint_index */
	WL_WIRE_ACK_NO_SPACE = 2, /* the follower's log is full */
	WL_WIRE_ACK_DISK_SLOW = 4,
	WL_WIRE_ACK_CANNOT_GROW = 8, /* what room there is is all that it will have */
	WL_WIRE_ACK_HELD_BACK = 16, /* its data do not count (control/agent/incarnations.h) */
	WL_WIRE_ACK_FLAGS = 31,
};

#define WL_WIRE_STATUS_BYTES_MAX 16384u /* what a node says of itself to another one */

#define WL_WIRE_PROPOSE_FORCE \
	"force" /* name of a wish about keys that goes on without some members */

enum wl_wire_propose_verb {
	WL_WIRE_PROPOSE_TRIM = 1, /* number */
	WL_WIRE_PROPOSE_CONSUMER_SET =
		2, /* name, number; made: 0, or the checkpoint that is to move */
	WL_WIRE_PROPOSE_CONSUMER_DROP = 3, /* name, made */
	WL_WIRE_PROPOSE_MEMBERS = 4, /* number: wl_change_pack (base/change.h) */
	WL_WIRE_PROPOSE_LIMITS =
		5, /* name, number: what is kept of it (base/journal_limits.h); made: the limits that it changes */
	WL_WIRE_PROPOSE_TRANSFER =
		6, /* number: the term that is to end; made: who is to lead, 0: whoever is best */
	WL_WIRE_PROPOSE_FEATURES =
		7, /* number: all that are to be in force; made: the entry that put those in force that are, 0: none are */
	WL_WIRE_PROPOSE_KEYS =
		8, /* number: ids, `now` and `before` << 32; made: the entry of the keys before; name: "", or "force" */
	WL_WIRE_PROPOSE_LAST = WL_WIRE_PROPOSE_KEYS,
};

enum wl_wire_chain_verdict {
	WL_WIRE_CHAIN_KNOWN = 1,
	WL_WIRE_CHAIN_BELOW = 2, /* given up */
	WL_WIRE_CHAIN_BEYOND = 3, /* not known to be committed */
	WL_WIRE_CHAIN_UNKNOWN = 4, /* committed, and not to be read */
	WL_WIRE_CHAIN_LAST = WL_WIRE_CHAIN_UNKNOWN,
};

enum wl_wire_mend_verdict {
	WL_WIRE_MEND_HAVE = 1,
	/* Another entry stands there, or nothing ever did: said by data that count, of an end that is known (docs/SAFETY.md, rule 21). */
	WL_WIRE_MEND_NEVER = 2,
	WL_WIRE_MEND_UNKNOWN = 3,
	WL_WIRE_MEND_GIVEN_UP = 4,
	WL_WIRE_MEND_LAST = WL_WIRE_MEND_GIVEN_UP,
};

enum wl_wire_vote_flag {
	WL_WIRE_VOTE_TRANSFER = 1, /* sent by the leader itself: stickiness does not apply */
};

enum wl_wire_timeout_now_flag {
	/* The leader could not commit: who cannot either stays, and says so. */
	WL_WIRE_TIMEOUT_NOW_NOT_COMMITTING = 1,
};

enum wl_wire_from {
	WL_WIRE_FROM_NUMBER = 1,
	WL_WIRE_FROM_TIME = 2, /* first record with timestamp_ns >= value */
	WL_WIRE_FROM_NOW = 3,
};

/* What a client asks of the checkpoint of its consumer. */
enum wl_wire_consumer_verb {
	WL_WIRE_CONSUMER_TAKE = 1, /* name, existing; number of one that is made */
	WL_WIRE_CONSUMER_MOVE = 2, /* name, made, number */
	WL_WIRE_CONSUMER_LOOK = 3, /* name, made */
	WL_WIRE_CONSUMER_LAST = WL_WIRE_CONSUMER_LOOK,
};

enum wl_wire_fate { /* what became of an append; wirelog_fate of wirelog.h */
		    WL_WIRE_FATE_COMMITTED = 1,
		    WL_WIRE_FATE_NEVER = 2,
		    WL_WIRE_FATE_EXPIRED = 3,
		    WL_WIRE_FATE_PENDING = 4,
		    WL_WIRE_FATE_UNKNOWN = 5,
		    WL_WIRE_FATE_LAST = WL_WIRE_FATE_UNKNOWN,
};

/* ---- sizes, structs, codecs of the table ------------------------------------------------------- */

/* clang-format off */

#define WL_WIRE_NOTHING(...)
#define WL_WIRE_MEMBER(type, name, unit, range, what) WL_WIRE_MEMBER_##type(name);
#define WL_WIRE_BYTES(type, name, unit, range, what) + WL_WIRE_BYTES_##type
#define WL_WIRE_ZERO_BYTES(bytes) + bytes

enum wl_wire_bytes { /* WL_WIRE_VOTE_BYTES and so on */
#define WL_WIRE_SIZE(kind, SIZE, layout) \
	WL_WIRE_##SIZE##_BYTES = \
		0 WL_WIRE_FIELDS_##layout(WL_WIRE_BYTES, WL_WIRE_ZERO_BYTES, WL_WIRE_NOTHING),
	WL_WIRE_LAYOUTS(WL_WIRE_SIZE)
#undef WL_WIRE_SIZE
};

#define WL_WIRE_STRUCT(kind, SIZE, layout) \
	struct wl_wire_##layout { \
		WL_WIRE_FIELDS_##layout(WL_WIRE_MEMBER, WL_WIRE_NOTHING, WL_WIRE_NOTHING) \
	};
WL_WIRE_LAYOUTS(WL_WIRE_STRUCT)
#undef WL_WIRE_STRUCT

#define WL_WIRE_PART_CODEC(layout)
#define WL_WIRE_HEAD_CODEC(layout) \
	size_t wl_wire_encode_##layout(uint8_t *to, const struct wl_wire_##layout *message); \
	bool wl_wire_decode_##layout(const uint8_t *from, size_t size, \
				     struct wl_wire_##layout *message);
#define WL_WIRE_WHOLE_CODEC(layout) WL_WIRE_HEAD_CODEC(layout)
#define WL_WIRE_CODEC(kind, SIZE, layout) WL_WIRE_##kind##_CODEC(layout)
WL_WIRE_LAYOUTS(WL_WIRE_CODEC)
#undef WL_WIRE_CODEC
#undef WL_WIRE_WHOLE_CODEC
#undef WL_WIRE_HEAD_CODEC
#undef WL_WIRE_PART_CODEC

/* clang-format on */

/* ---- what the table does not say --------------------------------------------------------------- */

#define WL_WIRE_HELLO_REPLY_BYTES_MAX \
	(WL_WIRE_HELLO_REPLY_HEADER_BYTES + WIRELOG_NODES_MAX * WL_WIRE_MEMBER_BYTES)
_Static_assert(WL_WIRE_HELLO_REPLY_HEADER_BYTES + WL_WIRE_MEMBER_BYTES <= WL_WIRE_HELLO_BYTES,
	       "what an unproven asker is told is no longer than its question");
size_t wl_wire_encode_hello_reply(uint8_t *to, const struct wl_wire_hello_reply *message);
bool wl_wire_decode_hello_reply(const uint8_t *from, size_t size,
				struct wl_wire_hello_reply *message);

/* Probes and echoes are padded with zeros to their sizes, by the caller. */
#define WL_WIRE_PATH_OVERHEAD_BYTES 100u /* IPv4, UDP, header */
#define WL_WIRE_PATH_BYTES_MIN (WL_WIRE_PATH_OVERHEAD_BYTES + WL_WIRE_PATH_ECHO_BYTES)
/* Payload of such an IP packet. */
static inline size_t wl_wire_payload_of(uint16_t ip_bytes)
{
	return ip_bytes - WL_WIRE_PATH_OVERHEAD_BYTES;
}

/* Of a CLIENT_APPEND: header and payload. Its decoder has walked every record: all are inside its bytes. */
size_t wl_wire_encode_record(uint8_t *to, const struct wl_wire_record *record);
const uint8_t *wl_wire_next_record(const uint8_t *at, struct wl_wire_record *record);
/* Of a DELIVER, likewise. */
size_t wl_wire_encode_delivered_record(uint8_t *to, const struct wl_wire_delivered_record *record);
const uint8_t *wl_wire_next_delivered(const uint8_t *at, struct wl_wire_delivered_record *record);
/* Of an APPEND_REPLY; of a decoded one its results are in order. */
void wl_wire_encode_append_result(uint8_t *to, const struct wl_wire_append_result *result);
void wl_wire_decode_append_result(const uint8_t *from, struct wl_wire_append_result *result);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A base as bytes: what apply made of the entries up to one index, and what the log knew there, so that a start reads the log from
 * that place on. Blocks of 4 KiB, written and read in order:
 *
 *   block    4088 bytes of content | u32 number of the block ^ low half of the base's index | u32 CRC32C of all before it
 *   content  header (256 bytes) | replicated part | local part | zeros to the end of the last block
 *   replicated part  State(index) in its canonical bytes (state.h): byte-equal on every node
 *   local part       terms, marks and dead ranges of the log at that index: places in this node's own stream
 *
 * The table of bytes and of verdicts stands in docs/LOG-FORMAT.md. The digest is the CRC64 of the replicated part and of term, index
 * and chain value: nodes compare it, so nothing local is in it.
 *
 *  What must hold of what is encoded, and is checked of what is decoded:
 *  B1  every block is whole, and of this base: its number, the index and the checksum
 *  B2  the base stands at an entry: index and term are not 0; what it says of the log is what wl_log_restore takes
 *  B3  the bytes of the state are those that wl_state_decode takes, the digest inside is the state's, the one outside that of the bytes
 *  B4  state and log are of one index, and say the same of numbers and stamps
 *  B5  behind the last part there are zeros
 *
 * Pure. Encoder: base maker. Decoder: a start, the base maker, tools; any bytes, it never asserts on them.
 */
#ifndef WL_DATAPLANE_STATE_BASE_FORMAT_H
#define WL_DATAPLANE_STATE_BASE_FORMAT_H

#include "dataplane/log/log.h"
#include "dataplane/state/state.h"

#define WL_BASE_FORMAT 5u /* version of the file; another one is refused */
#define WL_BASE_CONTENT_BYTES (WL_BLOCK_BYTES - 8u)
#define WL_BASE_HEADER_BYTES 256u
#define WL_BASE_PLACES 2u

/* Whose it is. All of it must be the same. */
struct wl_base_identity {
	uint8_t cluster[16];
	uint32_t node;
	uint32_t journal;
	uint64_t segment_bytes;
	/* Not a part of it: what who reads does not have, ~wl_features_supported() for one who goes on from the base; 0: only looks. */
	wl_features lacks;
};

struct wl_base_header {
	struct wl_base_identity identity;
	uint64_t sequence; /* rises from base to base; its place is sequence % WL_BASE_PLACES */
	uint64_t digest; /* of the replicated part: equal on every node */
	uint64_t state_bytes;
	struct wl_log_base
		log; /* log.position.index is the base's index; log.terms, marks, dead_ranges: of the local part */
};

enum wl_base_verdict {
	WL_BASE_OK = 0,
	WL_BASE_EMPTY, /* zeros, or no such file: none was made here */
	WL_BASE_DAMAGED, /* a checksum, an impossible number, cut short, or a place that is not its own */
	WL_BASE_VERSION,
	WL_BASE_FOREIGN, /* whole, of another cluster, node, journal or segment size */
	WL_BASE_SESSIONS, /* it has or allows more sessions than there is room for (limits.sessions of the file) */
	WL_BASE_FEATURES, /* features are in force in it that who reads lacks: no guess at what follows (rule 34) */
};

const char *wl_base_verdict_name(enum wl_base_verdict verdict);

/* The largest base that a state of so many sessions and a log of any length can make, rounded up: a device has two places of that size in
 * each journal. */
uint64_t wl_base_room(uint32_t sessions_max);
/* Bytes of the whole file: blocks. */
uint64_t wl_base_file_bytes(const struct wl_base_header *header);
/* The first block alone. DAMAGED says nothing about the others, nor does OK. */
enum wl_base_verdict wl_base_decode_header(const uint8_t block[WL_BLOCK_BYTES],
					   const struct wl_base_identity *identity,
					   struct wl_base_header *header);

/* What is written next of a part that is not the state. */
struct wl_base_stage {
	uint8_t bytes[WL_BASE_HEADER_BYTES];
	uint32_t filled, used;
};

struct wl_base_encoder {
	struct wl_base_header header;
	const struct wl_log *log;
	struct wl_state_coding coding;
	struct wl_base_stage stage;
	uint64_t block, blocks; /* the next one, and how many */
	uint32_t term, mark, dead; /* the next one of each */
	bool state_written;
};

/*
 * `header`: identity, sequence and log; the rest is filled in. `state` is State(header->log.position.index) and it, `log` and `order`
 * (sessions_max places) stay unchanged until the last block. Of the log's tables that is written which was there at that index.
 * Encodes the state once for its digest: O(state).
 */
void wl_base_encode_begin(struct wl_base_encoder *encoder, const struct wl_base_header *header,
			  const struct wl_state *state, const struct wl_log *log, uint32_t *order);
/* The next whole blocks, as many as fit into `room`; 0: all are written. */
size_t wl_base_encode(struct wl_base_encoder *encoder, uint8_t *to, size_t room);

struct wl_base_decoder {
	const struct wl_base_identity *identity;
	struct wl_base_header header;
	struct wl_state *state;
	struct wl_log *log;
	struct wl_state_coding coding;
	uint64_t digest; /* of the replicated bytes so far */
	struct wl_base_stage stage;
	uint64_t block, blocks;
	uint64_t state_left;
	uint64_t first_segment;
	uint32_t term, mark, dead;
	enum wl_base_verdict verdict;
};

/*
 * `state` and `log` were just initialised, and are of no use after any verdict but OK; both NULL: checksums, counts and the digest
 * are checked alone. `first_segment`: lowest on the medium (wl_log_restore_end). `identity` stays the caller's until the end.
 */
void wl_base_decode_begin(struct wl_base_decoder *decoder, const struct wl_base_identity *identity,
			  struct wl_state *state, struct wl_log *log, uint64_t first_segment);
/* The next block. OK: it is good; what is not OK is final. */
enum wl_base_verdict wl_base_decode(struct wl_base_decoder *decoder,
				    const uint8_t block[WL_BLOCK_BYTES]);
/* The last block was taken. */
bool wl_base_decode_is_done(const struct wl_base_decoder *decoder);

#endif

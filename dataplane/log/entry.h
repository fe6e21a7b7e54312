/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One Raft log entry as bytes: the unit of replication and of checksums. The
 * same image stands in the log ring, on the medium and in frames.
 *
 *   entry   header (96 bytes) | body = records, each padded to 8 bytes
 *   record  header (24 bytes) | payload | zero padding to 8
 *
 *  entry header                                record header
 *   0 u32 magic 'WLE1'                          0 u64 session
 *   4 u16 version                               8 u64 sequence
 *   6 u16 kind                                 16 u32 payload bytes
 *   8 u64 cluster                              20 u16 kind
 *  16 u32 journal                              22 u16 zero
 *  20 u32 record count (all kinds)
 *  24 u64 index          56 u64 timestamp_ns (leader's wall clock, UNIX; never falls)
 *  32 u64 term           64 u64 commit (leader's commit index when sealed: known committed)
 *  40 u64 first_number   72 u64 previous_term
 *  48 u64 previous_chain 80 u32 body bytes (a multiple of 8)
 *                        84 u32 CRC32C of the body
 *                        88 u32 data count (records of kind DATA: only these have a number)
 *                        92 u32 CRC32C of bytes 0..91
 *
 * chain(i) = CRC64 over header bytes 0..91 (which hold chain(i-1) and the body's
 * CRC), seed 0; the chain value before index 1 is the cluster's own number.
 *
 * The entry that begins a journal, TERM_START at index 1, has a body without records: u64 id of the journal's history, random and
 * not 0. So every chain value behind it is one of that history (docs/SAFETY.md, rule 29).
 *
 * Numbers follow each other without a gap, but at a LOSS (control_entry.h): there they rise by WL_LOSS_NUMBERS or more.
 *
 * Pure. Decoders accept any bytes and never assert. [any]
 */
#ifndef WL_DATAPLANE_LOG_ENTRY_H
#define WL_DATAPLANE_LOG_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/limits.h"
#include "dataplane/base/position.h"
#include "dataplane/base/rescue_limits.h"

#define WL_ENTRY_MAGIC 0x31454c57u /* "WLE1" */
#define WL_ENTRY_VERSION 2u
/* Payload of a control record, at most: the whole entry fits into one block, with the header of its chunk. */
#define WL_CONTROL_BYTES_MAX 1024u

#define WL_ENTRY_HISTORY_BYTES 8u /* body of the entry that begins a journal */

enum wl_entry_kind {
	WL_ENTRY_RECORDS = 1,
	WL_ENTRY_TERM_START =
		2, /* no records; first entry of each term; at index 1 the history's id */
	WL_ENTRY_CONTROL = 3, /* exactly one record, of kind CONTROL (control_entry.h) */
};

enum wl_record_kind {
	WL_RECORD_DATA = 1, /* has a record number */
	WL_RECORD_OPEN_SESSION =
		2, /* session field = client's nonce, sequence = client identity; no number */
	WL_RECORD_EXPIRED =
		3, /* consumed {session, sequence}, payload refused (not_after); no number */
	WL_RECORD_CLOSE_SESSION = 4, /* the session is forgotten, sequence 0; no number */
	/* session field = verb, sequence = what it expects, 1 to WL_CONTROL_BYTES_MAX bytes of arguments; no number */
	WL_RECORD_CONTROL = 5,
};

struct wl_entry_header {
	uint16_t kind;
	uint32_t journal;
	uint32_t record_count;
	uint32_t data_count;
	uint64_t cluster;
	uint64_t index;
	uint64_t term;
	uint64_t previous_term;
	uint64_t first_number; /* of the first DATA record; with none, the number the next one will get */
	uint64_t previous_chain;
	uint64_t timestamp_ns;
	uint64_t commit;
	uint32_t body_bytes;
	uint32_t body_crc;
};

struct wl_record_header {
	uint64_t session;
	uint64_t sequence;
	uint32_t bytes;
	uint16_t kind;
};

enum wl_entry_verdict {
	WL_ENTRY_OK = 0,
	WL_ENTRY_SHORT, /* fewer bytes than the header or its body_bytes need */
	WL_ENTRY_BAD_MAGIC,
	WL_ENTRY_BAD_VERSION,
	WL_ENTRY_BAD_HEADER_CRC,
	WL_ENTRY_BAD_LENGTH, /* body larger than the limit or not a multiple of 8 */
	WL_ENTRY_BAD_BODY_CRC,
	WL_ENTRY_BAD_RECORDS, /* counts and record headers disagree with the body */
	WL_ENTRY_FOREIGN, /* another cluster or journal */
};

/* Writes WL_ENTRY_HEADER_BYTES to `to`, CRC included; body_crc is taken from `header`. */
void wl_entry_encode_header(uint8_t *to, const struct wl_entry_header *header);
/* Checks magic, version, CRC, lengths of the header alone. */
enum wl_entry_verdict wl_entry_decode_header(const uint8_t *from, size_t size,
					     struct wl_entry_header *header);
/* Checks a whole image (header, body CRC, every record). `size` may exceed the image. */
enum wl_entry_verdict wl_entry_decode(const uint8_t *from, size_t size,
				      struct wl_entry_header *header);
uint64_t wl_entry_chain(const uint8_t *encoded_header);
/* The chain value before index 1. */
uint64_t wl_entry_chain_origin(uint64_t cluster, uint32_t journal);
const char *wl_entry_verdict_text(enum wl_entry_verdict verdict);

static inline size_t wl_entry_bytes(const struct wl_entry_header *header)
{
	return WL_ENTRY_HEADER_BYTES + (size_t)header->body_bytes;
}

/* The chain value that an image follows; its header was checked. */
static inline uint64_t wl_entry_previous_chain(const uint8_t *image)
{
	return wl_load_u64(image + 48);
}

/* Whether an entry with this header may follow one behind which `next_number` comes next. */
static inline bool wl_entry_number_follows(const struct wl_entry_header *header,
					   uint64_t next_number)
{
	return header->first_number == next_number ||
	       (header->kind == WL_ENTRY_CONTROL && header->first_number > next_number &&
		header->first_number - next_number >= WL_LOSS_NUMBERS);
}

/* The history that an image begins, which wl_entry_decode accepted; 0: none. */
static inline uint64_t wl_entry_history(const uint8_t *image, const struct wl_entry_header *header)
{
	return header->kind == WL_ENTRY_TERM_START && header->body_bytes != 0
		       ? wl_load_u64(image + WL_ENTRY_HEADER_BYTES)
		       : 0;
}

static inline size_t wl_record_image_bytes(uint32_t payload_bytes)
{
	return WL_RECORD_HEADER_BYTES + (((size_t)payload_bytes + 7) & ~(size_t)7);
}

void wl_entry_encode_record(uint8_t *to, const struct wl_record_header *record);

/* Walks the records of an image that wl_entry_decode accepted. */
struct wl_record_walk {
	const uint8_t *at;
	const uint8_t *end;
	uint64_t next_number;
};

struct wl_record_view {
	struct wl_record_header header;
	uint64_t number; /* 0 unless DATA */
	const uint8_t *payload; /* points into the image */
};

void wl_entry_walk_init(struct wl_record_walk *walk, const uint8_t *image,
			const struct wl_entry_header *header);
bool wl_entry_walk_next(struct wl_record_walk *walk, struct wl_record_view *view);

#endif

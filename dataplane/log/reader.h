/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads live entries of a log in index order, from the ring where they still stand
 * there and from the medium otherwise. One reader serves one purpose: a lagging
 * follower, a subscription, the table of sessions after a restart.
 *
 * The reader owns nothing: the buffer (aligned to 4 KiB, at least WL_CHUNK_BYTES_MAX
 * so that each chunk fits) is lent by the caller, may be NULL while only the ring is
 * read, and belongs to the disk while a read is in flight.
 * Every image that it returns passed wl_entry_decode and continues the chain of the one before.
 *
 * A read that failed once, or gave other bytes, says little: who was told DAMAGED asks wl_reader_try_again, and takes what is not
 * there for lost only when that has given up. It rests longer from try to try, and reads no more than the chunk that it is about.
 *
 *  What must hold; wl_reader_check is this text as code.
 *  D1  it stands at an entry: next_index is not 0
 *  D2  what is in the window, or asked for, fits into the buffer; without a buffer there is neither
 *  D3  while a read is in flight there is a buffer, and nothing in it counts
 *  D4  inside a chunk next_offset is at most what the chunk holds, and that at most its end
 *
 * Pure. [worker]
 */
#ifndef WL_DATAPLANE_LOG_READER_H
#define WL_DATAPLANE_LOG_READER_H

#include "dataplane/log/log.h"

enum wl_reader_result {
	WL_READER_ENTRY, /* *view is filled; valid until the next call on this reader or append to the log */
	WL_READER_END, /* nothing at or below the limit */
	WL_READER_WANTS_READ, /* take the request from wl_reader_want, submit, then wl_reader_on_read */
	WL_READER_WANTS_BUFFER, /* lend a buffer with wl_reader_lend, then call again */
	WL_READER_WAITS, /* a read is in flight */
	WL_READER_GONE, /* next_index was given up: the log begins behind it (log.h) */
	WL_READER_DAMAGED, /* a checksum, the chain or the device failed at view->offset: unknown, not absent */
};

struct wl_reader_view {
	const uint8_t *image;
	struct wl_entry_header header;
	uint32_t bytes;
	uint64_t offset; /* of the stream */
};

struct wl_reader {
	const struct wl_log *log;
	uint64_t next_index;
	uint64_t next_offset; /* of the stream, for reads from the medium; ~0: find it from the marks */
	uint64_t chain; /* expected previous_chain of next_index; valid when chain_known */
	bool chain_known;
	uint8_t *buffer;
	uint32_t buffer_bytes;
	uint64_t window_offset; /* stream offset of buffer[0] */
	uint32_t window_bytes; /* bytes read */
	uint64_t cookie;
	bool in_flight;
	bool damaged;
	uint64_t generation; /* of reads: a completion of an abandoned read is not believed */
	uint64_t log_generation; /* of the log when chain and place were found: a truncation may change both */
	uint64_t chunk_end; /* of the checked chunk that next_offset is in; 0: next_offset is where one begins */
	uint64_t chunk_used;
	uint64_t want_offset;
	uint32_t want_bytes;
	uint64_t narrow_end; /* up to here no more is read at once than a chunk: a larger read failed */
	uint32_t failures; /* since the last entry */
	uint64_t again_ns; /* rests until then; 0: does not */
};

/* Who is told of a reader's completions, by the high half of their cookies. */
enum wl_reader_owner {
	WL_READER_OF_NOBODY = 0, /* the caller reads by itself and knows */
	WL_READER_OF_REPLICA, /* numbered by node */
	WL_READER_OF_SERVICE, /* 0: what is applied again; n: subscription n - 1 */
};

static inline uint32_t wl_reader_address(enum wl_reader_owner owner, uint32_t number)
{
	return (uint32_t)owner << 24 | number;
}

static inline enum wl_reader_owner wl_reader_owner(const struct wl_disk_completion *completion)
{
	return (enum wl_reader_owner)(completion->cookie >> 56);
}

static inline uint32_t wl_reader_number(const struct wl_disk_completion *completion)
{
	return completion->cookie >> 32 & 0xffffff;
}

/* `address`: as above, or any number for a reader that is its caller's alone. It comes back in each completion's cookie; the
 * low half of that is the reader's. */
void wl_reader_init(struct wl_reader *reader, const struct wl_log *log, uint64_t next_index,
		    uint32_t address);
void wl_reader_seek(struct wl_reader *reader, uint64_t next_index);
void wl_reader_lend(struct wl_reader *reader, uint8_t *buffer, uint32_t bytes);
/* Takes the buffer back (NULL when none was lent). Not while a read is in flight. */
uint8_t *wl_reader_return(struct wl_reader *reader);
enum wl_reader_result wl_reader_next(struct wl_reader *reader, uint64_t limit_index,
				     struct wl_reader_view *view);
/* After DAMAGED. False: it was tried often enough. */
bool wl_reader_try_again(struct wl_reader *reader, uint64_t now_ns);
/* Who cannot do without what is there, and was told that it was tried often enough, looks again so much later. */
void wl_reader_rest(struct wl_reader *reader, uint64_t until_ns);
/* True: it has just failed, and is not called before its rest is over. */
bool wl_reader_rests(struct wl_reader *reader, uint64_t now_ns);
void wl_reader_want(struct wl_reader *reader, struct wl_disk_request *request);
void wl_reader_on_read(struct wl_reader *reader, const struct wl_disk_completion *completion);
/* NULL, or which invariant is broken. O(1). */
const char *wl_reader_check(const struct wl_reader *reader);

#endif

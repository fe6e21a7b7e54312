/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole entries in a part of the stream, damaged or not. An entry has checksums of its own: it may be whole where its chunk is not.
 *
 *   chunk's header whole:    entry after entry up to what it calls used; over a bad header or a bad body by looking for the next whole
 *                            header, in steps of 8 bytes: a header may be whole that was written to a wrong place
 *   chunk's header damaged:  looked for in the same way
 *
 * Whoever asks knows the index and the chain value of what he wants: by them an entry is taken, not by where it was found.
 *
 * Two machines: wl_salvage over bytes in memory; wl_salvage_find, which reads a part of the stream and collects a run of entries that
 * ends at the one that is wanted, each one followed by the next. By the second a node that does not run serves its peers, and mends itself.
 *
 * Pure; decoders accept any bytes. [init], an offline tool, or [base].
 */
#ifndef WL_DATAPLANE_MEND_SALVAGE_H
#define WL_DATAPLANE_MEND_SALVAGE_H

#include "dataplane/log/chunk.h"
#include "dataplane/log/log.h"
#include "dataplane/mend/fill.h"

/* A run is at most so long; one entry that is larger is a run of its own. */
#define WL_SALVAGE_RUN_BYTES (256u << 10)
#define WL_SALVAGE_RUN_BYTES_MAX WL_ENTRY_BYTES_MAX

/* What is wanted: the entry at `index` with this chain value behind it, and as many before it as fit, down to `first`. */
struct wl_salvage_want {
	uint64_t index;
	uint64_t chain;
	uint64_t first; /* 1 <= first <= index */
	uint32_t bytes; /* of images, at most; WL_SALVAGE_RUN_BYTES at most. The entry at `index` is given whatever its size is. */
};

struct wl_salvage_entry {
	uint64_t offset; /* of the stream */
	const uint8_t *image; /* in the bytes that are walked */
	struct wl_entry_header header;
	uint64_t chain; /* value behind it */
	bool whole; /* its body is whole, too; else its header only */
};

enum wl_salvage_result {
	WL_SALVAGE_ENTRY = 1,
	WL_SALVAGE_SHORT, /* goes on at salvage->at: more bytes from there are needed */
	WL_SALVAGE_END,
};

struct wl_salvage {
	const struct wl_log_config *config;
	uint64_t binding;
	const uint8_t *bytes; /* of the stream from `begin` on, to `end` */
	uint64_t begin, end;
	uint64_t stop; /* the walk ends there */
	uint64_t at;
	uint64_t chunk_used; /* end of the entries of the chunk that `at` is in; 0: in none that is known */
};

/* `stop` >= begin + size: an entry that reaches beyond the bytes, and begins before `stop`, is SHORT while there may be more. */
void wl_salvage_init(struct wl_salvage *salvage, const struct wl_log_config *config, uint64_t begin,
		     uint64_t stop);
/* The bytes from `begin` <= salvage->at on; `size` of them. */
void wl_salvage_give(struct wl_salvage *salvage, const uint8_t *bytes, uint64_t begin, size_t size);
enum wl_salvage_result wl_salvage_next(struct wl_salvage *salvage, struct wl_salvage_entry *entry);

enum wl_salvage_state {
	WL_SALVAGE_WANTS_READ = 1, /* wl_salvage_find_want, perform, wl_salvage_find_on_read */
	WL_SALVAGE_FOUND, /* run, run_bytes: whole images one behind the other, the last one is what was wanted */
	WL_SALVAGE_NOT_FOUND, /* not in that part of the stream, or not whole */
};

struct wl_salvage_find {
	const struct wl_log_config *config; /* cluster, journal, node, segment_bytes, chunk_key */
	enum wl_salvage_state state;
	struct wl_salvage_want want;
	const uint8_t *run; /* FOUND */
	uint32_t run_bytes;
	uint64_t run_first; /* index of its first entry */
	/* inside */
	struct wl_fill fill;
	struct wl_salvage walk;
	uint64_t end;
	uint8_t *buffer; /* the run stands in it, from `skip` on */
	uint32_t skip;
	uint64_t last_index, last_chain; /* of the run */
};

#define WL_SALVAGE_BUFFER_BYTES (WL_SALVAGE_RUN_BYTES_MAX + WL_SALVAGE_RUN_BYTES)

/* `window`: WL_FILL_BYTES, aligned to WL_BLOCK_BYTES; `buffer`: WL_SALVAGE_BUFFER_BYTES. Both stay the caller's, as `config` does. */
void wl_salvage_find_init(struct wl_salvage_find *find, const struct wl_log_config *config,
			  uint8_t *window, uint8_t *buffer);
/* In [begin, end) of the stream, whole blocks: of wl_survey_where, or between two marks. */
void wl_salvage_find_begin(struct wl_salvage_find *find, const struct wl_salvage_want *want,
			   uint64_t begin, uint64_t end);
/* Next read, into `to`: never crosses a segment's end. */
void wl_salvage_find_want(const struct wl_salvage_find *find, uint64_t *offset, uint8_t **to,
			  uint32_t *bytes);
/* What cannot be read, or is not there, is passed over. */
void wl_salvage_find_on_read(struct wl_salvage_find *find, enum wl_disk_status status);

#endif

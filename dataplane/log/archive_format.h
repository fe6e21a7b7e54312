/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries that are kept for good, as bytes: a *range* of committed entries of one journal, one file each, and the page that says what a
 * backup consists of. The tables stand in docs/LOG-FORMAT.md, "Backup and archive".
 *
 *   range    header (192 bytes) | entries as they stand in the log (entry.h), one behind the other
 *   backup   one block: whose it is, and for each journal its base and the place that its entries end at
 *
 * A range says the place before its first entry and the one behind its last: {term, index}, chain value, number of the next record, highest stamp.
 * Two ranges are of one history, without a gap, where the one's `behind` is the other's `before`; so a reader proves all of an archive.
 *
 *  What must hold of a range, and is checked of what is decoded:
 *  R1  header and every entry are whole, of this cluster and journal
 *  R2  the first entry follows `before`, each one the entry before it (index, term, chain value, number); the last one makes `behind`
 *  R3  behind the last entry there is nothing
 *
 * Pure. Encoders: who archives and who backs up. Decoders accept any bytes and never assert. [any]
 */
#ifndef WL_DATAPLANE_LOG_ARCHIVE_FORMAT_H
#define WL_DATAPLANE_LOG_ARCHIVE_FORMAT_H

#include "dataplane/base/cluster_id.h"
#include "dataplane/base/members.h"
#include "dataplane/log/entry.h"
#include "dataplane/log/log.h"

#define WL_ARCHIVE_FORMAT 1u /* version of both; another one is refused */
#define WL_ARCHIVE_HEADER_BYTES 192u
/* "entries-" and the index of the first one, 20 decimal digits. */
#define WL_ARCHIVE_NAME_BYTES 29u

/* Between two entries. The origin: position {0, 0}, the chain value that the cluster's number makes, next number 1, no stamp. */
struct wl_archive_place {
	struct wl_position position; /* of the entry before it */
	uint64_t chain; /* behind that entry */
	uint64_t next_number; /* of the next data record */
	uint64_t timestamp_ns; /* highest so far */
};

struct wl_archive_range {
	uint8_t cluster[WL_CLUSTER_ID_BYTES];
	uint32_t node, journal; /* who wrote it */
	struct wl_archive_place before, behind;
	uint64_t bytes; /* of the entries */
};

enum wl_archive_verdict {
	WL_ARCHIVE_OK = 0,
	WL_ARCHIVE_STRANGE, /* no such file: another magic */
	WL_ARCHIVE_VERSION,
	WL_ARCHIVE_DAMAGED, /* the header: its checksum, or an impossible number */
	WL_ARCHIVE_SHORT, /* it ends before its header says */
	WL_ARCHIVE_LONG, /* something stands behind its last entry */
	WL_ARCHIVE_ENTRY, /* an entry is not whole */
	WL_ARCHIVE_CHAIN, /* an entry does not follow the one before it, or the last one is not what the header says */
	WL_ARCHIVE_FOREIGN, /* of another cluster or journal */
	WL_ARCHIVE_GAP, /* the file before it ends before this one begins */
	WL_ARCHIVE_VERDICTS,
};

/* "OK", "STRANGE", ... as messages spell them. */
const char *wl_archive_verdict_name(enum wl_archive_verdict verdict);
/* One sentence: what it means. */
const char *wl_archive_verdict_text(enum wl_archive_verdict verdict);

struct wl_archive_place wl_archive_origin(uint64_t cluster, uint32_t journal);
struct wl_archive_place wl_archive_place_of_begin(const struct wl_log_begin *begin);
bool wl_archive_place_equal(const struct wl_archive_place *a, const struct wl_archive_place *b);

/* Building a range: no entry yet, behind `before`. */
void wl_archive_range_begin(struct wl_archive_range *range, const struct wl_archive_place *before);
/* CHAIN: the image, which wl_entry_decode accepted, does not follow; the range is as it was. */
enum wl_archive_verdict wl_archive_range_add(struct wl_archive_range *range, const uint8_t *image,
					     const struct wl_entry_header *header);
/* A range of one entry at least, of a node's journal. */
void wl_archive_encode(uint8_t to[WL_ARCHIVE_HEADER_BYTES], const struct wl_archive_range *range);
/* `size` may be that of the whole file, or less; SHORT below a header. */
enum wl_archive_verdict wl_archive_decode(const uint8_t *from, size_t size,
					  struct wl_archive_range *range);

static inline uint64_t wl_archive_file_bytes(const struct wl_archive_range *range)
{
	return WL_ARCHIVE_HEADER_BYTES + range->bytes;
}

/* Through the entries of a range whose header was decoded. */
struct wl_archive_walk {
	struct wl_archive_range range; /* what the header says */
	struct wl_archive_range seen; /* what was met so far */
};

void wl_archive_walk_init(struct wl_archive_walk *walk, const struct wl_archive_range *range);
static inline bool wl_archive_walk_is_done(const struct wl_archive_walk *walk)
{
	return walk->seen.bytes == walk->range.bytes;
}
/* The next entry, with `size` bytes of the file from it on: OK, and header is filled. SHORT: `size` is too little for it; with more of the
 * file it may be called again. What else is not OK is final. Not when it is done. */
enum wl_archive_verdict wl_archive_walk_next(struct wl_archive_walk *walk, const uint8_t *from,
					     size_t size, struct wl_entry_header *header);
/* When it is done: the last entry is the one that the header says. */
enum wl_archive_verdict wl_archive_walk_end(const struct wl_archive_walk *walk);

/* A file's name, and back: the index of its first entry. 0: that is no name of a range. */
void wl_archive_name(char name[WL_ARCHIVE_NAME_BYTES], uint64_t first_index);
uint64_t wl_archive_first_index(const char *name);

/* What a backup is. */
struct wl_backup_journal {
	uint64_t base_index; /* 0: no base; its entries begin at the origin */
	uint64_t base_digest;
	uint64_t base_bytes; /* of the file with the base, whole blocks */
	struct wl_archive_place before, behind; /* of all its entries */
};

struct wl_backup {
	uint8_t cluster[WL_CLUSTER_ID_BYTES];
	uint32_t node; /* whose data it is of */
	uint32_t journal_count;
	wl_members voters; /* the list of the files: until an entry says another one */
	uint64_t segment_bytes; /* of that node: with cluster, node and journal the identity of its bases */
	uint64_t made_ns; /* UNIX time */
	struct wl_backup_journal journals[WIRELOG_JOURNALS_MAX];
};

void wl_backup_encode(uint8_t to[WL_BLOCK_BYTES], const struct wl_backup *backup);
/* SHORT unless `size` is a block at least. */
enum wl_archive_verdict wl_backup_decode(const uint8_t *from, size_t size,
					 struct wl_backup *backup);

#endif

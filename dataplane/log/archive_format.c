/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * range     0 u32 magic     32 u64 bytes of the entries      120 behind, 40 bytes
 *           4 u16 version   40 u64 entries                   160 zeros
 *           6 zero          48 zeros                         188 u32 CRC32C of bytes 0..187
 *           8 u8[16] cluster
 *          24 u32 node, 28 u32 journal
 *                           80 before, 40 bytes
 * place     u64 term, u64 index, u64 chain value, u64 next number, u64 highest stamp
 */
#include "dataplane/log/archive_internal.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"

#define MAGIC 0x31524c57u /* "WLR1" */
#define BEFORE_AT 80u
#define BEHIND_AT 120u
#define PREFIX "entries-"
#define PREFIX_BYTES (sizeof(PREFIX) - 1)
#define CRC_AT (WL_ARCHIVE_HEADER_BYTES - 4)

WL_STATIC_CHECK(BEFORE_AT + WL_ARCHIVE_PLACE_BYTES == BEHIND_AT);
WL_STATIC_CHECK(BEHIND_AT + WL_ARCHIVE_PLACE_BYTES <= CRC_AT);
/* 20 digits are all of a 64-bit number, and an end. */
WL_STATIC_CHECK(PREFIX_BYTES + 20 + 1 == WL_ARCHIVE_NAME_BYTES);

const char *wl_archive_verdict_name(enum wl_archive_verdict verdict)
{
	static const char *const names[] = {"OK",   "STRANGE", "VERSION", "DAMAGED", "SHORT",
					    "LONG", "ENTRY",   "CHAIN",	  "FOREIGN", "GAP"};

	_Static_assert(sizeof(names) / sizeof(names[0]) == WL_ARCHIVE_VERDICTS, "one for each");
	WL_CHECK((unsigned)verdict < WL_ARCHIVE_VERDICTS);
	return names[verdict];
}

const char *wl_archive_verdict_text(enum wl_archive_verdict verdict)
{
	static const char *const texts[] = {
		"it is whole",
		"it is no file of an archive or a backup",
		"another version of wirelog wrote it",
		"its header is damaged",
		"it is cut short",
		"something stands behind its last entry",
		"an entry in it is damaged",
		"its entries do not continue one another",
		"it is of another cluster or journal",
		"entries before it are missing",
	};

	_Static_assert(sizeof(texts) / sizeof(texts[0]) == WL_ARCHIVE_VERDICTS, "one for each");
	WL_CHECK((unsigned)verdict < WL_ARCHIVE_VERDICTS);
	return texts[verdict];
}

/* ---- places ------------------------------------------------------------------------------------- */

struct wl_archive_place wl_archive_origin(uint64_t cluster, uint32_t journal)
{
	return (struct wl_archive_place){
		.chain = wl_entry_chain_origin(cluster, journal),
		.next_number = 1,
	};
}

struct wl_archive_place wl_archive_place_of_begin(const struct wl_log_begin *begin)
{
	return (struct wl_archive_place){begin->position, begin->chain, begin->next_number,
					 begin->timestamp_ns};
}

bool wl_archive_place_equal(const struct wl_archive_place *a, const struct wl_archive_place *b)
{
	return wl_position_equal(a->position, b->position) && a->chain == b->chain &&
	       a->next_number == b->next_number && a->timestamp_ns == b->timestamp_ns;
}

void wl_archive_encode_place(uint8_t *to, const struct wl_archive_place *place)
{
	wl_store_u64(to, place->position.term);
	wl_store_u64(to + 8, place->position.index);
	wl_store_u64(to + 16, place->chain);
	wl_store_u64(to + 24, place->next_number);
	wl_store_u64(to + 32, place->timestamp_ns);
}

void wl_archive_decode_place(const uint8_t *from, struct wl_archive_place *place)
{
	*place = (struct wl_archive_place){
		.position = {wl_load_u64(from), wl_load_u64(from + 8)},
		.chain = wl_load_u64(from + 16),
		.next_number = wl_load_u64(from + 24),
		.timestamp_ns = wl_load_u64(from + 32),
	};
}

bool wl_archive_is_behind(const struct wl_archive_place *before,
			  const struct wl_archive_place *behind)
{
	return before->next_number != 0 && behind->next_number >= before->next_number &&
	       behind->position.term >= before->position.term &&
	       behind->timestamp_ns >= before->timestamp_ns &&
	       (before->position.index == 0) == (before->position.term == 0);
}

/* ---- ranges ------------------------------------------------------------------------------------- */

void wl_archive_range_begin(struct wl_archive_range *range, const struct wl_archive_place *before)
{
	range->before = range->behind = *before;
	range->bytes = 0;
}

enum wl_archive_verdict wl_archive_range_add(struct wl_archive_range *range, const uint8_t *image,
					     const struct wl_entry_header *header)
{
	struct wl_archive_place *at = &range->behind;

	/* A chain value is of all that went before; the others are looked at so that a range's places never lie. */
	if (header->index != at->position.index + 1 || header->previous_chain != at->chain ||
	    header->previous_term != at->position.term || header->term < at->position.term ||
	    header->first_number < at->next_number)
		return WL_ARCHIVE_CHAIN;
	at->position = (struct wl_position){header->term, header->index};
	at->chain = wl_entry_chain(image);
	at->next_number = header->first_number + header->data_count;
	if (header->timestamp_ns > at->timestamp_ns)
		at->timestamp_ns = header->timestamp_ns;
	range->bytes += wl_entry_bytes(header);
	return WL_ARCHIVE_OK;
}

void wl_archive_encode(uint8_t to[WL_ARCHIVE_HEADER_BYTES], const struct wl_archive_range *range)
{
	/* What decoders refuse is never written. */
	WL_CHECK(range->node >= 1 && range->node <= WIRELOG_NODES_MAX);
	WL_CHECK(range->journal < WIRELOG_JOURNALS_MAX);
	WL_CHECK(range->behind.position.index > range->before.position.index);
	WL_CHECK(range->behind.position.term >= range->before.position.term);
	WL_CHECK(range->bytes % 8 == 0);
	memset(to, 0, WL_ARCHIVE_HEADER_BYTES);
	wl_store_u32(to, MAGIC);
	wl_store_u16(to + 4, WL_ARCHIVE_FORMAT);
	memcpy(to + 8, range->cluster, sizeof(range->cluster));
	wl_store_u32(to + 24, range->node);
	wl_store_u32(to + 28, range->journal);
	wl_store_u64(to + 32, range->bytes);
	wl_store_u64(to + 40, range->behind.position.index - range->before.position.index);
	wl_archive_encode_place(to + BEFORE_AT, &range->before);
	wl_archive_encode_place(to + BEHIND_AT, &range->behind);
	wl_store_u32(to + CRC_AT, wl_crc32c(to, CRC_AT));
}

static bool is_possible(const struct wl_archive_range *range, uint64_t entries)
{
	return range->node >= 1 && range->node <= WIRELOG_NODES_MAX &&
	       range->journal < WIRELOG_JOURNALS_MAX && entries >= 1 &&
	       range->before.position.index <= UINT64_MAX - entries &&
	       range->behind.position.index == range->before.position.index + entries &&
	       wl_archive_is_behind(&range->before, &range->behind) && range->bytes % 8 == 0 &&
	       range->bytes / WL_ENTRY_HEADER_BYTES >= entries;
}

enum wl_archive_verdict wl_archive_decode(const uint8_t *from, size_t size,
					  struct wl_archive_range *range)
{
	if (size < 4)
		return WL_ARCHIVE_SHORT;
	if (wl_load_u32(from) != MAGIC)
		return WL_ARCHIVE_STRANGE;
	if (size < WL_ARCHIVE_HEADER_BYTES)
		return WL_ARCHIVE_SHORT;
	if (wl_load_u32(from + CRC_AT) != wl_crc32c(from, CRC_AT))
		return WL_ARCHIVE_DAMAGED;
	if (wl_load_u16(from + 4) != WL_ARCHIVE_FORMAT)
		return WL_ARCHIVE_VERSION;
	memcpy(range->cluster, from + 8, sizeof(range->cluster));
	range->node = wl_load_u32(from + 24);
	range->journal = wl_load_u32(from + 28);
	range->bytes = wl_load_u64(from + 32);
	wl_archive_decode_place(from + BEFORE_AT, &range->before);
	wl_archive_decode_place(from + BEHIND_AT, &range->behind);
	return is_possible(range, wl_load_u64(from + 40)) ? WL_ARCHIVE_OK : WL_ARCHIVE_DAMAGED;
}

/* ---- entries of a range -------------------------------------------------------------------------- */

void wl_archive_walk_init(struct wl_archive_walk *walk, const struct wl_archive_range *range)
{
	walk->range = walk->seen = *range;
	wl_archive_range_begin(&walk->seen, &range->before);
}

enum wl_archive_verdict wl_archive_walk_next(struct wl_archive_walk *walk, const uint8_t *from,
					     size_t size, struct wl_entry_header *header)
{
	uint64_t left = walk->range.bytes - walk->seen.bytes;
	enum wl_entry_verdict verdict;

	WL_CHECK(walk->seen.bytes < walk->range.bytes);
	/* What stands behind the range's end belongs to nobody. */
	verdict = wl_entry_decode(from, size < left ? size : (size_t)left, header);
	if (verdict == WL_ENTRY_SHORT)
		return size < left ? WL_ARCHIVE_SHORT : WL_ARCHIVE_ENTRY;
	if (verdict != WL_ENTRY_OK)
		return WL_ARCHIVE_ENTRY;
	if (header->cluster != wl_cluster_id(walk->range.cluster) ||
	    header->journal != walk->range.journal)
		return WL_ARCHIVE_FOREIGN;
	return wl_archive_range_add(&walk->seen, from, header);
}

enum wl_archive_verdict wl_archive_walk_end(const struct wl_archive_walk *walk)
{
	WL_CHECK(wl_archive_walk_is_done(walk));
	return wl_archive_place_equal(&walk->seen.behind, &walk->range.behind) ? WL_ARCHIVE_OK
									       : WL_ARCHIVE_CHAIN;
}

/* ---- names --------------------------------------------------------------------------------------- */

void wl_archive_name(char name[WL_ARCHIVE_NAME_BYTES], uint64_t first_index)
{
	memcpy(name, PREFIX, PREFIX_BYTES);
	name[WL_ARCHIVE_NAME_BYTES - 1] = '\0';
	for (unsigned at = WL_ARCHIVE_NAME_BYTES - 2; at >= PREFIX_BYTES; at--) {
		name[at] = (char)('0' + first_index % 10);
		first_index /= 10;
	}
}

uint64_t wl_archive_first_index(const char *name)
{
	char same[WL_ARCHIVE_NAME_BYTES];
	uint64_t index = 0;

	if (strlen(name) != WL_ARCHIVE_NAME_BYTES - 1 || strncmp(name, PREFIX, PREFIX_BYTES) != 0)
		return 0;
	for (const char *at = name + PREFIX_BYTES; *at != '\0'; at++) {
		if (*at < '0' || *at > '9')
			return 0;
		index = 10 * index + (uint64_t)(*at - '0');
	}
	/* A number that does not fit into 64 bits has another name. */
	wl_archive_name(same, index);
	return strcmp(same, name) == 0 ? index : 0;
}

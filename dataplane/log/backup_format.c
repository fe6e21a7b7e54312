/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   0 u32 magic      24 u32 node             48 u64 made, ns UNIX
 *   4 u16 version    28 u32 journals         64 journals, 16 of 112 bytes: u64 base's index, u64 its digest, u64 bytes of its file,
 *   6 zero           32 u32 voters, zero        zero, before and behind (archive_format.c)
 *   8 u8[16] cluster 40 u64 segment bytes    zeros, 4092 u32 CRC32C of bytes 0..4091
 */
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "dataplane/log/archive_internal.h"

#define MAGIC 0x314b4c57u /* "WLK1" */
#define JOURNALS_AT 64u
#define JOURNAL_BYTES 112u
#define BEFORE_AT 32u
#define BEHIND_AT (BEFORE_AT + WL_ARCHIVE_PLACE_BYTES)
#define CRC_AT (WL_BLOCK_BYTES - 4)

_Static_assert(JOURNALS_AT + WIRELOG_JOURNALS_MAX * JOURNAL_BYTES <= CRC_AT, "they fit");
_Static_assert(BEHIND_AT + WL_ARCHIVE_PLACE_BYTES <= JOURNAL_BYTES, "both fit");

void wl_backup_encode(uint8_t to[WL_BLOCK_BYTES], const struct wl_backup *backup)
{
	WL_CHECK(backup->node >= 1 && backup->node <= WIRELOG_NODES_MAX);
	WL_CHECK(backup->journal_count >= 1);
	WL_CHECK(backup->journal_count <= WIRELOG_JOURNALS_MAX);
	memset(to, 0, WL_BLOCK_BYTES);
	wl_store_u32(to, MAGIC);
	wl_store_u16(to + 4, WL_ARCHIVE_FORMAT);
	memcpy(to + 8, backup->cluster, sizeof(backup->cluster));
	wl_store_u32(to + 24, backup->node);
	wl_store_u32(to + 28, backup->journal_count);
	wl_store_u32(to + 32, backup->voters);
	wl_store_u64(to + 40, backup->segment_bytes);
	wl_store_u64(to + 48, backup->made_ns);
	for (uint32_t id = 0; id < backup->journal_count; id++) {
		const struct wl_backup_journal *journal = &backup->journals[id];
		uint8_t *at = to + JOURNALS_AT + (size_t)id * JOURNAL_BYTES;

		wl_store_u64(at, journal->base_index);
		wl_store_u64(at + 8, journal->base_digest);
		wl_store_u64(at + 16, journal->base_bytes);
		wl_archive_encode_place(at + BEFORE_AT, &journal->before);
		wl_archive_encode_place(at + BEHIND_AT, &journal->behind);
	}
	wl_store_u32(to + CRC_AT, wl_crc32c(to, CRC_AT));
}

/* Whoever restores it has the state at the base, or at the origin, and all entries from there on. */
static bool is_possible(const struct wl_backup_journal *journal)
{
	uint64_t first = journal->before.position.index, last = journal->behind.position.index;

	return wl_archive_is_behind(&journal->before, &journal->behind) && last >= first &&
	       (journal->base_index == 0) == (journal->base_bytes == 0) &&
	       journal->base_bytes % WL_BLOCK_BYTES == 0 && first <= journal->base_index &&
	       journal->base_index <= last;
}

static void decode_journal(const uint8_t *from, struct wl_backup_journal *journal)
{
	journal->base_index = wl_load_u64(from);
	journal->base_digest = wl_load_u64(from + 8);
	journal->base_bytes = wl_load_u64(from + 16);
	wl_archive_decode_place(from + BEFORE_AT, &journal->before);
	wl_archive_decode_place(from + BEHIND_AT, &journal->behind);
}

enum wl_archive_verdict wl_backup_decode(const uint8_t *from, size_t size, struct wl_backup *backup)
{
	memset(backup, 0, sizeof(*backup));
	if (size < WL_BLOCK_BYTES)
		return WL_ARCHIVE_SHORT;
	if (wl_load_u32(from) != MAGIC)
		return WL_ARCHIVE_STRANGE;
	if (wl_load_u32(from + CRC_AT) != wl_crc32c(from, CRC_AT))
		return WL_ARCHIVE_DAMAGED;
	if (wl_load_u16(from + 4) != WL_ARCHIVE_FORMAT)
		return WL_ARCHIVE_VERSION;
	memcpy(backup->cluster, from + 8, sizeof(backup->cluster));
	backup->node = wl_load_u32(from + 24);
	backup->journal_count = wl_load_u32(from + 28);
	backup->voters = wl_load_u32(from + 32);
	backup->segment_bytes = wl_load_u64(from + 40);
	backup->made_ns = wl_load_u64(from + 48);
	if (backup->node < 1 || backup->node > WIRELOG_NODES_MAX || backup->journal_count < 1 ||
	    backup->journal_count > WIRELOG_JOURNALS_MAX ||
	    backup->segment_bytes < WL_SEGMENT_BYTES_MIN ||
	    (backup->segment_bytes & (backup->segment_bytes - 1)) != 0)
		return WL_ARCHIVE_DAMAGED;
	for (uint32_t id = 0; id < backup->journal_count; id++) {
		decode_journal(from + JOURNALS_AT + (size_t)id * JOURNAL_BYTES,
			       &backup->journals[id]);
		if (!is_possible(&backup->journals[id]))
			return WL_ARCHIVE_DAMAGED;
	}
	return WL_ARCHIVE_OK;
}

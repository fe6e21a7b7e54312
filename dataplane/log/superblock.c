/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *   0 u32 magic 'WLB1'      16 u8[16] cluster        48 u64 sequence
 *   4 u16 version, 6 zero   32 u64 incarnation       56 u64 segment bytes
 *   8 u32 node              40 u64 boot count
 *  12 u32 journal count
 *  64 journals, 16 of 32 bytes: u64 term, u32 vote, u32 zero, u64 watermark, u64 boot caught up
 * 576 peers' durable positions, 16 journals x 8 nodes x {u64 term, u64 index}
 * 2624 peers, 8 of 24 bytes by node id: u64 incarnation, u64 boot_id, u64 suspect boot
 * 2816 u32 voters, a bit per node id, u32 1: a restore is not finished
 * 2824 journals, 16 of 16 bytes: {u64 term, u64 index} known committed
 * 3080 u8[16] key of chunks; 3096 u64, u64 segments of a device's areas, and of its last one
 * 3112 journals, 16 of 40 bytes: what contradicts that which is committed: {u64 term, u64 index}, u64 our chain value behind it,
 *      u64 theirs, u32 node (0: nothing does), u32 zero
 * 3752 u64 bytes of a device's place for a base
 * 3760 journals, 16 of 16 bytes: u64 history, u64 that a rescue begins
 * 4016 u64 features in force; 4024 u32 features that a node declared, 8 by node id
 * zeros, 4092 u32 CRC32C of bytes 0..4091
 */
#include "dataplane/log/superblock.h"

#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"

#define MAGIC 0x31424c57u
#define JOURNALS_AT 64u
#define JOURNAL_BYTES 32u
#define PEERS_AT (JOURNALS_AT + WIRELOG_JOURNALS_MAX * JOURNAL_BYTES)
#define BOOTS_AT (PEERS_AT + WIRELOG_JOURNALS_MAX * (WIRELOG_NODES_MAX + 1) * 16)
#define BOOT_BYTES 24u
#define VOTERS_AT (BOOTS_AT + (WIRELOG_NODES_MAX + 1) * BOOT_BYTES)
#define UNFINISHED_AT (VOTERS_AT + 4)
#define COMMITS_AT (VOTERS_AT + 8)
#define CHUNK_KEY_AT (COMMITS_AT + WIRELOG_JOURNALS_MAX * 16)
#define AREAS_AT (CHUNK_KEY_AT + WL_SIPHASH_KEY_BYTES)
#define DIVERGENCES_AT (AREAS_AT + 16)
#define DIVERGENCE_BYTES 40u
#define BASES_AT (DIVERGENCES_AT + WIRELOG_JOURNALS_MAX * DIVERGENCE_BYTES)
#define HISTORIES_AT (BASES_AT + 8)
#define FEATURES_AT (HISTORIES_AT + WIRELOG_JOURNALS_MAX * 16)
#define CRC_AT (WL_BLOCK_BYTES - 4)

_Static_assert(FEATURES_AT + 8 + (WIRELOG_NODES_MAX + 1) * 4 <= CRC_AT, "it fits");

/* Where the table above has them: data of other builds stand there, whatever becomes of a limit. */
WL_STATIC_CHECK(PEERS_AT == 576);
WL_STATIC_CHECK(BOOTS_AT == 2624);
WL_STATIC_CHECK(VOTERS_AT == 2816 && UNFINISHED_AT == 2820);
WL_STATIC_CHECK(COMMITS_AT == 2824);
WL_STATIC_CHECK(CHUNK_KEY_AT == 3080);
WL_STATIC_CHECK(AREAS_AT == 3096);
WL_STATIC_CHECK(DIVERGENCES_AT == 3112);
WL_STATIC_CHECK(BASES_AT == 3752);
WL_STATIC_CHECK(HISTORIES_AT == 3760);
WL_STATIC_CHECK(FEATURES_AT == 4016);
WL_STATIC_CHECK(CRC_AT == 4092);

/* Builds that know neither features nor restores must not take it for theirs. */
static uint16_t format_of(const struct wl_superblock *superblock)
{
	return superblock->features_in_force != 0 || superblock->unfinished
		       ? WL_SUPERBLOCK_FORMAT_FEATURES
		       : WL_SUPERBLOCK_FORMAT;
}

static void encode_peers(uint8_t *at, const struct wl_superblock *superblock)
{
	for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++, at += BOOT_BYTES) {
		wl_store_u64(at, superblock->peers[node].incarnation);
		wl_store_u64(at + 8, superblock->peers[node].boot_id);
		wl_store_u64(at + 16, superblock->peers[node].suspect_boot);
	}
}

static void decode_peers(const uint8_t *at, struct wl_superblock *superblock)
{
	for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++, at += BOOT_BYTES) {
		superblock->peers[node].incarnation = wl_load_u64(at);
		superblock->peers[node].boot_id = wl_load_u64(at + 8);
		superblock->peers[node].suspect_boot = wl_load_u64(at + 16);
	}
}

static void encode_features(uint8_t *at, const struct wl_superblock *superblock)
{
	wl_store_u64(at, superblock->features_in_force);
	for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++)
		wl_store_u32(at + 8 + 4 * node, superblock->features_declared[node]);
}

static void decode_features(const uint8_t *at, struct wl_superblock *superblock)
{
	superblock->features_in_force = wl_load_u64(at);
	for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++)
		superblock->features_declared[node] = wl_load_u32(at + 8 + 4 * node);
}

static void encode_divergence(uint8_t *at, const struct wl_divergence *divergence)
{
	wl_store_u64(at, divergence->position.term);
	wl_store_u64(at + 8, divergence->position.index);
	wl_store_u64(at + 16, divergence->chain);
	wl_store_u64(at + 24, divergence->their_chain);
	wl_store_u32(at + 32, divergence->node);
}

static void decode_divergence(const uint8_t *at, struct wl_divergence *divergence)
{
	divergence->position = (struct wl_position){wl_load_u64(at), wl_load_u64(at + 8)};
	divergence->chain = wl_load_u64(at + 16);
	divergence->their_chain = wl_load_u64(at + 24);
	divergence->node = wl_load_u32(at + 32);
	divergence->kind = divergence->node != 0 ? WL_DIVERGENCE_CONFIRMED : 0;
}

void wl_superblock_encode(uint8_t to[WL_BLOCK_BYTES], const struct wl_superblock *superblock)
{
	uint8_t *at = to + PEERS_AT;

	memset(to, 0, WL_BLOCK_BYTES);
	wl_store_u32(to, MAGIC);
	wl_store_u16(to + 4, format_of(superblock));
	wl_store_u32(to + 8, superblock->node);
	wl_store_u32(to + 12, superblock->journal_count);
	memcpy(to + 16, superblock->cluster, sizeof(superblock->cluster));
	wl_store_u64(to + 32, superblock->incarnation);
	wl_store_u64(to + 40, superblock->boot_count);
	wl_store_u64(to + 48, superblock->sequence);
	wl_store_u64(to + 56, superblock->segment_bytes);
	for (unsigned journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++) {
		uint8_t *place = to + JOURNALS_AT + journal * JOURNAL_BYTES;

		wl_store_u64(place, superblock->journals[journal].term);
		wl_store_u32(place + 8, superblock->journals[journal].vote);
		wl_store_u64(place + 16, superblock->journals[journal].watermark);
		wl_store_u64(place + 24, superblock->journals[journal].caught_up_boot);
		wl_store_u64(to + COMMITS_AT + journal * 16,
			     superblock->journals[journal].commit.term);
		wl_store_u64(to + COMMITS_AT + journal * 16 + 8,
			     superblock->journals[journal].commit.index);
		wl_store_u64(to + HISTORIES_AT + (size_t)journal * 16,
			     superblock->journals[journal].history);
		wl_store_u64(to + HISTORIES_AT + (size_t)journal * 16 + 8,
			     superblock->journals[journal].rescued);
		encode_divergence(to + DIVERGENCES_AT + (size_t)journal * DIVERGENCE_BYTES,
				  &superblock->journals[journal].divergence);
		for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++, at += 16) {
			wl_store_u64(at, superblock->peer_durable[journal][node].term);
			wl_store_u64(at + 8, superblock->peer_durable[journal][node].index);
		}
	}
	encode_peers(to + BOOTS_AT, superblock);
	encode_features(to + FEATURES_AT, superblock);
	wl_store_u32(to + VOTERS_AT, superblock->voters);
	wl_store_u32(to + UNFINISHED_AT, superblock->unfinished);
	memcpy(to + CHUNK_KEY_AT, superblock->chunk_key, sizeof(superblock->chunk_key));
	wl_store_u64(to + AREAS_AT, superblock->area_segments);
	wl_store_u64(to + AREAS_AT + 8, superblock->last_area_segments);
	wl_store_u64(to + BASES_AT, superblock->base_bytes);
	wl_store_u32(to + CRC_AT, wl_crc32c(to, CRC_AT));
}

static bool is_empty(const uint8_t *from)
{
	for (unsigned at = 0; at < WL_BLOCK_BYTES; at += 8) {
		if (wl_load_u64(from + at) != 0)
			return false;
	}
	return true;
}

enum wl_superblock_verdict wl_superblock_decode(const uint8_t from[WL_BLOCK_BYTES],
						struct wl_superblock *superblock)
{
	const uint8_t *at = from + PEERS_AT;

	if (is_empty(from))
		return WL_SUPERBLOCK_EMPTY;
	if (wl_load_u32(from) != MAGIC || wl_load_u32(from + CRC_AT) != wl_crc32c(from, CRC_AT))
		return WL_SUPERBLOCK_DAMAGED;
	if (wl_load_u16(from + 4) != WL_SUPERBLOCK_FORMAT &&
	    wl_load_u16(from + 4) != WL_SUPERBLOCK_FORMAT_FEATURES)
		return WL_SUPERBLOCK_VERSION;
	memset(superblock, 0, sizeof(*superblock));
	superblock->node = wl_load_u32(from + 8);
	superblock->journal_count = wl_load_u32(from + 12);
	memcpy(superblock->cluster, from + 16, sizeof(superblock->cluster));
	superblock->incarnation = wl_load_u64(from + 32);
	superblock->boot_count = wl_load_u64(from + 40);
	superblock->sequence = wl_load_u64(from + 48);
	superblock->segment_bytes = wl_load_u64(from + 56);
	if (superblock->node == 0 || superblock->node > WIRELOG_NODES_MAX ||
	    superblock->journal_count == 0 || superblock->journal_count > WIRELOG_JOURNALS_MAX)
		return WL_SUPERBLOCK_DAMAGED;
	for (unsigned journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++) {
		const uint8_t *place = from + JOURNALS_AT + journal * JOURNAL_BYTES;

		superblock->journals[journal].term = wl_load_u64(place);
		superblock->journals[journal].vote = wl_load_u32(place + 8);
		superblock->journals[journal].watermark = wl_load_u64(place + 16);
		superblock->journals[journal].caught_up_boot = wl_load_u64(place + 24);
		superblock->journals[journal].commit =
			(struct wl_position){wl_load_u64(from + COMMITS_AT + journal * 16),
					     wl_load_u64(from + COMMITS_AT + journal * 16 + 8)};
		superblock->journals[journal].history =
			wl_load_u64(from + HISTORIES_AT + (size_t)journal * 16);
		superblock->journals[journal].rescued =
			wl_load_u64(from + HISTORIES_AT + (size_t)journal * 16 + 8);
		decode_divergence(from + DIVERGENCES_AT + (size_t)journal * DIVERGENCE_BYTES,
				  &superblock->journals[journal].divergence);
		for (unsigned node = 0; node <= WIRELOG_NODES_MAX; node++, at += 16)
			superblock->peer_durable[journal][node] =
				(struct wl_position){wl_load_u64(at), wl_load_u64(at + 8)};
	}
	decode_peers(from + BOOTS_AT, superblock);
	decode_features(from + FEATURES_AT, superblock);
	superblock->voters = wl_load_u32(from + VOTERS_AT);
	superblock->unfinished = wl_load_u32(from + UNFINISHED_AT) != 0;
	if (wl_load_u16(from + 4) != format_of(superblock))
		return WL_SUPERBLOCK_DAMAGED;
	memcpy(superblock->chunk_key, from + CHUNK_KEY_AT, sizeof(superblock->chunk_key));
	superblock->area_segments = wl_load_u64(from + AREAS_AT);
	superblock->last_area_segments = wl_load_u64(from + AREAS_AT + 8);
	superblock->base_bytes = wl_load_u64(from + BASES_AT);
	return WL_SUPERBLOCK_OK;
}

enum wl_superblock_verdict
wl_superblock_choose(const uint8_t copies[WL_SUPERBLOCK_COPIES][WL_BLOCK_BYTES],
		     struct wl_superblock *superblock, unsigned *damaged_mask)
{
	enum wl_superblock_verdict verdicts[WL_SUPERBLOCK_COPIES];
	struct wl_superblock copy;
	unsigned empty = 0, whole = 0;

	*damaged_mask = 0;
	for (unsigned at = 0; at < WL_SUPERBLOCK_COPIES; at++) {
		verdicts[at] = wl_superblock_decode(copies[at], &copy);
		if (verdicts[at] == WL_SUPERBLOCK_VERSION)
			return WL_SUPERBLOCK_VERSION;
		/* A whole record in a place that is not its own was misdirected. */
		if (verdicts[at] == WL_SUPERBLOCK_OK && copy.sequence % 2 != at / 2)
			verdicts[at] = WL_SUPERBLOCK_DAMAGED;
		empty += verdicts[at] == WL_SUPERBLOCK_EMPTY;
		if (verdicts[at] == WL_SUPERBLOCK_DAMAGED)
			*damaged_mask |= 1u << at;
		if (verdicts[at] != WL_SUPERBLOCK_OK)
			continue;
		if (whole++ == 0 || copy.sequence > superblock->sequence)
			*superblock = copy;
	}
	if (empty == WL_SUPERBLOCK_COPIES)
		return WL_SUPERBLOCK_EMPTY;
	if (whole == 0)
		return WL_SUPERBLOCK_DAMAGED;
	/* No good twin either: it is written before a whole one is touched. */
	for (unsigned at = 0; at < WL_SUPERBLOCK_COPIES; at++)
		if (verdicts[at] == WL_SUPERBLOCK_EMPTY)
			*damaged_mask |= 1u << at;
	/*
	 * No whole copy in a pair: what it held may have been newer, and a vote. Zeros are no excuse, unless nothing
	 * but the first record was ever written.
	 */
	for (unsigned pair = 0; pair < 2; pair++) {
		const enum wl_superblock_verdict *twins = verdicts + 2 * pair;
		bool gone = twins[0] != WL_SUPERBLOCK_OK && twins[1] != WL_SUPERBLOCK_OK;
		bool both = twins[0] == WL_SUPERBLOCK_DAMAGED && twins[1] == WL_SUPERBLOCK_DAMAGED;

		if (both || (gone && superblock->sequence > 1))
			return WL_SUPERBLOCK_DAMAGED;
	}
	return WL_SUPERBLOCK_OK;
}

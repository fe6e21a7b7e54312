/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/store/store_owner.h"

#include <stdbool.h>
#include <string.h>

#include "wirelog/status.h"

static bool is_sound(const struct wl_superblock *superblock)
{
	uint64_t bytes = superblock->segment_bytes;

	return bytes >= WL_SEGMENT_BYTES_MIN && (bytes & (bytes - 1)) == 0 &&
	       superblock->base_bytes % WL_BLOCK_BYTES == 0;
}

static void add_two(struct wl_sentence *why, const char *before, uint64_t first,
		    const char *between, uint64_t second)
{
	wl_sentence_add(why, before);
	wl_sentence_add_number(why, first);
	wl_sentence_add(why, between);
	wl_sentence_add_number(why, second);
}

static void add_nodes(struct wl_sentence *why, wl_members voters)
{
	const char *before = " ";

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (!wl_members_has(voters, node))
			continue;
		wl_sentence_add(why, before);
		wl_sentence_add_number(why, node);
		before = ", ";
	}
}

/* Who opens them for a node starts on them; who only looks names none. */
static bool is_diverged(const struct wl_superblock *superblock, const struct wl_store_owner *owner,
			struct wl_sentence *why)
{
	if (owner->node == 0)
		return false;
	for (uint32_t journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++) {
		const struct wl_divergence *other = &superblock->journals[journal].divergence;

		if (other->node == 0)
			continue;
		add_two(why, "journal ", journal, ": node ", other->node);
		add_two(why, " led with another entry ", other->position.index, " of term ",
			other->position.term);
		wl_sentence_add(why, ": chain value ");
		wl_sentence_add_hex(why, other->their_chain);
		wl_sentence_add(why, ", committed here is ");
		wl_sentence_add_hex(why, other->chain);
		return true;
	}
	return false;
}

/* Half of what a restore makes looks like data, and is nobody's. What is whole is never written over. */
static int refuse_by_mark(const struct wl_superblock *superblock,
			  const struct wl_store_owner *owner, struct wl_sentence *why)
{
	if (owner->restores) {
		add_two(why, "holds data of node ", superblock->node, ", started ",
			superblock->boot_count);
		wl_sentence_add(why, " times: nothing is restored over them");
		return WIRELOG_STORE_OCCUPIED;
	}
	add_two(why, "a restore of node ", superblock->node, " with ", superblock->journal_count);
	wl_sentence_add(why, " journals was not finished");
	return WIRELOG_STORE_UNFINISHED;
}

/* As above: who only looks need not apply what stands there. */
static bool lacks_features(const struct wl_superblock *superblock,
			   const struct wl_store_owner *owner, struct wl_sentence *why)
{
	char names[WL_FEATURES_TEXT_BYTES];

	if (owner->node == 0 || wl_features_have(owner->features, superblock->features_in_force))
		return false;
	wl_sentence_add(why, "features are in force that this build does not have: ");
	wl_sentence_add(why,
			wl_features_text(superblock->features_in_force & ~owner->features, names));
	return true;
}

int wl_store_owner_check(const struct wl_superblock *superblock, const struct wl_store_owner *owner,
			 struct wl_sentence *why)
{
	if (!is_sound(superblock)) {
		wl_sentence_add(why, "the superblock names impossible segments");
		return WIRELOG_STORE_DAMAGED;
	}
	if (owner->restores != superblock->unfinished)
		return refuse_by_mark(superblock, owner, why);
	if (owner->cluster &&
	    memcmp(superblock->cluster, owner->cluster, sizeof(superblock->cluster)) != 0) {
		wl_sentence_add(why, "belongs to another cluster");
		return WIRELOG_STORE_FOREIGN;
	}
	if (owner->node != 0 && superblock->node != owner->node) {
		add_two(why, "belongs to node ", superblock->node, ", this is node ", owner->node);
		return WIRELOG_STORE_FOREIGN;
	}
	if (owner->segment_bytes != 0 && superblock->segment_bytes != owner->segment_bytes) {
		add_two(why, "made with storage.segment_bytes=", superblock->segment_bytes,
			", configured are ", owner->segment_bytes);
		return WIRELOG_STORE_GEOMETRY;
	}
	if (owner->journal_count != 0 && superblock->journal_count != owner->journal_count) {
		add_two(why, "made with ", superblock->journal_count, " journals, configured are ",
			owner->journal_count);
		return WIRELOG_STORE_GEOMETRY;
	}
	/* A directory has no places of a size. */
	if (superblock->area_segments != 0 && owner->base_bytes > superblock->base_bytes) {
		add_two(why, "its places for bases have ", superblock->base_bytes >> 10,
			" KiB, limits.sessions may need ", owner->base_bytes >> 10);
		wl_sentence_add(
			why,
			": lower limits.sessions, or empty the device and let the peers fill it");
		return WIRELOG_STORE_GEOMETRY;
	}
	/* Data from before the list was kept have none. */
	if (owner->voters != 0 && superblock->voters != 0 && superblock->voters != owner->voters) {
		wl_sentence_add(why, "made for a cluster of nodes");
		add_nodes(why, superblock->voters);
		wl_sentence_add(why, "; cluster.nodes names");
		add_nodes(why, owner->voters);
		return WIRELOG_STORE_GEOMETRY;
	}
	if (lacks_features(superblock, owner, why))
		return WIRELOG_FEATURE_UNKNOWN;
	return is_diverged(superblock, owner, why) ? WIRELOG_STORE_DIVERGED : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Judges what one journal is restored from, entry by entry: all entries of a backup, then those of archives behind them, through the same
 * wl_state_apply as a node's. What it accepts is a log that a node can open, with a base or without one.
 *
 *   backup begins at            the state
 *   the origin                  is made of the entries; at the base's index it is compared with the base: it stands for itself
 *   the base's own entry        is the base's
 *   an entry before the base    is the base's, and stands still until the base's entry has come
 *
 * A base is believed when the entries from the origin make the same one, or when an entry says that a majority of the voters made the same one
 * (docs/SAFETY.md, rule 11).
 *
 *  What must hold; wl_restore_check is this text as code.
 *  N1  no entry is taken that does not follow the one before it, the first one the place that the backup begins at
 *  N2  where it applies, the state is that behind the last entry
 *  N3  no record above the wanted number is taken
 *
 * Pure: no I/O, no clock. Memory from the caller. [tools]
 */
#ifndef WL_DATAPLANE_STATE_RESTORE_H
#define WL_DATAPLANE_STATE_RESTORE_H

#include "dataplane/log/archive_format.h"
#include "dataplane/state/base_format.h"

enum wl_restore_verdict {
	WL_RESTORE_OK = 0,
	WL_RESTORE_ENOUGH, /* the entry holds a record above the wanted one: it is not taken, nor is any behind it */
	WL_RESTORE_CHAIN, /* it does not follow, or begins numbers anew */
	WL_RESTORE_OTHER_BASE, /* the base is of another entry, or another one than its entries make */
	WL_RESTORE_NOT_PROVEN_SO, /* a majority made another base at the base's entry */
	WL_RESTORE_CONTRADICTED, /* a committed entry contradicts those before it */
	WL_RESTORE_FEATURES, /* the entries put features in force that this build does not have */
	WL_RESTORE_SESSIONS, /* the entries allow more sessions than there is room for */
	WL_RESTORE_BELOW_BASE, /* at the end: the base's entry has not come, and what stands before it is no state */
	WL_RESTORE_VERDICTS,
};

struct wl_restore_config {
	const struct wl_backup_journal *page; /* what the backup says of the journal */
	wl_features features; /* of this build */
	uint32_t sessions_max; /* limits.sessions of the node that is to have it */
	uint64_t to_number; /* the last record that is wanted; 0: all */
};

struct wl_restore {
	struct wl_restore_config config;
	struct wl_state state;
	uint32_t *order;
	struct wl_archive_range seen; /* what was taken: behind says where it ends */
	uint64_t entries;
	uint64_t base_chain; /* behind the base's entry, as the base says */
	uint64_t proof; /* index of the entry that says what a majority made of the base; 0: none did */
	bool applies; /* the state is that behind `seen` */
	bool base_met; /* the base's entry was taken */
	bool base_made; /* of entries from the origin, the same one */
};

/* "OK", "ENOUGH", ... and one sentence. */
const char *wl_restore_verdict_name(enum wl_restore_verdict verdict);
const char *wl_restore_verdict_text(enum wl_restore_verdict verdict);

size_t wl_restore_memory_bytes(uint32_t sessions_max);
/* `memory` and the page stay the caller's, as long as it is used. */
void wl_restore_init(struct wl_restore *restore, const struct wl_restore_config *config,
		     void *memory);
/* What the backup's base is to be decoded into; NULL: its checksums alone are looked at. */
struct wl_state *wl_restore_base_state(struct wl_restore *restore);
/* The base was decoded. OTHER_BASE: it is not the one that the page names. Before any entry, where the page names one. */
enum wl_restore_verdict wl_restore_on_base(struct wl_restore *restore,
					   const struct wl_base_header *header);
/* The next entry, an image that wl_entry_decode accepted. What is neither OK nor ENOUGH is final. */
enum wl_restore_verdict wl_restore_take(struct wl_restore *restore, const uint8_t *image,
					const struct wl_entry_header *header);
/* All came. OK: a log of what was taken can be opened. */
enum wl_restore_verdict wl_restore_end(const struct wl_restore *restore);

/* A base of `seen` is to be written, at the page's base_index. */
static inline bool wl_restore_has_base(const struct wl_restore *restore)
{
	return restore->config.page->base_index != 0 && restore->base_met;
}

/* What has no base, or one that is known to be right. */
static inline bool wl_restore_is_proven(const struct wl_restore *restore)
{
	return !wl_restore_has_base(restore) || restore->base_made || restore->proof != 0;
}

/* NULL, or which invariant is broken. O(1). */
const char *wl_restore_check(const struct wl_restore *restore);

#endif

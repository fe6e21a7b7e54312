/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose data these are: what a superblock says against who opens it. Pure. Owner: the caller of all. [init]
 */
#ifndef WL_DATAPLANE_STORE_STORE_OWNER_H
#define WL_DATAPLANE_STORE_STORE_OWNER_H

#include "dataplane/base/members.h"
#include "dataplane/base/sentence.h"
#include "dataplane/log/superblock.h"

struct wl_store_owner { /* 0 or NULL: whatever it is */
	const uint8_t *cluster;
	uint32_t node, journal_count;
	wl_members voters;
	uint64_t segment_bytes;
	wl_features features; /* of the build that starts on them; only with `node` */
	uint64_t base_bytes; /* of the largest base that its limits can make; asked of a device only */
	bool restores; /* of unfinished data, and no others */
};

/*
 * 0, or STORE_DAMAGED, STORE_FOREIGN, STORE_GEOMETRY, STORE_DIVERGED, STORE_UNFINISHED, STORE_OCCUPIED, FEATURE_UNKNOWN with the difference in `why`. The list of nodes counts as much as the
 * segment size: a node that was given a shorter one by its file would find majorities that the others do not know, and
 * acknowledge what they never will. A device whose places for bases became too small for the limits could never give up a segment again. Data that a leader contradicted (divergence.h) are for looking at, not for a start.
 */
int wl_store_owner_check(const struct wl_superblock *superblock, const struct wl_store_owner *owner,
			 struct wl_sentence *why);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do the data of a peer remember what the peer once said? A vote counts only because its giver still holds every
 * entry that it acknowledged and knows every vote that it gave. A wiped disk and an old image restored know neither,
 * and nothing on the disk itself tells. So every node remembers of every peer, durably, the incarnation of its data
 * (random, made when the data directory was) and the newest boot that was proven:
 *
 *   another incarnation            the disk was wiped or replaced
 *   one boot under two epochs      the count of boots went back, and the disk with it
 *
 * Such a peer is suspect from that boot on: we take no vote from it and give it none. It is welcome as a follower, and
 * counts for commit with what it acknowledges from then on (a leader forgets the matches of earlier boots). It stops
 * being suspect when it was in step with a leader in that boot or a later one: its vote messages say so.
 *
 * A node that learns that others know a later boot of it (OUTLIVED) is such an image itself: agent.c.
 * What this cannot see: an image of the running boot, taken and restored before any other boot.
 *
 * Pure. Owner: control; the memory is part of the superblock record. [control]
 */
#ifndef WL_CONTROL_ROSTER_H
#define WL_CONTROL_ROSTER_H

#include <stdbool.h>

#include "dataplane/superblock.h"

enum wl_roster_news {
	WL_ROSTER_KNOWN, /* nothing changed */
	WL_ROSTER_NEW_BOOT, /* remember it durably, soon */
	WL_ROSTER_SUSPECT, /* the same, and tell the operator */
};

/* A boot of the peer was proven. `incarnation` 0: not told with it. */
enum wl_roster_news wl_roster_on_boot(struct wl_superblock_peer *peer, uint64_t epoch,
				      uint64_t incarnation);
/* May its votes in a journal count? `in_step_boot` is its own word, from the message that is judged. */
bool wl_roster_believes(const struct wl_superblock_peer *peer, uint64_t in_step_boot);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do the data of a peer remember what the peer once said? A vote counts only because its giver still holds every
 * entry that it acknowledged and knows every vote that it gave. A wiped disk and an old image restored know neither,
 * and nothing on the disk itself tells. So every node remembers of every peer, durably, the incarnation of its data
 * (random, made when the data directory was) and the newest boot that was proven:
 *
 *   another incarnation            the disk was wiped or replaced
 *   one boot under two boot ids      the count of boots went back, and the disk with it
 *
 * And a store without history knows it by itself: it was never caught up with a leader, and its log is empty. Such data are *held
 * back*: they neither vote nor campaign, their acknowledgements say that they do not count, and their word is `caught_up_boot` 0.
 *
 *   the first start of a cluster   every configured node said that it has no history either, and knows no other data of this node
 *   taken in                       a list of members that names them was committed without them, after a leader had noticed them, and they are
 *                                  caught up: dataplane/raft/replica_return.c has the argument
 *
 * Either is made durable as `caught_up_boot` before it is said. A node that others suspect learns it from their greetings (HELLO_REPLY).
 * We take no vote of a peer that was not caught up since its data went back, and give it none. Where the nodes that count are no
 * majority, nobody leads and everybody says so: only an operator could say which data are to be believed.
 *
 * This is the first half: what a node says of itself, and what peers remember. What decides is the list in the log, {id, incarnation}: of a
 * member that it names nothing counts that comes from other data, whatever those say (docs/SAFETY.md, rule 24).
 *
 * A node that learns that others know a later boot of it (ROLLED_BACK), or whose log has a list that names other data of it, is such an image
 * itself: agent_incarnations.c.
 * What this cannot see: an image of the running boot, taken and restored before any other boot.
 *
 * Pure. Owner: control; the memory is part of the superblock record. [control]
 */
#ifndef WL_CONTROL_AGENT_INCARNATIONS_H
#define WL_CONTROL_AGENT_INCARNATIONS_H

#include <stdbool.h>

#include "dataplane/log/superblock.h"

enum wl_incarnations_news {
	WL_INCARNATIONS_KNOWN, /* nothing changed */
	WL_INCARNATIONS_NEW_BOOT, /* remember it durably, soon */
	WL_INCARNATIONS_SUSPECT, /* the same, and tell the operator */
};

/* A boot of the peer was proven. `incarnation` 0: not told with it. */
enum wl_incarnations_news wl_incarnations_on_boot(struct wl_superblock_peer *peer, uint64_t boot_id,
						  uint64_t incarnation);
/* May its votes in a journal count? `caught_up_boot` is its own word, from the message that is judged; 0: it is held back. */
bool wl_incarnations_believes(const struct wl_superblock_peer *peer, uint64_t caught_up_boot);

#endif

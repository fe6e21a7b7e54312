/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which keys are in force, as the log of journal 0 says it, and what follows from it for a node or a client that holds some.
 *
 * A key is named by its id, 32 bits of a keyed hash of it (wire/auth.h). Who holds more than one has them oldest first, as the lines of
 * its key file. What a node does with them:
 *
 *                       is accepted                                  nodes send with
 *   nothing was said    what it holds                                its first
 *   SEND before, now    `before` and `now`                           `now`; who does not hold it, `before`
 *   REFUSE before, now  `now`, and what stands behind it in the file `now`
 *
 * Who does not hold `now` of a REFUSE has been left behind, or was given another key by hand, as all others: it uses what it has, but
 * never `before`. Elections are as safe under either key: nothing that is replicated depends on what stands here.
 *
 * Clients need not have a cluster's key. From each two more follow (wire/auth.h), which are all that their holder has: one gives the
 * right to append and to read, one to read. What is in force is said of the cluster's keys, and goes for those that follow from them.
 *
 *  K1  one thing follows the other: SEND follows nothing, or the REFUSE that put its `before` in force; REFUSE follows the SEND with its ids
 *  K2  no id is 0, and `before` is not `now`
 *
 * Pure. [any]
 */
#ifndef WL_DATAPLANE_BASE_KEYS_H
#define WL_DATAPLANE_BASE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define WL_KEYS_HELD_MAX 2u /* by one file */

/* What a key gives the right to: each includes what stands before it. Which messages need which: wire/messages.h. */
enum wl_right {
	WL_RIGHT_READ = 0,
	WL_RIGHT_APPEND,
	WL_RIGHT_CLUSTER, /* the cluster's own: of nodes, and of whom it was given to */
	WL_RIGHTS,
};

enum wl_keys_stage {
	WL_KEYS_NONE = 0,
	WL_KEYS_SEND = 1, /* nodes send with `now`, both are accepted */
	WL_KEYS_REFUSE = 2, /* `before` is not accepted any more */
};

struct wl_keys {
	uint64_t index; /* of the entry that says it; 0: none did */
	uint32_t before, now; /* ids */
	enum wl_keys_stage stage;
	/* Entry that removed a member, who still holds what was in force: a change of keys that began behind it is due. 0: none is. */
	uint64_t due;
};

struct wl_keys_held {
	uint32_t count;
	uint32_t id[WL_KEYS_HELD_MAX]; /* oldest first; 0 alone: frames are not authenticated */
};

/* K1 and K2: `next` may be what is said behind `keys`. Its index and what is due are not looked at. */
bool wl_keys_may_follow(const struct wl_keys *keys, const struct wl_keys *next);
/* Nothing was said, or K2 and a stage. */
bool wl_keys_are_possible(const struct wl_keys *keys);
/* Which of those that are held has this id; count: none. */
uint32_t wl_keys_find(const struct wl_keys_held *held, uint32_t id);
/* A frame under this key may be looked at. */
bool wl_keys_accept(const struct wl_keys *keys, const struct wl_keys_held *held, uint32_t id);
/* It is held, and was refused: who uses it can be told so, under it, and no more. */
bool wl_keys_refuse(const struct wl_keys *keys, const struct wl_keys_held *held, uint32_t id);
/* Which of those that are held a node sends with. Something is held. */
uint32_t wl_keys_send(const struct wl_keys *keys, const struct wl_keys_held *held);
/* "read", "append", "cluster". */
const char *wl_keys_right_name(enum wl_right right);
/* "none", "send", "refuse". */
const char *wl_keys_stage_name(enum wl_keys_stage stage);

#endif

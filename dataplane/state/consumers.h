/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checkpoints of named consumers: which record each has not consumed yet. They are part of the state (state.h): entries make, move and drop
 * them, and no trim passes the lowest one. A name is a checkpoint's while it stands; one that was dropped and made again is another one,
 * known by the index of the entry that made it.
 *
 *  What must hold of a table; wl_consumers_check looks at 1 alone (O(1)), wl_consumers_take at 2 to 4:
 *  1  there are WL_CONSUMERS_MAX at most, and the lowest checkpoint is known where there is one
 *  2  names are valid and rise: so the table is the same on all nodes, whatever came and went
 *  3  a checkpoint is a record's number that was given, or the next one, and not below the trim point
 *  4  it was made by an entry that is applied
 *
 * Pure. Owner: the state. [worker, wl-base]
 */
#ifndef WL_DATAPLANE_STATE_CONSUMERS_H
#define WL_DATAPLANE_STATE_CONSUMERS_H

#include "dataplane/base/consumer_name.h"

#define WL_CONSUMERS_AT_FIRST 64u /* of a journal */
#define WL_CONSUMERS_MAX 128u /* where the feature consumers-128 is in force (base/features.h) */

struct wl_consumer {
	char name[WL_CONSUMER_NAME_BYTES]; /* zeros behind it */
	uint64_t number; /* first record that it has not consumed; never falls */
	uint64_t made_index; /* of the entry that made it */
};

struct wl_consumer_table {
	uint64_t digest; /* of all of it; 0: empty */
	uint64_t lowest; /* checkpoint; UINT64_MAX: there is none */
	uint32_t count;
	struct wl_consumer consumers[WL_CONSUMERS_MAX]; /* by rising names */
};

void wl_consumers_init(struct wl_consumer_table *table);
/* NULL: there is none of that name (WL_CONSUMER_NAME_BYTES). */
const struct wl_consumer *wl_consumers_find(const struct wl_consumer_table *table,
					    const char *name);
/* One whose checkpoint is the lowest; NULL: there is none. */
const struct wl_consumer *wl_consumers_lowest(const struct wl_consumer_table *table);
/* What the entries ask (state.h). */
struct wl_consumer_set {
	const char *name; /* a valid one */
	uint64_t expects; /* index at which it was made; 0: any, and it is made where it is not there */
	uint64_t number; /* wished */
	uint64_t index; /* of the entry that asks */
	uint64_t least, most; /* what a checkpoint may be: trim point, next number */
	uint32_t places; /* so many may be there */
};
/* Never back; without an effect on one that was made elsewhere, or where the table is full. */
void wl_consumers_set(struct wl_consumer_table *table, const struct wl_consumer_set *asked);
/* With this number and made at that index; 0: any. */
void wl_consumers_drop(struct wl_consumer_table *table, const char *name, uint64_t number,
		       uint64_t made_index);
/* The next one of a table that is decoded: `expects` is where it was made, `index` the last applied one. False: it cannot stand behind
 * those that came, or is impossible, whatever the name's bytes. */
bool wl_consumers_take(struct wl_consumer_table *table, const struct wl_consumer_set *consumer);
bool wl_consumers_check(const struct wl_consumer_table *table);

#endif

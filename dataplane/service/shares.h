/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a leader's log one client may have that is not committed. Everybody's appends wait for the same sends and the same
 * durable writes: what one client piles up there is time that the others wait. Alone it may have WL_SHARE_ALONE_BYTES; beside
 * others who appended within WL_SHARE_MEMORY_NS, WL_SHARE_BYTES. What is beyond it is refused as BACK_PRESSURE and comes
 * again. One record is always taken from who has nothing there, however large it is.
 *
 * Bytes are counted in two generations. When all that the older one holds is committed it is emptied and becomes the younger
 * one; so a byte is given back one or two commits after it came, no queue is kept, and none can be full. Clients of one hash
 * share one count.
 *
 * Pure. Owner: a journal's client service. [worker]
 */
#ifndef WL_DATAPLANE_SERVICE_SHARES_H
#define WL_DATAPLANE_SERVICE_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/limits.h"

#define WL_SHARES 1024u /* hashes of clients */
#define WL_SHARE_MEMORY_NS 10000000000u

struct wl_shares {
	uint32_t bytes[2][WL_SHARES];
	unsigned young; /* which of them takes new bytes */
	uint64_t old_index, young_index; /* the last entry that each has bytes of */
	/* Who appended last, and who did so last among the others. */
	uint32_t newest, other;
	uint64_t newest_ns, other_ns;
};

void wl_shares_reset(struct wl_shares *shares);
/* `share`: the client's hash, below WL_SHARES. */
bool wl_shares_has_room(const struct wl_shares *shares, uint32_t share, uint32_t bytes,
			uint64_t now_ns);
/* So many bytes of it are in the entry `index`, which is not below any before. */
void wl_shares_add(struct wl_shares *shares, uint32_t share, uint32_t bytes, uint64_t index,
		   uint64_t now_ns);
/* Everything up to `index` is committed. */
void wl_shares_commit(struct wl_shares *shares, uint64_t index);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/remote.h"

#include <string.h>

#include "dataplane/check.h"

#define PROBES 64u /* places looked at for one identity: bounds the work of a full table */

size_t wl_remote_table_memory_bytes(uint32_t slot_count)
{
	return slot_count * sizeof(struct wl_remote);
}

void wl_remote_table_init(struct wl_remote_table *table, void *memory, uint32_t slot_count)
{
	WL_CHECK(slot_count != 0 && (slot_count & (slot_count - 1)) == 0);
	table->slots = memory;
	table->slot_count = slot_count;
	table->used = 0;
	table->challenge_floor_ns = 0;
	for (uint32_t at = 0; at < slot_count; at++)
		table->slots[at].identity = 0;
}

static uint32_t home_of(const struct wl_remote_table *table, wl_identity identity)
{
	return (identity * 0x9e3779b1u >> 7) & (table->slot_count - 1);
}

static uint32_t probes_of(const struct wl_remote_table *table)
{
	return table->slot_count < PROBES ? table->slot_count : PROBES;
}

/* Slots are reused but never emptied, so a free slot ends the search. */
struct wl_remote *wl_remote_table_find(struct wl_remote_table *table, wl_identity identity)
{
	uint32_t home = home_of(table, identity);

	for (uint32_t step = 0; step < probes_of(table); step++) {
		struct wl_remote *slot = &table->slots[(home + step) & (table->slot_count - 1)];

		if (slot->identity == identity)
			return slot;
		if (slot->identity == 0)
			return NULL;
	}
	return NULL;
}

struct wl_remote *wl_remote_table_add(struct wl_remote_table *table, wl_identity identity,
				      uint64_t now_ns, uint64_t idle_ns)
{
	uint32_t home = home_of(table, identity);
	struct wl_remote *chosen = NULL;

	for (uint32_t step = 0; step < probes_of(table); step++) {
		struct wl_remote *slot = &table->slots[(home + step) & (table->slot_count - 1)];

		if (slot->identity == 0) {
			if (!chosen) {
				chosen = slot;
				table->used++;
			}
			break;
		}
		if (now_ns - slot->last_heard_ns > idle_ns &&
		    (!chosen || slot->last_heard_ns < chosen->last_heard_ns))
			chosen = slot;
	}
	if (!chosen)
		return NULL;
	if (chosen->identity != 0)
		wl_remote_forget(table, chosen);
	memset(chosen, 0, offsetof(struct wl_remote, key));
	wl_replay_init(&chosen->replay);
	chosen->identity = identity;
	chosen->last_heard_ns = now_ns;
	chosen->admitted_ns = now_ns;
	return chosen;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bases on their way from node to node. Only the replicated part travels; places in the stream are each node's own. The server cuts it out
 * of the blocks of its file; the receiver's base maker takes it in, proves it by the digest that a majority made, and writes a base of its
 * own from it, which begins a stream of its own (struct wl_log_base, installed).
 *
 * Pure. The thread that drives the maker.
 */
#ifndef WL_DATAPLANE_STATE_BASE_PART_H
#define WL_DATAPLANE_STATE_BASE_PART_H

#include "dataplane/state/base_maker.h"

/* What a peer says of a base: all that is not in the replicated part. */
struct wl_base_offer {
	struct wl_position position; /* the entry that it stands at */
	uint64_t chain;
	uint64_t digest; /* that a majority made */
	uint64_t total; /* bytes of the replicated part */
};

/* Blocks of the file to be read for the part from `offset` on: *at and the returned bytes, at most `room`. `offset` is below the total. */
uint32_t wl_base_part_place(const struct wl_base_header *header, uint64_t offset, uint32_t room,
			    uint64_t *at);
/* Those blocks, read: the part goes to `to`. Returns its bytes; 0: a block is not whole, or not of this base. `to` may be `blocks`. */
uint32_t wl_base_part_take(const struct wl_base_header *header, uint64_t offset,
			   const uint8_t *blocks, uint32_t bytes, uint8_t *to);
void wl_base_part_offer(const struct wl_base_header *header, struct wl_base_offer *offer);

/*
 * A peer's base is taken in: what the maker has applied makes room for it. False: it is writing or removing one of its own; later. From here
 * on it rests until wl_base_install_write, or wl_base_maker_init begins anew.
 */
bool wl_base_install_begin(struct wl_base_maker *maker, const struct wl_base_offer *offer);
/* The next bytes of the replicated part. False: no node that keeps the rules made them. */
bool wl_base_install_take(struct wl_base_maker *maker, const uint8_t *from, size_t bytes);
/* All came, and are what the digest says: maker->applied is State(offer.position.index). */
bool wl_base_install_is_right(struct wl_base_maker *maker);
/* It is taken in, and not written yet. */
bool wl_base_install_is_ready(const struct wl_base_maker *maker);
/* Then: the base that it makes of our log, whose stream goes on at `walk_offset`. Durable when the maker has left its WRITE phase and
 * wl_base_install_is_written. False: impossible. */
bool wl_base_install_write(struct wl_base_maker *maker, uint64_t walk_offset,
			   uint64_t first_segment);
/* Nothing more is to be done for it. */
bool wl_base_install_is_over(const struct wl_base_maker *maker);
bool wl_base_install_is_written(const struct wl_base_maker *maker);

#endif

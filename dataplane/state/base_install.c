/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receiver's half: the base maker takes in what a peer made. Nothing is believed before all of it is there and its digest is the one
 * that a majority made; then a base of this node is made of it, whose log begins there and holds nothing yet.
 */
#include "dataplane/base/check.h"
#include "dataplane/base/crc.h"
#include "dataplane/state/base_internal.h"
#include "dataplane/state/base_part.h"
#include "dataplane/state/maker_internal.h"

bool wl_base_install_begin(struct wl_base_maker *maker, const struct wl_base_offer *offer)
{
	if (maker->phase == WL_BASE_PHASE_WRITE || maker->phase == WL_BASE_PHASE_LOOK ||
	    maker->phase == WL_BASE_PHASE_REMOVE || maker->phase == WL_BASE_PHASE_CLEAR)
		return false;
	/* Without its places it does not know which one may be written over. */
	if (maker->phase == WL_BASE_PHASE_LOAD)
		return false;
	wl_base_maker_take_window(maker);
	wl_base_maker_empty(maker);
	maker->install = (struct wl_base_install){
		.position = offer->position,
		.chain = offer->chain,
		.digest = offer->digest,
		.left = offer->total,
	};
	wl_state_decode_begin(&maker->install.coding, &maker->applied);
	maker->phase = WL_BASE_PHASE_INSTALL;
	maker->state = WL_BASE_MAKER_IDLE;
	maker->stop = WL_BASE_STOP_NONE;
	return true;
}

bool wl_base_install_take(struct wl_base_maker *maker, const uint8_t *from, size_t bytes)
{
	struct wl_base_install *install = &maker->install;

	WL_CHECK(maker->phase == WL_BASE_PHASE_INSTALL);
	if (bytes > install->left || !wl_state_decode(&maker->install.coding, from, bytes))
		return false;
	install->crc = wl_crc64(install->crc, from, bytes);
	install->left -= bytes;
	return true;
}

static void describe(const struct wl_base_maker *maker, uint64_t walk_offset,
		     struct wl_log_base *base)
{
	const struct wl_base_install *install = &maker->install;

	*base = (struct wl_log_base){
		.position = install->position,
		.chain = install->chain,
		.next_number = maker->applied.next_number,
		.timestamp_ns = maker->applied.last_timestamp_ns,
		.walk_offset = walk_offset,
		.mark_bytes = WL_LOG_MARK_BYTES,
		.installed = true,
	};
	base->begin = (struct wl_log_begin){
		.position = base->position,
		.chain = base->chain,
		.next_number = base->next_number,
		.timestamp_ns = base->timestamp_ns,
		.offset = walk_offset,
	};
}

bool wl_base_install_is_right(struct wl_base_maker *maker)
{
	const struct wl_base_install *install = &maker->install;
	struct wl_log_base base;

	WL_CHECK(maker->phase == WL_BASE_PHASE_INSTALL);
	describe(maker, 0, &base);
	return install->left == 0 && wl_state_decode_end(&maker->install.coding) &&
	       maker->applied.sessions.applied_index == install->position.index &&
	       wl_base_seal_digest(install->crc, &base) == install->digest &&
	       wl_state_check(&maker->applied) == NULL;
}

bool wl_base_install_write(struct wl_base_maker *maker, uint64_t walk_offset,
			   uint64_t first_segment)
{
	struct wl_log_base base;

	WL_CHECK(maker->phase == WL_BASE_PHASE_INSTALL);
	WL_CHECK(maker->install.left == 0 && walk_offset % WL_BLOCK_BYTES == 0);
	describe(maker, walk_offset, &base);
	if (!wl_log_restore(&maker->log, &base) || !wl_log_restore_end(&maker->log, first_segment))
		return false;
	WL_CHECK(maker->log.tail.index == maker->applied.sessions.applied_index);
	maker->walks = false;
	maker->pause_offset = walk_offset;
	maker->loaded_index = base.position.index;
	maker->target = (struct wl_base_limit){0};
	wl_base_maker_read_on(maker);
	wl_base_write_install(maker, &base);
	return true;
}

bool wl_base_install_is_ready(const struct wl_base_maker *maker)
{
	return maker->phase == WL_BASE_PHASE_INSTALL;
}

bool wl_base_install_is_over(const struct wl_base_maker *maker)
{
	return maker->phase == WL_BASE_PHASE_APPLY || maker->state == WL_BASE_MAKER_WANTS_REST ||
	       maker->phase == WL_BASE_PHASE_STOPPED;
}

bool wl_base_install_is_written(const struct wl_base_maker *maker)
{
	const struct wl_base_maker_place *place = &maker->places[maker->place];

	WL_CHECK(maker->place < WL_BASE_PLACES);
	return maker->phase == WL_BASE_PHASE_APPLY && place->whole &&
	       place->index == maker->install.position.index &&
	       place->digest == maker->install.digest;
}

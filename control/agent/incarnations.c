/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent/incarnations.h"

#include "dataplane/transport/remote.h"

static bool suspect(struct wl_superblock_peer *peer, uint64_t boot)
{
	if (peer->suspect_boot >= boot)
		return false;
	peer->suspect_boot = boot;
	return true;
}

enum wl_incarnations_news wl_incarnations_on_boot(struct wl_superblock_peer *peer, uint64_t boot_id,
						  uint64_t incarnation)
{
	uint64_t boot = wl_remote_boot_of(boot_id);
	enum wl_incarnations_news news = WL_INCARNATIONS_KNOWN;

	if (peer->boot_id != 0 && boot_id != peer->boot_id &&
	    boot == wl_remote_boot_of(peer->boot_id))
		return suspect(peer, boot) ? WL_INCARNATIONS_SUSPECT : WL_INCARNATIONS_KNOWN;
	if (boot_id < peer->boot_id)
		return WL_INCARNATIONS_KNOWN;
	if (boot_id > peer->boot_id) {
		peer->boot_id = boot_id;
		news = WL_INCARNATIONS_NEW_BOOT;
	}
	if (incarnation == 0 || incarnation == peer->incarnation)
		return news;
	if (peer->incarnation != 0) {
		/* Caught up in any boot of the new data will do. */
		suspect(peer, 1);
		news = WL_INCARNATIONS_SUSPECT;
	} else if (news == WL_INCARNATIONS_KNOWN) {
		news = WL_INCARNATIONS_NEW_BOOT;
	}
	peer->incarnation = incarnation;
	return news;
}

bool wl_incarnations_believes(const struct wl_superblock_peer *peer, uint64_t caught_up_boot)
{
	return caught_up_boot != 0 && caught_up_boot >= peer->suspect_boot;
}

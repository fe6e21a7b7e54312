/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/agent/roster.h"

#include "dataplane/transport/remote.h"

static bool suspect(struct wl_superblock_peer *peer, uint64_t boot)
{
	if (peer->suspect_boot >= boot)
		return false;
	peer->suspect_boot = boot;
	return true;
}

enum wl_roster_news wl_roster_on_boot(struct wl_superblock_peer *peer, uint64_t epoch,
				      uint64_t incarnation)
{
	uint64_t boot = wl_remote_boot_of(epoch);
	enum wl_roster_news news = WL_ROSTER_KNOWN;

	if (peer->epoch != 0 && epoch != peer->epoch && boot == wl_remote_boot_of(peer->epoch))
		return suspect(peer, boot) ? WL_ROSTER_SUSPECT : WL_ROSTER_KNOWN;
	if (epoch < peer->epoch)
		return WL_ROSTER_KNOWN;
	if (epoch > peer->epoch) {
		peer->epoch = epoch;
		news = WL_ROSTER_NEW_BOOT;
	}
	if (incarnation == 0 || incarnation == peer->incarnation)
		return news;
	if (peer->incarnation != 0) {
		/* In step in any boot of the new data will do. */
		suspect(peer, 1);
		news = WL_ROSTER_SUSPECT;
	} else if (news == WL_ROSTER_KNOWN) {
		news = WL_ROSTER_NEW_BOOT;
	}
	peer->incarnation = incarnation;
	return news;
}

bool wl_roster_believes(const struct wl_superblock_peer *peer, uint64_t in_step_boot)
{
	return in_step_boot != 0 && in_step_boot >= peer->suspect_boot;
}

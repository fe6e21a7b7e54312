/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/plane.h"

#include "dataplane/base/check.h"

/* One ring stands behind another, and what was never told is fenced. */
WL_STATIC_CHECK(sizeof(struct wl_plane_message) % alignof(struct wl_punt) == 0);
WL_STATIC_CHECK(sizeof(struct wl_punt) % 8 == 0 && sizeof(struct wl_plane_message) % 8 == 0);
WL_STATIC_CHECK(WL_ROLE_FENCED == 0);
/* A message says by its verb which way it goes. */
WL_STATIC_CHECK(WL_PLANE_USE_KEYS < WL_PLANE_FENCED);

size_t wl_plane_rings_memory_bytes(void)
{
	return 2 * (WL_PLANE_SLOTS * sizeof(struct wl_plane_message) +
		    WL_PUNT_SLOTS * sizeof(struct wl_punt));
}

void wl_plane_rings_init(struct wl_plane_rings *plane, void *memory)
{
	uint8_t *at = memory;

	wl_ring_init(&plane->down, at, sizeof(struct wl_plane_message), WL_PLANE_SLOTS);
	at += WL_PLANE_SLOTS * sizeof(struct wl_plane_message);
	wl_ring_init(&plane->up, at, sizeof(struct wl_plane_message), WL_PLANE_SLOTS);
	at += WL_PLANE_SLOTS * sizeof(struct wl_plane_message);
	wl_ring_init(&plane->punt_down, at, sizeof(struct wl_punt), WL_PUNT_SLOTS);
	at += WL_PUNT_SLOTS * sizeof(struct wl_punt);
	wl_ring_init(&plane->punt_up, at, sizeof(struct wl_punt), WL_PUNT_SLOTS);
	at += WL_PUNT_SLOTS * sizeof(struct wl_punt);
	WL_CHECK(at == (uint8_t *)memory + wl_plane_rings_memory_bytes());
	atomic_init(&plane->worker_turn_ns, 0);
	atomic_init(&plane->control_turn_ns, 0);
}

const char *wl_plane_verb_name(enum wl_plane_verb verb)
{
	static const char *const names[] = {
		[WL_PLANE_FENCE] = "FENCE",
		[WL_PLANE_LEAD] = "LEAD",
		[WL_PLANE_FOLLOW] = "FOLLOW",
		[WL_PLANE_TRANSFER] = "TRANSFER",
		[WL_PLANE_NEIGHBOUR] = "NEIGHBOUR",
		[WL_PLANE_STOP] = "STOP",
		[WL_PLANE_RESUME] = "RESUME",
		[WL_PLANE_HOLD_BACK] = "HOLD_BACK",
		[WL_PLANE_COUNT] = "COUNT",
		[WL_PLANE_ASK] = "ASK",
		[WL_PLANE_COMPARE] = "COMPARE",
		[WL_PLANE_SET] = "SET",
		[WL_PLANE_USE_KEYS] = "USE_KEYS",
		[WL_PLANE_KEYS] = "KEYS",
		[WL_PLANE_FENCED] = "FENCED",
		[WL_PLANE_SAW_TERM] = "SAW_TERM",
		[WL_PLANE_LEADER_HEARD] = "LEADER_HEARD",
		[WL_PLANE_TERM_COMMITTED] = "TERM_COMMITTED",
		[WL_PLANE_TRANSFER_READY] = "TRANSFER_READY",
		[WL_PLANE_STALLED] = "STALLED",
		[WL_PLANE_POISONED] = "POISONED",
		[WL_PLANE_STOPPED] = "STOPPED",
		[WL_PLANE_PATH] = "PATH",
		[WL_PLANE_TWIN] = "TWIN",
		[WL_PLANE_OWN_TWIN] = "OWN_TWIN",
		[WL_PLANE_REFUSED] = "REFUSED",
		[WL_PLANE_HISTORY] = "HISTORY",
		[WL_PLANE_PEER_HISTORY] = "PEER_HISTORY",
		[WL_PLANE_PEER_DIFFERS] = "PEER_DIFFERS",
		[WL_PLANE_PEER_BOOT] = "PEER_BOOT",
		[WL_PLANE_ROLLED_BACK] = "ROLLED_BACK",
		[WL_PLANE_PEER_APART] = "PEER_APART",
		[WL_PLANE_DIVERGED] = "DIVERGED",
		[WL_PLANE_LIST] = "LIST",
		[WL_PLANE_PEER_BUILD] = "PEER_BUILD",
		[WL_PLANE_PEER_LACKS] = "PEER_LACKS",
		[WL_PLANE_FEATURES] = "FEATURES",
		[WL_PLANE_CAUGHT_UP] = "CAUGHT_UP",
		[WL_PLANE_WANTS_TRANSFER] = "WANTS_TRANSFER",
	};

	if ((unsigned)verb >= sizeof(names) / sizeof(names[0]) || !names[verb])
		return "unknown";
	return names[verb];
}

const char *wl_plane_role_name(enum wl_role role)
{
	static const char *const names[] = {"fenced", "follower", "leader"};
	WL_STATIC_CHECK(sizeof(names) / sizeof(names[0]) == WL_ROLE_LEADER + 1);

	return (unsigned)role < 3 ? names[role] : "unknown";
}

const char *wl_plane_stall_name(enum wl_stall_reason reason)
{
	switch (reason) {
	case WL_STALL_DISK:
		return "disk";
	case WL_STALL_QUORUM:
		return "quorum";
	case WL_STALL_NO_SPACE:
		return "no_space";
	case WL_STALL_COMMIT:
		return "commit";
	case WL_STALL_CONTROL:
		return "control";
	case WL_STALL_LEAVES:
		return "leaves";
	}
	return "unknown";
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/plane.h"

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
	atomic_init(&plane->worker_turn_ns, 0);
	atomic_init(&plane->control_turn_ns, 0);
}

/* long: a case for each verb */
const char *wl_plane_verb_name(enum wl_plane_verb verb)
{
	switch (verb) {
	case WL_PLANE_FENCE:
		return "FENCE";
	case WL_PLANE_LEAD:
		return "LEAD";
	case WL_PLANE_FOLLOW:
		return "FOLLOW";
	case WL_PLANE_TRANSFER:
		return "TRANSFER";
	case WL_PLANE_NEIGHBOUR:
		return "NEIGHBOUR";
	case WL_PLANE_STOP:
		return "STOP";
	case WL_PLANE_RESUME:
		return "RESUME";
	case WL_PLANE_HOLD_BACK:
		return "HOLD_BACK";
	case WL_PLANE_COUNT:
		return "COUNT";
	case WL_PLANE_ASK:
		return "ASK";
	case WL_PLANE_COMPARE:
		return "COMPARE";
	case WL_PLANE_SET:
		return "SET";
	case WL_PLANE_FENCED:
		return "FENCED";
	case WL_PLANE_SAW_TERM:
		return "SAW_TERM";
	case WL_PLANE_LEADER_HEARD:
		return "LEADER_HEARD";
	case WL_PLANE_TERM_COMMITTED:
		return "TERM_COMMITTED";
	case WL_PLANE_TRANSFER_READY:
		return "TRANSFER_READY";
	case WL_PLANE_STALLED:
		return "STALLED";
	case WL_PLANE_POISONED:
		return "POISONED";
	case WL_PLANE_STOPPED:
		return "STOPPED";
	case WL_PLANE_PATH:
		return "PATH";
	case WL_PLANE_TWIN:
		return "TWIN";
	case WL_PLANE_OWN_TWIN:
		return "OWN_TWIN";
	case WL_PLANE_REFUSED:
		return "REFUSED";
	case WL_PLANE_HISTORY:
		return "HISTORY";
	case WL_PLANE_PEER_HISTORY:
		return "PEER_HISTORY";
	case WL_PLANE_PEER_DIFFERS:
		return "PEER_DIFFERS";
	case WL_PLANE_PEER_BOOT:
		return "PEER_BOOT";
	case WL_PLANE_ROLLED_BACK:
		return "ROLLED_BACK";
	case WL_PLANE_PEER_APART:
		return "PEER_APART";
	case WL_PLANE_DIVERGED:
		return "DIVERGED";
	case WL_PLANE_LIST:
		return "LIST";
	case WL_PLANE_CAUGHT_UP:
		return "CAUGHT_UP";
	case WL_PLANE_WANTS_TRANSFER:
		return "WANTS_TRANSFER";
	}
	return "unknown";
}

const char *wl_role_name(enum wl_role role)
{
	static const char *const names[] = {"fenced", "follower", "leader"};

	return (unsigned)role < 3 ? names[role] : "unknown";
}

const char *wl_stall_reason_name(enum wl_stall_reason reason)
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

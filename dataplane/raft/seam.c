/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/raft/seam.h"

size_t wl_seam_memory_bytes(void)
{
	return 2 * (WL_SEAM_SLOTS * sizeof(struct wl_seam_message) +
		    WL_PUNT_SLOTS * sizeof(struct wl_punt));
}

void wl_seam_init(struct wl_seam *seam, void *memory)
{
	uint8_t *at = memory;

	wl_ring_init(&seam->down, at, sizeof(struct wl_seam_message), WL_SEAM_SLOTS);
	at += WL_SEAM_SLOTS * sizeof(struct wl_seam_message);
	wl_ring_init(&seam->up, at, sizeof(struct wl_seam_message), WL_SEAM_SLOTS);
	at += WL_SEAM_SLOTS * sizeof(struct wl_seam_message);
	wl_ring_init(&seam->punt_down, at, sizeof(struct wl_punt), WL_PUNT_SLOTS);
	at += WL_PUNT_SLOTS * sizeof(struct wl_punt);
	wl_ring_init(&seam->punt_up, at, sizeof(struct wl_punt), WL_PUNT_SLOTS);
	atomic_init(&seam->worker_turn_ns, 0);
	atomic_init(&seam->control_turn_ns, 0);
}

const char *wl_seam_verb_name(enum wl_seam_verb verb)
{
	switch (verb) {
	case WL_SEAM_FENCE:
		return "FENCE";
	case WL_SEAM_LEAD:
		return "LEAD";
	case WL_SEAM_FOLLOW:
		return "FOLLOW";
	case WL_SEAM_HAND_OVER:
		return "HAND_OVER";
	case WL_SEAM_NEIGHBOUR:
		return "NEIGHBOUR";
	case WL_SEAM_STOP:
		return "STOP";
	case WL_SEAM_RESUME:
		return "RESUME";
	case WL_SEAM_HOLD_BACK:
		return "HOLD_BACK";
	case WL_SEAM_COUNT:
		return "COUNT";
	case WL_SEAM_FENCED:
		return "FENCED";
	case WL_SEAM_SAW_TERM:
		return "SAW_TERM";
	case WL_SEAM_LEADER_HEARD:
		return "LEADER_HEARD";
	case WL_SEAM_TERM_COMMITTED:
		return "TERM_COMMITTED";
	case WL_SEAM_HAND_OVER_READY:
		return "HAND_OVER_READY";
	case WL_SEAM_STALLED:
		return "STALLED";
	case WL_SEAM_POISONED:
		return "POISONED";
	case WL_SEAM_STOPPED:
		return "STOPPED";
	case WL_SEAM_PATH:
		return "PATH";
	case WL_SEAM_TWIN:
		return "TWIN";
	case WL_SEAM_OWN_TWIN:
		return "OWN_TWIN";
	case WL_SEAM_REFUSED:
		return "REFUSED";
	case WL_SEAM_PEER_DIFFERS:
		return "PEER_DIFFERS";
	case WL_SEAM_PEER_BOOT:
		return "PEER_BOOT";
	case WL_SEAM_OUTLIVED:
		return "OUTLIVED";
	case WL_SEAM_PEER_APART:
		return "PEER_APART";
	case WL_SEAM_DIVERGED:
		return "DIVERGED";
	case WL_SEAM_IN_STEP:
		return "IN_STEP";
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
	}
	return "unknown";
}

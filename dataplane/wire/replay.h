/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A sliding window over a sender's sequences (the method of RFC 6479): a sequence is accepted
 * once, and only within WL_REPLAY_WINDOW of the highest one accepted. Pure. [worker]
 */
#ifndef WL_DATAPLANE_WIRE_REPLAY_H
#define WL_DATAPLANE_WIRE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/base/limits.h"

struct wl_replay {
	uint64_t highest;
	uint64_t bitmap[WL_REPLAY_WINDOW / 64 + 1];
};

void wl_replay_init(struct wl_replay *replay);
/* As if all below `sequence` had been seen: what is known to be fresh comes later. */
void wl_replay_init_at(struct wl_replay *replay, uint64_t sequence);
/* True the first time that `sequence` (>= 1) is seen inside the window; marks it. */
bool wl_replay_accept(struct wl_replay *replay, uint64_t sequence);

/* Whether wl_replay_accept would be true now; marks nothing. */
bool wl_replay_is_new(const struct wl_replay *replay, uint64_t sequence);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/replay.h"

#include <string.h>

#define WORDS                    \
	(WL_REPLAY_WINDOW / 64 + \
	 1) /* one word more than the window: the newest may be half filled */

void wl_replay_init(struct wl_replay *replay)
{
	memset(replay, 0, sizeof(*replay));
}

void wl_replay_init_at(struct wl_replay *replay, uint64_t sequence)
{
	uint64_t highest = sequence - 1;

	memset(replay->bitmap, 0xff, sizeof(replay->bitmap));
	/* Of its own word only what is not above it: the words behind are cleared when it moves on. */
	replay->bitmap[highest / 64 % WORDS] = UINT64_MAX >> (63 - highest % 64);
	replay->highest = highest;
}

bool wl_replay_is_new(const struct wl_replay *replay, uint64_t sequence)
{
	if (sequence > replay->highest)
		return true;
	return sequence != 0 && replay->highest - sequence < WL_REPLAY_WINDOW &&
	       !(replay->bitmap[sequence / 64 % WORDS] & 1ull << sequence % 64);
}

bool wl_replay_accept(struct wl_replay *replay, uint64_t sequence)
{
	uint64_t word = sequence / 64, bit = 1ull << sequence % 64;

	if (!wl_replay_is_new(replay, sequence))
		return false;
	if (sequence > replay->highest) {
		uint64_t newest = replay->highest / 64;
		uint64_t steps = word - newest < WORDS ? word - newest : WORDS;

		/* Words that come into the window were used for older sequences. */
		for (uint64_t step = 1; step <= steps; step++)
			replay->bitmap[(newest + step) % WORDS] = 0;
		replay->highest = sequence;
	}
	replay->bitmap[word % WORDS] |= bit;
	return true;
}

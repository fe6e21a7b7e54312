/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/siphash.h"

#include "dataplane/base/bytes.h"

#define ROUNDS_OF_WORD 2u
#define ROUNDS_AT_END 4u

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t turned(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void mix(struct state *state, unsigned rounds)
{
	while (rounds-- > 0) {
		state->v0 += state->v1;
		state->v2 += state->v3;
		state->v1 = turned(state->v1, 13) ^ state->v0;
		state->v3 = turned(state->v3, 16) ^ state->v2;
		state->v0 = turned(state->v0, 32) + state->v3;
		state->v2 += state->v1;
		state->v1 = turned(state->v1, 17) ^ state->v2;
		state->v3 = turned(state->v3, 21) ^ state->v0;
		state->v2 = turned(state->v2, 32);
	}
}

static void take(struct state *state, uint64_t word)
{
	state->v3 ^= word;
	mix(state, ROUNDS_OF_WORD);
	state->v0 ^= word;
}

uint64_t wl_siphash(const uint8_t key[WL_SIPHASH_KEY_BYTES], const uint8_t *from, size_t size)
{
	uint64_t low = wl_load_u64(key), high = wl_load_u64(key + 8), last = (uint64_t)size << 56;
	struct state state = {
		low ^ 0x736f6d6570736575u,
		high ^ 0x646f72616e646f6du,
		low ^ 0x6c7967656e657261u,
		high ^ 0x7465646279746573u,
	};
	size_t at = 0;

	for (; at + 8 <= size; at += 8)
		take(&state, wl_load_u64(from + at));
	for (unsigned bits = 0; at < size; at++, bits += 8)
		last |= (uint64_t)from[at] << bits;
	take(&state, last);
	state.v2 ^= 0xff;
	mix(&state, ROUNDS_AT_END);
	return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chance for the simulator: one 64-bit seed gives independent streams, one for each node and
 * component, so that one more draw in one place does not change another place. (splitmix64 and
 * xoshiro256**, public domain algorithms by Blackman and Vigna.)
 */
#ifndef WL_TESTS_SIM_RANDOM_H
#define WL_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
	uint64_t state[4];
};

static inline uint64_t sim_random_mix(uint64_t *counter)
{
	uint64_t z = *counter += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline void sim_random_init(struct sim_random *random, uint64_t seed, uint64_t stream)
{
	uint64_t counter = seed * 0xd1342543de82ef95u + stream;

	for (unsigned word = 0; word < 4; word++)
		random->state[word] = sim_random_mix(&counter);
}

static inline uint64_t sim_random_next(struct sim_random *random)
{
	uint64_t *s = random->state;
	uint64_t result = s[1] * 5, t = s[1] << 17;

	result = (result << 7 | result >> 57) * 9;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return result;
}

/* 0 .. below - 1; 0 when below is 0. The bias is far below what a test could see. */
static inline uint64_t sim_random_below(struct sim_random *random, uint64_t below)
{
	return below ? (uint64_t)((unsigned __int128)sim_random_next(random) * below >> 64) : 0;
}

static inline uint64_t sim_random_between(struct sim_random *random, uint64_t low, uint64_t high)
{
	return low + sim_random_below(random, high - low + 1);
}

/* True with a chance of per_million / 1,000,000. */
static inline bool sim_random_chance(struct sim_random *random, uint32_t per_million)
{
	return sim_random_below(random, 1000000) < per_million;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records that say who wrote them and that can be made again from that: what loader appends and checker
 * recognises.
 *
 *	0 u32 'E2EL'   4 u32 size   8 u64 run   16 u64 sequence   24 pattern up to size
 *
 * Little endian, as every machine that DPDK runs these tests on.
 */
#ifndef WL_TESTS_E2E_PAYLOAD_H
#define WL_TESTS_E2E_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "wirelog/limits.h"

#define PAYLOAD_MAGIC 0x4c453245u
#define PAYLOAD_HEADER_BYTES 24u

static inline uint64_t payload_mix(uint64_t value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdu;
	value ^= value >> 33;
	value *= 0xc4ceb9fe1a85ec53u;
	return value ^ value >> 33;
}

static inline void payload_make(uint8_t *to, uint32_t size, uint64_t run, uint64_t sequence)
{
	uint32_t magic = PAYLOAD_MAGIC;
	uint64_t state = payload_mix(run ^ payload_mix(sequence ^ size));

	memcpy(to, &magic, 4);
	memcpy(to + 4, &size, 4);
	memcpy(to + 8, &run, 8);
	memcpy(to + 16, &sequence, 8);
	for (uint32_t at = PAYLOAD_HEADER_BYTES; at < size; at++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		to[at] = (uint8_t)(state >> 56);
	}
}

static inline bool payload_is_ours(const uint8_t *from, size_t size)
{
	uint32_t magic;

	if (size < PAYLOAD_HEADER_BYTES)
		return false;
	memcpy(&magic, from, 4);
	return magic == PAYLOAD_MAGIC;
}

/* FNV-1a: two programs compare what they saw by one number. */
static inline uint64_t payload_hash(uint64_t hash, const uint8_t *from, size_t size)
{
	for (size_t at = 0; at < size; at++)
		hash = (hash ^ from[at]) * 0x100000001b3u;
	return hash;
}

#define PAYLOAD_HASH_BEGIN 0xcbf29ce484222325u

#endif

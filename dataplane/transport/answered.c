/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/transport/answered.h"

#include <string.h>

#include "dataplane/base/bytes.h"

#define HASHES 4u /* each of 16 bits of one hash */

_Static_assert(WL_ANSWERED_BITS <= 1u << 16 && (WL_ANSWERED_BITS & (WL_ANSWERED_BITS - 1)) == 0,
	       "a hash names any bit");

static uint64_t bit_of(uint64_t hash, unsigned which)
{
	return hash >> 16 * which & (WL_ANSWERED_BITS - 1);
}

static bool has(const uint64_t *bits, uint64_t hash)
{
	for (unsigned which = 0; which < HASHES; which++) {
		uint64_t bit = bit_of(hash, which);

		if (!(bits[bit / 64] & 1ull << bit % 64))
			return false;
	}
	return true;
}

static uint64_t hash_of(uint32_t sender, uint64_t boot_id, uint64_t sequence)
{
	return wl_mix_u64(wl_mix_u64(wl_mix_u64(sender) ^ boot_id) ^ sequence);
}

static bool is_new(const struct wl_answered *answered, uint64_t hash)
{
	return !has(answered->bits[0], hash) && !has(answered->bits[1], hash);
}

bool wl_answered_is_new(const struct wl_answered *answered, uint32_t sender, uint64_t boot_id,
			uint64_t sequence)
{
	return is_new(answered, hash_of(sender, boot_id, sequence));
}

bool wl_answered_take(struct wl_answered *answered, uint32_t sender, uint64_t boot_id,
		      uint64_t sequence)
{
	uint64_t hash = hash_of(sender, boot_id, sequence);

	if (!is_new(answered, hash))
		return false;
	if (answered->count == WL_ANSWERED_MIN) {
		answered->young ^= 1;
		answered->count = 0;
		memset(answered->bits[answered->young], 0, sizeof(answered->bits[0]));
	}
	for (unsigned which = 0; which < HASHES; which++) {
		uint64_t bit = bit_of(hash, which);

		answered->bits[answered->young][bit / 64] |= 1ull << bit % 64;
	}
	answered->count++;
	return true;
}

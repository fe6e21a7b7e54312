/* SPDX-License-Identifier: BSD-3-Clause */
/* The vectors of the authors' reference code: key 00 01 .. 0f, input 00 01 .. of each length. */
#include "dataplane/base/siphash.h"

#include "tests/unit/runner.h"

static uint8_t key[WL_SIPHASH_KEY_BYTES], input[64];

static void count_up(void)
{
	for (unsigned at = 0; at < sizeof(input); at++)
		input[at] = (uint8_t)at;
	for (unsigned at = 0; at < sizeof(key); at++)
		key[at] = (uint8_t)at;
}

static void published_vectors_hold(void)
{
	static const struct {
		size_t size;
		uint64_t value;
	} vectors[] = {
		{0, 0x726fdb47dd0e0e31u},  {1, 0x74f839c593dc67fdu},  {7, 0xab0200f58b01d137u},
		{8, 0x93f5f5799a932462u},  {15, 0xa129ca6149be45e5u}, {16, 0x3f2acc7f57c29bdbu},
		{63, 0x958a324ceb064572u},
	};

	count_up();
	for (unsigned at = 0; at < sizeof(vectors) / sizeof(vectors[0]); at++)
		CU_ASSERT_EQUAL(wl_siphash(key, input, vectors[at].size), vectors[at].value);
}

static void every_bit_of_key_and_input_counts(void)
{
	uint64_t value;

	count_up();
	value = wl_siphash(key, input, 60);
	for (unsigned bit = 0; bit < 8 * 60; bit++) {
		input[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(wl_siphash(key, input, 60), value);
		input[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (unsigned bit = 0; bit < 8 * sizeof(key); bit++) {
		key[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(wl_siphash(key, input, 60), value);
		key[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CU_ASSERT_EQUAL(wl_siphash(key, input, 60), value);
}

WL_SUITE(siphash)
{
	WL_TEST(published_vectors_hold),
	WL_TEST(every_bit_of_key_and_input_counts),
};

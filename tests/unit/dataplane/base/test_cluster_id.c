/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/base/cluster_id.h"
#include "tests/unit/runner.h"

#define GOOD "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0"

static void text_becomes_its_bytes_in_order(void)
{
	static const uint8_t wanted[] = {0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x49, 0x78,
					 0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0};
	uint8_t uuid[WL_CLUSTER_ID_BYTES];

	CU_ASSERT(wl_cluster_id_parse(GOOD, uuid));
	CU_ASSERT_EQUAL(memcmp(uuid, wanted, sizeof(wanted)), 0);
}

static void capital_digits_are_the_same_cluster(void)
{
	uint8_t small[WL_CLUSTER_ID_BYTES], capital[WL_CLUSTER_ID_BYTES];

	CU_ASSERT(wl_cluster_id_parse(GOOD, small));
	CU_ASSERT(wl_cluster_id_parse("0F1E2D3C-4B5A-4978-8796-A5B4C3D2E1F0", capital));
	CU_ASSERT_EQUAL(wl_cluster_id(small), wl_cluster_id(capital));
}

static void text_of_another_form_is_refused_and_changes_nothing(void)
{
	static const char *const bad[] = {
		"",
		"0f1e2d3c",
		"0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f",
		GOOD "0",
		GOOD " ",
		" " GOOD,
		"{" GOOD "}",
		"0f1e2d3c4b5a49788796a5b4c3d2e1f0",
		"0f1e2d3c-4b5a-4978-8796+a5b4c3d2e1f0",
		"0f1e2d3-c4b5a-4978-8796-a5b4c3d2e1f0",
		"0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1fg",
		"00000000-0000-0000-0000-000000000000",
	};
	uint8_t uuid[WL_CLUSTER_ID_BYTES], before[WL_CLUSTER_ID_BYTES];

	memset(uuid, 0x5a, sizeof(uuid));
	memcpy(before, uuid, sizeof(uuid));
	for (unsigned at = 0; at < sizeof(bad) / sizeof(bad[0]); at++) {
		CU_ASSERT(!wl_cluster_id_parse(bad[at], uuid));
		CU_ASSERT_EQUAL(memcmp(uuid, before, sizeof(uuid)), 0);
	}
}

static void number_depends_on_every_digit(void)
{
	uint8_t uuid[WL_CLUSTER_ID_BYTES];
	uint64_t number;

	CU_ASSERT(wl_cluster_id_parse(GOOD, uuid));
	number = wl_cluster_id(uuid);
	for (unsigned bit = 0; bit < 8 * WL_CLUSTER_ID_BYTES; bit++) {
		uuid[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(wl_cluster_id(uuid), number);
		uuid[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

WL_SUITE(cluster_id)
{
	WL_TEST(text_becomes_its_bytes_in_order),
	WL_TEST(capital_digits_are_the_same_cluster),
	WL_TEST(text_of_another_form_is_refused_and_changes_nothing),
	WL_TEST(number_depends_on_every_digit),
};

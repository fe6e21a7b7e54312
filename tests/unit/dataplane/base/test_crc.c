/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/base/crc.h"

#include <string.h>

#include "tests/unit/runner.h"

/* RFC 3720 B.4, which prints the bytes as they travel; here the number. */
static void crc32c_gives_the_values_of_rfc_3720(void)
{
	static const uint8_t read_pdu[48] = {
		0x01, 0xc0, 0, 0, 0, 0, 0,    0, 0,    0, 0, 0,	   0, 0, 0, 0,
		0x14, 0,    0, 0, 0, 0, 0x04, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
		0x28, 0,    0, 0, 0, 0, 0,    0, 0x02, 0, 0, 0,	   0, 0, 0, 0,
	};
	uint8_t bytes[32];

	memset(bytes, 0, sizeof(bytes));
	CU_ASSERT_EQUAL(wl_crc32c(bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	CU_ASSERT_EQUAL(wl_crc32c(bytes, 32), 0x62a8ab43);
	for (unsigned at = 0; at < 32; at++)
		bytes[at] = (uint8_t)at;
	CU_ASSERT_EQUAL(wl_crc32c(bytes, 32), 0x46dd794e);
	for (unsigned at = 0; at < 32; at++)
		bytes[at] = (uint8_t)(31 - at);
	CU_ASSERT_EQUAL(wl_crc32c(bytes, 32), 0x113fdb5c);
	CU_ASSERT_EQUAL(wl_crc32c(read_pdu, sizeof(read_pdu)), 0xd9963a56);
}

static void check_values_of_the_catalogues_hold(void)
{
	CU_ASSERT_EQUAL(wl_crc32c("123456789", 9), 0xe3069283);
	CU_ASSERT_EQUAL(wl_crc64(0, "123456789", 9),
			0x995dc9bbdf1939fa); /* CRC-64/XZ: ECMA-182, reflected */
	CU_ASSERT_EQUAL(wl_crc32c("", 0), 0);
	CU_ASSERT_EQUAL(wl_crc64(0, "", 0), 0);
}

/* Polynomial 0x1edc6f41, reflected, one bit at a time. */
static uint32_t slow_crc32c(const uint8_t *bytes, size_t size)
{
	uint32_t crc = ~0u;

	while (size-- != 0) {
		crc ^= *bytes++;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78u & -(crc & 1));
	}
	return ~crc;
}

static void crc32c_is_the_same_at_every_length_and_alignment(void)
{
	uint8_t bytes[700];

	for (unsigned at = 0; at < sizeof(bytes); at++)
		bytes[at] = (uint8_t)(at * at + 3 * at);
	for (unsigned begin = 0; begin < 17; begin++) {
		for (unsigned size = 0; size < 680; size += size < 70 ? 1 : 61)
			CU_ASSERT_EQUAL(wl_crc32c(bytes + begin, size),
					slow_crc32c(bytes + begin, size));
	}
}

static void crc64_goes_on_from_its_seed(void)
{
	uint64_t first = wl_crc64(0, "12345", 5);

	CU_ASSERT_EQUAL(wl_crc64(first, "6789", 4), wl_crc64(0, "123456789", 9));
	CU_ASSERT_NOT_EQUAL(wl_crc64(1, "6789", 4), wl_crc64(0, "6789", 4));
}

WL_SUITE(crc)
{
	WL_TEST(crc32c_gives_the_values_of_rfc_3720),
	WL_TEST(check_values_of_the_catalogues_hold),
	WL_TEST(crc32c_is_the_same_at_every_length_and_alignment),
	WL_TEST(crc64_goes_on_from_its_seed),
};

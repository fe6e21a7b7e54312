/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "command/doctor/bundle_file.h"
#include "command/doctor/ustar.h"
#include "tests/unit/runner.h"

static void a_header_is_what_tar_reads(void)
{
	uint8_t block[WL_USTAR_BLOCK];
	char long_name[WL_USTAR_NAME_MAX + 2];

	CU_ASSERT_FATAL(wl_ustar_header(block, "nodes/1/log", 1025, 1));
	CU_ASSERT_STRING_EQUAL((char *)block, "nodes/1/log");
	CU_ASSERT_STRING_EQUAL((char *)block + 100, "0000600");
	CU_ASSERT_STRING_EQUAL((char *)block + 124, "00000002001");
	CU_ASSERT_STRING_EQUAL((char *)block + 136, "00000000001");
	CU_ASSERT_EQUAL(memcmp(block + 257, "ustar\00000", 8), 0);
	/* The sum is checked by tar itself: tests/e2e/test_bundle.sh. */
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	CU_ASSERT(!wl_ustar_header(block, long_name, 1, 1));
	CU_ASSERT(!wl_ustar_header(block, "", 1, 1));
	CU_ASSERT(!wl_ustar_header(block, "x", WL_USTAR_SIZE_MAX + 1, 1));
	CU_ASSERT(wl_ustar_header(block, long_name + 1, WL_USTAR_SIZE_MAX, 1));
}

static void what_may_be_secret_is_left_out_of_a_line(void)
{
	static const char *const rows[][2] = {
		{"  key_file: /etc/k", "  key_file: (left out)"},
		{"security: {key_file: \"x\"} # why", "security: {key_file: (left out)"},
		{"# Password: \"a: b\"", "# Password: (left out)"},
		{"api_TOKEN: 1", "api_TOKEN: (left out)"},
		{"network: {mtu: 9000}", "network: {mtu: 9000}"},
		{"# a monkey", "# a monkey"},
		{"", ""},
	};

	for (unsigned at = 0; at < sizeof(rows) / sizeof(rows[0]); at++) {
		char line[128];

		strcpy(line, rows[at][0]);
		wl_bundle_clean_line(line, sizeof(line));
		CU_ASSERT_STRING_EQUAL(line, rows[at][1]);
	}
}

WL_SUITE(bundle)
{
	WL_TEST(a_header_is_what_tar_reads),
	WL_TEST(what_may_be_secret_is_left_out_of_a_line),
};

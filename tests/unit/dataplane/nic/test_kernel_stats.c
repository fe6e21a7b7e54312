/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/kernel_stats_file.h"

#include "tests/unit/runner.h"

static const char text[] =
	"Inter-|   Receive                                                |  Transmit\n"
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
	"    lo:  100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0\n"
	"  eth1: 9000      90    1    2    3     4          5         6     7000      70    8    9   10    11      12         13\n"
	"eth10:18446744073709551615 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
	"  torn: 1 2 3\n";

static void an_interface_has_its_own_line(void)
{
	struct wl_link_stats stats;

	CU_ASSERT(wl_kernel_stats_parse(text, "eth1", &stats));
	CU_ASSERT_EQUAL(stats.rx_bytes, 9000);
	CU_ASSERT_EQUAL(stats.rx_frames, 90);
	CU_ASSERT_EQUAL(stats.rx_errors, 1);
	CU_ASSERT_EQUAL(stats.rx_missed, 2);
	CU_ASSERT_EQUAL(stats.rx_no_buffer, 3);
	CU_ASSERT_EQUAL(stats.tx_bytes, 7000);
	CU_ASSERT_EQUAL(stats.tx_frames, 70);
	CU_ASSERT_EQUAL(stats.tx_errors, 17);
	CU_ASSERT(wl_kernel_stats_parse(text, "eth10", &stats));
	CU_ASSERT_EQUAL(stats.rx_bytes, UINT64_MAX);
}

static void what_is_not_there_or_not_whole_is_not_known(void)
{
	static const char *const names[] = {"eth", "eth11", "th1",	  "torn",
					    "",	   "eth1:", "face |bytes"};
	struct wl_link_stats stats;

	for (unsigned at = 0; at < sizeof(names) / sizeof(names[0]); at++)
		CU_ASSERT(!wl_kernel_stats_parse(text, names[at], &stats));
	CU_ASSERT(!wl_kernel_stats_parse("", "lo", &stats));
	CU_ASSERT(!wl_kernel_stats_parse("lo:", "lo", &stats));
}

static void this_machine_has_a_loopback(void)
{
	struct wl_link_stats stats;

	CU_ASSERT(wl_kernel_stats_read("lo", &stats));
	CU_ASSERT(!wl_kernel_stats_read("no-such-link", &stats));
}

WL_SUITE(kernel_stats)
{
	WL_TEST(an_interface_has_its_own_line),
	WL_TEST(what_is_not_there_or_not_whole_is_not_known),
	WL_TEST(this_machine_has_a_loopback),
};

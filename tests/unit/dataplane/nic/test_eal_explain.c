/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/nic/eal_explain.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static char reason[512];

static int explain(const char *log_text)
{
	return wl_eal_explain(log_text, "starting DPDK", reason, sizeof(reason));
}

static void each_failure_that_a_newcomer_meets_has_its_code(void)
{
	static const struct {
		const char *log_text;
		int status;
	} cases[] = {
		{"EAL: lcore 9 unavailable\nEAL: FATAL: Invalid 'command line' arguments.\n",
		 WIRELOG_EAL_CORES},
		{"EAL: invalid coremask syntax\n", WIRELOG_EAL_CORES},
		{"EAL: No free hugepages reported in hugepages-2048kB\n"
		 "EAL: FATAL: Cannot get hugepage information.\n",
		 WIRELOG_EAL_HUGEPAGES},
		{"EAL: get_seg_fd(): open '/dev/hugepages/rtemap_0' failed: hugepage: "
		 "Permission denied\n",
		 WIRELOG_EAL_PERMISSION},
		{"EAL: failed to parse device \"vdev:net_foo0\"\n", WIRELOG_EAL_DEVICE},
		{"EAL: Cannot open /dev/vfio/12: Permission denied\n", WIRELOG_EAL_PERMISSION},
		{"EAL:   0000:01:00.0 VFIO group is not viable!\n", WIRELOG_EAL_DEVICE},
		{"open_packet_iface(): Could not open AF_PACKET socket\n"
		 "EAL: Driver cannot attach the device (net_af_packet_wl0)\n",
		 WIRELOG_PORT_PRIVILEGE},
		{"tun_alloc(): Unable to set TUNSETIFF for dtap0: Operation not permitted\n",
		 WIRELOG_PORT_PRIVILEGE},
		{"Ethdev port_id=0 max_rx_pktlen 9018 > max valid value 1518\n", WIRELOG_PORT_MTU},
		{"EAL: Option --legacy-mem is not compatible with --in-memory\n",
		 WIRELOG_CONFIG_CONFLICT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(explain(cases[i].log_text), cases[i].status);
		CU_ASSERT_EQUAL(strncmp(reason, "starting DPDK: ", 15), 0);
	}
}

static void the_sentence_quotes_the_line_that_decided(void)
{
	CU_ASSERT_EQUAL(
		explain("EAL: Detected CPU lcores: 2\nEAL: lcore 9 unavailable\nEAL: end\n"),
		WIRELOG_EAL_CORES);
	CU_ASSERT_STRING_EQUAL(reason, "starting DPDK: a core does not exist or is not allowed "
				       "(DPDK says: lcore 9 unavailable)");
}

static void the_page_of_options_explains_nothing(void)
{
	const char *text = "wirelogd: unrecognized option '--bogus'\n\nUsage: wirelogd [options]\n"
			   "  -a  [NOTE: allow cannot be used with block option]\n";

	CU_ASSERT_EQUAL(explain(text), WIRELOG_CONFIG_VALUE);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "--bogus"));
}

static void an_unknown_failure_shows_the_last_line_without_prefixes(void)
{
	CU_ASSERT_EQUAL(explain("EAL: first\nEAL: FATAL: the moon is full\n\n"),
			WIRELOG_EAL_FAILED);
	CU_ASSERT_STRING_EQUAL(reason, "starting DPDK: DPDK failed (DPDK says: the moon is full)");
}

static void silence_is_a_failure_all_the_same(void)
{
	CU_ASSERT_EQUAL(explain(""), WIRELOG_EAL_FAILED);
	CU_ASSERT_STRING_EQUAL(reason, "starting DPDK: DPDK failed");
}

static void a_long_line_is_cut_inside_the_buffer(void)
{
	static char text[2000];
	char small[32];

	memset(text, 'a', sizeof(text) - 1);
	memset(small, 'x', sizeof(small));
	wl_eal_explain(text, "starting DPDK", small, sizeof(small));
	CU_ASSERT_EQUAL(strlen(small), sizeof(small) - 1);
}

WL_SUITE(eal_explain)
{
	WL_TEST(each_failure_that_a_newcomer_meets_has_its_code),
	WL_TEST(the_sentence_quotes_the_line_that_decided),
	WL_TEST(the_page_of_options_explains_nothing),
	WL_TEST(an_unknown_failure_shows_the_last_line_without_prefixes),
	WL_TEST(silence_is_a_failure_all_the_same),
	WL_TEST(a_long_line_is_cut_inside_the_buffer),
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "client/transport/arp.h"
#include "client/transport/endpoint.h"
#include "client/transport/link_options.h"
#include "tests/unit/runner.h"
#include "wirelog/status.h"

static void endpoints_of_each_kind_are_read_and_printed_alike(void)
{
	static const char *const texts[] = {"udp:192.0.2.11:7700", "dpdk:10.0.0.1:1",
					    "memif:/run/a b/clients.sock", "memif:@name"};

	for (unsigned at = 0; at < 4; at++) {
		struct wl_endpoint endpoint;
		char text[WL_ENDPOINT_TEXT_BYTES];

		CU_ASSERT_FATAL(wl_endpoint_parse(texts[at], strlen(texts[at]), &endpoint));
		wl_endpoint_print(&endpoint, text);
		CU_ASSERT_STRING_EQUAL(text, texts[at]);
	}
}

static void text_that_is_no_endpoint_is_refused(void)
{
	static const char *const texts[] = {
		"",
		"udp",
		"udp:",
		"udp:192.0.2.11",
		"udp:192.0.2.11:",
		"udp:192.0.2.11:0",
		"udp:host:1",
		"udp:1.2.3:1",
		"udp:1.2.3.4.5:1",
		"udp:1.2.3.256:1",
		"udp:1.2.3.4:65536",
		"udp:0.0.0.0:1",
		"udp:1.2.3.4:1x",
		"memif:",
		"memif:@",
		"tcp:1.2.3.4:1",
		"1.2.3.4:1",
		"udp:1..3.4:1",
	};
	char path[200] = "memif:";

	for (unsigned at = 0; at < sizeof(texts) / sizeof(texts[0]); at++) {
		struct wl_endpoint endpoint;

		CU_ASSERT_FALSE(wl_endpoint_parse(texts[at], strlen(texts[at]), &endpoint));
	}
	memset(path + 6, 'a', 108);
	CU_ASSERT_FALSE(wl_endpoint_parse(path, 6 + 108, &(struct wl_endpoint){0}));
	CU_ASSERT(wl_endpoint_parse(path, 6 + 107, &(struct wl_endpoint){0}));
}

static void list_names_the_word_that_is_wrong(void)
{
	struct wl_endpoint_list list;
	char reason[256];

	CU_ASSERT_EQUAL(wl_endpoint_parse_list("udp:1.2.3.4:5, memif:/a ,,dpdk:1.2.3.4:6", &list,
					       reason, sizeof(reason)),
			0);
	CU_ASSERT_EQUAL(list.count, 3);
	CU_ASSERT_STRING_EQUAL(list.endpoints[1].path, "/a");
	CU_ASSERT_EQUAL(wl_endpoint_parse_list("udp:1.2.3.4:5,udp:x", &list, reason,
					       sizeof(reason)),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(reason, "'udp:x'"));
	CU_ASSERT_EQUAL(wl_endpoint_parse_list("", &list, reason, sizeof(reason)),
			WIRELOG_INVALID_ARGUMENT);
	CU_ASSERT_EQUAL(wl_endpoint_parse_list(NULL, &list, reason, sizeof(reason)),
			WIRELOG_INVALID_ARGUMENT);
}

static void link_options_are_read(void)
{
	struct wl_link_options options;
	char reason[256];

	CU_ASSERT_EQUAL(
		wl_link_options_parse(
			"pci=0000:01:00.0,ipv4=192.0.2.20,mtu=9000,port=7000,gateway=192.0.2.1",
			&options, reason, sizeof(reason)),
		0);
	CU_ASSERT_EQUAL(options.kind, WL_LINK_OPTIONS_PCI);
	CU_ASSERT_STRING_EQUAL(options.name, "0000:01:00.0");
	CU_ASSERT(options.ipv4 == 0xc0000214 && options.gateway == 0xc0000201 &&
		  options.mtu == 9000 && options.port == 7000);
	CU_ASSERT_EQUAL(wl_link_options_parse("ipv4=192.0.2.20,eal=net_tap0,iface=x", &options,
					      reason, sizeof(reason)),
			0);
	CU_ASSERT_STRING_EQUAL(options.name, "net_tap0,iface=x");
	CU_ASSERT_EQUAL(wl_link_options_parse(NULL, &options, reason, sizeof(reason)), 0);
	CU_ASSERT_EQUAL(options.kind, WL_LINK_OPTIONS_NONE);
}

static void link_option_that_is_wrong_is_named(void)
{
	static const char *const texts[] = {
		"ipv4=host", "mtu=100", "mtu=9001",	     "port=0", "colour=red",
		"pci",	     "pci=",	"pci=a,af_packet=b", "ipv4=",  "=5"};

	for (unsigned at = 0; at < sizeof(texts) / sizeof(texts[0]); at++) {
		struct wl_link_options options;
		char reason[256];

		CU_ASSERT_EQUAL(wl_link_options_parse(texts[at], &options, reason, sizeof(reason)),
				WIRELOG_INVALID_ARGUMENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(reason, "link: '"));
	}
}

static void arp_frame_is_read_as_it_was_written(void)
{
	struct wl_arp written = {WL_ARP_REPLY,
				 {2, 0, 0, 0, 0, 1},
				 0x0a000001,
				 {2, 0, 0, 0, 0, 2},
				 0x0a000002},
		      read;
	uint8_t frame[WL_ARP_FRAME_BYTES];

	wl_arp_encode(frame, &written);
	CU_ASSERT(wl_arp_decode(frame, sizeof(frame), &read));
	CU_ASSERT_EQUAL(memcmp(frame, written.target_mac, 6), 0);
	CU_ASSERT(read.operation == WL_ARP_REPLY && read.sender_ipv4 == 0x0a000001 &&
		  read.target_ipv4 == 0x0a000002);
	CU_ASSERT_EQUAL(memcmp(read.sender_mac, written.sender_mac, 6), 0);
	written.operation = WL_ARP_REQUEST;
	wl_arp_encode(frame, &written);
	CU_ASSERT_EQUAL(memcmp(frame, "\xff\xff\xff\xff\xff\xff", 6), 0);
}

static void frame_that_is_no_arp_is_passed_over(void)
{
	struct wl_arp arp = {WL_ARP_REQUEST, {2, 0, 0, 0, 0, 1}, 0x0a000001, {0}, 0x0a000002};
	uint8_t frame[WL_ARP_FRAME_BYTES];
	static const uint8_t fields[] = {12, 13, 14, 15, 16, 17, 18, 19, 20};

	wl_arp_encode(frame, &arp);
	for (size_t size = 0; size < 42; size++)
		CU_ASSERT_FALSE(wl_arp_decode(frame, size, &arp));
	for (unsigned at = 0; at < sizeof(fields); at++) {
		frame[fields[at]] ^= 0x40;
		CU_ASSERT_FALSE(wl_arp_decode(frame, sizeof(frame), &arp));
		frame[fields[at]] ^= 0x40;
	}
	CU_ASSERT(wl_arp_decode(frame, sizeof(frame), &arp));
}

WL_SUITE(client_endpoint)
{
	WL_TEST(endpoints_of_each_kind_are_read_and_printed_alike),
	WL_TEST(text_that_is_no_endpoint_is_refused),
	WL_TEST(list_names_the_word_that_is_wrong),
	WL_TEST(link_options_are_read),
	WL_TEST(link_option_that_is_wrong_is_named),
	WL_TEST(arp_frame_is_read_as_it_was_written),
	WL_TEST(frame_that_is_no_arp_is_passed_over),
};

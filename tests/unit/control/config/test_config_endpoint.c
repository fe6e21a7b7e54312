/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_endpoint.h"

#include <stdio.h>
#include <string.h>

#include "control/node/boot_shape.h"
#include "tests/unit/runner.h"

static struct wl_config config;
static struct wl_config_problems problems;

/* Three nodes, two journals on two workers. */
static int parse(const char *endpoint, const char *clients)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "cluster:\n"
		 "  uuid: 3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b21\n"
		 "  node: 2\n"
		 "  nodes:\n"
		 "    - {id: 1, address: 192.0.2.1}\n"
		 "    - {id: 2, address: 192.0.2.2%s}\n"
		 "    - {id: 3, address: 192.0.2.3}\n"
		 "journals: [{id: 0, worker: 1}, {id: 1, worker: 0}]\n"
		 "workers:\n"
		 "  - {links: [{kind: pci, address: '0000:3b:00.0'}]}\n"
		 "  - {links: [{kind: pci, address: '0000:3b:00.0'}]%s}\n"
		 "storage: {path: data}\n",
		 endpoint, clients);
	return wl_config_parse((const uint8_t *)text, strlen(text), "/base", &config, &problems);
}

static const char *told(uint32_t journal, uint32_t node)
{
	static const struct wl_superblock no_data;
	static struct wl_journal_config shape;

	wl_boot_shape_journal(&config, &no_data, journal, &shape);
	CU_ASSERT_EQUAL(shape.service.members[node - 1].node, node);
	return shape.service.members[node - 1].endpoint;
}

static void clients_of_a_journal_are_told_the_port_of_its_worker_on_each_node(void)
{
	CU_ASSERT_EQUAL(parse(", client_endpoint: 'dpdk:192.0.2.2:7800'", ""), 0);

	CU_ASSERT_STRING_EQUAL(told(0, 1), "udp:192.0.2.1:7701");
	CU_ASSERT_STRING_EQUAL(told(0, 2), "dpdk:192.0.2.2:7801");
	CU_ASSERT_STRING_EQUAL(told(1, 1), "udp:192.0.2.1:7700");
	CU_ASSERT_STRING_EQUAL(told(1, 2), "dpdk:192.0.2.2:7800");
}

static void clients_over_memif_are_told_the_socket_of_the_worker(void)
{
	CU_ASSERT_EQUAL(parse(", client_endpoint: 'memif:c.sock'", ", clients: {socket: c.sock.1}"),
			0);

	CU_ASSERT_STRING_EQUAL(told(0, 2), "memif:/base/c.sock.1");
	CU_ASSERT_STRING_EQUAL(told(1, 2), "memif:/base/c.sock");
}

static void worker_knows_where_the_journals_of_the_others_are_met(void)
{
	static struct wl_superblock no_data;
	static struct wl_worker_config worker;
	struct wl_boot_self self = {.superblock = &no_data};

	CU_ASSERT_EQUAL(parse(", client_endpoint: 'dpdk:192.0.2.2:7800'", ""), 0);
	wl_boot_shape_worker(&config, 0, &self, &worker);

	CU_ASSERT_EQUAL(worker.elsewhere[0].node, 2);
	CU_ASSERT_STRING_EQUAL(worker.elsewhere[0].endpoint, "dpdk:192.0.2.2:7801");
	CU_ASSERT_EQUAL(worker.elsewhere[1].node, 0); /* its own */
	CU_ASSERT_EQUAL(worker.elsewhere[2].node, 0);
}

static void socket_of_another_name_is_not_told(void)
{
	CU_ASSERT_EQUAL(parse(", client_endpoint: 'memif:c.sock'", ", clients: {socket: d.sock}"),
			0);
	CU_ASSERT_STRING_EQUAL(told(0, 2), "");
	CU_ASSERT_STRING_EQUAL(told(1, 2), "memif:/base/c.sock");
	CU_ASSERT_EQUAL(parse(", client_endpoint: 'memif:c.sock'", ""), 0);
	CU_ASSERT_STRING_EQUAL(told(0, 2), "");
}

static void endpoint_without_room_for_the_other_workers_is_refused(void)
{
	CU_ASSERT_EQUAL(parse(", client_endpoint: 'udp:192.0.2.2:65535'", ""),
			WIRELOG_CONFIG_CONFLICT);
	CU_ASSERT_STRING_EQUAL(problems.item[0].key, "cluster.nodes[1].client_endpoint");
}

static void endpoints_of_workers(void)
{
	char to[WIRELOG_ENDPOINT_BYTES_MAX], longest[WIRELOG_ENDPOINT_BYTES_MAX];

	CU_ASSERT(wl_config_endpoint_of_worker("", 3, to));
	CU_ASSERT_STRING_EQUAL(to, "");
	CU_ASSERT(wl_config_endpoint_of_worker("memif:@here", 15, to));
	CU_ASSERT_STRING_EQUAL(to, "memif:@here.15");
	CU_ASSERT_FALSE(wl_config_endpoint_of_worker("udp:192.0.2.1", 1, to));
	CU_ASSERT_FALSE(wl_config_endpoint_of_worker("udp:192.0.2.1:x", 1, to));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest, "memif:", 6);
	CU_ASSERT_FALSE(wl_config_endpoint_of_worker(longest, 1, to));
	CU_ASSERT(wl_config_endpoint_of_worker(longest, 0, to));
}

WL_SUITE(config_endpoint)
{
	WL_TEST(clients_of_a_journal_are_told_the_port_of_its_worker_on_each_node),
	WL_TEST(clients_over_memif_are_told_the_socket_of_the_worker),
	WL_TEST(worker_knows_where_the_journals_of_the_others_are_met),
	WL_TEST(socket_of_another_name_is_not_told),
	WL_TEST(endpoint_without_room_for_the_other_workers_is_refused),
	WL_TEST(endpoints_of_workers),
};

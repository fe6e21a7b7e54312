/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_joins.h"

#include <stdio.h>
#include <string.h>

#include "control/config/config_reload.h"
#include "tests/unit/runner.h"

#define NODES "{id: 1, address: 192.0.2.1}, {id: 2, address: 192.0.2.2}"
#define FOURTH ", {id: 4, address: 192.0.2.4, joins: on, priority: 70}"
#define SECOND_LINK "{kind: memif, peer: 2, socket: a.sock}"
#define FOURTH_LINK "{kind: memif, peer: 4, socket: d.sock}"
#define CLIENTS_LINK "{kind: udp, address: 127.0.0.1, port: 7711}"

static struct wl_config running, wanted, next;
static struct wl_config_problems problems;
static struct wl_config_changes changes;

static void parse(const char *nodes, const char *links, struct wl_config *config)
{
	static char text[2048];

	snprintf(
		text, sizeof(text),
		"cluster:\n  uuid: 3e1f6d0a-52c4-4b0e-9d38-6a6f1f0c7b21\n  node: 1\n  nodes: [%s]\n"
		"workers: [{links: [%s]}]\nstorage: {path: data}\n",
		nodes, links);
	CU_ASSERT_EQUAL_FATAL(wl_config_parse((const uint8_t *)text, strlen(text), "/base", config,
					      &problems),
			      0);
}

static wl_members joining(const char *nodes, const char *links)
{
	parse(NODES, SECOND_LINK ", " CLIENTS_LINK, &running);
	parse(nodes, links, &wanted);
	return wl_config_joining(&running, &wanted);
}

static void a_node_that_joins_is_met_with_its_link(void)
{
	CU_ASSERT_EQUAL(joining(NODES FOURTH, FOURTH_LINK ", " SECOND_LINK ", " CLIENTS_LINK),
			wl_members_only(4));
	CU_ASSERT_EQUAL_FATAL(wl_config_mix(&running, &wanted, &next, &problems), 0);
	CU_ASSERT_EQUAL(next.members, running.members | wl_members_only(4));
	CU_ASSERT_EQUAL(next.voters, running.voters);
	CU_ASSERT_PTR_NOT_NULL_FATAL(wl_config_node(&next, 4));
	CU_ASSERT_EQUAL(wl_config_node(&next, 4)->priority, 70);
	/* Those that are open keep their places. */
	CU_ASSERT_EQUAL(next.workers[0].link_count, 3);
	CU_ASSERT_EQUAL(next.workers[0].links[0].peer, 2);
	CU_ASSERT_EQUAL(next.workers[0].links[1].kind, WL_CONFIG_UDP);
	CU_ASSERT_EQUAL(next.workers[0].links[2].peer, 4);
	wl_config_compare(&running, &wanted, &changes);
	CU_ASSERT_EQUAL(changes.count, 2);
	CU_ASSERT(changes.item[0].live && changes.item[1].live);
	CU_ASSERT_EQUAL(changes.joining, wl_members_only(4));
}

static void what_was_met_is_no_change_any_more(void)
{
	joining(NODES FOURTH, FOURTH_LINK ", " SECOND_LINK ", " CLIENTS_LINK);
	CU_ASSERT_EQUAL_FATAL(wl_config_mix(&running, &wanted, &next, &problems), 0);
	wl_config_compare(&next, &wanted, &changes);
	CU_ASSERT_EQUAL(changes.count, 0);
	CU_ASSERT_EQUAL(changes.joining, 0);
}

static void the_order_of_nodes_and_of_links_to_one_says_nothing(void)
{
	CU_ASSERT_EQUAL(joining("{id: 2, address: 192.0.2.2}, {id: 1, address: 192.0.2.1}",
				CLIENTS_LINK ", " SECOND_LINK),
			0);
	wl_config_compare(&running, &wanted, &changes);
	CU_ASSERT_EQUAL(changes.count, 0);
}

static void waits_for_restart(const char *nodes, const char *links)
{
	CU_ASSERT_EQUAL(joining(nodes, links), 0);
	wl_config_compare(&running, &wanted, &changes);
	CU_ASSERT(changes.count > 0);
	for (uint32_t at = 0; at < changes.count; at++)
		CU_ASSERT(!changes.item[at].live);
	CU_ASSERT_EQUAL_FATAL(wl_config_mix(&running, &wanted, &next, &problems), 0);
	CU_ASSERT_EQUAL(next.node_count, running.node_count);
	CU_ASSERT_EQUAL(next.workers[0].link_count, running.workers[0].link_count);
}

static void whatever_does_not_only_add_waits_for_a_restart(void)
{
	const char *links = FOURTH_LINK ", " SECOND_LINK ", " CLIENTS_LINK;

	/* A founder that was forgotten; an address that moved; a link that moved, beside the new one; one more link for clients. */
	waits_for_restart(NODES ", {id: 4, address: 192.0.2.4}", links);
	waits_for_restart("{id: 1, address: 192.0.2.1}, {id: 2, address: 192.0.2.9}" FOURTH, links);
	waits_for_restart(NODES FOURTH,
			  FOURTH_LINK ", {kind: memif, peer: 2, socket: b.sock}, " CLIENTS_LINK);
	waits_for_restart(NODES, SECOND_LINK ", " CLIENTS_LINK
					     ", {kind: udp, address: 127.0.0.1, port: 7712}");
	waits_for_restart(NODES FOURTH,
			  "{kind: eal, device: net_tap0, peer: 4}, " SECOND_LINK ", " CLIENTS_LINK);
}

static void a_node_that_the_file_forgets_stays_until_a_restart(void)
{
	parse(NODES FOURTH, FOURTH_LINK ", " SECOND_LINK, &running);
	parse(NODES, SECOND_LINK, &wanted);
	CU_ASSERT_EQUAL(wl_config_joining(&running, &wanted), 0);
	wl_config_compare(&running, &wanted, &changes);
	CU_ASSERT_EQUAL(changes.count, 2);
	CU_ASSERT(!changes.item[0].live && !changes.item[1].live);
}

WL_SUITE(config_joins)
{
	WL_TEST(a_node_that_joins_is_met_with_its_link),
	WL_TEST(what_was_met_is_no_change_any_more),
	WL_TEST(the_order_of_nodes_and_of_links_to_one_says_nothing),
	WL_TEST(whatever_does_not_only_add_waits_for_a_restart),
	WL_TEST(a_node_that_the_file_forgets_stays_until_a_restart),
};

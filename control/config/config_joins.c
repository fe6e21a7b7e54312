/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/config_joins.h"

#include <string.h>

#include "dataplane/base/check.h"

enum wl_config_growth wl_config_nodes_grow(const struct wl_config *running,
					   const struct wl_config *wanted, wl_members *joining)
{
	wl_members more = 0;

	*joining = 0;
	for (uint32_t at = 0; at < running->node_count; at++) {
		const struct wl_config_node *node = &running->nodes[at],
					    *there = wl_config_node(wanted, node->id);

		if (!there || memcmp(node, there, sizeof(*node)) != 0)
			return WL_CONFIG_CHANGES;
	}
	for (uint32_t at = 0; at < wanted->node_count; at++) {
		const struct wl_config_node *node = &wanted->nodes[at];

		if (wl_config_node(running, node->id))
			continue;
		if (node->joins != WL_CONFIG_ON)
			return WL_CONFIG_CHANGES;
		more |= wl_members_only(node->id);
	}
	*joining = more;
	return more ? WL_CONFIG_GROWS : WL_CONFIG_SAME;
}

static bool is_equal(const struct wl_config_link *one, const struct wl_config_link *other)
{
	return memcmp(one, other, sizeof(*one)) == 0;
}

static bool has_link(const struct wl_config_worker *worker, const struct wl_config_link *link)
{
	for (uint32_t at = 0; at < worker->link_count; at++)
		if (is_equal(&worker->links[at], link))
			return true;
	return false;
}

static const struct wl_config_link *next_shared(const struct wl_config_worker *worker, uint32_t *at)
{
	while (*at < worker->link_count)
		if (worker->links[(*at)++].peer == 0)
			return &worker->links[*at - 1];
	return NULL;
}

/* The links that lead to everybody: peers lie behind the first of them, so their order counts. */
static bool have_same_shared(const struct wl_config_worker *one,
			     const struct wl_config_worker *other)
{
	uint32_t at = 0, there = 0;
	const struct wl_config_link *link, *twin;

	do {
		link = next_shared(one, &at);
		twin = next_shared(other, &there);
		if (!link || !twin)
			return link == twin;
	} while (is_equal(link, twin));
	return false;
}

/* All that is no link. */
static bool is_otherwise_equal(const struct wl_config_worker *one,
			       const struct wl_config_worker *other)
{
	return one->core == other->core && one->client_slots == other->client_slots &&
	       one->client_mtu == other->client_mtu &&
	       one->client_ring_log2 == other->client_ring_log2 &&
	       strcmp(one->client_socket, other->client_socket) == 0;
}

static enum wl_config_growth worker_grows(const struct wl_config_worker *running,
					  const struct wl_config_worker *wanted, wl_members joining)
{
	enum wl_config_growth growth = WL_CONFIG_SAME;

	if (!is_otherwise_equal(running, wanted) || !have_same_shared(running, wanted))
		return WL_CONFIG_CHANGES;
	for (uint32_t at = 0; at < running->link_count; at++)
		if (!has_link(wanted, &running->links[at]))
			return WL_CONFIG_CHANGES;
	for (uint32_t at = 0; at < wanted->link_count; at++) {
		const struct wl_config_link *link = &wanted->links[at];

		if (has_link(running, link))
			continue;
		if (link->kind != WL_CONFIG_MEMIF || link->peer == 0 ||
		    !wl_members_has(joining, link->peer))
			return WL_CONFIG_CHANGES;
		growth = WL_CONFIG_GROWS;
	}
	return growth;
}

enum wl_config_growth wl_config_links_grow(const struct wl_config *running,
					   const struct wl_config *wanted, wl_members joining)
{
	enum wl_config_growth growth = WL_CONFIG_SAME;

	if (running->worker_count != wanted->worker_count)
		return WL_CONFIG_CHANGES;
	for (uint32_t at = 0; at < running->worker_count && growth != WL_CONFIG_CHANGES; at++) {
		enum wl_config_growth one =
			worker_grows(&running->workers[at], &wanted->workers[at], joining);

		growth = one > growth ? one : growth;
	}
	return growth;
}

static void add_links(const struct wl_config_worker *wanted, wl_members joining,
		      struct wl_config_worker *next)
{
	for (uint32_t at = 0; at < wanted->link_count; at++) {
		const struct wl_config_link *link = &wanted->links[at];

		if (link->peer == 0 || !wl_members_has(joining, link->peer))
			continue;
		WL_CHECK(next->link_count < WL_CONFIG_LINKS_MAX); /* `wanted` has as many */
		next->links[next->link_count++] = *link;
	}
}

void wl_config_join(const struct wl_config *wanted, wl_members joining, struct wl_config *next)
{
	WL_CHECK((next->members & joining) == 0);
	for (uint32_t at = 0; at < wanted->node_count; at++)
		if (wl_members_has(joining, wanted->nodes[at].id))
			next->nodes[next->node_count++] = wanted->nodes[at];
	next->members |= joining;
	for (uint32_t at = 0; at < next->worker_count; at++)
		add_links(&wanted->workers[at], joining, &next->workers[at]);
}

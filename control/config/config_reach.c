/* SPDX-License-Identifier: BSD-3-Clause */
/* Can every other node be reached by a worker's links? What no frame could ever do is refused before a start. */
#include "control/config/config_links.h"

static uint32_t mask_of(const struct wl_config_link *link)
{
	return UINT32_MAX << (32 - link->prefix_length);
}

static void check_gateway(const struct wl_config_scope *scope, const struct wl_config_link *link,
			  uint32_t self)
{
	if (link->gateway == 0)
		return;
	if ((link->gateway ^ self) & mask_of(link))
		wl_config_tell(scope, "gateway", WIRELOG_CONFIG_CONFLICT,
			       "is outside of the link's own network (cluster.nodes[].address and "
			       "prefix_length)",
			       "an address inside would be right, or a smaller prefix_length");
	else if (link->gateway == self)
		wl_config_tell(scope, "gateway", WIRELOG_CONFIG_CONFLICT,
			       "is this node's own address", "the router's would be right");
}

/* Directly, or through a gateway. */
static bool leads_to(const struct wl_config_link *link, uint32_t self, uint32_t ipv4)
{
	return wl_config_link_is_ethernet(link) &&
	       (link->gateway != 0 || !((ipv4 ^ self) & mask_of(link)));
}

static bool is_reached(const struct wl_config_worker *worker, const struct wl_config_node *node,
		       uint32_t self)
{
	for (uint32_t at = 0; at < worker->link_count; at++)
		if (worker->links[at].peer == node->id ||
		    leads_to(&worker->links[at], self, node->ipv4))
			return true;
	return false;
}

static void tell_unreached(const struct wl_config_scope *scope, const struct wl_config_node *node)
{
	char wrong[64];
	struct wl_sentence sentence = wl_sentence_begin(wrong, sizeof(wrong));

	wl_sentence_add(&sentence, "no link leads to node ");
	wl_sentence_add_number(&sentence, node->id);
	wl_config_tell(
		scope, "links", WIRELOG_CONFIG_CONFLICT, wrong,
		"a memif link with this peer, an Ethernet link whose network has its address, or a "
		"gateway would be right");
}

void wl_config_check_reach(const struct wl_config_scope *scope, const struct wl_config *config,
			   const struct wl_config_worker *worker)
{
	const struct wl_config_node *self = wl_config_node(config, config->node);
	uint32_t behind = 0;

	if (!self)
		return; /* told already */
	for (uint32_t at = 0; at < worker->link_count; at++) {
		const struct wl_config_link *link = &worker->links[at];
		struct wl_config_scope here = wl_config_scope_at(scope, "links", at);

		check_gateway(&here, link, self->ipv4);
		if (link->peer != 0 && wl_members_has(behind, link->peer))
			wl_config_tell(&here, "peer", WIRELOG_CONFIG_CONFLICT,
				       "another link of this worker leads to the same node",
				       "remove one of the two");
		behind = wl_members_with(behind, link->peer);
	}
	for (uint32_t at = 0; at < config->node_count; at++)
		if (&config->nodes[at] != self &&
		    !is_reached(worker, &config->nodes[at], self->ipv4))
			tell_unreached(scope, &config->nodes[at]);
}

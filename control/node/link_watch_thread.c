/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/link_watch_thread.h"

#include <net/if.h>

#include "control/report/report_file.h"
#include "dataplane/nic/port_device_dpdk.h"

#define AGAIN_NS 30000000000u

/* The links of the file are opened first, in order: their places are those in the port. */
static bool is_down(const struct wl_node_worker *worker, const struct wl_config_link *link,
		    uint16_t place)
{
	return link->kind != WL_CONFIG_MEMIF && link->kind != WL_CONFIG_UDP &&
	       !worker->port->ops->link_is_up(worker->port, place);
}

uint32_t wl_link_watch_down(const struct wl_node *node, uint32_t worker)
{
	const struct wl_config_worker *config = &node->config->workers[worker];
	uint32_t count = 0;

	for (uint16_t place = 0; place < config->link_count; place++)
		count += is_down(&node->workers[worker], &config->links[place], place);
	return count;
}

static bool is_interface(const struct wl_config_link *link)
{
	return link->kind == WL_CONFIG_AF_PACKET || link->kind == WL_CONFIG_AF_XDP;
}

static void tell_down(uint32_t worker, const struct wl_config_link *link, bool lasts, bool gone)
{
	const char *kind = wl_config_link_kind_name(link->kind);

	if (gone)
		wl_report(WL_REPORT_ERROR, "link_down",
			  "worker=%u link=%s kind=%s lasts=%d reason=\"its device was taken away\" "
			  "fix=\"put a NIC into its place, `wirelog tune`, and restart the node\"",
			  worker, link->name, kind, lasts);
	else if (!is_interface(link))
		wl_report(
			WL_REPORT_WARNING, "link_down",
			"worker=%u link=%s kind=%s lasts=%d reason=\"it has no carrier\" fix=\"look "
			"at the cable, the other end and its switch port\"",
			worker, link->name, kind, lasts);
	else if (if_nametoindex(link->name) != 0)
		wl_report(
			WL_REPORT_WARNING, "link_down",
			"worker=%u link=%s kind=%s lasts=%d reason=\"the interface is down, has no "
			"carrier, or is not the one that was opened\" fix=\"ip link set %s up%s\"",
			worker, link->name, kind, lasts, link->name,
			link->kind == WL_CONFIG_AF_XDP
				? "; when it was made anew, start the node again"
				: "");
	else
		wl_report(
			WL_REPORT_WARNING, "link_down",
			"worker=%u link=%s kind=%s lasts=%d reason=\"there is no such interface any "
			"more\" fix=\"make it again: %s\"",
			worker, link->name, kind, lasts,
			link->kind == WL_CONFIG_AF_XDP
				? "then start the node again, an af_xdp link is not opened twice"
				: "the node opens it by itself");
}

static void look(struct wl_node *node, uint32_t number, uint16_t place, uint64_t now_ns)
{
	const struct wl_config_link *link = &node->config->workers[number].links[place];
	struct wl_node_worker *worker = &node->workers[number];
	uint64_t *said_ns = &worker->link_down_said_ns[place];

	if (!is_down(worker, link, place)) {
		if (*said_ns != 0)
			wl_report(WL_REPORT_NOTICE, "link_down", "worker=%u link=%s ended=1",
				  number, link->name);
		*said_ns = 0;
	} else if (*said_ns == 0 || now_ns - *said_ns >= AGAIN_NS) {
		tell_down(number, link, *said_ns != 0,
			  wl_port_device_state(worker->port, place) == WL_DEVICE_GONE);
		*said_ns = now_ns;
	}
}

void wl_link_watch_tend(struct wl_node *node, uint64_t now_ns)
{
	for (uint32_t number = 0; number < node->config->worker_count; number++)
		for (uint16_t at = 0; at < node->config->workers[number].link_count; at++)
			look(node, number, at, now_ns);
}

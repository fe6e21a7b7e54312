/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/nic_mend_thread.h"

#include <string.h>

#include "control/report/report_file.h"
#include "dataplane/nic/port_device_dpdk.h"

/* A link of one worker, as it is asked for on that worker's thread. */
struct place {
	struct wl_port *port;
	uint16_t link;
};

static bool has_device(const struct wl_config_link *link)
{
	return link->kind == WL_CONFIG_PCI || link->kind == WL_CONFIG_EAL;
}

static void hold(struct wl_worker *worker, void *context)
{
	const struct place *place = context;

	(void)worker;
	wl_port_device_hold(place->port, place->link);
}

static void release(struct wl_worker *worker, void *context)
{
	const struct place *place = context;

	(void)worker;
	wl_port_device_release(place->port, place->link);
}

/* Has each of the first `count` workers do it, for its links on the device of `link`; returns how many came to it before one did not. */
static uint32_t have_all(struct wl_node *node, const struct wl_config_link *link, uint32_t count,
			 void (*errand)(struct wl_worker *, void *))
{
	for (uint32_t number = 0; number < count; number++) {
		const struct wl_config_worker *config = &node->config->workers[number];
		struct place place = {.port = node->workers[number].port};

		for (; place.link < config->link_count; place.link++) {
			const struct wl_config_link *other = &config->links[place.link];

			if (other->kind == link->kind && strcmp(other->name, link->name) == 0 &&
			    !wl_worker_thread_run(&node->workers[number].thread, errand, &place))
				return number;
		}
	}
	return count;
}

static bool hold_everywhere(struct wl_node *node, const struct wl_config_link *link)
{
	uint32_t workers = node->config->worker_count;
	uint32_t holding = have_all(node, link, workers, hold);

	if (holding == workers)
		return true;
	have_all(node, link, holding, release);
	return false;
}

static void reset(struct wl_node *node, uint32_t number, uint16_t at)
{
	const struct wl_config_link *link = &node->config->workers[number].links[at];
	struct wl_port *port = node->workers[number].port;
	struct wl_port_words words = {.note = ""};
	int status;

	wl_report(WL_REPORT_WARNING, "nic_reset",
		  "worker=%u link=%s text=\"its driver asks for it\"", number, link->name);
	if (!hold_everywhere(node, link))
		return;
	status = wl_port_device_reset(port, at, &words);
	if (status == 0)
		have_all(node, link, node->config->worker_count, release);
	/* What failed is tried again at the next look, the workers hold it meanwhile. */
	if (status == 0)
		wl_report(WL_REPORT_NOTICE, "nic_reset", "worker=%u link=%s ended=1 note=\"%s\"",
			  number, link->name, words.note);
	else
		wl_report(WL_REPORT_WARNING, "nic_reset",
			  "worker=%u link=%s code=%s reason=\"%s\" fix=\"it is tried again; if it "
			  "lasts, restart the node, or replace the NIC\"",
			  number, link->name, wirelog_status_name(status), words.reason);
}

static void let_go(struct wl_node *node, uint32_t number, uint16_t at)
{
	const struct wl_config_link *link = &node->config->workers[number].links[at];

	if (!hold_everywhere(node, link))
		return;
	wl_port_device_let_go(node->workers[number].port, at);
	wl_report(
		WL_REPORT_ERROR, "nic_gone",
		"worker=%u link=%s text=\"the device was taken away: nothing comes or goes by this "
		"link\" fix=\"put a NIC into its place, `wirelog tune`, and restart the node\"",
		number, link->name);
}

static void look(struct wl_node *node, uint32_t number, uint16_t at)
{
	struct wl_port *port = node->workers[number].port;

	wl_port_device_ask(port, at);
	switch (wl_port_device_state(port, at)) {
	case WL_DEVICE_WANTS_RESET:
		reset(node, number, at);
		break;
	case WL_DEVICE_LEAVES:
		let_go(node, number, at);
		break;
	case WL_DEVICE_WELL:
	case WL_DEVICE_GONE:
		break;
	}
}

void wl_nic_mend_tend(struct wl_node *node)
{
	for (uint32_t number = 0; number < node->config->worker_count; number++) {
		const struct wl_config_worker *config = &node->config->workers[number];

		for (uint16_t at = 0; at < config->link_count; at++)
			if (has_device(&config->links[at]))
				look(node, number, at);
	}
}

uint32_t wl_nic_mend_gone(const struct wl_node *node, uint32_t worker)
{
	const struct wl_config_worker *config = &node->config->workers[worker];
	uint32_t count = 0;

	for (uint16_t at = 0; at < config->link_count; at++)
		count += has_device(&config->links[at]) &&
			 wl_port_device_state(node->workers[worker].port, at) == WL_DEVICE_GONE;
	return count;
}

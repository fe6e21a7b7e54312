/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/nic_watch_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/nic/kernel_stats_file.h"
#include "dataplane/nic/port_device_dpdk.h"
#include "dataplane/nic/port_stats_dpdk.h"
#include "wirelog/status.h"

/* Where a link is found; it stays as it was added. */
struct watched {
	const struct wl_config_link *config;
	uint32_t worker;
	uint16_t place; /* in the worker's port */
};

struct wl_nic_watch {
	pthread_mutex_t lock; /* of all that follows */
	uint32_t count;
	bool looked;
	struct watched *watched;
	struct wl_status_link *links; /* what status tells of each */
};

static bool add(struct wl_nic_watch *watch, const struct watched *one)
{
	struct watched *watched =
		realloc(watch->watched, (watch->count + 1) * sizeof(watch->watched[0]));
	struct wl_status_link *links;

	if (watched)
		watch->watched = watched;
	links = watched ? realloc(watch->links, (watch->count + 1) * sizeof(watch->links[0]))
			: NULL;
	if (!links)
		return false;
	watch->links = links;
	watch->watched[watch->count] = *one;
	watch->links[watch->count++] =
		(struct wl_status_link){.worker = one->worker,
					.name = one->config->name,
					.kind = wl_config_link_kind_name(one->config->kind)};
	return true;
}

/* The links of the file are opened first, in order: their places are those in the port. */
static bool add_configured(struct wl_nic_watch *watch, const struct wl_config *config)
{
	bool added = true;

	for (uint32_t worker = 0; worker < config->worker_count; worker++) {
		const struct wl_config_worker *from = &config->workers[worker];

		for (uint16_t place = 0; place < from->link_count && added; place++)
			added = add(watch, &(struct watched){&from->links[place], worker, place});
	}
	return added;
}

int wl_nic_watch_open(struct wl_node *node, char *reason, size_t reason_bytes)
{
	struct wl_nic_watch *watch = calloc(1, sizeof(*watch));

	node->nics = watch;
	if (!watch || !add_configured(watch, node->config)) {
		snprintf(reason, reason_bytes, "no memory for the links' numbers");
		return WIRELOG_NO_MEMORY;
	}
	pthread_mutex_init(&watch->lock, NULL);
	return 0;
}

void wl_nic_watch_close(struct wl_node *node)
{
	if (!node->nics)
		return;
	free(node->nics->watched);
	free(node->nics->links);
	free(node->nics);
	node->nics = NULL;
}

void wl_nic_watch_add(struct wl_node *node, uint32_t worker, const struct wl_config_link *link,
		      uint16_t place)
{
	struct wl_nic_watch *watch = node->nics;

	pthread_mutex_lock(&watch->lock);
	(void)add(watch, &(struct watched){link, worker, place});
	pthread_mutex_unlock(&watch->lock);
}

static void read_link(struct wl_port *port, const struct watched *watched,
		      struct wl_status_link *link)
{
	const struct wl_config_link *config = watched->config;
	struct wl_device_told told;

	wl_port_device_ask(port, watched->place);
	link->up = port->ops->link_is_up(port, watched->place);
	link->steering = wl_port_dpdk_steering(port, watched->place);
	if (wl_port_device_told(port, watched->place, &told)) {
		link->device =
			wl_port_device_state_name(wl_port_device_state(port, watched->place));
		link->resets = told.resets;
		link->interrupts = told.link_events;
	}
	if (config->kind == WL_CONFIG_AF_PACKET || config->kind == WL_CONFIG_AF_XDP) {
		link->stats_known = wl_kernel_stats_read(config->name, &link->stats);
		return;
	}
	link->stats_known = wl_port_dpdk_link_stats(port, watched->place, &link->stats);
	link->number_count = wl_port_dpdk_link_numbers(port, watched->place, link->numbers,
						       WL_STATUS_LINK_NUMBERS);
}

/* False: there are no more. A driver may take its time: it is asked without the lock. */
static bool look_at(struct wl_node *node, uint32_t at)
{
	struct wl_nic_watch *watch = node->nics;
	struct wl_status_link link;
	struct watched watched;
	bool was_up;

	pthread_mutex_lock(&watch->lock);
	if (at >= watch->count) {
		pthread_mutex_unlock(&watch->lock);
		return false;
	}
	link = watch->links[at];
	watched = watch->watched[at];
	pthread_mutex_unlock(&watch->lock);
	was_up = link.up;
	read_link(node->workers[watched.worker].port, &watched, &link);
	link.changes += watch->looked && link.up != was_up;
	pthread_mutex_lock(&watch->lock);
	watch->links[at] = link;
	pthread_mutex_unlock(&watch->lock);
	return true;
}

void wl_nic_watch_look(struct wl_node *node)
{
	for (uint32_t at = 0; look_at(node, at); at++)
		;
	node->nics->looked = true;
}

uint32_t wl_nic_watch_count(const struct wl_node *node)
{
	struct wl_nic_watch *watch = node->nics;
	uint32_t count;

	pthread_mutex_lock(&watch->lock);
	count = watch->count;
	pthread_mutex_unlock(&watch->lock);
	return count;
}

void wl_nic_watch_copy(const struct wl_node *node, struct wl_status_link *links, uint32_t max)
{
	struct wl_nic_watch *watch = node->nics;

	pthread_mutex_lock(&watch->lock);
	WL_CHECK(max <= watch->count);
	if (max != 0) /* links of memif alone: there is no table, either */
		memcpy(links, watch->links, max * sizeof(links[0]));
	pthread_mutex_unlock(&watch->lock);
}

bool wl_nic_watch_find(const struct wl_node *node, uint32_t worker, uint16_t place,
		       struct wl_config_link *link)
{
	struct wl_nic_watch *watch = node->nics;
	bool found = false;

	pthread_mutex_lock(&watch->lock);
	for (uint32_t at = 0; at < watch->count && !found; at++) {
		const struct watched *one = &watch->watched[at];

		found = one->worker == worker && one->place == place;
		if (found)
			*link = *one->config;
	}
	pthread_mutex_unlock(&watch->lock);
	return found;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/nic_watch_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/nic/kernel_stats_file.h"
#include "dataplane/nic/port_stats_dpdk.h"
#include "wirelog/status.h"

struct wl_nic_watch {
	pthread_mutex_t lock; /* of what stands in `links` */
	uint32_t count;
	bool looked;
	struct wl_status_link links[]; /* in the order of workers and of their links */
};

uint32_t wl_nic_watch_count(const struct wl_node *node)
{
	uint32_t count = 0;

	for (uint32_t worker = 0; worker < node->config->worker_count; worker++)
		count += node->config->workers[worker].link_count;
	return count;
}

int wl_nic_watch_open(struct wl_node *node, char *reason, size_t reason_bytes)
{
	uint32_t count = wl_nic_watch_count(node), at = 0;
	struct wl_nic_watch *watch = calloc(1, sizeof(*watch) + count * sizeof(watch->links[0]));

	if (!watch) {
		snprintf(reason, reason_bytes, "no memory for the links' numbers");
		return WIRELOG_NO_MEMORY;
	}
	pthread_mutex_init(&watch->lock, NULL);
	watch->count = count;
	for (uint32_t worker = 0; worker < node->config->worker_count; worker++)
		for (uint16_t place = 0; place < node->config->workers[worker].link_count;
		     place++) {
			const struct wl_config_link *link =
				&node->config->workers[worker].links[place];

			watch->links[at++] = (struct wl_status_link){
				.worker = worker,
				.name = link->name,
				.kind = wl_config_link_kind_name(link->kind)};
		}
	node->nics = watch;
	return 0;
}

void wl_nic_watch_close(struct wl_node *node)
{
	free(node->nics);
	node->nics = NULL;
}

/* Without the lock: a driver may take its time. */
static void read_link(const struct wl_port *port, const struct wl_config_link *config,
		      uint16_t place, struct wl_status_link *link)
{
	link->up = port->ops->link_is_up(port, place);
	if (config->kind == WL_CONFIG_AF_PACKET || config->kind == WL_CONFIG_AF_XDP) {
		link->stats_known = wl_kernel_stats_read(config->name, &link->stats);
		return;
	}
	link->stats_known = wl_port_dpdk_link_stats(port, place, &link->stats);
	link->number_count =
		wl_port_dpdk_link_numbers(port, place, link->numbers, WL_STATUS_LINK_NUMBERS);
}

static void look_at(struct wl_node *node, uint32_t worker, uint16_t place, uint32_t at)
{
	struct wl_nic_watch *watch = node->nics;
	struct wl_status_link link = watch->links[at]; /* wl-watch alone writes it */

	read_link(node->workers[worker].port, &node->config->workers[worker].links[place], place,
		  &link);
	link.changes += watch->looked && link.up != watch->links[at].up;
	pthread_mutex_lock(&watch->lock);
	watch->links[at] = link;
	pthread_mutex_unlock(&watch->lock);
}

void wl_nic_watch_look(struct wl_node *node)
{
	uint32_t at = 0;

	/* The links of the file are opened first, in order: their places are those in the port. */
	for (uint32_t worker = 0; worker < node->config->worker_count; worker++)
		for (uint16_t place = 0; place < node->config->workers[worker].link_count; place++)
			look_at(node, worker, place, at++);
	node->nics->looked = true;
}

void wl_nic_watch_copy(struct wl_node *node, struct wl_status_link *links)
{
	struct wl_nic_watch *watch = node->nics;

	pthread_mutex_lock(&watch->lock);
	memcpy(links, watch->links, watch->count * sizeof(watch->links[0]));
	pthread_mutex_unlock(&watch->lock);
}

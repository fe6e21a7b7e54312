/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's start and the workers' ports, from the configuration's links. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/node/boot_shape.h"
#include "control/node/boot_thread.h"
#include "control/report/report_file.h"
#include "dataplane/host/placement_thread.h"

struct port_plan {
	struct wl_port_config config;
	struct wl_link_config links[WL_CONFIG_LINKS_MAX + WL_CONFIG_CLIENT_SLOTS_MAX];
	int memory_nodes[WIRELOG_WORKERS_MAX];
};

static enum wl_link_kind kind_of(enum wl_config_link_kind kind)
{
	switch (kind) {
	case WL_CONFIG_AF_PACKET:
		return WL_LINK_AF_PACKET;
	case WL_CONFIG_AF_XDP:
		return WL_LINK_AF_XDP;
	case WL_CONFIG_PCI:
		return WL_LINK_PCI;
	case WL_CONFIG_EAL:
		return WL_LINK_EAL;
	case WL_CONFIG_UDP:
		return WL_LINK_UDP;
	case WL_CONFIG_MEMIF:
		break;
	}
	return WL_LINK_MEMIF;
}

void wl_boot_plan_link(const struct wl_config *config, const struct wl_config_link *from,
		       struct wl_link_config *to)
{
	to->kind = kind_of(from->kind);
	snprintf(to->name, sizeof(to->name), "%s", from->name);
	to->ipv4 = wl_config_node(config, config->node)->ipv4;
	to->mtu = from->mtu;
	to->has_mac = from->has_mac;
	memcpy(to->mac, from->mac, sizeof(to->mac));
	to->point_to_point = from->peer != 0;
	to->server = from->server;
	to->id = from->id;
	to->id_count = 1;
	to->ring_log2 = from->ring_log2;
	to->listen_ipv4 = from->listen_ipv4;
	to->listen_port = from->listen_port;
	to->queue = from->queue;
	to->descriptors = from->descriptors;
}

static void plan_port(const struct wl_config *config, uint32_t number, struct port_plan *plan)
{
	const struct wl_config_worker *worker = &config->workers[number];
	const struct wl_config_node *self = wl_config_node(config, config->node);
	uint16_t count = 0;

	memset(plan, 0, sizeof(*plan));
	for (uint32_t at = 0; at < worker->link_count; at++)
		wl_boot_plan_link(config, &worker->links[at], &plan->links[count++]);
	for (uint32_t slot = 0; slot < worker->client_slots; slot++) {
		struct wl_link_config *link = &plan->links[count++];

		link->kind = WL_LINK_MEMIF;
		snprintf(link->name, sizeof(link->name), "%s", worker->client_socket);
		link->ipv4 = self->ipv4;
		link->mtu = worker->client_mtu;
		link->server = true;
		link->id = slot;
		link->id_count = 1;
		link->ring_log2 = worker->client_ring_log2;
	}
	/* A frame is written by the NIC and read by the worker: buffers lie where the worker's core has them near. */
	for (uint32_t other = 0; other < config->worker_count; other++)
		plan->memory_nodes[other] = wl_placement_numa_node(config->workers[other].core);
	plan->config = (struct wl_port_config){
		.worker = number,
		.workers = config->worker_count,
		.memory_nodes = plan->memory_nodes,
		.udp_port = (uint16_t)(self->udp_port + number),
		.tended = true,
		.links = plan->links,
		.link_count = count,
	};
}

/* A configured core that is outside the inherited mask and can be had. The list ascends. */
static void add_core(struct wl_cores *allowed, int core)
{
	uint16_t at = allowed->count;

	if (core < 0 || at == WL_CORES_MAX || wl_placement_has(allowed, (uint16_t)core) ||
	    !wl_placement_may_use((uint16_t)core))
		return;
	for (; at > 0 && allowed->cores[at - 1] > core; at--)
		allowed->cores[at] = allowed->cores[at - 1];
	allowed->cores[at] = (uint16_t)core;
	allowed->count++;
}

/* Control, stats, log and the makers of segments leave the workers' cores to them, where there are others. */
static void leave_cores(const struct wl_config *config, const struct wl_cores *allowed)
{
	struct wl_cores left = {0};

	for (uint16_t at = 0; at < allowed->count; at++) {
		bool taken = false;

		for (uint32_t number = 0; number < config->worker_count; number++)
			taken |= config->workers[number].core == allowed->cores[at];
		if (!taken)
			left.cores[left.count++] = allowed->cores[at];
	}
	if (left.count != 0 && left.count != allowed->count)
		wl_placement_confine(&left);
}

static int place_threads(const struct wl_config *config, char *reason, size_t reason_bytes)
{
	struct wl_cores inherited, allowed;
	struct wl_boot_cores cores;
	int status;

	wl_placement_allowed(&inherited);
	allowed = inherited;
	for (uint32_t number = 0; number < config->worker_count; number++)
		add_core(&allowed, config->workers[number].core);
	cores = (struct wl_boot_cores){allowed.cores, allowed.count};
	status = wl_boot_shape_check_cores(config, &cores, reason, reason_bytes);
	if (status == 0)
		leave_cores(config, &inherited);
	return status;
}

static void on_eal_line(void *context, unsigned level, const char *line)
{
	(void)context;
	/* DPDK's warnings are for its developers as often as not: an operator sees them at debug. */
	wl_report(level <= 3 ? WL_REPORT_WARNING : WL_REPORT_DEBUG, "dpdk", "text=\"%s\"", line);
}

static int start_eal(struct wl_node *node, uint32_t memory_mb, char *reason, size_t reason_bytes)
{
	const struct wl_config *config = node->config;
	struct wl_eal_settings settings;
	int status;

	if (config->memory_mb != 0 && config->memory_mb < memory_mb)
		wl_report(WL_REPORT_WARNING, "memory_small", "megabytes=%u needed=%u",
			  config->memory_mb, memory_mb);
	wl_boot_shape_eal(config, memory_mb, &settings);
	wl_eal_set_log(on_eal_line, NULL);
	/* What is written to stderr while the EAL starts is taken for its words. */
	wl_report_flush();
	status = wl_eal_start(&settings, &node->eal, reason, reason_bytes);
	wl_report(WL_REPORT_INFO, "eal", "line=\"%s\"", node->eal.line);
	if (status != 0)
		return status;
	node->eal_started = true;
	wl_report(WL_REPORT_NOTICE, "memory", "pages=%s megabytes=%u reason=\"%s\"",
		  node->eal.hugepages ? "hugepages" : "4KiB", settings.memory_mb,
		  node->eal.memory_reason);
	return 0;
}

int wl_boot_open_ports(struct wl_node *node, char *reason, size_t reason_bytes)
{
	const struct wl_config *config = node->config;
	struct port_plan *plan = malloc(sizeof(*plan));
	uint32_t memory_mb = WL_BOOT_EAL_BASE_MB;
	int status = place_threads(config, reason, reason_bytes);

	if (!plan) {
		snprintf(reason, reason_bytes, "no memory to plan the ports");
		return WIRELOG_NO_MEMORY;
	}
	for (uint32_t number = 0; number < config->worker_count && status == 0; number++) {
		plan_port(config, number, plan);
		memory_mb += wl_port_dpdk_memory_mb(&plan->config);
	}
	if (status == 0)
		status = start_eal(node, memory_mb, reason, reason_bytes);
	for (uint32_t number = 0; number < config->worker_count && status == 0; number++) {
		struct wl_node_worker *worker = &node->workers[number];

		plan_port(config, number, plan);
		status = wl_port_dpdk_open(&worker->port, &plan->config, &worker->port_words);
		if (status != 0)
			snprintf(reason, reason_bytes, "worker %u: %s%s", number,
				 worker->port_words.reason,
				 status == WIRELOG_NO_MEMORY ? ": raise memory.megabytes" : "");
		else
			wl_report(WL_REPORT_NOTICE, "port", "worker=%u links=%u note=\"%s\"",
				  number, worker->port->link_count, worker->port_words.note);
	}
	free(plan);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_links_dpdk.h"

#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_mbuf.h>
#include <rte_memory.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/base/check.h"
#include "dataplane/base/limits.h"
#include "dataplane/nic/descriptors_file.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/pci_explain.h"
#include "dataplane/nic/port_events_dpdk.h"
#include "dataplane/nic/port_hub_dpdk.h"
#include "dataplane/nic/port_opening_dpdk.h"
#include "wirelog/status.h"

static const char *const kind_names[] = {"memif", "af_packet", "af_xdp", "pci", "eal", "udp"};

/* "memif", "af_packet", ... for messages. */
static const char *name_of_kind(enum wl_link_kind kind)
{
	return (unsigned)kind < 6 ? kind_names[kind] : "unknown";
}

/*
 * A pool hands out the packets that came back last, so most of them are used for the first time in the first crowd: their pages
 * are there before, or that crowd would wait for each one.
 */
static void touch(struct rte_mempool *pool, void *context, void *object, unsigned number)
{
	volatile uint8_t *bytes = object;

	(void)context;
	(void)number;
	for (uint32_t at = sizeof(struct rte_mbuf); at < pool->elt_size; at += WL_BLOCK_BYTES)
		bytes[at] = 0;
	bytes[pool->elt_size - 1] = 0;
}

static struct rte_mempool *create_pool(const char *name, uint32_t frames, uint16_t buffer_bytes,
				       int memory_node)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		name, frames, frames >= 1024 ? 256 : 0, 0,
		(uint16_t)(buffer_bytes + RTE_PKTMBUF_HEADROOM), memory_node);

	if (pool)
		rte_mempool_obj_iter(pool, touch, NULL);
	return pool;
}

struct rte_mempool *wl_port_links_pool(uint32_t worker, int memory_node, uint32_t frames,
				       uint16_t buffer_bytes)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "wl-pool-%u", worker);
	pool = rte_mempool_lookup(name);
	if (pool != NULL)
		return pool;
	if (memory_node < 0)
		memory_node = (int)rte_socket_id();
	pool = create_pool(name, frames, buffer_bytes, memory_node);
	/* Without hugepages DPDK has the memory of node 0 alone, wherever the kernel put it. */
	return pool ? pool : create_pool(name, frames, buffer_bytes, SOCKET_ID_ANY);
}

/* ---- making devices --------------------------------------------------------------------------- */

static int make_virtual(struct wl_opening *opening, const char *driver, const char *arguments)
{
	static _Atomic unsigned made; /* workers open links again on their own threads */
	int error;

	snprintf(opening->link->device_name, sizeof(opening->link->device_name), "%s_wl%u", driver,
		 made++);
	error = rte_eal_hotplug_add("vdev", opening->link->device_name, arguments);
	if (error != 0)
		return wl_port_opening_explain(opening, error);
	opening->link->owns_device = true;
	if (rte_eth_dev_get_port_by_name(opening->link->device_name, &opening->link->device) != 0)
		return wl_port_opening_fail(opening, WIRELOG_EAL_DEVICE, "the driver made no port");
	return 0;
}

static int make_memif(struct wl_opening *opening)
{
	const struct wl_link_config *config = opening->config;
	uint16_t buffer_bytes = wl_memif_buffer_bytes(opening->mtu);
	struct wl_memif_wish wish = {
		.address = config->name,
		.server = config->server,
		.id = config->id,
		.id_count = config->id_count,
		.frame_bytes = (uint16_t)(opening->mtu + RTE_ETHER_HDR_LEN),
		.buffer_bytes = buffer_bytes,
		.ring_log2 = config->ring_log2 != 0			? config->ring_log2
			     : buffer_bytes > WL_MEMIF_BUFFER_BYTES_MIN ? 8
									: 10,
	};

	return wl_memif_add(&opening->port->memif, opening->index, &wish, opening->words->reason);
}

/* The kernel's MTU is not ours to change: a smaller one is an error. */
static int check_interface(const struct wl_opening *opening)
{
	struct ifreq request;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char what[128] = "";
	int status = 0;

	memset(&request, 0, sizeof(request));
	if (strlen(opening->config->name) >= sizeof(request.ifr_name))
		status = WIRELOG_EAL_DEVICE;
	memcpy(request.ifr_name, opening->config->name,
	       strnlen(opening->config->name, sizeof(request.ifr_name) - 1));
	if (status != 0 || fd < 0 || ioctl(fd, SIOCGIFMTU, &request) != 0) {
		status = WIRELOG_EAL_DEVICE;
		snprintf(what, sizeof(what), "there is no such interface");
	} else if (request.ifr_mtu < opening->mtu) {
		status = WIRELOG_PORT_MTU;
		snprintf(what, sizeof(what), "the interface's MTU is %d, the configured one is %u",
			 request.ifr_mtu, opening->mtu);
	} else if (ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0) {
		wl_port_opening_note(opening, "%s is down: ip link set %s up",
				     opening->config->name, opening->config->name);
	}
	if (fd >= 0)
		close(fd);
	return status == 0 ? 0 : wl_port_opening_fail(opening, status, what);
}

static int make_af_packet(struct wl_opening *opening)
{
	char arguments[WL_LINK_NAME_BYTES * 2];
	/* A frame slot holds the kernel's header (52 bytes) and what fits into one of our buffers;
	 * a block holds whole pages and whole slots. */
	unsigned slot = opening->port->buffer_bytes;
	unsigned block = slot <= 4096 ? 65536 : slot * 16;
	int status = check_interface(opening);

	if (status != 0)
		return status;
	if (opening->mtu + RTE_ETHER_HDR_LEN + 82u > slot)
		return wl_port_opening_fail(opening, WIRELOG_PORT_MTU,
					    "the packet buffers are too small");
	snprintf(arguments, sizeof(arguments),
		 "iface=%s,qpairs=1,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1",
		 opening->config->name, block, slot, slot <= 4096 ? 1024 : 256);
	return make_virtual(opening, "net_af_packet", arguments);
}

static int make_af_xdp(struct wl_opening *opening)
{
	char arguments[WL_LINK_NAME_BYTES * 2];
	int status = check_interface(opening);
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	unsigned port_room = opening->port->buffer_bytes;

	/* The driver's message does not tell a missing privilege from anything else. */
	if (fd < 0 && status == 0)
		status = wl_port_opening_fail(
			opening, errno == EPERM ? WIRELOG_PORT_PRIVILEGE : WIRELOG_EAL_DEVICE,
			errno == EPERM ? "XDP sockets need root, or CAP_NET_RAW, CAP_NET_ADMIN"
					 " and CAP_BPF"
				       : "this kernel has no XDP sockets");
	if (fd >= 0)
		close(fd);
	if (status == 0 && opening->mtu + RTE_ETHER_HDR_LEN + WL_XDP_HEADROOM > port_room)
		status = wl_port_opening_fail(opening, WIRELOG_PORT_MTU,
					      "the packet buffers are too small for XDP");
	if (status != 0)
		return status;
	snprintf(arguments, sizeof(arguments), "iface=%s,start_queue=%u,queue_count=1",
		 opening->config->name, opening->config->queue);
	return make_virtual(opening, "net_af_xdp", arguments);
}

static int make_udp(struct wl_opening *opening)
{
	const struct wl_link_config *config = opening->config;
	const struct wl_address listen = {.ipv4 = config->listen_ipv4,
					  .udp_port = config->listen_port};
	const struct wl_address self = {.ipv4 = config->ipv4, .udp_port = opening->port->udp_port};
	int error = wl_port_udp_open(&opening->link->udp, &listen, &self, opening->mtu);
	char what[96];

	if (error != 0) {
		snprintf(what, sizeof(what), "a socket cannot be bound there: %s",
			 strerror(-error));
		return wl_port_opening_fail(
			opening, error == -EACCES ? WIRELOG_PORT_PRIVILEGE : WIRELOG_PORT_ADDRESS,
			what);
	}
	wl_port_opening_note(opening, "%s: kernel sockets, for clients without DPDK",
			     opening->subject);
	return 0;
}

/* An existing device, or a virtual one: "net_tap0,iface=x". */
static int make_eal(struct wl_opening *opening)
{
	struct wl_dpdk_link *link = opening->link;
	const char *comma = strchr(opening->config->name, ',');
	size_t bytes = comma != NULL ? (size_t)(comma - opening->config->name)
				     : strlen(opening->config->name);
	int error;

	if (bytes == 0 || bytes >= sizeof(link->device_name))
		return wl_port_opening_fail(opening, WIRELOG_EAL_DEVICE,
					    "the device's name is too long or empty");
	memcpy(link->device_name, opening->config->name, bytes);
	link->device_name[bytes] = '\0';
	if (rte_eth_dev_get_port_by_name(link->device_name, &link->device) == 0)
		return 0;
	error = rte_eal_hotplug_add("vdev", link->device_name, comma != NULL ? comma + 1 : "");
	if (error != 0)
		return wl_port_opening_explain(opening, error);
	link->owns_device = true;
	if (rte_eth_dev_get_port_by_name(link->device_name, &link->device) != 0)
		return wl_port_opening_fail(opening, WIRELOG_EAL_DEVICE,
					    "the device is no network device");
	return 0;
}

/* Why DPDK does not know a PCI device, each cause by its code. */
static int explain_pci(const struct wl_opening *opening)
{
	struct wl_pci_facts facts;
	char what[160];
	int status;

	wl_pci_look("", opening->config->name, rte_eal_get_physmem_size(), &facts);
	status = wl_pci_explain(&facts, what, sizeof(what));
	return wl_port_opening_fail(opening, status, what);
}

static int find_pci(struct wl_opening *opening)
{
	struct wl_dpdk_link *link = opening->link;

	snprintf(link->device_name, sizeof(link->device_name), "%.60s", opening->config->name);
	if (rte_eth_dev_get_port_by_name(link->device_name, &link->device) == 0)
		return 0;
	return explain_pci(opening);
}

static int make(struct wl_opening *opening)
{
	switch (opening->config->kind) {
	case WL_LINK_MEMIF:
		return make_memif(opening);
	case WL_LINK_AF_PACKET:
		return make_af_packet(opening);
	case WL_LINK_AF_XDP:
		return make_af_xdp(opening);
	case WL_LINK_PCI:
		return find_pci(opening);
	case WL_LINK_EAL:
		return make_eal(opening);
	case WL_LINK_UDP:
		return make_udp(opening);
	}
	return wl_port_opening_fail(opening, WIRELOG_CONFIG_VALUE, "there is no such kind of link");
}

int wl_port_links_open(struct wl_port_dpdk *port, uint16_t index,
		       const struct wl_link_config *config, struct wl_port_words *words)
{
	struct wl_dpdk_link *link = &port->links[index];
	struct wl_opening opening = {
		.port = port,
		.link = link,
		.config = config,
		.words = words,
		.index = index,
		.mtu = config->mtu != 0 ? config->mtu : 1500,
		.mark = wl_eal_log_mark(),
	};
	struct wl_descriptors descriptors;
	int status;

	snprintf(opening.subject, sizeof(opening.subject), "link %u (%s %s)", index,
		 name_of_kind(config->kind), config->name);
	memset(link, 0, sizeof(*link));
	if (opening.mtu < WIRELOG_MTU_MIN || opening.mtu > WIRELOG_MTU_MAX ||
	    opening.mtu + RTE_ETHER_HDR_LEN > port->buffer_bytes)
		return wl_port_opening_fail(
			&opening, WIRELOG_PORT_MTU,
			"the MTU is outside 1280..9000 or above the port's mtu_max");
	link->kind = config->kind;
	link->info.mtu = opening.mtu;
	link->info.ipv4 = config->ipv4;
	link->info.ethernet = config->kind != WL_LINK_MEMIF && config->kind != WL_LINK_UDP &&
			      !config->point_to_point;
	if (config->kind == WL_LINK_AF_XDP)
		wl_eal_catch_output();
	wl_descriptors_note(&descriptors);
	status = make(&opening);
	if (status != 0 && link->owns_device)
		rte_eal_hotplug_remove("vdev", link->device_name);
	if (status == 0) {
		status = wl_port_start_link(&opening);
		link->present = true;
	}
	wl_descriptors_close_to_children(&descriptors);
	if (config->kind == WL_LINK_AF_XDP)
		wl_eal_release_output();
	if (!link->present)
		return status;
	if (status != 0) {
		wl_port_links_close(port, index);
		return status;
	}
	if (config->kind != WL_LINK_MEMIF && config->kind != WL_LINK_UDP)
		port->interfaces[index] = *config;
	if (config->kind == WL_LINK_AF_PACKET || config->kind == WL_LINK_AF_XDP)
		link->interface = if_nametoindex(config->name);
	link->up = config->kind == WL_LINK_UDP ||
		   (config->kind != WL_LINK_MEMIF && wl_port_links_device_is_up(link));
	if (link->events && !link->events->interrupts)
		link->events->up = link->up;
	return 0;
}

void wl_port_links_let_go(struct wl_dpdk_link *link)
{
	struct rte_eth_dev_info device;
	bool known = rte_eth_dev_info_get(link->device, &device) == 0;

	wl_port_events_forget(link->device, link->device_name);
	rte_eth_dev_stop(link->device);
	rte_eth_dev_close(link->device);
	if (known && device.device)
		rte_dev_remove(device.device);
}

static void close_device(struct wl_dpdk_link *link)
{
	if (link->gone)
		return;
	if (link->events)
		wl_port_events_forget(link->device, link->device_name);
	rte_eth_dev_stop(link->device);
	if (link->kind == WL_LINK_PCI)
		rte_eth_dev_close(link->device);
	if (link->owns_device)
		rte_eal_hotplug_remove("vdev", link->device_name);
}

void wl_port_links_close(struct wl_port_dpdk *port, uint16_t index)
{
	struct wl_dpdk_link *link = &port->links[index];

	if (link->kind == WL_LINK_UDP || link->kind == WL_LINK_MEMIF) {
		if (link->kind == WL_LINK_UDP)
			wl_port_udp_close(&link->udp);
		else
			wl_memif_remove(&port->memif, index);
		memset(link, 0, sizeof(*link));
		return;
	}
	if (link->kind == WL_LINK_AF_XDP)
		wl_eal_catch_output();
	if (link->hub)
		wl_port_hub_leave(link);
	else
		close_device(link);
	if (link->kind == WL_LINK_AF_XDP)
		wl_eal_release_output();
	memset(link, 0, sizeof(*link));
}

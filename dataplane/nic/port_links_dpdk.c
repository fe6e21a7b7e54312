/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_links_dpdk.h"

#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_flow.h>
#include <rte_mbuf.h>
#include <rte_memory.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/base/check.h"
#include "dataplane/base/limits.h"
#include "dataplane/base/sentence.h"
#include "dataplane/nic/descriptors_file.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/eal_explain.h"
#include "dataplane/nic/pci_explain.h"
#include "wirelog/status.h"

#define LOG_BYTES 4096u
#define DESCRIPTORS 1024u
#define VIRTUAL_DESCRIPTORS 512u

/* One link being opened: what its functions share. */
struct opening {
	struct wl_port_dpdk *port;
	struct wl_dpdk_link *link;
	const struct wl_link_config *config;
	struct wl_port_words *words;
	uint16_t index;
	uint16_t mtu;
	uint64_t mark; /* in DPDK's log */
	char subject[WL_LINK_NAME_BYTES + 48];
};

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

static int fail(const struct opening *opening, int status, const char *what)
{
	struct wl_sentence reason =
		wl_sentence_begin(opening->words->reason, sizeof(opening->words->reason));

	wl_sentence_add(&reason, opening->subject);
	wl_sentence_add(&reason, ": ");
	wl_sentence_add(&reason, what);
	return status;
}

/* A DPDK call failed: what it logged says why. */
static int explain(const struct opening *opening, int error)
{
	char text[LOG_BYTES];
	int status;

	wl_eal_log_since(opening->mark, text, sizeof(text));
	if (text[0] == '\0' && error != 0)
		snprintf(text, sizeof(text), "%s", strerror(error < 0 ? -error : error));
	status = wl_eal_explain(text, opening->subject, opening->words->reason,
				sizeof(opening->words->reason));
	return status == WIRELOG_EAL_FAILED ? WIRELOG_EAL_DEVICE : status;
}

__attribute__((format(printf, 2, 3))) static void note(const struct opening *opening,
						       const char *format, ...)
{
	char *text = opening->words->note;
	size_t used = strlen(text), size = sizeof(opening->words->note);
	va_list arguments;

	if (used > 0 && used + 2 < size) {
		memcpy(text + used, "; ", 3);
		used += 2;
	}
	va_start(arguments, format);
	vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

/* ---- making devices --------------------------------------------------------------------------- */

static int make_virtual(struct opening *opening, const char *driver, const char *arguments)
{
	static _Atomic unsigned made; /* workers open links again on their own threads */
	int error;

	snprintf(opening->link->device_name, sizeof(opening->link->device_name), "%s_wl%u", driver,
		 made++);
	error = rte_eal_hotplug_add("vdev", opening->link->device_name, arguments);
	if (error != 0)
		return explain(opening, error);
	opening->link->owns_device = true;
	if (rte_eth_dev_get_port_by_name(opening->link->device_name, &opening->link->device) != 0)
		return fail(opening, WIRELOG_EAL_DEVICE, "the driver made no port");
	return 0;
}

static int make_memif(struct opening *opening)
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
static int check_interface(const struct opening *opening)
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
		note(opening, "%s is down: ip link set %s up", opening->config->name,
		     opening->config->name);
	}
	if (fd >= 0)
		close(fd);
	return status == 0 ? 0 : fail(opening, status, what);
}

static int make_af_packet(struct opening *opening)
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
		return fail(opening, WIRELOG_PORT_MTU, "the packet buffers are too small");
	snprintf(arguments, sizeof(arguments),
		 "iface=%s,qpairs=1,blocksz=%u,framesz=%u,framecnt=%u,qdisc_bypass=1",
		 opening->config->name, block, slot, slot <= 4096 ? 1024 : 256);
	return make_virtual(opening, "net_af_packet", arguments);
}

static int make_af_xdp(struct opening *opening)
{
	char arguments[WL_LINK_NAME_BYTES * 2];
	int status = check_interface(opening);
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	unsigned port_room = opening->port->buffer_bytes;

	/* The driver's message does not tell a missing privilege from anything else. */
	if (fd < 0 && status == 0)
		status = fail(opening, errno == EPERM ? WIRELOG_PORT_PRIVILEGE : WIRELOG_EAL_DEVICE,
			      errno == EPERM
				      ? "XDP sockets need root, or CAP_NET_RAW, CAP_NET_ADMIN"
					" and CAP_BPF"
				      : "this kernel has no XDP sockets");
	if (fd >= 0)
		close(fd);
	if (status == 0 && opening->mtu + RTE_ETHER_HDR_LEN + WL_XDP_HEADROOM > port_room)
		status =
			fail(opening, WIRELOG_PORT_MTU, "the packet buffers are too small for XDP");
	if (status != 0)
		return status;
	snprintf(arguments, sizeof(arguments), "iface=%s,start_queue=%u,queue_count=1",
		 opening->config->name, opening->config->queue);
	return make_virtual(opening, "net_af_xdp", arguments);
}

static int make_udp(struct opening *opening)
{
	const struct wl_link_config *config = opening->config;
	const struct wl_address listen = {.ipv4 = config->listen_ipv4,
					  .udp_port = config->listen_port};
	const struct wl_address self = {.ipv4 = config->ipv4, .udp_port = opening->port->udp_port};
	int error = wl_udp_open(&opening->link->udp, &listen, &self, opening->mtu);
	char what[96];

	if (error != 0) {
		snprintf(what, sizeof(what), "a socket cannot be bound there: %s",
			 strerror(-error));
		return fail(opening,
			    error == -EACCES ? WIRELOG_PORT_PRIVILEGE : WIRELOG_PORT_ADDRESS, what);
	}
	note(opening, "%s: kernel sockets, for clients without DPDK", opening->subject);
	return 0;
}

/* An existing device, or a virtual one: "net_tap0,iface=x". */
static int make_eal(struct opening *opening)
{
	struct wl_dpdk_link *link = opening->link;
	const char *comma = strchr(opening->config->name, ',');
	size_t bytes = comma != NULL ? (size_t)(comma - opening->config->name)
				     : strlen(opening->config->name);
	int error;

	if (bytes == 0 || bytes >= sizeof(link->device_name))
		return fail(opening, WIRELOG_EAL_DEVICE, "the device's name is too long or empty");
	memcpy(link->device_name, opening->config->name, bytes);
	link->device_name[bytes] = '\0';
	if (rte_eth_dev_get_port_by_name(link->device_name, &link->device) == 0)
		return 0;
	error = rte_eal_hotplug_add("vdev", link->device_name, comma != NULL ? comma + 1 : "");
	if (error != 0)
		return explain(opening, error);
	link->owns_device = true;
	if (rte_eth_dev_get_port_by_name(link->device_name, &link->device) != 0)
		return fail(opening, WIRELOG_EAL_DEVICE, "the device is no network device");
	return 0;
}

/* Why DPDK does not know a PCI device, each cause by its code. */
static int explain_pci(const struct opening *opening)
{
	struct wl_pci_facts facts;
	char what[160];
	int status;

	wl_pci_look("", opening->config->name, rte_eal_get_physmem_size(), &facts);
	status = wl_pci_explain(&facts, what, sizeof(what));
	return fail(opening, status, what);
}

static int find_pci(struct opening *opening)
{
	struct wl_dpdk_link *link = opening->link;

	snprintf(link->device_name, sizeof(link->device_name), "%.60s", opening->config->name);
	link->queue = (uint16_t)opening->port->worker;
	if (rte_eth_dev_get_port_by_name(link->device_name, &link->device) == 0)
		return 0;
	return explain_pci(opening);
}

/* ---- configuring and starting ----------------------------------------------------------------- */

static int set_up_queue(const struct opening *opening, uint16_t queue, uint16_t descriptors[2],
			const struct rte_eth_conf *conf)
{
	const struct wl_dpdk_link *link = opening->link;
	struct wl_port_dpdk *port = opening->port;
	int node = rte_eth_dev_socket_id(link->device);
	struct rte_mempool *pool = port->pool;
	struct rte_eth_dev_info device;
	struct rte_eth_txconf transmit;
	int error;

	if (queue != port->worker && opening->config->kind == WL_LINK_PCI)
		pool = wl_port_links_pool(queue, port->memory_nodes[queue], port->pool->size,
					  port->buffer_bytes);
	if (pool == NULL)
		return fail(opening, WIRELOG_NO_MEMORY, "no memory for the other workers' buffers");
	error = rte_eth_dev_info_get(link->device, &device);
	if (error != 0)
		return explain(opening, error);
	transmit = device.default_txconf;
	transmit.offloads = conf->txmode.offloads;
	error = rte_eth_rx_queue_setup(link->device, queue, descriptors[0],
				       (unsigned)(node < 0 ? 0 : node), NULL, pool);
	if (error == 0)
		error = rte_eth_tx_queue_setup(link->device, queue, descriptors[1],
					       (unsigned)(node < 0 ? 0 : node), &transmit);
	return error == 0 ? 0 : explain(opening, error);
}

static int configure(const struct opening *opening)
{
	const struct wl_dpdk_link *link = opening->link;
	bool pci = opening->config->kind == WL_LINK_PCI;
	uint16_t queues = (uint16_t)(pci ? opening->port->workers : 1);
	uint16_t descriptors[2] = {VIRTUAL_DESCRIPTORS, VIRTUAL_DESCRIPTORS};
	struct rte_eth_conf conf;
	struct rte_eth_dev_info device;
	int error = rte_eth_dev_info_get(link->device, &device);
	int status = 0;

	if (error != 0)
		return explain(opening, error);
	memset(&conf, 0, sizeof(conf));
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
	/* Frames of one pool, in one piece, with one owner: what this offload asks for. */
	if (pci)
		conf.txmode.offloads = device.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (pci || opening->config->kind == WL_LINK_AF_XDP) {
		descriptors[0] = opening->config->descriptors;
		if (descriptors[0] == 0)
			descriptors[0] = DESCRIPTORS;
		descriptors[1] = descriptors[0];
	}
	if (pci)
		conf.rxmode.mtu = opening->mtu;
	error = rte_eth_dev_configure(link->device, queues, queues, &conf);
	if (error == 0)
		error = rte_eth_dev_adjust_nb_rx_tx_desc(link->device, &descriptors[0],
							 &descriptors[1]);
	if (error != 0)
		return explain(opening, error);
	for (uint16_t queue = 0; queue < queues && status == 0; queue++)
		status = set_up_queue(opening, queue, descriptors, &conf);
	return status;
}

static int set_mtu(const struct opening *opening)
{
	const struct wl_dpdk_link *link = opening->link;
	uint16_t now = 0;
	char what[128];
	int error;

	if (opening->config->kind != WL_LINK_PCI && opening->config->kind != WL_LINK_EAL)
		return 0;
	if (rte_eth_dev_get_mtu(link->device, &now) == 0 && now == opening->mtu)
		return 0;
	error = rte_eth_dev_set_mtu(link->device, opening->mtu);
	if (error == 0 || error == -ENOTSUP)
		return 0;
	snprintf(what, sizeof(what), "the device refuses an MTU of %u (it has %u): %s",
		 opening->mtu, now, strerror(-error));
	return fail(opening, WIRELOG_PORT_MTU, what);
}

/* Frames to our UDP port come to our queue. Not needed with one worker. */
static int steer(struct opening *opening)
{
	struct rte_flow_attr attributes = {.ingress = 1};
	struct rte_flow_item_udp udp = {.hdr.dst_port = rte_cpu_to_be_16(opening->port->udp_port)};
	struct rte_flow_item_udp udp_mask = {.hdr.dst_port = UINT16_MAX};
	struct rte_flow_item pattern[] = {
		{.type = RTE_FLOW_ITEM_TYPE_ETH},
		{.type = RTE_FLOW_ITEM_TYPE_IPV4},
		{.type = RTE_FLOW_ITEM_TYPE_UDP, .spec = &udp, .mask = &udp_mask},
		{.type = RTE_FLOW_ITEM_TYPE_END},
	};
	struct rte_flow_action_queue queue = {.index = opening->link->queue};
	struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
		{.type = RTE_FLOW_ACTION_TYPE_END},
	};
	struct rte_flow_error error = {.message = NULL};
	char what[192];

	if (opening->port->workers == 1)
		return 0;
	opening->link->flow =
		rte_flow_create(opening->link->device, &attributes, pattern, actions, &error);
	if (opening->link->flow != NULL) {
		opening->link->steered = true;
		note(opening, "%s: UDP port %u is steered to queue %u", opening->subject,
		     opening->port->udp_port, queue.index);
		return 0;
	}
	snprintf(what, sizeof(what),
		 "the device cannot steer UDP port %u to a queue (%s): use one worker",
		 opening->port->udp_port,
		 error.message != NULL ? error.message : "no reason given");
	return fail(opening, WIRELOG_EAL_DEVICE, what);
}

static int start(struct opening *opening)
{
	struct wl_dpdk_link *link = opening->link;
	bool shared = opening->config->kind == WL_LINK_PCI && opening->port->worker > 0;
	struct rte_ether_addr mac;
	int status = 0, error;

	if (opening->config->has_mac)
		memcpy(link->info.mac, opening->config->mac, sizeof(link->info.mac));
	if (opening->config->kind == WL_LINK_UDP || opening->config->kind == WL_LINK_MEMIF)
		return 0; /* no device */
	/* Worker 0 has configured and started a shared NIC with all queues. */
	if (!shared) {
		status = configure(opening);
		if (status == 0)
			status = set_mtu(opening);
	}
	if (status != 0)
		return status;
	if (!shared) {
		error = rte_eth_dev_start(link->device);
		if (error != 0)
			return explain(opening, error);
		rte_eth_promiscuous_disable(link->device);
	}
	if (opening->config->kind == WL_LINK_PCI)
		status = steer(opening);
	if (!opening->config->has_mac && rte_eth_macaddr_get(link->device, &mac) == 0)
		memcpy(link->info.mac, mac.addr_bytes, sizeof(link->info.mac));
	if (opening->config->has_mac) {
		memcpy(mac.addr_bytes, opening->config->mac, sizeof(link->info.mac));
		if (!shared && link->kind == WL_LINK_PCI &&
		    rte_eth_dev_default_mac_addr_set(link->device, &mac) != 0)
			note(opening, "%s keeps its own MAC", opening->subject);
	}
	return status;
}

static int make(struct opening *opening)
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
	return fail(opening, WIRELOG_CONFIG_VALUE, "there is no such kind of link");
}

int wl_port_links_open(struct wl_port_dpdk *port, uint16_t index,
		       const struct wl_link_config *config, struct wl_port_words *words)
{
	struct wl_dpdk_link *link = &port->links[index];
	struct opening opening = {
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
		return fail(&opening, WIRELOG_PORT_MTU,
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
		status = start(&opening);
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
	if (config->kind == WL_LINK_AF_PACKET || config->kind == WL_LINK_AF_XDP) {
		port->interfaces[index] = *config;
		link->interface = if_nametoindex(config->name);
	}
	link->up = config->kind == WL_LINK_UDP ||
		   (config->kind != WL_LINK_MEMIF && wl_port_links_device_is_up(link));
	return 0;
}

void wl_port_links_close(struct wl_port_dpdk *port, uint16_t index)
{
	struct wl_dpdk_link *link = &port->links[index];
	struct rte_flow_error error;

	if (link->kind == WL_LINK_UDP || link->kind == WL_LINK_MEMIF) {
		if (link->kind == WL_LINK_UDP)
			wl_udp_close(&link->udp);
		else
			wl_memif_remove(&port->memif, index);
		memset(link, 0, sizeof(*link));
		return;
	}
	if (link->kind == WL_LINK_AF_XDP)
		wl_eal_catch_output();
	if (link->steered)
		rte_flow_destroy(link->device, link->flow, &error);
	if (link->owns_device) {
		rte_eth_dev_stop(link->device);
		rte_eal_hotplug_remove("vdev", link->device_name);
	} else if (link->kind != WL_LINK_PCI || port->worker == 0) {
		rte_eth_dev_stop(link->device);
	}
	if (link->kind == WL_LINK_AF_XDP)
		wl_eal_release_output();
	memset(link, 0, sizeof(*link));
}

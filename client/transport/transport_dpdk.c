/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library's DPDK transport: one port with a memif link for each memif: endpoint, and one Ethernet link (options.link)
 * for all dpdk: endpoints. EAL is started for the process when the first object needs it, without hugepages unless the
 * link is a PCI device; it stays until the process ends, DPDK can start only once.
 *
 * A memif needs the same MTU on both ends. The node's first word on the socket names it (memif_socket.h), so the link is made
 * when the node was there once: ABSENT --it said its MTU--> MADE, from then on the port reconnects by itself.
 *
 * Owner and thread: the wirelog object's; what is DPDK's and of the whole process is behind one lock, in open, add,
 * close and where a link is made.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/transport/arp.h"
#include "client/transport/transport.h"
#include "dataplane/base/limits.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/memif_message.h"
#include "dataplane/nic/memif_socket.h"
#include "dataplane/nic/port_dpdk.h"
#include "dataplane/wire/frame.h"
#include "wirelog/status.h"

#define MEMORY_BASE_MB 16u
/* wirelog objects in one process at the same time that memory is reserved for: of 4 KiB pages, which are had when they are first
 * written, for all that there can be; of hugepages, which nobody else gets then, for two */
#define OBJECTS_OF_HUGEPAGES 2u
#define FRAMES 2048u
#define CLIENT_SLOTS_MAX 48u /* that a node may have */
#define UDP_PORT 7700u
#define OUR_MEMIF_IPV4 0xc6120002u /* RFC 2544's range: a memif has two ends and no network */
#define THEIR_MEMIF_IPV4 0xc6120001u
#define DIAL_NS 10000000u
#define DIAL_PATIENCE_NS 500000000u
#define ARP_NS 100000000u
#define ARP_KNOWN_NS 10000000000u
#define SPINS 64u
#define YIELDS 4096u
#define SLEEP_US_MAX 200u

struct way {
	struct wl_endpoint endpoint;
	int link; /* of the port; -1: not made yet */
	struct wl_address to;
	bool has_mac;
	int fd; /* memif: a dialled socket whose first word is awaited; -1: none */
	uint64_t due_ns, patience_ns;
};

struct dpdk {
	struct wl_transport transport;
	struct wl_port *port;
	struct wl_link_options options;
	uint16_t udp_port;
	unsigned number; /* of this object among those of the process */
	int ethernet; /* link of the port; -1: none */
	unsigned way_count;
	struct way ways[WL_ENDPOINTS_MAX];
	uint32_t empty_waits;
};

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static bool numbers_used[WIRELOG_WORKERS_MAX];

static struct dpdk *of(struct wl_transport *transport)
{
	return (struct dpdk *)transport;
}

/* ---- open ------------------------------------------------------------------------------------- */

static enum wl_link_kind kind_of(enum wl_link_options_kind kind)
{
	switch (kind) {
	case WL_LINK_OPTIONS_AF_PACKET:
		return WL_LINK_AF_PACKET;
	case WL_LINK_OPTIONS_AF_XDP:
		return WL_LINK_AF_XDP;
	case WL_LINK_OPTIONS_EAL:
		return WL_LINK_EAL;
	default:
		return WL_LINK_PCI;
	}
}

static bool wants(const struct wl_transport_config *config, enum wl_endpoint_kind kind)
{
	for (unsigned at = 0; at < config->endpoints->count; at++) {
		if (config->endpoints->endpoints[at].kind == kind)
			return true;
	}
	return false;
}

static int check_link(const struct wl_transport_config *config, char *reason, size_t reason_bytes)
{
	if (!wants(config, WL_ENDPOINT_DPDK) ||
	    (config->link.kind != WL_LINK_OPTIONS_NONE && config->link.ipv4 != 0))
		return WIRELOG_OK;
	snprintf(
		reason, reason_bytes,
		"dpdk: endpoints need our own port: set link to pci=, af_packet=, af_xdp= or eal= and ipv4=, such as "
		"\"pci=0000:01:00.0,ipv4=192.0.2.20\"");
	return WIRELOG_INVALID_ARGUMENT;
}

static int start_eal(const struct wl_transport_config *config, const struct wl_port_config *port,
		     char *reason, size_t reason_bytes)
{
	static struct wl_eal_report report;
	bool is_pci = config->link.kind == WL_LINK_OPTIONS_PCI;
	struct wl_eal_settings settings = {
		.program = "libwirelog",
		.hugepages = is_pci ? WL_HUGEPAGES_AUTO : WL_HUGEPAGES_OFF,
		.memory_mb = (is_pci ? OBJECTS_OF_HUGEPAGES : WIRELOG_WORKERS_MAX) *
				     wl_port_dpdk_memory_mb(port) +
			     MEMORY_BASE_MB,
		.pci = {config->link.name},
		.pci_count = is_pci,
		.extra = config->eal,
	};

	return wl_eal_is_started() ? WIRELOG_OK
				   : wl_eal_start(&settings, &report, reason, reason_bytes);
}

static int open_port(struct dpdk *dpdk, const struct wl_transport_config *config, char *reason,
		     size_t reason_bytes)
{
	struct wl_link_config link = {
		.kind = kind_of(config->link.kind),
		.ipv4 = config->link.ipv4,
		.mtu = config->link.mtu,
	};
	struct wl_port_config port = {
		.worker = dpdk->number,
		.workers = 1,
		.frames = FRAMES,
		.mtu_max = wants(config, WL_ENDPOINT_MEMIF) ? WIRELOG_MTU_MAX : config->link.mtu,
		.udp_port = dpdk->udp_port,
		.links = &link,
		.link_count = config->link.kind != WL_LINK_OPTIONS_NONE,
	};
	struct wl_port_words words;
	int status;

	snprintf(link.name, sizeof(link.name), "%s", config->link.name);
	status = start_eal(config, &port, reason, reason_bytes);
	if (status != 0)
		return status;
	status = wl_port_dpdk_open(&dpdk->port, &port, &words);
	if (status != 0)
		snprintf(reason, reason_bytes, "%s%s", words.reason,
			 status == WIRELOG_NO_MEMORY
				 ? ": set eal of the first object to more, such as \"-m 512\" (MiB)"
				 : "");
	else
		dpdk->ethernet = port.link_count != 0 ? 0 : -1;
	return status;
}

static bool take_number(struct dpdk *dpdk)
{
	for (dpdk->number = 0; dpdk->number < WIRELOG_WORKERS_MAX; dpdk->number++) {
		if (!numbers_used[dpdk->number]) {
			numbers_used[dpdk->number] = true;
			return true;
		}
	}
	return false;
}

static void dpdk_close(struct wl_transport *transport)
{
	struct dpdk *dpdk = of(transport);

	pthread_mutex_lock(&process_lock);
	for (unsigned at = 0; at < dpdk->way_count; at++) {
		if (dpdk->ways[at].fd >= 0)
			close(dpdk->ways[at].fd);
	}
	if (dpdk->port)
		wl_port_dpdk_close(dpdk->port);
	if (dpdk->number < WIRELOG_WORKERS_MAX)
		numbers_used[dpdk->number] = false;
	pthread_mutex_unlock(&process_lock);
	free(dpdk);
}

static int dpdk_open(struct wl_transport **opened, const struct wl_transport_config *config,
		     char *reason, size_t reason_bytes)
{
	int status = check_link(config, reason, reason_bytes);
	struct dpdk *dpdk;

	*opened = NULL;
	if (status != 0)
		return status;
	dpdk = calloc(1, sizeof(*dpdk));
	if (!dpdk)
		return WIRELOG_NO_MEMORY;
	dpdk->transport.ops = wirelog_dpdk_transport();
	dpdk->options = config->link;
	dpdk->ethernet = -1;
	/* A port of our own, so that several clients on one address do not get each other's frames. */
	dpdk->udp_port = config->link.port ? config->link.port
					   : (uint16_t)(49152 + (unsigned)getpid() % 16384);
	pthread_mutex_lock(&process_lock);
	if (!take_number(dpdk)) {
		snprintf(reason, reason_bytes,
			 "more than %d wirelog objects use DPDK in this process",
			 WIRELOG_WORKERS_MAX);
		status = WIRELOG_NO_MEMORY;
	} else {
		status = open_port(dpdk, config, reason, reason_bytes);
	}
	pthread_mutex_unlock(&process_lock);
	if (status != 0) {
		dpdk_close(&dpdk->transport);
		return status;
	}
	*opened = &dpdk->transport;
	return WIRELOG_OK;
}

/* ---- ways to nodes ---------------------------------------------------------------------------- */

static int dpdk_add(struct wl_transport *transport, const struct wl_endpoint *endpoint,
		    char *reason, size_t reason_bytes)
{
	struct dpdk *dpdk = of(transport);
	struct way *way = &dpdk->ways[dpdk->way_count];
	const char *fault = NULL;

	if (dpdk->way_count == WL_ENDPOINTS_MAX)
		fault = "more than 16 endpoints";
	else if (endpoint->kind == WL_ENDPOINT_MEMIF)
		fault = wl_memif_address_fault(endpoint->path);
	else if (dpdk->ethernet < 0)
		fault = "no link is given for dpdk: endpoints";
	if (fault) {
		if (reason)
			snprintf(reason, reason_bytes, "%s", fault);
		return WIRELOG_INVALID_ARGUMENT;
	}
	*way = (struct way){.endpoint = *endpoint, .link = -1, .fd = -1};
	if (endpoint->kind == WL_ENDPOINT_MEMIF) {
		way->to = (struct wl_address){.ipv4 = THEIR_MEMIF_IPV4, .udp_port = UDP_PORT};
	} else {
		way->link = dpdk->ethernet;
		way->to = (struct wl_address){.ipv4 = endpoint->ipv4, .udp_port = endpoint->port};
	}
	return (int)dpdk->way_count++;
}

static bool dpdk_is_up(const struct wl_transport *transport, uint16_t link)
{
	const struct dpdk *dpdk = (const struct dpdk *)transport;
	const struct way *way = &dpdk->ways[link];

	return way->link >= 0 && (way->has_mac || way->endpoint.kind == WL_ENDPOINT_MEMIF) &&
	       dpdk->port->ops->link_is_up(dpdk->port, (uint16_t)way->link);
}

static bool dpdk_is_full(const struct wl_transport *transport, uint16_t link)
{
	const struct dpdk *dpdk = (const struct dpdk *)transport;
	const struct way *way = &dpdk->ways[link];

	return way->endpoint.kind == WL_ENDPOINT_MEMIF && way->link >= 0 &&
	       wl_port_dpdk_link_is_full(dpdk->port, (uint16_t)way->link);
}

static void make_memif(struct dpdk *dpdk, struct way *way, uint16_t mtu)
{
	struct wl_link_config config = {
		.kind = WL_LINK_MEMIF,
		.ipv4 = OUR_MEMIF_IPV4,
		.mtu = dpdk->options.mtu ? dpdk->options.mtu : mtu,
		.id_count = CLIENT_SLOTS_MAX,
	};
	struct wl_port_words words;
	int link;

	snprintf(config.name, sizeof(config.name), "%s", way->endpoint.path);
	pthread_mutex_lock(&process_lock);
	link = wl_port_dpdk_add_link(dpdk->port, &config, &words);
	pthread_mutex_unlock(&process_lock);
	if (link >= 0)
		way->link = link;
	else
		way->due_ns += 100 * (uint64_t)DIAL_NS; /* out of memory: perhaps later */
}

/* The first word of whoever listens there. */
static void hear_memif(struct dpdk *dpdk, struct way *way, uint64_t now_ns)
{
	uint8_t message[WL_MEMIF_MESSAGE_BYTES];
	int passed = -1, outcome = wl_memif_receive(way->fd, message, &passed);

	if (passed >= 0)
		close(passed);
	if (outcome == 0 && now_ns < way->patience_ns)
		return;
	close(way->fd);
	way->fd = -1;
	if (outcome > 0)
		make_memif(dpdk, way, wl_memif_hello_mtu(message));
}

static void tend_memif(struct dpdk *dpdk, struct way *way, uint64_t now_ns)
{
	if (way->fd < 0 && now_ns >= way->due_ns) {
		way->due_ns = now_ns + DIAL_NS;
		way->patience_ns = now_ns + DIAL_PATIENCE_NS;
		way->fd = wl_memif_connect(way->endpoint.path);
	}
	if (way->fd >= 0)
		hear_memif(dpdk, way, now_ns);
}

/* ---- neighbours ------------------------------------------------------------------------------- */

static uint32_t next_hop(const struct dpdk *dpdk, const struct way *way)
{
	return dpdk->options.gateway ? dpdk->options.gateway : way->endpoint.ipv4;
}

static void say_arp(struct dpdk *dpdk, struct wl_arp *arp)
{
	const struct wl_link_info *info =
		dpdk->port->ops->link(dpdk->port, (uint16_t)dpdk->ethernet);
	struct wl_frame frame;

	memcpy(arp->sender_mac, info->mac, sizeof(arp->sender_mac));
	arp->sender_ipv4 = dpdk->options.ipv4;
	if (dpdk->port->ops->alloc(dpdk->port, (uint16_t)dpdk->ethernet, &frame, 1) != 1)
		return;
	wl_arp_encode(frame.bytes, arp);
	frame.size = WL_ARP_FRAME_BYTES;
	if (dpdk->port->ops->tx_burst(dpdk->port, &frame, 1) != 1)
		dpdk->port->ops->tx_drop(dpdk->port, &frame, 1);
}

/* An answer to what we asked, or a question about us. Frames of a stranger cost a way at most, never belief (C1). */
static void take_arp(struct dpdk *dpdk, const struct wl_frame *frame)
{
	struct wl_arp arp, answer;

	if (!wl_arp_decode(frame->bytes, frame->size, &arp) ||
	    arp.target_ipv4 != dpdk->options.ipv4)
		return;
	for (unsigned at = 0; at < dpdk->way_count && arp.operation == WL_ARP_REPLY; at++) {
		struct way *way = &dpdk->ways[at];

		if (way->endpoint.kind == WL_ENDPOINT_MEMIF ||
		    next_hop(dpdk, way) != arp.sender_ipv4)
			continue;
		memcpy(way->to.mac, arp.sender_mac, sizeof(way->to.mac));
		way->has_mac = true;
	}
	if (arp.operation != WL_ARP_REQUEST)
		return;
	answer = (struct wl_arp){.operation = WL_ARP_REPLY, .target_ipv4 = arp.sender_ipv4};
	memcpy(answer.target_mac, arp.sender_mac, sizeof(answer.target_mac));
	say_arp(dpdk, &answer);
}

static void tend_ethernet(struct dpdk *dpdk, struct way *way, uint64_t now_ns)
{
	struct wl_arp question = {.operation = WL_ARP_REQUEST, .target_ipv4 = next_hop(dpdk, way)};

	if (now_ns < way->due_ns ||
	    !dpdk->port->ops->link_is_up(dpdk->port, (uint16_t)dpdk->ethernet))
		return;
	way->due_ns = now_ns + (way->has_mac ? ARP_KNOWN_NS : ARP_NS);
	say_arp(dpdk, &question);
}

static void dpdk_tend(struct wl_transport *transport, uint64_t now_ns)
{
	struct dpdk *dpdk = of(transport);

	dpdk->port->ops->tend(dpdk->port, now_ns);
	for (unsigned at = 0; at < dpdk->way_count; at++) {
		struct way *way = &dpdk->ways[at];

		if (way->endpoint.kind != WL_ENDPOINT_MEMIF)
			tend_ethernet(dpdk, way, now_ns);
		else if (way->link < 0)
			tend_memif(dpdk, way, now_ns);
	}
}

/* ---- frames ----------------------------------------------------------------------------------- */

static unsigned dpdk_receive(struct wl_transport *transport, struct wl_datagram *datagrams,
			     unsigned max)
{
	struct dpdk *dpdk = of(transport);
	struct wl_frame frames[WL_BURST];
	unsigned got, count = 0;

	got = dpdk->port->ops->rx_burst(dpdk->port, frames, max < WL_BURST ? max : WL_BURST);
	for (unsigned at = 0; at < got; at++) {
		bool is_ethernet = dpdk->ethernet >= 0 && frames[at].link == dpdk->ethernet;
		const struct wl_address ours = {.ipv4 = is_ethernet ? dpdk->options.ipv4 : 0,
						.udp_port = dpdk->udp_port};
		struct wl_address from;
		size_t size;
		enum wl_frame_verdict verdict = wl_frame_open_envelope(
			frames[at].bytes, frames[at].size, &ours, &from, &size);

		if (verdict != WL_FRAME_OK) {
			if (verdict == WL_FRAME_ARP && is_ethernet)
				take_arp(dpdk, &frames[at]);
			dpdk->port->ops->rx_release(dpdk->port, &frames[at], 1);
			continue;
		}
		datagrams[count++] = (struct wl_datagram){
			.bytes = frames[at].bytes + WL_FRAME_ENVELOPE_BYTES,
			.handle = frames[at].handle,
			.size = (uint16_t)size,
		};
	}
	if (got != 0)
		dpdk->empty_waits = 0;
	return count;
}

static unsigned as_frames(const struct wl_datagram *datagrams, unsigned count,
			  struct wl_frame *frames)
{
	if (count > WL_TRANSPORT_BURST)
		count = WL_TRANSPORT_BURST;
	for (unsigned at = 0; at < count; at++)
		frames[at] = (struct wl_frame){.bytes = datagrams[at].bytes,
					       .handle = datagrams[at].handle};
	return count;
}

static void dpdk_release(struct wl_transport *transport, struct wl_datagram *datagrams,
			 unsigned count)
{
	struct wl_frame frames[WL_TRANSPORT_BURST];

	count = as_frames(datagrams, count, frames);
	of(transport)->port->ops->rx_release(of(transport)->port, frames, count);
}

static void dpdk_drop(struct wl_transport *transport, struct wl_datagram *datagrams, unsigned count)
{
	struct wl_frame frames[WL_TRANSPORT_BURST];

	count = as_frames(datagrams, count, frames);
	of(transport)->port->ops->tx_drop(of(transport)->port, frames, count);
}

static bool dpdk_alloc(struct wl_transport *transport, uint16_t link, struct wl_datagram *datagram)
{
	struct dpdk *dpdk = of(transport);
	struct wl_frame frame;

	if (dpdk->port->ops->alloc(dpdk->port, (uint16_t)dpdk->ways[link].link, &frame, 1) != 1)
		return false;
	*datagram = (struct wl_datagram){
		.bytes = frame.bytes + WL_FRAME_ENVELOPE_BYTES,
		.handle = frame.handle,
		.size = (uint16_t)(frame.size - WL_FRAME_ENVELOPE_BYTES),
		.link = link,
	};
	return true;
}

static unsigned dpdk_send(struct wl_transport *transport, struct wl_datagram *datagrams,
			  unsigned count)
{
	struct dpdk *dpdk = of(transport);
	const struct way *way = &dpdk->ways[datagrams[0].link];
	const struct wl_link_info *info = dpdk->port->ops->link(dpdk->port, (uint16_t)way->link);
	struct wl_address from = {.ipv4 = info->ipv4, .udp_port = dpdk->udp_port};
	struct wl_frame frames[WL_TRANSPORT_BURST];

	memcpy(from.mac, info->mac, sizeof(from.mac));
	count = as_frames(datagrams, count, frames);
	for (unsigned at = 0; at < count; at++) {
		frames[at].bytes -= WL_FRAME_ENVELOPE_BYTES;
		frames[at].size = (uint16_t)(WL_FRAME_ENVELOPE_BYTES + datagrams[at].size);
		frames[at].link = (uint16_t)way->link;
		wl_frame_close_envelope(frames[at].bytes, &from, &way->to, datagrams[at].size);
	}
	return dpdk->port->ops->tx_burst(dpdk->port, frames, count);
}

/* As pollers on shared cores rest (idle.h): a little spinning, then the core is given away, in the end for a while. */
static void dpdk_wait(struct wl_transport *transport, uint32_t timeout_us)
{
	struct dpdk *dpdk = of(transport);
	uint32_t sleep_us = timeout_us < SLEEP_US_MAX ? timeout_us : SLEEP_US_MAX;
	struct timespec pause = {0, (long)sleep_us * 1000};

	dpdk->empty_waits++;
	if (dpdk->empty_waits <= SPINS)
		__builtin_ia32_pause();
	else if (dpdk->empty_waits <= YIELDS)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}

const struct wl_transport_ops *wirelog_dpdk_transport(void)
{
	static const struct wl_transport_ops ops = {
		.abi = WL_TRANSPORT_ABI,
		.name = "dpdk",
		.open = dpdk_open,
		.close = dpdk_close,
		.add = dpdk_add,
		.is_up = dpdk_is_up,
		.is_full = dpdk_is_full,
		.receive = dpdk_receive,
		.release = dpdk_release,
		.alloc = dpdk_alloc,
		.send = dpdk_send,
		.drop = dpdk_drop,
		.tend = dpdk_tend,
		.wait = dpdk_wait,
	};

	return &ops;
}

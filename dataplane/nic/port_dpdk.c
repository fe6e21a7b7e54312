/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nic/port_dpdk.h"

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/base/bytes.h"
#include "dataplane/base/check.h"
#include "dataplane/base/limits.h"
#include "dataplane/nic/eal_dpdk.h"
#include "dataplane/nic/port_device_dpdk.h"
#include "dataplane/nic/port_hub_dpdk.h"
#include "dataplane/nic/port_links_dpdk.h"
#include "wirelog/status.h"

#define STATE_NS 100000000u /* how often a NIC is asked for its link */
#define OPEN_NS 1000000000u /* how often an interface that was made anew is tried */
#define TX_AT_ONCE 64u
#define FRAMES_FOR_WORKER 2048u
#define FRAMES_FOR_LINK 256u
#define FRAMES_IN_HANDS 512u /* that another worker may have of a pool that is not its own */
#define FRAME_OVERHEAD_BYTES (RTE_PKTMBUF_HEADROOM + sizeof(struct rte_mbuf) + 128)

static struct wl_port_dpdk *of(struct wl_port *port)
{
	return (struct wl_port_dpdk *)port;
}

/* ---- fast path -------------------------------------------------------------------------------- */

/* True: the frame is in one piece. */
static bool accept_mbuf(struct wl_port_dpdk *port, struct rte_mbuf *mbuf)
{
	if (wl_likely(mbuf->nb_segs == 1))
		return true;
	if (rte_pktmbuf_linearize(mbuf) == 0)
		return true;
	port->counters.rx_chained++;
	rte_pktmbuf_free(mbuf);
	return false;
}

static uint16_t receive(struct wl_port_dpdk *port, uint16_t index, struct rte_mbuf **mbufs,
			uint16_t wanted)
{
	struct wl_dpdk_link *link = &port->links[index];

	switch (link->kind) {
	case WL_LINK_MEMIF:
		return wl_port_memif_rx(&port->memif.links[index], port->pool, mbufs, wanted,
					&port->memif.counters);
	case WL_LINK_UDP:
		return wl_port_udp_receive(&link->udp, port->pool, mbufs, wanted,
					   &port->counters.udp);
	default:
		if (wl_unlikely(link->in_software))
			return wl_port_hub_rx(link->hub, port->worker, mbufs, wanted,
					      &port->port.relayed);
		return rte_eth_rx_burst(link->device, link->queue, mbufs, wanted);
	}
}

static uint16_t transmit(struct wl_port_dpdk *port, uint16_t index, struct rte_mbuf **mbufs,
			 uint16_t count)
{
	struct wl_dpdk_link *link = &port->links[index];

	switch (link->kind) {
	case WL_LINK_MEMIF:
		return wl_port_memif_tx(&port->memif.links[index], mbufs, count);
	case WL_LINK_UDP:
		return wl_port_udp_send(&link->udp, mbufs, count, &port->counters.udp);
	default:
		if (wl_unlikely(link->in_software))
			return wl_port_hub_tx(link->hub, port->worker, mbufs, count);
		return rte_eth_tx_burst(link->device, link->queue, mbufs, count);
	}
}

static unsigned rx_link(struct wl_port_dpdk *port, uint16_t index, struct wl_frame *frames,
			unsigned max)
{
	struct rte_mbuf *mbufs[WL_BURST];
	uint16_t wanted = (uint16_t)(max < WL_BURST ? max : WL_BURST);
	uint16_t got = receive(port, index, mbufs, wanted);
	unsigned count = 0;

	for (uint16_t i = 0; i < got; i++) {
		struct rte_mbuf *mbuf = mbufs[i];

		if (wl_unlikely(!accept_mbuf(port, mbuf)))
			continue;
		frames[count].bytes = rte_pktmbuf_mtod(mbuf, uint8_t *);
		frames[count].handle = mbuf;
		frames[count].size = rte_pktmbuf_data_len(mbuf);
		frames[count].link = index;
		rte_prefetch0(frames[count].bytes);
		rte_prefetch0(frames[count].bytes + 64);
		count++;
	}
	return count;
}

/*
 * Each link gets its share first, beginning with another one each time; what the quiet ones leave
 * goes to those that have more.
 */
static unsigned port_rx_burst(struct wl_port *base, struct wl_frame *frames, unsigned max)
{
	struct wl_port_dpdk *port = of(base);
	unsigned links = port->up_count;
	unsigned count = 0, share, got;
	uint64_t busy = 0;

	if (wl_unlikely(links == 0))
		return 0;
	share = max / links > 4 ? max / links : 4;
	for (unsigned i = 0; i < links && count < max; i++) {
		unsigned at = (port->turn + i) % links;
		unsigned wanted = max - count < share ? max - count : share;

		got = rx_link(port, port->up[at], frames + count, wanted);
		count += got;
		busy |= (uint64_t)(got == wanted) << at;
	}
	for (unsigned at = 0; busy != 0 && count < max && links > 1; at++, busy >>= 1)
		if ((busy & 1) != 0)
			count += rx_link(port, port->up[at], frames + count, max - count);
	port->turn = (uint16_t)((port->turn + 1u) % links);
	return count;
}

static void free_frames(struct wl_frame *frames, unsigned count)
{
	struct rte_mbuf *mbufs[TX_AT_ONCE];

	while (count > 0) {
		unsigned part = count < TX_AT_ONCE ? count : TX_AT_ONCE;

		for (unsigned i = 0; i < part; i++)
			mbufs[i] = frames[i].handle;
		rte_pktmbuf_free_bulk(mbufs, part);
		frames += part;
		count -= part;
	}
}

static void port_rx_release(struct wl_port *base, struct wl_frame *frames, unsigned count)
{
	(void)base;
	free_frames(frames, count);
}

static unsigned port_alloc(struct wl_port *base, uint16_t link, struct wl_frame *frames,
			   unsigned count)
{
	struct wl_port_dpdk *port = of(base);
	uint16_t room = (uint16_t)(port->links[link].info.mtu + RTE_ETHER_HDR_LEN);

	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(port->pool);

		if (wl_unlikely(mbuf == NULL)) {
			port->counters.no_buffer += count - i;
			return i;
		}
		frames[i].bytes = rte_pktmbuf_mtod(mbuf, uint8_t *);
		frames[i].handle = mbuf;
		frames[i].size = room;
		frames[i].link = link;
	}
	return count;
}

/* Fills mbufs from the frames; stops before one that its link cannot carry. */
static uint16_t load_mbufs(const struct wl_frame *frames, unsigned count, unsigned room,
			   struct rte_mbuf **mbufs)
{
	uint16_t loaded = 0;

	while (loaded < count && loaded < TX_AT_ONCE && frames[loaded].size <= room) {
		struct rte_mbuf *mbuf = frames[loaded].handle;

		rte_pktmbuf_data_len(mbuf) = frames[loaded].size;
		rte_pktmbuf_pkt_len(mbuf) = frames[loaded].size;
		mbufs[loaded++] = mbuf;
	}
	return loaded;
}

static unsigned port_tx_burst(struct wl_port *base, struct wl_frame *frames, unsigned count)
{
	struct wl_port_dpdk *port = of(base);
	struct rte_mbuf *mbufs[TX_AT_ONCE];
	struct wl_dpdk_link *link;
	unsigned sent = 0, room;

	if (count == 0)
		return 0;
	link = &port->links[frames[0].link];
	if (wl_unlikely(!link->up))
		return 0;
	room = link->info.mtu + RTE_ETHER_HDR_LEN;
	while (sent < count) {
		uint16_t loaded = load_mbufs(frames + sent, count - sent, room, mbufs);
		uint16_t taken;

		if (wl_unlikely(loaded == 0)) {
			/* The driver would write past the end of the other side's buffer. */
			port->counters.tx_oversize++;
			free_frames(frames + sent, 1);
			sent++;
			continue;
		}
		taken = transmit(port, frames[0].link, mbufs, loaded);
		sent += taken;
		if (taken < loaded)
			break;
	}
	return sent;
}

static void port_tx_drop(struct wl_port *base, struct wl_frame *frames, unsigned count)
{
	(void)base;
	free_frames(frames, count);
}

static void list_links_up(struct wl_port_dpdk *port)
{
	port->up_count = 0;
	for (uint16_t i = 0; i < port->port.link_count; i++) {
		struct wl_dpdk_link *link = &port->links[i];

		if (!link->present)
			continue;
		if (link->kind == WL_LINK_MEMIF)
			link->up = wl_memif_is_up(&port->memif, i);
		if (link->up)
			port->up[port->up_count++] = i;
	}
	port->turn = 0;
}

/* XDP buffers may be on their way through the worker: such a link stays down until a start. */
static bool may_reopen(const struct wl_port_dpdk *port, uint16_t index)
{
	return port->interfaces[index].name[0] != '\0' &&
	       port->interfaces[index].kind == WL_LINK_AF_PACKET;
}

/* True: it came up or went down. */
static bool look_at_link(struct wl_port_dpdk *port, uint16_t index, bool may_open)
{
	struct wl_dpdk_link *link = &port->links[index];
	bool was_up = link->up, up = false;
	bool is_same = link->present && wl_port_links_look(port, index, &up);

	link->up = up;
	if (!is_same && may_open && may_reopen(port, index) && wl_port_links_reopen(port, index))
		port->counters.links_reopened++;
	return link->up != was_up;
}

/* Its frames are not received and not sent from here on: what is up alone is polled, and sent to. */
void wl_port_device_hold(struct wl_port *base, uint16_t index)
{
	struct wl_port_dpdk *port = of(base);

	WL_CHECK(index < WL_LINKS_MAX && port->links[index].present);
	port->links[index].held = true;
	port->links[index].up = false;
	list_links_up(port);
}

void wl_port_device_release(struct wl_port *base, uint16_t index)
{
	struct wl_port_dpdk *port = of(base);

	WL_CHECK(index < WL_LINKS_MAX && port->links[index].present && !port->links[index].gone);
	port->links[index].held = false;
	port->next_state_ns = 0;
}

static void port_tend(struct wl_port *base, uint64_t now_ns)
{
	struct wl_port_dpdk *port = of(base);
	bool changed = wl_memif_tend(&port->memif, now_ns);
	bool may_open = now_ns >= port->next_open_ns;

	if (now_ns >= port->next_state_ns) {
		port->next_state_ns = now_ns + STATE_NS;
		if (may_open)
			port->next_open_ns = now_ns + OPEN_NS;
		for (uint16_t i = 0; i < port->port.link_count; i++) {
			const struct wl_dpdk_link *link = &port->links[i];

			if ((!link->present && !may_reopen(port, i)) ||
			    link->kind == WL_LINK_MEMIF || link->kind == WL_LINK_UDP)
				continue;
			changed |= look_at_link(port, i, may_open);
		}
	}
	if (changed)
		list_links_up(port);
}

static const struct wl_link_info *port_link(const struct wl_port *base, uint16_t link)
{
	return &((const struct wl_port_dpdk *)base)->links[link].info;
}

static bool port_link_is_up(const struct wl_port *base, uint16_t link)
{
	return ((const struct wl_port_dpdk *)base)->links[link].up;
}

bool wl_port_dpdk_link_is_full(const struct wl_port *base, uint16_t link)
{
	return wl_memif_is_full(&((const struct wl_port_dpdk *)base)->memif, link);
}

static const struct wl_port_ops ops = {
	.name = "dpdk",
	.rx_burst = port_rx_burst,
	.rx_release = port_rx_release,
	.alloc = port_alloc,
	.tx_burst = port_tx_burst,
	.tx_drop = port_tx_drop,
	.tend = port_tend,
	.link = port_link,
	.link_is_up = port_link_is_up,
};

/* ---- open and close --------------------------------------------------------------------------- */

static bool may_be_shared(const struct wl_port_config *config)
{
	for (uint16_t i = 0; i < config->link_count; i++)
		if (config->links[i].kind == WL_LINK_PCI || config->links[i].kind == WL_LINK_EAL)
			return config->workers > 1;
	return false;
}

/* Without what the owner of a shared device has on top. */
static uint32_t frames_of_each(const struct wl_port_config *config)
{
	uint32_t frames = config->frames;

	if (frames != 0)
		return frames;
	frames = FRAMES_FOR_WORKER;
	if (may_be_shared(config))
		frames += WL_STEER_SLOTS; /* on the way to who sends them */
	for (uint16_t i = 0; i < config->link_count; i++) {
		const struct wl_link_config *link = &config->links[i];
		uint32_t descriptors = link->descriptors != 0 ? link->descriptors : 1024;

		frames += FRAMES_FOR_LINK;
		if (link->kind == WL_LINK_PCI)
			frames += 2 * descriptors;
		else if (link->kind == WL_LINK_AF_XDP)
			frames += 4096;
		else if (link->kind == WL_LINK_EAL)
			frames += 1024;
	}
	return frames;
}

/* The first worker's are also what the others are handed: in their rings, in their hands, and in their threads' caches. */
static uint32_t frames_of(const struct wl_port_config *config)
{
	uint32_t frames = frames_of_each(config);

	if (config->worker == 0 && config->frames == 0 && may_be_shared(config))
		frames += (config->workers - 1) * (WL_STEER_SLOTS + FRAMES_IN_HANDS);
	return frames;
}

static uint16_t buffer_bytes_of(const struct wl_port_config *config)
{
	unsigned room = config->mtu_max != 0 ? config->mtu_max : 1500;

	for (uint16_t i = 0; i < config->link_count; i++) {
		const struct wl_link_config *link = &config->links[i];
		unsigned wanted = link->mtu;

		if (link->kind == WL_LINK_AF_XDP)
			wanted += WL_XDP_HEADROOM;
		if (wanted > room)
			room = wanted;
	}
	return wl_memif_buffer_bytes((uint16_t)room);
}

uint32_t wl_port_dpdk_memory_mb(const struct wl_port_config *config)
{
	uint64_t each = buffer_bytes_of(config) + FRAME_OVERHEAD_BYTES;
	/* A worker's caches and a ring of pointers of the next power of two come on top. */
	uint64_t bytes = frames_of(config) * (each + 16) + sizeof(struct wl_port_dpdk) + (2u << 20);

	return (uint32_t)((bytes + (1u << 20) - 1) >> 20);
}

int wl_port_dpdk_open(struct wl_port **opened, const struct wl_port_config *config,
		      struct wl_port_words *words)
{
	struct wl_port_dpdk *port;
	int status = 0;

	*opened = NULL;
	memset(words, 0, sizeof(*words));
	if (!wl_eal_is_started() || config->link_count > WL_LINKS_MAX) {
		snprintf(words->reason, sizeof(words->reason),
			 config->link_count > WL_LINKS_MAX ? "more than %u links"
							   : "DPDK was not started",
			 WL_LINKS_MAX);
		return WIRELOG_CONFIG_VALUE;
	}
	port = rte_zmalloc("wl-port", sizeof(*port), RTE_CACHE_LINE_SIZE);
	if (port == NULL) {
		snprintf(words->reason, sizeof(words->reason), "no memory for the port");
		return WIRELOG_NO_MEMORY;
	}
	port->port.ops = &ops;
	port->worker = config->worker;
	port->workers = config->workers != 0 ? config->workers : 1;
	port->tended = config->tended;
	port->udp_port = config->udp_port;
	port->buffer_bytes = buffer_bytes_of(config);
	port->frames_of_others = frames_of_each(config);
	wl_memif_init(&port->memif);
	for (uint32_t worker = 0; worker < WIRELOG_WORKERS_MAX; worker++) {
		bool known = config->memory_nodes && worker < config->workers;

		port->memory_nodes[worker] = known ? config->memory_nodes[worker] : -1;
	}
	port->pool = wl_port_links_pool(config->worker, port->memory_nodes[config->worker],
					frames_of(config), port->buffer_bytes);
	if (port->pool == NULL) {
		snprintf(
			words->reason, sizeof(words->reason),
			"%u packet buffers of %u bytes need about %u MiB, which DPDK does not have",
			frames_of(config), port->buffer_bytes, wl_port_dpdk_memory_mb(config));
		rte_free(port);
		return WIRELOG_NO_MEMORY;
	}
	for (uint16_t i = 0; i < config->link_count && status >= 0; i++)
		status = wl_port_dpdk_add_link(&port->port, &config->links[i], words);
	if (status < 0) {
		wl_port_dpdk_close(&port->port);
		return status;
	}
	*opened = &port->port;
	return 0;
}

void wl_port_dpdk_close(struct wl_port *base)
{
	struct wl_port_dpdk *port = of(base);

	for (uint16_t i = 0; i < WL_LINKS_MAX; i++)
		if (port->links[i].present)
			wl_port_links_close(port, i);
	wl_memif_fini(&port->memif);
	/* A NIC that several workers share may still fill buffers of this one. */
	if (port->workers == 1)
		rte_mempool_free(port->pool);
	rte_free(port);
}

int wl_port_dpdk_add_link(struct wl_port *base, const struct wl_link_config *config,
			  struct wl_port_words *words)
{
	struct wl_port_dpdk *port = of(base);
	uint16_t index = 0;
	int status;

	while (index < WL_LINKS_MAX && port->links[index].present)
		index++;
	if (index == WL_LINKS_MAX) {
		snprintf(words->reason, sizeof(words->reason), "more than %u links", WL_LINKS_MAX);
		return WIRELOG_CONFIG_VALUE;
	}
	status = wl_port_links_open(port, index, config, words);
	if (status != 0)
		return status;
	if (index >= port->port.link_count)
		port->port.link_count = (uint16_t)(index + 1);
	list_links_up(port);
	return index;
}

void wl_port_dpdk_remove_link(struct wl_port *base, uint16_t link)
{
	struct wl_port_dpdk *port = of(base);

	WL_CHECK(link < WL_LINKS_MAX && port->links[link].present);
	port->links[link].up = false;
	port->links[link].present = false;
	list_links_up(port);
	port->links[link].present = true;
	wl_port_links_close(port, link);
	memset(&port->interfaces[link], 0, sizeof(port->interfaces[link]));
}

void wl_port_dpdk_counters(const struct wl_port *base, struct wl_port_dpdk_counters *counters)
{
	const struct wl_port_dpdk *port = (const struct wl_port_dpdk *)base;

	*counters = port->counters;
	counters->memif = port->memif.counters;
}

const char *wl_port_dpdk_steering(const struct wl_port *base, uint16_t link)
{
	const struct wl_port_dpdk *port = (const struct wl_port_dpdk *)base;
	const struct wl_dpdk_link *of = &port->links[link];

	if (of->hub)
		return of->hub->in_software ? "software" : "rules";
	return of->kind == WL_LINK_AF_PACKET && port->workers > 1 ? "copies" : "none";
}

bool wl_port_dpdk_relays(const struct wl_port *base)
{
	const struct wl_port_dpdk *port = (const struct wl_port_dpdk *)base;

	for (uint16_t i = 0; i < port->port.link_count; i++)
		if (port->links[i].in_software &&
		    wl_port_hub_is_owned(&port->links[i], port->worker))
			return true;
	return false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interface between a worker and its NIC queues: a table of functions called once per
 * burst. A worker has one port object; behind it stand one or more links (a physical
 * NIC's queue is one link; with memif each peer and each client slot is a link).
 * Backends: port_dpdk.c, the simulator's, the unit tests' null port.
 *
 * Ownership: frames from rx_burst belong to the caller until rx_release. Frames from alloc belong
 * to the caller until tx_burst took them (the first n of its return value) or tx_drop.
 * Thread: the worker. Nothing here waits; what could not be had or sent is a smaller number.
 */
#ifndef WL_DATAPLANE_BASE_PORT_H
#define WL_DATAPLANE_BASE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#define WL_LINKS_MAX 64

struct wl_frame {
	uint8_t *bytes; /* from the Ethernet header on */
	void *handle; /* the backend's (an mbuf) */
	uint16_t size; /* bytes used; alloc: room */
	uint16_t link;
};

struct wl_link_info {
	uint8_t mac[6];
	uint16_t mtu; /* IP bytes */
	uint32_t ipv4; /* host order */
	bool ethernet; /* has neighbours to resolve; false: point to point (memif), any MAC is right */
};

struct wl_port; /* begins each backend's own struct */

struct wl_port_ops {
	const char *name;
	/* From the links in turn, at most `max`; sets bytes, size, link. */
	unsigned (*rx_burst)(struct wl_port *port, struct wl_frame *frames, unsigned max);
	void (*rx_release)(struct wl_port *port, struct wl_frame *frames, unsigned count);
	/* Empty frames for `link` with room for its whole MTU + 14; as many as there are. */
	unsigned (*alloc)(struct wl_port *port, uint16_t link, struct wl_frame *frames,
			  unsigned count);
	/* All frames go to frames[0].link. Returns how many were taken; the caller keeps the rest. */
	unsigned (*tx_burst)(struct wl_port *port, struct wl_frame *frames, unsigned count);
	void (*tx_drop)(struct wl_port *port, struct wl_frame *frames, unsigned count);
	/* About once a millisecond: link state, reconnection of a memif whose other end came back. */
	void (*tend)(struct wl_port *port, uint64_t now_ns);
	const struct wl_link_info *(*link)(const struct wl_port *port, uint16_t link);
	bool (*link_is_up)(const struct wl_port *port, uint16_t link);
};

struct wl_port {
	const struct wl_port_ops *ops;
	uint16_t link_count;
	uint64_t relayed; /* frames moved for other workers: work of this port's thread of which no frame tells */
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interface between the library and a network: a table of functions called once per burst. Behind it
 * a kernel UDP socket (transport_udp_socket.c), a DPDK port (transport_dpdk.c, a shared object of its own), or a
 * test. What crosses it are datagrams: the UDP payload, which begins at the wirelog header (dataplane/wire/frame.h).
 *
 * Ownership: datagrams from receive belong to the caller until release. A datagram from alloc belongs to the
 * caller until send took it (the first n of its return value) or drop.
 * Thread: that of the wirelog object. Only `wait` waits; after open and add nothing allocates.
 */
#ifndef WL_CLIENT_TRANSPORT_TRANSPORT_H
#define WL_CLIENT_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/transport/endpoint.h"
#include "client/transport/link_options.h"

#define WL_TRANSPORT_ABI 2u /* of this table: both shared objects must agree */
#define WL_TRANSPORT_BURST 32u

struct wl_datagram {
	uint8_t *bytes;
	void *handle; /* the transport's */
	uint16_t size; /* bytes used; alloc: room */
	uint16_t link; /* alloc */
};

struct wl_transport; /* begins each transport's own struct */

struct wl_transport_config {
	struct wl_link_options link;
	const char *eal; /* more arguments for DPDK, or NULL */
	const struct wl_endpoint_list *endpoints; /* that are going to be added first, of any kind */
};

struct wl_transport_ops {
	uint32_t abi;
	const char *name;
	/* 0 or a negative enum wirelog_status with a sentence in `reason`. [init] */
	int (*open)(struct wl_transport **transport, const struct wl_transport_config *config,
		    char *reason, size_t reason_bytes);
	void (*close)(struct wl_transport *transport);
	/* A way to one node; its index, or a negative enum wirelog_status. It may not be up yet. [init] */
	int (*add)(struct wl_transport *transport, const struct wl_endpoint *endpoint, char *reason,
		   size_t reason_bytes);
	bool (*is_up)(const struct wl_transport *transport, uint16_t link);
	/* The node is there, and each place for clients of this kind of way belongs to another one. NULL: places are not limited. */
	bool (*is_full)(const struct wl_transport *transport, uint16_t link);
	unsigned (*receive)(struct wl_transport *transport, struct wl_datagram *datagrams,
			    unsigned max);
	void (*release)(struct wl_transport *transport, struct wl_datagram *datagrams,
			unsigned count);
	bool (*alloc)(struct wl_transport *transport, uint16_t link, struct wl_datagram *datagram);
	/* All go the same way. Returns how many were taken; the caller keeps the rest. */
	unsigned (*send)(struct wl_transport *transport, struct wl_datagram *datagrams,
			 unsigned count);
	void (*drop)(struct wl_transport *transport, struct wl_datagram *datagrams, unsigned count);
	/* About once a millisecond: links that come and go, addresses that are asked for. */
	void (*tend)(struct wl_transport *transport, uint64_t now_ns);
	/* Nothing was there to receive: lets the CPU go for at most so long, or until something comes. */
	void (*wait)(struct wl_transport *transport, uint32_t timeout_us);
};

struct wl_transport {
	const struct wl_transport_ops *ops;
};

/* transport_udp_socket.c */
const struct wl_transport_ops *wl_transport_udp(void);
/* transport_dpdk.c; in a program that was linked with it this is not NULL and wins over the shared object. */
const struct wl_transport_ops *wirelog_dpdk_transport(void) __attribute__((weak));
/* transport_find_file.c: the table, or NULL with a sentence of cause and fix in `reason`. [init] */
const struct wl_transport_ops *wl_transport_find(enum wl_endpoint_kind kind, char *reason,
						 size_t reason_bytes);

#endif

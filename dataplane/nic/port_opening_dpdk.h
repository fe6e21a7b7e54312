/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside port_links_dpdk: what the functions that open one link share, and how they say what came of it. Thread: [init]. */
#ifndef WL_DATAPLANE_NIC_PORT_OPENING_DPDK_H
#define WL_DATAPLANE_NIC_PORT_OPENING_DPDK_H

#include "dataplane/nic/port_links_dpdk.h"

struct wl_opening {
	struct wl_port_dpdk *port;
	struct wl_dpdk_link *link;
	const struct wl_link_config *config;
	struct wl_port_words *words;
	uint16_t index;
	uint16_t mtu;
	uint64_t mark; /* in DPDK's log */
	bool without_interrupts; /* it did not start with them */
	char subject[WL_LINK_NAME_BYTES + 48];
};

/* Says why; returns `status`. */
int wl_port_opening_fail(const struct wl_opening *opening, int status, const char *what);
/* A DPDK call failed: what it logged says why. */
int wl_port_opening_explain(const struct wl_opening *opening, int error);
__attribute__((format(printf, 2, 3))) void wl_port_opening_note(const struct wl_opening *opening,
								const char *format, ...);

/* port_start_dpdk.c: the device of the link, which is there, gets its queues and runs; links without one have nothing to start. */
int wl_port_start_link(struct wl_opening *opening);
/* With so many queues. What was started before is stopped. */
struct wl_port_queues {
	uint16_t rx, tx;
};
int wl_port_start_device(struct wl_opening *opening, const struct wl_port_queues *queues);
/* Stops it, resets it where its driver can. 0 or a status. */
int wl_port_reset_device(struct wl_opening *opening);
/* The same, and it runs as before; of a device that no other worker has. */
int wl_port_restart_device(struct wl_opening *opening);
/* The configured MAC, where there is one. */
void wl_port_set_mac(struct wl_opening *opening);

#endif

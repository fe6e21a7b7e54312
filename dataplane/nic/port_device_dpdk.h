/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device behind a link while its port runs: what it tells of itself, and what is done about it. Of links of kind pci and eal.
 *
 *	well --the driver asks for a reset--> wants_reset --wl_port_device_reset--> well
 *	well, wants_reset --it is pulled, or the bus wants it back--> leaves --wl_port_device_let_go--> gone
 *
 * DPDK's interrupt thread only notes what it hears. One thread tends devices: it has each worker that has the device hold it, between two turns
 * (wl_port_device_hold); from then on no worker touches a queue of it and its links are down, so that a driver may take its time. Then
 * it is reset or let go, and released. What is gone stays gone: the link is opened again by the next start alone.
 *
 * Where a device tells of its link by an interrupt, its link is a word of memory. Where it does not, the tending thread asks
 * (wl_port_device_ask), and workers believe what it was told: for some drivers a question is a command to the firmware, or a lock of the kernel's.
 *
 * Thread: hold, release [the port's]; ask, reset, let_go [who tends, one thread]; the rest [any].
 */
#ifndef WL_DATAPLANE_NIC_PORT_DEVICE_DPDK_H
#define WL_DATAPLANE_NIC_PORT_DEVICE_DPDK_H

#include "dataplane/nic/port_dpdk.h"

enum wl_device_state {
	WL_DEVICE_WELL, /* also: the link has no device, or it is told of by another worker's port */
	WL_DEVICE_WANTS_RESET,
	WL_DEVICE_LEAVES,
	WL_DEVICE_GONE,
};

struct wl_device_told {
	uint64_t link_events; /* interrupts about the link */
	uint64_t resets; /* done */
	bool interrupts; /* its link is told by interrupts */
};

enum wl_device_state wl_port_device_state(const struct wl_port *port, uint16_t link);
/* A static word: "well", "resetting", "leaving", "gone". */
const char *wl_port_device_state_name(enum wl_device_state state);
/* False: nothing is told of this link's device. */
bool wl_port_device_told(const struct wl_port *port, uint16_t link, struct wl_device_told *told);

/* Asks a device that does not tell by itself whether its link is up. */
void wl_port_device_ask(struct wl_port *port, uint16_t link);
void wl_port_device_hold(struct wl_port *port, uint16_t link);
void wl_port_device_release(struct wl_port *port, uint16_t link);
/*
 * All workers hold it. Stops it, resets it where its driver can, sets up its queues as they were, starts it. 0, or a negative
 * enum wirelog_status with a sentence in words->reason: it still wants a reset.
 */
int wl_port_device_reset(struct wl_port *port, uint16_t link, struct wl_port_words *words);
/* All workers hold it, and do not release it again. Stops it, closes it, gives it back to its bus. */
void wl_port_device_let_go(struct wl_port *port, uint16_t link);

#endif

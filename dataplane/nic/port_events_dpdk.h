/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside port_dpdk: what DPDK's interrupt thread heard of each device, by its number. Thread: watch, forget [init, or who tends devices];
 * the rest [any].
 */
#ifndef WL_DATAPLANE_NIC_PORT_EVENTS_DPDK_H
#define WL_DATAPLANE_NIC_PORT_EVENTS_DPDK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct wl_port_events {
	_Atomic uint64_t link_events;
	_Atomic uint32_t resets_asked, resets_done; /* different: one is due */
	_Atomic bool leaves;
	_Atomic bool up; /* as the tending thread was told last */
	_Atomic bool interrupts; /* the device tells of its link by itself */
};

/* What it has is kept until forget. */
struct wl_port_events *wl_port_events_watch(uint16_t device, const char *bus_name);
void wl_port_events_forget(uint16_t device, const char *bus_name);
struct wl_port_events *wl_port_events_of(uint16_t device);

#endif

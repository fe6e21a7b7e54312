/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text `link` of struct wirelog_options: our own end of the network, as words NAME=VALUE.
 *
 *	pci=ADDRESS | af_packet=INTERFACE | af_xdp=INTERFACE | eal=DEVICE	dpdk: endpoints need one of them
 *	ipv4=ADDRESS		ours; dpdk: endpoints need it
 *	gateway=ADDRESS		where nodes that do not answer ARP themselves are reached
 *	port=N			our UDP port; default: a free one
 *	mtu=N			1280..9000; default 1500, memif: what the node says
 *
 * eal= takes the rest of the text, because a device's own arguments hold commas. Pure. [any]
 */
#ifndef WL_CLIENT_TRANSPORT_LINK_OPTIONS_H
#define WL_CLIENT_TRANSPORT_LINK_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#define WL_LINK_OPTIONS_NAME_BYTES 128u

enum wl_link_options_kind {
	WL_LINK_OPTIONS_NONE = 0,
	WL_LINK_OPTIONS_PCI,
	WL_LINK_OPTIONS_AF_PACKET,
	WL_LINK_OPTIONS_AF_XDP,
	WL_LINK_OPTIONS_EAL,
};

struct wl_link_options {
	enum wl_link_options_kind kind;
	char name[WL_LINK_OPTIONS_NAME_BYTES];
	uint32_t ipv4, gateway; /* host order; 0: not given */
	uint16_t port, mtu; /* 0: not given */
};

/* text NULL or "": nothing is given. 0, or INVALID_ARGUMENT with a sentence in `reason`. */
int wl_link_options_parse(const char *text, struct wl_link_options *options, char *reason,
			  size_t reason_bytes);

#endif

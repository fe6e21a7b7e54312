/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has which Ethernet address: answers ARP requests for our IPv4 addresses (RFC 826), asks for
 * those of peers and gateways with growing pauses, answers ICMP echo (RFC 792). Whole Ethernet
 * frames in, whole frames out; anything else is ignored and counted.
 *
 * ARP carries no proof, so it may cost us frames but never state: an address that is known changes
 * only by a reply to a question that we asked; whoever claims otherwise only makes us ask again. The first claim of an
 * unknown address is taken, and asked about at once.
 *
 * Who is known is asked by a frame to it alone, with growing pauses (RFC 1122 2.3.2.1, "unicast poll"); all are asked again when it does
 * not answer, when somebody else claims its address, and now and then, because only then a second owner can be heard. Two answers to one
 * question from two cards are two machines with one address: the card that was known stays, and it is told (`twice`).
 *
 * Pure, memory is the struct. Owner: control. [control]
 */
#ifndef WL_CONTROL_AGENT_NEIGHBOUR_H
#define WL_CONTROL_AGENT_NEIGHBOUR_H

#include "dataplane/base/limits.h"
#include "dataplane/base/metric.h"
#include "dataplane/base/port.h"

#define WL_NEIGHBOURS_MAX 64u

struct wl_neighbour_link {
	bool answers; /* an Ethernet link with an address of ours */
	uint8_t mac[6];
	uint32_t ipv4; /* host order, as everywhere here */
};

struct wl_neighbour_entry {
	uint16_t link;
	uint32_t ipv4; /* whose frames go there */
	uint32_t next_hop; /* whom we ask for: the same, or a gateway */
	uint8_t mac[6];
	bool known;
	bool changed; /* known anew or otherwise: whoever tells the workers clears it */
	bool asked; /* and not answered yet */
	bool asked_all; /* the last question went to everybody */
	bool doubted; /* claimed by another card since it last answered */
	bool moved; /* the answer to the last question came from another card than before: `mac_before` */
	uint8_t mac_before[6];
	uint8_t twice_mac[6]; /* the other card that answered for it, at twice_ns; 0: never */
	uint64_t twice_ns;
	uint32_t answers; /* in a row, from this card */
	uint32_t unanswered; /* questions in a row */
	uint64_t asked_ns;
	uint64_t ask_at_ns; /* next question */
	uint64_t pause_ns; /* after it */
};

/* X(name, kind, unit, help), in the order of the status */
/* clang-format off */
#define WL_NEIGHBOUR_COUNTER_LIST(X) \
	X(arp_answered, SUM, frames, "ARP questions for an address of ours, answered") \
	X(arp_asked, SUM, frames, "ARP questions of ours") \
	X(arp_learned, SUM, addresses, "of neighbours, learned or changed") \
	X(arp_ignored, SUM, frames, "ARP that says nothing to us") \
	X(arp_conflicts, SUM, frames, "ARP of somebody else who uses our address") \
	X(arp_twice, SUM, frames, "a second answer to one question, from another card") \
	X(echo_answered, SUM, frames, "ICMP echo, answered") \
	X(echo_ignored, SUM, frames, "ICMP that is not answered")
/* clang-format on */

struct wl_neighbour_counts {
	WL_NEIGHBOUR_COUNTER_LIST(WL_METRIC_MEMBER)
};

struct wl_neighbours {
	struct wl_neighbour_link links[WL_LINKS_MAX];
	struct wl_neighbour_entry entries[WL_NEIGHBOURS_MAX];
	uint32_t count;
	uint32_t next; /* entry that is looked at first: nobody starves */
	uint64_t ours_twice_ns[WL_LINKS_MAX]; /* somebody else used our address there; 0: never */
	uint8_t ours_twice_mac[WL_LINKS_MAX][6];
	struct wl_neighbour_counts counts;
};

struct wl_neighbour_output {
	uint16_t link;
	uint16_t bytes; /* of the frame to send; 0: none */
	uint8_t frame[WL_PUNT_BYTES_MAX];
};

void wl_neighbour_init(struct wl_neighbours *neighbours);
/* An Ethernet link that carries our address `info->ipv4`; point-to-point links need no entry. */
void wl_neighbour_set_link(struct wl_neighbours *neighbours, uint16_t link,
			   const struct wl_link_info *info);
/* Keeps on asking for it. next_hop 0: the address itself. False: table full. */
bool wl_neighbour_add(struct wl_neighbours *neighbours, uint16_t link, uint32_t ipv4,
		      uint32_t next_hop);
struct wl_neighbour_input {
	uint16_t link;
	uint16_t bytes;
	const uint8_t *frame; /* from the Ethernet header on */
};

/* out->bytes is 0 when there is nothing to answer. Entries that became known or moved are marked
 * `changed`. */
void wl_neighbour_on_frame(struct wl_neighbours *neighbours, const struct wl_neighbour_input *in,
			   uint64_t now_ns, struct wl_neighbour_output *out);
/* Another card answers for this address as well: heard so within the last seconds. */
bool wl_neighbour_is_twice(const struct wl_neighbour_entry *entry, uint64_t now_ns);
/* Somebody else on this link uses our address: heard so within the last seconds. */
bool wl_neighbour_is_ours_twice(const struct wl_neighbours *neighbours, uint16_t link,
				uint64_t now_ns);
/* One question that is due; call until it returns false. */
bool wl_neighbour_ask(struct wl_neighbours *neighbours, uint64_t now_ns,
		      struct wl_neighbour_output *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated switch with one port for each station (nodes 1..7, clients, strangers, further workers of the nodes), behind the daemon's own
 * table `wl_port_ops`. Every direction has rules of its own: cut, loss, duplicates, delay, jitter (which reorders),
 * late frames, flipped bits, truncation.
 *
 * How the stations are wired is a setting of the plan. On an Ethernet frames go where their destination address says: to the
 * card that has it now, to everybody, or to the router, which answers ARP for itself and forwards by IPv4 address. On links
 * from node to node each link ends at one peer. On the plain wiring frames go by the last byte of their IPv4 address.
 *
 * A frame may carry a label: the verdict that a node must come to. The oracle compares it with what the node counted.
 */
#ifndef WL_TESTS_SIM_NETWORK_NETWORK_H
#define WL_TESTS_SIM_NETWORK_NETWORK_H

#include "dataplane/wire/frame.h"
#include "dataplane/base/port.h"
#include "tests/sim/agenda.h"
#include "tests/sim/server/drive.h"
#include "tests/sim/random.h"
#include "tests/sim/trace.h"

#define SIM_STATIONS 32u
#define SIM_WORKERS_MAX 2u
#define SIM_UDP_PORT \
	7700u /* of a node's first worker; the switch steers by it, as a NIC does into its queues */
#define SIM_LAWLESS_STATION 18u /* from here on: clients that keep no rules (rogue.h) */
#define SIM_STRANGER_STATION 20u /* has no key, and means harm */
#define SIM_BYSTANDER_STATION 21u /* an ordinary host beside the nodes */
#define SIM_ROUTER_STATION 22u
#define SIM_LINKS_MAX 8u /* of one station */
#define SIM_RX_QUEUE 512u
#define SIM_RECORDED 256u /* frames kept for replay: of all times, by chance */
#define SIM_IPV4(station) (0x0a000000u + (station)) /* 10.0.0.station: never leaves this process */

struct sim_rule {
	bool cut;
	uint16_t mtu; /* larger packets are lost; 0: none is too large */
	uint32_t loss_ppm, duplicate_ppm, flip_ppm, truncate_ppm, late_ppm;
	uint64_t delay_ns, jitter_ns, late_ns;
	bool reorders; /* else a frame never overtakes the one before it; late ones do */
};

struct sim_hold { /* frames of a type on one direction; 0 for from or to: any node */
	uint8_t type;
	unsigned from, to;
};
#define SIM_HOLDS_MAX 8u
#define SIM_HELD_MAX 1024u /* more are lost */
enum sim_wiring {
	SIM_WIRING_PLAIN, /* one link, and everybody's address is known */
	SIM_WIRING_ETHERNET, /* one link, addresses are asked for */
	SIM_WIRING_ROUTED, /* the same, and every other peer stands behind a router */
	SIM_WIRING_LINKS, /* a link to each peer (link = node), clients on link 0 */
	SIM_WIRING_TWO, /* two Ethernet links: nodes on link 0, clients on link 1 */
	SIM_WIRINGS,
};

/* Labels: a verdict, or */
#define SIM_HONEST (-1) /* by a node or a client, not damaged on its way */
#define SIM_UNKNOWN (-2) /* nobody can say what the node will think of it */

/* What is wrong with a station's network card; outlives the process. */
struct sim_card {
	uint8_t replaced; /* how often: a new card has another address */
	uint32_t links_down; /* bit per link */
	uint32_t buffers; /* frames that exist at a time; 0: as many as one likes */
	uint32_t sends_per_ms; /* then the transmit ring is full; 0: never */
	uint16_t mtu; /* 0: the network's */
	uint64_t lives; /* of the process behind it */
};

/* What a station was given to read, by label, since somebody last looked. */
struct sim_tally {
	uint32_t honest, unknown, labelled;
	uint32_t again; /* of the honest ones: those that may be replays */
	uint32_t asks; /* of the honest ones: questions, of which a node may take a new one for a copy */
	uint32_t applications; /* by the client library */
	uint32_t verdicts[WL_FRAME_VERDICTS];
};

struct sim_network;
struct sim_in_flight; /* a frame on its way, network.c */

struct sim_station {
	struct wl_port port; /* first */
	struct sim_network *network;
	unsigned number;
	unsigned address; /* last byte of its IPv4 address: of workers of one node the same */
	bool attached; /* false: the process is down, frames to it are lost */
	struct wl_link_info links[SIM_LINKS_MAX];
	struct wl_frame rx[SIM_RX_QUEUE];
	int8_t rx_label[SIM_RX_QUEUE];
	bool rx_again[SIM_RX_QUEUE], rx_application[SIM_RX_QUEUE];
	uint64_t replays; /* times that recorded frames were played to it */
	struct sim_tally tally;
	unsigned rx_first, rx_count;
	uint64_t rx_overruns;
	struct sim_budget *budget; /* NULL: unlimited */
	uint64_t frames_held; /* handed out and not given back: leaks show here */
	uint64_t sends_since_ns; /* of the millisecond in which `sends` left */
	uint32_t sends;
	void (*on_frame)(void *context);
	void *context;
};

struct sim_network {
	struct sim_agenda *agenda;
	struct sim_trace trace;
	struct sim_random random;
	enum sim_wiring wiring;
	struct sim_station stations[SIM_STATIONS];
	struct sim_card cards[SIM_STATIONS];
	struct sim_rule rules[SIM_STATIONS][SIM_STATIONS]; /* by address */
	uint64_t last_arrival_ns[SIM_STATIONS][SIM_STATIONS];
	uint16_t mtu;
	uint32_t applications; /* bit per station: the client library is there */
	uint32_t no_buffer_ppm[SIM_STATIONS]; /* how often the pool of a station is empty */
	uint64_t sent, lost, delivered;
	uint64_t carried[SIM_STATIONS]; /* of each sender, held or not */
	struct sim_in_flight *recorded[SIM_RECORDED];
	uint64_t recorded_seen;
	/* Told of each frame that is about to leave: the adversary's and the oracle's place to look. May be NULL. */
	void (*on_sent)(void *context, unsigned from, unsigned to, const uint8_t *bytes,
			size_t size);
	void *context;
	struct sim_hold holds[SIM_HOLDS_MAX];
	unsigned hold_count, held_count;
	struct sim_in_flight *held[SIM_HELD_MAX];
	bool captured; /* nothing goes on its way by itself: on_sent has it all (exhaustive search) */
};

/* Where a node's worker is attached. */
static inline unsigned sim_station_of(unsigned node, unsigned worker)
{
	return node + worker * 24;
}

void sim_network_init(struct sim_network *network, struct sim_agenda *agenda, uint64_t seed);
void sim_network_fini(struct sim_network *network);
void sim_network_attach(struct sim_network *network, unsigned station, void (*on_frame)(void *),
			void *context);
void sim_network_detach(struct sim_network *network, unsigned station);
/* From now on such frames are kept, until all that is kept is let go, in the order in which it came. */
void sim_network_hold(struct sim_network *network, const struct sim_hold *hold);
void sim_network_release(struct sim_network *network);
/* A frame that was captured arrives now. */
void sim_network_deliver(struct sim_network *network, unsigned station, const uint8_t *bytes,
			 uint16_t size);
/* Frames that once went to this station come again, now: at most `count`. */
void sim_network_replay(struct sim_network *network, unsigned station, unsigned count);
/* To one station, whatever the frame says. The sender need not be attached. */
void sim_network_send(struct sim_network *network, unsigned from, unsigned to, const uint8_t *bytes,
		      size_t size, int label);
/* A frame of the past, NULL when there is none at this place. */
const uint8_t *sim_network_recorded(const struct sim_network *network, unsigned at, unsigned *to,
				    uint16_t *size);
/* The address of a station's card on the link by which `other` reaches it. */
void sim_network_mac(const struct sim_network *network, unsigned station, unsigned other,
		     uint8_t *mac);
/* The link by which a station reaches another one. */
uint16_t sim_network_link(const struct sim_network *network, unsigned station, unsigned other);
bool sim_network_is_ethernet(const struct sim_network *network);
/* True where a frame of `station` to `other` goes through the router. */
bool sim_network_is_far(const struct sim_network *network, unsigned station, unsigned other);
/* Every direction gets this rule. */
void sim_network_set_all(struct sim_network *network, const struct sim_rule *rule);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A simulated switch with one port for each station (nodes 1..7, clients, further workers of the nodes), behind the daemon's own
 * table `wl_port_ops`. Every direction has rules of its own: cut, loss, duplicates, delay, jitter (which reorders),
 * late frames, flipped bits, truncation. Stations are told apart by the last byte of their IPv4 address.
 */
#ifndef WL_TESTS_SIM_NETWORK_H
#define WL_TESTS_SIM_NETWORK_H

#include "dataplane/port.h"
#include "tests/sim/agenda.h"
#include "tests/sim/drive.h"
#include "tests/sim/random.h"
#include "tests/sim/trace.h"

#define SIM_STATIONS 32u
#define SIM_WORKERS_MAX 2u
#define SIM_UDP_PORT \
	7700u /* of a node's first worker; the switch steers by it, as a NIC does into its queues */
#define SIM_RX_QUEUE 512u
#define SIM_RECORDED 256u /* frames kept for replay: of all times, by chance */
#define SIM_IPV4(station) (0x0a000000u + (station)) /* 10.0.0.station: never leaves this process */

struct sim_rule {
	bool cut;
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

struct sim_network;
struct sim_in_flight; /* a frame on its way, network.c */

struct sim_station {
	struct wl_port port; /* first */
	struct sim_network *network;
	unsigned number;
	unsigned address; /* last byte of its IPv4 address: of workers of one node the same */
	bool attached; /* false: the process is down, frames to it are lost */
	struct wl_link_info info;
	struct wl_frame rx[SIM_RX_QUEUE];
	unsigned rx_first, rx_count;
	uint64_t rx_overruns;
	struct sim_budget *budget; /* NULL: unlimited */
	uint64_t frames_held; /* handed out and not given back: leaks show here */
	void (*on_frame)(void *context);
	void *context;
};

struct sim_network {
	struct sim_agenda *agenda;
	struct sim_trace trace;
	struct sim_random random;
	struct sim_station stations[SIM_STATIONS];
	struct sim_rule rules[SIM_STATIONS][SIM_STATIONS]; /* by address */
	uint64_t last_arrival_ns[SIM_STATIONS][SIM_STATIONS];
	uint16_t mtu;
	uint32_t no_buffer_ppm[SIM_STATIONS]; /* how often the pool of a station is empty */
	uint64_t sent, lost, delivered;
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
/* Every direction gets this rule. */
void sim_network_set_all(struct sim_network *network, const struct sim_rule *rule);

#endif

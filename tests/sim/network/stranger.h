/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A station without the key that means harm: garbage of every length, frames with one thing wrong, forged and cut ones, old
 * ones, ARP and ICMP that lie. It knows everything else: identities, boots, what was ever sent. Each frame is labelled with
 * the verdict that it must meet, so that the oracle can compare (oracle_strangers.c); nothing else may come of it.
 */
#ifndef WL_TESTS_SIM_NETWORK_STRANGER_H
#define WL_TESTS_SIM_NETWORK_STRANGER_H

#include "tests/sim/server/node.h"

enum sim_stranger_kind { /* bits */
			 SIM_STRANGER_GARBAGE = 1, /* any bytes, any length */
			 SIM_STRANGER_ENVELOPE = 2, /* Ethernet, IPv4, UDP: one thing wrong */
			 SIM_STRANGER_HEADER = 4, /* the same in the header of a frame */
			 SIM_STRANGER_FORGED = 8, /* all right but the key */
			 SIM_STRANGER_OLD =
				 16, /* what was once sent: again, cut, changed, reflected */
			 SIM_STRANGER_ARP_CLAIMS =
				 32, /* unasked for: nothing that is known may move */
			 SIM_STRANGER_ARP_ANSWERS =
				 64, /* may hit a question: costs frames, never more */
			 SIM_STRANGER_ICMP = 128,
			 SIM_STRANGER_ALL = 255,
};

/* The last byte of the card that claims, and of the one that answers. */
#define SIM_STRANGER_CLAIMS_MAC 0xcc
#define SIM_STRANGER_ANSWERS_MAC 0xbb

struct sim_stranger {
	struct sim_cluster *cluster;
	struct sim_random random;
	uint64_t until_ns;
	unsigned target; /* SIM_NODE_ANY: all in turn */
	uint32_t kinds, frames_per_ms;
	bool ticks;
	uint8_t *frame; /* being made */
	uint64_t sent;
};

void sim_stranger_init(struct sim_stranger *stranger, struct sim_cluster *cluster);
void sim_stranger_fini(struct sim_stranger *stranger);
/* From now on for so long; again: the newest word counts. */
void sim_stranger_begin(struct sim_stranger *stranger, unsigned target, uint32_t kinds,
			uint32_t frames_per_ms, uint64_t for_ns);
void sim_stranger_end(struct sim_stranger *stranger);

#endif

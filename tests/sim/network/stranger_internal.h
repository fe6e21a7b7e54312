/* SPDX-License-Identifier: BSD-3-Clause */
/* What stranger.c (frames made anew) and stranger_old.c (old ones, ARP, ICMP) share. */
#ifndef WL_TESTS_SIM_NETWORK_STRANGER_INTERNAL_H
#define WL_TESTS_SIM_NETWORK_STRANGER_INTERNAL_H

#include "tests/sim/network/stranger.h"

/* Each makes stranger->frame for a node and returns its bytes; 0 with SIM_UNKNOWN: there is none. */
size_t sim_stranger_make_old(struct sim_stranger *stranger, unsigned node, int *label);
size_t sim_stranger_make_claim(struct sim_stranger *stranger, unsigned node, int *label);
size_t sim_stranger_make_answer(struct sim_stranger *stranger, unsigned node, int *label);
size_t sim_stranger_make_icmp(struct sim_stranger *stranger, unsigned node, int *label);
/* Puts Ethernet, IPv4 and UDP around the datagram that stands at its place; returns the bytes of the frame. */
size_t sim_stranger_wrap(struct sim_stranger *stranger, unsigned node, size_t datagram_bytes);
uint64_t sim_stranger_boot(const struct sim_cluster *cluster, unsigned node);

#endif

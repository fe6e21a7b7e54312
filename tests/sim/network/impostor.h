/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server that was taken over: it holds the cluster's key, and speaks as a voter (which stays down meanwhile) and as any
 * number of clients. Its boot was counted on the stable storage before, as the daemon's start would have done, so that the daemon
 * that comes back later on the same drive is a boot newer.
 *
 * What breaks no promise of Raft stays under the whole oracle: messages that are malformed, that belong to terms and boot ids of
 * the past, that name things which are not, and whatever a client may say. Lies that no majority of honest nodes survives
 * (false acknowledgements, invented entries, votes given twice, terms at the end of their range) are told in a plan with
 * `liar` only, and then nothing is asked of the nodes but that none stops and nothing leaks.
 */
#ifndef WL_TESTS_SIM_NETWORK_IMPOSTOR_H
#define WL_TESTS_SIM_NETWORK_IMPOSTOR_H

#include "dataplane/log/superblock.h"
#include "tests/sim/server/node.h"

enum sim_impostor_kind { /* bits */
			 SIM_IMPOSTOR_MALFORMED =
				 1, /* as a voter: lengths, counts, offsets, types that cannot be */
			 SIM_IMPOSTOR_STALE =
				 2, /* as a voter: well-formed, of terms that are over */
			 SIM_IMPOSTOR_CLIENT = 4, /* as clients: anything */
			 SIM_IMPOSTOR_LIES = 8, /* as a voter: anything at all */
			 SIM_IMPOSTOR_ALL = 15,
};

#define SIM_IMPOSTOR_STATION 23u /* of its clients */
#define SIM_IMPOSTOR_PAYLOAD 1372u /* fits into every frame */
#define SIM_IMPOSTOR_CLIENTS 100u /* more than a node's table has room for */

struct sim_impostor_client {
	uint64_t session, next_sequence;
};

struct sim_impostor {
	struct sim_cluster *cluster;
	struct sim_random random;
	bool liar;
	bool is_extreme; /* tells of terms at the end of their range */
	unsigned node; /* whom it plays; 0: none yet */
	uint64_t until_ns;
	uint32_t kinds, frames_per_ms;
	bool ticks;
	uint64_t boot_id, sequence, client_sequence;
	uint64_t incarnation, caught_up_boot; /* as its stable storage have them */
	uint32_t history; /* bit per journal */
	struct wl_superblock_peer peers[WIRELOG_NODES_MAX + 1];
	struct wl_auth_key key;
	struct sim_impostor_client clients[SIM_IMPOSTOR_CLIENTS];
	uint8_t *image; /* of an entry that it invents */
	uint32_t image_bytes;
	uint64_t sent;
};

void sim_impostor_init(struct sim_impostor *impostor, struct sim_cluster *cluster, bool liar);
void sim_impostor_fini(struct sim_impostor *impostor);
/* Takes over a node that is down. It stays down until the end. */
void sim_impostor_begin(struct sim_impostor *impostor, unsigned node, uint32_t kinds,
			uint32_t frames_per_ms, uint64_t for_ns);
/* The node may start again. */
void sim_impostor_end(struct sim_impostor *impostor);

#endif

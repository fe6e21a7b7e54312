/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client that has the key and keeps no rules: it lies about what it has, leaves records half sent, claims sessions and
 * places that are not its own, floods tables with itself, forgets who it is. Frames that do not decode come from it, too; forged
 * ones do not. What must hold beside it is what holds without it: no rule of the oracle excuses anything for its
 * sake, and the clients that keep the rules go on. It is quiet from the end of the faults on.
 *
 * rogue.c: who it is, what it hears. mischief.c, mischief_answer.c: what it does.
 */
#ifndef WL_TESTS_SIM_ACTORS_ROGUE_H
#define WL_TESTS_SIM_ACTORS_ROGUE_H

#include "tests/sim/actors/endpoint.h"
#include "tests/sim/plan/plan.h"

#define SIM_ROGUE_STATION 18u /* of the first one */
#define SIM_ROGUE_SESSIONS 12u /* more than a node joins fragments for */

struct sim_rogue_session {
	uint64_t nonce, session, next_sequence;
};

struct sim_rogue {
	struct sim_endpoint end;
	struct sim_cluster *cluster;
	const struct sim_plan *plan;
	struct sim_random random;
	unsigned leader;
	bool forges; /* does little else than write images of chunks */
	struct sim_rogue_session sessions[SIM_ROGUE_SESSIONS];
	wl_identity identity;
	uint64_t boots[2]; /* of one identity: one of them is the wrong one */
};

void sim_rogue_init(struct sim_rogue *rogue, struct sim_cluster *cluster, unsigned number,
		    const struct sim_plan *plan);
/* A number that is in range, or at an end of it, or anywhere. */
uint64_t sim_rogue_draw_number(struct sim_rogue *rogue, uint64_t near);
/* One record, in one frame. */
void sim_rogue_append(struct sim_rogue *rogue, unsigned node, const uint8_t *payload,
		      uint32_t bytes);
/* mischief_images.c */
void sim_rogue_append_images(struct sim_rogue *rogue, unsigned node);
/* mischief_answer.c */
void sim_rogue_answer_as_node(struct sim_rogue *rogue, unsigned node);
/* One piece of it, at one node. */
void sim_rogue_do_mischief(struct sim_rogue *rogue, unsigned node);

#endif

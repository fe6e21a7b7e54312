/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An application that asks: how far is the journal, and what became of its appends, of this life and of the one before; now and then with
 * a fence, also against itself. Part of library.c; what it is told goes to the oracle (oracle_reads.c).
 */
#ifndef WL_TESTS_SIM_ACTORS_ASKING_H
#define WL_TESTS_SIM_ACTORS_ASKING_H

#include "client/engine.h"
#include "tests/sim/random.h"

struct sim_client;

struct sim_question {
	int64_t id; /* 0: free */
	uint64_t session, sequence; /* 0: how far is it? */
	bool fence;
	/* For the oracle, when it was put: what was committed anywhere, and whether this append was. */
	uint64_t numbers, committed_as;
};

struct sim_asking {
	struct sim_client *client;
	struct wl_engine *engine;
	struct sim_random random; /* of its own: one more question changes nothing elsewhere */
	struct sim_question questions[WL_ASKER_QUESTIONS];
	uint64_t session, next; /* of the life before */
};

void sim_asking_init(struct sim_asking *asking, struct sim_client *client,
		     struct wl_engine *engine);
/* Its engine is about to be another one's. */
void sim_asking_end_life(struct sim_asking *asking);
void sim_asking_tick(struct sim_asking *asking);
/* END or OUTCOME. */
void sim_asking_on_event(struct sim_asking *asking, const struct wirelog_event *event);

#endif

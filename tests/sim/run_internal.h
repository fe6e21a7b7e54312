/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One run, inside (run.h): what its phases share. Each phase is a file: expectations of a scenario (run_expect.c), liveness and
 * what takes its place where a majority is gone (run_liveness.c), convergence (run_convergence.c). What may be demanded of the
 * cluster now, and what not, is asked of run_facts.c alone.
 */
#ifndef WL_TESTS_SIM_RUN_INTERNAL_H
#define WL_TESTS_SIM_RUN_INTERNAL_H

#include "tests/sim/actors/rogue.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/faults.h"
#include "tests/sim/run.h"

#define SIM_CLIENTS_MAX 8u
#define SIM_ROGUES_MAX 2u
#define SIM_STEP_NS 10000000u
#define SIM_ELECTION_TIMEOUT_NS 100000000u

struct sim_run_state {
	const struct sim_plan *plan;
	struct sim_cluster cluster;
	struct sim_oracle oracles[SIM_JOURNALS_MAX];
	struct sim_faults faults;
	struct sim_client clients[SIM_CLIENTS_MAX];
	struct sim_rogue rogues[SIM_ROGUES_MAX];
	uint64_t seen_before[SIM_SEENS];
	/* At the last expectation of an earlier instant, and at the newest one: those of one instant share their past. */
	struct sim_baseline {
		uint64_t at_ns, acknowledged, sent, term;
	} before, newest;
	uint32_t core; /* bit per node that is made well first */
};

void sim_run_advance(struct sim_run_state *run, uint64_t for_ns);

uint64_t sim_run_acknowledged_of(const struct sim_run_state *run, unsigned journal);
uint64_t sim_run_acknowledged(const struct sim_run_state *run);
uint64_t sim_run_highest_term(const struct sim_run_state *run, unsigned journal);
uint32_t sim_run_all_nodes(const struct sim_run_state *run);

/* What a scenario demands at one instant, or does by itself; `context` is the run. */
void sim_run_on_expect(void *context, const struct sim_action *action);

/* Data as their stable storage says: they vote and are counted (control/agent/incarnations.h), in one journal or in every one. */
bool sim_run_data_count_in(const struct sim_node *node, unsigned journal);
bool sim_run_data_count(const struct sim_run_state *run, const struct sim_node *node);

bool sim_run_decides(const struct sim_run_state *run, unsigned journal, wl_members nodes);
bool sim_run_is_member(const struct sim_run_state *run, unsigned journal, unsigned number);
/* The log of a node that is up cannot take every entry that may come. */
bool sim_run_lacks_room(const struct sim_run_state *run, unsigned journal, unsigned number);
bool sim_run_is_full(const struct sim_run_state *run, unsigned journal);
bool sim_run_is_out(const struct sim_node *node);

/* A majority of some journal is refused or contradicted; `or_forgot`: or has data that count for nothing. */
bool sim_run_majority_is_lame(const struct sim_run_state *run, bool or_forgot);
bool sim_run_majority_of_a_change_is_lame(const struct sim_run_state *run);

/* Ends the process when something does not hold. `core` is chosen here. */
void sim_run_check_liveness(struct sim_run_state *run, struct sim_result *result);
void sim_run_check_convergence(struct sim_run_state *run);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/run_internal.h"

/* Of leaders' patience, to which the longest waits are bound: a node that got another address is heard again when its old one has been
 * silent for four times that, and takes part again four more later (transport/claim.h). */
#define LIVENESS_NS (20u * (uint64_t)SIM_ELECTION_TIMEOUT_NS)
#define MENDING_NS 60000000000u
#define TERMS_TO_RECOVER 6u
#define LOSSY_PPM 100000u /* of frames that the frozen rest loses */
#define LATE_NS (SIM_ELECTION_TIMEOUT_NS / 2) /* or by so much it delays some */
#define PATIENCE 5u /* times as long, then; a fixed bound all the same */
#define STABLE_NS (6u * (uint64_t)SIM_ELECTION_TIMEOUT_NS)
#define STABLE_WAITS 6u
#define TERMS_OF_REST 3u

/* What is known of each journal at one moment, to be compared with later. */
struct mark {
	uint64_t term[SIM_JOURNALS_MAX], acknowledged[SIM_JOURNALS_MAX];
};

/*
 * A core that holds a node whose drive forgot or rotted cannot promise anything by itself; nor can one with a node that was never
 * caught up: a cluster begins when all are there. Looked at once: being caught up comes later.
 */
static void choose_core(struct sim_run_state *run)
{
	run->core = run->plan->core ? (uint32_t)run->plan->core & sim_run_all_nodes(run)
				    : sim_run_all_nodes(run);
	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if ((run->core & 1u << number) &&
		    (run->plan->joins != 0 || run->oracles[0].lists != 0 || node->forgot ||
		     node->rotten || !sim_run_data_count(run, node)))
			run->core = sim_run_all_nodes(run);
	}
}

static struct mark mark(const struct sim_run_state *run)
{
	struct mark now;

	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		now.term[journal] = sim_run_highest_term(run, journal);
		now.acknowledged[journal] = sim_run_acknowledged_of(run, journal);
	}
	return now;
}

/* A journal that has clients and acknowledged nothing since the mark; -1: none. */
static int stands_still(const struct sim_run_state *run, const struct mark *since)
{
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (journal < run->plan->clients && !sim_run_is_full(run, journal) &&
		    sim_run_acknowledged_of(run, journal) == since->acknowledged[journal])
			return (int)journal;
	}
	return -1;
}

static void check_terms(const struct sim_run_state *run, const struct mark *since, const char *rule,
			unsigned more)
{
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (sim_run_highest_term(run, journal) > since->term[journal] + more)
			sim_violation(&run->cluster, 0, rule,
				      "terms of journal %u rose from %llu to %llu", journal,
				      (unsigned long long)since->term[journal],
				      (unsigned long long)sim_run_highest_term(run, journal));
	}
}

static bool is_slow(const struct sim_rule *noise)
{
	return noise->loss_ppm >= LOSSY_PPM ||
	       noise->delay_ns + noise->jitter_ns + (noise->late_ppm != 0 ? noise->late_ns : 0) >=
		       LATE_NS;
}

/* The frozen rest disturbs nobody: records go on being acknowledged, and terms stand still. */
static void check_stability(struct sim_run_state *run)
{
	struct mark before = mark(run);

	sim_run_advance(run, STABLE_NS);
	/* A client whose leader is outside of the core, behind frozen noise, sends again later from time to time. */
	for (unsigned more = 0;
	     more < PATIENCE && is_slow(&run->faults.noise) && stands_still(run, &before) >= 0;
	     more++)
		sim_run_advance(run, STABLE_NS);
	check_terms(run, &before, "stability", TERMS_OF_REST);
	if (stands_still(run, &before) >= 0)
		sim_violation(&run->cluster, 0, "stability",
			      "core %x stopped acknowledging in journal %d", run->core,
			      stands_still(run, &before));
}

static bool is_held_back(const struct sim_run_state *run, unsigned journal)
{
	wl_members lame = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		if (sim_run_is_out(&run->cluster.nodes[number]) ||
		    !sim_run_data_count_in(&run->cluster.nodes[number], journal))
			lame |= 1u << number;
	}
	return !sim_run_decides(run, journal, ~lame);
}

static bool says_why(const struct sim_run_state *run)
{
	bool says = false;

	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		for (unsigned number = 1; number <= run->plan->nodes; number++) {
			const struct sim_node *node = &run->cluster.nodes[number];

			says |= node->up && (node->agent->elections[journal].held_back ||
					     wl_agent_lacks_majority(node->agent, journal));
		}
	}
	return says;
}

/* Without a majority of data that count nobody leads, nothing new is acknowledged, and who looks is told why. */
static void check_held_back(struct sim_run_state *run)
{
	struct mark before;

	sim_trace_say(&run->cluster.network.trace, "a majority's data are gone");
	sim_faults_heal(&run->faults, sim_run_all_nodes(run));
	sim_run_advance(run, STABLE_NS);
	before = mark(run);
	sim_run_advance(run, STABLE_NS);
	if (!sim_run_majority_is_lame(run, true))
		return; /* those that were down have told the others, and it goes on */
	/* What counts in one journal may not count in another that nothing was appended to since. */
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (is_held_back(run, journal) &&
		    sim_run_acknowledged_of(run, journal) != before.acknowledged[journal])
			sim_violation(&run->cluster, 0, "held-back",
				      "goes on, and the data of a majority are gone");
	}
	/* Who was given a forged address for the other meets it when it asks again, and starts anew under a later boot. */
	for (unsigned wait = 0; wait < STABLE_WAITS && !says_why(run); wait++)
		sim_run_advance(run, STABLE_NS);
	if (!says_why(run))
		sim_violation(&run->cluster, 0, "held-back", "stands still, and nobody says why");
}

/* What is dormant in one journal may lead another. */
static bool is_halted(const struct sim_run_state *run, unsigned journal)
{
	wl_members out = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->refused || node->contradicted ||
		    (node->up && node->journals[journal]->dormant))
			out |= 1u << number;
	}
	return !sim_run_decides(run, journal, ~out);
}

/* With too many refused a journal halts, and says nothing new. */
static void check_halt(struct sim_run_state *run)
{
	struct mark before;

	sim_trace_say(&run->cluster.network.trace, "a majority is refused");
	sim_run_advance(run, STABLE_NS); /* answers that were on their way */
	before = mark(run);
	sim_run_advance(run, STABLE_NS);
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		unsigned leader = sim_cluster_leader(&run->cluster, journal);

		if (is_halted(run, journal) &&
		    (sim_run_acknowledged_of(run, journal) != before.acknowledged[journal] ||
		     leader != 0))
			sim_violation(&run->cluster, leader, "halt",
				      "goes on, and a majority is refused");
	}
}

static bool is_somebody_refused(const struct sim_run_state *run)
{
	bool is = false;

	for (unsigned number = 1; number <= run->plan->nodes; number++)
		is |= run->cluster.nodes[number].refused;
	return is;
}

/* A journal that is dormant is on its way, or halts at an entry that is nowhere whole; it waits for the word of who is refused. */
static bool mends_on(const struct sim_run_state *run, const struct sim_node *node, unsigned journal)
{
	struct wl_mend_report report;
	const struct wl_mender *mender = node->menders[journal].mender;

	if (!node->up)
		return node->mend_watch.outcome == WL_MEND_STARTS_AGAIN && !node->refused;
	if (!node->journals[journal]->dormant)
		return false;
	if (!wl_mend_lanes_reported(&node->journals[journal]->mend, &report))
		return true;
	return (report.phase != WL_MENDING_LOST && !is_somebody_refused(run)) ||
	       mender->mend.state != WL_MEND_WANTS_ENTRIES ||
	       sim_oracle_somebody_has(&run->oracles[journal], mender->mend.ask.index,
				       mender->mend.ask.chain);
}

static unsigned who_mends_on(const struct sim_run_state *run)
{
	unsigned who = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++)
		for (unsigned journal = 0; journal < run->plan->journals; journal++)
			if (mends_on(run, &run->cluster.nodes[number], journal))
				who = number;
	return who;
}

/* All are up, and hear each other: what is whole somewhere comes back (O41). */
static void let_mend(struct sim_run_state *run)
{
	unsigned who;

	for (uint64_t waited = 0; (who = who_mends_on(run)) != 0; waited += SIM_STEP_NS) {
		if (waited > MENDING_NS)
			sim_violation(&run->cluster, who, "O41",
				      "is dormant, and what it lacks is whole somewhere");
		sim_run_advance(run, SIM_STEP_NS);
	}
}

void sim_run_check_liveness(struct sim_run_state *run, struct sim_result *result)
{
	struct mark before;
	uint64_t waited = 0;

	choose_core(run);
	sim_faults_heal(&run->faults, run->core);
	sim_trace_say(&run->cluster.network.trace, "healed: nodes %x", run->core);
	if (run->core == sim_run_all_nodes(run) && !run->plan->liar)
		let_mend(run);
	if (sim_run_majority_is_lame(run, true)) {
		if (sim_run_majority_is_lame(run, false))
			check_halt(run);
		else
			check_held_back(run);
		return;
	}
	if (sim_run_majority_of_a_change_is_lame(run)) {
		sim_trace_say(&run->cluster.network.trace, "a change waits for who is lame");
		return;
	}
	/* What was on its way when it healed does not count. */
	sim_run_advance(run, SIM_STEP_NS);
	before = mark(run);
	while (stands_still(run, &before) >= 0) {
		if (waited > run->plan->patience * LIVENESS_NS)
			sim_violation(&run->cluster, 0, "liveness",
				      "core %x acknowledged nothing for %llu ms in journal %d",
				      run->core, (unsigned long long)waited / 1000000,
				      stands_still(run, &before));
		sim_run_advance(run, SIM_STEP_NS);
		waited += SIM_STEP_NS;
	}
	check_terms(run, &before, "liveness", TERMS_TO_RECOVER);
	result->liveness_ns = waited;
	if (run->core != sim_run_all_nodes(run))
		check_stability(run);
}

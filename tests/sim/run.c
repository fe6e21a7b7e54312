/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/check.h"
#include "tests/sim/faults.h"
#include "tests/sim/oracle.h"

#define CLIENTS_MAX 8u
#define AFTERMATH_NS 500000000u
#define STEP_NS 10000000u
#define ELECTION_TIMEOUT_NS 100000000u
#define LIVENESS_NS (20u * (uint64_t)ELECTION_TIMEOUT_NS)
#define CONVERGENCE_NS 10000000000u
#define TERMS_TO_RECOVER 6u
#define STABLE_NS (6u * (uint64_t)ELECTION_TIMEOUT_NS)
#define TERMS_OF_REST 3u

struct run {
	const struct sim_plan *plan;
	struct sim_cluster cluster;
	struct sim_oracle oracle;
	struct sim_faults faults;
	struct sim_client clients[CLIENTS_MAX];
	uint64_t acknowledged_before, sent_before; /* at the last expectation */
};

static void advance(struct run *run, uint64_t for_ns)
{
	struct sim_agenda *agenda = &run->cluster.agenda;
	uint64_t until = agenda->now_ns + for_ns;

	while (sim_agenda_step(agenda, until)) {
		if (agenda->happened > SIM_EVENTS_MAX)
			sim_violation(&run->cluster, 0, "watchdog",
				      "more than %u events: a livelock", SIM_EVENTS_MAX);
	}
	agenda->now_ns = until;
}

static uint64_t acknowledged(const struct run *run)
{
	uint64_t total = 0;

	for (unsigned client = 0; client < run->plan->clients; client++)
		total += run->clients[client].acknowledged;
	return total;
}

static uint64_t highest_term(const struct run *run)
{
	uint64_t term = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		if (run->oracle.highest_term[number] > term)
			term = run->oracle.highest_term[number];
	}
	return term;
}

static void on_expect(void *context, const struct sim_action *action)
{
	struct run *run = context;
	unsigned leader = sim_cluster_leader(&run->cluster);
	const struct sim_bystander *bystander = &run->faults.others.bystander;
	uint64_t answers = bystander->pings_answered + bystander->arps_answered;
	uint64_t now = acknowledged(run), sent = run->cluster.network.sent - run->sent_before;

	if (action->verb == SIM_EXPECT_LEADER &&
	    (leader == 0 ||
	     (action->argument[0] <= WIRELOG_NODES_MAX && leader != action->argument[0])))
		sim_violation(&run->cluster, leader, "expect-leader", "it is node %u", leader);
	if (action->verb == SIM_EXPECT_NO_LEADER && leader != 0)
		sim_violation(&run->cluster, leader, "expect-no-leader", "node %u leads", leader);
	if (action->verb == SIM_EXPECT_COMMITS && now == run->acknowledged_before)
		sim_violation(&run->cluster, 0, "expect-commits", "nothing new was acknowledged");
	if (action->verb == SIM_EXPECT_SILENCE && now != run->acknowledged_before)
		sim_violation(&run->cluster, 0, "expect-silence", "%llu were acknowledged",
			      (unsigned long long)(now - run->acknowledged_before));
	if (action->verb == SIM_EXPECT_REFUSED && !run->cluster.nodes[action->argument[0]].refused)
		sim_violation(&run->cluster, (unsigned)action->argument[0], "expect-refused",
			      "it was not refused");
	if (action->verb == SIM_EXPECT_ANSWERS && answers < action->argument[0])
		sim_violation(&run->cluster, 0, "expect-answers", "%llu were given",
			      (unsigned long long)answers);
	if (action->verb == SIM_EXPECT_TERMS_BELOW && highest_term(run) >= action->argument[0])
		sim_violation(&run->cluster, 0, "expect-terms-below", "term %llu was met",
			      (unsigned long long)highest_term(run));
	if (action->verb == SIM_EXPECT_FRAMES_BELOW && sent >= action->argument[0])
		sim_violation(&run->cluster, 0, "expect-frames-below", "%llu frames were sent",
			      (unsigned long long)sent);
	run->acknowledged_before = now;
	run->sent_before = run->cluster.network.sent;
}

static void on_leader(void *context, unsigned node)
{
	sim_faults_on_leader(context, node);
}

static void on_answer(void *context, unsigned node)
{
	sim_faults_on_answer(context, node);
}

static void set_up(struct run *run, const struct sim_options *options)
{
	const struct sim_plan *plan = run->plan;
	struct sim_cluster_config config = {
		.nodes = (unsigned)plan->nodes,
		.segment_bytes = plan->segment_bytes,
		.segments_max = plan->segments_max,
		.ring_bytes = plan->ring_bytes,
		.election_timeout_ns = ELECTION_TIMEOUT_NS,
		.heartbeat_ns = ELECTION_TIMEOUT_NS / 10,
		.sessions_max = plan->sessions_max,
		.mtu = (uint16_t)plan->mtu,
		.wiring = (enum sim_wiring)plan->wiring,
		.quiet = options->quiet,
		.rule = options->rule,
		.replay = options->replay,
	};

	sim_cluster_init(&run->cluster, &config, plan->seed);
	run->cluster.network.trace.file = options->trace;
	sim_oracle_init(&run->oracle, &run->cluster);
	run->oracle.reduced = plan->liar != 0;
	run->oracle.on_answer = on_answer;
	run->oracle.on_leader = on_leader;
	run->oracle.on_answer_context = &run->faults;
	for (unsigned client = 0; client < plan->clients; client++) {
		sim_client_init(&run->clients[client], &run->cluster, client, plan);
		sim_oracle_watch_client(&run->oracle, &run->clients[client]);
	}
	sim_faults_init(&run->faults, &run->cluster, plan);
	run->faults.on_expect = on_expect;
	run->faults.context = run;
	for (unsigned number = 1; number <= config.nodes; number++)
		sim_node_start(&run->cluster, number);
}

/* Only a drive that was damaged may be refused. */
static void check_refusals(const struct run *run)
{
	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->refused && !node->rotten)
			sim_violation(&run->cluster, number, "recovery",
				      "refused a drive that only saw power cuts: %s at %llu",
				      wl_recovery_damage_name(node->damage.kind),
				      (unsigned long long)node->damage.begin);
	}
}

static uint32_t all_nodes(const struct run *run)
{
	return ((1u << run->plan->nodes) - 1) << 1;
}

/* A core that holds a node whose drive forgot or rotted cannot promise anything by itself. */
static uint32_t core_of(const struct run *run)
{
	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if ((run->plan->core & 1u << number) && (node->forgot || node->rotten))
			return all_nodes(run);
	}
	return run->plan->core ? (uint32_t)run->plan->core & all_nodes(run) : all_nodes(run);
}

/* The frozen rest disturbs nobody: records go on being acknowledged, and terms stand still. */
static void check_stability(struct run *run)
{
	uint64_t term = highest_term(run), before = acknowledged(run);

	advance(run, STABLE_NS);
	if (highest_term(run) > term + TERMS_OF_REST)
		sim_violation(&run->cluster, 0, "stability",
			      "terms rose from %llu to %llu beside a healthy core %x",
			      (unsigned long long)term, (unsigned long long)highest_term(run),
			      core_of(run));
	if (run->plan->clients != 0 && acknowledged(run) == before)
		sim_violation(&run->cluster, 0, "stability", "core %x stopped acknowledging",
			      core_of(run));
}

static void check_liveness(struct run *run, struct sim_result *result)
{
	uint64_t before, term, waited = 0;

	sim_faults_heal(&run->faults, core_of(run));
	sim_trace_say(&run->cluster.network.trace, "healed: nodes %x", core_of(run));
	/* What was on its way when it healed does not count. */
	advance(run, STEP_NS);
	before = acknowledged(run);
	term = highest_term(run);
	while (run->plan->clients != 0 && acknowledged(run) == before) {
		if (waited > LIVENESS_NS)
			sim_violation(&run->cluster, 0, "liveness",
				      "core %x acknowledged nothing for %llu ms", core_of(run),
				      (unsigned long long)waited / 1000000);
		advance(run, STEP_NS);
		waited += STEP_NS;
	}
	if (highest_term(run) > term + TERMS_TO_RECOVER)
		sim_violation(&run->cluster, 0, "liveness", "terms rose from %llu to %llu",
			      (unsigned long long)term, (unsigned long long)highest_term(run));
	result->liveness_ns = waited;
	if (core_of(run) != all_nodes(run))
		check_stability(run);
}

static bool has_converged(const struct run *run)
{
	if (sim_cluster_leader(&run->cluster) == 0)
		return false;
	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->up && node->journal->replica.commit < run->oracle.committed)
			return false;
	}
	for (unsigned client = 0; client < run->plan->clients; client++) {
		if (run->clients[client].outstanding_count != 0)
			return false;
		if (run->clients[client].reader.reads &&
		    run->clients[client].reader.next_number <= run->oracle.numbers)
			return false;
	}
	return true;
}

static void check_convergence(struct run *run)
{
	uint64_t waited;

	sim_faults_heal(&run->faults, all_nodes(run));
	for (unsigned client = 0; client < run->plan->clients; client++)
		run->clients[client].appending = false;
	for (waited = 0; !has_converged(run); waited += STEP_NS) {
		if (waited > CONVERGENCE_NS)
			sim_violation(&run->cluster, 0, "convergence",
				      "nodes or clients do not come to an end");
		advance(run, STEP_NS);
	}
	advance(run, STEP_NS); /* what is committed is applied */
	check_refusals(run);
	sim_oracle_finish(&run->oracle);
}

/* Nothing is promised any more, but that nobody stops and nothing leaks, also when all start again on what was written. */
static void outlive_liars(struct run *run)
{
	sim_faults_heal(&run->faults, all_nodes(run));
	advance(run, AFTERMATH_NS);
	for (unsigned number = 1; number <= run->plan->nodes; number++)
		sim_node_crash(&run->cluster, number);
	sim_faults_heal(&run->faults, all_nodes(run));
	advance(run, AFTERMATH_NS);
}

static void on_check_failed(void *context, const struct wl_check_failure *failure)
{
	struct run *run = context;

	sim_violation(&run->cluster, 0, "WL_CHECK", "%s:%d: %s: %s %s", failure->file,
		      failure->line, failure->function, failure->expression, failure->text);
}

void sim_run(const struct sim_plan *plan, const struct sim_options *options,
	     struct sim_result *result)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		exit(71);
	run->plan = plan;
	wl_check_set_hook(on_check_failed, run);
	set_up(run, options);
	advance(run, plan->fault_ns);
	if (plan->liar) {
		outlive_liars(run);
	} else {
		check_refusals(run);
		check_liveness(run, result);
		check_convergence(run);
	}
	result->hash = sim_oracle_hash(&run->oracle);
	result->events = run->cluster.agenda.happened;
	result->faults = run->faults.happened;
	result->acknowledged = acknowledged(run);
	result->committed = run->oracle.committed;
	result->elections = highest_term(run);
	sim_faults_fini(&run->faults);
	sim_cluster_fini(&run->cluster);
	sim_oracle_fini(&run->oracle);
	wl_check_set_hook(NULL, NULL);
	free(run);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "tests/sim/run_internal.h"

#define AFTERMATH_NS 500000000u

void sim_run_advance(struct sim_run_state *run, uint64_t for_ns)
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

uint64_t sim_run_acknowledged_of(const struct sim_run_state *run, unsigned journal)
{
	uint64_t total = 0;

	for (unsigned client = journal; client < run->plan->clients; client += run->plan->journals)
		total += run->clients[client].acknowledged;
	return total;
}

uint64_t sim_run_acknowledged(const struct sim_run_state *run)
{
	uint64_t total = 0;

	for (unsigned journal = 0; journal < run->plan->journals; journal++)
		total += sim_run_acknowledged_of(run, journal);
	return total;
}

uint64_t sim_run_highest_term(const struct sim_run_state *run, unsigned journal)
{
	uint64_t term = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		if (run->oracles[journal].highest_term[number] > term)
			term = run->oracles[journal].highest_term[number];
	}
	return term;
}

static void on_leader(void *context, unsigned node)
{
	sim_faults_on_leader(context, node);
}

static void on_answer(void *context, unsigned node)
{
	sim_faults_on_answer(context, node);
}

static void set_up(struct sim_run_state *run, const struct sim_options *options)
{
	const struct sim_plan *plan = run->plan;
	struct sim_cluster_config config = {
		.nodes = (unsigned)plan->nodes,
		.journals = (unsigned)plan->journals,
		.workers = (unsigned)plan->workers,
		.segment_bytes = plan->segment_bytes,
		.segments_max = plan->segments_max,
		.ring_bytes = plan->ring_bytes,
		.election_timeout_ns = SIM_ELECTION_TIMEOUT_NS,
		.patience_ns = plan->patience * SIM_ELECTION_TIMEOUT_NS,
		.heartbeat_ns = SIM_ELECTION_TIMEOUT_NS / 10,
		.plan = plan,
		.mtu = (uint16_t)plan->mtu,
		.wiring = (enum sim_wiring)plan->wiring,
		.quiet = options->quiet,
		.rule = options->rule,
		.replay = options->replay,
	};

	sim_cluster_init(&run->cluster, &config, plan->seed);
	run->cluster.network.trace.file = options->trace;
	sim_oracles_init(run->oracles, &run->cluster);
	for (unsigned journal = 0; journal < plan->journals; journal++) {
		run->oracles[journal].reduced = plan->liar != 0;
		run->oracles[journal].on_answer = on_answer;
		run->oracles[journal].on_leader = on_leader;
		run->oracles[journal].on_answer_context = &run->faults;
	}
	for (unsigned client = 0; client < plan->clients; client++) {
		sim_client_init(&run->clients[client], &run->cluster, client, plan);
		sim_oracle_watch_client(&run->oracles[run->clients[client].journal],
					&run->clients[client]);
	}
	for (unsigned rogue = 0; rogue < plan->rogues; rogue++)
		sim_rogue_init(&run->rogues[rogue], &run->cluster, rogue, plan);
	sim_faults_init(&run->faults, &run->cluster, plan);
	run->faults.on_expect = sim_run_on_expect;
	run->faults.context = run;
	for (unsigned number = 1; number <= config.nodes; number++)
		sim_node_start(&run->cluster, number);
}

uint32_t sim_run_all_nodes(const struct sim_run_state *run)
{
	return ((1u << run->plan->nodes) - 1) << 1;
}

/* The phase of faults, looked at from outside now and then. */
static void advance_watched(struct sim_run_state *run, const struct sim_watch *watch)
{
	uint64_t end = run->plan->fault_ns;
	struct sim_view view;

	while (watch && run->cluster.agenda.now_ns + watch->every_ns < end) {
		const char *wrong;

		sim_run_advance(run, watch->every_ns);
		view = (struct sim_view){
			.now_ns = run->cluster.agenda.now_ns,
			.acknowledged = sim_run_acknowledged(run),
			.term = sim_run_highest_term(run, 0),
			.committed = run->oracles[0].committed,
		};
		wrong = watch->look(watch->context, &view);
		if (wrong)
			sim_violation(&run->cluster, 0, watch->rule, "%s", wrong);
	}
	sim_run_advance(run, end - run->cluster.agenda.now_ns);
}

/* Nothing is promised any more, but that nobody stops and nothing leaks, also when all start again on what was written. */
static void outlive_liars(struct sim_run_state *run)
{
	sim_faults_heal(&run->faults, sim_run_all_nodes(run));
	sim_run_advance(run, AFTERMATH_NS);
	for (unsigned number = 1; number <= run->plan->nodes; number++)
		sim_node_crash(&run->cluster, number);
	sim_faults_heal(&run->faults, sim_run_all_nodes(run));
	sim_run_advance(run, AFTERMATH_NS);
}

static void on_check_failed(void *context, const struct wl_check_failure *failure)
{
	struct sim_run_state *run = context;

	sim_violation(&run->cluster, 0, "WL_CHECK", "%s:%d: %s: %s %s", failure->file,
		      failure->line, failure->function, failure->expression, failure->text);
}

void sim_run(const struct sim_plan *plan, const struct sim_options *options,
	     struct sim_result *result)
{
	/* What is inside has lines of its own; calloc knows nothing of that. */
	struct sim_run_state *run = aligned_alloc(_Alignof(struct sim_run_state), sizeof(*run));

	if (!run)
		exit(71);
	memset(run, 0, sizeof(*run));
	run->plan = plan;
	memset(result, 0, sizeof(*result));
	wl_check_set_hook(on_check_failed, run);
	set_up(run, options);
	advance_watched(run, options->watch);
	if (plan->liar) {
		outlive_liars(run);
	} else {
		sim_run_check_liveness(run, result);
		if (!sim_run_majority_is_lame(run, true) &&
		    !sim_run_majority_of_a_change_is_lame(run))
			sim_run_check_convergence(run);
	}
	for (unsigned which = 0; which < SIM_SEENS; which++) {
		if (run->cluster.seen[which] != 0)
			sim_trace_say(&run->cluster.network.trace, "seen: %s %llu",
				      sim_seen_name(which),
				      (unsigned long long)run->cluster.seen[which]);
	}
	result->events = run->cluster.agenda.happened;
	result->faults = run->faults.happened;
	result->acknowledged = sim_run_acknowledged(run);
	for (unsigned journal = 0; journal < plan->journals; journal++) {
		result->hash = result->hash * 31 + sim_oracle_hash(&run->oracles[journal]);
		result->committed += run->oracles[journal].committed;
		result->elections += sim_run_highest_term(run, journal);
	}
	sim_faults_fini(&run->faults);
	sim_cluster_fini(&run->cluster); /* what is on its agenda still names clients */
	for (unsigned client = 0; client < plan->clients; client++)
		sim_client_fini(&run->clients[client]);
	for (unsigned journal = 0; journal < plan->journals; journal++)
		sim_oracle_fini(&run->oracles[journal]);
	wl_check_set_hook(NULL, NULL);
	free(run);
}

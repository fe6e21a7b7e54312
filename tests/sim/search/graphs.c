/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/search/graphs.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/check.h"
#include "tests/sim/random.h"
#include "tests/sim/run.h"

#define MS 1000000u
#define TIMEOUT_NS (100u * MS) /* of elections, run.c */
/* Node 1 is elected as soon as voters that have just started do so: which node leads does not matter, for the graphs are all
 * there are. */
#define LEAD_NS (TIMEOUT_NS + MS)
#define CUT_NS (LEAD_NS + 230u * MS)
#define GRACE_NS (10u * MS) /* what was on its way when the links went */
#define PATIENCE_NS (5u * (uint64_t)TIMEOUT_NS)
#define FAULT_NS (CUT_NS + PATIENCE_NS + 4u * (uint64_t)TIMEOUT_NS)
#define GAP_NS (3u * (uint64_t)TIMEOUT_NS) /* between two commits of a majority that is well */
#define TERMS_OF_REST 3u
#define JOBS_MAX 16u

struct graph {
	unsigned nodes;
	uint64_t links; /* as the verb `links` has them */
	bool has_clique; /* a majority that hears each other */
	bool has_star; /* a node and others, a majority together, that it hears and that hear it */
	/* seen */
	struct sim_view at_cut, at_patience;
	uint64_t first_commit_ns, last_commit_ns, committed;
};

struct tally { /* shared by the processes */
	_Atomic uint64_t next;
	_Atomic uint64_t graphs, cliques, stars, stars_only_committed, slowest_ns;
	_Atomic uint64_t terms_most;
};

static bool hears(const struct graph *graph, unsigned from, unsigned to)
{
	return (graph->links >> ((from - 1) * 8 + to - 1) & 1) != 0;
}

static bool both_hear(const struct graph *graph, unsigned a, unsigned b)
{
	return hears(graph, a, b) && hears(graph, b, a);
}

static bool is_clique(const struct graph *graph, uint32_t members)
{
	for (unsigned a = 1; a <= graph->nodes; a++) {
		for (unsigned b = 1; b <= graph->nodes; b++) {
			if (a != b && (members >> a & 1) && (members >> b & 1) &&
			    !hears(graph, a, b))
				return false;
		}
	}
	return true;
}

static void classify(struct graph *graph)
{
	unsigned majority = graph->nodes / 2 + 1;

	for (uint32_t members = 2; members < 2u << graph->nodes; members += 2) {
		if ((unsigned)__builtin_popcount(members) == majority && is_clique(graph, members))
			graph->has_clique = true;
	}
	for (unsigned centre = 1; centre <= graph->nodes; centre++) {
		unsigned heard = 1;

		for (unsigned other = 1; other <= graph->nodes; other++)
			heard += other != centre && both_hear(graph, centre, other);
		graph->has_star |= heard >= majority;
	}
}

/* Edge number `bit` of the mask is that of the pair, in order; one bit for both directions, or two. */
static uint64_t links_of(unsigned nodes, uint64_t mask, bool directed)
{
	uint64_t links = 0;
	unsigned bit = 0;

	for (unsigned a = 1; a <= nodes; a++) {
		for (unsigned b = a + 1; b <= nodes; b++) {
			bool there = mask >> bit++ & 1;
			bool back = directed ? mask >> bit++ & 1 : there;

			links |= (uint64_t)there << ((a - 1) * 8 + b - 1);
			links |= (uint64_t)back << ((b - 1) * 8 + a - 1);
		}
	}
	return links;
}

/* ---- what must hold while the fault stays ---- */

static const char *look(void *context, const struct sim_view *view)
{
	struct graph *graph = context;

	if (view->now_ns <= CUT_NS + GRACE_NS) {
		graph->at_cut = *view;
		graph->committed = view->committed;
		return view->now_ns > CUT_NS - GRACE_NS && view->acknowledged == 0
			       ? "nothing was acknowledged while all was well"
			       : NULL;
	}
	if (view->committed > graph->committed) {
		if (graph->first_commit_ns == 0)
			graph->first_commit_ns = view->now_ns - CUT_NS;
		graph->last_commit_ns = view->now_ns;
		graph->committed = view->committed;
	}
	if (view->now_ns <= CUT_NS + PATIENCE_NS)
		graph->at_patience = *view;
	if (!graph->has_star && graph->first_commit_ns != 0)
		return "something was committed, and nobody hears a majority that hears it";
	if (graph->has_clique && view->now_ns > CUT_NS + PATIENCE_NS && graph->first_commit_ns == 0)
		return "a majority hears each other, and committed nothing within 5 election timeouts";
	if (graph->has_clique && view->now_ns > CUT_NS + PATIENCE_NS &&
	    view->now_ns - graph->last_commit_ns > GAP_NS)
		return "a majority hears each other, and stopped committing";
	if (view->now_ns > CUT_NS + PATIENCE_NS &&
	    view->term > graph->at_patience.term + TERMS_OF_REST)
		return "terms go on rising";
	return NULL;
}

static void plan_of(const struct sim_graphs *graphs, uint64_t number, struct graph *graph,
		    struct sim_plan *plan)
{
	struct sim_random random;
	uint64_t mask = number;

	if (graphs->directed != 0) {
		sim_random_init(&random, number, 60);
		mask = sim_random_next(&random);
	}
	*graph = (struct graph){.nodes = graphs->nodes};
	graph->links = links_of(graphs->nodes, mask, graphs->directed != 0);
	classify(graph);
	sim_plan_init(plan, number);
	plan->nodes = graphs->nodes;
	plan->clients = 2;
	plan->think_ns = 6 * MS;
	plan->outstanding_max = 4;
	plan->fault_ns = FAULT_NS;
	sim_plan_add(plan, LEAD_NS, SIM_EXPIRE, 1, 0, 0, 0);
	sim_plan_add(plan, CUT_NS, SIM_LINKS, graph->links, 0, 0, 0);
}

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
	uint64_t known = atomic_load(most);

	while (value > known && !atomic_compare_exchange_weak(most, &known, value))
		;
}

static void run_graph(const struct sim_graphs *graphs, uint64_t number, struct tally *tally,
		      FILE *trace)
{
	struct graph graph;
	const struct sim_watch watch = {.every_ns = 5 * MS,
					.look = look,
					.context = &graph,
					.rule = "graph"};
	char replay[300];
	struct sim_options options = {.watch = &watch, .replay = replay, .trace = trace};
	struct sim_result result;
	struct sim_plan plan;

	snprintf(replay, sizeof(replay), "%s --graphs --nodes %u%s --graph %llu --trace FILE",
		 graphs->program, graphs->nodes, graphs->directed ? " --directed 1" : "",
		 (unsigned long long)number);
	plan_of(graphs, number, &graph, &plan);
	sim_run(&plan, &options, &result);
	sim_plan_fini(&plan);
	tally->graphs++;
	tally->cliques += graph.has_clique;
	tally->stars += graph.has_star && !graph.has_clique;
	tally->stars_only_committed += graph.has_star && !graph.has_clique &&
				       graph.first_commit_ns != 0;
	raise_to(&tally->terms_most, result.elections);
	if (graph.has_clique)
		raise_to(&tally->slowest_ns, graph.first_commit_ns);
}

static uint64_t count_of(const struct sim_graphs *graphs)
{
	return graphs->directed ? graphs->directed
				: 1ull << (graphs->nodes * (graphs->nodes - 1) / 2);
}

static void run_share(const struct sim_graphs *graphs, struct tally *tally)
{
	uint64_t number;

	while ((number = atomic_fetch_add(&tally->next, 1)) < count_of(graphs))
		run_graph(graphs, number, tally, NULL);
	_exit(0);
}

static int run_one(const struct sim_graphs *graphs, struct tally *tally)
{
	FILE *trace = graphs->trace ? fopen(graphs->trace, "w") : NULL;

	if (graphs->trace && !trace) {
		perror(graphs->trace);
		return 73;
	}
	run_graph(graphs, graphs->graph, tally, trace);
	if (trace)
		fclose(trace);
	return 0;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int sim_graphs_run(const struct sim_graphs *graphs)
{
	unsigned jobs = graphs->jobs < JOBS_MAX ? graphs->jobs : JOBS_MAX;
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double began = now_s();
	int failed = 0, status;

	WL_CHECK(tally != MAP_FAILED);
	fflush(NULL);
	if (graphs->one) {
		failed = run_one(graphs, tally);
	} else {
		for (unsigned job = 0; job < jobs; job++) {
			pid_t child = fork();

			WL_CHECK(child >= 0);
			if (child == 0)
				run_share(graphs, tally);
		}
		while (wait(&status) > 0)
			failed |= status != 0;
	}
	printf("graphs of %u nodes%s: %llu, with a majority that hears each other %llu (first commit within %llu ms), with a "
	       "star only %llu (%llu of them commit), highest term %llu, %.1f s: %s\n",
	       graphs->nodes, graphs->directed ? " with one-way links" : "",
	       (unsigned long long)tally->graphs, (unsigned long long)tally->cliques,
	       (unsigned long long)tally->slowest_ns / MS, (unsigned long long)tally->stars,
	       (unsigned long long)tally->stars_only_committed,
	       (unsigned long long)tally->terms_most, now_s() - began, failed ? "FAILED" : "clean");
	return failed != 0;
}

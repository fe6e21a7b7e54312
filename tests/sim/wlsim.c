/* SPDX-License-Identifier: BSD-3-Clause */
/* wlsim: whole clusters in one thread, from one seed or a scenario. docs/TESTING.md explains it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/search/explore.h"
#include "tests/sim/search/graphs.h"
#include "tests/sim/mutants.h"
#include "tests/sim/range.h"
#include "tests/sim/run.h"
#include "tests/sim/shrink.h"

static const char usage[] =
	"usage: wlsim --seed N [--ticks MS] [--trace FILE] [--print] [--shrink]\n"
	"       wlsim --seeds A..B [--jobs J] [--seconds S] [--keep-going N]\n"
	"       wlsim --scenario FILE [--trace FILE] [--shrink]\n"
	"       wlsim --regressions FILE        seeds, one a line, # comments\n"
	"       wlsim --mutants [--mutant NAME] [--jobs J] [--seconds S]   (make mutants)\n"
	"       wlsim --exhaustive [--values 2] [--timeouts 3] [--crashes 1] [--drops 2] [--slow-writes 1] [--changes 0] [--nodes 3]\n"
	"             [--depth N] [--seconds S] [--jobs J]\n"
	"       wlsim --exhaustive --path CHOICES [--trace FILE]\n"
	"             every run from a cluster that node 1 leads, within bounds: records that a client appends, election timeouts\n"
	"             (a leader that notices that it is alone among them), power cuts with a start, frames that are overtaken and come\n"
	"             late or never, drives that fall behind, one change of members. Any frame may be on its way for as long as one likes. What is\n"
	"             enumerated and what is reduced: docs/TESTING.md\n"
	"       wlsim --graphs [--nodes 5] [--directed N] [--jobs J]      [--graph NUMBER [--trace FILE]]\n"
	"  --mutant  switches one on, with --seed and --exhaustive too\n"
	"  --print   the plan of a seed, as a scenario\n"
	"  --shrink  the smallest scenario that fails in the same way, on standard output\n";

struct arguments {
	const char *program, *scenario, *regressions, *trace, *mutant;
	unsigned long long first, last, jobs, ticks_ms, seconds, failures;
	bool one, many, print, shrink, mutants, exhaustive, graphs, one_graph;
	unsigned long long directed, graph;
	struct sim_bounds bounds;
};

static bool parse_flag(struct arguments *arguments, int option)
{
	const struct {
		int option;
		bool *flag;
	} flags[] = {
		{'x', &arguments->shrink},  {'p', &arguments->print},
		{'m', &arguments->mutants}, {'e', &arguments->exhaustive},
		{'g', &arguments->graphs},
	};

	for (unsigned at = 0; at < sizeof(flags) / sizeof(flags[0]); at++) {
		if (flags[at].option != option)
			continue;
		*flags[at].flag = true;
		return true;
	}
	return false;
}

static bool parse_text(struct arguments *arguments, int option)
{
	const struct {
		int option;
		const char **text;
	} texts[] = {
		{'T', &arguments->trace},	{'c', &arguments->scenario},
		{'M', &arguments->mutant},	{'r', &arguments->regressions},
		{'P', &arguments->bounds.path},
	};

	for (unsigned at = 0; at < sizeof(texts) / sizeof(texts[0]); at++) {
		if (texts[at].option != option)
			continue;
		*texts[at].text = optarg;
		return true;
	}
	return false;
}

static bool parse_number(struct arguments *arguments, int option)
{
	const struct {
		int option;
		unsigned long long *number;
	} numbers[] = {
		{'j', &arguments->jobs},    {'t', &arguments->ticks_ms},
		{'l', &arguments->seconds}, {'k', &arguments->failures},
		{'G', &arguments->graph},   {'y', &arguments->directed},
	};

	for (unsigned at = 0; at < sizeof(numbers) / sizeof(numbers[0]); at++) {
		if (numbers[at].option != option)
			continue;
		*numbers[at].number = strtoull(optarg, NULL, 0);
		arguments->one_graph |= option == 'G';
		return true;
	}
	return false;
}

/* Of the exhaustive search. */
static bool parse_bound(struct sim_bounds *bounds, int option)
{
	const struct {
		int option;
		unsigned *bound;
	} bound_of[] = {{'v', &bounds->values},	     {'o', &bounds->timeouts},
			{'C', &bounds->crashes},     {'d', &bounds->drops},
			{'n', &bounds->nodes},	     {'a', &bounds->changes},
			{'w', &bounds->slow_writes}, {'D', &bounds->depth}};

	for (unsigned at = 0; at < sizeof(bound_of) / sizeof(bound_of[0]); at++) {
		if (bound_of[at].option != option)
			continue;
		*bound_of[at].bound = (unsigned)strtoul(optarg, NULL, 0);
		return true;
	}
	return false;
}

static bool bounds_are_good(const struct sim_bounds *bounds)
{
	return bounds->nodes != 1 && bounds->nodes <= 5 && bounds->values <= 6 &&
	       bounds->timeouts <= 8 && bounds->changes <= 1 && bounds->drops <= 16 &&
	       bounds->crashes <= 4 && bounds->depth >= 2 && bounds->depth <= SIM_EXPLORE_DEPTH_MAX;
}

static bool parse(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", 1, NULL, 's'},
		{"seeds", 1, NULL, 'S'},
		{"jobs", 1, NULL, 'j'},
		{"ticks", 1, NULL, 't'},
		{"trace", 1, NULL, 'T'},
		{"scenario", 1, NULL, 'c'},
		{"shrink", 0, NULL, 'x'},
		{"print", 0, NULL, 'p'},
		{"seconds", 1, NULL, 'l'},
		{"keep-going", 1, NULL, 'k'},
		{"regressions", 1, NULL, 'r'},
		{"mutants", 0, NULL, 'm'},
		{"mutant", 1, NULL, 'M'},
		{"exhaustive", 0, NULL, 'e'},
		{"values", 1, NULL, 'v'},
		{"timeouts", 1, NULL, 'o'},
		{"crashes", 1, NULL, 'C'},
		{"drops", 1, NULL, 'd'},
		{"changes", 1, NULL, 'a'},
		{"slow-writes", 1, NULL, 'w'},
		{"nodes", 1, NULL, 'n'},
		{"graphs", 0, NULL, 'g'},
		{"graph", 1, NULL, 'G'},
		{"directed", 1, NULL, 'y'},
		{"depth", 1, NULL, 'D'},
		{"path", 1, NULL, 'P'},
		{0},
	};
	int option;

	*arguments = (struct arguments){.program = argv[0], .jobs = 1, .failures = 1};
	sim_bounds_default(&arguments->bounds);
	arguments->bounds.nodes = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (parse_flag(arguments, option) || parse_text(arguments, option) ||
		    parse_number(arguments, option) || parse_bound(&arguments->bounds, option))
			continue;
		if (option == 's') {
			arguments->first = strtoull(optarg, NULL, 0);
			arguments->one = true;
		} else if (option == 'S') {
			arguments->many = sscanf(optarg, "%llu..%llu", &arguments->first,
						 &arguments->last) == 2;
		} else {
			return false;
		}
	}
	return optind == argc && arguments->jobs > 0 && arguments->failures > 0 &&
	       arguments->one + arguments->many + (arguments->scenario != NULL) +
			       (arguments->regressions != NULL) + arguments->mutants +
			       arguments->exhaustive + arguments->graphs ==
		       1 &&
	       bounds_are_good(&arguments->bounds);
}

static int run_exhaustive(struct arguments *arguments)
{
	struct sim_bounds *bounds = &arguments->bounds;

	bounds->nodes = bounds->nodes ? bounds->nodes : 3;
	bounds->seconds = arguments->seconds;
	bounds->jobs = arguments->jobs > 16 ? 16 : (unsigned)arguments->jobs;
	bounds->trace = arguments->trace;
	bounds->program = arguments->program;
	bounds->mutant = arguments->mutant;
	return sim_explore(bounds);
}

static int run_graphs(const struct arguments *arguments)
{
	const struct sim_graphs graphs = {
		.nodes = arguments->bounds.nodes ? arguments->bounds.nodes : 5,
		.jobs = (unsigned)arguments->jobs,
		.directed = arguments->directed,
		.one = arguments->one_graph,
		.graph = arguments->graph,
		.trace = arguments->trace,
		.program = arguments->program,
	};

	return sim_graphs_run(&graphs);
}

static int run_plan(const struct arguments *arguments, struct sim_plan *plan)
{
	struct sim_options options = {0};
	struct sim_result result;
	char replay[4200];

	if (arguments->print) {
		sim_plan_write(plan, stdout);
		return 0;
	}
	if (arguments->shrink) {
		if (!sim_shrink(plan)) {
			fputs("shrink: it does not fail\n", stderr);
			return 1;
		}
		sim_plan_write(plan, stdout);
		return 0;
	}
	if (arguments->trace)
		options.trace = fopen(arguments->trace, "w");
	if (arguments->trace && !options.trace) {
		perror(arguments->trace);
		return 73;
	}
	if (arguments->scenario)
		snprintf(replay, sizeof(replay), "%s --scenario %s", arguments->program,
			 arguments->scenario);
	else
		snprintf(replay, sizeof(replay), "%s --seed %llu", arguments->program,
			 arguments->first);
	options.replay = replay;
	sim_run(plan, &options, &result);
	printf("seed %llu: nodes %llu, events %llu, faults %llu, acknowledged %llu, committed %llu, terms %llu, "
	       "recovered in %llu ms, hash %016llx\n",
	       (unsigned long long)plan->seed, (unsigned long long)plan->nodes,
	       (unsigned long long)result.events, (unsigned long long)result.faults,
	       (unsigned long long)result.acknowledged, (unsigned long long)result.committed,
	       (unsigned long long)result.elections,
	       (unsigned long long)result.liveness_ns / 1000000, (unsigned long long)result.hash);
	if (options.trace)
		fclose(options.trace);
	return 0;
}

static int run_range(const struct arguments *arguments, uint64_t first, uint64_t last)
{
	struct sim_range range = {
		.first = first,
		.last = last,
		.jobs = (unsigned)arguments->jobs,
		.failures_max = (unsigned)arguments->failures,
		.seconds_max = arguments->seconds,
		.program = arguments->program,
	};
	struct sim_range_result result;

	sim_range_run(&range, &result);
	printf("seeds %llu..%llu: %llu run, %llu failed, %.1f s, %.2f M events, %.2f M events/s, %.0f seeds/h: %s\n",
	       (unsigned long long)first, (unsigned long long)last,
	       (unsigned long long)result.seeds, (unsigned long long)result.failures,
	       result.seconds, (double)result.events / 1e6,
	       (double)result.events / 1e6 / result.seconds,
	       (double)result.seeds / result.seconds * 3600, result.failures ? "FAILED" : "clean");
	return result.failures != 0;
}

#define REGRESSIONS_MAX 1000u

static int run_regressions(const struct arguments *arguments)
{
	static unsigned long long seeds[REGRESSIONS_MAX];
	FILE *file = fopen(arguments->regressions, "r");
	char line[512];
	unsigned count = 0;
	int failed = 0;

	if (!file) {
		perror(arguments->regressions);
		return 66;
	}
	/* All of it before the first child: an open stream would share its place with them. */
	while (count < REGRESSIONS_MAX && fgets(line, sizeof(line), file))
		count += sscanf(line, "%llu", &seeds[count]) == 1;
	fclose(file);
	for (unsigned at = 0; at < count; at++)
		failed |= run_range(arguments, seeds[at], seeds[at]);
	return failed;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct sim_plan plan;
	int status;

	if (!parse(&arguments, argc, argv)) {
		fputs(usage, stderr);
		return 64;
	}
	if (arguments.mutants)
		return sim_mutants_run(arguments.mutant, (unsigned)arguments.jobs,
				       arguments.seconds ? arguments.seconds : 120);
	if (arguments.mutant && (status = sim_mutants_choose(arguments.mutant)) != 0)
		return status;
	if (arguments.graphs)
		return run_graphs(&arguments);
	if (arguments.exhaustive)
		return run_exhaustive(&arguments);
	if (arguments.regressions)
		return run_regressions(&arguments);
	if (arguments.many)
		return run_range(&arguments, arguments.first, arguments.last);
	if (arguments.scenario) {
		if (!sim_plan_read(&plan, arguments.scenario))
			return 65;
	} else {
		sim_schedule(&plan, arguments.first);
	}
	if (arguments.ticks_ms)
		plan.fault_ns = arguments.ticks_ms * 1000000;
	status = run_plan(&arguments, &plan);
	sim_plan_fini(&plan);
	return status;
}

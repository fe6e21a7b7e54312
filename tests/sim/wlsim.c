/* SPDX-License-Identifier: BSD-3-Clause */
/* wlsim: whole clusters in one thread, from one seed or a scenario. docs/TESTING.md explains it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	"  --mutant  switches one on, with --seed too\n"
	"  --print   the plan of a seed, as a scenario\n"
	"  --shrink  the smallest scenario that fails in the same way, on standard output\n";

struct arguments {
	const char *program, *scenario, *regressions, *trace, *mutant;
	unsigned long long first, last, jobs, ticks_ms, seconds, failures;
	bool one, many, print, shrink, mutants;
};

static bool parse(struct arguments *arguments, int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", 1, NULL, 's'},	       {"seeds", 1, NULL, 'S'},
		{"jobs", 1, NULL, 'j'},	       {"ticks", 1, NULL, 't'},
		{"trace", 1, NULL, 'T'},       {"scenario", 1, NULL, 'c'},
		{"shrink", 0, NULL, 'x'},      {"print", 0, NULL, 'p'},
		{"seconds", 1, NULL, 'l'},     {"keep-going", 1, NULL, 'k'},
		{"regressions", 1, NULL, 'r'}, {"mutants", 0, NULL, 'm'},
		{"mutant", 1, NULL, 'M'},      {0},
	};
	int option;

	*arguments = (struct arguments){.program = argv[0], .jobs = 1, .failures = 1};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			arguments->first = strtoull(optarg, NULL, 0);
			arguments->one = true;
			break;
		case 'S':
			arguments->many = sscanf(optarg, "%llu..%llu", &arguments->first,
						 &arguments->last) == 2;
			break;
		case 'j':
			arguments->jobs = strtoull(optarg, NULL, 0);
			break;
		case 't':
			arguments->ticks_ms = strtoull(optarg, NULL, 0);
			break;
		case 'T':
			arguments->trace = optarg;
			break;
		case 'c':
			arguments->scenario = optarg;
			break;
		case 'x':
			arguments->shrink = true;
			break;
		case 'p':
			arguments->print = true;
			break;
		case 'l':
			arguments->seconds = strtoull(optarg, NULL, 0);
			break;
		case 'k':
			arguments->failures = strtoull(optarg, NULL, 0);
			break;
		case 'm':
			arguments->mutants = true;
			break;
		case 'M':
			arguments->mutant = optarg;
			break;
		case 'r':
			arguments->regressions = optarg;
			break;
		default:
			return false;
		}
	}
	return optind == argc && arguments->jobs > 0 && arguments->failures > 0 &&
	       arguments->one + arguments->many + (arguments->scenario != NULL) +
			       (arguments->regressions != NULL) + arguments->mutants ==
		       1;
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
	if (arguments.regressions)
		return run_regressions(&arguments);
	if (arguments.many)
		return run_range(&arguments, arguments.first, arguments.last);
	if (arguments.scenario) {
		if (!sim_plan_read(&plan, arguments.scenario))
			return 65;
	} else {
		sim_weather(&plan, arguments.first);
	}
	if (arguments.ticks_ms)
		plan.fault_ns = arguments.ticks_ms * 1000000;
	status = run_plan(&arguments, &plan);
	sim_plan_fini(&plan);
	return status;
}

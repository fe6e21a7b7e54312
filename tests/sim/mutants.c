/* SPDX-License-Identifier: BSD-3-Clause */
/* Testing the tester (FAULTS section 4): bugs that Raft systems really had, put back one at a time. */
#include "tests/sim/mutants.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/range.h"

#ifdef WL_MUTANT_LIST

enum wl_mutant wl_mutant;

static const struct {
	const char *name, *text;
	const char *scenario; /* that its patch names; "": none */
} mutants[WL_MUTANTS] = {[WL_MUTANT_none] = {"none", "", ""},
#define WL_MUTANT_ITEM(name, text, scenario) [WL_MUTANT_##name] = {#name, text, scenario},
			 WL_MUTANT_LIST(WL_MUTANT_ITEM)
#undef WL_MUTANT_ITEM
};

/* What is not there to be broken yet, or lies outside of what is simulated: bugs, then faults (docs/FAULTS.md). */
static const char *const absent[][2] = {
	{"dormant journal looks blank",
	 "control fences it before its first frame here; unit test "
	 "dormant_journal_is_never_without_history (test_mend_peer.c)"},
	{"directory not synced after create or rename", "platform file; process and lab tests"},
	{"full device leaves a half segment that blocks restart",
	 "platform file; process test on a loop device"},
	{"padding not under the checksum",
	 "rot in padding loses nothing; unit test "
	 "every_flipped_bit_is_noticed_padding_included (test_chunk.c)"},
	{"session evicted while its retry is in flight",
	 "eviction is by log order alone, the same on every node: a retry "
	 "is refused by name, not appended"},
	{"lease or leadership checked before a pause, used after it",
	 "there are no leases: answers wait for commit; "
	 "no_check_quorum is what is left of it"},
	{"replay window off",
	 "Raft takes duplicates: nothing happens that a network could not do; unit test "
	 "sequence_is_taken_once (test_replay.c)"},
	{"entries are called the same by index and term alone",
	 "only a majority of lost disks makes two of one name; unit suite replica_divergence"},
	{"an append cuts below commit",
	 "no correct leader sends one; unit test "
	 "committed_entry_is_never_truncated (test_replica_truncation.c)"},
	{"view installed out of order",
	 "the rings between the planes are first in, first out; the model checks the boots, unit test "
	 "view_of_an_older_number_is_not_installed (test_replica.c)"},
	{"fault: an image of the running boot restored before any other boot",
	 "no node can notice it (control/agent/incarnations.h)"},
	{"fault: a drive loses what no majority of the others has",
	 "any majority protocol loses it; what others have is not lost (drive_that_lies.sim)"},
	{"fault: a cable, a NIC, a kernel", "process tests on veth, files and loop devices"},
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One that fails without the mutant, too, has found nothing. */
static bool finds(const char *path, struct sim_range_result *result)
{
	enum wl_mutant mutant = wl_mutant;
	char rule[sizeof(result->rule)];
	struct sim_plan plan;
	bool found;

	if (!sim_plan_read(&plan, path))
		exit(65);
	found = sim_range_fails(&plan, result->rule);
	if (found) {
		wl_mutant = WL_MUTANT_none;
		found = !sim_range_fails(&plan, rule);
		wl_mutant = mutant;
		if (!found)
			fprintf(stderr, "%s: fails without a mutant: %s\n", path, rule);
	}
	sim_plan_fini(&plan);
	return found;
}

/* What needs many things at once, in order, is kept as a scenario; a seed may take a day to come upon it. */
static bool hunt_in_scenarios(struct sim_range_result *result, const char **text)
{
	static char where[96];
	glob_t files;
	bool found = false;

	if (glob("tests/sim/scenarios/*.sim", 0, NULL, &files) != 0)
		return false;
	for (size_t at = 0; at < files.gl_pathc && !found; at++) {
		found = finds(files.gl_pathv[at], result);
		if (found)
			snprintf(where, sizeof(where), "by %s",
				 strrchr(files.gl_pathv[at], '/') + 1);
	}
	globfree(&files);
	*text = where;
	return found;
}

static bool hunt_in_seeds(struct sim_range_result *result, unsigned jobs, uint64_t seconds)
{
	const struct sim_range range = {.first = 1,
					.last = UINT64_MAX - 1,
					.jobs = jobs,
					.failures_max = 1,
					.seconds_max = seconds,
					.quiet = true,
					.program = "wlsim"};

	sim_range_run(&range, result);
	return result->failures != 0;
}

static bool hunt_where_it_is_named(enum wl_mutant mutant, struct sim_range_result *result,
				   const char **how)
{
	static char said[96];
	char path[128];

	if (mutants[mutant].scenario[0] == '\0')
		return false;
	snprintf(path, sizeof(path), "tests/sim/scenarios/%s", mutants[mutant].scenario);
	snprintf(said, sizeof(said), "by %s", mutants[mutant].scenario);
	*how = said;
	return finds(path, result);
}

/* In the scenario that was written for it; else by seeds. */
static bool hunt(enum wl_mutant mutant, unsigned jobs, uint64_t seconds_each, double *seconds)
{
	struct sim_range_result result = {0};
	const char *how;
	bool found;

	wl_mutant = mutant;
	found = hunt_where_it_is_named(mutant, &result, &how);
	if (!found) {
		how = "found";
		found = hunt_in_seeds(&result, jobs, seconds_each) ||
			hunt_in_scenarios(&result, &how);
	}
	*seconds = result.seconds;
	printf("%-30s %-9s %7llu seeds %7.1f s  %-14s %s\n", mutants[mutant].name,
	       found ? how : "NOT FOUND", (unsigned long long)result.seeds, result.seconds,
	       result.rule, mutants[mutant].text);
	fflush(stdout);
	return found;
}

int sim_mutants_choose(const char *name)
{
	for (unsigned mutant = 1; mutant < WL_MUTANTS; mutant++) {
		if (strcmp(mutants[mutant].name, name) == 0) {
			wl_mutant = mutant;
			return 0;
		}
	}
	fprintf(stderr, "no mutant %s\n", name);
	return 64;
}

int sim_mutants_run(const char *name, unsigned jobs, uint64_t seconds_each)
{
	double seconds[WL_MUTANTS];
	unsigned count = 0, found = 0;

	for (unsigned mutant = 1; mutant < WL_MUTANTS; mutant++) {
		if (!name || strcmp(name, mutants[mutant].name) == 0)
			found += hunt(mutant, jobs, seconds_each, &seconds[count++]);
	}
	if (count == 0)
		return sim_mutants_choose(name);
	qsort(seconds, count, sizeof(seconds[0]), by_value);
	for (unsigned at = 0; !name && at < sizeof(absent) / sizeof(absent[0]); at++)
		printf("not there: %s: %s\n", absent[at][0], absent[at][1]);
	printf("mutants: %u of %u found, median %.1f s\n", found, count, seconds[count / 2]);
	return found != count;
}

#else

int sim_mutants_choose(const char *name)
{
	(void)name;
	fputs("not a mutant build: make mutants\n", stderr);
	return 69;
}

int sim_mutants_run(const char *name, unsigned jobs, uint64_t seconds_each)
{
	(void)jobs;
	(void)seconds_each;
	return sim_mutants_choose(name);
}

#endif

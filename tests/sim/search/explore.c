/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Depth first with a limit of depth that grows, so that what is found is (nearly) as short as can be. A state that was met with as
 * many choices left is not gone into again; the table of states is shared by the processes that search, one a job, which go through
 * the choices in opposite orders and so share the work without another word. How many states a depth has does
 * not depend on who came first.
 */
#include "tests/sim/search/explore.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/check.h"
#include "tests/sim/search/explore_world.h"
#include "tests/sim/search/snapshot.h"

#define STATES_MAX ((size_t)1 << 26)
#define JOBS_MAX 16u
#define SLOW 0x8000u /* in a path: the choice with a slow drive */

struct path {
	unsigned length;
	uint16_t choices[SIM_EXPLORE_DEPTH_MAX];
};

struct shared { /* by all processes of one depth */
	_Atomic uint64_t states, transitions, pages;
	_Atomic bool cut; /* somebody came to the limit of depth and had choices left */
	_Atomic bool stopped, full;
	struct path paths[JOBS_MAX];
	char rules[JOBS_MAX][SIM_RULE_BYTES];
	_Atomic uint64_t keys[STATES_MAX];
	_Atomic uint8_t left[STATES_MAX]; /* choices left when it was met, plus 1 */
};

struct search {
	struct sim_world *world;
	struct shared *shared;
	unsigned job, limit;
	double until;
	uint64_t transitions;
	struct path *path;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* True: nobody has gone on from here with as many choices left. */
static bool claim(struct shared *shared, uint64_t hash, unsigned left)
{
	size_t at = hash % STATES_MAX;
	uint8_t known;

	for (;;) {
		uint64_t key = atomic_load_explicit(&shared->keys[at], memory_order_relaxed);

		if (key == 0 && atomic_compare_exchange_strong(&shared->keys[at], &key, hash)) {
			if (atomic_fetch_add(&shared->states, 1) > STATES_MAX / 4 * 3)
				atomic_store(&shared->full, true);
			break;
		}
		if (key == hash)
			break;
		at = (at + 1) % STATES_MAX;
	}
	known = atomic_load(&shared->left[at]);
	while (known < left + 1) {
		if (atomic_compare_exchange_weak(&shared->left[at], &known, (uint8_t)(left + 1)))
			return true;
	}
	return false;
}

static bool must_stop(struct search *search)
{
	if (++search->transitions % 256 == 0 && now() > search->until)
		atomic_store(&search->shared->stopped, true);
	return atomic_load_explicit(&search->shared->stopped, memory_order_relaxed) ||
	       atomic_load_explicit(&search->shared->full, memory_order_relaxed);
}

static void go_on(struct search *search);

static bool is_restart(const struct sim_choice *choice)
{
	return choice->kind >= SIM_CHOICE_RESTART_LOST;
}

/* One choice, everything behind it, and back. True: a drive was written to. */
static bool try_choice(struct search *search, const struct sim_choice *choice, unsigned which)
{
	struct sim_world *world = search->world;
	uint32_t touched = sim_world_touches(world, choice);
	size_t mark = sim_snapshot_mark();
	unsigned depth = search->path->length;
	bool wrote;

	search->path->choices[depth] = (uint16_t)(which | (choice->slow ? SLOW : 0));
	search->path->length++;
	if (is_restart(choice))
		sim_snapshot_rare(choice->node);
	sim_world_do(world, choice);
	wrote = world->wrote;
	if ((!choice->slow || wrote) &&
	    claim(search->shared, sim_world_hash(world), search->limit - depth - 1)) {
		sim_snapshot_keep(touched);
		if (is_restart(choice))
			sim_snapshot_usual();
		go_on(search);
		sim_snapshot_rewind(mark);
	} else {
		sim_snapshot_discard(touched);
		if (is_restart(choice))
			sim_snapshot_usual();
	}
	search->path->length--;
	return wrote;
}

static void go_on(struct search *search)
{
	struct sim_choice choices[SIM_CHOICES_MAX];
	unsigned count = sim_world_choices(search->world, choices);

	if (search->path->length == search->limit) {
		if (count != 0)
			atomic_store(&search->shared->cut, true);
		return;
	}
	for (unsigned at = 0; at < count && !must_stop(search); at++) {
		unsigned which = search->job % 2 ? count - 1 - at : at;
		struct sim_choice *choice = &choices[which];
		bool is_behind = (search->world->slow & 1u << choice->node) != 0;
		bool may_be_slow = search->world->left.slow_writes > 0 && !is_behind &&
				   choice->kind <= SIM_CHOICE_TIMEOUT;

		if (!try_choice(search, choice, which) || !may_be_slow)
			continue;
		choice->slow = true;
		try_choice(search, choice, which);
	}
}

static void on_check_failed(void *context, const struct wl_check_failure *failure)
{
	const struct sim_world *world = context;

	sim_violation(&world->cluster, 0, "WL_CHECK", "%s:%d: %s: %s %s", failure->file,
		      failure->line, failure->function, failure->expression, failure->text);
}

/* In a process of its own; ends it. */
static void search_one_depth(struct sim_world *world, struct shared *shared, unsigned job,
			     unsigned limit, double until)
{
	struct search search = {
		.world = world,
		.shared = shared,
		.job = job,
		.limit = limit,
		.until = until,
		.path = &shared->paths[job],
	};

	world->cluster.config.quiet = true;
	world->cluster.config.rule = shared->rules[job];
	wl_check_set_hook(on_check_failed, world);
	sim_snapshot_seal();
	go_on(&search);
	atomic_fetch_add(&shared->transitions, search.transitions);
	if (sim_snapshot_pages() > atomic_load(&shared->pages))
		atomic_store(&shared->pages, sim_snapshot_pages());
	_exit(0);
}

/* The job that found something, or -1. The others end by themselves. */
static int search_depth(struct sim_world *world, struct shared *shared, unsigned jobs,
			unsigned limit, double until)
{
	pid_t children[JOBS_MAX];
	int found = -1;

	fflush(NULL);
	for (unsigned job = 0; job < jobs; job++) {
		children[job] = fork();
		WL_CHECK(children[job] >= 0);
		if (children[job] == 0)
			search_one_depth(world, shared, job, limit, until);
	}
	for (unsigned ended = 0; ended < jobs; ended++) {
		int status;
		pid_t child = wait(&status);

		for (unsigned job = 0; job < jobs; job++) {
			if (children[job] == child && status != 0 && found < 0)
				found = (int)job;
		}
		if (found >= 0)
			atomic_store(&shared->stopped, true);
	}
	return found;
}

/* ---- one run ---- */

static void write_path(const struct path *path, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned step = 0; step < path->length && at + 8 < size; step++)
		at += (size_t)snprintf(text + at, size - at, "%s%u%s", step ? "," : "",
				       path->choices[step] & ~SLOW & 0xffffu,
				       path->choices[step] & SLOW ? "s" : "");
}

static bool read_path(const char *text, struct path *path)
{
	path->length = 0;
	while (*text != '\0' && path->length < SIM_EXPLORE_DEPTH_MAX) {
		char *end;
		unsigned long which = strtoul(text, &end, 10);

		if (end == text || which >= SIM_CHOICES_MAX)
			return false;
		if (*end == 's') {
			which |= SLOW;
			end++;
		}
		path->choices[path->length++] = (uint16_t)which;
		if (*end != ',' && *end != '\0')
			return false;
		text = *end == ',' ? end + 1 : end;
	}
	return *text == '\0';
}

static void write_command(const struct sim_bounds *bounds, const struct path *path, char *text,
			  size_t size)
{
	char choices[6 * SIM_EXPLORE_DEPTH_MAX];

	write_path(path, choices, sizeof(choices));
	snprintf(text, size,
		 "%s%s%s --exhaustive --nodes %u --values %u --timeouts %u --crashes %u --drops %u "
		 "--slow-writes %u --changes %u --path %s --trace FILE",
		 bounds->program, bounds->mutant ? " --mutant " : "",
		 bounds->mutant ? bounds->mutant : "", bounds->nodes, bounds->values,
		 bounds->timeouts, bounds->crashes, bounds->drops, bounds->slow_writes,
		 bounds->changes, choices);
}

/* In words, on `to`. 1 when it does not hold, which then was told. Ends the process there. */
static int replay(struct sim_world *world, const struct sim_bounds *bounds, const struct path *path,
		  FILE *to)
{
	static char command[2048];
	struct sim_choice choices[SIM_CHOICES_MAX];
	char text[256];

	write_command(bounds, path, command, sizeof(command));
	world->cluster.config.replay = command;
	wl_check_set_hook(on_check_failed, world);
	for (unsigned step = 0; step < path->length; step++) {
		unsigned count = sim_world_choices(world, choices);
		unsigned which = path->choices[step] & ~SLOW;

		if (which >= count) {
			fprintf(stderr, "choice %u of the path: there are %u here\n", step + 1,
				count);
			return 65;
		}
		choices[which].slow = (path->choices[step] & SLOW) != 0;
		sim_choice_say(world, &choices[which], text, sizeof(text));
		fprintf(to, "%3u. %s\n", step + 1, text);
		fflush(to);
		if (world->cluster.network.trace.file)
			fprintf(world->cluster.network.trace.file, "             %u. %s\n",
				step + 1, text);
		sim_world_do(world, &choices[which]);
	}
	return 0;
}

static int replay_by_hand(struct sim_world *world, const struct sim_bounds *bounds)
{
	struct path path;
	int status;

	if (!read_path(bounds->path, &path)) {
		fputs("--path: numbers with commas between them, an s behind one for a slow drive\n",
		      stderr);
		return 64;
	}
	if (bounds->trace) {
		world->cluster.network.trace.file = fopen(bounds->trace, "w");
		if (!world->cluster.network.trace.file) {
			perror(bounds->trace);
			return 73;
		}
	}
	status = replay(world, bounds, &path, stdout);
	if (bounds->trace)
		fclose(world->cluster.network.trace.file);
	if (status == 0)
		printf("%u choices, state %016llx: all rules hold\n", path.length,
		       (unsigned long long)sim_world_hash(world));
	return status;
}

/* ---- all runs ---- */

static struct shared *map_shared(void)
{
	void *memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	WL_CHECK(memory != MAP_FAILED);
	return memory;
}

struct reach {
	unsigned limit,
		complete; /* depth that was searched, and the one that was finished before */
};

static void say_end(const struct sim_bounds *bounds, const struct shared *shared,
		    struct reach reach, double seconds)
{
	char how[128];

	if (shared->full)
		snprintf(how, sizeof(how), "the table of states is full; complete to depth %u",
			 reach.complete);
	else if (shared->stopped)
		snprintf(how, sizeof(how), "time is over; complete to depth %u", reach.complete);
	else if (shared->cut)
		snprintf(how, sizeof(how), "complete to depth %u", reach.limit);
	else
		snprintf(how, sizeof(how), "exhausted: no run within the bounds goes deeper");
	printf("exhaustive: nodes %u, values %u, timeouts %u, crashes %u, drops %u, slow writes %u, changes %u: %llu states, %llu "
	       "transitions at depth %u, %.1f s: %s; clean\n",
	       bounds->nodes, bounds->values, bounds->timeouts, bounds->crashes, bounds->drops,
	       bounds->slow_writes, bounds->changes, (unsigned long long)shared->states,
	       (unsigned long long)shared->transitions, reach.limit, seconds, how);
}

static int found_one(struct sim_world *world, const struct sim_bounds *bounds,
		     const struct shared *shared, int job, double seconds)
{
	printf("exhaustive: found after %llu states, %.1f s, %u choices: %s\n",
	       (unsigned long long)shared->states, seconds, shared->paths[job].length,
	       shared->rules[job][0] ? shared->rules[job] : "the process died");
	fflush(stdout);
	if (replay(world, bounds, &shared->paths[job], stderr) == 0)
		fputs("the replay did not end as the search did\n", stderr);
	return 1;
}

/* Small steps where depths are cheap, so that what is found there is short. */
static unsigned deeper(unsigned limit, unsigned depth)
{
	limit += limit < 8 ? 2 : 4;
	return limit < depth ? limit : depth;
}

static void say_depth(const struct shared *shared, unsigned limit, double seconds)
{
	printf("depth %u: %llu states, %llu transitions, %llu pages, %.1f s\n", limit,
	       (unsigned long long)shared->states, (unsigned long long)shared->transitions,
	       (unsigned long long)shared->pages, seconds);
	fflush(stdout);
}

/* A cluster that breaks a rule on its way to the root needs no search. */
static struct sim_world *make_world(const struct sim_bounds *bounds)
{
	static char command[256];

	snprintf(command, sizeof(command), "%s%s%s --exhaustive (on the way to its root)",
		 bounds->program, bounds->mutant ? " --mutant " : "",
		 bounds->mutant ? bounds->mutant : "");
	return sim_world_init(bounds, command);
}

int sim_explore(const struct sim_bounds *bounds)
{
	struct sim_world *world = make_world(bounds);
	double began = now(), until = bounds->seconds ? began + (double)bounds->seconds : 1e18;
	struct reach reach = {0};

	if (bounds->path)
		return replay_by_hand(world, bounds);
	for (;;) {
		struct shared *shared = map_shared();
		int found;

		reach.complete = reach.limit;
		reach.limit = deeper(reach.limit, bounds->depth);
		found = search_depth(world, shared, bounds->jobs, reach.limit, until);
		if (found >= 0)
			return found_one(world, bounds, shared, found, now() - began);
		if (reach.limit == bounds->depth || shared->stopped || shared->full ||
		    !shared->cut) {
			say_end(bounds, shared, reach, now() - began);
			return 0;
		}
		say_depth(shared, reach.limit, now() - began);
		munmap(shared, sizeof(*shared));
	}
}

void sim_bounds_default(struct sim_bounds *bounds)
{
	*bounds = (struct sim_bounds){
		.nodes = 3,
		.values = 2,
		.timeouts = 3,
		.crashes = 1,
		.drops = 2,
		.slow_writes = 1,
		.depth = SIM_EXPLORE_DEPTH_MAX,
		.jobs = 1,
		.program = "wlsim",
	};
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast whole clusters are simulated, against a bare loop over the same agenda whose every event is one checksum,
 * in one run: what the simulated daemon and the oracle cost beside the simulation itself.
 *
 *	bench_sim [seconds for each part, 3]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/base/crc.h"
#include "tests/sim/agenda.h"
#include "tests/sim/range.h"

#define ACTORS 64u
#define CHECKSUM_BYTES 256u /* about a frame of a few records */
#define SHORT_NODES 3u
#define SHORT_FAULTS_NS 250000000u
#define FIRST_SEED 1000000u /* not those that tests run every day */

static uint8_t bytes[CHECKSUM_BYTES];
static uint64_t sum;

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void turn(void *subject, void *object)
{
	struct sim_agenda *agenda = subject;

	sum = wl_crc64(sum, bytes, sizeof(bytes));
	sim_agenda_add(agenda, agenda->now_ns + 1 + sum % 4096, turn, agenda, object);
}

static double bare_events_per_second(double seconds)
{
	struct sim_agenda agenda;
	double began = now_s();

	sim_agenda_init(&agenda);
	for (unsigned actor = 0; actor < ACTORS; actor++)
		sim_agenda_add(&agenda, actor, turn, &agenda, NULL);
	while (agenda.happened % 4096 != 0 || now_s() - began < seconds)
		sim_agenda_step(&agenda, UINT64_MAX);
	seconds = now_s() - began;
	sim_agenda_fini(&agenda);
	return (double)agenda.happened / seconds;
}

/* Three nodes, and faults for a short while. */
static void make_short(struct sim_plan *plan)
{
	plan->nodes = SHORT_NODES;
	plan->core = 0;
	plan->fault_ns = SHORT_FAULTS_NS;
}

static struct sim_range_result simulate(unsigned jobs, uint64_t seconds,
					void (*shape)(struct sim_plan *))
{
	const struct sim_range range = {
		.first = FIRST_SEED,
		.last = UINT64_MAX - 1,
		.jobs = jobs,
		.failures_max = 1,
		.seconds_max = seconds,
		.quiet = true,
		.shape = shape,
		.program = "wlsim",
	};
	struct sim_range_result result;

	sim_range_run(&range, &result);
	if (result.failures != 0) {
		fprintf(stderr, "bench_sim: seed %llu fails: %s\n",
			(unsigned long long)result.first_failure, result.rule);
		exit(1);
	}
	return result;
}

int main(int argc, char **argv)
{
	uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 0) : 3;
	unsigned cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	struct sim_range_result one, brief;
	double bare, events;

	if (seconds == 0) {
		fputs("usage: bench_sim [seconds for each part, 3]\n", stderr);
		return 64;
	}
	bare = bare_events_per_second((double)seconds);
	one = simulate(1, seconds, NULL);
	brief = simulate(cores, seconds, make_short);
	events = (double)one.events / one.seconds;
	printf("bare agenda with a checksum of %u bytes an event, one core   %8.2f M events/s\n",
	       CHECKSUM_BYTES, bare / 1e6);
	printf("simulated clusters, one core                                 %8.2f M events/s, "
	       "1 of %.1f bare ones\n",
	       events / 1e6, bare / events);
	printf("short seeds (%u nodes, %.0f events), %u jobs                   %8.0f seeds/h\n",
	       SHORT_NODES, (double)brief.events / (double)brief.seeds, cores,
	       (double)brief.seeds / brief.seconds * 3600);
	return 0;
}

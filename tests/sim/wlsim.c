/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * wlsim: whole clusters in one thread, from one seed.
 *
 *	wlsim --seed N               one run; prints its final hash
 *	wlsim --seeds A..B [--jobs J]  many; stops at the first violation
 *
 * Each run: a cluster and a weather drawn from the seed; faults for a while; then everything heals and the
 * cluster must acknowledge again, and agree.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/faults.h"
#include "tests/sim/oracle.h"

#define CLIENTS_MAX 3u
#define HEAL_PATIENCE_NS 20000000000u

struct run {
	struct sim_cluster cluster;
	struct sim_oracle oracle;
	struct sim_faults faults;
	struct sim_client clients[CLIENTS_MAX];
	unsigned client_count;
};

static void advance(struct run *run, uint64_t for_ns)
{
	uint64_t until = run->cluster.agenda.now_ns + for_ns;

	while (sim_agenda_step(&run->cluster.agenda, until))
		;
	run->cluster.agenda.now_ns = until;
}

static uint64_t acknowledged(const struct run *run)
{
	uint64_t total = 0;

	for (unsigned client = 0; client < run->client_count; client++)
		total += run->clients[client].acknowledged;
	return total;
}

static bool has_converged(const struct run *run)
{
	for (unsigned number = 1; number <= run->cluster.config.nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->up && node->journal->replica.commit < run->oracle.committed)
			return false;
	}
	for (unsigned client = 0; client < run->client_count; client++) {
		if (run->clients[client].outstanding_count != 0)
			return false;
	}
	return true;
}

static void set_up(struct run *run, uint64_t seed)
{
	struct sim_random random;
	struct sim_cluster_config config = {
		.segment_bytes = 8 << 20,
		.segments_max = 16,
		.ring_bytes = 4 << 20,
		.election_timeout_ns = 100000000,
		.heartbeat_ns = 10000000,
	};
	static const unsigned sizes[] = { 1, 2, 3, 3, 3, 3, 5, 7 };

	sim_random_init(&random, seed, 3);
	config.nodes = sizes[sim_random_below(&random, 8)];
	config.mtu = sim_random_chance(&random, 500000) ? 1500 : 9000;
	sim_cluster_init(&run->cluster, &config, seed);
	sim_oracle_init(&run->oracle, &run->cluster);
	run->client_count = 1 + (unsigned)sim_random_below(&random, CLIENTS_MAX);
	for (unsigned client = 0; client < run->client_count; client++) {
		sim_client_init(&run->clients[client], &run->cluster, client);
		sim_oracle_watch_client(&run->oracle, &run->clients[client]);
	}
	for (unsigned number = 1; number <= config.nodes; number++)
		sim_node_start(&run->cluster, number);
	sim_faults_init(&run->faults, &run->cluster);
}

static void refuse_refusals(const struct run *run)
{
	for (unsigned number = 1; number <= run->cluster.config.nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->refused)
			sim_violation(&run->cluster, number, "recovery", "refused a drive that only saw power cuts: %s at %llu",
				      wl_recovery_damage_name(node->damage.kind),
				      (unsigned long long)node->damage.begin);
	}
}

static uint64_t run_seed(uint64_t seed, uint64_t fault_ns, bool loud)
{
	struct run *run = calloc(1, sizeof(*run));
	uint64_t hash, before, waited = 0;

	if (!run)
		exit(71);
	set_up(run, seed);
	advance(run, fault_ns);
	refuse_refusals(run);
	sim_faults_heal(&run->faults);
	before = acknowledged(run);
	/* Liveness: a healthy cluster acknowledges again. */
	while (acknowledged(run) == before) {
		if (waited > HEAL_PATIENCE_NS)
			sim_violation(&run->cluster, 0, "liveness", "nothing acknowledged for 20 s after healing");
		advance(run, 100000000);
		waited += 100000000;
	}
	for (unsigned client = 0; client < run->client_count; client++)
		run->clients[client].appending = false;
	for (waited = 0; !has_converged(run); waited += 100000000) {
		if (waited > HEAL_PATIENCE_NS)
			sim_violation(&run->cluster, 0, "convergence", "nodes or clients do not come to an end");
		advance(run, 100000000);
	}
	refuse_refusals(run);
	sim_oracle_finish(&run->oracle);
	hash = sim_oracle_hash(&run->oracle);
	if (loud)
		printf("seed %llu: nodes %u, events %llu, faults %llu, acknowledged %llu, committed %llu, hash %016llx\n",
		       (unsigned long long)seed, run->cluster.config.nodes,
		       (unsigned long long)run->cluster.agenda.happened,
		       (unsigned long long)run->faults.happened, (unsigned long long)acknowledged(run),
		       (unsigned long long)run->oracle.committed, (unsigned long long)hash);
	sim_cluster_fini(&run->cluster);
	sim_oracle_fini(&run->oracle);
	free(run);
	return hash;
}

static int run_range(uint64_t first, uint64_t last, unsigned jobs, uint64_t fault_ns)
{
	struct timespec begin, end;
	double seconds;
	int failed = 0, status;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned job = 0; job < jobs; job++) {
		if (fork() == 0) {
			for (uint64_t seed = first + job; seed <= last; seed += jobs) {
				uint64_t hash = run_seed(seed, fault_ns, false);

				/* A share of the seeds twice: chance comes from the seed alone. */
				if (seed % 50 == 0 && run_seed(seed, fault_ns, false) != hash) {
					fprintf(stderr, "seed %llu: two runs, two hashes\n",
						(unsigned long long)seed);
					_exit(1);
				}
			}
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		failed |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("seeds %llu..%llu: %s, %.1f s, %.0f seeds/h\n", (unsigned long long)first, (unsigned long long)last,
	       failed ? "FAILED" : "clean", seconds, (double)(last - first + 1) / seconds * 3600);
	return failed;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "seed", 1, NULL, 's' },   { "seeds", 1, NULL, 'S' },
						 { "jobs", 1, NULL, 'j' },   { "fault-ms", 1, NULL, 'f' },
						 { "help", 0, NULL, 'h' },   { 0 } };
	unsigned long long first = 0, last = 0, fault_ms = 2000;
	unsigned jobs = 1;
	bool one = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's') {
			first = strtoull(optarg, NULL, 0);
			one = true;
		} else if (option == 'S' && sscanf(optarg, "%llu..%llu", &first, &last) == 2) {
			one = false;
		} else if (option == 'j') {
			jobs = (unsigned)atoi(optarg);
		} else if (option == 'f') {
			fault_ms = strtoull(optarg, NULL, 0);
		} else {
			puts("usage: wlsim --seed N | --seeds A..B [--jobs J] [--fault-ms MS]");
			return option == 'h' ? 0 : 64;
		}
	}
	if (one) {
		run_seed(first, fault_ms * 1000000, true);
		return 0;
	}
	return run_range(first, last, jobs ? jobs : 1, fault_ms * 1000000);
}

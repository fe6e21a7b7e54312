/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Machines among themselves, thousands of seeds. A failing assertion prints the seed: put it into
 * `retold_seeds`, where it stays.
 */
#include <stdio.h>

#include "tests/unit/control/election/election_cluster.h"
#include "tests/unit/runner.h"
#include "tests/unit/runs_by_chance.h"

#define ET CLUSTER_TIMEOUT

static struct cluster cluster;

/* Seeds that once found a bug. */
static const uint64_t retold_seeds[] = {1};

static bool is_safe(uint64_t seed)
{
	if (!cluster.violation)
		return true;
	printf("     seed %llu, step %llu: %s\n", (unsigned long long)seed,
	       (unsigned long long)cluster.step, cluster.violation);
	return false;
}

/* Faults at random, each kind off with probability one half; then a heal; then there must be a
 * leader. */
static bool survives(uint64_t seed)
{
	static const unsigned sizes[] = {1, 2, 3, 3, 3, 4, 5, 5, 7};
	unsigned count = sizes[seed % (sizeof(sizes) / sizeof(sizes[0]))];
	bool crashes, cuts, transfers;
	uint64_t term_before;

	cluster_init(&cluster, count, seed);
	crashes = cluster_draw(&cluster, 2);
	cuts = cluster_draw(&cluster, 2);
	transfers = cluster_draw(&cluster, 2);
	cluster.loss = cluster_draw(&cluster, 2) ? (unsigned)cluster_draw(&cluster, 60) : 0;
	cluster.delay = cluster_draw(&cluster, 2) ? (unsigned)cluster_draw(&cluster, ET) : 1;
	cluster.disk_delay = cluster_draw(&cluster, 2) ? (unsigned)cluster_draw(&cluster, ET) : 1;
	cluster.plane_delay = cluster_draw(&cluster, 2) ? (unsigned)cluster_draw(&cluster, 20) : 1;
	for (int round = 0; round < 25; round++) {
		uint32_t a = 1 + (uint32_t)cluster_draw(&cluster, count);
		uint32_t b = 1 + (uint32_t)cluster_draw(&cluster, count);

		if (crashes && cluster_draw(&cluster, 4) == 0)
			cluster_crash(&cluster, a);
		if (cluster_draw(&cluster, 2) == 0)
			cluster_restart(&cluster, b);
		if (cuts && cluster_draw(&cluster, 2) == 0)
			cluster.cut[a][b] = !cluster.cut[a][b];
		if (cuts && cluster_draw(&cluster, 8) == 0)
			cluster_isolate(&cluster, a, cluster_draw(&cluster, 2));
		if (transfers && cluster.node[a].up)
			cluster_transfer(&cluster, a, 0);
		cluster_run(&cluster, (unsigned)cluster_draw(&cluster, ET));
	}
	cluster_heal(&cluster);
	term_before = cluster.term_max;
	if (cluster_elect(&cluster, 12 * ET) == 0 && !cluster.violation)
		cluster.violation = "no leader after healing";
	if (cluster.term_max > term_before + 6 && !cluster.violation)
		cluster.violation = "terms grow without need";
	return is_safe(seed);
}

static void thousands_of_seeds_elect_one_leader_a_term_and_heal(void)
{
	const unsigned seeds = WL_RUNS(3000);
	unsigned failed = 0, elections = 0;

	for (uint64_t seed = 1; seed <= seeds && failed < 3; seed++) {
		failed += !survives(seed);
		elections += (unsigned)cluster.votes_granted;
	}
	CU_ASSERT_EQUAL(failed, 0);
	/* The run is worth nothing when nothing happened in it. */
	CU_ASSERT(elections > seeds);
}

static void seeds_that_once_found_a_bug_stay_quiet(void)
{
	for (unsigned i = 0; i < sizeof(retold_seeds) / sizeof(retold_seeds[0]); i++)
		CU_ASSERT(survives(retold_seeds[i]));
}

static void same_seed_gives_the_same_run(void)
{
	uint64_t step, random;

	survives(77);
	step = cluster.step;
	random = cluster.random;
	survives(77);
	CU_ASSERT_EQUAL(cluster.step, step);
	CU_ASSERT_EQUAL(cluster.random, random);
}

static void healthy_clusters_of_every_size_elect_within_five_timeouts(void)
{
	for (unsigned count = 1; count <= WIRELOG_NODES_MAX; count++)
		for (uint64_t seed = 1; seed <= 50; seed++) {
			cluster_init(&cluster, count, seed);
			CU_ASSERT_NOT_EQUAL(cluster_elect(&cluster, 5 * ET), 0);
			CU_ASSERT(is_safe(seed));
		}
}

static void delays_of_half_a_timeout_cause_no_election(void)
{
	uint32_t leader;

	cluster_init(&cluster, 5, 3);
	leader = cluster_elect(&cluster, 5 * ET);
	cluster.delay = ET / 2;
	cluster_run(&cluster, 40 * ET);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), leader);
	CU_ASSERT(is_safe(3));
}

static void deaf_follower_disturbs_nobody(void)
{
	uint32_t leader, deaf;
	uint64_t term;

	cluster_init(&cluster, 3, 5);
	leader = cluster_elect(&cluster, 5 * ET);
	term = cluster.term_max;
	deaf = leader % 3 + 1;
	for (uint32_t other = 1; other <= 3; other++)
		cluster.cut[other][deaf] = true; /* hears nothing, is heard by all */
	cluster_run(&cluster, 40 * ET);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), leader);
	CU_ASSERT_EQUAL(cluster.term_max, term);
	cluster_heal(&cluster);
	cluster_run(&cluster, 10 * ET);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), leader);
	CU_ASSERT_EQUAL(cluster.term_max, term);
	CU_ASSERT(is_safe(5));
}

static void one_way_cut_leader_is_replaced(bool mute)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		uint32_t leader, next;

		cluster_init(&cluster, 3, seed);
		leader = cluster_elect(&cluster, 5 * ET);
		for (uint32_t other = 1; other <= 3; other++) {
			if (mute)
				cluster.cut[leader][other] = true;
			else
				cluster.cut[other][leader] = true;
		}
		cluster_run(&cluster, 6 * ET);
		next = cluster_leader(&cluster);
		CU_ASSERT(next != 0 && next != leader);
		CU_ASSERT(is_safe(seed));
	}
}

static void deaf_leader_falls_silent_and_is_replaced(void)
{
	one_way_cut_leader_is_replaced(false);
}

static void mute_leader_falls_silent_and_is_replaced(void)
{
	one_way_cut_leader_is_replaced(true);
}

static void isolated_node_comes_back_without_a_new_term(void)
{
	uint32_t leader, alone;
	uint64_t term;

	cluster_init(&cluster, 5, 9);
	leader = cluster_elect(&cluster, 5 * ET);
	term = cluster.term_max;
	alone = leader % 5 + 1;
	cluster_isolate(&cluster, alone, true);
	cluster_run(&cluster, 100 * ET);
	CU_ASSERT_EQUAL(cluster.node[alone].term, cluster.node[leader].term);
	cluster_heal(&cluster);
	cluster_run(&cluster, 10 * ET);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), leader);
	CU_ASSERT_EQUAL(cluster.term_max, term);
}

/* All undirected graphs of five nodes: where a majority is mutually connected it has a leader
 * soon. */
static void every_five_node_graph_with_a_connected_majority_has_a_leader(void)
{
	unsigned judged = 0;

	for (unsigned graph = 0; graph < 1024; graph++) {
		bool is_core = false;
		unsigned edge = 0;

		cluster_init(&cluster, 5, graph + 1);
		for (uint32_t a = 1; a <= 5; a++)
			for (uint32_t b = a + 1; b <= 5; b++, edge++) {
				cluster.cut[a][b] = !(graph & 1u << edge);
				cluster.cut[b][a] = cluster.cut[a][b];
			}
		for (uint32_t a = 1; a <= 5; a++)
			for (uint32_t b = a + 1; b <= 5; b++)
				for (uint32_t c = b + 1; c <= 5; c++)
					is_core |= !cluster.cut[a][b] && !cluster.cut[a][c] &&
						   !cluster.cut[b][c];
		judged += is_core;
		CU_ASSERT(!is_core || cluster_elect(&cluster, 7 * ET) != 0);
		CU_ASSERT(is_safe(graph + 1));
	}
	CU_ASSERT(judged > 500);
}

static void leadership_moves_by_transfer_without_waiting_for_a_timeout(void)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		uint32_t leader, target;

		cluster_init(&cluster, 3, seed);
		leader = cluster_elect(&cluster, 5 * ET);
		target = leader % 3 + 1;
		cluster_run(&cluster, ET);
		CU_ASSERT(cluster_transfer(&cluster, leader, target));
		cluster_run(&cluster, ET);
		CU_ASSERT_EQUAL(cluster_leader(&cluster), target);
		CU_ASSERT(is_safe(seed));
	}
}

static void transfer_to_a_dead_node_ends_with_a_leader_again(void)
{
	uint32_t leader, target;

	cluster_init(&cluster, 3, 4);
	leader = cluster_elect(&cluster, 5 * ET);
	target = leader % 3 + 1;
	cluster_crash(&cluster, target);
	CU_ASSERT(cluster_transfer(&cluster, leader, target));
	/* Whoever was told to take over might have won: the old leader does not lead on in its term. */
	cluster_run(&cluster, 3 * ET);
	CU_ASSERT_FALSE(cluster.node[leader].handing_over);
	leader = cluster_elect(&cluster, 5 * ET);
	CU_ASSERT(leader != 0 && leader != target);
	CU_ASSERT(is_safe(4));
}

static void two_nodes_elect_and_stop_when_one_is_gone(void)
{
	uint32_t leader;

	cluster_init(&cluster, 2, 6);
	leader = cluster_elect(&cluster, 5 * ET);
	CU_ASSERT_NOT_EQUAL(leader, 0);
	cluster_crash(&cluster, 3 - leader);
	cluster_run(&cluster, 10 * ET);
	CU_ASSERT_EQUAL(cluster_leader(&cluster), 0);
	cluster_restart(&cluster, 3 - leader);
	CU_ASSERT_NOT_EQUAL(cluster_elect(&cluster, 6 * ET), 0);
	CU_ASSERT(is_safe(6));
}

static void restart_of_all_elects_again_in_a_newer_term(void)
{
	uint64_t term;

	cluster_init(&cluster, 3, 8);
	cluster_elect(&cluster, 5 * ET);
	term = cluster.term_max;
	for (uint32_t id = 1; id <= 3; id++)
		cluster_crash(&cluster, id);
	cluster_heal(&cluster);
	CU_ASSERT_NOT_EQUAL(cluster_elect(&cluster, 5 * ET), 0);
	CU_ASSERT(cluster.term_max > term);
	CU_ASSERT(is_safe(8));
}

WL_SUITE(election_cluster)
{
	WL_TEST(healthy_clusters_of_every_size_elect_within_five_timeouts),
	WL_TEST(thousands_of_seeds_elect_one_leader_a_term_and_heal),
	WL_TEST(seeds_that_once_found_a_bug_stay_quiet),
	WL_TEST(same_seed_gives_the_same_run),
	WL_TEST(delays_of_half_a_timeout_cause_no_election),
	WL_TEST(deaf_follower_disturbs_nobody),
	WL_TEST(deaf_leader_falls_silent_and_is_replaced),
	WL_TEST(mute_leader_falls_silent_and_is_replaced),
	WL_TEST(isolated_node_comes_back_without_a_new_term),
	WL_TEST(every_five_node_graph_with_a_connected_majority_has_a_leader),
	WL_TEST(leadership_moves_by_transfer_without_waiting_for_a_timeout),
	WL_TEST(transfer_to_a_dead_node_ends_with_a_leader_again),
	WL_TEST(two_nodes_elect_and_stop_when_one_is_gone),
	WL_TEST(restart_of_all_elects_again_in_a_newer_term),
};

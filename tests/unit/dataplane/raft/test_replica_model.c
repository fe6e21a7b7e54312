/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Three replicas under random loss, duplication, reordering, slow disks, power cuts and elections, and the
 * properties of Raft figure 3 after each turn:
 *   state machine safety   two nodes that have committed an index have committed the same bytes
 *   leader completeness    who is elected has everything that was ever committed
 *   and, when all is well again, everybody ends with the same log, all of it committed.
 * Elections are decided here as the paper says (term, vote, 5.4.1), on fenced tails; the seed names the run.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/base/check.h"
#include "tests/unit/dataplane/raft/replica_fixture.h"
#include "tests/unit/runner.h"
#include "tests/unit/runs_by_chance.h"

#define NODES 3u
#define SEEDS WL_RUNS(16u)
#define STEPS 1500u
#define ENTRIES_MAX 4096u

static struct replica_fixture cluster;
static struct sim_random dice;
static uint64_t seed;
static uint64_t persisted[NODES + 1]; /* term of each node */
static uint64_t newest_term, boot;
static uint64_t committed[ENTRIES_MAX]; /* chain value by index */
static uint64_t checked[NODES + 1];
static uint64_t highest;
static unsigned wrong, elections, crashes, truncations;

static void complain(const char *what, uint32_t node)
{
	wrong++;
	fprintf(stderr, "seed %lu node %u: %s\n", (unsigned long)seed, node, what);
}

static void check_commit(uint32_t node)
{
	uint64_t commit = replica_of(&cluster, node)->commit, chain;

	WL_CHECK(commit < ENTRIES_MAX);
	for (uint64_t index = checked[node] + 1; index <= commit; index++) {
		WL_CHECK(wl_log_chain_at(replica_log(&cluster, node), index, &chain) ==
			 WL_LOG_KNOWN);
		if (index <= highest && committed[index] != chain)
			complain("committed something else", node);
		committed[index] = chain;
		if (index > highest)
			highest = index;
	}
	checked[node] = commit;
}

static void follow(uint32_t node, uint64_t term)
{
	persisted[node] = term;
	replica_fixture_follow(&cluster, node, term, 0);
}

static void turn(uint32_t node)
{
	struct wl_plane_message told;

	replica_fixture_turn(&cluster, node);
	check_commit(node);
	if (replica_fixture_told(&cluster, node, WL_PLANE_SAW_TERM, &told) &&
	    told.view.term > persisted[node])
		follow(node, told.view.term);
}

/* The candidate and one voter, or both others; a vote is given on the voter's fenced tail. */
static void elect(uint32_t candidate)
{
	uint64_t term = newest_term + 1, chain;
	unsigned votes = 1;

	/* An entry that is open is sealed by its turn before any view can come. */
	for (uint32_t node = 1; node <= NODES; node++)
		turn(node);
	replica_fixture_fence(&cluster, candidate);
	for (uint32_t voter = 1; voter <= NODES; voter++) {
		if (voter == candidate || sim_random_chance(&dice, 300000))
			continue;
		replica_fixture_fence(&cluster, voter);
		votes += wl_position_at_least(replica_log(&cluster, candidate)->tail,
					      replica_log(&cluster, voter)->tail);
		follow(voter, term);
	}
	newest_term = term;
	if (votes < 2) {
		follow(candidate, term);
		return;
	}
	elections++;
	if (highest != 0 &&
	    (wl_log_chain_at(replica_log(&cluster, candidate), highest, &chain) != WL_LOG_KNOWN ||
	     chain != committed[highest]))
		complain("was elected without what is committed", candidate);
	persisted[candidate] = term;
	replica_fixture_lead(&cluster, candidate, term);
}

/* Frames of an older boot, and to one, are dropped by rx. */
static void forget_mail_of(uint32_t node)
{
	struct replica_mail mail;

	for (uint32_t other = 1; other <= NODES; other++) {
		while (replica_fixture_take(&cluster, node, other, 0, &mail) ||
		       replica_fixture_take(&cluster, other, node, 0, &mail))
			;
	}
}

static void cut_power(uint32_t node)
{
	struct log_fixture *disk = &cluster.nodes[node].disk;

	crashes++;
	truncations += (unsigned)replica_count(&cluster, node, WL_COUNTER_truncations);
	memory_drive_crash(&disk->drive, &dice);
	forget_mail_of(node);
	replica_fixture_restart(&cluster, node, 0);
	boot++;
	for (uint32_t other = 1; other <= NODES; other++)
		cluster.nodes[other].remotes[node].boot_id = 100 + boot;
	checked[node] = 0;
	follow(node, persisted[node]);
}

static void disturb_mail(void)
{
	struct replica_mail *mail, copy;

	if (cluster.mail_count == 0)
		return;
	mail = &cluster.mail[sim_random_below(&dice, cluster.mail_count)];
	copy = *mail;
	switch (sim_random_below(&dice, 3)) {
	case 0: /* lost */
		*mail = cluster.mail[--cluster.mail_count];
		break;
	case 1: /* twice, and late */
		if (cluster.mail_count < REPLICA_MAIL_MAX / 2)
			cluster.mail[cluster.mail_count++] = copy;
		break;
	default: /* overtaken */
		*mail = cluster.mail[cluster.mail_count - 1];
		cluster.mail[cluster.mail_count - 1] = copy;
		break;
	}
}

static void work_disk(uint32_t node)
{
	struct memory_drive *drive = &cluster.nodes[node].disk.drive;

	if (drive->pending_count)
		memory_drive_complete(
			drive, (uint32_t)sim_random_below(&dice, drive->pending_count), WL_DISK_OK);
}

static void step(void)
{
	uint32_t node = 1 + (uint32_t)sim_random_below(&dice, NODES);
	uint64_t what = sim_random_below(&dice, 100);

	if (what < 50)
		turn(node);
	else if (what < 65)
		work_disk(node);
	else if (what < 80)
		replica_fixture_append(&cluster, node,
				       16 + (uint32_t)sim_random_below(&dice, 3000));
	else if (what < 90)
		disturb_mail();
	else if (what < 94)
		replica_fixture_pass(&cluster, sim_random_below(&dice, 2 * REPLICA_RESEND_NS));
	else if (what < 95)
		cluster.nodes[node].hold_disk = !cluster.nodes[node].hold_disk;
	else if (what < 97)
		cut_power(node);
	else
		elect(node);
}

static void heal(void)
{
	uint32_t best = 1;

	cluster.mail_count = 0;
	for (uint32_t node = 1; node <= NODES; node++) {
		cluster.nodes[node].hold_disk = false;
		replica_fixture_complete(&cluster, node);
		turn(node);
	}
	for (uint32_t node = 2; node <= NODES; node++) {
		if (wl_position_at_least(replica_log(&cluster, node)->tail,
					 replica_log(&cluster, best)->tail))
			best = node;
	}
	replica_fixture_elect(&cluster, best, ++newest_term);
	for (unsigned round = 0; round < 60; round++) {
		for (uint32_t node = 1; node <= NODES; node++)
			turn(node);
		replica_fixture_pass(&cluster, REPLICA_RESEND_NS / 4);
	}
	for (uint32_t node = 1; node <= NODES; node++) {
		if (!replica_fixture_same(&cluster, node, best))
			complain("did not catch up", node);
		if (replica_of(&cluster, node)->commit != replica_log(&cluster, node)->tail.index)
			complain("did not commit all", node);
	}
}

static void run(uint64_t number)
{
	seed = number;
	sim_random_init(&dice, seed, 0);
	memset(committed, 0, sizeof(committed));
	memset(checked, 0, sizeof(checked));
	highest = boot = newest_term = 0;
	replica_fixture_init(&cluster, NODES);
	for (uint32_t node = 1; node <= NODES; node++)
		follow(node, 1);
	newest_term = 1;
	elect(1);
	for (unsigned at = 0; at < STEPS; at++)
		step();
	heal();
	for (uint32_t node = 1; node <= NODES; node++)
		truncations += (unsigned)replica_count(&cluster, node, WL_COUNTER_truncations);
	replica_fixture_fini(&cluster);
}

static void replicas_agree_on_what_is_committed_whatever_happens(void)
{
	wrong = elections = crashes = truncations = 0;
	for (uint64_t number = 1; number <= SEEDS; number++)
		run(number);
	CU_ASSERT_EQUAL(wrong, 0);
	/* The runs were worth running. */
	CU_ASSERT(elections > 2 * SEEDS);
	CU_ASSERT(crashes > 2 * SEEDS);
	CU_ASSERT(truncations > SEEDS / 2);
}

WL_SUITE(replica_model)
{
	WL_TEST(replicas_agree_on_what_is_committed_whatever_happens),
};

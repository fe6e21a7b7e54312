/* SPDX-License-Identifier: BSD-3-Clause */
/* A majority is lost for good, and an operator goes on with what one node has (part of faults.c), as `wirelog unsafe-recover` does. */
#include "dataplane/log/rescue.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

static void rescue(struct sim_node *node)
{
	uint64_t histories[WIRELOG_JOURNALS_MAX];
	struct wl_superblock record;
	unsigned damaged;

	if (node->up || node->possessed ||
	    wl_superblock_choose(node->drives[0].superblock, &record, &damaged) != WL_SUPERBLOCK_OK)
		return;
	for (unsigned journal = 0; journal < WIRELOG_JOURNALS_MAX; journal++)
		histories[journal] = sim_random_next(&node->random) | 1;
	wl_rescue_record(&record, histories);
	record.sequence++;
	for (unsigned which = 0; which < 2; which++)
		wl_superblock_encode(node->drives[0].superblock[wl_superblock_copy(record.sequence,
										   which, damaged)],
				     &record);
}

bool sim_faults_rescue(const struct sim_action *action, struct sim_node *node)
{
	if (action->verb == SIM_RESCUE)
		rescue(node);
	return action->verb == SIM_RESCUE;
}

void sim_expect_rescue(struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct sim_node *node;
	bool strange;

	if (action->verb != SIM_EXPECT_STRANGE)
		return;
	node = &cluster->nodes[action->argument[0]];
	strange = node->up &&
		  (node->cores[0].worker->rx.greetings[action->argument[1]].strange & 1) != 0;
	if (strange != (action->argument[2] != 0))
		sim_violation(cluster, node->number, "expect-strange", "node %llu is%s",
			      (unsigned long long)action->argument[1],
			      strange ? "" : " not, or the node is down");
}

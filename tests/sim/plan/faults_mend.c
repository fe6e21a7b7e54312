/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries that are destroyed, one by one, peers that are mistaken about theirs, and what is expected of journals that are mended. */
#include "dataplane/base/bytes.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/plan/expect.h"
#include "tests/sim/plan/faults.h"

/* Each copy of it on that drive, its header too: nothing of it can be put together again there. */
static void destroy(struct sim_node *node, struct sim_drive *drive, uint64_t index)
{
	uint64_t end = drive->segments * drive->segment_bytes;

	for (uint64_t at = drive->oldest * drive->segment_bytes; at < end; at += 8) {
		uint8_t *from = sim_drive_at(drive, at);
		uint64_t left = drive->segment_bytes - at % drive->segment_bytes;
		struct wl_entry_header header;

		if (left < WL_ENTRY_HEADER_BYTES || wl_load_u32(from) != WL_ENTRY_MAGIC ||
		    wl_entry_decode(from, left, &header) != WL_ENTRY_OK || header.index != index)
			continue;
		from[28] ^= 1;
		drive->damage.vague = true;
		node->rotten = true;
		sim_trace_say(&node->network->trace, "node %u entry %llu is destroyed at %llu",
			      node->number, (unsigned long long)index, (unsigned long long)at);
	}
}

bool sim_faults_mend(struct sim_faults *faults, const struct sim_action *action,
		     struct sim_node *node)
{
	if (action->verb == SIM_MISTAKE) {
		node->mistaken = action->argument[1] != 0;
		return true;
	}
	if (action->verb != SIM_DESTROY)
		return false;
	for (unsigned journal = 0; journal < faults->plan->journals && !node->up; journal++)
		destroy(node, &node->drives[journal], action->argument[1]);
	sim_node_forget_verified(node);
	return true;
}

static bool is_lost(const struct sim_node *node)
{
	struct wl_mend_report report;

	return node->up && node->journals[0]->dormant &&
	       wl_mend_lanes_reported(&node->journals[0]->mend, &report) &&
	       report.phase == WL_MENDING_LOST;
}

static void expect(const struct sim_cluster *cluster, const struct sim_action *action,
		   const char *rule, bool is_so)
{
	if (is_so != (action->argument[1] != 0))
		sim_violation(cluster, (unsigned)action->argument[0], rule,
			      is_so ? "it is so" : "it is not so");
}

void sim_expect_mend(struct sim_cluster *cluster, const struct sim_action *action)
{
	const struct sim_node *node = &cluster->nodes[action->argument[0] % SIM_NODE_LEADER];

	switch (action->verb) {
	case SIM_EXPECT_DORMANT:
		expect(cluster, action, "expect-dormant", sim_node_is_dormant(node));
		break;
	case SIM_EXPECT_MENDED:
		if (node->mended < action->argument[1])
			sim_violation(cluster, node->number, "expect-mended",
				      "it started %llu times for that",
				      (unsigned long long)node->mended);
		break;
	case SIM_EXPECT_HEALED:
		if (node->healed < action->argument[1])
			sim_violation(cluster, node->number, "expect-healed",
				      "%llu places were mended while it ran",
				      (unsigned long long)node->healed);
		break;
	case SIM_EXPECT_LOST:
		expect(cluster, action, "expect-lost", is_lost(node));
		break;
	case SIM_EXPECT_COUNTS:
		expect(cluster, action, "expect-counts",
		       node->up && node->agent->histories[0].caught_up_boot != 0);
		break;
	default:
		break;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is done to one node's drive, its files, and the start on them. */
#include "tests/sim/plan/faults.h"

static bool hides_damage(const struct sim_faults *faults, const struct sim_node *node)
{
	bool hides = false;

	for (unsigned journal = 0; journal < faults->plan->journals; journal++)
		hides |= sim_drive_hides_damage(&node->drives[journal], node->up);
	return hides;
}

/*
 * Drives of two nodes rot only so that the start of either notices. A leader with a hole below its base keeps its place (its state and
 * all behind the base are whole), and has nothing for a follower that lacks what stood there: were the third refused,
 * nothing would commit any more, rightly (docs/TESTING.md). False: another one's drive hides something already, or this one might.
 */
static bool may_rot(const struct sim_faults *faults, const struct sim_node *node,
		    enum sim_damage_way way, bool *is_second)
{
	*is_second = false;
	for (unsigned number = 1; number <= faults->plan->nodes; number++) {
		const struct sim_node *other = &faults->cluster->nodes[number];

		if (other == node || !other->rotten)
			continue;
		*is_second = true;
		if (hides_damage(faults, other))
			return false;
	}
	return !*is_second || !node->up || way >= SIM_DAMAGE_ROT_RECORD;
}

static bool has_no_record(const struct sim_drive *drive)
{
	struct wl_superblock record;
	unsigned damaged;

	return wl_superblock_choose(drive->superblock, &record, &damaged) == WL_SUPERBLOCK_EMPTY;
}

/* Whole files and the superblock are exchanged only under a node that is down. */
static void damage(struct sim_faults *faults, struct sim_node *node, enum sim_damage_way way,
		   uint64_t which)
{
	uint64_t journal = sim_random_below(&node->operator_random, faults->plan->journals);
	bool is_record = way >= SIM_DAMAGE_ROT_RECORD && way < SIM_DAMAGE_ROT_BASE;
	struct sim_drive *drive = &node->drives[is_record ? 0 : journal];
	bool is_second;

	if (way == SIM_DAMAGE_NONE || way >= SIM_DAMAGE_WAYS ||
	    (node->up && (way >= SIM_DAMAGE_ROT_SEGMENT || way == SIM_DAMAGE_ASTRAY)))
		return;
	if (!may_rot(faults, node, way, &is_second) ||
	    !sim_drive_damage(drive, is_second ? sim_drive_walk(drive) : 0, way, which))
		return;
	node->rotten = true;
	node->lost_record |= is_record && has_no_record(drive);
	sim_node_forget_verified(node);
	sim_trace_say(&faults->cluster->network.trace, "node %u journal %u %s at %llu to %llu",
		      node->number, drive->identity.journal, sim_damage_name(way),
		      (unsigned long long)drive->damage.begin,
		      (unsigned long long)drive->damage.end);
}

static void act_on_drive(const struct sim_action *action, struct sim_drive_faults *faults)
{
	uint64_t value = action->argument[1];

	switch (action->verb) {
	case SIM_LIE:
		faults->lies = value != 0;
		break;
	case SIM_SHORT_READS:
		faults->short_read_ppm = (uint32_t)value;
		break;
	case SIM_MISREAD:
		faults->misread_ppm = (uint32_t)value;
		break;
	case SIM_SLOW_OPEN:
		faults->open_ns = value;
		break;
	case SIM_FAIL_OPEN:
		faults->open_error_ppm = (uint32_t)value;
		break;
	case SIM_HANG_MAKER:
		faults->maker_hung = value != 0;
		break;
	default: /* SIM_FAIL_PREPARE */
		faults->prepare_error_ppm = (uint32_t)value;
		break;
	}
}

void sim_faults_drive(struct sim_faults *faults, const struct sim_action *action,
		      struct sim_node *node)
{
	uint64_t value = action->argument[1];

	switch (action->verb) {
	case SIM_DAMAGE:
		damage(faults, node, (enum sim_damage_way)value, action->argument[2]);
		return;
	case SIM_TEAR_START:
		node->tears_start = !node->up;
		return;
	case SIM_VERIFY:
		sim_node_verify(faults->cluster, node->number);
		return;
	case SIM_LIMIT:
		node->limit_segments = value;
		return;
	case SIM_SHORT_READS:
	case SIM_MISREAD:
		node->rotten |= value != 0; /* its start may be refused */
		sim_node_forget_verified(node);
		break;
	default:
		break;
	}
	for (unsigned journal = 0; journal < faults->plan->journals; journal++)
		act_on_drive(action, &node->drives[journal].faults);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/faults.h"

#include <string.h>

static void next_fault(void *subject, void *object);

static unsigned any_node(struct sim_faults *faults)
{
	return 1 + (unsigned)sim_random_below(&faults->random, faults->cluster->config.nodes);
}

static void base_rule(struct sim_faults *faults, struct sim_rule *rule)
{
	memset(rule, 0, sizeof(*rule));
	rule->delay_ns = 5000;
	rule->jitter_ns = faults->reorder && faults->active ? 300000 : 2000;
	if (!faults->active)
		return;
	rule->loss_ppm = faults->loss ? (uint32_t)sim_random_below(&faults->random, 100000) : 0;
	rule->duplicate_ppm = faults->duplicates ? 50000 : 0;
	rule->flip_ppm = faults->flips ? 5000 : 0;
	rule->truncate_ppm = faults->flips ? 2000 : 0;
	rule->late_ppm = faults->reorder ? 2000 : 0;
	rule->late_ns = 200000000;
}

static void change_network(struct sim_faults *faults)
{
	struct sim_network *network = &faults->cluster->network;
	unsigned nodes = faults->cluster->config.nodes;
	unsigned kind = (unsigned)sim_random_below(&faults->random, 5);
	struct sim_rule rule;

	base_rule(faults, &rule);
	sim_network_set_all(network, &rule);
	for (unsigned a = 1; a <= nodes; a++) {
		for (unsigned b = 1; b <= nodes; b++) {
			bool cut = false;

			if (kind == 0 && faults->cuts)
				cut = (a <= nodes / 2) != (b <= nodes / 2);
			else if (kind == 1 && faults->cuts)
				cut = a == 1 + faults->happened % nodes || b == 1 + faults->happened % nodes;
			else if (kind == 2 && faults->one_way)
				cut = a == 1 + faults->happened % nodes;
			else if (kind == 3 && faults->one_way)
				cut = sim_random_chance(&faults->random, 300000);
			network->rules[a][b].cut = cut && a != b;
		}
	}
}

static void restart(void *subject, void *object)
{
	struct sim_faults *faults = subject;
	unsigned number = (unsigned)(uintptr_t)object;

	if (!faults->cluster->agenda.closing && !faults->cluster->nodes[number].up &&
	    !faults->cluster->nodes[number].refused)
		sim_node_start(faults->cluster, number);
}

static void crash(struct sim_faults *faults, unsigned number)
{
	struct sim_agenda *agenda = &faults->cluster->agenda;

	sim_node_crash(faults->cluster, number);
	sim_agenda_add(agenda, agenda->now_ns + sim_random_below(&faults->random, 500000000), restart, faults,
		       (void *)(uintptr_t)number);
}

static void change_disk(struct sim_faults *faults)
{
	struct sim_drive_faults *drive = &faults->cluster->nodes[any_node(faults)].drive.faults;

	drive->hung = faults->hung_disk && sim_random_chance(&faults->random, 300000);
	drive->full = faults->full_disk && sim_random_chance(&faults->random, 300000);
	drive->latency_ns = faults->slow_disk && sim_random_chance(&faults->random, 300000) ? 10000000 : 60000;
}

static void change_clock(struct sim_faults *faults)
{
	struct sim_node *node = &faults->cluster->nodes[any_node(faults)];

	if (faults->wall_steps)
		node->wall_offset_ns += sim_random_next(&faults->random) % 172800000000000u - 86400000000000u;
	if (faults->clock_drift) {
		node->clock_base_ns = sim_node_now(node);
		node->clock_global_ns = faults->cluster->agenda.now_ns;
		node->drift_ppm = (int64_t)sim_random_below(&faults->random, 200000) - 100000;
	}
}

static void next_fault(void *subject, void *object)
{
	struct sim_faults *faults = subject;
	struct sim_agenda *agenda = &faults->cluster->agenda;

	(void)object;
	if (!faults->active)
		return;
	faults->happened++;
	switch (sim_random_below(&faults->random, 7)) {
	case 0:
	case 1:
		change_network(faults);
		break;
	case 2:
		if (faults->crashes)
			crash(faults, any_node(faults));
		break;
	case 3:
		if (faults->crash_all && sim_random_chance(&faults->random, 250000)) {
			for (unsigned number = 1; number <= faults->cluster->config.nodes; number++)
				crash(faults, number);
		}
		break;
	case 4:
		if (faults->stalls) {
			bool both = sim_random_chance(&faults->random, 500000);
			bool worker = both || sim_random_chance(&faults->random, 500000);

			sim_node_stall(faults->cluster, any_node(faults), worker, both || !worker,
				       sim_random_below(&faults->random, 400000000));
		}
		break;
	case 5:
		change_disk(faults);
		break;
	case 6:
		change_clock(faults);
		break;
	}
	sim_agenda_add(agenda, agenda->now_ns + sim_random_below(&faults->random, 2 * faults->interval_ns),
		       next_fault, faults, NULL);
}

void sim_faults_init(struct sim_faults *faults, struct sim_cluster *cluster)
{
	bool *kinds[] = { &faults->crashes,   &faults->crash_all, &faults->stalls,    &faults->cuts,
			  &faults->one_way,   &faults->loss,	  &faults->duplicates, &faults->reorder,
			  &faults->flips,     &faults->slow_disk, &faults->hung_disk,  &faults->clock_drift,
			  &faults->wall_steps, &faults->full_disk };

	memset(faults, 0, sizeof(*faults));
	faults->cluster = cluster;
	sim_random_init(&faults->random, cluster->seed, 2);
	for (unsigned kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		*kinds[kind] = sim_random_chance(&faults->random, 500000);
	faults->interval_ns = sim_random_between(&faults->random, 10000000, 200000000);
	faults->active = true;
	sim_agenda_add(&cluster->agenda, cluster->agenda.now_ns + faults->interval_ns, next_fault, faults, NULL);
}

void sim_faults_heal(struct sim_faults *faults)
{
	struct sim_rule rule;

	faults->active = false;
	base_rule(faults, &rule);
	sim_network_set_all(&faults->cluster->network, &rule);
	for (unsigned number = 1; number <= faults->cluster->config.nodes; number++) {
		struct sim_node *node = &faults->cluster->nodes[number];

		node->drive.faults.hung = false;
		node->drive.faults.full = false;
		node->drive.faults.latency_ns = 60000;
		if (!node->up && !node->refused)
			sim_node_start(faults->cluster, number);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to links beyond a cut: which ones are left, one that comes and goes, frames that wait for their time. */
#include "tests/sim/plan/faults.h"

void sim_faults_leave_links(struct sim_faults *faults, uint64_t links)
{
	for (unsigned from = 1; from <= WIRELOG_NODES_MAX; from++) {
		for (unsigned to = 1; to <= WIRELOG_NODES_MAX; to++)
			faults->cut[from][to] = from != to &&
						!(links >> ((from - 1) * 8 + to - 1) & 1);
	}
}

static void flip(void *subject, void *object)
{
	struct sim_faults *faults = subject;
	unsigned a = faults->flap.a, b = faults->flap.b;

	if (faults->cluster->agenda.closing || faults->flap.generation != (uintptr_t)object)
		return;
	faults->cut[a][b] = !faults->cut[a][b];
	faults->cut[b][a] = faults->cut[a][b];
	sim_faults_set_links(faults);
	sim_agenda_add(&faults->cluster->agenda,
		       faults->cluster->agenda.now_ns + faults->flap.period_ns, flip, faults,
		       object);
}

void sim_faults_flap(struct sim_faults *faults, unsigned a, unsigned b, uint64_t period_ns)
{
	if (faults->flap.period_ns != 0) {
		faults->cut[faults->flap.a][faults->flap.b] = false;
		faults->cut[faults->flap.b][faults->flap.a] = false;
	}
	faults->flap.generation++;
	faults->flap.period_ns = a != 0 && b != 0 && a != b ? period_ns : 0;
	faults->flap.a = a;
	faults->flap.b = b;
	if (faults->flap.period_ns != 0)
		flip(faults, (void *)(uintptr_t)faults->flap.generation);
}

void sim_faults_hold(struct sim_faults *faults, uint8_t type, unsigned from, unsigned to)
{
	const struct sim_hold hold = {.type = type, .from = from, .to = to};

	sim_network_hold(&faults->cluster->network, &hold);
}

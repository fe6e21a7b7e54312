/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each machine has its invariants at the top of its header, and a check that is that text as code and says which one is broken. Here
 * they are called, between turns, when nothing is half done. What a log must hold takes longer to look at (wl_log_check):
 * the simulator does that, no turn.
 */
#include "dataplane/base/check.h"
#include "dataplane/worker/worker.h"

enum machine { /* of a journal, in the order of the rotation; reception and transmission are the worker's own */
	       MACHINE_REPLICA,
	       MACHINE_SERVICE,
	       MACHINES,
};

static const char *const names[MACHINES] = {
	[MACHINE_REPLICA] = "replica",
	[MACHINE_SERVICE] = "service",
};

static void check_machine(const struct wl_journal *journal, enum machine machine)
{
	const struct wl_replica *replica = &journal->replica;
	const char *broken = machine == MACHINE_REPLICA ? wl_replica_check(replica)
							: wl_service_check(journal->service);

	WL_CHECK_MSG(!broken, "%s of journal %u, term %llu, tail %llu, commit %llu: %s",
		     names[machine], replica->config.journal,
		     (unsigned long long)replica->view.term,
		     (unsigned long long)replica->log->tail.index,
		     (unsigned long long)replica->commit, broken);
}

static void check_frames(const struct wl_worker *worker)
{
	const char *broken = wl_tx_check(&worker->tx);

	WL_CHECK_MSG(!broken, "transmission, %u journals: %s", worker->journal_count, broken);
	broken = wl_rx_check(&worker->rx);
	WL_CHECK_MSG(!broken, "reception, %u journals: %s", worker->journal_count, broken);
}

void wl_worker_check_next(struct wl_worker *worker)
{
	uint32_t machines = worker->journal_count * MACHINES;

	worker->checked = worker->checked == machines ? 0 : worker->checked + 1;
	if (worker->checked == machines)
		check_frames(worker);
	else
		check_machine(&worker->journals[worker->checked / MACHINES],
			      worker->checked % MACHINES);
	WL_CHECK(worker->checked <= machines);
}

void wl_worker_check(const struct wl_worker *worker)
{
	check_frames(worker);
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		for (enum machine machine = 0; machine < MACHINES; machine++)
			check_machine(&worker->journals[at], machine);
	}
}

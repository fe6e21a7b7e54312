/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end, on SIGTERM, and what the agent says about itself.
 *
 *   RUNS --wl_agent_stop--> HANDS_OVER --nobody needs us, or 60 % of the time--> STOPS_WORKERS
 *     --each worker said STOPPED, or 85 %--> WRITES_LAST
 *     --durable, failed, or all of the time--> STOPPED
 *
 * A phase that runs out of time is left all the same: a stuck worker or disk must not keep the
 * process. Nothing is lost by that, it only looks like a crash to the others.
 */
#include "control/agent/agent_steps.h"
#include "dataplane/base/check.h"

#define TRANSFER_PERCENT 60
#define STOP_WORKERS_PERCENT 85

void wl_agent_stop(struct wl_agent *agent)
{
	if (agent->phase != WL_AGENT_RUNS)
		return;
	agent->phase = WL_AGENT_HANDS_OVER;
	agent->stop_since_ns = agent->now_ns;
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		wl_election_leave(&agent->elections[journal], agent->now_ns, &agent->effects);
		wl_agent_run_effects(agent, journal);
	}
}

bool wl_agent_is_stopped(const struct wl_agent *agent)
{
	return agent->phase == WL_AGENT_STOPPED;
}

bool wl_agent_is_rolled_back(const struct wl_agent *agent)
{
	return agent->rolled_back;
}

bool wl_agent_is_outdated(const struct wl_agent *agent)
{
	return agent->outdated;
}

bool wl_agent_record_has_failed(const struct wl_agent *agent)
{
	return agent->record_failed;
}

static bool is_out_of_time(const struct wl_agent *agent, unsigned percent)
{
	return agent->now_ns - agent->stop_since_ns >= agent->config.stop_ns / 100 * percent;
}

/*
 * Somebody may need our vote to take over, and it must have left: no fence or record in progress,
 * nothing for peers in a worker's ring. A lonely leader has nobody to hand over to.
 */
static bool is_needed(const struct wl_agent *agent)
{
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		const struct wl_election *election = &agent->elections[journal];

		if (election->transfer.active || election->state == WL_ELECTION_FENCING ||
		    election->state == WL_ELECTION_PERSISTING)
			return true;
	}
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		if (wl_ring_count(&agent->workers[worker].plane->punt_down) != 0)
			return true;
	return false;
}

static bool all_workers_stopped(const struct wl_agent *agent)
{
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
		if (!agent->workers[worker].stopped)
			return false;
	return true;
}

unsigned wl_agent_tend_stop(struct wl_agent *agent)
{
	static const struct wl_plane_message stop = {.verb = WL_PLANE_STOP};

	switch (agent->phase) {
	case WL_AGENT_RUNS:
	case WL_AGENT_STOPPED:
		return 0;
	case WL_AGENT_HANDS_OVER:
		if (is_needed(agent) && !is_out_of_time(agent, TRANSFER_PERCENT))
			return 0;
		for (uint32_t worker = 0; worker < agent->config.worker_count; worker++)
			wl_agent_tell(agent, worker, &stop);
		agent->phase = WL_AGENT_STOPS_WORKERS;
		return 1;
	case WL_AGENT_STOPS_WORKERS:
		if (!all_workers_stopped(agent) && !is_out_of_time(agent, STOP_WORKERS_PERCENT))
			return 0;
		/* The caller has set the last watermarks by now, or does it before the next turn. */
		agent->phase = WL_AGENT_WRITES_LAST;
		return 1;
	case WL_AGENT_WRITES_LAST:
		if (!wl_agent_record_is_settled(agent) && !is_out_of_time(agent, 100))
			return 0;
		agent->phase = WL_AGENT_STOPPED;
		return 1;
	}
	return 0;
}

void wl_agent_get_status(const struct wl_agent *agent, struct wl_agent_status *status)
{
	*status = (struct wl_agent_status){
		.node = agent->config.node,
		.voters = agent->config.voters,
		.journal_count = agent->config.journal_count,
		.worker_count = agent->config.worker_count,
		.phase = agent->phase,
		.record_in_flight = agent->record_in_flight,
		.record_failed = agent->record_failed,
		.rolled_back = agent->rolled_back,
		.record_sequence = agent->record.sequence,
		.boot_count = agent->record.boot_count,
		.features_in_force = agent->record.features_in_force,
		.neighbour_count = agent->neighbours.count,
		.neighbour_counts = agent->neighbours.counts,
		.address_twice = agent->twice_told != 0 || agent->ours_twice_told != 0,
		.counts = agent->counts,
	};
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		wl_election_get_status(&agent->elections[journal], agent->now_ns,
				       &status->journals[journal]);
		status->histories[journal] = agent->histories[journal];
		status->divergences[journal] = agent->divergences[journal];
		status->no_majority[journal] = wl_agent_lacks_majority(agent, journal);
	}
	for (uint32_t worker = 0; worker < agent->config.worker_count; worker++) {
		const struct wl_agent_worker *from = &agent->workers[worker];

		status->workers[worker].backlog = from->backlog_count;
		status->workers[worker].silent_ns = agent->now_ns - from->turn_changed_ns;
		status->workers[worker].stopped = from->stopped;
	}
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++)
		status->peers[node] = agent->record.peers[node];
	for (uint32_t i = 0; i < agent->neighbours.count; i++)
		status->neighbours[i] = agent->neighbours.entries[i];
}

const char *wl_agent_phase_name(enum wl_agent_phase phase)
{
	static const char *const names[] = {"runs", "hands_over", "stops_workers", "writes_last",
					    "stopped"};

	return (unsigned)phase < sizeof(names) / sizeof(names[0]) ? names[phase] : "unknown";
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The superblock record: the hard state of each journal, one write at a time.
 *
 *   want_record --> wanted --submit (all that is wanted at once)--> in_flight --reap--> on_persisted
 *
 * A journal waits for one change of its hard state at most: its election waits for the answer. Watermarks and peers' positions
 * travel with any record, and get one of their own when nothing else was written for a while: they
 * may lag, they are only evidence for the next start.
 */
#include "control/agent/agent_steps.h"
#include "dataplane/base/check.h"

void wl_agent_want_record(struct wl_agent *agent, uint32_t journal, uint64_t term, uint32_t vote)
{
	struct wl_agent_hard_state *state = &agent->hard_state[journal];

	WL_CHECK(!state->wanted && !state->in_flight);
	state->wanted = true;
	state->term = term;
	state->vote = vote;
}

static void tell_election(struct wl_agent *agent, uint32_t journal, bool ok)
{
	wl_election_on_persisted(&agent->elections[journal], ok, agent->now_ns, &agent->effects);
	wl_agent_run_effects(agent, journal);
}

/* Nobody knows what the medium holds now: no journal of this node may vote any more. */
static void fail(struct wl_agent *agent)
{
	agent->record_failed = true;
	agent->counts.records_failed++;
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		agent->hard_state[journal].wanted = false;
		agent->hard_state[journal].in_flight = false;
		tell_election(agent, journal, false);
	}
}

static unsigned reap(struct wl_agent *agent)
{
	int result = agent->ops.reap(agent->ops.context);

	if (result == 0)
		return 0;
	agent->record_in_flight = false;
	agent->record_idle_since_ns = agent->now_ns;
	if (result < 0) {
		fail(agent);
		return 1;
	}
	agent->counts.records++;
	wl_agent_history_is_durable(agent);
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		if (!agent->hard_state[journal].in_flight)
			continue;
		agent->hard_state[journal].in_flight = false;
		tell_election(agent, journal, true);
	}
	return 1;
}

static bool has_reason(const struct wl_agent *agent)
{
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++)
		if (agent->hard_state[journal].wanted)
			return true;
	if (agent->record_urgent)
		return true;
	if (!agent->record_dirty)
		return false;
	return agent->phase == WL_AGENT_WRITES_LAST ||
	       agent->now_ns - agent->record_idle_since_ns >= agent->config.watermark_interval_ns;
}

static unsigned submit(struct wl_agent *agent)
{
	struct wl_superblock next = agent->record;

	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		const struct wl_agent_hard_state *state = &agent->hard_state[journal];
		struct wl_superblock_journal *to = &next.journals[journal];

		to->watermark = state->watermark;
		to->commit = state->commit;
		if (!state->wanted)
			continue;
		/* Terms never fall, a vote is given once a term. */
		WL_CHECK(state->term > to->term || (state->term == to->term && to->vote == 0));
		to->term = state->term;
		to->vote = state->vote;
	}
	if (!agent->ops.submit(agent->ops.context, &next))
		return 0;
	agent->record = next;
	agent->record_in_flight = true;
	agent->record_dirty = false;
	agent->record_urgent = false;
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		agent->histories[journal].caught_up_in_flight =
			next.journals[journal].caught_up_boot;
		if (agent->histories[journal].disown == WL_AGENT_DISOWNED)
			agent->histories[journal].disown = WL_AGENT_DISOWN_IN_FLIGHT;
		agent->hard_state[journal].in_flight = agent->hard_state[journal].wanted;
		agent->hard_state[journal].wanted = false;
	}
	return 1;
}

unsigned wl_agent_tend_record(struct wl_agent *agent)
{
	unsigned done = 0;

	if (agent->record_failed)
		return 0;
	if (agent->record_in_flight)
		done += reap(agent);
	if (!agent->record_in_flight && !agent->record_failed && has_reason(agent))
		done += submit(agent);
	return done;
}

bool wl_agent_record_is_settled(const struct wl_agent *agent)
{
	if (agent->record_failed)
		return true;
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++)
		if (agent->hard_state[journal].wanted)
			return false;
	return !agent->record_in_flight && !agent->record_dirty && !agent->record_urgent;
}

void wl_agent_set_watermark(struct wl_agent *agent, uint32_t journal, uint64_t durable_offset)
{
	WL_CHECK(journal < agent->config.journal_count);
	if (durable_offset <= agent->hard_state[journal].watermark)
		return;
	agent->hard_state[journal].watermark = durable_offset;
	agent->record_dirty = true;
}

void wl_agent_set_commit(struct wl_agent *agent, uint32_t journal, struct wl_position commit)
{
	WL_CHECK(journal < agent->config.journal_count);
	if (commit.index <= agent->hard_state[journal].commit.index)
		return;
	agent->hard_state[journal].commit = commit;
	agent->record_dirty = true;
}

void wl_agent_set_peer_durable(struct wl_agent *agent, uint32_t journal, uint32_t node,
			       struct wl_position position)
{
	struct wl_position *known;

	WL_CHECK(journal < agent->config.journal_count && node <= WIRELOG_NODES_MAX);
	known = &agent->record.peer_durable[journal][node];
	if (wl_position_at_least(*known, position))
		return;
	*known = position;
	agent->record_dirty = true;
}

static const char *check_journal(const struct wl_agent *agent, uint32_t journal)
{
	const struct wl_superblock_journal *record = &agent->record.journals[journal];
	const struct wl_agent_hard_state *state = &agent->hard_state[journal];
	const struct wl_election *election = &agent->elections[journal];
	bool is_settled = !agent->record_in_flight && !agent->record_failed;

	if (election->term > record->term)
		return "A1: an election is of a term that no record has";
	if (is_settled && election->term == record->term && election->vote != record->vote)
		return "A2: an election's vote is not the record's";
	if (state->wanted &&
	    (state->term < record->term || (state->term == record->term && record->vote != 0)))
		return "A3: what is wanted durable is behind the record";
	if (agent->record_in_flight && agent->record_failed)
		return "A4: a record is in flight behind one that failed";
	return NULL;
}

void wl_agent_check(const struct wl_agent *agent)
{
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		const char *broken = check_journal(agent, journal);

		WL_CHECK_MSG(!broken, "agent, journal %u, term %llu, of the record %llu: %s",
			     journal, (unsigned long long)agent->elections[journal].term,
			     (unsigned long long)agent->record.journals[journal].term, broken);
	}
}

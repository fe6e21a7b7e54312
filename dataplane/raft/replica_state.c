/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equal logs must make equal tables: which sessions there are, and what each was answered, decides whether a retry is taken for
 * new. A chain value says nothing of that; so the tables are compared, too, by a digest of all that is in them.
 *
 * The leader asks about the entry at its tail, before anybody can have committed it: each frame carries the question, and who applies
 * just that entry keeps the digest at that moment and answers with the next acknowledgement. When all voters have answered, or
 * have had an election timeout for it, the verdict is told for two heartbeats, and the next question follows. What stands still is asked about again:
 * memory rots without appends, too (session.h, review).
 *
 * A majority of the voters that agrees decides: the leader tells it with its frames, and whoever has another digest at that
 * entry, the leader itself among them, takes no part any more. What two say is no majority of three: nobody can tell which one is
 * wrong, and a leader must not be believed for being the leader, its table may be the one that rots. It is told, and all go on.
 * Nothing is made durable of it: the log is right, as chain values say, and the next start makes the table anew.
 *
 * No node is accused wrongly: within a term {index} names one entry of the leader's log, a digest is taken where just that prefix was
 * applied, which is committed, and what the others answered belongs to the same term and index.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"

#include <string.h>

#define VERDICT_HEARTBEATS 2u /* so long a question stands after its last answer */

void wl_replica_state_begin(struct wl_replica *replica)
{
	memset(&replica->state, 0, sizeof(replica->state));
}

static void tell(struct wl_replica *replica, uint32_t node, uint64_t theirs,
		 enum wl_divergence_kind kind)
{
	struct wl_divergence divergence = {
		.node = node,
		.kind = kind,
		.position.index = replica->state.index,
		.chain = replica->state.digest,
		.their_chain = theirs,
	};

	WL_CHECK(wl_log_term_at(replica->log, divergence.position.index,
				&divergence.position.term) != WL_LOG_BEYOND);
	wl_count(replica->counters, WL_COUNTER_state_diverged);
	if (kind == WL_DIVERGENCE_OF_STATE)
		wl_replica_take_no_part(replica, &divergence);
	wl_replica_tell_diverged(replica, &divergence);
}

/* `node` speaks for a majority. */
static void stand_apart(struct wl_replica *replica, uint32_t node)
{
	WL_CHECK(replica->state.digest != replica->state.verdict);
	if (wl_replica_is_apart(replica))
		return;
	tell(replica, node, replica->state.verdict, WL_DIVERGENCE_OF_STATE);
}

/* What a majority says; 0: no majority is of one mind. *node: one of them; where there is none, one who differs from us. */
static uint64_t majority_of(const struct wl_replica *replica, uint32_t *node)
{
	const struct wl_replica_state *state = &replica->state;
	wl_members voters = wl_list_voters(wl_replica_list(replica));
	uint64_t digest = wl_quorum_agreed(state->theirs, wl_replica_list(replica), node);

	if (digest != 0 || state->digest == 0)
		return digest;
	for (uint32_t voter = WIRELOG_NODES_MAX; voter >= 1; voter--) {
		if (wl_members_has(voters, voter) && state->theirs[voter] != 0 &&
		    state->theirs[voter] != state->digest)
			*node = voter;
	}
	return 0;
}

static void judge(struct wl_replica *replica)
{
	struct wl_replica_state *state = &replica->state;
	uint32_t node;

	state->verdict = majority_of(replica, &node);
	if (state->verdict != 0 && state->digest != 0 && state->digest != state->verdict)
		stand_apart(replica, node);
}

static bool all_have_answered(const struct wl_replica *replica)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(wl_list_voters(wl_replica_list(replica)), node) &&
		    replica->state.theirs[node] == 0)
			return false;
	}
	return true;
}

/* The question is over. Somebody differs, and who is wrong is not known: said once, until they are of one mind. */
static void note_undecided(struct wl_replica *replica)
{
	struct wl_replica_state *state = &replica->state;
	uint32_t node;
	bool undecided = majority_of(replica, &node) == 0 && node != 0;

	if (undecided && !state->undecided)
		tell(replica, node, state->theirs[node], WL_DIVERGENCE_UNDECIDED);
	state->undecided = undecided;
}

/* All have answered, or had their time. What does not commit cannot be applied: it is waited for. */
static bool is_over(const struct wl_replica *replica)
{
	const struct wl_replica_state *state = &replica->state;

	WL_CHECK(state->asked_ns <= replica->now_ns);
	if (state->index == 0)
		return true;
	return replica->commit >= state->index &&
	       (all_have_answered(replica) ||
		replica->now_ns - state->asked_ns >= wl_replica_patience_ns(replica));
}

/* Where nothing is appended only heartbeats carry the verdict: one of them must have left. */
static bool was_told(struct wl_replica *replica)
{
	struct wl_replica_state *state = &replica->state;

	if (state->index != 0 && state->over_ns == 0) {
		state->over_ns = replica->now_ns;
		note_undecided(replica);
	}
	WL_CHECK(state->over_ns <= replica->now_ns);
	return replica->now_ns - state->over_ns >=
	       VERDICT_HEARTBEATS * replica->config.heartbeat_ns;
}

void wl_replica_state_ask(struct wl_replica *replica)
{
	struct wl_replica_state *state = &replica->state;

	WL_CHECK_MSG(state->index <= replica->log->tail.index, "asked of %llu, tail %llu",
		     (unsigned long long)state->index,
		     (unsigned long long)replica->log->tail.index);
	if (replica->log->tail.index == 0 || wl_replica_is_apart(replica) || !is_over(replica) ||
	    !was_told(replica))
		return;
	state->index = replica->log->tail.index;
	state->digest = 0;
	state->verdict = 0;
	state->asked_ns = replica->now_ns;
	state->over_ns = 0;
	memset(state->theirs, 0, sizeof(state->theirs));
}

void wl_replica_state_on_ack(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_append_ack *ack)
{
	struct wl_replica_state *state = &replica->state;

	if (ack->state_index == 0 || ack->state_index != state->index ||
	    state->theirs[from] == ack->state_digest)
		return;
	state->theirs[from] = ack->state_digest;
	judge(replica);
}

void wl_replica_state_on_append(struct wl_replica *replica, uint32_t from,
				const struct wl_wire_append *append)
{
	struct wl_replica_state *state = &replica->state;

	if (append->state_index < state->index)
		return; /* late */
	if (append->state_index > state->index) {
		state->index = append->state_index;
		state->digest = 0;
		state->verdict = 0;
	}
	if (append->state_digest != 0)
		state->verdict = append->state_digest;
	if (state->verdict != 0 && state->digest != 0 && state->digest != state->verdict)
		stand_apart(replica, from);
}

void wl_replica_on_applied(struct wl_replica *replica, uint64_t index, uint64_t digest)
{
	struct wl_replica_state *state = &replica->state;

	WL_CHECK(wl_replica_state_asks(replica, index));
	WL_CHECK_MSG(index <= replica->commit, "applied %llu, commit %llu",
		     (unsigned long long)index, (unsigned long long)replica->commit);
	state->digest = digest != 0 ? digest : 1;
	state->digest_ns = replica->now_ns;
	if (replica->view.role == WL_ROLE_LEADER) {
		state->theirs[replica->config.node] = state->digest;
		judge(replica);
	} else if (state->verdict != 0 && state->digest != state->verdict) {
		stand_apart(replica, replica->follower.heard_leader);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two logs that call different entries by one name. {index, term} names an entry only as long as a term has one leader; a majority
 * of lost disks breaks that, and then a node acknowledges what it does not hold. The chain value behind an entry depends on all before
 * it, so one comparison proves two logs equal up to there. It is made wherever two entries are called the same: `previous`, what came
 * twice, what a follower says that it has. A node never cuts what differs, and never acknowledges it: which of the two is right is not
 * for it to say.
 *
 * Where it is a leader that contradicts what is *committed* here, this node stands apart for the rest of its process: control withdraws
 * it from elections. When a majority of the voters contradicts it, too (replica_inquiry.c), control makes a mark durable that refuses
 * the next start. What is not known to be committed may be a branch that
 * nobody was told of: it costs this view, not the node.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"

/* Of our leader: only such a one may say what the log is, and never anything else about what was committed. */
static bool is_of_committed(const struct wl_replica *replica, uint64_t index)
{
	return replica->view.role == WL_ROLE_FOLLOWER && index <= replica->commit;
}

void wl_replica_take_no_part(struct wl_replica *replica, const struct wl_divergence *divergence)
{
	/* Who contradicts us is never we, and without a name nobody would be apart. */
	WL_CHECK(divergence->node >= 1 && divergence->node <= WIRELOG_NODES_MAX);
	WL_CHECK(divergence->node != replica->config.node);
	replica->apart = *divergence;
	replica->follower.refusal.pending = false;
	if (replica->view.role == WL_ROLE_FOLLOWER)
		replica->follower.diverged = true;
	else
		replica->silent = true;
	if (replica->tx)
		wl_tx_forget(replica->tx);
}

void wl_replica_diverged(struct wl_replica *replica, uint32_t node, struct wl_position position,
			 uint64_t their_chain)
{
	struct wl_divergence divergence = {
		.node = node,
		.position = position,
		.their_chain = their_chain,
	};

	wl_count(replica->counters, WL_COUNTER_append_diverged);
	wl_log_chain_at(replica->log, position.index, &divergence.chain);
	if (replica->view.role == WL_ROLE_FOLLOWER)
		replica->follower.diverged = true;
	if (is_of_committed(replica, position.index) && !wl_replica_is_apart(replica)) {
		divergence.kind = WL_DIVERGENCE_OF_COMMITTED;
		wl_replica_take_no_part(replica, &divergence);
		replica->diverged_told = wl_members_without(replica->diverged_told, node);
		replica->inquiry.index = 0;
		wl_replica_inquire(replica, position.index);
		replica->inquiry.theirs[node] = their_chain;
	}
	if (wl_members_has(replica->diverged_told, node))
		return;
	replica->diverged_told |= wl_members_only(node);
	wl_replica_tell_diverged(replica, &divergence);
}

bool wl_replica_agrees(struct wl_replica *replica, uint32_t node, struct wl_position position,
		       uint64_t their_chain, bool *known)
{
	uint64_t chain;

	*known = their_chain != 0 &&
		 wl_log_chain_at(replica->log, position.index, &chain) == WL_LOG_KNOWN;
	if (!*known || chain == their_chain)
		return true;
	wl_replica_diverged(replica, node, position, their_chain);
	return false;
}

/*
 * A chain value above our commit differs for what lies below it, or for a branch that was never committed: the value behind our commit
 * decides. Where that is equal too, nothing more is asked in this view.
 */
void wl_replica_judge_branch(struct wl_replica *replica, uint32_t from,
			     const struct wl_wire_append *append)
{
	uint64_t term, index = append->previous.index;
	bool known;

	WL_CHECK(replica->view.role == WL_ROLE_FOLLOWER && replica->follower.diverged);
	if (wl_replica_is_apart(replica) || replica->follower.branch_only || replica->commit == 0)
		return;
	if (index == 0 || index > replica->commit ||
	    wl_log_term_at(replica->log, index, &term) != WL_LOG_KNOWN) {
		if (append->sent_ns != 0 || append->bytes != 0)
			wl_replica_refuse(replica, append, replica->commit + 1);
		return;
	}
	if (term != append->previous.term)
		wl_replica_diverged(replica, from, append->previous, append->previous_chain);
	else if (wl_replica_agrees(replica, from, append->previous, append->previous_chain, &known))
		replica->follower.branch_only = known && index == replica->commit;
}

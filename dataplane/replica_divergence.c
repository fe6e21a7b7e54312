/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two logs that call different entries by one name. {index, term} names an entry only as long as a term has one leader; a majority
 * of lost disks breaks that, and then a node acknowledges what it does not hold. The chain value behind an entry depends on all before
 * it, so one comparison proves two logs equal up to there. It is made wherever two entries are called the same: `previous`, what came
 * twice, what a follower says that it has. A node never cuts what differs, and never acknowledges it: which of the two is right is not
 * for it to say.
 */
#include "dataplane/replica_internal.h"

void wl_replica_diverged(struct wl_replica *replica, uint32_t node, struct wl_position position,
			 uint64_t their_chain)
{
	uint64_t chain = 0;

	wl_count(replica->counters, WL_COUNTER_append_diverged);
	if (replica->view.role == WL_ROLE_FOLLOWER)
		replica->diverged = true;
	if (replica->diverged_told & 1u << node)
		return;
	replica->diverged_told |= 1u << node;
	wl_log_chain_at(replica->log, position.index, &chain);
	wl_replica_tell_diverged(replica, node, position, chain, their_chain);
}

bool wl_replica_agrees(struct wl_replica *replica, uint32_t node, struct wl_position position,
		       uint64_t their_chain, bool *known)
{
	uint64_t chain;

	*known = their_chain != 0 && wl_log_chain_at(replica->log, position.index, &chain);
	if (!*known || chain == their_chain)
		return true;
	wl_replica_diverged(replica, node, position, their_chain);
	return false;
}

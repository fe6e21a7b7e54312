/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who made which base. A base's digest is a function of the committed log up to its index; so what a voter says of its own needs no term
 * and no order, and nothing is asked: each acknowledgement has it. That a majority agrees is what makes a base worth trusting (rule 11): one
 * flipped bit in one base must not become what every node that joins later starts from. The leader's own base is one voice as any other.
 *
 * Counted are the voters that count for commit: data that went back may be wrong in more than what they promised.
 */
#include "dataplane/base/check.h"
#include "dataplane/raft/quorum.h"
#include "dataplane/raft/replica_internal.h"

void wl_replica_set_base(struct wl_replica *replica, uint64_t index, uint64_t digest)
{
	WL_CHECK((index == 0) == (digest == 0));
	WL_CHECK(index <= replica->commit);
	replica->base_index = index;
	replica->base_digest = digest;
}

/* 0: it has not said, or has its newest elsewhere. */
static uint64_t digest_of(const struct wl_replica *replica, uint32_t node, uint64_t index)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	if (node == replica->config.node)
		return replica->base_index == index ? replica->base_digest : 0;
	return wl_replica_counts(replica, node) && peer->base_index == index ? peer->base_digest
									     : 0;
}

uint64_t wl_replica_base_agreed(const struct wl_replica *replica, uint64_t index)
{
	uint64_t digests[WIRELOG_NODES_MAX + 1] = {0};
	uint32_t node;

	WL_CHECK(index != 0);
	for (node = 1; node <= WIRELOG_NODES_MAX; node++)
		digests[node] = digest_of(replica, node, index);
	return wl_quorum_agreed(digests, wl_replica_list(replica), &node);
}

static bool is_behind(const struct wl_replica *replica, uint32_t node, uint64_t index)
{
	const struct wl_peer *peer = &replica->leader.peers[node];

	if (node == replica->config.node)
		return replica->base_index < index;
	return wl_replica_counts(replica, node) && peer->base_index < index &&
	       wl_replica_hears(replica, peer);
}

bool wl_replica_base_is_everywhere(const struct wl_replica *replica, uint64_t index)
{
	const struct wl_list *list = wl_replica_list(replica);

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (wl_members_has(wl_list_voters(list), node) && is_behind(replica, node, index))
			return false;
	}
	return true;
}

wl_members wl_replica_base_differs(const struct wl_replica *replica, uint64_t index,
				   uint64_t digest)
{
	const struct wl_list *list = wl_replica_list(replica);
	wl_members differs = 0;

	WL_CHECK(index != 0);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		uint64_t theirs = digest_of(replica, node, index);

		if (wl_members_has(wl_list_voters(list), node) && theirs != 0 && theirs != digest)
			differs |= wl_members_only(node);
	}
	return differs;
}

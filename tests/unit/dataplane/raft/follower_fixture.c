/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/dataplane/raft/follower_fixture.h"

#include <string.h>

static struct replica_fixture cluster;

struct replica_fixture *follower_cluster(void)
{
	return &cluster;
}

void follower_begin(const char *leader, const char *follower, uint64_t term)
{
	replica_fixture_init(&cluster, 3);
	replica_fixture_fill(&cluster, LEADER, leader);
	replica_fixture_fill(&cluster, FOLLOWER, follower);
	replica_fixture_follow(&cluster, FOLLOWER, term, LEADER);
}

void follower_append(uint64_t previous, unsigned count, uint64_t commit)
{
	replica_fixture_send(&cluster, &(struct replica_frame){
					       .from = LEADER,
					       .to = FOLLOWER,
					       .term = replica_of(&cluster, FOLLOWER)->view.term,
					       .previous = previous,
					       .count = count,
					       .commit = commit,
				       });
}

void follower_turn(void)
{
	replica_fixture_turn(&cluster, FOLLOWER);
}

bool follower_answered(struct wl_wire_append_ack *ack)
{
	memset(ack, 0, sizeof(*ack));
	return replica_fixture_take_ack(&cluster, FOLLOWER, LEADER, ack);
}

struct wl_log *follower_log(void)
{
	return replica_log(&cluster, FOLLOWER);
}

struct wl_replica *follower(void)
{
	return replica_of(&cluster, FOLLOWER);
}

uint64_t follower_counted(enum wl_counter which)
{
	return replica_count(&cluster, FOLLOWER, which);
}

uint64_t follower_bad_payloads(void)
{
	return atomic_load(&cluster.nodes[FOLLOWER].counters.dropped[WL_FRAME_BAD_PAYLOAD]);
}

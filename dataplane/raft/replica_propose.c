/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an operator asked for travels to the leader, who alone proposes. It is a wish and no promise: a frame is lost, a leader changes, and it
 * is said again each heartbeat until what is committed has it (the client service knows that, and forgets the wish), or it is old. So a
 * leader may hear the same wish many times; proposing it twice does nothing twice.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/raft/replica_internal.h"

static bool is_part_of(const struct wl_wire_propose *wish, const struct wl_wire_propose *asked)
{
	return wish->verb == asked->verb && wish->verb < WL_WIRE_PROPOSE_MEMBERS &&
	       wish->made == asked->made &&
	       memcmp(wish->name, asked->name, sizeof(wish->name)) == 0 &&
	       wish->number < asked->number;
}

void wl_replica_ask(struct wl_replica *replica, const struct wl_wire_propose *wish)
{
	struct wl_replica_ask *ask = &replica->ask;

	WL_CHECK(wish->verb >= WL_WIRE_PROPOSE_TRIM && wish->verb <= WL_WIRE_PROPOSE_LAST);
	if (is_part_of(wish, &ask->wish))
		return;
	*ask = (struct wl_replica_ask){
		.wish = *wish,
		.until_ns = replica->now_ns + WL_REPLICA_ASK_NS,
	};
}

void wl_replica_on_propose(struct wl_replica *replica, uint32_t from,
			   const struct wl_wire_propose *propose)
{
	/* Who does not lead passes nothing on: what goes round would never end. */
	if (replica->view.role != WL_ROLE_LEADER || replica->silent ||
	    !wl_members_has(wl_list_everybody(wl_replica_list(replica)), from)) {
		wl_count(replica->counters, WL_COUNTER_proposals_stale);
		return;
	}
	wl_replica_ask(replica, propose);
}

void wl_replica_pass_on_ask(struct wl_replica *replica, uint32_t leader)
{
	struct wl_replica_ask *ask = &replica->ask;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[leader]);
	uint8_t *payload;

	WL_CHECK(leader >= 1 && leader <= WIRELOG_NODES_MAX && leader != replica->config.node);
	WL_CHECK(ask->sent_ns <= replica->now_ns);
	if (ask->wish.verb == 0 || replica->remotes[leader].boot_id == 0 ||
	    (ask->sent_ns != 0 && replica->now_ns - ask->sent_ns < replica->config.heartbeat_ns))
		return;
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_PROPOSE, replica->config.journal,
			     WL_TX_RESERVED);
	if (!payload)
		return; /* the next turn tries again */
	wl_tx_close(replica->tx, wl_wire_encode_propose(payload, &ask->wish));
	ask->sent_ns = replica->now_ns;
	wl_count(replica->counters, WL_COUNTER_proposals_sent);
}

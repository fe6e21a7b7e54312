#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# kill -9 of the leader under load, of each node in turn; leadership given away on request.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# As the demo is shipped.
election_ms=60 heartbeat_ms=10 idle_strategy=auto make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500

# Each reign ends by SIGKILL; replies that were on their way are lost, so the client asks again elsewhere.
for round in 1 2 3; do
	need "leader_before_kill_$round" wait_leader
	dead=$leader
	kill_node "$dead"
	claim "another_node_leads_after_kill_$round" wait_other_leader "$dead"
	claim "appends_go_on_after_kill_$round" wait_progress a 500
	start_node "$dead"
	claim "killed_node_starts_again_$round" wait_started "$dead"
	claim "appends_go_on_after_return_$round" wait_progress a 500
done

need leader_before_transfer wait_leader
giver=$leader
claim leader_accepts_transfer order "$giver" /wirelog/transfer
claim leadership_moves_on_request wait_other_leader "$giver"
claim its_new_owner_was_asked_to_take_it grep -q 'takes leadership over' "$cluster/node$leader.log"
claim appends_go_on_after_transfer wait_progress a 500
claim every_append_is_answered stop_loader a
final_check

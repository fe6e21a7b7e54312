#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# One follower, all nodes by SIGTERM, all by SIGKILL: the session of a client lives through it.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

segment_mib=16 ring_mib=16 # the ring that a configuration has when it says nothing
make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500

follower=$(followers_of "$leader" | head -n 1)
end_node "$follower" TERM
claim follower_ends_with_0 test "$status" -eq 0
claim two_nodes_go_on wait_progress a 500
start_node "$follower"
claim follower_starts_again wait_started "$follower"

stop_all
start_all >/dev/null
claim cluster_comes_back_after_sigterm_of_all wait_leader
claim appends_go_on_after_sigterm_of_all wait_progress a 500

for node in 1 2 3; do kill -KILL "${pids[$node]}"; done
for node in 1 2 3; do end_node "$node" KILL; done 2>/dev/null
start_all >/dev/null
claim cluster_comes_back_after_sigkill_of_all wait_leader
claim appends_go_on_after_sigkill_of_all wait_progress a 500

claim every_append_is_answered stop_loader a
claim client_kept_its_session grep -q 'sessions_lost 0' "$cluster/loader.a.out"
# A log that is read from its start on, at each node.
final_check

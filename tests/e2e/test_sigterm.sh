#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SIGTERM under load: leadership is handed over, exit 0 within two seconds, nothing acknowledged is lost.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --rate 8000 --outstanding 256
need appends_are_acknowledged wait_progress a 1000

end_timed() { # NODE: status, took_ms
	local begin
	begin=$(date +%s%N)
	end_node "$1" TERM
	took_ms=$((($(date +%s%N) - begin) / 1000000))
}

for round in 1 2; do
	need "leader_before_sigterm_$round" wait_leader
	old=$leader
	end_timed "$old"
	claim "leader_ends_with_0_$round" test "$status" -eq 0
	# Two seconds are the promise; a machine that is busy with other tests gets one more.
	claim "leader_ends_in_time_$round" test "$took_ms" -lt 3000
	claim "another_node_leads_$round" wait_other_leader "$old"
	claim "leadership_was_handed_over_$round" grep -q 'takes leadership over' "$cluster/node$leader.log"
	claim "appends_go_on_$round" wait_progress a 1000
	start_node "$old"
	need "it_starts_again_$round" wait_started "$old"
	claim "data_need_no_repair_$round" test "$(journal "$old" '.recovery.torn_tail')" = null
done

follower=$(followers_of "$leader" | head -n 1)
end_timed "$follower"
claim follower_ends_with_0 test "$status" -eq 0
claim follower_ends_in_time test "$took_ms" -lt 3000
start_node "$follower"
need follower_starts_again wait_started "$follower"

node=$(followers_of "$leader" | head -n 1)
claim node_stops_when_asked_on_its_socket order "$node" /wirelog/stop
wait "${pids[$node]}"
claim stop_on_the_socket_ends_with_0 test $? -eq 0
unset "pids[$node]"
start_node "$node"
need node_starts_again wait_started "$node"

claim every_append_is_answered stop_loader a
final_check

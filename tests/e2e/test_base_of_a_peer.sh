#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A node is away until the others have given up what it lacks: it gets a base of its leader, and goes on from there, also after
# it was killed. The same with an empty disk.
# beside: others
# timeout: 240
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
for node in 1 2 3; do
	printf 'base:\n  every: 1MiB\nretention:\n  bytes: 16MiB\n' >>"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 500 --size-max 9000 --rate 3000 --timeout-ms 20000
need records_are_taken wait_progress a 500

# Behind the beginning of the leader's log; the load goes on meanwhile.
begins_behind() { [ "$(journal "$leader" .begin.index)" -gt "$1" ]; } 2>/dev/null
goes_away() { # NODE
	local last
	last=$(journal "$1" .tail.index)
	end_node "$1" TERM
	wait_leader && wait_until 90 begins_behind "$last"
}
has_jumped() { [ "$(grep -c base_of_a_peer "$cluster/node$1.log")" -ge "$2" ]; }
has_no_need() { [ "$(journal "$leader" "[.peers[] | select(.needs_base == true)] | length")" = 0 ]; }

away=$(followers_of "$leader" | head -n 1)
need the_others_give_up_what_it_lacks goes_away "$away"
start_node "$away"
claim it_takes_a_base_of_its_leader wait_until 60 has_jumped "$away" 1
claim load_goes_on wait_progress a 200
claim every_append_is_answered stop_loader a
claim it_catches_up wait_caught_up 1 2 3
claim nobody_needs_a_base_any_more wait_until 10 has_no_need
equal_states() {
	local node digest first=''
	for node in 1 2 3; do
		digest=$(journal "$node" .sessions.digest)
		[ "$digest" = "${first:=$digest}" ] || return 1
	done
}
claim its_state_is_that_of_the_others wait_until 20 equal_states
kill_node "$away"
start_node "$away"
claim it_starts_again_from_the_base wait_started "$away"
claim it_catches_up_again wait_caught_up 1 2 3

# An empty disk: nothing of the log's beginning is anywhere any more.
wiped=$(followers_of "$leader" | tail -n 1)
end_node "$wiped" TERM
rm -rf "$cluster/node$wiped/data"
start_node "$wiped"
claim an_empty_disk_takes_a_base wait_until 60 has_jumped "$wiped" 1
claim it_catches_up_too wait_caught_up 1 2 3
start_loader b --size-min 500 --size-max 9000 --rate 500 --timeout-ms 20000
claim records_are_taken_by_all wait_progress b 200
claim every_append_is_answered_again stop_loader b
claim all_are_equal wait_caught_up 1 2 3
stop_all

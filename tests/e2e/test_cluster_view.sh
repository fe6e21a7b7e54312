#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The whole cluster from one node: where the others have no run directory it asks them over the wire, each answers for itself, after it was
# asked, and one that says nothing is named.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

view() { # NODE OPTION...
	local from=$1
	shift
	"$wirelog" status --cluster --check --run-directory "$run_base/view/$from" "$@" >"$work/shown" 2>&1
}
code() { view "$@"; echo $?; }
is_green() { view "$1"; } # from there
sees_all_nodes() { # NODE: whom it sees
	is_green "$1" && [ "$(awk '$NF == "healthy" && $1 ~ /^[0-9]+$/ { print $1 }' "$work/shown" | xargs)" = "1 2 3" ]
}
sees() { view "$1"; grep -Eq "$2" "$work/shown"; } # NODE PATTERN

need cluster_is_made make_cluster view
need nodes_start start_all
need there_is_a_leader wait_leader
for node in 1 2 3; do
	claim "node_${node}_alone_shows_the_whole_cluster" wait_until 30 sees_all_nodes "$node"
done
claim no_line_is_longer_than_a_hundred_columns test "$(awk 'length > 100' "$work/shown" | wc -l)" -eq 0
from_json() { view 1 --json; jq -r "$1" "$work/shown"; }
claim it_says_whom_it_asked gives 'null 1 1' from_json '[.nodes | sort_by(.node)[].asked_by] | map(tostring) | join(" ")'
claim they_tell_how_far_they_are gives true from_json '[.nodes[].journals[0].commit] | min > 0'
asked_at_two() {
	"$wirelog" status --cluster --json --run-directory "$run_base/view/1" --run-directory "$run_base/view/2" |
		jq -r '[.nodes | sort_by(.node)[].asked_by] | map(tostring) | join(" ")'
}
claim those_with_a_run_directory_are_asked_there gives 'null null 1' asked_at_two

# Many who look at the same time: each gets an answer of its own.
all_at_once() {
	local askers=() asker
	for _ in $(seq 12); do
		"$wirelog" status --cluster --check --run-directory "$run_base/view/2" >/dev/null 2>&1 &
		askers+=("$!")
	done
	for asker in "${askers[@]}"; do wait "$asker" || return 1; done
}
claim many_may_look_at_once wait_until 20 all_at_once
claim a_round_that_nobody_began_is_refused grep -q 'no round' <("$e2e/ask" "$run_base/view/1/stats.sock" /wirelog/cluster,99999 2>&1)

# What was true before a stop is not said behind it.
wait_leader
read -r gone other < <(followers_of "$leader" | tr '\n' ' ')
stale=0
for _ in 1 2 3; do
	wait_until 30 is_green "$leader" || break
	end_node "$gone" TERM
	view "$leader" && stale=$((stale + 1))
	start_node "$gone"
	wait_started "$gone" || break
done
claim no_answer_is_older_than_its_question test "$stale" -eq 0
claim it_is_green_when_all_are_back wait_until 30 is_green "$leader"

pause_node "$gone"
claim a_node_that_stands_still_is_named wait_until 10 sees "$leader" "^ +$gone .* unsafe +no answer"
claim and_the_check_ends_with_2 gives 2 code "$leader"
claim a_follower_sees_it_as_well wait_until 10 sees "$other" "^ +$gone .* unsafe +no answer"
claim what_is_allowed_does_not_count wait_until 20 gives 0 code "$leader" --allow no_answer --allow peer_silent --allow redundancy_lost
resume_node "$gone"
claim it_is_green_again wait_until 30 is_green "$leader"

# wirelog stop goes by the same view.
stop_tool() { "$wirelog" stop --run-directory "$run_base/view/$1" "${@:2}" >"$work/stop" 2>&1; } # NODE OPTION...
stops() { # NODE STATUS OPTION...
	local wanted=$2
	stop_tool "$1" "${@:3}"
	[ $? -eq "$wanted" ]
}
is_asked_which() { "$wirelog" stop --run-directory a --run-directory b >"$work/stop" 2>&1; [ $? -eq 64 ]; }
has_exited() { # NODE: with 0
	wait "${pids[$1]}"
	status=$?
	unset "pids[$1]"
	[ "$status" -eq 0 ]
}
claim without_a_name_it_asks_which_of_them is_asked_which
claim the_first_one_may_be_stopped wait_until 20 stops "$other" 0
claim it_has_ended_when_that_is_said has_exited "$other"
claim the_next_one_may_not stops "$gone" 2
claim and_it_is_said_why grep -Eq 'redundancy_lost|no_answer' "$work/stop"
claim it_runs_on kill -0 "${pids[$gone]}"
claim by_force_it_is_stopped stops "$gone" 0 --force --json
claim that_is_said_in_json gives "$gone true" jq -r '"\(.node) \(.ended)"' "$work/stop"
claim that_one_has_ended_too has_exited "$gone"
claim a_node_that_does_not_run_is_named stops "$gone" 69

# Nobody is left who could be asked by: then that is said, as of one node.
unanswered() { view "$leader"; grep -c 'unsafe *no answer' "$work/shown"; }
claim a_node_alone_names_both_that_are_gone wait_until 10 gives 2 unanswered

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog transfer and step-down while records flow: to each node in turn, asked of whoever is there, refused where it cannot be. No append
# fails, and what was acknowledged is there once. COUNT=100 for more of it.
# timeout: 300
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
count=${COUNT:-20}

refuses() { answers "$1" "$2" run_tool "${@:3}"; } # EXIT PATTERN COMMAND...

# Machines without a free core may hold an election of their own right behind it: what counts is that the tool saw it done.
hand_over() { # NODE, asked of any node
	asked=$((RANDOM % 3 + 1))
	run_tool transfer "$1" || { cat "$work/tool.out"; return 1; }
}

many() {
	local round
	for ((round = 1; round <= count; round++)); do
		hand_over $((round % 3 + 1)) || return 1
	done
}

idle_strategy=auto make_cluster transfer || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 60 --size-max 2000 --rate 1500 --outstanding 200
need appends_are_acknowledged wait_progress a 300

asked='1 2 3'
claim "leadership_goes_round_in_$count" many
asked='1 2 3'
wait_leader
claim who_leads_is_done_at_once run_tool transfer "$leader"
claim and_is_told grep -q "node $leader leads it" "$work/tool.out"
claim no_member_is_refused refuses 64 'no member of journal 0' transfer 5
claim no_node_is_refused refuses 64 'NODE' transfer 8
claim no_journal_is_refused refuses 64 'journal 7' transfer --journal 7
claim without_a_node_the_best_one_takes_it run_tool transfer --json
claim what_came_of_it_is_json jq -e '.[0].from != .[0].to and .[0].journal == 0' "$work/tool.out"
wait_leader
before=$leader
asked=$before
claim step_down_gives_it_away run_tool step-down
claim another_one_leads wait_other_leader "$before"
asked=$before
claim step_down_of_a_follower_changes_nothing run_tool step-down
claim and_says_who_leads grep -q 'leads it, which is not asked here' "$work/tool.out"

wait_leader
absent=$(followers_of "$leader" | head -n 1)
kill_node "$absent"
asked=$leader
claim node_that_is_down_is_waited_for_and_told refuses 75 'still led by node' transfer "$absent" --timeout 2
claim appends_go_on_beside_it wait_progress a 300
start_node "$absent"
need absent_node_starts wait_started "$absent"
wait_leader
asked=$leader
claim node_that_is_back_can_have_it run_tool transfer "$absent"
claim no_append_failed stop_loader a
claim none_was_refused grep -q ' refused 0 ' "$cluster/loader.a.out"
final_check

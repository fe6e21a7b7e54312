#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The whole cluster from where none of its nodes has a run directory: as a client, by one endpoint and a key that may read. Each node answers
# for itself; one that says nothing is named, and whether it is silent or only not reached from here.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

view() { # ENDPOINTS OPTION...
	local from=$1
	shift
	"$wirelog" status --cluster --check --endpoints "$from" --key-file "${key:-$cluster/cluster.key}" --cluster-id "$cluster_uuid" "$@" >"$work/shown" 2>&1
}
code() { view "$@"; echo $?; }
is_green() { view "$@"; } # from there
sees() { view "$1"; grep -Eq "$2" "$work/shown"; } # ENDPOINTS PATTERN
from_json() { view "$1" --json; jq -r "$2" "$work/shown"; }
nodes_that_answer() { from_json "$1" '[.nodes[] | select(.answered) | .node] | sort | map(tostring) | join(" ")'; }

need cluster_is_made make_cluster wire
need nodes_start start_all
need there_is_a_leader wait_leader
claim a_key_to_read_is_made "$wirelog" key give read "$cluster/cluster.key" "$cluster/read.key"
for node in 1 2 3; do
	claim "node_${node}_alone_shows_the_whole_cluster" wait_until 30 is_green "$(endpoint "$node")"
	claim "and_all_answer_for_themselves_$node" gives '1 2 3' nodes_that_answer "$(endpoint "$node")"
done
claim one_leads gives 1 from_json "$endpoints" '[.nodes[] | select(.journals[0].role == "leader")] | length'
key=$cluster/read.key
claim a_key_that_may_read_is_enough is_green "$(endpoint 1)"
unset key
claim the_environment_names_them_too env WIRELOG_ENDPOINTS="$(endpoint 2)" WIRELOG_KEY_FILE="$cluster/read.key" WIRELOG_CLUSTER="$cluster_uuid" \
	"$wirelog" status --cluster --check
without_view() { "$wirelog" status --endpoints x 2>"$work/refused"; echo $?; }
claim without_the_view_that_is_refused gives 64 without_view

# One that stands still, and one that is gone.
read -r gone _ < <(followers_of "$leader" | tr '\n' ' ')
pause_node "$gone"
claim a_node_that_stands_still_is_named wait_until 20 sees "$(endpoint "$leader")" "^ +$gone .* unsafe +no answer"
claim the_check_ends_with_2 gives 2 code "$(endpoint "$leader")"
claim by_its_number gives "$gone" from_json "$(endpoint "$leader")" '[.reasons[] | select(.reason == "no_answer") | .node][0]'
claim what_is_allowed_does_not_count wait_until 20 gives 0 code "$(endpoint "$leader")" --allow no_answer --allow peer_silent --allow redundancy_lost
resume_node "$gone"
claim it_is_green_again wait_until 30 is_green "$(endpoint "$leader")"
claim who_reaches_nobody_is_told gives 69 code "memif:@$tag-nobody"

# Nodes that tell no client where the others are: those are heard by the one that is asked.
stop_all
advertise=no
need nodes_that_tell_nothing_are_made make_cluster quiet
need they_start start_all
need they_have_a_leader wait_leader
one=$(endpoint 2)
claim the_others_are_only_not_reached wait_until 30 sees "$one" 'degraded, not_reached, node 1, '
claim and_who_hears_them_is_said grep -q 'node 2 hears it' "$work/shown"
claim that_is_no_reason_for_alarm gives 1 code "$one"
claim nor_is_the_leader_missed gives 0 from_json "$one" '[.reasons[] | select(.reason == "no_leader_answers")] | length'
claim with_all_their_endpoints_all_is_well wait_until 30 is_green "$endpoints"

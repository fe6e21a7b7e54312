#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog readmit: the list of members names the data of each node. One that comes back on an empty disk is swapped in by a committed list, by
# itself, and makes a majority then; where too many are gone there is nobody who could.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

readmit() { run_tool readmit "$@"; }
refuses() { answers "$1" "$2" readmit "${@:3}"; } # EXIT PATTERN ARGUMENT...

named() { journal "$1" ".members.data[] | select(.node == $2) | .named"; } # NODE WHOM
names_all() { [ "$(journal "$1" '[.members.data[] | .named != null and .named == .present] | all')" = true ]; } # NODE
names_other() { find_leader && names_all "$leader" && [ "$(named "$leader" "$1")" != "$2" ]; } # WHOM BEFORE
counts() { find_leader && [ "$(journal "$leader" ".peers[] | select(.node == $1) | .held_back")" = false ]; } # NODE
wipe() { rm -rf "${cluster:?}/node$1/data"; } # NODE

make_cluster readmit || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 100 --size-max 3000 --rate 1000
need appends_are_acknowledged wait_progress a 200
for node in 1 2 3; do claim "node_${node}_names_the_data_of_all" wait_until 20 names_all "$node"; done
mapfile -t others < <(followers_of "$leader")
kept=$leader # who leads may be another one later
claim what_is_named_was_named_before readmit "${others[0]}"
claim and_that_is_told grep -q 'the list named the data' "$work/tool.out"
claim who_is_no_member_is_refused refuses 64 'cluster.nodes' 5 --timeout 1

before=$(named "$leader" "${others[0]}")
kill_node "${others[0]}"
wipe "${others[0]}"
start_node "${others[0]}"
need it_starts_on_an_empty_disk wait_started "${others[0]}"
claim it_is_swapped_in wait_until 30 names_other "${others[0]}" "$before"
claim asked_by_hand_that_is_so readmit "${others[0]}" --json
claim as_json test "$(jq -r '.named == .present' "$work/tool.out")" = true
need it_counts wait_until 30 counts "${others[0]}"
kill_node "${others[1]}"
claim it_makes_the_majority wait_progress a 300

# What the first leader has is all that is left.
stop_loader a
kill_node "${others[0]}"
wipe "${others[0]}"
wipe "${others[1]}"
start_node "${others[0]}"
start_node "${others[1]}"
need two_empty_nodes_start wait_started "${others[0]}" "${others[1]}"
readmit "${others[0]}" --timeout 2
code=$?
claim where_no_majority_is_left_nobody_is_taken_in test "$code" != 0
claim nor_named test "$(named "$kept" "${others[0]}")" != "$(journal "$kept" ".members.data[] | select(.node == ${others[0]}) | .present")"

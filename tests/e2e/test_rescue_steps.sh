#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog unsafe-recover, step by step: who votes is known although the entry that said so was given up; the tool is killed at any moment, and
# the data are what they were or rescued; the node is killed at any moment of its first start, and there is one loss; a second rescue, one
# of data that are of two histories, and one of a node that runs are refused by name.
# beside: others
# timeout: 240
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

data() { echo "$cluster/node$1/data"; } # NODE
recover() { "$wirelog" unsafe-recover "$@" >"$work/tool.out" 2>&1; }
refuses() { answers "$1" "$2" recover "${@:3}"; } # EXIT PATTERN ARGUMENT...
look() { "$wirelog" unsafe-recover --dry-run --json "$(data "$1")"; } # NODE
says() { [ "$(look "$1" | jq "$2")" = "$3" ]; } # NODE FILTER VALUE
sums() { (cd "$(data "$1")" && find . -type f -print0 | sort -z | xargs -0 sha256sum); } # NODE
has_given_up() { [ "$(journal "$1" '.begin.segment')" -gt "$2" ]; } # NODE SEGMENT
has_voters() { [ "$(journal "$1" '.members.voters | map(tostring) | join("")')" = "$2" ]; } # NODE VOTERS
losses() { "$wirelog" dump "$(data "$1")" | grep -c 'goes on at number'; } # NODE
is_rescued() { [ "$(journal "$1" '.rescued.before // "none"')" = "$history" ]; } # NODE
restore() { # NODE: as it was when the others were lost
	rm -rf "$(data "$1")"
	cp -a "$cluster/left" "$(data "$1")"
}

make_cluster steps || exit 1
for node in 1 2 3; do printf 'base:\n  every: 1MiB\n' >>"$cluster/node$node.yaml"; done
need cluster_starts start_all
need a_leader_is_elected wait_leader
gone=$(followers_of "$leader" | head -n 1)
need one_is_removed "$wirelog" member remove "$gone" --run-directory "$run_base/steps/$leader"
pair=$(printf '%s\n' 1 2 3 | grep -vx "$gone" | tr -d '\n')
need two_vote wait_until 20 has_voters "$leader" "$pair"
kept=$leader other=${pair/$leader/}
history=$(journal "$kept" .history)

# ---- what said who votes is given up ---------------------------------------------------------------

start_loader a --size-min 8000 --size-max 9000 --rate 1500
number_to_trim() { journal "$kept" .commit_number; }
gives_up() { # until it has
	"$wirelog" trim --to "$(($(number_to_trim) - 5))" --run-directory "$run_base/steps/$kept" >/dev/null 2>&1
	sleep 0.5
	has_given_up "$kept" 0
}
need the_first_entries_are_given_up wait_until 60 gives_up
claim every_append_is_answered stop_loader a
need both_have_all wait_caught_up "$kept" "$other"
stop_all
sum=$(sums "$kept")
claim the_list_is_that_of_the_base says "$kept" '.[0].data[0].voters | map(tostring) | join("")' "\"$pair\""
claim a_look_changes_nothing test "$(sums "$kept")" = "$sum"
claim two_of_them_are_a_majority refuses 64 'a majority of journal 0.s voters is here' --yes "$(data "$kept")" "$(data "$other")"
claim the_removed_one_is_none refuses 64 'has more of journal 0' --yes "$(data "$gone")" "$(data "$kept")"
claim a_refusal_changes_nothing test "$(sums "$kept")" = "$sum"
before=$(look "$kept" | jq '.[0].maybe_lost_from')
index=$(look "$kept" | jq '.[0].data[0].last_index')
cp -a "$(data "$kept")" "$cluster/left"

# ---- the tool is killed ------------------------------------------------------------------------------

rescued=0 untouched=0
killed_well() { # MILLISECONDS
	local pid under_way
	restore "$kept"
	"$wirelog" unsafe-recover --yes "$(data "$kept")" >/dev/null 2>&1 &
	pid=$!
	sleep "$(printf '0.%03d' "$1")"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	under_way=$(look "$kept" | jq '.[0].data[0].under_way') || return 1
	says "$kept" '.[0].data[0].last_index' "$index" || return 1
	if [ "$under_way" = true ]; then
		rescued=$((rescued + 1))
		refuses 64 'a history of its own already' --yes "$(data "$kept")" || return 1
	else
		untouched=$((untouched + 1))
		[ "$(sums "$kept" | grep -v superblock)" = "$(grep -v superblock <<<"$sum")" ] || return 1
		recover --yes "$(data "$kept")" || return 1
	fi
	says "$kept" '.[0].data[0].under_way' true
}
killed_at_all_moments() {
	local at
	for at in 1 5 10 15 20 25 30 35 40 50 60 70 80 100 120 140 160 200 300 500; do killed_well "$at" || return 1; done
}
claim the_data_are_rescued_or_what_they_were killed_at_all_moments
echo "# killed $((rescued + untouched)) times: $rescued rescued, $untouched as before" # not which: that is the machine's speed

# ---- two histories of one cluster ----------------------------------------------------------------------

restore "$kept"
claim one_is_rescued recover --yes "$(data "$kept")"
claim not_twice refuses 64 'a history of its own already' --yes "$(data "$kept")"
claim nor_another_one_beside_it refuses 65 'of two histories' --yes "$(data "$other")" "$(data "$kept")"
claim which_is_as_it_was says "$other" '.[0].data[0].under_way' false

# ---- the node is killed --------------------------------------------------------------------------------

starts_and_dies() {
	local at
	for at in 02 05 1 15 2 25 3 4 6 8; do
		start_node "$kept"
		sleep "0.$at"
		kill_node "$kept" 2>/dev/null
	done
}
claim it_dies_again_and_again starts_and_dies
start_node "$kept"
need it_starts wait_started "$kept"
need it_leads wait_leader
claim it_votes_alone wait_until 20 has_voters "$kept" "$kept"
claim it_is_of_another_history wait_until 20 is_rescued "$kept"
claim nothing_that_it_had_is_lost test "$(journal "$kept" .rescued.lost_from)" = "$before"
claim a_running_node_is_not_rescued refuses 75 STORE_IN_USE --yes "$(data "$kept")"
start_loader b
claim appends_go_on wait_progress b 100
claim each_is_answered stop_loader b
end_node "$kept" TERM
claim there_is_one_loss test "$(losses "$kept")" = 1
claim the_log_is_whole "$wirelog" verify "$(data "$kept")"

# ---- and another majority is lost: nobody can say how often ------------------------------------------

claim alone_it_needs_none refuses 64 'a majority of journal 0.s voters is here' --yes "$(data "$kept")"

# Whoever rescues two apart finds two histories that do not hear each other.
claim the_other_one_is_rescued_too recover --yes "$(data "$other")"
start_node "$kept"
start_node "$other"
need both_start wait_started "$kept" "$other"
is_strange() { [ "$(journal "$1" ".peers[] | select(.node == $2) | .other_history")" = true ]; } # NODE WHOM
claim the_one_refuses_the_other wait_until 20 is_strange "$kept" "$other"
claim and_the_other_way_round wait_until 20 is_strange "$other" "$kept"
claim each_votes_alone wait_until 20 has_voters "$other" "$other"
claim and_so_does_the_first has_voters "$kept" "$kept"
stop_all

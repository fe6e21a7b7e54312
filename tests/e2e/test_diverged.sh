#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two branches of one history, each of them committed: the data of all three nodes are kept, they go on and commit; then two of them are put back to
# what was kept, and commit something else. What the third holds as committed is contradicted by whoever leads: it takes no part, says so by name,
# serves no reader, and a start on those data is refused from then on. The two others go on. (Data of another history are told apart before
# anything is compared: test_rescue.sh.)
# beside: others
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500
claim every_append_is_answered stop_loader a
need all_are_caught_up wait_caught_up 1 2 3
odd=$(followers_of "$leader" | head -n 1)
stop_all
for node in 1 2 3; do cp -a "$cluster/node$node/data" "$cluster/kept$node"; done
ends_at() { "$wirelog" unsafe-recover --dry-run --json "$cluster/kept$1" | jq '.[0].data[0].last_index'; } # NODE
shared=$(for node in 1 2 3; do ends_at "$node"; done | sort -n | head -n 1)

need all_go_on start_all
need somebody_leads_again wait_leader
start_loader b
need one_branch_is_acknowledged wait_progress b 500
claim every_append_of_it_is_answered stop_loader b
need all_have_it wait_caught_up 1 2 3
history=$(journal "$odd" .history)
stop_all
mapfile -t two < <(printf '%s\n' 1 2 3 | grep -vx "$odd")
for node in "${two[@]}"; do
	rm -rf "$cluster/node$node/data"
	cp -a "$cluster/kept$node" "$cluster/node$node/data"
done
start_two() {
	for node in "${two[@]}"; do start_node "$node"; done
	wait_started "${two[@]}" && wait_leader
}
need two_go_on_from_what_was_kept start_two
start_loader c
need the_other_branch_is_acknowledged wait_progress c 500
claim every_append_of_that_is_answered stop_loader c
for node in "${two[@]}"; do end_node "$node" TERM; done
# Under a boot that the third never met: by the ones that it knows they would be old images.
need they_start_once_more start_two
start_loader d
need they_commit wait_progress d 100
start_node "$odd"
need it_starts_on_the_other_branch wait_started "$odd"
is_diverged() { [ "$(journal "$1" .role)" = diverged ]; }
need it_takes_no_part wait_until 30 is_diverged "$odd"
claim line_names_it wait_until 10 grep -q 'diverged.*code=STORE_DIVERGED' "$cluster/node$odd.log"
tells_both_chains() { journal "$odd" '.divergence | "\(.chain) \(.their_chain)"' | grep -Eq '^"?[0-9a-f]{16} [0-9a-f]{16}"?$'; }
claim both_chain_values_are_told wait_until 10 tells_both_chains
claim status_is_red wait_until 10 gives true of "$odd" '.mode.reasons | index("diverged") != null'
other=$(followers_of "$odd" | head -n 1)
"$wirelog" verify --cluster --run-directory "$run_base/${cluster##*/}/$other" >"$work/compare.out" 2>&1
claim compared_by_an_operator_it_differs test $? -eq 65
# The first entry of a term may be the same one on both.
claim first_entry_that_differs_is_named grep -Eq "DIFFERS first at entry ($((shared + 1))|$((shared + 2)))\$" "$work/compare.out"
claim they_are_of_one_history test "$(journal "$other" .history)" = "$history"
claim nobody_takes_it_for_another_one test "$(grep -c OTHER_HISTORY "$cluster/node$odd.log")" = 0
claim it_votes_no_more wait_until 10 gives out journal "$odd" .election.state
claim two_go_on wait_progress d 300
claim it_stays_up is_running "$odd"
claim it_knows_no_leader wait_until 10 gives 0 journal "$odd" .leader

end_node "$odd" TERM
run_daemon "$cluster/node$odd.yaml"
claim start_is_refused_by_name grep -q 'code=STORE_DIVERGED' "$work/daemon.out"
claim start_ends_with_65 test "$status" -eq 65
claim refusal_has_the_chain_values grep -q 'committed here is' "$work/daemon.out"
run_daemon "$cluster/node$odd.yaml"
claim every_start_is_refused test "$status" -eq 65
claim verify_still_reads_it "$wirelog" verify "$cluster/node$odd/data"

# The others' branch is the one that goes on: an empty directory.
rm -rf "$cluster/node$odd/data"
start_node "$odd"
claim empty_directory_is_taken_in wait_started "$odd"
claim every_append_beside_it_is_answered stop_loader d
claim all_are_caught_up_at_the_end wait_caught_up 1 2 3
stop_all

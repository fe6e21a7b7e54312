#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two histories under one cluster's name: the data of one node are kept, all three nodes begin anew with empty directories, and the kept
# data are put back under the third. What it holds as committed is contradicted by whoever leads: it takes no part, says so by name,
# serves no reader, and a start on those data is refused from then on. The two others go on.
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
cp -a "$cluster/node$odd/data" "$cluster/kept"
rm -rf "$cluster"/node?/data

need it_begins_anew start_all
need somebody_leads_again wait_leader
start_loader b
need others_are_acknowledged wait_progress b 500
claim every_append_of_the_second_history_is_answered stop_loader b
need all_are_caught_up_again wait_caught_up 1 2 3
start_loader c
end_node "$odd" TERM
rm -rf "$cluster/node$odd/data"
cp -a "$cluster/kept" "$cluster/node$odd/data"
start_node "$odd"
# An old image first, as far as the others can tell; from the second start on it is listened to.
has_ended() { ! is_running "$1"; }
wait_until 20 has_ended "$odd"
if has_ended "$odd"; then
	wait "${pids[$odd]}" 2>/dev/null
	start_node "$odd"
fi
need it_starts_on_the_other_history wait_started "$odd"
is_diverged() { [ "$(journal "$1" .role)" = diverged ]; }
need it_takes_no_part wait_until 30 is_diverged "$odd"
claim line_names_it wait_until 10 grep -q 'diverged.*code=STORE_DIVERGED' "$cluster/node$odd.log"
tells_both_chains() { journal "$odd" '.divergence | "\(.chain) \(.their_chain)"' | grep -Eq '^"?[0-9a-f]{16} [0-9a-f]{16}"?$'; }
claim both_chain_values_are_told wait_until 10 tells_both_chains
claim status_is_red wait_until 10 gives true of "$odd" '.mode.reasons | index("diverged") != null'
other=$(followers_of "$odd" | head -n 1)
"$wirelog" verify --cluster --run-directory "$run_base/${cluster##*/}/$other" >"$work/compare.out" 2>&1
claim compared_by_an_operator_it_differs test $? -eq 65
claim first_entry_that_differs_is_named grep -q 'DIFFERS first at entry [12]$' "$work/compare.out"
claim it_votes_no_more wait_until 10 gives out journal "$odd" .election.state
claim two_go_on wait_progress c 300
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

# The others' history is the one that goes on: an empty directory.
rm -rf "$cluster/node$odd/data"
start_node "$odd"
claim empty_directory_is_taken_in wait_started "$odd"
claim every_append_beside_it_is_answered stop_loader c
claim all_are_caught_up_at_the_end wait_caught_up 1 2 3
stop_all

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A disk that forgets: a follower's data are wiped, then an old copy of them is put back. The others remember what it
# acknowledged, so its vote counts for nothing before it has caught up: with the one other node that has everything
# gone, nobody leads, rather than somebody who lacks what was acknowledged.
# beside: others
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

nobody_leads() { # SECONDS: for so long
	local deadline=$((SECONDS + $1))
	while [ "$SECONDS" -lt "$deadline" ]; do
		! find_leader || { echo "node $leader leads"; return 1; }
		sleep 0.2
	done
}

has_committed_since() { [ "$(journal "$1" .commit)" -gt 0 ]; } # NODE: since it is empty

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500
first=$leader
read -r wiped behind <<<"$(followers_of "$first" | tr '\n' ' ')"

# Leader and one follower go on; what they acknowledge now, the third has never seen.
pause_node "$behind"
claim majority_goes_on wait_progress a 300
kill_node "$wiped"
kill_node "$first"
rm -rf "$cluster/node$wiped/data"
resume_node "$behind"
start_node "$wiped"
need wiped_node_starts wait_started "$wiped"
claim wiped_node_elects_nobody nobody_leads 6
claim the_other_says_so grep -q 'data that do not remember' "$cluster/node$behind.log"
claim votes_are_counted_as_disbelieved test "$(of "$behind" .control.votes_disbelieved)" -gt 0

start_node "$first"
claim who_has_everything_leads_again wait_leader
claim appends_go_on wait_progress a 300
claim wiped_node_reads_along wait_until 60 has_committed_since "$wiped"

# Caught up once, it is a voter like any other.
claim every_append_is_answered stop_loader a
claim all_are_caught_up wait_caught_up 1 2 3
kill_node "$first"
claim wiped_node_votes_again wait_other_leader "$first"
start_node "$first"
wait_started "$first" >/dev/null

# An old copy of a node's data: its boot count is one that the others have left behind.
wait_leader
old=$(followers_of "$leader" | head -n 1)
end_node "$old" TERM
cp -a "$cluster/node$old/data" "$cluster/node$old/old-copy"
for _ in 1 2; do
	start_node "$old"
	wait_started "$old" >/dev/null
	wait_caught_up 1 2 3 >/dev/null
	end_node "$old" TERM
done
rm -rf "$cluster/node$old/data"
mv "$cluster/node$old/old-copy" "$cluster/node$old/data"
run_daemon "$cluster/node$old.yaml"
claim old_copy_is_refused_by_name grep -q STORE_OLD_IMAGE <<<"$said"
claim old_copy_ends_with_65 test "$status" -eq 65
start_node "$old"
claim next_start_catches_up wait_caught_up 1 2 3
final_check

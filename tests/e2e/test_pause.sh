#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SIGSTOP and SIGCONT of leader and follower: leadership moves, and nobody answers from the past.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

advertise=no make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500

# A client that talks to the stopped leader only: what it gets told after SIGCONT must be true.
old=$leader old_term=$(journal "$leader" .term)
start_loader stuck --endpoints "$(endpoint "$old")" --rate 200 --timeout-ms 8000
need a_client_of_the_old_leader wait_progress stuck 20
pause_node "$old"
sleep 0.3
claim another_node_leads_while_the_leader_is_stopped wait_other_leader "$old"
claim appends_go_on_while_the_leader_is_stopped wait_progress a 500
resume_node "$old"
follows() { [ "$(journal "$1" .role)" = follower ] && [ "$(journal "$1" .term)" -gt "$2" ]; }
claim old_leader_follows_after_sigcont wait_until 30 follows "$old" "$old_term"
# It is told that nothing is known of them, or where they stand; the check at the end knows which is true.
claim its_appends_are_answered stop_loader stuck

pause_a_follower() {
	local follower
	follower=$(followers_of "$leader" | head -n 1)
	pause_node "$follower"
	wait_progress a 2000 || return 1
	sleep 1
	resume_node "$follower"
	wait_progress a 1000
}
claim returning_follower_disturbs_nobody keeps_leader pause_a_follower

# All at once: nobody has heard of anybody, nobody may believe in an old leadership.
for node in 1 2 3; do pause_node "$node"; done
sleep 1.5
for node in 1 2 3; do resume_node "$node"; done
claim cluster_goes_on_after_all_were_stopped wait_progress a 500

claim every_append_is_answered stop_loader a
final_check

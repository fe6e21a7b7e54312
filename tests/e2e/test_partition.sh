#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Partitions and one-way cuts through the switch; replies that are lost; a bad network.
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

advertise=no make_cluster main switch || exit 1
need switch_starts start_switch
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500

follows() { [ "$(journal "$1" .role)" = follower ] && [ "$(journal "$1" .leader)" != 0 ]; }
is_quiet() { [ "$(journal "$1" '.role == "leader" and (.silent | not)')" = false ]; }

# The leader alone on its side, with a client that talks to nobody else.
old=$leader
start_loader lonely --endpoints "$(endpoint "$old")" --rate 500 --timeout-ms 10000
need a_client_of_the_old_leader wait_progress lonely 20
claim isolate_the_leader switch isolate "$old"
claim majority_elects_another_leader wait_other_leader "$old"
claim majority_goes_on wait_progress a 500
claim minority_leader_falls_silent wait_until 10 is_quiet "$old"
before=$(acknowledged lonely)
sleep 1
claim minority_acknowledges_nothing test "$(acknowledged lonely)" -eq "$before"
switch heal >/dev/null
claim old_leader_follows_after_the_partition wait_until 30 follows "$old"
claim appends_go_on_after_the_partition wait_progress a 500
claim client_of_the_minority_is_answered stop_loader lonely

# A follower alone: its return disturbs nobody (pre-vote).
isolate_a_follower() {
	follower=$(followers_of "$leader" | head -n 1)
	switch isolate "$follower"
	wait_progress a 2000 || return 1
	sleep 1.5
	switch heal
	wait_progress a 500 && wait_until 30 follows "$follower"
}
claim isolated_follower_deposes_nobody keeps_leader isolate_a_follower

# It does not hear the leader, but everybody hears it.
deafen_a_follower() {
	follower=$(followers_of "$leader" | head -n 1)
	switch cut "$leader" "$follower"
	sleep 1.5
	wait_progress a 500 || return 1
	switch heal
	sleep 0.5
}
claim deaf_follower_deposes_nobody keeps_leader deafen_a_follower

# The leader does not hear one of them.
follower=$(followers_of "$leader" | head -n 1)
switch cut "$follower" "$leader" >/dev/null
claim appends_go_on_with_a_mute_follower wait_progress a 1000
switch heal >/dev/null

# Beside an old leader that is deaf or mute, one of the two that hear each other stands still for longer than an election timeout: nobody
# else can be elected, so leader and term stay as they are.
stand_still() { # NODE
	pause_node "$1"
	sleep 0.8
	resume_node "$1"
	wait_progress a 200
}
stop_each_beside() { # OLD LEADER
	local before stays=yes node
	wait_leader || return 1
	for node in $((6 - leader - $1)) "$leader"; do
		before=$(state)
		stand_still "$node" && wait_leader || return 1
		[ "$(state)" = "$before" ] || stays="node $node stood still: leader and term $before, then $(state)"
	done
	[ "$stays" = yes ] || echo "$stays"
	[ "$stays" = yes ]
}

# The leader hears nobody: what it sends arrives and is logged, the answers are lost. Another node leads, has these
# records already, and is asked for them again.
need leader_before_deafness wait_leader
old=$leader
switch cut '*' "$old" >/dev/null
claim deaf_leader_is_replaced wait_other_leader "$old"
claim appends_go_on_without_the_deaf_leader wait_progress a 500
recognises_duplicates() { find_leader && [ "$(counter "$leader" client_duplicates)" -gt 0 ]; }
claim new_leader_recognises_duplicates wait_until 10 recognises_duplicates
claim stops_beside_a_deaf_leader_move_nothing stop_each_beside "$old"
switch heal >/dev/null
claim deaf_leader_follows wait_until 30 follows "$old"

# Nobody hears the leader.
need leader_before_muteness wait_leader
old=$leader
switch cut "$old" '*' >/dev/null
claim mute_leader_is_replaced wait_other_leader "$old"
claim appends_go_on_without_the_mute_leader wait_progress a 500
claim stops_beside_a_mute_leader_move_nothing stop_each_beside "$old"
switch heal >/dev/null

# Loss, copies, overtaking, flipped bits on every link.
for rule in loss dup swap; do switch "$rule" '*' '*' 20000 >/dev/null; done
switch flip '*' '*' 2000 >/dev/null
claim appends_go_on_in_a_bad_network wait_progress a 5000 60
forged=0
for node in 1 2 3; do
	forged=$((forged + $(counter "$node" 'dropped | add')))
done
claim damaged_frames_are_dropped_and_counted test "$forged" -gt 0
switch heal >/dev/null

claim every_append_is_answered stop_loader a
final_check

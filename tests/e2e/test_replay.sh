#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Frames recorded by the switch and sent again: in the same boot, after a restart, into another cluster.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main switch || exit 1
need switch_starts start_switch
tape=$run_base/tape
switch record "$tape" >/dev/null
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 1000
# Votes belong on the tape, too.
order "$leader" /wirelog/transfer >/dev/null
wait_other_leader "$leader"
need appends_after_transfer wait_progress a 1000
switch stop-record >/dev/null
claim frames_were_recorded test "$(stat -c %s "$tape")" -gt 100000

dropped() { # REASON: by all nodes
	local node sum=0
	for node in 1 2 3; do sum=$((sum + $(counter "$node" "dropped.$1"))); done
	echo "$sum"
}

claim replay_changes_no_leader keeps_leader switch replay "$tape"
claim appends_go_on_under_replay wait_progress a 500
claim replayed_frames_are_dropped test "$(dropped replayed)" -gt 100

# Every frame on the tape is authentic. After a restart of all nodes none may count.
claim every_append_is_answered stop_loader a
hold_promises >"$work/before" || not_ok promises_before_restart "$(cat "$work/before")"
stop_all
need cluster_starts_again start_all
need a_leader_is_elected_again wait_leader
replay_and_wait() { switch replay "$tape" && sleep 1; }
claim earlier_boot_changes_no_leader keeps_leader replay_and_wait
claim frames_of_an_earlier_boot_are_dropped \
	test $(($(dropped old_boot) + $(dropped unproven) + $(dropped replayed))) -gt 100
claim earlier_boot_adds_no_record test "$(journal "$leader" .commit_number)" -eq "$(acknowledged a)"
start_loader b
claim appends_go_on_after_it wait_progress b 500

# One node is new, the others remember its earlier boot; and it is hit while it starts.
victim=$(followers_of "$leader" | head -n 1)
kill_node "$victim"
start_node "$victim"
switch replay "$tape" >/dev/null
claim node_starts_under_replay wait_started "$victim"
claim appends_go_on_under_that wait_progress b 500
claim every_append_is_answered_again stop_loader b
final_check
stop_all

# Frames that name another boot of their receiver are dropped before anybody looks at their tag.
is_dropped_as() { # REASON
	local named
	named=$(dropped "$1")
	[ "$named" -gt 0 ] && [ $((named + $(dropped unproven) + $(dropped replayed))) -gt 100 ]
}

# The same names and addresses, another key: nothing on the tape verifies. Then another cluster id.
for kind in other_key other_cluster; do
	rm -rf "$cluster"/node?/data "$cluster"/acks.*
	if [ "$kind" = other_key ]; then
		rm -f "$cluster/cluster.key"
		"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1
	else
		cluster_uuid=0e0e0e0e-7d6f-4a35-9a53-2f7f3a4c1e90
		sed -i "s|uuid: .*|uuid: $cluster_uuid|" "$cluster"/node?.yaml
	fi
	need "cluster_starts_$kind" start_all
	need "a_leader_is_elected_$kind" wait_leader
	claim "tape_changes_no_leader_$kind" keeps_leader replay_and_wait
	claim "tape_is_dropped_as_$kind" is_dropped_as "$kind"
	claim "tape_adds_no_record_$kind" test "$(journal "$leader" .commit_number)" -eq 0
	start_loader "$kind" --count 500
	claim "appends_go_on_$kind" wait_loader "$kind"
	stop_all
done

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A worker that stands still beside a healthy control thread: leadership moves, and comes to no harm.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500

old=$leader
"$e2e/freeze" "${pids[$old]}" wl-pmd-0 6000 >"$work/freeze.out" 2>&1 &
freezer=$!
extra_pids+=("$freezer")
wait_until 5 grep -q frozen "$work/freeze.out"
if ! kill -0 "$freezer" 2>/dev/null; then
	wait "$freezer"
	[ $? -eq 77 ] || not_ok worker_can_be_frozen "$(cat "$work/freeze.out")"
	skip leadership_leaves_a_stalled_worker "this user may not trace a process (root, or kernel.yama.ptrace_scope=0)"
else
	claim leadership_leaves_a_stalled_worker wait_other_leader "$old"
	claim appends_go_on_beside_it wait_progress a 500
	# Control answers although its worker does not.
	claim status_of_the_stalled_node_is_answered test "$(of "$old" .node)" = "$old"
	is_silent() { [ "$(of "$old" '.workers[0].silent_ns')" -gt 1000000000 ]; }
	claim status_names_the_silence wait_until 5 is_silent
	wait "$freezer"
	follows() { [ "$(journal "$old" .role)" = follower ]; }
	claim it_follows_when_it_moves_again wait_until 30 follows
	claim appends_go_on_afterwards wait_progress a 500
fi
claim every_append_is_answered stop_loader a
final_check

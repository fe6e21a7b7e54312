#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a node is started beside and with: another node's run directory, closed descriptors, a limit of file sizes.
# beside: others
# timeout: 60
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
run=$run_base/main/1
pid_file=$run/wirelogd.pid

# ---- a second start -----------------------------------------------------------------------------

is_refused_twice() {
	local turn
	for turn in 1 2; do
		run_daemon "$cluster/node1.yaml"
		[ "$status" -eq 75 ] || { echo "turn $turn: exit $status: $said"; return 1; }
		[ "$(cat "$pid_file")" = "${pids[1]}" ] || { echo "turn $turn: the pid file is not the node's"; return 1; }
		[ -S "$run/stats.sock" ] || { echo "turn $turn: the stats socket is gone"; return 1; }
	done
	of 1 .node >/dev/null
}
start_node 1
need node_starts wait_started 1
claim second_start_is_refused_and_takes_nothing_away is_refused_twice
end_node 1 TERM
claim node_takes_its_files_along test ! -e "$pid_file" -a ! -e "$run/stats.sock"

# A file that came to stand under the name meanwhile is somebody else's.
start_node 1
need node_starts_again wait_started 1
mv "$pid_file" "$pid_file.moved" && echo theirs >"$pid_file"
end_node 1 TERM
claim file_of_somebody_else_is_left test "$(cat "$pid_file" 2>&1)" = theirs
rm -f "$pid_file" "$pid_file.moved"

echo precious >"$work/precious"
ln -s "$work/precious" "$pid_file"
run_daemon "$cluster/node1.yaml"
claim pid_file_is_not_followed test "$status" -eq 73 -a "$(cat "$work/precious")" = precious
rm -f "$pid_file"

# ---- closed descriptors -------------------------------------------------------------------------

start_closed() {
	: >"$cluster/node1.log"
	"$wirelogd" --config "$cluster/node1.yaml" <&- >&- 2>&- &
	pids[1]=$!
	wait_until 30 test -S "$run/stats.sock"
}
has_null() {
	local fd
	for fd in 0 1 2; do
		[ "$(readlink "/proc/${pids[1]}/fd/$fd")" = /dev/null ] || { ls -l "/proc/${pids[1]}/fd"; return 1; }
	done
}
need node_starts_with_closed_descriptors start_closed
claim closed_descriptors_lead_nowhere has_null
end_node 1 TERM
claim node_with_closed_descriptors_ends test "$status" -eq 0
start_node 1
claim its_data_are_whole wait_started 1

# ---- a limit of file sizes ----------------------------------------------------------------------

prlimit --pid "${pids[1]}" --fsize=4096:
sleep 0.3
claim limit_of_file_sizes_ends_no_node is_running 1
end_node 1 TERM
rm -rf "$cluster/node1/data"
under_a_limit() {
	(ulimit -f 16; run_daemon "$cluster/node1.yaml"; echo "$status $said") >"$work/limited" 2>&1
	cat "$work/limited"
	grep -q '^73 ' "$work/limited" && grep -q FILE_LIMIT "$work/limited"
}
claim start_under_a_limit_names_it under_a_limit

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A node says whether it is well, and so does the cluster: each change is seen by --check, told once in the log and to the service manager;
# a restart of every node that asks --check before each step loses nothing and is never refused a majority.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

directories=()
check() { "$wirelog" status --check "${directories[@]}" "$@" >"$work/status" 2>&1; } # OPTION...
is_green() { check --cluster; }
code() { check "$@"; echo $?; }
check_node_alone() { "$wirelog" status --check --run-directory "$run_base/well/$1" >/dev/null 2>&1; }
level() { of "$1" .health.level; }
has_reason() { [ "$(of "$1" "[.health.reasons[].reason] | index(\"$2\") != null")" = true ]; } # NODE REASON
has_no_reason() { ! has_reason "$@"; }
stands_alone() { has_reason "$1" no_leader || has_reason "$1" silent; }
lines() { grep -c " health .*reason=$2\b$3" "$cluster/node$1.log"; } # NODE REASON REST
hears() { grep -q "$1" "$work/notified"; }

need cluster_is_made make_cluster well
for node in 1 2 3; do
	directories+=(--run-directory "$run_base/well/$node")
done
"$e2e/notified" "$run_base/notify" >"$work/notified" 2>&1 &
extra_pids+=($!)
need manager_listens wait_until 10 grep -q listening "$work/notified"
NOTIFY_SOCKET=$run_base/notify start_node 1
start_node 2
start_node 3
need nodes_start wait_started 1 2 3
need there_is_a_leader wait_leader
start_loader a --rate 500
claim records_are_acknowledged wait_progress a 200

claim cluster_becomes_healthy wait_until 30 is_green
claim it_says_so grep -q '^cluster: healthy$' "$work/status"
claim no_line_is_longer_than_a_hundred_columns test "$(awk 'length > 100' "$work/status" | wc -l)" -eq 0
claim manager_hears_it wait_until 10 hears '^STATUS=healthy$'
for node in 1 2 3; do
	claim "node_${node}_is_healthy_by_itself" wait_until 20 check_node_alone "$node"
	claim "mode_of_node_${node}_agrees" wait_until 20 gives false of "$node" '.mode.degraded'
done

# One of three away: the next failure stops it.
wait_leader
before=$leader
read -r gone other < <(followers_of "$leader" | tr '\n' ' ')
kill_node "$gone"
claim silence_of_a_peer_is_seen wait_until 20 has_reason "$before" peer_silent
claim lost_redundancy_is_seen wait_until 10 has_reason "$before" redundancy_lost
claim its_leader_is_unsafe wait_until 10 gives unsafe level "$before"
claim check_ends_with_2 wait_until 10 gives 2 code --cluster
names_the_node() { code --cluster >/dev/null; grep -q "peer_silent, journal 0, node $gone, for" "$work/status"; }
claim it_names_the_node wait_until 10 names_the_node
claim what_is_allowed_does_not_count wait_until 20 gives 0 code --cluster --allow no_answer --allow redundancy_lost --allow peer_silent
began() { [ "$(lines "$before" redundancy_lost ' level=unsafe')" -eq 1 ]; }
claim log_tells_it_once wait_until 10 began
claim appends_go_on wait_progress a 200
start_node "$gone"
need it_comes_back wait_started "$gone"
claim cluster_is_healthy_again wait_until 30 is_green
ended() { [ "$(lines "$before" redundancy_lost '.* ended=1')" -eq 1 ]; }
claim log_tells_its_end_once wait_until 10 ended

# Without a majority: the one that is left says it of itself. A clock that goes on while a node stands still is no silence of a worker's.
pause_node "$gone"
pause_node "$other"
claim a_node_alone_says_that_nothing_leads wait_until 20 stands_alone "$before"
resume_node "$gone"
resume_node "$other"

# Each node stops and starts only when --check says that it may.
restarts=0
for node in 1 2 3; do
	wait_until 40 is_green || break
	end_node "$node" TERM
	start_node "$node"
	wait_started "$node" || break
	restarts=$((restarts + 1))
done
claim every_node_was_restarted test "$restarts" -eq 3
claim cluster_is_healthy_after_it wait_until 40 is_green
claim appends_went_on wait_progress a 200
need loader_ends stop_loader a

# A node that is killed leaves its last events; the next start goes on behind them.
wait_leader
events() { "$wirelog" events --run-directory "$run_base/well/$1" "${@:2}"; }
kill_node "$leader"
claim events_of_a_killed_node_are_there grep -q ' election .*text=' <(events "$leader")
last=$(events "$leader" --json | jq -s 'map(.number) | max')
start_node "$leader"
need it_starts_again wait_started "$leader"
goes_on() { [ "$(events "$1" --json | jq -s "[.[] | select(.text | startswith(\"started \"))] | map(.number) | max")" -gt "$last" ]; }
claim next_start_goes_on_behind_them wait_until 10 goes_on "$leader"
claim node_tells_the_same_events test "$(ask "$leader" /wirelog/events | jq -r '.["/wirelog/events"].events | map(select(.text | startswith("started "))) | length')" -ge 2
claim events_of_all_nodes_are_in_order_of_time test "$("$wirelog" events --json "${directories[@]}" | jq -s '[.[].time_ns] | . == sort')" = true
"$wirelog" events --run-directory "$run_base" >"$work/none" 2>&1
claim where_there_are_none_it_ends_with_66 test $? -eq 66
final_check

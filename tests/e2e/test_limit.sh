#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog limit: the first limits are the first leader's file's; one that is set holds on all nodes, at the next leader and after a start of all
# on other files, which is told once. What no node can hold is refused by name.
# beside: others
# timeout: 60
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

refuses() { answers "$1" "$2" run_tool "${@:3}"; } # EXIT PATTERN COMMAND ARGUMENT...

limit() { journal "$1" ".limits.list | map(select(.name == \"$2\")) | .[0].value"; } # NODE NAME
has() { [ "$(limit "$1" "$2")" = "$3" ]; } # NODE NAME VALUE
all_have() { # NAME VALUE
	local node
	for node in 1 2 3; do wait_until 10 has "$node" "$@" || return 1; done
}
prints() { grep -qE -- "$1" "$work/tool.out"; }
says() { grep -qE -- "$2" "$cluster/node$1.log"; } # NODE PATTERN
says_once() { [ "$(grep -cE -- "$2" "$cluster/node$1.log")" -eq 1 ]; }

make_cluster limits || exit 1
for node in 1 2 3; do
	printf 'retention:\n  bytes: 64MiB\n  age: 86400\nlimits:\n  sessions: 128\n' \
		>>"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
claim the_first_ones_are_those_of_the_file all_have retention.bytes 67108864
claim all_of_them all_have limits.sessions 128
claim they_are_listed run_tool limit list
claim with_their_values prints '^retention.age +86400 +86400  seconds$'
start_loader a --size-min 100 --size-max 3000 --rate 500
need appends_are_acknowledged wait_progress a 50

# ---- setting ------------------------------------------------------------------------------------

asked=$(followers_of "$leader" | head -n 1)
claim a_follower_passes_it_on run_tool limit set retention.bytes 32MiB
asked=
claim all_nodes_have_it all_have retention.bytes 33554432
claim and_the_others_as_before all_have retention.age 86400
claim a_time_has_units run_tool limit set retention.age 7d
claim it_is_kept_in_seconds all_have retention.age 604800
claim sessions_are_fewer run_tool limit set limits.sessions 16
claim on_all_nodes all_have limits.sessions 16
claim the_same_again_is_done run_tool limit set limits.sessions 16
claim and_says_so prints '^limits.sessions was 16 before$'
claim more_than_memory_is_refused_by_name refuses 64 'more than this node has memory for: 128' \
	limit set limits.sessions 129
claim what_is_no_limit_is_refused refuses 64 "'retention.byte' is no limit" limit set retention.byte 5
claim what_is_out_of_range_is_refused refuses 64 'limits.sessions is 1 to 10240' limit set limits.sessions 0
claim what_was_set_is_told_as_json run_tool limit set limits.sessions 16 --json
claim as_it_is_then test "$(jq -r '.list[] | select(.name == "limits.sessions") | .value' "$work/tool.out")" = 16
claim json_is_an_object run_tool limit list --json
claim of_names_and_values test "$(jq -r '.list[0].value' "$work/tool.out")" = 33554432

# ---- another leader, other files ----------------------------------------------------------------

kill_node "$leader" 2>/dev/null
need another_leads wait_leader
claim it_has_them has "$leader" retention.bytes 33554432
claim it_takes_another run_tool limit set retention.records 100000
claim every_append_is_answered stop_loader a
stop_all
for node in 1 2 3; do sed -i 's/^  bytes: 64MiB$/  bytes: 48MiB/' "$cluster/node$node.yaml"; done
need all_start_on_other_files start_all
need somebody_leads wait_leader
claim the_limits_are_those_that_were_set all_have retention.bytes 33554432
claim and_those_of_the_next_leader all_have retention.records 100000
claim sessions_too all_have limits.sessions 16
for node in 1 2 3; do
	claim "the_difference_is_told_by_node_$node" wait_until 5 says "$node" \
		'limit_differs.*limit=retention.bytes value=33554432 file=50331648'
	claim "and_once_by_node_$node" says_once "$node" 'limit=retention.bytes value=33554432 file=50331648'
done
claim the_list_has_both run_tool limit list
claim side_by_side prints '^retention.bytes +33554432 +50331648  bytes  the file differs$'
claim a_reload_says_what_counts run_tool config reload

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog verify --cluster: the logs of three nodes are equal while records flow, whichever node is asked; who is down is told; what a drive does not
# give is told, judged by the others, and mended.
# beside: others
# timeout: 60
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# compares EXIT NODE [OPTION...]: at that node
compares() {
	local exit_code=$1 node=$2
	shift 2
	"$wirelog" verify --cluster --run-directory "$run_base/${cluster##*/}/$node" "$@" >"$work/compare.out" 2>&1
	[ $? -eq "$exit_code" ] || { cat "$work/compare.out" && return 1; }
}

says() { grep -qE -- "$1" "$work/compare.out"; }

# Garbage over the last block that is durable on a node, while it runs.
rot_the_end() { # NODE
	local offset segment_bytes=$((segment_mib << 20)) file
	offset=$(journal "$1" .log.durable_offset)
	offset=$((offset - 4096))
	file=$(printf '%s/node%u/data/journal-00/segment-%012u' "$cluster" "$1" $((offset / segment_bytes)))
	[ -f "$file" ] && printf 'x%.0s' {1..4096} |
		dd of="$file" bs=4096 seek=$((offset % segment_bytes / 4096)) conv=notrunc,fsync status=none
}

make_cluster compare || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
claim a_young_log_is_compared compares 0 "$leader"
start_loader a
need appends_are_acknowledged wait_progress a 1000
for node in 1 2 3; do
	claim "equal_while_records_flow_at_node_$node" compares 0 "$node"
	claim "all_three_are_in_it_at_node_$node" says '^journal 0: equal from entry 1 to [0-9]+ on 3 of 3 nodes$'
done
claim in_json compares 0 1 --json
claim json_has_the_verdict test "$(jq -r '"\(.verdict) \(.first_difference) \(.nodes | length)"' "$work/compare.out")" = 'equal null 3'
claim chain_values_are_equal test "$(jq '[.nodes[].chain] | unique | length' "$work/compare.out")" = 1
claim no_such_journal compares 64 1 --journal 5
claim every_append_is_answered stop_loader a
need all_are_caught_up wait_caught_up 1 2 3

odd=$(followers_of "$leader" | head -n 1)
end_node "$odd" KILL
claim who_is_down_is_told compares 69 "$leader"
claim as_no_answer says "^$odd +no answer"
claim the_others_are_compared says 'equal from entry 1 to [0-9]+ on 2 of 3 nodes'
start_node "$odd"
need it_is_back wait_caught_up 1 2 3

need a_drive_rots rot_the_end "$odd"
claim what_it_does_not_give_is_told compares 65 "$leader"
claim by_node says "^$odd .*its medium does not give all"
claim the_others_are_equal says 'equal from entry 1 to [0-9]+ on [23] of 3 nodes'
claim what_was_found_is_mended wait_until 20 compares 0 "$leader"
stop_all

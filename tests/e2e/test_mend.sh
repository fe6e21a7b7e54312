#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Damage on one, two, three nodes heals from the others, without an operator: a start finds it, that journal takes no part, asks for what is
# missing, and the process starts again by itself. Everything that was acknowledged is there afterwards, once, on all nodes.
# beside: others
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
# Three segments of 8 MiB in use.
start_loader a --size-min 4000 --size-max 9000 --rate 0 --count 3600 --outstanding 32
need appends_are_acknowledged wait_loader a

mended() { # NODE: so many times
	grep -c ' mended journal=' "$cluster/node$1.log"
}

# A line of each of these, in this order, and a start behind them.
is_mended() { # NODE BEFORE
	[ "$(mended "$1")" -gt "$2" ] && is_running "$1" && [ "$(journal "$1" .dormant)" = false ]
}

heals() { # NAME NODE KIND [NODE KIND...]
	local name=$1 at node times=()
	shift
	local nodes=("$@")
	stop_all
	for ((at = 0; at < ${#nodes[@]}; at += 2)); do
		node=${nodes[at]}
		times[node]=$(mended "$node")
		"$e2e/damage" "$cluster/node$node/data" "${nodes[at + 1]}" >"$work/damage.out" 2>&1 ||
			{ not_ok "$name" "$(cat "$work/damage.out")"; return; }
	done
	start_all >/dev/null
	for ((at = 0; at < ${#nodes[@]}; at += 2)); do
		node=${nodes[at]}
		claim "${name}_on_node_$node" wait_until 60 is_mended "$node" "${times[node]}" ||
			tail -n 5 "$cluster/node$node.log"
		claim "${name}_is_told_on_node_$node" grep -q 'dormant journal=0 damage=' "$cluster/node$node.log"
	done
	claim "${name}_a_leader_is_elected" wait_leader
}

# One node, while the others go on; the process is the same one afterwards.
node=$(followers_of "$leader" | head -n 1)
end_node "$node" TERM
need rot_is_written "$e2e/damage" "$cluster/node$node/data" rot
before=$(mended "$node")
start_node "$node"
pid=${pids[$node]}
claim one_node_heals_beside_the_others wait_until 60 is_mended "$node" "$before" || tail -n 5 "$cluster/node$node.log"
claim it_started_again_by_itself grep -q 'starts_again reason="what was damaged is mended"' "$cluster/node$node.log"
claim under_the_same_process_id test "$pid" = "${pids[$node]}"
start_loader b --count 200
claim appends_go_on wait_loader b
claim all_are_caught_up wait_caught_up 1 2 3

heals two_nodes_heal 1 rot_header 2 lost_write
heals three_nodes_heal 1 lost_write 2 rot 3 torn_middle
heals a_segment_that_is_gone_heals 3 segment_absent
heals a_header_of_a_segment_heals 1 segment_header

# Records and chain values are equal on all nodes, and what lies on the media is whole.
final_check
stop_all
for node in 1 2 3; do
	claim "node_${node}_is_whole" "$wirelog" verify "$cluster/node$node/data"
done

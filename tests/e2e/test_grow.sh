#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three nodes become five, and seven, and three again, on AF_PACKET over veth (root), while records flow: two of five, and three of seven, are killed
# at once and not missed, the leader among them. Nothing that was acknowledged is lost.
# beside: others
# timeout: 240
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! is_root; then
	skip three_become_seven "needs root for network namespaces"
	exit
fi
if ! ip netns add "$tag-sw" 2>"$work/netns.err"; then
	skip three_become_seven "no network namespaces: $(cat "$work/netns.err")"
	exit
fi
namespaces+=("$tag-sw")

member() { run_tool member "$@"; }
voters() { journal "$1" '.members.voters | map(tostring) | join("")'; } # NODE
has_voters() { [ "$(voters "$1")" = "$2" ]; } # NODE VOTERS
all_have() { # VOTERS: each node that runs says so
	local node
	for node in "${!pids[@]}"; do has_voters "$node" "$1" || return 1; done
}

# Files of seven nodes, of which four join: the three begin without them.
make_seven() {
	local node line
	for node in 4 5 6 7; do
		mkdir -p "$cluster/node$node"
		sed -e "s/^  node: .*/  node: $node/" -e "s|path: node1/|path: node$node/|" \
			-e "s|^run_directory:.*|run_directory: $run_base/veth/$node|" "$cluster/node1.yaml" >"$cluster/node$node.yaml"
	done
	for node in 7 6 5 4; do
		line="    - {id: $node, address: 10.77.0.$node, joins: on}"
		sed -i "/{id: 3, address/a\\$line" "$cluster"/node?.yaml
		endpoints+=",udp:10.77.0.$node:7700"
	done
}

grow_by() { # NODE...: each learns first, then votes
	local node
	for node in "$@"; do
		start_node "$node"
		wait_started "$node" && member add "$node" && member promote "$node" --timeout 60 && continue
		cat "$work/tool.out"
		return 1
	done
}

# The leader and followers, as many as are not needed, at once; what is left leads and goes on.
survives() { # NODES
	local gone=("$leader") node
	for node in $(followers_of "$leader" | head -n $(($1 - 1))); do gone+=("$node"); done
	for node in "${gone[@]}"; do kill -KILL "${pids[$node]}"; done
	for node in "${gone[@]}"; do wait "${pids[$node]}" 2>/dev/null; unset "pids[$node]"; done
	asked="${!pids[*]}"
	wait_other_leader "${gone[0]}" && wait_progress a 200 || return 1
	for node in "${gone[@]}"; do start_node "$node"; done
	asked="${!pids[*]}"
	wait_started "${gone[@]}" && wait_leader
}

shrink_by() { # NODE...: a leader hands over first
	local node
	for node in "$@"; do
		member remove "$node" --timeout 60 || { cat "$work/tool.out"; return 1; }
		end_node "$node" TERM
		asked="${!pids[*]}"
	done
	wait_leader
}

need network make_veth_network 4 5 6 7
need configurations make_veth_cluster
need seven_files make_seven
for node in 1 7; do need "file_${node}_is_right" "$wirelogd" --config "$cluster/node$node.yaml" --check; done
need cluster_starts start_all
need a_leader_is_elected wait_leader
claim three_begin has_voters "$leader" 123
start_loader a --size-max 2000 --rate 1000
need appends_are_acknowledged wait_progress a 200

asked='1 2 3'
# All seven are named in every file; those that are no members yet do not run, and nobody misses them.
seen() { "$wirelog" status --cluster --check --run-directory "$run_base/veth/2" | awk '$NF == "healthy" && $1 ~ /^[0-9]+$/ { print $1 }' | xargs; }
claim who_is_no_member_yet_is_not_missed wait_until 20 gives '1 2 3' seen
need three_become_five grow_by 4 5
claim all_five_count_five wait_until 20 all_have 12345
claim appends_go_on_with_five wait_progress a 200
claim two_of_five_are_not_missed survives 2
need five_become_seven grow_by 6 7
claim all_seven_count_seven wait_until 30 all_have 1234567
claim appends_go_on_with_seven wait_progress a 200
claim three_of_seven_are_not_missed survives 3
claim all_seven_count_seven_again wait_until 30 all_have 1234567
claim any_of_seven_shows_all_of_them wait_until 30 gives '1 2 3 4 5 6 7' seen
claim seven_become_three shrink_by 7 6 5 4
claim the_three_count_three wait_until 20 all_have 123
claim appends_go_on_with_three wait_progress a 200
claim every_append_is_answered stop_loader a
final_check

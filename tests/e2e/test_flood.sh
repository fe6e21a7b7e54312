#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Somebody without the key sends forty thousand frames a second to the leader, and then to all: every append of those who have
# the key is acknowledged, and nobody else is elected.
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

first_port=$((20000 + $$ % 12000))
udp_port() { echo $((first_port + $1)); }

make_cluster main || exit 1
for node in 1 2 3; do
	sed -i "s|^\( *\)clients: {socket.*|\1  - {kind: udp, address: 127.0.0.1, port: $(udp_port "$node"), mtu: 1500}\n&|" \
		"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader good --rate 500 --outstanding 16
need appends_are_acknowledged wait_progress good 200

dropped() { of "$1" "[.workers[].counters.dropped | to_entries[].value] | add"; } # NODE

# flood KIND RATE NODE...: for three seconds, while appends go on
flood() {
	local kind=$1 rate=$2 node pid flooders=()
	shift 2
	for node in "$@"; do
		"$e2e/flood" --to "127.0.0.1:$(udp_port "$node")" --node "$node" --cluster "$cluster_uuid" \
			--rate "$rate" --ms 3000 --kind "$kind" >>"$work/flood.out" 2>&1 &
		flooders+=("$!")
		extra_pids+=("$!")
	done
	wait_progress good 300 || return 1
	for pid in "${flooders[@]}"; do
		wait "$pid" || return 1
	done
}

flood_leader() { flood "$1" 40000 "$leader"; }
flood_all() { flood mixed 13000 1 2 3; }

for kind in garbage question peer mixed; do
	before=$(dropped "$leader")
	flooded=$leader
	claim "no_election_beside_a_flood_of_kind_$kind" keeps_leader flood_leader "$kind"
	after=$(dropped "$flooded")
	claim "frames_of_kind_${kind}_came_and_were_dropped" test "$((after - before))" -ge 10000
done
claim no_election_beside_a_flood_of_all_nodes keeps_leader flood_all
# What names no present boot of ours needs no key to be dropped: only questions cost one.
claim flood_did_not_grow_the_table_of_clients test "$(of "$leader" '.workers[0].counters.clients_turned_away')" = 0
claim every_good_append_is_answered stop_loader good
is_all_ok() { [ "$(acknowledged good)" = "$(wc -l <"$cluster/acks.good")" ]; }
claim every_answer_is_ok is_all_ok
final_check

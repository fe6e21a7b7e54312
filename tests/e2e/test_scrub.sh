#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The scrub: two drives rot in places that nobody reads, while records flow. It is found within its time, mended from the other nodes without a
# restart, seen whole, and what was acknowledged is there on each node.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

scrub() { journal "$1" ".scrub.$2"; } # NODE NAME
has_passed() { [ "$(scrub "$1" passes)" -gt "$2" ]; } # NODE COUNT
has_mended() { gives 'true true' journal "$1" '.scrub | "\(.found > 0) \(.open == 0)"'; } # NODE: in one answer, as two would be of two moments
finds_and_mends() { wait_until 30 has_mended "$1" || { journal "$1" '"\(.scrub) \(.log)"' | tr -d '\n'; return 1; }; } # NODE

# Garbage in the middle of what is durable on a node, while it runs.
rot() { # NODE PERCENT
	local segment_bytes=$((segment_mib << 20)) offset file
	offset=$(($(journal "$1" .log.durable_offset) * $2 / 100))
	file=$(printf '%s/node%u/data/journal-00/segment-%012u' "$cluster" "$1" $((offset / segment_bytes)))
	printf 'x%.0s' {1..700} | dd of="$file" bs=1 seek=$((offset % segment_bytes)) conv=notrunc,fsync status=none
}

make_cluster scrub || exit 1
for node in 1 2 3; do
	sed -i 's/^storage:/storage:\n  scrub: 1/' "$cluster/node$node.yaml"
	printf 'base:\n  every: 8MiB\n' >>"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 3000 --size-max 9000 --rate 800
need appends_are_acknowledged wait_progress a 3000
for node in 1 2 3; do claim "node_${node}_reads_all" wait_until 20 has_passed "$node" 1; done
claim nothing_is_found test "$(for node in 1 2 3; do scrub $node found; done | sort -u)" = 0
first=$leader
second=$(followers_of "$leader" | head -n 1)
need a_leader_s_drive_rots rot "$first" 40
need another_drive_rots rot "$second" 70
for node in "$first" "$second"; do claim "node_${node}_finds_and_mends" finds_and_mends "$node"; done
claim it_is_told grep -q 'scrub_found journal=0 offset=' "$cluster/node$first.log"
claim leader_stays keeps_leader wait_progress a 200
claim every_append_is_answered stop_loader a
need all_are_caught_up wait_caught_up 1 2 3
claim logs_are_equal "$wirelog" verify --cluster --run-directory "$run_base/${cluster##*/}/1"
final_check
stop_all
for node in 1 2 3; do claim "data_of_node_${node}_are_whole" "$wirelog" verify "$cluster/node$node/data"; done

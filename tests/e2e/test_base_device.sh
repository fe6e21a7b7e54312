#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Raw devices smaller than what is written to them: bases, retention, and places that are used a second and a third time, with kill -9 in between.
# beside: others
# timeout: 240
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! is_root || ! losetup -f >/dev/null 2>&1; then
	skip devices_are_used_again "needs root and loop devices"
	exit 0
fi

number_of_segments() { journal "$1" .log.segments; }
has_lapped() { [ "$(number_of_segments "$1")" -gt "$2" ]; } # NODE SEGMENTS

make_cluster main || exit 1
for node in 1 2 3; do
	truncate -s 150M "$work/$node.image"
	loop=$(losetup -f --show "$work/$node.image") || exit 1
	loops+=("$loop")
	sed -i "s|^  path: node$node/data|  path: $loop|" "$cluster/node$node.yaml"
	printf 'base:\n  every: 2MiB\nretention:\n  bytes: 24MiB\nlimits:\n  sessions: 64\n' >>"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
places=$((150 / segment_mib))
start_loader a --size-min 8000 --size-max 16000 --rate 1000
for lap in 1 2; do
	for node in 1 2 3; do
		claim "node_${node}_uses_its_places_again_$lap" wait_until 90 has_lapped "$node" $((lap * places + 2))
	done
	for node in 1 2 3; do kill -KILL "${pids[$node]}"; done
	for node in 1 2 3; do end_node "$node" KILL; done 2>/dev/null
	start_all >/dev/null
	claim "and_starts_in_lap_$lap" wait_leader
	claim "appends_go_on_in_lap_$lap" wait_progress a 500
done
claim every_append_is_answered stop_loader a
claim client_kept_its_session grep -q 'sessions_lost 0' "$cluster/loader.a.out"
claim chains_are_equal wait_caught_up 1 2 3
stop_all
for node in 1 2 3; do
	claim "node_${node}_is_clean" "$wirelog" verify "${loops[node - 1]}"
done

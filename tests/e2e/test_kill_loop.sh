#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A quarter of a minute (LOOP_SECONDS for more) of kill -9 at random, one node or two, under load. SEED repeats a run's choices.
# beside: others
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

RANDOM=${SEED:=$((RANDOM + 1))}
echo "# SEED=$SEED"
segment_mib=16 ring_mib=16 # the ring that a configuration has when it says nothing
make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --outstanding 128
start_loader b --outstanding 4 --size-min 1000 --size-max 20000 --rate 200
need appends_are_acknowledged wait_progress a 500

deadline=$((SECONDS + ${LOOP_SECONDS:-15})) kills=0
while [ "$SECONDS" -lt "$deadline" ]; do
	victims=($((RANDOM % 3 + 1)))
	[ $((RANDOM % 3)) -ne 0 ] || victims+=($((victims[0] % 3 + 1)))
	for node in "${victims[@]}"; do kill_node "$node"; done
	kills=$((kills + ${#victims[@]}))
	sleep "0.$((RANDOM % 10))"
	for node in "${victims[@]}"; do start_node "$node"; done
	need "killed_nodes_start_again" wait_started "${victims[@]}"
	# Now and then the next blow comes before the last one has healed.
	[ $((RANDOM % 4)) -eq 0 ] || need appends_go_on wait_progress a 50 60
done
echo "# $kills kills"
ok every_killed_node_started_again
claim appends_go_on_after_the_loop wait_progress a 500 60
claim every_append_is_answered stop_loader a
claim every_large_append_is_answered stop_loader b
final_check

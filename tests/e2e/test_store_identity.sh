#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Data of another node or cluster, in use, swapped, old, wiped, not ours: refused by name, or noticed by the peers.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500

# refuses NAME EXIT CODE SED...: node 1's configuration, changed
refuses() {
	local name=$1 exit_code=$2 code=$3
	shift 3
	sed "$@" "$cluster/node1.yaml" >"$cluster/other.yaml"
	run_daemon "$cluster/other.yaml"
	claim "${name}_ends_with_$exit_code" test "$status" -eq "$exit_code"
	claim "${name}_is_named_$code" grep -q "code=$code" "$work/daemon.out"
}

# A second process on the data of a running node, with everything else of its own.
refuses data_in_use 75 STORE_IN_USE -e "s|^run_directory:.*|run_directory: $run_base/second|" \
	-e "s|@$tag-|@$tag-second-|"
claim owner_of_the_data_is_named grep -q "${pids[1]}" "$work/daemon.out"
# The same run directory.
refuses run_directory_in_use 75 RUN_IN_USE -e "s|^  path: .*|  path: $work/unused|"
claim running_node_is_not_disturbed wait_progress a 200

# An old copy of a node's data is put back after the node had been started again.
wait_leader
victim=$(followers_of "$leader" | head -n 1)
end_node "$victim" TERM
cp -r "$cluster/node$victim/data" "$work/old"
start_node "$victim"
need it_starts_again wait_started "$victim"
need it_takes_part_again wait_progress a 500
wait_caught_up_of() { [ "$(journal "$1" '.role == "follower" and .leader != 0')" = true ]; }
need it_follows wait_until 20 wait_caught_up_of "$victim"
sleep 1
end_node "$victim" TERM
rm -rf "$cluster/node$victim/data" && mv "$work/old" "$cluster/node$victim/data"
start_node "$victim"
has_ended() { ! kill -0 "${pids[$1]}" 2>/dev/null; }
claim old_image_ends_the_node wait_until 30 has_ended "$victim"
wait "${pids[$victim]}" 2>/dev/null
claim old_image_ends_with_65 test $? -eq 65
unset "pids[$victim]"
claim old_image_is_named grep -q 'code=STORE_OLD_IMAGE' "$cluster/node$victim.log"
start_node "$victim"
claim old_image_starts_the_second_time wait_started "$victim"
claim appends_go_on_with_it wait_progress a 200

# An empty disk under a known name.
wait_leader
wait_until 30 wait_caught_up_of "$victim"
other=$(followers_of "$leader" | tail -n 1)
end_node "$other" KILL
rm -rf "$cluster/node$other/data"
start_node "$other"
claim wiped_node_starts wait_started "$other"
claim wiped_node_is_noticed wait_until 20 grep -q 'came back with data that do not remember' "$cluster"/node?.log
claim appends_go_on_with_a_wiped_node wait_progress a 500
claim every_append_is_answered stop_loader a
final_check
stop_all

refuses data_of_another_node 65 STORE_FOREIGN -e "s|^  path: .*|  path: node2/data|"
refuses data_of_another_cluster 65 STORE_FOREIGN -e 's|uuid: .*|uuid: 0e0e0e0e-7d6f-4a35-9a53-2f7f3a4c1e90|'
refuses other_segment_size 78 STORE_GEOMETRY -e 's|segment_bytes: .*|segment_bytes: 16MiB|'
mkdir "$work/letters" && echo dear >"$work/letters/mother.txt"
refuses directory_of_somebody_else 65 STORE_NOT_OURS -e "s|^  path: .*|  path: $work/letters|"
claim somebody_elses_files_are_left_alone test "$(ls "$work/letters")" = mother.txt
if is_root; then
	skip unreadable_data_are_refused "root may read everything"
else
	mkdir -m 0 "$work/closed"
	refuses unreadable_data 66 STORE_UNREADABLE -e "s|^  path: .*|  path: $work/closed|"
	chmod 0700 "$work/closed"
fi

# Two directories changed places: both refuse, and work when put right.
mv "$cluster/node1/data" "$work/swap" && mv "$cluster/node2/data" "$cluster/node1/data" && mv "$work/swap" "$cluster/node2/data"
for node in 1 2; do
	run_daemon "$cluster/node$node.yaml"
	claim "swapped_data_of_node_${node}_are_refused" test "$status" -eq 65
done
mv "$cluster/node1/data" "$work/swap" && mv "$cluster/node2/data" "$cluster/node1/data" && mv "$work/swap" "$cluster/node2/data"
need cluster_starts_when_put_right start_all
claim nothing_was_harmed_by_refusals hold_promises

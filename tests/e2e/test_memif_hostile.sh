#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Clients that lie about shared memory, hang on the socket, throw descriptors or die: the node serves on, an honest
# client's appends are acknowledged all the time, and nothing is kept of those that are gone.
# beside: others
# timeout: 480
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --rate 500
need appends_are_acknowledged wait_progress a 100
victim=$leader
socket=@$tag-c$victim

# Of everything but the log's own files, which become more by themselves.
descriptors() {
	find "/proc/${pids[$victim]}/fd" -mindepth 1 ! -lname "$cluster/*" 2>/dev/null | wc -l
}

holds_no_more_than() { [ "$(descriptors)" -le "$1" ]; }

has_nothing_left() { # what gone clients held is closed
	wait_until 20 holds_no_more_than "$before" || { echo "$(descriptors) descriptors, $before before"; return 1; }
}

port_counter() { counter "$victim" "port.$1"; }

hostile() { timeout -k 5 200 "$e2e/memif_hostile" "$socket" "$@"; }

answers() { # EXPECTED HOW
	local said
	said=$(hostile "$2")
	[[ $said == $1 ]] || { echo "said: $said"; return 1; }
	is_running "$victim" || { echo "node $victim is gone"; return 1; }
}

before=$(descriptors)
claim an_honest_client_is_kept answers kept honest

for how in no_descriptor file unsealed size huge region_index ring_offset ring_size cookie; do
	claim "refused_for_$how" answers 'refused ?*' "$how"
done
claim refusals_are_counted test "$(port_counter memif_refused_offer)" -ge 9

for how in head offset length region chatter; do
	claim "let_go_for_$how" answers 'let go ?*' "$how"
done
claim those_let_go_are_counted test "$(port_counter memif_broken)" -ge 5
# What it says of the ring towards itself is met when there is something to send.
for how in room_head room_offset; do
	claim "nobody_is_harmed_by_$how" answers '*' "$how"
done

claim a_memory_that_would_shrink_harms_nobody answers '*' shrink
claim a_memory_full_of_scribbles_harms_nobody answers '*' scribble
claim frames_of_garbage_harm_nobody answers kept garbage_frames
claim appends_go_on wait_progress a 100
claim no_descriptor_of_them_is_left has_nothing_left

hostile garbage 400
claim no_descriptor_of_400_with_garbage_is_left has_nothing_left
hostile heaps 400
claim no_descriptor_of_400_heaps_is_left has_nothing_left
hostile killed 200
claim no_descriptor_of_200_killed_is_left has_nothing_left
claim every_slot_is_free_again answers kept honest
claim appends_go_on_at_the_end wait_progress a 100
claim every_append_is_answered stop_loader a
final_check
stop_all

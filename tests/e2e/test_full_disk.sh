#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A full disk (loop device, root) and a full journal: refused by name, read on, resumed by itself.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# The journal's own limit needs no root.
make_cluster small || exit 1
sed -i 's|bytes_max: .*|bytes_max: 24MiB|' "$cluster"/node?.yaml
need cluster_starts start_all
need a_leader_is_elected wait_leader
says_no_space() { [ "$(journal "$leader" .no_space)" = "$1" ]; }

read_node() { # NODE TO: without what was promised
	timeout -k 5 60 "$e2e/checker" --endpoints "$endpoints" --key-file "$cluster/cluster.key" \
		--cluster "$cluster_uuid" --node "$1" --to "$2"
}

# Every node serves what it knows to be committed.
serve_what_they_know() {
	local node
	for node in "${!pids[@]}"; do
		read_node "$node" "$(journal "$node" .commit_number)" || return 1
	done
}

# Full nodes are not equally full: one of them has all that was acknowledged.
reads_go_on() {
	local node to best=0 reader=''
	for node in "${!pids[@]}"; do
		to=$(journal "$node" .commit_number)
		[ "$to" -le "$best" ] || { best=$to && reader=$node; }
	done
	check_node "$reader" "$best" && serve_what_they_know
}

is_refused() { grep -q ' NO_SPACE ' "$cluster/acks.$1"; }
start_loader a --size-min 8000 --size-max 9000 --rate 0 --timeout-ms 8000
claim full_journal_refuses_with_no_space wait_until 60 is_refused a
any_says_no_space() { for node in 1 2 3; do [ "$(journal "$node" .no_space)" = true ] && return; done; return 1; }
claim status_says_no_space wait_until 10 any_says_no_space
claim every_append_is_answered stop_loader a
claim full_journal_is_read reads_go_on
stop_all
start_all >"$work/start.out"
claim full_journal_starts_again test "${#pids[@]}" -eq 3
claim full_journal_is_led_again wait_leader
claim full_journal_is_read_again hold_promises
claim elections_left_are_told test "$(journal 1 .elections_left)" -gt 3000
stop_all
sed -i 's|bytes_max: .*|bytes_max: 64MiB|' "$cluster"/node?.yaml
need cluster_starts_with_a_higher_limit start_all
need a_leader_is_elected_with_a_higher_limit wait_leader
start_loader b
claim appends_go_on_with_a_higher_limit wait_progress b 500
claim every_append_is_answered_with_a_higher_limit stop_loader b
claim full_journal_lost_nothing hold_promises
stop_all

if ! is_root; then
	skip full_disk_refuses_and_resumes "needs root for a loop device"
	exit
fi
disk=$work/disk
truncate -s 400M "$disk.image"
if ! loop=$(losetup -f --show "$disk.image" 2>"$work/losetup.err"); then
	skip full_disk_refuses_and_resumes "no loop device: $(tail -n 1 "$work/losetup.err")"
	exit
fi
loops+=("$loop")
mkdir -p "$disk"
need file_system mkfs.ext4 -q -O ^has_journal "$loop"
need mount mount "$loop" "$disk"
mounts+=("$disk")

make_cluster full || exit 1
for node in 1 2 3; do sed -i "s|^  path: node|  path: $disk/node|" "$cluster/node$node.yaml"; mkdir -p "$disk/node$node"; done
need cluster_starts_on_it start_all
need a_leader_is_elected_on_it wait_leader
start_loader a --timeout-ms 8000
need appends_are_acknowledged_on_it wait_progress a 500

# What is free goes to somebody else's file.
dd if=/dev/zero of="$disk/ballast" bs=1M 2>/dev/null
start_loader big --size-min 8000 --size-max 9000 --rate 0 --timeout-ms 8000
claim full_disk_refuses_with_no_space wait_until 60 is_refused big
claim full_disk_is_in_status wait_until 10 any_says_no_space
is_told() { grep -q "device_full code=NO_SPACE .* error=28 " "$cluster"/node?.log; }
claim full_disk_is_told wait_until 10 is_told
stop_loader big >/dev/null
stop_loader a >/dev/null
claim reads_go_on_with_a_full_disk reads_go_on

for node in 1 2 3; do kill_node "$node"; done
claim nodes_start_with_a_full_disk start_all
claim reads_go_on_after_a_restart_with_a_full_disk serve_what_they_know
start_loader c --rate 500 --connect-ms 60000
sleep 2

rm "$disk/ballast"
# Nobody touches the nodes: they ask for space again by themselves.
claim service_resumes_by_itself wait_progress c 500 60
wait_leader
end_is_told() { grep -q 'device_full journal=0 ended=1' "$cluster"/node?.log; }
claim end_of_full_disk_is_told wait_until 30 end_is_told
claim status_says_so_no_longer wait_until 30 says_no_space false
claim every_append_is_answered_on_it stop_loader c
final_check

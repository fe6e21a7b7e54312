#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Drives of one node that take nothing for a while, or are gone, under a real file system (loop devices, root): the log's and the
# superblock's, apart. Each is told with the system's word, its place and a code of its own; the others go on.
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! is_root; then
	skip drives_that_are_gone_are_told "needs root for loop devices"
	exit
fi
frozen=''
thaw() { [ -z "$frozen" ] || { fsfreeze -u "$frozen"; frozen=''; }; }
trap 'thaw; clean_up; [ "$failures" -eq 0 ] || exit 1' EXIT

mount_drive() { # NAME MEGABYTES DIRECTORY
	local loop
	truncate -s "$2M" "$work/$1.image" && mkdir -p "$3" || return 1
	loop=$(losetup -f --show "$work/$1.image") || return 1
	loops+=("$loop")
	mkfs.ext4 -q -O ^has_journal "$loop" && mount "$loop" "$3" || return 1
	mounts=("$3" "${mounts[@]}")
	rmdir "$3/lost+found"
}

segment_mib=8 ring_mib=4
make_cluster main || exit 1
data=$cluster/node3/data
sed -i "s|^  path: .*|  path: $data|" "$cluster/node3.yaml"
mkdir -p "$data" && chmod 700 "$data"
if ! losetup -f >/dev/null 2>&1; then
	skip drives_that_are_gone_are_told "no loop device"
	exit
fi
# The superblock's drive is made when the node has given its vote there; the log has one of its own from the beginning.
need drive_for_the_superblock mount_drive superblock 16 "$data"
chmod 700 "$data"
need drive_for_the_log mount_drive log 256 "$data/journal-00"
chmod 700 "$data/journal-00"
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --rate 2000 --timeout-ms 20000
need appends_are_acknowledged wait_progress a 500

tells() { grep -q "$1" "$cluster/node3.log"; }
leads_3() { find_leader && [ "$leader" = 3 ]; }
elsewhere() { find_leader && [ "$leader" != 3 ]; }
ends_as_documented() { [ "$status" -eq 0 ] || [ "$status" -eq 75 ]; }
# Who lags at that moment is not given it, and the one who is asked may lead no more: it is asked for again.
transfer_to_3() {
	local attempt
	for attempt in 1 2 3; do
		wait_leader || return 1
		[ "$leader" != 3 ] || return 0
		order "$leader" /wirelog/transfer,3 >/dev/null
		! wait_until 6 leads_3 || return 0
	done
	return 1
}

# ---- silent --------------------------------------------------------------------------------------

freeze_drive() { fsfreeze -f "$1" && frozen=$1; }
transfer_to_3
claim node_3_leads leads_3
need drive_of_the_leader_is_frozen freeze_drive "$data/journal-00"
claim leader_with_a_silent_drive_gives_leadership_away wait_until 20 elsewhere
claim appends_go_on_beside_a_silent_drive wait_progress a 500
claim silent_drive_is_told wait_until 20 tells ' drive_silent code=DRIVE_SILENT journal=0 lasts=0 .*count=[0-9]'
is_silent() { [ "$(journal 3 .storage.silent_ns)" -gt 1000000000 ]; }
claim silent_drive_is_in_status wait_until 10 is_silent
thaw
claim end_of_the_silence_is_told wait_until 20 tells ' drive_silent journal=0 ended=1'
claim silent_drive_poisons_nobody test "$(journal 3 .poisoned)" = false

# The superblock's: nothing is voted for, and a stop is not kept waiting.
need drive_of_the_superblock_is_frozen freeze_drive "$data"
old=$leader
kill_node "$old"
sleep 2
kill -TERM "${pids[3]}"
claim stop_beside_a_silent_superblock_is_overdue_in_time wait_until 4 tells STOP_OVERDUE
# The kernel lets nobody go who has a write in a file system that is frozen.
thaw
wait "${pids[3]}"
status=$?
unset "pids[3]"
claim stop_beside_a_silent_superblock_ends_with_75 test "$status" -eq 75
start_node "$old"
start_node 3
need nodes_start_again wait_started "$old" 3
need a_leader_is_elected_again wait_leader
claim appends_go_on_after_a_silent_superblock wait_progress a 500

# ---- gone ----------------------------------------------------------------------------------------

need drive_of_the_superblock_is_gone "$e2e/shut_down" "$data"
# A new term is what is written there.
lost_superblock_is_told() {
	local attempt
	for attempt in 1 2 3; do
		wait_leader || return 1
		order "$leader" "/wirelog/transfer,$(followers_of "$leader" | grep -v '^3$' | head -n 1)" >/dev/null
		! wait_until 8 tells ' record_failed code=RECORD_FAILED error=5 text="[^"]*" place=superblock ' || return 0
	done
	return 1
}
claim lost_superblock_is_told lost_superblock_is_told
claim lost_superblock_is_no_failed_write eval '! tells " write_failed "'
claim appends_go_on_beside_a_lost_superblock wait_progress a 500
end_node 3 TERM
claim node_without_a_superblock_ends ends_as_documented

umount "$data/journal-00" && umount "$data" && mount "${loops[0]}" "$data" && mount "${loops[1]}" "$data/journal-00"
start_node 3
need node_3_starts_again wait_started 3
need a_leader_is_there wait_leader
before=$(journal 3 .durable.index)
writes_again() { [ "$(journal 3 .durable.index)" -gt $((before + 100)) ]; }
claim node_3_writes_again wait_until 30 writes_again
need drive_of_the_log_is_gone "$e2e/shut_down" "$data/journal-00"
claim lost_log_is_told wait_until 20 tells ' write_failed code=STORE_FAILED journal=0 lasts=0 error=5 text="[^"]*" offset=[1-9]'
claim lost_log_is_in_status wait_until 10 gives 5 journal 3 .storage.write_error
claim appends_go_on_beside_a_lost_log wait_progress a 500
claim every_append_is_answered stop_loader a
end_node 3 TERM
claim node_without_a_log_ends ends_as_documented
claim nothing_is_lost hold_promises

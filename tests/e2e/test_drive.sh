#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A drive before it is a node's: a start that is refused leaves it as it was, one that is late is waited for, and `wirelog format` makes
# it empty, with care.
# beside: others
# timeout: 150
# shellcheck disable=SC2016 # words of inner shells
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cluster=$work/single
mkdir -p "$cluster" "$run_base/single"
"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1 || exit 1
write_node() { # PATH SEGMENT-MIB HUGEPAGES WAIT-SECONDS
	cat >"$cluster/node1.yaml" <<-END
		cluster:
		  uuid: $cluster_uuid
		  node: 1
		  nodes:
		    - {id: 1, address: 198.51.100.1, client_endpoint: "memif:@$tag-single"}
		network: {mtu: 1500}
		workers:
		  - core: auto
		    links:
		      - {kind: eal, device: "$device", mtu: 1500}
		    clients: {socket: "@$tag-single", slots: 2}
		storage: {path: $1, segment_bytes: $2MiB, wait_s: $4}
		log: {ring_bytes: 4MiB, bytes_max: 256MiB}
		memory: {hugepages: $3}
		timing: {election_timeout_ms: 200, heartbeat_ms: 10}
		idle: {strategy: backoff}
		security: {key_file: cluster.key}
		run_directory: $run_base/single/1
	END
	[ -n "$device" ] || sed -i '/links:/d; /kind: eal/d' "$cluster/node1.yaml"
}
device=
endpoints="memif:@$tag-single"
refused() { # NAME EXIT CODE
	run_daemon "$cluster/node1.yaml"
	claim "$1_is_refused_as_$3" bash -c '[ "$1" -eq "$2" ] && grep -q "refused code=$3 " "$4"' - "$status" "$2" "$3" "$work/daemon.out"
}

# ---- a start that is refused ----------------------------------------------------------------------

device=net_nosuch0
write_node data 8 off 0
refused device_that_is_not_there 69 EAL_DEVICE
claim no_data_were_made test ! -e "$cluster/data/superblock"
device=
write_node data 16 off 0
need node_starts_with_the_right_size start_node 1
need it_has_started wait_started 1
end_node 1 TERM

missing=/dev/$tag-drive
write_node "$missing" 8 off 0
refused drive_that_is_not_there 69 STORE_ABSENT
claim no_directory_takes_its_name test ! -e "$missing"
write_node "$missing" 8 off 1
refused drive_that_does_not_come 69 STORE_ABSENT
claim it_was_waited_for grep -q "waits_for_drive path=$missing seconds=1" "$work/daemon.out"

# ---- on a device ----------------------------------------------------------------------------------

truncate -s 200M "$work/drive.image"
loop=
! is_root || loop=$(losetup -f --show "$work/drive.image" 2>/dev/null)
if [ -z "$loop" ]; then
	skip drive_is_formatted "no loop device here"
	exit 0
fi
loops+=("$loop")
is_empty() { cmp -s -n $((200 << 20)) "$loop" /dev/zero; }
formats() { # EXIT [OPTION...]
	local wanted=$1
	shift
	"$wirelog" format "$loop" "$@" >"$work/said" 2>&1
	[ $? -eq "$wanted" ] || { cat "$work/said" && return 1; }
}
said() { grep -qE -- "$1" "$work/said"; }

device=net_nosuch0
write_node "$loop" 8 off 0
refused start_on_a_device 69 EAL_DEVICE
claim device_is_as_it_was is_empty
device=

claim empty_drive_is_shown formats 0
claim as_empty said 'nothing that is known'
mkfs.ext4 -q -O ^has_journal "$loop"
claim file_system_is_shown formats 0
claim by_name_and_place said 'ext4 at byte 1080'
claim nothing_was_changed said 'nothing was changed'
claim and_not_taken_away_by_mistake formats 65 --yes
claim it_says_how said 'holds ext4; --foreign'
claim file_system_still_stands e2fsck -fn "$loop"
mkdir "$work/mount" && mount "$loop" "$work/mount" && mounts+=("$work/mount")
claim mounted_drive_is_refused formats 75 --yes --foreign
claim it_says_where said "mounted on $work/mount"
umount "$work/mount" && mounts=()
claim it_is_taken_away_when_asked formats 0 --yes --foreign
claim then_it_is_empty formats 0
claim really said 'nothing that is known'
# What stands at the end alone: a second partition table, a RAID of version 1.0.
printf 'EFI PART' | dd of="$loop" bs=1 seek=$(((200 << 20) - 512)) conv=notrunc status=none
claim signature_at_the_end_is_shown formats 0
claim by_its_place said "gpt at byte $(((200 << 20) - 512))"
claim and_guards formats 65 --yes
claim it_goes_when_asked formats 0 --yes --foreign
claim end_is_empty cmp -n 1048576 -i $((199 << 20)):0 "$loop" /dev/zero
claim directory_is_refused bash -c '"$1" format "$2" --yes; [ $? -eq 65 ]' - "$wirelog" "$work"
claim what_is_not_there_is_refused bash -c '"$1" format /dev/no-such-drive; [ $? -eq 69 ]' - "$wirelog"

# ---- one that is late -----------------------------------------------------------------------------

write_node "$missing" 8 off 60
waits() { grep -q 'waits_for_drive' "$cluster/node1.log"; }
need node_is_started start_node 1
claim late_drive_is_waited_for wait_until 30 waits
extra_links=$missing
trap 'rm -f "$extra_links"; clean_up; [ "$failures" -eq 0 ] || exit 1' EXIT
ln -s "$loop" "$missing"
claim node_starts_when_it_comes wait_started 1
claim that_is_told grep -q 'drive_came' "$cluster/node1.log"
start_loader a --size-min 100 --size-max 2000 --count 500
claim it_takes_records wait_loader a
claim drive_of_a_node_that_runs_is_refused formats 75 --yes --foreign
final_check
end_node 1 TERM
claim data_of_a_node_are_shown formats 0
claim by_whose_they_are said 'wirelog: node 1, 1 journal of segments of 8 MiB'
claim they_are_taken_away_when_asked formats 0 --yes
claim and_gone formats 0
claim for_good said 'nothing that is known'
write_node "$missing" 16 off 0
need node_starts_anew start_node 1
claim with_another_size wait_started 1
end_node 1 TERM

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog trim: it reaches the leader from any node, its refusals, what readers notice; a full journal and a full disk (loop device, root)
# that it frees: nobody touches the nodes, and appends go on.
# beside: others
# timeout: 240
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

is_trimmed_to() { [ "$(journal "$1" .trim_number)" = "$2" ]; } # NODE NUMBER
is_proven() { [ "$(journal "$1" '.bases.proven.index // 0')" -gt 0 ]; } # NODE
is_behind() { [ "$(journal "$1" .begin.segment)" -gt "$2" ]; } # NODE SEGMENT
is_refused() { grep -q ' NO_SPACE ' "$cluster/acks.$1"; }

trim() { # ARGUMENT...: at the node of $asked, or at all
	local directories=() node
	for node in ${asked:-1 2 3}; do directories+=(--run-directory "$run_base/${cluster##*/}/$node"); done
	"$wirelog" trim "$@" "${directories[@]}" >"$work/trim.out" 2>&1
}

# refuses EXIT PATTERN ARGUMENT...
refuses() {
	local exit_code=$1 pattern=$2
	shift 2
	trim "$@"
	[ $? -eq "$exit_code" ] && grep -qE -- "$pattern" "$work/trim.out"
}

with_bases() { # every MiB: the cluster's nodes ask for bases that often
	local node
	for node in 1 2 3; do printf 'base:\n  every: %sMiB\n' "$1" >>"$cluster/node$node.yaml"; done
}

tail_from() { # NUMBER [OPTION...]
	local from=$1
	shift
	timeout -k 5 30 "$wirelog" tail --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" \
		--from "$from" "$@" >"$work/tail.out" 2>"$work/tail.err"
}

begin_of() { journal "$1" .begin.number; } # NODE

# A reader of what is gone is told where the log begins, and gets what is there. More may be given up meanwhile.
tail_notes_the_gap() { # NODE
	local before first
	before=$(begin_of "$1")
	tail_from 1 --node "$1" --count 5 --format text
	[ $? -eq 65 ] && grep -q '\[TRIMMED\]' "$work/tail.err" && [ "$(wc -l <"$work/tail.out")" -eq 5 ] || return 1
	first=$(awk '{print $1; exit}' "$work/tail.out")
	[ "$first" -ge "$before" ] && [ "$first" -le "$(begin_of "$1")" ]
}

reads_kept_of() { # NODE
	local first last
	first=$(begin_of "$1") last=$(journal "$1" .commit_number)
	tail_from "$first" --node "$1" --count $((last - first + 1)) --format text &&
		awk -v n="$first" -v last="$last" '$1 != n++ { bad = 1 } END { exit bad || n != last + 1 }' "$work/tail.out" && return
	[ "$(begin_of "$1")" != "$first" ] || return 1
	return 2 # more was given up meanwhile
}

# The records that a leader keeps, from the first to the last that is committed, without a hole, on each node.
reads_what_is_kept() {
	local node result
	wait_leader && wait_caught_up 1 2 3 || return 1
	for node in 1 2 3; do
		for _ in 1 2 3 4 5; do
			reads_kept_of "$node"
			result=$?
			[ "$result" -eq 2 ] || break
		done
		[ "$result" -eq 0 ] || return 1
	done
}

# ---- asking -------------------------------------------------------------------------------------

make_cluster small || exit 1
with_bases 1
sed -i 's|bytes_max: .*|bytes_max: 64MiB|' "$cluster"/node?.yaml
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 8000 --size-max 9000 --rate 0 --timeout-ms 8000
need appends_are_acknowledged wait_progress a 200
follower=$(followers_of "$leader" | head -n 1)

asked=$follower
claim a_follower_passes_it_on trim --to 50
for node in 1 2 3; do claim "node_${node}_has_it" wait_until 20 is_trimmed_to "$node" 50; done
asked=
claim each_node_is_told_as_json trim --to 50 --json
claim with_its_number test "$(jq -r 'map(.trim_number) | join(" ")' "$work/trim.out")" = '50 50 50'
claim less_changes_nothing trim --to 20
claim and_says_so grep -q 'records below 20 were trimmed before' "$work/trim.out"
for node in 1 2 3; do claim "node_${node}_has_it_still" is_trimmed_to "$node" 50; done
claim what_is_not_there_is_refused refuses 64 'has no record 900000000 here: its next one is [0-9]+.*\[INVALID_ARGUMENT\]' --to 900000000
claim a_journal_that_is_not_there_is_refused refuses 64 '\[JOURNAL_UNKNOWN\]' --to 60 --journal 3
is_no_request() { order 1 "/wirelog/trim,$1" | grep -q "is not NUMBER or NUMBER,JOURNAL"; } # PARAMETER
for parameter in 60,4294967296 18446744073709551616 -1 60,0,1 "60,"; do
	claim "a_socket_refuses_$parameter" is_no_request "$parameter"
done
claim its_log_says_what_was_asked_for grep -qE 'request verb=trim journal=0 number=50 ok=1' "$cluster/node$follower.log"
claim nothing_is_below_1 refuses 64 'not a number from 2' --to 1
claim the_number_is_needed refuses 64 'trim to which record'

# ---- a full journal -----------------------------------------------------------------------------

claim full_journal_refuses_with_no_space wait_until 60 is_refused a
claim every_append_is_answered stop_loader a
for node in 1 2 3; do claim "node_${node}_knows_a_proven_base" wait_until 30 is_proven "$node"; done
need the_full_journal_is_led wait_leader

# So many of them that they need the room that is kept for elections; none frees a segment yet.
trims_often() { # FROM TO
	local number before
	before=$(journal "$leader" .tail.index)
	for number in $(seq "$1" "$2"); do order "$leader" "/wirelog/trim,$number" >/dev/null || return 1; done
	wait_until 20 is_trimmed_to "$leader" "$2" || return 1
	echo "$(($(journal "$leader" .tail.index) - before)) entries"
	[ $(($(journal "$leader" .tail.index) - before)) -ge 400 ]
}
claim trims_of_a_full_journal_use_the_room_that_is_kept trims_often 51 750
claim and_elections_have_enough_of_it test "$(journal 1 .elections_left)" -gt 3000
need the_full_journal_is_led_still wait_leader
target=$(journal "$leader" .commit_number)
claim a_full_journal_is_trimmed trim --to "$target"
for node in 1 2 3; do claim "node_${node}_gives_up_segments" wait_until 30 is_behind "$node" 1; done
start_loader b --size-min 8000 --size-max 9000 --rate 500
claim appends_go_on wait_progress b 500 60
claim every_append_is_answered_again stop_loader b
claim what_is_kept_is_read reads_what_is_kept
claim a_reader_of_what_is_gone_is_told_and_goes_on tail_notes_the_gap 1
follow() { # NUMBER: as a program of somebody else does, without our command
	LD_LIBRARY_PATH=$BUILD timeout -k 5 60 "$BUILD/examples/follow" "$endpoints" "$cluster/cluster.key" "$cluster_uuid" "$1" \
		>"$work/follow.out" 2>"$work/follow.err"
}
a_program_notes_the_gap() {
	follow 7
	[ $? -eq 65 ] && grep -qE '^records 7 to [0-9]+ are gone: ' "$work/follow.err" && [ "$(wc -l <"$work/follow.err")" -eq 1 ]
}
claim a_program_of_the_library_is_told_too a_program_notes_the_gap
claim and_is_not_from_where_the_log_begins follow "$(journal "$leader" .trim_number)"

# ---- nobody leads -------------------------------------------------------------------------------

others=$(followers_of 1)
for node in $others; do kill_node "$node"; done 2>/dev/null
has_no_leader() { [ "$(journal 1 '.silent or .leader == 0')" = true ]; }
need nobody_leads wait_until 30 has_no_leader
asked=1
claim without_a_leader_it_is_refused refuses 75 '\[NO_LEADER\]' --to $((target + 1))
asked=
for node in $others; do start_node "$node"; done
need they_come_back wait_started 1 2 3
need somebody_leads_again wait_leader
stop_all

# ---- a full disk --------------------------------------------------------------------------------

if ! is_root; then
	skip full_disk_is_freed "needs root for a loop device"
	exit
fi
disk=$work/disk
truncate -s 600M "$disk.image"
if ! loop=$(losetup -f --show "$disk.image" 2>"$work/losetup.err"); then
	skip full_disk_is_freed "no loop device: $(tail -n 1 "$work/losetup.err")"
	exit
fi
loops+=("$loop")
mkdir -p "$disk"
need file_system mkfs.ext4 -q -O ^has_journal "$loop"
need mount mount "$loop" "$disk"
mounts+=("$disk")

make_cluster full || exit 1
with_bases 2
for node in 1 2 3; do sed -i "s|^  path: node|  path: $disk/node|" "$cluster/node$node.yaml"; mkdir -p "$disk/node$node"; done
need cluster_starts_on_it start_all
need a_leader_is_elected_on_it wait_leader
start_loader big --size-min 8000 --size-max 9000 --rate 0 --timeout-ms 8000
for node in 1 2 3; do claim "node_${node}_knows_a_proven_base_on_it" wait_until 60 is_proven "$node"; done
claim full_disk_refuses_with_no_space wait_until 120 is_refused big
stop_loader big >/dev/null
need the_full_disk_is_led wait_leader
segments=$(find "$disk" -name 'segment-*' | wc -l)
claim a_full_disk_is_trimmed trim --to "$(journal "$leader" .commit_number)"
for node in 1 2 3; do claim "node_${node}_gives_up_segments_of_it" wait_until 30 is_behind "$node" 1; done
fewer() { [ "$(find "$disk" -name 'segment-*' | wc -l)" -lt $((segments - 6)) ]; }
claim the_disk_has_room_again wait_until 30 fewer
start_loader c --size-min 8000 --size-max 9000 --rate 500 --connect-ms 60000
claim appends_go_on_on_it wait_progress c 500 60
claim every_append_is_answered_on_it stop_loader c
claim what_is_kept_is_read_on_it reads_what_is_kept

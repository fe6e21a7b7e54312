#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog restore: three nodes with records, a reader and a named consumer; a backup while records come, a later archive; then everything is
# destroyed. One node gets what the backup and the archive have, the others join it blank, and all three are healthy; each record is what was
# acknowledged, and the reader is told of the gap. The tool is killed at any moment, and its device is full: nothing half made is taken for data.
# beside: others
# timeout: 300
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

data() { echo "$cluster/node$1/data"; } # NODE
with_bases() {
	local node
	for node in 1 2 3; do
		printf 'base:\n  every: 1MiB\narchive:\n  directory: %s\n' "$cluster/archive$node" >>"$cluster/node$node.yaml"
	done
}
restore() { "$wirelog" restore "$@" >"$work/tool.out" 2>&1; }
refuses() { answers "$1" "$2" restore "${@:3}"; } # EXIT PATTERN ARGUMENT...
says() { grep -qE -- "$1" "$work/tool.out"; } # PATTERN
tool() { # COMMAND ARGUMENT...
	timeout -k 5 40 "$wirelog" "$@" --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid"
}
member() { "$wirelog" member "$@" --run-directory "$run_base/restore/1" >"$work/tool.out" 2>&1; }
has_base() { [ "$(journal "$1" .bases.own_proven)" = true ]; } # NODE
has_archived() { [ "$(journal "$1" .archive.next_number)" -gt "$2" ]; } # NODE NUMBER
is_healthy() { [ "$(of "$1" .health.level)" = healthy ]; } # NODE
reader_has() { # NUMBER: says where it is
	local at
	at=$(tail -n 2 "$work/reader.out" | head -n 1 | awk '{ print $1 }')
	echo "the reader is at $at: $(tail -n 1 "$work/reader.err")"
	[ "$at" -ge "$1" ] 2>/dev/null
}
mib_of() { du -sm "$1" | cut -f1; } # PATH
has_mib() { [ "$(mib_of "$1")" -ge "$2" ]; } # PATH MIB
records_of() { tool tail --node "$1" --from 1 --count "$2" --format hex; } # NODE NUMBER
has_voters() { [ "$(journal "$1" '.members.voters | map(tostring) | join("")')" = "$2" ]; } # NODE VOTERS
segments_of() { (cd "$(data "$1")" && find . -name 'segment-*' -print0 | sort -z | xargs -0 sha256sum | sha256sum); } # NODE
log_says() { grep -qE -- "$2" "$cluster/node$1.log"; } # NODE PATTERN

make_cluster restore || exit 1
need bases_are_asked_for with_bases
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 4000 --size-max 20000 --rate 900
"$wirelog" tail --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" --follow --format text --from 1 \
	>"$work/reader.out" 2>"$work/reader.err" &
extra_pids+=($!)
need appends_are_acknowledged wait_progress a 200
need a_consumer_is_there "$wirelog" consumer set billing --to 5 --run-directory "$run_base/restore/$leader"
history=$(journal "$leader" .history)
source=$(followers_of "$leader" | head -n 1)
need bases_are_proven wait_until 30 has_base "$source"
need there_is_something_to_restore wait_until 60 has_mib "$(data "$source")" 64

# ---- a backup, an archive, and the end of all -------------------------------------------------------

backup=$work/backup archive=$cluster/archive$source
claim a_backup_is_made_while_records_come "$wirelog" backup "$(data "$source")" --to "$backup"
end_of_backup=$("$wirelog" backup --check "$backup" | sed -n 's/.*records [0-9]* to \([0-9]*\).*/\1/p')
need records_are_archived_behind_it wait_until 30 has_archived "$source" "$((end_of_backup + 20))"
claim over_a_node_that_runs_nothing_is_restored refuses 75 STORE_IN_USE "$backup" --config "$cluster/node1.yaml" --yes
claim every_append_is_answered stop_loader a
need all_have_all wait_caught_up 1 2 3
last=$(journal "$leader" .commit_number)
records_of "$leader" "$last" >"$work/before" || not_ok records_are_read
for node in 1 2 3; do kill_node "$node"; done
claim over_data_nothing_is_restored refuses 73 STORE_OCCUPIED "$backup" --config "$cluster/node1.yaml" --yes
rm -rf "$(data 1)" "$(data 3)"
sum=$(segments_of 2) # these turn up later

# ---- what would be made, and what is ----------------------------------------------------------------

node1=(--config "$cluster/node1.yaml")
claim what_would_be_made_is_said restore "$backup" "${node1[@]}" --archive "$archive"
claim up_to_where says "records +1 to [0-9]+"
claim and_that_nothing_was_changed says 'nothing was changed; --yes makes this'
claim that_is_true test ! -e "$(data 1)"
restored=$("$wirelog" restore "$backup" "${node1[@]}" --archive "$archive" --json | jq '.journals[0].last_number')
claim the_archive_has_more test "$restored" -gt "$end_of_backup"
mkdir -p "$work/torn" && cp -a "$backup/." "$work/torn"
truncate -s -5 "$(find "$work/torn" -name 'entries-*' | sort | tail -n 1)"
claim a_torn_backup_is_refused refuses 65 'SHORT' "$work/torn" "${node1[@]}" --yes
claim more_than_there_is_is_refused refuses 64 'is wanted' "$backup" "${node1[@]}" --to-number 1000000 --yes

# Killed at any moment: a node does not start on it, and who asks again gets all of it.
unfinished=0
killed_well() { # MILLISECONDS behind the moment when anything stands there
	local pid
	"$wirelog" restore "$backup" "${node1[@]}" --archive "$archive" --yes >/dev/null 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null && [ ! -e "$(data 1)/superblock" ]; do sleep 0.005; done
	sleep "$(printf '0.%03d' "$1")"
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	"$wirelog" verify "$(data 1)" >"$work/verify.out" 2>&1 && return 0 # it had ended
	grep -q STORE_UNFINISHED "$work/verify.out" || return 1
	unfinished=$((unfinished + 1))
}
kill_it_often() {
	local ms
	for ms in 0 20 60 150; do killed_well "$ms" || return 1; done
	[ "$unfinished" -gt 0 ] || return 0
	! "$wirelog" verify "$(data 1)" >/dev/null 2>&1 || return 0
	run_daemon "$cluster/node1.yaml"
	[ "$status" -eq 65 ] && grep -q STORE_UNFINISHED <<<"$said"
}
claim killed_at_any_moment_it_leaves_no_data kill_it_often
[ "$unfinished" -gt 0 ] || skip killed_in_between "it had ended each time"
"$wirelog" verify "$(data 1)" >/dev/null 2>&1 && rm -rf "$(data 1)"
claim it_is_restored restore "$backup" "${node1[@]}" --archive "$archive" --yes
claim what_was_made_is_whole "$wirelog" verify "$(data 1)"

# ---- a full device, and a raw one ------------------------------------------------------------------------

aimed_at() { # PATH: node 1's file with another storage.path, in $cluster/aimed.yaml
	sed -e "s|^  path: .*|  path: $1|" "$cluster/node1.yaml" >"$cluster/aimed.yaml"
}
loop_of() { # NAME SIZE
	truncate -s "$2" "$work/$1.image" && loop=$(losetup -f --show "$work/$1.image") && loops+=("$loop")
}
same_chain() { [ "$("$wirelog" verify "$1" | grep -o 'chain.*')" = "$("$wirelog" verify "$(data 1)" | grep -o 'chain.*')" ]; } # PATH
on_small_and_raw_ones() {
	local aimed=(--config "$cluster/aimed.yaml" --archive "$archive" --yes)
	need a_small_file_system_is_made loop_of small "$(($(mib_of "$(data 1)") / 2))M"
	need it_has_one mkfs.ext4 -q "$loop"
	mkdir "$work/small" && need it_is_mounted mount "$loop" "$work/small"
	mounts+=("$work/small")
	aimed_at "$work/small/data"
	claim a_full_device_is_told refuses 73 STORE_FULL "$backup" "${aimed[@]}"
	run_daemon "$cluster/aimed.yaml"
	claim and_no_node_starts_on_what_is_left test "$status" -eq 65
	claim which_is_said grep -q STORE_UNFINISHED <<<"$said"
	need a_raw_device_is_there loop_of raw 400M
	aimed_at "$loop"
	claim it_is_restored_to_a_raw_device restore "$backup" "${aimed[@]}"
	claim with_the_same_entries same_chain "$loop"
}
if is_root && losetup -f >/dev/null 2>&1; then
	on_small_and_raw_ones
else
	skip small_and_raw_devices "needs root and loop devices"
fi

# ---- it goes on ---------------------------------------------------------------------------------------

sed -i '/^archive:/,$d' "$cluster"/node*.yaml # what they archived is of the history before
start_node 1
need it_starts wait_started 1
need it_leads_alone wait_leader
claim it_alone_votes wait_until 20 has_voters 1 1
claim the_history_is_another_one test "$(journal 1 .history)" != "$history"
claim and_the_one_before_is_known test "$(journal 1 .rescued.before)" = "$history"
claim what_is_lost_is_told test "$(journal 1 .rescued.lost_from)" = "$((restored + 1))"
goes_on=$(journal 1 .rescued.goes_on_at)
claim numbers_are_far_behind test "$((goes_on - restored))" -ge $((1 << 40))
claim the_consumer_is_there "$wirelog" consumer list --run-directory "$run_base/restore/1"

# Data of the history before turn up: refused by name on both sides, kept, and mixed with nothing.
start_node 2
need an_old_member_starts wait_started 2
claim it_is_refused_by_name wait_until 20 log_says 1 'peer_history .*node=2 .*OTHER_HISTORY'
claim and_refuses wait_until 20 log_says 2 'peer_history .*node=1 .*OTHER_HISTORY'
end_node 2 TERM
claim its_data_are_kept test "$(segments_of 2)" = "$sum"
rm -rf "$(data 2)"

for node in 2 3; do
	start_node "$node"
	need "blank_node_${node}_starts" wait_started "$node"
	claim "node_${node}_joins" member add "$node"
	claim "node_${node}_votes" member promote "$node" --timeout 60
done
claim all_three_vote wait_until 20 has_voters 1 123
start_loader b --size-min 100 --size-max 3000 --rate 500
need appends_go_on wait_progress b 200
claim the_reader_goes_on wait_until 60 reader_has "$((goes_on + 100))"
claim it_is_told_of_the_gap_once test "$(grep -c RESCUED "$work/reader.err")" = 1
claim every_new_append_is_answered stop_loader b
claim they_have_all wait_caught_up 1 2 3
for node in 1 2 3; do claim "node_${node}_is_healthy" wait_until 30 is_healthy "$node"; done
is_what_was_acknowledged() { # NODE
	records_of "$1" "$restored" >"$work/after" && [ "$(wc -l <"$work/after")" -eq "$restored" ] &&
		cmp "$work/after" <(head -n "$restored" "$work/before")
}
claim each_record_is_what_was_acknowledged is_what_was_acknowledged 1
claim on_a_node_that_joined_too is_what_was_acknowledged 3

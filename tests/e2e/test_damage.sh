#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Data damaged at rest, in every way of docs/LOG-FORMAT.md: named by verify, and by a start without the other nodes, which takes no part in that
# journal. (That it heals from them is test_mend.sh's.)
# beside: others
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
# Three segments of 8 MiB in use.
start_loader a --size-min 4000 --size-max 9000 --rate 0 --count 3600 --outstanding 32
need appends_are_acknowledged wait_loader a
final_check
# One that ended well: the superblock knows how far it was durable. One that did not: the newest chunks have no watermark.
follower=$(followers_of "$leader" | head -n 1)
end_node "$follower" TERM
start_loader b --rate 2000
need appends_before_the_kill wait_progress b 1500
cut=$leader
other=$(followers_of "$leader" | head -n 1)
kill_node "$cut"
kill -KILL "${loaders[b]}" && wait "${loaders[b]}" 2>/dev/null
unset "loaders[b]"
kill_node "$other"

# damaged CLEAN KIND: $copy, a damaged copy of CLEAN's data, and $config for it
damaged() {
	copy=$work/copy
	rm -rf "$copy"
	cp -r --reflink=auto "$cluster/node$1/data" "$copy"
	config=$cluster/damaged.yaml
	sed "s|^  path: .*|  path: $copy|" "$cluster/node$1.yaml" >"$config"
	[ "$2" = none ] || "$e2e/damage" "$copy" "$2" >"$work/damage.out" 2>&1
}

start_on_copy() { # returns at once
	: >"$cluster/damaged.log" # of this one alone, whenever it begins
	"$wirelogd" --config "$config" >"$cluster/damaged.log" 2>&1 </dev/null &
	extra_pids+=($!)
}

ends_well() { # after SIGTERM
	local daemon=${extra_pids[-1]}
	unset 'extra_pids[-1]'
	kill -TERM "$daemon" && wait "$daemon"
}

sleeps() { # NODE KIND NAME-OF-DAMAGE: the node starts, and says that this journal takes no part
	damaged "$1" "$2" || { not_ok "$2_is_named" "$(cat "$work/damage.out")"; return; }
	"$wirelog" verify "$copy" >"$work/verify.out" 2>&1
	result=$?
	claim "verify_reports_$2" test "$result" -eq 65
	claim "verify_names_$2_as_$3" grep -q -- "$3" "$work/verify.out"
	start_on_copy
	claim "wirelogd_starts_with_$2" wait_until 30 grep -q ' started ' "$cluster/damaged.log"
	claim "wirelogd_names_$2_as_$3" grep -q "dormant journal=0 damage=$3 " "$cluster/damaged.log"
	claim "wirelogd_ends_well_with_$2" ends_well
	# What nobody else has is not made up.
	"$wirelog" verify "$copy" >/dev/null 2>&1
	claim "$2_is_still_there" test $? -eq 65
}

# A tear may leave the entries whole, and then they are put together again.
# NODE KIND NAME-OF-DAMAGE [GAVE-UP]: what stood at the end is known to nobody, so these data count for nothing, and the log ends before it. GAVE-UP 0: the
# node heals by itself, of what is whole in its own log.
gives_up() {
	damaged "$1" "$2" || { not_ok "$2_is_named" "$(cat "$work/damage.out")"; return; }
	"$wirelog" verify "$copy" >"$work/verify.out" 2>&1
	result=$?
	claim "verify_reports_$2" test "$result" -eq 65
	claim "verify_names_$2_as_$3" grep -q -- "$3" "$work/verify.out"
	start_on_copy
	claim "wirelogd_names_$2_as_$3" wait_until 30 grep -q "dormant journal=0 damage=$3 " "$cluster/damaged.log"
	claim "wirelogd_gives_up_$2" wait_until 30 grep -q 'mended journal=0 .* gave_up_end='"${4:-1} " "$cluster/damaged.log"
	claim "wirelogd_opens_what_is_left_of_$2" wait_until 30 grep -q ' recovered journal=0 ' "$cluster/damaged.log"
	[ -n "${4:-}" ] || claim "data_with_$2_count_for_nothing" wait_until 30 grep -q "NO_HISTORY: this node's data neither vote nor count" "$cluster/damaged.log"
	claim "wirelogd_ends_well_with_$2" ends_well
}

refuses() { # NODE KIND NAME-OF-DAMAGE
	damaged "$1" "$2" || { not_ok "$2_is_refused" "$(cat "$work/damage.out")"; return; }
	"$wirelog" verify "$copy" >"$work/verify.out" 2>&1
	result=$?
	claim "verify_reports_$2" test "$result" -eq 65
	claim "verify_names_$2_as_$3" grep -q -- "$3" "$work/verify.out"
	run_daemon "$config"
	claim "wirelogd_refuses_$2" test "$status" -eq 65
	claim "wirelogd_names_$2_as_$3" grep -q "STORE_DAMAGED.*$3" "$work/daemon.out"
	# Nothing was repaired behind the operator's back.
	"$wirelog" verify "$copy" >/dev/null 2>&1
	claim "$2_is_still_there" test $? -eq 65
}

starts() { # NODE KIND WORDS-IN-LOG: the damage is none, or is cut away
	damaged "$1" "$2" || { not_ok "$2_is_no_obstacle" "$(cat "$work/damage.out")"; return; }
	"$wirelog" verify "$copy" >"$work/verify.out" 2>&1
	claim "verify_accepts_$2" test $? -eq 0
	start_on_copy
	claim "wirelogd_starts_with_$2" wait_until 30 grep -q ' started ' "$cluster/damaged.log"
	[ -z "$3" ] || claim "wirelogd_tells_$2" grep -q "$3" "$cluster/damaged.log"
	claim "wirelogd_ends_well_with_$2" ends_well
}

starts "$follower" none ''
sleeps "$follower" rot rot
gives_up "$follower" rot_header rot 0
sleeps "$follower" torn_middle rot
sleeps "$follower" lost_write lost-write
sleeps "$follower" misdirected misdirected
refuses "$follower" broken_chain chain
gives_up "$follower" segment_header segment-header 0
sleeps "$follower" segment_absent segment-absent
gives_up "$follower" cut_short cut-short
# The newest chunk: known as durable by the superblock, or by nobody. Its last sector holds the end of a record, which then only another node has, or
# nothing that counts.
if "$e2e/damage" "$cluster/node$follower/data" map | tail -n 1 | awk '{ exit !($6 > $4 - 512) }'; then
	sleeps "$follower" torn_tail rot
else
	gives_up "$follower" torn_tail rot [01]
fi
sleeps "$cut" rot_tail unproven
starts "$cut" torn_tail torn_tail_cut
starts "$follower" segment_ahead ''

# A segment of another node's in place of ours.
damaged "$follower" none
segment=$(find "$copy/journal-00" -name 'segment-*1' | sort | head -n 1)
cp "$cluster/node$cut/data/journal-00/${segment##*/}" "$segment"
run_daemon "$config"
claim wirelogd_refuses_a_segment_of_another_node test "$status" -eq 65
claim wirelogd_names_it_foreign grep -q foreign "$work/daemon.out"

# Four copies in two pairs: one may rot, a pair may not.
starts "$follower" superblock_0 ''
starts "$follower" superblock_3 ''
for kind in superblock_01 superblock_23 superblock_0123 superblock_zero; do
	damaged "$follower" "$kind"
	run_daemon "$config"
	claim "wirelogd_refuses_$kind" test "$status" -eq 65
	claim "wirelogd_names_$kind" grep -q 'code=STORE_DAMAGED' "$work/daemon.out"
done

# A drive that misreads a pair for a moment.
damaged "$follower" superblock_01
start_on_copy
claim misread_superblock_is_read_again wait_until 30 grep -q 'looks_again what=data' "$cluster/damaged.log"
cp "$cluster/node$follower/data/superblock" "$copy/superblock"
claim read_well_it_starts wait_until 30 grep -q ' started ' "$cluster/damaged.log"
claim and_ends_well ends_well

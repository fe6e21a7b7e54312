#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A log that lives: bases come while it is written to, a start goes on from one, whatever ended the process; then retention gives up what
# lies before them, and starts go on.
# beside: others
# timeout: 240
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

own_base() { journal "$1" '.bases.own.index // 0'; }
has_base_behind() { [ "$(own_base "$1")" -gt "$2" ]; } # NODE INDEX
is_proven() { [ "$(journal "$1" '.bases.proven.index // 0')" -gt "$2" ]; }
has_given_up() { [ "$(journal "$1" '.begin.segment')" -gt "$2" ]; } # NODE SEGMENT
opened_from() { sed -n 's/.* opened_from_base journal=0 index=\([0-9]*\).*/\1/p' "$cluster/node$1.log" | tail -n 1; }
newest_log_has() { [ "$(opened_from "$1")" -ge "$2" ]; }

dumps_something() { "$wirelog" dump "$cluster/node1/data" --count 3 | grep -q .; }
is_named_damage() {
	"$wirelog" verify "$cluster/node1/data" >"$work/verify.out"
	[ $? -eq 65 ] && grep -q '  DAMAGE    rot: ' "$work/verify.out"
}
newest_place() { # of node 1, which is down: the place with the higher index
	"$wirelog" verify --json "$cluster/node1/data" |
		jq '[.journals[0].bases | to_entries[] | {place: .key, index: .value.index}] | max_by(.index).place'
}

make_cluster main || exit 1
for node in 1 2 3; do
	printf 'base:\n  every: 1MiB\n' >>"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 1000 --size-max 3000 --rate 1000
for node in 1 2 3; do
	claim "node_${node}_makes_a_base" wait_until 60 has_base_behind "$node" 0
	claim "node_${node}_knows_one_that_is_proven" wait_until 60 is_proven "$node" 0
done

follower=$(followers_of "$leader" | head -n 1)
for signal in TERM KILL; do
	before=$(journal "$follower" '.bases.proven.index')
	end_node "$follower" "$signal" 2>/dev/null
	start_node "$follower"
	claim "a_follower_starts_again_after_$signal" wait_started "$follower"
	claim "from_a_base_after_$signal" newest_log_has "$follower" "$before"
	claim "it_makes_the_next_one_after_$signal" wait_until 60 has_base_behind "$follower" "$(opened_from "$follower")"
done

for round in 1 2 3; do
	need leader_is_there wait_leader
	before=$(journal "$leader" '.bases.own.index')
	for node in 1 2 3; do kill -KILL "${pids[$node]}"; done
	for node in 1 2 3; do end_node "$node" KILL; done 2>/dev/null
	start_all >/dev/null
	claim "the_cluster_comes_back_after_sigkill_$round" wait_leader
	claim "appends_go_on_after_sigkill_$round" wait_progress a 500
	for node in 1 2 3; do
		claim "node_${node}_opened_from_a_base_$round" newest_log_has "$node" 1
	done
done
claim every_append_is_answered stop_loader a
claim client_kept_its_session grep -q 'sessions_lost 0' "$cluster/loader.a.out"
claim nothing_acknowledged_is_lost_and_chains_are_equal hold_promises

# A proof may be the last entry for a long time: each node notices it without another one.
are_proven() {
	local node
	for node in 1 2 3; do [ "$(journal "$node" '.bases | .own_proven and .own.index == .mark')" = true ] || return 1; done
}
notices_proofs_when_idle() {
	local round
	for round in 1 2 3 4 5 6; do
		start_loader "idle$round" --size-min 8000 --size-max 9000 --rate 1500 --count 140
		wait_loader "idle$round" && wait_until 20 are_proven || return 1
	done
}
claim a_proof_is_noticed_when_nothing_follows_it notices_proofs_when_idle

# From here on the oldest records leave.
stop_all
start_all >/dev/null
need a_leader_is_elected_again wait_leader
set_limit() { # NAME VALUE
	local node options=()
	for node in 1 2 3; do options+=(--run-directory "$run_base/${cluster##*/}/$node"); done
	"$wirelog" limit set "$@" "${options[@]}"
}
need retention_is_set set_limit retention.bytes 16MiB
start_loader b --size-min 4000 --size-max 9000 --rate 1000
for node in 1 2 3; do
	claim "node_${node}_gives_up_segments" wait_until 90 has_given_up "$node" 1
done
for round in 1 2 3; do
	for node in 1 2 3; do kill -KILL "${pids[$node]}"; done
	for node in 1 2 3; do end_node "$node" KILL; done 2>/dev/null
	start_all >/dev/null
	claim "a_log_without_its_beginning_starts_$round" wait_leader
	claim "and_appends_go_on_$round" wait_progress b 500
done
first=$(journal 1 .begin.segment)
claim and_more_is_given_up wait_until 90 has_given_up 1 "$first"
claim every_append_is_answered_there_too stop_loader b
claim chains_are_equal wait_caught_up 1 2 3
is_smaller() { [ "$(find "$cluster/node1/data/journal-00" -name 'segment-*' | wc -l)" -lt 12 ]; }
claim the_directory_is_smaller wait_until 20 is_smaller
stop_all
first=$(find "$cluster/node1/data/journal-00" -name 'segment-*' -printf '%f\n' | sort | head -n 1)
claim a_log_without_its_beginning_is_clean "$wirelog" verify "$cluster/node1/data"
claim its_records_can_be_dumped dumps_something

# What is older than the base: a start does not read it, verify does.
cp "$cluster/node1/data/journal-00/$first" "$work/segment"
printf 'x' | dd of="$cluster/node1/data/journal-00/$first" bs=1 seek=5001 conv=notrunc status=none
claim damage_before_the_base_is_found is_named_damage
cp "$work/segment" "$cluster/node1/data/journal-00/$first"

# The newest base rots: the one before takes its part. Both, and there is nothing to start from.
newest=$(newest_place)
printf 'x' | dd of="$cluster/node1/data/journal-00/base-$newest" bs=1 seek=300 conv=notrunc status=none
start_all >/dev/null
claim the_older_base_takes_the_part_of_a_damaged_one grep -q "base_damaged journal=0 place=$newest" "$cluster/node1.log"
claim and_the_cluster_goes_on wait_leader
claim and_catches_up wait_caught_up 1 2 3
end_node 1 KILL 2>/dev/null
bases=("$cluster/node1/data/journal-00"/base-[01])
cp "${bases[@]}" "$work"
for base in "${bases[@]}"; do printf 'xxxx' | dd of="$base" bs=1 seek=40 conv=notrunc status=none; done
run_daemon "$cluster/node1.yaml"
claim without_a_base_it_is_refused test "$status" -eq 65
claim and_says_why grep -q 'cannot be opened: its log begins at segment' "$work/daemon.out"

# A drive that misreads both for a moment.
start_node 1
claim misread_bases_are_read_again wait_until 30 grep -q 'looks_again what=base' "$cluster/node1.log"
cp "$work"/base-[01] "$cluster/node1/data/journal-00"
claim read_well_it_starts wait_started 1
claim and_goes_on_from_them wait_caught_up 1 2 3

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A log that loses its oldest part: on all nodes, under kill -9 at any instant of a trim; starts from a base; retention keeps the
# directory small. KILLS for more of them than six; SEED repeats a run's choices.
# beside: others
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

RANDOM=${SEED:=$((RANDOM + 1))}
echo "# SEED=$SEED"
segment_mib=8 ring_mib=4
make_cluster main || exit 1
for node in 1 2 3; do printf 'base:\n  every: 1MiB\n' >>"$cluster/node$node.yaml"; done
run_directories=("$run_base"/main/{1,2,3})

trim() { # NUMBER [OPTION...]: by a node of this machine, whichever runs
	local to=$1 options=() directory
	shift
	for directory in "${run_directories[@]}"; do options+=(--run-directory "$directory"); done
	timeout -k 5 30 "$wirelog" trim "${options[@]}" --to "$to" "$@"
}

first_segment() { find "$cluster/node$1/data/journal-00" -name 'segment-*' ! -name '*.new' -printf '%f\n' | sort | sed -n '1s/segment-0*//p'; }
segment_of() { local segment; segment=$(first_segment "$1"); echo "${segment:-0}"; }
begin_of() { journal "$1" .begin.number; }
committed() { journal "$leader" .commit_number; }

all_give_up() { # SEGMENT: each node's lowest one is that or a later one
	local node
	for node in 1 2 3; do [ "$(segment_of "$node")" -ge "$1" ] || return 1; done
}

say_promise() { # NUMBER: each node
	local node
	for node in 1 2 3; do [ "$(journal "$node" .trim_number)" = "$1" ] || return 1; done
}

# Whatever was acknowledged and not given up stands in every node; each says where its log begins.
hold_what_is_kept() {
	local node to before first acks=()
	wait_leader || return 1
	wait_caught_up 1 2 3 || return 1
	to=$(committed)
	mapfile -t acks < <(find "$cluster" -maxdepth 1 -name 'acks.*' | sort)
	for node in 1 2 3; do
		before=$(begin_of "$node")
		timeout -k 5 60 "$e2e/checker" --endpoints "$endpoints" --key-file "$cluster/cluster.key" --trimmed \
			--cluster "$cluster_uuid" --node "$node" --to "$to" "${acks[@]}" >"$work/kept.$node" 2>"$work/kept.err" ||
			{ cat "$work/kept.$node" "$work/kept.err"; return 1; }
		# A segment may be given up meanwhile.
		first=$(sed -n 's/^first //p' "$work/kept.$node")
		if [ "${first:-0}" -lt "$before" ] || [ "$first" -gt "$(begin_of "$node")" ]; then
			echo "node $node began with $before, begins with $(begin_of "$node")"
			cat "$work/kept.$node"
			return 1
		fi
		[ "$(begin_of "$node")" -le "$(journal "$node" .trim_number)" ] ||
			{ echo "node $node gave up what is promised: $(journal "$node" '"\(.begin) \(.trim_number)"')"; return 1; }
	done
}

need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader fill --size-min 3500 --size-max 4500 --rate 0
need a_log_of_several_segments wait_progress fill 7000 60
need fill_is_answered stop_loader fill
start_loader drip --size-min 3000 --size-max 5000 --rate 400 --connect-ms 60000
need appends_go_on wait_progress drip 200
claim nothing_is_given_up_unasked all_give_up 0
claim first_segment_is_there test "$(segment_of 1)" -eq 0

# ---- by hand -----------------------------------------------------------------------------------------

to=$(($(committed) - 1000))
claim trim_of_what_is_not_there_is_refused test "$(trim 999999999 >/dev/null 2>&1; echo $?)" -eq 64
claim trim_is_committed trim "$to"
claim every_node_promises_the_same wait_until 10 say_promise "$to"
claim trim_again_changes_nothing trim "$((to - 500))"
claim every_node_promises_the_same_still say_promise "$to"
claim old_segments_disappear_on_every_node wait_until 30 all_give_up 3
claim no_record_is_given_up_that_is_promised test "$(begin_of 1)" -le "$to" -a "$(begin_of 2)" -le "$to" -a "$(begin_of 3)" -le "$to"
claim appends_go_on_after_a_trim wait_progress drip 100
"$wirelog" tail --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" --from 1 --count 10 \
	>"$work/tail.out" 2>"$work/tail.err"
claim a_reader_from_the_first_record_is_told grep -q TRIMMED "$work/tail.err"
claim and_goes_on test "$(wc -l <"$work/tail.out")" -ge 10

# ---- starts from a base ---------------------------------------------------------------------------------

starts_from_a_base() { # NODE: after SIGTERM
	end_node "$1" TERM
	start_node "$1" && wait_started "$1" || return 1
	[ "$(journal "$1" .bases.opened_from)" -gt 0 ] && [ "$(begin_of "$1")" -gt 1 ]
}
for node in 1 2 3; do
	claim "node_${node}_starts_from_its_base" starts_from_a_base "$node"
	wait_leader
done
claim appends_go_on_after_the_starts wait_progress drip 100 60

# ---- kill -9 at any instant of a trim --------------------------------------------------------------------

for ((round = 1; round <= ${KILLS:-6}; round++)); do
	victim=$((RANDOM % 3 + 1))
	wait_leader
	to=$(($(committed) - RANDOM % 300 - 10))
	trim "$to" >"$work/trim.$round" 2>&1 &
	extra_pids+=($!)
	sleep "0.$((RANDOM % 6))"
	kill_node "$victim"
	start_node "$victim"
	need killed_node_starts_again wait_started "$victim"
	# Now and then the next blow comes before the last one has healed.
	[ $((RANDOM % 3)) -eq 0 ] || wait_progress drip $((RANDOM % 50)) 60 >/dev/null
done
ok nodes_killed_in_trims_start_again
claim appends_go_on_after_the_kills wait_progress drip 100 60
claim trim_goes_on_after_the_kills trim "$to"
claim every_append_is_answered stop_loader drip
claim nothing_that_is_kept_is_lost hold_what_is_kept

# ---- retention ----------------------------------------------------------------------------------------------

used_mib() { du -sm --apparent-size "$cluster/node$1/data" 2>/dev/null | cut -f1; }
set_limit() { # NAME VALUE
	local directory options=()
	for directory in "${run_directories[@]}"; do options+=(--run-directory "$directory"); done
	"$wirelog" limit set "$@" "${options[@]}"
}
claim retention_is_set set_limit retention.bytes 16MiB
before=$(journal "$leader" .tail.index) start=$(acknowledged flow) most=0
start_loader flow --size-min 8000 --size-max 9000 --rate 3000
for _ in $(seq 100); do
	for node in 1 2 3; do
		used=$(used_mib "$node")
		[ "$used" -le "$most" ] || most=$used
	done
	[ $(($(acknowledged flow) - start)) -lt 15000 ] || break
	sleep 0.1
done
echo "# $(acknowledged flow) records of 8 to 9 KB, at most $most MiB in a directory, entries $before to $(journal "$leader" .tail.index)"
claim several_times_the_retained_bytes_were_appended test "$(acknowledged flow)" -ge 9000
claim a_directory_stays_small test "$most" -le 112
claim every_append_is_answered_under_retention stop_loader flow
claim nothing_that_is_kept_is_lost_under_retention hold_what_is_kept

# ---- offline ------------------------------------------------------------------------------------------------

stop_all
for node in 1 2 3; do
	"$wirelog" verify --json "$cluster/node$node/data" >"$work/verify.$node" 2>&1
	claim "node_${node}_verifies" test $? -eq 0
	claim "node_${node}_has_a_base_that_is_what_the_log_makes" \
		jq -e '.journals[0] | .first_index > 1 and .opens_at > 0 and ([.bases[] | select(.state == "same")] | length) >= 1' "$work/verify.$node"
done
"$wirelog" dump "$cluster/node1/data" >"$work/dump" 2>&1
claim dump_says_where_the_log_begins grep -q "^begins with record $(jq .journals[0].first_number "$work/verify.1"), " "$work/dump"

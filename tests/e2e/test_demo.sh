#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# `wirelog demo` as a newcomer uses it: the proof in small, the verbs, and that nothing is left behind.
# timeout: 200
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# On a disk, and short: sockets are in it.
base=$(mktemp -d /var/tmp/wle-demo.XXXXXX) || exit 1
trap '"$wirelog" demo stop >/dev/null 2>&1; rm -rf "$base"; clean_up; [ "$failures" -eq 0 ] || exit 1' EXIT
export XDG_STATE_HOME=$base/state
unset WIRELOG_ENDPOINTS WIRELOG_KEY_FILE WIRELOG_CLUSTER WIRELOG_RUN_DIRECTORIES
place=(--directory "$base/d" --configurations "$PWD/drivers-config/demo")

nothing_runs() { ! pgrep -f "$base/d/node[123].yaml" >/dev/null; }

# ---- the proof ----------------------------------------------------------------------------------

# Each line behind the time at which it came here.
stamp() { while IFS= read -r line; do printf '%s %s\n' "${EPOCHREALTIME/[.,]/}" "$line"; done; }
"$wirelog" demo --run --messages 60000 "${place[@]}" 2>&1 | stamp >"$work/stamped"
status=${PIPESTATUS[0]}
cut -d' ' -f2- "$work/stamped" >"$work/said"
claim run_ends_with_0 test "$status" -eq 0 || cat "$work/said"
claim run_says_what_it_chose_and_why grep -Eq '^  idle +(spin|yield|backoff): .' "$work/said"
claim run_acknowledged_is_stored grep -Eq '^  yes +acknowledged = stored +60,000 = 60,000$' "$work/said"
claim run_finds_equal_chain_values test "$(grep -c '^  yes  *chain value equal' "$work/said")" -eq 2
claim run_writes_no_line_longer_than_100_columns test "$(awk 'length > 100' "$work/said" | wc -l)" -eq 0
claim run_breaks_no_promise test "$(grep -c '^  NO ' "$work/said")" -eq 0
claim run_leaves_nothing_running nothing_runs
claim run_leaves_no_directory test ! -e "$base/d"

# Damage that heals: where it was written is told, and how it went.
claim run_tells_where_a_bit_turned grep -Eq '^ +[0-9.]+ s +node[123]/data/journal-00/segment-[0-9]{12} byte [1-9][0-9]*$' "$work/said"
claim run_mends_it grep -Eq '^  yes +rot on a disk healed +node [123], record [0-9,]+, all there after [0-9.]+ m?s$' "$work/said"
claim run_brings_an_empty_disk_back grep -Eq '^  yes +an empty disk came back +node [123], all there and counting after [0-9.]+ m?s$' "$work/said"
claim run_hands_leadership_over grep -Eq '^  yes +leadership handed over +node [123] to node [123], no append refused$' "$work/said"
claim run_replaces_a_node grep -Eq '^  yes +a node replaced, the rest running +node [123] by node 4, a voter after [0-9.]+ m?s$' "$work/said"
claim run_harms_two_nodes test "$(sed -n 's/^.* kill -9 of node \([123]\)[;,] .*/\1/p' "$work/said" | sort -u | wc -l)" -ge 2

# Its own figures, beside the clock out here: microseconds at which the lines came.
came() { grep -m1 -- "$1" "$work/stamped" | cut -d' ' -f1; }
told() { sed -n "s/$1/\1/p" "$work/said" | head -n 1 | tr -d ','; }
appending=$(came 'appending it through') killed=$(came 'kill -9 of the leader, node') answered=$(came 'next acknowledged append')
finished=$(came 'acknowledged; [0-9]* records\/s')
lines_come_when_they_say() { awk '$3 == "s" && $2 ~ /^[0-9.]+$/ {
	if (!lines++) { here = $1 - $2 * 1e6 }
	off = $1 - $2 * 1e6 - here; if (off < -5e5 || off > 5e5) { print off " us: " $0; bad = 1 } }
	END { exit bad || lines < 8 }' "$work/stamped"; }
claim run_tells_the_time_that_the_clock_tells lines_come_when_they_say
microseconds() { awk '{ print $1 * ($2 == "s" ? 1e6 : $2 == "ms" ? 1e3 : 1) }' <<<"$1"; }
failover=$(microseconds "$(told '.*next acknowledged append \([0-9.,]* [mu]*s\) after the kill.*')")
failover_fits() {
	echo "told $failover us, seen $((answered - killed)) us"
	awk -v told="$failover" -v seen="$((answered - killed))" 'BEGIN { exit !(told > 0 && told - seen < 3e5 + seen / 5 && seen - told < 3e5 + seen / 5) }'
}
claim run_tells_the_failover_that_was_seen failover_fits
# Over all that was appended, and over what came after the kill: the rate lies between, as the first appends were sent one by one. The
# line comes when the client has said goodbye, the last answer came before.
rate=$(told '.* acknowledged; \([0-9]*\) records\/s.*')
rate_fits() {
	echo "told $rate/s, seen 60000 in $((finished - appending)) us, $((finished - killed)) of them after the kill"
	awk -v rate="$rate" -v all="$((finished - appending))" -v rest="$((finished - killed))" \
		'BEGIN { exit !(rate >= 0.9 * 60000e6 / all && rate <= 1.5 * 60000e6 / rest) }'
}
claim run_tells_the_rate_that_was_seen rate_fits
megabytes_fit() {
	local bytes
	bytes=$(told '.*same bytes, in the same order *\([0-9,]*\) bytes.*')
	echo "$bytes bytes of 60000 records, told $rate/s and $(told '.*records\/s, \([0-9.]*\) MB\/s.*') MB/s"
	awk -v rate="$rate" -v told="$(told '.*records\/s, \([0-9.]*\) MB\/s.*')" -v bytes="$bytes" \
		'BEGIN { is = rate * bytes / 60000 / 1e6; exit !(told > 0 && told - is < 0.1 + is / 50 && is - told < 0.1 + is / 50) }'
}
claim run_tells_bytes_that_fit_to_its_records megabytes_fit

# Long enough for the chapter about a log that lives.
claim a_longer_run_ends_with_0 "$wirelog" demo --run --messages 500000 "${place[@]}"
cp "$work/claim.out" "$work/said"
claim it_gives_up_what_was_trimmed grep -Eq 'trimmed to record 900,001: the nodes gave up [1-9][0-9]*, [1-9][0-9]* and [1-9][0-9]* segments$' "$work/said"
claim it_starts_from_a_base grep -Eq '^  yes +a start goes on from its base +node [123], from entry [0-9]+$' "$work/said"
claim rot_behind_a_base_heals grep -Eq '^  yes +rot on a disk healed ' "$work/said"
claim and_an_empty_disk_comes_back_to_a_trimmed_log grep -Eq '^  yes +an empty disk came back ' "$work/said"
claim it_verifies_clean test "$(grep -c 'DAMAGED' "$work/said")" -eq 0
claim it_leaves_nothing_running nothing_runs

# Whatever ends it, its nodes go with it.
"$wirelog" demo --run "${place[@]}" >"$work/killed" 2>&1 &
run=$!
extra_pids+=("$run")
claim run_starts_nodes wait_until 40 grep -q 'three nodes run' "$work/killed"
claim verify_refuses_data_in_use test "$("$wirelog" verify "$base/d/node1/data" >/dev/null 2>&1; echo $?)" -eq 75
kill -KILL "$run"
wait "$run" 2>/dev/null
claim killed_run_takes_its_nodes_along wait_until 10 nothing_runs

# ---- to play with -------------------------------------------------------------------------------

claim demo_comes_up_where_a_killed_one_was "$wirelog" demo "${place[@]}"
claim second_demo_is_refused test "$("$wirelog" demo "${place[@]}" >/dev/null 2>&1; echo $?)" -eq 75
claim workload_is_written "$wirelog" workload itch --messages 5000 --output "$work/day.itch"
claim day_is_appended "$wirelog" append --format itch50 "$work/day.itch"
"$wirelog" demo kill leader >"$work/said" 2>&1
claim leader_is_killed_and_another_leads grep -Eq '^node [123] leads and takes appends, .* after the kill$' "$work/said"
claim day_is_appended_without_one_node "$wirelog" append --format itch50 "$work/day.itch"
"$wirelog" demo start >"$work/said" 2>&1
claim killed_node_catches_up grep -q 'all that run have the 10,000 records' "$work/said"
claim all_is_read_back test "$("$wirelog" tail --from 1 --format itch50 | cmp - <(cat "$work/day.itch" "$work/day.itch") && echo same)" = same
# A program that has no DPDK in it, over kernel sockets, also to the next leader.
where() { sed -n "s/^$1=//p" "$XDG_STATE_HOME/wirelog/demo"; }
by_sockets() { LD_LIBRARY_PATH=$BUILD timeout 60 "$BUILD/examples/append" "$(where udp_endpoints)" "$(where key_file)" "$(where cluster)"; }
claim it_has_no_dpdk test "$(LD_LIBRARY_PATH=$BUILD ldd "$BUILD/examples/append" "$BUILD/libwirelog.so.0" | grep -c librte)" -eq 0
claim records_cross_kernel_sockets_and_back test "$(seq 3000 | by_sockets | awk '$1 == 10000 + NR && $2 == NR' | wc -l)" -eq 3000
"$wirelog" demo kill leader >/dev/null 2>&1
claim they_do_with_another_leader test "$(echo more | by_sockets)" = '13001 more'
claim datagrams_are_counted test "$("$wirelog" status --json --request counters | grep -c '"udp_received": [1-9]')" -ge 2
"$wirelog" demo start >/dev/null 2>&1
# A fourth, while they run.
claim a_fourth_node_joins "$wirelog" demo grow
claim it_votes test "$("$wirelog" member list | grep -c ' 4 .* voter')" -eq 1
claim it_is_there_already "$wirelog" demo grow
claim it_has_all_of_it test "$("$wirelog" tail --from 13001 --node 4 | awk '{ print $1, $NF }')" = '13001 more'
killed_and_started() { "$wirelog" demo kill 4 && "$wirelog" demo start 4; }
claim it_is_killed_and_started_like_the_others killed_and_started
# Another directory than the one that it lives in is somebody else's.
claim stop_of_another_directory_is_refused test "$("$wirelog" demo stop --directory "$base" >/dev/null 2>&1; echo $?)" -eq 69
claim demo_runs_on_after_it wait_until 20 "$wirelog" status --check
claim demo_stops "$wirelog" demo stop --keep
claim kept_data_are_not_taken_by_the_next_demo test "$("$wirelog" demo "${place[@]}" >/dev/null 2>&1; echo $?)" -eq 65
claim stop_leaves_nothing_running nothing_runs
claim nothing_is_up_to_stop test "$("$wirelog" demo stop >/dev/null 2>&1; echo $?)" -eq 69

# ---- what is on the disks -----------------------------------------------------------------------

for node in 1 2 3; do
	claim "verify_accepts_node_$node" "$wirelog" verify --at 3 "$base/d/node$node/data"
	cp "$work/claim.out" "$work/said"
	grep 'behind entry 3, asked for' "$work/said" >>"$work/chains"
done
claim chain_values_behind_one_entry_are_equal test "$(sort -u "$work/chains" | wc -l)" -eq 1
"$wirelog" dump --from 9990 --count 3 "$base/d/node2/data" >"$work/said" 2>&1
claim dump_shows_the_records_that_were_asked_for test "$(awk '$1 ~ /^[0-9]+$/ {printf "%s ", $1}' "$work/said")" = '9990 9991 9992 '
# The place that it names holds the record's bytes.
read -r file byte hex < <("$wirelog" dump --format json --from 7 --count 1 "$base/d/node3/data" | tail -n 1 |
	jq -r '"\(.file) \(.byte) \(.hex)"')
claim dump_names_the_place_on_disk test \
	"$(dd if="$base/d/node3/data/$file" bs=1 skip="$byte" count=$((${#hex} / 2)) status=none | od -An -v -tx1 | tr -d ' \n')" = "$hex"

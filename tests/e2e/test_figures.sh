#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every kind of figure that the product prints, beside a count or a clock that is not its own: what was appended is counted from a file, its
# bytes with wc, its time with date. Times are compared with each other, never with a limit.
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

records=1500 bytes=40 # with the newline one more, which is no part of the record

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
export WIRELOG_ENDPOINTS=$endpoints WIRELOG_KEY_FILE=$cluster/cluster.key WIRELOG_CLUSTER=$cluster_uuid
head -c $((records * bytes)) /dev/urandom | od -An -v -tx1 -w$((bytes / 2)) | tr -d ' ' | head -n "$records" >"$work/lines"
printf 'first\n' | "$wirelog" append >/dev/null 2>&1 # a session for the tool, caches

# ---- counts -------------------------------------------------------------------------------------

# A machine without a free core may hold an election of its own in the middle, and counters of two leaders are no count.
append_measured() {
	local name
	wait_leader || return 1
	first=$leader term=$(journal "$leader" .term)
	for name in records_appended record_bytes_appended entries_appended records_committed; do
		declare -g "before_$name=$(counter "$leader" "$name")"
	done
	before_number=$(journal "$leader" .commit_number)
	before_commit=$(journal "$leader" .commit)
	before_timed=$(journal "$leader" .stages.commit.count)
	began=$(date +%s%N)
	"$wirelog" append --json --level committed --outstanding 1 "$work/lines" >"$work/said"
	ended=$(date +%s%N)
	[ "$(journal "$first" '"\(.role) \(.term)"')" = "leader $term" ]
}
need the_leader_stays eval 'append_measured || append_measured || append_measured'

lines=$(wc -l <"$work/lines")
sum=$(tr -d '\n' <"$work/lines" | wc -c)
grew() { echo $(($(counter "$leader" "$1") - $(eval "echo \$before_$1"))); }
is() {
	[ "$1" -eq "$2" ] && return
	echo "$1 is not $2"
	return 1
}

claim commit_number_counts_the_records is $(($(journal "$leader" .commit_number) - before_number)) "$lines"
claim record_bytes_are_those_of_the_file is "$(grew record_bytes_appended)" "$sum"
is_within() {
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ] && return
	echo "$1 is not within $2 .. $3"
	return 1
}
# Beside them the tool opened its session, or ended another one's.
claim records_appended_are_the_records is_within "$(grew records_appended)" "$lines" $((lines + 2))
claim entries_are_one_for_each_record is_within $(($(journal "$leader" .commit) - before_commit)) "$lines" $((lines + 2))
are_timed() { is $(($(journal "$leader" .stages.commit.count) - before_timed)) $(($(journal "$leader" .commit) - before_commit)); }
claim every_entry_is_timed_once wait_until 5 are_timed
commits_of() { [ "$(journal "$1" .commit_number)" = "$(journal "$leader" .commit_number)" ]; }
for node in 1 2 3; do
	claim "node_${node}_counts_the_same" wait_until 10 commits_of "$node"
done

# ---- clocks -------------------------------------------------------------------------------------

# One record was outstanding: a half of them took at least the median, a tenth at least the ninetieth percentile.
wall=$((ended - began))
stage() { journal "$leader" ".stages.$1.$2"; }
for timed in turn disk peer commit; do
	fits() {
		local p50 p90 max
		p50=$(stage "$timed" p50_ns) p90=$(stage "$timed" p90_ns) max=$(stage "$timed" max_ns)
		echo "p50 $p50 p90 $p90 max $max, all took $wall"
		[ "$p50" -gt 0 ] && [ "$p50" -le "$p90" ] && [ "$p90" -le "$max" ] &&
			[ $((p50 * lines / 2)) -le "$wall" ] && [ $((p90 * lines / 10)) -le "$wall" ]
	}
	claim "latencies_of_stage_${timed}_fit_into_the_time_that_all_took" fits
done
# Nothing else takes an append so long as its commit; what the tool measured is checked by test_cli.
is_a_part() {
	local commit tool
	commit=$(stage commit p50_ns)
	tool=$(jq '.latency_ns.p50 | floor' "$work/said")
	echo "commit $commit, the tool $tool"
	[ "$commit" -le "$tool" ] && [ "$commit" -ge $((tool / 50)) ]
}
claim commit_is_a_part_of_what_the_client_waits is_a_part
rate_fits() { jq -e --argjson wall "$wall" --argjson lines "$lines" \
	'.acknowledged == $lines and .seconds * 1e9 <= $wall and .seconds * 1e9 >= $wall / 50' "$work/said"; }
claim seconds_of_append_are_those_of_the_clock rate_fits

# ---- tail ---------------------------------------------------------------------------------------

last=$(journal "$leader" .commit_number)
"$wirelog" tail --from 1 --format json >"$work/tail.json"
claim tail_writes_every_record_once is "$(jq -s 'map(.number) | unique | length' "$work/tail.json")" "$last"
claim tail_writes_no_other is "$(wc -l <"$work/tail.json")" "$last"
"$wirelog" tail --from $((before_number + 1)) --format lines >"$work/back"
claim tail_gives_the_file_back cmp "$work/lines" "$work/back"
stamps_fit() { jq -se --argjson from "$began" --argjson to "$ended" --argjson after "$before_number" \
	'[.[] | select(.number > $after)] | all(.timestamp_ns >= $from - 1e6 and .timestamp_ns <= $to + 1e6)' "$work/tail.json"; }
claim stamps_lie_within_the_time_of_the_appends stamps_fit

# ---- data at rest, and a start -------------------------------------------------------------------

claim nodes_come_to_the_same_state wait_caught_up 1 2 3
index=$(journal 1 .tail.index)
last=$(journal 1 .commit_number)
stop_all
for node in 1 2 3; do
	"$wirelog" verify --json "$cluster/node$node/data" >"$work/verify.$node"
	holds() { jq -e --argjson last "$last" '.journals[0].last_number == $last' "$work/verify.$node"; }
	claim "verify_counts_the_records_of_node_$node" holds
done
"$wirelog" dump --format json "$cluster/node1/data" >"$work/dump" 2>/dev/null
claim dump_writes_every_record is "$(jq -s '[.[] | select(.kind == "data")] | length' "$work/dump")" "$last"
claim dump_ends_where_status_did is_within "$(jq -s 'map(.entry) | max' "$work/dump")" "$index" $((index + 2))

began=$(date +%s%N)
start_all || exit 1
ended=$(date +%s%N)
word() { sed -n "s/.* $2 .*[ ]$3=\([0-9]*\).*/\1/p" "$cluster/node$1.log" | tail -n 1; } # NODE EVENT NAME
for node in 1 2 3; do
	claim "recovery_of_node_${node}_tells_the_next_number" is "$(word "$node" recovered next_number)" $((last + 1))
	claim "recovery_of_node_${node}_took_no_longer_than_the_start" \
		is_within "$(word "$node" recovered ms)" 0 "$(word "$node" started ms)"
	claim "start_of_node_${node}_took_no_longer_than_the_clock_says" \
		is_within "$(word "$node" started ms)" 0 $(((ended - began) / 1000000 + 1))
done
stop_all

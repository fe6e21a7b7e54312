#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The wirelog command against a cluster: formats there and back, bad input, status, verify, dump.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
export WIRELOG_ENDPOINTS=$endpoints WIRELOG_KEY_FILE=$cluster/cluster.key WIRELOG_CLUSTER=$cluster_uuid
export WIRELOG_RUN_DIRECTORIES=$run_base/main/1:$run_base/main/2:$run_base/main/3
cd "$work" || exit 1

number() { # of the last committed record
	wait_leader && journal "$leader" .commit_number
}

knows() { [ "$(journal "$1" .commit_number)" -ge "$2" ]; } # NODE NUMBER: or a tail of that node ends before it

# there_and_back NAME FILE FORMAT RECORDS [FILE-TO-APPEND]
there_and_back() {
	local from node
	from=$(($(number) + 1))
	claim "$1_is_appended" "$wirelog" append --format "$3" "${5:-$2}"
	claim "$1_makes_$4_records" test "$(number)" -eq $((from + $4 - 1))
	for node in 1 2 3; do
		claim "$1_is_committed_at_node_$node" wait_until 20 knows "$node" $((from + $4 - 1))
		"$wirelog" tail --node "$node" --from "$from" --count "$4" --format "$3" >back 2>back.err
		claim "$1_comes_back_from_node_$node" cmp "$2" back
	done
}

printf 'alpha\nbeta\n\tgamma delta\n' >lines
there_and_back lines lines lines 3
printf 'no newline at the end' >one
claim last_line_without_newline "$wirelog" append one
printf 'hello\n' | "$wirelog" append >/dev/null 2>&1
claim standard_input test "$("$wirelog" tail --from "$(number)" --count 1 --format lines)" = hello

need workload "$wirelog" workload itch --messages 20000 --seed 7 -o day.itch
there_and_back itch day.itch itch50 20000
gzip -k day.itch
there_and_back itch_gzip day.itch itch50 20000 day.itch.gz
{ printf '\0\0\0\4a\0\n\377' && printf '\0\0\1\54' && head -c 300 /dev/urandom; } >binary
there_and_back binary binary binary 2
{ printf '\0\3abc' && printf '\2\0' && head -c 512 /dev/urandom; } >short
there_and_back len16 short len16 2
{ printf '\0\1\0\0' && head -c 65536 /dev/urandom; } >largest
there_and_back largest_record largest binary 1
claim tail_shows_numbers grep -q '^ *1 ' <("$wirelog" tail --from 1 --count 5 --format text)
claim tail_ends_by_itself timeout 20 "$wirelog" tail --from "$(number)"

# refused NAME EXIT PATTERN COMMAND...: and nothing was appended
refused() {
	local name=$1 exit_code=$2 pattern=$3 before result
	shift 3
	before=$(number)
	"$@" >said 2>&1
	result=$?
	claim "${name}_ends_with_$exit_code" test "$result" -eq "$exit_code"
	claim "${name}_is_named" grep -qE -- "$pattern" said
	claim "${name}_appends_nothing" test "$(number)" -eq "$before"
}
refused file_that_is_not_itch 65 'message 1 at byte 0' "$wirelog" append --format itch50 lines
{ head -c 4 binary && printf ab; } >truncated
refused truncated_record 65 'record 1 at byte 0: truncated' "$wirelog" append --format binary truncated
printf '\0\0\0\0' >empty
refused empty_record 65 'record 1 at byte 0' "$wirelog" append --format binary empty
head -c 70000 /dev/zero | tr '\0' x >long
refused record_that_is_too_large 65 'RECORD_TOO_LARGE' "$wirelog" append long
refused expired_record 75 'EXPIRED' "$wirelog" append --not-after @1000000000 one
refused absent_file 66 'INPUT_UNREADABLE' "$wirelog" append absent
refused unknown_format 64 'format' "$wirelog" append --format itch51 day.itch
refused wrong_key 77 'AUTH_FAILED' env WIRELOG_KEY_FILE=other.key sh -c "$wirelog key other.key && $wirelog append one"
refused wrong_cluster 77 'AUTH_FAILED' env WIRELOG_CLUSTER=0e0e0e0e-7d6f-4a35-9a53-2f7f3a4c1e90 "$wirelog" append one

# Blank lines are no records: they are left out and told, wherever they stand.
from=$(($(number) + 1))
printf '\none\n\n\ntwo\n' | "$wirelog" append >said 2>&1
claim blank_lines_end_nothing test "$(number)" -eq $((from + 1))
claim blank_lines_are_told grep -q '^3 blank lines left out' said

# What append tells, beside a clock of its own and the sizes of what it was given. With one record outstanding the
# latencies, added up, are the time that it took, but for what lies between an answer and the next offer.
head -c 200000 /dev/urandom | od -An -v -tx1 -w16 | tr -d ' ' | head -n 2000 >timed
began=$(date +%s%N)
"$wirelog" append --json --level sequenced --outstanding 1 timed >said
ended=$(date +%s%N)
# shellcheck disable=SC2016 # names of jq
claim latencies_add_up_to_the_time_that_it_took jq -e --argjson wall $((ended - began)) \
	'(.latency_ns.mean * .acknowledged) as $sum | $sum <= $wall and .seconds * 1e9 <= $wall and $sum >= 0.5e9 * .seconds' said
claim bytes_are_those_of_the_records jq -e '.bytes == 2000 * 32' said
"$wirelog" append --json --not-after @1000000000 timed >said 2>/dev/null
claim bytes_of_refused_records_do_not_count jq -e '.acknowledged == 0 and .bytes == 0' said
mkfifo endless
exec 9<>endless # held open: the input never ends
"$wirelog" append --json <endless >said 2>interrupted 9>&- &
appender=$!
extra_pids+=("$appender")
cat timed >&9
reaches() { [ "$(number)" -ge "$1" ]; }
claim its_records_come wait_until 20 reaches $((from + 4001))
kill -INT "$appender"
wait "$appender"
claim interrupted_ends_with_130 test $? -eq 130
claim interrupted_report_does_not_say_ok jq -e '.status == "INTERRUPTED" and .acknowledged == 2000' said
exec 9>&-

# What could not be printed was not done.
for words in status 'status --json' 'tail --from 1 --count 3' 'explain NO_SPACE' help 'append --help'; do
	# shellcheck disable=SC2086 # words
	"$wirelog" $words >/dev/full 2>said
	claim "full_output_of_${words//[ -]/_}_ends_with_74" test $? -eq 74
done

# Wrong in the middle: number and offset of the message are named, what was before it is there.
before=$(number)
offset=$(head -c 20000 day.itch | od -An -v -tu1 -w1 | awk '
	{ byte[NR - 1] = $1 }
	END { at = 0; for (n = 1; n < 100; n++) at += 2 + byte[at] * 256 + byte[at + 1]; print at }')
{ head -c "$offset" day.itch && printf '\0\5?1234' && tail -c +$((offset + 1)) day.itch; } >broken.itch
"$wirelog" append --format itch50 broken.itch >said 2>&1
claim broken_itch_ends_with_65 test $? -eq 65
claim broken_itch_names_message_and_offset grep -qE "message 100 at byte $offset" said
claim messages_before_it_are_kept test "$(number)" -eq $((before + 99))

for level in sequenced received committed everywhere; do
	"$wirelog" append --level "$level" --json one >said 2>&1
	claim "level_${level}_is_reached" grep -q "$level" said
done

claim status_is_a_table grep -q leader <("$wirelog" status)
claim status_json_has_all_nodes test "$("$wirelog" status --json | jq length)" -eq 3
claim status_check_is_content wait_until 20 "$wirelog" status --check
claim explain_tells_cause_and_fix grep -q 'Free space' <("$wirelog" explain NO_SPACE)
"$wirelog" explain NOTHING_SUCH >/dev/null 2>&1
claim explain_knows_what_it_does_not_know test $? -ne 0

cd "$OLDPWD" || exit 1
final_check
wait_caught_up 1 2 3
chain=$(journal 1 .chain.value) index=$(journal 1 .chain.index) last=$(journal 1 .commit_number)
stop_all
claim status_check_is_not_content_without_nodes test "$("$wirelog" status --check >/dev/null 2>&1; echo $?)" -ne 0
for node in 1 2 3; do
	claim "verify_accepts_node_$node" "$wirelog" verify "$cluster/node$node/data"
	cp "$work/claim.out" "$work/verify.$node"
done
claim verify_prints_the_chain_value_of_status grep -q "$chain" "$work/verify.1"
claim verify_prints_the_last_index grep -qw "$index" "$work/verify.1"
"$wirelog" dump "$cluster/node2/data" >"$work/dump" 2>&1
claim dump_ends_with_0 test $? -eq 0
claim dump_reaches_the_last_record grep -qw "$last" "$work/dump"

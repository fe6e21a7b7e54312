#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog why N: a record's times are in order, no longer than its client waited by its own clock, and no shorter than what was made slow;
# the longest part is named, and stays when thousands of others came since. What cannot be told is refused by name: too old, not committed,
# led by another node.
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

slow=$work/slow
export LD_PRELOAD=$e2e/sick_drive.so SLOW_IO=$slow
election_ms=3000 # turns that are slow on purpose are no failure
need cluster_is_made make_cluster why
need nodes_start start_all
unset LD_PRELOAD
need there_is_a_leader wait_leader

# append_one: its number is in $number, and what the whole command took in $waited_us.
append_one() {
	local began=${EPOCHREALTIME/[.,]/}
	echo "record" | timeout -k 5 60 "$wirelog" append --quiet --endpoints "$endpoints" --key-file "$cluster/cluster.key" \
		--cluster "$cluster_uuid" >"$work/append.out" 2>&1 || { cat "$work/append.out"; return 1; }
	waited_us=$((${EPOCHREALTIME/[.,]/} - began))
	number=$(journal "$leader" .commit_number)
}
why() { run_tool why --json "$1" && jq -r "$2" "$work/tool.out"; } # NUMBER JQ-EXPRESSION
why_is() { [ "$(why "$1" "$2")" = "$3" ]; } # NUMBER JQ-EXPRESSION WANTED
# A committed record has all its times in a moment: those of acknowledgements that nobody waited for come later.
knows() { run_tool why --json "$1"; } # NUMBER

need a_record_is_appended append_one
need its_times_are_known wait_until 10 knows "$number"
claim the_leader_has_them why_is "$number" .node "$leader"
claim they_are_in_order why_is "$number" '.sequenced_us <= .durable_us and .sequenced_us <= .committed_us and .committed_us <= .answered_us' true
claim both_peers_are_in_them wait_until 10 why_is "$number" '[.peers[] | select(.sent_us <= .received_us and .received_us <= .durable_us)] | length' 2
# shellcheck disable=SC2016 # the variables are jq's
claim a_majority_had_it_at_the_commit why_is "$number" '. as $r | [.durable_us, .peers[].durable_us] | map(select(. != null and . <= $r.committed_us)) | length >= 2' true
claim the_client_waited_at_least_as_long test "$(why "$number" .answered_us)" -le "$waited_us"
claim the_longest_part_is_no_longer_than_all why_is "$number" '.longest.us <= .answered_us and .longest.us * 7 >= .answered_us' true
claim it_is_told_in_words answers 0 '^Longest: ' run_tool why "$number"
claim the_text_has_the_commit grep -qE '^ +[0-9]+ us  committed$' "$work/tool.out"

# Every node's drive takes a quarter of a second more: no majority is faster.
echo 250 >"$slow"
need a_slow_record_is_appended append_one
rm "$slow"
slow_one=$number
need the_slow_one_is_known wait_until 10 knows "$slow_one"
claim it_was_as_slow_as_the_drives why_is "$slow_one" '.committed_us >= 250000' true
claim its_client_waited_for_that test "$(why "$slow_one" .answered_us)" -le "$waited_us"
# shellcheck disable=SC2016
claim what_took_longest_is_named why_is "$slow_one" '. as $r | .longest.us >= 125000 and ($r.longest.text | contains("\($r.longest.us) us"))' true

# Ten thousand others: their newest are known, the slow one still is, the first one is not.
start_loader a --rate 4000 --count 20000
claim many_more_are_appended wait_loader a
claim the_newest_is_known wait_until 10 why_is "$(journal "$leader" .commit_number)" .found true
claim the_slow_one_stayed why_is "$slow_one" '.committed_us >= 250000' true
claim no_worker_has_allocated gives 0 of "$leader" .worker_allocations

claim the_next_one_is_not_committed answers 75 NOT_COMMITTED run_tool why $(($(journal "$leader" .commit_number) + 1))
claim nothing_else_is_a_number answers 64 'N' run_tool why none
refuses() { ask "$leader" "$1" | jq -e .error >/dev/null; }
for wrong in '' 0 -1 x 1,99 1,0,0; do
	claim "why_${wrong//[^a-z0-9]/_}_is_refused" refuses "/wirelog/why,$wrong"
done
follower=$(followers_of "$leader" | head -1)
asked=$follower
claim another_node_names_the_leader answers 75 "node $leader did.*NOT_LEADER" run_tool why "$slow_one"
unset asked

# Of before this start nobody knows.
old=$(journal "$leader" .commit_number)
stop_all
need nodes_start_again start_all
need there_is_a_leader_again wait_leader
claim what_is_older_than_the_start_is_forgotten answers 65 TIMES_FORGOTTEN run_tool why "$old"
need one_more_record append_one
claim and_what_is_newer_is_known wait_until 10 why_is "$number" .found true
stop_all

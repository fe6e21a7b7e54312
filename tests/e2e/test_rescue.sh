#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog unsafe-recover: of three nodes two are lost, and the one that is left lacks what they acknowledged last. It goes on by a history of
# its own; an appender and a reader that were there all the time go on, too, and the reader is told once what is gone. A node with
# the data of before is refused by name and keeps them; on an empty disk it joins.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

data() { echo "$cluster/node$1/data"; } # NODE
recover() { "$wirelog" unsafe-recover "$@" >"$work/tool.out" 2>&1; }
refuses() { answers "$1" "$2" recover "${@:3}"; } # EXIT PATTERN ARGUMENT...
says() { grep -qE -- "$1" "$work/tool.out"; } # PATTERN
tool() { # COMMAND ARGUMENT...
	timeout -k 5 40 "$wirelog" "$@" --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid"
}
outcome_is() { # WORD
	tool outcome "$lost_session" 1 >"$work/outcome.out" 2>&1
	grep -q "^$1" "$work/outcome.out"
}
is_answered() { echo lost | tool append --tell-session >"$work/lost.out" 2>"$work/lost.err"; }
member() { "$wirelog" member "$@" --run-directory "$run_base/rescue/$kept" >"$work/tool.out" 2>&1; }
log_says() { grep -qE -- "$2" "$cluster/node$1.log"; } # NODE PATTERN
strange() { journal "$1" ".peers[] | select(.node == $2) | .other_history"; } # NODE WHOM
is_strange() { [ "$(strange "$1" "$2")" = true ]; }
reader_has() { [ "$(tail -n 2 "$work/reader.out" | head -n 1 | awk '{ print $1 }')" -ge "$1" ] 2>/dev/null; } # NUMBER
is_in_health() { [ "$(of "$1" "[.health.reasons[].reason == \"$2\"] | any")" = true ]; } # NODE REASON
voters() { journal "$1" '.members.voters | map(tostring) | join("")'; }
has_voters() { [ "$(voters "$1")" = "$2" ]; } # NODE VOTERS

make_cluster rescue || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 100 --size-max 3000 --rate 1000
"$wirelog" tail --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" --follow --format text --from 1 \
	>"$work/reader.out" 2>"$work/reader.err" &
extra_pids+=($!)
need appends_are_acknowledged wait_progress a 200
mapfile -t others < <(followers_of "$leader")
kept=${others[0]} lost="$leader ${others[1]}"
history=$(journal "$kept" .history)
claim all_are_of_one_history test "$history" = "$(journal "$leader" .history)"
claim that_is_one test "${#history}" = 16

# What is left is behind what was acknowledged.
kill_node "$kept"
before=$("$wirelog" unsafe-recover --dry-run --json "$(data "$kept")" | jq '.[0].maybe_lost_from')
need the_others_go_on wait_progress a 200
claim the_reader_has_what_will_be_lost wait_until 20 reader_has "$((before + 20))"
claim an_append_is_acknowledged_that_will_be_lost is_answered
lost_session=$(sed -n 's/^session //p' "$work/lost.err")
claim it_is_committed_by_now outcome_is committed
claim a_node_that_runs_is_not_looked_at refuses 75 'STORE_IN_USE' --dry-run "$(data "$leader")"
for node in $lost; do kill_node "$node"; done
claim what_may_be_lost_is_said recover --dry-run "$(data "$kept")"
claim from_which_number_on says "acknowledged from number $before on"
lost_data=("$(data "${lost%% *}")" "$(data "${lost##* }")")
claim where_a_majority_is_left_none_is_rescued refuses 64 'a majority of journal 0.s voters is here' --yes "$(data "$kept")" "${lost_data[0]}"
claim nor_who_has_less refuses 64 'is here|has more of journal 0' --yes "$(data "$kept")" "${lost_data[1]}"
claim nothing_was_changed recover --dry-run "$(data "$kept")"

# ---- the rescue ------------------------------------------------------------------------------------

claim it_is_rescued recover --yes "$(data "$kept")"
start_node "$kept"
need it_starts wait_started "$kept"
need it_leads_alone wait_leader
claim it_alone_votes wait_until 20 has_voters "$kept" "$kept"
claim the_history_is_another_one test "$(journal "$kept" .history)" != "$history"
claim and_the_one_before_is_known test "$(journal "$kept" .rescued.before)" = "$history"
claim the_loss_is_told test "$(journal "$kept" .rescued.lost_from)" = "$before"
goes_on=$(journal "$kept" .rescued.goes_on_at)
claim numbers_are_far_behind test "$((goes_on - before))" -ge $((1 << 40))
need the_appender_goes_on wait_progress a 200
claim the_reader_does wait_until 20 reader_has "$((goes_on + 100))"
claim what_became_of_the_lost_append_is_not_known wait_until 20 outcome_is unknown
claim it_is_told_once test "$(grep -c RESCUED "$work/reader.err")" = 1
sed '$d' "$work/reader.out" | awk '{ print $1 }' >"$work/numbers" # the last line may not be whole yet
claim no_number_came_twice test "$(sort -n "$work/numbers" | uniq -d | wc -l)" = 0
claim none_lies_in_the_gap test "$(awk -v last="$goes_on" '$1 < last' "$work/numbers" | tail -n 1)" -lt "$((before + 1000000))"

# ---- data of before --------------------------------------------------------------------------------

old=${lost%% *}
start_node "$old"
need an_old_member_starts wait_started "$old"
claim it_is_refused_by_name wait_until 20 log_says "$kept" "peer_history .*node=$old .*OTHER_HISTORY"
claim and_refuses wait_until 20 log_says "$old" "peer_history .*node=$kept .*OTHER_HISTORY"
claim that_is_in_the_status wait_until 20 is_strange "$kept" "$old"
claim and_in_the_health wait_until 20 is_in_health "$kept" peer_history
claim nothing_stands_still wait_progress a 100
claim its_data_are_kept test -s "$(data "$old")/journal-00/segment-000000000000"
end_node "$old" TERM
rm -rf "$(data "$old")"
start_node "$old"
need on_an_empty_disk_it_starts wait_started "$old"
claim it_joins member add "$old"
claim it_votes member promote "$old" --timeout 60
claim both_say_so wait_until 20 has_voters "$old" "$(printf '%s\n' "$kept" "$old" | sort | tr -d '\n')"
claim it_is_of_that_history test "$(journal "$old" .history)" = "$(journal "$kept" .history)"
claim appends_go_on wait_progress a 100
claim loader_ends stop_loader a
claim both_have_all wait_caught_up "$kept" "$old"

# ---- and after a start of all ------------------------------------------------------------------------

stop_all
start_node "$kept"
start_node "$old"
need they_come_back wait_started "$kept" "$old"
need one_of_them_leads wait_leader
claim the_loss_is_remembered test "$(journal "$leader" .rescued.goes_on_at)" = "$goes_on"
claim and_happened_once wait_caught_up "$kept" "$old"

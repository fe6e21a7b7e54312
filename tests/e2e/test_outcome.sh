#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog end and wirelog outcome: the end is told at each node and lacks nothing that was acknowledged; the leader is killed while an
# application appends, then the application; what is said of its appends is what the log says, and "never" stays true. Where nobody leads, or
# nobody answers, that is said in time.
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

tool() { # COMMAND ARGUMENT...
	timeout -k 5 40 "$wirelog" "$@" --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid"
}

end_at() { tool end --node "$1"; } # NODE
ends_at_least() { [ "$(end_at "$1")" -ge "$2" ]; } # NODE NUMBER

# says EXIT PATTERN SESSION SEQUENCE [OPTION...]
says() {
	local exit_code=$1 pattern=$2
	shift 2
	tool outcome "$@" >"$work/outcome.out" 2>&1
	[ $? -eq "$exit_code" ] && grep -qE -- "$pattern" "$work/outcome.out" && return
	cat "$work/outcome.out"
	return 1
}

# Not below timeout(1): who ends that one with KILL leaves the application running.
start_application() { # NAME: its process is $application
	seq 10000000 | "$wirelog" append --tell-session --rate 2000 --quiet --endpoints "$endpoints" \
		--key-file "$cluster/cluster.key" --cluster "$cluster_uuid" >/dev/null 2>"$cluster/$1.err" &
	application=$!
	extra_pids+=("$application")
	wait_until 20 grep -q '^session ' "$cluster/$1.err" || { cat "$cluster/$1.err"; return 1; }
	session=$(sed -n 's/^session //p' "$cluster/$1.err")
}

# ends EXIT PATTERN [OPTION...]: what `wirelog end` says then
ends() {
	local exit_code=$1 pattern=$2
	shift 2
	tool end "$@" >"$work/end.out" 2>&1
	[ $? -eq "$exit_code" ] && grep -qE -- "$pattern" "$work/end.out" && return
	cat "$work/end.out"
	return 1
}

has_committed() { [ "$(end_at "$leader")" -ge "$1" ]; } # NUMBER

# Lines "SEQUENCE NUMBER" of the session, as the log has them.
read_log() { tool tail --from 1 --format json | jq -r "select(.session == \"$session\") | \"\(.sequence) \(.number)\"" >"$work/log"; }

log_says() { # SEQUENCE: what the tool says, too
	local number
	number=$(sed -n "s/^$1 //p" "$work/log")
	[ -n "$number" ] && says 0 "^committed $number\$" "$session" "$1"
}

make_cluster outcomes || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader

# ---- how far it is ------------------------------------------------------------------------------

claim an_empty_journal_ends_at_0 test "$(end_at "$leader")" = 0
claim a_session_is_told_before_the_first_append start_application first
need appends_are_committed wait_until 20 has_committed 500
committed=$(journal "$leader" .commit_number)
for node in 1 2 3; do claim "node_${node}_lacks_nothing" ends_at_least "$node" "$committed"; done
claim it_is_told_as_json test "$(tool end --json | jq -r '.number >= 500 and .node > 0')" = true

# ---- what became of it --------------------------------------------------------------------------

claim what_is_committed_is_told says 0 '^committed [0-9]+$' "$session" 100
claim what_was_not_sent_is_pending says 75 '^pending$' "$session" 9000000
claim nobodys_session_is_unknown says 75 '^unknown$' 00000000abcd0000 1
claim a_word_that_is_none_is_refused says 64 'is no session' xyz 1
claim too_far_ahead_is_refused says 64 'million sequences' "$session" 9000000 --fence
before=$leader
kill_node "$before"
kill -KILL "$application"
wait "$application" 2>/dev/null
claim it_is_told_while_the_leader_changes ends 0 '^[0-9]+$' --timeout 30s
need another_one_leads wait_other_leader "$before"
need the_log_is_read read_log
last=$(sort -n "$work/log" | tail -n 1 | cut -d' ' -f1)
claim the_last_one_is_told log_says "$last"
claim and_earlier_ones log_says $((last / 2))
claim behind_it_never_with_a_fence says 65 '^never$' "$session" $((last + 3)) --fence
claim so_it_is_told_without_one says 65 '^never$' "$session" $((last + 1))
claim as_json says 65 '"outcome": "never"' "$session" $((last + 2)) --json
start_node "$before"
need the_killed_one_is_back wait_started "$before"
need all_are_caught_up wait_caught_up 1 2 3
cp "$work/log" "$work/log.before"
need the_log_is_read_again read_log
claim nothing_came_behind_never cmp "$work/log.before" "$work/log"
for node in 1 2 3; do claim "node_${node}_has_the_same_end" test "$(end_at "$node")" = "$(end_at "$leader")"; done

# ---- one that still runs ------------------------------------------------------------------------

need another_application_appends start_application second
need it_is_committed wait_until 20 has_committed $(($(end_at "$leader") + 200))
claim it_is_fenced_off says 65 '^never$' "$session" 500000 --fence
is_gone() { ! kill -0 "$application" 2>/dev/null; }
claim it_ends wait_until 20 is_gone
claim its_appends_are_refused_by_name grep -q '\[FENCED\]' "$cluster/second.err"

# ---- nobody who could say -----------------------------------------------------------------------

need somebody_leads wait_leader
for node in $(followers_of "$leader"); do kill_node "$node"; done
claim nobody_leads ends 75 '\[NO_LEADER\]' --timeout 5s
claim nor_at_the_node_itself ends 75 '\[NO_LEADER\]' --timeout 5s --node "$leader"
claim nobody_knows_what_became_of_it says 75 '\[NO_LEADER\]' "$session" 500000 --timeout 5s
kill_node "$leader"
claim nobody_answers ends 69 '\[NOT_CONNECTED\]' --timeout 2s
claim nobody_answers_that_either says 69 '\[NOT_CONNECTED\]' "$session" 500000 --fence --timeout 2s

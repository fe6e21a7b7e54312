#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Consumers of the library: who consumes under a name goes on where the last one was confirmed, also when it was killed and
# the leader with it; each record is given at least once and in order; dropped it says so.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

checkpoint() { journal "$1" ".consumers | map(select(.name == \"$2\")) | .[0].number // 0"; } # NODE NAME
is_at() { find_leader && [ "$(checkpoint "$leader" "$1")" -eq "$2" ]; } # NAME NUMBER
is_past() { [ "$(checkpoint "$1" "$2")" -gt "$3" ]; } # NODE NAME NUMBER

make_cluster consume || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
endpoints=$(endpoint 1),$(endpoint 2),$(endpoint 3)

consumer=
consume() { # NAME OUTPUT: as a program of somebody else does, in the background
	LD_LIBRARY_PATH=$BUILD "$BUILD/examples/consume" "$endpoints" "$cluster/cluster.key" "$cluster_uuid" "$1" \
		>"$2" 2>"$work/consume.err" &
	consumer=$!
}
ends_well() {
	kill -TERM "$consumer" && wait "$consumer"
}
tail_as() { # OPTION...
	timeout -k 5 30 "$wirelog" tail --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" \
		"$@" >"$work/tail.out" 2>"$work/tail.err"
}
fails_as() { # EXIT PATTERN OPTION...
	local exit_code=$1 pattern=$2
	shift 2
	tail_as "$@"
	[ $? -eq "$exit_code" ] && grep -q -- "$pattern" "$work/tail.err"
}
# Whole lines only: one that was killed may have left a part.
whole() { awk 'NF >= 2' "$1"; }
first_of() { whole "$1" | head -n 1 | awk '{ print $1 }'; }
last_of() { whole "$1" | tail -n 1 | awk '{ print $1 }'; }
is_dense() { whole "$1" | awk 'NR > 1 && $1 != last + 1 { exit 1 } { last = $1 }'; }

start_loader a --rate 2000
need appends_are_acknowledged wait_progress a 500

# ---- killed, and the leader with it ---------------------------------------------------------------

consume risk "$work/first.out"
need it_commits wait_until 15 is_past "$leader" risk 1000
kill -KILL "$consumer"
wait "$consumer" 2>/dev/null
confirmed=$(checkpoint "$leader" risk)
kill_node "$leader" 2>/dev/null
need another_leads wait_leader
consume risk "$work/second.out"
claim the_next_one_goes_on wait_until 20 is_past "$leader" risk $((confirmed + 1000))
claim and_ends_with_all_confirmed ends_well
claim records_were_given_in_order is_dense "$work/first.out"
claim in_both_lives is_dense "$work/second.out"
claim it_went_on_where_it_was_confirmed test "$(first_of "$work/second.out")" -ge "$confirmed"
claim none_is_missing_between test "$(first_of "$work/second.out")" -le $(($(last_of "$work/first.out") + 1))
claim what_it_was_given_is_confirmed wait_until 10 is_at risk $(($(last_of "$work/second.out") + 1))
entries=$(counter "$leader" checkpoints_proposed)
claim a_commit_of_each_record_is_no_entry_of_each test "$entries" -lt $(($(last_of "$work/second.out") / 20))

# ---- wirelog tail -----------------------------------------------------------------------------------

first=$(checkpoint "$leader" risk)
claim tail_goes_on_there tail_as --consumer risk --existing --count 100 --format text
claim with_the_next_record test "$(first_of "$work/tail.out")" -eq "$first"
claim and_commits_what_it_wrote wait_until 10 is_at risk $((first + 100))
claim a_new_one_begins_at_from tail_as --consumer audit --from 40 --count 10 --format text
claim there test "$(first_of "$work/tail.out")" -eq 40
claim all_to_the_end_is_consumed tail_as --consumer risk --format text
claim where_there_is_none_it_is_told fails_as 65 CHECKPOINT_DROPPED --consumer nobody --existing
claim a_bad_name_is_refused fails_as 64 'is no name' --consumer a/b

# ---- dropped ------------------------------------------------------------------------------------------

consume risk "$work/third.out"
need it_reads wait_until 15 test -s "$work/third.out"
claim deleted "$wirelog" consumer delete risk --run-directory "$run_base/${cluster##*/}/$leader"
gone_made() { [ "$(checkpoint "$leader" risk)" -gt 1 ]; }
claim its_consumer_makes_a_new_one_and_reads_on wait_until 15 gone_made
claim and_ends_well ends_well
claim every_append_is_answered stop_loader a

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog tail --cursor: a reader goes on where it was, at any node. The cluster is set back to an older copy of its data: it is told that the
# journal ends before what it has read, and, when other records have taken those numbers, that they are others; a reader that had read no
# further than the copy goes on.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

tool() { # COMMAND ARGUMENT...
	timeout -k 5 40 "$wirelog" "$@" --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid"
}
append() { seq "$2" "$3" | sed "s/^/$1 /" | tool append >"$work/append.out" 2>&1; } # WORD FROM TO
reads() { tool tail --format lines --cursor "$work/$1.cursor" "${@:2}" >"$work/$1.out" 2>"$work/$1.err"; } # NAME ARGUMENT...
gives_lines() { # NAME COUNT FIRST LAST
	reads "$1" && [ "$(wc -l <"$work/$1.out")" = "$2" ] && [ "$(head -n 1 "$work/$1.out")" = "$3" ] && [ "$(tail -n 1 "$work/$1.out")" = "$4" ]
}
gives_nothing() { reads "$1" && [ ! -s "$work/$1.out" ]; } # NAME
refuses() { # EXIT PATTERN NAME: and writes nothing, and leaves the cursor as it was
	local before
	before=$(cat "$work/$3.cursor")
	answers "$1" "$2" tail_into "$3" && [ ! -s "$work/$3.out" ] && [ "$before" = "$(cat "$work/$3.cursor")" ]
}
tail_into() {
	reads "$1"
	local status=$?
	cat "$work/$1.err" >"$work/tool.out"
	return $status
}
said_by() { "$@" >"$work/tool.out" 2>&1; } # COMMAND...
keep() { for node in 1 2 3; do cp -a --sparse=always "$cluster/node$node/data" "$work/old$node" || return 1; done; }
set_back() {
	for node in 1 2 3; do
		rm -rf "$cluster/node$node/data" && mv "$work/old$node" "$cluster/node$node/data" || return 1
	done
}

make_cluster cursor || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
need the_first_fifty append one 1 50
claim a_file_that_is_not_there_begins_at_the_first gives_lines early 50 'one 1' 'one 50'
claim nothing_is_new gives_nothing early
need all_have_them wait_caught_up 1 2 3
stop_all
need a_copy_is_kept keep

need it_starts_again start_all
need a_leader_leads wait_leader
need fifty_more append two 51 100
claim one_cursor_reads_both gives_lines late 100 'one 1' 'two 100'
claim it_goes_on_at_another_node reads late --node "$(followers_of "$leader" | head -n 1)"
stop_all
need the_cluster_is_set_back set_back

need the_older_data_start start_all
need somebody_leads wait_leader
claim a_shorter_journal_is_another_past refuses 65 'the journal ends at 50 \[DIVERGED\]' late
need others_take_the_numbers append three 51 120
claim what_stands_there_is_another_record refuses 65 '\[DIVERGED\]' late
claim who_read_no_further_goes_on gives_lines early 70 'three 51' 'three 120'
claim and_again gives_nothing early
echo nonsense >"$work/broken.cursor"
claim what_is_no_cursor_is_refused refuses 65 'that is no cursor \[INPUT_MALFORMED\]' broken
claim it_goes_with_no_consumer answers 64 'goes with --from alone' said_by tool tail --cursor "$work/late.cursor" --consumer billing

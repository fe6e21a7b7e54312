#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Clients that were given a key of their own: who may append appends and reads, who may read reads and is refused by name, a node does not
# start with either. The cluster's key changes under them, and those that were given of it with it.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

wirelog_as() { # KEY COMMAND OPTIONS...
	local key=$1 command=$2
	shift 2
	"$wirelog" "$command" --endpoints "$endpoints" --key-file "$key" --cluster "$cluster_uuid" "$@"
}
reads() { wirelog_as "$1" tail --from 1 --count "$2" --format lines; } # KEY COUNT
told() { "$@" >"$work/tool.out" 2>&1; }
refuses() { answers "$1" "$2" told wirelog_as "${@:3}"; } # EXIT PATTERN KEY COMMAND...
fails() { # PATTERN COMMAND...
	local pattern=$1
	shift
	! told "$@" && grep -qE -- "$pattern" "$work/tool.out"
}
place() { # FILE KEY...: another file takes its place at once
	local file=$1
	shift
	(umask 077 && cat "$@" >"$file.new") && mv "$file.new" "$file"
}

make_cluster main || exit 1
# Tools come and go here. One whose goodbye was lost with its link counts as a client until it was silent for so long.
sed -i -E 's/^( *)election_timeout_ms:.*/&\n\1client_idle_s: 3/' "$cluster"/node?.yaml
key=$cluster/cluster.key
claim one_is_given_to_append "$wirelog" key give append "$key" "$cluster/append.key"
claim one_is_given_to_read "$wirelog" key give read "$key" "$cluster/read.key"
claim nobody_else_may_read_it test "$(stat -c %a "$cluster/read.key")" = 400
claim a_file_is_never_written_over answers 73 exists told "$wirelog" key give read "$key" "$cluster/append.key"
claim nothing_is_given_of_what_was_given answers 77 "holds a client's key" told "$wirelog" key give read "$cluster/append.key" "$cluster/more.key"
claim they_have_ids_of_their_own test "$(for file in cluster append read; do "$wirelog" key id "$cluster/$file.key"; done | sort -u | wc -l)" -eq 3
claim another_word_is_no_right answers 64 'is no right' told "$wirelog" key give write "$key" "$cluster/more.key"

sed "s|key_file: .*|key_file: append.key|" "$cluster/node1.yaml" >"$cluster/other.yaml"
run_daemon "$cluster/other.yaml"
claim no_node_starts_with_it test "$status" -eq 77
claim and_says_why grep -q "KEY_UNSAFE.*client's key" "$work/daemon.out"

need cluster_starts start_all
need a_leader_is_elected wait_leader
claim who_may_append_appends wirelog_as "$cluster/append.key" append --quiet <<<$'one\ntwo'
claim and_reads test "$(reads "$cluster/append.key" 2)" = "$(printf 'one\ntwo')"
claim who_may_read_reads test "$(reads "$cluster/read.key" 2)" = "$(printf 'one\ntwo')"
claim and_is_refused_by_name_when_it_appends refuses 77 KEY_READ_ONLY "$cluster/read.key" append <<<three
claim nothing_of_it_is_there test "$(wirelog_as "$key" append --quiet <<<four && reads "$key" 3 | tail -n 1)" = four

# What a file says of its keys is for its owner's comfort: a node knows each by what it is.
(umask 077 && sed 's/^read /append /' "$cluster/read.key" >"$cluster/lies.key")
claim a_word_in_a_file_gives_no_right fails . wirelog_as "$cluster/lies.key" append --timeout 2s <<<five
dropped() { of "${1:-1}" '[.. | .not_permitted? // 0] | add'; }
claim what_it_said_was_dropped_and_counted test "$(($(dropped 1) + $(dropped 2) + $(dropped 3)))" -gt 0

"$wirelog" key "$cluster/second.key" 2>/dev/null
place "$cluster/both.key" "$key" "$cluster/second.key"
claim of_two_two_are_given "$wirelog" key give read "$cluster/both.key" "$cluster/both-read.key"
"$wirelog" tail --follow --endpoints "$endpoints" --key-file "$cluster/read.key" --cluster "$cluster_uuid" --from 1 --format lines \
	>"$work/read" 2>"$work/read.err" &
reader=$!
extra_pids+=("$reader")
claim it_reads wait_until 10 grep -q four "$work/read"
place "$key" "$cluster/both.key"
need all_take_the_file run_tool config reload
waits_for_it() { ! run_tool key rotate --timeout 3 && grep -q 'client' "$work/tool.out"; }
claim a_reader_holds_the_change_up waits_for_it
place "$cluster/read.key" "$cluster/both-read.key"
goes_on() { run_tool key rotate --timeout 20 || { cat "$work/tool.out"; return 1; }; }
claim it_goes_on_when_the_reader_has_the_new_one goes_on
wirelog_as "$key" append --quiet <<<six
claim records_go_on_coming wait_until 10 grep -q six "$work/read"
claim the_old_one_is_refused_by_name fails KEY_REFUSED wirelog_as "$cluster/append.key" append --timeout 3s <<<seven
kill "$reader" 2>/dev/null
wait "$reader" 2>/dev/null
claim all_stop stop_all

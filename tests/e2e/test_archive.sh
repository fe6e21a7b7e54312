#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# archive.directory: retention trims while appends run, the nodes are killed, one archive cannot be written for a while; archive and journal
# together have every acknowledged record once. wirelog backup beside a node that runs.
# beside: others
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

archive() { echo "$cluster/archive$1"; } # NODE
with_archive() {
	local node
	for node in 1 2 3; do
		mkdir "$cluster/kept$node" && ln -s "kept$node" "$(archive "$node")" || return 1
		printf 'base:\n  every: 1MiB\nretention:\n  bytes: 16MiB\narchive:\n  directory: %s\n' "$(archive "$node")" \
			>>"$cluster/node$node.yaml"
	done
}

has_given_up() { [ "$(journal "$1" .begin.segment)" -gt "$2" ]; } # NODE SEGMENT
has_reason() { of "$1" '.health.reasons[].reason' | grep -q "$2"; } # NODE REASON
has_no_reason() { ! has_reason "$1" "$2"; }

is_level() { # NODE: it has what the leader had
	local ours theirs
	theirs=$(journal "$leader" .commit) # first: more comes between the questions
	ours=$(journal "$1" .commit)
	[ -n "$ours" ] && [ -n "$theirs" ] && [ "$ours" -ge "$theirs" ]
}
began_anew() { grep -c base_of_a_peer "$cluster/node$1.log"; } # NODE: so often its log began with a peer's base
gives_nothing_up() { # NODE SEGMENT TIMES: its log begins where it did, but for what others gave up before it had that
	[ "$(journal "$1" .begin.segment)" -eq "$2" ] || [ "$(began_anew "$1")" -gt "$3" ]
}

set -o pipefail
heads() { cut -c1-80; } # numbers stand there
tail_archive() { # NODE [OPTION...]
	local node=$1
	shift
	timeout -k 5 60 "$wirelog" tail --archive "$(archive "$node")" "$@" --format json
}
tail_live() { # NODE FROM TO
	timeout -k 5 60 "$wirelog" tail --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" \
		--node "$1" --from "$2" --count $(($3 - $2 + 1)) --format json
}

# A node that was so far behind that it began anew with a peer's base has a hole in its archive, and says so: the other archives fill it.
has_a_gap() { grep -q archive_gap "$cluster/node$1.log"; }
archives_of() { # NODE -> its own, and those of the others where it needs them
	local node
	echo --archive "$(archive "$1")"
	! has_a_gap "$1" || for node in 1 2 3; do [ "$node" = "$1" ] || echo --archive "$(archive "$node")"; done
}

# From the archive as far as it goes, then from the journal: each number once, and each that was acknowledged.
joined_is_whole() { # NODE
	local node=$1 last all
	last=$(journal "$node" .commit_number)
	# shellcheck disable=SC2046 # words
	timeout -k 5 60 "$wirelog" tail $(archives_of "$node") --format json 2>"$work/joined.err" | heads >"$work/joined" ||
		{ cat "$work/joined.err"; return 1; }
	all=$(wc -l <"$work/joined")
	[ "$all" -gt 0 ] || return 1
	[ "$all" -ge "$last" ] || tail_live "$node" $((all + 1)) "$last" 2>"$work/joined.err" | heads >>"$work/joined" ||
		{ cat "$work/joined.err"; return 1; }
	sed 's/.*"number": *\([0-9]*\).*/\1/' "$work/joined" | awk 'BEGIN {n = 1} $1 != n++ {bad = 1; print "not in order:", $1; exit} END {exit bad}' || return 1
	[ "$(wc -l <"$work/joined")" -ge "$last" ] || return 1
	cat "$cluster"/acks.* | awk -v last="$last" '$4 == "OK" && ($3 < 1 || $3 > last) {bad = 1} END {exit bad}'
}

# What was acknowledged and is kept in the logs stands there, once, with its bytes.
logs_hold_what_they_keep() {
	local node acks=()
	mapfile -t acks < <(find "$cluster" -maxdepth 1 -name 'acks.*' | sort)
	for node in 1 2 3; do
		timeout -k 5 60 "$e2e/checker" --endpoints "$endpoints" --key-file "$cluster/cluster.key" --trimmed --cluster "$cluster_uuid" \
			--node "$node" --to "$(journal "$node" .commit_number)" "${acks[@]}" || return 1
	done
}

# What both have is the same, byte for byte.
overlap_is_equal() { # NODE
	local node=$1 first last
	first=$(journal "$node" .begin.number) last=$(($(journal "$node" .archive.next_number) - 1))
	[ "$last" -ge "$first" ] || return 0
	[ "$((last - first))" -lt 300 ] || first=$((last - 300))
	tail_archive "$node" --from "$first" --to "$last" | cmp - <(tail_live "$node" "$first" "$last")
}

segment_mib=8 election_ms=1500 heartbeat_ms=50
make_cluster archive || exit 1
need archives_have_a_place with_archive
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 3000 --size-max 20000 --rate 30 --timeout-ms 8000
# The logs pass what is kept of them, and all nodes are killed while they archive.
start_loader b --size-min 3000 --size-max 20000 --rate 600 --count 3600 --timeout-ms 8000
for node in 1 2 3; do claim "node_${node}_gives_up_what_is_archived" wait_until 60 has_given_up "$node" 0; done

for node in 1 2 3; do kill_node "$node"; done
need cluster_starts_again start_all
need a_leader_is_elected_again wait_leader
claim appends_go_on wait_progress a 20
claim each_gets_its_answer wait_loader b

# ---- an archive that cannot be written ------------------------------------------------------------

wait_leader
follower=$(followers_of "$leader" | head -n 1)
kill_node "$follower"
rm "$(archive "$follower")" && touch "$(archive "$follower")" # no directory can be made there
start_node "$follower"
need node_without_its_archive_starts wait_started "$follower"
claim and_follows wait_until 30 is_level "$follower"
held=$(journal "$follower" .begin.segment) anew=$(began_anew "$follower")
start_loader c --size-min 3000 --size-max 20000 --rate 900 --count 2200
claim it_says_so wait_until 20 has_reason "$follower" archive_behind
claim and_in_its_log wait_until 10 grep -q 'archive_failed.*Not a directory.*fix=' "$cluster/node$follower.log"
claim the_others_go_on wait_until 60 has_given_up "$leader" $((held + 1))
claim it_gives_nothing_up gives_nothing_up "$follower" "$held" "$anew"
ln -s "kept$follower" "$work/link" && mv -T "$work/link" "$(archive "$follower")" # at once: it tries again all the time
claim it_goes_on_when_it_can wait_until 30 has_no_reason "$follower" archive_behind
claim and_gives_up_what_is_archived wait_until 60 has_given_up "$follower" "$held"

# ---- a backup beside a node that runs -------------------------------------------------------------

data() { echo "$cluster/node$1/data"; }
claim a_backup_is_made_while_records_come "$wirelog" backup "$(data "$follower")" --to "$work/backup"
claim it_is_whole "$wirelog" backup --check "$work/backup"
claim every_append_is_answered stop_loader a
claim those_in_between_too wait_loader c
need nodes_are_caught_up wait_caught_up 1 2 3
claim archive_and_journal_are_whole joined_is_whole "$follower"
claim they_are_equal_where_both_have_it overlap_is_equal "$follower"
claim logs_hold_what_they_keep logs_hold_what_they_keep

# ---- damage is told -------------------------------------------------------------------------------

is_told() { # PATTERN
	tail_archive 1 >/dev/null 2>"$work/told"
	[ $? -eq 65 ] && grep -q "$1" "$work/told"
}
mapfile -t ranges < <(find "$(archive 1)/" -name 'entries-*' | sort)
claim there_are_ranges [ "${#ranges[@]}" -ge 3 ]
mv "${ranges[1]}" "$work/range"
claim a_missing_range_is_a_gap is_told 'are not in the archive \[GAP\]'
cp "$work/range" "${ranges[1]}"
printf x | dd of="${ranges[1]}" bs=1 seek=5000 conv=notrunc status=none
claim a_damaged_range_is_told is_told "${ranges[1]}: .*\[ENTRY\]"
claim another_archive_has_it "$wirelog" tail --archive "$(archive 1)" --archive "$(archive 2)" --format hex >/dev/null
head -c 100000 "$work/range" >"${ranges[1]}"
claim a_torn_range_is_told is_told "${ranges[1]}: .*\[SHORT\]"
truncate -s -5 "$(find "$work/backup" -name 'entries-*' | sort | tail -n 1)"
refuses_the_backup() { "$wirelog" backup --check "$work/backup" >/dev/null 2>"$work/told"; [ $? -eq 65 ] && grep -q SHORT "$work/told"; }
claim a_torn_backup_is_refused refuses_the_backup

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two workers, a journal on each, over memif. A client of the second journal knows the endpoint of one node: it learns where
# that journal's worker is on the others, and goes on there when its leader is killed. One that was given the first
# worker's endpoint finds the second, and one whose journal is nowhere is told so.
# beside: others
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

second() { of "$1" ".journals[1] | $2"; } # NODE JQ-EXPRESSION over its second journal

second_leader() { # sets $leader
	local node
	leader=
	for node in "${!pids[@]}"; do
		[ "$(second "$node" '"\(.role) \(.ready) \(.silent)"')" = "leader true false" ] && leader=$node
	done
	[ -n "$leader" ]
}

# The second worker's block is the first one's, with sockets of its own.
add_worker() { # NODE
	local file=$cluster/node$1.yaml
	sed -n '/^  - core:/,/^    clients:/p' "$file" |
		sed -e 's|\(-[123]-[123]\)"|\1.w1"|' -e "s|@$tag-c$1\"|@$tag-c$1.1\"|" >"$work/block"
	sed -i -e "/^    clients:/r $work/block" \
		-e 's|^workers:|journals: [{id: 0, worker: 0}, {id: 1, worker: 1}]\n\nworkers:|' "$file"
}

client() { # COMMAND NODE OPTION...: of the second journal
	local command=$1 node=$2
	shift 2
	timeout -k 2 60 "$wirelog" "$command" --journal=1 --endpoints="$(endpoint "$node").1" \
		--key-file="$cluster/cluster.key" --cluster="$cluster_uuid" "$@"
}

has_committed() { [ "$(second "$1" .commit_number)" -gt "$2" ]; } # NODE NUMBER

holds_all() { # NODE
	client tail "$1" --node="$1" --from=1 --count=300 --format=lines 2>/dev/null | cmp - "$work/lines"
}

make_cluster main || exit 1
for node in 1 2 3; do
	add_worker "$node"
done
seq -f 'line %05g' 1 300 >"$work/lines"
need cluster_starts start_all
need the_second_journal_has_a_leader wait_until 30 second_leader

# The first workers ask and answer for all journals.
seen() {
	"$wirelog" status --cluster --run-directory "$run_base/main/1" |
		awk '$8 == "healthy" { print $1 "/" $2 }' | xargs
}
claim one_node_shows_both_journals_of_all wait_until 30 gives '1/0 1/1 2/0 2/1 3/0 3/1' seen

gone=$leader
mapfile -t left < <(followers_of "$gone")
client append "${left[0]}" --rate=150 --quiet --timeout=40s "$work/lines" >"$work/append.out" 2>&1 &
appender=$!
extra_pids+=("$appender")
need appends_are_committed wait_until 20 has_committed "$gone" 50
kill_node "$gone"
claim appends_of_the_second_journal_go_on_at_its_next_leader wait "$appender"
tail -n 2 "$work/append.out"
start_node "$gone"
claim the_killed_node_starts_again wait_started "$gone"
for node in 1 2 3; do
	claim "node_${node}_serves_the_second_journal" wait_until 30 holds_all "$node"
done

# The first worker's endpoint, and a journal that is not there.
astray() { # JOURNAL OPTION...
	local journal=$1
	shift
	timeout -k 2 30 "$wirelog" tail --journal="$journal" --endpoints="$(endpoint "${left[0]}")" \
		--key-file="$cluster/cluster.key" --cluster="$cluster_uuid" --from=1 --count=300 --format=lines "$@"
}

finds_the_second_journal() { astray 1 2>"$work/astray.err" | cmp - "$work/lines"; }

is_refused_by_name() {
	astray 9 >"$work/nowhere.out" 2>&1
	[ $? -eq 64 ] && grep -q JOURNAL_UNKNOWN "$work/nowhere.out"
}

claim client_at_the_first_worker_finds_the_second_journal finds_the_second_journal
claim journal_that_is_nowhere_is_refused_by_name is_refused_by_name

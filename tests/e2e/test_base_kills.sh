#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SIGKILL at sixteen instants (KILLS for more) while bases are made and segments given up: every start goes on, nothing acknowledged is lost.
# beside: others
# timeout: 400
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

kills=${KILLS:-16}

make_cluster main || exit 1
for node in 1 2 3; do
	printf 'base:\n  every: 1MiB\nretention:\n  bytes: 16MiB\n' >>"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 3000 --size-max 9000 --rate 1000
need appends_are_acknowledged wait_progress a 500
RANDOM=7
has_given_up() { [ "$(journal "$1" .begin.segment)" -gt 2 ]; } # NODE
killed=0 restarts_failed=0 stuck=0
while [ "$killed" -lt "$kills" ]; do
	node=$((RANDOM % 3 + 1))
	sleep "0.$((RANDOM % 10))"
	kill_node "$node" 2>/dev/null
	killed=$((killed + 1))
	start_node "$node"
	wait_started "$node" >/dev/null || restarts_failed=$((restarts_failed + 1))
	if [ $((killed % 8)) -eq 0 ]; then
		wait_progress a 100 >/dev/null || stuck=$((stuck + 1))
	fi
done
claim every_start_goes_on test "$restarts_failed" -eq 0
claim appends_went_on_all_the_time test "$stuck" -eq 0
for node in 1 2 3; do
	claim "node_${node}_gave_up_segments" wait_until 30 has_given_up "$node"
	claim "node_${node}_starts_from_bases" test "$(grep -c opened_from_base "$cluster/node$node.log")" -gt $((kills / 8))
done
claim every_append_is_answered stop_loader a
claim client_kept_its_session grep -q 'sessions_lost 0' "$cluster/loader.a.out"
claim chains_are_equal wait_caught_up 1 2 3
# What a base is proven by may be committed between two of the questions.
states_are_equal() {
	states=$(for node in 1 2 3; do journal "$node" '"\(.sessions.applied) \(.sessions.digest)"'; done | sort -u)
	[ "$(wc -l <<<"$states")" -eq 1 ]
}
claim states_are_equal wait_until 10 states_are_equal
echo "# $states"
claim nobody_differs test "$(for node in 1 2 3; do journal "$node" '.bases.discarded, (.bases.differs | length)'; done | sort -u)" = 0
stop_all
for node in 1 2 3; do
	claim "node_${node}_is_clean" "$wirelog" verify "$cluster/node$node/data"
done

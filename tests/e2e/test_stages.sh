#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Where an append's time goes, from the library that takes it to the answer: what the library and the leader say of the records near p50, p99 and
# p99.9 is, in the mean, what their client's own clock says; and what was made slow is seen where it was.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

slow=$work/slow
export LD_PRELOAD=$e2e/sick_drive.so SLOW_IO=$slow
election_ms=3000 # drives that are slow on purpose are no failure
need cluster_is_made make_cluster parts
need nodes_start start_all
unset LD_PRELOAD
need there_is_a_leader wait_leader

# append COUNT [OPTION...]: the report as JSON in $work/report
append() {
	local count=$1
	shift
	seq "$count" | timeout -k 5 60 "$wirelog" append --quiet --json --endpoints "$endpoints" --key-file "$cluster/cluster.key" \
		--cluster "$cluster_uuid" "$@" >"$work/report" 2>"$work/append.err" || { cat "$work/append.err"; return 1; }
}
is_so() { [ "$(jq "$1" "$work/report")" = true ] || { jq -c .stages_ns "$work/report"; return 1; }; }
# The library's clock begins after its client's and ends before it: the parts are never more than the whole. (A thousandth, for what two
# readings of the counter are calibrated apart.) Less they are by what passes between a look at the one and a look at the other: when the
# process does not run between them, one record lacks that much, which the many near p50 do not show.
add_up() {
	is_so '[.stages_ns[] | (.late + .queue + .wire + .node) / .latency <= 1.001] | all' &&
		is_so '.stages_ns.p50 | (.late + .queue + .wire + .node) / .latency > 0.9'
}

need records_are_appended append 6000 --rate 2000
claim each_has_records_near_it is_so '[.stages_ns[].records] | all(. > 0)'
claim parts_add_up_at_a_rate add_up
# Of a record that was answered again, because the answer was late, it does not: on a busy machine these may be all near p99.
claim the_leader_says_its_part is_so '.stages_ns.p50.node > 0'
claim the_wire_is_never_less_than_nothing is_so '[.stages_ns[].wire] | all(. >= 0)'

# More than the cluster takes at once: they queue in the library.
need many_are_appended append 100000 --outstanding 4096
claim parts_add_up_under_load add_up
claim the_queue_is_seen is_so '.stages_ns.p50.queue > 0'

# Drives of a twentieth of a second more: it is seen at the node, and not on the wire.
echo 50 >"$slow"
need slow_ones_are_appended append 40 --outstanding 1
rm "$slow"
claim parts_add_up_with_slow_drives add_up
claim slow_drives_are_the_nodes_part is_so '.stages_ns.p50 | .node >= 50000000 and .wire < .node'

echo one | timeout 30 "$wirelog" append --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" >"$work/said" 2>&1
claim the_report_has_them grep -qE '^near p99.9: late .*, queue .*, wire .*, node ' "$work/said"
final_check

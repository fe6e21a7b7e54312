#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog consumer: a checkpoint holds trims and retention back on all nodes and over a restart; deleted, it lets go; beyond
# retention.hold the leader drops it, and its consumer is told.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

refuses() { answers "$1" "$2" run_tool "${@:3}"; } # EXIT PATTERN COMMAND ARGUMENT...

checkpoint() { journal "$1" ".consumers | map(select(.name == \"$2\")) | .[0].number // 0"; } # NODE NAME
is_at() { [ "$(checkpoint "$1" "$2")" = "$3" ]; } # NODE NAME NUMBER
is_trimmed_past() { [ "$(journal "$1" .trim_number)" -gt "$2" ]; } # NODE NUMBER
holds_back() { [ "$(journal "$leader" .held_bytes)" -gt 0 ]; }

make_cluster consumers || exit 1
for node in 1 2 3; do
	printf 'base:\n  every: 1MiB\nretention:\n  bytes: 16MiB\n' >>"$cluster/node$node.yaml"
done
need cluster_starts start_all
need a_leader_is_elected wait_leader
# Too little for retention to trim anything before the checkpoint stands, however long that takes.
start_loader a --count 200
need appends_are_acknowledged wait_loader a
follower=$(followers_of "$leader" | head -n 1)

# ---- asking -------------------------------------------------------------------------------------

asked=$follower
claim a_follower_passes_it_on run_tool consumer set index --to 50
asked=
for node in 1 2 3; do claim "node_${node}_has_it" wait_until 10 is_at "$node" index 50; done
claim it_goes_on run_tool consumer set index --to 60 --existing
claim it_is_told_as_json run_tool consumer set index --to 60 --json
claim as_it_is_then test "$(jq -r '.consumers[] | select(.name == "index") | .number' "$work/tool.out")" = 60
claim it_never_goes_back run_tool consumer set index --to 20
claim and_is_where_it_was wait_until 10 is_at "$leader" index 60
claim it_is_listed run_tool consumer list
claim with_its_number grep -qE '^index +60 ' "$work/tool.out"
claim no_trim_passes_it refuses 64 "consumer 'index' .* no trim passes its checkpoint" trim --to 61
claim a_trim_goes_as_far run_tool trim --to 60
claim what_is_not_there_is_refused refuses 64 'has no record 900000000 here' consumer set index --to 900000000
claim nobody_is_not_deleted refuses 64 "no consumer 'nobody'" consumer delete nobody
claim nobody_is_not_moved refuses 65 '\[CHECKPOINT_DROPPED\]' consumer set nobody --to 70 --existing
claim a_name_has_its_letters refuses 64 'is no name' consumer set a/b --to 70

# ---- holding back ---------------------------------------------------------------------------------

start_loader b --size-min 8000 --size-max 9000 --rate 2000
claim it_holds_retention_back wait_until 30 holds_back
kill_node "$leader" 2>/dev/null
need another_leads wait_leader
for node in 1 2 3; do is_running "$node" || start_node "$node"; done
need it_comes_back wait_started 1 2 3
need somebody_leads wait_leader
for node in 1 2 3; do claim "node_${node}_has_it_still" wait_until 10 is_at "$node" index 60; done
claim nothing_was_trimmed_meanwhile wait_until 10 gives 60 journal "$leader" .trim_number
claim deleted run_tool consumer delete index
for node in 1 2 3; do claim "it_lets_go_on_node_$node" wait_until 20 is_trimmed_past "$node" 60; done

# ---- more than it may ------------------------------------------------------------------------------

first=$(journal "$leader" .trim_number)
claim a_new_one_stands_where_the_log_begins run_tool consumer set late --to 1
# Retention may have gone on until it was there; from then on it cannot.
begins_with() { [ "$(checkpoint "$leader" late)" -ge "$first" ] && is_at "$leader" late "$(journal "$leader" .trim_number)"; }
claim and_not_before wait_until 10 begins_with
claim the_limit_is_set run_tool limit set retention.hold 1MiB
for node in 1 2 3; do claim "it_is_dropped_on_node_$node" wait_until 30 is_at "$node" late 0; done
claim then_the_trim_comes wait_until 30 is_trimmed_past "$leader" "$first"
claim its_consumer_is_told refuses 65 '\[CHECKPOINT_DROPPED\]' consumer set late --to $((first + 1)) --existing
claim every_append_is_answered stop_loader b

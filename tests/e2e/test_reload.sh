#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# `wirelog config reload`: what may change does while the node runs, what needs a restart is named, a mistake changes nothing.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

advertise=no make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a
need appends_are_acknowledged wait_progress a 500

reload() { "$wirelog" config reload --run-directory "$run_base/main/1" >"$work/reload.out" 2>&1; }
in_effect() { ask 1 /wirelog/config | jq -r ".[\"/wirelog/config\"].$1"; } # MEMBER
says() { reload && cat "$work/reload.out" && grep -q "$1" "$work/reload.out"; }

claim the_same_file_changes_nothing says ': nothing is different$'
cp "$cluster/node1.yaml" "$work/right.yaml"

# ---- a mistake ----------------------------------------------------------------------------------

sed -i 's|^  resend_us: .*|  resend_us: 7000\n  reader_idle_s: 0|' "$cluster/node1.yaml"
reload
claim a_mistake_ends_with_78 test $? -eq 78
claim a_mistake_is_named_with_its_place grep -qE ": $(grep -n 'reader_idle_s' "$cluster/node1.yaml" | cut -d: -f1):[0-9]+: timing.reader_idle_s: .*\[CONFIG_VALUE\]" "$work/reload.out"
claim nothing_of_that_file_is_in_effect test "$(in_effect resend_ns)" = 20000000
rm "$cluster/node1.yaml"
reload
claim a_file_that_is_gone_ends_with_66 test $? -eq 66

# ---- what may change, and what may not ----------------------------------------------------------

sed -e 's|^  resend_us: .*|  resend_us: 7000\n  reader_idle_s: 1|' -e 's|^  heartbeat_ms: .*|  heartbeat_ms: 30|' \
	"$work/right.yaml" >"$cluster/node1.yaml"
claim live_keys_are_changed says ': timing.resend_us: changed$'
claim what_needs_a_restart_is_named grep -q ': timing.heartbeat_ms: needs a restart$' "$work/reload.out"
claim live_keys_are_in_effect test "$(in_effect resend_ns) $(in_effect reader_idle_ns)" = '7000000 1000000000'
claim other_keys_are_not_in_effect test "$(in_effect heartbeat_ns)" = 25000000
claim the_wait_for_a_restart_is_told_again says ': timing.heartbeat_ms: needs a restart$'
claim a_change_is_told_once test "$(grep -c resend_us "$work/reload.out")" -eq 0

# A reader that stands still for two seconds was well within the ten that it had before.
"$wirelog" tail --endpoints "$(endpoint 1)" --cluster "$cluster_uuid" --key-file "$cluster/cluster.key" --from 1 --follow \
	>/dev/null 2>&1 </dev/null &
extra_pids+=($!)
has_reader() { [ "$(journal 1 .readers)" -gt 0 ]; }
need a_reader_is_served wait_until 30 has_reader
kill -STOP "${extra_pids[-1]}"
has_no_reader() { [ "$(journal 1 .readers)" -eq 0 ]; }
claim a_reader_that_falls_silent_is_let_go_by_the_new_limit wait_until 8 has_no_reader
kill -KILL "${extra_pids[-1]}"

# ---- the level of the log -----------------------------------------------------------------------

requests() { grep -c ' request verb=set ' "$cluster/node1.log"; }
sed -i '$a logging:\n  level: error' "$cluster/node1.yaml"
claim the_level_is_changed says ': logging.level: changed$'
before=$(requests)
claim it_is_asked_again reload
claim notices_are_no_longer_written test "$(requests)" -eq "$before"

claim appends_went_on_all_the_time wait_progress a 500
claim nothing_is_lost stop_loader a

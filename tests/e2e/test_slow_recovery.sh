#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A start from a drive that is slow: the service manager hears how far it is and that it needs longer, "ready" only when an append
# would be answered, and SIGTERM ends it in the middle.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cluster=$work/single
mkdir -p "$cluster" "$run_base/single"
"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1 || exit 1
cat >"$cluster/node1.yaml" <<-END
	cluster:
	  uuid: $cluster_uuid
	  node: 1
	  nodes:
	    - {id: 1, address: 198.51.100.1, client_endpoint: "memif:@$tag-single"}
	workers:
	  - core: auto
	    clients: {socket: "@$tag-single", slots: 2}
	storage: {path: data, segment_bytes: 16MiB}
	log: {ring_bytes: 4MiB, bytes_max: 256MiB}
	memory: {hugepages: off}
	timing: {election_timeout_ms: 200, heartbeat_ms: 10}
	idle: {strategy: backoff}
	security: {key_file: cluster.key}
	run_directory: $run_base/single/1
END
endpoints="memif:@$tag-single"
slow=$work/slow

need node_starts start_node 1
need it_has_started wait_started 1
start_loader a --size-min 2000 --size-max 4000 --count 9000
need a_log_of_27_mb_is_written wait_loader a
end_node 1 TERM

"$e2e/notified" "$run_base/notify" >"$work/notified" 2>&1 &
extra_pids+=($!)
need manager_listens wait_until 10 grep -q listening "$work/notified"

hears() { grep -q "$1" "$work/notified"; }
starts_slowly() { # MILLISECONDS for each call
	echo "$1" >"$slow"
	: >"$cluster/node1.log"
	NOTIFY_SOCKET=$run_base/notify LD_PRELOAD=$e2e/sick_drive.so SLOW_IO=$slow start_node 1
}

starts_slowly 1100
claim how_far_the_log_is_read_is_told wait_until 60 hears '^STATUS=reading the log of journal 0: [0-9]* of [0-9]* MiB$'
claim more_time_is_asked_for hears '^EXTEND_TIMEOUT_USEC=[1-9]'
end_node 1 TERM
claim node_that_reads_its_log_ends_when_asked test "$status" -eq 0
claim it_has_said_nothing_of_ready test "$(grep -c '^READY=1' "$work/notified")" -eq 0
claim it_had_not_read_the_whole_log test "$(grep -c ' recovered ' "$cluster/node1.log")" -eq 0

# One pass: what recovery proves goes into the table of sessions at once, so nothing is left to be read when the log was read.
sessions() { journal 1 ".sessions.$1"; }
is_green() { "$wirelog" status --check --run-directory "$run_base/single/1" >/dev/null 2>&1; }
is_recovered() { grep -q ' recovered ' "$cluster/node1.log"; }
bytes_read() { awk '/^read_bytes:/ { print $2 }' "/proc/${pids[1]}/io"; }
rm -f "$slow"
segments_bytes=$(find "$cluster" -name 'segment-*' -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
starts_slowly 400
claim log_is_read_to_its_end wait_until 60 is_recovered
are_known() { [ "$(sessions rebuilding)" = false ]; }
claim then_the_sessions_are_known wait_until 30 are_known
claim it_is_ready wait_until 60 hears '^READY=1'
claim all_call_it_healthy wait_until 30 is_green
if [ "$(bytes_read)" -eq 0 ]; then
	skip bytes_that_a_start_reads_are_those_of_the_log "the kernel counts no reads of this file system"
else
	# The self-test of the disk reads for 20 ms, too: less than half of what a second pass over the log would.
	claim bytes_that_a_start_reads_are_those_of_the_log test "$(bytes_read)" -lt $((segments_bytes + (14 << 20)))
fi
rm "$slow"
final_check

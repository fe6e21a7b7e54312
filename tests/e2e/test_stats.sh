#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The stats socket of nodes that work: everything that is told stands in the catalogue, the latency of the last seconds is that of the last
# seconds, a stream comes by itself, and whoever looks costs no vote and no record.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

value() { # NODE METRIC LABELS-AS-JSON
	ask "$1" /wirelog/metrics | jq --arg name "$2" --argjson labels "$3" \
		'.["/wirelog/metrics"].metrics[] | select(.name == $name) | .values[] | select(.[:-1] == $labels) | .[-1]'
}
window() { ask "$1" "/wirelog/latency,$2" | jq ".[\"/wirelog/latency\"].journals[0].$3"; } # NODE SECONDS STAGE.MEMBER
# follow NODE INTERVAL PACKETS: how many packets of the stream came, and what they were
follow() {
	/usr/bin/python3 - "$(stats_socket "$1")" "$2" "$3" <<-'END'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.connect(sys.argv[1])
		s.settimeout(10)
		s.send(b"/wirelog/stream," + sys.argv[2].encode())
		for _ in range(int(sys.argv[3])):
		    answer = json.loads(s.recv(1 << 20))
		    print(*answer, answer.get("/wirelog/metrics", {}).get("schema", ""))
	END
}

need cluster_is_made make_cluster seen
need nodes_start start_all
need there_is_a_leader wait_leader
start_loader a --rate 500
need records_are_acknowledged wait_progress a 500

ask "$leader" /wirelog/catalogue | jq -r '.["/wirelog/catalogue"].metrics[].name' | sort >"$work/known"
ask "$leader" /wirelog/metrics | jq -r '.["/wirelog/metrics"].metrics[].name' | sort >"$work/told"
claim everything_that_is_told_is_in_the_catalogue cmp "$work/known" "$work/told"
claim there_are_more_than_a_hundred test "$(wc -l <"$work/known")" -gt 100
claim no_name_stands_twice test -z "$(uniq -d "$work/known")"
leads_by_metric() { find_leader && [ "$(value "$leader" journal_leads '[0]')" = 1 ]; }
claim leader_says_that_it_leads wait_until 10 leads_by_metric
claim it_tells_both_peers test "$(ask "$leader" /wirelog/metrics | jq '[.["/wirelog/metrics"].metrics[] | select(.name == "peer_streaming") | .values[]] | length')" -eq 2
claim metrics_and_status_agree test "$(value "$leader" node_boots '[]')" = "$(of "$leader" .boot_count)"
claim the_process_uses_cpu_and_memory test "$(value "$leader" node_process_cpu_ns '[]')" -gt 0 -a "$(value "$leader" node_process_resident_bytes '[]')" -gt 1000000

has_samples() { [ "$(window "$leader" 10 commit.count)" -gt 0 ]; }
claim last_seconds_have_samples wait_until 10 has_samples
claim percentiles_are_in_order test "$(window "$leader" 10 'commit | .p50_ns <= .p99_ns and .p99_ns <= .p999_ns and .p999_ns <= .max_ns')" = true
two=$(window "$leader" 2 commit.count)
claim an_hour_has_as_many_at_least test "$(window "$leader" 3600 commit.count)" -ge "$two"
claim a_histogram_is_text_of_HdrHistogram test "$(ask "$leader" /wirelog/latency,60,hdr | jq -r '.["/wirelog/latency"].journals[0].commit.hdr[:5]')" = HISTF
refuses() { ask "$leader" "$1" | jq -e .error >/dev/null; }
for wrong in latency,0 latency,3601 latency,-1 latency,ten latency,10,text stream stream,1 stream,100,/wirelog/stop; do
	claim "${wrong//[^a-z0-9]/_}_is_refused" refuses "/wirelog/$wrong"
done

claim a_stream_comes_by_itself test "$(follow "$leader" 20 10 | sort | uniq -c | awk '{ print $1, $2, $3 }')" = '10 /wirelog/metrics 1'
claim another_request_can_be_streamed test "$(follow "$leader" 20,/wirelog/latency,10 3 | sort -u)" = '/wirelog/latency '

# Twenty who look ten times a second, and one that never reads.
look_hard() {
	local at followers=()
	for at in {1..20}; do
		follow "$leader" 100 20 >"$work/followed.$at" 2>&1 &
		followers+=($!)
	done
	for at in "${followers[@]}"; do
		wait "$at" || return 1
	done
	[ "$(cat "$work"/followed.* | wc -l)" -eq 400 ]
}
claim twenty_who_look_disturb_nobody keeps_leader look_hard
claim no_worker_has_allocated test "$(value "$leader" node_worker_allocations '[]')" = 0
claim appends_went_on wait_progress a 200

need loader_ends stop_loader a
is_over() { [ "$(window "$leader" 2 commit.count)" -eq 0 ]; }
claim what_is_over_leaves_the_last_seconds wait_until 20 is_over
claim it_stays_in_the_last_minute test "$(window "$leader" 60 commit.count)" -gt 0
final_check

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# dpdk_telemetry: a client of DPDK's protocol (v2, as dpdk-telemetry.py speaks it) gets the node's numbers from DPDK's own socket, the same as those of
# the stats socket; without the key there is no such socket, and a name that leads elsewhere is refused.
# beside: others
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

need cluster_is_made make_cluster telemetry
if is_root; then
	runtime=/var/run/dpdk
else
	export XDG_RUNTIME_DIR=$run_base
	runtime=$run_base/dpdk
fi
socket_of=$tag.1
trap 'clean_up; rm -rf "${runtime:?}/$socket_of"; [ "$failures" -eq 0 ] || exit 1' EXIT
sed '$ a dpdk_telemetry: ../etc' "$cluster/node1.yaml" >"$cluster/wrong.yaml"
run_daemon "$cluster/wrong.yaml"
claim a_name_that_leads_elsewhere_is_refused test "$status" -eq 78
claim and_the_key_is_named grep -q 'code=CONFIG_VALUE.*dpdk_telemetry' "$work/daemon.out"
sed -i "\$ a dpdk_telemetry: $socket_of" "$cluster/node1.yaml"
need nodes_start start_all
need there_is_a_leader wait_leader
start_loader a --rate 500
need records_are_acknowledged wait_progress a 500

# tell REQUEST...: each one's answer, a line each; the greeting first. As DPDK's guide has it: SEQPACKET, a greeting, then a packet each way.
tell() {
	/usr/bin/python3 - "$runtime/$socket_of/dpdk_telemetry.v2" "$@" <<-'END'
		import json, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		s.settimeout(10)
		s.connect(sys.argv[1])
		greeting = json.loads(s.recv(1024))
		print(json.dumps(greeting))
		for request in sys.argv[2:]:
		    s.send(request.encode())
		    print(json.dumps(json.loads(s.recv(greeting["max_output_len"]))))
	END
}
answer() { tell "$1" | sed 1d | jq -r ".[\"${1%%,*}\"] | $2"; } # REQUEST JQ-EXPRESSION

claim it_greets_as_DPDK test "$(tell | jq -r '.version | startswith("DPDK ")')" = true
claim with_the_nodes_process test "$(tell | jq .pid)" -eq "${pids[1]}"
claim it_lists_ours_beside_its_own test "$(answer / 'map(select(. == "/wirelog/node" or . == "/wirelog/peer" or . == "/eal/params")) | length')" -eq 3
claim the_node_is_told test "$(answer /wirelog/node .uptime_ns)" -gt 0
claim the_journal_is_told test "$(answer /wirelog/journal,0 .records)" -gt 0
claim a_journal_that_is_not_there_is_null test "$(answer /wirelog/journal,9 .)" = null
claim the_worker_is_told test "$(answer /wirelog/worker .turns)" -gt 0
claim no_words_are_numbers test "$(answer /wirelog/worker,x .)" = null
same() { [ "$(answer /wirelog/journal .term)" = "$(journal 1 .term)" ]; }
claim both_sockets_say_the_same wait_until 10 same
leads_1() { [ "$(answer /wirelog/journal .leads)" = 1 ]; }
claim leadership_comes_to_it run_tool transfer 1
claim that_is_told wait_until 20 leads_1
tells_peers() { [ "$(answer /wirelog/peer,0 'has("received_index/2") and has("received_index/3")')" = true ]; }
claim peers_are_told_by_their_ids wait_until 10 tells_peers
# Twenty at once cost no worker anything.
hammer() {
	local at all=()
	for at in {1..20}; do
		tell /wirelog/node /wirelog/worker /wirelog/journal >/dev/null &
		all+=($!)
	done
	for at in "${all[@]}"; do wait "$at"; done
}
hammer
claim the_worker_allocates_nothing test "$(answer /wirelog/node .worker_allocations)" -eq 0
claim appends_go_on wait_progress a 200
stop_loader a
# Who asks while the node ends gets an answer or none.
ask_on() { while tell /wirelog/node /wirelog/worker; do :; done >/dev/null 2>&1; }
ask_on &
asker=$!
end_node 1 TERM
claim a_node_ends_well_while_it_is_asked test "$status" -eq 0
wait "$asker"
stop_all

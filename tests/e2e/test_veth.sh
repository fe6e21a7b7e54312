#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three nodes on AF_PACKET over veth (root), a client on kernel UDP sockets, tshark on the bridge.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! is_root; then
	skip veth_cluster_serves_kernel_sockets "needs root for network namespaces"
	exit
fi
if ! ip netns add "$tag-sw" 2>"$work/netns.err"; then
	skip veth_cluster_serves_kernel_sockets "no network namespaces: $(cat "$work/netns.err")"
	exit
fi
namespaces+=("$tag-sw")

in_client() { ip netns exec "$tag-9" "$@"; }

need network make_veth_network
need configurations make_veth_cluster
need cluster_starts start_all
need a_leader_is_elected wait_leader
claim no_hugepages_no_nic test "$(of 1 .memory.pages)" != null

for node in 1 2 3; do
	claim "node_${node}_answers_arp" in_client arping -q -c 1 -w 5 -I wl0 "10.77.0.$node"
	claim "node_${node}_answers_ping" in_client ping -q -c 2 -i 0.2 -W 5 "10.77.0.$node"
done
claim large_ping_is_answered in_client ping -q -c 1 -W 5 -s 1400 10.77.0.1
claim ping_of_the_whole_mtu_is_answered in_client ping -q -c 1 -W 5 -M "do" -s 1472 10.77.0.1

ip netns exec "$tag-sw" tshark -q -i br0 -c 12000 -w "$run_base/frames.pcapng" >"$work/tshark.log" 2>&1 &
tshark=$!
extra_pids+=("$tshark")
wait_until 20 test -s "$run_base/frames.pcapng"

start_loader a --size-max 3000 --rate 2000
claim kernel_socket_client_is_served wait_progress a 2000
old=$leader
kill_node "$old"
claim another_node_leads wait_other_leader "$old"
claim kernel_socket_client_follows_the_leader wait_progress a 1000
start_node "$old"
claim killed_node_starts_again wait_started "$old"
claim appends_go_on wait_progress a 1000

kill -INT "$tshark" 2>/dev/null
wait "$tshark"
# Between the nodes everything is as the nodes made it; checksums of the client are left to its (virtual) NIC.
# Its payload is ours: no dissector may guess at it.
count_frames() { tshark -r "$run_base/frames.pcapng" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
	-d udp.port==7700,data -Y "$1" 2>/dev/null | wc -l; }
claim tshark_sees_udp_between_nodes test "$(count_frames 'udp.port == 7700 && ip.src != 10.77.0.9 && ip.dst != 10.77.0.9')" -gt 500
claim tshark_sees_udp_of_the_client test "$(count_frames 'udp.port == 7700 && ip.addr == 10.77.0.9')" -gt 500
claim tshark_finds_nothing_malformed test "$(count_frames '_ws.malformed || ip.checksum.status == "Bad" || (udp.checksum.status == "Bad" && ip.src != 10.77.0.9) || (ip.src != 10.77.0.9 && ip.flags.mf == 1)')" -eq 0

# The same frames as our own dissector sees them.
count_ours() { tshark -X "lua_script:$BUILD/wirelog.lua" -r "$run_base/frames.pcapng" -Y "$1" 2>"$work/dissector.err" | wc -l; }
claim dissector_knows_what_nodes_say test "$(count_ours 'wirelog.append.previous.index > 0')" -gt 50
claim dissector_knows_what_acknowledges test "$(count_ours 'wirelog.append_ack.term > 0')" -gt 50
claim dissector_shows_the_records_of_clients test "$(count_ours 'wirelog.record.payload')" -gt 50
claim dissector_finds_nothing_wrong test "$(count_ours wirelog.error)" -eq 0
claim dissector_has_no_complaint test "$(grep -ci lua "$work/dissector.err")" -eq 0

# A stranger's datagrams: dropped, counted, unanswered.
strangers() { counter 1 'dropped | .not_wirelog + .short + .bad_length + .bad_udp'; }
before=$(strangers)
for _ in 1 2 3 4 5; do
	echo 'who is there?' | in_client timeout 1 bash -c 'exec 3<>/dev/udp/10.77.0.1/7700; cat >&3; read -r -t 0.2 -u 3 && echo answered' >>"$work/stranger"
done
knows_strangers() { [ "$(strangers)" -ge $((before + 5)) ]; }
claim stranger_is_counted wait_until 10 knows_strangers
claim stranger_gets_no_answer test ! -s "$work/stranger"

export WIRELOG_ENDPOINTS=$endpoints WIRELOG_KEY_FILE=$cluster/cluster.key WIRELOG_CLUSTER=$cluster_uuid
printf 'over kernel sockets\n' >"$work/line"
claim command_works_over_udp in_client "$wirelog" append "$work/line"
claim every_append_is_answered stop_loader a
final_check

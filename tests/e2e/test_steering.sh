#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two workers on a device that cannot steer (root): DPDK's driver for packet sockets over veth has one queue each way and no flow rules.
# Worker 0 receives for both and sends for both. The journal that is loaded, killed and compared is the second worker's, so every
# frame of it is handed over, and back; the other worker has one of its own.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! is_root; then
	skip frames_are_handed_over "needs root for network namespaces"
	exit
fi
if ! ip netns add "$tag-sw" 2>"$work/netns.err"; then
	skip frames_are_handed_over "no network namespaces: $(cat "$work/netns.err")"
	exit
fi
namespaces+=("$tag-sw")

link='{kind: eal, device: "net_af_packet0,iface=wl0", prefix_length: 24}'

share_the_device() { # NODE
	sed -i -e "s|{kind: af_packet.*|$link\n  - core: auto\n    links:\n      - $link|" \
		-e 's|^workers:|journals: [{id: 0, worker: 1}, {id: 1, worker: 0}]\n\nworkers:|' "$cluster/node$1.yaml"
}

link_of() { of "$1" ".links[] | select(.worker == $2) | $3"; } # NODE WORKER JQ-EXPRESSION

handed() { link_of "$1" 0 ".stats.$2"; } # NODE COUNTER

grows_beyond() { [ "$(handed "$1" "$2")" -gt "$3" ]; } # NODE COUNTER THAN

client() { # COMMAND OPTION...: of the journal of worker 0
	ip netns exec "$tag-9" timeout -k 2 60 "$wirelog" "$1" --journal=1 --key-file="$cluster/cluster.key" \
		--cluster="$cluster_uuid" --endpoints="${endpoints//:7701/:7700}" "${@:2}"
}

holds_all() { client tail --node="$1" --from=1 --count=200 --format=lines 2>/dev/null | cmp - "$work/lines"; } # NODE

need network make_veth_network
need configurations make_veth_cluster
for node in 1 2 3; do
	share_the_device "$node"
done
endpoints=${endpoints//:7700/:7701}
check_says() { "$wirelogd" --check --config "$cluster/node1.yaml" | grep "decided at the start"; }
claim check_says_when_it_is_decided check_says
need cluster_starts start_all
need a_leader_is_elected wait_leader

for node in 1 2 3; do
	claim "node_${node}_says_how_it_steers_at_its_start" grep -q 'steering in software (.*worker 0 receives for all, and sends for all' "$cluster/node$node.log"
	claim "node_${node}_answers_arp" ip netns exec "$tag-9" arping -q -c 1 -w 5 -I wl0 "10.77.0.$node"
	claim "node_${node}_answers_ping" ip netns exec "$tag-9" ping -q -c 2 -i 0.2 -W 5 "10.77.0.$node"
done
says_software() { [ "$(link_of "$1" 0 .steering) $(link_of "$1" 1 .steering)" = "software software" ]; }
claim status_says_software wait_until 10 says_software 1

start_loader a --size-max 3000 --rate 1000
claim the_second_worker_s_journal_is_served wait_progress a 1000
before=$(handed 1 handed_over)
claim frames_are_handed_over wait_until 10 grows_beyond 1 handed_over "${before:-0}"
claim frames_are_handed_back wait_until 10 grows_beyond 1 handed_back 0
seq -f 'line %05g' 1 200 >"$work/lines"
claim the_first_worker_s_journal_is_served_beside client append --quiet --timeout=40s "$work/lines"

old=$leader
kill_node "$old"
claim another_node_leads wait_other_leader "$old"
claim the_client_follows_the_leader wait_progress a 500
start_node "$old"
claim killed_node_starts_again wait_started "$old"
claim appends_go_on wait_progress a 500
claim every_append_is_answered stop_loader a
for node in 1 2 3; do
	claim "node_${node}_has_the_first_worker_s_journal" wait_until 30 holds_all "$node"
done

# UDP to a port of no worker: counted where it is received, and dropped there.
knock() { ip netns exec "$tag-9" bash -c 'echo x >/dev/udp/10.77.0.1/7719'; grows_beyond 1 handed_strange 0; }
claim a_stranger_is_counted wait_until 10 knock
final_check
ends_well() { local node; for node in 1 2 3; do end_node "$node" TERM && [ "$status" -eq 0 ] || return 1; done; }
claim nodes_end_as_asked ends_well

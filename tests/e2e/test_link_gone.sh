#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The interface of a node is deleted, and made anew (root): told by its name, and served again by the same process.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! is_root || ! ip netns add "$tag-net" 2>"$work/netns.err"; then
	skip link_that_was_made_anew_is_served_again "needs root and network namespaces"
	exit
fi
namespaces+=("$tag-net")
in_net() { ip netns exec "$tag-net" "$@"; }
make_link() {
	ip -n "$tag-net" link add wl0 type veth peer name wl1 && ip -n "$tag-net" link set wl0 up &&
		ip -n "$tag-net" link set wl1 up && ip -n "$tag-net" address add 10.77.0.9/24 dev wl1
}

cluster=$work/single
mkdir -p "$cluster" "$run_base/single"
"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1 || exit 1
cat >"$cluster/node1.yaml" <<-END
	cluster:
	  uuid: $cluster_uuid
	  node: 1
	  nodes:
	    - {id: 1, address: 10.77.0.1, client_endpoint: "udp:10.77.0.1:7700"}
	network: {mtu: 1500}
	workers:
	  - core: auto
	    links: [{kind: af_packet, interface: wl0, mtu: 1500}]
	storage: {path: data, segment_bytes: 8MiB}
	log: {ring_bytes: 4MiB, bytes_max: 256MiB}
	memory: {hugepages: off}
	idle: {strategy: backoff}
	security: {key_file: cluster.key}
	run_directory: $run_base/single/1
END
endpoints=udp:10.77.0.1:7700
run_in[1]="ip netns exec $tag-net"
run_in[client]="ip netns exec $tag-net"

says() { [ "$(grep -c "$1" "$cluster/node1.log")" -ge "${2:-1}" ]; } # TEXT [TIMES]
reasons() { of 1 '.mode.reasons | join(" ")'; }
complains() { [[ " $(reasons) " == *" link_down "* ]]; }
has_reopened() { [ "$(of 1 '[.workers[].counters.port.links_reopened] | add')" -ge "$1" ]; } # TIMES
answers_ping() { in_net ping -q -c 1 -W 1 10.77.0.1; }

ip -n "$tag-net" link set lo up
need link make_link
need node_starts start_node 1
need it_has_started wait_started 1
claim it_answers wait_until 20 answers_ping
start_loader a --rate 500
claim a_client_is_served wait_progress a 500
link() { of 1 ".links[0].$1"; }
has_counted() { [ "$(of 1 '.links[0] | .up and .stats.rx_frames > 100 and .stats.tx_frames > 100')" = true ]; }
claim the_kernels_numbers_of_the_link_are_told wait_until 10 has_counted
claim its_name_is_told test "$(link link)" = wl0
claim nobody_complains_of_a_link wait_until 10 eval '! complains'

for round in 1 2; do
	ip -n "$tag-net" link delete wl0
	claim "interface_that_is_gone_is_told_by_name_$round" wait_until 20 says ' link_down .*link=wl0 .*no such interface' $round
	claim "status_says_so_$round" wait_until 10 complains
	need "link_again_$round" make_link
	claim "it_answers_again_$round" wait_until 30 answers_ping
	claim "the_end_is_told_$round" wait_until 20 says ' link_down .*link=wl0 ended=1' $round
	claim "appends_go_on_$round" wait_progress a 500
	claim "it_is_counted_$round" wait_until 10 has_reopened "$round"
	claim "nobody_complains_any_more_$round" wait_until 10 eval '! complains'
done

ip -n "$tag-net" link set wl1 down
claim link_without_carrier_is_told wait_until 20 says ' link_down .*link=wl0 .*no carrier'
ip -n "$tag-net" link set wl1 up
claim it_answers_with_carrier wait_until 30 answers_ping
has_changed() { [ "$(link changes)" -ge 2 ]; }
claim what_came_and_went_is_counted wait_until 10 has_changed
claim every_append_is_answered stop_loader a
end_node 1 TERM
claim it_ends_as_asked test "$status" -eq 0

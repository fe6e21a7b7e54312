#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Nodes on AF_PACKET over veth (root), clients on kernel UDP sockets behind a port that carries less than 1500 bytes.
# beside: others
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if ! is_root; then
	skip clients_behind_a_smaller_port "needs root for network namespaces"
	exit
fi
if ! ip netns add "$tag-sw" 2>"$work/netns.err"; then
	skip clients_behind_a_smaller_port "no network namespaces: $(cat "$work/netns.err")"
	exit
fi
namespaces+=("$tag-sw")

need network make_veth_network
need configurations make_veth_cluster
need cluster_starts start_all
need a_leader_is_elected wait_leader

in_client() { ip netns exec "$tag-9" timeout 40 "$@"; }
export WIRELOG_ENDPOINTS=$endpoints WIRELOG_KEY_FILE=$cluster/cluster.key WIRELOG_CLUSTER=$cluster_uuid
seq -f 'line %06g' 20000 >"$work/lines"

# What passes the client's port of the bridge, both ways.
port_carries() { ip -n "$tag-sw" link set p9 mtu "$1"; }

reads_all() { # NAME [OPTION...]: the 20,000 lines
	local name=$1
	shift
	in_client "$wirelog" tail "$@" --from 1 --count 20000 --format lines >"$work/$name.out" 2>"$work/$name.err" || return 1
	cmp "$work/lines" "$work/$name.out"
}

names_the_path() { grep -q 'PATH_MTU' "$1"; }

port_carries 1400
claim appends_pass_a_smaller_port in_client "$wirelog" append "$work/lines"
claim reader_passes_a_smaller_port reads_all narrow

ip netns exec "$tag-9" "$wirelog" tail --from 1 --follow >/dev/null 2>"$work/follow.err" &
extra_pids+=($!)
claim reader_is_told_what_passes wait_until 20 names_the_path "$work/follow.err"
claim what_passes_is_said_in_bytes grep -q '1400 bytes to it, 1400 bytes from it' "$work/follow.err"

claim reader_with_a_link_of_1400_reads reads_all option --link mtu=1400
claim and_nothing_is_wrong_with_it test ! -s "$work/option.err"

port_carries 1500
start_loader a --size-max 3000 --rate 2000
claim loader_is_served wait_progress a 2000
port_carries 1400
claim appends_go_on_where_the_path_narrows wait_progress a 3000
port_carries 1500
claim appends_go_on_where_it_widens wait_progress a 2000

# An interface of 1400 under a client that believes in 1500: the kernel refuses what is larger, and splits nothing.
ip -n "$tag-9" link set wl0 mtu 1400
claim appends_go_on_over_a_smaller_interface wait_progress a 3000
claim reader_passes_a_smaller_interface reads_all interface
ip -n "$tag-9" link set wl0 mtu 1500

# One direction alone: IP packets of 1408 to 1535 bytes.
drops() { # ingress|egress
	tc -n "$tag-sw" qdisc replace dev p9 clsact &&
		tc -n "$tag-sw" filter replace dev p9 "$1" pref 1 handle 800::1 protocol ip u32 match u16 0x0580 0xff80 at 2 action drop
}
if drops ingress 2>"$work/tc.err"; then
	claim appends_go_on_where_only_their_way_is_narrow wait_progress a 3000
	claim reader_goes_on_where_only_its_questions_are_narrow reads_all ingress
	tc -n "$tag-sw" qdisc delete dev p9 clsact
	drops egress 2>"$work/tc.err"
	claim reader_goes_on_where_only_its_way_is_narrow reads_all egress
	claim appends_go_on_where_only_their_answers_are_narrow wait_progress a 3000
	tc -n "$tag-sw" qdisc delete dev p9 clsact
else
	skip one_direction_alone "no traffic control in this kernel: $(tail -n 1 "$work/tc.err")"
fi

# Below the least MTU nothing can be done, and it is said what is wrong.
port_carries 1000
ends_and_names_the_path() { ! reads_all least && names_the_path "$work/least.err"; }
claim path_below_the_least_is_named ends_and_names_the_path
port_carries 1500
claim every_append_is_answered stop_loader a
final_check

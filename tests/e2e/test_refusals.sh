#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Starts that are refused for what is around a node: each by the code whose fix helps, and with the exit code of docs/OPERATIONS.md.
# Of the configuration's own mistakes: test_config.sh; of data: test_store_identity.sh; of limits: test_limits.sh.
# beside: others
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
run=$run_base/main/1

# refuses NAME EXIT CODE TEXT SED...: node 1's configuration, changed
refuses() {
	local name=$1 exit_code=$2 code=$3 text=$4
	shift 4
	sed "$@" "$cluster/node1.yaml" >"$cluster/other.yaml"
	run_daemon "$cluster/other.yaml"
	claim "${name}_ends_with_$exit_code" test "$status" -eq "$exit_code"
	claim "${name}_is_named_$code" grep -q "refused code=$code exit=$exit_code reason=\".*$text" "$work/daemon.out"
}
link() { echo "s|^ *- {kind: memif, peer: 2.*|      - {$1}|; /kind: memif, peer: 3/d"; } # the only one

refuses run_directory_in_no_directory 73 RUN_DIRECTORY "$run_base/nowhere/1" -e "s|^run_directory:.*|run_directory: $run_base/nowhere/1|"
claim its_fix_is_about_the_directory grep -q 'fix=".*run_directory' "$work/daemon.out"
mkdir -p "$run" && ln -s "$work/elsewhere" "$run/wirelogd.pid"
refuses pid_file_that_leads_elsewhere 73 RUN_DIRECTORY 'symbolic link' -e ''
claim nothing_is_written_there test ! -e "$work/elsewhere"
rm "$run/wirelogd.pid"
for socket in stats admin; do
	echo letter >"$run/$socket.sock"
	refuses "file_in_the_place_of_${socket}.sock" 73 RUN_DIRECTORY "socket .*/$socket.sock" -e ''
	claim "file_at_$socket.sock_is_left_alone" grep -q letter "$run/$socket.sock"
	rm "$run/$socket.sock"
done

refuses socket_of_clients_in_no_directory 69 PORT_ADDRESS nowhere -e "s|clients: {socket: \"[^\"]*\"|clients: {socket: $work/nowhere/clients.sock|"
refuses device_that_is_not_there 69 EAL_DEVICE net_nosuch0 -e "$(link 'kind: eal, device: net_nosuch0, mtu: 1500')" -e 's|^  mtu: .*|  mtu: 1500|'
free_pages=$(cat /sys/kernel/mm/hugepages/hugepages-*/free_hugepages 2>/dev/null | sort -n | tail -n 1)
if [ "${free_pages:-0}" -gt 0 ]; then
	skip hugepages_that_are_not_there_are_refused "this machine has hugepages"
else
	refuses hugepages_that_are_not_there 69 EAL_HUGEPAGES '' -e 's|hugepages: .*|hugepages: on|'
fi

if ! is_root || ! ip netns add "$tag-net" 2>/dev/null; then
	skip what_kernel_interfaces_refuse "needs root for network namespaces"
else
	namespaces+=("$tag-net")
	ip -n "$tag-net" link add wl0 mtu 1500 type veth peer name wl1
	ip -n "$tag-net" link set wl0 up && ip -n "$tag-net" link set wl1 up
	inside=$(command -v ip)
	real=$wirelogd
	printf '#!/bin/sh\nexec %s netns exec %s %s "$@"\n' "$inside" "$tag-net" "$real" >"$work/inside" && chmod +x "$work/inside"
	wirelogd=$work/inside
	refuses mtu_above_the_interfaces 78 PORT_MTU wl0 -e "$(link 'kind: af_packet, interface: wl0, mtu: 9000')"
	wirelogd=$real
fi

if ! is_root; then
	skip device_without_room_is_refused "needs root for a loop device"
else
	truncate -s 6M "$work/small.image" && loop=$(losetup -f --show "$work/small.image" 2>/dev/null)
	if [ -z "${loop:-}" ]; then
		skip device_without_room_is_refused "no loop device"
	else
		loops+=("$loop")
		mkdir "$work/small" && mkfs.ext4 -q -O ^has_journal "$loop" && mount "$loop" "$work/small" && mounts+=("$work/small")
		refuses device_without_room 73 STORE_FULL '' -e "s|^  path: .*|  path: $work/small/data|"
	fi
fi
claim nothing_of_it_runs test ! -e "$run/wirelogd.pid"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Starts and stops, STOPS of them (50): with each kind of link, at any moment of a start, and while something hangs. Each
# ends as documented: 0, or STOP_OVERDUE's 75 where something hangs, never by a signal, and never later than its deadline.
# `make stops` does a thousand under the sanitizers.
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# libxdp forgets its own, 80 bytes a link.
echo "leak:xsk_umem__create" >"$work/leaks"
export LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0
stops=${STOPS:-50}
done_stops=0

# Hangs are found by their exit status; what a device holds back must not hold the run directory's files, too.
shared=/dev/shm
[ -w "$shared" ] || shared=$run_base
tidy_up() {
	let_drive_go
	clean_up
	[ -z "$control" ] || wait_until 10 rmdir "$control" 2>/dev/null
	rm -rf "$run_directory"
}
trap 'tidy_up; [ "$failures" -eq 0 ] || exit 1' EXIT
run_directory=$(mktemp -d "$shared/$tag.XXXXXX") || exit 1

single_config() { # LINKS: one node of one
	cat <<-END
		cluster:
		  uuid: $cluster_uuid
		  node: 1
		  nodes:
		    - {id: 1, address: 198.51.100.1, client_endpoint: "memif:@$tag-single"}
		network: {mtu: ${mtu:-9000}}
		workers:
		  - core: auto
		    $1
		    clients: {socket: "@$tag-single", slots: 2}
		storage: {path: data, segment_bytes: 8MiB}
		log: {ring_bytes: 4MiB, bytes_max: 256MiB}
		memory: {hugepages: off}
		timing: {election_timeout_ms: 200, heartbeat_ms: 10}
		idle: {strategy: backoff}
		security: {key_file: cluster.key}
		run_directory: $run_directory/run
	END
}

make_single() { # NAME [LINKS]
	cluster=$work/$1
	mkdir -p "$cluster"
	"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1
	single_config "${2:-}" >"$cluster/node1.yaml"
	starts_before[1]=0
}

control='' drive='' # of the hangs of the drive, below
slow_drive() { echo "$drive $2" >"$control/blkio.throttle.$1_bps_device"; } # read|write BYTES_A_SECOND
let_drive_go() {
	[ -d "$control" ] || return 0
	slow_drive read 0
	slow_drive write 0
}

wait_end() { # PID: $status; one that outlives every deadline is killed
	local deadline=$((SECONDS + 20))
	while kill -0 "$1" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.02; done
	if [ "$SECONDS" -ge "$deadline" ]; then
		kill -KILL "$1" 2>/dev/null
		let_drive_go
	fi
	wait "$1" 2>/dev/null
	status=$?
	done_stops=$((done_stops + 1))
}

ends_with() { # NODE STATUS...: after SIGTERM
	local node=$1 wanted
	kill -TERM "${pids[$node]}"
	wait_end "${pids[$node]}"
	unset "pids[$node]"
	shift
	for wanted in "$@"; do [ "$status" -ne "$wanted" ] || return 0; done
	echo "status $status: $(tail -n 3 "$cluster/node$node.log")"
	return 1
}

# The log begins anew each time: under a sanitizer it holds the report.
begin() { # NODE
	rm -f "$cluster/node$1.log"
	start_node "$1"
	wait_started "$1"
}

left_nothing() {
	local file
	for file in wirelogd.pid stats.sock admin.sock; do
		[ ! -e "$run_directory/run/$file" ] || { echo "$file is left"; return 1; }
	done
}

start_and_stop() { # TIMES: of the single node
	local turn
	for ((turn = 0; turn < $1; turn++)); do
		begin 1 && ends_with 1 0 || return 1
		left_nothing || return 1
	done
}

# ---- kinds of links -----------------------------------------------------------------------------

# Three nodes that have met, with a client's records between them, all told to end at once.
stop_three() { # TIMES
	local turn node
	for ((turn = 0; turn < $1; turn++)); do
		for node in 1 2 3; do rm -f "$cluster/node$node.log"; done
		start_all || return 1
		wait_leader || { of 1 .journals; tail -n 4 "$cluster"/node?.log; return 1; }
		for node in 1 2 3; do kill -TERM "${pids[$node]}"; done
		for node in 1 2 3; do
			wait_end "${pids[$node]}"
			unset "pids[$node]"
			[ "$status" -eq 0 ] || { echo "status $status: $(tail -n 3 "$cluster/node$node.log")"; return 1; }
		done
	done
}

make_cluster three || exit 1
claim nodes_on_memif_stop stop_three $((stops * 4 / 50))

make_single eal 'links: [{kind: eal, device: net_null0, mtu: 1500}]'
claim node_on_a_device_of_dpdk_stops start_and_stop $((stops * 5 / 50))

if ! is_root || ! ip netns add "$tag-net" 2>/dev/null; then
	skip nodes_on_kernel_interfaces_stop "needs root for network namespaces"
else
	namespaces+=("$tag-net")
	ip -n "$tag-net" link add wl0 type veth peer name wl1
	ip -n "$tag-net" link set wl0 up && ip -n "$tag-net" link set wl1 up
	run_in[1]="ip netns exec $tag-net"
	for kind in af_packet af_xdp; do
		mtu=1500 make_single "$kind" "links: [{kind: $kind, interface: wl0, mtu: 1500}]"
		claim "node_on_${kind}_stops" start_and_stop $((stops * 4 / 50))
	done
	unset 'run_in[1]'
fi

# ---- at any moment of a start -------------------------------------------------------------------

# The shell that is about to become it may catch a SIGTERM and forget it.
is_wirelogd() { [ "/proc/$1/exe" -ef "$wirelogd" ]; } # PID
has_socket_or_died() { [ -S "$run_directory/run/stats.sock" ] || ! is_running 1; }
# SIGTERM finds it before it listens (143), in any of its steps, or running; each third time in those behind the sockets.
stop_while_starting() { # TIMES
	local turn
	for ((turn = 0; turn < $1; turn++)); do
		rm -f "$cluster/node1.log"
		start_node 1
		until is_wirelogd "${pids[1]}" || ! is_running 1; do :; done
		if [ $((turn % 3)) -eq 0 ]; then
			until has_socket_or_died; do :; done
		else
			sleep "0.$(printf '%03d' $(((turn * 37) % 250)))"
		fi
		ends_with 1 0 143 || return 1
		left_nothing || return 1
	done
}

make_single starting
claim node_stops_at_any_moment_of_its_start stop_while_starting $((stops * 20 / 50))

# ---- while something hangs ----------------------------------------------------------------------

# What could not be made to hang must not keep its run directory from the next claim.
give_up() {
	kill -KILL "${pids[1]}" 2>/dev/null
	wait "${pids[1]}" 2>/dev/null
	unset "pids[1]"
}

# hangs COMMAND...: starts it, lets COMMAND make something hang, and stops it.
hang_and_stop() { # TIMES STATUS COMMAND...
	local turn times=$1 wanted=$2
	shift 2
	for ((turn = 0; turn < times; turn++)); do
		if ! { begin 1 && "$@"; }; then give_up; return 1; fi
		ends_with 1 "$wanted" || return 1
		let_drive_go
		[ "$wanted" -eq 0 ] || grep -q STOP_OVERDUE "$cluster/node1.log" ||
			{ echo "it does not say so: $(tail -n 2 "$cluster/node1.log")"; return 1; }
	done
}

freeze() { # THREAD
	rm -f "$work/freeze.out" # what the one before said is not heard again
	"$e2e/freeze" "${pids[1]}" "$1" 8000 >"$work/freeze.out" 2>&1 &
	extra_pids+=($!)
	wait_until 5 grep -q frozen "$work/freeze.out"
}

make_single hanging
rounds=$(((stops + 49) / 50))
if freeze_says=$("$e2e/freeze" $$ none 1 2>&1); [[ $freeze_says == *permitted* ]]; then
	skip node_stops_beside_a_thread_that_stands_still "this user may not trace a process"
else
	claim node_stops_beside_a_worker_that_stands_still hang_and_stop "$rounds" 75 freeze wl-pmd-0
	claim node_stops_although_control_stands_still hang_and_stop "$rounds" 75 freeze wl-control
	claim node_stops_beside_a_maker_of_segments_that_stands_still hang_and_stop "$rounds" 0 freeze wl-prep-0
fi

# Nobody reads what it says.
stop_unread() { # TIMES
	local turn
	mkfifo "$work/unread"
	for ((turn = 0; turn < $1; turn++)); do
		exec {unread}<>"$work/unread"
		dd if=/dev/zero bs=4096 of="$work/unread" oflag=nonblock 2>/dev/null
		"$wirelogd" --config "$cluster/node1.yaml" </dev/null >&"$unread" 2>&1 &
		pids[1]=$!
		wait_until 60 has_socket_or_died || return 1
		[ -S "$run_directory/run/stats.sock" ] ||
			{ wait_end "${pids[1]}" && echo "turn $turn: ended with $status in its start"; return 1; }
		ends_with 1 0 || return 1
		exec {unread}>&-
	done
}
claim node_stops_although_nobody_reads_its_words stop_unread "$rounds"

# What the drive is asked for by this cgroup's processes takes as good as for ever.
control=/sys/fs/cgroup/blkio/$tag
drive=$(lsblk -no MAJ:MIN "$(findmnt -no SOURCE -T "$work" 2>/dev/null)" 2>/dev/null | head -n 1 | tr -d ' ')
# With records under way.
write_hangs() {
	endpoints="memif:@$tag-single"
	start_loader under_way
	wait_until 20 has_acknowledged under_way 100 || return 1
	echo "${pids[1]}" >"$control/cgroup.procs"
	slow_drive write 1
	sleep 0.1
	kill -KILL "${loaders[under_way]}"
	rm -f "$cluster"/acks.*
}
# Before that SIGTERM ends it as it ends any process, with 143.
hears_sigterm() { # PID
	local caught blocked
	is_wirelogd "$1" || return 1
	caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status") || return 1
	blocked=$(sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$1/status")
	[ $(((0x$caught | 0x$blocked) >> 14 & 1)) -eq 1 ]
}
# All else that it takes from the same drive is in memory before, and its log lies elsewhere.
stop_while_reading() { # TIMES
	local turn says=$run_directory/reading.log
	local -a libraries
	mapfile -t libraries < <(ldd "$wirelogd" | awk '$3 ~ "^/" { print $3 }')
	for ((turn = 0; turn < $1; turn++)); do
		begin 1 && ends_with 1 0 && cat "$wirelogd" "${libraries[@]}" >/dev/null || return 1
		slow_drive read 1
		( echo "$BASHPID" >"$control/cgroup.procs"
			exec "$wirelogd" --config "$cluster/node1.yaml" </dev/null ) >"$says" 2>&1 &
		pids[1]=$!
		wait_until 10 hears_sigterm "${pids[1]}" || { let_drive_go; give_up; echo "it never began"; return 1; }
		sleep 0.5
		ends_with 1 75 || return 1
		grep -q 'hangs="opening the data"' "$says" || { echo "it says: $(tail -n 3 "$says")"; return 1; }
		let_drive_go
	done
}
if ! is_root || [ -z "$drive" ] || ! mkdir "$control" 2>/dev/null || ! slow_drive read 0 2>/dev/null; then
	skip node_stops_while_its_drive_hangs "needs root, the blkio controller and a plain disk"
else
	claim node_stops_while_its_drive_takes_nothing hang_and_stop "$rounds" 75 write_hangs
	let_drive_go
	claim node_stops_while_its_drive_gives_nothing stop_while_reading "$rounds"
fi
echo "# $done_stops stops"

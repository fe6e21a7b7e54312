#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a machine does not give: refused by its own name, or done without.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
config=$cluster/node1.yaml

refused() { # STATUS CODE COMMAND...: the start says it, and ends with it
	local wanted=$1 code=$2
	shift 2
	rm -rf "$cluster/node1/data"
	timeout -k 5 30 "$@" >"$work/said" 2>&1 </dev/null
	status=$?
	[ "$status" -eq "$wanted" ] && grep -q "refused code=$code " "$work/said" && return
	echo "exit $status: $(grep -E 'refused|started' "$work/said" | tail -n 2)"
	return 1
}

register=427 # io_uring_register; 425 is io_uring_setup, on every machine that wirelog runs on
"$e2e/deny" 1023 true 2>/dev/null || register=
if [ -z "$register" ]; then
	skip filters_of_system_calls_are_refused_by_name "no seccomp here"
else
	claim without_io_uring_setup_it_is_refused refused 69 URING_UNAVAILABLE "$e2e/deny" 425 "$wirelogd" --config "$config"
	claim without_io_uring_register_it_is_refused refused 69 URING_UNAVAILABLE "$e2e/deny" 427 "$wirelogd" --config "$config"
	claim without_io_uring_enter_it_is_refused refused 69 URING_UNAVAILABLE "$e2e/deny" 426 "$wirelogd" --config "$config"
	claim data_are_verified_without_it timeout 30 "$e2e/deny" 426 "$wirelog" verify "$cluster/node1/data"
	# A ring that takes everything but buffers (IORING_REGISTER_BUFFERS is 0).
	without_buffers=("$e2e/deny" "$register:1=0")
	sed -i.before "s|^log:|log:\n  registered_buffers: on|" "$config"
	claim demanded_buffers_that_are_not_taken_are_refused refused 74 URING_FAILED "${without_buffers[@]}" "$wirelogd" --config "$config"
	claim its_reason_names_key_and_error grep -q 'log.registered_buffers is on: areas not registered (Operation not permitted' "$work/said"
	mv "$config.before" "$config"
	does_without_buffers() {
		: >"$work/said" # or what the last one said is taken for what this one says
		"${without_buffers[@]}" "$wirelogd" --config "$config" >"$work/said" 2>&1 </dev/null &
		extra_pids+=($!)
		wait_until 20 grep -q -E ' (started|refused) ' "$work/said"
		grep -q 'areas not registered (Operation not permitted' "$work/said" && grep -q ' started ' "$work/said"
	}
	claim buffers_that_are_not_taken_are_done_without does_without_buffers
	kill "${extra_pids[-1]}" && wait "${extra_pids[-1]}"
fi

# ---- locked memory ------------------------------------------------------------------------------

# KIB COMMAND...: as a user whose locked memory is limited; root's is not
# shellcheck disable=SC2016 # they are the inner shell's
limited=(bash -c 'ulimit -l "$0" && exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"')
demand() { sed -i "s|^log:|log:\n  registered_buffers: $1|" "$config"; }
if ! is_root || ! command -v setpriv >/dev/null; then
	skip limits_of_locked_memory_are_refused_by_name "needs root, to become an ordinary user"
else
	open_for_all=$(mktemp -d /tmp/wle-limits.XXXXXX)
	cp -r "$cluster/." "$open_for_all" && cluster=$open_for_all config=$open_for_all/node1.yaml
	sed -i "s|^run_directory:.*|run_directory: $open_for_all/run|" "$config"
	cp "$wirelogd" "$open_for_all/wirelogd" && wirelogd=$open_for_all/wirelogd
	chown -R 65534:65534 "$open_for_all"
	cp "$config" "$config.auto"
	demand on
	claim demanded_registration_beyond_the_limit_is_refused refused 77 MEMLOCK \
		"${limited[@]}" 1024 "$wirelogd" --config "$config"
	cp "$config.auto" "$config"
	begins() {
		: >"$work/said"
		"${limited[@]}" 1024 "$wirelogd" --config "$config" >"$work/said" 2>&1 </dev/null &
		extra_pids+=($!)
		wait_until 20 grep -q -E ' (started|refused) ' "$work/said"
		tail -n 2 "$work/said"
		grep -q 'areas not registered (' "$work/said" && grep -q ' started ' "$work/said"
	}
	claim registration_beyond_the_limit_is_done_without begins
	claim memory_beyond_the_limit_is_told_with_its_fix grep -q ' notice locked_memory locked=0 .*limit_mib=1 .*fix="raise the limit' "$work/said"
	kill "${extra_pids[-1]}" && wait "${extra_pids[-1]}"
	sed -i 's|^memory:|memory:\n  locked: on|' "$config"
	claim demanded_memory_beyond_the_limit_is_refused refused 77 MEMLOCK \
		"${limited[@]}" 1024 "$wirelogd" --config "$config"
	claim its_reason_is_the_key grep -q 'memory.locked is on: .* limit 1 MiB' "$work/said"
	rm -rf "$open_for_all"
	cluster=$work/main config=$work/main/node1.yaml wirelogd=$BUILD/wirelogd
fi

# What a worker uses is there before it polls: its memory, and that which it shares with peers and clients.
faults_of_workers() {
	local node task sum=0
	for node in 1 2 3; do
		for task in /proc/"${pids[$node]}"/task/*; do
			[ "$(cat "$task/comm")" != wl-pmd-0 ] || sum=$((sum + $(cut -d' ' -f10 "$task/stat")))
		done
	done
	echo "$sum"
}
serves_without_faults() {
	local before
	start_all && wait_leader || return 1
	start_loader a --rate 20000 --outstanding 256
	wait_progress a 20000 || return 1
	before=$(faults_of_workers)
	sleep 3
	faults=$(($(faults_of_workers) - before))
	echo "$faults page faults of three workers in three seconds"
	stop_loader a && stop_all
	[ "$faults" -lt 60 ]
}
claim workers_do_not_fault_while_they_serve serves_without_faults
locks_memory() { # WORD of memory.locked, KIB at least, at most
	local kib
	sed -i.before "s|^memory:|memory:\n  locked: $1|" "$cluster/node1.yaml"
	start_node 1
	wait_started 1 || return 1
	kib=$(sed -n 's/^VmLck:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${pids[1]}/status")
	mv "$cluster/node1.yaml.before" "$cluster/node1.yaml"
	end_node 1 TERM
	echo "$kib KiB"
	[ "$kib" -ge "$2" ] && [ "$kib" -le "$3" ]
}
if ! is_root; then
	skip memory_of_workers_is_locked "needs root: its locked memory has no limit"
else
	claim memory_of_workers_is_locked locks_memory on 16384 1048576
	claim memory_is_not_locked_when_off locks_memory off 0 1024
fi

# ---- cores --------------------------------------------------------------------------------------

# isolcpus takes cores out of the mask that processes inherit, and leaves them to who asks by number.
runs_outside_its_mask() {
	sed "s|core: auto|core: 1|" -i "$config"
	rm -rf "$cluster/node1/data"
	run_in[1]='taskset -c 0'
	start_node 1
	wait_started 1 && grep -q 'core worker=0 core=1 reason=configured' "$cluster/node1.log"
}
if [ "$(nproc)" -lt 2 ]; then
	skip core_outside_the_inherited_mask_is_used "one core only"
else
	claim core_outside_the_inherited_mask_is_used runs_outside_its_mask
	# Rings and tables of a worker with a core: every mapping says from which memory node its pages are to come.
	near=$(find /sys/devices/system/cpu/cpu1/ -maxdepth 1 -name 'node*' -printf '%f\n' | head -n 1)
	maps=/proc/${pids[1]:-none}/numa_maps
	preferred() { grep -c "prefer:${near#node} .*anon=" "$maps"; }
	elsewhere() { grep "prefer:${near#node} .*anon=" "$maps" | grep -E 'N[0-9]+=' | grep -v " ${near/node/N}="; }
	if [ -z "$near" ] || [ ! -r "$maps" ]; then
		skip memory_of_a_worker_is_asked_for_near_its_core "a kernel without memory nodes"
	else
		# Ring, journal, plane, array of journals, worker, clients; neighbours in memory are one line.
		claim memory_of_a_worker_is_asked_for_near_its_core test "$(preferred)" -ge 2
		if [ "$(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' | wc -l)" -lt 2 ]; then
			skip memory_of_a_worker_lies_there "one memory node only"
		else
			all_lie_there() { [ -z "$(elsewhere)" ]; }
			claim memory_of_a_worker_lies_there all_lie_there
		fi
	fi
	[ -z "${pids[1]:-}" ] || end_node 1 TERM
	leave_the_core() {
		local task name cores
		unset 'run_in[1]'
		start_node 1
		wait_started 1 || return 1
		for task in /proc/"${pids[1]}"/task/*; do
			name=$(cat "$task/comm") cores=$(sed -n 's/^Cpus_allowed_list:\t*//p' "$task/status")
			case $name in
			wl-pmd-0) [ "$cores" = 1 ] ;;
			*) [[ ",$cores," != *,1,* && $cores != 0-* ]] ;;
			esac || { echo "$name on $cores"; return 1; }
		done
	}
	claim other_threads_leave_the_core_of_a_worker leave_the_core
	[ -z "${pids[1]:-}" ] || end_node 1 TERM
fi
sed "s|core: [0-9]*|core: 200|" -i "$config"
claim core_that_is_not_there_is_refused refused 78 EAL_CORES "$wirelogd" --config "$config"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What every process test needs; sourced by tests/e2e/test_*.sh. A test says one line per claim:
# "ok NAME", "not ok NAME why", "skip NAME reason", and leaves nothing behind.
#
#	$work        directory of this test, on the build's disk; kept when something failed
#	$cluster     directory of the cluster: node1.yaml.., node1/data.., node1.log.., acks.*
#	$run_base    short path for stats sockets
#	${pids[N]}   process of node N, unset while it is down
# shellcheck disable=SC2034 # some variables are read by the tests only
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
wirelog=$BUILD/wirelog
wirelogd=$BUILD/wirelogd
e2e=$BUILD/e2e
test_name=$(basename "$0" .sh)
work=$BUILD/e2e-work/$test_name
tag=wle-$$
failures=0
leader='' status=0 said='' # what find_leader, end_node and run_daemon found
cluster=
endpoints=
cluster_uuid=5d5cb4ae-7d6f-4a35-9a53-2f7f3a4c1e90 # as in drivers-config/demo
# Of each node's log. The smallest rings, and twice that, by the name of the test; larger ones where a test asks for them.
segment_mib=8 ring_mib=$((4 << $(cksum <<<"$test_name" | cut -c1-6) % 2))
declare -A pids=() loaders=()
declare -A run_in=() # node or "client" -> words in front of its command, as "ip netns exec NAME"
extra_pids=()
mounts=() loops=() namespaces=() links=()

# Two runs of one test in one build would take each other's files away.
other=
[ ! -e "$work.owner" ] || read -r other <"$work.owner"
if [ -n "$other" ] && tr '\0' '\n' <"/proc/$other/cmdline" 2>/dev/null | grep -q "/$test_name.sh\$"; then
	echo "not ok $test_name process $other runs it in $BUILD at this moment: wait for its end, or use another BUILD"
	exit 1
fi
rm -rf "$work" && mkdir -p "$work" && echo $$ >"$work.owner" || exit 1
run_base=$(mktemp -d "${TMPDIR:-/tmp}/$tag.XXXXXX") || exit 1

# ---- saying -------------------------------------------------------------------------------------

ok() { echo "ok $1"; }

not_ok() { # NAME why
	failures=$((failures + 1))
	echo "not ok $*"
}

skip() { echo "skip $*"; }

# claim NAME COMMAND...: ok when the command succeeds, else not ok with what it said.
# It runs in this shell: what it sets stays.
claim() {
	local name=$1
	shift
	if "$@" >"$work/claim.out" 2>&1; then
		ok "$name"
	else
		not_ok "$name" "$(tail -n 4 "$work/claim.out" | tr '\n' ' ')($*)"
		return 1
	fi
}

# What the rest of the test stands on: without it there is no point in going on.
need() { # NAME COMMAND...
	local name=$1
	shift
	"$@" >"$work/need.out" 2>&1 && return
	not_ok "$name" "$(tail -n 3 "$work/need.out" | tr '\n' ' ')($*)"
	exit 1
}

# ---- cleaning -----------------------------------------------------------------------------------

clean_up() {
	local pid mount loop name all=("${extra_pids[@]}" "${loaders[@]}" "${pids[@]}")
	trap '' INT TERM
	for pid in "${all[@]}"; do
		kill -CONT "$pid" 2>/dev/null
		kill -KILL "$pid" 2>/dev/null
	done
	for pid in "${all[@]}"; do
		wait "$pid" 2>/dev/null
	done
	for mount in "${mounts[@]}"; do
		umount "$mount" 2>/dev/null || { sleep 1; umount -l "$mount"; }
	done
	for loop in "${loops[@]}"; do
		losetup -d "$loop"
	done
	for name in "${links[@]}"; do
		ip link delete "$name" 2>/dev/null
	done
	for name in "${namespaces[@]}"; do
		ip netns delete "$name" 2>/dev/null
	done
	rm -rf "$run_base" "$work.owner"
	[ "$failures" -ne 0 ] || rm -rf "$work"
}
trap 'clean_up; [ "$failures" -eq 0 ] || exit 1' EXIT
trap 'failures=$((failures + 1)); exit 130' INT TERM HUP

for program in "$wirelogd" "$wirelog" "$e2e/loader" "$e2e/checker" "$e2e/ask"; do
	[ -x "$program" ] && continue
	not_ok "$test_name" "$program is not built: make e2e"
	exit 1
done

# ---- waiting ------------------------------------------------------------------------------------

# wait_until SECONDS COMMAND...: until it succeeds. Limits are generous: they say "never", not "slow". PATIENCE (1) times as long on a
# machine that has other things to do.
wait_until() {
	local deadline=$((SECONDS + $1 * ${PATIENCE:-1}))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

# gives WHAT COMMAND...: it says exactly that now; for wait_until, as what a node tells of itself is some turns old.
gives() { local wanted=$1 && shift && [ "$("$@" 2>/dev/null)" = "$wanted" ]; }

is_running() { [ -n "${pids[$1]:-}" ] && kill -0 "${pids[$1]}" 2>/dev/null; }

# ---- a cluster ----------------------------------------------------------------------------------

# make_cluster NAME [switch]: three nodes as in drivers-config/demo, with sockets of our own and small
# segments; with "switch", the links between the nodes run through wlswitch and carry 1500 bytes.
# idle_strategy=, advertise=no: nodes do not tell clients where the others are, so a client of one node has no other.
make_cluster() {
	local node peer
	cluster=$work/$1
	tag=wle-$$-$1
	mkdir -p "$cluster"/node{1,2,3} "$run_base/$1"
	endpoints=''
	"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1 || return 1
	for node in 1 2 3; do
		adapt_config "$node" "$1" <"drivers-config/demo/node$node.yaml" >"$cluster/node$node.yaml"
		if [ "${2:-}" = switch ]; then
			for peer in 1 2 3; do
				sed -i "s|{kind: memif, peer: $peer, .*|{kind: memif, peer: $peer, role: client, mtu: 1500, socket: \"@$tag-sw-$node-$peer\"}|" \
					"$cluster/node$node.yaml"
			done
		fi
		[ "${advertise:-yes}" = yes ] || sed -i 's|, client_endpoint: "[^"]*"||' "$cluster/node$node.yaml"
		endpoints+=${endpoints:+,}$(endpoint "$node")
	done
}

endpoint() { echo "memif:@$tag-c$1"; }

adapt_config() { # NODE NAME: on stdin a configuration of drivers-config/demo
	local i
	for i in 1 2 3; do
		set -- "$@" -e "s|\"memif:node$i/clients.sock\"|\"memif:@$tag-c$i\"|"
	done
	local node=$1 name=$2
	shift 2
	sed "$@" \
		-e "/kind: udp/d" \
		-e "/^base:/,/^\$/d" \
		-e "s|socket: node\([123]\)-node\([123]\).sock|socket: \"@$tag-\1-\2\"|" \
		-e "s|clients: {socket: node$node/clients.sock, slots: [0-9]*|clients: {socket: \"@$tag-c$node\", slots: 6|" \
		-e "s|^run_directory:.*|run_directory: $run_base/$name/$node|" \
		-e "s|segment_bytes: .*|segment_bytes: ${segment_mib}MiB|" \
		-e "s|^log:|log:\n  ring_bytes: ${ring_mib}MiB|" \
		-e "s|strategy: auto|strategy: ${idle_strategy:-backoff}|" \
		-e "s|election_timeout_ms: .*|election_timeout_ms: ${election_ms:-400}|" \
		-e "s|heartbeat_ms: .*|heartbeat_ms: ${heartbeat_ms:-25}|" \
		-e "s|bytes_max: .*|bytes_max: 512MiB|"
}

# One bridge in the namespace $tag-sw, which is there; node N has wl0 without an address of the kernel's, the client has 10.77.0.9.
make_veth_network() { # [NODE...]: beside 1, 2 and 3
	local node
	ip -n "$tag-sw" link add br0 type bridge && ip -n "$tag-sw" link set br0 up || return 1
	for node in 1 2 3 "$@" 9; do
		ip netns add "$tag-$node" || return 1
		namespaces+=("$tag-$node")
		ip -n "$tag-sw" link add "p$node" type veth peer name wl0 netns "$tag-$node" || return 1
		ip -n "$tag-sw" link set "p$node" master br0 up || return 1
		ip netns exec "$tag-$node" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null
		ip -n "$tag-$node" link set lo up && ip -n "$tag-$node" link set wl0 up || return 1
		run_in[$node]="ip netns exec $tag-$node"
	done
	ip -n "$tag-9" address add 10.77.0.9/24 dev wl0
}

make_veth_cluster() {
	local node
	cluster=$work/veth
	mkdir -p "$cluster"/node{1,2,3} "$run_base/veth"
	"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1 || return 1
	for node in 1 2 3; do
		sed -e "s|^run_directory:.*|run_directory: $run_base/veth/$node|" -e 's|segment_bytes: .*|segment_bytes: 8MiB|' \
			-e 's|^log:|log:\n  ring_bytes: 4MiB|' "drivers-config/veth/node$node.yaml" >"$cluster/node$node.yaml"
	done
	cluster_uuid=$(sed -n 's/^  uuid: \([0-9a-f-]*\).*/\1/p' "$cluster/node1.yaml")
	endpoints=udp:10.77.0.1:7700,udp:10.77.0.2:7700,udp:10.77.0.3:7700
	run_in[client]=${run_in[9]}
}

# start_switch: frames of the cluster made with "switch". switch COMMAND...: one rule.
start_switch() {
	"$e2e/wlswitch" --nodes 3 --sockets "$tag-sw" --control "$run_base/switch" >"$cluster/switch.log" 2>&1 &
	switch_pid=$!
	extra_pids+=("$switch_pid")
	wait_until 20 grep -q ready "$cluster/switch.log"
}

switch() { "$e2e/wlswitch" --tell "$run_base/switch" "$*"; }

start_node() { # NODE [OPTION...]: returns at once
	local node=$1
	shift
	: >>"$cluster/node$node.log"
	starts_before[node]=$(grep -c ' started ' "$cluster/node$node.log")
	local prefix
	read -ra prefix <<<"${run_in[$node]:-}"
	"${prefix[@]}" "$wirelogd" --config "$cluster/node$node.yaml" "$@" \
		>>"$cluster/node$node.log" 2>&1 </dev/null &
	pids[$node]=$!
}
declare -a starts_before=()

has_started() { # NODE
	is_running "$1" && [ "$(grep -c ' started ' "$cluster/node$1.log")" -gt "${starts_before[$1]:-0}" ]
}

wait_started() { # NODE...
	local node
	for node in "$@"; do
		wait_until 60 has_started_or_died "$node"
		has_started "$node" || { tail -n 3 "$cluster/node$node.log"; return 1; }
	done
}

has_started_or_died() { has_started "$1" || ! is_running "$1"; }

start_all() {
	local node
	for node in 1 2 3; do
		start_node "$node"
	done
	wait_started 1 2 3
}

# end_node NODE SIGNAL: waits for its end; the exit status is in $status.
end_node() {
	local pid=${pids[$1]}
	kill "-$2" "$pid"
	wait "$pid" 2>/dev/null
	status=$?
	unset "pids[$1]"
}

kill_node() { end_node "$1" KILL; }

stop_all() {
	local node
	for node in "${!pids[@]}"; do
		kill -TERM "${pids[$node]}"
	done
	for node in "${!pids[@]}"; do
		wait "${pids[$node]}"
		unset "pids[$node]"
	done
}

pause_node() { kill -STOP "${pids[$1]}"; }
resume_node() { kill -CONT "${pids[$1]}"; }

# run_daemon CONFIG [OPTION...]: a start that is expected to end by itself. Exit status in $status,
# what it said in $said.
run_daemon() {
	timeout -k 5 30 "$wirelogd" --config "$@" >"$work/daemon.out" 2>&1 </dev/null
	status=$?
	said=$(cat "$work/daemon.out")
}

# ---- asking -------------------------------------------------------------------------------------

# Commands that ask nodes by their run directories; what one says is in $work/tool.out.
directories() { # NODE...: options
	local node
	for node in "$@"; do printf -- '--run-directory %s ' "$run_base/${cluster##*/}/$node"; done
}

run_tool() { # COMMAND ARGUMENT...: at the nodes of $asked, or at 1, 2 and 3
	# shellcheck disable=SC2046,SC2086
	"$wirelog" "$@" $(directories ${asked:-1 2 3}) >"$work/tool.out" 2>&1
}

# answers EXIT PATTERN COMMAND...: with that code, and $work/tool.out, which it wrote, has the pattern
answers() {
	local exit_code=$1 pattern=$2
	shift 2
	"$@"
	[ $? -eq "$exit_code" ] && grep -qE -- "$pattern" "$work/tool.out"
}

stats_socket() { echo "$run_base/${cluster##*/}/$1/stats.sock"; }

ask() { "$e2e/ask" "$(stats_socket "$1")" "$2"; } # NODE REQUEST

admin_socket() { echo "$run_base/${cluster##*/}/$1/admin.sock"; }
order() { "$e2e/ask" "$(admin_socket "$1")" "$2"; } # NODE REQUEST: what changes something

of() { # NODE JQ-EXPRESSION over /wirelog/status
	ask "$1" /wirelog/status 2>/dev/null | jq -r ".[\"/wirelog/status\"] | $2" 2>/dev/null
}

journal() { of "$1" ".journals[0] | $2"; } # NODE JQ-EXPRESSION over its journal

counter() { of "$1" "[.workers[].counters.$2] | add"; } # NODE NAME

# The leader that can take appends, with the highest term, among nodes that are not paused; or nothing.
find_leader() {
	local node line term best=0
	leader=
	for node in "${!pids[@]}"; do
		line=$(journal "$node" '"\(.role) \(.ready) \(.silent) \(.term)"')
		[[ $line == "leader true false "* ]] || continue
		term=${line##* }
		[ "$term" -gt "$best" ] || continue
		best=$term leader=$node
	done
	[ -n "$leader" ]
}

is_other_leader() { find_leader && [ "$leader" != "$1" ]; }

wait_leader() { wait_until 30 find_leader; } # sets $leader

wait_other_leader() { wait_until 30 is_other_leader "$1"; } # NODE: one that is not this

followers_of() { # LEADER -> the others that run
	local node
	for node in "${!pids[@]}"; do
		[ "$node" = "$1" ] || echo "$node"
	done
}

state() { echo "$leader $(journal "$leader" .term)"; }

# keeps_leader COMMAND...: it changes neither leader nor term. A machine without a free core may hold an election of
# its own, so there are three attempts: what disturbs does so each time.
keeps_leader() {
	local attempt before
	for attempt in 1 2 3; do
		wait_leader || return 1
		before=$(state)
		"$@" || return 1
		wait_leader || return 1
		[ "$(state)" != "$before" ] || return 0
		echo "attempt $attempt: leader and term $before, then $(state)"
	done
	return 1
}

progress_of() { # NODE -> "commit commit_number chain-index chain-value"
	journal "$1" '"\(.commit) \(.commit_number) \(.chain.index) \(.chain.value)"'
}

are_caught_up() { # NODE...: nothing more is on its way, everything committed and applied everywhere, chains equal
	local node first='' line
	for node in "$@"; do
		line=$(progress_of "$node")
		[ -n "$line" ] || return 1
		[ "$line" = "${first:=$line}" ] || return 1
		read -r commit _ index _ <<<"$line"
		[ "$commit" = "$index" ] || return 1
		[ "$(journal "$node" '"\(.tail.index) \(.durable.index) \(.sessions.applied)"')" = "$commit $commit $commit" ] || return 1
	done
}

wait_caught_up() { # NODE...
	wait_until 60 are_caught_up "$@" && return
	local node
	for node in "$@"; do
		echo "node $node: $(journal "$node" '"\(.role) term \(.term) tail \(.tail.index) durable \(.durable.index) applied \(.sessions.applied)"') $(progress_of "$node")"
	done
	return 1
}

# ---- load ---------------------------------------------------------------------------------------

loader_runs=0

# start_loader NAME [OPTION...]: answers go to $cluster/acks.NAME
start_loader() {
	local name=$1
	shift
	local prefix
	read -ra prefix <<<"${run_in[client]:-}"
	loader_runs=$((loader_runs + 1))
	"${prefix[@]}" "$e2e/loader" --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" \
		--acks "$cluster/acks.$name" --run "$(($$ * 100 + loader_runs))" "$@" \
		>"$cluster/loader.$name.out" 2>"$cluster/loader.$name.err" &
	loaders[$name]=$!
}

# need_watched_cluster NAME RATE RECORDS: nodes that run with records coming in, for who looks at them; sets directories, the options that name them.
need_watched_cluster() {
	local node
	need cluster_is_made make_cluster "$1"
	directories=()
	for node in 1 2 3; do
		directories+=(--run-directory "$run_base/$1/$node")
	done
	need nodes_start start_all
	need there_is_a_leader wait_leader
	start_loader a --rate "$2"
	need records_are_acknowledged wait_progress a "$3"
}

acknowledged() { # NAME -> records answered with OK
	if [ -e "$cluster/acks.$1" ]; then grep -c ' OK ' "$cluster/acks.$1"; else echo 0; fi
}

has_acknowledged() { [ "$(acknowledged "$1")" -ge "$2" ]; }

# wait_progress NAME COUNT [SECONDS]: so many more are acknowledged than now
wait_progress() {
	wait_until "${3:-30}" has_acknowledged "$1" $(($(acknowledged "$1") + $2)) && return
	tail -n 2 "$cluster/loader.$1.err"
	return 1
}

# stop_loader NAME: it waits for what is outstanding; fails when an append stayed without an answer.
stop_loader() {
	local pid=${loaders[$1]}
	kill -TERM "$pid" 2>/dev/null
	wait_loader "$1"
}

wait_loader() { # NAME: until it has its count
	local pid=${loaders[$1]}
	wait "$pid"
	local result=$?
	unset "loaders[$1]"
	[ "$result" -eq 0 ] || { cat "$cluster/loader.$1.out"; tail -n 3 "$cluster/loader.$1.err"; }
	return "$result"
}

check_node() { # NODE TO: everything acknowledged is there, once, with its bytes; prints counts
	local acks=() prefix
	read -ra prefix <<<"${run_in[client]:-}"
	mapfile -t acks < <(find "$cluster" -maxdepth 1 -name 'acks.*' | sort)
	timeout -k 5 120 "${prefix[@]}" "$e2e/checker" --endpoints "$endpoints" --key-file "$cluster/cluster.key" \
		--cluster "$cluster_uuid" --node "$1" --to "$2" "${acks[@]}"
}

# The check that every test ends with: what was acknowledged stands in every node that runs, once, with the same
# bytes; the chain values are equal.
hold_promises() {
	local node line first='' to nodes=("${!pids[@]}")
	wait_leader || { echo "no leader"; return 1; }
	wait_caught_up "${nodes[@]}" || return 1
	to=$(journal "${nodes[0]}" .commit_number)
	[ "$to" -gt 0 ] || { echo "no record at all"; return 1; }
	for node in "${nodes[@]}"; do
		line=$(check_node "$node" "$to" 2>"$work/checker.err") || {
			echo "node $node: $line"
			head -n 3 "$work/checker.err"
			return 1
		}
		[ "$line" = "${first:=$line}" ] || { echo "node $node: $line; first: $first"; return 1; }
	done
	echo "# $first" >>"$work/counts"
}

final_check() {
	claim nothing_acknowledged_is_lost_and_chains_are_equal hold_promises
	[ ! -e "$work/counts" ] || tail -n 1 "$work/counts"
}

is_root() { [ "$(id -u)" -eq 0 ]; }

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What every test with guests needs, on top of what process tests have (tests/e2e/lib.sh: claim, need, wait_until, of, journal, ...).
# A guest is a small virtual machine under software emulation: N of 1, 2, 3, with a NIC behind an emulated IOMMU, bound to vfio-pci, for
# node N (10.77.0.N), a second one of the kernel's for clients (10.77.0.10N), and a raw NVMe drive. Function and faults are tested here, never speed.
#
#	${pids[N]}        QEMU of guest N; kill_node N is a power cut
#	LAB_NICE (10)     how nice the guests are
#	$lab/N.console    what its kernel said; node_log N: what its node said
#
# Set before make_guests: nic (QEMU's words for the model), mtu, cores, workers, drive_of[N] (QEMU's words for another drive).
# shellcheck disable=SC2034,SC2016 # some variables are read by the tests only; some words are for the guest's shell
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

lab_build=$BUILD/lab
lab=$work/lab
guest_image=$lab_build/guest
nic=e1000e mtu=9000 cores=1 workers=1 node_keys=
nic_address=0000:01:00.0 # behind the first root port, so that it can be pulled
client_guest=3 # loaders and checkers run there; it is not cut
declare -A drive_of=()
boot_seconds=120

skip_all() { # REASON: nothing here can be tried on this machine
	skip "$test_name" "$*"
	exit 0
}

for program in qemu-system-x86_64 busybox cpio depmod; do
	command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
	command -v "$program" >/dev/null || skip_all "$program is not here: scripts/install-deps lab"
done
for program in agent talk ether_switch; do
	[ -x "$lab_build/$program" ] && continue
	not_ok "$test_name" "$lab_build/$program is not built: make lab"
	exit 1
done
"$(dirname "${BASH_SOURCE[0]}")/make_guest" "$guest_image" 2>"$work/make_guest.err" ||
	skip_all "no guest could be made: $(tail -n 1 "$work/make_guest.err")"

# A question is a process in a slow machine: they are asked seldom.
wait_until() { # SECONDS COMMAND...
	local deadline=$((SECONDS + $1 * ${PATIENCE:-1}))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 1
	done
}

# ---- guests -------------------------------------------------------------------------------------

# The guests' time is the host's cycle counter; left alone, a guest that starts on a busy machine measures it wrongly.
cycles_khz() { awk '/^cpu MHz/ {printf "%d", $4 * 1000; exit}' /proc/cpuinfo; }

write_node() { # NODE
	local node=$1 number peer
	{
		printf 'cluster:\n  uuid: %s\n  node: %s\n  nodes:\n' "$cluster_uuid" "$node"
		for peer in 1 2 3; do
			printf '    - {id: %s, address: 10.77.0.%s, client_endpoint: "udp:10.77.0.%s:7700", priority: 50}\n' \
				"$peer" "$peer" "$peer"
		done
		printf 'journals:\n'
		for ((number = 0; number < workers; number++)); do printf '  - {id: %s, worker: %s}\n' "$number" "$number"; done
		printf 'network: {mtu: %s}\nworkers:\n' "$mtu"
		for ((number = 0; number < workers; number++)); do
			printf '  - core: auto\n    links: [{kind: pci, address: "%s", descriptors: 256}]\n' "$nic_address"
		done
		cat <<-END
			storage: {path: /dev/nvme0n1, segment_bytes: 8MiB}
			log: {ring_bytes: 4MiB, bytes_max: 96MiB}
			memory: {hugepages: on}
			timing: {election_timeout_ms: 5000, heartbeat_ms: 100}
			idle: {strategy: backoff}
			limits: {sessions: 64}
			security: {key_file: cluster.key}
			run_directory: /run/wirelog
			$node_keys
		END
	} >"$lab/$node.files/lab/node.yaml"
}

make_guests() { # the files of three guests, and the switch between them
	local node
	cluster=$work/cluster
	mkdir -p "$lab" "$cluster" "$run_base/lab" || return 1
	endpoints=udp:10.77.0.1:7700,udp:10.77.0.2:7700,udp:10.77.0.3:7700
	"$wirelog" key "$lab/cluster.key" >/dev/null 2>&1 || return 1
	for node in 1 2 3; do
		mkdir -p "$lab/$node.files/lab"
		write_node "$node"
		cp "$lab/cluster.key" "$lab/$node.files/lab/"
		{
			cat "$guest_image/initramfs"
			(cd "$lab/$node.files" && find . | cpio -o -H newc --quiet --owner 0:0)
		} >"$lab/$node.initrd" || return 1
		truncate -s 256M "$lab/$node.drive"
	done
	"$lab_build/ether_switch" "$run_base/lab" n1 n2 n3 c1 c2 c3 >"$lab/switch.out" 2>&1 &
	extra_pids+=($!)
	wait_until 10 grep -q ready "$lab/switch.out"
}

network_card() { # NAME WORDS MAC: two QEMU options, on the switch
	echo "-netdev dgram,id=$1,local.type=unix,local.path=$run_base/lab/guest-$1,remote.type=unix,remote.path=$run_base/lab/switch-$1"
	echo "-device $2,netdev=$1,mac=$3"
}

boot_guest() { # NODE: returns at once
	local node=$1 options=() khz
	khz=$(cycles_khz)
	rm -f "$run_base/lab/guest-n$node" "$run_base/lab/guest-c$node"
	# shellcheck disable=SC2207 # one word each
	options=($(network_card "n$node" "$nic,id=nic0,bus=slot0" "52:54:00:77:00:0$node")
		$(network_card "c$node" virtio-net-pci,romfile=,id=nic1,addr=0x12 "52:54:00:77:01:0$node"))
	nice -n "${LAB_NICE:-10}" qemu-system-x86_64 -name "lab-$node" -nodefaults -display none -no-reboot -accel tcg,thread=multi \
		-cpu max,la57=off -smp "$cores" -m 768 -M q35 -device intel-iommu,intremap=on,caching-mode=on \
		-kernel "$guest_image/vmlinux" -initrd "$lab/$node.initrd" \
		-append "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off no_timer_check tsc=reliable random.trust_cpu=on \
${khz:+tsc_early_khz=$khz} intel_iommu=on iommu=nopt lab.build=$BUILD lab.pages=128" \
		-serial "file:$lab/$node.console" \
		-monitor "unix:$run_base/lab/monitor-$node,server=on,wait=off" \
		-chardev "socket,id=agent,path=$run_base/lab/agent-$node,server=on,wait=off" \
		-device virtio-serial-pci -device virtserialport,chardev=agent,name=agent \
		-fsdev local,id=usr,path=/usr,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=usr,mount_tag=usr \
		-fsdev "local,id=build,path=$BUILD,security_model=none,readonly=on,multidevs=remap" \
		-device virtio-9p-pci,fsdev=build,mount_tag=build \
		-device pcie-root-port,id=slot0,chassis=1,slot=1,addr=0x10 \
		-drive "${drive_of[$node]:-if=none,id=drive0,format=raw,file=$lab/$node.drive}" \
		-device nvme,id=nvme0,serial=wirelog,drive=drive0 \
		"${options[@]}" >"$lab/$node.qemu" 2>&1 </dev/null &
	pids[$node]=$!
}

guest() { # NODE COMMAND...: in it, as root; its output, its status
	"$lab_build/talk" guest "$run_base/lab/agent-$1" "${patience:-$((30 * ${PATIENCE:-1}))}" "${*:2}"
}

monitor() { "$lab_build/talk" monitor "$run_base/lab/monitor-$1" 20 "${*:2}"; } # NODE COMMAND...

# The NIC to vfio-pci, what the node needs to the user wirelog, and the client's interface: what `wirelog tune` plans on a server.
prepare_guest() { # NODE
	patience=$((boot_seconds * ${PATIENCE:-1})) guest "$1" "
		device=/sys/bus/pci/devices/$nic_address
		[ ! -e \$device/driver ] || echo $nic_address >\$device/driver/unbind
		echo vfio-pci >\$device/driver_override
		echo $nic_address >/sys/bus/pci/drivers_probe
		[ \"\$(basename \"\$(readlink \$device/driver)\")\" = vfio-pci ] || { echo 'the NIC is not bound'; exit 1; }
		mkdir -p /etc/wirelog /run/wirelog
		cp /lab/node.yaml /lab/cluster.key /etc/wirelog/ && chmod 400 /etc/wirelog/cluster.key
		chown wirelog /etc/wirelog/* /run/wirelog /dev/nvme0n1 /dev/vfio/\$(basename \"\$(readlink \$device/iommu_group)\")
		chmod 666 /dev/vfio/vfio
		ip link set eth0 mtu $mtu && ip address add 10.77.0.10$1/24 dev eth0 && ip link set eth0 up"
}

keeps_time() { # NODE: a second there is about a second here
	local there here=$EPOCHREALTIME
	there=$(guest "$1" 'cut -d" " -f1 /proc/uptime; sleep 1; cut -d" " -f1 /proc/uptime' | tr '\n' ' ')
	awk -v there="$there" -v here="$here" -v now="$EPOCHREALTIME" \
		'BEGIN {split(there, t, " "); r = (t[2] - t[1]) / (now - here); print "ratio " r; exit !(r > 0.2 && r < 1.5)}'
}

boot_all() {
	local node
	for node in 1 2 3; do boot_guest "$node"; done
	for node in 1 2 3; do
		prepare_guest "$node" || { tail -n 5 "$lab/$node.console" "$lab/$node.qemu"; return 1; }
	done
}

# ---- nodes in them ------------------------------------------------------------------------------

# As the user wirelog, without a capability; what vfio maps counts as locked memory.
start_daemon() { # NODE
	guest "$1" "ulimit -l 1048576; cd /etc/wirelog; setpriv --reuid 999 --regid 999 --clear-groups --inh-caps=-all \
--bounding-set=-all $wirelogd --config node.yaml >>/run/node.log 2>&1 </dev/null & echo \$! >/run/node.pid"
}

node_log() { guest "$1" cat /run/node.log; } # NODE
node_says() { [ "$(guest "$1" "grep -cE '$2' /run/node.log")" -ge "${3:-1}" ]; } # NODE PATTERN [TIMES]
daemon_runs() { guest "$1" 'kill -0 $(cat /run/node.pid)'; } # NODE
daemon_is_up_or_ended() { node_says "$1" ' started ' || ! daemon_runs "$1"; }

daemon_started() { # NODE
	wait_until 90 daemon_is_up_or_ended "$1"
	node_says "$1" ' started ' || { node_log "$1" | tail -n 4; return 1; }
}

start_daemons() {
	local node
	for node in 1 2 3; do start_daemon "$node" || return 1; done
	for node in 1 2 3; do daemon_started "$node" || return 1; done
}

end_daemon() { guest "$1" 'pid=$(cat /run/node.pid); kill -TERM $pid; for i in $(seq 200); do kill -0 $pid 2>/dev/null || exit 0; sleep .1; done; exit 1'; }

ask() { patience=20 guest "$1" "$e2e/ask /run/wirelog/stats.sock $2"; } # NODE REQUEST: of lib.sh's questions
wait_leader() { wait_until 90 find_leader; }
leads() { find_leader && [ "$leader" = "$1" ]; }
# By itself it goes to whoever has the highest priority after 50 times timing.patience_ms, 250 s here.
transfer() { patience=40 guest "$1" "$wirelog transfer --timeout 30 $1 --run-directory /run/wirelog"; } # NODE
leads_when_asked() { wait_until 60 transfer "$1" && wait_until 10 leads "$1"; } # NODE
check_status() { patience=60 guest "$1" "$wirelog status --check --run-directory /run/wirelog"; } # NODE

# ---- load, in the client's guest ----------------------------------------------------------------

start_loader() { # NAME [OPTION...]
	local name=$1
	shift
	loader_runs=$((loader_runs + 1))
	guest $client_guest "$e2e/loader --endpoints $endpoints --key-file /lab/cluster.key --cluster $cluster_uuid \
--acks /tmp/acks.$name --run $((RANDOM * 100 + loader_runs)) --connect-ms 60000 --timeout-ms 120000 $* >/tmp/loader.$name.out 2>/tmp/loader.$name.err </dev/null & echo \$! >/tmp/loader.$name.pid"
}

acknowledged() { # NAME
	local count
	count=$(guest $client_guest "grep -c ' OK ' /tmp/acks.$1" 2>/dev/null)
	[[ $count =~ ^[0-9]+$ ]] || count=0
	echo "$count"
}

wait_progress() { # NAME COUNT [SECONDS]
	wait_until "${3:-90}" has_acknowledged "$1" $(($(acknowledged "$1") + $2)) && return
	guest $client_guest "tail -n 2 /tmp/loader.$1.err"
	return 1
}

loader_ended() { ! guest $client_guest "kill -0 \$(cat /tmp/loader.$1.pid) 2>/dev/null"; }

wait_loader() { # NAME: every append was answered
	wait_until 120 loader_ended "$1"
	guest $client_guest "cat /tmp/loader.$1.out; tail -n 3 /tmp/loader.$1.err; grep -q 'unknown 0 ' /tmp/loader.$1.out"
}

stop_loader() {
	guest $client_guest "kill -TERM \$(cat /tmp/loader.$1.pid)"
	wait_loader "$1"
}

check_node() { # NODE TO
	patience=150 guest $client_guest "timeout -k 5 140 $e2e/checker --endpoints $endpoints --key-file /lab/cluster.key --cluster $cluster_uuid --node $1 --to $2 /tmp/acks.*"
}

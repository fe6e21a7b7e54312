#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A node as a service: what `make install` puts where, that a node runs under what its unit allows, that its watchdog is fed only while
# every worker turns, and that pages and completion say what the programs say.
# timeout: 150
# shellcheck disable=SC2016 # words of inner shells
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

root=$work/root
need it_installs make -s install PREFIX=/usr DESTDIR="$root" BUILD="$BUILD" DEPS=no
units=$root/usr/lib/systemd/system
unit=$units/wirelogd.service

# ---- what is installed ----------------------------------------------------------------------------

missing=''
for file in sbin/wirelogd bin/wirelog lib/libwirelog.a lib/libwirelog.so include/wirelog/wirelog.h lib/pkgconfig/libwirelog.pc \
	lib/systemd/system/wirelogd.service lib/systemd/system/wirelog-exporter.service lib/systemd/system/wirelog-web.service \
	bin/wirelog-exporter bin/wirelog-web share/man/man1/wirelog-exporter.1 share/man/man1/wirelog-web.1 lib/sysusers.d/wirelog.conf lib/tmpfiles.d/wirelog.conf lib/udev/rules.d/65-wirelog.rules \
	share/man/man1/wirelog.1 share/man/man1/wirelog-append.1 share/man/man8/wirelogd.8 share/bash-completion/completions/wirelog \
	share/wirelog/drivers-config/nic/mlx5.yaml share/wirelog/drivers-config/reference.yaml share/wirelog/drivers-config/physical-three/node1.yaml \
	share/wirelog/drivers-config/systemd/drive.conf share/wirelog/drivers-config/udev/64-wirelog-drive.rules share/wirelog/docs/OPERATIONS.md; do
	[ -e "$root/usr/$file" ] || missing+=" $file"
done
claim all_of_it_is_installed test -z "$missing"
# A tree of its own, so that the machine's own state does not matter: profiles are found beside the installed command.
mkdir -p "$work/host/sys/bus/pci/devices/0000:3b:00.0"
echo 0x15b3 >"$work/host/sys/bus/pci/devices/0000:3b:00.0/vendor"
echo 0x1017 >"$work/host/sys/bus/pci/devices/0000:3b:00.0/device"
physical=$root/usr/share/wirelog/drivers-config/physical-three/node1.yaml
"$root/usr/bin/wirelog" doctor "$physical" --root "$work/host" --json >"$work/doctor.json"
claim installed_doctor_judges_a_host test $? -eq 2
claim it_finds_its_profiles grep -q 'mlx5 (15b3:1017)' "$work/doctor.json"
"$root/usr/bin/wirelog" tune "$physical" --root "$work/host" >"$work/tune.out" 2>&1
claim installed_tune_refuses_what_is_not_there test $? -eq 69
claim its_refusal_is_named grep -q TUNE_REFUSED "$work/tune.out"
"$root/usr/bin/wirelog" tune "$physical" --root "$work/host" --apply >/dev/null 2>&1
claim a_copy_is_never_changed test $? -eq 64
# Words in backquotes of the unit's text would be shell to nobody; paths of another prefix would not be there.
claim unit_names_the_prefix bash -c '! grep -q /usr/local "$@"' - "$unit" "$units"/wirelog-*.service

# ---- the unit ---------------------------------------------------------------------------------------

exposure() {
	systemd-analyze security --offline=yes --no-pager "$1" |
		sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\) .*/\1/p'
}
if command -v systemd-analyze >/dev/null; then
	# For the units that wait for it: it is not in the folder of this machine.
	export SYSTEMD_UNIT_PATH="$work:"
	for name in wirelogd wirelog-exporter wirelog-web; do
		level=$(exposure "$units/$name.service")
		claim "${name//-/_}_is_exposed_by_2_at_most" awk -v level="${level:-10}" 'BEGIN { exit !(level <= 2.0) }'
		sed 's#^Exec\([A-Za-z]*\)=/[^ ]*#Exec\1=/bin/true#' "$units/$name.service" >"$work/$name.service"
		systemd-analyze verify --man=no "$work/$name.service" >"$work/verify" 2>&1
		claim "${name//-/_}_has_no_mistake" test ! -s "$work/verify"
	done
	unset SYSTEMD_UNIT_PATH
	claim user_is_described systemd-sysusers --dry-run --root="$root" "$root/usr/lib/sysusers.d/wirelog.conf"
else
	skip unit_is_exposed_by_2_at_most "systemd-analyze is not here"
fi

# Every system call that the unit lets through: groups of groups, as the service manager reads them.
allowed_calls() { # UNIT
	systemd-analyze syscall-filter --no-pager | awk -v lists="$(sed -n 's/^SystemCallFilter=//p' "$1" | tr '\n' '|')" '
		/^@/ { group = $1; next }
		/^ +[a-z@_]/ { members[group] = members[group] " " $1 }
		function mark(name, value, words, count, at) {
			if (name !~ /^@/) { allowed[name] = value; return }
			count = split(members[name], words, " ")
			for (at = 1; at <= count; at++)
				mark(words[at], value)
		}
		END {
			parts = split(lists, list, "|")
			for (one = 1; one <= parts; one++) {
				value = list[one] !~ /^~/
				sub(/^~/, "", list[one])
				words_in = split(list[one], word, " ")
				for (at = 1; at <= words_in; at++)
					mark(word[at], value)
			}
			for (name in allowed)
				if (allowed[name])
					print name
		}'
}

# ---- a node under it --------------------------------------------------------------------------------

cluster=$work/single
mkdir -p "$cluster" "$run_base/single"
"$wirelog" key "$cluster/cluster.key" >/dev/null 2>&1 || exit 1
cat >"$cluster/node1.yaml" <<-END
	cluster:
	  uuid: $cluster_uuid
	  node: 1
	  nodes:
	    - {id: 1, address: 198.51.100.1, client_endpoint: "memif:@$tag-single"}
	workers:
	  - core: auto
	    clients: {socket: "@$tag-single", slots: 2}
	storage: {path: data, segment_bytes: 16MiB}
	log: {ring_bytes: 4MiB, bytes_max: 256MiB}
	memory: {hugepages: off}
	timing: {election_timeout_ms: 200, heartbeat_ms: 10}
	idle: {strategy: backoff}
	security: {key_file: cluster.key}
	run_directory: $run_base/single/1
END
endpoints="memif:@$tag-single"

"$e2e/notified" "$run_base/notify" >"$work/notified" 2>&1 &
extra_pids+=($!)
need manager_listens wait_until 10 grep -q listening "$work/notified"
hears() { grep -q "$1" "$work/notified"; }
ends_with_0() { kill "$1" && wait "$1"; } # PID
says() { grep -q " $1 " "$cluster/node1.log"; }

families_of() { sed -n 's/^RestrictAddressFamilies=//p' "$1" | tr ' ' ,; }
families=$(families_of "$unit")
if command -v systemd-analyze >/dev/null; then
	allowed_calls "$unit" >"$work/calls"
	"$e2e/confined" "$work/calls" "$families" /bin/true
	confines=$?
else
	confines=77
fi
if [ "$confines" -eq 77 ]; then
	skip node_runs_under_what_its_unit_allows "system calls cannot be restricted here"
else
	need filter_lets_a_program_run test "$confines" -eq 0
	# What the unit does not have is not there: or the claims below would say nothing.
	claim filter_refuses_a_mount bash -c '"$@" /bin/mount -t tmpfs none /mnt; [ $? -ne 0 ]' - "$e2e/confined" "$work/calls" "$families"
	run_in[1]="$e2e/confined $work/calls $families"
fi
export NOTIFY_SOCKET=$run_base/notify WATCHDOG_USEC=900000
need node_starts start_node 1
need node_runs_under_what_its_unit_allows wait_started 1
claim it_is_ready wait_until 60 hears '^READY=1'
start_loader a --size-min 100 --size-max 2000 --count 2000
claim it_takes_records wait_loader a
claim watchdog_is_fed wait_until 20 hears '^WATCHDOG=1'
unset NOTIFY_SOCKET WATCHDOG_USEC

# Who looks at it, each under what its own unit allows.
answers_at() { # NAME PATH: what it serves there
	local port
	port=$(sed -n 's/.*: port //p' "$work/$1.out")
	[ -n "$port" ] && exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$2" "$port" >&3 && timeout 3 head -c 4000 <&3
	exec 3>&-
}
knows_the_node() { answers_at "$1" "$2" 2>&1 | grep -q "$3"; }
for looker in wirelog-exporter wirelog-web; do
	[ "$confines" -ne 77 ] || { skip "${looker//-/_}_runs_under_its_unit" "system calls cannot be restricted here" && continue; }
	allowed_calls "$units/$looker.service" >"$work/$looker.calls"
	NOTIFY_SOCKET=$run_base/notify "$e2e/confined" "$work/$looker.calls" "$(families_of "$units/$looker.service")" \
		"$BUILD/$looker" --run-directory "$run_base/single/1" --listen 127.0.0.1:0 >"$work/$looker.out" 2>&1 &
	looker_pid=$!
	extra_pids+=("$looker_pid")
	case $looker in
	*exporter) claim exporter_runs_under_what_its_unit_allows wait_until 20 knows_the_node "$looker" /metrics '^wirelog_up.* 1' ;;
	*) claim page_runs_under_what_its_unit_allows wait_until 20 knows_the_node "$looker" /events '"answers": *true' ;;
	esac
	claim "${looker#wirelog-}_ends_as_asked" ends_with_0 "$looker_pid"
done

if freeze_says=$("$e2e/freeze" $$ none 1 2>&1); [[ $freeze_says == *permitted* ]]; then
	skip watchdog_starves_with_a_worker "this user may not trace a process"
else
	"$e2e/freeze" "${pids[1]}" wl-pmd-0 3000 >"$work/freeze.out" 2>&1 &
	extra_pids+=($!)
	need worker_stands_still wait_until 5 grep -q frozen "$work/freeze.out"
	claim watchdog_starves_with_a_worker wait_until 20 says watchdog_starves
	fed=$(grep -c '^WATCHDOG=1' "$work/notified")
	claim it_is_named_which grep -q 'watchdog_starves worker=0 silent_ms=' "$cluster/node1.log"
	claim then_every_worker_turns_again wait_until 30 says watchdog_fed
	is_fed_again() { [ "$(grep -c '^WATCHDOG=1' "$work/notified")" -gt "$fed" ]; }
	claim and_the_watchdog_is_fed wait_until 20 is_fed_again
fi
final_check
end_node 1 TERM
claim it_ends_as_asked test "$status" -eq 0

# ---- pages and completion -----------------------------------------------------------------------------

undescribed=''
commands=$("$wirelog" help | sed -n 's/^  \([a-z]\{1,\}\)  *[^ -].*/\1/p' | grep -v '^wirelog$')
for command in $commands; do
	page=$root/usr/share/man/man1/wirelog-$command.1
	for option in $("$wirelog" "$command" --help | sed -n 's/^ \{2,6\}\(-., \)\{0,1\}--\([a-z-]*\).*/\2/p'); do
		grep -q -- "\\\\-\\\\-${option//-/\\\\-}" "$page" 2>/dev/null || undescribed+=" $command:$option"
	done
done
claim every_option_is_in_its_page test -z "$undescribed"
claim there_are_commands test "$(wc -w <<<"$commands")" -ge 12
mkdir "$work/again"
ln -s "$wirelog" "$wirelogd" "$BUILD/wirelog-exporter" "$BUILD/wirelog-web" "$work/again"
scripts/help-pages "$work/again"
claim pages_are_the_same_each_time diff -r "$work/again/man" "$BUILD/man"
if command -v groff >/dev/null; then
	for page in "$work"/again/man/*; do groff -man -ww -z -Tutf8 "$page"; done >"$work/groff" 2>&1
	claim pages_have_no_mistake test ! -s "$work/groff"
fi
completes() { # WORDS... -> what the last one may become
	bash -c '. "$1" && shift && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && "_${1##*/}" 2>/dev/null; echo "${COMPREPLY[*]}"' \
		- "$root/usr/share/bash-completion/completions/wirelog" "$@"
}
claim commands_are_completed test "$(completes wirelog wor)" = workload
claim options_are_completed test "$(completes wirelog append --ou)" = --outstanding=
claim words_are_completed test "$(completes wirelog config re)" = reload
claim options_of_the_daemon_are_completed test "$(completes wirelogd --ch)" = --check

make -s uninstall PREFIX=/usr DESTDIR="$root" BUILD="$BUILD" >/dev/null 2>&1
claim nothing_is_left_after_uninstall test -z "$(find "$root" ! -type d)"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog capture while records are appended: a pcapng file that capinfos and tshark read, every frame decoded by the dissector, both
# directions, links over memif and over a kernel socket; filters give what they say and nothing else. An asker that stands still costs
# appends nothing, and its frames are counted; a second capture is refused by name; a capture ends with its node.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"

election_ms=2000 # who leads stays, whatever else the machine does
need cluster_is_made make_cluster capture
port=$((20000 + $$ % 12000))
for node in 1 2 3; do
	sed -i "s|^    clients:|      - {kind: udp, address: 127.0.0.1, port: $((port + node)), mtu: 1500}\n    clients:|" "$cluster/node$node.yaml"
done
need nodes_start start_all
need there_is_a_leader wait_leader
socket=$(directories "$leader")
read -ra socket <<<"$socket"
capture() { timeout -k 5 30 "$wirelog" capture "$@" "${socket[@]}" 2>"$work/capture.err"; }
begin_capture() { # FILE OPTION...: in the background; its process is $asker
	"$wirelog" capture "$@" "${socket[@]}" 2>"$work/asker.err" &
	asker=$!
	extra_pids+=("$asker")
}
run_tool_at_leader() { asked=$leader run_tool capture "$@"; }
end_capture() { # SIGNAL: its exit code is in $status
	kill "-$1" "$asker"
	wait "$asker"
	status=$?
}
is_capturing() { [ "$(grep -c 'capture state=begun' "$cluster/node$leader.log")" -gt "$1" ]; } # MORE than so many were begun
has_let_go() { [ "$(grep -c 'capture state=begun' "$cluster/node$leader.log")" -eq "$(grep -c 'capture state=ended' "$cluster/node$leader.log")" ]; }
udp_append() { # one record over the kernel's sockets
	echo "over the kernel" | timeout -k 5 30 "$wirelog" append --quiet --endpoints "udp:127.0.0.1:$((port + leader))" \
		--key-file "$cluster/cluster.key" --cluster "$cluster_uuid" >"$work/append.out" 2>&1
}

start_loader a --rate 300
need records_are_acknowledged wait_progress a 200
begin_capture "$work/all.pcapng"
need a_capture_begins wait_until 10 is_capturing 0
claim a_record_comes_over_a_kernel_socket udp_append
claim a_second_capture_is_refused answers 75 CAPTURE_RUNNING run_tool_at_leader "$work/second.pcapng" --packets 1
claim and_leaves_no_file test ! -e "$work/second.pcapng"
need more_records_are_acknowledged wait_progress a 300
end_capture INT
claim a_capture_ends_by_a_signal test "$status" -eq 0
claim it_says_what_there_is grep -qE '^wirelog: [0-9,]+ packets, [0-9,]+ bytes, 0 dropped for want of room; ended by a signal$' "$work/asker.err"
claim the_file_is_its_owners_alone test "$(stat -c %a "$work/all.pcapng")" = 600
claim a_file_that_is_there_is_not_written_over answers 74 OUTPUT_FAILED run_tool_at_leader "$work/all.pcapng" --packets 1
claim the_node_tells_who_asked grep -q "capture state=begun uid=$(id -u) pid=$asker " "$cluster/node$leader.log"
claim a_node_that_is_not_there_is_named answers 69 'node 7 does not answer' run_tool capture "$work/none.pcapng" --node 7
claim a_type_that_is_none_is_refused answers 64 'there are HELLO HELLO_REPLY' run_tool_at_leader "$work/none.pcapng" --type APPENDIX

if ! command -v tshark >/dev/null; then
	skip frames_are_decoded "no tshark"
else
	# FILE: a line a frame, as: type|direction|sender|destination|captured|ethernet type|interface|worst severity of what is said of it|time
	frames() {
		tshark -n -X "lua_script:$BUILD/wirelog.lua" -o udp.try_heuristic_first:TRUE -o ip.check_checksum:TRUE -r "$1" -T fields -E separator='|' \
			-E occurrence=l -e wirelog.header.type -e frame.packet_flags_direction -e wirelog.header.sender -e wirelog.header.destination \
			-e frame.cap_len -e eth.type -e frame.interface_name -e _ws.expert.severity -e frame.time_epoch 2>"$work/tshark.err"
	}
	count() { awk -F '|' "$1" "$work/frames" | wc -l; } # AWK-CONDITION over the frames in $work/frames
	frames "$work/all.pcapng" >"$work/frames"
	total=$(count 1)
	claim there_are_many_frames test "$total" -gt 500
	claim the_command_counted_them grep -q "^wirelog: $(sed -E ':a;s/([0-9])([0-9]{3})($|,)/\1,\2\3/;ta' <<<"$total") packets" "$work/asker.err"
	claim each_is_decoded test "$(count '$1 > 0')" -eq "$total"
	# 6291456: a warning, and more is an error; "malformed" is one.
	claim none_is_malformed test "$(count '$8 >= 6291456')" -eq 0
	claim lua_has_no_complaint test "$(grep -ci lua "$work/tshark.err")" -eq 0
	for claimed in APPEND:sent:2 APPEND_ACK:received:1 CLIENT_APPEND:received:1 APPEND_REPLY:sent:2; do
		IFS=: read -r name how direction <<<"$claimed"
		type=$(sed -n "s/^\t\[\([0-9]*\)\] = {name = \"$name\",.*/\1/p" "$BUILD/wirelog.lua")
		claim "${name,,}_is_there_and_$how" test "$(count "\$1 == $type && \$2 == $direction")" -gt 20 -a "$(count "\$1 == $type && \$2 != $direction")" -eq 0
	done
	claim what_a_kernel_socket_carried_has_no_ethernet test "$(count "\$6 == \"\" && index(\$7, \"udp 127.0.0.1:$((port + leader))\")")" -gt 3
	claim and_all_others_have test "$(count '$6 == "" && !index($7, "udp ")')" -eq 0
	claim links_are_named_by_their_kind test "$(cut -d '|' -f 7 "$work/frames" | sort -u | grep -c '^memif @')" -ge 3
	cut -d '|' -f 9 "$work/frames" >"$work/times"
	claim times_are_in_order sort -n -c "$work/times"
	claim and_of_now test "$(($(date +%s) - $(head -1 "$work/times" | cut -d. -f1)))" -lt 600
	capinfos "$work/all.pcapng" >"$work/capinfos" 2>&1
	claim capinfos_knows_who_wrote_it grep -qE '^Capture application: +wirelog [0-9]' "$work/capinfos"
	claim times_are_nanoseconds grep -q 'Time precision = nanoseconds (9)' "$work/capinfos"

	only() { # NAME AWK-CONDITION OPTION...: all frames of a capture with these options are so, and there are some
		local name=$1 condition=$2
		shift 2
		capture "$work/$name.pcapng" "$@" --packets 50 || { cat "$work/capture.err"; return 1; }
		frames "$work/$name.pcapng" >"$work/frames"
		[ "$(count "$condition")" -eq 50 ] && [ "$(count 1)" -eq 50 ]
	}
	other=$(followers_of "$leader" | head -1)
	claim only_what_is_of_a_type only type '$1 == 10 || $1 == 11' --type append,APPEND_ACK
	claim only_what_is_of_a_peer only peer "\$(\$2 + 2) == \"0x00000${other}00\"" --peer "$other"
	claim only_what_clients_say only clients '$2 == 1 && $3 ~ /^0x[89a-f]/' --peer clients --direction rx
	claim it_ends_by_its_limit grep -q '; the limit is reached$' "$work/capture.err"
	claim only_headers only snap '$5 == 114 && $8 < 6291456' --snap 114 --direction tx --type APPEND
	claim a_pipe_is_a_file_too test "$(capture - --packets 30 | tshark -r - 2>/dev/null | wc -l)" -eq 30
fi

# It stands still: frames find no room, records are acknowledged as ever, and no worker allocates.
begun=$(grep -c 'capture state=begun' "$cluster/node$leader.log")
wait_until 10 has_let_go
begin_capture "$work/slow.pcapng" --buffer 1
wait_until 10 is_capturing "$begun"
kill -STOP "$asker"
stop_loader a
start_loader b --rate 6000 --size-min 900 --size-max 1000 --count 12000
claim appends_go_on_beside_an_asker_that_stands_still wait_loader b
kill -CONT "$asker"
end_capture INT
claim it_ends_by_a_signal test "$status" -eq 0
claim what_had_no_room_was_counted grep -qE ' [1-9][0-9,]* dropped for want of room \(--buffer\); ended by a signal$' "$work/asker.err"
claim no_worker_has_allocated gives 0 of "$leader" .worker_allocations

# An asker that is gone leaves nothing behind; one that is there hears of the node's end.
begun=$(grep -c 'capture state=begun' "$cluster/node$leader.log")
wait_until 10 has_let_go
begin_capture "$work/gone.pcapng"
wait_until 10 is_capturing "$begun"
end_capture KILL
claim a_capture_ends_with_its_asker wait_until 10 has_let_go
begin_capture "$work/end.pcapng"
wait_until 10 is_capturing $((begun + 1))
end_node "$leader" TERM
claim the_node_ends_as_ever test "$status" -eq 0
wait "$asker"
claim a_capture_ends_with_its_node test $? -eq 0
claim and_says_so grep -q 'the node ends$' "$work/asker.err"
if command -v capinfos >/dev/null; then
	claim its_file_is_whole capinfos "$work/end.pcapng"
fi
final_check
stop_all

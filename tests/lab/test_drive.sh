#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A follower's drive fails every write from some moment on: told with its error and its place, the node leaves the quorum, the others go on.
# timeout: 400
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

nic=e1000e mtu=9000
need guests_are_made make_guests
# Writes fail in state 2, and a command for zeroes, which no node uses, leads there.
cat >"$lab/blkdebug" <<-END
	[set-state]
	event = "pwritev_zero"
	state = "1"
	new_state = "2"
	[inject-error]
	event = "pwritev"
	state = "2"
	errno = "5"
	once = "off"
END
drive_of[2]="if=none,id=drive0,format=raw,file=blkdebug:$lab/blkdebug:$lab/2.drive"
need guests_boot boot_all
claim nodes_start start_daemons || exit 1
claim a_leader_is_elected wait_leader || exit 1
claim leadership_goes_where_it_is_asked_to leads_when_asked 1
start_loader a --rate 20
claim load_is_answered wait_progress a 20
guest 2 "blkdiscard -z -o 255M -l 4096 /dev/nvme0n1"
complains() { [[ " $(of "$1" '.mode.reasons | join(" ")') " == *" $2 "* ]]; }
claim write_that_failed_is_told_with_error_and_place wait_until 60 node_says 2 ' write_failed code=STORE_FAILED journal=0 .*error=[1-9].*offset=[1-9]'
claim the_node_says_that_it_is_poisoned wait_until 30 complains 2 poisoned
claim the_others_go_on wait_progress a 40
claim every_append_is_answered stop_loader a
extra_pids+=("${pids[2]}") # its node takes no part any more
unset "pids[2]"
claim nothing_acknowledged_is_lost hold_promises

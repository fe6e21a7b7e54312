#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Three guests, each with an e1000e behind vfio and a raw NVMe drive, jumbo frames, nodes as an ordinary user: records go in and come
# back, a link goes down and up, the leader's power is cut under load, a NIC is pulled.
# timeout: 600
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

nic=e1000e mtu=9000
need guests_are_made make_guests
need guests_boot_with_their_nic_on_vfio boot_all
need the_guests_clock_is_right keeps_time 1
claim nodes_start_as_an_ordinary_user start_daemons || exit 1
claim a_leader_is_elected_over_the_nics wait_leader || exit 1
claim the_link_is_told gives "true pci $nic_address well" of 1 '.links[0] | "\(.up) \(.kind) \(.link) \(.device)"'
claim pause_frames_are_off node_says 1 ' port .*pause frames off'
claim leadership_goes_where_it_is_asked_to leads_when_asked 1

start_loader a --count 300 --size-min 64 --size-max 20000
claim appends_of_all_sizes_are_answered wait_loader a
claim what_was_acknowledged_is_read_back_from_each_node hold_promises
for node in 1 2 3; do
	claim "status_of_node_${node}_finds_nothing" wait_until 30 check_status "$node"
done

# ---- a link -------------------------------------------------------------------------------------
has_left() { find_leader && [ "$leader" != 1 ]; }
link_is() { gives "$2" of "$1" '.links[0].up'; }
start_loader b --rate 20
claim load_is_answered wait_progress b 20
monitor 1 "set_link nic0 off" >/dev/null
claim link_that_is_down_is_told wait_until 30 node_says 1 " link_down .*link=$nic_address .*no carrier"
claim status_says_so wait_until 20 link_is 1 false
claim the_others_elect_another wait_until 90 has_left
claim appends_go_on_without_it wait_progress b 20
monitor 1 "set_link nic0 on" >/dev/null
claim its_end_is_told wait_until 30 node_says 1 " link_down .*link=$nic_address ended=1"
claim it_catches_up_and_leads_again leads_when_asked 1

# ---- power --------------------------------------------------------------------------------------
claim load_goes_on wait_progress b 20
kill_node 1 2>/dev/null
claim without_the_power_of_one_the_others_go_on wait_progress b 20 120
boot_guest 1
need guest_comes_back prepare_guest 1
claim its_node_starts_on_what_the_drive_has eval 'start_daemon 1 && daemon_started 1'
claim every_append_is_answered stop_loader b
claim nothing_acknowledged_is_lost_by_the_power_cut hold_promises

# ---- a NIC is pulled ----------------------------------------------------------------------------
complains() { [[ " $(of "$1" '.mode.reasons | join(" ")') " == *" $2 "* ]]; }
start_loader c --rate 20
claim load_is_there wait_progress c 10
monitor 2 "device_del nic0" >/dev/null
claim nic_that_is_taken_away_is_told_by_name wait_until 60 node_says 2 " nic_gone .*link=$nic_address"
claim status_says_that_it_is_gone wait_until 20 gives "false gone" of 2 '.links[0] | "\(.up) \(.device)"'
claim health_is_unsafe_by_name wait_until 20 complains 2 nic_gone
is_away() { guest 2 "[ ! -e /sys/bus/pci/devices/$nic_address ]"; }
claim the_kernel_has_it_back wait_until 30 is_away
turns() { counter 2 turns; }
before=$(turns)
moves() { [ "$(turns)" -gt "$before" ]; }
claim its_worker_goes_on_turning wait_until 20 moves
claim the_others_go_on wait_progress c 10
claim every_append_is_answered_without_it stop_loader c
claim it_ends_as_asked end_daemon 2

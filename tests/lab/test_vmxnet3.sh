#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two workers on one vmxnet3 behind vfio, which takes no flow rules: worker 0 receives for both and hands frames on, each sends on
# a queue of its own. MTU 1500.
# timeout: 400
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

nic=vmxnet3 mtu=1500 workers=2 cores=2
need guests_are_made make_guests
need guests_boot_with_their_nic_on_vfio boot_all
claim nodes_start_with_two_workers start_daemons || exit 1
claim the_first_journal_has_a_leader wait_leader || exit 1
claim frames_are_handed_over_in_software gives "software software" of 1 '[.links[].steering] | join(" ")'
second_leads() { [ "$(for node in 1 2 3; do of "$node" '.journals[1].role'; done | grep -c leader)" = 1 ]; }
claim the_second_journal_has_a_leader wait_until 90 second_leads
hands_over() { [ "$(of 1 '[.links[].stats | select(.) | .handed_over] | add')" -gt 20 ]; }
claim worker_0_hands_frames_to_worker_1 wait_until 60 hands_over
start_loader a --count 200 --size-min 64 --size-max 4000
claim appends_are_answered wait_loader a
claim what_was_acknowledged_is_read_back_from_each_node hold_promises

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# virtio behind vfio and the IOMMU (iommu_platform), one worker, MTU 1500; a link that goes down and comes back.
# timeout: 400
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

nic=virtio-net-pci,iommu_platform=on,disable-legacy=on,romfile= mtu=1500
need guests_are_made make_guests
need guests_boot_with_their_nic_on_vfio boot_all
claim nodes_start start_daemons || exit 1
claim a_leader_is_elected wait_leader || exit 1
start_loader a --count 200 --size-min 64 --size-max 4000
claim appends_are_answered wait_loader a
claim what_was_acknowledged_is_read_back_from_each_node hold_promises
monitor 2 "set_link nic0 off" >/dev/null
claim link_that_is_down_is_told wait_until 30 node_says 2 " link_down .*link=$nic_address .*no carrier"
monitor 2 "set_link nic0 on" >/dev/null
claim its_end_is_told wait_until 30 node_says 2 " link_down .*link=$nic_address ended=1"
claim it_was_told_by_interrupts wait_until 10 gives true of 2 '.links[0].interrupts >= 2'
claim it_catches_up hold_promises

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A new disk on a machine whose clock is behind what it was when the disk before was new: the count of starts begins below what the
# others know. The node takes a higher one from them and starts again by itself, as the same process.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
replaced=$(followers_of "$leader" | head -n 1)
end_node "$replaced" TERM # and started again at once: over memif the same node, whatever its Ethernet address
need starts_are_counted_far_ahead "$e2e/damage" "$cluster/node$replaced/data" superblock_ahead
start_node "$replaced"
need it_is_taken_in_with_them wait_caught_up "$replaced"
ahead=$(of "$replaced" .boot_count)
end_node "$replaced" TERM
rm -rf "$cluster/node$replaced/data"
start_node "$replaced"
is_behind_them() { [ "$(of "$replaced" '.boot_count // 0')" -gt "$ahead" ]; } 2>/dev/null
claim new_disk_starts_again_behind_what_the_others_know wait_until 60 is_behind_them
claim it_says_so grep -q 'starts_again' "$cluster/node$replaced.log"
claim it_is_the_same_process kill -0 "${pids[$replaced]}"
claim it_catches_up wait_caught_up "$replaced"
stop_all

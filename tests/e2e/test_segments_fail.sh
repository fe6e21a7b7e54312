#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# No segment can be made on any node, for an error that is no lack of room (EIO, then a file system that went read-only), or the one that
# is written to cannot be opened: told as what it is, nobody leaves the quorum, and all goes on by itself when the medium is well again.
# beside: others
# timeout: 300
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

segment_mib=8 ring_mib=4
make_cluster main || exit 1
sick=$work/sick
export LD_PRELOAD=$e2e/sick_drive.so MAKER_FAILS=$sick
need cluster_starts start_all
unset LD_PRELOAD
need a_leader_is_elected wait_leader

is_refused() { grep -q ' NO_SPACE ' "$cluster/acks.$1"; }
any_says() { grep -hq "$1" "$cluster"/node?.log; }
of_all() { # JQ-EXPRESSION: each node's, sorted and without repetition
	local node
	for node in 1 2 3; do journal "$node" "$1"; done | sort -u | tr '\n' ' '
}
has_roles() { [ "$(of_all .role)" = "follower leader " ]; }

while read -r name number; do
	echo "$number" >"$sick"
	start_loader "$name" --size-min 8000 --size-max 9000 --timeout-ms 8000
	claim "${name}_appends_are_refused_by_name" wait_until 60 is_refused "$name"
	claim "${name}_is_told" any_says " segment_failed code=SEGMENT_FAILED .* error=$number "
	claim "${name}_is_no_full_device" eval '! any_says " device_full "'
	claim "${name}_poisons_nobody" test "$(of_all .poisoned)" = "false "
	claim "${name}_every_append_is_answered" stop_loader "$name"
	# Elections on top of it: what is kept for them stands in segments that are there.
	wait_leader && end_node "$leader" KILL 2>/dev/null
	rm "$sick"
	for node in 1 2 3; do
		is_running "$node" || LD_PRELOAD=$e2e/sick_drive.so start_node "$node"
	done
	need "${name}_killed_node_starts" wait_started 1 2 3
	need "${name}_a_leader_is_there_again" wait_leader
	start_loader "after_$name" --size-min 8000 --size-max 9000 --rate 2000
	claim "${name}_appends_go_on_by_themselves" wait_progress "after_$name" 1000
	claim "${name}_nobody_stays_fenced" wait_until 30 has_roles
	claim "${name}_every_later_append_is_answered" stop_loader "after_$name"
	claim "${name}_its_end_is_told" wait_until 10 any_says " segment_failed .*ended=1"
done <<-END
	eio 5
	erofs 30
END

# Of a log that is not full more segments lie ahead than a start opens: the first write waits for one.
stop_all
rm -f "$cluster"/node?.log
echo 24 >"$sick"
export LD_PRELOAD=$e2e/sick_drive.so OPENS_FAIL=$sick
need opens_cluster_starts start_all
unset LD_PRELOAD OPENS_FAIL
claim opens_are_told wait_until 30 any_says " open_failed code=SEGMENT_FAILED .* error=24 "
claim opens_poison_nobody test "$(of_all .poisoned)" = "false "
claim opens_are_no_failed_writes eval '! any_says " write_failed "'
rm "$sick"
need opens_a_leader_is_there wait_leader
start_loader opens --size-min 8000 --size-max 9000 --rate 2000
claim opens_appends_go_on_by_themselves wait_progress opens 1000
claim opens_every_append_is_answered stop_loader opens
claim opens_their_end_is_told wait_until 10 any_says " open_failed .*ended=1"
final_check

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The check that every test ends with does fail when a promise was broken.
# beside: others
# timeout: 60
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --count 1000
need appends_are_acknowledged wait_loader a
final_check
to=$(journal "$leader" .commit_number)
cp "$cluster/acks.a" "$work/acks"

# complains NAME PATTERN AWK: about answers that were changed like this
complains() {
	awk "$3" "$work/acks" >"$cluster/acks.a"
	check_node "$leader" "$to" >"$work/said" 2>&1
	claim "$1_is_noticed" test $? -eq 1
	claim "$1_is_named" grep -q "$2" "$work/said"
}

# shellcheck disable=SC2016 # it is awk that expands them
falsify() {
	complains lost_record LOST '{ print } END { print $1, 1001, 1001, "OK", "0" }'
	complains other_number 'acknowledged as 1500' 'NR == 500 { $3 = 1500 } { print }'
	complains other_bytes 'other bytes' 'NR == 500 { $5 = "1234" } { print }'
	complains second_answer 'answered twice' '{ print } NR == 500 { print }'
	complains refused_record 'was refused and is there' 'NR == 500 { $4 = "NO_SPACE" } { print }'
}
falsify

claim node_that_does_not_answer_is_noticed bash -c '"$@"; [ $? -eq 2 ]' - "$e2e/checker" --endpoints "memif:@$tag-nobody" \
	--key-file "$cluster/cluster.key" --cluster "$cluster_uuid" --to 1

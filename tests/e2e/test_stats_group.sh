#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# stats_group: a member of the group is answered what changes nothing, and nothing else; another user gets no connection; a group that is not
# there is refused by name, and without the key the socket is the node's user's alone.
# beside: others
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

group=daemon # one that any system has
need cluster_is_made make_cluster group
mode_of() { stat -c %a "$1"; }

sed '$ a stats_group: no-such-group' "$cluster/node1.yaml" >"$cluster/wrong.yaml"
run_daemon "$cluster/wrong.yaml"
claim a_group_that_is_not_there_is_refused test "$status" -eq 78
claim and_named grep -q "code=CONFIG_VALUE.*there is no group 'no-such-group'" "$work/daemon.out"
claim no_socket_was_left test ! -e "$(stats_socket 1)"

if ! is_root; then
	skip members_are_answered "needs root: to be two other users"
	exit 0
fi
sed -i "\$ a stats_group: $group" "$cluster/node1.yaml" "$cluster/node2.yaml"
chmod 711 "$run_base" "$run_base/group"
cp "$e2e/ask" "$run_base/ask"
# The directory of node 2 was there before, and closed.
mkdir -m 700 "$run_base/group/2"
need nodes_start start_all
need there_is_a_leader wait_leader

# as GROUPS NODE REQUEST: asked by nobody, who is in these groups
as() { setpriv --reuid 65534 --regid 65534 --groups "$1" "$run_base/ask" "$(stats_socket "$2")" "$3"; }
member() { as "$(getent group "$group" | cut -d: -f3)" "$@"; }
stranger() { as 65534 "$@"; }
answers_member() { member "$1" "/wirelog/$2" | jq -e 'has("error") | not' >/dev/null; } # NODE REQUEST
refuses_member() { member "$1" "/wirelog/$2" | jq -e '.code == "NOT_ALLOWED" and (.error | contains("admin.sock"))' >/dev/null; }

claim the_file_is_the_groups test "$(stat -c '%a %G' "$(stats_socket 1)")" = "660 $group"
claim the_way_there_is_open_to_it test "$(stat -c '%a %G' "$run_base/group/1")" = "710 $group"
claim also_where_it_was_closed test "$(stat -c '%a %G' "$run_base/group/2")" = "710 $group"
claim without_the_key_nobody_else_has_it test "$(mode_of "$(stats_socket 3)")" = 600
for request in metrics catalogue status counters latency,10 events config compared; do
	claim "a_member_may_ask_${request%,*}" answers_member 1 "$request"
done
# Of a record that is not there: that, and no refusal.
claim a_member_may_ask_why answers_member 1 why,99999999
for request in stop transfer trim,1 reload member,1,1,0,0 limit_set compare,1 consumer_set,a,1 capture,64,1,3,0,0,0; do
	claim "a_member_may_not_${request%%,*}" refuses_member 1 "$request"
done
claim a_stranger_gets_no_answer test -z "$(stranger 1 /wirelog/status 2>/dev/null)"
claim nor_a_member_without_the_key test -z "$(member 3 /wirelog/status 2>/dev/null)"
claim the_nodes_still_serve wait_leader
claim root_may_ask_all test "$(order 1 /wirelog/reload | jq 'has("error")')" = false
stop_all

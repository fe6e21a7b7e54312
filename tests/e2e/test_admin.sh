#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# admin.sock: what changes something is asked there and nowhere else, by the node's user and root alone; the log says who asked, and what is asked of
# a follower comes about at the leader.
# timeout: 90
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

group=daemon # one that any system has
need cluster_is_made make_cluster admin
! is_root || sed -i "\$ a stats_group: $group" "$cluster/node1.yaml"
need nodes_start start_all
need there_is_a_leader wait_leader
start_loader a --rate 200
need records_are_acknowledged wait_progress a 300
follower=$(followers_of "$leader" | tail -n 1)

# ---- which socket -------------------------------------------------------------------------------

names() { jq -e ".error | contains(\"$1\")" >/dev/null; }
sends_on() { ask 1 "/wirelog/$1" | jq -e '.code == "NOT_ALLOWED" and (.error | contains("admin.sock"))' >/dev/null; } # REQUEST
claim it_is_the_nodes_users_alone test "$(stat -c %a "$(admin_socket 1)")" = 600
for request in member,3,3,0,0 trim,1 stop capture compare,1; do
	claim "stats_sock_sends_on_${request%%,*}" sends_on "$request"
done
claim its_list_has_none_of_them test "$(ask 1 / | jq -r '.["/"][]' | grep -cE 'member|transfer|trim|set|delete|reload|stop|finalize|key|capture|compare$')" -eq 0
for request in metrics stream,100; do
	answer=$(order 1 "/wirelog/$request")
	claim "admin_sock_does_not_tell_${request%%,*}" jq -e .error <<<"$answer"
done
claim and_sends_on_as_well names stats.sock <<<"$(order 1 /wirelog/status)"
claim nothing_was_changed test "$(state)" = "$(find_leader && state)"

# ---- who asked ----------------------------------------------------------------------------------

me="uid=$(id -u) gid=$(id -g) user=$(id -un)"
says() { grep -qE -- "$2" "$cluster/node$1.log"; } # NODE PATTERN
# asked_of NODE REQUEST RESULT: by a process of our own, which the log names
asked_of() {
	local pid
	"$e2e/ask" "$(admin_socket "$1")" "/wirelog/$2" >"$work/answer" &
	pid=$!
	wait "$pid" || return 1
	wait_until 10 says "$1" " notice admin verb=${2%%,*} parameter=\"${2#*,}\" $me pid=$pid socket=admin.sock result=$3"
}
leader_has() { gives true journal "$leader" "$1"; } # JQ-EXPRESSION

claim a_follower_is_asked_for_a_checkpoint asked_of "$follower" consumer_set,audit,7 taken
claim the_leader_has_it wait_until 20 leader_has '[.consumers[] | select(.name == "audit" and .number == 7)] | length == 1'
claim a_follower_is_asked_to_trim asked_of "$follower" trim,5 taken
claim the_leader_has_trimmed wait_until 20 leader_has '.trim_number == 5'
claim a_follower_is_asked_for_a_limit asked_of "$follower" "limit_set,retention.hold,987654321,0,$(journal "$follower" '.limits.entry // 0')" taken
claim the_leader_has_the_limit wait_until 20 leader_has '[.limits.list[] | select(.name == "retention.hold" and .value == 987654321)] | length == 1'
claim a_follower_is_asked_to_let_it_go asked_of "$follower" consumer_delete,audit taken
claim the_leader_has_it_no_more wait_until 20 leader_has '.consumers | length == 0'
voter=$follower
claim a_follower_is_asked_to_be_none asked_of "$follower" "member,3,$voter,0,0" taken # 3: demote
claim the_leader_has_a_learner wait_until 20 leader_has ".members.learners == [$voter] and .members.committed"
claim and_to_be_one_again asked_of "$follower" "member,2,$voter,0,0" taken # 2: promote
claim the_leader_has_three_voters wait_until 20 leader_has '(.members.voters | length == 3) and .members.committed and (.members.old_voters // [] | length == 0)'
before=$leader
# Which is in step by its own judgement, not by that of one look.
hand_over() { order "$follower" "/wirelog/transfer,$follower" >"$work/answer"; find_leader && [ "$leader" = "$follower" ]; }
claim a_follower_is_asked_to_lead wait_until 30 hand_over
claim its_log_says_by_whom says "$follower" " admin verb=transfer parameter=\"$follower\" $me .* result=taken"
claim what_is_refused_is_said_too asked_of "$before" trim,0 'refused error=".*is not NUMBER'
"$wirelog" events --run-directory "$run_base/admin/$follower" >"$work/events"
claim events_say_who_asked grep -q " admin verb=trim parameter=\"5\" $me" "$work/events"
as_tool() { "$wirelog" "$@" --run-directory "$run_base/admin/$before" >"$work/tool.out" 2>&1; }
claim the_command_asks_there as_tool consumer set tool --to 3
claim and_the_log_says_so says "$before" " admin verb=consumer_set parameter=\"tool,3,0\" $me"

# ---- who may ------------------------------------------------------------------------------------

mv "$(admin_socket "$before")" "$work/away.sock"
claim a_build_without_it_is_named answers 76 'admin.sock is not there, and the node runs.*\[VERSION_MISMATCH\]' as_tool trim --to 6
mv "$work/away.sock" "$(admin_socket "$before")"

# Nine hundred who hold a connection and say half a word; one who asks.
flood() {
	/usr/bin/python3 - "$(admin_socket 1)" <<-'END'
		import socket, sys
		held = []
		for at in range(900):
		    one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    one.connect(sys.argv[1])
		    try: one.send([b"/wirelog/tri", b"\xff\xfe", b"x" * 4096][at % 3])
		    except OSError: pass
		    held.append(one)
		one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		one.settimeout(10)
		one.connect(sys.argv[1])
		one.send(b"/wirelog/reload")
		sys.exit(0 if b'"taken":true' in one.recv(1 << 20) else 1)
	END
}
claim a_flood_of_connections_holds_nobody_up flood

if is_root; then
	chmod 711 "$run_base" "$run_base/admin"
	cp "$e2e/ask" "$run_base/ask"
	# as GROUPS COMMAND...: as nobody, who is in these groups
	as() { setpriv --reuid 65534 --regid 65534 --groups "$@"; }
	gid=$(getent group "$group" | cut -d: -f3)
	member() { as "$gid" "$run_base/ask" "$1" "/wirelog/$2" 2>/dev/null; } # SOCKET REQUEST
	stranger() { as 65534 "$run_base/ask" "$1" "/wirelog/$2" 2>/dev/null; }
	stats=$(stats_socket 1) admin=$(admin_socket 1)
	claim a_member_of_stats_group_may_look test "$(member "$stats" status | jq '.["/wirelog/status"].node')" = 1
	claim and_not_change names admin.sock <<<"$(member "$stats" trim,8)"
	claim which_the_log_says wait_until 10 says 1 ' admin verb=trim parameter="8" uid=65534 .* socket=stats.sock result=refused'
	claim nor_at_admin_sock test -z "$(member "$admin" trim,8)"
	claim another_user_gets_no_answer test -z "$(stranger "$stats" status)$(stranger "$admin" trim,8)"
	# Somebody opened the file for all: the credentials are looked at as well.
	chmod 666 "$admin" "$stats" && chmod 711 "$run_base/admin/1"
	claim nor_by_a_mode_that_lets_it_through test -z "$(stranger "$stats" status)$(stranger "$admin" trim,8)$(member "$admin" trim,8)"
	claim the_log_says_who_that_was wait_until 10 says 1 ' admin_stranger uid=65534 gid=65534 user=nobody pid='
	chmod 600 "$admin"
	cp "$wirelog" "$run_base/wirelog"
	as_member() { as "$gid" "$run_base/wirelog" "$@" --run-directory "$run_base/admin/1" >"$work/tool.out" 2>&1; }
	claim the_command_says_who_may answers 77 'admin.sock: Permission denied.*\[NOT_ALLOWED\]' as_member trim --to 8
	claim nothing_below_8_was_trimmed test "$(journal 1 .trim_number)" -lt 8
else
	skip other_users_are_refused "needs root: to be two other users"
fi
claim appends_went_on wait_progress a 100
claim every_append_is_answered stop_loader a
final_check

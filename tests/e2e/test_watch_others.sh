#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog top and wirelog-web where only one node has its run directory: the others are seen over the wire, one that is killed is told silent, and one
# that hangs here hides nobody.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

need_watched_cluster afar 200 50
read -r seen gone < <(followers_of "$leader" | tr '\n' ' ')

start_web() { # NODE...: whose run directories it knows; its port is in $port
	local options=() node
	for node in "$@"; do options+=(--run-directory "$run_base/afar/$node"); done
	"$BUILD/wirelog-web" --listen 127.0.0.1:0 "${options[@]}" >"$work/web.out" 2>&1 &
	web_pid=$!
	extra_pids+=("$web_pid")
	wait_until 10 grep -q port "$work/web.out" && port=$(sed -n 's/.* port //p' "$work/web.out")
}
now() { # EXPRESSION: of the newest frame that says how it is
	curl -sN --max-time 1.5 "http://127.0.0.1:$port/events" | grep -A1 '^event: now' | sed -n 's/^data: //p' | tail -n 1 | jq -r "$1"
}
now_is() { [ "$(now "$1")" = "$2" ]; }
node_is() { now_is ".nodes[] | select(.node == $1) | $2" "$3"; } # NODE EXPRESSION VALUE

need web_starts start_web "$seen"
claim the_page_is_told_of_three_nodes wait_until 15 now_is .answered 3
claim each_stands_there_once now_is '[.nodes[].node] | sort | join(" ")' '1 2 3'
claim the_leader_is_known_though_it_is_elsewhere wait_until 10 now_is '.nodes[.leaders[0]].node' "$leader"
claim who_was_asked_at_its_run_directory node_is "$seen" .asked_by 0
claim who_was_asked_over_the_wire node_is "$leader" '"\(.asked_by) \(.run_directory)"' "$seen null"
claim it_is_well wait_until 20 node_is "$leader" .level healthy
flows() { [ "$(now '[.nodes[].journals[0].records_per_s // 0] | max | floor')" -gt 0 ]; }
claim its_records_are_counted wait_until 10 flows

have_tmux() { command -v tmux >/dev/null && [ -e /dev/pts/ptmx ]; }
in_tmux() { tmux -S "$run_base/tmux" "$@"; }
screen() { in_tmux capture-pane -p -t t; }
shows() { screen | grep -qE -- "$1"; }
open_top() {
	in_tmux new-session -d -s t -x 80 -y 24 "env LC_ALL=C.UTF-8 '$BUILD/wirelog' top --run-directory '$run_base/afar/$seen'; sleep 100"
	# shellcheck disable=SC2034 # the server that tmux left in the background
	extra_pids+=("$(in_tmux display-message -p '#{pid}')")
}
if have_tmux; then
	need top_starts open_top
	claim top_shows_three_nodes wait_until 15 shows '3 of 3 nodes'
	claim top_shows_who_leads_and_who_asked wait_until 10 shows "^ *$leader leader .* via node $seen "
	claim it_fits_into_24_lines_of_80 test "$(screen | wc -lL | awk '$1 <= 24 && $2 <= 80')"
	in_tmux send-keys -t t "$leader"
	claim one_seen_over_the_wire_is_selected wait_until 5 shows "^ NODE $leader .* over the wire"
else
	skip top_from_one_node "tmux or pseudo-terminals are missing: scripts/install-deps test"
fi

kill_node "$gone"
claim one_that_is_killed_is_told_silent wait_until 10 node_is "$gone" .level 'no answer'
claim since_when_it_is node_is "$gone" '.silent_ms > 0 and .silent_ms < 20000' true
claim the_others_are_still_there now_is .answered 2
if have_tmux; then
	claim top_tells_it_too wait_until 10 shows "^ *$gone no answer +for .* over the wire"
fi
start_node "$gone"
need it_comes_back wait_started "$gone"
claim it_is_shown_again wait_until 20 now_is .answered 3

kill -TERM "$web_pid"
wait "$web_pid"
# Two are known by their run directories, and whoever of them is asked for the third: the one that hangs is let go.
need web_starts_with_two_of_them start_web "$gone" "$seen"
claim the_third_is_found wait_until 15 now_is .answered 3
pause_node "$gone"
claim a_node_that_hangs_is_silent wait_until 10 node_is "$gone" .answers false
only_it() { now_is '.nodes | map(select(.answers | not).node) | join(" ")' "$gone"; }
claim it_hides_nobody wait_until 10 only_it
resume_node "$gone"
claim all_are_there_in_the_end wait_until 20 now_is .answered 3

need loader_ends stop_loader a
final_check

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# `wirelog top` in a terminal emulator, beside three nodes: what it shows, its keys, another size, the leader killed while it runs, its end; and
# what it says where there is no terminal.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

command -v tmux >/dev/null || { skip top "tmux is not installed: scripts/install-deps test" && exit 0; }
[ -e /dev/pts/ptmx ] || { skip top "no pseudo-terminals here: /dev/pts is not mounted" && exit 0; }

need_watched_cluster looked 300 100

in_tmux() { tmux -S "$run_base/tmux" "$@"; }
open_top() { # NAME COLUMNS ROWS [VARIABLE=VALUE...]: its exit code stands in the terminal when it is over
	in_tmux new-session -d -s "$1" -x "$2" -y "$3" \
		"env LC_ALL=C.UTF-8 ${*:4} '$BUILD/wirelog' top ${directories[*]}; echo ended with \$?; sleep 100"
}
screen() { in_tmux capture-pane -p -t "$1"; }
shows() { screen "$1" | grep -qE -- "$2"; } # NAME REGEX
hides() { ! shows "$@"; }
press() { in_tmux send-keys -t "$@"; }

need top_starts open_top t 80 24
# shellcheck disable=SC2034 # the server that tmux left in the background
extra_pids+=("$(in_tmux display-message -p '#{pid}')")
claim it_shows_three_nodes_that_are_healthy wait_until 10 shows t '3 of 3 nodes  healthy'
claim it_shows_who_leads wait_until 10 shows t "^ *$leader leader .* healthy"
claim it_shows_percentiles_of_the_last_seconds wait_until 10 shows t '^ commit +[0-9.]+ [mu]?s +[0-9.]+ [mu]?s'
claim it_shows_how_many_records wait_until 10 shows t '[1-9][0-9]* records/s'
claim it_fits_into_24_lines_of_80 test "$(screen t | wc -lL | awk '$1 <= 24 && $2 <= 80')"

press t h
claim h_shows_the_keys wait_until 5 shows t 'scroll the events'
press t x
claim any_key_goes_back wait_until 5 hides t 'scroll the events'
press t 2
claim a_digit_selects_a_node wait_until 5 shows t '^ NODE 2 '
press t s
claim s_sorts wait_until 5 shows t 'sort: health'
press t p
claim p_pauses wait_until 5 shows t PAUSED
press t p
claim p_goes_on wait_until 5 hides t PAUSED
press t / f i r s t
press t Enter
claim a_filter_leaves_events_that_contain_it wait_until 5 shows t "with 'first': [1-9]"
press t Escape
claim escape_shows_all wait_until 5 hides t "with 'first'"
in_tmux resize-window -t t -x 132 -y 43
fills() { [ "$(screen t | grep -c .)" -ge 30 ] && [ "$(screen t | wc -L)" -gt 100 ]; }
claim a_larger_terminal_is_used wait_until 5 fills
in_tmux resize-window -t t -x 40 -y 9
claim a_small_one_shows_what_fits wait_until 5 shows t '^NODE ROLE'
in_tmux resize-window -t t -x 80 -y 24

gone=$leader
kill_node "$gone"
claim a_node_that_is_killed_is_shown_at_once wait_until 5 shows t "^ *$gone no answer +for"
claim the_title_says_so wait_until 5 shows t '2 of 3 nodes  a node does not answer'
need another_leads wait_other_leader "$gone"
claim another_leader_is_shown wait_until 10 shows t "^ *$leader leader "
claim why_is_shown wait_until 10 shows t 'says: (peer_silent|redundancy_lost)'
start_node "$gone"
need it_comes_back wait_started "$gone"
claim it_is_shown_again wait_until 20 shows t "^ *$gone follower "
claim it_looks_healthy_again wait_until 30 shows t '3 of 3 nodes  healthy'
pause_node "$gone"
claim a_node_that_hangs_is_shown wait_until 10 shows t "^ *$gone no answer +for"
resume_node "$gone"
press t q
claim q_ends_it_with_0 wait_until 5 shows t 'ended with 0'

open_top u 80 24 TERM=vt100 LC_ALL=C
claim it_draws_on_a_vt100_without_unicode wait_until 10 shows u 'records/s'
press u C-c
claim control_c_ends_it wait_until 5 shows u 'ended with 0'
open_top v 80 24 TERM=unheard-of
claim an_unknown_terminal_is_refused wait_until 5 shows v "'unheard-of' .TERM. is not known"
claim as_wrong_use wait_until 5 shows v 'ended with (64|65)'
claim a_pipe_is_refused_and_told_what_to_use grep -q 'no terminal; .wirelog status --watch' < <("$BUILD/wirelog" top "${directories[@]}" 2>&1)

need loader_ends stop_loader a
final_check

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog-web beside three nodes, without a browser (that is make e2e-web): what it serves, its bounds, hostile HTTP, a node that is killed, its end;
# and that nodes are asked no more for ten who look than for one.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
need_watched_cluster seen 300 100

# A page of our own: the real one needs npm.
mkdir -p "$work/page"
cp web/page/*.html web/page/*.css web/page/*.js "$work/page/"
echo '// uPlot' | tee "$work/page/uplot.js" >"$work/page/uplot.css"
start_web() { # OPTION...: its port is in $port
	"$BUILD/wirelog-web" --listen 127.0.0.1:0 "$@" "${directories[@]}" >"$work/web.out" 2>&1 &
	web_pid=$!
	extra_pids+=("$web_pid")
	wait_until 10 grep -q port "$work/web.out" && port=$(sed -n 's/.* port //p' "$work/web.out")
}
need web_starts start_web --page "$work/page"
get() { curl -s --max-time 5 "$@" "http://127.0.0.1:$port$path"; }
code() { path=$1 && shift && get -o /dev/null -w '%{http_code}' "$@"; }
listen() { # SECONDS: the frames of so long
	curl -sN --max-time "$1" "http://127.0.0.1:$port/events" | grep -v '^$'
}
# now EXPRESSION: of the newest frame that says how it is
now() { listen 1.5 | grep -A1 '^event: now' | sed -n 's/^data: //p' | tail -n 1 | jq -r "$1"; }
now_is() { [ "$(now "$1")" = "$2" ]; }

claim the_page_is_there test "$(code /)" = 200
claim its_parts_are_there test "$(code /page.js) $(code /page.css) $(code /uplot.js)" = '200 200 200'
claim nothing_is_loaded_from_elsewhere test -z "$(grep -lE '(src|href|url\()[ =("]*https?:' web/page/*.{html,css,js})"
claim the_browser_is_told_so grep -qi "^content-security-policy: default-src 'none'" < <(path=/ && get -I)
claim another_path_is_404 test "$(code /../../etc/passwd --path-as-is)" = 404
claim another_method_is_405 test "$(code /events -X POST)" = 405
claim another_host_is_refused test "$(code /events -H 'Host: evil.example')" = 421

claim frames_come_by_themselves test "$(listen 3 | grep -c '^event: now')" -ge 4
claim it_shows_three_nodes wait_until 10 now_is .answered 3
claim it_shows_who_leads wait_until 10 now_is '.nodes[.leaders[0]].node' "$leader"
flows() { [ "$(now '[.nodes[].journals[0].records_per_s // 0] | max | floor')" -gt 0 ]; }
claim it_shows_how_many_records wait_until 10 flows
has_commit() { now_is '.nodes[.leaders[0]].journals[0].recent.commit | length' 6; }
claim it_shows_percentiles wait_until 10 has_commit
claim who_comes_late_gets_the_past test "$(listen 1 | grep -A1 '^event: past' | sed -n 's/^data: //p' | jq length)" -ge 2
claim events_are_told grep -q '^event: events' < <(listen 1)

connections() { # of the nodes' stats sockets
	grep -c "$run_base/seen/[123]/stats.sock" /proc/net/unix
}
before=$(connections)
watchers=()
for _ in {1..10}; do
	curl -sN --max-time 4 -o /dev/null "http://127.0.0.1:$port/events" &
	watchers+=($!)
done
sleep 1
claim nodes_are_asked_no_more_for_ten_browsers test "$(connections)" -eq "$before"
wait "${watchers[@]}"

crowd() { # connections to /events that read nothing, and nonsense; how many were taken in
	"$python" - "$port" <<-'END'
		import os, socket, sys
		held, taken = [], 0
		for number in range(150):
		    s = socket.socket()
		    s.settimeout(2)
		    try:
		        s.connect(("127.0.0.1", int(sys.argv[1])))
		        s.send([b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", b"", b"GET /ev", b"\0" * 5000, os.urandom(300),
		                b"GET /" + b"a" * 60000, b"GET / HTTP/1.1\r\nHost: " + b"x" * 40000,
		                b"POST /events HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"][number % 8])
		    except OSError:
		        pass
		    held.append(s)
		for s in held:
		    try:
		        taken += s.recv(100).startswith(b"HTTP/1.1 200") if held.index(s) % 8 == 0 else 0
		    except OSError:
		        pass
		print(taken)
	END
}
taken=$(crowd)
claim so_many_browsers_are_taken_in test "$taken" -gt 0 -a "$taken" -le 24
is_there() { [ "$(code /)" = 200 ]; }
claim it_serves_after_hostile_requests wait_until 20 is_there
claim it_is_the_same_process kill -0 "$web_pid"

wait_leader
gone=$leader
kill_node "$gone"
claim a_node_that_is_killed_is_shown wait_until 5 now_is ".nodes[$((gone - 1))].answers" false
claim as_the_clusters_level now_is .level 'no answer'
need another_leads wait_other_leader "$gone"
claim another_leader_is_shown wait_until 10 now_is '.nodes[.leaders[0]].node' "$leader"
claim the_event_is_told grep -q 'it does not answer any more' < <(listen 1.5)
start_node "$gone"
need it_comes_back wait_started "$gone"
claim it_is_shown_again wait_until 20 now_is .answered 3

kill -TERM "$web_pid"
wait "$web_pid"
claim it_ends_with_0 test $? -eq 0
need it_starts_without_a_page start_web --page "$work/none"
claim it_says_how_to_make_one grep -q 'make web' "$work/web.out"
claim the_numbers_are_there_all_the_same grep -q '^event: now' < <(listen 1.5)
kill -TERM "$web_pid"
wait "$web_pid"
claim an_address_in_use_is_refused test "$("$BUILD/wirelog-web" --listen nonsense "${directories[@]}" 2>&1)" = 'wirelog-web: --listen nonsense: it is ADDRESS:PORT'

need loader_ends stop_loader a
final_check

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Ten thousand connections to the stats socket of a node, to the exporter and to the page, most of which say nothing, half a word or nonsense and
# read nothing; and nodes that hang, speak nonsense or are of another version beside those that answer. Appends go on under the same leader, and
# whoever asks properly is answered.
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

python=/usr/bin/python3
crowd=10000
if [ "$(ulimit -Hn)" != unlimited ] && [ "$(ulimit -Hn)" -lt $((crowd + 500)) ]; then
	skip crowd "a process may have $(ulimit -Hn) descriptors here"
	exit 0
fi
need_watched_cluster crowded 300 100

# Nodes that are none: one that never answers, one that talks nonsense, one of a later version with numbers that nobody knows.
"$python" - "$run_base/crowded" >"$work/fakes.out" 2>&1 <<-'END' &
	import json, os, select, socket, sys
	base, sockets = sys.argv[1], {}
	for name in ("hangs", "nonsense", "later"):
	    os.makedirs(f"{base}/{name}", exist_ok=True)
	    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	    s.bind(f"{base}/{name}/stats.sock")
	    s.listen(64)
	    sockets[s] = name
	print("listening", flush=True)
	later = {"schema": 99, "node": 9, "cluster": "none", "version": "99.0", "labels": [["x"]], "stages": "none",
	         "metrics": [{"name": "quantum_flux", "kind": 7, "unit": None, "help": {}, "labels": {}, "values": [[[1]], "x", 5]}]}
	while True:
	    for s in select.select(list(sockets), [], [])[0]:
	        name = sockets[s]
	        if s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
	            sockets[s.accept()[0]] = name
	            continue
	        try:
	            request = s.recv(4096)
	            if request and name == "nonsense":
	                s.send(os.urandom(2000))
	            if request and name == "later":
	                s.send(json.dumps({request.decode(errors="replace").split(",")[0]: later}).encode())
	        except OSError:
	            request = b""
	        if not request:
	            del sockets[s]
	            s.close()
END
extra_pids+=($!)
need other_nodes_listen wait_until 10 grep -q listening "$work/fakes.out"
for fake in hangs nonsense later; do
	directories+=(--run-directory "$run_base/crowded/$fake")
done

start() { # PROGRAM OPTION...: its port
	"$BUILD/$1" --listen 127.0.0.1:0 "${@:2}" "${directories[@]}" >"$work/$1.out" 2>&1 &
	extra_pids+=($!)
	wait_until 10 grep -q port "$work/$1.out"
}
need exporter_starts start wirelog-exporter
need page_starts start wirelog-web
port_of() { sed -n 's/.*: port //p' "$work/$1.out"; }
up() { curl -s --max-time 30 "http://127.0.0.1:$(port_of wirelog-exporter)/metrics" | awk '/^wirelog_up/ { sum += $NF } END { print sum + 0 }'; }
real_ones_are_up() { [ "$(up)" -ge 3 ] && [ "$(up)" -le 4 ]; }
now() { curl -sN --max-time 2 "http://127.0.0.1:$(port_of wirelog-web)/events" | grep -A1 '^event: now' | sed -n 's/^data: //p' | tail -n 1 | jq -r "$1"; }
page_shows() { [ "$(now '[.nodes[] | select(.answers and (.node == 1 or .node == 2 or .node == 3))] | length')" = 3 ]; }
claim exporter_tells_those_who_answer wait_until 30 real_ones_are_up
claim page_shows_those_who_answer wait_until 30 page_shows

# crowd ADDRESS [ASK]: so many at once, held for two seconds. Prints how many came through.
crowd() {
	"$python" - "$crowd" "$1" <<-'END'
		import os, resource, socket, sys, time
		count, where = int(sys.argv[1]), sys.argv[2]
		resource.setrlimit(resource.RLIMIT_NOFILE, (count + 400, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
		words = [b"", b"GET /metr", b"/wirelog/sta", os.urandom(300), b"GET / HTTP/1.1\r\nHost: " + b"x" * 2000, b"\0" * 900,
		         b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", b"/wirelog/metrics", b"/wirelog/stream,20"]
		held, through = [], 0
		for number in range(count):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) if where[0] == "/" else socket.socket()
		    s.setblocking(False)
		    try:
		        s.connect(where if where[0] == "/" else ("127.0.0.1", int(where)))
		    except OSError:  # on its way, or the queue of the socket is full
		        pass
		    try:
		        s.send(words[number % len(words)])
		        through += 1
		    except OSError:
		        pass
		    held.append(s)
		time.sleep(1)
		print(through)
	END
}
stats_crowd() { crowd "$(stats_socket "$leader")"; }
http_crowd() { crowd "$(port_of "$1")"; }
asked_beside() { # COMMAND...: while it runs, a proper question is answered
	"$@" >"$work/through" &
	local pid=$! answered=0
	while kill -0 "$pid" 2>/dev/null; do
		ask "$leader" /wirelog/status >"$work/status" 2>&1 && answered=$((answered + 1))
		sleep 0.2
	done
	wait "$pid" && [ "$answered" -gt 0 ]
}
claim stats_socket_answers_beside_a_crowd keeps_leader asked_beside stats_crowd
claim the_crowd_came_to_it test "$(cat "$work/through")" -ge 50
claim crowd_at_the_exporter_disturbs_nobody keeps_leader asked_beside http_crowd wirelog-exporter
claim crowd_at_the_page_disturbs_nobody keeps_leader asked_beside http_crowd wirelog-web
claim no_worker_has_allocated gives 0 of "$leader" .worker_allocations
claim appends_went_on wait_progress a 100
claim exporter_serves_afterwards wait_until 30 real_ones_are_up
claim page_shows_them_afterwards wait_until 30 page_shows
answers_at_once() { ask "$leader" /wirelog/metrics | jq -e '.["/wirelog/metrics"].schema' >/dev/null; }
claim stats_socket_answers_afterwards wait_until 10 answers_at_once

# Files that are held are given back.
descriptors() { find "/proc/${pids[$leader]}/fd" | wc -l; }
few_are_held() { [ "$(descriptors)" -lt 300 ]; }
claim no_descriptor_stays wait_until 20 few_are_held

need loader_ends stop_loader a
final_check

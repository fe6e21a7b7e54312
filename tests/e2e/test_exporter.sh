#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog-exporter beside three nodes: both formats are what their readers expect, hostile HTTP costs nothing, the distribution's Prometheus
# scrapes it, every alert can fire, and every query of the dashboard has data.
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

for program in promtool prometheus; do
	command -v "$program" >/dev/null && continue
	skip exporter "$program is not installed: scripts/install-deps test"
	exit 0
done
exporter=$BUILD/wirelog-exporter
python=/usr/bin/python3 # the distribution's, which has the distribution's modules

claim every_alert_is_right promtool check rules drivers-config/prometheus/alerts.yml
claim every_alert_is_silent_before_and_fires_after promtool test rules tests/e2e/alerts.yml
alerts() { sed -n 's/^ *- alert: //p' drivers-config/prometheus/alerts.yml | sort; }
claim every_alert_has_a_test cmp <(alerts) <(sed -n 's/^ *alertname: //p' tests/e2e/alerts.yml | sort -u)
claim every_alert_has_a_paragraph cmp <(alerts) <(sed -n 's/^- \*\*\(Wirelog[A-Za-z]*\)\*\*.*/\1/p' docs/OPERATIONS.md | sort)

need_watched_cluster told 500 200

"$exporter" --listen 127.0.0.1:0 "${directories[@]}" >"$work/exporter.out" 2>&1 &
exporter_pid=$!
extra_pids+=("$exporter_pid")
need exporter_listens wait_until 10 grep -q port "$work/exporter.out"
port=$(awk '{ print $3 }' "$work/exporter.out")

# http METHOD PATH [ACCEPT]: status and type, then the body
http() {
	"$python" - "$port" "$@" <<-'END'
		import http.client, sys
		port, method, path, accept = (sys.argv[1:] + [""])[:4]
		connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
		connection.request(method, path, headers={"Accept": accept} if accept else {})
		answer = connection.getresponse()
		print(answer.status, answer.getheader("content-type"))
		sys.stdout.write(answer.read().decode())
	END
}
# parse MODULE ACCEPT: families, as python3-prometheus-client reads them; and that a histogram's buckets only grow
parse() {
	http GET /metrics "$2" | tail -n +2 | "$python" -c '
import importlib, sys
parser = importlib.import_module(sys.argv[1])
families = list(parser.text_string_to_metric_families(sys.stdin.read()))
for family in families:
    last = {}
    for sample in family.samples:
        if not sample.name.endswith("_bucket"):
            continue
        key = tuple((k, v) for k, v in sorted(sample.labels.items()) if k != "le")
        assert sample.value >= last.get(key, 0), sample
        last[key] = sample.value
print(len(families))' "$1"
}
metric() { http GET /metrics | awk -v name="$1" 'index($0, name) == 1 { print $NF }'; } # NAME{LABELS}

claim text_is_0_0_4 grep -q '^200 text/plain; version=0.0.4' <(http GET /metrics)
claim OpenMetrics_is_given_when_asked_for grep -q '^200 application/openmetrics-text; version=1.0.0' <(http GET /metrics application/openmetrics-text)
claim promtool_finds_nothing promtool check metrics < <(http GET /metrics | tail -n +2)
claim python_parses_text test "$(parse prometheus_client.parser '')" -gt 100
claim python_parses_OpenMetrics test "$(parse prometheus_client.openmetrics.parser application/openmetrics-text)" -gt 100
are_up() { [ "$(metric wirelog_up | sort | uniq -c | awk '{ print $1, $2 }')" = '3 1' ]; }
claim each_node_is_up wait_until 10 are_up
leader_is_told() { find_leader && [ "$(metric "wirelog_journal_leads{node=\"$leader\",journal=\"0\"}")" = 1 ]; }
claim the_leader_leads wait_until 10 leader_is_told
claim once_is_the_same_page promtool check metrics < <("$exporter" --once "${directories[@]}")

claim another_path_is_404 grep -q '^404 ' <(http GET /../../etc/passwd)
claim another_method_is_405 grep -q '^405 ' <(http POST /metrics)
hostile() { # hundreds of connections that say nothing, half, or nonsense, and go
	"$python" - "$port" <<-'END'
		import os, socket, sys
		held = []
		for number in range(400):
		    s = socket.socket()
		    s.settimeout(2)
		    try:
		        s.connect(("127.0.0.1", int(sys.argv[1])))
		        s.send([b"", b"GET /metr", b"\0" * 5000, b"GET /" + b"a" * 60000, b"GET / HTTP/1.1\r\nHost: " + b"x" * 40000,
		                os.urandom(300), b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"][number % 7])
		    except OSError:
		        pass
		    held.append(s)
	END
}
claim hostile_requests_go_by hostile
is_there() { http GET /metrics | grep -q '^200 '; }
claim exporter_serves_after_them wait_until 15 is_there
claim it_is_the_same_process kill -0 "$exporter_pid"

# The distribution's Prometheus, one scrape a second.
free_port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$work/prometheus.yml" <<-END
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	rule_files: ["$PWD/drivers-config/prometheus/alerts.yml"]
	scrape_configs:
	  - job_name: wirelog
	    static_configs: [{targets: ["127.0.0.1:$port"]}]
END
claim the_file_to_copy_is_right promtool check config --syntax-only drivers-config/prometheus/prometheus.yml
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
	--web.listen-address="127.0.0.1:$free_port" >"$work/prometheus.out" 2>&1 &
extra_pids+=($!)
# Asks each query of the dashboard: fails while one of them has no data, and names it.
ask_dashboard() {
	"$python" - "$free_port" drivers-config/prometheus/dashboard.json <<-'END'
		import json, sys, urllib.parse, urllib.request
		port, path = sys.argv[1:]
		board = json.load(open(path))
		queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
		queries += [annotation["expr"].split(" > ")[0] for annotation in board["annotations"]["list"]]
		for query in queries:
		    text = urllib.parse.quote(query.replace("$__rate_interval", "10s"))
		    answer = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={text}", timeout=5))
		    if answer["status"] != "success" or not answer["data"]["result"]:
		        sys.exit(f"no data: {query}")
		print(len(queries), "queries")
	END
}
claim every_query_of_the_dashboard_has_data wait_until 60 ask_dashboard
fires() { # ALERT
	"$python" - "$free_port" "$1" <<-'END'
		import json, sys, urllib.request
		answer = json.load(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/api/v1/alerts", timeout=5))
		sys.exit(not any(a["labels"]["alertname"] == sys.argv[2] for a in answer["data"]["alerts"]))
	END
}
wait_leader
gone=$(followers_of "$leader" | head -n 1)
kill_node "$gone"
is_down() { [ "$(metric "wirelog_up{run_directory=\"$run_base/told/$gone\"}")" = 0 ]; }
claim its_sample_says_so wait_until 10 is_down
claim prometheus_sees_the_node_down wait_until 20 fires WirelogNodeDown
claim prometheus_sees_lost_redundancy wait_until 20 fires WirelogRedundancyLost
start_node "$gone"
need it_comes_back wait_started "$gone"

kill -TERM "$exporter_pid"
wait "$exporter_pid"
claim exporter_ends_with_0 test $? -eq 0
need loader_ends stop_loader a
final_check

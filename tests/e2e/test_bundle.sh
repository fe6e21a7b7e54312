#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog doctor --bundle: one archive that tar reads, of mode 0600, with what nodes, host and configuration say; no byte of a key is in it; what
# a dead node cannot say is named; a file that is there stays as it is.
# beside: others
# timeout: 60
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

need cluster_is_made make_cluster bundle
need nodes_start start_all
need there_is_a_leader wait_leader
kill_node 3

key=$(tr -d ' \n' <"$cluster/cluster.key")
# Names of secrets where none belongs.
cp "$cluster/node1.yaml" "$work/node1.yaml"
printf '%s\n' '# api_token: CANARY-one' "# security: {key_file: \"/CANARY-two\"}" >>"$work/node1.yaml"

make_bundle() { # FILE CONFIG
	# shellcheck disable=SC2046
	"$wirelog" doctor "$2" $(directories 1 2 3) --bundle "$1" >"$work/bundle.out" 2>&1
}
content() { tar -xOf "$work/bundle.tar" "$1"; } # NAME
has() { content "$1" | jq -e "$2" >/dev/null; } # NAME JQ-EXPRESSION

old=$(umask)
umask 000
claim it_is_written make_bundle "$work/bundle.tar" "$cluster/node1.yaml"
umask "$old"
claim nobody_else_may_read_it test "$(stat -c %a "$work/bundle.tar")" = 600
claim tar_reads_it tar -tf "$work/bundle.tar"
claim it_has_the_status has nodes/1/status.json '.node == 1 and .pid > 0'
claim of_each_node_that_runs has nodes/2/status.json '.node == 2'
claim the_histories has nodes/1/latency-3600s.json '.journals | length == 1'
claim the_events has nodes/1/events.json '.events | length > 0'
claim and_the_effective_configuration has nodes/1/config.json '.network_mtu > 0'
claim which_names_no_key has nodes/1/config.json '.key_file == "(left out)"'
claim the_log_is_in_it grep -q ' started ' <(content nodes/1/log)
claim the_doctors_checks has doctor.json '.checks | length > 10'
claim the_versions has versions.json '.wirelog | length > 0'
claim the_host grep -q MemTotal <(content host/proc/meminfo)
claim the_events_of_the_dead_one grep -q election <(content nodes/3/events.ring)
claim its_silence_is_named grep -q '^nodes/3/status.json: ' <(content MISSING)
claim and_told grep -q '^nodes/3/status.json: ' "$work/bundle.out"
claim the_file_of_the_configuration grep -q '^ *election_timeout_ms:' <(content node.yaml)
claim without_the_path_of_the_key grep -q 'key_file: (left out)' <(content node.yaml)
has_no() { ! grep -qaF -- "$2" "$1"; } # FILE TEXT
claim no_byte_of_the_key_is_in_it has_no "$work/bundle.tar" "$key"
claim nor_half_of_it has_no "$work/bundle.tar" "${key:0:16}"

sum=$(cksum <"$work/bundle.tar")
make_bundle "$work/bundle.tar" "$cluster/node1.yaml"
claim a_file_that_is_there_is_refused test "$?" -eq 74
claim and_stays test "$(cksum <"$work/bundle.tar")" = "$sum"
ln -s "$work/elsewhere" "$work/link.tar"
make_bundle "$work/link.tar" "$cluster/node1.yaml"
claim no_link_is_followed test ! -e "$work/elsewhere"
claim secrets_in_comments_too make_bundle "$work/canary.tar" "$work/node1.yaml"
claim nothing_of_them_is_in_it has_no "$work/canary.tar" CANARY
stop_all

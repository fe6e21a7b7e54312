#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Configurations that are wrong: file, line, column, exit code, and nothing started.
# beside: others
# timeout: 60
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

make_cluster main || exit 1

# refused NAME EXIT LINE:COLUMN CODE SED...: node 1's configuration with a change
refused() {
	local name=$1 exit_code=$2 place=$3 code=$4 file=$cluster/bad.yaml
	shift 4
	sed "$@" "$cluster/node1.yaml" >"$file"
	run_daemon "$file"
	claim "${name}_ends_with_$exit_code" test "$status" -eq "$exit_code"
	claim "${name}_names_the_place" grep -qE "^$file:$place: .*\[$code\]" "$work/daemon.out"
	claim "${name}_starts_nothing" test ! -e "$cluster/node1/data" -a ! -e "$run_base/main/1"
	run_daemon "$file" --check
	claim "${name}_is_found_by_check" test "$status" -eq "$exit_code"
}

line_of() { grep -n "$1" "$cluster/node1.yaml" | head -n 1 | cut -d: -f1; }

refused unknown_key 78 "$(line_of '^  path:'):3" CONFIG_UNKNOWN_KEY -e 's|^  path:|  pfad:|'
refused key_twice 78 "$(($(line_of '^run_directory:') + 1)):1" CONFIG_UNKNOWN_KEY -e 's|^\(run_directory:.*\)|\1\n\1|'
refused wrong_type 78 "$(line_of 'segment_bytes:'):18" CONFIG_VALUE -e 's|segment_bytes: .*|segment_bytes: [8MiB]|'
refused bad_value 78 "$(line_of 'segment_bytes:'):18" CONFIG_VALUE -e 's|segment_bytes: .*|segment_bytes: 9MiB|'
refused bad_range 78 "$(line_of 'election_timeout_ms:'):24" CONFIG_VALUE -e 's|election_timeout_ms: .*|election_timeout_ms: 3|'
refused contradiction 78 "$(line_of 'heartbeat_ms:'):17" CONFIG_CONFLICT -e 's|heartbeat_ms: .*|heartbeat_ms: 399|'
refused node_that_is_not_listed 78 "$(line_of '^  node:'):9" CONFIG_CONFLICT -e 's|^  node: .*|  node: 5|'
refused broken_yaml 78 '[0-9]+:[0-9]+' CONFIG_SYNTAX -e 's|^storage:|storage: {|'

run_daemon "$cluster/absent.yaml"
claim absent_file_ends_with_66 test "$status" -eq 66
claim absent_file_is_named grep -q "absent.yaml.*CONFIG_UNREADABLE" "$work/daemon.out"
run_daemon "$cluster/node1.yaml" --no-such-option
claim wrong_option_ends_with_64 test "$status" -eq 64

# Keys of the wrong kind.
sed '/^security:/,/key_file:/d' "$cluster/node1.yaml" >"$cluster/bad.yaml"
run_daemon "$cluster/bad.yaml"
claim no_key_no_start test "$status" -eq 78
claim no_key_is_named grep -q KEY_MISSING "$work/daemon.out"
chmod 0644 "$cluster/cluster.key"
run_daemon "$cluster/node1.yaml"
claim key_open_to_others_ends_with_77 test "$status" -eq 77
claim key_open_to_others_is_named grep -q KEY_UNSAFE "$work/daemon.out"
chmod 0600 "$cluster/cluster.key" && echo short >"$cluster/cluster.key"
run_daemon "$cluster/node1.yaml"
claim short_key_ends_with_77 test "$status" -eq 77
claim nothing_was_made_by_any_of_these test ! -e "$cluster/node1/data"

# Every example that is shipped is right.
# Profiles of NICs are read by doctor and tune (test_nic_family.c).
for file in $(printf "%s\n" drivers-config/*.yaml drivers-config/*/*.yaml | grep -v ^drivers-config/nic/); do
	run_daemon "$file" --check
	claim "shipped_${file//\//_}_is_right" test "$status" -eq 0
done
claim config_check_says_the_same "$wirelog" config check drivers-config/reference.yaml
"$wirelog" config check "$cluster/absent.yaml" >/dev/null 2>&1
claim config_check_ends_as_the_daemon_does test $? -eq 66

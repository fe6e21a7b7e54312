#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The demo cluster as the README shows it, as a user without privileges (nobody, when root runs the tests).
# beside: others
# timeout: 150
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

home=$(mktemp -d "${TMPDIR:-/var/tmp}/wld.XXXXXX") || exit 1
as_user=()
programs=$BUILD
if is_root; then
	# Somebody else's directories may be closed to nobody: everything that is needed comes along.
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	programs=$home/bin
	mkdir "$programs"
	cp "$wirelog" "$wirelogd" "$BUILD"/libwirelog*.so.* "$programs"
	cp -r drivers-config/demo "$home/configurations"
	chmod -R a+rX "$home"
	chown -R 65534:65534 "$home"
fi
command=("${as_user[@]}" env -u XDG_STATE_HOME "HOME=$home" "$programs/wirelog")
configurations=drivers-config/demo
! is_root || configurations=$home/configurations

user() { "${command[@]}" "$@"; }

demo_pids() { sed -n 's/^pids=//p' "$home/.local/state/wirelog/demo" | tr : ' '; }

# Whatever happens: the nodes of the demo are children of nobody here.
end_demo() {
	local pid
	for pid in $(demo_pids 2>/dev/null); do
		[ "$pid" = 0 ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != wl-control ] || kill -KILL "$pid"
	done
	rm -rf "$home"
}
trap 'end_demo; clean_up; [ "$failures" -eq 0 ] || exit 1' EXIT

need demo_starts user demo --directory "$home/demo" --configurations "$configurations"
claim user_is_no_root test "$(stat -c %u "$home/demo/cluster.key")" -ne 0
claim status_says_who_leads grep -q leader <(user status)
need workload user workload itch --messages 20000 -o "$home/day.itch"
claim itch_day_is_appended user append --format itch50 "$home/day.itch"
claim a_line_is_appended bash -c 'echo hello | "$@" append' - "${command[@]}"
user tail --from 1 --count 20000 --format itch50 >"$work/back"
claim itch_day_comes_back cmp "$home/day.itch" "$work/back"
claim status_is_json test "$(user status --json | jq length)" -eq 3
claim leader_is_killed user demo kill leader
claim a_line_is_appended_without_it bash -c 'echo again | "$@" append' - "${command[@]}"
claim killed_node_comes_back user demo start
claim second_demo_is_refused bash -c '"$@" demo; [ $? -eq 75 ]' - "${command[@]}"
chains() { user status --json | jq -r '.[].journals[0] | "\(.commit) \(.chain.index) \(.chain.value)"' | sort -u | wc -l; }
are_equal() { [ "$(chains)" -eq 1 ]; }
claim chains_are_equal wait_until 30 are_equal
mapfile -t were < <(demo_pids | tr ' ' '\n')
claim demo_stops user demo stop
# One that ended may wait as a zombie for whoever adopted it.
is_alive() { [[ $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) == [!Z] ]]; }
still=''
for pid in "${were[@]}"; do ! is_alive "$pid" || still+=" $pid"; done
claim nothing_is_left_running test -z "$still"
claim nothing_is_left_on_disk test ! -e "$home/demo" -a ! -e "$home/.local/state/wirelog/demo"

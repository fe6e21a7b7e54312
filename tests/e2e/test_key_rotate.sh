#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The key of a cluster changes under load, with a writer and a reader that never stop: who lacks the new key is named and nothing changes; then again and
# again, and nothing acknowledged is lost or there twice. Who has the old key alone afterwards is refused by name, client and node.
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

refuses() { answers "$1" "$2" run_tool "${@:3}"; } # EXIT PATTERN COMMAND ARGUMENT...
prints() { grep -qE -- "$1" "$work/tool.out"; }
says() { grep -qE -- "$2" "$cluster/node$1.log"; } # NODE PATTERN
key_of() { echo "$cluster/node$1.key"; }
id_of() { "$wirelog" key id "$1" | tail -n 1; } # FILE: of its last key
new_key() { rm -f "$cluster/$1.key" && "$wirelog" key "$cluster/$1.key" 2>/dev/null; }
place() { # FILE KEY...: another file takes its place at once
	local file=$1
	shift
	(umask 077 && cat "$@" >"$file.new") && mv "$file.new" "$file"
}
place_everywhere() { # KEY...: of nodes and clients
	local node
	for node in 1 2 3; do place "$(key_of $node)" "$@" || return 1; done
	place "$cluster/cluster.key" "$@"
}
reload() { run_tool config reload; }
stage() { journal "$1" '.keys.stage + " " + .keys.now'; } # NODE

make_cluster main || exit 1
for node in 1 2 3; do
	cp "$cluster/cluster.key" "$(key_of $node)"
	sed -i "s|key_file: .*|key_file: node$node.key|" "$cluster/node$node.yaml"
done
cp "$cluster/cluster.key" "$cluster/first.key"
new_key second
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --rate 2000
need appends_are_acknowledged wait_progress a 200
"$wirelog" tail --follow --endpoints "$endpoints" --key-file "$cluster/cluster.key" --cluster "$cluster_uuid" \
	--format hex --from 1 >"$work/read" 2>"$work/read.err" &
reader=$!

# ---- one node lacks it --------------------------------------------------------------------------

for node in 1 2; do place "$(key_of $node)" "$cluster/first.key" "$cluster/second.key"; done
need two_nodes_take_the_file reload
wait_held() { [ "$(of 1 "[.journals[0].peers[] | select(.node == $1) | .keys | length] | add")" -eq "$2" ]; }
claim they_tell_their_peers wait_until 5 wait_held 2 2
claim who_lacks_it_is_named refuses 78 'node 3 does not hold key '"$(id_of "$cluster/second.key")" key rotate "$cluster/second.key"
claim and_nothing_changed test "$(stage 1)" = 'none '

# ---- all have it --------------------------------------------------------------------------------

place_everywhere "$cluster/first.key" "$cluster/second.key"
need all_take_the_file reload
claim it_rotates run_tool key rotate "$cluster/second.key" --timeout 20
claim each_stage_is_told prints "^all nodes refuse $(id_of "$cluster/first.key")\$"
claim again_is_done answers 0 'in force already' run_tool key rotate "$cluster/second.key"
claim it_is_listed answers 0 "^as entry [0-9]+ says: $(id_of "$cluster/second.key") behind $(id_of "$cluster/first.key")\$" run_tool key list
claim as_json run_tool key list --json
claim with_all_nodes test "$(jq -r '[.nodes[] | select(.sends == "'"$(id_of "$cluster/second.key")"'")] | length' "$work/tool.out")" = 3
claim records_go_on wait_progress a 200

# ---- who has the old one alone -------------------------------------------------------------------

append() { # FILE: one record, by who has that key file
	echo x | timeout 20 "$wirelog" append --endpoints "$endpoints" --key-file "$1" --cluster "$cluster_uuid" >"$work/tool.out" 2>&1
}
claim a_client_is_refused_by_name answers 77 "key $(id_of "$cluster/first.key") .*KEY_REFUSED" append "$cluster/first.key"
follower=$(followers_of "$leader" | head -n 1)
end_node "$follower" TERM 2>/dev/null
place "$(key_of "$follower")" "$cluster/first.key"
start_node "$follower"
need a_node_starts_with_it wait_started "$follower"
claim it_says_so_itself wait_until 10 says "$follower" 'KEY_REFUSED|why=other_key'
claim and_its_neighbours_do wait_until 15 says "$leader" "not_believed.*why=other_key node=$follower key=$(id_of "$cluster/first.key")"
place "$(key_of "$follower")" "$cluster/first.key" "$cluster/second.key"
asked=$follower
need it_takes_the_file reload
asked=
counts_again() { [ "$(journal "$leader" ".peers[] | select(.node == $follower) | .may_succeed")" = true ]; }
claim and_could_lead_again wait_until 20 counts_again

# ---- one after the other ------------------------------------------------------------------------

rotate_to() { # OLD NEW
	new_key "$2" && place_everywhere "$cluster/$1.key" "$cluster/$2.key" && reload >/dev/null &&
		run_tool key rotate --timeout 20 && return
	cat "$work/tool.out"
	return 1
}
claim a_removal_says_that_it_is_due answers 0 'node [0-9] still holds the cluster.s key' run_tool member remove "$follower"
claim as_the_list_does answers 0 'wirelog key rotate. is due' run_tool key list
claim and_the_status answers 0 'wirelog key rotate. is due' run_tool status
claim once_more rotate_to second third
claim then_it_is_not_due_any_more test "$(journal "$leader" .keys.rotation_due)" = false
claim the_member_comes_back run_tool member add "$follower"
claim and_again rotate_to third fourth
claim and_a_fourth_time rotate_to fourth fifth
claim records_still_go_on wait_progress a 200
claim every_append_is_answered stop_loader a
is_read() { [ "$(wc -l <"$work/read")" -gt 500 ] && kill -0 "$reader"; }
claim the_reader_never_stopped is_read
kill "$reader" 2>/dev/null
wait "$reader" 2>/dev/null
claim it_was_told_of_no_error test ! -s "$work/read.err"
final_check

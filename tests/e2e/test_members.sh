#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog member: three running nodes are told of a fourth and become four while records flow, one of the old ones is replaced by the new one, what was removed is not
# needed and comes back as a learner; a leader that is removed hands over first. Nothing that was acknowledged is lost.
# beside: others
# timeout: 180
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

member() { run_tool member "$@"; }
refuses() { answers "$1" "$2" member "${@:3}"; } # EXIT PATTERN ARGUMENT...

voters() { journal "$1" '.members.voters | map(tostring) | join("")'; } # NODE
has_voters() { [ "$(voters "$1")" = "$2" ]; } # NODE VOTERS
is_learner() { [ "$(journal "$1" "[.members.learners[] == $2] | any")" = true ]; } # NODE WHOM
leads_no_more() { find_leader && [ "$leader" != "$1" ]; }

# Node 4 as node 3 is; all files name each other, and say that it joins.
name_fourth() {
	local node
	sed -e 's/^  node: 3/  node: 4/' -e "s|socket: \"@$tag-c3\"|socket: \"@$tag-c4\"|" -e 's|path: node3/data|path: node4/data|' \
		-e "s|^run_directory:.*|run_directory: $run_base/${cluster##*/}/4|" \
		-e "s|@$tag-1-3|@$tag-1-4|; s|@$tag-2-3|@$tag-2-4|" "$cluster/node3.yaml" >"$cluster/node4.yaml"
	mkdir -p "$cluster/node4" "$run_base/${cluster##*/}/4"
	for node in 1 2 3; do
		sed -i "0,/kind: memif/s|^\( *\)- {kind: memif|\1- {kind: memif, peer: 4, socket: \"@$tag-$node-4\"}\n&|" "$cluster/node$node.yaml"
	done
	sed -i "0,/kind: memif/s|^\( *\)- {kind: memif|\1- {kind: memif, peer: 3, socket: \"@$tag-3-4\"}\n&|" "$cluster/node4.yaml"
	sed -i "s|^    - {id: 3, .*|&\n    - {id: 4, address: 198.51.100.4, client_endpoint: \"memif:@$tag-c4\", joins: on}|" "$cluster"/node?.yaml
	endpoints+=,$(endpoint 4)
}

reload() { "$wirelog" config reload --run-directory "$run_base/members/$1" >"$work/reload.out" 2>&1; } # NODE
says() { grep -q -- "$1" "$work/reload.out"; }
links_of() { of "$1" '.links | length'; } # NODE

make_cluster members || exit 1
need cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-min 100 --size-max 3000 --rate 1000
need appends_are_acknowledged wait_progress a 200
asked='1 2 3'

# ---- a node that they are told of while they run -----------------------------------------------------

claim nobody_is_added_who_is_in_no_file refuses 64 'not in this node.s file' add 4
need fourth_node_is_named name_fourth
for node in 1 2 3 4; do need "file_${node}_is_right" "$wirelogd" --config "$cluster/node$node.yaml" --check; done
links_before=$(links_of 1)
for node in 1 2 3; do
	need "node_${node}_reads_its_file" reload "$node"
	claim "node_${node}_needs_no_restart_for_it" says 'cluster.nodes: changed'
done
claim its_link_is_told_in_status gives $((links_before + 1)) links_of 1
claim the_same_file_changes_nothing reload 1
claim which_it_says says 'nothing is different'

# ---- three to four ---------------------------------------------------------------------------------

claim who_votes_is_listed member list
claim with_all_three test "$(grep -c ' voter' "$work/tool.out")" = 3
claim nobody_is_promoted_who_does_not_learn refuses 64 'no learner or voter' promote 4
claim nobody_is_added_who_is_in_no_file refuses 64 'not in this node.s file' add 5
start_node 4
need fourth_node_starts wait_started 4
claim it_leads_nobody_and_hears_nobody has_voters 4 123
claim it_is_added member add 4
claim it_learns wait_until 10 is_learner "$leader" 4
claim it_is_promoted_when_it_has_everything member promote 4 --timeout 60
for node in 1 2 3 4; do claim "node_${node}_counts_it" wait_until 20 has_voters "$node" 1234; done
claim asked_again_it_is_done member promote 4
claim appends_go_on wait_progress a 300
claim leadership_goes_to_it "$wirelog" transfer 4 --run-directory "$run_base/members/1"
claim who_appends_finds_it wait_progress a 300

# ---- the leader is replaced ------------------------------------------------------------------------

need somebody_leads wait_leader
gone=$leader
claim a_voter_is_not_put_in_place_of_another refuses 64 'no learner or voter' replace "$gone" "$(followers_of "$gone" | head -n 1)"
claim the_leader_is_removed member remove "$gone" --timeout 60
claim it_has_handed_over wait_until 20 leads_no_more "$gone"
left=$(printf '%s' "1234" | tr -d "$gone")
asked=$(followers_of "$gone" | tr '\n' ' ')
claim the_others_vote wait_until 20 has_voters "$leader" "$left"
kill_node "$gone" 2>/dev/null
claim it_is_not_needed wait_progress a 300

# ---- and comes back, in the place of another ---------------------------------------------------------

need somebody_leads_still wait_leader
start_node "$gone"
need it_starts_again wait_started "$gone"
other=$(followers_of "$leader" | grep -v "^$gone\$" | head -n 1)
claim it_takes_the_place_of_another member replace "$other" "$gone" --timeout 60 --json
claim the_new_list_is_told test "$(jq -r '.[0].members.voters | length' "$work/tool.out")" = 3
voting=$(printf '%s' "1234" | tr -d "$other")
for node in $(printf '%s' "$voting" | sed 's/./& /g'); do
	claim "node_${node}_has_the_list" wait_until 20 has_voters "$node" "$voting"
done
claim as_json member list --json
claim with_the_voters test "$(jq -r '.[0].members.voters | map(tostring) | join("")' "$work/tool.out")" = "$voting"
end_node "$other" TERM
asked=$(printf '%s' "$voting" | sed 's/./& /g')

# ---- all of it is in the log -------------------------------------------------------------------------

claim appends_go_on_still wait_progress a 300
claim loader_ends stop_loader a
stop_all
for node in $asked; do start_node "$node"; done
# shellcheck disable=SC2086
need they_come_back wait_started $asked
need one_leads wait_leader
for node in $asked; do claim "node_${node}_knows_it_from_its_log" wait_until 20 has_voters "$node" "$voting"; done
final_check

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# wirelog upgrade: three nodes of an older build under load get the present one, one after the other; builds work side by side, one node goes back; finalize is
# refused while a member has not declared all, by name, and works while one that has is away; behind it the older build is refused on these data,
# which it leaves as they are. The older build is the present one without its newest feature, or OLD=COMMIT: made from git.
# beside: others
# timeout: 120
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

present=$wirelogd
older=$e2e/wirelogd-older
places=64 # of consumers, before the newest feature

wire_version() { sed -n 's/^#define WL_FRAME_VERSION \([0-9]*\).*/\1/p' "$1/dataplane/wire/frame.h"; } # TREE

# Of a commit; where its nodes do not hear ours an upgrade is a stop, and there is nothing to show.
make_old() { # COMMIT
	local tree=$BUILD/old/$1
	[ -x "$tree/build/wirelogd" ] || {
		mkdir -p "$tree" && git archive "$1" | tar -x -C "$tree" && make -s -C "$tree" build/wirelogd DEPS=no
	} >"$work/old.out" 2>&1 || return 1
	older=$tree/build/wirelogd
}
if [ -n "${OLD:-}" ]; then
	need older_build_is_made make_old "$OLD"
	if [ "$(wire_version "$BUILD/old/$OLD")" != "$(wire_version .)" ]; then
		skip upgrade "commit $OLD speaks version $(wire_version "$BUILD/old/$OLD") of the wire, this one $(wire_version .): stop all nodes, start all"
		exit 0
	fi
fi

put() { wirelogd=$2 && start_node "$1" && wait_started "$1"; } # NODE BUILD
replace() { # NODE BUILD
	end_node "$1" TERM && put "$1" "$2"
}
upgrade() { run_tool upgrade "$@"; }
in_force() { journal "$1" '.features.in_force | join(" ")'; } # NODE
has_in_force() { [[ " $(in_force "$1") " == *" $2 "* ]]; } # NODE FEATURE
has_said() { [ "$(journal "$1" ".peers[] | select(.node == $2) | .version != null and (.declared | length) > 0")" = true ]; } # NODE PEER
lists() { upgrade list && grep -qE -- "$1" "$work/tool.out"; }
gives_reason() { of "$1" '[.health.reasons[].reason] | join(" ")' | grep -qw "$2"; } # NODE REASON
superblock() { find "$cluster/node$1/data" -type f -exec cksum {} + | sort; } # NODE
is_refused() { # NODE: the older build, on its data
	local before
	before=$(superblock "$1")
	wirelogd=$older
	run_daemon "$cluster/node$1.yaml"
	[ "$status" -eq 76 ] && [ "$(superblock "$1")" = "$before" ]
}
make_consumers() { # up to so many
	local at
	for ((at = $(journal "$leader" '.consumers | length'); at < $1; at++)); do run_tool consumer set "c$at" --to 1 || return 1; done
}

make_cluster upgrade || exit 1
wirelogd=$older
need older_cluster_starts start_all
need a_leader_is_elected wait_leader
start_loader a --size-max 600 --rate 1000
need appends_are_acknowledged wait_progress a 200

# ---- one after the other -----------------------------------------------------------------------------

claim node_3_gets_the_present_build replace 3 "$present"
asked=3
claim it_knows_what_it_has_and_what_is_in_force lists 'not yet: .*consumers-128'
claim the_newest_is_not_in_force_here test "$(in_force 3 | grep -c consumers-128)" = 0
claim appends_go_on wait_progress a 200
claim node_2_gets_it replace 2 "$present"
claim the_two_know_of_each_other wait_until 10 has_said 3 2
[ -n "${OLD:-}" ] || claim that_builds_differ_is_told wait_until 10 gives_reason 3 versions_differ
claim finalize_is_refused_while_one_is_older answers 64 'node 1 .*consumers-128' upgrade finalize
claim appends_go_on_in_a_mixed_cluster wait_progress a 200
if [ -z "${OLD:-}" ]; then
	asked='2 3'
	need somebody_leads wait_leader
	claim places_are_those_of_the_older_build make_consumers $places
	claim and_no_more answers 64 "may be: $places" run_tool consumer set one-more --to 1
fi

# ---- and back ----------------------------------------------------------------------------------------

claim node_3_goes_back replace 3 "$older"
claim appends_go_on_behind_it wait_progress a 200
asked=2
claim finalize_names_both answers 64 'node 1 .*node 3 ' upgrade finalize
claim node_3_comes_again replace 3 "$present"
claim node_1_gets_it_last replace 1 "$present"
claim appends_go_on_still wait_progress a 200

# ---- for good ----------------------------------------------------------------------------------------

for node in 1 3; do claim "node_${node}_has_said_so" wait_until 10 has_said 2 "$node"; done
need one_leads wait_leader
away=$(followers_of "$leader" | grep -v '^2$' | head -n 1)
claim a_follower_goes_away kill_node "$away"
asked=$leader
claim finalize_does_not_wait_for_who_declared_it upgrade finalize
claim it_is_in_force_at_the_leader has_in_force "$leader" consumers-128
claim and_at_who_is_asked_again_at_once upgrade finalize --json
claim which_changes_nothing test "$(jq -r '.[0].features.lacks' "$work/tool.out")" = false
claim nothing_waits_any_more test "$(jq -r '.[0].features.in_force | join(" ")' "$work/tool.out")" = 'features consumers-128'
[ -n "${OLD:-}" ] || claim the_new_rule_is_used make_consumers $((places + 1))

# ---- no way back ---------------------------------------------------------------------------------------

claim present_build_starts_where_it_was_away put "$away" "$present"
claim it_is_in_force_there wait_until 20 has_in_force "$away" consumers-128
claim it_ends end_node "$away" TERM
claim older_build_is_refused_and_leaves_the_data is_refused "$away"
if [ -z "${OLD:-}" ]; then
	claim it_says_which_feature grep -q 'code=FEATURE_UNKNOWN exit=76 .*consumers-128' "$work/daemon.out"
else
	claim it_says_that_the_data_are_newer grep -q 'code=STORE_VERSION' "$work/daemon.out"
fi
claim present_build_goes_on put "$away" "$present"
claim loader_ends stop_loader a
final_check

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/run_internal.h"

/* As its stable storage say: its data vote and are counted, in every journal (control/agent/incarnations.h). */
bool sim_run_data_count_in(const struct sim_node *node, unsigned journal)
{
	struct wl_superblock record;
	unsigned damaged;

	return wl_superblock_choose(node->drives[0].superblock, &record, &damaged) ==
		       WL_SUPERBLOCK_OK &&
	       record.journals[journal].caught_up_boot != 0;
}

bool sim_run_data_count(const struct sim_run_state *run, const struct sim_node *node)
{
	unsigned journal = 0;

	while (journal < run->plan->journals && sim_run_data_count_in(node, journal))
		journal++;
	return journal == run->plan->journals;
}

/* A leader counts what the largest record may cost before its log has no room at all (replica_room.c). */
bool sim_run_lacks_room(const struct sim_run_state *run, unsigned journal, unsigned number)
{
	const struct sim_node *node = &run->cluster.nodes[number];
	uint64_t most = WL_LOG_SLACK_BYTES +
			wl_log_entry_cost(run->plan->record_bytes + WL_ENTRY_BYTES_TARGET);
	const struct wl_log *log;

	if (!node->up)
		return false;
	log = &node->journals[journal]->log;
	return wl_log_is_full(log) || (!wl_log_can_grow(log) && wl_log_record_room(log) < most);
}

/* By the newest list of members that is committed. */
bool sim_run_decides(const struct sim_run_state *run, unsigned journal, wl_members nodes)
{
	return wl_list_decides(&run->oracles[journal].list, nodes);
}

/* Whoever is not has what came to it until it was none. */
bool sim_run_is_member(const struct sim_run_state *run, unsigned journal, unsigned number)
{
	return wl_members_has(wl_list_everybody(&run->oracles[journal].list), number);
}

/*
 * Without room in a majority's logs there is nothing to acknowledge. That somebody leads all the same, ready, is demanded:
 * readers must see what is committed, and clients hear NO_SPACE.
 */
bool sim_run_is_full(const struct sim_run_state *run, unsigned journal)
{
	wl_members full = 0;
	unsigned leader;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		if (sim_run_lacks_room(run, journal, number))
			full |= 1u << number;
	}
	leader = sim_cluster_leader(&run->cluster, journal);
	return leader != 0 &&
	       (!sim_run_decides(run, journal, ~full) ||
		!wl_list_decides(&run->cluster.nodes[leader].journals[journal]->log.list, ~full));
}

bool sim_run_is_out(const struct sim_node *node)
{
	return node->refused || sim_node_is_dormant(node);
}

/* A disk was lost, or is not opened: else every node comes to count, and the cluster to begin. */
static bool lost_disks(const struct sim_run_state *run)
{
	bool lost = false;

	for (unsigned number = 1; number <= run->plan->nodes; number++)
		lost |= run->cluster.nodes[number].forgets != 0 ||
			run->cluster.nodes[number].mended != 0 ||
			run->cluster.nodes[number].taken_back != 0 ||
			sim_run_is_out(&run->cluster.nodes[number]);
	return lost;
}

/* Data that were refused stay refused, and data that forgot count for nothing until the others have taken them in. */
static wl_members lame_of(const struct sim_run_state *run, bool or_forgot)
{
	wl_members lame = 0;

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (sim_run_is_out(node) || node->contradicted ||
		    (or_forgot && lost_disks(run) && !sim_run_data_count(run, node)))
			lame |= 1u << number;
	}
	return lame;
}

bool sim_run_majority_is_lame(const struct sim_run_state *run, bool or_forgot)
{
	wl_members lame = lame_of(run, or_forgot);
	bool is = false;

	for (unsigned journal = 0; journal < run->plan->journals; journal++)
		is |= !sim_run_decides(run, journal, ~lame);
	return is;
}

/*
 * A change of members had begun, is committed nowhere, and stands in a log that may lead: who counts by it needs nodes that are lame. Whether
 * the others go on without that log is chance.
 */
bool sim_run_majority_of_a_change_is_lame(const struct sim_run_state *run)
{
	wl_members lame = lame_of(run, true);

	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		for (unsigned journal = 0; node->up && journal < run->plan->journals; journal++) {
			if (!wl_members_has(lame, number) &&
			    sim_run_is_member(run, journal, number) &&
			    !wl_list_decides(&node->journals[journal]->log.list, ~lame))
				return true;
		}
	}
	return false;
}

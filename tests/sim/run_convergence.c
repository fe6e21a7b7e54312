/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/run_internal.h"

#define CONVERGENCE_NS 10000000000u
#define CHECKPOINT_NS 10000000000u /* so long an application asks for one, client/checkpointer.c */

/* Of a time that has not come yet there is nothing to be had. */
static bool reader_has_all(const struct sim_run_state *run, const struct sim_client *client)
{
	const struct sim_oracle *oracle = &run->oracles[client->journal];
	const struct sim_reader *reader = &client->reader;

	if (reader->node != 0 && sim_node_table_rots(&run->cluster.nodes[reader->node]))
		return true;
	/* Who is no member has nothing new; a reader that is between two nodes may have left such a one. */
	if (reader->node != 0 ? !sim_run_is_member(run, client->journal, reader->node)
			      : wl_list_everybody(&run->oracles[client->journal].list) !=
					((1u << run->plan->nodes) - 1) << 1)
		return true;
	if (reader->node != 0 &&
	    (sim_node_needs_base(&run->cluster, &run->cluster.nodes[reader->node],
				 client->journal) ||
	     sim_run_lacks_room(run, client->journal, reader->node)))
		return true; /* no more is to be had there */
	if (!reader->started && reader->from == WL_WIRE_FROM_TIME)
		return reader->heard &&
		       sim_oracle_first_since(oracle, reader->value) > oracle->numbers;
	return reader->started && reader->next_number > oracle->numbers;
}

/* A node has the committed log, or as much of it as can come to it. One without room stays behind where a majority packed the same into less. */
static bool journal_has_converged(const struct sim_run_state *run, unsigned journal)
{
	if (sim_cluster_leader(&run->cluster, journal) == 0)
		return false;
	for (unsigned number = 1; number <= run->plan->nodes; number++) {
		const struct sim_node *node = &run->cluster.nodes[number];

		if (node->up && !node->journals[journal]->dormant && !node->contradicted &&
		    !sim_node_table_rots(node) && sim_run_is_member(run, journal, number) &&
		    !sim_node_needs_base(&run->cluster, node, journal) &&
		    !sim_run_lacks_room(run, journal, number) &&
		    node->journals[journal]->replica.commit < run->oracles[journal].committed)
			return false;
	}
	return true;
}

/* Others live and keep theirs (dataplane/service/opening.c): who finds no place has been told so. */
static bool is_turned_away(const struct sim_run_state *run, const struct sim_client *client)
{
	return run->plan->sessions_max < run->plan->clients &&
	       sim_library_waits_for_a_place(client);
}

static bool has_converged(const struct sim_run_state *run)
{
	for (unsigned journal = 0; journal < run->plan->journals; journal++) {
		if (!journal_has_converged(run, journal))
			return false;
	}
	for (unsigned client = 0; client < run->plan->clients; client++) {
		if (run->clients[client].outstanding_count != 0 &&
		    !sim_run_is_full(run, run->clients[client].journal) &&
		    !is_turned_away(run, &run->clients[client]))
			return false;
		if (sim_library_is_unconfirmed(&run->clients[client]) &&
		    !sim_run_is_full(run, run->clients[client].journal))
			return false;
		if (run->clients[client].reader.reads &&
		    !reader_has_all(run, &run->clients[client]))
			return false;
	}
	return true;
}

/* Where a node takes fewer readers than there are, those that are through must make room. */
static void make_room(struct sim_run_state *run)
{
	for (unsigned client = 0; client < run->plan->clients; client++) {
		struct sim_client *reading = &run->clients[client];

		if (run->plan->subscriptions_max < run->plan->readers && reading->reader.reads &&
		    reading->outstanding_count == 0 && reader_has_all(run, reading) &&
		    (reading->reader.node == 0 ||
		     sim_run_is_member(run, reading->journal, reading->reader.node)))
			sim_reader_leave(reading);
	}
}

/* "Refused" was final, whenever it was said. */
static void check_refused(const struct sim_run_state *run, const struct sim_client *client)
{
	const struct sim_oracle *oracle = &run->oracles[client->journal];

	for (uint64_t number = 1; number <= oracle->numbers; number++) {
		if (sim_library_has_refused(client, &oracle->records[number]))
			sim_violation(&run->cluster, 0, "library",
				      "client %u was told that record %llu is refused",
				      client->number, (unsigned long long)number);
	}
}

/* In a full journal no checkpoint is taken. Who asked for one begins to read, without a name, when it has given up. */
static uint64_t converges_within(const struct sim_run_state *run)
{
	for (unsigned journal = 0; run->plan->consumers != 0 && journal < run->plan->journals;
	     journal++) {
		if (sim_run_is_full(run, journal))
			return CHECKPOINT_NS + CONVERGENCE_NS;
	}
	return CONVERGENCE_NS;
}

void sim_run_check_convergence(struct sim_run_state *run)
{
	unsigned calm = 0;
	uint64_t waited;

	sim_faults_heal(&run->faults, sim_run_all_nodes(run));
	for (unsigned client = 0; client < run->plan->clients; client++)
		run->clients[client].appending = false;
	/* Twice in a row: what is committed is applied, and nothing was still on its way. */
	for (waited = 0; calm < 2; waited += SIM_STEP_NS) {
		if (waited > converges_within(run))
			sim_violation(&run->cluster, 0, "convergence",
				      "nodes or clients do not come to an end");
		calm = has_converged(run) ? calm + 1 : 0;
		make_room(run);
		if (calm < 2)
			sim_run_advance(run, SIM_STEP_NS);
	}
	for (unsigned journal = 0; journal < run->plan->journals; journal++)
		sim_oracle_finish(&run->oracles[journal]);
	for (unsigned client = 0; client < run->plan->clients && !run->plan->liar; client++)
		check_refused(run, &run->clients[client]);
}

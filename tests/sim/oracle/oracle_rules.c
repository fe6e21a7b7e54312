/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules of the oracle that look at one node or at all stable storage at one moment. */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"
#include "tests/sim/oracle/oracle_internal.h"

#define GHOSTS 24u /* entries looked at: half of them the newest, half by chance */

void sim_oracle_note_leader(struct sim_oracle *oracle, unsigned node, uint64_t term)
{
	const struct wl_list *list = sim_oracle_list_of(oracle, &oracle->cluster->nodes[node]);
	wl_members votes = 0;

	WL_CHECK(term < SIM_ORACLE_TERMS);
	if (oracle->leader_of_term[term] == node)
		return;
	if (oracle->leader_of_term[term] != 0)
		sim_violation(oracle->cluster, node, "O1", "term %llu is led by node %llu, too",
			      (unsigned long long)term,
			      (unsigned long long)oracle->leader_of_term[term]);
	for (unsigned giver = 1; giver <= oracle->cluster->config.nodes; giver++) {
		if (oracle->voted_for[giver][term] == node)
			votes |= 1u << giver;
	}
	if (!wl_list_is_alone(list, node) && !wl_list_decides(list, votes))
		sim_violation(oracle->cluster, node, "O20",
			      "leads term %llu by votes of nodes %x; voters are %x, old ones %x",
			      (unsigned long long)term, votes, list->voters, list->old);
	oracle->leader_of_term[term] = node;
	if (oracle->on_leader)
		oracle->on_leader(oracle->on_answer_context, node);
	oracle->leads_since_ns[node] = oracle->cluster->agenda.now_ns;
}

/* What was ever committed stands on the stable storage of a majority, whoever is up; a drive that forgot is no argument. */
void sim_oracle_check_ghosts(struct sim_oracle *oracle)
{
	unsigned nodes = oracle->cluster->config.nodes;
	wl_members excused = 0;

	for (unsigned number = 1; number <= nodes; number++) {
		if (oracle->cluster->nodes[number].forgot || oracle->cluster->nodes[number].rotten)
			excused |= 1u << number;
	}
	for (unsigned at = 0; at < GHOSTS && at < oracle->committed; at++) {
		uint64_t index = oracle->committed - at;
		wl_members copies = 0;

		if (at >= GHOSTS / 2)
			index = 1 + sim_random_below(&oracle->random, oracle->committed);
		for (unsigned number = 1; number <= nodes; number++)
			copies |= (uint32_t)sim_oracle_has(
					  &oracle->cluster->nodes[number].drives[oracle->journal],
					  oracle->entries[index].offset[number], index,
					  oracle->entries[index].chain)
				  << number;
		if (!wl_list_decides(&oracle->list, copies | excused) &&
		    !wl_list_decides(&oracle->decided_by, copies | excused))
			sim_violation(oracle->cluster, 0, "O12",
				      "committed entry %llu is left on the stables of nodes %x",
				      (unsigned long long)index, copies);
	}
}

static void note_holder(struct sim_oracle *oracle, unsigned node, const struct wl_log_slot *slot)
{
	struct sim_holders *holders = &oracle->holders[slot->index];

	WL_CHECK(slot->index < oracle->entries_max);
	if (slot->term > holders->term)
		*holders = (struct sim_holders){.term = slot->term};
	if (slot->term == holders->term)
		holders->nodes |= 1u << node;
}

/* Log matching: one {term, index}, one chain value, on all nodes, committed or not. */
void sim_oracle_check_matching(struct sim_oracle *oracle, struct sim_node *node)
{
	const struct wl_log *log = &node->journals[oracle->journal]->log;
	uint64_t from = oracle->tail_seen[node->number];

	if (oracle->tail_generation[node->number] != log->generation + (node->boot << 32) ||
	    from > log->tail.index) {
		oracle->tail_generation[node->number] = log->generation + (node->boot << 32);
		from = node->journals[oracle->journal]->replica.commit;
	}
	for (uint64_t index = from + 1; index <= log->tail.index; index++) {
		const struct wl_log_slot *slot = &log->slots[index % WL_LOG_ENTRIES_IN_RING];
		uint64_t at = (index * 31 + slot->term) * 0x9e3779b97f4a7c15u >> 48;
		struct sim_position_chain *known = &oracle->matching[at];

		if (slot->index != index)
			continue;
		/* A cache: what was pushed out is not compared any more. */
		if (known->index == index && known->term == slot->term &&
		    known->chain != slot->chain)
			sim_violation(oracle->cluster, node->number, "O13",
				      "entry %llu of term %llu is not that of others",
				      (unsigned long long)index, (unsigned long long)slot->term);
		*known = (struct sim_position_chain){index, slot->term, slot->chain};
		note_holder(oracle, node->number, slot);
	}
	oracle->tail_seen[node->number] = log->tail.index;
}

/* Its own memory is another history, or that of somebody whose word it cannot judge yet; on that alone nothing becomes durable. */
static bool is_right_to_doubt(const struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct sim_cluster *cluster = oracle->cluster;
	bool others = false;

	for (unsigned number = 1; number <= cluster->config.nodes; number++)
		others |= cluster->nodes[number].contradicted;
	return node->contradicted ||
	       (others && node->agent->record.journals[oracle->journal].divergence.node == 0);
}

/* Nobody takes no part but for a reason; and who takes none says nothing that others could count, and nothing to readers. */
void sim_oracle_check_apart(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_journal *journal = node->journals[oracle->journal];
	const struct wl_election *election = &node->agent->elections[oracle->journal];
	uint64_t acks = wl_count_get(journal->replica.counters, WL_COUNTER_ack_sent);
	struct sim_apart *apart = &oracle->apart[node->number];

	if (!wl_replica_is_apart(&journal->replica) || oracle->reduced) {
		apart->turns = 0;
		return;
	}
	if (!is_right_to_doubt(oracle, node) && !sim_node_table_rots(node))
		sim_violation(oracle->cluster, node->number, "O33",
			      "takes no part at entry %llu, and has what all others have",
			      (unsigned long long)journal->replica.apart.position.index);
	if (apart->turns++ == 0) {
		apart->acks = acks;
		return; /* the turn in which it was found */
	}
	if (acks != apart->acks && oracle->cluster->config.journals == 1)
		sim_violation(oracle->cluster, node->number, "O33",
			      "acknowledges and takes no part");
	if (wl_service_leader(journal->service) != 0)
		sim_violation(oracle->cluster, node->number, "O33", "names a leader to clients");
	if (journal->service->subscription_count != 0)
		sim_violation(oracle->cluster, node->number, "O33",
			      "serves readers and takes no part");
	if (election->state == WL_ELECTION_OUT && journal->replica.view.role == WL_ROLE_LEADER &&
	    !journal->replica.silent)
		sim_violation(oracle->cluster, node->number, "O33", "leads and takes no part");
}

/* Before control makes it durable that they count again: a power cut then must not take back what they stand for. */
void sim_oracle_check_caught_up(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_replica *replica = &node->journals[oracle->journal]->replica;
	uint64_t index = replica->leader_commit;
	const struct wl_log_slot *slot = &replica->log->slots[index % WL_LOG_ENTRIES_IN_RING];

	bool says_so = replica->caught_up_told && !oracle->caught_up[node->number];

	oracle->caught_up[node->number] = replica->caught_up_told;
	if (!says_so || !replica->held_back || oracle->reduced || node->rotten ||
	    slot->index != index || slot->bytes == 0)
		return;
	if (!sim_oracle_is_on_platter(&node->drives[oracle->journal], slot->offset, index,
				      slot->chain))
		sim_violation(
			oracle->cluster, node->number, "O35",
			"calls itself caught up with entry %llu, which is not on its stable storage",
			(unsigned long long)index);
}

void sim_oracle_check_fence(struct sim_oracle *oracle, const struct sim_node *node)
{
	const struct wl_replica *replica = &node->journals[oracle->journal]->replica;
	const struct wl_election *election = &node->agent->elections[oracle->journal];
	const struct wl_superblock_journal *durable =
		&node->agent->record.journals[oracle->journal];

	if (replica->view.role == WL_ROLE_FENCED &&
	    oracle->fenced_view[node->number] == replica->view.number &&
	    oracle->fenced_tail[node->number] != replica->log->tail.index)
		sim_violation(oracle->cluster, node->number, "O19", "appends while it is fenced");
	oracle->fenced_view[node->number] = replica->view.number;
	oracle->fenced_tail[node->number] = replica->log->tail.index;
	/* A record whose write failed may stand there or not; who wrote it votes no more. */
	if (!node->agent->record_in_flight && !node->agent->record_failed &&
	    election->term == durable->term && election->vote != durable->vote)
		sim_violation(oracle->cluster, node->number, "O20",
			      "votes for %u in term %llu, the superblock says %u", election->vote,
			      (unsigned long long)election->term, durable->vote);
}

/* Not where a copy was damaged meanwhile: then an older record is what is left, and the next start says so. */
static bool is_durable(const struct sim_node *node)
{
	struct wl_superblock durable;
	unsigned damaged;

	return wl_superblock_choose(node->drives[0].superblock, &durable, &damaged) !=
		       WL_SUPERBLOCK_OK ||
	       durable.sequence != node->agent->record.sequence ||
	       memcmp(durable.peers, node->agent->record.peers, sizeof(durable.peers)) == 0;
}

/*
 * A vote is refused, or counted, by what is in memory. What is known of a peer's data but forgotten by a power cut is a vote that
 * the next life counts again. A drive may take its time, and may fail: then something is being written, or nobody votes any more.
 */
void sim_oracle_check_learned(struct sim_oracle *oracle, const struct sim_node *node)
{
	struct sim_learned *learned = &oracle->learned[node->number];
	const struct wl_agent *agent = node->agent;

	if (learned->boot != node->boot ||
	    memcmp(learned->peers, agent->record.peers, sizeof(learned->peers)) != 0) {
		memcpy(learned->peers, agent->record.peers, sizeof(learned->peers));
		learned->boot = node->boot;
		learned->since_ns = agent->now_ns;
		return;
	}
	if (learned->since_ns == 0 || agent->now_ns <= learned->since_ns ||
	    agent->record_in_flight || agent->record_failed)
		return;
	if (!is_durable(node))
		sim_violation(oracle->cluster, node->number, "O34",
			      "learned of a peer's data at %llu of its clock and does not write it",
			      (unsigned long long)learned->since_ns);
	learned->since_ns = 0;
}

/* What the stable storage of a node that is about to start have of the committed entries. */
void sim_oracle_note_stable(struct sim_oracle *oracle, const struct sim_node *node)
{
	uint64_t index = oracle->committed;

	/* What it had before it forgot says nothing about what stands at the same places now. */
	for (uint64_t at = 0;
	     oracle->forgets_seen[node->number] != node->forgets && at < oracle->entries_max; at++)
		oracle->entries[at].offset[node->number] = 0;
	oracle->forgets_seen[node->number] = node->forgets;
	if (node->drives[oracle->journal].lost != 0 || node->drives[oracle->journal].damage.torn)
		index = 0;
	while (index > 0 && !sim_oracle_is_on_platter(&node->drives[oracle->journal],
						      oracle->entries[index].offset[node->number],
						      index, oracle->entries[index].chain))
		index--;
	oracle->stable_end[node->number] = index;
}

/* In the first turn of a life: it is all there. Rot in the middle is no reason to come back without what follows it. */
void sim_oracle_check_return(struct sim_oracle *oracle, const struct sim_node *node)
{
	uint64_t index = oracle->stable_end[node->number];
	uint64_t tail = node->journals[oracle->journal]->log.tail.index;

	if (tail < index)
		sim_violation(
			oracle->cluster, node->number, "O21",
			"comes back with %llu entries, committed entry %llu was on its stable",
			(unsigned long long)tail, (unsigned long long)index);
	/* What its drive lost may be written there again, and that write may fail half way. */
	for (index = tail + 1; index <= oracle->committed; index++)
		oracle->entries[index].offset[node->number] = 0;
}

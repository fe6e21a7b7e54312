/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/comparer.h"

#include <string.h>

#include "tests/sim/oracle/oracle.h"

#define LOOK_NS 3000000u
#define PATIENCE_NS 10000000000ull

static const struct sim_oracle *oracle_of(const struct sim_comparer *comparer)
{
	return (const struct sim_oracle *)comparer->cluster->context + comparer->journal;
}

/* What it says is not its log's: somebody speaks in its name, or its memory was made another history. */
static bool is_believed(const struct sim_comparer *comparer, unsigned number)
{
	const struct sim_node *node = &comparer->cluster->nodes[number];

	return !comparer->cluster->config.plan->liar && !node->possessed && !node->contradicted;
}

static void check_answers(const struct sim_comparer *comparer, const struct wl_chain_report *report)
{
	const struct sim_oracle *oracle = oracle_of(comparer);

	for (unsigned number = 1; number <= comparer->cluster->config.nodes; number++) {
		const struct wl_chain_answer *answer = &report->answers[number];

		if (answer->verdict != WL_CHAIN_KNOWN || !is_believed(comparer, number) ||
		    report->index > oracle->committed)
			continue;
		if (answer->chain != oracle->entries[report->index].chain)
			sim_violation(comparer->cluster, number, "compare",
				      "tells %016llx of entry %llu, and %016llx is committed there",
				      (unsigned long long)answer->chain,
				      (unsigned long long)report->index,
				      (unsigned long long)oracle->entries[report->index].chain);
	}
}

static void check_end(struct sim_comparer *comparer)
{
	const struct wl_chain_search *search = &comparer->search;
	bool believed = true;

	comparer->finished++;
	for (unsigned number = 1; number <= comparer->cluster->config.nodes; number++)
		believed &= is_believed(comparer, number);
	if (search->state == WL_CHAIN_SEARCH_DIFFER && believed)
		sim_violation(comparer->cluster, comparer->node, "compare",
			      "logs are said to differ at %llu, and nobody made them",
			      (unsigned long long)search->first_difference);
}

static void look(void *subject, void *object);

static void look_later(struct sim_comparer *comparer)
{
	struct sim_agenda *agenda = &comparer->cluster->agenda;

	sim_agenda_add(agenda, agenda->now_ns + LOOK_NS, look, comparer,
		       (void *)(uintptr_t)comparer->life);
}

static void ask(struct sim_comparer *comparer)
{
	struct sim_node *node = &comparer->cluster->nodes[comparer->node];

	/* Asked again as long as control has no room for it, as a command's user would. */
	if (wl_agent_compare(node->agent, comparer->journal, comparer->search.index))
		comparer->round = node->journals[comparer->journal]->chains.report.round;
	look_later(comparer);
}

static wl_members who_answered(const struct wl_chain_report *report)
{
	wl_members who = 0;

	for (uint32_t number = 1; number <= WIRELOG_NODES_MAX; number++) {
		if (report->answers[number].verdict != WL_CHAIN_NOT_TOLD)
			who |= wl_members_only(number);
	}
	return who;
}

/* The report of our own question, as far as it is worth going on with. */
static bool is_answered(const struct sim_comparer *comparer, const struct wl_chain_report *report)
{
	wl_members who = who_answered(report);

	return report->round > comparer->round && report->index == comparer->search.index &&
	       (report->complete || (comparer->told != 0 && (comparer->told & ~who) == 0));
}

static void look(void *subject, void *object)
{
	struct sim_comparer *comparer = subject;
	struct sim_agenda *agenda = &comparer->cluster->agenda;
	struct sim_node *node = &comparer->cluster->nodes[comparer->node];
	struct wl_journal_status status;

	if (agenda->closing || comparer->life != (uintptr_t)object || !node->up ||
	    node->boot != comparer->boot || agenda->now_ns - comparer->begun_ns > PATIENCE_NS)
		return;
	if (!wl_published_read(&node->journals[comparer->journal]->published, &status) ||
	    !is_answered(comparer, &status.compared)) {
		/* It may have been told to nobody. */
		if (status.compared.round <= comparer->round)
			ask(comparer);
		else
			look_later(comparer);
		return;
	}
	comparer->told |= who_answered(&status.compared);
	check_answers(comparer, &status.compared);
	wl_chain_search_on_answers(&comparer->search, status.compared.answers);
	if (comparer->search.state == WL_CHAIN_SEARCH_ASKS)
		ask(comparer);
	else
		check_end(comparer);
}

void sim_comparer_init(struct sim_comparer *comparer, struct sim_cluster *cluster)
{
	memset(comparer, 0, sizeof(*comparer));
	comparer->cluster = cluster;
}

void sim_comparer_begin(struct sim_comparer *comparer, unsigned number)
{
	struct sim_node *node = &comparer->cluster->nodes[number];

	comparer->life++;
	comparer->journal = comparer->cluster->config.journals - 1;
	if (!node->up || node->journals[comparer->journal]->replica.commit == 0)
		return;
	comparer->node = number;
	comparer->boot = node->boot;
	comparer->begun_ns = comparer->cluster->agenda.now_ns;
	comparer->told = 0;
	wl_chain_search_begin(&comparer->search, node->journals[comparer->journal]->replica.commit);
	ask(comparer);
}

void sim_comparer_expect(const struct sim_comparer *comparer, const uint64_t expected[3])
{
	const struct wl_chain_search *search = &comparer->search;
	unsigned nodes = wl_members_count(search->answered),
		 unreadable = wl_members_count(search->unreadable);

	if (search->state != expected[0] || nodes != expected[1] || unreadable != expected[2])
		sim_violation(comparer->cluster, comparer->node, "expect-compared",
			      "state %u after %u questions, %u nodes, %u unreadable", search->state,
			      search->questions, nodes, unreadable);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/worker/chain_peer.h"

#include "dataplane/base/check.h"
#include "dataplane/worker/journal.h"

_Static_assert(WL_WIRE_CHAIN_KNOWN == (int)WL_CHAIN_KNOWN &&
		       WL_WIRE_CHAIN_BELOW == (int)WL_CHAIN_BELOW &&
		       WL_WIRE_CHAIN_BEYOND == (int)WL_CHAIN_BEYOND &&
		       WL_WIRE_CHAIN_UNKNOWN == (int)WL_CHAIN_UNKNOWN,
	       "what is said is what is meant");

/* ---- answering ---------------------------------------------------------------------------------- */

static uint32_t own_node(const struct wl_journal *journal)
{
	return journal->config.replica.node;
}

/* Of what is not there, or stands in memory alone. False: the medium has to be read. */
static bool answer_at_once(const struct wl_journal *journal, uint64_t index,
			   struct wl_chain_answer *answer)
{
	const struct wl_log *log = &journal->log;
	uint64_t begin = log->begin.position.index, commit = journal->replica.commit;

	*answer = (struct wl_chain_answer){
		.position.index = index,
		.first = begin + 1,
		.commit = commit,
	};
	if (index > commit) {
		answer->verdict = WL_CHAIN_BEYOND;
		return true;
	}
	if (index < begin) {
		answer->verdict = WL_CHAIN_BELOW;
		return true;
	}
	if (index > begin && index <= log->durable.index)
		return false;
	WL_CHECK(wl_log_term_at(log, index, &answer->position.term) == WL_LOG_KNOWN);
	answer->verdict = wl_log_chain_at(log, index, &answer->chain) == WL_LOG_KNOWN
				  ? WL_CHAIN_KNOWN
				  : WL_CHAIN_UNKNOWN;
	/* The entry before the first one of all is none: nothing can differ there. */
	if (answer->position.term == 0)
		answer->verdict = WL_CHAIN_BELOW;
	return true;
}

static void forget_what_is_not_known(struct wl_chain_answer *answer)
{
	if (answer->verdict == WL_CHAIN_KNOWN)
		return;
	answer->position.term = 0;
	answer->chain = 0;
}

static bool send_answer(struct wl_journal *journal, uint32_t node,
			const struct wl_chain_answer *answer)
{
	const struct wl_wire_chain_ask *ask = &journal->chains.asks[node];
	struct wl_replica *replica = &journal->replica;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[node]);
	struct wl_wire_chain_told told = {
		.index = ask->index,
		.round = ask->round,
		.verdict = answer->verdict,
		.term = answer->position.term,
		.chain = answer->chain,
		.first = answer->first,
		.commit = answer->commit,
	};
	uint8_t *payload;

	if (replica->remotes[node].boot_id == 0)
		return true; /* it asks again when it is there */
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_CHAIN_TOLD, replica->config.journal,
			     WL_TX_DATA);
	if (!payload)
		return false;
	wl_tx_close(replica->tx, wl_wire_encode_chain_told(payload, &told));
	wl_count(replica->counters, WL_COUNTER_chains_told);
	return true;
}

static void answer(struct wl_journal *journal, uint32_t node, struct wl_chain_answer *answer)
{
	struct wl_chain_peer *chains = &journal->chains;

	WL_CHECK(wl_members_has(chains->waiting, node));
	WL_CHECK(answer->verdict != WL_CHAIN_NOT_TOLD);
	forget_what_is_not_known(answer);
	if (node == own_node(journal)) {
		if (chains->asks[node].round == chains->report.round)
			chains->report.answers[node] = *answer;
	} else if (!send_answer(journal, node, answer)) {
		return;
	}
	chains->waiting = wl_members_without(chains->waiting, node);
}

/* The medium has been read. It may have been asked about something else meanwhile, or have given that up. */
static void take_what_was_read(struct wl_journal *journal)
{
	struct wl_chain_peer *chains = &journal->chains;
	uint32_t node = chains->reads_for;
	struct wl_chain_answer said;

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	chains->reads_for = 0;
	if (!wl_members_has(chains->waiting, node) ||
	    chains->asks[node].index != chains->lane.place.position.index)
		return;
	if (!answer_at_once(journal, chains->asks[node].index, &said)) {
		said.verdict = chains->lane.found ? WL_CHAIN_KNOWN : WL_CHAIN_UNKNOWN;
		said.position = chains->lane.place.position;
		said.chain = chains->lane.chain;
	}
	answer(journal, node, &said);
}

/* One of those who wait. */
static unsigned answer_one(struct wl_journal *journal)
{
	struct wl_chain_peer *chains = &journal->chains;
	uint32_t node = (uint32_t)__builtin_ctz(chains->waiting);
	uint64_t index = chains->asks[node].index;
	struct wl_chain_answer said;

	WL_CHECK(chains->waiting != 0);
	WL_CHECK(chains->reads_for == 0);
	if (answer_at_once(journal, index, &said)) {
		answer(journal, node, &said);
		return 1;
	}
	WL_CHECK(wl_chain_place_of(&journal->log, index, &chains->lane.place));
	chains->reads_for = node;
	atomic_store_explicit(&chains->lane.state, WL_CHAIN_LANE_ASKED, memory_order_release);
	return 1;
}

static unsigned serve(struct wl_journal *journal)
{
	struct wl_chain_peer *chains = &journal->chains;
	unsigned did = 0;

	if (wl_likely(chains->waiting == 0 && chains->reads_for == 0))
		return 0;
	switch (atomic_load_explicit(&chains->lane.state, memory_order_acquire)) {
	case WL_CHAIN_LANE_ASKED:
		return 0;
	case WL_CHAIN_LANE_TOLD:
		take_what_was_read(journal);
		atomic_store_explicit(&chains->lane.state, WL_CHAIN_LANE_FREE,
				      memory_order_relaxed);
		did = 1;
		break;
	default:
		break;
	}
	return chains->waiting == 0 ? did : did + answer_one(journal);
}

void wl_journal_on_chain_ask(struct wl_journal *journal, uint32_t node,
			     const struct wl_wire_chain_ask *ask)
{
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	journal->chains.asks[node] = *ask;
	journal->chains.waiting = wl_members_with(journal->chains.waiting, node);
}

/* ---- asking ------------------------------------------------------------------------------------- */

void wl_journal_compare(struct wl_journal *journal, uint64_t index)
{
	struct wl_chain_peer *chains = &journal->chains;
	struct wl_wire_chain_ask own;

	WL_CHECK(index != 0);
	if (chains->report.index == index && !chains->report.complete)
		return;
	chains->report = (struct wl_chain_report){
		.index = index,
		.round = chains->report.round + 1,
	};
	chains->began_ns = journal->replica.now_ns;
	chains->sent_ns = 0;
	own = (struct wl_wire_chain_ask){.index = index, .round = chains->report.round};
	wl_journal_on_chain_ask(journal, own_node(journal), &own);
}

void wl_journal_on_chain_told(struct wl_journal *journal, uint32_t node,
			      const struct wl_wire_chain_told *told)
{
	struct wl_chain_report *report = &journal->chains.report;

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	if (told->index != report->index || told->round != journal->chains.report.round ||
	    report->complete || report->answers[node].verdict != WL_CHAIN_NOT_TOLD)
		return;
	report->answers[node] = (struct wl_chain_answer){
		.verdict = (enum wl_chain_verdict)told->verdict,
		.position = {told->term, told->index},
		.chain = told->chain,
		.first = told->first,
		.commit = told->commit,
	};
}

static void send_ask(struct wl_journal *journal, uint32_t node)
{
	struct wl_replica *replica = &journal->replica;
	struct wl_tx_to to = wl_tx_to_remote(&replica->remotes[node]);
	struct wl_wire_chain_ask ask = {.index = journal->chains.report.index,
					.round = journal->chains.report.round};
	uint8_t *payload;

	if (replica->remotes[node].boot_id == 0)
		return;
	payload = wl_tx_open(replica->tx, &to, WL_WIRE_CHAIN_ASK, replica->config.journal,
			     WL_TX_DATA);
	if (payload)
		wl_tx_close(replica->tx, wl_wire_encode_chain_ask(payload, &ask));
}

static unsigned ask(struct wl_journal *journal, uint64_t now_ns)
{
	struct wl_chain_peer *chains = &journal->chains;
	struct wl_chain_report *report = &chains->report;
	const struct wl_remote *remotes = journal->replica.remotes;
	bool all = true;

	if (wl_likely(report->index == 0 || report->complete))
		return 0;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (remotes[node].identity != 0 || node == own_node(journal))
			all &= report->answers[node].verdict != WL_CHAIN_NOT_TOLD;
	}
	if (all || now_ns - chains->began_ns > WL_CHAIN_PATIENCE_NS) {
		report->complete = 1;
		return 1;
	}
	if (chains->sent_ns != 0 && now_ns - chains->sent_ns < WL_CHAIN_AGAIN_NS)
		return 0;
	chains->sent_ns = now_ns;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (node != own_node(journal) && remotes[node].identity != 0 &&
		    report->answers[node].verdict == WL_CHAIN_NOT_TOLD)
			send_ask(journal, node);
	}
	return 1;
}

unsigned wl_journal_turn_chains(struct wl_journal *journal, uint64_t now_ns)
{
	return serve(journal) + ask(journal, now_ns);
}

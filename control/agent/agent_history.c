/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether our own data count (incarnations.h): the first start of a cluster, being taken in, and what the operator is told meanwhile. What we
 * say of ourselves is what is durable: a node that had said that it counts, and then does not know it any more, would be waited for
 * by nobody.
 */
#include "control/agent/agent_steps.h"
#include "dataplane/base/check.h"

static void tell(struct wl_agent *agent, uint32_t journal, uint32_t node, const char *text)
{
	const struct wl_agent_line line = {
		.journal = (uint16_t)journal,
		.node = node,
		.term = agent->elections[journal].term,
		.text = text,
		.error =
			node !=
			0, /* what another node has and we have not; of ourselves alone it is the usual first start */
	};

	wl_agent_say(agent, &line);
}

static wl_members others_of(const struct wl_agent *agent)
{
	return wl_members_without(agent->config.voters, agent->config.node);
}

bool wl_agent_begin_history(struct wl_agent *agent, uint32_t journal)
{
	struct wl_superblock_journal *durable = &agent->record.journals[journal];
	struct wl_agent_history *history = &agent->histories[journal];

	WL_CHECK(journal < agent->config.journal_count);
	/* The only voter asks nobody, where it never voted. Its first record of a vote carries this. */
	if (durable->caught_up_boot == 0 && durable->term == 0 &&
	    agent->config.voters == wl_members_only(agent->config.node)) {
		durable->caught_up_boot = agent->record.boot_count ? agent->record.boot_count : 1;
		agent->record_urgent = true;
	}
	history->caught_up_boot = durable->caught_up_boot;
	return history->caught_up_boot == 0;
}

void wl_agent_tell_history(struct wl_agent *agent, uint32_t journal)
{
	if (agent->histories[journal].caught_up_boot == 0)
		tell(agent, journal, 0,
		     "NO_HISTORY: this node's data neither vote nor count until every configured node has said that it has no history either, or "
		     "a leader that has history has taken them in");
}

/* Nothing was ever promised on any data of this cluster, as far as anybody alive knows. */
static void try_to_begin(struct wl_agent *agent, uint32_t journal)
{
	struct wl_agent_history *history = &agent->histories[journal];
	const struct wl_election *election = &agent->elections[journal];
	struct wl_superblock_journal *record = &agent->record.journals[journal];

	if (record->caught_up_boot != 0 || agent->rolled_back ||
	    (agent->config.dormant >> journal & 1) != 0 || election->term != 0 ||
	    record->term != 0 || election->tail.index != 0 ||
	    !wl_members_has(agent->config.voters, agent->config.node) ||
	    (history->blank & others_of(agent)) != others_of(agent))
		return;
	tell(agent, journal, 0,
	     "every configured node has said that it has no history: the journal begins here");
	record->caught_up_boot = agent->record.boot_count;
	agent->record_urgent = true;
}

void wl_agent_hear_history(struct wl_agent *agent, uint32_t worker,
			   const struct wl_plane_message *message)
{
	wl_members sender = wl_members_only(message->node);

	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		struct wl_agent_history *history = &agent->histories[journal];
		bool has = (message->history & 1u << journal) != 0, knows = message->reason != 0;

		if (agent->config.worker_of_journal[journal] != worker)
			continue;
		history->blank = has || knows ? history->blank & ~sender : history->blank | sender;
		if ((has || knows) && (history->historic & sender) == 0 &&
		    history->caught_up_boot == 0)
			tell(agent, journal, message->node,
			     knows ? "NO_HISTORY: knew other data of this node, which are gone: what they promised is not known here. This node "
				     "waits to be taken in by a leader that has history"
				   : "NO_HISTORY: has history, this node's data have none: they wait to be taken in by a leader");
		history->historic = has || knows ? history->historic | sender
						 : history->historic & ~sender;
		try_to_begin(agent, journal);
	}
}

/* Once it is known, data are of one history; a rescue alone gives them another one, and has told the record before. */
void wl_agent_on_history(struct wl_agent *agent, const struct wl_plane_message *message)
{
	struct wl_superblock_journal *record = &agent->record.journals[message->journal];
	struct wl_agent_line line = {
		.kind = WL_AGENT_HISTORY,
		.journal = message->journal,
		.ours = message->ours,
		.theirs = record->history,
	};

	WL_CHECK(message->journal < agent->config.journal_count && message->ours != 0);
	if (record->rescued != 0 && message->reason == 0)
		return; /* not before its LOSS is committed */
	if (record->history == message->ours)
		return;
	line.error = record->rescued != 0;
	line.text =
		record->rescued != 0
			? "a rescue is done: the journal goes on by a history of its own, from what this "
			  "node had. Nodes with data of the one before are not heard, and theirs are kept"
			: "the journal's data are of this history";
	record->history = message->ours;
	record->rescued = 0;
	agent->record_urgent = true;
	wl_agent_say(agent, &line);
}

void wl_agent_on_peer_history(struct wl_agent *agent, const struct wl_plane_message *message)
{
	const struct wl_agent_line line = {
		.kind = WL_AGENT_HISTORY,
		.journal = message->journal,
		.node = message->node,
		.ours = message->ours,
		.theirs = message->theirs,
		.error = true,
		.text = "has data of another history of this journal, and neither hears the other: one of the two "
			"was rescued, or begun anew. Keep a copy of the data that are not wanted any more, empty "
			"that node's storage.path, and let it join by `wirelog member add` [OTHER_HISTORY]",
	};

	WL_CHECK(message->journal < agent->config.journal_count);
	wl_agent_say(agent, &line);
}

bool wl_agent_lacks_majority(const struct wl_agent *agent, uint32_t journal)
{
	const struct wl_list *list = &agent->elections[journal].list;
	wl_members counted = ~agent->histories[journal].held_back;

	return agent->elections[journal].leader == 0 &&
	       agent->histories[journal].caught_up_boot != 0 && wl_list_voters(list) != 0 &&
	       !wl_list_decides(list, counted);
}

void wl_agent_hear_held_back(struct wl_agent *agent, uint32_t journal, uint32_t node,
			     bool held_back)
{
	struct wl_agent_history *history = &agent->histories[journal];

	if (held_back)
		history->held_back |= wl_members_only(node);
	else
		history->held_back = wl_members_without(history->held_back, node);
	if (!wl_agent_lacks_majority(agent, journal)) {
		history->no_majority_told &= agent->elections[journal].leader == 0;
		return;
	}
	if (history->no_majority_told || agent->elections[journal].term == 0)
		return;
	history->no_majority_told = true;
	tell(agent, journal, node,
	     "NO_HISTORY: the data of so many nodes are gone, this one among them, that those left are no majority: nobody leads, for nobody "
	     "knows what was promised on them. It waits until such a node comes back with its own data, or an operator goes on without "
	     "(`wirelog unsafe-recover`)");
}

bool wl_agent_has_disowned(const struct wl_agent *agent)
{
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++)
		if (agent->histories[journal].disown != WL_AGENT_OWNED)
			return true;
	return false;
}

int wl_agent_disown(struct wl_agent *agent, uint32_t journal, uint64_t from_offset)
{
	struct wl_agent_history *history = &agent->histories[journal];
	struct wl_agent_hard_state *state = &agent->hard_state[journal];

	WL_CHECK(journal < agent->config.journal_count && agent->config.dormant >> journal & 1);
	if (agent->record_failed)
		return -1;
	if (history->disown == WL_AGENT_OWNED)
		tell(agent, journal, 0,
		     "what this node acknowledged at the end of its log is not known any more: its data neither vote nor count until a leader "
		     "that has history has taken them in");
	/* A place before the one that is durable is another one. */
	if (history->disown == WL_AGENT_OWNED || state->watermark > from_offset) {
		if (state->watermark > from_offset)
			state->watermark = from_offset;
		/* A list names the data by their old name: under that one they would count again as soon as they are caught up. */
		wl_agent_rename_data(agent);
		history->caught_up_boot = 0;
		history->disown = WL_AGENT_DISOWNED;
	}
	return history->disown == WL_AGENT_DISOWN_DURABLE;
}

void wl_agent_history_is_durable(struct wl_agent *agent)
{
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		struct wl_agent_history *history = &agent->histories[journal];

		if (history->disown == WL_AGENT_DISOWN_IN_FLIGHT)
			history->disown = WL_AGENT_DISOWN_DURABLE;
		if (agent->rolled_back || history->disown != WL_AGENT_OWNED ||
		    history->caught_up_in_flight <= history->caught_up_boot)
			continue;
		if (history->caught_up_boot == 0)
			tell(agent, journal, 0,
			     "this node's data count: it votes, and its acknowledgements are counted");
		history->caught_up_boot = history->caught_up_in_flight;
		wl_election_count(&agent->elections[journal], agent->now_ns, &agent->effects);
		wl_agent_run_effects(agent, journal);
	}
}

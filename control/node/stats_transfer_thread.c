/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/stats_transfer_thread.h"

#include <stdio.h>

#include "control/node/mailbox_thread.h"
#include "control/node/stats_answers_thread.h"

struct asked {
	struct wl_mailbox_request request;
	struct wl_journal_status journal; /* as the worker told last */
	struct wl_election_status election;
};

static bool parse(const char *text, struct asked *asked, char *error, size_t error_bytes)
{
	struct wl_mailbox_request *request = &asked->request;
	char rest;

	if (text[0] == '\0' || sscanf(text, "%u%c", &request->target, &rest) == 1 ||
	    sscanf(text, "%u,%u%c", &request->target, &request->journal, &rest) == 2)
		return true;
	snprintf(error, error_bytes, "'%.60s' is not NODE or NODE,JOURNAL", text);
	return false;
}

static bool read(struct wl_node *node, struct asked *asked, char *error, size_t error_bytes)
{
	uint32_t journal = asked->request.journal;
	struct wl_agent_status agent;

	if (!wl_stats_answers_has_journal(node, journal, error, error_bytes))
		return false;
	if (!wl_mailbox_read(node->mailbox, &agent) ||
	    !wl_published_read(&node->journals[journal].journal->published, &asked->journal) ||
	    asked->journal.view.number == 0) {
		snprintf(error, error_bytes, "the worker of journal %u has not begun: ask again",
			 journal);
		return false;
	}
	asked->election = agent.journals[journal];
	return true;
}

/* By the list in force here: the leader's may be a newer one, and decides. */
static bool may_lead(const struct asked *asked, char *error, size_t error_bytes)
{
	uint32_t target = asked->request.target, journal = asked->request.journal;
	const struct wl_list *list = &asked->journal.list;

	if (target == 0 || wl_members_has(list->voters, target))
		return true;
	if (target <= WIRELOG_NODES_MAX && wl_members_has(wl_list_everybody(list), target))
		snprintf(error, error_bytes,
			 "node %u has no vote in journal %u, so it cannot lead it: "
			 "`wirelog member promote %u` first",
			 target, journal, target);
	else
		snprintf(error, error_bytes,
			 "node %u is no member of journal %u: "
			 "`wirelog member list` shows them",
			 target, journal);
	return false;
}

static bool knows_leader(const struct asked *asked, char *error, size_t error_bytes)
{
	uint32_t leader = asked->election.leader, journal = asked->request.journal;

	if (leader == 0) {
		snprintf(error, error_bytes,
			 "this node knows nobody who leads journal %u now: ask again", journal);
		return false;
	}
	if (leader == asked->request.target) {
		snprintf(error, error_bytes, "node %u leads journal %u already", leader, journal);
		return false;
	}
	return true;
}

/* We lead: somebody must be able to take it, or records would wait for nothing. */
static bool is_in_step(const struct asked *asked, char *error, size_t error_bytes)
{
	uint32_t target = asked->request.target;
	const struct wl_peer_status *peers = asked->journal.peers;
	bool found = target != 0 && peers[target].may_succeed;

	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX && target == 0; node++)
		found |= peers[node].may_succeed;
	if (asked->election.handing_over)
		snprintf(error, error_bytes, "journal %u is being handed over already",
			 asked->request.journal);
	else if (!found && target == 0)
		snprintf(error, error_bytes,
			 "no other voter of journal %u is in step: whoever took "
			 "leadership would hold records up",
			 asked->request.journal);
	else if (!found)
		snprintf(error, error_bytes,
			 "node %u is not in step: silent, without room, a slow drive, or behind by "
			 "%lu entries. Ask again when it has caught up",
			 target, (unsigned long)peers[target].behind_entries);
	return found && !asked->election.handing_over;
}

json_t *wl_stats_answer_transfer(void *context, const char *parameter, char *error,
				 size_t error_bytes)
{
	struct wl_node *node = context;
	struct asked asked = {.request = {.verb = WL_MAILBOX_ASK}};
	struct wl_mailbox_request *request = &asked.request;

	if (!parse(parameter, &asked, error, error_bytes) ||
	    !read(node, &asked, error, error_bytes) || !may_lead(&asked, error, error_bytes) ||
	    !knows_leader(&asked, error, error_bytes))
		return NULL;
	if (asked.election.state == WL_ELECTION_LEADER) {
		if (!is_in_step(&asked, error, error_bytes))
			return NULL;
		request->verb = WL_MAILBOX_TRANSFER;
	} else {
		request->wish.verb = WL_WIRE_PROPOSE_TRANSFER;
		request->wish.number = asked.journal.view.term;
		request->wish.made = request->target;
	}
	if (!wl_mailbox_ask(node->mailbox, request)) {
		snprintf(
			error, error_bytes,
			"refused: leadership of journal %u changes just now, or control is busy: ask "
			"again",
			request->journal);
		return NULL;
	}
	return json_pack("{s:b, s:i, s:i}", "begun", 1, "journal", (int)request->journal, "target",
			 (int)request->target);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the data of peers remember, and what others remember of ours (incarnations.h). What is known of them is part of the superblock
 * record; a change is written at once, a vote is judged by what is in memory.
 */
#include "control/agent/agent_steps.h"
#include "dataplane/base/check.h"
#include "dataplane/transport/remote.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/greeting.h"

static void tell_operator(struct wl_agent *agent, uint32_t node, const char *text)
{
	const struct wl_agent_line line = {.node = node, .text = text, .error = true};

	wl_agent_say(agent, &line);
}

static void learn(struct wl_agent *agent, uint32_t node, uint64_t boot_id, uint64_t incarnation)
{
	switch (wl_incarnations_on_boot(&agent->record.peers[node], boot_id, incarnation)) {
	case WL_INCARNATIONS_KNOWN:
		return;
	case WL_INCARNATIONS_SUSPECT:
		tell_operator(
			agent, node,
			"came back with data that do not remember what it acknowledged: it has no vote until "
			"it is caught up with a leader");
		break;
	case WL_INCARNATIONS_NEW_BOOT:
		break;
	}
	agent->record_urgent = true;
	agent->record_dirty = true;
}

void wl_agent_on_peer_boot(struct wl_agent *agent, uint32_t worker,
			   const struct wl_plane_message *message)
{
	WL_CHECK(message->node <= WIRELOG_NODES_MAX);
	learn(agent, message->node, message->boot_id, message->incarnation);
	if (message->incarnation != 0)
		wl_agent_hear_history(agent, worker, message);
}

void wl_agent_on_peer_differs(struct wl_agent *agent, const struct wl_plane_message *message)
{
	const struct wl_agent_line line = {
		.kind = WL_AGENT_DIFFERS,
		.node = message->node,
		.what = wl_greeting_fact_name(message->reason),
		.ours = message->ours,
		.theirs = message->theirs,
		.text = wl_greeting_fact_decides(message->reason)
				? "differs and decides what is replicated: that node and this one do not hear "
				  "each other until both start with equal values [PEER_DIFFERS]"
				: "differs: set it alike on all nodes [PEER_DIFFERS]",
	};

	wl_agent_say(agent, &line);
}

void wl_agent_on_path(struct wl_agent *agent, const struct wl_plane_message *message)
{
	const struct wl_agent_line line = {
		.kind = WL_AGENT_DIFFERS,
		.node = message->node,
		.what = "path_mtu",
		.ours = message->ours,
		.theirs = message->theirs,
		.text = message->ours == message->theirs
				? "full frames pass to it again"
				: "the path to it does not carry the link's MTU: smaller frames are used; set "
				  "network.mtu alike on all nodes, switches and ports [PORT_MTU]",
	};

	wl_agent_say(agent, &line);
}

/* Who is not believed (dataplane/transport/claim.h): the worker says it now and then. */
void wl_agent_on_claim(struct wl_agent *agent, const struct wl_plane_message *message)
{
	struct wl_agent_line line = {
		.kind = WL_AGENT_CLAIM,
		.node = message->node,
		.what = "duplicate_id",
		.ipv4 = message->ipv4,
		.mac = message->mac,
		.theirs = message->theirs,
	};

	switch (message->verb) {
	case WL_PLANE_TWIN:
		line.text =
			"another server runs under the id of this node, which is heard and stays "
			"[DUPLICATE_ID]";
		break;
	case WL_PLANE_OWN_TWIN:
		line.mac = NULL;
		line.text =
			message->reason == 1
				? "hears another server under our id: this one takes no part; correct "
				  "cluster.node [DUPLICATE_ID]"
				: "hears us, and another server that claims our id: correct its "
				  "cluster.node [DUPLICATE_ID]";
		break;
	default:
		line.what = wl_frame_verdict_name(message->reason);
		line.ours = message->boot_id; /* id of the key that it named */
		line.text =
			message->reason == WL_FRAME_OTHER_KEY
				? "another key, or one that is refused (security.key_file, `wirelog key list`)"
			: message->reason == WL_FRAME_FORGED
				? "forged: it does not have the key that it names"
			: message->reason == WL_FRAME_OTHER_CLUSTER
				? "of another cluster (cluster.uuid)"
			: message->reason == WL_FRAME_BAD_VERSION ? "of another version"
								  : "no member (cluster.nodes)";
	}
	wl_agent_say(agent, &line);
}

bool wl_agent_believes(struct wl_agent *agent, const struct wl_punt *punt, uint64_t incarnation,
		       uint64_t caught_up_boot)
{
	WL_CHECK(punt->node <= WIRELOG_NODES_MAX);
	learn(agent, punt->node, punt->boot_id, incarnation);
	wl_agent_hear_held_back(agent, punt->journal, punt->node, caught_up_boot == 0);
	if (!agent->rolled_back &&
	    wl_incarnations_believes(&agent->record.peers[punt->node], caught_up_boot))
		return true;
	agent->counts.votes_disbelieved++;
	return false;
}

/*
 * The worker has fallen silent by itself; whatever control was about to do - campaign, lead, answer a vote - is over. The mark is
 * written at once: the next start on these data is refused (store_owner.h). A table of sessions is not in the data: it is made anew.
 */
static void stand_apart(struct wl_agent *agent, uint32_t journal,
			const struct wl_divergence *divergence)
{
	if (agent->divergences[journal].node == 0)
		agent->divergences[journal] = *divergence;
	if (divergence->kind == WL_DIVERGENCE_CONFIRMED &&
	    agent->record.journals[journal].divergence.node == 0) {
		agent->record.journals[journal].divergence = *divergence;
		agent->record_urgent = true;
	}
	wl_election_withdraw(&agent->elections[journal], agent->now_ns, &agent->effects);
	wl_agent_run_effects(agent, journal);
}

static const char *text_of(enum wl_divergence_kind kind)
{
	switch (kind) {
	case WL_DIVERGENCE_OF_COMMITTED:
		return "leads with another history than the one that is committed on this node, which takes no part any more: no votes, no "
		       "acknowledgements, no readers. All voters are asked which one they have [STORE_DIVERGED]";
	case WL_DIVERGENCE_CONFIRMED:
		return "and a majority with it have another history than the one that is committed on this node, which takes no part any more. "
		       "Stop it, keep the data of all nodes, and compare them with `wirelog verify`; a start on these data is refused "
		       "[STORE_DIVERGED]";
	case WL_DIVERGENCE_DISPROVED:
		return "contradicts what a majority has, this node among them: that one is wrong. Restart this node, it takes part again";
	case WL_DIVERGENCE_OF_STATE:
		return "and a majority with it make another table of sessions of the same entries than this node, which takes no part any more: no "
		       "votes, no acknowledgements, no readers. Its log is right: restart it, and look at its memory [STATE_DIVERGED]";
	case WL_DIVERGENCE_UNDECIDED:
		return "makes another table of sessions of the same entries than this node, and there is no majority that agrees: nobody can say "
		       "which one is wrong, and both go on. Start the other nodes [STATE_DIVERGED]";
	case WL_DIVERGENCE_OF_BRANCH:
		break;
	}
	return "has another entry than this node under one index and term: two histories, one of which lost a majority's disks. Nothing of it "
	       "is taken or counted. Keep both nodes' data, and compare them with `wirelog verify`";
}

/* Once for each view and peer: the worker says it no more often. */
void wl_agent_on_diverged(struct wl_agent *agent, const struct wl_plane_message *message)
{
	const struct wl_divergence divergence = {
		.node = message->node,
		.kind = (enum wl_divergence_kind)message->reason,
		.position = message->tail,
		.chain = message->chain,
		.their_chain = message->their_chain,
	};
	const struct wl_agent_line line = {
		.journal = message->journal,
		.node = message->node,
		.term = message->tail.term,
		.text = text_of(divergence.kind),
		.error = true,
		.index = message->tail.index,
		.chain = message->chain,
		.their_chain = message->their_chain,
		.kind = WL_AGENT_DIVERGED,
		.divergence = divergence.kind,
	};

	WL_CHECK(message->journal < agent->config.journal_count);
	agent->counts.diverged++;
	wl_agent_say(agent, &line);
	if (wl_divergence_costs_our_part(divergence.kind))
		stand_apart(agent, message->journal, &divergence);
}

void wl_agent_on_peer_apart(struct wl_agent *agent, const struct wl_plane_message *message)
{
	const struct wl_agent_line line = {
		.kind = WL_AGENT_PEER_APART,
		.journal = message->journal,
		.node = message->node,
		.text = "takes no part in this journal any more: it holds, or makes of it, something else than the others. Its own lines "
			"say what; until it is back one node less may fail",
	};

	wl_agent_say(agent, &line);
}

void wl_agent_rename_data(struct wl_agent *agent)
{
	agent->record.incarnation = agent->config.spare_incarnation;
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++)
		agent->record.journals[journal].caught_up_boot = 0;
	agent->record_urgent = true;
}

/* Under a new name the next start is a follower that counts nowhere before a list names it. */
static void take_new_name(struct wl_agent *agent)
{
	agent->rolled_back = true;
	wl_agent_rename_data(agent);
	for (uint32_t journal = 0; journal < agent->config.journal_count; journal++) {
		agent->histories[journal].caught_up_boot = 0;
		wl_election_withdraw(&agent->elections[journal], agent->now_ns, &agent->effects);
		wl_agent_run_effects(agent, journal);
	}
	agent->record_urgent = true;
	wl_agent_stop(agent);
}

/* The others know a boot of ours that our data do not: they are an old image. The next start has a count of boots that the others take. */
void wl_agent_on_rolled_back(struct wl_agent *agent, const struct wl_plane_message *message)
{
	uint64_t boot = wl_remote_boot_of(message->boot_id);

	if (boot < agent->record.boot_count || boot == UINT32_MAX)
		return;
	if (!agent->rolled_back)
		tell_operator(agent, message->node,
			      "knows a later boot of this node: the data are an old image");
	agent->record.boot_count = boot;
	take_new_name(agent);
}

/*
 * A list in our log names other data of ours: these were given up, and others voted in their place. They call themselves counted, and know
 * nothing of that: an old image, too.
 */
void wl_agent_judge_name(struct wl_agent *agent, uint32_t journal)
{
	const struct wl_list *list = &agent->elections[journal].list;

	if (agent->rolled_back || agent->record.journals[journal].caught_up_boot == 0 ||
	    wl_list_names(list, agent->config.node, agent->record.incarnation))
		return;
	tell_operator(
		agent, 0,
		"the list of members names other data of this node than these: they are an old image");
	take_new_name(agent);
}

void wl_agent_on_caught_up(struct wl_agent *agent, const struct wl_plane_message *message)
{
	struct wl_superblock_journal *journal;

	WL_CHECK(message->journal < agent->config.journal_count);
	journal = &agent->record.journals[message->journal];
	if (agent->rolled_back || wl_agent_has_disowned(agent) ||
	    journal->caught_up_boot >= agent->record.boot_count)
		return;
	journal->caught_up_boot = agent->record.boot_count;
	agent->record_urgent = true;
}

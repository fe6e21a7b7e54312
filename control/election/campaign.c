/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking the others: pre-votes (thesis 9.6), votes (Raft 5.2), and the campaign that a leader sends
 * us into with TIMEOUT_NOW (thesis 3.10). Requests are lost now and then, so they are repeated
 * until the round ends: by a majority, by a leader, by a newer term, or by the timer, which begins
 * another round.
 */
#include "control/election/election.h"

#include "control/election/election_steps.h"
#include "dataplane/base/check.h"

#define ROUNDS_MAX 16u /* counted: the length of a round is bounded long before */

WL_STATIC_CHECK(ROUNDS_MAX / 2 < 32); /* a timeout is shifted by so much */

static void send_requests(struct wl_election *election, uint64_t now_ns,
			  struct wl_election_effects *out)
{
	bool pre = election->state != WL_ELECTION_CANDIDATE;

	WL_CHECK(!pre || wl_election_asks_first(election));
	/* Invariant 6. */
	WL_CHECK(pre || election->vote == election->config.node);
	WL_CHECK(pre || election->pending.term == election->term);
	election->resend_ns = now_ns + election->config.election_timeout_ns / 4;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		struct wl_election_effect *effect;

		if (!wl_election_is_voter(election, node) ||
		    wl_members_has(election->granted, node))
			continue;
		effect = wl_election_emit(out, WL_ELECTION_SEND);
		effect->node = node;
		effect->type = pre ? WL_WIRE_PRE_VOTE : WL_WIRE_VOTE;
		effect->message.vote.term = election->term + pre;
		effect->message.vote.last = pre ? election->tail : election->pending.last;
		effect->message.vote.round = pre ? election->round : 0;
		effect->message.vote.flags =
			!pre && election->pending.transfer ? WL_WIRE_VOTE_TRANSFER : 0;
	}
}

static void open_campaign(struct wl_election *election, uint64_t now_ns,
			  struct wl_election_effects *out)
{
	struct wl_pending_vote pending = {
		.purpose = WL_PENDING_CAMPAIGN,
		.term = election->term + 1,
	};

	WL_CHECK(election->state == WL_ELECTION_PRE_CANDIDATE);
	WL_CHECK(wl_election_is_majority(election, election->granted));
	wl_pending_vote_open(election, &pending, now_ns, out);
}

/* A majority hears no leader and has no newer term. */
static void win_round(struct wl_election *election, uint64_t now_ns,
		      struct wl_election_effects *out)
{
	if (election->state == WL_ELECTION_SILENT)
		wl_silence_end(election, out);
	else
		open_campaign(election, now_ns, out);
}

void wl_campaign_begin_round(struct wl_election *election, uint64_t now_ns,
			     struct wl_election_effects *out)
{
	WL_CHECK(wl_election_asks_first(election));
	election->granted = wl_members_only(election->config.node);
	election->counts.pre_campaigns++;
	election->round++;
	election->round_ns = now_ns;
	wl_election_restart_timer(election, now_ns);
	if (election->rounds_in_vain < ROUNDS_MAX)
		election->rounds_in_vain++;
	if (wl_election_is_majority(election, election->granted))
		win_round(election, now_ns, out);
	else
		send_requests(election, now_ns, out);
}

void wl_campaign_begin(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out)
{
	WL_CHECK(wl_election_is_open(election));
	WL_CHECK(election->state != WL_ELECTION_LEADER && election->state != WL_ELECTION_SILENT);
	if (election->leader != 0) {
		wl_suspicion_suspects(&election->suspicion);
		wl_election_note(election, "suspects its leader", election->leader, out);
	}
	election->leader = 0;
	election->state = WL_ELECTION_PRE_CANDIDATE;
	wl_campaign_begin_round(election, now_ns, out);
}

static void win(struct wl_election *election, struct wl_election_effects *out)
{
	WL_CHECK(wl_election_is_majority(election, election->granted));
	/* Invariant 6: of votes of exactly this term, our own among them. */
	WL_CHECK(election->state == WL_ELECTION_CANDIDATE);
	WL_CHECK(election->vote == election->config.node);
	WL_CHECK_MSG(election->pending.term == election->term, "votes of term %llu, term %llu",
		     (unsigned long long)election->pending.term,
		     (unsigned long long)election->term);
	WL_CHECK(!election->held_back);
	election->state = WL_ELECTION_LEADER;
	election->leader = election->config.node;
	election->rounds_in_vain = 0;
	election->term_committed = false;
	election->counts.won++;
	wl_election_note(election, "elected", election->config.node, out);
	wl_election_tell(election, WL_PLANE_LEAD, out);
}

void wl_campaign_ask_votes(struct wl_election *election, uint64_t now_ns,
			   struct wl_election_effects *out)
{
	WL_CHECK(election->vote == election->config.node);
	WL_CHECK(election->pending.purpose == WL_PENDING_CAMPAIGN);
	WL_CHECK(election->pending.term == election->term);
	election->state = WL_ELECTION_CANDIDATE;
	election->granted = wl_members_only(election->config.node);
	election->counts.campaigns++;
	if (wl_election_is_majority(election, election->granted))
		win(election, out);
	else
		send_requests(election, now_ns, out);
}

void wl_campaign_resend(struct wl_election *election, uint64_t now_ns,
			struct wl_election_effects *out)
{
	if ((wl_election_asks_first(election) || election->state == WL_ELECTION_CANDIDATE) &&
	    now_ns >= election->resend_ns)
		send_requests(election, now_ns, out);
}

/* True: the voter's answer belongs to our round. A newer term of a refuser ends the round: we take
 * it over. */
static bool take_reply(struct wl_election *election, uint32_t from,
		       const struct wl_wire_vote_reply *message, uint64_t now_ns,
		       struct wl_election_effects *out)
{
	if (from == election->config.node)
		return false;
	if (!message->granted && message->term > election->term) {
		wl_election_note(election, "a voter has a newer term", from, out);
		wl_pending_vote_adopt(election, message->term, now_ns, out);
		return false;
	}
	/* Of other data than the list means it is nobody's (docs/SAFETY.md, rule 24). */
	return message->granted != 0 &&
	       wl_list_names(wl_election_list(election), from, message->incarnation);
}

void wl_election_on_pre_vote_reply(struct wl_election *election, uint32_t from,
				   const struct wl_wire_vote_reply *message, uint64_t now_ns,
				   struct wl_election_effects *out)
{
	wl_suspicion_answered(&election->suspicion, from, now_ns);
	if (!wl_election_asks_first(election) || !take_reply(election, from, message, now_ns, out))
		return;
	/* Of an earlier round it may be old: who gave it can have left the term since. */
	if (message->asked_term != election->term + 1 || message->round != election->round)
		return;
	election->granted |= wl_members_only(from);
	if (wl_election_is_majority(election, election->granted))
		win_round(election, now_ns, out);
	wl_election_check(election);
}

void wl_election_on_vote_reply(struct wl_election *election, uint32_t from,
			       const struct wl_wire_vote_reply *message, uint64_t now_ns,
			       struct wl_election_effects *out)
{
	wl_suspicion_answered(&election->suspicion, from, now_ns);
	if (election->state != WL_ELECTION_CANDIDATE ||
	    !take_reply(election, from, message, now_ns, out))
		return;
	/* A vote counts for the term in which it was given (invariant 6). */
	if (message->asked_term != election->term || message->term != election->term)
		return;
	election->granted |= wl_members_only(from);
	if (wl_election_is_majority(election, election->granted))
		win(election, out);
	wl_election_check(election);
}

void wl_election_on_timeout_now(struct wl_election *election, uint32_t from,
				const struct wl_wire_timeout_now *message, uint64_t now_ns,
				struct wl_election_effects *out)
{
	struct wl_pending_vote pending = {
		.purpose = WL_PENDING_CAMPAIGN,
		.term = election->term + 1,
		.last = message->last,
		.transfer = true,
	};

	if (!wl_election_is_open(election) || election->state == WL_ELECTION_LEADER ||
	    election->state == WL_ELECTION_SILENT || election->state == WL_ELECTION_CANDIDATE ||
	    election->leaving || election->no_room || election->held_back ||
	    !wl_election_may_lead(election) || now_ns < election->penalty_until_ns ||
	    election->term == UINT64_MAX)
		return;
	/* Of the leader that we know, or of one that we have not heard yet: nobody else sends it in
	 * this term. */
	if (message->term != election->term || from == election->config.node ||
	    (election->leader != 0 && election->leader != from))
		return;
	if (message->flags & WL_WIRE_TIMEOUT_NOW_NOT_COMMITTING)
		election->commit_patience_ns = now_ns + WL_ELECTION_COMMIT_PATIENCE_NS;
	wl_election_note(election, "takes leadership over", from, out);
	wl_pending_vote_open(election, &pending, now_ns, out);
	wl_election_check(election);
}

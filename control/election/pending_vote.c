/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one node decides about terms and votes, and how the decision becomes durable:
 *
 *   wl_pending_vote_open: FENCE --> on_fenced: decide with a tail that cannot move, PERSIST {term, vote}
 *                         --> on_persisted: settle, and only now answer
 *
 * A vote that needs no decision is answered at once: an older term, a vote that is already durable
 * (a candidate asked again), a refusal that no fence could change. Refusing is always safe.
 */
#include "control/election/election.h"

#include "control/election/election_steps.h"
#include "dataplane/base/check.h"

void wl_pending_vote_open(struct wl_election *election, const struct wl_pending_vote *pending,
			  uint64_t now_ns, struct wl_election_effects *out)
{
	WL_CHECK(wl_election_is_open(election));
	WL_CHECK(pending->term > election->term ||
		 (pending->term == election->term && election->vote == 0));
	/* Of ourselves and of a newer term alone; or of somebody else. */
	WL_CHECK(pending->purpose != WL_PENDING_CAMPAIGN || pending->term > election->term);
	WL_CHECK(pending->purpose != WL_PENDING_VOTE ||
		 (pending->candidate >= 1 && pending->candidate <= WIRELOG_NODES_MAX));
	WL_CHECK(pending->candidate != election->config.node);
	WL_CHECK(pending->vote == 0); /* the fenced tail decides */
	election->pending = *pending;
	election->state = WL_ELECTION_FENCING;
	election->leader = 0;
	election->granted = 0;
	election->term_committed = false;
	election->transfer.active = false;
	election->busy_since_ns = now_ns;
	election->busy_told = false;
	wl_election_tell(election, WL_PLANE_FENCE, out);
}

void wl_pending_vote_adopt(struct wl_election *election, uint64_t term, uint64_t now_ns,
			   struct wl_election_effects *out)
{
	struct wl_pending_vote pending = {.purpose = WL_PENDING_ADOPT, .term = term};

	WL_CHECK_MSG(term > election->term, "term %llu, ours %llu", (unsigned long long)term,
		     (unsigned long long)election->term);
	wl_pending_vote_open(election, &pending, now_ns, out);
}

static void send_reply(uint32_t to, uint8_t type, const struct wl_wire_vote_reply *reply,
		       struct wl_election_effects *out)
{
	struct wl_election_effect *effect = wl_election_emit(out, WL_ELECTION_SEND);

	effect->node = to;
	effect->type = type;
	effect->message.reply = *reply;
}

static void answer_vote(struct wl_election *election, uint32_t to, uint64_t asked_term,
			bool granted, struct wl_election_effects *out)
{
	struct wl_wire_vote_reply reply = {.term = election->term,
					   .asked_term = asked_term,
					   .granted = granted};

	/* Invariant 4: what leaves is what the disk has. */
	WL_CHECK(!granted || election->vote == to);
	WL_CHECK(!granted || election->term == asked_term);
	WL_CHECK(!granted || !election->held_back);
	WL_CHECK(to != election->config.node);
	if (granted)
		election->counts.votes_granted++;
	else
		election->counts.votes_refused++;
	send_reply(to, WL_WIRE_VOTE_REPLY, &reply, out);
}

/*
 * The fence is over. Installs a view under the term that is durable now, answers who asked, and
 * begins the next pending vote when a still newer term was met meanwhile.
 */
static void settle(struct wl_election *election, uint64_t now_ns, struct wl_election_effects *out)
{
	const struct wl_pending_vote pending = election->pending;
	bool durable = pending.term == election->term && pending.vote == election->vote;
	bool campaigns = pending.purpose == WL_PENDING_CAMPAIGN && durable && !election->leaving;

	WL_CHECK(wl_election_is_busy(election));
	WL_CHECK(!campaigns || pending.vote == election->config.node);
	election->state = WL_ELECTION_FOLLOWER;
	/* Who refused keeps its timer: a candidate with a poor log must not keep others from
	 * asking. */
	if (pending.purpose != WL_PENDING_VOTE || pending.vote != 0 ||
	    election->deadline_ns < now_ns)
		wl_election_restart_timer(election, now_ns);
	if (pending.purpose == WL_PENDING_VOTE)
		answer_vote(election, pending.candidate, pending.term, pending.vote != 0, out);
	if (election->saw_term > election->term) {
		wl_pending_vote_adopt(election, election->saw_term, now_ns, out);
		return;
	}
	if (campaigns && wl_election_is_alone(election)) {
		wl_campaign_ask_votes(election, now_ns, out);
		return;
	}
	wl_election_tell(election, WL_PLANE_FOLLOW, out);
	if (campaigns)
		wl_campaign_ask_votes(election, now_ns, out);
}

/* False: with this tail there is nothing to write down. */
static bool decide(struct wl_election *election)
{
	struct wl_pending_vote *pending = &election->pending;

	WL_CHECK(election->state == WL_ELECTION_FENCING); /* invariant 3 */
	pending->vote = 0;
	switch (pending->purpose) {
	case WL_PENDING_ADOPT:
		return true;
	case WL_PENDING_VOTE:
		/* Raft 5.4.1, with the exact tail. */
		if (wl_position_at_least(pending->last, election->tail))
			pending->vote = pending->candidate;
		return pending->vote != 0 || pending->term > election->term;
	case WL_PENDING_CAMPAIGN:
		/* The old leader sent us because we have its log; without it we would lose the
		 * vote. */
		if (pending->transfer && !wl_position_at_least(election->tail, pending->last))
			return false;
		/* Every request of this term names the tail that was fenced, never a published
		 * one. */
		pending->last = election->tail;
		pending->vote = election->config.node;
		return true;
	}
	return false;
}

void wl_election_on_fenced(struct wl_election *election, const struct wl_plane_message *message,
			   uint64_t now_ns, struct wl_election_effects *out)
{
	struct wl_election_effect *effect;

	if (election->state != WL_ELECTION_FENCING || message->view.number != election->number)
		return;
	election->tail = message->tail;
	election->list = election->fenced = message->list;
	election->list_before = message->list_before;
	if (!decide(election)) {
		settle(election, now_ns, out);
	} else {
		/* Invariant 2: what is written down is a newer term, or the first vote of this one. */
		WL_CHECK(election->pending.term > election->term ||
			 (election->vote == 0 && election->pending.vote != 0));
		election->state = WL_ELECTION_PERSISTING;
		effect = wl_election_emit(out, WL_ELECTION_PERSIST);
		effect->term = election->pending.term;
		effect->vote = election->pending.vote;
	}
	wl_election_check(election);
}

void wl_election_on_persisted(struct wl_election *election, bool ok, uint64_t now_ns,
			      struct wl_election_effects *out)
{
	if (!ok) {
		/* The record may or may not be on the medium: we must not act on either. */
		if (election->state != WL_ELECTION_OUT)
			wl_election_on_poisoned(election, NULL, now_ns, out);
		return;
	}
	/* Out while it was on its way: the disk has it, and nobody is answered. */
	if (election->state != WL_ELECTION_PERSISTING && election->state != WL_ELECTION_OUT)
		return;
	/* Invariant 2. */
	WL_CHECK_MSG(election->pending.term >= election->term, "term %llu is durable, %llu before",
		     (unsigned long long)election->pending.term,
		     (unsigned long long)election->term);
	WL_CHECK(election->pending.term > election->term || election->vote == 0);
	election->term = election->pending.term;
	election->vote = election->pending.vote;
	if (election->state == WL_ELECTION_PERSISTING)
		settle(election, now_ns, out);
	wl_election_check(election);
}

void wl_election_on_saw_term(struct wl_election *election, const struct wl_plane_message *message,
			     uint64_t now_ns, struct wl_election_effects *out)
{
	uint64_t term = message->view.term;

	if (term <= election->term || election->state == WL_ELECTION_OUT)
		return;
	if (!wl_election_is_open(election)) {
		if (term > election->saw_term)
			election->saw_term = term;
		return;
	}
	wl_election_note(election, "a newer term was seen", message->node, out);
	wl_pending_vote_adopt(election, term, now_ns, out);
	wl_election_check(election);
}

/*
 * A request that may be judged now, while nothing is in progress. Who asks counts by a list of its own: that ours does not have it, or
 * us, as voters is no reason to refuse, for ours may be the older one (docs/SAFETY.md, rule 25).
 */
static bool may_judge(struct wl_election *election, uint32_t from)
{
	if (from == election->config.node)
		return false;
	if (wl_election_is_busy(election))
		election->counts.votes_dropped_busy++;
	return wl_election_is_open(election);
}

void wl_election_on_vote(struct wl_election *election, uint32_t from,
			 const struct wl_wire_vote *message, uint64_t now_ns,
			 struct wl_election_effects *out)
{
	struct wl_pending_vote pending = {
		.purpose = WL_PENDING_VOTE,
		.term = message->term,
		.candidate = from,
		.last = message->last,
	};
	bool is_newer = message->term > election->term;
	bool is_sent = (message->flags & WL_WIRE_VOTE_TRANSFER) != 0;

	if (!may_judge(election, from))
		return;
	/* What was promised to others is not known here. Refusing is always safe. */
	if (election->held_back) {
		election->counts.votes_refused_held_back++;
		answer_vote(election, from, message->term, false, out);
		return;
	}
	if (message->term == election->term && election->vote == from) {
		answer_vote(election, from, message->term, true, out);
		return;
	}
	if (is_newer && !is_sent && wl_election_is_sticky(election, now_ns)) {
		election->counts.votes_refused_sticky++;
		answer_vote(election, from, message->term, false, out);
		return;
	}
	/* In our own term: the vote is given, or somebody leads already, or the log is too short. */
	if (!is_newer &&
	    (message->term < election->term || election->vote != 0 || election->leader != 0 ||
	     !wl_position_at_least(message->last, election->tail))) {
		answer_vote(election, from, message->term, false, out);
		return;
	}
	wl_pending_vote_open(election, &pending, now_ns, out);
	wl_election_check(election);
}

/* Who leads us asks whether it still does (silence.c): stickiness is for its sake. */
static bool is_our_leader(const struct wl_election *election, uint32_t from)
{
	return election->state != WL_ELECTION_LEADER && election->leader == from;
}

/* Decides nothing here: no term, no vote, no timer. */
void wl_election_on_pre_vote(struct wl_election *election, uint32_t from,
			     const struct wl_wire_vote *message, uint64_t now_ns,
			     struct wl_election_effects *out)
{
	struct wl_wire_vote_reply reply = {.asked_term = message->term, .round = message->round};

	if (!may_judge(election, from))
		return;
	if (election->held_back)
		election->counts.votes_refused_held_back++;
	else if (wl_election_is_sticky(election, now_ns) && !is_our_leader(election, from))
		election->counts.votes_refused_sticky++;
	else
		reply.granted = message->term > election->term &&
				wl_position_at_least(message->last, election->tail) &&
				!wl_silence_refuses(election, now_ns);
	/* A refusal carries our own term: a candidate that is behind learns it and can win later. */
	reply.term = reply.granted ? message->term : election->term;
	send_reply(from, WL_WIRE_PRE_VOTE_REPLY, &reply, out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of this room share: the steps of which handlers are made. Each changes the machine and emits the effects that
 * belong to the change, so that no handler can do one without the other. For this room only.
 *
 * Pure. Owner: control. [control]
 */
#ifndef WL_CONTROL_ELECTION_ELECTION_STEPS_H
#define WL_CONTROL_ELECTION_ELECTION_STEPS_H

#include "control/election/election.h"
#include "dataplane/base/members.h"

/* Between two transfers because nothing commits, of whomever. */
#define WL_ELECTION_COMMIT_PATIENCE_NS 60000000000u
/* And because of a full device, at first: others may have room. It doubles. */
#define WL_ELECTION_NO_SPACE_PATIENCE_NS 500000000u
/* A leader with a bad disk or worker leaves the field for so many of our patience. */
#define WL_ELECTION_PENALTY_TIMEOUTS 4

/* By which one we count now. */
static inline const struct wl_list *wl_election_list(const struct wl_election *election)
{
	return election->state == WL_ELECTION_CANDIDATE ? &election->fenced : &election->list;
}

/* Of either side of a joint list. */
static inline bool wl_election_is_voter(const struct wl_election *election, uint32_t node)
{
	return wl_members_has(wl_list_voters(wl_election_list(election)), node);
}

static inline bool wl_election_is_majority(const struct wl_election *election, wl_members nodes)
{
	return wl_list_decides(wl_election_list(election), nodes);
}

/* The only voter. */
static inline bool wl_election_is_alone(const struct wl_election *election)
{
	return wl_list_is_alone(wl_election_list(election), election->config.node);
}

/* A voter; or it was one by the list before, and the list that leaves it out may not be committed yet: then nobody else may have that one
 * (docs/SAFETY.md, rule 27). It does not count itself. */
static inline bool wl_election_may_lead(const struct wl_election *election)
{
	return wl_election_is_voter(election, election->config.node) ||
	       wl_members_has(election->list_before, election->config.node);
}

/* A fence or a record is in progress: one at a time. */
static inline bool wl_election_is_busy(const struct wl_election *election)
{
	return election->state == WL_ELECTION_FENCING || election->state == WL_ELECTION_PERSISTING;
}

/* Takes part: has a view, is not busy, is not out. */
static inline bool wl_election_is_open(const struct wl_election *election)
{
	return election->state != WL_ELECTION_STARTING && election->state != WL_ELECTION_OUT &&
	       !wl_election_is_busy(election);
}

/* Asks for pre-votes. */
static inline bool wl_election_asks_first(const struct wl_election *election)
{
	return election->state == WL_ELECTION_PRE_CANDIDATE ||
	       election->state == WL_ELECTION_SILENT;
}

/* election.c */
struct wl_election_effect *wl_election_emit(struct wl_election_effects *out,
					    enum wl_election_effect_verb verb);
void wl_election_note(const struct wl_election *election, const char *text, uint32_t node,
		      struct wl_election_effects *out);
/* Raises the number, except for TRANSFER, which belongs to the view that stands. */
void wl_election_tell(struct wl_election *election, enum wl_plane_verb verb,
		      struct wl_election_effects *out);
void wl_election_restart_timer(struct wl_election *election, uint64_t from_ns);
/* A leader was heard so lately that another one is not wanted (thesis 4.2.3), or may have been before we started. */
bool wl_election_is_sticky(const struct wl_election *election, uint64_t now_ns);
/* A follower of nobody, who does not campaign for so long. */
void wl_election_step_down(struct wl_election *election, uint64_t penalty_ns, uint64_t now_ns,
			   struct wl_election_effects *out);

/* hand_over.c: a successor is told again, or the transfer has failed. */
void wl_hand_over_tick(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out);

/* pending_vote.c: FENCE now; the rest happens in on_fenced and on_persisted. */
void wl_pending_vote_open(struct wl_election *election, const struct wl_pending_vote *pending,
			  uint64_t now_ns, struct wl_election_effects *out);
void wl_pending_vote_adopt(struct wl_election *election, uint64_t term, uint64_t now_ns,
			   struct wl_election_effects *out);

/* silence.c. False: the term must be given up. */
bool wl_silence_begin(struct wl_election *election, uint64_t now_ns,
		      struct wl_election_effects *out);
void wl_silence_end(struct wl_election *election, struct wl_election_effects *out);
/* Another one asks for a pre-vote that it would get; we ask, too, and go first. */
bool wl_silence_refuses(struct wl_election *election, uint64_t now_ns);

/* campaign.c */
void wl_campaign_begin_round(struct wl_election *election, uint64_t now_ns,
			     struct wl_election_effects *out);
void wl_campaign_begin(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out);
/* {term, our own vote} are durable. */
void wl_campaign_ask_votes(struct wl_election *election, uint64_t now_ns,
			   struct wl_election_effects *out);
void wl_campaign_resend(struct wl_election *election, uint64_t now_ns,
			struct wl_election_effects *out);

#endif

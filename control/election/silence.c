/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A leader that hears no majority says nothing more (thesis 6.2), and asks before it gives its term up: a machine that stood
 * still for a moment, its own or another, is no reason for a change of leadership.
 *
 *   LEADER --STALLED(QUORUM, CONTROL)--> SILENT --pre-votes of a majority--> LEADER (RESUME)
 *                                        SILENT --a newer term--> FENCING
 *
 * A pre-vote says that its voter has no term newer than ours. Whoever a majority elected meanwhile is known to one of those who
 * answer, which then refuses and names its term. An answer counts in the round that asked for it alone, so it is younger than the
 * question; but its voter may leave the term in the next moment, and need not wait for us. So the question saves a change and
 * proves nothing. It need not: docs/ARCHITECTURE.md, "A leader that fell silent".
 */
#include "control/election/election.h"

#include "control/election/election_steps.h"
#include "dataplane/base/check.h"

bool wl_silence_begin(struct wl_election *election, uint64_t now_ns,
		      struct wl_election_effects *out)
{
	WL_CHECK(election->state == WL_ELECTION_LEADER);
	/* A successor that was told to take over may have won unheard: this term must end with us. */
	if (election->leaving || (election->transfer.active && election->transfer.target != 0))
		return false;
	election->state = WL_ELECTION_SILENT;
	election->leader = 0;
	election->transfer.active = false;
	election->asked_since_ns = election->asked_ns = 0;
	election->counts.silences++;
	wl_campaign_begin_round(election, now_ns, out);
	return true;
}

void wl_silence_end(struct wl_election *election, struct wl_election_effects *out)
{
	struct wl_plane_message *tell;

	/* Invariant 6: it was elected in this term. */
	WL_CHECK(election->state == WL_ELECTION_SILENT);
	WL_CHECK(election->vote == election->config.node);
	WL_CHECK(wl_election_is_majority(election, election->granted));
	election->state = WL_ELECTION_LEADER;
	election->leader = election->config.node;
	election->rounds_in_vain = 0;
	election->counts.resumed++;
	wl_election_note(election, "leads on: a majority has not left the term",
			 election->config.node, out);
	wl_election_tell(election, WL_PLANE_RESUME, out);
	WL_CHECK(out->item[out->count - 1].verb == WL_ELECTION_TELL_WORKER);
	tell = &out->item[out->count - 1].tell;
	tell->reason = WL_STALL_QUORUM;
	tell->now_ns = election->round_ns;
}

/*
 * Who hears us asks us, too, and both would get what they asked for. So it is told no, as long as our own question may be under
 * way; but not for ever: it may reach a majority that we do not.
 */
bool wl_silence_refuses(struct wl_election *election, uint64_t now_ns)
{
	uint64_t timeout = election->config.election_timeout_ns;

	if (election->state != WL_ELECTION_SILENT)
		return false;
	if (election->asked_ns == 0 || now_ns - election->asked_ns > timeout)
		election->asked_since_ns = now_ns;
	election->asked_ns = now_ns;
	return now_ns - election->asked_since_ns < timeout;
}

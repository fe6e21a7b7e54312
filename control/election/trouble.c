/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a leader's worker complains of, and what becomes of the leadership: handed over where another voter may do better, given up
 * where this node cannot lead, silent where it is not known who hears us (silence.c). A leadership wanders no faster than our patience.
 */
#include "control/election/election.h"

#include "control/election/election_steps.h"
#include "dataplane/base/check.h"

#define STAYS_WITHOUT_COMMITS                                                                          \
	"nothing commits, though a majority answers; nobody else may be able to, or leadership moved " \
	"for that already: stays. Look at the disks of, and the paths to, these voters"
#define NO_SPACE_PATIENCE_MAX_NS (160 * (uint64_t)WL_ELECTION_NO_SPACE_PATIENCE_NS)

/*
 * A full device is handed to somebody with room, if there is such a one. When all are full somebody
 * must still lead, for readers; so the journal does not wander faster than our patience, which
 * doubles.
 */
static void on_no_space(struct wl_election *election, uint64_t now_ns,
			struct wl_election_effects *out)
{
	if (election->transfer.active)
		return;
	if (now_ns >= election->no_space_until_ns + NO_SPACE_PATIENCE_MAX_NS)
		election->no_space_patience_ns = WL_ELECTION_NO_SPACE_PATIENCE_NS;
	if (now_ns < election->no_space_until_ns ||
	    !wl_election_transfer(election, 0, now_ns, out)) {
		wl_election_tell(election, WL_PLANE_RESUME, out);
		return;
	}
	election->no_space_until_ns = now_ns + election->no_space_patience_ns;
	if (election->no_space_patience_ns < NO_SPACE_PATIENCE_MAX_NS)
		election->no_space_patience_ns *= 2;
}

/*
 * A majority answers and nothing commits: somebody else may be able to. Once: who got leadership in this way and cannot commit
 * either stays, whichever voters it misses, and says so.
 */
static void on_stalled_commit(struct wl_election *election, const struct wl_plane_message *message,
			      uint64_t now_ns, struct wl_election_effects *out)
{
	if (election->transfer.active)
		return;
	election->counts.commit_stalls++;
	if (now_ns < election->commit_patience_ns || message->node == 0 ||
	    !wl_election_transfer(election, 0, now_ns, out)) {
		wl_election_note(election, STAYS_WITHOUT_COMMITS, 0, out);
		WL_CHECK(out->item[out->count - 1].verb == WL_ELECTION_LOG);
		out->item[out->count - 1].voters = message->theirs;
		return;
	}
	WL_CHECK(election->transfer.active);
	WL_CHECK(out->item[out->count - 1].verb == WL_ELECTION_TELL_WORKER);
	election->transfer.flags = WL_WIRE_TIMEOUT_NOW_NOT_COMMITTING;
	out->item[out->count - 1].tell.reason = WL_STALL_COMMIT;
	election->commit_patience_ns = now_ns + WL_ELECTION_COMMIT_PATIENCE_NS;
	/* It must not be won back before others had their turn. */
	election->penalty_until_ns =
		now_ns + WL_ELECTION_PENALTY_TIMEOUTS * election->config.patience_ns;
	wl_election_note(election,
			 "nothing commits here, though a majority answers: another may be able to",
			 0, out);
	WL_CHECK(out->item[out->count - 1].verb == WL_ELECTION_LOG);
	out->item[out->count - 1].voters = message->theirs;
}

static void fall_silent(struct wl_election *election, const char *why, uint64_t now_ns,
			struct wl_election_effects *out)
{
	wl_election_note(election, why, 0, out);
	if (!wl_silence_begin(election, now_ns, out))
		wl_election_step_down(election, election->config.election_timeout_ns, now_ns, out);
}

void wl_election_on_stalled(struct wl_election *election, const struct wl_plane_message *message,
			    uint64_t now_ns, struct wl_election_effects *out)
{
	uint64_t timeout = election->config.patience_ns;

	/*
	 * The term names the leadership, the number does not: a RESUME may have crossed this
	 * message, and a worker that is silent must not be taken for a leader. A node leads a term
	 * once, so nothing older can match.
	 */
	if (election->state != WL_ELECTION_LEADER || message->view.term != election->term)
		return;
	switch ((enum wl_stall_reason)message->reason) {
	case WL_STALL_NO_SPACE:
		on_no_space(election, now_ns, out);
		break;
	case WL_STALL_COMMIT:
		on_stalled_commit(election, message, now_ns, out);
		break;
	case WL_STALL_QUORUM:
		fall_silent(election, "no majority answers", now_ns, out);
		break;
	case WL_STALL_CONTROL:
		fall_silent(election, "control was starved", now_ns, out);
		break;
	case WL_STALL_LEAVES:
		if (!election->transfer.active)
			wl_election_transfer(election, 0, now_ns, out);
		break;
	case WL_STALL_DISK:
		wl_election_note(election, "steps down: the disk does not keep up", 0, out);
		wl_election_step_down(election, WL_ELECTION_PENALTY_TIMEOUTS * timeout, now_ns,
				      out);
		break;
	}
	wl_election_check(election);
}

void wl_election_on_worker_silent(struct wl_election *election, uint64_t now_ns,
				  struct wl_election_effects *out)
{
	if (election->state != WL_ELECTION_LEADER)
		return;
	/* FOLLOW waits in the worker's ring, which it reads before it sends anything. */
	wl_election_note(election, "steps down: the worker shows no sign of life", 0, out);
	wl_election_step_down(election, WL_ELECTION_PENALTY_TIMEOUTS * election->config.patience_ns,
			      now_ns, out);
	wl_election_check(election);
}

void wl_election_on_poisoned(struct wl_election *election, const struct wl_plane_message *message,
			     uint64_t now_ns, struct wl_election_effects *out)
{
	(void)message;
	(void)now_ns;
	if (election->state == WL_ELECTION_OUT)
		return;
	wl_election_note(election, "out of the quorum: a durable write failed", 0, out);
	election->state = WL_ELECTION_OUT;
	election->leader = 0;
	election->transfer.active = false;
	wl_election_tell(election, WL_PLANE_FENCE, out);
	wl_election_check(election);
}

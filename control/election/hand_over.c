/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Leadership is handed over (thesis 3.10): the worker stops taking records, a successor is sent what it lacks, and told to campaign at
 * once. It begins with an operator's word, a stop, a trouble (trouble.c), or because the worker wants it so: somebody asked it, a voter
 * of a higher priority is there, the drive does not keep up (dataplane/raft/replica_succession.c).
 */
#include "control/election/election.h"

#include "control/election/election_steps.h"
#include "dataplane/base/check.h"

static void send_timeout_now(struct wl_election *election, uint64_t now_ns,
			     struct wl_election_effects *out)
{
	struct wl_election_effect *effect = wl_election_emit(out, WL_ELECTION_SEND);

	WL_CHECK(election->state == WL_ELECTION_LEADER && election->transfer.active);
	WL_CHECK(election->transfer.target != 0);
	WL_CHECK(election->transfer.target != election->config.node);
	effect->node = election->transfer.target;
	effect->type = WL_WIRE_TIMEOUT_NOW;
	effect->message.timeout_now.term = election->term;
	effect->message.timeout_now.last = election->transfer.tail;
	effect->message.timeout_now.flags = election->transfer.flags;
	election->resend_ns = now_ns + election->config.election_timeout_ns / 4;
}

void wl_hand_over_tick(struct wl_election *election, uint64_t now_ns,
		       struct wl_election_effects *out)
{
	struct wl_election_transfer *transfer = &election->transfer;

	WL_CHECK(election->state == WL_ELECTION_LEADER);
	if (!transfer->active)
		return;
	if (now_ns < transfer->deadline_ns) {
		if (transfer->target != 0 && now_ns >= election->resend_ns)
			send_timeout_now(election, now_ns, out);
		return;
	}
	/*
	 * A target that was told campaigns past everybody's stickiness, and may have won: with a voter that then
	 * lost its disk, and its vote with it, a leader that leads on would count it for its own term.
	 */
	if (election->leaving || transfer->target != 0) {
		wl_election_note(election, "transfer failed, leadership given up", transfer->target,
				 out);
		wl_election_step_down(election, 0, now_ns, out);
		return;
	}
	/* Nobody was told. The term is still ours alone, so we may lead on. */
	wl_election_note(election, "transfer failed, leading on", transfer->target, out);
	transfer->active = false;
	wl_election_tell(election, WL_PLANE_RESUME, out);
}

void wl_election_on_transfer_ready(struct wl_election *election,
				   const struct wl_plane_message *message, uint64_t now_ns,
				   struct wl_election_effects *out)
{
	struct wl_election_transfer *transfer = &election->transfer;

	if (election->state != WL_ELECTION_LEADER || !transfer->active ||
	    message->view.number != election->number || message->node == election->config.node ||
	    !wl_election_is_voter(election, message->node) ||
	    (transfer->asked != 0 && transfer->asked != message->node))
		return;
	transfer->target = message->node;
	transfer->tail = message->tail;
	transfer->deadline_ns = now_ns + election->config.patience_ns;
	send_timeout_now(election, now_ns, out);
	wl_election_check(election);
}

bool wl_election_transfer(struct wl_election *election, uint32_t target, uint64_t now_ns,
			  struct wl_election_effects *out)
{
	struct wl_election_transfer *transfer = &election->transfer;

	if (election->state != WL_ELECTION_LEADER || transfer->active ||
	    wl_election_is_alone(election) || target == election->config.node ||
	    (target != 0 && !wl_members_has(election->list.voters, target)))
		return false;
	*transfer = (struct wl_election_transfer){
		.active = true,
		.asked = target,
		.deadline_ns = now_ns + election->config.patience_ns,
	};
	election->counts.handed_over++;
	wl_election_note(election, "hands leadership over", target, out);
	wl_election_tell(election, WL_PLANE_TRANSFER, out);
	WL_CHECK(out->item[out->count - 1].verb == WL_ELECTION_TELL_WORKER);
	out->item[out->count - 1].tell.node = target;
	wl_election_check(election);
	return true;
}

static const char *text_of(uint32_t reason)
{
	if (reason == WL_TRANSFER_PREFERRED)
		return "a voter of a higher priority is in step";
	if (reason == WL_TRANSFER_DISK)
		return "the disk does not keep up, and a successor's does";
	return "was asked to hand leadership over";
}

void wl_election_on_wants_transfer(struct wl_election *election,
				   const struct wl_plane_message *message, uint64_t now_ns,
				   struct wl_election_effects *out)
{
	if (election->state != WL_ELECTION_LEADER || election->transfer.active ||
	    message->view.term != election->term)
		return;
	wl_election_note(election, text_of(message->reason), message->node, out);
	wl_election_transfer(election, message->node, now_ns, out);
	wl_election_check(election);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Leadership is handed over because the worker wants it so: an operator asked, a voter of a higher priority is there, the drive does not keep up
 * (dataplane/raft/replica_succession.c). The same transfer as an operator's word begins (election.c).
 */
#include "control/election/election.h"

#include "control/election/election_steps.h"

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

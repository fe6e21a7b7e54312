/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells who must know of claims that are not believed (claim.h): control, now and then, with an address and a count; and
 * both servers that have one id, so that each says so itself. The one that is not heard falls silent by its own will, too:
 * other nodes, which started later, may have heard it first.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

#define TELL_INTERVAL_NS 10000000000u /* control, of one kind of claim under one id */
#define ANSWER_INTERVAL_NS 200000000u /* a twin */

static bool is_due(uint64_t last_ns, uint64_t interval_ns, uint64_t now_ns)
{
	return last_ns == 0 || now_ns - last_ns >= interval_ns;
}

static void tell(struct wl_worker *worker, uint32_t node, struct wl_claim *claim,
		 enum wl_plane_verb verb)
{
	struct wl_plane_message message = {
		.verb = verb,
		.journal = worker->journals[0].config.replica.journal,
		.link = claim->address.link,
		.node = node,
		.now_ns = worker->now_ns,
		.reason = claim->why,
		.ipv4 = claim->address.ipv4,
		.ours = worker->rx.peers[node].address.ipv4,
		.theirs = claim->frames,
		.boot_id = verb == WL_PLANE_REFUSED ? claim->key_id : 0,
	};

	if (claim->frames == claim->told_frames ||
	    !is_due(claim->told_ns, TELL_INTERVAL_NS, worker->now_ns))
		return;
	memcpy(message.mac, claim->address.mac, sizeof(message.mac));
	if (!wl_ring_push(&worker->plane->up, &message))
		return; /* a later round says it */
	claim->told_ns = worker->now_ns;
	claim->told_frames = claim->frames;
}

/* Both servers, each where it is. */
static void tell_both(struct wl_worker *worker, uint32_t node, struct wl_claim *twin)
{
	const struct wl_tx_to owner = wl_tx_to_remote(&worker->rx.peers[node]);
	const struct wl_tx_to to = {twin->address, wl_identity_of_node(node, worker->config.worker),
				    twin->boot_id, 0, 0};

	if (!wl_rx_hears_twin(&worker->rx, node, worker->now_ns) ||
	    !is_due(twin->answered_ns, ANSWER_INTERVAL_NS, worker->now_ns))
		return;
	twin->answered_ns = worker->now_ns;
	wl_worker_send_greeting(worker, node, &to, WL_WIRE_GREETING_DUPLICATE);
	wl_worker_send_greeting(worker, node, &owner, WL_WIRE_GREETING_CLAIMED);
}

/* What a peer says of our own id. */
void wl_worker_take_own_twin(struct wl_worker *worker, uint32_t node, uint32_t flags)
{
	struct wl_claims *claims = &worker->rx.claims;
	struct wl_plane_message message = {
		.verb = WL_PLANE_OWN_TWIN,
		.journal = worker->journals[0].config.replica.journal,
		.node = node,
		.now_ns = worker->now_ns,
		.reason = flags & WL_WIRE_GREETING_DUPLICATE ? 1 : 2,
	};

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	if ((flags & (WL_WIRE_GREETING_DUPLICATE | WL_WIRE_GREETING_CLAIMED)) == 0)
		return;
	if (flags & WL_WIRE_GREETING_DUPLICATE)
		claims->duplicate_ns = worker->now_ns;
	claims->own_said_ns[node] = worker->now_ns;
	if (is_due(claims->own_told_ns[node], TELL_INTERVAL_NS, worker->now_ns) &&
	    wl_ring_push(&worker->plane->up, &message))
		claims->own_told_ns[node] = worker->now_ns;
}

void wl_worker_tend_claims(struct wl_worker *worker)
{
	struct wl_claims *claims = &worker->rx.claims;

	for (uint32_t node = 0; node <= WIRELOG_NODES_MAX; node++) {
		tell(worker, node, &claims->refused[node], WL_PLANE_REFUSED);
		tell(worker, node, &claims->twin[node], WL_PLANE_TWIN);
		tell_both(worker, node, &claims->twin[node]);
	}
}

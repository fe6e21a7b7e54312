/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which builds nodes run (transport/build.h): BUILD goes out as soon as a peer's boot is known, before the greeting, again every few
 * milliseconds until the peer says that it has it (a peer that knows no such message never does: after some tries it is told as seldom as
 * the others), when something new is in force, and once a second.
 *
 * Where a feature is in force nothing counts that a peer says whose build lacks it, or has not said yet that it has it: what it makes of the
 * entries is not what we do (docs/SAFETY.md, rule 34). And we, should we lack it, apply nothing more, and control ends us by name.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

#define BUILD_INTERVAL_NS 8000000u /* until it was seen */
#define BUILD_TRIES 32u /* as often as that */
#define BUILD_AGAIN_NS 1000000000u

static wl_features in_force_in(const struct wl_journal *journal)
{
	return wl_service_state(journal->service)->features.set;
}

static wl_features in_force(const struct wl_worker *worker)
{
	wl_features set = 0;

	for (uint32_t at = 0; at < worker->journal_count; at++)
		set |= in_force_in(&worker->journals[at]);
	return set;
}

static void send_build(struct wl_worker *worker, uint32_t node)
{
	const struct wl_remote *peer = &worker->rx.peers[node];
	struct wl_build *build = &worker->rx.builds[node];
	const struct wl_tx_to to = wl_tx_to_remote(peer);
	struct wl_wire_build message = {
		.seen_boot = wl_build_is_known(build, peer->boot_id) ? peer->boot_id : 0,
		.supported = worker->config.features,
		.in_force = in_force(worker) & worker->config.features,
	};
	uint8_t *payload = wl_tx_open(&worker->tx, &to, WL_WIRE_BUILD,
				      worker->journals[0].config.replica.journal, WL_TX_RESERVED);

	if (!payload)
		return;
	memcpy(message.version, worker->config.version, sizeof(message.version));
	wl_tx_close(&worker->tx, wl_wire_encode_build(payload, &message));
	wl_count(&worker->counters, WL_COUNTER_builds_sent);
	if (build->sent_boot != peer->boot_id) {
		build->seen = false;
		build->sent_count = 0;
	}
	build->sent_boot = peer->boot_id;
	build->sent_ns = worker->now_ns;
	build->sent_count++;
	build->sent_in_force = message.in_force;
}

void wl_worker_tell_build(struct wl_worker *worker, uint32_t node)
{
	const struct wl_build *build = &worker->rx.builds[node];
	uint64_t boot_id = worker->rx.peers[node].boot_id;
	bool often = (!build->seen || !wl_build_is_known(build, boot_id)) &&
		     build->sent_count < BUILD_TRIES;

	/* A build that knows none says nothing. */
	if (worker->config.features == 0 || boot_id == 0)
		return;
	if (build->sent_boot != boot_id || build->sent_in_force != in_force(worker) ||
	    worker->now_ns - build->sent_ns >= (often ? BUILD_INTERVAL_NS : BUILD_AGAIN_NS))
		send_build(worker, node);
}

void wl_worker_judge_build(struct wl_worker *worker, uint32_t node)
{
	struct wl_build *build = &worker->rx.builds[node];
	bool known = wl_build_is_known(build, worker->rx.peers[node].boot_id);

	build->lacks = 0;
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		const struct wl_journal *journal = &worker->journals[at];

		if (!wl_features_have(known ? build->supported : 0, in_force_in(journal)))
			build->lacks |= 1u << journal->config.replica.journal;
	}
	build->lacks_told &= build->lacks;
}

void wl_worker_take_build(struct wl_worker *worker, const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->from->identity);
	struct wl_build *build = &worker->rx.builds[node];
	struct wl_wire_build said;

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	if (!wl_wire_decode_build(message->payload, message->bytes, &said)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (build->boot_id != message->from->boot_id || build->supported != said.supported)
		build->told_boot = 0;
	build->boot_id = message->from->boot_id;
	build->supported = said.supported;
	build->declared = said.supported;
	build->in_force = said.in_force;
	memcpy(build->version, said.version, sizeof(build->version));
	build->seen = said.seen_boot == worker->config.boot_id;
	wl_worker_judge_build(worker, node);
	wl_worker_tell_build(worker, node);
}

/* What the ring has no room for is told in a later round. */
static void tell_peer(struct wl_worker *worker, uint32_t node)
{
	struct wl_build *build = &worker->rx.builds[node];
	struct wl_plane_message message = {
		.verb = WL_PLANE_PEER_BUILD,
		.journal = worker->journals[0].config.replica.journal,
		.node = node,
		.now_ns = worker->now_ns,
		.ours = in_force(worker),
		.theirs = build->supported,
	};

	if (build->boot_id != 0 && build->told_boot != build->boot_id &&
	    wl_ring_push(&worker->plane->up, &message))
		build->told_boot = build->boot_id;
	message.verb = WL_PLANE_PEER_LACKS;
	message.theirs = wl_build_is_known(build, worker->rx.peers[node].boot_id) ? build->supported
										  : 0;
	if ((build->lacks & ~build->lacks_told) != 0 && worker->rx.peers[node].boot_id != 0 &&
	    build->sent_count >= BUILD_TRIES / 2 && wl_ring_push(&worker->plane->up, &message))
		build->lacks_told = build->lacks;
}

static void tell_own(struct wl_worker *worker, struct wl_journal *journal)
{
	const struct wl_features_in_force *features = &wl_service_state(journal->service)->features;
	const struct wl_plane_message message = {
		.verb = WL_PLANE_FEATURES,
		.journal = journal->config.replica.journal,
		.now_ns = worker->now_ns,
		.tail = {.index = features->index},
		.ours = worker->config.features,
		.theirs = features->set,
	};

	if (features->index != journal->features_told && worker->config.features != 0 &&
	    wl_ring_push(&worker->plane->up, &message))
		journal->features_told = features->index;
}

void wl_worker_tend_builds(struct wl_worker *worker)
{
	for (uint32_t at = 0; at < worker->journal_count; at++)
		tell_own(worker, &worker->journals[at]);
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		if (worker->rx.peers[node].identity == 0)
			continue;
		wl_worker_judge_build(worker, node);
		tell_peer(worker, node);
	}
}

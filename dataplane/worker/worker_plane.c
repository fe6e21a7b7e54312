/* SPDX-License-Identifier: BSD-3-Clause */
/* What control says: views for the journals, and slow-path frames to put on the wire. */
#include <string.h>

#include "dataplane/worker/worker_internal.h"

#define PUNTED_PER_TURN 16u

static void learn_neighbour(struct wl_worker *worker, const struct wl_plane_message *message)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		struct wl_remote *peer = &worker->rx.peers[node];

		if (peer->identity == 0 || peer->address.ipv4 != message->ipv4)
			continue;
		memcpy(peer->address.mac, message->mac, sizeof(peer->address.mac));
		peer->address.link = message->link;
		peer->address_known = true;
		worker->config.peer_address[node] = peer->address;
		worker->config.peer_address_known[node] = true;
	}
}

static void set(struct wl_worker *worker, const struct wl_plane_message *message)
{
	if (message->reason == WL_SETTING_CLIENT_IDLE_NS)
		worker->rx.client_idle_ns = message->ours;
	for (uint32_t at = 0; at < worker->journal_count; at++) {
		struct wl_journal *journal = &worker->journals[at];

		switch ((enum wl_setting)message->reason) {
		case WL_SETTING_RESEND_NS:
			journal->replica.config.resend_ns = message->ours;
			break;
		case WL_SETTING_DISK_STALL_NS:
			journal->replica.config.disk_stall_ns = message->ours;
			break;
		default:
			wl_service_set(journal->service, (enum wl_setting)message->reason,
				       message->ours);
		}
	}
}

static void obey(struct wl_worker *worker, const struct wl_plane_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);

	switch (message->verb) {
	case WL_PLANE_NEIGHBOUR:
		learn_neighbour(worker, message);
		return;
	case WL_PLANE_STOP:
		if (!worker->stopping)
			worker->stop_since_ns = worker->now_ns;
		worker->stopping = true;
		return;
	case WL_PLANE_SET:
		set(worker, message);
		return;
	case WL_PLANE_USE_KEYS:
		wl_worker_use_keys(worker, message->auth, &message->keys);
		return;
	default:
		break;
	}
	if (!journal)
		return;
	switch (message->verb) {
	case WL_PLANE_HOLD_BACK:
	case WL_PLANE_COUNT:
		journal->replica.held_back = message->verb == WL_PLANE_HOLD_BACK;
		return;
	case WL_PLANE_FENCE:
		wl_replica_on_fence(&journal->replica, message);
		break;
	case WL_PLANE_LEAD:
		wl_replica_on_lead(&journal->replica, message);
		break;
	case WL_PLANE_FOLLOW:
		wl_replica_on_follow(&journal->replica, message);
		break;
	case WL_PLANE_TRANSFER:
		wl_replica_on_transfer(&journal->replica, message);
		return;
	case WL_PLANE_ASK:
		wl_replica_ask(&journal->replica, &message->wish);
		return;
	case WL_PLANE_COMPARE:
		wl_journal_compare(journal, message->tail.index);
		return;
	case WL_PLANE_RESUME:
		wl_replica_on_resume(&journal->replica, message);
		return;
	default:
		return;
	}
	wl_service_on_view(journal->service);
}

unsigned wl_worker_take_plane(struct wl_worker *worker)
{
	struct wl_plane_message message;
	unsigned count = 0;

	/* All that waits, as control relies on: a FENCE behind other messages holds before a frame is looked at. A ring's
	 * worth at most, so that the turn ends while control goes on talking. */
	while (count < WL_PLANE_SLOTS && wl_ring_pop(&worker->plane->down, &message)) {
		obey(worker, &message);
		count++;
	}
	return count;
}

static void send_punted(struct wl_worker *worker, const struct wl_punt *punt)
{
	struct wl_tx_to to;
	uint8_t *payload;

	if (punt->type == 0) {
		wl_tx_raw(&worker->tx, punt->link, punt->data, punt->bytes);
		return;
	}
	if (punt->node == 0 || punt->node > WIRELOG_NODES_MAX ||
	    worker->rx.peers[punt->node].boot_id == 0)
		return; /* not greeted: control says it again */
	to = wl_tx_to_remote(&worker->rx.peers[punt->node]);
	payload = wl_tx_open(&worker->tx, &to, punt->type, punt->journal, WL_TX_RESERVED);
	if (!payload)
		return;
	if (punt->bytes > wl_tx_open_room(&worker->tx)) {
		wl_tx_abandon(&worker->tx);
		return;
	}
	memcpy(payload, punt->data, punt->bytes);
	wl_tx_close(&worker->tx, punt->bytes);
}

unsigned wl_worker_take_punted(struct wl_worker *worker)
{
	struct wl_punt punt;
	unsigned count = 0;

	while (count < PUNTED_PER_TURN && wl_ring_pop(&worker->plane->punt_down, &punt)) {
		send_punted(worker, &punt);
		count++;
	}
	return count;
}

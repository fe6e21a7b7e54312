/* SPDX-License-Identifier: BSD-3-Clause */
/* From the port to whoever a frame is for: a replica, a journal's clients, or control. */
#include <string.h>

#include "dataplane/worker_internal.h"

#define BURSTS_PER_TURN 4u
#define HELLO_INTERVAL_NS 10000000u /* to one peer */
#define SILENCE_NS \
	200000000u /* a greeted peer unheard for this long may have restarted: greet again */

static void punt_up(struct wl_worker *worker, const struct wl_punt *punt)
{
	/* Raw frames leave half of the ring to votes. */
	if (punt->type == 0 && wl_ring_count(&worker->seam->punt_up) >= WL_PUNT_SLOTS / 2) {
		wl_count(&worker->counters, WL_COUNTER_punt_ring_full);
		return;
	}
	if (!wl_ring_push(&worker->seam->punt_up, punt))
		wl_count(&worker->counters, WL_COUNTER_punt_ring_full);
}

static void punt_raw(struct wl_worker *worker, const struct wl_frame *frame)
{
	struct wl_punt punt;

	if (frame->size > WL_PUNT_BYTES_MAX)
		return;
	memset(&punt, 0, offsetof(struct wl_punt, data));
	punt.link = frame->link;
	punt.bytes = frame->size;
	memcpy(punt.data, frame->bytes, frame->size);
	punt_up(worker, &punt);
}

static void punt_message(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_punt punt;

	if (message->bytes > WL_PUNT_BYTES_MAX) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	memset(&punt, 0, offsetof(struct wl_punt, data));
	punt.link = message->link;
	punt.bytes = (uint16_t)message->bytes;
	punt.journal = message->journal;
	punt.type = message->type;
	punt.node = wl_identity_node(message->from->identity);
	punt.epoch = message->from->epoch;
	memcpy(punt.data, message->payload, message->bytes);
	punt_up(worker, &punt);
}

static void take_append(struct wl_worker *worker, struct wl_journal *journal,
			const struct wl_message *message)
{
	struct wl_wire_append append;

	if (wl_wire_decode_append(message->payload, message->bytes, &append))
		wl_replica_on_append(&journal->replica, wl_identity_node(message->from->identity),
				     &append);
	else
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
}

static void take_append_ack(struct wl_worker *worker, struct wl_journal *journal,
			    const struct wl_message *message)
{
	struct wl_wire_append_ack ack;

	if (wl_wire_decode_append_ack(message->payload, message->bytes, &ack))
		wl_replica_on_append_ack(&journal->replica,
					 wl_identity_node(message->from->identity), &ack);
	else
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
}

static void take_hello(struct wl_worker *worker, struct wl_journal *journal,
		       const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->hello_identity);

	wl_front_on_hello(journal->front, message);
	/* A peer under an epoch that is new to us: ask at once, its answer will prove it. */
	if (!wl_identity_is_client(message->hello_identity) && node <= WIRELOG_NODES_MAX &&
	    worker->rx.peers[node].epoch != message->hello_epoch)
		worker->hello_due_ns[node] = worker->now_ns;
}

static bool tell_boot(struct wl_worker *worker, enum wl_seam_verb verb, uint32_t node,
		      uint64_t epoch, uint64_t incarnation)
{
	const struct wl_seam_message message = {
		.verb = verb,
		.journal = worker->journals[0].config.replica.journal,
		.node = node,
		.now_ns = worker->now_ns,
		.boot_epoch = epoch,
		.incarnation = incarnation,
	};

	/* Lost when the ring is full: the next HELLO_REPLY says it again. */
	return wl_ring_push(&worker->seam->up, &message);
}

/* rx has learned the epoch; what the peer's data and its memory of us say is control's to judge. */
static void take_hello_reply(struct wl_worker *worker, const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->from->identity);
	struct wl_wire_hello_reply reply;
	uint64_t known;

	if (!wl_wire_decode_hello_reply(message->payload, message->bytes, &reply)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	known = reply.known_epoch;
	if (worker->boot_told[node] != message->from->epoch &&
	    tell_boot(worker, WL_SEAM_PEER_BOOT, node, message->from->epoch, reply.incarnation))
		worker->boot_told[node] = message->from->epoch;
	if (known > worker->outlived_told && known != worker->config.epoch &&
	    wl_remote_boot_of(known) >= wl_remote_boot_of(worker->config.epoch) &&
	    tell_boot(worker, WL_SEAM_OUTLIVED, node, known, 0))
		worker->outlived_told = known;
}

static void dispatch(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);

	if (!journal) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	switch ((enum wl_wire_type)message->type) {
	case WL_WIRE_HELLO:
		take_hello(worker, journal, message);
		break;
	case WL_WIRE_APPEND:
		take_append(worker, journal, message);
		break;
	case WL_WIRE_APPEND_ACK:
		take_append_ack(worker, journal, message);
		break;
	case WL_WIRE_PRE_VOTE:
	case WL_WIRE_PRE_VOTE_REPLY:
	case WL_WIRE_VOTE:
	case WL_WIRE_VOTE_REPLY:
	case WL_WIRE_TIMEOUT_NOW:
		punt_message(worker, message);
		break;
	case WL_WIRE_OPEN_SESSION:
		wl_front_on_open_session(journal->front, message, worker->wall_ns);
		break;
	case WL_WIRE_CLIENT_APPEND:
		wl_front_on_client_append(journal->front, message, worker->wall_ns);
		break;
	case WL_WIRE_SUBSCRIBE:
		wl_front_on_subscribe(journal->front, message);
		break;
	case WL_WIRE_CREDIT:
		wl_front_on_credit(journal->front, message);
		break;
	case WL_WIRE_UNSUBSCRIBE:
		wl_front_on_unsubscribe(journal->front, message);
		break;
	case WL_WIRE_KEEPALIVE:
		wl_front_on_keepalive(journal->front, message);
		break;
	case WL_WIRE_HELLO_REPLY:
		take_hello_reply(worker, message);
		break;
	case WL_WIRE_OPEN_SESSION_REPLY:
	case WL_WIRE_APPEND_REPLY:
	case WL_WIRE_DELIVER:
	case WL_WIRE_GAP:
	case WL_WIRE_KEEPALIVE_REPLY:
		break;
	}
}

unsigned wl_worker_take_frames(struct wl_worker *worker)
{
	struct wl_frame frames[WL_BURST];
	struct wl_message message;
	unsigned total = 0;

	for (unsigned burst = 0; burst < BURSTS_PER_TURN; burst++) {
		unsigned count = worker->port->ops->rx_burst(worker->port, frames, WL_BURST);
		uint64_t bytes = 0;

		if (count == 0)
			break;
		for (unsigned at = 0; at < count; at++) {
			enum wl_frame_verdict verdict;

			if (at + 1 < count)
				__builtin_prefetch(frames[at + 1].bytes);
			bytes += frames[at].size;
			verdict = wl_rx_accept(&worker->rx, &frames[at], worker->now_ns, &message);
			if (verdict == WL_FRAME_OK)
				dispatch(worker, &message);
			else if (verdict == WL_FRAME_ARP || verdict == WL_FRAME_ICMP)
				punt_raw(worker, &frames[at]);
		}
		worker->port->ops->rx_release(worker->port, frames, count);
		wl_count_add(&worker->counters, WL_COUNTER_rx_frames, count);
		wl_count_add(&worker->counters, WL_COUNTER_rx_bytes, bytes);
		total += count;
		if (count < WL_BURST)
			break;
	}
	return total;
}

static void send_hello(struct wl_worker *worker, uint32_t node)
{
	struct wl_remote *peer = &worker->rx.peers[node];
	struct wl_tx_to to = wl_tx_to_remote(peer);
	struct wl_wire_hello hello = {.nonce = worker->now_ns};
	uint16_t journal = worker->journals[0].config.replica.journal;
	size_t room;
	uint8_t *payload;

	to.epoch = 0; /* the question itself: which boot are you? */
	payload = wl_tx_open(&worker->tx, &to, WL_WIRE_HELLO, journal, WL_TX_RESERVED, &room);
	if (!payload)
		return;
	wl_tx_close(&worker->tx, wl_wire_encode_hello(payload, &hello));
	wl_count(&worker->counters, WL_COUNTER_hello_sent);
	peer->last_hello_ns = worker->now_ns;
}

void wl_worker_greet(struct wl_worker *worker)
{
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		struct wl_remote *peer = &worker->rx.peers[node];
		bool silent = worker->now_ns - peer->last_heard_ns > SILENCE_NS;

		if (peer->identity == 0 || !peer->address_known)
			continue;
		if (peer->forked_epoch != worker->fork_told[node] &&
		    tell_boot(worker, WL_SEAM_PEER_BOOT, node, peer->forked_epoch, 0))
			worker->fork_told[node] = peer->forked_epoch;
		if (peer->epoch != 0 && !silent && worker->hello_due_ns[node] == 0)
			continue;
		if (worker->now_ns - peer->last_hello_ns < HELLO_INTERVAL_NS)
			continue;
		worker->hello_due_ns[node] = 0;
		send_hello(worker, node);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nodes say of themselves to one another (status_lane.h), between two frames of more importance: looked at once in a millisecond, a part at
 * a time, whoever asks. A node that takes no part is heard and answered as well: why it does not is what somebody looks for.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

static uint8_t *open_message(struct wl_worker *worker, uint32_t node, uint8_t type)
{
	const struct wl_remote *peer = &worker->rx.peers[node];
	const struct wl_tx_to to = wl_tx_to_remote(peer);

	if (peer->identity == 0 || peer->boot_id == 0)
		return NULL;
	return wl_tx_open(&worker->tx, &to, type, worker->journals[0].config.replica.journal,
			  WL_TX_DATA);
}

/* ---- what this node says ------------------------------------------------------------------------ */

/* What is lost is asked for again. */
static void send_part(struct wl_worker *worker, uint32_t node, uint64_t round, uint32_t offset)
{
	const struct wl_status_text *own = &worker->status.lane->own;
	struct wl_wire_status_part part = {
		.round = round,
		.version = own->version,
		.total = own->bytes,
		.offset = offset,
		.bytes = own->bytes - offset,
	};
	uint8_t *payload = open_message(worker, node, WL_WIRE_STATUS_PART);
	size_t room;

	WL_CHECK(offset < own->bytes);
	if (!payload)
		return;
	room = wl_tx_open_room(&worker->tx);
	WL_CHECK(room > WL_WIRE_STATUS_PART_HEADER_BYTES);
	if (part.bytes > room - WL_WIRE_STATUS_PART_HEADER_BYTES)
		part.bytes = (uint32_t)(room - WL_WIRE_STATUS_PART_HEADER_BYTES);
	memcpy(payload + wl_wire_encode_status_part(payload, &part), own->text + offset,
	       part.bytes);
	wl_tx_close(&worker->tx, WL_WIRE_STATUS_PART_HEADER_BYTES + part.bytes);
	wl_count(&worker->counters, WL_COUNTER_status_parts_sent);
}

static uint32_t lane_state(const struct wl_worker *worker)
{
	return atomic_load_explicit(&worker->status.lane->out, memory_order_acquire);
}

/* Of a text that is not there any more, or beyond its end: from the beginning. */
static void answer_again(struct wl_worker *worker, uint32_t node,
			 const struct wl_wire_status_ask *ask)
{
	const struct wl_status_text *own = &worker->status.lane->own;
	bool goes_on = ask->version == own->version && ask->offset < own->bytes;

	send_part(worker, node, ask->round, goes_on ? ask->offset : 0);
}

void wl_worker_take_status_ask(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_worker_status *status = &worker->status;
	uint32_t node = wl_identity_node(message->from->identity);
	struct wl_status_asker *asker = &status->askers[node];
	struct wl_wire_status_ask ask;
	bool again;

	if (!wl_wire_decode_status_ask(message->payload, message->bytes, &ask)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (!status->lane)
		return; /* another worker's peer, or nobody here who looks */
	again = asker->round == ask.round && asker->boot_id == message->from->boot_id;
	if (again && asker->answered == ask.round && lane_state(worker) == WL_STATUS_LANE_FREE) {
		answer_again(worker, node, &ask);
		return;
	}
	if (again && wl_members_has(status->looked_for | status->waiting, node))
		return;
	/* What is being found for an older question is no answer to this one. */
	*asker = (struct wl_status_asker){.round = ask.round, .boot_id = message->from->boot_id};
	status->looked_for = wl_members_without(status->looked_for, node);
	status->waiting = wl_members_with(status->waiting, node);
}

static void tell(struct wl_worker *worker)
{
	struct wl_status_lane *lane = worker->status.lane;

	if (lane_state(worker) == WL_STATUS_LANE_TOLD) {
		for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
			struct wl_status_asker *asker = &worker->status.askers[node];

			if (!wl_members_has(worker->status.looked_for, node))
				continue;
			asker->answered = asker->round;
			send_part(worker, node, asker->round, 0);
		}
		worker->status.looked_for = 0;
		atomic_store_explicit(&lane->out, WL_STATUS_LANE_FREE, memory_order_relaxed);
	}
	/* Who asked while somebody looked is looked for anew. */
	if (worker->status.waiting != 0 && lane_state(worker) == WL_STATUS_LANE_FREE &&
	    worker->now_ns - worker->status.looked_ns >= WL_STATUS_LOOK_NS) {
		worker->status.looked_ns = worker->now_ns;
		worker->status.looked_for = worker->status.waiting;
		worker->status.waiting = 0;
		atomic_store_explicit(&lane->out, WL_STATUS_LANE_ASKED, memory_order_release);
	}
}

/* ---- what the others say ------------------------------------------------------------------------ */

static bool is_whole(const struct wl_status_told *told, uint64_t round)
{
	return atomic_load_explicit(&told->round, memory_order_relaxed) == round;
}

static void ask(struct wl_worker *worker, uint32_t node)
{
	const struct wl_status_reading *reading = &worker->status.reading[node];
	const struct wl_wire_status_ask message = {
		.round = worker->status.round,
		.version = reading->version,
		.offset = reading->have,
	};
	uint8_t *payload = open_message(worker, node, WL_WIRE_STATUS_ASK);

	if (!payload)
		return;
	wl_tx_close(&worker->tx, wl_wire_encode_status_ask(payload, &message));
	worker->status.reading[node].asked_ns = worker->now_ns;
}

void wl_worker_take_status_part(struct wl_worker *worker, const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->from->identity);
	struct wl_status_reading *reading = &worker->status.reading[node];
	struct wl_wire_status_part part;
	struct wl_status_told *told;

	if (!wl_wire_decode_status_part(message->payload, message->bytes, &part)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (!worker->status.lane || part.round != worker->status.round)
		return;
	told = &worker->status.lane->told[node];
	if (is_whole(told, part.round))
		return;
	if (part.offset == 0 && part.version != reading->version) {
		reading->version = part.version;
		reading->have = 0;
	}
	if (part.version != reading->version || part.offset != reading->have)
		return;
	memcpy(told->said.text + part.offset, part.part, part.bytes);
	reading->have += part.bytes;
	wl_count(&worker->counters, WL_COUNTER_status_parts_taken);
	if (reading->have < part.total) {
		ask(worker, node);
		return;
	}
	told->said.version = part.version;
	told->said.bytes = part.total;
	atomic_store_explicit(&told->round, part.round, memory_order_release);
}

static void begin_round(struct wl_worker *worker, uint64_t round)
{
	worker->status.round = round;
	worker->status.began_ns = worker->now_ns;
	memset(worker->status.reading, 0, sizeof(worker->status.reading));
}

static void read_others(struct wl_worker *worker)
{
	uint64_t round = atomic_load_explicit(&worker->status.lane->round, memory_order_acquire);

	if (round == 0)
		return;
	if (round != worker->status.round)
		begin_round(worker, round);
	if (worker->now_ns - worker->status.began_ns > WL_STATUS_PATIENCE_NS)
		return;
	for (uint32_t node = 1; node <= WIRELOG_NODES_MAX; node++) {
		const struct wl_status_reading *reading = &worker->status.reading[node];

		if (worker->rx.peers[node].identity != 0 &&
		    !is_whole(&worker->status.lane->told[node], round) &&
		    (reading->asked_ns == 0 ||
		     worker->now_ns - reading->asked_ns >= WL_STATUS_AGAIN_NS))
			ask(worker, node);
	}
}

void wl_worker_tend_status(struct wl_worker *worker)
{
	if (!worker->status.lane)
		return;
	tell(worker);
	read_others(worker);
}

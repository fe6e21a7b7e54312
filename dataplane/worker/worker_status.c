/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nodes say of themselves to one another and to clients (status_lane.h), between two frames of more importance: looked at once in a
 * millisecond, a part at a time, whoever asks. A node that takes no part is heard and answered as well: why it does not is what somebody
 * looks for.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

static uint8_t *open_message(struct wl_worker *worker, const struct wl_remote *remote, uint8_t type,
			     uint16_t journal)
{
	const struct wl_tx_to to = wl_tx_to_remote(remote);

	if (remote->identity == 0 || remote->boot_id == 0)
		return NULL;
	return wl_tx_open(&worker->tx, &to, type, journal, WL_TX_DATA);
}

/* ---- what this node says ------------------------------------------------------------------------ */

/* NULL: it is not there any more, or as another boot, which has questions of its own. */
static const struct wl_remote *remote_of(struct wl_worker *worker,
					 const struct wl_status_asker *asker)
{
	const struct wl_remote *remote =
		wl_identity_is_client(asker->identity)
			? wl_remote_table_find(&worker->rx.clients, asker->identity)
			: &worker->rx.peers[wl_identity_node(asker->identity)];

	return remote && remote->boot_id == asker->boot_id ? remote : NULL;
}

/* What is lost is asked for again. */
static void send_part(struct wl_worker *worker, const struct wl_status_asker *asker,
		      uint32_t offset)
{
	const struct wl_status_text *own = &worker->status.lane->own;
	struct wl_wire_status_part part = {
		.round = asker->round,
		.version = own->version,
		.total = own->bytes,
		.offset = offset,
		.bytes = own->bytes - offset,
	};
	const struct wl_remote *remote = remote_of(worker, asker);
	uint8_t *payload =
		remote ? open_message(worker, remote, WL_WIRE_STATUS_PART, asker->journal) : NULL;
	size_t room;

	WL_CHECK(offset < own->bytes);
	WL_CHECK(own->bytes <= sizeof(own->text));
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
static void answer_again(struct wl_worker *worker, const struct wl_status_asker *asker,
			 const struct wl_wire_status_ask *ask)
{
	const struct wl_status_text *own = &worker->status.lane->own;
	bool goes_on = ask->version == own->version && ask->offset < own->bytes;

	WL_CHECK(asker->state == WL_STATUS_ASKER_ANSWERED);
	send_part(worker, asker, goes_on ? ask->offset : 0);
}

/* Its place, else a free one, else that of who has asked nothing for so long that nobody waits any more. NULL: there is none now. */
static struct wl_status_asker *client_place(struct wl_worker *worker, wl_identity client)
{
	struct wl_status_asker *askers = &worker->status.askers[1 + WIRELOG_NODES_MAX];
	struct wl_status_asker *place = NULL;

	for (uint32_t at = 0; at < WL_WORKER_STATUS_CLIENTS; at++) {
		if (askers[at].identity == client)
			return &askers[at];
		if (askers[at].identity == 0 ||
		    worker->now_ns - askers[at].heard_ns > WL_STATUS_PATIENCE_NS)
			place = &askers[at];
	}
	return place;
}

static struct wl_status_asker *place_of(struct wl_worker *worker, wl_identity asker)
{
	WL_CHECK(wl_identity_is_client(asker) || wl_identity_node(asker) <= WIRELOG_NODES_MAX);
	return wl_identity_is_client(asker) ? client_place(worker, asker)
					    : &worker->status.askers[wl_identity_node(asker)];
}

void wl_worker_take_status_ask(struct wl_worker *worker, const struct wl_message *message)
{
	const struct wl_remote *from = message->from;
	struct wl_status_asker *asker;
	struct wl_wire_status_ask ask;
	bool again;

	WL_CHECK(from->identity != 0 && from->boot_id != 0);
	if (!wl_wire_decode_status_ask(message->payload, message->bytes, &ask)) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (!worker->status.lane)
		return; /* another worker's, or nobody here who looks */
	asker = place_of(worker, from->identity);
	if (!asker)
		return;
	again = asker->identity == from->identity && asker->boot_id == from->boot_id &&
		asker->round == ask.round;
	if (again)
		asker->heard_ns = worker->now_ns;
	if (again && asker->state != WL_STATUS_ASKER_ANSWERED)
		return;
	if (again && lane_state(worker) == WL_STATUS_LANE_FREE) {
		answer_again(worker, asker, &ask);
		return;
	}
	/* What is being found for an older question is no answer to this one. */
	*asker = (struct wl_status_asker){
		.identity = from->identity,
		.journal = message->journal,
		.round = ask.round,
		.boot_id = from->boot_id,
		.heard_ns = worker->now_ns,
		.state = WL_STATUS_ASKER_WAITS,
	};
}

/* Of those that are `before`; how many there were. */
static uint32_t advance(struct wl_worker *worker, enum wl_status_asker_state before,
			enum wl_status_asker_state after)
{
	struct wl_status_asker *askers = worker->status.askers;
	uint32_t count = 0;

	WL_CHECK(before != after);
	for (size_t at = 0; at < sizeof(worker->status.askers) / sizeof(*askers); at++) {
		if (askers[at].identity == 0 || askers[at].state != before)
			continue;
		count++;
		askers[at].state = after;
		if (after == WL_STATUS_ASKER_ANSWERED)
			send_part(worker, &askers[at], 0);
	}
	return count;
}

static void tell(struct wl_worker *worker)
{
	struct wl_status_lane *lane = worker->status.lane;

	if (lane_state(worker) == WL_STATUS_LANE_TOLD) {
		advance(worker, WL_STATUS_ASKER_LOOKED_FOR, WL_STATUS_ASKER_ANSWERED);
		atomic_store_explicit(&lane->out, WL_STATUS_LANE_FREE, memory_order_relaxed);
	}
	/* Who asked while somebody looked is looked for anew. */
	if (lane_state(worker) == WL_STATUS_LANE_FREE &&
	    worker->now_ns - worker->status.looked_ns >= WL_STATUS_LOOK_NS &&
	    advance(worker, WL_STATUS_ASKER_WAITS, WL_STATUS_ASKER_LOOKED_FOR) != 0) {
		worker->status.looked_ns = worker->now_ns;
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
	uint8_t *payload = open_message(worker, &worker->rx.peers[node], WL_WIRE_STATUS_ASK,
					worker->journals[0].config.replica.journal);

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

	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
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
	WL_CHECK(reading->have <= sizeof(told->said.text));
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
	WL_CHECK(round > worker->status.round);
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

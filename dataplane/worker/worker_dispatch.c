/* SPDX-License-Identifier: BSD-3-Clause */
/* From the port to whoever a frame is for: a replica, a journal's clients, or control. */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/worker/worker_internal.h"

#define BURSTS_PER_TURN 4u

static void punt_up(struct wl_worker *worker, const struct wl_punt *punt)
{
	/* Raw frames leave half of the ring to votes. */
	if (punt->type == 0 && wl_ring_count(&worker->plane->punt_up) >= WL_PUNT_SLOTS / 2) {
		wl_count(&worker->counters, WL_COUNTER_punt_ring_full);
		return;
	}
	if (!wl_ring_push(&worker->plane->punt_up, punt))
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

/* A peer that has not greeted, or that differs in what decides, takes no part (greeting.h); nor do we as a second server
 * under one id. Of a journal, who has another history of it (docs/SAFETY.md, rule 29), or lacks what is in force there (rule 34). */
bool wl_worker_takes_part(struct wl_worker *worker, const struct wl_message *message)
{
	uint32_t node = wl_identity_node(message->from->identity);

	if (wl_greeting_takes_part(&worker->rx.greetings[node], message->from->boot_id) &&
	    !((worker->rx.greetings[node].strange | worker->rx.builds[node].lacks) >>
		      message->journal &
	      1) &&
	    !wl_rx_is_duplicate(&worker->rx, worker->now_ns))
		return true;
	wl_count(&worker->counters, WL_COUNTER_peer_not_heard);
	return false;
}

static void punt_message(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_punt punt;

	if (message->bytes > WL_PUNT_BYTES_MAX) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (!wl_worker_takes_part(worker, message))
		return;
	memset(&punt, 0, offsetof(struct wl_punt, data));
	punt.link = message->link;
	punt.bytes = (uint16_t)message->bytes;
	punt.journal = message->journal;
	punt.type = message->type;
	punt.node = wl_identity_node(message->from->identity);
	punt.boot_id = message->from->boot_id;
	memcpy(punt.data, message->payload, message->bytes);
	punt_up(worker, &punt);
}

/* A client that lives finds no place: whoever serves the journal that it asks for says so. */
static void turn_away(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);

	if (!journal || journal->dormant)
		return;
	wl_service_on_stranger(journal->service, message);
	wl_count(&worker->counters, WL_COUNTER_clients_turned_away);
}

/* Of the same standing as what a replica is given. */
void wl_worker_take_base_ask(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);
	struct wl_wire_base_ask ask;

	if (!wl_wire_decode_base_ask(message->payload, message->bytes, &ask))
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
	else if (wl_worker_takes_part(worker, message))
		wl_journal_on_base_ask(journal, wl_identity_node(message->from->identity), &ask);
}

void wl_worker_take_base_part(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);
	struct wl_wire_base_part part;

	if (!wl_wire_decode_base_part(message->payload, message->bytes, &part))
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
	else if (wl_worker_takes_part(worker, message))
		wl_journal_on_base_part(journal, wl_identity_node(message->from->identity), &part);
}

void wl_worker_take_chain_ask(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);
	struct wl_wire_chain_ask ask;

	if (!wl_wire_decode_chain_ask(message->payload, message->bytes, &ask))
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
	else if (wl_worker_takes_part(worker, message))
		wl_journal_on_chain_ask(journal, wl_identity_node(message->from->identity), &ask);
}

void wl_worker_take_chain_told(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);
	struct wl_wire_chain_told told;

	if (!wl_wire_decode_chain_told(message->payload, message->bytes, &told))
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
	else if (wl_worker_takes_part(worker, message))
		wl_journal_on_chain_told(journal, wl_identity_node(message->from->identity), &told);
}

void wl_worker_take_mend_ask(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);
	struct wl_wire_mend_ask ask;

	if (!wl_wire_decode_mend_ask(message->payload, message->bytes, &ask))
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
	else if (wl_worker_takes_part(worker, message))
		wl_journal_on_mend_ask(journal, wl_identity_node(message->from->identity), &ask);
}

void wl_worker_take_mend_part(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);
	struct wl_wire_mend_part part;

	if (!wl_wire_decode_mend_part(message->payload, message->bytes, &part))
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
	else if (wl_worker_takes_part(worker, message))
		wl_journal_on_mend_part(journal, wl_identity_node(message->from->identity), &part);
}

/* Its place and its readers are free at once; its sessions may give way. */
void wl_worker_take_goodbye(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_remote *client = message->from;

	if (message->bytes != 0) {
		wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	WL_CHECK(wl_identity_is_client(client->identity));
	for (uint32_t at = 0; at < worker->journal_count; at++)
		wl_service_on_goodbye(worker->journals[at].service, client->identity);
	wl_remote_table_forget(&worker->rx.clients, client);
	wl_count(&worker->counters, WL_COUNTER_clients_gone);
}

/* clang-format off */

/* Who serves what is said in wire/messages.h; a replica is given what decodes, of peers that take part. */
#define TAKE_worker(name, layout)
#define TAKE_service(name, layout)
#define TAKE_control(name, layout)
#define TAKE_nobody(name, layout)
#define TAKE_replica(name, layout) \
	static void take_##name(struct wl_worker *worker, struct wl_journal *journal, \
				const struct wl_message *message) \
	{ \
		struct wl_wire_##layout said; \
	\
		if (!wl_wire_decode_##layout(message->payload, message->bytes, &said)) \
			wl_count_drop(&worker->counters, WL_FRAME_BAD_PAYLOAD); \
		else if (wl_worker_takes_part(worker, message)) \
			wl_replica_on_##name(&journal->replica, \
					     wl_identity_node(message->from->identity), &said); \
	}
#define TAKE(NAME, name, number, layout, from, to, right, server, answer) TAKE_##server(name, layout)
WL_WIRE_MESSAGES(TAKE)

#define SERVE_worker(name) wl_worker_take_##name(worker, message)
#define SERVE_replica(name) take_##name(worker, journal, message)
#define SERVE_service(name) wl_service_on_##name(journal->service, message)
#define SERVE_control(name) punt_message(worker, message)
#define SERVE_nobody(name) (void)0
#define SERVE(NAME, name, number, layout, from, to, right, server, answer) \
	case WL_WIRE_##NAME: \
		SERVE_##server(name); \
		break;

/*
 * What a dormant journal hears: how nodes meet, and what mends. No entry, acknowledgement, vote or client (docs/SAFETY.md, rules
 * 18 to 20): to its clients it is a node that is not there, so that they go elsewhere.
 */
static bool hears(const struct wl_journal *journal, const struct wl_message *message)
{
	if (!journal->dormant)
		return true;
	switch ((enum wl_wire_type)message->type) {
	case WL_WIRE_HELLO:
		return !wl_identity_is_client(message->hello_identity);
	case WL_WIRE_HELLO_REPLY:
	case WL_WIRE_GREETING:
	case WL_WIRE_BUILD:
	case WL_WIRE_STATUS_ASK:
	case WL_WIRE_STATUS_PART:
	case WL_WIRE_PATH_ECHO:
	case WL_WIRE_MEND_ASK:
	case WL_WIRE_MEND_PART:
	case WL_WIRE_GOODBYE:
		return true;
	case WL_WIRE_PATH_PROBE:
		return !wl_identity_is_client(message->from->identity);
	default:
		return false;
	}
}

static void dispatch(struct wl_worker *worker, const struct wl_message *message)
{
	struct wl_journal *journal = wl_worker_journal(worker, message->journal);

	if (!journal || message->key_refused) {
		wl_worker_send_elsewhere(worker, message);
		return;
	}
	if (!hears(journal, message)) {
		wl_count(&worker->counters, WL_COUNTER_dormant_not_heard);
		return;
	}
	switch ((enum wl_wire_type)message->type) {
	WL_WIRE_MESSAGES(SERVE)
	}
}

/* clang-format on */

/* The frames of one turn that may be believed, in the order in which they came. */
struct haul {
	struct wl_frame frames[BURSTS_PER_TURN * WL_BURST];
	struct wl_arrival arrivals[BURSTS_PER_TURN * WL_BURST];
	unsigned count;
};

/* Keeps of one burst what may be believed, which stays in its order; the others' buffers are free at once. Returns what
 * there was for the slow path. */
static unsigned sort_burst(struct wl_worker *worker, struct haul *haul, unsigned count)
{
	struct wl_frame *frames = &haul->frames[haul->count], refused[WL_BURST];
	unsigned refused_count = 0, punted = 0;
	uint64_t bytes = 0;

	WL_CHECK(count <= WL_BURST);
	WL_CHECK(haul->count + count <= BURSTS_PER_TURN * WL_BURST);
	for (unsigned at = 0; at < count; at++) {
		enum wl_frame_verdict verdict;

		if (at + 1 < count)
			__builtin_prefetch(frames[at + 1].bytes);
		bytes += frames[at].size;
		verdict = wl_rx_sort(&worker->rx, &frames[at], worker->now_ns,
				     &haul->arrivals[haul->count]);
		if (verdict == WL_FRAME_OK) {
			haul->frames[haul->count++] = frames[at];
			continue;
		}
		if (verdict == WL_FRAME_ARP || verdict == WL_FRAME_ICMP) {
			punt_raw(worker, &frames[at]);
			punted++;
		}
		refused[refused_count++] = frames[at];
	}
	if (refused_count != 0)
		worker->port->ops->rx_release(worker->port, refused, refused_count);
	wl_count_add(&worker->counters, WL_COUNTER_rx_frames, count);
	wl_count_add(&worker->counters, WL_COUNTER_rx_bytes, bytes);
	return punted;
}

/* Of one kind of sender. Returns how many were believed. */
static unsigned take_rank(struct wl_worker *worker, const struct haul *haul, enum wl_rx_rank rank)
{
	unsigned taken = 0;

	for (unsigned at = 0; at < haul->count; at++) {
		struct wl_message message;
		enum wl_frame_verdict verdict;

		if (haul->arrivals[at].rank != rank)
			continue;
		verdict = wl_rx_admit(&worker->rx, &haul->arrivals[at], worker->now_ns, &message);
		taken += verdict == WL_FRAME_OK;
		if (verdict == WL_FRAME_OK)
			dispatch(worker, &message);
		else if (verdict == WL_FRAME_NO_TABLE_ROOM)
			turn_away(worker, &message);
	}
	WL_CHECK(taken <= haul->count);
	return taken;
}

unsigned wl_worker_take_frames(struct wl_worker *worker)
{
	struct haul haul;
	unsigned did = 0, total = 0;

	haul.count = 0;
	wl_rx_begin_turn(&worker->rx);
	for (unsigned burst = 0; burst < BURSTS_PER_TURN; burst++) {
		unsigned count = worker->port->ops->rx_burst(worker->port, &haul.frames[haul.count],
							     WL_BURST);

		total += count;
		if (count != 0)
			did += sort_burst(worker, &haul, count);
		if (count < WL_BURST)
			break;
	}
	for (enum wl_rx_rank rank = 0; rank < WL_RX_RANKS; rank++)
		did += take_rank(worker, &haul, rank);
	if (haul.count != 0)
		worker->port->ops->rx_release(worker->port, haul.frames, haul.count);
	worker->besieged = total > did;
	return did;
}

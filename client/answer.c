/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What became of appends. A result is the cluster's word on a run of sequences: done (OK, EXPIRED), or refused by a
 * leader that appended nothing of it. The first record that a leader cannot take ends a frame, and all behind it
 * shares its status; what comes in later frames is OUT_OF_ORDER then and is sent again by itself.
 *
 *	BACK_PRESSURE, OUT_OF_ORDER, NOT_LEADER	sent again, the application hears nothing
 *	NO_SPACE, RECORD_TOO_LARGE, ...		the application is told, and the sequence is used up (window.h)
 *
 * What is wrong with the record itself is so at every node and for every copy. NO_SPACE is final only when no other copy of the
 * record can still be taken: "nothing was appended" would have been a lie otherwise. A leader of term T that refuses frame h takes no
 * append of an earlier frame, nor of another term (service/intake.c), so it is the word on what was last put into frame h or
 * before, and of all that stands behind the record: a session's order keeps it out of the log as long. Older leaders' copies are
 * known to it, or in a branch of the log that T's first entry ended. What went out later is asked for again, by one frame.
 */
#include "client/client.h"

#define RTT_SHIFT 3
#define REWIND_NS_MIN (2 * WL_MS_NS)
#define REWIND_NS_MAX (250 * WL_MS_NS)
#define CUT_NS (5 * WL_MS_NS)
#define BACK_PRESSURE_NS_MIN (500000u)
#define BACK_PRESSURE_NS_MAX (20 * WL_MS_NS)
#define NO_SPACE_NS_MIN (20 * WL_MS_NS)
#define NO_SPACE_NS_MAX (100 * WL_MS_NS)

static void tell(struct wl_client *client, const struct wirelog_ack *ack)
{
	if (client->options.on_ack)
		client->options.on_ack(client->options.context, ack);
}

void wl_answer_withdraw(struct wl_client *client, uint64_t sequence, int status)
{
	struct wl_window *window = &client->sender.window;
	struct wl_window_slot *slot = wl_window_slot(window, sequence);
	struct wirelog_ack ack = {
		.sequence = (int64_t)sequence,
		.session = client->sender.session,
		.status = status,
		.tag = slot->tag,
	};

	wl_window_withdraw(window, slot);
	wl_window_advance(window); /* there is room when the application hears of it */
	tell(client, &ack);
}

/* ---- done ------------------------------------------------------------------------------------- */

static void note_rtt(struct wl_sender *sender, uint64_t rtt_ns)
{
	uint64_t *smoothed = &sender->level_rtt_ns[sender->rtt_level];

	if (*smoothed == 0)
		*smoothed = rtt_ns;
	*smoothed += (rtt_ns >> RTT_SHIFT) - (*smoothed >> RTT_SHIFT);
	sender->rtt_ns = *smoothed;
	for (unsigned level = WIRELOG_SEQUENCED; level <= WIRELOG_EVERYWHERE; level++) {
		if (sender->level_rtt_ns[level] != 0 &&
		    sender->level_rtt_ns[level] < sender->rtt_ns)
			sender->rtt_ns = sender->level_rtt_ns[level];
	}
}

static void measure(struct wl_client *client, const struct wl_wire_append_result *result)
{
	struct wl_sender *sender = &client->sender;

	if (sender->rtt_sequence < result->first_sequence ||
	    sender->rtt_sequence - result->first_sequence >= result->count)
		return;
	sender->rtt_sequence = 0;
	note_rtt(sender, client->now_ns - sender->rtt_sent_ns);
}

/* What the answers of one frame brought. */
struct progress {
	uint64_t settled_before;
	uint64_t end; /* behind the highest sequence that is in the log */
	uint64_t bytes; /* that are done */
};

static void finish(struct wl_client *client, const struct wl_wire_append_result *result,
		   struct progress *progress)
{
	struct wl_window *window = &client->sender.window;
	uint64_t first = result->first_sequence, end = first + result->count;
	struct wirelog_ack ack = {
		.session = client->sender.session,
		.timestamp_ns = result->timestamp_ns,
		.status = result->status,
		.level = (enum wirelog_level)result->level,
	};

	measure(client, result);
	if (first < window->first)
		first = window->first;
	if (end > window->next)
		end = window->next;
	if (end > progress->end)
		progress->end = end;
	for (uint64_t sequence = first; sequence < end; sequence++) {
		const struct wl_window_slot *slot = wl_window_slot(window, sequence);
		bool waits = slot && slot->state == WL_WINDOW_WAITING;

		if (!slot)
			continue; /* withdrawn, and gone with those before it */
		ack.tag = slot->tag;
		progress->bytes += slot->bytes;
		if (!wl_window_finish(window, sequence) || !waits)
			continue;
		wl_window_advance(window);
		ack.sequence = (int64_t)sequence;
		ack.number = result->first_number
				     ? result->first_number + (sequence - result->first_sequence)
				     : 0;
		tell(client, &ack);
	}
}

static void note_progress(struct wl_client *client, const struct progress *progress)
{
	struct wl_sender *sender = &client->sender;

	wl_window_advance(&sender->window);
	wl_window_settle(&sender->window, progress->end);
	if (sender->window.settled <= progress->settled_before)
		return;
	if (progress->end > sender->full_sequence)
		sender->full_sequence = 0;
	sender->progress_ns = client->now_ns;
	sender->pause_ns = 0;
	sender->timeout_ns = wl_sender_timeout_of(sender);
	sender->flight_bytes_max += progress->bytes;
	if (sender->flight_bytes_max > client->options.outstanding_bytes_max)
		sender->flight_bytes_max = client->options.outstanding_bytes_max;
	if (sender->flight_bytes_max < WL_CLIENT_FLIGHT_BYTES_MIN)
		sender->flight_bytes_max = WL_CLIENT_FLIGHT_BYTES_MIN;
}

/* ---- refused ---------------------------------------------------------------------------------- */

/* From `first` on, what was put into no frame behind `frame`. Callbacks may append, and what is withdrawn at the client service goes. */
static void refuse(struct wl_client *client, uint64_t first, uint64_t frame, int status)
{
	struct wl_window *window = &client->sender.window;
	uint64_t end = window->next;

	for (uint64_t sequence = first < window->first ? window->first : first; sequence < end;
	     sequence++) {
		const struct wl_window_slot *slot = wl_window_slot(window, sequence);

		if (slot && slot->state == WL_WINDOW_WAITING && slot->last_frame <= frame)
			wl_answer_withdraw(client, sequence, status);
	}
}

/* At fault itself, and so is each copy of it, wherever it arrives. */
static void refuse_record(struct wl_client *client, uint64_t sequence, int status)
{
	const struct wl_window_slot *slot = wl_window_slot(&client->sender.window, sequence);

	if (slot && slot->state == WL_WINDOW_WAITING)
		wl_answer_withdraw(client, sequence, status);
}

static void cut_flight(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;

	if (client->now_ns - sender->cut_ns < CUT_NS)
		return;
	sender->cut_ns = client->now_ns;
	sender->flight_bytes_max -= sender->flight_bytes_max / 4;
	if (sender->flight_bytes_max < WL_CLIENT_FLIGHT_BYTES_MIN)
		sender->flight_bytes_max = WL_CLIENT_FLIGHT_BYTES_MIN;
}

/* `expected` is what the leader wants next: everything from there on went past it. */
static void send_from(struct wl_client *client, uint64_t expected)
{
	struct wl_sender *sender = &client->sender;
	uint64_t again_ns = 2 * sender->rtt_ns > REWIND_NS_MIN ? 2 * sender->rtt_ns : REWIND_NS_MIN;

	if (again_ns > REWIND_NS_MAX)
		again_ns = REWIND_NS_MAX;
	if (expected == 0 || expected >= sender->window.send.sequence ||
	    expected == sender->full_sequence) /* that one is asked for again anyway */
		return;
	/* The frames that were on their way are refused one by one; they are one loss. Or it was lost again: in a while
	 * that shows. */
	if (expected == sender->rewound_sequence &&
	    client->now_ns - sender->rewound_ns < again_ns) {
		sender->rewind_due_ns = sender->rewound_ns + again_ns;
		return;
	}
	if (expected == sender->rewound_sequence)
		wl_paths_doubt(client, client->leader);
	sender->rewound_sequence = expected;
	sender->rewound_ns = client->now_ns;
	sender->rewind_due_ns = 0;
	sender->rtt_sequence = 0;
	cut_flight(client);
	wl_window_rewind(&sender->window, expected, 0);
}

void wl_answer_lose_session(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;
	struct wl_window *window = &sender->window;
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_SESSION_LOST,
		.node = client->leader,
		.term = client->term,
		.status = WIRELOG_SESSION_UNKNOWN,
	};

	sender->is_failing = true;
	wl_engine_tell(client, &event);
	for (uint64_t sequence = window->first; sequence != window->next; sequence++) {
		const struct wl_window_slot *slot = wl_window_slot(window, sequence);

		if (slot && slot->state == WL_WINDOW_WAITING)
			wl_answer_withdraw(client, sequence, WIRELOG_UNKNOWN_OUTCOME);
	}
	wl_window_reset(window);
	sender->state = WL_SENDER_NO_SESSION;
	sender->session = 0;
	sender->sent_end = 0;
	sender->rtt_sequence = 0;
	sender->rewound_sequence = 0;
	sender->rewind_due_ns = 0;
	sender->full_sequence = 0;
	client->is_connected = false;
	sender->is_failing = false;
}

/* The leader has no space for this one, so it takes none that stands behind it. */
static void take_no_space(struct wl_client *client, uint64_t sequence, uint64_t frame)
{
	client->sender.full_sequence = sequence;
	refuse(client, sequence, frame, WIRELOG_NO_SPACE);
	wl_sender_pause(client, NO_SPACE_NS_MIN, NO_SPACE_NS_MAX);
}

/* The frame went to another leadership, or the node has come to a later term: all that was in it is sent again. */
static bool is_overtaken(const struct wl_client *client, uint32_t from,
			 const struct wl_wire_append_reply *reply)
{
	return (reply->frame != 0 && reply->frame <= client->sender.leader_frame) ||
	       reply->term < client->nodes[from].term;
}

static void take_refusal(struct wl_client *client, const struct wl_client_message *message,
			 const struct wl_wire_append_reply *reply,
			 const struct wl_wire_append_result *result)
{
	struct wl_sender *sender = &client->sender;
	struct wl_window *window = &sender->window;

	if (is_overtaken(client, message->node, reply))
		return;
	if (result->status == WIRELOG_NOT_LEADER) {
		if (message->node == client->leader && result->first_sequence >= window->settled)
			wl_window_rewind(window, result->first_sequence, 0);
		wl_nodes_on_not_leader(client, message->node, reply->leader);
		return;
	}
	if (message->node != client->leader || reply->term != client->term)
		return; /* an old leader's */
	switch (result->status) {
	case WIRELOG_OUT_OF_ORDER:
		send_from(client, result->first_number);
		return;
	case WIRELOG_BACK_PRESSURE:
		wl_sender_pause(client, BACK_PRESSURE_NS_MIN, BACK_PRESSURE_NS_MAX);
		break;
	case WIRELOG_NO_SPACE:
		take_no_space(client, result->first_sequence, reply->frame);
		break;
	default: /* those behind it are not at fault */
		refuse_record(client, result->first_sequence, result->status);
		break;
	}
	if (result->first_sequence >= window->settled)
		wl_window_rewind(window, result->first_sequence, 0);
}

void wl_answer_on_append_reply(struct wl_client *client, const struct wl_client_message *message)
{
	struct wl_sender *sender = &client->sender;
	struct wl_wire_append_reply reply;
	struct progress progress = {.settled_before = sender->window.settled};

	if (!wl_wire_decode_append_reply(message->payload, message->bytes, &reply) ||
	    sender->state != WL_SENDER_OPEN || reply.session != sender->session)
		return;
	wl_nodes_learn_leader(client, message->node, reply.leader, reply.term);
	for (uint32_t at = 0; at < reply.result_count; at++) {
		struct wl_wire_append_result result;

		wl_wire_decode_append_result(
			reply.results + (size_t)at * WL_WIRE_APPEND_RESULT_BYTES, &result);
		if (result.status == WIRELOG_OK || result.status == WIRELOG_EXPIRED) {
			finish(client, &result, &progress);
		} else if (result.status == WIRELOG_SESSION_UNKNOWN) {
			/* A leader of the past may not know what was opened since. */
			if (message->node != client->leader || !client->leader_is_sure) {
				wl_nodes_ask_all(client);
				continue;
			}
			wl_answer_lose_session(client);
			return;
		} else {
			take_refusal(client, message, &reply, &result);
		}
	}
	note_progress(client, &progress);
}

void wl_answer_refuse_unsent(struct wl_client *client, int status)
{
	struct wl_window *window = &client->sender.window;
	uint64_t end = window->next; /* callbacks may append */

	for (uint64_t sequence = window->first; sequence != end; sequence++) {
		const struct wl_window_slot *slot = wl_window_slot(window, sequence);

		if (slot && slot->state == WL_WINDOW_WAITING && slot->last_frame == 0)
			wl_answer_withdraw(client, sequence, status);
	}
}

void wl_answer_on_open_session_reply(struct wl_client *client,
				     const struct wl_client_message *message)
{
	struct wl_sender *sender = &client->sender;
	struct wl_wire_open_session_reply reply;

	if (!wl_wire_decode_open_session_reply(message->payload, message->bytes, &reply) ||
	    sender->state != WL_SENDER_OPENING || reply.nonce != sender->nonce)
		return;
	switch (reply.status) {
	case WIRELOG_OK:
		if (reply.session == 0)
			return;
		sender->session = reply.session;
		sender->state = WL_SENDER_OPEN;
		sender->pause_ns = 0;
		sender->progress_ns = client->now_ns;
		return;
	case WIRELOG_NOT_LEADER:
		wl_nodes_on_not_leader(client, message->node, reply.leader);
		break;
	case WIRELOG_SESSION_UNKNOWN: /* pushed out before we heard of it */
		sender->nonce = wl_client_nonce(client);
		wl_sender_pause(client, BACK_PRESSURE_NS_MIN, BACK_PRESSURE_NS_MAX);
		break;
	case WIRELOG_NO_SPACE:
	case WIRELOG_TOO_MANY_CLIENTS:
		wl_answer_refuse_unsent(client, reply.status);
		wl_sender_pause(client, NO_SPACE_NS_MIN, NO_SPACE_NS_MAX);
		break;
	default:
		wl_sender_pause(client, BACK_PRESSURE_NS_MIN, BACK_PRESSURE_NS_MAX);
		break;
	}
	sender->open_due_ns = sender->resume_ns;
}

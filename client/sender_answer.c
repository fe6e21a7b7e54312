/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What became of appends. A result is the cluster's word on a run of sequences: done (OK, EXPIRED, FENCED; UNKNOWN_OUTCOME, where a fence had the answer forgotten), or refused by a
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
#include "client/sender_internal.h"

#include "dataplane/base/check.h"

#define TRIP_SHIFT 3
#define REWIND_NS_MIN (2 * WL_MS_NS)
#define REWIND_NS_MAX (250 * WL_MS_NS)
#define CUT_NS (5 * WL_MS_NS)

void wl_sender_withdraw(struct wl_sender *sender, uint64_t sequence, int status)
{
	struct wl_window *window = &sender->window;
	struct wl_window_slot *slot = wl_window_slot(window, sequence);
	struct wirelog_ack ack = {
		.sequence = (int64_t)sequence,
		.session = sender->session.id,
		.status = status,
		.tag = slot->tag,
	};

	wl_window_withdraw(window, slot);
	wl_window_advance(window); /* there is room when the application hears of it */
	wl_environment_acknowledge(sender->environment, &ack);
}

/* ---- done ------------------------------------------------------------------------------------- */

static void note_trip(struct wl_sender_trips *trips, uint64_t trip_ns)
{
	uint64_t *smoothed = &trips->level_ns[trips->level];

	WL_CHECK(trips->level <= WIRELOG_EVERYWHERE);
	if (*smoothed == 0)
		*smoothed = trip_ns;
	*smoothed += (trip_ns >> TRIP_SHIFT) - (*smoothed >> TRIP_SHIFT);
	trips->shortest_ns = *smoothed;
	for (unsigned level = WIRELOG_SEQUENCED; level <= WIRELOG_EVERYWHERE; level++) {
		if (trips->level_ns[level] != 0 && trips->level_ns[level] < trips->shortest_ns)
			trips->shortest_ns = trips->level_ns[level];
	}
}

static void measure(struct wl_sender *sender, const struct wl_wire_append_result *result)
{
	struct wl_sender_trips *trips = &sender->trips;

	if (trips->sequence < result->first_sequence ||
	    trips->sequence - result->first_sequence >= result->count)
		return;
	trips->sequence = 0;
	note_trip(trips, sender->environment->now_ns - trips->sent_ns);
}

/* What the answers of one frame brought. */
struct progress {
	uint64_t settled_before;
	uint64_t end; /* behind the highest sequence that is in the log */
	uint64_t bytes; /* that are done */
};

/* Where its time went. A leader that claims more than passed here is not believed. */
static void tell_times(struct wirelog_ack *ack, const struct wl_window_slot *slot,
		       const struct wl_wire_append_result *result, uint64_t now_ns)
{
	uint64_t sent_ns = slot->sent_ns != 0 ? slot->sent_ns : now_ns;

	WL_CHECK(slot->pushed_ns <= sent_ns && sent_ns <= now_ns);
	ack->queue_ns = sent_ns - slot->pushed_ns;
	ack->trip_ns = now_ns - sent_ns;
	ack->node_ns = result->dwell_ns <= ack->trip_ns ? result->dwell_ns : 0;
}

static void finish(struct wl_sender *sender, const struct wl_wire_append_result *result,
		   struct progress *progress)
{
	struct wl_window *window = &sender->window;
	uint64_t first = result->first_sequence, end = first + result->count;
	struct wirelog_ack ack = {
		.session = sender->session.id,
		.timestamp_ns = result->timestamp_ns,
		.status = result->status,
		.level = (enum wirelog_level)result->level,
	};

	measure(sender, result);
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
		tell_times(&ack, slot, result, sender->environment->now_ns);
		progress->bytes += slot->bytes;
		if (!wl_window_finish(window, sequence) || !waits)
			continue;
		wl_window_advance(window);
		ack.sequence = (int64_t)sequence;
		ack.number = result->first_number
				     ? result->first_number + (sequence - result->first_sequence)
				     : 0;
		wl_environment_acknowledge(sender->environment, &ack);
	}
}

static void note_progress(struct wl_sender *sender, const struct progress *progress)
{
	struct wl_sender_flight *flight = &sender->flight;
	uint64_t most = sender->environment->options.outstanding_bytes_max;

	wl_window_advance(&sender->window);
	wl_window_settle(&sender->window, progress->end);
	/* There was space after all, whether or not earlier answers are still missing; or that was said of a copy, and late. */
	if (progress->end > sender->full_sequence || sender->window.settled > sender->full_sequence)
		sender->full_sequence = 0;
	if (sender->window.settled <= progress->settled_before)
		return;
	flight->progress_ns = sender->environment->now_ns;
	flight->pause_ns = 0;
	flight->timeout_ns = wl_sender_timeout(sender);
	flight->bytes_max += progress->bytes;
	if (flight->bytes_max > most)
		flight->bytes_max = most;
	if (flight->bytes_max < WL_SENDER_FLIGHT_BYTES_MIN)
		flight->bytes_max = WL_SENDER_FLIGHT_BYTES_MIN;
}

/* ---- refused ---------------------------------------------------------------------------------- */

/* From `first` on, what was put into no frame behind `frame`. Callbacks may append, and what is withdrawn at the head of the window goes. */
static void refuse(struct wl_sender *sender, uint64_t first, uint64_t frame, int status)
{
	struct wl_window *window = &sender->window;
	uint64_t end = window->next;

	for (uint64_t sequence = first < window->first ? window->first : first; sequence < end;
	     sequence++) {
		const struct wl_window_slot *slot = wl_window_slot(window, sequence);

		if (slot && slot->state == WL_WINDOW_WAITING && slot->last_frame <= frame)
			wl_sender_withdraw(sender, sequence, status);
	}
}

/* At fault itself, and so is each copy of it, wherever it arrives. */
static void refuse_record(struct wl_sender *sender, uint64_t sequence, int status)
{
	const struct wl_window_slot *slot = wl_window_slot(&sender->window, sequence);

	if (slot && slot->state == WL_WINDOW_WAITING)
		wl_sender_withdraw(sender, sequence, status);
}

static void cut_flight(struct wl_sender *sender)
{
	struct wl_sender_flight *flight = &sender->flight;

	if (sender->environment->now_ns - flight->cut_ns < CUT_NS)
		return;
	flight->cut_ns = sender->environment->now_ns;
	flight->bytes_max -= flight->bytes_max / 4;
	if (flight->bytes_max < WL_SENDER_FLIGHT_BYTES_MIN)
		flight->bytes_max = WL_SENDER_FLIGHT_BYTES_MIN;
}

/* `expected` is what the leader wants next: everything from there on went past it. */
static void send_from(struct wl_sender *sender, uint64_t expected)
{
	struct wl_sender_rewind *rewind = &sender->rewind;
	uint64_t now_ns = sender->environment->now_ns;
	uint64_t again_ns = 2 * sender->trips.shortest_ns;

	if (again_ns < REWIND_NS_MIN)
		again_ns = REWIND_NS_MIN;
	if (again_ns > REWIND_NS_MAX)
		again_ns = REWIND_NS_MAX;
	if (expected == 0 || expected >= sender->window.send.sequence ||
	    expected == sender->full_sequence) /* that one is asked for again anyway */
		return;
	/* The frames that were on their way are refused one by one; they are one loss. Or it was lost again: in a while
	 * that shows. */
	if (expected == rewind->sequence && now_ns - rewind->at_ns < again_ns) {
		rewind->due_ns = rewind->at_ns + again_ns;
		return;
	}
	if (expected == rewind->sequence)
		wl_paths_doubt(sender->paths, sender->nodes->leadership.leader);
	rewind->sequence = expected;
	rewind->at_ns = now_ns;
	rewind->due_ns = 0;
	sender->trips.sequence = 0;
	cut_flight(sender);
	wl_window_rewind(&sender->window, expected, 0);
}

/* The leader has no space for this one, so it takes none that stands behind it. */
static void take_no_space(struct wl_sender *sender, uint64_t sequence, uint64_t frame)
{
	sender->full_sequence = sequence;
	refuse(sender, sequence, frame, WIRELOG_NO_SPACE);
	wl_sender_pause(sender, WL_SENDER_NO_SPACE_NS_MIN, WL_SENDER_NO_SPACE_NS_MAX);
}

/* The frame went to another leadership, or the node has come to a later term: all that was in it is sent again. */
static bool is_overtaken(const struct wl_sender *sender, uint32_t from,
			 const struct wl_wire_append_reply *reply)
{
	return (reply->frame != 0 && reply->frame <= sender->leader_frame) ||
	       reply->term < sender->nodes->nodes[from].term;
}

static void take_refusal(struct wl_sender *sender, const struct wl_channel_message *message,
			 const struct wl_wire_append_reply *reply,
			 const struct wl_wire_append_result *result)
{
	const struct wl_leadership *leadership = &sender->nodes->leadership;
	struct wl_window *window = &sender->window;

	if (is_overtaken(sender, message->node, reply))
		return;
	if (result->status == WIRELOG_NOT_LEADER) {
		if (message->node == leadership->leader &&
		    result->first_sequence >= window->settled)
			wl_window_rewind(window, result->first_sequence, 0);
		wl_sender_on_not_leader(sender, message->node, reply->leader);
		return;
	}
	if (message->node != leadership->leader || reply->term != leadership->term)
		return; /* an old leader's */
	switch (result->status) {
	case WIRELOG_OUT_OF_ORDER:
		send_from(sender, result->first_number);
		return;
	case WIRELOG_BACK_PRESSURE:
		wl_sender_pause(sender, WL_SENDER_BACK_PRESSURE_NS_MIN,
				WL_SENDER_BACK_PRESSURE_NS_MAX);
		break;
	case WIRELOG_NO_SPACE:
		take_no_space(sender, result->first_sequence, reply->frame);
		break;
	default: /* those behind it are not at fault */
		refuse_record(sender, result->first_sequence, result->status);
		break;
	}
	if (result->first_sequence >= window->settled)
		wl_window_rewind(window, result->first_sequence, 0);
}

void wl_sender_on_append_reply(struct wl_sender *sender, const struct wl_channel_message *message)
{
	const struct wl_leadership *leadership = &sender->nodes->leadership;
	struct wl_wire_append_reply reply;
	struct progress progress = {.settled_before = sender->window.settled};

	wl_sender_follow(sender);
	if (!wl_wire_decode_append_reply(message->payload, message->bytes, &reply) ||
	    sender->session.state != WL_SENDER_OPEN || reply.session != sender->session.id)
		return;
	wl_nodes_learn_leader(sender->nodes, message->node, reply.leader, reply.term);
	wl_sender_follow(sender);
	for (uint32_t at = 0; at < reply.result_count; at++) {
		struct wl_wire_append_result result;

		wl_wire_decode_append_result(
			reply.results + (size_t)at * WL_WIRE_APPEND_RESULT_BYTES, &result);
		if (result.status == WIRELOG_OK || result.status == WIRELOG_EXPIRED ||
		    result.status == WIRELOG_FENCED || result.status == WIRELOG_UNKNOWN_OUTCOME) {
			finish(sender, &result, &progress);
		} else if (result.status == WIRELOG_SESSION_UNKNOWN) {
			/* A leader of the past may not know what was opened since. */
			if (message->node != leadership->leader || !leadership->is_sure) {
				wl_nodes_ask_all(sender->nodes);
				continue;
			}
			wl_sender_lose_session(sender);
			return;
		} else {
			take_refusal(sender, message, &reply, &result);
		}
	}
	note_progress(sender, &progress);
}

void wl_sender_refuse_unsent(struct wl_sender *sender, int status)
{
	struct wl_window *window = &sender->window;
	uint64_t end = window->next; /* callbacks may append */

	for (uint64_t sequence = window->first; sequence != end; sequence++) {
		const struct wl_window_slot *slot = wl_window_slot(window, sequence);

		if (slot && slot->state == WL_WINDOW_WAITING && slot->last_frame == 0)
			wl_sender_withdraw(sender, sequence, status);
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes of a subscription: records, whole and in fragments, and gaps. */
#include "client/subscriber_internal.h"

#include "dataplane/base/check.h"

#define RESEND_NS (2 * WL_MS_NS)

static void ask_again(struct wl_subscriber *subscriber)
{
	struct wl_subscription_there *there = &subscriber->there;
	bool is_same = there->resend_number == subscriber->next_number;

	/* All that was on its way behind the hole asks for the same. */
	if (is_same && subscriber->environment->now_ns - there->resend_ns < RESEND_NS)
		return;
	/* It was asked for, and did not come: it may be too large for the path. */
	if (is_same)
		wl_paths_doubt(subscriber->paths, subscriber->node);
	there->resend_number = subscriber->next_number;
	there->resend_ns = subscriber->environment->now_ns;
	wl_subscriber_say_credit(subscriber, true);
}

static bool is_ours(const struct wl_subscriber *subscriber, uint32_t node, uint64_t id)
{
	return subscriber->state != WL_SUBSCRIBER_OFF && subscriber->node == node &&
	       subscriber->there.id == id;
}

static void note_heard(struct wl_subscriber *subscriber)
{
	subscriber->there.heard_ns = subscriber->environment->now_ns;
	subscriber->there.asked = 0;
	subscriber->alive_ns = subscriber->environment->now_ns;
	subscriber->tries = 0;
}

/* `chain`: behind the record's entry; 0: not told. False: the application ended or replaced the subscription meanwhile. */
static bool deliver(struct wl_subscriber *subscriber,
		    const struct wl_wire_delivered_record *delivered, uint64_t chain)
{
	uint64_t id = subscriber->there.id;
	struct wirelog_record record = {
		.number = subscriber->next_number,
		.timestamp_ns = delivered->timestamp_ns,
		.session = delivered->session,
		.sequence = delivered->sequence,
		.bytes = delivered->payload,
		.size = delivered->bytes,
	};

	WL_CHECK(subscriber->state == WL_SUBSCRIBER_READING);
	wl_subscriber_note_history(subscriber);
	if (chain != 0) {
		subscriber->past.known_number = subscriber->next_number;
		subscriber->past.known_chain = chain;
	}
	wl_subscriber_move(subscriber, subscriber->next_number + 1);
	subscriber->there.consumed_bytes += WL_WIRE_DELIVER_RECORD_BYTES + record.size;
	wl_environment_deliver(subscriber->environment, &record);
	return subscriber->state == WL_SUBSCRIBER_READING && subscriber->there.id == id;
}

static void take_fragment(struct wl_subscriber *subscriber, const struct wl_wire_deliver *message)
{
	struct wl_fragments *fragments = &subscriber->fragments;
	struct wl_wire_delivered_record record;
	enum wl_fragments_verdict verdict = WL_FRAGMENTS_AHEAD;

	if (message->first_number < subscriber->next_number)
		return;
	wl_wire_next_delivered(message->records, &record);
	if (message->first_number == subscriber->next_number) {
		fragments->size = message->record_bytes;
		verdict = wl_fragments_add(fragments, message->fragment_offset, record.payload,
					   record.bytes);
	}
	if (verdict == WL_FRAGMENTS_AHEAD)
		ask_again(subscriber);
	if (verdict != WL_FRAGMENTS_WHOLE)
		return;
	record.bytes = fragments->size;
	record.payload = fragments->buffer;
	deliver(subscriber, &record, message->chain);
}

static void take_records(struct wl_subscriber *subscriber, const struct wl_wire_deliver *message)
{
	const uint8_t *at = message->records;

	if (message->first_number > subscriber->next_number) {
		ask_again(subscriber);
		return;
	}
	for (uint32_t which = 0; which < message->record_count; which++) {
		uint64_t chain = which + 1 == message->record_count ? message->chain : 0;
		struct wl_wire_delivered_record record;

		at = wl_wire_next_delivered(at, &record);
		if (message->first_number + which == subscriber->next_number &&
		    !deliver(subscriber, &record, chain))
			return;
	}
}

static void note_commit(struct wl_subscriber *subscriber, uint64_t commit_number)
{
	wl_nodes_note_commit(subscriber->nodes, subscriber->node, commit_number);
	if (commit_number <= subscriber->there.commit_number)
		return;
	subscriber->there.commit_number = commit_number;
	subscriber->there.moved_ns = subscriber->environment->now_ns;
}

void wl_subscriber_on_deliver(struct wl_subscriber *subscriber,
			      const struct wl_channel_message *message)
{
	struct wl_wire_deliver delivery;

	if (!wl_wire_decode_deliver(message->payload, message->bytes, &delivery) ||
	    !is_ours(subscriber, message->node, delivery.subscription))
		return;
	note_heard(subscriber);
	note_commit(subscriber, delivery.commit_number);
	subscriber->state = WL_SUBSCRIBER_READING;
	if (subscriber->next_number == 0) {
		/* From a time or from now: this is the number. Nothing is sent before we confirm it. */
		if (delivery.first_number == 0)
			return;
		wl_subscriber_move(subscriber, delivery.first_number);
		wl_subscriber_note_history(subscriber);
		wl_subscriber_say_credit(subscriber, false);
	}
	if (delivery.record_bytes != 0)
		take_fragment(subscriber, &delivery);
	else if (delivery.record_count != 0)
		take_records(subscriber, &delivery);
	else if (delivery.first_number > subscriber->next_number)
		ask_again(subscriber);
}

static void take_gap(struct wl_subscriber *subscriber, const struct wl_wire_gap *gap)
{
	if (gap->next_number <= subscriber->next_number)
		return;
	if (gap->first_number > subscriber->next_number && subscriber->next_number != 0)
		ask_again(subscriber); /* what stands before it comes first */
	else if (gap->status == WIRELOG_LOST)
		wl_subscriber_refuse_node(subscriber, gap->status, gap->next_number);
	else
		wl_subscriber_skip(subscriber, gap->next_number, gap->status);
}

void wl_subscriber_on_gap(struct wl_subscriber *subscriber,
			  const struct wl_channel_message *message)
{
	struct wl_wire_gap gap;

	if (!wl_wire_decode_gap(message->payload, message->bytes, &gap) ||
	    !is_ours(subscriber, message->node, gap.subscription))
		return;
	/* An empty disk that is not caught up yet may be of our history as well as of another one: as if it had said nothing. */
	if (gap.status == WIRELOG_NO_HISTORY) {
		subscriber->refusals.status = gap.status;
		return;
	}
	note_heard(subscriber);
	if (gap.next_number != 0)
		take_gap(subscriber, &gap);
	/* It was started again, or has not heard of us for long: that costs nothing but a new beginning. */
	else if (gap.status == WIRELOG_SLOW_READER)
		wl_subscriber_begin_at(subscriber, subscriber->node);
	else
		wl_subscriber_refuse_node(subscriber, gap.status, 0);
}

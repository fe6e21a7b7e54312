/* SPDX-License-Identifier: BSD-3-Clause */
/* Appends on their way out. A record larger than a frame goes as fragments. */
#include "client/sender_internal.h"

#include "dataplane/base/check.h"

#define FRAMES_PER_POLL 128u

/* One sequence as it is sent now. False: it goes in a frame of its own, in fragments. */
static bool describe(const struct wl_window *window, uint64_t sequence, size_t room,
		     struct wl_wire_record *record)
{
	static const uint8_t nothing[1];
	const struct wl_window_slot *slot = wl_window_slot(window, sequence);

	if (!slot || slot->state == WL_WINDOW_WITHDRAWN) {
		/* A time long over: uses the sequence up, unless the record is in the log already. */
		*record = (struct wl_wire_record){1, WIRELOG_COMMITTED, 1, nothing};
		return true;
	}
	*record = (struct wl_wire_record){slot->bytes, slot->level, slot->not_after_ns,
					  wl_window_payload(window, slot)};
	return WL_WIRE_RECORD_HEADER_BYTES + slot->bytes <= room;
}

/* The next part of a record that is larger than a frame; returns bytes behind the header. */
static uint32_t put_fragment(struct wl_sender *sender, uint8_t *to, size_t room,
			     struct wl_wire_client_append *message, struct wl_wire_record *record)
{
	struct wl_window *window = &sender->window;
	uint32_t offset = window->send.offset, part = record->bytes - offset;

	WL_CHECK(offset < record->bytes);
	WL_CHECK(room > WL_WIRE_RECORD_HEADER_BYTES);
	if (part > room - WL_WIRE_RECORD_HEADER_BYTES)
		part = (uint32_t)(room - WL_WIRE_RECORD_HEADER_BYTES);
	wl_window_note_frame(window, window->send.sequence, sender->channel->sequence + 1,
			     sender->environment->now_ns);
	message->record_count = 1;
	message->record_bytes = record->bytes;
	message->fragment_offset = offset;
	record->payload += offset;
	window->send.offset = offset + part;
	if (window->send.offset == record->bytes)
		window->send = (struct wl_window_cursor){window->send.sequence + 1, 0};
	record->bytes = part;
	return (uint32_t)wl_wire_encode_record(to, record);
}

static uint32_t put_records(struct wl_sender *sender, uint8_t *to, size_t room,
			    struct wl_wire_client_append *message)
{
	struct wl_window *window = &sender->window;
	struct wl_wire_record record;
	uint32_t used = 0;

	while (window->send.sequence != window->next &&
	       describe(window, window->send.sequence, room - used, &record)) {
		if (WL_WIRE_RECORD_HEADER_BYTES + record.bytes > room - used)
			break;
		used += (uint32_t)wl_wire_encode_record(to + used, &record);
		wl_window_note_frame(window, window->send.sequence, sender->channel->sequence + 1,
				     sender->environment->now_ns);
		message->record_count++;
		window->send = (struct wl_window_cursor){window->send.sequence + 1, 0};
	}
	return used;
}

/* The frame that is made now, when none is measured already. */
static void measure(struct wl_sender *sender)
{
	struct wl_sender_trips *trips = &sender->trips;
	struct wl_window_cursor send = sender->window.send;
	const struct wl_window_slot *last;

	if (trips->sequence != 0 || send.offset != 0)
		return;
	WL_CHECK(send.sequence > 1);
	last = wl_window_slot(&sender->window, send.sequence - 1);
	trips->sequence = send.sequence - 1;
	trips->sent_ns = sender->environment->now_ns;
	trips->level = last ? last->level : WIRELOG_COMMITTED;
}

static bool send_frame(struct wl_sender *sender)
{
	struct wl_window *window = &sender->window;
	struct wl_window_cursor start = window->send;
	struct wl_wire_client_append message = {
		.session = sender->session.id,
		.first_sequence = start.sequence,
		.acknowledged_through = window->first - 1,
		.term = sender->nodes->leadership.term,
	};
	struct wl_wire_record record;
	size_t room;
	uint8_t *payload = wl_channel_open(sender->channel, sender->nodes->leadership.leader,
					   WL_WIRE_CLIENT_APPEND, &room),
		*to;

	if (!payload)
		return false;
	/* What is sent again has no time of its own: it is the answer that counts. */
	if (start.sequence >= sender->sent_end) {
		if (wl_window_in_flight_bytes(window) == 0)
			sender->flight.progress_ns = sender->environment->now_ns;
		sender->sent_end = start.sequence + 1;
	}
	WL_CHECK(room > WL_WIRE_CLIENT_APPEND_HEADER_BYTES);
	sender->frame_bytes = (uint32_t)room;
	room -= WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	to = payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	if (describe(window, start.sequence, room, &record))
		message.bytes = put_records(sender, to, room, &message);
	else
		message.bytes = put_fragment(sender, to, room, &message, &record);
	WL_CHECK(message.record_count != 0);
	WL_CHECK(message.bytes <= room);
	measure(sender);
	wl_wire_encode_client_append(payload, &message);
	wl_channel_close_tagged(sender->channel, WL_WIRE_CLIENT_APPEND_HEADER_BYTES + message.bytes,
				(struct wl_channel_tag){start.sequence, start.offset});
	wl_sender_on_flushed(sender); /* what stands before it may have left meanwhile, or not */
	return true;
}

/* While there is no space one frame asks for it; what would follow it could only be refused. */
static bool is_worth_a_frame(const struct wl_sender *sender, bool all)
{
	uint64_t next = sender->window.send.sequence;

	if (sender->full_sequence != 0 && next > sender->full_sequence)
		return false;
	return next != sender->window.next && (all || wl_sender_has_a_frame(sender));
}

/* A leader without a place for us hears nothing of this, and what was not sent can be refused for sure. */
static bool may_send(const struct wl_sender *sender)
{
	const struct wl_leadership *leadership = &sender->nodes->leadership;

	return wl_channel_reaches(sender->channel, leadership->leader) && leadership->term != 0 &&
	       !wl_members_has(sender->nodes->turned_away, leadership->leader);
}

void wl_sender_on_flushed(struct wl_sender *sender)
{
	struct wl_channel_tag tag;

	if (!wl_channel_take_refused(sender->channel, &tag))
		return;
	/* Of one in fragments the beginning has left. */
	wl_window_note_kept(&sender->window, tag.sequence + (tag.offset != 0));
	wl_window_rewind(&sender->window, tag.sequence, tag.offset);
	sender->flight.is_congested = true;
	sender->trips.sequence = 0;
}

unsigned wl_sender_pump(struct wl_sender *sender, bool all)
{
	unsigned frames = 0;

	wl_sender_follow(sender);
	sender->flight.is_congested = false;
	if ((!is_worth_a_frame(sender, all) && !sender->session.is_wanted) || !may_send(sender))
		return 0;
	if (sender->session.state != WL_SENDER_OPEN)
		return wl_sender_open_session(sender);
	if (sender->environment->now_ns < sender->flight.resume_ns)
		return 0;
	while (frames < FRAMES_PER_POLL && !sender->flight.is_congested &&
	       is_worth_a_frame(sender, all) &&
	       wl_window_in_flight_bytes(&sender->window) < sender->flight.bytes_max &&
	       send_frame(sender))
		frames++;
	return frames;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The session and the appends on their way out: to the leader, in order, as many records in a frame as fit. A
 * record larger than a frame goes as fragments. What is in flight is bounded as TCP does it (RFC 5681): it grows with what is
 * answered and is halved by a loss; memif rings and socket buffers are finite.
 *
 *	NO_SESSION --an append is there, a leader is known--> OPENING --its reply--> OPEN --SESSION_UNKNOWN--> NO_SESSION
 *
 * Lost frames are noticed by the leader (OUT_OF_ORDER names what it wants next) or, at the end of a flight, by time.
 */
#include "client/client.h"
#include "dataplane/base/check.h"

#define FRAMES_PER_POLL 128u
#define OPEN_PAUSE_NS_MIN (20 * WL_MS_NS)
#define OPEN_PAUSE_NS_MAX (500 * WL_MS_NS)
#define TIMEOUT_NS_MIN (30 * WL_MS_NS)
#define TIMEOUT_NS_MAX (500 * WL_MS_NS)

/* That of the first that is not settled: only its answer is progress. A tombstone is answered when it is committed. */
uint64_t wl_sender_timeout_of(const struct wl_sender *sender)
{
	const struct wl_window_slot *slot = wl_window_slot(&sender->window, sender->window.settled);
	uint64_t timeout_ns = 4 * sender->level_rtt_ns[slot ? slot->level : WIRELOG_COMMITTED];

	if (timeout_ns < TIMEOUT_NS_MIN)
		return TIMEOUT_NS_MIN;
	return timeout_ns < TIMEOUT_NS_MAX ? timeout_ns : TIMEOUT_NS_MAX;
}

void wl_sender_init(struct wl_client *client, struct wl_window_slot *slots, uint8_t *bytes)
{
	struct wl_sender *sender = &client->sender;

	wl_window_init(&sender->window, slots, client->options.outstanding_max, bytes,
		       client->options.outstanding_bytes_max);
	sender->flight_bytes_max = WL_CLIENT_FLIGHT_BYTES;
	sender->timeout_ns = TIMEOUT_NS_MIN;
	sender->frame_bytes = WIRELOG_MTU_MIN;
}

uint64_t wl_sender_waits_since(const struct wl_client *client)
{
	const struct wl_sender *sender = &client->sender;

	if (sender->window.settled == sender->window.next)
		return 0;
	return sender->progress_ns ? sender->progress_ns : 1;
}

void wl_sender_pause(struct wl_client *client, uint64_t min_ns, uint64_t max_ns)
{
	struct wl_sender *sender = &client->sender;
	uint64_t pause_ns = 2 * sender->pause_ns;

	if (client->now_ns < sender->resume_ns)
		return; /* several refusals of one flight are one */
	if (pause_ns < min_ns)
		pause_ns = min_ns;
	if (pause_ns > max_ns)
		pause_ns = max_ns;
	sender->pause_ns = pause_ns;
	sender->resume_ns = client->now_ns + pause_ns;
}

void wl_sender_on_leader(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;

	wl_window_rewind(&sender->window, sender->window.settled, 0);
	sender->leader_frame = client->sequence;
	sender->flight_bytes_max = WL_CLIENT_FLIGHT_BYTES;
	sender->timeout_ns = wl_sender_timeout_of(sender);
	sender->full_sequence = 0;
	sender->progress_ns = client->now_ns;
	sender->rtt_sequence = 0;
	sender->rewound_sequence = 0;
	sender->rewind_due_ns = 0;
	sender->open_due_ns = 0;
	sender->open_pause_ns = OPEN_PAUSE_NS_MIN;
}

/* ---- the session ------------------------------------------------------------------------------ */

static unsigned open_session(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;
	struct wl_wire_open_session message;
	size_t room;
	uint8_t *payload;

	if (sender->state == WL_SENDER_NO_SESSION) {
		sender->state = WL_SENDER_OPENING;
		sender->nonce = wl_client_nonce(client);
		sender->open_due_ns = 0;
		sender->open_pause_ns = OPEN_PAUSE_NS_MIN;
		sender->progress_ns = client->now_ns;
	}
	if (client->now_ns < sender->open_due_ns || client->now_ns < sender->resume_ns)
		return 0;
	payload = wl_channel_open(client, client->leader, WL_WIRE_OPEN_SESSION, &room);
	if (!payload)
		return 0;
	message.nonce = sender->nonce;
	wl_channel_close(client, wl_wire_encode_open_session(payload, &message));
	sender->open_due_ns = client->now_ns + sender->open_pause_ns;
	sender->open_pause_ns *= 2;
	if (sender->open_pause_ns > OPEN_PAUSE_NS_MAX)
		sender->open_pause_ns = OPEN_PAUSE_NS_MAX;
	return 1;
}

/* ---- appends ---------------------------------------------------------------------------------- */

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
static uint32_t put_fragment(struct wl_client *client, uint8_t *to, size_t room,
			     struct wl_wire_client_append *message, struct wl_wire_record *record)
{
	struct wl_window *window = &client->sender.window;
	uint32_t offset = window->send.offset, part = record->bytes - offset;

	if (part > room - WL_WIRE_RECORD_HEADER_BYTES)
		part = (uint32_t)(room - WL_WIRE_RECORD_HEADER_BYTES);
	wl_window_note_frame(window, window->send.sequence, client->sequence + 1);
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

static uint32_t put_records(struct wl_client *client, uint8_t *to, size_t room,
			    struct wl_wire_client_append *message)
{
	struct wl_window *window = &client->sender.window;
	struct wl_wire_record record;
	uint32_t used = 0;

	while (window->send.sequence != window->next &&
	       describe(window, window->send.sequence, room - used, &record)) {
		if (WL_WIRE_RECORD_HEADER_BYTES + record.bytes > room - used)
			break;
		used += (uint32_t)wl_wire_encode_record(to + used, &record);
		wl_window_note_frame(window, window->send.sequence, client->sequence + 1);
		message->record_count++;
		window->send = (struct wl_window_cursor){window->send.sequence + 1, 0};
	}
	return used;
}

static bool send_frame(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;
	struct wl_window *window = &sender->window;
	struct wl_window_cursor start = window->send;
	struct wl_wire_client_append message = {
		.session = sender->session,
		.first_sequence = start.sequence,
		.acknowledged_through = window->first - 1,
		.term = client->term,
	};
	struct wl_wire_record record;
	size_t room;
	uint8_t *payload = wl_channel_open(client, client->leader, WL_WIRE_CLIENT_APPEND, &room),
		*to;

	if (!payload)
		return false;
	/* What is sent again has no time of its own: it is the answer that counts. */
	if (start.sequence >= sender->sent_end) {
		if (wl_window_in_flight_bytes(window) == 0)
			sender->progress_ns = client->now_ns;
		sender->sent_end = start.sequence + 1;
	}
	sender->frame_bytes = (uint32_t)room;
	room -= WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	to = payload + WL_WIRE_CLIENT_APPEND_HEADER_BYTES;
	if (describe(window, start.sequence, room, &record))
		message.bytes = put_records(client, to, room, &message);
	else
		message.bytes = put_fragment(client, to, room, &message, &record);
	if (sender->rtt_sequence == 0 && window->send.offset == 0) {
		const struct wl_window_slot *last =
			wl_window_slot(window, window->send.sequence - 1);

		sender->rtt_sequence = window->send.sequence - 1;
		sender->rtt_sent_ns = client->now_ns;
		sender->rtt_level = last ? last->level : WIRELOG_COMMITTED;
	}
	wl_wire_encode_client_append(payload, &message);
	wl_channel_close_appends(client, WL_WIRE_CLIENT_APPEND_HEADER_BYTES + message.bytes, start);
	return true;
}

/* Between polls only full frames go: the rest may still grow. */
static bool is_worth_a_frame(const struct wl_client *client)
{
	const struct wl_window *window = &client->sender.window;

	/* While there is no space one frame asks for it; what would follow it could only be refused. */
	if (client->sender.full_sequence != 0 &&
	    window->send.sequence > client->sender.full_sequence)
		return false;
	return window->send.sequence != window->next &&
	       (client->is_polling || wl_window_unsent_bytes(window) >= client->sender.frame_bytes);
}

/* A leader without a place for us hears nothing of this, and what was not sent can be refused for sure. */
static bool may_send(const struct wl_client *client)
{
	return wl_nodes_is_greeted(client, client->leader) && client->term != 0 &&
	       !(client->turned_away & 1u << client->leader);
}

unsigned wl_sender_pump(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;
	unsigned frames = 0;

	sender->congested = false;
	if (!is_worth_a_frame(client) || !may_send(client))
		return 0;
	if (sender->state != WL_SENDER_OPEN)
		return open_session(client);
	if (client->now_ns < sender->resume_ns)
		return 0;
	while (frames < FRAMES_PER_POLL && !sender->congested && is_worth_a_frame(client) &&
	       wl_window_in_flight_bytes(&sender->window) < sender->flight_bytes_max &&
	       send_frame(client))
		frames++;
	return frames;
}

/* ---- time ------------------------------------------------------------------------------------- */

static void send_again(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;

	wl_window_rewind(&sender->window, sender->window.settled, 0);
	wl_paths_doubt(client, client->leader);
	sender->rtt_sequence = 0;
	sender->progress_ns = client->now_ns;
	sender->timeout_ns *= 2;
	if (sender->timeout_ns > TIMEOUT_NS_MAX)
		sender->timeout_ns = TIMEOUT_NS_MAX;
	sender->flight_bytes_max /= 2;
	if (sender->flight_bytes_max < WL_CLIENT_FLIGHT_BYTES_MIN)
		sender->flight_bytes_max = WL_CLIENT_FLIGHT_BYTES_MIN;
	client->counters.resends++;
}

/* What never left is surely not in the log, and from now on never will be. */
static int why_expired(const struct wl_client *client, uint64_t sequence)
{
	if (wl_window_slot(&client->sender.window, sequence)->last_frame != 0)
		return WIRELOG_UNKNOWN_OUTCOME;
	return wl_nodes_lead_nobody(client) ? WIRELOG_NO_LEADER : WIRELOG_NOT_CONNECTED;
}

unsigned wl_sender_poll(struct wl_client *client)
{
	struct wl_sender *sender = &client->sender;
	struct wl_window *window = &sender->window;
	unsigned answers = 0;
	uint64_t sequence;

	wl_window_stamp(window, client->now_ns + client->options.append_timeout_ns);
	while ((sequence = wl_window_expired(window, client->now_ns)) != 0) {
		wl_answer_withdraw(client, sequence, why_expired(client, sequence));
		answers++;
	}
	if (sender->rewind_due_ns != 0 && client->now_ns >= sender->rewind_due_ns) {
		sender->rewind_due_ns = 0;
		sender->rewound_ns = client->now_ns;
		wl_paths_doubt(client, client->leader);
		if (window->settled <= sender->rewound_sequence)
			wl_window_rewind(window, sender->rewound_sequence, 0);
	}
	if (sender->state == WL_SENDER_OPEN && window->send.sequence > window->settled &&
	    client->now_ns - sender->progress_ns > sender->timeout_ns)
		send_again(client);
	return answers;
}

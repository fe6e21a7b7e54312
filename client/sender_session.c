/* SPDX-License-Identifier: BSD-3-Clause */
/* The session of a sender: opened when there is something to append, given up when the cluster does not know it. */
#include "client/sender_internal.h"

#include "dataplane/base/check.h"

#define OPEN_PAUSE_NS_MIN (20 * WL_MS_NS)
#define OPEN_PAUSE_NS_MAX (500 * WL_MS_NS)

void wl_sender_hurry_session(struct wl_sender *sender)
{
	sender->session.open_due_ns = 0;
	sender->session.open_pause_ns = OPEN_PAUSE_NS_MIN;
}

unsigned wl_sender_open_session(struct wl_sender *sender)
{
	struct wl_sender_session *session = &sender->session;
	uint64_t now_ns = sender->environment->now_ns;
	struct wl_wire_open_session message;
	size_t room;
	uint8_t *payload;

	WL_CHECK(session->state != WL_SENDER_OPEN);
	if (session->state == WL_SENDER_NO_SESSION) {
		session->state = WL_SENDER_OPENING;
		session->nonce = wl_environment_nonce(sender->environment);
		wl_sender_hurry_session(sender);
		sender->flight.progress_ns = now_ns;
	}
	if (now_ns < session->open_due_ns || now_ns < sender->flight.resume_ns)
		return 0;
	payload = wl_channel_open(sender->channel, sender->nodes->leadership.leader,
				  WL_WIRE_OPEN_SESSION, &room);
	if (!payload)
		return 0;
	message.nonce = session->nonce;
	wl_channel_close(sender->channel, wl_wire_encode_open_session(payload, &message));
	session->open_due_ns = now_ns + session->open_pause_ns;
	session->open_pause_ns *= 2;
	if (session->open_pause_ns > OPEN_PAUSE_NS_MAX)
		session->open_pause_ns = OPEN_PAUSE_NS_MAX;
	return 1;
}

void wl_sender_want_session(struct wl_sender *sender)
{
	if (sender->session.state != WL_SENDER_OPEN)
		sender->session.is_wanted = true;
}

/* Any other answer than OK: it is asked for again after the pause. */
static void take_refusal(struct wl_sender *sender, const struct wl_channel_message *message,
			 const struct wl_wire_open_session_reply *reply)
{
	switch (reply->status) {
	case WIRELOG_NOT_LEADER:
		wl_sender_on_not_leader(sender, message->node, reply->leader);
		break;
	case WIRELOG_NO_SPACE:
	case WIRELOG_TOO_MANY_CLIENTS:
		wl_sender_refuse_unsent(sender, reply->status);
		wl_sender_pause(sender, WL_SENDER_NO_SPACE_NS_MIN, WL_SENDER_NO_SPACE_NS_MAX);
		break;
	default:
		if (reply->status == WIRELOG_SESSION_UNKNOWN) /* pushed out before we heard of it */
			sender->session.nonce = wl_environment_nonce(sender->environment);
		wl_sender_pause(sender, WL_SENDER_BACK_PRESSURE_NS_MIN,
				WL_SENDER_BACK_PRESSURE_NS_MAX);
		break;
	}
	sender->session.open_due_ns = sender->flight.resume_ns;
}

void wl_sender_on_open_session_reply(struct wl_sender *sender,
				     const struct wl_channel_message *message)
{
	struct wl_sender_session *session = &sender->session;
	struct wl_wire_open_session_reply reply;

	wl_sender_follow(sender);
	if (!wl_wire_decode_open_session_reply(message->payload, message->bytes, &reply) ||
	    session->state != WL_SENDER_OPENING || reply.nonce != session->nonce)
		return;
	if (reply.status != WIRELOG_OK) {
		take_refusal(sender, message, &reply);
		return;
	}
	if (reply.session == 0)
		return;
	session->id = reply.session;
	session->state = WL_SENDER_OPEN;
	session->is_wanted = false;
	sender->flight.pause_ns = 0;
	sender->flight.progress_ns = sender->environment->now_ns;
}

void wl_sender_lose_session(struct wl_sender *sender)
{
	struct wl_window *window = &sender->window;
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_SESSION_LOST,
		.node = sender->nodes->leadership.leader,
		.term = sender->nodes->leadership.term,
		.status = WIRELOG_SESSION_UNKNOWN,
	};

	WL_CHECK(sender->session.state == WL_SENDER_OPEN);
	sender->session.is_ending = true;
	wl_environment_tell(sender->environment, &event);
	for (uint64_t sequence = window->first; sequence != window->next; sequence++) {
		const struct wl_window_slot *slot = wl_window_slot(window, sequence);

		if (slot && slot->state == WL_WINDOW_WAITING)
			wl_sender_withdraw(sender, sequence, WIRELOG_UNKNOWN_OUTCOME);
	}
	WL_CHECK(window->waiting == 0); /* each has its answer */
	wl_window_reset(window);
	sender->session.state = WL_SENDER_NO_SESSION;
	sender->session.id = 0;
	sender->session.is_ending = false;
	sender->trips.sequence = 0;
	sender->rewind.sequence = 0;
	sender->rewind.due_ns = 0;
	sender->sent_end = 0;
	sender->full_sequence = 0;
}

void wl_sender_on_identity(struct wl_sender *sender)
{
	wl_sender_follow(sender);
	sender->leader_frame = 0;
	sender->session.open_due_ns = 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A sender's window, its leader and its time. */
#include "client/sender_internal.h"

#include "dataplane/base/check.h"

#define TIMEOUT_NS_MIN (30 * WL_MS_NS)
#define TIMEOUT_NS_MAX (500 * WL_MS_NS)

WL_STATIC_CHECK(TIMEOUT_NS_MIN <= TIMEOUT_NS_MAX);
WL_STATIC_CHECK(WL_SENDER_FLIGHT_BYTES_MIN <= WL_SENDER_FLIGHT_BYTES);

/* That of the first that is not settled: only its answer is progress. A tombstone is answered when it is committed. */
uint64_t wl_sender_timeout(const struct wl_sender *sender)
{
	const struct wl_window_slot *slot = wl_window_slot(&sender->window, sender->window.settled);
	uint64_t timeout_ns = 4 * sender->trips.level_ns[slot ? slot->level : WIRELOG_COMMITTED];

	if (timeout_ns < TIMEOUT_NS_MIN)
		return TIMEOUT_NS_MIN;
	return timeout_ns < TIMEOUT_NS_MAX ? timeout_ns : TIMEOUT_NS_MAX;
}

void wl_sender_init(struct wl_sender *sender, const struct wl_sender_config *config)
{
	const struct wirelog_options *options = &config->environment->options;

	sender->environment = config->environment;
	sender->channel = config->channel;
	sender->nodes = config->nodes;
	sender->paths = config->paths;
	wl_window_init(&sender->window, config->slots, options->outstanding_max, config->bytes,
		       options->outstanding_bytes_max);
	sender->flight.bytes_max = WL_SENDER_FLIGHT_BYTES;
	sender->flight.timeout_ns = TIMEOUT_NS_MIN;
	sender->frame_bytes = WIRELOG_MTU_MIN;
}

uint64_t wl_sender_waits_since(const struct wl_sender *sender)
{
	if (sender->window.settled == sender->window.next && !sender->session.is_wanted)
		return 0;
	return sender->flight.progress_ns ? sender->flight.progress_ns : 1;
}

uint64_t wl_sender_push(struct wl_sender *sender, const struct wl_window_record *record)
{
	return sender->session.is_ending ? 0 : wl_window_push(&sender->window, record);
}

bool wl_sender_has_a_frame(const struct wl_sender *sender)
{
	return wl_window_unsent_bytes(&sender->window) >= sender->frame_bytes;
}

void wl_sender_pause(struct wl_sender *sender, uint64_t min_ns, uint64_t max_ns)
{
	struct wl_sender_flight *flight = &sender->flight;
	uint64_t pause_ns = 2 * flight->pause_ns;

	WL_CHECK(min_ns <= max_ns);
	if (sender->environment->now_ns < flight->resume_ns)
		return; /* several refusals of one flight are one */
	if (pause_ns < min_ns)
		pause_ns = min_ns;
	if (pause_ns > max_ns)
		pause_ns = max_ns;
	flight->pause_ns = pause_ns;
	flight->resume_ns = sender->environment->now_ns + pause_ns;
}

/* ---- the leadership --------------------------------------------------------------------------- */

static void start_over(struct wl_sender *sender)
{
	wl_window_rewind(&sender->window, sender->window.settled, 0);
	sender->leader_frame = sender->channel->sequence;
	sender->flight.bytes_max = WL_SENDER_FLIGHT_BYTES;
	sender->flight.timeout_ns = wl_sender_timeout(sender);
	sender->flight.progress_ns = sender->environment->now_ns;
	sender->full_sequence = 0;
	sender->trips.sequence = 0;
	sender->rewind.sequence = 0;
	sender->rewind.due_ns = 0;
	wl_sender_hurry_session(sender);
}

void wl_sender_follow(struct wl_sender *sender)
{
	const struct wl_leadership *leadership = &sender->nodes->leadership;

	if (sender->leadership_learned != leadership->learned)
		sender->flight.resume_ns = 0; /* pauses were for the one before */
	if (sender->leadership_starts != leadership->starts)
		start_over(sender);
	sender->leadership_learned = leadership->learned;
	sender->leadership_starts = leadership->starts;
}

void wl_sender_on_not_leader(struct wl_sender *sender, uint32_t node, uint32_t hint)
{
	switch (wl_nodes_on_not_leader(sender->nodes, node, hint)) {
	case WL_NODES_HINT_OLD:
		break;
	case WL_NODES_HINT_SOON:
		wl_sender_pause(sender, WL_MS_NS, 5 * WL_MS_NS);
		break;
	case WL_NODES_HINT_OTHER:
		/* Two nodes may point at each other until an election is over: each turn takes longer. */
		wl_sender_pause(sender, WL_MS_NS, 20 * WL_MS_NS);
		wl_sender_follow(sender);
		break;
	}
}

/* ---- time ------------------------------------------------------------------------------------- */

static void send_again(struct wl_sender *sender)
{
	struct wl_sender_flight *flight = &sender->flight;

	WL_CHECK(sender->session.state == WL_SENDER_OPEN);
	wl_window_rewind(&sender->window, sender->window.settled, 0);
	wl_paths_doubt(sender->paths, sender->nodes->leadership.leader);
	sender->trips.sequence = 0;
	flight->progress_ns = sender->environment->now_ns;
	flight->timeout_ns *= 2;
	if (flight->timeout_ns > TIMEOUT_NS_MAX)
		flight->timeout_ns = TIMEOUT_NS_MAX;
	flight->bytes_max /= 2;
	if (flight->bytes_max < WL_SENDER_FLIGHT_BYTES_MIN)
		flight->bytes_max = WL_SENDER_FLIGHT_BYTES_MIN;
	sender->resends++;
}

/* What never left is surely not in the log, and from now on never will be. */
static int why_expired(const struct wl_sender *sender, uint64_t sequence)
{
	if (wl_window_slot(&sender->window, sequence)->last_frame != 0)
		return WIRELOG_UNKNOWN_OUTCOME;
	return wl_nodes_lead_nobody(sender->nodes) ? WIRELOG_NO_LEADER : WIRELOG_NOT_CONNECTED;
}

/* What the leader asked for twice is sent again, now that the first time must have failed. */
static void rewind_when_due(struct wl_sender *sender)
{
	struct wl_sender_rewind *rewind = &sender->rewind;
	uint64_t now_ns = sender->environment->now_ns;

	if (rewind->due_ns == 0 || now_ns < rewind->due_ns)
		return;
	WL_CHECK(rewind->sequence != 0);
	rewind->due_ns = 0;
	rewind->at_ns = now_ns;
	wl_paths_doubt(sender->paths, sender->nodes->leadership.leader);
	if (sender->window.settled <= rewind->sequence)
		wl_window_rewind(&sender->window, rewind->sequence, 0);
}

unsigned wl_sender_poll(struct wl_sender *sender)
{
	struct wl_window *window = &sender->window;
	uint64_t now_ns = sender->environment->now_ns, sequence;
	unsigned answers = 0;

	wl_sender_follow(sender);
	wl_window_stamp(window, now_ns + sender->environment->options.append_timeout_ns);
	while ((sequence = wl_window_expired(window, now_ns)) != 0) {
		wl_sender_withdraw(sender, sequence, why_expired(sender, sequence));
		answers++;
	}
	rewind_when_due(sender);
	if (sender->session.state == WL_SENDER_OPEN && window->send.sequence > window->settled &&
	    now_ns - sender->flight.progress_ns > sender->flight.timeout_ns)
		send_again(sender);
	return answers;
}

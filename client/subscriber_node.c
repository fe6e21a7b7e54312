/* SPDX-License-Identifier: BSD-3-Clause */
/* Who serves a subscription: which node is asked, when it is left, and what is told when none can. */
#include "client/subscriber_internal.h"

#include "dataplane/base/check.h"

#define SUBSCRIBE_NS_MIN (20 * WL_MS_NS)
#define HEARD_NS (3 * WL_SECOND_NS)

static bool is_heard(const struct wl_subscriber *subscriber, uint32_t id)
{
	uint64_t heard_ns = subscriber->nodes->nodes[id].heard_ns;

	return wl_channel_reaches(subscriber->channel, id) &&
	       subscriber->environment->now_ns - heard_ns < HEARD_NS;
}

bool wl_subscriber_can_serve(const struct wl_subscriber *subscriber, uint32_t id)
{
	return is_heard(subscriber, id) && !wl_members_has(subscriber->refusals.nodes, id);
}

/* The one that was asked for; else the next in turn, the leader last: it has the most to do. */
uint32_t wl_subscriber_choose_node(const struct wl_subscriber *subscriber)
{
	uint32_t wanted = subscriber->environment->options.node;
	uint32_t leader = subscriber->nodes->leadership.leader;

	if (wanted != 0)
		return wl_subscriber_can_serve(subscriber, wanted) ? wanted : 0;
	for (uint32_t step = 1; step <= WIRELOG_NODES_MAX; step++) {
		uint32_t id = (subscriber->last_node + step - 1) % WIRELOG_NODES_MAX + 1;

		if (id != leader && wl_subscriber_can_serve(subscriber, id))
			return id;
	}
	return leader != 0 && wl_subscriber_can_serve(subscriber, leader) ? leader : 0;
}

void wl_subscriber_begin_at(struct wl_subscriber *subscriber, uint32_t node)
{
	uint64_t now_ns = subscriber->environment->now_ns;

	WL_CHECK(subscriber->state != WL_SUBSCRIBER_OFF);
	WL_CHECK(node >= 1 && node <= WIRELOG_NODES_MAX);
	subscriber->state = WL_SUBSCRIBER_ASKING;
	subscriber->node = node;
	subscriber->last_node = node;
	subscriber->tries++;
	/* What the last node still sends is not ours any more: another id. */
	subscriber->there = (struct wl_subscription_there){
		.id = wl_environment_nonce(subscriber->environment),
		.boot_id = subscriber->channel->nodes[node].boot_id,
		.began_ns = now_ns,
		.ask_pause_ns = SUBSCRIBE_NS_MIN,
		.heard_ns = now_ns,
		.moved_ns = now_ns,
		.credit_ns = now_ns,
		.credited_number = subscriber->next_number,
	};
}

void wl_subscriber_leave_node(struct wl_subscriber *subscriber)
{
	WL_CHECK(subscriber->state != WL_SUBSCRIBER_OFF);
	wl_subscriber_say_unsubscribe(subscriber);
	subscriber->node = 0;
	subscriber->state = WL_SUBSCRIBER_ASKING;
}

/* ---- nobody can ------------------------------------------------------------------------------- */

static void end(struct wl_subscriber *subscriber, int status)
{
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_SUBSCRIPTION_ENDED,
		.node = subscriber->node,
		.term = subscriber->nodes->leadership.term,
		.first_number = subscriber->next_number,
		.next_number = subscriber->next_number,
		.status = status,
	};

	wl_subscriber_stop(subscriber);
	wl_environment_tell(subscriber->environment, &event);
}

void wl_subscriber_end(struct wl_subscriber *subscriber, int otherwise)
{
	const struct wl_subscriber_refusals *refusals = &subscriber->refusals;

	if (refusals->status != 0)
		end(subscriber, refusals->status);
	else
		end(subscriber, refusals->nodes != 0 ? WIRELOG_LOST : otherwise);
}

void wl_subscriber_move(struct wl_subscriber *subscriber, uint64_t next_number)
{
	subscriber->next_number = next_number;
	subscriber->fragments.have = 0;
	subscriber->refusals = (struct wl_subscriber_refusals){0};
}

void wl_subscriber_note_history(struct wl_subscriber *subscriber)
{
	uint64_t history = subscriber->nodes->nodes[subscriber->node].history;

	WL_CHECK(subscriber->node != 0);
	if (history != 0)
		subscriber->past.history = history;
}

void wl_subscriber_skip(struct wl_subscriber *subscriber, uint64_t next_number, int status)
{
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_GAP,
		.node = subscriber->node,
		.term = subscriber->nodes->leadership.term,
		.first_number = subscriber->next_number ? subscriber->next_number : 1,
		.next_number = next_number,
		.status = status,
	};

	wl_subscriber_note_history(subscriber);
	wl_subscriber_move(subscriber, next_number);
	wl_environment_tell(subscriber->environment, &event);
}

/* Also those that cannot be asked now: what is lost at one node is whole at another. */
static bool have_all_lost_it(const struct wl_subscriber *subscriber)
{
	uint32_t all = subscriber->nodes->members | subscriber->nodes->answered;

	if (subscriber->environment->options.node != 0)
		all = 1u << subscriber->environment->options.node;
	return (all & ~subscriber->refusals.lost) == 0;
}

bool wl_subscriber_is_turned_away(const struct wl_subscriber *subscriber)
{
	uint32_t full = subscriber->refusals.nodes & ~subscriber->refusals.lost;

	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++)
		if (wl_members_has(full, id) && is_heard(subscriber, id))
			return true;
	return false;
}

static void note_refusal(struct wl_subscriber *subscriber, int status, uint64_t behind)
{
	struct wl_subscriber_refusals *refusals = &subscriber->refusals;

	WL_CHECK(subscriber->node != 0);
	refusals->nodes = wl_members_with(refusals->nodes, subscriber->node);
	if (status == WIRELOG_LOST)
		refusals->lost = wl_members_with(refusals->lost, subscriber->node);
	else
		refusals->status = status;
	if (behind > subscriber->next_number &&
	    (refusals->next_number == 0 || behind < refusals->next_number))
		refusals->next_number = behind;
}

void wl_subscriber_refuse_node(struct wl_subscriber *subscriber, int status, uint64_t behind)
{
	const struct wl_subscriber_refusals *refusals = &subscriber->refusals;

	note_refusal(subscriber, status, behind);
	if (wl_subscriber_choose_node(subscriber) == 0 &&
	    (wl_subscriber_is_turned_away(subscriber) || have_all_lost_it(subscriber))) {
		if (!have_all_lost_it(subscriber) || refusals->next_number == 0) {
			wl_subscriber_end(subscriber, WIRELOG_LOST);
			return;
		}
		wl_subscriber_skip(subscriber, refusals->next_number, WIRELOG_LOST);
		if (subscriber->state == WL_SUBSCRIBER_OFF)
			return;
	}
	wl_subscriber_leave_node(subscriber);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/checkpointer.h"

#include <string.h>

#include "dataplane/base/check.h"

#define INTERVAL_NS (100 * WL_MS_NS)
#define INTERVAL_NS_MIN (1 * WL_MS_NS)
#define INTERVAL_NS_MAX (3600 * WL_SECOND_NS)
#define ASK_NS_MIN (30 * WL_MS_NS)
#define ASK_NS_MAX (500 * WL_MS_NS)
#define LOOK_NS (1 * WL_SECOND_NS) /* is it still there? */
#define REFUSED_NS_MIN (1 * WL_MS_NS) /* by who does not lead (yet) */
#define REFUSED_NS_MAX (50 * WL_MS_NS)
#define NO_SPACE_NS (200 * WL_MS_NS)
#define GIVE_UP_NS (10 * WL_SECOND_NS) /* without taking it, */
#define FULL_NS \
	(2 * WL_SECOND_NS) /* or because there is no space: it would come soon, or not at all */

WL_STATIC_CHECK(INTERVAL_NS_MIN <= INTERVAL_NS && INTERVAL_NS <= INTERVAL_NS_MAX);

void wl_checkpointer_init(struct wl_checkpointer *checkpointer, struct wl_environment *environment,
			  struct wl_channel *channel, struct wl_nodes *nodes,
			  struct wl_subscriber *subscriber)
{
	checkpointer->environment = environment;
	checkpointer->channel = channel;
	checkpointer->nodes = nodes;
	checkpointer->subscriber = subscriber;
}

/* ---- what is told ----------------------------------------------------------------------------- */

static void tell(const struct wl_checkpointer *checkpointer, const struct wirelog_event *event)
{
	struct wirelog_event told = *event;

	told.node = checkpointer->nodes->leadership.leader;
	told.term = checkpointer->nodes->leadership.term;
	wl_environment_tell(checkpointer->environment, &told);
}

static void end(struct wl_checkpointer *checkpointer)
{
	checkpointer->state = WL_CHECKPOINTER_OFF;
	checkpointer->question.nonce = 0;
}

/* LEAVING, and nobody says what came of it. */
static void give_up(struct wl_checkpointer *checkpointer)
{
	const struct wirelog_event event = {
		.kind = WIRELOG_EVENT_CHECKPOINT,
		.first_number = checkpointer->checkpoint,
		.next_number = checkpointer->committed,
		.status = WIRELOG_UNKNOWN_OUTCOME,
		.made = checkpointer->made,
	};

	WL_CHECK(checkpointer->state == WL_CHECKPOINTER_LEAVING);
	WL_CHECK(checkpointer->committed > checkpointer->checkpoint);
	end(checkpointer);
	tell(checkpointer, &event);
}

static void fail_to_take(struct wl_checkpointer *checkpointer, int status)
{
	const struct wirelog_event event = {
		.kind = WIRELOG_EVENT_SUBSCRIPTION_ENDED,
		.status = status,
	};

	WL_CHECK(checkpointer->state == WL_CHECKPOINTER_TAKING);
	end(checkpointer);
	tell(checkpointer, &event);
}

static void lose(struct wl_checkpointer *checkpointer)
{
	const struct wirelog_event event = {
		.kind = WIRELOG_EVENT_CHECKPOINT,
		.first_number = checkpointer->checkpoint,
		.status = WIRELOG_CHECKPOINT_DROPPED,
	};

	WL_CHECK(checkpointer->state == WL_CHECKPOINTER_HELD ||
		 checkpointer->state == WL_CHECKPOINTER_LEAVING);
	checkpointer->was_dropped = true;
	checkpointer->checkpoint = 0;
	checkpointer->made = 0;
	end(checkpointer);
	tell(checkpointer, &event);
}

/* ---- what the application asks ---------------------------------------------------------------- */

static bool is_unconfirmed(const struct wl_checkpointer *checkpointer)
{
	return checkpointer->committed > checkpointer->checkpoint;
}

static bool take_options(struct wl_checkpointer *checkpointer,
			 const struct wirelog_consumer_options *options)
{
	struct wirelog_consumer_options known = *options;

	if (known.commit_interval_ns == 0)
		known.commit_interval_ns = INTERVAL_NS;
	if (known.commit_interval_ns < INTERVAL_NS_MIN ||
	    known.commit_interval_ns > INTERVAL_NS_MAX || known.existing < 0 || known.existing > 1)
		return false;
	if (known.from != 0 && known.from != WIRELOG_FROM_NUMBER && known.from != WIRELOG_FROM_NOW)
		return false;
	checkpointer->first = known.from == WIRELOG_FROM_NOW ? UINT64_MAX : known.value;
	checkpointer->existing = known.existing == 1;
	checkpointer->interval_ns = known.commit_interval_ns;
	return true;
}

int wl_checkpointer_start(struct wl_checkpointer *checkpointer, const char *name,
			  const struct wirelog_consumer_options *options)
{
	struct wl_checkpointer next = {.state = WL_CHECKPOINTER_TAKING};
	size_t bytes = name ? strnlen(name, WL_CONSUMER_NAME_BYTES) : 0;

	if (bytes == WL_CONSUMER_NAME_BYTES || !take_options(&next, options))
		return WIRELOG_INVALID_ARGUMENT;
	if (bytes != 0)
		memcpy(next.name, name, bytes);
	if (!wl_consumer_name_is_valid(next.name))
		return WIRELOG_INVALID_ARGUMENT;
	wl_checkpointer_stop(checkpointer);
	if (checkpointer->state == WL_CHECKPOINTER_LEAVING)
		give_up(checkpointer);
	wl_subscriber_stop(checkpointer->subscriber);
	wl_checkpointer_init(&next, checkpointer->environment, checkpointer->channel,
			     checkpointer->nodes, checkpointer->subscriber);
	next.began_ns = checkpointer->environment->now_ns;
	next.leadership_starts = checkpointer->nodes->leadership.starts;
	*checkpointer = next;
	return WIRELOG_OK;
}

int wl_checkpointer_commit(struct wl_checkpointer *checkpointer, uint64_t next_number)
{
	if (checkpointer->was_dropped)
		return WIRELOG_CHECKPOINT_DROPPED;
	if (checkpointer->state != WL_CHECKPOINTER_HELD ||
	    next_number > checkpointer->subscriber->next_number)
		return WIRELOG_INVALID_ARGUMENT;
	if (next_number > checkpointer->committed)
		checkpointer->committed = next_number;
	return WIRELOG_OK;
}

void wl_checkpointer_stop(struct wl_checkpointer *checkpointer)
{
	bool leaves = checkpointer->state == WL_CHECKPOINTER_HELD && is_unconfirmed(checkpointer);

	checkpointer->was_dropped = false;
	if (checkpointer->state == WL_CHECKPOINTER_LEAVING)
		return;
	if (!leaves) {
		end(checkpointer);
		return;
	}
	checkpointer->state = WL_CHECKPOINTER_LEAVING;
	checkpointer->began_ns = checkpointer->environment->now_ns;
	/* At once: nothing more will come that could be said with it. */
	checkpointer->moved_ns = 0;
}

/* ---- what is said ----------------------------------------------------------------------------- */

static void say(struct wl_checkpointer *checkpointer)
{
	const struct wl_checkpointer_question *question = &checkpointer->question;
	struct wl_channel *channel = checkpointer->channel;
	struct wl_wire_consumer_ask ask = {
		.nonce = question->nonce,
		.verb = (uint32_t)question->verb,
	};
	size_t room;
	uint8_t *payload = wl_channel_open(channel, checkpointer->nodes->leadership.leader,
					   WL_WIRE_CONSUMER_ASK, &room);

	if (!payload)
		return;
	memcpy(ask.name, checkpointer->name, sizeof(ask.name));
	if (question->verb == WL_WIRE_CONSUMER_TAKE) {
		ask.existing = checkpointer->existing;
		ask.number = checkpointer->first;
	} else {
		ask.made = checkpointer->made;
	}
	/* Put again it asks for what is wanted now. */
	if (question->verb == WL_WIRE_CONSUMER_MOVE)
		ask.number = checkpointer->committed;
	wl_channel_close(channel, wl_wire_encode_consumer_ask(payload, &ask));
}

static void put(struct wl_checkpointer *checkpointer)
{
	struct wl_checkpointer_question *question = &checkpointer->question;
	uint64_t now_ns = checkpointer->environment->now_ns;

	WL_CHECK(checkpointer->state != WL_CHECKPOINTER_OFF);
	WL_CHECK(question->nonce != 0);
	question->due_ns = now_ns + question->pause_ns;
	question->pause_ns *= 2;
	if (question->pause_ns > ASK_NS_MAX)
		question->pause_ns = ASK_NS_MAX;
	say(checkpointer);
}

static void ask(struct wl_checkpointer *checkpointer, enum wl_wire_consumer_verb verb)
{
	checkpointer->question = (struct wl_checkpointer_question){
		.nonce = wl_environment_nonce(checkpointer->environment),
		.verb = verb,
		.since_ns = checkpointer->environment->now_ns,
		.pause_ns = ASK_NS_MIN,
	};
	if (verb == WL_WIRE_CONSUMER_MOVE)
		checkpointer->moved_ns = checkpointer->environment->now_ns;
	put(checkpointer);
}

void wl_checkpointer_close(struct wl_checkpointer *checkpointer)
{
	wl_checkpointer_stop(checkpointer);
	if (checkpointer->state == WL_CHECKPOINTER_LEAVING)
		ask(checkpointer, WL_WIRE_CONSUMER_MOVE);
	end(checkpointer);
}

/* ---- what is answered ------------------------------------------------------------------------- */

/* Put again after a pause. */
static void wait_a_while(struct wl_checkpointer *checkpointer, uint64_t pause_ns)
{
	checkpointer->question.since_ns = checkpointer->environment->now_ns;
	checkpointer->question.due_ns = checkpointer->environment->now_ns + pause_ns;
}

/* Two nodes may point at each other until an election is over: each turn takes longer. */
static void on_not_leader(struct wl_checkpointer *checkpointer, uint32_t node, uint32_t hint)
{
	struct wl_checkpointer_question *question = &checkpointer->question;

	if (wl_nodes_on_not_leader(checkpointer->nodes, node, hint) == WL_NODES_HINT_OLD)
		return;
	question->refused_ns *= 2;
	if (question->refused_ns < REFUSED_NS_MIN)
		question->refused_ns = REFUSED_NS_MIN;
	if (question->refused_ns > REFUSED_NS_MAX)
		question->refused_ns = REFUSED_NS_MAX;
	checkpointer->leadership_starts = checkpointer->nodes->leadership.starts;
	wait_a_while(checkpointer, question->refused_ns);
}

static void take(struct wl_checkpointer *checkpointer, const struct wl_wire_consumer_reply *reply)
{
	const struct wirelog_event event = {
		.kind = WIRELOG_EVENT_CHECKPOINT,
		.next_number = reply->number,
		.made = reply->made,
	};

	WL_CHECK(checkpointer->state == WL_CHECKPOINTER_TAKING);
	checkpointer->state = WL_CHECKPOINTER_HELD;
	checkpointer->checkpoint = reply->number;
	checkpointer->made = reply->made;
	wl_subscriber_start(checkpointer->subscriber, WIRELOG_FROM_NUMBER, reply->number);
	tell(checkpointer, &event);
}

static void confirm(struct wl_checkpointer *checkpointer,
		    const struct wl_wire_consumer_reply *reply)
{
	const struct wirelog_event event = {
		.kind = WIRELOG_EVENT_CHECKPOINT,
		.next_number = reply->number,
		.made = reply->made,
	};

	if (reply->made != checkpointer->made || reply->number <= checkpointer->checkpoint)
		return; /* an older leader's word, or nothing new */
	checkpointer->checkpoint = reply->number;
	if (checkpointer->state == WL_CHECKPOINTER_LEAVING && !is_unconfirmed(checkpointer))
		end(checkpointer);
	tell(checkpointer, &event);
}

static void take_refusal(struct wl_checkpointer *checkpointer,
			 const struct wl_channel_message *message,
			 const struct wl_wire_consumer_reply *reply)
{
	bool takes = checkpointer->question.verb == WL_WIRE_CONSUMER_TAKE;

	switch (reply->status) {
	case WIRELOG_NOT_LEADER:
		on_not_leader(checkpointer, message->node, reply->leader);
		return;
	case WIRELOG_CHECKPOINT_DROPPED:
		if (takes)
			fail_to_take(checkpointer, reply->status);
		else
			lose(checkpointer);
		return;
	case WIRELOG_TOO_MANY_CONSUMERS:
		if (takes)
			fail_to_take(checkpointer, reply->status);
		return;
	default:
		/* NO_SPACE: others may free it, and we, too, when we have consumed more. */
		checkpointer->refusal = reply->status;
		wait_a_while(checkpointer, NO_SPACE_NS);
		return;
	}
}

void wl_checkpointer_on_reply(struct wl_checkpointer *checkpointer,
			      const struct wl_channel_message *message)
{
	struct wl_checkpointer_question *question = &checkpointer->question;
	struct wl_wire_consumer_reply reply;
	bool takes = question->verb == WL_WIRE_CONSUMER_TAKE;

	if (!wl_wire_decode_consumer_reply(message->payload, message->bytes, &reply) ||
	    question->nonce == 0 || reply.nonce != question->nonce)
		return;
	if (reply.status != WIRELOG_OK) {
		take_refusal(checkpointer, message, &reply);
		return;
	}
	question->nonce = 0;
	checkpointer->heard_ns = checkpointer->environment->now_ns;
	if (takes)
		take(checkpointer, &reply);
	else
		confirm(checkpointer, &reply);
}

void wl_checkpointer_on_identity(struct wl_checkpointer *checkpointer)
{
	checkpointer->question.due_ns = 0;
}

/* ---- time ------------------------------------------------------------------------------------- */

uint64_t wl_checkpointer_waits_since(const struct wl_checkpointer *checkpointer)
{
	if (checkpointer->state == WL_CHECKPOINTER_OFF || checkpointer->question.nonce == 0)
		return 0;
	return checkpointer->question.since_ns ? checkpointer->question.since_ns : 1;
}

static void ask_what_is_due(struct wl_checkpointer *checkpointer)
{
	uint64_t now_ns = checkpointer->environment->now_ns;

	WL_CHECK(checkpointer->state != WL_CHECKPOINTER_OFF);
	WL_CHECK(checkpointer->question.nonce == 0); /* one at a time */
	if (checkpointer->state == WL_CHECKPOINTER_TAKING)
		ask(checkpointer, WL_WIRE_CONSUMER_TAKE);
	else if (is_unconfirmed(checkpointer) &&
		 (checkpointer->moved_ns == 0 ||
		  now_ns - checkpointer->moved_ns >= checkpointer->interval_ns))
		ask(checkpointer, WL_WIRE_CONSUMER_MOVE);
	else if (now_ns - checkpointer->heard_ns >= LOOK_NS)
		ask(checkpointer, WL_WIRE_CONSUMER_LOOK);
}

static bool ends_by_time(struct wl_checkpointer *checkpointer)
{
	uint64_t since_ns = checkpointer->environment->now_ns - checkpointer->began_ns;

	if (checkpointer->state == WL_CHECKPOINTER_TAKING &&
	    since_ns > (checkpointer->refusal == WIRELOG_NO_SPACE ? FULL_NS : GIVE_UP_NS)) {
		if (checkpointer->refusal != 0)
			fail_to_take(checkpointer, checkpointer->refusal);
		else
			fail_to_take(checkpointer, wl_nodes_lead_nobody(checkpointer->nodes)
							   ? WIRELOG_NO_LEADER
							   : WIRELOG_NOT_CONNECTED);
		return true;
	}
	if (checkpointer->state == WL_CHECKPOINTER_LEAVING &&
	    since_ns > checkpointer->environment->options.append_timeout_ns) {
		give_up(checkpointer);
		return true;
	}
	return false;
}

unsigned wl_checkpointer_poll(struct wl_checkpointer *checkpointer)
{
	uint64_t before = checkpointer->channel->sequence;

	if (checkpointer->state == WL_CHECKPOINTER_OFF)
		return 0;
	if (ends_by_time(checkpointer))
		return 1;
	if (checkpointer->leadership_starts != checkpointer->nodes->leadership.starts) {
		checkpointer->leadership_starts = checkpointer->nodes->leadership.starts;
		checkpointer->question.due_ns = 0; /* what the last one was asked is for nothing */
		checkpointer->question.pause_ns = ASK_NS_MIN;
	}
	if (checkpointer->question.nonce == 0)
		ask_what_is_due(checkpointer);
	else if (checkpointer->environment->now_ns >= checkpointer->question.due_ns)
		put(checkpointer);
	return checkpointer->channel->sequence != before;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/asker.h"

#include "dataplane/base/check.h"

#define LATELY_NS (1 * WL_SECOND_NS) /* whoever refused within that is there */
#define ASK_NS_MIN (30 * WL_MS_NS)
#define ASK_NS_MAX (500 * WL_MS_NS)
#define REFUSED_NS_MIN (1 * WL_MS_NS) /* by who does not lead (yet), or has too many questions */
#define REFUSED_NS_MAX (50 * WL_MS_NS)

_Static_assert((int)WIRELOG_FATE_COMMITTED == WL_WIRE_FATE_COMMITTED &&
		       (int)WIRELOG_FATE_NEVER == WL_WIRE_FATE_NEVER &&
		       (int)WIRELOG_FATE_EXPIRED == WL_WIRE_FATE_EXPIRED &&
		       (int)WIRELOG_FATE_PENDING == WL_WIRE_FATE_PENDING &&
		       (int)WIRELOG_FATE_UNKNOWN == WL_WIRE_FATE_UNKNOWN,
	       "fates are numbered alike");

void wl_asker_init(struct wl_asker *asker, struct wl_environment *environment,
		   struct wl_channel *channel, struct wl_nodes *nodes)
{
	asker->environment = environment;
	asker->channel = channel;
	asker->nodes = nodes;
}

/* ---- what the application asks, and is told ---------------------------------------------------- */

int64_t wl_asker_ask(struct wl_asker *asker, uint64_t session, uint64_t sequence, bool fence)
{
	struct wl_asker_question *question = asker->questions;

	if (asker->count == WL_ASKER_QUESTIONS)
		return WIRELOG_BACK_PRESSURE;
	while (question->id != 0)
		question++;
	WL_CHECK(question < asker->questions + WL_ASKER_QUESTIONS);
	*question = (struct wl_asker_question){
		.id = wl_environment_question(asker->environment),
		.nonce = wl_environment_nonce(asker->environment),
		.session = session,
		.sequence = sequence,
		.fence = fence,
		.began_ns = asker->environment->now_ns,
		.since_ns = asker->environment->now_ns,
		.pause_ns = ASK_NS_MIN,
	};
	asker->count++;
	return question->id;
}

/* Its place is free when the application hears of it. */
static void finish(struct wl_asker *asker, struct wl_asker_question *question,
		   struct wirelog_event *event)
{
	WL_CHECK(question->id != 0);
	WL_CHECK(asker->count != 0);
	event->kind = question->session != 0 ? WIRELOG_EVENT_OUTCOME : WIRELOG_EVENT_END;
	event->question = question->id;
	event->session = question->session;
	event->sequence = question->sequence;
	event->term = asker->nodes->leadership.term;
	question->id = 0;
	asker->count--;
	wl_environment_tell(asker->environment, event);
}

static void fail(struct wl_asker *asker, struct wl_asker_question *question, int status)
{
	struct wirelog_event event = {.status = status};

	finish(asker, question, &event);
}

/* ---- what is said ----------------------------------------------------------------------------- */

/* Who can say how far it is; 0: nobody is known yet. */
static uint32_t anybody(const struct wl_asker *asker)
{
	uint32_t chosen = asker->environment->options.node;

	return chosen != 0 ? chosen : wl_nodes_anybody(asker->nodes);
}

static void say(struct wl_asker *asker, const struct wl_asker_question *question)
{
	const struct wl_wire_end_ask end = {.nonce = question->nonce};
	const struct wl_wire_outcome_ask outcome = {
		.nonce = question->nonce,
		.session = question->session,
		.sequence = question->sequence,
		.fence = question->fence,
	};
	bool is_end = question->session == 0;
	size_t room;
	uint8_t *payload = wl_channel_open(
		asker->channel, is_end ? anybody(asker) : asker->nodes->leadership.leader,
		is_end ? WL_WIRE_END_ASK : WL_WIRE_OUTCOME_ASK, &room);

	if (!payload)
		return;
	wl_channel_close(asker->channel, is_end ? wl_wire_encode_end_ask(payload, &end)
						: wl_wire_encode_outcome_ask(payload, &outcome));
}

static void put(struct wl_asker *asker, struct wl_asker_question *question)
{
	WL_CHECK(question->id != 0);
	question->due_ns = asker->environment->now_ns + question->pause_ns;
	question->pause_ns *= 2;
	if (question->pause_ns > ASK_NS_MAX)
		question->pause_ns = ASK_NS_MAX;
	say(asker, question);
}

/* ---- what is answered ------------------------------------------------------------------------- */

static struct wl_asker_question *find(struct wl_asker *asker, uint64_t nonce)
{
	for (unsigned at = 0; at < WL_ASKER_QUESTIONS; at++) {
		if (asker->questions[at].id != 0 && asker->questions[at].nonce == nonce)
			return &asker->questions[at];
	}
	return NULL;
}

/* Put again after a pause, which grows: two nodes may point at each other until an election is over. */
static void wait_a_while(struct wl_asker *asker, struct wl_asker_question *question)
{
	question->refused_ns *= 2;
	if (question->refused_ns < REFUSED_NS_MIN)
		question->refused_ns = REFUSED_NS_MIN;
	if (question->refused_ns > REFUSED_NS_MAX)
		question->refused_ns = REFUSED_NS_MAX;
	question->since_ns = asker->environment->now_ns;
	question->due_ns = asker->environment->now_ns + question->refused_ns;
}

static void take_refusal(struct wl_asker *asker, struct wl_asker_question *question, int status,
			 uint32_t node, uint32_t hint)
{
	switch (status) {
	case WIRELOG_NOT_LEADER:
		question->not_led_ns = asker->environment->now_ns;
		wl_nodes_on_not_leader(asker->nodes, node, hint);
		wait_a_while(asker, question);
		return;
	case WIRELOG_BACK_PRESSURE:
		wait_a_while(asker, question);
		return;
	default:
		fail(asker, question, status);
		return;
	}
}

void wl_asker_on_end_reply(struct wl_asker *asker, const struct wl_channel_message *message)
{
	struct wl_asker_question *question;
	struct wl_wire_end_reply reply;
	struct wirelog_event event = {.node = message->node};

	if (!wl_wire_decode_end_reply(message->payload, message->bytes, &reply))
		return;
	question = find(asker, reply.nonce);
	if (!question || question->session != 0)
		return;
	if (reply.status != WIRELOG_OK) {
		take_refusal(asker, question, reply.status, message->node, reply.leader);
		return;
	}
	wl_nodes_note_commit(asker->nodes, message->node, reply.number);
	event.number = reply.number;
	finish(asker, question, &event);
}

void wl_asker_on_outcome_reply(struct wl_asker *asker, const struct wl_channel_message *message)
{
	struct wl_asker_question *question;
	struct wl_wire_outcome_reply reply;
	struct wirelog_event event = {.node = message->node};

	if (!wl_wire_decode_outcome_reply(message->payload, message->bytes, &reply))
		return;
	question = find(asker, reply.nonce);
	if (!question || question->session == 0)
		return;
	if (reply.status != WIRELOG_OK) {
		take_refusal(asker, question, reply.status, message->node, reply.leader);
		return;
	}
	event.fate = (enum wirelog_fate)reply.fate;
	event.number = reply.number;
	finish(asker, question, &event);
}

void wl_asker_on_identity(struct wl_asker *asker)
{
	for (unsigned at = 0; at < WL_ASKER_QUESTIONS; at++)
		asker->questions[at].due_ns = 0;
}

/* ---- time ------------------------------------------------------------------------------------- */

uint64_t wl_asker_waits_since(const struct wl_asker *asker)
{
	uint64_t since_ns = 0;

	for (unsigned at = 0; asker->count != 0 && at < WL_ASKER_QUESTIONS; at++) {
		const struct wl_asker_question *question = &asker->questions[at];
		uint64_t its_ns = question->since_ns ? question->since_ns : 1;

		if (question->id != 0 && (since_ns == 0 || its_ns < since_ns))
			since_ns = its_ns;
	}
	return since_ns;
}

static void follow(struct wl_asker *asker)
{
	if (asker->leadership_starts == asker->nodes->leadership.starts)
		return;
	asker->leadership_starts = asker->nodes->leadership.starts;
	/* What the last one was asked is for nothing. Who was refused waits for a while, though: two nodes may point at each other. */
	for (unsigned at = 0; at < WL_ASKER_QUESTIONS; at++) {
		struct wl_asker_question *question = &asker->questions[at];
		uint64_t soon_ns = asker->environment->now_ns + question->refused_ns;

		if (question->due_ns > soon_ns)
			question->due_ns = soon_ns;
		question->pause_ns = ASK_NS_MIN;
	}
}

/* Its time is over. A node that is asked may answer to the end that it knows no leader, while we know one. */
static int explain(const struct wl_asker *asker, const struct wl_asker_question *question)
{
	bool refused_lately = question->not_led_ns != 0 &&
			      asker->environment->now_ns - question->not_led_ns <= LATELY_NS;

	return refused_lately || wl_nodes_lead_nobody(asker->nodes) ? WIRELOG_NO_LEADER
								    : WIRELOG_NOT_CONNECTED;
}

unsigned wl_asker_poll(struct wl_asker *asker)
{
	uint64_t before = asker->channel->sequence, now_ns = asker->environment->now_ns;
	unsigned ended = 0;

	follow(asker);
	for (unsigned at = 0; asker->count != 0 && at < WL_ASKER_QUESTIONS; at++) {
		struct wl_asker_question *question = &asker->questions[at];

		if (question->id == 0)
			continue;
		if (now_ns - question->began_ns > asker->environment->options.append_timeout_ns) {
			fail(asker, question, explain(asker, question));
			ended++;
		} else if (now_ns >= question->due_ns) {
			put(asker, question);
		}
	}
	return ended != 0 || asker->channel->sequence != before;
}

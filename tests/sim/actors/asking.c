/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/sim/actors/asking.h"

#include <string.h>

#include "dataplane/base/check.h"
#include "tests/sim/actors/client.h"
#include "tests/sim/oracle/oracle.h"
#include "tests/sim/server/node.h"

#define STREAM 4900u /* and the client's number */
#define AROUND 6u /* so far from its newest sequence */

static uint64_t draw(struct sim_asking *asking, uint64_t below)
{
	return sim_random_below(&asking->random, below);
}

void sim_asking_init(struct sim_asking *asking, struct sim_client *client, struct wl_engine *engine)
{
	memset(asking, 0, sizeof(*asking));
	asking->client = client;
	asking->engine = engine;
	sim_random_init(&asking->random, client->plan->seed, STREAM + client->number);
}

void sim_asking_end_life(struct sim_asking *asking)
{
	if (asking->engine->sender.session.id != 0) {
		asking->session = asking->engine->sender.session.id;
		asking->next = asking->engine->sender.window.next;
	}
	memset(asking->questions, 0, sizeof(asking->questions));
}

static struct sim_question *find(struct sim_asking *asking, int64_t id)
{
	for (unsigned at = 0; at < WL_ASKER_QUESTIONS; at++) {
		if (asking->questions[at].id == id)
			return &asking->questions[at];
	}
	return NULL;
}

static void ask(struct sim_asking *asking, uint64_t session, uint64_t next, bool fence)
{
	struct sim_client *client = asking->client;
	struct sim_question *question = find(asking, 0);
	struct sim_question put = {.session = session, .fence = fence};
	uint64_t behind = draw(asking, AROUND);

	if (!question)
		return;
	if (session != 0)
		put.sequence = next + 1 > behind ? next + 1 - behind : 1;
	client->on_question(client->context, client, &put, NULL);
	put.id = session != 0 ? wl_engine_ask_outcome(asking->engine, session, put.sequence, fence)
			      : wl_engine_ask_end(asking->engine);
	WL_CHECK(put.id > 0); /* there are as many places */
	*question = put;
}

void sim_asking_tick(struct sim_asking *asking)
{
	struct sim_client *client = asking->client;
	const struct wl_sender *sender = &asking->engine->sender;

	if (!client->appending || !sim_random_chance(&asking->random, (uint32_t)client->plan->asks))
		return;
	switch (draw(asking, 4)) {
	case 0:
		if (asking->session != 0) {
			ask(asking, asking->session, asking->next, draw(asking, 2) == 0);
			return;
		}
		break;
	case 1:
		if (sender->session.id != 0) {
			ask(asking, sender->session.id, sender->window.next, draw(asking, 8) == 0);
			return;
		}
		break;
	default:
		break;
	}
	ask(asking, 0, 0, false);
}

void sim_asking_on_event(struct sim_asking *asking, const struct wirelog_event *event)
{
	struct sim_client *client = asking->client;
	struct sim_question *question = event->question > 0 ? find(asking, event->question) : NULL;
	struct sim_question put;

	if (!question || question->session != event->session ||
	    question->sequence != event->sequence ||
	    (event->kind == WIRELOG_EVENT_END) != (question->session == 0))
		sim_violation(client->cluster, event->node, "library",
			      "client %u: an answer to question %lld, which it did not put",
			      client->number, (long long)event->question);
	put = *question;
	question->id = 0;
	if (event->status == WIRELOG_OK)
		client->on_question(client->context, client, &put, event);
	else if (event->status != WIRELOG_NOT_CONNECTED && event->status != WIRELOG_NO_LEADER &&
		 !(put.fence && event->status == WIRELOG_NO_SPACE))
		sim_violation(client->cluster, event->node, "library",
			      "client %u: a question is answered with status %d", client->number,
			      event->status);
}

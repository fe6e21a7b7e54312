/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/status_reader.h"

#include <string.h>

#include "dataplane/base/check.h"

#define ASK_AGAIN_NS (20 * WL_MS_NS)

_Static_assert(WIRELOG_STATUS_TEXT_BYTES == WL_WIRE_STATUS_BYTES_MAX + 1, "a text, and its end");

void wl_status_reader_init(struct wl_status_reader *reader, struct wl_environment *environment,
			   struct wl_channel *channel, const struct wl_nodes *nodes)
{
	reader->environment = environment;
	reader->channel = channel;
	reader->nodes = nodes;
}

/* ---- what the application asks, and is told ---------------------------------------------------- */

int64_t wl_status_reader_ask(struct wl_status_reader *reader, uint32_t node, char *text)
{
	struct wl_status_question *question = reader->questions;

	WL_CHECK(node <= WIRELOG_NODES_MAX);
	if (reader->count == WL_STATUS_READER_QUESTIONS)
		return WIRELOG_BACK_PRESSURE;
	while (question->id != 0)
		question++;
	*question = (struct wl_status_question){
		.id = wl_environment_question(reader->environment),
		.node = node,
		.round = wl_environment_nonce(reader->environment),
		.text = text,
		.began_ns = reader->environment->now_ns,
	};
	reader->count++;
	return question->id;
}

/* Its place is free when the application hears of it. */
static void finish(struct wl_status_reader *reader, struct wl_status_question *question, int status)
{
	const struct wirelog_event event = {
		.kind = WIRELOG_EVENT_STATUS,
		.question = question->id,
		.node = question->node,
		.status = status,
		.text_bytes = status == WIRELOG_OK ? question->have : 0,
	};

	WL_CHECK(reader->count > 0);
	question->text[event.text_bytes] = '\0';
	question->id = 0;
	reader->count--;
	wl_environment_tell(reader->environment, &event);
}

/* ---- what is said, and answered ---------------------------------------------------------------- */

static void say(struct wl_status_reader *reader, struct wl_status_question *question)
{
	const struct wl_wire_status_ask ask = {
		.round = question->round,
		.version = question->version,
		.offset = question->have,
	};
	uint32_t node = question->node != 0 ? question->node : wl_nodes_anybody(reader->nodes);
	size_t room;
	uint8_t *payload = wl_channel_open(reader->channel, node, WL_WIRE_STATUS_ASK, &room);

	question->due_ns = reader->environment->now_ns + ASK_AGAIN_NS;
	if (payload)
		wl_channel_close(reader->channel, wl_wire_encode_status_ask(payload, &ask));
}

static struct wl_status_question *find(struct wl_status_reader *reader, uint64_t round,
				       uint32_t node)
{
	for (unsigned at = 0; at < WL_STATUS_READER_QUESTIONS; at++) {
		struct wl_status_question *question = &reader->questions[at];

		if (question->id != 0 && question->round == round &&
		    (question->node == 0 || question->node == node))
			return question;
	}
	return NULL;
}

void wl_status_reader_on_part(struct wl_status_reader *reader,
			      const struct wl_channel_message *message)
{
	struct wl_status_question *question;
	struct wl_wire_status_part part;

	if (!wl_wire_decode_status_part(message->payload, message->bytes, &part))
		return;
	question = find(reader, part.round, message->node);
	if (!question)
		return;
	if (part.offset == 0 && part.version != question->version) {
		question->node = message->node;
		question->version = part.version;
		question->have = 0;
	}
	if (part.version != question->version || part.offset != question->have)
		return;
	memcpy(question->text + part.offset, part.part, part.bytes);
	question->have += part.bytes;
	WL_CHECK(question->have <= part.total && part.total < WIRELOG_STATUS_TEXT_BYTES);
	if (question->have == part.total)
		finish(reader, question, WIRELOG_OK);
	else
		say(reader, question);
}

/* ---- time ------------------------------------------------------------------------------------- */

unsigned wl_status_reader_poll(struct wl_status_reader *reader)
{
	uint64_t before = reader->channel->sequence, now_ns = reader->environment->now_ns;
	unsigned ended = 0;

	for (unsigned at = 0; reader->count != 0 && at < WL_STATUS_READER_QUESTIONS; at++) {
		struct wl_status_question *question = &reader->questions[at];

		if (question->id == 0)
			continue;
		if (now_ns - question->began_ns > reader->environment->options.append_timeout_ns) {
			finish(reader, question, WIRELOG_NOT_CONNECTED);
			ended++;
		} else if (now_ns >= question->due_ns) {
			say(reader, question);
		}
	}
	return ended != 0 || reader->channel->sequence != before;
}

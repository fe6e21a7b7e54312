/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One turn: what came is taken in first, so that an application which did not poll for a while finds its answers before
 * its timeouts; then what is due is done; then everything leaves in bursts.
 */
#include "client/engine.h"

#include <string.h>

#include "client/engine_internal.h"
#include "dataplane/base/check.h"

#define BURSTS_PER_POLL 8u
#define TEND_NS (1 * WL_MS_NS)

void wl_engine_init(struct wl_engine *engine, const struct wl_engine_config *config)
{
	struct wl_environment *environment = &engine->environment;
	struct wl_sender_config sender = {
		.environment = environment,
		.channel = &engine->channel,
		.nodes = &engine->nodes,
		.paths = &engine->paths,
		.slots = config->slots,
		.bytes = config->bytes,
	};
	struct wl_subscriber_config subscriber = {
		.environment = environment,
		.channel = &engine->channel,
		.nodes = &engine->nodes,
		.paths = &engine->paths,
		.buffer = config->buffer,
	};

	memset(engine, 0, sizeof(*engine));
	environment->options = config->options;
	engine->reads_only = config->reads_only;
	environment->now_ns = config->now_ns;
	/* Any beginning will do: answers name our boot id, too. */
	environment->nonce = config->boot_id;
	wl_channel_init(&engine->channel, config->auth, config->cluster,
			(uint16_t)config->options.journal);
	wl_channel_name(&engine->channel, config->identity, config->boot_id);
	wl_nodes_init(&engine->nodes, environment, &engine->channel);
	wl_paths_init(&engine->paths, environment, &engine->channel, &engine->nodes);
	wl_sender_init(&engine->sender, &sender);
	wl_subscriber_init(&engine->subscriber, &subscriber);
	wl_checkpointer_init(&engine->checkpointer, environment, &engine->channel, &engine->nodes,
			     &engine->subscriber);
	wl_asker_init(&engine->asker, environment, &engine->channel, &engine->nodes);
	wl_status_reader_init(&engine->status_reader, environment, &engine->channel,
			      &engine->nodes);
}

void wl_engine_close(struct wl_engine *engine)
{
	wl_checkpointer_close(&engine->checkpointer);
	wl_subscriber_stop(&engine->subscriber);
	wl_nodes_say_goodbye(&engine->nodes);
	wl_channel_flush(&engine->channel);
}

/* ---- what came -------------------------------------------------------------------------------- */

static void on_hello_reply(struct wl_engine *engine, const struct wl_channel_message *message)
{
	struct wl_wire_hello_reply reply;

	if (!wl_wire_decode_hello_reply(message->payload, message->bytes, &reply))
		return;
	wl_nodes_on_hello_reply(&engine->nodes, message->node, &reply);
	/* Otherwise the challenge was for somebody else. */
	if (!wl_engine_draw_identity_again(engine, message->node, &reply) &&
	    wl_nodes_take_place(&engine->nodes, message->node, &reply))
		wl_sender_refuse_unsent(&engine->sender, reply.status);
	wl_nodes_learn_others(&engine->nodes, message->node, &reply);
}

static void dispatch(struct wl_engine *engine, const struct wl_channel_message *message)
{
	wl_nodes_on_heard(&engine->nodes, message->node);
	switch ((enum wl_wire_type)message->type) {
	case WL_WIRE_HELLO_REPLY:
	case WL_WIRE_KEEPALIVE_REPLY:
		on_hello_reply(engine, message);
		break;
	case WL_WIRE_PATH_ECHO:
		wl_paths_on_echo(&engine->paths, message);
		break;
	case WL_WIRE_OPEN_SESSION_REPLY:
		wl_sender_on_open_session_reply(&engine->sender, message);
		break;
	case WL_WIRE_APPEND_REPLY:
		wl_sender_on_append_reply(&engine->sender, message);
		break;
	case WL_WIRE_DELIVER:
		wl_subscriber_on_deliver(&engine->subscriber, message);
		break;
	case WL_WIRE_GAP:
		wl_subscriber_on_gap(&engine->subscriber, message);
		break;
	case WL_WIRE_CONSUMER_REPLY:
		wl_checkpointer_on_reply(&engine->checkpointer, message);
		break;
	case WL_WIRE_END_REPLY:
		wl_asker_on_end_reply(&engine->asker, message);
		break;
	case WL_WIRE_OUTCOME_REPLY:
		wl_asker_on_outcome_reply(&engine->asker, message);
		break;
	case WL_WIRE_STATUS_PART:
		wl_status_reader_on_part(&engine->status_reader, message);
		break;
	default:
		break;
	}
}

static void take(struct wl_engine *engine, const struct wl_datagram *datagram)
{
	struct wl_channel_message message;

	switch (wl_channel_accept(&engine->channel, datagram, &message)) {
	case WL_CHANNEL_REFUSED:
	case WL_CHANNEL_KEY_REFUSED: /* whoever made us asks why nobody answers */
		break;
	case WL_CHANNEL_ELSEWHERE:
		wl_nodes_on_elsewhere(&engine->nodes, &message);
		break;
	case WL_CHANNEL_MET:
		wl_nodes_on_boot(&engine->nodes, &message);
		dispatch(engine, &message);
		break;
	case WL_CHANNEL_MESSAGE:
		dispatch(engine, &message);
		break;
	}
}

/* *drained: nothing is left there. */
static unsigned receive(struct wl_engine *engine, struct wl_transport *transport, bool *drained)
{
	struct wl_datagram datagrams[WL_TRANSPORT_BURST];
	unsigned total = 0, count = WL_TRANSPORT_BURST;

	for (unsigned burst = 0; burst < BURSTS_PER_POLL && count == WL_TRANSPORT_BURST; burst++) {
		count = transport->ops->receive(transport, datagrams, WL_TRANSPORT_BURST);
		WL_CHECK(count <= WL_TRANSPORT_BURST);
		for (unsigned at = 0; at < count; at++) {
			if (at + 1 < count)
				__builtin_prefetch(datagrams[at + 1].bytes);
			take(engine, &datagrams[at]);
		}
		if (count != 0)
			transport->ops->release(transport, datagrams, count);
		total += count;
	}
	*drained &= count < WL_TRANSPORT_BURST;
	return total;
}

/* A transport may serve several kinds of endpoint. */
static bool is_first_of(const struct wl_channel *channel, unsigned kind)
{
	for (unsigned before = 0; before < kind; before++) {
		if (channel->transports[before] == channel->transports[kind])
			return false;
	}
	return channel->transports[kind] != NULL;
}

static unsigned receive_all(struct wl_engine *engine, bool *drained)
{
	uint64_t now_ns = engine->environment.now_ns;
	bool tends = now_ns - engine->tend_ns >= TEND_NS;
	unsigned did = 0;

	if (tends)
		engine->tend_ns = now_ns;
	for (unsigned kind = WL_ENDPOINT_UDP; kind <= WL_ENDPOINT_DPDK; kind++) {
		struct wl_transport *transport = engine->channel.transports[kind];

		if (!is_first_of(&engine->channel, kind))
			continue;
		if (tends)
			transport->ops->tend(transport, now_ns);
		did += receive(engine, transport, drained);
	}
	return did;
}

/* ---- what is due ------------------------------------------------------------------------------ */

static void tell_connection(struct wl_engine *engine, bool is_connected, bool has_session)
{
	const struct wl_leadership *leadership = &engine->nodes.leadership;
	struct wirelog_event event = {
		.kind = is_connected ? WIRELOG_EVENT_CONNECTED : WIRELOG_EVENT_DISCONNECTED,
		.node = is_connected ? leadership->leader : 0,
		.term = leadership->term,
		.status = is_connected			     ? WIRELOG_OK
			  : engine->channel.key_refused != 0 ? WIRELOG_KEY_REFUSED
							     : WIRELOG_NOT_CONNECTED,
	};

	engine->is_connected = is_connected && has_session;
	wl_environment_tell(&engine->environment, &event);
}

/* Who was told that nobody answers is told when somebody does, also where there is no session to wait for. */
static void poll_connection(struct wl_engine *engine)
{
	bool has_session = engine->sender.session.state == WL_SENDER_OPEN;

	if (wl_nodes_is_silence_news(&engine->nodes))
		tell_connection(engine, !engine->nodes.is_silent, has_session);
	if (!engine->is_connected && !engine->nodes.is_silent &&
	    engine->nodes.leadership.leader != 0 && has_session)
		tell_connection(engine, true, true);
}

/* Paths that are used: to the leader while an answer of it is awaited, to the node that we read from. */
static void poll_paths(struct wl_engine *engine)
{
	uint32_t reads = engine->subscriber.state != WL_SUBSCRIBER_OFF ? engine->subscriber.node
								       : 0;
	uint32_t leader =
		wl_sender_waits_since(&engine->sender) != 0 ? engine->nodes.leadership.leader : 0;

	wl_paths_poll(&engine->paths, leader, reads);
}

/* 0: never. */
static uint64_t earlier(uint64_t one, uint64_t other)
{
	if (one == 0 || other == 0)
		return one + other;
	return one < other ? one : other;
}

/* An answer of the leader is due since then, to whoever asked first; 0: none is. */
static uint64_t waits_since(const struct wl_engine *engine)
{
	return earlier(wl_sender_waits_since(&engine->sender),
		       earlier(wl_checkpointer_waits_since(&engine->checkpointer),
			       wl_asker_waits_since(&engine->asker)));
}

static void flush(struct wl_engine *engine)
{
	WL_CHECK(engine->channel.open_route < 0);
	wl_channel_flush(&engine->channel);
	wl_sender_on_flushed(&engine->sender);
}

static void take_time(struct wl_engine *engine, uint64_t now_ns)
{
	if (now_ns > engine->environment.now_ns)
		engine->environment.now_ns = now_ns;
}

int wl_engine_poll(struct wl_engine *engine, uint64_t now_ns)
{
	const char *broken;
	unsigned did;
	bool drained = true;

	if (engine->is_polling)
		return WIRELOG_INVALID_ARGUMENT;
	engine->is_polling = true;
	take_time(engine, now_ns);
	did = receive_all(engine, &drained);
	if (engine->sender.session.state != WL_SENDER_OPEN)
		engine->is_connected = false;
	if (drained) {
		did += wl_sender_poll(&engine->sender);
		did += wl_nodes_poll(&engine->nodes, waits_since(engine));
		poll_connection(engine);
		poll_paths(engine);
	}
	did += wl_subscriber_poll(&engine->subscriber);
	did += wl_checkpointer_poll(&engine->checkpointer);
	did += wl_asker_poll(&engine->asker);
	did += wl_status_reader_poll(&engine->status_reader);
	did += wl_sender_pump(&engine->sender, true);
	flush(engine);
	broken = wl_window_check(&engine->sender.window);
	WL_CHECK_MSG(!broken, "appends of session %llu from %llu on: %s",
		     (unsigned long long)engine->sender.session.id,
		     (unsigned long long)engine->sender.window.first, broken);
	engine->is_polling = false;
	return (int)did;
}

/* ---- what the application asks ---------------------------------------------------------------- */

int64_t wl_engine_append(struct wl_engine *engine, uint64_t now_ns, const void *bytes, size_t size,
			 const struct wirelog_append_options *options)
{
	struct wl_window_record record = {.bytes = bytes, .level = WIRELOG_COMMITTED};
	uint64_t sequence;

	/* The last turn may be long ago, and what passed since is none of this record's time. */
	if (!engine->is_polling)
		take_time(engine, now_ns);
	record.now_ns = engine->environment.now_ns;

	if (engine->reads_only)
		return WIRELOG_KEY_READ_ONLY;
	if (size == 0)
		return WIRELOG_RECORD_EMPTY;
	if (size > engine->nodes.record_bytes_max ||
	    size > engine->environment.options.outstanding_bytes_max)
		return WIRELOG_RECORD_TOO_LARGE;
	if (!bytes)
		return WIRELOG_INVALID_ARGUMENT;
	record.size = (uint32_t)size;
	if (options) {
		if (options->level < WIRELOG_LEVEL_DEFAULT || options->level > WIRELOG_EVERYWHERE)
			return WIRELOG_INVALID_ARGUMENT;
		if (options->level != WIRELOG_LEVEL_DEFAULT)
			record.level = (uint8_t)options->level;
		record.not_after_ns = options->not_after_ns;
		record.tag = options->tag;
	}
	sequence = wl_sender_push(&engine->sender, &record);
	if (sequence == 0)
		return WIRELOG_BACK_PRESSURE;
	/* Between turns only full frames go: the rest may still grow. */
	if (!engine->is_polling && wl_sender_has_a_frame(&engine->sender)) {
		wl_sender_pump(&engine->sender, false);
		flush(engine);
	}
	return (int64_t)sequence;
}

int wl_engine_subscribe(struct wl_engine *engine, enum wirelog_from from, uint64_t value)
{
	if (from < WIRELOG_FROM_NUMBER || from > WIRELOG_FROM_NOW)
		return WIRELOG_INVALID_ARGUMENT;
	wl_checkpointer_stop(&engine->checkpointer);
	return wl_subscriber_start(&engine->subscriber, from, value);
}

int wl_engine_subscribe_at(struct wl_engine *engine, const struct wirelog_cursor *cursor)
{
	if (!wl_subscriber_cursor_is_valid(cursor))
		return WIRELOG_INVALID_ARGUMENT;
	wl_checkpointer_stop(&engine->checkpointer);
	return wl_subscriber_start_at(&engine->subscriber, cursor);
}

int wl_engine_consume(struct wl_engine *engine, const char *name,
		      const struct wirelog_consumer_options *options)
{
	return wl_checkpointer_start(&engine->checkpointer, name, options);
}

int64_t wl_engine_ask_end(struct wl_engine *engine)
{
	return wl_asker_ask(&engine->asker, 0, 0, false);
}

int64_t wl_engine_ask_outcome(struct wl_engine *engine, uint64_t session, uint64_t sequence,
			      int fence)
{
	if (session == 0 || sequence == 0 || sequence > INT64_MAX || fence < 0 || fence > 1)
		return WIRELOG_INVALID_ARGUMENT;
	if (engine->reads_only)
		return WIRELOG_KEY_READ_ONLY;
	return wl_asker_ask(&engine->asker, session, sequence, fence == 1);
}

int64_t wl_engine_ask_status(struct wl_engine *engine, uint32_t node, char *text, size_t text_bytes)
{
	if (node > WIRELOG_NODES_MAX || !text || text_bytes < WIRELOG_STATUS_TEXT_BYTES)
		return WIRELOG_INVALID_ARGUMENT;
	return wl_status_reader_ask(&engine->status_reader, node, text);
}

int wl_engine_open_session(struct wl_engine *engine)
{
	if (engine->reads_only)
		return WIRELOG_KEY_READ_ONLY;
	wl_sender_want_session(&engine->sender);
	return WIRELOG_OK;
}

void wl_engine_unsubscribe(struct wl_engine *engine)
{
	wl_checkpointer_stop(&engine->checkpointer);
	wl_subscriber_stop(&engine->subscriber);
}

void wl_engine_get_consumer(const struct wl_engine *engine, struct wirelog_consumer *consumer)
{
	const struct wl_checkpointer *checkpointer = &engine->checkpointer;

	*consumer = (struct wirelog_consumer){
		.checkpoint = checkpointer->checkpoint,
		.committed = checkpointer->committed,
		.made = checkpointer->made,
	};
}

bool wl_engine_is_busy(const struct wl_engine *engine)
{
	return waits_since(engine) != 0 || engine->checkpointer.state != WL_CHECKPOINTER_OFF ||
	       engine->subscriber.state != WL_SUBSCRIBER_OFF || engine->status_reader.count != 0 ||
	       engine->nodes.answered == 0;
}

void wl_engine_get_position(const struct wl_engine *engine, struct wirelog_position *position)
{
	const struct wl_nodes *nodes = &engine->nodes;
	uint32_t id = engine->subscriber.node;

	if (id == 0)
		id = engine->environment.options.node;
	if (id == 0)
		id = nodes->leadership.leader;
	for (uint32_t other = 1;
	     other <= WIRELOG_NODES_MAX && !wl_channel_reaches(&engine->channel, id); other++)
		id = other;
	*position = (struct wirelog_position){
		.node = wl_channel_reaches(&engine->channel, id) ? id : 0,
		.leader = nodes->leadership.leader,
		.term = nodes->leadership.term,
		.session = engine->sender.session.id,
		.record_bytes_max = nodes->record_bytes_max,
	};
	for (uint32_t other = 1; other <= WIRELOG_NODES_MAX; other++) {
		if (nodes->nodes[other].commit_number > position->commit_number)
			position->commit_number = nodes->nodes[other].commit_number;
	}
	position->first_number = nodes->nodes[position->node].first_number;
	position->history = nodes->nodes[position->node].history;
}

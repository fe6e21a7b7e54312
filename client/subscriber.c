/* SPDX-License-Identifier: BSD-3-Clause */
/* A subscription's beginning and end, what is said to the node that serves it, and when. */
#include "client/subscriber_internal.h"

#include "dataplane/base/check.h"

#define SUBSCRIBE_NS_MAX (200 * WL_MS_NS)
#define CREDIT_BYTES (16u << 10) /* consumed: worth telling at once */
#define CREDIT_NS (1 * WL_MS_NS) /* and less than that after so long */
#define ALIVE_NS (500 * WL_MS_NS) /* a sign of life to the node */
#define SILENT_NS (250 * WL_MS_NS) /* nodes speak every 100 ms: ask */
#define PROBE_NS (50 * WL_MS_NS)
#define LEAVE_NS (700 * WL_MS_NS)
#define LEAVE_ASKED 4u
#define STANDS_NS (2 * WL_SECOND_NS)
#define GIVE_UP_NS (10 * WL_SECOND_NS)
#define GIVE_UP_TRIES 8u

void wl_subscriber_init(struct wl_subscriber *subscriber, const struct wl_subscriber_config *config)
{
	subscriber->environment = config->environment;
	subscriber->channel = config->channel;
	subscriber->nodes = config->nodes;
	subscriber->paths = config->paths;
	subscriber->fragments.buffer = config->buffer;
}

int wl_subscriber_start(struct wl_subscriber *subscriber, enum wirelog_from from, uint64_t value)
{
	struct wl_subscriber_config below = {
		.environment = subscriber->environment,
		.channel = subscriber->channel,
		.nodes = subscriber->nodes,
		.paths = subscriber->paths,
		.buffer = subscriber->fragments.buffer,
	};

	if (from < WIRELOG_FROM_NUMBER || from > WIRELOG_FROM_NOW)
		return WIRELOG_INVALID_ARGUMENT;
	wl_subscriber_stop(subscriber);
	*subscriber = (struct wl_subscriber){
		.state = WL_SUBSCRIBER_ASKING,
		.from = (uint32_t)from,
		.value = value,
		.alive_ns = below.environment->now_ns,
	};
	wl_subscriber_init(subscriber, &below);
	if (from == WIRELOG_FROM_NUMBER)
		subscriber->next_number = value ? value : 1;
	return WIRELOG_OK;
}

bool wl_subscriber_cursor_is_valid(const struct wirelog_cursor *cursor)
{
	uint64_t next_number = cursor->next_number ? cursor->next_number : 1;

	return cursor->known_number < next_number &&
	       (cursor->known_number != 0 || cursor->known_chain == 0);
}

int wl_subscriber_start_at(struct wl_subscriber *subscriber, const struct wirelog_cursor *cursor)
{
	int status = WIRELOG_INVALID_ARGUMENT;

	if (wl_subscriber_cursor_is_valid(cursor))
		status = wl_subscriber_start(subscriber, WIRELOG_FROM_NUMBER, cursor->next_number);
	if (status == WIRELOG_OK)
		subscriber->past = (struct wl_subscription_past){
			.history = cursor->history,
			.known_number = cursor->known_number,
			.known_chain = cursor->known_chain,
		};
	return status;
}

void wl_subscriber_get_cursor(const struct wl_subscriber *subscriber, struct wirelog_cursor *cursor)
{
	cursor->history = subscriber->past.history;
	cursor->next_number = subscriber->next_number;
	cursor->known_number = subscriber->past.known_number;
	cursor->known_chain = subscriber->past.known_chain;
}

void wl_subscriber_stop(struct wl_subscriber *subscriber)
{
	if (subscriber->state != WL_SUBSCRIBER_OFF)
		wl_subscriber_say_unsubscribe(subscriber);
	subscriber->state = WL_SUBSCRIBER_OFF;
	subscriber->node = 0;
}

void wl_subscriber_on_identity(struct wl_subscriber *subscriber)
{
	subscriber->node = 0; /* it is asked anew, or another one */
	if (subscriber->state == WL_SUBSCRIBER_READING)
		subscriber->state = WL_SUBSCRIBER_ASKING;
}

/* ---- what is said ----------------------------------------------------------------------------- */

void wl_subscriber_say_unsubscribe(struct wl_subscriber *subscriber)
{
	struct wl_wire_unsubscribe message = {subscriber->there.id};
	struct wl_channel *channel = subscriber->channel;
	size_t room;
	uint8_t *payload;

	if (subscriber->node == 0)
		return;
	payload = wl_channel_open(channel, subscriber->node, WL_WIRE_UNSUBSCRIBE, &room);
	if (payload)
		wl_channel_close(channel, wl_wire_encode_unsubscribe(payload, &message));
}

static void say_subscribe(struct wl_subscriber *subscriber)
{
	struct wl_subscription_there *there = &subscriber->there;
	struct wl_channel *channel = subscriber->channel;
	struct wl_wire_subscribe message = {
		.subscription = there->id,
		.from = subscriber->from,
		.credit_bytes = subscriber->environment->options.reader_window_bytes,
		.value = subscriber->value,
		.history_id = subscriber->past.history,
		.known_number = subscriber->past.known_number,
		.known_chain = subscriber->past.known_chain,
	};
	size_t room;
	uint8_t *payload;

	WL_CHECK(subscriber->node != 0);
	WL_CHECK(there->id != 0);
	if (subscriber->next_number != 0) {
		message.from = WL_WIRE_FROM_NUMBER;
		message.value = subscriber->next_number;
	}
	there->asked++;
	there->ask_due_ns = subscriber->environment->now_ns + there->ask_pause_ns;
	there->ask_pause_ns *= 2;
	if (there->ask_pause_ns > SUBSCRIBE_NS_MAX)
		there->ask_pause_ns = SUBSCRIBE_NS_MAX;
	payload = wl_channel_open(channel, subscriber->node, WL_WIRE_SUBSCRIBE, &room);
	if (payload)
		wl_channel_close(channel, wl_wire_encode_subscribe(payload, &message));
}

void wl_subscriber_say_credit(struct wl_subscriber *subscriber, bool resend)
{
	struct wl_subscription_there *there = &subscriber->there;
	struct wl_channel *channel = subscriber->channel;
	struct wl_wire_credit message = {
		.subscription = there->id,
		.next_number = subscriber->next_number,
		.credit_bytes = subscriber->environment->options.reader_window_bytes,
		.resend = resend,
	};
	size_t room;
	uint8_t *payload;

	WL_CHECK(subscriber->node != 0);
	WL_CHECK(there->id != 0);
	there->asked++;
	there->credit_ns = subscriber->environment->now_ns;
	there->credited_number = subscriber->next_number;
	there->consumed_bytes = 0;
	payload = wl_channel_open(channel, subscriber->node, WL_WIRE_CREDIT, &room);
	if (payload)
		wl_channel_close(channel, wl_wire_encode_credit(payload, &message));
}

/* ---- time ------------------------------------------------------------------------------------- */

/* It answers, but is cut off from the others: they commit and it does not. */
static bool stands_still(const struct wl_subscriber *subscriber)
{
	const struct wl_subscription_there *there = &subscriber->there;

	if (subscriber->environment->options.node != 0 ||
	    subscriber->environment->now_ns - there->moved_ns < STANDS_NS)
		return false;
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		if (id != subscriber->node && wl_subscriber_can_serve(subscriber, id) &&
		    subscriber->nodes->nodes[id].commit_number > there->commit_number)
			return true;
	}
	return false;
}

static void poll_credit(struct wl_subscriber *subscriber)
{
	const struct wl_subscription_there *there = &subscriber->there;
	uint64_t since_ns = subscriber->environment->now_ns - there->credit_ns;

	if (there->consumed_bytes >= CREDIT_BYTES ||
	    (there->credited_number != subscriber->next_number && since_ns >= CREDIT_NS) ||
	    since_ns >= ALIVE_NS)
		wl_subscriber_say_credit(subscriber, false);
}

static void poll_reading(struct wl_subscriber *subscriber)
{
	const struct wl_subscription_there *there = &subscriber->there;
	uint64_t now_ns = subscriber->environment->now_ns;
	uint64_t silent_ns = now_ns - there->heard_ns;

	if (silent_ns > LEAVE_NS && there->asked >= LEAVE_ASKED) {
		wl_subscriber_leave_node(subscriber);
	} else if (silent_ns > SILENT_NS && now_ns - there->credit_ns > PROBE_NS) {
		wl_subscriber_say_credit(subscriber, false);
		wl_nodes_ask(subscriber->nodes, subscriber->node);
	} else if (stands_still(subscriber)) {
		wl_subscriber_leave_node(subscriber);
	} else {
		poll_credit(subscriber);
	}
}

static void poll_asking(struct wl_subscriber *subscriber)
{
	const struct wl_subscription_there *there = &subscriber->there;
	uint64_t now_ns = subscriber->environment->now_ns;

	if (now_ns - there->began_ns > LEAVE_NS && there->asked >= LEAVE_ASKED) {
		wl_subscriber_leave_node(subscriber);
		return;
	}
	if (now_ns < there->ask_due_ns)
		return;
	if (there->asked >= 2)
		wl_nodes_ask(subscriber->nodes, subscriber->node);
	say_subscribe(subscriber);
}

/* Nobody serves us, and that for long: some said that it is lost, or had no place, and the others never came. */
static bool is_hopeless(const struct wl_subscriber *subscriber)
{
	return subscriber->environment->now_ns - subscriber->alive_ns > GIVE_UP_NS &&
	       (subscriber->tries >= GIVE_UP_TRIES || subscriber->node == 0);
}

unsigned wl_subscriber_poll(struct wl_subscriber *subscriber)
{
	uint64_t before = subscriber->channel->sequence;
	uint32_t node = subscriber->node;

	if (subscriber->state == WL_SUBSCRIBER_OFF)
		return 0;
	if (is_hopeless(subscriber)) {
		wl_subscriber_end(subscriber, WIRELOG_NOT_CONNECTED);
		return 1;
	}
	if (node != 0 && subscriber->channel->nodes[node].boot_id != subscriber->there.boot_id)
		subscriber->node = 0; /* it was started again and knows nothing of us */
	if (subscriber->node == 0) {
		node = wl_subscriber_choose_node(subscriber);
		if (node == 0 && wl_subscriber_is_turned_away(subscriber)) {
			wl_subscriber_end(subscriber, WIRELOG_NOT_CONNECTED);
			return 1;
		}
		if (node == 0)
			return 0;
		wl_subscriber_begin_at(subscriber, node);
	}
	if (subscriber->state == WL_SUBSCRIBER_READING)
		poll_reading(subscriber);
	else
		poll_asking(subscriber);
	return subscriber->channel->sequence != before;
}

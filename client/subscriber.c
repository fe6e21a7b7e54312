/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records in. The node sends from a number on, as much as was credited; here each record is delivered once and in
 * order, whatever the network does: what was seen is passed over, what is missing is asked for again, and a node
 * that falls silent, is started again, has damaged data or stands still while others commit is left for another, from
 * the next number on. What no node can give becomes an event.
 *
 *	OFF --subscribe--> ASKING --a frame of this subscription--> READING
 *	ASKING, READING --node fails--> ASKING at another one
 *	any --unsubscribe, no node can serve--> OFF
 */
#include <string.h>

#include "client/client.h"

#define SUBSCRIBE_NS_MIN (20 * WL_MS_NS)
#define SUBSCRIBE_NS_MAX (200 * WL_MS_NS)
#define CREDIT_BYTES (16u << 10) /* consumed: worth telling at once */
#define CREDIT_NS (1 * WL_MS_NS) /* and less than that after so long */
#define ALIVE_NS (500 * WL_MS_NS) /* a sign of life to the node */
#define SILENT_NS (250 * WL_MS_NS) /* nodes speak every 100 ms: ask */
#define PROBE_NS (50 * WL_MS_NS)
#define LEAVE_NS (700 * WL_MS_NS)
#define LEAVE_ASKED 4u
#define RESEND_NS (2 * WL_MS_NS)
#define STANDS_NS (2 * WL_SECOND_NS)
#define GIVE_UP_NS (10 * WL_SECOND_NS)
#define GIVE_UP_TRIES 8u
#define HEARD_NS (3 * WL_SECOND_NS)

/* ---- choosing a node -------------------------------------------------------------------------- */

static bool is_heard(const struct wl_client *client, uint32_t id)
{
	return wl_nodes_is_greeted(client, id) &&
	       client->now_ns - client->nodes[id].heard_ns < HEARD_NS;
}

static bool can_serve(const struct wl_client *client, uint32_t id)
{
	return is_heard(client, id) && !(client->subscriber.refused & 1u << id);
}

/* The one that was asked for; else the next in turn, the leader last: it has the most to do. */
static uint32_t choose_node(const struct wl_client *client)
{
	if (client->options.node != 0)
		return can_serve(client, client->options.node) ? client->options.node : 0;
	for (uint32_t step = 1; step <= WIRELOG_NODES_MAX; step++) {
		uint32_t id = (client->subscriber.last_node + step - 1) % WIRELOG_NODES_MAX + 1;

		if (id != client->leader && can_serve(client, id))
			return id;
	}
	return client->leader != 0 && can_serve(client, client->leader) ? client->leader : 0;
}

static void subscribe_at(struct wl_client *client, uint32_t node)
{
	struct wl_subscriber *subscriber = &client->subscriber;

	subscriber->state = WL_SUBSCRIBER_ASKING;
	subscriber->id =
		wl_client_nonce(client); /* what the last node still sends is not ours any more */
	subscriber->node = node;
	subscriber->last_node = node;
	subscriber->node_boot = client->nodes[node].boot_id;
	subscriber->subscribed_ns = client->now_ns;
	subscriber->subscribe_due_ns = 0;
	subscriber->subscribe_pause_ns = SUBSCRIBE_NS_MIN;
	subscriber->heard_ns = client->now_ns;
	subscriber->moved_ns = client->now_ns;
	subscriber->commit_number = 0;
	subscriber->asked = 0;
	subscriber->tries++;
	subscriber->resend_number = 0;
	subscriber->consumed_bytes = 0;
	subscriber->credited_number = subscriber->next_number;
	subscriber->credit_ns = client->now_ns;
}

static void say_unsubscribe(struct wl_client *client)
{
	struct wl_wire_unsubscribe message = {client->subscriber.id};
	size_t room;
	uint8_t *payload;

	if (client->subscriber.node == 0)
		return;
	payload = wl_channel_open(client, client->subscriber.node, WL_WIRE_UNSUBSCRIBE, &room);
	if (payload)
		wl_channel_close(client, wl_wire_encode_unsubscribe(payload, &message));
}

static void leave_node(struct wl_client *client)
{
	say_unsubscribe(client);
	client->subscriber.node = 0;
	client->subscriber.state = WL_SUBSCRIBER_ASKING;
}

static void end(struct wl_client *client, int status)
{
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_SUBSCRIPTION_ENDED,
		.node = client->subscriber.node,
		.term = client->term,
		.first_number = client->subscriber.next_number,
		.next_number = client->subscriber.next_number,
		.status = status,
	};

	say_unsubscribe(client);
	client->subscriber.state = WL_SUBSCRIBER_OFF;
	client->subscriber.node = 0;
	wl_engine_tell(client, &event);
}

static void forget_refusals(struct wl_subscriber *subscriber)
{
	subscriber->refused = 0;
	subscriber->lost = 0;
	subscriber->refusal = 0;
	subscriber->refused_next = 0;
}

/* From here to before `next_number` there is nothing to be had. */
static void tell_gap(struct wl_client *client, uint64_t next_number, int status)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	struct wirelog_event event = {
		.kind = WIRELOG_EVENT_GAP,
		.node = subscriber->node,
		.term = client->term,
		.first_number = subscriber->next_number ? subscriber->next_number : 1,
		.next_number = next_number,
		.status = status,
	};

	subscriber->next_number = next_number;
	subscriber->have = 0;
	forget_refusals(subscriber);
	wl_engine_tell(client, &event);
}

/* Also those that cannot be asked now: what is lost at one node is whole at another. */
static bool have_all_lost_it(const struct wl_client *client)
{
	uint32_t all = client->members | client->answered;

	if (client->options.node != 0)
		all = 1u << client->options.node;
	return (all & ~client->subscriber.lost) == 0;
}

/* A node that is there has no place: it did not look for the record, and others need not be waited for. */
static bool is_turned_away(const struct wl_client *client)
{
	uint32_t full = client->subscriber.refused & ~client->subscriber.lost;

	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++)
		if (full & 1u << id && is_heard(client, id))
			return true;
	return false;
}

static int why_refused(const struct wl_subscriber *subscriber)
{
	return subscriber->refusal != 0 ? subscriber->refusal : WIRELOG_LOST;
}

/* This node cannot give us next_number; `behind` is where it could go on, 0: not known. */
static void refuse_node(struct wl_client *client, int status, uint64_t behind)
{
	struct wl_subscriber *subscriber = &client->subscriber;

	subscriber->refused |= 1u << subscriber->node;
	if (status == WIRELOG_LOST)
		subscriber->lost |= 1u << subscriber->node;
	else
		subscriber->refusal = status;
	if (behind > subscriber->next_number &&
	    (subscriber->refused_next == 0 || behind < subscriber->refused_next))
		subscriber->refused_next = behind;
	if (choose_node(client) == 0 && (is_turned_away(client) || have_all_lost_it(client))) {
		if (!have_all_lost_it(client) || subscriber->refused_next == 0) {
			end(client, why_refused(subscriber));
			return;
		}
		tell_gap(client, subscriber->refused_next, WIRELOG_LOST);
		if (subscriber->state == WL_SUBSCRIBER_OFF)
			return;
	}
	leave_node(client);
}

/* ---- what we say ------------------------------------------------------------------------------ */

static void say_subscribe(struct wl_client *client)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	struct wl_wire_subscribe message = {
		.subscription = subscriber->id,
		.from = subscriber->from,
		.credit_bytes = client->options.reader_window_bytes,
		.value = subscriber->value,
	};
	size_t room;
	uint8_t *payload;

	if (subscriber->next_number != 0) {
		message.from = WL_WIRE_FROM_NUMBER;
		message.value = subscriber->next_number;
	}
	subscriber->asked++;
	subscriber->subscribe_due_ns = client->now_ns + subscriber->subscribe_pause_ns;
	subscriber->subscribe_pause_ns *= 2;
	if (subscriber->subscribe_pause_ns > SUBSCRIBE_NS_MAX)
		subscriber->subscribe_pause_ns = SUBSCRIBE_NS_MAX;
	payload = wl_channel_open(client, subscriber->node, WL_WIRE_SUBSCRIBE, &room);
	if (payload)
		wl_channel_close(client, wl_wire_encode_subscribe(payload, &message));
}

static void say_credit(struct wl_client *client, bool resend)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	struct wl_wire_credit message = {
		.subscription = subscriber->id,
		.next_number = subscriber->next_number,
		.credit_bytes = client->options.reader_window_bytes,
		.resend = resend,
	};
	size_t room;
	uint8_t *payload;

	subscriber->asked++;
	subscriber->credit_ns = client->now_ns;
	subscriber->credited_number = subscriber->next_number;
	subscriber->consumed_bytes = 0;
	payload = wl_channel_open(client, subscriber->node, WL_WIRE_CREDIT, &room);
	if (payload)
		wl_channel_close(client, wl_wire_encode_credit(payload, &message));
}

static void ask_again(struct wl_client *client)
{
	struct wl_subscriber *subscriber = &client->subscriber;

	/* All that was on its way behind the hole asks for the same. */
	if (subscriber->resend_number == subscriber->next_number &&
	    client->now_ns - subscriber->resend_ns < RESEND_NS)
		return;
	/* It was asked for, and did not come: it may be too large for the path. */
	if (subscriber->resend_number == subscriber->next_number)
		wl_paths_doubt(client, subscriber->node);
	subscriber->resend_number = subscriber->next_number;
	subscriber->resend_ns = client->now_ns;
	say_credit(client, true);
}

/* ---- what we hear ----------------------------------------------------------------------------- */

static bool is_ours(const struct wl_client *client, uint32_t node, uint64_t id)
{
	return client->subscriber.state != WL_SUBSCRIBER_OFF && client->subscriber.node == node &&
	       client->subscriber.id == id;
}

static void note_heard(struct wl_client *client)
{
	struct wl_subscriber *subscriber = &client->subscriber;

	subscriber->heard_ns = client->now_ns;
	subscriber->alive_ns = client->now_ns;
	subscriber->asked = 0;
	subscriber->tries = 0;
}

/* False: the application ended or replaced the subscription meanwhile. */
static bool deliver(struct wl_client *client, const struct wl_wire_delivered_record *delivered)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	uint64_t id = subscriber->id;
	struct wirelog_record record = {
		.number = subscriber->next_number,
		.timestamp_ns = delivered->timestamp_ns,
		.session = delivered->session,
		.sequence = delivered->sequence,
		.bytes = delivered->payload,
		.size = delivered->bytes,
	};

	subscriber->next_number++;
	subscriber->have = 0;
	forget_refusals(subscriber);
	subscriber->consumed_bytes += WL_WIRE_DELIVER_RECORD_BYTES + record.size;
	if (client->options.on_record)
		client->options.on_record(client->options.context, &record);
	return subscriber->state == WL_SUBSCRIBER_READING && subscriber->id == id;
}

static void take_fragment(struct wl_client *client, const struct wl_wire_deliver *message)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	struct wl_wire_delivered_record record;

	if (message->first_number < subscriber->next_number)
		return;
	wl_wire_next_delivered(message->records, &record);
	if (message->first_number > subscriber->next_number ||
	    message->fragment_offset > subscriber->have) {
		ask_again(client);
		return;
	}
	/* Parts of one committed record are the same wherever they come from, but may be cut elsewhere. */
	if (message->fragment_offset + record.bytes <= subscriber->have)
		return;
	memcpy(subscriber->assembly + message->fragment_offset, record.payload, record.bytes);
	subscriber->have = message->fragment_offset + record.bytes;
	if (subscriber->have < message->record_bytes)
		return;
	record.bytes = message->record_bytes;
	record.payload = subscriber->assembly;
	deliver(client, &record);
}

static void take_records(struct wl_client *client, const struct wl_wire_deliver *message)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	const uint8_t *at = message->records;

	if (message->first_number > subscriber->next_number) {
		ask_again(client);
		return;
	}
	for (uint32_t which = 0; which < message->record_count; which++) {
		struct wl_wire_delivered_record record;

		at = wl_wire_next_delivered(at, &record);
		if (message->first_number + which == subscriber->next_number &&
		    !deliver(client, &record))
			return;
	}
}

static void note_commit(struct wl_client *client, uint64_t commit_number)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	struct wl_client_node *node = &client->nodes[subscriber->node];

	if (commit_number > node->commit_number)
		node->commit_number = commit_number;
	if (commit_number <= subscriber->commit_number)
		return;
	subscriber->commit_number = commit_number;
	subscriber->moved_ns = client->now_ns;
}

void wl_subscriber_on_deliver(struct wl_client *client, const struct wl_client_message *message)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	struct wl_wire_deliver deliver_message;

	if (!wl_wire_decode_deliver(message->payload, message->bytes, &deliver_message) ||
	    !is_ours(client, message->node, deliver_message.subscription))
		return;
	note_heard(client);
	note_commit(client, deliver_message.commit_number);
	subscriber->state = WL_SUBSCRIBER_READING;
	if (subscriber->next_number == 0) {
		/* From a time or from now: this is the number. Nothing is sent before we confirm it. */
		if (deliver_message.first_number == 0)
			return;
		subscriber->next_number = deliver_message.first_number;
		say_credit(client, false);
	}
	if (deliver_message.record_bytes != 0)
		take_fragment(client, &deliver_message);
	else if (deliver_message.record_count != 0)
		take_records(client, &deliver_message);
	else if (deliver_message.first_number > subscriber->next_number)
		ask_again(client);
}

void wl_subscriber_on_gap(struct wl_client *client, const struct wl_client_message *message)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	struct wl_wire_gap gap;

	if (!wl_wire_decode_gap(message->payload, message->bytes, &gap) ||
	    !is_ours(client, message->node, gap.subscription))
		return;
	note_heard(client);
	if (gap.next_number != 0) {
		if (gap.next_number <= subscriber->next_number)
			return;
		if (gap.first_number > subscriber->next_number && subscriber->next_number != 0)
			ask_again(client); /* what stands before it comes first */
		else if (gap.status == WIRELOG_LOST)
			refuse_node(client, gap.status, gap.next_number);
		else
			tell_gap(client, gap.next_number, gap.status);
		return;
	}
	/* It was started again, or has not heard of us for long: that costs nothing but a new beginning. */
	if (gap.status == WIRELOG_SLOW_READER)
		subscribe_at(client, subscriber->node);
	else
		refuse_node(client, gap.status, 0);
}

/* ---- time ------------------------------------------------------------------------------------- */

/* It answers, but is cut off from the others: they commit and it does not. */
static bool stands_still(const struct wl_client *client)
{
	const struct wl_subscriber *subscriber = &client->subscriber;

	if (client->options.node != 0 || client->now_ns - subscriber->moved_ns < STANDS_NS)
		return false;
	for (uint32_t id = 1; id <= WIRELOG_NODES_MAX; id++) {
		if (id != subscriber->node && can_serve(client, id) &&
		    client->nodes[id].commit_number > subscriber->commit_number)
			return true;
	}
	return false;
}

static void poll_credit(struct wl_client *client)
{
	const struct wl_subscriber *subscriber = &client->subscriber;
	uint64_t since_ns = client->now_ns - subscriber->credit_ns;

	if (subscriber->consumed_bytes >= CREDIT_BYTES ||
	    (subscriber->credited_number != subscriber->next_number && since_ns >= CREDIT_NS) ||
	    since_ns >= ALIVE_NS)
		say_credit(client, false);
}

static void poll_reading(struct wl_client *client)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	uint64_t silent_ns = client->now_ns - subscriber->heard_ns;

	if (silent_ns > LEAVE_NS && subscriber->asked >= LEAVE_ASKED) {
		leave_node(client);
		return;
	}
	if (silent_ns > SILENT_NS && client->now_ns - subscriber->credit_ns > PROBE_NS) {
		say_credit(client, false);
		wl_nodes_ask(client, subscriber->node);
		return;
	}
	if (stands_still(client)) {
		subscriber->moved_ns = client->now_ns;
		leave_node(client);
		return;
	}
	poll_credit(client);
}

static void poll_asking(struct wl_client *client)
{
	struct wl_subscriber *subscriber = &client->subscriber;

	if (client->now_ns - subscriber->subscribed_ns > LEAVE_NS &&
	    subscriber->asked >= LEAVE_ASKED) {
		leave_node(client);
		return;
	}
	if (client->now_ns < subscriber->subscribe_due_ns)
		return;
	if (subscriber->asked >= 2)
		wl_nodes_ask(client, subscriber->node);
	say_subscribe(client);
}

unsigned wl_subscriber_poll(struct wl_client *client)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	uint64_t before = client->sequence;
	uint32_t node;

	if (subscriber->state == WL_SUBSCRIBER_OFF)
		return 0;
	if (client->now_ns - subscriber->alive_ns > GIVE_UP_NS &&
	    (subscriber->tries >= GIVE_UP_TRIES || subscriber->node == 0)) {
		/* Some said that it is lost, or had no place, and the others never came. */
		end(client,
		    subscriber->refused != 0 ? why_refused(subscriber) : WIRELOG_NOT_CONNECTED);
		return 1;
	}
	if (subscriber->node != 0 &&
	    client->nodes[subscriber->node].boot_id != subscriber->node_boot)
		subscriber->node = 0; /* it was started again and knows nothing of us */
	if (subscriber->node == 0) {
		node = choose_node(client);
		if (node == 0 && is_turned_away(client)) {
			end(client, subscriber->refusal);
			return 1;
		}
		if (node == 0)
			return 0;
		subscribe_at(client, node);
	}
	if (subscriber->state == WL_SUBSCRIBER_READING)
		poll_reading(client);
	else
		poll_asking(client);
	return client->sequence != before;
}

int wl_subscriber_start(struct wl_client *client, enum wirelog_from from, uint64_t value)
{
	struct wl_subscriber *subscriber = &client->subscriber;
	uint8_t *assembly = subscriber->assembly;

	if (from < WIRELOG_FROM_NUMBER || from > WIRELOG_FROM_NOW)
		return WIRELOG_INVALID_ARGUMENT;
	wl_subscriber_stop(client);
	*subscriber = (struct wl_subscriber){
		.state = WL_SUBSCRIBER_ASKING,
		.from = (uint32_t)from,
		.value = value,
		.alive_ns = client->now_ns,
		.assembly = assembly,
	};
	if (from == WIRELOG_FROM_NUMBER)
		subscriber->next_number = value ? value : 1;
	return WIRELOG_OK;
}

void wl_subscriber_stop(struct wl_client *client)
{
	if (client->subscriber.state != WL_SUBSCRIBER_OFF)
		say_unsubscribe(client);
	client->subscriber.state = WL_SUBSCRIBER_OFF;
	client->subscriber.node = 0;
}

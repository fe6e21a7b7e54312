/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers: who they are, where they stand and how much may be on its way to them. A reader that is
 * slow has a full window and costs nothing; one that is silent is dropped with the place to resume
 * at. What was sent can be sent again from any number (CREDIT with resend): nothing is kept for it
 * but the log.
 *
 * Flow: bytes between `consumed_number` and `next_number`, payload and record headers, are at most
 * the client's credit and our own window, because a node sends faster than a client's socket
 * buffers take. The window begins small and doubles with each window consumed until something is
 * lost on the way; from then on it halves with each loss and grows slowly. The size of what was
 * consumed is read from marks, a 64th of the credit apart.
 */
#include <string.h>

#include "dataplane/base/check.h"
#include "dataplane/service/service_internal.h"

#define LOSSY_GROWTH_SHIFT 5 /* a 32nd of what is consumed */

static struct wl_subscription *find(struct wl_service *service, wl_identity client, uint64_t id)
{
	for (uint32_t i = 0;
	     service->subscription_count != 0 && i < service->config.subscriptions_max; i++) {
		struct wl_subscription *subscription = &service->subscriptions[i];

		if (subscription->state != WL_SUBSCRIPTION_FREE &&
		    subscription->state != WL_SUBSCRIPTION_CLOSING && subscription->id == id &&
		    subscription->client == client)
			return subscription;
	}
	return NULL;
}

bool wl_subscription_gap(struct wl_service *service, wl_identity client,
			 const struct wl_wire_gap *gap)
{
	const struct wl_remote *remote = wl_service_client(service, client);
	struct wl_tx *tx = service->replica->tx;
	struct wl_tx_to to;
	uint8_t *payload;

	if (!remote)
		return false;
	to = wl_tx_to_remote(remote);
	payload = wl_tx_open(tx, &to, WL_WIRE_GAP, service->config.journal, WL_TX_DATA);
	if (payload)
		wl_tx_close(tx, wl_wire_encode_gap(payload, gap));
	return payload != NULL;
}

/* The slot is free again, as soon as no read is in flight into its buffer. */
void wl_subscription_release(struct wl_service *service, struct wl_subscription *subscription)
{
	uint8_t *buffer;

	WL_CHECK(subscription->state != WL_SUBSCRIPTION_FREE);
	WL_CHECK(service->subscription_count != 0);
	wl_rotation_remove(&service->rotation, (uint32_t)(subscription - service->subscriptions));
	subscription->wants_read = false;
	if (subscription->reader.in_flight) {
		subscription->state = WL_SUBSCRIPTION_CLOSING;
		return;
	}
	buffer = wl_reader_return(&subscription->reader);
	WL_CHECK(!buffer || service->free_buffer_count < service->config.read_buffers);
	if (buffer)
		service->free_buffers[service->free_buffer_count++] = buffer;
	subscription->state = WL_SUBSCRIPTION_FREE;
	service->subscription_count--;
}

void wl_subscription_end(struct wl_service *service, struct wl_subscription *subscription,
			 int status)
{
	struct wl_wire_gap gap = {
		.subscription = subscription->id,
		.first_number = subscription->had_number,
		.status = status,
	};

	wl_subscription_gap(service, subscription->client, &gap);
	wl_count(service->replica->counters, WL_COUNTER_subscriptions_dropped);
	wl_subscription_release(service, subscription);
}

uint64_t wl_subscription_room(const struct wl_subscription *subscription)
{
	uint64_t in_flight = subscription->sent_bytes - subscription->consumed_bytes;
	uint64_t limit = subscription->window_bytes < subscription->credit_bytes
				 ? subscription->window_bytes
				 : subscription->credit_bytes;

	WL_CHECK(subscription->consumed_bytes <= subscription->sent_bytes);
	return in_flight < limit ? limit - in_flight : 0;
}

static struct wl_subscription_mark *mark_at(struct wl_subscription *subscription, uint32_t which)
{
	WL_CHECK(which < WL_SUBSCRIPTION_MARKS);
	return &subscription->marks[(subscription->mark_first + which) % WL_SUBSCRIPTION_MARKS];
}

void wl_subscription_sent(struct wl_subscription *subscription, uint64_t next_number,
			  uint64_t bytes)
{
	uint64_t marked = subscription->mark_count
				  ? mark_at(subscription, subscription->mark_count - 1)->bytes
				  : subscription->consumed_bytes;

	WL_CHECK(next_number > subscription->next_number);
	subscription->sent_bytes += bytes;
	subscription->next_number = next_number;
	if (subscription->sent_bytes - marked < subscription->credit_bytes / 64)
		return;
	if (subscription->mark_count == WL_SUBSCRIPTION_MARKS)
		subscription->mark_count--; /* the newest moves: coarser, still true */
	*mark_at(subscription, subscription->mark_count++) =
		(struct wl_subscription_mark){next_number, subscription->sent_bytes};
}

/* The client has consumed all below `number`, which lies between consumed and sent. */
static void consume(struct wl_subscription *subscription, uint64_t number)
{
	uint64_t before = subscription->consumed_bytes;

	WL_CHECK(number >= subscription->consumed_number);
	WL_CHECK(number <= subscription->next_number);
	subscription->consumed_number = number;
	while (subscription->mark_count != 0 && mark_at(subscription, 0)->number <= number) {
		subscription->consumed_bytes = mark_at(subscription, 0)->bytes;
		subscription->mark_first = (subscription->mark_first + 1) % WL_SUBSCRIPTION_MARKS;
		subscription->mark_count--;
	}
	if (number == subscription->next_number)
		subscription->consumed_bytes = subscription->sent_bytes;
	WL_CHECK(subscription->consumed_bytes >= before);
	WL_CHECK(subscription->consumed_bytes <= subscription->sent_bytes);
	subscription->window_bytes += (subscription->consumed_bytes - before) >>
				      (subscription->lossy ? LOSSY_GROWTH_SHIFT : 0);
	if (subscription->window_bytes > subscription->credit_bytes)
		subscription->window_bytes = subscription->credit_bytes;
	if (subscription->window_bytes < WL_SERVICE_WINDOW_BYTES_MIN)
		subscription->window_bytes = WL_SERVICE_WINDOW_BYTES_MIN;
}

/* From here on, as if nothing from `number` on had been sent. */
void wl_subscription_go_to(struct wl_subscription *subscription, uint64_t number)
{
	subscription->next_number = number;
	subscription->consumed_number = number;
	subscription->fragment_offset = 0;
	subscription->sent_bytes = 0;
	subscription->consumed_bytes = 0;
	subscription->mark_count = 0;
	subscription->blocked = false;
	subscription->seek = true;
}

static void begin(struct wl_service *service, struct wl_subscription *subscription,
		  const struct wl_wire_subscribe *request)
{
	uint64_t number = request->value ? request->value : 1;

	subscription->from_time_ns = 0;
	switch (request->from) {
	case WL_WIRE_FROM_TIME:
		subscription->state = WL_SUBSCRIPTION_SEEK_TIME;
		subscription->from_time_ns = request->value;
		number = 0;
		break;
	case WL_WIRE_FROM_NOW:
		subscription->state = WL_SUBSCRIPTION_GREETING;
		number = wl_service_commit_number(service) + 1;
		break;
	default:
		subscription->state = WL_SUBSCRIPTION_STREAM;
		break;
	}
	wl_subscription_go_to(subscription, number);
	subscription->had_number = subscription->state == WL_SUBSCRIPTION_STREAM ? number : 0;
	wl_cursor_begin(subscription, request);
	subscription->sent_ns = 0;
}

static struct wl_subscription *take_free(struct wl_service *service)
{
	for (uint32_t i = 0; i < service->config.subscriptions_max; i++) {
		struct wl_subscription *subscription = &service->subscriptions[i];

		if (subscription->state != WL_SUBSCRIPTION_FREE)
			continue;
		WL_CHECK(service->subscription_count < service->config.subscriptions_max);
		memset(subscription, 0, sizeof(*subscription));
		wl_reader_init(&subscription->reader, service->replica->log, 1,
			       wl_reader_address(WL_READER_OF_SERVICE, 1 + i));
		service->subscription_count++;
		return subscription;
	}
	return NULL;
}

static bool is_older(const struct wl_subscription *one, const struct wl_subscription *other)
{
	return !other || one->heard_ns < other->heard_ns;
}

/*
 * A free one. One client has at most a quarter of them, and pushes out its own; where all are taken, one that is quiet gives
 * way: a reader that lives says something every half second.
 */
static struct wl_subscription *allocate(struct wl_service *service, wl_identity client)
{
	uint32_t max = service->config.subscriptions_max, owned = 0;
	struct wl_subscription *own = NULL, *quiet = NULL;

	for (uint32_t i = 0; i < max; i++) {
		struct wl_subscription *subscription = &service->subscriptions[i];

		if (subscription->state == WL_SUBSCRIPTION_FREE ||
		    subscription->state == WL_SUBSCRIPTION_CLOSING)
			continue;
		if (subscription->client == client) {
			owned++;
			if (is_older(subscription, own))
				own = subscription;
		}
		if (service->replica->now_ns - subscription->heard_ns >
			    wl_rx_quiet_ns(service->rx) &&
		    is_older(subscription, quiet))
			quiet = subscription;
	}
	WL_CHECK(owned <= service->subscription_count);
	if (owned != 0 && owned >= max / 4)
		wl_subscription_end(service, own, WIRELOG_TOO_MANY_CLIENTS);
	else if (service->subscription_count == max && quiet)
		wl_subscription_end(service, quiet, WIRELOG_SLOW_READER);
	return take_free(service);
}

void wl_subscription_on_goodbye(struct wl_service *service, wl_identity client)
{
	for (uint32_t i = 0;
	     service->subscription_count != 0 && i < service->config.subscriptions_max; i++) {
		struct wl_subscription *subscription = &service->subscriptions[i];

		if (subscription->client == client && subscription->state != WL_SUBSCRIPTION_FREE &&
		    subscription->state != WL_SUBSCRIPTION_CLOSING)
			wl_subscription_release(service, subscription);
	}
}

static bool is_from_client(const struct wl_message *message)
{
	return message->from && wl_identity_is_client(message->from->identity);
}

/* What is committed here is contradicted: it may be another history than the one that others were given. */
static bool stands_apart(const struct wl_service *service)
{
	return wl_replica_is_apart(service->replica);
}

static int apart_status(const struct wl_service *service)
{
	return service->replica->apart.kind == WL_DIVERGENCE_OF_STATE ? WIRELOG_STATE_DIVERGED
								      : WIRELOG_STORE_DIVERGED;
}

/* A number is of a history. Of the one that a rescue ended each record stands where it stood, and what was lost is told as a gap. */
static int history_status(const struct wl_service *service, uint64_t wanted)
{
	uint64_t ours = service->replica->history;

	if (wanted == 0 || wanted == ours)
		return WIRELOG_OK;
	/* Behind a start, and before the loss of a rescue is committed, the state does not say yet what was before. */
	if (ours == 0 || service->state.history.id != ours)
		return WIRELOG_NO_HISTORY;
	return wanted == service->state.history.before ? WIRELOG_OK : WIRELOG_OTHER_HISTORY;
}

static void refuse(struct wl_service *service, wl_identity client,
		   const struct wl_wire_subscribe *request, int status)
{
	const struct wl_wire_gap gap = {
		.subscription = request->subscription,
		.first_number = request->from == WL_WIRE_FROM_NUMBER ? request->value : 0,
		.status = status,
	};

	wl_subscription_gap(service, client, &gap);
}

void wl_service_on_subscribe(struct wl_service *service, const struct wl_message *message)
{
	struct wl_subscription *subscription;
	struct wl_wire_subscribe request;
	int status;

	if (!is_from_client(message) ||
	    !wl_wire_decode_subscribe(message->payload, message->bytes, &request)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	if (stands_apart(service)) {
		refuse(service, message->from->identity, &request, apart_status(service));
		return;
	}
	status = history_status(service, request.history_id);
	if (status != WIRELOG_OK) {
		refuse(service, message->from->identity, &request, status);
		return;
	}
	subscription = find(service, message->from->identity, request.subscription);
	if (subscription) {
		subscription->heard_ns = service->replica->now_ns;
		/* It asks again because nothing has reached it; the place that "now" was stays what
		 * it was. */
		if (!subscription->credited && subscription->state != WL_SUBSCRIPTION_GREETING)
			begin(service, subscription, &request);
		subscription->sent_ns = 0;
		return;
	}
	subscription = allocate(service, message->from->identity);
	if (!subscription) {
		refuse(service, message->from->identity, &request, WIRELOG_TOO_MANY_CLIENTS);
		return;
	}
	wl_count(service->replica->counters, WL_COUNTER_subscriptions_opened);
	subscription->client = message->from->identity;
	wl_rotation_add(&service->rotation, (uint32_t)(subscription - service->subscriptions),
			subscription->client);
	subscription->id = request.subscription;
	subscription->credit_bytes = request.credit_bytes;
	subscription->window_bytes = WL_SERVICE_WINDOW_BYTES_MIN;
	subscription->heard_ns = service->replica->now_ns;
	begin(service, subscription, &request);
}

static void rewind_to(struct wl_service *service, struct wl_subscription *subscription,
		      uint64_t number)
{
	uint64_t now_ns = service->replica->now_ns;

	WL_CHECK(number <= subscription->next_number);
	/* Frames that were on their way make the client ask several times. */
	if (number == subscription->rewind_number &&
	    now_ns - subscription->rewind_ns < WL_SERVICE_REWIND_NS)
		return;
	subscription->rewind_number = number;
	subscription->rewind_ns = now_ns;
	wl_subscription_go_to(subscription, number);
	subscription->lossy = true;
	subscription->window_bytes /= 2;
	if (subscription->window_bytes < WL_SERVICE_WINDOW_BYTES_MIN)
		subscription->window_bytes = WL_SERVICE_WINDOW_BYTES_MIN;
	wl_count(service->replica->counters, WL_COUNTER_deliver_resends);
}

void wl_service_on_credit(struct wl_service *service, const struct wl_message *message)
{
	struct wl_subscription *subscription;
	struct wl_wire_credit credit;

	if (!is_from_client(message) ||
	    !wl_wire_decode_credit(message->payload, message->bytes, &credit)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	subscription = find(service, message->from->identity, credit.subscription);
	if (!subscription) {
		/* We were restarted, or dropped it and the message was lost. */
		struct wl_wire_gap gap = {
			.subscription = credit.subscription,
			.first_number = credit.next_number,
			.status = WIRELOG_SLOW_READER,
		};

		wl_subscription_gap(service, message->from->identity, &gap);
		return;
	}
	if (credit.next_number == 0) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	subscription->heard_ns = service->replica->now_ns;
	if (subscription->state == WL_SUBSCRIPTION_SEEK_TIME)
		return; /* only a sign of life: no number has been told */
	subscription->credited = true;
	subscription->blocked = false;
	subscription->state = WL_SUBSCRIPTION_STREAM;
	subscription->credit_bytes = credit.credit_bytes;
	if (credit.next_number > subscription->had_number)
		subscription->had_number = credit.next_number;
	if (credit.next_number > subscription->next_number)
		/* What it missed came after all, while we had gone back for it. Or a SUBSCRIBE that was late made this
		 * subscription anew, and it stands where an earlier one had got: as good a beginning as a SUBSCRIBE's. */
		wl_subscription_go_to(subscription, credit.next_number);
	else if (credit.resend)
		rewind_to(service, subscription, credit.next_number);
	else if (credit.next_number >= subscription->consumed_number)
		consume(subscription, credit.next_number);
}

void wl_service_on_unsubscribe(struct wl_service *service, const struct wl_message *message)
{
	struct wl_wire_unsubscribe request;
	struct wl_subscription *subscription;

	if (!is_from_client(message) ||
	    !wl_wire_decode_unsubscribe(message->payload, message->bytes, &request)) {
		wl_count_drop(service->replica->counters, WL_FRAME_BAD_PAYLOAD);
		return;
	}
	subscription = find(service, message->from->identity, request.subscription);
	if (subscription)
		wl_subscription_release(service, subscription);
}

/* A time that was trimmed begins at the first record that is kept; one that others may have is not to be had here. */
static bool wants_gone(const struct wl_service *service, const struct wl_subscription *subscription)
{
	const struct wl_log_begin *begin = &service->replica->log->begin;

	if (subscription->state == WL_SUBSCRIPTION_STREAM)
		return subscription->next_number < begin->next_number;
	return begin->next_number > service->state.trim_number &&
	       subscription->from_time_ns <= begin->timestamp_ns;
}

void wl_subscription_seek(struct wl_service *service, struct wl_subscription *subscription)
{
	const struct wl_log *log = service->replica->log;
	uint64_t index =
		service->replica->commit + 1; /* nothing before it, or it is still to come */
	uint64_t number = wl_cursor_seek(service, subscription);
	const struct wl_log_mark *mark;

	WL_CHECK(!subscription->reader.in_flight);
	subscription->seek = false;
	/* Entries of the very time may stand before a mark that has it: look from before. */
	if (subscription->state == WL_SUBSCRIPTION_SEEK_TIME)
		mark = subscription->from_time_ns
			       ? wl_log_mark_by_time(log, subscription->from_time_ns - 1)
			       : NULL;
	else
		mark = wl_log_mark_by_number(log, number);
	if (mark && mark->index < index)
		index = mark->index;
	else if (!mark)
		index = log->begin.position.index + 1;
	/* What is gone is asked for all the same: the reader says GONE, and who subscribed is told. */
	if (wants_gone(service, subscription))
		index = log->begin.position.index;
	wl_reader_seek(&subscription->reader, index);
}

/* False when it was ended: its client is gone, or was silent for too long, or nothing may be read here. */
static bool goes_on(struct wl_service *service, struct wl_subscription *subscription,
		    uint64_t now_ns)
{
	if (!wl_service_client(service, subscription->client)) {
		wl_count(service->replica->counters, WL_COUNTER_subscriptions_dropped);
		wl_subscription_release(service, subscription);
		return false;
	}
	if (stands_apart(service)) {
		wl_subscription_end(service, subscription, apart_status(service));
		return false;
	}
	if (now_ns > subscription->heard_ns &&
	    now_ns - subscription->heard_ns > service->config.subscription_idle_ns) {
		wl_subscription_end(service, subscription, WIRELOG_SLOW_READER);
		return false;
	}
	return true;
}

static unsigned serve(struct wl_service *service, uint32_t slot, uint64_t now_ns)
{
	struct wl_subscription *subscription = &service->subscriptions[slot];

	WL_CHECK(slot < service->config.subscriptions_max);
	WL_CHECK(subscription->state != WL_SUBSCRIPTION_FREE &&
		 subscription->state != WL_SUBSCRIPTION_CLOSING);
	return goes_on(service, subscription, now_ns) ? wl_deliver(service, subscription, now_ns)
						      : 0;
}

unsigned wl_subscription_end_turn(struct wl_service *service, uint64_t now_ns)
{
	struct wl_rotation *rotation = &service->rotation;
	uint32_t slot;
	unsigned did = 0;

	service->frames_left = WL_SERVICE_DELIVER_FRAMES;
	service->buffer_waited = service->buffer_waiters;
	service->buffer_waiters = 0;
	WL_CHECK(rotation->client_count <= service->subscription_count);
	wl_rotation_begin_turn(rotation);
	while (service->frames_left != 0 &&
	       (slot = wl_rotation_next(rotation)) != WL_ROTATION_NOBODY)
		did += serve(service, slot, now_ns);
	/* Who is left has nothing sent, and its turn is to come; what it will send is read meanwhile, buffers are asked for and given back. */
	for (slot = 0; slot < service->config.subscriptions_max; slot++) {
		if (rotation->left >> slot & 1)
			did += serve(service, slot, now_ns);
	}
	return did;
}

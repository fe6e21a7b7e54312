/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One poll: what came is taken in first, so that an application which did not poll for a while finds its answers before
 * its timeouts; then what is due is done; then everything leaves in bursts.
 */
#include "client/client.h"
#include "dataplane/base/check.h"

#define BURSTS_PER_POLL 8u
#define TEND_NS (1 * WL_MS_NS)

void wl_engine_init(struct wl_client *client, struct wl_window_slot *slots, uint8_t *bytes,
		    uint8_t *assembly)
{
	client->open_route = -1;
	client->record_bytes_max = WIRELOG_RECORD_BYTES_MAX;
	client->nonce = client->boot_id; /* any beginning will do: answers name our boot_id, too */
	for (uint32_t id = 0; id <= WIRELOG_NODES_MAX; id++)
		client->nodes[id].route = -1;
	wl_auth_derive(&client->auth, client->identity, client->boot_id, &client->key);
	wl_sender_init(client, slots, bytes);
	client->subscriber.assembly = assembly;
}

void wl_engine_tell(struct wl_client *client, const struct wirelog_event *event)
{
	if (client->options.on_event)
		client->options.on_event(client->options.context, event);
}

static void dispatch(struct wl_client *client, const struct wl_client_message *message)
{
	switch ((enum wl_wire_type)message->type) {
	case WL_WIRE_HELLO_REPLY:
	case WL_WIRE_KEEPALIVE_REPLY:
		wl_nodes_on_hello_reply(client, message);
		break;
	case WL_WIRE_PATH_ECHO:
		wl_paths_on_echo(client, message);
		break;
	case WL_WIRE_OPEN_SESSION_REPLY:
		wl_answer_on_open_session_reply(client, message);
		break;
	case WL_WIRE_APPEND_REPLY:
		wl_answer_on_append_reply(client, message);
		break;
	case WL_WIRE_DELIVER:
		wl_subscriber_on_deliver(client, message);
		break;
	case WL_WIRE_GAP:
		wl_subscriber_on_gap(client, message);
		break;
	default:
		break;
	}
}

/* *drained: nothing is left there. */
static unsigned receive(struct wl_client *client, struct wl_transport *transport, bool *drained)
{
	struct wl_datagram datagrams[WL_TRANSPORT_BURST];
	unsigned total = 0, count = WL_TRANSPORT_BURST;

	for (unsigned burst = 0; burst < BURSTS_PER_POLL && count == WL_TRANSPORT_BURST; burst++) {
		count = transport->ops->receive(transport, datagrams, WL_TRANSPORT_BURST);
		for (unsigned at = 0; at < count; at++) {
			struct wl_client_message message;

			if (at + 1 < count)
				__builtin_prefetch(datagrams[at + 1].bytes);
			if (wl_channel_accept(client, &datagrams[at], &message))
				dispatch(client, &message);
		}
		if (count != 0)
			transport->ops->release(transport, datagrams, count);
		total += count;
	}
	*drained &= count < WL_TRANSPORT_BURST;
	return total;
}

/* A transport may serve several kinds of endpoint. */
static bool is_first_of(const struct wl_client *client, unsigned kind)
{
	for (unsigned before = 0; before < kind; before++) {
		if (client->transports[before] == client->transports[kind])
			return false;
	}
	return client->transports[kind] != NULL;
}

int wl_engine_poll(struct wl_client *client, uint64_t now_ns)
{
	unsigned did = 0;
	bool drained = true, tends;

	if (client->is_closed)
		return WIRELOG_CLOSED;
	if (client->is_polling)
		return WIRELOG_INVALID_ARGUMENT;
	client->is_polling = true;
	if (now_ns > client->now_ns)
		client->now_ns = now_ns;
	tends = client->now_ns - client->tend_ns >= TEND_NS;
	if (tends)
		client->tend_ns = client->now_ns;
	for (unsigned kind = WL_ENDPOINT_UDP; kind <= WL_ENDPOINT_DPDK; kind++) {
		struct wl_transport *transport = client->transports[kind];

		if (!is_first_of(client, kind))
			continue;
		if (tends)
			transport->ops->tend(transport, client->now_ns);
		did += receive(client, transport, &drained);
	}
	if (drained) {
		did += wl_sender_poll(client);
		did += wl_nodes_poll(client);
		wl_paths_poll(client);
	}
	did += wl_subscriber_poll(client);
	did += wl_sender_pump(client);
	wl_channel_flush(client);
	client->is_polling = false;
	return (int)did;
}

int64_t wl_engine_append(struct wl_client *client, const void *bytes, size_t size,
			 const struct wirelog_append_options *options)
{
	struct wl_window_record record = {.bytes = bytes, .level = WIRELOG_COMMITTED};
	uint64_t sequence;

	if (client->is_closed)
		return WIRELOG_CLOSED;
	if (size == 0)
		return WIRELOG_RECORD_EMPTY;
	if (size > client->record_bytes_max || size > client->options.outstanding_bytes_max)
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
	if (client->sender.is_failing)
		return WIRELOG_BACK_PRESSURE;
	sequence = wl_window_push(&client->sender.window, &record);
	if (sequence == 0)
		return WIRELOG_BACK_PRESSURE;
	if (!client->is_polling &&
	    wl_window_unsent_bytes(&client->sender.window) >= client->sender.frame_bytes) {
		wl_sender_pump(client);
		wl_channel_flush(client);
	}
	return (int64_t)sequence;
}

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
 *
 *  C3  a record is delivered once and in order; a hole is an event
 *
 * The application hears records, GAP and SUBSCRIPTION_ENDED from here, and may subscribe anew while it does.
 *
 * Units: nanoseconds; numbers of records. Owner and thread: the engine's; the buffer is the caller's memory. Errors: INVALID_ARGUMENT, events.
 * Limits: one subscription; options.reader_window_bytes. Pure; allocates nothing.
 */
#ifndef WL_CLIENT_SUBSCRIBER_H
#define WL_CLIENT_SUBSCRIBER_H

#include "client/channel.h"
#include "client/environment.h"
#include "client/nodes.h"
#include "client/paths.h"
#include "dataplane/wire/fragments.h"

enum wl_subscriber_state {
	WL_SUBSCRIBER_OFF = 0,
	WL_SUBSCRIBER_ASKING, /* SUBSCRIBE is sent again until something comes */
	WL_SUBSCRIBER_READING,
};

/* What nodes said that cannot serve the next number. Forgotten when it moves. */
struct wl_subscriber_refusals {
	uint32_t nodes; /* bit per node */
	uint32_t lost; /* those of them that said that it is lost there */
	int status; /* what another of them said last, that it is full of readers; 0: none */
	uint64_t next_number; /* the nearest number behind what is damaged; 0: not known */
};

/* What begins anew with each node that is asked. */
struct wl_subscription_there {
	uint64_t id; /* new for each */
	uint64_t boot_id; /* the node's */
	uint64_t began_ns;
	uint64_t ask_due_ns, ask_pause_ns; /* SUBSCRIBE */
	uint64_t heard_ns;
	uint64_t commit_number, moved_ns; /* of the node, and when that last moved */
	unsigned asked; /* messages to it since it was heard */
	uint64_t credit_ns; /* the last one sent */
	uint64_t credited_number; /* and its number */
	uint64_t consumed_bytes; /* since then */
	uint64_t resend_ns, resend_number; /* the last request; 0: none */
};

/* What was delivered last, so that no node goes on for us in another past (wirelog_cursor). */
struct wl_subscription_past {
	uint64_t history; /* of which next_number is; 0: not known */
	uint64_t known_number, known_chain; /* of a record before next_number; number 0: none */
};

struct wl_subscriber {
	struct wl_environment *environment;
	struct wl_channel *channel;
	struct wl_nodes *nodes;
	struct wl_paths *paths;

	enum wl_subscriber_state state;
	uint32_t from; /* while the first number is not known */
	uint64_t value;
	uint64_t next_number; /* 0: not known yet */
	struct wl_subscription_past past;
	struct wl_fragments fragments; /* of next_number; WIRELOG_RECORD_BYTES_MAX */
	struct wl_subscriber_refusals refusals;

	uint32_t node; /* that serves; 0: none chosen */
	struct wl_subscription_there there; /* at that node */
	uint32_t last_node; /* that was chosen */
	uint64_t alive_ns; /* any node served us */
	unsigned tries; /* nodes that were asked since */
};

/* What is below a subscriber, and the memory for a record that comes in fragments. */
struct wl_subscriber_config {
	struct wl_environment *environment;
	struct wl_channel *channel;
	struct wl_nodes *nodes;
	struct wl_paths *paths;
	uint8_t *buffer; /* WIRELOG_RECORD_BYTES_MAX */
};

/* Zeroed memory. */
void wl_subscriber_init(struct wl_subscriber *subscriber,
			const struct wl_subscriber_config *config);
/* Replaces the subscription that is there. 0 or INVALID_ARGUMENT. */
int wl_subscriber_start(struct wl_subscriber *subscriber, enum wirelog_from from, uint64_t value);
/* From where a subscription stood. */
bool wl_subscriber_cursor_is_valid(const struct wirelog_cursor *cursor);
int wl_subscriber_start_at(struct wl_subscriber *subscriber, const struct wirelog_cursor *cursor);
/* All but its size. */
void wl_subscriber_get_cursor(const struct wl_subscriber *subscriber,
			      struct wirelog_cursor *cursor);
void wl_subscriber_stop(struct wl_subscriber *subscriber);
void wl_subscriber_on_deliver(struct wl_subscriber *subscriber,
			      const struct wl_channel_message *message);
void wl_subscriber_on_gap(struct wl_subscriber *subscriber,
			  const struct wl_channel_message *message);
/* We have another name: what the node sends is not ours any more. */
void wl_subscriber_on_identity(struct wl_subscriber *subscriber);
/* What is due. Returns 1 when something was said or ended. */
unsigned wl_subscriber_poll(struct wl_subscriber *subscriber);

#endif

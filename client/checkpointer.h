/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A consumer: a subscription under a name, whose checkpoint the cluster keeps. It is taken from the leader, then the subscriber below reads
 * from there. What the application commits is only remembered, the last one counts; one question at a time asks the leader to
 * move the checkpoint there, at most once in an interval, and is put again until it is answered. Nothing that is asked twice does
 * anything twice. Where nothing is committed for a while the leader is asked whether the checkpoint is still there.
 *
 *	OFF --consume--> TAKING --the leader's answer--> HELD --it is dropped--> OFF, and the subscriber reads on
 *	TAKING --no answer for long, refused--> OFF; the subscription is over
 *	HELD --unsubscribe--> LEAVING while something is not confirmed, else OFF
 *	LEAVING --confirmed, dropped, or its time is over--> OFF
 *
 *  C5  what is confirmed never falls, and is never above what the application committed, unless another one moved it
 *
 * The application hears CHECKPOINT from here, and SUBSCRIPTION_ENDED where nothing could be taken; it may do anything of C4 meanwhile.
 *
 * Units: nanoseconds; numbers of records. Owner and thread: the engine's. Errors: INVALID_ARGUMENT, CHECKPOINT_DROPPED, events. Limits: one
 * consumer, one question. Pure; allocates nothing.
 */
#ifndef WL_CLIENT_CHECKPOINTER_H
#define WL_CLIENT_CHECKPOINTER_H

#include "client/channel.h"
#include "client/environment.h"
#include "client/nodes.h"
#include "client/subscriber.h"
#include "dataplane/base/consumer_name.h"

enum wl_checkpointer_state {
	WL_CHECKPOINTER_OFF = 0,
	WL_CHECKPOINTER_TAKING,
	WL_CHECKPOINTER_HELD,
	WL_CHECKPOINTER_LEAVING,
};

/* That is open; nonce 0: none is. */
struct wl_checkpointer_question {
	uint64_t nonce;
	enum wl_wire_consumer_verb verb;
	uint64_t since_ns; /* it was put first, or somebody answered it */
	uint64_t due_ns, pause_ns; /* again */
	uint64_t refused_ns; /* the last pause after a refusal by who does not lead */
};

struct wl_checkpointer {
	struct wl_environment *environment;
	struct wl_channel *channel;
	struct wl_nodes *nodes;
	struct wl_subscriber *subscriber;

	enum wl_checkpointer_state state;
	bool was_dropped; /* OFF: the subscription goes on without */
	char name[WL_CONSUMER_NAME_BYTES];
	bool existing;
	uint64_t first; /* where one that is made begins */
	uint64_t interval_ns;

	uint64_t checkpoint, made; /* confirmed; 0: not taken, or dropped */
	uint64_t committed; /* by the application; 0: nothing was */
	uint64_t began_ns; /* TAKING, LEAVING: since then */
	uint64_t moved_ns; /* a move was asked for last */
	uint64_t heard_ns; /* the leader said last that it is there */
	int refusal; /* why it could not be taken, as was said last; 0: nothing was */
	struct wl_checkpointer_question question;
	uint64_t leadership_starts; /* as seen last */
};

/* Zeroed memory. What is below stays the engine's. */
void wl_checkpointer_init(struct wl_checkpointer *checkpointer, struct wl_environment *environment,
			  struct wl_channel *channel, struct wl_nodes *nodes,
			  struct wl_subscriber *subscriber);
/* Replaces the subscription that is there, of whatever kind. Options as of wirelog.h, whatever their size says. 0 or
 * INVALID_ARGUMENT. */
int wl_checkpointer_start(struct wl_checkpointer *checkpointer, const char *name,
			  const struct wirelog_consumer_options *options);
int wl_checkpointer_commit(struct wl_checkpointer *checkpointer, uint64_t next_number);
/* The subscription is over, and the subscriber stopped. What is not confirmed is asked for still. */
void wl_checkpointer_stop(struct wl_checkpointer *checkpointer);
/* Nobody will poll any more: what is not confirmed is said once. */
void wl_checkpointer_close(struct wl_checkpointer *checkpointer);
void wl_checkpointer_on_reply(struct wl_checkpointer *checkpointer,
			      const struct wl_channel_message *message);
/* We have another name: nobody answers the last one. */
void wl_checkpointer_on_identity(struct wl_checkpointer *checkpointer);
/* An answer of the leader is due since then; 0: none is. */
uint64_t wl_checkpointer_waits_since(const struct wl_checkpointer *checkpointer);
/* What is due. Returns 1 when something was said or ended. */
unsigned wl_checkpointer_poll(struct wl_checkpointer *checkpointer);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client, all of it, as a machine without a clock, a system call or an allocation: time is an argument of wl_engine_poll, the
 * network a table of functions (transport.h). wirelog_memory.c gives it both. Its layers, each a struct of its own that knows those
 * below it; nobody calls upwards, what happened below is a return value, or is looked at:
 *
 *	engine		one turn: what came goes to whom it is for; then what is due; then everything leaves in bursts
 *	checkpointer	a subscription under a name (over the subscriber)	asker		questions to the journal
 *	status_reader	what a node says of itself
 *	sender		a session and its appends		subscriber	records in order, holes, credit
 *	paths		how large frames pass to each node, and back
 *	nodes		who is there, who leads, whom to ask when it is silent
 *	channel		frames in and out: sealed, verified, collected into bursts
 *	environment	the application's options and functions, the time; window: the appends of one session
 *
 * C1 stands in channel.h, C2 in sender.h, C3 in subscriber.h, C5 in checkpointer.h, C6 in status_reader.h.
 *
 *  C4  the application's functions may append, subscribe, unsubscribe, consume, commit and ask; they may not poll, wait or close
 *
 * Units: nanoseconds of one clock, which does not go back. Owner and thread: the wirelog object's. Errors: those of wirelog.h. Pure.
 */
#ifndef WL_CLIENT_ENGINE_H
#define WL_CLIENT_ENGINE_H

#include "client/asker.h"
#include "client/channel.h"
#include "client/checkpointer.h"
#include "client/environment.h"
#include "client/nodes.h"
#include "client/paths.h"
#include "client/sender.h"
#include "client/status_reader.h"
#include "client/subscriber.h"

struct wl_engine {
	struct wl_environment environment;
	struct wl_channel channel;
	struct wl_nodes nodes;
	struct wl_paths paths;
	struct wl_sender sender;
	struct wl_subscriber subscriber;
	struct wl_checkpointer checkpointer;
	struct wl_asker asker;
	struct wl_status_reader status_reader;

	uint64_t tend_ns;
	uint64_t identities; /* drawn again: another client had ours */
	bool is_connected; /* as the application was told last */
	bool is_polling;
	bool reads_only; /* by its key; the caller's to change, between turns */
};

struct wl_engine_config {
	struct wirelog_options options; /* every member set; texts are not used after connect */
	const struct wl_auth *auth; /* stays the caller's, and stays */
	uint64_t cluster;
	wl_identity identity;
	uint64_t boot_id; /* not 0 */
	bool reads_only; /* its key gives no more: nodes would drop what it appends, so it is refused here */
	uint64_t now_ns;
	/* Memory of the caller: options.outstanding_max slots, options.outstanding_bytes_max bytes, a buffer of WIRELOG_RECORD_BYTES_MAX. */
	struct wl_window_slot *slots;
	uint8_t *bytes;
	uint8_t *buffer;
};

/* Any memory. Then transports are set and routes added, and it may be polled. [init] */
void wl_engine_init(struct wl_engine *engine, const struct wl_engine_config *config);
/* One turn. Returns how much it did, or INVALID_ARGUMENT within a turn. */
int wl_engine_poll(struct wl_engine *engine, uint64_t now_ns);
/* As wirelog_append. Within a turn (of a callback) it is appended at the turn's time, whatever now_ns. */
int64_t wl_engine_append(struct wl_engine *engine, uint64_t now_ns, const void *bytes, size_t size,
			 const struct wirelog_append_options *options);
/* In the place of the subscription that is there, also of a consumer's: what that one committed is said still. As wirelog_subscribe. */
int wl_engine_subscribe(struct wl_engine *engine, enum wirelog_from from, uint64_t value);
/* As wirelog_subscribe_at. */
int wl_engine_subscribe_at(struct wl_engine *engine, const struct wirelog_cursor *cursor);
/* Options with every member that this library has. As wirelog_consume. */
int wl_engine_consume(struct wl_engine *engine, const char *name,
		      const struct wirelog_consumer_options *options);
void wl_engine_unsubscribe(struct wl_engine *engine);
void wl_engine_get_consumer(const struct wl_engine *engine, struct wirelog_consumer *consumer);
/* As wirelog_ask_end, wirelog_ask_outcome, wirelog_ask_status, wirelog_open_session. */
int64_t wl_engine_ask_end(struct wl_engine *engine);
int64_t wl_engine_ask_outcome(struct wl_engine *engine, uint64_t session, uint64_t sequence,
			      int fence);
int64_t wl_engine_ask_status(struct wl_engine *engine, uint32_t node, char *text,
			     size_t text_bytes);
int wl_engine_open_session(struct wl_engine *engine);
/* Nothing more is wanted of any node, and nothing is answered any more. */
void wl_engine_close(struct wl_engine *engine);
/* An answer is due, a subscription is on, a checkpoint is not confirmed, or nobody has answered yet: it is to be polled often. */
bool wl_engine_is_busy(const struct wl_engine *engine);
void wl_engine_get_position(const struct wl_engine *engine, struct wirelog_position *position);

#endif

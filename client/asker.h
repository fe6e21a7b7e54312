/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an application asks of the journal as a whole: how far it is, what became of an append. A few questions at a time, each put again,
 * with the same nonce, until it is answered or its time is over; what is asked twice does nothing twice. How far: asked of the node that was
 * chosen (options.node), else of the leader, else of any that took us in; a node that does not lead asks the leader itself. What
 * became of an append: asked of the leader.
 *
 * The application hears END and OUTCOME from here, once for each question; it may ask again meanwhile.
 *
 * Units: nanoseconds. Owner and thread: the engine's. Errors: BACK_PRESSURE, INVALID_ARGUMENT, events. Limits: WL_ASKER_QUESTIONS.
 * Pure; allocates nothing.
 */
#ifndef WL_CLIENT_ASKER_H
#define WL_CLIENT_ASKER_H

#include "client/channel.h"
#include "client/environment.h"
#include "client/nodes.h"

#define WL_ASKER_QUESTIONS 16u

struct wl_asker_question {
	int64_t id; /* as the application knows it; 0: free */
	uint64_t nonce;
	uint64_t session, sequence; /* 0: how far is it? */
	bool fence;
	uint64_t began_ns;
	uint64_t since_ns; /* it was put first, or somebody refused it */
	uint64_t due_ns, pause_ns; /* again */
	uint64_t refused_ns; /* the last pause after a refusal */
	uint64_t not_led_ns; /* a node said that it does not lead, last; 0: none did */
};

struct wl_asker {
	struct wl_environment *environment;
	struct wl_channel *channel;
	struct wl_nodes *nodes;

	struct wl_asker_question questions[WL_ASKER_QUESTIONS];
	unsigned count; /* that are open */
	uint64_t leadership_starts; /* as seen last */
};

/* Zeroed memory. */
void wl_asker_init(struct wl_asker *asker, struct wl_environment *environment,
		   struct wl_channel *channel, struct wl_nodes *nodes);
/* What the event will name; or BACK_PRESSURE. session and sequence 0: how far is the journal? */
int64_t wl_asker_ask(struct wl_asker *asker, uint64_t session, uint64_t sequence, bool fence);
void wl_asker_on_end_reply(struct wl_asker *asker, const struct wl_channel_message *message);
void wl_asker_on_outcome_reply(struct wl_asker *asker, const struct wl_channel_message *message);
/* We have another name: nobody answers the last one. */
void wl_asker_on_identity(struct wl_asker *asker);
/* An answer is due since then; 0: none is. */
uint64_t wl_asker_waits_since(const struct wl_asker *asker);
/* What is due. Returns 1 when something was said or ended. */
unsigned wl_asker_poll(struct wl_asker *asker);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every layer of the client is given from outside: the application's options with its functions, the time of this turn, numbers
 * that never come twice. An answer, a record and an event leave over the application's functions, from whichever layer has them;
 * between the layers themselves nothing is called upwards.
 *
 * The application's functions run inside a turn. They may append, subscribe and unsubscribe (C3 in engine.h), so a layer that
 * calls one looks at its own state anew afterwards.
 *
 * Units: nanoseconds of one clock. Owner and thread: the engine's; `now_ns` is the engine's to set. Errors: none. Pure.
 */
#ifndef WL_CLIENT_ENVIRONMENT_H
#define WL_CLIENT_ENVIRONMENT_H

#include <stdint.h>

#include "wirelog/wirelog.h"

#define WL_MS_NS 1000000ull
#define WL_SECOND_NS 1000000000ull

struct wl_environment {
	struct wirelog_options options; /* every member set; texts are not used after connect */
	uint64_t now_ns; /* of this turn */
	uint64_t nonce; /* the last given out: never twice */
	int64_t question; /* of the application's, likewise */
};

static inline uint64_t wl_environment_nonce(struct wl_environment *environment)
{
	return ++environment->nonce ? environment->nonce : ++environment->nonce;
}

/* What the application will know a question by. */
static inline int64_t wl_environment_question(struct wl_environment *environment)
{
	return ++environment->question;
}

static inline void wl_environment_acknowledge(const struct wl_environment *environment,
					      const struct wirelog_ack *ack)
{
	if (environment->options.on_ack)
		environment->options.on_ack(environment->options.context, ack);
}

static inline void wl_environment_deliver(const struct wl_environment *environment,
					  const struct wirelog_record *record)
{
	if (environment->options.on_record)
		environment->options.on_record(environment->options.context, record);
}

static inline void wl_environment_tell(const struct wl_environment *environment,
				       const struct wirelog_event *event)
{
	if (environment->options.on_event)
		environment->options.on_event(environment->options.context, event);
}

#endif

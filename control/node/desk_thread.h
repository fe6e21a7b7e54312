/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What passes between control and wl-stats: a copy of the agent's status, and an operator's
 * requests. Control never waits for the other side: it copies only when nobody holds the lock.
 *
 * Owner: the node. Thread: publish, take, finish [control]; read, ask [wl-stats].
 */
#ifndef WL_CONTROL_NODE_DESK_THREAD_H
#define WL_CONTROL_NODE_DESK_THREAD_H

#include <pthread.h>

#include "control/agent/agent.h"

enum wl_desk_request_verb {
	WL_DESK_NOTHING = 0,
	WL_DESK_HAND_OVER, /* journal, target */
	WL_DESK_STOP,
};

struct wl_desk_request {
	enum wl_desk_request_verb verb;
	uint32_t journal, target;
};

struct wl_control_desk {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool known;
	struct wl_agent_status status;
	struct wl_desk_request request; /* NOTHING: the desk is free */
	bool taken, done, ok;
	bool ended;
};

void wl_desk_init(struct wl_control_desk *desk);
/* [control] */
void wl_desk_publish(struct wl_control_desk *desk, const struct wl_agent *agent);
bool wl_desk_take(struct wl_control_desk *desk, struct wl_desk_request *request);
void wl_desk_finish(struct wl_control_desk *desk, bool ok);
/* Control answers no more: who asks is sent away. [init] */
void wl_desk_end(struct wl_control_desk *desk);
/* [wl-stats] False: control has not published yet. */
bool wl_desk_read(struct wl_control_desk *desk, struct wl_agent_status *status);
/* Waits for the answer at most a second. False: refused, or no answer. */
bool wl_desk_ask(struct wl_control_desk *desk, const struct wl_desk_request *request);

#endif

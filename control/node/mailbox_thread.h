/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What passes between control and who asks it: a copy of the agent's status, and an operator's
 * requests. Control never waits for the other side: it copies only when nobody holds the lock.
 *
 * Owner: the node. Thread: publish, take, finish [control]; read [wl-stats, wl-admin]; ask [wl-admin].
 */
#ifndef WL_CONTROL_NODE_MAILBOX_THREAD_H
#define WL_CONTROL_NODE_MAILBOX_THREAD_H

#include <pthread.h>

#include "control/agent/agent.h"
#include "control/config/config.h"

enum wl_mailbox_request_verb {
	WL_MAILBOX_NOTHING = 0,
	WL_MAILBOX_TRANSFER, /* journal, target */
	WL_MAILBOX_STOP,
	WL_MAILBOX_SET, /* settings */
	WL_MAILBOX_ASK, /* journal, wish */
	WL_MAILBOX_COMPARE, /* journal, index */
	WL_MAILBOX_KEYS, /* auth: what the key file holds now */
	WL_MAILBOX_MEET, /* target: a node that joined; config */
};

struct wl_mailbox_request {
	enum wl_mailbox_request_verb verb;
	uint32_t journal, target;
	uint64_t index;
	uint64_t settings[WL_SETTINGS];
	struct wl_wire_propose wish;
	const struct wl_auth *auth; /* KEYS */
	const struct wl_config *config; /* MEET: that names it */
};

struct wl_control_mailbox {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool known;
	struct wl_agent_status status;
	struct wl_mailbox_request request; /* NOTHING: the mailbox is free */
	bool taken, done, ok;
	bool ended;
};

void wl_mailbox_init(struct wl_control_mailbox *mailbox);
/* [control] */
void wl_mailbox_publish(struct wl_control_mailbox *mailbox, const struct wl_agent *agent);
bool wl_mailbox_take(struct wl_control_mailbox *mailbox, struct wl_mailbox_request *request);
void wl_mailbox_finish(struct wl_control_mailbox *mailbox, bool ok);
/* Control answers no more: who asks is sent away. [init] */
void wl_mailbox_end(struct wl_control_mailbox *mailbox);
/* [wl-stats, wl-admin] False: control has not published yet. */
bool wl_mailbox_read(struct wl_control_mailbox *mailbox, struct wl_agent_status *status);
/* [wl-admin] Waits for the answer at most a second. False: refused, or no answer. */
bool wl_mailbox_ask(struct wl_control_mailbox *mailbox, const struct wl_mailbox_request *request);

#endif

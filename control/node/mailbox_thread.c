/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/mailbox_thread.h"

#include <string.h>
#include <time.h>

void wl_mailbox_init(struct wl_control_mailbox *mailbox)
{
	memset(mailbox, 0, sizeof(*mailbox));
	pthread_mutex_init(&mailbox->lock, NULL);
	pthread_cond_init(&mailbox->answered, NULL);
}

void wl_mailbox_publish(struct wl_control_mailbox *mailbox, const struct wl_agent *agent)
{
	if (pthread_mutex_trylock(&mailbox->lock) != 0)
		return;
	wl_agent_get_status(agent, &mailbox->status);
	mailbox->known = true;
	pthread_mutex_unlock(&mailbox->lock);
}

bool wl_mailbox_take(struct wl_control_mailbox *mailbox, struct wl_mailbox_request *request)
{
	bool taken;

	if (pthread_mutex_trylock(&mailbox->lock) != 0)
		return false;
	taken = mailbox->request.verb != WL_MAILBOX_NOTHING && !mailbox->taken;
	if (taken) {
		*request = mailbox->request;
		mailbox->taken = true;
	}
	pthread_mutex_unlock(&mailbox->lock);
	return taken;
}

void wl_mailbox_finish(struct wl_control_mailbox *mailbox, bool ok)
{
	/* Held by others for a copy only: this wait is microseconds. */
	pthread_mutex_lock(&mailbox->lock);
	mailbox->done = true;
	mailbox->ok = ok;
	pthread_cond_signal(&mailbox->answered);
	pthread_mutex_unlock(&mailbox->lock);
}

void wl_mailbox_end(struct wl_control_mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->ended = true;
	pthread_cond_signal(&mailbox->answered);
	pthread_mutex_unlock(&mailbox->lock);
}

bool wl_mailbox_read(struct wl_control_mailbox *mailbox, struct wl_agent_status *status)
{
	bool known;

	pthread_mutex_lock(&mailbox->lock);
	known = mailbox->known;
	if (known)
		*status = mailbox->status;
	pthread_mutex_unlock(&mailbox->lock);
	return known;
}

/* By the monotonic clock: an answer is not waited for any longer because somebody set the time back. */
bool wl_mailbox_ask(struct wl_control_mailbox *mailbox, const struct wl_mailbox_request *request)
{
	struct timespec until;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&mailbox->lock);
	mailbox->request = *request;
	mailbox->taken = false;
	mailbox->done = false;
	mailbox->ok = false;
	while (!mailbox->done && !mailbox->ended &&
	       pthread_cond_clockwait(&mailbox->answered, &mailbox->lock, CLOCK_MONOTONIC,
				      &until) == 0)
		;
	ok = mailbox->done && mailbox->ok;
	mailbox->request.verb = WL_MAILBOX_NOTHING;
	pthread_mutex_unlock(&mailbox->lock);
	return ok;
}

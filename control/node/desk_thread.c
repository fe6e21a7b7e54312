/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/node/desk_thread.h"

#include <string.h>
#include <time.h>

void wl_desk_init(struct wl_control_desk *desk)
{
	memset(desk, 0, sizeof(*desk));
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->answered, NULL);
}

void wl_desk_publish(struct wl_control_desk *desk, const struct wl_agent *agent)
{
	if (pthread_mutex_trylock(&desk->lock) != 0)
		return;
	wl_agent_get_status(agent, &desk->status);
	desk->known = true;
	pthread_mutex_unlock(&desk->lock);
}

bool wl_desk_take(struct wl_control_desk *desk, struct wl_desk_request *request)
{
	bool taken;

	if (pthread_mutex_trylock(&desk->lock) != 0)
		return false;
	taken = desk->request.verb != WL_DESK_NOTHING && !desk->taken;
	if (taken) {
		*request = desk->request;
		desk->taken = true;
	}
	pthread_mutex_unlock(&desk->lock);
	return taken;
}

void wl_desk_finish(struct wl_control_desk *desk, bool ok)
{
	/* Held by others for a copy only: this wait is microseconds. */
	pthread_mutex_lock(&desk->lock);
	desk->done = true;
	desk->ok = ok;
	pthread_cond_signal(&desk->answered);
	pthread_mutex_unlock(&desk->lock);
}

void wl_desk_end(struct wl_control_desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	desk->ended = true;
	pthread_cond_signal(&desk->answered);
	pthread_mutex_unlock(&desk->lock);
}

bool wl_desk_read(struct wl_control_desk *desk, struct wl_agent_status *status)
{
	bool known;

	pthread_mutex_lock(&desk->lock);
	known = desk->known;
	if (known)
		*status = desk->status;
	pthread_mutex_unlock(&desk->lock);
	return known;
}

/* By the monotonic clock: an answer is not waited for any longer because somebody set the time back. */
bool wl_desk_ask(struct wl_control_desk *desk, const struct wl_desk_request *request)
{
	struct timespec until;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&desk->lock);
	desk->request = *request;
	desk->taken = false;
	desk->done = false;
	desk->ok = false;
	while (!desk->done && !desk->ended &&
	       pthread_cond_clockwait(&desk->answered, &desk->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	ok = desk->done && desk->ok;
	desk->request.verb = WL_DESK_NOTHING;
	pthread_mutex_unlock(&desk->lock);
	return ok;
}

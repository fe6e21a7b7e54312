/* SPDX-License-Identifier: BSD-3-Clause */
#include "web/subscribers_thread.h"

#include <stdlib.h>
#include <string.h>

void wl_subscribers_init(struct wl_subscribers *subscribers)
{
	memset(subscribers, 0, sizeof(*subscribers));
	pthread_mutex_init(&subscribers->lock, NULL);
}

void wl_subscribers_fini(struct wl_subscribers *subscribers)
{
	for (unsigned at = 0; at < WL_SUBSCRIBERS_MAX; at++)
		free(subscribers->each[at].text);
	pthread_mutex_destroy(&subscribers->lock);
}

static void drop(struct wl_subscriber *subscriber)
{
	free(subscriber->text);
	subscriber->text = NULL;
	subscriber->begin = subscriber->bytes = subscriber->room = 0;
	subscriber->dropped = true;
}

static void append(struct wl_subscriber *subscriber, const char *text, size_t bytes)
{
	if (subscriber->dropped || bytes == 0)
		return;
	if (subscriber->bytes + bytes > WL_SUBSCRIBER_BYTES_MAX) {
		drop(subscriber);
		return;
	}
	if (subscriber->begin > 0) {
		memmove(subscriber->text, subscriber->text + subscriber->begin, subscriber->bytes);
		subscriber->begin = 0;
	}
	if (subscriber->bytes + bytes > subscriber->room) {
		char *larger = realloc(subscriber->text, subscriber->bytes + bytes);

		if (larger == NULL) {
			drop(subscriber);
			return;
		}
		subscriber->text = larger;
		subscriber->room = subscriber->bytes + bytes;
	}
	memcpy(subscriber->text + subscriber->bytes, text, bytes);
	subscriber->bytes += bytes;
}

struct wl_subscriber *wl_subscribers_add(struct wl_subscribers *subscribers, const char *text,
					 size_t bytes)
{
	struct wl_subscriber *found = NULL;

	pthread_mutex_lock(&subscribers->lock);
	for (unsigned at = 0; at < WL_SUBSCRIBERS_MAX && found == NULL; at++)
		if (!subscribers->each[at].taken)
			found = &subscribers->each[at];
	if (found != NULL) {
		*found = (struct wl_subscriber){.all = subscribers, .taken = true};
		append(found, text, bytes);
	}
	pthread_mutex_unlock(&subscribers->lock);
	return found;
}

ssize_t wl_subscriber_read(void *context, char *to, size_t room)
{
	struct wl_subscriber *subscriber = context;
	ssize_t result = -1;

	pthread_mutex_lock(&subscriber->all->lock);
	if (!subscriber->dropped) {
		size_t bytes = subscriber->bytes < room ? subscriber->bytes : room;

		if (bytes > 0)
			memcpy(to, subscriber->text + subscriber->begin, bytes);
		subscriber->begin += bytes;
		subscriber->bytes -= bytes;
		result = (ssize_t)bytes;
	}
	pthread_mutex_unlock(&subscriber->all->lock);
	return result;
}

void wl_subscriber_gone(void *context)
{
	struct wl_subscriber *subscriber = context;

	pthread_mutex_lock(&subscriber->all->lock);
	subscriber->all->dropped += subscriber->dropped;
	free(subscriber->text);
	subscriber->text = NULL;
	subscriber->taken = false;
	pthread_mutex_unlock(&subscriber->all->lock);
}

void wl_subscribers_say(struct wl_subscribers *subscribers, const char *text, size_t bytes)
{
	pthread_mutex_lock(&subscribers->lock);
	for (unsigned at = 0; at < WL_SUBSCRIBERS_MAX; at++)
		if (subscribers->each[at].taken)
			append(&subscribers->each[at], text, bytes);
	pthread_mutex_unlock(&subscribers->lock);
}

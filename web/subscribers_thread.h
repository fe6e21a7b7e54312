/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Browsers that are told what happens: each has its own queue of bytes, made by one thread, read by another. Who takes less than comes is
 * dropped when its queue is full, and nobody else notices; at most WL_SUBSCRIBERS_MAX at a time.
 *
 * Owner: the caller. Thread: each function has its own word on that.
 */
#ifndef WL_WEB_SUBSCRIBERS_THREAD_H
#define WL_WEB_SUBSCRIBERS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WL_SUBSCRIBERS_MAX 24u
#define WL_SUBSCRIBER_BYTES_MAX (512u << 10) /* that wait for one of them */

struct wl_subscriber {
	struct wl_subscribers *all;
	bool taken, dropped;
	char *text; /* what waits: `bytes` from `begin` on */
	size_t begin, bytes, room;
};

struct wl_subscribers {
	pthread_mutex_t lock;
	struct wl_subscriber each[WL_SUBSCRIBERS_MAX];
	unsigned long dropped; /* since the start */
};

void wl_subscribers_init(struct wl_subscribers *subscribers);
void wl_subscribers_fini(struct wl_subscribers *subscribers); /* nobody reads any more */
/* With something that waits for it already. NULL: there are too many, or no memory. [the server's] */
struct wl_subscriber *wl_subscribers_add(struct wl_subscribers *subscribers, const char *text,
					 size_t bytes);
/* read and gone of struct wl_http_stream. [the server's] */
ssize_t wl_subscriber_read(void *subscriber, char *to, size_t room);
void wl_subscriber_gone(void *subscriber);
/* To all. [the looker's] */
void wl_subscribers_say(struct wl_subscribers *subscribers, const char *text, size_t bytes);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a browser is answered: the page, and at /events what happens, as server-sent events, until it goes. What was last said waits here for who
 * comes next. Where the page listens on the machine itself only, a request must name the machine by number or as localhost: a page from elsewhere that
 * has its name point here reads nothing.
 *
 * Owner: the caller. Thread: say [the looker's]; get [the server's].
 */
#ifndef WL_WEB_SITE_THREAD_H
#define WL_WEB_SITE_THREAD_H

#include "http/http.h"
#include "web/page_file.h"
#include "web/subscribers_thread.h"

#define WL_SITE_CONNECTIONS_MAX 96u

enum wl_site_frame { WL_SITE_PAST, WL_SITE_EVENTS, WL_SITE_NOW, WL_SITE_FRAMES };

struct wl_site {
	struct wl_subscribers subscribers;
	struct wl_page page; /* count 0: there is none */
	bool only_here;
	pthread_mutex_t lock; /* of `last` */
	struct {
		char *text;
		size_t bytes;
	} last[WL_SITE_FRAMES]; /* what who comes is told first, in this order */
};

extern const char *const wl_site_headers[][2];

void wl_site_init(struct wl_site *site);
void wl_site_fini(struct wl_site *site);
/* get of struct wl_http_config; `context` is a struct wl_site. */
void wl_site_get(void *context, const struct wl_http_request *request, struct wl_http_reply *reply);
/* To all who listen; `text` by malloc becomes the site's where `keep` says for which place, else it is freed. */
void wl_site_keep(struct wl_site *site, enum wl_site_frame place, char *text, size_t bytes);
/* "localhost", "127.0.0.1:9747", "[::1]": of this machine, without asking who has a name. */
bool wl_site_is_host_here(const char *host);

#endif

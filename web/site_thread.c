/* SPDX-License-Identifier: BSD-3-Clause */
#include "web/site_thread.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The page loads nothing from anywhere else, and stands in no frame of another. */
const char *const wl_site_headers[][2] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
	 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cache-Control", "no-store"},
	{NULL, NULL},
};

void wl_site_init(struct wl_site *site)
{
	memset(site, 0, sizeof(*site));
	pthread_mutex_init(&site->lock, NULL);
	wl_subscribers_init(&site->subscribers);
}

void wl_site_fini(struct wl_site *site)
{
	for (unsigned at = 0; at < WL_SITE_FRAMES; at++)
		free(site->last[at].text);
	wl_subscribers_fini(&site->subscribers);
	wl_page_free(&site->page);
	pthread_mutex_destroy(&site->lock);
}

void wl_site_keep(struct wl_site *site, enum wl_site_frame place, char *text, size_t bytes)
{
	pthread_mutex_lock(&site->lock);
	free(site->last[place].text);
	site->last[place].text = text;
	site->last[place].bytes = text != NULL ? bytes : 0;
	pthread_mutex_unlock(&site->lock);
}

bool wl_site_is_host_here(const char *host)
{
	char name[80];
	struct in6_addr address;
	size_t length;

	snprintf(name, sizeof(name), "%s", host);
	if (name[0] == '[') {
		length = strcspn(name, "]");
		name[length] = '\0';
		return inet_pton(AF_INET6, name + 1, &address) == 1;
	}
	name[strcspn(name, ":")] = '\0';
	return strcasecmp(name, "localhost") == 0 || inet_pton(AF_INET, name, &address) == 1;
}

/* All that was said last, in one piece. */
static char *first_words(struct wl_site *site, size_t *bytes)
{
	char *text;

	*bytes = 0;
	pthread_mutex_lock(&site->lock);
	for (unsigned at = 0; at < WL_SITE_FRAMES; at++)
		*bytes += site->last[at].bytes;
	text = malloc(*bytes + 1);
	*bytes = 0;
	for (unsigned at = 0; text != NULL && at < WL_SITE_FRAMES; at++) {
		if (site->last[at].text == NULL)
			continue;
		memcpy(text + *bytes, site->last[at].text, site->last[at].bytes);
		*bytes += site->last[at].bytes;
	}
	pthread_mutex_unlock(&site->lock);
	return text;
}

static void subscribe(struct wl_site *site, struct wl_http_reply *reply)
{
	size_t bytes;
	char *text = first_words(site, &bytes);
	struct wl_subscriber *subscriber =
		text != NULL ? wl_subscribers_add(&site->subscribers, text, bytes) : NULL;

	free(text);
	if (subscriber == NULL) {
		wl_http_say(reply, 503, "too many browsers look at this already\n");
		return;
	}
	*reply = (struct wl_http_reply){.status = 200,
					.type = "text/event-stream; charset=utf-8",
					.stream = {wl_subscriber_read, wl_subscriber_gone,
						   subscriber}};
}

void wl_site_get(void *context, const struct wl_http_request *request, struct wl_http_reply *reply)
{
	struct wl_site *site = context;
	const struct wl_page_file *file = wl_page_find(&site->page, request->path);

	if (site->only_here && (request->host == NULL || !wl_site_is_host_here(request->host)))
		wl_http_say(reply, 421, "this page is for its own machine: localhost\n");
	else if (strcmp(request->path, "/events") == 0)
		subscribe(site, reply);
	else if (file != NULL)
		*reply = (struct wl_http_reply){.status = 200,
						.type = file->type,
						.body = file->text,
						.bytes = file->bytes};
	else if (strcmp(request->path, "/") == 0)
		wl_http_say(
			reply, 503,
			"the page was not built: make web (it needs npm); /events has the numbers\n");
	else
		wl_http_say(reply, 404, "there are / and /events\n");
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/feed_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_NAME "stats.sock"
#define ANSWER_BYTES_MAX (1u << 20)
#define SAMPLES 4u /* of the stream: a rate is over so many less one */
#define ANSWER_MS 2000 /* a question that is not answered in that time: dial again */
#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)

static const char stream_request[] = "/wirelog/stream," TEXT(WL_FEED_STREAM_MS) ",/wirelog/metrics";

enum asked { ASKED_STATUS, ASKED_RECENT, ASKED_SECOND, ASKED_EVENTS, ASKED };
static const char *const asked_requests[ASKED] = {"/wirelog/status", "/wirelog/latency,10",
						  "/wirelog/latency,1", "/wirelog/events"};

struct line { /* one connection */
	int fd; /* -1: none */
	int64_t due_ms; /* of the next dialling, or of the next round of questions */
	int64_t asked_ms; /* the last time that something was sent or came */
	unsigned next; /* the question that is under way, or the next one */
	bool waits; /* for an answer */
};

struct sample {
	json_t *metrics;
	int64_t ms;
};

struct node {
	const char *run_directory;
	struct line stream, asks;
	struct sample samples[SAMPLES]; /* the newest first */
	json_t *answers[ASKED];
};

struct wl_feed {
	uint32_t count;
	struct node nodes[WIRELOG_NODES_MAX];
	char text[ANSWER_BYTES_MAX + 1];
};

int64_t wl_feed_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wl_feed_wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct wl_feed *wl_feed_open(const char *const *run_directories, uint32_t count)
{
	struct wl_feed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL)
		return NULL;
	feed->count = count < WIRELOG_NODES_MAX ? count : WIRELOG_NODES_MAX;
	for (uint32_t at = 0; at < feed->count; at++) {
		feed->nodes[at].run_directory = run_directories[at];
		feed->nodes[at].stream.fd = feed->nodes[at].asks.fd = -1;
	}
	return feed;
}

static void hang_up(struct line *line, int64_t now_ms)
{
	if (line->fd >= 0)
		close(line->fd);
	*line = (struct line){.fd = -1, .due_ms = now_ms + WL_FEED_DIAL_MS};
}

void wl_feed_close(struct wl_feed *feed)
{
	for (uint32_t at = 0; feed != NULL && at < feed->count; at++) {
		struct node *node = &feed->nodes[at];

		hang_up(&node->stream, 0);
		hang_up(&node->asks, 0);
		for (unsigned i = 0; i < SAMPLES; i++)
			json_decref(node->samples[i].metrics);
		for (unsigned i = 0; i < ASKED; i++)
			json_decref(node->answers[i]);
	}
	free(feed);
}

/* ---- out ---------------------------------------------------------------------------------------- */

/* A socket of this kind connects at once or not at all. */
static void dial(struct line *line, const char *run_directory, int64_t now_ms)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/" SOCKET_NAME,
			      run_directory);

	line->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (line->fd < 0 || length >= (int)sizeof(address.sun_path) ||
	    connect(line->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		hang_up(line, now_ms);
		return;
	}
	line->due_ms = line->asked_ms = now_ms;
}

static void say(struct line *line, const char *request, int64_t now_ms)
{
	if (send(line->fd, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		hang_up(line, now_ms);
		return;
	}
	line->asked_ms = now_ms;
	line->waits = true;
}

static void tend(struct line *line, const char *run_directory, bool is_stream, int64_t now_ms)
{
	if (line->fd >= 0 && line->waits && now_ms - line->asked_ms >= ANSWER_MS)
		hang_up(line, now_ms);
	if (line->fd < 0 && now_ms >= line->due_ms)
		dial(line, run_directory, now_ms);
	if (line->fd < 0 || line->waits || now_ms < line->due_ms)
		return;
	say(line, is_stream ? stream_request : asked_requests[line->next], now_ms);
}

static void want(const struct line *line, struct pollfd *fd, int64_t now_ms, int *wait_ms)
{
	int64_t until_ms = line->waits ? line->asked_ms + ANSWER_MS : line->due_ms;

	*fd = (struct pollfd){.fd = line->fd, .events = POLLIN};
	if (until_ms - now_ms < *wait_ms)
		*wait_ms = until_ms > now_ms ? (int)(until_ms - now_ms) : 0;
}

uint32_t wl_feed_prepare(struct wl_feed *feed, int64_t now_ms, struct pollfd fds[WL_FEED_FDS_MAX],
			 int *wait_ms)
{
	*wait_ms = WL_FEED_DIAL_MS;
	for (uint32_t at = 0; at < feed->count; at++) {
		struct node *node = &feed->nodes[at];

		tend(&node->stream, node->run_directory, true, now_ms);
		tend(&node->asks, node->run_directory, false, now_ms);
		want(&node->stream, &fds[2 * at], now_ms, wait_ms);
		want(&node->asks, &fds[2 * at + 1], now_ms, wait_ms);
	}
	return 2 * feed->count;
}

/* ---- in ----------------------------------------------------------------------------------------- */

/* What stands under the request's name, or NULL. */
static json_t *unwrap(const char *request, const char *text, size_t size)
{
	json_t *whole = json_loadb(text, size, 0, NULL);
	char name[64];
	json_t *value;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(request, ","), request);
	value = json_incref(json_object_get(whole, name));
	json_decref(whole);
	return value;
}

static void take_sample(struct node *node, json_t *metrics, int64_t now_ms)
{
	/* A rate over a time in which it was not heard would be one of nothing. */
	for (unsigned i = 0; i < SAMPLES && now_ms - node->samples[0].ms >= WL_FEED_SILENT_MS;
	     i++) {
		json_decref(node->samples[i].metrics);
		node->samples[i].metrics = NULL;
	}
	json_decref(node->samples[SAMPLES - 1].metrics);
	memmove(&node->samples[1], &node->samples[0], (SAMPLES - 1) * sizeof(node->samples[0]));
	node->samples[0] = (struct sample){metrics, now_ms};
}

static void take_answer(struct node *node, json_t *answer, int64_t now_ms)
{
	struct line *line = &node->asks;

	json_decref(node->answers[line->next]);
	node->answers[line->next] = answer;
	line->waits = false;
	line->next = (line->next + 1) % ASKED;
	if (line->next == 0)
		line->due_ms += WL_FEED_ASK_MS;
	if (line->due_ms < now_ms - WL_FEED_ASK_MS)
		line->due_ms = now_ms; /* what was missed is not made up for */
}

/* True: an answer. A packet that is none, or does not fit, ends the connection. */
static bool take(struct wl_feed *feed, struct node *node, bool is_stream, int64_t now_ms)
{
	struct line *line = is_stream ? &node->stream : &node->asks;
	ssize_t size = recv(line->fd, feed->text, ANSWER_BYTES_MAX, MSG_DONTWAIT);
	json_t *answer;

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	answer = size > 0 ? unwrap(is_stream ? "/wirelog/metrics" : asked_requests[line->next],
				   feed->text, (size_t)size)
			  : NULL;
	if (answer == NULL) {
		hang_up(line, now_ms);
		return true;
	}
	line->asked_ms = now_ms;
	if (is_stream)
		take_sample(node, answer, now_ms);
	else
		take_answer(node, answer, now_ms);
	return true;
}

bool wl_feed_take(struct wl_feed *feed, int64_t now_ms, const struct pollfd *fds, uint32_t count)
{
	bool is_new = false;

	for (uint32_t at = 0; at < count; at++) {
		struct node *node = &feed->nodes[at / 2];
		bool is_stream = at % 2 == 0;
		const struct line *line = is_stream ? &node->stream : &node->asks;

		if (fds[at].revents != 0 && fds[at].fd >= 0 && line->fd == fds[at].fd)
			is_new |= take(feed, node, is_stream, now_ms);
	}
	return is_new;
}

void wl_feed_answers(const struct wl_feed *feed, int64_t now_ms,
		     struct wl_watch_answers answers[WIRELOG_NODES_MAX])
{
	for (uint32_t at = 0; at < feed->count; at++) {
		const struct node *node = &feed->nodes[at];
		const struct sample *oldest = &node->samples[SAMPLES - 1];

		while (oldest > &node->samples[1] && oldest->metrics == NULL)
			oldest--;
		answers[at] = (struct wl_watch_answers){
			.run_directory = node->run_directory,
			.answers = node->stream.fd >= 0 && node->samples[0].metrics != NULL &&
				   now_ms - node->samples[0].ms < WL_FEED_SILENT_MS,
			.metrics = node->samples[0].metrics,
			.before = oldest->metrics,
			.span_ms = oldest->metrics != NULL ? node->samples[0].ms - oldest->ms : 0,
			.status = node->answers[ASKED_STATUS],
			.recent = node->answers[ASKED_RECENT],
			.second = node->answers[ASKED_SECOND],
			.events = node->answers[ASKED_EVENTS],
		};
	}
}

bool wl_feed_wait(struct wl_feed *feed, int fd, int64_t until_ms)
{
	struct pollfd fds[WL_FEED_FDS_MAX + 1];
	int64_t now_ms = wl_feed_now_ms();
	int wait_ms;
	uint32_t count = wl_feed_prepare(feed, now_ms, fds, &wait_ms);

	fds[count] = (struct pollfd){.fd = fd, .events = POLLIN};
	if (until_ms - now_ms < wait_ms)
		wait_ms = until_ms > now_ms ? (int)(until_ms - now_ms) : 0;
	if (poll(fds, count + 1, wait_ms) <= 0)
		return false;
	wl_feed_take(feed, wl_feed_now_ms(), fds, count);
	return fds[count].revents != 0;
}

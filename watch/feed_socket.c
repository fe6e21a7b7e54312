/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/feed_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "watch/line_socket.h"
#include "watch/others_socket.h"

#define ANSWER_BYTES_MAX (1u << 20)
#define SAMPLES 4u /* of the stream: a rate is over so many less one */
#define ANSWER_MS 2000 /* a question that is not answered in that time: dial again */
#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)

static const char stream_request[] = "/wirelog/stream," TEXT(WL_FEED_STREAM_MS) ",/wirelog/metrics";

enum asked { ASKED_STATUS, ASKED_RECENT, ASKED_SECOND, ASKED_EVENTS, ASKED };
static const char *const asked_requests[ASKED] = {"/wirelog/status", "/wirelog/latency,10",
						  "/wirelog/latency,1", "/wirelog/events"};

struct sample {
	json_t *metrics;
	int64_t ms;
};

struct node {
	const char *run_directory;
	struct wl_line stream, asks;
	unsigned next; /* the question of `asks` that is under way, or the next one */
	struct sample samples[SAMPLES]; /* the newest first */
	json_t *answers[ASKED];
};

struct packet {
	const char *text;
	size_t size;
};

struct wl_feed {
	uint32_t count;
	struct node nodes[WIRELOG_NODES_MAX];
	struct wl_others others;
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
	wl_others_init(&feed->others);
	feed->count = count < WIRELOG_NODES_MAX ? count : WIRELOG_NODES_MAX;
	for (uint32_t at = 0; at < feed->count; at++) {
		feed->nodes[at].run_directory = run_directories[at];
		feed->nodes[at].stream.fd = feed->nodes[at].asks.fd = -1;
	}
	return feed;
}

void wl_feed_close(struct wl_feed *feed)
{
	for (uint32_t at = 0; feed != NULL && at < feed->count; at++) {
		struct node *node = &feed->nodes[at];

		wl_line_hang_up(&node->stream, 0);
		wl_line_hang_up(&node->asks, 0);
		for (unsigned i = 0; i < SAMPLES; i++)
			json_decref(node->samples[i].metrics);
		for (unsigned i = 0; i < ASKED; i++)
			json_decref(node->answers[i]);
	}
	if (feed != NULL)
		wl_others_fini(&feed->others);
	free(feed);
}

/* ---- out ---------------------------------------------------------------------------------------- */

static void tend(struct node *node, bool is_stream, int64_t now_ms)
{
	struct wl_line *line = is_stream ? &node->stream : &node->asks;

	if (line->fd >= 0 && line->waits && now_ms - line->asked_ms >= ANSWER_MS)
		wl_line_hang_up(line, now_ms);
	if (line->fd < 0 && now_ms >= line->due_ms) {
		wl_line_dial(line, node->run_directory, now_ms);
		if (!is_stream)
			node->next = 0;
	}
	if (line->fd < 0 || line->waits || now_ms < line->due_ms)
		return;
	wl_line_say(line, is_stream ? stream_request : asked_requests[node->next], now_ms);
}

/* What those with a run directory said. */
static void look_here(const struct wl_feed *feed, int64_t now_ms,
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

/* Who is to be asked for the others: one that answers, the next one when that was in vain. NULL: nobody is missing, or nobody answers. */
static const char *who_knows(const struct wl_feed *feed, int64_t now_ms)
{
	struct wl_watch_answers answers[WIRELOG_NODES_MAX];
	const char *who[WIRELOG_NODES_MAX];
	uint32_t count = 0;

	look_here(feed, now_ms, answers);
	for (uint32_t at = 0; at < feed->count; at++)
		if (answers[at].answers)
			who[count++] = answers[at].run_directory;
	if (count == 0 || !wl_watch_lacks(answers, feed->count))
		return NULL;
	return who[feed->others.turn % count];
}

static void want(const struct wl_line *line, int64_t patience_ms, struct pollfd *fd,
		 int64_t *until_ms)
{
	int64_t wanted_ms = wl_line_until_ms(line, patience_ms);

	*fd = (struct pollfd){.fd = line->fd, .events = POLLIN};
	if (wanted_ms < *until_ms)
		*until_ms = wanted_ms;
}

uint32_t wl_feed_prepare(struct wl_feed *feed, int64_t now_ms, struct pollfd fds[WL_FEED_FDS_MAX],
			 int *wait_ms)
{
	struct wl_line *others = &feed->others.line;
	int64_t until_ms = now_ms + WL_LINE_DIAL_MS;

	for (uint32_t at = 0; at < feed->count; at++) {
		struct node *node = &feed->nodes[at];

		tend(node, true, now_ms);
		tend(node, false, now_ms);
		want(&node->stream, ANSWER_MS, &fds[2 * at], &until_ms);
		want(&node->asks, ANSWER_MS, &fds[2 * at + 1], &until_ms);
	}
	if (others->waits || now_ms >= others->due_ms)
		wl_others_tend(&feed->others, who_knows(feed, now_ms), now_ms);
	want(others, WL_OTHERS_ANSWER_MS, &fds[2 * feed->count], &until_ms);
	*wait_ms = until_ms > now_ms ? (int)(until_ms - now_ms) : 0;
	return 2 * feed->count + 1;
}

/* ---- in ----------------------------------------------------------------------------------------- */

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
	struct wl_line *line = &node->asks;

	json_decref(node->answers[node->next]);
	node->answers[node->next] = answer;
	line->waits = false;
	node->next = (node->next + 1) % ASKED;
	if (node->next == 0)
		line->due_ms += WL_FEED_ASK_MS;
	if (line->due_ms < now_ms - WL_FEED_ASK_MS)
		line->due_ms = now_ms; /* what was missed is not made up for */
}

/* A packet that is no answer, or does not fit, ends the connection. */
static void take(struct node *node, bool is_stream, int64_t now_ms, const struct packet *packet)
{
	struct wl_line *line = is_stream ? &node->stream : &node->asks;
	const char *request = is_stream ? "/wirelog/metrics" : asked_requests[node->next];
	json_t *answer = packet->size > 0 ? wl_line_unwrap(request, packet->text, packet->size)
					  : NULL;

	if (answer == NULL) {
		wl_line_hang_up(line, now_ms);
		return;
	}
	line->asked_ms = now_ms;
	if (is_stream)
		take_sample(node, answer, now_ms);
	else
		take_answer(node, answer, now_ms);
}

/* The end of a connection is an empty packet. False: there is none. */
static bool receive(struct wl_feed *feed, int fd, struct packet *packet)
{
	ssize_t size = recv(fd, feed->text, ANSWER_BYTES_MAX, MSG_DONTWAIT);

	*packet = (struct packet){feed->text, size > 0 ? (size_t)size : 0};
	return size >= 0 || (errno != EAGAIN && errno != EINTR);
}

bool wl_feed_take(struct wl_feed *feed, int64_t now_ms, const struct pollfd *fds, uint32_t count)
{
	bool is_new = false;

	for (uint32_t at = 0; at < count; at++) {
		bool is_stream = at % 2 == 0, is_others = at == 2 * feed->count;
		struct node *node = &feed->nodes[is_others ? 0 : at / 2];
		const struct wl_line *line = is_others	 ? &feed->others.line
					     : is_stream ? &node->stream
							 : &node->asks;
		struct packet packet;

		if (fds[at].revents == 0 || fds[at].fd < 0 || line->fd != fds[at].fd ||
		    !receive(feed, fds[at].fd, &packet))
			continue;
		if (is_others)
			is_new |= wl_others_take(&feed->others, now_ms, packet.text, packet.size);
		else
			take(node, is_stream, now_ms, &packet);
		is_new |= !is_others;
	}
	return is_new;
}

uint32_t wl_feed_answers(const struct wl_feed *feed, int64_t now_ms,
			 struct wl_watch_answers answers[WIRELOG_NODES_MAX])
{
	const struct wl_others *others = &feed->others;
	struct wl_watch_cluster cluster = {
		.answer = others->cluster,
		.before = others->before,
		.fresh = now_ms - others->heard_ms < WL_OTHERS_SILENT_MS,
	};

	look_here(feed, now_ms, answers);
	return wl_watch_others(answers, feed->count, &cluster);
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
